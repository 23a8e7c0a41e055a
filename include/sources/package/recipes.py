"""How the rows of each endpoint are made of the tables of a Tab package: in SQL, as ImmPort's API views do.

A recipe says only what its base table and its joins do not say by their names. A field is taken from the
base table's column of that name and from the joins that give it, the first that is not null; or from the
recipe's own SQL.
"""

from __future__ import annotations

from functools import cache

from include.sources.endpoint import snake_case
from include.sources.immport.results import RESULT_ENDPOINTS
from include.sources.package.joins import (
    EACH_BIOSAMPLE,
    LINK,
    PART,
    SAMPLE,
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
from include.sources.package.recipe import Join, Recipe, RecipeValue, T, first
from include.sources.package.study_values import CONDITION_ROWS, CONDITIONS, INVESTIGATOR, RELEASES, listed
from include.sql import Expression, Row, call, sql

#: Rows that joins of one recipe alone bring.
PANEL, FILE, EXPSAMPLE = Row("panel"), Row("file"), Row("expsample")


def _result(
    table: str,
    *,
    sample: Expression = T.expsample_accession,
    preferred: str | None = None,
    **values: RecipeValue,
) -> Recipe:
    """Results of an assay: one row each, with what is known of subject, sample, experiment and study.

    :param sample: the experiment sample whose treatments they have.
    :param preferred: field with the preferred analyte or gene.
    :param values: further fields.
    """
    who = first(T.subject_accession, SAMPLE.subject_accession)
    joins: tuple[Join, ...] = (
        STUDY,
        biosample(T.biosample_accession),
        in_its_arm(T.arm_accession, who),
        arm(T.arm_accession),
        subject(who),
        experiment(T.experiment_accession),
        treatments(sample),
    )
    if preferred is None:
        return Recipe(table, joins, values)
    join, symbol = analyte(T[snake_case(preferred)])
    return Recipe(table, (*joins, join), {preferred: symbol, **values})


def _of_analyte(table: str) -> Recipe:
    """Rows of a table with an analyte, which may be named by its accession."""
    join, symbol = analyte(T.analyte_preferred)
    return Recipe(table, (join,), {"analytePreferred": symbol})


def _of_subject(
    table: str, *joins: Join, who: Expression = T.subject_accession, **values: RecipeValue
) -> Recipe:
    """Rows repeated for each arm of their subject."""
    found = first(who)
    all_joins = (STUDY, *joins, in_each_arm(found), arm(PART.arm_accession), subject(found))
    return Recipe(table, all_joins, values)


#: Endpoint -> how its rows are made. Every endpoint that a package provides has a recipe.
RECIPES: dict[str, Recipe] = {
    # A table that only packages have is taken as it is.
    **{item.name: Recipe(item.name) for item in PACKAGE_ENDPOINTS},
    "reagent": _of_analyte("reagent"),
    "standard_curve": _of_analyte("standard_curve"),
    "rna_seq_result": _result("rna_seq_result"),
    "study": Recipe("study", values=RELEASES),
    "summary": Recipe(
        "study",
        values={
            **RELEASES,
            "title": first(T.brief_title),
            "pi": INVESTIGATOR,
            "conditionStudied": CONDITIONS,
            "researchFocus": listed("research_focus", "study_categorization"),
            "startDate": first(T.actual_start_date),
            "detailedDescription": first(T.description),
            "sexIncluded": first(T.gender_included),
            "subjectsNumber": first(T.actual_enrollment),
            "contractGrant": listed("name", "contract_grant"),
            "program": listed("name", "program"),
            "dataCompleteness": first(T.dcl_id),
        },
    ),
    "arm": Recipe("arm_or_cohort", (STUDY,)),
    "demographic": Recipe(
        "arm_2_subject",
        (STUDY, arm(T.arm_accession), subject(first(T.subject_accession))),
    ),
    "plannedVisit": Recipe(
        "planned_visit",
        (
            STUDY,
            found_by(
                "period", "period", {"period_accession": first(T.period_accession)}, "periodName=name"
            ),
        ),
    ),
    "biosample": _of_subject("biosample", biosampleName=first(T.name)),
    "experiment": Recipe("experiment", (STUDY,)),
    "expsample": _of_subject(
        "expsample",
        EACH_BIOSAMPLE,
        biosample(LINK.biosample_accession),
        experiment(T.experiment_accession),
        who=SAMPLE.subject_accession,
        expsampleName=first(T.name),
    ),
    "adverseEvent": Recipe("adverse_event", (STUDY,)),
    "assessment": _of_subject(
        "assessment_component",
        found_by(
            "panel",
            "assessment_panel",
            {"assessment_panel_accession": first(T.assessment_panel_accession)},
            "assessmentType=assessment_type resultSchema=result_schema status=status",
        ),
        assessmentPanelNamePreferred=first(T.panel_name_preferred, PANEL.name_preferred),
        assessmentPanelNameReported=first(T.panel_name_reported, PANEL.name_reported),
        assessmentComponentNamePreferred=first(T.name_preferred),
        assessmentComponentNameReported=first(T.name_reported),
    ),
    # A table of newer packages; before, the study named the one condition it studied.
    "condition": Recipe(
        "study_2_condition_or_disease",
        (STUDY,),
        source=CONDITION_ROWS,
    ),
    "contract": Recipe(
        "contract_grant",
        (
            STUDY,
            found_by(
                "program",
                "program",
                {"program_id": first(T.program_id)},
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
            in_its_arm(T.arm_accession, first(T.subject_accession)),
            arm(T.arm_accession),
            subject(first(T.subject_accession)),
        ),
    ),
    "inclusionExclusion": Recipe("inclusion_exclusion", (STUDY,)),
    "intervention": _of_subject("intervention"),
    "labtest": _of_subject(
        "lab_test",
        found_by(
            "panel",
            "lab_test_panel",
            {"lab_test_panel_accession": first(T.lab_test_panel_accession)},
        ),
        biosample(T.biosample_accession),
        who=SAMPLE.subject_accession,
        labTestPanelNamePreferred=first(T.panel_name_preferred, PANEL.name_preferred),
        labTestPanelNameReported=first(T.panel_name_reported, PANEL.name_reported),
        labTestNamePreferred=first(T.name_preferred),
        labTestNameReported=first(T.name_reported),
    ),
    "link": Recipe("study_link", (STUDY,)),
    "personnel": Recipe("study_personnel", (STUDY,)),
    "protocol": Recipe("protocol", (STUDY,)),
    "pubmed": Recipe("study_pubmed", (STUDY,)),
    "elisa": _result("elisa_result", preferred="analytePreferred", isLimitKnown=RecipeValue(sql("'true'"))),
    "elispot": _result("elispot_result", preferred="analytePreferred"),
    "fcsAnalyzed": _result("fcs_analyzed_result"),
    "hai": _result("hai_result"),
    "hlaTyping": _result("hla_typing_result"),
    "kirTyping": _result("kir_typing_result"),
    "massSpectrometryResult": _result("mass_spectrometry_result"),
    "mbaa": _result("mbaa_result", sample=T.source_accession, preferred="analytePreferred"),
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
                {"file_info_id": first(T.file_info_id)},
                "fileDetail=detail filesizeBytes=filesize_bytes fileName=name"
                " originalFileName=original_file_name",
            ),
            found_by(
                "expsample",
                "expsample",
                {"expsample_accession": first(T.expsample_accession)},
                "experimentAccession=experiment_accession",
            ),
            EACH_BIOSAMPLE,
            biosample(LINK.biosample_accession),
            in_one_arm(first(SAMPLE.subject_accession)),
            arm(PART.arm_accession),
            subject(first(SAMPLE.subject_accession)),
            experiment(EXPSAMPLE.experiment_accession),
        ),
        {
            "filePathId": RecipeValue(
                sql(T.file_info_id, " || '_' || ", T.expsample_accession, " || '_' || ",
                    call("coalesce", LINK.biosample_accession, "''")),
                needs=(T.file_info_id,),
            ),
            "sourceType": RecipeValue(sql("'EXPSAMPLE'")),
            "sourceAccession": first(T.expsample_accession),
            "filePath": RecipeValue(
                sql("'/' || ", Row("study").study_accession, " || '/ResultFiles/' || replace(",
                    FILE.detail, ", ' ', '_') || '/' || ", FILE.name),
                needs=(FILE.name,),
            ),
        },
        source=once("expsample_2_file_info", "expsample_accession", "file_info_id"),
    ),
}  # fmt: skip


@cache
def read_for(table: str) -> str | None:
    """Endpoints whose rows are made of a table, by its name of today; None when nothing reads it."""
    return ", ".join(name for name, recipe in RECIPES.items() if table in recipe.tables) or None


#: Tables whose rows are results of an assay.
RESULT_TABLES = frozenset(
    RECIPES[item.name].table for item in (*RESULT_ENDPOINTS, *PACKAGE_ENDPOINTS) if item.key == ("resultId",)
)
