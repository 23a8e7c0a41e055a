"""Markers of a real study's packages, compared with what ImmPort's own columns say.

Releases 16 and 25 of SDY139 leave every preferred marker, panel and definition blank, and have no row in
fcs_analyzed_result_marker: there is nothing of ImmPort's to contradict. What is read is stated here.
"""

from __future__ import annotations

import csv
import functools
import io
import itertools
import json
import zipfile
from collections import Counter

import pytest

from include.cytometry.gating import read_definition
from include.cytometry.header_markers import read_panel
from include.cytometry.published_tables import read_tables
from include.cytometry.vocabulary import Names
from tests.support.cytometry import DATA, PUBLISHED, needs_published

pytestmark = needs_published
RELEASES = ("DR16", "DR25")


@functools.cache
def names(species: str) -> Names:
    return read_tables(PUBLISHED).names(species)


def rows(release: str, table: str) -> list[dict[str, str]]:
    package = DATA / "immport" / "archives" / f"SDY139-{release}_Tab.zip"
    if not package.exists():
        pytest.skip(f"no {package.name} (IMMPORT_TEST_DATA)")
    with zipfile.ZipFile(package) as archive:
        text = archive.read(f"SDY139-{release}_Tab/Tab/{table}.txt").decode()
    return list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("release", RELEASES)
def test_panels_agree_with_fcs_header_marker(release: str) -> None:
    """Where ImmPort has a preferred name, it is the same; the reported panel has the same parameters."""
    markers = sorted(
        rows(release, "fcs_header_marker"),
        key=lambda row: (row["FCS_HEADER_ID"], int(row["PARAMETER_NUMBER"])),
    )
    reported = {row["FCS_HEADER_ID"]: row["PANEL_REPORTED"] for row in rows(release, "fcs_header")}
    disagree: Counter[tuple[str, str, str]] = Counter()
    for header, group in itertools.groupby(markers, key=lambda row: row["FCS_HEADER_ID"]):
        parameters = list(group)
        panel = read_panel([(row["PNN_REPORTED"], row["PNS_REPORTED"]) for row in parameters], names("mouse"))
        assert "|".join(item.pns_reported for item in panel.parameters) == reported[header]
        for row, item in zip(parameters, panel.parameters, strict=True):
            for column, ours in (("PNN", item.pnn_preferred), ("PNS", item.pns_preferred)):
                if row[f"{column}_PREFERRED"] not in ("", ours):
                    disagree[column, row[f"{column}_PREFERRED"], ours] += 1
        # The names are those of detectors: only SSC is in the tables.
        assert panel.preferred == reported[header].replace("SSC-A|SSC-H|SSC-W", "SSC|SSC|SSC")
    assert disagree == {}
    assert {row["PNN_PREFERRED"] + row["PNS_PREFERRED"] for row in markers} == {""}
    assert (len(reported), len(markers)) == (100, 1500)


#: Gating definitions of the mice of SDY139: their species has no CD4, B220 or PD1, so that these are not
#: known.
OF_MICE = {
    "B220- live,doublet excluded,CD4+ CD44high,either CXCR5dim or PD1dim": (6, ["B220- live", "CD4+"]),
    "B220- live,doublet excluded,CD4+ CD44highCXCR5highPD1high": (6, ["B220- live", "CD4+"]),
    "B220- live,doublet excluded,CD4+ CD44low,CCR7+": (5, ["B220- live", "CD4+"]),
}


@pytest.mark.parametrize("release", RELEASES)
def test_definitions_are_separated_whatever_the_species(release: str) -> None:
    column = "POPULATION_DEFNITION_{}"
    found = {row[column.format("REPORTED")] for row in rows(release, "fcs_analyzed_result")}
    assert {row[column.format("PREFERRED")] for row in rows(release, "fcs_analyzed_result")} == {""}
    assert rows(release, "fcs_analyzed_result_marker") == []
    assert found >= {*OF_MICE}
    for definition in found:
        human, mouse = (read_definition(definition, names(species)) for species in ("human", "mouse"))
        assert [item.reported for item in human.elements] == [item.reported for item in mouse.elements]
        assert human.unknown == []
        assert mouse.preferred == "NONE"
    for definition, (count, unknown) in OF_MICE.items():
        mouse = read_definition(definition, names("mouse"))
        assert len(mouse.elements) == count
        assert [item for item in mouse.unknown if item in unknown] == unknown


def test_definitions_of_a_real_lookup_table_are_read() -> None:
    """lk_cell_population_definition of 2021: all but three of its 44 definitions name markers, all known."""
    file = DATA / "immport" / "lookups" / "lkTables.json"
    if not file.exists():
        pytest.skip(f"no {file.name} (IMMPORT_TEST_DATA)")
    tables = {table["name"]: table["rows"] for table in json.loads(file.read_text())}
    definitions = [row["name"] for row in tables["lk_cell_population_definition"][1:]]
    assert len(definitions) == 44
    unknown = sorted(text for text in definitions if read_definition(text, names("human")).unknown)
    assert [text.split()[:3] for text in unknown] == [
        ["A", "leukocyte", "with"], ["All", "cells", "in"], ["Living", "cells", "gated"],
    ]  # fmt: skip
    assert read_definition("CD3+, CD4+, CD127lo, CD25+, CCR4+", names("human")).preferred == (
        "hCD3E+, hCD4+, hIL7R+-, hIL2RA+, hCCR4+"
    )
