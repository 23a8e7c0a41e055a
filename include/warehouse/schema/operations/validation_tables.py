"""The tables of validations: packages that were checked and sent nowhere, what was found in them, and the
templates that packages are checked by.
"""

from __future__ import annotations

import sqlalchemy as sa

from include.warehouse.schema.operations.columns import number, ops, text, time

VALIDATION = ops(
    "validation", "Packages that were checked without being sent: one row per check",
    sa.Column("validation_id", sa.BigInteger, sa.Identity(), primary_key=True,
              comment="Number of the validation"),
    text("run_id", "Run that checked the package", required=True),
    text("package", "Name of the package", required=True),
    text("place", "Where it is", required=True),
    text("known", "File of identifiers that the workspace has; null without one"),
    text("declaration", "Templates it was checked by, with their digest", required=True),
    text("state", "valid or invalid", required=True),
    number("templates", "Templates in it", required=True),
    number("rows", "Rows of its templates", required=True),
    number("errors", "Errors that were found", required=True),
    number("warnings", "Warnings", required=True),
    time("created_at", "When it was checked", default=True),
)  # fmt: skip

TEMPLATE_VERSION = ops(
    "template_version", "Versions of ImmPort's templates, as the upload service gave them out",
    text("content_digest", "SHA-256 of the JSON that declares the templates", key=True),
    text("schema_versions", "Schema versions of its templates", required=True),
    number("templates", "Templates in it", required=True),
    sa.Column("content", sa.LargeBinary, nullable=False, comment="The zip file, as received"),
    time("first_seen_at", "When the service first gave it out", default=True),
    time("last_seen_at", "When the service last gave out this version", default=True),
)  # fmt: skip

VALIDATION_FINDING = ops(
    "validation_finding", "What was found in packages that were checked",
    number("validation_id", "Validation", key=True),
    number("position", "Place among the findings, from 0", key=True),
    text("template", "Template; empty for a finding about the package"),
    text("file_name", "File of the package"),
    number("line_number", "Line of the file; null for the file as a whole"),
    text("column_name", "Column of the template"),
    text("value", "What stands there"),
    text("rule", "Rule that it breaks", required=True),
    text("severity", "error or warning", required=True),
    text("message", "What is wrong", required=True),
    text("fix", "What to write instead, or to do"),
)  # fmt: skip
