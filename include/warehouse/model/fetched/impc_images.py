"""The images of IMPC: the fact, the centres that are its scopes, and the model of the source."""

from __future__ import annotations

from include.sources.impc import endpoints
from include.sources.impc.source import IMPC
from include.sql import sql
from include.warehouse.model.declaration import Column, Derived, Dimension, Fact, H, S, Type
from include.warehouse.model.fetched.impc_arrays import UNFOLDED
from include.warehouse.model.fetched.impc_sets import BRIDGES, SET_REFERENCES, SETS
from include.warehouse.model.fetched.impc_terms import (
    ALLELE,
    CENTRE,
    DATASOURCE,
    DEVELOPMENTAL_STAGE,
    FILE_TYPE,
    GENE,
    LIFE_STAGE,
    PARAMETER,
    PIPELINE,
    PROCEDURE,
    PROJECT,
    SPECIMEN,
    STRAIN,
    TERMS,
    absolute,
    checksum,
    day,
    refer,
)
from include.warehouse.model.source_model import SourceModel

PHENOTYPING_CENTRE = Dimension(
    name="phenotyping_centre",
    grain="one phenotyping centre whose documents are loaded alone; one for those without a centre",
    endpoint=endpoints.CENTRE.name,
    scope=IMPC.scope,
    natural_key=(Column("phenotyping_centre_id", "Identifier of the scope: MRC Harwell, (no centre)"),),
    columns=(
        Column("centre_name", "Name of the centre as documents state it; null for those without one"),
        Column("document_count", "Documents that the core states", Type.INTEGER),
    ),
)


def _date(name: str, meaning: str) -> tuple[Column, Column]:
    """A day, and the point in time as sent."""
    return (
        Column(name, meaning, Type.DATE, day(S[name])),
        Column(f"{name}_sent", f"{meaning}, as sent", source=S[name]),
    )


_REFERENCES = (
    refer(CENTRE, "Centre that took the image", "phenotyping_center_id", "phenotyping_center",
          role="phenotyping_", numbers=("phenotyping_center_id",)),
    refer(CENTRE, "Centre that made the mice", "production_center_id", "production_center",
          role="production_", numbers=("production_center_id",)),
    refer(GENE, "Gene that is changed; 0 for a control", "gene_accession_id", "gene_symbol"),
    refer(ALLELE, "Allele", "allele_accession_id", "allele_symbol"),
    refer(STRAIN, "Strain", "strain_accession_id", "strain_name", "genetic_background"),
    refer(SPECIMEN, "Mouse or embryo", "specimen_id", "biological_sample_id", "external_sample_id",
          "biological_sample_group", "sex", "zygosity", "colony_id", "litter_id", "date_of_birth",
          "biological_model_id", "allelic_composition",
          numbers=("biological_sample_id", "biological_model_id")),
    refer(PROJECT, "Project", "project_id", "project_name", numbers=("project_id",)),
    refer(PROJECT, "Project of the specimen", "specimen_project_id", "specimen_project_name",
          role="specimen_", numbers=("specimen_project_id",)),
    refer(DATASOURCE, "Source of data", "datasource_id", "datasource_name", numbers=("datasource_id",)),
    refer(PIPELINE, "Pipeline", "pipeline_id", "pipeline_stable_id", "pipeline_name",
          numbers=("pipeline_id",)),
    refer(PROCEDURE, "Procedure", "procedure_id", "procedure_stable_id", "procedure_name",
          "procedure_group", numbers=("procedure_id",)),
    refer(PARAMETER, "Parameter", "parameter_id", "parameter_stable_id", "parameter_name",
          numbers=("parameter_id",)),
    refer(LIFE_STAGE, "Stage of life", "life_stage_acc", "life_stage_name"),
    refer(DEVELOPMENTAL_STAGE, "Stage of development", "developmental_stage_acc",
          "developmental_stage_name"),
    refer(FILE_TYPE, "Type of the file", "file_type"),
)  # fmt: skip

