"""Keys, key files, tokens and when they end."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from immport_provider.hooks.credentials import jwt_expiry, read_api_key, read_instant, read_token
from include.sources.errors import BadAnswerError, ConfigurationError, CredentialError
from include.sources.immport.endpoints import ENDPOINTS
from tests.provider.conftest import CANARY, Connect, Stub, Waits, rows_of
from tests.support.sandbox import RunningSandbox

ARM = ENDPOINTS["arm"]
EXPIRY = datetime(2026, 5, 21, 20, 55, 24, 654328, UTC)
KEY_FILE = json.dumps({"id": "1b2c", "api_key": CANARY, "expires_at": "2026-05-21T20:55:24.654328038Z"})


def jwt(**claims: object) -> str:
    return f"e30.{urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.sig"


@pytest.mark.parametrize("text", [KEY_FILE, json.dumps(json.loads(KEY_FILE), indent=2) + "\n"])
def test_reads_the_key_file_with_nanoseconds(text: str) -> None:
    key = read_api_key(text)
    assert (key.secret, key.expires_at) == (CANARY, EXPIRY)
    assert key.header == {"Authorization": f"Bearer {CANARY}"}
    assert CANARY not in repr(key)


def test_reads_a_bare_key() -> None:
    assert read_api_key(f" {CANARY}\n") == read_api_key(CANARY)
    assert read_api_key(CANARY).expires_at is None
    assert read_api_key(CANARY, "2026-05-21T22:55:24.654328+02:00").expires_at == EXPIRY
    assert read_api_key(jwt(exp=EXPIRY.timestamp())).expires_at == EXPIRY


@pytest.mark.parametrize(
    "text",
    [
        f"{{{CANARY}",
        json.dumps({"key": CANARY}),
        json.dumps({"api_key": [CANARY]}),
        f"{CANARY}\r\nHost: x",
        f"{CANARY} {CANARY}",
        f"{CANARY}é",
        '{"api_key": ""}',
    ],
)
def test_a_key_that_is_not_one_is_refused_without_showing_it(text: str, connect: Connect) -> None:
    with pytest.raises(ConfigurationError, match="immport_default") as caught:
        _ = connect(password=text).settings
    assert CANARY not in str(caught.value)
    assert CANARY not in str(caught.getrepr(style="long", funcargs=False, chain=True))


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00Z"])
def test_an_instant_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        read_instant(text)
    assert read_instant("2026-05-21T20:55:24") == datetime(2026, 5, 21, 20, 55, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    "token", ["", "a", "a.b.c", "a.é.c", jwt(), jwt(exp="soon"), jwt(exp=1e30), "a.W10.c"]
)
def test_a_token_that_does_not_state_its_end(token: str) -> None:
    assert jwt_expiry(token) is None


def test_a_token_is_replaced_before_it_ends() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    hour = read_token({"access_token": jwt(exp=(now + timedelta(hours=1)).timestamp())}, now)
    assert hour.refresh_at == now + timedelta(minutes=48)
    assert read_token({"token": "opaque"}, now).refresh_at == now + timedelta(seconds=48)
    answers: list[object] = [{}, [], {"access_token": None}, {"access_token": "a b"}]
    for answer in answers:
        with pytest.raises(ValueError, match="no token"):
            read_token(answer, now)


def test_exchanges_a_password_and_refreshes_in_time(
    connect: Connect, sandbox: RunningSandbox, study: str, waits: Waits
) -> None:
    with connect(login="sandbox") as immport:
        immport.fetch(ARM, study, rows_of(ARM))
        waits.now += timedelta(seconds=700)  # a token of the sandbox lives 1000 s
        immport.fetch(ARM, study, rows_of(ARM))
        assert [request["endpoint"] for request in sandbox.requests()] == ["token", "arm", "arm"]
        waits.now += timedelta(seconds=101)
        immport.fetch(ARM, study, rows_of(ARM))
        assert [request["endpoint"] for request in sandbox.requests()][3:] == ["token", "arm"]
        assert immport.expires_at is None
        assert immport.expiry_notice() is None


def test_a_wrong_password_is_sent_once(connect: Connect, sandbox: RunningSandbox, study: str) -> None:
    with connect(login="nobody") as immport, pytest.raises(CredentialError, match="user name and password"):
        immport.fetch(ARM, study, rows_of(ARM))
    assert [request["endpoint"] for request in sandbox.requests()] == ["token"]


def test_a_400_of_the_exchange_is_a_wrong_password(connect: Connect, stub: Stub, study: str) -> None:
    stub.answers = [(400, {}, b'{"error":"invalid_grant"}')]
    hook = connect(host=stub.url, login="me")
    with hook as immport, pytest.raises(CredentialError, match="not accepted") as caught:
        immport.fetch(ARM, study, rows_of(ARM))
    assert caught.value.status == 400


@pytest.mark.parametrize("fields", [{"password": KEY_FILE}, {"login": "sandbox"}], ids=["key file", "token"])
def test_airflow_masks_the_secret(
    fields: dict[str, str], connect: Connect, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    masked: list[object] = []
    monkeypatch.setattr("airflow.sdk.log.mask_secret", masked.append)
    with connect(**fields) as immport:
        immport.fetch(ARM, study, rows_of(ARM))
        assert immport._credential().secret in masked


def test_an_exchange_that_fails_for_a_while_is_retried(
    connect: Connect, sandbox: RunningSandbox, stub: Stub, study: str
) -> None:
    sandbox.fault("token", "503", times=2)
    with connect(login="sandbox") as immport:
        immport.fetch(ARM, study, rows_of(ARM))
    assert [request["endpoint"] for request in sandbox.requests()] == ["token"] * 3 + ["arm"]
    stub.answers = [(200, {}, b"{}")] * 4
    with connect(host=stub.url, login="sandbox") as immport, pytest.raises(BadAnswerError, match="no token"):
        immport.fetch(ARM, study, rows_of(ARM))


@pytest.mark.parametrize(
    ("days", "notice"),
    [
        (-8, None),
        (-6.5, "expires on 2026-05-21 20:55 UTC, in 6 days"),
        (-0.5, "in 0 days"),
        (1, "expired on 2026-05-21 20:55 UTC"),
    ],
)
def test_warns_from_seven_days_before(days: float, notice: str | None, connect: Connect) -> None:
    immport = connect(password=KEY_FILE)
    assert immport.expires_at == EXPIRY
    with capture_logs() as logged:
        text = immport.expiry_notice(EXPIRY + timedelta(days=days))
    if notice is None:
        assert (text, logged) == (None, [])
    else:
        assert text is not None
        assert notice in text
        assert "https://www.immport.org/auth/api/keys" in text
        assert logged == [{"event": text, "log_level": "warning"}]


def test_a_401_says_that_the_key_has_expired(
    connect: Connect, sandbox: RunningSandbox, study: str, waits: Waits
) -> None:
    sandbox.fault("arm", "401")
    waits.now = EXPIRY + timedelta(days=1)
    with (
        connect(password=KEY_FILE) as immport,
        pytest.raises(CredentialError, match="expired on 2026-05-21: create"),
    ):
        immport.fetch(ARM, study, rows_of(ARM))


def test_the_test_button(connect: Connect, sandbox: RunningSandbox, stub: Stub) -> None:
    assert connect().test_connection() == (True, f"{sandbox.url[7:]} accepts the credentials.")
    assert connect(login="sandbox").test_connection()[0]
    passed, message = connect(password="wrong").test_connection()
    assert not passed
    assert "the API key is not accepted: create a new one at https://www.immport.org/auth/api/keys" in message
    passed, message = connect(password="").test_connection()
    assert not passed
    assert "holds no API key" in message
    passed, message = connect(host="http://immport.example").test_connection()
    assert not passed
    assert message.startswith("Correct the connection: plain http")
    passed, message = connect(password=KEY_FILE).test_connection()
    assert passed
    assert "expired on 2026-05-21" in message
    sandbox.clear_requests()
    sandbox.fault("*", "503")
    passed, message = connect().test_connection()
    assert not passed
    assert "HTTP 503. Check the address and the network" in message
    assert len(sandbox.requests()) == 1
    stub.answers = [(200, {}, b'{"hits":{"total":{"value":0},"hits":[]}}')]
    assert connect(host=stub.url).test_connection() == (
        False,
        f"{stub.url[7:]} answers, but lists no study: check the address.",
    )
