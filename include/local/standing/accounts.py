"""The users of Airflow's page in the standing system: their roles and generated passwords."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PASSWORD_BYTES = 12


@dataclass(frozen=True)
class Account:
    """A user of Airflow's page.

    :param role: of Airflow's simple auth manager: viewer, user, op or admin.
    :param about: what the user may do.
    """

    name: str
    role: str
    about: str


ADMIN = Account("admin", "admin", "may do everything")
#: A new API key goes into a connection, so an operator may edit connections: not `user`, but `op`.
OPERATOR = Account("operator", "op", "starts and repairs runs, answers required actions, edits connections")
VIEWER = Account("viewer", "viewer", "sees runs, logs and the warehouse's pages, changes nothing")
ACCOUNTS = (ADMIN, OPERATOR, VIEWER)


def users_setting() -> str:
    """The accounts as Airflow's setting `simple_auth_manager_users` names them."""
    return ",".join(f"{account.name}:{account.role}" for account in ACCOUNTS)


def password_file(home: Path) -> Path:
    """Where the users' passwords are kept, as Airflow's simple auth manager reads them.

    :param home: of Airflow.
    """
    return home / "passwords.json"


def ensure_passwords(home: Path) -> Mapping[str, str]:
    """The password of each account, by its name: one that has none gets one, those there stay as they are.

    Only the file's owner may read it, whoever wrote it before.

    :param home: of Airflow.
    """
    path = password_file(home)
    known = dict(json.loads(path.read_text())) if path.exists() else {}
    missing = [account.name for account in ACCOUNTS if account.name not in known]
    if missing:
        known |= {name: secrets.token_urlsafe(_PASSWORD_BYTES) for name in missing}
        write_private(path, known)
    path.chmod(0o600)
    return known


def write_private(path: Path, values: Mapping[str, str]) -> None:
    """Write a JSON file that only its owner may read; never half of it, never readable for a moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(values, file)
    fresh.replace(path)
