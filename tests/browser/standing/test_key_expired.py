"""A key that has expired and is refused: its reason is two clicks from Airflow's home."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from immport_provider.connection import CONN_ID
from include.local.standing.accounts import OPERATOR, VIEWER
from tests.browser.conftest import PAGE_WITHIN_MILLISECONDS
from tests.support.browser import sign_in
from tests.support.standing_system import StandingSystem

pytestmark = pytest.mark.long

EXPIRED = datetime.now(UTC) - timedelta(days=3)


def expired_key() -> str:
    """A key as ImmPort's are, a signed token, whose time is over."""
    parts: list[dict[str, object]] = [
        {"kid": "sandbox", "alg": "HS256"},
        {"jti": "1", "scope": ["browse", "download"], "exp": int(EXPIRED.timestamp())},
    ]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return b".".join([*encoded, b"signature"]).decode()


@contextmanager
def key_of(system: StandingSystem, key: str) -> Iterator[None]:
    """For the time of a `with`, an operator has put another key into the connection."""
    with system.client(OPERATOR.name) as client:

        def put(password: str) -> None:
            body = {"connection_id": CONN_ID, "conn_type": "immport", "password": password}
            path = f"/api/v2/connections/{CONN_ID}"
            client.patch(path, params={"update_mask": "password"}, json=body).raise_for_status()

        put(key)
        try:
            yield
        finally:
            put(system.sandbox.api_key)


def test_an_expired_key_is_explained_two_clicks_from_home(
    browser: Browser, standing_system: StandingSystem
) -> None:
    system, key = standing_system, expired_key()
    study = system.newest_study()
    system.sandbox.clear_requests()
    with key_of(system, key):
        run = system.run(studies=[study], force=True)
        assert run["state"] == "failed"
        assert {401} == {
            request["status"] for request in system.sandbox.requests() if request["study"] == study
        }
        with browser.new_context(base_url=system.address) as context:
            context.set_default_timeout(PAGE_WITHIN_MILLISECONDS)
            page = context.new_page()
            sign_in(page, system.address, VIEWER.name, system.passwords[VIEWER.name])
            page.get_by_role("link", name="Warehouse", exact=True).click()
            shown = page.frame_locator("iframe")
            reason = f"the API key expired on {EXPIRED:%Y-%m-%d}"
            finding = shown.get_by_role("listitem").filter(has_text=study).filter(has_text=reason)
            expect(finding).to_be_visible()
            page.screenshot(path=system.pictures / "key-expired-overview.png")
            finding.get_by_role("link", name="Show it").click()
            expect(shown.get_by_role("heading", level=1)).to_contain_text(study)
            expect(shown.locator("p.trust")).to_contain_text(reason)
            expect(shown.locator("p.trust")).to_contain_text(f"connection {CONN_ID}")
            page.screenshot(path=system.pictures / "key-expired-study.png")
            assert key not in page.content() + shown.locator("html").inner_html()
            page.goto("/warehouse/sources")
            expect(page.get_by_role("region", name="ImmPort Shared Data")).to_contain_text("expired")
