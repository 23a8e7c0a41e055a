"""Reads what the star has of a study as of a release, as rows of templates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from include.serve.upload_templates.columns import FilledColumn, cells, counted, query
from include.serve.upload_templates.origins import (
    ASSAYS,
    NO_TEMPLATE,
    ONE_OF_SEVERAL,
    ORIGINS,
    OTHER_REAGENTS,
    OTHER_SAMPLES,
    REAGENT_SETS,
    REAGENT_TYPES,
    SAME_RESULTS,
    SHARED_RECORDS,
    TECHNIQUES,
    Origin,
)
from include.sql import identifier
from include.submission.templates.declarations import Templates, TemplateTable
from include.warehouse.access.roles import ANALYST, LOADER, OWNER, RESTRICTED
from include.warehouse.schema.statements import run_sql

#: What separates cells and lines of a template, and so cannot stand in a cell.
_BREAKS = re.compile(r"[\t\r\n]+")
_SAMPLES_OF_STUDY = sa.text("""
    select s.expsample_key, q.measurement_technique
    from star.dim_expsample s
    left join star.dim_experiment e on e.experiment_key = s.experiment_key
    left join star.dim_technique q on q.technique_key = e.technique_key
    where s.study_key = :study_key""")
_REAGENTS_OF_STUDY = sa.text("""
    select r.reagent_key, r.type, r.is_set = 'Y' from star.dim_reagent r where r.reagent_key in (
        select b.reagent_key from star.bridge_expsample_reagent b where b.study_key = :study_key
        union select b.reagent_key from star.bridge_reagent_set b where b.study_key = :study_key
        union select b.set_reagent_key from star.bridge_reagent_set b where b.study_key = :study_key)""")


class StudyError(Exception):
    """The study or the release is not there, or not open to the reader: another try will not help."""


@dataclass
class FilledTable:
    """Rows of one table of a template.

    :ivar rows: texts by column; further groups of results follow.
    :ivar altered: by column, cells in which a tab or a new line became a blank.
    :ivar sources: by relation of the star, what identifies the rows that they are made of.
    """

    origin: Origin
    table: TemplateTable
    cells: list[FilledColumn]
    rows: list[list[str]] = field(default_factory=list)
    altered: Counter[str] = field(default_factory=Counter)
    sources: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class StudyInTemplates:
    """A study as templates have it.

    :ivar release: as of which it was read.
    :ivar left_out: by relation of the star, rows that are in no template.
    """

    study: str
    release: str
    tables: list[FilledTable]
    left_out: dict[str, int]


def read_study(
    engine: sa.Engine, study: str, templates: Templates, release: str | None = None
) -> StudyInTemplates:
    """All rows of a study, by one snapshot of the star.

    :param release: such as DR50; the newest without it.
    :raises StudyError: the release or the study is unknown, or the study is hidden from the reader.
    """
    with _snapshot(engine) as connection:
        known = _use_release(connection, release)
        key = _study_key(connection, study, known)
        chosen = {"samples": _samples(connection, key), "reagents": _reagents(connection, key)}
        tables = []
        for origin in ORIGINS:
            name, _, block = origin.table.partition("/")
            template = templates.find(name)
            declared = [one for one in template.tables if one.name == (block or name)] if template else []
            for table in declared:
                tables.append(_fill(connection, origin, table, {"study_key": key, **_keys(origin, chosen)}))
        return StudyInTemplates(
            study, known, [one for one in tables if one.rows], _left_out(connection, key, tables)
        )


@contextmanager
def _snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that sees one state, with the rights of an analyst: logins that load see hidden studies.

    Who has been cleared for restricted studies reads with rights of their own.
    """
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection:
        of = sa.text("select rolname from pg_roles where pg_has_role(current_user, oid, 'usage')")
        roles = set(connection.scalars(of))
        is_cleared = RESTRICTED in roles and not roles & {OWNER, LOADER}
        if ANALYST in roles and not is_cleared:
            run_sql(connection, f"set local role {ANALYST}")
        yield connection


def _use_release(connection: sa.Connection, release: str | None) -> str:
    connection.execute(sa.text("select set_config('star.as_of', :name, true)"), {"name": release or ""})
    if release:
        try:
            connection.execute(sa.text("select star.as_of_key()"))
        except (sa.exc.InternalError, sa.exc.DataError) as error:
            reason = str(error.orig).partition("\n")[0]
            raise StudyError(f"RELEASE={release}: {reason}") from error
        return release
    newest = "select release_version from star.dim_data_release order by release_key desc limit 1"
    found = connection.scalar(sa.text(newest))
    if found is None:
        raise StudyError("the warehouse holds no data release yet")
    return str(found)


