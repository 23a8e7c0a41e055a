"""What a task has to import that its worker has not: worker and task made as Airflow makes them.

`python -m tests.support.forked_task` prints the packages that a task of each kind imports anew, as JSON, and
whether the scheduler had imported Great Expectations.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import os
import sys
from multiprocessing.connection import Connection

from airflow.utils.process_utils import set_component_mp_start_method

#: What steps import of this project, and with it all libraries that they need.
STEPS = (
    "include.pipeline.discover",
    "include.pipeline.extract",
    "include.pipeline.steps",
    "include.quality.expectations",
    "immport_provider.hooks.immport",
)
OWN = {"include", "immport_provider"}


def packages() -> set[str]:
    """The libraries that this process has imported."""
    return {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names) - OWN


def work(answers: Connection) -> None:
    """A worker: it forks a task and waits for its end."""
    if (task := os.fork()) == 0:
        found = packages()
        for name in STEPS:
            importlib.import_module(name)
        answers.send(sorted(packages() - found))
        os._exit(0)
    os.waitpid(task, 0)


def main() -> None:
    """Print them."""
    argparse.ArgumentParser(prog="python -m tests.support.forked_task", description=__doc__).parse_args()
    set_component_mp_start_method("scheduler")
    ours, theirs = multiprocessing.Pipe()
    worker = multiprocessing.Process(target=work, args=(theirs,))
    worker.start()
    imported = ours.recv() if ours.poll(120) else ["no answer"]
    worker.join(60)
    print(json.dumps({"task": imported, "scheduler": "great_expectations" in packages()}))


if __name__ == "__main__":
    main()
