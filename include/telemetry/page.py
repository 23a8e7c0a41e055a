"""docs/metrics.md, written from the declarations: `python -m include.telemetry` writes it."""

from __future__ import annotations

from pathlib import Path

from include.telemetry.exposition import SERIES
from include.telemetry.health import RULES
from include.telemetry.metrics import METRICS, TAGS

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"

_HEAD = """# Metrics

<!-- Written by python -m include.telemetry from the declarations in include/telemetry: do not edit. -->

How each of these reaches a monitoring system: [monitoring.md](monitoring.md).

## Of each step of each load

Sent by the task when a step has ended, to StatsD or OpenTelemetry. Airflow puts its prefix before each name:
`airflow.immport.step.rows`. Zeros are not sent, and of a skipped step nothing but its duration.
"""


_STATE = """
## Of the whole warehouse

What Prometheus scrapes, read from the record of runs at each scrape. No label names a study.
"""
_RULES = """
## Rules of health

A warehouse is `failed` when a rule of that state is broken, else `degraded` when one of that is, else `ok`.
"""


def page() -> str:
    """The text of the page."""
    lines = [_HEAD, "| name | kind | unit | tags | what it is |", "|---|---|---|---|---|"]
    for item in METRICS:
        tags = ", ".join(f"`{tag}`" for tag in item.tags)
        lines.append(f"| `{item.name}` | {item.kind.value} | {item.unit} | {tags} | {item.meaning} |")
    lines += ["", "| tag | value |", "|---|---|"]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in TAGS.items()]
    lines += [_STATE, "| name | kind | labels | what it is |", "|---|---|---|---|"]
    for series in SERIES:
        labels = ", ".join(f"`{label}`" for label in series.labels) or "none"
        lines.append(f"| `{series.name}` | {series.kind} | {labels} | {series.meaning} |")
    lines += [_RULES, "| rule | state | what is wrong |", "|---|---|---|"]
    lines += [f"| `{rule.name}` | {rule.state} | {rule.meaning} |" for rule in RULES]
    return "\n".join(lines) + "\n"
