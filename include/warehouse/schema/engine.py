"""Connecting to the warehouse: one way in, for every session of the project.

What a session means by a text, a day or a name must not depend on the shell, the role or the database it
comes from. `connect` sets all of that; `warehouse_engine` makes an engine of such sessions. They use
psycopg2, whose COPY takes a stream.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import psycopg2
import sqlalchemy as sa
from psycopg2.extensions import make_dsn, parse_dsn

if TYPE_CHECKING:
    from airflow.sdk import Connection

#: Name under which the sessions of this project show in pg_stat_activity.
APPLICATION = "immport-warehouse"
#: Oldest Postgres whose functions and constraints the warehouse is made of.
OLDEST_SERVER = 18
#: The one encoding that holds every text ImmPort sends.
ENCODING = "UTF8"
#: Settings that change what a statement reads or writes. A role, a database or a shell may have set others.
SESSION: Mapping[str, str] = MappingProxyType(
    {
        "client_encoding": ENCODING,
        "datestyle": "ISO, YMD",
        "intervalstyle": "postgres",
        "timezone": "UTC",
        "timezone_abbreviations": "Default",
        "extra_float_digits": "1",
        "lc_monetary": "C",
        "lc_numeric": "C",
        "lc_time": "C",
        "bytea_output": "hex",
        "default_transaction_isolation": "read committed",
        "default_transaction_deferrable": "off",
        "row_security": "on",
        "xmlbinary": "base64",
        "xmloption": "content",
        "array_nulls": "on",
        "backslash_quote": "safe_encoding",
        "quote_all_identifiers": "off",
        "standard_conforming_strings": "on",
        "transform_null_equals": "off",
    }
)
#: A worker that is gone, with its machine or alone, is noticed in minutes, also within a statement.
_WATCH: Mapping[str, str] = MappingProxyType(
    {
        "tcp_keepalives_idle": "60",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "6",
        "client_connection_check_interval": "10s",
    }
)
#: Every table is named with its schema, so that none of another schema can stand in for it.
SEARCH_PATH = "pg_catalog, pg_temp"
#: Seconds to wait for a server that does not answer.
CONNECT_TIMEOUT = 10
#: libpq parameter -> field of an Airflow connection that holds it.
_FIELDS = {
    "host": "Host",
    "port": "Port",
    "dbname": "Database",
    "user": "Login",
    "password": "Password",
}


class UnfitServerError(RuntimeError):
    """The server or the database cannot hold the warehouse."""


class ConnectionExtraError(ValueError):
    """The extra of an Airflow connection holds what no connection to Postgres knows."""


@dataclass(frozen=True)
class Limits:
    """How long a session may wait, or keep others waiting, as Postgres writes a time; "0" is without limit.

    A worker that is stopped, cut off or given up on must not stop the next run. A connection's `options` go
    before these.

    :param lock_timeout: waiting for a lock.
    :param idle_in_transaction_session_timeout: within a transaction, without a statement.
    :param transaction_timeout: one transaction.
    """

    lock_timeout: str = "1min"
    idle_in_transaction_session_timeout: str = "15min"
    transaction_timeout: str = "6h"


#: Steps of a load; publishing sets its own within its transaction.
LOADING = Limits()
#: An upgrade rewrites tables, and waits for readers and for another upgrade.
UPGRADING = Limits(lock_timeout="10min", transaction_timeout="24h")


def warehouse_url(connection: Connection) -> sa.URL:
    """The URL of an Airflow connection of type `postgres`, with every libpq parameter of its extra.

    :raises ConnectionExtraError: the extra has a name that libpq does not know, or that a field holds, or a
        value that is not one.
    """
    extra = {name: value for name, value in connection.extra_dejson.items() if value not in (None, "")}
    unknown = sorted(name for name in extra if not _is_libpq(name))
    if unknown:
        raise ConnectionExtraError(
            f"connection {connection.conn_id}: its extra has {', '.join(unknown)}, which no connection to"
            " Postgres knows (sslmode, sslrootcert and others of libpq it does)"
        )
    twice = [f"{name} (field {_FIELDS[name]})" for name in sorted(extra) if name in _FIELDS]
    if twice:
        raise ConnectionExtraError(
            f"connection {connection.conn_id}: its extra repeats fields of the connection: {', '.join(twice)}"
        )
    return sa.URL.create(
        "postgresql+psycopg2",
        username=connection.login,
        password=connection.password,
        host=connection.host,
        port=connection.port,
        database=connection.schema,
        query={name: _parameter(connection, name, value) for name, value in extra.items()},
    )


def _is_libpq(name: str) -> bool:
    """Whether the libpq that connects knows a parameter: it parses one to find out."""
    try:
        parse_dsn(make_dsn(**{name: ""}))
    except psycopg2.ProgrammingError:
        return False
    return True


def _parameter(connection: Connection, name: str, value: object) -> str:
    match value:
        case bool():
            return str(int(value))
        case str() | int():
            return str(value)
    kind = type(value).__name__
    raise ConnectionExtraError(
        f"connection {connection.conn_id}: {name} of its extra is a {kind}, not a text or a number"
    )


def warehouse_engine(
    url: sa.URL | str, limits: Limits = LOADING, *, search_path: str = SEARCH_PATH, **options: Any
) -> sa.Engine:
    """An engine of sessions as `connect` makes them, which notices a server restart.

    :param options: further arguments of `sqlalchemy.create_engine`.
    """

    def creator() -> Any:
        return connect(url, limits, search_path=search_path)

    return sa.create_engine(_psycopg2(url), **{"pool_pre_ping": True, **options}, creator=creator)


def connect(url: sa.URL | str, limits: Limits = LOADING, *, search_path: str = SEARCH_PATH) -> Any:
    """A new psycopg2 session with everything set that changes what its statements mean.

    :raises UnfitServerError: the server is too old, or the database is not in UTF8.
    :raises psycopg2.OperationalError: it cannot be reached.
    """
    given = parameters(url)
    session = psycopg2.connect(**given)
    try:
        require_fit(session)
        settle(session, _wanted(limits, str(given.get("options", ""))), search_path)
    except BaseException:
        session.close()
        raise
    return session


def parameters(url: sa.URL | str) -> dict[str, Any]:
    """The libpq parameters of an address, by name, the password among them."""
    parsed = _psycopg2(url)
    _, given = parsed.get_dialect()().create_connect_args(parsed)
    own = {"application_name": APPLICATION, "connect_timeout": CONNECT_TIMEOUT}
    return {**own, **given, "client_encoding": ENCODING}


def _psycopg2(url: sa.URL | str) -> sa.URL:
    """The address with the driver that all sessions use, whatever other one it names."""
    return sa.make_url(url).set(drivername="postgresql+psycopg2")


def psql_arguments(url: sa.URL, environ: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """What psql needs to connect as this project does: its argument `--dbname`, and its environment.

    No other user of the machine sees the password, and no PG* variable of the shell gets through.
    """
    given = parameters(url)
    password = given.pop("password", None)
    # A person's statements may name tables of their own without a schema.
    settings = {**SESSION, "search_path": "public"}
    options = [f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in settings.items()]
    given["options"] = " ".join([str(given.get("options", "")), *options]).strip()
    environment = without_libpq(environ) | {"PGCLIENTENCODING": ENCODING}
    return make_dsn(**given), environment | ({} if password is None else {"PGPASSWORD": str(password)})


def without_libpq(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment without the variables that libpq reads in place of parameters: PGSSLMODE, PGSERVICE."""
    return {name: value for name, value in environ.items() if not re.fullmatch(r"PG[A-Z]+", name)}


