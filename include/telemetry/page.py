"""docs/metrics.md, written from the declarations: `python -m include.telemetry` writes it."""

from __future__ import annotations

from pathlib import Path

from include.telemetry.metrics import METRICS, TAGS

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"

_HEAD = """# Metrics

<!-- Written by python -m include.telemetry from the declarations in include/telemetry: do not edit. -->

How each of these reaches a monitoring system: [monitoring.md](monitoring.md).

## Of each step of each load

Sent by the task when a step has ended, to StatsD or OpenTelemetry. Airflow puts its prefix before each name:
`airflow.immport.step.rows`. Zeros are not sent, and of a skipped step nothing but its duration.
"""


def page() -> str:
    """The text of the page."""
    lines = [_HEAD, "| name | kind | unit | tags | what it is |", "|---|---|---|---|---|"]
    for item in METRICS:
        tags = ", ".join(f"`{tag}`" for tag in item.tags)
        lines.append(f"| `{item.name}` | {item.kind.value} | {item.unit} | {tags} | {item.meaning} |")
    lines += ["", "| tag | value |", "|---|---|"]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in TAGS.items()]
    return "\n".join(lines) + "\n"
