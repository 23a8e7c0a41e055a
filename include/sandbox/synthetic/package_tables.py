"""The tables of a synthetic study's Tab package: what each holds of the study's arms, samples and results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

from include.sandbox.row import Row
from include.sandbox.synthetic.assays import Assay
from include.sandbox.synthetic.headers import headers
from include.sandbox.synthetic.materials import Materials
from include.sandbox.synthetic.measurements import Measurements
from include.sandbox.vocabulary import plain_terms
from include.sources.endpoint import camel_case, snake_case
from include.sources.immport.lookups import LOOKUP_ENDPOINTS

#: Vocabularies whose table has another name than the endpoint.
_VOCABULARIES = {"lk_sex": "lk_gender"}


@dataclass(frozen=True)
class Sheet:
    """One table.

    :param rows: makes the rows, each with the values of the columns under some name.
    :param names: columns whose values have another name than `camel_case` says; None has no value.
    :param counted: how many rows there are, where that is known without making them.
    """

    rows: Callable[[], Iterable[Row]]
    names: Mapping[str, str | None] = field(default_factory=dict)
    counted: Callable[[], int] | None = None

    def count(self) -> int:
        """How many rows there are."""
        return self.counted() if self.counted else sum(1 for _ in self.rows())

    def keys(self, header: Sequence[str]) -> list[str]:
        """The names of a row's values in the order of the columns."""
        return [self.names.get(column, camel_case(column)) or "" for column in header]


def sheets(measured: Measurements) -> dict[str, Sheet]:
    """All tables by name; those the study has nothing for are empty."""
    filled = {
        **_design(measured),
        **_samples(measured),
        **_materials(measured),
        **_results(measured),
        **_clinic(measured),
        **_paperwork(measured),
        **_vocabularies(measured),
    }
    own = {"studyAccession": measured.study.accession, "workspaceId": measured.paperwork.workspace}

    def owned(sheet: Sheet) -> Iterator[Row]:
        return ({**own, **row} for row in sheet.rows())

    return {
        # Results have the study and its workspace already.
        name: sheet if name.endswith("_result") else Sheet(partial(owned, sheet), sheet.names, sheet.counted)
        for name in headers()
        for sheet in (filled.get(name, Sheet(lambda: iter(()))),)
    }


def _design(measured: Measurements) -> dict[str, Sheet]:
    """The study, its arms, visits and people."""
    cohort, index = measured.cohort, measured.study.index
    period = {"periodAccession": f"P{101 + index}"}

    def study() -> Iterator[Row]:
        row = cohort.study_row()
        ages = {name: row[name].strip().removesuffix(".00") for name in ("minimumAge", "maximumAge")}
        focus = "Intervention Longitudinal" if row["clinicalTrial"] == "Y" else "Observational Longitudinal"
        yield {**_timed(row), **ages, "type": focus}

    people: dict[str, str | None] = {
        "GENDER": "gender",
        "DESCRIPTION": "subjectDescription",
        "STRAIN_CHARACTERISTICS": "strain_characteristics",
    }
    return {
        "study": Sheet(study),
        "arm_or_cohort": Sheet(cohort.arms),
        "period": Sheet(lambda: [{**period, "name": "Entire study", "orderNumber": 1}]),
        "planned_visit": Sheet(lambda: ({**row, **period} for row in cohort.visits())),
        "subject": Sheet(cohort.demographics, people),
        "arm_2_subject": Sheet(
            cohort.demographics,
            {f"{end}_SUBJECT_AGE_IN_YEARS": f"{end.lower()}_subject_age_in_years" for end in ("MAX", "MIN")},
        ),
        "study_2_panel": Sheet(lambda: [{"panelName": name} for name in ("arm or cohorts", "study design")]),
    }


