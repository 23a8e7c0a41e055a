"""The page of failures: one line for each cause, its reason and what to do, until a later run mends it."""

from __future__ import annotations

import csv
import inspect
import io
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from include.pipeline import run_ledger
from include.quality.meanings import meaning
from include.sources import errors
from include.warehouse.schema.ops_tables import ALERT, AUDIT, CIRCUIT, LOAD, RESULT, RUN, WORK
from operations.advice import ERRORS, KINDS, advise
from operations.database import query
from operations.registry import PAGES
from tests.operations.conftest import Ledger, Pages
from tests.support.warehouse import Warehouse

DOCS = Path(__file__).parents[2]


def causes(pages: Pages, **chosen: str) -> list[dict[str, str]]:
    """Lines of the page."""
    return list(csv.DictReader(io.StringIO(pages.get("/failures.csv", **chosen).text)))


def later(ledger: Ledger, name: str = "run-2") -> Ledger:
    """A run that begins after the one of a ledger."""
    with ledger.engine.begin() as connection:
        connection.execute(sa.update(RUN).values(started_at=RUN.c.started_at - timedelta(hours=1)))
    return Ledger(ledger.engine, f"immport_release/{name}")


def failed(ledger: Ledger, studies: int = 3) -> None:
    """A run in which studies fail alike."""
    ledger.begin()
    for number in range(1, studies + 1):
        study = f"SDY{number}"
        error = f"extract: ServerError: www.immport.org: hai of {study}: HTTP 503 ({number} tries)"
        ledger.work(study, "load", "failed", error=error)
    ledger.end("partial")


def test_studies_that_failed_alike_are_one_line(pages: Pages, ledger: Ledger) -> None:
    failed(ledger, 7)
    line = next(item for item in causes(pages) if item["What"] == "Load failed")
    assert "HTTP 503" in line["Cause"]
    assert (line["Scopes"], line["Runs"]) == ("7", "1")
    assert line["Which"] == "SDY1, SDY2, SDY3, SDY4, SDY5 and others"
    assert line["What to do"] == ERRORS["ServerError"]
    # That the run did a part of its work is explained by them; that the release is not loaded is another.
    assert {item["What"] for item in causes(pages)} == {"Load failed", "Release not loaded"}


def test_a_cause_that_stays_over_runs_is_one_line(pages: Pages, ledger: Ledger) -> None:
    failed(ledger)
    failed(later(ledger))
    line = next(item for item in causes(pages) if item["What"] == "Load failed")
    assert (line["Scopes"], line["Runs"]) == ("3", "2")
    assert line["First seen"] < line["Last seen"]


def test_a_load_leaves_when_its_scope_is_published(pages: Pages, ledger: Ledger) -> None:
    failed(ledger)
    again = later(ledger)
    again.begin()
    again.work("SDY1", "load", "published")
    again.work("SDY2", "keep", reason="unchanged since DR9")
    again.end("success")
    line = next(item for item in causes(pages) if item["What"] == "Load failed")
    assert (line["Scopes"], line["Which"]) == ("1", "SDY3")
    mended = next(item for item in causes(pages, show="mended") if item["What"] == "Load failed")
    assert (mended["Scopes"], mended["Which"]) == ("2", "SDY1, SDY2")
    assert len(causes(pages, show="all")) == len(causes(pages)) + len(causes(pages, show="mended"))


def test_an_older_release_does_not_mend_a_newer_one(pages: Pages, ledger: Ledger) -> None:
    failed(ledger, 1)
    with ledger.engine.begin() as connection:
        connection.execute(
            sa.insert(LOAD).values(
                scope="SDY1", release_version="DR8", release_key=80_000, fetch_id="g", state="published"
            )
        )
    assert "Load failed" in {line["What"] for line in causes(pages)}


