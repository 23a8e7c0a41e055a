"""The queries that the sandbox takes for Solr's."""

from __future__ import annotations

import pytest

from include.sandbox.impc.query import MOST_CLAUSES, QueryError, read_query

ROW = {
    "sex": "female",
    "allele_symbol": "Dbn1<tm1b(KOMP)Wtsi>",
    "phenotyping_center": "MRC Harwell",
    "mp_id": ["MP:0001304", "MP:0002109"],
    "age_in_weeks": 12,
    "date_of_experiment": "2014-03-31T00:00:00Z",
}


@pytest.mark.parametrize(
    "query",
    [
        "*:*",
        "sex:female",
        "sex:(male OR female)",
        "sex:(male female)",
        'phenotyping_center:"MRC Harwell"',
        "phenotyping_center:MRC*",
        r"mp_id:MP\:0001304",
        'mp_id:"MP:0002109" AND age_in_weeks:[10 TO *]',
        "-zygosity:[* TO *]",
        "NOT sex:male",
        "age_in_weeks:12",
        "date_of_experiment:[2014-01-01T00:00:00Z TO 2015-01-01T00:00:00Z]",
        'allele_symbol:"Dbn1<tm1b(KOMP)Wtsi>"',
        "(sex:male OR mp_id:*) AND *:*",
    ],
)
def test_it_is_true_of_the_document(query: str) -> None:
    assert read_query(query)(ROW)


@pytest.mark.parametrize("query", ["sex:male", "age_in_weeks:[* TO 11]", "zygosity:*", "-sex:female"])
def test_it_is_not(query: str) -> None:
    assert not read_query(query)(ROW)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("no_such_field:1", "undefined field no_such_field"),
        ("sex:(male OR", "Cannot parse"),
        ("sex:", "Cannot parse"),
        ("female", "no field name specified"),
        ("age_in_weeks:[young TO old]", "Invalid Number"),
        (f"sex:({' OR '.join(map(str, range(MOST_CLAUSES + 1)))})", "too many boolean clauses"),
    ],
)
def test_what_solr_refuses_is_refused(query: str, why: str) -> None:
    with pytest.raises(QueryError, match=why):
        read_query(query)
