"""Text that a spreadsheet would run, made inert and back again without loss.

Excel takes a cell of a .csv that begins with ``= + - @``, a tab or a carriage return for a
formula. Such a text gets an apostrophe before it on writing, and loses it on reading. A text that
already begins with apostrophes and one of these gets one more, so that the way back is exact.
"""

from __future__ import annotations

import pandas as pd

__all__ = ["is_active", "neutralise", "restore"]

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
