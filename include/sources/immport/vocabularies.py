"""The vocabularies of ImmPort as a source: each is a scope, and its answer becomes one row per term.

They belong to no data release, and differ in their fields: what only some have is one field here, as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from include.sources.endpoint import Endpoint, Group, parse_fields
from include.sources.fetched.fetched_source import FetchedSource, fixed
from include.sources.immport.lookups import LOOKUP_ENDPOINTS, is_stub
from include.sources.reader import cell, read_rows
from include.sources.release import FetchLine
from include.sources.row_reader import Intake
from include.sources.source import Scope

#: Each vocabulary as ImmPort's API has it, by name.
LOOKUPS: dict[str, Endpoint] = {item.name: item for item in LOOKUP_ENDPOINTS}
#: Fields with a column of their own, where a vocabulary has them.
_OWN = ("name", "description", "link")


def read_terms(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[dict[str, object]]:
    """The terms of one vocabulary, in the order sent.

    :param scope: name of the vocabulary.
    :raises NotDataError: it is not whole, or not an array of terms.
    """
    lookup = LOOKUPS[scope]
    key, declared = lookup.key[0], frozenset(lookup.names)
    for number, row in enumerate(read_rows(chunks, lookup, intake.repeated)):
        intake.missing.update(declared - row.keys())
        intake.unknown.update(row.keys() - declared)
        others = {name: value for name, value in row.items() if name not in (*_OWN, key)}
        yield {
            "vocabularyName": scope,
            "term": cell(row.get(key)),
            "termField": key,
            **{name: cell(row.get(name)) for name in _OWN},
            "fields": cell(others),
            "stub": "column names in place of a term" if number == 0 and is_stub(row) else None,
        }


TERM = Endpoint(
    "term",
    "/api/lookup/{scope}",
    parse_fields("vocabularyName term termField name description link fields:json stub"),
    ("vocabularyName", "term"),
    "a term of a vocabulary",
    group=Group.VOCABULARY,
    needs_key=False,
    identifies="term",
    required=True,
    readers={"json": read_terms},
    refusals=("stub",),
    quirks="Before the terms of some there is a stub: the name of the column they are for, and nothing else.",
)

VOCABULARIES = FetchedSource(
    name="vocabularies",
    title="ImmPort vocabularies",
    scope=Scope("vocabulary", "vocabularies", "^lk[A-Z][A-Za-z0-9]*$"),
    line=FetchLine(),
    endpoints={TERM.name: TERM},
    discovery=fixed(LOOKUPS),
    client="immport",
    about="Loads ImmPort's vocabularies, which need no key, into `star.vocabulary_term`.",
    schedule="0 4 * * 0",
)
