"""What a FHIR server sends: pages of resources, what it says of a search that failed, its capabilities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from include.sources.fetched.page_json import read_page
from include.sources.foreign import clean, quoted
from include.sources.reader import NotDataError, Numeral, cell
from include.sources.row_reader import TOTAL, Intake

Resource = dict[str, Any]

#: Name under which a page says the address of the next, and under which a request takes it.
NEXT = "next"


@dataclass(frozen=True)
class LinkPaging:
    """Pages that follow each other by links, whose addresses mean something to the server alone."""

    def first(self, form: str, size: int) -> Mapping[str, str]:
        """See `Paging`."""
        return {"_count": str(size)} if size else {"_summary": "count"}

    def following(
        self, parameters: Mapping[str, str], about: Mapping[str, str], rows: int
    ) -> Mapping[str, str] | None:
        """See `Paging`. A page without a link to a next one is the last, whatever total is stated."""
        return {NEXT: about[NEXT]} if NEXT in about else None


def linked(link: str, of: str) -> tuple[str, dict[str, str]]:
    """Path below the server's own address and parameters of a link that it sent.

    Behind a proxy a server may name a host and a folder that mean nothing outside: only the end of the path
    and the parameters count.

    :param of: type of the resources that were searched.
    :raises NotDataError: a link without parameters, or of another type's search.
    """
    try:
        parts = urlsplit(link)
        parameters = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise NotDataError(f"a link to a next page that cannot be read: {quoted(link)}") from None
    given = dict(parameters)
    if not given or len(given) < len(parameters):
        raise NotDataError(f"a link to a next page without parameters, or with one twice: {quoted(link)}")
    words = [word for word in parts.path.split("/") if word]
    for end in ([of], [of, "_search"]):
        if words[-len(end) :] == end:
            return "/" + "/".join(end), given
    return "", given


def read_resources(chunks: Iterable[bytes], of: str, intake: Intake) -> Iterator[Resource]:
    """The resources of a page of a search, numbers as the characters sent.

    Notes the number of all resources, where it is stated, and the link to the next page. What a server adds
    to the matches of a search (an outcome with hints, included resources) is passed over.

    :param of: type of the resources that were searched.
    :raises NotDataError: it is not such a page, or one with resources of another type.
    """
    bundle = read_bundle(chunks, intake)
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise NotDataError("a bundle whose entries are not an array")
    for number, entry in enumerate(entries, 1):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            raise NotDataError(f"entry {number} of a bundle holds no resource")
        search = entry.get("search")
        mode = search.get("mode") if isinstance(search, dict) else None
        if mode in ("include", "outcome"):
            continue
        if resource.get("resourceType") != of:
            raise NotDataError(f"a {quoted(resource.get('resourceType'))} where {of} was requested")
        yield resource


def read_bundle(chunks: Iterable[bytes], intake: Intake) -> Resource:
    """A bundle; what it says of itself goes to the intake.

    :raises NotDataError: it is something else, or the outcome of a search that failed.
    """
    found = read_page(chunks, intake)
    kind = found.get("resourceType") if isinstance(found, dict) else None
    if kind == "OperationOutcome":
        raise NotDataError(f"instead of resources: {outcome_text(found)}")
    if kind != "Bundle":
        raise NotDataError(f"JSON that is not a bundle of resources ({quoted(kind)})")
    total = found.get("total")
    if total is not None:
        if not isinstance(total, Numeral) or not total.isdecimal():
            raise NotDataError(f"the total of a bundle is not a number: {quoted(total)}")
        intake.about[TOTAL] = str(total)
    links = found.get("link", [])
    following = [link.get("url") for link in links if isinstance(link, dict) and link.get("relation") == NEXT]
    if following:
        if len(following) > 1 or not isinstance(following[0], str):
            raise NotDataError("a bundle with several links to a next page, or one without an address")
        intake.about[NEXT] = str(following[0])
    return dict(found)


def outcome_text(outcome: Mapping[str, Any]) -> str:
    """What an OperationOutcome says, in a line: severity, code and words of each issue."""
    issues = outcome.get("issue")
    said = []
    for issue in issues if isinstance(issues, list) else []:
        if not isinstance(issue, dict):
            continue
        details = issue.get("details")
        words = issue.get("diagnostics") or (details.get("text") if isinstance(details, dict) else None)
        parts = (issue.get("severity"), issue.get("code"), words)
        said.append(" ".join(cell(part) or "" for part in parts if part is not None))
    return clean("; ".join(filter(None, said)) or "an OperationOutcome without issues", 300)


@dataclass(frozen=True)
class Capabilities:
    """What a server says of itself.

    :param version: of FHIR, as stated.
    :param software: its name and version.
    :param types: types of resources that it has; None where it does not say.
    """

    version: str | None
    software: str | None
    types: frozenset[str] | None

    def __str__(self) -> str:
        return f"{self.software or 'a server without a name'}, FHIR {self.version or 'of no stated version'}"


def read_capabilities(chunks: Iterable[bytes]) -> Capabilities:
    """Read a CapabilityStatement.

    :raises NotDataError: it is something else.
    """
    found = read_page(chunks, Intake())
    kind = found.get("resourceType") if isinstance(found, dict) else None
    if kind != "CapabilityStatement":
        raise NotDataError(f"JSON that is not a capability statement ({quoted(kind)})")
    software = found.get("software")
    named = [software.get("name"), software.get("version")] if isinstance(software, dict) else []
    words = " ".join(clean(cell(word) or "", 100) for word in named if word)
    version = cell(found.get("fhirVersion"))
    return Capabilities(version and clean(version, 40), words or None, _types(found.get("rest")))


def _types(rest: object) -> frozenset[str] | None:
    found: set[str] = set()
    for server in rest if isinstance(rest, list) else []:
        resources = server.get("resource") if isinstance(server, dict) else None
        for item in resources if isinstance(resources, list) else []:
            if isinstance(item, dict) and isinstance(item.get("type"), str):
                found.add(str(item["type"]))
    return frozenset(found) or None
