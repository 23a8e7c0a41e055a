"""Headers of made-up FCS files: what is right, what is wrong, and what no writer should write."""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from include.cytometry.fcs_header import (
    LONGEST_TEXT,
    FcsError,
    FcsHeader,
    FcsKeywordError,
    FcsOffsetError,
    NotFcsError,
    TruncatedFcsError,
    read_fcs,
    read_headers,
)
from include.cytometry.fcs_text import keywords_of
from tests.support.cytometry import fcs, keywords_for, text_segment

PANEL = keywords_for(("FSC-A", None), ("B530-A", "CD3"), ("R/B", "CD4/CD8"))


class Watched(io.BytesIO):
    """A file that counts what is read of it."""

    bytes_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.bytes_read += len(found)
        return found


def headers(content: bytes) -> list[FcsHeader]:
    return list(read_headers(io.BytesIO(content), "x.fcs"))


def header(content: bytes) -> FcsHeader:
    (found,) = headers(content)
    return found


def names(found: FcsHeader) -> list[tuple[str, str]]:
    return [(item.pnn, item.pns) for item in found.parameters]


@pytest.mark.parametrize("version", ["FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2"])
@pytest.mark.parametrize("delimiter", list("/|\\*.^$+?()[]{}-!,; \t\f\x01\x1e~"))
def test_a_header_is_read_whatever_the_delimiter(version: str, delimiter: str) -> None:
    keywords = {key: value for key, value in PANEL.items() if delimiter not in key}
    if delimiter == "$":  # it begins every keyword: no file can have it
        with pytest.raises(FcsOffsetError):
            header(fcs(text_segment(PANEL, delimiter), version))
        return
    found = header(fcs(text_segment(keywords, delimiter), version))
    assert found.version == version
    assert found.keywords == keywords
    assert names(found) == [("FSC-A", ""), ("B530-A", "CD3"), ("R/B", "CD4/CD8")]
    assert (found.data_set, found.events, found.notes) == (1, 0, ())


@pytest.mark.parametrize("value", ["a/b", "a//b", "a/", "a///", "a/b/c/"])
def test_a_doubled_delimiter_is_a_part_of_a_value(value: str) -> None:
    found = header(fcs(text_segment(keywords_for(("FSC-A", value), ("SSC-A", "next")))))
    assert names(found) == [("FSC-A", value), ("SSC-A", "next")]


def test_empty_values_do_not_shift_the_others() -> None:
    text = b"/$PAR/3/$P1N/FSC-A/$P1S//$P2N/a//b/$P2S//$P2B//$P3N/c/$P3S/CD3/$COM//"
    found = header(fcs(text))
    assert names(found) == [("FSC-A", ""), ("a/b", ""), ("c", "CD3")]
    assert found.keywords["$COM"] == found.keywords["$P2B"] == ""


def test_keywords_are_in_any_case_and_texts_in_two_encodings() -> None:
    text = "/$par/1/$p1n/µ/$p1s/".encode() + "µm".encode("latin-1") + b"/"
    found = header(fcs(text))
    assert names(found) == [("µ", "µm")]
    assert found.events is None


@pytest.mark.parametrize("end", [b"", b" ", b"\0\0", b"\r\n", b"/"])
def test_text_may_end_with_padding(end: bytes) -> None:
    found = header(fcs(text_segment(PANEL) + end))
    assert (names(found), found.notes) == (names(header(fcs(text_segment(PANEL)))), ())


def test_text_may_lack_its_last_delimiter_which_is_noted() -> None:
    """Its end may be wrong, and the last value cut off."""
    found = header(fcs(b"/$PAR/1/$P1N/FSC-A/$P1S/CD3"))
    assert names(found) == [("FSC-A", "CD3")]
    assert found.notes == ("TEXT does not end with its delimiter, at byte 84",)
    too_long = fcs(text_segment(PANEL), events=b"\1\2\3\4", last=57 + len(text_segment(PANEL)) + 3)
    assert names(header(too_long)) == names(header(fcs(text_segment(PANEL))))
    assert "TEXT does not end with its delimiter" in header(too_long).notes[0]