def _wanted(limits: Limits, options: str) -> dict[str, str]:
    """The limits that a connection's own options do not name."""
    return {name: value for name, value in asdict(limits).items() if not re.search(rf"\b{name}\s*=", options)}


def require_fit(session: Any) -> None:
    """Make sure that a session is with a server and a database that can hold the warehouse.

    :raises UnfitServerError: they cannot.
    """
    where = f"database {session.info.dbname} of {session.info.host}:{session.info.port}"
    if session.server_version < OLDEST_SERVER * 10_000:
        found = session.get_parameter_status("server_version")
        raise UnfitServerError(
            f"{where}: it is Postgres {found}, the warehouse needs {OLDEST_SERVER} or later"
        )
    encoding = session.get_parameter_status("server_encoding")
    if encoding != ENCODING:
        raise UnfitServerError(f"{where}: its encoding is {encoding}, the warehouse needs {ENCODING}")


def settle(session: Any, limits: Mapping[str, str], search_path: str) -> None:
    """Set what a session means and how long it may wait, for as long as it lasts."""
    settings = {**SESSION, **_WATCH, **limits, "search_path": search_path}
    # The driver keeps the encoding for itself, too.
    session.set_client_encoding(ENCODING)
    session.autocommit = True
    with session.cursor() as cursor:
        cursor.execute(
            "select pg_catalog.set_config(s.key, s.value, false) from pg_catalog.json_each_text(%s) s",
            (json.dumps(settings),),
        )
    session.autocommit = False
