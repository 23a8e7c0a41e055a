"""The questions of analysts have exact answers on the fixed synthetic world."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from include.warehouse.marts import RESULTS, marts
from include.warehouse.views.value_functions import DEFAULT_POLICY
from tests.questions.answers import EXPECTED, QUESTIONS, ROOT, Answer, answer, answer_text, question
from tests.questions.conftest import World
from tests.questions.independent import INDEPENDENT, Answers

#: It reads the counts of the runs, which are not a view as of a release.
OF_THE_RUNS = 35
LIST = ROOT / "docs/questions/README.md"
FILES = ROOT / "include/warehouse/marts"
_CONDITIONS = ("Filter", "Join Filter", "Hash Cond", "Merge Cond", "Index Cond", "Recheck Cond", "Output")


def _name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", QUESTIONS, ids=_name)
def test_question_has_the_answer_that_was_verified(path: Path, world: World) -> None:
    expected = (EXPECTED / f"{path.stem}.csv").read_text(encoding="utf-8")
    assert answer_text(world.url, path) == expected


def test_there_are_thirty_questions_and_no_answer_without_one() -> None:
    assert len(QUESTIONS) >= 30
    assert [path.stem for path in sorted(EXPECTED.glob("*.csv"))] == [path.stem for path in QUESTIONS]


def test_the_list_says_what_the_files_say() -> None:
    listed = re.findall(r"^\| (\d+) \| (.+) \| \[(.+)\]\((.+)\) \|$", LIST.read_text(), re.MULTILINE)
    files = []
    for path in QUESTIONS:
        number, _, text = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("-- ").partition(". ")
        assert path.name.startswith(f"{int(number):02}-")
        files.append((number, text, path.name, path.name))
    assert listed == files


def test_all_questions_in_one_run(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Prints how long the questions take, and asserts nothing about it."""
    texts = [path.read_text(encoding="utf-8") for path in QUESTIONS]
    taken = {}
    for path, text in zip(QUESTIONS, texts, strict=True):
        began = time.perf_counter()
        with world.warehouse.engine.connect() as connection:
            for statement in _statements(text):
                connection.exec_driver_sql(statement.replace("%", "%%"))
            connection.invalidate()
        taken[path.stem] = time.perf_counter() - began
    slowest = max(taken, key=lambda name: taken[name])
    with capsys.disabled():
        print(f"\n{len(taken)} questions in {sum(taken.values()):.2f} s, {slowest} {taken[slowest]:.2f} s")


def test_a_mart_answers_as_its_file_does(world: World) -> None:
    """It is made with less: over each assay, of the assays it names, of their results what it reads."""
    made = [mart for mart in marts() if (file := FILES / f"{mart.name}.sql").exists()
            and file.read_text(encoding="utf-8").strip().removesuffix(";") != mart.statement]  # fmt: skip
    assert {RESULTS, "cell_population", "titre_response", "study_assay_availability"} <= {
        m.name for m in made
    }
    with world.warehouse.engine.connect() as connection:
        for mart in made:
            rows = f"select * from mart.{mart.name}"
            before = Counter(map(str, connection.exec_driver_sql(rows)))
            connection.exec_driver_sql(
                (FILES / f"{mart.name}.sql").read_text(encoding="utf-8").replace("%", "%%")
            )
            assert Counter(map(str, connection.exec_driver_sql(rows))) == before, mart.name
        connection.rollback()


@pytest.mark.parametrize("number", INDEPENDENT)
def test_pandas_answers_the_same_from_the_answers_of_the_api(number: int, world: World) -> None:
    made = INDEPENDENT[number](world.answers["DR51"])
    assert not made.empty
    _agree(answer(world.url, question(number)), made)


def test_pandas_answers_the_same_as_of_the_release_before(world: World) -> None:
    """Of a release, the studies shared then: the one withdrawn later among them."""
    made = INDEPENDENT[2](world.answers["DR50"])
    assert "SDY1007" in made.index.get_level_values(0)
    _agree(answer(world.url, question(10)), made)


