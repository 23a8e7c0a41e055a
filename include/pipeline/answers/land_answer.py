"""The answer of one endpoint of a study, landed whole, or in parts proven to be all of it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

from include.landing.zone import Fetch, Landed
from include.pipeline.answers.completeness import Expected, SplitNotWholeError, agree, unproven
from include.pipeline.answers.split import (
    ARM,
    BY_ARM,
    EXPERIMENT,
    SUBJECT,
    VISIT,
    WHOLE,
    AnswerTooLargeError,
    Members,
    Part,
    SplitExecutor,
    SplitStrategy,
    divide,
    is_too_much,
    second_way,
)
from include.pipeline.answers.tsv_verification import BULK_ROWS, PROOF_ROWS, Formats, Sample, read_sample
from include.pipeline.batch_runner import StepContext
from include.pipeline.run_ledger import Load, Step
from include.sources.endpoint import Endpoint
from include.sources.errors import BadAnswerError, RequestError
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.tsv import NotTsvError
from include.sources.validate_answer import Confined

if TYPE_CHECKING:
    from include.sources.client import SourceClient


@dataclass
class Context:
    """What the answers of one study are landed with.

    :param landed: what is landed so far, by `Landed.name`; kept up to date.
    """

    tools: StepContext
    hook: SourceClient
    load: Load
    fetch: Fetch
    step: Step
    landed: dict[str, Landed] = field(default_factory=dict)

    @cached_property
    def formats(self) -> Formats:
        return Formats(self.tools.engine, self.hook.settings.source)

    @cached_property
    def members(self) -> Members:
        """What the study's results can be divided by, from its own answers."""
        subjects: dict[str, set[str]] = defaultdict(set)
        for row in self._rows("demographic"):
            if row.get(ARM) and row.get(SUBJECT):
                subjects[str(row[ARM])].add(str(row[SUBJECT]))
        return Members(
            self._accessions("arm", ARM),
            self._accessions("plannedVisit", VISIT),
            {arm: tuple(sorted(found)) for arm, found in subjects.items()},
            self._accessions("experiment", EXPERIMENT),
        )

    def parts(self, endpoint: Endpoint) -> list[Landed]:
        """What is landed of an endpoint, by number."""
        found = (item for item in list(self.landed.values()) if item.endpoint == endpoint.name)
        return sorted(found, key=lambda item: item.piece)

    def _accessions(self, endpoint: str, name: str) -> tuple[str, ...]:
        return tuple(sorted({str(row[name]) for row in self._rows(endpoint) if row.get(name)}))

    def _rows(self, name: str) -> Iterator[dict[str, object]]:
        for part in land(self, ENDPOINTS[name]):
            yield from self.tools.landing.rows(part, ENDPOINTS[name])


def land(context: Context, endpoint: Endpoint, expected: Expected | None = None) -> list[Landed]:
    """Land the answer of one endpoint; what an earlier try landed is not fetched again.

    :param expected: another count of its rows. Many rows are requested in parts from the start. The gate
        judges a difference to what comes, but parts must be proven to be the whole.
    :raises SplitNotWholeError: the parts are not, or nothing proves it. They are forgotten.
    :raises FilterIgnoredError: the source sent rows that a part excludes.
    :raises ImmPortError: as `SourceClient.fetch`.
    """
    answer = Answer(context, endpoint, expected)
    earlier = context.parts(endpoint)
    if any(not item.piece for item in earlier):
        parts = earlier
        answer.settle(earlier[0])
    elif earlier or answer.is_known_to_be_large:
        parts = answer.in_parts(earlier[0].note if earlier else answer.why_large)
    else:
        try:
            parts = [answer.request(WHOLE, answer.is_divisible)]
        except Exception as error:
            if not answer.is_divisible or not is_too_much(error) or not answer.parts(BY_ARM):
                raise
            parts = answer.in_parts(f"requested in parts: {error}")
    return answer.counted(parts)


