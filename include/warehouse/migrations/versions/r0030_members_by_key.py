"""members are found by their key

Revision: 0030, after 0029
"""

from __future__ import annotations

from alembic import op
revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None

# Dimensions whose versions belong to one study each. Their primary keys begin with the study.
DIMENSIONS = (
    'arm', 'subject', 'participation', 'planned_visit', 'biosample', 'experiment', 'expsample', 'treatment', 'reagent',
    'control_sample', 'standard_curve', 'person', 'protocol', 'publication', 'program', 'grant', 'file',
)


def upgrade() -> None:
    for name in DIMENSIONS:
        op.create_index(f'dim_{name}_{name}_key_idx', f'dim_{name}', [f'{name}_key'], unique=False, schema='history')
    # The views read the release without it.
    op.drop_table('one', schema='star')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
