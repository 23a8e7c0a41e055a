"""TCP ports of this machine."""

from __future__ import annotations

import errno
import socket

HOST = "127.0.0.1"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that no process listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_port_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    return why_unusable(port) is None


def why_unusable(port: int) -> str | None:
    """Why no server can listen on this port of 127.0.0.1 now, in words; None when one can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Postgres and uvicorn do
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"port {port} of {HOST} is taken"
            if error.errno == errno.EACCES:
                return f"port {port} of {HOST} is reserved: this user may not listen on it"
            return f"port {port} of {HOST} cannot be used: {error.strerror}"
    return None
