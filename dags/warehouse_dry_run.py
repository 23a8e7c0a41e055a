"""Counts what loading again from the landing zone would let through and change, and publishes nothing."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG, Param

from immport_provider.groups import LANDING, RETRY_DEFAULTS, WHAT, limit
from immport_provider.operators.base import STUDIES_OF_TASK
from immport_provider.operators.dry_run import (
    ReplayDryRunFinishOperator,
    ReplayDryRunOperator,
    ReplayPlanOperator,
)
from include.sources.immport.source import IMMPORT
from include.warehouse.model.registry import SOURCES

with DAG(
    dag_id="warehouse_dry_run",
    description=__doc__,
    doc_md="""
One run stages what was landed of the scopes once more, checks it and compares it with the star, as a replay
with `force` would, and takes all of it back. `ops.dry_run` and the page *Dry run of a replay* have the
counts: rows in quarantine before and now, how many would pass, how many would newly be refused, rows added,
corrected and withdrawn.

Connection: `warehouse_default` (type Postgres).
Variable: `immport_landing`, a folder or an object storage URL.
""",
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    # It never runs by itself, and changes nothing: an action of an operator does not wait for a second one.
    is_paused_upon_creation=False,
    render_template_as_native_obj=True,
    tags=["warehouse"],
    default_args=RETRY_DEFAULTS,
    params={
        "source": Param(IMMPORT.name, enum=list(SOURCES), description="Source of the scopes", section=WHAT),
        "scopes": Param(
            [],
            type=["null", "array"],
            items={"type": "string", "minLength": 1},
            description="Only these studies, gene lists, vocabularies; all that are landed when empty",
            section=WHAT,
        ),
        "rule": Param(
            None,
            type=["null", "string"],
            description="Only scopes with rows or values in quarantine by this check",
            section=WHAT,
        ),
        "until": Param(None, type=["null", "string"], description="Newest release to replay", section=WHAT),
    },
) as dag:
    source = "{{ params.source }}"
    plan = ReplayPlanOperator(
        task_id="plan",
        landing=LANDING,
        source=source,
        scopes="{{ params.scopes }}",
        rule="{{ params.rule }}",
        until="{{ params.until }}",
    )
    count = ReplayDryRunOperator.partial(
        task_id="count", landing=LANDING, source=source, map_index_template=STUDIES_OF_TASK
    ).expand(studies=plan.output)
    finish = ReplayDryRunFinishOperator(task_id="finish", landing=LANDING, trigger_rule="all_done")
    count >> finish
    limit(dag)
