"""FCS files of real instruments, and another reader of them as the judge."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.cytometry.fcs_header import FcsError, FcsHeader, NotFcsError, read_fcs
from tests.support.cytometry import fcs, instrument_files, keywords_for, text_segment

#: File -> version, parameters and events of each data set; the error of one that is not an FCS file.
EXPECTED: dict[str, list[tuple[str, int, int]] | type[FcsError]] = {
    "Cytek_xP5.fcs": [("FCS3.0", 8, 23126)],
    "Sample_Well_A02.fcs": [("FCS2.0", 8, 37395)],
    "facs_diva_test.fcs": [("FCS3.0", 12, 83411)],
    "FCS_3.0_Fortessa_PBS_Specimen_001_A1_A01.fcs": [("FCS3.0", 11, 11585)],
    "Guava Muse.fcs": [("FCS3.0", 10, events) for events in (108, 50081, 111496, 50037)],
    "HTS_BD_LSR_II_Mixed_Specimen_001_D6_D06.fcs": [("FCS3.0", 11, 14945)],
    "EY_2013-07-19_PBS_FCS_2.0_Custom_Without_Add_Well_A1.001.fcs": [("FCS2.0", 16, 10000)],
    "FCS3.0_Custom_Compatible.fcs": [("FCS3.0", 16, 10000)],
    "EY_2013-07-19_PBS_FCS_3.1_Custom_Add_Well_A1.001.fcs": [("FCS3.1", 19, 10000)],
    "EY_2013-07-19_PBS_FCS_3.1_Custom_Without_Add_Well_A1.001.fcs": [("FCS3.1", 19, 10000)],
    "EY_2013-07-19_PBS_FCS_3.1_Well_A1.001.fcs": [("FCS3.1", 19, 10000)],
    "SG_2014-09-26_Duplicate_Names.fcs": [("FCS3.1", 9, 8129)],
    "corrupted.fcs": NotFcsError,
    "cyflow_cube_8.fcs": [("FCS3.0", 10, 725)],
    "sample_header.fcs": [("FCS3.1", 27, 20000)],
    "fake_large_fcs.fcs": [("FCS3.0", 11, 11585)],
}
#: Of them, those that flowio 1.4.0 does not open: their events are cut off, or have no place.
REFUSED_BY_FLOWIO = {"sample_header.fcs": "data section greater", "fake_large_fcs.fcs": "invalid literal"}
#: What flowio 1.4.0 refuses or reads wrongly, and is read here: TEXT, and $P1S.
BEYOND_FLOWIO = {
    "a doubled stroke": (text_segment(keywords_for(("a", "CD3|CD4")), "|"), "CD3|CD4"),
    "a value that ends in the delimiter": (text_segment(keywords_for(("a", "CD3/"))), "CD3/"),
    "a dollar sign": (text_segment(keywords_for(("a", "$5"))), "$5"),
    "a delimiter of regular expressions": (text_segment(keywords_for(("a", "CD3")), "."), "CD3"),
    "an empty value": (b"/$PAR/2/$TOT/0/$P1S//$P2S/CD4/$P1N/a/$P2N/b/", ""),
    "no number of events, as FCS 2.0 allows": (b"/$PAR/1/$P1N/a/$P1S/CD3/", "CD3"),
}


@pytest.fixture(scope="module")
def packages() -> Path:
    return instrument_files()


@pytest.fixture(scope="module")
def flowio(packages: Path) -> Iterator[Any]:
    sys.path.insert(0, str(packages))
    yield importlib.import_module("flowio")
    sys.path.remove(str(packages))


def find(packages: Path, name: str) -> Path:
    (path,) = packages.rglob(name)
    return path


def test_there_are_sixteen_files(packages: Path) -> None:
    assert sorted(path.name for path in packages.rglob("*.fcs")) == sorted(EXPECTED)
    assert len(EXPECTED) == 16


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_gives_a_header_or_a_named_error(packages: Path, name: str) -> None:
    expected = EXPECTED[name]
    if isinstance(expected, type):
        with pytest.raises(expected, match=name):
            list(read_fcs(find(packages, name)))
        return
    found = list(read_fcs(find(packages, name)))
    assert [(item.version, len(item.parameters), item.events) for item in found] == expected
    assert all(parameter.pnn for item in found for parameter in item.parameters)


def judged(flowio: Any, path: Path) -> list[dict[str, str]]:
    """The keywords that flowio finds in each data set: in lower case, without dollar signs."""
    try:
        only = flowio.FlowData(str(path), only_text=True, ignore_offset_discrepancy=True)
    except flowio.exceptions.MultipleDataSetsError:
        sets = flowio.read_multiple_data_sets(str(path), only_text=True)
        return [item.text for item in sets]
    return [only.text]


def without_dollars(header: FcsHeader) -> dict[str, str]:
    return {key.lower().replace("$", ""): value.replace("$", "") for key, value in header.keywords.items()}


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if isinstance(expected, list)])
def test_flowio_finds_the_same_keywords(packages: Path, flowio: Any, name: str) -> None:
    path = find(packages, name)
    if name in REFUSED_BY_FLOWIO:
        with pytest.raises((ValueError, flowio.exceptions.FCSParsingError), match=REFUSED_BY_FLOWIO[name]):
            judged(flowio, path)
        return
    ours = [without_dollars(item) for item in read_fcs(path)]
    theirs = [{key.strip(): value for key, value in text.items()} for text in judged(flowio, path)]
    assert ours == theirs


@pytest.mark.parametrize(("text", "pns"), BEYOND_FLOWIO.values(), ids=BEYOND_FLOWIO)
def test_what_flowio_does_not_read_rightly_is_read(
    flowio: Any, tmp_path: Path, text: bytes, pns: str
) -> None:
    """Why TEXT is not read by flowio. A case that a later version reads is to be removed from the list."""
    path = tmp_path / "x.fcs"
    path.write_bytes(fcs(text, "FCS2.0"))
    (header,) = read_fcs(path)
    assert header.parameters[0].pns == pns
    with pytest.raises((LookupError, ValueError, AssertionError)):
        assert judged(flowio, path)[0]["p1s"] == pns
