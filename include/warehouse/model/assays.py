"""The assay facts of the star, one entry each; those of genes are in `genes`."""

from __future__ import annotations

from include.warehouse.model.common_columns import (
    ANALYTE,
    ANALYTE_NAMES,
    COMMON,
    CONTEXT,
    EXPERIMENT,
    IS_SAMPLE,
    SOURCE_TYPE,
    STRAIN,
    STRAIN_NAMES,
    TECHNIQUE,
    TREATMENT,
    UNITS,
    VALUE,
    VALUE_MEASURE,
    VISIT,
    expsample,
    measured,
    pair,
    people,
    study_time,
    unit,
)
from include.warehouse.model.cytometry import FCS_ANALYZED
from include.warehouse.model.declaration import (
    NOT_APPLICABLE,
    UNKNOWN,
    Column,
    Derived,
    Fact,
    Joined,
    Measure,
    Reference,
    Type,
)
from include.warehouse.model.genes import HLA_TYPING, KIR_TYPING, PCR, RNA_SEQ
from include.warehouse.model.measured_values import (
    BEAD_ARRAY,
    CONCENTRATION,
    INTENSITY,
    SPOTS,
    TITRE,
)

NUMERIC, INTEGER = Type.NUMERIC, Type.INTEGER

ELISA = Fact(
    name="elisa",
    assay="ELISA",
    grain="one ELISA result",
    endpoint="elisa",
    references=(*CONTEXT, ANALYTE, unit()),
    columns=(
        *ANALYTE_NAMES,
        *VALUE,
        *UNITS,
        Column("qualitative_result", "Result in words, such as <50; known from older packages only"),
        Column(
            "is_limit_known",
            "Whether a limit given in words would be known: true of a result that a package provided; null"
            " of one that the API alone provided, whose value may be a limit that nothing marks",
            Type.BOOLEAN,
            "s.is_limit_known = 'true'",
        ),
        TREATMENT,
        *COMMON,
    ),
    derived=CONCENTRATION.columns,
    lookup=CONCENTRATION.lookup,
    measure=Measure("analyte", "f.analyte_reported", "f.analyte_preferred", "f.analyte_key", **VALUE_MEASURE),
)

_CELLS = (
    "greatest(coalesce(star.measurable(h.cell_number_preferred), star.to_number(h.cell_number_reported)), 0)"
)

