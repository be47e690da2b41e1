"""What else an office has: files that are not read, known by how they begin, with the way out.

Nothing of them is opened: of a pickle, which could run anything, the signs are looked at, and of
what is packed the first bytes.
"""

from __future__ import annotations

import bz2
import lzma
import pickletools
import tomllib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from geo_citymgmt.words import Text

__all__ = ["unread_compound", "unread_kind"]

#: Within so many bytes a file that is no text has a zero.
_START = 64
#: So much of what is packed is looked at, and so many signs of a pickle.
_PEEKED, _SIGNS = 4096, 6
_PICKLE = (
    Text(
        "是 Python 的 pickle 文件（打开它可以运行任何程序），不能读取。",
        "a pickle of Python, which could run anything, so it is not read.",
    ),
    Text("请用 to_parquet 或 to_file 另存。", "Save the frame by to_parquet or to_file."),
)
#: With which pickles of protocols 2 to 5 begin, and signs those of 0 and 1 begin with.
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in (2, 3, 4, 5))
_FIRST_SIGNS = ("GLOBAL", "MARK", "EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE")
#: Of which every pickle has one among its first.
_TELLING = frozenset(("GLOBAL", "PUT", "BINPUT", "DICT", "LIST"))
_UNPACKERS: dict[bytes, Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]] = {
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lzma.LZMADecompressor,
}
_GZIP, _ZLIB = b"\x1f\x8b", (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


#: What the streams of a compound file say that it is.
_STREAMS = {
    "EncryptedPackage": (
        Text("工作簿有密码。", "the workbook has a password."),
        Text("请另存为无密码的文件。", "Save it without."),
    ),
    "WordDocument": (
        Text("是 Word 文档，不是表格。", "a document of Word, no table."),
        Text(
            "请把其中的表格复制到 Excel 或 WPS 表格，另存为 .xlsx。",
            "Copy the table in it into a spreadsheet and save that as .xlsx.",
        ),
    ),
}


@dataclass(frozen=True)
class _Kind:
    """A kind of file: how it begins, what it is, and what to do with it."""

    begins: bytes
    at: int
    says: str
    binary: bool
    cause: Text
    remedy: Text


def unread_kind(head: bytes) -> tuple[Text, Text] | None:
    """Return what a file is that no reader takes, and how it is to be saved instead.

    Parameters
    ----------
    head : bytes
        How it begins, some thousands of bytes.

    Examples
    --------
    >>> unread_kind(b"Rar!\\x1a\\x07\\x00")[1].en
    'Unpack it first and give the folder, or pack it as .zip.'
    >>> unread_kind(b"id,lon,lat") is None
    True
    """
    if _is_pickle(head) or _is_pickle(_packed(head)):
        return _PICKLE
    is_text = b"\0" not in head[:_START]
    text = _text_of(head[:_PEEKED]).casefold()
    for kind in _kinds():
        if kind.says:
            hit = text.startswith(kind.says.casefold())
        else:
            hit = head.startswith(kind.begins, kind.at) and not (kind.binary and is_text)
        if hit:
            return kind.cause, kind.remedy
    return None


def unread_compound(path: Path) -> tuple[Text, Text] | None:
    """Return what a compound file of Office is, where it is no workbook that can be opened.

    Its directory says so; what is locked is wrapped as a whole, and looks like nothing else.
    """
    with path.open("rb") as file:
        head = file.read(512)
        if len(head) < 512:
            return None
        size, first = 1 << min(head[30], 12), int.from_bytes(head[48:52], "little")
        file.seek((first + 1) * size)
        directory = file.read(_PEEKED)
    names = {
        directory[at : at + 64].decode("utf-16-le", "ignore").partition("\0")[0]
        for at in range(0, len(directory), 128)
    }
    return next((told for name, told in _STREAMS.items() if name in names), None)


@cache
def _kinds() -> list[_Kind]:
    file = resources.files(__package__) / "refused.toml"
    rows = tomllib.loads(file.read_text(encoding="utf-8"))["file"]
    return [
        _Kind(
            bytes.fromhex(row.get("begins", "")),
            row.get("at", 0),
            row.get("says", ""),
            row.get("binary", False),
            Text(f"是{row['zh']}，不能读取。", f"{row['en']}, which is not read."),
            Text(row["remedy_zh"], row["remedy_en"]),
        )
        for row in rows
    ]


def _text_of(head: bytes) -> str:
    """Return the beginning of a text without marks and blanks before it."""
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = head.decode("utf-16" if wide else "utf-8", "ignore")
    return text.lstrip("\ufeff \t\r\n")


def _is_pickle(head: bytes) -> bool:
    """Whether bytes are a pickle, by signs that a text does not have in this order."""
    if head.startswith(_PICKLES):
        return True
    if not head or head[:1] not in b"c(}])":
        return False
    names = []
    try:
        for sign, _, _ in pickletools.genops(head):
            names.append(sign.name)
            if len(names) == _SIGNS or sign.name == "STOP":
                break
    except Exception:  # of whatever kind its own reader raises: it is none
        return False
    is_begun = names[0] in _FIRST_SIGNS and not _TELLING.isdisjoint(names)
    return is_begun and (names[-1] == "STOP" or len(names) == _SIGNS)


def _packed(head: bytes) -> bytes:
    """Return the first bytes of what is packed; nothing where that cannot be told."""
    try:
        if head.startswith((_GZIP, *_ZLIB)):
            return zlib.decompressobj(47).decompress(head, _PEEKED)
        for begins, unpacker in _UNPACKERS.items():
            if head.startswith(begins):
                return unpacker().decompress(head, _PEEKED)
    except (zlib.error, OSError, lzma.LZMAError, EOFError):
        pass
    return b""
