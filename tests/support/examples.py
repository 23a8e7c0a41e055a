"""The example values of the dictionary: of a warehouse loaded from the synthetic world, never real data.

`python -m tests.support.examples` writes them anew, after a change of the model or of the synthetic world.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from include.landing.zone import Landing
from include.local.paths import Paths
from include.local.postgres import EmbeddedPostgres
from include.pipeline.batch_runner import StepContext
from include.sandbox.impc.synthetic_images import IMPC_RELEASES
from include.sandbox.synthetic.study_plan import RELEASES
from include.sandbox.synthetic.synthetic_world import SyntheticWorld
from include.sandbox.vocabulary import plain_terms
from include.sources.immport.endpoints import SERVED
from include.sources.immport.lookups import LOOKUP_ENDPOINTS
from include.sources.immport.vocabularies import VOCABULARIES
from include.warehouse.migrate import upgrade
from include.warehouse.model.registry import DIMENSIONS, FACTS
from include.warehouse.reference.entries import Entry, Relation, relations
from include.warehouse.reference.examples import FILE, Examples
from include.warehouse.schema.engine import warehouse_engine
from tests.support.fhir import load_resources
from tests.support.gene_lists import load_gene_lists
from tests.support.impc import load_images
from tests.support.orthologs import load_orthologs
from tests.support.routes import land_package, take
from tests.support.sandbox import running_sandbox
from tests.support.sources import body, load_scope
from tests.support.warehouse import RUN, Warehouse
from tests.support.world import shared_studies

#: The smallest world that has rows of every kind.
STUDIES, ROWS, SEED = 8, 4, 7
#: Images of IMPC, few for each centre.
IMAGES = 120
LONGEST = 60
#: Numbers and times made here, which mean nothing elsewhere and depend on the order of loading.
_MADE_HERE = {item.key_column for item in DIMENSIONS} | {
    "measurand_key", "changed_at", "published_at", "recorded_at", "read_at",
} | {
    reference.column for table in (*DIMENSIONS, *FACTS) for reference in table.references
}  # fmt: skip


def load_world(warehouse: Warehouse) -> None:
    """Load a small synthetic world at its newest release, with one study withdrawn, by both routes."""
    load_vocabularies(warehouse)
    world = SyntheticWorld(STUDIES, ROWS, SEED, packages=False)
    before, newest = list(RELEASES)[-2:]
    gone = set(world.studies(before)) - set(world.studies(newest))
    for release in (before, newest):
        for study in world.studies(release):
            if release == newest or study in gone:
                rows = {name: _rows(world, name, study, release) for name in SERVED}
                warehouse.load(rows, str(release), study)
    with running_sandbox(studies=STUDIES, rows=ROWS, seed=SEED) as sandbox:
        sandbox.set_release(str(newest))
        for study, latest in sorted(shared_studies(sandbox).items()):
            take(warehouse, land_package(warehouse, sandbox, study, latest))
    for study in sorted(gone):
        warehouse.withdraw(study, str(newest), newest.key + 1)
    load_gene_lists(warehouse, SEED, str(newest))
    load_orthologs(warehouse, str(newest))
    load_images(warehouse, IMAGES, SEED, IMPC_RELEASES[-1])
    load_resources(warehouse, world, newest)


def load_vocabularies(warehouse: Warehouse, *names: str) -> None:
    """Load vocabularies as of the newest release of the sandbox, all when none is named."""
    for endpoint in (item for item in LOOKUP_ENDPOINTS if not names or item.name in names):
        terms = body(dict(row) for row in plain_terms(endpoint, len(RELEASES) - 1))
        load_scope(warehouse, VOCABULARIES, endpoint.name, datetime(2024, 3, 31, tzinfo=UTC), term=terms)


def _rows(world: SyntheticWorld, endpoint: str, study: str, release: Any) -> list[dict[str, Any]]:
    names = SERVED[endpoint].names
    found = ({name: row.get(name) for name in names} for row in world.rows(endpoint, study, release))
    return [json.loads(json.dumps(row, default=str)) for row in found]


def examples(engine: sa.Engine) -> Examples:
    """An example of every column that has one: its most frequent value, of equals the first."""
    with engine.connect() as connection:
        return {item.name: _of(connection, item) for item in sorted(relations(), key=lambda one: one.name)}


def _of(connection: sa.Connection, relation: Relation) -> dict[str, str]:
    names = [entry.name for entry in relation.entries]
    known = "where member = 'known'" if "member" in names else ""
    modes = (
        f"mode() within group (order by nullif({_value(entry)}::text, '') collate \"C\") as {entry.name}"
        for entry in relation.entries
        if entry.name not in _MADE_HERE
    )
    query = f"select {', '.join(modes)} from star.{relation.name} {known}"
    found = connection.exec_driver_sql(query).mappings().one()
    return {name: _short(str(value)) for name, value in found.items() if value is not None}


def _value(entry: Entry) -> str:
    return f"trim_scale({entry.name})" if entry.type == "numeric" else entry.name


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3].rstrip() + "..."


def main() -> None:
    """Write the file."""
    argparse.ArgumentParser(prog="python -m tests.support.examples", description=__doc__).parse_args()
    database = "dictionary_examples"
    with EmbeddedPostgres.of_tests(Paths.default().postgres_tests).running() as server:
        server.drop_database(database)
        try:
            url = server.ensure_database(database)
            upgrade(url)
            engine = warehouse_engine(url)
            with tempfile.TemporaryDirectory() as landing:
                load_world(Warehouse(StepContext(engine, Landing(landing), RUN)))
            FILE.write_text(text_of(examples(engine)))
            engine.dispose()
        finally:
            server.drop_database(database)


def text_of(found: Examples) -> str:
    """The file's text."""
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
