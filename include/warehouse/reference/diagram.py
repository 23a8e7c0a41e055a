"""The entity diagram of a subject area as SVG."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from include.warehouse.reference.areas import Area, Box
from include.warehouse.reference.diagram_layout import Layout, lay_out

#: Pixels: a letter of the 12 px monospace font, a line, the frame's inner and the picture's outer edge.
_LETTER, _LINE, _PAD, _EDGE, _HEAD = 7.3, 17.0, 9.0, 16.0, 52.0
_STYLE = """
text { font: 12px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #1f2933; }
.title { font: 600 17px system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; }
.note { font: 12px system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; fill: #52606d; }
.name { font-weight: 700; }
.soft { fill: #52606d; }
rect { stroke: #9aa5b1; fill: #f3f5f7; }
.fact { stroke: #2f7d66; fill: #e3f1ec; }
.shared { stroke: #2f7d66; fill: #ffffff; stroke-dasharray: 5 3; }
.other { stroke-dasharray: 2 3; }
.line { stroke: #6b7782; stroke-width: 1.2; fill: none; }
.head { fill: #6b7782; }
@media (prefers-color-scheme: dark) {
  text { fill: #e4e7eb; }
  .note, .soft { fill: #b4bdc7; }
  rect { stroke: #6b7782; fill: #232b33; }
  .fact { stroke: #5fc3a3; fill: #17372d; }
  .shared { stroke: #5fc3a3; fill: #10161c; }
  .line { stroke: #9aa5b1; }
  .head { fill: #9aa5b1; }
}
"""


def svg(area: Area) -> str:
    """The picture of an area, the same at every call."""
    sizes = {box.name: _size(box) for box in area.boxes}
    pairs = [(box.name, target) for box in area.boxes for _, target in box.references]
    layout = lay_out(sizes, pairs)
    width = max(layout.width, 7.0 * len(area.note), 200.0) + 2 * _EDGE
    height = layout.height + _HEAD + 2 * _EDGE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img"'
        f' aria-label="Tables of: {escape(area.title)}">',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="to" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7"'
        ' orient="auto"><path class="head" d="M0 0 L10 5 L0 10 z"/></marker></defs>',
        f'<text class="title" x="{_EDGE:.0f}" y="26">{escape(area.title)}</text>',
        f'<text class="note" x="{_EDGE:.0f}" y="44">{escape(area.note)}</text>',
        f'<g transform="translate({_EDGE:.0f} {_EDGE + _HEAD:.0f})">',
        *(line for box in area.boxes for line in _references(box, layout, sizes)),
        *(line for box in area.boxes for line in _frame(box, layout, sizes)),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _size(box: Box) -> tuple[float, float]:
    letters = max(len(text) for text in (box.name, *box.rows))
    return letters * _LETTER + 2 * _PAD, (1 + len(box.rows)) * _LINE + 2 * _PAD - 4


def _frame(box: Box, layout: Layout, sizes: dict[str, tuple[float, float]]) -> Iterator[str]:
    (x, y), (width, height) = layout.places[box.name], sizes[box.name]
    yield f"<g><title>{escape(box.about)}</title>"
    frame = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="5"'
    yield f'<rect class="{box.kind}" {frame}/>'
    for number, text in enumerate((box.name, *box.rows)):
        style = "name" if number == 0 else "soft" if text.startswith("+") else "column"
        base = y + _PAD + 10 + number * _LINE
        yield f'<text class="{style}" x="{x + _PAD:.1f}" y="{base:.1f}">{escape(text)}</text>'
    yield "</g>"


def _references(box: Box, layout: Layout, sizes: dict[str, tuple[float, float]]) -> Iterator[str]:
    """A line from each column that refers to a box, through the columns of boxes that it passes."""
    x, y = layout.places[box.name]
    for column, target in box.references:
        line = y + _PAD + 6 + (1 + box.rows.index(column)) * _LINE
        # Straight to the end of the column, so that it passes no other box of it.
        points = [(x + sizes[box.name][0], line), (layout.rights[box.name], line)]
        for left, right, middle in layout.routes.get((box.name, target), ()):
            points += [(left, middle), (right, middle)]
        end = layout.places[target]
        points.append((end[0] - 1, end[1] + _PAD + 6))
        path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
        for (x1, y1), (x2, y2) in pairwise(points):
            half = (x1 + x2) / 2
            path += f" C{half:.1f} {y1:.1f} {half:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        yield f'<path class="line" d="{path}" marker-end="url(#to)"/>'
