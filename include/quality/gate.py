"""The gate between staging and the star: runs the checks of a load, records them, sets rows aside.

It fails closed: an error in a check, a load without rows or without expectations is a closed gate.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from types import ModuleType
from typing import Any

import sqlalchemy as sa

from include.quality import quarantine_groups
from include.quality.checks import Check, Severity, checks
from include.quality.outcome import CheckOutcome, Finding, JudgedLoad, record
from include.quality.same_rows import known_findings
from include.quality.screen import MOST_NAMED, broken_checks
from include.quality.totals import control_totals
from include.quality.withhold import withhold
from include.sources.endpoint import Endpoint
from include.sql import literal, literals
from include.warehouse.load import staging_tables
from include.warehouse.load.package.package_findings import PACKAGE_LINE
from include.warehouse.load.stage_answers import ENCODABLE
from include.warehouse.load.staging_tables import StagedTables, staging_table
from include.warehouse.schema.ops_tables import QUARANTINE, QUARANTINED_VALUE, RESULT, STAGED
from include.warehouse.schema.statements import run_sql


class GateError(RuntimeError):
    """The gate is closed: why, in words a person can act on."""


def judge(
    engine: sa.Engine,
    load: JudgedLoad,
    *,
    accept_vanished: bool = False,
    writing: Callable[[], AbstractContextManager[sa.Connection]] | None = None,
) -> CheckOutcome:
    """Check one staged load. A repeat replaces what an earlier attempt recorded.

    :param accept_vanished: a person has looked at the results that vanished and accepts it.
    :param writing: opens a transaction that only the newest attempt gets; a plain one without it.
    :raises GateError: nothing was staged, nothing was expected, or a check could not be run.
    """
    writing = writing or engine.begin
    with writing() as connection:
        counts, known = _begin(connection, load)
    judged, findings = _judge_endpoints(engine, load, counts, known)
    # All at once: a gate that was killed half way leaves no results that could be taken for a pass.
    with writing() as connection:
        findings += [
            _finding(connection, endpoint, load, check, success)
            for endpoint, suite, verdicts in judged
            for check, success in zip(suite, verdicts, strict=True)
        ]
        if not findings:
            raise GateError(f"{load.name}: no expectation was checked")
        findings += control_totals(connection, load, counts, known, accept_vanished)
        findings = withhold(connection, load, findings)
        quarantined = _count_quarantined(connection, load, [endpoint.name for endpoint, *_ in judged])
        outcome = CheckOutcome(sum(counts.values()), quarantined, tuple(findings))
        record(connection, load, outcome)
        quarantine_groups.count(connection, load.load_id)
    return outcome


def _begin(connection: sa.Connection, load: JudgedLoad) -> tuple[dict[str, int], set[str]]:
    """Forget what an earlier attempt recorded. Returns staged rows by endpoint, and the known endpoints."""
    connection.execute(sa.delete(RESULT).where(RESULT.c.load_id == load.load_id))
    # What staging quarantined stays: those rows are in no table.
    earlier = (QUARANTINE.c.load_id == load.load_id) & QUARANTINE.c.rule.not_in([ENCODABLE, PACKAGE_LINE])
    connection.execute(sa.delete(QUARANTINE).where(earlier))
    connection.execute(sa.delete(QUARANTINED_VALUE).where(QUARANTINED_VALUE.c.load_id == load.load_id))
    recorded = sa.select(STAGED.c.endpoint, STAGED.c.rows_staged, STAGED.c.is_known)
    staged = connection.execute(recorded.where(STAGED.c.load_id == load.load_id)).all()
    counts = {row.endpoint: row.rows_staged for row in staged}
    return counts, {row.endpoint for row in staged if row.is_known}


def _judge_endpoints(
    engine: sa.Engine, load: JudgedLoad, counts: dict[str, int], known: set[str]
) -> tuple[list[tuple[Endpoint, list[Check], list[bool]]], list[Finding]]:
    """Run the checks. Returns by endpoint the checks that ran, and whether each of them passed; and what the
    others find, which is known.

    :raises GateError: nothing was staged, or not every endpoint, or a check could not be run.
    """
    if not sum(counts.values()):
        raise GateError(f"{load.name}: no row was staged")
    declared = load.model.source.endpoints
    missing = ", ".join(name for name in declared if name not in counts)
    if missing:
        raise GateError(f"{load.name}: not staged: {missing}")
    endpoints = [item for item in declared.values() if item.is_served or item.name in known]
    # Of an empty answer, all there is to see is that nothing is there.
    empty = [item for item in endpoints if not counts[item.name]]
    tables = StagedTables(load.load_id, frozenset(name for name, count in counts.items() if count))
    suites = {
        item.name: list(checks(load.model, item, tables, load.scope, counts[item.name])) for item in endpoints
    }
    filled = {name: suite for name, suite in suites.items() if counts[name]}
    with engine.connect() as connection:
        rows = staging_tables.count(connection, load.load_id, empty)
        before = known_findings(connection, load.load_id, filled)
    for name, known_before in before.items():
        suites[name] = filled[name] = [item for item in filled[name] if item.check_id not in known_before]
    verdicts = _verdicts(engine, load, filled, broken_checks(load.model.source, tables, filled, counts))
    judged = []
    for endpoint in endpoints:
        suite = suites[endpoint.name]
        if endpoint in empty:
            # Its count of rows, and where it must have some, that it has none.
            found = [not rows[endpoint.name], False][: 1 + endpoint.required]
            suite = suite[: len(found)]
        else:
            found = [verdicts[endpoint.name][check.check_id] for check in suite]
        judged.append((endpoint, suite, found))
    return judged, [finding for findings in before.values() for finding in findings.values()]


def _verdicts(
    engine: sa.Engine, load: JudgedLoad, suites: dict[str, list[Check]], query: str
) -> dict[str, dict[str, bool]]:
    """Whether each check passed, by endpoint and check: one query names the broken ones, which then run by
    themselves.

    :param suites: the checks of each endpoint that has rows, by its name.
    :raises GateError: a check did not run, or alone it does not find what the query found.
    """
    with closing(load_expectations().Batches(engine.url)) as batches:
        return _judged(batches, load, suites, query)


def _judged(
    batches: Any, load: JudgedLoad, suites: dict[str, list[Check]], query: str
) -> dict[str, dict[str, bool]]:
    found = batches.broken(load.load_id, query)
    # Where the query did not run, or may have named more, any check may be broken.
    named = None if isinstance(found, str) or len(found) >= MOST_NAMED else set(found)
    verdicts = {name: {check.check_id: True for check in suite} for name, suite in suites.items()}
    for endpoint, suite in suites.items():
        # What comes after a broken check may be broken, too.
        alone = [
            check
            for check in suite
            if named is None or named & {(endpoint, check.check_id), (endpoint, check.after or "")}
        ]
        if not alone:
            continue
        table = staging_table(load.load_id, load.model.source.endpoints[endpoint])
        found_alone = batches.run(table, alone)
        for check_id in (check.check_id for check in alone):
            verdict, name = found_alone.get(check_id, "no verdict"), f"{load.name} {endpoint}"
            if isinstance(verdict, str):
                raise GateError(f"{name}: {check_id} did not run: {verdict}")
            if verdict and named and (endpoint, check_id) in named:
                raise GateError(f"{name}: rows break {check_id}, which alone finds none")
            verdicts[endpoint][check_id] = verdict
    if isinstance(found, str):
        raise GateError(f"{load.name}: what looks for broken checks did not run: {found}")
    return verdicts


def load_expectations() -> ModuleType:
    """The module that uses Great Expectations, which takes seconds to import and writes hundreds of lines:
    only where it is needed. A task of a worker finds the library imported (`immport_provider.preload`)."""
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    from include.quality import expectations

    return expectations


def _finding(
    connection: sa.Connection, endpoint: Endpoint, load: JudgedLoad, check: Check, success: bool
) -> Finding:
    broken = 0 if success else _broken_rows(connection, endpoint, load, check)
    if not success and not broken and check.broken is not None:
        raise GateError(f"{load.name} {endpoint.name}: {check.check_id} failed on no row")
    return Finding(endpoint.name, check.check_id, check.severity, success, broken)


def _count_quarantined(connection: sa.Connection, load: JudgedLoad, endpoints: list[str]) -> int:
    """Rows of endpoints that a check, or staging, quarantined."""
    quarantined = (QUARANTINE.c.load_id == load.load_id) & QUARANTINE.c.endpoint.in_(endpoints)
    return connection.scalar(sa.select(sa.func.count()).select_from(QUARANTINE).where(quarantined)) or 0


def _broken_rows(connection: sa.Connection, endpoint: Endpoint, load: JudgedLoad, check: Check) -> int:
    """Count the rows that break a check; keep them, or what they say, unless the check is only a warning."""
    if check.broken is None:
        return 0
    rows = f"from {staging_table(load.load_id, endpoint)} s where {check.broken}"
    is_published = check.severity in (Severity.VALUE, Severity.WARNING)
    if is_published and check.column is None:
        return int(run_sql(connection, f"select count(*) {rows}").scalar_one())
    of_load = literals((load.source, load.scope, load.release, endpoint.name))
    if is_published:
        keys = ", ".join(f"{literal(column)}, s.{column}" for column in endpoint.key_columns)
        statement = f"""insert into quality.quarantined_value
            (load_id, source, scope, release_version, endpoint, row_number, rule, field, key, value)
            select {load.load_id}, {of_load}, s.row_number, {literal(check.check_id)},
                {literal(check.column or "")}, jsonb_build_object({keys}), s.{check.column} {rows}"""
    else:
        # A row has one entry, whatever number of checks it breaks.
        statement = f"""insert into quality.quarantine
            (load_id, source, scope, release_version, endpoint, row_number, rule, row)
            select {load.load_id}, {of_load}, s.row_number, {literal(check.check_id)},
                to_jsonb(s) - 'row_number' {rows}
            on conflict (load_id, endpoint, row_number) where rule <> 'package_line'
            do update set rule = quarantine.rule || ', ' || excluded.rule"""
    return run_sql(connection, statement).rowcount
