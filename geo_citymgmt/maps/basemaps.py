"""Basemaps: tiles under a map, only where asked for, and only from hosts the page names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from geo_citymgmt.errors import MapError
from geo_citymgmt.maps.tile_address import check_address
from geo_citymgmt.maps.tile_files import Bounds, Tiles, read_tiles
from geo_citymgmt.spec import check_lang
from geo_citymgmt.words import Text

__all__ = ["Basemap", "BasemapLike"]

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
            raise MapError(
                Text(
                    f"不支持 {self.crs} 的瓦片；可用：EPSG:3857、EPSG:4490、EPSG:4326。",
                    f"tiles in {self.crs} cannot be shown; known: EPSG:3857, EPSG:4490, EPSG:4326.",
                ),
            )
        if self.datum not in ("wgs84", "cgcs2000", "gcj02"):
            raise MapError(
                Text(
                    f"不支持坐标基准为 {self.datum} 的瓦片；可用：wgs84、cgcs2000、gcj02。",
                    f"tiles of datum {self.datum!r} cannot be shown; known: wgs84, cgcs2000, "
                    "gcj02.",
                ),
            )
        if self.datum == "gcj02" and self.crs in GEOGRAPHIC:
            raise MapError(
                Text("GCJ-02 瓦片仅支持 EPSG:3857。", "GCJ-02 tiles are shown in EPSG:3857 only.")
            )
        for layer in self.layers:
            check_address(layer.url, layer.subdomains)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts the page may ask for pictures, as sources of its content policy."""
        found = []
        for layer in self.layers:
            parts = urlsplit(layer.url)
            origin = f"{parts.scheme}://{parts.netloc}"
            found += [origin.replace("{s}", name) for name in layer.subdomains]
        return tuple(dict.fromkeys(found))

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
            raise MapError(
                Text(
                    "天地图密钥缺失或格式不正确。", "The key of Tianditu is missing or is not one."
                ),
                remedy=Text(
                    "请用本单位账号申请的密钥：Basemap.tianditu(key)。",
                    "Use Basemap.tianditu(key) with the key of the office's own account.",
                ),
            )
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
        told = re.sub(r"<[^<>]*>", "", tiles.attribution)
        shown = told if attribution is None else attribution
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
            *told, key = rest or [""]
            return cls.tianditu(
                key, kind=_tile_kind(told[0], "Tianditu", "天地图") if told else "vec"
            )
        if "{z}" in given:
            return cls.xyz(given)
        if given.lower().endswith((".mbtiles", ".pmtiles")):
            return cls.file(given)
        raise MapError(
            Text(f"未知底图 {given}。", f"{given!r} is no basemap."),
            remedy=Text(
                "可用：osm、gaode、tianditu:密钥、含 {z}{x}{y} 的地址、"
                ".mbtiles 或 .pmtiles 文件，或 Basemap 对象。",
                "Give 'osm', 'gaode', 'tianditu:KEY', an address with {z}, {x} and {y}, "
                "an .mbtiles or .pmtiles file, or a Basemap.",
            ),
        )

    def note(self, lang: str) -> str:
        """Return what a reader has to know about the tiles; empty where nothing."""
        return _GCJ02_NOTE[check_lang(lang)] if self.datum == "gcj02" else ""


BasemapLike = Basemap | str | Path | None


def _tile_kind(given: str, name: str, name_zh: str) -> TileKind:
    """Return ``given`` where it is a kind the provider has."""
    for kind in _TILE_KINDS:
        if given == kind:
            return kind
    raise MapError(
        Text(f"{name_zh}底图应为 vec 或 img：{given}。", f"{name} has vec and img, not {given!r}.")
    )
