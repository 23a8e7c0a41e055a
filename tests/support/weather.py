"""A source that exists in tests alone, from its declaration to the star: weather stations, by week.

It is declared in a process of its own (`python -m tests.support.weather FOLDER < URL`), before the model is
imported, as a declaration of the project would be. What it prints is JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include.sources.client import ScopeClient
from include.sources.endpoint import Endpoint, Shape, Withholds, parse_fields
from include.sources.errors import RequestError
from include.sources.fetched.fetched_source import FetchedSource, SourceBuild
from include.sources.fetched.offering import Offered, Offering
from include.sources.row_reader import TOTAL, Intake
from include.sources.source import Scope
from include.sql import Row, gap, sql
from include.warehouse.model.common_columns import unit
from include.warehouse.model.declaration import Bridge, Column, Dimension, Fact, S, Type
from include.warehouse.model.relations import Reference
from include.warehouse.model.source_model import SourceModel, Unfolded

if TYPE_CHECKING:
    from tests.support.sources import Answers


@dataclass(frozen=True)
class Week:
    """A release: a week of a year."""

    year: int
    week: int

    @property
    def key(self) -> int:
        return self.year * 100 + self.week

    def __str__(self) -> str:
        return f"{self.year}-W{self.week:02}"


class WeekLine:
    """Releases named by weeks: 2026-W07 < 2026-W08."""

    pattern = "^[0-9]{4}-W[0-9]{2}$"

    def parse(self, text: str) -> Week:
        found = re.fullmatch("([0-9]{4})-W([0-9]{2})", text)
        if found is None:
            raise ValueError(f"not a week: {text!r}")
        return Week(int(found[1]), int(found[2]))


#: A listing that belongs to no station.
LISTING = Endpoint(
    "listing", "/stations", parse_fields("week stations"), ("week",), "a week", shape=Shape.OBJECT
)
STATION_ROW = Endpoint(
    "station",
    "/stations/{scope}",
    parse_fields("station country"),
    ("station",),
    "a station",
    shape=Shape.OBJECT,
    required=True,
    identifies="station",
)
READING_ROW = Endpoint(
    "reading",
    "/stations/{scope}/readings",
    parse_fields("readingId station value:num unitPreferred unitReported"),
    ("readingId",),
    "a reading of a station",
)


@dataclass(frozen=True)
class Numbered:
    """Pages from the number of a row on."""

    def first(self, form: str, size: int) -> Mapping[str, str]:
        return {"from": "0", "size": str(size)}

    def following(
        self, parameters: Mapping[str, str], about: Mapping[str, str], rows: int
    ) -> Mapping[str, str] | None:
        return None if rows >= int(about[TOTAL]) else {**parameters, "from": str(rows)}


def read_photos(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[dict[str, object]]:
    page = json.loads(b"".join(chunks))
    intake.about[TOTAL] = str(page["total"])
    yield from page["photos"]


#: In pages; its arrays become rows in staging.
PHOTO = Endpoint(
    "photo",
    "/stations/{scope}/photos",
    parse_fields("photoId station tags:list"),
    ("photoId",),
    "a photo of a station",
    paging=Numbered(),
    readers={"page": read_photos},
)
TAG = Endpoint(
    "tag",
    "",
    parse_fields("tag_id photo_id tag"),
    ("tag_id",),
    "a tag of a photo",
    withholds=Withholds.ITSELF,
)


def listed(client: ScopeClient) -> dict[str, Any]:
    found: dict[str, Any] = client.request(LISTING, "", lambda chunks: json.loads(b"".join(chunks))).content
    return found


def discover(client: ScopeClient) -> Offering:
    found = listed(client)
    return Offering(tuple(Offered(name) for name in found["stations"]), release=found["week"])


def state(client: ScopeClient, release: str, scope: str) -> SourceBuild:
    found = listed(client)
    return SourceBuild(found["week"], found["build"])


WEATHER = FetchedSource(
    name="weather",
    title="Weather of stations",
    scope=Scope("station", "stations", "^[A-Z]{3}$"),
    line=WeekLine(),
    endpoints={item.name: item for item in (STATION_ROW, READING_ROW, PHOTO, TAG)},
    discovery=discover,
    state=state,
    client="immport",
    about="Loads the readings of weather stations.",
    schedule="0 1 * * 1",
)
STATION = Dimension(
    name="station",
    grain="one weather station",
    endpoint="station",
    scope=WEATHER.scope,
    natural_key=(Column("station_name", "Name of the station", source=S.station),),
    columns=(Column("country", "Country of the station"),),
)
READING = Fact(
    name="reading",
    grain="one reading of a station",
    endpoint="reading",
    scope=WEATHER.scope,
    row_id=Column("reading_id", "Number of the reading at its station"),
    references=(unit(), Reference("station", (S.station,), "Station", role="named_")),
    columns=(Column("value", "Value read", Type.NUMERIC, is_measure=True),),
)
_P = Row("p")
_TAGS = sql(
    "select ", _P.photo_id, " || '/' || t.n as tag_id, ", _P.photo_id, ", t.tag from ", gap(PHOTO.name),
    " p cross join lateral jsonb_array_elements_text(", _P.tags, "::jsonb) with ordinality t (tag, n)",
)  # fmt: skip
PHOTO_TAG = Bridge(
    name="photo_tag",
    grain="one tag of a photo of a station",
    endpoint="tag",
    scope=WEATHER.scope,
    row_id=Column("tag_id", "Number of the photo, and the place of the tag"),
    references=(),
    columns=(Column("photo_id", "Number of the photo"), Column("tag", "The tag")),
)
MODEL = SourceModel(WEATHER, (STATION, READING, PHOTO_TAG), unfolded=(Unfolded(TAG.name, PHOTO.name, _TAGS),))

#: The migration that a further source comes with.
MIGRATION = '''"""Weather stations."""

import sqlalchemy as sa

from alembic import op

from include.warehouse.migrations.special_members import insert_special_members
from include.warehouse.schema.history_tables import HISTORY, KEY_TABLES, metadata

revision = "r9999"
down_revision = "{head}"


def upgrade() -> None:
    made = ("dim_station", "fact_reading", "bridge_photo_tag")
    tables = [KEY_TABLES["station"], *(HISTORY[name] for name in made)]
    metadata.create_all(op.get_bind(), tables)
    insert_special_members("station", scope_key=None)
'''


def reading(number: int, value: str, station: str = "AAA") -> dict[str, Any]:
    return {
        "readingId": f"r{number}",
        "station": station,
        "value": value,
        "unitPreferred": None,
        "unitReported": "mm",
    }


def listing(number: int, stations: list[str], build: str = "first") -> bytes:
    """What the source says of a week, and which build of the data it has."""
    return json.dumps({"week": f"2026-W{number:02}", "stations": stations, "build": build}).encode()


def photos(station: str, tags: list[list[str]]) -> Answers:
    """Photos in pages of two, each with its tags, and the number of all."""
    rows = [{"photoId": f"p{n}", "station": station, "tags": of} for n, of in enumerate(tags, 1)]
    pages = {(0, 0): [], **{(first, 2): rows[first : first + 2] for first in range(0, len(rows) or 1, 2)}}
    return {
        ("photo", f"{station}?from={first}&size={size}"): json.dumps(
            {"total": len(rows), "photos": page}
        ).encode()
        for (first, size), page in pages.items()
    }


def week(number: int, stations: list[str], **readings: list[dict[str, Any]] | Exception) -> Answers:
    """What the source answers in a week."""
    found: dict[tuple[str, str], Any] = {("listing", ""): listing(number, stations)}
    for name in stations:
        rows = readings[name]
        found |= photos(name, [["snow", "fog"], [], ["sun"]])
        found["station", name] = json.dumps({"station": name, "country": "Utopia"}).encode()
        found["reading", name] = json.dumps(rows).encode() if isinstance(rows, list) else rows
    return found


def _declare() -> None:
    """Add the source to the list of all, before anything is made of that."""
    from include.warehouse.model import sources

    sources.MODELS.append(MODEL)


def _migrated(url: str, folder: Path) -> None:
    from include.warehouse import migrate
    from include.warehouse.schema import revision

    copied = folder / "migrations"
    shutil.copytree(revision.MIGRATIONS, copied, ignore=shutil.ignore_patterns("__pycache__"))
    head = max(path.name[1:5] for path in copied.glob("versions/r[0-9]*.py"))
    (copied / "versions/r9999_weather.py").write_text(MIGRATION.format(head=head))
    revision.MIGRATIONS = copied
    migrate.upgrade(url)


def _story(url: str, folder: Path) -> dict[str, Any]:
    """Four runs over three releases: what each of them ended as, and what the warehouse then shows."""
    from rich.console import Console

    from immport_provider.source_dag import source_dag
    from include.landing.zone import Landing
    from include.pipeline import report
    from include.pipeline.batch_runner import StepContext
    from include.warehouse.schema.engine import warehouse_engine
    from tests.support.sources import Client, Runs
    from tests.support.warehouse import RUN, Warehouse

    warehouse = Warehouse(StepContext(warehouse_engine(url), Landing(str(folder / "landing")), RUN))
    runs, ended = Runs(warehouse, WEATHER, Client()), []

    def run(answers: Answers) -> None:
        runs.client.answers = answers
        summary = runs.run()
        ended.append({"state": summary.state, "counts": summary.counts, "text": summary.text})

    run(week(1, ["AAA", "BBB"], AAA=[reading(1, "4.50"), reading(2, "wet")], BBB=[reading(1, "7", "BBB")]))
    down = RequestError("HTTP 404", 404)
    run(week(2, ["AAA", "BBB"], AAA=[reading(1, "5"), reading(3, "1")], BBB=down))
    run(week(2, ["AAA", "BBB"], AAA=[reading(1, "5"), reading(3, "1")], BBB=[reading(1, "7", "BBB")]))
    run(week(3, ["AAA"], AAA=[reading(1, "5"), reading(3, "1")]))
    text = StringIO()
    report.print_report(warehouse.engine, [runs.run_id], Console(file=text, width=200))
    query = """select s.station_name, f.reading_id, f.value::text, u.unit from star.fact_reading f
        join star.dim_station s using (station_key) join star.dim_unit u using (unit_key) order by 1, 2"""

    def as_of(name: str) -> list[list[Any]]:
        with warehouse.engine.begin() as connection:
            connection.exec_driver_sql(f"set local star.as_of_weather = '{name}'")
            return [list(row) for row in connection.exec_driver_sql(query)]

    def rows(statement: str) -> list[list[Any]]:
        return [list(row) for row in warehouse.rows(statement)]

    story = {
        "runs": ended,
        "report": text.getvalue(),
        "star": {name: as_of(name) for name in ("2026-W01", "2026-W02", "2026-W03")},
        "quarantine": rows("select source, scope, endpoint, rule, row ->> 'value' from quality.quarantine"),
        "loads": rows("select scope, release_version, state from ops.load order by load_id"),
        "scopes": rows("select source, scope, state, release_version from ops.scope order by 2"),
        "landed": sorted(str(path.parent.parent.relative_to(folder / "landing"))
                         for path in (folder / "landing").rglob("manifest.json")),
        "tasks": sorted(source_dag(WEATHER).task_ids),
        "difference": rows("select star_table, change, row_key, column_name, old_value, new_value from"
                           " star.release_difference_weather('2026-W01', '2026-W02') order by 1, 2, 3"),
    }  # fmt: skip
    run(week(4, ["AAA"], AAA=[reading(1, "6", "BBB")]))
    story |= {"strange": ended.pop(), "after": as_of("")}
    tags = "select photo_id, tag from star.bridge_photo_tag order by 1, 2"
    story["tags"] = rows(tags)
    # Built anew after its pages were read: read anew, of one build.
    said = [listing(5, ["AAA"], build) for build in ("first", "first", "second", "second", "second")]
    first, second = photos("AAA", [["old"]]), photos("AAA", [["new", "newer"], ["newest"], []])
    answers: Any = week(5, ["AAA"], AAA=[reading(1, "5")]) | first
    answers |= {place: [first[place], second[place]] for place in first.keys() & second.keys()}
    run(
        answers
        | {place: page for place, page in second.items() if place not in first}
        | {("listing", ""): said}
    )
    story |= {"rebuilt": ended.pop(), "tags_after": rows(tags)}
    # Another release is out while one is read: that is for the next run.
    answers = week(6, ["AAA"], AAA=[reading(1, "7")])
    run(answers | {("listing", ""): [listing(6, ["AAA"]), listing(7, ["AAA"])]})
    return story | {"overtaken": ended.pop(), "tags_last": rows(tags)}


def main() -> None:
    """Play the story in a database and a folder, both empty."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.weather",
        description="Load a source that exists in tests alone; stdin gives the URL of an empty database.",
    )
    parser.add_argument("folder", type=Path, help="an empty folder")
    folder: Path = parser.parse_args().folder
    url = sys.stdin.readline().strip()
    _declare()
    _migrated(url, folder)
    print(json.dumps(_story(url, folder)))


if __name__ == "__main__":
    main()
