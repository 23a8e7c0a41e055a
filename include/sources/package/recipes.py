"""How the rows of each endpoint are made of the tables of a Tab package: in SQL, as ImmPort's API views do.

A recipe says only what its base table and its joins do not say by their names. A field is taken from the
base table's column of that name and from the joins that give it, the first that is not null; or from the
recipe's own SQL.
"""

from __future__ import annotations

from include.sources.endpoint import snake_case
from include.sources.immport.results import RESULT_ENDPOINTS
from include.sources.package.joins import (
    EACH_BIOSAMPLE,
    STUDY,
    analyte,
    arm,
    biosample,
    experiment,
    found_by,
    gives,
    in_each_arm,
    in_its_arm,
    in_one_arm,
    once,
    subject,
    treatments,
)
from include.sources.package.package_endpoints import PACKAGE_ENDPOINTS
from include.sources.package.recipe import Join, Recipe, RecipeValue, first
from include.sources.package.study_values import CONDITIONS, INVESTIGATOR, RELEASES, listed


def _result(
    table: str, *, sample: str = "t.expsample_accession", preferred: str | None = None, **values: RecipeValue
) -> Recipe:
    """Results of an assay: one row each, with what is known of subject, sample, experiment and study.

    :param sample: SQL of the experiment sample whose treatments they have.
    :param preferred: field with the preferred analyte or gene.
    :param values: SQL of further fields.
    """
    who = first("t.subject_accession", "sample.subject_accession")
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
        return Recipe(table, joins, values)
    join, symbol = analyte(f"t.{snake_case(preferred)}")
    return Recipe(table, (*joins, join), {preferred: symbol, **values})


def _of_analyte(table: str) -> Recipe:
    """Rows of a table with an analyte, which may be named by its accession."""
    join, symbol = analyte("t.analyte_preferred")
    return Recipe(table, (join,), {"analytePreferred": symbol})


def _of_subject(table: str, *joins: Join, who: str = "t.subject_accession", **values: RecipeValue) -> Recipe:
    """Rows repeated for each arm of their subject."""
    found = first(who)
    all_joins = (STUDY, *joins, in_each_arm(found), arm("part.arm_accession"), subject(found))
    return Recipe(table, all_joins, values)


