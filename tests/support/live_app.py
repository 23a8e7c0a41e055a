"""An application that really listens, by TLS: in a thread of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from include.local.ports import HOST
from tests.support.encrypted import certify

#: Seconds in which it must listen.
_LONGEST = 30


@dataclass(frozen=True)
class LiveApp:
    """Where it listens.

    :param certificate: by which clients know it.
    """

    url: str
    certificate: Path


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@contextmanager
def live(app: Any, folder: Path) -> Iterator[LiveApp]:
    """Serve an application until the block ends.

    :param folder: for the key and the certificate.
    """
    certificate = certify(folder)
    config = uvicorn.Config(
        app, host=HOST, port=0, ssl_certfile=folder / "server.pem", log_config=None, lifespan="off"
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert server.listens.wait(_LONGEST)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield LiveApp(f"https://{HOST}:{port}", certificate)
    finally:
        server.should_exit = True
        thread.join(_LONGEST)
