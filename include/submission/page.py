"""The findings as one page that needs nothing else: counts, a field to search in, what to do about each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape

from include.submission.findings import ValidationFinding
from include.submission.rules import RULES
from include.submission.validate import Validation

#: Lines that a row of the page names, and rows that it has; the JSON lines have all.
_MOST_LINES, _MOST_ROWS = 12, 20_000
_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; --error: #b3261e; --warning: #9a6700; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 110rem; padding: 0 1.5rem 4rem; }
header { position: sticky; top: 0; background: Canvas; padding: .6rem 0; }
input { font: inherit; width: min(40rem, 70%); padding: .3rem .6rem; }
table { border-collapse: collapse; width: 100%; font-size: 14px; margin: .5rem 0 2rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border-bottom: 1px solid var(--line); }
th { background: var(--soft); }
td { overflow-wrap: anywhere; }
.error { color: var(--error); font-weight: 600; }
.warning { color: var(--warning); font-weight: 600; }
code { font: 13px ui-monospace, monospace; white-space: pre-wrap; }
[hidden] { display: none; }
"""
_SCRIPT = """
const field = document.getElementById("search"), count = document.getElementById("count");
const rows = [...document.querySelectorAll("#findings tbody tr")].map(
  row => [row, row.textContent.toLowerCase()]);
function show() {
  const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let found = 0;
  for (const [row, text] of rows) {
    row.hidden = !words.every(word => text.includes(word));
    if (!row.hidden) found += 1;
  }
  count.textContent = `${found} of ${rows.length}`;
}
field.addEventListener("input", show);
show();
"""


def validation_page(validation: Validation) -> str:
    """The page: findings of the same file, column, rule and value stand in one row, with their lines."""
    name = escape(validation.place.name)
    verdict = "Errors: ImmPort would refuse the package." if validation.errors else "No errors."
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Validation of {name}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{name}</h1>",
        f"<p>{verdict} {validation.errors:,} errors and {validation.warnings:,} warnings in"
        f" {len(validation.templates):,} templates with {validation.rows:,} rows.</p>",
        f"<p>Checked by {escape(validation.declaration)}.</p>",
        *_templates(validation),
        *_rules(validation.findings),
        *_findings(validation.findings),
        f"<script>{_SCRIPT}</script></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _templates(validation: Validation) -> Iterator[str]:
    yield "<h2>Templates</h2>"
    yield "<table><thead><tr><th>template</th><th>rows</th></tr></thead><tbody>"
    for name, rows in validation.templates:
        yield f"<tr><td>{escape(name)}</td><td>{rows:,}</td></tr>"
    yield "</tbody></table>"


def _rules(findings: list[ValidationFinding]) -> Iterator[str]:
    if not findings:
        return
    yield "<h2>Rules that were broken</h2>"
    yield "<table><thead><tr><th>findings</th><th></th><th>rule</th><th>meaning</th></tr></thead><tbody>"
    for name, count in Counter(finding.rule for finding in findings).most_common():
        rule = RULES[name]
        yield (
            f'<tr><td>{count:,}</td><td class="{rule.severity}">{rule.severity}</td>'
            f"<td>{name}</td><td>{escape(rule.meaning)}</td></tr>"
        )
    yield "</tbody></table>"


def _findings(findings: list[ValidationFinding]) -> Iterator[str]:
    if not findings:
        return
    groups: dict[tuple[object, ...], list[ValidationFinding]] = {}
    for found in findings:
        key = (found.file, found.column, found.rule, found.value, found.message, found.fix)
        groups.setdefault(key, []).append(found)
    yield '<h2>Findings</h2><header><input id="search" type="search" placeholder="file, column, rule, value">'
    yield ' <span id="count"></span></header>'
    yield '<table id="findings"><thead><tr>'
    heads = ("", "file", "line", "column", "value", "rule", "what is wrong", "what to write or do")
    yield "".join(f"<th>{head}</th>" for head in heads) + "</tr></thead><tbody>"
    for group in list(groups.values())[:_MOST_ROWS]:
        yield _row(group)
    yield "</tbody></table>"
    if len(groups) > _MOST_ROWS:
        yield f"<p>And {len(groups) - _MOST_ROWS:,} more: the JSON lines have them all.</p>"


def _row(group: list[ValidationFinding]) -> str:
    first = group[0]
    lines = ", ".join(str(found.line) for found in group[:_MOST_LINES] if found.line is not None)
    if len(group) > _MOST_LINES:
        lines += f" and {len(group) - _MOST_LINES:,} more"
    value, fix = (f"<code>{escape(text)}</code>" if text else "" for text in (first.value, first.fix))
    cells = (
        escape(first.file),
        lines,
        escape(first.column or ""),
        value,
        first.rule,
        escape(first.message),
        fix,
    )
    rest = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><td class="{first.severity}">{first.severity}</td>{rest}</tr>'
