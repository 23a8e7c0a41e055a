"""Metrics as a monitoring system receives them: a UDP socket, and Airflow's metrics switched on in a run."""

from __future__ import annotations

import os
import re
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

from airflow.sdk.configuration import conf
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils

#: A line of StatsD: name, tags as InfluxDB writes them, value, type.
_LINE = re.compile(r"(?P<name>[^,:]+)(?P<tags>(?:,[^,=:]+=[^,=:]+)*):(?P<value>[0-9.]+)\|(?P<kind>c|ms|g)")


@dataclass(frozen=True)
class Received:
    """A value that StatsD was sent.

    :param kind: `c` for a counter, `ms` for a timer, `g` for a gauge.
    """

    name: str
    tags: Mapping[str, str]
    value: float
    kind: str


@dataclass
class StatsdSink:
    """A socket that takes what StatsD is sent."""

    port: int
    lines: list[str] = field(default_factory=list)

    @property
    def received(self) -> list[Received]:
        """All values so far."""
        found = []
        for line in self.lines:
            match = _LINE.fullmatch(line)
            assert match is not None, line
            tags = dict(part.split("=") for part in match["tags"].split(",")[1:])
            found.append(Received(match["name"], tags, float(match["value"]), match["kind"]))
        return found

    def sums(self, name: str, *tags: str) -> Counter[tuple[str, ...]]:
        """The values of a counter added up, by these of its tags."""
        found: Counter[tuple[str, ...]] = Counter()
        for item in self.received:
            if item.name == name:
                found[tuple(item.tags[tag] for tag in tags)] += int(item.value)
        return found


@contextmanager
def statsd_sink() -> Iterator[StatsdSink]:
    """A sink on a free port; what was sent in the block is in it after the block."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        receiver.bind(("127.0.0.1", 0))
        sink = StatsdSink(receiver.getsockname()[1])

        def receive() -> None:
            while text := receiver.recv(1 << 16).decode():
                sink.lines += text.splitlines()

        thread = Thread(target=receive)
        thread.start()
        try:
            yield sink
        finally:
            # An empty datagram ends the thread once it has read what came before.
            receiver.sendto(b"", receiver.getsockname())
            thread.join()


def switch_on(environment: dict[str, str]) -> None:
    """Let this process send metrics, as Airflow does it at the start of a task's process."""
    os.environ.update(environment)
    stats.initialize(
        factory=stats_utils.get_stats_factory(),
        export_legacy_names=conf.getboolean("metrics", "legacy_names_on"),
    )


def statsd_settings(port: int) -> dict[str, str]:
    """The settings that docs/monitoring.md names."""
    return {
        "AIRFLOW__METRICS__STATSD_ON": "True",
        "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
        "AIRFLOW__METRICS__STATSD_PORT": str(port),
        "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "True",
    }
