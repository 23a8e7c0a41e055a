"""The rules for $PnN and $PnS, one by one."""

from __future__ import annotations

import pytest

from include.cytometry.header_markers import joined, read_panel, read_text
from tests.support.cytometry import small_vocabulary

NAMES = small_vocabulary().names("human")
MOUSE = small_vocabulary().names("Mus musculus")

RULES = {
    "a name": ("CD3", "hCD3E"),
    "case counts": ("Cd3", "Cd3"),
    "a blank after CD": ("APC CD 4", "hCD4, APC"),
    "a hyphen after CD": ("CD-4-APC", "hCD4, APC"),
    "blanks after several CD": ("CD 4 CD 8", "hCD4, hCD8A"),
    "two blanks are a separator": ("CD  4", "CD  4"),
    "parentheses around CD": ("Dump(CD3CD19CD20CD56)", "hNCAM1"),
    "parentheses around Cd": ("x (Cd4Di)", "x (Cd4Di)"),
    "parentheses in a row": ("(CD3)(CD19)", "hCD3E, hCD19"),
    "parentheses in parentheses": ("(CD3(CD19))", "hCD3E, hCD19"),
    "a parenthesis that is not closed": ("(CD3", "hCD3E"),
    "parentheses around other text": ("CD4 (clone)", "hCD4, (clone)"),
    "another marker inside": ("CD141619dead", "dead, hCD14, hFCGR3A, hCD19"),
    "another marker with a separator": ("Live/Dead-Aqua", "viable, Aqua"),
    "the longest other marker": ("monocyte CD4", "monocyte, hCD4"),
    "another marker within a word": ("monochrome", "monocyte, chrome"),
    "the first of two as long": ("mono or dead", "monocyte, dead, or"),
    "components first": ("PE TX RD CD8", "hCD8A, PE, TX, RD"),
    "tokens in their order": ("PE CY7 VCCR7", "PE, CY7, hCCR7"),
    "an underscore separates": ("89Y_CD45", "PTPRC/iso:CD45RO, 89Y"),
    "a slash separates": ("CD3/CD4", "hCD3E, hCD4"),
    "cd and cD are CD": ("PE cd3", "hCD3E, PE"),
    "cD": ("cD3 PE", "hCD3E, PE"),
    "Cd is not": ("Cd3 CD4", "hCD4, Cd3"),
    "an HLA name": ("HLA-DR-BV605", "hHLA-DRA, BV605"),
    "without a hyphen": ("HLADR-V500", "hHLA-DRA, V500"),
    "text before an HLA name": ("147SmHLA-DR", "147Sm, hHLA-DRA"),
    "text after an HLA name": ("HLA-DRB1", "hHLA-DRA, B1"),
    "an HLA name in its place": ("PE-CD3-HLA-DR-CD4", "PE, hCD3E, hHLA-DRA, hCD4"),
    "the last of two HLA names": ("HLA-DR-HLADR-PE", "HLA, hHLA-DRA, PE"),
    "any HLA name to the end": ("CD4-HLA-A*2", "hCD4, hHLA-A*2"),
    "all of it is one name": ("CD4-HLA-B-PE", "hCD4, HLA-B-PE"),
    "numbers after CD": ("CD3-19-20", "hCD3E, hCD19, hMS4A1"),
    "numbers after plus signs": ("CD3+19&20", "hCD3E, hCD19, hMS4A1"),
    "numbers and other text": ("CD3-19-PE-20", "hCD3E, hCD19, PE, hMS4A1"),
    "three numbers": ("CD141619", "hCD14, hFCGR3A, hCD19"),
    "many CD": ("CD20CD3CD8-FITC", "hMS4A1, hCD3E, hCD8A, FITC"),
    "text before many CD": ("xCD20CD3", "hCD3E"),
    "a cadmium channel": ("Cd114Di CD4", "hCD4, Cd114"),
    "CD and a letter": ("CD11c-PECy7", "hITGAX, PECy7"),
    "CD and a parenthesis": ("CD14(Sm154)Dd-x", "hCD14"),
    "CD and letters is cut to its number": ("CD45RA-FITC", "PTPRC/iso:CD45RO, FITC"),
    "short and numeric rests vanish": ("PE CY 5-5 CD3", "hCD3E, PE, CY"),
    "no value twice": ("CD3 CD3 PE PE", "hCD3E, PE"),
    "two names of one marker": ("HLADR CD3 HLA-DR", "hHLA-DRA, hCD3E"),
    "nothing known": ("165Ho_Foxp3", "165Ho_Foxp3"),
    "nothing known, as reported": ("CD 999-(CDx)", "CD 999-(CDx)"),
    "SSC is another marker": ("SSC-Height", "SSC, Height"),
    "FSC is not": ("FSC-A", "FSC-A"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("text", "expected"), RULES.values(), ids=RULES)
def test_a_rule(text: str, expected: str) -> None:
    assert joined(read_text(text, NAMES)) == expected


def test_a_cadmium_channel_is_an_analyte_of_mice() -> None:
    assert joined(read_text("Cd110Di", MOUSE)) == "mCD110"
    assert joined(read_text("Cd110Di", NAMES)) == "Cd110Di"


def test_names_are_those_of_the_species() -> None:
    assert joined(read_text("CD4 Cd4", MOUSE)) == "mCD4, CD4"
    assert joined(read_text("CD4 Cd4", NAMES)) == "hCD4, Cd4"


def test_a_panel_has_the_results_of_pns_with_strokes_between() -> None:
    panel = read_panel([("FITC-A", "CD3 FITC"), ("SSC-A", ""), ("PE-A", "  "), ("APC-A", "Foxp3")], NAMES)
    assert panel.preferred == "hCD3E, FITC|SSC|PE-A|Foxp3"
    assert [item.pns_reported for item in panel.parameters] == ["CD3 FITC", "", "  ", "Foxp3"]
    assert panel.unknown == ["FITC", "PE-A", "Foxp3"]


def test_values_know_their_analytes() -> None:
    values = read_text("CD3 SSC-A PE", NAMES)
    assert [(value.text, value.marker and value.marker.accession) for value in values] == [
        ("SSC", None), ("hCD3E", "ANA1"), ("PE", None),
    ]  # fmt: skip
    assert [value.marker is not None for value in values] == [True, True, False]
