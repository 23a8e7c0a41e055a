"""What all tests share. Airflow reads its environment at the first import, so that is set here."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from tests.support.disk import wait_for_no_disk
from tests.support.one_worker import FilesTogether

_AIRFLOW_HOME = tempfile.TemporaryDirectory(prefix="immport-warehouse-airflow-")
os.environ.update(
    AIRFLOW_HOME=_AIRFLOW_HOME.name,
    AIRFLOW__CORE__UNIT_TEST_MODE="True",
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__DAGS_FOLDER=str(Path(__file__).parents[1] / "dags"),
    # Benchmarks are quieter: what a test imports of them must not hide what a run logs.
    AIRFLOW__LOGGING__LOGGING_LEVEL="INFO",
    GX_ANALYTICS_ENABLED="false",
)
for _name in [name for name in os.environ if name.startswith(("AIRFLOW_CONN_", "AIRFLOW_VAR_", "PG"))]:
    del os.environ[_name]  # a developer's own settings must not decide a test

wait_for_no_disk()
#: Of every 100 examples that `make test` draws for a property, `make test-long` draws this many.
# A busy machine is not a fault: no property test has a time limit.
settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quick")
settings.register_profile("long", settings.get_profile("quick"), max_examples=400)
# What Airflow logs of its configuration while it is imported would stand after pytest's summary. The import
# would reset a level.
logging.getLogger("airflow.sdk.configuration").addFilter(lambda record: record.levelno > logging.INFO)

pytest_plugins = [
    "tests.support.postgres",
    "tests.support.warehouse",
    "tests.support.runs",
    "tests.support.logins",
    "tests.support.terms",
    "tests.support.encrypted",
    "tests.support.standing_system",
    "tests.support.receivers",
]


def pytest_configure(config: pytest.Config) -> None:
    """Drop what Airflow logged at its import: a process that runs no test would print it at its end."""
    if capture := config.pluginmanager.getplugin("capturemanager"):
        capture.read_global_capture()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesTogether | None:
    """Give files that share a running system to one worker, as all tests of a file."""
    return FilesTogether(config, log) if config.getvalue("dist") == "loadfile" else None
