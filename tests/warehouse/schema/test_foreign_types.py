"""Odd text around the values fails no study: keys, names and errors reach our records through one cleaner."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from include.landing.zone import Fetch
from include.pipeline import drift, run_ledger
from include.pipeline.batch_runner import run_batch
from include.pipeline.run_ledger import EXTRACTED, STAGED, Load, Step
from include.sources.errors import BadAnswerError, RetriableError
from include.sources.foreign import LONGEST_KEY, LONGEST_TEXT, clean, quoted
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.reader import NotDataError
from include.sources.remote_files import read_manifest
from include.warehouse.schema.foreign_types import CleanJson, CleanText
from include.warehouse.schema.ops_tables import metadata
from tests.support.warehouse import Warehouse, small_study

LONG = "x" * 5_000_000
ODD = {
    "nul": "a\x00b",
    "surrogate": "a\ud800b",
    "other half": "\udfff",
    "long": LONG,
    "long and odd": "\x00\ud800" * 1_000_000,
    "escape": "a\x1b[2Jb\r",
    "wide": "\U0001f9ec" * 3_000,
}
NESTED = json.loads("[" * 600 + "]" * 600)
OURS = [table for table in metadata.sorted_tables if table.schema in ("ops", "quality")]


def test_every_column_of_text_passes_the_cleaner() -> None:
    columns = [column for table in OURS for column in table.columns]
    assert len(columns) > 100
    for column in columns:
        inner = column.type.item_type if isinstance(column.type, sa.ARRAY) else column.type
        is_plain = isinstance(inner, (sa.Text, sa.String, JSONB))
        assert not is_plain, f"{column} would take foreign text as it is"
    kinds = {type(column.type) for column in columns}
    assert {CleanText, CleanJson} <= kinds


@pytest.mark.long
def test_any_text_can_be_written_to_any_column_and_stays_itself(warehouse: Warehouse) -> None:
    with warehouse.engine.connect() as connection:
        for table, text in product(OURS, ODD.values()):
            values = {column.name: _value(column, text) for column in table.columns if not column.identity}
            written = connection.execute(sa.insert(table).values(values).returning(*table.columns))
            (row,) = written.mappings()
            ours = [(column, column.type) for column in table.columns if isinstance(column.type, CleanText)]
            for column, kind in ours:
                assert row[column.name] == clean(text, kind.longest), column
                assert len(row[column.name]) <= kind.longest
            found = sa.select(sa.true(), *(sa.func.bool_or(column == text) for column, _ in ours))
            assert all(connection.execute(found.select_from(table)).one()), table
            connection.rollback()


def _value(column: sa.Column[Any], text: str) -> Any:
    if isinstance(column.type, CleanText):
        return text
    if isinstance(column.type, sa.ARRAY):
        return [text, text] if isinstance(column.type.item_type, CleanText) else []
    if isinstance(column.type, CleanJson):
        return {text: [text, {"a": text, "n": 1, "none": None}]}
    kind = column.type.python_type
    return kind() if kind in (int, bool, Decimal, bytes) else sa.func.now()


def test_unknown_keys_and_what_they_hold_stop_no_study(warehouse: Warehouse) -> None:
    study = small_study()
    study["arm"] = [{**row, **dict.fromkeys(ODD.values(), NESTED)} for row in study["arm"]]
    study["hai"] = [{**row, **dict.fromkeys(ODD.values(), "v")} for row in study["hai"]]
    study["hai"][0]["comments"] = "a\x00b"  # its row is quarantined as received, odd key and all
    load = warehouse.land(study)
    landed = warehouse.tools.landing.read_manifest(_fetch(load)).landed
    drift.note_drift(warehouse.engine, load, [i for i in landed if i.endpoint in ("arm", "hai")])
    warehouse.stage(load)
    warehouse.pass_gate(load)
    warehouse.publish(load)
    noted = warehouse.rows("select endpoint, field, kind, rows from ops.drift order by endpoint, field")
    assert {(endpoint, kind, rows) for endpoint, _, kind, rows in noted} == {
        ("arm", "unknown", 2),
        ("hai", "unknown", 3),
    }
    assert {field for _, field, _, _ in noted} == {clean(key, LONGEST_KEY) for key in ODD.values()}
    assert warehouse.value("select count(*) from star.fact_hai") == 2
    assert warehouse.value("select count(*) from quality.quarantine") == 1


def test_a_declared_value_is_kept_however_deep_it_is_nested(warehouse: Warehouse) -> None:
    study = small_study()
    study["arm"][0]["description"] = NESTED
    warehouse.load(study)
    text = "[" * 600 + "]" * 600
    assert warehouse.value("select count(*) from star.dim_arm where description = :text", text=text) == 1


def test_a_key_that_is_missing_here_and_twice_there_is_recorded_as_both(warehouse: Warehouse) -> None:
    load = warehouse.open_load("SDY1", "DR1", "fetch")
    arm = ENDPOINTS["arm"]
    full = json.dumps(dict.fromkeys(arm.names, "v"))
    lacking = json.dumps({name: "v" for name in arm.names if name != "name"})
    body = f'[{full[:-1]}, "name": "w", "new": 1, "new": 2}}, {lacking}]'.encode()
    landed = warehouse.tools.landing.receive(_fetch(load), arm, {}, [body])
    for _ in range(2):  # a second try of the load records the same
        drift.note_drift(warehouse.engine, load, [landed])
    assert warehouse.rows("select field, kind, rows from ops.drift order by field, kind") == [
        ("name", "missing", 1),
        ("name", "repeated", 1),
        ("new", "repeated", 1),
        ("new", "unknown", 1),
    ]


def test_an_error_that_quotes_odd_text_fails_its_study_alone(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_ledger, "PROGRESS_SECONDS", 0)
    kinds = (ValueError, RetriableError, BadAnswerError)
    errors = {f"SDY{number}": found for number, found in enumerate(product(kinds, ODD.values()), start=1)}
    loads = [warehouse.open_load(study, "DR1", "fetch") for study in (*errors, "SDY99")]

    def work(load: Load, step: Step) -> None:
        if load.scope in errors:
            kind, text = errors[load.scope]
            step.progress(1, text)
            raise kind(f"not a file: {text}")

    outcome = run_batch(
        replace(warehouse.tools, is_last_try=True),
        [load.load_id for load in loads],
        "stage",
        needs=EXTRACTED,
        ends=STAGED,
        work=work,
    )
    reported = {**outcome.failed, **outcome.retriable}
    assert set(reported) == {f"{study} DR1" for study in errors}
    assert max(map(len, reported.values())) <= LONGEST_TEXT
    failed = "select count(*) from ops.load where state = 'failed' and error like '%not a file: %'"
    assert warehouse.value(failed) == len(errors)
    steps = warehouse.rows("select state, count(*) from ops.step group by state order by state")
    assert steps == [("done", 1), ("failed", len(errors))]


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_an_error_of_the_source_is_short_and_fit_for_a_log(text: str) -> None:
    reported = str(BadAnswerError(f"not a file: {text}"))
    assert len(reported) <= 2_000
    assert reported == clean(reported)


@pytest.mark.parametrize("value", [*ODD.values(), NESTED, 7, None], ids=[*ODD, "nested", "number", "null"])
@pytest.mark.parametrize("name", ["studyAccession", "path", "fileUUID", "fileAccession"])
def test_what_a_manifest_says_of_itself_is_read_or_refused_in_few_words(name: str, value: object) -> None:
    row = {"fileDetailsId": 1, "studyAccession": "SDY1", "path": "SDY1/a.txt", "fileUUID": "u", name: value}
    refusal: list[NotDataError] = []
    try:
        read_manifest([json.dumps([row]).encode()], ENDPOINTS["manifest"], "SDY1")
    except NotDataError as error:
        refusal.append(error)
    assert all(len(str(error).encode()) < 2_000 for error in refusal)
    assert bool(refusal) == (name == "studyAccession" or (name == "path" and value is None))


def test_long_texts_that_begin_alike_stay_apart() -> None:
    assert clean(LONG + "a", LONGEST_KEY) != clean(LONG + "b", LONGEST_KEY)
    assert clean("fine", LONGEST_KEY) == "fine"
    assert clean("two\nlines\tand µ, 甲, \U0001f9ec") == "two\nlines\tand µ, 甲, \U0001f9ec"
    assert quoted(LONG) == f"'{'x' * 60}...'"
    assert (quoted(None), quoted(7), quoted(["a\x00"])) == ("null", "7", '["a\\u0000"]')


def _fetch(load: Load) -> Fetch:
    return Fetch(load.scope, load.release, load.fetch_id)
