"""One row of a world."""

from __future__ import annotations

from typing import Any

#: One row under ImmPort's names. A Decimal is printed with its own scale: `Decimal("7.00")` as `7.00`.
Row = dict[str, Any]
