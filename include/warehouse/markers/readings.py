"""What the rules read in the texts of a study: gating definitions, markers, names of parameters.

A reading is made of a text, a species and a vocabulary, and never changes. Which vocabulary holds at a
release is recorded with its capture, so that the star has at each release what was read then; a new
vocabulary is used by loads from then on, and by replays.
"""

from __future__ import annotations

import hashlib
import uuid
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.cytometry.gating import read_definition
from include.cytometry.gating_elements import without_value
from include.cytometry.header_markers import joined, read_text
from include.cytometry.vocabulary import Marker, Names, Vocabulary
from include.warehouse.load import surrogate_keys
from include.warehouse.markers import vocabularies
from include.warehouse.model.registry import IMMPORT_MODEL
from include.warehouse.schema.marker_tables import MARKER_READING
from include.warehouse.schema.ops_tables import CAPTURE
from include.warehouse.schema.scopes import of_study

POPULATION, PARAMETER = "population", "parameter"
#: Readings that are stored by one statement.
_BATCH = 500

_TEXTS = """
with texts as (
    select 'population' as kind, f.population_definition_reported as text
    from history.fact_fcs_analyzed f where f.study_key = :study
    union
    select 'population', m.population_marker_reported
    from history.bridge_fcs_result_marker m where m.study_key = :study
    union
    select 'parameter', t.text
    from history.bridge_fcs_header_marker p
    cross join lateral (values (p.pnn_reported), (p.pns_reported)) t (text) where p.study_key = :study
    union
    select 'parameter', t.text
    from history.fcs_file_header h cross join lateral unnest(h.pnn || h.pns) t (text)
    where h.study_key = :study
),
species as (
    select '' as species
    union
    select e.species
    from history.dim_subject d join history.key_species e on e.species_key = d.species_key
    where e.species is not null and d.subject_key in (
        select f.subject_key from history.fact_fcs_analyzed f where f.study_key = :study
        union select b.subject_key from history.dim_biosample b where b.study_key = :study)
)
select v.version, s.species, t.kind, t.text
from texts t cross join species s cross join unnest(cast(:versions as text[])) v (version)
where btrim(t.text) <> '' and not exists (
    select from history.marker_reading r
    where r.study_key = :study and r.vocabulary_version = v.version and r.species = s.species
        and r.kind = t.kind and r.digest = md5(t.text)::uuid)
order by 1, 2, 3, 4
"""


def read_missing(connection: sa.Connection, study: str) -> int:
    """Read what has not been read of a study yet, with each vocabulary of its captures.

    :returns: number of readings made.
    :raises VocabularyError: a vocabulary is not what it was.
    """
    versions = sa.select(CAPTURE.c.marker_vocabulary).where(
        of_study(CAPTURE, study), CAPTURE.c.marker_vocabulary.is_not(None)
    )
    used = connection.scalars(versions.distinct()).all()
    study_key = surrogate_keys.known_scope(connection, IMMPORT_MODEL, study) if used else None
    if study_key is None:
        return 0
    stored = lru_cache(maxsize=1)(lambda version: vocabularies.stored(connection, version))
    found = connection.execute(sa.text(_TEXTS), {"study": study_key, "versions": list(used)}).all()
    for start in range(0, len(found), _BATCH):
        rows = [
            {"study_key": study_key, "vocabulary_version": row.version}
            | reading(row.kind, row.text, row.species, stored(row.version))
            for row in found[start : start + _BATCH]
        ]
        connection.execute(upsert(MARKER_READING).on_conflict_do_nothing(), rows)
    return len(found)


def reading(kind: str, text: str, species: str, vocabulary: Vocabulary) -> dict[str, Any]:
    """One row of `history.marker_reading`, without study and version."""
    names = vocabulary.names(species)
    elements, summary = _of_population(text, names) if kind == POPULATION else _of_parameter(text, names)
    reported, markers, signs = zip(*elements, strict=True) if elements else ((), (), ())
    unknown = [without_value(text) if kind == POPULATION else (text, "") for text in reported]
    return {
        "species": species,
        "kind": kind,
        "digest": uuid.UUID(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()),
        "text": text,
        "reported": list(reported),
        "preferred": [marker.preferred if marker else "" for marker in markers],
        "marker": [
            marker.preferred if marker else name for marker, (name, _) in zip(markers, unknown, strict=True)
        ],
        "sign": [
            sign if marker else found
            for marker, sign, (_, found) in zip(markers, signs, unknown, strict=True)
        ],
        "accession": [(marker.accession or "") if marker else "" for marker in markers],
        "summary": summary,
        "markers": ", ".join(
            sorted(
                f"{marker.preferred}{sign}" if marker else as_reported
                for as_reported, marker, sign in elements
            )
        ),
    }


_Element = tuple[str, Marker | None, str]


def _of_population(text: str, names: Names) -> tuple[list[_Element], str]:
    read = read_definition(text, names)
    return [(item.reported, item.marker, item.sign) for item in read.elements], read.preferred


def _of_parameter(text: str, names: Names) -> tuple[list[_Element], str]:
    values = read_text(text, names)
    return [(item.text, item.marker, "") for item in values], joined(values)
