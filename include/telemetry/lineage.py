"""Where the rows of a step come from and go to: landed endpoints, staging tables, tables of the star.

Which of them a step touched is read from the record of the run; their fields, and which field a column is
made of, follow from the declarations. A dataset is an endpoint or a table, never one study of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

import sqlalchemy as sa

from include.sources.endpoint import Endpoint, Route
from include.warehouse.model.registry import SOURCES
from include.warehouse.reference.entries import Relation, relations
from include.warehouse.reference.lineage import package_columns
from include.warehouse.schema.ops_tables import CALL, LOAD, RELEASE_CHANGE, STAGED

#: What is landed of a study that comes as a package.
PACKAGE = "package"


@dataclass(frozen=True)
class DataField:
    """A field of a dataset."""

    name: str
    type: str
    meaning: str = ""


@dataclass(frozen=True)
class FieldRef:
    """A field of another dataset."""

    namespace: str
    dataset: str
    field: str


@dataclass(frozen=True)
class StepDataset:
    """A dataset that a step reads or writes.

    :param namespace: of which system: a host, a bucket, a database server.
    :param name: within the system.
    :param origins: field -> fields of other datasets that it is made of.
    :param rows: rows that the step wrote; None of one that is read, or where they are not known.
    """

    namespace: str
    name: str
    fields: tuple[DataField, ...] = ()
    origins: Mapping[str, tuple[FieldRef, ...]] = field(default_factory=dict)
    rows: int | None = None


@dataclass(frozen=True)
class StepLineage:
    """What a step read and wrote."""

    inputs: tuple[StepDataset, ...] = ()
    outputs: tuple[StepDataset, ...] = ()


@dataclass(frozen=True)
class Places:
    """Where datasets are, by the naming of OpenLineage.

    :param landing: root of the landing zone, a folder or a URL.
    :param warehouse: address of the warehouse; its login is not read.
    """

    landing: str
    warehouse: sa.URL

    def landed(self, source: str, name: str) -> tuple[str, str]:
        """Namespace and name of a landed endpoint, or of packages."""
        url = urlsplit(self.landing)
        is_folder = url.scheme in ("", "file")
        path = f"{url.path.rstrip('/')}/{source}/{name}"
        return ("file", path) if is_folder else (f"{url.scheme}://{url.netloc}", path.lstrip("/"))

    def table(self, schema: str, name: str) -> tuple[str, str]:
        """Namespace and name of a table of the warehouse."""
        url = self.warehouse
        return f"postgres://{url.host}:{url.port or 5432}", f"{url.database}.{schema}.{name}"


@dataclass(frozen=True)
class StepOfLoads:
    """The step of a task: of these loads.

    :param run_id: key of the run, `dag_id/run_id`.
    """

    run_id: str
    step: str
    load_ids: Collection[int]


def lineage_of(connection: sa.Connection, places: Places, done: StepOfLoads) -> StepLineage:
    """What a step has read and written, as far as it came."""
    if not done.load_ids:
        return StepLineage()
    statement = sa.select(LOAD.c.source, LOAD.c.route).where(LOAD.c.load_id.in_(done.load_ids)).distinct()
    loads = connection.execute(statement).all()
    source = loads[0].source if loads else ""
    if source not in SOURCES:
        return StepLineage()
    by_package = Route.PACKAGE.value in {row.route for row in loads}
    if done.step == "extract":
        return _extracted(connection, places, done, source, by_package=by_package)
    staged = _staged_rows(connection, done)
    if done.step == "stage":
        return _staged(places, source, staged)
    inputs = tuple(_staging(places, source, name) for name in dict.fromkeys(name for name, _ in staged))
    if done.step == "check":
        return StepLineage(inputs)
    return StepLineage(inputs, _published(connection, places, done, source, {name for name, _ in staged}))


def _extracted(
    connection: sa.Connection, places: Places, done: StepOfLoads, source: str, *, by_package: bool
) -> StepLineage:
    called = sa.select(CALL.c.host, CALL.c.endpoint).distinct()
    mine = called.where(CALL.c.run_id == done.run_id, CALL.c.step == done.step, CALL.c.source == source)
    inputs, outputs = [], []
    for host, name in connection.execute(mine.order_by(CALL.c.host, CALL.c.endpoint)):
        endpoint = SOURCES[source].source.endpoints.get(name)
        fields = _sent(endpoint) if endpoint else ()
        inputs.append(StepDataset(host, name, fields))
        if endpoint is not None:
            origins = {item.name: (FieldRef(host, name, item.name),) for item in fields}
            outputs.append(StepDataset(*places.landed(source, name), fields, origins))
    if by_package:
        outputs.append(StepDataset(*places.landed(source, PACKAGE)))
    return StepLineage(tuple(inputs), tuple(outputs))


def _staged_rows(connection: sa.Connection, done: StepOfLoads) -> dict[tuple[str, str], int]:
    """Rows staged, by endpoint and route."""
    rows = sa.func.sum(STAGED.c.rows_staged)
    statement = (
        sa.select(STAGED.c.endpoint, sa.func.coalesce(LOAD.c.route, Route.API.value), rows)
        .join(LOAD, LOAD.c.load_id == STAGED.c.load_id)
        .where(STAGED.c.load_id.in_(done.load_ids), STAGED.c.rows_staged > 0)
        .group_by(STAGED.c.endpoint, LOAD.c.route)
        .order_by(STAGED.c.endpoint, LOAD.c.route)
    )
    return {(name, route): int(count) for name, route, count in connection.execute(statement)}


def _staged(places: Places, source: str, staged: Mapping[tuple[str, str], int]) -> StepLineage:
    inputs: dict[tuple[str, str], StepDataset] = {}
    rows: dict[str, int] = {}
    origins: dict[str, dict[str, tuple[FieldRef, ...]]] = {}
    for (name, route), count in staged.items():
        rows[name] = rows.get(name, 0) + count
        made_of = _origins(places, source, SOURCES[source].source.endpoints[name], route)
        known = origins.setdefault(name, {})
        for column, refs in made_of.items():
            known[column] = tuple(dict.fromkeys((*known.get(column, ()), *refs)))
            for ref in refs:
                inputs.setdefault((ref.namespace, ref.dataset), StepDataset(ref.namespace, ref.dataset))
    outputs = [_staging(places, source, name, origins[name], count) for name, count in rows.items()]
    return StepLineage(tuple(inputs.values()), tuple(outputs))


def _origins(places: Places, source: str, endpoint: Endpoint, route: str) -> dict[str, tuple[FieldRef, ...]]:
    """Landed fields that each staging column is copied from."""
    if route == Route.PACKAGE.value:
        packed = {
            item.column: tuple(
                FieldRef(*places.landed(source, PACKAGE), f"{table}.{column}")
                for table, column in package_columns(endpoint.name, item.name)
            )
            for item in endpoint.staged_fields
        }
        if any(packed.values()):
            return {column: refs for column, refs in packed.items() if refs}
    # Requested, beside a package or without one.
    landed = places.landed(source, endpoint.name)
    return {item.column: (FieldRef(*landed, item.name),) for item in endpoint.staged_fields}


def _staging(
    places: Places,
    source: str,
    name: str,
    origins: Mapping[str, tuple[FieldRef, ...]] | None = None,
    rows: int | None = None,
) -> StepDataset:
    endpoint = SOURCES[source].source.endpoints[name]
    fields = tuple(DataField(item.column, "text") for item in endpoint.staged_fields)
    return StepDataset(*places.table("staging", name), fields, origins or {}, rows)


def _published(
    connection: sa.Connection, places: Places, done: StepOfLoads, source: str, staged: Collection[str]
) -> tuple[StepDataset, ...]:
    changed = RELEASE_CHANGE.c.added + RELEASE_CHANGE.c.corrected + RELEASE_CHANGE.c.withdrawn
    statement = (
        sa.select(RELEASE_CHANGE.c.relation, sa.func.sum(changed))
        .where(RELEASE_CHANGE.c.load_id.in_(done.load_ids), changed > 0)
        .group_by(RELEASE_CHANGE.c.relation)
        .order_by(RELEASE_CHANGE.c.relation)
    )
    return tuple(
        _star(places, source, _relations()[name], staged, int(rows))
        for name, rows in connection.execute(statement)
        if name in _relations()
    )


def _star(places: Places, source: str, relation: Relation, staged: Collection[str], rows: int) -> StepDataset:
    origins = {}
    for entry in relation.entries:
        refs = tuple(
            FieldRef(*places.table("staging", name), _column(source, name, sent))
            for name, sent in relation.origins(entry)
            if name in staged
        )
        if refs:
            origins[entry.name] = refs
    fields = tuple(DataField(item.name, item.type, item.meaning) for item in relation.entries)
    return StepDataset(*places.table("star", relation.name), fields, origins, rows)


def _column(source: str, endpoint: str, sent: str) -> str:
    fields = SOURCES[source].source.endpoints[endpoint].staged_fields
    return next(item.column for item in fields if item.name == sent)


def _sent(endpoint: Endpoint) -> tuple[DataField, ...]:
    return tuple(DataField(item.name, item.kind.value) for item in endpoint.staged_fields)


@lru_cache
def _relations() -> dict[str, Relation]:
    return {item.name: item for item in relations()}
