"""Metrics by Airflow's own facility: over StatsD and OpenTelemetry, and not at all while they are off."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from immport_provider import telemetry
from tests.support.telemetry import statsd_settings, statsd_sink

ROOT = Path(__file__).parents[2]
#: What a task does, in a process of its own: Airflow sends what it has kept when the process ends.
TASK = """
from tests.support.telemetry import switch_on
switch_on({})
from immport_provider.telemetry import emit
from include.telemetry import metrics
from include.telemetry.metrics import Measurement
tags = {"step": "extract", "source": "immport"}
emit([
    Measurement(metrics.ROWS, 12, tags),
    Measurement(metrics.DURATION, 1.5, {**tags, "state": "done"}),
    Measurement(metrics.SENT, 3, {**tags, "host": "example.org:443", "endpoint": "Flow cytometry"}),
])
"""


def run_task(home: Path, settings: dict[str, str]) -> None:
    """Send three measurements as a task does, with these settings."""
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("OTEL_")},
        **settings,
        "AIRFLOW_HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")]),
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(
        [sys.executable, "-c", TASK],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


class Collector(ThreadingHTTPServer):
    """Takes metrics as a collector of OpenTelemetry does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Export)
        self.requests: list[ExportMetricsServiceRequest] = []


class _Export(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(ExportMetricsServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_statsd_receives_names_with_tags(tmp_path: Path) -> None:
    with statsd_sink() as sink:
        run_task(tmp_path, statsd_settings(sink.port))
    own = [line for line in sink.lines if ".immport." in line]
    assert own == [
        "airflow.immport.step.rows,step=extract,source=immport:12|c",
        "airflow.immport.step.duration,step=extract,source=immport,state=done:1500.000000|ms",
        "airflow.immport.calls.sent,step=extract,source=immport,host=example.org_443,endpoint=Flow_cytometry"
        ":3|c",
    ]


def test_one_setting_switches_statsd_on(tmp_path: Path) -> None:
    with statsd_sink() as sink:
        settings = statsd_settings(sink.port)
        del settings["AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED"]
        run_task(tmp_path, settings)
    assert "airflow.immport.step.rows:12|c" in sink.lines


def test_a_collector_of_opentelemetry_receives_them_when_the_task_ends(
    tmp_path: Path, collector: Collector
) -> None:
    run_task(
        tmp_path,
        {
            "AIRFLOW__METRICS__OTEL_ON": "True",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        },
    )
    found = {
        metric.name: metric
        for request in collector.requests
        for resource in request.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if ".immport." in metric.name
    }
    (rows,) = found["airflow.immport.step.rows"].sum.data_points
    assert rows.as_int == 12
    assert {item.key: item.value.string_value for item in rows.attributes} == {
        "step": "extract",
        "source": "immport",
    }
    assert set(found) == {
        "airflow.immport.step.rows",
        "airflow.immport.step.duration",
        "airflow.immport.calls.sent",
    }


def test_nothing_is_queried_while_metrics_are_off() -> None:
    assert not telemetry.is_on()
    telemetry.report_step(sa.create_engine("postgresql+psycopg2://nobody@127.0.0.1:9/none"), 1)


def test_metrics_that_cannot_be_read_fail_no_step(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW__METRICS__STATSD_ON", "True")
    telemetry.report_step(sa.create_engine("postgresql+psycopg2://nobody@127.0.0.1:9/none"), 17)
    assert "step 17: its metrics are not sent" in caplog.text
