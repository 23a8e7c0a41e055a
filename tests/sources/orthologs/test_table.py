"""Tables of orthologs as they arrive: old and new headers, remarks, cells that are missing or too many."""

from __future__ import annotations

import pytest

from include.sources.orthologs.table import read_homology
from include.sources.reader import NotDataError
from include.sources.row_reader import Intake

HEADER = (
    "DB Class Key\tCommon Organism Name\tNCBI Taxon ID\tSymbol\tEntrezGene ID\tMouse MGI ID\tHGNC ID\t"
    "Genome Coordinates (mouse: GRCm39 human: GRCh38)"
)
MOUSE = "1\tmouse, laboratory\t10090\tIfng\t15978\tMGI:107656\t\tChr10:118441046"
HUMAN = "1\thuman\t9606\tIFNG\t3458\t\tHGNC:5438"


def read(*lines: str, intake: Intake | None = None) -> list[dict[str, object]]:
    body = "".join(f"{line}\n" for line in lines).encode()
    return list(read_homology([body[:7], body[7:]], "mouse_human", intake or Intake()))


def test_a_gene_is_a_line_and_what_is_not_stated_is_nothing() -> None:
    intake = Intake()
    mouse, human = read(HEADER, MOUSE, HUMAN, intake=intake)
    assert (mouse["classKey"], mouse["mgiId"], mouse["hgncId"]) == ("1", "MGI:107656", None)
    assert mouse["coordinates"] == "Chr10:118441046"
    assert (human["entrezId"], human["mgiId"], human["coordinates"]) == ("3458", None, None)
    assert {mouse["orthologTableId"], human["orthologTableId"]} == {"mouse_human"}
    assert not intake.unknown


def test_the_header_of_homologene_is_the_same_table() -> None:
    (row,) = read(HEADER.replace("DB Class Key", "HomoloGene ID"), MOUSE)
    assert row["classKey"] == "1"


def test_remarks_before_the_header_say_where_it_comes_from() -> None:
    intake = Intake()
    remarks = (
        "# Data source: Institute of Mice",
        "#! Database Version: 8.0.0",
        "# Date made (UTC): 2026-01-31",
    )
    (row,) = read(*remarks, HEADER + "\tScore", MOUSE + "\t9", intake=intake)
    assert (row["statedSource"], row["statedVersion"], row["statedDate"]) == (
        "Institute of Mice",
        "8.0.0",
        "2026-01-31",
    )
    assert intake.unknown == {"Score": 1}


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("# Version: 1",), "without a header"),
        ((HEADER.replace("\tMouse MGI ID", ""), MOUSE), "line 1: a header without mgiId"),
        ((HEADER, MOUSE + "\tmore"), "line 2: 9 cells, 8 in the header"),
        (("<html>",), "an HTML or XML page instead of a table of orthologs"),
    ],
)
def test_what_is_not_such_a_table_is_refused(lines: tuple[str, ...], why: str) -> None:
    with pytest.raises(NotDataError, match=why):
        read(*lines)
