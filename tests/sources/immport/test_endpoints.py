"""All of Shared Data is declared, as ImmPort's own description has it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from include.sources.endpoint import Endpoint, Group, Kind, Route, Shape
from include.sources.immport.endpoints import (
    ENDPOINTS,
    PACKAGE_ENDPOINTS,
    RESULT_ENDPOINTS,
    SERVED,
    SHARED_DATA,
    STUDY_ENDPOINTS,
)
from include.sources.immport.lookups import is_stub
from include.sources.immport.source import IMMPORT
from tests.sandbox.data import DATA, SCHEMA, needs_data

#: What may be declared of a field that ImmPort describes as this; text holds dates, and lists are models.
_KINDS = {
    "string": {Kind.TEXT, Kind.DATE},
    "int": {Kind.INTEGER},
    "number": {Kind.NUMBER, Kind.INTEGER},
    "datetime": {Kind.DATE},
}

#: Declared in the order of real answers, which is not the one described.
SENT_OTHERWISE = {"manifest"}


def described() -> dict[str, Any]:
    return json.loads(SCHEMA.read_text())["endpoints"]


def path(endpoint: Endpoint) -> str:
    return endpoint.path.replace("{study}", "{studyAccession}")


def test_every_endpoint_is_declared_once_in_its_group() -> None:
    groups = Counter(endpoint.group for endpoint in SHARED_DATA.values())
    assert groups == {Group.STUDY: 26 + 11, Group.VOCABULARY: 45, Group.SEARCH: 2, Group.SERVICE: 2}
    assert len({endpoint.path for endpoint in SHARED_DATA.values()}) == len(SHARED_DATA) == 86
    assert len({endpoint.table for endpoint in SHARED_DATA.values()}) == 86
    for endpoint in SHARED_DATA.values():
        assert set(endpoint.key) <= set(endpoint.names)
        assert len(set(endpoint.columns)) == len(endpoint.columns)
        path, parameters = endpoint.request("SDY1")
        assert (endpoint.group is Group.STUDY) == ("SDY1" in path or parameters == {"studyAccession": "SDY1"})


def test_a_release_is_still_made_of_the_same_endpoints() -> None:
    assert (len(STUDY_ENDPOINTS), len(RESULT_ENDPOINTS), len(SERVED)) == (22, 11, 33)
    assert list(SERVED) == [item.name for item in (*STUDY_ENDPOINTS, *RESULT_ENDPOINTS)]
    assert STUDY_ENDPOINTS[0].name == "study"
    homes = {"study": "study", "arm": "arm", "subject": "demographic", "biosample": "biosample"}
    expected = {f"{name}Accession": home for name, home in homes.items()}
    assert IMMPORT.references(SHARED_DATA["labtest"]) == {**expected, "plannedVisitAccession": "plannedVisit"}


def test_what_only_packages_provide_is_requested_from_no_api() -> None:
    alone = {name: item for name, item in ENDPOINTS.items() if name not in SERVED}
    assert list(alone) == [item.name for item in PACKAGE_ENDPOINTS]
    assert not alone.keys() & SHARED_DATA.keys()
    for item in alone.values():
        assert (item.path, item.names, item.is_served) == ("", (), False)
        assert (item.is_provided_by(Route.API), item.is_provided_by(Route.PACKAGE)) == (False, True)
        assert set(item.key) <= {field.name for field in item.of_package}
        assert item.unknown_columns(Route.API) == set(item.columns)
    assert all(item.is_served for item in SERVED.values())


@needs_data
def test_the_declared_paths_are_those_immport_describes() -> None:
    assert {path(endpoint) for endpoint in SHARED_DATA.values()} == set(described())


@needs_data
@pytest.mark.parametrize("endpoint", SHARED_DATA.values(), ids=list(SHARED_DATA))
def test_a_declaration_says_what_immport_describes(endpoint: Endpoint) -> None:
    entry = described()[path(endpoint)]
    assert endpoint.needs_key == entry["auth"]
    # Described as `object` or as a list of text: the declared field is what an element means.
    if endpoint.shape in (Shape.SEARCH, Shape.VALUES):
        assert (entry["returns"], entry["fields"]) in [("object", []), ("List[str]", [])]
        return
    assert entry["returns_array"] == (endpoint.shape is Shape.ARRAY)
    if endpoint.name not in SENT_OTHERWISE:
        assert list(endpoint.names) == [field["json"] for field in entry["fields"]]
    types = {field["json"]: field["type"] for field in entry["fields"]}
    assert set(endpoint.names) == set(types)
    for field in endpoint.fields:
        assert field.kind in _KINDS.get(types[field.name], {Kind.LIST}), field


@needs_data
def test_the_stubs_of_real_vocabularies_are_distinguished_from_terms() -> None:
    tables = json.loads((DATA / "immport" / "lookups" / "lkTables.json").read_text())
    found = {table["name"]: [row["name"] for row in table["rows"] if is_stub(row)] for table in tables}
    stubs = {name: names for name, names in found.items() if names}
    assert all(len(names) == 1 for names in stubs.values())
    assert len(stubs) == 20
    for table in tables:
        if table["name"] in stubs:
            assert is_stub(table["rows"][0])
    assert not is_stub({"name": "HLA-A", "description": "", "link": None})
    assert not is_stub({"name": "lincRNA", "description": None, "link": None})
