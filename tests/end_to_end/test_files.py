"""The files DAG: every wanted file once, whole, and under its path; it reports what cannot be had."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.worlds import CANARY, CHANGED, NEW, Loaded
from tests.support.runs import Installation, Installations, Kill, Run
from tests.support.sandbox import RunningSandbox

KILLED = -9
TYPES = ("result_file", "protocol_file", "study_file")
DOWNLOADS = (
    "select path, state, error, bytes_fetched from ops.file_download order by study_accession, file_uuid"
)


@pytest.fixture
def installation(installations: Installations, after: Loaded, small: RunningSandbox) -> Installation:
    return installations.copy(after.installation)


def bring(installation: Installation, *kills: Kill, **options: Any) -> Run:
    return installation.run(*kills, dag="immport_files", **options)


def wanted(installation: Installation, types: tuple[str, ...] = TYPES) -> dict[str, dict[str, Any]]:
    """Files of the current studies by path, as the manifests list them."""
    studies = installation.query("select scope from ops.scope where state = 'current'")
    rows = [
        row
        for (study,) in studies
        for row in installation.sandbox.get(f"/api/study/manifest/{study}").json()
        if row["fileType"] in types
    ]
    installation.sandbox.clear_requests()
    return {row["path"]: row for row in rows}


def digests(folder: Path) -> dict[str, str]:
    """MD5 by path of all files in a folder, hidden ones included."""
    return {
        str(path.relative_to(folder)): hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def requests_to(sandbox: RunningSandbox, endpoint: str) -> int:
    return sum(request["endpoint"] == endpoint for request in sandbox.requests())


def assert_all_there(installation: Installation, folder: Path) -> None:
    files = wanted(installation)
    assert len({path.split("/")[0] for path in files}) > 1
    assert digests(folder) == {path: row["generatedMD5"] for path, row in files.items()}
    downloads = installation.query("select path, size_bytes, md5, file_type, location from ops.file_download"
                            " where state = 'present'")  # fmt: skip
    assert sorted(tuple(row) for row in downloads) == sorted(
        (path, row["filesizeBytes"], row["generatedMD5"], row["fileType"], f"file://{folder}/{path}")
        for path, row in files.items()
    )


def test_every_file_comes_once_and_a_second_run_fetches_nothing(installation: Installation) -> None:
    run = bring(installation)
    assert run.state == "success", run.log[-4000:]
    folder = installation.landing / "files"
    assert_all_there(installation, folder)
    fetched = installation.query("select bytes_fetched, size_bytes from ops.file_download")
    assert all(row.bytes_fetched == row.size_bytes for row in fetched)
    downloads = installation.query(
        "select run_id, dag_id, state, listed from ops.run order by started_at desc limit 1"
    )
    assert [tuple(row) for row in downloads] == [(run.run_id, "immport_files", "success", 2)]
    steps = "select distinct step, state from ops.step where run_id like 'immport_files/%' order by 1"
    assert [tuple(row) for row in installation.query(steps)] == [("download", "done"), ("manifest", "done")]
    tasks = "select distinct step, task_id, map_index < 0, try_number from ops.step where run_id = :run"
    assert {tuple(row) for row in installation.query(tasks, run=run.run_id)} == {
        ("download", "download", False, 1), ("manifest", "plan", True, 1)
    }  # fmt: skip
    assert CANARY not in run.log
    assert "Signature" not in run.log

    before = installation.query(DOWNLOADS)
    installation.sandbox.clear_requests()
    assert bring(installation).state == "success"
    assert (
        requests_to(installation.sandbox, "download"),
        requests_to(installation.sandbox, "drsDownload"),
    ) == (0, 0)
    assert installation.query(DOWNLOADS) == before
    # The landing zone and the files do not get into each other's way.
    assert installation.run(replay=True).state == "success"


@pytest.mark.long
def test_headers_of_fcs_files_come_without_the_files(installation: Installation) -> None:
    files = [path for path in wanted(installation, ("result_file",)) if path.endswith(".fcs")]
    run = bring(installation, fcs_headers_only=True, pattern="*.fcs")
    assert run.state == "success", run.log[-4000:]
    assert (len(files) > 0, digests(installation.landing / "files")) == (True, {})
    downloads = installation.query("select path, state, fcs_header from ops.file_download")
    assert sorted(tuple(row) for row in downloads) == [
        (path, "header read", "4 parameters") for path in sorted(files)
    ]
    (read,) = installation.query("select count(distinct file_uuid) as files from star.fcs_file_header")
    assert read.files == len(files)
    sent = [item for item in installation.sandbox.requests() if item["endpoint"] == "download"]
    assert {str(item["range"]).partition("-")[0] for item in sent} == {"bytes=0"}
    assert "Signature" not in run.log


@pytest.mark.long
def test_a_damaged_and_a_lost_file_are_fetched_again(installation: Installation) -> None:
    assert bring(installation).state == "success"
    folder = installation.landing / "files"
    damaged, lost = [folder / path for path in sorted(digests(folder))[:2]]
    damaged.write_bytes(b"?" + damaged.read_bytes()[1:])
    lost.unlink()
    installation.sandbox.clear_requests()
    assert bring(installation).state == "success"
    assert requests_to(installation.sandbox, "download") == 2
    assert_all_there(installation, folder)
    again = {damaged.relative_to(folder).as_posix(), lost.relative_to(folder).as_posix()}
    for row in installation.query("select path, bytes_fetched, size_bytes from ops.file_download"):
        assert row.bytes_fetched == row.size_bytes * (2 if row.path in again else 1), row.path


@pytest.mark.long
def test_only_what_is_wanted_comes_and_the_budget_holds(installation: Installation, tmp_path: Path) -> None:
    files = wanted(installation, ("release_file",))
    sizes = {path: row["filesizeBytes"] for path, row in files.items() if path.endswith("_Tab.zip")}
    params = {"types": ["release_file"], "pattern": "*_Tab.zip", "destination": str(tmp_path)}
    dry = bring(installation, dry_run=True, **params)
    assert (dry.state, dry.tasks["download"], digests(tmp_path)) == ("success", "skipped", {})
    assert installation.query(DOWNLOADS) == []
    note = installation.one("select note from ops.run order by started_at desc limit 1")
    assert f"{len(sizes)} with {sum(sizes.values())} bytes would be fetched" in note

    small = min(sizes, key=lambda path: sizes[path])
    assert bring(installation, max_bytes=sizes[small], **params).state == "success"
    assert set(digests(tmp_path)) == {small}
    states = {row.path: (row.state, row.error) for row in installation.query(DOWNLOADS)}
    assert states.pop(small) == ("present", None)
    assert states
    for path, (state, why) in states.items():
        assert state == "left out"
        assert why.startswith(f"{sizes[path]} bytes, and ")
    # What is here costs nothing of the next budget.
    rest = sum(sizes.values()) - sizes[small]
    assert bring(installation, max_bytes=rest, **params).state == "success"
    assert set(digests(tmp_path)) == set(sizes)
    assert bring(
        installation, studies=[NEW], types=["study_file"], destination=str(tmp_path / "one")
    ).state == ("success")
    assert {path.split("/")[0] for path in digests(tmp_path / "one")} == {NEW}


def test_a_file_that_fails_leaves_the_others_alone(installation: Installation) -> None:
    installation.sandbox.fault("download", "403", times=2)  # by S3, then by the stream
    run = bring(installation)
    assert (run.state, run.tasks["finish"]) == ("failed", "failed")
    counts = dict(installation.query("select state, count(*) from ops.file_download group by 1"))
    assert counts == {"failed": 1, "present": len(wanted(installation)) - 1}
    (error,) = installation.query("select error from ops.file_download where state = 'failed'")
    assert "AccessError" in error.error
    assert "not open to this key" in error.error
    assert installation.one("select state from ops.run order by started_at desc limit 1") == "partial"
    assert bring(installation).state == "success"
    assert_all_there(installation, installation.landing / "files")


@pytest.mark.long
def test_faults_that_pass_are_left_to_airflow(installation: Installation) -> None:
    installation.sandbox.fault("download", "500", times=4)
    run = bring(installation, retries=1)
    assert run.state == "success", run.log[-4000:]
    assert_all_there(installation, installation.landing / "files")


@pytest.mark.long
def test_a_study_without_a_manifest_is_reported(installation: Installation) -> None:
    installation.sandbox.fault("manifest", "403", study=NEW)
    run = bring(installation)
    assert run.state == "failed"
    assert f"{NEW}: no manifest: AccessError" in run.log
    states = {row.path.split("/")[0]: row.state for row in installation.query(DOWNLOADS)}
    assert set(states.values()) == {"present"}
    assert NEW not in states


@pytest.mark.long
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_study_and_a_type_that_match_nothing_are_named(installation: Installation, dry_run: bool) -> None:
    """The others come; the run's record and the log of its last task say which did not."""
    kinds = {row["fileType"] for path, row in wanted(installation).items() if path.startswith(f"{CHANGED}/")}
    run = bring(
        installation,
        studies=[CHANGED, NEW],
        types=[*sorted(kinds), "video_file"],
        pattern=f"*{CHANGED}*",
        dry_run=dry_run,
    )
    assert run.state == "success", run.log[-4000:]
    taken = {row.path.split("/")[0] for row in installation.query(DOWNLOADS)}
    assert taken == (set() if dry_run else {CHANGED})
    note = installation.one("select note from ops.run order by started_at desc limit 1")
    assert f"without a matching file: studies {NEW}; types " in note
    assert "video_file" in note
    assert run.log.count(note) >= 1, "the last task says it, too"


