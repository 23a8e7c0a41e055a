"""A staged study in the shape of the star: typed rows with durable keys, in temporary tables.

`incoming_<table>` holds what the study reports, `quarantined_<table>` the keys whose rows were quarantined:
nothing is known of those, so their versions stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from include.sources.endpoint import snake_case
from include.sources.immport.endpoints import ENDPOINTS
from include.sql import identifier, literal
from include.warehouse.load import carry_forward, surrogate_keys
from include.warehouse.load.staged_load import StagedLoad
from include.warehouse.model.declaration import Dimension, Fact, Type
from include.warehouse.model.registry import DIMENSION, VERSIONED
from include.warehouse.model.relations import Reference
from include.warehouse.schema.history_tables import HISTORY
from include.warehouse.schema.statements import run_sql

#: What a text must be before it is cast to be the key of a quarantined row, which no check has passed.
CASTABLE = {Type.INTEGER: "^ *-?[0-9]{1,18} *$"}
#: Columns of a version that describe its validity, not its content.
_BOOKKEEPING = ("valid_from", "valid_to", "load_id", "loaded_at")


def content_columns(table: Dimension | Fact) -> list[str]:
    """Columns that make two versions of a row equal or different."""
    names = (column.name for column in HISTORY[table.relation].columns)
    return [name for name in names if name not in {"study_key", table.identity, *_BOOKKEEPING}]


@dataclass(frozen=True)
class Incoming:
    """What is about to be written of a study.

    :param tables: those with temporary tables, in the order of the model. In all others the study has
        no row and has had none.
    :param holding: those of them that hold a version of the study, whenever it was valid.
    :param keys: how many rows each has by its endpoint's keys; none where the load does not report a table.
    """

    study_key: int
    tables: tuple[Dimension | Fact, ...]
    holding: frozenset[Dimension | Fact]
    keys: Mapping[Dimension | Fact, int] = field(default_factory=dict)


class CollapsedError(RuntimeError):
    """Rows of an endpoint with different keys became one row of a table, or a row was lost."""


def prepare(connection: sa.Connection, load_id: int, study: str, release: int) -> Incoming:
    """Fill key tables and temporary tables from the staged load.

    :param release: release key at which it becomes valid: what the load does not know is taken from there.
    :raises CollapsedError: a table has not as many rows as there are keys of its endpoint.
    """
    load = StagedLoad.read(connection, load_id)
    # The study first: its key is needed to find the tables that hold any of its rows.
    surrogate_keys.add(connection, DIMENSION["study"], load, [DIMENSION["study"]])
    study_key = _study_key(connection, study)
    holding = _holding(connection, study_key)
    tables = _concerned([item for item in VERSIONED if item.endpoint in load.provided or item in holding])
    for dimension in DIMENSION.values():
        surrogate_keys.add(connection, dimension, load, tables)
    knowledge = carry_forward.knowledge(connection, [load_id])
    keys: dict[Dimension | Fact, int] = {table: 0 for table in VERSIONED if knowledge.knows(table)}
    for table in tables:
        if table.endpoint in load.absent:
            _make_empty(connection, table)
        else:
            made = run_sql(connection, _create(table) + _select(table, load)).rowcount
            if knowledge.knows(table):
                keys[table] = _prove_whole(connection, table, load, study, made)
            run_sql(connection, _quarantined(table, load))
        if table in holding:
            carry_forward.forward(connection, table, knowledge, study_key, release)
    # Children first: an inferred participation may name an arm that is inferred in turn.
    for table in reversed(tables):
        if isinstance(table, Dimension):
            run_sql(connection, surrogate_keys.infer(table, study_key, tables))
    return Incoming(study_key, tables, holding, keys)


def _prove_whole(
    connection: sa.Connection, table: Dimension | Fact, load: StagedLoad, study: str, made: int
) -> int:
    """Count the keys of a table's endpoint by what its declaration states of them. Returns their number.

    :param made: rows that the table has of them.
    :raises CollapsedError: another number.
    """
    endpoint = ENDPOINTS[table.endpoint or ""]
    columns = ", ".join(endpoint.key_value(name, "s") for name in table.key_reads)
    there = "".join(f" and {item.raw.text} is not null" for item in table.identified_by)
    keys = f"select distinct {columns} from {load.own(table)} where {load.kept(table)}{there}"
    found = run_sql(connection, f"select count(*) from ({keys}) k").scalar_one()
    if found != made:
        raise CollapsedError(
            f"{study} {endpoint.name}: {found} keys ({', '.join(table.key_reads)}) became {made} rows of"
            f" {table.relation}"
        )
    return int(found)


def _study_key(connection: sa.Connection, study: str) -> int:
    key = sa.text("select study_key from history.key_study where study_accession = :study")
    return int(connection.execute(key, {"study": study}).scalar_one())


def _holding(connection: sa.Connection, study_key: int) -> frozenset[Dimension | Fact]:
    relations = {table.relation: table for table in VERSIONED}
    query = " union all ".join(
        f"select {literal(name)} where exists (select 1 from history.{name} where study_key = {study_key})"
        for name in relations
    )
    return frozenset(relations[name] for name in connection.scalars(sa.text(query)))


def _concerned(tables: Sequence[Dimension | Fact]) -> tuple[Dimension | Fact, ...]:
    """Tables, and the dimensions that their rows name, which may get inferred members."""
    found, waiting = set(), list(tables)
    while waiting:
        table = waiting.pop()
        if table not in found:
            found.add(table)
            waiting += [
                DIMENSION[item.dimension]
                for item in table.references
                if DIMENSION[item.dimension].is_versioned
            ]
    return tuple(table for table in VERSIONED if table in found)


def prepare_nothing(connection: sa.Connection, study: str) -> Incoming:
    """Temporary tables of a study that is gone: empty."""
    study_key = _study_key(connection, study)
    holding = _holding(connection, study_key)
    tables = tuple(table for table in VERSIONED if table in holding)
    for table in tables:
        _make_empty(connection, table)
    return Incoming(study_key, tables, holding)


def _make_empty(connection: sa.Connection, table: Dimension | Fact) -> None:
    """Temporary tables of a table that the load does not report."""
    columns = ", ".join([table.identity, *content_columns(table)])
    for kind in ("incoming", "quarantined"):
        run_sql(
            connection,
            f"create temporary table {kind}_{table.relation} on commit drop as"
            f" select {columns} from history.{table.relation} with no data",
        )


def _create(table: Dimension | Fact) -> str:
    return f"create temporary table incoming_{table.relation} on commit drop as "


def _reference(number: int, reference: Reference) -> tuple[str, str]:
    """The key of a reference as a select item, and the join that finds it.

    `coalesce(r0.arm_key, 0)::bigint as arm_key` and
    `left join history.key_arm r0 on r0.natural_key = case when not (s.arm_accession is null) then ... end`.
    """
    target = DIMENSION[reference.dimension]
    key = f"coalesce(r{number}.{target.key_column}, {reference.absent.text})::bigint as {reference.column}"
    natural = surrogate_keys.digest(target, reference.key)
    return key, f"left join history.{target.key_table} r{number} on r{number}.natural_key = {natural}"


def _several(table: Dimension | Fact) -> list[str]:
    """Columns of a table of which several rows of one key may have a value each."""
    several = {snake_case(name) for name in ENDPOINTS[table.endpoint or ""].several}
    return [column.name for column in table.columns if column.name in several and column.source is None]


def _gathered(table: Dimension | Fact, load: StagedLoad, columns: list[str]) -> str:
    """The join that brings all values of such columns, in the order of their text, where a key repeats."""
    endpoint = ENDPOINTS[table.endpoint or ""]
    keys = endpoint.key_columns
    values = ", ".join(f"string_agg(distinct s.{name}, ',' order by s.{name}) as {name}" for name in columns)
    same = " and ".join(f"g.{key} = s.{key}" for key in keys)
    of_keys = ", ".join(f"s.{key}" for key in keys)
    return (
        f"left join (select {of_keys}, {values} from {load.tables.rows(endpoint)} s"
        f" where {load.kept(table)} group by {of_keys} having count(*) > 1) g on {same}"
    )


def _select(table: Dimension | Fact, load: StagedLoad) -> str:
    """The rows of a table as they are to be stored.

    Of experiments: `select distinct on (k.experiment_key) k.experiment_key as experiment_key,
    coalesce(r0.technique_key, 0)::bigint as technique_key, s.name as name, ... false as is_inferred
    from staging.l7_experiment s join history.key_experiment k on ... left join history.key_technique r0 ...
    where true order by k.experiment_key, s.experiment_accession, s.row_number`.
    """
    items, joins = [], []
    several = _several(table)
    if several:
        joins.append(_gathered(table, load, several))
    for number, reference in enumerate(table.references):
        item, join = _reference(number, reference)
        items.append(item)
        joins.append(join)
    values = {column.name: column.value.text for column in table.columns}
    values |= {name: f"coalesce(g.{name}, {values[name]})" for name in several}
    items += [f"{value} as {name}" for name, value in values.items()]
    if isinstance(table, Dimension):
        identity = f"k.{table.key_column}"
        items.append("false as is_inferred")
        natural = surrogate_keys.digest(table, surrogate_keys.natural_key(table))
        joins.insert(0, f"join history.{table.key_table} k on k.natural_key = {natural}")
    else:
        identity = table.row_id.value.text
    # A row sent twice is one row. Of several that describe one member, the first by its endpoint's key is
    # taken, whatever order they were sent in: a shuffled answer is not a correction.
    order = ", ".join(f"s.{column}" for column in ENDPOINTS[table.endpoint or ""].key_columns)
    return f"""select distinct on ({identity}) {identity} as {table.identity}, {", ".join(items)}
        from {load.source(table)} {" ".join(joins)}
        where {load.kept(table)}{_present(table)}
        order by {identity}, {order}, s.row_number"""


def _present(table: Dimension | Fact) -> str:
    """Leave out rows of a partial table that are not its own; of other tables, the checks let none pass."""
    return f" and {table.row_id.raw.text} is not null" if isinstance(table, Fact) and table.is_partial else ""


def _quarantined(table: Dimension | Fact, load: StagedLoad) -> str:
    """The keys of the quarantined rows, read from the rows as they were received."""
    if table.endpoint not in load.quarantined:
        kind = table.row_id.type if isinstance(table, Fact) else Type.INTEGER
        return f"create temporary table quarantined_{table.relation} ({table.identity} {kind}) on commit drop"
    columns = ", ".join(f"{identifier(name)} text" for name in ENDPOINTS[table.endpoint or ""].columns)
    rows = (
        f"(select r.* from quality.quarantine q, jsonb_to_record(q.row) r ({columns})"
        f" where q.load_id = {load.load_id} and q.endpoint = {literal(table.endpoint or '')}) s"
    )
    name = f"create temporary table quarantined_{table.relation} on commit drop as "
    if isinstance(table, Fact):
        raw = table.row_id.raw.text
        castable = (
            f"{raw} ~ {literal(CASTABLE[table.row_id.type])}" if table.row_id.type in CASTABLE else "true"
        )
        found = f"select distinct {table.row_id.value.text} as {table.identity} from {rows}"
        return f"{name}{found} where {raw} is not null and {castable}"
    natural = surrogate_keys.digest(table, surrogate_keys.natural_key(table))
    return (
        f"{name}select distinct k.{table.key_column} from {rows}"
        f" join history.{table.key_table} k on k.natural_key = {natural}"
    )
