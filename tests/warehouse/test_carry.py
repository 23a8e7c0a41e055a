"""What a load does not know stays as it was known, whatever order the releases of a study come in."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from include.pipeline.records import Load
from include.sources.immport import ENDPOINTS
from include.sources.model import Route
from include.warehouse import carry
from include.warehouse.carry import Knowledge
from include.warehouse.model import DIMENSION
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


@pytest.mark.parametrize("order", [ORDERS[0], ORDERS[-1], *random.Random(3).sample(ORDERS[1:-1], 5)])
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
    # What was withdrawn before it came back has no words of before.
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


def test_knowledge_is_read_from_the_books(warehouse: Warehouse) -> None:
    load = land_tables(warehouse, SMALL, beside={"biosample": small_study()["biosample"]})
    warehouse.stage(load)
    with warehouse.engine.connect() as connection:
        known = carry.knowledge(connection, [load.load_id])
    assert known.routes is not None
    assert known.routes.keys() == ENDPOINTS.keys() - {"manifest"}
    assert known.unknown(DIMENSION["biosample"]) == ("description",)
    assert known.unknown(DIMENSION["expsample"]) == ()
    assert not known.knows(DIMENSION["file"])
    nothing = Knowledge({})
    assert "name" in nothing.unknown(DIMENSION["expsample"])
    assert "technique_key" in nothing.unknown(DIMENSION["experiment"])
    assert Knowledge(None).unknown(DIMENSION["expsample"]) == ()
    # A column of a joined endpoint is unknown with it: the study's program is told by the summary alone.
    without = {name: routes for name, routes in known.routes.items() if name != "summary"}
    assert "program" in Knowledge(without).unknown(DIMENSION["study"])
    assert "brief_title" not in Knowledge(without).unknown(DIMENSION["study"])
