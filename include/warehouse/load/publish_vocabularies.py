"""Publishing vocabularies: terms that differ from the warehouse get a new version, equal ones stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from include.sources.endpoint import Endpoint
from include.sources.foreign import LONGEST_KEY, clean, is_storable, quoted, summary
from include.sources.immport.lookups import is_stub
from include.sources.reader import cell
from include.warehouse.schema.history_tables import VOCABULARY_TERM

#: Advisory lock: one publisher of vocabularies at a time.
_LOCK = 7_318_002
#: Bytes of a term: it is part of a key, and Postgres indexes 2,704.
_LONGEST_TERM = 2_000
#: Fields with a column of their own.
_OWN = ("name", "description", "link")

_INCOMING = """
create temporary table incoming (vocabulary text, term text, name text, description text, link text,
    fields jsonb, primary key (vocabulary, term)) on commit drop
"""
_INSERT = """
insert into incoming values (:vocabulary, :term, :name, :description, :link, cast(:fields as jsonb))
on conflict do nothing
"""
_COMPARE = """
select count(*) filter (where h.term is null) as added,
    count(*) filter (where h.term is not null and i.term is not null
        and (i.name, i.description, i.link, i.fields)
        is distinct from (h.name, h.description, h.link, h.fields)) as corrected,
    count(*) filter (where i.term is null) as withdrawn,
    count(*) filter (where h.term is not null and i.term is not null
        and (i.name, i.description, i.link, i.fields)
        is not distinct from (h.name, h.description, h.link, h.fields)) as unchanged
from (select * from incoming where vocabulary = :vocabulary) i
full join (select * from history.vocabulary_term where vocabulary = :vocabulary and valid_to = 'infinity') h
    on h.term = i.term
"""
_CLOSE = """
update history.vocabulary_term h set valid_to = :at
where h.vocabulary = :vocabulary and h.valid_to = 'infinity' and not exists (
    select from incoming i where i.vocabulary = h.vocabulary and i.term = h.term
        and (i.name, i.description, i.link, i.fields)
            is not distinct from (h.name, h.description, h.link, h.fields))
"""
_OPEN = """
insert into history.vocabulary_term (vocabulary, term, valid_from, valid_to, name, description, link, fields)
select i.vocabulary, i.term, :at, 'infinity', i.name, i.description, i.link, i.fields from incoming i
where i.vocabulary = :vocabulary and not exists (
    select from history.vocabulary_term h
    where h.vocabulary = i.vocabulary and h.term = i.term and h.valid_to = 'infinity')
"""


@dataclass(frozen=True)
class VocabularyChange:
    """What one answer changed.

    :param dropped: stubs, repetitions of a term, and rows without one.
    :param unstorable: values that Postgres cannot hold and that are left out, in words; None for none.
    """

    received: int
    dropped: int
    added: int
    corrected: int
    withdrawn: int
    unchanged: int
    unstorable: str | None = None


def newest(connection: sa.Connection) -> datetime | None:
    """The time of the newest version, once no other publisher is at work."""
    connection.execute(sa.text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    closed = sa.func.max(
        sa.case((VOCABULARY_TERM.c.valid_to < sa.text("'infinity'"), VOCABULARY_TERM.c.valid_to))
    )
    return connection.scalar(sa.select(sa.func.greatest(sa.func.max(VOCABULARY_TERM.c.valid_from), closed)))


def publish(
    connection: sa.Connection, endpoint: Endpoint, rows: Iterable[dict[str, object]], at: datetime
) -> VocabularyChange:
    """Make the terms of one vocabulary valid from a time on. The caller commits.

    An answer without any term changes nothing: a vocabulary does not end that way.

    :param at: later than every version in the warehouse, see `newest`.
    """
    connection.exec_driver_sql("drop table if exists pg_temp.incoming")
    connection.exec_driver_sql(_INCOMING)
    received, terms = 0, []
    findings: list[str] = []
    for row in rows:
        received += 1
        term = cell(row.get(endpoint.key[0]))
        if not term or (received == 1 and is_stub(row)):
            continue
        if is_storable(term) and len(term.encode()) <= _LONGEST_TERM:
            terms.append(_term(endpoint, term, row, findings))
        else:
            findings.append(f"term {quoted(term)}")
    if terms:
        connection.execute(sa.text(_INSERT), terms)
    kept: int = connection.execute(sa.text("select count(*) from incoming")).scalar_one()
    about = {"vocabulary": endpoint.name, "at": at}
    if not terms:
        return VocabularyChange(received, received, 0, 0, 0, 0, summary(findings))
    change = connection.execute(sa.text(_COMPARE), about).one()
    connection.execute(sa.text(_CLOSE), about)
    connection.execute(sa.text(_OPEN), about)
    found = (change.added, change.corrected, change.withdrawn, change.unchanged)
    return VocabularyChange(received, received - kept, *found, summary(findings))


def _term(
    endpoint: Endpoint, term: str, row: dict[str, object], findings: list[str]
) -> dict[str, str | None]:
    """A term as the warehouse stores it: a value that Postgres cannot store is left out, and noted."""
    kept: dict[str, object] = {}
    for name, value in row.items():
        if is_storable(value):
            kept[clean(name, LONGEST_KEY)] = value
        else:
            kept[clean(name, LONGEST_KEY)] = None
            findings.append(f"{quoted(name)} of {quoted(term)}: {quoted(value)}")
    own = {name: cell(kept.get(name)) for name in _OWN}
    others = {name: value for name, value in kept.items() if name not in (*_OWN, *endpoint.key)}
    return {"vocabulary": endpoint.name, "term": term, **own, "fields": cell(others)}
