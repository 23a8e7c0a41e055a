"""What a package from the star does not say: a line per template and column, with the reason."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from include.serve.upload_templates.columns import counted
from include.serve.upload_templates.origins import NO_TEMPLATE, ORIGINS
from include.serve.upload_templates.reading import FilledTable, StudyInTemplates
from include.submission.findings import ValidationFinding

#: Rules of the validator that ask for a value.
_ASK = {"required", "required_if", "required_if_new", "at_least_one", "together", "block_empty"}
#: Kinds of lines, in their order: what stays to be done first.
KINDS = ("not_shared", "missing", "refused", "file", "left_out", "altered", "replaced")
_REPLACED = "the accession stands in place of the lab's own identifier, which Shared Data does not have"


@dataclass(frozen=True)
class TemplateGap:
    """Something that the package does not say, or says otherwise than the star.

    :ivar template: name of the template; of a compound one with the block.
    :ivar kind: one of `KINDS`.
    :ivar rows: rows or cells concerned.
    :ivar is_required: whether the validator refuses the package until it is put right.
    """

    template: str
    column: str
    kind: str
    rows: int
    is_required: bool
    reason: str


def gaps(study: StudyInTemplates, findings: Sequence[ValidationFinding]) -> list[TemplateGap]:
    """All gaps of a package: what the star does not have, and every error that the validator found.

    :param findings: of the package as it was written.
    """
    found = [*_not_shared(study.tables, findings), *_of_findings(study.tables, findings)]
    found += [*_left_out(study), *_changed(study.tables)]
    order = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(found, key=lambda gap: (order[gap.kind], gap.template))


def as_table(found: Sequence[TemplateGap]) -> bytes:
    """The gaps as tab-separated text."""
    out = io.StringIO()
    table = csv.writer(out, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    table.writerow(["template", "column", "kind", "rows", "required", "reason"])
    for gap in found:
        required = "yes" if gap.is_required else "no"
        table.writerow([gap.template, gap.column, gap.kind, gap.rows, required, gap.reason])
    return out.getvalue().encode()


def _not_shared(
    tables: Sequence[FilledTable], findings: Sequence[ValidationFinding]
) -> Iterator[TemplateGap]:
    requested = {_place(finding) for finding in findings if finding.is_error and finding.rule in _ASK}
    for one in tables:
        for cell in one.cells:
            if cell.sql is None and cell.is_claimed:
                name = cell.column.name
                is_required = (one.origin.table.partition("/")[0], name) in requested
                yield TemplateGap(one.origin.table, name, "not_shared", len(one.rows), is_required, cell.why)


def _of_findings(
    tables: Sequence[FilledTable], findings: Sequence[ValidationFinding]
) -> Iterator[TemplateGap]:
    unshared = {
        (one.origin.table.partition("/")[0], cell.column.name)
        for one in tables
        for cell in one.cells
        if cell.sql is None and cell.is_claimed
    }
    counts: Counter[tuple[str, str, str, str]] = Counter()
    examples: dict[tuple[str, str, str, str], ValidationFinding] = {}
    for finding in findings:
        if not finding.is_error:
            continue
        template, column = _place(finding)
        if finding.rule in _ASK and (template, column) in unshared:
            continue
        kind = "missing" if finding.rule in _ASK else "file" if finding.rule == "file_missing" else "refused"
        counts[template, column, kind, finding.rule] += 1
        examples.setdefault((template, column, kind, finding.rule), finding)
    for key, count in counts.items():
        template, column, kind, _ = key
        yield TemplateGap(template, column, kind, count, True, _reason(kind, examples[key]))


def _reason(kind: str, finding: ValidationFinding) -> str:
    if kind == "missing":
        return "the star has no value here" if finding.column else finding.message
    if kind == "file":
        return "add the files: immport_files downloads what ImmPort shares of them"
    return f"ImmPort shares what the templates refuse, such as {finding.value}: {finding.message}"


def _place(finding: ValidationFinding) -> tuple[str, str]:
    return finding.template, finding.column or ""


def _left_out(study: StudyInTemplates) -> Iterator[TemplateGap]:
    names: dict[str, list[str]] = {}
    for origin in ORIGINS:
        for relation in counted(origin):
            names.setdefault(relation, []).append(origin.table)
    for relation, rows in study.left_out.items():
        reason = NO_TEMPLATE.get(relation) or "a template has one row, or one assay, for what they belong to"
        yield TemplateGap(
            names.get(relation, [""])[0], "", "left_out", rows, False, f"star.{relation}: {reason}"
        )


def _changed(tables: Sequence[FilledTable]) -> Iterator[TemplateGap]:
    for one in tables:
        for column, count in one.altered.items():
            reason = "tabs and new lines became blanks"
            yield TemplateGap(one.origin.table, column, "altered", count, False, reason)
        for cell in one.cells:
            if cell.column.defines or (cell.column.combined_column and cell.sql):
                yield TemplateGap(
                    one.origin.table, cell.column.name, "replaced", len(one.rows), False, _REPLACED
                )
