"""Answers too large for one request: the pipeline requests parts and takes them only if complete."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from include.pipeline.answers import split
from include.pipeline.answers.completeness import SplitNotWholeError
from include.pipeline.answers.split import BY_ARM, WHOLE, Members, divide
from include.sources.errors import RateLimitError, ServerError
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.validate_answer import FilterIgnoredError
from tests.pipeline.split_study import COUNTED, MBAA, every_id, extracting, study
from tests.support.source import RowSource
from tests.support.warehouse import Warehouse

ROWS, LIMIT = 2000, 200


def is_short(filters: dict[str, str]) -> bool:
    return "format" not in filters


def test_an_answer_that_comes_is_not_divided(warehouse: Warehouse) -> None:
    with extracting(warehouse, RowSource(study(100, 10))) as extraction:
        (landed,) = extraction.land()
    assert (landed.name, landed.rows, landed.rows_expected) == ("mbaa", 100, None)


def test_parts_down_to_subjects_are_the_whole(warehouse: Warehouse) -> None:
    """Arm 1 and its visit 1 are too large, so the pipeline requests subjects; controls have no arm."""
    with extracting(warehouse, RowSource(study(), limit=LIMIT)) as extraction:
        parts = extraction.land(ROWS)
        assert extraction.ids(parts) == every_id(ROWS)
        requested = [filters for filters in extraction.source.requests_of("mbaa") if is_short(filters)]
        assert requested[0] == {}
        assert requested.count({}) == 1, "what takes too long is not tried again"
        # By then, TSV may have been verified: a part is narrow in either format.
        assert any(len(filters.keys() - {"format"}) == 3 for filters in extraction.source.requests_of("mbaa"))
        assert {"armAccession": "", "format": "tsv"} in extraction.source.requests_of("mbaa")
        assert all(part.rows <= LIMIT for part in parts)
        assert {(part.rows_expected, part.expected_from) for part in parts} == {(ROWS, COUNTED)}
        assert all("504" in (part.note or "") for part in parts)


def test_what_is_known_to_be_large_is_divided_without_a_try(warehouse: Warehouse) -> None:
    with extracting(warehouse, RowSource(study(), limit=LIMIT), split_above_rows=ROWS - 1) as extraction:
        assert extraction.ids(extraction.land(ROWS)) == every_id(ROWS)
        assert {} not in extraction.source.requests_of("mbaa")


def test_an_answer_that_grows_too_large_is_given_up(warehouse: Warehouse) -> None:
    with extracting(warehouse, RowSource(study(4000, 100)), max_answer_mb=1) as extraction:
        parts = extraction.land(4000)
        assert extraction.ids(parts) == every_id(4000)
        assert len(parts) > 1
        assert "grew over 1 MB" in str(parts[0].note)


def test_without_another_count_a_second_way_counts(warehouse: Warehouse) -> None:
    with extracting(warehouse, RowSource(study(), limit=LIMIT)) as extraction:
        parts = extraction.land()
        assert extraction.ids(parts) == every_id(ROWS)
        assert parts[0].expected_from == "the same rows requested by experiment"
        assert extraction.folder() == {part.path.rpartition("/")[2] for part in parts}


def test_a_view_that_leaves_rows_out_is_whole_if_two_ways_agree(warehouse: Warehouse) -> None:
    with extracting(warehouse, RowSource(study(), limit=LIMIT)) as extraction:
        parts = extraction.land(ROWS + 7)
    assert {part.rows_expected for part in parts} == {ROWS}
    assert all(f"2,007 rows in {COUNTED}" in str(part.note) for part in parts)


@pytest.mark.parametrize("blank", ["refused", "none", "ignored"])
@pytest.mark.parametrize("expected", [600, None], ids=["counted", "uncounted"])
def test_controls_come_by_experiment_if_they_cannot_be_requested(
    warehouse: Warehouse, blank: str, expected: int | None
) -> None:
    source = RowSource(study(600, 50, experiments=6), limit=LIMIT, blank=blank)
    with extracting(warehouse, source) as extraction:
        parts = extraction.land(expected)
        assert extraction.ids(parts) == every_id(600)
        assert extraction.folder() == {part.path.rpartition("/")[2] for part in parts}
    assert {part.rows_expected for part in parts} == {600}
    assert all("experimentAccession" in part.parameters for part in parts)


def test_an_ignored_filter_that_brings_all_is_the_whole_answer(warehouse: Warehouse) -> None:
    with extracting(warehouse, RowSource(study(), blank="ignored"), split_above_rows=500) as extraction:
        (part,) = extraction.land(ROWS)
        assert extraction.ids([part]) == every_id(ROWS)
        assert part.ignored == "armAccession"
        assert len(extraction.folder()) == 1
        extraction.source.requests.clear()
        assert extraction.land(ROWS) == [part]
        assert extraction.source.requests == []


@pytest.mark.parametrize("blank", ["refused", "none", "ignored"])
def test_controls_that_cannot_be_had_at_all_are_not_silently_lost(warehouse: Warehouse, blank: str) -> None:
    """One experiment: nothing but the arm divides it."""
    source = RowSource(study(experiments=1), limit=LIMIT, blank=blank)
    with extracting(warehouse, source) as extraction:
        with pytest.raises(SplitNotWholeError) as caught:
            extraction.land(ROWS)
        assert extraction.folder() == set()
    message = str(caught.value)
    assert "mbaa of SDY1" in message
    assert f"{ROWS:,} in {COUNTED}" in message
    assert "1,850 rows requested by arm" in message


def test_no_count_and_no_second_way_prove_nothing(warehouse: Warehouse) -> None:
    rows = study(experiments=1)
    rows["plannedVisit"] = rows["plannedVisit"][:1]
    rows["mbaa"] = [row for row in rows["mbaa"] if row["plannedVisitAccession"] in ("PV1", None)]
    source = RowSource(rows, limit=LIMIT)
    with (
        extracting(warehouse, source) as extraction,
        pytest.raises(SplitNotWholeError, match="no other count to compare with"),
    ):
        extraction.land()


def test_an_ignored_filter_of_an_arm_fails(warehouse: Warehouse) -> None:
    """As if the source knew no arms: every part would hold everything."""
    source = RowSource(study(), limit=LIMIT)

    def bend(endpoint: str, parameters: dict[str, str], body: bytes) -> bytes:
        return body.replace(b"ARM3", b"ARM4") if parameters.get("armAccession") == "ARM3" else body

    source.bend = bend
    with (
        extracting(warehouse, source) as extraction,
        pytest.raises(FilterIgnoredError, match="armAccession: a row of ARM4"),
    ):
        extraction.land(ROWS)


def test_a_part_that_fails_for_good_fails_the_answer_and_keeps_the_others(warehouse: Warehouse) -> None:
    source = RowSource(study(), limit=LIMIT)
    source.refuse = lambda _, parameters: 429 if parameters.get("armAccession") == "ARM3" else None
    with extracting(warehouse, source) as extraction:
        with pytest.raises(RateLimitError, match=r"mbaa of SDY1 \(armAccession=ARM3\)"):
            extraction.land(ROWS)
        kept = {part.parameters["armAccession"] for part in extraction.context().parts(MBAA)}
        assert kept
        source.refuse = lambda _, parameters: None
        source.requests.clear()
        assert extraction.ids(extraction.land(ROWS)) == every_id(ROWS)


def test_ever_smaller_parts_are_not_requested_of_a_source_that_is_down(warehouse: Warehouse) -> None:
    source = RowSource(study(), limit=-1)
    with extracting(warehouse, source) as extraction, pytest.raises(ServerError, match="504"):
        extraction.land(ROWS)
    assert len(source.requests_of("mbaa")) < split.MOST_REFUSALS + 10


def test_a_timeout_divides_after_one_try(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    source, gone = RowSource(study()), threading.Event()

    def refuse(endpoint: str, parameters: dict[str, str]) -> int | None:
        if endpoint == "mbaa" and "armAccession" not in parameters:
            gone.wait(60)
        return None

    source.refuse = refuse
    with extracting(warehouse, source, timeout=0.3) as extraction:
        parts = extraction.land(ROWS)
        gone.set()
        assert extraction.ids(parts) == every_id(ROWS)
    assert [filters for filters in source.requests_of("mbaa") if "armAccession" not in filters] == [{}]
    assert "nothing arrived in time" in str(parts[0].note)


def test_an_endpoint_of_the_study_is_tried_again_and_never_divided(warehouse: Warehouse) -> None:
    source = RowSource(study())
    source.refuse = lambda endpoint, _: 504 if endpoint == "labtest" else None
    with extracting(warehouse, source) as extraction, pytest.raises(ServerError, match="3 tries"):
        extraction.land(endpoint="labtest")


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_killed_try_is_gone_on_with(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """The next try requests no landed part again, and no part that was too large."""
    source = RowSource(study(), limit=LIMIT)
    with extracting(warehouse, source, calls_in_flight=1) as extraction:
        landing, count = warehouse.tools.landing, 0
        receive = type(landing).receive

        def dying(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            landed = receive(*arguments, **named)
            count += named.get("piece", 0) > 0
            if count > after:
                raise KeyboardInterrupt
            return landed

        monkeypatch.setattr(type(landing), "receive", dying)
        with pytest.raises(KeyboardInterrupt):
            extraction.land(ROWS)
        monkeypatch.setattr(type(landing), "receive", receive)
        kept = [part.parameters for part in extraction.context().parts(MBAA)]
        assert len(kept) > after
        source.requests.clear()
        assert extraction.ids(extraction.land(ROWS)) == every_id(ROWS)
        requested = [filters for filters in source.requests_of("mbaa") if is_short(filters)]
        assert {} not in requested
        assert not [filters for filters in requested if {**filters, "studyAccession": "SDY1"} in kept]
        source.requests.clear()
        extraction.land(ROWS)
        assert source.requests == [], "all is landed"


def test_parts_reach_the_star_like_a_whole(warehouse: Warehouse) -> None:
    with extracting(warehouse, RowSource(study(), limit=LIMIT)) as extraction:
        extraction.land(ROWS)
        load = extraction.finish()
    staged = warehouse.rows(
        "select rows_received, rows_staged, pieces > 5, rows_expected, expected_from, note is not null"
        " from ops.staged where endpoint = 'mbaa'"
    )
    assert staged == [(ROWS, ROWS, True, ROWS, COUNTED, True)]
    numbers = f"select count(distinct row_number), max(row_number) from staging.l{load.load_id}_mbaa"
    assert warehouse.rows(numbers) == [(ROWS, ROWS)]
    assert not warehouse.judge(load).critical
    check = "select success, detail from quality.result where check_id = 'split_whole'"
    ((success, detail),) = warehouse.rows(check)
    assert success
    assert COUNTED in detail


def test_a_result_in_two_parts_closes_the_gate(warehouse: Warehouse) -> None:
    """Another arm under the same result: each part alone is right."""
    rows = study()
    rows["mbaa"][-200] = {**rows["mbaa"][-200], "resultId": 1}
    with extracting(warehouse, RowSource(rows, limit=LIMIT)) as extraction:
        extraction.land(ROWS)
        load = extraction.finish()
    assert any(
        "split_whole" in message and "1 under a key" in message for message in warehouse.judge(load).critical
    )


def test_every_row_of_a_division_is_in_one_part() -> None:
    members = Members(("A1", "A2"), ("V1",), {"A1": tuple(f"S{n}" for n in range(600)), "A2": ("T",)}, ("E",))
    parts = divide(WHOLE, members, MBAA, BY_ARM)
    assert [part.filters for part in parts] == [
        (("armAccession", "A1"),), (("armAccession", "A2"),), (("armAccession", ""),),
    ]  # fmt: skip
    first, _, blank = parts
    assert divide(blank, members, MBAA, BY_ARM) == ()
    visit, unvisited = divide(first, members, MBAA, BY_ARM)
    *batches, nobody = divide(visit, members, MBAA, BY_ARM)
    assert nobody.get("subjectAccession") == ""
    texts = [str(part.get("subjectAccession")) for part in batches]
    assert sorted(",".join(texts).split(",")) == sorted(members.subjects["A1"])
    assert all(len(text.split(",")) <= split.MOST_SUBJECTS for text in texts)
    halves = divide(batches[0], members, MBAA, BY_ARM)
    assert [len(str(half.get("subjectAccession")).split(",")) for half in halves] == [125, 125]
    assert divide(unvisited, members, MBAA, BY_ARM)
    spectrometry = divide(first, members, ENDPOINTS["massSpectrometryResult"], BY_ARM)
    assert all(part.get("plannedVisitAccession") is None for part in spectrometry)


def test_a_study_whose_parts_are_unknown_says_why_it_did_not_come(warehouse: Warehouse) -> None:
    rows = {**study(), "arm": [], "demographic": [], "plannedVisit": [], "experiment": []}
    with extracting(warehouse, RowSource(rows, limit=LIMIT)) as extraction, pytest.raises(ServerError):
        extraction.land(ROWS)
