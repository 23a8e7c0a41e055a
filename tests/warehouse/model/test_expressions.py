"""Expressions of the model: they read what they say, and nothing that is not there can be declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from include.local.server import Server
from include.sources.endpoint import Route
from include.sources.immport.endpoints import ENDPOINTS
from include.sql import Expression, Row, gap, sql
from include.warehouse.load import staging_tables
from include.warehouse.load.carry_forward import Knowledge
from include.warehouse.load.staged_load import StagedLoad
from include.warehouse.model.assays import ASSAY_FACTS, ELISA
from include.warehouse.model.declaration import Column, Derived, Dimension, Fact, H, S, Type
from include.warehouse.model.dimensions import BIOSAMPLE, UNIT
from include.warehouse.model.fetched.gene_lists import GENE_LIST_MODEL
from include.warehouse.model.registry import (
    DIMENSIONS,
    FACTS,
    IMMPORT_MODEL,
    SOURCES,
    VERSIONED,
    check,
    check_measure,
    check_reads,
    model_of,
)
from include.warehouse.model.relations import Joined, Lookup, Reference
from include.warehouse.model.source_model import SourceModel
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.schema.history_tables import check_derived
from include.warehouse.schema.statements import run_sql
from include.warehouse.views import star
from tests.support.warehouse import Warehouse, copied

LOAD = 7
#: Tables of a study, as a load of everything has them.
WHOLE = StagedLoad(
    IMMPORT_MODEL,
    staging_tables.StagedTables(LOAD, frozenset(ENDPOINTS)),
    frozenset(ENDPOINTS),
    frozenset(),
    frozenset(),
)


def read_by_postgres(connection: sa.Connection, query: str) -> set[tuple[str, str]]:
    """Relation and column of all that a query reads, as the server has parsed it."""
    run_sql(connection, f"create or replace temporary view reader as {query}")
    found = run_sql(
        connection,
        """select d.refobjid::regclass::text, a.attname from pg_depend d
        join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
        join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where r.ev_class = 'pg_temp.reader'::regclass and d.refobjsubid > 0""",
    ).all()
    run_sql(connection, "drop view pg_temp.reader")
    return {(relation, column) for relation, column in found}


@pytest.fixture(scope="module")
def staged(postgres: Server, template: str) -> Iterator[sa.Connection]:
    """A connection to a warehouse with an empty staging table of every endpoint."""
    name = copied(postgres, template)
    engine = warehouse_engine(postgres.url(name))
    with engine.connect() as connection:
        for model in SOURCES.values():
            staging_tables.create(connection, LOAD, list(model.source.endpoints.values()))
        yield connection
    engine.dispose()
    postgres.drop_database(name)


@pytest.mark.parametrize("table", VERSIONED, ids=lambda table: table.relation)
def test_a_source_reads_the_staged_columns_that_it_says(
    table: Dimension | Fact, staged: sa.Connection
) -> None:
    model = model_of(table)
    endpoints = model.source.endpoints
    names = frozenset(endpoints)
    whole = replace(WHOLE, model=model, tables=staging_tables.StagedTables(LOAD, names), provided=names)

    def homes(*expressions: Expression) -> set[tuple[str, str]]:
        read = {pair for one in expressions for pair in table.reads(one)}
        return {(staging_tables.staging_table(LOAD, endpoints[name]), column) for name, column in read}

    joins = [part for join in table.joins for part in (join.on, join.rows) if part]
    own = [part for part in table.sources if part not in joins and part.column is None]
    for expression in own:
        query = f"select ({expression.text}) as value from {whole.source(table)}"
        assert read_by_postgres(staged, query) == homes(expression, *joins), expression.text


@pytest.mark.parametrize("table", [item for item in (*DIMENSIONS, *FACTS) if item.derived],
                         ids=lambda table: table.relation)  # fmt: skip
def test_a_derived_column_reads_the_stored_columns_that_it_says(
    table: Dimension | Fact, staged: sa.Connection
) -> None:
    is_of_terms = isinstance(table, Dimension) and not table.is_versioned
    stored = f"history.{table.relation.replace('dim_', 'key_') if is_of_terms else table.relation}"
    homes = {"h": stored}
    lookup: tuple[Expression, ...] = ()
    made: set[str] = set()  # aliases of queries, whose columns are those of their own rows
    if table.lookup:
        homes[table.lookup.alias] = f"history.{table.lookup.relation}"
        lookup = (table.lookup.sql,)
        made = {table.lookup.alias} if table.lookup.rows else made
    for item in table.derived:
        source = " ".join([f"{stored} h", *(one.text for one in lookup)])
        if not table.lookup and any(one.alias == "k" for one in item.expression.columns):
            homes["k"] = f"history.key_{table.name}"  # the table of its keys
            source += f" cross join {homes['k']} k"
        query = f"select ({item.expression.text}) as value from {source}"
        declared = {
            (homes.get(one.alias) or f"history.{one.home}", one.name)
            for part in (item.expression, *lookup)
            for one in part.columns
            if one.alias not in made
        }
        assert read_by_postgres(staged, query) == declared, item.name


@pytest.mark.parametrize("fact", ASSAY_FACTS, ids=lambda fact: fact.relation)
def test_a_measure_reads_the_columns_that_it_says(fact: Fact, staged: sa.Connection) -> None:
    assert fact.measure is not None
    for name in ("measurand_reported", "value_reported", "value_preferred", "value_text"):
        expression = fact.measure.reading(name)
        declared = {(f"star.{fact.relation}", one.name) for one in expression.columns}
        query = f"select ({expression.text}) as value from star.{fact.relation} f"
        assert read_by_postgres(staged, query) == declared, name


def test_an_alias_that_ends_like_another_is_left_alone(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dimension without versions has its columns in the row `k`; `batch.` and the text `h.` stay."""
    batch = Row("batch")
    dimension = replace(
        UNIT,
        lookup=Lookup("batch", "unit_definition", "spelling", sql("star.unit_spelling(", H.unit, ")")),
        derived=(
            Derived("dimension", "What it measures", Type.TEXT, batch.dimension),
            Derived("path", "A text", Type.TEXT, sql("'h.' || ", H.unit)),
        ),
    )
    check_derived(dimension)
    monkeypatch.setattr(star, "DIMENSIONS", (dimension,))
    _, _, query, _ = next(star.definitions())
    with warehouse.engine.begin() as connection:
        unit = "insert into history.key_unit (unit, natural_key) values ('pg/ml', gen_random_uuid())"
        run_sql(connection, unit)
        row = run_sql(connection, f"select dimension, path from ({query}) v where unit = 'pg/ml'").one()
    assert row == ("mass concentration", "h.pg/ml")


