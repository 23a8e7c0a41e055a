"""Units of measure: what each measures, and how it converts to the one unit of that dimension.

Only units of one dimension are converted into each other. Mass and amount of a substance, a share and a
count, or the arbitrary units of two assays are different dimensions, whatever their numbers look like.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from include.sql import literals

#: Unit of the results that are titres by their nature.
TITER = "titer"
#: Dimension of numbers of cells.
CELL_COUNT = "cell count"


@dataclass(frozen=True)
class Unit:
    """A unit: the canonical value is (value - offset) * factor / divisor.

    :param spellings: ways it is written, as `star.unit_spelling` leaves them.
    :param divisor: apart from the factor, so that a third or a ninth stays exact.
    """

    dimension: str
    canonical: str
    spellings: tuple[str, ...]
    factor: Decimal = Decimal(1)
    divisor: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)


def _dimension(name: str, canonical: str, *units: tuple[str | int, ...]) -> tuple[Unit, ...]:
    """Units of one dimension: spellings, parted by bars, then factor and divisor, 1 where left out."""
    made = []
    for spellings, *numbers in units:
        factor, divisor = (Decimal(number) for number in (*numbers, 1, 1)[:2])
        made.append(Unit(name, canonical, tuple(str(spellings).split("|")), factor, divisor))
    return tuple(made)


UNITS: tuple[Unit, ...] = (
    *_dimension(
        "mass concentration", "pg/ml",
        ("fg/ml", 1, 1000),
        ("pg/ml|pg per ml|picogram/milliliter|picograms/ml|ng/l", 1),
        ("pg/dl", 1, 100),
        ("ng/ml|ng per ml|nanogram/milliliter|nanograms/ml|ug/l|mcg/l|pg/ul", 1000),
        ("ng/dl", 10),
        ("ug/ml|mcg/ml|microgram/milliliter|micrograms/ml|mg/l|ng/ul|pg/nl", "1e6"),
        ("ug/dl|mcg/dl", "1e4"),
        ("mg/ml|milligram/milliliter|g/l|gm/l|ug/ul|ng/nl", "1e9"),
        ("mg/dl|mg%", "1e7"),
        ("g/dl|gm/dl|g%", "1e10"),
    ),
    *_dimension(
        "amount concentration", "pM",
        ("fM|fmol/l", 1, 1000), ("pM|pmol/l", 1), ("nM|nmol/l|pmol/ml", 1000),
        ("uM|umol/l|nmol/ml", "1e6"), ("mM|mmol/l|umol/ml", "1e9"), ("M|mol/l", "1e12"),
    ),
    *_dimension(
        "international activity concentration", "IU/ml",
        ("iu/ml", 1), ("miu/ml|iu/l", 1, 1000), ("iu/dl", 1, 100), ("kiu/l", 1), ("uiu/ml|miu/l", 1, 1000000),
    ),
    *_dimension(
        "activity concentration", "units/ml",
        ("units/ml|unit/ml|u/ml", 1), ("u/l|units/l|mu/ml", 1, 1000), ("u/dl", 1, 100), ("ku/l", 1),
    ),
    *_dimension("NIDDK activity concentration", "DK units/ml", ("dk units/ml", 1)),
    *_dimension("international activity", "IU", ("iu", 1), ("miu", 1, 1000)),
    *_dimension(
        "titer", "titer",
        ("titer|titre|titers|titres|antibody titer|antibody titre|hai titer|hai titre|reciprocal titer"
         "|reciprocal dilution|neutralization titer|neutralizing antibody titer", 1),
    ),
    *_dimension("hemagglutination", "HAU", ("hau|ha units", 1)),
    *_dimension("infective dose", "TCID50", ("tcid50", 1)),
    *_dimension("multiplicity of infection", "MOI", ("moi", 1)),
    *_dimension("antibody index", "AI", ("ai|antibody index", 1)),
    *_dimension("optical density", "OD", ("od|optical density|absorbance|od450", 1)),
    *_dimension("arbitrary units", "AU", ("au|arbitrary units|arbitrary unit", 1)),
    *_dimension("arbitrary unit concentration", "AU/ml", ("au/ml", 1), ("au/l", 1, 1000)),
    *_dimension("threshold cycle", "Ct", ("ct|cq|ct-values|ct-value|ct values|ct value|threshold cycle"
                                         "|threshold cycles", 1)),
    *_dimension("threshold cycle difference", "Delta Ct", ("delta ct|deltact|dct|delta cq", 1)),
    *_dimension("difference of threshold cycle differences", "Delta Delta Ct",
                ("delta delta ct|deltadeltact|ddct|delta delta cq", 1)),
    *_dimension("share", "percentage", ("percentage|percent|%|pct", 1)),
    *_dimension("fold change", "stim/unstim fold change", ("stim/unstim fold change", 1)),
    *_dimension("fluorescence at 90th percentile", "MFI at 90th percentile", ("mfi at 90th percentile", 1)),
    *_dimension("fluorescence", "MFI", ("mfi|mean fluorescence intensity", 1)),
    *_dimension("median fluorescence", "median MFI", ("median fluorescence intensity|median mfi", 1)),
    *_dimension(CELL_COUNT, "cells", ("cells|cell|cell count|cell counts|cell number|cell numbers"
                                      "|number of cells"
                                      "|count|counts|events|event|event count|number of events", 1)),
    *_dimension(
        "cell concentration", "cells/ul",
        ("cells/ul|cells/mcl|cells per ul|cells/mm3|cells/mm^3|cells/cumm|/ul|/mcl|/mm3", 1),
        ("cells/ml|cells per ml", 1, 1000),
        ("10^3/ul|10e3/ul|x10^3/ul|x10e3/ul|1000/ul|k/ul|thou/ul|thousand/ul|10^9/l|10e9/l|x10^9/l|x10e9/l"
         "|10^3/mm3|x10^3/mm3", 1000),
        ("10^6/ul|10e6/ul|x10^6/ul|x10e6/ul|m/ul|mill/ul|million/ul|10^12/l|10e12/l"
         "|x10^12/l|x10e12/l", "1e6"),
    ),
    *_dimension("spots", "spots", ("spots|spot", 1)),
    *_dimension("spots per million cells", "spots per million cells",
                ("spots per million cells|spots/10^6 cells|sfc/10^6 cells|sfu/10^6 cells|sfc/million", 1)),
    *_dimension("transcripts per million", "TPM", ("tpm", 1)),
    *_dimension("reads per kilobase and million", "RPKM", ("rpkm", 1)),
    *_dimension("fragments per kilobase and million", "FPKM", ("fpkm", 1)),
    *_dimension(
        "mass", "kg",
        ("pg", 1, "1e15"), ("ng", 1, "1e12"), ("ug|mcg", 1, "1e9"), ("mg", 1, "1e6"),
        ("g|gm|gram|grams", 1, 1000), ("kg|kilogram|kilograms|kgs", 1), ("lb|lbs|pound|pounds", "0.45359237"),
    ),
    *_dimension(
        "volume", "ml",
        ("pl", 1, "1e9"), ("nl", 1, "1e6"), ("ul|mcl", 1, 1000), ("ml|cc|milliliter", 1), ("dl", 100),
        ("l|liter|litre", 1000),
    ),
    *_dimension(
        "length", "cm",
        ("um", 1, 10000), ("mm", 1, 10), ("cm|centimeter|centimeters", 1), ("m|meter|meters", 100),
        ("in|inch|inches", "2.54"),
    ),
    *_dimension("pressure", "mmHg", ("mmhg|mm hg|mm of hg", 1), ("kpa", "7500.61682704", 1000)),
    *_dimension("beats per minute", "beats/min", ("beats/min|beats per minute|bpm", 1)),
    *_dimension("breaths per minute", "breaths/min", ("breaths/min|breaths per minute", 1)),
    *_dimension("body mass index", "kg/m2", ("kg/m2|kg/m^2", 1)),
    *_dimension(
        "time", "days",
        ("seconds|second|sec", 1, 86400), ("minutes|minute|min", 1, 1440), ("hours|hour|hr|hrs", 1, 24),
        ("days|day", 1), ("weeks|week", 7), ("months|month", "30.4375"), ("years|year|yr|yrs", "365.25"),
    ),
    Unit("temperature", "C", ("c", "celsius", "degrees c", "degrees celsius", "deg c", "°c")),
    Unit("temperature", "C", ("f", "fahrenheit", "degrees f", "degrees fahrenheit", "deg f", "°f"),
         Decimal(5), Decimal(9), Decimal(32)),
    Unit("temperature", "C", ("k", "kelvin"), offset=Decimal("273.15")),
)  # fmt: skip


def definitions() -> Iterator[tuple[str, Unit]]:
    """Every spelling with its unit."""
    return ((spelling, unit) for unit in UNITS for spelling in unit.spellings)


def statements() -> list[str]:
    """SQL that makes `history.unit_definition` what is declared here."""
    rows = ",\n".join(
        f"({literals((spelling, unit.dimension, unit.canonical))},"
        f" {unit.factor:f}, {unit.divisor:f}, {unit.offset:f})"
        for spelling, unit in definitions()
    )
    return ["delete from history.unit_definition", f"insert into history.unit_definition values\n{rows}"]
