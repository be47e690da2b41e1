"""Basemaps: tiles under a map, only where asked for, and only from hosts the page names."""

from __future__ import annotations

import base64
import hashlib
import re
import sqlite3
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import numpy as np
from branca.element import MacroElement
from folium.template import Template

from geo_citymgmt._languages import Messages, Text
from geo_citymgmt._markup import escape_text, json_for_script, visible_text
from geo_citymgmt._options import check_lang
from geo_citymgmt.errors import MapError
from geo_citymgmt.maps import _offline

_MESSAGES = Messages("geo_citymgmt.maps")

_MARKS = re.compile(r"\{([^{}]*)\}")
# Printable ASCII without what could end a string, an attribute, or a source of the policy.
_PLAIN = re.compile(r"""[!#-&(-;=?-Z_a-z~\[\]{}|]+""")
_HOST = re.compile(r"(?:\{s\}|[A-Za-z0-9.-])+(?::\d{1,5})?")


def check_address(url: str, subdomains: Sequence[str]) -> None:
    """Refuse an address that is not one of tiles, or could be more than that."""
    reported = visible_text(url)[:120]

    def refuse(why: Text) -> MapError:
        return _MESSAGES.error(MapError, "no_address_tiles", reported=reported, why=why)

    if not _PLAIN.fullmatch(url):
        raise refuse(Text("含有地址不允许的字符", "it holds characters that addresses do not"))
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise refuse(Text("无法解析", str(error))) from error
    if parts.scheme not in ("http", "https"):
        raise refuse(Text("不是 http 或 https", "it is neither http nor https"))
    if not _HOST.fullmatch(parts.netloc) or parts.fragment:
        raise refuse(Text("主机名不规范", "its host is not a plain name or number"))
    marks = _MARKS.findall(url)
    if not {"x", "y", "z"} <= set(marks):
        raise refuse(Text("缺少 {z}、{x} 或 {y}", "{z}, {x} or {y} is missing"))
    if not set(marks) <= {"x", "y", "z", "s"} or {"{", "}"} & set(_MARKS.sub("", url)):
        raise refuse(Text("含有其他占位符", "it has marks other than {z}, {x}, {y} and {s}"))
    if any(mark != "s" for mark in _MARKS.findall(parts.netloc)):
        raise refuse(Text("主机名中含有占位符", "its host has a mark other than {s}"))
    if ("s" in marks) != (tuple(subdomains) != ("",)):
        raise refuse(Text("{s} 与 subdomains= 须同时给出", "{s} and subdomains= go together"))
    if not all(re.fullmatch(r"[A-Za-z0-9-]*", name) for name in subdomains):
        raise refuse(Text("子域名不规范", "a subdomain is not a plain name"))


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
        raise MapError(_MESSAGES("cannot_read", path=path, error=error)) from error
    if start.startswith(b"SQLite format 3\x00"):
        tiles, attribution = _mbtiles(path, max_zoom)
    elif start.startswith(b"PMTiles\x03"):
        tiles, attribution = _pmtiles(path, max_zoom)
    else:
        raise _unreadable(
            path, "it is neither MBTiles nor PMTiles version 3", "不是 MBTiles 或 PMTiles 3"
        )
    index: dict[str, int] = {}
    places: dict[bytes, int] = {}
    pictures: list[str] = []
    size, zooms = 0, set()
    try:
        for zoom, x, y, content in tiles:
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
            reported = dict(database.execute("SELECT name, value FROM metadata"))
    except sqlite3.Error as error:
        raise _unreadable(path, str(error), str(error)) from error
    return rows(), str(reported.get("attribution") or "")


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
    reported, reported_zh = (
        "its tiles are no pictures (vector tiles?)",
        "瓦片不是图片（可能是矢量瓦片）",
    )
    raise _unreadable(path, reported, reported_zh)


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
    return _MESSAGES.error(MapError, "cannot_basemap", path=path, why_zh=why_zh, why=why)


