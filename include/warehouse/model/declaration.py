"""The form of a warehouse declaration: columns, references, dimensions and facts.

Sources of values are SQL expressions over the staged row, which is always called `s`.
A staged value is text; a column's type says how it is cast once the checks have passed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

#: Members that every dimension has, so that an inner join to it never loses a row.
UNKNOWN, NOT_APPLICABLE = 0, -1


class Type(StrEnum):
    TEXT = "text"
    NUMERIC = "numeric"
    INTEGER = "bigint"
    DATE = "date"
    BOOLEAN = "boolean"


#: `s.arm_accession`, and neither `star.to_number(` nor what stands in quotes.
_READ = re.compile(r"\b([a-z]\w*)\.([a-z]\w*)\b(?!\s*\()")
_QUOTED = re.compile(r"'[^']*'")


def staged_columns(source: str) -> tuple[str, ...]:
    """Columns of the staged row that a source expression reads."""
    return tuple(dict.fromkeys(re.findall(r"\bs\.(\w+)", source)))


@dataclass(frozen=True)
class Column:
    """A stored column.

    :param source: SQL over `s`; the column's own name when left out.
    :param unit: unit of measure of a number, in words.
    :param is_masked: kept in history, and not shown in the star.
    :param is_measure: what the row is there for: where it cannot be read, the row is quarantined. Any other
        column that cannot be read is null, and its text is quarantined.
    """

    name: str
    meaning: str
    type: Type = Type.TEXT
    source: str | None = None
    unit: str | None = None
    is_masked: bool = False
    is_measure: bool = False

    @property
    def raw(self) -> str:
        """The staged value, before it is cast."""
        return self.source or f"s.{self.name}"

    @property
    def value(self) -> str:
        """The value as stored. Blank is null for everything but text, which is never altered."""
        if self.type is Type.TEXT or self.source:
            return self.raw
        return f"nullif(btrim({self.raw}), '')::{self.type}"


@dataclass(frozen=True)
class Derived:
    """A column computed in the star's view, from columns of the row `h` and of its table's lookup."""

    name: str
    meaning: str
    type: Type
    expression: str
    unit: str | None = None


@dataclass(frozen=True)
class Weight(Derived):
    """A column by which what several rows share is divided among them.

    :param within: columns that those rows have in common; their weights sum to one.
    """

    within: tuple[str, ...] = ()


def weight(of: str, *within: str) -> Weight:
    """A weight: one divided by the number of rows that have the columns `within` in common.

    :param of: what those rows are, in words.
    """
    shared = ", ".join(f"h.{name}" for name in within)
    return Weight(
        "weight",
        f"One divided by the number of {of}: sums to one for each",
        Type.NUMERIC,
        f"1.0 / count(*) over (partition by {shared})",
        within=within,
    )


@dataclass(frozen=True)
class Reference:
    """A key column that points to a dimension.

    :param key: SQL over `s` for each column of the dimension's natural key.
    :param role: prefix of the key column when a table points to one dimension twice.
    :param absent: SQL for the key when the natural key is null.
    """

    dimension: str
    key: tuple[str, ...]
    meaning: str
    role: str = ""
    absent: str = str(UNKNOWN)

    @property
    def column(self) -> str:
        return f"{self.role}{self.dimension}_key"


@dataclass(frozen=True)
class Joined:
    """A further staged endpoint whose values a table takes.

    :param alias: its name in expressions, beside `s`.
    :param sql: the join; `{name}` stands for the staged table of an endpoint.
    """

    alias: str
    endpoint: str
    sql: str


@dataclass(frozen=True)
class Table:
    """What dimensions and facts share.

    :param grain: what one row is, in words.
    :param endpoint: source endpoint whose staged rows it is made of.
    :param joins: further staged endpoints.
    :param lookup: left join that the star's view makes on a unique key, for its derived columns: it adds
        no row, and the planner leaves it out of a query that does not need it.
    :param varying: columns in which staged rows of one member may differ, by design of the source. Any other
        difference between such rows is a finding.
    """

    name: str
    grain: str
    columns: tuple[Column, ...] = ()
    references: tuple[Reference, ...] = ()
    derived: tuple[Derived, ...] = ()
    endpoint: str | None = None
    joins: tuple[Joined, ...] = ()
    lookup: str = ""
    varying: frozenset[str] = frozenset()

    @property
    def relation(self) -> str:
        raise NotImplementedError

    @property
    def identified_by(self) -> tuple[Column, ...]:
        """The columns that identify a row within a study."""
        raise NotImplementedError

    @property
    def key_reads(self) -> tuple[str, ...]:
        """Staged columns that the identity of a row is made of."""
        return tuple(dict.fromkeys(name for item in self.identified_by for name in staged_columns(item.raw)))

    @property
    def content_reads(self) -> tuple[str, ...]:
        """Staged columns of its own endpoint that the rest of a row is made of, varying ones left out."""
        sources = [item.raw for item in self.columns if item.name not in self.varying]
        for reference in self.references:
            if reference.column not in self.varying:
                sources += [*reference.key, reference.absent]
        return tuple(dict.fromkeys(name for source in sources for name in staged_columns(source)))

    def reads(self, expression: str) -> tuple[tuple[str, str], ...]:
        """Endpoint and column of every staged value that an expression reads.

        :raises ValueError: it reads of an alias that is not declared.
        """
        homes = {"s": self.endpoint or "", **{item.alias: item.endpoint for item in self.joins}}
        found = _READ.findall(_QUOTED.sub("", expression))
        if strange := {alias for alias, _ in found} - homes.keys():
            raise ValueError(f"{self.name} reads of {', '.join(sorted(strange))}: no join has that alias")
        return tuple(dict.fromkeys((homes[alias], column) for alias, column in found))


@dataclass(frozen=True)
class Dimension(Table):
    """A dimension.

    With an endpoint its members are versioned by release, each version from one study.
    Without one its members are combinations of terms: they never change, new ones are added.

    :param natural_key: columns that identify a member; a durable surrogate key stands for them.
    :param shared: members that several studies describe; the star shows the newest description.
    """

    natural_key: tuple[Column, ...] = ()
    shared: bool = False

    @property
    def relation(self) -> str:
        return f"dim_{self.name}"

    @property
    def identified_by(self) -> tuple[Column, ...]:
        return self.natural_key

    @property
    def key_column(self) -> str:
        return f"{self.name}_key"

    @property
    def key_table(self) -> str:
        return f"key_{self.name}"

    @property
    def is_versioned(self) -> bool:
        return self.endpoint is not None

    @property
    def identity(self) -> str:
        """The column that identifies a version's member within a study."""
        return self.key_column


