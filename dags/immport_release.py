"""Loads new and changed studies of ImmPort's data releases into the warehouse."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG, Param

from immport_provider.groups import (
    APPROVALS,
    HOW,
    LANDING,
    REPAIR,
    RETRY_DEFAULTS,
    STUDIES_FIRST,
    WHAT,
    limit,
    load,
)
from immport_provider.operators.announce import ImmPortAnnounceOperator
from immport_provider.operators.discover import ImmPortDiscoverOperator
from immport_provider.operators.finish import ImmPortFinishOperator
from immport_provider.operators.load_steps import ImmPortWithdrawOperator
from immport_provider.pools import API
from immport_provider.source_switch import STUDIES_SCHEDULE
from include.sources.release import RELEASE_PATTERN
from include.sources.source import STUDY_PATTERN

with DAG(
    dag_id="immport_release",
    description=__doc__,
    doc_md="""
One run requests ImmPort's list of studies, compares their data releases with those in the warehouse, and
loads, study by study, what is new or changed. A study that fails does not stop the others; the run then
fails at its end and names the failed studies.

Connections: `immport_default` (type ImmPort), `warehouse_default` (type Postgres).
Variable: `immport_landing`, a folder or an object storage URL.
Pool: `immport_api`; without it no task starts (`python -m immport_provider.pools` makes it).
""",
    schedule=STUDIES_SCHEDULE,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    tags=["immport"],
    default_args={**RETRY_DEFAULTS, **STUDIES_FIRST},
    params={
        "studies": Param(
            [],
            type=["null", "array"],
            items={"type": "string", "pattern": STUDY_PATTERN},
            description="Only these studies; all when empty",
            section=WHAT,
        ),
        "force": Param(
            False, type=["null", "boolean"], description="Load studies that did not change, too", section=WHAT
        ),
        "approve_withdrawals": Param(
            False,
            type=["null", "boolean"],
            description="Withdraw all studies that are no longer listed, however many",
            section=APPROVALS,
        ),
        "approve_releases": Param(
            False,
            type=["null", "boolean"],
            description="Load releases whose number or date lies far ahead",
            section=APPROVALS,
        ),
        "retract_after": Param(
            None,
            type=["null", "string"],
            pattern=RELEASE_PATTERN,
            description="Newest release that is real: what was loaded at later ones is removed first",
            section=REPAIR,
        ),
        "max_withdrawn_share": Param(
            0.1,
            type=["null", "number"],
            minimum=0,
            maximum=1,
            description="Share of the studies that one run may withdraw without approval",
            section=APPROVALS,
        ),
        "check_files": Param(
            False,
            type=["null", "boolean"],
            description="Compare the release files of every study, too",
            section=WHAT,
        ),
        "accept_vanished": Param(
            False,
            type=["null", "boolean"],
            description="Publish studies that lost more than a fifth of their results",
            section=APPROVALS,
        ),
        "route": Param(
            "auto",
            enum=["auto", "api", "package"],
            description="api: endpoint by endpoint; package: the Tab package; auto: the package if any",
            section=HOW,
        ),
        "routes": Param(
            {},
            type=["null", "object"],
            additionalProperties={"enum": ["auto", "api", "package"]},
            description='Routes of single studies, such as {"SDY180": "package"}',
            section=HOW,
        ),
        "replay": Param(
            False,
            type=["null", "boolean"],
            description="Load from the landing zone, without ImmPort",
            section=REPAIR,
        ),
        "replay_until": Param(
            None,
            type=["null", "string"],
            pattern=RELEASE_PATTERN,
            description="Newest release to replay",
            section=REPAIR,
        ),
    },
) as dag:
    discover = ImmPortDiscoverOperator(
        task_id="discover",
        pool=API.name,
        landing=LANDING,
        studies="{{ params.studies }}",
        force="{{ params.force }}",
        approve_withdrawals="{{ params.approve_withdrawals }}",
        approve_releases="{{ params.approve_releases }}",
        retract_after="{{ params.retract_after }}",
        max_withdrawn_share="{{ params.max_withdrawn_share }}",
        check_files="{{ params.check_files }}",
        replay="{{ params.replay }}",
        replay_until="{{ params.replay_until }}",
    )

    extract = {
        "route": "{{ params.route }}",
        "routes": "{{ params.routes }}",
    }
    loads = load.partial(accept_vanished="{{ params.accept_vanished }}", extract=extract)
    withdraw = ImmPortWithdrawOperator(
        task_id="withdraw",
        load_ids="{{ ti.xcom_pull(task_ids='discover', key='withdrawals') }}",
        landing=LANDING,
    )
    announce = ImmPortAnnounceOperator(task_id="announce", trigger_rule="all_done")
    finish = ImmPortFinishOperator(task_id="finish", landing=LANDING, trigger_rule="all_done")
    [loads.expand_kwargs(discover.output), discover >> withdraw] >> announce >> finish
    limit(dag)
