"""One look at a page: who looks, what the address chooses, and what is read for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from starlette.datastructures import QueryParams

from operations.access import Reader
from operations.database import query


class NothingThereError(LookupError):
    """What the address names is not here, or not for this reader."""


@dataclass(frozen=True)
class View:
    """What a page reads with.

    :param connection: read-only, with the rights of the reader.
    :param user: Airflow's own user.
    """

    reader: Reader
    connection: sa.Connection
    parameters: QueryParams
    user: Any = None
    _known: dict[str, Mapping[str, Any]] = field(default_factory=dict, repr=False, compare=False)

    def rows(self, name: str, **parameters: object) -> Sequence[Mapping[str, Any]]:
        """Rows of a query."""
        found = self.connection.execute(sa.text(query(name)), parameters).mappings()
        return [dict(row) for row in found]

    def row(self, name: str, **parameters: object) -> Mapping[str, Any]:
        """The one row of a query; requested again, the same.

        :raises NothingThereError: it has none.
        """
        requested = f"{name} {sorted(parameters.items())}"
        if requested in self._known:
            return self._known[requested]
        found = self.connection.execute(sa.text(query(name)), parameters).mappings().first()
        if found is None:
            raise NothingThereError(name)
        return self._known.setdefault(requested, dict(found))

    def text(self, name: str, default: str = "") -> str:
        """A parameter of the address, without spaces around it."""
        return self.parameters.get(name, default).strip().replace("\0", "")

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number of the address, within limits; the default where it is not one."""
        given = self.text(name)
        return (
            min(max(int(given), least), most)
            if given.isascii() and given.isdigit() and len(given) < 10
            else default
        )
