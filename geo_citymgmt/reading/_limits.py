"""What is refused before it is opened: what is no local file, and what takes more than it may.

A file of a few kB can claim thousands of millions of cells, rows or bytes, and the libraries that
read it make room for them. What is claimed is looked at beforehand, against these limits; a file
that is truly so large is read after its limit, which has a name, has been raised.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np

from geo_citymgmt._languages import Text
from geo_citymgmt.errors import CityDataError, SourceError, did_you_mean
from geo_citymgmt.reading._messages import failure, phrase, refused, wording

#: A text is looked through piece by piece; so many bytes of zero in a row are no slip.
_CHUNK, _MOST_ZEROS = 1 << 20, 16 << 20
#: A scheme, as of an address or a drive; what a connection string says.
_MAPPING = re.compile(r"[A-Za-z][A-Za-z0-9_+.-]+:")
_CONNECTION = re.compile(r"\b(host|dbname|user|password|server|uid|pwd|database)\s*=", re.I)
_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True)
class ArchiveLimits:
    """How much an archive may hold before it is refused.

    Attributes
    ----------
    members : int
        Files and folders in it, and folders of a KML.
    total_bytes : int
        Unpacked size of all of them.
    ratio : float
        Unpacked to packed size of one member, where it is larger than ``ratio_from`` bytes: blank
        fields of a .dbf pack a hundred times smaller, a bomb a thousand times.
    """

    members: int = 10_000
    total_bytes: int = 4 << 30
    ratio: float = 300.0
    ratio_from: int = 32 << 20

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not is_number or not value > 0:
                raise CityDataError(
                    phrase("limit_value", item=item, value=value), remedy=phrase("limit_positive")
                )


@dataclass(frozen=True)
class ReadLimits(ArchiveLimits):
    """How much a source may take before it is refused, whatever its format.

    Attributes
    ----------
    cells : int
        Of one table or sheet: rows times columns, as far as it reaches.
    empty_cells : int
        Those among them that hold nothing: one stray cell far to the right and below makes a sheet
        of seventeen thousand million.
    empty_rows : int
        Rows of a Parquet or FlatGeobuf that take less than a byte each.
    columns : int
        Of a table, or fields of a layer.
    file_bytes : int
        Of a file that is read as a whole: text, JSON, KML, a shapefile, a workbook of 1997.
    line_bytes, cell_bytes : int
        One line and one cell of a delimited text.
    unpacked_bytes : int
        What a workbook unpacks to.
    column_bytes : int
        What one column of a Parquet, or the texts of a workbook, come to where long values are
        repeated in it.
    query_seconds, query_bytes : float, int
        How long a view or computed column of a GeoPackage may take, and what it may come to.

    See Also
    --------
    read_layer, load_city

    Examples
    --------
    >>> ReadLimits(columns=20_000).columns, ReadLimits().columns
    (20000, 2048)
    """

    cells: int = 100_000_000
    empty_cells: int = 20_000_000
    empty_rows: int = 1_000_000
    columns: int = 2048
    file_bytes: int = 2 << 30
    line_bytes: int = 64 << 20
    cell_bytes: int = 32 << 20
    unpacked_bytes: int = 2 << 30
    column_bytes: int = 1 << 28
    query_seconds: float = 5.0
    query_bytes: int = 1 << 30


_USUAL = ReadLimits()
_CURRENT: ContextVar[ReadLimits] = ContextVar("limits", default=_USUAL)


def current_limits() -> ReadLimits:
    """Return the limits that hold just now."""
    return _CURRENT.get()


@contextmanager
def allowing(limits: ArchiveLimits | None) -> Iterator[None]:
    """Let ``limits`` hold for what is read within; None leaves those that hold.

    Examples
    --------
    >>> with allowing(ReadLimits(columns=5)):
    ...     current_limits().columns
    5
    """
    if limits is None:
        yield
        return
    if not isinstance(limits, ReadLimits):
        limits = replace(current_limits(), **{f.name: getattr(limits, f.name)
                                              for f in fields(ArchiveLimits)})  # fmt: skip
    before = _CURRENT.set(limits)
    try:
        yield
    finally:
        _CURRENT.reset(before)


def within_limits(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let the ``limits`` that a function is given hold for all that it reads."""

    @wraps(function)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        given: Any = kwargs.get("limits")
        with allowing(given):
            return function(*args, **kwargs)

    return run


