"""What a failed check withholds: a study, an endpoint, a row, or a value."""

from __future__ import annotations

from typing import Any

from include.quality import audit
from include.quality.checks import Severity, checks
from include.quality.grammar import PATTERNS
from include.sources.endpoint import Withholds
from include.sources.immport.endpoints import ENDPOINTS, SERVED
from include.warehouse.model.declaration import Type, staged_columns
from include.warehouse.model.registry import IMMPORT_MODEL, VERSIONED
from tests.quality.test_gate import TABLES, agrees_with_sql, failures, many, quarantine
from tests.support import packages
from tests.support.clinical import stored, whole_study
from tests.support.packages import SMALL, land_tables
from tests.support.warehouse import Study, Warehouse, full_row, hai, small_study

PATH = "SDY1/ResultFiles/plate.txt"


def values(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select endpoint, row_number, field, key, value from quality.quarantined_value order by 1, 2, 3"
    )


# ---- endpoints


def test_results_wait_for_people_and_samples_and_for_no_listing() -> None:
    waited_for = {name for name, item in ENDPOINTS.items() if item.withholds is Withholds.STUDY}
    assert waited_for >= {
        "study",
        "arm",
        "demographic",
        "biosample",
        "experiment",
        "expsample",
        "hai",
        "mbaa",
    }
    assert not waited_for & {"manifest", "filePath", "file", "link", "pubmed", "personnel", "protocol"}
    assert all(
        ENDPOINTS[name].withholds is Withholds.STUDY for name, item in ENDPOINTS.items() if item.required
    )


def some_files_of_one_uuid() -> Study:
    """Rows that fail, and more of them that do not: what a listing withholds are those, too."""
    listed = [stored(f"SDY1/StudyFiles/{n}{copy}.txt", n) for n in range(2, 5) for copy in "ab"]
    good = [stored(PATH, 100), *(stored(f"SDY1/StudyFiles/{n}.txt", n) for n in range(101, 140))]
    return {**whole_study(), "manifest": listed + good}


def test_a_listing_that_fails_is_withheld_alone_and_its_tables_stay(warehouse: Warehouse) -> None:
    warehouse.load(whole_study(), "DR1")
    shown = ("select path, valid_from, valid_to from history.dim_file where file_key > 0",
             "select file_path_id, file_key > 0, valid_to from history.fact_result_file")  # fmt: skip
    before = [warehouse.rows(query) for query in shown]
    assert [len(rows) for rows in before] == [1, 1]
    load = warehouse.land({**some_files_of_one_uuid(), "hai": [hai(1, "640")]}, "DR2")
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert outcome.critical == []
    assert outcome.withheld == ["manifest: quarantine_share (6 of 46 rows quarantined)"]
    warehouse.publish(load)
    assert warehouse.rows("select result_id, value_reported from star.fact_hai") == [(1, "640")]
    assert [warehouse.rows(query) for query in shown] == before
    assert warehouse.rows("select endpoint, withheld from ops.staged where withheld is not null") == [
        ("manifest", "quarantine_share (6 of 46 rows quarantined)")
    ]
    assert [item.summary for item in audit.run(warehouse.engine, "night")] == []
    # The next release brings it in; the one before it has what was known then.
    warehouse.load({**whole_study(), "manifest": [stored(PATH, 9)]}, "DR3")
    uuids = "select right(file_uuid, 1) from star.dim_file where file_key > 0"
    assert [warehouse.rows(uuids, as_of) for as_of in ("DR1", "DR2", "DR3")] == [[("1",)], [("1",)], [("9",)]]


def test_a_withheld_endpoint_of_a_new_study_leaves_its_tables_empty(warehouse: Warehouse) -> None:
    load = warehouse.land(some_files_of_one_uuid())
    warehouse.stage(load)
    assert warehouse.judge(load).critical == []
    warehouse.publish(load)
    assert warehouse.value("select count(*) from star.dim_file where file_key > 0") == 0
    assert warehouse.rows("select file_info_id, file_key from star.fact_result_file") == [(1, 0)]
    assert warehouse.value("select count(*) from star.fact_hai") == 3
    assert [item.summary for item in audit.run(warehouse.engine, "night")] == []


