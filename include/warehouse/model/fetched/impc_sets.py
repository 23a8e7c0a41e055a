"""The arrays of image documents: each combination of arrays is a set, which many images have in common.

Of a set, the arrays stay as they were sent, and bridges have their elements. A fact names its sets: 780,000
images share some thousand of them, and a bridge from each image would say the same ten million times.
"""

from __future__ import annotations

from collections.abc import Sequence

from include.sources.impc import endpoints
from include.sources.impc.fields import (
    ASSOCIATION_FIELDS,
    METADATA_FIELDS,
    SUB_TERM_FIELDS,
    TERM_FIELDS,
)
from include.warehouse.model.declaration import Bridge, Column, Dimension, S, Type
from include.warehouse.model.fetched.impc_arrays import digest_of
from include.warehouse.model.fetched.impc_terms import ONTOLOGY_TERM
from include.warehouse.model.relations import Reference


def _set_of(name: str, grain: str, endpoint: str, fields: Sequence[str]) -> Dimension:
    return Dimension(
        name=name,
        grain=grain,
        endpoint=endpoint,
        scope=endpoints.SCOPE,
        shared=True,
        is_numerous=True,  # looked up by its digest, not together with other keys of a document
        natural_key=(Column("set_digest", "Digest of the arrays"),),
        columns=tuple(
            Column(field, f"Array {field} as sent, JSON; null where it was not") for field in fields
        ),
    )


TERM_SET = _set_of(
    "impc_term_set", "the ontology terms that images have in common", endpoints.TERM_SET.name, TERM_FIELDS
)
ASSOCIATION_SET = _set_of(
    "impc_association_set",
    "the parameter associations that images have in common",
    endpoints.ASSOCIATION_SET.name,
    ASSOCIATION_FIELDS,
)
SUB_TERM_SET = _set_of(
    "impc_sub_term_set",
    "the sub-terms that images have in common",
    endpoints.SUB_TERM_SET.name,
    SUB_TERM_FIELDS,
)
METADATA_SET = _set_of(
    "impc_metadata_set",
    "the metadata of experiments that images have in common",
    endpoints.METADATA_SET.name,
    METADATA_FIELDS,
)
SETS = (TERM_SET, ASSOCIATION_SET, SUB_TERM_SET, METADATA_SET)


def _bridge(
    name: str,
    grain: str,
    endpoint: str,
    of: Dimension,
    *columns: Column,
    references: tuple[Reference, ...] = (),
) -> Bridge:
    belongs = Reference(of.name, (S.set_digest,), "The set")
    return Bridge(
        name=name,
        grain=grain,
        endpoint=endpoint,
        scope=endpoints.SCOPE,
        row_id=Column("element_id", "Digest of the set, and the place of the element in it"),
        references=(belongs, *references),
        columns=columns,
    )


_ORDINAL = Column("ordinal", "Position in the array as sent, from 1", Type.INTEGER)
_RELATION = Column(
    "relation",
    "How the term is related to what the image shows: self, top_level, selected_top_level, intermediate,"
    " parent or child",
)
_UNALIGNED = Column(
    "unaligned", "Fields of the set whose arrays have another length: their values stand in the set alone"
)
BRIDGES = (
    _bridge(
        "impc_term",
        "one ontology term of a set",
        endpoints.SET_TERM.name,
        TERM_SET,
        _RELATION,
        _ORDINAL,
        Column(
            "alignment",
            "Why identifier and name are a pair: single (one of each), confirmed (by anatomy_id_term),"
            " position (as many of each; nothing else shows it); or why they are none: unequal (not as many"
            " of each), contradicted (anatomy_id_term has other pairs)",
        ),
        references=(Reference(ONTOLOGY_TERM.name, (S.ontology, S.term_id, S.term), "The term"),),
    ),
    _bridge(
        "impc_synonym",
        "one synonym among the ontology terms of a set, which belongs to no one term",
        endpoints.SET_SYNONYM.name,
        TERM_SET,
        Column("ontology", "Ontology of the terms"),
        _RELATION,
        _ORDINAL,
        Column("synonym", "Synonym"),
    ),
    _bridge(
        "impc_association",
        "one parameter association of a set: what a parameter says of the image",
        endpoints.SET_ASSOCIATION.name,
        ASSOCIATION_SET,
        _ORDINAL,
        Column("stable_id", "Stable identifier of the parameter"),
        Column("sequence_id", "Its sequence"),
        Column("dim_id", "Its dimension"),
        Column("name", "Name of the parameter"),
        Column("value", "Value: expression, no expression, a number as text"),
        _UNALIGNED,
    ),
    _bridge(
        "impc_sub_term",
        "one sub-term of a set",
        endpoints.SET_SUB_TERM.name,
        SUB_TERM_SET,
        _ORDINAL,
        Column("sub_term_id", "Identifier"),
        Column("name", "Name"),
        Column("description", "Description"),
        _UNALIGNED,
    ),
    _bridge(
        "impc_metadata",
        "one entry of the metadata of a set",
        endpoints.SET_METADATA.name,
        METADATA_SET,
        _ORDINAL,
        Column("raw", "Entry as sent, Equipment name = MX20"),
        Column("item", "What stands before its sign of equality; null without one"),
        Column("value", "What stands after it"),
    ),
)

#: The set that a document names, by its arrays.
SET_REFERENCES = (
    Reference(TERM_SET.name, (digest_of(S, TERM_FIELDS),), "Ontology terms"),
    Reference(ASSOCIATION_SET.name, (digest_of(S, ASSOCIATION_FIELDS),), "Parameter associations"),
    Reference(SUB_TERM_SET.name, (digest_of(S, SUB_TERM_FIELDS),), "Sub-terms"),
    Reference(METADATA_SET.name, (digest_of(S, METADATA_FIELDS),), "Metadata of the experiment"),
)
