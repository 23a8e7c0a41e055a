"""The checks of a staged endpoint, derived from its declaration.

Every check is a Great Expectations expectation with a stable name, a severity, and the SQL that finds
the rows that break it. Great Expectations decides; the SQL names all rows, not just the first 200.

    >>> suite = checks(ENDPOINTS["hai"], StagedTables(7, frozenset({"arm"})), "SDY1", 60)
    >>> next(check.broken for check in suite if check.check_id == "reference:armAccession")
    's.arm_accession is not null and not exists (select 1 from staging.l7_arm p where p.arm_accession = ...)'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from include.sources.endpoint import Endpoint, Kind, Withholds, snake_case
from include.sources.immport.endpoints import ENDPOINTS, PAIRED_FIELDS, references
from include.sql import literal, literals
from include.warehouse.load.staging_tables import StagedTables
from include.warehouse.model.declaration import Dimension, Fact, Type, staged_columns
from include.warehouse.model.registry import DIMENSIONS, FACTS, VERSIONED

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation


class Severity(StrEnum):
    """What a broken check does."""

    CRITICAL = "critical"  # the study is not published
    ENDPOINT = "endpoint"  # the endpoint's rows are not published, its tables stay as they are
    ROW = "row"  # the rows are quarantined, the others are published
    VALUE = "value"  # the values become null and their text is quarantined, the rows are published
    WARNING = "warning"  # it is reported, nothing else


#: The grammar of each kind. Postgres alone would also take NaN, 0x10, 1_000 and `today`. Of white space
#: only blanks pass, and of digits only ASCII: those alone are trimmed and cast when a row is published.
#: An integer may be a key: it is written in one way only. Days are those of dim_date.
PATTERNS = {
    Kind.INTEGER: r"^ *(0|-?[1-9][0-9]{0,17})? *$",
    Kind.NUMBER: r"^ *([+-]?([0-9]{1,60}(\.[0-9]{0,60})?|\.[0-9]{1,60})([eE][+-]?[0-9]{1,2})?)? *$",
    Kind.DATE: r"^ *((19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))? *$",
}


#: Bytes of a text that identifies a row of the star.
LONGEST_KEY = 1000


@dataclass(frozen=True)
class Check:
    """One thing that must hold of a staged endpoint.

    :param broken: SQL over the staged row `s` that is true of the rows that break it.
    :param is_of_row: it reads the row alone, and no other rows.
    :param build: makes the expectation; called only once Great Expectations is loaded.
    :param column: the staged column whose text is kept where it breaks the check and the row is published.
    """

    check_id: str
    severity: Severity
    broken: str | None
    build: Callable[[], Expectation]
    column: str | None = None
    is_of_row: bool = False


def checks(endpoint: Endpoint, tables: StagedTables, study: str, staged: int) -> Iterator[Check]:
    """All checks of one endpoint of one load.

    :param staged: rows that staging wrote, as recorded.
    """
    yield _row_count(staged)
    if endpoint.required:
        yield _not_empty()
    yield from _keys(endpoint, tables)
    yield from _types(endpoint)
    yield from _references(endpoint, tables)
    yield from _agreements(endpoint, tables)
    for name, values in endpoint.vocabulary.items():
        yield _in_set(f"vocabulary:{name}", Severity.WARNING, snake_case(name), list(values))
    if "study_accession" in endpoint.columns:
        # A filter that the source ignored would bring another study's rows.
        yield _in_set("study:studyAccession", Severity.CRITICAL, "study_accession", [study])


def _row_count(staged: int) -> Check:
    def build() -> Expectation:
        import great_expectations.expectations as gxe

        return gxe.ExpectTableRowCountToEqual(value=staged)

    return Check("row_count", Severity.CRITICAL, None, build)


def _not_empty() -> Check:
    def build() -> Expectation:
        import great_expectations.expectations as gxe

        return gxe.ExpectTableRowCountToBeBetween(min_value=1)

    return Check("not_empty", Severity.CRITICAL, None, build)


def _keys(endpoint: Endpoint, tables: StagedTables) -> Iterator[Check]:
    # A listing is the better for a row less; of what results are of, none may be missing.
    severity = Severity.CRITICAL if endpoint.withholds is Withholds.STUDY else Severity.ROW
    for name, key in _identities(endpoint).items():
        # A blank key names nothing, too.
        missing = f"coalesce(btrim({key}), '') = ''"
        yield _rows(f"key_present:{name}", severity, missing, is_of_row=True)
    # A key may lack a part (a sample without an arm): null is a value like any other here.
    keys = _key_values(endpoint)
    alike = {*endpoint.key, *endpoint.several}
    content = ", ".join(f"o.{item.column}" for item in endpoint.staged_fields if item.name not in alike)
    table = tables.rows(endpoint)
    # One grouping, not a comparison of each row with all others.
    conflict = (
        f"s.row_number in (select unnest(array_agg(o.row_number)) from {table} o"
        f" where {_has_key(endpoint)} group by {keys}"
        f" having count(*) > 1 and count(distinct row({content})) > 1)"
    )
    if content:
        yield _rows("key_consistent", Severity.ROW, conflict)
    yield _unique(endpoint, tables)
    for made in (item for item in VERSIONED if item.endpoint == endpoint.name):
        if isinstance(made, Fact) and made.row_id.type is Type.TEXT:
            # No index holds a longer key.
            too_long = f"octet_length({made.row_id.raw.text}) > {LONGEST_KEY}"
            yield _rows(f"key_length:{made.identity}", Severity.ROW, too_long, is_of_row=True)
        is_coarser = set(endpoint.key_columns) > set(made.key_reads)
        if is_coarser and set(made.content_reads) - set(made.key_reads):
            yield _one_row(made, endpoint, table)


def _key_values(endpoint: Endpoint) -> str:
    """SQL for the key of a row `o`, as publishing reads it."""
    return ", ".join(endpoint.key_value(column, "o") for column in endpoint.key_columns)


def _identities(endpoint: Endpoint) -> dict[str, str]:
    """What no row may lack: by name, as SQL over `s`. The rest of a key, such as an arm, may be missing."""
    if endpoint.identifies:
        column = snake_case(endpoint.identifies)
        return {column: f"s.{column}"}
    facts = [fact.row_id for fact in FACTS if fact.endpoint == endpoint.name]
    members = [item.natural_key for item in DIMENSIONS if item.endpoint == endpoint.name]
    named = {item.name: item.raw.text for item in facts}
    named = named or {key[0].name: key[0].raw.text for key in members}
    return named or {column: f"s.{column}" for column in endpoint.key_columns}


def _has_key(endpoint: Endpoint) -> str:
    """True of a row `o` with any part of its key: rows without one have no key in common."""
    parts = ", ".join(f"nullif(btrim(o.{column}), '')" for column in endpoint.key_columns)
    return f"num_nonnulls({parts}) > 0"


def _one_row(made: Dimension | Fact, endpoint: Endpoint, table: str) -> Check:
    """A source that repeats a row, once per arm of its subject, must repeat what the star keeps of it.

    Nothing decides which of several values a fact has: its rows are quarantined. A member of a dimension has
    one description, that of the first row: the others are reported.
    """
    keys = ", ".join(endpoint.key_value(name, "s") for name in made.key_reads)
    there = " and ".join(f"{item.raw.text} is not null" for item in made.identified_by)
    row = ", ".join(f"s.{name}" for name in made.content_reads)
    conflict = (
        f"({keys}) in (select {keys} from {table} s where {there} group by {keys}"
        f" having count(distinct row({row})) > 1)"
    )
    name = ":".join(item.name for item in made.identified_by)
    return _rows(
        f"row_consistent:{name}", Severity.ROW if isinstance(made, Fact) else Severity.WARNING, conflict
    )


def _unique(endpoint: Endpoint, tables: StagedTables) -> Check:
    """Rows sent twice are published once. The check reports them, because a source should not repeat rows.

    Not the expectation of unique columns: it takes a key that lacks a part for another each time.
    """
    keys = _key_values(endpoint)
    numbered = f"row_number() over (partition by {keys} order by o.row_number) as copy"
    repeats = f"select o.row_number, {numbered} from {tables.rows(endpoint)} o where {_has_key(endpoint)}"
    broken = f"s.row_number in (select r.row_number from ({repeats}) r where r.copy > 1)"
    return _rows("key_unique", Severity.WARNING, broken)


def _types(endpoint: Endpoint) -> Iterator[Check]:
    """What a text that is not of its kind does follows from what is made of it."""
    for item in endpoint.staged_fields:
        pattern = PATTERNS.get(item.kind)
        if pattern is None:
            continue
        severity = _severity(endpoint, item.column)
        wrong = f"s.{item.column} !~ {literal(pattern)}"
        if item.kind is Kind.DATE:  # the pattern lets 2020-02-30 through
            day = f"nullif(btrim(s.{item.column}), '')"
            impossible = f"coalesce(not pg_input_is_valid({day}, 'date'), false)"
            broken = f"({wrong} or {impossible})"
            day_check = _rows(f"type:{item.name}", severity, broken, is_of_row=True)
            yield replace(day_check, column=item.column)
        else:
            yield replace(
                _matches(item.name, item.column, pattern, wrong), severity=severity, column=item.column
            )


def _severity(endpoint: Endpoint, column: str) -> Severity:
    """What an unreadable text in a column does: a key or a measure takes its row with it; what only describes
    is null; what no table reads is reported."""
    made = [item for item in VERSIONED if item.endpoint == endpoint.name]
    keys = {*endpoint.key_columns, *(name for item in made for name in item.key_reads)}
    parts = (part for item in made for reference in item.references for part in reference.key)
    keys |= {name for part in parts for name in staged_columns(part)}
    read = [item for table in made for item in table.columns if column in staged_columns(item.raw)]
    if column in keys or any(item.is_measure for item in read):
        return Severity.ROW
    return Severity.VALUE if read else Severity.WARNING


def _matches(name: str, column: str, pattern: str, broken: str) -> Check:
    def build() -> Expectation:
        import great_expectations.expectations as gxe

        return gxe.ExpectColumnValuesToMatchRegex(column=column, regex=pattern)

    return Check(f"type:{name}", Severity.ROW, broken, build, is_of_row=True)


def _references(endpoint: Endpoint, tables: StagedTables) -> Iterator[Check]:
    for name, home in references(endpoint).items():
        column, parent = snake_case(name), tables.rows(ENDPOINTS[home])
        missing = f"not exists (select 1 from {parent} p where p.{column} = s.{column})"
        # The row is published all the same, with an inferred member: a late parent loses no result.
        yield _rows(f"reference:{name}", Severity.WARNING, f"s.{column} is not null and {missing}")


def _agreements(endpoint: Endpoint, tables: StagedTables) -> Iterator[Check]:
    """What a result repeats of its subject and sample must equal the values of these rows themselves.

    They do in every real row seen, so that a break is a finding.
    """
    if not endpoint.study_parameter:
        return
    for first, second, home in PAIRED_FIELDS:
        if not {first, second} <= set(endpoint.names):
            continue
        one, other, table = snake_case(first), snake_case(second), tables.rows(ENDPOINTS[home])
        # If no row has the first value at all, the check of its reference reports that.
        broken = (
            f"s.{other} is not null and exists (select 1 from {table} p where p.{one} = s.{one})"
            f" and not exists (select 1 from {table} p where p.{one} = s.{one} and p.{other} = s.{other})"
        )
        yield _rows(f"agrees:{first}:{second}", Severity.WARNING, broken)
    if "study_time_collected" in endpoint.columns:
        times = "row(t.study_time_collected, t.study_time_collected_unit)"
        several = (
            f"select t.biosample_accession from {tables.rows(endpoint)} t"
            f" group by t.biosample_accession having count(distinct {times}) > 1"
        )
        yield _rows("agrees:studyTimeCollected", Severity.WARNING, f"s.biosample_accession in ({several})")


def _rows(check_id: str, severity: Severity, broken: str, *, is_of_row: bool = False) -> Check:
    return Check(check_id, severity, broken, lambda: _no_row([broken]), is_of_row=is_of_row)


def any_row(suite: Sequence[Check]) -> Check:
    """One check that is broken if a row breaks any of these: an expectation costs more than its query."""
    conditions = [(check.broken, check.is_of_row) for check in suite if check.broken is not None]
    # What looks at the row alone is one scan; what looks at other rows is planned by itself.
    alone = [f"({broken})" for broken, is_of_row in conditions if is_of_row]
    together = [broken for broken, is_of_row in conditions if not is_of_row]
    together += [" or ".join(alone)] if alone else []
    return Check("any_row", Severity.WARNING, None, lambda: _no_row(together))


def _no_row(conditions: Sequence[str]) -> Expectation:
    """The expectation that no row meets any of the conditions."""
    import great_expectations.expectations as gxe

    # Great Expectations formats the query: braces of a pattern are doubled.
    escaped = (item.replace("{", "{{").replace("}", "}}") for item in conditions)
    queries = (f"select s.row_number from (select * from {{batch}}) s where {item}" for item in escaped)
    return gxe.UnexpectedRowsExpectation(unexpected_rows_query=" union all ".join(queries))


def _in_set(check_id: str, severity: Severity, column: str, values: list[str]) -> Check:
    def build() -> Expectation:
        import great_expectations.expectations as gxe

        return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=values)

    return Check(check_id, severity, f"s.{column} not in ({literals(values)})", build, is_of_row=True)
