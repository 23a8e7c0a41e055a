"""The assay facts of the star, one entry each."""

from __future__ import annotations

from include.warehouse.declare import NOT_APPLICABLE, UNKNOWN, Column, Derived, Fact, Measure, Reference, Type

NUMERIC, INTEGER = Type.NUMERIC, Type.INTEGER

_COMMON = (
    Column("comments", "Comments of the submitter or of ImmPort"),
    Column("repository_accession", "Accession of the raw data in a public repository"),
    Column("repository_name", "That repository"),
)
_TREATMENT = Column("treatment_accession", "Treatments of the sample, as ImmPort lists them")


def _study_time(
    t0_event: str = "s.study_time_t0_event", specify: str = "s.study_time_t0_event_specify"
) -> Reference:
    # 1.00 and 1 are one time: the number is trimmed before it becomes part of a key.
    collected = "trim_scale(nullif(btrim(s.study_time_collected), '')::numeric)::text"
    return Reference(
        "study_time",
        (collected, "s.study_time_collected_unit", t0_event, specify),
        "Time of collection relative to time zero",
    )


def _people(absent: str = str(UNKNOWN)) -> tuple[Reference, ...]:
    return (
        Reference("arm", ("s.arm_accession",), "Arm of the subject", absent=absent),
        Reference("subject", ("s.subject_accession",), "Subject measured", absent=absent),
        Reference(
            "participation",
            ("s.arm_accession", "s.subject_accession"),
            "The subject in that arm, with its age",
            absent=absent,
        ),
        Reference("biosample", ("s.biosample_accession",), "Sample measured", absent=absent),
    )


def _expsample(expression: str = "s.expsample_accession") -> Reference:
    return Reference("expsample", (expression,), "Experiment sample measured")


_EXPERIMENT = Reference("experiment", ("s.experiment_accession",), "Experiment of the result")
_VISIT = Reference("planned_visit", ("s.planned_visit_accession",), "Visit of the sample")
_TECHNIQUE = Reference("technique", ("s.measurement_technique",), "Measurement technique")
_CONTEXT = (*_people(), _expsample(), _EXPERIMENT, _VISIT, _study_time(), _TECHNIQUE)


def _unit(preferred: str = "s.unit_preferred", reported: str = "s.unit_reported") -> Reference:
    return Reference("unit", (f"coalesce({preferred}, {reported})",), "Unit: preferred, else as reported")


_ANALYTE = Reference(
    "analyte", ("s.analyte_accession", "s.analyte_preferred", "s.analyte_reported"), "Analyte measured"
)
_ANALYTE_NAMES = (
    Column("analyte_reported", "Analyte as reported"),
    Column("analyte_preferred", "Analyte in ImmPort's words"),
)
_STRAIN = Reference("virus_strain", ("s.virus_strain_preferred", "s.virus_strain_reported"), "Strain tested")
_STRAIN_NAMES = (
    Column("virus_strain_reported", "Strain as reported"),
    Column("virus_strain_preferred", "Strain in ImmPort's words"),
)


def _pair(name: str, meaning: str, kind: Type = NUMERIC, source: str | None = None) -> tuple[Column, Column]:
    """A reported text and its preferred value, side by side."""
    source = source or name
    return (
        Column(f"{name}_reported", f"{meaning}, as reported, never altered", source=f"s.{source}_reported"),
        Column(f"{name}_preferred", f"{meaning}, as ImmPort curated it", kind,
               None if source == name else f"s.{source}_preferred"),
    )  # fmt: skip


def _number(reported: str, preferred: str) -> tuple[Derived, Derived]:
    return (
        Derived("value_number", "The value as a number: preferred, else the number in the reported text",
                NUMERIC, f"coalesce({preferred}, star.to_number(star.without_operator({reported})))"),
        Derived("value_operator", "Comparison the reported text states: <, <=, > or >=; null for none",
                Type.TEXT, f"star.operator_of({reported})"),
    )  # fmt: skip


_VALUE = _pair("value", "Value")
_UNITS = _pair("unit", "Unit", Type.TEXT)
_VALUE_NUMBER = _number("h.value_reported", "h.value_preferred")
_VALUE_MEASURE = {
    "value_reported": "f.value_reported",
    "value_preferred": "f.value_preferred",
    "unit_reported": "f.unit_reported",
    "unit_preferred": "f.unit_preferred",
}

ELISA = Fact(
    name="elisa",
    assay="ELISA",
    grain="one ELISA result",
    endpoint="elisa",
    references=(*_CONTEXT, _ANALYTE, _unit()),
    columns=(*_ANALYTE_NAMES, *_VALUE, *_UNITS, _TREATMENT, *_COMMON),
    derived=_VALUE_NUMBER,
    measure=Measure(
        "analyte", "f.analyte_reported", "f.analyte_preferred", "f.analyte_key", **_VALUE_MEASURE
    ),
)

