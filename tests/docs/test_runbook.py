"""The runbook: an entry for each type of alert and each state, found by the index and by every message."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from immport_provider.page_links import OperationsPage
from include.alerts.declared import ALERT_TYPES, AlertType

ROOT = Path(__file__).parents[2]
#: By anchor, the text of each entry.
ENTRIES = {
    heading.lower().replace(" ", "-"): text
    for heading, text in re.findall(
        r"^### (.+?)\n(.*?)(?=^##|\Z)", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE | re.DOTALL
    )
}
STATES = (
    "run-partial",
    "check-failed",
    "endpoint-withheld",
    "withdrawal-on-hold",
    "rows-quarantined",
    "key-refused",
    "circuit-open",
    "run-without-an-end",
    "load-superseded",
    "load-retracted",
    "alert-undelivered",
)


@pytest.mark.parametrize("declared", ALERT_TYPES, ids=lambda item: item.name)
def test_each_type_has_an_entry_that_its_messages_and_the_index_lead_to(declared: AlertType) -> None:
    page, _, anchor = declared.entry.partition("#")
    assert (ROOT / page).is_file()
    assert anchor in ENTRIES
    index = (ROOT / "docs/operations.md").read_text()
    assert f"| [{declared.name}](runbook.md#{anchor}) | {declared.severity.value} |" in index


@pytest.mark.parametrize("anchor", [*STATES, *(item.entry.partition("#")[2] for item in ALERT_TYPES)])
def test_each_entry_says_what_it_means_how_to_see_it_and_what_to_do(anchor: str) -> None:
    for part in ("**It means**: ", "**See it**:", "**Do**:"):
        assert part in ENTRIES[anchor], part


def test_the_runbook_describes_nothing_else() -> None:
    assert set(ENTRIES) == {*STATES, *(item.entry.partition("#")[2] for item in ALERT_TYPES)}


def test_pages_that_messages_and_the_runbook_name_exist() -> None:
    pages = {page.value for page in OperationsPage}
    declared = {page for item in ALERT_TYPES for page in (item.page, item.scope_page) if page}
    named = set(re.findall(r"`/warehouse/(\w+)", (ROOT / "docs/runbook.md").read_text()))
    assert declared | named <= pages
