"""The form of a warehouse declaration: columns, references, dimensions and facts.

Sources of values are SQL expressions over the staged row `S`. A staged value is text; a column's type says
how it is cast once the checks have passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from include.sources.source import STUDY, Scope
from include.sql import ColumnOf, Expression, Row, joined, sql
from include.warehouse.model.relations import Joined, Lookup, Reference


class Type(StrEnum):
    TEXT = "text"
    NUMERIC = "numeric"
    INTEGER = "bigint"
    DATE = "date"
    BOOLEAN = "boolean"
    JSON = "jsonb"


#: The staged row of a table's endpoint, the stored row of the table, and the row that the star shows of it.
S, H, F = Row("s"), Row("h"), Row("f")
NULL = sql("null")
NULL_TEXT, NULL_NUMBER, NULL_KEY = sql("null::text"), sql("null::numeric"), sql("null::bigint")


def staged_columns(source: Expression) -> tuple[str, ...]:
    """Columns of the staged row that a source expression reads."""
    return tuple(column.name for column in source.columns if column.alias == "s")


@dataclass(frozen=True)
class Column:
    """A stored column.

    :param source: expression over `S` and the rows joined to it; the column of its own name when left out.
    :param unit: unit of measure of a number, in words.
    :param is_masked: kept in history, and not shown in the star.
    :param is_measure: what the row is there for: where it cannot be read, the row is quarantined. Any other
        column that cannot be read is null, and its text is quarantined.
    :param is_compared: whether another value makes another version of the row. Without that, a version keeps
        the value that it began with: for what a source makes anew each time that it builds its data.
    """

    name: str
    meaning: str
    type: Type = Type.TEXT
    source: Expression | None = None
    unit: str | None = None
    is_masked: bool = False
    is_measure: bool = False
    is_compared: bool = True

    @property
    def raw(self) -> Expression:
        """The staged value, before it is cast."""
        return self.source or S[self.name]

    @property
    def value(self) -> Expression:
        """The value as stored. Blank is null for everything but text, which is never altered."""
        if self.type is Type.TEXT or self.source:
            return self.raw
        # bpchar ignores blanks at the end, as a cast does at both; to trim a text costs as much as the cast.
        return sql("case when ", self.raw, "::bpchar <> '' then ", self.raw, f"::{self.type} end")


@dataclass(frozen=True)
class Derived:
    """A column computed in the star's view, from columns of the row `H` and of its table's lookup."""

    name: str
    meaning: str
    type: Type
    expression: Expression
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
    shared = joined(", ", (H[name] for name in within))
    return Weight(
        "weight",
        f"One divided by the number of {of}: sums to one for each",
        Type.NUMERIC,
        sql("1.0 / count(*) over (partition by ", shared, ")"),
        within=within,
    )


@dataclass(frozen=True)
class Table:
    """What dimensions and facts share.

    :param grain: what one row is, in words.
    :param endpoint: source endpoint whose staged rows it is made of.
    :param joins: further staged endpoints.
    :param lookup: what the star's view finds for its derived columns.
    :param varying: columns in which staged rows of one member may differ, by design of the source. Any other
        difference between such rows is a finding.
    :param scope: what its source consists of: each row is of one, whose key leads the row's own.
    """

    name: str
    grain: str
    columns: tuple[Column, ...] = ()
    references: tuple[Reference, ...] = ()
    derived: tuple[Derived, ...] = ()
    endpoint: str | None = None
    joins: tuple[Joined, ...] = ()
    lookup: Lookup | None = None
    varying: frozenset[str] = frozenset()
    scope: Scope = STUDY

    @property
    def relation(self) -> str:
        raise NotImplementedError

    @property
    def scope_key(self) -> str:
        """The column with the key of the scope that a row is of: `study_key`."""
        return self.scope.key_column

    @property
    def identified_by(self) -> tuple[Column, ...]:
        """The columns that identify a row within a scope."""
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

    def reads(self, expression: Expression) -> tuple[tuple[str, str], ...]:
        """Endpoint and column of every staged value that an expression reads.

        :raises ValueError: it reads of an alias that is not declared.
        """
        return tuple(dict.fromkeys((self._home(column), column.name) for column in expression.columns))

    def _home(self, column: ColumnOf) -> str:
        homes = {"s": self.endpoint or "", **{item.alias: item.endpoint for item in self.joins}}
        if not (column.home or column.alias in homes):
            raise ValueError(f"{self.name} reads {column.name} of {column.alias}: no join has that alias")
        return column.home or homes[column.alias]

    @property
    def sources(self) -> Iterator[Expression]:
        """Every expression over staged rows that its rows are made by."""
        yield from (item.raw for item in (*self.identified_by, *self.columns))
        for reference in self.references:
            yield from (*reference.key, reference.absent)
        for join in self.joins:
            yield from filter(None, (join.on, join.rows))


@dataclass(frozen=True)
class Dimension(Table):
    """A dimension.

    With an endpoint its members are versioned by release, each version from one study.
    Without one its members are combinations of terms: they never change, new ones are added.

    :param natural_key: columns that identify a member; a durable surrogate key stands for them.
    :param shared: members that several studies describe; the star shows the newest description.
    :param is_numerous: a study may have nearly as many members as results; of all others it has few.
    """

    natural_key: tuple[Column, ...] = ()
    shared: bool = False
    is_numerous: bool = False

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
        """The column that identifies a version's member within a scope."""
        return self.key_column

    @property
    def is_of_scopes(self) -> bool:
        """Whether its members are the scopes of a source themselves."""
        return self.is_versioned and self.key_column == self.scope_key


@dataclass(frozen=True)
class Measure:
    """How an assay's result reads in the view over all assays: expressions over the fact's view `F`."""

    measurand_type: str
    measurand_reported: Expression
    measurand_preferred: Expression = NULL_TEXT
    measurand_key: Expression = NULL_KEY
    value_reported: Expression = NULL_TEXT
    value_preferred: Expression = NULL_NUMBER
    unit_reported: Expression = NULL_TEXT
    unit_preferred: Expression = NULL_TEXT
    value_text: Expression = NULL_TEXT

    def reading(self, column: str) -> Expression:
        """The expression of one column of that view."""
        found: Expression = getattr(self, column)
        return found


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
        """The column that identifies a row within a scope."""
        return self.row_id.name


@dataclass(frozen=True)
class Bridge(Fact):
    """A fact without a measure: that things belong together, such as a study and a grant."""

    @property
    def relation(self) -> str:
        return f"bridge_{self.name}"