@dataclass(frozen=True)
class Measure:
    """How an assay's result reads in the view over all assays: SQL over the fact's view `f`."""

    measurand_type: str
    measurand_reported: str
    measurand_preferred: str = "null::text"
    measurand_key: str = "null::bigint"
    value_reported: str = "null::text"
    value_preferred: str = "null::numeric"
    unit_reported: str = "null::text"
    unit_preferred: str = "null::text"
    value_text: str = "null::text"


#: What identifies a row of every assay fact.
RESULT_ID = Column("result_id", "ImmPort's number of the result, unique within its assay", Type.INTEGER)


@dataclass(frozen=True)
class Fact(Table):
    """A fact: one row per result, record or file of one endpoint.

    :param row_id: what identifies a row within its study. Its source reads `s` alone and is null when
        a part that must be there is not; rows of the endpoint that share it are one row.
    :param assay: name of the assay whose results they are; empty for a table without assay results.
    :param measure: how an assay's result reads in the view over all assays.
    :param is_partial: rows of the endpoint without a row id are not rows of this table; in others they are
        refused.
    :param may_shrink: that many rows vanish between two releases is only a warning: ImmPort lists
        files anew (SDY139 has 2,042 at DR16 and 1,100 at DR25).
    """

    row_id: Column = RESULT_ID
    assay: str = ""
    measure: Measure | None = None
    is_partial: bool = False
    may_shrink: bool = False

    @property
    def relation(self) -> str:
        return f"fact_{self.name}"

    @property
    def identified_by(self) -> tuple[Column, ...]:
        return (self.row_id,)

    @property
    def identity(self) -> str:
        """The column that identifies a row within a study."""
        return self.row_id.name


@dataclass(frozen=True)
class Bridge(Fact):
    """A fact without a measure: that things belong together, such as a study and a grant."""

    @property
    def relation(self) -> str:
        return f"bridge_{self.name}"
