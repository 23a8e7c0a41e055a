"""An Airflow connection of type `immport_upload`, read and checked."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass, replace

from immport_provider.hooks.credentials import read_api_key
from immport_provider.hooks.settings import (
    Connection,
    Settings,
    address_of,
    make_settings,
    read_number,
)
from include.submission.service.services import BATCH_UPDATER, UPLOAD

#: What a key must be allowed to.
SCOPE = "upload"
#: Seconds from the connection to the last byte of an answer: the package goes out within them.
LONGEST_UPLOAD = 6 * 3600.0
DEFAULT_CONNECTION = "immport_upload"


@dataclass(frozen=True)
class UploadSettings(Settings):
    """How to reach the services that take data.

    :param updater_base: scheme, host and port of the batch updater.
    :param workspace_id: the workspace that packages go to.
    :param workspace_name: its name, which must be the one that the service has; empty for any.
    :param status_seconds: from one question for the status of a ticket to the next.
    """

    updater_base: str = BATCH_UPDATER.host
    workspace_id: int = 0
    workspace_name: str = ""
    status_seconds: float = 60.0


def read_upload_settings(connection: Connection) -> UploadSettings:
    """Check a connection.

    :raises ValueError: which field is wrong, never what a secret one holds.
    """
    extra = connection.extra_dejson
    if connection.login:
        raise ValueError("login must be empty: an API key with the scope upload sends packages")
    if not connection.password:
        raise ValueError("password holds no API key; one with the scope upload sends packages")
    key = read_api_key(connection.password, extra.get("expires_at"))
    settings = make_settings(connection, UPLOAD.host, key, None)
    if (scopes := scopes_of(key.secret)) is not None and SCOPE not in scopes:
        raise ValueError(f"the API key has the scopes {', '.join(scopes) or 'none'}, not the scope {SCOPE}")
    if extra.get("max_answer_seconds") in {None, ""}:
        settings = replace(settings, max_answer_seconds=LONGEST_UPLOAD)
    given = str(extra.get("updater_host") or "").strip()
    # A stand-in serves both.
    host = given or (BATCH_UPDATER.host if settings.base == UPLOAD.host else settings.base)
    return UploadSettings(
        **vars(settings),
        updater_base=address_of(host, BATCH_UPDATER.host, allow_http=settings.allow_http),
        workspace_id=_workspace(extra.get("workspace_id")),
        workspace_name=str(extra.get("workspace_name") or "").strip(),
        status_seconds=read_number(extra, "status_seconds", 60, least=0.01),
    )


def scopes_of(key: str) -> list[str] | None:
    """The scopes that a key states, unverified; None for one that states none."""
    try:
        claims = json.loads(urlsafe_b64decode(key.split(".")[1] + "=="))
        found = claims["scope"]
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return None
    words = found.split() if isinstance(found, str) else found
    return [str(word) for word in words] if isinstance(words, list) else None


def _workspace(given: object) -> int:
    text = str(given or "").strip()
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ValueError("workspace_id is not the number of a workspace")
    return int(text)