def test_difference_between_releases_is_that_of_the_two_answers(world: World) -> None:
    before, now = (_titres_of(world.answers[release], "SDY1001") for release in ("DR50", "DR51"))
    shared = before.index.intersection(now.index)
    revised = (before.loc[shared, "valueReported"] != now.loc[shared, "valueReported"]).sum()
    changed = (
        (before.loc[shared].astype("string").fillna("") != now.loc[shared].astype("string").fillna(""))
        .any(axis=1)
        .sum()
    )
    expected = {
        "added": len(now.index.difference(before.index)),
        "withdrawn": len(before.index.difference(now.index)),
        "reported value corrected": revised,
        "preferred value changed": changed - revised,
        "as it was": len(shared) - changed,
    }
    found = {row["what_happened"]: int(row["titres"]) for row in answer(world.url, question(9))}
    assert found == expected
    assert min(expected.values()) > 0


@pytest.mark.parametrize("path", QUESTIONS, ids=_name)
def test_release_is_read_once_and_not_for_each_row(path: Path, world: World) -> None:
    once = 0
    each: list[str] = []
    with world.warehouse.engine.connect() as connection:
        for statement in _statements(path.read_text(encoding="utf-8")):
            safe = statement.replace("%", "%%")
            if not statement.startswith(("set ", "reset ")):
                plan = connection.exec_driver_sql(f"explain (format json, verbose) {safe}").scalar_one()
                (tree,) = json.loads(plan) if isinstance(plan, str) else plan
                for where, text in _expressions(tree["Plan"], "once"):
                    if re.search(r"as_of(_\w+)?_key", text):
                        once += where == "once"
                        each += [] if where == "once" else [text]
            connection.exec_driver_sql(safe)
        connection.invalidate()
    assert each == []
    assert once > 0 or path == question(OF_THE_RUNS)


def _expressions(node: dict[str, Any], where: str, within: bool = False) -> Iterator[tuple[str, str]]:
    """Where each expression of a plan is evaluated: once, within an InitPlan, or for each row."""
    within = within or node.get("Parent Relationship") == "InitPlan"
    for name in _CONDITIONS:
        held = node.get(name, [])
        for text in [held] if isinstance(held, str) else held:
            yield (where if within else "each row"), text
    for child in node.get("Plans", []):
        yield from _expressions(child, where, within)


def _statements(text: str) -> list[str]:
    bare = re.sub(r"^\s*--.*$", "", text, flags=re.MULTILINE)
    return [statement.strip() for statement in bare.split(";") if statement.strip()]


def _titres_of(answers: Answers, study: str) -> pd.DataFrame:
    rows = answers["hai"]
    rows = rows[rows["studyAccession"] == study]
    return rows.set_index("resultId")[["valueReported", "valuePreferred"]]


def _agree(found: Answer, made: pd.DataFrame) -> None:
    """Both answers have the same rows; a number may differ by what its last digit was rounded by.

    The policy that an answer names is the one that both take.
    """
    assert {row["policy"] for row in found if "policy" in row} <= {DEFAULT_POLICY}
    keys = made.index.nlevels
    columns = list(found[0])
    by_key = {tuple(_plain(row[name]) for name in columns[:keys]): row for row in found}
    expected = {
        tuple(map(_plain, key if isinstance(key, tuple) else (key,))): tuple(row)
        for key, row in zip(made.index, made.itertuples(index=False), strict=True)
    }
    assert by_key.keys() == expected.keys()
    for key, values in expected.items():
        for name, value in zip([one for one in columns[keys:] if one != "policy"], values, strict=True):
            text = by_key[key][name]
            if isinstance(value, str):
                assert text == value, (key, name)
            elif pd.isna(value):
                assert text == "", (key, name)
            else:
                digits = len(text.partition(".")[2])
                assert float(text) == pytest.approx(float(value), abs=0.51 * 10**-digits), (key, name)


def _plain(value: object) -> str:
    """A key as text: 28.00, 28 and 28.0 are one day."""
    text = str(value)
    return str(float(text)) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text
