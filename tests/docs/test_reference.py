"""What is made of the declarations beside the dictionary: page, lineage, diagrams, examples."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sources.immport.endpoints import ENDPOINTS
from include.sources.package.recipes import RECIPES
from include.sources.package.tables import TABLES
from include.warehouse.model.registry import DIMENSION, VERSIONED
from include.warehouse.reference import html, pages
from include.warehouse.reference.areas import Area, areas
from include.warehouse.reference.diagram import svg
from include.warehouse.reference.diagram_layout import lay_out
from include.warehouse.reference.examples import FILE, example
from include.warehouse.reference.lineage import package_columns
from include.warehouse.schema.ops_tables import metadata
from tests.support.examples import examples, load_world, text_of
from tests.support.warehouse import Warehouse

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


class Page(HTMLParser):
    """Cells of the page by section, and all that it names from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self.outside: list[str] = []
        self._section, self._is_cell = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.outside += [str(given[name]) for name in ("src", "href") if name in given]
        if tag == "section":
            self._section = str(given["id"])
            self.rows[self._section] = []
        elif tag == "tr":
            self.rows[self._section].append([])
        elif tag == "td":
            self.rows[self._section][-1].append("")
            self._is_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._is_cell = self._is_cell and tag != "td"

    def handle_data(self, data: str) -> None:
        if self._is_cell:
            self.rows[self._section][-1][-1] += data


@pytest.fixture(scope="module")
def page() -> Page:
    made = Page()
    made.feed(html.page())
    return made


def test_the_page_says_what_the_markdown_says(page: Page) -> None:
    tables: dict[str, list[list[str]]] = {}
    name = ""
    for line in pages.dictionary().splitlines():
        if line.startswith("## "):
            name = line[3:]
            tables[name] = []
        elif line.startswith("| `") and name:
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            tables[name].append(
                [cell.strip().replace("`", "").replace("\\|", "|").replace("&lt;", "<") for cell in cells]
            )
    shown = {
        name: [[" ".join(cell.split()) for cell in row] for row in rows if row]
        for name, rows in page.rows.items()
    }
    assert shown == {
        name: [[" ".join(cell.split()) for cell in row] for row in rows] for name, rows in tables.items()
    }


def test_the_page_needs_nothing_from_outside(page: Page) -> None:
    assert page.outside
    assert [name for name in page.outside if not name.startswith("#")] == []
    assert {name[1:] for name in page.outside} == page.rows.keys()
    assert "@import" not in html.page()
    assert "url(" not in html.page()


@pytest.mark.parametrize(
    ("endpoint", "field", "columns"),
    [
        ("hai", "valueReported", (("hai_result", "value_reported"),)),
        ("hai", "treatmentAccession", (("expsample_2_treatment", "treatment_accession"),)),
        ("mbaa", "analytePreferred", (("mbaa_result", "analyte_preferred"), ("lk_analyte", "gene_symbol"))),
        ("summary", "contractGrant", (("contract_grant", "name"),)),
        ("biosample", "biosampleName", (("biosample", "name"),)),
        ("manifest", "path", ()),
        ("summary", "studyPubmeds", ()),
    ],
)
def test_a_field_is_traced_to_its_package_columns(
    endpoint: str, field: str, columns: tuple[tuple[str, str], ...]
) -> None:
    assert package_columns(endpoint, field) == columns


def test_every_field_that_a_package_knows_is_traced_to_a_column_that_is_read() -> None:
    for endpoint in ENDPOINTS.values():
        for field in endpoint.staged_fields:
            found = package_columns(endpoint.name, field.name)
            assert all(column in TABLES[table].headers for table, column in found)
            value = RECIPES[endpoint.name].value(field) if endpoint.name in RECIPES else None
            assert bool(found) == bool(value and value.columns), (endpoint.name, field.name)


def test_a_computed_column_has_the_sources_of_its_parts() -> None:
    relations = {relation.name: relation for relation in pages.relations()}
    hai = relations["fact_hai"]
    entry = next(one for one in hai.entries if one.name == "value_number")
    assert set(hai.origins(entry)) == {("hai", "valueReported"), ("hai", "valuePreferred")}