def _study_key(connection: sa.Connection, study: str, release: str) -> int:
    wanted = "select study_key from star.dim_study where study_accession = :study and study_key > 0"
    key = connection.scalar(sa.text(wanted), {"study": study})
    if key is None:
        # The same for a hidden study: nobody learns here that there is one.
        raise StudyError(f"{study}: the warehouse shows no such study as of {release}")
    return int(key)


def _samples(connection: sa.Connection, study_key: int) -> dict[str, list[int]]:
    """The samples of each template, and of that of their results: by where these are, else by technique."""
    parameters = {"study_key": study_key}
    of_results: dict[int, str] = {}
    for relation in ASSAYS:
        found = sa.text(
            f"select distinct expsample_key from {identifier('star', relation)}"  # noqa: S608 - declared
            " where study_key = :study_key and expsample_key > 0"
        )
        for key in connection.scalars(found, parameters):
            of_results.setdefault(key, relation)
    chosen: dict[str, list[int]] = {}
    for key, technique in connection.execute(_SAMPLES_OF_STUDY, parameters):
        by_technique = TECHNIQUES.get(technique)
        measured = of_results.get(key)
        template = by_technique or OTHER_SAMPLES
        results: str | None = None
        if measured is not None:
            template, results = ASSAYS[measured]
        if SAME_RESULTS.get(template) == by_technique and by_technique:
            template, results = by_technique, {"fcm_derived_data": "cytof_derived_data"}.get(results or "")
        elif measured is None and template in SAME_RESULTS.values() and template != "cytof":
            template = OTHER_SAMPLES  # such a template has its results in it, and there are none
        for name in filter(None, (template, results)):
            chosen.setdefault(name, []).append(key)
    return chosen


def _reagents(connection: sa.Connection, study_key: int) -> dict[str, list[int]]:
    known = {origin.table for origin in ORIGINS}
    chosen: dict[str, list[int]] = {}
    for key, kind, is_set in connection.execute(_REAGENTS_OF_STUDY, {"study_key": study_key}):
        label = str(kind or "").strip().casefold()
        plain = f"{re.sub(r'[^a-z]+', '_', label)}_reagents"
        template = REAGENT_TYPES.get(label) or (plain if plain in known else OTHER_REAGENTS)
        chosen.setdefault(REAGENT_SETS if is_set else template, []).append(key)
    return chosen


def _keys(origin: Origin, chosen: dict[str, dict[str, list[int]]]) -> dict[str, list[int]]:
    return {name: of.get(origin.table, []) for name, of in chosen.items() if f":{name}" in origin.rows}


def _fill(
    connection: sa.Connection, origin: Origin, table: TemplateTable, parameters: dict[str, object]
) -> FilledTable:
    found = cells(origin, table)
    filled = FilledTable(origin, table, found)
    places: dict[tuple[str, ...], int] = {}
    results = [place for place, column in enumerate(table.columns) if column.is_result]
    about = [place for place, column in enumerate(table.columns) if not column.is_result]
    filled.sources = {relation: set() for relation in counted(origin)}
    for values in connection.execute(sa.text(query(origin, found)), parameters):
        for sources, identity in zip(filled.sources.values(), values[len(found) :], strict=True):
            sources.update((identity or "").splitlines())
        row = _row(filled, values[: len(found)])
        record = tuple(row[place] for place in about)
        if not results or record not in places:
            places[record] = len(filled.rows)
            filled.rows.append(row)
        else:
            filled.rows[places[record]] += [row[place] for place in results]
    return filled


def _row(filled: FilledTable, values: Sequence[str | None]) -> list[str]:
    row = []
    for cell, value in zip(filled.cells, values, strict=True):
        text = _BREAKS.sub(" ", value or "")
        if text != (value or ""):
            filled.altered[cell.column.name] += 1
        row.append(text)
    return row


def _left_out(connection: sa.Connection, study_key: int, tables: list[FilledTable]) -> dict[str, int]:
    """Counted, not derived: rows of the study in the star without a row of a template."""
    written: dict[str, set[str]] = {relation: set() for origin in ORIGINS for relation in counted(origin)}
    for one in tables:
        for relation, sources in one.sources.items():
            written[relation] |= sources
    for shared in SHARED_RECORDS:
        written.pop(shared)
    lost = {}
    for name, others in ONE_OF_SEVERAL.items():
        if missing := connection.scalars(sa.text(others), {"study_key": study_key}).one():
            lost[name] = missing
    for relation in sorted({*written, *NO_TEMPLATE} - ONE_OF_SEVERAL.keys()):
        inferred = " and not is_inferred" if relation.startswith("dim_") else ""
        name = identifier("star", relation)
        count = sa.text(f"select count(*) from {name} where study_key = :study_key{inferred}")  # noqa: S608 - declared
        missing = connection.scalars(count, {"study_key": study_key}).one() - len(written.get(relation, ()))
        if missing > 0:
            lost[relation] = missing
    return lost
