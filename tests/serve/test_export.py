"""The Parquet copy: the star, value by value, for readers that know no Postgres."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given
from hypothesis import strategies as st

from include.local.server import Server
from include.quality import audit
from include.serve import export, export_target, parquet
from include.serve.export import ExportError, export_star
from include.warehouse import migrate
from include.warehouse.access.roles import LOADER
from tests.support.clinical import whole_study
from tests.support.copies import Original, at_rest, warehouse_of
from tests.support.logins import Logins, load_two_studies, restrict
from tests.support.warehouse import Warehouse, apart, hai, small_study

#: No double is this number: its nearest one is ...0123456789012346.
LONG = "1.01234567890123456789"


@pytest.fixture(scope="module")
def original(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    """Two studies at DR16; at DR25 one value is corrected and one result withdrawn."""
    landing = tmp_path_factory.mktemp("original")
    study = {**whole_study(), "hai": [hai(1), hai(2, "<10", who=2), hai(3, LONG)]}
    with warehouse_of(postgres, template, landing) as warehouse:
        warehouse.load(study, "DR16")
        warehouse.load(apart(small_study(study="SDY2"), "9"), "DR16", "SDY2")
        warehouse.load({**study, "hai": [hai(1, "160"), hai(3, LONG)]}, "DR25")
        yield at_rest(warehouse, landing)


@pytest.fixture
def loaded(postgres: Server, original: Original, tmp_path: Path) -> Iterator[Warehouse]:
    """A copy of it."""
    with warehouse_of(postgres, original, tmp_path / "landing") as warehouse:
        yield warehouse


def manifest(folder: str | Path) -> dict[str, Any]:
    return dict(json.loads((Path(folder) / "manifest.json").read_text()))


def star_rows(engine: sa.Engine, relation: str, as_of: str = "") -> list[dict[str, Any]]:
    with engine.connect() as connection:
        connection.execute(sa.text("select set_config('star.as_of', :name, false)"), {"name": as_of})
        return [dict(row) for row in connection.exec_driver_sql(f"select * from {relation}").mappings()]


def file_rows(path: Path) -> list[dict[str, Any]]:
    """Rows of a file as the star has them: numbers made whole again from double and text."""
    table = pq.read_table(path)
    rows = table.to_pylist()
    for field in table.schema:
        if field.metadata[b"postgres_type"] != b"numeric" or field.name.endswith(parquet.EXACT):
            continue
        for row in rows:
            exact, double = row.pop(field.name + parquet.EXACT), row[field.name]
            if exact is not None or double is not None:
                row[field.name] = Decimal(exact if exact is not None else repr(double))
    return rows


def as_text(rows: list[dict[str, Any]]) -> list[str]:
    def one(value: Any) -> str:
        if isinstance(value, Decimal):
            return format(value.normalize(), "f")
        if isinstance(value, list):  # an array comes as the text that Postgres gives it
            return "{" + ",".join(value) + "}"
        return json.dumps(value, sort_keys=True) if isinstance(value, dict) else str(value)

    return sorted(str({name: one(value) for name, value in row.items()}) for row in rows)


def test_every_view_is_a_file_with_the_rows_and_values_of_the_star(loaded: Warehouse, tmp_path: Path) -> None:
    done = export_star(loaded.engine, str(tmp_path))
    content = manifest(done.location)
    with loaded.engine.connect() as connection:
        views = connection.scalars(sa.text(
            "select relname from pg_class where relnamespace = 'star'::regnamespace and relkind in ('v', 'r')"
        )).all()  # fmt: skip
    assert {item["path"] for item in content["files"]} >= {f"star/{name}.parquet" for name in views}
    assert done.location == str(tmp_path / "DR25")
    for item in content["files"]:
        path = tmp_path / "DR25" / item["path"]
        relation = item["path"].removesuffix(".parquet").replace("/", ".")
        expected = star_rows(loaded.engine, relation)
        assert item["rows"] == len(expected), relation
        assert as_text(file_rows(path)) == as_text(expected), relation
        assert item["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert item["bytes"] == path.stat().st_size
    assert next(item["rows"] for item in content["files"] if item["path"] == "star/fact_hai.parquet") == 5


def test_pandas_and_duckdb_read_what_postgres_says(loaded: Warehouse, tmp_path: Path) -> None:
    folder = Path(export_star(loaded.engine, str(tmp_path)).location)
    question = """select s.study_accession, count(*) as n, sum(h.value_number) as total
        from {hai} h join {study} s on s.study_key = h.study_key group by 1 order by 1"""
    with loaded.engine.connect() as connection:
        expected = [
            (study, n, float(total))
            for study, n, total in connection.exec_driver_sql(
                question.format(hai="star.fact_hai", study="star.dim_study")
            )
        ]
    files = {name: f"'{folder}/star/{table}.parquet'"
             for name, table in (("hai", "fact_hai"), ("study", "dim_study"))}  # fmt: skip
    assert duckdb.execute(question.format(**files)).fetchall() == expected
    hai_rows = pd.read_parquet(folder / "star/fact_hai.parquet")
    studies = pd.read_parquet(folder / "star/dim_study.parquet")
    grouped = hai_rows.merge(studies, on="study_key").groupby("study_accession").value_number
    assert [(name, len(part), part.sum()) for name, part in grouped] == expected


def test_an_earlier_release_is_what_star_as_of_shows(loaded: Warehouse, tmp_path: Path) -> None:
    done = export_star(loaded.engine, str(tmp_path), "DR16")
    assert done.location == str(tmp_path / "as-of-DR16")
    content = manifest(done.location)
    assert (content["release"], content["as_of"]) == ("DR16", "DR16")
    for item in content["files"]:
        relation = item["path"].removesuffix(".parquet").replace("/", ".")
        rows = file_rows(tmp_path / "as-of-DR16" / item["path"])
        assert as_text(rows) == as_text(star_rows(loaded.engine, relation, "DR16")), relation
    now = export_star(loaded.engine, str(tmp_path))
    values = [
        pq.read_table(Path(where) / "star/fact_hai.parquet").column("value_reported").to_pylist()
        for where in (done.location, now.location)
    ]
    assert [sorted(part) for part in values] == [
        sorted(["40", "<10", LONG, "40", "<10", "80"]), sorted(["160", LONG, "40", "<10", "80"])
    ]  # fmt: skip


def test_a_number_that_no_double_is_stays_whole_beside_it(loaded: Warehouse, tmp_path: Path) -> None:
    folder = Path(export_star(loaded.engine, str(tmp_path)).location)
    table = pq.read_table(folder / "star/fact_hai.parquet")
    found = {row["value_reported"]: row for row in table.to_pylist()}
    assert found[LONG]["value_number_exact"] == LONG
    assert found[LONG]["value_number"] == float(LONG)
    assert (found["160"]["value_number"], found["160"]["value_number_exact"]) == (160.0, None)
    entry = next(item for item in manifest(folder)["files"] if item["path"] == "star/fact_hai.parquet")
    inexact = {column["name"]: column.get("inexact") for column in entry["columns"]}
    assert (inexact["value_number"], inexact["value_preferred"]) == (1, 0)
    assert inexact["value_reported"] is None


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_double_and_text_together_are_the_number(value: Decimal) -> None:
    number, exact = parquet.double(value)
    assert Decimal(exact if exact is not None else repr(number)) == value
    if number is not None:
        assert number == float(value)


def test_what_lies_beyond_the_doubles_is_text_and_no_infinity() -> None:
    assert parquet.double(Decimal("1E+999")) == (None, "1E+999")
    assert parquet.double(Decimal("1E-999")) == (0.0, "1E-999")
    assert parquet.double(Decimal("Infinity")) == (math.inf, None)
    assert parquet.double(None) == (None, None)


def test_types_and_comments_come_along(loaded: Warehouse, tmp_path: Path) -> None:
    folder = Path(export_star(loaded.engine, str(tmp_path)).location)
    study = pq.read_schema(folder / "star/dim_study.parquet")
    assert study.metadata[b"comment"] == b"One study"
    assert study.metadata[b"relation"] == b"star.dim_study"
    assert study.metadata[b"release"] == b"DR25"
    assert study.field("actual_start_date").type == pa.date32()
    assert study.field("study_key").type == pa.int64()
    assert study.field("target_enrollment").metadata[b"comment"] == b"Subjects planned (unit: subjects)"
    terms = pq.read_schema(folder / "star/vocabulary_term.parquet")
    assert terms.field("valid_from").type == pa.timestamp("us", tz="UTC")
    assert (terms.field("fields").type, terms.field("fields").metadata[b"postgres_type"]) == (
        pa.string(), b"jsonb",
    )  # fmt: skip
    codec = pq.ParquetFile(folder / "star/fact_hai.parquet").metadata.row_group(0).column(0).compression
    assert codec == "ZSTD"


@pytest.mark.long
def test_the_same_warehouse_is_not_written_again(loaded: Warehouse, tmp_path: Path) -> None:
    first = export_star(loaded.engine, str(tmp_path / "a"))
    before = {path: path.stat().st_mtime_ns for path in Path(first.location).rglob("*")}
    again = export_star(loaded.engine, str(tmp_path / "a"))
    assert (first.is_new, again.is_new) == (True, False)
    assert {path: path.stat().st_mtime_ns for path in Path(first.location).rglob("*")} == before
    other = export_star(loaded.engine, str(tmp_path / "b"))
    assert manifest(first.location)["files"] == manifest(other.location)["files"]
    (Path(first.location) / "star/fact_hai.parquet").unlink()
    assert export_star(loaded.engine, str(tmp_path / "a")).is_new
    loaded.load(small_study(hai(1, "320")), "DR25")
    assert export_star(loaded.engine, str(tmp_path / "a")).is_new
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["DR25"]


@pytest.mark.long
def test_rows_do_not_depend_on_the_order_they_lie_in(loaded: Warehouse, tmp_path: Path) -> None:
    export_star(loaded.engine, str(tmp_path))
    with loaded.engine.begin() as connection:  # rewritten, the rows lie elsewhere
        connection.exec_driver_sql("update history.fact_hai set load_id = load_id where result_id = 1")
        connection.exec_driver_sql("update history.dim_arm set load_id = load_id where mod(arm_key, 2) = 1")
    assert not export_star(loaded.engine, str(tmp_path)).is_new


def test_all_files_are_one_snapshot(
    loaded: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = export._write
    seen: list[str] = []

    def slowly(connection: sa.Connection, *rest: Any) -> dict[str, Any]:
        if not seen:  # a load is published after the first file was written
            entry = write(connection, *rest)
            loaded.load(small_study(hai(1, "5"), study="SDY3"), "DR26", "SDY3")
        else:
            entry = write(connection, *rest)
        seen.append(entry["path"])
        return entry

    monkeypatch.setattr(export, "_write", slowly)
    done = export_star(loaded.engine, str(tmp_path))
    assert done.release == "DR25"
    assert [row["study_accession"] for row in file_rows(tmp_path / "DR25/star/dim_study.parquet")
            if row["member"] == "known"] == ["SDY1", "SDY2"]  # fmt: skip
    assert pq.read_metadata(tmp_path / "DR25/star/fact_hai.parquet").num_rows == 5


def test_a_failed_export_leaves_the_one_before_and_no_parts(
    loaded: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = export_star(loaded.engine, str(tmp_path))
    content = manifest(done.location)
    loaded.load(small_study(hai(1, "320")), "DR25")

    def full(*_: Any) -> Iterator[Any]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet, "write", full)
    with pytest.raises(ExportError, match="DR25: cannot be written: No space left on device"):
        export_star(loaded.engine, str(tmp_path))
    assert [path.name for path in tmp_path.iterdir() if path.name != "landing"] == ["DR25"]
    assert manifest(done.location) == content


@pytest.mark.long
def test_a_change_killed_between_its_renames_is_undone(loaded: Warehouse, tmp_path: Path) -> None:
    done = export_star(loaded.engine, str(tmp_path))
    Path(done.location).rename(tmp_path / ".DR25.old")
    assert not export_star(loaded.engine, str(tmp_path)).is_new
    assert manifest(done.location)["release"] == "DR25"


@pytest.mark.long
def test_an_object_storage_gets_the_manifest_last(loaded: Warehouse, tmp_path: Path) -> None:
    memory = MemoryFileSystem()
    attach("memory", fs=memory)
    root = f"memory://{tmp_path.name}/exports"
    done = export_star(loaded.engine, root)
    assert done.is_new
    assert not export_star(loaded.engine, root).is_new
    content = json.loads(memory.cat(f"/{tmp_path.name}/exports/DR25/manifest.json"))
    for item in content["files"]:
        content = memory.cat(f"/{tmp_path.name}/exports/DR25/{item['path']}")
        assert hashlib.sha256(content).hexdigest() == item["sha256"]
    memory.pipe(f"/{tmp_path.name}/exports/DR25/star/gone.parquet", b"of an older model")
    loaded.load(small_study(hai(1, "320")), "DR25")
    assert export_star(loaded.engine, root).is_new
    assert not memory.exists(f"/{tmp_path.name}/exports/DR25/star/gone.parquet")


@pytest.mark.parametrize("release", ["DR99", "newest", "'; drop schema star; --"])
def test_an_unknown_release_is_an_error(loaded: Warehouse, tmp_path: Path, release: str) -> None:
    with pytest.raises(ExportError, match=r"star\.as_of"):
        export_star(loaded.engine, str(tmp_path / "out"), release)
    assert not (tmp_path / "out").exists()


def test_an_empty_warehouse_has_nothing_to_export(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="holds no data release"):
        export_star(warehouse.engine, str(tmp_path / "out"))


def test_one_export_to_a_place_at_a_time(loaded: Warehouse, tmp_path: Path) -> None:
    with loaded.engine.connect() as other:
        assert other.scalar(
            sa.text("select pg_try_advisory_xact_lock(:a, hashtext(:b))"),
            {"a": export.EXPORT_LOCK, "b": str(tmp_path)},
        )
        with pytest.raises(ExportError, match="another export"):
            export_star(loaded.engine, str(tmp_path))


def test_an_export_shows_what_analysts_may_see(warehouse: Warehouse, logins: Logins, tmp_path: Path) -> None:
    """Whoever writes it: rows that row-level security hides from analysts do not leave the house."""
    load_two_studies(warehouse)
    restrict(warehouse, "SDY1", "DR2")
    for name, engine in (
        ("owner", warehouse.engine),
        ("loader", logins.engine(warehouse.engine.url, LOADER)),
    ):
        folder = Path(export_star(engine, str(tmp_path / name), as_of="DR1").location)
        studies = {row["study_accession"] for row in file_rows(folder / "star/dim_study.parquet")}
        assert studies == {None, "SDY2"}, name
        results = file_rows(folder / "star/fact_assay_result.parquet")
        assert {row["study_key"] for row in results} == {row["study_key"] for row in star_rows(
            warehouse.engine, "star.dim_study where study_accession = 'SDY2'", "DR1")}, name  # fmt: skip


def test_an_export_says_who_may_read_it(warehouse: Warehouse, tmp_path: Path) -> None:
    load_two_studies(warehouse)
    readers = (
        "members of warehouse_analyst, under ImmPort's user agreement (https://www.immport.org/agreement);"
        " it contained no study that was restricted when it was written"
    )
    folder = Path(export_star(warehouse.engine, str(tmp_path / "new folder")).location)
    assert manifest(folder)["readers"] == readers
    metadata = pq.read_schema(folder / "star/dim_study.parquet").metadata
    assert metadata[b"readers"].decode() == readers
    found = warehouse.rows("select location, release_version, as_of, read_as, studies from ops.export")
    assert found == [(str(folder), folder.name, None, "warehouse_analyst", ["SDY1", "SDY2"])]
    wanted = {True: 0o700, False: 0o600}
    assert {path: path.stat().st_mode & 0o777 for path in (folder.parent, *folder.parent.rglob("*"))} == {
        path: wanted[path.is_dir()] for path in (folder.parent, *folder.parent.rglob("*"))
    }


@pytest.mark.long
def test_the_audit_names_an_export_with_a_study_that_was_restricted_later(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    def named() -> list[dict[str, Any]]:
        broken = [item for item in audit.run(warehouse.engine, "r") if item.check.check_id == "export_access"]
        return [row for item in broken for row in item.sample or []]

    load_two_studies(warehouse)
    location = export_star(warehouse.engine, str(tmp_path), as_of="DR1").location
    assert named() == []
    restrict(warehouse, "SDY1", "DR2")
    (row,) = named()
    assert (row["location"], row["study_accession"]) == (location, "SDY1")
    export_star(warehouse.engine, str(tmp_path), as_of="DR1")
    assert named() == []


def test_the_schema_mart_is_copied_where_it_is(loaded: Warehouse, tmp_path: Path) -> None:
    with loaded.engine.begin() as connection:
        connection.exec_driver_sql("""
            create schema if not exists mart;
            create view mart.titres_100 as select study_key, '{1,2}'::int[] as pair, '50%%'::text as share
            from star.fact_hai;
            comment on view mart.titres_100 is 'A titre';
        """)
    migrate.upgrade(loaded.engine.url)  # from then on analysts see it
    folder = Path(export_star(loaded.engine, str(tmp_path)).location)
    table = pq.read_table(folder / "mart/titres_100.parquet")
    assert table.schema.metadata[b"comment"] == b"A titre"
    assert {row["pair"] for row in table.to_pylist()} == {"{1,2}"}
    assert table.num_rows == 5


def test_rows_come_in_batches_by_a_cursor_of_the_server(
    loaded: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a large fact would lie in memory whole."""
    monkeypatch.setattr(export, "BATCH_ROWS", 2)
    with loaded.engine.connect() as connection:
        batches = export._batches(connection, "select n from generate_series(1, 5) n")
        assert len(next(batches)) == 2
        assert connection.scalar(sa.text("select count(*) from pg_cursors where name <> ''")) == 1
        assert [len(batch) for batch in batches] == [2, 1]


def test_batches_become_groups_of_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 25)
    columns = [parquet.ParquetColumn("n", "bigint", "A number")]
    batches = ([(first + one,) for one in range(10)] for first in range(0, 60, 10))
    written = parquet.write(tmp_path / "x.parquet", columns, batches, {})
    held = pq.ParquetFile(tmp_path / "x.parquet").metadata
    assert [held.row_group(one).num_rows for one in range(held.num_row_groups)] == [20, 20, 20]
    assert written.rows == 60
    assert pq.read_table(tmp_path / "x.parquet").column("n").to_pylist() == list(range(60))


def test_a_companion_column_never_hides_another(tmp_path: Path) -> None:
    columns = [parquet.ParquetColumn("v", "numeric", ""), parquet.ParquetColumn("v_exact", "text", "")]
    with pytest.raises(ValueError, match="v_exact"):
        parquet.write(tmp_path / "x.parquet", columns, [], {})


def test_a_place_says_what_it_cannot_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    place = export_target.Place(str(tmp_path / "file"), "DR1")
    with pytest.raises(ExportError, match="cannot be written"), place.fresh():
        pass
