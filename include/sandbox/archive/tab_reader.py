"""ImmPort Tab packages (`SDY139-DR16_Tab.zip`): their tables as frames of text, whatever the release."""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from include.sandbox.archive.undecodable import decoded
from include.sandbox.synthetic.headers import headers
from include.sources.release import Release

_FILE = re.compile(r"(SDY\d+)-(DR\d+(?:\.\d+)?)_Tab\.zip", re.IGNORECASE)
_MEMBER = re.compile(r"(?:[^/]+/)?Tab/(\w+)\.txt", re.IGNORECASE)

#: Tables that older packages hold under another name.
TABLE_ALIASES = {
    "assessment_component": "assessment",
    "expsample_2_biosample": "biosample_2_expsample",
    "intervention": "substance_merge",
    "lk_sex": "lk_gender",
}

_ANALYTE = {"ANALYTE_REPORTED": "ANALYTE"}
_STRAIN = {"VIRUS_STRAIN_REPORTED": "VIRUS_STRAIN"}

#: Columns that older packages (or, for GENDER, newer ones) hold under another name: today's name to that one.
COLUMN_ALIASES: dict[str, dict[str, str]] = {
    "adverse_event": {"DESCRIPTION": "EVENT_DESCRIPTION"},
    "assessment_component": {
        "AGE_AT_ONSET_UNIT_REPORTED": "AGE_AT_ONSET_REPORTED_UNIT",
        "NAME_PREFERRED": "COMPONENT_NAME_PREFERRED",
        "NAME_REPORTED": "COMPONENT_NAME_REPORTED",
    },
    "contract_grant": {"EXTERNAL_ID": "NAME", "NAME": "TITLE", "DESCRIPTION": "SUMMARY"},
    "intervention": {
        "INTERVENTION_ACCESSION": "MERGE_ACCESSION",
        "NAME_PREFERRED": "MERGE_NAME_PREFERRED",
        "NAME_REPORTED": "MERGE_NAME_REPORTED",
    },
    "lk_analyte": {"IMMUNOLOGY_SYMBOL": "IMMUNOLOGY_GENE_SYMBOL"},
    "lk_data_completeness": {"ID": "DCL_ID"},
    "lk_personnel_role": {"DESCRIPTION": "DESCRIPTON"},
    "arm_or_cohort": {"TYPE_REPORTED": "TYPE"},
    "subject": {"GENDER": "SEX"},
    "planned_visit": {"NAME": "VISIT_NAME"},
    "experiment": {"NAME": "TITLE"},
    "program": {"NAME": "TITLE", "DESCRIPTION": "SUMMARY"},
    "study": {"INITIAL_DATA_RELEASE_DATE": "FINAL_PUBLIC_RELEASE_DATE", "GENDER_INCLUDED": "SEX_INCLUDED"},
    "elisa_result": _ANALYTE,
    "elispot_result": _ANALYTE,
    "mbaa_result": {
        **_ANALYTE,
        "CONCENTRATION_UNIT_REPORTED": "CONCENTRATION_UNIT",
        "CONCENTRATION_VALUE_REPORTED": "CONCENTRATION_VALUE",
    },
    "hai_result": _STRAIN,
    "neut_ab_titer_result": _STRAIN,
    "pcr_result": {"GENE_ID": "ENTREZ_GENE_ID", "GENE_SYMBOL_REPORTED": "GENE_SYMBOL"},
    "fcs_analyzed_result": {
        "PARENT_POPULATION_REPORTED": "BASE_PARENT_POPULATION",
        "PARENT_POPULATION_PREFERRED": "BASE_PARENT_POP_PREFERRED",
        "POPULATION_STATISTIC_REPORTED": "POPULATION_CELL_NUMBER",
        "POPULATION_STAT_UNIT_REPORTED": "POPULATION_CELL_NUMBER_UNIT",
        "POPULATION_STAT_UNIT_PREFERRED": "POP_CELL_NUMBER_UNIT_PREFERRED",
    },
    "hla_typing_result": {
        "ALLELE1": "ALLELE_1",
        "ALLELE2": "ALLELE_2",
        "ANCESTRAL_POPULATION": "POP_AREA_NAME",
    },
    "kir_typing_result": {"ALLELE1": "ALLELE_1", "ALLELE2": "ALLELE_2"},
    "mass_spectrometry_result": {"MZRATIO": "MZ_RATIO", "ZCHARGE": "Z_CHARGE"},
}


#: Names that stand for something else in older packages, and where these have what they stand for today.
_REPLACED = {"file_info": ("DETAIL", "PURPOSE"), "protocol": ("DESCRIPTION", "SUMMARY")}

#: What reading a zip file raises when it is broken, encrypted or packed in a way that Python does not know.
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error, UnicodeDecodeError, OSError,
    NotImplementedError, RuntimeError,
)  # fmt: skip


