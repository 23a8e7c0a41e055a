"""An Airflow connection of type `drs`, read and checked."""

from __future__ import annotations

from dataclasses import dataclass

from immport_provider.hooks.credentials import read_api_key
from immport_provider.hooks.settings import DRS_HOST, Connection, Settings, address_of, make_settings

#: What an address of a resolver should look like, for messages.
_RESOLVER = "https://n2t.net"


@dataclass(frozen=True)
class DrsSettings(Settings):
    """How to reach a DRS service.

    :param resolver: address that compact identifiers are resolved at; None where none is.
    """

    resolver: str | None = None


def read_drs_settings(connection: Connection) -> DrsSettings:
    """Check a connection to a DRS service: a bearer token, a name with a password, or neither.

    :raises ValueError: which field is wrong, never what a secret one holds.
    """
    login = (connection.login, connection.password or "") if connection.login else None
    key = read_api_key(connection.password) if connection.password and login is None else None
    settings = make_settings(connection, DRS_HOST, key, login)
    given = str(connection.extra_dejson.get("resolver") or "").strip()
    resolver = address_of(given, _RESOLVER, allow_http=settings.allow_http) if given else None
    return DrsSettings(**vars(settings), resolver=resolver)
