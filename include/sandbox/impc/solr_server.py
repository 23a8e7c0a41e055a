"""IMPC's services at one moment: `select` of the core of images, and `release_metadata.json`."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import tempfile
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from include.sandbox.impc.image_world import Core, ImageWorld
from include.sandbox.impc.query import KNOWN, QueryError, read_query, values
from include.sandbox.row import Row
from include.sandbox.server.faults import Fault, bend_body
from include.sandbox.server.responses import BentFile, Cut
from include.sources.impc.endpoints import CENTRE_FIELD, METADATA, SELECT
from include.sources.impc.release import ImpcRelease

#: Words for these addresses in faults and in the record of requests.
IMPC_NAMES = ("impcSelect", "impcMetadata", "impcImageFile")
METADATA_ROUTE = METADATA.replace("dr{scope}", "{release}")
IMPC_ROUTES = {SELECT: IMPC_NAMES[0], f"{SELECT}/": IMPC_NAMES[0], METADATA_ROUTE: IMPC_NAMES[1]}

#: Where the files of images lie: at EBI's image server, and at the tracker.
IMAGE_FILE_ROUTES = tuple(
    f"/{folder}/{{image}}"
    for folder in (
        "mi/media/omero/webgateway/archived_files/download",
        "mi/media/omero/webgateway/render_birds_eye_view",
        "mi/media/omero/webgateway/render_image",
        "tracker/media/getfile",
    )
)
IMPC_ROUTES |= dict.fromkeys(IMAGE_FILE_ROUTES, IMPC_NAMES[2])

Entries = Sequence[tuple[str, int]]
_DEFAULT_ROWS, _FACET_LIMIT = 10, 100


class ImpcService:
    """The cores of a world, one for each release, each built anew as often as somebody says so."""

    def __init__(self, world: ImageWorld) -> None:
        self.world = world
        self.builds = 0
        self._folder = tempfile.TemporaryDirectory(prefix="impc-sandbox-")
        self._core = lru_cache(maxsize=2)(self._built)

    def release_at(self, place: int, places: int) -> ImpcRelease:
        """The release of IMPC that goes with a data release of ImmPort by its place: the newest together."""
        known = self.world.releases
        return known[max(0, len(known) - (places - place))]

    def select(self, request: Request, release: ImpcRelease, fault: Fault | None) -> Response:
        """The answer to a query, as Solr prints it."""
        given = request.query_params
        kind = fault.fault if fault else ""
        if kind == "rebuilt":
            self.builds += 1
        parameters = dict(given)
        try:
            if kind == "no_cursor" and "cursorMark" in parameters:
                raise QueryError("Cursor functionality is not available here")
            if kind == "ignored_cursor":
                parameters.pop("cursorMark", None)
            search = _Search(self._core(release, self.builds), parameters, given.getlist("fq"))
            body = search.answer(given.getlist("facet.field"))
        except (QueryError, ValueError) as error:
            return _refused(dict(given), str(error))
        text = body.encode()
        media = "text/plain" if parameters.get("wt") == "csv" else "application/json"
        if kind == "cut":
            return Cut(text[: len(text) // 2], media_type=media)
        return Response(b"".join(bend_body(fault, iter([text]))), media_type=media)

    def metadata(self, name: str, release: ImpcRelease) -> Response:
        """What is said of a release that is out, in the shape of its time."""
        found = next((item for item in self.world.releases if f"dr{item.number}" == name), None)
        if found is None or found > release:
            return Response(status_code=403, media_type="application/xml")
        return Response(json.dumps(self._about(found), indent=2), media_type="application/json")

    def file(self, request: Request, fault: Fault | None) -> Response:
        """The file of an image, whole or a range of it."""
        content = self.world.file(request.url.path)
        if content is None or (fault is not None and fault.fault == "lost"):
            return Response("<h1>Not Found</h1>", status_code=404, media_type="text/html")
        path = Path(self._folder.name) / hashlib.sha256(content).hexdigest()
        if not path.exists():
            path.write_bytes(content)
        headers = {"etag": f'"{path.name}-2"' if fault and fault.fault == "changed" else f'"{path.name}"'}
        sent = BentFile(path, headers=headers, media_type="image/jpeg")
        sent.fault = fault
        return sent

    def _about(self, release: ImpcRelease) -> dict[str, Any]:
        known = [item for item in self.world.releases if item <= release]
        counts = {"phenotypedGenes": 8707, "phenotypedLines": 9393, "phentoypeCalls": 109504}
        images = len(self.world.numbers(release))
        # One of a kind at first, by release since 22.1.
        summary: Any = counts if len(known) == 1 else {item.number: counts for item in reversed(known)}
        return {
            "dataReleaseVersion": release.number,
            "dataReleaseDate": "12-12-2023" if len(known) == 1 else "11-12-2024",
            "dataReleaseNotes": "Synthetic.",
            "summaryCounts": summary,
            "dataQualityChecks": [{"dataType": "image_record", "count": images}],
        }

    def _built(self, release: ImpcRelease, build: int) -> Core:
        return Core(self.world, release, build)


class _Search:
    """One query of a core.

    :raises QueryError: it is not one that Solr takes.
    """

    def __init__(self, core: Core, parameters: Mapping[str, str], filters: Sequence[str]) -> None:
        self._core, self._parameters, self._filters = core, parameters, filters
        self._start, self._rows = self._number("start", 0), self._number("rows", _DEFAULT_ROWS)
        self._found = self._sorted(self._matching())
        self._mark = parameters.get("cursorMark")
        if self._mark is not None:
            self._check_cursor()

    def answer(self, facets: Sequence[str]) -> str:
        start = self._offset()
        page = self._found[start : start + self._rows]
        documents = [self._shown(self._core.document(entry)) for entry in page]
        if self._parameters.get("wt") == "csv":
            return self._csv(documents)
        answer: dict[str, Any] = {
            "responseHeader": {"status": 0, "QTime": 3, "params": dict(self._parameters)},
            "response": {
                "numFound": len(self._found),
                "start": 0 if self._mark is not None else self._start,
                "numFoundExact": True,
                "docs": documents,
            },
        }
        if self._mark is not None:
            answer["nextCursorMark"] = _mark(page[-1][0]) if page else self._mark
        if self._parameters.get("facet") in ("on", "true"):
            answer["facet_counts"] = {
                "facet_queries": {},
                "facet_fields": {name: self._facet(name) for name in facets},
                "facet_ranges": {},
                "facet_intervals": {},
                "facet_heatmaps": {},
            }
        indent = 2 if self._parameters.get("indent") in ("on", "true") else None
        return json.dumps(answer, indent=indent, ensure_ascii=False)

    def _number(self, name: str, default: int) -> int:
        text = self._parameters.get(name, str(default))
        try:
            number = int(text)
        except ValueError:
            raise QueryError(f'For input string: "{text}"') from None
        if number < 0:
            raise QueryError(f"'{name}' parameter cannot be negative")
        return number

    def _matching(self) -> Entries:
        """Keys and numbers of the documents that are meant, in the order of the keys."""
        entries: Entries = self._core.ordered
        tests = []
        for text in (self._parameters.get("q", "*:*"), *self._filters):
            if text.strip() in ("*:*", ""):
                continue
            test = read_query(text)
            if (centres := self._of_centre(text)) is not None and entries is self._core.ordered:
                entries = centres
            else:
                tests.append(test)
        if not tests:
            return entries
        return [entry for entry in entries if all(test(self._core.document(entry)) for test in tests)]

    def _of_centre(self, text: str) -> Entries | None:
        """The documents of a centre, without a look at each: this is what a loader requests."""
        if text == f"-{CENTRE_FIELD}:[* TO *]":
            return self._core.by_centre.get(None, [])
        name = text.removeprefix(f'{CENTRE_FIELD}:"').removesuffix('"')
        if f'{CENTRE_FIELD}:"{name}"' != text or "\\" in name or '"' in name:
            return None
        return self._core.by_centre.get(name, [])

    def _sorted(self, entries: Entries) -> Entries:
        order = self._parameters.get("sort", "").strip()
        if order in ("", "id asc", "score desc, id asc"):
            return entries
        if order == "_version_ desc" and not self._filters and self._rows == 1:
            newest = self._core.newest()
            return [newest, *entries[1:]] if newest else entries
        for part in reversed(order.split(",")):
            name, _, direction = part.strip().partition(" ")
            if name not in KNOWN or direction not in ("asc", "desc"):
                raise QueryError(f"Can't determine a Sort Order (asc or desc) in sort spec '{order}'")
            entries = sorted(
                entries, key=lambda entry: _ordered(self._core.document(entry).get(name)),
                reverse=direction == "desc",
            )  # fmt: skip
        return entries

    def _check_cursor(self) -> None:
        parts = [part.strip().partition(" ")[0] for part in self._parameters.get("sort", "").split(",")]
        if "id" not in parts:
            raise QueryError("Cursor functionality requires a sort containing the uniqueKey field")
        if "start" in self._parameters and self._start:
            raise QueryError("Cursor functionality requires start=0")

    def _offset(self) -> int:
        if self._mark is None:
            return self._start
        if self._mark == "*":
            return 0
        try:
            key = base64.b64decode(self._mark, validate=True).decode()
        except ValueError:
            raise QueryError(f"Unable to parse 'cursorMark' after totem: {self._mark}") from None
        if self._found is self._sorted(self._found):  # by the key: the first behind it, if it is there or not
            return bisect_right(self._found, key, key=lambda entry: entry[0])
        return next((place + 1 for place, entry in enumerate(self._found) if entry[0] == key), 0)

    def _shown(self, row: Row) -> Row:
        wanted = self._parameters.get("fl", "*").replace(" ", ",").split(",")
        return row if "*" in wanted else {name: row[name] for name in wanted if name in row}

    def _facet(self, field: str) -> list[Any]:
        if field not in KNOWN:
            raise QueryError(f'undefined field: "{field}"')
        counts: Counter[Any] = Counter()
        if field == CENTRE_FIELD and self._found is self._core.ordered:
            counts.update({name: len(entries) for name, entries in self._core.by_centre.items()})
        else:
            for entry in self._found:
                counts.update(values(self._core.document(entry), field) or [None])
        missing = counts.pop(None, 0)
        limit, least = self._number_or("facet.limit", _FACET_LIMIT), self._number_or("facet.mincount", 0)
        items = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
        items = [item for item in items if item[1] >= least][: None if limit < 0 else limit]
        flat = [part for item in items for part in (str(item[0]), item[1])]
        return [*flat, None, missing] if self._parameters.get("facet.missing") in ("on", "true") else flat

    def _number_or(self, name: str, default: int) -> int:
        try:
            return int(self._parameters.get(name, default))
        except ValueError:
            raise QueryError(f'For input string: "{self._parameters[name]}"') from None

    def _csv(self, documents: Sequence[Row]) -> str:
        names = [name for name in self._parameters.get("fl", "").replace(" ", ",").split(",") if name]
        if not names or "*" in names:
            names = list(dict.fromkeys(name for row in documents for name in row))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_cell(row.get(name)) for name in names] for row in documents)
        return text.getvalue()


def _mark(key: str) -> str:
    return base64.b64encode(key.encode()).decode()


def _ordered(value: Any) -> tuple[bool, Any]:
    first = value[0] if isinstance(value, list) else value
    return first is not None, first if first is not None else ""


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(str(item).replace("\\", "\\\\").replace(",", "\\,") for item in value)
    return "" if value is None else str(value)


def _refused(parameters: Mapping[str, str], why: str) -> Response:
    """What Solr says of a query that it does not take."""
    error = {
        "metadata": ["error-class", "org.apache.solr.common.SolrException",
                     "root-error-class", "org.apache.solr.common.SolrException"],
        "msg": why,
        "code": 400,
    }  # fmt: skip
    header = {"status": 400, "QTime": 0, "params": dict(parameters)}
    body = {"responseHeader": header, "error": error}
    return Response(json.dumps(body), status_code=400, media_type="application/json")
