"""Loads releases from before the warehouse, out of the packages that ImmPort keeps of them."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG, Param

from immport_provider.groups import APPROVALS, HOW, LANDING, RETRY_DEFAULTS, WHAT, limit, load
from immport_provider.operators.announce import ImmPortAnnounceOperator
from immport_provider.operators.backfill import ImmPortBackfillOperator
from immport_provider.operators.finish import ImmPortFinishOperator
from immport_provider.pools import API
from include.sources.source import STUDY_PATTERN

RELEASE = r"^DR\d{1,5}(\.\d{1,2})?$"

with DAG(
    dag_id="immport_backfill",
    description=__doc__,
    doc_md="""
One run lists the packages that ImmPort keeps of each study's older releases, and loads those that the
warehouse has not captured, oldest first; also into a warehouse with later releases. Afterwards `star.as_of`
reaches back to them.

Run it once as it is: a dry run logs the packages and their sizes. Then switch `dry_run` off.

Connections: `immport_default` (type ImmPort), `warehouse_default` (type Postgres).
Variable: `immport_landing`, a folder or an object storage URL.
Pool: `immport_api`; without it no task is started.
""",
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    tags=["immport"],
    default_args=RETRY_DEFAULTS,
    params={
        "studies": Param(
            [],
            type=["null", "array"],
            items={"type": "string", "pattern": STUDY_PATTERN},
            description="Only these studies; all that the warehouse holds when empty",
            section=WHAT,
        ),
        "first_release": Param(
            None, type=["null", "string"], pattern=RELEASE, description="Oldest release to load", section=WHAT
        ),
        "last_release": Param(
            None, type=["null", "string"], pattern=RELEASE, description="Newest release to load", section=WHAT
        ),
        "dry_run": Param(
            True, type=["null", "boolean"], description="Only list the packages and their sizes", section=HOW
        ),
        "force": Param(
            False, type=["null", "boolean"], description="Load releases that are captured, too", section=WHAT
        ),
        "accept_vanished": Param(
            False,
            type=["null", "boolean"],
            description="Publish releases that lack many results of earlier ones",
            section=APPROVALS,
        ),
    },
) as dag:
    plan = ImmPortBackfillOperator(
        task_id="plan",
        pool=API.name,
        landing=LANDING,
        studies="{{ params.studies }}",
        first_release="{{ params.first_release }}",
        last_release="{{ params.last_release }}",
        is_dry_run="{{ params.dry_run }}",
        force="{{ params.force }}",
    )
    loads = load.partial(accept_vanished="{{ params.accept_vanished }}", extract={})
    announce = ImmPortAnnounceOperator(task_id="announce", trigger_rule="all_done")
    finish = ImmPortFinishOperator(task_id="finish", landing=LANDING, trigger_rule="all_done")
    loads.expand_kwargs(plan.output) >> announce >> finish
    limit(dag)
