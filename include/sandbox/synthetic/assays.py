"""The ten assays of the synthetic world: what is measured, on which days, and a result's own columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from include.sandbox.row import Row


@dataclass(frozen=True)
class Cell:
    """What one result's values depend on.

    :param number: the row's place in its assay.
    :param feature: what is measured: an analyte, a strain, a population, a locus.
    :param person: a number that all rows of one subject and feature share.
    :param chance: a number of this row's own.
    :param corrected: the row's value was put right in this or an earlier release.
    :param filled: the preferred columns are already curated.
    :param control: what it is if it is not a sample of a subject.
    """

    number: int
    feature: tuple[str, ...]
    day: int
    arm: int
    person: int
    chance: int
    corrected: bool
    filled: bool
    control: str | None = None


@dataclass(frozen=True, eq=False)
class Assay:
    """One assay: its endpoint, technique, sample (type, subtype), days and features.

    :param pools: every fifth of its experiment samples is made of two biosamples of a subject.
    :param controls: every tenth of its rows is a control or a standard, which belong to no subject.
    """

    endpoint: str
    technique: str
    schema: str
    sample: tuple[str, str | None]
    days: tuple[int, ...]
    features: tuple[tuple[str, ...], ...]
    values: Callable[[Cell, Row], Row]
    controls: bool = False
    pools: bool = False

    def control(self, number: int) -> str | None:
        """What a row is if it belongs to no subject: a control or a standard."""
        if not self.controls or number % 10 != 8:
            return None
        return ("CONTROL SAMPLE", "STANDARD CURVE")[number // 10 % 2]


_STRAINS = (
    ("A/California/7/2009", "A/California/07/2009"),
    ("A/Perth/16/2009", "A/Perth/16/2009"),
    ("B/Brisbane/60/2008", "B/Brisbane/60/2008"),
)
ANALYTES = (
    ("IFN-γ", "IFNG", "ANA103"),  # noqa: RUF001 - as laboratories write it
    ("IL-2", "IL2", "ANA148"),
    ("IL-6", "IL6", "ANA152"),
    ("TNF-a", "TNF", "ANA256"),
)
_POPULATIONS = (
    ("CD4+ T cells", "CD4-positive, alpha-beta T cell", "CD3+, CD4+"),
    ("CD8+ T cells", "CD8-positive, alpha-beta T cell", "CD3+, CD8+"),
    ("Plasmablasts", "plasmablast", "CD19+, CD27+, CD38++"),
)
#: Symbol as reported, preferred symbol, Entrez ids of the gene of people and of mice, name, accession.
_GENES = (
    ("Ifng", "IFNG", "3458", "15978", "interferon gamma", "ANA103"),
    ("Il21", "IL21", "59067", "60505", "interleukin 21", "ANA149"),
    ("Pdcd1", "PDCD1", "5133", "18566", "programmed cell death 1", "ANA190"),
)
#: What a control or a standard lacks: all that is known by its subject and sample.
CONTROL_NULLS = dict.fromkeys(
    """
    subjectAccession armAccession armName biosampleAccession biosampleType biosampleSubtype expsampleAccession
    plannedVisitAccession studyTimeCollected studyTimeCollectedUnit studyTimeT0Event studyTimeT0EventSpecify
    ageEvent ageEventSpecify ageUnit minSubjectAge maxSubjectAge subjectPhenotype ancestralPopulation
    ethnicity gender race raceSpecify species strain treatmentAccession
    """.split()  # noqa: SIM905 - a list of names reads best as one
)


def _analyte(cell: Cell) -> Row:
    reported, symbol, accession = cell.feature
    return {
        "analyteReported": reported,
        "analytePreferred": symbol if cell.filled else None,
        "analyteAccession": accession if cell.filled else None,
    }


def _amount(cell: Cell, scale: int) -> Decimal:
    """A concentration: the subject's own level, raised after day 0, with two decimals."""
    raised = 3 if cell.day > 0 and cell.arm else 1
    level = (100 + cell.person % 900) * scale * raised + cell.chance % (scale * 40)
    return Decimal(level * (11 if cell.corrected else 10)) / 1000


