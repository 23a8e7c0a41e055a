"""Markers in the star: ImmPort's where its package has them, else what its rules read, as of each release."""

from __future__ import annotations

from typing import Any

import pytest

from include.cytometry.published_tables import read_tables
from include.cytometry.vocabulary import Analyte, Marker, Vocabulary, VocabularyError
from include.quality import audit
from include.quality.checks import Severity
from include.warehouse.markers import vocabularies
from tests.sandbox.data import ARCHIVES, DATA, needs_data
from tests.support.packages import FULL, land_tables
from tests.support.routes import land_package, take
from tests.support.sandbox import running_sandbox
from tests.support.terms import fetch
from tests.support.warehouse import Study, Warehouse, result, small_study

pytestmark = pytest.mark.filterwarnings("ignore:`schema_name` is deprecated")

_HUMAN = [Analyte(name, Marker(preferred, accession), "9606") for name, preferred, accession in (
    ("CD3", "hCD3E", "ANA809"), ("CD4", "hCD4", "ANA41"), ("CD44", "hCD44", "ANA42"),
    ("CD45RA", "hPTPRC", "ANA43"), ("CD25", "hIL2RA", "ANA18"), ("IL2RA", "hIL2RA", "ANA18"),
)]  # fmt: skip
_OTHERS = {"viable": Marker("viable"), "FSC-A": Marker("FSC")}
RESULT_MARKERS = """
    select result_id, population_marker_reported, population_marker_preferred, marker, marker_sign,
        analyte_accession, provenance, marker_vocabulary
    from star.bridge_fcs_result_marker order by result_id, fcs_analyzed_result_marker_id, marker_number"""
PARAMETERS = """
    select parameter_number, pnn_preferred, pns_preferred, analyte_accessions, provenance, marker_vocabulary
    from star.bridge_fcs_header_marker order by fcs_header, parameter_number"""


def names(*more: Analyte) -> Vocabulary:
    from include.cytometry.lookups import SPECIES_GROUPS

    return Vocabulary("names of the test", [*_HUMAN, *more], _OTHERS, SPECIES_GROUPS)


def adopt(warehouse: Warehouse, vocabulary: Vocabulary | None) -> None:
    with warehouse.engine.begin() as connection:
        vocabularies.adopt(connection, vocabulary)


def population(number: int, definition: str | None, **values: Any) -> dict[str, Any]:
    given = {"populationNameReported": f"population {number}", "populationDefnitionReported": definition}
    return result("fcsAnalyzed", number, **{**given, **values})


def study(*definitions: str | None) -> Study:
    rows = small_study()
    rows["fcsAnalyzed"] = [population(number, text) for number, text in enumerate(definitions, 1)]
    return rows


def test_rows_of_a_package_are_completed(warehouse: Warehouse) -> None:
    adopt(warehouse, names())
    version = names().version
    take(warehouse, land_tables(warehouse, FULL), judged=True)
    assert warehouse.rows(RESULT_MARKERS) == [
        (21, "CD3+", "hCD3E+", "hCD3E", "+", "ANA809", "parsed", version),
        (21, "CD44 high", "hCD44++", "hCD44", "++", "ANA42", "parsed", version),
        # ImmPort's preferred marker stays, though it is not what is read.
        (21, "CD45-RA-", "CD45RA-", "CD45RA", "-", None, "immport", None),
        (21, "B220", None, "B220", None, None, "immport", None),
    ]
    assert warehouse.rows(PARAMETERS) == [
        (1, "FSC", "FSC", None, "parsed", version),
        (2, "B530-A", "hCD3E", "ANA809", "parsed", version),
    ]
    assert warehouse.rows("select panel_reported, panel_preferred, provenance, marker_vocabulary, fcs_header"
                          " from star.fact_fcs_header") == [
        ("FSC-A|CD3", "FSC|hCD3E", "immport", version, "5")
    ]  # fmt: skip
    assert warehouse.rows("select markers, provenance from star.fcs_result_markers") == [
        ("B220, CD45RA-, hCD3E+, hCD44++", "immport")
    ]


def test_without_a_vocabulary_rows_are_those_of_immport(warehouse: Warehouse) -> None:
    take(warehouse, land_tables(warehouse, FULL), judged=True)
    rows = warehouse.rows(RESULT_MARKERS)
    assert [row[1:3] for row in rows] == [
        ("CD3+", None), ("CD44 high", None), ("CD45-RA-", "CD45RA-"), ("B220", None)
    ]  # fmt: skip
    assert [row[3:] for row in rows] == [
        ("CD3", "+", None, "immport", None), ("CD44", "++", None, "immport", None),
        ("CD45RA", "-", None, "immport", None), ("B220", None, None, "immport", None),
    ]  # fmt: skip
    assert {row[4] for row in warehouse.rows(PARAMETERS)} == {"immport"}
    assert warehouse.rows("select marker_vocabulary from star.study_marker_vocabulary") == [(None,)]


