"""The pages of checks: what fails in words, who breaks it, and queries that run as they are copied."""

from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa

from include.warehouse.access.roles import LOADER
from include.warehouse.schema.ops_tables import LOAD, QUARANTINE, QUARANTINED_VALUE, RESULT
from tests.operations.conftest import Ledger, Pages
from tests.support.warehouse import Warehouse


def result(
    ledger: Ledger, load: int | None, check_id: str, severity: str = "row", *, success: bool = False
) -> None:
    """What a check of the endpoint hai found in a load."""
    with ledger.engine.begin() as connection:
        connection.execute(
            sa.insert(RESULT).values(
                load_id=load, endpoint="hai", check_id=check_id, severity=severity, success=success,
                unexpected_rows=0 if success else 3,
            )
        )  # fmt: skip


@pytest.fixture
def checked(ledger: Ledger) -> Ledger:
    """A run that ended well, and published a study with a broken check; another study passes."""
    ledger.begin()
    load = ledger.work("SDY1", "load", "published")
    result(ledger, load, "type:valueReported")
    result(ledger, load, "row_count", "critical", success=True)
    result(ledger, ledger.work("SDY2", "load", "published"), "type:valueReported", success=True)
    ledger.end("success")
    return ledger


def test_a_run_that_ended_well_does_not_hide_failed_checks(pages: Pages, checked: Ledger) -> None:
    text = pages.get("/quality").text
    assert "1 of 2 scopes have a failed check" in text
    assert "values of valueReported are not of their type" in text
    assert "row_count" not in text
    assert (
        'href="/warehouse/quarantine?rule=type%3AvalueReported&amp;endpoint=hai&amp;source=immport"' in text
    )


def test_what_a_newer_load_passes_is_no_finding(pages: Pages, checked: Ledger) -> None:
    result(checked, checked.work("SDY3", "load", "published"), "key_unique", "warning")
    assert "key_unique" in pages.get("/quality").text
    with checked.engine.begin() as connection:
        newer = connection.execute(
            sa.insert(LOAD)
            .values(
                scope="SDY3", release_version="DR10", release_key=100_000, fetch_id="g", state="published"
            )
            .returning(LOAD.c.load_id)
        ).scalar_one()
    result(checked, newer, "key_unique", "warning", success=True)
    assert "key_unique" not in pages.get("/quality").text


def test_a_load_that_landed_the_same_has_the_results_of_its_equal(pages: Pages, checked: Ledger) -> None:
    with checked.engine.begin() as connection:
        first = connection.scalar(sa.select(LOAD.c.load_id).where(LOAD.c.scope == "SDY1"))
        connection.execute(
            sa.insert(LOAD).values(
                scope="SDY1", release_version="DR10", release_key=100_000, fetch_id="g", state="published",
                same_as=first,
            )
        )  # fmt: skip
    text = pages.get("/quality/rule", check_id="type:valueReported", endpoint="hai", source="immport").text
    assert "SDY1" in text
    assert "DR10" in text


def test_a_failed_load_is_judged_when_its_checks_ran(pages: Pages, checked: Ledger) -> None:
    with checked.engine.begin() as connection:
        values = {"release_version": "DR10", "release_key": 100_000, "fetch_id": "g", "state": "failed"}
        made = sa.insert(LOAD).returning(LOAD.c.load_id)
        judged = connection.execute(made.values(scope="SDY2", **values)).scalar_one()
        connection.execute(made.values(scope="SDY1", **values))
    result(checked, judged, "home", "critical")
    text = pages.get("/quality").text
    # That of SDY1 failed before its checks: those of the load before it are the last word.
    assert "2 of 2 scopes have a failed check" in text
    assert "described by another scope already" in text


def test_the_queries_of_a_check_run_as_they_are_copied(
    pages: Pages, checked: Ledger, warehouse: Warehouse
) -> None:
    about = {"load_id": 1, "scope": "SDY1", "release_version": "DR9", "endpoint": "hai", "row_number": 7}
    with checked.engine.begin() as connection:
        rule = "key_consistent, type:valueReported"
        connection.execute(sa.insert(QUARANTINE).values(**about, rule=rule, row={"valueReported": "a:b%c"}))
        connection.execute(
            sa.insert(QUARANTINED_VALUE).values(
                **about, rule="type:valueReported", field="value_reported", key={}, value="x"
            )
        )
    text = pages.get("/quality/rule", check_id="type:valueReported", endpoint="hai").text
    queries = [html.unescape(item) for item in re.findall(r"<pre [^>]*>(.*?)</pre>", text, re.DOTALL)]
    assert len(queries) == 3
    with warehouse.engine.connect() as connection:
        connection.exec_driver_sql(f"set role {LOADER}")
        for query in queries:
            found = connection.exec_driver_sql(query.replace("%", "%%")).mappings().all()
            assert [row["scope"] for row in found] == ["SDY1"], query


def test_a_value_of_the_address_stays_a_value_in_a_query(pages: Pages, checked: Ledger) -> None:
    hostile = "x'; drop table ops.load;\n-- :source %s"
    with checked.engine.begin() as connection:
        connection.execute(sa.update(RESULT).values(check_id=hostile).where(RESULT.c.success.is_(False)))
    text = html.unescape(pages.get("/quality/rule", check_id=hostile, endpoint="hai").text)
    assert "r.check_id = 'x''; drop table ops.load; -- :source %s'" in text


def test_a_check_that_never_failed_is_not_there(pages: Pages, checked: Ledger) -> None:
    assert pages.get("/quality/rule", check_id="row_count", endpoint="hai").status_code == 404
    assert pages.get("/quality/rule").status_code == 404


def test_before_the_first_load_the_page_says_what_to_do(pages: Pages) -> None:
    assert "Switch on or trigger the DAG" in pages.get("/quality").text
