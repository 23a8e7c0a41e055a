"""The domains of terms that are harmonised: where they are reported, and which vocabulary lists them.

What makes two texts one term is declared here and nowhere else: the fields in which a vocabulary lists
names and aliases, and the differences in writing that carry no meaning in the domain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from include.sql import Expression, Row, call, sql
from include.warehouse.model.registry import DIMENSION
from include.warehouse.terms import strain_names

#: The row of a dimension that holds the terms.
T = Row("t")
NO_TEXT = sql("null::text")


@dataclass(frozen=True)
class VocabularyRoute:
    """A safe way to write a text: texts that come out the same have the same meaning.

    :param write: returns None for a text that it does not apply to.
    """

    name: str
    write: Callable[[str], str | None]


@dataclass(frozen=True)
class Domain:
    """A kind of terms.

    :param dimension: dimension that holds the terms.
    :param reported: the text as reported: an expression over its row `t`.
    :param preferred: what ImmPort preferred, which is the stronger evidence.
    :param vocabulary: ImmPort's vocabulary of such terms.
    :param names: fields in which it gives a term's own names, besides the term itself.
    :param aliases: fields in which it lists other names, separated by semicolons or bars.
    :param one_name: fields of names in which semicolons and bars separate nothing.
    :param routes: differences in writing that are declared to carry no meaning.
    :param counterparts: fields that are equal in terms of other species: a name alone does not identify the
        species, the subjects of the rows that use it do.
    :param why_not: why a text was not found, in words.
    """

    name: str
    dimension: str
    reported: Expression
    vocabulary: str
    preferred: Expression = NO_TEXT
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    one_name: tuple[str, ...] = ()
    routes: tuple[VocabularyRoute, ...] = ()
    counterparts: tuple[str, ...] = ()
    why_not: Callable[[str], str] = lambda _: "no term has this name, and none lists it as an alias"


def spaces(text: str) -> str:
    """Runs of blanks as one, none at the ends."""
    return " ".join(text.split())


def case(text: str) -> str:
    """Large and small letters as one, too. Not for units: mg is not Mg."""
    return spaces(text).casefold()


def greek_names(text: str) -> str:
    """Greek letters by their names, IFN and the letter as IFN-gamma."""
    return case("".join(_greek(letter) for letter in case(text)))


def greek_initials(text: str) -> str:
    """Greek letters by their initials, IFN and the letter as IFN-g."""
    return case("".join(_greek(letter)[:1] for letter in case(text)))


def unit_signs(text: str) -> str:
    """The signs of micro as u, and the litre below a bar as L: both are ways to write one unit."""
    plain = re.sub("[µμ]", "u", spaces(text))
    return re.sub(r"/ ?([munpfd]?)l\b", r"/\1L", plain)


def _greek(letter: str) -> str:
    words = unicodedata.name(letter, "").split()
    return (
        words[words.index("LETTER") + 1].lower() if words[:1] == ["GREEK"] and "LETTER" in words else letter
    )


SPACES = VocabularyRoute("blanks", spaces)
CASE = VocabularyRoute("letter case and blanks", case)
GREEK = (
    VocabularyRoute("Greek letters by name", greek_names),
    VocabularyRoute("Greek letters by initial", greek_initials),
)
UNIT = VocabularyRoute("signs of micro and litre", unit_signs)
STRAIN = VocabularyRoute("equal parts of the strain's name", strain_names.canonical)


def _pair(name: str, dimension: str, vocabulary: str, column: str, aliases: tuple[str, ...] = ()) -> Domain:
    """Terms that ImmPort gives as a reported and a preferred name."""
    reported, preferred = T[f"{column}_reported"], T[f"{column}_preferred"]
    return Domain(name, dimension, reported, vocabulary, preferred, aliases=aliases, routes=(CASE,))


ANALYTE = Domain(
    "analyte",
    "analyte",
    T.analyte_reported,
    "lkAnalyte",
    call("coalesce", call("nullif", T.analyte_accession, "''"), T.analyte_preferred),
    names=("immunologySymbol", "geneSymbol"),
    aliases=("geneAliases", "proteinOntologySynonyms"),
    one_name=("officialGeneName", "proteinOntologyName"),
    routes=(CASE, *GREEK),
    counterparts=("proteinOntologyId", "geneSymbol", "immunologySymbol"),
)
#: Of lkVirusStrain, centerIdNameSeasonList names studies, centres and seasons (SDY61-Emory(2007-2008)),
#: not strains, and so it is not a list of aliases; virusName is the subtype.
VIRUS_STRAIN = Domain(
    "virus_strain",
    "virus_strain",
    T.virus_strain_reported,
    "lkVirusStrain",
    T.virus_strain_preferred,
    routes=(CASE, STRAIN),
    why_not=strain_names.why_not,
)

DOMAINS: tuple[Domain, ...] = (
    ANALYTE,
    VIRUS_STRAIN,
    _pair("cell_population", "cell_population", "lkCellPopulation", "population_name"),
    _pair("disease", "disease", "lkDisease", "disease", ("diseaseOntologyId",)),
    _pair("lab_test", "lab_test", "lkLabTestName", "lab_test", ("cdiscLabTestCode",)),
    Domain("unit", "unit", T.unit, "lkUnitOfMeasure", routes=(SPACES, UNIT)),
    Domain("species", "species", T.species, "lkSpecies", aliases=("commonName",), routes=(CASE,)),
    Domain("technique", "technique", T.measurement_technique, "lkExpMeasurementTech", routes=(CASE,)),
    Domain("sample_type", "biosample", T.type, "lkSampleType", routes=(CASE,)),
)
DOMAIN: dict[str, Domain] = {item.name: item for item in DOMAINS}


def check_domain(domain: Domain) -> None:
    """Make sure that a domain reads columns that its dimension stores.

    :raises ValueError: it reads another row, or a column that is not there.
    """
    dimension = DIMENSION[domain.dimension]
    stored = dimension.columns if dimension.is_versioned else dimension.natural_key
    for column in (*domain.reported.columns, *domain.preferred.columns):
        if column.alias != "t" or column.name not in {item.name for item in stored}:
            raise ValueError(
                f"terms of {domain.name} read {column.alias}.{column.name}: {dimension.relation} stores no"
                " such column"
            )


for _domain in DOMAINS:
    check_domain(_domain)
