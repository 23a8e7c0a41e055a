"""Extract of a scope: every endpoint in the first form that the source has, resumed where it broke."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from include.landing.zone import Manifest
from include.pipeline import run_ledger
from include.pipeline.fetched.extract import extract
from include.pipeline.run_ledger import Load
from include.sources.endpoint import Endpoint, Withholds, parse_fields
from include.sources.errors import AccessError, ImmPortError, RequestError, ServerError
from include.sources.fetched.fetched_source import FetchedSource, fixed
from include.sources.fetched.offering import Validators
from include.sources.reader import NotDataError
from include.sources.release import FetchLine
from include.sources.row_reader import Intake
from include.sources.source import Scope
from include.warehouse.schema.ops_tables import LOAD
from tests.support.sources import Client
from tests.support.warehouse import Warehouse


def lines(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[dict[str, object]]:
    text = b"".join(chunks).decode()
    if not text.endswith("\n"):
        raise NotDataError("cut short")
    for line in text.splitlines():
        yield {"name": line, "list": scope}


def objects(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[dict[str, object]]:
    for item in json.loads(b"".join(chunks)):
        yield {"name": item, "list": scope}


HEAD = Endpoint("head", "/{scope}", parse_fields("name"), ("name",), "a head", readers={"txt": lines})
ITEM = Endpoint(
    "item", "/{scope}/items", parse_fields("name list"), ("name",), "an item",
    readers={"json": objects, "txt": lines}, withholds=Withholds.ITSELF,
)  # fmt: skip
LISTS = FetchedSource(
    name="lists",
    title="Lists",
    scope=Scope("list", "lists", "^[A-Z:0-9 ]+$"),
    line=FetchLine(),
    endpoints={item.name: item for item in (HEAD, ITEM)},
    discovery=fixed(["GO:1"]),
    client="immport",
    about="Loads lists.",
)
NAME, RELEASE = "GO:1", "2026-05-03T04:00:00Z"


class Forms(Client):
    """Answers an endpoint by form: `item.txt`."""

    def request(
        self, endpoint: Endpoint, scope: str, receive: Any, *, form: str = "json", page: Any = None
    ) -> Any:
        named = replace(endpoint, name=f"{endpoint.name}.{form}")
        return super().request(named, scope, receive, form=form, page=page)


@pytest.fixture
def load(warehouse: Warehouse) -> Load:
    statement = sa.insert(LOAD).values(
        source="lists", scope=NAME, release_version=RELEASE, release_key=LISTS.line.parse(RELEASE).key,
        fetch_id="one", state="planned",
    )  # fmt: skip
    with warehouse.engine.begin() as connection:
        number = connection.execute(statement.returning(LOAD.c.load_id)).scalar_one()
    return run_ledger.load(warehouse.engine, number)


def fetch(
    warehouse: Warehouse, load: Load, is_last_try: bool = True, **answers: bytes | ImmPortError
) -> tuple[Manifest, Client]:
    """Extract with answers by endpoint and form, `item_txt`."""
    client = Forms({(name.replace("_", "."), NAME): found for name, found in answers.items()})
    client.said = {("item.txt", NAME): Validators('"one"')}
    tools = replace(warehouse.tools, is_last_try=is_last_try)
    extract(tools, LISTS, client, load, warehouse.step())
    (manifest,) = warehouse.tools.landing.manifests(source=LISTS)
    return manifest, client


def test_the_first_form_that_the_source_has_is_landed(warehouse: Warehouse, load: Load) -> None:
    manifest, client = fetch(warehouse, load, head_txt=b"a\n", item_txt=b"x\ny\n")
    assert [name for name, _ in client.requested] == ["head.txt", "item.json", "item.txt"]
    landed = manifest.of("item")
    assert (landed.form, landed.rows, landed.etag) == ("txt", 2, '"one"')
    assert landed.path == "lists/GO~3A1/2026-05-03T040000Z/one/item.txt.gz"
    rows = list(warehouse.tools.landing.rows(landed, ITEM))
    assert rows == [{"name": "x", "list": NAME}, {"name": "y", "list": NAME}]
    found = warehouse.rows("select endpoint, form, etag from ops.validator")
    assert found == [("item", "txt", '"one"')]
    assert warehouse.value("select state from ops.load") == "extracted"


@pytest.mark.parametrize(
    "error", [RequestError("HTTP 404", 404), AccessError("403", 403)], ids=["404", "403"]
)
def test_what_the_scope_does_not_wait_for_is_recorded_as_refused(
    warehouse: Warehouse, load: Load, error: ImmPortError
) -> None:
    manifest, _ = fetch(warehouse, load, head_txt=b"a\n", item_json=error, item_txt=error)
    assert str(error.status) in str(manifest.of("item").refused)


def test_what_the_scope_waits_for_fails_it(warehouse: Warehouse, load: Load) -> None:
    with pytest.raises(RequestError, match=r"head\.txt of GO:1: HTTP 404"):
        fetch(warehouse, load, item_json=b"[]")
    assert warehouse.tools.landing.manifests(source=LISTS) == []
    assert warehouse.value("select state from ops.load") == "planned"


def test_an_error_that_may_pass_is_not_taken_for_a_refusal(warehouse: Warehouse, load: Load) -> None:
    busy = ServerError("HTTP 503", 503)
    with pytest.raises(ServerError):
        fetch(warehouse, load, is_last_try=False, head_txt=b"a\n", item_json=busy)
    manifest, client = fetch(warehouse, load, item_json=b'["x"]')
    # What the first try landed is not requested again.
    assert [name for name, _ in client.requested] == ["item.json"]
    assert (manifest.rows, manifest.source_name) == (2, "lists")


def test_an_answer_that_is_cut_short_is_not_landed(warehouse: Warehouse, load: Load) -> None:
    with pytest.raises(ImmPortError, match="cut short"):
        fetch(warehouse, load, head_txt=b"a")
