"""The fixed synthetic world and the real study, each loaded once, with what the API says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from include.landing.zone import Landing
from include.local.server import Server
from include.pipeline.batch_runner import StepContext
from include.sandbox.impc.synthetic_images import IMPC_RELEASES
from include.sandbox.synthetic.synthetic_world import SyntheticWorld
from include.sources.immport.endpoints import SERVED
from include.sources.release import Release
from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.schema.engine import warehouse_engine
from tests.sandbox.data import ARCHIVES
from tests.support.examples import load_vocabularies
from tests.support.fhir import load_resources, saying
from tests.support.gene_lists import load_gene_lists
from tests.support.impc import load_images
from tests.support.orthologs import load_orthologs
from tests.support.routes import land_package, take
from tests.support.sandbox import running_sandbox
from tests.support.warehouse import RUN, Warehouse, copied
from tests.support.world import RELEASES, ROWS, SEED, STUDIES, load_world, shared_studies

#: Images of IMPC, along its oldest release and its newest.
IMAGES = 120
#: What the FHIR server says otherwise than Shared Data.
PLANTED = {
    "Patient": saying("gender", "other"),
    "Specimen": lambda found: found[1:],
}
#: Endpoints whose answers the independent computations read.
ENDPOINTS_READ = (
    "study",
    "demographic",
    "adverseEvent",
    "expsample",
    *(fact.endpoint for fact in ASSAY_FACTS if fact.endpoint in SERVED),
)


@dataclass(frozen=True)
class World:
    """A loaded world.

    :param answers: rows of each endpoint as the API gives them, all studies together, by release.
    """

    warehouse: Warehouse
    answers: dict[str, dict[str, pd.DataFrame]]

    @property
    def url(self) -> sa.URL:
        return self.warehouse.engine.url


@pytest.fixture(scope="session")
def world(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Eight studies with all ten assays at two releases; at the second one is withdrawn."""
    name = copied(postgres, template)
    engine = warehouse_engine(postgres.url(name))
    warehouse = Warehouse(StepContext(engine, Landing(str(tmp_path_factory.mktemp("world"))), RUN))
    answers: dict[str, dict[str, pd.DataFrame]] = {}
    with running_sandbox(studies=STUDIES, rows=ROWS, seed=SEED) as sandbox:
        load_vocabularies(warehouse, "lkAnalyte", "lkCellPopulationMarker")
        load_world(warehouse, sandbox)
        load_gene_lists(warehouse, SEED, RELEASES[-1])
        load_orthologs(warehouse, RELEASES[-1])
        for release_of_images in (IMPC_RELEASES[0], IMPC_RELEASES[-1]):
            load_images(warehouse, IMAGES, SEED, release_of_images)
        studies, newest = SyntheticWorld(STUDIES, ROWS, SEED, packages=False), Release.parse(RELEASES[-1])
        load_resources(warehouse, studies, newest)
        load_resources(warehouse, studies, newest, PLANTED)
        for release in RELEASES:
            sandbox.set_release(release)
            rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ENDPOINTS_READ}
            for study in shared_studies(sandbox):
                for name in ENDPOINTS_READ:
                    path, parameters = SERVED[name].request(study)
                    rows[name] += sandbox.get(path, **parameters).json()
            answers[release] = {endpoint: pd.DataFrame(found) for endpoint, found in rows.items()}
    yield World(warehouse, answers)
    engine.dispose()
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def real(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.URL]:
    """SDY139 by its packages of DR16 and DR25."""
    name = copied(postgres, template)
    engine = warehouse_engine(postgres.url(name))
    folder: Path = tmp_path_factory.mktemp("real")
    warehouse = Warehouse(StepContext(engine, Landing(str(folder)), RUN))
    with running_sandbox(archives=ARCHIVES) as sandbox:
        for release in ("DR16", "DR25"):
            sandbox.set_release(release)
            take(warehouse, land_package(warehouse, sandbox, "SDY139", release))
    yield engine.url
    engine.dispose()
    postgres.drop_database(name)
