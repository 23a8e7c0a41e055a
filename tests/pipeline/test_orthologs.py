"""Tables of orthologs as a source: pairs of genes by their identifiers, never by a likeness of symbols."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from tenacity.wait import wait_none

from immport_provider.hooks.reference.ortholog_table import OrthologTableHook
from include.pipeline.work_decisions import LoadPolicy
from include.sources.orthologs.source import HOMOLOG, MOUSE_HUMAN, ORTHOLOGS
from include.sources.orthologs.table import HOMOLOGY
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.sources import Runs, load_scope
from tests.support.warehouse import Warehouse

PAIRS = """select o.mgi_id, g.entrez_id, o.relation, o.human_genes, o.mouse_genes
    from star.bridge_ortholog o join star.dim_gene g using (gene_key) order by 1, 2"""
VERSIONS = [
    f"select xmin::text, * from history.{name} order by 1, 2, 3"
    for name in ("dim_ortholog_table", "bridge_ortholog", "key_gene")
]


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(studies=1, rows=1, packages=False, images=1) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: RunningSandbox) -> RunningSandbox:
    """The table of the release before the newest."""
    _sandbox.clear_faults()
    _sandbox.set_release("DR50")
    _sandbox.clear_requests()
    return _sandbox


@pytest.fixture
def hook(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[OrthologTableHook]:
    connection: dict[str, Any] = {"conn_type": "ortholog_table", "host": sandbox.url}
    connection |= {"extra": {"max_retries": 1, "calls_per_second": 0}}
    monkeypatch.setenv("AIRFLOW_CONN_ORTHOLOG_TABLE_DEFAULT", json.dumps(connection))
    with OrthologTableHook(wait=wait_none(), sleep=lambda _: None) as client:
        yield client


@pytest.fixture
def runs(warehouse: Warehouse, hook: OrthologTableHook) -> Runs:
    return Runs(warehouse, ORTHOLOGS, hook)  # type: ignore[arg-type]  # of a client it does what is called


def expected(sandbox: RunningSandbox) -> list[tuple[str, str, str, int, int]]:
    """Pairs of the table that is served, by pandas."""
    text = sandbox.client.get(sandbox.url + HOMOLOGY.path).text
    rows = pd.read_csv(io.StringIO(text), sep="\t", dtype=str)
    mice, people = (rows[rows["NCBI Taxon ID"] == taxon] for taxon in ("10090", "9606"))
    pairs = mice.merge(people, on="DB Class Key", suffixes=("", " of human"))
    pairs["human"] = pairs.groupby("Mouse MGI ID")["EntrezGene ID of human"].transform("nunique")
    pairs["mouse"] = pairs.groupby("EntrezGene ID of human")["Mouse MGI ID"].transform("nunique")
    words = {True: "many", False: "one"}
    return sorted(
        (mgi, entrez, f"{words[mouse > 1]}_to_{words[human > 1]}", human, mouse)
        for mgi, entrez, human, mouse in zip(
            pairs["Mouse MGI ID"],
            pairs["EntrezGene ID of human"],
            pairs["human"],
            pairs["mouse"],
            strict=True,
        )
    )


def test_the_table_becomes_pairs_and_the_same_again_writes_nothing(
    runs: Runs, sandbox: RunningSandbox
) -> None:
    first = runs.run()
    assert first.state == "success", first.text
    before = expected(sandbox)
    assert runs.warehouse.rows(PAIRS) == before
    assert {row[2] for row in before} == {"one_to_one", "many_to_many"}
    written = [runs.warehouse.rows(query) for query in VERSIONS]
    assert runs.run().counts["unchanged"] == 1
    assert runs.run(LoadPolicy(force=True)).counts["loaded"] == 1
    assert [runs.warehouse.rows(query) for query in VERSIONS] == written
    (version,) = runs.warehouse.rows(
        "select distinct last_modified from ops.validator where last_modified <> ''"
    )
    assert "GMT" in version[0]
    sandbox.set_release("DR51")
    assert runs.run().state == "success"
    assert runs.warehouse.rows(PAIRS) == expected(sandbox) != before
    changed = runs.warehouse.rows(
        "select mgi_id, relation from star.bridge_ortholog where human_genes > mouse_genes"
    )
    assert changed == [("MGI:1890474", "one_to_many")] * 2


def test_equal_symbols_are_no_pair_and_the_class_is(warehouse: Warehouse) -> None:
    rows = [
        "# Version: 7",
        "DB Class Key\tNCBI Taxon ID\tSymbol\tEntrezGene ID\tMouse MGI ID\tHGNC ID",
        "1\t10090\tAbc\t11\tMGI:1\t",
        "1\t9606\tXYZ\t91\t\tHGNC:1",
        "2\t10090\tXyz\t12\tMGI:2\t",
        "2\t9606\tABC\t\t\tHGNC:2",
        "3\t10090\tAlone\t13\tMGI:3\t",
        "4\t9606\tALONE\t94\t\tHGNC:4",
        "5\t10116\tRat\t15\tMGI:5\t",
        "5\t9606\tRAT\t95\t\tHGNC:5",
        "6\t10090\tAbc\t11\tMGI:1\t",
        "6\t9606\tXYZ\t91\t\tHGNC:1",
    ]
    load_scope(
        warehouse, ORTHOLOGS, MOUSE_HUMAN, "2026-01-01T00:00:00Z", **{HOMOLOG.name: "\n".join(rows).encode()}
    )
    query = """select o.mgi_id, g.gene_id, g.symbol, o.relation, o.class_key, t.stated_version
        from star.bridge_ortholog o join star.dim_gene g using (gene_key)
        join star.dim_ortholog_table t using (ortholog_table_key) order by 1"""
    assert warehouse.rows(query) == [
        ("MGI:1", "91", None, "one_to_one", "1", "7"),
        ("MGI:2", None, "ABC", "one_to_one", "2", "7"),
    ]


def test_a_table_that_is_not_one_changes_nothing(runs: Runs, sandbox: RunningSandbox) -> None:
    runs.run()
    before = runs.warehouse.rows(PAIRS)
    sandbox.fault(HOMOLOGY.name, "html")
    ended = runs.run(LoadPolicy(force=True))
    assert (ended.state, ended.counts["failed"]) == ("failed", 1), ended.text
    assert runs.warehouse.rows(PAIRS) == before


def test_the_connection_is_tested_by_reading_the_table(
    hook: OrthologTableHook, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_good, text = hook.test_connection()
    assert is_good, text
    assert "has a table of orthologs with 38 genes" in text
    sandbox.fault(HOMOLOGY.name, "404")
    assert hook.test_connection()[0] is False
    monkeypatch.setenv("AIRFLOW_CONN_ORTHOLOG_TABLE_DEFAULT", '{"conn_type": "ortholog_table"}')
    assert OrthologTableHook().settings.base == "https://www.informatics.jax.org"
