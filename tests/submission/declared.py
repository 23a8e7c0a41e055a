"""ImmPort's own templates and vocabularies, if they are there."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from include.submission.checks.records import KnownIds
from include.submission.templates.declarations import Template, Templates, read_templates
from include.submission.templates.vocabularies import Vocabularies, read_vocabularies
from include.submission.validate import Validation, validate
from tests.sandbox.data import DATA

TEMPLATES, LOOKUPS = DATA / "immport" / "templates", DATA / "immport" / "lookups"
needs_templates = pytest.mark.skipif(
    not (TEMPLATES.is_dir() and LOOKUPS.is_dir()), reason=f"no templates in {DATA} (IMMPORT_TEST_DATA)"
)
#: Names of all templates, for parameters: none without the data.
NAMES = sorted(template.name for template in read_templates(TEMPLATES)) if TEMPLATES.is_dir() else []


@functools.cache
def templates() -> Templates:
    return read_templates(TEMPLATES)


@functools.cache
def vocabularies() -> Vocabularies:
    return read_vocabularies(LOOKUPS)


def template(name: str) -> Template:
    found = templates().find(name)
    assert found is not None
    return found


def check(place: Path, known: KnownIds | None = None) -> Validation:
    return validate(place, templates(), vocabularies(), known)
