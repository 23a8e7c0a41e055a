"""The species of the subjects whose rows use a term: what distinguishes IFNG of people from that of mice."""

from __future__ import annotations

import json
from collections.abc import Iterable

import sqlalchemy as sa

from include.sources.release import OPEN
from include.sql import Row, literal, sql
from include.warehouse.model.fetched.vocabularies import VOCABULARY_TERM
from include.warehouse.model.natural_keys import digest
from include.warehouse.model.registry import DIMENSION, VERSIONED
from include.warehouse.model.relations import NOT_APPLICABLE
from include.warehouse.terms.domains import DOMAIN, Domain

#: A reported and a preferred text.
Pair = tuple[str, str]
#: Taxon of a subject whose species is not known, or not in the vocabulary of species.
UNKNOWN_TAXON = "?"


def taxa(connection: sa.Connection, domain: Domain, terms: Iterable[Pair]) -> dict[Pair, frozenset[str]]:
    """Taxa of the subjects in all rows, of all releases, that use each term. Controls are of none."""
    wanted = [{"reported": reported, "preferred": preferred} for reported, preferred in terms]
    if not wanted:
        return {}
    found = connection.execute(
        sa.text(_statement(domain)), {"wanted": json.dumps(wanted), "species": DOMAIN["species"].vocabulary}
    )
    return {(row.reported, row.preferred): frozenset(row.taxa) for row in found}


def _statement(domain: Domain) -> str:
    dimension = DIMENSION[domain.dimension]
    reported, preferred = (f"coalesce({text.text}, '')" for text in (domain.reported, domain.preferred))
    uses = "\n    union ".join(
        f"select h.{reference.column} as key, h.subject_key from history.{table.relation} h"
        f" where h.{reference.column} in (select key from wanted)"
        for table in VERSIONED
        if any(item.column == "subject_key" for item in table.references)
        for reference in table.references
        if reference.dimension == domain.dimension
    )
    species = digest(VOCABULARY_TERM, (sql(":species"), Row("p").species))
    return f"""with wanted as materialized (
    select t.{dimension.key_column} as key, w.reported, w.preferred
    from history.{dimension.key_table} t
    join jsonb_to_recordset(cast(:wanted as jsonb)) w (reported text, preferred text)
        on w.reported = {reported} and w.preferred = {preferred}),
used as ({uses}),
of_taxon as (
    select distinct u.key, coalesce(nullif(v.fields ->> 'taxonomyId', ''), {literal(UNKNOWN_TAXON)}) as taxon
    from used u
    left join history.dim_subject s on s.subject_key = u.subject_key
    left join history.key_species p on p.species_key = s.species_key
    left join history.key_vocabulary_term t on t.natural_key = {species}
    left join history.dim_vocabulary_term v
        on v.vocabulary_term_key = t.vocabulary_term_key and v.valid_to = {OPEN}
    where u.subject_key <> {NOT_APPLICABLE})
select w.reported, w.preferred, array_agg(distinct o.taxon) as taxa
from wanted w join of_taxon o on o.key = w.key
group by w.reported, w.preferred"""
