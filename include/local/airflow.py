"""The environment in which Airflow runs on this machine: one function for the demo, `make up` and tests."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from immport_provider.connection import CONN_ID, GIVEN
from immport_provider.pools import API, POOLS
from include.local.options import LocalError
from include.local.paths import ROOT
from include.local.ports import HOST
from include.local.processes import exit_status, last_lines, spawn
from include.local.standing.accounts import password_file, users_setting, write_private

#: How long a command may take that prepares Airflow; it takes seconds on an idle machine.
SETUP_SECONDS = 900
#: Workers are forked of a process that has imported what tasks need, and has nothing else open. On macOS,
#: Airflow does not fork tasks.
_WORKERS = (
    {
        "AIRFLOW__SCHEDULER__MP_START_METHOD": "forkserver",
        "AIRFLOW__SCHEDULER__MP_FORKSERVER_PRELOAD": "immport_provider.preload",
    }
    if sys.platform == "linux"
    else {}
)


#: The connection to ImmPort's own public files, as JSON.
PUBLIC_FILES = json.dumps({"conn_type": "immport_public"})
#: The same to MGI's table of orthologs.
ORTHOLOGS = json.dumps({"conn_type": "ortholog_table"})
#: The same to IMPC's images.
IMPC = json.dumps({"conn_type": "impc"})
#: The same to ImmPort's FHIR server.
FHIR = json.dumps({"conn_type": "fhir"})


def airflow_environment(
    home: Path,
    *,
    metadata_url: str,
    warehouse: URL,
    immport: str | None,
    landing: Path,
    public: str = PUBLIC_FILES,
    orthologs: str = ORTHOLOGS,
    impc: str = IMPC,
    fhir: str = FHIR,
    upload: str | None = None,
) -> dict[str, str]:
    """What Airflow needs beside the caller's own environment.

    `warehouse` becomes the connection `warehouse_default`, `landing` the variable `immport_landing`,
    `immport` the connection `immport_default`: JSON or URI, as Airflow reads it. It goes before what the form
    edits, so the standing system gives None and makes a row of it (`AirflowSetUp`). `public` becomes
    `immport_public`, `orthologs` `ortholog_table_default`, `impc` `impc_default` and `fhir` `fhir_default`,
    which hold no key that anybody would edit.
    `upload` becomes `immport_upload`, and is None where the form makes it.
    """
    keys = ensure_secrets(home)
    postgres = {
        "conn_type": "postgres",
        "host": warehouse.host,
        "port": warehouse.port,
        "login": warehouse.username,
        "password": warehouse.password,
        "schema": warehouse.database,
        "extra": dict(warehouse.query),
    }
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # Tasks that wait for ImmPort, and one that computes for each processor: more would take
        # processors from what goes first.
        "AIRFLOW__CORE__PARALLELISM": str(API.slots + (os.cpu_count() or 1)),
        **_WORKERS,
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__FERNET_KEY": keys["fernet_key"],
        "AIRFLOW__API__SECRET_KEY": keys["secret_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": keys["jwt_secret"],
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata_url,
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        # A slot is free about a second after its task, not five.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        # Metrics have their tags, should they be switched on.
        "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "True",
        "GX_ANALYTICS_ENABLED": "false",
        **({} if immport is None else {"AIRFLOW_CONN_IMMPORT_DEFAULT": immport}),
        **({} if upload is None else {"AIRFLOW_CONN_IMMPORT_UPLOAD": upload}),
        "AIRFLOW_CONN_IMMPORT_PUBLIC": public,
        "AIRFLOW_CONN_ORTHOLOG_TABLE_DEFAULT": orthologs,
        "AIRFLOW_CONN_IMPC_DEFAULT": impc,
        "AIRFLOW_CONN_FHIR_DEFAULT": fhir,
        "AIRFLOW_CONN_WAREHOUSE_DEFAULT": json.dumps(postgres),
        "AIRFLOW_VAR_IMMPORT_LANDING": landing.as_uri(),
        # A proxy for the outside world must not get what is for this machine.
        "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), HOST, "localhost"])),
    }


def server_environment(home: Path, port: int) -> dict[str, str]:
    """What Airflow's own servers need on top: address, users, password file."""
    return {
        # A file that changed is read at once. To read all of them each 30 s takes a tenth of two cores.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": users_setting(),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(password_file(home)),
    }


def ensure_secrets(home: Path) -> dict[str, str]:
    """Airflow's keys, generated at the first call."""
    return _kept(
        home / "secrets.json",
        lambda: {
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "secret_key": secrets.token_urlsafe(32),
            "jwt_secret": secrets.token_urlsafe(64),
        },
    )


@dataclass(frozen=True)
class AirflowSetUp:
    """A process that makes Airflow's tables, pools and connection, while other things are prepared."""

    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def begin(
        cls, environment: Mapping[str, str], marked: str, log: Path, immport: str | None = None
    ) -> AirflowSetUp:
        """Start it.

        :param immport: connection that becomes the row `immport_default`, which Airflow's form edits; one
            that was edited stays. None makes no row.
        """
        given = {} if immport is None else {GIVEN: immport}
        return cls(spawn(["immport_provider.set_up"], marked, log, {**environment, **given}), log)

    def finish(self) -> None:
        """Wait for its end.

        Raises:
            LocalError: it failed; the message ends with the log's last lines.
        """
        if exit_status(self.process, "setting Airflow up", SETUP_SECONDS) != 0:
            made = f"database, its pools ({', '.join(item.name for item in POOLS)}) or connection {CONN_ID}"
            raise LocalError(f"Airflow's {made} could not be made: {last_lines(self.log)}")


def _kept(path: Path, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    if not path.exists():
        write_private(path, make())
    return dict(json.loads(path.read_text()))
