"""What a load does not know stays as it was known, whatever order the releases of a study come in."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from include.pipeline.run_ledger import Load
from include.sources.endpoint import Route
from include.sources.immport.endpoints import ENDPOINTS
from include.warehouse.load import carry_forward
from include.warehouse.load.carry_forward import Knowledge
from include.warehouse.model.registry import DIMENSION
from tests.support.packages import SMALL, land_tables
from tests.support.warehouse import Study, Warehouse, full_row, small_study

#: Release -> route, and experiment samples with their names and descriptions. Two packages, then the API
#: twice, then a package: samples go, come back, are renamed and described anew.
CAPTURES: dict[str, tuple[Route, dict[str, tuple[str, str | None]]]] = {
    "DR1": (Route.PACKAGE, {"ES1": ("a", "x"), "ES2": ("b", "y")}),
    "DR2": (Route.PACKAGE, {"ES1": ("a", "z")}),
    "DR3": (Route.API, {"ES1": ("a", None), "ES2": ("b", None)}),
    "DR4": (Route.API, {"ES1": ("c", None), "ES2": ("b", None)}),
    "DR5": (Route.PACKAGE, {"ES1": ("c", "z"), "ES2": ("b", "w")}),
}
#: Key, name, description, first release, end.
EXPECTED = [
    ("ES1", "a", "x", 10000, 20000),
    ("ES1", "a", "z", 20000, 40000),
    ("ES1", "c", "z", 40000, 2147483647),
    ("ES2", "b", "y", 10000, 20000),
    ("ES2", "b", None, 30000, 50000),
    ("ES2", "b", "w", 50000, 2147483647),
]
ORDERS = list(itertools.permutations(CAPTURES))


def answers(samples: dict[str, tuple[str, str | None]], file: str) -> Study:
    rows = small_study()
    rows["expsample"] = [
        full_row(
            "expsample",
            studyAccession="SDY1",
            armAccession="ARM1",
            subjectAccession="SUB1",
            biosampleAccession="BS1",
            experimentAccession="EXP1",
            expsampleAccession=name,
            expsampleName=shown,
        )
        for name, (shown, _) in samples.items()
    ]
    rows["manifest"] = [
        full_row("manifest", studyAccession="SDY1", path=f"SDY1/{file}", fileUUID=file, fileName=file)
    ]
    rows["hai"] = []
    return rows


def land(warehouse: Warehouse, release: str) -> Load:
    route, samples = CAPTURES[release]
    if route is Route.API:
        return warehouse.land(answers(samples, f"file{release}"), release)
    lines = "\n".join(f"{name} EXP1 {shown} {text}" for name, (shown, text) in samples.items())
    tables = {
        **SMALL,
        "expsample": f"EXPSAMPLE_ACCESSION EXPERIMENT_ACCESSION NAME DESCRIPTION\n{lines}",
        "expsample_2_biosample": "EXPSAMPLE_ACCESSION BIOSAMPLE_ACCESSION\n"
        + "\n".join(f"{name} BS1" for name in samples),
    }
    del tables["hai_result"]
    return land_tables(warehouse, tables, release)


def publish(warehouse: Warehouse, load: Load) -> int:
    warehouse.stage(load)
    warehouse.pass_gate(load)
    return warehouse.publish(load).rows_written


def versions(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select k.expsample_accession, h.name, h.description, h.valid_from, h.valid_to"
        " from history.dim_expsample h join history.key_expsample k using (expsample_key)"
        " where h.study_key > 0 order by 1, 4"
    )


def files(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select k.file_uuid, h.valid_from, h.valid_to from history.dim_file h"
        " join history.key_file k using (file_key) where h.study_key > 0 order by 1, 2"
    )


@pytest.mark.parametrize(
    "order",
    [
        ORDERS[0],
        ORDERS[-1],
        *(pytest.param(order, marks=pytest.mark.long) for order in random.Random(3).sample(ORDERS[1:-1], 5)),
    ],
)
def test_every_order_of_releases_and_routes_gives_the_same_history(
    order: tuple[str, ...], warehouse: Warehouse
) -> None:
    for release in order:
        publish(warehouse, land(warehouse, release))
    assert versions(warehouse) == EXPECTED
    # Packages say nothing of files: those of the API stay, before the first of them there is none.
    assert files(warehouse) == [("fileDR3", 30000, 40000), ("fileDR4", 40000, 2147483647)]
    # And once more, each: nothing is written.
    assert [publish(warehouse, land(warehouse, release)) for release in order[:2]] == [0, 0]
    assert versions(warehouse) == EXPECTED


def test_a_release_that_comes_by_both_routes_is_known_by_both(warehouse: Warehouse) -> None:
    """A package of an older release does not put its words over those of the release itself."""
    samples: dict[str, tuple[str, str | None]] = {"ES1": ("c", None), "ES2": ("b", None)}
    publish(warehouse, land(warehouse, "DR5"))
    publish(warehouse, warehouse.land(answers(samples, "f"), "DR5"))
    publish(warehouse, land(warehouse, "DR1"))
    assert versions(warehouse)[-1] == ("ES2", "b", "w", 50000, 2147483647)


def test_a_withdrawal_knows_everything(warehouse: Warehouse) -> None:
    publish(warehouse, land(warehouse, "DR1"))
    publish(warehouse, land(warehouse, "DR4"))
    warehouse.withdraw("SDY1", "DR3")
    # A row that comes back after a withdrawal does not get its earlier values.
    assert versions(warehouse) == [
        ("ES1", "a", "x", 10000, 30000),
        ("ES1", "c", None, 40000, 2147483647),
        ("ES2", "b", "y", 10000, 30000),
        ("ES2", "b", None, 40000, 2147483647),
    ]


def test_a_fetch_of_before_an_endpoint_was_declared_leaves_its_table(warehouse: Warehouse) -> None:
    publish(warehouse, land(warehouse, "DR3"))
    older = land_tables(warehouse, SMALL, "DR4", beside={"arm": small_study()["arm"]})
    publish(warehouse, older)
    assert files(warehouse) == [("fileDR3", 30000, 2147483647)]


def test_knowledge_is_read_from_the_run_ledger(warehouse: Warehouse) -> None:
    load = land_tables(warehouse, SMALL, beside={"biosample": small_study()["biosample"]})
    warehouse.stage(load)
    with warehouse.engine.connect() as connection:
        known = carry_forward.knowledge(connection, [load.load_id])
    assert known.unreported is not None
    assert known.unreported.keys() == ENDPOINTS.keys() - {"manifest"}
    assert known.unknown(DIMENSION["biosample"]) == ("description",)
    # The package has no NAME of experiment samples.
    assert known.unknown(DIMENSION["expsample"]) == ("name",)
    assert not known.knows(DIMENSION["file"])
    nothing = Knowledge({})
    assert "name" in nothing.unknown(DIMENSION["expsample"])
    assert "technique_key" in nothing.unknown(DIMENSION["experiment"])
    assert Knowledge(None).unknown(DIMENSION["expsample"]) == ()
    # A column of a joined endpoint is unknown with it: only the summary reports the study's program.
    without = {name: columns for name, columns in known.unreported.items() if name != "summary"}
    assert "program" in Knowledge(without).unknown(DIMENSION["study"])
    assert "brief_title" not in Knowledge(without).unknown(DIMENSION["study"])


HAI = (
    "RESULT_ID ARM_ACCESSION BIOSAMPLE_ACCESSION SUBJECT_ACCESSION EXPSAMPLE_ACCESSION EXPERIMENT_ACCESSION"
    " STUDY_ACCESSION VALUE_REPORTED COMMENTS VIRUS_STRAIN_REPORTED VIRUS_STRAIN_PREFERRED"
)
#: Two results; the second one is reported with another strain in the later package.
RESULTS = f"""{HAI}
1 ARM1 BS1 SUB1 ES1 EXP1 SDY1 40 fresh A/X A/X/2009
2 ARM1 BS1 SUB1 ES1 EXP1 SDY1 80 - A/Y A/Y/2012"""


def without(tables: dict[str, str | bytes], table: str, *columns: str) -> dict[str, str | bytes]:
    """The tables, one of which has lost columns."""
    header, *rows = (line.split() for line in str(tables[table]).replace("\\\n", " ").strip().splitlines())
    kept = [at for at, name in enumerate(header) if name not in columns]
    lines = (" ".join(line[at] for at in kept) for line in (header, *rows))
    return {**tables, table: "\n".join(lines)}


def results(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select h.result_id, h.value_reported, h.comments, h.virus_strain_preferred,"
        " k.virus_strain_preferred, h.valid_from from history.fact_hai h"
        " join history.key_virus_strain k using (virus_strain_key)"
        " where h.study_key > 0 order by 1, 6"
    )


@pytest.mark.parametrize("order", [("DR1", "DR2"), ("DR2", "DR1")])
def test_a_column_that_a_package_lost_keeps_its_value(order: tuple[str, ...], warehouse: Warehouse) -> None:
    whole = {**SMALL, "hai_result": RESULTS}
    changed = {**whole, "hai_result": RESULTS.replace("A/Y A/Y/2012", "A/Z A/Z/2015")}
    shorn = without(without(changed, "hai_result", "COMMENTS", "VIRUS_STRAIN_PREFERRED"),
                    "expsample", "RESULT_TOTAL_RECS", "DESCRIPTION")  # fmt: skip
    packages = {"DR1": whole, "DR2": shorn}
    for release in order:
        publish(warehouse, land_tables(warehouse, packages[release], release))
    assert results(warehouse) == [
        (1, "40", "fresh", "A/X/2009", "A/X/2009", 10000),
        (2, "80", None, "A/Y/2012", "A/Y/2012", 10000),
        # Another strain is reported: the preferred name of the one before is not its own.
        (2, "80", None, "A/Y/2012", None, 20000),
    ]
    assert warehouse.rows(
        "select h.description, h.declared_results, h.valid_to from history.dim_expsample h"
        " where h.study_key > 0"
    ) == [("with H1", 2, 2147483647)]
    assert warehouse.rows(
        "select u.endpoint, u.column_name, u.reason from ops.unreported_column u join ops.load l"
        " using (load_id) where l.release_version = 'DR2' and u.reason like 'no %' and u.endpoint in"
        " ('hai', 'expsample') and u.column_name in ('comments', 'virus_strain_preferred', 'description')"
        " order by 1, 2"
    ) == [
        ("expsample", "description", "no DESCRIPTION in Tab/expsample.txt"),
        ("hai", "comments", "no COMMENTS in Tab/hai_result.txt"),
        ("hai", "virus_strain_preferred", "no VIRUS_STRAIN_PREFERRED in Tab/hai_result.txt"),
    ]


def test_what_is_reached_by_a_lost_column_keeps_its_value(warehouse: Warehouse) -> None:
    """A sample without the column of its experiment still belongs to the one it belonged to."""
    publish(warehouse, land_tables(warehouse, SMALL, "DR1"))
    changed = {**SMALL, "biosample": str(SMALL["biosample"]).replace("drawn_twice", "drawn_once")}
    shorn = without(changed, "biosample", "PLANNED_VISIT_ACCESSION", "SUBJECT_ACCESSION")
    publish(warehouse, land_tables(warehouse, without(shorn, "experiment", "MEASUREMENT_TECHNIQUE"), "DR2"))
    assert warehouse.rows(
        "select h.description, s.subject_accession, v.planned_visit_accession from history.dim_biosample h"
        " join history.key_subject s using (subject_key) join history.key_planned_visit v"
        " using (planned_visit_key) where h.study_key > 0 order by h.valid_from"
    ) == [("drawn twice", "SUB1", "PV1"), ("drawn once", "SUB1", "PV1")]
    assert warehouse.rows(
        "select t.measurement_technique, h.valid_to from history.fact_hai h join history.key_technique t"
        " using (technique_key) where h.study_key > 0 and h.result_id = 1"
    ) == [("HAI", 2147483647)]


def test_a_key_that_no_row_of_an_answer_has_keeps_its_value(warehouse: Warehouse) -> None:
    study = small_study()
    study["arm"] = [{**row, "description": "as planned"} for row in study["arm"]]
    publish(warehouse, warehouse.land(study, "DR1"))
    study["arm"] = [
        {name: value for name, value in row.items() if name != "description"} for row in study["arm"]
    ]
    assert publish(warehouse, warehouse.land(study, "DR2")) == 0
    assert warehouse.rows(
        "select endpoint, column_name, reason from ops.unreported_column where reason like 'no row%'"
    ) == [("arm", "description", "no row of the answer has description")]
