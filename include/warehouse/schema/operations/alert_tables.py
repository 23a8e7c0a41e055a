"""The tables of alerts and of their messages."""

from __future__ import annotations

import sqlalchemy as sa

from include.sources.foreign import LONGEST_KEY
from include.warehouse.schema.foreign_types import CleanText
from include.warehouse.schema.operations.columns import number, ops, text, time

ALERT = ops(
    "alert", "Events that people are alerted to: one row, and one message per route, for an event of a run",
    sa.Column("alert_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number of the alert"),
    text("event_key", "What the event is identified by: its type, run and cause; messages carry it",
         required=True),
    text("alert_type", "Type, as docs/runbook.md lists them", required=True),
    text("severity", "critical, error, warning or info", required=True),
    text("source", "Source; null where it concerns none"),
    sa.Column("scopes", sa.ARRAY(CleanText(LONGEST_KEY)), nullable=False, server_default="{}",
              comment="Scopes of the source that it concerns now; empty where it concerns none"),
    text("release_version", "Release; null where it concerns none, or several"),
    text("run_id", "Run, dag_id/run_id; null where it is of no run"),
    text("cause", "Why, in one sentence", required=True),
    text("to_do", "What to do about it", required=True),
    text("link", "Path of the page that shows it, below the address of Airflow's page", required=True),
    time("happened_at", "When it happened", default=True),
    time("first_seen_at", "When it was found", default=True),
    time("resolved_at", "When its cause was found to be gone; null while it is there"),
    sa.UniqueConstraint("event_key", name="alert_event_key"),
    sa.Index("alert_run_idx", "run_id"),
)  # fmt: skip
ALERT_DELIVERY = ops(
    "alert_delivery", "The message about an alert by each route that there was when it was found",
    number("alert_id", "Alert", key=True),
    text("route", "Route: webhook, mail or slack", key=True),
    text("state", "pending, delivered or failed", required=True, default="pending"),
    number("attempts", "How often it was sent, or should have been", required=True, default=0),
    text("error", "Why the last attempt failed, without an address or a secret"),
    time("created_at", "When it was planned", default=True),
    time("changed_at", "When it was attempted last; of a delivered one, when it was delivered"),
)  # fmt: skip
