"""What tasks take seconds to import: for the process that Airflow's workers are forked of.

Imported by that process alone, through Airflow's setting `[scheduler] mp_forkserver_preload`, or by Celery
workers, through Celery's `imports` (docs/configuration.md, Workers). Tasks are forked of workers and find it
there, in memory that they share. Only libraries: the project's own modules are imported by each task, so that
a worker which runs for weeks never uses code that has been replaced since.
"""

from __future__ import annotations

import gc
import importlib
import logging

#: Of Airflow, what runs a task and reads its DAG; of the others, what our tasks use.
LIBRARIES = (
    "airflow.executors.local_executor",
    "airflow.dag_processing.dagbag",
    "airflow.providers.standard.operators.python",
    "airflow.sdk.bases.hook",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "crc32c",
    "great_expectations.expectations",
    "httpx",
    "isal.igzip",
    "msgspec",
    "pandas",
    "psycopg2.extras",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "tenacity",
)

# It says hundreds of times what it does not register.
logging.getLogger("great_expectations").setLevel(logging.WARNING)
for name in LIBRARIES:
    importlib.import_module(name)
# A garbage collector that writes to the marks of what was imported would copy its pages for each task.
gc.collect()
gc.freeze()