def limits_from(texts: tuple[str, ...]) -> ReadLimits | None:
    """Return the limits that ``NAME=NUMBER`` raise; None where nothing is said.

    Raises
    ------
    CityDataError
        No such limit, or no number.

    Examples
    --------
    >>> limits_from(("columns=20000",)).columns
    20000
    """
    names = [item.name for item in fields(ReadLimits)]
    given: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if name not in names:
            near = did_you_mean(name, names)
            raise CityDataError(
                Text(f"--limit {text}：没有这个上限。", f"--limit {text}: no such limit."),
                remedy=Text(
                    f"{near.zh}可用的有 {'、'.join(names)}。",
                    f"{near.en} There are {', '.join(names)}.".strip(),
                ),
            )
        try:
            number = float(value.replace(",", "").replace("_", ""))
            given[name] = int(number) if number.is_integer() else number
        except (ValueError, OverflowError) as error:
            raise CityDataError(
                Text(f"--limit {text}：不是数。", f"--limit {text}: not a number."),
                remedy=Text(
                    f"请写成 {name}={getattr(ReadLimits(), name)}。",
                    f"Write {name}={getattr(ReadLimits(), name)}.",
                ),
            ) from error
    return ReadLimits(**given) if given else None


def over_limit(
    key: str, name: str, limit: str, needed: float | None, /, **values: Any
) -> SourceError:
    """Return the error for a source beyond a limit: what to do, and how the limit is raised.

    Parameters
    ----------
    key : str
        Of ``messages.toml``: what there is too much of, without a stop at its end.
    name : str
        Of the source.
    limit : str
        Which of :class:`ReadLimits`.
    needed : float or None
        What the source takes; None where it cannot be known.
    **values
        What fills the gaps of the message.
    """
    cause, remedy = wording(key, **values)
    stated = getattr(current_limits(), limit)
    return refused(
        name,
        phrase("more_than_limit", cause=cause, stated=stated, limit=limit),
        raising(remedy, limit, stated * 10 if needed is None else needed),
    )


def raising(remedy: Text, limit: str, needed: float) -> Text:
    """Return a remedy with how a limit is raised to what is needed."""
    how = f"{limit}={math.ceil(needed)}"
    return phrase("raise_the_limit", usual=remedy, how=how)


def local_path(source: Any) -> Path:
    """Return the absolute path of an existing local file or folder.

    Raises
    ------
    SourceError
        SOURCE_REFUSED for addresses, connection strings, virtual and network paths, devices.
    """
    if not isinstance(source, (str, os.PathLike)):
        raise failure("source_type", type(source).__name__)
    text = os.fspath(source)
    text = os.fsdecode(text) if isinstance(text, bytes) else text
    refuse_addresses(text)
    path = Path(text).absolute()
    try:
        exists = path.exists()
    except (OSError, ValueError):
        exists = False
    if not exists:
        raise failure("source_missing", text)
    refuse_devices(path)
    return path


