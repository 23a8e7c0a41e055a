"""Loads a study's answers as another tool would. Runs in the environment of the rivals, without the project.

python run.py RIVAL ORDER.json    prints one line of JSON: seconds, and bytes of memory above the imports

An order has the base address of a source, the address of a Postgres, and the tables to fill: each with the
path of its answer, its key, and its columns with their fields and types. Tables exist already, typed and
empty, but for tools that make their own.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Order = dict[str, Any]


def fetched(order: Order) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each table with its rows, answer by answer."""
    import httpx

    with httpx.Client(
        base_url=order["source"], headers=order["headers"], timeout=600, trust_env=False
    ) as client:
        for table in order["tables"]:
            rows = client.get(table["path"]).raise_for_status().json()
            yield table, rows if isinstance(rows, list) else [rows]


def pandas_to_sql() -> Callable[[Order], None]:
    """DataFrame and `to_sql`, as most scripts do it."""
    import httpx  # noqa: F401 - what is imported before the clock starts
    import pandas as pd
    import sqlalchemy as sa

    def load(order: Order) -> None:
        engine = sa.create_engine(order["url"])
        with engine.begin() as connection:
            for table, rows in fetched(order):
                frame = _frame(pd, table, rows)
                frame.to_sql(
                    table["name"], connection, schema=order["schema"], if_exists="append", index=False
                )

    return load


def pandas_copy() -> Callable[[Order], None]:
    """DataFrame, CSV in memory, COPY."""
    import httpx  # noqa: F401 - what is imported before the clock starts
    import pandas as pd
    import psycopg2

    def load(order: Order) -> None:
        with psycopg2.connect(order["dsn"]) as connection, connection.cursor() as cursor:
            for table, rows in fetched(order):
                text = io.StringIO()
                frame = _frame(pd, table, rows)
                frame.to_csv(text, index=False, header=False, na_rep=r"\N")
                text.seek(0)
                names = ", ".join(f'"{column["name"]}"' for column in table["columns"])
                target = f"{order['schema']}.{table['name']} ({names})"
                cursor.copy_expert(rf"copy {target} from stdin (format csv, null '\N')", text)

    return load


def _frame(pd: Any, table: dict[str, Any], rows: list[dict[str, Any]]) -> Any:
    fields = {column["field"]: column["name"] for column in table["columns"]}
    frame = pd.DataFrame(rows, columns=list(fields), dtype=object).rename(columns=fields)
    return frame.map(_plain)


def psycopg_copy() -> Callable[[Order], None]:
    """json and `write_row` of psycopg 3, alone."""
    import httpx  # noqa: F401 - what is imported before the clock starts
    import psycopg

    def load(order: Order) -> None:
        with psycopg.connect(order["dsn"]) as connection, connection.cursor() as cursor:
            for table, rows in fetched(order):
                fields = [column["field"] for column in table["columns"]]
                names = ", ".join(f'"{column["name"]}"' for column in table["columns"])
                statement = f"copy {order['schema']}.{table['name']} ({names}) from stdin"
                with cursor.copy(statement) as copy:
                    for row in rows:
                        copy.write_row([_plain(row.get(field)) for field in fields])

    return load


def _plain(value: Any) -> Any:
    """A value that a column can take: a list or an object as JSON."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


def dlt_merge() -> Callable[[Order], None]:
    """dlt with the write disposition `merge`: it makes its own tables, and staging tables beside them."""
    import dlt
    import httpx  # noqa: F401 - what is imported before the clock starts

    def load(order: Order) -> None:
        pipeline = dlt.pipeline(
            "bench",
            destination=dlt.destinations.postgres(order["uri"]),
            dataset_name=order["schema"],
            pipelines_dir=order["folder"],
        )
        # Without types, a first value of 20 makes an integer column, and 9.99 goes to another one.
        kinds = {"numeric": "double", "bigint": "bigint"}
        resources = [
            dlt.resource(
                rows,
                name=table["name"],
                write_disposition="merge",
                primary_key=table["key"],
                max_table_nesting=0,
                columns={c["name"]: {"data_type": kinds.get(c["type"], "text")} for c in table["columns"]},
            )
            for table, rows in fetched(order)
        ]
        pipeline.run(resources).raise_on_failed_jobs()

    return load


def sling() -> Callable[[Order], None]:
    """sling, a program of its own, reading the answers as JSON files."""
    import httpx
    import sling_linux_amd64

    binary = next(Path(sling_linux_amd64.__file__).parent.glob("bin/sling*"))

    def load(order: Order) -> None:
        environment = {
            **os.environ,
            "PG": order["uri"],
            "SLING_DISABLE_TELEMETRY": "TRUE",
            "SLING_HOME_DIR": order["folder"],
        }
        with httpx.Client(
            base_url=order["source"], headers=order["headers"], timeout=600, trust_env=False
        ) as client:
            for table in order["tables"]:
                path = Path(order["folder"]) / f"{table['name']}.json"
                path.write_bytes(client.get(table["path"]).raise_for_status().content)
                options = json.dumps({"column_casing": "snake"})
                given = json.dumps({"flatten": True})
                subprocess.run(
                    [str(binary), "run", "--src-stream", f"file://{path}", "--tgt-conn", "PG",
                     "--tgt-object", f"{order['schema']}.{table['name']}", "--mode", "full-refresh",
                     "--src-options", given, "--tgt-options", options],
                    env=environment, check=True, capture_output=True,
                )  # fmt: skip

    return load


def rimmport() -> Callable[[Order], None]:
    """The tables of the Tab package into SQLite, as RImmPort's `buildNewSqliteDb` does."""
    import httpx

    def load(order: Order) -> None:
        with httpx.Client(headers=order["headers"], timeout=600, trust_env=False) as client:
            package = client.get(order["package"]).raise_for_status().content
        connection = sqlite3.connect(Path(order["folder"]) / "immport.sqlite")
        with zipfile.ZipFile(io.BytesIO(package)) as archive, connection:
            for name in archive.namelist():
                if not name.endswith(".txt"):
                    continue
                text = io.TextIOWrapper(archive.open(name), "utf-8", newline="")
                lines = csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
                header = next(lines, None)
                if header is None:
                    continue
                table = Path(name).stem.lower()
                columns = ", ".join(f'"{column.lower()}" text' for column in header)
                connection.execute(f'create table if not exists "{table}" ({columns})')
                marks = ", ".join("?" * len(header))
                rows = (line for line in lines if len(line) == len(header))
                connection.executemany(f'insert into "{table}" values ({marks})', rows)
        connection.close()

    return load


RIVALS: dict[str, Callable[[], Callable[[Order], None]]] = {
    "pandas_to_sql": pandas_to_sql,
    "pandas_copy": pandas_copy,
    "psycopg_copy": psycopg_copy,
    "dlt_merge": dlt_merge,
    "sling": sling,
    "rimmport": rimmport,
}


def peak() -> int:
    """Most memory this process has ever had, bytes."""
    text = Path("/proc/self/status").read_text()
    (kilobytes,) = (line.split()[1] for line in text.splitlines() if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rivals.run", description=__doc__)
    parser.add_argument("rival", choices=RIVALS, help="the tool")
    parser.add_argument("order", type=Path, help="file with the order")
    options = parser.parse_args()
    order = json.loads(options.order.read_text())
    load = RIVALS[options.rival]()
    before, started = peak(), time.perf_counter()
    load(order)
    seconds = time.perf_counter() - started
    sys.stdout.write(json.dumps({"seconds": seconds, "memory": peak() - before}) + "\n")


if __name__ == "__main__":
    main()
