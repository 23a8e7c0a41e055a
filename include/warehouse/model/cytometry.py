"""Cytometry: its results, and what packages alone have: FCS files, parameters, markers of populations."""

from __future__ import annotations

from include.sql import Expression, call, literal, sql
from include.warehouse.model.common_columns import COMMON, CONTEXT, TREATMENT, expsample, number, pair, unit
from include.warehouse.model.declaration import NULL, Bridge, Column, Derived, F, Fact, H, Measure, S, Type
from include.warehouse.model.measured_values import POPULATION, U
from include.warehouse.model.relations import Reference
from include.warehouse.model.units import CELL_COUNT

INTEGER, NUMERIC, TEXT = Type.INTEGER, Type.NUMERIC, Type.TEXT
_HEADER = "The header: ImmPort's number, or UUID, data set and experiment sample of a file that was read"
_HEADER_ID = Column("fcs_header_id", "ImmPort's number of the header", INTEGER)
#: A marker's name and what follows it: CD3+, CD45RA-, CCR7 hi.
_SIGN = r"\s*(\+[-~+]?|-|hi(gh)?|lo(w)?|int|dim|bright)$"
#: The signs that ImmPort's rules write for levels in words.
_LEVELS = {"hi": "++", "high": "++", "bright": "++", "lo": "+-", "low": "+-", "dim": "+-", "int": "+~"}
_MARKER = sql(
    "(btrim(star.plain_text(",
    call("coalesce", H.population_marker_preferred, H.population_marker_reported),
    ')) collate "C")',
)


#: Provenances: what ImmPort's package has, and what ImmPort's published rules read where it is silent.
IMMPORT_SAYS, PARSED = "immport", "parsed"
_PROVENANCE = Derived(
    "provenance",
    f"Whose the preferred name is, or the whole row: {IMMPORT_SAYS}, or {PARSED} by ImmPort's published rules"
    " where its package has none",
    TEXT,
    sql(literal(IMMPORT_SAYS)),
)
_VOCABULARY = Derived(
    "marker_vocabulary",
    "Version of the vocabulary that it was read with, as in study_marker_vocabulary; null where nothing was"
    " read",
    TEXT,
    NULL,
)


def _signed() -> Expression:
    """The sign of a marker, levels in words as ImmPort's rules write them."""
    found = sql("lower((regexp_match(", _MARKER, f", {literal(_SIGN)}, 'i'))[1] collate \"C\")")
    levels = " ".join(f"when {literal(level)} then {literal(sign)}" for level, sign in _LEVELS.items())
    return sql("case ", found, f" {levels} else ", found, " end")


def _named_parent(column: Expression) -> Expression:
    """The name of a parent population: ImmPort has a number of cells there in some studies."""
    return sql("case when star.cell_count(", column, ") is null then ", column, " end")


#: Cells of the parent population, where a number stands in place of its name.
_PARENT_CELLS = call(
    "coalesce",
    call("star.cell_count", H.parent_population_preferred),
    call("star.cell_count", H.parent_population_reported),
)
#: A number of cells is one by its unit, or has none. More cells than the parent has are of another parent.
_PERCENT_OF_PARENT = sql(
    "case when ", call("coalesce", U.dimension, POPULATION.unit, literal(CELL_COUNT)),
    f" = {literal(CELL_COUNT)}",
    " and ", POPULATION.number, " between 0 and ", _PARENT_CELLS,
    " then 100 * ", POPULATION.number, " / ", call("nullif", _PARENT_CELLS, "0"), " end",
)  # fmt: skip

FCS_ANALYZED = Fact(
    name="fcs_analyzed",
    assay="Flow cytometry",
    grain="one statistic of one gated cell population",
    endpoint="fcsAnalyzed",
    references=(
        *CONTEXT,
        # ImmPort spells the field populationDefnition.
        Reference(
            "cell_population",
            (
                S.population_name_preferred,
                S.population_name_reported,
                S.population_defnition_preferred,
                S.population_defnition_reported,
            ),
            "Population counted",
        ),
        Reference(
            "cell_population",
            (
                _named_parent(S.parent_population_preferred),
                _named_parent(S.parent_population_reported),
                NULL,
                NULL,
            ),
            "Population it is a part of; unknown where a number of cells stands in place of a name",
            role="parent_",
        ),
        unit(S.population_stat_unit_preferred, S.population_stat_unit_reported),
    ),
    columns=(
        *pair("population_name", "Name of the population", Type.TEXT),
        *pair("population_definition", "Gates of the population", Type.TEXT, "population_defnition"),
        *pair("parent_population", "Name of the parent population", Type.TEXT),
        *pair("population_statistic", "Statistic of the population"),
        *pair("population_stat_unit", "Unit of the statistic", Type.TEXT),
        Column("workspace_file_info_id", "ImmPort's number of the workspace file", INTEGER),
        TREATMENT,
        *COMMON,
    ),
    derived=(
        *POPULATION.columns,
        Derived(
            "parent_cell_count",
            "Cells of the parent population, where a number stands in place of its name",
            NUMERIC,
            _PARENT_CELLS,
            "cells",
        ),
        Derived(
            "percent_of_parent",
            "Share that a number of cells is of parent_cell_count",
            NUMERIC,
            _PERCENT_OF_PARENT,
            "percent",
        ),
    ),
    lookup=POPULATION.lookup,
    measure=Measure(
        "cell population",
        F.population_name_reported,
        F.population_name_preferred,
        F.cell_population_key,
        F.population_statistic_reported,
        F.population_statistic_preferred,
        F.population_stat_unit_reported,
        F.population_stat_unit_preferred,
    ),
)

