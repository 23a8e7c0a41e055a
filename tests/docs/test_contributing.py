"""What contributors rely on: the changelog follows the migrations, and all that lints runs the same."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import yaml
from alembic.config import Config
from alembic.script import ScriptDirectory

from include.local.paths import ROOT
from include.warehouse.schema.revision import MIGRATIONS

CHANGELOG = (ROOT / "CHANGELOG.md").read_text()


def test_the_changelog_names_every_schema_revision_and_the_newest_as_such() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    newest = re.search(r"^Schema revision: (\d+)\.$", CHANGELOG, re.MULTILINE)
    assert newest
    assert newest[1] == scripts.get_current_head()
    described = set(re.findall(r"\b\d{4}\b", CHANGELOG))
    assert {script.revision for script in scripts.walk_revisions()} <= described


def test_the_changelog_begins_with_what_is_not_released() -> None:
    headings = re.findall(r"^## \[(.+?)\]", CHANGELOG, re.MULTILINE)
    assert headings[0] == "Unreleased"
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert headings[1:2] in ([], [version])


def test_before_a_commit_the_parts_of_lint_run() -> None:
    parts = re.findall(r"^(\w+)\(\) \{", (ROOT / ".ci/lint").read_text(), re.MULTILINE)
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [hook["entry"] for hook in local["hooks"]] == [f".ci/lint {part}" for part in parts]
    command = [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)


def test_a_part_that_lint_does_not_have_is_an_error() -> None:
    done = subprocess.run(
        [".ci/lint", "stile"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "stile is not a part of lint" in done.stderr


def test_hosted_ci_runs_what_a_clean_clone_runs_and_nothing_else() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    commands = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert commands == [".ci/run"]
