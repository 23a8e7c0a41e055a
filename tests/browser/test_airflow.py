"""What a person sees of a run in Airflow's page, in a real browser."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from dags.immport_release import dag
from immport_provider.groups import APPROVALS, HOW, REPAIR, WHAT
from immport_provider.links import STUDY_PAGE
from tests.browser.conftest import Airflow

pytestmark = pytest.mark.long


def tasks(airflow: Airflow, task: str) -> str:
    """Path of the page of a task in the run."""
    return f"/dags/{dag.dag_id}/runs/{quote(airflow.run_id)}/tasks/{task}"


def test_mapped_tasks_are_named_by_their_study(page: Page, airflow: Airflow) -> None:
    page.goto(f"{tasks(airflow, 'load.publish')}/mapped")
    assert len(airflow.studies) > 1
    for study in airflow.studies:
        expect(page.get_by_role("link", name=study, exact=True)).to_be_visible()


def test_the_note_of_a_run_says_how_it_ended(page: Page, airflow: Airflow) -> None:
    run = page.request.get(f"/api/v2/dags/{dag.dag_id}/dagRuns/{quote(airflow.run_id)}").json()
    assert run["note"].startswith(f"Ended as success: {len(airflow.studies)} loaded, 0 unchanged")


def test_a_run_that_published_is_an_event_of_the_star(page: Page, airflow: Airflow) -> None:
    page.goto("/assets")
    page.get_by_role("link", name="immport://star").click()
    expect(page.get_by_text("1 Asset Event")).to_be_visible()
    expect(page.get_by_role("link", name=dag.dag_id).first).to_be_visible()


def test_links_of_a_task_lead_to_its_study_and_to_the_report(page: Page, airflow: Airflow) -> None:
    page.goto(f"{tasks(airflow, 'load.publish')}/mapped")
    study = airflow.studies[0]
    page.get_by_role("link", name=study, exact=True).click()
    page.get_by_role("link", name="Details").click()
    link = page.get_by_role("link", name="Study at ImmPort")
    expect(link).to_have_attribute("href", STUDY_PAGE.format(study=study))
    page.get_by_role("link", name="Report of the run").click()
    expect(page).to_have_url(airflow.address + tasks(airflow, "finish"))
    expect(page.get_by_role("heading", name="finish")).to_be_visible()


def test_the_form_that_triggers_a_run_is_grouped_and_can_be_sent_as_it_is(page: Page) -> None:
    page.goto(f"/dags/{dag.dag_id}")
    page.get_by_role("button", name="Trigger").click()
    form = page.get_by_role("dialog")
    for section in (WHAT, HOW, APPROVALS, REPAIR):
        (button := form.get_by_role("button", name=section)).click()
        expect(button).to_have_attribute("aria-expanded", "true")
    for name in dag.params:
        expect(form.get_by_text(name, exact=True)).to_have_count(1)
    expect(form.get_by_text("*", exact=True)).to_have_count(0)  # the mark of a field that must be filled in
    with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
        form.get_by_test_id("trigger-dag-submit").click()
    assert sent.value.ok, sent.value.text()
    assert sent.value.json()["conf"] == dag.params.dump()
    expect(form).to_be_hidden()


def test_the_tab_of_a_run_leads_to_an_action_that_airflow_starts_once(page: Page, airflow: Airflow) -> None:
    page.goto(f"/dags/{dag.dag_id}/runs/{quote(airflow.run_id)}/plugin/warehouse-dag-run")
    tab = page.frame_locator("iframe")
    for study in airflow.studies:
        expect(tab.get_by_role("link", name=study, exact=True)).to_be_visible()
    page.goto("/plugin/warehouse")
    expect(page.frame_locator("iframe").get_by_role("heading", name="Overview", exact=True)).to_be_visible()

    action = f"/warehouse/actions/reload?source=immport&scope={airflow.studies[0]}"
    page.goto(action)
    page.get_by_label("Reason").fill("a <b>test</b> of it")
    page.get_by_role("button", name="start a run").click()
    expect(page.get_by_role("link", name="The run in Airflow")).to_be_visible()
    requested = page.url
    page.goto(action)
    page.get_by_label("Reason").fill("once more")
    page.get_by_role("button", name="start a run").click()
    expect(page).to_have_url(requested)

    run = parse_qs(urlsplit(requested).query)["run_id"][0]
    started = page.request.get(f"/api/v2/dags/{dag.dag_id}/dagRuns/{quote(run)}").json()
    assert started["conf"] == {"studies": airflow.studies[:1], "force": True}
    assert started["triggering_user_name"] == airflow.user
    assert "a <b>test</b> of it" in started["note"]