def test_definitions_of_the_api_are_read(warehouse: Warehouse) -> None:
    adopt(warehouse, names())
    version = names().version
    warehouse.load(study("CD3+, CD25high", "viable, Foo+", None, " "))
    assert warehouse.rows(RESULT_MARKERS) == [
        (1, "CD3+", "hCD3E+", "hCD3E", "+", "ANA809", "parsed", version),
        (1, "CD25high", "hIL2RA++", "hIL2RA", "++", "ANA18", "parsed", version),
        (2, "viable", "viable", "viable", None, None, "parsed", version),
        (2, "Foo+", None, "Foo", "+", None, "parsed", version),
    ]
    assert warehouse.rows("select result_id, markers from star.fcs_result_markers order by 1") == [
        (1, "hCD3E+, hIL2RA++"), (2, "Foo+, viable"), (3, None), (4, None)
    ]  # fmt: skip
    # A text is read once, whatever number of results has it.
    before = warehouse.value("select count(*) from history.marker_reading")
    warehouse.load(study(*["CD3+, CD25high"] * 5, "viable, Foo+"), "DR2")
    assert warehouse.value("select count(*) from history.marker_reading") == before
    assert len(warehouse.rows(RESULT_MARKERS)) == 12
    assert len(warehouse.rows(RESULT_MARKERS, as_of="DR1")) == 4


def test_species_decides_which_names_hold(warehouse: Warehouse) -> None:
    adopt(warehouse, names(Analyte("CD4", Marker("mCd4", "ANA562"), "10090")))
    rows = study("CD4+")
    rows["fcsAnalyzed"] = [
        population(1, "CD4+"),
        population(2, "CD4+", subjectAccession="SUB2", armAccession="ARM2"),
    ]
    rows["demographic"][1]["species"] = "Mus musculus"
    warehouse.load(rows)
    assert [row[:6] for row in warehouse.rows(RESULT_MARKERS)] == [
        (1, "CD4+", "hCD4+", "hCD4", "+", "ANA41"),
        (2, "CD4+", "mCd4+", "mCd4", "+", "ANA562"),
    ]


def test_a_new_vocabulary_changes_no_release_until_it_is_replayed(warehouse: Warehouse) -> None:
    adopt(warehouse, names())
    first = warehouse.ready(study("Foo+"), "DR1")
    warehouse.publish(first)
    warehouse.load(study("Foo+", "CD3+"), "DR2")
    older = names().version
    newer = names(Analyte("Foo", Marker("hFOO", "ANA7"), "9606"))
    adopt(warehouse, newer)
    unread = (1, "Foo+", None, "Foo", "+", None, "parsed", older)
    for release in ("DR1", "DR2"):
        assert warehouse.rows(RESULT_MARKERS, as_of=release)[0] == unread
    # A new release is read with the new names, those before it as they were.
    warehouse.load(study("Foo+", "CD3+"), "DR3")
    read = (1, "Foo+", "hFOO+", "hFOO", "+", "ANA7", "parsed", newer.version)
    assert [warehouse.rows(RESULT_MARKERS, as_of=f"DR{n}")[0] for n in (1, 2, 3)] == [unread, unread, read]
    # A replay of DR1 is another load of what was landed for it.
    again = warehouse.open_load("SDY1", "DR1", first.fetch.fetch_id)
    warehouse.stage(again)
    warehouse.pass_gate(again)
    warehouse.publish(again)
    assert [warehouse.rows(RESULT_MARKERS, as_of=f"DR{n}")[0] for n in (1, 2, 3)] == [read, unread, read]
    with warehouse.engine.begin() as connection:
        assert vocabularies.stored(connection, older).names("human").find("Foo") is None
        connection.exec_driver_sql(
            "update history.marker_vocabulary set names = jsonb_set(names, '{others,0,1}', '\"x\"')"
        )
        with pytest.raises(VocabularyError, match=f"the names of vocabulary {older} were changed"):
            vocabularies.stored(connection, older)
        connection.rollback()


def test_an_unchanged_load_uses_the_vocabulary_of_its_day(warehouse: Warehouse) -> None:
    """Also where nothing is staged: its capture is of the new vocabulary, and its texts are read."""
    from include.pipeline import run_ledger, steps

    adopt(warehouse, names())
    rows = study("Foo+")
    load = warehouse.land(rows)
    for step in (steps.stage, steps.check, steps.publish):
        step(warehouse.tools, run_ledger.load(warehouse.engine, load.load_id), warehouse.step())
    newer = names(Analyte("Foo", Marker("hFOO", "ANA7"), "9606"))
    adopt(warehouse, newer)
    load = warehouse.land(rows, "DR2")
    for step in (steps.stage, steps.check, steps.publish):
        step(warehouse.tools, run_ledger.load(warehouse.engine, load.load_id), warehouse.step())
    assert warehouse.value(f"select same_as is not null from ops.load where load_id = {load.load_id}")
    assert [row[2] for row in warehouse.rows(RESULT_MARKERS)] == ["hFOO+"]
    assert [row[2] for row in warehouse.rows(RESULT_MARKERS, as_of="DR1")] == [None]


