"""Which warehouse a command is for.

The list of processes is open to everybody on a machine: a password comes from the environment, from a file or
from an Airflow connection, and a command line that holds one is refused.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from include.warehouse.schema.engine import ConnectionExtraError, warehouse_url

#: Environment variable that holds an address, and the Airflow connection to take without one.
VARIABLE, CONNECTION = "WAREHOUSE_URL", "warehouse_default"
_WAYS = (
    f"the environment variable {VARIABLE}, a file (--url-file FILE) or an Airflow connection"
    f" (--connection {CONNECTION})"
)
#: Parameters of an address that are as secret as its password.
_SECRETS = {"password", "sslpassword", "oauth_client_secret"}


class AddressError(ValueError):
    """There is no address, or none that can be taken; the message holds no password."""


def parse(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None = None
) -> tuple[sa.URL, argparse.Namespace]:
    """Read a command line that names its warehouse, if it does, before all else.

    :returns: the address of the warehouse, and the other arguments.
    :raises AddressError: there is no address, it cannot be read, or the command line holds a password.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    url = given.pop(0) if given and "://" in given[0] else None
    where = parser.add_argument_group(
        "warehouse",
        f"An address without a password may come first: postgresql+psycopg2://HOST/DATABASE. Without any of"
        f" these it is that in {VARIABLE}, or the Airflow connection {CONNECTION}.",
    ).add_mutually_exclusive_group()
    where.add_argument("--connection", metavar="ID", help="Airflow connection of type postgres")
    where.add_argument("--url-file", type=Path, metavar="FILE", help="file that holds an SQLAlchemy URL")
    options = parser.parse_args(given)
    if url is not None:
        return _without_secret(_read(url, "the command line")), options
    if options.url_file is not None:
        try:
            return _read(options.url_file.read_text(encoding="utf-8").strip(), str(options.url_file)), options
        except (OSError, UnicodeDecodeError) as error:
            raise AddressError(f"the address of the warehouse cannot be read: {error}") from None
    if options.connection is None and (url := os.environ.get(VARIABLE)):
        return _read(url, VARIABLE), options
    return _of_airflow(options.connection or CONNECTION), options


def _read(text: str, source: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise AddressError(
            f"the address of the warehouse in {source} is not an SQLAlchemy URL such as"
            " postgresql+psycopg2://USER:PASSWORD@HOST/DATABASE (a password may have to be percent-encoded)"
        ) from None
    if url.get_backend_name() != "postgresql":
        raise AddressError(
            f"the address of the warehouse in {source} is of {url.get_backend_name()}, not of Postgres"
        )
    return url


def _without_secret(url: sa.URL) -> sa.URL:
    if url.password or _SECRETS & url.query.keys():
        raise AddressError(
            "the address holds a password, which everybody on this machine can read while the command runs:"
            f" provide it by {_WAYS}"
        )
    return url


def _of_airflow(name: str) -> sa.URL:
    # Seconds to import: only where no address was given.
    from airflow.exceptions import AirflowNotFoundException
    from airflow.models.connection import Connection

    try:
        return warehouse_url(Connection.get_connection_from_secrets(name))
    except AirflowNotFoundException:
        raise AddressError(f"there is no Airflow connection {name}: provide the address by {_WAYS}") from None
    except ConnectionExtraError as error:
        raise AddressError(str(error)) from None
