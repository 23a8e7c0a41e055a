"""All pages, in the order of their navigation; the first is where the navigation of Airflow leads."""

from __future__ import annotations

from operations.page import Page
from operations.pages import overview, run_tab

PAGES: tuple[Page, ...] = (overview.PAGE, run_tab.PAGE)
