"""Who may use the control: programs of this machine, and no page of another site in a user's browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

#: Host names by which clients on its own machine address the sandbox.
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: What a browser says of a request that a page of the sandbox itself, or a person, made.
_OWN = frozenset({"same-origin", "none"})

Answer = Callable[[Request], Awaitable[Response]]


def guarded(answer: Answer) -> Answer:
    """An answer of the control, for requests that a foreign page cannot have made."""

    async def respond(request: Request) -> Response:
        refusal = _refusal(request)
        return await answer(request) if refusal is None else JSONResponse({"error": refusal[1]}, refusal[0])

    return respond


def _refusal(request: Request) -> tuple[int, str] | None:
    """Status and reason; None for a request that is let through."""
    host = request.headers.get("host", "")
    if _name(f"//{host}") not in _LOOPBACK:
        # A name of another site that was made to lead here would make its pages ours.
        return 421, f"the control takes requests by a loopback name, not as {host!r}"
    if request.method in ("GET", "HEAD"):
        return None
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return 403, f"a page of {origin!r} may not use the control"
    if (site := request.headers.get("sec-fetch-site", "none")) not in _OWN:
        return 403, f"a page may not use the control from another site ({site})"
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in ("POST", "PUT") and kind != "application/json":
        return 415, f"expected the content type application/json, not {kind!r}"
    return None


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
