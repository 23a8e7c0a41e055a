"""Finding the term of a vocabulary that a text names, with the evidence for it. Nothing here guesses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from include.warehouse.terms.domains import Domain

EXACT, ALIAS, PROPOSED, UNMAPPED = "exact", "alias", "proposed", "unmapped"
ACCEPTED, REJECTED = "accepted", "rejected"
#: Method of a proposal of several terms.
AMBIGUOUS = "ambiguous"
#: Statuses whose term analysts see as the harmonised one.
MAPPED = (EXACT, ALIAS, ACCEPTED)
#: What fills a field without a value.
_EMPTY = ("", "-")
#: Candidates named in the evidence.
_SHOWN = 12
_SUBTYPE = re.compile(r"H[0-9]{1,2}N[0-9]{1,2}")


@dataclass(frozen=True)
class Term:
    """A term of a vocabulary as of now, with its fields as sent."""

    term: str
    name: str | None
    fields: Mapping[str, object]

    def text(self, field: str) -> str:
        value = self.fields.get(field)
        found = "" if value is None else str(value).strip()
        return "" if found in _EMPTY else found

    @property
    def taxonomy(self) -> str:
        return self.text("taxonomyId")


@dataclass(frozen=True)
class Hit:
    """One term that a text names, and how that is known."""

    term: str
    status: str
    method: str
    evidence: str


@dataclass(frozen=True)
class Judgement:
    """What the evidence shows of a reported term.

    :param term: the term it is; of a proposal the one to be decided on, none when there are several.
    """

    status: str
    method: str
    evidence: str
    vocabulary: str | None = None
    term: str | None = None
    term_name: str | None = None


class Index:
    """The names of a vocabulary's terms, to look texts up in."""

    def __init__(self, domain: Domain, terms: Iterable[Term]) -> None:
        self.domain = domain
        self.terms = {item.term: item for item in terms}
        self._names: dict[str, dict[str, str]] = {}
        self._aliases: dict[str, dict[str, str]] = {}
        self._routes: list[dict[str, dict[str, str]]] = [{} for _ in domain.routes]
        self._kin: dict[tuple[str, str], set[str]] = {}
        for item in self.terms.values():
            self._add(item)

    def label(self, term: str) -> str:
        """What a person calls a term."""
        item = self.terms[term]
        return next((text for _, text in self._own_names(item) if text != term), term)

    def find(self, text: str, *, is_curated: bool = False) -> list[Hit]:
        """Every term that a text names. An accession names one, whatever else has that name.

        :param is_curated: the text is ImmPort's: a name given to one term alone is meant so.
        """
        if text in self.terms:
            return [Hit(text, EXACT, "the term itself", f"{self.domain.vocabulary} has the term {text!r}")]
        named = self._names.get(text, {})
        if is_curated and len(named) == 1:
            return [self._hit(term, EXACT, "name", text, field) for term, field in named.items()]
        hits = {term: self._hit(term, ALIAS, "listed alias", text, field)
                for term, field in self._aliases.get(text, {}).items()}  # fmt: skip
        hits |= {term: self._hit(term, EXACT, "name", text, field) for term, field in named.items()}
        written = dict(self._written(text))
        hits = hits or dict(written)
        for term in [*hits]:
            for other in self.kin(term) - hits.keys():
                why = f"it is the counterpart of {term} in another species"
                hits[other] = written.get(other) or Hit(other, PROPOSED, "counterpart", why)
        return [hits[term] for term in sorted(hits)]

    def kin(self, term: str) -> set[str]:
        """Counterparts of a term in other species."""
        item = self.terms[term]
        near = {other for key in self._kinship(item) for other in self._kin[key]}
        return {other for other in near if self.terms[other].taxonomy != item.taxonomy}

    def _written(self, text: str) -> Iterator[tuple[str, Hit]]:
        for route, known in zip(self.domain.routes, self._routes, strict=True):
            written = route.write(text)
            for term, origin in known.get(written or "", {}).items():
                yield term, Hit(term, ALIAS, route.name, f"{origin}, as written but for {route.name}")

    def _hit(self, term: str, status: str, method: str, text: str, field: str) -> Hit:
        return Hit(term, status, method, f"{text!r} is {field} of {term} in {self.domain.vocabulary}")

    def _own_names(self, item: Term) -> Iterator[tuple[str, str]]:
        yield "name", item.term
        if item.name:
            yield "name", item.name
        for field in self.domain.names:
            if found := item.text(field):
                yield field, found

    def _other_names(self, item: Term) -> Iterator[tuple[str, str]]:
        for field in self.domain.aliases:
            for part in re.split(r"[;|]", item.text(field)):
                if part.strip() not in _EMPTY:
                    yield field, part.strip()
        for field in self.domain.one_name:
            if found := item.text(field):
                yield field, found
        # A strain's name with the subtype that the vocabulary states for it is a name of that strain.
        subtype = item.text("virusName")
        if _SUBTYPE.fullmatch(subtype):
            yield "name and virusName", f"{item.term} ({subtype})"

    def _add(self, item: Term) -> None:
        own, other = [*self._own_names(item)], [*self._other_names(item)]
        for field, text in own:
            self._names.setdefault(text, {}).setdefault(item.term, field)
        for field, text in other:
            self._aliases.setdefault(text, {}).setdefault(item.term, field)
        for route, known in zip(self.domain.routes, self._routes, strict=True):
            for field, text in (*own, *other):
                if written := route.write(text):
                    origin = f"{text!r} is {field} of {item.term} in {self.domain.vocabulary}"
                    known.setdefault(written, {}).setdefault(item.term, origin)
        for key in self._kinship(item):
            self._kin.setdefault(key, set()).add(item.term)

    def _kinship(self, item: Term) -> Iterator[tuple[str, str]]:
        # Being alike only ever makes a name doubtful here: it never makes two terms one.
        for field in self.domain.counterparts:
            if found := item.text(field):
                yield ("id" if field.endswith("Id") else "symbol", found.casefold())


