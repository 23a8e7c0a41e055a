"""The revision a warehouse is at, and the newest that this code has."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

#: Alembic's folder of migrations.
MIGRATIONS = Path(__file__).parents[1] / "migrations"


class OutdatedWarehouseError(RuntimeError):
    """The warehouse is not at the model of this code."""


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic's configuration for the migrations of the warehouse at `connection`."""
    config = Config()
    # Alembic reads its options with % interpolation, which a path may hold.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str | None:
    """The newest revision that this code has."""
    return _newest(MIGRATIONS, tuple(sorted(file.name for file in MIGRATIONS.glob("versions/*.py"))))


@cache
def _newest(folder: Path, _files: tuple[str, ...]) -> str | None:
    """The same: to find it, all migrations are compiled, so once for the files that there are."""
    return ScriptDirectory(str(folder)).get_current_head()


def revisions(connection: sa.Connection) -> tuple[str | None, str | None]:
    """Revision of the warehouse, None without one; and the newest there is."""
    newest = newest_revision()
    if connection.scalar(sa.text("select to_regclass('ops.alembic_version')")) is None:
        return None, newest
    return connection.scalar(sa.text("select version_num from ops.alembic_version")), newest


def require_current(engine: sa.Engine) -> None:
    """Make sure that a warehouse is at the newest revision before anything is written to it.

    :raises OutdatedWarehouseError: it is at another one, or no warehouse at all.
    """
    with engine.connect() as connection:
        present, wanted = revisions(connection)
    if present != wanted:
        raise OutdatedWarehouseError(
            f"the warehouse {engine.url.database} is at revision {present or 'none'}, this code needs"
            f" {wanted}: run python -m include.warehouse.migrate"
        )
