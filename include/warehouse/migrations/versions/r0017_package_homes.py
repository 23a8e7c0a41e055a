"""homes for columns that packages alone have: kind of study, cells plated, periods, purposes

Revision: 0017, after 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

TEXT, NUMERIC = sa.Text(), sa.Numeric()
#: Table, column, type, comment.
COLUMNS = (
    ("dim_study", "type", TEXT, "Kind of study: observational, interventional; known from packages only"),
    ("dim_arm", "population_selection_rule", TEXT,
     "How subjects were chosen for the arm; known from packages up to DR16 only"),
    ("dim_participation", "study_enrollment_day", NUMERIC,
     "Day of the study on which the subject enrolled; known from packages up to DR16 only (unit: days)"),
    ("dim_planned_visit", "period_accession", TEXT,
     "ImmPort's accession of the period of the visit; known from packages only"),
    ("dim_planned_visit", "period_name", TEXT, "Name of that period; known from packages only"),
    ("dim_experiment", "purpose", TEXT, "What the experiment was for; known from packages up to DR16 only"),
    ("dim_grant", "keywords", TEXT, "Keywords of the grant; known from packages up to DR16 only"),
    ("fact_elispot", "cell_type", TEXT, "Cells plated, in words; known from packages up to DR16 only"),
    ("fact_adverse_event", "is_serious_event", TEXT,
     "Y when the event was serious; known from packages up to DR16 only"),
)  # fmt: skip


def upgrade() -> None:
    for table, name, kind, comment in COLUMNS:
        op.add_column(table, sa.Column(name, kind, comment=comment), schema="history")


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
