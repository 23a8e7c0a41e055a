"""What the written pages share."""

from __future__ import annotations

NOTE = "<!-- Written by `python -m include.warehouse.reference`: change the declarations, not this file. -->"


def cell(text: str | None) -> str:
    """A text as a cell of a Markdown table."""
    return (text or "").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
