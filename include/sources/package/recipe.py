"""The form of a recipe: how the rows of an endpoint are made of package tables, in SQL.

`{biosample}` stands for a staged package table, and `t` for the recipe's own. What a value is made of is
declared beside its SQL, so that a column which a package lacks is known to leave the value unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from include.sources.endpoint import Endpoint, Field, Kind
from include.sources.package.tables import TABLES

#: A day with its time, as packages write it; the API sends the day.
_DAY_AND_TIME = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+)?$"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class RecipeValue:
    """SQL of a value.

    :param sql: the expression.
    :param reads: what it is made of, as `alias.column`: of `t`, of a join, or of a table by its own name.
    :param needs: those of them without which it is unknown; one of them is enough. All by default.
    :param is_certain: it is known whatever columns a package has.
    """

    sql: str
    reads: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    is_certain: bool = False


def first(*columns: str) -> RecipeValue:
    """The first of these columns that is not null."""
    return RecipeValue(columns[0] if len(columns) == 1 else f"coalesce({', '.join(columns)})", columns)


@dataclass(frozen=True)
class Join:
    """A further table of a recipe.

    :param alias: its name in SQL.
    :param table: the package table.
    :param sql: the join, to `t` or to joins before it.
    :param gives: fields that it knows.
    :param order: SQL that tells the rows apart into which it spreads one row.
    :param on: columns of the table by which its row is found, and the values they are compared with.
    """

    alias: str
    table: str
    sql: str
    gives: dict[str, RecipeValue]
    order: str | None = None
    on: dict[str, RecipeValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """How the rows of one endpoint are made.

    :param table: base table; one row of it is at least one row of the endpoint.
    :param values: fields that neither the base table nor a join has under their name.
    :param source: SQL in place of the base table itself, with its columns and `row_number`.
    :raises ValueError: something is read that no table, alias or column is declared for.
    """

    table: str
    joins: tuple[Join, ...] = ()
    values: dict[str, RecipeValue] = field(default_factory=dict)
    source: str | None = None

    def __post_init__(self) -> None:
        given = [value for join in self.joins for value in (*join.gives.values(), *join.on.values())]
        for name in {name for value in (*self.values.values(), *given) for name in value.reads}:
            table, column = self._place(name)
            if table not in TABLES or column not in TABLES[table].holders:
                raise ValueError(f"a recipe of {self.table} reads {name}: no such column is declared")

    @property
    def tables(self) -> tuple[str, ...]:
        """Every package table it reads, the base table first."""
        values = (value.sql for value in self.values.values())
        text = " ".join([self.source or "", *(join.sql for join in self.joins), *values])
        return tuple(dict.fromkeys([self.table, *_PLACEHOLDER.findall(text)]))

    @property
    def is_one_to_one(self) -> bool:
        """Whether every row of the base table is exactly one row of the endpoint."""
        return self.source is None and all(join.order is None for join in self.joins)

    @property
    def is_of_one_table(self) -> bool:
        """Whether there are no rows of the endpoint where the base table has none."""
        return set(_PLACEHOLDER.findall(self.source or "")) <= {self.table}

    def value(self, item: Field) -> str | None:
        """SQL of a field; None when nothing knows it."""
        found = self._found(item)
        if not found:
            return None
        sql = found[0].sql if len(found) == 1 else f"coalesce({', '.join(value.sql for value in found)})"
        if item.kind is Kind.DATE:
            return f"case when {sql} ~ '{_DAY_AND_TIME}' then left({sql}, 10) else {sql} end"
        return sql

    def reads(self, item: Field) -> tuple[tuple[str, str], ...]:
        """Table and column of everything that a field is made of."""
        names = (name for value in self._found(item) for name in value.reads)
        return tuple(dict.fromkeys(map(self._place, names)))

    def own_column(self, item: Field) -> str | None:
        """Column of the base table that a field is, and nothing else."""
        for value in self._found(item)[:1]:
            if value.sql.startswith("t.") and value.reads == (value.sql,):
                return value.sql.removeprefix("t.")
        return None

    def lacks(self, item: Field, lacking: Callable[[str, str], bool]) -> tuple[tuple[str, str], ...]:
        """Columns whose absence leaves a field unknown; none if it is known, or no package ever knows it.

        :param lacking: whether the package has a table, but not this column of it.
        """
        found = self._found(item)
        if not found or any(self._is_known(value, lacking) for value in found):
            return ()
        names = (name for value in found for name in value.needs or value.reads)
        return tuple(dict.fromkeys(missing for name in names for missing in self._lacking(name, lacking)))

    def _is_known(self, value: RecipeValue, lacking: Callable[[str, str], bool]) -> bool:
        needed = value.needs or value.reads
        return value.is_certain or not needed or any(not self._lacking(name, lacking) for name in needed)

    def _lacking(self, name: str, lacking: Callable[[str, str], bool]) -> list[tuple[str, str]]:
        """What is not there of a column and of the way to it."""
        place = self._place(name)
        join = self._join(name)
        wanted = [place, *((join.table, column) for column in join.on)] if join else [place]
        missing = [pair for pair in wanted if lacking(*pair)]
        for value in join.on.values() if join else ():
            if not self._is_known(value, lacking):
                missing += [pair for other in value.reads for pair in self._lacking(other, lacking)]
        return missing

    def _join(self, name: str) -> Join | None:
        alias = name.partition(".")[0]
        return next((join for join in self.joins if join.alias == alias), None)

    def _place(self, name: str) -> tuple[str, str]:
        """Table and column that `alias.column` stands for."""
        alias, _, column = name.partition(".")
        join = self._join(name)
        return (self.table if alias == "t" else join.table if join else alias), column

    def _found(self, item: Field) -> list[RecipeValue]:
        """Values of a field: the first that is not null is taken."""
        if item.name in self.values:
            return [self.values[item.name]]
        own = [first(f"t.{item.column}")] if item.column in TABLES[self.table].holders else []
        return own + [join.gives[item.name] for join in self.joins if item.name in join.gives]

    def select(self, endpoint: Endpoint) -> str:
        """The query that makes the rows: `row_number`, then the endpoint's columns in their order."""
        items = (f"{self.value(item) or 'null'} as {item.column}" for item in endpoint.staged_fields)
        spread = [join.order for join in self.joins if join.order]
        number = f"row_number() over (order by {', '.join(['t.row_number', *spread])})"
        source = self.source or f"{{{self.table}}}"
        return (
            f"select {'t.row_number' if self.is_one_to_one else number} as row_number, {', '.join(items)}"
            f" from {source} t {' '.join(join.sql for join in self.joins)}"
        )
