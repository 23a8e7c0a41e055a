"""gene lists are a source; a gene is one by its identifier, or by species and symbol

Revision: 0036, after 0035

What `key_gene` held of a gene beside its identity becomes columns of the results that named it, row by row.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None

OPEN = 2_147_483_647

#: The gene that each old member is, of subjects of one species: identifier, species, symbol.
MEMBERS = r"""
create temporary table pcr_gene as
select g.*, case when num_nonnulls(g.gene_id, g.symbol_species, g.symbol) > 0 then
    md5(concat_ws(e'\x1f', coalesce(g.gene_id, e'\x1e'), coalesce(g.symbol_species, e'\x1e'),
        coalesce(g.symbol, e'\x1e')))::uuid end as natural_key
from (select m.gene_key as old_key, m.species, m.number as gene_id,
        case when m.number is null and m.named is not null then m.species end as symbol_species,
        case when m.number is null then m.named end as symbol
    from (select k.gene_key, s.species,
            case when btrim(k.gene_id) ~ '^[0-9]{1,18}$' then btrim(k.gene_id) end as number,
            coalesce(nullif(btrim(k.gene_symbol_preferred), ''), nullif(btrim(k.gene_symbol_reported), ''))
                as named
        from (select distinct gene_key, species from pcr_species) s
        join history.key_gene k using (gene_key)
        where k.gene_key > 0) m) g
"""
#: The species of the subject of each result, as its newest description states it.
RESULTS = """
create temporary table pcr_species as
select f.ctid as place, f.gene_key, p.species
from history.fact_pcr f
left join (select distinct on (subject_key) subject_key, species_key from history.dim_subject
    where subject_key > 0 order by subject_key, valid_to desc, study_key) d on d.subject_key = f.subject_key
left join history.key_species p on p.species_key = d.species_key and p.species_key > 0
"""
KEYS = """
alter table history.key_gene add column symbol_species text, add column symbol text;
insert into history.key_gene (gene_id, symbol_species, symbol, natural_key)
select distinct gene_id, symbol_species, symbol, natural_key from pcr_gene where natural_key is not null
order by natural_key;
alter table pcr_gene add column new_key bigint;
update pcr_gene n set new_key = k.gene_key from history.key_gene k where k.natural_key = n.natural_key;
create index on pcr_gene (old_key);
analyze pcr_gene
"""
FACTS = """
alter table history.fact_pcr add column gene_id_sent text, add column gene_name text, add column other_gene_accession text;
update history.fact_pcr f
set gene_key = coalesce(n.new_key, 0), gene_id_sent = k.gene_id, gene_name = k.gene_name,
    other_gene_accession = k.other_gene_accession
from pcr_species r join pcr_gene n on n.old_key = r.gene_key and n.species is not distinct from r.species
join history.key_gene k on k.gene_key = r.gene_key
where f.ctid = r.place
"""
REST = """
delete from history.key_gene k where k.gene_key > 0 and not exists (
    select from pcr_gene n where n.new_key = k.gene_key);
alter table history.key_gene drop column gene_symbol_preferred, drop column gene_symbol_reported,
    drop column gene_name, drop column other_gene_accession;
