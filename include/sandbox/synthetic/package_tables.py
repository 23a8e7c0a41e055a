"""The tables of a synthetic study's Tab package: what each holds of the study's arms, samples and results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

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
class PackageTable:
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


def package_tables(measured: Measurements) -> dict[str, PackageTable]:
    """All tables by name; those the study has nothing for are empty."""
    filled = {
        **_design(measured),
        **_samples(measured),
        **_materials(measured),
        **_results(measured),
        **_clinical(measured),
        **_study_documents(measured),
        **_vocabularies(measured),
    }
    own = {"studyAccession": measured.study.accession, "workspaceId": measured.documents.workspace}

    def owned(table: PackageTable) -> Iterator[Row]:
        return ({**own, **row} for row in table.rows())

    return {
        # Results have the study and its workspace already.
        name: table
        if name.endswith("_result")
        else PackageTable(partial(owned, table), table.names, table.counted)
        for name in headers()
        for table in (filled.get(name, PackageTable(lambda: iter(()))),)
    }


def _design(measured: Measurements) -> dict[str, PackageTable]:
    """The study, its arms, visits and people."""
    subjects, index = measured.subjects, measured.study.index
    period = {"periodAccession": f"P{101 + index}"}

    def study() -> Iterator[Row]:
        row = subjects.study_row()
        ages = {name: row[name].strip().removesuffix(".00") for name in ("minimumAge", "maximumAge")}
        focus = "Intervention Longitudinal" if row["clinicalTrial"] == "Y" else "Observational Longitudinal"
        yield {**_timed(row), **ages, "type": focus}

    people: dict[str, str | None] = {
        "GENDER": "gender",
        "DESCRIPTION": "subjectDescription",
        "STRAIN_CHARACTERISTICS": "strain_characteristics",
    }
    return {
        "study": PackageTable(study),
        "arm_or_cohort": PackageTable(subjects.arms),
        "period": PackageTable(lambda: [{**period, "name": "Entire study", "orderNumber": 1}]),
        "planned_visit": PackageTable(lambda: ({**row, **period} for row in subjects.visits())),
        "subject": PackageTable(subjects.demographics, people),
        "arm_2_subject": PackageTable(
            subjects.demographics,
            {f"{end}_SUBJECT_AGE_IN_YEARS": f"{end.lower()}_subject_age_in_years" for end in ("MAX", "MIN")},
        ),
        "study_2_panel": PackageTable(
            lambda: [{"panelName": name} for name in ("arm or cohorts", "study design")]
        ),
    }


def _samples(measured: Measurements) -> dict[str, PackageTable]:
    """Biosamples, experiments, experiment samples and what belongs to these."""
    subjects, made = measured.subjects, _Samples(measured)
    return {
        "biosample": PackageTable(subjects.biosamples, {"NAME": "biosampleName", "DESCRIPTION": None}),
        "experiment": PackageTable(subjects.experiments),
        "expsample": PackageTable(made.expsamples, counted=made.count),
        "expsample_2_biosample": PackageTable(made.biosamples),
        "expsample_2_file_info": PackageTable(made.links, counted=made.count),
        "expsample_2_treatment": PackageTable(made.treated, counted=made.count_treated),
        "file_info": PackageTable(measured.files, {"DETAIL": "fileDetail", "NAME": "fileName"}),
    }


class _Samples:
    """Experiment samples of all assays, and their biosamples, files and treatments."""

    def __init__(self, measured: Measurements) -> None:
        self._measured, self._assays = measured, measured.study.assays

    @cached_property
    def _count(self) -> int:
        return sum(1 for assay in self._assays for _ in self._measured.spots(assay))

    def count(self) -> int:
        return self._count

    def expsamples(self) -> Iterator[Row]:
        for assay in self._assays:
            totals = self._measured.totals(assay)
            experiment = self._measured.subjects.experiment(assay)["experimentAccession"]
            for sample, _ in self._measured.spots(assay):
                name = self._measured.expsample(assay, sample)
                yield {
                    "expsampleAccession": name,
                    "experimentAccession": experiment,
                    "name": name,
                    "resultSchema": assay.schema,
                    "uploadResultStatus": "Parsed",
                    "resultTotalRecs": totals.get(sample, 0),
                }

    def biosamples(self) -> Iterator[Row]:
        for assay in self._assays:
            for sample, _, taken in self._measured.drawn(assay):
                day = assay.days[taken.day]
                biosample = self._measured.subjects.biosample(taken.subject, assay.sample, day)
                yield {**biosample, "expsampleAccession": self._measured.expsample(assay, sample)}

    def links(self) -> Iterator[Row]:
        for assay in self._assays:
            for sample, spot in self._measured.spots(assay):
                yield {
                    "expsampleAccession": self._measured.expsample(assay, sample),
                    "fileInfoId": self._measured.file_id(assay, spot),
                    "treatmentAccession": self._measured.treatment(sample),
                    "resultSchema": assay.schema,
                }

    def treated(self) -> Iterator[Row]:
        return (row for row in self.links() if row["treatmentAccession"])

    def count_treated(self) -> int:
        spots = (sample for assay in self._assays for sample, _ in self._measured.spots(assay))
        return sum(sample % 3 == 0 for sample in spots)


def _materials(measured: Measurements) -> dict[str, PackageTable]:
    """The tables of samples, reagents and protocols that only packages have."""
    made = Materials(measured)

    def controls(kind: str, names: dict[str, str | None]) -> PackageTable:
        return PackageTable(lambda: made.controls(kind), names, lambda: measured.count_controls(kind))

    control: dict[str, str | None] = {"CONTROL_SAMPLE_ACCESSION": "sourceAccession"}
    standard: dict[str, str | None] = {"STANDARD_CURVE_ACCESSION": "sourceAccession"}
    return {
        "treatment": PackageTable(made.treatments),
        "biosample_2_treatment": PackageTable(made.treated_biosamples),
        "reagent": PackageTable(made.reagents),
        "reagent_set_2_reagent": PackageTable(made.kit),
        "expsample_2_reagent": PackageTable(made.used),
        "control_sample": controls("CONTROL SAMPLE", control),
        "control_sample_2_file_info": controls("CONTROL SAMPLE", control),
        "standard_curve": controls("STANDARD CURVE", standard | {"ANALYTE_PREFERRED": "analyteAccession"}),
        "standard_curve_2_file_info": controls("STANDARD CURVE", standard),
        "expsample_public_repository": PackageTable(
            made.public_repositories, counted=lambda: made.count_samples("pcr")
        ),
        "fcs_header": PackageTable(made.headers, counted=lambda: made.count_samples("fcsAnalyzed")),
        "fcs_header_marker": PackageTable(made.parameters),
        "fcs_analyzed_result_marker": PackageTable(made.markers, counted=made.count_markers),
        "experiment_2_protocol": PackageTable(made.protocols),
        "lab_test_panel_2_protocol": PackageTable(made.lab_protocols),
        "assessment_2_file_info": PackageTable(made.assessment_files),
    }


def result_table(endpoint: str) -> str:
    """The table an assay's results are in: `mbaa_result`, `mass_spectrometry_result`."""
    return f"{snake_case(endpoint.removesuffix('Result'))}_result"


