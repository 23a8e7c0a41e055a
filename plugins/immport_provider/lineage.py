"""Lineage of steps for OpenLineage: what the provider of that name requests of an operator when a task ends.

The provider is an extra. Only where it is installed, and a transport is set, it calls the operators' methods,
and only then its modules are imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlalchemy as sa

    from include.telemetry.lineage import Places, StepDataset, StepOfLoads


def facets(engine: sa.Engine, places: Places, done: StepOfLoads) -> Any:
    """What a step read and wrote, as an `OperatorLineage`.

    :raises ImportError: the provider is not installed.
    """
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset, OutputDataset

    from include.telemetry.lineage import lineage_of

    with engine.connect() as connection:
        found = lineage_of(connection, places, done)
    return OperatorLineage(
        inputs=[
            InputDataset(namespace=item.namespace, name=item.name, facets=_facets(item))
            for item in found.inputs
        ],
        outputs=[
            OutputDataset(
                namespace=item.namespace, name=item.name, facets=_facets(item), outputFacets=_statistics(item)
            )
            for item in found.outputs
        ],
    )


def _facets(item: StepDataset) -> dict[str, Any]:
    """Schema and column lineage of a dataset, where they are known."""
    from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset

    made: dict[str, Any] = {}
    if item.fields:
        made["schema"] = schema_dataset.SchemaDatasetFacet(
            fields=[
                schema_dataset.SchemaDatasetFacetFields(one.name, one.type, one.meaning or None)
                for one in item.fields
            ]
        )
    if item.origins:
        made["columnLineage"] = column_lineage_dataset.ColumnLineageDatasetFacet(
            fields={
                column: column_lineage_dataset.Fields(
                    inputFields=[
                        column_lineage_dataset.InputField(ref.namespace, ref.dataset, ref.field)
                        for ref in refs
                    ]
                )
                for column, refs in item.origins.items()
            }
        )
    return made


def _statistics(item: StepDataset) -> dict[str, Any]:
    from openlineage.client.facet_v2 import output_statistics_output_dataset

    if item.rows is None:
        return {}
    rows = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=item.rows)
    return {"outputStatistics": rows}
