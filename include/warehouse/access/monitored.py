"""What who watches the runs reads: a view of each table of operations and quality, without hidden studies.

Which rows a view shows follows from the columns of its table, so that a new table needs no declaration here:
those of scopes that are not hidden, or of their loads. A text may name another study than that of its row; a
view leaves out the sentences that name a hidden one. The views read with their owner's rights, because the
list of what is hidden must not be read by name.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.sources.fhir.source import FHIR
from include.sql import identifier, literal, nearly_all, sql_file
from include.warehouse.access import resource_visibility
from include.warehouse.access.rights import SHOWN_OF_OPS
from include.warehouse.access.roles import MONITOR_ALL
from include.warehouse.schema.foreign_types import CleanJson, CleanText
from include.warehouse.schema.ops_tables import (
    DRY_RUN_STATE,
    LOAD,
    QUARANTINE,
    QUARANTINED_VALUE,
    SETTING,
    metadata,
)
from include.warehouse.schema.statements import run_sql
from include.warehouse.views import star

SCHEMA, WATCHED = "monitor", ("ops", "quality")
#: Tables whose rows are about no scope, by their columns. What their texts name is left out all the same.
WITHOUT_SCOPE = frozenset(
    {
        "ops.run",
        "ops.attempt",
        "ops.call",
        "ops.circuit",
        "ops.export",
        "ops.format_verdict",
        "ops.alert_delivery",
        "ops.submission",
        "ops.submission_ticket",
        "ops.submission_line",
        "ops.validation",
        "ops.validation_finding",
        "ops.submission_comparison",
        "ops.submission_change",
        "quality.audit",
    }
)
#: Tables without a view: of the upgrade, of the audit, which counts scopes by numbers alone, and of files.
WITHHELD = frozenset({"ops.setting", "ops.content", "ops.template_version"})
#: Columns that may hold a value of any study without naming it: for who sees all studies.
OF_ALL_STUDIES = frozenset({"ops.format_verdict.detail", "quality.audit.sample"})
#: Columns whose texts are words of this code, names of the source's tables, numbers of runs, releases and
#: tickets, or digests: shown as they are, so that a query finds rows by their indexes. All other texts are
#: searched for names. The name of a run is Airflow's, which shows it to all its users.
CODES = frozenset({
    "action", "alert_type", "check_id", "content_digest", "dag_id", "endpoint", "event_key", "host",
    "kind", "lacks", "listed_version", "newest_release", "purpose",
    "relation", "release_version", "route", "rule", "run_id", "severity", "source", "state", "step",
    "task_id", "ticket_number",
})  # fmt: skip
#: Rows that a view leaves out, whoever reads it: the loads of a dry run are gone when it ends.
LEFT_OUT = {LOAD.fullname: f"t.state <> {literal(DRY_RUN_STATE)}"}
#: What policies and views look up: name, purpose, meaning of each column. Roles of readers may select from
#: these, but not name them.
LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "closed_scope": (
        "Scopes that not everybody may see",
        {"source": "Source", "scope": "Scope of the source"},
    ),
    "hidden_resource": (
        "Resources of a FHIR server that are of no other scopes than these",
        {"fhir_type": "Type of the resource", "reference": "Reference to it: Patient/SUB1"},
    ),
    "hidden_scope": (
        "Scopes that the reader may not see: none for who sees all studies",
        {"source": "Source", "scope": "Scope of the source"},
    ),
    "hidden_load": ("Loads of hidden scopes", {"load_id": "Load"}),
    "hidden_name": (
        "How texts name hidden scopes",
        {
            "pattern": "Regular expression that finds their names; null where none is hidden",
            "beginning": "What all of them begin with, in small letters",
        },
    ),
}
#: Those of them that other lists are made of, and those that policies of the star look up.
LISTS_OF_LISTS, LISTS_OF_POLICIES = ("closed_scope",), ("hidden_resource",)
#: Functions that leave out what names a hidden scope.
FUNCTIONS = ("without_hidden", "texts_without_hidden")
_SQL = "include.warehouse.access.sql"
#: Columns that say which scope a row is about -> those that are hidden; the first that a table has are taken.
_HIDDEN = {
    ("source", "scope"): "select h.source, h.scope from ops.hidden_scope h",
    ("study_accession",): "select h.scope from ops.hidden_scope h where h.source = 'immport'",
    ("load_id",): "select h.load_id from ops.hidden_load h",
}
#: Of a row that lists scopes. The list of what is hidden does not depend on the row: it is hashed once.
_NOT_ALL_HIDDEN = (
    "{row}scopes = '{{}}' or exists (select from unnest({row}scopes) s (scope)"
    f" where ({{row}}source, s.scope) not in ({_HIDDEN['source', 'scope']}))"
)
_PATTERN = "(select n.pattern from ops.hidden_name n)"
_BEGINNING = "(select n.beginning from ops.hidden_name n)"
_SEES_ALL = f"(select pg_has_role(current_user, to_regrole({literal(MONITOR_ALL)}), 'usage'))"
#: Rows about resources of a FHIR server, whose scopes are not studies.
_RESOURCES: dict[sa.Table, str] = {
    QUARANTINE: f"{_SEES_ALL} or {resource_visibility.is_shown_quarantined('t.')}",
    # A value does not say of which study its resource is.
    QUARANTINED_VALUE: f"{_SEES_ALL} or t.source <> {literal(FHIR.name)}",
}


def tables() -> list[sa.Table]:
    """The tables of which who watches the runs sees something."""
    every = [table for table in metadata.sorted_tables if table.schema in WATCHED]
    return [table for table in every if scope_rule(table) is not None or table.fullname in WITHOUT_SCOPE]


def scope_rule(table: sa.Table, row: str = "") -> str | None:
    """SQL: whether a row may be shown. None for a table whose columns name no scope.

    The lists are looked up once per query and hashed.

    :param row: alias of the row and a point; nothing in a policy.
    """
    if {"source", "scopes"} <= set(table.c.keys()):
        # About several scopes: shown unless all of them are hidden.
        of = row or f"{table.name}."
        return nearly_all(_NOT_ALL_HIDDEN.format(row=of))
    columns = _scope_columns(table)
    if not columns:
        return None
    named = ", ".join(f"{row}{column}" for column in columns)
    shown = [f"({named}) not in ({_HIDDEN[columns]})"]
    # A row that may be about a scope and is about none.
    shown += [f"{row}{column} is null" for column in columns if table.c[column].nullable]
    return nearly_all(" or ".join(shown))


def _scope_columns(table: sa.Table) -> tuple[str, ...]:
    """The columns that say which scope a row is about."""
    if table.fullname in WITHHELD | WITHOUT_SCOPE:
        return ()
    return next((columns for columns in _HIDDEN if set(columns) <= set(table.c.keys())), ())


def row_policy(table: sa.Table) -> str | None:
    """SQL: the rows of a table that views of the star show to who watches the runs; None for no row."""
    rule = scope_rule(table)
    if rule is None:
        return None
    # A view of the star shows a text whole, or not at all.
    texts = [name for name in SHOWN_OF_OPS.get(table.fullname, ()) if is_searched(table, table.c[name])]
    return " and ".join([rule, *(f"({name} ~ {_PATTERN}) is not true" for name in texts)])


def statements() -> list[str]:
    """SQL that makes the lists, the function and the views, with their comments."""
    made = [sql_file(_SQL, name) for name in FUNCTIONS]
    for name, (purpose, listed) in LISTS.items():
        made.append(f"create view ops.{name} as\n{sql_file(_SQL, name)}")
        made += _comments(f"ops.{name}", purpose, listed)
    made.append(sql_file(_SQL, "revision"))
    for table in tables():
        view = identifier(SCHEMA, table.name)
        columns = ",\n    ".join(f"{_shown(table, item)} as {identifier(item.name)}" for item in table.c)
        rule = scope_rule(table, "t.")
        rules = [f"({item})" for item in (rule, LEFT_OUT.get(table.fullname), _RESOURCES.get(table)) if item]
        shown = f"\nwhere {' and '.join(rules)}" if rules else ""
        query = f"select\n    {columns}\nfrom {table.fullname} t{shown}"
        made.append(f"create view {view} with (security_barrier) as\n{query}")
        meanings = {item.name: item.comment or "" for item in table.c}
        made += _comments(view, table.comment or "", meanings)
    return made


def is_current(connection: sa.Connection) -> bool:
    """Whether lists and views are those of this code."""
    are_there = sa.text("to_regclass('ops.hidden_name') is not null")
    made = sa.select(SETTING.c.value).where(SETTING.c.name == SCHEMA, are_there)
    return connection.scalar(made) == _digest()


def drop(connection: sa.Connection) -> None:
    """Remove lists and views, with the policies that look them up, so that tables can change."""
    policies = sa.text("""
        select distinct format('drop policy %I on %s', p.polname, p.polrelid::regclass) as statement
        from pg_policy p
        join pg_class t on t.oid = p.polrelid
        left join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
            and d.refclassid = 'pg_class'::regclass
        left join pg_class l on l.oid = d.refobjid and l.relnamespace = to_regnamespace('ops')
        where t.relnamespace::regnamespace::text = any(:schemas) or l.relname = any(:lists) order by 1""")
    found = {"schemas": list(WATCHED), "lists": list(LISTS)}
    for statement in connection.scalars(policies, found).all():
        run_sql(connection, statement)
    views = sa.text("""
        select format('%s.%s', schemaname, viewname) from pg_views
        where schemaname = :schema or schemaname = 'ops' and viewname = any(:lists) order by 1""")
    if names := connection.scalars(views, {"schema": SCHEMA, "lists": list(LISTS)}).all():
        star.drop_views(connection, list(names))
        connection.execute(sa.delete(SETTING).where(SETTING.c.name == SCHEMA))


def create(connection: sa.Connection) -> None:
    """Make lists and views anew."""
    drop(connection)
    for statement in statements():
        run_sql(connection, statement)
    note = upsert(SETTING).values(name=SCHEMA, value=_digest())
    connection.execute(
        note.on_conflict_do_update(index_elements=[SETTING.c.name], set_={"value": note.excluded.value})
    )


def _digest() -> str:
    return hashlib.sha256("\n".join(statements()).encode()).hexdigest()


def is_searched(table: sa.Table, column: sa.Column) -> bool:
    """Whether what a column holds may name another study than that of its row: it is shown without."""
    is_of_row = column.name in _scope_columns(table)
    kind = column.type.item_type if isinstance(column.type, sa.ARRAY) else column.type
    return isinstance(kind, (sa.String, CleanText, CleanJson)) and not is_of_row and column.name not in CODES


def _shown(table: sa.Table, column: sa.Column) -> str:
    """SQL: a column of a row without what it may not show."""
    value = f"t.{identifier(column.name)}"
    if f"{table.fullname}.{column.name}" in OF_ALL_STUDIES:
        return f"case when {_SEES_ALL} then {value} end"
    if not is_searched(table, column):
        return value
    # Looked up when the column is read, once per query.
    if isinstance(column.type, sa.ARRAY):
        named = _names(f"array_to_string({value}, ' ')")
        return f"case when {named} then ops.texts_without_hidden({value}, {_PATTERN}) else {value} end"
    if isinstance(column.type, CleanJson):
        kept = f"regexp_replace({value}::text, {_PATTERN}, '', 'g')::jsonb"
        return f"case when {_names(_beside_own_name(table, f'{value}::text'))} then {kept} else {value} end"
    return f"case when {_names(value)} then ops.without_hidden({value}, {_PATTERN}) else {value} end"


def _names(text: str) -> str:
    """SQL: whether a text names a hidden scope. Most texts have nothing that their names begin with, which is
    found in a tenth of the time that the pattern takes."""
    return f'strpos(lower({text} collate "C"), {_BEGINNING}) > 0 and {text} ~ {_PATTERN}'


def _beside_own_name(table: sa.Table, text: str) -> str:
    """SQL: a text of JSON without the name of the scope that its row is about, where that is a whole string.

    Most rows as received name their own study and no other, and its column shows it all the same. Without it,
    the pattern is tried on few. The quotes stay: nothing that stands before the name gets another neighbour.
    """
    own = [name for name in _scope_columns(table) if name in ("scope", "study_accession")]
    if not own:
        return text
    # Not ||: with a null the row would be taken for one that names none.
    return f"replace({text}, concat('\"', t.{identifier(own[0])}, '\"'), '\"\"')"


def _comments(view: str, about: str, columns: dict[str, str]) -> list[str]:
    return [
        f"comment on view {view} is {literal(about)}",
        *(
            f"comment on column {view}.{identifier(name)} is {literal(meaning)}"
            for name, meaning in columns.items()
        ),
    ]
