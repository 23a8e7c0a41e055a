"""The DAG of the vocabularies: terms by fetch, stubs quarantined, nothing touched that is equal."""

from __future__ import annotations

from typing import Any

import pytest

from include.sources.immport.lookups import LOOKUP_ENDPOINTS
from tests.end_to_end.worlds import NEWEST, Loaded
from tests.support.long import cases
from tests.support.runs import Installation, Installations, Kill
from tests.support.sandbox import RunningSandbox

#: A release before a third of the vocabularies changed.
BEFORE = "DR49"
VERSIONS = """select k.vocabulary_name as vocabulary, k.term, h.valid_from, h.valid_to, h.xmin::text
    from history.dim_vocabulary_term h join history.key_vocabulary_term k using (vocabulary_term_key)
    where h.vocabulary_term_key > 0 order by 1, 2, 3"""
SHOWN = "select vocabulary, term, name, description, link, fields from star.vocabulary_term order by 1, 2"

KILLS = {
    "landing": Kill("include.landing.zone:Landing.receive", call=20),
    "publishing": Kill("include.pipeline.steps:publish", call=20, statement=12),
    "published": Kill("include.pipeline.steps:publish", call=20, after=True),
}


@pytest.fixture
def installation(installations: Installations, small: RunningSandbox) -> Installation:
    small.set_release(BEFORE)
    return installations.fresh(small)


def load(installation: Installation, *kills: Kill, **options: Any) -> Any:
    return installation.run(*kills, dag="immport_vocabularies", **options)


def served(sandbox: RunningSandbox) -> list[tuple[Any, ...]]:
    """What the view should show of what the sandbox serves now."""
    found = []
    for endpoint in LOOKUP_ENDPOINTS:
        key, rows = endpoint.key[0], sandbox.get(endpoint.path).json()
        # A stub is a row of column names and nothing else.
        for row in [row for row in rows if not str(row[key]).partition(" ")[0].endswith("_preferred")]:
            fields = {k: v for k, v in row.items() if k not in (key, "name", "description", "link")}
            own = [row.get(name) for name in ("name", "description", "link")]
            found.append((endpoint.name, str(row[key]), *own, fields))
    return sorted(found, key=lambda item: item[:2])


def shown(installation: Installation) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in installation.query(SHOWN)), key=lambda item: item[:2])


def test_a_load_shows_every_term_and_no_stub(installation: Installation) -> None:
    run = load(installation)
    assert run.state == "success", run.log[-4000:]
    assert shown(installation) == served(installation.sandbox)
    quarantined = (
        "select count(*) from quality.quarantine where rule = 'refused:stub' and source = 'vocabularies'"
    )
    assert installation.one(quarantined) == 11
    assert installation.one("select count(*) from ops.load where source = 'vocabularies'") == 45
    assert installation.one("select fields ->> 'taxonomyId' from star.vocabulary_term"
                            " where vocabulary = 'lkVirusStrain' order by term limit 1") == "0"  # fmt: skip
    landed = list((installation.landing / "vocabularies").glob("lk*/*/*/term.json.gz"))
    assert len(landed) == 45


@pytest.mark.long
def test_a_second_load_touches_only_what_changed(installation: Installation) -> None:
    assert load(installation).state == "success"
    before = installation.query(VERSIONS)
    assert load(installation).state == "success"
    assert installation.query(VERSIONS) == before
    known = shown(installation)
    installation.sandbox.set_release(NEWEST)
    assert load(installation).state == "success"
    now = shown(installation)
    assert now == served(installation.sandbox) != known
    untouched = {(row[0], row[1]) for row in before} - {
        row[:2] for row in [*now, *known] if row not in now or row not in known
    }
    known_terms = {(row.vocabulary, row.term): row for row in installation.query(VERSIONS)}
    assert untouched
    for row in before:
        if (row.vocabulary, row.term) in untouched:
            assert known_terms[row.vocabulary, row.term] == row
    # The history still has what was known between the loads, by time.
    then = "(select min(valid_from) from history.dim_vocabulary_term where vocabulary_term_key > 0)"
    query = f"""select k.vocabulary_name, k.term, h.name, h.description, h.link, h.fields
        from history.dim_vocabulary_term h join history.key_vocabulary_term k using (vocabulary_term_key)
        where h.vocabulary_term_key > 0 and h.valid_from <= {then} and h.valid_to > {then}"""
    assert sorted((tuple(row) for row in installation.query(query)), key=lambda item: item[:2]) == known
    # A term that goes away is closed.
    installation.sandbox.set_release(BEFORE)
    assert load(installation).state == "success"
    assert shown(installation) == known
    gone = "select sum(withdrawn) from ops.release_change where relation = 'dim_vocabulary_term'"
    assert installation.one(gone) > 0


@pytest.mark.long
def test_a_failing_vocabulary_takes_nothing_away(installation: Installation) -> None:
    assert load(installation).state == "success"
    before = installation.query(VERSIONS)
    installation.sandbox.fault("lkSex", "500")
    assert load(installation).state == "failed"
    assert installation.query(VERSIONS) == before
    installation.sandbox.clear_faults()
    installation.sandbox.fault("lkSex", "new_key")
    assert load(installation).state == "success"
    drift = """select d.kind, d.field from ops.drift d join ops.load l using (load_id)
        where l.scope = 'lkSex'"""
    assert [tuple(row) for row in installation.query(drift)] == [("unknown", "newKey")]


@pytest.mark.long
@pytest.mark.parametrize("kill", cases(KILLS, quick=["publishing"]))
def test_a_killed_load_leaves_each_vocabulary_whole_or_as_it_was(
    installation: Installation, kill: Kill
) -> None:
    assert load(installation, kill).state is None
    there = {(row.vocabulary, row.term) for row in installation.query(VERSIONS)}
    all_terms = {row[:2] for row in served(installation.sandbox)}
    assert {name for name, _ in all_terms - there} & {name for name, _ in there} == set()
    assert load(installation).state == "success"
    assert shown(installation) == served(installation.sandbox)


@pytest.mark.long
def test_terms_are_harmonised_once_their_vocabularies_are_there(
    installations: Installations, after: Loaded
) -> None:
    """By the run that loads studies, and anew by the one that loads vocabularies."""
    installation = installations.copy(after.installation)
    question = "select reported, status, term from star.term_mapping where domain = 'virus_strain' order by 1"
    found = installation.query(question)
    assert found
    assert {row.status for row in found} == {"unmapped"}
    assert load(installation).state == "success"
    mapped = {row.reported: (row.status, row.term) for row in installation.query(question)}
    assert mapped.keys() == {row.reported for row in found}
    terms = set(
        installation.query("select term from star.vocabulary_term where vocabulary = 'lkVirusStrain'")
    )
    mapped_terms = {term for _, term in mapped.values() if term}
    assert mapped_terms
    assert {(term,) for term in mapped_terms} <= {tuple(row) for row in terms}
    harmonised = """select distinct d.virus_strain_harmonised from star.fact_hai f
        join star.dim_virus_strain d using (virus_strain_key) where d.virus_strain_harmonised is not null"""
    assert {row[0] for row in installation.query(harmonised)} <= mapped_terms
