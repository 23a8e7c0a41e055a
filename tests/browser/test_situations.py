"""From Airflow's home to the reason of what went wrong in at most two clicks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from immport_provider.page_links import page_path
from include.alerts.events import evaluate
from include.warehouse.schema.ops_tables import RESULT
from tests.browser.conftest import Airflow
from tests.support.alerts import Operations

#: A minute or two: a real browser does it all.
pytestmark = pytest.mark.long


def _run_failed(ops: Operations, note: str) -> None:
    ops.run("failed", newest_release="DR51", note=note)


def _check_failed(ops: Operations) -> None:
    load = ops.work(ops.run("partial"), "failed", error="CheckFailedError: results_kept of elisa: 3 of 90")
    ops.staged(load, 90)


def _quarantined(ops: Operations) -> None:
    ops.staged(ops.work(ops.run(hours_ago=30), release="DR50"), 1000, quarantined=2)
    load = ops.work(ops.run())
    ops.staged(load, 1000, quarantined=40)
    ops.add(
        RESULT, load_id=load, endpoint="elisa", check_id="is_number:valueReported", severity="row",
        success=False, unexpected_rows=40,
    )  # fmt: skip


def _not_loaded(ops: Operations) -> None:
    run = ops.run("partial", hours_ago=25, newest_release="DR51")
    ops.work(run, "failed", scope="SDY2", error="ServerError: HTTP 503")


def _key_expires(ops: Operations) -> None:
    ops.key(days=2)
    ops.run(key_expires_at=ops.keys[0].expires_at)


@dataclass(frozen=True)
class Situation:
    """What went wrong.

    :param comes_about: leaves the records that runs leave of it.
    :param reason: the sentence, or a part of it, that a person looks for.
    :param leads_to: heading of the page that shows it whole.
    """

    name: str
    comes_about: Callable[[Operations], object]
    reason: str
    leads_to: str = "SDY1"


SITUATIONS = (
    Situation(
        "study failed",
        lambda ops: ops.work(
            ops.run("partial"), "failed", error="extract: ServerError: elisa: HTTP 503 after 4 tries"
        ),
        "extract: ServerError: elisa: HTTP 503 after 4 tries",
    ),
    Situation("check failed", _check_failed, "CheckFailedError: results_kept of elisa: 3 of 90"),
    Situation(
        "withdrawal held",
        lambda ops: ops.work(
            ops.run("partial"), action="hold", reason="no longer listed; 3 of 5 studies are gone at once"
        ),
        "no longer listed; 3 of 5 studies are gone at once",
    ),
    Situation("rows quarantined", _quarantined, "40 of 1000 rows are quarantined"),
    Situation(
        "key refused",
        lambda ops: _run_failed(ops, "CredentialError: immport: HTTP 401: the API key is not accepted"),
        "CredentialError: immport: HTTP 401: the API key is not accepted",
        "Failures",
    ),
    Situation(
        "key expiring", _key_expires, "The API key of the connection immport_default expires", "Sources"
    ),
    Situation("release not loaded", _not_loaded, "DR51 was first listed on", "Releases"),
    Situation("audit failed", lambda ops: ops.audit(failed=3), "one_key of fact_elisa (3 rows)", "Quality"),
)


@pytest.fixture
def ops(airflow: Airflow) -> Iterator[Operations]:
    """The records of operations of the warehouse that Airflow shows: none yet."""
    engine = sa.create_engine(airflow.warehouse, poolclass=sa.NullPool)
    found = Operations(engine)
    with engine.begin() as connection:
        connection.execute(sa.delete(RESULT))
    found.clear()
    yield found
    engine.dispose()


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda item: item.name)
def test_the_reason_is_two_clicks_from_home(page: Page, ops: Operations, situation: Situation) -> None:
    situation.comes_about(ops)
    assert evaluate(ops.engine, ops.observed(), (), page_path)
    page.goto("/")
    page.get_by_role("link", name="Warehouse").click()
    shown = page.frame_locator("iframe")
    finding = shown.get_by_role("listitem").filter(has_text=situation.reason)
    expect(finding).to_be_visible()
    finding.get_by_role("link", name="Show it").click()
    expect(shown.get_by_role("heading", level=1)).to_contain_text(situation.leads_to)


def test_a_mended_situation_leaves_the_overview(page: Page, ops: Operations) -> None:
    ops.audit(failed=3)
    assert evaluate(ops.engine, ops.observed(), (), page_path)
    ops.audit()
    evaluate(ops.engine, ops.observed(), (), page_path)
    page.goto("/plugin/warehouse")
    expect(page.frame_locator("iframe").get_by_text("There is no open finding")).to_be_visible()
