"""What to do about each study: load it, leave it, or withdraw it, and why. No I/O in here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from include.sources.release import Release

#: Share of the studies held that one listing may withdraw without a person's yes. One always may.
MAX_WITHDRAWN_SHARE = 0.1


class Action(StrEnum):
    LOAD = "load"
    WITHDRAW = "withdraw"
    KEEP = "keep"
    HOLD = "hold"
    PLAN = "plan"


@dataclass(frozen=True)
class Listed:
    """A study as the source lists it."""

    study: str
    release: str
    release_date: date | None
    expected_rows: int = 0


@dataclass(frozen=True)
class Held:
    """A study as the warehouse holds it. `state` is current or withdrawn."""

    study: str
    state: str
    release: str
    release_date: date | None


@dataclass(frozen=True)
class Decision:
    """What to do about one study at one release."""

    study: str
    release: str
    release_date: date | None
    action: Action
    reason: str
    expected_rows: int = 0


@dataclass(frozen=True)
class Policy:
    """What a person asked of the run.

    :param studies: only these; all when empty.
    :param force: load studies that did not change, too.
    :param approve_withdrawals: withdraw however many studies are gone.
    :param max_withdrawn_share: share of the studies held that may be withdrawn unasked.
    """

    studies: frozenset[str] = frozenset()
    force: bool = False
    approve_withdrawals: bool = False
    max_withdrawn_share: float = MAX_WITHDRAWN_SHARE

    def wants(self, study: str) -> bool:
        return not self.studies or study in self.studies


def decide(
    listed: Iterable[Listed], held: Iterable[Held], policy: Policy, *, incomplete: str | None
) -> list[Decision]:
    """Compare a listing with the warehouse.

    :param incomplete: why the listing does not hold every study; None when it does.
    """
    everything = {item.study: item for item in listed}
    known = {item.study: item for item in held}
    decisions = [
        _about(item, known.get(item.study), policy)
        for item in everything.values()
        if policy.wants(item.study)
    ]
    decisions += _gone(everything, known, policy, incomplete)
    decisions += [
        Decision(study, "", None, Action.HOLD, "asked for, but neither listed nor held")
        for study in sorted(policy.studies - everything.keys() - known.keys())
    ]
    return sorted(decisions, key=lambda item: (len(item.study), item.study))


def _about(listed: Listed, held: Held | None, policy: Policy) -> Decision:
    action, reason = Action.LOAD, ""
    if held is None:
        reason = f"new study, first seen at {listed.release}"
    elif held.state == "withdrawn":
        reason = f"shared again at {listed.release}"
    elif Release.parse(listed.release) > Release.parse(held.release):
        reason = f"{held.release} -> {listed.release}"
    elif policy.force:
        reason = f"asked for, unchanged since {held.release}"
    elif Release.parse(listed.release) < Release.parse(held.release):
        action, reason = Action.KEEP, f"listed at {listed.release}, {held.release} is already here"
    elif listed.release_date != held.release_date:
        reason = f"{listed.release} moved from {held.release_date} to {listed.release_date}"
    else:
        action, reason = Action.KEEP, f"unchanged since {held.release} of {held.release_date}"
    return Decision(listed.study, listed.release, listed.release_date, action, reason, listed.expected_rows)


def newest_release(items: Iterable[Listed] | Iterable[Held]) -> Release | None:
    return max((Release.parse(item.release) for item in items), default=None)


def _gone(
    listed: dict[str, Listed], known: dict[str, Held], policy: Policy, incomplete: str | None
) -> Iterator[Decision]:
    """Studies that are here and no longer listed: withdrawn, unless the listing cannot be trusted."""
    current = {item.study: item for item in known.values() if item.state == "current"}
    gone = [item for item in current.values() if item.study not in listed]
    newest, held = newest_release(listed.values()), newest_release(current.values())
    action, reason = Action.HOLD, ""
    if incomplete:
        reason = f"not listed, but the listing is not complete: {incomplete}"
    elif newest is None or (held is not None and newest < held):
        reason = f"not listed, but the listing ends at {newest} and {held} is already here"
    elif not policy.approve_withdrawals and len(gone) > max(1, policy.max_withdrawn_share * len(current)):
        reason = (
            f"not listed, as are {len(gone)} of {len(current)} studies held, more than"
            f" {policy.max_withdrawn_share:.0%}: run again with approve_withdrawals if that is right"
        )
    else:
        action, reason = Action.WITHDRAW, f"no longer listed at {newest}"
    for item in gone:
        if policy.wants(item.study):
            at = str(newest) if action is Action.WITHDRAW else item.release
            yield Decision(item.study, at, None, action, reason)


def batches(
    sizes: dict[int, int], groups: dict[int, str], *, rows: int, most: int, least: int
) -> list[list[int]]:
    """Split loads into tasks of about equal size.

    Loads of one study stay together and in order, so that its releases are published one by one.

    :param sizes: expected rows by load.
    :param groups: study by load.
    :param rows: rows that are worth a task of their own.
    :param most: tasks at most, far below Airflow's limit of mapped tasks.
    :param least: tasks at least, as long as there are studies for them.
    """
    studies: dict[str, list[int]] = {}
    for load_id, study in groups.items():
        studies.setdefault(study, []).append(load_id)
    weight = {study: sum(sizes[load_id] + 1 for load_id in loads) for study, loads in studies.items()}
    count = min(most, len(studies), max(least, -(-sum(weight.values()) // rows)))
    filled: list[tuple[int, list[int]]] = [(0, []) for _ in range(count)]
    for study in sorted(studies, key=lambda name: (-weight[name], name)):
        index = min(range(count), key=lambda number: filled[number][0])
        total, loads = filled[index]
        filled[index] = (total + weight[study], loads + studies[study])
    return [loads for _, loads in filled]