def test_several_data_sets_are_read_by_relative_offsets() -> None:
    contents: list[bytes] = []
    for number, length in ((1, 500), (2, 700), (3, 0)):
        keywords = keywords_for((f"FSC-{number}", None), NEXTDATA=str(length))
        contents.append(fcs(text_segment(keywords)).ljust(length))
    found = headers(b"".join(contents))
    assert [item.data_set for item in found] == [1, 2, 3]
    assert [names(item) for item in found] == [[(f"FSC-{number}", "")] for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("stated", "note"),
    [
        ("9999", "$NEXTDATA is 9999, the file ends after"),
        ("60", "$NEXTDATA is '60', which is not after TEXT"),
        ("-5", "$NEXTDATA is '-5', which is not after TEXT"),
        ("soon", "$NEXTDATA is 'soon', which is not after TEXT"),
        ("300", "$NEXTDATA is 300, where no data set begins"),
        ("000", None),
        ("", None),
    ],
)
def test_a_wrong_offset_of_the_next_data_set_is_noted(stated: str, note: str | None) -> None:
    found = header(fcs(text_segment(keywords_for(("FSC-A", None), NEXTDATA=stated))).ljust(400))
    assert len(found.parameters) == 1
    assert [text[: len(note or "")] for text in found.notes] == ([note] if note else [])


def test_an_unreadable_next_data_set_is_an_error_after_the_first_header() -> None:
    content = fcs(text_segment(keywords_for(("FSC-A", None), NEXTDATA="300"))).ljust(300) + b"FCS3.1 cut"
    reading = read_headers(io.BytesIO(content), "x.fcs")
    assert next(reading).data_set == 1
    with pytest.raises(TruncatedFcsError, match=r"^x\.fcs, data set 2: it ends after 10 bytes"):
        next(reading)


def test_supplemental_text_is_read() -> None:
    more = text_segment({"$P1S": "CD3", "$P2S": "ignored"})
    keywords = keywords_for(
        ("FSC-A", None), ("B530-A", "CD4"), BEGINSTEXT="500", ENDSTEXT=str(499 + len(more))
    )
    assert names(header(fcs(text_segment(keywords)).ljust(500) + more)) == [
        ("FSC-A", "CD3"),
        ("B530-A", "CD4"),
    ]


@pytest.mark.parametrize(
    "places", [("500", "600"), ("9000", "9999"), ("10", "20"), ("x", "y"), ("1", "99999999999")]
)
def test_a_wrong_offset_of_supplemental_text_is_noted(places: tuple[str, str]) -> None:
    keywords = keywords_for(("FSC-A", None), BEGINSTEXT=places[0], ENDSTEXT=places[1])
    found = header(fcs(text_segment(keywords)).ljust(700, b"\0"))
    assert len(found.notes) == 1
    assert names(found) == [("FSC-A", "")]


def test_missing_events_are_noted() -> None:
    keywords = keywords_for(("FSC-A", None), ENDDATA="5000", TOT="1e3")
    assert header(fcs(text_segment(keywords))).notes[0] == "$TOT is '1e3', not a number of events"
    assert (
        "the events are to end at byte 5000, the file ends after"
        in header(fcs(text_segment(keywords))).notes[1]
    )
    old = fcs(text_segment(keywords_for(("FSC-A", None))), "FCS2.0", events=b"x" * 100)
    assert header(old).notes == ()
    assert header(old[:-50]).notes[0].startswith("the events are to end at byte")


def placed(first: str, last: str) -> bytes:
    """A file whose HEADER gives these places of TEXT, each right-aligned."""
    return f"FCS3.1    {first:>8}{last:>8}".ljust(100).encode()


WRONG: dict[str, tuple[bytes, type[FcsError], str]] = {
    "empty": (b"", NotFcsError, "the file is empty"),
    "not FCS": (b"PK\3\4" + bytes(100), NotFcsError, "not an FCS file: it begins with 'PK"),
    "text": (b"hello", NotFcsError, "not an FCS file: it begins with 'hello'"),
    "an unknown version": (b"FCS1.0".ljust(100), NotFcsError, "FCS1.0 is not a version that can be read"),
    "a version alone": (b"FCS3.1", TruncatedFcsError, "it ends after 6 bytes, within HEADER"),
    "no offsets": (placed("", ""), FcsOffsetError, "HEADER places TEXT at ' to '"),
    "no numbers": (placed("0x10", "-5"), FcsOffsetError, "'0x10 to -5'"),
    "offsets in HEADER": (placed("5", "40"), FcsOffsetError, "at bytes 5 to 40"),
    "the wrong way round": (placed("90", "60"), FcsOffsetError, "at bytes 90 to 60"),
    "after the end": (placed("90", "160"), TruncatedFcsError, "90 to 160, the file ends after 100"),
    "far after the end": (placed("90", "99999999"), TruncatedFcsError, "at bytes 90 to 99999999"),
    "too early": (fcs(text_segment(PANEL), first=60).replace(b"60", b"58", 1), FcsOffsetError, "no keywords"),
    "too late": (fcs(text_segment(PANEL)).replace(b"58", b"60", 1), FcsOffsetError, "no keywords at bytes"),
    "all bytes": (fcs(bytes(range(256))), FcsOffsetError, "no keywords at bytes"),
    "no $PAR": (fcs(b"/$P1N/FSC-A/"), FcsKeywordError, "no keyword $PAR"),
    "$PAR is text": (fcs(b"/$PAR/many/"), FcsKeywordError, "$PAR is 'many', not a number"),
    "$PAR is long": (fcs(b"/$PAR/" + b"9" * 500 + b"/"), FcsKeywordError, "$PAR is '9999"),
    "$PAR is large": (fcs(b"/$PAR/99999/$P1N/x/"), FcsKeywordError, "$PAR is 99999, TEXT describes 1"),
    "a parameter without keywords": (fcs(b"/$PAR/2/$P1N/x/$P3N/y/"), FcsKeywordError, "TEXT describes 2"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "kind", "why"), WRONG.values(), ids=WRONG)