@pytest.mark.long
def test_a_selection_that_matches_nothing_fails_and_names_itself(installation: Installation) -> None:
    installation.sandbox.clear_requests()
    run = bring(installation, studies=[CHANGED], types=["video_file"], retries=2)
    assert (run.state, run.tasks["plan"], run.tasks["finish"]) == ("failed", "failed", "failed")
    message = f"no file matches the selection: studies {CHANGED}; types video_file; pattern *"
    assert message in run.log
    ((state, note),) = installation.query("select state, note from ops.run order by started_at desc limit 1")
    assert (state, note) == ("failed", message)
    assert requests_to(installation.sandbox, "manifest") == 1, "another request would not help"
    assert installation.query(DOWNLOADS) == []


@pytest.mark.long
def test_a_refused_key_ends_it(installation: Installation) -> None:
    installation.sandbox.fault("drsDownload", "401")
    run = bring(installation)
    assert run.state == "failed"
    assert "CredentialError" in str(installation.query(DOWNLOADS))
    assert requests_to(installation.sandbox, "drsDownload") <= 2


@pytest.mark.long
def test_a_killed_run_goes_on_with_its_part(installation: Installation) -> None:
    folder = installation.landing / "files"
    files = wanted(installation)
    installation.sandbox.fault("download", "cut", times=1, after=1000)
    assert (
        bring(installation, Kill("immport_provider.hooks.files.file_store:requesting", call=2)).exit == KILLED
    )
    (part,) = [path for path in digests(folder) if path.endswith(".part")]
    assert (folder / part).stat().st_size == 1000
    for kill in (
        Kill("include.pipeline.downloads.file_plan:write_plan", after=True),
        Kill("include.landing.object_store:Storage.keep"),
        Kill("include.landing.object_store:Storage.keep", after=True),
        Kill("include.landing.object_store:Storage.keep", call=3, after=True),
        Kill("include.pipeline.downloads.file_selection:finish", after=True),
    ):
        whole = {path for path in digests(folder) if "/." not in path}
        installation.sandbox.clear_requests()
        assert bring(installation, kill).exit == KILLED, kill
        assert requests_to(installation.sandbox, "download") <= len(files) - len(whole)
    # The run resumed the part: of this one file, not all bytes came again.
    missing = (
        "select size_bytes - bytes_fetched from ops.file_download where bytes_fetched > 0 order by 1 desc"
    )
    assert installation.query(missing)[0] == (1000,)
    installation.sandbox.clear_requests()
    assert bring(installation).state == "success"
    assert requests_to(installation.sandbox, "download") == 0
    assert_all_there(installation, folder)