def test_a_run_that_failed_says_why_until_one_succeeds(pages: Pages, ledger: Ledger) -> None:
    ledger.begin()
    run_ledger.note_run(ledger.engine, ledger.run, note="CredentialError: the API key is not accepted")
    ledger.end("failed")
    (line,) = causes(pages)
    assert line["What"] == "Run failed"
    assert line["Cause"] == "immport_release: CredentialError: the API key is not accepted"
    assert line["What to do"] == ERRORS["CredentialError"]
    again = later(ledger)
    again.begin()
    again.end("success")
    assert not causes(pages)
    assert [line["What"] for line in causes(pages, show="mended")] == ["Run failed"]


def test_a_run_that_failed_before_it_decided_shows_the_error_of_its_task(
    pages: Pages, ledger: Ledger
) -> None:
    ledger.begin()
    ledger.end("failed")
    with ledger.engine.begin() as connection:
        connection.execute(
            sa.insert(ALERT).values(
                event_key=f"run_failed/{ledger.run}", alert_type="run_failed", severity="critical", to_do="",
                run_id=ledger.run, cause="CredentialError: 401; the key is not accepted", link="/",
            )
        )  # fmt: skip
    (line,) = causes(pages)
    assert line["Cause"] == "immport_release: CredentialError: 401; the key is not accepted"
    assert line["What to do"] == ERRORS["CredentialError"]


def test_a_hold_stays_until_the_next_decision(pages: Pages, ledger: Ledger) -> None:
    reason = "withdrawn: no longer listed at DR9"
    for run in (ledger, later(ledger)):
        run.begin("DR9")
        run.work("SDY4", "hold", reason=reason)
        run.end("partial")
        with run.engine.begin() as connection:
            connection.execute(sa.update(RUN).values(started_at=RUN.c.started_at - timedelta(hours=1)))
    line = next(item for item in causes(pages) if item["What"] == "Withdrawal on hold")
    assert (line["Cause"], line["Which"], line["Runs"]) == (reason, "SDY4", "2")
    assert "approve_withdrawals" in line["What to do"]
    last = later(ledger, "run-3")
    last.begin()
    last.work("SDY4", "withdraw", "published")
    last.end("success")
    assert not causes(pages)


def test_holds_end_with_the_next_run_that_decides_otherwise(warehouse: Warehouse) -> None:
    chosen, scopes = random.Random(13), [f"SDY{number}" for number in range(1, 9)]
    decided: list[tuple[datetime, str, str]] = []
    with warehouse.engine.begin() as connection:
        for number in range(40):
            run, at = f"immport_release/{number}", datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
            about = {"run_id": run, "dag_id": "immport_release", "started_at": at, "state": "success"}
            connection.execute(sa.insert(RUN).values(about))
            # A run for some scopes decides nothing about the others, and one for none nothing at all.
            for scope in chosen.sample(scopes, chosen.choice((0, 1, 4, 8))):
                action = chosen.choice(("hold", "hold", "keep", "plan", "load"))
                work = {"scope": scope, "release_version": "DR9", "reason": "r", "action": action}
                connection.execute(sa.insert(WORK).values(run_id=run, **work))
                decided.append((at, scope, action))
        found = connection.execute(sa.text(query("parts/holds"))).mappings().all()
    expected = {
        (scope, at): min(
            (t for t, s, a in decided if s == scope and t > at and a in ("keep", "load")), default=None
        )
        for at, scope, action in decided
        if action == "hold"
    }
    assert {(row["scope"], row["first_seen"]): row["mended_at"] for row in found} == expected
    assert len(found) == len(expected) > 30
    assert None in expected.values()


