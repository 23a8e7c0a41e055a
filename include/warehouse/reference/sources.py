"""docs/sources.md: endpoints, tables of packages, vocabularies, and what becomes of each field."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import unquote

from include.sources.drs.endpoints import OPERATIONS
from include.sources.drs.versions import BASE
from include.sources.endpoint import Endpoint, Group
from include.sources.fetched.fetched_source import FetchedSource
from include.sources.immport.endpoints import ENDPOINTS, PACKAGE_ENDPOINTS, SERVED, SHARED_DATA
from include.sources.immport.lookups import LOOKUP_ENDPOINTS
from include.sources.immport.source import IMMPORT
from include.sources.package.tables import TABLES
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.registry import IMMPORT_MODEL, SOURCES
from include.warehouse.reference.entries import uses
from include.warehouse.reference.notes import NOTE, cell
from include.warehouse.reference.packages import package_sections, package_table
from include.warehouse.views.as_of import setting

#: Headings of docs/sources.md for endpoints outside of the star: heading, text, which endpoints.
_GROUPS: tuple[tuple[str, str, Callable[[Endpoint], bool]], ...] = (
    (
        "Parts of the manifest",
        "The manifest once more and shorter: declared, served by the sandbox, and never requested.",
        lambda item: item.group is Group.STUDY and item.name not in ENDPOINTS,
    ),
    (
        "Searches",
        "Discovery reads the study search; it is not loaded.",
        lambda item: item.group is Group.SEARCH,
    ),
    (
        "Services",
        "Requests that concern no single study.",
        lambda item: item.group is Group.SERVICE,
    ),
)


def sources() -> str:
    """docs/sources.md."""
    used = uses()
    lines = [
        "# Sources",
        "",
        NOTE,
        *_registry(),
        "",
        "## ImmPort Shared Data",
        "",
        f"All {len(SHARED_DATA)} endpoints of ImmPort's Shared Data API, as declared in",
        "[include/sources](../include/sources/immport/endpoints.py). Paths lie under",
        "`https://www.immport.org/data/query`.",
        *_loaded(used),
        *_not_loaded(),
        *_drs(),
        *package_sections(),
        *_vocabularies(),
        *_other_sources(),
        "",
        "## Fields by endpoint",
        "",
        "The columns that each field of an endpoint goes to: [lineage.md](lineage.md).",
    ]
    return "\n".join(lines) + "\n"


def _registry() -> Iterator[str]:
    """Every source, what it consists of and when it is loaded."""
    yield from ("", "## Sources", "")
    yield "What is loaded alone is a scope of a source at one release. A source with a switch has a DAG while"
    yield "the variable `immport_sources` names it, and is on by default; its tables are there all the same"
    yield "([configuration.md](configuration.md#sources))."
    yield ""
    yield "| source | scope | releases | as of | tables | DAG | schedule (UTC) | switch |"
    yield "|---|---|---|---|---|---|---|---|"
    for model in SOURCES.values():
        source = model.source
        releases = "by fetch" if source.is_dated_by_fetch else "its own"
        tables = _linked([item.relation for item in model.tables]) if source is not IMMPORT else "all others"
        has_switch = isinstance(source, FetchedSource)
        dag = f"`immport_{source.name if has_switch else 'release'}`"
        schedule = (source.schedule or "when triggered") if isinstance(source, FetchedSource) else "0 5 * * *"
        switch = "on by default" if has_switch else "always on"
        cells = (
            source.title,
            source.scope.title,
            releases,
            f"`{setting(source)}`",
            tables,
            dag,
            schedule,
            switch,
        )
        yield f"| {' | '.join(cells)} |"


def _loaded(used: dict[tuple[str, str], list[str]]) -> Iterator[str]:
    yield from ("", "## Each study at each release", "")
    yield "Every field received is landed, staged and checked. The package table is the one that its rows are"
    yield "made of: a release counts that in `*_table_count.txt`; without rows, no request is sent for it."
    yield ""
    yield "The last column but one is what a failed check withholds: the study, or the endpoint itself, whose"
    yield "tables then stay as they are."
    yield ""
    yield (
        "| endpoint | path | one row is | key | fields | package table | in the star | withholds"
        " | known quirks |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    yield from (_source_line(item, _landing(item, used)) for item in SERVED.values())
    yield from ("", "## Tables of packages only", "")
    yield "No endpoint of the API has these tables of a Tab package. A study that came by the API alone has"
    yield "no row of them; one that came by a package before keeps those."
    yield ""
    yield "| package table | one row is | key | columns read | in the star | withholds |"
    yield "|---|---|---|---|---|---|"
    for item in PACKAGE_ENDPOINTS:
        keys, count = ", ".join(item.key_columns), str(len(TABLES[item.name].columns))
        cells = (f"`{item.name}`", item.about, keys, count, _linked(_landing(item, used)), item.withholds)
        yield f"| {' | '.join(cells)} |"


def _not_loaded() -> Iterator[str]:
    for heading, about, kept in _GROUPS:
        yield from ("", f"## {heading}", "", about, "")
        yield "| endpoint | path | one row is | key | fields | known quirks |"
        yield "|---|---|---|---|---|---|"
        yield from (_source_line(item) for item in SHARED_DATA.values() if kept(item))


def _drs() -> Iterator[str]:
    yield from ("", "## GA4GH DRS", "")
    yield "The other way to files, where a connection names a service ([drs.md](drs.md)). Paths lie under"
    yield f"`{BASE}`. Which version ImmPort serves, and what its objects look like, is not verified: 1.2 to"
    yield "1.5 are read, with or without what is optional."
    yield ""
    yield "| endpoint | path | one row is | key | fields | known quirks |"
    yield "|---|---|---|---|---|---|"
    yield from (_source_line(item) for item in OPERATIONS.values())


def _vocabularies() -> Iterator[str]:
    yield from ("", "## Vocabularies", "")
    yield "Open to everybody, under `/api/lookup/`, one row per term. Before the terms of some stands a stub:"
    yield "the name of the column they are for. Fields in the order sent, the key in bold."
    yield from ("", "| fields | vocabularies |", "|---|---|")
    shared: dict[str, list[str]] = {}
    for item in LOOKUP_ENDPOINTS:
        fields = ", ".join(f"**{name}**" if name in item.key else name for name in item.names)
        shared.setdefault(fields, []).append(item.name)
    alike = sorted(shared.items(), key=lambda pair: -len(pair[1]))
    yield from (f"| {fields} | {', '.join(names)} |" for fields, names in alike)


def _other_sources() -> Iterator[str]:
    """The endpoints of what is loaded beside the studies, each in the forms that it may come in."""
    yield from ("", "## Endpoints of other sources", "")
    yield "Where an endpoint has several forms, the first that the source has for a scope is read."
    for model in SOURCES.values():
        source = model.source
        if not isinstance(source, FetchedSource):
            continue
        yield from ("", f"### {source.title}", "")
        yield "| endpoint | forms | one row is | key | fields | in the star | withholds | known quirks |"
        yield "|---|---|---|---|---|---|---|---|"
        for item in source.served.values():
            forms = (
                f"{form}: `{unquote(item.address('{scope}', form))}`" for form in (item.readers or ("json",))
            )
            made = [table.relation for table in model.tables if item.name in _endpoints_of(table)]
            cells = [item.name, "; ".join(forms), item.about, ", ".join(item.key), ", ".join(item.names)]
            cells += [_linked(made), item.withholds, cell(item.quirks) or "-"]
            yield f"| {' | '.join(cells)} |"


def _endpoints_of(table: Dimension | Fact) -> set[str]:
    """The endpoints whose rows a table is made of, or takes values of."""
    return {table.endpoint or "", *(join.endpoint for join in table.joins)}


def _landing(endpoint: Endpoint, used: dict[tuple[str, str], list[str]]) -> list[str]:
    """Tables made of an endpoint's rows, or that take some of its values."""
    made = [item.relation for item in IMMPORT_MODEL.tables if item.endpoint == endpoint.name]
    versioned = {item.relation for item in IMMPORT_MODEL.tables}
    named = (
        use.partition(".")[0]
        for (name, _), all_uses in used.items()
        if name == endpoint.name
        for use in all_uses
    )
    return list(dict.fromkeys([*made, *(name for name in named if name in versioned)]))


def _linked(tables: list[str]) -> str:
    return ", ".join(f"[{name}](dictionary.md#{name})" for name in tables) or "kept, not loaded"


def _source_line(endpoint: Endpoint, tables: list[str] | None = None) -> str:
    path = endpoint.path + (f"?{endpoint.study_parameter}={{study}}" if endpoint.study_parameter else "")
    cells = [endpoint.name, f"`{path}`", endpoint.about, ", ".join(endpoint.key), str(len(endpoint.fields))]
    if tables is not None:
        cells.append(package_table(endpoint.name))
        cells.append(_linked(tables))
        cells.append(endpoint.withholds)
    cells.append(cell(endpoint.quirks) or "-")
    return f"| {' | '.join(cells)} |"
