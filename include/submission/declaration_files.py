"""Where templates and their vocabularies are: in one folder or zip file, or beside each other."""

from __future__ import annotations

import os
from pathlib import Path

from include.submission.templates.declarations import DeclarationsError, Templates, read_templates
from include.submission.templates.vocabularies import LOOKUPS, Vocabularies, read_vocabularies


def read_declarations(place: Path, lookups: Path | None = None) -> tuple[Templates, Vocabularies]:
    """Templates, and the vocabularies that they name.

    :param lookups: where the vocabularies are; without it, with the templates or in `lookups` next to them.
    :raises DeclarationsError: one of them cannot be read.
    """
    templates = read_templates(place)
    if lookups is not None:
        return templates, read_vocabularies(lookups)
    if place.is_dir() and any(place.rglob(LOOKUPS)):
        return templates, read_vocabularies(place)
    near = [
        place.parent / LOOKUPS,
        place.parent / "lookups" / LOOKUPS,
        place.parent.parent / "lookups" / LOOKUPS,
    ]
    found = next((path for path in near if path.exists()), place)
    return templates, read_vocabularies(found)


def offline_place() -> Path:
    """Where the templates are that lie beside the real data of the tests, for whoever names none.

    :raises DeclarationsError: there are none.
    """
    data = os.environ.get("IMMPORT_TEST_DATA")
    if data and (offline := Path(data, "immport", "templates")).is_dir():
        return offline
    raise DeclarationsError(
        "no templates: give TEMPLATES=DIR or FILE with ImmPort's templates.json, and lkTables.json beside it"
        " or LOOKUPS=FILE. ImmPort gives them to whoever may upload to a workspace:"
        " GET /data/upload/documentation/templates/{workspaceId}"
    )
