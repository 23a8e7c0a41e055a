"""How the rows of each endpoint are made of the tables of a Tab package: in SQL, as ImmPort's API views do.

A recipe says only what its base table and its joins do not say by their names. A field is taken from the
base table's column of that name and from the joins that give it, the first that is not null; or from the
recipe's own SQL.
"""

from __future__ import annotations

from include.sources.model import snake_case
from include.sources.package_joins import (
    EACH_BIOSAMPLE,
    STUDY,
    Join,
    Recipe,
    analyte,
    arm,
    biosample,
    experiment,
    gives,
    in_each_arm,
    in_its_arm,
    in_one_arm,
    once,
    subject,
    treatments,
)
from include.sources.package_only import PACKAGE_ENDPOINTS
from include.sources.results import RESULT_ENDPOINTS


def _result(table: str, *, sample: str = "t.expsample_accession", preferred: str | None = None) -> Recipe:
    """Results of an assay: one row each, with what is known of subject, sample, experiment and study.

    :param sample: SQL of the experiment sample whose treatments they have.
    :param preferred: field with the preferred analyte or gene.
    """
    who = "coalesce(t.subject_accession, sample.subject_accession)"
    joins: tuple[Join, ...] = (
        STUDY,
        biosample("t.biosample_accession"),
        in_its_arm("t.arm_accession", who),
        arm("t.arm_accession"),
        subject(who),
        experiment("t.experiment_accession"),
        treatments(sample),
    )
    if preferred is None:
        return Recipe(table, joins)
    join, symbol = analyte(f"t.{snake_case(preferred)}")
    return Recipe(table, (*joins, join), {preferred: symbol})


def _of_analyte(table: str) -> Recipe:
    """Rows of a table with an analyte, which may be named by its accession."""
    join, symbol = analyte("t.analyte_preferred")
    return Recipe(table, (join,), {"analytePreferred": symbol})


def _of_subject(table: str, *joins: Join, who: str = "t.subject_accession", **values: str) -> Recipe:
    """Rows repeated for each arm of their subject."""
    all_joins = (STUDY, *joins, in_each_arm(who), arm("part.arm_accession"), subject(who))
    return Recipe(table, all_joins, values)


def _listed(column: str, table: str) -> str:
    """All values of a small table, in one field."""
    return (
        f"(select string_agg(l.{column}, '; ' order by l.row_number) from {{{table}}} l"
        f" where l.{column} is not null)"
    )


#: The release that last changed the study: what the listing said, else what the study's own row says.
_LATEST = "coalesce(%(listed)s, t.latest_data_release_version, %(release)s)"
_STATED = f"t.latest_data_release_version = {_LATEST}"
#: A study that changed after the release its row names was there at that release.
_EARLIER = "case when t.initial_data_release_version is null and not {stated} then {value} end"
_RELEASES = {
    # A package is made of shared studies only.
    "sharedStudy": "'Y'",
    "latestDataReleaseVersion": _LATEST,
    "latestDataReleaseDate": f"case when {_STATED} then t.latest_data_release_date else %(release_date)s end",
    "initialDataReleaseVersion": "coalesce(t.initial_data_release_version, "
    + _EARLIER.format(stated=_STATED, value="t.latest_data_release_version") + ")",
    "initialDataReleaseDate": "coalesce(t.initial_data_release_date, "
    + _EARLIER.format(stated=_STATED, value="t.latest_data_release_date") + ")",
}  # fmt: skip
_CONDITIONS = (
    "coalesce(t.condition_studied, " + _listed("condition_reported", "study_2_condition_or_disease") + ")"
)
_INVESTIGATOR = (
    "(select concat_ws(', ', p.last_name, p.first_name) from {study_personnel} p"
    " where p.role_in_study = 'Principal Investigator' order by p.row_number limit 1)"
)

