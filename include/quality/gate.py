"""The gate between staging and the star: runs the checks of a load, records them, sets rows aside.

It fails closed: an error in a check, a load without rows or without expectations is a closed gate.
"""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa

from include.quality.checks import Check, Severity, any_row, checks
from include.quality.outcome import Load, Outcome, add_result
from include.quality.totals import control_totals
from include.sources.immport import ENDPOINTS
from include.sources.model import Endpoint
from include.warehouse.stage import ENCODABLE
from include.warehouse.staging import has_table, staging_table
from include.warehouse.tables import QUARANTINE, RESULT, STAGED
from include.warehouse.unpack import PACKAGE_LINE


class GateError(RuntimeError):
    """The gate is closed: why, in words a person can act on."""


def judge(engine: sa.Engine, load: Load, *, accept_vanished: bool = False) -> Outcome:
    """Check one staged load. A repeat replaces what an earlier attempt recorded.

    :param accept_vanished: a person has looked at the results that vanished and accepts it.
    :raises GateError: nothing was staged, nothing was expected, or a check could not be run.
    """
    with engine.begin() as connection:
        connection.execute(sa.delete(RESULT).where(RESULT.c.load_id == load.load_id))
        # What staging set aside stays: those rows are in no table.
        earlier = (QUARANTINE.c.load_id == load.load_id) & QUARANTINE.c.rule.not_in([ENCODABLE, PACKAGE_LINE])
        connection.execute(sa.delete(QUARANTINE).where(earlier))
        recorded = sa.select(STAGED.c.endpoint, STAGED.c.rows_staged, STAGED.c.is_known)
        staged = connection.execute(recorded.where(STAGED.c.load_id == load.load_id)).all()
    counts = {row.endpoint: row.rows_staged for row in staged}
    known = {row.endpoint for row in staged if row.is_known}
    if not sum(counts.values()):
        raise GateError(f"{load.study} {load.release}: no row was staged")
    outcome = Outcome(rows=sum(counts.values()))
    source = _source(engine)
    found = []
    for endpoint in ENDPOINTS.values():
        if endpoint.name not in counts:
            raise GateError(f"{load.study} {load.release}: {endpoint.name} was not staged")
        if not has_table(endpoint, is_known=endpoint.name in known):
            continue
        suite = list(checks(endpoint, load.load_id, load.study, counts[endpoint.name]))
        if counts[endpoint.name] or endpoint.required:
            verdicts = _validate(source, endpoint, load, suite)
        else:  # an empty answer: all there is to see is that nothing is there
            suite, verdicts = suite[:1], [_is_empty(engine, endpoint, load)]
        found.append((endpoint, suite, verdicts))
    # All at once: a gate that was killed half way leaves no results that could be taken for a pass.
    with engine.begin() as connection:
        for endpoint, suite, verdicts in found:
            _record(connection, endpoint, load, suite, verdicts, outcome)
        control_totals(connection, load, counts, known, outcome, accept_vanished)
    if not outcome.expectations:
        raise GateError(f"{load.study} {load.release}: no expectation was checked")
    return outcome


def _is_empty(engine: sa.Engine, endpoint: Endpoint, load: Load) -> bool:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"select count(*) from {staging_table(load.load_id, endpoint)}")
        return rows.scalar_one() == 0


def _source(engine: sa.Engine) -> Any:
    """The warehouse as a source of Great Expectations, in a context that is in memory only."""
    # Seconds to import, and hundreds of log lines: only here, where a task needs it.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations as gx

    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    url = engine.url.render_as_string(hide_password=False)
    return context.data_sources.add_postgres("warehouse", connection_string=url)


