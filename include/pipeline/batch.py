"""One step for each load of a batch: what the steps work with, and what becomes of a load that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa

from immport_provider.errors import CredentialError, RetriableError, WrongFileError
from include.landing import Landing
from include.pipeline import records
from include.pipeline.records import FAILED, Load, Step
from include.pipeline.route import Wish


@dataclass(frozen=True)
class Tools:
    """What the steps work with.

    :param accept_vanished: a person accepts that many results of a study are gone.
    :param wish: by which route studies should come.
    """

    engine: sa.Engine
    landing: Landing
    run_id: str
    accept_vanished: bool = False
    wish: Wish = field(default_factory=Wish)


@dataclass(frozen=True)
class BatchOutcome:
    """Loads that failed for good, and those worth another try, with why."""

    failed: dict[str, str]
    retriable: dict[str, str]


#: What may succeed when it is tried again in some minutes.
_LATER = (RetriableError, sa.exc.OperationalError)


def run_batch(
    tools: Tools,
    load_ids: list[int],
    name: str,
    *,
    needs: str,
    ends: str,
    work: Callable[[Load, Step], None],
    is_last_try: bool,
) -> BatchOutcome:
    """Do one step for each load of a batch; a load that fails does not stop the others.

    :param needs: state a load must have reached; others failed before and are passed over.
    :param ends: state the step ends in; a load that has reached it is passed over.
    :param is_last_try: a failure that would be worth another try is final.
    """
    outcome = BatchOutcome({}, {})
    for load_id in load_ids:
        load = records.load(tools.engine, load_id)
        if load.has_reached(ends) or not load.has_reached(needs):
            continue
        try:
            with records.step(tools.engine, tools.run_id, load, name) as step:
                work(load, step)
        except (CredentialError, WrongFileError) as error:
            outcome.failed[load.name] = str(error)
            records.set_state(tools.engine, load_id, FAILED, f"{name}: {error}")
        except _LATER as error:
            outcome.retriable[load.name] = records.brief(error)
            if is_last_try:
                records.set_state(tools.engine, load_id, FAILED, f"{name}: {records.brief(error)}")
        except Exception as error:  # noqa: BLE001 - recorded with the load; the other studies go on
            outcome.failed[load.name] = records.brief(error)
            records.set_state(tools.engine, load_id, FAILED, f"{name}: {records.brief(error)}")
    return outcome