def test_an_audit_stays_until_one_finds_nothing(pages: Pages, warehouse: Warehouse) -> None:
    def audit(number: int, failed_rows: int) -> None:
        run, moment = f"warehouse_upkeep/{number}", datetime(2026, 1, number, tzinfo=UTC)
        with warehouse.engine.begin() as connection:
            state = "failed" if failed_rows else "success"
            connection.execute(
                sa.insert(RUN).values(
                    run_id=run, dag_id="warehouse_upkeep", state=state, started_at=moment, ended_at=moment
                )
            )
            connection.execute(
                sa.insert(AUDIT).values(
                    run_id=run, check_id="interval", relation="fact_hai", severity="critical",
                    failed_rows=failed_rows, detail="a version that ends before it begins", checked_at=moment,
                )
            )  # fmt: skip

    audit(1, 3)
    audit(2, 4)
    (line,) = causes(pages)
    assert (line["What"], line["Runs"]) == ("Audit failed", "2")
    assert line["Cause"] == "interval of fact_hai: a version that ends before it begins"
    audit(3, 0)
    assert not causes(pages)


def test_circuits_keys_and_checks_are_causes(pages: Pages, ledger: Ledger) -> None:
    ledger.begin()
    soon = datetime.now(UTC) + timedelta(days=3)
    run_ledger.note_run(ledger.engine, ledger.run, key_expires_at=soon)
    load = ledger.work("SDY1", "load", "published")
    ledger.end("success")
    with ledger.engine.begin() as connection:
        connection.execute(
            sa.insert(CIRCUIT).values(host="www.immport.org:443", state="open", failures=5, error="HTTP 503")
        )
        for check_id, severity in (("type:valueReported", "row"), ("answer_received", "endpoint")):
            connection.execute(
                sa.insert(RESULT).values(
                    load_id=load, endpoint="hai", check_id=check_id, severity=severity, success=False,
                    unexpected_rows=1,
                )
            )  # fmt: skip
    found = {line["What"]: line["Cause"] for line in causes(pages)}
    assert found["Circuit open"].startswith("www.immport.org:443: the circuit is open after 5 failures")
    assert f"expires on {soon:%Y-%m-%d %H:%M} UTC" in found["Key expires"]
    assert found["Rows quarantined"] == f"hai: {meaning('type:valueReported', 'row')} (type:valueReported)"
    assert "refused the answer" in found["Endpoint withheld"]
    # What weighs most comes first.
    assert [line["What"] for line in causes(pages)] == [
        "Key expires", "Circuit open", "Endpoint withheld", "Rows quarantined"
    ]  # fmt: skip


def test_a_line_leads_to_where_it_is_seen_whole(pages: Pages, ledger: Ledger) -> None:
    failed(ledger, 1)
    text = pages.get("/failures").text
    assert 'href="/warehouse/study?source=immport&amp;scope=SDY1"' in text
    assert 'href="/dags/immport_release/runs/run-1" data-airflow' in text


def test_nothing_to_do_says_so(pages: Pages) -> None:
    assert "Nothing needs a person" in pages.get("/failures").text


def test_every_error_of_a_source_has_its_advice() -> None:
    named = {name for name, item in vars(errors).items() if inspect.isclass(item) and name != "ImmPortError"}
    assert {name for name in named if name.endswith("Error")} <= ERRORS.keys()


def test_the_first_known_error_decides() -> None:
    assert advise("failed", "extract: SomeError: x: RequestError: y").to_do == ERRORS["RequestError"]
    assert advise("failed", "stage: SomeError: x") == KINDS["failed"]


@pytest.mark.parametrize("kind", KINDS)
def test_advice_names_an_entry_of_the_documentation(kind: str) -> None:
    for entry in (KINDS[kind].entry, *(advise(kind, name).entry for name in ERRORS)):
        file, _, anchor = entry.partition("#")
        headings = [
            line.lstrip("#").strip().lower().replace("_", "-").replace(" ", "-").strip("`")
            for line in (DOCS / file).read_text().splitlines()
            if line.startswith("#")
        ]
        assert anchor in headings, entry


def test_every_kind_of_the_query_has_its_advice(pages: Pages) -> None:
    page = next(item for item in PAGES if item.name == "failures")
    assert page.listing is not None
    choices = next(item.choices for item in page.listing.filters if item.name == "kind")
    assert choices == tuple(KINDS)
