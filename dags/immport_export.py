"""Writes the star and the marts as Parquet files, for R, Python and DuckDB without Postgres."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG, Param

from immport_provider.assets import STAR
from immport_provider.groups import HOW, LANDING, RETRY_DEFAULTS, WHAT, limit
from immport_provider.operators.export import ImmPortExportOperator

with DAG(
    dag_id="immport_export",
    description=__doc__,
    doc_md="""
One run copies every table and view of `star` and `mart` to `<destination>/<release>`, all of one snapshot,
and a `manifest.json` with rows, columns and checksums. Files that would be the same stay as they are.

Connection: `warehouse_default` (type Postgres).
Variable: `immport_export`, a folder or an object storage URL; `export` below `immport_landing` without it.
""",
    schedule=[STAR],
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    tags=["immport"],
    default_args=RETRY_DEFAULTS,
    params={
        "as_of": Param(
            None,
            type=["null", "string"],
            pattern=r"^DR\d{1,5}(\.\d{1,2})?$",
            description="Release to export; the current state when empty",
            section=WHAT,
        ),
        "destination": Param(
            None,
            type=["null", "string"],
            description="Folder or object storage URL; the variable immport_export when empty",
            section=HOW,
        ),
    },
) as dag:
    ImmPortExportOperator(
        task_id="export",
        landing=LANDING,
        destination="{{ params.destination or var.value.get('immport_export', '') }}",
        as_of="{{ params.as_of }}",
    )
    limit(dag)
