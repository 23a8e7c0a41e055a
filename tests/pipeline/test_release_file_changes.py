"""Change found in listings and release files, withdrawals with their reasons, and studies that return."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from immport_provider.hooks.immport import ImmPortHook
from include.landing.zone import Fetch
from include.local.server import Server
from include.pipeline import discover, extract, report, run_ledger, steps
from include.pipeline.load_policy import LoadPolicy
from include.pipeline.release_file_changes import ReleaseFileProbe
from include.pipeline.work_decisions import Action, Restricted, WorkDecision
from include.sources.errors import AccessError, CredentialError, ImmPortError, ServerError
from include.sources.immport.endpoints import SERVED
from include.sources.immport.listing import Listing, StudyListing
from include.sources.release import Release
from include.sources.remote_files import RemoteFile
from include.warehouse.access import study_visibility
from include.warehouse.load.fence import Attempt
from include.warehouse.load.known_release_files import news, release_of
from include.warehouse.schema.ops_tables import LOAD, WORK
from tests.support.copies import Original, at_rest, warehouse_of
from tests.support.source import KEY, RowSource, serving
from tests.support.warehouse import Study, Warehouse, _body, full_row, small_study

DAY, LATER = date(2026, 1, 1), date(2026, 2, 1)


def release_file(name: str, uuid: str, md5: str | None = None, size: int | None = None) -> RemoteFile:
    return RemoteFile("SDY1", uuid, name, size, md5)


@dataclass
class Source:
    """What ImmPort would say: the listing, the restricted studies, the release files of each study.

    :ivar content: rows of a study that are not those of the small one.
    :ivar unreadable: what is not readable of the release files of a study.
    :ivar requested: studies whose release files the run requested.
    """

    warehouse: Warehouse
    listed: dict[str, tuple[str, date]] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    restricted: Restricted = Restricted()  # noqa: RUF009 - it is frozen
    errors: dict[str, ImmPortError] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    content: dict[str, Study] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))

    def share(self, *numbers: int, release: str = "DR4", package: str = "DR24") -> None:
        """List studies; their release files are of `package`."""
        for number in numbers:
            self.listed[f"SDY{number}"] = (release, DAY)
            self.issue(number, package)

    def issue(self, number: int, package: str, content: str = "") -> None:
        names = [f"SDY{number}-{package}{end}" for end in ("_Tab.zip", "_table_count.txt", "_MySQL.zip")]
        self.files[f"SDY{number}"] = {name: f"md5 of {name} {content}".strip().lower() for name in names}

    def files_of(self, study: str) -> tuple[RemoteFile, ...]:
        self.requested.append(study)
        if study in self.errors:
            raise self.errors[study]
        found = tuple(
            release_file(name, f"uuid {md5}", md5, 7) for name, md5 in sorted(self.files[study].items())
        )
        if finding := self.unreadable.get(study):
            found = (replace(found[0], size_bytes=None, unreadable=(finding,)), *found[1:])
        return found

    def discover(self, *, check_files: bool = False, **policy: Any) -> dict[str, WorkDecision]:
        """A run's decisions, and no more."""
        self.requested.clear()
        run = f"d/run {next(self.numbers)}"
        run_ledger.start_run(self.warehouse.engine, run)
        studies = tuple(
            StudyListing(study, "", Release.parse(release), day, 1)
            for study, (release, day) in self.listed.items()
        )
        decisions = discover.from_listing(
            self.warehouse.engine,
            Attempt.begin(self.warehouse.engine, run, "discover"),
            Listing(studies, len(studies)),
            LoadPolicy(**policy),
            self.restricted,
            ReleaseFileProbe(self.files_of, 2, check_files),
        )
        return {item.scope: item for item in decisions}

    def run(self, fails: Iterable[str] = (), **options: Any) -> dict[str, WorkDecision]:
        """A whole run; loads of `fails` end as failed."""
        decisions = self.discover(**options)
        engine = self.warehouse.engine
        with engine.connect() as connection:
            run = connection.scalar(sa.text("select run_id from ops.run order by started_at desc limit 1"))
            work = connection.execute(sa.select(WORK).where(WORK.c.run_id == run)).all()
        for item in work:
            if item.load_id is None:
                continue
            load = run_ledger.load(engine, item.load_id)
            if item.action == "withdraw":
                steps.withdraw(self.warehouse.tools, load, self.warehouse.step())
            elif item.scope in fails:
                run_ledger.set_state(engine, load, "failed", "for this test")
            else:
                self._load(load)
        report.finish(engine, str(run))
        return decisions

    def _load(self, load: run_ledger.Load) -> None:
        landing = self.warehouse.tools.landing
        fetch = Fetch(load.scope, load.release, load.fetch_id)
        rows = {
            **self.content.get(load.scope, study_apart(load.scope)),
            "manifest": list(self._manifest(load.scope)),
        }
        landed = [
            landing.receive(fetch, endpoint, {}, [_body(rows.get(endpoint.name, []))])
            for endpoint in SERVED.values()
        ]
        landing.write_manifest(fetch, landed, source="http://x", release_date=None, started_at="")
        run_ledger.set_state(self.warehouse.engine, load, "extracted")
        self.warehouse.stage(load)
        self.warehouse.pass_gate(load)
        steps.publish(self.warehouse.tools, load, self.warehouse.step())

    def _manifest(self, study: str) -> Iterable[dict[str, Any]]:
        for name, md5 in self.files[study].items():
            yield full_row(
                "manifest",
                studyAccession=study,
                fileName=name,
                fileUUID=f"uuid {md5}",
                generatedMD5=md5,
                fileType="release_file",
                filesizeBytes=7,
            )
        yield full_row("manifest", fileName="x.pdf", fileUUID="other", fileType="study_file")


