"""The metrics that each step of each load reports, declared once: name, kind, unit, tags, meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class MetricKind(StrEnum):
    """How a metric behaves: a counter adds up, a timer is one observation of a duration."""

    COUNTER = "counter"
    TIMER = "timer"


@dataclass(frozen=True)
class Metric:
    """A metric of the warehouse. Airflow puts its own prefix before the name, `airflow` by default.

    :param unit: of its values; a timer is measured in seconds and sent in milliseconds, as StatsD defines.
    :param tags: names of the tags that each value has.
    """

    name: str
    kind: MetricKind
    unit: str
    tags: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class Measurement:
    """A value of a metric.

    :param value: in the unit of the metric.
    :param tags: one for each tag of the metric.
    """

    metric: Metric
    value: float
    tags: Mapping[str, str]

    def __post_init__(self) -> None:
        if set(self.tags) != set(self.metric.tags):
            raise ValueError(f"{self.metric.name} has the tags {self.metric.tags}, not {tuple(self.tags)}")


#: What a tag means.
TAGS = {
    "step": "`discover`, `extract`, `stage`, `check`, `publish`, `withdraw`; of files `plan` and `download`",
    "source": "name of the source, such as `immport` or `vocabularies`",
    "state": "`done`, `skipped`, `failed` or `superseded`, as in `ops.step`",
    "host": "host and port that was called",
    "endpoint": "endpoint of the source; a result endpoint is an assay, such as `hai`",
    "relation": "table of the star; the fact of an assay is `fact_` and its name, such as `fact_hai`",
    "change": "`added`, `corrected`, `withdrawn` or `unchanged`",
    "severity": "`critical`, `endpoint`, `row`, `value` or `warning`, as in `quality.result`",
}

_STEP = ("step", "source")
_ENDPOINT = ("source", "endpoint")
_CALLS = ("step", "source", "host", "endpoint")


def _counter(name: str, unit: str, tags: tuple[str, ...], meaning: str) -> Metric:
    return Metric(f"immport.{name}", MetricKind.COUNTER, unit, tags, meaning)


DURATION = Metric(
    "immport.step.duration",
    MetricKind.TIMER,
    "seconds",
    (*_STEP, "state"),
    "Time that a step took for one load",
)
ROWS = _counter("step.rows", "rows", _STEP, "Rows that the step moved; of `download`, files")
FAILURES = _counter("step.failures", "loads", _STEP, "Loads for which the step failed")
RECEIVED = _counter("rows.received", "rows", _ENDPOINT, "Rows in the answers, or made of a package")
STAGED = _counter("rows.staged", "rows", _ENDPOINT, "Rows that were copied into staging tables")
PUBLISHED = _counter(
    "rows.published", "rows", ("source", "relation", "change"), "Rows of the star, by what publishing did"
)
QUARANTINED = _counter(
    "rows.quarantined", "rows", _ENDPOINT, "Rows that are not published, for a broken rule"
)
VALUES = _counter(
    "values.quarantined", "values", _ENDPOINT, "Values that could not be read; their rows are published"
)
CHECKS = _counter("checks.failed", "checks", ("source", "severity"), "Expectations that were not met")
SENT = _counter("calls.sent", "calls", _CALLS, "Requests sent, repeated ones included")
RETRIES = _counter("calls.retries", "calls", _CALLS, "Requests that repeat one that had failed")
ERRORS = _counter("calls.errors", "calls", _CALLS, "Requests without a good answer, failed tries included")
REFUSALS = _counter(
    "calls.refusals", "calls", _CALLS, "Of the errors, those that the source decided on: 401, 403, 404 ..."
)
BYTES = _counter("calls.bytes", "bytes", _CALLS, "Bytes of the answers as they came, headers included")
CALLING = _counter(
    "calls.milliseconds", "milliseconds", _CALLS, "Time from the connection to the last byte, all calls added"
)
#: All of them, in the order of the documentation.
METRICS = (
    DURATION, ROWS, FAILURES, RECEIVED, STAGED, PUBLISHED, QUARANTINED, VALUES, CHECKS,
    SENT, RETRIES, ERRORS, REFUSALS, BYTES, CALLING,
)  # fmt: skip
