"""The warehouse as a FHIR server: what clients request and are answered, of a real warehouse."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import sqlalchemy as sa

from include.serve.fhir import reading
from include.serve.fhir.resources import RESOURCES
from include.serve.fhir.version import SERVED
from include.sources.withdrawal import RESTRICTED
from include.warehouse.access.study_visibility import hide
from operations import database
from tests.operations.conftest import OPERATOR, VIEWER, Pages
from tests.support.clinical import assessment, lab_test, whole_study
from tests.support.warehouse import Study, Warehouse, apart, small_study, subject

R5 = "application/fhir+json; fhirVersion=5.0"
#: A resource of each type that a whole study has.
WHOLE = {
    "ResearchStudy": ["SDY1"],
    "ResearchSubject": ["ARM1.SUB1", "ARM2.SUB2"],
    "Patient": ["SUB1", "SUB2"],
    "Group": ["ARM1", "ARM2"],
    "Specimen": ["BS1", "BS2"],
    "Observation": ["AC1", "LT1"],
    "DiagnosticReport": ["AP1.SUB1", "LP1.SUB1"],
    "Practitioner": ["PSN1"],
    "PractitionerRole": ["PSN1"],
    "Organization": [],
}


def get(
    pages: Pages, path: str, role: str | None = VIEWER, accept: str = "", **parameters: Any
) -> httpx.Response:
    """A request with the headers of a FHIR client."""
    strict = {"Prefer": "handling=strict"} if parameters.pop("is_strict", False) else {}
    headers = {"Accept": accept, **strict}
    return pages._client(role).get(f"/fhir/{path}", params=parameters, headers=headers)


def ids(answer: httpx.Response) -> list[str]:
    """Ids of the resources of a bundle."""
    assert answer.status_code == 200, answer.text
    return sorted(item["resource"]["id"] for item in answer.json().get("entry", []))


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an error, which is an OperationOutcome whatever went wrong."""
    assert answer.headers["content-type"].startswith("application/fhir+json")
    (issue,) = answer.json()["issue"]
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert issue["diagnostics"]
    return answer.status_code, issue["code"]


def link(answer: httpx.Response, relation: str) -> str | None:
    """Path and query of a link, under the pages."""
    for item in answer.json()["link"]:
        if item["relation"] == relation:
            parts = urlsplit(item["url"])
            return f"{parts.path.removeprefix('/fhir/')}?{parts.query}"
    return None


def follow(pages: Pages, answer: httpx.Response, role: str = VIEWER) -> httpx.Response:
    """The next page."""
    target = link(answer, "next")
    assert target is not None
    path, _, query = target.partition("?")
    return get(pages, path, role, **dict(parse_qsl(query)))


def complete() -> Study:
    """A study with a row for every type of resource."""
    rows = whole_study()
    rows["personnel"][0]["organization"] = "Institute"
    rows["study"][0]["latestDataReleaseDate"] = "2024-03-01"
    return rows


def test_all_types_are_found_read_and_searched(pages: Pages, warehouse: Warehouse) -> None:
    warehouse.load(complete())
    organization = ids(get(pages, "Organization"))
    everything = {**WHOLE, "Organization": organization}
    assert list(RESOURCES) == list(WHOLE)
    by = {
        "ResearchStudy": {"identifier": "https://www.immport.org/study|SDY1", "title": "a STU"},
        "ResearchSubject": {"study": "SDY1", "patient": "Patient/SUB1,Patient/SUB2"},
        "Patient": {"gender": "female", "study": "ResearchStudy/SDY1", "identifier": "SUB1,SUB2"},
        "Group": {"study": "http://testserver/fhir/ResearchStudy/SDY1"},
        "Specimen": {"subject": "SUB1,SUB2", "study:ResearchStudy": "SDY1"},
        "Observation": {"patient": "SUB1", "status": "final", "category": "survey,laboratory"},
        "DiagnosticReport": {"subject:Patient": "SUB1", "category": "LAB,survey"},
        "Practitioner": {"family": "tana", "identifier": "PSN1"},
        "PractitionerRole": {"practitioner": "PSN1", "organization": organization[0]},
        "Organization": {"name:contains": "stitut", "study": "SDY1"},
    }
    for name, expected in everything.items():
        for accept in ("", R5):
            answer = get(pages, name, accept=accept, _total="accurate", _lastUpdated="2024-03", **by[name])
            assert (ids(answer), answer.json()["total"]) == (expected, len(expected)), name
            for one in expected:
                read = get(pages, f"{name}/{one}", accept=accept)
                assert read.json() in [item["resource"] for item in answer.json()["entry"]]
                assert read.json()["meta"] == {"lastUpdated": "2024-03-01T00:00:00Z"}
        assert ids(get(pages, name, _id=expected[0])) == expected[:1]
        assert ids(get(pages, name, _lastUpdated="gt2024-03-01")) == []
        assert get(pages, name, _summary="count").json()["total"] == len(expected)
        for version, accept in zip(SERVED, ("", R5), strict=True):
            for parameter in (*RESOURCES[name].searched_by(version), "_id"):
                nothing = get(pages, name, accept=accept, is_strict=True, **{parameter: "Nothing/none"})
                assert (ids(nothing), "entry" in nothing.json()) == ([], False), (name, parameter)


