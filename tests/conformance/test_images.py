"""Third-party clients of Solr take the sandbox for IMPC's server, and agree with the star."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path

from include.sandbox.impc.synthetic_images import IMPC_RELEASES
from tests.support.client_environment import python_with
from tests.support.impc import load_images
from tests.support.sandbox import running_sandbox
from tests.support.warehouse import Warehouse

HERE = Path(__file__).parent
IMAGES, SEED = 120, 5


def test_pysolr_and_impc_api_read_what_the_star_has(warehouse: Warehouse) -> None:
    python = python_with(HERE / "requirements-images.txt", "impc-api")
    with running_sandbox(studies=1, rows=1, packages=False, images=IMAGES, seed=SEED) as sandbox:
        command = [str(python), str(HERE / "images_client.py"), sandbox.url]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr[-3000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    load_images(warehouse, IMAGES, SEED, IMPC_RELEASES[-1])
    star = {row[0] for row in warehouse.rows("select observation_id from star.fact_impc_image")}
    by_pysolr, by_impc_api = found["pysolr"], found["impc_api"]
    assert by_pysolr["count"] == by_impc_api["count"] == len(star)
    assert sorted(by_pysolr["observations"]) == sorted(star)
    assert set(by_impc_api["json"]) == set(by_impc_api["csv"]) == star
    assert len(by_impc_api["json"]) == len(star)
    centres = warehouse.rows(
        """select c.centre_name, count(*) from star.fact_impc_image f
        join star.dim_phenotyping_centre c using (phenotyping_centre_key)
        where c.centre_name is not null group by 1"""
    )
    facet = by_pysolr["facet"]
    assert dict(zip(facet[::2], facet[1::2], strict=True)) == dict(centres)
    zygosities = Counter(
        row[0] for row in warehouse.rows(
            "select s.zygosity from star.fact_impc_image f join star.dim_impc_specimen s"
            " using (impc_specimen_key)"
            " where s.zygosity is not null"
        )
    )  # fmt: skip
    assert {row["zygosity"]: row["count_per_category"] for row in by_impc_api["facet"]} == zygosities
    assert "undefined field no_such_field" in by_pysolr["refused"]