#: Endpoint -> how its rows are made. Every endpoint that a package tells of has a recipe.
RECIPES: dict[str, Recipe] = {
    # What packages alone tell is its table, as it is.
    **{item.name: Recipe(item.name) for item in PACKAGE_ENDPOINTS},
    "reagent": _of_analyte("reagent"),
    "standard_curve": _of_analyte("standard_curve"),
    "rna_seq_result": _result("rna_seq_result"),
    "study": Recipe("study", values=RELEASES),
    "summary": Recipe(
        "study",
        values={
            **RELEASES,
            "title": first("t.brief_title"),
            "pi": INVESTIGATOR,
            "conditionStudied": CONDITIONS,
            "researchFocus": listed("research_focus", "study_categorization"),
            "startDate": first("t.actual_start_date"),
            "detailedDescription": first("t.description"),
            "sexIncluded": first("t.gender_included"),
            "subjectsNumber": first("t.actual_enrollment"),
            "contractGrant": listed("name", "contract_grant"),
            "program": listed("name", "program"),
            "dataCompleteness": first("t.dcl_id"),
        },
    ),
    "arm": Recipe("arm_or_cohort", (STUDY,)),
    "demographic": Recipe(
        "arm_2_subject",
        (STUDY, arm("t.arm_accession"), subject(first("t.subject_accession"))),
    ),
    "plannedVisit": Recipe(
        "planned_visit",
        (
            STUDY,
            found_by(
                "period", "period", {"period_accession": first("t.period_accession")}, "periodName=name"
            ),
        ),
    ),
    "biosample": _of_subject("biosample", biosampleName=first("t.name")),
    "experiment": Recipe("experiment", (STUDY,)),
    "expsample": _of_subject(
        "expsample",
        EACH_BIOSAMPLE,
        biosample("link.biosample_accession"),
        experiment("t.experiment_accession"),
        who="sample.subject_accession",
        expsampleName=first("t.name"),
    ),
    "adverseEvent": Recipe("adverse_event", (STUDY,)),
    "assessment": _of_subject(
        "assessment_component",
        found_by(
            "panel",
            "assessment_panel",
            {"assessment_panel_accession": first("t.assessment_panel_accession")},
            "assessmentType=assessment_type resultSchema=result_schema status=status",
        ),
        assessmentPanelNamePreferred=first("t.panel_name_preferred", "panel.name_preferred"),
        assessmentPanelNameReported=first("t.panel_name_reported", "panel.name_reported"),
        assessmentComponentNamePreferred=first("t.name_preferred"),
        assessmentComponentNameReported=first("t.name_reported"),
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
            found_by(
                "program",
                "program",
                {"program_id": first("t.program_id")},
                "programCategory=category programDescription=description programEndDate=end_date"
                " programLink=link programName=name programShortName=short_name"
                " programStartDate=start_date",
            ),
        ),
        gives(
            "t",
            "contractGrantCategory=category contractGrantDescription=description"
            " contractGrantEndDate=end_date contractGrantKeywords=keywords contractGrantLink=link"
            " contractGrantName=name"
            " contractGrantStartDate=start_date",
        ),
    ),
    "file": Recipe("study_file", (STUDY,)),
    "immuneExposure": Recipe(
        "immune_exposure",
        (
            STUDY,
            in_its_arm("t.arm_accession", first("t.subject_accession")),
            arm("t.arm_accession"),
            subject(first("t.subject_accession")),
        ),
    ),
    "inclusionExclusion": Recipe("inclusion_exclusion", (STUDY,)),
    "intervention": _of_subject("intervention"),
    "labtest": _of_subject(
        "lab_test",
        found_by(
            "panel",
            "lab_test_panel",
            {"lab_test_panel_accession": first("t.lab_test_panel_accession")},
        ),
        biosample("t.biosample_accession"),
        who="sample.subject_accession",
        labTestPanelNamePreferred=first("t.panel_name_preferred", "panel.name_preferred"),
        labTestPanelNameReported=first("t.panel_name_reported", "panel.name_reported"),
        labTestNamePreferred=first("t.name_preferred"),
        labTestNameReported=first("t.name_reported"),
    ),
    "link": Recipe("study_link", (STUDY,)),
    "personnel": Recipe("study_personnel", (STUDY,)),
    "protocol": Recipe("protocol", (STUDY,)),
    "pubmed": Recipe("study_pubmed", (STUDY,)),
    "elisa": _result("elisa_result", preferred="analytePreferred", isLimitKnown=RecipeValue("'true'")),
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
            found_by(
                "file",
                "file_info",
                {"file_info_id": first("t.file_info_id")},
                "fileDetail=detail filesizeBytes=filesize_bytes fileName=name"
                " originalFileName=original_file_name",
            ),
            found_by(
                "expsample",
                "expsample",
                {"expsample_accession": first("t.expsample_accession")},
                "experimentAccession=experiment_accession",
            ),
            EACH_BIOSAMPLE,
            biosample("link.biosample_accession"),
            in_one_arm(first("sample.subject_accession")),
            arm("part.arm_accession"),
            subject(first("sample.subject_accession")),
            experiment("expsample.experiment_accession"),
        ),
        {
            "filePathId": RecipeValue(
                "t.file_info_id || '_' || t.expsample_accession || '_'"
                " || coalesce(link.biosample_accession, '')",
                ("t.file_info_id", "t.expsample_accession", "link.biosample_accession"),
                needs=("t.file_info_id",),
            ),
            "sourceType": RecipeValue("'EXPSAMPLE'"),
            "sourceAccession": first("t.expsample_accession"),
            "filePath": RecipeValue(
                "'/' || study.study_accession || '/ResultFiles/' || replace(file.detail, ' ', '_')"
                " || '/' || file.name",
                ("study.study_accession", "file.detail", "file.name"),
                needs=("file.name",),
            ),
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
