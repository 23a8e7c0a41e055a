"""The tables of runs: what they decided, their loads and steps, the calls that they made."""

from __future__ import annotations

import sqlalchemy as sa

from include.warehouse.schema.foreign_types import CleanText
from include.warehouse.schema.operations.columns import number, ops, scope, source, text, time

RUN = ops(
    "run", "One run of a DAG that loads a source, or files",
    text("run_id", "Key of the run: dag_id/run_id of Airflow", key=True),
    text("dag_id", "DAG of the run", required=True),
    time("started_at", "Start of the run", default=True),
    time("ended_at", "End of the run"),
    text("state", "running, success, partial or failed", required=True),
    text("newest_release", "Newest release in the listing"),
    number("listed", "Scopes in the listing"),
    sa.Column("is_complete", sa.Boolean, comment="The listing names every scope that the source counted"),
    text("note", "Remarks: why work was put on hold, a key about to expire"),
    time("key_expires_at", "When the API key of its connection expires; null for none, or tokens that renew"
         " themselves"),
)  # fmt: skip
WORK = ops(
    "work", "What a run decided for each scope of its source, and why",
    text("run_id", "Run", key=True),
    source(key=True),
    scope(key=True),
    text("release_version", "Release of the scope", key=True),
    text("action", "load, withdraw, keep, hold or, in a dry run, plan", required=True),
    text("reason", "Why, in words", required=True),
    number("load_id", "Load that does the work"),
    number("expected_rows", "Rows the scope is expected to have"),
    number("expected_bytes", "Size of the package to be fetched"),
    sa.Index("work_scope_idx", "source", "scope"),
    # Of all decisions, the few that wait for a person.
    sa.Index("work_hold_idx", "run_id", "source", "scope", postgresql_where=sa.text("action = 'hold'")),
    # What no run could load, for the list of hidden scopes.
    sa.Index("work_declined_idx", "source", "scope",
             postgresql_where=sa.text("release_version = '' or starts_with(reason, 'restricted: ')")),
)  # fmt: skip
LOAD = ops(
    "load", "One partition, a scope of a source at one release, on its way to the star",
    sa.Column("load_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number of the load"),
    source(),
    scope(),
    text("release_version", "Release the answers belong to", required=True),
    sa.Column("release_date", sa.Date, comment="Day of that release"),
    sa.Column("release_key", sa.Integer, nullable=False, comment="Release key at which it becomes valid"),
    text("fetch_id", "Name of the fetch in the landing zone", required=True),
    text("listed_version", "Release that the listing gave the scope; null when none was requested"),
    text("route", "Route of the data: api or package; null until one is chosen"),
    text("route_reason", "Why this route was chosen"),
    sa.Column("lacks", sa.ARRAY(CleanText()),
              comment="Tables of the star, and columns as table.column, that its"
              " route does not provide; null until it is staged"),
    text("file_uuid", "Package to load, by its UUID, where the run names one"),
    text("landed_digest", "Digest of all that was landed for it; null until it is staged"),
    text("code_digest", "Digest of the declarations and code that stage, check and publish it"),
    number("same_as", "Load that landed the same: its checks and quarantined rows hold for this one, which"
           " was not staged"),
    text("state", "planned, extracted, staged, checked, published, failed or, once published, retracted;"
         " dry run while a dry run counts what it would do",
         required=True),
    text("error", "Why it failed or was retracted"),
    text("run_id", "Run that works on it"),
    number("fence", "Newest attempt that took the load; writes of older ones are refused",
           required=True, default=0),
    time("created_at", "When the load was planned", default=True),
    time("changed_at", "When the state last changed", default=True),
    sa.Index("load_scope_idx", "scope", "release_version"),
)  # fmt: skip
ATTEMPT = ops(
    "attempt", "Attempts of tasks to work on loads, numbered as they began: the newest may write",
    sa.Column("attempt_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number of the attempt"),
    text("run_id", "Run", required=True),
    text("step", "discover, extract, stage, check, publish, withdraw or dry run", required=True),
    time("started_at", "Start", default=True),
)  # fmt: skip
SCOPES = ops(
    "scope", "State of each scope of a source in the warehouse: of each study, of each gene list",
    source(key=True),
    scope(key=True),
    text("state", "current, withdrawn or new", required=True),
    text("release_version", "Newest release published"),
    sa.Column("release_date", sa.Date, comment="Date that the source gave with that release"),
    text("listed_version", "Release that the listing gave the scope when it was loaded"),
    text("reason", "Why it is withdrawn: withdrawn, restricted or moved, and how that is known; or which"
         " releases of it were retracted, until it is loaded anew"),
)  # fmt: skip
STEP = ops(
    "step", "Each step of each load: times, rows, outcome",
    sa.Column("step_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number of the step"),
    text("run_id", "Run", required=True),
    number("load_id", "Load"),
    source(),
    scope(),
    text("release_version", "Release", required=True),
    text("step", "extract, stage, check, publish, withdraw or dry run", required=True),
    text("state", "running, done, failed, skipped or superseded", required=True),
    time("started_at", "Start", default=True),
    time("ended_at", "End"),
    number("rows", "Rows moved"),
    text("message", "What happened, in words"),
    text("task_id", "Task of the run that did it; its log has the details"),
    number("map_index", "Which of the task's mapped instances it was; -1 of a task that is not mapped"),
    number("try_number", "Which try of the task it was"),
    sa.Index("step_run_idx", "run_id"),
    sa.Index("step_scope_idx", "source", "scope"),
)  # fmt: skip
CALL = ops(
    "call", "Calls that a run made, by step, host and endpoint, counted where they are sent",
    text("run_id", "Run", key=True),
    text("step", "discover, extract, plan, download or submit", key=True),
    source(key=True),
    text("host", "Host and port that was called", key=True),
    text("endpoint", "Endpoint", key=True),
    number("calls", "Requests sent, repeated ones included", required=True),
    number("retries", "Of these, those that repeat a request that had failed", required=True),
    number("errors", "Of these, those without a good answer", required=True),
    number("refusals", "Of the errors, those that the source decided on, such as 401, 403 or 404",
           required=True),
    number("bytes", "Bytes of the answers as they came, headers included", required=True),
    number("milliseconds", "From the connection to the last byte, of all calls together", required=True),
    number("slowest_milliseconds", "The same, of the slowest call", required=True),
    time("answered_at", "End of the last call with a good answer"),
    time("failed_at", "End of the last call without one"),
    text("failure", "Kind of that failure, and the HTTP status if there was one"),
)  # fmt: skip
