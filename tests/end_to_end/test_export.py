"""The export DAG: files below the landing zone that hold what was loaded."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from include.warehouse.access.roles import ANALYST
from tests.end_to_end.worlds import BEFORE, NEWEST, Loaded
from tests.support.runs import Installations


@pytest.mark.long
def test_a_run_writes_what_the_star_holds(installations: Installations, after: Loaded) -> None:
    installation = installations.copy(after.installation)
    for as_of, name in ((None, NEWEST), (BEFORE, f"as-of-{BEFORE}")):
        run = installation.run(dag="immport_export", as_of=as_of)
        assert run.state == "success", run.log[-4000:]
        folder = Path(installation.landing) / "export" / name
        setting = f"set star.as_of = '{as_of}'" if as_of else "reset star.as_of"
        with installation.engine.connect() as connection:
            connection.exec_driver_sql(setting)
            connection.exec_driver_sql(
                f"set role {ANALYST}"
            )  # the study that was restricted since is not theirs
            rows = connection.exec_driver_sql("select count(*) from star.fact_assay_result").scalar_one()
        assert rows
        assert pq.read_metadata(folder / "star/fact_assay_result.parquet").num_rows == rows
        assert (folder / "manifest.json").exists()


@pytest.mark.long
def test_an_unknown_release_fails_without_another_try(installations: Installations, after: Loaded) -> None:
    installation = installations.copy(after.installation)
    run = installation.run(dag="immport_export", retries=2, as_of="DR9")
    assert run.state == "failed"
    assert not (installation.landing / "export").exists()
    assert run.log.count("knows no data release 'DR9'") >= 1
