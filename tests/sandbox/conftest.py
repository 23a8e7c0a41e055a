"""One synthetic sandbox for the tests of this folder, as new for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.sandbox import RunningSandbox, running_sandbox


@pytest.fixture(scope="session")
def _shared() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_shared: RunningSandbox) -> RunningSandbox:
    """The default world at its newest release: no faults, no withheld studies, no recorded requests."""
    _shared.clear_faults()
    _shared.open_studies()
    _shared.set_release("DR51")
    _shared.clear_requests()
    return _shared
