"""vocabularies are a source as any other

Revision: 0035, after 0034

Versions that were valid by the time of a fetch are valid by the release of that time, in seconds: none is lost,
and two moments of one second stay two releases. What `ops.vocabulary_fetch` recorded of a vocabulary becomes a
load with its capture and its changes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None

OPEN = 2_147_483_647
#: Seconds from 1970 to 2020, which fetches are counted from.
EPOCH = 1_577_836_800
SOURCE = 'vocabularies'
#: Vocabularies whose terms another field than `name` identifies.
FIELDS = {'lkAnalyte': 'analyteAccession', 'lkDataCompleteness': 'id', 'lkHmdb': 'hmdbId'}

# Each moment has a second of its own, not before its time and after the moment before it.
MOMENTS = f"""
create temporary table moment as
select t.at, (max(t.second - t.place) over (order by t.place) + t.place)::integer as release_key
from (select a.at, greatest(floor(extract(epoch from a.at)) - {EPOCH}, 1)::bigint as second,
        row_number() over (order by a.at) as place
    from (select valid_from as at from history.vocabulary_term
        union select valid_to from history.vocabulary_term where valid_to < 'infinity'
        union select fetched_at from ops.vocabulary_fetch where fetched_at is not null) a) t
"""
# A vocabulary was captured where a fetch brought terms of it, and where a version began or ended.
PARTITIONS = """
create temporary table partition as
select p.vocabulary, p.at, m.release_key, f.fetch_id, f.run_id, f.rows_received, f.rows_dropped, f.added,
    f.corrected, f.withdrawn, f.unchanged, f.note,
    to_char(timestamp '2020-01-01' + m.release_key * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        as release_version,
    p.is_boundary or coalesce(f.rows_received > f.rows_dropped, false) as is_published
from (select vocabulary, at, bool_or(is_boundary) as is_boundary
    from (select vocabulary, fetched_at as at, false as is_boundary from ops.vocabulary_fetch
            where fetched_at is not null
        union all select vocabulary, valid_from, true from history.vocabulary_term
        union all select vocabulary, valid_to, true from history.vocabulary_term where valid_to < 'infinity') b
    group by vocabulary, at) p
join moment m on m.at = p.at
left join lateral (select * from ops.vocabulary_fetch f where f.vocabulary = p.vocabulary
    and f.fetched_at = p.at order by f.fetch_id limit 1) f on true
"""
LOADS = f"""
insert into ops.load (source, scope, release_version, release_key, fetch_id, listed_version, state, error,
    run_id, lacks, created_at, changed_at)
select '{SOURCE}', vocabulary, release_version, release_key, coalesce(fetch_id, 'unrecorded'), release_version,
    case when is_published then 'published' else 'failed' end,
    case when not is_published then coalesce(note, 'no terms received') end,
    run_id, case when is_published then array[]::text[] end, at, at
from partition order by release_key, vocabulary;
alter table partition add column load_id bigint;
update partition p set load_id = l.load_id from ops.load l
where l.source = '{SOURCE}' and l.scope = p.vocabulary and l.release_key = p.release_key
"""
RECORDS = f"""
insert into history.data_release (source, release_key, release_version)
select distinct '{SOURCE}', release_key, release_version from partition where is_published;
insert into ops.ledger (load_id, source, scope, release_key, published_at)
select load_id, '{SOURCE}', vocabulary, release_key, at from partition where is_published;
insert into ops.capture (source, scope, release_key, kind, lacks, load_id, captured_at)
select '{SOURCE}', vocabulary, release_key, 'full', array[]::text[], load_id, at
from partition where is_published;
insert into ops.scope (source, scope, state, release_version, listed_version)
select distinct on (vocabulary) '{SOURCE}', vocabulary, 'current', release_version, release_version
from partition where is_published order by vocabulary, release_key desc;
insert into ops.work (run_id, source, scope, release_version, action, reason, load_id, expected_rows)
select run_id, '{SOURCE}', vocabulary, release_version, 'load', 'fetch ' || fetch_id, load_id, rows_received
from partition where run_id is not null;
insert into ops.staged (load_id, endpoint, rows_received, rows_staged, note)
select load_id, 'term', rows_received, rows_received - rows_dropped, note
from partition where fetch_id is not null;
insert into ops.release_change (load_id, relation, added, corrected, withdrawn, unchanged)
select load_id, 'dim_vocabulary_term', added, corrected, withdrawn, unchanged
from partition where is_published and fetch_id is not null
"""
TERMS = f"""
insert into history.key_vocabulary (vocabulary_name, natural_key)
select distinct vocabulary, md5(vocabulary)::uuid from history.vocabulary_term order by vocabulary;
insert into history.key_vocabulary_term (vocabulary_name, term, natural_key)
select distinct vocabulary, term, md5(vocabulary || e'\\x1f' || term)::uuid from history.vocabulary_term
order by vocabulary, term;
insert into history.dim_vocabulary (vocabulary_key, term_field, is_inferred, valid_from, valid_to, load_id,
    loaded_at)
select distinct on (p.vocabulary) k.vocabulary_key,
    case p.vocabulary {' '.join(f"when '{name}' then '{field}'" for name, field in FIELDS.items())}
        else 'name' end, false, p.release_key, {OPEN}, p.load_id, p.at
from partition p join history.key_vocabulary k on k.vocabulary_name = p.vocabulary
where p.is_published order by p.vocabulary, p.release_key;
insert into history.dim_vocabulary_term (vocabulary_key, vocabulary_term_key, name, description, link, fields,
    is_inferred, valid_from, valid_to, load_id, loaded_at)
select k.vocabulary_key, t.vocabulary_term_key, v.name, v.description, v.link, v.fields, false,
    p.release_key, coalesce(e.release_key, {OPEN}), p.load_id, v.valid_from
from history.vocabulary_term v
join history.key_vocabulary k on k.vocabulary_name = v.vocabulary
join history.key_vocabulary_term t on t.vocabulary_name = v.vocabulary and t.term = v.term
join partition p on p.vocabulary = v.vocabulary and p.at = v.valid_from
left join moment e on e.at = v.valid_to
"""


def upgrade() -> None:
    _create()
    for statement in (MOMENTS, PARTITIONS, LOADS, RECORDS, TERMS):
        op.execute(sa.text(statement.replace(':', r'\:')))
    _prove()
    for table in ('partition', 'moment', 'history.vocabulary_term', 'ops.vocabulary_fetch'):
        op.execute(f'drop table {table}')


def _prove() -> None:
    """Each version is still there, and each fetch of a vocabulary has its load."""
    counts = op.get_bind().execute(sa.text("""
        select (select count(*) from history.vocabulary_term),
            (select count(*) from history.dim_vocabulary_term where vocabulary_key > 0),
            (select count(*) from ops.vocabulary_fetch f where fetched_at is not null and not exists (
                select from partition p where p.vocabulary = f.vocabulary and p.at = f.fetched_at
                    and p.load_id is not null))""")).one()
    if counts[0] != counts[1] or counts[2]:
        raise RuntimeError(f'vocabularies: {counts[0]} versions became {counts[1]}, {counts[2]} fetches have no load')


def _create() -> None:
    for name, columns in (
        ('vocabulary', (_text('vocabulary_name', 'Name of the vocabulary, lkSex'),)),
        ('vocabulary_term', (
            _text('vocabulary_name', 'Name of the vocabulary, lkSex'),
            _text('term', 'Identifier of the term within the vocabulary: its name, or its accession or number'),
        )),
    ):
        grain = {'vocabulary': 'one vocabulary of ImmPort', 'vocabulary_term': 'one term of one vocabulary'}[name]
        op.create_table(
            f'key_{name}',
            sa.Column(f'{name}_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
            *columns,
            sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
            sa.PrimaryKeyConstraint(f'{name}_key', name=op.f(f'key_{name}_pkey')),
            sa.UniqueConstraint('natural_key', name=op.f(f'key_{name}_natural_key_key')),
            schema='history',
            comment=f'Surrogate keys of dim_{name}: {grain}. 0 unknown, -1 not applicable',
        )
    op.create_table(
        'dim_vocabulary',
        _key('vocabulary_key', 'Surrogate key of the member'),
        _text('term_field', 'Field of the vocabulary that identifies a term'),
        *_validity(),
        sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_vocabulary_interval_check')),
        sa.PrimaryKeyConstraint('vocabulary_key', 'valid_to', name=op.f('dim_vocabulary_pkey')),
        schema='history',
        comment='Versions of dim_vocabulary: one vocabulary of ImmPort',
    )
    op.create_table(
        'dim_vocabulary_term',
        _key('vocabulary_key', 'Vocabulary that the row comes from'),
        _key('vocabulary_term_key', 'Surrogate key of the member'),
        _text('name', 'Name'),
        _text('description', 'Description'),
        _text('link', 'Page that defines it'),
        sa.Column('fields', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='Further fields of the vocabulary, as sent'),
        *_validity(),
        sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_vocabulary_term_interval_check')),
        sa.PrimaryKeyConstraint('vocabulary_key', 'vocabulary_term_key', 'valid_to', name=op.f('dim_vocabulary_term_pkey')),
        schema='history',
        comment='Versions of dim_vocabulary_term: one term of one vocabulary',
    )
    op.create_index('dim_vocabulary_term_vocabulary_term_key_idx', 'dim_vocabulary_term', ['vocabulary_term_key'], unique=False, schema='history')
    for member in (0, -1):
        op.execute(f'insert into history.key_vocabulary (vocabulary_key) values ({member})')
        op.execute(f'insert into history.key_vocabulary_term (vocabulary_term_key) values ({member})')
        op.execute(f'insert into history.dim_vocabulary (vocabulary_key, is_inferred, valid_from, valid_to, load_id)'
                   f' values ({member}, false, 0, {OPEN}, 0)')
        op.execute(f'insert into history.dim_vocabulary_term (vocabulary_key, vocabulary_term_key, is_inferred,'
                   f' valid_from, valid_to, load_id) values (0, {member}, false, 0, {OPEN}, 0)')
    op.create_table(
        'validator',
        sa.Column('load_id', sa.BigInteger(), autoincrement=False, nullable=False, comment='Load'),
        sa.Column('endpoint', sa.Text(), nullable=False, comment='Endpoint'),
        sa.Column('form', sa.Text(), nullable=False, comment='Form in which its answer was landed'),
        sa.Column('etag', sa.Text(), nullable=True, comment='ETag as sent'),
        sa.Column('last_modified', sa.Text(), nullable=True, comment='Last-Modified as sent'),
        sa.PrimaryKeyConstraint('load_id', 'endpoint', name=op.f('validator_pkey')),
        schema='ops',
        comment='What sources said of the version of an answer: while they say the same, it is not fetched again',
    )


def _text(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=True, comment=comment)


def _key(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False, comment=comment)


def _validity() -> tuple[sa.Column, ...]:
    return (
        sa.Column('is_inferred', sa.Boolean(), nullable=False, comment='A row of the vocabulary names the member but its own endpoint does not describe it'),
        sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
        sa.Column('valid_to', sa.Integer(), nullable=False, comment=f'Release key of the end; {OPEN} is open'),
        sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
        sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
