"""A gene is one member, whether results or gene lists name it, by its identifier or by a symbol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from include.landing.zone import Landing
from include.pipeline.batch_runner import StepContext
from include.warehouse import migrate
from include.warehouse.schema.engine import warehouse_engine
from tests.support.gene_lists import load_gene_lists
from tests.support.older import copy_what_it_could_hold
from tests.support.warehouse import RUN, Warehouse, result, small_study, subject

HUMAN, MOUSE = "Homo sapiens", "Mus musculus"


def pcr(number: int, gene_id: Any = None, who: int = 1, **values: Any) -> dict[str, Any]:
    species = HUMAN if who == 1 else MOUSE
    return result(
        "pcr", number, who, **{"geneId": gene_id, "species": species, "valueReported": "21", **values}
    )


ROWS = [
    pcr(1, "3458", geneSymbolReported="IFNG", geneName="interferon gamma"),
    pcr(2, " 3458 ", geneSymbolReported="IFG", otherGeneAccession="ENSG1"),
    pcr(3, geneSymbolReported="ifn-g", geneSymbolPreferred=" IFNG "),
    pcr(4, geneSymbolReported="IFNG", who=2),
    pcr(5, "ENSG00000232810", geneSymbolReported="IFNG"),
    pcr(6, geneSymbolReported=" "),
    pcr(7, geneSymbolReported="XYZ1"),
    pcr(8, "15978", geneSymbolReported="Ifng", who=2),
]
MEMBERS = """select f.result_id, g.gene_id, g.symbol_species, g.symbol from star.fact_pcr f
    join star.dim_gene g on g.gene_key = f.gene_key order by 1"""
EXPECTED = [
    (1, "3458", None, None),
    (2, "3458", None, None),
    (3, None, HUMAN, "IFNG"),
    (4, None, MOUSE, "IFNG"),
    (5, None, HUMAN, "IFNG"),
    (6, None, None, None),
    (7, None, HUMAN, "XYZ1"),
    (8, "15978", None, None),
]


@pytest.fixture
def loaded(warehouse: Warehouse) -> Warehouse:
    people = [subject(1), subject(2, 2, species=MOUSE)]
    warehouse.load({**small_study(), "demographic": people, "pcr": ROWS})
    return warehouse


def test_a_result_names_its_gene(loaded: Warehouse) -> None:
    assert loaded.rows(MEMBERS) == EXPECTED
    texts = "select gene_name, other_gene_accession from star.fact_pcr where result_id < 3 order by result_id"
    assert loaded.rows(texts) == [("interferon gamma", None), (None, "ENSG1")]
    sent = loaded.rows("select result_id, gene_id_sent from star.fact_pcr order by 1")
    assert sent == [(row["resultId"], row["geneId"]) for row in ROWS]


def test_lists_and_results_name_the_same_gene(loaded: Warehouse) -> None:
    before = loaded.rows(MEMBERS)
    load_gene_lists(loaded, 7, "DR51")
    assert loaded.rows(MEMBERS) == before
    listed = """select distinct f.result_id from star.bridge_gene_list_gene b
        join star.dim_gene l on l.gene_key = b.gene_key
        join star.dim_gene g on g.resolved_gene_key = l.resolved_gene_key
        join star.fact_pcr f on f.gene_key = g.gene_key where b.gene_symbol = 'IFNG' order by 1"""
    assert [number for (number,) in loaded.rows(listed)] == [1, 2, 3, 5]
    shown = """select f.result_id, g.gene_symbol, g.entrez_id, g.is_resolved, g.chromosome
        from star.fact_pcr f join star.dim_gene g on g.gene_key = f.gene_key
        where f.result_id in (1, 3, 4, 7, 8) order by 1"""
    assert loaded.rows(shown) == [
        (1, "IFNG", "3458", True, "12"),
        (3, "IFNG", "3458", True, "12"),
        (4, "IFNG", None, False, None),
        (7, "XYZ1", None, False, None),
        (8, None, "15978", True, None),
    ]


def test_a_symbol_that_lists_give_several_identifiers_is_not_resolved(loaded: Warehouse) -> None:
    load_gene_lists(loaded, 7, "DR51")
    with loaded.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into history.bridge_gene_list_gene (gene_list_key, gene_symbol, gene_key, entrez_id,"
            " valid_from, valid_to, load_id) select l.gene_list_key, 'IFNG', k.gene_key, k.gene_id, 1, 2, 0"
            " from history.key_gene k, history.key_gene_list l"
            " where k.gene_id = '15978' and l.gene_list_id = 'legacy:Cytokines'"
        )
    query = "select is_resolved from star.dim_gene where symbol = 'IFNG' and symbol_species = 'Homo sapiens'"
    assert loaded.value(query) is False


def test_results_of_an_installed_warehouse_keep_what_their_gene_was(
    loaded: Warehouse, database: sa.URL, tmp_path: Path
) -> None:
    """A warehouse of the revision before, whose genes were combinations of five texts."""
    migrate.upgrade(database, "0035")
    engine = warehouse_engine(database)
    copy_what_it_could_hold(loaded.engine, engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("delete from history.key_gene where gene_key > 0")
        for number, row in enumerate(ROWS, start=1):
            fields = (
                "geneId", "geneSymbolPreferred", "geneSymbolReported", "geneName", "otherGeneAccession",
            )  # fmt: skip
            connection.exec_driver_sql(
                "insert into history.key_gene (gene_key, gene_id, gene_symbol_preferred,"
                " gene_symbol_reported, gene_name, other_gene_accession, natural_key) overriding system value"
                " values (%s, %s, %s, %s, %s, %s, gen_random_uuid())",
                (5000 + number, *(row[name] for name in fields)),
            )
            connection.exec_driver_sql(
                "update history.fact_pcr set gene_key = %s where result_id = %s", (5000 + number, number)
            )
    migrate.upgrade(database)
    old = Warehouse(StepContext(engine, Landing(str(tmp_path / "landing")), RUN))
    assert old.rows(MEMBERS) == EXPECTED
    names = "result_id, gene_id_sent, gene_name, other_gene_accession"
    texts = f"select {names} from star.fact_pcr order by 1"
    assert old.rows(texts) == loaded.rows(texts)
    digests = "select gene_id, symbol, natural_key from history.key_gene where gene_key > 0 order by 1, 2, 3"
    assert old.rows(digests) == loaded.rows(digests)
    engine.dispose()
