"""Every page of a system that `make up` started, in both themes, at three widths and on paper, with pictures.

The pictures are output of the tests, in the folder that IMMPORT_TEST_PICTURES names, or else in pytest's own.
"""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from immport_provider.dag_names import RELEASE
from include.local.standing.accounts import ADMIN, VIEWER
from operations.page import MOUNT
from tests.browser.conftest import PAGE_WITHIN_MILLISECONDS
from tests.browser.looks import THEMES, addresses, whole
from tests.support.browser import sign_in
from tests.support.standing_system import StandingSystem

pytestmark = pytest.mark.long

TASK = "load.publish"


def subject(system: StandingSystem) -> dict[str, str]:
    """What a page that is about something is opened with: what a run really left."""
    study = system.newest_study()
    (load,) = system.query(
        "select load_id, run_id from ops.load where scope = :study order by load_id limit 1", study=study
    )
    dag, _, run = load.run_id.partition("/")
    return {
        "source": "immport", "scope": study, "dag_id": dag, "run_id": run, "task_id": TASK, "map_index": "0",
        "load": str(load.load_id),
    }  # fmt: skip


def rule(system: StandingSystem) -> dict[str, str]:
    """A rule that rows really break: the vocabularies have terms that their reader refuses."""
    (check,) = system.query(
        "select l.source, r.check_id, r.endpoint from quality.result r join ops.load l using (load_id)"
        " where not r.success and r.severity = 'row' order by r.load_id, r.endpoint limit 1"
    )
    return dict(check._mapping)


@pytest.mark.parametrize("theme", THEMES)
def test_every_page_is_whole_on_screens_and_on_paper(
    theme: str, browser: Browser, standing_system: StandingSystem
) -> None:
    system = standing_system
    with browser.new_context(base_url=system.address, color_scheme=theme) as context:  # type: ignore[arg-type]  # one of the names it takes
        context.set_default_timeout(PAGE_WITHIN_MILLISECONDS)
        page = context.new_page()
        sign_in(page, system.address, ADMIN.name, system.passwords[ADMIN.name])
        paths = addresses(subject(system), {"quality/rule": rule(system)})
        faults = whole(page, paths, system.pictures / theme)
    assert not faults, "\n".join(faults)


def test_airflow_shows_the_pages_and_tabs(browser: Browser, standing_system: StandingSystem) -> None:
    system = standing_system
    about = subject(system)
    run = f"/dags/{RELEASE}/runs/{quote(about['run_id'])}"
    places = {
        "nav": "/plugin/warehouse",
        "dag": f"/dags/{RELEASE}/plugin/warehouse-dag",
        "run": f"{run}/plugin/warehouse-dag-run",
        "task": f"{run}/tasks/{TASK}/mapped/0/plugin/warehouse-task-instance",
    }
    with browser.new_context(base_url=system.address, viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(PAGE_WITHIN_MILLISECONDS)
        page = context.new_page()
        sign_in(page, system.address, VIEWER.name, system.passwords[VIEWER.name])
        for theme in THEMES:
            page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
            for name, path in places.items():
                page.goto(path)
                expect(page.frame_locator("iframe").locator("main")).to_be_visible()
                expect(page.frame_locator("iframe").get_by_role("table").first).to_be_visible()
                page.screenshot(path=system.pictures / f"airflow-{name}-{theme}.png", animations="disabled")


def test_the_overview_counts_what_the_list_of_studies_shows(
    browser: Browser, standing_system: StandingSystem
) -> None:
    """To who may not see restricted studies, too."""
    system = standing_system
    for account in (VIEWER, ADMIN):
        with browser.new_context(base_url=system.address) as context:
            page = context.new_page()
            sign_in(page, system.address, account.name, system.passwords[account.name])
            page.goto(f"{MOUNT}/overview")
            counted = page.get_by_role("region", name="ImmPort Shared Data").get_by_role(
                "link", name="studies"
            )
            number = counted.inner_text().split()[0]
            counted.click()
            expect(page.locator("caption")).to_contain_text(f"{number} rows")
