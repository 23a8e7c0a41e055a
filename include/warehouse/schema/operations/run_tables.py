"""The tables of operations and of quality: what runs, loads, steps and checks write down."""

from __future__ import annotations

import sqlalchemy as sa

from include.sources.foreign import LONGEST_KEY, LONGEST_TEXT
from include.sources.immport.source import IMMPORT
from include.warehouse.schema.foreign_types import CleanJson, CleanText

# With the tables below it holds all tables of the warehouse: whoever needs all of them takes it from here.
from include.warehouse.schema.submission_tables import metadata


def _ops(
    name: str, comment: str, *columns: sa.Column | sa.Constraint | sa.Index, schema: str = "ops"
) -> sa.Table:
    return sa.Table(name, metadata, *columns, schema=schema, comment=comment)


def _text(
    name: str,
    comment: str,
    *,
    required: bool = False,
    key: bool = False,
    default: str | None = None,
    longest: int | None = None,
) -> sa.Column:
    nullable = not (required or key)
    return sa.Column(
        name,
        CleanText(longest or (LONGEST_KEY if key else LONGEST_TEXT)),
        nullable=nullable,
        primary_key=key,
        server_default=default,
        comment=comment,
    )


def _number(
    name: str, comment: str, *, required: bool = False, key: bool = False, default: int | None = None
) -> sa.Column:
    return sa.Column(
        name,
        sa.BigInteger,
        nullable=not (required or key),
        primary_key=key,
        autoincrement=False,
        server_default=None if default is None else str(default),
        comment=comment,
    )


def _time(name: str, comment: str, default: bool = False) -> sa.Column:
    stamp = sa.DateTime(timezone=True)
    return sa.Column(name, stamp, server_default=sa.func.now() if default else None, comment=comment)


def _source(*, key: bool = False) -> sa.Column:
    about = "Source: immport, or another one of docs/sources.md"
    return _text("source", about, required=True, key=key, default=IMMPORT.name)


def _scope(*, key: bool = False) -> sa.Column:
    about = "Scope of the source: the study, the vocabulary, the gene list"
    return _text("scope", about, required=True, key=key)


#: State of a load that a dry run makes and removes.
DRY_RUN_STATE = "dry run"