IMAGE = Fact(
    name="impc_image",
    grain="one image of IMPC: an observation, of which the core may have several documents that differ in"
    " nothing but their keys",
    endpoint=endpoints.IMAGE.name,
    scope=IMPC.scope,
    row_id=Column("observation_id", "Identifier of the observation, the same in every release"),
    varying=frozenset({"document_id", "index_version"}),
    references=(*_REFERENCES, *SET_REFERENCES),
    columns=(
        Column("document_id", "Key of the document at the release that this version began with: a random"
               " UUID, new at every build of the core, to be joined with nothing", source=S.id,
               is_compared=False),
        Column("index_version", "Number that Solr gave the document then; new at every build, too",
               Type.NUMERIC, sql("nullif(btrim(", S["_version_"], "), '')::numeric"), is_compared=False),
        Column("experiment_id", "Identifier of the experiment"),
        Column("experiment_source_id", "Identifier that the centre gives it"),
        Column("procedure_sequence_id", "Sequence of the procedure"),
        Column("observation_type", "Kind of the observation, image_record"),
        Column("data_type", "Type of the data"),
        *_date("date_of_experiment", "Day of the experiment"),
        *_date("weight_date", "Day on which the mouse was weighed"),
        Column("weight_parameter_stable_id", "Parameter of the weight"),
        Column("weight_days_old", "Age when it was weighed", Type.INTEGER, unit="days"),
        Column("weight", "Weight", Type.NUMERIC, unit="grams"),
        Column("data_point", "Value of a series", Type.NUMERIC),
        Column("order_index", "Place in a series", Type.INTEGER),
        Column("dimension", "Dimension"),
        Column("time_point", "Point of a series in time, as sent"),
        Column("discrete_point", "Point of a series", Type.NUMERIC),
        Column("category", "Category"),
        Column("raw_category", "Category before IMPC changed it"),
        Column("metadata_group", "Group of equal metadata, as IMPC computes it"),
        Column("text_value", "Text of the observation"),
        Column("sequence_id", "Place among the images of an experiment", Type.INTEGER),
        Column("age_in_days", "Age of the specimen", Type.INTEGER, unit="days"),
        Column("age_in_weeks", "Age of the specimen", Type.INTEGER, unit="weeks"),
        Column("omero_id", "Number of the image at IMPC's image server, OMERO; -1 or 0 where it has no copy"),
        Column("download_url_sent", "Address of the full file as sent", source=S.download_url),
        Column("jpeg_url_sent", "Address of the image as JPEG, as sent", source=S.jpeg_url),
        Column("thumbnail_url_sent", "Address of a small image as sent", source=S.thumbnail_url),
        Column("image_link_sent", "Address elsewhere, of an image without a copy at OMERO, as sent",
               source=S.image_link),
        Column("download_file_path", "Path of the file at IMPC, which ends with its SHA-256"),
    ),
    derived=(
        Derived("download_url", "Address of the full file, with its scheme", Type.TEXT,
                absolute(H.download_url_sent)),
        Derived("jpeg_url", "Address of the image as JPEG, with its scheme", Type.TEXT,
                absolute(H.jpeg_url_sent)),
        Derived("thumbnail_url", "Address of a small image, with its scheme", Type.TEXT,
                absolute(H.thumbnail_url_sent)),
        Derived("image_link", "Address elsewhere, with its scheme", Type.TEXT, absolute(H.image_link_sent)),
        Derived("has_omero_copy", "Whether IMPC's image server has it", Type.BOOLEAN,
                sql(H.omero_id, " is not null and btrim(", H.omero_id, ") not in ('-1', '0', '')")),
        Derived("file_sha256", "SHA-256 of the file, from its path or its address; null where neither ends"
                " with one", Type.TEXT, checksum(H.download_file_path, H.download_url_sent)),
    ),
)  # fmt: skip

IMPC_MODEL = SourceModel(IMPC, (PHENOTYPING_CENTRE, *SETS, *BRIDGES, IMAGE), terms=TERMS, unfolded=UNFOLDED)
