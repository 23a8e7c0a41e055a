"""Small worlds, and warehouses that were loaded from them once and are copied for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.worlds import BEFORE, CANARY, NEWEST, Loaded
from tests.support.runs import Installation, Installations
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.star import star_digest


@pytest.fixture(scope="session")
def _small() -> Iterator[RunningSandbox]:
    with running_sandbox(studies=3, rows=10, api_key=CANARY) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def _wide() -> Iterator[RunningSandbox]:
    with running_sandbox(studies=17, rows=24, api_key=CANARY) as sandbox:
        yield sandbox


@pytest.fixture
def small(_small: RunningSandbox) -> RunningSandbox:
    """Three studies at the newest release, without faults; it remembers this test's requests."""
    return _reset(_small)


@pytest.fixture
def wide(_wide: RunningSandbox) -> RunningSandbox:
    """Sixteen studies at the newest release, without faults."""
    return _reset(_wide)


@pytest.fixture(scope="session")
def before(installations: Installations, _small: RunningSandbox) -> Loaded:
    """The small world at the release before the newest."""
    return _load(installations.fresh(_small), BEFORE)


@pytest.fixture(scope="session")
def after(installations: Installations, _small: RunningSandbox, before: Loaded) -> Loaded:
    """The small world at the newest release."""
    return _load(installations.copy(before.installation), NEWEST)


@pytest.fixture(scope="session")
def wide_loaded(installations: Installations, _wide: RunningSandbox) -> Loaded:
    """The wide world at the newest release."""
    return _load(installations.fresh(_wide), NEWEST)


def _load(installation: Installation, release: str) -> Loaded:
    _reset(installation.sandbox)
    installation.sandbox.set_release(release)
    run = installation.run(route="api")  # answer by answer: what most of these tests disturb
    assert run.state == "success", run.log[-4000:]
    return Loaded(installation, star_digest(installation.engine))


def _reset(sandbox: RunningSandbox) -> RunningSandbox:
    sandbox.clear_faults()
    sandbox.set_release(NEWEST)
    sandbox.clear_requests()
    return sandbox
