"""Benchmarks: what a load costs, beside a raw COPY of the same rows. `python -m benchmarks --help`."""

import os

import tests.support  # noqa: F401 - before all else: it gives Airflow a home for the time of the process

# What every task logs would be most of what a run prints; Airflow reads this where it is imported.
os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "WARNING")
