"""Metrics of real runs, as StatsD receives them."""

from __future__ import annotations

from collections import Counter

from include.telemetry import metrics
from include.telemetry.metrics import METRICS, MetricKind
from tests.support.runs import Installations, Kill
from tests.support.sandbox import RunningSandbox
from tests.support.telemetry import statsd_settings, statsd_sink

DECLARED = {f"airflow.{item.name}": item for item in METRICS}
#: What a run without quarantine, failed checks and refusals does not report.
QUIET = {metrics.FAILURES, metrics.QUARANTINED, metrics.VALUES, metrics.CHECKS, metrics.REFUSALS}


def test_statsd_receives_the_documented_metrics_of_a_run(
    installations: Installations, small: RunningSandbox
) -> None:
    installation = installations.fresh(small)
    small.fault("arm", "503", times=1)
    with statsd_sink() as sink:
        switch = Kill(
            "immport_provider.operators.discover:ImmPortDiscoverOperator.perform",
            action="tests.support.telemetry:switch_on",
            arguments={"environment": statsd_settings(sink.port)},
        )
        run = installation.run(switch, route="api")
    assert run.state == "success", run.log[-4000:]
    own = [item for item in sink.received if item.name.startswith("airflow.immport.")]
    assert {item.name for item in own} == {f"airflow.{item.name}" for item in METRICS if item not in QUIET}
    for item in own:
        declared = DECLARED[item.name]
        assert set(item.tags) == set(declared.tags)
        assert item.kind == {MetricKind.COUNTER: "c", MetricKind.TIMER: "ms"}[declared.kind]

    seen = Counter((request["endpoint"],) for request in small.requests())
    assert sink.sums("airflow.immport.calls.sent", "endpoint") == seen
    assert sink.sums("airflow.immport.calls.retries", "endpoint") == {("arm",): 1}
    steps = dict(installation.query("select step, sum(rows) from ops.step where rows > 0 group by 1"))
    assert sink.sums("airflow.immport.step.rows", "step") == {(step,): rows for step, rows in steps.items()}
    changes = installation.query("select relation, sum(added) from ops.release_change group by 1")
    published = sink.sums("airflow.immport.rows.published", "relation", "change")
    assert {relation: rows for (relation, _), rows in published.items()} == {
        relation: rows for relation, rows in changes if rows
    }
    assert {change for _, change in published} == {"added"}
    durations = Counter(item.tags["step"] for item in own if item.name == "airflow.immport.step.duration")
    assert durations == dict(installation.query("select step, count(*) from ops.step group by 1"))
