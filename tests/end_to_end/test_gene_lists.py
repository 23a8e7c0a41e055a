"""The DAG of the gene lists, which nothing but their declaration makes."""

from __future__ import annotations

import pytest

from include.sources.gene_lists.files import GMT, TABLE
from tests.support.runs import Installation, Installations
from tests.support.sandbox import RunningSandbox

SHOWN = """select l.gene_list_id, b.gene_symbol from star.bridge_gene_list_gene b
    join star.dim_gene_list l using (gene_list_key)"""


@pytest.fixture
def installation(installations: Installations, small: RunningSandbox) -> Installation:
    small.set_release("DR50")
    return installations.fresh(small)


def served(sandbox: RunningSandbox) -> set[tuple[str, str]]:
    """List and symbol of all that the sandbox serves."""
    gmt = sandbox.client.get(sandbox.url + GMT.path).text.splitlines()
    table = sandbox.client.get(sandbox.url + TABLE.path).text.splitlines()[1:]
    found = {
        (line.split("\t")[1].rpartition("/")[2], symbol) for line in gmt for symbol in line.split("\t")[2:]
    }
    return found | {(f"legacy:{line.split(chr(9))[-1]}", line.split("\t")[0]) for line in table}


def test_lists_come_to_the_star_and_follow_what_is_served(installation: Installation) -> None:
    for release in ("DR50", "DR51"):
        installation.sandbox.set_release(release)
        run = installation.run(dag="immport_gene_lists")
        assert run.state == "success", run.log[-4000:]
        assert {tuple(row) for row in installation.query(SHOWN)} == served(installation.sandbox)
    states = "select count(*) from ops.scope where source = 'gene_lists' and state = 'withdrawn'"
    assert installation.one(states) == 1
