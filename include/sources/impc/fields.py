"""Fields of an image document as the schema of the core `impc_images` has them, and which belong together.

All 108 of them: the 107 that IMPC documents, and `_version_`, which Solr adds. Fields without a value are not
sent at all; those with several values are arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

from include.sources.endpoint import parse_fields

FIELDS = parse_fields(
    """
    id observation_id specimen_id phenotyping_center_id:int phenotyping_center production_center_id:int
    production_center specimen_project_id:int specimen_project_name gene_accession_id gene_symbol
    allele_accession_id allele_symbol zygosity sex biological_model_id:int biological_sample_id:int
    biological_sample_group strain_accession_id strain_name genetic_background allelic_composition
    colony_id litter_id date_of_birth:moment external_sample_id life_stage_name life_stage_acc
    datasource_id:int datasource_name project_id:int project_name pipeline_id:int pipeline_name
    pipeline_stable_id procedure_id:int procedure_name procedure_stable_id procedure_group
    parameter_id:int parameter_name parameter_stable_id procedure_sequence_id experiment_id
    observation_type data_type experiment_source_id date_of_experiment:moment weight_parameter_stable_id
    weight_date:moment weight_days_old:int weight:num data_point:num order_index:int dimension
    time_point discrete_point:num category raw_category metadata:list metadata_group mp_id:list
    mp_term:list top_level_mp_id:list top_level_mp_term:list intermediate_mp_id:list
    intermediate_mp_term:list anatomy_id:list anatomy_term:list anatomy_id_term:list
    anatomy_term_synonym:list top_level_anatomy_id:list top_level_anatomy_term:list
    top_level_anatomy_term_synonym:list selected_top_level_anatomy_id:list
    selected_top_level_anatomy_term:list selected_top_level_anatomy_term_synonym:list
    intermediate_anatomy_id:list intermediate_anatomy_term:list intermediate_anatomy_term_synonym:list
    parent_anatomy_id:list parent_anatomy_term:list parent_anatomy_term_synonym:list
    child_anatomy_id:list child_anatomy_term:list child_anatomy_term_synonym:list download_file_path
    file_type parameter_association_stable_id:list parameter_association_sequence_id:list
    parameter_association_dim_id:list parameter_association_name:list parameter_association_value:list
    developmental_stage_acc developmental_stage_name text_value sub_term_id:list sub_term_name:list
    sub_term_description:list sequence_id:int age_in_days:int age_in_weeks:int download_url jpeg_url
    image_link thumbnail_url omero_id _version_:num
    """
)


@dataclass(frozen=True)
class TermPair:
    """Two arrays that name terms of an ontology: their identifiers and their names.

    :param ontology: MP (phenotypes) or ANATOMY.
    :param relation: how the terms are related to what the image shows: self, or an ancestor or a child.
    :param synonyms: array of synonyms of all the terms, which belongs to no position.
    :param pairs: array in which each term stands with its identifier, as one text.
    """

    ontology: str
    relation: str
    ids: str
    terms: str
    synonyms: str | None = None
    pairs: str | None = None


def _anatomy(relation: str, pairs: str | None = None) -> TermPair:
    prefix = "" if relation == "self" else f"{relation}_"
    ids, terms = f"{prefix}anatomy_id", f"{prefix}anatomy_term"
    return TermPair("ANATOMY", relation, ids, terms, f"{terms}_synonym", pairs)


TERM_PAIRS = (
    TermPair("MP", "self", "mp_id", "mp_term"),
    TermPair("MP", "top_level", "top_level_mp_id", "top_level_mp_term"),
    TermPair("MP", "intermediate", "intermediate_mp_id", "intermediate_mp_term"),
    _anatomy("self", pairs="anatomy_id_term"),
    *map(_anatomy, ("top_level", "selected_top_level", "intermediate", "parent", "child")),
)

#: All arrays of terms, in the order of the schema.
TERM_FIELDS = tuple(
    item.name
    for item in FIELDS
    if item.name.split("_")[-1] in {"id", "term", "synonym"}
    and ("mp_" in item.name or "anatomy_" in item.name)
)
#: Arrays whose elements belong together by position; the first is there for each element.
ASSOCIATION_FIELDS = (
    "parameter_association_stable_id",
    "parameter_association_sequence_id",
    "parameter_association_dim_id",
    "parameter_association_name",
    "parameter_association_value",
)
SUB_TERM_FIELDS = ("sub_term_id", "sub_term_name", "sub_term_description")
METADATA_FIELDS = ("metadata",)
