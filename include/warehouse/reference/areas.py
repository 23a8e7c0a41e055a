"""Subject areas of the warehouse, and what each diagram shows of them: derived, so that none is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.model.clinical import CLINICAL_FACTS
from include.warehouse.model.cytometry import CYTOMETRY
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.materials import MATERIAL_BRIDGES, MATERIALS
from include.warehouse.model.registry import DIMENSION, IMMPORT_MODEL, SOURCES
from include.warehouse.model.relations import Reference
from include.warehouse.schema.ops_tables import metadata

#: Dimensions with an area of their own; any other that a study describes is of documents and files.
PEOPLE = ("study", "arm", "subject", "participation", "planned_visit")
SAMPLES = ("biosample", "expsample", "experiment")
#: Columns by which the tables of the run ledger refer to each other, and what they name.
_HUBS = {"run_id": "ops.run", "load_id": "ops.load", "scope": "ops.scope",
         "release_key": "history.data_release"}  # fmt: skip
#: References that so many tables share are drawn once for all of them.
_SHARED_BY, _SHARED = 5, 3


@dataclass(frozen=True)
class Box:
    """A table in a diagram.

    :param rows: its columns as far as they are shown.
    :param references: columns among the rows, with the name of the box each points to.
    :param kind: fact, dimension, other (shown in another diagram) or shared (columns of several facts).
    """

    name: str
    about: str
    kind: str
    rows: tuple[str, ...] = ()
    references: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Area:
    """One diagram."""

    name: str
    title: str
    boxes: tuple[Box, ...]
    note: str = ""


def areas() -> Iterator[Area]:
    """All diagrams, in the order to show them."""
    materials: tuple[Dimension | Fact, ...] = (*MATERIALS, *MATERIAL_BRIDGES, *CYTOMETRY)
    placed = (*ASSAY_FACTS, *CLINICAL_FACTS, *materials)
    shown = (*PEOPLE, *SAMPLES, *(item.name for item in MATERIALS))
    documents = [item for item in IMMPORT_MODEL.dimensions if item.name not in shown]
    own = "Every table here has study_key, the key of dim_study, too; dashed ones are shown elsewhere."
    yield Area("people", "Study and people", _boxes([DIMENSION[name] for name in PEOPLE], is_study=True))
    yield Area("samples", "Samples", _boxes([DIMENSION[name] for name in SAMPLES]), own)
    yield Area("materials", "Materials and cytometry", _boxes(materials), own)
    each = "Every fact has study_key, the key of dim_study, too; dashed tables are shown elsewhere."
    yield Area("assays", "Assays", _boxes(ASSAY_FACTS), each)
    yield Area("clinical", "Clinical data", _boxes(CLINICAL_FACTS), each)
    others = [item for item in IMMPORT_MODEL.facts if item not in placed]
    yield Area("documents", "Study documents and files", _boxes([*others, *documents]), each)
    for model in SOURCES.values():
        if model is not IMMPORT_MODEL:
            of = model.of_scopes
            key = f"Every table here has {of.key_column}, the key of {of.relation}, too."
            yield Area(model.source.name, model.source.title, _boxes(model.tables), key)
    yield Area("operations", "Releases and operations", tuple(_run_ledger()))


def _boxes(tables: Sequence[Dimension | Fact], *, is_study: bool = False) -> tuple[Box, ...]:
    """The tables of an area, and the dimensions they point to beyond it."""
    shared = _shared(tables)
    boxes = []
    if shared:
        keys = tuple(item.column for item in shared)
        drawn = tuple((item.column, f"dim_{item.dimension}") for item in shared)
        boxes.append(Box("every fact here", "Keys that all facts here have", "shared", keys, drawn))
    boxes += [_box(item, shared, is_study=is_study) for item in tables]
    here = {box.name for box in boxes}
    pointed = dict.fromkeys(target for box in boxes for _, target in box.references)
    beyond = (name for name in pointed if name not in here)
    boxes += [Box(name, DIMENSION[name.removeprefix("dim_")].grain, "other") for name in beyond]
    return tuple(boxes)


def _shared(tables: Sequence[Dimension | Fact]) -> tuple[Reference, ...]:
    if len(tables) < _SHARED_BY or not all(isinstance(item, Fact) for item in tables):
        return ()
    columns = set.intersection(*({one.column for one in item.references} for item in tables))
    found = tuple(one for one in tables[0].references if one.column in columns)
    return found if len(found) >= _SHARED else ()


def _box(table: Dimension | Fact, shared: Iterable[Reference], *, is_study: bool) -> Box:
    left_out = {item.column for item in shared}
    own = [item for item in table.references if item.column not in left_out]
    references = [(item.column, f"dim_{item.dimension}") for item in own]
    has_study = table.name != "study" and not (isinstance(table, Dimension) and table.shared)
    if is_study and has_study:
        references.insert(0, ("study_key", "dim_study"))
    identity = table.identity
    if isinstance(table, Dimension):
        identity = ", ".join((table.identity, *(one.name for one in table.natural_key))) \
            if len(table.natural_key) == 1 else table.identity  # fmt: skip
    columns = len([item for item in table.columns if not item.is_masked]) + len(table.derived)
    rows = (identity, *(column for column, _ in references), *_more(columns))
    kind = "fact" if isinstance(table, Fact) else "dimension"
    return Box(table.relation, table.grain, kind, rows, tuple(references))


def _run_ledger() -> Iterator[Box]:
    """What the loader keeps of runs, loads and releases; without the versions of the star."""
    kept = [item for item in metadata.tables.values() if item.schema not in ("history", "star")]
    known = {item.fullname: item for item in [*kept, metadata.tables["history.data_release"]]}
    for name, table in known.items():
        hubs = [(column, target) for column, target in _HUBS.items() if _points(table, column, target)]
        keys = [column.name for column in table.primary_key if column.name not in dict(hubs)]
        rows = (*keys, *(column for column, _ in hubs))
        rest = _more(len(table.columns) - len(rows))
        is_hub = name in _HUBS.values()
        yield Box(name, table.comment or "", "fact" if is_hub else "dimension", (*rows, *rest), tuple(hubs))


def _points(table: sa.Table, column: str, target: str) -> bool:
    """Whether the column names something of another table; among the hubs, only one further down."""
    if column not in table.columns or table.fullname == target:
        return False
    order = ("ops.work", "ops.load", "ops.run", "ops.scope", "history.data_release")
    return table.fullname not in order or order.index(table.fullname) < order.index(target)


def _more(columns: int) -> tuple[str, ...]:
    return (f"+ {columns} column{'s' if columns > 1 else ''}",) if columns else ()