def test_a_search_by_form_finds_what_the_address_would(pages: Pages, warehouse: Warehouse) -> None:
    warehouse.load(complete())
    client = pages._client(VIEWER)
    by_address = get(pages, "Specimen", patient="SUB1,SUB2", _count=1)
    by_form = client.post("/fhir/Specimen/_search?_count=1", data={"patient": "SUB1,SUB2"})
    assert ids(by_form) == ids(by_address)
    others = ids(follow(pages, by_form))
    assert others == ids(follow(pages, by_address))
    assert sorted([*ids(by_form), *others]) == ["BS1", "BS2"]
    assert len(ids(client.post("/fhir/Specimen/_search"))) == 2
    for body, kind, expected in (
        (b"{}", "application/json", (415, "not-supported")),
        (b"patient=%ff", "application/x-www-form-urlencoded", (400, "structure")),
        (b"a=" + b"b" * (1 << 20), "application/x-www-form-urlencoded", (413, "too-long")),
    ):
        refused = client.post("/fhir/Specimen/_search", content=body, headers={"content-type": kind})
        assert problem(refused) == expected
    assert problem(client.post("/fhir/Encounter/_search")) == (404, "not-supported")
    assert problem(pages.post("/fhir/Specimen/_search", None)) == (401, "login")


def included(answer: httpx.Response) -> dict[str, list[str]]:
    """Ids of the resources that come with those of a page, by type."""
    found: dict[str, list[str]] = {}
    for item in answer.json()["entry"]:
        if item["search"]["mode"] == "include":
            found.setdefault(item["resource"]["resourceType"], []).append(item["resource"]["id"])
    return found


#: Value of `_include` -> what comes with the resources of a whole study.
INCLUDED = {
    "Observation:subject": {"Patient": ["SUB1"]},
    "Observation:patient:Patient": {"Patient": ["SUB1"]},
    "Observation:specimen": {"Specimen": ["BS1"]},
    "Specimen:subject:Group": {},
    "Specimen:study": {"ResearchStudy": ["SDY1"]},
    "Group:study": {"ResearchStudy": ["SDY1"]},
    "ResearchSubject:patient": {"Patient": ["SUB1", "SUB2"]},
    "ResearchSubject:individual": {"Patient": ["SUB1", "SUB2"]},
    "DiagnosticReport:result": {"Observation": ["LT1", "AC1"]},
    "PractitionerRole:practitioner": {"Practitioner": ["PSN1"]},
}