def _too_large(path: Path, limit: int) -> MapError:
    size = f"{limit / 2**20:g} MB"
    return _MESSAGES.error(MapError, "tiles_too_many", path=path, size=size)


TileCRS = Literal["EPSG:3857", "EPSG:4490", "EPSG:4326"]
TileKind = Literal["vec", "img"]
_TILE_KINDS: tuple[TileKind, ...] = ("vec", "img")
GEOGRAPHIC = ("EPSG:4490", "EPSG:4326")
_MERCATOR = ("EPSG:3857", "EPSG:900913")
_GCJ02_NOTE = {
    "zh": "底图坐标为 GCJ-02：图上要素仅为显示而偏移，弹窗与导出的坐标不变。",
    "en": "The basemap is in GCJ-02: features are shifted on the map, not in popups or exports.",
}


@dataclass(frozen=True)
class TileLayer:
    """One layer of tiles: where each is, and how the grid counts."""

    url: str
    subdomains: tuple[str, ...] = ("",)
    tms: bool = False
    zoom_offset: int = 0


@dataclass(frozen=True)
class Basemap:
    """Tiles that lie under a map; made by one of the class methods.

    A page with a basemap asks the hosts of its tiles, and no other, when it is opened; without
    one it asks nobody. Where they do not answer, the map stays usable and says so.

    Parameters
    ----------
    name : str
        What it is called.
    layers : tuple of TileLayer
        From the lowest up; empty where the tiles stand in the page.
    attribution : str
        Plain text, shown in the corner of the map.
    crs : {"EPSG:3857", "EPSG:4490", "EPSG:4326"}
        Of the grid. Tiles of a geographic grid are set into the Mercator map.
    datum : {"wgs84", "gcj02"}
        Where tiles are in GCJ-02, the map is drawn in it and says so.
    min_zoom, max_zoom : int
        Zooms of the map that have tiles of their own; beyond, they are drawn larger.

    See Also
    --------
    CityMap

    Examples
    --------
    >>> Basemap.osm().hosts
    ('https://tile.openstreetmap.org',)
    """

    name: str
    layers: tuple[TileLayer, ...]
    attribution: str
    crs: str = "EPSG:3857"
    datum: str = "wgs84"
    min_zoom: int = 0
    max_zoom: int = 18
    tiles: Tiles | None = None

    def __post_init__(self) -> None:
        if self.crs not in (*_MERCATOR, *GEOGRAPHIC):
            raise MapError(_MESSAGES("tiles_cannot_shown", crs=self.crs))
        if self.datum not in ("wgs84", "cgcs2000", "gcj02"):
            raise MapError(_MESSAGES("tiles_datum_cannot", datum=self.datum))
        if self.datum == "gcj02" and self.crs in GEOGRAPHIC:
            raise MapError(_MESSAGES("gcj_tiles_shown"))
        for layer in self.layers:
            check_address(layer.url, layer.subdomains)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts the page may ask for pictures, as sources of its content policy."""
        origins = []
        for layer in self.layers:
            parts = urlsplit(layer.url)
            origin = f"{parts.scheme}://{parts.netloc}"
            origins += [origin.replace("{s}", name) for name in layer.subdomains]
        return tuple(dict.fromkeys(origins))

    @classmethod
    def osm(cls) -> Basemap:
        """Return the standard tiles of OpenStreetMap.

        Its servers ask for a referrer, which a page opened as a file does not send; they may
        refuse such a page. Not every network reaches them.
        """
        layer = TileLayer("https://tile.openstreetmap.org/{z}/{x}/{y}.png")
        return cls("OpenStreetMap", (layer,), "© OpenStreetMap contributors", max_zoom=19)

    @classmethod
    def tianditu(
        cls,
        key: str,
        *,
        kind: TileKind = "vec",
        crs: TileCRS = "EPSG:3857",
        labels: bool = True,
    ) -> Basemap:
        """Return Tianditu (天地图), in either of its matrices.

        Parameters
        ----------
        key : str
            The office's own key for browsers. It stands in the page, readable by whoever has it.
        kind : {"vec", "img"}
            Streets or images.
        crs : {"EPSG:3857", "EPSG:4490"}
            Matrix ``w`` or ``c``.
        labels : bool
            With the layer of names.

        Raises
        ------
        MapError
            If the key is not made of letters and digits, or the kind is unknown.
        """
        kind = _tile_kind(kind, "Tianditu", "天地图")
        if not re.fullmatch(r"[A-Za-z0-9]{8,64}", key or ""):
            raise _MESSAGES.error(MapError, "key_tianditu_missing")
        matrix = "c" if crs in GEOGRAPHIC else "w"
        names = [kind, {"vec": "cva", "img": "cia"}[kind]] if labels else [kind]
        layers = tuple(
            TileLayer(
                f"https://t{{s}}.tianditu.gov.cn/{name}_{matrix}/wmts?SERVICE=WMTS&REQUEST=GetTile"
                f"&VERSION=1.0.0&LAYER={name}&STYLE=default&TILEMATRIXSET={matrix}&FORMAT=tiles"
                f"&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}",
                tuple("01234567"),
                zoom_offset=1 if matrix == "c" else 0,
            )
            for name in names
        )
        return cls("天地图", layers, "天地图", crs=crs, min_zoom=1)

    @classmethod
    def gaode(cls, *, kind: TileKind = "vec") -> Basemap:
        """Return Gaode (高德), whose tiles are in GCJ-02.

        The map is drawn in GCJ-02 so that features lie on the streets, and says so; coordinates
        in popups and exports stay what they are.
        """
        kind = _tile_kind(kind, "Gaode", "高德")
        servers = tuple("1234")
        ask = "appmaptile?lang=zh_cn&size=1&scale=1&style={}&x={{x}}&y={{y}}&z={{z}}"
        streets = TileLayer(f"https://webrd0{{s}}.is.autonavi.com/{ask.format(8)}", servers)
        images = TileLayer(f"https://webst0{{s}}.is.autonavi.com/{ask.format(6)}", servers)
        names = TileLayer(f"https://webst0{{s}}.is.autonavi.com/{ask.format(8)}", servers)
        layers = (streets,) if kind == "vec" else (images, names)
        return cls("高德地图", layers, "高德地图（GCJ-02）", datum="gcj02", min_zoom=3)

    @classmethod
    def xyz(
        cls,
        url: str,
        *,
        crs: TileCRS = "EPSG:3857",
        attribution: str = "",
        name: str | None = None,
        datum: Literal["wgs84", "cgcs2000", "gcj02"] = "wgs84",
        subdomains: Sequence[str] = (),
        tms: bool = False,
        min_zoom: int = 0,
        max_zoom: int = 18,
        zoom_offset: int = 0,
    ) -> Basemap:
        """Return tiles at any address, such as a server of the office's own network.

        Parameters
        ----------
        url : str
            With ``{z}``, ``{x}`` and ``{y}``, and ``{s}`` where there are subdomains.
        crs : {"EPSG:3857", "EPSG:4490", "EPSG:4326"}
            Of the grid.
        attribution : str
            Plain text.
        name : str, optional
            By default the host.
        datum : {"wgs84", "cgcs2000", "gcj02"}
            Of what the tiles show.
        subdomains : sequence of str
            What ``{s}`` stands for.
        tms : bool
            Rows count from the south.
        min_zoom, max_zoom : int
            Zooms of the map that have tiles.
        zoom_offset : int
            Added to the zoom. In a geographic grid zoom 0 is two tiles of 180 degrees.

        Raises
        ------
        MapError
            If the address is not one of tiles over http or https.

        Examples
        --------
        >>> Basemap.xyz("http://10.0.0.8:8080/tiles/{z}/{x}/{y}.png").hosts
        ('http://10.0.0.8:8080',)
        """
        layer = TileLayer(url, tuple(subdomains) or ("",), tms, zoom_offset)
        made = cls(
            name or "", (layer,), attribution, crs, datum, min_zoom=min_zoom, max_zoom=max_zoom
        )
        return made if name else replace(made, name=urlsplit(url).netloc)

    @classmethod
    def wmts(
        cls,
        url: str,
        *,
        layer: str = "",
        matrix_set: str = "",
        style: str = "default",
        image_format: str = "image/png",
        matrix: str = "{z}",
        parameters: Mapping[str, str] | None = None,
        zoom_offset: int | None = None,
        crs: TileCRS = "EPSG:3857",
        **options: Any,
    ) -> Basemap:
        """Return a layer of a WMTS server.

        Parameters
        ----------
        url : str
            Address of the service, to which the words of the request are added; or a template
            with ``{TileMatrix}``, ``{TileRow}`` and ``{TileCol}``.
        layer, matrix_set, style, image_format : str
            As the server's capabilities name them.
        matrix : str
            Name of a matrix, ``{z}`` standing for its number: ``EPSG:4490:{z}`` on some servers.
        parameters : mapping, optional
            Further words of the request, such as a key.
        zoom_offset : int, optional
            Number of the matrix of one tile (EPSG:3857), by default 0, or of two tiles of 180
            degrees (EPSG:4490), by default 1, as in the national standard.
        crs : {"EPSG:3857", "EPSG:4490", "EPSG:4326"}
            Of the matrices.
        **options
            As for `xyz`.

        Raises
        ------
        MapError
            As `xyz`.
        """
        if zoom_offset is None:
            zoom_offset = 1 if crs in GEOGRAPHIC else 0
        words = {"Layer": layer, "Style": style, "style": style, "TileMatrixSet": matrix_set}
        if "{TileMatrix}" in url:
            for word, text in words.items():
                url = url.replace(f"{{{word}}}", quote(text, safe=""))
        else:
            asked = {
                "SERVICE": "WMTS", "REQUEST": "GetTile", "VERSION": "1.0.0", "LAYER": layer,
                "STYLE": style, "TILEMATRIXSET": matrix_set, "FORMAT": image_format,
                "TILEMATRIX": "{TileMatrix}", "TILEROW": "{TileRow}", "TILECOL": "{TileCol}",
                **(parameters or {}),
            }  # fmt: skip
            joint = "" if url.endswith(("?", "&")) else "&" if "?" in url else "?"
            ask = "&".join(f"{key}={quote(str(text), safe='{}:/')}" for key, text in asked.items())
            url = f"{url}{joint}{ask}"
        url = url.replace("{TileMatrix}", matrix).replace("{TileRow}", "{y}")
        url = url.replace("{TileCol}", "{x}")
        return cls.xyz(url, crs=crs, zoom_offset=zoom_offset, **options)

    @classmethod
    def file(
        cls,
        path: str | Path,
        *,
        attribution: str | None = None,
        max_mb: float = 20,
        max_zoom: int | None = None,
        bounds: Bounds | None = None,
        datum: Literal["wgs84", "cgcs2000", "gcj02"] = "wgs84",
    ) -> Basemap:
        """Return the raster tiles of an MBTiles or PMTiles file, carried inside the page.

        Parameters
        ----------
        path : str or Path
        attribution : str, optional
            Plain text; by default what the file says.
        max_mb : float
            How large the pictures may be together, in MB; a page is a third larger.
        max_zoom : int, optional
            The last zoom taken.
        bounds : (west, south, east, north), optional
            In degrees (WGS 84); only tiles that touch it are taken.
        datum : {"wgs84", "cgcs2000", "gcj02"}
            Of what the tiles show.

        Raises
        ------
        MapError
            If the file cannot be read, holds vector tiles, or more than `max_mb`.
        """
        path = Path(path)
        limit = int(max_mb * 2**20)
        tiles = read_tiles(path, max_bytes=limit, max_zoom=max_zoom, bounds=bounds)
        # Files give it as HTML; only its words are shown.
        reported = re.sub(r"<[^<>]*>", "", tiles.attribution)
        shown = reported if attribution is None else attribution
        return cls(path.name, (), shown, "EPSG:3857", datum, tiles.min_zoom, tiles.max_zoom, tiles)

    @classmethod
    def of(cls, given: BasemapLike) -> Basemap | None:
        """Return what ``basemap=`` of a map means.

        Parameters
        ----------
        given : Basemap, str, Path or None
            ``None`` or ``"none"``; ``"osm"``; ``"gaode"``, ``"gaode:img"``; ``"tianditu:KEY"``,
            ``"tianditu:img:KEY"``; an address with ``{z}``; a file of tiles.

        Raises
        ------
        MapError
            If it means nothing.

        Examples
        --------
        >>> Basemap.of("gaode").datum
        'gcj02'
        """
        if given is None or isinstance(given, Basemap):
            return given
        if isinstance(given, Path):
            return cls.file(given)
        kind, *rest = given.split(":")
        if given == "none":
            return None
        if given == "osm":
            return cls.osm()
        if kind == "gaode" and len(rest) <= 1:
            return cls.gaode(kind=_tile_kind(rest[0], "Gaode", "高德") if rest else "vec")
        if kind == "tianditu" and len(rest) <= 2:
            *reported, key = rest or [""]
            return cls.tianditu(
                key, kind=_tile_kind(reported[0], "Tianditu", "天地图") if reported else "vec"
            )
        if "{z}" in given:
            return cls.xyz(given)
        if given.lower().endswith((".mbtiles", ".pmtiles")):
            return cls.file(given)
        raise _MESSAGES.error(MapError, "no_basemap", given=given)

    def note(self, lang: str) -> str:
        """Return what a reader has to know about the tiles; empty where nothing."""
        return _GCJ02_NOTE[check_lang(lang)] if self.datum == "gcj02" else ""


BasemapLike = Basemap | str | Path | None


def _tile_kind(given: str, name: str, name_zh: str) -> TileKind:
    """Return ``given`` where it is a kind the provider has."""
    for kind in _TILE_KINDS:
        if given == kind:
            return kind
    raise MapError(_MESSAGES("vec_img_not", name_zh=name_zh, given=given, name=name))


class BasemapElement(MacroElement):
    """The tiles as a part of the page."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
            <style>{{ this.style }}</style>
            <script>{{ this.code }}</script>
        {% endmacro %}
        {% macro html(this, kwargs) %}
            {%- if this.data %}
            <script type="application/json" id="tiles_{{ this.get_name() }}">
                {{- this.data -}}
            </script>
            {%- endif %}
        {% endmacro %}
        {% macro script(this, kwargs) %}
            gcm.basemap({{ this._parent.get_name() }}, {{ this.config() }});
        {% endmacro %}
        """
    )

    def __init__(self, basemap: Basemap) -> None:
        super().__init__()
        self._name = "Basemap"
        self.basemap = basemap
        self.style = _offline.own("basemap.css")
        self.code = _offline.own("basemap.js")
        tiles = basemap.tiles
        self.data = (
            json_for_script({"index": tiles.index, "tiles": tiles.pictures}) if tiles else ""
        )

    def config(self) -> str:
        """Return what the page's script needs, as JSON."""
        given = self.basemap
        common: dict[str, Any] = {
            "minNativeZoom": given.min_zoom,
            "maxNativeZoom": given.max_zoom,
            "minZoom": 0,
            "maxZoom": 24,
            "className": "gcm-tile",
        }
        layers = [
            {
                **common,
                "url": layer.url,
                "subdomains": list(layer.subdomains),
                "tms": layer.tms,
                "zoomOffset": layer.zoom_offset,
                "geographic": given.crs in GEOGRAPHIC,
            }
            for layer in given.layers
        ]
        if given.tiles:
            layers = [{**common, "data": f"tiles_{self.get_name()}"}]
        # Leaflet takes the attribution for HTML.
        return json_for_script(
            {
                "layers": layers,
                "attribution": escape_text(given.attribution),
                "host": visible_text(given.name),
                "gcj02": given.datum == "gcj02",
            }
        )
