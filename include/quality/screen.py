"""One query that says which checks of a load are broken, of all its endpoints together.

An expectation costs more than its query, and a check that holds needs no list of rows. So the rows of each
endpoint are read once: grouped by what they name of others and repeat of these, with the number of rows that
break each check of a row alone. What they name is looked up once per group, for all endpoints at once. Only
keys that repeat take another grouping of their own.

    with groups as materialized (
        select 'hai' as endpoint, s.arm_accession, ..., count(*) as rows,
            count(*) filter (where s.result_id ...) as n0, ...
        from staging.l7_hai s group by s.arm_accession, ...
        union all ...),
    sums as (
        select s.endpoint, sum(s.rows) as rows, sum(s.n0) as n0, ...,
            count(*) filter (where s.arm_accession not in (select p.arm_accession from ...)) as g0, ...
        from groups s group by s.endpoint)
    select c.endpoint, c.check_id from (values ('hai'), ...) e (endpoint) left join sums a using (endpoint)
    cross join lateral (values ('hai', 'row_count', coalesce(a.rows, 0) <> 15), ...) c (...)
    where c.endpoint = e.endpoint and c.is_broken
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from include.quality.checks import Check
from include.sources.source import Source
from include.sql import Expression, gap, literal, literals, sql
from include.warehouse.load.staging_tables import StagedTables

#: Broken checks that one query names at most: Great Expectations reads no more rows.
MOST_NAMED = 200
#: Rows that are looked up in memory: a few megabytes. Among more, a join looks them up.
FEW = 50_000


def broken_checks(
    source: Source,
    tables: StagedTables,
    suites: Mapping[str, Sequence[Check]],
    counts: Mapping[str, int],
) -> str:
    """SQL for the broken checks of a load, by endpoint and check, but for those that come after another.

    :param suites: the checks of each endpoint that has rows, by its name.
    :param counts: staged rows by endpoint.
    """
    screens = [_Screen(source, name, tables, suite, counts) for name, suite in suites.items()]
    conditions: dict[str, str] = {}
    verdicts = [verdict for screen in screens for verdict in screen.verdicts(conditions)]
    columns = sorted(set().union(*(screen.columns for screen in screens)))
    most = max(len(screen.counted) for screen in screens)
    groups = " union all ".join(screen.groups(columns, most) for screen in screens)
    sums = ["sum(s.rows) as rows", *(f"sum(s.n{number}) as n{number}" for number in range(most))]
    sums += [f"count(*) filter (where {condition}) as {name}" for condition, name in conditions.items()]
    endpoints = ", ".join(f"({literal(screen.name)})" for screen in screens)
    return f"""with groups as materialized ({groups}),
        sums as (select s.endpoint, {", ".join(sums)} from groups s group by s.endpoint)
        select c.endpoint, c.check_id from (values {endpoints}) e (endpoint) left join sums a using (endpoint)
        cross join lateral (values {", ".join(verdicts)}) c (endpoint, check_id, is_broken)
        where c.endpoint = e.endpoint and c.is_broken
        {"".join(f" union all {query}" for query in _of_groups(screens))}"""


class _Screen:
    """The part of one endpoint.

    :param suite: its checks.
    :param counts: staged rows by endpoint.
    """

    def __init__(
        self,
        source: Source,
        name: str,
        tables: StagedTables,
        suite: Sequence[Check],
        counts: Mapping[str, int],
    ) -> None:
        endpoint = source.endpoints[name]
        self.name = name
        self.suite = [check for check in suite if not check.after]
        self._rows = tables.rows(endpoint)
        #: What its rows are grouped by: what they name, and what they repeat of the rows that they name.
        self.columns = {column for check in self.suite if not check.is_of_row for column in check.reads}
        homes = source.references(endpoint).values() if self.columns else ()
        repeated = {column for home in homes for column in source.endpoints[home].columns}
        for check in self.suite:
            if check.is_of_row and repeated.issuperset(check.reads):
                self.columns.update(check.reads)
        #: Checks of which broken rows are counted; the others of a row alone are of a group as a whole.
        self.counted = [check for check in self.suite if check.is_of_row and not self._is_of_group(check)]
        #: Checks that have a query of their own over the groups.
        self.apart = {
            check.check_id: check.of_groups
            or sql("select s.endpoint from ", gap("groups"), f" s where {check.broken}")
            for check in self.suite
            if check.of_groups or (check.mention and counts.get(check.mention.home, 0) > FEW)
        }

    def _is_of_group(self, check: Check) -> bool:
        return bool(check.reads) and self.columns.issuperset(check.reads)

    def groups(self, columns: Sequence[str], most: int) -> str:
        """Its rows, grouped, in a form that all endpoints have in common.

        :param columns: all that any endpoint is grouped by: null where this one has no such column.
        :param most: counts that each endpoint has.
        """
        keys = [f"s.{name}" if name in self.columns else f"null::text as {name}" for name in columns]
        counts = [
            f"count(*) filter (where {check.broken}) as n{number}"
            for number, check in enumerate(self.counted)
        ]
        counts += [f"0::bigint as n{number}" for number in range(len(counts), most)]
        own = ", ".join(f"s.{name}" for name in columns if name in self.columns)
        items = ", ".join([f"{literal(self.name)}::text as endpoint", *keys, "count(*) as rows", *counts])
        return f"select {items} from {self._rows} s group by {own or '()'}"

    def verdicts(self, conditions: dict[str, str]) -> Iterator[str]:
        """Its name, that of a check, and SQL over `a` that is true when it is broken.

        :param conditions: takes what is counted over the groups, with the name of the count.
        """
        for check in self.suite:
            if check.check_id in self.apart:
                continue
            if check.any_broken:
                broken = check.any_broken
            elif check in self.counted:
                broken = f"a.n{self.counted.index(check)} > 0"
            else:
                condition = check.mention.broken_among_few if check.mention else check.broken or ""
                broken = f"a.{conditions.setdefault(condition, f'g{len(conditions)}')} > 0"
            yield f"({literal(self.name)}, {literal(check.check_id)}, {broken})"


def _of_groups(screens: Sequence[_Screen]) -> Iterator[str]:
    """Queries of checks that have their own over the groups, each for all endpoints that have the check."""
    found: dict[tuple[str, Expression], list[str]] = {}
    for screen in screens:
        for check_id, query in screen.apart.items():
            found.setdefault((check_id, query), []).append(screen.name)
    for (check_id, query), names in found.items():
        theirs = f"(select * from groups where endpoint in ({literals(names)}))"
        broken = query.fill({"groups": theirs})
        yield f"select distinct f.endpoint, {literal(check_id)} from ({broken}) f"
