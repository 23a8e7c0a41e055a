"""A study whose results come in parts, and as TSV, gives the star that it gives whole and as JSON."""

from __future__ import annotations

import pytest

from tests.end_to_end.worlds import CHANGED, Loaded
from tests.support.runs import Installations
from tests.support.sandbox import RunningSandbox
from tests.support.star import star_digest


def test_parts_give_the_same_star(
    installations: Installations, small: RunningSandbox, before: Loaded, after: Loaded
) -> None:
    installation = installations.copy(before.installation)
    small.fault("mbaa", "504", above_rows=4)
    run = installation.run(route="api")
    assert run.state == "success", run.log[-4000:]
    came = "select pieces, rows_received = rows_expected, expected_from from ops.staged where pieces > 1"
    assert {row[2].partition("_")[2] for row in installation.query(came)} == {"table_count.txt"}
    assert all(pieces > 3 and is_whole for pieces, is_whole, _ in installation.query(came))
    assert star_digest(installation.engine) == after.digest
    verdicts = dict(installation.query("select endpoint, is_equal from ops.format_verdict"))
    assert verdicts.get("mbaa")


@pytest.mark.long
def test_parts_that_are_not_proven_fail_their_study_alone(
    installations: Installations, small: RunningSandbox
) -> None:
    installation = installations.fresh(small)
    small.fault("mbaa", "504", study=CHANGED, above_rows=4)
    small.fault("mbaa", "blank_ignored", study=CHANGED)
    run = installation.run(route="api")
    assert run.state == "failed"
    states = installation.states()
    assert states.pop(CHANGED) == "failed"
    assert "published" in states.values()
    (error,) = {row[0] for row in installation.query("select error from ops.load where state = 'failed'")}
    assert "SplitNotWholeError" in error
    assert CHANGED in error
    # The next run may choose, and takes the package.
    run = installation.run()
    assert run.state == "success", run.log[-4000:]
    published = "select route from ops.load where state = 'published' and scope = :study"
    assert installation.one(published, study=CHANGED) == "package"