@dataclass(frozen=True)
class Package:
    """One study at one release, as its zip file holds it. Only requested members are read."""

    path: Path
    study: str
    release: Release

    @classmethod
    def named(cls, path: Path) -> Package | None:
        """The package a file name stands for; None for any other file."""
        found = _FILE.fullmatch(path.name)
        return cls(path, found[1].upper(), Release.parse(found[2].upper())) if found else None

    def table(self, name: str) -> pd.DataFrame:
        """A table under today's column names, all cells text, null as the empty text.

        A table that is absent has no rows and no columns.
        """
        with zipfile.ZipFile(self.path) as archive:
            members = _tables(archive)
            member = members.get(name) or members.get(TABLE_ALIASES.get(name, ""))
            if member is None:
                return pd.DataFrame(dtype=str)
            header, rows, _ = _cells(archive.read(member))
        frame = pd.DataFrame(rows, columns=header, dtype=str)
        frame = _with_meanings_of_today(name, frame)
        aliases = COLUMN_ALIASES.get(name, {})
        # A name may have moved on: the NAME of a grant is its EXTERNAL_ID today, and its TITLE is the NAME.
        renamed = {
            old: new
            for new, old in aliases.items()
            if old in frame and (new not in frame or new in aliases.values())
        }
        return frame.rename(columns=renamed)

    def proven(self) -> list[str]:
        """Read every byte of the file once. Returns lines that it passes on though they are not rows of text.

        :raises ValueError: it cannot be read, or has no row of its study: it cannot be served.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                if damaged := archive.testzip():
                    raise ValueError(f"{damaged} is damaged")
                odd = [
                    f"{member}: {why}"
                    for member in _tables(archive).values()
                    for why in _odd(archive.read(member))
                ]
        except UNREADABLE as error:
            raise ValueError(f"it cannot be read: {error}") from error
        if len(self.table("study")) != 1:
            raise ValueError("it has no Tab/study.txt with one row")
        return odd

    def counts(self) -> dict[str, int]:
        """Rows by table, under the names the package has for its tables.

        Tables of today that a package without any empty one leaves out have none.
        """
        with zipfile.ZipFile(self.path) as archive:
            counts = {table: _rows(archive, member) for table, member in _tables(archive).items()}
        if 0 in counts.values():
            return counts
        older = TABLE_ALIASES | {old: new for new, old in TABLE_ALIASES.items()}
        absent = [table for table in headers() if older.get(table) not in counts]
        return dict.fromkeys(absent, 0) | counts


def _with_meanings_of_today(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A table of an older package whose headers mean something else today: of files and of protocols."""
    today, older = _REPLACED.get(name, ("", ""))
    if older not in frame:
        return frame
    if name == "protocol":
        submitted = frame["FILE_NAME"]
    else:
        submitted = frame["ORIGINAL_NAME"].mask(frame["ORIGINAL_NAME"] == "", frame["NAME"])
    return frame.drop(columns=today).rename(columns={older: today}).assign(ORIGINAL_FILE_NAME=submitted)


def _cells(content: bytes) -> tuple[list[str], list[Sequence[str]], list[str]]:
    """A table as header and rows, and notes on lines that are not rows: the API has none for them.

    There is no quoting and no escaping at all; `NA` is data, and a carriage return ends no line.
    """
    header, *lines = decoded(content).removesuffix("\n").split("\n")
    names = header.split("\t") if header else []
    # A name that comes again is another column: its own is the first.
    names = [name if name not in names[:at] else f"{name}.{at}" for at, name in enumerate(names)]
    rows: list[Sequence[str]] = []
    odd = []
    for number, line in enumerate(lines, start=2):
        cells = line.split("\t")
        if len(cells) == len(names):
            rows.append(cells)
        else:
            odd.append(
                f"line {number} has {len(cells)} cells, {len(names)} are in the header: no answer has it"
            )
    return names, rows, odd


def _odd(content: bytes) -> Iterator[str]:
    """The first line of a table that is not UTF-8, and the first that is not a row."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        yield f"line {number} is not UTF-8: its bytes are passed on as they are"
    yield from _cells(content)[2][:1]


def _tables(archive: zipfile.ZipFile) -> dict[str, str]:
    """The member of each table."""
    named = ((_MEMBER.fullmatch(member), member) for member in archive.namelist())
    return {found[1].lower(): member for found, member in named if found}


def _rows(archive: zipfile.ZipFile, member: str) -> int:
    """Lines below the header line."""
    with archive.open(member) as file:
        return max(sum(1 for _ in file) - 1, 0)


def packages(folder: Path) -> list[Package]:
    """The packages of a folder.

    :raises ValueError: there is no such folder, or no package in it.
    """
    if not folder.is_dir():
        raise ValueError(f"no such folder: {folder}")
    found = [package for path in sorted(folder.iterdir()) if (package := Package.named(path))]
    if not found:
        raise ValueError(f"no package in {folder} (expected files such as SDY139-DR16_Tab.zip)")
    return found
