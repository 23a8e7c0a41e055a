"""Zip files and tables that are not what they should be, and those that only look so."""

from __future__ import annotations

import io
import zipfile

import pytest

from include.sources.package import package_reader
from include.sources.package.package_reader import TabReader, count_rows, named, tables
from include.sources.reader import NotDataError
from include.sources.release import Release


def archive(*names: str, content: str = "A\tB\n1\t2\n") -> zipfile.ZipFile:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new, pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)  # that a name is there twice
        for name in names:
            new.writestr(name, content)
    return zipfile.ZipFile(made)


def read(content: bytes) -> tuple[TabReader, bytes]:
    reader = TabReader(io.BytesIO(content))
    return reader, b"".join(reader.blocks())


@pytest.mark.parametrize("top", ["", "SDY139-DR16_Tab/"])
def test_tables_are_found_with_and_without_a_folder_around_them(top: str) -> None:
    found = tables(archive(f"{top}Tab/study.txt", f"{top}Tab/elisa_result.txt", f"{top}Tab/protocols/a.txt"))
    assert list(found) == ["study", "elisa_result"]


@pytest.mark.parametrize(
    "name",
    ["../Tab/study.txt", "/Tab/study.txt", "a/b/Tab/study.txt", "Tab/../study.txt", "study.txt", "Tab/s.exe",
     "..\\x/Tab/study.txt", "Tab/st dy.txt", "Tab/study.txt/"],
)  # fmt: skip
def test_members_of_other_names_are_no_tables(name: str) -> None:
    found = tables(archive(name, "Tab/arm_or_cohort.txt"))
    assert list(found) == ["arm_or_cohort"]


@pytest.mark.parametrize(
    "names",
    [
        ("Tab/study.txt", "Tab/study.txt"),
        ("Tab/study.txt", "Tab/Study.TXT"),
        ("x/Tab/study.txt", "y/Tab/study.txt"),
    ],
)
def test_two_members_for_one_table_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(NotDataError, match="two members for one table"):
        tables(archive(*names))


def test_a_zip_without_tables_is_refused() -> None:
    with pytest.raises(NotDataError, match="no table in it"):
        tables(archive("readme.txt"))


def test_a_zip_that_would_grow_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = archive("Tab/study.txt", content="A\n" + "0" * 1_000_000)
    assert tables(bomb)
    monkeypatch.setattr(package_reader, "SMALL", 1000)
    with pytest.raises(NotDataError, match="would become 1000002"):
        tables(bomb)
    monkeypatch.setattr(package_reader, "MAX_BYTES", 1000)
    monkeypatch.setattr(package_reader, "MAX_RATIO", 1 << 40)
    with pytest.raises(NotDataError, match="would become"):
        tables(bomb)
    monkeypatch.setattr(package_reader, "MAX_MEMBERS", 0)
    with pytest.raises(NotDataError, match="1 members"):
        tables(bomb)


def test_names_of_packages() -> None:
    assert named("SDY139-DR25_Tab.zip") == ("SDY139", Release(25))
    assert named("SDY139-DR49.1_Tab.zip") == ("SDY139", Release(49, 1))
    assert named("SDY139-DR25.zip") == ("SDY139", Release(25))
    for name in ("SDY139-DR25_MySQL.zip", "Tab.zip", "xSDY1-DR1_Tab.zip", "SDY1-DR1_Tab.zip.part"):
        with pytest.raises(NotDataError):
            named(name)


def test_good_lines_pass_as_they_are() -> None:
    body = b'NA\t\n"a"\t\\.\n\t\'\n\\N\t{}\n' + "µ\t\u2028\n".encode()
    reader, passed = read(b"A\tB\n" + body)
    assert passed == body
    assert (reader.rows, reader.bad, reader.header) == (5, [], ("a", "b"))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"1\x00\t2", "a NUL byte"),
        (b"1\t2\r", "a carriage return"),
        (b"1\r\t2", "a carriage return"),
        (b"\x01\t2", "a byte 0x01"),
        (b"\xff\t2", "not UTF-8"),
        (b"1", "1 cells, the header has 2"),
        (b"", "1 cells, the header has 2"),
        (b"1\t2\t3", "3 cells"),
    ],
)
def test_a_bad_line_is_quarantined_and_the_others_go_on(line: bytes, why: str) -> None:
    reader, passed = read(b"A\tB\n1\t2\n" + line + b"\n3\t4\n")
    assert passed == b"1\t2\n3\t4\n"
    (bad,) = reader.bad
    assert bad.number == 3
    assert why in bad.why
    assert "\x00" not in bad.text
    bad.text.encode()


