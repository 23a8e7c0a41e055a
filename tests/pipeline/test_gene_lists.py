"""The gene lists as a source: what is served becomes the star, and nothing that is equal is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tenacity.wait import wait_none

from immport_provider.hooks.public_files import PublicFilesHook
from include.pipeline.work_decisions import LoadPolicy
from include.sources.gene_lists import files
from include.sources.gene_lists.source import GENE_LISTS
from tests.sandbox.data import DATA
from tests.support.long import cases
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.sources import Runs
from tests.support.warehouse import Warehouse

LISTS = DATA / "genelist"
needs_lists = pytest.mark.skipif(not LISTS.is_dir(), reason=f"no real gene lists in {DATA}")

CHANGING, WITHOUT_FILE, WITHOUT_JSON = "GO:0002218", "GO:0006957", "GO:0045123"
CYTOKINES = "legacy:Cytokines"
GENES = """select l.gene_list_id, b.gene_symbol from star.bridge_gene_list_gene b
    join star.dim_gene_list l using (gene_list_key) order by 1, 2"""
STAGED = "from ops.staged join ops.load using (load_id)"
VERSIONS = [
    "select xmin::text, * from history.dim_gene_list order by 1, 2",
    "select xmin::text, * from history.bridge_gene_list_gene order by 1, 2, 3",
    "select xmin::text, * from history.key_gene order by 1, 2",
]


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(studies=3, rows=10, packages=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: RunningSandbox) -> RunningSandbox:
    """The lists of the release before the newest."""
    _sandbox.clear_faults()
    _sandbox.set_release("DR50")
    _sandbox.clear_requests()
    return _sandbox


def hooked(url: str, monkeypatch: pytest.MonkeyPatch) -> PublicFilesHook:
    connection: dict[str, Any] = {"conn_type": "immport_public", "host": url}
    connection |= {"extra": {"max_retries": 1, "calls_per_second": 0}}
    monkeypatch.setenv("AIRFLOW_CONN_IMMPORT_PUBLIC", json.dumps(connection))
    return PublicFilesHook(wait=wait_none(), sleep=lambda _: None)


@pytest.fixture
def runs(warehouse: Warehouse, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    with hooked(sandbox.url, monkeypatch) as client:
        yield Runs(warehouse, GENE_LISTS, client)  # type: ignore[arg-type]  # of a client it does what is called


def served(sandbox: RunningSandbox) -> dict[str, set[str]]:
    """The symbols of each list, read from GMT and the legacy table by hand."""
    gmt = sandbox.client.get(sandbox.url + files.GMT.path).text
    found = {
        cells[1].rpartition("/")[2]: {symbol.strip() for symbol in cells[2:]}
        for cells in (line.split("\t") for line in gmt.splitlines())
    }
    table = sandbox.client.get(sandbox.url + files.TABLE.path).text.splitlines()[1:]
    for line in table:
        symbol, *_, category = line.split("\t")
        found.setdefault(f"legacy:{category}", set()).add(symbol)
    return found


def shown(runs: Runs) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for scope, symbol in runs.warehouse.rows(GENES):
        found.setdefault(scope, set()).add(symbol)
    return found


def only(*scopes: str) -> LoadPolicy:
    return LoadPolicy(studies=frozenset(scopes))


def test_lists_are_loaded_and_a_second_run_writes_nothing(runs: Runs, sandbox: RunningSandbox) -> None:
    first = runs.run()
    assert (first.state, first.counts["loaded"]) == ("success", 12), first.text
    assert shown(runs) == served(sandbox)
    before = [runs.warehouse.rows(query) for query in VERSIONS]
    sandbox.clear_requests()
    again = runs.run()
    assert (again.state, again.counts["unchanged"]) == ("success", 11), again.text
    assert [runs.warehouse.rows(query) for query in VERSIONS] == before
    # Only the list without a file is requested again; of all others the source says that they are the same.
    fetched = [seen for seen in sandbox.requests() if seen["method"] == "GET" and seen["status"] != 304]
    assert {seen["path"].rpartition("/")[2] for seen in fetched} == {
        f"{WITHOUT_FILE}.json",
        f"{WITHOUT_FILE}.txt",
        "all_gene_lists.gmt",
    }


def test_what_changed_is_shown_by_release(runs: Runs, sandbox: RunningSandbox) -> None:
    runs.run()
    before = shown(runs)
    names = "select gene_list_id, gene_list_name from star.dim_gene_list where gene_list_key > 0"
    named = dict(runs.warehouse.rows(names))
    sandbox.set_release("DR51")
    later = runs.run()
    assert (later.state, later.counts["withdrawn"]) == ("success", 1), later.text
    after = shown(runs)
    assert after == served(sandbox)
    gained, lost = after[CHANGING] - before[CHANGING], before[CHANGING] - after[CHANGING]
    assert (len(gained), len(lost)) == (1, 1)
    renamed = dict(runs.warehouse.rows(names))
    assert renamed["R-HSA-879415"] != named["R-HSA-879415"]
    assert (named.keys() - renamed.keys(), renamed.keys() - named.keys()) == ({"GO:0001867"}, {"GO:0140367"})
    first, second = (
        version
        for (version,) in runs.warehouse.rows(
            "select release_version from star.source_release where source = 'gene_lists' order by release_key"
        )
    )
    differences = f"""select change, row_key from star.release_difference_gene_lists('{first}', '{second}',
        '{CHANGING}', 'bridge_gene_list_gene') order by 1"""
    assert runs.warehouse.rows(differences) == [("added", *gained), ("withdrawn", *lost)]
    with runs.warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"set local star.as_of_gene_lists = '{first}'")
        rows = connection.exec_driver_sql(GENES).all()
    assert {(scope, symbol) for scope, symbol in rows} == {
        (scope, symbol) for scope, symbols in before.items() for symbol in symbols
    }


def test_a_list_without_a_file_is_recorded_and_the_others_go_on(runs: Runs, sandbox: RunningSandbox) -> None:
    policy = only(WITHOUT_FILE, WITHOUT_JSON, CHANGING)
    summary = runs.run(policy)
    assert (summary.state, summary.counts["loaded"]) == ("success", 3), summary.text
    assert shown(runs).keys() == {WITHOUT_JSON, CHANGING}
    ((scope, endpoint, why),) = runs.warehouse.rows(
        f"select scope, endpoint, refused {STAGED} where refused <> ''"
    )
    assert (scope, endpoint) == (WITHOUT_FILE, "listedGene")
    assert "json: " in why
    assert "no line of the list" in why
    count = "select gene_count from star.dim_gene_list where gene_list_id = :name"
    assert runs.warehouse.value(count, name=WITHOUT_FILE) > 0
    note = f"select note {STAGED} where scope = :name and endpoint = 'listedGene'"
    assert runs.warehouse.value(note, name=WITHOUT_JSON).startswith("read from text; json: ")


def test_a_file_that_is_gone_leaves_the_genes(runs: Runs, sandbox: RunningSandbox) -> None:
    policy = only(CHANGING)
    runs.run(policy)
    before = shown(runs)
    sandbox.set_release("DR51")
    for name in ("geneListJson", "geneListText", "geneListGmt"):
        sandbox.fault(name, "403")
    summary = runs.run(policy)
    assert summary.state == "success", summary.text
    assert shown(runs) == before
    withheld = f"select endpoint {STAGED} where withheld <> ''"
    assert runs.warehouse.rows(withheld) == [("listedGene",)]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("geneListCatalogue", "wrong_count"),
        ("geneListJson", "half"),
        ("geneListJson", "html"),
        ("geneListJson", "503"),
        ("geneListJson", "cut"),
    ],
)
def test_what_is_in_doubt_leaves_what_is_there(
    runs: Runs, sandbox: RunningSandbox, name: str, fault: str
) -> None:
    policy = only(CHANGING)
    runs.run(policy)
    before = shown(runs)
    sandbox.set_release("DR51")
    sandbox.fault(name, fault)
    for other in ("geneListText", "geneListGmt"):
        sandbox.fault(other, "403")
    runs.run(policy)
    assert shown(runs) == before
    sandbox.clear_faults()
    assert runs.run(policy).state == "success"
    assert shown(runs)[CHANGING] == served(sandbox)[CHANGING]


def test_another_number_of_genes_than_the_catalogue_states_is_not_published(
    runs: Runs, sandbox: RunningSandbox
) -> None:
    sandbox.fault("geneListCatalogue", "wrong_count")
    summary = runs.run(only(CHANGING, CYTOKINES))
    assert shown(runs).keys() == {CYTOKINES}
    failed = (
        "select scope, endpoint, check_id from quality.result join ops.load using (load_id) where not success"
    )
    assert (CHANGING, "listedGene", "stated_rows") in runs.warehouse.rows(failed)
    assert summary.state == "success"


def test_blanks_are_kept_and_do_not_count(runs: Runs, sandbox: RunningSandbox) -> None:
    policy = only(CHANGING, CYTOKINES)
    runs.run(policy)
    genes = "select gene_list_key, gene_symbol, gene_key from history.bridge_gene_list_gene order by 1, 2"
    before = runs.warehouse.rows(genes)
    sandbox.fault("*", "trailing_blanks")
    assert runs.run(policy).state == "success"
    names = "select name, gene_list_name from star.dim_gene_list where gene_list_id = :name"
    assert runs.warehouse.rows(names, name=CHANGING) == [
        ("Activation of innate immune response  ", "Activation of innate immune response")
    ]
    symbols = (
        "select distinct gene_symbol_sent = gene_symbol || '  ' from star.bridge_gene_list_gene b"
        " join star.dim_gene_list l using (gene_list_key) where l.gene_list_id = :name"
    )
    assert runs.warehouse.rows(symbols, name=CHANGING) == [(True,)]
    assert sorted(set(runs.warehouse.rows(genes))) == sorted(set(before))


@pytest.mark.long
def test_legacy_lists_stay_where_their_table_cannot_be_had(runs: Runs, sandbox: RunningSandbox) -> None:
    runs.run()
    before = shown(runs)
    sandbox.fault("legacyGeneLists", "403")
    sandbox.set_release("DR51")
    summary = runs.run()
    assert summary.counts["withdrawn"] == 1
    assert summary.counts["on hold"] == 4
    after = shown(runs)
    assert {scope: after[scope] for scope in after if scope.startswith("legacy:")} == {
        scope: before[scope] for scope in before if scope.startswith("legacy:")
    }
    assert "the table of legacy lists cannot be had" in summary.text


def test_a_gene_is_one_whether_it_is_named_by_symbol_or_identifier(runs: Runs) -> None:
    runs.run()
    genes = """select g.gene_id, g.symbol_species, g.symbol, g.gene_symbol, g.entrez_id, g.is_resolved,
        g.chromosome from star.dim_gene g where g.resolved_gene_key = (
            select gene_key from star.dim_gene where gene_id = '7124') order by 1"""
    found = runs.warehouse.rows(genes)
    assert ("7124", None, None, "TNF", "7124", True, "6") in found
    assert (None, "Homo sapiens", "TNF", "TNF", "7124", True, "6") in found
    unresolved = "select symbol from star.dim_gene where not is_resolved and gene_key > 0"
    every = {symbol for symbols in shown(runs).values() for symbol in symbols}
    assert {symbol for (symbol,) in runs.warehouse.rows(unresolved)} < every


def independent() -> dict[str, dict[str, tuple[str, ...]]]:
    """Symbols of each real list, those of legacy lists with their other values, by plain reading of lines."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for line in (LISTS / "all_gene_lists.excerpt.gmt").read_text().splitlines():
        _, link, *symbols = line.split("\t")
        found[link.rpartition("/")[2]] = dict.fromkeys(symbols, ())
    for line in (LISTS / "legacy" / "GeneList.tsv").read_text().splitlines()[1:]:
        symbol, *values, category = line.split("\t")
        found.setdefault(f"legacy:{category}", {})[symbol] = tuple(values)
    return found