def test_no_listing_link_or_publication_withholds_results(warehouse: Warehouse) -> None:
    """Rows of another study in each of them: none of them is published, and all else is."""
    alone = [item for item in SERVED.values() if item.withholds is Withholds.ITSELF]
    rows = whole_study()
    foreign = set()
    for item in alone:
        if "studyAccession" in item.names and item.name in rows:
            rows[item.name] = [{**row, "studyAccession": "SDY2"} for row in rows[item.name]]
            foreign.add(item.name)
    assert len(foreign) > 8
    load = warehouse.land(rows)
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert outcome.critical == []
    assert {text.partition(":")[0] for text in outcome.withheld} == foreign
    # Judged once more, it is the same.
    assert warehouse.judge(load).withheld == outcome.withheld
    warehouse.publish(load)
    assert warehouse.value("select count(*) from star.fact_hai") == 3
    made = [table.relation for table in VERSIONED if table.endpoint in foreign]
    assert [
        name for name in made if warehouse.value(f"select count(*) from history.{name} where load_id > 0")
    ] == []
    repaired = warehouse.land(whole_study(), "DR2")
    warehouse.stage(repaired)
    assert warehouse.judge(repaired).withheld == []


def test_a_file_without_a_uuid_costs_its_row_alone(warehouse: Warehouse) -> None:
    rows = {**whole_study(), "manifest": [stored(PATH), stored("SDY1/a.txt", fileUUID=None)]}
    load = warehouse.land(rows)
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert (outcome.critical, outcome.withheld) == ([], [])
    assert quarantine(warehouse, load) == [("manifest", 2, "key_present:file_uuid")]


# ---- values


def test_what_an_unreadable_text_does_follows_from_what_is_made_of_it() -> None:
    """A key and a measure take the row with them, what describes is null, what nobody reads is reported."""
    for endpoint in ENDPOINTS.values():
        found = {
            item.column: item.severity
            for item in checks(IMMPORT_MODEL, endpoint, TABLES, "SDY1", 1)
            if item.column
        }
        typed = {item.column for item in endpoint.staged_fields if item.kind in PATTERNS}
        assert found.keys() == typed
        made = [table for table in VERSIONED if table.endpoint == endpoint.name]
        for column, severity in found.items():
            read = [item for table in made for item in table.columns if column in staged_columns(item.raw)]
            if severity is Severity.WARNING:
                assert (read, column in endpoint.key_columns) == ([], False)
            if severity is Severity.VALUE:
                assert {item.type is Type.TEXT or item.is_measure for item in read} == {False}
    of_results = {
        item.severity
        for endpoint in ENDPOINTS.values() if endpoint.study_parameter
        for item in checks(IMMPORT_MODEL, endpoint, TABLES, "SDY1", 1) if item.check_id.endswith("SubjectAge")
    }  # fmt: skip
    assert of_results == {Severity.WARNING}


