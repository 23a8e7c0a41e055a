"""The operator of the vocabularies DAG. The work is in `include.pipeline.vocabularies`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from immport_provider.operators.base import ImmPortOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class ImmPortVocabulariesOperator(ImmPortOperator):
    """Fetch all vocabularies and publish what changed. Returns the number of terms by change.

    :param immport_conn_id: Airflow connection of type `immport`; no key is needed.
    """

    template_fields: Sequence[str] = (*ImmPortOperator.template_fields, "immport_conn_id")

    def __init__(self, *, immport_conn_id: str = "immport_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.immport_conn_id = immport_conn_id

    def execute(self, context: Context) -> dict[str, int]:
        from immport_provider.hooks.immport import ImmPortHook
        from include.pipeline import vocabularies
        from include.warehouse import terms
        from include.warehouse.migrate import require_current

        engine, landing, run_id = self.engine(), self.landing_zone(), context["run_id"]
        require_current(engine)
        with ImmPortHook(self.immport_conn_id) as hook:
            manifest = vocabularies.land(landing, hook, vocabularies.fetch_of(run_id))
        changes = vocabularies.publish(engine, landing, manifest, run_id)
        terms.refresh(engine)  # in a transaction of its own, which stops nothing
        kinds = ("added", "corrected", "withdrawn", "unchanged")
        counts = {kind: sum(getattr(change, kind) for change in changes.values()) for kind in kinds}
        self.log.info("%s terms received: %s", manifest.rows, counts if changes else "nothing newer")
        return counts
