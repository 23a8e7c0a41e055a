"""Users of Airflow's page: their passwords are made once, and compose has the same users as `make up`."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from include.local.paths import ROOT
from include.local.standing.accounts import (
    ACCOUNTS,
    ADMIN,
    OPERATOR,
    VIEWER,
    ensure_passwords,
    password_file,
    users_setting,
    write_private,
)

API_SERVER = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]["api-server"]
USERS = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"
PASSWORDS = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"


def _filled(text: str, given: dict[str, str]) -> str:
    """What compose makes of a value: `${NAME:-default}`, `${NAME:?error}` and `${NAME:+replacement}`."""

    def fill(found: re.Match[str]) -> str:
        name, operator, other = found.groups()
        value = given.get(name, "")
        return {":-": value or other, ":?": value, ":+": other if value else ""}[operator]

    return re.sub(r"\$\{(\w+)(:[-?+])([^}]*)\}", fill, text).replace("$$", "$")


def test_passwords_are_made_once_and_are_for_the_owner_alone(tmp_path: Path) -> None:
    made = ensure_passwords(tmp_path / "home")
    assert set(made) == {account.name for account in ACCOUNTS}
    assert len(set(made.values())) == len(ACCOUNTS)
    assert min(map(len, made.values())) >= 16
    assert ensure_passwords(tmp_path / "home") == made
    assert password_file(tmp_path / "home").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["passwords.json"]


def test_a_file_that_knows_the_admin_alone_keeps_its_password(tmp_path: Path) -> None:
    file = password_file(tmp_path)
    file.write_text('{"admin": "chosen", "colleague": "own"}')
    file.chmod(0o644)
    made = ensure_passwords(tmp_path)
    assert (made[ADMIN.name], made["colleague"]) == ("chosen", "own")
    assert {OPERATOR.name, VIEWER.name} < set(made)
    assert json.loads(file.read_text()) == made
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_may_read_is_closed(tmp_path: Path) -> None:
    made = ensure_passwords(tmp_path)
    password_file(tmp_path).chmod(0o644)
    assert ensure_passwords(tmp_path) == made
    assert password_file(tmp_path).stat().st_mode & 0o777 == 0o600


def test_a_secret_is_written_for_its_owner_alone_over_what_a_crash_left(tmp_path: Path) -> None:
    (tmp_path / "secret.new").write_text("half")
    (tmp_path / "secret.new").chmod(0o666)
    write_private(tmp_path / "secret.json", {"a": "b"})
    (file,) = tmp_path.iterdir()
    assert (file.name, json.loads(file.read_text())) == ("secret.json", {"a": "b"})
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("others", [(), (OPERATOR,), (VIEWER,), (OPERATOR, VIEWER)])
def test_compose_has_the_users_that_have_a_password(others: tuple[object, ...], tmp_path: Path) -> None:
    """An .env from before the others knows the admin alone."""
    accounts = [account for account in ACCOUNTS if account is ADMIN or account in others]
    given = {f"AIRFLOW_{account.name.upper()}_PASSWORD": f"{account.name}-1" for account in accounts}
    users = _filled(API_SERVER["environment"][USERS], given)
    assert users == ",".join(f"{account.name}:{account.role}" for account in accounts)
    environment = {
        name: _filled(value, given)
        for name, value in API_SERVER["environment"].items()
        if name.endswith("_PASSWORD")
    }
    (tmp_path / "airflow").write_text("#!/bin/sh\n")
    (tmp_path / "airflow").chmod(0o755)
    file = tmp_path / "passwords.json"
    shell, flag, script = API_SERVER["command"]
    subprocess.run(
        [shell, flag, _filled(script, {})],
        env={**environment, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", PASSWORDS: str(file)},
        check=True,
        timeout=60,
    )
    kept = {name: password for name, password in json.loads(file.read_text()).items() if password}
    assert kept == {account.name: f"{account.name}-1" for account in accounts}
    assert file.stat().st_mode & 0o777 == 0o600


def test_all_of_them_are_the_users_of_make_up() -> None:
    given = {f"AIRFLOW_{account.name.upper()}_PASSWORD": "x" for account in ACCOUNTS}
    assert _filled(API_SERVER["environment"][USERS], given) == users_setting()
