"""What each role may do, by schema, and which studies it sees.

Declared here once; `apply_rights` puts it into a warehouse at every upgrade, after the views are made.
"""

from __future__ import annotations

from dataclasses import dataclass

from include.sql import nearly_all
from include.warehouse.access.roles import ANALYST, LOADER, MONITOR, RESTRICTED
from include.warehouse.model.registry import SOURCES
from include.warehouse.views import as_of

_READ, _WRITE = "select", "select, insert, update, delete"


@dataclass(frozen=True)
class Right:
    """What a role may do in a schema.

    :param schema_rights: "usage" to name what is in it, "usage, create" to add to it, or nothing.
    :param table_rights: on each of its tables and views.
    :param is_lasting: also on tables that the owner adds to it between two upgrades.
    :param sequence_rights: on each of its sequences, or nothing.
    """

    role: str
    schema: str
    schema_rights: str
    table_rights: str
    is_lasting: bool = True
    sequence_rights: str = ""


#: A view of the star reads with the rights of who asks, but what it reads was named when it was made:
#: analysts read history through it without the right to name a table there.
RIGHTS = (
    Right(LOADER, "staging", "usage, create", _WRITE),
    # Publishing numbers new members before it stores them.
    Right(LOADER, "history", "usage", _WRITE, sequence_rights="usage"),
    Right(LOADER, "quality", "usage", _WRITE),
    Right(LOADER, "ops", "usage", _WRITE),
    Right(LOADER, "star", "usage", _READ),
    Right(LOADER, "mart", "usage", _READ),
    # Not lasting: a new table is not shown before an upgrade has put policies on it, nor a new view before
    # one has seen to it that it reads with the rights of who asks.
    Right(ANALYST, "star", "usage", _READ, is_lasting=False),
    Right(ANALYST, "mart", "usage", _READ, is_lasting=False),
    Right(ANALYST, "history", "", _READ, is_lasting=False),
    # The same, and what runs did: of `ops` and `quality` by these views alone.
    Right(MONITOR, "star", "usage", _READ, is_lasting=False),
    Right(MONITOR, "mart", "usage", _READ, is_lasting=False),
    Right(MONITOR, "history", "", _READ, is_lasting=False),
    Right(MONITOR, "monitor", "usage", _READ, is_lasting=False),
)
#: Roles that read the views of the star: of history, they get no column that the star masks.
READERS = (ANALYST, MONITOR)
#: Tables of the upgrade itself, which a loader reads only.
KEPT_BY_OWNER = ("ops.alembic_version", "ops.setting")
#: What views of the star show of a withdrawn study: that it is withdrawn, since when and why, but no data.
#: Policies show who watches the runs no row of this that is about a hidden study.
SHOWN_OF_OPS = {
    "ops.capture": (
        "source",
        "scope",
        "release_key",
        "load_id",
        "kind",
        "reason",
        "lacks",
        "marker_vocabulary",
    ),
    "ops.load": ("load_id", "release_version"),
    "ops.scope": ("source", "scope"),
    # Joined to the studies a reader sees.
    "ops.ledger": ("load_id", "source", "scope", "release_key", "published_at"),
    "ops.release_change": ("load_id", "relation", "added", "corrected", "withdrawn", "unchanged"),
}
#: Functions that read with the owner's rights: names of releases, which hold nothing of a study, and what
#: differs, of the studies that the caller sees: it asks so itself.
READ_AS_OWNER: tuple[str, ...] = (
    *(f"{as_of.setting(model.source)}_key()" for model in SOURCES.values()),
    *(f"{as_of.key_function(model.source)}(text)" for model in SOURCES.values()),
    *(f"{as_of.difference_function(model.source)}(text,text,text,text)" for model in SOURCES.values()),
)
#: Open studies, looked up once per query and hashed: a flag on each row would be one on millions to turn.
_OPEN = "select a.study_key from history.study_access a where a.is_open"


def is_open(row: str = "") -> str:
    """SQL: whether the study of a row is open to everybody, as the policy for analysts has it.

    :param row: alias of the row and a point; nothing in a policy.
    """
    return nearly_all(f"{row}study_key in ({_OPEN})")


@dataclass(frozen=True)
class RowPolicy:
    """Which rows of studies a role sees.

    :param command: what it may do with them.
    :param rows: SQL over a row; true where it is all of them.
    """

    name: str
    role: str
    command: str
    rows: str = "true"

    def on(self, table: str) -> str:
        """SQL that puts the policy on a table."""
        check = "" if self.command == "select" else f"with check ({self.rows})"
        to = f"for {self.command} to {self.role} using ({self.rows}) {check}"
        return f"create policy {self.name} on {table} {to}"


def row_policies(shown: str) -> tuple[RowPolicy, ...]:
    """The policies of a table whose rows are of studies: other roles see no row of it.

    :param shown: SQL over a row: whether everybody may see it.
    """
    return (
        RowPolicy("open_studies", ANALYST, "select", shown),
        RowPolicy("open_studies_watched", MONITOR, "select", shown),
        RowPolicy("all_studies", RESTRICTED, "select"),
        RowPolicy("loading", LOADER, "all"),
    )


#: Of rows that have the key of their study.
POLICIES = row_policies(is_open())
#: Roles that see all studies.
SEE_ALL = tuple(item.role for item in POLICIES if item.rows == "true")
