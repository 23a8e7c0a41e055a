"""Example: a DAG of another team that runs whenever the star changed, and knows what changed.

It needs nothing of this project but the address of the asset.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG, Asset, task

STAR = Asset("immport://star")

with DAG(
    dag_id="example_star_consumer",
    description="Runs whenever the star changed",
    doc_md=__doc__,
    schedule=[STAR],
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=1),
    tags=["example", "immport"],
    default_args={"execution_timeout": timedelta(minutes=30)},
) as dag:

    @task(inlets=[STAR])
    def read(triggering_asset_events: Any = None) -> list[str]:
        """Name the studies that changed since the last run of this DAG."""
        events = [event for found in triggering_asset_events.values() for event in found]
        return sorted({study for event in events for study in event.extra["studies"]})

    read()
