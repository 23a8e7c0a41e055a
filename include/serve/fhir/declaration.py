"""The form of a declaration: a resource is a query of the star, and what versions make of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from include.serve.fhir.elements import Elements
from include.serve.fhir.version import SERVED
from include.sources.fhir.vocabulary import FhirVersion


class SearchKind(StrEnum):
    """How the values of a search parameter are written."""

    TOKEN = "token"  # noqa: S105 - the name of a kind of parameter
    REFERENCE = "reference"
    STRING = "string"


@dataclass(frozen=True)
class SearchParameter:
    """A parameter by which a resource is searched.

    :param sql: name of the query's parameter: the wanted values as a text array, or null for all. A `STRING`
        is a pattern of `ilike` there. Without a name every resource has all of `codes`.
    :param systems: of a token: those that it can have; none where it may be written with any.
    :param codes: of a token, each code with what the query calls it; others match nothing.
    :param target: of a reference, the type that it refers to.
    :param may_repeat: a resource has one value at most, so that values which are all wanted are their
        intersection. Without it a parameter may be given once only.
    """

    name: str
    kind: SearchKind
    sql: str | None
    meaning: str
    systems: tuple[str, ...] = ()
    codes: Mapping[str, str] | None = None
    target: str | None = None
    may_repeat: bool = True
    versions: tuple[FhirVersion, ...] = SERVED


@dataclass(frozen=True)
class Include:
    """References that a search may follow, so that what they lead to comes with its page.

    :param elements: elements that hold them; of several, a resource has those of its version.
    :param targets: types that they may lead to.
    """

    elements: tuple[str, ...]
    targets: tuple[str, ...]
    versions: tuple[FhirVersion, ...] = SERVED


@dataclass(frozen=True)
class Resource:
    """A type of resource, by its name.

    Every query has the parameters `id_1` ... (wanted identities, parallel arrays), `after_1` ... (where the
    page before ended), `updated_from`, `updated_before` and `size`, besides those of the search parameters;
    null is without. It returns the columns of `key`, `cursor_1` ... and `last_updated`, a day.

    :param query: file of the query, in `queries`.
    :param counted: file of the query that finds the same rows without what costs much; the query otherwise.
    :param key: columns that identify a resource; its id is made of them.
    :param cursor: types of what rows are ordered by, `int` or `str`: never null, and stable over releases.
    :param elements: element -> what is made of a row, in all versions.
    :param by_version: further elements of one version.
    :param includes: what `_include` may name: the search parameter -> the references that it is about.
    """

    name: str
    meaning: str
    query: str
    key: tuple[str, ...]
    elements: Elements
    searches: tuple[SearchParameter, ...]
    cursor: tuple[type[int] | type[str], ...] = (int,)
    counted: str | None = None
    by_version: Mapping[FhirVersion, Elements] = field(default_factory=dict)
    includes: Mapping[str, Include] = field(default_factory=dict)

    def included_by(self, version: FhirVersion) -> dict[str, Include]:
        """What `_include` may name in a version."""
        return {name: item for name, item in self.includes.items() if version in item.versions}

    def searched_by(self, version: FhirVersion) -> dict[str, SearchParameter]:
        """Its search parameters in a version, by name."""
        return {item.name: item for item in self.searches if version in item.versions}

    def elements_of(self, version: FhirVersion) -> Elements:
        """Its elements in a version."""
        return {**self.elements, **self.by_version.get(version, {})}
