"""A server that accepts TLS only: the embedded one, which is built without TLS, behind a proxy."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from include.local.ports import HOST
from include.local.server import Server

#: What a client of Postgres sends first if it wants TLS.
_SSL_REQUEST = struct.pack("!II", 8, 80877103)


def certify(folder: Path) -> Path:
    """Write a key and a certificate of its own for 127.0.0.1, `server.pem`, and the certificate alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a server of tests")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    encoding, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_password)
    (folder / "server.pem").write_bytes(secret + certificate)
    alone = folder / "root.crt"
    alone.write_bytes(certificate)
    return alone


@dataclass
class Encrypted:
    """Where the proxy listens.

    :ivar sessions: sessions that were encrypted.
    :ivar refused: sessions that requested something else first.
    """

    server: Server
    certificate: Path
    port: int = 0
    sessions: int = 0
    refused: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one session on to the server, once it is encrypted."""
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if await reader.readexactly(len(_SSL_REQUEST)) != _SSL_REQUEST:
                self.refused += 1
                return
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate.with_name("server.pem"))
            writer.write(b"S")
            await writer.start_tls(context)
            self.sessions += 1
            inner_reader, inner_writer = await asyncio.open_connection(HOST, self.server.port)
            await asyncio.gather(_pass(reader, inner_writer), _pass(inner_reader, writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer), contextlib.suppress(OSError):
        while block := await reader.read(1 << 16):
            writer.write(block)
            await writer.drain()


@pytest.fixture
def encrypted(postgres: Server, tmp_path: Path) -> Iterator[Encrypted]:
    """The tests' server behind TLS."""
    made = Encrypted(postgres, certify(tmp_path))
    loop = asyncio.new_event_loop()
    listener = loop.run_until_complete(asyncio.start_server(made.serve, HOST, 0))
    made.port = listener.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield made
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    listener.close()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
