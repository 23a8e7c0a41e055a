"""Which studies are open to everybody, and which are hidden from analysts, with the reason."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from include.sources.withdrawal import RESTRICTION_UNKNOWN, WITHDRAWN


def follow(connection: sa.Connection, restricted: Collection[str], reason: str) -> None:
    """Hide the studies that the source restricts, whatever becomes of them. The caller commits.

    Shown again are those not restricted that were hidden so while they are held, or because it was not known.

    :param reason: why they are hidden.
    """
    unknown = f"{WITHDRAWN}%{RESTRICTION_UNKNOWN}%"
    values = {"studies": sorted(restricted), "reason": reason, "unknown": unknown}
    close = """
        update history.study_access a set is_open = false, reason = :reason, changed_at = now()
        from history.key_study k
        where k.study_key = a.study_key and a.is_open and k.study_accession = any(:studies)"""
    reopen = """
        update history.study_access a set is_open = true, reason = null, changed_at = now()
        from history.key_study k join ops.study s on s.study_accession = k.study_accession
        where k.study_key = a.study_key and not a.is_open and k.study_accession <> all(:studies)
            and (s.state = 'current' and a.reason = :reason
                or s.state = 'withdrawn' and a.reason like :unknown)"""
    for statement in (close, reopen):
        connection.execute(sa.text(statement), values)


def settle(connection: sa.Connection, study: str, *, is_open: bool, reason: str | None) -> None:
    """Show a study to everybody, at all releases, or hide it. The caller commits.

    :param reason: why it is hidden.
    """
    connection.execute(
        sa.text("""
            insert into history.study_access (study_key, is_open, reason)
            select study_key, :is_open, :reason from history.key_study where study_accession = :study
            on conflict (study_key) do update
                set is_open = excluded.is_open, reason = excluded.reason, changed_at = now()
                where (study_access.is_open, study_access.reason)
                    is distinct from (excluded.is_open, excluded.reason)"""),
        {"study": study, "is_open": is_open, "reason": reason},
    )
