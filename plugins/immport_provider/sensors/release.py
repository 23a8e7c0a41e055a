"""The sensor that waits for a data release of ImmPort, without a worker's slot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout, AirflowSkipException

from immport_provider.operators.base import WarehouseOperator
from immport_provider.operators.parameters import SensorParameters

if TYPE_CHECKING:
    from airflow.sdk import Context

#: ImmPort's releases are some months apart.
POLL, TIMEOUT = timedelta(hours=1), timedelta(days=120)
#: What the trigger may be late by: it ends by itself.
_GRACE = timedelta(minutes=5)


class ImmPortReleaseSensor(WarehouseOperator, BaseSensorOperator):
    """Wait until ImmPort lists a data release that is newer. Returns it, such as `DR59`.

    The triggerer waits. A source that does not answer gets another request until the time is over;
    one that refuses the request fails the task at once.

    :param immport_conn_id: Airflow connection of type `immport`; no key is needed.
    :param than: the release that the new one must be newer than; the newest that the warehouse holds when
        empty.
    :param poke_interval: from one look to the next, an hour by default.
    :param timeout: how long to wait, 120 days by default.
    :param soft_fail: skip the task when the time is over.
    """

    template_fields: Sequence[str] = (*WarehouseOperator.template_fields, "immport_conn_id", "than")

    def __init__(
        self,
        *,
        immport_conn_id: str = "immport_default",
        than: str | None = None,
        poke_interval: timedelta | float = POLL,
        timeout: timedelta | float = TIMEOUT,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, timeout=timeout, **kwargs)
        self.immport_conn_id = immport_conn_id
        self.than = than

    def perform(self, context: Context) -> None:
        from immport_provider.triggers.release import ImmPortReleaseTrigger

        parameters = SensorParameters.of(self)
        than = str(parameters.than) if parameters.than else self._newest_loaded()
        ends = datetime.now(UTC) + timedelta(seconds=self.timeout)
        trigger = ImmPortReleaseTrigger(self.immport_conn_id, than, self.poke_interval, ends.isoformat())
        self.log.info("waiting until %s for a release after %s", ends, than or "none")
        wait = timedelta(seconds=self.timeout) + _GRACE
        self.defer(trigger=trigger, method_name="resume", timeout=wait)

    def resume(self, context: Context, event: dict[str, Any]) -> str:
        """Go on with what the trigger found.

        :raises AirflowSensorTimeout: no release in time; `AirflowSkipException` if that is a soft failure.
        :raises AirflowFailException: ImmPort refuses the question: another try would fail in the same way.
        """
        if event["status"] == "released":
            self.log.info("ImmPort lists %s", event["release"])
            return str(event["release"])
        if event["status"] == "failed":
            raise AirflowFailException(event["error"])
        late = f"no newer release within {timedelta(seconds=self.timeout)}"
        if self.soft_fail:
            raise AirflowSkipException(late)
        raise AirflowSensorTimeout(late)

    def _newest_loaded(self) -> str | None:
        from include.pipeline.discover import warehouse_studies
        from include.sources.release import Release

        loaded = [Release.parse(study.release) for study in warehouse_studies(self.engine()) if study.release]
        return str(max(loaded)) if loaded else None
