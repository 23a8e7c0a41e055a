"""What monitors request: the health of the warehouse as JSON, and its state for Prometheus.

Both are for who is signed in to Airflow, so that a monitor sends a token of Airflow's.
"""

from __future__ import annotations

import logging

import sqlalchemy as sa
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from include.telemetry.exposition import CONTENT_TYPE, prometheus_text
from include.telemetry.health import FAILED, health
from operations.access import ReaderDep
from operations.database import NotConfiguredError, reading

log = logging.getLogger(__name__)


def add_routes(app: FastAPI) -> None:
    """Add `/health` and `/metrics`."""
    app.add_api_route("/health", _health, methods=["GET"])
    app.add_api_route("/metrics", _metrics, methods=["GET"])


def _health(reader: ReaderDep) -> Response:
    """The health; status 503 when it is `failed`, so that a monitor needs to read no JSON."""
    try:
        with reading(reader) as connection:
            found = health(connection)
    except (NotConfiguredError, sa.exc.SQLAlchemyError) as error:
        log.warning("the warehouse cannot be judged: %s", type(error).__name__, exc_info=error)
        meaning = "the warehouse cannot be reached or read"
        found = {
            "state": FAILED,
            "reasons": [{"rule": "unreachable", "state": FAILED, "meaning": meaning}],
        }
    return JSONResponse(found, 503 if found["state"] == FAILED else 200)


def _metrics(reader: ReaderDep) -> Response:
    """The state in Prometheus' format; status 503 without a warehouse, so that `up` is 0."""
    try:
        with reading(reader) as connection:
            return Response(prometheus_text(connection), headers={"Content-Type": CONTENT_TYPE})
    except (NotConfiguredError, sa.exc.SQLAlchemyError) as error:
        log.warning("the warehouse cannot be read: %s", type(error).__name__, exc_info=error)
        return PlainTextResponse("the warehouse cannot be reached or read\n", 503)
