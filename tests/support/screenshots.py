"""The pictures of the README: pages of a standing system that loaded two releases, in a real browser.

`python -m tests.support.screenshots` takes them anew. Beside them it notes what the pages were made of, by
which a test finds pictures that are older than the pages.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from immport_provider.dag_names import RELEASE
from include.local.paths import ROOT
from include.local.standing.accounts import VIEWER
from include.local.standing.greeting import OVERVIEW
from tests.support.browser import NoBrowserError, launched_browser, sign_in
from tests.support.standing_system import StandingSystem, running_standing_system

FOLDER = ROOT / "docs/screenshots"
#: Digest of the pages at the time of the pictures.
NOTE = FOLDER / "made_of.json"
SOURCES = ROOT / "plugins/operations"
#: What decides how a page looks; what belongs to others changes with its version.
KINDS = (".css", ".html", ".js", ".py", ".sql", ".svg")
#: The world of `make up` when nothing else is given.
STUDIES, ROWS = 8, 60
SIZE: ViewportSize = {"width": 1440, "height": 900}
_PAGE_WITHIN_MILLISECONDS = 60_000


@dataclass(frozen=True)
class Picture:
    """A picture of the README.

    :param path: of the page in Airflow; `{run}` is the run that loaded the newest release.
    """

    file: str
    path: str


PICTURES = (
    Picture("overview.png", OVERVIEW),
    Picture("run.png", f"/dags/{RELEASE}/runs/{{run}}/plugin/warehouse-dag-run"),
)


def digest(sources: Path = SOURCES) -> str:
    """SHA-256 of names and bytes of all files that decide how the pages look."""
    found = hashlib.sha256()
    for path in sorted(sources.rglob("*")):
        if path.suffix in KINDS and "vendor" not in path.parts:
            found.update(f"{path.relative_to(sources)}\n{path.stat().st_size}\n".encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def take(system: StandingSystem, run: str, folder: Path) -> None:
    """Take all pictures of a system, as its viewer sees it.

    :param run: id of the run that loaded the newest release.
    """
    with _signed_in(system) as page:
        for picture in PICTURES:
            page.goto(system.address + picture.path.format(run=quote(run, safe="")))
            frame = page.frame_locator("iframe")
            expect(frame.locator("main")).to_be_visible()
            page.wait_for_load_state("networkidle")
            expect(frame.locator("[aria-busy=true]")).to_have_count(0)
            page.screenshot(path=folder / picture.file, animations="disabled")


@contextmanager
def _signed_in(system: StandingSystem) -> Iterator[Page]:
    with (
        sync_playwright() as playwright,
        launched_browser(playwright) as browser,
        # One zone and one language: the pictures do not depend on the machine.
        browser.new_context(
            viewport=SIZE, color_scheme="light", timezone_id="UTC", locale="en-GB", device_scale_factor=1
        ) as context,
    ):
        context.set_default_timeout(_PAGE_WITHIN_MILLISECONDS)
        expect.set_options(_PAGE_WITHIN_MILLISECONDS)
        page = context.new_page()
        sign_in(page, system.address, VIEWER.name, system.passwords[VIEWER.name])
        yield page


def main() -> int:
    """Take the pictures and note what they were made of; the exit status."""
    argparse.ArgumentParser(prog="python -m tests.support.screenshots", description=__doc__).parse_args()
    FOLDER.mkdir(exist_ok=True)
    before = digest()
    try:
        with (
            tempfile.TemporaryDirectory() as var,
            running_standing_system(Path(var), STUDIES, ROWS) as system,
        ):
            system.make("next-release").check_returncode()
            run = system.run()
            system.settled()
            take(system, run["dag_run_id"], FOLDER)
    except NoBrowserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    NOTE.write_text(json.dumps({"plugins/operations": before}, indent=2) + "\n")
    print(f"Wrote {', '.join(str(FOLDER / picture.file) for picture in PICTURES)}: look at them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
