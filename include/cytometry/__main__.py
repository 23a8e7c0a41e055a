"""Print the headers of FCS files, a line of JSON for each data set.

With --species the lines are input of `make markers KIND=header`. A file without a header that can be read
gives a line with `file` and `error`, and the exit status 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from include.cytometry.fcs_header import FcsError, FcsHeader, read_fcs


def main() -> int:
    """Read the files named on the command line; 1 when the header of one could not be read."""
    parser = argparse.ArgumentParser(prog="python -m include.cytometry", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="an FCS file")
    parser.add_argument("--species", help="species of the samples, added to every line")
    arguments = parser.parse_args()
    added = {"species": arguments.species} if arguments.species else {}
    errors = 0
    for path in arguments.files:
        for answer in _answers(path):
            errors += "error" in answer
            sys.stdout.buffer.write(msgspec.json.encode({**added, **answer}) + b"\n")
    return int(errors > 0)


def _answers(path: Path) -> Iterator[dict[str, object]]:
    try:
        for header in read_fcs(path):
            yield {"file": path.name, **_answer(header)}
    except FcsError as error:
        yield {"file": path.name, "error": f"{type(error).__name__}: {error}"}
    except OSError as error:
        yield {"file": path.name, "error": f"{type(error).__name__}: {error.strerror}"}


def _answer(header: FcsHeader) -> dict[str, object]:
    return {
        "data_set": header.data_set,
        "version": header.version,
        "events": header.events,
        "notes": header.notes,
        "parameters": [{"pnn": item.pnn, "pns": item.pns} for item in header.parameters],
    }


if __name__ == "__main__":
    sys.exit(main())
