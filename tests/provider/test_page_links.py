"""Addresses of pages and runs: what a value holds cannot lead to another page."""

from __future__ import annotations

import pytest

from immport_provider.page_links import OperationsPage, absolute, page_path, run_path


def test_a_page_is_named_with_its_query() -> None:
    assert page_path("overview") == "/warehouse/overview"
    assert page_path(OperationsPage.STUDY, source="immport", scope="SDY1") == (
        "/warehouse/study?source=immport&scope=SDY1"
    )
    assert page_path("quarantine", scope=None, load=7) == "/warehouse/quarantine?load=7"


def test_a_hostile_value_stays_a_value() -> None:
    path = page_path("study", source="immport", scope='a&b=c#d/../"<é> ')
    assert path == "/warehouse/study?source=immport&scope=a%26b%3Dc%23d%2F..%2F%22%3C%C3%A9%3E%20"
    assert run_path("immport_release/manual__2026-01-01T00:00:00+00:00/?x") == (
        "/dags/immport_release/runs/manual__2026-01-01T00%3A00%3A00%2B00%3A00%2F%3Fx"
    )


@pytest.mark.parametrize("name", ["", "runs", "study/../x"])
def test_a_page_that_is_not_there_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="OperationsPage"):
        page_path(name)


@pytest.mark.parametrize("key", ["", "immport_release", "immport_release/", "/manual__1"])
def test_what_is_not_the_key_of_a_run_is_an_error(key: str) -> None:
    with pytest.raises(ValueError, match="is not the key of a run"):
        run_path(key)


def test_a_link_begins_with_the_address_of_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.org/a/")
    assert absolute("/warehouse/overview") == "https://airflow.example.org/a/warehouse/overview"
