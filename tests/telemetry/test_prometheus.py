"""The files for Prometheus, and a real Prometheus that scrapes a warehouse and judges its rules."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import yaml

from include.local.ports import free_port
from include.telemetry.exposition import CONTENT_TYPE, SERIES, prometheus_text
from tests.support.warehouse import Warehouse
from tests.telemetry.conftest import NOW

FILES = Path(__file__).parents[2] / "docs" / "monitoring"
RULES = FILES / "rules.yml"
ALERTS = {
    rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
}
#: Seconds until Prometheus must have scraped and judged.
_LONGEST = 60

needs_prometheus = pytest.mark.skipif(
    shutil.which("promtool") is None or shutil.which("prometheus") is None,
    reason="Prometheus is not installed: apt install prometheus",
)


def promtool(*arguments: str, text: str | None = None) -> str:
    """What promtool says; it must find nothing wrong."""
    done = subprocess.run(
        ["promtool", *arguments], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_prometheus
def test_promtool_finds_nothing_wrong_with_the_files() -> None:
    promtool("check", "rules", str(RULES))
    promtool("check", "config", "--syntax-only", str(FILES / "prometheus.yml"))


@needs_prometheus
def test_promtool_finds_nothing_wrong_with_the_text(filled: Warehouse) -> None:
    with filled.engine.connect() as connection:
        assert promtool("check", "metrics", text=prometheus_text(connection, NOW)) == ""


def test_rules_read_declared_series() -> None:
    declared = {item.name for item in SERIES}
    for name, rule in ALERTS.items():
        used = set(re.findall(r"\bimmport_[a-z_]+(?=[{\[\s)]|$)", rule["expr"]))
        assert used - {"immport_warehouse"} <= declared, name


#: What makes each alert fire, as series of an hour-long history, and after which time.
FIRES: dict[str, tuple[dict[str, str], str]] = {
    "WarehouseNotScraped": ({'up{job="immport_warehouse"}': "0x600"}, "20m"),
    "WarehouseFailed": ({'immport_health{state="failed"}': "1x600"}, "15m"),
    "WarehouseDegraded": ({'immport_health{state="degraded"}': "1x600"}, "70m"),
    "SourceOverdue": ({'immport_health_rule_broken{rule="overdue"}': "1x600"}, "70m"),
    "ReleaseNotLoaded": ({'immport_release_waits{source="immport"}': "1x600"}, "7h"),
    "LoadsFailed": ({'immport_open_failures{source="immport"}': "3x600"}, "7h"),
    "WorkHeld": ({'immport_held{source="immport"}': "1x600"}, "70m"),
    "KeyExpires": ({"immport_key_expires_in_seconds": "604799x600"}, "1m"),
    "KeyExpired": ({"immport_key_expires_in_seconds": "0x600"}, "1m"),
    "QuarantineGrew": (
        {'immport_quarantined_rows{source="immport",endpoint="hai"}': "0x60 101x2000"}, "25h",
    ),
    "SourceFails": (
        {
            'immport_call_requests_total{source="immport",host="h",endpoint="e"}': "0+10x600",
            'immport_call_errors_total{source="immport",host="h",endpoint="e"}': "0+5x600",
            'immport_call_refusals_total{source="immport",host="h",endpoint="e"}': "0+2x600",
        },
        "2h",
    ),
    "CircuitOpen": ({'immport_circuit_open{host="h"}': "1x600"}, "40m"),
    "AuditFailed": ({"immport_audit_findings": "2x600"}, "1m"),
}  # fmt: skip
#: The same with values that must not.
SILENT: dict[str, dict[str, str]] = {
    "WarehouseNotScraped": {'up{job="immport_warehouse"}': "1x600"},
    "SourceFails": {
        'immport_call_requests_total{source="immport",host="h",endpoint="e"}': "0+10x600",
        'immport_call_errors_total{source="immport",host="h",endpoint="e"}': "0+5x600",
        'immport_call_refusals_total{source="immport",host="h",endpoint="e"}': "0+5x600",
    },
    "KeyExpires": {"immport_key_expires_in_seconds": "604800x600"},
    "QuarantineGrew": {'immport_quarantined_rows{source="immport",endpoint="hai"}': "500x2000"},
}


def history(series: dict[str, str]) -> list[dict[str, str]]:
    return [{"series": name, "values": values} for name, values in series.items()]


@pytest.mark.long
@needs_prometheus
def test_each_rule_fires_for_what_it_is_about_and_not_otherwise(tmp_path: Path) -> None:
    assert set(FIRES) == set(ALERTS)
    tests: list[dict[str, Any]] = []
    for name, (series, after) in FIRES.items():
        # The query counts what fires, whatever labels and words it has.
        query = f'count(ALERTS{{alertname="{name}",alertstate="firing"}})'
        fires = {"expr": query, "eval_time": after, "exp_samples": [{"labels": "{}", "value": 1}]}
        tests.append({"interval": "1m", "input_series": history(series), "promql_expr_test": [fires]})
        if name in SILENT:
            silent = {"expr": query, "eval_time": after, "exp_samples": []}
            tests.append(
                {"interval": "1m", "input_series": history(SILENT[name]), "promql_expr_test": [silent]}
            )
    shutil.copy(RULES, tmp_path / "rules.yml")
    plan = tmp_path / "plan.yml"
    plan.write_text(
        yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests})
    )
    promtool("test", "rules", str(plan))


@contextmanager
def served(text: Callable[[], str]) -> Iterator[int]:
    """A server on a free port that answers with a text."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.end_headers()
            self.wfile.write(text().encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Samples of an instant query."""
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": expression}, trust_env=False)
        result: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["result"]
        return result

    def until(self, expression: str) -> list[dict[str, Any]]:
        """The samples once there are any.

        :raises TimeoutError: there were none for a minute.
        """
        pause = Event()
        for _ in range(_LONGEST * 10):
            try:
                if found := self.query(expression):
                    return found
            except httpx.HTTPError:
                pass  # it is not ready yet
            pause.wait(0.1)
        raise TimeoutError(f"no sample of {expression} within {_LONGEST} s")


@contextmanager
def running(folder: Path, port: int) -> Iterator[Prometheus]:
    """A Prometheus with the files of the documentation, whose first job scrapes a port here every second."""
    settings = yaml.safe_load((FILES / "prometheus.yml").read_text())
    settings["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    job = settings["scrape_configs"][0]
    job["static_configs"] = [{"targets": [f"127.0.0.1:{port}"]}]
    settings["scrape_configs"] = [job]
    (folder / "prometheus.yml").write_text(json.dumps(settings))
    (folder / "token").write_text("t0ken")
    shutil.copy(RULES, folder / "rules.yml")
    own = free_port()
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{own}",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield Prometheus(f"http://127.0.0.1:{own}")
        finally:
            process.terminate()


@pytest.mark.long
@needs_prometheus
def test_prometheus_scrapes_a_warehouse_and_its_alerts_fire(filled: Warehouse, tmp_path: Path) -> None:
    with filled.engine.begin() as connection:
        connection.execute(sa.text("update ops.run set key_expires_at = now() + interval '2 days'"))

    def text() -> str:
        with filled.engine.connect() as connection:
            return prometheus_text(connection, datetime.now(UTC))

    with served(text) as port, running(tmp_path, port) as prometheus:
        (rows,) = prometheus.until("immport_quarantined_rows")
        assert rows["metric"]["endpoint"] == "hai"
        assert rows["value"][1] == "2"
        (calls,) = prometheus.until("immport_call_requests_total")
        assert (calls["metric"]["host"], calls["value"][1]) == ('h"\\:1', "20")
        assert prometheus.until('immport_health{state="degraded"} == 1')
        (alert,) = prometheus.until('ALERTS{alertname="KeyExpires",alertstate="firing"}')
        assert alert["metric"]["severity"] == "warning"
        assert prometheus.query('ALERTS{alertname="KeyExpired"}') == []
        named = {item["metric"]["__name__"] for item in prometheus.query('{__name__=~"immport_.+"}')}
        assert named == {item.name for item in SERIES}
