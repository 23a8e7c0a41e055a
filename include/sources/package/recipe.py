"""The form of a recipe: how the rows of an endpoint are made of package tables, in SQL.

A gap named `biosample` stands for that staged package table, and the row `T` is one of the recipe's own.
An expression states what it reads, so that a column which a package lacks is known to leave a value unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from include.sources.endpoint import Endpoint, Field, Kind
from include.sources.package.tables import TABLES
from include.sql import ColumnOf, Expression, Row, call, gap, joined, literal, sql

#: A day with its time, as packages write it; the API sends the day.
_DAY_AND_TIME = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+)?$"
#: A row of the recipe's own table.
T = Row("t")
#: Position of a row in its table, which staging adds.
ROW_NUMBER = "row_number"
#: What is known of the load, by its gap: the release that the listing gave the study, its own and that day.
GIVEN = ("listed", "release", "release_date")


@dataclass(frozen=True)
class RecipeValue:
    """A value of a field.

    :param expression: over `T`, the rows of joins, and rows that it finds itself, which have a home.
    :param made_of: columns whose absence matters, where it reads others beside.
    :param needs: those of them without which it is unknown; one of them is enough. All by default.
    :param is_certain: it is known whatever columns a package has.
    """

    expression: Expression
    made_of: tuple[Expression, ...] = ()
    needs: tuple[Expression, ...] = ()
    is_certain: bool = False

    @property
    def reads(self) -> tuple[ColumnOf, ...]:
        """The columns that it is made of."""
        return _columns(*(self.made_of or (self.expression,)))

    @property
    def needed(self) -> tuple[ColumnOf, ...]:
        """The columns of which one must be there."""
        return _columns(*self.needs) or self.reads


def _columns(*expressions: Expression) -> tuple[ColumnOf, ...]:
    found = (column for expression in expressions for column in expression.columns)
    return tuple(dict.fromkeys(column for column in found if column.name != ROW_NUMBER))


def first(*columns: Expression) -> RecipeValue:
    """The first of these columns that is not null."""
    return RecipeValue(columns[0] if len(columns) == 1 else call("coalesce", *columns))


@dataclass(frozen=True)
class Join:
    """A further table of a recipe.

    :param alias: its name in expressions.
    :param table: the package table.
    :param sql: the join, to `T` or to joins before it.
    :param gives: fields that it knows.
    :param order: what puts the rows in order into which it spreads one row.
    :param on: columns of the table by which its row is found, and the values they are compared with.
    """

    alias: str
    table: str
    sql: Expression
    gives: dict[str, RecipeValue]
    order: Expression | None = None
    on: dict[str, RecipeValue] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Recipe:
    """How the rows of one endpoint are made.

    :param table: base table; one row of it is at least one row of the endpoint.
    :param values: fields that neither the base table nor a join has under their name.
    :param source: query in place of the base table itself, with its columns and `row_number`.
    :raises ValueError: something is read that no table, alias or column is declared for.
    """

    table: str
    joins: tuple[Join, ...] = ()
    values: dict[str, RecipeValue] = field(default_factory=dict)
    source: Expression | None = None

    def __post_init__(self) -> None:
        for expression in self._expressions():
            for column in _columns(expression):
                table, name = self._place(column)
                if table not in TABLES or name not in TABLES[table].holders:
                    raise ValueError(f"a recipe of {self.table} reads {name} of {table}: no such column")
            if strange := set(expression.gaps) - TABLES.keys() - set(GIVEN):
                raise ValueError(
                    f"a recipe of {self.table} reads {', '.join(sorted(strange))}: no such table"
                )

    def _expressions(self) -> Iterator[Expression]:
        """All that it is made of."""
        values = [*self.values.values()]
        for join in self.joins:
            yield from filter(None, (join.sql, join.order))
            values += [*join.gives.values(), *join.on.values()]
        for value in values:
            yield from (value.expression, *value.made_of, *value.needs)
        if self.source:
            yield self.source

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """Every package table it reads, the base table first."""
        parts = [self.source or sql(), *(join.sql for join in self.joins)]
        parts += [value.expression for value in self.values.values()]
        named = (name for part in parts for name in part.gaps if name in TABLES)
        return tuple(dict.fromkeys([self.table, *named]))

    @property
    def is_one_to_one(self) -> bool:
        """Whether every row of the base table is exactly one row of the endpoint."""
        return self.source is None and all(join.order is None for join in self.joins)

    @property
    def base_tables(self) -> tuple[str, ...]:
        """Tables whose rows are rows of the endpoint: where none of them has any, the endpoint has none."""
        return (self.table,) if self.source is None else self.source.gaps

    @property
    def is_of_one_table(self) -> bool:
        """Whether there are no rows of the endpoint where the base table has none."""
        return set(self.base_tables) <= {self.table}

    def value(self, item: Field) -> Expression | None:
        """The expression of a field; None when nothing knows it."""
        found = [value.expression for value in self._found(item)]
        if not found:
            return None
        value = found[0] if len(found) == 1 else call("coalesce", *found)
        if item.kind is Kind.DATE:
            is_longer = sql(value, f" ~ {literal(_DAY_AND_TIME)}")
            return sql("case when ", is_longer, " then left(", value, ", 10) else ", value, " end")
        return value

    def reads(self, item: Field) -> tuple[tuple[str, str], ...]:
        """Table and column of everything that a field is made of."""
        columns = (column for value in self._found(item) for column in value.reads)
        return tuple(dict.fromkeys(map(self._place, columns)))

    def own_column(self, item: Field) -> str | None:
        """Column of the base table that a field is, and nothing else."""
        for value in self._found(item)[:1]:
            if value.expression.column and value.expression.column.alias == "t":
                return value.expression.column.name
        return None

    def stored_in(self, item: Field) -> tuple[tuple[str, str], ...]:
        """Table and column of a package that hold a field, and those that a join finds equal to it.

        None for a field that is put together of several columns.
        """
        found = self._found(item)[:1]
        if not found or len(found[0].needed) != 1:
            return ()
        place = self._place(found[0].needed[0])
        equal = (
            (join.table, column)
            for join in self.joins
            for column, value in join.on.items()
            if len(value.needed) == 1 and self._place(value.needed[0]) == place
        )
        return tuple(dict.fromkeys((place, *equal)))

    def lacks(self, item: Field, lacking: Callable[[str, str], bool]) -> tuple[tuple[str, str], ...]:
        """Columns whose absence leaves a field unknown; none if it is known, or no package ever knows it.

        :param lacking: whether the package has a table, but not this column of it.
        """
        found = self._found(item)
        if not found or any(self._is_known(value, lacking) for value in found):
            return ()
        columns = (column for value in found for column in value.needed)
        missing = (place for column in columns for place in self._lacking(column, lacking))
        return tuple(dict.fromkeys(missing))

    def _is_known(self, value: RecipeValue, lacking: Callable[[str, str], bool]) -> bool:
        needed = value.needed
        return value.is_certain or not needed or any(not self._lacking(one, lacking) for one in needed)

    def _lacking(self, column: ColumnOf, lacking: Callable[[str, str], bool]) -> list[tuple[str, str]]:
        """What is not there of a column and of the way to it."""
        place, join = self._place(column), self._join(column)
        wanted = [place, *((join.table, name) for name in join.on)] if join else [place]
        missing = [pair for pair in wanted if lacking(*pair)]
        for value in join.on.values() if join else ():
            if not self._is_known(value, lacking):
                missing += [pair for other in value.reads for pair in self._lacking(other, lacking)]
        return missing

    def _join(self, column: ColumnOf) -> Join | None:
        if column.home:
            return None
        return next((join for join in self.joins if join.alias == column.alias), None)

    def _place(self, column: ColumnOf) -> tuple[str, str]:
        """Table and name of a column.

        :raises ValueError: its row is not one of the recipe.
        """
        join = self._join(column)
        home = column.home or (self.table if column.alias == "t" else join.table if join else "")
        if not home:
            raise ValueError(f"a recipe of {self.table} reads {column.name} of {column.alias}: no such row")
        return home, column.name

    def _found(self, item: Field) -> list[RecipeValue]:
        """Values of a field: the first that is not null is taken."""
        if item.name in self.values:
            return [self.values[item.name]]
        own = [first(T[item.column])] if item.column in TABLES[self.table].holders else []
        return own + [join.gives[item.name] for join in self.joins if item.name in join.gives]

    def select(self, endpoint: Endpoint) -> Expression:
        """The query that makes the rows: `row_number`, then the endpoint's columns in their order.

        Of `arm`: `select t.row_number as row_number, study.study_accession as study_accession, ...
        from (gap arm_or_cohort) t cross join (gap study) study`.
        """
        items = (sql(self.value(item) or "null", f" as {item.column}") for item in endpoint.staged_fields)
        number = T[ROW_NUMBER]
        if not self.is_one_to_one:
            spread = [join.order for join in self.joins if join.order]
            number = sql("row_number() over (order by ", joined(", ", [number, *spread]), ")")
        source = self.source or gap(self.table)
        joins = joined(" ", (join.sql for join in self.joins))
        return sql("select ", number, " as row_number, ", joined(", ", items), " from ", source, " t ", joins)
