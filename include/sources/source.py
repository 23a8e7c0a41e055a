"""The form of a source's declaration: what it is cut into, how it orders its releases, what it offers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeGuard

from include.sources.endpoint import Endpoint
from include.sources.release import FetchLine, ReleaseLine


@dataclass(frozen=True)
class Scope:
    """The kind of unit that a source consists of: a study, a vocabulary, a gene list.

    :param name: its name; the dimension of that name has one member for each.
    :param plural: the same of several, for messages.
    :param pattern: regular expression of its identifiers.
    """

    name: str
    plural: str
    pattern: str

    @property
    def title(self) -> str:
        """What people call one: `gene list`."""
        return self.name.replace("_", " ")

    @property
    def key_column(self) -> str:
        """The column that leads the key of every table of the source: `study_key`."""
        return f"{self.name}_key"

    def is_identifier(self, text: object) -> bool:
        """Whether a text identifies one."""
        return isinstance(text, str) and re.fullmatch(self.pattern, text) is not None


#: For declarations that take a pattern; `is_study` is what decides.
STUDY_PATTERN = "^SDY[1-9][0-9]{0,9}$"

_STUDY = re.compile(r"SDY([1-9][0-9]{0,9})")
_LARGEST = 2**31 - 1


def is_study(text: object) -> TypeGuard[str]:
    """Whether it is a study's accession: SDY and a number of 32 bits, ASCII, without leading zeros."""
    found = _STUDY.fullmatch(text) if isinstance(text, str) else None
    return found is not None and int(found[1]) <= _LARGEST


STUDY = Scope("study", "studies", STUDY_PATTERN)


@dataclass(frozen=True)
class Source:
    """Something that is loaded into the warehouse, scope by scope, release by release.

    :param name: its name in `ops.load.source`, in the landing zone and in settings: `star.as_of_<name>`.
    :param title: what people call it.
    :param scope: what it is cut into.
    :param line: the order of its releases.
    :param endpoints: all that the tables of one scope are made of, by name, in the order of their requests.
    :param paired_fields: two fields that rows repeat together, and the endpoint whose rows pair them.
    """

    name: str
    title: str
    scope: Scope
    line: ReleaseLine
    endpoints: Mapping[str, Endpoint]
    paired_fields: tuple[tuple[str, str, str], ...] = ()

    def __hash__(self) -> int:
        return hash(self.name)

    @cached_property
    def served(self) -> Mapping[str, Endpoint]:
        """The endpoints that are requested; the others come with packages alone."""
        return {name: item for name, item in self.endpoints.items() if item.is_served}

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """Where a field that names a parent has its home: `armAccession` belongs to `arm`."""
        return {item.identifies: item.name for item in self.endpoints.values() if item.identifies}

    @property
    def is_dated_by_fetch(self) -> bool:
        """Whether it has no releases: what it answers is of the moment of the run that fetches it."""
        return isinstance(self.line, FetchLine)

    def references(self, endpoint: Endpoint) -> dict[str, str]:
        """Fields of an endpoint that must exist in another: field name to the endpoint that owns it."""
        names = (item.name for item in endpoint.staged_fields)
        return {
            name: self.homes[name]
            for name in names
            if name in self.homes and self.homes[name] != endpoint.name
        }