FCS_HEADER = Fact(
    name="fcs_header",
    grain="the header of one FCS file of one experiment sample",
    endpoint="fcs_header",
    row_id=_HEADER_ID,
    references=(expsample(),),
    columns=(
        Column("file_info_id", "ImmPort's number of the file, also in fact_result_file", INTEGER),
        Column("fcs_file_name", "Name of the file as it was submitted"),
        Column("fcs_version", "Version of the FCS standard", NUMERIC),
        Column("compensation_flag", "Y when the file was compensated"),
        *pair("panel", "Parameters of the file, with strokes between", TEXT),
        Column("number_of_events", "Cells and other events measured", INTEGER, unit="events"),
        Column("number_of_markers", "Parameters of each event", INTEGER, unit="parameters"),
        Column("minimum_intensity", "Lowest intensity in the file", NUMERIC, unit="arbitrary units"),
        Column("maximum_intensity", "Highest intensity in the file", NUMERIC, unit="arbitrary units"),
    ),
    derived=(
        Derived("fcs_header", f"{_HEADER}", TEXT, sql(H.fcs_header_id, "::text")),
        Derived("file_uuid", "UUID of the file, where its header was read from it", TEXT, NULL),
        Derived("data_set", "Data set of that file, from 1", INTEGER, NULL),
        Derived("provenance", f"Whose the header is: {IMMPORT_SAYS}, or {PARSED} from the file where"
                " ImmPort's package has none", TEXT, sql(literal(IMMPORT_SAYS))),
        Derived("marker_vocabulary", "Version of the vocabulary that panel_preferred was read with; null"
                " where it is ImmPort's", TEXT, NULL),
    ),
    may_shrink=True,
)  # fmt: skip

FCS_HEADER_MARKER = Bridge(
    name="fcs_header_marker",
    grain="one parameter of one FCS file",
    endpoint="fcs_header_marker",
    row_id=Column(
        "fcs_header_parameter",
        "Numbers of the header and of the parameter in the file, with a stroke between",
        source=sql(number("fcs_header_id"), " || '/' || ", number("parameter_number")),
    ),
    columns=(
        Column("fcs_header_id", "ImmPort's number of the header, in fact_fcs_header", INTEGER),
        Column("parameter_number", "Number of the parameter in the file", INTEGER),
        *pair("pnn", "Short name of the parameter: a detector", TEXT),
        *pair("pns", "Long name of the parameter: a marker", TEXT),
    ),
    derived=(
        Derived("fcs_header", f"{_HEADER}, in fact_fcs_header", TEXT, sql(H.fcs_header_id, "::text")),
        Derived("analyte_accessions", "ImmPort's accessions of the analytes that pns_preferred names, with"
                " commas between, as in dim_analyte", TEXT, NULL),
        _PROVENANCE,
        _VOCABULARY,
    ),
    may_shrink=True,
)  # fmt: skip

FCS_RESULT_MARKER = Bridge(
    name="fcs_result_marker",
    grain="one marker by which the population of one result was gated",
    endpoint="fcs_analyzed_result_marker",
    row_id=Column("fcs_analyzed_result_marker_id", "ImmPort's number of the marker of a result", INTEGER),
    columns=(
        Column("result_id", "Result of fact_fcs_analyzed", INTEGER),
        *pair("population_marker", "Marker, with its sign", TEXT),
    ),
    derived=(
        Derived("marker", "Marker without its sign, in ImmPort's words where it has them", TEXT,
                call("regexp_replace", _MARKER, literal(_SIGN), "''", "'i'")),
        Derived("marker_sign", "Whether the cells have it: + or -, ++ for high, +- for low, +~ for"
                " intermediate; null where none is stated", TEXT, _signed()),
        Derived("marker_number", "Place of the marker in the definition of the population; null in rows of"
                " ImmPort", INTEGER, NULL),
        Derived("analyte_accession", "ImmPort's accession of the analyte that the marker is, as in"
                " dim_analyte; null for another marker", TEXT, NULL),
        _PROVENANCE,
        _VOCABULARY,
    ),
)  # fmt: skip

CYTOMETRY: tuple[Fact, ...] = (FCS_HEADER, FCS_HEADER_MARKER, FCS_RESULT_MARKER)
