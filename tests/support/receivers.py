"""What receives alerts in tests: a webhook, and a mail server that requires a login."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

#: Secrets: none of them may be shown.
TOKEN, PASSWORD, PATH, RECIPIENT = (
    "canary-token",
    "canary-password",
    "canary-path",
    "canary-people@example.org",
)


class WebhookReceiver(ThreadingHTTPServer):
    """A webhook that keeps what it is sent: path, headers and body of each message."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.got: list[tuple[str, dict[str, str], Any]] = []
        self.status = 200

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [body for _, _, body in self.got]


class _Taking(BaseHTTPRequestHandler):
    server: WebhookReceiver

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append((self.path, dict(self.headers), json.loads(text)))
        self.send_response(self.server.status)
        self.end_headers()
        if self.server.status == 200:
            self.wfile.write(b"ok")  # what Slack answers

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class MailReceiver:
    """A mail server on a port of its own that takes mail from who knows the password.

    :ivar got: the messages, in the order in which they came.
    :ivar refusal: what it answers to each recipient instead of taking the mail.
    """

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refusal: str | None = None
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._is_up = Event()
        # It logs recipients; what is tested is that the sender does not.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as aiosmtpd calls it
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 taken"

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, kind: str, data: Any
    ) -> AuthResult:
        is_known = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
        return AuthResult(success=is_known, handled=False)

    def _new(self) -> SMTP:
        return SMTP(
            self,
            auth_required=True,
            auth_require_tls=False,
            authenticator=self._authenticate,
            loop=self._loop,
        )

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(self._loop.create_server(self._new, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._is_up.set()
        self._loop.run_forever()
        server.close()
        for task in (open_sessions := asyncio.all_tasks(self._loop)):
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*open_sessions, return_exceptions=True))
        self._loop.close()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take mail until the end of the context."""
        thread = Thread(target=self._serve)
        thread.start()
        assert self._is_up.wait(30)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()


def html_of(message: EmailMessage) -> str:
    """The text of a mail."""
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


@contextmanager
def running_webhook() -> Iterator[WebhookReceiver]:
    """A webhook until the end of the context."""
    with WebhookReceiver() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebhookReceiver]:
    """A webhook, and the connection to it."""
    with running_webhook() as server:
        connect(
            monkeypatch,
            "IMMPORT_ALERTS",
            host=f"http://127.0.0.1:{server.server_port}/hook/{PATH}",
            password=TOKEN,
        )
        yield server


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailReceiver]:
    """A mail server, and the connection to it."""
    server = MailReceiver()
    with server.running():
        connect(
            monkeypatch,
            "IMMPORT_ALERTS_SMTP",
            conn_type="smtp",
            host="127.0.0.1",
            port=server.port,
            login="alerts",
            password=PASSWORD,
            extra={
                "to": RECIPIENT,
                "from_email": "warehouse@example.org",
                "disable_ssl": True,
                "disable_tls": True,
                "retry_limit": 0,
                "timeout": 10,
            },
        )
        yield server


def connect(monkeypatch: pytest.MonkeyPatch, name: str, **fields: Any) -> None:
    """Make an Airflow connection."""
    monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps({"conn_type": "http", **fields}))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://127.0.0.1:8080")
