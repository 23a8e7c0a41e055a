"""Files by their UUID: DRS gives a signed address, and whoever has that gets the bytes until it expires."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import tempfile
import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from include.sandbox.server.faults import Fault
from include.sandbox.server.responses import BentFile, xml_refusal
from include.sandbox.stored_files import StoredFile, study_of
from include.sandbox.world import World
from include.sources.release import Release

#: ImmPort's two ways to a file.
METHODS = ("s3", "stream")


class Downloads:
    """Addresses of the files of a world, and their bytes.

    :param seconds: life of an address.
    """

    def __init__(self, world: World, seconds: int) -> None:
        self.world, self.seconds = world, seconds
        self._secret = secrets.token_bytes(32)
        self._folder = tempfile.TemporaryDirectory(prefix="immport-sandbox-")

    def link(self, request: Request, release: Release) -> Response:
        """What DRS says of a file: its address, or why there is none."""
        method, file = request.path_params["accessMethod"], request.path_params["fileUUID"]
        if method not in METHODS:
            return self._json_answer(400, f"Invalid access method: {method}", None)
        if study_of(file) in self.world.restricted(release):
            return self._json_answer(403, "Access denied", None)
        if self.file(file, release) is None:
            return self._json_answer(400, f"No file with the UUID {file}", None)
        return self._json_answer(200, "Success", self.sign(str(request.base_url), method, file))

    def sign(self, base: str, method: str, uuid: str) -> str:
        """A signed address of a file.

        :param base: scheme, host and port.
        """
        expires = int(time.time()) + self.seconds
        signature = self._signature(method, uuid, expires)
        return f"{base.rstrip('/')}/{method}/{uuid}?Expires={expires}&Signature={signature}"

    def send(self, request: Request, release: Release, fault: Fault | None) -> Response:
        """The bytes, whole or a range of them; the address is all it takes."""
        method, uuid = request.url.path.split("/")[1:]
        expires = request.query_params.get("Expires", "")
        signed = self._signature(method, uuid, expires)
        if not hmac.compare_digest(signed.encode(), request.query_params.get("Signature", "").encode()):
            return xml_refusal(403, "SignatureDoesNotMatch", "The request signature does not match.")
        kind = fault.fault if fault else None
        if int(expires) <= time.time() or kind == "expired":
            return xml_refusal(403, "AccessDenied", "Request has expired")
        file = self.kept(uuid, release)
        if file is None or file.stored is None or kind == "lost":
            # S3 does not say that a file is not there; the stream does.
            if method == "s3":
                return xml_refusal(403, "AccessDenied", "Access Denied")
            return xml_refusal(404, "NoSuchKey", "The specified key does not exist.")
        headers = {"etag": f'"{file.md5}-2"' if kind == "changed" else f'"{file.md5}"'}
        if kind == "no_range":
            headers["accept-ranges"] = "none"
        sent = BentFile(self._on_disk(file), headers=headers, media_type="application/octet-stream")
        sent.fault = fault
        return sent

    def file(self, uuid: str, release: Release) -> StoredFile | None:
        """The file of a UUID, if it is open to everybody at a release."""
        study = study_of(uuid)
        if study is None or study not in self.world.studies(release):
            return None
        return next((file for file in self.world.files(study, release) if file.uuid == uuid), None)

    def kept(self, uuid: str, release: Release) -> StoredFile | None:
        """The file of a UUID, if it is open at a release or was at one before: bytes are not taken away."""
        until = [item for item in self.world.releases if item <= release]
        return next((file for item in reversed(until) if (file := self.file(uuid, item))), None)

    def _on_disk(self, file: StoredFile) -> Path:
        if isinstance(file.stored, Path):
            return file.stored
        path = Path(self._folder.name) / file.uuid
        if not path.exists():
            path.write_bytes(file.stored or b"")
        return path

    def _signature(self, *parts: object) -> str:
        return hmac.digest(self._secret, repr([str(part) for part in parts]).encode(), hashlib.sha256).hex()

    @staticmethod
    def _json_answer(status: int, message: str, url: str | None) -> Response:
        return JSONResponse({"message": message, "url": url, "status": status}, status)
