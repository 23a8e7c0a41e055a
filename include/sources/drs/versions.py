"""The versions of DRS that are spoken, and what came with which."""

from __future__ import annotations

#: Where every service has its routes.
BASE = "/ga4gh/drs/v1"
#: The versions, oldest first. Each has all that the one before has.
VERSIONS = ("1.2.0", "1.3.0", "1.4.0", "1.5.0")
NEWEST = VERSIONS[-1]

#: What came with a version.
AUTHORIZATIONS = "1.3.0"
BULK = "1.4.0"
#: The section `drs` of the service's information.
SECTION = "1.5.0"
#: Fields of an access method that older versions do not have.
ACCESS_FIELDS = {"cloud": "1.5.0", "available": "1.5.0"}


def has(version: str, since: str) -> bool:
    """Whether a version has what came with another. One that cannot be read has nothing that came later."""
    try:
        return _numbers(version) >= _numbers(since)
    except ValueError:
        return False


def base_of(version: str) -> str:
    """Where a service that speaks several versions has the routes of one: the newest at the usual place."""
    return BASE if version == NEWEST else f"/drs/{version}{BASE}"


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.strip().lstrip("v").split(".")[:2]]
