"""A browser, and Airflow's page of a run that loaded a small world."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from include.local.airflow import airflow_environment, server_environment
from include.local.ports import HOST, free_port
from include.local.processes import GRACE_SECONDS, last_lines, mark, spawn
from include.local.standing.accounts import ADMIN, ensure_passwords
from tests.support.browser import NoBrowserError, launched_browser, sign_in
from tests.support.runs import Installations
from tests.support.sandbox import running_sandbox

STARTS_WITHIN_SECONDS = 120
PAGE_WITHIN_MILLISECONDS = 60_000
expect.set_options(PAGE_WITHIN_MILLISECONDS)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    # Of the module, not of the session: while it is started, no other test can run an event loop of its own.
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser without a window; the test is skipped where none is installed."""
    with contextlib.ExitStack() as stack:
        try:
            launched = stack.enter_context(launched_browser(playwright))
        except NoBrowserError as error:
            pytest.skip(str(error))
        yield launched


@dataclass(frozen=True)
class Airflow:
    """Airflow's page.

    :param passwords: of its users, by name.
    :param run_id: the run in it, of `immport_release`, that has loaded all studies.
    :param studies: what it loaded.
    :param warehouse: where it loaded them.
    """

    address: str
    user: str
    passwords: Mapping[str, str] = field(repr=False)
    run_id: str
    studies: list[str]
    warehouse: sa.URL


@pytest.fixture(scope="module")
def airflow(browser: Browser, installations: Installations) -> Iterator[Airflow]:
    """An API server on the metadata of one run, and no scheduler: what is triggered stays queued."""
    with running_sandbox(studies=3, rows=10, api_key="browser") as sandbox:
        installation = installations.fresh(sandbox)
        (run,) = installation.run_at_once(())
    assert run.state == "success", run.log[-4000:]
    assert run.run_id is not None
    studies = [row.scope for row in installation.query("select scope from ops.scope")]
    home, port = installation.folder / "airflow", free_port()
    environment = airflow_environment(
        home,
        metadata_url=f"sqlite:///{installation.folder / 'run0.db'}",
        warehouse=installation.url,
        immport="",
        landing=installation.landing,
    ) | server_environment(home, port)
    passwords = ensure_passwords(home)
    log = home / "api-server.log"
    server = spawn(["airflow", "api-server"], mark(home, "browser"), log, environment)
    try:
        address = f"http://{HOST}:{port}"
        _wait_for(address, server, log)
        run_id = run.run_id.partition("/")[2]
        yield Airflow(address, ADMIN.name, passwords, run_id, sorted(studies), installation.url)
    finally:
        server.kill()  # nothing of it is needed any more
        server.wait(GRACE_SECONDS)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{address}/api/v2/version", trust_env=False, timeout=10).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"Airflow's page does not answer: {last_lines(log)}")


@pytest.fixture
def page(browser: Browser, airflow: Airflow) -> Iterator[Page]:
    """A page whose user has logged in."""
    with browser.new_context(base_url=airflow.address, viewport={"width": 1500, "height": 950}) as context:
        context.set_default_timeout(PAGE_WITHIN_MILLISECONDS)
        page = context.new_page()
        sign_in(page, airflow.address, airflow.user, airflow.passwords[airflow.user])
        yield page
