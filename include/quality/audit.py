"""The audit: what must hold of the whole warehouse, proven anew on all that is stored.

Publishing keeps most of it by construction. The audit takes nothing for granted: a repaired disk, a restored
backup, a statement typed by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from include.quality.audit_check import AuditCheck
from include.quality.audit_checks import checks
from include.quality.checks import Severity
from include.warehouse.load import content_digests
from include.warehouse.schema.ops_tables import AUDIT
from include.warehouse.schema.statements import run_sql

#: Rows kept of those that break a check.
SAMPLE = 5


@dataclass(frozen=True)
class AuditFinding:
    """What a check found. The sample holds keys and release keys, never values."""

    check: AuditCheck
    failed_rows: int
    sample: list[dict[str, Any]] | None

    @property
    def summary(self) -> str:
        check = self.check
        found = f"{self.failed_rows} ({check.meaning}), such as {self.sample}"
        return f"{check.check_id} of {check.relation}: {found}"


def run(engine: sa.Engine, run_id: str) -> list[AuditFinding]:
    """Run all checks and write down what each found; a repeat replaces what an earlier try recorded.

    Each check is one statement and sees one moment: studies may be published meanwhile. What has no digest
    yet gets one, and is compared with it from the next audit on.

    :returns: the checks that are broken, the critical ones first.
    :raises sqlalchemy.exc.DBAPIError: a check could not be run.
    """
    with engine.begin() as connection:
        content_digests.record_unknown(connection)
    found = [_look(engine, check) for check in checks()]
    rows = [
        {
            "run_id": run_id,
            "check_id": item.check.check_id,
            "relation": item.check.relation,
            "severity": item.check.severity.value,
            "failed_rows": item.failed_rows,
            "detail": item.check.meaning,
            "sample": item.sample if item.sample else sa.null(),
        }
        for item in found
    ]
    with engine.begin() as connection:
        connection.execute(sa.delete(AUDIT).where(AUDIT.c.run_id == run_id))
        connection.execute(sa.insert(AUDIT), rows)
    broken = [item for item in found if item.failed_rows]
    return sorted(broken, key=lambda item: item.check.severity is not Severity.CRITICAL)


def analyze(engine: sa.Engine) -> int:
    """Renew the planner's statistics of the stored tables. Returns the number of tables."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        names = connection.scalars(
            sa.text(
                "select format('%I.%I', schemaname, tablename) from pg_tables"
                " where schemaname in ('history', 'star', 'ops', 'quality') order by 1"
            )
        ).all()
        for name in names:
            run_sql(connection, f"analyze {name}")
    return len(names)


def _look(engine: sa.Engine, check: AuditCheck) -> AuditFinding:
    statement = f"""with broken as ({check.broken})
        select (select count(*) from broken),
            (select jsonb_agg(to_jsonb(s)) from (select * from broken limit {SAMPLE}) s)"""
    with engine.connect() as connection:
        failed, sample = run_sql(connection, statement).one()
    return AuditFinding(check, failed, sample)
