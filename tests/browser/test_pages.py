"""The operations pages in a real browser: in Airflow and alone, in both themes, at three widths."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, FrameLocator, Page, expect

from dags.immport_release import dag
from immport_provider.page_links import page_path
from include.alerts.events import evaluate
from include.local.standing.accounts import VIEWER
from include.quality import quarantine_groups
from include.warehouse.schema.ops_tables import LOAD, QUARANTINE, RESULT
from operations.actions.declared import ACTIONS
from operations.page import MOUNT
from operations.registry import PAGES
from tests.browser.conftest import PAGE_WITHIN_MILLISECONDS, Airflow
from tests.browser.looks import THEMES, addresses, at_every_width, console_errors, open_whole
from tests.support.alerts import Operations
from tests.support.browser import sign_in

#: A minute or two: a real browser does it all.
pytestmark = pytest.mark.long

TASK = "load.publish"
CHECK, ENDPOINT = "is_number:valueReported", "elisa"


def subject(airflow: Airflow) -> dict[str, str]:
    """What a page that is about something is opened with."""
    return {
        "source": "immport",
        "scope": airflow.studies[0],
        "dag_id": dag.dag_id,
        "run_id": airflow.run_id,
        "task_id": TASK,
        "map_index": "0",
        "load": "1",
        "check_id": CHECK,
        "endpoint": ENDPOINT,
    }


@pytest.fixture(scope="module", autouse=True)
def _trouble(airflow: Airflow) -> None:
    """The warehouse has what pages show of trouble: rows in quarantine, a broken audit, findings."""
    engine = sa.create_engine(airflow.warehouse, poolclass=sa.NullPool)
    ops, scope = Operations(engine), airflow.studies[0]
    with engine.connect() as connection:
        load = connection.execute(
            sa.select(LOAD.c.load_id, LOAD.c.release_version).where(LOAD.c.scope == scope)
        ).one()
    ops.add(
        RESULT, load_id=load.load_id, endpoint=ENDPOINT, check_id=CHECK, severity="row", success=False,
        unexpected_rows=1,
    )  # fmt: skip
    ops.add(
        QUARANTINE, load_id=load.load_id, scope=scope, release_version=load.release_version,
        endpoint=ENDPOINT, row_number=1, rule=CHECK, row={"valueReported": "many words " * 40},
    )  # fmt: skip
    with engine.begin() as connection:
        quarantine_groups.count(connection, load.load_id)
    ops.audit(failed=3)
    ops.key(days=2)
    assert evaluate(engine, ops.observed(), (), page_path)
    engine.dispose()


@pytest.fixture(params=THEMES)
def themed(request: pytest.FixtureRequest, browser: Browser, airflow: Airflow) -> Iterator[Page]:
    """A page in one theme, as the reader's system prefers it."""
    with browser.new_context(base_url=airflow.address, color_scheme=request.param) as context:
        context.set_default_timeout(PAGE_WITHIN_MILLISECONDS)
        page = context.new_page()
        sign_in(page, airflow.address, airflow.user, airflow.passwords[airflow.user])
        yield page


def test_every_page_is_whole_in_a_theme_at_every_width(themed: Page, airflow: Airflow) -> None:
    """Without an error, wider than no window, with a heading, and with nothing that keeps people from it."""
    faults: list[str] = []
    themed.on("console", lambda message: faults.extend(console_errors(message)))
    themed.on("pageerror", lambda error: faults.append(f"{themed.url}: {error}"))
    axe = Axe()
    for path in addresses(subject(airflow)):
        faults.extend(open_whole(themed, path))
        faults.extend(at_every_width(themed, axe))
    assert not faults, "\n".join(faults)


def test_in_airflow_the_pages_take_its_theme(page: Page) -> None:
    page.goto("/plugin/warehouse")
    expect(_frame(page).get_by_role("heading", level=1)).to_be_visible()
    grounds = set()
    for is_dark in (True, False):
        page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", is_dark)
        expect(_frame(page).locator("html.framed.dark")).to_have_count(int(is_dark))
        body = _frame(page).locator("body")
        grounds.add(body.evaluate("body => getComputedStyle(body).backgroundColor"))
    assert len(grounds) == 2


