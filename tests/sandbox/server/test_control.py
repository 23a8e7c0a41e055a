"""The control withholds studies and issues packages again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from include.sources.immport.endpoints import SHARED_DATA
from tests.sandbox.data import ARCHIVES, needs_data
from tests.sandbox.server.test_serialize import STUDIES, rows, search
from tests.sandbox.test_stored_files import address, hold_to_the_manifest
from tests.support.sandbox import RunningSandbox, running_sandbox

RESTRICTED = SHARED_DATA["restrictedStudyAccessions"].path


def found(sandbox: RunningSandbox) -> list[str]:
    return [hit["_id"] for hit in search(sandbox, pageSize=100)["hits"]["hits"]]


def issued(sandbox: RunningSandbox, study: str) -> dict[str, dict[str, Any]]:
    """The release and archive files of a study, by name."""
    files = rows(sandbox, "manifest", study, fileType="release_file,archive_file")
    return {file["fileName"]: file for file in files}


def test_restricted_studies_are_listed_and_not_open(sandbox: RunningSandbox) -> None:
    file = rows(sandbox, "manifest", "SDY1002")[0]
    sandbox.restrict("SDY1002", "SDY9999")
    assert sandbox.get(RESTRICTED).json() == ["SDY1002", "SDY1007", "SDY9999"]
    assert found(sandbox) == [study for study in STUDIES if study != "SDY1002"]
    assert sandbox.status()["studies"] == len(STUDIES) - 1
    for path in ("/api/study/SDY1002", "/api/study/arm/SDY1002", "/api/study/manifest/SDY1002"):
        answer = sandbox.get(path)
        assert (answer.status_code, "error" in answer.json()) == (403, True), path
    assert sandbox.get("/result/pcr", studyAccession="SDY1002").json() == []
    assert sandbox.get(f"/drs/download/s3/{file['fileUUID']}").status_code == 403
    assert sandbox.get("/api/study/arm/SDY1001").status_code == 200
    sandbox.restrict("SDY1003")
    assert sandbox.get("/api/study/arm/SDY1002").status_code == 200
    sandbox.open_studies()
    assert sandbox.get(RESTRICTED).json() == ["SDY1007"]
    assert found(sandbox) == STUDIES


def test_hidden_studies_are_not_spoken_of(sandbox: RunningSandbox) -> None:
    file = rows(sandbox, "manifest", "SDY1002")[0]
    sandbox.hide("SDY1002", "SDY1007")
    assert sandbox.get(RESTRICTED).json() == []
    assert "SDY1002" not in found(sandbox)
    assert sandbox.get("/api/study/arm/SDY1002").status_code == 404
    assert sandbox.get("/result/pcr", studyAccession="SDY1002").json() == []
    assert sandbox.get(f"/drs/download/s3/{file['fileUUID']}").status_code == 400
    sandbox.open_studies()
    assert sandbox.get("/api/study/arm/SDY1002").status_code == 200


@pytest.mark.parametrize("what", ["restricted", "hidden"])
def test_only_accessions_can_be_withheld(sandbox: RunningSandbox, what: str) -> None:
    address = f"{sandbox.url}/_sandbox/{what}"
    bodies: list[object] = [[], {}, {"studies": "SDY1001"}, {"studies": ["1001"]}, {"studies": [None]}]
    for body in bodies:
        answer = sandbox.client.put(address, json=body)
        assert (answer.status_code, "error" in answer.json()) == (400, True), body
    sandbox.client.put(address, json={"studies": ["SDY1001"]})
    assert sandbox.client.get(address).json() == {"studies": ["SDY1001"]}
    assert sandbox.client.delete(address).json() == {"studies": []}


def test_a_package_issued_again_leaves_the_study_alone(sandbox: RunningSandbox) -> None:
    sandbox.set_release("DR50")
    earlier = rows(sandbox, "pcr", "SDY1002")
    sandbox.set_release("DR51")
    before, study = issued(sandbox, "SDY1002"), rows(sandbox, "study", "SDY1002")
    results = {row["resultId"]: row for row in rows(sandbox, "pcr", "SDY1002")}
    hit = search(sandbox, studyAccession="SDY1002")["hits"]["hits"]
    assert "SDY1002-DR50_Tab.zip" in before
    sandbox.reissue("SDY1002", "DR51")
    assert rows(sandbox, "study", "SDY1002") == study
    assert search(sandbox, studyAccession="SDY1002")["hits"]["hits"] == hit
    after = issued(sandbox, "SDY1002")
    assert after.keys() - before.keys() == {
        *(name.replace("DR50", "DR51") for name in before if name.startswith("SDY1002-DR50")),
        "SDY1002-DR50.zip",
    }
    (one,), (two,) = (
        [file["generatedMD5"] for name, file in files.items() if name.endswith("_Tab.zip")]
        for files in (before, after)
    )
    assert one != two
    hold_to_the_manifest(
        sandbox,
        after["SDY1002-DR51_Tab.zip"],
        sandbox.client.get(address(sandbox, after["SDY1002-DR51_Tab.zip"])).content,
    )
    again = {row["resultId"]: row for row in rows(sandbox, "pcr", "SDY1002")}
    assert again.keys() == results.keys()
    changed = {name for key in results for name in results[key] if results[key][name] != again[key][name]}
    assert changed == {"valuePreferred", "comments"}
    # At a release before, nothing has happened yet.
    sandbox.set_release("DR50")
    assert "SDY1002-DR51_Tab.zip" not in issued(sandbox, "SDY1002")
    assert rows(sandbox, "pcr", "SDY1002") == earlier
    sandbox.set_release("DR51")
    sandbox.open_studies()
    assert issued(sandbox, "SDY1002") == before
    assert {row["resultId"]: row for row in rows(sandbox, "pcr", "SDY1002")} == results


def test_a_study_is_issued_again_only_where_it_does_not_change(sandbox: RunningSandbox) -> None:
    address = f"{sandbox.url}/_sandbox/reissued"
    bodies: list[object] = [
        {"study": "SDY1001", "release": "DR51"},  # changes there
        {"study": "SDY1002", "release": "DR48"},  # no such release
        {"study": "SDY1002", "release": "DR49"},  # is new there
        {"study": "SDY9", "release": "DR51"},
        {"study": "SDY1002"},
        {"study": "SDY1002", "release": "newest"},
        [],
    ]
    for body in bodies:
        answer = sandbox.client.put(address, json=body)
        assert (answer.status_code, "error" in answer.json()) == (400, True), body
    assert sandbox.client.get(address).json() == {}
    sandbox.reissue("SDY1002", "DR51")
    assert sandbox.client.get(address).json() == {"SDY1002": "DR51"}


@needs_data
def test_a_real_package_issued_again_can_say_the_release_it_states() -> None:
    with running_sandbox(archives=ARCHIVES, stated_releases=True) as sandbox:
        names = set()
        for release in ("DR16", "DR25"):
            sandbox.set_release(release)
            study = sandbox.get("/api/study/SDY139").json()[0]
            assert (study["latestDataReleaseVersion"], study["latestDataReleaseDate"]) == (
                "DR4",
                "2013-09-30",
            )
            hit = search(sandbox)["hits"]["hits"][0]["_source"]
            assert hit["latest_data_release_version"] == "DR4"
            files = sandbox.get("/api/study/manifest/SDY139", fileType="release_file").json()
            names |= {file["fileName"] for file in files if file["fileName"].endswith("_Tab.zip")}
        assert names == {"SDY139-DR16_Tab.zip", "SDY139-DR25_Tab.zip"}
        answer = sandbox.client.put(
            f"{sandbox.url}/_sandbox/reissued", json={"study": "SDY139", "release": "DR25"}
        )
        assert (answer.status_code, "--stated-releases" in answer.json()["error"]) == (400, True)


def test_without_packages_there_is_an_inventory(tmp_path: Path) -> None:
    with running_sandbox(studies=1, rows=20, packages=False) as sandbox:
        names = [file["fileName"] for file in sandbox.get("/api/study/manifest/SDY1001").json()]
        assert "SDY1001-DR51_table_count.txt" in names
        assert not [name for name in names if "_Tab" in name]


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({**JSON, "Host": "evil.example"}, 421),
        ({**JSON, "Host": "127.0.0.1.evil.example:80"}, 421),
        ({**JSON, "Origin": "http://evil.example"}, 403),
        ({**JSON, "Origin": "null"}, 403),
        ({**JSON, "Sec-Fetch-Site": "cross-site"}, 403),
        ({**JSON, "Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({}, 415),
    ],
)
def test_the_control_refuses_what_a_foreign_page_sends(
    headers: dict[str, str], status: int, sandbox: RunningSandbox
) -> None:
    fault = b'{"endpoint": "pcr", "fault": "500"}'
    answer = sandbox.client.post(f"{sandbox.url}/_sandbox/faults", content=fault, headers=headers)
    assert (answer.status_code, "error" in answer.json()) == (status, True)
    assert sandbox.client.get(f"{sandbox.url}/_sandbox/faults").json() == []


def test_the_control_is_deleted_by_no_foreign_page_and_shown_under_no_foreign_name(
    sandbox: RunningSandbox,
) -> None:
    sandbox.restrict("SDY1002")
    address = f"{sandbox.url}/_sandbox/restricted"
    assert sandbox.client.delete(address, headers={"Origin": "http://evil.example"}).status_code == 403
    assert sandbox.client.get(address, headers={"Host": "evil.example"}).status_code == 421
    assert sandbox.client.get(address).json() == {"studies": ["SDY1002"]}
    own = {**JSON, "Origin": sandbox.url, "Sec-Fetch-Site": "same-origin"}
    answer = sandbox.client.put(address, json={"studies": ["SDY1003"]}, headers=own)
    assert answer.json() == {"studies": ["SDY1003"]}
    sandbox.open_studies()
