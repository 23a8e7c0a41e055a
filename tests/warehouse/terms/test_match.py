"""Which vocabulary term a text names: by evidence, never by look-alike."""

from __future__ import annotations

import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.warehouse.terms import strain_names
from include.warehouse.terms.domains import DOMAINS
from include.warehouse.terms.match import Index, match
from include.warehouse.terms.strain_names import Strain
from tests.support.terms import real, rows, vocabulary

GAMMA = "\N{GREEK SMALL LETTER GAMMA}"
FLU = vocabulary(
    "virus_strain",
    {"term": "A/California/04/2009", "virusName": "H1N1"},
    {"term": "A/California/7/2009", "virusName": "H1N1",
     "centerIdNameSeasonList": "SDY63-Yale(2010-2011),SDY67-Mayo(2010-2011)"},
    {"term": "A/Perth/16/2009", "virusName": "H3N2"},
    {"term": "B/Massachusetts/2/2012", "virusName": "B"},
    "B/Lee/1940", "A/Egypt/306", "A/X-31", "A/duck/Anhui/1/2006",
)  # fmt: skip
IFNG = {"term": "ANA110", "name": None, "immunologySymbol": "IFNG", "geneSymbol": "IFNG",
        "geneAliases": "IFG;IFI;IFN-g;", "proteinOntologyId": "PR:17", "taxonomyId": "9606",
        "officialGeneName": "interferon, gamma"}  # fmt: skip
IL2 = {"term": "ANA148", "name": None, "immunologySymbol": "IL2", "geneSymbol": "IL2",
       "geneAliases": "IL-2;TCGF;", "taxonomyId": "9606", "geneticNomenclatureId": "-"}  # fmt: skip
MOUSE = {**IFNG, "term": "ANA569", "immunologySymbol": "Ifng", "geneSymbol": "Ifng",
         "geneAliases": "Ifg;IFN-g;", "taxonomyId": "10090"}  # fmt: skip


def status(index: Index, reported: str, preferred: str = "") -> tuple[str, str | None]:
    found = match(index, reported, preferred)
    assert found.evidence
    return found.status, found.term


@pytest.mark.parametrize(
    ("reported", "wanted"),
    [
        ("A/California/7/2009", ("exact", "A/California/7/2009")),
        ("A/California/07/2009", ("alias", "A/California/7/2009")),
        ("A/California/4/2009", ("alias", "A/California/04/2009")),
        ("a / california / 007 / 2009", ("alias", "A/California/7/2009")),
        ("B/Massachusetts/02/2012", ("alias", "B/Massachusetts/2/2012")),
        ("A/Perth/16/2009 (H3N2)", ("alias", "A/Perth/16/2009")),
        ("A/H3N2/Perth/16/2009", ("alias", "A/Perth/16/2009")),
        ("A(H3N2)/Perth/16/2009", ("alias", "A/Perth/16/2009")),
        ("A/Perth/16/2009 (H1N1)", ("unmapped", None)),
        ("A(H1N1)/Perth/16/2009 (H3N2)", ("unmapped", None)),
        ("A/California/04/09", ("unmapped", None)),
        ("A/California/7/09", ("unmapped", None)),
        ("A/California/7/2010", ("unmapped", None)),
        ("A/California/70/2009", ("unmapped", None)),
        ("B/California/7/2009", ("unmapped", None)),
        ("A/swine/California/7/2009", ("unmapped", None)),
        ("A/Anhui/1/2006", ("unmapped", None)),
        ("A/Duck/Anhui/01/2006", ("alias", "A/duck/Anhui/1/2006")),
        ("Control", ("unmapped", None)),
        ("Control; A/California/04/09", ("unmapped", None)),
        ("Control; A/California/7/2009", ("unmapped", None)),
        ("A/California/7/2009, A/Perth/16/2009", ("unmapped", None)),
        ("P. pneumoniae Serotype 1 (1)", ("unmapped", None)),
        ("YF17D", ("unmapped", None)),
        ("SDY63-Yale(2010-2011)", ("unmapped", None)),
        ("B/Lee/40", ("unmapped", None)),
        ("B/Lee/1940", ("exact", "B/Lee/1940")),
        ("a/egypt/0306", ("alias", "A/Egypt/306")),
        ("A/x-31", ("alias", "A/X-31")),
    ],
)
def test_a_strain_is_the_one_whose_parts_are_all_equal(reported: str, wanted: tuple[str, str | None]) -> None:
    assert status(FLU, reported) == wanted


