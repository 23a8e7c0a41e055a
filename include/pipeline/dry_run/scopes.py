"""The scopes of one task of a dry run: one that cannot be counted does not stop the others."""

from __future__ import annotations

from collections.abc import Iterable

from include.pipeline import run_ledger
from include.pipeline.batch_runner import BatchOutcome, StepContext, running_step
from include.pipeline.dry_run.rehearse import rehearse
from include.pipeline.run_ledger import StudyRef
from include.pipeline.verdict import may_pass
from include.sources.source import Source
from include.warehouse.load.fence import Attempt

STEP = "dry run"


def rehearse_all(tools: StepContext, source: Source, scopes: Iterable[str]) -> BatchOutcome:
    """Count what a replay of each scope would change."""
    attempt = Attempt.begin(tools.engine, tools.run_id, STEP)
    outcome = BatchOutcome({}, {}, {})
    for scope in scopes:
        try:
            with running_step(tools, StudyRef(scope, source=source.name), STEP) as step:
                rehearse(tools, attempt, source, scope, step)
        except Exception as error:  # noqa: BLE001 - recorded with its step; the other scopes go on
            (outcome.retriable if may_pass(error) else outcome.failed)[scope] = run_ledger.brief(error)
    return outcome
