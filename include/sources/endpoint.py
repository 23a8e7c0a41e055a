"""The form of a source declaration: an endpoint, its fields in the order the source sends them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from urllib.parse import quote

from include.sources.row_reader import Paging, RowReader


class Kind(StrEnum):
    """What a field's text must parse as. Staging keeps text whatever the kind."""

    TEXT = "text"
    INTEGER = "int"
    NUMBER = "num"
    DATE = "date"
    LIST = "list"
    JSON = "json"
    #: A day, or a point in time of UTC: 2014-03-03, 2014-03-03T00:00:00Z.
    MOMENT = "moment"


class Shape(StrEnum):
    """What the body of an answer is."""

    ARRAY = "array"
    OBJECT = "object"
    SEARCH = "search"
    VALUES = "values"


class Group(StrEnum):
    """What a request to an endpoint returns: one study, a vocabulary, a search, or a service."""

    STUDY = "study"
    VOCABULARY = "vocabulary"
    SEARCH = "search"
    SERVICE = "service"


class Route(StrEnum):
    """How the project gets a study: from the API endpoint by endpoint, or as one Tab package."""

    API = "api"
    PACKAGE = "package"


class Withholds(StrEnum):
    """What is not published when a critical check of an endpoint fails."""

    STUDY = "study"
    #: Its own rows: the tables made of it keep the versions they have, all else is published.
    ITSELF = "itself"


@dataclass(frozen=True)
class Field:
    """One key of an answer: its name as sent, and its column in staging."""

    name: str
    kind: Kind = Kind.TEXT

    @cached_property
    def column(self) -> str:
        """The staging column: `studyTimeT0Event` becomes `study_time_t0_event`."""
        return snake_case(self.name)


def snake_case(name: str) -> str:
    """ImmPort's camelCase (mixed with snake_case) as one snake_case column name."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def camel_case(column: str) -> str:
    """A column as ImmPort's API would name it: `ARM_ACCESSION` is `armAccession`."""
    first, *rest = column.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


def parse_fields(text: str) -> tuple[Field, ...]:
    """Read `"resultId:int ageEvent ..."`: names in the order sent, text unless a kind is given."""
    parts = (word.partition(":") for word in text.split())
    return tuple(Field(name, Kind(kind or Kind.TEXT)) for name, _, kind in parts)


@dataclass(frozen=True)
class Endpoint:
    """One address of a source.

    :param name: the word used for it everywhere: staging table, manifest, report.
    :param path: address under the base URL; `{study}` stands for the study accession, `{scope}` for what
        another source consists of. Without one, the API does not serve it: only packages have it.
    :param fields: the keys of a row in the order the source sends them.
    :param key: names of the fields that identify a row of one study.
    :param about: what one row is.
    :param group: what a request returns; only endpoints of a study are requested study by study.
    :param shape: what the body is; the values of `Shape.VALUES` are the key itself.
    :param study_parameter: query parameter that narrows an answer to one study, if the path does not.
    :param identifies: field of which this endpoint is the home: others that carry it refer to it.
    :param vocabulary: fields with a closed list of values; others are reported, never dropped.
    :param of_package: fields that a Tab package knows and the API does not send.
    :param unpackaged: names of fields that the API sends and no package knows.
    :param is_packaged: whether a package has the endpoint's rows at all.
    :param several: names of fields that may hold one of several values: rows of one key that differ in
        nothing else are one row with all of them.
    :param withholds: what a failed critical check of it withholds: results wait for the people, samples and
        experiments they are of, and for no listing, link or publication.
    :param quirks: what one would not expect of it, as seen in answers and packages.
    :param counted_by: an endpoint and its field that states how many rows this one has, those sent twice
        counted once.
    :param paging: how its rows are requested page by page; None where one answer has all.
    :param readers: how its answers become rows, by the form that they are served in; none for the JSON and
        the TSV of ImmPort's API.
    """

    name: str
    path: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    about: str
    group: Group = Group.STUDY
    shape: Shape = Shape.ARRAY
    needs_key: bool = True
    study_parameter: str | None = None
    identifies: str | None = None
    required: bool = False
    vocabulary: dict[str, tuple[str, ...]] = field(default_factory=dict)
    of_package: tuple[Field, ...] = ()
    unpackaged: frozenset[str] = frozenset()
    is_packaged: bool = True
    several: frozenset[str] = frozenset()
    withholds: Withholds = Withholds.STUDY
    quirks: str = ""
    readers: Mapping[str, RowReader] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()
    counted_by: tuple[str, str] | None = None
    paging: Paging | None = None

    @property
    def is_served(self) -> bool:
        """Whether the API serves it."""
        return bool(self.path)

    def is_provided_by(self, route: Route) -> bool:
        """Whether a route brings any of it."""
        return self.is_served if route is Route.API else self.is_packaged

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Keys of an answer of the API, in the order sent."""
        return tuple(item.name for item in self.fields)

    @cached_property
    def staged_fields(self) -> tuple[Field, ...]:
        """All fields that one of the routes brings."""
        return (*self.fields, *self.of_package)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns of the staging table, whichever route fills it."""
        return tuple(item.column for item in self.staged_fields)

    def unknown_columns(self, route: Route) -> frozenset[str]:
        """Columns that a route leaves empty because it does not know them."""
        if route is Route.API:
            return frozenset(item.column for item in self.of_package)
        return frozenset(snake_case(name) for name in self.unpackaged)

    @cached_property
    def key_columns(self) -> tuple[str, ...]:
        return tuple(snake_case(name) for name in self.key)

    def key_value(self, column: str, alias: str) -> str:
        """SQL for a column as part of a key of a row `alias`: a number without the blanks around it."""
        kinds = {item.column: item.kind for item in self.staged_fields}
        is_number = kinds[column] in (Kind.INTEGER, Kind.NUMBER)
        return f"btrim({alias}.{column}, ' ')" if is_number else f"{alias}.{column}"

    def address(self, scope: str, form: str) -> str:
        """Path under the base URL of one form of a scope's rows, not percent-encoded."""
        return self.path.replace("{study}", scope).replace("{scope}", scope)

    @cached_property
    def table(self) -> str:
        """The endpoint's name as part of a table name: `fcsAnalyzed` becomes `fcs_analyzed`."""
        return snake_case(self.name)

    def forms_of(self, scope: str) -> tuple[str, ...]:
        """The forms in which the rows of a scope may be requested, the first that the source has counts; none
        where it has no rows of such a scope."""
        return tuple(self.readers) or ("json",)

    def request(self, scope: str) -> tuple[str, dict[str, str]]:
        """Path and query parameters that request one scope; without it in either, they request all."""
        parameters = {self.study_parameter: scope} if self.study_parameter else {}
        return self.path.replace("{study}", scope).replace("{scope}", quote(scope, safe="")), parameters
