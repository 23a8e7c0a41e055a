"""Loads the sources beside ImmPort's studies: one DAG for each that is declared and switched on."""

from __future__ import annotations

# A file is looked at for DAGs only where it names both: airflow, dag.
from immport_provider.source_dag import source_dags
from include.warehouse.model.registry import SOURCES

globals().update(source_dags(model.source for model in SOURCES.values()))
