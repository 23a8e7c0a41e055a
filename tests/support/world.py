"""The fixed synthetic world in a warehouse: eight studies, all ten assays, two data releases."""

from __future__ import annotations

from tests.support.routes import land_answers, take
from tests.support.sandbox import RunningSandbox
from tests.support.warehouse import Warehouse

STUDIES, ROWS, SEED = 8, 60, 7
RELEASES = ("DR50", "DR51")


def load_world(warehouse: Warehouse, sandbox: RunningSandbox) -> None:
    """Load what each release has of each study, as a run would: new, changed and withdrawn studies."""
    loaded: dict[str, str] = {}
    for release in RELEASES:
        sandbox.set_release(release)
        listed = shared_studies(sandbox)
        for study in sorted(loaded.keys() - listed.keys()):
            warehouse.withdraw(study, release)
        for study, latest in sorted(listed.items()):
            if loaded.get(study) != latest:
                take(warehouse, land_answers(warehouse, sandbox, study, latest))
        loaded = listed


def shared_studies(sandbox: RunningSandbox) -> dict[str, str]:
    """Studies that are shared now, each with the release that last changed it."""
    found = sandbox.get("/api/search/study", pageSize="100").json()["hits"]["hits"]
    sources = [item["_source"] for item in found]
    return {item["study_accession"]: item["latest_data_release_version"] for item in sources}
