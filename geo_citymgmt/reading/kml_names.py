"""Names of the data of a KML that GDAL would spell alike: each sign that is not ASCII becomes "_".

They are written in ASCII before GDAL reads the file, and spelt as they were afterwards.
"""

from __future__ import annotations

import re
from html import unescape

__all__ = ["ascii_names", "spelt_name"]

_MARK = "gcmx"
_NAMED = re.compile(r"<(?:Data|SimpleData|SimpleField)\b[^>]*?\bname\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_NAME = re.compile(r"(\bname\s*=\s*)(?:\"([^\"]*)\"|'([^']*)')")
_DECLARED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)[\"']")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def ascii_names(text: bytes) -> bytes | None:
    """Return a KML with the names of its data in ASCII; None where they are, or it has no text.

    Examples
    --------
    >>> ascii_names('<kml><Data name="面积"/></kml>'.encode())
    b'<kml><Data name="gcmxe99da2e7a7af"/></kml>'
    >>> ascii_names(b'<kml><Data name="area"/></kml>') is None
    True
    """
    declared = _DECLARED.search(text[:200])
    encoding = declared[1].decode() if declared else "utf-8"
    try:
        said = text.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return None
    written = _NAMED.sub(_as_ascii, said)
    return None if written == said else written.encode(encoding)


def spelt_name(column: str) -> str:
    """Return the name that :func:`ascii_names` has written in ASCII; any other as it is.

    Examples
    --------
    >>> spelt_name("gcmxe99da2e7a7af"), spelt_name("area")
    ('面积', 'area')
    """
    digits = column.removeprefix(_MARK)
    if digits == column or not re.fullmatch(r"(?:[0-9a-f]{2})+", digits):
        return column
    return bytes.fromhex(digits).decode("utf-8", "replace")


def _as_ascii(element: re.Match[str]) -> str:
    return _NAME.sub(_named, element[0])


def _named(match: re.Match[str]) -> str:
    name = unescape(match[2] if match[2] is not None else match[3])
    if not name or _PLAIN.fullmatch(name):
        return match[0]
    return f'{match[1]}"{_MARK}{name.encode("utf-8").hex()}"'
