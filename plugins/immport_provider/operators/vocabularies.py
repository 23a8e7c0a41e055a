"""The operator of the vocabularies DAG. The work is in `include.pipeline.vocabularies`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from immport_provider.operators.base import ImmPortOperator, PartlyFailedError, run_key

if TYPE_CHECKING:
    from airflow.sdk import Context


class ImmPortVocabulariesOperator(ImmPortOperator):
    """Fetch all vocabularies and publish what changed. Returns the number of terms by change.

    A vocabulary that cannot be had leaves the others alone; the task then fails at its end and names it.

    :param immport_conn_id: Airflow connection of type `immport`; no key is needed.
    """

    template_fields: Sequence[str] = (*ImmPortOperator.template_fields, "immport_conn_id")
    is_whole_run = True

    def __init__(self, *, immport_conn_id: str = "immport_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.immport_conn_id = immport_conn_id

    def perform(self, context: Context) -> dict[str, int]:
        from immport_provider.hooks.immport import ImmPortHook
        from include.pipeline import vocabularies
        from include.warehouse.terms import proposals

        engine, landing, task = self.engine(), self.landing_zone(), context["ti"]
        fetch = vocabularies.fetch_of(context["run_id"])
        with ImmPortHook(self.immport_conn_id) as hook:
            is_last_try = task.try_number > task.max_tries
            manifest = vocabularies.land(landing, hook, fetch, is_last_try=is_last_try)
        changes = vocabularies.publish(engine, landing, manifest, run_key(context))
        proposals.refresh(engine)  # in a transaction of its own, which stops nothing
        kinds = ("added", "corrected", "withdrawn", "unchanged")
        counts = {kind: sum(getattr(change, kind) for change in changes.values()) for kind in kinds}
        self.log.info("%s terms received: %s", manifest.rows, counts if changes else "nothing newer")
        if gone := vocabularies.missing(manifest):
            each = "; ".join(f"{name}: {why}" for name, why in gone.items())
            raise PartlyFailedError(
                f"{len(gone)} of {len(manifest.landed)} vocabularies keep their terms: {each}"
            )
        return counts
