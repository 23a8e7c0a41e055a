"""Staging a package: what its tables become, and what is done with those that are not whole."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from include.landing.zone import Fetch, LandingError
from include.pipeline import run_ledger
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.package.recipes import RECIPES
from include.sources.package.tables import TABLES
from include.warehouse.load.package import package_relations, stage_package
from include.warehouse.load.package.stage_package import unpack
from tests.support.packages import SMALL, land_tables, table
from tests.support.warehouse import Warehouse, full_row, small_study

pytestmark = pytest.mark.filterwarnings("ignore:`schema_name` is deprecated")


def staged(warehouse: Warehouse, load_id: int, endpoint: str, *columns: str) -> list[tuple[Any, ...]]:
    name = f"staging.l{load_id}_{ENDPOINTS[endpoint].table}"
    return warehouse.rows(f"select {', '.join(columns)} from {name} order by row_number")


def with_lines(name: str, *lines: bytes) -> dict[str, str | bytes]:
    """The small package, with lines added to a table."""
    content = SMALL[name]
    assert isinstance(content, str)
    return {**SMALL, name: table(content) + b"".join(line + b"\n" for line in lines)}


def stage(warehouse: Warehouse, tables: dict[str, str | bytes], **options: Any) -> int:
    load = land_tables(warehouse, tables, **options)
    warehouse.stage(load)
    return load.load_id


@pytest.fixture(params=["one table for all", "a table each"])
def _stored(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "a table each":
        monkeypatch.setattr(package_relations, "SMALL", 0)


@pytest.mark.usefixtures("_stored")
@pytest.mark.parametrize("top", ["", "SDY1-DR1_Tab/"])
def test_a_package_becomes_the_rows_that_the_api_sends(top: str, warehouse: Warehouse) -> None:
    load = stage(warehouse, SMALL, top=top)
    assert staged(
        warehouse, load, "hai",
        "row_number", "result_id", "arm_name", "min_subject_age", "gender", "species",
        "planned_visit_accession", "biosample_type", "measurement_technique", "study_title", "clinical",
        "value_reported", "value_preferred",
    ) == [
        (1, "1", "Arm 2", "21", "Female", "Homo sapiens", "PV1", "Serum", "HAI", "A study", "N", "40", None),
        (2, "2", "Arm 2", "21", "Female", "Homo sapiens", "PV1", "Serum", "HAI", "A study", "N", "<10", None),
    ]  # fmt: skip
    assert staged(
        warehouse, load, "expsample", "row_number", "arm_accession", "biosample_accession", "description"
    ) == [(1, "ARM1", "BS1", "with H1"), (2, "ARM2", "BS1", "with H1")]
    assert staged(warehouse, load, "condition", "study_accession", "condition_reported") == [
        ("SDY1", "influenza")
    ]
    assert staged(warehouse, load, "study", "initial_data_release_date", "latest_data_release_version") == [
        ("2013-09-30", "DR1")
    ]
    assert warehouse.value("select route from ops.load") == "package"


def test_every_endpoint_is_staged_and_those_without_rows_have_no_table(warehouse: Warehouse) -> None:
    load = stage(warehouse, SMALL)
    rows = {name: (count, known) for name, count, known in warehouse.rows(
        "select endpoint, rows_staged, is_known from ops.staged"
    )}  # fmt: skip
    assert rows.keys() == ENDPOINTS.keys()
    assert rows["hai"] == (2, True)
    assert rows["elisa"] == (0, True)
    assert rows["manifest"] == (0, False)
    left = warehouse.rows("select relname from pg_class where relnamespace = 'staging'::regnamespace")
    assert {name for (name,) in left} == {
        f"l{load}_{ENDPOINTS[name].table}" for name, (count, _) in rows.items() if count
    }
    assert warehouse.judge(run_ledger.load(warehouse.engine, load)).critical == []


def test_every_recipe_runs_on_header_only_tables(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older package holds every table, those without rows as a header line."""
    monkeypatch.setattr(stage_package._Tables, "_has_rows", lambda *_: True)
    empty = {name: "\t".join(item.columns).upper().encode() + b"\n" for name, item in TABLES.items()}
    stage(warehouse, {**empty, **SMALL})
    assert warehouse.value("select count(*) from ops.staged where is_known") == len(RECIPES)
    assert warehouse.value("select count(*) from ops.drift where kind = 'unknown'") == 0


