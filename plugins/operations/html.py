"""Answers of HTML: a template filled in."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from operations import rendering
from operations.access import Reader
from operations.page import WebPage


def render(
    request: Request,
    page: WebPage | None,
    reader: Reader | None,
    status: int = 200,
    template: str | None = None,
    **shown: Any,
) -> HTMLResponse:
    """A page as HTML.

    :param template: file of the template, where it is not that of the page.
    """
    from operations.registry import PAGES

    text = (
        rendering.environment()
        .get_template(template or (page.template if page else "error.html"))
        .render(page=page, pages=PAGES, reader=reader, parameters=request.query_params, **shown)
    )
    return HTMLResponse(text, status)
