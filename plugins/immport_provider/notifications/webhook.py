"""The notifier of a webhook that takes JSON; its address is in an Airflow connection, and a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.sdk import BaseHook, BaseNotifier

from immport_provider.hooks.secret_traffic import secret_traffic
from immport_provider.hooks.settings import is_loopback
from include.alerts.message import UndeliverableError

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from airflow.sdk.definitions.context import Context

#: Seconds until a webhook must have answered.
TIMEOUT = 15.0


class WebhookNotifier(BaseNotifier):
    """Post JSON to the webhook of a connection.

    :param conn_id: Airflow connection: the whole address as host, a token as password.
    :param text: a template; stands as `text` in the body, which Slack, Mattermost and Teams show.
    :param fields: further fields of the body, sent as they are.
    :param idempotency_key: sent as header `Idempotency-Key`: the receiver may drop a second message with it.
    """

    template_fields: Sequence[str] = ("conn_id", "text")

    def __init__(
        self,
        *,
        conn_id: str = "immport_alerts",
        text: str | None = None,
        fields: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id
        self.text = text
        self.fields = dict(fields or {})
        self.idempotency_key = idempotency_key

    def notify(self, context: Context) -> None:
        """Post the message.

        :raises UndeliverableError: the webhook cannot be called, or did not take it.
        """
        import httpx

        connection = BaseHook.get_connection(self.conn_id)
        address = _address(self.conn_id, connection)
        try:
            with secret_traffic(), httpx.Client(**self._options(connection, address)) as client:
                answer = client.post(address, json=self._body())
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._not_called(error) from None
        self._check(answer)

    async def async_notify(self, context: Context) -> None:
        """Post the message from an event loop.

        :raises UndeliverableError: the webhook cannot be called, or did not take it.
        """
        import httpx

        connection = await BaseHook.aget_connection(self.conn_id)
        address = _address(self.conn_id, connection)
        try:
            with secret_traffic():
                async with httpx.AsyncClient(**self._options(connection, address)) as client:
                    answer = await client.post(address, json=self._body())
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._not_called(error) from None
        self._check(answer)

    def _body(self) -> dict[str, Any]:
        return {**self.fields, "text": self.text} if self.text is not None else self.fields

    def _options(self, connection: Connection, address: str) -> dict[str, Any]:
        headers = {"User-Agent": "immport-warehouse"}
        if connection.password:
            headers["Authorization"] = f"Bearer {connection.password}"
        if self.idempotency_key:
            headers["Idempotency-Key"] = self.idempotency_key
        host = urlsplit(address).hostname or ""
        return {"headers": headers, "timeout": TIMEOUT, "trust_env": not is_loopback(host)}

    def _not_called(self, error: Exception) -> UndeliverableError:
        # Not its text, and not as its cause: either may quote the address.
        return UndeliverableError(f"the webhook of {self.conn_id} cannot be called ({type(error).__name__})")

    def _check(self, answer: Any) -> None:
        if not answer.is_success:
            raise UndeliverableError(f"the webhook of {self.conn_id} answers {answer.status_code}")


def _address(conn_id: str, connection: Connection) -> str:
    host = (connection.host or "").strip()
    address = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    try:
        url = urlsplit(address)
        port = url.port
    except ValueError:
        raise UndeliverableError(f"the host of the connection {conn_id} is not an address") from None
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise UndeliverableError(
            f"the host of the connection {conn_id} is not an address such as https://example.org"
        )
    if url.scheme == "http" and connection.password and not is_loopback(url.hostname):
        raise UndeliverableError(f"plain http would send the token of the connection {conn_id} unencrypted")
    return (
        address
        if port or not connection.port
        else address.replace(url.netloc, f"{url.netloc}:{connection.port}", 1)
    )
