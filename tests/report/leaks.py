"""Every text in a file, however it is packed: what a curious reader could find."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

_PACKED = re.compile(rb"[A-Za-z0-9+/]{60,}={0,2}")


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """Walk a folder and yield (where, text) of each file and of each part within it."""
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        for where, content in unpacked(file.name, file.read_bytes()):
            text = content.decode("utf-8", errors="replace")
            # A page may write a character as its number.
            yield where, re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)


def unpacked(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for part in archive.namelist():
                yield from unpacked(f"{name}/{part}", archive.read(part))
    elif name.endswith(".html"):
        for k, match in enumerate(_PACKED.finditer(content)):
            try:
                raw = base64.b64decode(match[0] + b"=" * (-len(match[0]) % 4))
            except binascii.Error:
                continue
            yield f"{name}#{k}", raw
            for unpack in (gzip.decompress, zlib.decompress, lambda b: zlib.decompress(b, -15)):
                try:
                    yield f"{name}#{k}, unpacked", unpack(raw)
                except (OSError, EOFError, zlib.error):
                    continue


def found(path: Path, secrets: list[str]) -> list[tuple[str, str]]:
    """Return each secret with where it stands."""
    return [(s, where) for where, text in texts(path) for s in secrets if s in text]