def test_an_unreadable_age_costs_no_result_and_its_text_is_kept(warehouse: Warehouse) -> None:
    rows = many(*(hai(n, maxSubjectAge=">89") for n in range(61, 101)))
    rows["demographic"][0]["minSubjectAge"] = ">89"
    load = warehouse.land(rows)
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert (outcome.critical, outcome.quarantined) == ([], 0)
    assert failures(warehouse, load) == {
        ("demographic", "type:minSubjectAge"): 1,
        ("hai", "type:maxSubjectAge"): 40,
    }
    agrees_with_sql(warehouse, load)
    found = values(warehouse)
    key = {"arm_accession": "ARM1", "subject_accession": "SUB1"}
    assert found[0] == ("demographic", 1, "min_subject_age", key, ">89")
    assert found[1] == ("hai", 61, "max_subject_age", {"result_id": "61"}, ">89")
    assert len(found) == 41
    warehouse.publish(load)
    assert warehouse.value("select count(*) from star.fact_hai") == 100
    assert warehouse.rows("""
        select s.subject_accession, p.min_subject_age, p.age_unit, p.is_inferred from star.dim_participation p
        join star.dim_subject s using (subject_key) where participation_key > 0 order by 1""") == [
        ("SUB1", None, "Years", False), ("SUB2", 30, "Years", False),
    ]  # fmt: skip
    assert [item.summary for item in audit.run(warehouse.engine, "night")] == []


def test_a_day_that_is_none_is_null_and_withholds_nothing(warehouse: Warehouse) -> None:
    rows = small_study()
    rows["study"][0] |= {"actualStartDate": "2014-02-30", "actualEnrollment": "about 40"}
    load = warehouse.land(rows)
    for _ in range(2):  # a repeat replaces what was found
        warehouse.stage(load)
        outcome = warehouse.judge(load)
        assert (outcome.critical, outcome.quarantined) == ([], 0)
        assert [row[2:] for row in values(warehouse)] == [
            ("actual_enrollment", {"study_accession": "SDY1"}, "about 40"),
            ("actual_start_date", {"study_accession": "SDY1"}, "2014-02-30"),
        ]
    warehouse.publish(load)
    assert warehouse.rows(
        "select brief_title, actual_start_date, actual_enrollment from star.dim_study where study_key > 0"
    ) == [("A study", None, None)]
    assert warehouse.value("select count(*) from star.fact_hai") == 3


def test_every_column_that_describes_may_be_unreadable(warehouse: Warehouse) -> None:
    """In all endpoints at once: nothing is quarantined but values, and all rows are there."""
    rows, spoilt = whole_study(), 0
    for name, found in rows.items():
        for check in checks(IMMPORT_MODEL, ENDPOINTS[name], TABLES, "SDY1", 1):
            if check.severity in (Severity.VALUE, Severity.WARNING) and check.column:
                field = check.check_id.removeprefix("type:")
                if field in ENDPOINTS[name].names:
                    found[0][field] = "unreadable"
                    spoilt += 1
    assert spoilt > 30
    load = warehouse.land(rows)
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert (outcome.critical, outcome.withheld, outcome.quarantined) == ([], [], 0)
    assert len(values(warehouse)) == spoilt
    warehouse.publish(load)
    for table in VERSIONED:
        if table.endpoint in rows:
            assert warehouse.value(f"select count(*) from history.{table.relation} where load_id > 0") > 0
    assert [item.summary for item in audit.run(warehouse.engine, "night")] == []


# ---- rows


def test_a_required_endpoint_is_never_wholly_quarantined(warehouse: Warehouse) -> None:
    rows = small_study()
    rows["arm"] = [full_row("arm", armAccession="ARM1", studyAccession="SDY1", name=name) for name in "ab"]
    load = warehouse.land(rows)
    warehouse.stage(load)
    assert warehouse.judge(load).critical == ["arm: quarantine_share (2 of 2 rows quarantined)"]


def test_a_row_has_one_entry_in_quarantine_whatever_it_breaks(warehouse: Warehouse) -> None:
    """Rows without any key have none in common; one that breaks two checks has both in its entry."""
    keyless = [{**hai(1, value), "resultId": key} for key, value in ((None, "1"), (None, "2"), (" ", "3"))]
    load = warehouse.land(many(*keyless, hai(7, "8", valuePreferred="NaN")))
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert outcome.quarantined == 5
    assert quarantine(warehouse, load) == [
        ("hai", 7, "key_consistent"),
        ("hai", 61, "key_present:result_id"),
        ("hai", 62, "key_present:result_id"),
        ("hai", 63, "key_present:result_id"),
        ("hai", 64, "key_consistent, type:valuePreferred"),
    ]
    agrees_with_sql(warehouse, load)


