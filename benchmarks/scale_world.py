"""A warehouse of millions of rows, made by SQL from a small one: copies of its studies under other keys.

What is loaded is the fixed world of the tests: eight studies, all assays, two data releases with corrections,
a withdrawal and a new study. Each copy of it has subjects, samples and results of its own. The first studies
get many copies, the later ones fewer, most a single one: sizes as skewed as real ones. Every tenth group of
studies is restricted. Only keys, accessions and numbers of results differ between copies.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import sqlalchemy as sa

from include.landing.zone import Landing
from include.pipeline.batch_runner import StepContext
from include.warehouse.model.declaration import Bridge, Dimension, Fact, Type
from include.warehouse.model.registry import DIMENSION, IMMPORT_MODEL
from include.warehouse.schema.history_tables import HISTORY, KEY_TABLES, STUDY_ACCESS
from include.warehouse.schema.ops_tables import CAPTURE, LEDGER, LOAD, RELEASE_CHANGE, SCOPES
from include.warehouse.schema.statements import run_sql
from tests.support.sandbox import running_sandbox
from tests.support.warehouse import RUN, Warehouse
from tests.support.world import ROWS, SEED, STUDIES, load_world

#: Distance between the keys of two copies, and between their numbers of results.
KEYS, NUMBERS = 10_000_000, 1_000_000_000
#: Dimensions of which each copy has members of its own; of others each study has.
OF_COPY = frozenset({"subject", "participation", "biosample", "expsample", "file"})
#: The largest study has this share of the copies; one restricted group of studies in so many.
LARGEST, RESTRICTED = 0.15, 10
#: Columns that hold the number of a row of another table.
_NUMBERS = frozenset({"result_id", "fcs_header_id"})


def fill(engine: sa.Engine, fact_rows: int) -> int:
    """Fill a migrated, empty warehouse until its facts, bridges apart, have about so many versions.

    :return: versions that its facts have.
    """
    with tempfile.TemporaryDirectory(prefix="immport-scale-") as folder:
        warehouse = Warehouse(StepContext(engine, Landing(folder), RUN))
        with running_sandbox(studies=STUDIES, rows=ROWS, seed=SEED) as sandbox:
            load_world(warehouse, sandbox)
    return multiply(engine, fact_rows)


def multiply(engine: sa.Engine, fact_rows: int) -> int:
    """Copy the studies of a small warehouse until its facts have about so many versions; returns how many."""
    with engine.begin() as connection:
        loaded = count(connection)
        made = ", ".join(map(str, _groups(max(round(fact_rows / loaded) - 1, 0))))
        run_sql(
            connection,
            f"""create temporary table copies as
            select c, g, row_number() over (partition by g order by c) = 1 as is_first
            from unnest(array[{made}]::bigint[]) with ordinality as made (g, c);
            analyze copies""",
        )
        for statement in _statements():
            run_sql(connection, statement)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        run_sql(connection, "vacuum (analyze)")
        return count(connection)


def count(connection: sa.Connection) -> int:
    """Versions of all facts; rows of bridges are not counted."""
    facts = [fact.relation for fact in IMMPORT_MODEL.facts if not isinstance(fact, Bridge)]
    return sum(connection.scalar(sa.text(f"select count(*) from history.{name}")) or 0 for name in facts)


def _groups(copies: int) -> Iterator[int]:
    """The group of studies of each copy, larger groups first."""
    made = group = 0
    while made < copies:
        group += 1
        size = min(max(round(copies * LARGEST / group), 1), copies - made)
        yield from [group] * size
        made += size


def _statements() -> Iterator[str]:
    for dimension in IMMPORT_MODEL.dimensions:
        values = {item.name: _accession(item.name, dimension) for item in dimension.natural_key}
        values[dimension.key_column] = _key("h", dimension.key_column, dimension.name)
        values["natural_key"] = f"md5(h.natural_key || '-' || {_number(dimension.name)})::uuid"
        own = f"h.{dimension.key_column} between 1 and {KEYS}"
        yield _copy(KEY_TABLES[dimension.name], values, own, _is_of_copy(dimension))
    for table in IMMPORT_MODEL.tables:
        yield _copy(HISTORY[table.relation], _values(table), f"h.{table.scope_key} between 1 and {KEYS}",
                    _is_of_copy(table))  # fmt: skip
    access = {"study_key": _key("h", "study_key", "study"),
              "is_open": f"h.is_open and n.g % {RESTRICTED} <> 0",
              "reason": f"case when n.g % {RESTRICTED} = 0 then 'restricted' else h.reason end"}  # fmt: skip
    yield _copy(STUDY_ACCESS, access, "h.study_key > 0", is_of_copy=False)
    load = f"h.load_id + n.g * {KEYS}"
    for ops in (SCOPES, LOAD, CAPTURE, LEDGER, RELEASE_CHANGE):
        values = {"load_id": load, "scope": _accession("scope", DIMENSION["study"])}
        there = {name: value for name, value in values.items() if name in ops.c}
        yield _copy(ops, there, "true", is_of_copy=False)


def _is_of_copy(table: Dimension | Fact) -> bool:
    """Whether each copy has rows of the table, and not each study alone."""
    if isinstance(table, Dimension):
        return table.name in OF_COPY
    return any(item.dimension in OF_COPY for item in table.references) or bool(
        _NUMBERS & {item.name for item in (*table.columns, table.row_id)}
    )


def _values(table: Dimension | Fact) -> dict[str, str]:
    """Columns of a table's versions that differ between copies, with their SQL."""
    values = {"study_key": _key("h", "study_key", "study"), "load_id": f"h.load_id + n.g * {KEYS}"}
    for item in table.references:
        if DIMENSION[item.dimension].is_versioned:
            values[item.column] = _key("h", item.column, item.dimension)
    numbers = [item.name for item in table.columns if item.name in _NUMBERS]
    values |= {name: f"h.{name} + n.c * {NUMBERS}" for name in numbers}
    if isinstance(table, Dimension):
        values[table.key_column] = _key("h", table.key_column, table.name)
    elif table.row_id.type is Type.INTEGER:
        values[table.identity] = f"h.{table.identity} + n.c * {NUMBERS}"
    else:
        values[table.identity] = f"h.{table.identity} || '-' || n.c"
    return values


