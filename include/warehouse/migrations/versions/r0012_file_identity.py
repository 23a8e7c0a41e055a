"""files are identified by their UUID, not by their path; keys counted per load

Revision: 0012, after 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

#: What a version of a result file says, but for the key of its file and its interval.
RESULT_FILE = (
    "study_key, file_path_id, arm_key, subject_key, participation_key, biosample_key, expsample_key,"
    " experiment_key, planned_visit_key, study_time_key, technique_key, file_info_id, file_detail, file_name,"
    " original_file_name, filesize_bytes, source_type, source_accession, load_id, loaded_at"
)


def upgrade() -> None:
    op.add_column(
        "release_change",
        sa.Column("distinct_keys", sa.BigInteger(),
                  comment="Keys among the staged rows it was made of; null where the load says nothing of the table"),
        schema="ops",
    )
    op.add_column("dim_file", sa.Column("path", sa.Text(), comment="Path of the file, without a stroke before it"), schema="history")
    op.add_column("key_file", sa.Column("file_uuid", sa.Text(), comment="UUID under which it is downloaded; other bytes have another"), schema="history")
    _key_by_uuid()
    op.drop_column("dim_file", "file_uuid", schema="history")
    op.drop_column("key_file", "path", schema="history")
    about = "one file of a study that can be downloaded; two files may have one name and path"
    op.create_table_comment("key_file", f"Surrogate keys of dim_file: {about}. 0 unknown, -1 not applicable", schema="history")
    op.create_table_comment("dim_file", f"Versions of dim_file: {about}", schema="history")
    op.create_table_comment(
        "fact_result_file",
        "Versions of fact_result_file: one result file of one experiment sample and biosample; count files by"
        " file_info_id",
        schema="history",
    )
    op.alter_column("fact_result_file", "file_key", comment="The file; unknown where no manifest names it", schema="history")


def _key_by_uuid() -> None:
    """A path may have had several files, one after the other: each gets a key, and results lead to the one
    that was there. What no manifest described has no UUID: results lead to the unknown member."""
    op.execute("""
        create temporary table of_path on commit drop as
        select h.study_key, h.file_key as old_key, k.path, h.file_uuid, h.valid_from, h.valid_to
        from history.dim_file h join history.key_file k using (file_key)
        where h.file_key > 0 and nullif(btrim(h.file_uuid), '') is not null
    """)
    op.execute("""
        insert into history.key_file (file_uuid, natural_key)
        select file_uuid, md5(file_uuid)::uuid from of_path group by 1 order by 2
    """)
    op.execute(f"""
        create temporary table of_result on commit drop as
        select f.*, i.new_key, r.span from history.fact_result_file f
        cross join lateral (
            select k.file_key as new_key, range_agg(int4range(p.valid_from, p.valid_to))
                * int4multirange(int4range(f.valid_from, f.valid_to)) as spans
            from of_path p join history.key_file k using (file_uuid)
            where p.study_key = f.study_key and p.old_key = f.file_key group by k.file_key
            union all
            select least(f.file_key, 0), int4multirange(int4range(f.valid_from, f.valid_to)) - coalesce((
                select range_agg(int4range(p.valid_from, p.valid_to)) from of_path p
                where p.study_key = f.study_key and p.old_key = f.file_key), '{{}}')) i
        cross join lateral unnest(i.spans) r (span)
    """)
    op.execute("delete from history.fact_result_file")
    op.execute(f"""
        insert into history.fact_result_file ({RESULT_FILE}, file_key, valid_from, valid_to)
        select {RESULT_FILE}, new_key, lower(span), upper(span) from of_result
    """)
    op.execute("""
        delete from history.dim_file where file_key > 0 and nullif(btrim(file_uuid), '') is null
    """)
    op.execute("""
        update history.dim_file h set path = p.path, file_key = k.file_key
        from of_path p join history.key_file k using (file_uuid)
        where (p.study_key, p.old_key, p.valid_from) = (h.study_key, h.file_key, h.valid_from)
    """)
    op.execute("delete from history.key_file where path is not null")


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