ELISPOT = Fact(
    name="elispot",
    assay="ELISPOT",
    grain="one ELISPOT result",
    endpoint="elispot",
    references=(*_CONTEXT, _ANALYTE),
    columns=(
        *_ANALYTE_NAMES,
        *_pair("spot_number", "Spots counted"),
        *_pair("cell_number", "Cells plated"),
        _TREATMENT,
        *_COMMON,
    ),
    derived=_number("h.spot_number_reported", "h.spot_number_preferred"),
    measure=Measure(
        "analyte",
        "f.analyte_reported",
        "f.analyte_preferred",
        "f.analyte_key",
        "f.spot_number_reported",
        "f.spot_number_preferred",
        "'spots'",
        "'spots'",
    ),
)

#: ImmPort has spelt the source of a bead array result in several ways.
_IS_SAMPLE = "upper(replace(s.source_type, '_', ' ')) in ('EXPSAMPLE', 'EXPERIMENTAL SAMPLE')"

MBAA = Fact(
    name="mbaa",
    assay="MBAA",
    grain="one analyte of one well of a multiplex bead array, controls and standards included",
    endpoint="mbaa",
    references=(
        # A control or standard has no subject: not a missing one, none that could be.
        *_people(f"case when {_IS_SAMPLE} then {UNKNOWN} else {NOT_APPLICABLE} end"),
        _expsample(f"case when {_IS_SAMPLE} then s.source_accession end"),
        _EXPERIMENT,
        _VISIT,
        _study_time(),
        _TECHNIQUE,
        _ANALYTE,
        _unit("s.concentration_unit_preferred", "s.concentration_unit_reported"),
    ),
    columns=(
        *_ANALYTE_NAMES,
        *_pair("concentration_value", "Concentration"),
        *_pair("concentration_unit", "Unit of the concentration", Type.TEXT),
        Column("mfi", "Mean fluorescence intensity, as reported"),
        Column("mfi_coordinate", "Coordinate of the intensity on the plate"),
        Column("assay_id", "Plate"),
        Column("assay_group_id", "Group of plates"),
        Column("source_type", "What was measured: experiment sample, control or standard"),
        Column("source_accession", "Accession of what was measured"),
        _TREATMENT,
        *_COMMON,
    ),
    derived=_number("h.concentration_value_reported", "h.concentration_value_preferred"),
    measure=Measure(
        "analyte",
        "f.analyte_reported",
        "f.analyte_preferred",
        "f.analyte_key",
        "f.concentration_value_reported",
        "f.concentration_value_preferred",
        "f.concentration_unit_reported",
        "f.concentration_unit_preferred",
    ),
)


def _titre(name: str, assay: str, grain: str, endpoint: str) -> Fact:
    return Fact(
        name=name,
        assay=assay,
        grain=grain,
        endpoint=endpoint,
        references=(*_CONTEXT, _STRAIN, _unit()),
        columns=(*_STRAIN_NAMES, *_VALUE, *_UNITS, _TREATMENT, *_COMMON),
        derived=_VALUE_NUMBER,
        measure=Measure(
            "virus strain",
            "f.virus_strain_reported",
            "f.virus_strain_preferred",
            "f.virus_strain_key",
            **_VALUE_MEASURE,
        ),
    )


HAI = _titre("hai", "HAI", "one hemagglutination inhibition titre", "hai")
NEUT_AB_TITER = _titre(
    "neut_ab_titer", "Neutralising antibody", "one virus neutralisation titre", "neutAbTiter"
)

PCR = Fact(
    name="pcr",
    assay="PCR",
    grain="one real-time PCR result",
    endpoint="pcr",
    references=(
        *_CONTEXT,
        Reference(
            "gene",
            (
                "s.gene_id",
                "s.gene_symbol_preferred",
                "s.gene_symbol_reported",
                "s.gene_name",
                "s.other_gene_accession",
            ),
            "Gene measured",
        ),
        _unit(),
    ),
    columns=(
        Column("gene_symbol_reported", "Gene symbol as reported"),
        Column("gene_symbol_preferred", "Gene symbol in ImmPort's words"),
        Column("analyte_accession", "ImmPort's accession of the gene's product, ANA..."),
        *_VALUE,
        *_UNITS,
        _TREATMENT,
        *_COMMON,
    ),
    derived=_VALUE_NUMBER,
    measure=Measure(
        "gene", "f.gene_symbol_reported", "f.gene_symbol_preferred", "f.gene_key", **_VALUE_MEASURE
    ),
)