def test_what_resources_refer_to_comes_with_them(pages: Pages, warehouse: Warehouse) -> None:
    warehouse.load(complete())
    for value, expected in INCLUDED.items():
        of = value.partition(":")[0]
        answer = get(pages, of, _include=value, is_strict=True, _total="accurate")
        assert included(answer) == expected, value
        assert answer.json()["total"] == len(WHOLE[of])
    everything = included(get(pages, "DiagnosticReport", _include="*"))
    assert everything.keys() == {"ResearchStudy", "Patient", "Specimen", "Observation"}
    for read in (get(pages, "Patient/SUB1"), get(pages, "Observation/LT1")):
        entries = get(pages, "Observation", _include="*").json()["entry"]
        assert read.json() in [item["resource"] for item in entries]
    for value in ("Patient:study", "Observation:none", "Observation:specimen:Group", "Specimen:specimen"):
        refused = get(pages, "Observation", _include=value, is_strict=True)
        assert problem(refused) == (400, "not-supported")
        lenient = get(pages, "Observation", _include=value).json()["entry"]
        assert [item["search"]["mode"] for item in lenient] == ["match", "match", "outcome"]
    newer = get(pages, "ResearchSubject", accept=R5, _include="ResearchSubject:individual", is_strict=True)
    assert problem(newer) == (400, "not-supported")
    said = get(pages, "metadata").json()["rest"][0]["resource"]
    listed = [name for item in said for name in item.get("searchInclude", [])]
    assert {name for value in INCLUDED for name in [":".join(value.split(":")[:2])]} <= set(listed)


