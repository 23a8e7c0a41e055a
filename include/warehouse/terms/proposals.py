"""Harmonising reported terms: what the evidence shows of each is written to `history.term_mapping`.

Every term that no person has decided on is looked at anew: the lookups are by hash, and 10,000 names take
about a second. A mapping that comes out as it is stays untouched.

`python -m include.warehouse.terms --help` describes how people review the mappings.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import fields

import sqlalchemy as sa

from include.sources.release import OPEN
from include.sql import literal
from include.warehouse.model.fetched.vocabularies import VOCABULARY_TERM
from include.warehouse.model.registry import DIMENSION
from include.warehouse.schema.history_tables import HISTORY, KEY_TABLES, TERM_MAPPING
from include.warehouse.terms.domains import DOMAINS, Domain
from include.warehouse.terms.match import AMBIGUOUS, Index, Judgement, Term, match
from include.warehouse.terms.species import taxa

#: Advisory lock: one proposer at a time.
_LOCK = 7_318_003
LOCK_TIMEOUT, TRANSACTION_TIMEOUT = "1min", "10min"

log = logging.getLogger(__name__)

_WRITE = """
insert into history.term_mapping as m
    (term_id, domain, reported, preferred, vocabulary, term, term_name, status, method, evidence)
select star.term_id(:domain, i.reported, i.preferred), :domain, i.reported, i.preferred,
    i.vocabulary, i.term, i.term_name, i.status, i.method, i.evidence
from jsonb_to_recordset(cast(:rows as jsonb)) i (reported text, preferred text, vocabulary text, term text,
    term_name text, status text, method text, evidence text)
on conflict (term_id) do update set (vocabulary, term, term_name, status, method, evidence, changed_at)
    = (excluded.vocabulary, excluded.term, excluded.term_name, excluded.status, excluded.method,
       excluded.evidence, now())
where m.decided_by is null
"""


def propose(connection: sa.Connection) -> dict[str, int]:
    """Look at every undecided term. Returns the mappings that are new or changed, by domain.

    A person's decision is never touched. The caller commits.
    """
    connection.exec_driver_sql(f"set local lock_timeout = {literal(LOCK_TIMEOUT)}")
    connection.exec_driver_sql(f"set local transaction_timeout = {literal(TRANSACTION_TIMEOUT)}")
    connection.execute(sa.text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    return {domain.name: _propose(connection, domain) for domain in DOMAINS}


def refresh(engine: sa.Engine) -> dict[str, int] | None:
    """Propose in a transaction of its own. A failure is logged and returns None: it stops no load.

    What it could not look at shows in `star.unmapped_term` as not looked at yet.
    """
    try:
        with engine.begin() as connection:
            changed = propose(connection)
    except sa.exc.SQLAlchemyError:
        log.exception("terms could not be harmonised: the mappings stay as they are")
        return None
    log.info("mappings of terms, new or changed: %s", changed)
    return changed


def index(connection: sa.Connection, domain: Domain) -> Index:
    """The vocabulary of a domain as of its last fetch; empty when there was none."""
    members, versions = KEY_TABLES[VOCABULARY_TERM.name], HISTORY[VOCABULARY_TERM.relation]
    key = VOCABULARY_TERM.key_column
    statement = (
        sa.select(members.c.term, versions.c.name, versions.c.fields)
        .join(versions, versions.c[key] == members.c[key])
        .where(members.c.vocabulary_name == domain.vocabulary, versions.c.valid_to == OPEN)
    )
    terms = (Term(row.term, row.name, row.fields or {}) for row in connection.execute(statement))
    return Index(domain, terms)


def _propose(connection: sa.Connection, domain: Domain) -> int:
    known = index(connection, domain)
    judged = {pair: match(known, *pair) for pair in _undecided(connection, domain)}
    if domain.counterparts:
        doubtful = [pair for pair, found in judged.items() if found.method == AMBIGUOUS]
        judged |= {pair: match(known, *pair, of) for pair, of in taxa(connection, domain, doubtful).items()}
    recorded = _recorded(connection, domain)
    rows = [
        {"reported": reported, "preferred": preferred, **vars(found)}
        for (reported, preferred), found in judged.items()
        if recorded.get((reported, preferred)) != found
    ]
    if not rows:
        return 0
    return connection.execute(sa.text(_WRITE), {"domain": domain.name, "rows": json.dumps(rows)}).rowcount


def _recorded(connection: sa.Connection, domain: Domain) -> dict[tuple[str, str], Judgement]:
    """Mappings as they are. A conflict locks, and so writes, a row even when it updates nothing."""
    columns = TERM_MAPPING.c
    judgement = (columns[field.name] for field in fields(Judgement))
    statement = sa.select(columns.reported, columns.preferred, *judgement).where(
        columns.domain == domain.name
    )
    return {(row[0], row[1]): Judgement(*row[2:]) for row in connection.execute(statement)}


def _undecided(connection: sa.Connection, domain: Domain) -> Iterator[tuple[str, str]]:
    """Reported and preferred text of each term of a domain, of all releases."""
    dimension = DIMENSION[domain.dimension]
    source = dimension.relation if dimension.is_versioned else dimension.key_table
    reported, preferred = (f"coalesce({text.text}, '')" for text in (domain.reported, domain.preferred))
    statement = f"""select distinct t.reported, t.preferred
        from (select {reported} as reported, {preferred} as preferred
            from history.{source} t where t.{dimension.key_column} > 0) t
        left join history.term_mapping m
            on m.term_id = star.term_id(:domain, t.reported, t.preferred) and m.decided_by is not null
        where m.term_id is null and (btrim(t.reported) <> '' or btrim(t.preferred) <> '')"""
    for row in connection.execute(sa.text(statement), {"domain": domain.name}):
        yield row.reported, row.preferred
