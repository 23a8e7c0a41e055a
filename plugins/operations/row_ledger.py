"""Where the rows of an answer went: what came was published, quarantined, or sent more than once.

    received = published + quarantined + repeated

Published rows are counted when they are published, by the keys that the table has them by; quarantined rows
are counted in quarantine; repeats by the check that looks for keys that stand twice. So the numbers come from
three places, and what does not add up is a row that went somewhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.registry import SOURCES


@dataclass(frozen=True)
class EndpointRows:
    """The rows of one endpoint of a load.

    :param published: rows that went into the table; None where that is not counted.
    :param repeated: rows that repeat the key of another.
    :param gap: rows that went nowhere; below zero, rows that came from nowhere; None where nothing can be
        compared.
    :param explanation: why a number is missing, or what the gap means.
    """

    endpoint: str
    table: str | None
    received: int
    published: int | None
    quarantined: int
    repeated: int | None
    gap: int | None
    explanation: str

    @property
    def outcome(self) -> str | None:
        """Whether it adds up: `ok`, `failed`, or None where nothing can be compared."""
        if self.gap is None:
            return None
        return "failed" if self.gap else "ok"


def accounts(
    source: str,
    endpoints: Sequence[Mapping[str, Any]],
    changes: Sequence[Mapping[str, Any]],
    state: str,
) -> list[EndpointRows]:
    """The account of each endpoint that sent rows.

    :param endpoints: rows of the query `study_endpoints`.
    :param changes: rows of the query `study_changes`.
    :param state: state of the load.
    """
    keys = {row["relation"]: row["distinct_keys"] for row in changes}
    return [
        account(source, row, keys, state)
        for row in endpoints
        if row["rows_received"] or row["quarantined"] or row["refused"]
    ]


def account(
    source: str, row: Mapping[str, Any], keys: Mapping[str, int | None], state: str = "published"
) -> EndpointRows:
    """The account of one endpoint.

    :param row: row of the query `study_endpoints`.
    :param keys: table of the star -> keys among the rows that were published; None of one that the load left
        as it is.
    """
    table, is_coarser = _table(source, row["endpoint"])
    name = table.relation if table else None
    published = keys.get(name) if name else None
    received, quarantined = row["rows_received"], row["quarantined"]
    missing = _not_compared(row, state, name, published)
    if missing or published is None:
        return EndpointRows(row["endpoint"], name, received, None, quarantined, row["copies"], None, missing)
    return _compared(row, name, published, is_coarser=is_coarser)


def _compared(row: Mapping[str, Any], name: str | None, published: int, *, is_coarser: bool) -> EndpointRows:
    received, quarantined, copies = row["rows_received"], row["quarantined"], row["copies"] or 0
    left = received - quarantined - published
    if is_coarser:
        # The table has a row for several of the endpoint, such as one of a subject in two arms.
        repeated, note = max(left, 0), "the table has one row for several of the endpoint's"
    elif quarantined:
        # A row that repeats another may be quarantined, too: then it is one of the quarantined.
        repeated, note = min(max(left, 0), copies), ""
    else:
        repeated, note = copies, ""
    gap = left - repeated
    if not published and row["rows_staged"] > quarantined:
        gap, repeated = left, 0
    if gap > 0:
        note = f"{gap:,} rows came and are neither published nor quarantined"
    elif gap < 0:
        note = f"{-gap:,} more rows were published, quarantined or repeated than came"
    return EndpointRows(row["endpoint"], name, received, published, quarantined, repeated, gap, note)


def _not_compared(row: Mapping[str, Any], state: str, name: str | None, published: int | None) -> str:
    """Why the rows of an endpoint cannot be compared; nothing where they can."""
    reasons = (
        (row["refused"], f"the source refused the answer: {row['refused']}"),
        (row["withheld"], f"withheld, its table stays as it was: {row['withheld']}"),
        (not row["is_known"], "not provided by this load: earlier rows stay"),
        (state != "published", "not published"),
        (name is None, "no table of its own: its rows complete those of others"),
        (published is None, "its table was left as it is"),
    )
    return next((text for applies, text in reasons if applies), "")


def _table(source: str, endpoint: str) -> tuple[Dimension | Fact | None, bool]:
    """The table that has a row for each key of an endpoint, and whether it has fewer.

    Of several, one that is identified by the whole key of the endpoint. A partial table has rows of some of
    the endpoint's only.
    """
    model = SOURCES[source]
    if endpoint not in model.source.endpoints:
        return None, False
    declared = model.source.endpoints[endpoint]
    whole = set(declared.key_columns)
    made = [item for item in model.made_of(declared) if not (isinstance(item, Fact) and item.is_partial)]
    made.sort(key=lambda item: whole > set(item.key_reads))
    return (made[0], whole > set(made[0].key_reads)) if made else (None, False)
