"""Files of changes: every way in which the head may be written, and what is found in their rows."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from include.submission.changes.check import CHANGE_RULES, validate_changes
from include.submission.changes.header import ChangeHeader
from include.submission.changes.outgoing import assemble_changes
from include.submission.changes.reader import ChangedRow, ChangesFile, UnreadLine
from include.submission.package import PackageError

ROW = "ESR20973\tANA40\tCD27"
PAIRS = (
    "format=update_value\ttable_name=reagent\tkey_columns=reagent_accession"
    "\tdata_columns=analyte_preferred~analyte_reported"
)
ABOUT = "# table_name: the name of the table to update\n# key_columns\tthe columns of the key\n\n"
#: Ways to write the head that ImmPort's example reports, with the line of the row below.
HEADS = {
    "pairs with tabs": (f"{PAIRS}\n", 2),
    "comments before it": (f"{ABOUT}{PAIRS}\n", 5),
    "text before it": (f"Do not edit the first lines\n{PAIRS}\n", 3),
    "within comments": (f"{ABOUT}# {PAIRS}\n", 5),
    "arrows, as the report": (
        "[data_columns => analyte_preferred~analyte_reported, format => update_value,"
        " key_columns => reagent_accession, table_name => reagent]\n",
        2,
    ),
    "one a line": (
        "format: update_value\ntable_name: reagent\nkey_columns: reagent_accession\n"
        "data_columns: analyte_preferred, analyte_reported\n",
        5,
    ),
    "names beside values": (
        "table_name\treagent\nkey_columns\treagent_accession\nformat\tupdate_value\n"
        "data_columns\tanalyte_preferred;analyte_reported\n",
        5,
    ),
    "names above values": (
        "format\ttable_name\tkey_columns\tdata_columns\n"
        "update_value\treagent\treagent_accession\tanalyte_preferred~analyte_reported\n",
        3,
    ),
    "another case": (f"{PAIRS.replace('=reagent', '=REAGENT').upper()}\n", 2),
    "names of the columns below": (
        f"{PAIRS}\nreagent_accession\tanalyte_preferred\tanalyte_reported\n",
        3,
    ),
}


def events(text: str | bytes) -> list[ChangeHeader | ChangedRow | UnreadLine]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(ChangesFile("changes.txt", lambda: io.BytesIO(data)).events())


@pytest.mark.parametrize("way", HEADS)
def test_a_head_is_read_however_it_is_written(way: str) -> None:
    head, line = HEADS[way]
    found = [event for event in events(f"{head}{ROW}\n") if not isinstance(event, UnreadLine)]
    header, row = found
    assert isinstance(header, ChangeHeader)
    assert (header.format, header.table) == ("update_value", "reagent")
    assert (header.keys, header.columns) == (
        ("reagent_accession",),
        ("analyte_preferred", "analyte_reported"),
    )
    assert row == ChangedRow(line, ("ESR20973",), ("ANA40", "CD27"))


def test_rows_are_read_by_the_names_of_their_columns_and_whatever_separates_them() -> None:
    named = "\tanalyte_reported\treagent_accession\tanalyte_preferred\n\tCD27\tESR1\tANA40\t\n"
    for below in (
        named,
        "Column Name" + named,
        "ESR1~ANA40~CD27\n",
        "ESR1|ANA40|CD27\r\n",
        "\tESR1\tANA40\tCD27",
    ):
        rows = [event for event in events(f"\ufeff{PAIRS}\n{below}") if isinstance(event, ChangedRow)]
        assert [(row.key, row.values) for row in rows] == [(("ESR1",), ("ANA40", "CD27"))], below


def test_a_file_has_several_heads() -> None:
    other = PAIRS.replace("reagent", "treatment")
    found = events(f"{PAIRS}\n{ROW}\n{other}\nTRT1\ta\tb\n")
    assert [type(event).__name__ for event in found] == ["ChangeHeader", "ChangedRow"] * 2


def check(folder: Path, text: str | bytes) -> dict[str, list[int | None]]:
    """Rule -> lines that break it."""
    path = folder / "UpdateValue.Reagent.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found: dict[str, list[int | None]] = {}
    for finding in validate_changes(path).findings:
        assert finding.severity == CHANGE_RULES[finding.rule]
        found.setdefault(finding.rule, []).append(finding.line)
    return found


def test_every_rule_finds_its_breach(tmp_path: Path) -> None:
    good = f"{PAIRS}\n{ROW}\n"
    assert check(tmp_path, good) == {}
    assert check(tmp_path, "nothing") == {"changes_missing": [None]}
    assert check(tmp_path, PAIRS) == {"changes_missing": [None]}
    twice = PAIRS.replace("~analyte_reported", "~reagent_accession")
    assert check(tmp_path, f"{twice}\n{ROW}") == {"changes_head": [1]}
    assert check(tmp_path, good.replace("update_value", "delete_rows")) == {"changes_format": [1]}
    assert check(tmp_path, f"{good}ESR2\tANA1\n") == {"changes_row": [3]}
    assert check(tmp_path, good.encode() + b"ESR2\tANA\xe4\tx\n") == {"changes_row": [3]}
    assert check(tmp_path, f"{good} \tANA1\tCD2\n") == {"changes_key": [3]}
    assert check(tmp_path, f"{good}{ROW}\n") == {"changes_repeated": [3]}
    assert check(tmp_path, f"{good}{ROW}0\n") == {"changes_conflict": [3]}
    assert check(tmp_path, f"{good}ESR2\t\tCD2\n") == {"changes_blank": [3]}
    with zipfile.ZipFile(tmp_path / "damaged.zip", "w") as archive:
        archive.writestr("a.txt", good)
    whole = (tmp_path / "damaged.zip").read_bytes()
    (tmp_path / "damaged.zip").write_bytes(whole.replace(b"ESR20973", b"ESR20974"))
    found = validate_changes(tmp_path / "damaged.zip").findings
    assert {item.rule for item in found} >= {"zip_damaged"}
    with pytest.raises(PackageError):
        validate_changes(tmp_path / "nowhere")


def test_how_files_were_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"{ABOUT}{PAIRS}\n{ROW}\n")
    (tmp_path / "b.tsv").write_text(f"# {PAIRS.replace('=', ':')}\n{ROW}\n")
    found = validate_changes(tmp_path)
    assert found.templates == [("reagent", 2)]
    assert found.declaration == (
        "head of a.txt at line 4: pairs with =; 2 lines of a.txt left out: comments, names of columns;"
        " head of b.tsv at line 1: pairs with : within comments"
    )


def test_one_file_is_sent_as_it_is_and_several_as_a_zip_file(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + f"{PAIRS}\r\n{ROW}".encode()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "UpdateValue.Reagent.txt").write_bytes(data)
    one = assemble_changes(tmp_path / "in" / "UpdateValue.Reagent.txt", tmp_path / "out")
    assert (one.path.read_bytes(), one.size, one.files) == (data, len(data), 1)
    assert one.name == f"UpdateValue.Reagent-{one.digest[:12]}.txt"
    several = assemble_changes(tmp_path / "in", tmp_path / "out")
    with zipfile.ZipFile(several.path) as archive:
        assert archive.read("UpdateValue.Reagent.txt") == data
    with pytest.raises(PackageError):
        assemble_changes(tmp_path / "nowhere", tmp_path / "out")
