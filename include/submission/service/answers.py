"""Answers of the services as values: tickets, workspaces, reports. Dates come in two spellings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from include.sources.foreign import clean
from include.sources.reader import NotDataError, read_json

_TICKET = re.compile(r"(?P<user>.+)_(?P<day>\d{8})_(?P<number>\d+)")
#: Titles of the columns of a report that is a text.
_TITLES = ("line number", "status", "error message", "description")
#: Characters of a ticket's number that are looked at.
_LONGEST_TICKET = 200


@dataclass(frozen=True)
class TicketName:
    """A ticket's number in its parts: `testuser_20180523_19544`.

    :ivar number: counted on over all users and both services.
    """

    user: str
    day: date
    number: int

    @classmethod
    def parse(cls, text: str) -> TicketName | None:
        """The parts; None for a number that is formed otherwise."""
        if found := _TICKET.fullmatch(text[:_LONGEST_TICKET]):
            try:
                day = datetime.strptime(found["day"], "%Y%m%d").date()
            except ValueError:
                return None
            return cls(found["user"], day, int(found["number"]))
        return None

    def __str__(self) -> str:
        return f"{self.user}_{self.day:%Y%m%d}_{self.number}"


@dataclass(frozen=True)
class Ticket:
    """What a service says of a ticket.

    :ivar purpose: None where the answer does not repeat it.
    """

    number: str
    status: str
    purpose: str | None = None
    workspace_id: int | None = None


@dataclass(frozen=True)
class Workspace:
    """A workspace that the user may send to."""

    workspace_id: int
    name: str
    kind: str = ""
    category: str = ""
    created: date | None = None


@dataclass(frozen=True)
class ReportLine:
    """What a service says of a file, or of a line of it.

    :ivar status: `Parsing`, `Stored in:subject`, `Error`.
    """

    file_name: str | None
    line: int | None
    status: str
    description: str | None
    error: str | None


@dataclass(frozen=True)
class Summary:
    """The summary report of a ticket."""

    ticket: str
    status: str
    file_name: str | None
    created: date | None
    lines: list[ReportLine] = field(default_factory=list)

    @property
    def errors(self) -> list[ReportLine]:
        """What is wrong."""
        return [line for line in self.lines if line.error]


def read_ticket(chunks: Iterable[bytes]) -> Ticket:
    """The answer to a file that was sent, or to a question about a ticket.

    :raises NotDataError: it holds no ticket.
    """
    answer = _object(read_json(chunks))
    number, workspace = _text(answer, "uploadTicketNumber"), answer.get("workspaceId")
    if not number.isprintable() or "/" in number or len(number) > _LONGEST_TICKET:
        raise NotDataError("the number of a ticket cannot be one")
    return Ticket(
        number,
        _text(answer, "status"),
        answer.get("uploadPurpose") if isinstance(answer.get("uploadPurpose"), str) else None,
        _number(workspace),
    )


def read_workspaces(chunks: Iterable[bytes]) -> list[Workspace]:
    """The workspaces of a user: a bare array, or one under `workspaces`.

    :raises NotDataError: it is neither.
    """
    answer = read_json(chunks)
    rows = answer.get("workspaces") if isinstance(answer, dict) else answer
    if not isinstance(rows, list):
        raise NotDataError("an answer without workspaces")
    found = []
    for row in map(_object, rows):
        number = _number(row.get("workspaceId"))
        if number is None:
            raise NotDataError("a workspace without a number")
        kind, category = (str(row.get(name) or "") for name in ("type", "category"))
        name = str(row.get("name") or "")
        found.append(Workspace(number, name, kind, category, read_day(row.get("dateCreated"))))
    return found


def read_summary(chunks: Iterable[bytes]) -> Summary:
    """The summary report.

    :raises NotDataError: it holds no summary.
    """
    answer = _object(read_json(chunks))
    summary = _object(answer.get("summary"))
    rows = summary.get("uploadRegistrationResults") or []
    if not isinstance(rows, list):
        raise NotDataError("a summary whose results are not a list")
    name = summary.get("fileName")
    return Summary(
        _text(summary, "uploadTicketNumber"),
        _text(summary, "status"),
        name if isinstance(name, str) else None,
        read_day(summary.get("dateCreated")),
        [_line(_object(row)) for row in rows],
    )


def read_database_report(chunks: Iterable[bytes]) -> str:
    """The text of the report of what was stored.

    :raises NotDataError: it holds none.
    """
    return _text(_object(read_json(chunks)), "database")


def report_lines(report: str) -> list[ReportLine]:
    """The lines of a report that is a text: of the batch updater, the only place that names them all.

    They follow a line with the titles `Line Number`, `Status`, `Error Message` and `Description`, to a blank.
    """
    found: list[ReportLine] = []
    is_inside = False
    for text in report.splitlines():
        cells = [cell.strip() for cell in text.split("\t")]
        if tuple(cell.lower() for cell in cells[:4]) == _TITLES:
            is_inside = True
        elif not text.strip():
            is_inside = False
        elif is_inside and len(cells) > 1:
            error, description = (clean(cell) or None for cell in (*cells, "", "")[2:4])
            found.append(ReportLine(None, _number(cells[0]), clean(cells[1]), description, error))
    return found


def read_day(value: object) -> date | None:
    """A date as services write it: milliseconds since 1970, or `2018-05-23`; None for what is neither."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC).date()
        if isinstance(value, str):
            return date.fromisoformat(value.strip()[:10])
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _line(row: Mapping[str, Any]) -> ReportLine:
    texts = [row.get(name) for name in ("fileName", "description", "errorMessage")]
    name, description, error = (clean(text) if isinstance(text, str) else None for text in texts)
    return ReportLine(name, _number(row.get("lineNumber")), str(row.get("status") or ""), description, error)


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotDataError("not the JSON object that was expected")
    return value


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise NotDataError(f"an answer without {name}")
    return value.strip()


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None