def _plain(number: Decimal) -> Decimal:
    """Without trailing zeros, never with an exponent."""
    return Decimal(format(number.normalize(), "f"))


def _titre(cell: Cell, row: Row) -> Row:
    """5, 10, 20, ...: a vaccine raises a titre 2 to 16 times, a placebo at most twice."""
    steps = cell.person % 4
    if cell.day > 0:
        steps += 1 + cell.person // 4 % 4 if cell.arm else cell.chance % 2
    titre = min(5 * 2 ** (steps + cell.corrected), 2560)
    censored = titre < 10 and cell.chance % 2 == 0
    reported, strain = cell.feature
    return {
        "unitReported": "Titer",
        "unitPreferred": "Antibody titer" if cell.filled else None,
        "valueReported": "<10" if censored else str(titre),
        "valuePreferred": None if not cell.filled else Decimal("9.99") if censored else Decimal(titre),
        "virusStrainReported": reported,
        "virusStrainPreferred": strain if cell.filled else None,
    }


def _elisa(cell: Cell, row: Row) -> Row:
    value = _plain(_amount(cell, 7))
    spoiled = {8: "Not Determined", 4: "-999"}.get(cell.number % 17)
    return {
        **_analyte(cell),
        "unitReported": "pg/ml",
        "unitPreferred": "pg/mL" if cell.filled else None,
        "valueReported": spoiled or str(value),
        "valuePreferred": value if cell.filled and not spoiled else None,
    }


def _elispot(cell: Cell, row: Row) -> Row:
    spots = int(_amount(cell, 3))
    return {
        **_analyte(cell),
        "cellNumberReported": "1000000",
        "cellNumberPreferred": Decimal(1_000_000) if cell.filled else None,
        "spotNumberReported": str(spots),
        "spotNumberPreferred": Decimal(spots) if cell.filled else None,
    }


def _mbaa(cell: Cell, row: Row) -> Row:
    value = _plain(_amount(cell, 5))
    spoiled = {5: "OOR", 11: "-999"}.get(cell.number % 13)
    values: Row = {
        **_analyte(cell),
        "assayId": f"P{1 + cell.number // 80:02}",
        "assayGroupId": None,
        "concentrationUnitReported": "pg/ml",
        "concentrationUnitPreferred": "pg/mL" if cell.filled else None,
        "concentrationValueReported": spoiled or str(value),
        "concentrationValuePreferred": value if cell.filled and not spoiled else None,
        "mfi": str(value * 4),
        "mfiCoordinate": None if cell.number % 4 else f"1(1,A{1 + cell.number % 12})",
        "sourceType": "EXPSAMPLE",
        "sourceAccession": row["expsampleAccession"],
    }
    if cell.control:
        values["sourceType"] = cell.control
        prefix = "CS" if cell.control == "CONTROL SAMPLE" else "SC"
        values["sourceAccession"] = f"{prefix}{100_001 + row['resultId']}"
    return values


def _fcs(cell: Cell, row: Row) -> Row:
    reported, preferred, gates = cell.feature
    definition = (" / " if int(row["studyAccession"][3:]) % 2 else ", ").join(gates.split(", "))
    value = _plain(_amount(cell, 2) / 10)
    return {
        "parentPopulationReported": "Live, singlets",
        "parentPopulationPreferred": None,
        "populationDefnitionReported": definition,
        "populationDefnitionPreferred": gates if cell.filled else None,
        "populationNameReported": reported,
        "populationNamePreferred": preferred if cell.filled else None,
        "populationStatisticReported": str(value),
        "populationStatisticPreferred": value if cell.filled else None,
        "populationStatUnitReported": "% of parent",
        "populationStatUnitPreferred": "percentage" if cell.filled else None,
        "workspaceFileInfoId": 290_000 + cell.number % 50,
    }


