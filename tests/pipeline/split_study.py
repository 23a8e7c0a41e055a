"""A study with much in one assay, a source that serves it, and landing one of its answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from tenacity.wait import wait_none

from immport_provider.hooks.immport import ImmPortHook
from include.landing.zone import Fetch, Landed
from include.pipeline.answers import land_answer
from include.pipeline.answers.completeness import Expected
from include.pipeline.answers.land_answer import Context
from include.pipeline.run_ledger import Load
from include.sources.immport.endpoints import ENDPOINTS, SERVED
from tests.support.source import KEY, RowSource, serving
from tests.support.warehouse import Study, Warehouse, full_row, result, small_study, subject

MBAA = ENDPOINTS["mbaa"]
ARMS, VISITS, SUBJECTS, CONTROLS = 4, 5, 8, 150
COUNTED = "SDY1-DR1_table_count.txt"


def study(rows: int = 2000, controls: int = CONTROLS, experiments: int = 2) -> Study:
    """Arms with visits and subjects; controls belong to none of them.

    The first arm has more than half of all rows, and its first visit most of them.
    """
    made = small_study()
    made["hai"] = []
    made["arm"] = [full_row("arm", armAccession=f"ARM{n}", studyAccession="SDY1") for n in range(1, ARMS + 1)]
    made["plannedVisit"] = [
        full_row("plannedVisit", plannedVisitAccession=f"PV{n}", studyAccession="SDY1", name=f"Visit {n}")
        for n in range(1, VISITS + 1)
    ]
    made["demographic"] = [
        subject(10 * arm + n, arm) for arm in range(1, ARMS + 1) for n in range(1, SUBJECTS + 1)
    ]
    made["experiment"] = [
        full_row("experiment", experimentAccession=f"EXP{n}", studyAccession="SDY1")
        for n in range(1, experiments + 1)
    ]
    made["mbaa"] = [_row(number, rows, controls, experiments) for number in range(rows)]
    return made


def _row(number: int, rows: int, controls: int, experiments: int) -> dict[str, Any]:
    about: dict[str, Any] = {
        "experimentAccession": f"EXP{1 + number % experiments}",
        "analyteReported": "IFN-γ" if number % 2 else 'IL-6, "as is"',  # noqa: RUF001 - as it is written
        "concentrationValueReported": f"{number}.50",
        "mfi": str(number * 4),
    }
    if number >= rows - controls:
        nothing: dict[str, Any] = dict.fromkeys(
            ("armAccession", "subjectAccession", "plannedVisitAccession", "biosampleAccession"), None
        )
        return result("mbaa", number + 1, **{**about, **nothing, "sourceType": "STANDARD CURVE"})
    arm = 1 if number < rows * 0.6 else 2 + number % (ARMS - 1)
    visit = 1 if arm == 1 and number < rows * 0.4 else 1 + number % VISITS
    who = {"armAccession": f"ARM{arm}", "subjectAccession": f"SUB{10 * arm + 1 + number % SUBJECTS}"}
    visited = {**who, "plannedVisitAccession": f"PV{visit}"}
    return result("mbaa", number + 1, **{**about, **visited})


@dataclass(frozen=True)
class Extraction:
    """Landing answers of one study from one source, as often as a test needs."""

    warehouse: Warehouse
    source: RowSource
    load: Load
    hook: ImmPortHook

    def context(self) -> Context:
        """As a task sees it that begins: with what earlier tries landed."""
        fetch = Fetch(self.load.scope, self.load.release, self.load.fetch_id)
        tools = self.warehouse.tools
        return Context(
            tools, self.hook, self.load, fetch, self.warehouse.step(), tools.landing.partial(fetch)
        )

    def land(self, expected: int | None = None, endpoint: str = "mbaa") -> list[Landed]:
        counted = None if expected is None else Expected(expected, COUNTED)
        return land_answer.land(self.context(), ENDPOINTS[endpoint], counted)

    def rows(self, parts: list[Landed]) -> list[dict[str, object]]:
        return [row for part in parts for row in self.warehouse.tools.landing.rows(part, MBAA)]

    def ids(self, parts: list[Landed]) -> Counter[str]:
        return Counter(str(row["resultId"]) for row in self.rows(parts))

    def folder(self) -> set[str]:
        """Names of the answers that lie in the landing zone."""
        root = self.warehouse.tools.landing.root / self.context().fetch.path
        return {path.name for path in root.glob("mbaa*.gz") if ".rows." not in path.name}

    def finish(self) -> Load:
        """Land what is missing and stage it."""
        context = self.context()
        for endpoint in SERVED.values():
            land_answer.land(context, endpoint)
        context.tools.landing.write_manifest(
            context.fetch, context.landed.values(), source=self.source.url, release_date=None, started_at=""
        )
        self.warehouse.stage(self.load)
        return self.load


@contextmanager
def extracting(warehouse: Warehouse, source: RowSource, **extra: Any) -> Iterator[Extraction]:
    """A source that is served, and a hook that asks it without waiting between tries."""
    with serving(source):
        connection = {
            "conn_type": "immport",
            "host": source.url,
            "password": KEY,
            "extra": {"max_retries": 2, "timeout": 20, **extra},
        }
        with (
            mock.patch.dict("os.environ", {"AIRFLOW_CONN_IMMPORT_DEFAULT": json.dumps(connection)}),
            ImmPortHook(wait=wait_none(), sleep=lambda _: None) as hook,
        ):
            yield Extraction(warehouse, source, warehouse.open_load("SDY1", "DR1", "fetch"), hook)


def every_id(rows: int) -> Counter[str]:
    """Each result once."""
    return Counter(str(number + 1) for number in range(rows))
