"""OpenLineage in tests: its provider beside this environment, a sink of events, and the schema they must fit.

`python -m tests.support.openlineage` prints the JSON schema of events and facets, by their URLs. OpenLineage
generates the classes of its Python client from its published schema; here they are turned back, so that no
test needs the network.
"""

from __future__ import annotations

import argparse
import enum
import hashlib
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Union, get_args, get_origin, get_type_hints

import jsonschema
import pytest
import uv

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements" / "openlineage.txt"
_SIMPLE: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Any: {},
    type(None): {"type": "null"},
}
_PLACES = {"run": ("facets",), "job": ("facets",)}
_OF_DATASETS = {"inputs": ("facets", "inputFacets"), "outputs": ("facets", "outputFacets")}


def installed() -> Path:
    """A folder with what the extra adds to the base, made once; without it the test is skipped."""
    place = f"{ROOT} {sys.version_info[:2]} {REQUIREMENTS.read_text()}"
    folder = ROOT / "var" / f"openlineage-{hashlib.sha256(place.encode()).hexdigest()[:12]}"
    if not (folder / "installed").exists():
        command = ["pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder)]
        made = subprocess.run(
            [uv.find_uv_bin(), *command, "--no-deps", "--require-hashes", "-r", str(REQUIREMENTS)],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
            pytest.skip(f"the extra openlineage cannot be installed: {reason}")
        (folder / "installed").touch()
    return folder


def environment(folder: Path) -> dict[str, str]:
    """The environment of a process that has the extra."""
    path = os.pathsep.join([str(folder), str(ROOT), str(ROOT / "plugins")])
    return {**os.environ, "PYTHONPATH": path, "NO_PROXY": "127.0.0.1"}


@dataclass
class Sink:
    """Takes the events of OpenLineage's transport over HTTP."""

    port: int
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def transport(self) -> str:
        """The setting that sends events here."""
        return json.dumps({"type": "http", "url": f"http://127.0.0.1:{self.port}"})

    def ended(self, task_id: str) -> list[dict[str, Any]]:
        """The events of tasks that ended well."""
        return [
            item
            for item in self.events
            if item["eventType"] == "COMPLETE" and item["job"]["name"].endswith(f".{task_id}")
        ]


@contextmanager
def event_sink() -> Iterator[Sink]:
    """A sink on a free port."""
    events: list[dict[str, Any]] = []

    class Lineage(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Lineage) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Sink(server.server_port, events)
        finally:
            server.shutdown()
            thread.join()


def check(events: list[dict[str, Any]], folder: Path) -> set[str]:
    """Check events, and every facet in them, against the schema that they name. The names of the facets.

    :raises jsonschema.ValidationError: one does not fit.
    :raises LookupError: one names a schema that is not known.
    """
    known = _known(folder)
    facets = set()
    for event in events:
        _fit(event, known[event["schemaURL"]])
        for name, facet in _facets(event):
            _fit(facet, _schema_of(facet["_schemaURL"], known, folder))
            facets.add(name)
    return facets


def _fit(value: dict[str, Any], schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(value)


def _known(folder: Path) -> dict[str, dict[str, Any]]:
    printed = subprocess.run(
        [sys.executable, "-m", "tests.support.openlineage"],
        env=environment(folder),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found: dict[str, dict[str, Any]] = json.loads(printed.stdout)
    return found


def _facets(event: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    owners: list[tuple[dict[str, Any], tuple[str, ...]]]
    owners = [(event[name], places) for name, places in _PLACES.items()]
    owners += [(item, places) for name, places in _OF_DATASETS.items() for item in event.get(name, [])]
    for owner, places in owners:
        for place in places:
            yield from owner.get(place, {}).items()


def _schema_of(url: str, known: dict[str, dict[str, Any]], folder: Path) -> dict[str, Any]:
    if url in known:
        return known[url]
    # Facets of Airflow's own have their schema in the provider. What it refers to is in `known`.
    name = url.partition("#")[0].rpartition("/")[2]
    file = folder / "airflow" / "providers" / "openlineage" / "facets" / name
    if not file.exists():
        raise LookupError(f"no schema is known of {url}")
    schema: dict[str, Any] = json.loads(file.read_text())
    own = schema["$defs"][file.stem]
    properties = [part for part in own.get("allOf", [own]) if "$ref" not in part]
    return {"$defs": schema["$defs"], "allOf": [*properties, {"required": ["_producer", "_schemaURL"]}]}


def schemas() -> dict[str, dict[str, Any]]:
    """JSON schema of every generated class that has a URL."""
    generated = importlib.import_module("openlineage.client.generated")
    found = {}
    for info in pkgutil.iter_modules(generated.__path__):
        module = importlib.import_module(f"openlineage.client.generated.{info.name}")
        for item in vars(module).values():
            if isinstance(item, type) and hasattr(item, "__attrs_attrs__") and hasattr(item, "_get_schema"):
                found[item._get_schema()] = _of_class(item)
    return found


def _of_class(owner: Any, within: tuple[Any, ...] = ()) -> dict[str, Any]:
    """The schema of a class: a facet may have more fields than those of its base, no other class may."""
    if owner in within:
        return {"type": "object"}
    hints = get_type_hints(owner)
    attributes = owner.__attrs_attrs__
    properties = {item.name: _of_type(hints[item.name], (*within, owner)) for item in attributes}
    for name, form in {"eventTime": "date-time", "runId": "uuid"}.items():
        if name in properties:
            properties[name] = {**properties[name], "format": form}
    is_base = owner.__module__.endswith(".base") and owner.__name__.endswith("Facet")
    return {
        "type": "object",
        "properties": properties,
        "required": [item.name for item in attributes if not _is_optional(hints[item.name])],
        "additionalProperties": is_base or "_deleted" in properties or "facets" in properties,
    }


def _is_optional(hint: Any) -> bool:
    return type(None) in get_args(hint)


def _of_type(hint: Any, within: tuple[Any, ...]) -> dict[str, Any]:
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, parts = get_origin(hint), get_args(hint)
    if origin is list:
        return {"type": "array", "items": _of_type(parts[0], within)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of_type(parts[1], within)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of_type(part, within) for part in parts]}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": [item.value for item in hint]}
    if hasattr(hint, "__attrs_attrs__"):
        return _of_class(hint, within)
    return {}


def main() -> None:
    """Print them."""
    argparse.ArgumentParser(prog="python -m tests.support.openlineage", description=__doc__).parse_args()
    print(json.dumps(schemas()))


if __name__ == "__main__":
    main()
