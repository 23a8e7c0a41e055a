"""What a check of a package finds: rules, how grave a breach is, and findings as they are printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from include.sources.foreign import escaped
from include.submission.rules import RULES

#: Characters of a value or a text in a finding.
_LONGEST = 300


class ValidationFinding(msgspec.Struct, frozen=True):
    """One breach of one rule, in the order in which its fields are printed.

    :ivar template: name of the template, empty for the package itself.
    :ivar line: line of the file or row of the workbook, from 1; None for the file as a whole.
    :ivar column: name in the template's header line.
    :ivar value: what stands there.
    :ivar severity: `error`, which ImmPort would refuse, or `warning`.
    :ivar fix: what to write instead, or what to do; None where only the lab can know.
    :ivar file: name of the file in the package.
    """

    template: str
    line: int | None
    column: str | None
    value: str | None
    rule: str
    severity: str
    message: str
    fix: str | None
    file: str

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


@dataclass
class Findings:
    """All findings of one package, in the order in which they were made."""

    items: list[ValidationFinding] = field(default_factory=list)

    def __iter__(self) -> Iterator[ValidationFinding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def errors(self) -> int:
        return sum(finding.is_error for finding in self.items)

    def of(self, file: str, template: str) -> Reporter:
        """What reports findings of one file."""
        return Reporter(self, file, template)

    def ordered(self) -> list[ValidationFinding]:
        """The findings by file and line; those of a file as a whole come before those of its lines."""
        return sorted(self.items, key=lambda found: (found.file, found.line or 0))


@dataclass(frozen=True)
class Reporter:
    """Takes findings of one file."""

    findings: Findings
    file: str
    template: str

    def add(
        self,
        rule: str,
        message: str,
        *,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        fix: str | None = None,
    ) -> None:
        """Record a breach of a declared rule.

        :raises KeyError: no such rule is declared.
        """
        severity = RULES[rule].severity
        short = [None if text is None else _shown(text) for text in (value, message, fix)]
        self.findings.items.append(
            ValidationFinding(
                self.template, line, column, short[0], rule, severity, short[1] or "", short[2], self.file
            )
        )


def _shown(text: str) -> str:
    """A foreign text that a terminal and a page can show, cut when it is long."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}... ({len(text):,} characters)"
    return escaped(text)
