"""What is known of a load that is judged, and what its checks found."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from include.quality.checks import Severity
from include.warehouse.model.registry import SOURCES
from include.warehouse.model.source_model import SourceModel
from include.warehouse.schema.ops_tables import RESULT


@dataclass(frozen=True)
class Finding:
    """What one check found.

    :param unexpected_rows: rows that break it, or that are missing or too many.
    """

    endpoint: str
    check_id: str
    severity: Severity
    success: bool
    unexpected_rows: int = 0
    detail: str | None = None

    @property
    def summary(self) -> str:
        """The check and what it found, in words."""
        return f"{self.check_id} ({self.detail or f'{self.unexpected_rows} rows'})"


@dataclass(frozen=True)
class CheckOutcome:
    """What the checks of one load found.

    :param rows: rows staged.
    :param quarantined: rows quarantined.
    """

    rows: int
    quarantined: int
    findings: tuple[Finding, ...]

    @property
    def expectations(self) -> int:
        """How many checks there were."""
        return len(self.findings)

    @property
    def failed(self) -> int:
        """How many of them do not hold."""
        return sum(not item.success for item in self.findings)

    @property
    def critical(self) -> list[str]:
        """What keeps the load from being published."""
        return self._failed(Severity.CRITICAL)

    @property
    def withheld(self) -> list[str]:
        """What keeps single endpoints from being published with the rest."""
        return self._failed(Severity.ENDPOINT)

    def _failed(self, severity: Severity) -> list[str]:
        failed = (item for item in self.findings if not item.success and item.severity is severity)
        return [f"{item.endpoint}: {item.summary}" for item in failed]


@dataclass(frozen=True)
class JudgedLoad:
    """What the gate must know of the load it judges.

    :param source: name of the source.
    :param release_key: position on the release line at which it would become valid.
    """

    load_id: int
    source: str
    scope: str
    release: str
    release_key: int

    @property
    def model(self) -> SourceModel:
        """The source, with its tables."""
        return SOURCES[self.source]

    @property
    def name(self) -> str:
        return f"{self.scope} {self.release}"


def record(connection: sa.Connection, load: JudgedLoad, outcome: CheckOutcome) -> None:
    """Write down what each check found."""
    rows = [{"load_id": load.load_id, **asdict(item)} for item in outcome.findings]
    connection.execute(sa.insert(RESULT), rows)
