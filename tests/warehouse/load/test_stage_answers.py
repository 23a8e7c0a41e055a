"""Answers in staging: lines that were landed for COPY give the very rows that the answer itself gives."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from include.landing.zone import Fetch, Landed, Landing, LandingError, Manifest
from include.sources.endpoint import Endpoint
from include.sources.immport.endpoints import ENDPOINTS
from include.warehouse.load import staging_tables
from include.warehouse.load.stage_answers import stage_answers
from include.warehouse.load.staging_tables import ESCAPED, QUOTED, AlteredTextError
from tests.support.cost import measured
from tests.support.warehouse import Warehouse, full_row

HAI = ENDPOINTS["hai"]
FETCH = Fetch("SDY1", "DR1", "fetch-1")
MANY = 3_000
#: Values that must arrive as they are: as JSON, and as staging text.
ODD = [
    ('"a \\"quote\\" and \\\\, [x] {y}"', 'a "quote" and \\, [x] {y}'),
    ('"null"', "null"), ('""', ""), ("null", None), ('"\\\\N"', "\\N"), ('"\\\\."', "\\."), ('"N/A"', "N/A"),
    ("1.00", "1.00"), ("-0", "-0"), ("12345678901234567890.10", "12345678901234567890.10"),
    ("1E400", "1E400"), ("true", "true"), ('" 60 µg€ "', " 60 µg€ "), ('"\\u00b5\\/\\t\\r"', "µ/\t\r"),
    ('["a", {"b":1.0}]', '["a",{"b":1.0}]'), ("[]", "[]"), ("{}", "{}"), ('"a,[b"', "a,[b"),
    ('"\x7f"', "\x7f"),    ('"\\ud83d\\ude00"', "😀"), ('"\'; drop"', "'; drop"), ('"%s"', "%s"),
]  # fmt: skip


def body(values: list[str], first: int = 1) -> bytes:
    """An answer of rows that have these values, as JSON writes them."""
    rows = []
    for number, value in enumerate(values, start=first):
        row = json.dumps(full_row("hai", resultId=number, comments="?"), separators=(",", ":"))
        rows.append(row.replace('"?"', value))
    return f"[{','.join(rows)}]".encode()


def usual(count: int = MANY) -> list[str]:
    """Values of so many rows, odd ones among them."""
    values = [f'"text {number}"' for number in range(count)]
    for place, (value, _) in enumerate(ODD):
        values[place * (count // len(ODD))] = value
    return values


def parts(landing: Landing, *bodies: bytes, fetch: Fetch = FETCH) -> list[Landed]:
    return [landing.receive(fetch, HAI, {}, [sent], piece=number) for number, sent in enumerate(bodies)]


def stage(warehouse: Warehouse, *landed: Landed) -> list[tuple[Any, ...]]:
    """Stage an answer. Returns number, key and comment of its rows."""
    manifest = Manifest("", "SDY1", "DR1", None, FETCH.fetch_id, "", "", landed)
    with warehouse.engine.begin() as connection:
        staging_tables.drop(connection, 1, [HAI])
        counts = stage_answers(connection, 1, warehouse.tools.landing, manifest, [HAI])["hai"]
    rows = warehouse.rows("select row_number, result_id, comments from staging.l1_hai order by 1")
    assert counts["rows_staged"] == len(rows)
    return rows


def lose_lines(warehouse: Warehouse, landed: Landed) -> None:
    assert landed.rows_file is not None
    (warehouse.tools.landing.root / landed.rows_file.path).unlink()


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[staging_tables.Form]:
    """The forms of the copies that are made."""
    made: list[staging_tables.Form] = []
    copy = staging_tables.Filling.copy

    def noted(self: Any, columns: Any, form: staging_tables.Form, *more: Any) -> int:
        made.append(form)
        return copy(self, columns, form, *more)

    monkeypatch.setattr(staging_tables.Filling, "copy", noted)
    return made


def test_lines_give_the_rows_that_the_answer_gives(
    warehouse: Warehouse, copies: list[staging_tables.Form]
) -> None:
    values = usual()
    (landed,) = parts(warehouse.tools.landing, body(values))
    from_lines = stage(warehouse, landed)
    lose_lines(warehouse, landed)
    assert stage(warehouse, landed) == from_lines
    assert copies == [QUOTED, ESCAPED]
    texts = dict(ODD)
    expected = [texts[value] if value in texts else json.loads(value) for value in values]
    assert from_lines == [(n, str(n), text) for n, text in enumerate(expected, start=1)]


def test_parts_with_and_without_lines_have_one_sequence_of_numbers(
    warehouse: Warehouse, copies: list[staging_tables.Form]
) -> None:
    bodies = [body(usual(), first=start) for start in (1, MANY + 1, 2 * MANY + 1, 3 * MANY + 1)]
    landed = parts(warehouse.tools.landing, *bodies)
    lose_lines(warehouse, landed[1])
    rows = stage(warehouse, *landed)
    assert copies == [QUOTED, ESCAPED, QUOTED, QUOTED]
    assert [(number, int(key)) for number, key, _ in rows] == [(n, n) for n in range(1, 4 * MANY + 1)]


def test_a_row_that_postgres_cannot_hold_is_quarantined_and_the_others_are_staged(
    warehouse: Warehouse, copies: list[staging_tables.Form]
) -> None:
    (landed,) = parts(warehouse.tools.landing, body([*usual(), '"a\\u0000"']))
    assert len(stage(warehouse, landed)) == MANY
    assert copies == [ESCAPED]
    assert warehouse.rows("select row_number, rule from quality.quarantine") == [(MANY + 1, "text_encodable")]


def test_an_answer_of_which_no_row_can_be_held_has_no_table(warehouse: Warehouse) -> None:
    (landed,) = parts(warehouse.tools.landing, body(['"a\\u0000"']))
    manifest = Manifest("", "SDY1", "DR1", None, FETCH.fetch_id, "", "", (landed,))
    with warehouse.engine.begin() as connection:
        counts = stage_answers(connection, 1, warehouse.tools.landing, manifest, [HAI])["hai"]
    assert (counts["rows_received"], counts["rows_staged"]) == (1, 0)
    assert warehouse.value("select to_regclass('staging.l1_hai')") is None


def test_an_answer_that_changed_is_not_staged_from_its_lines(warehouse: Warehouse) -> None:
    (landed,) = parts(warehouse.tools.landing, body(usual()))
    (warehouse.tools.landing.root / landed.path).write_bytes(b"")
    with pytest.raises(LandingError, match=r"hai\.json\.gz: changed since it was landed"):
        stage(warehouse, landed)


def few_answers(landing: Landing) -> tuple[Manifest, list[Endpoint]]:
    """A fetch of three endpoints, with a row of each."""
    endpoints = [HAI, ENDPOINTS["arm"], ENDPOINTS["study"]]
    bodies = [json.dumps([full_row(item.name)]).encode() for item in endpoints]
    landed = [landing.receive(FETCH, item, {}, [sent]) for item, sent in zip(endpoints, bodies, strict=True)]
    return Manifest("", "SDY1", "DR1", None, FETCH.fetch_id, "", "", tuple(landed)), endpoints


def test_many_answers_take_as_many_statements_as_one(warehouse: Warehouse) -> None:
    """Beside a COPY for each: tables are made, analysed and proven together."""
    landing = warehouse.tools.landing
    manifest, endpoints = few_answers(landing)
    for load, staged in enumerate(([HAI], endpoints), start=1):
        with measured(warehouse.engine) as cost, warehouse.engine.begin() as connection:
            found = stage_answers(connection, load, landing, manifest, staged)
        assert [counts["rows_staged"] for counts in found.values()] == [1] * len(staged)
        assert cost.statements == 3


def test_several_processes_may_prove_the_tables_in_any_order(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sql = staging_tables.run_sql

    def other_way_round(connection: sa.Connection, statement: str) -> Any:
        found = run_sql(connection, statement)
        return found.all()[::-1] if found.returns_rows else found

    monkeypatch.setattr(staging_tables, "run_sql", other_way_round)
    manifest, endpoints = few_answers(warehouse.tools.landing)
    with warehouse.engine.begin() as connection:
        stage_answers(connection, 1, warehouse.tools.landing, manifest, endpoints)


def test_text_that_the_server_alters_is_an_error(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of lines, too, the server's text is compared with what was sent."""
    (landed,) = parts(warehouse.tools.landing, body(usual()))
    monkeypatch.setattr(staging_tables, "ENCODING", "LATIN1")
    with pytest.raises(AlteredTextError, match=r"staging\.l1_hai: the server stored another text"):
        stage(warehouse, landed)


