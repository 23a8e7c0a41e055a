"""The model of the star: every table, in the order in which a study is published."""

from __future__ import annotations

from include.sources.immport.endpoints import ENDPOINTS
from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.model.clinical import CLINIC_FACTS
from include.warehouse.model.cytometry import CYTOMETRY
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.dimensions import DIMENSIONS
from include.warehouse.model.materials import MATERIAL_BRIDGES
from include.warehouse.model.study_documents import BRIDGES
from include.warehouse.model.study_files import RESULT_FILE

DIMENSION: dict[str, Dimension] = {item.name: item for item in DIMENSIONS}
VERSIONED_DIMENSIONS: tuple[Dimension, ...] = tuple(item for item in DIMENSIONS if item.is_versioned)
TERM_DIMENSIONS: tuple[Dimension, ...] = tuple(item for item in DIMENSIONS if not item.is_versioned)

#: Assays, clinic, files, cytometry and bridges. Only the first are in the view over all assays.
FACTS: tuple[Fact, ...] = (
    *ASSAY_FACTS, *CLINIC_FACTS, RESULT_FILE, *CYTOMETRY, *MATERIAL_BRIDGES, *BRIDGES,
)  # fmt: skip

#: Tables whose rows are versioned by release.
VERSIONED: tuple[Dimension | Fact, ...] = (*VERSIONED_DIMENSIONS, *FACTS)


def _prove_keys() -> None:
    """Two rows of an endpoint with different keys must not become one row of a table by accident.

    :raises TypeError: the identity of a table is made of something else than its endpoint's key.
    """
    for table in VERSIONED:
        # All rows of a load are of one study.
        key = {*ENDPOINTS[table.endpoint or ""].key_columns, "study_accession"}
        if foreign := set(table.key_reads) - key:
            raise TypeError(
                f"{table.relation}: identified by {', '.join(sorted(foreign))}, not by the key of"
                f" {table.endpoint} ({', '.join(sorted(key))})"
            )


def check_reads(table: Dimension | Fact) -> None:
    """Make sure that a table's expressions read declared aliases and columns.

    :raises ValueError: an alias or a column of an endpoint is not declared.
    """
    parts = [item.raw for item in table.columns]
    parts += [part for item in table.references for part in (*item.key, item.absent)]
    parts += [item.raw for item in table.identified_by]
    for name, column in (pair for part in parts for pair in table.reads(part)):
        if name not in ENDPOINTS or column not in ENDPOINTS[name].columns:
            raise ValueError(f"{table.relation} reads {column} of {name}: no such column is declared")


_prove_keys()
for _table in VERSIONED:
    check_reads(_table)
