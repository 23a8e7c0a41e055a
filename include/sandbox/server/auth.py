"""Who may send requests: the API key, and the exchange of name and password for a short-lived token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time

#: User name of the older exchange; its password is the API key.
USER = "sandbox"
#: What a key may do: read, or send data to workspaces.
BROWSE, UPLOAD = "browse", "upload"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Keys:
    """The one API key of a sandbox and the tokens it has issued.

    :param api_key: the key; None makes one that looks like ImmPort's.
    :param seconds: life of a token.
    :param upload_key: the key that sends data and reads nothing; None makes one.
    """

    def __init__(
        self, api_key: str | None = None, seconds: int = 3600, upload_key: str | None = None
    ) -> None:
        self._secret = secrets.token_bytes(32)
        self.seconds = seconds
        self.api_key = api_key or self._sign({"jti": secrets.token_hex(16), "scope": ["browse", "download"]})

        self.upload_key = upload_key or self._sign({"jti": secrets.token_hex(16), "scope": [UPLOAD]})

    def _sign(self, claims: dict[str, object]) -> str:
        parts = (json.dumps({"kid": "sandbox", "alg": "HS256"}), json.dumps(claims))
        head = ".".join(_encode(part.encode()) for part in parts)
        return f"{head}.{_encode(hmac.digest(self._secret, head.encode(), hashlib.sha256))}"

    def issue(self, username: str, password: str) -> str | None:
        """A token, or None for a wrong user name or password."""
        if not (self._same(username, USER) and self._same(password, self.api_key)):
            return None
        return self._sign(
            {
                "exp": int(time.time()) + self.seconds,
                "user_name": username,
                "authorities": ["ROLE_USER"],
                "jti": secrets.token_hex(16),
                "client_id": "immport",
                "scope": ["browse", "download"],
            }
        )

    def refusal(self, authorization: str | None, scope: str) -> int | None:
        """The status that refuses a request which needs a scope; None for one that is admitted."""
        credential = (authorization or "").partition(" ")[2].strip()
        is_upload = self._same(credential, self.upload_key)
        is_known = is_upload or self.admits(authorization)
        if not is_known:
            return 401
        return None if is_upload == (scope == UPLOAD) else 403

    def admits(self, authorization: str | None) -> bool:
        """Whether an Authorization header carries the key or a token that has not expired."""
        word, _, credential = (authorization or "").partition(" ")
        credential = credential.strip()
        if word.lower() != "bearer" or not credential:
            return False
        if self._same(credential, self.api_key):
            return True
        head, _, signature = credential.rpartition(".")
        expected = _encode(hmac.digest(self._secret, head.encode(), hashlib.sha256))
        if not self._same(signature, expected):
            return False
        body = head.rpartition(".")[2]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return bool(claims["exp"] > time.time())

    @staticmethod
    def _same(left: str, right: str) -> bool:
        return hmac.compare_digest(left.encode(), right.encode())
