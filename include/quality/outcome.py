"""What is known of a load that is judged, and what its checks found."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from include.quality.checks import Severity
from include.warehouse.tables import RESULT


@dataclass
class Outcome:
    """What the checks of one load found."""

    rows: int = 0
    expectations: int = 0
    failed: int = 0
    quarantined: int = 0
    critical: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Load:
    """What the gate must know of the load it judges.

    :param release_key: position on the release line at which it would become valid.
    """

    load_id: int
    study: str
    release: str
    release_key: int


def add_result(
    connection: sa.Connection,
    endpoint: str,
    load: Load,
    check_id: str,
    severity: Severity,
    success: bool,
    broken: int,
    detail: str | None,
) -> None:
    connection.execute(
        sa.insert(RESULT).values(
            load_id=load.load_id,
            endpoint=endpoint,
            check_id=check_id,
            severity=severity.value,
            success=success,
            unexpected_rows=broken,
            detail=detail,
        )
    )