def _samples(measured: Measurements) -> dict[str, Sheet]:
    """Biosamples, experiments, experiment samples and what belongs to these."""
    cohort, assays = measured.cohort, measured.study.assays

    def biosamples() -> Iterator[Row]:
        for assay in assays:
            for sample, _, taken in measured.drawn(assay):
                biosample = cohort.biosample(taken.subject, assay.sample, assay.days[taken.day])
                yield {**biosample, "expsampleAccession": measured.expsample(assay, sample)}

    def links() -> Iterator[Row]:
        for assay in assays:
            for sample, spot in measured.spots(assay):
                yield {
                    "expsampleAccession": measured.expsample(assay, sample),
                    "fileInfoId": measured.file_id(assay, spot),
                    "treatmentAccession": measured.treatment(sample),
                    "resultSchema": assay.schema,
                }

    def expsamples() -> Iterator[Row]:
        for assay in assays:
            totals = measured.totals(assay)
            experiment = cohort.experiment(assay)["experimentAccession"]
            for sample, _ in measured.spots(assay):
                name = measured.expsample(assay, sample)
                yield {
                    "expsampleAccession": name,
                    "experimentAccession": experiment,
                    "name": name,
                    "resultSchema": assay.schema,
                    "uploadResultStatus": "Parsed",
                    "resultTotalRecs": totals.get(sample, 0),
                }

    @cache
    def count() -> int:
        return sum(1 for assay in assays for _ in measured.spots(assay))

    def treated() -> Iterator[Row]:
        return (row for row in links() if row["treatmentAccession"])

    def count_treated() -> int:
        return sum(sample % 3 == 0 for assay in assays for sample, _ in measured.spots(assay))

    return {
        "biosample": Sheet(cohort.biosamples, {"NAME": "biosampleName", "DESCRIPTION": None}),
        "experiment": Sheet(cohort.experiments),
        "expsample": Sheet(expsamples, counted=count),
        "expsample_2_biosample": Sheet(biosamples),
        "expsample_2_file_info": Sheet(links, counted=count),
        "expsample_2_treatment": Sheet(treated, counted=count_treated),
        "file_info": Sheet(measured.files, {"DETAIL": "fileDetail", "NAME": "fileName"}),
    }


def _materials(measured: Measurements) -> dict[str, Sheet]:
    """The tables of samples, reagents and protocols that only packages have."""
    made = Materials(measured)

    def controls(kind: str, names: dict[str, str | None]) -> Sheet:
        return Sheet(lambda: made.controls(kind), names, lambda: measured.count_controls(kind))

    control: dict[str, str | None] = {"CONTROL_SAMPLE_ACCESSION": "sourceAccession"}
    standard: dict[str, str | None] = {"STANDARD_CURVE_ACCESSION": "sourceAccession"}
    return {
        "treatment": Sheet(made.treatments),
        "biosample_2_treatment": Sheet(made.treated_biosamples),
        "reagent": Sheet(made.reagents),
        "reagent_set_2_reagent": Sheet(made.kit),
        "expsample_2_reagent": Sheet(made.used),
        "control_sample": controls("CONTROL SAMPLE", control),
        "control_sample_2_file_info": controls("CONTROL SAMPLE", control),
        "standard_curve": controls("STANDARD CURVE", standard | {"ANALYTE_PREFERRED": "analyteAccession"}),
        "standard_curve_2_file_info": controls("STANDARD CURVE", standard),
        "expsample_public_repository": Sheet(made.deposited, counted=lambda: made.count_samples("pcr")),
        "fcs_header": Sheet(made.headers, counted=lambda: made.count_samples("fcsAnalyzed")),
        "fcs_header_marker": Sheet(made.parameters),
        "fcs_analyzed_result_marker": Sheet(made.markers, counted=made.count_markers),
        "experiment_2_protocol": Sheet(made.protocols),
        "lab_test_panel_2_protocol": Sheet(made.lab_protocols),
        "assessment_2_file_info": Sheet(made.assessment_files),
    }


def result_table(endpoint: str) -> str:
    """The table an assay's results are in: `mbaa_result`, `mass_spectrometry_result`."""
    return f"{snake_case(endpoint.removesuffix('Result'))}_result"