#: Endpoint -> how its rows are made. Every endpoint that a package tells of has a recipe.
RECIPES: dict[str, Recipe] = {
    # What packages alone tell is its table, as it is.
    **{item.name: Recipe(item.name) for item in PACKAGE_ENDPOINTS},
    "reagent": _of_analyte("reagent"),
    "standard_curve": _of_analyte("standard_curve"),
    "rna_seq_result": _result("rna_seq_result"),
    "study": Recipe("study", values=_RELEASES),
    "summary": Recipe(
        "study",
        values={
            **_RELEASES,
            "title": "t.brief_title",
            "pi": _INVESTIGATOR,
            "conditionStudied": _CONDITIONS,
            "researchFocus": _listed("research_focus", "study_categorization"),
            "startDate": "t.actual_start_date",
            "detailedDescription": "t.description",
            "sexIncluded": "t.gender_included",
            "subjectsNumber": "t.actual_enrollment",
            "contractGrant": _listed("name", "contract_grant"),
            "program": _listed("name", "program"),
            "dataCompleteness": "t.dcl_id",
        },
    ),
    "arm": Recipe("arm_or_cohort", (STUDY,)),
    "demographic": Recipe(
        "arm_2_subject",
        (STUDY, arm("t.arm_accession"), subject("t.subject_accession")),
    ),
    "plannedVisit": Recipe("planned_visit", (STUDY,)),
    "biosample": _of_subject("biosample", biosampleName="t.name"),
    "experiment": Recipe("experiment", (STUDY,)),
    "expsample": _of_subject(
        "expsample",
        EACH_BIOSAMPLE,
        biosample("link.biosample_accession"),
        experiment("t.experiment_accession"),
        who="sample.subject_accession",
        expsampleName="t.name",
    ),
    "adverseEvent": Recipe("adverse_event", (STUDY,)),
    "assessment": _of_subject(
        "assessment_component",
        Join(
            f"left join {once('assessment_panel', 'assessment_panel_accession')} panel"
            " on panel.assessment_panel_accession = t.assessment_panel_accession",
            gives("panel", "assessmentType=assessment_type resultSchema=result_schema status=status"),
        ),
        assessmentPanelNamePreferred="coalesce(t.panel_name_preferred, panel.name_preferred)",
        assessmentPanelNameReported="coalesce(t.panel_name_reported, panel.name_reported)",
        assessmentComponentNamePreferred="t.name_preferred",
        assessmentComponentNameReported="t.name_reported",
    ),
    # A table of newer packages; before, the study named the one condition it studied.
    "condition": Recipe(
        "study_2_condition_or_disease",
        (STUDY,),
        source="(select row_number, study_accession, condition_reported, condition_preferred"
        " from {study_2_condition_or_disease} where condition_reported is not null"
        " union all select row_number, study_accession, condition_studied, null from {study}"
        " where condition_studied is not null and not exists (select 1 from {study_2_condition_or_disease}))",
    ),
    "contract": Recipe(
        "contract_grant",
        (
            STUDY,
            Join(
                f"left join {once('program', 'program_id')} program on program.program_id = t.program_id",
                gives(
                    "program",
                    "programCategory=category programDescription=description programEndDate=end_date"
                    " programLink=link programName=name programShortName=short_name"
                    " programStartDate=start_date",
                ),
            ),
        ),
        gives(
            "t",
            "contractGrantCategory=category contractGrantDescription=description"
            " contractGrantEndDate=end_date contractGrantLink=link contractGrantName=name"
            " contractGrantStartDate=start_date",
        ),
    ),
    "file": Recipe("study_file", (STUDY,)),
    "immuneExposure": Recipe(
        "immune_exposure",
        (
            STUDY,
            in_its_arm("t.arm_accession", "t.subject_accession"),
            arm("t.arm_accession"),
            subject("t.subject_accession"),
        ),
    ),
    "inclusionExclusion": Recipe("inclusion_exclusion", (STUDY,)),
    "intervention": _of_subject("intervention"),
    "labtest": _of_subject(
        "lab_test",
        Join(
            f"left join {once('lab_test_panel', 'lab_test_panel_accession')} panel"
            " on panel.lab_test_panel_accession = t.lab_test_panel_accession",
            {},
        ),
        biosample("t.biosample_accession"),
        who="sample.subject_accession",
        labTestPanelNamePreferred="coalesce(t.panel_name_preferred, panel.name_preferred)",
        labTestPanelNameReported="coalesce(t.panel_name_reported, panel.name_reported)",
        labTestNamePreferred="t.name_preferred",
        labTestNameReported="t.name_reported",
    ),
    "link": Recipe("study_link", (STUDY,)),
    "personnel": Recipe("study_personnel", (STUDY,)),
    "protocol": Recipe("protocol", (STUDY,)),
    "pubmed": Recipe("study_pubmed", (STUDY,)),
    "elisa": _result("elisa_result", preferred="analytePreferred"),
    "elispot": _result("elispot_result", preferred="analytePreferred"),
    "fcsAnalyzed": _result("fcs_analyzed_result"),
    "hai": _result("hai_result"),
    "hlaTyping": _result("hla_typing_result"),
    "kirTyping": _result("kir_typing_result"),
    "massSpectrometryResult": _result("mass_spectrometry_result"),
    "mbaa": _result("mbaa_result", sample="t.source_accession", preferred="analytePreferred"),
    "neutAbTiter": _result("neut_ab_titer_result"),
    "pcr": _result("pcr_result", preferred="geneSymbolPreferred"),
    # Older packages repeat a file for each format of its data.
    "filePath": Recipe(
        "expsample_2_file_info",
        (
            STUDY,
            Join(
                f"left join {once('file_info', 'file_info_id')} file on file.file_info_id = t.file_info_id",
                gives("file", "fileDetail=detail filesizeBytes=filesize_bytes fileName=name"
                               " originalFileName=original_file_name"),
            ),
            Join(
                f"left join {once('expsample', 'expsample_accession')} expsample"
                " on expsample.expsample_accession = t.expsample_accession",
                gives("expsample", "experimentAccession=experiment_accession"),
            ),
            EACH_BIOSAMPLE,
            biosample("link.biosample_accession"),
            in_one_arm("sample.subject_accession"),
            arm("part.arm_accession"),
            subject("sample.subject_accession"),
            experiment("expsample.experiment_accession"),
        ),
        {
            "filePathId": "t.file_info_id || '_' || t.expsample_accession || '_'"
                          " || coalesce(link.biosample_accession, '')",
            "sourceType": "'EXPSAMPLE'",
            "sourceAccession": "t.expsample_accession",
            "filePath": "'/' || study.study_accession || '/ResultFiles/' || replace(file.detail, ' ', '_')"
                        " || '/' || file.name",
        },
        source=once("expsample_2_file_info", "expsample_accession", "file_info_id"),
    ),
}  # fmt: skip


def read_for(table: str) -> str | None:
    """Endpoints whose rows are made of a table, by its name of today; None when nothing reads it."""
    return ", ".join(name for name, recipe in RECIPES.items() if table in recipe.tables) or None


#: Tables whose rows are results of an assay.
RESULT_TABLES = frozenset(
    RECIPES[item.name].table for item in (*RESULT_ENDPOINTS, *PACKAGE_ENDPOINTS) if item.key == ("resultId",)
)
