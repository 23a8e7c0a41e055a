"""The pipeline requests TSV once its rows equalled those of JSON, and stops when its format differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from include.pipeline.answers.tsv_verification import BULK_ROWS, compare
from include.sources.immport.endpoints import ENDPOINTS
from include.warehouse.schema.ops_tables import FORMAT_VERDICT
from tests.pipeline.split_study import CONTROLS, MBAA, Extraction, every_id, extracting, study
from tests.support.source import RowSource
from tests.support.warehouse import Warehouse, full_row

MANY = BULK_ROWS + 100
Bend = Callable[[str, dict[str, str], bytes], bytes]


def in_tsv(change: Callable[[bytes], bytes]) -> Bend:
    def bend(endpoint: str, parameters: dict[str, str], body: bytes) -> bytes:
        return change(body) if parameters.get("format") == "tsv" else body

    return bend


def verdicts(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.rows("select endpoint, is_equal, rows_compared, detail from ops.format_verdict")


def forms(extraction: Extraction) -> list[str]:
    return [filters.get("format", "json") for filters in extraction.source.requests_of("mbaa")]


def proven(extraction: Extraction) -> None:
    """As if a small study had come first."""
    small = extraction.source.rows["mbaa"]
    extraction.source.rows["mbaa"] = small[:20] + small[-20:]
    (part,) = extraction.land()
    assert verdicts(extraction.warehouse) == [("mbaa", True, 40, None)]
    extraction.warehouse.tools.landing.discard(extraction.context().fetch, part)
    extraction.source.rows["mbaa"] = small
    extraction.source.requests.clear()


def test_the_first_small_answer_decides(warehouse: Warehouse) -> None:
    with extracting(warehouse, RowSource(study(100, 10))) as extraction:
        (part,) = extraction.land()
        assert part.form == "json"
        assert forms(extraction) == ["json", "tsv"]
    header = warehouse.value("select header from ops.format_verdict")
    assert header == "\t".join(MBAA.names)
    assert verdicts(warehouse) == [("mbaa", True, 100, None)]
    host = extraction.hook.settings.source
    assert warehouse.value("select source from ops.format_verdict") == host


def test_many_rows_come_as_tsv_and_reach_the_star_as_from_json(warehouse: Warehouse) -> None:
    with extracting(warehouse, RowSource(study(MANY))) as extraction:
        proven(extraction)
        (part,) = extraction.land(MANY)
        assert (part.form, part.path.endswith("/mbaa.tsv.gz")) == ("tsv", True)
        assert extraction.ids([part]) == every_id(MANY)
        assert forms(extraction) == ["tsv"]
        load = extraction.finish()
        columns = ", ".join(MBAA.columns)
        table = f"select row_number, {columns} from staging.l{load.load_id}_mbaa order by 1"
        as_tsv = warehouse.rows(table)
        rows: Any = {name: list(found) for name, found in extraction.source.rows.items()}
        other = warehouse.land(rows, "DR2")
        warehouse.stage(other)
        assert as_tsv == warehouse.rows(table.replace(f"l{load.load_id}_", f"l{other.load_id}_"))
    nulls = f"select count(*) from staging.l{load.load_id}_mbaa where arm_accession is null"
    assert warehouse.value(nulls) == CONTROLS
    assert not warehouse.judge(load).critical


def test_an_unproven_endpoint_comes_as_json(warehouse: Warehouse) -> None:
    with extracting(warehouse, RowSource(study(MANY))) as extraction:
        assert extraction.land(MANY)[0].form == "json"
        assert forms(extraction) == ["json"]
    assert verdicts(warehouse) == []


def test_parts_come_as_tsv(warehouse: Warehouse) -> None:
    with extracting(warehouse, RowSource(study(2000), limit=400)) as extraction:
        proven(extraction)
        parts = extraction.land(2000)
        assert {part.form for part in parts} == {"tsv"}
        assert extraction.ids(parts) == every_id(2000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda body: body.replace(b"10.50", b"10.5"), "'10.50' in JSON, '10.5' in TSV"),
        (lambda body: body.replace(b"\tEXP2\t", b"\t\t"), "'EXP2' in JSON, null in TSV"),
        (lambda body: body.replace(b"\t\t", b"\tNULL\t"), "null in JSON, 'NULL' in TSV"),
        (lambda body: body.replace(b'IL-6, "as is"', b'"IL-6, ""as is"""'), "a cell in quotes"),
        (lambda body: b"\n".join(body.split(b"\n")[:-2]) + b"\n", "100 rows in JSON, 99 in TSV"),
        (lambda body: body.replace(b"\tmfi\t", b"\tmfj\t", 1), "fields of one form only: mfi, mfj"),
        (lambda body: body.replace(b"\tmfi\t", b"\tresultId\t", 1), "names a column twice"),
        (lambda body: body.replace(b"STANDARD", b"STAN\tDARD"), "cells in line"),
        (lambda body: body.replace(b"\n", b"\r\n"), "CR"),
        (lambda body: body[:-1], "cut short"),
        (lambda body: b"", "an empty body"),
        (lambda body: b"<html>\n</html>\n", "an HTML page"),
        (lambda body: body.replace(b"\xce\xb3", b"\xff"), "not UTF-8"),
    ],
)
def test_what_differs_is_noted_and_json_stays(
    warehouse: Warehouse, change: Callable[[bytes], bytes], message: str
) -> None:
    with extracting(warehouse, RowSource(study(100, 10), bend=in_tsv(change))) as extraction:
        extraction.land()
        ((_, is_equal, _, detail),) = verdicts(warehouse)
        assert not is_equal
        assert message in detail
        (part,) = extraction.context().parts(MBAA)
        warehouse.tools.landing.discard(extraction.context().fetch, part)
        extraction.source.rows = study(MANY)
        extraction.source.requests.clear()
        assert extraction.land(MANY)[0].form == "json"
        assert forms(extraction) == ["json"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "an empty text"), ("a\tb", "a tab"), ("a\nb", "a newline"), ("a\rb", "a carriage")],
)
def test_what_tsv_cannot_represent_proves_nothing(text: str, message: str) -> None:
    sent = [full_row("mbaa", resultId=1, comments=text)]
    tabbed = [{field.column: None for field in MBAA.fields} | {"result_id": "1", "comments": text or None}]
    assert message in str(compare(sent, tabbed, MBAA))


