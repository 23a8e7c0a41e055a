"""Functions written from what other modules read, too: windows of study days, the default policy."""

from __future__ import annotations

from dataclasses import dataclass

from include.sql import literal

#: What marts, questions and the report take for a value below or above a limit, unless they name another.
DEFAULT_POLICY = "half"


@dataclass(frozen=True)
class Window:
    """Study days that are looked at together: after one day, to another, which is part of it.

    :param after: null for no beginning.
    :param until: null for no end.
    """

    label: str
    after: int | None
    until: int | None


WINDOWS: tuple[Window, ...] = (
    Window("baseline", None, 0),
    Window("day 1-3", 0, 3),
    Window("day 4-9", 3, 9),
    Window("day 10-20", 9, 20),
    Window("day 21-42", 20, 42),
    Window("day 43-90", 42, 90),
    Window("after day 90", 90, None),
)


def _window() -> str:
    """The window of a day: `case when $1 <= 0 then 'baseline' ... then 'after day 90' end`."""
    ends = " ".join(f"when $1 <= {item.until} then {literal(item.label)}" for item in WINDOWS[:-1])
    return f"case {ends} when $1 < 'NaN' then {literal(WINDOWS[-1].label)} end"


DECLARED = f"""
create or replace function star.study_window(numeric) returns text
language sql immutable parallel safe
return {_window()};

create or replace function star.default_policy() returns text
language sql immutable parallel safe
return {literal(DEFAULT_POLICY)}
"""
