"""The assets of this project: what other DAGs can be scheduled on."""

from __future__ import annotations

from airflow.sdk import Asset

#: The star. An event means that a run changed it; its extra holds release, studies, rows and the run's key.
STAR = Asset("immport://star", group="immport")
