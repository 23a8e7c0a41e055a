"""What samples were treated and measured with: treatments, reagents, controls, standards, their bridges.

Except for the bridge from experiment samples to their biosamples, only packages have these.
"""

from __future__ import annotations

from include.warehouse.model.common_columns import (
    ANALYTE_NAMES,
    EXPERIMENT,
    FILE_COLUMNS,
    bridge_key,
    expsample,
    file_bridge_key,
    measured,
)
from include.warehouse.model.declaration import Bridge, Column, Dimension, S, weight
from include.warehouse.model.relations import Reference

_BIOSAMPLE = Reference("biosample", (S.biosample_accession,), "The biosample")
_REAGENT = Reference("reagent", (S.reagent_accession,), "The reagent")
_TREATMENT = Reference("treatment", (S.treatment_accession,), "The treatment")
#: No key of dim_analyte: it holds what results measure, by whatever route they come.
_ANALYTE = (
    Column("analyte_accession", "ImmPort's accession of the analyte, ANA..., also in dim_analyte"),
    *ANALYTE_NAMES,
)

TREATMENT = Dimension(
    name="treatment",
    grain="one treatment that samples were given",
    endpoint="treatment",
    shared=True,
    natural_key=(Column("treatment_accession", "ImmPort's accession of the treatment, TRT..."),),
    columns=(
        Column("name", "Name of the treatment"),
        *measured("amount_value", "Amount given", "amount_unit"),
        Column("amount_unit", "Unit of the amount"),
        *measured("duration_value", "How long it was given", "duration_unit"),
        Column("duration_unit", "Unit of the duration"),
        *measured("temperature_value", "Temperature", "temperature_unit"),
        Column("temperature_unit", "Unit of the temperature"),
        Column("comments", "Comments of the submitter"),
    ),
)

REAGENT = Dimension(
    name="reagent",
    grain="one reagent, or one set of reagents",
    endpoint="reagent",
    shared=True,
    natural_key=(Column("reagent_accession", "ImmPort's accession of the reagent, ESR..."),),
    columns=(
        Column("name", "Name of the reagent"),
        Column("type", "Kind of reagent"),
        Column("is_set", "Y when it is a set; bridge_reagent_set has its members"),
        *_ANALYTE,
        Column("clone_name", "Clone of an antibody, or what detects the analyte"),
        Column("reporter_name", "What is read: a fluorophore, an enzyme"),
        Column("manufacturer", "Manufacturer"),
        Column("catalog_number", "Number in the manufacturer's catalogue"),
        Column("lot_number", "Lot"),
        Column("antibody_registry_id", "Identifier in the antibody registry"),
        Column("description", "Description of the reagent"),
        Column("weblink", "Page about the reagent"),
    ),
)

CONTROL_SAMPLE = Dimension(
    name="control_sample",
    grain="one control of an assay",
    endpoint="control_sample",
    is_numerous=True,
    natural_key=(Column("control_sample_accession", "ImmPort's accession of the control, CS..."),),
    references=(EXPERIMENT,),
    columns=(
        Column("assay_id", "Plate"),
        Column("assay_group_id", "Group of plates"),
        Column("catalog_id", "Number in the source's catalogue"),
        Column("lot_number", "Lot"),
        Column("source", "Where the control comes from"),
        *measured("dilution_factor", "How often it was diluted"),
        Column("result_schema", "Kind of result the control was made for"),
    ),
)

STANDARD_CURVE = Dimension(
    name="standard_curve",
    grain="the standard curve of one analyte on one plate",
    endpoint="standard_curve",
    is_numerous=True,
    natural_key=(Column("standard_curve_accession", "ImmPort's accession of the curve, SC..."),),
    references=(EXPERIMENT,),
    columns=(
        *_ANALYTE,
        Column("assay_id", "Plate"),
        Column("assay_group_id", "Group of plates"),
        Column("formula", "Formula of the curve"),
        *measured("lower_limit", "Lowest concentration that can be determined", "lower_limit_unit"),
        Column("lower_limit_unit", "Unit of the lower limit"),
        *measured("upper_limit", "Highest concentration that can be determined", "upper_limit_unit"),
        Column("upper_limit_unit", "Unit of the upper limit"),
        Column("result_schema", "Kind of result the curve was made for"),
    ),
)

MATERIALS: tuple[Dimension, ...] = (TREATMENT, REAGENT, CONTROL_SAMPLE, STANDARD_CURVE)

EXPSAMPLE_BIOSAMPLE = Bridge(
    name="expsample_biosample",
    grain="one biosample of one experiment sample",
    endpoint="expsample",
    row_id=bridge_key("expsample", "biosample"),
    references=(expsample(), _BIOSAMPLE),
    derived=(weight("biosamples of the experiment sample", "study_key", "expsample_key"),),
    is_partial=True,
)

EXPSAMPLE_TREATMENT = Bridge(
    name="expsample_treatment",
    grain="one treatment of one experiment sample",
    endpoint="expsample_2_treatment",
    row_id=bridge_key("expsample", "treatment"),
    references=(expsample(), _TREATMENT),
)

BIOSAMPLE_TREATMENT = Bridge(
    name="biosample_treatment",
    grain="one treatment of one biosample",
    endpoint="biosample_2_treatment",
    row_id=bridge_key("biosample", "treatment"),
    references=(_BIOSAMPLE, _TREATMENT),
)

EXPSAMPLE_REAGENT = Bridge(
    name="expsample_reagent",
    grain="one reagent used on one experiment sample",
    endpoint="expsample_2_reagent",
    row_id=bridge_key("expsample", "reagent"),
    references=(expsample(), _REAGENT),
)

REAGENT_SET = Bridge(
    name="reagent_set",
    grain="one reagent of one set",
    endpoint="reagent_set_2_reagent",
    row_id=bridge_key("reagent_set", "reagent"),
    references=(Reference("reagent", (S.reagent_set_accession,), "The set", role="set_"), _REAGENT),
)

EXPSAMPLE_REPOSITORY = Bridge(
    name="expsample_repository",
    grain="raw data of one experiment sample under one accession of a public repository",
    endpoint="expsample_public_repository",
    row_id=bridge_key("expsample", "repository"),
    references=(expsample(),),
    columns=(
        Column("repository_name", "Repository: GEO, SRA"),
        Column("repository_accession", "Accession of the raw data there"),
    ),
)

CONTROL_SAMPLE_FILE = Bridge(
    name="control_sample_file",
    grain="one file of one control",
    endpoint="control_sample_2_file_info",
    row_id=file_bridge_key("control_sample"),
    references=(Reference("control_sample", (S.control_sample_accession,), "The control"),),
    columns=FILE_COLUMNS,
    may_shrink=True,
)

STANDARD_CURVE_FILE = Bridge(
    name="standard_curve_file",
    grain="one file of one standard curve",
    endpoint="standard_curve_2_file_info",
    row_id=file_bridge_key("standard_curve"),
    references=(Reference("standard_curve", (S.standard_curve_accession,), "The curve"),),
    columns=FILE_COLUMNS,
    may_shrink=True,
)

MATERIAL_BRIDGES: tuple[Bridge, ...] = (
    EXPSAMPLE_BIOSAMPLE, EXPSAMPLE_TREATMENT, BIOSAMPLE_TREATMENT, EXPSAMPLE_REAGENT, REAGENT_SET,
    EXPSAMPLE_REPOSITORY, CONTROL_SAMPLE_FILE, STANDARD_CURVE_FILE,
)  # fmt: skip
