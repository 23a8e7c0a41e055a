"""The command that counts what a replay would change: `python -m include.pipeline.dry_run`."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from include.landing.manifest import LandingError
from include.landing.zone import Landing
from include.pipeline import run_ledger
from include.pipeline.batch_runner import StepContext
from include.pipeline.dry_run import scopes
from include.pipeline.dry_run.arguments import read
from include.pipeline.dry_run.plan import Selection, SelectionError, plan
from include.pipeline.dry_run.summary import finish
from include.warehouse.model.registry import SOURCES
from include.warehouse.schema.engine import UnfitServerError, warehouse_engine
from include.warehouse.schema.revision import OutdatedWarehouseError, require_current

#: In the place of a DAG in the record of the run.
COMMAND = "command_dry_run"


def run(arguments: Sequence[str] | None = None) -> None:
    """Count, print what was found, and end with status 0 if all that was requested could be counted.

    :raises SystemExit: the arguments, the warehouse or the landing zone cannot be read, or scopes are left.
    """
    count(*read(arguments))


def count(url: sa.URL, wanted: argparse.Namespace) -> None:
    """Count what was read of the arguments.

    :raises SystemExit: as `run`.
    """
    try:
        selection = Selection.read(SOURCES[wanted.source].source, wanted.scope, wanted.rule, wanted.until)
    except SelectionError as error:
        raise SystemExit(f"error: {error}") from None
    engine = warehouse_engine(url)
    run_id = f"{COMMAND}/{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    try:
        require_current(engine)
        text = _count(engine, run_id, Landing(wanted.landing), selection)
    except (SelectionError, LandingError, OutdatedWarehouseError, UnfitServerError) as error:
        raise SystemExit(f"error: {error}") from None
    except sa.exc.OperationalError as error:  # not to be reached, or locked for too long
        raise SystemExit(f"error: {' '.join(str(error.orig).split())}") from None
    finally:
        engine.dispose()
    sys.stdout.write(f"{text}\n")


def _count(engine: sa.Engine, run_id: str, landing: Landing, selection: Selection) -> str:
    run_ledger.start_run(engine, run_id)
    try:
        batches = plan(engine, run_id, landing, selection, rows=1, most=1)
    except (SelectionError, LandingError) as error:
        run_ledger.note_run(engine, run_id, note=run_ledger.brief(error))
        run_ledger.finish_run(engine, run_id, "failed")
        raise
    tools = StepContext(engine, landing, run_id, is_last_try=True)
    for batch in batches:
        scopes.rehearse_all(tools, selection.source, batch)
    summary = finish(engine, run_id)
    if summary.state != "success":
        raise SystemExit(summary.text)
    return summary.text
