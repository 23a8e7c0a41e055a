"""Checksums of DRS objects: their types as servers name them, and those that can be computed here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

#: Type as IANA names it -> name of the algorithm in hashlib, strongest first.
ALGORITHMS = {"sha-512": "sha512", "sha-256": "sha256", "sha-1": "sha1", "md5": "md5"}
_TYPES = {algorithm: name for name, algorithm in ALGORITHMS.items()}
_HEX = re.compile("[0-9a-f]+")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Checksum:
    """A checksum.

    :param type: `sha-256`, `md5`; a type that cannot be computed here as the server names it.
    :param value: lower-case hexadecimal digits; of another type as sent.
    """

    type: str
    value: str

    @property
    def is_known(self) -> bool:
        """Whether it can be computed here."""
        return self.type in ALGORITHMS

    def digest(self, content: BinaryIO) -> str:
        """The checksum of this type of a file, read to its end."""
        made = hashlib.new(ALGORITHMS[self.type], usedforsecurity=False)
        while block := content.read(_BLOCK):
            made.update(block)
        return made.hexdigest()


def read_checksum(type_name: str, value: str) -> Checksum:
    """A checksum as a server gives it: `SHA256` is `sha-256`; Base64, as of object storages, is read, too."""
    plain = re.sub("[-_ ]", "", type_name.strip().lower())
    name = _TYPES.get(plain, type_name.strip().lower())
    if name not in ALGORITHMS:
        return Checksum(name, value.strip())
    size = hashlib.new(ALGORITHMS[name], usedforsecurity=False).digest_size
    digits = value.strip().lower()
    if len(digits) == 2 * size and _HEX.fullmatch(digits):
        return Checksum(name, digits)
    try:
        found = base64.b64decode(value.strip(), validate=True)
    except binascii.Error:
        found = b""
    return Checksum(name, found.hex() if len(found) == size else value.strip())


def of_children(children: Iterable[Iterable[Checksum]]) -> tuple[Checksum, ...]:
    """The checksums of a bundle: of each type that all of its direct children have.

    The digits of the children are sorted, put together and digested, as the specification says.
    """
    known = [{item.type: item.value for item in child if item.is_known} for child in children]
    shared = set(ALGORITHMS).intersection(*known)
    made = []
    for name, algorithm in ALGORITHMS.items():
        if name in shared:
            text = "".join(sorted(child[name] for child in known))
            made.append(
                Checksum(name, hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest())
            )
    return tuple(made)
