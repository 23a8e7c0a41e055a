"""The model of the star: every table, in the order in which a study is published."""

from __future__ import annotations

from dataclasses import fields

from include.sources.immport.endpoints import ENDPOINTS
from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.model.clinical import CLINICAL_FACTS
from include.warehouse.model.cytometry import CYTOMETRY
from include.warehouse.model.declaration import Dimension, Fact, Measure
from include.warehouse.model.dimensions import DIMENSIONS
from include.warehouse.model.materials import MATERIAL_BRIDGES
from include.warehouse.model.study_documents import BRIDGES
from include.warehouse.model.study_files import RESULT_FILE

DIMENSION: dict[str, Dimension] = {item.name: item for item in DIMENSIONS}
VERSIONED_DIMENSIONS: tuple[Dimension, ...] = tuple(item for item in DIMENSIONS if item.is_versioned)
TERM_DIMENSIONS: tuple[Dimension, ...] = tuple(item for item in DIMENSIONS if not item.is_versioned)

#: Assays, clinical data, files, cytometry and bridges. Only the first are in the view over all assays.
FACTS: tuple[Fact, ...] = (
    *ASSAY_FACTS, *CLINICAL_FACTS, RESULT_FILE, *CYTOMETRY, *MATERIAL_BRIDGES, *BRIDGES,
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
    """Make sure that what makes a table's rows reads declared aliases and columns.

    :raises ValueError: an alias or a column of an endpoint is not declared.
    """
    for name, column in (pair for source in table.sources for pair in table.reads(source)):
        if name not in ENDPOINTS or column not in ENDPOINTS[name].columns:
            raise ValueError(f"{table.relation} reads {column} of {name}: no such column is declared")
    for join in table.joins:
        if strange := set(join.sql.gaps) - ENDPOINTS.keys():
            raise ValueError(f"{table.relation} joins {', '.join(sorted(strange))}: no such endpoint")


def check_measure(fact: Fact) -> None:
    """Make sure that the view over all assays reads columns that the view of a fact has.

    :raises ValueError: it has no such column.
    """
    if fact.measure is None:
        return
    shown = {item.name for item in fact.columns if not item.is_masked}
    shown |= {item.name for item in fact.derived} | {item.column for item in fact.references}
    for name in (item.name for item in fields(Measure)[1:]):
        for column in fact.measure.reading(name).columns:
            if column.alias != "f" or column.name not in shown:
                raise ValueError(f"{fact.relation}: {name} reads {column.alias}.{column.name}, not a column")


_prove_keys()
for _table in VERSIONED:
    check_reads(_table)
for _fact in FACTS:
    check_measure(_fact)
