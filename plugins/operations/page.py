"""What a page is: its address, where Airflow shows it, and what it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode, urlsplit

from immport_provider.page_links import MOUNT

if TYPE_CHECKING:
    from operations.listing import PageTable
    from operations.view import View

#: Tabs of Airflow, and what their addresses hold of what the reader looks at.
_SUBJECTS = {
    "dag": {"dag_id": "{DAG_ID}"},
    "dag_run": {"dag_id": "{DAG_ID}", "run_id": "{RUN_ID}"},
    "task": {"dag_id": "{DAG_ID}", "task_id": "{TASK_ID}"},
    "task_instance": {
        "dag_id": "{DAG_ID}",
        "run_id": "{RUN_ID}",
        "task_id": "{TASK_ID}",
        "map_index": "{MAP_INDEX}",
    },
}
Tab = Literal["dag", "dag_run", "task", "task_instance"]


@dataclass(frozen=True)
class Document:
    """What a page serves beside itself: a picture made of declarations.

    :param kind: its media type.
    :param policy: its own content security policy.
    """

    text: str
    kind: str
    policy: str


@dataclass(frozen=True)
class WebPage:
    """One page.

    :param name: last part of its address, and name of its template.
    :param about: what it answers, in a sentence.
    :param load: reads what the template shows.
    :param listing: the table of the page, which can be searched, sorted and downloaded as CSV.
    :param in_nav: it stands in the navigation of the pages.
    :param tab: the tab of Airflow that it is.
    :param subject: parameters of the address that say what the page is about; its table takes them, too.
    :param documents: kind -> what makes a document of a name; none where there is not one of that name.
    """

    name: str
    title: str
    about: str
    load: Callable[[View], Mapping[str, Any]]
    listing: PageTable | None = None
    in_nav: bool = True
    tab: Tab | None = None
    subject: tuple[str, ...] = ()
    documents: Mapping[str, Callable[[str], Document | None]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Path below the prefix."""
        return f"/{self.name}"

    @property
    def template(self) -> str:
        """File of the template."""
        return f"{self.name.replace('/', '_').replace('-', '_')}.html"


@lru_cache
def airflow_path() -> str:
    """Path of Airflow's own address: empty unless it is served below one."""
    from airflow.configuration import conf

    return urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")


def address(page: str, **parameters: object) -> str:
    """Address of a page, with the parameters that have a value; a list gives one for each of its values."""
    given = {name: value for name, value in parameters.items() if value is not None and value != ""}
    return f"{airflow_path()}{MOUNT}/{page}" + (f"?{urlencode(given, doseq=True)}" if given else "")


def external_views(pages: Sequence[WebPage]) -> list[dict[str, Any]]:
    """What Airflow shows of the pages: the first of them in its navigation, and each tab where it belongs."""
    first = pages[0]
    views: list[dict[str, Any]] = [
        {
            "name": "Warehouse",
            "href": address(first.name),
            "destination": "nav",
            "nav_top_level": True,
            "url_route": "warehouse",
            "icon": address("static/warehouse.svg"),
            "icon_dark_mode": address("static/warehouse-dark.svg"),
        }
    ]
    for page in pages:
        if page.tab:
            # Airflow fills in the names between braces: they are not encoded.
            subject = "&".join(f"{name}={value}" for name, value in _SUBJECTS[page.tab].items())
            views.append(
                {
                    "name": page.title,
                    "href": f"{address(page.name)}?{subject}",
                    "destination": page.tab,
                    "url_route": f"warehouse-{page.tab.replace('_', '-')}",
                    "icon": address("static/warehouse.svg"),
                    "icon_dark_mode": address("static/warehouse-dark.svg"),
                }
            )
    return views
