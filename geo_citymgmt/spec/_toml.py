"""TOML files that people write: a mistake is told with its line and with what to write instead."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from geo_citymgmt._words import Text
from geo_citymgmt.errors import SpecError

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
        raise SpecError(
            Text(f"{path.name}：括号嵌套过深。", f"{path.name}: brackets are nested too deep."),
            remedy=Text("请核对括号是否成对。", "Check whether each of them is closed."),
        ) from error
    except ValueError as error:
        raise _mistake(path.name, text, str(error)) from error


def text_of(path: Path | resources.abc.Traversable) -> str:
    """Return the text of a file that is one, and in UTF-8."""
    if isinstance(path, Path):
        _require_file(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SpecError(
            Text(
                f"{path.name}：无法读取（{error.strerror}）。",
                f"{path.name}: cannot be read ({error.strerror}).",
            ),
            remedy=Text("请核对文件和权限。", "Check the file and its permissions."),
        ) from error
    remedy = Text(
        "请用记事本打开，“另存为”，编码选 UTF-8。",
        "Open it in an editor and save it with the encoding UTF-8.",
    )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SpecError(
            Text(
                f"{path.name}：不是 UTF-8 编码（第 {line} 行）。",
                f"{path.name}: not UTF-8 (line {line}, byte {error.start}).",
            ),
            remedy=remedy,
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SpecError(
            Text(
                f"{path.name}：第 {line} 行有空字符，不是 UTF-8 文本。",
                f"{path.name}: line {line} holds a NUL, the file is no text in UTF-8.",
            ),
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
        raise SpecError(
            Text(f"{path}：没有这个文件。", f"{path}: there is no such file."),
            remedy=Text("请核对文件名和所在文件夹。", "Check the name and the folder it is in."),
        ) from error
    if not stat.S_ISREG(state.st_mode):
        raise SpecError(
            Text(f"{path}：不是文件。", f"{path}: is no file."),
            remedy=Text("请给出 .toml 文本文件。", "Give a .toml, which is a text file."),
        )
    if state.st_size > LIMIT_BYTES:
        raise SpecError(
            Text(
                f"{path.name}：有 {state.st_size:,} 字节，超过 {LIMIT_BYTES:,}，不是设置文件。",
                f"{path.name}: {state.st_size:,} bytes, more than {LIMIT_BYTES:,}; it holds no "
                "settings.",
            ),
            remedy=Text("请核对文件。", "Check which file it is."),
        )


def _mistake(name: str, text: str, error: str) -> SpecError:
    lines = text.splitlines()
    place = _PLACE.search(error)
    number = int(place[1]) if place and place[1] else len(lines)
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    cause = _PLACE.sub("", error).strip()
    return SpecError(
        Text(
            f"{name} 第 {number} 行不合 TOML 格式：{line}（{cause}）。",
            f"{name}, line {number}: not valid TOML: {line} ({cause}).",
        ),
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
        return Text(
            "路径中的 \\ 请改为 /，或把双引号改为英文单引号。",
            "In a path write / for \\, or put it into single quotes.",
        )
    if cause.startswith(_TWICE):
        return Text(
            "这一项（或这一节）前面已经写过，请合并为一处。",
            "This entry or section is there already; put the two together.",
        )
    if re.match(r"\s*[^\s\"'=]*[^\x00-\x7f][^\"'=]*=", line):
        return Text("请给中文的名称加英文双引号。", "Put quotes around a name that is not ASCII.")
    return Text(
        '请按 名称 = "文字" 一行写一项，引号、括号成对且为英文符号。',
        'Write one entry a line, as in name = "text", and close each quote and bracket.',
    )
