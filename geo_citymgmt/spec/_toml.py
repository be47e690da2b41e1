"""TOML files that people write: a mistake is told with its line and with what to write instead."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from geo_citymgmt._words import Messages, Text
from geo_citymgmt.errors import SpecError

_MESSAGES = Messages("geo_citymgmt.spec")

#: What a person writes is far smaller; what is larger is something else.
LIMIT_BYTES = 8 << 20
_PLACE = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")
_WRITTEN = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')
#: The signs of a Chinese keyboard for those that TOML knows.
_WIDE = {
    "“": '"', "”": '"', "‘": "'", "’": "'", "「": '"', "」": '"', "＂": '"', "＝": "=", "，": ",",
    "、": ",", "［": "[", "］": "]", "【": "[", "】": "]", "｛": "{", "｝": "}", "＃": "#",
    "．": ".", "\u3000": " ",
}  # fmt: skip
_TWICE = ("Cannot declare", "Cannot overwrite", "Cannot mutate", "Duplicate inline")
_ESCAPE = ("Unescaped '\\'", "Invalid hex value", "Escaped character")
_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEYS = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_KEYS})\s*\]")
_ENTRY = re.compile(rf"\s*({_KEYS})\s*=")


def read_toml(path: Path | resources.abc.Traversable) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    SpecError
        It is no text file in UTF-8, or has a mistake: its line is shown, with what to do.
    """
    text = text_of(path)
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise _MESSAGES.error(SpecError, "nested_too_deep", path=path) from error
    except ValueError as error:
        raise _mistake(path.name, text, str(error)) from error


def text_of(path: Path | resources.abc.Traversable) -> str:
    """Return the text of a file that is one, and in UTF-8."""
    if isinstance(path, Path):
        _require_file(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _MESSAGES.error(SpecError, "cannot_be_read", path=path, error=error) from error
    remedy = _MESSAGES("save_as_utf8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SpecError(
            _MESSAGES("no_utf8", path=path, line=line, error=error),
            remedy=remedy,
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SpecError(
            _MESSAGES("holds_nul", path=path, line=line),
            remedy=remedy,
        )
    return text.lstrip("\ufeff")


def line_of(text: str, keys: Sequence[str]) -> int | None:
    """Return the line of an entry, or of what comes nearest to it; None where nothing does.

    Examples
    --------
    >>> text = 'code = "1"\\n[layers.manholes]\\npath = "a.shp"'
    >>> line_of(text, ["layers", "manholes", "path"]), line_of(text, ["layers", "manholes", "crs"])
    (3, 2)
    >>> line_of(text, ["zones"]) is None
    True
    """
    section: list[str] = []
    best, found = 0, None
    for number, line in enumerate(text.splitlines(), 1):
        header, entry = _HEADER.match(line), _ENTRY.match(line)
        if header is not None:
            section = _parts(header[1])
        elif entry is None:
            continue
        at = section + (_parts(entry[1]) if header is None and entry is not None else [])
        # What stands deeper than what is asked for begins with it too.
        same = 0
        for given, asked in zip(at, keys, strict=False):
            if given != asked:
                break
            same += 1
        is_near = same == len(keys) or same == len(at)
        if is_near and same > best:
            best, found = same, number
    return found


def _parts(keys: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_KEY, keys)]


def _require_file(path: Path) -> None:
    """Refuse what is no file before it is opened: a device never ends, a pipe never begins."""
    try:
        state = path.stat()
    except (OSError, ValueError) as error:
        raise _MESSAGES.error(SpecError, "no_such_file", path=path) from error
    if not stat.S_ISREG(state.st_mode):
        raise _MESSAGES.error(SpecError, "is_no_file", path=path)
    if state.st_size > LIMIT_BYTES:
        raise _MESSAGES.error(
            SpecError, "too_large", path=path, size=state.st_size, most=LIMIT_BYTES
        )


def _mistake(name: str, text: str, error: str) -> SpecError:
    lines = text.splitlines()
    place = _PLACE.search(error)
    number = int(place[1]) if place and place[1] else len(lines)
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    cause = _PLACE.sub("", error).strip()
    return SpecError(
        _MESSAGES("no_toml", name=name, number=number, line=line, cause=cause),
        remedy=_remedy(line, cause),
    )


def _remedy(line: str, cause: str) -> Text:
    """What to write instead, as far as the line shows what was meant."""
    wide = [sign for sign in dict.fromkeys(_WRITTEN.sub("", line)) if sign in _WIDE]
    if wide:
        # Nothing is shown for a blank, whatever its width.
        zh = "、".join(
            "全角空格改为半角空格" if s == "\u3000" else f"{s} 改为 {_WIDE[s]}" for s in wide
        )
        en = ", ".join(
            f"U+{ord(s):04X} by {'a space' if _WIDE[s] == ' ' else _WIDE[s]}" for s in wide
        )
        return Text(f"请用英文（半角）符号：{zh}。", f"Replace full-width signs: {en}.")
    if "\\" in line and cause.startswith(_ESCAPE):
        return _MESSAGES("in_a_path")
    if cause.startswith(_TWICE):
        return _MESSAGES("entry_twice")
    if re.match(r"\s*[^\s\"'=]*[^\x00-\x7f][^\"'=]*=", line):
        return Text("请给中文的名称加英文双引号。", "Put quotes around a name that is not ASCII.")
    return _MESSAGES("one_entry_a_line")