ELISPOT = Fact(
    name="elispot",
    assay="ELISPOT",
    grain="one ELISPOT result",
    endpoint="elispot",
    references=(*CONTEXT, ANALYTE),
    columns=(
        *ANALYTE_NAMES,
        *pair("spot_number", "Spots counted"),
        *pair("cell_number", "Cells plated"),
        Column("cell_type", "Cells plated, in words; known from packages up to DR16 only"),
        TREATMENT,
        *COMMON,
    ),
    derived=(
        *SPOTS.columns,
        Derived(
            "spots_per_million",
            "Spots of a million cells, whatever number was plated",
            NUMERIC,
            f"1000000 * {SPOTS.standard} / nullif({_CELLS}, 0)",
            "spots per 1,000,000 cells",
        ),
    ),
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


def _source(dimension: str, meaning: str, kind: str) -> Reference:
    """What a well of a bead array holds, where it holds that."""
    is_one = f"{SOURCE_TYPE} = '{kind}'"
    return Reference(
        dimension,
        (f"case when {is_one} then s.source_accession end",),
        meaning,
        absent=f"case when {is_one} then {UNKNOWN} else {NOT_APPLICABLE} end",
    )


MBAA = Fact(
    name="mbaa",
    assay="MBAA",
    grain="one analyte of one well of a multiplex bead array, controls and standards included",
    endpoint="mbaa",
    references=(
        # A control or standard has no subject: not a missing one, none that could be.
        *people(f"case when {IS_SAMPLE} then {UNKNOWN} else {NOT_APPLICABLE} end"),
        expsample(f"case when {IS_SAMPLE} then s.source_accession end"),
        _source("control_sample", "Control measured", "CONTROL SAMPLE"),
        _source("standard_curve", "Standard curve that the well is a point of", "STANDARD CURVE"),
        EXPERIMENT,
        VISIT,
        study_time(),
        TECHNIQUE,
        ANALYTE,
        unit("s.concentration_unit_preferred", "s.concentration_unit_reported"),
    ),
    columns=(
        *ANALYTE_NAMES,
        *pair("concentration_value", "Concentration"),
        *pair("concentration_unit", "Unit of the concentration", Type.TEXT),
        *measured("mfi", "Mean fluorescence intensity; below 0 after a background was subtracted",
                  "arbitrary units"),
        Column("mfi_coordinate", "Coordinate of the intensity on the plate"),
        Column("assay_id", "Plate"),
        Column("assay_group_id", "Group of plates"),
        Column("source_type", "What was measured: experiment sample, control or standard"),
        Column("source_accession", "Accession of what was measured"),
        TREATMENT,
        *COMMON,
    ),
    derived=BEAD_ARRAY.columns,
    lookup=BEAD_ARRAY.lookup,
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
)  # fmt: skip


def _titre(name: str, assay: str, grain: str, endpoint: str) -> Fact:
    return Fact(
        name=name,
        assay=assay,
        grain=grain,
        endpoint=endpoint,
        references=(*CONTEXT, STRAIN, unit()),
        columns=(*STRAIN_NAMES, *VALUE, *UNITS, TREATMENT, *COMMON),
        derived=TITRE.columns,
        lookup=TITRE.lookup,
        measure=Measure(
            "virus strain",
            "f.virus_strain_reported",
            "f.virus_strain_preferred",
            "f.virus_strain_key",
            **VALUE_MEASURE,
        ),
    )


HAI = _titre("hai", "HAI", "one hemagglutination inhibition titre", "hai")
NEUT_AB_TITER = _titre(
    "neut_ab_titer", "Neutralising antibody", "one virus neutralisation titre", "neutAbTiter"
)


MASS_SPECTROMETRY = Fact(
    name="mass_spectrometry",
    assay="Mass spectrometry",
    grain="the intensity of one feature",
    endpoint="massSpectrometryResult",
    # The endpoint sends no visit: the sample knows it.
    joins=(
        Joined(
            "b",
            "biosample",
            """left join (
                select b.biosample_accession, min(b.planned_visit_accession) as planned_visit_accession
                from {biosample} b group by b.biosample_accession
            ) b on b.biosample_accession = s.biosample_accession""",
        ),
        Joined(
            "e", "experiment", "left join {experiment} e on e.experiment_accession = s.experiment_accession"
        ),
    ),
    references=(
        *people(),
        expsample(),
        EXPERIMENT,
        Reference("planned_visit", ("b.planned_visit_accession",), "Visit of the sample, known through it"),
        study_time("null", "null"),
        Reference("technique", ("e.measurement_technique",), "Technique, known through the experiment"),
    ),
    columns=(
        *pair("metabolite_name", "Metabolite", Type.TEXT),
        *pair("protein_name", "Protein", Type.TEXT),
        *pair("database_id", "Identifier in a metabolite or protein database", Type.TEXT),
        Column("intensity", "Intensity of the feature", NUMERIC, unit="arbitrary units", is_measure=True),
        Column("mz_ratio", "Mass to charge ratio", NUMERIC,
               "nullif(btrim(s.mzratio), '')::numeric", "m/z", is_measure=True),
        Column("z_charge", "Charge state, as reported", source="s.zcharge"),
        Column("retention_time", "Retention time", NUMERIC, unit="retention_time_unit", is_measure=True),
        Column("retention_time_unit", "Unit of the retention time"),
        Column("mass_spectrometry_type", "Kind of mass spectrometry"),
        Column("workspace_id", "ImmPort's number of the workspace", INTEGER),
        *COMMON,
    ),
    derived=INTENSITY.columns,
    measure=Measure(
        "metabolite or protein",
        "coalesce(f.metabolite_name_reported, f.protein_name_reported)",
        "coalesce(f.metabolite_name_preferred, f.protein_name_preferred)",
        value_reported="f.intensity::text",
        value_preferred="f.intensity",
    ),
)  # fmt: skip

ASSAY_FACTS: tuple[Fact, ...] = (
    ELISA, ELISPOT, MBAA, HAI, NEUT_AB_TITER, PCR, FCS_ANALYZED, HLA_TYPING, KIR_TYPING, MASS_SPECTROMETRY,
    RNA_SEQ,
)  # fmt: skip
