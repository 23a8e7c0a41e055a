"""The DAG of a source, made of its declaration: discover, load what changed, withdraw what is gone, end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pendulum
from airflow.sdk import DAG, Param, Variable

from immport_provider.groups import APPROVALS, LANDING, REPAIR, RETRY_DEFAULTS, WHAT, limit, loading
from immport_provider.hooks.source_clients import CLIENTS
from immport_provider.operators.announce import ImmPortAnnounceOperator
from immport_provider.operators.finish import ImmPortFinishOperator
from immport_provider.operators.load_steps import ImmPortWithdrawOperator
from immport_provider.operators.sources import SourceDiscoverOperator, SourceExtractOperator
from immport_provider.source_switch import SWITCH, dag_id, switched_on
from include.sources.fetched.fetched_source import FetchedSource
from include.sources.source import Source


def source_dags(sources: Iterable[Source]) -> dict[str, DAG]:
    """The DAGs of the sources that are switched on, by their names."""
    named: str | None = Variable.get(SWITCH, default=None)
    return {dag_id(item): source_dag(item) for item in switched_on(sources, named)}


def source_dag(source: FetchedSource) -> DAG:
    """The DAG of a source."""
    scopes, client = source.scope.plural, CLIENTS[source.client]
    parameter = scopes.replace(" ", "_")
    with DAG(
        dag_id=dag_id(source),
        description=source.about.partition("\n")[0],
        doc_md=f"""
{source.about}

One run finds out which {scopes} the source offers, fetches those that are new or may have changed, and loads
them one by one. One that fails does not stop the others; the run then fails at its end and names it.

Connections: `{client.connection}`, `warehouse_default` (type Postgres).
Variables: `immport_landing`, a folder or an object storage URL; `{SWITCH}`, the sources that are on.
Pool: `{client.pool.name}`; without it no task starts (`python -m immport_provider.pools` makes it).
""",
        schedule=source.schedule,
        start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=1,
        render_template_as_native_obj=True,
        tags=["immport"],
        default_args=RETRY_DEFAULTS,
        params=_params(source, parameter),
    ) as dag:
        discover = SourceDiscoverOperator(
            task_id="discover",
            pool=client.pool.name,
            landing=LANDING,
            source=source.name,
            scopes=f"{{{{ params.{parameter} }}}}",
            force="{{ params.force }}",
            approve_withdrawals="{{ params.approve_withdrawals }}",
            max_withdrawn_share="{{ params.max_withdrawn_share }}",
            replay="{{ params.replay }}",
            replay_until="{{ params.replay_until }}",
        )
        group = loading(SourceExtractOperator, client.pool)
        loads = group.partial(accept_vanished="{{ params.accept_vanished }}", extract={"source": source.name})
        withdraw = ImmPortWithdrawOperator(
            task_id="withdraw",
            load_ids="{{ ti.xcom_pull(task_ids='discover', key='withdrawals') }}",
            landing=LANDING,
        )
        announce = ImmPortAnnounceOperator(task_id="announce", trigger_rule="all_done")
        finish = ImmPortFinishOperator(task_id="finish", landing=LANDING, trigger_rule="all_done")
        [loads.expand_kwargs(discover.output), discover >> withdraw] >> announce >> finish
        limit(dag)
    return dag


def _params(source: FetchedSource, parameter: str) -> dict[str, Param]:
    scopes = source.scope.plural
    texts: dict[str, Any] = {"type": "string", "pattern": source.scope.pattern}
    return {
        parameter: Param(
            [],
            type=["null", "array"],
            items=texts,
            description=f"Only these {scopes}; all when empty",
            section=WHAT,
        ),
        "force": Param(
            False,
            type=["null", "boolean"],
            description=f"Load {scopes} that did not change, too",
            section=WHAT,
        ),
        "approve_withdrawals": Param(
            False,
            type=["null", "boolean"],
            description=f"Withdraw all {scopes} that are no longer offered, however many",
            section=APPROVALS,
        ),
        "max_withdrawn_share": Param(
            0.1,
            type=["null", "number"],
            minimum=0,
            maximum=1,
            description=f"Share of the {scopes} that one run may withdraw without approval",
            section=APPROVALS,
        ),
        "accept_vanished": Param(
            False,
            type=["null", "boolean"],
            description=f"Publish {scopes} that lost more than a fifth of their rows",
            section=APPROVALS,
        ),
        "replay": Param(
            False,
            type=["null", "boolean"],
            description="Load from the landing zone, without the source",
            section=REPAIR,
        ),
        "replay_until": Param(
            None,
            type=["null", "string"],
            pattern=source.line.pattern,
            description="Newest release to replay",
            section=REPAIR,
        ),
    }
