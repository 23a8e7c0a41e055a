"""Rows of a small study beside its arms, samples and assays: clinical data, documents and files."""

from __future__ import annotations

from typing import Any

from include.sources.immport.endpoints import ENDPOINTS
from tests.support.warehouse import Study, full_row, small_study, subject


def of_subject(
    endpoint: str, who: int = 1, arm: int = 1, study: str = "SDY1", **values: Any
) -> dict[str, Any]:
    """A row that repeats its subject and arm, as far as the endpoint does."""
    known = set(ENDPOINTS[endpoint].names)
    repeated = {name: value for name, value in subject(who, arm, study).items() if name in known}
    return full_row(endpoint, **{**repeated, **values})


def lab_test(
    number: int = 1, value: str | None = "7.5", who: int = 1, arm: int = 1, **values: Any
) -> dict[str, Any]:
    given = {
        "labTestAccession": f"LT{number}",
        "labTestNameReported": "HGB",
        "labTestNamePreferred": "Hemoglobin",
        "labTestPanelAccession": "LP1",
        "labTestPanelNameReported": "CBC",
        "biosampleAccession": f"BS{who}",
        "plannedVisitAccession": "PV1",
        "resultValueReported": value,
        "resultUnitReported": "g/dL",
    }
    return of_subject("labtest", who, arm, **{**given, **values})


def assessment(number: int = 1, who: int = 1, arm: int = 1, **values: Any) -> dict[str, Any]:
    given = {
        "assessmentComponentAccession": f"AC{number}",
        "assessmentComponentNameReported": "Temp",
        "assessmentPanelAccession": "AP1",
        "assessmentPanelNameReported": "Vital signs",
        "plannedVisitAccession": "PV1",
        "resultValueReported": "37.2",
        "resultUnitReported": "Celsius",
        "studyDay": "0.00",
    }
    return of_subject("assessment", who, arm, **{**given, **values})


def intervention(number: int = 1, who: int = 1, arm: int = 1, **values: Any) -> dict[str, Any]:
    given = {"interventionAccession": f"SM{number}", "nameReported": "TIV", "dose": "0.50", "doseUnits": "ml"}
    return of_subject("intervention", who, arm, **{**given, **values})


def contract(grant: int = 1, program: int | None = 1, study: str = "SDY1", **values: Any) -> dict[str, Any]:
    given = {
        "studyAccession": study,
        "contractGrantId": grant,
        "contractGrantName": f"Grant {grant}",
        "contractGrantStartDate": "2010-01-01",
        "programId": program,
        "programName": None if program is None else f"Program {program}",
    }
    return full_row("contract", **{**given, **values})


def result_file(
    path: str, sample: str = "ES1", number: int = 1, study: str = "SDY1", **values: Any
) -> dict[str, Any]:
    given = {
        "filePathId": f"{number}_{sample}_BS1",
        "fileInfoId": number,
        "filePath": path,
        "sourceType": "EXPSAMPLE",
        "sourceAccession": sample,
        "studyAccession": study,
        "armAccession": "ARM1",
        "subjectAccession": "SUB1",
        "biosampleAccession": "BS1",
        "experimentAccession": "EXP1",
        "filesizeBytes": 10,
    }
    return full_row("filePath", **{**given, **values})


def stored(path: str, number: int = 1, study: str = "SDY1", **values: Any) -> dict[str, Any]:
    """A row of the manifest."""
    given = {
        "studyAccession": study,
        "fileUUID": f"00000000-0000-0000-0000-{number:012}",
        "path": path,
        "fileName": path.rpartition("/")[2],
        "fileType": "result_file",
        "filesizeBytes": 10,
        "generatedMD5": "d41d8cd98f00b204e9800998ecf8427e",
        "dateFileUpdated": "2021-04-12",
    }
    return full_row("manifest", **{**given, **values})


def records(study: str = "SDY1") -> Study:
    """A row of every endpoint beside arms, samples and assays."""
    own, path = {"studyAccession": study}, f"{study}/ResultFiles/plate.txt"
    return {
        "labtest": [lab_test(study=study)],
        "assessment": [assessment(study=study)],
        "intervention": [intervention(study=study)],
        "adverseEvent": [
            full_row(
                "adverseEvent", **own, adverseEventAccession="AE1", subjectAccession="SUB1", startStudyDay="2"
            )
        ],
        "immuneExposure": [
            of_subject(
                "immuneExposure",
                study=study,
                exposureAccession="IM1",
                exposureProcessReported="vaccination",
                diseaseReported="flu",
                diseasePreferred="influenza",
            )
        ],
        "condition": [
            full_row("condition", **own, conditionReported="flu", conditionPreferred="influenza"),
            full_row("condition", **own, conditionReported="flu DOID:8469", conditionPreferred="influenza"),
        ],
        "contract": [contract(study=study)],
        "file": [full_row("file", **own, studyFileAccession="SFL1", fileName="glossary.txt")],
        "filePath": [result_file(f"/{path}", study=study)],
        "inclusionExclusion": [
            full_row("inclusionExclusion", criterionAccession="CRIT1", criterionCategory="Inclusion")
        ],
        "link": [full_row("link", **own, studyLinkId=1, name="Site", value="https://study.invalid")],
        "manifest": [stored(path, study=study, number=int(study.removeprefix("SDY")))],
        "personnel": [
            full_row(
                "personnel",
                **own,
                personAccession=f"PSN{study.removeprefix('SDY')}",
                lastName="Tanaka",
                email="tanaka@study.invalid",
                roleInStudy="Statistician",
            )
        ],
        "protocol": [full_row("protocol", **own, protocolAccession="PTL1", name="Sampling")],
        "pubmed": [full_row("pubmed", **own, pubmedId="30000001", title="On flu")],
    }


def whole_study(study: str = "SDY1") -> Study:
    """A small study with everything."""
    return {**small_study(study=study), **records(study)}