@pytest.mark.parametrize("nul", [False, True])
def test_tsv_is_numbered_by_the_table_or_has_a_row_quarantined(
    warehouse: Warehouse, copies: list[staging_tables.Form], nul: bool
) -> None:
    header = "\t".join(HAI.names)
    lines = ["\t".join([str(n), *["x"] * (len(HAI.names) - 1)]) for n in range(1, MANY + 1)]
    lines[7] = lines[7].replace("x", "\x00" if nul else "µ", 1)
    sent = "\n".join([header, *lines, ""]).encode()
    landing = warehouse.tools.landing
    landed = [landing.receive(FETCH, HAI, {}, [sent], piece=part, tsv_header=header) for part in (1, 2)]
    rows = stage(warehouse, *landed)
    numbers = [number for number in range(1, 2 * MANY + 1) if not nul or number % MANY != 8]
    assert [row[0] for row in rows] == numbers
    assert [int(row[1]) for row in rows] == [(number - 1) % MANY + 1 for number in numbers]
    assert warehouse.value("select count(*) from quality.quarantine") == 2 * nul


def test_memory_stays_flat_while_many_rows_are_landed(warehouse: Warehouse) -> None:
    landing = warehouse.tools.landing
    row = body(['"x"'])[1:-1]

    def chunks() -> Iterator[bytes]:
        yield b"[" + row
        for _ in range(200):
            yield b"".join([b"," + row] * 200)
        yield b"]"

    tracemalloc.start()
    try:
        landed = landing.receive(FETCH, HAI, {}, chunks())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert landed.rows == 40_001
    assert landed.rows_file is not None
    assert peak < 8 << 20
