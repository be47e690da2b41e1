"""Raster tiles of one file, MBTiles or PMTiles, read so that a page can hold them."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geo_citymgmt.errors import MapError
from geo_citymgmt.words import Text

_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"RIFF", "image/webp"),
    (b"\x00\x00\x00", "image/avif"),
)
# A directory of PMTiles names at most this many tiles before the file is taken for broken.
_MOST_ENTRIES = 5_000_000
_MOST_DIRECTORY = 64 * 2**20
# A few bytes may stand for any number of equal tiles.
_MOST_TILES = 200_000

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Tiles:
    """Tiles as a page holds them: each different picture once.

    ``index`` gives for ``z/x/y`` (rows from the north) a place in ``pictures``, which are the part
    of a ``data:`` address after the colon.
    """

    index: dict[str, int]
    pictures: list[str]
    min_zoom: int
    max_zoom: int
    attribution: str


def read_tiles(
    path: Path, *, max_bytes: int, max_zoom: int | None = None, bounds: Bounds | None = None
) -> Tiles:
    """Read the tiles of a file.

    Parameters
    ----------
    path : Path
        MBTiles or PMTiles (version 3), told apart by what the file holds.
    max_bytes : int
        How large the pictures may be together.
    max_zoom : int, optional
        The last zoom taken.
    bounds : (west, south, east, north), optional
        In degrees (WGS 84); only tiles that touch it are taken.

    Raises
    ------
    MapError
        If the file cannot be read, holds no pictures, or more than the limit.
    """
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise MapError(
            Text(
                f"无法读取 {path}：{error.strerror}。", f"{path} cannot be read: {error.strerror}."
            )
        ) from error
    if start.startswith(b"SQLite format 3\x00"):
        found, attribution = _mbtiles(path, max_zoom)
    elif start.startswith(b"PMTiles\x03"):
        found, attribution = _pmtiles(path, max_zoom)
    else:
        raise _unreadable(
            path, "it is neither MBTiles nor PMTiles version 3", "不是 MBTiles 或 PMTiles 3"
        )
    index: dict[str, int] = {}
    places: dict[bytes, int] = {}
    pictures: list[str] = []
    size, zooms = 0, set()
    try:
        for zoom, x, y, content in found:
            if bounds is not None and not _touches(zoom, x, y, bounds):
                continue
            if len(index) >= _MOST_TILES:
                raise _too_large(path, max_bytes)
            mark = hashlib.sha256(content).digest()
            if mark not in places:
                size += len(content)
                if size > max_bytes:
                    raise _too_large(path, max_bytes)
                places[mark] = len(pictures)
                pictures.append(_picture(path, content))
            index[f"{zoom}/{x}/{y}"] = places[mark]
            zooms.add(zoom)
    except (sqlite3.Error, struct.error, zlib.error, EOFError, OSError, IndexError) as error:
        raise _unreadable(path, str(error), str(error)) from error
    if not index:
        raise _unreadable(path, "it holds no tiles there", "范围内没有瓦片")
    return Tiles(index, pictures, min(zooms), max(zooms), attribution)


Found = Iterator[tuple[int, int, int, bytes]]


def _mbtiles(path: Path, max_zoom: int | None) -> tuple[Found, str]:
    def rows() -> Found:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            query = (
                "SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles "
                "WHERE zoom_level <= ? ORDER BY zoom_level, tile_column, tile_row"
            )
            for zoom, x, row, content in database.execute(query, (_last(max_zoom),)):
                if isinstance(content, bytes) and isinstance(zoom, int):
                    # Rows count from the south.
                    yield zoom, int(x), 2**zoom - 1 - int(row), content

    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            told = dict(database.execute("SELECT name, value FROM metadata"))
    except sqlite3.Error as error:
        raise _unreadable(path, str(error), str(error)) from error
    return rows(), str(told.get("attribution") or "")


def _pmtiles(path: Path, max_zoom: int | None) -> tuple[Found, str]:
    data = np.memmap(path, mode="r")
    if len(data) < 127:
        raise _unreadable(path, "its header is cut", "文件头不完整")
    head = struct.unpack("<7sB11QBBBBBB", data[:102].tobytes())
    root, root_size, _, _, leaves, _, at, _ = head[2:10]
    packing, tile_packing = head[14], head[15]
    if packing not in (1, 2) or tile_packing not in (0, 1):
        raise _unreadable(path, "it uses a compression other than gzip", "使用了 gzip 以外的压缩")

    def directory(start: int, size: int) -> list[tuple[int, int, int, int]]:
        raw = data[start : start + size].tobytes()
        if packing == 2:
            opener = zlib.decompressobj(wbits=31)
            raw = opener.decompress(raw, _MOST_DIRECTORY)
        return _entries(raw)

    def walk(entries: list[tuple[int, int, int, int]], depth: int) -> Found:
        for tile, offset, size, run in entries:
            if run == 0:
                if depth < 3:
                    yield from walk(directory(leaves + offset, size), depth + 1)
                continue
            content = data[at + offset : at + offset + size].tobytes()
            for number in range(tile, tile + run):
                zoom, x, y = tile_place(number)
                if zoom > _last(max_zoom):
                    return
                yield zoom, x, y, content

    return walk(directory(root, root_size), 0), ""


def _entries(raw: bytes) -> list[tuple[int, int, int, int]]:
    """Return a directory of PMTiles as (tile, offset, size, run)."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = raw[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    count = number()
    if count > _MOST_ENTRIES:
        raise EOFError("a directory names more tiles than it can hold")
    tiles = np.cumsum([number() for _ in range(count)]).tolist()
    runs = [number() for _ in range(count)]
    sizes = [number() for _ in range(count)]
    offsets: list[int] = []
    for i in range(count):
        value = number()
        # Nought: right after the one before.
        offsets.append(offsets[-1] + sizes[i - 1] if value == 0 and i else value - 1)
    return list(zip(tiles, offsets, sizes, runs, strict=True))


