"""Example: fetch ImmPort's vocabularies each month.

Operator: vocabularies.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import LANDING, RETRY_DEFAULTS, limit
from immport_provider.operators.vocabularies import ImmPortVocabulariesOperator
from immport_provider.pools import API

with DAG(
    dag_id="example_immport_vocabularies",
    description="Fetches ImmPort's vocabularies each month",
    doc_md=__doc__,
    schedule="@monthly",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["example", "immport"],
    default_args=RETRY_DEFAULTS,
) as dag:
    ImmPortVocabulariesOperator(task_id="load", pool=API.name, landing=LANDING)
    limit(dag)