def test_a_page_may_not_include_without_end(
    pages: Pages, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.load(complete())
    monkeypatch.setattr("include.serve.fhir.included.MOST_INCLUDED", 1)
    assert problem(get(pages, "ResearchSubject", _include="*")) == (400, "too-costly")


def test_elements_are_left_out_as_requested_and_that_is_marked(pages: Pages, warehouse: Warehouse) -> None:
    warehouse.load(complete())
    whole = get(pages, "Observation/LT1").json()
    kept = {"resourceType", "id", "meta"}
    for parameters, elements in (
        ({"_elements": "code,Observation.valueQuantity"}, {"code", "valueQuantity", "status"}),
        ({"_elements": "none"}, {"code", "status"}),
        ({"_summary": "true"}, {"identifier", "status", "code", "subject", "valueQuantity"}),
        ({"_summary": "text"}, {"code", "status"}),
    ):
        of_page = get(pages, "Observation", identifier="LT1", is_strict=True, **parameters).json()
        part = of_page["entry"][0]["resource"]
        assert part == get(pages, "Observation/LT1", **parameters).json()
        assert part.keys() == kept | elements, parameters
        assert all(part[name] == whole[name] for name in part if name != "meta")
        assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
        assert part["meta"]["lastUpdated"] == whole["meta"]["lastUpdated"]
    also = get(pages, "Observation", _elements="code", _include="Observation:patient").json()["entry"]
    assert also[-1]["resource"] == get(pages, "Patient/SUB1").json()
    for parameters in ({"_summary": "true", "_elements": "code"}, {"_summary": "text", "_include": "*"}):
        assert problem(get(pages, "Observation", **parameters)) == (400, "not-supported")
    assert "tag" not in get(pages, "Observation/LT1", _summary="false").json()["meta"]


def test_values_are_what_the_star_has_of_them(pages: Pages, warehouse: Warehouse) -> None:
    values = {1: "<0.10", 2: "7.50e3", 3: "Not Determined", 4: None, 5: "12345678901234567890.123"}
    rows = small_study() | {
        "demographic": [
            subject(1, gender="Not Specified", race="Asian", ethnicity="Not Hispanic or Latino"),
            subject(2, 2, species="Mus musculus"),
            subject(3, 2, subjectPhenotype="pool of 5 people"),
        ],
        "labtest": [lab_test(n, value, resultUnitReported="ng/mL") for n, value in values.items()]
        + [lab_test(6, "1", who=2, arm=2), lab_test(7, "1", who=3, arm=2, biosampleAccession=None)],
        "assessment": [assessment(1, resultUnitReported=None)],
    }
    warehouse.load(rows)
    text = get(pages, "Observation").text
    found = {item["resource"]["id"]: item["resource"] for item in json.loads(text)["entry"]}
    assert found["LT1"]["valueQuantity"] == {"value": 0.10, "comparator": "<", "unit": "ng/mL"}
    assert '"value":12345678901234567890.123' in text
    assert found["LT3"]["valueString"] == "Not Determined"
    assert "valueQuantity" not in found["LT3"]
    assert found["LT4"]["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    assert found["AC1"]["valueQuantity"] == {"value": 37.2}
    subjects = {name: item["subject"]["reference"] for name, item in found.items() if name[-1] in "167"}
    patient, arm = "Patient/SUB1", "Group/ARM2"
    assert subjects == {"LT1": patient, "AC1": patient, "LT6": arm, "LT7": arm}
    assert ids(get(pages, "Patient")) == ["SUB1"]
    person = get(pages, "Patient/SUB1").json()
    assert person["gender"] == "unknown"
    codes = [item["extension"][0]["valueCoding"]["code"] for item in person["extension"]]
    assert codes == ["2028-9", "2186-5"]
    kinds = {item["resource"]["id"]: item["resource"]["type"] for item in get(pages, "Group").json()["entry"]}
    assert kinds == {"ARM1": "person", "ARM2": "person"}
    assert ids(get(pages, "ResearchSubject")) == ["ARM1.SUB1"]
    for resource in ("Observation", "DiagnosticReport", "Specimen"):
        assert ids(get(pages, resource, patient="SUB2,SUB3")) == []


def test_pages_stay_with_the_release_of_their_search(pages: Pages, warehouse: Warehouse) -> None:
    rows = complete()
    warehouse.load(rows)
    started = get(pages, "Specimen", _count=1)
    (first,) = ids(started)
    changed = complete()
    for endpoint in ("biosample", "expsample", "hai"):  # nothing names the second sample any more
        changed[endpoint] = rows[endpoint][:1]
    plasma = {**rows["biosample"][0], "type": "Plasma"}
    changed["biosample"] = [plasma, {**plasma, "biosampleAccession": "BS3"}]
    warehouse.load(changed, "DR2")
    second = follow(pages, started)
    assert sorted([first, *ids(second)]) == ["BS1", "BS2"]
    assert link(second, "next") is None
    types = [answer.json()["entry"][0]["resource"]["type"]["text"] for answer in (started, second)]
    assert types == ["Serum", "Serum"]
    assert ids(get(pages, "Specimen")) == ["BS1", "BS3"]
    assert ids(get(pages, "Specimen", release="DR1")) == ["BS1", "BS2"]
    assert get(pages, "Specimen/BS2", release="DR1").status_code == 200
    assert problem(get(pages, "Specimen/BS2")) == (410, "deleted")
    assert problem(get(pages, "Specimen/BS4")) == (404, "not-found")
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text("delete from history.data_release where release_version = 'DR1'"))
    assert problem(follow(pages, started)) == (410, "expired")
    assert problem(get(pages, "Specimen", release="DR1")) == (400, "value")


def test_a_restricted_study_is_as_one_that_never_was(pages: Pages, warehouse: Warehouse) -> None:
    warehouse.load(complete())
    hidden = apart(whole_study("SDY2"), "7")
    text = json.dumps(hidden)
    for name in ("LT", "AC", "LP", "AP"):
        text = text.replace(f'"{name}1"', f'"{name}17"')
    hidden = json.loads(text.replace('"SUB1"', '"SUB17"').replace('"SUB2"', '"SUB27"'))
    hidden["personnel"][0]["organization"] = "Hidden institute"
    warehouse.load(hidden, study="SDY2")
    before = {name: ids(get(pages, name, OPERATOR)) for name in RESOURCES}
    with warehouse.engine.begin() as connection:
        hide(connection, ["SDY2"], f"{RESTRICTED}on the source's list")
    for name, all_ids in before.items():
        seen = ids(get(pages, name))
        of_hidden = sorted(set(all_ids) - set(seen))
        assert of_hidden, name
        assert ids(get(pages, name, OPERATOR)) == all_ids
        assert get(pages, name, _summary="count").json()["total"] == len(seen)
        for one in of_hidden:
            assert get(pages, f"{name}/{one}", OPERATOR).status_code == 200
            answer, unknown = get(pages, f"{name}/{one}"), get(pages, f"{name}/none")
            assert answer.status_code == unknown.status_code == 404
            assert answer.text.replace(one, "none") == unknown.text
        if "study" in RESOURCES[name].searched_by(SERVED[0]):
            of_study = {study: ids(get(pages, name, OPERATOR, study=study)) for study in ("SDY1", "SDY2")}
            assert set(of_hidden) <= set(of_study["SDY2"]), name
            assert not set(of_hidden) & set(of_study["SDY1"]), name
            assert of_study["SDY1"] == seen or name == "Organization"
            wanted, other = (get(pages, name, study=study).text for study in ("SDY2", "SDY9"))
            assert wanted.replace("SDY2", "SDY9") == other


def test_without_login_there_is_nothing(pages: Pages) -> None:
    for path in ("", "/", "/metadata", "/Patient", "/Patient/SUB1", "/x/y/z"):
        assert problem(pages.get(f"/fhir{path}", None)) == (401, "login")
    assert problem(pages.post("/fhir/Patient", None)) == (401, "login")
    browser = pages._client(None).get("/fhir/metadata", headers={"sec-fetch-dest": "document"})
    assert (browser.status_code, "login" in browser.headers["location"]) == (303, True)


WRONG: tuple[tuple[str, dict[str, Any], tuple[int, str]], ...] = (
    ("Patient", {"accept": "application/fhir+xml"}, (406, "not-supported")),
    ("Patient", {"accept": "application/fhir+json; fhirVersion=3.0"}, (406, "not-supported")),
    ("Patient", {"_format": "xml"}, (406, "not-supported")),
    ("metadata", {"_format": "ttl"}, (406, "not-supported")),
    ("Patient", {"foo": "1", "is_strict": True}, (400, "not-supported")),
    ("Patient", {"gender:not": "male"}, (400, "not-supported")),
    ("Patient", {"study": ["SDY1", "SDY2"]}, (400, "not-supported")),
    ("Patient", {"_count": "-1"}, (400, "value")),
    ("Patient", {"_count": "²"}, (400, "value")),
    ("Patient", {"_total": "all"}, (400, "value")),
    ("Patient", {"_lastUpdated": "2024-13"}, (400, "value")),
    ("Patient", {"identifier": "a\0"}, (400, "value")),
    ("Patient", {"release": "DR9"}, (400, "value")),
    ("Patient", {"after": "WyJ4Il0"}, (400, "value")),
    ("Patient", {"after": "é"}, (400, "value")),
    ("Patient", {"after": "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5XQ"}, (400, "value")),
    ("Encounter", {}, (404, "not-supported")),
    ("Patient/SUB1/_history", {}, (404, "not-supported")),
    ("Patient/none", {}, (404, "not-found")),
    ("Patient/a_b", {}, (404, "not-found")),
    ("", {}, (404, "not-supported")),
)


def test_whatever_is_wrong_is_an_operation_outcome(
    pages: Pages, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ids(get(pages, "Patient")) == []  # of a warehouse that has no release yet
    warehouse.load(small_study())
    for path, parameters, expected in WRONG:
        assert problem(get(pages, path, **parameters)) == expected, (path, parameters)
    for method in ("post", "put", "patch", "delete"):
        refused = getattr(pages._client(VIEWER), method)("/fhir/Patient/SUB1")
        assert problem(refused) == (405, "not-supported")
    ignored = get(pages, "Patient", foo="1", _count=1, _sort="_id")
    *_, note = ignored.json()["entry"]
    assert note["search"] == {"mode": "outcome"}
    assert "'foo', '_sort'" in note["resource"]["issue"][0]["diagnostics"]
    assert link(ignored, "self") == "Patient?_count=1&release=DR1"
    monkeypatch.setattr(reading, "_query", lambda resource: "select pg_sleep(60)")
    monkeypatch.setattr(database, "STATEMENT_TIMEOUT", "50ms")
    assert problem(get(pages, "Patient")) == (504, "timeout")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", "postgres://nobody@127.0.0.1:9/none")
    gone = get(pages, "Patient")
    assert problem(gone) == (503, "transient")
    assert "nobody" not in gone.text


def test_the_capability_statement_names_what_the_declarations_have(pages: Pages) -> None:
    for accept, version in (("", "4.3.0"), (R5, "5.0.0")):
        answer = get(pages, "metadata", accept=accept)
        assert f"fhirVersion={version[:3]}" in answer.headers["content-type"]
        said = answer.json()
        assert (said["fhirVersion"], said["kind"]) == (version, "instance")
        (rest,) = said["rest"]
        assert [item["type"] for item in rest["resource"]] == list(RESOURCES)
        names = {item["type"]: {p["name"] for p in item["searchParam"]} for item in rest["resource"]}
        assert {"_id", "_lastUpdated", "study"} < names["Observation"]
        assert ("individual" in names["ResearchSubject"]) is (version == "4.3.0")
