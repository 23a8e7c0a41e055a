"""Texts that users read keep to plain terms of the field, as docs/glossary.md has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.quality import audit_checks
from include.warehouse.marts import marts
from include.warehouse.schema.ops_tables import metadata
from include.warehouse.views.star import definitions

ROOT = Path(__file__).parents[2]
#: What must not stand in such a text, and what to write instead.
WORDS = {
    r"(?<!-)\b(told|tells|untold)\b": "reported, states, shows, unknown",
    r"\bsets? aside\b": "quarantined",
    r"\b(held|kept) back\b": "withheld, put on hold",
    r"\bwithout a word\b": "without an error, without a final status",
    r"\bthe book of\b|\bcloses the book\b": "run ledger, finalises the run",
    r"\bpaperwork\b": "study documents",
    r"\bwish(es)?\b": "preference, filter",
    r"(?<!describes )\bnobody\b(?!`)": "the passive, or who does not",
    r"\bwell or ill\b": "whether it succeeded or failed",
    r"\bof before\b": "earlier, from before",
    r"\bleft alone\b": "not changed, circuit open",
    r"\bties to\b|\btie\b": "bridge",
    r"(?<!here )\bis no (?!longer\b)(?!more\b)": "is not a",
    r"\bnot told\b": "not reported",
}
_PAGES = [
    ROOT / "README.md",
    ROOT / "Makefile",
    ROOT / ".env.example",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "dags").glob("*.py")),
]


def _comments() -> Iterator[tuple[str, str]]:
    """By the name of what it describes, each text that the catalogue of a warehouse shows."""
    for table in metadata.tables.values():
        yield table.fullname, table.comment or ""
        yield from ((f"{table.fullname}.{item.name}", item.comment or "") for item in table.columns)
    for name, about, _, columns in definitions():
        yield name, about
        yield from ((f"{name}.{column}", meaning) for column, meaning, _ in columns)
    for mart in marts():
        yield mart.name, mart.comment
        yield from ((f"{mart.name}.{column.name}", column.meaning) for column in mart.columns)
    for check in audit_checks.checks():
        yield f"{check.check_id} of {check.relation}", check.meaning


def _found(text: str) -> list[str]:
    flat = " ".join(text.split())
    return [
        f"{match[0]!r} in {flat[max(0, match.start() - 40) : match.end() + 20]!r}: write {instead}"
        for pattern, instead in WORDS.items()
        for match in re.finditer(pattern, flat, re.IGNORECASE)
    ]


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_and_dags_use_the_words_of_the_glossary(page: Path) -> None:
    assert _found(page.read_text()) == []


def test_comments_and_checks_use_the_words_of_the_glossary() -> None:
    assert [f"{name}: {finding}" for name, text in _comments() for finding in _found(text)] == []


def test_the_glossary_stays_short() -> None:
    rows = re.findall(r"^\| (?!word |---)", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)
    assert 10 <= len(rows) <= 25
