"""The assay facts of the star, one entry each; those of genes are in `genes`."""

from __future__ import annotations

from include.sql import Row, call, gap, literal, sql
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
from include.warehouse.model.declaration import NULL, Column, Derived, F, Fact, H, Measure, S, Type
from include.warehouse.model.genes import HLA_TYPING, KIR_TYPING, PCR, RNA_SEQ
from include.warehouse.model.measured_values import BEAD_ARRAY, CONCENTRATION, INTENSITY, SPOTS, TITRE
from include.warehouse.model.relations import NOT_APPLICABLE, UNKNOWN, Joined, Reference

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
            sql(S.is_limit_known, " = 'true'"),
        ),
        TREATMENT,
        *COMMON,
    ),
    derived=CONCENTRATION.columns,
    lookup=CONCENTRATION.lookup,
    measure=Measure("analyte", F.analyte_reported, F.analyte_preferred, F.analyte_key, **VALUE_MEASURE),
)

_CELLS = call(
    "greatest",
    call(
        "coalesce",
        call("star.measurable", H.cell_number_preferred),
        call("star.to_number", H.cell_number_reported),
    ),
    "0",
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
            sql("1000000 * ", SPOTS.standard, " / ", call("nullif", _CELLS, "0")),
            "spots per 1,000,000 cells",
        ),
    ),
    measure=Measure(
        "analyte",
        F.analyte_reported,
        F.analyte_preferred,
        F.analyte_key,
        F.spot_number_reported,
        F.spot_number_preferred,
        sql("'spots'"),
        sql("'spots'"),
    ),
)


def _source(dimension: str, meaning: str, kind: str) -> Reference:
    """What a well of a bead array holds, where it holds that."""
    is_one = sql(SOURCE_TYPE, f" = {literal(kind)}")
    return Reference(
        dimension,
        (sql("case when ", is_one, " then ", S.source_accession, " end"),),
        meaning,
        absent=sql("case when ", is_one, f" then {UNKNOWN} else {NOT_APPLICABLE} end"),
    )


MBAA = Fact(
    name="mbaa",
    assay="MBAA",
    grain="one analyte of one well of a multiplex bead array, controls and standards included",
    endpoint="mbaa",
    references=(
        # A control or standard has no subject: not a missing one, none that could be.
        *people(sql("case when ", IS_SAMPLE, f" then {UNKNOWN} else {NOT_APPLICABLE} end")),
        expsample(sql("case when ", IS_SAMPLE, " then ", S.source_accession, " end")),
        _source("control_sample", "Control measured", "CONTROL SAMPLE"),
        _source("standard_curve", "Standard curve that the well is a point of", "STANDARD CURVE"),
        EXPERIMENT,
        VISIT,
        study_time(),
        TECHNIQUE,
        ANALYTE,
        unit(S.concentration_unit_preferred, S.concentration_unit_reported),
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
        F.analyte_reported,
        F.analyte_preferred,
        F.analyte_key,
        F.concentration_value_reported,
        F.concentration_value_preferred,
        F.concentration_unit_reported,
        F.concentration_unit_preferred,
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
            F.virus_strain_reported,
            F.virus_strain_preferred,
            F.virus_strain_key,
            **VALUE_MEASURE,
        ),
    )


HAI = _titre("hai", "HAI", "one hemagglutination inhibition titre", "hai")
NEUT_AB_TITER = _titre(
    "neut_ab_titer", "Neutralising antibody", "one virus neutralisation titre", "neutAbTiter"
)

#: Rows joined to a mass spectrometry result.
_B, _E = Row("b"), Row("e")

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
            sql(_B.biosample_accession, " = ", S.biosample_accession),
            sql(
                "select ", _B.biosample_accession,
                ", min(", _B.planned_visit_accession, ") as planned_visit_accession from ", gap("biosample"),
                " b group by ", _B.biosample_accession,
            ),
        ),
        Joined("e", "experiment", sql(_E.experiment_accession, " = ", S.experiment_accession)),
    ),
    references=(
        *people(),
        expsample(),
        EXPERIMENT,
        Reference("planned_visit", (_B.planned_visit_accession,), "Visit of the sample, known through it"),
        study_time(NULL, NULL),
        Reference("technique", (_E.measurement_technique,), "Technique, known through the experiment"),
    ),
    columns=(
        *pair("metabolite_name", "Metabolite", Type.TEXT),
        *pair("protein_name", "Protein", Type.TEXT),
        *pair("database_id", "Identifier in a metabolite or protein database", Type.TEXT),
        Column("intensity", "Intensity of the feature", NUMERIC, unit="arbitrary units", is_measure=True),
        Column("mz_ratio", "Mass to charge ratio", NUMERIC,
               sql("nullif(btrim(", S.mzratio, "), '')::numeric"), "m/z", is_measure=True),
        Column("z_charge", "Charge state, as reported", source=S.zcharge),
        Column("retention_time", "Retention time", NUMERIC, unit="retention_time_unit", is_measure=True),
        Column("retention_time_unit", "Unit of the retention time"),
        Column("mass_spectrometry_type", "Kind of mass spectrometry"),
        Column("workspace_id", "ImmPort's number of the workspace", INTEGER),
        *COMMON,
    ),
    derived=INTENSITY.columns,
    measure=Measure(
        "metabolite or protein",
        call("coalesce", F.metabolite_name_reported, F.protein_name_reported),
        call("coalesce", F.metabolite_name_preferred, F.protein_name_preferred),
        value_reported=sql(F.intensity, "::text"),
        value_preferred=F.intensity,
    ),
)  # fmt: skip

ASSAY_FACTS: tuple[Fact, ...] = (
    ELISA, ELISPOT, MBAA, HAI, NEUT_AB_TITER, PCR, FCS_ANALYZED, HLA_TYPING, KIR_TYPING, MASS_SPECTROMETRY,
    RNA_SEQ,
)  # fmt: skip
