"""A warehouse of an older model, filled from one of today's."""

from __future__ import annotations

import sqlalchemy as sa

#: Today's names of tables and columns of operations.
NAMES = {"ops.study": "ops.scope"}
#: Tables whose rows other tables hold today, see test_migrate_vocabularies.
GONE = ("history.vocabulary_term", "ops.vocabulary_fetch")
COLUMNS = {"study_accession": "scope", "study_key": "scope_key"}


def _name(table: sa.Table, column: str) -> str:
    """Today's name of a column."""
    is_renamed = table.schema == "ops" and table.name not in ("release_file", "file_download")
    return COLUMNS.get(column, column) if is_renamed else column


def copy_what_it_could_hold(source: sa.Engine, target: sa.Engine) -> None:
    """Fill a warehouse of an older model from one of today's: the tables and columns that it has."""
    old, new = sa.MetaData(), sa.MetaData()
    for schema in ("history", "ops"):
        old.reflect(target, schema)
        new.reflect(source, schema)
    with source.connect() as reader, target.begin() as writer:
        for table in old.sorted_tables:
            if table.name == "alembic_version" or table.fullname in GONE:
                continue
            now = new.tables[NAMES.get(table.fullname, table.fullname)].c
            # Of a column that is gone today and had to be filled, a number will do.
            known = [
                now[name].label(column.name) if name in now else sa.literal(0).label(column.name)
                for column in table.columns
                if (name := _name(table, column.name)) in now or not column.nullable
            ]
            rows = [tuple(row) for row in reader.execute(sa.select(*known))]
            names = ", ".join(column.name for column in known)
            marks = ", ".join(["%s"] * len(known))
            for row in rows:
                writer.exec_driver_sql(
                    f"insert into {table.fullname} ({names}) overriding system value values ({marks})"
                    " on conflict do nothing",
                    row,
                )
