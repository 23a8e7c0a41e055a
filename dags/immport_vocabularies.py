"""Loads ImmPort's vocabularies into the warehouse."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import LANDING, RETRY_DEFAULTS, limit
from immport_provider.operators.vocabularies import ImmPortVocabulariesOperator
from immport_provider.pools import API

with DAG(
    dag_id="immport_vocabularies",
    description=__doc__,
    doc_md="""
One run fetches all of ImmPort's vocabularies, which need no key, and publishes new, changed and withdrawn
terms in one transaction; `star.vocabulary_term` shows them.

Connections: `immport_default` (type ImmPort), `warehouse_default` (type Postgres).
Variable: `immport_landing`, a folder or an object storage URL.
Pool: `immport_api`; without it no task starts (`python -m immport_provider.pools` makes it).
""",
    schedule="0 4 * * 0",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["immport"],
    default_args=RETRY_DEFAULTS,
) as dag:
    ImmPortVocabulariesOperator(task_id="load", pool=API.name, landing=LANDING)
    limit(dag)
