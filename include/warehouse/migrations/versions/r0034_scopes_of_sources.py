"""what is loaded is a scope of a source: a study of ImmPort is one

Revision: 0034, after 0033
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None

SOURCE = 'Source: immport, or another one of docs/sources.md'
SCOPE = 'Scope of the source: the study, the vocabulary, the gene list'
#: Tables of operations about a scope, with the columns of their primary keys where it is one of them.
OF_SCOPE = {
    'ops.work': ('run_id', 'source', 'scope', 'release_version'),
    'ops.load': (),
    'ops.scope': ('source', 'scope'),
    'ops.step': (),
    'ops.capture': ('source', 'scope', 'release_key'),
    'ops.ledger': (),
    'quality.quarantine': (),
    'quality.quarantined_value': (),
}


def _source(table: str, schema: str, comment: str = SOURCE) -> None:
    op.add_column(table, sa.Column('source', sa.Text(), server_default='immport', nullable=False, comment=comment), schema=schema)


def _primary_key(table: str, schema: str, columns: tuple[str, ...]) -> None:
    op.drop_constraint(f'{table}_pkey', table, schema=schema, type_='primary')
    op.create_primary_key(f'{table}_pkey', table, list(columns), schema=schema)


def upgrade() -> None:
    op.rename_table('study', 'scope', schema='ops')
    op.execute('alter index ops.study_pkey rename to scope_pkey')
    op.create_table_comment('scope', 'State of each scope of a source in the warehouse: of each study, of each gene list', existing_comment='State of each study in the warehouse', schema='ops')
    for name, key in OF_SCOPE.items():
        schema, table = name.split('.')
        _source(table, schema)
        op.alter_column(table, 'study_accession', new_column_name='scope', comment=SCOPE, schema=schema)
        if key:
            _primary_key(table, schema, key)
    op.alter_column('scope', 'release_date', comment='Date that the source gave with that release', schema='ops')
    op.alter_column('scope', 'listed_version', comment='Release that the listing gave the scope when it was loaded', schema='ops')
    op.execute('alter index ops.load_study_idx rename to load_scope_idx')
    op.alter_column('circuit', 'study_accession', new_column_name='scope', comment='Scope of the last failure', schema='ops')
    op.alter_column('content', 'study_key', new_column_name='scope_key', comment="Scope: the key that leads the table's own", schema='ops')
    _source('data_release', 'history', 'Source, immport')
    _primary_key('data_release', 'history', ('source', 'release_key'))
    op.drop_constraint('data_release_release_version_key', 'data_release', schema='history', type_='unique')
    op.create_unique_constraint('data_release_source_release_version_key', 'data_release', ['source', 'release_version'], schema='history')
    _comments()


def _comments() -> None:
    op.alter_column('data_release', 'release_key', comment='Position on the release line: DR49.1 is 490100, a fetch its seconds since 2020', schema='history')
    op.alter_column('data_release', 'release_version', comment='Name: DR50, DR49.1, the time of a fetch', schema='history')
    op.create_table_comment('data_release', 'Releases of each source that this warehouse knows', schema='history')
    op.alter_column('capture', 'lacks', existing_type=postgresql.ARRAY(sa.TEXT()), comment='Tables of the star, and columns as table.column, that no load of the scope at the release provided; null of a withdrawal', schema='ops')
    op.create_table_comment('capture', 'Releases at which a scope was captured whole: before the first, nothing is known', schema='ops')
    op.alter_column('content', 'rows', comment='Rows of the scope in the table, all versions', schema='ops')
    op.create_table_comment('content', 'Rows and digest of each scope in each table after its last publish, for the audit to compare', schema='ops')
    op.alter_column('load', 'release_version', comment='Release the answers belong to', schema='ops')
    op.alter_column('load', 'listed_version', comment='Release that the listing gave the scope; null when none was requested', schema='ops')
    op.create_table_comment('load', 'One partition, a scope of a source at one release, on its way to the star', schema='ops')
    op.alter_column('run', 'newest_release', comment='Newest release in the listing', schema='ops')
    op.alter_column('run', 'listed', comment='Scopes in the listing', schema='ops')
    op.alter_column('run', 'is_complete', comment='The listing names every scope that the source counted', schema='ops')
    op.create_table_comment('run', 'One run of a DAG that loads a source, or files', schema='ops')
    op.alter_column('work', 'release_version', comment='Release of the scope', schema='ops')
    op.alter_column('work', 'expected_rows', comment='Rows the scope is expected to have', schema='ops')
    op.create_table_comment('work', 'What a run decided for each scope of its source, and why', schema='ops')
    op.alter_column('result', 'severity', comment='critical withholds the scope, endpoint the endpoint, row quarantines rows, value quarantines values, warning is reported', schema='quality')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
