"""The tables of files: those of releases, those that were downloaded, Parquet copies."""

from __future__ import annotations

import sqlalchemy as sa

from include.sources.foreign import LONGEST_KEY
from include.warehouse.schema.foreign_types import CleanText
from include.warehouse.schema.operations.columns import number, ops, text, time

RELEASE_FILE = ops(
    "release_file", "Release files of each study as last seen: another MD5 is another content",
    text("study_accession", "Study", key=True),
    text("file_name", "Name, SDY139-DR25_Tab.zip", key=True),
    text("file_uuid", "UUID", required=True),
    text("md5", "MD5 of its bytes"),
    number("size_bytes", "Size"),
    time("seen_at", "When", default=True),
)  # fmt: skip
FILE_DOWNLOAD = ops(
    "file_download", "Files downloaded to the object storage, and those that failed or were left out",
    text("study_accession", "Study; of an image of IMPC its phenotyping centre", key=True),
    text("file_uuid", "UUID; of an image what it is known by", key=True),
    text("source", "Source that the file is of: immport, impc", required=True, default="immport"),
    text("path", "Path ImmPort gives it; of an image the path below the destination", required=True),
    text("kept_as", "Path below the destination; with its UUID where another file of the study has its path",
         required=True),
    text("file_type", "Type, result_file"),
    number("size_bytes", "Size ImmPort gives it"),
    text("md5", "MD5 ImmPort gives it"),
    text("sha256", "SHA-256 that IMPC states of an image; null for another file"),
    text("address", "Where IMPC says that an image lies; null for another file"),
    text("location", "Folder or URL of the file"),
    number("kept_bytes", "Bytes that lie there, as counted; null where none were counted"),
    text("kept_md5", "MD5 of these bytes, as computed: also of a file whose MD5 its source does not state"),
    text("fcs_header", "What came of reading the header of an FCS file: how many parameters it has, or why"
         " it could not be read; null for another file"),
    text("state", "planned, present, failed or left out", required=True),
    text("error", "Why it failed or was left out"),
    number("bytes_fetched", "Bytes that came over the network for it", required=True, default=0),
    text("run_id", "Run that planned it last: only this run updates the row"),
    number("position", "Position in the plan of that run, from 0; null when it is left out"),
    time("changed_at", "When the state last changed", default=True),
)  # fmt: skip
EXPORT = ops(
    "export", "Parquet copies that were written, with who may read them and the studies they hold",
    text("location", "Folder or URL it was written to; a later export to it replaces this one", key=True),
    text("release_version", "Newest release when it was written, or the release it shows", required=True),
    text("as_of", "Release it shows; null for the state when it was written"),
    text("read_as", "Role that read the warehouse for it; its members may read the files", required=True),
    sa.Column(
        "studies",
        sa.ARRAY(CleanText(LONGEST_KEY)),
        nullable=False,
        comment="Accessions of the studies it holds",
    ),
    sa.Column(
        "written_at", sa.DateTime(timezone=True), nullable=False,
        comment="When it was written, or found to be the same",
    ),
)  # fmt: skip
