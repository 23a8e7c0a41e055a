"""What a run called: counts of its clients, added up in `ops.call`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.sources.calls import CallCount
from include.sources.client import CountedClient
from include.warehouse.schema.ops_tables import CALL

log = logging.getLogger(__name__)

#: Counts by host and endpoint.
Counts = Mapping[tuple[str, str], CallCount]
_ADDED = ("calls", "retries", "errors", "refusals", "bytes", "milliseconds")


@dataclass(frozen=True)
class Caller:
    """Who makes calls: a step of a run, to a source."""

    run_id: str
    step: str
    source: str


@contextmanager
def recorded(
    engine: sa.Engine,
    client: CountedClient,
    caller: Caller,
    report: Callable[[Caller, Counts], None] | None = None,
) -> Iterator[None]:
    """Add the calls that a client makes in the block to the record of the run, however the block ends.

    A record that cannot be written is a warning: it fails nothing that was fetched.

    :param report: is given the counts, too.
    """
    client.calls.take()  # of nobody that is known here
    try:
        yield
    finally:
        if counts := client.calls.take():
            try:
                add(engine, caller, counts)
            except sa.exc.SQLAlchemyError as error:
                log.warning("the calls of %s are not recorded: %s", caller, type(error).__name__)
            if report is not None:
                report(caller, counts)


def add(engine: sa.Engine, caller: Caller, counts: Counts) -> None:
    """Add counts to those of the same step of the run."""
    # In one order: two tasks that add to the same rows wait for each other and never deadlock.
    rows = [_row(caller, host, endpoint, count) for (host, endpoint), count in sorted(counts.items())]
    new = upsert(CALL)
    had, came = CALL.c, new.excluded
    values = {
        **{name: had[name] + came[name] for name in _ADDED},
        "slowest_milliseconds": sa.func.greatest(had.slowest_milliseconds, came.slowest_milliseconds),
        "answered_at": sa.func.greatest(had.answered_at, came.answered_at),
        "failed_at": sa.func.greatest(had.failed_at, came.failed_at),
        "failure": sa.case(
            (came.failed_at >= sa.func.coalesce(had.failed_at, came.failed_at), came.failure),
            else_=had.failure,
        ),
    }
    with engine.begin() as connection:
        connection.execute(
            new.on_conflict_do_update(index_elements=list(CALL.primary_key), set_=values), rows
        )


def _row(caller: Caller, host: str, endpoint: str, count: CallCount) -> dict[str, object]:
    return {
        "run_id": caller.run_id,
        "step": caller.step,
        "source": caller.source,
        "host": host,
        "endpoint": endpoint,
        "calls": count.calls,
        "retries": count.retries,
        "errors": count.errors,
        "refusals": count.refusals,
        "bytes": count.size,
        "milliseconds": round(count.seconds * 1000),
        "slowest_milliseconds": round(count.slowest * 1000),
        "answered_at": count.answered_at,
        "failed_at": count.failed_at,
        "failure": count.failure,
    }
