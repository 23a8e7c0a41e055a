"""What an operator does on a system that `make up` started: sees its first load, has a study loaded again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from immport_provider.dag_names import RELEASE
from include.local.standing.accounts import OPERATOR
from operations.page import MOUNT
from tests.browser.conftest import PAGE_WITHIN_MILLISECONDS
from tests.support.browser import sign_in
from tests.support.standing_system import RUN_WITHIN_SECONDS, StandingSystem


@pytest.mark.long
def test_an_operator_has_a_study_loaded_again(browser: Browser, standing_system: StandingSystem) -> None:
    system = standing_system
    (load,) = system.query(
        "select scope, release_version from ops.load where source = 'immport' and state = 'published'"
        " order by release_key desc, load_id limit 1"
    )
    with browser.new_context(base_url=system.address) as context:
        context.set_default_timeout(PAGE_WITHIN_MILLISECONDS)
        page = context.new_page()
        sign_in(page, system.address, OPERATOR.name, system.passwords[OPERATOR.name])
        page.get_by_role("link", name="Warehouse").click()
        shown = page.frame_locator("iframe")
        expect(shown.get_by_role("link", name=load.release_version, exact=True).first).to_be_visible()
        shown.get_by_role("navigation").get_by_role("link", name="Studies", exact=True).click()
        shown.get_by_role("link", name=load.scope, exact=True).click()
        shown.get_by_text("What you can do").click()
        shown.locator(f"a[href*='{MOUNT}/actions/reload?']").click()
        shown.get_by_label("Reason").fill("to see it once more")
        shown.get_by_role("button", name="start a run").click()
        # The page looks again by itself, until the run has ended.
        expect(shown.locator("p.trust.good")).to_be_visible(timeout=RUN_WITHIN_SECONDS * 1000)
        shown.get_by_role("link", name="The run in Airflow").click()
        expect(page.get_by_text("Success").first).to_be_visible()
    (run,) = [item for item in system.settled() if item["triggering_user_name"] == OPERATOR.name]
    assert (run["dag_id"], run["state"]) == (RELEASE, "success")
    assert "to see it once more" in run["note"]
    (published,) = system.query(
        "select count(*) from ops.load where scope = :study and state = 'published'", study=load.scope
    )
    assert published[0] == 2