def test_what_is_not_mapped_says_why() -> None:
    assert "two digits" in match(FLU, "A/California/04/09", "").evidence
    for text in ("P. pneumoniae Serotype 1 (1)", "Control; A/California/04/09", "Control"):
        assert "not the name of one influenza strain" in match(FLU, text, "").evidence
    assert "no term has the same type" in match(FLU, "A/California/70/2009", "").evidence


def test_two_terms_that_are_one_strain_are_for_a_person() -> None:
    both = vocabulary("virus_strain", "B/Massachusetts/2/2012", "B/Massachusetts/02/2012")
    assert status(both, "B/Massachusetts/02/2012") == ("exact", "B/Massachusetts/02/2012")
    found = match(both, "B/Massachusetts/002/2012", "")
    assert (found.status, found.term, found.method) == ("proposed", None, "ambiguous")
    assert "B/Massachusetts/2/2012" in found.evidence
    assert "B/Massachusetts/02/2012" in found.evidence


def test_what_immport_preferred_is_evidence_and_decides() -> None:
    found = match(FLU, "Control; A/California/04/09", "A/California/7/2009")
    assert (found.status, found.term) == ("exact", "A/California/7/2009")
    assert found.evidence.startswith("preferred by ImmPort as 'A/California/7/2009'")
    assert status(FLU, "", "B/Massachusetts/02/2012") == ("alias", "B/Massachusetts/2/2012")
    # A preference that the vocabulary does not list makes what the submitter wrote doubtful.
    found = match(FLU, "A/California/7/2009", "A/Michigan/45/2015")
    assert (found.status, found.term) == ("proposed", "A/California/7/2009")
    assert status(FLU, "Control", "Yellow fever virus 17D") == ("unmapped", None)


@pytest.mark.parametrize(
    ("reported", "wanted"),
    [
        ("IFNG", ("exact", "ANA110")),
        ("ANA110", ("exact", "ANA110")),
        ("IFN-g", ("alias", "ANA110")),
        (f"IFN-{GAMMA}", ("alias", "ANA110")),
        ("ifn-\N{GREEK CAPITAL LETTER GAMMA}", ("alias", "ANA110")),
        ("interferon, gamma", ("alias", "ANA110")),
        ("IFN-gamma", ("unmapped", None)),
        ("IFNg2", ("unmapped", None)),
        (f"IFN{GAMMA}", ("alias", "ANA110")),
        ("IFN", ("unmapped", None)),
        ("interferon", ("unmapped", None)),
        ("IL-2", ("alias", "ANA148")),
        ("IL 2", ("unmapped", None)),
        ("IL-12", ("unmapped", None)),
        ("-", ("unmapped", None)),
        ("IL2 ", ("alias", "ANA148")),
    ],
)
def test_an_analyte_is_known_by_listed_names_alone(reported: str, wanted: tuple[str, str | None]) -> None:
    assert status(vocabulary("analyte", IFNG, IL2), reported) == wanted


def test_greek_letters_count_only_when_the_list_has_the_name() -> None:
    unlisted = {**IFNG, "geneAliases": "IFG;IFI;", "immunologySymbol": "IFN1", "geneSymbol": "IFN1"}
    assert status(vocabulary("analyte", unlisted), f"IFN-{GAMMA}") == ("unmapped", None)
    named = {**unlisted, "proteinOntologySynonyms": "IFN-gamma;immune interferon"}
    assert status(vocabulary("analyte", named), f"IFN-{GAMMA}") == ("alias", "ANA110")


def test_a_name_does_not_show_the_species() -> None:
    both = vocabulary("analyte", IFNG, IL2, MOUSE)
    for text in ("IFNG", "Ifng", "IFN-g", f"IFN-{GAMMA}"):
        found = match(both, text, "")
        assert (found.status, found.term) == ("proposed", None)
        assert "ANA110 (IFNG, taxon 9606)" in found.evidence
        assert "ANA569 (Ifng, taxon 10090)" in found.evidence
    assert status(both, "IL2") == ("exact", "ANA148")
    # ImmPort's own preference does.
    assert status(both, "IFNg", "ANA569") == ("exact", "ANA569")
    assert status(both, "IFNg", "Ifng") == ("exact", "ANA569")


