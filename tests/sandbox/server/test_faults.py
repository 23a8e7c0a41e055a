"""Each fault as a client meets it, which requests it strikes, and what is recorded."""

from __future__ import annotations

import httpx
import pytest

from tests.support.sandbox import RunningSandbox

ARMS = "/api/study/arm/SDY1001"


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503, 504])
def test_status(sandbox: RunningSandbox, status: int) -> None:
    sandbox.fault("arm", str(status))
    answer = sandbox.get(ARMS)
    assert answer.status_code == status
    assert "retry-after" not in answer.headers
    if status < 500:
        assert "error" in answer.json()
    else:  # a proxy answers, not ImmPort
        assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("after", [7, "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_retry_after(sandbox: RunningSandbox, after: int | str) -> None:
    sandbox.fault("arm", "429", retry_after=after)
    assert sandbox.get(ARMS).headers["retry-after"] == str(after)


def test_hang_delays_no_other_client_and_ends_with_its_own(sandbox: RunningSandbox) -> None:
    sandbox.fault("arm", "hang")
    with pytest.raises(httpx.ReadTimeout):
        sandbox.client.get(sandbox.query + ARMS, headers=sandbox.headers, timeout=0.2)
    assert sandbox.get("/api/study/SDY1001").status_code == 200
    assert [seen["status"] for seen in sandbox.requests()] == [None, 200]


@pytest.mark.parametrize("path", [ARMS, "/result/hai", "/result/hlaTyping?studyAccession=SDY1001"])
def test_cut(sandbox: RunningSandbox, path: str) -> None:
    sandbox.fault("*", "cut")
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.get(path)


def test_html(sandbox: RunningSandbox) -> None:
    sandbox.fault("arm", "html")
    answer = sandbox.get(ARMS)
    assert (answer.status_code, answer.text[:15]) == (200, "<!DOCTYPE html>")


@pytest.mark.parametrize("path", [ARMS, "/result/hai", "/result/hlaTyping?studyAccession=SDY1001"])
def test_broken_is_complete_but_no_json(sandbox: RunningSandbox, path: str) -> None:
    good = sandbox.get(path)
    sandbox.fault("*", "broken")
    answer = sandbox.get(path)
    assert (answer.status_code, len(answer.content)) == (200, len(good.content))
    with pytest.raises(ValueError, match=r"."):
        answer.json()


@pytest.mark.parametrize("differing", [False, True])
def test_duplicate(sandbox: RunningSandbox, differing: bool) -> None:
    good = sandbox.get("/result/hai", studyAccession="SDY1001").json()
    sandbox.fault("hai", "duplicate", differing=differing)
    bad = sandbox.get("/result/hai", studyAccession="SDY1001").json()
    assert len(bad) == len(good) + 1
    assert [row for place, row in enumerate(bad) if place != 1] == good
    assert bad[1]["resultId"] == good[0]["resultId"]
    assert sum(bad[1][name] != good[0][name] for name in good[0]) == int(differing)


def test_missing_and_new_key(sandbox: RunningSandbox) -> None:
    names = list(sandbox.get(ARMS).json()[0])
    sandbox.fault("arm", "missing_key", times=1)
    sandbox.fault("arm", "missing_key", key="name", times=1)
    sandbox.fault("arm", "new_key")
    assert [list(row) for row in sandbox.get(ARMS).json()] == [names[:-1]] * 3
    assert {"name"} == set(names) - set(sandbox.get(ARMS).json()[0])
    assert [list(row) for row in sandbox.get(ARMS).json()] == [[*names, "newKey"]] * 3
    assert sandbox.get(ARMS).json()[0]["newKey"] == "new"


def test_search_and_token_fail_too(sandbox: RunningSandbox) -> None:
    sandbox.fault("search", "503")
    sandbox.fault("token", "500")
    assert sandbox.client.get(sandbox.query + "/api/search/study").status_code == 503
    assert sandbox.client.post(sandbox.url + "/auth/token").status_code == 500
    sandbox.clear_faults()
    sandbox.fault("search", "duplicate")
    hits = sandbox.client.get(sandbox.query + "/api/search/study").json()["hits"]["hits"]
    assert [hit["_id"] for hit in hits[:3]] == ["SDY1001", "SDY1001", "SDY1002"]


def test_a_fault_strikes_its_study_its_endpoint_and_only_so_often(sandbox: RunningSandbox) -> None:
    sandbox.fault("arm", "503", study="SDY1002", times=2)
    sandbox.fault("hai", "500", study="SDY1003")

    def status(path: str) -> int:
        return sandbox.get(path).status_code

    assert status(ARMS) == 200
    assert [status("/api/study/arm/SDY1002") for _ in range(3)] == [503, 503, 200]
    assert status("/result/hai?studyAccession=SDY1003") == 500
    assert status("/result/hai?studyAccession=SDY1001") == 200
    sandbox.clear_faults()
    assert status("/result/hai?studyAccession=SDY1003") == 200


def test_a_wrong_fault_is_refused(sandbox: RunningSandbox) -> None:
    bodies: list[object] = [{"endpoint": "arm", "fault": "418"}, {"endpoint": "arm"}, {"fault": "500"}, []]
    for body in bodies:
        answer = sandbox.client.post(sandbox.url + "/_sandbox/faults", json=body)
        assert (answer.status_code, "error" in answer.json()) == (400, True), body
    unknown = {"endpoint": "armm", "fault": "500"}
    assert sandbox.client.post(sandbox.url + "/_sandbox/faults", json=unknown).status_code == 400


def test_requests_are_recorded(sandbox: RunningSandbox) -> None:
    sandbox.get("/result/hai", studyAccession="SDY1001")
    sandbox.client.get(sandbox.query + ARMS)
    assert sandbox.requests() == [
        {
            "endpoint": "hai",
            "study": "SDY1001",
            "method": "GET",
            "path": "/data/query/result/hai",
            "query": "studyAccession=SDY1001",
            "range": None,
            "status": 200,
        },
        {
            "endpoint": "arm",
            "study": "SDY1001",
            "method": "GET",
            "path": f"/data/query{ARMS}",
            "query": "",
            "range": None,
            "status": 401,
        },
    ]
    sandbox.clear_requests()
    assert sandbox.requests() == []


def ids(sandbox: RunningSandbox, **parameters: str) -> list[int]:
    answer = sandbox.get("/result/mbaa", studyAccession="SDY1001", **parameters)
    assert answer.status_code == 200
    return [row["resultId"] for row in answer.json()]


def test_a_fault_above_so_many_rows_lets_smaller_answers_through(sandbox: RunningSandbox) -> None:
    whole = ids(sandbox)
    arms = [row["armAccession"] for row in sandbox.get(ARMS).json()]
    largest = max(len(ids(sandbox, armAccession=arm)) for arm in arms)
    assert len(whole) > largest
    sandbox.fault("mbaa", "504", above_rows=largest)
    assert sandbox.get("/result/mbaa", studyAccession="SDY1001").status_code == 504
    # The parts, with that of the rows in no arm, have all rows.
    parts = [ids(sandbox, armAccession=arm) for arm in [*arms, ""]]
    assert all(parts)
    assert sorted(number for part in parts for number in part) == sorted(whole)
    sandbox.clear_faults()
    sandbox.fault("mbaa", "504", above_rows=len(whole))
    assert ids(sandbox) == whole
    assert sandbox.get("/result/hai", studyAccession="SDY1001").status_code == 200


def test_a_fault_above_so_many_rows_is_counted_when_it_strikes(sandbox: RunningSandbox) -> None:
    sandbox.fault("mbaa", "500", above_rows=50, times=1)
    sandbox.fault("mbaa", "duplicate", above_rows=30, times=1)
    few = ids(sandbox, armAccession="ARM10001")
    assert len(set(few)) == len(few) <= 30
    assert sandbox.get("/result/mbaa", studyAccession="SDY1001").status_code == 500
    assert len(ids(sandbox)) == len(set(ids(sandbox))) + 1
    assert len(ids(sandbox)) == len(set(ids(sandbox)))


def test_a_hanging_large_answer(sandbox: RunningSandbox) -> None:
    sandbox.fault("mbaa", "hang", above_rows=10)
    with pytest.raises(httpx.ReadTimeout):
        sandbox.client.get(
            sandbox.query + "/result/mbaa?studyAccession=SDY1001", headers=sandbox.headers, timeout=0.2
        )
    assert [seen["status"] for seen in sandbox.requests()] == [None]


def test_a_blank_filter_means_null_unless_it_is_ignored(sandbox: RunningSandbox) -> None:
    whole, controls = ids(sandbox), ids(sandbox, armAccession="")
    assert 0 < len(controls) < len(whole)
    everything = sandbox.get("/result/mbaa", studyAccession="SDY1001").json()
    assert controls == [row["resultId"] for row in everything if row["armAccession"] is None]
    sandbox.fault("mbaa", "blank_ignored", times=1)
    sandbox.fault("mbaa", "503", above_rows=len(whole))
    assert ids(sandbox, armAccession="ARM10001")  # no blank filter: nothing to ignore, none of it used up
    assert ids(sandbox, armAccession="") == whole
    assert ids(sandbox, armAccession="") == controls


def test_the_tsv_alone_is_struck(sandbox: RunningSandbox) -> None:
    def lines() -> list[list[str]]:
        text = sandbox.get("/result/hai", studyAccession="SDY1001", format="tsv").text
        return [line.split("\t") for line in text.removesuffix("\n").split("\n")]

    good, rows = lines(), ids_of_hai(sandbox)
    sandbox.fault("hai", "tsv_broken", times=1)
    assert ids_of_hai(sandbox) == rows  # JSON is not struck, and uses nothing up
    torn = lines()
    assert torn[0] == good[0]
    assert [len(line) - len(torn[0]) for line in torn] == [0, 1, *[0] * (len(good) - 2)]
    assert "".join(torn[1]) == "".join(good[1])
    assert torn[2:] == good[2:]
    assert lines() == good
    sandbox.fault("hai", "tsv_renamed", key="valuePreferred", times=1)
    sandbox.fault("hai", "tsv_renamed")
    renamed = lines()
    assert {one: two for one, two in zip(good[0], renamed[0], strict=True) if one != two} == {
        "valuePreferred": "valuePreferredRenamed"
    }
    assert renamed[1:] == good[1:]
    assert [one for one, two in zip(good[0], lines()[0], strict=True) if one != two] == ["treatmentAccession"]
    assert ids_of_hai(sandbox) == rows


def ids_of_hai(sandbox: RunningSandbox) -> list[int]:
    return [row["resultId"] for row in sandbox.get("/result/hai", studyAccession="SDY1001").json()]


@pytest.mark.parametrize(
    "fault",
    [
        {"endpoint": "hai", "fault": "corrupt"},
        {"endpoint": "hai", "fault": "503", "file": "a.txt"},
        {"endpoint": "hai", "fault": "tsv_broken", "above_rows": 5},
        {"endpoint": "hai", "fault": "504", "above_rows": -1},
    ],
)
def test_a_fault_that_cannot_strike_is_refused(sandbox: RunningSandbox, fault: dict[str, object]) -> None:
    answer = sandbox.client.post(sandbox.url + "/_sandbox/faults", json=fault)
    assert (answer.status_code, "error" in answer.json()) == (400, True)
