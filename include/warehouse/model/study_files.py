"""The files of a study, and which of its samples the result files belong to."""

from __future__ import annotations

from include.sources.drs.uris import DRS_ID, IMMPORT_HOST, SCHEME
from include.sql import Expression, Row, call, gap, literal, sql
from include.warehouse.model.common_columns import (
    EXPERIMENT,
    IS_SAMPLE,
    TECHNIQUE,
    VISIT,
    expsample,
    people,
    study_time,
)
from include.warehouse.model.declaration import Column, Derived, Dimension, Fact, H, S, Type
from include.warehouse.model.relations import NOT_APPLICABLE, UNKNOWN, Joined, Reference

INTEGER = Type.INTEGER
#: The identifier of a file, which stands in the table of its keys.
_UUID = Row("k").file_uuid
_IS_DRS_ID = sql(_UUID, " ~ ", literal(f"^{DRS_ID}$"))


def _path(column: Expression) -> Expression:
    """A path as the manifest has it; `filePath` puts a stroke before it.

    To trim a long text costs more than all else of its row: most paths only lose their first character.
    """
    trimmed = sql("ltrim(btrim(", column, "), '/')")
    is_usual = sql(column, " like '/%' and ", column, " not like '//%' and ", column, " not like '% '")
    return sql("nullif(case when ", is_usual, " then right(", column, ", -1) else ", trimmed, " end, '')")


def _listed(alias: str, *, by_accession: bool) -> Joined:
    """A join that finds the UUID of a result's file in the manifest; null where several files could be it."""
    row = Row(alias)
    uuid = sql("nullif(btrim(", row.file_uuid, "), '')")
    found, grouped = sql(), "1"
    same = sql(row.path, " = ", _path(S.file_path))
    if by_accession:
        found, grouped = sql("btrim(", row.file_accession, ") as file_accession, "), "1, 2"
        same = sql(same, " and ", row.file_accession, " = btrim(", S.file_info_id, ")")
    rows = sql(
        "select ", _path(row.path), " as path, ", found,
        "case when count(distinct ", uuid, ") = 1 then min(", uuid, ") end as file_uuid",
        " from ", gap("manifest"), f" {alias} group by {grouped}",
    )  # fmt: skip
    return Joined(alias, "manifest", same, rows)


FILE = Dimension(
    name="file",
    grain="one file of a study that can be downloaded; two files may have one name and path",
    endpoint="manifest",
    is_numerous=True,
    natural_key=(Column("file_uuid", "UUID under which it is downloaded; other bytes have another"),),
    columns=(
        Column("path", "Path of the file, without a stroke before it", source=_path(S.path)),
        Column("file_details_id", "ImmPort's number of the file's details", INTEGER),
        Column("file_accession", "Accession of the study file, protocol or result that it is"),
        Column("file_type", "Kind of file: result_file, study_file, protocol_file, release_file..."),
        Column("file_name", "Name of the file"),
        Column("filesize_bytes", "Size", INTEGER, unit="bytes"),
        Column("generated_md5", "MD5 of its bytes, as ImmPort computed it"),
        Column("reported_md5", "MD5 of its bytes, as the submitter gave it"),
        Column("date_file_updated", "Day it was last changed", Type.DATE),
        Column("drs_object_created", "Y when it can be asked for by its UUID"),
        Column("workspace_id", "ImmPort's number of the workspace", INTEGER),
        Column("aigenerated_keywords", "Keywords that ImmPort had made by a machine"),
        Column("aigenerated_summary", "Summary that ImmPort had made by a machine"),
    ),
    derived=(
        Derived(
            "date_file_updated_key", "Day it was last changed, as a key of dim_date", INTEGER,
            sql("coalesce(to_char(", H.date_file_updated, ", 'YYYYMMDD')::bigint, 0)"),
        ),
        Derived(
            "drs_uri", "URI of the file in GA4GH DRS; null where ImmPort has no object of it", Type.TEXT,
            sql("case when ", H.drs_object_created, " = 'Y' and ", _IS_DRS_ID,
                " then ", literal(f"{SCHEME}{IMMPORT_HOST}/"), " || ", _UUID, " end"),
        ),
    ),
)  # fmt: skip

RESULT_FILE = Fact(
    name="result_file",
    grain="one result file of one experiment sample and biosample; count files by file_info_id",
    endpoint="filePath",
    may_shrink=True,
    row_id=Column("file_path_id", "ImmPort's name for the file with its experiment sample and biosample"),
    # A path may name several files: then the accession says which of them it is, or nothing does.
    joins=(_listed("p", by_accession=False), _listed("a", by_accession=True)),
    references=(
        Reference(
            "file",
            (call("coalesce", Row("a").file_uuid, Row("p").file_uuid),),
            "The file; unknown where no manifest names it",
        ),
        # A file of a control or standard belongs to no subject: not a missing one, none that could be.
        *people(sql("case when ", IS_SAMPLE, f" then {UNKNOWN} else {NOT_APPLICABLE} end")),
        expsample(sql("case when ", IS_SAMPLE, " then ", S.source_accession, " end")),
        EXPERIMENT,
        VISIT,
        study_time(),
        TECHNIQUE,
    ),
    columns=(
        Column("file_info_id", "ImmPort's number of the file", INTEGER),
        Column("file_detail", "What the file holds"),
        Column("file_name", "Name of the file at ImmPort"),
        Column("original_file_name", "Name of the file as it was submitted"),
        Column("filesize_bytes", "Size; of a file with several rows, in each of them", INTEGER, unit="bytes"),
        Column("source_type", "What was measured: experiment sample, control or standard"),
        Column("source_accession", "Accession of what was measured"),
    ),
)
