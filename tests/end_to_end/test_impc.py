"""The DAGs of IMPC's images and of orthologs, and the files of images: from the stand-in to the star."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from include.sources.impc.endpoints import SELECT
from include.sources.orthologs.table import HOMOLOGY
from tests.support.runs import Installation, Installations
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.long

SHOWN = "select observation_id, index_version from star.fact_impc_image"
CENTRES = "select scope, state, release_version from ops.scope where source = 'impc'"


@pytest.fixture
def installation(installations: Installations, small: RunningSandbox) -> Installation:
    small.set_release("DR50")
    return installations.fresh(small)


def served(sandbox: RunningSandbox) -> dict[str, int]:
    """Observation and version of every document that the core has."""
    query = {"q": "*:*", "rows": "100000", "fl": "observation_id,_version_"}
    found = sandbox.client.get(sandbox.url + SELECT, params=query).json()["response"]["docs"]
    return {row["observation_id"]: row["_version_"] for row in found}


def test_images_orthologs_and_files_come_by_their_dags(installation: Installation, tmp_path: Path) -> None:
    sandbox = installation.sandbox
    for release, name in (("DR50", "DR22.1"), ("DR51", "DR24.0")):
        sandbox.set_release(release)
        run = installation.run(dag="immport_impc")
        assert run.state == "success", run.log[-4000:]
        shown = dict(tuple(row) for row in installation.query(SHOWN))
        assert shown.keys() == served(sandbox).keys()
        current = {row.release_version for row in installation.query(CENTRES) if row.state == "current"}
        assert current == {name}
    versions = "select xmin::text, * from history.fact_impc_image order by 1, 2, 3"
    before = installation.query(versions)
    assert installation.run(dag="immport_impc").state == "success"
    assert installation.query(versions) == before

    run = installation.run(dag="immport_orthologs")
    assert run.state == "success", run.log[-4000:]
    table = sandbox.client.get(sandbox.url + HOMOLOGY.path).text
    assert (
        installation.one("select count(distinct mgi_id) from star.bridge_ortholog") == table.count("MGI:") - 1
    )

    wanted: dict[str, Any] = {"files_of": "images", "image_genes": ["MGI:107656"], "max_bytes": None}
    run = installation.run(dag="immport_files", destination=str(tmp_path), **wanted)
    assert run.state == "success", run.log[-4000:]
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    query = """select count(distinct f.file_sha256) from star.fact_impc_image f
        join star.dim_mouse_gene g using (mouse_gene_key)
        where g.mgi_id = 'MGI:107656' and f.download_url is not null"""
    assert len(kept) == installation.one(query) > 0
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == path.stem for path in kept)
