"""IMPC's images as a source: the core at each release becomes the star, whole and of one build."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tenacity.wait import wait_none

from immport_provider.hooks.impc import ImpcHook
from include.pipeline.work_decisions import LoadPolicy
from include.sources.impc.endpoints import CENTRE_FIELD, IMAGE
from include.sources.impc.source import IMPC
from include.warehouse.model.registry import SOURCES
from tests.sandbox.data import DATA
from tests.support.impc import expected, shown, without_keys
from tests.support.long import cases
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.sources import Runs
from tests.support.warehouse import Warehouse

RECORDS = DATA / "impc"
needs_records = pytest.mark.skipif(not RECORDS.is_dir(), reason=f"no real image records in {DATA}")
IMAGES = 240
PER_CENTRE = """select c.phenotyping_centre_id, count(*) from star.fact_impc_image f
    join star.dim_phenotyping_centre c using (phenotyping_centre_key) group by 1 order by 1"""
NOTES = f"select note from ops.staged where endpoint = '{IMAGE.name}'"
VERSIONS = [
    f"select xmin::text, * from history.{table.relation} order by 1, 2, 3"
    for table in SOURCES[IMPC.name].tables
]


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(studies=1, rows=1, packages=False, images=IMAGES) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: RunningSandbox) -> RunningSandbox:
    """IMPC at its first release."""
    _sandbox.clear_faults()
    _sandbox.set_release("DR49")
    _sandbox.clear_requests()
    return _sandbox


@contextmanager
def connected(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[ImpcHook]:
    """A hook that requests pages of a few documents."""
    extra = {"max_retries": 1, "calls_per_second": 0, "page_size": 20}
    connection = {"conn_type": "impc", "host": sandbox.url, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_IMPC_DEFAULT", json.dumps(connection))
    with ImpcHook(wait=wait_none(), sleep=lambda _: None) as client:
        yield client


@pytest.fixture
def runs(warehouse: Warehouse, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    with connected(sandbox, monkeypatch) as client:
        yield Runs(warehouse, IMPC, client)  # type: ignore[arg-type]  # of a client it does what is called


def core(sandbox: RunningSandbox, **parameters: str) -> dict[str, Any]:
    """What the core answers to a query."""
    answer = sandbox.client.get(
        f"{sandbox.url}{IMAGE.path}", params={"q": "*:*", "rows": "100000", **parameters}
    )
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def images(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    return list(core(sandbox)["response"]["docs"])


def test_a_release_becomes_the_star_and_the_same_again_writes_nothing(
    runs: Runs, sandbox: RunningSandbox
) -> None:
    first = runs.run()
    assert first.state == "success", first.text
    assert shown(runs.warehouse) == expected(images(sandbox))
    centres = core(sandbox, rows="0", facet="true", **{"facet.field": CENTRE_FIELD, "facet.missing": "true"})
    facet = centres["facet_counts"]["facet_fields"][CENTRE_FIELD]
    counted = {name or "(no centre)": count for name, count in zip(facet[::2], facet[1::2], strict=True)}
    assert runs.warehouse.rows(PER_CENTRE) == sorted(counted.items())
    before = [runs.warehouse.rows(query) for query in VERSIONS]
    again = runs.run()
    assert (again.state, again.counts["unchanged"]) == ("success", len(counted)), again.text
    assert runs.warehouse.rows("select distinct release_version from ops.load") == [("DR20.1",)]
    forced = runs.run(LoadPolicy(force=True))
    assert forced.counts["loaded"] == len(counted)
    assert [runs.warehouse.rows(query) for query in VERSIONS] == before


@pytest.mark.long
def test_a_release_without_duplicates_withdraws_just_these_and_the_core_was_built_anew(
    runs: Runs, sandbox: RunningSandbox
) -> None:
    runs.run()
    old = expected(images(sandbox))
    sandbox.set_release("DR50")
    runs.run()
    new = expected(images(sandbox))
    assert {document["id"] for document in old.values()}.isdisjoint(item["id"] for item in new.values())
    difference = runs.warehouse.rows(
        "select row_key, change from star.release_difference_impc('DR20.1', 'DR22.1')"
        " where star_table = 'fact_impc_image'"
    )
    assert sorted(difference) == sorted((name, "withdrawn") for name in old.keys() - new.keys())
    assert len(difference) == IMAGES // 50
    assert without_keys(shown(runs.warehouse)) == without_keys(new)
    assert shown(runs.warehouse, "DR20.1") == old


@pytest.mark.long
def test_what_moves_to_another_centre_is_there_once_at_each_release(
    runs: Runs, sandbox: RunningSandbox
) -> None:
    sandbox.set_release("DR50")
    runs.run()
    before = without_keys(expected(images(sandbox)))
    sandbox.set_release("DR51")
    runs.run()
    after = without_keys(expected(images(sandbox)))
    moved = {
        name for name in before.keys() & after.keys()
        if before[name].get(CENTRE_FIELD) != after[name].get(CENTRE_FIELD)
    }  # fmt: skip
    assert moved
    assert without_keys(shown(runs.warehouse)) == after
    assert without_keys(shown(runs.warehouse, "DR22.1")) == before
    assert before.keys() - after.keys(), "a release withdraws images"


@pytest.mark.parametrize(
    "fault", cases({"refused": "no_cursor", "ignored": "ignored_cursor"}, quick={"refused"})
)
def test_a_server_without_a_cursor_is_read_by_the_number_of_rows(
    runs: Runs, sandbox: RunningSandbox, fault: str
) -> None:
    sandbox.fault("impcSelect", fault)
    runs.run()
    assert shown(runs.warehouse) == expected(images(sandbox))
    notes = {row[0] for row in runs.warehouse.rows(NOTES)}
    assert any("read from start" in note for note in notes if note) is (fault == "no_cursor")


@pytest.mark.long
def test_a_core_that_is_built_anew_while_it_is_read_is_read_anew(runs: Runs, sandbox: RunningSandbox) -> None:
    runs.begin()
    sandbox.fault("impcSelect", "rebuilt", study='phenotyping_center:"MRC Harwell"', times=1)
    assert runs.go_on().state == "success"
    assert shown(runs.warehouse) == expected(images(sandbox))


@pytest.mark.long
def test_a_release_that_comes_while_one_is_read_is_for_the_next_run(
    runs: Runs, sandbox: RunningSandbox
) -> None:
    runs.begin()
    sandbox.set_release("DR50")
    ended = runs.go_on()
    assert (ended.state, ended.counts["loaded"]) == ("failed", 0), ended.text
    reasons = runs.warehouse.rows("select distinct error from ops.load")
    assert all("it holds DR22.1 now, DR20.1 was to be loaded" in str(row[0]) for row in reasons), reasons
    assert runs.run().state == "success"
    assert shown(runs.warehouse) == expected(images(sandbox))


@pytest.mark.long
def test_pages_that_were_landed_are_not_requested_again(runs: Runs, sandbox: RunningSandbox) -> None:
    runs.begin()
    sandbox.fault("impcSelect", "429", study=f"-{CENTRE_FIELD}:[* TO *]")
    runs.is_last_try = False
    runs.go_on()
    landed = {str(path) for path in runs.warehouse.tools.landing.root.rglob("impcImage.*.gz")}
    assert landed
    sandbox.clear_faults()
    sandbox.clear_requests()
    runs.begin(again=True)
    runs.go_on()
    assert shown(runs.warehouse) == expected(images(sandbox))
    pages = [seen for seen in sandbox.requests() if "cursorMark" in (seen["query"] or "")]
    assert {seen["study"] for seen in pages} == {f"-{CENTRE_FIELD}:[* TO *]"}


@needs_records
def test_real_records_load_with_every_value_found_again(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_sandbox(studies=1, rows=1, packages=False, image_records=RECORDS) as sandbox:
        with connected(sandbox, monkeypatch) as client:
            summary = Runs(warehouse, IMPC, client).run()  # type: ignore[arg-type]  # of a client it does what is called
        assert summary.state == "success", summary.text
        served = images(sandbox)
    star = shown(warehouse)
    assert star == expected(served)
    files = [path for path in RECORDS.glob("*images*.json") if not path.name.endswith("fields.json")]
    records = [record for path in files for record in json.loads(path.read_text())]
    found = 0
    for record in (item for item in records if "images" in item):
        for image in record["images"]:
            row = star[image["observationId"]]
            texts = {str(value) for value in row.values()}
            of_record = {**record, "id": None, "images": None}
            for name, value in {**of_record, **image}.items():
                if value is not None and not isinstance(value, list):
                    assert str(value) in texts, f"{name} of {image['observationId']}: {value}"
                    found += 1
            associations = image["associatedParameters"] or []
            assert row.get("parameter_association_value", []) == [item["value"] for item in associations]
    assert found > 2000
    urls = warehouse.rows("select thumbnail_url from star.fact_impc_image where thumbnail_url is not null")
    assert all(url.startswith("https://") for (url,) in urls)
    symbols = warehouse.rows(
        "select distinct allele_symbol from star.dim_mouse_allele where mouse_allele_key > 0"
    )
    assert any("<" in (symbol or "") for (symbol,) in symbols)
