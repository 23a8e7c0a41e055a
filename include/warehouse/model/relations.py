"""How a table finds what it does not have itself: keys of dimensions, other staged rows, a lookup."""

from __future__ import annotations

from dataclasses import dataclass

from include.sql import Expression, Row, gap, sql

#: Members that every dimension has, so that an inner join to it never loses a row.
UNKNOWN, NOT_APPLICABLE = 0, -1
#: The key of a member that is not known.
ABSENT = sql(str(UNKNOWN))


@dataclass(frozen=True)
class Reference:
    """A key column that points to a dimension.

    :param key: expression over `S` for each column of the dimension's natural key.
    :param role: prefix of the key column when a table points to one dimension twice.
    :param absent: the key when the natural key is null.
    """

    dimension: str
    key: tuple[Expression, ...]
    meaning: str
    role: str = ""
    absent: Expression = ABSENT

    @property
    def column(self) -> str:
        return f"{self.role}{self.dimension}_key"


@dataclass(frozen=True)
class Joined:
    """A further staged endpoint whose values a table takes.

    :param alias: its name in expressions, beside `s`.
    :param on: how its row is found.
    :param rows: query in place of the endpoint's staged rows. Its columns have the names of the endpoint's
        columns that they are made of; its gap, named as the endpoint, stands for the staged table.
    """

    alias: str
    endpoint: str
    on: Expression
    rows: Expression | None = None
    gives: tuple[str, ...] = ()

    @property
    def sql(self) -> Expression:
        """The join: `left join {summary} y on y.study_accession = s.study_accession`."""
        rows = sql("(", self.rows, ")") if self.rows else gap(self.endpoint)
        return sql("left join ", rows, f" {self.alias} on ", self.on)


@dataclass(frozen=True)
class Lookup:
    """What a table's view in the star finds beside its row: a left join on a unique key.

    It adds no row, and the planner leaves it out of a query that does not need it.

    :param alias: its name in derived columns, beside `h`.
    :param relation: table of the schema `history`, or a name for `rows`.
    :param key: its unique column.
    :param value: expression over `H` of which that column is the value.
    :param rows: query in place of the table, distinct by its key. Each of its columns is of a stored row.
    :param gives: the columns that this query has.
    """

    alias: str
    relation: str
    key: str
    value: Expression
    rows: Expression | None = None
    gives: tuple[str, ...] = ()

    @property
    def sql(self) -> Expression:
        """The join: `left join history.key_species e on e.species_key = h.species_key`."""
        found = Row(self.alias, self.relation)[self.key]
        rows = sql("(", self.rows, ")") if self.rows else sql(f"history.{self.relation}")
        return sql("left join ", rows, f" {self.alias} on ", found, " = ", self.value)