def test_the_own_vocabularies_are_used_where_none_was_adopted(warehouse: Warehouse) -> None:
    fetch(warehouse, 1, "lkAnalyte", {
        "analyteAccession": "ANA41", "geneSymbol": "CD4", "immunologySymbol": "CD4", "taxonomyId": "9606",
    })  # fmt: skip
    fetch(warehouse, 2, "lkCellPopulationMarker", {"name": "viable"})
    warehouse.load(study("CD4+, viable"))
    assert [row[2:6] for row in warehouse.rows(RESULT_MARKERS)] == [
        ("CD4+", "CD4", "+", "ANA41"), ("viable", "viable", None, None)
    ]  # fmt: skip
    adopt(warehouse, names())
    with warehouse.engine.begin() as connection:
        assert vocabularies.in_use(connection) == names().version
    adopt(warehouse, None)
    with warehouse.engine.begin() as connection:
        assert vocabularies.in_use(connection) != names().version


def test_texts_of_a_package_that_comes_later_are_read_for_every_release(warehouse: Warehouse) -> None:
    """The API is silent about headers: at its release they are those of the package, whichever came first."""
    adopt(warehouse, names())
    warehouse.load(study("CD3+"), "DR2")
    adopt(warehouse, names(Analyte("Foo", Marker("hFOO", "ANA7"), "9606")))
    take(warehouse, land_tables(warehouse, FULL), judged=True)
    newest = warehouse.rows(PARAMETERS)
    assert [row[:3] for row in newest] == [(1, "FSC", "FSC"), (2, "B530-A", "hCD3E")]
    assert {row[5] for row in newest} == {names().version}


def test_disagreements_are_listed_and_counted_by_the_audit(warehouse: Warehouse) -> None:
    adopt(warehouse, names())
    rows = study("CD3+, CD25high", "CD4+", "Foo+")
    for row, preferred in zip(rows["fcsAnalyzed"], ("hCD3E+,hIL2RA++", "hCD8A+", "hFOO+"), strict=True):
        row["populationDefnitionPreferred"] = preferred
    warehouse.load(rows)
    # One agrees, and of one nothing is read.
    assert warehouse.rows("select what, reported, preferred, parsed, rows from star.marker_disagreement") == [
        ("definition", "CD4+", "hCD8A+", "hCD4+", 1)
    ]
    (found,) = audit.run(warehouse.engine, "night")
    assert (found.check.check_id, found.check.severity, found.failed_rows) == (
        "markers_agree", Severity.WARNING, 1
    )  # fmt: skip


@needs_data
@pytest.mark.skipif(not (DATA / "markers").is_dir(), reason=f"no published tables in {DATA}")
def test_real_packages_have_their_markers(warehouse: Warehouse) -> None:
    """SDY139 at DR16 and DR25: ImmPort prefers no marker, so that all are read; no row contradicts."""
    adopt(warehouse, read_tables(DATA / "markers"))
    with running_sandbox(archives=ARCHIVES) as sandbox:
        for release in ("DR16", "DR25"):
            sandbox.set_release(release)
            take(warehouse, land_package(warehouse, sandbox, "SDY139", release))
    for release in ("DR16", "DR25"):
        assert warehouse.rows(
            "select provenance, count(*), count(pns_preferred) from star.bridge_fcs_header_marker group by 1",
            as_of=release,
        ) == [("parsed", 1500, 1500)]
        panels = warehouse.rows(
            "select panel_reported, panel_preferred, provenance from star.fact_fcs_header", as_of=release
        )
        assert len(panels) == 100
        assert all(
            (preferred, provenance) == (reported.replace("SSC-A|SSC-H|SSC-W", "SSC|SSC|SSC"), "immport")
            for reported, preferred, provenance in panels
        )
        results = "select count(*), count(markers) from star.fcs_result_markers"
        assert warehouse.rows(results, as_of=release) == [(52, 52)]
        assert warehouse.rows("select * from star.marker_disagreement", as_of=release) == []
    # CD44 is a name of people alone: of these mice it is found as reported.
    high = "marker = 'CD44' and marker_sign = '++' and population_marker_preferred is null"
    assert warehouse.value(
        f"select count(distinct result_id) from star.bridge_fcs_result_marker where {high}"
    ) == warehouse.value(
        "select count(*) from star.fact_fcs_analyzed where population_definition_reported ~ 'CD44high'"
    ) == 44  # fmt: skip
