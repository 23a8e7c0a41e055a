"""The roles of a warehouse: made where they are missing, and acted as.

People and programs log in with roles of their own that are members of these. The roles belong to the whole
server; what they may do, to the database: `rights` declares it.
"""

from __future__ import annotations

import logging

import sqlalchemy as sa

OWNER, LOADER = "warehouse_owner", "warehouse_loader"
ANALYST, RESTRICTED = "warehouse_analyst", "warehouse_restricted"
MONITOR, MONITOR_ALL = "warehouse_monitor", "warehouse_monitor_restricted"

#: Group role -> what its members do.
ROLES = {
    OWNER: "Owns the warehouse: upgrades it and may do all that a loader may",
    LOADER: "Loads studies: everything the pipeline does and nothing else",
    ANALYST: "Reads the star and the marts of the studies open to everybody",
    RESTRICTED: "Reads the star and the marts of all studies",
    MONITOR: "Reads what runs did and found, with the star and the marts, of studies that are not hidden",
    MONITOR_ALL: "The same, of all studies",
}
#: (role, role whose rights it has as well). A loader writes the Parquet copy as an analyst; it reads of all
#: studies what runs did, so that it may do so as who monitors them. Who monitors is not an analyst: analysts
#: see which studies were withdrawn as restricted.
MEMBERSHIPS = (
    (OWNER, LOADER),
    (LOADER, ANALYST),
    (RESTRICTED, ANALYST),
    (MONITOR_ALL, MONITOR),
    (MONITOR_ALL, RESTRICTED),
    (LOADER, MONITOR_ALL),
)
logger = logging.getLogger(__name__)


def ensure_roles(connection: sa.Connection) -> None:
    """Make the roles that are missing. Where that is not allowed, log what a DBA must run and go on."""
    missing = _missing(connection)
    for statement in missing:
        # Advisory locks are of one database, roles of all: who comes second finds the role made.
        connection.exec_driver_sql(
            f"do $$ begin {statement}; exception when duplicate_object or unique_violation"
            " or insufficient_privilege or undefined_object then null; end $$"
        )
    left = _missing(connection) if missing else []
    if left:
        logger.warning(
            "the roles of the warehouse are not complete, and %s may not make them. Until a DBA has run\n"
            "%s\nand the warehouse is upgraded again, logins lack the rights of those that are missing.",
            connection.scalar(sa.text("select current_user")),
            "\n".join(f"    {statement};" for statement in left),
        )


def _missing(connection: sa.Connection) -> list[str]:
    """Statements that make the roles and memberships that are not there."""
    there = existing(connection)
    memberships = sa.text(
        "select m.member::regrole::text, m.roleid::regrole::text from pg_auth_members m"
        " where m.roleid::regrole::text = any(:roles)"
    )
    members = {tuple(row) for row in connection.execute(memberships, {"roles": list(ROLES)})}
    statements = [f"create role {name} nologin" for name in ROLES if name not in there]
    return statements + [
        f"grant {other} to {role}" for role, other in MEMBERSHIPS if (role, other) not in members
    ]


def existing(connection: sa.Connection) -> set[str]:
    """Those of the roles that the server has."""
    found = sa.text("select rolname from pg_roles where rolname = any(:names)")
    return set(connection.scalars(found, {"names": list(ROLES)}))


def act_as_owner(connection: sa.Connection) -> None:
    """Within a transaction, do all in the name of warehouse_owner if the warehouse belongs to that role.

    What one of its members makes belongs to all of them. A warehouse of one login stays that login's.
    """
    connection.execute(
        sa.text("""
            select set_config('role', o.owner, true)
            from (select coalesce(
                (select n.nspowner from pg_namespace n where n.nspname = 'ops'),
                (select d.datdba from pg_database d where d.datname = current_database())
            )::regrole::text) o (owner)
            where o.owner = :owner and o.owner <> current_user and pg_has_role(current_user, o.owner, 'set')
        """),
        {"owner": OWNER},
    )


def become_analyst(connection: sa.Connection) -> str:
    """Within a transaction, read as an analyst where that role is there: rows that are hidden from analysts
    must not leave the warehouse. Returns the role that reads.
    """
    if ANALYST in existing(connection):
        connection.exec_driver_sql(f"set local role {ANALYST}")
    return str(connection.scalar(sa.text("select current_user")))
