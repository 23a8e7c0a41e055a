"""What the command takes. Nothing here imports Airflow, which makes a home of its own; help needs none."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import sqlalchemy as sa

from include.sources.immport.source import IMMPORT
from include.warehouse.model.registry import SOURCES
from include.warehouse.schema import address


def read(arguments: Sequence[str] | None = None) -> tuple[sa.URL, argparse.Namespace]:
    """Address of the warehouse, and what to count.

    :raises SystemExit: the arguments cannot be read, or help was requested.
    """
    try:
        return address.parse(_parser(), arguments)
    except address.AddressError as error:
        raise SystemExit(f"error: {error}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.pipeline.dry_run",
        description="Stage what was landed once more, check it and compare it with the star, without"
        " publishing it: counts what a replay with force would let out of the quarantine and change.",
    )
    parser.add_argument("--landing", required=True, metavar="URL", help="landing zone: a folder or a URL")
    parser.add_argument("--source", choices=tuple(SOURCES), default=IMMPORT.name, help="source, immport")
    parser.add_argument("--rule", help="only scopes with rows or values in quarantine by this check")
    parser.add_argument("--until", metavar="RELEASE", help="newest release to replay")
    parser.add_argument(
        "scope", nargs="*", help="study, gene list, vocabulary; all that are landed without one"
    )
    return parser
