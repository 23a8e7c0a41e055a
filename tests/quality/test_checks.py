"""How checks are put together into one query."""

from __future__ import annotations

from typing import Any

from include.quality.checks import Check, Severity, any_row


def _check(broken: str, *, is_of_row: bool) -> Check:
    def build() -> Any:
        raise AssertionError("evaluated by itself")

    return Check("a", Severity.ROW, broken, build, is_of_row=is_of_row)


def test_what_reads_the_row_alone_is_one_scan_whatever_its_text() -> None:
    alone = [_check("s.a = 'select'", is_of_row=True), _check("s.b is null", is_of_row=True)]
    expectation: Any = any_row(alone).build()
    assert expectation.unexpected_rows_query.count(" union all ") == 0
    others = [*alone, _check("s.c in (SELECT 1)", is_of_row=False)]
    expectation = any_row(others).build()
    assert expectation.unexpected_rows_query.count(" union all ") == 1
