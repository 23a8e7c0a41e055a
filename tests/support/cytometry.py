"""What the tests of cytometry share: names of markers, made-up FCS files, and files of real instruments."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
import uv

from include.cytometry.vocabulary import HUMAN, MOUSE, Analyte, Marker, Species, Vocabulary

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("IMMPORT_TEST_DATA", ROOT.parent / "shared" / "data"))
#: The published tables, grammar and worked examples.
PUBLISHED = DATA / "markers"
needs_published = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason=f"no published marker tables in {PUBLISHED} (IMMPORT_TEST_DATA)"
)
REQUIREMENTS = ROOT / "tests" / "cytometry" / "requirements.txt"

#: Names of human analytes, as `name=preferred`, in no table's order.
_HUMAN = """
CD3=hCD3E CD4=hCD4 CD8=hCD8A CD11c=hITGAX CD14=hCD14 CD16=hFCGR3A CD19=hCD19 CD20=hMS4A1 CD45=PTPRC/iso:CD45RO
CD45RA=hPTPRC/iso:h6 CD56=hNCAM1 CD86=hCD86 CCR7=hCCR7 CXCR5=hCXCR5 PD1=hPDCD1 HLA-DR=hHLA-DRA HLADR=hHLA-DRA
HLA-A*2=hHLA-A*2 IFN-g=hIFNG IL-2=hIL2 Ki67=hMKI67 B220=PTPRC/iso:CD45RO DR=hHLA-DRA CD62L=hSELL
"""
_OTHERS = """
Live/Dead=viable live=viable dead=dead Dead=dead SSC=SSC Singlets=singlet mono=monocyte monocyte=monocyte
doublet_excluded=singlet Annexin-=viable
"""


def small_vocabulary() -> Vocabulary:
    """Some twenty names of human and two of mouse analytes, and a few others."""
    analytes = [
        Analyte(name, Marker(preferred, f"ANA{number}"), HUMAN)
        for number, (name, preferred) in enumerate(_pairs(_HUMAN), 1)
    ]
    analytes += [Analyte(name, Marker(f"m{name.upper()}", "ANA900"), MOUSE) for name in ("Cd4", "Cd110")]
    others = {name: Marker(preferred) for name, preferred in _pairs(_OTHERS)}
    species = [
        Species("Homo sapiens", "Human", "9606", HUMAN),
        Species("Mus musculus", "Mouse", "10090", MOUSE),
    ]
    return Vocabulary("a test", analytes, others, species)


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    for word in text.split():
        name, _, preferred = word.partition("=")
        yield name, preferred


def text_segment(keywords: Mapping[str, str], delimiter: str = "/") -> bytes:
    """Keywords and values as TEXT, delimiters in values doubled."""
    tokens = (token for pair in keywords.items() for token in pair)
    return "".join(
        [delimiter, *(f"{token.replace(delimiter, delimiter * 2)}{delimiter}" for token in tokens)]
    ).encode()


def keywords_for(*names: tuple[str, str | None], **others: str) -> dict[str, str]:
    """The keywords of a data set with parameters of these $PnN and $PnS."""
    keywords = {
        "$PAR": str(len(names)),
        "$TOT": "0",
        "$NEXTDATA": "0",
        **{f"${key}": value for key, value in others.items()},
    }
    for number, (pnn, pns) in enumerate(names, 1):
        keywords |= {f"$P{number}N": pnn, f"$P{number}B": "32"}
        keywords |= {} if pns is None else {f"$P{number}S": pns}
    return keywords


def fcs(
    text: bytes, version: str = "FCS3.1", *, first: int = 58, last: int | None = None, events: bytes = b""
) -> bytes:
    """A data set: HEADER, TEXT and events.

    :param first: where TEXT stands.
    :param last: what HEADER gives for its last byte, if not what is right.
    """
    end = first + len(text) - 1
    places = (first, end if last is None else last, end + 1, end + len(events), 0, 0)
    header = f"{version}    {''.join(f'{place:8d}' for place in places)}".encode()
    return header.ljust(first) + text + events


def instrument_files() -> Path:
    """A folder with the packages of `REQUIREMENTS`: FCS files of instruments, and another reader of them.

    It is filled once. Where that is not possible, the test that calls is skipped.
    """
    place = f"{ROOT} {sys.version_info[:2]} {REQUIREMENTS.read_text()}"
    folder = ROOT / "var" / f"fcs-files-{hashlib.sha256(place.encode()).hexdigest()[:12]}"
    if not (folder / "installed").exists():
        shutil.rmtree(folder, ignore_errors=True)
        what = ["--no-deps", "--require-hashes", "--target", str(folder), "-r", str(REQUIREMENTS)]
        command = [uv.find_uv_bin(), "pip", "install", "--quiet", "--python", sys.executable, *what]
        made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if made.returncode:
            reason = (made.stderr.strip().splitlines() or ["no reason given"])[0]
            pytest.skip(f"fcsparser and flowio cannot be installed: {reason}")
        (folder / "installed").touch()
    return folder
