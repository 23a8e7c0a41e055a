"""A browser without a window, and the way through Airflow's sign-in."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright

#: Browsers of the system; without one, the browser that `playwright install chromium` downloads.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: The browser requests nothing but what the page does.
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # a container's root may not use it
]


class NoBrowserError(RuntimeError):
    """No browser is installed."""


@contextlib.contextmanager
def launched_browser(playwright: Playwright) -> Iterator[Browser]:
    """Launch a browser of the system, or playwright's own.

    :raises NoBrowserError: there is neither.
    """
    path = next(filter(None, map(shutil.which, BROWSERS)), playwright.chromium.executable_path)
    if not Path(path).exists():
        raise NoBrowserError(f"no browser is installed: neither {', '.join(BROWSERS)} nor playwright's own")
    with playwright.chromium.launch(executable_path=path, args=ARGUMENTS) as browser:
        yield browser


def sign_in(page: Page, address: str, user: str, password: str) -> None:
    """Sign in by Airflow's form, as a person does.

    :param address: of Airflow's page, such as `http://127.0.0.1:8080`.
    """
    page.goto(f"{address}/auth/login")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(f"{address}/")
