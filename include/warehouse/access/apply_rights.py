"""Puts the declared rights into a warehouse: grants, row policies, and views that read as who asks."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.warehouse.access import monitored, resource_visibility, roles
from include.warehouse.access.rights import (
    KEPT_BY_OWNER,
    POLICIES,
    READ_AS_OWNER,
    READERS,
    RIGHTS,
    SHOWN_OF_OPS,
    Right,
    RowPolicy,
    row_policies,
)
from include.warehouse.access.roles import ANALYST, LOADER, MONITOR, OWNER
from include.warehouse.model.registry import VERSIONED
from include.warehouse.schema.history_tables import STUDY_ACCESS
from include.warehouse.schema.ops_tables import SETTING, metadata
from include.warehouse.schema.statements import run_sql

#: Where rows of studies are, and the schemas whose views must read with the rights of who asks.
_ROWS, _VIEWS = ("history", "star", "mart"), ("star", "mart")
_DIGEST = "access"


def is_current(connection: sa.Connection) -> bool:
    """Whether the rights applied are those of this code, for the roles and tables there are."""
    applied = sa.select(SETTING.c.value).where(SETTING.c.name == _DIGEST)
    are_applied = connection.scalar(applied) == _digest(connection, statements(connection))
    return are_applied and monitored.is_current(connection)


def apply(connection: sa.Connection) -> None:
    """Give each role the rights declared here and take all others, and put the policies on."""
    if not monitored.is_current(connection):
        monitored.create(connection)
    made = statements(connection)
    for statement in made:
        run_sql(connection, statement)
    _hand_over_staging(connection)
    note = upsert(SETTING).values(name=_DIGEST, value=_digest(connection, made))
    connection.execute(
        note.on_conflict_do_update(index_elements=[SETTING.c.name], set_={"value": note.excluded.value})
    )


def _digest(connection: sa.Connection, made: list[str]) -> str:
    # Rights on what is added later are those of what one role adds.
    owner = str(connection.scalar(sa.text("select current_user")))
    return hashlib.sha256("\n".join([owner, *made]).encode()).hexdigest()


def _hand_over_staging(connection: sa.Connection) -> None:
    """What a warehouse of one login had staged goes to the loaders once it belongs to warehouse_owner."""
    found = sa.text("""
        select format('alter table %s owner to ', c.oid::regclass) || :loader
        from pg_class c where c.relnamespace = 'staging'::regnamespace and c.relkind = 'r'
            and c.relowner = current_user::regrole and current_user = :owner""")
    for statement in connection.scalars(found, {"loader": LOADER, "owner": OWNER}).all():
        connection.exec_driver_sql(statement)


def statements(connection: sa.Connection) -> list[str]:
    """SQL that applies the rights, for the roles and tables of this database."""
    existing = roles.existing(connection)
    made = [
        f"alter view {name} set (security_invoker = true)" for name in _relations(connection, "v", _VIEWS)
    ]
    made += [
        f"alter function {name} security definer set search_path = pg_catalog, pg_temp"
        for name in READ_AS_OWNER
    ]
    for name in _study_tables(connection):
        made += _policies(name, POLICIES, existing)
    for name, of in resource_visibility.TABLES.items():
        made += _policies(name, row_policies(resource_visibility.is_shown(of)), existing)
    for name in _relations(connection, "rp", monitored.WATCHED):
        made += _policies(name, _ops_policies(name), existing)
    for role in (name for name in roles.ROLES if name in existing):
        made += _rights(connection, role)
    return made


def _relations(connection: sa.Connection, kinds: str, schemas: tuple[str, ...]) -> list[str]:
    """Tables or views of ours in schemas, by their full names."""
    found = sa.text("""
        select format('%I.%I', n.nspname, c.relname)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = any(:schemas) and c.relkind::text = any(:kinds)
            and pg_has_role(current_user, c.relowner, 'usage')
        order by 1""")
    return list(connection.scalars(found, {"schemas": list(schemas), "kinds": list(kinds)}))


def _study_tables(connection: sa.Connection) -> list[str]:
    """Tables whose rows belong to a study, whoever declared them."""
    found = sa.text("""
        select format('%I.%I', c.relnamespace::regnamespace, c.relname)
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        where a.attname = 'study_key' and not a.attisdropped""")
    # The policies read the list of open studies: it cannot have one itself.
    having = set(connection.scalars(found)) - {STUDY_ACCESS.fullname}
    return [name for name in _relations(connection, "rp", _ROWS) if name in having]


def _ops_policies(table: str) -> tuple[RowPolicy, ...]:
    """Policies of a table of operations: whoever has a right on it by mistake sees no row."""
    made = [RowPolicy("loading", LOADER, "all")]
    if table in SHOWN_OF_OPS:
        made.append(RowPolicy("shown", ANALYST, "select"))
    declared = metadata.tables.get(table)
    if declared is not None and (rows := monitored.row_policy(declared)):
        made.append(RowPolicy("watched", MONITOR, "select", rows))
    return tuple(made)


def _policies(table: str, policies: tuple[RowPolicy, ...], existing: set[str]) -> list[str]:
    made = [f"alter table {table} enable row level security"]
    for policy in policies:
        made.append(f"drop policy if exists {policy.name} on {table}")
        if policy.role in existing:
            made.append(policy.on(table))
    return made


def _rights(connection: sa.Connection, role: str) -> list[str]:
    schemas = set(connection.scalars(sa.text("select nspname from pg_namespace")))
    made = []
    for schema in sorted({right.schema for right in RIGHTS} & schemas):
        given = next((item for item in RIGHTS if item.role == role and item.schema == schema), None)
        if role == OWNER:
            continue  # what it may do comes with owning it
        made.append(f"revoke all on schema {schema} from {role}")
        # Staging tables belong to those who load.
        tables = _relations(connection, "rpvm", (schema,)) if schema != "staging" else []
        made += [f"revoke all on {table} from {role}" for table in tables]
        sequences = _relations(connection, "S", (schema,)) if schema != "staging" else []
        made += [f"revoke all on sequence {sequence} from {role}" for sequence in sequences]
        made += [
            f"alter default privileges in schema {schema} revoke all on {kind} from {role}"
            for kind in ("tables", "sequences")
        ]
        if given is None:
            continue
        if given.schema_rights:
            made.append(f"grant {given.schema_rights} on schema {schema} to {role}")
        for table in tables:
            made.append(_grant(connection, given, table))
        if given.sequence_rights:
            made += [f"grant {given.sequence_rights} on sequence {name} to {role}" for name in sequences]
        if given.is_lasting:
            made += [
                f"alter default privileges in schema {schema} grant {rights} on {kind} to {role}"
                for kind, rights in (("tables", given.table_rights), ("sequences", given.sequence_rights))
                if rights
            ]
    if role == LOADER:
        made += [f"revoke insert, update, delete on {table} from {role}" for table in KEPT_BY_OWNER]
    if role in READERS:
        made += [
            f"grant select ({', '.join(columns)}) on {table} to {role}"
            for table, columns in SHOWN_OF_OPS.items()
        ]
        made += [f"grant select on ops.{name} to {role}" for name in monitored.LISTS_OF_POLICIES]
    if role == MONITOR:
        made += [
            f"grant select on ops.{name} to {role}"
            for name in monitored.LISTS
            if name not in monitored.LISTS_OF_LISTS
        ]
    return made


def _grant(connection: sa.Connection, right: Right, table: str) -> str:
    """The grant on one table; readers get no column that the star masks."""
    masked = _masked().get(table) if right.role in READERS else None
    if masked is None:
        return f"grant {right.table_rights} on {table} to {right.role}"
    columns = sa.inspect(connection).get_columns(table.partition(".")[2], "history")
    shown = ", ".join(f'"{item["name"]}"' for item in columns if item["name"] not in masked)
    return f"grant {right.table_rights} ({shown}) on {table} to {right.role}"


def _masked() -> dict[str, set[str]]:
    """Columns that the star does not show, by table of history."""
    columns = {
        f"history.{table.relation}": {item.name for item in table.columns if item.is_masked}
        for table in VERSIONED
    }
    return {table: names for table, names in columns.items() if names}
