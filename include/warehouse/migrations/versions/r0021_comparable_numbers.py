"""intensities as numbers, species of a participation, parents that are numbers of cells

Revision: 0021, after 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

#: White space and characters without width, which may stand around a number, as they are today.
_AROUND = (
    r"[\u0009-\u000d\u0020\u0085\u00a0\u00ad\u1680\u180e\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]*"
)
_NUMBER = r"[+-]?([0-9]{1,100}(\.[0-9]{0,100})?|\.[0-9]{1,100})([eE][+-]?[0-9]{1,2})?"
_CELLS = r"([0-9]{1,100}(\.[0-9]{0,100})?([eE][+]?[0-9]{1,2})?|[0-9]{1,3}(,[0-9]{3}){1,9})"


def upgrade() -> None:
    _intensities()
    _species()
    _parents()


def _intensities() -> None:
    """What is a number becomes one; the text of what is not stays, in a column of its own."""
    op.add_column(
        'fact_mbaa',
        sa.Column('mfi_text', sa.Text(), nullable=True, comment='Mean fluorescence intensity; below 0 after a background was subtracted, as sent, where it is no number'),
        schema='history',
    )
    is_number = f'mfi collate "C" ~ \'^{_AROUND}{_NUMBER}{_AROUND}$\''
    op.execute(f"update history.fact_mbaa set mfi_text = nullif(btrim(mfi), '') where not ({is_number})")
    number = f'trim_scale(substring(mfi collate "C" from \'{_NUMBER.replace("(", "(?:")}\')::numeric)'
    op.execute(
        "alter table history.fact_mbaa alter column mfi type numeric"
        f" using case when {is_number} then {number} end"
    )
    op.execute(
        "comment on column history.fact_mbaa.mfi is 'Mean fluorescence intensity; below 0 after a background"
        " was subtracted (unit: arbitrary units)'"
    )


def _species() -> None:
    """The species of a participation is that of its subject, as the same study described it then."""
    op.add_column(
        'dim_participation',
        sa.Column('species_key', sa.BigInteger(), nullable=True, comment='Species of the subject'),
        schema='history',
    )
    op.execute("""
        update history.dim_participation p set species_key = coalesce(
            (select s.species_key from history.dim_subject s
            where s.subject_key = p.subject_key and s.study_key = p.study_key
                and s.valid_from <= p.valid_from and s.valid_to > p.valid_from
            order by s.valid_from desc limit 1),
            case when p.participation_key = -1 then -1 else 0 end)
    """)
    op.alter_column('dim_participation', 'species_key', nullable=False, schema='history')


def _parents() -> None:
    """A number of cells in place of a parent's name is no population: no result points to one any more."""
    is_count = f'(%s) collate "C" ~ \'^{_AROUND}{_CELLS}{_AROUND}$\''
    names = ("population_name_preferred", "population_name_reported")
    either = " and ".join(f"({name} is null or {is_count % name})" for name in names)
    op.execute(f"""
        create temporary table count_member on commit drop as
        select cell_population_key from history.key_cell_population
        where cell_population_key > 0 and {either} and coalesce({", ".join(names)}) is not null
            and coalesce(population_definition_preferred, population_definition_reported) is null
    """)
    op.execute("""
        update history.fact_fcs_analyzed set parent_cell_population_key = 0
        where parent_cell_population_key in (select cell_population_key from count_member)
    """)
    op.execute(
        "comment on column history.fact_fcs_analyzed.parent_cell_population_key is 'Population it is a part of;"
        " unknown where a number of cells stands in place of a name'"
    )
    op.execute("""
        delete from history.key_cell_population k using count_member c
        where c.cell_population_key = k.cell_population_key and not exists (
            select from history.fact_fcs_analyzed f where f.cell_population_key = k.cell_population_key)
    """)


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
