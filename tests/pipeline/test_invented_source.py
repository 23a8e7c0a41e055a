"""A source that nobody but a test has heard of goes from its declaration to star, quarantine and report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from include.local.paths import ROOT
from include.local.server import Server

READING = [["AAA", "r1", "4.50", "mm"], ["BBB", "r1", "7", "mm"]]


@pytest.fixture(scope="module")
def story(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Any:
    name = f"test_{os.getpid()}_weather"
    url = postgres.ensure_database(name)
    folder = tmp_path_factory.mktemp("weather")
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.weather", str(folder)],
        input=url.render_as_string(hide_password=False), cwd=ROOT,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    postgres.drop_database(name)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_it(story: Any) -> None:
    print(json.dumps(story, indent=1))
    assert 0
