"""How values are written on a page. Everything is escaped unless a template says otherwise; none does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import jinja2
from markupsafe import Markup

from operations.page import MOUNT, address, airflow_path

#: What stands where there is no value.
NOTHING = "\N{EN DASH}"
#: State -> its sign: a shape beside the colour.
SIGNS = {
    state: sign
    for sign, states in {
        "●": "healthy published success done current healthy passed closed delivered present ok load"
        " stored valid approved known",
        "✕": "failed critical open overdue refused invalid rejected",
        "◆": "partial warning quarantined half-open late degraded expiring",
        "‖": "hold on-hold",
        "◐": "running extract stage check publish extracted staged checked validating storing sending",
        "◔": "planned queued pending new plan",
        "▽": "withdrawn retracted withdraw",
        "○": "keep unchanged skipped superseded left-out declined not-received",
    }.items()
    for state in states.split()
}
#: Sign -> class of its colour.
_TONES = {
    "●": "good",
    "✕": "bad",
    "◆": "warn",
    "‖": "warn",
    "◐": "busy",
    "◔": "busy",
    "▽": "gone",
    "○": "same",
}


def number(value: Any) -> str:
    """A number with its thousands separated; a dash where there is none."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def size(value: Any) -> str:
    """Bytes in the largest unit below them."""
    if value is None:
        return NOTHING
    left, unit = float(value), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if left < 1000 or unit == "TB":
            break
        left /= 1000
    return f"{left:,.0f} {unit}" if unit == "B" else f"{left:,.1f} {unit}"


def duration(value: Any) -> str:
    """A length of time in its two largest units."""
    if value is None:
        return NOTHING
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 10:
        return f"{seconds:.1f} s"
    for above, unit, below, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= above:
            first, rest = divmod(int(seconds), above)
            return f"{first} {unit}" + (f" {rest // below} {smaller}" if rest // below else "")
    return f"{seconds:.0f} s"


def moment(value: Any) -> Markup | str:
    """A time: in UTC until the script writes it in the reader's zone."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        utc = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return Markup('<time datetime="{}">{}</time>').format(
            utc.strftime("%Y-%m-%dT%H:%M:%SZ"), utc.strftime("%Y-%m-%d %H:%M UTC")
        )
    return value.isoformat() if isinstance(value, date) else str(value)


def state(value: Any, text: str | None = None) -> Markup | str:
    """A state with its sign."""
    if value is None:
        return NOTHING
    sign = _sign(value)
    return Markup('<span class="state {}"><span aria-hidden="true">{}</span> {}</span>').format(
        _TONES.get(sign, "none"), sign, text or value
    )


def _sign(value: Any) -> str:
    return SIGNS.get(str(value).replace(" ", "-"), "·")


def tone(value: Any) -> str:
    """Class of the colour of a state."""
    return _TONES.get(_sign(value), "none")


def short_release(name: str) -> str:
    """Name of a release where there is little room: of a time of a fetch, the day."""
    return name[:10] if "T" in name else name


def as_json(value: Any) -> str:
    """A value of a JSON column as text."""
    return json.dumps(value, ensure_ascii=False, default=str)


def cell(row: Mapping[str, Any], column: Any) -> Markup | str:
    """The value of a column in a row, as its kind is shown."""
    value = column.value(row)
    shown = {
        "number": number, "time": moment, "bytes": size, "seconds": duration, "state": state,
        "json": as_json,
    }.get(column.kind, lambda text: NOTHING if text is None else str(text))(value)  # fmt: skip
    link = column.link(row) if column.link and value is not None else None
    if not link:
        return shown
    if link.startswith(f"{airflow_path()}{MOUNT}"):
        return Markup('<a href="{}">{}</a>').format(link, shown)
    return Markup('<a href="{}" data-airflow>{}</a>').format(link, shown)


def of_airflow(
    dag_id: str, run_id: str | None = None, task_id: str | None = None, map_index: int | None = None
) -> str:
    """Address of Airflow's own page of a DAG, a run or a task."""
    from urllib.parse import quote

    path = f"{airflow_path()}/dags/{quote(dag_id, safe='')}"
    if run_id:
        path += f"/runs/{quote(run_id, safe='')}"
    if run_id and task_id:
        path += f"/tasks/{quote(task_id, safe='')}"
        path += f"/mapped/{map_index}" if map_index is not None and map_index >= 0 else ""
    return path


@lru_cache
def static_files() -> Mapping[str, Traversable]:
    """Files that pages load, by their path below `static`."""
    found: dict[str, Traversable] = {}

    def walk(folder: Traversable, above: str) -> None:
        for item in folder.iterdir():
            if item.is_dir():
                walk(item, f"{above}{item.name}/")
            else:
                found[above + item.name] = item

    walk(files("operations").joinpath("static"), "")
    return found


@lru_cache
def static(name: str) -> str:
    """Address of a file that pages load; it changes with the file's content."""
    digest = hashlib.sha256(static_files()[name].read_bytes()).hexdigest()[:12]
    return address(f"static/{name}", v=digest)


def clear_of(table: Any) -> dict[str, str]:
    """Changes of the address that take back what a table's filters choose."""
    return {item.name: "" for item in table.listing.filters} | {"page": ""}


@lru_cache
def environment() -> jinja2.Environment:
    """The templates, with what they write values by."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("operations"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Sums of Postgres are decimals.
    made.policies["json.dumps_kwargs"] = {"sort_keys": True, "default": float}
    made.filters |= {
        "number": number, "size": size, "duration": duration, "moment": moment, "state": state, "tone": tone,
        "as_json": as_json, "sign": _sign, "short_release": short_release,
    }  # fmt: skip
    made.globals |= {
        "address": address,
        "static": static,
        "cell": cell,
        "of_airflow": of_airflow,
        "signs": SIGNS,
        "clear_of": clear_of,
    }
    return made
