"""What packages tell of cytometry beside its results: FCS files, their parameters, markers of populations."""

from __future__ import annotations

from include.warehouse.blocks import expsample, number, pair
from include.warehouse.declare import Bridge, Column, Derived, Fact, Type

INTEGER, NUMERIC, TEXT = Type.INTEGER, Type.NUMERIC, Type.TEXT
_HEADER_ID = Column("fcs_header_id", "ImmPort's number of the header", INTEGER)
#: A marker's name and what follows it: CD3+, CD45RA-, CCR7 hi.
_SIGN = r"\s*(\+\+?|-|hi(gh)?|lo(w)?|int|dim|bright)$"
_MARKER = "coalesce(h.population_marker_preferred, h.population_marker_reported)"

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
    may_shrink=True,
)

FCS_HEADER_MARKER = Bridge(
    name="fcs_header_marker",
    grain="one parameter of one FCS file",
    endpoint="fcs_header_marker",
    row_id=Column(
        "fcs_header_parameter",
        "Numbers of the header and of the parameter in the file, with a stroke between",
        source=f"{number('fcs_header_id')} || '/' || {number('parameter_number')}",
    ),
    columns=(
        Column("fcs_header_id", "ImmPort's number of the header, in fact_fcs_header", INTEGER),
        Column("parameter_number", "Number of the parameter in the file", INTEGER),
        *pair("pnn", "Short name of the parameter: a detector", TEXT),
        *pair("pns", "Long name of the parameter: a marker", TEXT),
    ),
    may_shrink=True,
)

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
                rf"regexp_replace(btrim({_MARKER}), '{_SIGN}', '', 'i')"),
        Derived("marker_sign", "Whether the cells have it: +, - or a level such as hi, lo, dim; null for"
                " none told", TEXT, rf"lower((regexp_match(btrim({_MARKER}), '{_SIGN}', 'i'))[1])"),
    ),
)  # fmt: skip

CYTOMETRY: tuple[Fact, ...] = (FCS_HEADER, FCS_HEADER_MARKER, FCS_RESULT_MARKER)
