"""Sources that are fetched scope by scope: a client that answers as a test says, and runs without Airflow."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import sqlalchemy as sa

from include.landing.zone import Fetch
from include.pipeline import discover, report, run_ledger, steps, work_list
from include.pipeline.batch_runner import StepContext, run_batch
from include.pipeline.circuit_breaker import watched
from include.pipeline.fetched.discover import from_source
from include.pipeline.fetched.extract import extract
from include.pipeline.load_policy import LoadPolicy
from include.pipeline.report import RunSummary
from include.pipeline.run_ledger import EXTRACTED, Load
from include.sources.calls import CallCounts
from include.sources.client import CallWatch, Received
from include.sources.endpoint import Endpoint
from include.sources.errors import BadAnswerError, ImmPortError, RequestError
from include.sources.fetched.fetched_source import FetchedSource
from include.sources.fetched.offering import Validators
from include.sources.reader import NotDataError
from include.sources.release import FetchTime
from include.warehouse.load.fence import Attempt
from include.warehouse.load.publish import Published, publish_load
from include.warehouse.schema.ops_tables import LOAD, RUN
from tests.support.warehouse import Warehouse, publication

T = TypeVar("T")
#: What a source answers: the bytes of an endpoint for a scope, or the error that it fails with; of several
#: answers one after the other, the last again and again. A page is requested as `AAA?from=0`.
Answers = dict[tuple[str, str], bytes | ImmPortError | list[bytes]]


def body(rows: Iterable[object]) -> bytes:
    """Rows as a JSON array."""
    return json.dumps(list(rows)).encode()


@dataclass
class Client:
    """A source that answers what a test says.

    :param answers: by endpoint and scope; anything else is refused as not there.
    :param said: what it says of the version of its answers.
    :ivar requested: endpoint and scope of each request, in order; `probed` of each question about a version.
    """

    answers: Answers = field(default_factory=dict)
    said: dict[tuple[str, str], Validators] = field(default_factory=dict)
    requested: list[tuple[str, str]] = field(default_factory=list)
    probed: list[tuple[str, str]] = field(default_factory=list)
    watch: CallWatch | None = None
    calls: CallCounts = field(default_factory=CallCounts)
    settings: Any = field(
        default_factory=lambda: SimpleNamespace(
            base="https://source.invalid", source="source.invalid", calls_in_flight=2, page_size=2
        )
    )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was opened."""

    def request(
        self,
        endpoint: Endpoint,
        scope: str,
        receive: Callable[[Iterator[bytes]], T],
        *,
        form: str = "json",
        page: Mapping[str, str] | None = None,
    ) -> Received[T]:
        if self.watch is not None:
            self.watch.before(self.settings.source)
        self.requested.append((endpoint.name, scope))
        place = scope if page is None else f"{scope}?{urlencode(page)}"
        found = self.answers.get((endpoint.name, place), RequestError("HTTP 404", 404))
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, ImmPortError):
            raise self._about(found, endpoint, scope)
        try:
            content = receive(iter([found]))
        except NotDataError as error:
            raise self._about(BadAnswerError(str(error), 200), endpoint, scope) from None
        if self.watch is not None:
            self.watch.answered(self.settings.source, endpoint.name)
        return Received(content, self.said.get((endpoint.name, scope), Validators()))

    def probe(self, endpoint: Endpoint, scope: str, *, form: str = "json") -> Validators:
        self.probed.append((endpoint.name, scope))
        return self.said.get((endpoint.name, scope), Validators())

    def _about(self, error: ImmPortError, endpoint: Endpoint, scope: str) -> ImmPortError:
        error.source, error.endpoint, error.study = self.settings.source, endpoint.name, scope
        return error