def test_what_a_join_of_any_alias_brings_is_carried_forward() -> None:
    """The description of a sample is known from packages alone, whatever the alias of the row it is in."""
    bs = Row("bs")
    table = replace(
        ELISA,
        joins=(Joined("bs", "biosample", sql(bs.biosample_accession, " = ", S.biosample_accession)),),
        columns=(*ELISA.columns, Column("sample", "Description of the sample", source=bs.description)),
    )
    check_reads(table, IMMPORT_MODEL)
    by_api = {item.name: item.unknown_columns(Route.API) for item in ENDPOINTS.values() if item.is_served}
    assert "description" in by_api["biosample"]
    assert "sample" in Knowledge(by_api).unknown(table)
    assert Knowledge(by_api).carried(table)["sample"].over(before="h").text == "h.sample"


MISTAKES = {
    "alias": (replace(BIOSAMPLE, columns=(Column("x", "X", source=Row("q").name),)), "no join has that"),
    "column": (replace(BIOSAMPLE, columns=(Column("x", "X", source=S.no_such),)), "no such column"),
    "in a join": (replace(BIOSAMPLE, joins=(Joined("y", "study", sql(Row("y").nothing, " = 1")),)),
                  "no such column"),
    "endpoint": (replace(BIOSAMPLE, joins=(Joined("y", "studies", sql("true")),)), "no such endpoint"),
    "gap": (replace(BIOSAMPLE, joins=(Joined("y", "study", sql("true"), gap("nothing")),)),
            "no such endpoint"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_source_that_is_not_there_is_refused(mistake: str) -> None:
    table, why = MISTAKES[mistake]
    with pytest.raises(ValueError, match=why):
        check_reads(table, IMMPORT_MODEL)


def test_what_the_star_computes_of_nothing_is_refused() -> None:
    for part in (H.no_such, Row("u").dimension):
        derived = (Derived("x", "X", Type.TEXT, part),)
        with pytest.raises(ValueError, match="not stored"):
            check_derived(replace(BIOSAMPLE, derived=derived))
    assert ELISA.measure is not None
    for part in (Row("f").no_such, H.analyte_reported):
        with pytest.raises(ValueError, match="not a column"):
            check_measure(replace(ELISA, measure=replace(ELISA.measure, value_text=part)))


def test_names_of_sources_that_do_not_fit_together_are_refused() -> None:
    source = GENE_LIST_MODEL.source
    no_scope = SourceModel(source, GENE_LIST_MODEL.facts)
    (dimension,), (bridge,) = GENE_LIST_MODEL.dimensions, GENE_LIST_MODEL.facts
    no_endpoint = SourceModel(source, (replace(dimension, endpoint="nothing"),))
    unknown = SourceModel(source, (dimension, replace(bridge, references=(Reference("nothing", (), ""),))))
    mistakes = {
        "several sources declare a source named gene_lists": [GENE_LIST_MODEL, GENE_LIST_MODEL],
        "gene_lists: no dimension is named as its scope, gene_list": [no_scope],
        "dim_gene_list: gene_lists has no endpoint nothing": [no_endpoint],
        "bridge_gene_list_gene refers to nothing: no such dimension": [unknown],
    }
    for why, models in mistakes.items():
        with pytest.raises(ValueError, match=why):
            check(models)
