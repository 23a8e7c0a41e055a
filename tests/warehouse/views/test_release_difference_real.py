"""DR16 and DR25 of a real study: the differences are those that pandas finds between the two packages."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator

import pandas as pd
import pytest

from tests.sandbox.data import ARCHIVES, needs_data
from tests.support.routes import land_package, take
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.warehouse import Warehouse

STUDY, OLD, NEW = "SDY139", "DR16", "DR25"
#: Column of the star -> column of the table of results, at the old and at the new release.
SAME = {
    name: (name.upper(), name.upper())
    for name in ("study_time_collected", "study_time_collected_unit", "experiment_accession")
} | {
    f"{name}_key": (f"{name.upper()}_ACCESSION",) * 2 for name in ("arm", "subject", "biosample", "expsample")
}  # fmt: skip
REPOSITORY = {name: ("", name.upper()) for name in ("repository_accession", "repository_name")}
COLUMNS: dict[str, dict[str, tuple[str, str]]] = {
    "elispot": {
        "analyte_reported": ("ANALYTE", "ANALYTE_REPORTED"),
        "accession": ("ANALYTE_PREFERRED", "ANALYTE_PREFERRED"),
        "spot_number_reported": ("SPOT_NUMBER_REPORTED", "SPOT_NUMBER_REPORTED"),
        "spot_number_preferred": ("", "SPOT_NUMBER_PREFERRED"),
        "cell_number_reported": ("CELL_NUMBER_REPORTED", "CELL_NUMBER_REPORTED"),
        "cell_number_preferred": ("", "CELL_NUMBER_PREFERRED"),
        "comments": ("COMMENTS", "COMMENTS"),
    },
    "pcr": {
        "gene_symbol_reported": ("GENE_SYMBOL", "GENE_SYMBOL_REPORTED"),
        "accession": ("", "GENE_SYMBOL_PREFERRED"),
        "gene_id": ("ENTREZ_GENE_ID", "GENE_ID"),
        "gene_name": ("GENE_NAME", "GENE_NAME"),
        "other_gene_accession": ("OTHER_GENE_ACCESSION", "OTHER_GENE_ACCESSION"),
        "unit_reported": ("UNIT_REPORTED", "UNIT_REPORTED"),
        "unit_preferred": ("", "UNIT_PREFERRED"),
        "value_reported": ("VALUE_REPORTED", "VALUE_REPORTED"),
        "value_preferred": ("", "VALUE_PREFERRED"),
        "comments": ("", "COMMENTS"),
    },
    "fcs_analyzed": {
        "population_name_reported": ("POPULATION_NAME_REPORTED",) * 2,
        "population_name_preferred": ("POPULATION_NAME_PREFERRED",) * 2,
        "population_definition_reported": ("POPULATION_DEFNITION_REPORTED",) * 2,
        "population_definition_preferred": ("POPULATION_DEFNITION_PREFERRED",) * 2,
        "parent_population_reported": ("BASE_PARENT_POPULATION", "PARENT_POPULATION_REPORTED"),
        "parent_population_preferred": ("BASE_PARENT_POP_PREFERRED", "PARENT_POPULATION_PREFERRED"),
        "population_statistic_reported": ("POPULATION_CELL_NUMBER", "POPULATION_STATISTIC_REPORTED"),
        "population_statistic_preferred": ("", "POPULATION_STATISTIC_PREFERRED"),
        "population_stat_unit_reported": ("POPULATION_CELL_NUMBER_UNIT", "POPULATION_STAT_UNIT_REPORTED"),
        "population_stat_unit_preferred": (
            "POP_CELL_NUMBER_UNIT_PREFERRED", "POPULATION_STAT_UNIT_PREFERRED",
        ),
        "workspace_file_info_id": ("", "WORKSPACE_FILE_INFO_ID"),
        "comments": ("COMMENTS", "COMMENTS"),
    },
}  # fmt: skip
#: Fact -> the name that ImmPort gives its analyte or gene: an accession, whose symbol lk_analyte knows.
PREFERRED = {"elispot": "analyte_preferred", "pcr": "gene_symbol_preferred"}
#: Key column -> what its natural key is made of.
COMPOUND = {"elispot": ("analyte_key", ("accession", "analyte_preferred", "analyte_reported"))}
#: No columns of the fact but parts of a key.
PARTS = ["gene_id"]
Cell = tuple[str, str, str, str | None, str | None]

pytestmark = needs_data


@pytest.fixture(scope="module")
def archives() -> Iterator[RunningSandbox]:
    with running_sandbox(archives=ARCHIVES) as sandbox:
        yield sandbox


@pytest.fixture
def both(warehouse: Warehouse, archives: RunningSandbox) -> Warehouse:
    for release in (OLD, NEW):
        archives.set_release(release)
        take(warehouse, land_package(warehouse, archives, STUDY, release))
    return warehouse


def test_the_differences_are_those_of_the_packages(both: Warehouse) -> None:
    found = both.rows(
        "select star_table, row_key, column_name, old_value, new_value, change"
        f" from star.release_difference('{OLD}', '{NEW}', '{STUDY}') where star_table = any (:facts)",
        facts=[f"fact_{name}" for name in COLUMNS],
    )
    assert {row[-1] for row in found} == {"corrected"}, "no result was added and none withdrawn"
    expected = {cell for fact in COLUMNS for cell in cells(fact)}
    assert {row[:-1] for row in found} == expected
    assert len(found) == len(expected)
    assert Counter((row[0], row[2]) for row in found) == {
        ("fact_elispot", "analyte_key"): 466,
        ("fact_elispot", "analyte_preferred"): 466,
        ("fact_elispot", "spot_number_preferred"): 466,
        ("fact_elispot", "cell_number_preferred"): 466,
        ("fact_pcr", "comments"): 456,
        ("fact_pcr", "gene_symbol_preferred"): 192,
        ("fact_pcr", "analyte_accession"): 192,
        ("fact_fcs_analyzed", "technique_key"): 52,
    }


def test_the_counts_of_the_publish_are_those_of_the_differences(both: Warehouse) -> None:
    differ = both.rows(f"""
        select star_table, count(distinct row_key) filter (where change = 'added'),
            count(distinct row_key) filter (where change = 'corrected'),
            count(distinct row_key) filter (where change = 'withdrawn')
        from star.release_difference('{OLD}', '{NEW}') group by 1 order by 1""")
    reported = both.rows(f"""
        select star_table, added, corrected, withdrawn from star.release_change
        where release_version = '{NEW}' and added + corrected + withdrawn > 0 order by 1""")
    assert differ == reported
    results = both.rows(f"""
        select sum(added), sum(corrected), sum(withdrawn), sum(unchanged) from star.release_change
        where release_version = '{NEW}' and star_table in ('fact_elispot', 'fact_pcr', 'fact_fcs_analyzed')
        """)
    assert results == [(0, 974, 0, 0)]


def cells(fact: str) -> Iterator[Cell]:
    """Every cell of a fact that the two packages have otherwise."""
    old, new = (_results(fact, number, release) for number, release in enumerate((OLD, NEW)))
    assert list(old.index) == list(new.index), "results of both packages"
    for column in old.columns:
        differs = old[column] != new[column]
        for row_key in old.index[differs]:
            before, after = old.at[row_key, column], new.at[row_key, column]
            yield f"fact_{fact}", row_key, column, before or None, after or None


def _results(fact: str, number: int, release: str) -> pd.DataFrame:
    """The results of a package under the names of the star, keys as the natural keys they stand for."""
    raw = _table(release, f"{fact}_result").set_index("RESULT_ID").sort_index()
    names = {**SAME, **REPOSITORY, **COLUMNS[fact]}
    frame = pd.DataFrame(
        {name: raw[pair[number]] if pair[number] else "" for name, pair in names.items()}, index=raw.index
    )
    technique = _table(release, "experiment").set_index("EXPERIMENT_ACCESSION")["MEASUREMENT_TECHNIQUE"]
    frame["technique_key"] = frame["experiment_accession"].map(technique)
    if fact in PREFERRED:
        symbols = _table(NEW, "lk_analyte").set_index("ANALYTE_ACCESSION")["GENE_SYMBOL"]
        frame[PREFERRED[fact]] = frame["accession"].map(symbols).fillna("")
        if fact in COMPOUND:
            key, parts = COMPOUND[fact]
            frame[key] = frame[list(parts)].replace("", "-").agg(" / ".join, axis=1)
        if fact == "pcr":
            frame["analyte_accession"] = frame["accession"]
        frame = frame.drop(columns="accession")
    return frame.drop(columns=PARTS, errors="ignore")


def _table(release: str, name: str) -> pd.DataFrame:
    with zipfile.ZipFile(ARCHIVES / f"{STUDY}-{release}_Tab.zip") as archive:
        (member,) = [item for item in archive.namelist() if item.endswith(f"/{name}.txt")]
        text = archive.read(member).decode()
    return pd.read_csv(io.StringIO(text), sep="\t", dtype=str, keep_default_na=False, quoting=3)
