"""What becomes of measured values: a median, a verdict, an entry of `latest.json`."""

from __future__ import annotations

import pytest

from benchmarks.figures import Figure, Goal, Results


@pytest.mark.parametrize(
    ("values", "goal", "verdict"),
    [
        ((2.0, 2.5, 9.0), Goal(2.5), "met"),
        ((2.0, 2.6, 2.6), Goal(2.5), "missed"),
        ((9.0, 10.0, 11.0), Goal(10, is_least=True), "met"),
        ((9.0, 9.9, 11.0), Goal(10, is_least=True), "missed"),
        ((0.0,), Goal(0), "met"),
        ((1.0,), None, None),
    ],
)
def test_the_median_is_held_against_the_goal(
    values: tuple[float, ...], goal: Goal | None, verdict: str | None
) -> None:
    assert Figure("part", "name", "s", values, goal).verdict == verdict


def test_the_file_has_the_figures_with_a_goal() -> None:
    results = Results({"rounds": 3})
    results.add("stage", "HTTP to staging", "x raw COPY", [3, 1, 2], Goal(2.5))
    results.add("stage", "raw COPY", "s", [0.1])
    written = results.as_json()
    assert written.keys() == {"machine", "versions", "figures"}
    assert written["figures"] == [
        {
            "name": "HTTP to staging",
            "unit": "x raw COPY",
            "min": 1.0,
            "median": 2.0,
            "max": 3.0,
            "goal": "<= 2.5",
            "verdict": "met",
        }
    ]


def test_two_figures_have_two_names() -> None:
    results = Results({})
    results.add("stage", "landing", "s", [1])
    with pytest.raises(ValueError, match="two figures named 'landing'"):
        results.add("land", "landing", "s", [1])
