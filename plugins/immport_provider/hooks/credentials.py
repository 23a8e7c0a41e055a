"""What ImmPort accepts as proof of identity: an API key, or a token for a user name and password."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

#: Life of a token that does not state its own: what ImmPort's older documentation says.
SHORTEST_LIFE = timedelta(seconds=60)


@dataclass(frozen=True)
class Credential:
    """A bearer secret, never shown.

    :param expires_at: when ImmPort refuses it, UTC; None when that is not known.
    """

    secret: str = field(repr=False)
    expires_at: datetime | None = None

    @property
    def header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


def read_api_key(text: str, expires_at: str | None = None) -> Credential:
    """An API key as ImmPort gives it: bare, or the whole JSON file with `api_key` and `expires_at`.

    :param expires_at: ISO 8601, for a bare key that does not state its expiry.
    :raises ValueError: what is wrong with it, without any of it.
    """
    text = text.strip()
    if text.startswith("{"):
        try:
            file = json.loads(text)
        except ValueError:
            raise ValueError("the API key starts like a JSON key file, but is not JSON") from None
        text = file.get("api_key")
        expires_at = expires_at or file.get("expires_at")
        if not isinstance(text, str):
            raise ValueError("the JSON key file has no api_key")
        text = text.strip()
    # Anything else would be refused by the HTTP library with the key in the message.
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("the API key is empty or holds characters that no key has")
    return Credential(text, read_instant(expires_at) if expires_at else jwt_expiry(text))


def read_instant(text: str) -> datetime:
    """ISO 8601 with any number of decimals (ImmPort sends nine) as UTC; without a zone it is UTC.

    :raises ValueError: the text is not an instant.
    """
    try:
        instant = datetime.fromisoformat(str(text).strip())
    except ValueError:
        raise ValueError("expires_at is not a time such as 2026-05-21T20:55:24Z") from None
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def jwt_expiry(token: str) -> datetime | None:
    """The `exp` claim of a token, unverified: only the issuer can verify it, we only plan by it."""
    try:
        claims = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError, OSError, binascii.Error):
        return None


@dataclass(frozen=True)
class Token(Credential):
    """A token of the older exchange, replaced when four fifths of its life are over."""

    refresh_at: datetime = field(default=datetime.min.replace(tzinfo=UTC))


def read_token(answer: object, now: datetime) -> Token:
    """The answer of `/auth/token`.

    :raises ValueError: it holds no token.
    """
    found = answer.get("access_token") or answer.get("token") if isinstance(answer, dict) else None
    if not isinstance(found, str) or not found.isascii() or not found.isprintable() or " " in found:
        raise ValueError("the answer holds no token")
    expires_at = jwt_expiry(found) or now + SHORTEST_LIFE
    return Token(found, expires_at, now + (expires_at - now) * 0.8)
