"""Images of IMPC as the star shows them, field by field, to be compared with documents of the core."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from include.sandbox.impc.image_world import Core
from include.sandbox.impc.synthetic_images import SyntheticImages
from include.sources.endpoint import Kind
from include.sources.impc.endpoints import CENTRE, IMAGE, scope_of
from include.sources.impc.fields import FIELDS, METADATA_FIELDS, SUB_TERM_FIELDS, TERM_FIELDS
from include.sources.impc.release import ImpcRelease
from include.sources.impc.source import IMPC
from tests.support.sources import load_scope
from tests.support.warehouse import Warehouse

#: Where the star has a field that is not a column of the fact under its own name, by alias of the join.
_PLACES = {
    "f": "id=document_id _version_=index_version date_of_experiment=date_of_experiment_sent"
    " weight_date=weight_date_sent download_url=download_url_sent jpeg_url=jpeg_url_sent"
    " thumbnail_url=thumbnail_url_sent image_link=image_link_sent",
    "ph": "phenotyping_center_id=centre_id phenotyping_center=centre",
    "pr": "production_center_id=centre_id production_center=centre",
    "g": "gene_accession_id=mgi_id gene_symbol=mouse_gene_symbol",
    "a": "allele_accession_id allele_symbol",
    "st": "strain_accession_id strain_name genetic_background",
    "sp": "specimen_id biological_sample_id external_sample_id biological_sample_group sex zygosity colony_id"
    " litter_id date_of_birth=date_of_birth_sent biological_model_id allelic_composition",
    "p": "project_id project_name",
    "ps": "specimen_project_id=project_id specimen_project_name=project_name",
    "d": "datasource_id datasource_name",
    "pi": "pipeline_id pipeline_name pipeline_stable_id",
    "pc": "procedure_id procedure_name procedure_stable_id procedure_group",
    "pm": "parameter_id parameter_name parameter_stable_id",
    "ls": "life_stage_name life_stage_acc",
    "ds": "developmental_stage_acc developmental_stage_name",
    "ft": "file_type",
    "ts": " ".join(TERM_FIELDS),
    "ss": " ".join(SUB_TERM_FIELDS),
    "ms": " ".join(METADATA_FIELDS),
    "xs": "parameter_association_stable_id parameter_association_sequence_id parameter_association_dim_id"
    " parameter_association_name parameter_association_value",
}
_JOINS = {
    "ph": "dim_impc_centre ph on ph.impc_centre_key = f.phenotyping_impc_centre_key",
    "pr": "dim_impc_centre pr on pr.impc_centre_key = f.production_impc_centre_key",
    "ps": "dim_impc_project ps on ps.impc_project_key = f.specimen_impc_project_key",
} | {
    alias: f"dim_{name} {alias} on {alias}.{name}_key = f.{name}_key"
    for alias, name in {
        "g": "mouse_gene", "a": "mouse_allele", "st": "mouse_strain", "sp": "impc_specimen",
        "p": "impc_project", "d": "impc_datasource", "pi": "impc_pipeline", "pc": "impc_procedure",
        "pm": "impc_parameter", "ls": "impc_life_stage", "ds": "impc_developmental_stage",
        "ft": "impc_file_type", "ts": "impc_term_set", "ss": "impc_sub_term_set",
        "ms": "impc_metadata_set", "xs": "impc_association_set",
    }.items()
}  # fmt: skip


def _query() -> str:
    places = {
        field: f"{alias}.{column or field}"
        for alias, words in _PLACES.items()
        for field, _, column in (word.partition("=") for word in words.split())
    }
    columns = ", ".join(f"{places.get(item.name, f'f.{item.name}')} as {item.name}" for item in FIELDS)
    joins = " ".join(f"left join star.{join}" for join in _JOINS.values())
    return f"select {columns} from star.fact_impc_image f {joins}"


QUERY = _query()


def shown(warehouse: Warehouse, release: str | None = None) -> dict[str, dict[str, Any]]:
    """The documents that the star shows, by observation, without what a document does not have."""
    with warehouse.engine.begin() as connection:
        if release:
            connection.exec_driver_sql(f"set local star.as_of_impc = '{release}'")
        rows = connection.exec_driver_sql(QUERY).mappings().all()
    return {row["observation_id"]: _document(dict(row)) for row in rows}


def _document(row: dict[str, Any]) -> dict[str, Any]:
    kinds = {item.name: item.kind for item in FIELDS}
    return {
        name: json.loads(value) if kinds[name] is Kind.LIST else value
        for name, value in row.items()
        if value is not None
    }


def expected(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Documents of the core in the same form."""
    return {document["observation_id"]: _as_shown(document) for document in documents}


def _as_shown(document: dict[str, Any]) -> dict[str, Any]:
    return {
        name: Decimal(str(value)) if isinstance(value, float) else value for name, value in document.items()
    }


def without_keys(documents: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The same without what the core makes anew at every build."""
    ignored = {"id", "_version_"}
    return {
        name: {key: value for key, value in document.items() if key not in ignored}
        for name, document in documents.items()
    }


def load_images(warehouse: Warehouse, count: int, seed: int, release: ImpcRelease) -> None:
    """Load synthetic images of every centre, without HTTP: as the sandbox would serve them."""
    core = Core(SyntheticImages(count, seed), release, build=0)
    for centre, entries in sorted(core.by_centre.items(), key=str):
        documents = [core.document(entry) for entry in entries]
        answers = {
            CENTRE.name: _answer(len(documents), []),
            IMAGE.name: _answer(len(documents), documents),
        }
        load_scope(warehouse, IMPC, scope_of(centre), str(release), **answers)


def _answer(total: int, documents: list[dict[str, Any]]) -> bytes:
    return json.dumps({"response": {"numFound": total, "start": 0, "docs": documents}}).encode()
