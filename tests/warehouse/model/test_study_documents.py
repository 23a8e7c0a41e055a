"""Papers, persons, grants and files: studies share one member, and the bridge rows follow each study."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from include.sources.immport.endpoints import SERVED
from include.warehouse.model.study_documents import BRIDGES
from include.warehouse.schema.ops_tables import STAGED
from tests.support.clinical import contract, result_file, stored, whole_study
from tests.support.warehouse import Study, Warehouse, apart, full_row, small_study


def other_study() -> Study:
    return apart(whole_study("SDY2"), "00")


def test_every_bridge_refers_to_its_study(warehouse: Warehouse) -> None:
    warehouse.load(whole_study())
    for bridge in (item for item in BRIDGES if item.endpoint in SERVED):
        bridged = warehouse.value(
            f"select count(*) from star.{bridge.relation} b join star.dim_study s using (study_key)"
            " where s.study_accession = 'SDY1'"
        )
        assert bridged == (2 if bridge.name == "study_condition" else 1), bridge.name


def test_a_program_of_two_studies_is_one_and_the_newest_description_shows(warehouse: Warehouse) -> None:
    warehouse.load({**whole_study(), "contract": [contract(1, 7, programName="Old name")]}, "DR1")
    other = {**other_study(), "contract": [contract(2, 7, study="SDY2", programName="New name")]}
    warehouse.load(other, "DR2", study="SDY2")
    programs = "select program_id, name from star.dim_program where member = 'known'"
    assert warehouse.rows(programs, "DR1") == [(7, "Old name")]
    assert warehouse.rows(programs) == [(7, "New name")]
    bridged = """
        select s.study_accession, g.name, p.program_id from star.bridge_study_grant b
        join star.dim_study s on s.study_key = b.study_key join star.dim_grant g on g.grant_key = b.grant_key
        join star.dim_program p on p.program_key = b.program_key order by 1"""
    assert warehouse.rows(bridged) == [("SDY1", "Grant 1", 7), ("SDY2", "Grant 2", 7)]
    warehouse.withdraw("SDY2", "DR3")
    assert warehouse.rows(programs) == [(7, "Old name")]
    assert warehouse.rows(bridged) == [("SDY1", "Grant 1", 7)]
    warehouse.withdraw("SDY1", "DR4")
    assert warehouse.rows(programs) == []


def test_a_grant_of_several_programs_keeps_them_all(warehouse: Warehouse) -> None:
    rows = [contract(1, 1), contract(1, 2), contract(2, None), contract(3, 1)]
    warehouse.load({**small_study(), "contract": rows})
    assert warehouse.rows("""
        select b.grant_program_id, g.contract_grant_id, p.program_id, p.member, b.weight
        from star.bridge_study_grant b join star.dim_grant g on g.grant_key = b.grant_key
        join star.dim_program p on p.program_key = b.program_key order by 1""") == [
        ("1/1", 1, 1, "known", Decimal("0.25")),
        ("1/2", 1, 2, "known", Decimal("0.25")),
        ("2/", 2, None, "unknown", Decimal("0.25")),
        ("3/1", 3, 1, "known", Decimal("0.25")),
    ]
    assert warehouse.value("select count(*) from star.dim_grant where member = 'known'") == 3


def test_a_publication_of_two_studies_is_one(warehouse: Warehouse) -> None:
    warehouse.load(whole_study())
    warehouse.load(other_study(), study="SDY2")
    assert warehouse.rows("""
        select p.title, count(distinct b.study_key) from star.bridge_study_pubmed b
        join star.dim_publication p using (publication_key) group by 1""") == [("On flu", 2)]


def test_conditions_weigh_one_per_study(warehouse: Warehouse) -> None:
    warehouse.load(whole_study())
    warehouse.load({**other_study(), "condition": other_study()["condition"][:1]}, study="SDY2")
    assert warehouse.rows("""
        select d.disease_preferred, count(*), sum(b.weight) from star.bridge_study_condition b
        join star.dim_disease d using (disease_key) group by 1""") == [("influenza", 3, 2)]


def test_an_address_is_kept_and_not_shown(warehouse: Warehouse) -> None:
    warehouse.load(whole_study())
    assert warehouse.rows("select email from history.dim_person where load_id > 0") == [
        ("tanaka@study.invalid",)
    ]
    shown = "select to_jsonb(p)::text from star.dim_person p where member = 'known'"
    assert "Tanaka" in warehouse.value(shown)
    assert "@" not in warehouse.value(shown)


def test_a_result_file_meets_its_description_whatever_stroke_leads_its_path(warehouse: Warehouse) -> None:
    nobody: dict[str, Any] = dict.fromkeys(("subjectAccession", "armAccession", "biosampleAccession"))
    rows = {
        **small_study(),
        "manifest": [
            stored("SDY1/ResultFiles/a.txt"),
            stored("SDY1/Protocols/p.docx", 2, fileType="protocol_file"),
        ],
        "filePath": [
            result_file("/SDY1/ResultFiles/a.txt", "ES1"),
            result_file("/SDY1/ResultFiles/a.txt", "ES2"),
            result_file("/SDY1/ResultFiles/gone.txt", "ES1", 2),
            result_file("/SDY1/ResultFiles/std.txt", "STD1", 3, sourceType="STANDARD_CURVE", **nobody),
        ],
    }
    load = warehouse.land(rows)
    warehouse.stage(load)
    assert warehouse.judge(load).critical == []
    warehouse.publish(load)
    assert warehouse.rows("""
        select f.file_path_id, d.path, d.member, f.file_info_id, e.expsample_accession, f.subject_key > 0
        from star.fact_result_file f join star.dim_file d using (file_key)
        join star.dim_expsample e on e.expsample_key = f.expsample_key order by 1""") == [
        ("1_ES1_BS1", "SDY1/ResultFiles/a.txt", "known", 1, "ES1", True),
        ("1_ES2_BS1", "SDY1/ResultFiles/a.txt", "known", 1, "ES2", True),
        ("2_ES1_BS1", None, "unknown", 2, "ES1", True),
        ("3_STD1_BS1", None, "unknown", 3, None, False),
    ]
    assert warehouse.value("select count(*) from star.fact_result_file where subject_key = -1") == 1


def test_two_files_of_one_path_are_two_and_results_lead_to_their_own(warehouse: Warehouse) -> None:
    path = "SDY1/ResultFiles/a.txt"
    manifest = [stored(path, n, fileAccession=str(n), filesizeBytes=10 * n) for n in (1, 2)]
    named = [result_file(f"/{path}", number=n, filesizeBytes=10 * n) for n in (1, 2, 3)]
    load = warehouse.land({**small_study(), "manifest": manifest, "filePath": named})
    warehouse.stage(load)
    assert warehouse.judge(load).critical == []
    warehouse.publish(load)
    assert warehouse.value("select count(*) from star.dim_file where path is not null") == 2
    # Which of the two the third is, nothing says.
    assert warehouse.rows("""
        select f.file_info_id, d.member, d.file_accession, d.filesize_bytes
        from star.fact_result_file f join star.dim_file d using (file_key) order by 1""") == [
        (1, "known", "1", 10), (2, "known", "2", 20), (3, "unknown", None, None),
    ]  # fmt: skip
    assert warehouse.rows("select files, without_uuid, of_samples from mart.file_inventory order by 2") == [
        (2, 0, 2), (1, 1, 1),
    ]  # fmt: skip
    assert (
        warehouse.value("select files from mart.expsample_inventory where expsample_accession = 'ES1'") == 3
    )


def test_a_load_without_a_manifest_leaves_results_with_their_files(warehouse: Warehouse) -> None:
    path = "SDY1/ResultFiles/a.txt"
    warehouse.load({**small_study(), "manifest": [stored(path)], "filePath": [result_file(f"/{path}")]})
    load = warehouse.land({**small_study(), "filePath": [result_file(f"/{path}")]}, "DR2")
    warehouse.stage(load)
    with warehouse.engine.begin() as connection:
        connection.execute(sa.update(STAGED).where(STAGED.c.endpoint == "manifest").values(is_known=False))
    warehouse.pass_gate(load)
    assert warehouse.publish(load).rows_written == 0
    assert (
        warehouse.value("select path from star.fact_result_file join star.dim_file using (file_key)") == path
    )


def test_a_file_that_changed_has_a_version_each(warehouse: Warehouse) -> None:
    path = "SDY1/StudyFiles/a.txt"
    warehouse.load({**small_study(), "manifest": [stored(path)]}, "DR1")
    warehouse.load(
        {**small_study(), "manifest": [stored(path, generatedMD5="0" * 32, filesizeBytes=11)]}, "DR2"
    )
    file = "select filesize_bytes, left(generated_md5, 4) from star.dim_file where member = 'known'"
    assert warehouse.rows(file, "DR1") == [(10, "d41d")]
    assert warehouse.rows(file) == [(11, "0000")]


def test_bridges_follow_the_releases(warehouse: Warehouse) -> None:
    warehouse.load(whole_study(), "DR1")
    second = [
        full_row("pubmed", studyAccession="SDY1", pubmedId=f"3000000{n}", title="On flu") for n in (2, 3)
    ]
    done = warehouse.load({**whole_study(), "pubmed": second}, "DR2")
    (change,) = [item for item in done.changes if item.relation == "bridge_study_pubmed"]
    assert (change.added, change.withdrawn) == (2, 1)
    count = "select count(*) from star.bridge_study_pubmed"
    assert [warehouse.value(count, release) for release in ("DR1", "DR2")] == [1, 2]
