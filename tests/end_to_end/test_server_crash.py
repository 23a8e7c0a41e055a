"""The Postgres server falls during a run. Staging is not logged: what was checked is gone when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.local.postgres import EmbeddedPostgres
from include.local.server import Server
from tests.end_to_end.worlds import BEFORE, Loaded
from tests.support.long import cases
from tests.support.runs import Installations, Kill, Processes
from tests.support.sandbox import RunningSandbox
from tests.support.star import differences, staging_tables, star_digest
from tests.support.warehouse import made_template

PUBLISH: dict[str, dict[str, Any]] = {
    "before the transaction": {"target": "include.pipeline.steps:publish"},
    "in the transaction": {"target": "include.warehouse.load.publish:publish_in", "statement": 60},
    "before COMMIT": {"target": "include.warehouse.load.publish:publish_in", "after": True},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crash") / "postgres"


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    """A server of our own, which may fall; with the settings that make it survive that."""
    postgres = EmbeddedPostgres(home)
    yield postgres.start()
    postgres.remove()


@pytest.fixture(scope="module")
def crash_installations(
    processes: Processes, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Installations:
    """Makes warehouses on that server."""
    return Installations(processes, server, made_template(server), tmp_path_factory.mktemp("crash"))


@pytest.mark.parametrize("where", cases(PUBLISH, quick=[]))
def test_publish_stages_and_checks_anew_after_a_crash(
    where: dict[str, Any],
    home: Path,
    crash_installations: Installations,
    small: RunningSandbox,
    before: Loaded,
) -> None:
    small.set_release(BEFORE)
    small.clear_requests()
    installation = crash_installations.fresh(small)
    crash = Kill(**where, action="tests.end_to_end.torture:crash_server", arguments={"home": str(home)})
    run = installation.run(crash, retries=1, route="api")
    assert run.state == "success", run.log[-4000:]
    assert differences(star_digest(installation.engine), before.digest) == []
    assert staging_tables(installation.engine) == []
    assert installation.query("select load_id from ops.ledger group by 1 having count(*) > 1") == []
    requested = [(item["path"], item["query"]) for item in small.requests()]
    assert len(requested) == len(set(requested)), "fetched again"
