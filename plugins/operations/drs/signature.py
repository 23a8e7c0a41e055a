"""Signed addresses of files: whoever has one gets the bytes, for some minutes.

The key is derived from Airflow's own secret, so that any of several API servers accepts what another signed.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass

from airflow.configuration import conf

#: Life of an address, in seconds. A download that takes longer goes on: only its beginning is checked.
LIFE = 900
#: The query parameter that carries the signature: of this name, because Airflow masks it in its access log.
PARAMETER = "token"


@dataclass(frozen=True)
class Signed:
    """What an address is for.

    :param sees_all: whether restricted studies are shown to who had it signed.
    """

    file_uuid: str
    sees_all: bool


def sign(signed: Signed, now: float | None = None) -> str:
    """The signature of an address: when it expires, for whom, and the digest of both."""
    expires = int((time.time() if now is None else now) + LIFE)
    return f"{expires}.{int(signed.sees_all)}.{_digest(signed, expires)}"


def verified(file_uuid: str, token: str, now: float | None = None) -> Signed | None:
    """What a signature is for; None when it is not one, is another file's, or has expired."""
    expires, _, rest = token.partition(".")
    clearance, _, digest = rest.partition(".")
    if not (expires.isascii() and expires.isdecimal() and len(expires) < 15 and clearance in ("0", "1")):
        return None
    signed = Signed(file_uuid, clearance == "1")
    is_right = hmac.compare_digest(_digest(signed, int(expires)).encode(), digest.encode())
    return signed if is_right and int(expires) > (time.time() if now is None else now) else None


def _digest(signed: Signed, expires: int) -> str:
    secret = hmac.digest(
        conf.get_mandatory_value("api", "secret_key").encode(), b"drs addresses", hashlib.sha256
    )
    text = f"{expires}\n{int(signed.sees_all)}\n{signed.file_uuid}"
    return hmac.digest(secret, text.encode(), hashlib.sha256).hex()
