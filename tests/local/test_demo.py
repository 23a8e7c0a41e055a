"""Which releases a demo loads."""

from __future__ import annotations

import pytest

from include.local.demo import due

RELEASES = ["DR50", "DR9", "DR49.1", "DR49"]


@pytest.mark.parametrize(
    ("last", "everything", "expected"),
    [
        (None, False, ["DR49.1", "DR50"]),
        (None, True, ["DR9", "DR49", "DR49.1", "DR50"]),
        ("DR49", True, ["DR49", "DR49.1", "DR50"]),
        ("DR49.1", False, ["DR49.1", "DR50"]),
        ("DR50", False, ["DR50"]),
        ("DR50", True, ["DR50"]),
        ("DR51", True, []),
    ],
)
def test_releases_are_loaded_in_order_and_never_backwards(
    last: str | None, everything: bool, expected: list[str]
) -> None:
    assert due(RELEASES, last, everything=everything) == expected
