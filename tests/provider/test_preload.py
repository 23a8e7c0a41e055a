"""Workers of LocalExecutor find imported what tasks take seconds to import."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from include.local.airflow import airflow_environment

ROOT = Path(__file__).parents[2]
PREFIX = "AIRFLOW__SCHEDULER__MP_"


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    """The environment of Airflow as `make up` gives it."""
    url = sa.URL.create("postgresql")
    return airflow_environment(
        tmp_path, metadata_url="sqlite://", warehouse=url, immport=None, landing=tmp_path
    )


def test_make_up_and_compose_fork_workers_of_the_same_process(given: dict[str, str]) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
    scheduler = compose["services"]["scheduler"]["environment"]
    ours, theirs = ({k: v for k, v in of.items() if k.startswith(PREFIX)} for of in (given, scheduler))
    assert ours == theirs
    # Python passes over a module that cannot be imported: tasks would only be slow.
    assert importlib.util.find_spec(ours[f"{PREFIX}FORKSERVER_PRELOAD"]) is not None


@pytest.mark.long
def test_a_task_imports_no_library_again(given: dict[str, str]) -> None:
    """Great Expectations alone takes seconds; a scheduler does not import it."""
    settings = {k: v for k, v in given.items() if k.startswith(PREFIX) or k == "AIRFLOW_HOME"}
    run = subprocess.run(
        [sys.executable, "-m", "tests.support.forked_task"],
        cwd=ROOT,
        env={**os.environ, **settings, "AIRFLOW__CORE__UNIT_TEST_MODE": "True"},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) == {"task": [], "scheduler": False}
