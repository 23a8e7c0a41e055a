"""Limits of alerts: from variables, with defaults that follow from the schedules of the sources."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from immport_provider.alert_settings import AlertSettingError, limits, observed
from include.alerts.events import AlertLimits


def set_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"AIRFLOW_VAR_{name.upper()}", value)


def freshness() -> dict[str, float | None]:
    return {item.source: item.freshness_hours for item in observed().sources}


def test_without_variables_the_defaults_hold_and_follow_the_schedules() -> None:
    assert limits() == AlertLimits()
    hours = freshness()
    assert (hours["immport"], hours["vocabularies"], hours["gene_lists"]) == (48, 336, 336)


def test_variables_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"release_hours": "6", "quality_points": "2.5", "volume_percent": "30", "least_rows": "10"}
    for name, value in values.items():
        set_variable(monkeypatch, f"immport_alert_{name}", value)
    assert limits() == AlertLimits(6, 2.5, 30, 10)
    set_variable(monkeypatch, "immport_alert_freshness_hours", '{"vocabularies": 400}')
    assert (freshness()["immport"], freshness()["vocabularies"]) == (48, 400)
    set_variable(monkeypatch, "immport_alert_freshness_hours", "72")
    assert set(freshness().values()) == {72}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("release_hours", "soon", "immport_alert_release_hours is not a number above 0: 'soon'"),
        ("volume_percent", "-1", "immport_alert_volume_percent is not a number above 0"),
        ("least_rows", "inf", "immport_alert_least_rows is not a number above 0"),
        ("freshness_hours", '{"impc2": 3}', "immport_alert_freshness_hours names impc2: no source"),
        ("freshness_hours", "[1]", "immport_alert_freshness_hours is not a number above 0"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    set_variable(monkeypatch, f"immport_alert_{name}", value)
    with pytest.raises(AlertSettingError, match=message):
        observed()


def test_a_source_that_is_switched_off_is_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variable(monkeypatch, "immport_sources", "vocabularies")
    assert [item.source for item in observed().sources] == ["immport", "vocabularies"]


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({"password": "canary", "extra": {"expires_at": "2026-05-21T20:55:24Z"}}, 1),
        ({"password": "canary"}, 0),
        ({"password": "canary", "extra": {"expires_at": "some day"}}, 0),
    ],
)
def test_the_end_of_a_key_is_read_from_its_connection(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fields: dict[str, Any],
    ends: int,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_IMMPORT_DEFAULT", json.dumps({"conn_type": "immport", **fields}))
    keys = observed().keys
    assert [key.expires_at for key in keys] == [datetime(2026, 5, 21, 20, 55, 24, tzinfo=UTC)] * ends
    assert "canary" not in caplog.text
