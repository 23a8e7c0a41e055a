"""The operations pages in Airflow: served by its API server, shown in its navigation, as tabs and at home.

Every part of Airflow imports this file; the pages are imported by the API server alone, which serves them.
"""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin


class OperationsPlugin(AirflowPlugin):
    """Adds the pages of `operations` to Airflow."""

    name = "operations"

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]  # Airflow declares a list, and reads it so
        """The application, below the prefix that its links have."""
        from operations.app import make_app
        from operations.page import MOUNT

        return [{"app": make_app(), "url_prefix": MOUNT, "name": "ImmPort Warehouse"}]

    @property
    def external_views(self) -> list[dict[str, Any]]:  # type: ignore[override]  # Airflow declares a list, and reads it so
        """The entry in the navigation, and the tabs of DAGs, runs and tasks."""
        from operations.page import external_views
        from operations.registry import PAGES

        return external_views(PAGES)