#: Some of each generation: of GO and Reactome with a line of GMT, one without any file, categories.
FEW = ("GO:0090716", "R-HSA-879415", "GO:0002218", "legacy:Interleukins", "legacy:Interferon_Receptor")


@needs_lists
@pytest.mark.parametrize("scopes", cases({"all": (), "few": FEW}, quick=["few"]))
def test_the_real_lists(
    warehouse: Warehouse, scopes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {scope: genes for scope, genes in independent().items() if scope in scopes or not scopes}
    with (
        running_sandbox(studies=1, rows=1, packages=False, gene_lists=LISTS) as sandbox,
        hooked(sandbox.url, monkeypatch) as client,
    ):
        runs = Runs(warehouse, GENE_LISTS, client)  # type: ignore[arg-type]  # of a client it does what is called
        summary = runs.run(only(*scopes))
        before = [warehouse.rows(query) for query in VERSIONS]
        again = runs.run(only(*scopes))
    assert (summary.state, summary.counts["loaded"]) == ("success", len(scopes) or 153 + 17), summary.text
    assert again.state == "success", again.text
    assert [warehouse.rows(query) for query in VERSIONS] == before
    assert shown(runs) == {scope: set(genes) for scope, genes in wanted.items()}
    counted = "select gene_list_id, gene_count from star.dim_gene_list where gene_count is not null"
    listed = {item["id"]: item for item in json.loads((LISTS / "all_gene_lists.json").read_text())}
    assert {(scope, int(listed[scope]["count"])) for scope in listed if scope in scopes or not scopes} == set(
        warehouse.rows(counted)
    )
    values = """select l.gene_list_id, b.gene_symbol, b.entrez_id, b.gene_name, b.synonyms, b.chromosome
        from star.bridge_gene_list_gene b join star.dim_gene_list l using (gene_list_key)
        where l.generation = 'legacy'"""
    assert {(scope, symbol): (*others,) for scope, symbol, *others in warehouse.rows(values)} == {
        (scope, symbol): tuple(None if value == "-" else value for value in others)
        for scope, genes in wanted.items()
        for symbol, others in genes.items()
        if others
    }