def match(index: Index, reported: str, preferred: str, taxa: Set[str] = frozenset()) -> Judgement:
    """What is to be made of a term, from the evidence alone.

    :param preferred: what ImmPort preferred for it; empty where it preferred nothing.
    :param taxa: taxa of the subjects in all rows that use the term, where they matter.
    """
    domain = index.domain
    if not index.terms:
        return Judgement(UNMAPPED, "none", f"{domain.vocabulary} was not fetched yet")
    if not preferred.strip():
        return _judge(index, index.find(reported), reported, "", taxa)
    hits = index.find(preferred, is_curated=True)
    if hits:
        return _judge(index, hits, preferred, f"preferred by ImmPort as {preferred!r}: ", taxa)
    lacking = f"ImmPort prefers {preferred!r}, which {domain.vocabulary} does not list"
    hits = index.find(reported) if reported.strip() else []
    if hits:
        return _doubt(index, hits, f"{lacking}; the reported text is known: ")
    return Judgement(UNMAPPED, "none", f"{lacking}: {domain.why_not(preferred)}")


def _judge(index: Index, hits: list[Hit], text: str, before: str, taxa: Set[str]) -> Judgement:
    if not hits:
        return Judgement(UNMAPPED, "none", f"{index.domain.vocabulary}: {index.domain.why_not(text)}")
    if len(hits) > 1:
        return _by_species(index, hits, taxa, before) or _doubt(index, hits, before)
    (hit,) = hits
    return _as(index, hit, hit.status, hit.method, before + hit.evidence)


def _by_species(index: Index, hits: list[Hit], taxa: Set[str], before: str) -> Judgement | None:
    """Of one molecule in several species the one of the only species that is measured."""
    if len(taxa) != 1:
        return None
    (taxon,) = taxa
    of_it = [hit for hit in hits if index.terms[hit.term].taxonomy == taxon]
    if len(of_it) != 1 or {hit.term for hit in hits} - index.kin(of_it[0].term) != {of_it[0].term}:
        return None
    others = ", ".join(hit.term for hit in hits if hit is not of_it[0])
    why = f"all rows that use it are of taxon {taxon}, which rules out {others}"
    # A term that does not list the name itself is only proposed.
    status = PROPOSED if of_it[0].status == PROPOSED else ALIAS
    return _as(index, of_it[0], status, "species", f"{before}{of_it[0].evidence}; {why}")


def _doubt(index: Index, hits: list[Hit], before: str) -> Judgement:
    """For a person to decide."""
    if len(hits) == 1:
        return _as(index, hits[0], PROPOSED, hits[0].method, before + hits[0].evidence)
    shown = [f"{hit.term} ({_about(index, hit.term)}): {hit.evidence}" for hit in hits[:_SHOWN]]
    more = f"; and {len(hits) - _SHOWN} more" if len(hits) > _SHOWN else ""
    return Judgement(PROPOSED, AMBIGUOUS, f"{before}{len(hits)} terms: {'; '.join(shown)}{more}")


def _about(index: Index, term: str) -> str:
    taxonomy = index.terms[term].taxonomy
    return index.label(term) + (f", taxon {taxonomy}" if taxonomy else "")


def _as(index: Index, hit: Hit, status: str, method: str, evidence: str) -> Judgement:
    return Judgement(status, method, evidence, index.domain.vocabulary, hit.term, index.label(hit.term))
