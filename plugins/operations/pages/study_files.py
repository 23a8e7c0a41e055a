"""The files that were landed for one load, with their checksums, as the landing zone lists them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.models.variable import Variable
from airflow.sdk import ObjectStoragePath

from include.landing.manifest import Fetch, LandingError
from include.landing.reading import MANIFEST
from include.warehouse.model.registry import SOURCES
from operations.listing import TableColumn
from operations.page import WebPage
from operations.view import NothingThereError, View

log = logging.getLogger(__name__)
#: Variable that names the landing zone.
LANDING = "immport_landing"
#: A larger manifest is not read for a page: it stands in the landing zone.
LARGEST_BYTES = 8_000_000
_SHOWN = ("endpoint", "piece", "path", "rows", "size_bytes", "stored_bytes", "sha256", "stored_sha256",
          "fetched_at")  # fmt: skip


class UnreadableError(RuntimeError):
    """The manifest cannot be read: why, in words for who looks at the page."""


def _load(view: View) -> Mapping[str, Any]:
    source, number = view.text("source"), view.number("load", 0, 0, 10**9)
    if source not in SOURCES:
        raise NothingThereError(source)
    load = view.row("study_load", source=source, scope=view.text("scope"), load=number)
    shown: dict[str, Any] = {"load": load, "columns": COLUMNS, "files": [], "problem": None, "folder": None}
    try:
        fetch = Fetch(load["scope"], load["release_version"], load["fetch_id"], SOURCES[source].source)
        shown["folder"] = fetch.path
        shown["files"] = files_of(fetch)
    except (LandingError, UnreadableError) as error:
        shown["problem"] = str(error)
    return shown


def files_of(fetch: Fetch) -> Sequence[Mapping[str, Any]]:
    """The files that the manifest of a fetch lists, in the order of their names.

    :raises UnreadableError: there is none, or it cannot be read.
    """
    root = Variable.get(LANDING, default_var=None)
    if not root:
        raise UnreadableError(
            f"the variable {LANDING} is not set where the API server can read it (Admin, Variables)"
        )
    # An error of a storage may name its address or login: the log has it, the page says what to check.
    try:
        place = ObjectStoragePath(root) / fetch.path / MANIFEST
        size = place.stat().st_size
        if size > LARGEST_BYTES:
            raise UnreadableError(f"{fetch.path}/{MANIFEST} has {size:,} bytes: read it in the landing zone")
        with place.open("rb") as file:
            known = json.loads(file.read(LARGEST_BYTES))
        listed = [{name: item.get(name) for name in _SHOWN} for item in known["landed"]]
    except UnreadableError:
        raise
    except FileNotFoundError as error:
        raise UnreadableError(
            f"{fetch.path}/{MANIFEST} is not there: the fetch did not end, or this server sees another folder"
        ) from error
    except Exception as error:  # of any storage, with exceptions of its own
        log.warning("manifest of %s cannot be read: %s", fetch.path, type(error).__name__, exc_info=error)
        raise UnreadableError(
            f"{fetch.path}/{MANIFEST} cannot be read ({type(error).__name__}): see the log of the API server"
        ) from error
    return sorted(listed, key=lambda item: (str(item["endpoint"]), item["piece"] or 0))


COLUMNS = (
    TableColumn("endpoint", "Endpoint"),
    TableColumn("piece", "Part", "number"),
    TableColumn("rows", "Rows", "number"),
    TableColumn("size_bytes", "Size", "bytes"),
    TableColumn("stored_bytes", "Stored", "bytes"),
    TableColumn("sha256", "SHA-256 as received", "code"),
    TableColumn("stored_sha256", "SHA-256 as stored", "code"),
    TableColumn("path", "File", "code"),
    TableColumn("fetched_at", "Arrived"),
)
PAGE = WebPage(
    name="study/files",
    title="Landed files",
    about="What was received for one load, byte for byte as its manifest in the landing zone lists it.",
    load=_load,
    in_nav=False,
    subject=("source", "scope", "load"),
)