def test_the_species_of_all_rows_shows_which_counterpart_is_meant() -> None:
    both = vocabulary("analyte", IFNG, IL2, MOUSE)
    found = match(both, f"IFN-{GAMMA}", "", {"10090"})
    assert (found.status, found.term, found.method) == ("alias", "ANA569", "species")
    assert "all rows that use it are of taxon 10090, which rules out ANA110" in found.evidence
    assert match(both, "IFNG", "", {"9606"}).term == "ANA110"
    assert status(both, "IFG") == ("proposed", None)
    found = match(both, "IFI", "", {"10090"})  # listed for the human gene alone
    assert (found.status, found.term) == ("proposed", "ANA569")
    for taxa in ({"9606", "10090"}, {"9606", "?"}, {"?"}, {"10116"}, set()):
        assert match(both, "IFNG", "", taxa).status == "proposed"
    # Two different molecules stay two, whatever the species.
    other = {**IL2, "term": "ANA2", "geneSymbol": "X", "immunologySymbol": "X", "geneAliases": "IFN-g",
             "taxonomyId": "10090"}  # fmt: skip
    assert match(vocabulary("analyte", IFNG, other), "IFN-g", "", {"9606"}).status == "proposed"


@pytest.mark.parametrize(
    ("reported", "wanted"),
    [
        ("pg/ml", "pg/ml"), ("pg/mL", "pg/ml"), (" pg / ml", None), ("μg", "ug"), ("µg", "ug"), ("mg", "mg"),
        ("Mg", None), ("MG", None), ("Ct-values", None), ("cells per cLN", None), ("pg/mol", None),
        ("events per experiment sample", None),
    ],
)  # fmt: skip
def test_of_units_large_and_small_letters_differ(reported: str, wanted: str | None) -> None:
    units = vocabulary("unit", "pg/ml", "ug", "mg", "Ct", "cells/ul")
    assert match(units, reported, "").term == wanted


def test_a_term_may_be_called_na() -> None:
    populations = vocabulary("cell_population", "NA", "B cell")
    assert status(populations, "NA") == ("exact", "NA")
    assert status(populations, "B  Cell") == ("alias", "B cell")
    assert status(populations, "B cells") == ("unmapped", None)


def test_a_vocabulary_that_was_not_fetched_says_so() -> None:
    found = match(vocabulary("disease"), "influenza", "influenza")
    assert (found.status, found.evidence) == ("unmapped", "lkDisease was not fetched yet")


def words(alphabet: str) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=12)


NAMES = st.builds(
    lambda kind, host, place, number, year, subtype, blanks: (
        f"{kind}{blanks}/" + "/".join(part for part in (host, place, number, year) if part) + subtype
    ),
    st.sampled_from("ABCDabE"),
    st.sampled_from(["", "duck", "Swine", "h1n1"]),
    words("aAbB Éßİ.-'"),
    st.sampled_from(["", "0", "007", "7", "70", "04", "X-31", "x-31", "2009", "1a", "²"]),
    st.sampled_from(["", "09", "2009", "1909", "209", "9", "١٩٩٩"]),
    st.sampled_from(["", " (H1N1)", "(h1n1)", " H3N2", "(H3N2", " ()"]),
    st.sampled_from(["", " ", "\t "]),
)


@given(st.one_of(NAMES, st.text(max_size=40)))
def test_every_route_is_idempotent(text: str) -> None:
    for route in {route for domain in DOMAINS for route in domain.routes}:
        once = route.write(text)
        assert once is None or route.write(once) == once, route.name


@given(NAMES, NAMES)
def test_no_two_strains_are_written_alike(one: str, other: str) -> None:
    first, second = strain_names.parse(one), strain_names.parse(other)
    if first is not None and second is not None:
        assert (strain_names.canonical(one) == strain_names.canonical(other)) == (first == second)
        assert strain_names.parse(str(first)) == first


@given(st.sampled_from(["A/California/7/2009", "B/Lee/1940"]), st.integers(0, 18), st.characters())
def test_a_name_with_one_letter_changed_is_another(name: str, place: int, letter: str) -> None:
    changed = name[:place] + letter + name[place + 1 :]
    found = match(vocabulary("virus_strain", name), changed, "")
    assert (found.status != "unmapped") == (strain_names.parse(changed) == strain_names.parse(name))


