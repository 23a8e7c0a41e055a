"""An Airflow connection of type `immport`, read and checked."""

from __future__ import annotations

import ipaddress
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from immport_provider.hooks.credentials import Credential, read_api_key
from include.sources.drs.uris import IMMPORT_HOST
from include.sources.drs.versions import BASE
from include.sources.gene_lists.files import BUCKET

DEFAULT_HOST = "https://www.immport.org"
PUBLIC_HOST = BUCKET
DRS_HOST = f"https://{IMMPORT_HOST}"
API = "/data/query"

_WHY_NOT_HTTP = {
    DEFAULT_HOST: "plain http would send the key unencrypted",
    DRS_HOST: "plain http would send the key unencrypted",
    PUBLIC_HOST: "what comes over plain http may have been changed on its way",
}

#: Seconds until there must be a connection.
CONNECT_TIMEOUT = 10.0


class Connection(Protocol):
    """The part of Airflow's connection that is used here."""

    host: str | None
    schema: str | None
    port: int | None
    login: str | None
    password: str | None

    @property
    def extra_dejson(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Settings:
    """How to reach ImmPort.

    :param base: scheme, host and port.
    :param allow_http: whether plain http is good enough beyond this machine.
    :param key: the API key; None without one, or with a user name.
    :param login: user name and password of the older token exchange.
    :param timeout: seconds without a byte.
    :param max_answer_seconds: from the connection to the last byte of an answer, headers included.
    :param min_bytes_per_second: an answer that comes more slowly over `timeout` seconds is given up; 0 for no
        such limit.
    :param calls_in_flight: calls that one task makes at once.
    :param calls_per_second: calls that all tasks on one machine begin in a second; 0 for no limit.
    :param split_above_rows: results known to have more rows are requested in parts from the start.
    :param max_answer_bytes: an answer that grows beyond is given up and requested in parts.
    :param drs_base: scheme, host and port of the DRS service that files are requested from; None for
        ImmPort's own route to them.
    """

    base: str
    key: Credential | None
    login: tuple[str, str] | None = field(repr=False)
    timeout: float
    max_retries: int
    page_size: int
    allow_http: bool = False
    split_above_rows: int = 50_000
    max_answer_bytes: int = 512 << 20
    calls_in_flight: int = 2
    calls_per_second: float = 5.0
    max_answer_seconds: float = 3600.0
    min_bytes_per_second: float = 1000.0
    drs_base: str | None = None

    @property
    def source(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.base).netloc

    @property
    def host(self) -> str:
        """Host alone."""
        return urlsplit(self.base).hostname or ""

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    @property
    def credentials(self) -> Mapping[str, str]:
        """Headers with the key, or with name and password; none without either."""
        if self.key is not None:
            return self.key.header
        if self.login is not None:
            pair = b64encode(":".join(self.login).encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {}


def read_settings(connection: Connection) -> Settings:
    """Check a connection.

    :raises ValueError: which field is wrong, never what a secret one holds.
    """
    settings = read_source_settings(connection, DEFAULT_HOST)
    given = str(connection.extra_dejson.get("drs_address") or "").strip()
    if not given:
        return settings
    return replace(settings, drs_base=address_of(given, DRS_HOST, allow_http=settings.allow_http))


def read_source_settings(connection: Connection, host: str) -> Settings:
    """Check a connection that may hold a key, a name with a password, or neither.

    :param host: the address that an empty field stands for.
    :raises ValueError: which field is wrong, never what a secret one holds.
    """
    login = (connection.login, connection.password or "") if connection.login else None
    key = None
    if connection.password and login is None:
        key = read_api_key(connection.password, connection.extra_dejson.get("expires_at"))
    return make_settings(connection, host, key, login)


def read_open_settings(connection: Connection, host: str) -> Settings:
    """Check a connection to what is open to everybody. It holds no credentials, so that none can be sent.

    :param host: the address that an empty field stands for.
    :raises ValueError: which field is wrong.
    """
    if connection.login or connection.password:
        raise ValueError("login and password must be empty: public files need none")
    return make_settings(connection, host, None, None)


def make_settings(
    connection: Connection, default: str, key: Credential | None, login: tuple[str, str] | None
) -> Settings:
    """The fields that connections of all types have.

    :param default: the address that an empty field stands for.
    :raises ValueError: which field is wrong.
    """
    extra = connection.extra_dejson
    allow_http = str(extra.get("allow_http")).lower() == "true"
    return Settings(
        _base(connection, default, allow_http=allow_http),
        key,
        login,
        timeout=read_number(extra, "timeout", 60, least=0.1),
        max_retries=int(read_number(extra, "max_retries", 5)),
        page_size=int(read_number(extra, "page_size", 1000, least=1)),
        allow_http=allow_http,
        split_above_rows=int(read_number(extra, "split_above_rows", 50_000, least=1)),
        max_answer_bytes=int(read_number(extra, "max_answer_mb", 512, least=1) * (1 << 20)),
        calls_in_flight=int(read_number(extra, "calls_in_flight", 2, least=1)),
        calls_per_second=read_number(extra, "calls_per_second", 5),
        max_answer_seconds=read_number(extra, "max_answer_seconds", 3600, least=0.1),
        min_bytes_per_second=read_number(extra, "min_bytes_per_second", 1000),
    )


def _base(connection: Connection, default: str, *, allow_http: bool) -> str:
    host = (connection.host or default).strip()
    whole = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    return address_of(whole, default, connection.port, allow_http=allow_http)


def address_of(given: str, default: str, port: int | None = None, *, allow_http: bool) -> str:
    """An address of a connection: scheme, host and port.

    :param default: an address as it should be, for messages.
    :raises ValueError: it is not one, holds credentials, or goes over plain http to another machine.
    """
    url = urlsplit(given if "://" in given else f"https://{given}")
    if "@" in url.netloc:
        raise ValueError("host must not hold a user name or password")
    if url.scheme not in {"http", "https"} or not url.hostname or url.query or url.fragment:
        raise ValueError(f"host is not an address such as {default}")
    if url.scheme == "http" and not allow_http and not is_loopback(url.hostname):
        why = _WHY_NOT_HTTP.get(default, _WHY_NOT_HTTP[PUBLIC_HOST])
        raise ValueError(f"{why}: use https (allow_http is for stand-ins)")
    number = f":{port}" if port and not url.port else ""
    return f"{url.scheme}://{url.netloc}{number}{url.path.rstrip('/').removesuffix(API).removesuffix(BASE)}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_number(extra: Mapping[str, Any], name: str, default: float, least: float = 0) -> float:
    given = extra.get(name)
    try:
        number = default if given in {None, ""} else float(given)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not a number") from None
    if not least <= number < float("inf"):
        raise ValueError(f"{name} must be at least {least:g}")
    return number
