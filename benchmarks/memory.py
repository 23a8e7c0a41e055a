"""The memory of each step, in a process that does nothing else. Prints bytes above what its imports take."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import httpx
import sqlalchemy as sa

from benchmarks.product import STEPS, Installation, warm_up
from benchmarks.recorded import RecordedSource, Recording
from tests.support.sandbox import ROOT

_LONGEST_SECONDS = 1800


def of_steps(place: Installation, loads: list[int]) -> dict[str, int]:
    """Take loads to the star in a process of its own.

    :returns: the most memory of each step, bytes above what the process had with all imports made.
    """
    order = place.folder / "memory.order"
    order.touch(mode=0o600)
    described = {
        "database": place.database.render_as_string(hide_password=False),
        "folder": str(place.folder),
        "recording": str(place.source.recording.folder),
        "url": place.source.url,
        "api_key": place.source.api_key,
        "route": place.route,
        "runs": place.runs,
        "loads": loads,
    }
    order.write_text(json.dumps(described))
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", str(order)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=_LONGEST_SECONDS,
    )  # fmt: skip
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def _status(name: str) -> int:
    """A figure of this process as the kernel has it, bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kilobytes) * 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("order", type=Path, help="file that says which loads, and of what")
    order = json.loads(parser.parse_args().order.read_text())
    with httpx.Client(base_url=order["url"], trust_env=False) as client:
        source = RecordedSource(order["url"], order["api_key"], Recording(Path(order["recording"])), client)
        place = Installation(sa.make_url(order["database"]), Path(order["folder"]), source, order["route"])
        place.runs = order["runs"]
        warm_up()
        for step in STEPS:
            place.do(step, [])  # whatever a task imports on its way
        before, found = _status("VmRSS"), {}
        for step in STEPS:
            Path("/proc/self/clear_refs").write_text("5")  # forgets the most that there was so far
            place.do(step, order["loads"])
            found[step] = max(_status("VmHWM") - before, 0)
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
