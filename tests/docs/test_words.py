"""Texts that users read, code and names keep to plain terms of the field, as docs/glossary.md has them."""

from __future__ import annotations

import ast
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
    r"(?<!describes )\bnobody\b(?![`\"])": "the passive, or who does not",
    r"\bwell or ill\b": "whether it succeeded or failed",
    r"\bof before\b": "earlier, from before",
    r"\bleft alone\b": "not changed, circuit open",
    r"\bties to\b|\btie\b": "bridge",
    r"(?<!here )\bis no (?!longer\b)(?!more\b)": "is not a",
    r"\bnot told\b": "not reported",
    r"\basks for\b|(?<!can be )\basked for\b": "requires, requested",
}
#: The same for the parts of a name, and what to name it instead.
PARTS_OF_NAMES = {
    "tell tells told untold telling": "report, describe, message",
    "asks asked asking unasked": "request, query, call",
    "tie ties tied": "bridge",
    "piece pieces": "part",
    "sheet sheets": "package table",
    "paperwork": "study documents",
    "shelf shelved": "archive files",
    "cohort": "subjects",
    "wish wishes": "preference, filter",
}
#: Names that others gave: fields of manifests, columns of ops, methods of files and workbooks.
_STORED = {"piece", "pieces", "tell", "create_sheet", "sheet_state"}
_PAGES = [
    ROOT / "README.md",
    ROOT / "Makefile",
    ROOT / ".env.example",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "docs").rglob("*.svg")),
    *sorted((ROOT / "dags").glob("*.py")),
]
_SOURCES = [
    path
    for folder in ("include", "plugins")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".sql"} and "migrations/versions" not in str(path)
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


def test_messages_comments_and_docstrings_use_the_words_of_the_glossary() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {finding}"
        for path in _SOURCES
        # A line of a comment goes on in the next one.
        for finding in _found(re.sub(r"\n\s*(#:?|--) ", " ", path.read_text()))
        if "nobody" not in finding.lower()  # an account of Unix, and who else a comment is about
    ]
    assert found == []


def _names(tree: ast.Module) -> Iterator[str]:
    """What a module defines or binds, tests and their arguments included, and what it imports."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name
            case ast.ImportFrom(module=str(name)):
                yield name


def _parts(name: str) -> set[str]:
    """The words of a name: `AskedOnce` and `asked_once` have the same."""
    return set(re.split(r"[_.]", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()))


@pytest.mark.parametrize("folder", ["include", "plugins", "dags", "benchmarks", "tests"])
def test_names_use_the_words_of_the_glossary(folder: str) -> None:
    instead = {word: names for words, names in PARTS_OF_NAMES.items() for word in words.split()}
    found = {
        f"{path.relative_to(ROOT)}: {name}: write {instead[word]}"
        for path in (ROOT / folder).rglob("*.py")
        if "migrations/versions" not in str(path)
        for name in {path.stem, *_names(ast.parse(path.read_text()))} - _STORED
        for word in _parts(name) & instead.keys()
    }
    assert found == set()


def test_names_of_columns_use_the_words_of_the_glossary() -> None:
    of_marts = {column.name for mart in marts() for column in mart.columns}
    of_views = {column for _, _, _, columns in definitions() for column, _, _ in columns}
    instead = {word: names for words, names in PARTS_OF_NAMES.items() for word in words.split()}
    found = {name for name in of_marts | of_views if _parts(name) & instead.keys()}
    assert found == set()


@pytest.mark.parametrize("name", ["was_told", "AskedOnce", "_pieces_of", "immport.tie", "Paperwork"])
def test_a_name_is_judged_by_its_words(name: str) -> None:
    assert _parts(name) & set(" ".join(PARTS_OF_NAMES).split())


def test_the_glossary_stays_short() -> None:
    rows = re.findall(r"^\| (?!word |---)", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)
    assert 10 <= len(rows) <= 25
