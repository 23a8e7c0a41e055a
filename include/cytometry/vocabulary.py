"""The names of markers: what an analyte or another marker is called, and its preferred name.

A vocabulary is data with a version. `published_tables` reads one from ImmPort's published tables, `lookups`
makes one of ImmPort's lookup tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict

#: Taxonomy ids of the two species that ImmPort has analytes of: all others borrow the names of one of them.
HUMAN, MOUSE = "9606", "10090"


class VocabularyError(ValueError):
    """There are no names to look up, or they cannot be read; the message says where and why."""


@dataclass(frozen=True)
class Marker:
    """What a name means.

    :param preferred: the name that ImmPort prefers, hCD3E.
    :param accession: of the analyte, ANA809; None for what is not an analyte, such as viable.
    """

    preferred: str
    accession: str | None = None


@dataclass(frozen=True)
class Analyte:
    """One name of an analyte in one species."""

    name: str
    marker: Marker
    taxonomy_id: str


@dataclass(frozen=True)
class Species:
    """A species and the group whose analytes it has.

    :param taxonomy_id: the species' own.
    :param group: taxonomy id of the species that names the analytes.
    """

    name: str
    common_name: str
    taxonomy_id: str
    group: str


@dataclass(frozen=True)
class Names:
    """The names that hold for one species. Names are compared whole and exactly, case included.

    :param is_known_species: whether the species is in a group: without one, there are no analytes.
    """

    is_known_species: bool
    analytes: Mapping[str, Marker]
    others: Mapping[str, Marker]

    @cached_property
    def longest(self) -> int:
        """Characters of the longest name."""
        return max(map(len, (*self.analytes, *self.others)), default=0)

    @cached_property
    def _others_by_length(self) -> list[str]:
        return sorted(filter(None, self.others), key=len, reverse=True)

    def find(self, text: str) -> Marker | None:
        """What a text means, None when it is not a name."""
        if len(text) > self.longest:  # hashing a long text again and again would not be linear
            return None
        return self.analytes.get(text) or self.others.get(text)

    def other_inside(self, text: str) -> tuple[str, int] | None:
        """The longest name of a marker other than an analyte in a text, and where it begins.

        Of several as long, the first in the text.
        """
        found: tuple[str, int] | None = None
        for name in self._others_by_length:
            if found and len(name) < len(found[0]):
                break
            place = text.find(name)
            if place >= 0 and (found is None or place < found[1]):
                found = name, place
        return found


class VocabularyNames(TypedDict):
    """The contents of a vocabulary, in lists and texts alone.

    :ivar analytes: taxonomy id of the group, name, preferred name, accession.
    :ivar others: name, preferred name, accession.
    :ivar groups: taxonomy id of the group by each name of a species, in lower case.
    """

    analytes: list[tuple[str, str, str, str | None]]
    others: list[tuple[str, str, str | None]]
    groups: dict[str, str]


class Vocabulary:
    """The names for all species, never changed once made.

    :param source: where the names are from, for reports.
    :raises VocabularyError: there is neither an analyte nor another marker.
    """

    def __init__(
        self,
        source: str,
        analytes: Iterable[Analyte],
        others: Mapping[str, Marker],
        species: Iterable[Species],
    ) -> None:
        self.source = source
        self._others = dict(others)
        self._analytes: dict[str, dict[str, Marker]] = {}
        for analyte in analytes:
            self._analytes.setdefault(analyte.taxonomy_id, {}).setdefault(analyte.name, analyte.marker)
        self._groups: dict[str, str] = {}
        for item in species:
            for name in (item.taxonomy_id, item.name, item.common_name):
                self._groups.setdefault(name.casefold(), item.group)
        if not self._others and not self._analytes:
            raise VocabularyError(f"{source}: there is no name of a marker")
        self._names: dict[str | None, Names] = {}

    def names(self, species: str) -> Names:
        """The names for a species: its name, common name or taxonomy id, in any case.

        A species outside all groups has no analytes, only the other markers.
        """
        group = self._groups.get(species.strip().casefold())
        if group not in self._names:
            analytes = self._analytes.get(group or "", {})
            self._names[group] = Names(group is not None, analytes, self._others)
        return self._names[group]

    @classmethod
    def of_names(cls, source: str, names: VocabularyNames) -> Vocabulary:
        """The vocabulary that `names` was taken from, with the same version."""
        analytes = (
            Analyte(name, Marker(preferred, accession), taxonomy_id)
            for taxonomy_id, name, preferred, accession in names["analytes"]
        )
        others = {name: Marker(preferred, accession) for name, preferred, accession in names["others"]}
        made = cls(source, analytes, others, ())
        made._groups = dict(names["groups"])
        return made

    def as_names(self) -> VocabularyNames:
        """All that the vocabulary consists of, for JSON."""
        return {
            "analytes": [
                (group, name, marker.preferred, marker.accession)
                for group, names in self._analytes.items()
                for name, marker in names.items()
            ],
            "others": [(name, marker.preferred, marker.accession) for name, marker in self._others.items()],
            "groups": self._groups,
        }

    @property
    def size(self) -> tuple[int, int]:
        """How many names of analytes, of other markers."""
        return sum(map(len, self._analytes.values())), len(self._others)

    @cached_property
    def version(self) -> str:
        """Digest of the names, their meaning and the groups: the same wherever they are from."""
        lines = [
            *(_line(group, *item) for group, names in self._analytes.items() for item in names.items()),
            *(_line("", *item) for item in self._others.items()),
            *(f"{name}\t{group}" for name, group in self._groups.items()),
        ]
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:12]

    def __str__(self) -> str:
        analytes, others = self.size
        names = f"{analytes:,} names of analytes, {others:,} of other markers"
        return f"{self.source}: version {self.version}, {names}"


def _line(group: str, name: str, marker: Marker) -> str:
    return "\t".join((group, name, marker.preferred, marker.accession or ""))
