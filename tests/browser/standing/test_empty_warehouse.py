"""A warehouse that nothing was loaded into: each page says so, and the first one what to do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from immport_provider.dag_names import RELEASE
from include.local.standing.accounts import OPERATOR
from operations.page import MOUNT
from operations.registry import PAGES
from tests.browser.conftest import PAGE_WITHIN_MILLISECONDS
from tests.browser.looks import open_whole
from tests.support.browser import sign_in
from tests.support.standing_system import StandingSystem

pytestmark = pytest.mark.long


def test_pages_of_an_empty_warehouse_say_what_to_do(
    browser: Browser, standing_system: StandingSystem
) -> None:
    system = standing_system
    with system.emptied(), browser.new_context(base_url=system.address) as context:
        context.set_default_timeout(PAGE_WITHIN_MILLISECONDS)
        page = context.new_page()
        sign_in(page, system.address, OPERATOR.name, system.passwords[OPERATOR.name])
        page.get_by_role("link", name="Warehouse", exact=True).click()
        shown = page.frame_locator("iframe")
        start = shown.get_by_role("region", name="ImmPort Shared Data")
        expect(start).to_contain_text("Nothing was loaded yet")
        page.screenshot(path=system.pictures / "empty-overview.png")
        start.get_by_role("link", name=RELEASE).click()
        expect(page.get_by_test_id("trigger-dag-button")).to_be_visible()
        faults: list[str] = []
        for item in (item for item in PAGES if item.in_nav):
            faults += open_whole(page, f"{MOUNT}{item.path}")
            page.screenshot(path=system.pictures / f"empty-{item.name}.png", full_page=True)
        assert not faults, "\n".join(faults)
    with browser.new_context(base_url=system.address) as context:
        page = context.new_page()
        sign_in(page, system.address, OPERATOR.name, system.passwords[OPERATOR.name])
        page.goto(f"{MOUNT}/overview")
        expect(page.get_by_text("Nothing was loaded yet")).to_have_count(0)