# ---- results that a package declares and does not have


def test_results_that_are_declared_and_have_no_table_close_the_gate(warehouse: Warehouse) -> None:
    lacking = {name: rows for name, rows in SMALL.items() if name != "hai_result"}
    load = land_tables(warehouse, lacking)
    warehouse.stage(load)
    finding = "expsample: declared_missing (results are declared and none of their kind came: 2 of HAI)"
    assert warehouse.judge(load).critical == [finding]
    # A person may have looked at it.
    assert warehouse.judge(load, accept_vanished=True).critical == []


def test_one_kind_of_results_that_is_there_hides_no_other_that_is_not(warehouse: Warehouse) -> None:
    samples = """
        EXPSAMPLE_ACCESSION EXPERIMENT_ACCESSION RESULT_SCHEMA RESULT_TOTAL_RECS
        ES1 EXP1 HAI 2
        ES2 EXP1 ELISA 3
        ES3 EXP1 ELISPOT 0
        """
    load = land_tables(warehouse, {**SMALL, "expsample": samples})
    warehouse.stage(load)
    finding = "expsample: declared_missing (results are declared and none of their kind came: 3 of ELISA)"
    assert warehouse.judge(load).critical == [finding]


def test_results_that_are_declared_and_there_are_published(warehouse: Warehouse) -> None:
    load = land_tables(warehouse, SMALL)
    warehouse.stage(load)
    assert warehouse.judge(load).critical == []


def test_a_damaged_table_that_lists_files_withholds_no_result(warehouse: Warehouse) -> None:
    """Lines of a package table that only a listing reads: the listing is withheld, and nothing else."""
    bad = b"FILE_INFO_ID\tNAME\n" + b"1\ta\n" + b"2\tb\textra\n" * 6
    load = land_tables(warehouse, {**SMALL, "file_info": bad})
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert outcome.critical == []
    assert outcome.withheld == ["Tab/file_info.txt: quarantine_share (6 of 7 rows quarantined)"]
    assert warehouse.rows("select endpoint from ops.staged where withheld is not null") == [("filePath",)]
    warehouse.publish(load)
    assert warehouse.value("select count(*) from star.fact_hai") == 2


def test_rows_of_a_package_table_that_differ_under_one_key_are_reported(warehouse: Warehouse) -> None:
    """Tables that are read by key, under the name that the package gives them."""
    people = "SUBJECT_ACCESSION GENDER SPECIES\nSUB1 Female Homo_sapiens\nSUB1 Male Homo_sapiens\n"
    files = "FILE_INFO_ID NAME FILESIZE_BYTES\n1 a 10\n1 a 10\n2 b 20\n"
    load = land_tables(warehouse, {**SMALL, "subject": people, "file_info": files})
    warehouse.stage(load)
    assert warehouse.judge(load).critical == []
    found = warehouse.rows(
        "select endpoint, success, unexpected_rows from quality.result where check_id = 'rows_agree'"
        " and endpoint in ('Tab/subject.txt', 'Tab/file_info.txt') order by 1"
    )
    assert found == [("Tab/file_info.txt", True, 0), ("Tab/subject.txt", False, 1)]


def test_a_blank_line_at_the_end_of_each_table_withholds_nothing(warehouse: Warehouse) -> None:
    blank = {
        name: (text if isinstance(text, bytes) else packages.table(text)) + b"\n"
        for name, text in SMALL.items()
    }
    load = land_tables(warehouse, blank)
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert (outcome.critical, outcome.withheld) == ([], [])
    lines = "select count(*) from quality.quarantine where rule = 'package_line'"
    assert warehouse.value(lines) == len(SMALL)
    warehouse.publish(load)
    assert warehouse.value("select count(*) from star.fact_hai") == 2
