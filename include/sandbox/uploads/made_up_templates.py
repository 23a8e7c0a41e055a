"""Two templates and a vocabulary in the form of ImmPort's JSON, for a sandbox without ImmPort's own."""

from __future__ import annotations

from typing import Any

_VERSION = "3.36"


def _column(name: str, attribute: str, table: str, column: str, **more: Any) -> dict[str, Any]:
    return {
        "templateColumn": name,
        "jsonAttribute": attribute,
        "jsonDataType": "string",
        "columnType": "varchar(250)",
        "required": False,
        "tableName": table,
        "tableColumn": column,
        "cv": False,
        "pv": False,
        "foreignKey": False,
        "combinedColumn": False,
        **more,
    }


def _template(name: str, columns: list[dict[str, Any]], about: str) -> dict[str, Any]:
    return {
        "name": name,
        "templateType": "single",
        "fileName": f"{name}.txt",
        "jsonFileName": f"{name}.json",
        "schemaVersion": _VERSION,
        "validationLevel": "",
        "description": about,
        "columns": columns,
    }


def _identified(table: str) -> list[dict[str, Any]]:
    return [
        _column("User Defined ID", "userDefinedId", table, "user_defined_id", required=True),
        _column("Name", "name", table, "name", required=True),
    ]


TEMPLATES: list[dict[str, Any]] = [
    _template(
        "protocols",
        [
            *_identified("protocol"),
            _column("File Name", "fileName", "protocol", "file_name", required=True),
            _column(
                "Type", "type", "protocol", "type", jsonDataType="enum", cv=True,
                cvTableName="lk_protocol_type",
            ),
        ],
        "Documents that say how something was done.",
    ),
    _template(
        "treatments",
        [
            *_identified("treatment"),
            _column("Amount Value", "amountValue", "treatment", "amount_value", jsonDataType="number"),
        ],
        "What samples were treated with.",
    ),
]  # fmt: skip
LOOKUPS: list[dict[str, Any]] = [
    {
        "name": "lk_protocol_type",
        "rows": [{"name": name, "link": "", "description": "", "id": ""} for name in ("Assay", "Study")],
    }
]
