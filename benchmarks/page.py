"""The page of a run: verdicts first, then every figure, with a plot per part. One HTML file, no script."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from html import escape
from itertools import groupby

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from benchmarks.figures import Figure, Results, machine, versions

_MET, _MISSED, _PLAIN = "#2a7f62", "#c0392b", "#5b7083"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
body { color: #222 } table { border-collapse: collapse; width: 100% }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #ddd; text-align: left }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.met { color: #2a7f62 } .missed { color: #c0392b; font-weight: 600 } svg { max-width: 100%; height: auto }
"""
_READING = """
<p>Every round of a measurement has a raw COPY of the same rows beside it, into logged tables of the columns'
types: the least that Postgres does for them. <b>x raw COPY</b> is the time of a step divided by that of the
COPY in the same round, so that a slow moment of the machine is in both. Bars are medians, lines reach from
the least to the most of all rounds, a dotted mark is the goal.</p>
"""

_HEADS = (
    "<th>figure</th><th>unit</th>"
    + "".join(f'<th class="n">{name}</th>' for name in ("min", "median", "max", "goal"))
    + "<th>verdict</th>"
)


def page(results: Results, about: Mapping[str, str]) -> str:
    """The page as HTML.

    :param about: what each part measures.
    """
    judged = [item for item in results.figures if item.goal]
    met = sum(item.verdict == "met" for item in judged)
    sizes = ", ".join(f"{name}: {value}" for name, value in results.sizes.items() if value)
    parts = [
        f"<h2>{escape(name)}</h2><p>{escape(about[name])}.</p>{_plots(found)}{_table(found)}"
        for name, found in _by_part(results.figures)
    ]
    left_out = "".join(f"<li>{escape(what)}: {escape(why)}</li>" for what, why in results.left_out.items())
    facts = {**machine(), **versions()}
    about_it = "".join(f"<tr><td>{escape(name)}</td><td>{text}</td></tr>" for name, text in facts.items())
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Benchmarks</title><style>{_STYLE}</style>
<h1>Benchmarks</h1>
<p>{met} of {len(judged)} goals met. {escape(sizes)}.</p>
{_READING}
<h2>Goals</h2>{_table(judged)}
{f"<h2>Not run</h2><ul>{left_out}</ul>" if left_out else ""}
{"".join(parts)}
<h2>Machine and versions</h2>
<table>{about_it}</table>
</html>
"""


def _by_part(figures: Iterable[Figure]) -> Iterable[tuple[str, list[Figure]]]:
    return ((name, list(found)) for name, found in groupby(figures, key=lambda item: item.part))


def _table(figures: Iterable[Figure]) -> str:
    rows = []
    for item in figures:
        cells = item.as_json()
        numbers = "".join(f'<td class="n">{cells[name]:,.4g}</td>' for name in ("min", "median", "max"))
        verdict = item.verdict or ""
        rows.append(
            f"<tr><td>{escape(item.name)}</td><td>{escape(item.unit)}</td>{numbers}"
            f'<td class="n">{escape(cells["goal"] or "")}</td><td class="{verdict}">{verdict}</td></tr>'
        )
    return f"<table><tr>{_HEADS}</tr>{''.join(rows)}</table>"


def _plots(figures: list[Figure]) -> str:
    """A plot for each unit that more than one figure has, or a figure with a goal."""
    units = dict.fromkeys(item.unit for item in figures)
    groups = [[item for item in figures if item.unit == unit] for unit in units]
    return "".join(_plot(found) for found in groups if len(found) > 1 or found[0].goal)


def _plot(figures: list[Figure]) -> str:
    """Bars of the medians with their spread and their goals, as SVG."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "benchmarks", "font.size": 9}):
        canvas = Canvas(figsize=(8.5, 0.5 + 0.32 * len(figures)), layout="constrained")
        axes = canvas.add_subplot()
        colours = {"met": _MET, "missed": _MISSED, None: _PLAIN}
        for place, item in enumerate(figures):
            low, high = item.median - min(item.values), max(item.values) - item.median
            axes.barh(place, item.median, height=0.6, color=colours[item.verdict])
            axes.errorbar(item.median, place, xerr=[[low], [high]], color="#222", lw=1, capsize=2)
            if item.goal:
                axes.plot([item.goal.limit] * 2, [place - 0.4, place + 0.4], ":", color="#222", lw=1.5)
        axes.set_yticks(range(len(figures)), [item.name for item in figures])
        axes.invert_yaxis()
        axes.set_xlabel(figures[0].unit)
        axes.spines[["top", "right"]].set_visible(False)
        largest = max(max(item.values) for item in figures)
        least = min(item.median for item in figures)
        if least > 0 and largest / least > 50:
            axes.set_xscale("log")
        text = io.StringIO()
        canvas.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue().partition("?>")[2].partition(">")[2]  # without the declaration and the doctype
