"""docs/dictionary.html: the dictionary as one page that needs nothing else, with a field to search in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from include.warehouse.marts import Mart
from include.warehouse.model.relations import NOT_APPLICABLE, UNKNOWN
from include.warehouse.reference import mart_docs
from include.warehouse.reference.entries import Entry, Relation, relations
from include.warehouse.reference.examples import example
from include.warehouse.reference.lineage import package_source
from include.warehouse.reference.notes import NOTE
from include.warehouse.views.function_comments import FUNCTION_COMMENTS

_HEADS = ("column", "type", "unit", "meaning", "source", "package", "example")
_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; --mark: #2f7d66; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 110rem; padding: 0 1.5rem 4rem; }
header { position: sticky; top: 0; background: Canvas; padding: .6rem 0; }
input { font: inherit; width: min(40rem, 70%); padding: .3rem .6rem; }
nav { columns: 16rem; margin: 1rem 0; }
nav a { display: block; }
a { color: var(--mark); text-decoration: none; }
h2 { margin: 2.5rem 0 .2rem; scroll-margin-top: 4rem; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border-bottom: 1px solid var(--line); }
th { background: var(--soft); }
td { overflow-wrap: anywhere; }
td:first-child { white-space: nowrap; overflow-wrap: normal; }
code { font: 13px ui-monospace, monospace; }
[hidden] { display: none; }
"""
_SCRIPT = """
const field = document.getElementById("search"), count = document.getElementById("count");
const sections = [...document.querySelectorAll("section")].map(section => ({
  section, link: document.querySelector(`nav a[href="#${section.id}"]`), about: section.dataset.about,
  rows: [...section.querySelectorAll("tbody tr")].map(row => [row, row.textContent.toLowerCase()]),
}));
function show() {
  const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let found = 0;
  for (const { section, link, about, rows } of sections) {
    let any = false;
    for (const [row, text] of rows) {
      row.hidden = !words.every(word => text.includes(word) || about.includes(word));
      if (!row.hidden) { any = true; found += 1; }
    }
    section.hidden = link.hidden = !any;
  }
  count.textContent = `${found} columns`;
}
field.addEventListener("input", show);
show();
"""


def page() -> str:
    """docs/dictionary.html."""
    described, marts = list(relations()), mart_docs.described()
    further = ("Functions", *(mart.name for mart in marts))
    lines = [
        "<!DOCTYPE html>",
        NOTE,
        '<html lang="en">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>Data dictionary</title><style>{_STYLE}</style></head>",
        "<body>",
        "<h1>Data dictionary</h1>",
        "<p>Every table of the schema <code>star</code>, with each column's type, unit, meaning and source:",
        "an endpoint and a field of ImmPort's Shared Data API, beside it table and column of a Tab package",
        "that hold the same. Examples are synthetic. In every dimension but dim_date and dim_data_release,",
        f"key {UNKNOWN} is the member <code>unknown</code> and {NOT_APPLICABLE} the member"
        " <code>not applicable</code>.</p>",
        '<header><label>Search <input id="search" type="search" autofocus></label>',
        '<output id="count"></output></header>',
        "<nav>",
        *(f'<a href="#{name}">{name}</a>' for name in (*(item.name for item in described), *further)),
        "</nav>",
        *(line for item in described for line in _section(item)),
        *_further(
            "Functions", "Functions of the star.", ("function", "what it gives"), FUNCTION_COMMENTS.items()
        ),
        *(line for mart in marts for line in _mart(mart)),
        f"<script>{_SCRIPT}</script>",
        "</body></html>",
    ]
    return "\n".join(lines) + "\n"


def _section(relation: Relation) -> Iterator[str]:
    about = escape(f"{relation.name} {relation.grain}".lower(), quote=True)
    yield f'<section id="{relation.name}" data-about="{about}">'
    yield f"<h2>{relation.name}</h2>"
    yield f"<p>{_text(f'One row is {relation.grain}. {relation.note}'.rstrip())}</p>"
    yield f"<table><thead><tr>{''.join(f'<th>{head}</th>' for head in _HEADS)}</tr></thead><tbody>"
    for entry in relation.entries:
        yield f"<tr>{''.join(f'<td>{text}</td>' for text in _cells(relation, entry))}</tr>"
    yield "</tbody></table></section>"


def _mart(mart: Mart) -> Iterator[str]:
    about = (
        f"{mart.purpose} One row is {mart.grain} Beware: {mart.caveat} Censored values: {mart.censored}"
        f" Never mixed: {mart.never_mixed} Left out: {mart.leaves_out}"
    )
    rows = ((column.name, column.type, column.meaning) for column in mart.columns)
    return _further(mart.name, about, ("column", "type", "meaning"), rows)


def _further(name: str, about: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """What is not a relation of the star: its functions, a mart."""
    yield f'<section id="{name}" data-about="{escape(f"{name} {about}".lower(), quote=True)}">'
    yield f"<h2>{name}</h2>"
    yield f"<p>{_text(about)}</p>"
    yield f"<table><thead><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr></thead><tbody>"
    for first, *others in rows:
        cells = (
            f"<td><code>{escape(first)}</code></td>{''.join(f'<td>{_text(text)}</td>' for text in others)}"
        )
        yield f"<tr>{cells}</tr>"
    yield "</tbody></table></section>"


def _cells(relation: Relation, entry: Entry) -> Iterator[str]:
    yield f"<code>{entry.name}</code>"
    yield entry.type
    for text in (entry.unit, entry.meaning, entry.source, package_source(relation, entry)):
        yield _text(text or "")
    yield escape(example(relation.name, entry.name))


def _text(text: str) -> str:
    """A text of the Markdown pages: what stands between backticks is code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text, quote=False))