@dataclass
class Runs:
    """Runs of a source in a warehouse, each as its DAG does it.

    :param is_last_try: what fails is not tried again.
    """

    warehouse: Warehouse
    source: FetchedSource
    client: Client = field(default_factory=Client)
    is_last_try: bool = True
    number: int = 0

    def run(self, policy: LoadPolicy | None = None, *, is_replay: bool = False, **options: Any) -> RunSummary:
        """Discover, load what changed, withdraw what is gone, finish."""
        self.begin(policy, is_replay=is_replay)
        return self.go_on(**options)

    @property
    def run_id(self) -> str:
        return f"immport_{self.source.name}/{self.number}"

    @property
    def tools(self) -> StepContext:
        return replace(self.warehouse.tools, run_id=self.run_id, is_last_try=self.is_last_try)

    def begin(
        self, policy: LoadPolicy | None = None, *, is_replay: bool = False, again: bool = False
    ) -> None:
        """Discover only.

        :param again: another try of the run before.
        """
        self.number += not again
        engine = self.warehouse.engine
        run_ledger.start_run(engine, self.run_id)
        attempt = Attempt.begin(engine, self.run_id, "discover")
        if is_replay:
            landing = self.warehouse.tools.landing
            discover.from_landing(engine, attempt, landing, policy or LoadPolicy(), None, source=self.source)
            return
        with watched(engine, self.client, always=True):
            from_source(engine, attempt, self.source, self.client, policy or LoadPolicy())

    def go_on(self, **options: Any) -> RunSummary:
        """Everything after discovery."""
        tools = replace(self.tools, **options)
        batches, withdrawals = work_list.work_of(tools.engine, self.run_id, 1_000_000, 400, 1)
        loads = [number for batch in batches for number in batch["load_ids"]]

        def fetch(load: Load, step: run_ledger.Step) -> None:
            with watched(tools.engine, self.client):
                extract(tools, self.source, self.client, load, step)

        run_batch(tools, loads, "extract", needs="planned", ends="extracted", work=fetch)
        for name, needs, ends in (
            ("stage", "extracted", "staged"),
            ("check", "staged", "checked"),
            ("publish", "checked", "published"),
        ):
            done = getattr(steps, name)
            run_batch(tools, loads, name, needs=needs, ends=ends, work=lambda *a, do=done: do(tools, *a))
        run_batch(
            tools, withdrawals, "withdraw", needs="planned", ends="published",
            work=lambda *about: steps.withdraw(tools, *about),
        )  # fmt: skip
        return report.finish(tools.engine, self.run_id)

    def at(self, moment: datetime) -> None:
        """Let the run that has begun be one of another time."""
        with self.warehouse.engine.begin() as connection:
            run = sa.update(RUN).where(RUN.c.run_id == self.run_id)
            connection.execute(run.values(started_at=moment))


def _open_load(warehouse: Warehouse, source: FetchedSource, scope: str, release: str, fetch_id: str) -> Load:
    statement = sa.insert(LOAD).values(
        source=source.name,
        scope=scope,
        release_version=release,
        release_key=source.line.parse(release).key,
        fetch_id=fetch_id,
        state=EXTRACTED,
    )
    with warehouse.engine.begin() as connection:
        number = connection.execute(statement.returning(LOAD.c.load_id)).scalar_one()
    return run_ledger.load(warehouse.engine, number)


def withdraw_scope(warehouse: Warehouse, source: FetchedSource, scope: str, moment: datetime) -> Published:
    """Withdraw a scope as of a moment."""
    release = str(FetchTime.of(moment.astimezone(UTC)))
    load = _open_load(warehouse, source, scope, release, "withdrawal")
    return publish_load(warehouse.engine, publication(load, is_withdrawal=True), load.fence)


def load_scope(
    warehouse: Warehouse, source: FetchedSource, scope: str, moment: datetime | str, **answers: bytes
) -> Published:
    """Land, stage and publish answers of one scope, as if their checks had passed.

    :param moment: when they are fetched; of a source with releases the name of one.
    """
    landing = warehouse.tools.landing
    release = moment if isinstance(moment, str) else str(FetchTime.of(moment.astimezone(UTC)))
    fetch = Fetch(scope, release, f"fetch-{secrets.token_hex(4)}", source)
    landed = [
        landing.receive(fetch, endpoint, {}, [answers[name]], form=endpoint.forms_of(scope)[0])
        if endpoint.forms_of(scope)
        else landing.leave_out(fetch, endpoint, "not served")
        for name, endpoint in source.served.items()
    ]
    landing.write_manifest(fetch, landed, source="http://127.0.0.1", release_date=None, started_at="")
    load = _open_load(warehouse, source, scope, release, fetch.fetch_id)
    warehouse.stage(load)
    warehouse.pass_gate(load)
    return warehouse.publish(load)
