"""The steps of a load behind extract: stage, check, publish, withdraw. Each can be killed and run again."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from include.pipeline import run_ledger
from include.pipeline.batch_runner import StepContext
from include.pipeline.run_ledger import CHECKED, Load, Step
from include.quality import gate
from include.quality.outcome import CheckOutcome, JudgedLoad
from include.warehouse.load import stage_study, unchanged
from include.warehouse.load.publication import Publication
from include.warehouse.load.publish import Published, publish_load
from include.warehouse.load.staged_load import StagingLostError


class CheckFailedError(RuntimeError):
    """Critical checks failed: the scope is not published."""


def stage(tools: StepContext, load: Load, step: Step, *, anew: bool = False) -> None:
    """Copy the landed answers into staging tables, unless they are those that the star was made of last.

    :param anew: copy them in any case.
    """
    manifest = tools.landing.read_manifest(load.fetch)
    with run_ledger.writing(tools.engine, load) as connection:
        unchanged.describe(connection, load.load_id, manifest)
        # What a person accepts may be just what was withheld before.
        earlier = None if anew or tools.accept_vanished else unchanged.find(connection, load.load_id)
        if earlier is not None:
            stage_study.forget(connection, load.model, load.load_id)
            unchanged.adopt(connection, load.load_id, earlier)
            run_ledger.set_state(connection, load, run_ledger.STAGED)
            step.skip(earlier.summary)
            return
    with run_ledger.writing(tools.engine, load) as connection:
        step.rows = stage_study.stage(connection, load.model, load.load_id, tools.landing, manifest)
        run_ledger.set_state(connection, load, run_ledger.STAGED)


def check(tools: StepContext, load: Load, step: Step) -> None:
    """Run the checks of a staged load.

    :raises CheckFailedError: a critical check failed.
    """
    if load.same_as is not None:
        step.skip(f"landed the same as load {load.same_as}, whose checks hold")
        run_ledger.set_state(tools.engine, load, CHECKED)
        return
    about = JudgedLoad(load.load_id, load.source, load.scope, load.release, load.release_key)
    writing = partial(run_ledger.writing, tools.engine, load)
    outcome = gate.judge(tools.engine, about, accept_vanished=tools.accept_vanished, writing=writing)
    step.rows = outcome.rows
    passed = outcome.expectations - outcome.failed
    step.message = f"{passed} of {outcome.expectations} checks passed, {outcome.quarantined} rows quarantined"
    if outcome.withheld:
        step.message += f"; withheld, as they were before: {'; '.join(outcome.withheld)}"
    if outcome.critical:
        raise closed(load, outcome)
    run_ledger.set_state(tools.engine, load, CHECKED)


def closed(load: Load, outcome: CheckOutcome) -> CheckFailedError:
    """What a load fails with whose gate is closed."""
    return CheckFailedError(f"{load.name}: {'; '.join(outcome.critical)}")


def publish(tools: StepContext, load: Load, step: Step) -> None:
    """Publish a checked load. Staging that a crash emptied is made and checked again; so is that of a load
    that is not unchanged after all."""
    work = publication(load)
    try:
        done = publish_load(tools.engine, work, load.fence)
    except StagingLostError:
        stage(tools, load, step, anew=True)
        check(tools, replace(load, same_as=None), step)
        done = publish_load(tools.engine, work, load.fence)
    _report(done, step)


def withdraw(tools: StepContext, load: Load, step: Step) -> None:
    """Close everything a scope has: it is no longer shared."""
    work = publication(load, is_withdrawal=True)
    done = publish_load(tools.engine, work, load.fence)
    _report(done, step)


def publication(load: Load, *, is_withdrawal: bool = False) -> Publication:
    """What is published of a load."""
    day = None if is_withdrawal else load.release_date
    return Publication(
        load.load_id, load.source, load.scope, load.release, day, load.release_key, is_withdrawal
    )


def _report(done: Published, step: Step) -> None:
    step.rows = done.rows_written
    added, corrected, withdrawn, same = (
        sum(getattr(item, name) for item in done.changes)
        for name in ("added", "corrected", "withdrawn", "unchanged")
    )
    step.message = f"+{added} ~{corrected} -{withdrawn} ={same}"
    if done.unchanged:
        step.message += f"; {done.unchanged}"
    if done.was_known:
        step.skip(f"already published: {step.message}")
