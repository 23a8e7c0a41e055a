"""The forms of gene lists: what each gives, what is refused, and that nothing else can happen."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from include.sources.gene_lists.gmt import id_of, read_gmt, read_lists
from include.sources.gene_lists.json_forms import read_catalogue, read_list_json
from include.sources.gene_lists.tables import (
    read_annotations,
    read_category_file,
    read_legacy_table,
    read_list_text,
)
from include.sources.reader import NotDataError
from include.sources.row_reader import Intake
from tests.sandbox.data import DATA

Read = Callable[..., Iterator[dict[str, object]]]
READERS: list[Read] = [
    read_catalogue,
    read_list_json,
    read_list_text,
    read_gmt,
    read_legacy_table,
    read_category_file,
    read_annotations,
]
LISTS = DATA / "genelist"
needs_lists = pytest.mark.skipif(not LISTS.is_dir(), reason=f"no real gene lists in {DATA}")

BODIES: dict[Read, bytes] = {
    read_catalogue: b'[{"name":"Innate ","id":"GO:1","source":"GO","link":"https://a/GO:1","count":"2"}]',
    read_list_json: b'{"id":"GO:1","genes":[{"Symbol":"CD27","ID":939},{"Symbol":"CD70","ID":970}]}',
    read_list_text: b"Symbol\tID\nCD27\t939\nCD70\t970\n",
    read_gmt: b"Innate\thttps://a/GO:1\tCD27\tCD70\nOther\thttps://b/#/R-HSA-2\tAGER\n",
    read_legacy_table: b"Symbol\tID\tName\tSynonyms\tChromosome\tCategory\n"
    b"CD27\t939\tCD27 molecule\tS152|Tp55\t12\tGO:1\nCD70\t970\tCD70 molecule\t-\t19\tGO:1\n",
    read_category_file: b'\xef\xbb\xbfID\tSymbol\tSynonyms\tChromosome\n"939"\t"CD27"\t"S152, Tp55"\t"12"\n',
    read_annotations: b"Symbol\tGeneId\tMolecular Function\tBiological Process\tCellular Component"
    b"\tCategory\nCD27\t939\tGO:0004888;receptor activity|GO:5;binding\tGO:6;death\t-\tGO:1\n",
}


def rows(read: Read, body: bytes, scope: str = "") -> list[dict[str, object]]:
    return list(read([body], scope, Intake()))


def unknown(read: Read, body: bytes) -> Counter[str]:
    intake = Intake()
    list(read([body], "", intake))
    return intake.unknown


def refused(read: Read, body: bytes, scope: str = "") -> str:
    with pytest.raises(NotDataError) as caught:
        rows(read, body, scope)
    return str(caught.value)


def named(read: Read) -> str:
    return read.__name__.removeprefix("read_")


every_form = pytest.mark.parametrize("read", READERS, ids=named)


@every_form
def test_every_split_gives_the_same_rows(read: Read) -> None:
    body = BODIES[read]
    whole = rows(read, body, "GO:1")
    assert whole
    for cut in range(len(body) + 1):
        assert list(read([body[:cut], body[cut:]], "GO:1", Intake())) == whole
    assert list(read((body[at : at + 1] for at in range(len(body))), "GO:1", Intake())) == whole


@every_form
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "an empty body"),
        (b" \r\n\n\t\n", "an empty body"),
        (b"\xef\xbb\xbf", "an empty body"),
        (b"\n <!DOCTYPE html><p>Sign in", "an HTML or XML page instead of"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied', "an HTML or XML page instead of"),
        (b"Symbol\tCategory\n\xff\xfe\tGO:1", "not UTF-8"),
    ],
)
def test_no_data_is_named(read: Read, body: bytes, said: str) -> None:
    assert said in refused(read, body)


@every_form
@given(
    body=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)), cut=st.integers(0, 300)
)
@example(body=b'{"genes":' + b"[" * 100_000, cut=7)
@example(body=b'[{"name":"a","id":"b","count":' + b"9" * 5000 + b"}]", cut=3)
@example(body=b"a\thttp://[::1\tB", cut=2)
def test_whatever_comes_is_rows_or_a_refusal(read: Read, body: bytes, cut: int) -> None:
    for scope in ("", "GO:1"):
        try:
            for row in read([body[:cut], body[cut:]], scope, Intake()):
                assert all(isinstance(key, str) for key in row)
        except NotDataError:
            continue


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text and text[0] not in '"<{[-' and "\x85" not in text
)


@given(genes=st.lists(st.tuples(CELL, st.integers(1, 10**9).map(str)), min_size=1), crlf=st.booleans())
def test_tables_and_json_of_the_same_genes_are_the_same(genes: list[tuple[str, str]], crlf: bool) -> None:
    end = "\r\n" if crlf else "\n"
    lines = [f"{symbol}\t{number}" for symbol, number in genes]
    quoted = [f'"{number}"\t"{symbol}"' for symbol, number in genes]
    table = end.join(["Symbol\tID", *lines]).encode()
    category = end.join(["\ufeffID\tSymbol", *quoted, ""]).encode()
    as_json = json.dumps({"genes": [{"Symbol": symbol, "geneId": int(number)} for symbol, number in genes]})
    wanted = [{"symbol": symbol, "geneId": number} for symbol, number in genes]
    assert rows(read_list_text, table) == wanted
    assert rows(read_category_file, category) == wanted
    assert rows(read_list_json, as_json.encode()) == wanted
    assert [row["symbol"] for row in rows(read_list_json, json.dumps([s for s, _ in genes]).encode())] == [
        symbol for symbol, _ in genes
    ]


def test_a_catalogue_is_kept_as_sent() -> None:
    (row,) = rows(read_catalogue, BODIES[read_catalogue], " GO:1")
    assert row == {"name": "Innate ", "id": "GO:1", "source": "GO", "link": "https://a/GO:1", "count": "2"}
    assert refused(read_catalogue, BODIES[read_catalogue], "GO:9") == "no list 'GO:9' in the catalogue"
    assert refused(read_catalogue, b'{"status":404}') == "a JSON object without lists"
    assert refused(read_catalogue, b'[{"name":"a"}]') == "list 1 without id"
    assert refused(read_catalogue, b'["GO:1"]') == "list 1 is not an object"


@pytest.mark.parametrize(
    ("body", "gene"),
    [
        ('{"genes":[{"Symbol":"CD27","Entrez Gene ID":939.0}]}', {"symbol": "CD27", "geneId": "939.0"}),
        ('{"geneList":[{"geneSymbol":"CD27","ID":"939"}]}', {"symbol": "CD27", "geneId": "939"}),
        (
            '{"genes":[{"SYMBOL":"CD27","id":7,"gene_id":939}]}',
            {"symbol": "CD27", "id": "7", "geneId": "939"},
        ),
        ('[{"Symbol":"CD27 "}]', {"symbol": "CD27 "}),
        ('{"genes":["CD27"]}', {"symbol": "CD27"}),
        ('{"genes":[{"Symbol":"CD27","Symbol":"CD70"}]}', {"symbol": "CD27", "Symbol (2)": "CD70"}),
    ],
)
def test_spellings_of_a_gene(body: str, gene: dict[str, object]) -> None:
    assert rows(read_list_json, body.encode()) == [gene]


def test_unknown_keys_are_in_the_rows_and_counted() -> None:
    body = b'{"version":3,"count":"2","genes":[{"Symbol":"CD27","HGNC":"x"},{"Symbol":"CD70"}]}'
    assert rows(read_list_json, body)[0] == {"symbol": "CD27", "HGNC": "x"}
    assert unknown(read_list_json, body) == {"version": 1, "HGNC": 1}
    assert unknown(read_list_text, b"Symbol\tScore\nA\t1\nB\t2\n") == {"Score": 2}
    assert unknown(read_catalogue, BODIES[read_catalogue].replace(b'"source"', b'"origin"')) == {"origin": 1}


def test_a_list_that_says_it_is_another_is_refused() -> None:
    assert rows(read_list_json, BODIES[read_list_json], "GO:1")
    assert refused(read_list_json, BODIES[read_list_json], "GO:2") == (
        "the list 'GO:1' where GO:2 was requested"
    )
    assert "line 1, column 6" in refused(read_list_json, b'[{"a"}]')
    assert "NaN" in refused(read_list_json, b"[NaN]")
    assert refused(read_list_json, b'{"genes":[{"ID":1}]}') == "gene 1 without symbol"


def test_a_list_as_text_may_have_no_header() -> None:
    assert [row["symbol"] for row in rows(read_list_text, b"CD27\n\nCD70")] == ["CD27", "CD70"]
    assert refused(read_list_text, b"CD27\t939\n") == "line 1: a header without symbol"
    assert refused(read_list_text, b'{"status":404}').startswith("JSON instead of")


def test_tables_are_read_strictly() -> None:
    legacy = BODIES[read_legacy_table]
    assert rows(read_legacy_table, legacy, "GO:1")[1]["synonyms"] is None
    assert rows(read_legacy_table, legacy, "GO:1")[0]["synonyms"] == "S152|Tp55"
    assert refused(read_legacy_table, legacy, "Cytokines") == "no row of the category 'Cytokines'"
    assert refused(read_legacy_table, legacy + b"CD4\t920\n") == "line 4: 2 cells, 6 in the header"
    twice = rows(read_category_file, b"ID\tID\tSymbol\n1\t2\tA\n")
    assert twice == [{"geneId": "1", "ID": "2", "symbol": "A"}]
    (annotated,) = rows(read_annotations, BODIES[read_annotations], "GO:1")
    assert annotated["molecularFunction"] == "GO:0004888;receptor activity|GO:5;binding"
    assert annotated["cellularComponent"] is None


def test_a_list_of_gmt_is_found_by_the_end_of_its_link() -> None:
    body = BODIES[read_gmt]
    assert rows(read_gmt, body, "R-HSA-2") == [{"symbol": "AGER", "category": "R-HSA-2"}]
    assert len(rows(read_gmt, body)) == 3
    odd = b"\n" + body + b"no tab here\n \nEmpty\thttps://a/GO:3\n"
    assert rows(read_gmt, odd, "GO:1") == rows(read_gmt, body, "GO:1")
    assert rows(read_gmt, odd, "GO:3") == []
    assert refused(read_gmt, odd, "GO:9") == "no line of the list 'GO:9' among 4, 1 of them without a link"
    for link, wanted in {
        "https://amigo.geneontology.org/amigo/term/GO%3A0002218/": "GO:0002218",
        "https://reactome.org/PathwayBrowser/#/R-HSA-879415 ": "R-HSA-879415",
        "https://a/GO:1#top": "GO:1",
        "https://a#GO:1": "GO:1",
        "http://[": "",
        "": "",
    }.items():
        assert id_of(link) == wanted


def steps(read: Read, body: bytes) -> int:
    """How many lines of our own Python run while a body is read."""
    ran = 0

    def trace(frame: Any, event: str, _: object) -> Any:
        nonlocal ran
        ran += event == "line"
        return trace if "gene_lists" in frame.f_code.co_filename else None

    sys.settrace(trace)
    try:
        rows(read, body)
    finally:
        sys.settrace(None)
    return ran


@pytest.mark.parametrize(
    ("read", "begin", "part", "end"),
    [
        (read_list_json, b'{"genes":[{"Symbol":"A"}', b',{"Symbol":"A","x":1}', b"]}"),
        (read_list_json, b'{"genes":[{"Symbol":"A"', b',"Symbol":"A"', b"}]}"),
        (read_catalogue, b'[{"name":"a","id":"b"}', b',{"name":"a","id":"b"}', b"]"),
        (read_list_text, b"Symbol", b"\tx", b"\n"),
        (read_list_text, b"Symbol\n", b"A\n", b""),
        (read_gmt, b"a\thttps://a/b", b"\tC", b"\n"),
        (read_gmt, b"a\n", b"a\thttps://a/b\tC\n\n", b""),
    ],
)
def test_twice_as_much_takes_twice_the_steps(read: Read, begin: bytes, part: bytes, end: bytes) -> None:
    once, twice = (steps(read, begin + part * times + end) for times in (200, 400))
    assert twice < 2.2 * once


@needs_lists
def test_the_real_catalogue() -> None:
    found = rows(read_catalogue, (LISTS / "all_gene_lists.json").read_bytes())
    assert len(found) == 153
    assert Counter(str(row["source"]) for row in found) == {"GO": 111, "Reactome": 42}
    assert sum(int(str(row["count"])) for row in found) == 8640
    assert [row["name"] for row in found if str(row["name"]) != str(row["name"]).strip()] == [
        "Cytosolic sensors of pathogen-associated DNA "
    ]


@needs_lists
def test_the_real_lists_of_gmt_agree_with_the_catalogue() -> None:
    listed = {row["id"]: row for row in rows(read_catalogue, (LISTS / "all_gene_lists.json").read_bytes())}
    found = list(read_lists([(LISTS / "all_gene_lists.excerpt.gmt").read_bytes()]))
    assert len(found) == 14
    for item in found:
        row = listed[item.list_id]
        assert (row["name"], row["link"], row["count"]) == (item.name, item.link, str(len(item.symbols)))


@needs_lists
def test_the_real_legacy_table_and_its_files_are_the_same_genes() -> None:
    body = (LISTS / "legacy" / "GeneList.tsv").read_bytes()
    table = rows(read_legacy_table, body)
    assert len(table) == 2483
    assert len({row["symbol"] for row in table}) == len({row["geneId"] for row in table}) == 1793
    assert len(Counter(row["category"] for row in table)) == 17
    assert sum(count - 1 for count in Counter(tuple(row.items()) for row in table).values()) == 37
    assert sum(row["synonyms"] is None for row in table) == 172
    assert sum(row["chromosome"] is None for row in table) == 1
    for path in sorted((LISTS / "legacy" / "by_category").iterdir()):
        of_file = rows(read_category_file, path.read_bytes())
        of_table = rows(read_legacy_table, body, path.stem)
        assert Counter((row["symbol"], row["geneId"], row["chromosome"]) for row in of_file) == Counter(
            (row["symbol"], row["geneId"], row["chromosome"]) for row in of_table
        )
