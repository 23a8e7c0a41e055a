"""What to do about each study: load it, leave it, or withdraw it, and why. No I/O in here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from include.pipeline.load_policy import LoadPolicy
from include.sources import withdrawal
from include.sources.immport.moved_studies import MOVED
from include.sources.immport.source import IMMPORT
from include.sources.release import Release
from include.sources.source import STUDY
from include.sources.withdrawal import RESTRICTION_UNKNOWN, RETRACTED, WITHDRAWN


class Action(StrEnum):
    LOAD = "load"
    WITHDRAW = "withdraw"
    KEEP = "keep"
    HOLD = "hold"
    PLAN = "plan"


@dataclass(frozen=True)
class Listed:
    """A study as the source lists it.

    :param doubt: why its release cannot be.
    """

    study: str
    release: str
    release_date: date | None
    expected_rows: int = 0
    doubt: str | None = None


@dataclass(frozen=True)
class WarehouseStudy:
    """A study as the warehouse holds it.

    :param state: current or withdrawn.
    :param release_date: the date listed when it was loaded.
    :param listed: the release listed when it was loaded, if that is known: its files may be of a later one.
    :param reason: why it is withdrawn, or must be loaded anew.
    :param is_waiting: it is hidden as restricted until two runs did not find it on the list.
    :param refused: endpoints whose answers the source refused when it was loaded last.
    """

    study: str
    state: str
    release: str
    release_date: date | None
    listed: str | None = None
    reason: str | None = None
    is_waiting: bool = False
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Restricted:
    """The studies that the source restricts.

    :param studies: those known to be restricted.
    :param unknown: why it is not known of all others; None when they are known to be free.
    """

    studies: frozenset[str] = frozenset()
    unknown: str | None = None


_UNRESTRICTED = Restricted()


@dataclass(frozen=True)
class WorkDecision:
    """What to do about one scope of a source, a study of ImmPort, at one release.

    :param listed: the release the source lists it at; None when it does not.
    """

    scope: str
    release: str
    release_date: date | None
    action: Action
    reason: str
    expected_rows: int = 0
    listed: str | None = None
    source: str = IMMPORT.name


RESTRICTED = f"{withdrawal.RESTRICTED}on the source's list of restricted studies"


def decide(
    listed: Iterable[Listed],
    loaded: Iterable[WarehouseStudy],
    policy: LoadPolicy,
    *,
    incomplete: str | None,
    restricted: Restricted = _UNRESTRICTED,
) -> list[WorkDecision]:
    """Compare a listing with the warehouse.

    :param incomplete: why the listing does not hold every study; None when it does.
    """
    everything = {item.study: item for item in listed}
    known = {item.study: item for item in loaded}
    gone = restricted.studies.union(known.keys() - everything.keys())
    going = [item for item in known.values() if item.state == "current" and item.study in gone]
    decisions = [
        _about(item, known.get(item.study), policy, restricted)
        for item in everything.values()
        if policy.wants(item.study) and item.study not in {loaded.study for loaded in going}
    ]
    decisions += _going(going, everything, known, policy, incomplete, restricted)
    for study in sorted(policy.studies - everything.keys() - known.keys()):
        why = RESTRICTED if study in restricted.studies else "neither listed nor in the warehouse"
        decisions.append(WorkDecision(study, "", None, Action.HOLD, f"requested, but {why}"))
    return sorted(decisions, key=lambda item: (len(item.scope), item.scope))


def withheld(listed: Listed) -> str:
    """The reason of a study whose release cannot be."""
    return f"{listed.doubt}: withheld, run again with approve_releases if that is right"


def _about(
    listed: Listed, loaded: WarehouseStudy | None, policy: LoadPolicy, restricted: Restricted
) -> WorkDecision:
    action, reason = Action.LOAD, ""
    was_restricted = loaded is not None and (loaded.reason or "").startswith("restricted")
    if listed.study in restricted.studies:
        action, reason = Action.KEEP, f"{RESTRICTED}: not loaded"
    elif policy.doubts(listed.doubt):
        action, reason = Action.HOLD, withheld(listed)
    elif loaded is None and listed.study in MOVED and listed.study not in policy.studies:
        action, reason = Action.KEEP, f"{MOVED[listed.study]}: not loaded unless requested by name"
    elif loaded is None:
        reason = f"new study, first seen at {listed.release}"
    elif loaded.state == "withdrawn" and restricted.unknown and was_restricted:
        action = Action.HOLD
        reason = f"withdrawn as restricted; whether it still is restricted is unknown: {restricted.unknown}"
    elif loaded.state == "withdrawn" and loaded.is_waiting and was_restricted:
        action = Action.HOLD
        reason = "withdrawn as restricted and no longer on the list: a second run has to see that, too"
    elif loaded.state == "withdrawn":
        reason = f"shared again at {listed.release}"
    else:
        action, reason = _compared(listed, loaded, policy)
    return WorkDecision(
        listed.study,
        release_of_load(listed, loaded),
        listed.release_date,
        action,
        reason,
        listed.expected_rows,
        listed.release,
    )


def _compared(listed: Listed, loaded: WarehouseStudy, policy: LoadPolicy) -> tuple[Action, str]:
    """What is listed now against what was listed when the study was loaded."""
    before = loaded.listed or loaded.release
    if Release.parse(listed.release) > Release.parse(before):
        return Action.LOAD, f"{before} -> {listed.release}"
    if policy.force:
        return Action.LOAD, f"requested, unchanged since {before}"
    if Release.parse(listed.release) < Release.parse(before):
        return Action.HOLD, f"listed at {listed.release}, {before} is already here: the listing went back"
    return _at_one_release(listed, loaded, before)


def _at_one_release(listed: Listed, loaded: WarehouseStudy, before: str) -> tuple[Action, str]:
    """Why a study is loaded anew at the release that was listed when it was loaded, if it is."""
    if (loaded.reason or "").startswith(RETRACTED):
        return Action.LOAD, str(loaded.reason)
    if listed.release_date != loaded.release_date:
        return Action.LOAD, f"{listed.release} moved from {loaded.release_date} to {listed.release_date}"
    if loaded.refused:
        return Action.LOAD, f"the source refused {', '.join(loaded.refused)} when {before} was loaded"
    return Action.KEEP, f"unchanged since {before} of {loaded.release_date}"


def release_of_load(listed: Listed, loaded: WarehouseStudy | None) -> str:
    """The release that a load of the study belongs to: the listed one, or a later one that its files
    showed when it was loaded. A listing older than the one it was loaded from is believed as it is."""
    release = Release.parse(listed.release)
    if loaded is not None and loaded.listed is not None and release >= Release.parse(loaded.listed):
        release = max(release, Release.parse(loaded.release))
    return str(release)


def _going(
    going: list[WarehouseStudy],
    listed: dict[str, Listed],
    known: dict[str, WarehouseStudy],
    policy: LoadPolicy,
    incomplete: str | None,
    restricted: Restricted,
) -> Iterator[WorkDecision]:
    """Studies that are here and restricted or no longer listed: withdrawn, unless that is in doubt."""
    current = [item for item in known.values() if item.state == "current"]
    trusted = (item for item in listed.values() if not policy.doubts(item.doubt))
    newest = max((Release.parse(item.release) for item in trusted), default=None)
    # Release files may carry a later release than any listing stated.
    newest_loaded = max((Release.parse(item.listed or item.release) for item in current), default=None)
    doubt = None
    if incomplete:
        doubt = f"not listed, but the listing is not complete: {incomplete}"
    elif newest is None or (newest_loaded is not None and newest < newest_loaded):
        doubt = f"not listed, but the listing ends at {newest} and {newest_loaded} is already here"
    too_many = policy.too_many_gone("not listed or restricted", len(going), len(current), STUDY)
    for item in going:
        if not policy.wants(item.study):
            continue
        is_restricted = item.study in restricted.studies
        # That a study is restricted is said of it by name: it needs no complete listing.
        if reason := too_many if is_restricted else doubt or too_many:
            yield WorkDecision(item.study, item.release, None, Action.HOLD, reason)
            continue
        at = max(Release.parse(item.release), newest or Release.parse(item.release))
        reason = _why_gone(item.study, newest, item.study in listed, restricted)
        yield WorkDecision(item.study, str(at), None, Action.WITHDRAW, reason)


def _why_gone(study: str, newest: Release | None, is_listed: bool, restricted: Restricted) -> str:
    unlisted = "" if is_listed else f"no longer listed at {newest}"
    if study in MOVED:
        why = str(MOVED[study])
    elif study in restricted.studies:
        why = RESTRICTED
    else:
        why = f"{WITHDRAWN}{unlisted}"
        if restricted.unknown:
            why += f"; {RESTRICTION_UNKNOWN}: {restricted.unknown}"
        return why
    return f"{why}, {unlisted}" if unlisted else why


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
