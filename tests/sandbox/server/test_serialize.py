"""What a client gets: keys, order, numerals, TSV, filters, the search envelope, keys and tokens."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import httpx
import pytest

from include.sandbox.row import Row
from include.sandbox.server.serialize import json_array, json_text
from include.sources.endpoint import Group, Shape
from include.sources.immport.endpoints import RESULT_ENDPOINTS, SHARED_DATA
from include.sources.immport.lookups import LOOKUP_ENDPOINTS, is_stub
from include.sources.immport.source import IMMPORT
from tests.support.sandbox import RunningSandbox, running_sandbox

ENDPOINTS = {name: item for name, item in SHARED_DATA.items() if item.group is Group.STUDY}
TABLES = [name for name, item in ENDPOINTS.items() if item.shape is Shape.ARRAY]
STUDIES = ["SDY1001", "SDY1002", "SDY1003", "SDY1004", "SDY1005", "SDY1006", "SDY1008"]


def request(sandbox: RunningSandbox, endpoint: str, study: str, **parameters: Any) -> httpx.Response:
    path, own = SHARED_DATA[endpoint].request(study)
    answer = sandbox.get(path, **own, **parameters)
    assert answer.status_code == 200, answer.text
    return answer


def rows(sandbox: RunningSandbox, endpoint: str, study: str, **parameters: Any) -> list[dict[str, Any]]:
    found = json.loads(request(sandbox, endpoint, study, **parameters).text, parse_float=Decimal)
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_declared_endpoint_has_rows_with_its_keys_in_its_order(
    sandbox: RunningSandbox, endpoint: str
) -> None:
    found = [row for study in STUDIES for row in rows(sandbox, endpoint, study)]
    assert found
    assert {tuple(row) for row in found} == {ENDPOINTS[endpoint].names}


@pytest.mark.parametrize("endpoint", TABLES)
def test_tsv_says_the_same_as_json_cell_by_cell(sandbox: RunningSandbox, endpoint: str) -> None:
    for study in STUDIES:
        answer = request(sandbox, endpoint, study, format="tsv")
        assert answer.headers["content-type"].startswith("text/tab-separated-values")
        header, *lines = answer.text.removesuffix("\n").split("\n")
        assert header.split("\t") == list(ENDPOINTS[endpoint].names)
        literal = json.loads(request(sandbox, endpoint, study).text, parse_float=str, parse_int=str)
        cells = [["" if value is None else value for value in row.values()] for row in literal]
        assert [line.split("\t") for line in lines] == cells


@pytest.mark.parametrize("endpoint", TABLES)
def test_keys_are_unique_and_references_exist(sandbox: RunningSandbox, endpoint: str) -> None:
    for release in ("DR49", "DR51"):
        sandbox.set_release(release)
        declared = ENDPOINTS[endpoint]
        for study in ("SDY1001", "SDY1002", "SDY1003"):
            found = rows(sandbox, endpoint, study)
            keys = [tuple(row[name] for name in declared.key) for row in found]
            assert len(set(keys)) == len(keys)
            for name, home in IMMPORT.references(declared).items():
                homes = {row[name] for row in rows(sandbox, home, study)}
                assert {row[name] for row in found} - {None} <= homes, (name, study, release)


@pytest.mark.parametrize("release", ["DR49", "DR51"])
def test_vocabularies_hold_the_terms_that_rows_use(sandbox: RunningSandbox, release: str) -> None:
    sandbox.set_release(release)
    used = {
        "lkSex": ("demographic", "gender"),
        "lkSpecies": ("demographic", "species"),
        "lkRace": ("demographic", "race"),
        "lkEthnicity": ("demographic", "ethnicity"),
        "lkSampleType": ("biosample", "type"),
        "lkExpMeasurementTech": ("experiment", "measurementTechnique"),
        "lkAdverseEventSeverity": ("adverseEvent", "severityPreferred"),
        "lkLabTestName": ("labtest", "labTestNamePreferred"),
        "lkCriterionCategory": ("inclusionExclusion", "criterionCategory"),
        "lkProtocolType": ("protocol", "type"),
    }
    for name, (endpoint, field) in used.items():
        answer = sandbox.client.get(f"{sandbox.query}/api/lookup/{name}")
        known = {row["name"] for row in answer.json()}
        study_rows = [row for study in STUDIES[:3] for row in rows(sandbox, endpoint, study)]
        assert {row[field] for row in study_rows} - {None} <= known, name


def test_vocabularies_are_open_some_start_with_a_stub_and_some_change(sandbox: RunningSandbox) -> None:
    seen: dict[str, list[Any]] = {}
    for release in ("DR49", "DR51"):
        sandbox.set_release(release)
        for endpoint in LOOKUP_ENDPOINTS:
            answer = sandbox.client.get(sandbox.query + endpoint.path)
            assert answer.status_code == 200
            terms = answer.json()
            assert {tuple(row) for row in terms} == {endpoint.names}
            assert len({row[endpoint.key[0]] for row in terms}) == len(terms) > 0
            assert not any(is_stub(row) for row in terms[1:])
            seen.setdefault(endpoint.name, []).append(terms)
    assert sum(is_stub(terms[-1][0]) for terms in seen.values()) == 11
    changed = [name for name, (before, after) in seen.items() if before != after]
    assert 0 < len(changed) < 45
    text = sandbox.client.get(sandbox.query + "/api/lookup/lkSex", params={"format": "tsv"}).text
    assert text.startswith("name\tdescription\tlink\nFemale\t")


def test_a_withdrawn_study_is_restricted(sandbox: RunningSandbox) -> None:
    path = SHARED_DATA["restrictedStudyAccessions"].path
    assert sandbox.get(path).json() == ["SDY1007"]
    sandbox.set_release("DR50")
    assert sandbox.get(path).json() == []
    assert sandbox.client.get(sandbox.query + path).status_code == 401


def test_the_summary_lists_what_the_endpoints_say(sandbox: RunningSandbox) -> None:
    for study in STUDIES:
        summary = rows(sandbox, "summary", study)[0]
        papers = [row["id"]["pubmedId"] for row in summary["studyPubmeds"]]
        assert papers == [row["pubmedId"] for row in rows(sandbox, "pubmed", study)]
        for name, endpoint in (("studyLinks", "link"), ("studyPersonnel", "personnel")):
            own = [{k: v for k, v in row.items() if k != "workspaceId"} for row in summary[name]]
            listed = [
                {k: v for k, v in row.items() if k != "studyAccession"}
                for row in rows(sandbox, endpoint, study)
            ]
            assert own == listed


def test_numerals_keep_the_scale_of_the_database(sandbox: RunningSandbox) -> None:
    text = request(sandbox, "elisa", "SDY1001").text
    assert '"studyTimeCollected":-7.00,' in text
    assert '"studyTimeCollected":28.00,' in text
    assert json_text(Decimal("63.90")) == "63.90"
    assert json_text(Decimal("1E+6")) == "1000000"
    study = rows(sandbox, "study", "SDY1001")[0]
    assert (study["minimumAge"], study["initialDataReleaseDate"]) == ("  18.00", "2023-08-25")


def test_a_value_is_printed_anew_when_only_its_text_differs() -> None:
    seen: list[Row] = [{"a": 1}, {"a": Decimal("1.0")}, {"a": Decimal("1.00")}, {"a": True}, {"a": "1"}, {}]
    text = b"".join(json_array(["a"], seen)).decode()
    assert text == '[{"a":1},{"a":1.0},{"a":1.00},{"a":true},{"a":"1"},{"a":null}]'


def test_assays_hold_what_makes_real_ones_hard(sandbox: RunningSandbox) -> None:
    hai = rows(sandbox, "hai", "SDY1001")
    censored = [row for row in hai if row["valueReported"] == "<10"]
    assert censored
    assert {row["valuePreferred"] for row in censored} <= {Decimal("9.99"), None}
    elisa = {row["valueReported"] for row in rows(sandbox, "elisa", "SDY1001")}
    assert {"Not Determined", "-999"} <= elisa
    mbaa = rows(sandbox, "mbaa", "SDY1001")
    controls = [row for row in mbaa if row["sourceType"] != "EXPSAMPLE"]
    assert {row["sourceType"] for row in controls} == {"CONTROL SAMPLE", "STANDARD CURVE"}
    for name in ("subjectAccession", "armAccession", "biosampleAccession", "plannedVisitAccession"):
        assert {row[name] for row in controls} == {None}
    assert any(row["concentrationValueReported"] == "OOR" for row in mbaa)
    pools = [row["subjectPhenotype"] for row in rows(sandbox, "demographic", "SDY1002")]
    assert any(text and text.startswith("This record represents pooling of 20-25") for text in pools)
    files = rows(sandbox, "filePath", "SDY1001")
    assert all(row["filePath"].startswith("/SDY1001/") for row in files)
    assert len({row["fileInfoId"] for row in files}) < len(files)


def test_vaccinated_arms_rise_more_than_placebo(sandbox: RunningSandbox) -> None:
    titres: dict[tuple[str, str, str], dict[int, float]] = defaultdict(dict)
    for row in rows(sandbox, "hai", "SDY1005"):
        key = (row["armName"], row["subjectAccession"], row["virusStrainReported"])
        titres[key][int(row["studyTimeCollected"])] = float(row["valuePreferred"])
    rises: dict[str, list[float]] = defaultdict(list)
    for (arm, _, _), by_day in titres.items():
        if len(by_day) == 2:
            rises[arm].append(by_day[28] / by_day[0])
    assert len(rises) == 3
    placebo = rises.pop("Placebo")
    assert max(placebo) <= 4  # twice, and twice again by a correction
    for arm, ratios in rises.items():
        assert sum(ratios) / len(ratios) > 2 * sum(placebo) / len(placebo), arm


def test_some_subjects_are_in_two_studies_with_another_age_and_arm(sandbox: RunningSandbox) -> None:
    seen = [{row["subjectAccession"]: row for row in rows(sandbox, "demographic", s)} for s in STUDIES]
    both = [(one, two) for one in seen for two in seen if one is not two and one.keys() & two.keys()]
    assert both
    for one, two in both:
        for subject in one.keys() & two.keys():
            assert one[subject]["gender"] == two[subject]["gender"]
            assert one[subject]["minSubjectAge"] != two[subject]["minSubjectAge"]
            assert one[subject]["armAccession"] != two[subject]["armAccession"]


@pytest.mark.parametrize(
    ("parameters", "holds"),
    [
        ({"sex": "female"}, lambda row: row["gender"] == "Female"),
        ({"gender": "Female"}, lambda row: row["gender"] == "Female"),
        ({"race": "white,asian"}, lambda row: row["race"] in ("White", "Asian")),
        ({"race": ["white", "asian"]}, lambda row: row["race"] in ("White", "Asian")),
        ({"armName": "vaccine"}, lambda row: "Vaccine" in row["armName"]),
        ({"treatmentAccession": "trt10"}, lambda row: "TRT10" in (row["treatmentAccession"] or "")),
        ({"studyTimeCollected": "28"}, lambda row: row["studyTimeCollected"] == 28),
        ({"studyTimeCollectedGt": "0"}, lambda row: row["studyTimeCollected"] > 0),
        ({"studyTimeCollectedLt": "28"}, lambda row: row["studyTimeCollected"] < 28),
        ({"minSubjectAgeGte": "40"}, lambda row: row["minSubjectAge"] >= 40),
        ({"maxSubjectAgeLte": "40"}, lambda row: row["maxSubjectAge"] <= 40),
        (
            {"armName": "60", "studyTimeCollectedGte": "28"},
            lambda row: "60" in row["armName"] and row["studyTimeCollected"] >= 28,
        ),
    ],
)
def test_filters_keep_exactly_what_they_say(sandbox: RunningSandbox, parameters: Any, holds: Any) -> None:
    everything = [row for study in STUDIES for row in rows(sandbox, "hai", study)]
    expected = [row["resultId"] for row in everything if holds(row)]
    answer = sandbox.get("/result/hai", **parameters)
    assert [row["resultId"] for row in json.loads(answer.text, parse_float=Decimal)] == expected
    assert 0 < len(expected) < len(everything)


def test_refusals(sandbox: RunningSandbox) -> None:
    assert sandbox.get("/result/hai", studyAccession="SDY9").json() == []
    assert sandbox.get("/result/hai", studyTimeCollectedGte="soon").status_code == 400
    missing = sandbox.get("/api/study/arm/SDY9")
    assert (missing.status_code, "error" in missing.json()) == (404, True)
    # Seen at ImmPort: this documented parameter breaks the ELISA endpoint.
    assert sandbox.get("/result/elisa", studyAccession="SDY1001", sex="Female").status_code == 500
    assert sandbox.get("/result/elisa", studyAccession="SDY1001", gender="Female").status_code == 200


def test_only_searches_and_vocabularies_are_open(sandbox: RunningSandbox) -> None:
    for path in ("/result/hai", "/api/study/SDY1001", "/api/study/arm/SDY1001", "/api-docs"):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": sandbox.api_key}):
            answer = sandbox.client.get(sandbox.query + path, headers=headers)
            assert (answer.status_code, "error" in answer.json()) == (401, True), path
    for endpoint in SHARED_DATA.values():
        if endpoint.needs_key:
            assert sandbox.client.get(sandbox.query + endpoint.path).status_code == 401, endpoint.name
        else:
            assert endpoint.group in (Group.SEARCH, Group.VOCABULARY)
            assert sandbox.client.get(sandbox.query + endpoint.path).status_code == 200, endpoint.name
    for word in ("bearer", "Bearer"):
        headers = {"Authorization": f"{word} {sandbox.api_key}"}
        assert (
            sandbox.client.get(sandbox.query + "/api/study/arm/SDY1001", headers=headers).status_code == 200
        )


def exchange(sandbox: RunningSandbox, password: str) -> httpx.Response:
    return sandbox.client.post(
        sandbox.url + "/auth/token", data={"username": "sandbox", "password": password}
    )


def test_the_older_exchange_gives_a_token_that_works(sandbox: RunningSandbox) -> None:
    wrong = exchange(sandbox, "wrong")
    assert (wrong.status_code, "error" in wrong.json()) == (401, True)
    answer = exchange(sandbox, sandbox.api_key).json()
    assert answer["status"] == 200
    headers = {"Authorization": f"bearer {answer['access_token']}"}
    assert sandbox.client.get(sandbox.query + "/api/study/arm/SDY1001", headers=headers).status_code == 200
    headers["Authorization"] += "x"
    assert sandbox.client.get(sandbox.query + "/api/study/arm/SDY1001", headers=headers).status_code == 401


def test_a_token_ends() -> None:
    with running_sandbox(studies=1, rows=1, token_seconds=0) as sandbox:
        token = exchange(sandbox, sandbox.api_key).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert (
            sandbox.client.get(sandbox.query + "/api/study/arm/SDY1001", headers=headers).status_code == 401
        )


def search(sandbox: RunningSandbox, **parameters: Any) -> dict[str, Any]:
    answer = sandbox.client.get(sandbox.query + "/api/search/study", params=parameters)
    assert answer.status_code == 200
    return answer.json()


def test_search_pages_from_zero_without_gap_or_double(sandbox: RunningSandbox) -> None:
    pages = [search(sandbox, fromRecord=start, pageSize=3) for start in (0, 3, 6, 9)]
    found = [hit["_id"] for page in pages for hit in page["hits"]["hits"]]
    assert found == STUDIES
    assert {page["hits"]["total"]["value"] for page in pages} == {7}
    assert search(sandbox, pageSize=0)["hits"]["hits"] == []
    assert set(pages[0]) >= {"took", "timed_out", "hits", "aggregations"}


def test_search_documents(sandbox: RunningSandbox) -> None:
    hit = search(sandbox, studyAccession="SDY1002")["hits"]["hits"][0]["_source"]
    assert hit["latest_data_release_version"] == "DR50"
    assert (hit["latest_data_release_version_number"], hit["latest_data_release_date"]) == (
        50.0,
        "2023-12-15",
    )
    assert hit["species"] == ["Mus musculus"]
    narrow = search(sandbox, studyAccession="SDY1002", sourceFields="study_accession,brief_title")
    assert list(narrow["hits"]["hits"][0]["_source"]) == ["study_accession", "brief_title"]


@pytest.mark.parametrize("release", ["DR49", "DR51"])
def test_search_counts_the_rows_there_are(sandbox: RunningSandbox, release: str) -> None:
    sandbox.set_release(release)
    for hit in search(sandbox)["hits"]["hits"]:
        counts: Counter[str] = Counter()
        for endpoint in RESULT_ENDPOINTS:
            if "measurementTechnique" in endpoint.names and endpoint.name != "filePath":
                counts.update(row["measurementTechnique"] for row in rows(sandbox, endpoint.name, hit["_id"]))
        counts["Mass Spectrometry"] = len(rows(sandbox, "massSpectrometryResult", hit["_id"]))
        listed = set(hit["_source"]["assay_method_count"])
        assert listed == {f"{technique} ({count})" for technique, count in counts.items() if count}


def test_search_quirks(sandbox: RunningSandbox) -> None:
    address = sandbox.query + "/api/search/study"
    assert sandbox.client.get(address, params={"term": "COVID-19"}).status_code == 400
    assert sandbox.client.get(address, params={"pageSize": "all"}).status_code == 400
    assert search(sandbox, term="SDY1002")["hits"]["total"]["value"] == 7
    assert search(sandbox, term="mice")["hits"]["total"]["value"] == 2
    down = search(sandbox, sortField="study_accession", sortFieldDirection="desc")
    assert [hit["_id"] for hit in down["hits"]["hits"]] == STUDIES[::-1]


def test_subjects_are_found_by_study_and_by_accession(sandbox: RunningSandbox) -> None:
    path = SHARED_DATA["subjectSearch"].path

    def found(**parameters: Any) -> dict[str, Any]:
        return sandbox.client.get(sandbox.query + path, params=parameters).json()["hits"]

    people = {row["subjectAccession"] for row in rows(sandbox, "demographic", "SDY1001")}
    hits = found(studyAccession="SDY1001", pageSize=100)["hits"]
    assert {hit["_id"] for hit in hits} == people
    assert len(hits) == len(people)
    one = found(subjectAccession="SUB100001")
    assert one["total"]["value"] == 1
    assert one["hits"][0]["_source"]["study_accession"] == "SDY1001"
    both = found(subjectAccession=[hits[1]["_id"]], pageSize=100)["hits"]
    assert sorted(hit["_source"]["study_accession"] for hit in both) == ["SDY1001", "SDY1003"]
    assert found(pageSize=0)["total"]["value"] > len(people)