FCS_ANALYZED = Fact(
    name="fcs_analyzed",
    assay="Flow cytometry",
    grain="one statistic of one gated cell population",
    endpoint="fcsAnalyzed",
    references=(
        *_CONTEXT,
        # ImmPort spells the field populationDefnition.
        Reference(
            "cell_population",
            (
                "s.population_name_preferred",
                "s.population_name_reported",
                "s.population_defnition_preferred",
                "s.population_defnition_reported",
            ),
            "Population counted",
        ),
        Reference(
            "cell_population",
            ("s.parent_population_preferred", "s.parent_population_reported", "null", "null"),
            "Population it is a part of",
            role="parent_",
        ),
        _unit("s.population_stat_unit_preferred", "s.population_stat_unit_reported"),
    ),
    columns=(
        *_pair("population_name", "Name of the population", Type.TEXT),
        *_pair("population_definition", "Gates of the population", Type.TEXT, "population_defnition"),
        *_pair("parent_population", "Name of the parent population", Type.TEXT),
        *_pair("population_statistic", "Statistic of the population"),
        *_pair("population_stat_unit", "Unit of the statistic", Type.TEXT),
        Column("workspace_file_info_id", "ImmPort's number of the workspace file", INTEGER),
        _TREATMENT,
        *_COMMON,
    ),
    derived=_number("h.population_statistic_reported", "h.population_statistic_preferred"),
    measure=Measure(
        "cell population",
        "f.population_name_reported",
        "f.population_name_preferred",
        "f.cell_population_key",
        "f.population_statistic_reported",
        "f.population_statistic_preferred",
        "f.population_stat_unit_reported",
        "f.population_stat_unit_preferred",
    ),
)

_ALLELES = (
    Column("allele1", "First allele, as typed"),
    Column("allele2", "Second allele, as typed"),
)
_ALLELE_TEXT = "concat_ws(' ', f.allele1, f.allele2)"

HLA_TYPING = Fact(
    name="hla_typing",
    assay="HLA typing",
    grain="the two alleles of one HLA locus",
    endpoint="hlaTyping",
    references=_CONTEXT,
    columns=(
        Column("locus_name", "Locus; null where the allele names carry it"),
        *_ALLELES,
        Column("result_set_id", "Number that ties the loci of one typing together", INTEGER),
        _TREATMENT,
        *_COMMON,
    ),
    measure=Measure("HLA locus", "f.locus_name", value_text=_ALLELE_TEXT),
)

KIR_TYPING = Fact(
    name="kir_typing",
    assay="KIR typing",
    grain="one KIR typing result",
    endpoint="kirTyping",
    references=_CONTEXT,
    columns=(Column("kir_haplotype", "KIR haplotype"), *_ALLELES, _TREATMENT, *_COMMON),
    measure=Measure("KIR haplotype", "f.kir_haplotype", value_text=_ALLELE_TEXT),
)

MASS_SPECTROMETRY = Fact(
    name="mass_spectrometry",
    assay="Mass spectrometry",
    grain="the intensity of one feature",
    endpoint="massSpectrometryResult",
    # The endpoint sends no visit: the sample knows it.
    joins="""left join (
        select b.biosample_accession, min(b.planned_visit_accession) as planned_visit_accession
        from {biosample} b group by b.biosample_accession
    ) b on b.biosample_accession = s.biosample_accession
    left join {experiment} e on e.experiment_accession = s.experiment_accession""",
    references=(
        *_people(),
        _expsample(),
        _EXPERIMENT,
        Reference("planned_visit", ("b.planned_visit_accession",), "Visit of the sample, known through it"),
        _study_time("null", "null"),
        Reference("technique", ("e.measurement_technique",), "Technique, known through the experiment"),
    ),
    columns=(
        *_pair("metabolite_name", "Metabolite", Type.TEXT),
        *_pair("protein_name", "Protein", Type.TEXT),
        *_pair("database_id", "Identifier in a metabolite or protein database", Type.TEXT),
        Column("intensity", "Intensity of the feature", NUMERIC, unit="arbitrary units"),
        Column("mz_ratio", "Mass to charge ratio", NUMERIC,
               "nullif(btrim(s.mzratio), '')::numeric", "m/z"),
        Column("z_charge", "Charge state, as reported", source="s.zcharge"),
        Column("retention_time", "Retention time", NUMERIC, unit="retention_time_unit"),
        Column("retention_time_unit", "Unit of the retention time"),
        Column("mass_spectrometry_type", "Kind of mass spectrometry"),
        Column("workspace_id", "ImmPort's number of the workspace", INTEGER),
        *_COMMON,
    ),
    derived=(
        Derived("value_number", "The intensity", NUMERIC, "h.intensity", "arbitrary units"),
        Derived("value_operator", "None: intensities are numbers", Type.TEXT, "null::text"),
    ),
    measure=Measure(
        "metabolite or protein",
        "coalesce(f.metabolite_name_reported, f.protein_name_reported)",
        "coalesce(f.metabolite_name_preferred, f.protein_name_preferred)",
        value_reported="f.intensity::text",
        value_preferred="f.intensity",
    ),
)  # fmt: skip

FACTS: tuple[Fact, ...] = (
    ELISA, ELISPOT, MBAA, HAI, NEUT_AB_TITER, PCR, FCS_ANALYZED, HLA_TYPING, KIR_TYPING, MASS_SPECTROMETRY,
)  # fmt: skip