drop table pcr_gene, pcr_species
"""
COMMENTS = {
    'table history.key_gene': 'Surrogate keys of dim_gene: one gene: an Entrez identifier, or a symbol of a species'
    ' where rows state no identifier. 0 unknown, -1 not applicable',
    'column history.key_gene.gene_id': 'Entrez identifier; null for a gene that rows name by its symbol alone',
    'column history.key_gene.symbol_species': 'Species of a symbol without an identifier; null where rows state none',
    'column history.key_gene.symbol': 'Symbol without an identifier',
    'column history.fact_pcr.gene_id_sent': 'Identifier of the gene as sent, also where it is not a number',
    'column history.fact_pcr.gene_name': 'Name of the gene, as reported',
    'column history.fact_pcr.other_gene_accession': 'Accession in another gene catalogue',
}
LIST_ID = 'Id of the list: GO:0002218, R-HSA-879415; legacy:Cytokines for a category of the legacy table'


def upgrade() -> None:
    _create()
    before = _results()
    for statement in (RESULTS, MEMBERS, KEYS, FACTS):
        op.execute(sa.text(statement.replace(':', r'\:')))
    lost = op.get_bind().execute(sa.text("""
        select count(*) from history.fact_pcr f left join history.key_gene k on k.gene_key = f.gene_key
        where k.gene_key is null or (f.gene_key > 0 and k.natural_key is null)""")).scalar_one()
    if lost or before != _results():
        raise RuntimeError(f'genes: {lost} results of {before} name none')
    op.execute(sa.text(REST))
    for what, comment in COMMENTS.items():
        op.execute(f"comment on {what} is '{comment}'")


def _results() -> int:
    return int(op.get_bind().execute(sa.text('select count(*) from history.fact_pcr')).scalar_one())


def _create() -> None:
    op.create_table(
        'key_gene_list',
        sa.Column('gene_list_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
        _text('gene_list_id', LIST_ID),
        sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
        sa.PrimaryKeyConstraint('gene_list_key', name=op.f('key_gene_list_pkey')),
        sa.UniqueConstraint('natural_key', name=op.f('key_gene_list_natural_key_key')),
        schema='history',
        comment='Surrogate keys of dim_gene_list: one gene list of ImmPort. 0 unknown, -1 not applicable',
    )
    op.create_table(
        'dim_gene_list',
        _key('gene_list_key', 'Surrogate key of the member'),
        _text('name', 'Name as sent'),
        _text('generation', 'current: a list of the catalogue; legacy: of the table that ImmPort had before'),
        _text('source', 'Where ImmPort has the list from, GO or Reactome; null for a legacy list'),
        _text('link', 'Page that defines it'),
        sa.Column('gene_count', sa.BigInteger(), nullable=True, comment='Number of genes that the catalogue states; null for a legacy list'),
        sa.Column('is_inferred', sa.Boolean(), nullable=False, comment='A row of the gene list names the member but its own endpoint does not describe it'),
        *_validity(),
        sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_gene_list_interval_check')),
        sa.PrimaryKeyConstraint('gene_list_key', 'valid_to', name=op.f('dim_gene_list_pkey')),
        schema='history',
        comment='Versions of dim_gene_list: one gene list of ImmPort',
    )
    op.create_table(
        'bridge_gene_list_gene',
        _key('gene_list_key', 'Gene list that the row comes from'),
        sa.Column('gene_symbol', sa.Text(), nullable=False, comment='Symbol, without the blanks around it'),
        _key('gene_key', 'The gene'),
        _text('gene_symbol_sent', 'Symbol as sent'),
        _text('entrez_id', 'Entrez identifier that the list states'),
        _text('gene_name', 'Name of the gene'),
        _text('synonyms', 'Other symbols, as sent: separated by | or by a comma'),
        _text('chromosome', 'Chromosome, X|Y for both'),
        _text('molecular_function', 'GO terms of a legacy list, as sent: GO:0004888;receptor activity|GO:0005515;protein binding'),
        _text('biological_process', 'GO terms as sent'),
        _text('cellular_component', 'GO terms as sent'),
        *_validity(),
        sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_gene_list_gene_interval_check')),
        sa.PrimaryKeyConstraint('gene_list_key', 'gene_symbol', 'valid_to', name=op.f('bridge_gene_list_gene_pkey')),
        schema='history',
        comment='Versions of bridge_gene_list_gene: one gene of one gene list',
    )
    for member in (0, -1):
        op.execute(f'insert into history.key_gene_list (gene_list_key) values ({member})')
        op.execute(f'insert into history.dim_gene_list (gene_list_key, is_inferred, valid_from, valid_to, load_id)'
                   f' values ({member}, false, 0, {OPEN}, 0)')


def _text(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=True, comment=comment)


def _key(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False, comment=comment)


def _validity() -> tuple[sa.Column, ...]:
    return (
        sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
        sa.Column('valid_to', sa.Integer(), nullable=False, comment=f'Release key of the end; {OPEN} is open'),
        sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
        sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
