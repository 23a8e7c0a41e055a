"""The vocabulary that a warehouse reads markers with, and those that it has read them with.

It is the one that a person adopted from ImmPort's published tables, else the warehouse's own: lkAnalyte and
lkCellPopulationMarker as of their last load. Each that was used is stored whole, under its version.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.cytometry.lookups import from_lookups
from include.cytometry.vocabulary import Vocabulary, VocabularyError
from include.warehouse.schema.marker_tables import MARKER_VOCABULARY
from include.warehouse.schema.ops_tables import SETTING

#: The setting that names the version of an adopted vocabulary.
ADOPTED = "marker_vocabulary"
_ANALYTES, _MARKERS = "lkAnalyte", "lkCellPopulationMarker"
_TERMS = sa.text(
    "select vocabulary, term, name, fields from star.vocabulary_term where vocabulary in (:a, :m)"
)


def own(connection: sa.Connection, source: str) -> Vocabulary:
    """The names in the vocabularies of a warehouse, as of their last load.

    :param source: what reports call it.
    :raises VocabularyError: they have not been loaded.
    """
    terms = connection.execute(_TERMS, {"a": _ANALYTES, "m": _MARKERS}).all()
    analytes = [{**row.fields, "analyteAccession": row.term} for row in terms if row.vocabulary == _ANALYTES]
    markers = [{"name": row.name} for row in terms if row.vocabulary == _MARKERS]
    return from_lookups(source, analytes, markers)


def current(connection: sa.Connection, source: str) -> Vocabulary:
    """The vocabulary that markers are read with now.

    :param source: what reports call the warehouse.
    :raises VocabularyError: none was adopted, and the warehouse's own has not been loaded.
    """
    version = adopted(connection)
    return own(connection, source) if version is None else stored(connection, version)


def adopted(connection: sa.Connection) -> str | None:
    """The version that a person adopted; None where it is the warehouse's own."""
    setting = sa.select(SETTING.c.value).where(SETTING.c.name == ADOPTED)
    return connection.scalar(setting)


def in_use(connection: sa.Connection) -> str | None:
    """Version of the vocabulary that markers are read with now, which is stored; None without any names."""
    version = adopted(connection)
    if version is not None:
        return version
    try:
        vocabulary = own(connection, f"{_ANALYTES} and {_MARKERS} of the warehouse")
    except VocabularyError:
        return None
    return store(connection, vocabulary)


def adopt(connection: sa.Connection, vocabulary: Vocabulary | None) -> None:
    """Read markers with a vocabulary from now on; with the warehouse's own when None.

    What was read stays: loads from now on use it, and replays.
    """
    if vocabulary is None:
        connection.execute(sa.delete(SETTING).where(SETTING.c.name == ADOPTED))
        return
    values = {"value": store(connection, vocabulary)}
    setting = upsert(SETTING).values(name=ADOPTED, **values)
    connection.execute(setting.on_conflict_do_update(index_elements=[SETTING.c.name], set_=values))


def store(connection: sa.Connection, vocabulary: Vocabulary) -> str:
    """Keep a vocabulary under its version, which is returned."""
    known = sa.select(MARKER_VOCABULARY.c.version).where(MARKER_VOCABULARY.c.version == vocabulary.version)
    if connection.scalar(known) is None:
        row = {"version": vocabulary.version, "source": vocabulary.source, "names": vocabulary.as_names()}
        connection.execute(upsert(MARKER_VOCABULARY).values(row).on_conflict_do_nothing())
    return vocabulary.version


def stored(connection: sa.Connection, version: str) -> Vocabulary:
    """A vocabulary that was used.

    :raises VocabularyError: it is not there, or its names are not those of its version.
    """
    table = MARKER_VOCABULARY.c
    row = connection.execute(
        sa.select(table.source, table.names).where(table.version == version)
    ).one_or_none()
    if row is None:
        raise VocabularyError(f"the warehouse has no vocabulary of the version {version}")
    found = Vocabulary.of_names(row.source, row.names)
    if found.version != version:
        raise VocabularyError(f"the names of vocabulary {version} were changed: they are of {found.version}")
    return found
