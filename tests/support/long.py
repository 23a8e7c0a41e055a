"""What `make test` leaves to `make test-long`: most cases of a matrix, and most examples of a property."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest
from hypothesis import settings


def cases(named: Mapping[str, Any], *, quick: Collection[str]) -> list[Any]:
    """Cases for `parametrize`, each with its name as its id: all are long but those named by `quick`."""
    assert set(quick) <= named.keys(), f"no cases {set(quick) - named.keys()}"
    return [
        pytest.param(case, id=name, marks=() if name in quick else pytest.mark.long)
        for name, case in named.items()
    ]


def examples(number: int) -> int:
    """How many examples of a property whose examples are costly: `number` in `make test`."""
    return number * settings().max_examples // 100
