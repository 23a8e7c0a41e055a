"""Benchmarks: python -m benchmarks.load, python -m benchmarks.split."""

import tests.support  # noqa: F401  (before all else: gives Airflow a home for the time of the process)