def test_the_order_of_rows_and_the_names_of_columns_may_differ(warehouse: Warehouse) -> None:
    def change(body: bytes) -> bytes:
        header, *lines = body.decode().split("\n")
        upper = "\t".join(field.column.upper() for field in MBAA.fields)
        assert header == "\t".join(MBAA.names)
        return "\n".join([upper, *reversed(lines[:-1]), ""]).encode()

    with extracting(warehouse, RowSource(study(MANY), bend=in_tsv(change))) as extraction:
        proven(extraction)
        (part,) = extraction.land(MANY)
        assert part.form == "tsv"
        assert part.missing_keys == part.unknown_keys == {}
        assert extraction.ids([part]) == every_id(MANY)
        load = extraction.finish()
    assert warehouse.value(f"select count(distinct mfi) from staging.l{load.load_id}_mbaa") == MANY


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace(b"comments", b"remarks", 1),
        lambda body: body.replace(b"\tmfi\tmfiCoordinate", b"\tmfiCoordinate\tmfi", 1),
        lambda body: body.replace(b"1001.50", b"1001\t50"),
        lambda body: body.replace(b"1001.50", b"C:\\temp"),
        lambda body: body.replace(b"1001.50", b'"1001.50"'),
        lambda body: body[:-1],
    ],
)
def test_another_tsv_than_the_proven_one_reopens_the_question(
    warehouse: Warehouse, change: Callable[[bytes], bytes]
) -> None:
    with extracting(warehouse, RowSource(study(MANY))) as extraction:
        proven(extraction)
        extraction.source.bend = in_tsv(change)
        (part,) = extraction.land(MANY)
        assert part.form == "json"
        assert "TSV is no longer used" in str(part.note)
        assert verdicts(warehouse) == []
        assert extraction.folder() == {"mbaa.json.gz"}
        assert extraction.ids([part]) == every_id(MANY)
        # The next small answer decides again.
        warehouse.tools.landing.discard(extraction.context().fetch, part)
        proven_again = extraction.source.rows["mbaa"][:10]
        extraction.source.rows["mbaa"] = proven_again
        extraction.land()
    assert len(verdicts(warehouse)) == 1


def test_a_source_that_fails_leaves_the_question_open(warehouse: Warehouse) -> None:
    source = RowSource(study(50, 5))
    source.refuse = lambda _, parameters: 503 if "format" in parameters else None
    with extracting(warehouse, source) as extraction:
        (part,) = extraction.land()
        assert part.rows == 50
        assert verdicts(warehouse) == []
        source.refuse = lambda _, parameters: 400 if "format" in parameters else None
        extraction.land()
    assert [(row[1], row[3]) for row in verdicts(warehouse)] == [
        (False, f"{extraction.hook.settings.source}: mbaa of SDY1: HTTP 400")
    ]


def test_a_try_that_was_killed_before_the_verdict_gives_it(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with extracting(warehouse, RowSource(study(50, 5))) as extraction:

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("include.pipeline.answers.tsv_verification.compare", killed)
            with pytest.raises(KeyboardInterrupt):
                extraction.land()
        assert verdicts(warehouse) == []
        extraction.land()
        assert forms(extraction) == ["json", "tsv", "tsv"]
    assert verdicts(warehouse) == [("mbaa", True, 50, None)]


def test_an_empty_answer_decides_nothing(warehouse: Warehouse) -> None:
    with extracting(warehouse, RowSource({})) as extraction:
        extraction.land(endpoint="elisa")
        assert extraction.source.requests_of("elisa") == [{}]
    assert warehouse.value(f"select count(*) from {FORMAT_VERDICT.fullname}") == 0
    assert "elisa" in ENDPOINTS