def test_a_file_cut_short_loses_its_last_line_only() -> None:
    reader, passed = read(b"A\tB\n1\t2\n3\t4")
    assert passed == b"1\t2\n"
    assert [(bad.number, bad.text) for bad in reader.bad] == [(3, "3\t4")]
    assert "cut short" in reader.bad[0].why


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"A\tB", "cut short"),
        (b"A\tB\r\n1\t2\r\n", "a carriage return"),
        ("A\tB\n1\t2\n".encode("utf-16"), "not UTF-8"),
        (b"A\t\xc4\n", "not UTF-8"),
        (b"A\t\n", "a column without a name"),
        (b"A\t \n", "a column without a name"),
        (b"\t".join(b"C%d" % n for n in range(2000)) + b"\n", "2000 columns"),
        (b"A\tB\n<html>\n", "no line of it can be read"),
    ],
)
def test_what_is_not_a_table_at_all_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(NotDataError, match=why):
        read(content)


@pytest.mark.parametrize(
    ("line", "header", "repeated", "copies"),
    [
        ("A B A", ("a#1", "b", "a"), {"a"}, {"a#1"}),
        ("A A a", ("a#1", "a#2", "a"), {"a"}, {"a#1", "a#2"}),
        ("A A A#1 B B", ("a#2", "a", "a#1", "b#1", "b"), {"a", "b"}, {"a#2", "b#1"}),
        ("A A#1 B", ("a", "a#1", "b"), set(), set()),
    ],
)
def test_of_columns_with_one_name_the_last_has_it(
    line: str, header: tuple[str, ...], repeated: set[str], copies: set[str]
) -> None:
    cells = "\t".join("x" * len(header))
    reader, passed = read(f"{line}\n{cells}\n".replace(" ", "\t").encode())
    assert (reader.header, reader.repeated, reader.copies) == (header, repeated, copies)
    assert passed == f"{cells}\n".encode()


@pytest.mark.parametrize("line", ["\ufeffA\tB", " A\tB ", "A\u00a0\t\u2003B"])
def test_a_byte_order_mark_and_blanks_around_it_are_no_part_of_a_name(line: str) -> None:
    assert read(f"{line}\n1\t2\n".encode())[0].header == ("a", "b")


def test_lines_are_whole_wherever_the_blocks_end(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"".join(b"%d\t%s\n" % (n, "µ".encode() * (n % 7)) for n in range(50)) + b"bad\n" + b"1\t2\n"
    for size in (1, 2, 3, 5, 64):
        monkeypatch.setattr(package_reader, "_BLOCK", size)
        monkeypatch.setattr(TabReader, "_header", lambda self: ("a", "b"))
        reader, passed = read(body)
        assert passed == body.replace(b"bad\n", b"")
        assert [bad.number for bad in reader.bad] == [52]


def test_a_line_without_end_and_bad_lines_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_reader, "_BLOCK", 16)
    monkeypatch.setattr(package_reader, "MAX_LINE", 64)
    with pytest.raises(NotDataError, match="line 2: longer"):
        read(b"A\n" + b"x" * 200)
    monkeypatch.setattr(package_reader, "MAX_BAD_LINES", 3)
    with pytest.raises(NotDataError, match="after 3 other lines"):
        read(b"A\tB\n1\t2\n" + b"bad\n" * 9)


@pytest.mark.parametrize(
    ("content", "rows"), [(b"", 0), (b"A\n", 0), (b"A", 0), (b"A\n1\n", 1), (b"A\n1\n2", 2)]
)
def test_rows_of_an_unread_table_are_counted(content: bytes, rows: int) -> None:
    assert count_rows(io.BytesIO(content)) == rows
