"""All pages, in the order of their navigation; the first is where the navigation of Airflow leads."""

from __future__ import annotations

from operations.page import WebPage
from operations.pages import overview, requested, run_tab

PAGES: tuple[WebPage, ...] = (overview.PAGE, requested.PAGE, run_tab.PAGE)
