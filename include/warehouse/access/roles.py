"""Who may do what: roles, their rights by schema, and which studies they see.

Declared here once and applied at every upgrade, after the views are made. People and programs log in with
roles of their own that are members of these. The roles belong to the whole server; what they may do, to the
database.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.warehouse.model.registry import VERSIONED
from include.warehouse.schema.history_tables import STUDY_ACCESS
from include.warehouse.schema.ops_tables import SETTING

OWNER, LOADER = "warehouse_owner", "warehouse_loader"
ANALYST, RESTRICTED = "warehouse_analyst", "warehouse_restricted"

#: Group role -> what its members do.
ROLES = {
    OWNER: "Owns the warehouse: upgrades it and may do all that a loader may",
    LOADER: "Loads studies: everything the pipeline does and nothing else",
    ANALYST: "Reads the star and the marts of the studies open to everybody",
    RESTRICTED: "Reads the star and the marts of all studies",
}
#: (role, role whose rights it has as well). A loader writes the Parquet copy as an analyst.
MEMBERSHIPS = ((OWNER, LOADER), (LOADER, ANALYST), (RESTRICTED, ANALYST))

_READ, _WRITE = "select", "select, insert, update, delete"


@dataclass(frozen=True)
class Right:
    """What a role may do in a schema.

    :param schema_rights: "usage" to name what is in it, "usage, create" to add to it, or nothing.
    :param table_rights: on each of its tables and views.
    :param is_lasting: also on tables that the owner adds to it between two upgrades.
    """

    role: str
    schema: str
    schema_rights: str
    table_rights: str
    is_lasting: bool = True


#: A view of the star reads with the rights of who asks, but what it reads was named when it was made:
#: analysts read history through it without the right to name a table there.
RIGHTS = (
    Right(LOADER, "staging", "usage, create", _WRITE),
    Right(LOADER, "history", "usage", _WRITE),
    Right(LOADER, "quality", "usage", _WRITE),
    Right(LOADER, "ops", "usage", _WRITE),
    Right(LOADER, "star", "usage", _READ),
    Right(LOADER, "mart", "usage", _READ),
    # Not lasting: a new table is not shown before an upgrade has put policies on it, nor a new view before
    # one has seen to it that it reads with the rights of who asks.
    Right(ANALYST, "star", "usage", _READ, is_lasting=False),
    Right(ANALYST, "mart", "usage", _READ, is_lasting=False),
    Right(ANALYST, "history", "", _READ, is_lasting=False),
)
#: Tables of the upgrade itself, which a loader reads only.
KEPT_BY_OWNER = ("ops.alembic_version", "ops.setting")
#: What views of the star show of a study that is gone: that it is, since when, why, and nothing it held.
SHOWN_OF_OPS = {
    "ops.capture": ("study_accession", "release_key", "load_id", "kind", "reason", "lacks"),
    "ops.load": ("load_id", "release_version"),
    "ops.study": ("study_accession",),
    # Joined to the studies a reader sees.
    "ops.ledger": ("load_id", "study_accession", "release_key", "published_at"),
    "ops.release_change": ("load_id", "relation", "added", "corrected", "withdrawn", "unchanged"),
}
#: Functions that read with the owner's rights: names of releases, which hold nothing of a study, and what
#: differs, of the studies that the caller sees: it asks so itself.
READ_AS_OWNER = (
    "star.as_of_key()",
    "star.release_key(text)",
    "star.release_difference(text,text,text,text)",
)
#: Where rows of studies are, and the schemas whose views must read with the rights of who asks.
_ROWS, _VIEWS = ("history", "star", "mart"), ("star", "mart")
#: Evaluated once per query, hashed. A flag on each row would be one on millions of rows to turn.
_IS_OPEN = "study_key in (select a.study_key from history.study_access a where a.is_open)"


@dataclass(frozen=True)
class RowPolicy:
    """Which rows of studies a role sees.

    :param command: what it may do with them.
    :param rows: SQL over a row; true where it is all of them.
    """

    name: str
    role: str
    command: str
    rows: str = "true"

    def on(self, table: str) -> str:
        """SQL that puts the policy on a table."""
        check = "" if self.command == "select" else f"with check ({self.rows})"
        to = f"for {self.command} to {self.role} using ({self.rows}) {check}"
        return f"create policy {self.name} on {table} {to}"


#: Other roles see no row of a study.
POLICIES = (
    RowPolicy("open_studies", ANALYST, "select", _IS_OPEN),
    RowPolicy("all_studies", RESTRICTED, "select"),
    RowPolicy("loading", LOADER, "all"),
)
#: Roles that see all studies.
SEE_ALL = tuple(item.role for item in POLICIES if item.rows == "true")
_DIGEST = "access"
logger = logging.getLogger(__name__)


def is_open(alias: str) -> str:
    """SQL: whether the study of a row is open to everybody, as the policy for analysts has it."""
    return f"{alias}.{_IS_OPEN}"


def ensure_roles(connection: sa.Connection) -> None:
    """Make the roles that are missing. Where that is not allowed, tell what a DBA must run and go on."""
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
            "%s\nand the warehouse is upgraded again, none but its owner can read it.",
            connection.scalar(sa.text("select current_user")),
            "\n".join(f"    {statement};" for statement in left),
        )


def _missing(connection: sa.Connection) -> list[str]:
    """Statements that make the roles and memberships that are not there."""
    existing = _existing(connection)
    held = sa.text(
        "select m.member::regrole::text, m.roleid::regrole::text from pg_auth_members m"
        " where m.roleid::regrole::text = any(:roles)"
    )
    members = {tuple(row) for row in connection.execute(held, {"roles": list(ROLES)})}
    statements = [f"create role {name} nologin" for name in ROLES if name not in existing]
    return statements + [
        f"grant {other} to {role}" for role, other in MEMBERSHIPS if (role, other) not in members
    ]


def _existing(connection: sa.Connection) -> set[str]:
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


def is_current(connection: sa.Connection) -> bool:
    """Whether the rights applied are those of this code, for the roles and tables there are."""
    applied = sa.select(SETTING.c.value).where(SETTING.c.name == _DIGEST)
    return connection.scalar(applied) == _digest(connection, statements(connection))


def apply(connection: sa.Connection) -> None:
    """Give each role the rights declared here and take all others, and put the policies on."""
    made = statements(connection)
    for statement in made:
        connection.exec_driver_sql(statement)
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
    roles = _existing(connection)
    made = [
        f"alter view {name} set (security_invoker = true)" for name in _relations(connection, "v", _VIEWS)
    ]
    made += [
        f"alter function {name} security definer set search_path = pg_catalog, pg_temp"
        for name in READ_AS_OWNER
    ]
    made += [statement for name in _study_tables(connection) for statement in _policies(name, roles)]
    for role in (name for name in ROLES if name in roles):
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


def _policies(table: str, roles: set[str]) -> list[str]:
    made = [f"alter table {table} enable row level security"]
    for policy in POLICIES:
        made.append(f"drop policy if exists {policy.name} on {table}")
        if policy.role in roles:
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
        made.append(f"alter default privileges in schema {schema} revoke all on tables from {role}")
        if given is None:
            continue
        if given.schema_rights:
            made.append(f"grant {given.schema_rights} on schema {schema} to {role}")
        for table in tables:
            made.append(_grant(connection, given, table))
        if given.is_lasting:
            made.append(
                f"alter default privileges in schema {schema} grant {given.table_rights} on tables to {role}"
            )
    if role == LOADER:
        made += [f"revoke insert, update, delete on {table} from {role}" for table in KEPT_BY_OWNER]
    if role == ANALYST:
        made += [
            f"grant select ({', '.join(columns)}) on {table} to {role}"
            for table, columns in SHOWN_OF_OPS.items()
        ]
    return made


def _grant(connection: sa.Connection, right: Right, table: str) -> str:
    """The grant on one table; analysts get no column that the star masks."""
    masked = _masked().get(table) if right.role == ANALYST else None
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
