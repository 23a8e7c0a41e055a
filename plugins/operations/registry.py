"""All pages, in the order of their navigation; the first is where the navigation of Airflow leads."""

from __future__ import annotations

from operations.page import WebPage
from operations.pages import (
    dictionary,
    failures,
    overview,
    quality,
    quarantine,
    requested,
    run_tab,
    sources,
)

PAGES: tuple[WebPage, ...] = (
    overview.PAGE,
    quality.PAGE,
    quality.RULE,
    quarantine.PAGE,
    failures.PAGE,
    sources.PAGE,
    dictionary.PAGE,
    requested.PAGE,
    run_tab.PAGE,
)