def test_a_strain_is_taken_apart() -> None:
    assert strain_names.parse("A/Duck/New  Caledonia/020/1999 (H5N1)") == Strain(
        "a", "duck", "new caledonia", "20", "1999", "h5n1"
    )
    assert strain_names.parse("B/Lee/1940") == Strain("b", "", "lee", "", "1940", "")
    for text in (
        "",
        "A",
        "A/",
        "A//7/2009",
        "A/California",
        "E/Lee/1940",
        "A/a/b/c/1/2009",
        "A/7/7/2009",
        "A/a/7/209",
    ):
        assert strain_names.parse(text) is None, text


def test_real_strains_are_found_and_distinguished(capsys: pytest.CaptureFixture[str]) -> None:
    old = [row["name"] for row in rows("lk_virus_strain", "SDY139-DR16_Tab.zip")]
    index = real("virus_strain", "lk_virus_strain")
    wanted: dict[str, tuple[str, str | None]] = {name: ("exact", name) for name in old}
    wanted |= {
        "B/Massachusetts/2/2012": ("alias", "B/Massachusetts/02/2012"),
        "B/Wisconsin/1/2010": ("alias", "B/Wisconsin/01/2010"),
        "A/California/4/2009": ("alias", "A/California/04/2009"),
        "A/Brisbane/10/2007 (H3N2)": ("alias", "A/Brisbane/10/2007"),
    }
    nothing = [
        "Control", "Control; A/California/04/09", "A/California/04/09", "P. pneumoniae Serotype 1 (1)",
        "YF17D", "Yellow fever virus 17D", "Anti-HBs", "A/Brisbane/10/2007 (H1N1)",
    ]  # fmt: skip
    wanted |= dict.fromkeys(nothing, ("unmapped", None))
    found = {name: status(index, name) for name in wanted}
    mapped = sum(1 for state, _ in found.values() if state in ("exact", "alias"))
    summary = f"{mapped} of {len(found)} mapped, of those of DR16 {len(old)} of {len(old)}"
    with capsys.disabled():
        sys.stdout.write(f"\nstrains: {summary}\n")
    assert found == wanted
    # No term of the vocabulary is taken for another one.
    assert all(status(index, term) == ("exact", term) for term in index.terms)


def test_real_analytes_are_found_and_none_by_a_false_name(capsys: pytest.CaptureFixture[str]) -> None:
    index = real("analyte", "lk_analyte", key="analyteAccession")
    results = rows("elispot_result")
    analytes = [(row["analyteReported"], row["analytePreferred"]) for row in results]
    assert len(analytes) == 466
    found = {pair: match(index, *pair) for pair in set(analytes)}
    assert {pair: (it.status, it.term) for pair, it in found.items()} == {
        pair: ("exact", pair[1]) for pair in found
    }
    names = sorted({reported for reported, _ in analytes})
    alone = {name: match(index, name, "") for name in names}
    by_status = {name: (it.status, it.term) for name, it in alone.items()}
    symbols = {name for term in index.terms.values() if (name := term.text("immunologySymbol"))}
    judged = [match(index, name, "") for name in symbols]
    species = [index.terms[it.term].taxonomy if it.term else "" for it in judged]
    of_people = [match(index, name, "", {"9606"}) for name in symbols]
    counts = Counter(it.status for it in judged)
    with capsys.disabled():
        sys.stdout.write(
            f"\nanalytes: {len(analytes)} of {len(analytes)} by preference; by name alone {by_status};\n"
        )
        sys.stdout.write(
            f"{len(symbols)} symbols by name alone: {dict(counts)}; when all rows are of people: "
        )
        sys.stdout.write(f"{dict(Counter(it.status for it in of_people))}\n")
    # Both species have the names SDY139 reports: only the species of the rows determines which is meant.
    assert {it.status for it in alone.values()} <= {"proposed", "unmapped"}
    assert all(it.status == "unmapped" or it.status == "proposed" or taxon
               for it, taxon in zip(judged, species, strict=True))  # fmt: skip
    for name, it in zip(symbols, judged, strict=True):
        same = {index.terms[term].taxonomy for term in index.terms
                if index.terms[term].text("geneSymbol").casefold() == name.casefold()}  # fmt: skip
        assert it.status != "unmapped"
        assert len(same) < 2 or it.status == "proposed", name
    for name, it in zip(symbols, of_people, strict=True):
        if it.method == "species" and it.status == "alias":
            term = index.terms[it.term or ""]
            assert term.taxonomy == "9606"
            listed = "; ".join(str(value) for value in term.fields.values()).casefold()
            assert name.casefold() in listed, name
