"""What the listing does not show: a study that was released anew while its listed release stayed.

ImmPort makes a study's package again at later releases, with values curated since, while the study still
states the old release. The names and MD5s of its release files show the change. They cost one small call per
study, so a run reads them only when the archive's newest release moved, when a person requests it, and for
studies whose last decision was not carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock

import sqlalchemy as sa

from include.pipeline.circuit_breaker import STUDIES
from include.pipeline.work_decisions import Action, WarehouseStudy, WorkDecision
from include.sources.errors import CredentialError, ImmPortError, RetriableError
from include.sources.plausible import doubt
from include.sources.release import Release
from include.sources.remote_files import RemoteFile, unreadable
from include.warehouse.load import known_release_files

ReleaseFilesOf = Callable[[str], Sequence[RemoteFile]]

#: The newest release in the listing of the last run that decided about every study in it.
_LAST = """
select r.newest_release from ops.run r
where r.dag_id = (select dag_id from ops.run where run_id = :run) and r.run_id <> :run
    and r.is_complete and r.newest_release is not null
    and r.state in ('success', 'partial')
    and r.listed <= (select count(distinct w.scope) from ops.work w where w.run_id = r.run_id)
order by r.started_at desc limit 1
"""
#: Studies whose last decision was not carried out.
_UNDONE = """
select scope from (
    select distinct on (w.scope) w.scope, w.action, l.state
    from ops.work w join ops.run r on r.run_id = w.run_id left join ops.load l on l.load_id = w.load_id
    where r.dag_id = (select dag_id from ops.run where run_id = :run) and r.run_id <> :run
    order by w.scope, r.started_at desc) last
where action = 'hold' or action = 'load' and state is distinct from 'published'
"""

#: Endpoints that the source refused when the newest capture of a study was loaded.
_REFUSED = """
select l.scope, array_agg(s.endpoint order by s.endpoint)
from (select distinct on (scope) scope, load_id from ops.load
    where source = 'immport' and state = 'published' order by scope, release_key desc, load_id desc) l
join ops.staged s using (load_id) where s.refused is not null group by 1
"""


@dataclass(frozen=True)
class ReleaseFileProbe:
    """How to look at release files.

    :param files_of: the release files of a study, requested from the source.
    :param at_once: calls made at once.
    :param everywhere: look at every study that would be kept, whatever the listing says.
    """

    files_of: ReleaseFilesOf
    at_once: int = 1
    everywhere: bool = False


def refused_answers(connection: sa.Connection) -> dict[str, tuple[str, ...]]:
    """By study, the endpoints that the source refused when the study was loaded last."""
    return {study: tuple(names) for study, names in connection.execute(sa.text(_REFUSED))}


def with_release_files(
    engine: sa.Engine,
    run_id: str,
    decisions: list[WorkDecision],
    loaded: list[WarehouseStudy],
    newest: Release | None,
    probe: ReleaseFileProbe,
) -> list[WorkDecision]:
    """The decisions, with studies to be loaded among those that the listing alone would keep.

    A study whose files were never noted is kept: what is found is noted for the next time.

    :param newest: the newest release of the listing.
    """
    here = {item.study: item for item in loaded if item.state == "current"}
    kept = {item.scope: item for item in decisions if _may_differ(item, here.get(item.scope))}
    everywhere = probe.everywhere or _has_moved(engine, run_id, newest)
    requested = list(kept) if everywhere else [study for study in kept if study in _undone(engine, run_id)]
    if not requested:
        return decisions
    answers = _Requests(probe.files_of).all(requested, probe.at_once)
    changed: dict[str, WorkDecision] = {}
    with engine.begin() as connection:
        known = known_release_files.recorded(connection)
        for study, answer in answers.items():
            item = kept[study]
            if isinstance(answer, str):
                reason = f"its release files could not be compared: {answer}"
                changed[study] = replace(item, action=Action.HOLD, reason=reason)
            elif study not in known:
                known_release_files.record_first(connection, study, answer)
            elif news := known_release_files.news(known[study], answer):
                changed[study] = _anew(item, here[study], known[study], news)
            else:
                changed[study] = replace(item, reason=f"{item.reason}, release files included")
            if not isinstance(answer, str) and (findings := unreadable(answer)):
                decided = changed.get(study, item)
                changed[study] = replace(decided, reason=f"{decided.reason}; {findings}")
    return [changed.get(item.scope, item) for item in decisions]


def _may_differ(item: WorkDecision, loaded: WarehouseStudy | None) -> bool:
    """Kept because the listing shows no change; not because it is older, or restricted."""
    if item.action is not Action.KEEP or loaded is None or item.listed is None:
        return False
    return loaded.listed is None or Release.parse(item.listed) >= Release.parse(loaded.listed)


def _anew(
    kept: WorkDecision, loaded: WarehouseStudy, known: dict[str, RemoteFile], news: list[RemoteFile]
) -> WorkDecision:
    releases = [
        Release.parse(kept.release),
        Release.parse(loaded.release),
        known_release_files.release_of(news),
    ]
    newest = max(item for item in releases if item is not None)
    if why := doubt(newest, None, datetime.now(UTC).date()):
        return replace(kept, action=Action.HOLD, reason=f"release files of {why}")
    release = str(newest)
    first, *others = sorted(news, key=lambda file: (not file.name.endswith("_Tab.zip"), file.name))
    word = "changed" if first.name in known else "are new"
    more = f" and {len(others)} more" if others else ""
    reason = f"release files of {release} {word}: {first.name}{more}"
    return replace(kept, action=Action.LOAD, release=release, reason=reason)


class _Requests:
    """Requests the release files of many studies, and stops when no answer can be expected."""

    def __init__(self, files_of: ReleaseFilesOf) -> None:
        self._files_of = files_of
        self._lock = Lock()
        self._failures = 0
        self._stopped: str | None = None

    def all(self, studies: list[str], at_once: int) -> dict[str, Sequence[RemoteFile] | str]:
        """The files of each study, or why they are not known."""
        with ThreadPoolExecutor(at_once, thread_name_prefix="manifest") as pool:
            return dict(zip(studies, pool.map(self._one, studies), strict=True))

    def _one(self, study: str) -> Sequence[RemoteFile] | str:
        with self._lock:
            if self._stopped:
                return f"not requested after {self._stopped}"
        try:
            files = self._files_of(study)
        except ImmPortError as error:
            with self._lock:
                self._failures = self._failures + 1 if isinstance(error, RetriableError) else 0
                if isinstance(error, CredentialError) or self._failures >= STUDIES:
                    self._stopped = str(error)
            return str(error)
        with self._lock:
            self._failures = 0
        return files


def _has_moved(engine: sa.Engine, run_id: str, newest: Release | None) -> bool:
    with engine.connect() as connection:
        last = connection.scalar(sa.text(_LAST), {"run": run_id})
    return newest is not None and (last is None or newest > Release.parse(last))


def _undone(engine: sa.Engine, run_id: str) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(sa.text(_UNDONE), {"run": run_id}))
