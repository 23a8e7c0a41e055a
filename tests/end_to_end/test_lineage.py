"""OpenLineage events of a real run, received over HTTP and checked against the schema that they name."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from include.local.airflow import airflow_environment
from tests.end_to_end.worlds import CHANGED
from tests.support.openlineage import ROOT, check, environment, event_sink, installed
from tests.support.runs import Installations, Processes
from tests.support.sandbox import RunningSandbox

#: A process of its own: the provider must be there when Airflow is imported.
RUN = """
import pathlib, pickle, sys
from tests.support import child
child.release(pickle.loads(pathlib.Path(sys.argv[1]).read_bytes()))
"""


@pytest.mark.long
def test_events_of_a_run_fit_the_schema_and_have_columns(
    installations: Installations, processes: Processes, small: RunningSandbox, tmp_path: Path
) -> None:
    folder = installed()
    installation = installations.fresh(small)
    order = installation.order("lineage", route="api", studies=[CHANGED])
    processes.lay_metadata(tmp_path / "airflow.db")
    (tmp_path / "order").write_bytes(pickle.dumps(order))
    with event_sink() as sink:
        airflow = airflow_environment(
            tmp_path,
            metadata_url=f"sqlite:///{tmp_path / 'airflow.db'}",
            warehouse=installation.url,
            immport="",
            landing=installation.landing,
        )
        switched = {
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            "AIRFLOW__OPENLINEAGE__TRANSPORT": sink.transport,
        }
        ran = subprocess.run(
            [sys.executable, "-c", RUN, str(tmp_path / "order")],
            env={**environment(folder), **airflow, **switched},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr[-3000:] + order.log.read_text()[-3000:]
    facets = check(sink.events, folder)
    assert {"schema", "columnLineage", "outputStatistics"} <= facets
    published = [item for event in sink.ended("publish") for item in event["outputs"]]
    relations = {item["name"].rpartition(".")[2] for item in published}
    changed = installation.query("select distinct relation from ops.release_change where added > 0")
    assert relations == {row.relation for row in changed}
    fact = next(item for item in published if item["name"].endswith(".star.fact_hai"))
    lineage = fact["facets"]["columnLineage"]["fields"]["value_reported"]["inputFields"]
    assert [item["field"] for item in lineage] == ["value_reported"]
    rows = sum(
        item["outputFacets"]["outputStatistics"]["rowCount"]
        for item in published
        if item["name"].endswith(".star.fact_hai")
    )
    assert rows == installation.one("select sum(added) from ops.release_change where relation = 'fact_hai'")
    for task in ("extract", "stage"):
        assert all(event["inputs"] and event["outputs"] for event in sink.ended(task)), task
    # The path of a landing zone is the installation's; no dataset is of one study.
    names = [item["name"] for event in sink.events for item in (*event["inputs"], *event["outputs"])]
    assert names
    assert not any("SDY" in name for name in names)