def _results(measured: Measurements) -> dict[str, PackageTable]:
    """A preferred analyte or gene is an accession here, where the API shows its symbol."""
    accession: dict[str, str | None] = dict.fromkeys(
        ("ANALYTE_PREFERRED", "GENE_SYMBOL_PREFERRED"), "analyteAccession"
    )

    def table(assay: Assay) -> PackageTable:
        return PackageTable(lambda: measured.results(assay), accession, lambda: measured.count(assay))

    return {result_table(assay.endpoint): table(assay) for assay in measured.study.assays}


def _clinical(measured: Measurements) -> dict[str, PackageTable]:
    """What was done to people and seen of them."""
    clinical = measured.clinical

    def first(rows: Callable[[], Iterator[Row]]) -> Iterator[Row]:
        """The one panel that all rows repeat."""
        return (row for row, _ in zip(rows(), range(1), strict=False))

    def named(prefix: str) -> dict[str, str | None]:
        return {f"NAME_{kind.upper()}": f"{prefix}Name{kind}" for kind in ("Preferred", "Reported")}

    return {
        "adverse_event": PackageTable(clinical.adverse_events),
        "assessment_panel": PackageTable(lambda: first(clinical.assessments), named("assessmentPanel")),
        "assessment_component": PackageTable(clinical.assessments, named("assessmentComponent")),
        "immune_exposure": PackageTable(clinical.exposures),
        "intervention": PackageTable(clinical.interventions),
        "lab_test_panel": PackageTable(lambda: first(clinical.lab_tests), named("labTestPanel")),
        "lab_test": PackageTable(clinical.lab_tests, named("labTest")),
    }


def _study_documents(measured: Measurements) -> dict[str, PackageTable]:
    """The study documents: publications, persons, grants and protocols."""
    documents, study = measured.documents, measured.subjects.study_row()

    def timed(rows: Callable[[], Iterator[Row]]) -> Callable[[], Iterator[Row]]:
        return lambda: (_timed(row) for row in rows())

    def of(prefix: str, *columns: str) -> dict[str, str | None]:
        return {column: prefix + camel_case(column).capitalize() for column in columns}

    dated = {"START_DATE": "StartDate", "END_DATE": "EndDate"}
    described = ("CATEGORY", "DESCRIPTION", "LINK", "NAME")
    grant = of("contractGrant", *described) | {name: f"contractGrant{to}" for name, to in dated.items()}
    program = of("program", *described) | {name: f"program{to}" for name, to in dated.items()}
    return {
        "contract_grant": PackageTable(timed(documents.contracts), grant),
        "contract_grant_2_study": PackageTable(documents.contracts),
        "program": PackageTable(timed(documents.contracts), program | {"SHORT_NAME": "programShortName"}),
        "inclusion_exclusion": PackageTable(documents.criteria),
        "protocol": PackageTable(documents.protocols),
        "study_2_condition_or_disease": PackageTable(documents.conditions),
        "study_2_protocol": PackageTable(documents.protocols),
        "study_categorization": PackageTable(
            lambda: [{**study, "studyCategorizationId": 101 + measured.study.index}]
        ),
        "study_file": PackageTable(documents.files),
        "study_link": PackageTable(documents.links),
        "study_personnel": PackageTable(documents.personnel),
        "study_pubmed": PackageTable(documents.pubmeds),
        "workspace": PackageTable(lambda: [{"category": "NIH", "name": "Sandbox", "type": "PW"}]),
    }


def _vocabularies(measured: Measurements) -> dict[str, PackageTable]:
    """Vocabularies as of the release, without the stubs of the API."""
    other: dict[str, str | None] = {"DESCRIPTON": "description", "IMMUNOLOGY_GENE_SYMBOL": "immunologySymbol"}
    return {
        _VOCABULARIES.get(endpoint.table, endpoint.table): PackageTable(
            partial(plain_terms, endpoint, measured.release), other
        )
        for endpoint in LOOKUP_ENDPOINTS
    }


def _timed(row: Row) -> Row:
    """Dates as tables have them: with a time."""
    return {
        name: f"{value} 00:00:00" if value and name.endswith("Date") else value for name, value in row.items()
    }