def _number(dimension: str) -> str:
    return "n.c" if dimension in OF_COPY else "n.g"


def _key(alias: str, column: str, dimension: str) -> str:
    """A key of a copy; unknown and not applicable stay what they are."""
    key = f"{alias}.{column}"
    return f"case when {key} > 0 then {key} + {_number(dimension)} * {KEYS} else {key} end"


def _accession(column: str, dimension: Dimension) -> str:
    if column in ("study_accession", "scope"):
        return f"'SDY' || (substr(h.{column}, 4)::bigint + n.g * 10000)"
    named = column.removesuffix("_accession")
    number = _number(named if named in DIMENSION else dimension.name)
    if any(item.name == column and item.type is Type.INTEGER for item in dimension.natural_key):
        return f"h.{column} + {number} * {KEYS}"
    return f"h.{column} || '-' || {number}"


def _copy(table: sa.Table, values: dict[str, str], of: str, is_of_copy: bool) -> str:
    """The statement that copies rows; those of a study come one after the other, as loads write them."""
    names = [column.name for column in table.c]
    selected = ", ".join(values.get(name, f"h.{name}") for name in names)
    copies = "copies n" if is_of_copy else "(select * from copies where is_first) n"
    return (
        f"insert into {table.fullname} ({', '.join(names)}) overriding system value\n"
        f"select {selected} from (select * from {table.fullname} h where {of}) h cross join {copies}"
        " order by n.c"
    )
