"""What an operator does once a rule is mended: counts what a replay would let through, then replays it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, FrameLocator, Page, expect

from immport_provider.dag_names import DRY_RUN, RELEASE
from include.local.standing.accounts import OPERATOR
from include.quality import quarantine_groups
from include.warehouse.model.registry import SOURCES
from operations.page import MOUNT
from tests.browser.conftest import PAGE_WITHIN_MILLISECONDS
from tests.support.browser import sign_in
from tests.support.standing_system import RUN_WITHIN_SECONDS, StandingSystem

pytestmark = pytest.mark.long

RULE = "type:of_before"
_CHANGES = """select relation, added, corrected, withdrawn, unchanged from {table}
    where run_id = :run and added + corrected + withdrawn > 0
    order by relation, added, corrected, withdrawn, unchanged"""


def quarantine_a_row(system: StandingSystem) -> tuple[str, str]:
    """Leave a study as a stricter rule of before did: a row of a fact is in quarantine, not in the star.

    :returns: the study, and the table of the fact.
    """
    endpoints = {fact.relation: fact.endpoint for fact in SOURCES["immport"].facts if fact.assay}
    engine = sa.create_engine(system.warehouse, poolclass=sa.NullPool)
    with engine.begin() as connection:
        load = connection.execute(
            sa.text("""
                select l.load_id, l.scope, l.release_key, c.relation, k.study_key from ops.load l
                join ops.release_change c using (load_id)
                join history.key_study k on k.study_accession = l.scope
                where l.source = 'immport' and l.state = 'published' and c.added > 1
                    and c.relation = any(:facts) and not exists (
                        select from ops.load n where n.source = l.source and n.scope = l.scope
                            and n.state = 'published' and n.release_key > l.release_key)
                order by l.load_id, c.relation limit 1"""),
            {"facts": list(endpoints)},
        ).one()
        named = {"load": load.load_id, "endpoint": endpoints[load.relation], "rule": RULE}
        connection.execute(
            sa.text(f"""
                delete from history.{load.relation} where ctid = (
                    select ctid from history.{load.relation}
                    where study_key = :study and valid_from = :release limit 1)"""),
            {"study": load.study_key, "release": load.release_key},
        )
        for statement in (
            "insert into quality.quarantine"
            " (load_id, scope, release_version, endpoint, row_number, rule, row)"
            " select load_id, scope, release_version, :endpoint, 1, :rule, '{}' from ops.load"
            " where load_id = :load",
            "insert into quality.result (load_id, endpoint, check_id, severity, success, unexpected_rows)"
            " select :load, :endpoint, c.name, c.severity, c.is_met, 1"
            " from (values (:rule, 'row', false), ('quarantine_share', 'critical', true))"
            " as c (name, severity, is_met)",
            "update ops.load set code_digest = 'of before' where load_id = :load",
        ):
            connection.execute(sa.text(statement), named)
        quarantine_groups.count(connection, load.load_id)
    engine.dispose()
    return str(load.scope), str(load.relation)


def start(page: Page, shown: FrameLocator | Page, action: str, reason: str) -> None:
    """Follow the offer of an action, give a reason and start its run."""
    shown.locator(f"a[href*='{MOUNT}/actions/{action}?']").first.click()
    shown.get_by_label("Reason").fill(reason)
    shown.get_by_role("button", name="start a run").click()


def test_what_a_dry_run_counts_is_what_the_replay_does(
    browser: Browser, standing_system: StandingSystem
) -> None:
    system = standing_system
    system.settled()
    study, relation = quarantine_a_row(system)
    with browser.new_context(base_url=system.address) as context:
        context.set_default_timeout(PAGE_WITHIN_MILLISECONDS)
        page = context.new_page()
        sign_in(page, system.address, OPERATOR.name, system.passwords[OPERATOR.name])
        page.goto(f"{MOUNT}/quarantine?scope={study}&rule={RULE}")
        expect(page.get_by_role("table").last).to_contain_text(RULE)
        page.goto(f"{MOUNT}/study?source=immport&scope={study}")
        page.get_by_text("What you can do").click()
        start(page, page, "replay-dry-run", "the rule is mended")
        counted = page.locator("p.trust.good")
        expect(counted).to_contain_text("Would now pass: 1 of 1 rows", timeout=RUN_WITHIN_SECONDS * 1000)
        # What follows is offered once the run has ended: the page looks again by itself until then.
        page.get_by_text("What you can do").click(timeout=RUN_WITHIN_SECONDS * 1000)
        page.screenshot(path=system.pictures / "dry-run-counted.png", full_page=True)
        start(page, page, "replay", "as the dry run counted")
        page.screenshot(path=system.pictures / "replay-requested.png", full_page=True)
        expect(page.locator("p.trust.good")).to_be_visible(timeout=RUN_WITHIN_SECONDS * 1000)
        page.screenshot(path=system.pictures / "replay-finished.png", full_page=True)
        page.goto(f"{MOUNT}/quarantine?scope={study}&rule={RULE}")
        expect(page.get_by_text("No row matches what is chosen")).to_be_visible()
    runs = [run for run in system.settled() if run["triggering_user_name"] == OPERATOR.name]
    dry, real = (
        next(f"{dag}/{run['dag_run_id']}" for run in reversed(runs) if run["dag_id"] == dag)
        for dag in (DRY_RUN, RELEASE)
    )
    # Table by table, at each release that was landed.
    expected = system.query(_CHANGES.format(table="ops.dry_run_change"), run=dry)
    done = _CHANGES.format(table="ops.release_change join ops.work w using (load_id)")
    assert expected == system.query(done, run=real)
    assert [row.added for row in expected if row.relation == relation] == [1]
    (counted_last,) = system.query(
        "select rows_now, values_now from ops.dry_run where run_id = :run order by release_key desc limit 1",
        run=dry,
    )
    sums = (
        "select coalesce(sum(g.items) filter (where g.kind = 'row'), 0)::bigint,"
        " coalesce(sum(g.items) filter (where g.kind = 'value'), 0)::bigint"
        " from quality.quarantine_group g where g.load_id = ("
        " select coalesce(l.same_as, l.load_id) from ops.work w join ops.load l using (load_id)"
        " where w.run_id = :run order by l.release_key desc limit 1)"
    )
    assert system.query(sums, run=real) == [counted_last]
