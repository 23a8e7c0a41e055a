"""What the pages say can be followed: links, make targets, SQL."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from include.local.server import Server
from include.warehouse.migrate import upgrade

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_SQL = [ROOT / "README.md", ROOT / "docs/star.md", ROOT / "docs/operations.md", ROOT / "docs/runbook.md"]
#: A page names no path of one machine and no open work.
FORBIDDEN = ("/work", "TODO", "FIXME", "XXX")

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|\b(?:src|srcset|href)=\"([^\"]+)\"")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_TARGET = re.compile(r"\bmake (?:-s )?([a-z][a-z-]*)\b")
#: `make it`, in a sentence: only code is a command.
_CODE = re.compile(r"`([^`\n]+)`")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text())


def _anchors(page: Path) -> set[str]:
    headings = _HEADING.findall(_prose(page))
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def _blocks(page: Path, language: str) -> Iterator[str]:
    return (body for kind, body in _FENCE.findall(page.read_text()) if kind == language)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in (one or other for one, other in _LINK.findall(_prose(page))):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in _anchors(target)):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_make_target_exists(page: Path) -> None:
    known = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = page.read_text()
    code = [*_CODE.findall(_FENCE.sub("", text)), *(body for _, body in _FENCE.findall(text))]
    named = {target for part in code for target in _TARGET.findall(part)}
    assert named <= known


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_no_page_holds_a_forbidden_word(page: Path) -> None:
    assert [word for word in FORBIDDEN if word in page.read_text()] == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = (one or other for one, other in _LINK.findall(_prose(page)))
        waiting += [
            (page.parent / link.partition("#")[0]).resolve()
            for link in links
            if "://" not in link and not link.startswith("#")
        ]
    assert [_name(page) for page in PAGES if page not in reached] == []


@pytest.fixture(scope="module")
def warehouse(postgres: Server) -> Iterator[sa.Engine]:
    """An empty warehouse that knows two releases, shared by the blocks: what they do is rolled back."""
    name = f"test_{os.getpid()}_docs"
    url = postgres.ensure_database(name)
    upgrade(url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into history.data_release values"
            " (500000, 'DR50', '2023-12-15'), (510000, 'DR51', '2024-03-28')"
        )
    yield engine
    postgres.drop_database(name)


_SQL = [
    pytest.param(body, id=f"{_name(page)}-{number}")
    for page in WITH_SQL
    for number, body in enumerate(_blocks(page, "sql"), start=1)
]


def test_the_pages_hold_sql() -> None:
    assert len(_SQL) >= 10


@pytest.mark.parametrize("statements", _SQL)
def test_every_sql_block_runs(warehouse: sa.Engine, statements: str) -> None:
    with warehouse.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql(statements.replace("%", "%%"))
        transaction.rollback()


def test_the_reported_make_help_lists_what_the_readme_names() -> None:
    shown = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    listed = set(re.findall(r"^  make ([a-z-]+)", shown, re.MULTILINE))
    readme = (ROOT / "README.md").read_text()
    assert [target for target in listed if f"`make {target}`" not in readme] == []
