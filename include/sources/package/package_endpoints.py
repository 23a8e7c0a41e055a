"""Tables of a study that only Tab packages have, one entry each: no endpoint of the API has it.

An entry is the package's table of that name; its fields are the columns read of it, under the names that the
API would give them.
"""

from __future__ import annotations

from include.sources.endpoint import Endpoint, Field, Kind, Withholds, camel_case
from include.sources.package.tables import TABLES

#: What ImmPort's data model declares as numbers: by column, in whatever table it is.
_NUMBERS = {
    "fcs_analyzed_result_marker_id": Kind.INTEGER,
    "fcs_header_id": Kind.INTEGER,
    "fcs_version": Kind.NUMBER,
    "file_info_id": Kind.INTEGER,
    "maximum_intensity": Kind.NUMBER,
    "minimum_intensity": Kind.NUMBER,
    "number_of_events": Kind.INTEGER,
    "number_of_markers": Kind.INTEGER,
    "parameter_number": Kind.INTEGER,
    "result_id": Kind.INTEGER,
    "study_categorization_id": Kind.INTEGER,
    "study_time_collected": Kind.NUMBER,
    "workspace_id": Kind.INTEGER,
}


def _only(
    table: str,
    key: str,
    about: str,
    *,
    joined: str = "",
    identifies: str | None = None,
    withholds: Withholds = Withholds.ITSELF,
    **numbers: Kind,
) -> Endpoint:
    """Read a table.

    :param joined: fields that its recipe's joins bring.
    :param withholds: what describes samples and results stands by itself; the results of an assay do not.
    :param numbers: kinds of columns that are text in other tables.
    """
    kinds = _NUMBERS | numbers
    fields = [Field(camel_case(column), kinds.get(column, Kind.TEXT)) for column in TABLES[table].columns]
    fields += [Field(name) for name in joined.split()]
    return Endpoint(
        table,
        "",
        (),
        tuple(key.split()),
        about,
        of_package=tuple(fields),
        identifies=identifies,
        withholds=withholds,
    )


#: What a result knows by its sample and experiment, and that the API's answers repeat on each.
_CONTEXT = """
measurementTechnique plannedVisitAccession studyTimeT0Event studyTimeT0EventSpecify treatmentAccession
"""

PACKAGE_ENDPOINTS: tuple[Endpoint, ...] = (
    _only("treatment", "treatmentAccession", "a treatment that samples were given"),
    _only(
        "reagent",
        "reagentAccession",
        "a reagent, or a set of reagents",
        joined="analyteAccession",
        identifies="reagentAccession",
    ),
    _only(
        "control_sample",
        "controlSampleAccession",
        "a control of an assay",
        identifies="controlSampleAccession",
    ),
    _only(
        "standard_curve",
        "standardCurveAccession",
        "the standard curve of an analyte on a plate",
        joined="analyteAccession",
        identifies="standardCurveAccession",
    ),
    _only("biosample_2_treatment", "biosampleAccession treatmentAccession", "a treatment of a biosample"),
    _only(
        "expsample_2_treatment",
        "expsampleAccession treatmentAccession",
        "a treatment of an experiment sample",
    ),
    _only(
        "expsample_2_reagent", "expsampleAccession reagentAccession", "a reagent used on an experiment sample"
    ),
    _only("reagent_set_2_reagent", "reagentSetAccession reagentAccession", "a reagent of a set"),
    _only("fcs_header", "fcsHeaderId", "the header of an FCS file of an experiment sample"),
    _only("fcs_header_marker", "fcsHeaderId parameterNumber", "a parameter of an FCS file"),
    _only("fcs_analyzed_result_marker", "fcsAnalyzedResultMarkerId", "a marker of a counted population"),
    _only(
        "rna_seq_result",
        "resultId",
        "an RNA sequencing result",
        joined=_CONTEXT,
        withholds=Withholds.STUDY,
        value_preferred=Kind.NUMBER,
    ),
    _only(
        "expsample_public_repository",
        "expsampleAccession repositoryAccession",
        "raw data of an experiment sample in a public repository",
    ),
    _only("control_sample_2_file_info", "controlSampleAccession fileInfoId", "a file of a control"),
    _only("standard_curve_2_file_info", "standardCurveAccession fileInfoId", "a file of a standard curve"),
    _only("assessment_2_file_info", "assessmentPanelAccession fileInfoId", "a file of an assessment"),
    _only("experiment_2_protocol", "experimentAccession protocolAccession", "a protocol of an experiment"),
    _only("lab_test_panel_2_protocol", "labTestPanelAccession protocolAccession", "a protocol of lab tests"),
    _only("study_2_panel", "panelName", "a part of the study's page"),
    _only("study_categorization", "studyCategorizationId", "a research focus of the study"),
)
