"""The checks of a staged endpoint, derived from its declaration.

Every check is a Great Expectations expectation with a stable name, a severity, the SQL that finds the rows
that break it, and SQL that only says whether there are any (`include.quality.screen`).

    >>> from include.warehouse.model.registry import IMMPORT_MODEL
    >>> tables = StagedTables(7, frozenset({"arm"}))
    >>> suite = checks(IMMPORT_MODEL, IMMPORT_MODEL.source.endpoints["hai"], tables, "SDY1", 60)
    >>> next(check.broken for check in suite if check.check_id == "reference:armAccession")
    's.arm_accession is not null and not exists (select 1 from staging.l7_arm p where p.arm_accession = ...)'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from include.quality.grammar import unreadable
from include.sources.endpoint import Endpoint, Withholds, snake_case
from include.sources.source import Source
from include.sql import Expression, gap, literals, sql
from include.warehouse.load.staging_tables import StagedTables
from include.warehouse.model.declaration import Dimension, Fact, Type, staged_columns
from include.warehouse.model.source_model import SourceModel


class Severity(StrEnum):
    """What a broken check does."""

    CRITICAL = "critical"  # the scope is not published
    ENDPOINT = "endpoint"  # the endpoint's rows are not published, its tables stay as they are
    ROW = "row"  # the rows are quarantined, the others are published
    VALUE = "value"  # the values become null and their text is quarantined, the rows are published
    WARNING = "warning"  # it is reported, nothing else


#: Bytes of a text that identifies a row of the star.
LONGEST_KEY = 1000


@dataclass(frozen=True)
class Mention:
    """What a row names of another endpoint: there must be a row `p` with the same values.

    :param home: endpoint of the rows to look in.
    :param table: SQL of these rows.
    :param columns: columns of both, whose values must occur together. Without the last one, nothing is named.
    :param given: a column that must occur there by itself, or nothing is said.
    """

    home: str
    table: str
    columns: tuple[str, ...]
    given: str | None = None

    @property
    def broken(self) -> str:
        """SQL that is true of the rows `s` that name what is not there, for a join: of any number of rows."""
        same = " and ".join(f"p.{name} = s.{name}" for name in self.columns)
        conditions = [f"s.{self.columns[-1]} is not null"]
        if self.given:
            conditions.append(f"exists (select 1 from {self.table} p where p.{self.given} = s.{self.given})")
        return " and ".join((*conditions, f"not exists (select 1 from {self.table} p where {same})"))

    @property
    def broken_among_few(self) -> str:
        """The same for a scan, which keeps the rows to look in: quicker, where there are not many of them."""
        ours, theirs = ([f"{row}.{name}" for name in self.columns] for row in "sp")
        # With a null among them, all rows would be looked through for one that may be the same.
        named, known = (" and ".join(f"{name} is not null" for name in row) for row in (ours, theirs))
        missing = f"select {', '.join(theirs)} from {self.table} p where {known}"
        condition = f"{named} and ({', '.join(ours)}) not in ({missing})"
        # Last: good rows do not come that far.
        there = f" and s.{self.given} in (select p.{self.given} from {self.table} p)" if self.given else ""
        return condition + there


@dataclass(frozen=True)
class Check:
    """One thing that must hold of a staged endpoint.

    :param broken: SQL over the staged row `s` that is true of the rows that break it; None for a count.
    :param column: the staged column whose text is kept where it breaks the check and the row is published.
    :param reads: the columns that `broken` reads of the row, if these are known: rows with the same values
        break it together.
    :param mention: what `broken` looks up, if that is all it does.
    :param any_broken: SQL that is true when some row breaks it, where that is quicker than looking at each
        row. It may read `a.rows`, the number of rows.
    :param of_groups: a query for the endpoints that break it, where that is quicker. In place of its gap
        `groups` come the distinct combinations of what rows name, with their `endpoint`.
    :param after: a check that does not hold either where this one does not.
    """

    check_id: str
    severity: Severity
    broken: str | None
    column: str | None = None
    reads: tuple[str, ...] = ()
    mention: Mention | None = None
    any_broken: str | None = None
    of_groups: Expression | None = None
    after: str | None = None

    @property
    def is_of_row(self) -> bool:
        """Whether it reads a row alone, and no other rows."""
        return not (self.mention or self.any_broken or self.of_groups or self.after)


def checks(
    model: SourceModel, endpoint: Endpoint, tables: StagedTables, scope: str, staged: int
) -> Iterator[Check]:
    """All checks of one endpoint of one load, of which staging wrote `staged` rows, as recorded."""
    yield Check("row_count", Severity.CRITICAL, None, any_broken=f"coalesce(a.rows, 0) <> {staged}")
    if endpoint.required:
        yield Check("not_empty", Severity.CRITICAL, None, any_broken="coalesce(a.rows, 0) = 0")
    yield from _keys(model, endpoint, tables)
    yield from _types(model, endpoint)
    yield from _references(model.source, endpoint, tables)
    yield from _agreements(model.source, endpoint, tables)
    for name in map(snake_case, endpoint.refusals):
        yield Check(f"refused:{name}", Severity.ROW, f"s.{name} is not null", reads=(name,))
    for name, values in endpoint.vocabulary.items():
        yield _in_set(f"vocabulary:{name}", Severity.WARNING, snake_case(name), values)
    yield from _of_scope(model, endpoint, scope)


def _of_scope(model: SourceModel, endpoint: Endpoint, scope: str) -> Iterator[Check]:
    """A filter that the source ignored, or a wrong file, would bring another scope's rows."""
    (column,) = staged_columns(model.of_scopes.natural_key[0].raw)
    for name in (item.name for item in endpoint.staged_fields if item.column == column):
        yield _in_set(f"{model.source.scope.name}:{name}", Severity.CRITICAL, column, (scope,))


