"""The tables of ImmPort's vocabularies."""

from __future__ import annotations

from include.sources.immport.vocabularies import VOCABULARIES
from include.warehouse.model.declaration import Column, Dimension, Type
from include.warehouse.model.source_model import SourceModel

_NAME = Column("vocabulary_name", "Name of the vocabulary, lkSex")

VOCABULARY = Dimension(
    name="vocabulary",
    grain="one vocabulary of ImmPort",
    endpoint="term",
    scope=VOCABULARIES.scope,
    natural_key=(_NAME,),
    columns=(Column("term_field", "Field of the vocabulary that identifies a term"),),
)

VOCABULARY_TERM = Dimension(
    name="vocabulary_term",
    grain="one term of one vocabulary",
    endpoint="term",
    scope=VOCABULARIES.scope,
    natural_key=(
        _NAME,
        Column("term", "Identifier of the term within the vocabulary: its name, or its accession or number"),
    ),
    columns=(
        Column("name", "Name"),
        Column("description", "Description"),
        Column("link", "Page that defines it"),
        Column("fields", "Further fields of the vocabulary, as sent", Type.JSON),
    ),
)

VOCABULARY_MODEL = SourceModel(VOCABULARIES, (VOCABULARY, VOCABULARY_TERM))
