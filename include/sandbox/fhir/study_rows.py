"""Rows of one study of a world, as its resources are made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from include.sandbox.row import Row
from include.sandbox.world import Test
from include.sources.release import Release

HUMAN = "Homo sapiens"


@dataclass(frozen=True)
class StudyRows:
    """Rows of one study at one release, as the API has them.

    :param rows: gives those of an endpoint.
    """

    accession: str
    rows: Callable[[str], Iterable[Row]]

    @property
    def document(self) -> Row:
        """The study's own row."""
        return next(iter(self.rows("study")), {})

    def people(self) -> Iterator[Row]:
        """Rows of subjects that are people."""
        return (row for row in self.rows("demographic") if row.get("species") == HUMAN)


def study_rows(
    rows: Callable[[str, str, Release, tuple[Test, ...]], Iterable[Row]], study: str, release: Release
) -> StudyRows:
    """The rows of a study of a world."""
    return StudyRows(study, lambda endpoint: rows(endpoint, study, release, ()))
