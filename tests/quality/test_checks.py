"""What the checks find, compared with plain SQL of what each is about, on rows with every kind of fault."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from include.quality.checks import Check, checks
from include.quality.grammar import PATTERNS
from include.quality.screen import FEW, broken_checks
from include.sources.endpoint import Endpoint, Kind
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.immport.source import IMMPORT
from include.sql import literal, literals
from include.warehouse.load import staging_tables
from include.warehouse.load.staging_tables import StagedTables, staging_table
from include.warehouse.model.registry import IMMPORT_MODEL, VERSIONED
from include.warehouse.schema.statements import run_sql
from tests.support.long import cases
from tests.support.warehouse import Warehouse

LOAD = 7
#: Endpoints whose checks are of every kind, and those they look rows up in.
JUDGED = ("hai", "mbaa", "demographic", "biosample", "expsample", "contract", "filePath", "immuneExposure")
HOMES = ("study", "arm", "plannedVisit", "experiment")
STAGED = StagedTables(LOAD, frozenset((*JUDGED, *HOMES)))
#: Texts of a field by its kind, good ones and bad ones; few, so that they meet.
TEXTS = {
    Kind.TEXT: (None, "", " ", "A1", "A2", "A2 "),
    Kind.LIST: (None, "x"),
    Kind.INTEGER: (
        None,
        "1",
        " 1",
        "1 ",
        "2",
        "02",
        "0",
        "-3",
        "+3",
        "9" * 18,
        "9" * 19,
        "\u0663",
        "x",
        "1.0",
    ),
    Kind.NUMBER: (
        None,
        "1",
        "1.0",
        ".5",
        "5.",
        ".",
        "",
        "1e3",
        "1e400",
        "9" * 61,
        "1_0",
        "NaN",
        "1.2.3",
        " 7",
    ),
    Kind.DATE: (None, "2020-02-29", "2021-02-29", "2020-1-1", " "),
}


@pytest.mark.parametrize("name", cases({name: name for name in JUDGED}, quick=JUDGED[::2]))
def test_the_checks_find_what_plain_sql_finds(warehouse: Warehouse, name: str) -> None:
    endpoint = ENDPOINTS[name]
    with warehouse.engine.connect() as connection:
        for item in STAGED.filled:
            staging_tables.create(connection, LOAD, [ENDPOINTS[item]])

        @settings(
            max_examples=40,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(rows=_rows(endpoint), others=st.tuples(*(_rows(ENDPOINTS[item]) for item in HOMES)))
        def compare(rows: list[dict[str, Any]], others: tuple[list[dict[str, Any]], ...]) -> None:
            run_sql(connection, "".join(f"truncate {_table(item)};" for item in STAGED.filled))
            for item, found in zip((name, *HOMES), (rows, *others), strict=True):
                _fill(connection, ENDPOINTS[item], found)
            _compare(connection, endpoint, len(rows))

        compare()
        connection.rollback()


def _table(name: str) -> str:
    return staging_table(LOAD, ENDPOINTS[name])


def _rows(endpoint: Endpoint) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows that are alike but for some of their fields, so that keys repeat with and without a difference."""
    row = {item.column: st.sampled_from(TEXTS[item.kind]) for item in endpoint.staged_fields}
    whole = st.fixed_dictionaries(row)
    change = st.fixed_dictionaries({}, optional=row)
    return st.tuples(whole, st.lists(change, max_size=12)).map(
        lambda drawn: [{**drawn[0], **item} for item in drawn[1]]
    )


def _fill(connection: sa.Connection, endpoint: Endpoint, rows: list[dict[str, Any]]) -> None:
    if rows:
        names = ", ".join(endpoint.columns)
        values = ", ".join(f":{column}" for column in endpoint.columns)
        statement = (
            f"insert into {_table(endpoint.name)} (row_number, {names}) values (:row_number, {values})"
        )
        numbered = [{"row_number": number, **row} for number, row in enumerate(rows, start=1)]
        connection.execute(sa.text(statement), numbered)


