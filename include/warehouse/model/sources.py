"""The sources that are loaded, each with its tables: the one list that a further source is added to."""

from __future__ import annotations

from include.sources.immport.source import IMMPORT
from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.model.clinical import CLINICAL_FACTS
from include.warehouse.model.cytometry import CYTOMETRY
from include.warehouse.model.dimensions import IMMPORT_DIMENSIONS
from include.warehouse.model.fetched.fhir import FHIR_MODEL
from include.warehouse.model.fetched.gene_lists import GENE_LIST_MODEL
from include.warehouse.model.fetched.impc_images import IMPC_MODEL
from include.warehouse.model.fetched.orthologs import ORTHOLOG_MODEL
from include.warehouse.model.fetched.vocabularies import VOCABULARY_MODEL
from include.warehouse.model.materials import MATERIAL_BRIDGES
from include.warehouse.model.source_model import SourceModel
from include.warehouse.model.study_documents import BRIDGES
from include.warehouse.model.study_files import RESULT_FILE

#: Assays, clinical data, files, cytometry and bridges. Only the first are in the view over all assays.
_IMMPORT_FACTS = (
    *ASSAY_FACTS, *CLINICAL_FACTS, RESULT_FILE, *CYTOMETRY, *MATERIAL_BRIDGES, *BRIDGES,
)  # fmt: skip
_IMMPORT_MODEL = SourceModel(
    IMMPORT,
    (*(item for item in IMMPORT_DIMENSIONS if item.is_versioned), *_IMMPORT_FACTS),
    terms=tuple(item for item in IMMPORT_DIMENSIONS if not item.is_versioned),
)

#: Every source.
MODELS: list[SourceModel] = [
    _IMMPORT_MODEL,
    VOCABULARY_MODEL,
    GENE_LIST_MODEL,
    ORTHOLOG_MODEL,
    IMPC_MODEL,
    FHIR_MODEL,
]