RUN = _ops(
    "run", "One run of a DAG that loads a source, or files",
    _text("run_id", "Key of the run: dag_id/run_id of Airflow", key=True),
    _text("dag_id", "DAG of the run", required=True),
    _time("started_at", "Start of the run", default=True),
    _time("ended_at", "End of the run"),
    _text("state", "running, success, partial or failed", required=True),
    _text("newest_release", "Newest release in the listing"),
    _number("listed", "Scopes in the listing"),
    sa.Column("is_complete", sa.Boolean, comment="The listing names every scope that the source counted"),
    _text("note", "Remarks: why work was put on hold, a key about to expire"),
    _time("key_expires_at", "When the API key of its connection expires; null for none, or tokens that renew"
          " themselves"),
)  # fmt: skip
WORK = _ops(
    "work", "What a run decided for each scope of its source, and why",
    _text("run_id", "Run", key=True),
    _source(key=True),
    _scope(key=True),
    _text("release_version", "Release of the scope", key=True),
    _text("action", "load, withdraw, keep, hold or, in a dry run, plan", required=True),
    _text("reason", "Why, in words", required=True),
    _number("load_id", "Load that does the work"),
    _number("expected_rows", "Rows the scope is expected to have"),
    _number("expected_bytes", "Size of the package to be fetched"),
    sa.Index("work_scope_idx", "source", "scope"),
    # Of all decisions, the few that wait for a person.
    sa.Index("work_hold_idx", "run_id", "source", "scope", postgresql_where=sa.text("action = 'hold'")),
    # What no run could load, for the list of hidden scopes.
    sa.Index("work_declined_idx", "source", "scope",
             postgresql_where=sa.text("release_version = '' or starts_with(reason, 'restricted: ')")),
)  # fmt: skip
LOAD = _ops(
    "load", "One partition, a scope of a source at one release, on its way to the star",
    sa.Column("load_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number of the load"),
    _source(),
    _scope(),
    _text("release_version", "Release the answers belong to", required=True),
    sa.Column("release_date", sa.Date, comment="Day of that release"),
    sa.Column("release_key", sa.Integer, nullable=False, comment="Release key at which it becomes valid"),
    _text("fetch_id", "Name of the fetch in the landing zone", required=True),
    _text("listed_version", "Release that the listing gave the scope; null when none was requested"),
    _text("route", "Route of the data: api or package; null until one is chosen"),
    _text("route_reason", "Why this route was chosen"),
    sa.Column("lacks", sa.ARRAY(CleanText()),
              comment="Tables of the star, and columns as table.column, that its"
              " route does not provide; null until it is staged"),
    _text("file_uuid", "Package to load, by its UUID, where the run names one"),
    _text("landed_digest", "Digest of all that was landed for it; null until it is staged"),
    _text("code_digest", "Digest of the declarations and code that stage, check and publish it"),
    _number("same_as", "Load that landed the same: its checks and quarantined rows hold for this one, which"
            " was not staged"),
    _text("state", "planned, extracted, staged, checked, published, failed or, once published, retracted;"
          " dry run while a dry run counts what it would do",
          required=True),
    _text("error", "Why it failed or was retracted"),
    _text("run_id", "Run that works on it"),
    _number("fence", "Newest attempt that took the load; writes of older ones are refused",
            required=True, default=0),
    _time("created_at", "When the load was planned", default=True),
    _time("changed_at", "When the state last changed", default=True),
    sa.Index("load_scope_idx", "scope", "release_version"),
)  # fmt: skip
ATTEMPT = _ops(
    "attempt", "Attempts of tasks to work on loads, numbered as they began: the newest may write",
    sa.Column("attempt_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number of the attempt"),
    _text("run_id", "Run", required=True),
    _text("step", "discover, extract, stage, check, publish, withdraw or dry run", required=True),
    _time("started_at", "Start", default=True),
)  # fmt: skip
SCOPES = _ops(
    "scope", "State of each scope of a source in the warehouse: of each study, of each gene list",
    _source(key=True),
    _scope(key=True),
    _text("state", "current, withdrawn or new", required=True),
    _text("release_version", "Newest release published"),
    sa.Column("release_date", sa.Date, comment="Date that the source gave with that release"),
    _text("listed_version", "Release that the listing gave the scope when it was loaded"),
    _text("reason", "Why it is withdrawn: withdrawn, restricted or moved, and how that is known; or which"
          " releases of it were retracted, until it is loaded anew"),
)  # fmt: skip
STEP = _ops(
    "step", "Each step of each load: times, rows, outcome",
    sa.Column("step_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number of the step"),
    _text("run_id", "Run", required=True),
    _number("load_id", "Load"),
    _source(),
    _scope(),
    _text("release_version", "Release", required=True),
    _text("step", "extract, stage, check, publish, withdraw or dry run", required=True),
    _text("state", "running, done, failed, skipped or superseded", required=True),
    _time("started_at", "Start", default=True),
    _time("ended_at", "End"),
    _number("rows", "Rows moved"),
    _text("message", "What happened, in words"),
    _text("task_id", "Task of the run that did it; its log has the details"),
    _number("map_index", "Which of the task's mapped instances it was; -1 of a task that is not mapped"),
    _number("try_number", "Which try of the task it was"),
    sa.Index("step_run_idx", "run_id"),
    sa.Index("step_scope_idx", "source", "scope"),
)  # fmt: skip
CALL = _ops(
    "call", "Calls that a run made, by step, host and endpoint, counted where they are sent",
    _text("run_id", "Run", key=True),
    _text("step", "discover, extract, plan, download or submit", key=True),
    _source(key=True),
    _text("host", "Host and port that was called", key=True),
    _text("endpoint", "Endpoint", key=True),
    _number("calls", "Requests sent, repeated ones included", required=True),
    _number("retries", "Of these, those that repeat a request that had failed", required=True),
    _number("errors", "Of these, those without a good answer", required=True),
    _number("refusals", "Of the errors, those that the source decided on, such as 401, 403 or 404",
            required=True),
    _number("bytes", "Bytes of the answers as they came, headers included", required=True),
    _number("milliseconds", "From the connection to the last byte, of all calls together", required=True),
    _number("slowest_milliseconds", "The same, of the slowest call", required=True),
    _time("answered_at", "End of the last call with a good answer"),
    _time("failed_at", "End of the last call without one"),
    _text("failure", "Kind of that failure, and the HTTP status if there was one"),
)  # fmt: skip
STAGED = _ops(
    "staged", "Rows staged per endpoint of a load, counted again before they are published",
    _number("load_id", "Load", key=True),
    _text("endpoint", "Endpoint", key=True),
    _number("rows_received", "Rows in the answer", required=True),
    _number("rows_staged", "Rows in the staging table", required=True),
    sa.Column("is_known", sa.Boolean, nullable=False, server_default=sa.true(),
              comment="The load provides the endpoint; otherwise its earlier rows stay valid"),
    _number("pieces", "Parts in which it was requested; 0 for none, 1 for a whole answer",
            required=True, default=1),
    _number("rows_expected", "Rows according to an independent count"),
    _text("expected_from", "Source of that count: the release's table counts, an undivided answer"),
    _text("note", "Remarks: why nothing was requested, why in parts"),
    _text("refused", "Error with which the source refused the answer for good; the load goes on without it"),
    _text("withheld", "Critical checks for which the gate withheld the endpoint alone: its tables stay as"
          " they are; null for none"),
    _text("content_digest", "Digest of its rows, of an answer as it was received, by which a later load sees"
          " that they are the same; null for none"),
)  # fmt: skip
VALIDATOR = _ops(
    "validator",
    "What sources said of the version of an answer: while they say the same, it is not fetched again",
    _number("load_id", "Load", key=True),
    _text("endpoint", "Endpoint", key=True),
    _text("form", "Form in which its answer was landed", required=True),
    _text("etag", "ETag as sent"),
    _text("last_modified", "Last-Modified as sent"),
)  # fmt: skip
PACKAGE_TABLE = _ops(
    "package_table", "Tables of the package of a load, unread ones included",
    _number("load_id", "Load", key=True),
    _text("table_name", "Table, as the package names it", key=True),
    _number("rows", "Rows in it", required=True),
    _text("read_for", "Endpoints whose rows are made of it; null for an unread table"),
    _number("conflicts",
            "Keys under which it has rows that differ, of a table that is read by key: the first is read"),
)  # fmt: skip
PACKAGE_SAMPLE = _ops(
    "package_sample", "A few rows of each table of a package, as digests: the same rows at every release",
    _number("load_id", "Load", key=True),
    _text("table_name", "Table, by its name in current packages", key=True),
    sa.Column("header", sa.ARRAY(CleanText(LONGEST_KEY)), nullable=False,
              comment="Names of the header line, in lower case"),
    sa.Column("keys", sa.ARRAY(sa.BigInteger), nullable=False, comment="Digest of the key of each row"),
    sa.Column("cells", sa.ARRAY(sa.BigInteger, dimensions=2), nullable=False,
              comment="For each name of the header, the digest of each row's value; null for an empty one"),
)  # fmt: skip
UNREPORTED = _ops(
    "unreported_column", "Columns that a load did not report: their earlier values stay",
    _number("load_id", "Load", key=True),
    _text("endpoint", "Endpoint", key=True),
    _text("column_name", "Column of its rows", key=True),
    _text("reason", "Why: the route never has it, or this answer or package does not", required=True),
)  # fmt: skip
DRIFT = _ops(
    "drift", "Keys an answer lacked, had beyond those declared, or had twice in one object",
    _number("load_id", "Load", key=True),
    _text("endpoint", "Endpoint", key=True),
    _text("field", "Key of the answer", key=True),
    _text("kind", "missing, unknown or repeated", key=True),
    _number("rows", "Rows concerned", required=True),
)  # fmt: skip
CAPTURE = _ops(
    "capture", "Releases at which a scope was captured whole: before the first, nothing is known",
    _source(key=True),
    _scope(key=True),
    sa.Column("release_key", sa.Integer, primary_key=True, autoincrement=False, comment="Release key"),
    _text("kind", "full or withdrawn", required=True),
    _text("reason", "Of a withdrawal: withdrawn, restricted or moved, and how that is known"),
    sa.Column("lacks", sa.ARRAY(CleanText()),
              comment="Tables of the star, and columns as table.column, that no"
              " load of the scope at the release provided; null of a withdrawal"),
    _text("marker_vocabulary", "Vocabulary that the markers of cytometry are read with as of the release"),
    _number("load_id", "Load that captured it", required=True),
    _time("captured_at", "When", default=True),
)  # fmt: skip
LEDGER = _ops(
    "ledger", "Loads whose publish was committed: a second publish of one changes nothing",
    _number("load_id", "Load", key=True),
    _source(),
    _scope(),
    sa.Column("release_key", sa.Integer, nullable=False, comment="Release key"),
    _time("published_at", "When", default=True),
)  # fmt: skip
RELEASE_CHANGE = _ops(
    "release_change", "What publishing a load changed, per table of the star",
    _number("load_id", "Load", key=True),
    _text("relation", "Table of the star", key=True),
    _number("added", "Rows that were not there", required=True),
    _number("corrected", "Rows that were there with other values", required=True),
    _number("withdrawn", "Rows that are no longer there", required=True),
    _number("unchanged", "Rows that did not change", required=True),
    _number("distinct_keys",
            "Keys among the staged rows it was made of; null where the load does not provide the table"),
)  # fmt: skip
RELEASE_FILE = _ops(
    "release_file", "Release files of each study as last seen: another MD5 is another content",
    _text("study_accession", "Study", key=True),
    _text("file_name", "Name, SDY139-DR25_Tab.zip", key=True),
    _text("file_uuid", "UUID", required=True),
    _text("md5", "MD5 of its bytes"),
    _number("size_bytes", "Size"),
    _time("seen_at", "When", default=True),
)  # fmt: skip
FORMAT_VERDICT = _ops(
    "format_verdict", "Whether an endpoint's TSV equals its JSON, compared once on a small answer",
    _text("source", "Host that answered", key=True),
    _text("endpoint", "Endpoint", key=True),
    sa.Column("is_equal", sa.Boolean, nullable=False, comment="Every cell agreed"),
    _text("header", "Header line of the TSV; another one makes the verdict void", required=True),
    _number("rows_compared", "Rows of the answer that was compared", required=True),
    _text("detail", "The first difference, or why the verdict became void"),
    _time("proven_at", "When", default=True),
)  # fmt: skip
CIRCUIT = _ops(
    "circuit", "Hosts that failed repeatedly: while a circuit is open, no requests are sent",
    _text("host", "Host and port", key=True),
    _text("state", "closed, open or half-open", required=True),
    _number("failures", "Failures in a row", required=True),
    _time("opened_at", "When it was opened"),
    _number("openings", "Openings in a row without an answer between", required=True, default=0),
    _text("error", "The last failure"),
    _text("endpoint", "Endpoint of the last failure"),
    _text("scope", "Scope of the last failure"),
)  # fmt: skip
FILE_DOWNLOAD = _ops(
    "file_download", "Files downloaded to the object storage, and those that failed or were left out",
    _text("study_accession", "Study; of an image of IMPC its phenotyping centre", key=True),
    _text("file_uuid", "UUID; of an image what it is known by", key=True),
    _text("source", "Source that the file is of: immport, impc", required=True, default="immport"),
    _text("path", "Path ImmPort gives it; of an image the path below the destination", required=True),
    _text("kept_as", "Path below the destination; with its UUID where another file of the study has its path",
          required=True),
    _text("file_type", "Type, result_file"),
    _number("size_bytes", "Size ImmPort gives it"),
    _text("md5", "MD5 ImmPort gives it"),
    _text("sha256", "SHA-256 that IMPC states of an image; null for another file"),
    _text("address", "Where IMPC says that an image lies; null for another file"),
    _text("location", "Folder or URL of the file"),
    _number("kept_bytes", "Bytes that lie there, as counted; null where none were counted"),
    _text("kept_md5", "MD5 of these bytes, as computed: also of a file whose MD5 its source does not state"),
    _text("fcs_header", "What came of reading the header of an FCS file: how many parameters it has, or why"
          " it could not be read; null for another file"),
    _text("state", "planned, present, failed or left out", required=True),
    _text("error", "Why it failed or was left out"),
    _number("bytes_fetched", "Bytes that came over the network for it", required=True, default=0),
    _text("run_id", "Run that planned it last: only this run updates the row"),
    _number("position", "Position in the plan of that run, from 0; null when it is left out"),
    _time("changed_at", "When the state last changed", default=True),
)  # fmt: skip
SETTING = _ops(
    "setting", "Facts about the installation",
    _text("name", "Name", key=True),
    _text("value", "Value", required=True),
)  # fmt: skip
EXPORT = _ops(
    "export", "Parquet copies that were written, with who may read them and the studies they hold",
    _text("location", "Folder or URL it was written to; a later export to it replaces this one", key=True),
    _text("release_version", "Newest release when it was written, or the release it shows", required=True),
    _text("as_of", "Release it shows; null for the state when it was written"),
    _text("read_as", "Role that read the warehouse for it; its members may read the files", required=True),
    sa.Column(
        "studies",
        sa.ARRAY(CleanText(LONGEST_KEY)),
        nullable=False,
        comment="Accessions of the studies it holds",
    ),
    sa.Column(
        "written_at", sa.DateTime(timezone=True), nullable=False,
        comment="When it was written, or found to be the same",
    ),
)  # fmt: skip
CONTENT = _ops(
    "content",
    "Rows and digest of each scope in each table after its last publish, for the audit to compare",
    _number("scope_key", "Scope: the key that leads the table's own", key=True),
    _text("relation", "Table of history", key=True),
    _number("load_id", "Load that was published last with a change; null for what an audit found first"),
    _number("rows", "Rows of the scope in the table, all versions", required=True),
    sa.Column("digest", sa.Numeric, nullable=False, comment="Sum of the hashes of these rows"),
    _time("recorded_at", "When", default=True),
)  # fmt: skip
DRY_RUN = _ops(
    "dry_run", "What a dry run of a replay found of each scope and release; nothing of it was published",
    _text("run_id", "Run", key=True),
    _source(key=True),
    _scope(key=True),
    _text("release_version", "Release that is landed", key=True),
    sa.Column("release_key", sa.Integer, nullable=False, comment="Release key"),
    _text("fetch_id", "Name of the fetch in the landing zone that is staged", required=True),
    _text("state", "planned, on hold, or how a replay would end: published, unchanged or failed",
          required=True),
    _text("reason", "Why it is on hold or would fail; or which endpoints the gate would withhold"),
    _number("expected_rows", "Rows the scope is expected to have"),
    _number("load_id", "Load that its quarantine was compared with: the newest that was checked at the"
            " release; null for none"),
    *(
        _number(f"{kind}_{name}", meaning.format(kind), required=True, default=0)
        for kind in ("rows", "values")
        for name, meaning in (
            ("earlier", "Quarantined {} of that load"),
            ("now", "Quarantined {} of the dry run"),
            ("passed", "Of the earlier ones, the {} that a replay would publish"),
            ("refused", "Quarantined {} of the dry run that are none of the earlier ones"),
        )
    ),
    _time("counted_at", "When it was counted; null until then"),
    sa.Index("dry_run_scope_idx", "source", "scope"),
)  # fmt: skip
DRY_RUN_RULE = _ops(
    "dry_run_rule", "What a dry run found of each rule that rows or values break, then or now",
    _text("run_id", "Run", key=True),
    _source(key=True),
    _scope(key=True),
    _text("release_version", "Release that is landed", key=True),
    _text("endpoint", "Endpoint", key=True),
    # One of two words: seven long texts would be more than an index takes.
    _text("kind", "row or value", key=True, longest=100),
    _text("rule", "Check that they break", key=True),
    _number("earlier", "Rows or values that broke it when the load was checked", required=True),
    _number("now", "Rows or values that break it in the dry run", required=True),
    _number("passed", "Of the earlier ones, what a replay would publish", required=True),
    _number("refused", "Of those now, what is not in quarantine", required=True),
)  # fmt: skip
DRY_RUN_CHANGE = _ops(
    "dry_run_change", "What the replay of a dry run would change, per table of the star",
    _text("run_id", "Run", key=True),
    _source(key=True),
    _scope(key=True),
    _text("release_version", "Release that is landed", key=True),
    _text("relation", "Table of the star", key=True),
    _number("added", "Rows that are not there", required=True),
    _number("corrected", "Rows that are there with other values", required=True),
    _number("withdrawn", "Rows that would no longer be there", required=True),
    _number("unchanged", "Rows that would not change", required=True),
)  # fmt: skip
ALERT = _ops(
    "alert", "Events that people are alerted to: one row, and one message per route, for an event of a run",
    sa.Column("alert_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number of the alert"),
    _text("event_key", "What the event is identified by: its type, run and cause; messages carry it",
          required=True),
    _text("alert_type", "Type, as docs/runbook.md lists them", required=True),
    _text("severity", "critical, error, warning or info", required=True),
    _text("source", "Source; null where it concerns none"),
    sa.Column("scopes", sa.ARRAY(CleanText(LONGEST_KEY)), nullable=False, server_default="{}",
              comment="Scopes of the source that it concerns now; empty where it concerns none"),
    _text("release_version", "Release; null where it concerns none, or several"),
    _text("run_id", "Run, dag_id/run_id; null where it is of no run"),
    _text("cause", "Why, in one sentence", required=True),
    _text("to_do", "What to do about it", required=True),
    _text("link", "Path of the page that shows it, below the address of Airflow's page", required=True),
    _time("happened_at", "When it happened", default=True),
    _time("first_seen_at", "When it was found", default=True),
    _time("resolved_at", "When its cause was found to be gone; null while it is there"),
    sa.UniqueConstraint("event_key", name="alert_event_key"),
    sa.Index("alert_run_idx", "run_id"),
)  # fmt: skip
ALERT_DELIVERY = _ops(
    "alert_delivery", "The message about an alert by each route that there was when it was found",
    _number("alert_id", "Alert", key=True),
    _text("route", "Route: webhook, mail or slack", key=True),
    _text("state", "pending, delivered or failed", required=True, default="pending"),
    _number("attempts", "How often it was sent, or should have been", required=True, default=0),
    _text("error", "Why the last attempt failed, without an address or a secret"),
    _time("created_at", "When it was planned", default=True),
    _time("changed_at", "When it was attempted last; of a delivered one, when it was delivered"),
)  # fmt: skip
RESULT = _ops(
    "result", "Outcome of every expectation of every load",
    _number("load_id", "Load", key=True),
    _text("endpoint", "Endpoint", key=True),
    _text("check_id", "Stable name of the check", key=True),
    _text("severity", "critical withholds the scope, endpoint the endpoint, row quarantines rows, value"
          " quarantines values, warning is reported", required=True),
    sa.Column("success", sa.Boolean, nullable=False, comment="Whether the expectation was met"),
    _number("unexpected_rows", "Rows that broke it"),
    _text("detail", "What was found"),
    # Of millions, the few that pages list and count.
    sa.Index(
        "result_finding_idx", "load_id",
        postgresql_include=["endpoint", "check_id", "severity", "success", "unexpected_rows"],
        postgresql_where=sa.text("not success or check_id = 'quarantine_share'"),
    ),
    schema="quality",
)  # fmt: skip
QUARANTINE = _ops(
    "quarantine", "Rows that were not published, with the rule they broke",
    sa.Column("quarantine_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number"),
    _number("load_id", "Load", required=True),
    _source(),
    _scope(),
    _text("release_version", "Release", required=True),
    _text("endpoint", "Endpoint", required=True),
    _number("row_number", "Position of the row in the answer, from 1", required=True),
    _text("rule", "Checks that the row broke, with commas between", required=True),
    sa.Column("row", CleanJson, comment="The row as received"),
    _time("quarantined_at", "When", default=True),
    sa.Index("quarantine_load_idx", "load_id", "endpoint", "row_number"),
    # A line of a package that is not a row has the number of the line.
    sa.Index("quarantine_row_key", "load_id", "endpoint", "row_number", unique=True,
             postgresql_where=sa.text("rule <> 'package_line'")),
    schema="quality",
)  # fmt: skip
QUARANTINED_VALUE = _ops(
    "quarantined_value", "Values that could not be read, of rows that were published without them",
    sa.Column("value_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number"),
    _number("load_id", "Load", required=True),
    _source(),
    _scope(),
    _text("release_version", "Release", required=True),
    _text("endpoint", "Endpoint", required=True),
    _number("row_number", "Position of the row in the answer, from 1", required=True),
    _text("field", "Column of the staged row", required=True),
    _text("rule", "Check that the value broke", required=True),
    sa.Column("key", CleanJson, nullable=False, comment="The key of the row, as received"),
    _text("value", "The value as received", required=True),
    _time("quarantined_at", "When", default=True),
    sa.Index("quarantined_value_load_idx", "load_id", "endpoint", "field", "row_number"),
    schema="quality",
)  # fmt: skip
AUDIT = _ops(
    "audit", "What the audit of the whole warehouse found, per check and table",
    _text("run_id", "Run", key=True),
    _text("check_id", "Stable name of the check", key=True),
    _text("relation", "Table that it checked", key=True),
    _text("severity", "critical fails the run, warning is only reported", required=True),
    _number("failed_rows", "Rows that broke it; 0 when none did", required=True),
    _text("detail", "What a row that breaks it is", required=True),
    sa.Column("sample", CleanJson, comment="The first of those rows, by their keys"),
    _time("checked_at", "When", default=True),
    sa.Index("audit_failed_idx", "run_id", "check_id", "relation",
             postgresql_where=sa.text("failed_rows > 0")),
    schema="quality",
)  # fmt: skip
