"""The package world: tables of every age joined into the rows ImmPort's API would give."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from include.sandbox.archive.package_world import PackageWorld, stand_in_date
from include.sandbox.archive.tab_reader import packages
from include.sources.immport.endpoints import SHARED_DATA
from include.sources.release import Release
from tests.sandbox.data import ARCHIVES, needs_data

DR16, DR25 = Release(16), Release(25)


def rows(world: PackageWorld, endpoint: str, release: Release, study: str = "SDY139") -> list[dict[str, Any]]:
    return list(world.rows(endpoint, study, release))


@pytest.fixture(scope="module")
def real() -> PackageWorld:
    return PackageWorld(ARCHIVES)


@needs_data
@pytest.mark.parametrize("release", [DR16, DR25])
def test_real_packages_give_all_rows_once(real: PackageWorld, release: Release) -> None:
    expected = {
        "arm": 1,
        "demographic": 62,
        "biosample": 149,
        "expsample": 1022,
        "experiment": 8,
        "plannedVisit": 7,
        "elispot": 466,
        "pcr": 456,
        "fcsAnalyzed": 52,
        "hai": 0,
        "mbaa": 0,
        "massSpectrometryResult": 0,
        "adverseEvent": 0,
        "assessment": 0,
        "condition": 1,
        "contract": 1,
        "file": 0,
        "immuneExposure": 0,
        "inclusionExclusion": 1,
        "intervention": 0,
        "labtest": 0,
        "link": 1,
        "personnel": 1,
        "protocol": 3,
        "pubmed": 1,
    }
    for name, count in expected.items():
        found = rows(real, name, release)
        assert len({tuple(row[field] for field in SHARED_DATA[name].key) for row in found}) == count, name
        assert len(found) == count, name


@needs_data
def test_result_ids_stay_and_columns_are_curated_between_real_releases(real: PackageWorld) -> None:
    for name in ("elispot", "pcr", "fcsAnalyzed"):
        before = {row["resultId"]: row for row in rows(real, name, DR16)}
        after = {row["resultId"]: row for row in rows(real, name, DR25)}
        assert before.keys() == after.keys()
        curated = [field for field in SHARED_DATA[name].names if field.endswith("Preferred")]
        assert {row.get(field) for row in before.values() for field in curated} == {None}
        for field in (
            "subjectAccession",
            "biosampleAccession",
            "studyTimeCollected",
            "plannedVisitAccession",
        ):
            assert all(before[key][field] == after[key][field] for key in before), field
    spots = rows(real, "elispot", DR25)
    assert all(row["cellNumberPreferred"] is not None for row in spots)
    assert {row["analyteAccession"] for row in spots if row["analytePreferred"] == "IL2"} == {"ANA148"}
    assert {row["analyteReported"] for row in rows(real, "elispot", DR16)} >= {"IL-2", "IL-4"}


@needs_data
def test_headers_that_changed_meet_in_one_field(real: PackageWorld) -> None:
    for name, field in (
        ("fcsAnalyzed", "populationStatisticReported"),
        ("fcsAnalyzed", "populationStatUnitReported"),
        ("pcr", "geneId"),
        ("pcr", "geneSymbolReported"),
    ):
        both = [
            {row["resultId"]: row[field] for row in rows(real, name, release)} for release in (DR16, DR25)
        ]
        assert None not in both[0].values()
        assert both[0] == both[1], (name, field)
    for release in (DR16, DR25):
        assert all(row["name"] for row in rows(real, "plannedVisit", release))
        assert all(row["name"] for row in rows(real, "experiment", release))
        assert rows(real, "arm", release)[0]["typeReported"] == "Observational"


@needs_data
def test_a_real_row_is_joined_from_all_its_tables(real: PackageWorld) -> None:
    row = next(row for row in rows(real, "elispot", DR25) if row["resultId"] == 8675)
    assert {field: str(row[field]) for field in SHARED_DATA["elispot"].names if row[field] is not None} == {
        "resultId": "8675",
        "ageEvent": "Age at Study Day 0",
        "ageUnit": "Months",
        "analyteAccession": "ANA148",
        "analytePreferred": "IL2",
        "analyteReported": "IL-2",
        "armAccession": "ARM678",
        "armName": "BALB/c",
        "biosampleAccession": "BS645679",
        "biosampleType": "Cell",
        "biosampleSubtype": "Non-Tfh cells from draining lymph nodes",
        "cellNumberPreferred": "1000000",
        "cellNumberReported": "1000000",
        "clinical": "N",
        "comments": "622.8571 IL-2  Secreting cells per 1.00E+06 Non-TfH cells",
        "experimentAccession": "EXP11256",
        "expsampleAccession": "ES661770",
        "gender": "Unknown",
        "maxSubjectAge": "2.00",
        "measurementTechnique": "ELISPOT",
        "minSubjectAge": "2.00",
        "plannedVisitAccession": "PV3013",
        "species": "Mus musculus",
        "spotNumberPreferred": "622.8571000000001",
        "spotNumberReported": "622.8571",
        "strain": "BALB/c",
        "studyAccession": "SDY139",
        "studyTitle": "The peptide specificity of the endogenous T follicular helper cell repertoire "
        "generated after protein immunization",
        "studyTimeCollected": "8.00",
        "studyTimeCollectedUnit": "Days",
        "studyTimeT0Event": "Time of initial vaccine administration",
        "subjectAccession": "SUB118053",
        "subjectPhenotype": "This record represents pooling of 50-70 BALB/c mice immunized with MalE "
        "containing the HA-derived S1 epitope",
    }


@needs_data
def test_a_real_study_says_the_release_of_its_package(real: PackageWorld) -> None:
    for release in (DR16, DR25):
        study = rows(real, "study", release)[0]
        assert study["latestDataReleaseVersion"] == str(release)
        assert study["latestDataReleaseDate"] == stand_in_date(release).isoformat()
        counts = real.document("SDY139", release)["assay_method_count"]
        assert sorted(count.partition(" (")[2] for count in counts) == ["456)", "466)", "52)"]
    assert rows(real, "study", DR25)[0]["initialDataReleaseVersion"] == "DR4"


STUDY = (
    "STUDY_ACCESSION\tBRIEF_TITLE\tBRIEF_DESCRIPTION\tCLINICAL_TRIAL\tMINIMUM_AGE\tACTUAL_START_DATE"
    "\tLATEST_DATA_RELEASE_VERSION\tLATEST_DATA_RELEASE_DATE\n"
    "{study}\tA \"quoted title\t'NA'\tY\t27\t2017-06-01 00:00:00\t{release}\t2020-05-06 00:00:00\n"
)


def package(folder: Path, name: str, tables: dict[str, str], top: str = "{stem}/Tab/") -> None:
    """Write a package with its study and these tables."""
    study, release = name.removesuffix("_Tab.zip").split("-")
    with zipfile.ZipFile(folder / name, "w") as archive:
        for table, text in {"study": STUDY.format(study=study, release=release), **tables}.items():
            archive.writestr(top.format(stem=name.removesuffix(".zip")) + f"{table}.txt", text)
        archive.writestr("../escape.txt", "never unpacked")
        archive.writestr(top.format(stem="x") + "protocols/hai_result.txt", "RESULT_ID\n1\n")


def test_package_text_is_taken_as_it_is(tmp_path: Path) -> None:
    hai = 'RESULT_ID\tVALUE_REPORTED\tVIRUS_STRAIN\tCOMMENTS\n7\tNA\t"half\t\n8\tnull\tIFN-\u03b3\tsaid "x"\n'
    package(tmp_path, "SDY5-DR9_Tab.zip", {"hai_result": hai}, top="Tab/")
    world = PackageWorld(tmp_path)
    one, two = rows(world, "hai", Release(9), "SDY5")
    assert (one["resultId"], one["valueReported"], one["virusStrainReported"]) == (7, "NA", '"half')
    assert (one["comments"], two["comments"], two["valueReported"]) == (None, 'said "x"', "null")
    assert two["virusStrainReported"] == "IFN-\u03b3"
    assert one.get("armName") is None
    study = rows(world, "study", Release(9), "SDY5")[0]
    assert (study["briefTitle"], study["briefDescription"]) == ('A "quoted title', "'NA'")
    assert (study["minimumAge"], study["actualStartDate"]) == ("  27.00", "2017-06-01")


def test_a_study_keeps_its_newest_package_up_to_the_release(tmp_path: Path) -> None:
    for name in ("SDY2-DR9_Tab.zip", "SDY10-DR9_Tab.zip", "SDY2-DR49.1_Tab.zip", "SDY3-DR49_Tab.zip"):
        package(tmp_path, name, {})
    (tmp_path / "README.md").write_text("not a package")
    world = PackageWorld(tmp_path)
    nine, old, point = Release(9), Release(49), Release(49, 1)
    assert list(world.releases) == [nine, old, point]
    assert world.studies(nine) == ["SDY2", "SDY10"]
    assert world.studies(old) == ["SDY2", "SDY3", "SDY10"]
    for release, version in ((old, "DR9"), (point, "DR49.1")):
        assert rows(world, "study", release, "SDY2")[0]["latestDataReleaseVersion"] == version
    assert world.releases[point] == date(2020, 5, 6)  # as study.txt of that very release says
    assert PackageWorld(tmp_path).name == world.name != PackageWorld(_moved(tmp_path)).name


def _moved(folder: Path) -> Path:
    other = folder / "other"
    other.mkdir()
    package(other, "SDY2-DR9_Tab.zip", {})
    return other


def test_fan_out_and_controls(tmp_path: Path) -> None:
    tables = {
        "arm_or_cohort": "ARM_ACCESSION\tNAME\tTYPE\nARM1\tone\t\nARM2\ttwo\t\n",
        "subject": "SUBJECT_ACCESSION\tSEX\nSUB1\tFemale\n",
        "arm_2_subject": "ARM_ACCESSION\tSUBJECT_ACCESSION\tMIN_SUBJECT_AGE\tAGE_UNIT\n"
        "ARM1\tSUB1\t6\tMonths\nARM2\tSUB1\t7\tYears\n",
        "biosample": "BIOSAMPLE_ACCESSION\tSUBJECT_ACCESSION\tTYPE\nBS1\tSUB1\tSerum\n",
        "expsample_2_treatment": "EXPSAMPLE_ACCESSION\tTREATMENT_ACCESSION\nES1\tTRT1\nES1\tTRT2\n",
        "mbaa_result": "RESULT_ID\tARM_ACCESSION\tBIOSAMPLE_ACCESSION\tSUBJECT_ACCESSION\tSOURCE_TYPE"
        "\tSOURCE_ACCESSION\tCONCENTRATION_VALUE\n"
        "1\tARM2\tBS1\tSUB1\tEXPSAMPLE\tES1\t3.5\n2\t\t\t\tCONTROL SAMPLE\tCS1\tOOR\n",
    }
    tables |= {
        "expsample": "EXPSAMPLE_ACCESSION\tEXPERIMENT_ACCESSION\nES1\tEXP1\nES2\tEXP1\n",
        "biosample_2_expsample": "BIOSAMPLE_ACCESSION\tEXPSAMPLE_ACCESSION\nBS1\tES1\nBS1\tES2\n",
        "expsample_2_file_info": "EXPSAMPLE_ACCESSION\tFILE_INFO_ID\tDATA_FORMAT\n"
        "ES1\t4\ta\nES1\t4\tb\nES2\t4\ta\n",
        "file_info": "FILE_INFO_ID\tDETAIL\tNAME\tFILESIZE_BYTES\n4\tHAI result\thai.txt\t12\n",
    }
    package(tmp_path, "SDY5-DR9_Tab.zip", tables)
    world, release = PackageWorld(tmp_path), Release(9)
    files = rows(world, "filePath", release, "SDY5")
    assert [row["filePathId"] for row in files] == ["4_ES1_BS1", "4_ES2_BS1"]
    assert {(row["filePath"], row["filesizeBytes"]) for row in files} == {
        ("/SDY5/ResultFiles/HAI_result/hai.txt", 12)
    }
    measured = rows(world, "expsample", release, "SDY5")
    assert [(row["expsampleAccession"], row["armName"]) for row in measured] == [
        (sample, arm) for sample in ("ES1", "ES2") for arm in ("one", "two")
    ]
    samples = rows(world, "biosample", release, "SDY5")
    assert [(row["armName"], row["min_subject_age_in_years"]) for row in samples] == [
        ("one", "0.5"),
        ("two", "7.0"),
    ]
    bead, control = rows(world, "mbaa", release, "SDY5")
    assert (bead["armName"], str(bead["minSubjectAge"]), bead["gender"]) == (
        "two",
        "7.00",
        "Female",
    )
    assert (bead["treatmentAccession"], bead["concentrationValueReported"]) == ("TRT1,TRT2", "3.5")
    assert {control[name] for name in ("armName", "subjectAccession", "gender", "biosampleType")} == {None}
    assert (control["sourceType"], control["concentrationValueReported"]) == ("CONTROL SAMPLE", "OOR")


def test_only_packages_are_packages(tmp_path: Path) -> None:
    for name in ("SDY1-DR2_MySQL.zip", "SDY1_Tab.zip", "SDY1-DR2_Tab.zip.part"):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match="no package"):
        packages(tmp_path)


@needs_data
def test_grants_and_terms_meet_under_todays_names(real: PackageWorld) -> None:
    for release in (DR16, DR25):
        (grant,) = rows(real, "contract", release)
        assert grant["externalId"] == "HHSN266200700008C"
        assert grant["contractGrantName"] == "New York Influenza Center of Excellence"
        assert grant["contractGrantDescription"].startswith("The New York Influenza Center")
        assert (grant["contractGrantEndDate"], grant["programId"]) == ("2015-11-03", 19)
        assert grant["programName"].startswith("NIAID Centers of Excellence")
        sexes = real.vocabulary(SHARED_DATA["lkSex"], release)
        assert {row["name"] for row in sexes} >= {"Female", "Male", "Unknown"}
        roles = list(real.vocabulary(SHARED_DATA["lkPersonnelRole"], release))
        assert all(row["description"] for row in roles)
        ids = [row["id"] for row in real.vocabulary(SHARED_DATA["lkDataCompleteness"], release)]
        assert ids == [0, 1, 2]


def test_a_package_with_clinical_tables(tmp_path: Path) -> None:
    """The real packages have none of these filled: joined from tables of both ages."""
    study = ("STUDY_ACCESSION\tBRIEF_TITLE\tCLINICAL_TRIAL\tCONDITION_STUDIED", "SDY7\tTitle\tY\tasthma")
    people = {
        "study": study,
        "arm_or_cohort": ("ARM_ACCESSION\tNAME", "ARM1\tOne", "ARM2\tTwo"),
        "subject": ("SUBJECT_ACCESSION\tGENDER", "SUB1\tFemale"),
        "arm_2_subject": (
            "ARM_ACCESSION\tSUBJECT_ACCESSION\tMIN_SUBJECT_AGE\tAGE_UNIT",
            "ARM1\tSUB1\t24\tMonths",
            "ARM2\tSUB1\t36\tMonths",
        ),
        "biosample": ("BIOSAMPLE_ACCESSION\tSUBJECT_ACCESSION\tPLANNED_VISIT_ACCESSION", "BS1\tSUB1\tPV1"),
    }
    new = {
        "lab_test": ("LAB_TEST_ACCESSION\tLAB_TEST_PANEL_ACCESSION\tBIOSAMPLE_ACCESSION\tNAME_REPORTED"
                     "\tRESULT_VALUE_PREFERRED", "LT1\tLP1\tBS1\tHGB\t12.50"),
        "lab_test_panel": ("LAB_TEST_PANEL_ACCESSION\tNAME_REPORTED", "LP1\tCBC"),
        "assessment_component": ("ASSESSMENT_COMPONENT_ACCESSION\tASSESSMENT_PANEL_ACCESSION"
                                 "\tSUBJECT_ACCESSION\tNAME_REPORTED", "AC1\tAP1\tSUB1\tTemp"),
        "assessment_panel": ("ASSESSMENT_PANEL_ACCESSION\tNAME_REPORTED\tSTATUS", "AP1\tVitals\tdone"),
        "intervention": ("INTERVENTION_ACCESSION\tSUBJECT_ACCESSION\tNAME_REPORTED", "SM1\tSUB1\tdrug"),
        "immune_exposure": ("EXPOSURE_ACCESSION\tARM_ACCESSION\tSUBJECT_ACCESSION\tDISEASE_REPORTED",
                            "IM1\tARM2\tSUB1\tflu"),
    }  # fmt: skip
    old = {
        "lab_test": ("LAB_TEST_ACCESSION\tBIOSAMPLE_ACCESSION\tNAME_REPORTED\tPANEL_NAME_REPORTED"
                     "\tRESULT_VALUE_PREFERRED", "LT1\tBS1\tHGB\tCBC\t12.50"),
        "assessment": ("ASSESSMENT_COMPONENT_ACCESSION\tASSESSMENT_PANEL_ACCESSION\tSUBJECT_ACCESSION"
                       "\tCOMPONENT_NAME_REPORTED\tPANEL_NAME_REPORTED", "AC1\tAP1\tSUB1\tTemp\tVitals"),
        "substance_merge": ("MERGE_ACCESSION\tSUBJECT_ACCESSION\tMERGE_NAME_REPORTED", "SM1\tSUB1\tdrug"),
    }  # fmt: skip
    for version, tables in (("DR16", old), ("DR25", new)):
        with zipfile.ZipFile(tmp_path / f"SDY7-{version}_Tab.zip", "w") as archive:
            for name, lines in (people | tables).items():
                archive.writestr(f"Tab/{name}.txt", "\n".join(lines) + "\n")
    world = PackageWorld(tmp_path)
    for release in (DR16, DR25):
        tests = rows(world, "labtest", release, "SDY7")
        assert [(row["armAccession"], row["armName"], row["min_subject_age_in_years"]) for row in tests] == [
            ("ARM1", "One", "2.0"),
            ("ARM2", "Two", "3.0"),
        ]
        for row in tests:
            assert (row["labTestPanelNameReported"], row["labTestNameReported"]) == ("CBC", "HGB")
            assert (row["plannedVisitAccession"], str(row["resultValuePreferred"])) == ("PV1", "12.50")
            assert (row["gender"], row["studyAccession"]) == ("Female", "SDY7")
        for row in rows(world, "assessment", release, "SDY7"):
            reported = (row["assessmentComponentNameReported"], row["assessmentPanelNameReported"])
            assert reported == ("Temp", "Vitals")
        given = rows(world, "intervention", release, "SDY7")
        assert [row["interventionAccession"] for row in given] == ["SM1", "SM1"]
        assert {row["nameReported"] for row in given} == {"drug"}
        (condition,) = rows(world, "condition", release, "SDY7")
        assert (condition["conditionReported"], condition["conditionPreferred"]) == ("asthma", None)
        assert world.document("SDY7", release)["has_lab_test"] == "Y"
    (exposure,) = rows(world, "immuneExposure", DR25, "SDY7")
    assert (exposure["armName"], exposure["diseaseReported"]) == ("Two", "flu")
    assert rows(world, "immuneExposure", DR16, "SDY7") == []
