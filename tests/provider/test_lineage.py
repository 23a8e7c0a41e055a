"""Lineage as the OpenLineage provider takes it, and operators without that provider."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest
import sqlalchemy as sa

from immport_provider.lineage import facets
from immport_provider.operators.load_steps import ImmPortPublishOperator
from include.telemetry.lineage import Places, StepOfLoads
from tests.support.openlineage import ROOT, check, environment, installed
from tests.support.warehouse import RUN, Warehouse, hai, small_study

#: The event of a task that ended, with what an operator gives of it.
EVENT = """
import json, sys
import sqlalchemy as sa
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.serde import Serde
from immport_provider.lineage import facets
from include.telemetry.lineage import Places, StepOfLoads
url, run, step, load = sys.argv[1:]
engine = sa.create_engine(url)
done = facets(engine, Places("file:///srv/landing", engine.url), StepOfLoads(run, step, [int(load)]))
event = RunEvent(
    eventTime="2026-11-30T12:00:00+00:00", run=Run("3f5e83fa-3480-44ff-99c5-ff943904e5e8"),
    job=Job("test", "job"), eventType=RunState.COMPLETE, inputs=done.inputs, outputs=done.outputs,
    producer="https://example.org/producer",
)
print(json.dumps(Serde.to_dict(event)))
"""


def test_what_operators_give_fits_the_schema(warehouse: Warehouse) -> None:
    folder = installed()
    load = warehouse.ready(small_study(hai(1)))
    warehouse.publish(load)
    url = warehouse.engine.url.render_as_string(hide_password=False)
    made = subprocess.run(
        [sys.executable, "-c", EVENT, url, RUN, "publish", str(load.load_id)],
        env=environment(folder),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    event = json.loads(made.stdout.splitlines()[-1])
    assert check([event], folder) == {"schema", "columnLineage", "outputStatistics"}
    (fact,) = [item for item in event["outputs"] if item["name"].endswith(".star.fact_hai")]
    assert fact["outputFacets"]["outputStatistics"]["rowCount"] == 1
    assert fact["facets"]["columnLineage"]["fields"]["value_reported"]["inputFields"]


@pytest.mark.skipif(
    importlib.util.find_spec("openlineage") is not None, reason="the extra openlineage is installed here"
)
def test_nothing_needs_the_provider_until_it_calls() -> None:
    ImmPortPublishOperator(task_id="publish", load_ids=[1], landing="file:///srv/landing")
    nowhere = sa.create_engine("postgresql+psycopg2://nobody@127.0.0.1:9/none")
    with pytest.raises(ImportError, match="openlineage"):
        facets(nowhere, Places("", nowhere.url), StepOfLoads(RUN, "publish", [1]))