def test_airflow_leads_to_the_pages_and_shows_every_tab(page: Page, airflow: Airflow) -> None:
    faults: list[str] = []
    page.on(
        "console",
        lambda message: faults.extend(console_errors(message)) if MOUNT in _place(message) else None,
    )
    page.goto("/")
    page.get_by_role("link", name="Warehouse").click()
    expect(_frame(page).get_by_role("heading", name=PAGES[0].title, exact=True)).to_be_visible()
    for item in (item for item in PAGES if item.in_nav):
        _frame(page).get_by_role("navigation").get_by_role("link", name=item.title, exact=True).click()
        expect(_frame(page).get_by_role("heading", name=item.title, exact=True)).to_be_visible()
    run = f"/dags/{dag.dag_id}/runs/{quote(airflow.run_id)}"
    for path in (
        f"/dags/{dag.dag_id}/plugin/warehouse-dag",
        f"{run}/plugin/warehouse-dag-run",
        f"{run}/tasks/{TASK}/mapped/0/plugin/warehouse-task-instance",
    ):
        page.goto(path)
        expect(_frame(page).get_by_role("table").first).to_be_visible()
    assert not faults, "\n".join(faults)


def _place(message: ConsoleMessage) -> str:
    return urlsplit(message.location["url"]).path


def _frame(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def test_studies_are_searched_filtered_sorted_and_downloaded(page: Page, airflow: Airflow) -> None:
    first, *others = airflow.studies
    page.goto(f"{MOUNT}/studies")
    names = page.get_by_role("table").get_by_role("link", name="SDY")
    expect(names).to_have_count(len(airflow.studies))
    page.get_by_role("columnheader").get_by_role("link").first.click()
    ordered = names.all_inner_texts()
    page.get_by_role("columnheader").get_by_role("link").first.click()
    expect(names.first).to_have_text(ordered[-1])
    page.keyboard.press("/")
    page.keyboard.type(first)
    page.keyboard.press("Enter")
    expect(names).to_have_count(1)
    assert first in page.url
    with page.expect_download() as started:
        page.get_by_role("link", name="Download as CSV").click()
    with started.value.path().open(newline="") as file:
        assert len(list(csv.reader(file))) == 2
    page.get_by_role("link", name="Show all").click()
    expect(names).to_have_count(len(airflow.studies))
    page.get_by_label("State").select_option("withdrawn")
    expect(page.get_by_text("No row matches what is chosen.")).to_be_visible()
    page.go_back()
    expect(names).to_have_count(1 + len(others))
    page.go_back()
    expect(names).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_have_value(first)


def test_a_viewer_reads_and_is_refused_every_action(browser: Browser, airflow: Airflow) -> None:
    about = urlencode({"source": "immport", "scope": airflow.studies[0]})
    with browser.new_context(base_url=airflow.address) as context:
        context.set_default_timeout(PAGE_WITHIN_MILLISECONDS)
        page = context.new_page()
        sign_in(page, airflow.address, VIEWER.name, airflow.passwords[VIEWER.name])
        page.goto(f"{MOUNT}/study?{about}")
        expect(page.get_by_role("heading", name=airflow.studies[0])).to_be_visible()
        expect(page.get_by_text("What you can do")).to_have_count(0)
        expect(page.locator(f"a[href*='{MOUNT}/actions/']")).to_have_count(0)
        for name in ACTIONS:
            path = f"{MOUNT}/actions/{name}?{about}"
            assert page.request.get(path).status == 403, name
            assert page.request.post(path, form={"reason": "x", "token": "x"}).status == 403, name
    # Of an operator the same page offers them.
    with browser.new_context(base_url=airflow.address) as context:
        page = context.new_page()
        sign_in(page, airflow.address, airflow.user, airflow.passwords[airflow.user])
        page.goto(f"{MOUNT}/study?{about}")
        expect(page.get_by_text("What you can do")).to_be_visible()
