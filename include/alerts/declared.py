"""The types of alerts, each declared once: the texts of messages and pages, and the query that finds events.

The query of a type is `detect/<name>.sql`. It returns the events that are true now; a type without one is
reported by what meets it: a failed task, a deadline, the drill.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

from include.sql import sql_with_parts

#: Where each type has an entry, from the root of the project.
RUNBOOK = "docs/runbook.md"


class AlertSeverity(StrEnum):
    """How much it matters, as a message shows it."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class AlertType:
    """A type of alerts.

    :param name: its name in `ops.alert`, in messages and in the runbook.
    :param title: what a message calls it.
    :param detects: what an event of it is.
    :param to_do: what a person does about it.
    :param page: the operations page that a message leads to.
    :param scope_page: the page of an event that concerns a single scope, where that is another one.
    :param explains_run: an event of a run says why that failed: the run itself needs no further message.
    """

    name: str
    severity: AlertSeverity
    title: str
    detects: str
    to_do: str
    page: str
    scope_page: str | None = None
    explains_run: bool = False

    @property
    def query(self) -> str | None:
        """The query that finds its events; None for a type that is reported."""
        folder = files("include.alerts").joinpath("detect")
        found = folder.joinpath(f"{self.name}.sql")
        return (
            sql_with_parts(found.read_text(), lambda name: folder.joinpath(f"parts/{name}.sql").read_text())
            if found.is_file()
            else None
        )

    @property
    def entry(self) -> str:
        """Where its entry of the runbook is."""
        return f"{RUNBOOK}#{self.name.replace('_', '-')}"

    def page_of(self, source: str | None, scopes: list[str]) -> tuple[str, dict[str, str]]:
        """The page that shows an event, and its query."""
        about = {"source": source} if source else {}
        if self.scope_page and source and len(scopes) == 1:
            return self.scope_page, {**about, "scope": scopes[0]}
        return self.page, about


#: In the order in which they are evaluated: what explains a failed run stands before `run_failed`.
ALERT_TYPES: tuple[AlertType, ...] = (
    AlertType(
        "scope_failed",
        AlertSeverity.ERROR,
        "Studies or other scopes failed",
        "a run was to load or withdraw scopes of a source, and they failed; one event for all with one cause",
        "Look the error up in the runbook; the next run tries again, and their rows stay as they were.",
        "failures",
        "study",
        explains_run=True,
    ),
    AlertType(
        "scope_on_hold",
        AlertSeverity.WARNING,
        "Studies or other scopes on hold",
        "a run put scopes on hold: a withdrawal in doubt, an implausible or older release, unknown files",
        "Compare with the source; if the listing is right, trigger a run that approves it.",
        "studies",
        "study",
        explains_run=True,
    ),
    AlertType(
        "audit_failed",
        AlertSeverity.CRITICAL,
        "The audit failed",
        "the newest audit found rows of a source that break a critical check",
        "Look at the sample in quality.audit, pause the DAG of the source, then restore a backup or replay.",
        "quality",
        explains_run=True,
    ),
    AlertType(
        "run_failed",
        AlertSeverity.CRITICAL,
        "A run failed",
        "a run ended without doing its work, and no scope explains it",
        "Read the error in the log of the failed task and the runbook; trigger a run when it is mended.",
        "failures",
    ),
    AlertType(
        "run_late",
        AlertSeverity.WARNING,
        "A run is late",
        "a run goes on although half of the time that it may take is over, if IMMPORT_LATE_ALERTS is on",
        "Look at its running tasks: a full pool, a source that answers slowly, a lock that is waited for.",
        "overview",
    ),
    AlertType(
        "key_expiring",
        AlertSeverity.WARNING,
        "The API key expires",
        "the API key of a connection expires in 7, 3 or 1 days, or has expired",
        "Make a new key and put it into the connection; nothing needs a restart.",
        "sources",
    ),
    AlertType(
        "release_not_loaded",
        AlertSeverity.ERROR,
        "A release is not loaded",
        "a source listed a new release hours ago, and scopes that it lists at it are not in the star",
        "See which scopes are missing and why; trigger the DAG of the source once the cause is gone.",
        "releases",
    ),
    AlertType(
        "freshness_overdue",
        AlertSeverity.ERROR,
        "A source is overdue",
        "a source was not compared with the warehouse for twice the interval of its schedule",
        "See whether its DAG is paused, its pool missing or its runs fail; then trigger it.",
        "sources",
    ),
    AlertType(
        "quality_regressed",
        AlertSeverity.WARNING,
        "Quality regressed",
        "a load has a larger share of quarantined rows than the one before, or withholds another endpoint",
        "Look at the rules and rows in quarantine; declare a new format, or report it to the source.",
        "quality",
        "study",
    ),
    AlertType(
        "volume_fell",
        AlertSeverity.WARNING,
        "Volume fell",
        "a load left a table of a scope with markedly fewer rows than there were",
        "Compare with the source's notes on the release; load the scope anew if its answer was not whole.",
        "releases",
        "study",
    ),
    AlertType(
        "drift_seen",
        AlertSeverity.WARNING,
        "Answers drifted",
        "answers of a scope lack keys, or have keys, that no earlier load of the source did",
        "Declare a key that matters; one that is missing is null in the star from this load on.",
        "sources",
    ),
    AlertType(
        "drill",
        AlertSeverity.INFO,
        "Test message",
        "the weekly drill sent a test message by each route",
        "Nothing: it proves that alerts arrive.",
        "overview",
    ),
)
ALERT_TYPE = {item.name: item for item in ALERT_TYPES}
