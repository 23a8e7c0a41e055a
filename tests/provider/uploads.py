"""A hook that sends to the sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tenacity.wait import wait_none

from immport_provider.hooks.submission.upload import ImmPortUploadHook
from tests.support.sandbox import RunningSandbox

WORKSPACE = 7001
TEMPLATE = (
    "protocols\tSchema Version 3.36\nPlease do not delete or edit this column\n"
    "Column Name\tUser Defined ID\tName\tFile Name\tType\n"
)


def upload_hook(
    sandbox: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    extra: dict[str, Any] | None = None,
    **fields: Any,
) -> ImmPortUploadHook:
    """A hook on a connection with these fields; by default the sandbox, its key and its first workspace."""
    connection = {
        "conn_type": "immport_upload",
        "host": sandbox.url,
        "password": sandbox.upload_key,
        **fields,
    }
    connection["extra"] = {
        "workspace_id": WORKSPACE,
        "max_retries": 2,
        "calls_per_second": 0,
        "status_seconds": 0.01,
        **(extra or {}),
    }
    monkeypatch.setenv("AIRFLOW_CONN_IMMPORT_UPLOAD", json.dumps(connection))
    return ImmPortUploadHook(wait=wait_none(), sleep=lambda seconds: None)
