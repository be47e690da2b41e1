"""What a bulletin consists of, before it is a document, a page or a picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

__all__ = ["Bulletin", "Column", "Heading", "Paragraph", "Part", "Table"]


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


Part = Heading | Paragraph | Table


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
    parts : list of Heading, Paragraph or Table
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
    def tables(self) -> list[Table]:
        """The tables in their order."""
        return [part for part in self.parts if isinstance(part, Table)]
