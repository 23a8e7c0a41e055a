"""What the small worlds of these tests hold."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.runs import Installation
from tests.support.star import Digest

#: A key that must turn up nowhere.
CANARY = "canary-3b9d5e71-canary"
BEFORE, NEWEST = "DR50", "DR51"
#: What the newest release does to the small world: changes one study, withdraws one, adds one.
CHANGED, WITHDRAWN, NEW = "SDY1001", "SDY1002", "SDY1003"


@dataclass(frozen=True)
class Loaded:
    """A warehouse after an undisturbed run; tests take a copy."""

    installation: Installation
    digest: Digest