def test_a_file_without_a_header_is_a_named_error(content: bytes, kind: type[FcsError], why: str) -> None:
    with pytest.raises(FcsError) as caught:
        headers(content)
    assert type(caught.value) is kind
    assert str(caught.value).startswith("x.fcs: ")
    assert why in str(caught.value)


def test_a_file_cut_anywhere_gives_a_header_or_a_named_error() -> None:
    text = text_segment(PANEL)
    whole = fcs(text, events=b"e" * 40)
    for length in range(len(whole)):
        if length < 58 + len(text):
            with pytest.raises((TruncatedFcsError, NotFcsError)):
                headers(whole[:length])
        else:
            assert names(header(whole[:length])) == names(header(whole))


def test_of_a_large_file_only_header_and_text_are_read() -> None:
    file = Watched(fcs(text_segment(PANEL), events=bytes(5_000_000)))
    (found,) = read_headers(file, "x.fcs")
    assert found.notes == ()
    assert file.bytes_read < 2 * 58 + len(text_segment(PANEL)) + 10


def test_a_long_text_is_taken_for_a_wrong_offset() -> None:
    file = Watched(fcs(text_segment(PANEL), last=LONGEST_TEXT + 1000).ljust(LONGEST_TEXT + 2000))
    with pytest.raises(FcsOffsetError, match=r"more than 4,194,304"):
        list(read_headers(file, "x.fcs"))
    assert file.bytes_read < 100


def test_a_path_is_read_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "named.fcs"
    path.write_bytes(fcs(text_segment(PANEL)))
    assert len(list(read_fcs(path))) == 1
    path.write_bytes(b"x")
    with pytest.raises(NotFcsError, match=r"^named\.fcs: "):
        list(read_fcs(path))


KEYS = st.text("ABCÅ19#-", min_size=1).map("${}".format)
VALUES = st.text("aB /$|°\0漢", min_size=1).filter(lambda text: not text.startswith("/"))


@given(st.dictionaries(KEYS, VALUES, min_size=1))
def test_keywords_come_back_as_they_were_written(keywords: dict[str, str]) -> None:
    assert keywords_of(text_segment(keywords)) == keywords


def _changed(content: bytes, changes: list[tuple[int, int]]) -> bytes:
    """Some bytes of a file replaced."""
    found = bytearray(content)
    for place, byte in changes:
        found[place % len(found)] = byte
    return bytes(found)


BYTES = st.integers(0, 255)
TWO_SETS = fcs(text_segment(keywords_for(("a", "b"), NEXTDATA="300"))).ljust(300) + fcs(text_segment(PANEL))
FILES: list[st.SearchStrategy[bytes]] = [
    st.binary(max_size=400),
    st.binary(max_size=300).map(lambda rest: b"FCS3.0    " + rest),
    st.binary(max_size=300).map(fcs),
    st.lists(st.tuples(st.integers(0, 4000), BYTES), max_size=12).map(
        lambda changes: _changed(TWO_SETS, changes)
    ),
    st.text("0123456789 -", min_size=16, max_size=48).map(
        lambda places: TWO_SETS[:10] + places.encode() + TWO_SETS[58:]
    ),
]


@given(st.one_of(FILES))
def test_any_bytes_give_headers_or_a_named_error(content: bytes) -> None:
    found: list[FcsHeader] = []
    try:
        found += itertools.islice(read_headers(io.BytesIO(content), "x.fcs"), 10)
    except FcsError as error:
        event(type(error).__name__)
    for item in found:
        assert len(item.parameters) <= len(item.keywords)


LONG = {
    "delimiters": b"/" * 1_000_000,
    "empty values": b"a//" * 300_000,
    "keywords": b"a/b/" * 250_000,
    "a value": b"$A/" + b"x" * 1_000_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_text_is_read_in_linear_time(text: bytes) -> None:
    """With a step that takes the square, this would take hours."""
    assert header(fcs(b"/$PAR/0/$X/" + text)).parameters == ()
