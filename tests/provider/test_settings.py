"""The connection's fields: what they mean, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk import Connection

from immport_provider.hooks.immport import ImmPortHook
from immport_provider.hooks.settings import PUBLIC_HOST, Settings, read_open_settings, read_settings


def settings(**fields: Any) -> Settings:
    return read_settings(Connection(conn_id="immport_default", conn_type="immport", **fields))


@pytest.mark.parametrize(
    ("fields", "base"),
    [
        ({}, "https://www.immport.org"),
        ({"host": "www.immport.org"}, "https://www.immport.org"),
        ({"host": "https://www.immport.org/"}, "https://www.immport.org"),
        ({"host": "https://www.immport.org/data/query"}, "https://www.immport.org"),
        ({"host": "https://proxy.example/immport/"}, "https://proxy.example/immport"),
        ({"host": "127.0.0.1", "schema": "http", "port": 8080}, "http://127.0.0.1:8080"),
        ({"host": "http://localhost:8080"}, "http://localhost:8080"),
        ({"host": "http://[::1]:8080"}, "http://[::1]:8080"),
        ({"host": "http://sandbox:8080", "extra": '{"allow_http": true}'}, "http://sandbox:8080"),
    ],
)
def test_addresses(fields: dict[str, Any], base: str) -> None:
    assert settings(**fields).base == base


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"host": "http://www.immport.org"}, "plain http"),
        ({"host": "http://10.0.0.1", "extra": '{"allow_http": false}'}, "plain http"),
        ({"host": "http://127.0.0.1.example"}, "plain http"),
        ({"host": "http://0.0.0.0"}, "plain http"),
        ({"host": "www.immport.org", "schema": "http"}, "plain http"),
        ({"host": "ftp://www.immport.org"}, "not an address"),
        ({"host": "https://"}, "not an address"),
        ({"host": "https://www.immport.org/?key=canary"}, "not an address"),
        ({"host": "https://user:canary@www.immport.org"}, "user name or password"),
        ({"extra": '{"timeout": "canary"}'}, "timeout is not a number"),
        ({"extra": '{"timeout": 0}'}, "timeout must be at least 0.1"),
        ({"extra": '{"page_size": 0}'}, "page_size must be at least 1"),
        ({"extra": '{"calls_in_flight": 0}'}, "calls_in_flight must be at least 1"),
        ({"extra": '{"calls_per_second": -1}'}, "calls_per_second must be at least 0"),
        ({"extra": '{"max_retries": -1}'}, "max_retries must be at least 0"),
        ({"extra": '{"max_retries": NaN}'}, "max_retries must be at least 0"),
        ({"password": "key", "extra": '{"expires_at": "canary"}'}, "expires_at is not a time"),
    ],
)
def test_wrong_fields_are_named_and_not_shown(fields: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong) as caught:
        settings(**fields)
    assert "canary" not in str(caught.value)


def public(**fields: Any) -> Settings:
    connection = Connection(conn_id="immport_public", conn_type="immport_public", **fields)
    return read_open_settings(connection, PUBLIC_HOST)


@pytest.mark.parametrize("fields", [{"password": "canary"}, {"login": "canary"}])
def test_a_connection_to_public_files_holds_no_credentials(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be empty") as caught:
        public(**fields)
    assert "canary" not in str(caught.value)
    assert public().base == "https://s3.immport.org"
    assert (public().key, public().login) == (None, None)
    with pytest.raises(ValueError, match="changed on its way"):
        public(host="http://s3.immport.org")
    with pytest.raises(ValueError, match=r"such as https://s3\.immport\.org"):
        public(host="ftp://s3.immport.org")


def test_defaults_and_texts_from_the_form() -> None:
    given = settings(extra='{"timeout": "", "max_retries": null}')
    assert (given.timeout, given.max_retries, given.page_size) == (60, 5, 1000)
    assert (given.calls_in_flight, given.calls_per_second) == (2, 5)
    given = settings(
        extra='{"timeout": "9.5", "max_retries": "0", "page_size": "7", "calls_in_flight": "3",'
        ' "calls_per_second": "0.5"}'
    )
    assert (given.timeout, given.max_retries, given.page_size) == (9.5, 0, 7)
    assert (given.calls_in_flight, given.calls_per_second) == (3, 0.5)


def test_a_user_name_means_a_password() -> None:
    given = settings(login="me", password="canary")
    assert (given.key, given.login) == (None, ("me", "canary"))
    assert "canary" not in repr(given)


@pytest.mark.parametrize("extra", ["{}", '{"verify": false, "ssl_verify": false, "follow_redirects": true}'])
def test_nothing_turns_tls_off(extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import ssl

    monkeypatch.setenv("AIRFLOW_CONN_IMMPORT_DEFAULT", f'{{"conn_type": "immport", "extra": {extra}}}')
    with ImmPortHook() as immport:
        client = immport.get_conn()
        context = client._transport._pool._ssl_context  # type: ignore[attr-defined]  # httpx shows it nowhere else
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert not client.follow_redirects
        assert client.timeout.connect == 10
        assert client.timeout.read == 60