def test_no_signed_address_is_passed_or_kept(installation: Installation) -> None:
    run = bring(installation)
    everything = run.log + json.dumps([list(map(str, row)) for row in installation.query(
        "select to_jsonb(d)::text from ops.file_download d union all select to_jsonb(s)::text from ops.step s"
        " union all select to_jsonb(r)::text from ops.run r")])  # fmt: skip
    everything += (installation.processes.home / "airflow.db").read_bytes().decode(errors="ignore")
    for secret in ("Signature=", "Expires=", CANARY):
        assert secret not in everything


@pytest.mark.long
def test_files_of_one_name_and_path_all_come_and_stay_where_they_are(installation: Installation) -> None:
    """Another accession, UUID and bytes under one path: none replaces another, whatever a run selects."""
    installation.sandbox.fault("manifest", "one_path")
    assert bring(installation, types=["result_file"]).state == "success"
    folder = installation.landing / "files"
    before = digests(folder)
    rows = installation.query(
        "select path, kept_as, md5, location, state from ops.file_download order by file_uuid"
    )
    assert len({row.path for row in rows}) < len(rows) == len(before)
    assert {row.state for row in rows} == {"present"}
    assert before == {row.kept_as: row.md5 for row in rows}
    assert {row.location for row in rows} == {f"file://{folder}/{path}" for path in before}
    assert {row.path for row in rows} < before.keys()
    installation.sandbox.clear_requests()
    assert bring(installation, types=["result_file"]).state == "success"
    assert (requests_to(installation.sandbox, "download"), digests(folder)) == (0, before)
