"""Image documents made of what IMPC's portal answers, out of a folder; for tests with real records.

The portal nests images in records of their gene, procedure and parameter, and names fields in its own way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from include.sandbox.row import Row
from include.sources.endpoint import snake_case
from include.sources.impc.fields import FIELDS
from include.sources.impc.release import ImpcRelease

_KNOWN = frozenset(item.name for item in FIELDS)
#: Names of the portal that are not those of the core in another spelling.
_NAMES = {
    "mgi_gene_accession_id": "gene_accession_id",
    "phenotyping_centre": "phenotyping_center",
}


def documents_of(path: Path) -> Iterator[Row]:
    """The documents that the records of a file show, each key of the core with the value as answered."""
    for record in json.loads(path.read_text(encoding="utf-8")):
        around = _of_core({name: value for name, value in record.items() if name != "images"})
        around.pop("id", None)  # of the record, not of a document
        for place, image in enumerate(record.get("images") or [record]):
            row = {**around, **_of_core(image)}
            if "observation_id" not in row:
                # A summary of several images: known by what it shows.
                named = json.dumps([path.name, place, image], sort_keys=True).encode()
                row["observation_id"] = hashlib.md5(named, usedforsecurity=False).hexdigest()
            yield row


def _of_core(found: Mapping[str, Any]) -> Row:
    """Fields of the core among the keys of the portal; the terms and associations become arrays."""
    row: Row = {}
    for name, value in found.items():
        field = _NAMES.get(snake_case(name), snake_case(name))
        if field in _KNOWN and value not in (None, []) and not isinstance(value, list | dict):
            row[field] = value
    if terms := found.get("anatomyTerms"):
        row["anatomy_id"] = [item["termId"] for item in terms]
        row["anatomy_term"] = [item["termName"] for item in terms]
    if parameters := found.get("associatedParameters"):
        row["parameter_association_stable_id"] = [item.get("stableId") for item in parameters]
        row["parameter_association_name"] = [item.get("name") for item in parameters]
        row["parameter_association_value"] = [item.get("value") for item in parameters]
        sequences = [item.get("associationSequenceId") for item in parameters]
        if known := [item for item in sequences if item is not None]:
            row["parameter_association_sequence_id"] = known
    return row


class FolderImages:
    """The documents of all JSON files of a folder whose records have images.

    :raises ValueError: there is no such folder, or no image in it.
    """

    releases: Sequence[ImpcRelease] = (ImpcRelease(24, 0),)

    def __init__(self, folder: Path) -> None:
        files = sorted(folder.glob("*images*.json"))
        self._rows = [
            row for path in files if not path.name.endswith("fields.json") for row in documents_of(path)
        ]
        if not self._rows:
            raise ValueError(f"{folder}: no such folder, or no images in it")

    def numbers(self, release: ImpcRelease) -> Sequence[int]:
        """See `ImageWorld`."""
        return range(len(self._rows))

    def document(self, number: int, release: ImpcRelease) -> Row:
        """See `ImageWorld`."""
        return self._rows[number]

    def centre(self, number: int, release: ImpcRelease) -> str | None:
        """See `ImageWorld`."""
        centre = self._rows[number].get("phenotyping_center")
        return None if centre is None else str(centre)

    def file(self, address: str) -> bytes | None:
        """See `ImageWorld`: of real records there are no files."""
        return None
