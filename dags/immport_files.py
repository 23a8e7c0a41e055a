"""Downloads files of the warehouse's studies (protocols, results, packages), or of images of IMPC."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG, Param

from immport_provider.groups import HOW, LANDING, RETRY_DEFAULTS, WHAT, limit
from immport_provider.operators.base import STUDIES_OF_TASK
from immport_provider.operators.files import (
    ImmPortDownloadOperator,
    ImmPortFinishFilesOperator,
    ImmPortPlanFilesOperator,
)
from immport_provider.pools import API, FILES
from include.sources.impc.files import FilesOf
from include.sources.source import STUDY_PATTERN

PLACES = {
    "landing": LANDING,
    "destination": "{{ params.destination or var.value.get('immport_files', '') }}",
}

with DAG(
    dag_id="immport_files",
    description=__doc__,
    doc_md="""
One run reads the manifests of the studies, chooses files by type, name and size, and downloads those that
are not there yet, in parallel. A broken download continues where it broke off, size and MD5 are verified,
and a file that fails does not stop the others; the run then fails at its end and names the failed files.
The headers of FCS files are read in the same run, into `star.fact_fcs_header`.

With `files_of` a run downloads images of IMPC instead, as small pictures or in full: those of the warehouse
that the selection is of. SHA-256 is verified where IMPC states it.

Connections: `immport_default` (type ImmPort), `impc_default` (type IMPC images), `warehouse_default` (type
Postgres).
Variable: `immport_files`, a folder or an object storage URL; `files` below `immport_landing` without it.
Pools: `immport_api`, `immport_files`; without them no task is started.
""",
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    tags=["immport"],
    default_args=RETRY_DEFAULTS,
    params={
        "files_of": Param(
            str(FilesOf.STUDIES),
            enum=[str(item) for item in FilesOf],
            description="Files of studies, or of images of IMPC: small pictures, each about 64 kB of the"
            " budget, or full files, each about 8 MB",
            section=WHAT,
        ),
        "studies": Param(
            [],
            type=["null", "array"],
            items={"type": "string", "pattern": STUDY_PATTERN},
            description="Only these studies; all that the warehouse holds when empty",
            section=WHAT,
        ),
        "types": Param(
            ["result_file", "protocol_file", "study_file"],
            type=["null", "array"],
            items={"type": "string", "pattern": "^[a-z_]+$"},
            description="ImmPort's file types, such as release_file or archive_file, too; all when empty",
            section=WHAT,
        ),
        "pattern": Param(
            "*",
            type=["null", "string"],
            minLength=1,
            description="Glob on the file name: *.fcs",
            section=WHAT,
        ),
        "max_bytes": Param(
            10_000_000_000,
            type=["null", "integer"],
            minimum=0,
            description="Download at most so many bytes; files that do not fit are recorded as left out",
            section=WHAT,
        ),
        "image_centres": Param(
            [],
            type=["null", "array"],
            items={"type": "string", "minLength": 1},
            description="Images of these phenotyping centres; of all when empty",
            section=WHAT,
        ),
        "image_genes": Param(
            [],
            type=["null", "array"],
            items={"type": "string", "pattern": "^MGI:[0-9]+$"},
            description="Images of these genes, by their accession at MGI; of all when empty",
            section=WHAT,
        ),
        "image_procedures": Param(
            [],
            type=["null", "array"],
            items={"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
            description="Images of these procedures, IMPC_XRY_001; of all when empty",
            section=WHAT,
        ),
        "most_images": Param(
            1000,
            type=["null", "integer"],
            minimum=0,
            description="Files of images at most",
            section=WHAT,
        ),
        "destination": Param(
            None,
            type=["null", "string"],
            description="Folder or object storage URL; the variable immport_files when empty",
            section=HOW,
        ),
        "fcs_headers_only": Param(
            False,
            type=["null", "boolean"],
            description="Do not download FCS files (*.fcs), only read their headers, by HTTP Range",
            section=WHAT,
        ),
        "dry_run": Param(
            False, type=["null", "boolean"], description="Only list what would be downloaded", section=HOW
        ),
    },
) as dag:
    plan = ImmPortPlanFilesOperator(
        task_id="plan",
        pool=API.name,
        files_of="{{ params.files_of }}",
        image_centres="{{ params.image_centres }}",
        image_genes="{{ params.image_genes }}",
        image_procedures="{{ params.image_procedures }}",
        most_images="{{ params.most_images }}",
        studies="{{ params.studies }}",
        types="{{ params.types }}",
        pattern="{{ params.pattern }}",
        max_bytes="{{ params.max_bytes }}",
        fcs_headers_only="{{ params.fcs_headers_only }}",
        is_dry_run="{{ params.dry_run }}",
        **PLACES,
    )
    download = ImmPortDownloadOperator.partial(
        task_id="download",
        pool=FILES.name,
        map_index_template=STUDIES_OF_TASK,
        files_of="{{ params.files_of }}",
        fcs_headers_only="{{ params.fcs_headers_only }}",
        **PLACES,
    ).expand(batch=plan.output)
    finish = ImmPortFinishFilesOperator(
        task_id="finish",
        trigger_rule="all_done",
        batches="{{ ti.xcom_pull(task_ids='plan') }}",
        **PLACES,
    )
    download >> finish
    limit(dag)
