"""What `make up` starts by itself: asserted of the requests that a stand-in for Airflow gets."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from rich.console import Console

from immport_provider.dag_names import RELEASE
from include.local.options import LocalError
from include.local.paths import Paths
from include.local.ports import HOST, free_port
from include.local.standing import first_look
from include.local.standing.accounts import OPERATOR, ensure_passwords
from include.local.standing.airflow_api import AirflowApi
from include.local.standing.first_look import begin_to_load, ensure_runs, first_loads
from include.local.standing.greeting import OVERVIEW
from include.local.standing.state import SystemState
from operations.page import external_views
from operations.registry import PAGES

PAST, FUTURE = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))


@dataclass
class AirflowStandIn:
    """Answers what Airflow's REST interface answers about DAGs and their runs.

    :param dags: state of each known DAG.
    :param runs: states of the runs of a DAG, the newest first.
    :param comes: a run that the scheduler starts after so many looks at the runs of a DAG.
    """

    password: str
    dags: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, list[str]] = field(default_factory=dict)
    comes: dict[str, int] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    triggered: list[str] = field(default_factory=list)
    address: str = ""

    def know(self, dag: str, *, paused: bool = False, due: datetime | None = PAST) -> None:
        """Let a DAG be known."""
        self.dags[dag] = {"is_paused": paused, "next_dagrun_run_after": due and due.isoformat()}

    def answer(self, method: str, path: str, body: dict[str, Any], is_signed_in: bool) -> tuple[int, Any]:
        """Status and body of an answer."""
        if path == "/auth/token":
            good = body == {"username": OPERATOR.name, "password": self.password}
            return (201, {"access_token": "token"}) if good else (401, {"detail": "Invalid credentials"})
        if not is_signed_in:
            return 401, {"detail": "Not authenticated"}
        kind, _, rest = path.removeprefix("/api/v2/").partition("/")
        name, _, part = rest.partition("/")
        if kind == "importErrors":
            return 200, {"import_errors": [{"filename": "broken.py", "stack_trace": "SyntaxError: here\n"}]}
        if kind == "variables" and name in self.variables:
            return 200, {"key": name, "value": self.variables[name]}
        if kind != "dags" or name not in self.dags:
            return 404, {"detail": "not found"}
        if not part:
            return 200, self.dags[name]
        if method == "POST":
            self.triggered.append(name)
            self.runs.setdefault(name, []).insert(0, "queued")
            return 200, {"dag_run_id": f"manual {name}", "state": "queued"}
        self.comes[name] = self.comes.get(name, 0) - 1
        if self.comes[name] == 0:
            self.runs.setdefault(name, []).insert(0, "running")
        runs = [{"dag_run_id": f"{state} {name}", "state": state} for state in self.runs.get(name, [])]
        return 200, {"dag_runs": runs, "total_entries": len(runs)}


@pytest.fixture
def airflow(tmp_path: Path) -> Iterator[AirflowStandIn]:
    made = AirflowStandIn(ensure_passwords(Paths(tmp_path).airflow)[OPERATOR.name])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
            is_signed_in = self.headers.get("Authorization") == "Bearer token"
            status, answer = made.answer(self.command, urlsplit(self.path).path, body, is_signed_in)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_GET  # noqa: N815 - as http.server names it

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        made.address = f"http://{HOST}:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


@pytest.fixture
def api(airflow: AirflowStandIn) -> Iterator[AirflowApi]:
    with AirflowApi(airflow.address, OPERATOR.name, airflow.password) as api:
        yield api


def test_a_run_that_is_due_is_the_schedulers_to_start(airflow: AirflowStandIn, api: AirflowApi) -> None:
    airflow.know("a")
    airflow.comes["a"] = 2
    assert ensure_runs(api, ["a"]) == {"a": "running a"}
    assert airflow.triggered == []


@pytest.mark.parametrize("due", [None, FUTURE])
def test_where_none_is_due_one_is_started_once(
    airflow: AirflowStandIn, api: AirflowApi, due: datetime | None
) -> None:
    airflow.know("a", due=due)
    assert ensure_runs(api, ["a"]) == {"a": "manual a"}
    assert ensure_runs(api, ["a"]) == {"a": "queued a"}
    assert airflow.triggered == ["a"]


@pytest.mark.parametrize(
    ("runs", "started"),
    [
        (["success"], []),
        (["failed", "success"], []),  # a load was done: what failed since is for who watches
        (["running", "failed"], []),
        (["failed", "failed"], ["a"]),
    ],
)
def test_a_load_that_was_done_or_is_on_its_way_is_not_started_again(
    airflow: AirflowStandIn, api: AirflowApi, runs: list[str], started: list[str]
) -> None:
    airflow.know("a")
    airflow.runs["a"] = runs
    ensure_runs(api, ["a"])
    assert airflow.triggered == started


def test_a_dag_that_somebody_switched_off_stays_off(airflow: AirflowStandIn, api: AirflowApi) -> None:
    airflow.know("a", paused=True)
    assert ensure_runs(api, ["a"]) == {}
    assert airflow.triggered == []


def test_a_dag_that_does_not_become_known_is_reported_with_the_broken_file(
    api: AirflowApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_look, "RUNS_WITHIN_SECONDS", 0.1)
    with pytest.raises(LocalError, match=r"started no run of a in 0.1 s\nbroken.py: SyntaxError: here$"):
        ensure_runs(api, ["a"])


def test_sources_that_are_switched_off_have_no_first_load(airflow: AirflowStandIn, api: AirflowApi) -> None:
    everything = first_loads(api, {})
    assert everything[0] == RELEASE
    assert {"immport_vocabularies", "immport_gene_lists"} <= set(everything)
    airflow.variables["immport_sources"] = "gene_lists"
    assert first_loads(api, {}) == [RELEASE, "immport_gene_lists"]
    # As Airflow has it: the environment goes before the form.
    assert first_loads(api, {"AIRFLOW_VAR_IMMPORT_SOURCES": "vocabularies"}) == [
        RELEASE,
        "immport_vocabularies",
    ]
    airflow.variables["immport_sources"] = "nonsense"
    with pytest.raises(LocalError, match="immport_sources names nonsense"):
        first_loads(api, {})


def _state(address: str, sandbox: str | None) -> SystemState:
    return SystemState(address, "world", sandbox, {}, [], None)


def test_with_the_real_immport_nothing_is_started(tmp_path: Path) -> None:
    # Nothing answers there: a request would be an error.
    begin_to_load(Console(), Paths(tmp_path), _state(f"http://{HOST}:{free_port()}", None))


def test_what_runs_is_printed_with_the_address_of_its_page(
    airflow: AirflowStandIn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for dag in (RELEASE, "immport_vocabularies", "immport_gene_lists"):
        airflow.know(dag)
        airflow.runs[dag] = ["success"]
    airflow.runs[RELEASE] = ["running"]
    for model in first_look.SOURCES:
        airflow.know(f"immport_{model}")
        airflow.runs.setdefault(f"immport_{model}", ["success"])
    begin_to_load(Console(width=300), Paths(tmp_path), _state(airflow.address, "http://sandbox"))
    shown = capsys.readouterr().out
    assert f"{RELEASE} runs now: {airflow.address}/dags/{RELEASE}/runs/running%20{RELEASE}\n" in shown
    assert shown.count("runs now") == 1


def test_a_refused_sign_in_says_what_helps_and_holds_no_password(
    airflow: AirflowStandIn, tmp_path: Path
) -> None:
    right, airflow.password = airflow.password, "another"
    message = r"^the system runs, but .*: Airflow at .* refuses the user operator:"
    with pytest.raises(LocalError, match=message) as e:
        begin_to_load(Console(), Paths(tmp_path), _state(airflow.address, "http://sandbox"))
    assert right not in str(e.value)


def test_an_answer_that_is_an_error_names_the_request(airflow: AirflowStandIn, api: AirflowApi) -> None:
    with pytest.raises(LocalError, match=r"Airflow answers 404 to POST http://.*/dags/x/dagRuns: not found"):
        api.post("/dags/x/dagRuns", {})


def test_a_page_that_does_not_answer_names_the_request() -> None:
    with pytest.raises(LocalError, match=r"Airflow does not answer POST http://127.0.0.1:\d+/auth/token: "):
        AirflowApi(f"http://{HOST}:{free_port()}", OPERATOR.name, "x")


def test_the_overview_is_where_the_pages_are_in_the_navigation() -> None:
    first = external_views(PAGES)[0]
    assert (first["destination"], f"/plugin/{first['url_route']}") == ("nav", OVERVIEW)
