"""The text of a drawing: in which encoding it is, and what CAD writes for other characters."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from geo_citymgmt.reading.sniff import unreadable
from geo_citymgmt.words import Text

__all__ = ["cad_text", "cad_words", "stated_encoding", "text_encoding"]

_LATIN = re.compile(rb"[\x80-\xff][^\r\n]*")
#: Lines of text by which the encoding is told.
_SAMPLED = 100_000
#: From this version on text is in UTF-8, by definition.
_UTF8_SINCE = "AC1021"
#: What is unreadable; so many characters for each such one, and so many pairs, tell an encoding.
_LOST, _FEW, _MOST = "\ufffd", 6, 0.9
_GB2312 = re.compile(rb"(?:[\xa1-\xa9\xb0-\xf7][\xa1-\xfe])+")
_ESCAPED = re.compile(
    r"\\U\+([0-9A-Fa-f]{4})|\\M\+(\d)([0-9A-Fa-f]{4})|%%([cdpCDP%])|%%(\d{3})|%%[uoUO]"
)
_SIGNS = {"c": "Ø", "d": "°", "p": "±", "%": "%"}


@cache
def cad_words() -> dict[str, Any]:
    """Return what objects, units and code pages of a drawing are (``cad.toml``).

    Examples
    --------
    >>> cad_words()["records"]["INSERT"], cad_words()["codepages"]["ANSI_936"]
    ('point', 'GB18030')
    """
    text = resources.files(__package__).joinpath("cad.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def cad_text(value: bytes, encoding: str) -> str:
    r"""Return a text of a drawing with the characters that its escapes stand for.

    Examples
    --------
    >>> cad_text(rb"\U+96E8\U+6C34\M+5BEAE %%c700", "GB18030")
    '雨水井 Ø700'
    """
    text = value.decode(encoding, "replace")
    return _ESCAPED.sub(_unescaped, text).strip() if "\\" in text or "%%" in text else text.strip()


def _unescaped(found: re.Match[str]) -> str:
    wide, page, number, sign, place = found.groups()
    if wide:
        return chr(int(wide, 16))
    if number:
        known = cad_words()["multibyte"].get(page)
        return found[0] if known is None else bytes.fromhex(number).decode(known, "replace")
    if sign:
        return _SIGNS[sign.lower()]
    return chr(int(place)) if place else ""


def stated_encoding(version: str, codepage: str) -> str:
    """Return the encoding that a drawing states; empty where it states none that is known."""
    if version >= _UTF8_SINCE:
        return "UTF-8"
    return str(cad_words()["codepages"].get(codepage, ""))


def text_encoding(path: Path, data: Any, stated: str, given: str | None) -> tuple[str, str]:
    """Return the encoding of the text of a drawing, and how it is known."""
    texts = b"\n".join(m[0] for m, _ in zip(_LATIN.finditer(data), range(_SAMPLED), strict=False))
    if given is not None:
        if not _decodes(texts, given):
            raise unreadable(
                path.name,
                Text(
                    f"文字不是所指定的编码 {given}。",
                    f"its text is not {given}, which was given as encoding.",
                ),
                Text(
                    "请去掉 encoding 由程序判定，或改为实际的编码。",
                    "Leave 'encoding' out, and it is told from the bytes, or give the true one.",
                ),
            )
        return given, "given"
    if not texts:
        return stated or "UTF-8", "file" if stated else "ascii"
    # Many programs write the one and state the other. UTF-8 proves itself by its longer
    # characters; two bytes of 0xA1 and more each are Chinese in GB 2312 and hardly ever Latin.
    if _fits(texts, "UTF-8") and (stated in ("", "UTF-8") or _has_long(texts)):
        return "UTF-8", "file" if stated == "UTF-8" else "inferred"
    if stated in ("", "UTF-8", *_single_bytes()):
        likely = "GB18030" if _is_gb2312(texts) or stated in ("", "UTF-8") else stated
    else:
        likely = stated
    for name in (likely, "GB18030"):
        if _fits(texts, name):
            return name, "file" if name == stated else "inferred"
    raise unreadable(
        path.name,
        Text(
            f"文字既不是写明的编码（{stated or '未写明'}），也不是 UTF-8 或 GB18030。",
            f"its text is neither in the encoding it states ({stated or 'none'}) nor UTF-8 or "
            "GB18030.",
        ),
        Text(
            "请在 CAD 中另存为 DXF（2010 版），或在 city.toml 写 encoding（Python：encoding=）。",
            "Save it as DXF (2010) in the CAD program, or give 'encoding' in city.toml (Python: "
            "encoding=).",
        ),
    )


def _decodes(texts: bytes, encoding: str) -> bool:
    try:
        texts.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _fits(texts: bytes, encoding: str) -> bool:
    """Whether all but a few characters can be read: one that was cut is no other encoding."""
    text = texts.decode(encoding, "replace")
    return text.count(_LOST) * _FEW <= len(text) - len(text.encode("ascii", "ignore"))


def _has_long(texts: bytes) -> bool:
    """Whether UTF-8 has characters of three bytes."""
    return max(texts.decode("utf-8", "ignore"), default="") > "\u07ff"


def _is_gb2312(texts: bytes) -> bool:
    """Whether nearly all bytes beyond ASCII are pairs of GB 2312."""
    n_paired = sum(map(len, _GB2312.findall(texts)))
    n_high = len(texts) - len(texts.translate(None, bytes(range(128, 256))))
    return n_paired >= _MOST * n_high


@cache
def _single_bytes() -> frozenset[str]:
    """Return the encodings in which every byte is a character, so that nearly all text fits."""
    stated = set(cad_words()["codepages"].values())
    return frozenset(name for name in stated if name.startswith(("cp125", "cp437", "cp85", "ISO")))