def test_every_table_of_the_model_and_of_the_run_ledger_is_in_a_diagram() -> None:
    own = {box.name for area in areas() for box in area.boxes if box.kind in ("fact", "dimension")}
    every = {box.name for area in areas() for box in area.boxes}
    assert {table.relation for table in VERSIONED} <= own
    named = {f"dim_{reference.dimension}" for table in VERSIONED for reference in table.references}
    assert named <= every
    books = {table.fullname for table in metadata.tables.values() if table.schema in ("ops", "quality")}
    assert books <= own


def test_every_reference_of_the_model_is_drawn() -> None:
    for area in areas():
        shared = {pair for box in area.boxes if box.kind == "shared" for pair in box.references}
        for box in area.boxes:
            table = next((one for one in VERSIONED if one.relation == box.name), None)
            if table is None or box.kind == "other":
                continue
            declared = {(one.column, DIMENSION[one.dimension].relation) for one in table.references}
            drawn = {*box.references, *(shared if box.kind == "fact" else ())}
            assert drawn - {("study_key", "dim_study")} == declared, (area.name, box.name)


@pytest.mark.parametrize("area", list(areas()), ids=lambda area: area.name)
def test_boxes_of_a_diagram_lie_apart_and_within_it(area: Area) -> None:
    picture = ET.fromstring(svg(area))  # noqa: S314 - made here
    width, height = (float(number) for number in picture.attrib["viewBox"].split()[2:])
    frames = [
        [float(frame.attrib[name]) for name in ("x", "y", "width", "height")]
        for frame in picture.iter(f"{SVG}rect")
    ]
    assert len(frames) == len(area.boxes)
    for x, y, w, h in frames:
        assert x >= 0 <= y
        assert x + w <= width
        assert y + h <= height
    for (x, y, w, h), (u, v, k, m) in combinations(frames, 2):
        assert x + w <= u or u + k <= x or y + h <= v or v + m <= y
    lines = [one for one in picture.iter(f"{SVG}path") if one.get("class") == "line"]
    assert len(lines) == sum(len(box.references) for box in area.boxes)


_NAMES = st.lists(st.text("abcdefgh", min_size=1, max_size=3), min_size=1, max_size=9, unique=True)


@given(st.data(), _NAMES)
def test_what_refers_stands_left_and_nothing_overlaps(data: st.DataObject, names: list[str]) -> None:
    forward = list(combinations(names, 2))
    pairs = data.draw(st.lists(st.sampled_from(forward), max_size=15)) if forward else []
    sizes = {name: (50.0 + 10 * len(name), 20.0 * len(name)) for name in names}
    layout = lay_out(sizes, pairs)
    assert layout == lay_out(sizes, pairs)
    for source, target in pairs:
        assert layout.places[source][0] + sizes[source][0] < layout.places[target][0]
    for one, other in combinations(names, 2):
        (x, y), (u, v) = layout.places[one], layout.places[other]
        apart = y + sizes[one][1] <= v + 1e-6 or v + sizes[other][1] <= y + 1e-6
        assert x != u or apart


def test_references_in_a_circle_are_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        lay_out({"a": (1, 1), "b": (1, 1)}, [("a", "b"), ("b", "a")])


@pytest.mark.long
def test_the_examples_are_those_of_the_synthetic_world(warehouse: Warehouse) -> None:
    load_world(warehouse)
    made = text_of(examples(warehouse.engine))
    assert FILE.read_text() == made, "stale: run python -m tests.support.examples, then the dictionary"


def test_examples_are_of_columns_that_are_there() -> None:
    there = {relation.name: {entry.name for entry in relation.entries} for relation in pages.relations()}
    for name, columns in json.loads(FILE.read_text()).items():
        assert columns.keys() <= there[name]
    assert example("dim_study", "study_accession").startswith("SDY100")
    assert example("dim_study", "no such column") == ""


def test_the_check_names_what_is_stale(tmp_path: Path) -> None:
    pages.write(tmp_path)
    assert pages.stale(tmp_path) == {}
    (tmp_path / "diagrams/assays.svg").write_text("<svg/>")
    (tmp_path / "lineage.md").unlink()
    assert {path.name for path in pages.stale(tmp_path)} == {"assays.svg", "lineage.md"}
