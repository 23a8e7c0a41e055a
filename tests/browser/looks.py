"""How pages look: at three widths, in two themes, on paper, and to who cannot see them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlencode

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, PdfMargins, expect

from operations.page import MOUNT, WebPage
from operations.registry import PAGES

THEMES = ("light", "dark")
#: A desk, a tablet, a phone.
WIDTHS = (1280, 768, 320)
#: Axe looks at the first and the last: what it finds at one between is found at these.
AXE_WIDTHS = (WIDTHS[0], WIDTHS[-1])
#: What axe-core counts as keeping people from a page.
GRAVE = {"serious", "critical"}
#: Within the margins of A4, at 96 pixels an inch.
PAPER_WIDTH = 703
_MARGINS: PdfMargins = {"top": "12mm", "right": "12mm", "bottom": "12mm", "left": "12mm"}
#: What paper cannot do: links between pages, choices, and what shows while a pointer rests on a cell.
_NOT_ON_PAPER = "header, form, .pager, button, .skip, script, .reason, .u-value, .u-series:first-child"
_HIDDEN_TEXTS = """dropped => {
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
        const node = walker.currentNode, at = node.parentElement;
        if (!node.textContent.trim() || at.closest(dropped)) continue;
        if (!at.checkVisibility({ visibilityProperty: true, opacityProperty: true })) {
            found.push(node.textContent.trim().slice(0, 80));
        }
    }
    return found;
}"""
#: How bright the page is behind and in its text, 0 to 1.
_BRIGHTNESS = """() => {
    const style = getComputedStyle(document.body);
    return [style.backgroundColor, style.color].map((text) => {
        const [red, green, blue] = text.match(/[0-9.]+/g).map(Number);
        return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
    });
}"""


def addresses(
    about: Mapping[str, str], of_pages: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> list[str]:
    """Every page with its subject, and the page of an action; no page of whose subject nothing is known.

    :param about: what a page that is about something is opened with, by parameter.
    :param of_pages: the same of single pages, by their names.
    """
    scope = urlencode({name: about[name] for name in ("source", "scope")})
    return [
        *(
            _address(page, {**about, **of_pages.get(page.name, {})})
            for page in PAGES
            if not page.subject or about.keys() & set(page.subject)
        ),
        f"{MOUNT}/actions/reload?{scope}",
    ]


def _address(page: WebPage, about: Mapping[str, str]) -> str:
    given = {name: about[name] for name in page.subject if name in about}
    return f"{MOUNT}{page.path}" + (f"?{urlencode(given)}" if given else "")


def console_errors(message: ConsoleMessage) -> list[str]:
    """What a browser reports of a page as an error."""
    return [f"{message.location['url']}: {message.text}"] if message.type == "error" else []


def open_whole(page: Page, path: str) -> Iterator[str]:
    """Open a page; what is wrong with its answer.

    A tab stands below a heading of Airflow, any other page has its own.
    """
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    answer = page.goto(path)
    assert answer is not None
    if answer.status != 200:
        yield f"{path}: {answer.status}"
    if "/tabs/" not in path:
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def whole(page: Page, paths: Iterable[str], pictures: Path) -> list[str]:
    """What is wrong with pages on screens and on paper, with pictures of both."""
    faults: list[str] = []
    axe = Axe()
    pictures.mkdir(parents=True, exist_ok=True)
    page.on("console", lambda message: faults.extend(console_errors(message)))
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
    for path in paths:
        faults.extend(open_whole(page, path))
        faults.extend(at_every_width(page, axe, pictures))
        faults.extend(on_paper(page, pictures))
    return faults


def at_every_width(page: Page, axe: Axe, pictures: Path | None = None) -> Iterator[str]:
    """What is wrong with the open page at each width: wider than its window, or keeping people from it.

    :param pictures: folder of a picture at each width.
    """
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        needed = page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            yield f"{page.url} is {needed} pixels wide in a window of {width}"
        if width in AXE_WIDTHS:
            for found in _grave(axe, page):
                yield f"{page.url} at {width}: {found}"
        if pictures:
            page.screenshot(
                path=pictures / f"{name_of(page)}-{width}.png", full_page=True, animations="disabled"
            )


def on_paper(page: Page, pictures: Path) -> Iterator[str]:
    """What is wrong with the open page on paper: something is hidden, cut off, or light on white."""
    page.set_viewport_size({"width": PAPER_WIDTH, "height": 900})
    page.emulate_media(media="print")
    needed = page.evaluate("document.documentElement.scrollWidth")
    if needed > PAPER_WIDTH:
        yield f"{page.url} is {needed} pixels wide on paper of {PAPER_WIDTH}"
    for text in page.evaluate(_HIDDEN_TEXTS, _NOT_ON_PAPER):
        yield f"{page.url} hides on paper: {text}"
    ground, text = page.evaluate(_BRIGHTNESS)
    if ground < 0.95 or text > 0.3:
        yield f"{page.url} is printed with a ground of brightness {ground:.2f} and text of {text:.2f}"
    page.screenshot(path=pictures / f"{name_of(page)}-print.png", full_page=True, animations="disabled")
    page.pdf(path=pictures / f"{name_of(page)}.pdf", format="A4", print_background=False, margin=_MARGINS)
    page.emulate_media(media="screen")


def name_of(page: Page) -> str:
    """What pictures of the open page are called."""
    return re.sub(r"\W+", "-", page.url.partition(MOUNT)[2].partition("?")[0]).strip("-")


def _grave(axe: Axe, page: Page) -> list[str]:
    found = axe.run(page).response["violations"]
    return [
        f"{item['id']}: {node['html'][:200]}: {node['failureSummary'][-300:]}"
        for item in found
        if item["impact"] in GRAVE
        for node in item["nodes"][:2]
    ]