def refuse_devices(path: Path) -> None:
    """Refuse a device or pipe: opening one may wait for ever, reading one never end.

    What is not there passes; a link is what it points at.

    Raises
    ------
    SourceError
        SOURCE_REFUSED.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise failure("source_device", path.name)


def refuse_addresses(text: str) -> None:
    """Refuse what is no path of a local file, before anything looks whether it is there.

    Raises
    ------
    SourceError
        SOURCE_REFUSED.
    """
    lower = text.lstrip().lower()
    network = text.startswith(("\\\\", "//"))
    drive = os.name == "nt" and re.match(r"[A-Za-z]:[\\/]", text)
    scheme = _MAPPING.match(text.lstrip())
    if network or lower.startswith(("/vsi", "<", "{")) or _CONNECTION.search(text) or "\0" in text:
        pass
    elif not scheme or drive:
        return
    # What follows the scheme may hold a password: it is not repeated.
    label = f"{scheme[0]}…" if scheme else "…" if _CONNECTION.search(text) else text[:40]
    raise failure("source_address", repr(label))


def check_table(name: str, rows: int, columns: int, n_filled: int) -> None:
    """Refuse a table of too many columns, or in which a few values lie too far apart.

    Parameters
    ----------
    name : str
        Of the source.
    rows, columns, n_filled : int
        How far it reaches, and how many of its cells there are.

    Raises
    ------
    SourceError
        SOURCE_REFUSED.
    """
    limits, area = current_limits(), rows * columns
    if columns > limits.columns:
        raise over_limit("table_columns", name, "columns", columns, columns=columns)
    for limit, size in (("empty_cells", area - n_filled), ("cells", area)):
        if size > getattr(limits, limit):
            raise over_limit(
                "table_extent", name, limit, size, rows=rows, columns=columns, n_filled=n_filled
            )


def check_rows(path: Path, rows: int) -> None:
    """Refuse a file that claims more rows than it can hold.

    Raises
    ------
    SourceError
        SOURCE_REFUSED.
    """
    if rows > max(current_limits().empty_rows, path.stat().st_size):
        raise over_limit("file_rows", path.name, "empty_rows", rows, rows=rows)


def check_file_size(path: Path) -> None:
    """Refuse a file that is larger than what is read as a whole.

    Raises
    ------
    SourceError
        SOURCE_REFUSED.
    """
    size = path.stat().st_size
    if size > current_limits().file_bytes:
        raise over_limit("file_size", path.name, "file_bytes", size, size=size)


def check_text(path: Path) -> None:
    """Refuse a delimited text of which no memory holds a line, or that is mostly no text.

    Raises
    ------
    SourceError
        SOURCE_REFUSED for its size and its lines, SOURCE_UNREADABLE where zeros fill it.
    """
    check_file_size(path)
    longest, line, zeros = current_limits().line_bytes, 0, 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            zeros = zeros + _CHUNK if not chunk.strip(b"\0") else 0
            if zeros > _MOST_ZEROS:
                raise failure("text_zeros", path.name)
            # Lines that lie within a piece are shorter than any limit of use.
            last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            first = min((at for at in map(chunk.find, (b"\n", b"\r")) if at >= 0), default=-1)
            line = line + len(chunk) if first < 0 else line + first
            if line > longest:
                raise over_limit(
                    "text_line", path.name, "line_bytes", path.stat().st_size, line=line
                )
            line = line if first < 0 else len(chunk) - last - 1


@dataclass
class Extents:
    """How far the sheets of a workbook reach, and how many of their cells hold anything."""

    path: Path
    area: int = 0
    n_filled: int = 0

    def add(self, rows: int, columns: int, n_filled: int) -> None:
        """Take one more sheet.

        Raises
        ------
        SourceError
            SOURCE_REFUSED where all of them together are more than is laid out.
        """
        self.area, self.n_filled = self.area + rows * columns, self.n_filled + n_filled
        for limit, size in (("empty_cells", self.area - self.n_filled), ("cells", self.area)):
            if size > getattr(current_limits(), limit):
                raise over_limit(
                    "workbook_extent",
                    self.path.name,
                    limit,
                    size,
                    rows=rows,
                    columns=columns,
                    n_filled=n_filled,
                )


def check_texts(path: Path, n_bytes: int, size: int) -> None:
    """Refuse a workbook whose texts, each as often as cells hold it, come to more than memory.

    Parameters
    ----------
    path : Path
        The workbook.
    n_bytes : int
        What they come to.
    size : int
        What the workbook unpacks to: short texts that are repeated come to less.

    Raises
    ------
    SourceError
        SOURCE_REFUSED.
    """
    if n_bytes > max(current_limits().column_bytes, size):
        raise over_limit(
            "workbook_shared_texts", path.name, "column_bytes", n_bytes, n_bytes=n_bytes
        )


def total_length(lengths: list[int], named: list[int]) -> int:
    """Return what texts of ``lengths`` come to, each as often as ``named`` has its number.

    Examples
    --------
    >>> total_length([3, 5], [0, 1, 1, 7])
    13
    """
    at = np.asarray([k for k in named if k < len(lengths)], dtype=np.int64)
    return int(np.asarray(lengths, dtype=np.int64)[at].sum()) if len(at) else 0
