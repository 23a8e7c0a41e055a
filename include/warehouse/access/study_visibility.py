"""Which studies are open to everybody, and which are hidden from analysts, with the reason.

Hiding needs one sighting: a study that the source's list of restricted studies names is hidden at once.
Opening one that is hidden because it is, or may be, restricted needs two, in different runs: two lists that
name other studies and not this one. A list that names no study at all may be a mistake, and one with an entry
that cannot be read may mean any study: they open nothing.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from include.sources.withdrawal import RESTRICTED, RESTRICTION_UNKNOWN, WITHDRAWN

#: Patterns of the reason why a study is hidden: it is restricted, or that is not known; or it is withdrawn.
_REASONS = {
    "guarded": [f"{RESTRICTED}%", f"{WITHDRAWN}%{RESTRICTION_UNKNOWN}%"],
    "withdrawn": f"{WITHDRAWN}%",
}
_CLOSE = """
update history.study_access a
set is_open = false, reason = :reason, cleared_in = null, is_cleared = false, changed_at = now()
from history.key_study k
where k.study_key = a.study_key and k.study_accession = any(:studies)
    and (a.is_open or a.cleared_in is not null)"""
#: Seen once, and in another run once more.
_CLEAR = """
update history.study_access a
set cleared_in = coalesce(a.cleared_in, :run),
    is_cleared = a.is_cleared or coalesce(a.cleared_in <> :run, false)
from history.key_study k
where k.study_key = a.study_key and not a.is_open and a.reason like any(cast(:guarded as text[]))
    and k.study_accession <> all(:studies) and cardinality(cast(:studies as text[])) > 0"""
_REOPEN = """
update history.study_access a set is_open = true, reason = null, cleared_in = null, is_cleared = false,
    changed_at = now()
from history.key_study k join ops.scope s on s.source = 'immport' and s.scope = k.study_accession
where k.study_key = a.study_key and not a.is_open and a.is_cleared
    and a.reason like any(cast(:guarded as text[]))
    and k.study_accession <> all(:studies)
    and (s.state = 'current' or s.state = 'withdrawn' and a.reason like :withdrawn)"""
#: A study that is hidden for a guarded reason stays so until it is cleared, whoever publishes it.
_SETTLE = """
insert into history.study_access as a (study_key, is_open, reason)
select study_key, :is_open, :reason from history.key_study where study_accession = :study
on conflict (study_key) do update
    set is_open = excluded.is_open, reason = excluded.reason, cleared_in = null, is_cleared = false,
        changed_at = now()
    where (a.is_open, a.reason) is distinct from (excluded.is_open, excluded.reason)
        and (not excluded.is_open or a.is_cleared
            or (a.reason like any(cast(:guarded as text[]))) is not true)"""
_WAITING = """
select k.study_accession from history.study_access a join history.key_study k on k.study_key = a.study_key
where not a.is_open and not a.is_cleared and a.reason like any(cast(:guarded as text[]))"""


def hide(connection: sa.Connection, restricted: Collection[str], reason: str) -> None:
    """Hide the studies that the source restricts, whatever becomes of them. The caller commits.

    :param reason: why they are hidden.
    """
    connection.execute(sa.text(_CLOSE), {"studies": sorted(restricted), "reason": reason})


def show(connection: sa.Connection, restricted: Collection[str], run_id: str) -> None:
    """Show studies that two runs did not find on the list, if they are current or hidden as withdrawn.

    Only after a list of which every entry was readable: one that was not may have meant any study. The
    caller commits.

    :param restricted: the studies that the source's list names; none of them opens nothing.
    """
    for statement in (_CLEAR, _REOPEN):
        values = {**_REASONS, "studies": sorted(restricted), "run": run_id}
        connection.execute(sa.text(statement), values)


def waiting(connection: sa.Connection) -> frozenset[str]:
    """Studies that are hidden as restricted, or because that is not known, and not cleared by two runs."""
    return frozenset(connection.scalars(sa.text(_WAITING), _REASONS))


def settle(connection: sa.Connection, study: str, *, is_open: bool, reason: str | None) -> None:
    """Show a study to everybody, at all releases, or hide it. The caller commits.

    One that is hidden as restricted, or because that is not known, is not shown before two runs cleared it.

    :param reason: why it is hidden.
    """
    values = {**_REASONS, "study": study, "is_open": is_open, "reason": reason}
    connection.execute(sa.text(_SETTLE), values)
