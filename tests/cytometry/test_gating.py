"""The rules for gating definitions, one by one."""

from __future__ import annotations

import pytest

from include.cytometry.gating import read_definition
from include.cytometry.gating_elements import without_value
from include.cytometry.gating_grammar import PREFIXES, SIGNS, SUFFIXES
from tests.support.cytometry import small_vocabulary

NAMES = small_vocabulary().names("human")

#: Definition -> each element as reported, and as preferred.
RULES = {
    "slashes": ("CD3/CD4", "CD3=hCD3E CD4=hCD4"),
    "empty elements": ("CD3//CD4/;;", "CD3=hCD3E CD4=hCD4"),
    "words": (
        "CD3+ and CD4- AND CD8+_AND_CD14-_OR_CD16+",
        "CD3+=hCD3E+ CD4-=hCD4- CD8+=hCD8A+ CD14-=hCD14- CD16+=hFCGR3A+",
    ),
    "strokes": ("CD3+|CD4-;CD8", "CD3+=hCD3E+ CD4-=hCD4- CD8=hCD8A"),
    "plus signs": ("CD3+ + CD4-  +  CD8", "CD3+=hCD3E+ CD4-=hCD4- CD8=hCD8A"),
    "blanks around": ("  CD3+  / CD4 ", "CD3+=hCD3E+ CD4=hCD4"),
    "numbers and commas": ("CD3,56,19,14+", "CD3+=hCD3E+ CD56+=hNCAM1+ CD19+=hCD19+ CD14+=hCD14+"),
    "among other commas": ("CD4-,CD3,56-,CD8+,20", "CD4-=hCD4- CD3-=hCD3E- CD56-=hNCAM1- CD8+=hCD8A+ 20="),
    "commas alone": ("CD3,CD4", "CD3=hCD3E CD4=hCD4"),
    "numbers and signs": ("CD3+14-8+", "CD3+=hCD3E+ CD14-=hCD14- CD8+=hCD8A+"),
    "ignored": ("Intact cells/viable singlets/Lymph", "Intact_cells= viable_singlets= Lymph="),
    "ignored, known": ("Singlets", "Singlets=singlet"),
    "signs with blanks": ("R16:- + - +", "R16:-_+_-_+="),
    "1-17": ("CD4+ 1-17 x", "CD4+_1-17_x="),
    "a prefix": ("Non-naive CD4+", "Non-naive_CD4+=hCD4+"),
    "a numbered prefix": ("Q12: CD4+/Q1:CD4/nQ3:  CD4-", "Q12:_CD4+=hCD4+ Q1:CD4=hCD4 nQ3:__CD4-=hCD4-"),
    "a suffix": ("B220- live", "B220-_live=PTPRC/iso:CD45RO-"),
    "both": ("Mono: CD14 high live", "Mono:_CD14high_live=hCD14++"),
    "an unknown marker in both": ("Mono: CDX high live", "Mono:_CDX_high_live="),
    "blanks for underscores": ("doublet excluded", "doublet_excluded=singlet"),
    "not for analytes": ("CD_3", "CD_3="),
    "a name that ends in a sign": ("Annexin-", "Annexin-=viable"),
    "a value after a blank": ("CD4 (medium)", "CD4(medium)=hCD4+~"),
    "an unknown marker with a value": ("Alexa350 (medium)", "Alexa350(medium)="),
    "the value whose marker is known": ("CD4+-", "CD4+-=hCD4+-"),
    "either or": ("either CXCR5dim or PD1low", "CXCR5dim=hCXCR5+- PD1low=hPDCD1+-"),
    "either of several": ("either CD3+CD4- or PD1", "CD3+=hCD3E+ CD4-=hCD4- PD1=hPDCD1"),
    "n and p": ("CD14nCD16p_CD86_pP", "CD14-=hCD14- CD16+=hFCGR3A+ CD86_pP=hCD86"),
    "the rest of n and p": ("CD14nCD16n", "CD14-=hCD14- CD16n="),
    "not of a word": ("Ki67positive", "Ki67positive=hMKI67+"),
    "minus": ("(IFN-g) minus (IFN-g Ki67 positive)", "IFN-g=hIFNG IFN-g=hIFNG Ki67positive=hMKI67+"),
    "values separate": ("CD4+CD8-", "CD4+=hCD4+ CD8-=hCD8A-"),
    "and blanks": ("CD4+ CD8high", "CD4+=hCD4+ CD8high=hCD8A++"),
    "words separate": ("CD4highCXCR5highPD1dimCD14loCD16bright",
        "CD4high=hCD4++ CXCR5high=hCXCR5++ PD1dim=hPDCD1+- CD14lo=hCD14+- CD16bright=hFCGR3A++"),
    "a hyphen in a name does not": ("HLA-DR+CD8+", "HLA-DR+=hHLA-DRA+ CD8+=hCD8A+"),
    "nor a sign of two": ("CD4+-CD8+", "CD4+-=hCD4+- CD8+=hCD8A+"),
    "an unknown marker among them": ("XY+CD4-", "XY+= CD4-=hCD4-"),
    "a part without a value": ("FSC-A/CD4+x", "FSC-A= CD4+x="),
    "a name in lower case after a sign": ("CD4+dead-", "CD4+=hCD4+ dead-=dead-"),
    "a detector": ("SSC-A", "SSC-A=SSC"),
}  # fmt: skip


