"""The hash-locked lists: base and extras were resolved together, so that an extra never moves the base."""

from __future__ import annotations

import hashlib
import itertools
import re
import tomllib
from collections import defaultdict

import pytest
from packaging.requirements import Requirement

from include.local.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
LISTS = {"": ROOT / "requirements.txt"} | {name: ROOT / f"requirements/{name}.txt" for name in EXTRAS}
#: Where a list is installed: Python, system.
PLACES = list(itertools.product(("3.11.2", "3.12.0", "3.13.0", "3.14.0"), ("linux", "darwin")))


def pins(extra: str) -> list[Requirement]:
    """The lines of a list; "" is the base."""
    lines = re.sub(r" \\\n *", " ", LISTS[extra].read_text()).splitlines()
    return [Requirement(line.split(" --hash=")[0]) for line in lines if not re.match(r"\s*#|\s*$", line)]


def installed(python: str, system: str, *extras: str) -> dict[str, set[str]]:
    """The versions of each package that base and extras pin for a place."""
    place = {
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": system,
    }
    found: dict[str, set[str]] = defaultdict(set)
    for pin in itertools.chain(*(pins(extra) for extra in ("", *extras))):
        if pin.marker is None or pin.marker.evaluate(place):
            found[pin.name].add(str(pin.specifier).removeprefix("=="))
    return dict(found)


def test_each_extra_has_a_list_and_nothing_else_has() -> None:
    assert {path.stem for path in (ROOT / "requirements").iterdir()} == set(EXTRAS)


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_was_resolved_together_with_the_base_as_it_is(extra: str) -> None:
    digest = hashlib.sha256(LISTS[""].read_bytes()).hexdigest()
    first = LISTS[extra].read_text().splitlines()[0]
    assert first == f"# Resolved together with requirements.txt of sha256:{digest}", "run make lock"


@pytest.mark.parametrize(("python", "system"), PLACES)
def test_all_extras_go_together_with_the_base(python: str, system: str) -> None:
    together = installed(python, system, *EXTRAS)
    assert {name: versions for name, versions in together.items() if len(versions) > 1} == {}


@pytest.mark.parametrize("extra", LISTS)
def test_a_list_has_what_the_project_declares(extra: str) -> None:
    found = installed("3.11.2", "linux", extra) if extra else installed("3.11.2", "linux")
    declared = map(Requirement, EXTRAS[extra] if extra else PROJECT["dependencies"])
    missing = [
        str(item) for item in declared if not all(map(item.specifier.contains, found.get(item.name, "0")))
    ]
    assert missing == [], "run make lock"


@pytest.mark.parametrize("extra", LISTS)
def test_every_line_of_a_list_has_a_hash(extra: str) -> None:
    lines = re.sub(r" \\\n *", " ", LISTS[extra].read_text()).splitlines()
    bare = [line for line in lines if re.match(r"[^ #]", line) and " --hash=sha256:" not in line]
    assert bare == []