def _results(measured: Measurements) -> dict[str, Sheet]:
    """A preferred analyte or gene is an accession here, where the API shows its symbol."""
    accession: dict[str, str | None] = dict.fromkeys(
        ("ANALYTE_PREFERRED", "GENE_SYMBOL_PREFERRED"), "analyteAccession"
    )

    def sheet(assay: Assay) -> Sheet:
        return Sheet(lambda: measured.results(assay), accession, lambda: measured.count(assay))

    return {result_table(assay.endpoint): sheet(assay) for assay in measured.study.assays}


def _clinic(measured: Measurements) -> dict[str, Sheet]:
    """What was done to people and seen of them."""
    clinic = measured.clinic

    def first(rows: Callable[[], Iterator[Row]]) -> Iterator[Row]:
        """The one panel that all rows repeat."""
        return (row for row, _ in zip(rows(), range(1), strict=False))

    def named(prefix: str) -> dict[str, str | None]:
        return {f"NAME_{kind.upper()}": f"{prefix}Name{kind}" for kind in ("Preferred", "Reported")}

    return {
        "adverse_event": Sheet(clinic.adverse_events),
        "assessment_panel": Sheet(lambda: first(clinic.assessments), named("assessmentPanel")),
        "assessment_component": Sheet(clinic.assessments, named("assessmentComponent")),
        "immune_exposure": Sheet(clinic.exposures),
        "intervention": Sheet(clinic.interventions),
        "lab_test_panel": Sheet(lambda: first(clinic.lab_tests), named("labTestPanel")),
        "lab_test": Sheet(clinic.lab_tests, named("labTest")),
    }


def _paperwork(measured: Measurements) -> dict[str, Sheet]:
    """The study documents: papers, persons, grants and protocols."""
    papers, study = measured.paperwork, measured.cohort.study_row()

    def timed(rows: Callable[[], Iterator[Row]]) -> Callable[[], Iterator[Row]]:
        return lambda: (_timed(row) for row in rows())

    def of(prefix: str, *columns: str) -> dict[str, str | None]:
        return {column: prefix + camel_case(column).capitalize() for column in columns}

    dated = {"START_DATE": "StartDate", "END_DATE": "EndDate"}
    described = ("CATEGORY", "DESCRIPTION", "LINK", "NAME")
    grant = of("contractGrant", *described) | {name: f"contractGrant{to}" for name, to in dated.items()}
    program = of("program", *described) | {name: f"program{to}" for name, to in dated.items()}
    return {
        "contract_grant": Sheet(timed(papers.contracts), grant),
        "contract_grant_2_study": Sheet(papers.contracts),
        "program": Sheet(timed(papers.contracts), program | {"SHORT_NAME": "programShortName"}),
        "inclusion_exclusion": Sheet(papers.criteria),
        "protocol": Sheet(papers.protocols),
        "study_2_condition_or_disease": Sheet(papers.conditions),
        "study_2_protocol": Sheet(papers.protocols),
        "study_categorization": Sheet(
            lambda: [{**study, "studyCategorizationId": 101 + measured.study.index}]
        ),
        "study_file": Sheet(papers.files),
        "study_link": Sheet(papers.links),
        "study_personnel": Sheet(papers.personnel),
        "study_pubmed": Sheet(papers.pubmeds),
        "workspace": Sheet(lambda: [{"category": "NIH", "name": "Sandbox", "type": "PW"}]),
    }


def _vocabularies(measured: Measurements) -> dict[str, Sheet]:
    """Vocabularies as of the release, without the stubs of the API."""
    other: dict[str, str | None] = {"DESCRIPTON": "description", "IMMUNOLOGY_GENE_SYMBOL": "immunologySymbol"}
    return {
        _VOCABULARIES.get(endpoint.table, endpoint.table): Sheet(
            partial(plain_terms, endpoint, measured.release), other
        )
        for endpoint in LOOKUP_ENDPOINTS
    }


def _timed(row: Row) -> Row:
    """Dates as tables have them: with a time."""
    return {
        name: f"{value} 00:00:00" if value and name.endswith("Date") else value for name, value in row.items()
    }
