"""Breaking text into lines: Chinese anywhere but before a stop, words and numbers whole."""

from __future__ import annotations

from collections.abc import Callable

from geo_citymgmt.fonts import lacking
from geo_citymgmt.markup import visible_text

__all__ = ["broken", "drawable"]

_NO_START = "，。、；：！？）》”’％%,.;:!?)]"
_NO_END = "（《“‘(["


def drawable(text: str) -> str:
    """Return a text with what acts unseen spelt out, and a box for what the font cannot draw.

    Examples
    --------
    >>> drawable("甪直" + chr(0x202E) + "镇"), drawable("𠮷里")
    ('甪直[U+202E]镇', '□里')
    """
    text = visible_text(text)
    for char in lacking(text):
        text = text.replace(char, "□")
    return "".join(c for c in text if c.isprintable() or c == "\n")


def broken(
    text: str, width: float, measure: Callable[[str], float], *, indent: float = 0
) -> list[str]:
    """Break a text into lines.

    Parameters
    ----------
    text : str
        A line feed breaks in any case.
    width : float
        Of a line, in the unit of ``measure``.
    measure : callable
        Width of a text.
    indent : float
        Taken from the first line.

    Returns
    -------
    list of str
        At least one.

    Examples
    --------
    >>> broken("治理（350.3万平方米）。", 6, len)
    ['治理', '（350.3', '万平方米）。']
    """
    out: list[str] = []
    for paragraph in text.split("\n"):
        line, room = "", width - indent
        for word in _words(paragraph):
            if line and measure((line + word).rstrip()) > room:
                out.append(line.rstrip())
                line, room = "", width
            line += word if line or word.strip() else ""
            while len(line) > 1 and measure(line.rstrip()) > room:
                # One word wider than a line.
                k = next(k for k in range(2, len(line) + 1) if measure(line[:k]) > room) - 1
                out.append(line[:k])
                line, room = line[k:], width
        out.append(line.rstrip())
        indent = 0
    return out


def _words(text: str) -> list[str]:
    """Split into what may stand alone at an end of a line."""
    out: list[str] = []
    for char in text:
        latin = char.isascii() and not char.isspace()
        if out and (
            char in _NO_START
            or char.isspace()
            or out[-1][-1] in _NO_END
            or (latin and out[-1][-1].isascii() and not out[-1][-1].isspace())
        ):
            out[-1] += char
        else:
            out.append(char)
    return out
