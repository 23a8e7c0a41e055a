"""Two real Tab packages of one study, loaded in order, compared cell by cell with the packages themselves."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from tests.sandbox.data import ARCHIVES
from tests.support.runs import Installation, Installations
from tests.support.sandbox import running_sandbox
from tests.support.star import differences, row_marks, star_digest

PACKAGES = {release: ARCHIVES / f"SDY139-{release}_Tab.zip" for release in ("DR16", "DR25")}
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not all(path.exists() for path in PACKAGES.values()),
        reason=f"no packages of SDY139 in {ARCHIVES} (IMMPORT_TEST_DATA)",
    ),
]
COUNTS = {"elispot": 466, "pcr": 456, "fcs_analyzed": 52}
#: Column of the star -> column of the package.
_ALWAYS: dict[str, str | None] = {
    "arm_accession": "ARM_ACCESSION",
    "subject_accession": "SUBJECT_ACCESSION",
    "biosample_accession": "BIOSAMPLE_ACCESSION",
    "expsample_accession": "EXPSAMPLE_ACCESSION",
    "experiment_accession": "EXPERIMENT_ACCESSION",
    "study_time_collected": "STUDY_TIME_COLLECTED",
    "study_time_collected_unit": "STUDY_TIME_COLLECTED_UNIT",
    "comments": "COMMENTS",
}
COLUMNS: dict[tuple[str, str], dict[str, str | None]] = {
    ("elispot", "DR16"): {
        "analyte_reported": "ANALYTE",
        "analyte_preferred": "ANALYTE_PREFERRED",
        "spot_number_reported": "SPOT_NUMBER_REPORTED",
        "spot_number_preferred": None,
        "cell_number_reported": "CELL_NUMBER_REPORTED",
        "cell_number_preferred": None,
    },
    ("elispot", "DR25"): {
        "analyte_reported": "ANALYTE_REPORTED",
        "analyte_accession": "ANALYTE_PREFERRED",
        "spot_number_reported": "SPOT_NUMBER_REPORTED",
        "spot_number_preferred": "SPOT_NUMBER_PREFERRED",
        "cell_number_reported": "CELL_NUMBER_REPORTED",
        "cell_number_preferred": "CELL_NUMBER_PREFERRED",
        "repository_accession": "REPOSITORY_ACCESSION",
        "repository_name": "REPOSITORY_NAME",
    },
    ("pcr", "DR16"): {
        "gene_symbol_reported": "GENE_SYMBOL",
        "gene_symbol_preferred": None,
        "unit_reported": "UNIT_REPORTED",
        "unit_preferred": None,
        "value_reported": "VALUE_REPORTED",
        "value_preferred": None,
        "comments": None,
    },
    ("pcr", "DR25"): {
        "gene_symbol_reported": "GENE_SYMBOL_REPORTED",
        "gene_id": "GENE_ID",
        "gene_name": "GENE_NAME",
        "unit_reported": "UNIT_REPORTED",
        "unit_preferred": "UNIT_PREFERRED",
        "value_reported": "VALUE_REPORTED",
        "value_preferred": "VALUE_PREFERRED",
    },
    ("fcs_analyzed", "DR16"): {
        "population_name_reported": "POPULATION_NAME_REPORTED",
        "population_name_preferred": "POPULATION_NAME_PREFERRED",
        "population_definition_reported": "POPULATION_DEFNITION_REPORTED",
        "population_definition_preferred": "POPULATION_DEFNITION_PREFERRED",
        "parent_population_reported": "BASE_PARENT_POPULATION",
        "parent_population_preferred": "BASE_PARENT_POP_PREFERRED",
        "population_statistic_reported": "POPULATION_CELL_NUMBER",
        "population_statistic_preferred": None,
        "population_stat_unit_reported": "POPULATION_CELL_NUMBER_UNIT",
        "population_stat_unit_preferred": "POP_CELL_NUMBER_UNIT_PREFERRED",
    },
    ("fcs_analyzed", "DR25"): {
        "population_name_reported": "POPULATION_NAME_REPORTED",
        "population_name_preferred": "POPULATION_NAME_PREFERRED",
        "population_definition_reported": "POPULATION_DEFNITION_REPORTED",
        "population_definition_preferred": "POPULATION_DEFNITION_PREFERRED",
        "parent_population_reported": "PARENT_POPULATION_REPORTED",
        "parent_population_preferred": "PARENT_POPULATION_PREFERRED",
        "population_statistic_reported": "POPULATION_STATISTIC_REPORTED",
        "population_statistic_preferred": "POPULATION_STATISTIC_PREFERRED",
        "population_stat_unit_reported": "POPULATION_STAT_UNIT_REPORTED",
        "population_stat_unit_preferred": "POPULATION_STAT_UNIT_PREFERRED",
        "workspace_file_info_id": "WORKSPACE_FILE_INFO_ID",
    },
}
_NUMBERS = {
    name for columns in COLUMNS.values() for name in columns
    if name.split("_")[0] in {"spot", "cell", "value"} and name.endswith("preferred")
} | {"study_time_collected", "population_statistic_preferred", "workspace_file_info_id"}  # fmt: skip


@dataclass(frozen=True)
class Both:
    """A warehouse that holds both releases, and how it was after the first."""

    installation: Installation
    first: dict[str, int]


@pytest.fixture(scope="module")
def both(installations: Installations) -> Iterator[Both]:
    with running_sandbox(archives=ARCHIVES, release="DR16") as sandbox:
        installation = installations.fresh(sandbox)
        assert installation.run().state == "success"
        first = _counts(installation)
        sandbox.set_release("DR25")
        assert installation.run().state == "success"
        yield Both(installation, first)


def test_both_releases_hold_every_row(both: Both) -> None:
    assert both.first == COUNTS
    assert _counts(both.installation) == COUNTS


@pytest.mark.parametrize(("fact", "release"), COLUMNS)
def test_every_value_is_that_of_the_package(fact: str, release: str, both: Both) -> None:
    columns = {"result_id": "RESULT_ID", **_ALWAYS, **COLUMNS[fact, release]}
    table = _table(PACKAGES[release], f"{fact}_result")
    expected = {
        row["RESULT_ID"]: {
            name: _value(name, row.get(source, "") if source else "") for name, source in columns.items()
        }
        for row in table.to_dict("records")
    }
    found = {
        str(row["result_id"]): {name: _value(name, row[name]) for name in columns}
        for row in _fact(both.installation, fact, release)
    }
    assert len(found) == COUNTS[fact]
    assert found == expected


def test_preferred_values_are_empty_until_they_were_curated(both: Both) -> None:
    then, now = (
        {
            (fact, name): sum(row[name] is not None for row in _fact(both.installation, fact, release))
            for fact in COUNTS
            for name in _preferred(both.installation, fact)
        }
        for release in ("DR16", "DR25")
    )
    assert set(then.values()) == {0}
    assert now["elispot", "spot_number_preferred"] == 466
    assert now["elispot", "cell_number_preferred"] == 466
    assert now["elispot", "analyte_preferred"] == 466


def test_preferred_analyte_is_the_symbol_of_its_accession(both: Both) -> None:
    symbols = _table(PACKAGES["DR25"], "lk_analyte").set_index("ANALYTE_ACCESSION")["GENE_SYMBOL"]
    pairs = {
        (row["analyte_accession"], row["analyte_preferred"])
        for row in _fact(both.installation, "elispot", "DR25")
    }
    assert pairs
    assert all(symbols[accession] == symbol for accession, symbol in pairs)


def test_third_run_writes_nothing(both: Both) -> None:
    engine = both.installation.engine
    marks, star = row_marks(engine), star_digest(engine)
    assert both.installation.run().state == "success"
    assert row_marks(engine) == marks
    assert differences(star_digest(engine), star) == []


def _counts(installation: Installation) -> dict[str, int]:
    return {fact: installation.one(f"select count(*) from star.fact_{fact}") for fact in COUNTS}


def _preferred(installation: Installation, fact: str) -> list[str]:
    columns = sa.inspect(installation.engine).get_columns(f"fact_{fact}", schema="star")
    return [column["name"] for column in columns if column["name"].endswith("_preferred")]


def _fact(installation: Installation, fact: str, release: str) -> list[dict[str, object]]:
    """Rows as of a release, with the accessions their keys stand for."""
    names = ["arm", "subject", "biosample", "expsample", "experiment", "study_time"]
    joins = " ".join(
        f"left join star.dim_{name} {name} on {name}.{name}_key = f.{name}_key" for name in names
    )
    accessions = ", ".join(f"{name}.{name}_accession" for name in names[:-1])
    own = {"elispot": ", d.analyte_accession", "pcr": ", d.gene_id, f.gene_name"}
    extra = {
        name: f"left join star.dim_{name} d on d.{name}_key = f.{name}_key" for name in ("analyte", "gene")
    }
    joins += {"elispot": f" {extra['analyte']}", "pcr": f" {extra['gene']}"}.get(fact, "")
    with installation.engine.connect() as connection:
        connection.execute(sa.text("select set_config('star.as_of', :release, false)"), {"release": release})
        rows = connection.exec_driver_sql(
            f"select f.*, {accessions}, study_time.study_time_collected, study_time.study_time_collected_unit"
            f"{own.get(fact, '')} from star.fact_{fact} f {joins}"
        )
        return [dict(row) for row in rows.mappings()]


def _table(package: Path, name: str) -> pd.DataFrame:
    with zipfile.ZipFile(package) as archive:
        (member,) = [item for item in archive.namelist() if item.endswith(f"/{name}.txt")]
        text = archive.read(member).decode()
    return pd.read_csv(io.StringIO(text), sep="\t", dtype=str, keep_default_na=False, quoting=3)


def _value(name: str, value: object) -> object:
    """Empty text and null are one; numbers are compared as numbers."""
    if value is None or value == "":
        return None
    return Decimal(str(value)) if name in _NUMBERS else str(value)
