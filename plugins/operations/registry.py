"""All pages, in the order of their navigation; the first is where the navigation of Airflow leads."""

from __future__ import annotations

from operations.page import WebPage
from operations.pages import (
    dag_tab,
    dictionary,
    dry_run,
    failures,
    overview,
    quality,
    quarantine,
    release_rows,
    release_volume,
    releases,
    requested,
    run_tab,
    sources,
    studies,
    studies_grid,
    study,
    study_files,
    submissions,
    task_tab,
    validations,
)

PAGES: tuple[WebPage, ...] = (
    overview.PAGE,
    studies.PAGE,
    studies_grid.PAGE,
    study.PAGE,
    study_files.PAGE,
    releases.PAGE,
    release_rows.PAGE,
    release_volume.PAGE,
    quality.PAGE,
    quality.RULE,
    quarantine.PAGE,
    failures.PAGE,
    sources.PAGE,
    submissions.PAGE,
    submissions.REPORT,
    submissions.CHANGES,
    validations.PAGE,
    validations.REPORT,
    dictionary.PAGE,
    requested.PAGE,
    dry_run.PAGE,
    run_tab.PAGE,
    dag_tab.PAGE,
    task_tab.PAGE,
)
