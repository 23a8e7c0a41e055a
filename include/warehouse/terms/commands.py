"""The commands for reviewing mappings of terms: `python -m include.warehouse.terms COMMAND`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from include.warehouse.schema import address
from include.warehouse.schema.engine import UnfitServerError, warehouse_engine
from include.warehouse.schema.revision import OutdatedWarehouseError, require_current
from include.warehouse.terms import review
from include.warehouse.terms.domains import DOMAIN
from include.warehouse.terms.match import ACCEPTED, PROPOSED, REJECTED, UNMAPPED
from include.warehouse.terms.proposals import propose
from include.warehouse.terms.review import STATUSES, Review, ReviewError, TermDecision


def run(arguments: Sequence[str] | None = None) -> None:
    """Run one command.

    :raises SystemExit: the arguments, or the requested decisions, cannot be taken.
    """
    try:
        url, wanted = address.parse(_parser(), arguments)
    except address.AddressError as error:
        raise SystemExit(f"error: {error}") from None
    engine = warehouse_engine(url)
    try:
        require_current(engine)
        with engine.begin() as connection:
            result = _do(connection, wanted)
        sys.stdout.write(f"{result}\n")
    except (ReviewError, OutdatedWarehouseError, UnfitServerError, OSError, UnicodeDecodeError) as error:
        raise SystemExit(f"error: {error}") from None
    except sa.exc.OperationalError as error:  # not to be reached, or locked for too long
        raise SystemExit(f"error: {' '.join(str(error.orig).split())}") from None
    finally:
        engine.dispose()


def _do(connection: sa.Connection, wanted: argparse.Namespace) -> str:
    match wanted.command:
        case "propose":
            changed = propose(connection)
            return "\n".join(f"{domain}\t{count} new or changed" for domain, count in changed.items())
        case "list":
            rows = review.listed(connection, wanted.domain, wanted.status or (PROPOSED, UNMAPPED))
            shown = ["\t".join(str(value or "") for value in row[1:]) for row in rows[: wanted.limit]]
            return "\n".join(["\t".join(review.COLUMNS[1:]), *shown, f"{len(shown)} of {len(rows)}"])
        case "export":
            statuses = wanted.status or (PROPOSED, UNMAPPED)
            count = review.export(connection, wanted.file, wanted.domain, statuses)
            return f"{count} mappings written to {wanted.file}"
        case "import":
            count = review.take_in(connection, wanted.file, wanted.by, overrule=wanted.overrule)
            return f"{count} decisions taken"
    found = review.find(connection, wanted.domain, wanted.reported, wanted.preferred)
    taken = Review(connection, overrule=getattr(wanted, "overrule", False))
    if wanted.command == "reopen":
        taken.reopen(found)
        return "reopened"
    status, term = (ACCEPTED, wanted.term) if wanted.command == "accept" else (REJECTED, None)
    return (
        status
        if taken.decide(found, TermDecision(status, wanted.by, term, wanted.note))
        else "was so already"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.warehouse.terms",
        description="Review which vocabulary terms reported terms are mapped to.",
    )
    commands = parser.add_subparsers(dest="command", required=True)

    commands.add_parser("propose", help="look at every undecided term, as the DAGs do after a load")
    shown = commands.add_parser("list", help="show mappings, by default those to be decided on")
    shown.add_argument("--limit", type=int, default=100, help="most rows to show, 100")
    written = commands.add_parser("export", help="write mappings to a CSV file, to be edited and imported")
    for command in (shown, written):
        command.add_argument("--domain", choices=DOMAIN, help="only these terms")
        command.add_argument("--status", choices=STATUSES, action="append", help="may be given several times")
    read = commands.add_parser("import", help="take the decisions of an edited CSV file, all or none")
    for command in (written, read):
        command.add_argument("file", type=Path)

    accept = commands.add_parser("accept", help="a reported term is that term of the vocabulary")
    accept.add_argument("--term", help="term of the vocabulary; the proposed one when left out")
    reject = commands.add_parser("reject", help="a reported term is not what is proposed, and stays unmapped")
    reopen = commands.add_parser("reopen", help="take a decision back")
    for command in (accept, reject, reopen):
        command.add_argument("domain", choices=DOMAIN)
        command.add_argument("reported", help="the term as reported")
        command.add_argument("--preferred", help="what ImmPort preferred, where that varies")
    for command in (accept, reject):
        command.add_argument("--note", default="", help="why, for those who read it later")
    for command in (accept, reject, read):
        command.add_argument("--by", required=True, help="who decides")
        command.add_argument("--overrule", action="store_true", help="change what a person decided before")
    return parser
