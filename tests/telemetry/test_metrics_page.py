"""docs/metrics.md is what the declarations say."""

from __future__ import annotations

from include.telemetry.metrics import METRICS, TAGS
from include.telemetry.page import PAGE, page


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == page(), "write it: python -m include.telemetry"


def test_a_name_stands_once_and_every_tag_is_explained() -> None:
    names = [item.name for item in METRICS]
    assert len(set(names)) == len(names)
    assert {tag for item in METRICS for tag in item.tags} == set(TAGS)