def _validate(source: Any, endpoint: Endpoint, load: Load, suite: list[Check]) -> list[bool]:
    """Verdict of each check: asked together whether any row breaks any of them, alone only if one does."""
    batch, name = _batch(source, endpoint, load), f"{load.study} {load.release} {endpoint.name}"
    of_rows = [check for check in suite if check.broken is not None]
    together = any_row(of_rows)
    verdicts = _ask(batch, [*(check for check in suite if check.broken is None), together])
    if verdicts.pop(together.check_id, None) is True:
        verdicts |= {check.check_id: True for check in of_rows}
    else:
        alone = _ask(batch, of_rows)
        if all(verdict is True for verdict in alone.values()):
            raise GateError(f"{name}: a row breaks a check, but no check alone finds it")
        verdicts |= alone
    for check_id, verdict in verdicts.items():
        if isinstance(verdict, str):
            raise GateError(f"{name}: {check_id} did not run: {verdict}")
    missing = [check.check_id for check in suite if check.check_id not in verdicts]
    if missing:
        raise GateError(f"{name}: no verdict on {', '.join(missing)}")
    return [verdicts[check.check_id] is True for check in suite]


def _batch(source: Any, endpoint: Endpoint, load: Load) -> Any:
    schema, _, table = staging_table(load.load_id, endpoint).partition(".")
    asset = source.add_table_asset(table, table_name=table, schema_name=schema)
    return asset.get_batch(asset.build_batch_request())


def _ask(batch: Any, suite: list[Check]) -> dict[str, bool | str]:
    """Verdict by check, or why it did not run. Booleans only: details cost a query per expectation."""
    import great_expectations as gx

    expectations = []
    for check in suite:
        expectation = check.build()
        expectation.meta = {"check_id": check.check_id}
        expectations.append(expectation)
    result = batch.validate(
        gx.ExpectationSuite(name="load", expectations=expectations), result_format="BOOLEAN_ONLY"
    )
    return {
        item.expectation_config.meta["check_id"]: _raised(item.exception_info or {}) or bool(item.success)
        for item in result.results
    }


def _raised(exception_info: dict[str, Any]) -> str | None:
    """First line of the error a check ended with. Great Expectations keeps one per metric, or one alone."""
    for info in (exception_info, *exception_info.values()):
        if isinstance(info, dict) and info.get("raised_exception"):
            return str(info.get("exception_message")).partition("\n")[0]
    return None


def _record(
    connection: sa.Connection,
    endpoint: Endpoint,
    load: Load,
    suite: list[Check],
    verdicts: list[bool],
    outcome: Outcome,
) -> None:
    for check, success in zip(suite, verdicts, strict=True):
        broken = 0 if success else _broken_rows(connection, endpoint, load, check)
        if not success and not broken and check.broken is not None:
            raise GateError(f"{load.study} {load.release} {endpoint.name}: {check.check_id} failed on no row")
        add_result(connection, endpoint.name, load, check.check_id, check.severity, success, broken, None)
        outcome.expectations += 1
        outcome.failed += not success
        if not success and check.severity is Severity.CRITICAL:
            outcome.critical.append(f"{endpoint.name}: {check.check_id} ({broken} rows)")
    held = connection.scalar(
        sa.select(sa.func.count(sa.distinct(QUARANTINE.c.row_number))).where(
            (QUARANTINE.c.load_id == load.load_id) & (QUARANTINE.c.endpoint == endpoint.name)
        )
    )
    outcome.quarantined += held or 0


def _broken_rows(connection: sa.Connection, endpoint: Endpoint, load: Load, check: Check) -> int:
    """Count the rows that break a check; keep them, unless the check is only a warning."""
    if check.broken is None:
        return 0
    rows = f"from {staging_table(load.load_id, endpoint)} s where {check.broken}"
    if check.severity is Severity.WARNING:
        return int(connection.exec_driver_sql(f"select count(*) {rows}".replace("%", "%%")).scalar_one())
    statement = f"""insert into quality.quarantine
        (load_id, study_accession, release_version, endpoint, row_number, rule, row)
        select %(load_id)s, %(study)s, %(release)s, %(endpoint)s, s.row_number, %(rule)s,
            to_jsonb(s) - 'row_number' {rows.replace("%", "%%")}"""
    values = {
        "load_id": load.load_id,
        "study": load.study,
        "release": load.release,
        "endpoint": endpoint.name,
        "rule": check.check_id,
    }
    return connection.exec_driver_sql(statement, values).rowcount