def _compare(connection: sa.Connection, endpoint: Endpoint, count: int) -> None:
    table = _table(endpoint.name)
    suite = list(checks(IMMPORT_MODEL, endpoint, STAGED, "SDY1", count))
    found = {item.check_id: _numbers(connection, table, item.broken) for item in suite if item.broken}
    plain = {
        item.check_id: _numbers(connection, table, _plain(endpoint, item)) for item in suite if item.broken
    }
    assert found == plain
    broken = {name for name, numbers in found.items() if numbers}
    broken |= {"not_empty"} if endpoint.required and not count else set()
    follows = {item.check_id for item in suite if item.after}
    # What is looked up among few rows is looked up in another way among many.
    for rows in (0, FEW + 1):
        query = broken_checks(IMMPORT, STAGED, {endpoint.name: suite}, dict.fromkeys(ENDPOINTS, rows))
        assert {row.check_id for row in run_sql(connection, query)} == broken - follows
    # What follows another check is broken by rows that break that one, too.
    for item in suite:
        assert not item.after or found[item.check_id] <= _keys_of(connection, endpoint, found[item.after])
    one_more = list(checks(IMMPORT_MODEL, endpoint, STAGED, "SDY1", count + 1))
    query = broken_checks(IMMPORT, STAGED, {endpoint.name: one_more}, {})
    assert "row_count" in {row.check_id for row in run_sql(connection, query)}


def _numbers(connection: sa.Connection, table: str, broken: str) -> set[int]:
    return set(run_sql(connection, f"select s.row_number from {table} s where {broken}").scalars())


def _keys_of(connection: sa.Connection, endpoint: Endpoint, numbers: set[int]) -> set[int]:
    """Rows of the same key as some rows."""
    if not numbers:
        return set()
    same = _same(endpoint.key_columns, endpoint)
    listed = ", ".join(map(str, numbers))
    other = f"select 1 from {_table(endpoint.name)} o where o.row_number in ({listed}) and {same}"
    return _numbers(connection, _table(endpoint.name), f"exists ({other})")


def _same(columns: tuple[str, ...], endpoint: Endpoint) -> str:
    pairs = ((endpoint.key_value(name, "s"), endpoint.key_value(name, "o")) for name in columns)
    return " and ".join(f"{one} is not distinct from {other}" for one, other in pairs)


def _plain(endpoint: Endpoint, check: Check) -> str:
    """What the check is about, row by row, whatever it costs."""
    kind, _, name = check.check_id.partition(":")
    table = _table(endpoint.name)
    fields = {item.name: item for item in endpoint.staged_fields}
    if kind == "type":
        column, pattern = f"s.{fields[name].column}", literal(PATTERNS[fields[name].kind])
        is_day = fields[name].kind is Kind.DATE
        wrong = f"not pg_input_is_valid(nullif(btrim({column}), ''), 'date')" if is_day else "false"
        return f"{column} is not null and ({column} !~ {pattern} or coalesce({wrong}, false))"
    if kind in ("key_unique", "key_consistent"):
        there = " or ".join(f"nullif(btrim(s.{column}), '') is not null" for column in endpoint.key_columns)
        alike = {*endpoint.key, *endpoint.several}
        content = [item.column for item in endpoint.staged_fields if item.name not in alike]
        differs = " or ".join(f"s.{column} is distinct from o.{column}" for column in content)
        other = "o.row_number < s.row_number" if kind == "key_unique" else f"({differs})"
        same = _same(endpoint.key_columns, endpoint)
        return f"({there}) and exists (select 1 from {table} o where {same} and {other})"
    if kind == "row_consistent":
        made = next(
            item
            for item in VERSIONED
            if item.endpoint == endpoint.name and ":".join(part.name for part in item.identified_by) == name
        )
        named = " and ".join(f"({part.raw.text}) is not null" for part in made.identified_by)
        there = f"{named} and {named.replace('s.', 'o.')}"
        differs = " or ".join(f"s.{column} is distinct from o.{column}" for column in made.content_reads)
        keys = ((endpoint.key_value(part, "s"), endpoint.key_value(part, "o")) for part in made.key_reads)
        same = " and ".join(f"{one} = {other}" for one, other in keys)
        return f"exists (select 1 from {table} o where {there} and {same} and ({differs}))"
    if check.check_id == "agrees:studyTimeCollected":
        times = ("study_time_collected", "study_time_collected_unit")
        differs = " or ".join(f"s.{column} is distinct from o.{column}" for column in times)
        same = "o.biosample_accession = s.biosample_accession"
        return f"exists (select 1 from {table} o where {same} and ({differs}))"
    if kind in ("vocabulary", "study"):
        allowed = endpoint.vocabulary[name] if kind == "vocabulary" else ("SDY1",)
        return f"s.{fields[name].column} not in ({literals(allowed)})"
    assert kind in ("key_present", "key_length", "reference", "agrees")
    assert check.broken
    return check.broken
