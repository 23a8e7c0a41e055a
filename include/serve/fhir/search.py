"""What a search requests: the parameters of its address as values of a query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from include.serve.fhir.dates import Interval, interval
from include.serve.fhir.declaration import Include, Resource, SearchKind, SearchParameter
from include.serve.fhir.identity import key_of
from include.serve.fhir.outcome import FhirError
from include.serve.fhir.subset import Subset
from include.sources.fhir.vocabulary import FhirVersion

#: Resources of a page: without `_count`, and at most.
USUAL_COUNT, MOST_COUNT = 100, 500
#: Values of one parameter at most.
MOST_VALUES = 500
#: The release that is meant, and where the page before ended.
RELEASE, AFTER = "release", "after"
#: Parameters of every request that change nothing of what is found.
_FORM = ("_format", "_pretty")
_SUMMARIES = ("count", "false", "data", "true", "text")
_TOTALS = ("none", "estimate", "accurate")


@dataclass
class Search:
    """A search of one type.

    :param values: wanted values by the name of the query's parameter.
    :param keys: wanted identities; null for all.
    :param size: resources of the page.
    :param summary: which elements are sent: value of `_summary`.
    :param elements: names of elements that are sent; null for all.
    :param includes: references of the page that are followed.
    :param used: parameters that were used, as given, without those of paging.
    :param ignored: names of those that were not.
    :param is_empty: nothing can be found, whatever the star has.
    """

    resource: Resource
    version: FhirVersion
    values: dict[str, list[str]] = field(default_factory=dict)
    keys: list[tuple[str, ...]] | None = None
    updated: Interval = field(default_factory=Interval)
    size: int = USUAL_COUNT
    release: str | None = None
    after: str | None = None
    wants_total: bool = False
    only_total: bool = False
    summary: str = ""
    elements: list[str] | None = None
    includes: list[Include] = field(default_factory=list)
    used: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    is_empty: bool = False

    @property
    def subset(self) -> Subset:
        """Which elements of each resource are sent."""
        elements = None if self.elements is None else frozenset(self.elements)
        return Subset(self.summary, self.resource.name, elements)

    def want(self, name: str, values: list[str]) -> None:
        """Want one of several values, also of those that were wanted before."""
        before = self.values.get(name)
        self.values[name] = values if before is None else [item for item in before if item in values]
        self.is_empty = self.is_empty or not self.values[name]


def parse(
    resource: Resource, version: FhirVersion, given: Sequence[tuple[str, str]], *, is_strict: bool
) -> Search:
    """Read the parameters of a search.

    :param is_strict: a parameter that is not known is an error; otherwise it is ignored and reported.
    :raises FhirError: 400, a value is wrong, or with `is_strict` a parameter is not known.
    """
    search = Search(resource, version)
    known = resource.searched_by(version)
    seen: set[str] = set()
    for name, value in given:
        if "\0" in name + value:
            raise FhirError(400, "value", f"parameter {name!r} holds a NUL character")
        plain, _, modifier = name.partition(":")
        if value == "":
            continue
        if plain in known:
            parameter = known[plain]
            if plain in seen and not parameter.may_repeat:
                raise FhirError(400, "not-supported", f"parameter {plain} may be given once only")
            _filter(search, parameter, modifier, value)
        elif plain in _CONTROLS and not modifier and _CONTROLS[plain](search, value) is not False:
            pass
        elif is_strict:
            raise FhirError(400, "not-supported", _unknown(resource, name, known))
        else:
            search.ignored.append(name)
            continue
        seen.add(plain)
        if plain not in (RELEASE, AFTER, *_FORM[1:]):
            search.used.append((name, value))
    _agree(search)
    return search


def _agree(search: Search) -> None:
    """Make sure that what shapes the answer goes together.

    :raises FhirError: 400, it does not.
    """
    if search.summary in ("true", "text") and search.elements is not None:
        raise FhirError(400, "not-supported", "_elements does not go with _summary")
    if search.summary == "text" and search.includes:
        raise FhirError(400, "not-supported", "_include does not go with _summary=text")


def _unknown(resource: Resource, name: str, known: dict[str, SearchParameter]) -> str:
    return f"{resource.name} is not searched by {name!r}; it is by {', '.join(sorted({*known, *_CONTROLS}))}"


def _filter(search: Search, parameter: SearchParameter, modifier: str, value: str) -> None:
    """Add what a search parameter requests."""
    target = parameter.target if parameter.kind is SearchKind.REFERENCE else None
    allowed = {SearchKind.STRING: ("", "contains"), SearchKind.REFERENCE: ("", target)}.get(
        parameter.kind, ("",)
    )
    if modifier not in allowed:
        raise FhirError(400, "not-supported", f"parameter {parameter.name} has no modifier {modifier!r}")
    found = [_wanted(parameter, modifier, item) for item in _values(parameter.name, value)]
    search.want(parameter.sql or parameter.name, [item for item in found if item is not None])


def _values(name: str, value: str) -> list[str]:
    """The alternatives of a parameter."""
    values = split(value)
    if len(values) > MOST_VALUES:
        raise FhirError(400, "too-costly", f"parameter {name} has more than {MOST_VALUES} values")
    return values


def split(value: str) -> list[str]:
    r"""The alternatives of a value, which commas separate; `\,` is a comma."""
    parts, escaped = [""], False
    for character in value:
        if escaped or character not in ",\\":
            parts[-1] += character
            escaped = False
        elif character == ",":
            parts.append("")
        else:
            escaped = True
    return [item for item in parts if item]


def _wanted(parameter: SearchParameter, modifier: str, value: str) -> str | None:
    """The value as the query takes it; null where nothing can have it."""
    match parameter.kind:
        case SearchKind.TOKEN:
            system, stroke, code = value.rpartition("|")
            if stroke and not code:
                message = f"parameter {parameter.name} needs a code, not only a system"
                raise FhirError(400, "not-supported", message)
            if stroke and parameter.systems and system not in parameter.systems:
                return None
            return code if parameter.codes is None else parameter.codes.get(code)
        case SearchKind.REFERENCE:
            kind, stroke, name = value.rpartition("/")
            if stroke and kind.rpartition("/")[2] != parameter.target:
                return None
            key = key_of(name, 1)
            return None if key is None else key[0]
        case SearchKind.STRING:
            plain = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            return f"%{plain}%" if modifier == "contains" else f"{plain}%"


def _count(search: Search, value: str) -> None:
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise FhirError(400, "value", f"_count is not a whole number: {value[:50]!r}")
    search.size = min(int(value), MOST_COUNT)
    search.only_total = search.only_total or search.size == 0


def _summary(search: Search, value: str) -> None:
    if value not in _SUMMARIES:
        raise FhirError(400, "not-supported", f"_summary is one of {', '.join(_SUMMARIES)}: {value[:50]!r}")
    search.only_total = search.only_total or value == "count"
    search.summary = value


def _elements(search: Search, value: str) -> None:
    """Names of elements, with or without the type before them."""
    names = [name.removeprefix(f"{search.resource.name}.") for name in _values("_elements", value)]
    search.elements = [*(search.elements or ()), *names]


def _include(search: Search, value: str) -> bool | None:
    """`Specimen:subject`, `Specimen:subject:Group`, or `*` for all; False where it is not served."""
    served = search.resource.included_by(search.version)
    if value == "*":
        search.includes += served.values()
        return None
    of, _, rest = value.partition(":")
    name, _, target = rest.partition(":")
    if of != search.resource.name or name not in served or target not in ("", *served[name].targets):
        return False
    found = served[name]
    search.includes.append(replace(found, targets=(target,)) if target else found)
    return None


def _total(search: Search, value: str) -> None:
    if value not in _TOTALS:
        raise FhirError(400, "value", f"_total is one of {', '.join(_TOTALS)}: {value[:50]!r}")
    search.wants_total = value != "none"


def _ids(search: Search, value: str) -> None:
    parts = len(search.resource.key)
    keys = [key for key in (key_of(item, parts) for item in _values("_id", value)) if key is not None]
    search.keys = keys if search.keys is None else [key for key in search.keys if key in keys]
    search.is_empty = search.is_empty or not search.keys


def _updated(search: Search, value: str) -> None:
    search.updated = search.updated.within(interval("_lastUpdated", value))


def _release(search: Search, value: str) -> None:
    search.release = value


def _after(search: Search, value: str) -> None:
    search.after = value


def _form(search: Search, value: str) -> None:
    """Decided before: `_format` says which version is sent."""


_CONTROLS: dict[str, Callable[[Search, str], bool | None]] = {
    "_count": _count,
    "_summary": _summary,
    "_total": _total,
    "_elements": _elements,
    "_include": _include,
    "_id": _ids,
    "_lastUpdated": _updated,
    RELEASE: _release,
    AFTER: _after,
    **dict.fromkeys(_FORM, _form),
}
