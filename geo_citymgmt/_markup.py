"""The one place where text from data is made safe: for HTML, for JavaScript, for a spreadsheet."""

from __future__ import annotations

import html
import json
import re
from contextlib import suppress
from typing import Any

import pandas as pd

# folium writes template literals, so the marks of JavaScript count as well as those of HTML.
_MARKUP = {ord(mark): f"&#{ord(mark)};" for mark in "&<>\"'`${}\\"}

# Characters that turn the reading direction, and the other invisible controls: a name may not
# reorder or blank the words around it.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_LINE_ENDS = {"\u2028": "\n", "\u2029": "\n"}


def visible_text(value: object) -> str:
    r"""Return the value as text in which no character acts unseen.

    Direction marks and control characters are spelt out as ``[U+202E]``; the Unicode line and
    paragraph separators, which end a line in older JavaScript, become ordinary line ends.

    Parameters
    ----------
    value : object
        Anything; it is converted with ``str``.

    Returns
    -------
    str

    Examples
    --------
    >>> visible_text("a\u202eb")
    'a[U+202E]b'
    """
    text = str(value)
    if text.isprintable():
        # As nearly all are: what acts unseen is not printable, nor is a surrogate.
        return text
    for separator, line_end in _LINE_ENDS.items():
        text = text.replace(separator, line_end)
    # A lone surrogate cannot be written as UTF-8.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return _CONTROLS.sub(lambda match: f"[U+{ord(match.group()):04X}]", text)


def sound_text(text: str) -> str:
    """Return a text that can be written: names of files that are no UTF-8 are read as GB18030.

    Archives of Windows unpacked on Linux leave such names; Python gives their bytes as lone
    surrogates, which no table and no file takes.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> sound_text("井".encode("gbk").decode("utf-8", "surrogateescape"))
    '井'
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        # UTF-8 first: a bare server takes every name for ASCII.
        for encoding in ("utf-8", "gb18030"):
            with suppress(UnicodeError):
                return text.encode("utf-8", "surrogateescape").decode(encoding)
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


def escape_text(value: object) -> str:
    """Return the value as HTML that shows it and does nothing else.

    Safe in element content, in quoted attributes, and in HTML that folium puts into a JavaScript
    string or template literal (a popup, a tooltip, the name of a layer).

    Parameters
    ----------
    value : object
        Anything; it is converted with ``str``.

    Returns
    -------
    str

    Examples
    --------
    >>> escape_text("<b>${1}</b>")
    '&#60;b&#62;&#36;&#123;1&#125;&#60;/b&#62;'
    """
    return visible_text(value).translate(_MARKUP)


#: Made once: ``json.dumps`` makes one anew for each of the rows of a list.
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def json_for_script(value: Any) -> str:
    r"""Return the value as JSON that may stand inside a ``<script>`` element.

    Parameters
    ----------
    value : object
        What ``json.dumps`` takes, without NaN.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the value holds NaN or infinity, which JSON cannot say.

    Examples
    --------
    >>> json_for_script({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = _JSON.encode(value)
    # All of these can stand only inside the strings of a JSON text.
    for mark in "<>&'`\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    # So can these; branca takes what is written into a page for a template.
    text = re.sub(r"\{(?=[{%#])", r"\\u007b", text)
    text = text.encode("utf-8", "replace").decode("utf-8")
    return _CONTROLS.sub(lambda match: f"[U+{ord(match.group()):04X}]", text)


def escape_page(page: str) -> str:
    """Return a finished page as the value of a quoted attribute, such as ``srcdoc``.

    Nothing of it is changed for the reader: what the page holds is safe already.

    Parameters
    ----------
    page : str
        Finished HTML.

    Returns
    -------
    str

    Examples
    --------
    >>> escape_page('<p title="a">&#60;</p>')
    '&lt;p title=&quot;a&quot;&gt;&amp;#60;&lt;/p&gt;'
    """
    return html.escape(page)


# The full-width forms too: a spreadsheet in a Chinese or Japanese locale folds them.
_LIVE = "[=+\\-@\t\r\n＝＋－＠]"
_ACTIVE = f"'*{_LIVE}"
_INERT = f"'+{_LIVE}"


def is_active(values: pd.Series) -> pd.Series:
    """Which texts of ``values`` would be live in a spreadsheet, or look like one made inert.

    Examples
    --------
    >>> is_active(pd.Series(["=1+1", "一", None, "'@x"])).tolist()
    [True, False, False, True]
    """
    return values.astype("str").str.match(_ACTIVE, na=False).astype(bool)


def neutralise(values: pd.Series) -> pd.Series:
    """Return ``values`` with an apostrophe before each active text.

    Examples
    --------
    >>> neutralise(pd.Series(["=1+1", "'=x", "'quoted'"])).tolist()
    ["'=1+1", "''=x", "'quoted'"]
    """
    hit = is_active(values)
    return values.where(~hit, "'" + values.astype("str"))


def restore(values: pd.Series) -> pd.Series:
    """Take back what :func:`neutralise` did.

    Examples
    --------
    >>> restore(pd.Series(["'=1+1", "''=x", "'quoted'"])).tolist()
    ['=1+1', "'=x", "'quoted'"]
    """
    texts = values.astype("str")
    # Hardly a column holds an apostrophe in front: one plain look spares the pattern.
    if not texts.str.startswith("'", na=False).any():
        return values
    hit = texts.str.match(_INERT, na=False).astype(bool)
    return values.where(~hit, texts.str[1:])
