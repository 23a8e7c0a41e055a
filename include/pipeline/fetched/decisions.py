"""What to do about each scope that a source offers, or no longer offers, and why. No I/O in here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from include.pipeline.fetched.validators import Said
from include.pipeline.load_policy import LoadPolicy
from include.pipeline.work_decisions import Action, WorkDecision
from include.sources.fetched.offering import Offered, Offering
from include.sources.release import Dated
from include.sources.source import Source
from include.sources.withdrawal import RETRACTED, WITHDRAWN


@dataclass(frozen=True)
class WarehouseScope:
    """A scope as the warehouse holds it.

    :param state: current or withdrawn.
    :param release: newest release that was published of it.
    :param reason: why it is withdrawn, or must be loaded anew.
    :param refused: endpoints whose answers the source refused when it was loaded last.
    :param said: what the source said of the answers that were published last, by endpoint.
    """

    scope: str
    state: str
    release: str
    reason: str | None = None
    refused: tuple[str, ...] = ()
    said: Mapping[str, Said] = field(default_factory=dict)

    @property
    def is_current(self) -> bool:
        return self.state == "current"


#: What the source says now of the answers of a scope that is here; why they may have changed, None if not.
Compare = Callable[[Offered, WarehouseScope], str | None]


def decide(
    source: Source,
    offering: Offering,
    known: Mapping[str, WarehouseScope],
    policy: LoadPolicy,
    release: Dated,
    compare: Compare,
) -> list[WorkDecision]:
    """Compare what a source offers with the warehouse.

    :param known: scopes that were published here, whether or not they still are.
    :param release: the release of this run.
    :param compare: called for each scope about which nothing else decides.
    """
    about = _Decisions(source, offering, known, policy, release, compare)
    return [*about.of_offered(), *about.of_gone(), *about.of_requested()]


@dataclass(frozen=True)
class _Decisions:
    source: Source
    offering: Offering
    known: Mapping[str, WarehouseScope]
    policy: LoadPolicy
    release: Dated
    compare: Compare

    def of_offered(self) -> Iterator[WorkDecision]:
        for item in self.offering.scopes:
            if self.policy.wants(item.scope):
                action, reason = self._offered(item, self.known.get(item.scope))
                yield self._decided(item.scope, action, reason, item.expected_rows)

    def of_gone(self) -> Iterator[WorkDecision]:
        """Scopes that are here and no longer offered: withdrawn, unless that is in doubt."""
        offered = {item.scope for item in self.offering.scopes}
        current = [item for item in self.known.values() if item.is_current]
        gone = [item for item in current if item.scope not in offered]
        doubt = None
        if not offered:
            doubt = "not offered, but nothing is: the listing is empty"
        elif any(self._is_behind(item) for item in current):
            doubt = f"not offered, but the listing is of {self.release} and later releases are already here"
        gone_for_sure = [item for item in gone if self.offering.doubt_about(item.scope) is None]
        doubt = doubt or self.policy.too_many_gone(
            "not offered", len(gone_for_sure), len(current), self.source.scope
        )
        for item in sorted(gone, key=lambda item: item.scope):
            if not self.policy.wants(item.scope):
                continue
            if why := self.offering.doubt_about(item.scope):
                reason = f"not offered, but the listing is not complete: {why}"
                yield self._held(item.scope, item.release, reason)
            elif doubt:
                yield self._held(item.scope, item.release, doubt)
            else:
                reason = f"{WITHDRAWN}no longer offered at {self.release}"
                yield self._decided(item.scope, Action.WITHDRAW, reason)

    def of_requested(self) -> Iterator[WorkDecision]:
        """What a person requested by name, and nobody has."""
        there = {item.scope for item in self.offering.scopes} | self.known.keys()
        for name in sorted(self.policy.studies - there):
            why = "requested, but neither offered nor in the warehouse"
            yield self._held(name, "", why)

    def _offered(self, item: Offered, loaded: WarehouseScope | None) -> tuple[Action, str]:
        if loaded is None:
            return Action.LOAD, f"new, first seen at {self.release}"
        if self._is_behind(loaded):
            return Action.HOLD, f"offered at {self.release}, {loaded.release} is already here: it went back"
        if why := self._why_anew(loaded) or self.compare(item, loaded):
            return Action.LOAD, why
        return Action.KEEP, f"not modified since {loaded.release}"

    def _why_anew(self, loaded: WarehouseScope) -> str | None:
        """Why a scope is loaded anew whatever the source says of its answers."""
        has_releases = self.offering.release is not None
        if not loaded.is_current:
            return f"offered again at {self.release}"
        if self.policy.force:
            return f"requested, {loaded.release} is here"
        if (loaded.reason or "").startswith(RETRACTED):
            return str(loaded.reason)
        if has_releases and self._key(loaded) < self.release.key:
            return f"{loaded.release} -> {self.release}"
        if loaded.refused:
            return f"the source refused {', '.join(loaded.refused)} when {loaded.release} was loaded"
        return None

    def _is_behind(self, loaded: WarehouseScope) -> bool:
        return self._key(loaded) > self.release.key

    def _key(self, loaded: WarehouseScope) -> int:
        return self.source.line.parse(loaded.release).key

    def _held(self, scope: str, release: str, reason: str) -> WorkDecision:
        return WorkDecision(scope, release, None, Action.HOLD, reason, source=self.source.name)

    def _decided(self, scope: str, action: Action, reason: str, rows: int = 0) -> WorkDecision:
        listed = None if action is Action.WITHDRAW else str(self.release)
        release = str(self.release)
        return WorkDecision(scope, release, None, action, reason, rows, listed, self.source.name)