class Answer:
    """One endpoint's answer on its way to the landing zone."""

    def __init__(self, context: Context, endpoint: Endpoint, expected: Expected | None) -> None:
        self.context = context
        self.endpoint = endpoint
        self.expected = expected
        self.is_divisible = endpoint.path.startswith("/result/")
        self._note: str | None = None
        self._numbers = count(1 + max((item.piece for item in context.parts(endpoint)), default=0))
        self._lock = threading.Lock()
        self._settings = context.hook.settings

    @property
    def is_known_to_be_large(self) -> bool:
        limit = self._settings.split_above_rows
        is_large = self.expected is not None and self.expected.rows > limit
        return is_large and self.is_divisible and bool(self.parts(BY_ARM))

    @property
    def why_large(self) -> str:
        reason = self.expected and f"{self.expected.rows:,} rows in {self.expected.source}"
        return f"requested in parts: {reason}"

    def parts(self, order: tuple[str, ...]) -> tuple[Part, ...]:
        return divide(WHOLE, self.context.members, self.endpoint, order)

    def request(self, part: Part, can_divide: bool) -> Landed:
        """Land one part, or the whole; TSV if it is much and TSV was proven, else JSON.

        :param can_divide: less can be requested, so that what takes too long is not tried again.
        """
        with self._lock:
            number = next(self._numbers) if part.filters else 0
        is_bulk = bool(part.filters) or (self.expected is not None and self.expected.rows >= BULK_ROWS)
        verdict = self.context.formats.verdict(self.endpoint) if is_bulk and self.is_divisible else None
        note = self._note
        if verdict and verdict.is_equal:
            try:
                return self._receive(part, can_divide, number, note, verdict.header)
            except (NotTsvError, BadAnswerError, RequestError) as error:
                doubt = f"requested as JSON, TSV is no longer used: {error}"
            landed = self._receive(part, can_divide, number, "; ".join(filter(None, (note, doubt))))
            self.context.formats.withdraw(self.endpoint, doubt)
            return landed
        landed = self._receive(part, can_divide, number, note)
        self.settle(landed)
        return landed

    def settle(self, landed: Landed) -> None:
        """Let a small answer decide whether TSV can be trusted, if that is open."""
        if not self.is_divisible or not landed.path:
            return
        own = self.endpoint.request(self.context.load.scope)[1]
        filters = {name: value for name, value in landed.parameters.items() if name not in own}

        def fetch() -> Sample:
            return self.context.hook.fetch(
                self.endpoint,
                self.context.load.scope,
                lambda chunks: read_sample(chunks, self.endpoint, PROOF_ROWS),
                filters=filters,
                form="tsv",
                tries=1,
            )

        landing = self.context.tools.landing
        self.context.formats.settle(self.endpoint, landed, lambda: landing.rows(landed, self.endpoint), fetch)

    def in_parts(self, why: str | None) -> list[Landed]:
        """Request parts until they are proven to be the whole answer.

        :raises SplitNotWholeError: they are not.
        """
        earlier = self.context.parts(self.endpoint)
        if earlier and all(item.expected_from for item in earlier):  # an earlier try proved it
            return earlier
        self._note = why
        first = self._request_parts(BY_ARM, earlier)
        if first.is_undivided or self._is_expected(first):
            return self._proven(first, self.expected)
        order = second_way(self.endpoint, self.context.members)
        second = self._request_parts(order, earlier) if order else None
        if second and self._is_expected(second):
            return self._proven(second, self.expected)
        if second and (same := agree(first, second, self._with_arm)):
            return self._proven(*same)
        self._keep_only([])
        name = f"{self._settings.source}: {self.endpoint.name} of {self.context.load.scope}"
        raise SplitNotWholeError(f"{name}: {unproven(first, second, self.expected)}")

    def counted(self, parts: list[Landed]) -> list[Landed]:
        """Write down the other count beside what came whole."""
        if self.expected is None or any(item.expected_from or not item.path for item in parts):
            return parts
        return self._annotate(parts, self.expected)

    def _receive(
        self, part: Part, can_divide: bool, number: int, note: str | None, tsv_header: str | None = None
    ) -> Landed:
        context, filters = self.context, dict(part.filters)
        parameters = {**self.endpoint.request(context.load.scope)[1], **filters}

        def receive(chunks: Iterator[bytes]) -> Landed:
            return context.tools.landing.receive(
                context.fetch,
                self.endpoint,
                parameters,
                self._bounded(chunks) if can_divide else chunks,
                piece=number,
                note=note or None,
                tsv_header=tsv_header,
                confined=Confined(filters) if filters else None,
            )

        landed = context.hook.fetch(
            self.endpoint,
            context.load.scope,
            receive,
            filters=filters,
            form="json" if tsv_header is None else "tsv",
            divisible=can_divide,
        )
        context.landed[landed.name] = landed
        return landed

    def _bounded(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        limit, size = self._settings.max_answer_bytes, 0
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise AnswerTooLargeError(f"the answer grew over {limit >> 20} MB")
            yield chunk

    def _request_parts(self, order: tuple[str, ...], earlier: list[Landed]) -> SplitStrategy:
        def report(way: SplitStrategy) -> None:
            message = f"{self.endpoint.name}, {len(way.parts)} parts {way.name}"
            self.context.step.progress(sum(item.rows for item in list(self.context.landed.values())), message)

        calls = getattr(self._settings, "calls_in_flight", 2)
        executor = SplitExecutor(
            self.endpoint, self.context.members, self.request, self._discard, earlier, calls, report
        )
        return executor.go(order)

    def _discard(self, landed: Landed) -> None:
        self.context.landed.pop(landed.name, None)
        self.context.tools.landing.discard(self.context.fetch, landed)

    def _keep_only(self, parts: list[Landed]) -> None:
        """Forget what other ways, or earlier tries, landed."""
        kept = {item.name for item in parts}
        for landed in self.context.parts(self.endpoint):
            if landed.name not in kept:
                self._discard(landed)

    def _is_expected(self, way: SplitStrategy) -> bool:
        return self.expected is not None and way.rows == self.expected.rows

    def _with_arm(self, landed: Landed) -> int:
        rows = self.context.tools.landing.rows(landed, self.endpoint)
        return sum(1 for row in rows if row.get(ARM))

    def _proven(self, way: SplitStrategy, proof: Expected | None) -> list[Landed]:
        self._keep_only(way.parts)
        if proof is None:  # one answer that holds all: no parts that could miss something
            return way.parts
        return self._annotate(way.parts, proof)

    def _annotate(self, parts: list[Landed], proof: Expected) -> list[Landed]:
        differs = None
        if self.expected is not None and proof != self.expected:
            differs = f"{self.expected.rows:,} rows in {self.expected.source}"
        made = []
        for item in sorted(parts, key=lambda item: item.piece):
            notes = [item.note, differs if differs not in (item.note or "").split("; ") else None]
            note = "; ".join(filter(None, notes)) or None
            landed = self.context.tools.landing.annotate(
                self.context.fetch, item, rows_expected=proof.rows, expected_from=proof.source, note=note
            )
            self.context.landed[landed.name] = landed
            made.append(landed)
        return made
