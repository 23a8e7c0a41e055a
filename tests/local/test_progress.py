"""Whoever reads the output through a pipe sees that the work goes on."""

from __future__ import annotations

import io
import re
import threading

import pytest
from rich.console import Console

from include.local import progress


class Output(io.StringIO):
    """What was written, and whether a beat was among it."""

    def __init__(self) -> None:
        super().__init__()
        self.has_beaten = threading.Event()

    def write(self, text: str) -> int:
        written = super().write(text)
        if " s ..." in text:
            self.has_beaten.set()
        return written


def test_a_long_wait_is_not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_BEAT_SECONDS", 0.01)
    output = Output()
    with progress.announced(Console(file=output, width=120), "Postgres"):
        assert output.has_beaten.wait(60)
    assert re.fullmatch(r"Postgres \.\.\.( \d+ s \.\.\.)+ ready after [\d.]+ s\n", output.getvalue())


def test_a_short_wait_says_nothing_between() -> None:
    output = Output()
    with progress.announced(Console(file=output, width=120), "Postgres") as mention:
        mention("one part")
    assert re.fullmatch(r"Postgres \.\.\. one part, ready after [\d.]+ s\n", output.getvalue())


def test_a_wait_that_fails_ends_its_line_and_its_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_BEAT_SECONDS", 0.01)
    output, before = Output(), threading.active_count()
    with pytest.raises(ValueError, match="no room"), progress.announced(Console(file=output), "Postgres"):
        raise ValueError("no room")
    assert output.getvalue().endswith("\n")
    assert threading.active_count() == before