def _keys(model: SourceModel, endpoint: Endpoint, tables: StagedTables) -> Iterator[Check]:
    # A listing is the better for a row less; of what results are of, none may be missing.
    severity = Severity.CRITICAL if endpoint.withholds is Withholds.STUDY else Severity.ROW
    for name, key in _identities(model, endpoint).items():
        # A blank key names nothing, too. Only what begins with a blank can be one: that is seen at once.
        missing = f"case when ascii({key}) not in (0, 32) then false else coalesce(btrim({key}), '') = '' end"
        yield Check(f"key_present:{name}", severity, missing)
    yield from _repeated_keys(endpoint, tables.rows(endpoint))
    for made in model.made_of(endpoint):
        if isinstance(made, Fact) and made.row_id.type is Type.TEXT:
            # No index holds a longer key.
            too_long = f"octet_length({made.row_id.raw.text}) > {LONGEST_KEY}"
            yield Check(f"key_length:{made.identity}", Severity.ROW, too_long)
        is_coarser = set(endpoint.key_columns) > set(made.key_reads)
        if is_coarser and set(made.content_reads) - set(made.key_reads):
            yield _one_row(made, endpoint, tables.rows(endpoint))


def _repeated_keys(endpoint: Endpoint, table: str) -> Iterator[Check]:
    """Rows of one key: they must be the same, and are better sent once.

    One grouping finds the keys that repeat; only the rows of those are compared with each other.
    """
    # A key may lack a part (a sample without an arm): null is a value like any other here, as in an array.
    # Not the expectation of unique columns: it takes a key that lacks a part for another each time.
    keys = ", ".join(endpoint.key_value(column, "o") for column in endpoint.key_columns)
    # Rows without any part of a key have none in common; only of keys that repeat, this is looked at.
    parts = ", ".join(f"nullif(btrim({endpoint.key_value(name, 'o')}), '')" for name in endpoint.key_columns)
    repeat = f"group by {keys} having case when count(*) > 1 then num_nonnulls({parts}) > 0 end"
    repeated = f"select {keys} from {table} o {repeat}"
    theirs = f"{table} o where array[{keys}] in (select array[{keys}] from {table} o {repeat})"
    alike = {*endpoint.key, *endpoint.several}
    content = ", ".join(f"o.{item.column}" for item in endpoint.staged_fields if item.name not in alike)
    if content:
        conflict = (
            f"s.row_number in (select unnest(array_agg(o.row_number)) from {theirs}"
            f" group by {keys} having count(distinct row({content})) > 1)"
        )
        yield Check("key_consistent", Severity.ROW, conflict, after="key_unique")
    # Rows sent twice are published once: that is reported, because a source should not repeat rows.
    copies = (
        f"s.row_number in (select unnest((array_agg(o.row_number order by o.row_number))[2:])"
        f" from {theirs} group by {keys})"
    )
    yield Check("key_unique", Severity.WARNING, copies, any_broken=_found_by(repeated))


def _identities(model: SourceModel, endpoint: Endpoint) -> dict[str, str]:
    """What no row may lack: by name, as SQL over `s`. The rest of a key, such as an arm, may be missing."""
    if endpoint.identifies:
        column = snake_case(endpoint.identifies)
        return {column: f"s.{column}"}
    made = model.made_of(endpoint)
    facts = [item.row_id for item in made if isinstance(item, Fact)]
    members = [item.natural_key for item in made if isinstance(item, Dimension)]
    named = {item.name: item.raw.text for item in facts}
    named = named or {key[0].name: key[0].raw.text for key in members}
    return named or {column: f"s.{column}" for column in endpoint.key_columns}


