"""What tests and benchmarks share."""

from __future__ import annotations

import os
import tempfile

# Airflow makes a home where it is imported, in the user's own by default. Under pytest, conftest sets it.
if "AIRFLOW_HOME" not in os.environ:
    _AIRFLOW_HOME = tempfile.TemporaryDirectory(prefix="immport-warehouse-airflow-")
    os.environ["AIRFLOW_HOME"] = _AIRFLOW_HOME.name
