"""Proof that a form was sent from a page of ours, by the person who was given it."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow.configuration import conf
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request

from operations.access import Reader

#: Seconds for which a form that was opened can be sent.
LIFETIME = 12 * 3600
_SALT = "warehouse-operations"


def token_for(reader: Reader, path: str) -> str:
    """What the form at a path carries for its reader."""
    return str(_signer().dumps([reader.name, path]))


def is_ours(request: Request, reader: Reader, path: str, token: str) -> bool:
    """Whether a form was sent from the page at that path, opened by the same reader."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return False
    try:
        return list(_signer().loads(token, max_age=LIFETIME)) == [reader.name, path]
    except BadData:
        return False


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(conf.get("api", "secret_key"), salt=_SALT)
