"""Versions along the releases, against an oracle in memory: what each release was captured as."""

from __future__ import annotations

import itertools
import random as randomness
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.sources.release import CURRENT, OPEN
from include.warehouse.load.scd2 import Capture, Change, OverlapError, write
from include.warehouse.model.assays import HAI
from include.warehouse.model.clinical import LAB_TESTS
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.dimensions import ARM, STUDY
from include.warehouse.schema.history_tables import HISTORY, content_columns
from tests.support.long import examples
from tests.support.warehouse import Warehouse, hai, small_study

#: Content of a row by its identity. A value may be null: null and null are equal.
Rows = dict[int | str, str | None]
#: (identity, value, valid from, valid to)
Version = tuple[int | str, str | None, int, int]
_VALUE = {
    "fact_hai": "value_reported",
    "fact_lab_test": "result_value_reported",
    "dim_arm": "name",
    "dim_study": "brief_title",
}
_STUDIES = itertools.count(1000)

values = st.one_of(st.none(), st.sampled_from("ab"))
contents = st.dictionaries(st.integers(1, 3), values, max_size=3)
releases = st.integers(1, 4)
histories = st.lists(st.tuples(releases, contents), min_size=1, max_size=6)
budget = settings(
    max_examples=examples(20),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
tables = pytest.mark.parametrize("table", [HAI, LAB_TESTS, ARM, STUDY], ids=lambda table: table.relation)


@dataclass
class Timeline:
    """One study in one table, written by the code under test, beside what it should be."""

    engine: sa.Engine
    table: Dimension | Fact
    study: int = field(default_factory=lambda: next(_STUDIES))
    captured: dict[int, Rows] = field(default_factory=dict)

    def known(self, release: int) -> Rows:
        """What the captures so far say of a release."""
        return self.captured.get(max((key for key in self.captured if key <= release), default=0), {})

    def identities(self, rows: Rows) -> Rows:
        """The study's own row is identified by the study: there is at most one."""
        if self.table.identity != "study_key":
            return {self._identity(key): value for key, value in rows.items()}
        return dict(zip([self.study], rows.values(), strict=False))

    def _identity(self, key: int | str) -> int | str:
        """An accession where the table's identity is one."""
        return f"LT{key}" if self.table is LAB_TESTS else key

    def capture(self, release: int, content: Rows, held: frozenset[int | str] = frozenset()) -> Change:
        content = self.identities(content)
        held = frozenset(map(self._identity, held))
        before = self.known(release)
        capture = Capture(
            self.study,
            release,
            min((key for key in self.captured if key > release), default=OPEN),
            release in self.captured,
            load_id=release,
        )
        with self.engine.begin() as connection:
            self._fill(connection, content, held)
            change = write(connection, self.table, capture, has_quarantined=True)
        kept = {key: before[key] for key in held if key in before}
        after = {**content, **kept}
        self.captured[release] = after
        shared = before.keys() & after.keys()
        assert change == Change(
            self.table.relation,
            added=len(after.keys() - before.keys()),
            corrected=sum(before[key] != after[key] for key in shared),
            withdrawn=len(before.keys() - after.keys()),
            # A quarantined row does not count, unless the source also sent a valid one with its key.
            unchanged=sum(before[key] == after[key] for key in shared if key in content),
        )
        return change

    def _fill(self, connection: sa.Connection, content: Rows, held: frozenset[int | str]) -> None:
        relation, identity = self.table.relation, self.table.identity
        columns = ", ".join([identity, *content_columns(self.table)])
        for kind in ("incoming", "quarantined"):
            connection.exec_driver_sql(
                f"create temporary table {kind}_{relation} on commit drop as"
                f" select {columns} from history.{relation} with no data"
            )
        stored = HISTORY[relation].columns
        zeros = [name for name in content_columns(self.table) if not stored[name].nullable]
        given = [{"id": key, "value": value} for key, value in content.items()]
        fill = f"insert into incoming_{relation} ({', '.join([identity, _VALUE[relation], *zeros])}) values"
        flags = ["false" if name == "is_inferred" else "0" for name in zeros]
        if given:
            connection.execute(sa.text(f"{fill} ({', '.join([':id', ':value', *flags])})"), given)
        for key in held:
            connection.execute(
                sa.text(f"insert into quarantined_{relation} ({identity}) values (:key)"), {"key": key}
            )

    def versions(self) -> list[Version]:
        statement = (
            f"select {self.table.identity}, {_VALUE[self.table.relation]}, valid_from, valid_to"
            f" from history.{self.table.relation} where study_key = {self.study} order by 1, 3"
        )
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def expected(self) -> list[Version]:
        """The longest stretches of releases over which a row did not change."""
        return sorted(self._stretches(), key=lambda item: (item[0], item[2]))

    def _stretches(self) -> Iterator[Version]:
        points = sorted(self.captured)
        for key in {key for rows in self.captured.values() for key in rows}:
            spans = [
                (self.captured[start][key], start, end)
                for start, end in zip(points, [*points[1:], OPEN], strict=True)
                if key in self.captured[start]
            ]
            while spans:
                value, start, end = spans.pop(0)
                while spans and spans[0][:2] == (value, end):
                    end = spans.pop(0)[2]
                yield key, value, start, end

    def check(self) -> None:
        found = self.versions()
        assert found == self.expected()
        for release, rows in [*self.captured.items(), (CURRENT, self.known(CURRENT))]:
            assert {key: value for key, value, start, end in found if start <= release < end} == rows


@tables
@budget
@given(history=histories)
def test_every_release_answers_as_it_was_captured(
    warehouse: Warehouse, table: Dimension | Fact, history: list[tuple[int, Rows]]
) -> None:
    """In any order of releases, with the same release captured again and whole withdrawals."""
    line = Timeline(warehouse.engine, table)
    for release, content in history:
        line.capture(release, content)
        line.check()


@budget
@given(history=st.dictionaries(releases, contents, min_size=2), random=st.randoms(use_true_random=False))
def test_the_order_of_loading_makes_no_difference(
    warehouse: Warehouse, history: dict[int, Rows], random: randomness.Random
) -> None:
    ordered, shuffled = Timeline(warehouse.engine, HAI), Timeline(warehouse.engine, HAI)
    for release in sorted(history):
        ordered.capture(release, history[release])
    for release in random.sample(sorted(history), len(history)):
        shuffled.capture(release, history[release])
    assert shuffled.versions() == ordered.versions()


@budget
@given(
    history=st.lists(st.tuples(releases, contents, st.frozensets(st.integers(1, 3))), min_size=1, max_size=5)
)
def test_quarantined_rows_stay_as_they_were(
    warehouse: Warehouse, history: list[tuple[int, Rows, frozenset[int]]]
) -> None:
    line = Timeline(warehouse.engine, HAI)
    for release, content, held in history:
        line.capture(release, content, held)
        line.check()


def test_a_capture_that_says_nothing_new_touches_no_row(warehouse: Warehouse) -> None:
    line = Timeline(warehouse.engine, HAI)
    line.capture(1, {1: "a", 2: None})
    statement = f"select ctid::text, xmin::text from history.fact_hai where study_key = {line.study}"
    before = warehouse.rows(statement)
    assert line.capture(2, {1: "a", 2: None}).is_nothing
    assert line.capture(1, {1: "a", 2: None}).is_nothing
    assert warehouse.rows(statement) == before


def test_an_older_release_that_comes_late_leaves_the_newer_one(warehouse: Warehouse) -> None:
    line = Timeline(warehouse.engine, HAI)
    line.capture(1, {1: "a", 2: "a"})
    line.capture(9, {1: "b"})
    line.capture(5, {1: "c", 2: "a", 3: "new"})
    assert line.versions() == [
        (1, "a", 1, 5), (1, "c", 5, 9), (1, "b", 9, OPEN), (2, "a", 1, 9), (3, "new", 5, 9),
    ]  # fmt: skip


def test_other_studies_are_not_touched(warehouse: Warehouse) -> None:
    mine, other = Timeline(warehouse.engine, HAI), Timeline(warehouse.engine, HAI)
    other.capture(1, {1: "a"})
    mine.capture(1, {1: "b"})
    mine.capture(2, {})
    mine.capture(1, {2: "b"})
    other.check()


@budget
@given(
    history=st.dictionaries(releases, contents, min_size=1),
    pair=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    random=st.randoms(use_true_random=False),
)
def test_differences_are_those_between_the_captures(
    warehouse: Warehouse, history: dict[int, Rows], pair: tuple[int, int], random: randomness.Random
) -> None:
    """Between any two releases, captured or not, in whatever order they were loaded."""
    line = Timeline(warehouse.engine, HAI)
    _announce(line)
    for release in random.sample(sorted(history), len(history)):
        line.capture(release, history[release])
        _note_capture(line, release)
    old, new = sorted(pair)
    before, after = line.known(old), line.known(new)
    is_first = not any(release <= old for release in history)
    expected: set[tuple[str, str, str | None, str | None]] = {
        (str(key), "first captured" if is_first else "added", None, None)
        for key in after.keys() - before.keys()
    }
    expected |= {(str(key), "withdrawn", None, None) for key in before.keys() - after.keys()}
    expected |= {
        (str(key), "corrected", before[key], after[key])
        for key in before.keys() & after.keys()
        if before[key] != after[key]
    }
    found = warehouse.rows(
        "select row_key, change, old_value, new_value from star.release_difference(:old, :new, :study)",
        old=f"DR0.{old}", new=f"DR0.{new}", study=f"SDY{line.study}",
    )  # fmt: skip
    assert len(found) == len(expected)
    assert {tuple(row) for row in found} == expected


def _announce(line: Timeline) -> None:
    """The study in the key table, and names for the releases of these tests, which are few."""
    with line.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into history.key_study (study_key, study_accession) overriding system value"
            f" values ({line.study}, 'SDY{line.study}')"
        )
        connection.exec_driver_sql(
            "insert into history.data_release (release_key, release_version)"
            " select n, 'DR0.' || n from generate_series(0, 4) n on conflict do nothing"
        )


def _note_capture(line: Timeline, release: int) -> None:
    with line.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into ops.capture (scope, release_key, kind, load_id)"
            f" values ('SDY{line.study}', {release}, 'full', {release})"
        )


def test_versions_that_overlap_are_refused(warehouse: Warehouse) -> None:
    warehouse.load(small_study(hai(1), hai(2, who=2)), "DR1")
    again = (
        "insert into history.fact_hai select (jsonb_populate_record(h,"
        ' \'{"valid_from": 5000, "valid_to": 15000}\')).* from history.fact_hai h where result_id = 1'
    )
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(again)
    # A publish proves it of the rows that it changes, and the audit of all.
    warehouse.load(small_study(hai(1), hai(2, "80", who=2)), "DR2")
    with pytest.raises(OverlapError, match="fact_hai: 1 versions overlap others, such as one of result_id 1"):
        warehouse.load(small_study(hai(1, "80"), hai(2, "80", who=2)), "DR3")
    assert warehouse.value("select count(*) from history.fact_hai where valid_from = 30000") == 0
