"""Seconds that the queries of analysts take: every question, mart and wide view, now and as of a release."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from include.sql import literal
from include.warehouse.access.roles import ANALYST
from include.warehouse.marts import marts
from include.warehouse.schema.statements import run_sql

QUESTIONS = sorted((Path(__file__).parents[1] / "docs/questions").glob("*.sql"))
#: A query that takes longer is cancelled: this is its figure, and more is what it takes.
LIMIT_SECONDS = 25


@dataclass(frozen=True)
class Query:
    """A query of analysts.

    :param kind: what it has a goal as: question, study, limit or count.
    :param statements: run in one session, one after the other.
    """

    kind: str
    name: str
    statements: tuple[str, ...]


def queries(study: str) -> Iterator[Query]:
    """Every question; every mart of one study, in whole and its first 500 rows; every mart counted."""
    for path in QUESTIONS:
        yield Query("question", path.stem, statements_of(path.read_text(encoding="utf-8")))
    for mart in marts():
        if any(column.name == "study_accession" for column in mart.columns):
            of_study = f"select * from mart.{mart.name} where study_accession = {literal(study)}"
            yield Query("study", mart.name, (of_study,))
            yield Query("limit", mart.name, (f"{of_study} limit 500",))
        yield Query("count", mart.name, (f"select count(*) from mart.{mart.name}",))


def statements_of(text: str) -> tuple[str, ...]:
    """The statements of a file, without its comments."""
    bare = re.sub(r"^\s*--.*$", "", text, flags=re.MULTILINE)
    return tuple(statement.strip() for statement in bare.split(";") if statement.strip())


def figures(engine: sa.Engine, as_of: tuple[str | None, ...] = (None, "DR50")) -> Iterator[tuple[str, float]]:
    """Name and seconds of each query, as an analyst who runs it the first time in a session.

    The study of the marts is the largest that is open to analysts.
    """
    with engine.connect() as connection:
        study = largest_study(connection)
    for query in queries(study):
        for release in as_of:
            name = f"{query.kind} {query.name}" + (f" as of {release}" if release else "")
            yield name, seconds(engine, query, release)


def largest_study(connection: sa.Connection) -> str:
    """Accession of the largest open study, by experiment samples before the newest release."""
    found = connection.scalar(
        sa.text("""select k.study_accession from history.dim_expsample h
            join history.key_study k on k.study_key = h.study_key
            join history.study_access a on a.study_key = k.study_key and a.is_open
            where k.study_key > 0
                and h.valid_from < (select max(release_key) from history.data_release)
            group by k.study_accession order by count(*) desc, 1 limit 1""")
    )
    return str(found)


def seconds(engine: sa.Engine, query: Query, as_of: str | None) -> float:
    """What a query takes, at most the limit."""
    with engine.connect() as connection:
        run_sql(connection, f"set role {ANALYST}")
        run_sql(connection, f"set statement_timeout = '{LIMIT_SECONDS}s'")
        if as_of:
            run_sql(connection, f"set star.as_of = {literal(as_of)}")
        began = time.perf_counter()
        try:
            for statement in query.statements:
                answer = run_sql(connection, statement)
                if answer.returns_rows:
                    answer.all()
        except sa.exc.OperationalError as error:
            if "statement timeout" not in str(error.orig):
                raise
            return float(LIMIT_SECONDS)
        finally:
            connection.invalidate()
        return time.perf_counter() - began
