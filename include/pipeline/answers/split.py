"""Requests in parts for an answer that does not come whole: which parts, and whether they are the whole.

Arms first, then planned visits within an arm, then batches of subjects, then experiments. `Confined`
checks that each part contains only rows that pass its filters, so that no row can be in two.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property

from include.landing.zone import Landed
from include.sources.endpoint import Endpoint
from include.sources.errors import RequestError, ServerError, is_request_too_large
from include.sources.validate_answer import BLANK

ARM, VISIT, SUBJECT, EXPERIMENT = (
    "armAccession", "plannedVisitAccession", "subjectAccession", "experimentAccession",
)  # fmt: skip
#: Filters in the order in which they divide; every second way begins with another one.
BY_ARM = (ARM, VISIT, SUBJECT, EXPERIMENT)
BY_EXPERIMENT = (EXPERIMENT, ARM, VISIT, SUBJECT)
BY_VISIT = (VISIT, ARM, SUBJECT, EXPERIMENT)
WORDS = {ARM: "arm", VISIT: "visit", SUBJECT: "subject", EXPERIMENT: "experiment"}

#: Subjects of one request, 13 characters each: many servers refuse an address of more than 4 to 8 kB.
MOST_SUBJECTS = 250
#: Parts refused in a row before the source is believed to be down, not the parts too large.
MOST_REFUSALS = 12


class AnswerTooLargeError(RuntimeError):
    """An answer grew over the limit and was given up: it is requested in parts."""


def is_too_much(error: BaseException) -> bool:
    """Whether a smaller part may succeed."""
    return isinstance(error, AnswerTooLargeError) or is_request_too_large(error)


@dataclass(frozen=True)
class Part:
    """A part of an answer: the rows that pass all filters, in the order they were added.

    :param filters: field and value; `BLANK` for rows without one.
    """

    filters: tuple[tuple[str, str], ...] = ()

    def narrowed(self, name: str, value: str) -> Part:
        """The part of it with one more filter, or another value of one."""
        return Part((*(item for item in self.filters if item[0] != name), (name, value)))

    def get(self, name: str) -> str | None:
        return dict(self.filters).get(name)

    @property
    def parent(self) -> Part:
        """What its last filter divided."""
        return Part(self.filters[:-1])

    @property
    def is_blank(self) -> bool:
        """Whether a filter selects rows without a value."""
        return any(value == BLANK for _, value in self.filters)

    @cached_property
    def key(self) -> frozenset[tuple[str, str]]:
        """The same for the same filters in whatever order."""
        return frozenset(self.filters)

    def covers(self, other: Mapping[str, str]) -> bool:
        """Whether all rows that pass `other` pass this, too."""
        return all(
            name in other and set(other[name].split(",")) <= set(value.split(","))
            for name, value in self.filters
        )


WHOLE = Part()


@dataclass(frozen=True)
class Members:
    """What the rows of a study can be divided by, each in a fixed order.

    :param subjects: of each arm.
    """

    arms: tuple[str, ...]
    visits: tuple[str, ...]
    subjects: Mapping[str, tuple[str, ...]]
    experiments: tuple[str, ...]

    def of(self, name: str, part: Part) -> Sequence[str]:
        """Values of a filter that divide a part; several subjects are one value."""
        if name != SUBJECT:
            return {ARM: self.arms, VISIT: self.visits, EXPERIMENT: self.experiments}[name]
        arm = part.get(ARM)
        arms = self.subjects if arm is None else [arm]
        subjects = sorted({subject for name in arms for subject in self.subjects.get(name, ())})
        return _batches(subjects)


def divide(part: Part, members: Members, endpoint: Endpoint, order: Sequence[str]) -> tuple[Part, ...]:
    """The parts that a part consists of; none if it cannot be divided further."""
    subjects = (part.get(SUBJECT) or "").split(",")
    if len(subjects) > 1:
        return tuple(part.narrowed(SUBJECT, batch) for batch in _batches(subjects))
    for name in order:
        if part.get(name) is not None or name not in endpoint.names:
            continue
        # Of a row without an arm neither visit nor subject is known.
        if name in (VISIT, SUBJECT) and part.get(ARM) == BLANK:
            continue
        values = members.of(name, part)
        if not values or (name == EXPERIMENT and len(values) < 2):
            continue
        parts = [part.narrowed(name, value) for value in values]
        # Every row is of an experiment.
        return tuple(parts if name == EXPERIMENT else [*parts, part.narrowed(name, BLANK)])
    return ()


def _batches(subjects: Sequence[str]) -> list[str]:
    """Two halves, or more batches if they would be too long; one if there is one subject."""
    size = min(MOST_SUBJECTS, max(1, (len(subjects) + 1) // 2))
    return [",".join(subjects[start : start + size]) for start in range(0, len(subjects), size)]


@dataclass
class SplitStrategy:
    """An answer requested in parts.

    :param order: filters that divided it.
    :param lost: parts of rows without a value that the source does not give, and why.
    :param whole: name of a landed part that has all rows, because the source ignored the filter.
    """

    order: tuple[str, ...]
    parts: list[Landed] = field(default_factory=list)
    lost: dict[Part, str] = field(default_factory=dict)
    whole: str | None = None

    @property
    def name(self) -> str:
        return f"by {WORDS[self.order[0]]}"

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def is_undivided(self) -> bool:
        """Whether the source ignored what was to divide the answer and sent all of it."""
        return self.whole is not None

    @property
    def requests_blanks(self) -> bool:
        return any(BLANK in part.parameters.values() for part in self.parts)

    @property
    def finds_blanks(self) -> bool:
        """Whether a request for rows without a value brought some: the source understands it."""
        return any(
            BLANK in landed.parameters.values() and landed.rows and not landed.ignored
            for landed in self.parts
        )


@dataclass
class SplitExecutor:
    """One way through the parts of an answer.

    :param request: requests a part (the part, whether it can be divided) and lands it, in several threads.
    :param discard: forgets a landed part.
    :param earlier: parts that are landed already.
    :param calls: parts that are requested at once.
    :param report: called after each landed part.
    """

    endpoint: Endpoint
    members: Members
    request: Callable[[Part, bool], Landed]
    discard: Callable[[Landed], None]
    earlier: Iterable[Landed]
    calls: int
    report: Callable[[SplitStrategy], None]

    def go(self, order: tuple[str, ...]) -> SplitStrategy:
        """Request all parts.

        :raises FilterIgnoredError: a part holds rows of another.
        :raises ImmPortError: a part cannot be had, or none of many came in time.
        """
        way = SplitStrategy(order)
        self._found = {self._filters(landed): landed for landed in self.earlier}
        self._queue = deque(self._divided(WHOLE, way))
        self._covered: list[Part] = []
        self._refusals = 0
        running: dict[Future[Landed], Part] = {}
        with ThreadPoolExecutor(self.calls, "part") as pool:
            try:
                while self._queue or running:
                    while self._queue and len(running) < self.calls:
                        part = self._queue.popleft()
                        if not self._is_known(part, way):
                            can_divide = bool(self._divided(part, way))
                            running[pool.submit(self.request, part, can_divide)] = part
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        self._take(running.pop(future), future, way)
            finally:
                # What is under way when another part fails is kept for the next try.
                wait(running)
        return way

    def _divided(self, part: Part, way: SplitStrategy) -> tuple[Part, ...]:
        return divide(part, self.members, self.endpoint, way.order)

    def _is_known(self, part: Part, way: SplitStrategy) -> bool:
        """Take what an earlier try landed of a part."""
        if landed := self._found.get(part.key):
            self._keep(part, landed, way)
            return True
        # An earlier try divided it: a request for all of it would fail again.
        if any(part.covers(dict(filters)) for filters in self._found):
            parts = self._divided(part, way)
            self._queue.extendleft(reversed(parts))
            return bool(parts)
        return False

    def _take(self, part: Part, future: Future[Landed], way: SplitStrategy) -> None:
        error = future.exception()
        if any(parent.covers(dict(part.filters)) for parent in self._covered):
            if error is None:
                self.discard(future.result())
            return
        if error is None:
            self._refusals = 0
            self._keep(part, future.result(), way)
            return
        parts = self._divided(part, way)
        if is_too_much(error) and parts and self._refusals < MOST_REFUSALS:
            self._refusals += 1
            self._queue.extendleft(reversed(parts))
        elif part.is_blank and _refuses_blanks(error):
            way.lost[part] = str(error)
        else:
            raise error

    def _keep(self, part: Part, landed: Landed, way: SplitStrategy) -> None:
        name, value = part.filters[-1]
        if landed.ignored is None:
            way.parts.append(landed)
        elif (landed.ignored, BLANK) == (name, value):
            # The filter was ignored: this is all of what was divided, and its other parts are not needed.
            self._covered.append(part.parent)
            if part.parent == WHOLE:
                way.whole = landed.name
            doubled = [item for item in way.parts if part.parent.covers(item.parameters)]
            for item in doubled:
                self.discard(item)
                way.parts.remove(item)
            self._queue = deque(item for item in self._queue if not part.parent.covers(dict(item.filters)))
            way.parts.append(landed)
        else:
            self.discard(landed)
            way.lost[part] = f"{landed.ignored}= was ignored"
        self.report(way)

    def _filters(self, landed: Landed) -> frozenset[tuple[str, str]]:
        return frozenset((name, value) for name, value in landed.parameters.items() if name in WORDS)


def _refuses_blanks(error: BaseException) -> bool:
    """Whether the source cannot be sent requests for rows without a value, or not for so many."""
    if isinstance(error, ServerError):
        return error.status in (500, 504)
    return isinstance(error, RequestError) or is_too_much(error)


def second_way(endpoint: Endpoint, members: Members) -> tuple[str, ...] | None:
    """An order that counts anew, beginning with something else than arms; None without any."""
    if len(members.experiments) > 1:
        return BY_EXPERIMENT
    return BY_VISIT if len(members.visits) > 1 and VISIT in endpoint.names else None
