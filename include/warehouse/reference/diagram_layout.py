"""Places for boxes that refer to each other: columns from left to right, few crossings, always the same.

The usual layered drawing in small: a box stands right of all that refer to it, a reference that passes a
column gets a place there, and each column is ordered by where its neighbours stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

#: Space between columns and between boxes, in pixels. A column is as wide as its widest box.
GUTTER, GAP, PASSAGE = 130.0, 22.0, 6.0
_SWEEPS = 24

#: What is placed: a box by its name, or the passage of a reference (source, target) through a column.
Node = str | tuple[str, str, int]


@dataclass
class Layout:
    """Where boxes are.

    :param places: left upper corner of each box.
    :param rights: where the column of each box ends, to the right.
    :param routes: where a reference passes columns between its ends: left, right and height.
    """

    width: float = 0.0
    height: float = 0.0
    places: dict[str, tuple[float, float]] = field(default_factory=dict)
    rights: dict[str, float] = field(default_factory=dict)
    routes: dict[tuple[str, str], list[tuple[float, float, float]]] = field(default_factory=dict)


def lay_out(sizes: Mapping[str, tuple[float, float]], references: Iterable[tuple[str, str]]) -> Layout:
    """Place boxes of given sizes (width, height).

    :param references: pairs of boxes, from the one that refers to the other. They form no circle.
    :raises ValueError: they do.
    """
    pairs = list(dict.fromkeys(references))
    ranks = _ranks(list(sizes), pairs)
    columns: list[list[Node]] = [[] for _ in range(max(ranks.values(), default=0) + 1)]
    for name in sizes:
        columns[ranks[name]].append(name)
    links: dict[Node, list[Node]] = {}
    for source, target in pairs:
        passages: list[Node] = [(source, target, rank) for rank in range(ranks[source] + 1, ranks[target])]
        for rank, passage in enumerate(passages, start=ranks[source] + 1):
            columns[rank].append(passage)
        path: list[Node] = [source, *passages, target]
        for one, other in pairwise(path):
            links.setdefault(one, []).append(other)
            links.setdefault(other, []).append(one)
    heights = {
        node: sizes[node][1] if isinstance(node, str) else PASSAGE for part in columns for node in part
    }
    middles = _order(columns, links, heights)
    return _place(columns, sizes, heights, middles)


def _ranks(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The column of each box: one more than that of any box that refers to it."""
    ranks = dict.fromkeys(names, 0)
    for _ in range(len(names) + 1):
        late = [(source, target) for source, target in pairs if ranks[target] <= ranks[source]]
        if not late:
            return ranks
        for source, target in late:
            ranks[target] = max(ranks[target], ranks[source] + 1)
    raise ValueError("the references form a circle")


def _order(
    columns: list[list[Node]], links: Mapping[Node, list[Node]], heights: Mapping[Node, float]
) -> dict[Node, float]:
    """Order the boxes of each column by the middle of their neighbours. Returns everybody's middle."""
    middles: dict[Node, float] = {}
    for column in columns:
        middles |= _stack(column, heights)
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 else reversed(columns):
            wanted = {
                node: sum(middles[one] for one in links[node]) / len(links[node])
                if node in links
                else middles[node]
                for node in column
            }
            column.sort(key=wanted.__getitem__)
            middles |= _stack(column, heights)
    return middles


def _stack(column: Sequence[Node], heights: Mapping[Node, float]) -> dict[Node, float]:
    """Middles of boxes that stand one below the other, around zero."""
    y = -(sum(heights[node] for node in column) + GAP * (len(column) - 1)) / 2
    middles = {}
    for node in column:
        middles[node] = y + heights[node] / 2
        y += heights[node] + GAP
    return middles


def _place(
    columns: Sequence[Sequence[Node]],
    sizes: Mapping[str, tuple[float, float]],
    heights: Mapping[Node, float],
    middles: Mapping[Node, float],
) -> Layout:
    top = min((middles[node] - heights[node] / 2 for part in columns for node in part), default=0.0)
    bottom = max((middles[node] + heights[node] / 2 for part in columns for node in part), default=0.0)
    made = Layout(height=bottom - top)
    x = 0.0
    for column in columns:
        width = max((sizes[node][0] for node in column if isinstance(node, str)), default=0.0)
        for node in column:
            if isinstance(node, str):
                made.places[node] = (x, middles[node] - heights[node] / 2 - top)
                made.rights[node] = x + width
            else:
                passed = made.routes.setdefault(node[:2], [])
                passed.append((x, x + width, middles[node] - top))
        x += width + GUTTER
    made.width = max(0.0, x - GUTTER)
    return made
