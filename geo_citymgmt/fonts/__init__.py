"""The Chinese font the package carries, and how matplotlib is told of it.

A bare machine has no Chinese font, and matplotlib draws boxes there. The file is a subset of Noto
Sans CJK SC (SIL Open Font License 1.1, see OFL.txt) under a name of its own: GB 2312, 甪, 堽, and
every character of the package's names and words.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

__all__ = ["CJK_FAMILY", "FAMILIES", "cjk_font_path", "drawable", "font_families", "lacking"]

#: Name of the font in the file. "Noto" is a trademark, and "Source" is reserved by its licence.
CJK_FAMILY = "City Sans SC"
#: Latin letters and figures first: a CJK font draws them wide and lacks some signs.
FAMILIES = ("DejaVu Sans", CJK_FAMILY)


def cjk_font_path() -> Path:
    """Return the path of the Chinese font: one static TrueType face that a PDF can embed.

    Returns
    -------
    Path
        The file, beside this module.

    Examples
    --------
    >>> cjk_font_path().suffix
    '.ttf'
    """
    return Path(__file__).parent / "CitySansSC-Regular.ttf"


@cache
def font_families() -> Sequence[str]:
    """Return the font families a chart with Chinese text uses, known to matplotlib from now on.

    Returns
    -------
    sequence of str
        For ``font.family`` of matplotlib; each character is drawn by the first that has it.

    Examples
    --------
    >>> import matplotlib
    >>> with matplotlib.rc_context({"font.family": list(font_families())}):
    ...     matplotlib.rcParams["font.family"][0]
    'DejaVu Sans'
    """
    from matplotlib import font_manager

    font_manager.fontManager.addfont(str(cjk_font_path()))
    return FAMILIES


@cache
def _covered() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(cjk_font_path())).get_charmap())


def lacking(text: str) -> str:
    """Return the characters of a text that the Chinese font cannot draw, each once.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        In order of first appearance; empty where all can be drawn. Control characters are not
        drawn and do not count.

    Examples
    --------
    >>> lacking("甪直镇 1,200 处"), lacking("𠮷")
    ('', '𠮷')
    """
    covered = _covered()
    return "".join(c for c in dict.fromkeys(text) if ord(c) not in covered and c.isprintable())


@cache
def _drawn() -> frozenset[int]:
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    latin = FT2Font(font_manager.findfont(FAMILIES[0], fallback_to_default=False))
    return _covered() | frozenset(latin.get_charmap())


def drawable(text: str) -> str:
    """Return text in which what no font of a chart can draw is the mark 〓.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Line ends are kept.

    Examples
    --------
    >>> drawable("𠮷家浜")
    '〓家浜'
    """
    known = _drawn()
    return "".join(c if ord(c) in known or c == "\n" else "〓" for c in text)
