"""Studies that left ImmPort for another archive: a listing shows that they are gone, not where to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from include.sources import withdrawal


@dataclass(frozen=True)
class MovedStudy:
    """Where a study went, when, and where that is stated.

    :param to: the archive that shares it now.
    :param source_page: page that says so.
    """

    study: str
    to: str
    on: date
    source_page: str

    def __str__(self) -> str:
        return f"{withdrawal.MOVED}to {self.to} on {self.on} (see {self.source_page})"


_IMPACC = "https://docs.immport.org/download/controlled/impacc"

#: Study -> where it went.
MOVED = {
    item.study: item
    for item in (
        MovedStudy("SDY1760", "AccessClinicalData@NIAID", date(2026, 5, 20), _IMPACC),
        MovedStudy("SDY2112", "AccessClinicalData@NIAID", date(2026, 5, 20), _IMPACC),
    )
}
