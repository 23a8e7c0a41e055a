"""A migrated warehouse per test, and small studies to load into it without Airflow."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from psycopg2 import connect, sql

from include.landing.zone import Fetch, Landing
from include.local.server import Server
from include.pipeline import run_ledger, steps
from include.pipeline.batch_runner import StepContext
from include.pipeline.run_ledger import EXTRACTED, Load, Step
from include.quality import gate
from include.quality.outcome import CheckOutcome, JudgedLoad
from include.sources.immport.endpoints import ENDPOINTS, SERVED
from include.sources.release import Release
from include.warehouse.load.fence import Attempt, take
from include.warehouse.load.publication import Publication
from include.warehouse.load.publish import Published, publish_load
from include.warehouse.migrate import upgrade
from include.warehouse.model.registry import VERSIONED
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.schema.ops_tables import LOAD, RESULT

#: Rows by endpoint, with the names of ImmPort's answers.
Study = dict[str, list[dict[str, Any]]]
RUN = "immport_release/test"


@pytest.fixture(scope="session")
def template(postgres: Server) -> Iterator[str]:
    """Name of a database that is migrated and empty, to be copied."""
    name = made_template(postgres)
    yield name
    postgres.drop_database(name)


def made_template(server: Server) -> str:
    """Make a migrated, empty database without what the upgrade left: each test copies the whole."""
    name = f"test_{os.getpid()}_template_{secrets.token_hex(3)}"
    upgrade(server.ensure_database(name))
    engine = sa.create_engine(server.url(name), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("vacuum full")
    return name


@pytest.fixture
def migrated(postgres: Server, template: str) -> Iterator[sa.URL]:
    """The URL of a migrated, empty database."""
    name = copied(postgres, template)
    yield postgres.url(name)
    postgres.drop_database(name)


def copied(postgres: Server, template: str) -> str:
    """Make a copy of a database. Returns its name."""
    name = f"test_{os.getpid()}_{secrets.token_hex(4)}"
    copy = sql.SQL("create database {} template {} strategy file_copy").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    url = postgres.url()
    session = connect(
        host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database
    )
    session.autocommit = True
    with session.cursor() as cursor:
        cursor.execute(copy)
    session.close()
    return name


@pytest.fixture
def warehouse(migrated: sa.URL, tmp_path: Path) -> Iterator[Warehouse]:
    """A migrated warehouse with a landing zone of its own."""
    engine = warehouse_engine(migrated)
    yield Warehouse(StepContext(engine, Landing(str(tmp_path / "landing")), RUN))
    engine.dispose()


@dataclass(frozen=True)
class Warehouse:
    """A warehouse and what is done with it, step by step."""

    tools: StepContext

    @property
    def engine(self) -> sa.Engine:
        return self.tools.engine

    def land(self, rows: Study, release: str = "DR1", study: str = "SDY1", key: int | None = None) -> Load:
        """Land answers and open the load that will take them to the star."""
        landing = self.tools.landing
        fetch = Fetch(study, release, f"fetch-{secrets.token_hex(4)}")
        landed = [
            landing.receive(fetch, endpoint, {}, [_body(rows.get(endpoint.name, []))])
            for endpoint in SERVED.values()
        ]
        landing.write_manifest(
            fetch, landed, source="http://127.0.0.1", release_date="2026-01-01", started_at=""
        )
        return self.open_load(study, release, fetch.fetch_id, key)

    def open_load(self, study: str, release: str, fetch_id: str, key: int | None = None) -> Load:
        statement = sa.insert(LOAD).values(
            scope=study,
            release_version=release,
            release_date=date(2026, 1, 1),
            release_key=Release.parse(release).key if key is None else key,
            fetch_id=fetch_id,
            state=EXTRACTED,
        )
        with self.engine.begin() as connection:
            number = connection.execute(statement.returning(LOAD.c.load_id)).scalar_one()
        return run_ledger.load(self.engine, number)

    def stage(self, load: Load) -> None:
        """Stage a load, also one that landed what was landed before."""
        steps.stage(self.tools, run_ledger.load(self.engine, load.load_id), self.step(), anew=True)

    def pass_gate(self, load: Load) -> None:
        """As if the checks had run and passed: for tests of what comes after them."""
        values = {"endpoint": "study", "check_id": "row_count", "severity": "critical", "success": True}
        with self.engine.begin() as connection:
            connection.execute(sa.insert(RESULT).values(load_id=load.load_id, **values))

    def ready(self, rows: Study, release: str = "DR1", study: str = "SDY1", key: int | None = None) -> Load:
        """A load that only needs to be published."""
        load = self.land(rows, release, study, key)
        self.stage(load)
        self.pass_gate(load)
        return load

    def judge(self, load: Load, *, accept_vanished: bool = False) -> CheckOutcome:
        about = JudgedLoad(load.load_id, load.source, load.scope, load.release, load.release_key)
        return gate.judge(self.engine, about, accept_vanished=accept_vanished)

    def publish(self, load: Load, engine: sa.Engine | None = None, fence: int | None = None) -> Published:
        """Publish a load, over another engine or with an older fence when the test says so."""
        number = run_ledger.load(self.engine, load.load_id).fence if fence is None else fence
        return publish_load(engine or self.engine, publication(load), number)

    def take(self, load: Load) -> int:
        """Take a load for a new attempt; its fence."""
        attempt = Attempt.begin(self.engine, RUN, "publish")
        take(self.engine, load.load_id, attempt)
        return attempt.number

    def load(
        self, rows: Study, release: str = "DR1", study: str = "SDY1", key: int | None = None
    ) -> Published:
        return self.publish(self.ready(rows, release, study, key))

    def withdraw(self, study: str, release: str, key: int | None = None) -> Published:
        load = self.open_load(study, release, "withdrawal", key)
        return publish_load(self.engine, publication(load, is_withdrawal=True), load.fence)

    def step(self) -> Step:
        """A step that nobody reads."""
        return Step(self.engine, 0)

    def rows(self, statement: str, as_of: str | None = None, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query, as of a release."""
        with self.engine.begin() as connection:
            if as_of:
                connection.execute(sa.text("select set_config('star.as_of', :it, true)"), {"it": as_of})
            return [tuple(row) for row in connection.execute(sa.text(statement), values)]

    def value(self, statement: str, as_of: str | None = None, **values: Any) -> Any:
        ((found,),) = self.rows(statement, as_of, **values)
        return found

    def history(self) -> dict[str, list[tuple[Any, ...]]]:
        """All versions of all tables, without the numbers and times of the loads that wrote them."""
        row = "(to_jsonb(h) - 'load_id' - 'loaded_at')::text"
        names = [table.relation for table in VERSIONED]
        return {name: self.rows(f"select {row} from history.{name} h order by 1") for name in names}