def rows(definition: str) -> str:
    """The elements as in `RULES`."""
    elements = read_definition(definition, NAMES).elements
    return " ".join(f"{item.reported.replace(' ', '_')}={item.preferred}" for item in elements)


@pytest.mark.parametrize(("definition", "expected"), RULES.values(), ids=RULES)
def test_a_rule(definition: str, expected: str) -> None:
    assert rows(definition) == expected


@pytest.mark.parametrize("prefix", [*PREFIXES, "Q1: ", "Q23:", "nQ4: "])
def test_a_prefix_adds_nothing(prefix: str) -> None:
    wide = prefix.replace(" ", "   ")
    for written in (prefix, wide) if prefix.strip() else ():
        (element,) = read_definition(f"{written}CD14high", NAMES).elements
        assert (element.reported, element.preferred) == (f"{written}CD14high".strip(), "hCD14++")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_suffix_adds_nothing(suffix: str) -> None:
    for written in (suffix, suffix.replace(" ", "   ")):
        (element,) = read_definition(f"CD14high{written}", NAMES).elements
        assert (element.reported, element.preferred) == (f"CD14high{written}", "hCD14++")


@pytest.mark.parametrize("value", SIGNS)
def test_a_value_gives_a_sign(value: str) -> None:
    (element,) = read_definition(f"CD14 {value}", NAMES).elements
    assert (element.reported, element.sign) == (f"CD14{value}", SIGNS[value])
    assert element.preferred == f"hCD14{SIGNS[value]}"


def test_a_definition_has_a_preferred_form_only_when_all_is_known() -> None:
    assert read_definition("CD3+/CD3+/live", NAMES).preferred == "hCD3E+, hCD3E+, viable"
    unknown = read_definition("CD3+/x/FSC-A/x", NAMES)
    assert (unknown.preferred, unknown.unknown) == ("NONE", ["x", "FSC-A"])
    assert (read_definition("", NAMES).preferred, read_definition(" / ", NAMES).elements) == ("NONE", ())


@pytest.mark.parametrize(("definition", "separators"), [
    ("CD3", None), ("CD3/CD4", None), ("CD3,CD4", None), ("CD3/CD4;CD8", None), ("CD3,4+/CD8", None),
    ("CD3,CD4;CD8", "semicolon, comma"), ("a/b,c|d", "slash, pipe, comma"), ("a and b AND c", "and, AND"),
])  # fmt: skip
def test_more_separators_than_the_rules_allow_are_noted(definition: str, separators: str | None) -> None:
    note = read_definition(definition, NAMES).note
    if separators is None:
        assert note is None
    else:
        assert note is not None
        assert set(note.partition(": ")[2].split(", ")) == set(separators.split(", "))


def test_elements_know_their_analytes() -> None:
    first, second, third = read_definition("CD3+/live/x", NAMES).elements
    assert (first.accession, second.accession, third.accession) == ("ANA1", None, None)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("CD999high", ("CD999", "++")),
        ("CD999 high", ("CD999", "++")),
        ("CD999+-", ("CD999", "+-")),
        ("CD999-", ("CD999", "-")),
        ("Delphi", ("Delphi", "")),
        ("Delphi+", ("Delphi", "+")),
        ("+", ("+", "")),
        ("high", ("high", "")),
        ("CD999", ("CD999", "")),
        ("", ("", "")),
    ],
)
def test_an_unknown_marker_has_a_name_and_a_sign(element: str, expected: tuple[str, str]) -> None:
    assert without_value(element) == expected