def _one_row(made: Dimension | Fact, endpoint: Endpoint, table: str) -> Check:
    """A source that repeats a row, once per arm of its subject, must repeat what the star keeps of it.

    Nothing decides which of several values a fact has: its rows are quarantined. A member of a dimension has
    one description, that of the first row: the others are reported.
    """
    keys = [endpoint.key_value(name, "s") for name in made.key_reads]
    there = " and ".join(f"{item} is not null" for item in (*(i.raw.text for i in made.identified_by), *keys))
    content = ", ".join(f"s.{name}" for name in made.content_reads)
    aliases = ", ".join(f"k{number}" for number in range(len(keys)))
    named = ", ".join(f"{key} as k{number}" for number, key in enumerate(keys))
    # Only of keys that repeat, contents are compared.
    key = ", ".join(keys)
    repeated = f"select {key} from {table} s where {there} group by {key} having count(*) > 1"
    several = (
        f"select {aliases} from (select distinct {named}, {content} from {table} s"
        f" where {there} and ({key}) in ({repeated})) d group by {aliases} having count(*) > 1"
    )
    name = ":".join(item.name for item in made.identified_by)
    return Check(
        f"row_consistent:{name}",
        Severity.ROW if isinstance(made, Fact) else Severity.WARNING,
        f"({key}) in ({several})",
        any_broken=_found_by(several),
    )


def _types(model: SourceModel, endpoint: Endpoint) -> Iterator[Check]:
    """What a text that is not of its kind does follows from what is made of it."""
    for item in endpoint.staged_fields:
        if (broken := unreadable(item.kind, f"s.{item.column}")) is not None:
            severity = _severity(model, endpoint, item.column)
            yield Check(f"type:{item.name}", severity, broken, column=item.column, reads=(item.column,))


def _severity(model: SourceModel, endpoint: Endpoint, column: str) -> Severity:
    """What an unreadable text in a column does: a key or a measure takes its row with it; what only describes
    is null; what no table reads is reported."""
    made = model.made_of(endpoint)
    keys = {*endpoint.key_columns, *(name for item in made for name in item.key_reads)}
    parts = (part for item in made for reference in item.references for part in reference.key)
    keys |= {name for part in parts for name in staged_columns(part)}
    read = [item for table in made for item in table.columns if column in staged_columns(item.raw)]
    if column in keys or any(item.is_measure for item in read):
        return Severity.ROW
    return Severity.VALUE if read else Severity.WARNING


def _references(source: Source, endpoint: Endpoint, tables: StagedTables) -> Iterator[Check]:
    for name, home in source.references(endpoint).items():
        # The row is published all the same, with an inferred member: a late parent loses no result.
        mention = Mention(home, tables.rows(source.endpoints[home]), (snake_case(name),))
        yield _looked_up(f"reference:{name}", mention)


def _agreements(source: Source, endpoint: Endpoint, tables: StagedTables) -> Iterator[Check]:
    """What a result repeats of its subject and sample must equal the values of these rows themselves, as in
    every real row seen."""
    if not endpoint.study_parameter:
        return
    for first, second, home in source.paired_fields:
        if not {first, second} <= set(endpoint.names):
            continue
        one, other = snake_case(first), snake_case(second)
        # If no row has the first value at all, the check of its reference reports that.
        mention = Mention(home, tables.rows(source.endpoints[home]), (one, other), given=one)
        yield _looked_up(f"agrees:{first}:{second}", mention)
    if "study_time_collected" in endpoint.columns:
        reads = ("biosample_accession", "study_time_collected", "study_time_collected_unit")
        of_rows = _several_times("biosample_accession").fill({"rows": tables.rows(endpoint)})
        yield Check(
            "agrees:studyTimeCollected",
            Severity.WARNING,
            f"s.biosample_accession in ({of_rows})",
            reads=reads,
            of_groups=_several_times("endpoint, biosample_accession", "groups"),
        )


def _several_times(columns: str, rows: str = "rows") -> Expression:
    """A query for the biosamples whose rows state several study times.

    :param columns: what it selects, the biosample among them.
    :param rows: name of the gap that stands for the rows.
    """
    read = f"select distinct {columns}, study_time_collected, study_time_collected_unit from "
    return sql(
        f"select {columns} from ({read}",
        gap(rows),
        f" s where s.biosample_accession is not null) t group by {columns} having count(*) > 1",
    )


def _looked_up(check_id: str, mention: Mention) -> Check:
    return Check(check_id, Severity.WARNING, mention.broken, reads=mention.columns, mention=mention)


def _found_by(query: str) -> str:
    """SQL that is true when a query finds any row. Not `exists`, which is planned as if the first row came
    soon: here none comes, and a nested loop looks for it everywhere."""
    return f"(select count(*) from ({query}) f) > 0"


def _in_set(check_id: str, severity: Severity, column: str, values: Iterable[str]) -> Check:
    return Check(check_id, severity, f"s.{column} not in ({literals(values)})", reads=(column,))