def tile_place(number: int) -> tuple[int, int, int]:
    """Return zoom, column and row of a tile of PMTiles, which follow Hilbert curves.

    Examples
    --------
    >>> tile_place(0), tile_place(1), tile_place(4), tile_place(5)
    ((0, 0, 0), (1, 0, 0), (1, 1, 0), (2, 0, 0))
    """
    zoom, first = 0, 0
    while number >= first + 4**zoom:
        first += 4**zoom
        zoom += 1
    left, x, y = number - first, 0, 0
    side = 1
    while side < 2**zoom:
        right = 1 & (left // 2)
        upper = 1 & (left ^ right)
        if upper == 0:
            if right == 1:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        x, y = x + side * right, y + side * upper
        left //= 4
        side *= 2
    return zoom, x, y


def _picture(path: Path, content: bytes) -> str:
    for start, kind in _KINDS:
        if content.startswith(start) and (kind != "image/webp" or content[8:12] == b"WEBP"):
            if kind == "image/avif" and content[4:12] != b"ftypavif":
                continue
            return f"{kind};base64,{base64.b64encode(content).decode('ascii')}"
    told, told_zh = "its tiles are no pictures (vector tiles?)", "瓦片不是图片（可能是矢量瓦片）"
    raise _unreadable(path, told, told_zh)


def _touches(zoom: int, x: int, y: int, bounds: Bounds) -> bool:
    west, south, east, north = bounds
    count = 2**zoom
    left, right = x / count * 360 - 180, (x + 1) / count * 360 - 180
    top, bottom = (
        float(np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * row / count))))) for row in (y, y + 1)
    )
    return left <= east and right >= west and bottom <= north and top >= south


def _last(max_zoom: int | None) -> int:
    return 30 if max_zoom is None else max_zoom


def _unreadable(path: Path, why: str, why_zh: str) -> MapError:
    return MapError(
        Text(f"{path.name} 不能用作底图：{why_zh}。", f"{path.name} cannot be a basemap: {why}."),
        remedy=Text(
            "请提供栅格瓦片（png、jpg、webp）的 MBTiles 或 PMTiles 文件。",
            "Give an MBTiles or PMTiles file of raster tiles (png, jpg, webp).",
        ),
    )


def _too_large(path: Path, limit: int) -> MapError:
    size = f"{limit / 2**20:g} MB"
    return MapError(
        Text(
            f"{path.name} 的瓦片超过 {size}，无法放入单个页面。",
            f"The tiles of {path.name} are more than {size}, too much for one page.",
        ),
        remedy=Text(
            "请用 max_zoom= 或 bounds= 减少瓦片，或用 max_mb= 放宽上限。",
            "Take fewer with max_zoom= or bounds=, or allow more with max_mb=.",
        ),
    )