def publication(load: Load, *, is_withdrawal: bool = False) -> Publication:
    return Publication(
        load.load_id,
        load.source,
        load.scope,
        load.release,
        load.release_date,
        load.release_key,
        is_withdrawal,
    )


def _body(rows: list[dict[str, Any]]) -> bytes:
    # An escape that is no character, such as a lone surrogate, must reach the bytes as ImmPort sent it.
    return json.dumps(rows).encode()


def full_row(endpoint: str, **values: Any) -> dict[str, Any]:
    """A row with every declared key, null unless given."""
    row: dict[str, Any] = dict.fromkeys(ENDPOINTS[endpoint].names)
    assert values.keys() <= row.keys(), f"{endpoint} has no {sorted(values.keys() - row.keys())}"
    return {**row, **values}


def subject(number: int, arm: int = 1, study: str = "SDY1", **values: Any) -> dict[str, Any]:
    given = {
        "studyAccession": study,
        "armAccession": f"ARM{arm}",
        "subjectAccession": f"SUB{number}",
        "gender": "Female",
        "species": "Homo sapiens",
        "ageUnit": "Years",
        "minSubjectAge": 30,
    }
    return full_row("demographic", **{**given, **values})


def result(
    endpoint: str, number: int | str, who: int = 1, study: str = "SDY1", **values: Any
) -> dict[str, Any]:
    """A result of the sample that a subject (1 or 2, each in its arm) gave at visit 1."""
    given = {
        "resultId": number,
        "studyAccession": study,
        "armAccession": f"ARM{who}",
        "subjectAccession": f"SUB{who}",
        "biosampleAccession": f"BS{who}",
        "expsampleAccession": f"ES{who}",
        "experimentAccession": "EXP1",
        "plannedVisitAccession": "PV1",
        "measurementTechnique": "HAI",
        "studyTimeCollected": 0,
        "studyTimeCollectedUnit": "Days",
    }
    known = set(ENDPOINTS[endpoint].names)
    given = {name: value for name, value in given.items() if name in known}
    return full_row(endpoint, **{**given, **values})


def hai(
    number: int | str, value: str | None = "40", who: int = 1, study: str = "SDY1", **values: Any
) -> dict[str, Any]:
    given = {"valueReported": value, "unitReported": "titre", "virusStrainReported": "A/California/7/2009"}
    return result("hai", number, who, study, **{**given, **values})


def small_study(*results: dict[str, Any], study: str = "SDY1") -> Study:
    """Two subjects in two arms, one visit, and HAI results: three, unless others are given."""
    people = [subject(1, 1, study), subject(2, 2, study)]
    samples = [
        {**{k: p[k] for k in p if k in ENDPOINTS["biosample"].names},
         "biosampleAccession": f"BS{n}", "plannedVisitAccession": "PV1", "type": "Serum"}
        for n, p in enumerate(people, start=1)
    ]  # fmt: skip
    return {
        "study": [
            full_row("study", studyAccession=study, briefTitle="A study", latestDataReleaseVersion="DR1")
        ],
        "summary": [full_row("summary", studyAccession=study, conditionStudied="influenza")],
        "arm": [
            full_row("arm", armAccession=f"ARM{n}", studyAccession=study, name=f"Arm {n}") for n in (1, 2)
        ],
        "demographic": people,
        "plannedVisit": [
            full_row(
                "plannedVisit", plannedVisitAccession="PV1", studyAccession=study, name="Day 0", orderNumber=1
            )
        ],
        "biosample": [full_row("biosample", **sample) for sample in samples],
        "experiment": [
            full_row(
                "experiment", experimentAccession="EXP1", studyAccession=study, measurementTechnique="HAI"
            )
        ],
        "expsample": [
            full_row(
                "expsample",
                **sample,
                experimentAccession="EXP1",
                expsampleAccession=sample["biosampleAccession"].replace("BS", "ES"),
            )
            for sample in samples
        ],
        "hai": list(results)
        or [hai(1, study=study), hai(2, "<10", who=2, study=study), hai(3, "80", study=study)],
    }


def apart(rows: Study, suffix: str) -> Study:
    """The study with arms, visits, samples and experiments of its own; its subjects stay the same."""
    renamed: Study = json.loads(
        re.sub(r'"((?:ARM|PV|BS|ES|EXP)[0-9]+)"', rf'"\g<1>{suffix}"', json.dumps(rows))
    )
    return renamed
