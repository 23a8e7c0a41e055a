"""A package that is checked and sent nowhere: its report is kept, and errors fail the run."""

from __future__ import annotations

import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from airflow.sdk.exceptions import AirflowFailException

from immport_provider.operators.submission.validate import ImmPortValidatePackageOperator
from include.pipeline.submissions import template_versions
from include.submission.declaration_files import read_declarations
from include.warehouse.schema.ops_tables import RUN, TEMPLATE_VERSION, VALIDATION, VALIDATION_FINDING
from tests.submission.declared import LOOKUPS, TEMPLATES, check, needs_templates, template, vocabularies
from tests.submission.generated import make, write_package
from tests.support.warehouse import Warehouse

pytestmark = needs_templates


def run(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, run_id: str, **parameters: Any) -> int:
    """What the task returns."""
    operator = ImmPortValidatePackageOperator(
        task_id="validate", **{"templates": str(TEMPLATES), "lookups": str(LOOKUPS), **parameters}
    )
    monkeypatch.setattr(operator, "engine", lambda: warehouse.engine)
    context: Any = {
        "dag": SimpleNamespace(dag_id="immport_validate"),
        "run_id": run_id,
        "ti": SimpleNamespace(xcom_push=lambda **_: None, task_id="validate", map_index=-1, try_number=1),
    }
    number: int = operator.execute(context)
    return number


def rows(warehouse: Warehouse, table: sa.Table) -> list[dict[str, Any]]:
    with warehouse.engine.connect() as connection:
        found = connection.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings()
        return [dict(row) for row in found]


def test_every_finding_is_kept_and_errors_fail_the_run(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = make(template("protocols"), vocabularies(), count=3)
    place = [column.name for column in template("protocols").columns].index("Type")
    made.rows["protocols"][0][place] = "assay"
    made.rows["protocols"][1][place] = "no such term"
    folder = write_package(
        tmp_path / "lab", [template("protocols")], vocabularies(), {"protocols": made}
    ).folder
    with pytest.raises(AirflowFailException, match="lab: 1 errors, 1 warnings in 3 rows, such as protocols"):
        run(warehouse, monkeypatch, "first", package=str(folder))
    [row] = rows(warehouse, VALIDATION)
    assert (row["run_id"], row["package"], row["state"]) == ("immport_validate/first", "lab", "invalid")
    assert (row["templates"], row["rows"], row["errors"], row["warnings"]) == (1, 3, 1, 1)
    kept = rows(warehouse, VALIDATION_FINDING)
    names = {"file_name": "file", "line_number": "line", "column_name": "column"}
    expected = [
        {
            names.get(name, name): value
            for name, value in found.items()
            if name not in {"validation_id", "position"}
        }
        for found in kept
    ]
    assert expected == [
        {name: getattr(finding, name) for name in finding.__struct_fields__}
        for finding in check(folder).findings
    ]
    # Another try of the same task has one report, and a package that was put right passes.
    with pytest.raises(AirflowFailException):
        run(warehouse, monkeypatch, "first", package=str(folder))
    assert len(rows(warehouse, VALIDATION)) == 1
    assert len(rows(warehouse, VALIDATION_FINDING)) == 2
    right = write_package(tmp_path / "right", [template("protocols")], vocabularies())
    number = run(warehouse, monkeypatch, "second", package=str(right.folder), known=str(right.known))
    *_, row = rows(warehouse, VALIDATION)
    assert (row["validation_id"], row["state"], row["known"]) == (number, "valid", str(right.known))
    assert {row["run_id"]: row["state"] for row in rows(warehouse, RUN)} == {
        "immport_validate/first": "failed",
        "immport_validate/second": "success",
    }


def test_a_package_that_is_not_there_fails_at_once(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(AirflowFailException, match="nothing does not exist"):
        run(warehouse, monkeypatch, "first", package=str(tmp_path / "nothing"))
    assert rows(warehouse, VALIDATION) == []


def test_the_version_that_was_received_last_is_used(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each version is kept once; one that is given out again is the newest."""
    monkeypatch.delenv("IMMPORT_TEST_DATA", raising=False)
    package = write_package(tmp_path / "lab", [template("protocols")], vocabularies()).folder
    with pytest.raises(AirflowFailException, match="no templates: give"):
        run(warehouse, monkeypatch, "none", package=str(package), templates="", lookups="")
    digests = []
    for version in ("3.20", "3.36", "3.20"):
        received = tmp_path / "templates.zip"
        with zipfile.ZipFile(received, "w") as archive:
            text = (TEMPLATES / "templates.json").read_text()
            archive.writestr("templates.json", text.replace('"3.20"', f'"{version}"'))
            archive.write(LOOKUPS / "lkTables.json", "lkTables.json")
        templates, _ = read_declarations(received)
        template_versions.keep(warehouse.engine, templates, received.read_bytes())
        digests.append(templates.digest)
        if version == "3.36":
            with pytest.raises(AirflowFailException, match="schema version"):
                run(warehouse, monkeypatch, "newer", package=str(package), templates="", lookups="")
        else:
            run(warehouse, monkeypatch, f"run {len(digests)}", package=str(package), templates="", lookups="")
        *_, row = rows(warehouse, VALIDATION)
        assert digests[-1] in row["declaration"]
    kept = {row["content_digest"]: row["schema_versions"] for row in rows(warehouse, TEMPLATE_VERSION)}
    assert kept == {digests[0]: "3.20", digests[1]: "3.36"}
