"""Which checks fail: their trend by release, the rules with the most weight first, and who breaks one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from include.quality.checks import Severity
from include.quality.meanings import meaning
from include.sources.immport.source import IMMPORT
from include.warehouse.model.registry import SOURCES
from operations.actions.offers import offers
from operations.copies import copied
from operations.listing import Filter, PageTable, TableColumn
from operations.page import WebPage, address
from operations.view import NothingThereError, View

#: Severity -> what a failed check of it does to its scope.
EFFECTS = {
    Severity.CRITICAL: "the scope is not published",
    Severity.ENDPOINT: "the endpoint is withheld",
    Severity.ROW: "rows are quarantined",
    Severity.VALUE: "values are quarantined",
    Severity.WARNING: "reported, nothing else",
}
#: What an operator can do once the rule is mended.
_REPLAYS = ("replay-dry-run", "replay")
_SEVERITIES = tuple(item.value for item in Severity)


def _load(view: View) -> Mapping[str, Any]:
    source = view.text("source") or IMMPORT.name
    trend = list(reversed(view.rows("quality_trend", source=source)))
    return {
        "summary": view.rows("quality_summary", source=view.text("source") or None),
        "effects": EFFECTS,
        "source": SOURCES[source].source.title if source in SOURCES else source,
        "releases": [row["release_version"] for row in trend],
        "failed": [{"name": name, "values": [row[f"of_{name}"] for row in trend]} for name in _SEVERITIES],
        "quarantined": [{"name": "rows", "values": [row["quarantined"] for row in trend]}],
    }


def _rule(row: Mapping[str, Any]) -> str:
    return address("quality/rule", check_id=row["check_id"], endpoint=row["endpoint"], source=row["source"])


def _rows(row: Mapping[str, Any]) -> str | None:
    """The rows themselves, where the check quarantines them."""
    if row["severity"] not in (Severity.ROW, Severity.VALUE):
        return None
    return address("quarantine", rule=row["check_id"], endpoint=row["endpoint"], source=row["source"])


def _meaning(row: Mapping[str, Any]) -> str:
    return meaning(row["check_id"], row["severity"])


RULES = PageTable(
    query="quality_rules",
    columns=(
        TableColumn("severity", "Severity", "state"),
        TableColumn("check_id", "Check", "code", link=_rule),
        TableColumn("endpoint", "Endpoint"),
        TableColumn("meaning", "What breaks it", made_of=_meaning),
        TableColumn("scopes", "Scopes", "number", link=_rule),
        TableColumn("rows", "Rows", "number", link=_rows),
        TableColumn("source", "Source"),
    ),
    order="urgency",
    key=("check_id", "endpoint", "source"),
    filters=(
        Filter("search", "Search"),
        Filter("severity", "Severity", _SEVERITIES),
        Filter("endpoint", "Endpoint", "checked_endpoints"),
        Filter("source", "Source", "source_names"),
    ),
    empty="No check fails in the newest load of any scope.",
    is_short=True,
)
PAGE = WebPage(
    name="quality",
    title="Quality",
    about="Which checks fail in the newest load of each scope, published or not; how many at each release.",
    load=_load,
    listing=RULES,
)


def _load_rule(view: View) -> Mapping[str, Any]:
    check_id, endpoint = view.text("check_id"), view.text("endpoint")
    source = view.text("source") or IMMPORT.name
    if not check_id or not endpoint:
        raise NothingThereError("check_id and endpoint")
    found = view.rows("rule_severity", check_id=check_id, endpoint=endpoint, source=source)
    if not found:
        raise NothingThereError(check_id)
    severity = found[0]["severity"]
    given = {"check_id": check_id, "endpoint": endpoint, "source": source}
    return {
        "check_id": check_id,
        "endpoint": endpoint,
        "severity": severity,
        "meaning": meaning(check_id, severity),
        "effect": EFFECTS[Severity(severity)],
        "queries": [(title, copied(name, **given)) for title, name in _queries(check_id, severity)],
        "quarantine": _rows({**given, "severity": severity}),
        "offered": offers(view, source, _breaking(view, given), _REPLAYS) if source in SOURCES else [],
    }


def _breaking(view: View, given: Mapping[str, str]) -> list[str]:
    """Scopes with rows or values in quarantine by a check."""
    found = view.rows("rule_scopes", **given, search=None)
    return [row["scope"] for row in found if row["severity"] in (Severity.ROW, Severity.VALUE)]


def _queries(check_id: str, severity: str) -> Sequence[tuple[str, str]]:
    """Queries that list what breaks a check: title and name."""
    found = [("Scopes that break it", "violators")]
    if severity == Severity.ROW:
        found.append(("Its rows in quarantine", "quarantined_rows"))
    if severity == Severity.VALUE or check_id.startswith("type:"):
        found.append(("Its values in quarantine", "quarantined_values"))
    return found


def _quarantine_of_scope(row: Mapping[str, Any]) -> str | None:
    if row["severity"] not in (Severity.ROW, Severity.VALUE):
        return None
    return address("quarantine", source=row["source"], scope=row["scope"])


RULE = WebPage(
    name="quality/rule",
    title="A check",
    about="Who breaks one check, and the queries that list it.",
    load=_load_rule,
    listing=PageTable(
        query="rule_scopes",
        columns=(
            TableColumn(
                "scope",
                "Scope",
                link=lambda row: address("study", source=row["source"], scope=row["scope"]),
            ),
            TableColumn("release_version", "Release"),
            TableColumn("state", "Load", "state"),
            TableColumn("rows", "Rows", "number", link=_quarantine_of_scope),
            TableColumn("detail", "What was found"),
            TableColumn("changed_at", "When", "time"),
        ),
        order="-rows",
        key=("source", "scope"),
        filters=(Filter("search", "Scope"),),
        empty="The newest load of every scope passes this check.",
        hidden=("severity",),
    ),
    in_nav=False,
    subject=("check_id", "endpoint", "source"),
)
