"""The questions as files, and their answers by psql, as an analyst gets them."""

from __future__ import annotations

import csv
import io
import os
import subprocess
from pathlib import Path

import sqlalchemy as sa

from include.local.paths import Paths
from include.local.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
QUESTIONS = sorted((ROOT / "docs/questions").glob("*.sql"))
EXPECTED = Path(__file__).parent / "expected"

#: Rows under the columns' names, every value as psql prints it.
Answer = list[dict[str, str]]


def question(number: int) -> Path:
    """The file of a question."""
    (found,) = (path for path in QUESTIONS if path.name.startswith(f"{number:02}-"))
    return found


def answer_text(url: sa.URL, what: Path | str, as_of: str | None = None) -> str:
    """What psql prints of a file, or of a statement, as CSV."""
    psql = str(EmbeddedPostgres.of_tests(Paths.default().postgres_tests).programs.binaries / "psql")
    options = f"-c star.as_of={as_of}" if as_of else ""
    made = subprocess.run(
        [psql, "--no-psqlrc", "--quiet", "--csv", "--set", "ON_ERROR_STOP=1",
         "--host", str(url.host), "--port", str(url.port), "--username", str(url.username),
         "--dbname", str(url.database),
         *(["--file", str(what)] if isinstance(what, Path) else ["--command", what])],
        env=os.environ | {"PGPASSWORD": str(url.password), "PGCLIENTENCODING": "UTF8", "PGOPTIONS": options},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return made.stdout


def answer(url: sa.URL, what: Path | str, as_of: str | None = None) -> Answer:
    """The rows that psql prints."""
    return read(answer_text(url, what, as_of))


def read(text: str) -> Answer:
    """The rows of a CSV text."""
    return list(csv.DictReader(io.StringIO(text)))