def test_answers_beside_the_package_come_from_the_api(warehouse: Warehouse) -> None:
    beside = {
        "manifest": [full_row("manifest", fileUUID="u1", path="SDY1/x")],
        "study": small_study()["study"],
    }
    load = stage(warehouse, SMALL, beside=beside)
    assert staged(warehouse, load, "manifest", "file_uuid") == [("u1",)]
    assert staged(warehouse, load, "study", "brief_title", "minimum_age") == [("A study", None)]
    assert warehouse.rows(
        "select endpoint, pieces from ops.staged where pieces > 0 order by endpoint"
    ) == [("manifest", 1), ("study", 1)]  # fmt: skip


def test_small_and_large_tables_are_stored_alike(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same rows in the same order, the same ones to compare releases by, the same findings."""
    arms = [b"ARM%d\tArm %d\tSDY1\t" % (number, number % 7) for number in range(3, 80)]
    tables = with_lines("arm_or_cohort", *arms, b"ARM99", b"ARM2\tanother\tSDY1\t", b"ARM3\t\tSDY1\t")
    loads = []
    for small in (1 << 20, 0):
        monkeypatch.setattr(package_relations, "SMALL", small)
        loads.append(stage(warehouse, tables))
    shared, own = (staged(warehouse, load, "arm", "row_number", "arm_accession", "name") for load in loads)
    assert [number for number, *_ in shared] == list(range(1, 82))
    assert own == shared
    for name, columns in {
        "ops.package_sample": "table_name, header, keys, cells",
        "ops.package_table": "table_name, rows, read_for, conflicts",
        "ops.drift": "endpoint, field, kind, rows",
        "quality.quarantine": "endpoint, row_number, row",
    }.items():
        found = [
            warehouse.rows(f"select {columns} from {name} where load_id = {load} order by 1, 2")
            for load in loads
        ]
        assert found[0] == found[1] != [], name
    arms_of_package = "select rows, conflicts from ops.package_table where table_name = 'arm_or_cohort'"
    assert warehouse.rows(arms_of_package) == [(82, 2), (82, 2)]


@pytest.mark.usefixtures("_stored")
def test_na_quotes_and_backslashes_are_data_and_empty_is_null(warehouse: Warehouse) -> None:
    odd = b'ARM3\tNA\tSDY1\t"'
    other = b"ARM4\t\"a\" 'b' {c} %s \\N \\.\tSDY1\t"
    load = stage(warehouse, with_lines("arm_or_cohort", odd, other))
    assert staged(warehouse, load, "arm", "arm_accession", "name", "type_reported")[2:] == [
        ("ARM3", "NA", '"'),
        ("ARM4", "\"a\" 'b' {c} %s \\N \\.", None),
    ]


def test_older_names_of_tables_and_columns(warehouse: Warehouse) -> None:
    older = dict(SMALL)
    older["biosample_2_expsample"] = older.pop("expsample_2_biosample")
    older["planned_visit"] = "PLANNED_VISIT_ACCESSION VISIT_NAME STUDY_ACCESSION\nPV1 Day_0 SDY1"
    older["program"] = "PROGRAM_ID TITLE SUMMARY\n1 Centers About_it"
    older["contract_grant"] = "CONTRACT_GRANT_ID NAME TITLE PROGRAM_ID\n7 U01 A_grant 1"
    load = stage(warehouse, older)
    assert len(staged(warehouse, load, "expsample", "biosample_accession")) == 2
    assert staged(warehouse, load, "plannedVisit", "name") == [("Day 0",)]
    columns = ("external_id", "contract_grant_name", "program_name", "program_description")
    assert staged(warehouse, load, "contract", *columns) == [("U01", "A grant", "Centers", "About it")]
    newer = {**older, "contract_grant": "CONTRACT_GRANT_ID EXTERNAL_ID NAME PROGRAM_ID\n7 U01 A_grant 1"}
    load = stage(warehouse, newer)
    assert staged(warehouse, load, "contract", *columns[:2]) == [("U01", "A grant")]


def test_a_table_under_two_names_is_the_one_of_today(warehouse: Warehouse) -> None:
    both = {"biosample_2_expsample": "EXPSAMPLE_ACCESSION BIOSAMPLE_ACCESSION\nES1 BS9", **SMALL}
    load = stage(warehouse, both)
    assert {row[0] for row in staged(warehouse, load, "expsample", "biosample_accession")} == {"BS1"}
    assert warehouse.rows(
        "select table_name, read_for is null from ops.package_table where table_name like '%2%sample'"
        " order by 1"
    ) == [("biosample_2_expsample", True), ("expsample_2_biosample", False)]


def test_preferred_analytes_are_shown_by_their_symbol(warehouse: Warehouse) -> None:
    tables = {
        **SMALL,
        "lk_analyte": "ANALYTE_ACCESSION GENE_SYMBOL\nANA1 IL2",
        "elisa_result": """
            RESULT_ID EXPSAMPLE_ACCESSION ANALYTE_PREFERRED ANALYTE_REPORTED
            1 ES1 ANA1 IL-2
            2 ES1 ANA9 il9
            3 ES1 IL2 IL2
            4 ES1 - IL2
            """,
        "expsample_2_treatment": """
            EXPSAMPLE_ACCESSION TREATMENT_ACCESSION
            ES1 TRT2
            ES1 TRT1
            ES1 TRT2
            """,
    }
    load = stage(warehouse, tables)
    found = staged(warehouse, load, "elisa", "analyte_accession", "analyte_preferred", "treatment_accession")
    assert found == [
        ("ANA1", "IL2", "TRT1,TRT2"),
        ("ANA9", None, "TRT1,TRT2"),
        (None, "IL2", "TRT1,TRT2"),
        (None, None, "TRT1,TRT2"),
    ]


def test_a_repeated_row_of_a_joined_table_repeats_nothing(warehouse: Warehouse) -> None:
    twice = {
        name: f"{content.strip()}\n{content.strip().splitlines()[-1]}"
        for name, content in SMALL.items()
        if isinstance(content, str)
    }
    load = stage(warehouse, {**twice, **{name: SMALL[name] for name in ("study", "hai_result", "expsample")}})
    assert len(staged(warehouse, load, "hai", "result_id")) == 2
    assert len(staged(warehouse, load, "expsample", "arm_accession")) == 2


def test_a_row_that_is_longer_than_those_that_it_is_made_of_is_staged_whole(warehouse: Warehouse) -> None:
    """Many rows of a table in one field: longer than a page of the table that was made for short rows."""
    words = [f"{number}_A_research_focus_of_forty_characters" for number in range(300)]
    rows = "\n".join(f"{number} {word} SDY1" for number, word in enumerate(words))
    focus = f"STUDY_CATEGORIZATION_ID RESEARCH_FOCUS STUDY_ACCESSION\n{rows}"
    load = stage(warehouse, {**SMALL, "study_categorization": focus})
    listed = "; ".join(word.replace("_", " ") for word in words)
    assert len(listed) > 8192
    assert staged(warehouse, load, "summary", "research_focus") == [(listed,)]
    assert len(staged(warehouse, load, "study_categorization", "row_number")) == 300
    assert len(staged(warehouse, load, "hai", "row_number")) == 2


def test_every_table_is_counted_read_or_not(warehouse: Warehouse) -> None:
    stage(warehouse, {**SMALL, "fcs_annotation": b"A\n1\n2\n", "workspace": b"A\n"})
    found = {name: (rows, read) for name, rows, read in warehouse.rows(
        "select table_name, rows, read_for from ops.package_table"
    )}  # fmt: skip
    assert found.keys() == {*SMALL, "fcs_annotation", "workspace"}
    assert found["fcs_annotation"] == (2, None)
    assert found["workspace"] == (0, None)
    assert found["hai_result"] == (2, "hai")


def test_unknown_and_missing_headers_are_drift(warehouse: Warehouse) -> None:
    tables = {**SMALL, "subject": "SUBJECT_ACCESSION SPECIES NEWS WORKSPACE_ID\nSUB1 Homo_sapiens x 1"}
    load = stage(warehouse, tables)
    drift = warehouse.rows("select field, kind, rows from ops.drift where endpoint = 'Tab/subject.txt'")
    assert ("news", "unknown", 1) in drift
    assert ("gender", "missing", 1) in drift
    assert {field for field, kind, _ in drift if kind == "unknown"} == {"news"}
    again = len(warehouse.rows("select * from ops.drift"))
    warehouse.stage(run_ledger.load(warehouse.engine, load))
    assert len(warehouse.rows("select * from ops.drift")) == again


@pytest.mark.parametrize("names", ["GENDER SPECIES GENDER", "GENDER gender SPECIES NEWS Gender NEWS"])
def test_a_header_name_that_is_there_twice_is_drift_and_its_last_column_counts(
    warehouse: Warehouse, names: str
) -> None:
    cells = {"GENDER": "Male", "gender": "Male", "SPECIES": "Homo_sapiens", "NEWS": "x"}
    header = names.split()
    row = [cells.get(name, "Female") for name in header]
    row[len(header) - 1 - [name.upper() for name in header][::-1].index("GENDER")] = "Female"
    subject = f"SUBJECT_ACCESSION WORKSPACE_ID {names}\nSUB1 1 {' '.join(row)}"
    load = stage(warehouse, {**SMALL, "subject": subject})
    drift = warehouse.rows("select field, kind, rows from ops.drift where endpoint = 'Tab/subject.txt'")
    news = [("news", "repeated", 1), ("news", "unknown", 1)] if "NEWS" in names else []
    assert sorted(item for item in drift if item[1] != "missing") == [("gender", "repeated", 1), *news]
    assert staged(warehouse, load, "hai", "gender")[0] == ("Female",)


def test_a_bad_line_is_quarantined_and_its_row_stays_as_it_was(warehouse: Warehouse) -> None:
    first = land_tables(warehouse, SMALL, "DR1")
    warehouse.stage(first)
    warehouse.pass_gate(first)
    warehouse.publish(first)
    rows = table(str(SMALL["hai_result"])).splitlines()
    broken = b"\n".join([rows[0], rows[1], rows[2].replace(b"<10", b"\xff\x00")]) + b"\n"
    second = land_tables(warehouse, {**SMALL, "hai_result": broken}, "DR2")
    warehouse.stage(second)
    ((endpoint, number, row),) = warehouse.rows(
        "select endpoint, row_number, row from quality.quarantine where rule = 'package_line'"
    )
    assert (endpoint, number, row["result_id"]) == ("hai", 3, "2")
    assert row["table"] == "Tab/hai_result.txt"
    assert "\\xff\\x00" in row["line"]
    assert "NUL" in row["problem"]
    outcome = warehouse.judge(second)
    assert (outcome.critical, outcome.quarantined) == ([], 1)
    done = warehouse.publish(second)
    assert next(change for change in done.changes if change.relation == "fact_hai").withdrawn == 0
    assert warehouse.rows("select value_reported from star.fact_hai order by 1") == [("40",), ("<10",)]
    assert warehouse.value("select count(*) from star.fact_hai", as_of="DR2") == 2


def test_a_bad_line_does_not_hide_a_good_row_of_its_number(warehouse: Warehouse) -> None:
    good = [b"PV%d\tDay\tSDY1" % number for number in range(2, 30)]
    load = land_tables(warehouse, with_lines("planned_visit", b"PV99", *good))
    warehouse.stage(load)
    assert warehouse.judge(load).critical == []
    warehouse.publish(load)
    assert warehouse.value("select count(*) from star.dim_planned_visit where planned_visit_key > 0") == 29


def test_ages_in_years_are_read_for_each_row_that_repeats_them(warehouse: Warehouse) -> None:
    """Packages of today have them; those of DR16 do not, and that is not news either."""
    ages = """
        ARM_ACCESSION SUBJECT_ACCESSION AGE_UNIT MIN_SUBJECT_AGE MAX_SUBJECT_AGE MIN_SUBJECT_AGE_IN_YEARS \
        MAX_SUBJECT_AGE_IN_YEARS
        ARM1 SUB1 Months 104 105 8.6666666667 8.75
        ARM2 SUB1 Months 106 107 8.8333333333 8.9166666667
        """
    columns = ("arm_accession", "min_subject_age_in_years", "max_subject_age_in_years")
    expected = {("ARM1", "8.6666666667", "8.75"), ("ARM2", "8.8333333333", "8.9166666667")}
    now, before = land_tables(warehouse, {**SMALL, "arm_2_subject": ages}), land_tables(warehouse, SMALL)
    for load, found in ((now, expected), (before, {("ARM1", None, None), ("ARM2", None, None)})):
        warehouse.stage(load)
        for endpoint in ("demographic", "biosample"):
            rows = set(staged(warehouse, load.load_id, endpoint, *columns))
            assert rows, endpoint
            assert rows <= found, endpoint
    assert warehouse.rows("select * from ops.drift where field like '%in_years'") == []
    assert warehouse.rows(
        "select distinct load_id, column_name from ops.unreported_column"
        " where endpoint = 'demographic' and column_name like '%in_years' order by 2"
    ) == [(before.load_id, name) for name in sorted(columns[1:])]


def test_bad_lines_of_a_joined_table_are_judged_by_its_size(warehouse: Warehouse) -> None:
    broken = [b"SUB%d" % number for number in range(2, 8)]
    load = land_tables(warehouse, with_lines("subject", *broken))
    warehouse.stage(load)
    assert warehouse.judge(load).critical == ["Tab/subject.txt: quarantine_share (6 of 7 rows quarantined)"]
    assert {row[0] for row in warehouse.rows("select endpoint from quality.quarantine")} == {
        "Tab/subject.txt"
    }
    # Of more rows, as many are few.
    good = [b"SUB%d\tFemale\tHomo sapiens" % number for number in range(8, 62)]
    load = land_tables(warehouse, with_lines("subject", *broken, *good))
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert (outcome.critical, outcome.quarantined) == ([], 0)
    assert len(warehouse.rows(f"select * from quality.quarantine where load_id = {load.load_id}")) == 6


@pytest.mark.parametrize(
    ("tables", "options", "message"),
    [
        ({**SMALL, "subject": b""}, {}, r"SDY1 DR1 package: SDY1-DR1_Tab.zip Tab/subject.txt: empty"),
        (
            {**SMALL, "subject": "A\tB\n".encode("utf-16")},
            {},
            "Tab/subject.txt: the header line is not UTF-8",
        ),
        ({"arm_or_cohort": SMALL["arm_or_cohort"]}, {}, "Tab/study.txt: it describes no study"),
        ({**SMALL, "study": "STUDY_ACCESSION\nSDY2"}, {}, "Tab/study.txt: it describes SDY2"),
        ({**SMALL, "study": "STUDY_ACCESSION\nSDY1\nSDY2"}, {}, "it describes SDY1, SDY2"),
        (SMALL, {"name": "SDY2-DR1_Tab.zip"}, "it is the package of SDY2 DR1"),
        (SMALL, {"name": "SDY1-DR2_Tab.zip"}, "it is the package of SDY1 DR2"),
        (SMALL, {"name": "SDY1.zip"}, "not the name of a package"),
        ({}, {}, "no table in it"),
    ],
)
def test_a_package_that_is_not_the_study_fails_it(
    tables: dict[str, str | bytes], options: dict[str, Any], message: str, warehouse: Warehouse
) -> None:
    load = land_tables(warehouse, tables, **options)
    with pytest.raises(LandingError, match=message):
        warehouse.stage(load)
    assert warehouse.rows("select * from ops.staged union all select * from ops.staged") == []
    assert warehouse.rows("select * from ops.package_table") == []


def test_a_flipped_bit_names_study_release_and_member(warehouse: Warehouse, tmp_path: Path) -> None:
    landing = warehouse.tools.landing
    fetch = Fetch("SDY1", "DR1", "f1")
    spool = landing.spool(fetch, "SDY1-DR1_Tab.zip")
    with zipfile.ZipFile(spool, "w", zipfile.ZIP_STORED) as archive:
        for name, content in SMALL.items():
            archive.writestr(f"Tab/{name}.txt", table(str(content)))
    spool.write_bytes(spool.read_bytes().replace(b"Homo sapiens", b"Homo sapienz", 1))
    landed = landing.keep(fetch, "SDY1-DR1_Tab.zip", spool, {})
    landing.write_manifest(fetch, [landed], source="http://x", release_date=None, started_at="")
    load = warehouse.open_load("SDY1", "DR1", "f1")
    with pytest.raises(LandingError, match=r"SDY1 DR1 package: SDY1-DR1_Tab.zip Tab/subject.txt: .*CRC"):
        warehouse.stage(load)


def test_a_fetch_without_a_package_is_refused(warehouse: Warehouse) -> None:
    load = warehouse.land(small_study())
    manifest = warehouse.tools.landing.read_manifest(Fetch("SDY1", "DR1", load.fetch_id))
    with warehouse.engine.connect() as connection, pytest.raises(LandingError, match="has no package"):
        unpack(connection, load.load_id, warehouse.tools.landing, manifest, [])


def test_a_package_that_changed_since_is_refused(warehouse: Warehouse) -> None:
    load = land_tables(warehouse, SMALL)
    path = next(Path(warehouse.tools.landing.root.path).rglob("*_Tab.zip"))
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(LandingError, match="changed since it was landed"):
        warehouse.stage(load)


def test_declared_results_are_compared_and_reported(warehouse: Warehouse) -> None:
    load = land_tables(warehouse, SMALL)
    warehouse.stage(load)
    warehouse.judge(load)
    query = (
        "select severity, success, unexpected_rows from quality.result where check_id = 'declared_results'"
    )
    assert warehouse.rows(query) == [("warning", True, 0)]
    fewer = {**SMALL, "hai_result": "\n".join(str(SMALL["hai_result"]).strip().splitlines()[:-1])}
    load = land_tables(warehouse, fewer)
    warehouse.stage(load)
    assert warehouse.judge(load).critical == []
    assert warehouse.rows(f"{query} and load_id = {load.load_id}") == [("warning", False, 1)]
    unstated = {**SMALL, "expsample": "EXPSAMPLE_ACCESSION EXPERIMENT_ACCESSION\nES1 EXP1"}
    load = land_tables(warehouse, unstated)
    warehouse.stage(load)
    warehouse.judge(load)
    assert warehouse.rows(f"{query} and load_id = {load.load_id}") == []