def _pcr(cell: Cell, row: Row) -> Row:
    reported, preferred, human, mouse, name, analyte = cell.feature
    cycles = _plain(Decimal(18) + _amount(cell, 1) / 2)
    return {
        "geneId": mouse if row["species"] == "Mus musculus" else human,
        "geneName": name,
        "geneSymbolReported": reported,
        "geneSymbolPreferred": preferred if cell.filled else None,
        "analyteAccession": analyte if cell.filled else None,
        "otherGeneAccession": None,
        "unitReported": "Ct-values",
        "unitPreferred": "Ct" if cell.filled else None,
        "valueReported": str(cycles),
        "valuePreferred": cycles if cell.filled else None,
    }


def _hla(cell: Cell, row: Row) -> Row:
    locus = cell.feature[0]
    second = 1 + cell.person // 31 % 30
    return {
        "locusName": f"HLA-{locus}",
        "allele1": f"{locus}*{1 + cell.person % 30:02}01" + (":01" if cell.corrected else ""),
        "allele2": f"{locus}*{second:02}01" if cell.filled else None,
        "resultSetId": 100_000 + row["resultId"] // 2,
    }


def _kir(cell: Cell, row: Row) -> Row:
    locus = cell.feature[0]
    return {
        "allele1": f"{locus}*00{1 + cell.person % 9}" + ("01" if cell.corrected else ""),
        "allele2": f"{locus}*00{1 + cell.chance % 9}" if cell.filled else None,
        "kirHaplotype": ("A", "B")[cell.person % 2],
    }


def _spectrum(cell: Cell, row: Row) -> Row:
    """The base table's shape: no demographics; a protein or a metabolite."""
    name, identifier, kind = cell.feature
    protein = kind == "Proteomics"
    return {
        "databaseIdReported": identifier,
        "databaseIdPreferred": identifier if cell.filled else None,
        "proteinNameReported": name if protein else None,
        "proteinNamePreferred": name if protein and cell.filled else None,
        "metaboliteNameReported": None if protein else name,
        "metaboliteNamePreferred": None if protein or not cell.filled else name,
        "intensity": _plain(_amount(cell, 9) * 1000),
        "massSpectrometryType": kind,
        "mzratio": Decimal(200_000 + cell.person % 900_000) / 1000,
        "retentionTime": Decimal(cell.chance % 6000) / 100,
        "retentionTimeUnit": "Minutes",
        "zcharge": None if cell.number % 5 == 0 else str(1 + cell.person % 3),
    }


_SERUM, _PBMC, _DNA = ("Serum", None), ("PBMC", None), ("DNA", None)

ASSAYS = {
    assay.endpoint: assay
    for assay in (
        Assay("hai", "Hemagglutination Inhibition", "HAI", _SERUM, (0, 28), _STRAINS, _titre),
        Assay("neutAbTiter", "Virus Neutralization", "Neut_Ab_Titer", _SERUM, (0, 28), _STRAINS, _titre),
        Assay("elisa", "ELISA", "ELISA", _SERUM, (-7, 0, 28), ANALYTES, _elisa),
        Assay("mbaa", "Luminex xMAP", "MBAA", _SERUM, (-7, 0, 28), ANALYTES, _mbaa, controls=True),
        Assay("elispot", "ELISPOT", "ELISPOT", ("Cell", "Tfh cells"), (0, 7, 28), ANALYTES, _elispot),
        Assay("fcsAnalyzed", "Flow Cytometry", "FCM", _PBMC, (0, 7), _POPULATIONS, _fcs),
        Assay("pcr", "Q-PCR", "QRT-PCR", ("Whole blood", None), (0, 7), _GENES, _pcr),
        Assay("hlaTyping", "HLA Typing", "HLA", _DNA, (0,), (("A",), ("B",), ("DRB1",)), _hla),
        Assay("kirTyping", "KIR Typing", "KIR", _DNA, (0,), (("KIR2DL1",), ("KIR3DL1",)), _kir),
        Assay(
            "massSpectrometryResult",
            "Mass Spectrometry",
            "Mass_Spectrometry",
            ("Plasma", None),
            (0, 28),
            (("Serum albumin", "P02768", "Proteomics"), ("Kynurenine", "HMDB0000684", "Metabolomics")),
            _spectrum,
            pools=True,
        ),
    )
}
