"""Bring a warehouse to the newest model, in place: migrations first, then the views, then the rights."""

from __future__ import annotations

import argparse
import logging

import sqlalchemy as sa
from alembic import command

from include.sql import literal
from include.warehouse.access import apply_rights, monitored, roles, server_rights
from include.warehouse.load import content_digests
from include.warehouse.model.registry import DIMENSION, VERSIONED, model_of
from include.warehouse.schema import address
from include.warehouse.schema.engine import UPGRADING, UnfitServerError, warehouse_engine
from include.warehouse.schema.history_tables import HISTORY, KEY_TABLES, SCHEMAS
from include.warehouse.schema.revision import alembic_config, revisions
from include.warehouse.views import planner_statistics, star

#: Advisory lock of everything that changes the model, so that two upgrades wait for each other.
UPGRADE_LOCK = 7_318_001


def upgrade(url: sa.URL | str, revision: str = "head") -> None:
    """Upgrade the warehouse at `url` to a revision, the newest by default.

    :raises sqlalchemy.exc.OperationalError: the database cannot be reached, or is locked for too long.
    :raises UnfitServerError: it is not in UTF8, or its server is too old.
    :raises UnmigratedModelError: the model has a table that no migration makes.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    engine = warehouse_engine(url, UPGRADING, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("select pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
        roles.ensure_roles(connection)
        server_rights.restrict(connection, roles.OWNER, roles.LOADER)
        roles.act_as_owner(connection)
        for schema, purpose in SCHEMAS.items():
            connection.exec_driver_sql(f"create schema if not exists {schema}")
            connection.exec_driver_sql(f"comment on schema {schema} is {literal(purpose)}")
        current, newest = revisions(connection)
        if current == newest and star.are_current(connection):
            if not apply_rights.is_current(connection):
                apply_rights.apply(connection)
            return
        # A migration may change columns that views show, or policies read.
        monitored.drop(connection)
        star.drop(connection)
        command.upgrade(alembic_config(connection), revision)
        if revision == "head":
            _require_tables(connection)
            _declare_references(connection)
            planner_statistics.declare(connection)
            star.create(connection)
            if current != newest:
                content_digests.forget(connection)
            apply_rights.apply(connection)


class UnmigratedModelError(RuntimeError):
    """The model declares what no migration makes yet."""


def _require_tables(connection: sa.Connection) -> None:
    """Make sure that the migrations have made every table of the model.

    :raises UnmigratedModelError: one is missing.
    """
    there = set(connection.scalars(sa.text("select tablename from pg_tables where schemaname = 'history'")))
    declared = (*HISTORY, *(table.name for table in KEY_TABLES.values()))
    if missing := [name for name in declared if name not in there]:
        raise UnmigratedModelError(
            f"the model has history.{', history.'.join(missing)}, which no migration makes: write one with"
            " `python -m include.warehouse.migrate --new-revision`, from a warehouse at the model before"
        )


def _declare_references(connection: sa.Connection) -> None:
    """Show every reference in the catalogue.

    They are not enforced: row triggers cost five times the load. Publishing finds the keys it writes
    in the key tables, within its own transaction, so that none can dangle.
    """
    existing = set(connection.scalars(sa.text("select conname from pg_constraint where contype = 'f'")))
    for table in VERSIONED:
        targets = {item.column: DIMENSION[item.dimension] for item in table.references}
        if table.identity != table.scope_key:
            targets[table.scope_key] = model_of(table).of_scopes
        for column, target in targets.items():
            name = f"{table.relation}_{column}_fkey"
            if name not in existing:
                connection.exec_driver_sql(
                    f"alter table history.{table.relation} add constraint {name} foreign key ({column})"
                    f" references history.{target.key_table} not enforced"
                )


def new_revision(url: sa.URL | str, message: str) -> None:
    """Write the migration that takes the database at `url` to the model, for a person to review."""
    engine = warehouse_engine(url, UPGRADING, poolclass=sa.NullPool)
    with engine.begin() as connection:
        command.revision(alembic_config(connection), message, autogenerate=True)


def main() -> None:
    """`python -m include.warehouse.migrate`: upgrade the warehouse that the command is for."""
    parser = argparse.ArgumentParser(
        prog="python -m include.warehouse.migrate", description="Bring a warehouse to the newest model."
    )
    parser.add_argument(
        "--new-revision",
        metavar="WHAT",
        help="write the migration to the model instead, for a person to review",
    )
    try:
        url, options = address.parse(parser)
        if options.new_revision is None:
            upgrade(url)
        else:
            new_revision(url, options.new_revision)
    except (address.AddressError, UnfitServerError, UnmigratedModelError) as error:
        raise SystemExit(f"error: {error}") from None
    except sa.exc.OperationalError as error:  # not to be reached, or locked for too long
        raise SystemExit(f"error: {' '.join(str(error.orig).split())}") from None


if __name__ == "__main__":
    main()
