"""What everybody may do in a database of Postgres as it comes, and only those who load need in a warehouse.

Advisory locks order loads and upgrades: who takes one stops them. Large objects, functions and messages in
the log of the server are writes that no grant on a table covers. Only the owner of these functions, a
superuser, can take the right to them away.
"""

from __future__ import annotations

import logging

import sqlalchemy as sa

#: Functions of the server that lock, or write without a right on any table: by the beginnings of their names.
NEEDED_BY_LOADERS = ("pg_advisory_", "pg_try_advisory_")
NEEDED_BY_NONE = ("lo_", "loread", "lowrite", "pg_logical_emit_message")
#: Languages of functions that anybody could make, also in a schema for temporary tables, and of DO.
LANGUAGES = ("plpgsql", "sql")
logger = logging.getLogger(__name__)


def restrict(connection: sa.Connection, owner: str, loader: str) -> None:
    """Take these rights from everybody but the roles that need them, as far as the session may.

    What it may not take is logged for a DBA: that is a warning, not an error.

    :param owner: role that owns warehouses, loader: role that loads them.
    """
    found = _open_to_all(connection)
    if not found:
        return
    roles = _roles(connection, owner, loader)
    made = [statement for item in found for statement in _statements(*item, roles)]
    is_allowed = connection.scalar(
        sa.text("select rolsuper from pg_roles where rolname = session_user and session_user = current_user")
    )
    if is_allowed:
        for statement in made:
            connection.exec_driver_sql(statement)
        return
    logger.warning(
        "everybody who may connect can take the locks of loads, make functions and write large objects, and"
        " %s may not change that. Until a superuser has run the upgrade, or these statements here,"
        " analysts can stop a load:\n%s",
        connection.scalar(sa.text("select current_user")),
        "\n".join(f"    {statement};" for statement in made),
    )


def _open_to_all(connection: sa.Connection) -> list[tuple[str, str, bool]]:
    """What everybody still may: kind, name and whether loaders need it."""
    starts = [*NEEDED_BY_LOADERS, *NEEDED_BY_NONE]
    found = sa.text("""
        select 'function', p.oid::regprocedure::text, starts_with(p.proname, any_of.name) and any_of.is_needed
        from pg_proc p
        join unnest(cast(:names as text[]), cast(:needed as bool[])) any_of (name, is_needed)
            on starts_with(p.proname, any_of.name)
        where p.pronamespace = 'pg_catalog'::regnamespace and exists (
            select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)
        union all
        select 'language', l.lanname, true from pg_language l
        where l.lanname = any(:languages) and exists (
            select from aclexplode(coalesce(l.lanacl, acldefault('l', l.lanowner))) a where a.grantee = 0)
        union all
        select 'schema', n.nspname, false from pg_namespace n
        where n.nspname = 'public' and exists (
            select from aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
            where a.grantee = 0 and a.privilege_type = 'CREATE')
        order by 1, 2""")
    needed = [name in NEEDED_BY_LOADERS for name in starts]
    rows = connection.execute(found, {"names": starts, "needed": needed, "languages": list(LANGUAGES)})
    return [(kind, name, is_needed) for kind, name, is_needed in rows]


def _roles(connection: sa.Connection, owner: str, loader: str) -> list[str]:
    """Roles that load: the two, and who owns the warehouse or its database if that is another login."""
    found = sa.text("""
        select distinct quote_ident(r.rolname) from pg_roles r
        where r.rolname = any(:roles)
            or r.oid = (select datdba from pg_database where datname = current_database())
            or r.oid = (select nspowner from pg_namespace where nspname = 'ops')
        order by 1""")
    return list(connection.scalars(found, {"roles": [owner, loader]}))


def _statements(kind: str, name: str, is_needed: bool, roles: list[str]) -> list[str]:
    right = {"function": "execute", "language": "usage", "schema": "create"}[kind]
    made = [f"revoke {right} on {kind} {name} from public"]
    if is_needed and roles:
        made.append(f"grant {right} on {kind} {name} to {', '.join(roles)}")
    return made
