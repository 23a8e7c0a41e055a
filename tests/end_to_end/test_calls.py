"""The calls of real runs: what `ops.call` says is what the source has seen."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.support.runs import Installations
from tests.support.sandbox import RunningSandbox


@pytest.mark.long
def test_the_record_has_every_request_that_the_source_saw(
    installations: Installations, small: RunningSandbox
) -> None:
    installation = installations.fresh(small)
    small.fault("arm", "503", times=1)
    run = installation.run(route="api")
    assert run.state == "success", run.log[-4000:]
    seen = small.requests()
    rows = installation.query("select * from ops.call where run_id = :run", run=run.run_id)
    assert Counter({row.endpoint: row.calls for row in rows}) == Counter(item["endpoint"] for item in seen)
    assert {row.step for row in rows} == {"discover", "extract"}
    assert {(row.source, row.host) for row in rows} == {("immport", small.url.removeprefix("http://"))}
    failed = {
        row.endpoint: (row.retries, row.errors, row.refusals, row.failure) for row in rows if row.errors
    }
    assert failed == {"arm": (1, 1, 0, "ServerError 503")}
    assert all(row.bytes > 0 and row.answered_at <= datetime.now(UTC) for row in rows)
