"""Tables of a package other than assays: interventions, observations of subjects, study documents."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from include.sandbox.archive.joined_rows import BIOSAMPLE, Joins, columns, enrich, pick, spread
from include.sources.endpoint import Endpoint

#: Endpoints that are one table under its own column names.
_TABLES = {
    "adverseEvent": "adverse_event",
    "file": "study_file",
    "inclusionExclusion": "inclusion_exclusion",
    "link": "study_link",
    "personnel": "study_personnel",
    "protocol": "protocol",
    "pubmed": "study_pubmed",
}
_ASSESSMENT = {
    "assessmentComponentNamePreferred": "NAME_PREFERRED",
    "assessmentComponentNameReported": "NAME_REPORTED",
    # Older packages repeat the panel on each component.
    "assessmentPanelNamePreferred": "PANEL_NAME_PREFERRED",
    "assessmentPanelNameReported": "PANEL_NAME_REPORTED",
}
_ASSESSMENT_PANEL = {
    "assessmentPanelAccession": "ASSESSMENT_PANEL_ACCESSION",
    "assessmentType": "ASSESSMENT_TYPE",
    "assessmentPanelNamePreferred": "NAME_PREFERRED",
    "assessmentPanelNameReported": "NAME_REPORTED",
    "resultSchema": "RESULT_SCHEMA",
    "status": "STATUS",
}
_LAB_TEST = {
    "labTestAccession": "LAB_TEST_ACCESSION",
    "labTestPanelAccession": "LAB_TEST_PANEL_ACCESSION",
    "labTestPanelNamePreferred": "PANEL_NAME_PREFERRED",
    "labTestPanelNameReported": "PANEL_NAME_REPORTED",
    "biosampleAccession": "BIOSAMPLE_ACCESSION",
    "labTestNamePreferred": "NAME_PREFERRED",
    "labTestNameReported": "NAME_REPORTED",
    "resultUnitPreferred": "RESULT_UNIT_PREFERRED",
    "resultUnitReported": "RESULT_UNIT_REPORTED",
    "resultValuePreferred": "RESULT_VALUE_PREFERRED",
    "resultValueReported": "RESULT_VALUE_REPORTED",
}
_LAB_TEST_PANEL = {
    "labTestPanelAccession": "LAB_TEST_PANEL_ACCESSION",
    "labTestPanelNamePreferred": "NAME_PREFERRED",
    "labTestPanelNameReported": "NAME_REPORTED",
}
_GRANT = {
    "contractGrantId": "CONTRACT_GRANT_ID",
    "contractGrantCategory": "CATEGORY",
    "contractGrantDescription": "DESCRIPTION",
    "contractGrantEndDate": "END_DATE",
    "externalId": "EXTERNAL_ID",
    "contractGrantLink": "LINK",
    "contractGrantName": "NAME",
    "contractGrantStartDate": "START_DATE",
    "programId": "PROGRAM_ID",
}
_PROGRAM = {
    "programId": "PROGRAM_ID",
    "programCategory": "CATEGORY",
    "programDescription": "DESCRIPTION",
    "programEndDate": "END_DATE",
    "programLink": "LINK",
    "programName": "NAME",
    "programShortName": "SHORT_NAME",
    "programStartDate": "START_DATE",
}
_GRANT_OF = {"contractGrantId": "CONTRACT_GRANT_ID", "studyAccession": "STUDY_ACCESSION"}
_CONDITION = {"conditionReported": "CONDITION_REPORTED", "conditionPreferred": "CONDITION_PREFERRED"}


class Records(Joins):
    """All rows of one package."""

    def rows(self, endpoint: Endpoint) -> pd.DataFrame:
        """Rows under ImmPort's API names; an endpoint no table belongs to has none."""
        made: dict[str, Callable[[Endpoint], pd.DataFrame]] = {
            "assessment": self._assessments,
            "condition": self._conditions,
            "contract": self._contracts,
            "immuneExposure": self._exposures,
            "intervention": self._interventions,
            "labtest": self._lab_tests,
        }
        if endpoint.name in made:
            return self.of_study(made[endpoint.name](endpoint))
        if endpoint.name in _TABLES:
            return self.of_study(self.read(_TABLES[endpoint.name], columns(endpoint)))
        return super().rows(endpoint)

    def _own(self, table: str, endpoint: Endpoint, named: dict[str, str] | None = None) -> pd.DataFrame:
        """The columns of a table that are fields of the endpoint, and those that have another name."""
        found = self._table(table)
        same = {name: column for name, column in columns(endpoint).items() if column in found}
        return pick(found, {"subjectAccession": "SUBJECT_ACCESSION", **same, **(named or {})})

    def _of_subjects(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Repeat rows for each arm of their subject."""
        return self.who(spread(rows, self.participations(), "subjectAccession"))

    def _assessments(self, endpoint: Endpoint) -> pd.DataFrame:
        rows = self._own("assessment_component", endpoint, _ASSESSMENT)
        rows = rows if "assessmentPanelAccession" in rows else rows.assign(assessmentPanelAccession="")
        panels = self.read("assessment_panel", _ASSESSMENT_PANEL)
        return self._of_subjects(enrich(rows, panels, "assessmentPanelAccession"))

    def _lab_tests(self, endpoint: Endpoint) -> pd.DataFrame:
        rows = enrich(
            self.read("lab_test", _LAB_TEST),
            self.read("lab_test_panel", _LAB_TEST_PANEL),
            "labTestPanelAccession",
        )
        return self._of_subjects(enrich(rows, self.read("biosample", BIOSAMPLE), "biosampleAccession"))

    def _interventions(self, endpoint: Endpoint) -> pd.DataFrame:
        return self._of_subjects(self._own("intervention", endpoint))

    def _exposures(self, endpoint: Endpoint) -> pd.DataFrame:
        rows = self._own("immune_exposure", endpoint)
        rows = rows if "armAccession" in rows else rows.assign(armAccession="")
        return self.who(enrich(rows, self.participations(), "armAccession", "subjectAccession"))

    def _contracts(self, endpoint: Endpoint) -> pd.DataFrame:
        """The grants of the study; a package older than DR25 does not link them, but has no others."""
        rows = self.read("contract_grant", _GRANT)
        links = self.read("contract_grant_2_study", _GRANT_OF)
        if not links.empty:
            own = links.loc[links["studyAccession"] == self.package.study, "contractGrantId"]
            rows = rows[rows["contractGrantId"].isin(own)]
        return enrich(rows, self.read("program", _PROGRAM), "programId")

    def _conditions(self, endpoint: Endpoint) -> pd.DataFrame:
        rows = self.read("study_2_condition_or_disease", _CONDITION)
        if rows.empty:  # a table of newer packages; before, the study named what it studied
            rows = self.read("study", {**_CONDITION, "conditionReported": "CONDITION_STUDIED"})
        return rows[rows["conditionReported"] != ""]
