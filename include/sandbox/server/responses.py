"""How the server sends answers to the client, complete or changed by a fault."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from include.sandbox.server.faults import STATUSES, Fault, bend_body

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    413: "Payload Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Time-out",
}
_XML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
)
LOGIN = "<!DOCTYPE html>\n<html><head><title>ImmPort</title></head><body><h1>Sign in</h1></body></html>\n"


class Unanswered(Response):
    """`hang`: takes the request and says nothing until the client leaves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            # The server stops: close the connection, where a cancelled task would be answered with a 500.
            await Cut()(scope, receive, send)


class Cut(Response):
    """`cut`: the first half of what would have come, then the connection closes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del self.headers["content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body), "more_body": True})


class GzipCut(Response):
    """`gzip_cut`: half of the lines, compressed, cut where the compressor flushed, under the right length."""

    def __init__(self, body: bytes, kind: str) -> None:
        half = body[: len(body) // 2]
        packer = zlib.compressobj(wbits=31)
        packed = packer.compress(half[: half.rfind(b"\n") + 1] or half) + packer.flush(zlib.Z_SYNC_FLUSH)
        super().__init__(packed, media_type=kind, headers={"Content-Encoding": "gzip"})


class Drip(Response):
    """`drip`: an answer whose body comes a byte at a time, until the client leaves."""

    def __init__(self, answer: Response, seconds: float) -> None:
        self.status_code = answer.status_code
        self._answer, self._seconds = answer, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_left = False

        async def slowly(message: Message) -> None:
            nonlocal has_left
            body = message.get("body", b"")
            for at in range(len(body)):
                if has_left:
                    return
                await send({**message, "body": body[at : at + 1], "more_body": True})
                has_left = await _leaves(receive, self._seconds)
            if not has_left:
                await send({**message, "body": b""} if body else message)

        await self._answer(scope, receive, slowly)


async def _leaves(receive: Receive, seconds: float) -> bool:
    """Whether the client leaves within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


class BentFile(FileResponse):
    """A file, whatever its range, under its fault.

    `cut`: the server states the full length, but closes the connection early; `corrupt`: it changes one byte.
    """

    fault: Fault | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault, left, spoiled = self.fault, -1, False

        async def some(message: Message) -> None:
            nonlocal left, spoiled
            if message["type"] == "http.response.start":
                length = int(dict(message["headers"])[b"content-length"])
                if fault is not None and fault.fault == "cut" and length and message["status"] < 300:
                    left = length // 2 if fault.after is None else min(fault.after, length - 1)
            elif fault is not None and fault.fault == "corrupt" and message["body"] and not spoiled:
                body, spoiled = message["body"], True
                message = {**message, "body": body[:-1] + bytes([body[-1] ^ 1])}
            elif left == 0:
                return
            elif left > 0:
                body = message["body"][:left]
                left -= len(body)
                message = {**message, "body": body, "more_body": True}
            await send(message)

        if (fault is not None and fault.fault == "no_range") or not _one_range(scope):
            headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
            scope = {**scope, "headers": headers}
        await super().__call__(scope, receive, some)


def _one_range(scope: Scope) -> bool:
    """Whether the requested range can be read: storage sends all there is for any other, or for several."""
    wanted = dict(scope["headers"]).get(b"range", b"bytes=0-").decode("latin-1")
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    if found is None or found[0] == "bytes=-":
        return False
    return not (found[1] and found[2] and int(found[1]) > int(found[2]))


def replaced(fault: Fault | None) -> Response | None:
    """What comes in place of an answer, under a fault that lets none through."""
    if fault is None:
        return None
    if fault.fault == "hang":
        return Unanswered()
    if fault.fault == "html":
        return HTMLResponse(LOGIN)
    return failure(int(fault.fault), fault.retry_after) if fault.fault in STATUSES else None


def stream(body: Iterator[bytes], fault: Fault | None, kind: str = "application/json") -> Response:
    """A body in chunks, under its fault."""
    if fault is not None and fault.fault == "cut":
        first = next(body)
        return Cut(first[: len(first) // 2], media_type=kind)
    if fault is not None and fault.fault == "gzip_cut":
        return GzipCut(b"".join(body), kind)
    return StreamingResponse(bend_body(fault, body), media_type=kind)


def failure(status: int, retry_after: int | str | None = None) -> Response:
    """A refusal as ImmPort words it (JSON), or a breakdown as the proxy before it does (HTML)."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    title = _TITLES[status]
    if status < 500:
        return JSONResponse({"status": status, "error": title}, status, headers)
    heading = f"{status} {title}"
    page = f"<html>\n<head><title>{heading}</title></head>\n<body><h1>{heading}</h1></body>\n</html>\n"
    return HTMLResponse(page, status, headers)


def xml_refusal(status: int, code: str, message: str, retry_after: int | str | None = None) -> Response:
    """A refusal as object storage words it."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Response(_XML.format(code=code, message=message), status, headers, media_type="application/xml")


def not_found(request: Request, fault: Fault | None) -> Response:
    """An unknown address."""
    return JSONResponse({"status": 404, "error": "Not Found", "path": request.url.path}, 404)
