"""A staged scope in the shape of the star: typed rows with durable keys.

Rows of a table that holds no version of the scope go straight into history. Of any other table
`incoming_<table>` holds what the load reports, to be compared, and `quarantined_<table>` the keys whose rows
were quarantined: nothing is known of those, so their versions stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from include.sql import literal
from include.warehouse.load import carry_forward, reference_contexts, scd2, surrogate_keys
from include.warehouse.load.scd2 import Capture, Change
from include.warehouse.load.staged_load import Count, StagedLoad
from include.warehouse.model.declaration import Dimension, Fact, Type
from include.warehouse.model.natural_keys import digest, name_of, natural_key
from include.warehouse.model.registry import DIMENSION
from include.warehouse.model.source_model import SourceModel
from include.warehouse.schema.history_tables import content_columns
from include.warehouse.schema.statements import run_sql

#: What a text must be before it is cast to be the key of a quarantined row, which no check has passed.
CASTABLE = {Type.INTEGER: "^ *-?[0-9]{1,18} *$"}


@dataclass(frozen=True)
class Incoming:
    """What is about to be written of a scope.

    :param tables: those that concern it, in the order of the model. In all others the scope has no row and
        has had none.
    :param holding: those of them that hold a version of the scope, whenever it was valid: these have
        temporary tables.
    :param written: rows of the others, which are written already: nothing can contradict them.
    :param quarantined: those of `holding` of which rows were quarantined.
    :param keys: how many rows each has by its endpoint's keys; none where the load does not report a table.
    :param kept: tables besides these that stay as they are, and the numbers of their rows.
    """

    scope_key: int
    tables: tuple[Dimension | Fact, ...]
    holding: frozenset[Dimension | Fact]
    written: Mapping[Dimension | Fact, int] = field(default_factory=dict)
    quarantined: frozenset[Dimension | Fact] = frozenset()
    keys: Mapping[Dimension | Fact, int] = field(default_factory=dict)
    kept: Mapping[Dimension | Fact, Change] = field(default_factory=dict)


class CollapsedError(RuntimeError):
    """Rows of an endpoint with different keys became one row of a table, or a row was lost."""


class _Preparation:
    """The rows of one load on their way into history or into temporary tables, as `prepare` is given it.

    :param capture: what is written of a table, at which release.
    """

    def __init__(
        self,
        connection: sa.Connection,
        load: StagedLoad,
        scope: str,
        scope_key: int,
        capture: Callable[[Dimension | Fact], Capture],
        kept: Mapping[Dimension | Fact, Change],
    ) -> None:
        self._connection, self._load, self._tables = connection, load, load.model.tables
        self._scope, self._scope_key, self._capture = scope, scope_key, capture
        self._at = (scope_key, capture(self._tables[0]).release)
        self._kept = kept
        self._holding = scd2.holding(connection, self._tables, scope_key)
        self._knowledge = carry_forward.knowledge(connection, [load.load_id])
        self._written: dict[Dimension | Fact, int] = {}
        self._keys: dict[Dimension | Fact, int] = {
            table: 0 for table in self._tables if self._knowledge.knows(table)
        }

    def run(self) -> Incoming:
        load, holding = self._load, self._holding
        tables = _concerned(
            [item for item in self._tables if item.endpoint in load.provided or item in holding], self._tables
        )
        written = tuple(table for table in tables if table not in self._kept)
        reported = [table for table in written if table.endpoint in load.provided]
        reference_contexts.collect(self._connection, load, reported)
        undescribed = surrogate_keys.add(self._connection, load, reported)
        reference_contexts.resolve(self._connection, reported)
        counts = load.count(self._connection, reported)
        whole = frozenset(
            table
            for table, count in counts.items()
            if isinstance(table, Fact) and not table.is_partial and count.identities == count.rows
        ).difference(holding)
        for table in written:
            if table in reported:
                self._place(table, counts[table])
            elif table in holding:
                _make_empty(self._connection, table)
            if table in holding:
                carry_forward.forward(self._connection, table, self._knowledge, *self._at)
        undescribed |= carry_forward.no_longer_described(self._connection, self._kept, holding, *self._at)
        self._infer(tables, undescribed, whole)
        quarantined = frozenset(table for table in written if table in holding and self._quarantine(table))
        return Incoming(self._scope_key, written, holding, self._written, quarantined, self._keys, self._kept)

    def _place(self, table: Dimension | Fact, count: Count) -> None:
        """Put the staged rows of a table where they belong, and prove that none was lost."""
        names, rows = _select(table, self._load, is_repeated=count.identities < count.rows)
        if table in self._holding:
            create = f"create temporary table incoming_{table.relation} on commit drop as {rows}"
            made = run_sql(self._connection, create).rowcount
        else:
            made = self._write(table, names, rows)
        if self._knowledge.knows(table):
            self._keys[table] = _prove_whole(self._connection, table, self._load, self._scope, made, count)

    def _write(self, table: Dimension | Fact, names: Sequence[str], rows: str) -> int:
        made = scd2.begin(self._connection, table, self._capture(table), names, rows)
        self._written[table] = self._written.get(table, 0) + made
        return made

    def _quarantine(self, table: Dimension | Fact) -> bool:
        is_concerned = table.endpoint in self._load.quarantined - self._load.absent
        if is_concerned:
            run_sql(self._connection, _quarantined(table, self._load))
        return is_concerned

    def _infer(
        self,
        tables: Sequence[Dimension | Fact],
        undescribed: frozenset[Dimension],
        whole: frozenset[Dimension | Fact],
    ) -> None:
        """Give a row to members that are named and not described."""
        waiting = undescribed | carry_forward.named(self._knowledge, self._holding)
        rows = {table: self._rows(table) for table in tables}
        # Children first: an inferred participation may name an arm that is inferred in turn.
        for table in reversed(tables):
            if not isinstance(table, Dimension) or table not in waiting:
                continue
            found = surrogate_keys.inferred(table, self._scope_key, rows, whole)
            if found is None:
                continue
            names, query = found
            if table in self._holding:
                insert = f"insert into incoming_{table.relation} ({', '.join(names)}) {query}"
                made = run_sql(self._connection, insert).rowcount
            else:
                made = self._write(table, names, query)
            if made:
                waiting |= {DIMENSION[item.dimension] for item in table.references}

    def _rows(self, table: Dimension | Fact) -> str:
        """The rows of a table that are about to be valid."""
        if table in self._kept:
            return carry_forward.valid_rows(table, *self._at)
        if table in self._holding:
            return f"incoming_{table.relation}"
        of_load = f"{table.scope_key} = {self._scope_key} and load_id = {self._load.load_id}"
        return f"(select * from history.{table.relation} where {of_load})"


def prepare(
    connection: sa.Connection,
    load: StagedLoad,
    scope: str,
    scope_key: int,
    capture: Callable[[Dimension | Fact], Capture],
    kept: Mapping[Dimension | Fact, Change],
) -> Incoming:
    """Fill key tables, the tables that are new to the scope, and temporary tables of all others.

    :param capture: what is written of a table, at which release.
    :param kept: facts that stay as they are, whatever was staged of them, and the numbers of their rows.
    :raises CollapsedError: a table has not as many rows as there are keys of its endpoint.
    """
    return _Preparation(connection, load, scope, scope_key, capture, kept).run()


def _prove_whole(
    connection: sa.Connection,
    table: Dimension | Fact,
    load: StagedLoad,
    scope: str,
    made: int,
    count: Count,
) -> int:
    """Count the keys of a table's endpoint by what its declaration states of them. Returns their number.

    An identity is made of a key: where each staged row has an identity of its own, it has a key of its own.

    :param made: rows that the table has of them.
    :raises CollapsedError: another number.
    """
    endpoint = load.model.endpoint(table)
    found = count.rows
    if count.identities < count.rows:
        columns = ", ".join(endpoint.key_value(name, "s") for name in table.key_reads)
        keys = f"select distinct {columns} from {load.own(table)} where {load.present(table)}"
        found = int(run_sql(connection, f"select count(*) from ({keys}) k").scalar_one())
    if found != made:
        raise CollapsedError(
            f"{scope} {endpoint.name}: {found} keys ({', '.join(table.key_reads)}) became {made} rows of"
            f" {table.relation}"
        )
    return found


def _concerned(
    tables: Sequence[Dimension | Fact], among: Sequence[Dimension | Fact]
) -> tuple[Dimension | Fact, ...]:
    """Tables, and the dimensions that their rows name, which may get inferred members; in the order `among`
    all tables of the source."""
    found, waiting = set(), list(tables)
    while waiting:
        table = waiting.pop()
        if table not in found:
            found.add(table)
            named = (DIMENSION[item.dimension] for item in table.references)
            waiting += [item for item in named if item.is_versioned]
    return tuple(table for table in among if table in found)


def prepare_nothing(connection: sa.Connection, model: SourceModel, scope_key: int) -> Incoming:
    """Temporary tables of a scope that is gone: empty."""
    holding = scd2.holding(connection, model.tables, scope_key)
    tables = tuple(table for table in model.tables if table in holding)
    for table in tables:
        _make_empty(connection, table)
    return Incoming(scope_key, tables, holding)


def _make_empty(connection: sa.Connection, table: Dimension | Fact) -> None:
    """Temporary tables of a table that the load does not report."""
    columns = ", ".join([table.identity, *content_columns(table)])
    run_sql(
        connection,
        f"create temporary table incoming_{table.relation} on commit drop as"
        f" select {columns} from history.{table.relation} with no data",
    )


def _select(table: Dimension | Fact, load: StagedLoad, *, is_repeated: bool) -> tuple[list[str], str]:
    """The columns of a table, and a query for its rows as they are to be stored.

    Of experiments: `select k.member_key as experiment_key, coalesce(r0.member_key, 0)::bigint as
    technique_key, s.name as name, ... false as is_inferred from staging.l7_experiment s join named_member k
    on ... left join named_member r0 on ... where true`.

    :param is_repeated: several staged rows have one identity. A row sent twice is one row; of several that
        describe one member, the first by its endpoint's key is taken, whatever order they were sent in: a
        shuffled answer is not a correction.
    """
    keys, joins = reference_contexts.keys(table)
    values = {column.name: column.value.text for column in table.columns}
    if is_repeated and (several := load.several(table)):
        joins.append(load.gathered(table, several))
        values |= {name: f"coalesce(g.{name}, {values[name]})" for name in several}
    if isinstance(table, Dimension):
        identity = "k.member_key"
        values["is_inferred"] = "false"
        named = name_of(table, natural_key(table))
        joins.insert(0, f"join named_member k on k.dimension = {literal(table.name)} and k.name = {named}")
    else:
        identity = table.row_id.value.text
    columns = {table.identity: identity, **keys, **values}
    items = ", ".join(f"{value} as {name}" for name, value in columns.items())
    rows = f"from {load.source(table)} {' '.join(joins)} where {load.present(table)}"
    if not is_repeated:
        # In the order of the keys, an index grows at its end. Results are sent in the order of theirs.
        placed = f" order by {identity}" if isinstance(table, Dimension) else ""
        return list(columns), f"select {items} {rows}{placed}"
    order = ", ".join(f"s.{column}" for column in load.model.endpoint(table).key_columns)
    return (
        list(columns),
        f"select distinct on ({identity}) {items} {rows} order by {identity}, {order}, s.row_number",
    )


def _quarantined(table: Dimension | Fact, load: StagedLoad) -> str:
    """The keys of the quarantined rows, read from the rows as they were received."""
    rows = load.quarantined_rows(table)
    name = f"create temporary table quarantined_{table.relation} on commit drop as "
    if isinstance(table, Fact):
        raw = table.row_id.raw.text
        castable = (
            f"{raw} ~ {literal(CASTABLE[table.row_id.type])}" if table.row_id.type in CASTABLE else "true"
        )
        found = f"select distinct {table.row_id.value.text} as {table.identity} from {rows}"
        return f"{name}{found} where {raw} is not null and {castable}"
    natural = digest(table, natural_key(table))
    return (
        f"{name}select distinct k.{table.key_column} from {rows}"
        f" join history.{table.key_table} k on k.natural_key = {natural}"
    )
