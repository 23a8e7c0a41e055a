"""What an operator does when a key was refused: sees why, has the study loaded again, sees the run finish."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from immport_provider.dag_names import RELEASE
from include.local.standing.accounts import OPERATOR
from operations.page import MOUNT
from tests.browser.conftest import PAGE_WITHIN_MILLISECONDS
from tests.support.browser import sign_in
from tests.support.standing_system import RUN_WITHIN_SECONDS, StandingSystem

pytestmark = pytest.mark.long

REFUSED = "the API key is not accepted: create a new one at"


def test_an_operator_has_a_study_loaded_again_whose_key_was_refused(
    browser: Browser, standing_system: StandingSystem
) -> None:
    system = standing_system
    study = system.newest_study()
    system.sandbox.fault("*", "401", study=study)
    try:
        assert system.run(studies=[study], force=True)["state"] == "failed"
    finally:
        system.sandbox.clear_faults()
    with browser.new_context(base_url=system.address) as context:
        context.set_default_timeout(PAGE_WITHIN_MILLISECONDS)
        page = context.new_page()
        sign_in(page, system.address, OPERATOR.name, system.passwords[OPERATOR.name])
        page.get_by_role("link", name="Warehouse", exact=True).click()
        shown = page.frame_locator("iframe")
        finding = shown.get_by_role("listitem").filter(has_text=study).filter(has_text=REFUSED)
        finding.get_by_role("link", name="Show it").click()
        expect(shown.locator("p.trust")).to_contain_text(REFUSED)
        shown.get_by_text("What you can do").click()
        page.screenshot(path=system.pictures / "operator-study.png")
        shown.locator(f"a[href*='{MOUNT}/actions/retry?']").click()
        shown.get_by_label("Reason").fill("the key is accepted again")
        page.screenshot(path=system.pictures / "operator-action.png")
        shown.get_by_role("button", name="start a run").click()
        # The page looks again by itself, until the run has ended.
        expect(shown.locator("p.trust.good")).to_be_visible(timeout=RUN_WITHIN_SECONDS * 1000)
        page.screenshot(path=system.pictures / "operator-finished.png")
        shown.get_by_role("link", name="The run in Airflow").click()
        expect(page.get_by_text("Success").first).to_be_visible()
        page.goto("/plugin/warehouse")
        expect(shown.get_by_role("heading", level=1)).to_be_visible()
        expect(finding).to_have_count(0)
    (run,) = [item for item in system.settled() if "the key is accepted again" in (item["note"] or "")]
    assert (run["dag_id"], run["state"]) == (RELEASE, "success")
    assert run["triggering_user_name"] == OPERATOR.name
    # The release was here already: with the key accepted, nothing is left to do for the study.
    decided = system.query(
        "select action from ops.work where run_id = :run and scope = :study",
        run=f"{RELEASE}/{run['dag_run_id']}", study=study,
    )  # fmt: skip
    assert decided == [("keep",)]