def study_apart(study: str) -> Study:
    """A small study whose members are its own."""
    from tests.support.warehouse import apart

    return apart(small_study(study=study), study[3:])


@pytest.fixture(scope="module")
def original(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    landing = tmp_path_factory.mktemp("original")
    with warehouse_of(postgres, template, landing) as warehouse:
        made = Source(warehouse)
        made.share(1, 2, 3)
        made.run()
        assert made.requested == []
        yield at_rest(warehouse, landing)


@pytest.fixture
def source(postgres: Server, original: Original, tmp_path: Path) -> Iterator[Source]:
    """Three studies, loaded at DR4 from packages of DR24, and twenty more listings do not matter."""
    with warehouse_of(postgres, original, tmp_path / "landing") as warehouse:
        made = Source(warehouse, numbers=count(2))
        made.share(1, 2, 3)
        yield made


def actions(decisions: dict[str, WorkDecision]) -> dict[str, str]:
    return {study: item.action.value for study, item in decisions.items()}


def test_without_news_no_release_file_is_requested(source: Source) -> None:
    decisions = source.run()
    assert actions(decisions) == {"SDY1": "keep", "SDY2": "keep", "SDY3": "keep"}
    assert source.requested == []


def test_a_load_notes_the_release_files_of_its_manifest(source: Source) -> None:
    rows = source.warehouse.rows("select study_accession, file_name, md5, size_bytes from ops.release_file")
    assert sorted(rows) == sorted(
        (study, name, md5, 7) for study, files in source.files.items() for name, md5 in files.items()
    )


def test_a_newer_release_requests_the_files_of_each_kept_study_once(source: Source) -> None:
    source.share(4, release="DR25", package="DR25")
    decisions = source.run()
    assert actions(decisions) == {"SDY1": "keep", "SDY2": "keep", "SDY3": "keep", "SDY4": "load"}
    assert sorted(source.requested) == ["SDY1", "SDY2", "SDY3"]
    assert "release files" in decisions["SDY1"].reason
    source.run()
    assert source.requested == []


def test_a_study_whose_files_are_of_a_later_release_is_loaded_at_that_one(source: Source) -> None:
    source.share(4, release="DR25", package="DR25")
    source.issue(2, "DR25")
    decisions = source.run()
    assert decisions["SDY2"].action == "load"
    assert decisions["SDY2"].release == "DR25"
    assert decisions["SDY2"].reason == "release files of DR25 are new: SDY2-DR25_Tab.zip and 2 more"
    held = source.warehouse.rows(
        "select release_version, listed_version, release_date from ops.scope where scope = 'SDY2'"
    )
    assert held == [("DR25", "DR4", DAY)]
    # The listing still says DR4 of the same day: there is nothing to do.
    again = source.run(check_files=True)
    assert actions(again) == {"SDY1": "keep", "SDY2": "keep", "SDY3": "keep", "SDY4": "keep"}


def test_the_day_of_the_listed_release_is_not_given_to_that_of_the_files(source: Source) -> None:
    source.issue(2, "DR30")
    source.run(check_files=True)
    assert (
        source.warehouse.value("select release_date from history.data_release where release_version = 'DR30'")
        is None
    )


@pytest.mark.parametrize("package", ["DR24", "DR9"])
def test_other_bytes_under_the_same_name_are_news(source: Source, package: str) -> None:
    source.issue(3, "DR24", content="corrected")
    assert actions(source.run()) == {"SDY1": "keep", "SDY2": "keep", "SDY3": "keep"}
    decisions = source.run(check_files=True)
    assert decisions["SDY3"].reason == "release files of DR24 changed: SDY3-DR24_Tab.zip and 2 more"
    assert decisions["SDY3"].release == "DR24"
    assert actions(source.run(check_files=True))["SDY3"] == "keep"


def test_releases_are_compared_as_numbers(source: Source) -> None:
    source.issue(1, "DR80")
    assert source.run(check_files=True)["SDY1"].release == "DR80"
    source.listed["SDY1"] = ("DR9", DAY)  # newer than DR4, older than its files
    decision = source.run()["SDY1"]
    assert (decision.action, decision.release, decision.reason) == ("load", "DR80", "DR4 -> DR9")


def test_files_of_a_release_that_cannot_be_are_withheld(source: Source) -> None:
    source.issue(1, "DR500")
    decision = source.run(check_files=True)["SDY1"]
    assert (decision.action, decision.release) == ("hold", "DR4")
    assert "DR500 cannot be" in decision.reason


def test_a_release_that_cannot_be_is_not_the_newest_one(source: Source) -> None:
    """It would be in the record of the run, and withdrawals would be of it."""
    source.listed["SDY1"] = ("DR500", DAY)
    assert actions(source.run()) == {"SDY1": "hold", "SDY2": "keep", "SDY3": "keep"}
    newest = "select newest_release from ops.run order by started_at desc limit 1"
    assert source.warehouse.value(newest) == "DR4"


def test_a_load_whose_release_files_cannot_be_fails_and_stays_of_its_release(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What discovery did not look at: the manifest that a load lands itself."""
    rows = small_study()
    fields = {"fileName": "SDY1-DR500_Tab.zip", "fileUUID": "u", "fileType": "release_file"}
    rows["manifest"] = [full_row("manifest", studyAccession="SDY1", path="SDY1/SDY1-DR500_Tab.zip", **fields)]
    load = warehouse.open_load("SDY1", "DR1", "fetch")
    run_ledger.set_state(warehouse.engine, load, run_ledger.PLANNED)
    with serving(RowSource(rows)) as served:
        connection = {"conn_type": "immport", "host": served.url, "password": KEY}
        monkeypatch.setenv("AIRFLOW_CONN_IMMPORT_DEFAULT", json.dumps(connection))
        with ImmPortHook() as hook, pytest.raises(extract.ImplausibleReleaseError, match="DR500 cannot be"):
            extract.extract(warehouse.tools, hook, load, warehouse.step())
    assert run_ledger.load(warehouse.engine, load.load_id).release == "DR1"
    assert list(warehouse.tools.landing.manifests()) == []


def test_what_is_not_readable_of_release_files_is_part_of_the_reason(source: Source) -> None:
    source.unreadable = {"SDY1": "filesizeBytes is not readable: 'x'", "SDY2": "dateFileUpdated ..."}
    source.issue(2, "DR30")
    decisions = source.run(check_files=True)
    assert actions(decisions) == {"SDY1": "keep", "SDY2": "load", "SDY3": "keep"}
    assert decisions["SDY1"].reason.endswith(
        "release files included; 'SDY1-DR24_MySQL.zip': filesizeBytes is not readable: 'x'"
    )
    assert decisions["SDY2"].reason.endswith("; 'SDY2-DR30_MySQL.zip': dateFileUpdated ...")


def test_a_change_outlives_a_run_that_failed_or_was_killed(source: Source) -> None:
    source.share(4, release="DR25", package="DR25")
    source.issue(2, "DR25")
    source.discover()  # killed afterwards
    first = source.warehouse.value("select max(load_id) from ops.load where scope = 'SDY2'")
    decisions = source.run(fails=["SDY2"])
    assert actions(decisions)["SDY2"] == "load"
    assert source.warehouse.value("select max(load_id) from ops.load where scope = 'SDY2'") == first
    # DR25 is not new any more, and the run was partial: the next one requests only what it left undone.
    decisions = source.run()
    assert source.requested == ["SDY2"]
    assert actions(decisions)["SDY2"] == "load"
    source.run()
    assert source.requested == []


def test_a_run_for_few_studies_does_not_compare_the_others(source: Source) -> None:
    source.share(4, release="DR25", package="DR25")
    source.issue(2, "DR25")
    source.run(studies=frozenset({"SDY4", "SDY1"}))
    assert source.requested == ["SDY1"]
    assert actions(source.run())["SDY2"] == "load"


def test_the_first_look_at_a_study_changes_nothing(source: Source) -> None:
    with source.warehouse.engine.begin() as connection:
        connection.exec_driver_sql("delete from ops.release_file where study_accession = 'SDY1'")
    assert actions(source.run(check_files=True))["SDY1"] == "keep"
    source.issue(1, "DR26")
    assert actions(source.run(check_files=True))["SDY1"] == "load"


def test_a_study_whose_files_cannot_be_had_is_put_on_hold_and_requested_again(source: Source) -> None:
    source.share(4, release="DR25", package="DR25")
    source.errors["SDY2"] = AccessError("403; not open to this key", 403)
    decisions = source.run()
    assert actions(decisions) == {"SDY1": "keep", "SDY2": "hold", "SDY3": "keep", "SDY4": "load"}
    assert "not open to this key" in decisions["SDY2"].reason
    source.errors.clear()
    source.issue(2, "DR25")
    assert actions(source.run())["SDY2"] == "load"
    assert source.requested == ["SDY2"]


@pytest.mark.parametrize(
    ("error", "most"),
    [
        (lambda: CredentialError("401; the key expired", 401), 2),  # two may be asked at once
        (lambda: ServerError("HTTP 503", 503), 4),
    ],
)
def test_a_refused_key_or_a_dead_service_does_not_get_a_request_per_study(
    source: Source, error: Callable[[], ImmPortError], most: int
) -> None:
    source.share(*range(4, 20))
    source.run()
    source.errors = {study: error() for study in source.listed}
    decisions = source.discover(check_files=True)
    assert set(actions(decisions).values()) == {"hold"}
    assert 1 <= len(source.requested) <= most


def test_only_new_or_other_files_are_news() -> None:
    known = {name: release_file(name, name, "m", 1) for name in ("a", "b")}
    assert news(known, [release_file("a", "another", "m", 1)]) == []
    assert news(known, [release_file("a", "a", None, 1), release_file("b", "b", "m", None)]) == []
    listed = [
        release_file("a", "a", "x", 1),
        release_file("b", "b", None, 2),
        release_file("c", "c", None, None),
    ]
    assert news(known, listed) == listed


@pytest.mark.parametrize(
    ("names", "release"),
    [
        (["SDY139-DR25_Tab.zip"], "DR25"),
        (["SDY139-DR9_Tab.zip", "SDY139-DR10_MySQL.zip"], "DR10"),
        (["SDY1-DR49.1_Tab.zip"], "DR49.1"),
        (["sdy180-dr47_subject_2_cytof.txt"], "DR47"),
        (["SDY1-DR7.txt"], "DR7"),
        (["SDY1_DR25_ALL_DATA.zip", "readme.txt"], None),
    ],
)
def test_names_carry_the_release(names: list[str], release: str | None) -> None:
    found = release_of(release_file(name, "") for name in names)
    assert (str(found) if found else None) == release


def withdrawals(source: Source) -> list[tuple[Any, ...]]:
    return source.warehouse.rows("select * from star.study_withdrawal order by 1, 3")


def test_a_restricted_study_becomes_a_tombstone_though_it_is_listed(source: Source) -> None:
    source.restricted = Restricted(frozenset({"SDY2", "SDY9"}))
    decisions = source.run()
    assert actions(decisions) == {"SDY1": "keep", "SDY2": "withdraw", "SDY3": "keep"}
    reason = "restricted: on the source's list of restricted studies"
    assert decisions["SDY2"].reason == reason
    assert withdrawals(source) == [("SDY2", reason, "DR4", "DR4", None)]
    query = "select reason from ops.{} where reason like 'restricted%'"
    for table in ("scope", "capture", "work"):
        assert source.warehouse.rows(query.format(table)) == [(reason,)]
    assert source.warehouse.rows("select from star.dim_study where study_accession = 'SDY2'") == []
    # Run after run it is neither loaded nor withdrawn again, and the run is a success.
    again = source.run()
    assert actions(again) == {"SDY1": "keep", "SDY2": "keep", "SDY3": "keep"}
    assert source.warehouse.value("select state from ops.run order by started_at desc limit 1") == "success"
    assert len(withdrawals(source)) == 1


def test_a_restricted_study_that_is_new_is_not_loaded(source: Source) -> None:
    source.share(9)
    source.restricted = Restricted(frozenset({"SDY9"}))
    assert actions(source.run())["SDY9"] == "keep"
    assert source.warehouse.rows("select from ops.load where scope = 'SDY9'") == []


def test_a_study_that_returns_is_there_once_and_its_reason_is_gone(source: Source) -> None:
    before = source.warehouse.rows("select * from star.fact_hai order by study_key, result_id")
    source.restricted = Restricted(frozenset({"SDY2"}))
    source.run()
    assert source.warehouse.rows("select * from star.fact_hai order by 1, 2") != before
    source.restricted = OTHERS
    waits = source.run()["SDY2"]
    assert (waits.action, "a second run has to see that" in waits.reason) == (Action.HOLD, True)
    decisions = source.run()
    assert open_studies(source) == ["SDY1", "SDY2", "SDY3"]
    assert decisions["SDY2"].reason == "shared again at DR4"
    assert source.warehouse.rows("select * from star.fact_hai order by study_key, result_id") == before
    doubled = "select study_key, result_id from star.fact_hai group by 1, 2 having count(*) > 1"
    assert source.warehouse.rows(doubled) == []
    assert source.warehouse.rows("select distinct state, reason from ops.scope") == [("current", None)]
    assert withdrawals(source)[0][2:] == ("DR4", "DR4", "DR4")


def test_not_knowing_what_is_restricted_neither_withdraws_nor_returns(source: Source) -> None:
    source.restricted = Restricted(frozenset({"SDY2"}))
    source.run()
    source.restricted = Restricted(unknown="HTTP 503")
    decisions = source.run()
    assert actions(decisions) == {"SDY1": "keep", "SDY2": "hold", "SDY3": "keep"}
    assert "HTTP 503" in decisions["SDY2"].reason
    # The listing counts as before, and the reason states what is not known.
    del source.listed["SDY3"]
    decisions = source.run()
    assert actions(decisions)["SDY3"] == "withdraw"
    assert (
        "no longer listed at DR4; whether it is restricted is not known: HTTP 503" in decisions["SDY3"].reason
    )


def test_a_list_that_suddenly_restricts_many_waits_for_a_yes(source: Source) -> None:
    source.restricted = Restricted(frozenset({"SDY1", "SDY2"}))
    decisions = source.run()
    assert actions(decisions) == {"SDY1": "hold", "SDY2": "hold", "SDY3": "keep"}
    assert "approve_withdrawals" in decisions["SDY1"].reason
    assert withdrawals(source) == []
    source.run(approve_withdrawals=True)
    assert [row[0] for row in withdrawals(source)] == ["SDY1", "SDY2"]


#: A list that names none of the studies of these tests.
OTHERS = Restricted(frozenset({"SDY9"}))


def open_studies(source: Source) -> list[str]:
    found = """select k.study_accession from history.study_access a
        join history.key_study k using (study_key) where a.is_open and study_key > 0 order by 1"""
    return [name for (name,) in source.warehouse.rows(found)]


def test_a_study_is_hidden_when_it_is_restricted_though_its_withdrawal_waits(source: Source) -> None:
    source.restricted = Restricted(frozenset({"SDY1", "SDY2"}))
    assert actions(source.run())["SDY1"] == "hold"
    assert open_studies(source) == ["SDY3"]
    source.restricted = Restricted(unknown="HTTP 503")  # an unknown list opens no study
    source.run()
    assert open_studies(source) == ["SDY3"]
    source.restricted = OTHERS
    for seen in (["SDY3"], ["SDY1", "SDY2", "SDY3"]):  # once is not enough
        assert actions(source.run())["SDY1"] == "keep"
        assert open_studies(source) == seen


def test_an_empty_list_of_restricted_studies_opens_nothing(source: Source) -> None:
    source.restricted = Restricted(frozenset({"SDY1", "SDY2"}))
    source.run(approve_withdrawals=True)
    assert open_studies(source) == ["SDY3"]
    source.restricted = Restricted()
    for _ in range(3):
        decisions = source.run(force=True)
        assert {decisions[name].action for name in ("SDY1", "SDY2")} == {Action.HOLD}
        assert "list of restricted studies is empty" in decisions["SDY1"].reason
        assert open_studies(source) == ["SDY3"]


@pytest.mark.parametrize("approved", [False, True])
def test_a_list_with_an_unreadable_entry_hides_what_it_names_and_opens_nothing(
    source: Source, approved: bool
) -> None:
    source.restricted = Restricted(frozenset({"SDY1", "SDY2"}))
    source.run(approve_withdrawals=approved)  # withdrawn, or only hidden
    source.restricted = Restricted(frozenset({"SDY3"}), "an entry names no study: ''")
    for _ in range(3):
        source.run(force=True)
        assert open_studies(source) == []
    source.restricted = OTHERS
    for seen in ([], ["SDY1", "SDY2", "SDY3"]):  # none of those lists counts as one that does not name them
        source.run()
        assert open_studies(source) == seen


def test_a_sighting_counts_once_for_a_run_and_starts_anew_when_the_study_is_named(source: Source) -> None:
    source.restricted = Restricted(frozenset({"SDY1", "SDY2"}))
    source.run()
    access, engine = "select cleared_in, is_cleared from history.study_access a", source.warehouse.engine
    of_first = f"{access} join history.key_study k using (study_key) where k.study_accession = 'SDY1'"

    def follow(run: str, *studies: str) -> tuple[Any, ...]:
        with engine.begin() as connection:
            study_visibility.hide(connection, studies, "restricted: for this test")
            study_visibility.show(connection, studies, run)
        (found,) = source.warehouse.rows(of_first)
        return found

    for _ in range(2):  # another try of the same run
        assert follow("a", "SDY2") == ("a", False)
    assert follow("b") == ("a", False)
    assert follow("c", "SDY1", "SDY2") == (None, False)
    assert follow("d", "SDY2") == ("d", False)
    assert open_studies(source) == ["SDY3"]
    follow("e", "SDY2")
    assert open_studies(source) == ["SDY1", "SDY3"]


def test_a_load_does_not_open_a_study_that_is_restricted_since_it_was_decided(source: Source) -> None:
    source.restricted = Restricted(frozenset({"SDY1", "SDY2"}))
    source.run()  # decides to hold: too many at once
    source.restricted = OTHERS
    source.run(force=True)
    assert open_studies(source) == ["SDY3"]
    source.run(force=True)
    assert open_studies(source) == ["SDY1", "SDY2", "SDY3"]


def test_a_withdrawn_study_is_hidden_until_it_is_known_not_to_be_restricted(source: Source) -> None:
    del source.listed["SDY3"]
    source.restricted = Restricted(unknown="HTTP 503")
    source.run()
    assert open_studies(source) == ["SDY1", "SDY2"]
    source.restricted = Restricted(frozenset({"SDY9"}))
    for seen in (["SDY1", "SDY2"], ["SDY1", "SDY2", "SDY3"]):
        source.run()
        assert open_studies(source) == seen
    source.restricted = Restricted(frozenset({"SDY3"}))  # gone already, and then restricted
    source.run()
    assert open_studies(source) == ["SDY1", "SDY2"]


def test_a_study_that_moved_says_where_to(source: Source) -> None:
    source.share(1760)
    source.run()  # new, and known to have moved: not requested
    assert source.warehouse.rows("select from ops.load where scope = 'SDY1760'") == []
    source.run(studies=frozenset({"SDY1760"}))
    assert source.warehouse.rows("select state from ops.scope where scope = 'SDY1760'")
    del source.listed["SDY1760"]
    source.run()
    ((study, reason, *_),) = withdrawals(source)
    assert study == "SDY1760"
    assert reason.startswith(
        "moved: to AccessClinicalData@NIAID on 2026-05-20 (see https://docs.immport.org/"
    )


def test_a_load_says_what_the_listing_said(source: Source) -> None:
    with source.warehouse.engine.connect() as connection:
        assert set(connection.scalars(sa.select(LOAD.c.listed_version))) == {"DR4"}
