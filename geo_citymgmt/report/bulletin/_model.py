"""What a bulletin consists of, before it is a document, a page or a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from geo_citymgmt._languages import Text
from geo_citymgmt._markup import visible_text
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.fonts import lacking


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; ``annex`` begins a new page and what a picture for the phone leaves out."""

    text: str
    annex: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of running text, with a lead that stands out."""

    text: str
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the group it stands under (empty for none), its heading, its width in shares."""

    group: str
    head: str
    width: float
    number: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts; ``strong`` are the rows of sums."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    strong: frozenset[int] = frozenset()
    note: str = ""

    def groups(self) -> list[tuple[str, int, int]]:
        """Return each group of columns with its first column and how many it spans."""
        out: list[tuple[str, int, int]] = []
        for c, column in enumerate(self.columns):
            if column.group and out and out[-1][0] == column.group:
                out[-1] = (column.group, out[-1][1], out[-1][2] + 1)
            else:
                out.append((column.group, c, 1))
        return out

    def texts(self, c: int) -> list[str]:
        """Return what stands in column ``c``, its head first."""
        return [self.columns[c].head, *(row[c] for row in self.rows)]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: its title, which says what it shows, a PNG and its size in pixels."""

    title: str
    png: bytes
    width: int
    height: int


def is_band(row: Sequence[str]) -> bool:
    """Tell whether a row names the rows below it and has no numbers of its own."""
    return len(row) > 1 and bool(row[0]) and not any(row[1:])


Part = Heading | Paragraph | Table | Picture


@dataclass(frozen=True)
class Bulletin:
    """A bulletin: title, what it is about, its parts in order.

    Attributes
    ----------
    title, issue : str
        The title, and the line under it with period and date.
    day : Timestamp
        The day of every figure.
    signed : str
        The day in words, at the end.
    source : str
        Where the data is from.
    stamp : str
        Marking of the release; empty for none.
    lang : {"zh", "en"}
    parts : list of Heading, Paragraph, Table or Picture
    """

    title: str
    issue: str
    day: pd.Timestamp
    signed: str
    source: str
    stamp: str
    lang: str
    parts: list[Part] = field(default_factory=list)

    @property
    def body(self) -> list[Part]:
        """What stands above day and source: all but the annexes."""
        annexes = (k for k, p in enumerate(self.parts) if isinstance(p, Heading) and p.annex)
        return self.parts[: next(annexes, len(self.parts))]

    @property
    def tables(self) -> list[Table]:
        """The tables in their order."""
        return [part for part in self.parts if isinstance(part, Table)]


_NO_START = "，。、；：！？）》”’％%,.;:!?)]"
_NO_END = "（《“‘(["


def drawable(text: str) -> str:
    """Return a text with what acts unseen spelt out, and a box for what the font cannot draw.

    Examples
    --------
    >>> drawable("甪直" + chr(0x202E) + "镇"), drawable("𠮷里"), drawable("内部　资料")
    ('甪直[U+202E]镇', '□里', '内部　资料')
    """
    text = visible_text(text).replace("\xa0", " ")
    for char in lacking(text):
        text = text.replace(char, "□")
    return "".join(c for c in text if c.isprintable() or c in "\n\u3000")


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


def least_width(texts: Iterable[str], measure: Callable[[str], float]) -> float:
    """Return the width below which a word of one of the texts would be parted.

    Examples
    --------
    >>> least_width(["待治理面积\\n（平方米）", "1,351.70"], len)
    8
    """
    words = {word.rstrip() for text in texts for word in _words(drawable(text))}
    return max(map(measure, words), default=0)


def column_widths(asked: Sequence[float], least: Sequence[float], width: float) -> list[float]:
    """Share a width as columns ask for it, none below its least while there is room for all.

    Parameters
    ----------
    asked : sequence of float
        In any unit; what they make of the whole counts.
    least, width : float
        Of each column and of all of them, in one unit. Where there is not room for all, the
        widest give: a text without a gap may be of any length.

    Examples
    --------
    >>> column_widths([2, 1, 1], [10, 40, 10], 100)
    [40.0, 40.0, 20.0]
    >>> column_widths([1, 1, 1], [10, 500, 90], 100)
    [10.0, 45.0, 45.0]
    """
    share = np.array(asked, dtype=float)
    floor = np.array(least, dtype=float)
    if floor.sum() > width:
        ordered = np.sort(floor)
        left = width - np.concatenate([[0.0], np.cumsum(ordered)[:-1]])
        caps = left / np.arange(len(ordered), 0, -1)
        floor = np.minimum(floor, caps[np.argmax(ordered >= caps)])
    out, tight = share / share.sum() * width, np.zeros(len(share), dtype=bool)
    while (out < floor - 1e-9).any():
        tight |= out < floor
        rest, room = share * ~tight, width - floor[tight].sum()
        out = np.where(tight, floor, rest / max(rest.sum(), 1e-9) * room)
    return [float(each) for each in out]


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


@contextmanager
def needed() -> Iterator[None]:
    """Turn a missing library into an error that names the extra to install."""
    try:
        yield
    except ImportError as error:
        raise CityDataError(
            Text(
                f"生成通报需要 {error.name}，尚未安装。",
                f"a bulletin needs {error.name}, which is not installed.",
            ),
            remedy=Text(
                '请安装附加组件：pip install "geo_citymgmt[bulletin]"。',
                'Install the extra: pip install "geo_citymgmt[bulletin]".',
            ),
        ) from error
