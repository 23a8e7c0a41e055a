"""Great Expectations as the gate uses it. Imported by `include.quality.gate.load_expectations` alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import great_expectations as gx
import great_expectations.expectations as gxe
import sqlalchemy as sa

from include.quality.checks import Check
from include.warehouse.schema.engine import connect
from include.warehouse.schema.ops_tables import STAGED

#: What SQLAlchemy takes for a parameter in a text.
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")


#: For the groups that a load's rows are read into: most fit.
WORK_MEMORY = "32MB"


class _Query(gxe.UnexpectedRowsExpectation):
    """An expectation of a query of ours, which runs it once. The library's own runs its query twice: to count
    rows and to show them."""

    @classmethod
    def of(cls, query: str) -> Self:
        """Of a query that reads the batch as `{batch}`; other braces in it stand for themselves."""
        escaped = query.replace("{", "{{").replace("}", "}}").replace("{{batch}}", "{batch}")
        return cls(unexpected_rows_query=_PARAMETER.sub(r"\\:", escaped))


class NoRow(_Query):
    """The query finds no row."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(
        self, metrics: dict, runtime_configuration: dict | None = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        return {"success": metrics["unexpected_rows_query.row_count"] == 0}


class NothingBroken(_Query):
    """The query, which names broken checks, names none."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.table",)

    def _validate(
        self, metrics: dict, runtime_configuration: dict | None = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        found = metrics["unexpected_rows_query.table"]
        return {"success": not found, "result": {"details": {"named": found}}}


class Batches:
    """Batches of one load for Great Expectations: its record of what was staged, and its staging tables.

    To be closed: the library leaves its sessions to the garbage collector, which looks at what is old so
    rarely that a task of fifty loads took all that the server has.
    """

    def __init__(self, url: sa.URL) -> None:
        self._url = url
        self._sessions: list[Any] = []
        context: Any = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        # Great Expectations gets sessions, not an address that it would read in its own way. The schemas go
        # with them: an asset's own is deprecated.
        self._source = context.data_sources.add_postgres(
            "warehouse",
            connection_string="postgresql+psycopg2://its@sessions",
            kwargs={"creator": self._session},
        )

    def close(self) -> None:
        """End its sessions."""
        while self._sessions:
            self._sessions.pop().close()

    def broken(self, load_id: int, query: str) -> list[tuple[str, str]] | str:
        """Endpoint and name of each broken check that a query names, up to MOST_NAMED; or why it did not run.

        :param query: as `include.quality.screen` makes it.
        """
        of_load = f"(select endpoint from {{batch}} where load_id = {load_id}) r"
        query = f"select f.* from ({query}) f join {of_load} using (endpoint)"
        result = self._validate(STAGED.name, [NothingBroken.of(query)], "COMPLETE")[0]
        if raised := _raised(result.exception_info or {}):
            return raised
        if result.success:
            return []
        return [(row["endpoint"], row["check_id"]) for row in result.result["details"]["named"]]

    def run(self, table: str, suite: Sequence[Check]) -> dict[str, bool | str]:
        """Verdict by check of one staging table, or why it did not run. Booleans only: details cost a query
        per expectation."""
        expectations = []
        for check in suite:
            expectation = NoRow.of(_query(check))
            expectation.meta = {"check_id": check.check_id}
            expectations.append(expectation)
        return {
            item.expectation_config.meta["check_id"]: _raised(item.exception_info or {}) or bool(item.success)
            for item in self._validate(table.rpartition(".")[2], expectations, "BOOLEAN_ONLY")
        }

    def _session(self) -> Any:
        session = connect(self._url, search_path="ops, staging")
        self._sessions.append(session)
        with session, session.cursor() as cursor:
            cursor.execute(f"set work_mem = '{WORK_MEMORY}'")
        return session

    def _validate(self, table: str, expectations: list[Any], result_format: str) -> list[Any]:
        asset = self._source.add_table_asset(table, table_name=table)
        batch = asset.get_batch(asset.build_batch_request())
        suite = gx.ExpectationSuite(name="load", expectations=expectations)
        results: list[Any] = batch.validate(suite, result_format=result_format).results
        return results


def _query(check: Check) -> str:
    """The rows that break a check, or the number of rows if it is that which does."""
    rows = "(select * from {batch}) s"
    if check.broken is None:
        return f"select a.rows from (select count(*) as rows from {rows}) a where {check.any_broken}"
    return f"select s.row_number from {rows} where {check.broken}"


def _raised(exception_info: dict[str, Any]) -> str | None:
    """First line of the error a check ended with. Great Expectations keeps one per metric, or one alone."""
    for info in (exception_info, *exception_info.values()):
        if isinstance(info, dict) and info.get("raised_exception"):
            return str(info.get("exception_message")).partition("\n")[0]
    return None
