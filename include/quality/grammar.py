"""What a text of each kind may look like, and the SQL that finds those that do not."""

from __future__ import annotations

from include.sources.endpoint import Kind
from include.sql import literal

#: The grammar of each kind. Postgres alone would also take NaN, 0x10, 1_000 and `today`. Of white space
#: only blanks pass, and of digits only ASCII: those alone are trimmed and cast when a row is published.
#: An integer may be a key: it is written in one way only. Days are those of dim_date.
_DAY = "(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
PATTERNS = {
    Kind.INTEGER: r"^ *(0|-?[1-9][0-9]{0,17})? *$",
    Kind.NUMBER: r"^ *([+-]?([0-9]{1,60}(\.[0-9]{0,60})?|\.[0-9]{1,60})([eE][+-]?[0-9]{1,2})?)? *$",
    Kind.DATE: rf"^ *({_DAY})? *$",
    Kind.MOMENT: rf"^ *({_DAY}(T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{{1,9}})?Z?)?)? *$",
}


def unreadable(kind: Kind, column: str) -> str | None:
    """SQL that is true of the rows whose text is not of its kind; None for a kind that any text is of.

    A pattern takes ten times as long as a cast. So a text that Postgres would write in the same way itself is
    accepted first: beside digits, a sign and a point, only NaN and the infinities are written so.

    :param column: the text, `s.value_preferred`.
    """
    if kind is Kind.JSON:
        return f"coalesce(not pg_input_is_valid({column}, 'jsonb'), false)"
    if kind not in PATTERNS:
        return None
    wrong = f"{column} !~ {literal(PATTERNS[kind])}"
    if kind in (Kind.DATE, Kind.MOMENT):  # the pattern lets 2020-02-30 through
        known = "date" if kind is Kind.DATE else "timestamptz"
        value = f"nullif(btrim({column}), '')"
        return f"({wrong} or coalesce(not pg_input_is_valid({value}, '{known}'), false))"
    usual = _same_text(column, "bigint", 18)
    if kind is Kind.NUMBER:
        usual = f"{_same_text(column, 'numeric', 60)} and {column} not in ('NaN', 'Infinity', '-Infinity')"
    return f"case when {usual} then false else {wrong} end"


def _same_text(column: str, name: str, longest: int) -> str:
    """SQL that is true of the texts that a type reads and writes as they are, up to a length."""
    readable = f"octet_length({column}) <= {longest} and pg_input_is_valid({column}, '{name}')"
    return f"case when {readable} then {column}::{name}::text = {column} end"
