"""Layers of features: ordinary GeoJSON where they are few, packed where they are many."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from itertools import pairwise, zip_longest
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from branca.element import Element, MacroElement
from folium.map import Layer
from folium.template import Template

from geo_citymgmt._languages import Messages
from geo_citymgmt._markup import escape_text, json_for_script, visible_text
from geo_citymgmt._metric import far_from_rest
from geo_citymgmt.errors import CRSError, MapError

_MESSAGES = Messages("geo_citymgmt.maps")

POINT, LINE, AREA = 0, 1, 2
#: By GEOS's number of a simple geometry.
_KIND = np.array([POINT, LINE, LINE, AREA], dtype=np.uint8)
_MANY_VERTICES = 6_000


def to_degrees(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the geometry in longitude and latitude, as web maps take it.

    CGCS2000 is taken as WGS 84: they differ by centimetres, and no published transformation
    between them is better than that.

    Raises
    ------
    CRSError
        If the frame has no CRS.
    """
    geometry = frame.geometry
    if geometry.crs is None:
        raise CRSError(_MESSAGES("frame_no_crs"))
    geodetic = geometry.crs.geodetic_crs
    is_cgcs = geodetic is not None and "2000" in geodetic.name and "China" in geodetic.name
    shown = geometry.to_crs("EPSG:4490" if is_cgcs else "EPSG:4326")
    bounds = shown.bounds.to_numpy()
    outside = np.isinf(bounds).any(axis=1) | (np.abs(bounds[:, 1:4:2]) > 89).any(axis=1)
    if outside.any():
        raise MapError(
            _MESSAGES("geometries_lie_outside", outside=int(outside.sum()), geometry=geometry)
        )
    return shown


def located(geometry: gpd.GeoSeries) -> np.ndarray:
    """Return which rows have a place on the map."""
    placed: np.ndarray = ~(geometry.isna() | geometry.is_empty).to_numpy()
    return placed


def simplified_zones(zones: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return zones in degrees, with no more vertices than a screen shows.

    Shared borders stay shared: neighbours are simplified together.
    """
    shown = to_degrees(zones)
    vertices = int(shapely.get_num_coordinates(shown.to_numpy()).sum())
    if vertices <= _MANY_VERTICES:
        return shown
    tolerance = 0.0001 * min(4.0, vertices / _MANY_VERTICES)
    simple = shapely.coverage_simplify(shown.to_numpy(), tolerance)
    broken = shapely.is_empty(simple) | ~shapely.is_valid(simple)
    return gpd.GeoSeries(
        np.where(broken, shown.to_numpy(), simple), index=shown.index, crs=shown.crs
    )


def label_place(area: shapely.Geometry) -> tuple[float, float]:
    """Return where the name of an area stands: the middle of its widest part."""
    largest = max(shapely.get_parts(area), key=shapely.area)
    circle = shapely.maximum_inscribed_circle(largest, tolerance=0.005)
    place = shapely.get_point(circle, 0)
    return round(float(place.x), 5), round(float(place.y), 5)


def rings_of(area: shapely.Geometry) -> list[list[list[float]]]:
    """Return a polygon as lists of flat rings ``[lon, lat, lon, lat...]``, at 1 m."""
    parts = []
    for part in shapely.get_parts(area):
        rings = shapely.get_rings(part)
        parts.append([shapely.get_coordinates(r).round(5).ravel().tolist() for r in rings])
    return parts


def flatten(geometries: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return geometries as coordinates, points per part, kind per part, and parts per geometry.

    Collections are taken apart; the rings of an area are parts of it, filled by the even-odd rule.
    """
    owner = np.flatnonzero(~shapely.is_missing(geometries))
    parts = geometries[owner]
    while (shapely.get_type_id(parts) > 3).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner = owner[inner]
    kinds = _KIND[shapely.get_type_id(parts)]
    is_area = kinds == AREA
    rings, ring_of = shapely.get_rings(parts[is_area], return_index=True)
    pieces = np.concatenate([parts[~is_area], rings])
    piece_owner = np.concatenate([owner[~is_area], owner[is_area][ring_of]])
    piece_kind = np.concatenate([kinds[~is_area], np.full(len(rings), AREA, dtype=np.uint8)])
    order = np.argsort(piece_owner, kind="stable")
    pieces, piece_owner, piece_kind = pieces[order], piece_owner[order], piece_kind[order]
    sizes = shapely.get_num_coordinates(pieces)
    counts = np.bincount(piece_owner, minlength=len(geometries))
    return shapely.get_coordinates(pieces), sizes, piece_kind, counts


_STEP = 1e-6
_CURVE_BITS = 24
#: What a screen can show; more vertices than these only take room.
MOST_VERTICES = 1_500_000
_TOLERANCES_M = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_METRES_PER_DEGREE = 111_320.0


class _Sections:
    """The binary part, filled section by section."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self.places: dict[str, tuple[int, int, int]] = {}
        self.length = 0

    def add(self, name: str, numbers: np.ndarray) -> None:
        width = numbers.dtype.itemsize
        plain = np.ascontiguousarray(numbers, dtype=numbers.dtype.newbyteorder("<"))
        block = plain.view(np.uint8).reshape(-1, width).T.tobytes()
        self.places[name] = (self.length, len(numbers), width)
        self.blocks.append(block)
        self.length += len(block)


def pack(
    geometries: np.ndarray,
    classes: np.ndarray,
    columns: Sequence[tuple[str, pd.Series]],
    *,
    title: int | None = None,
    measure: np.ndarray | None = None,
) -> str:
    """Return features as base64 text for the page's overlay script.

    Parameters
    ----------
    geometries : array of shapely geometries
        In degrees, none null or empty.
    classes : array of int
        Class of each feature, 0 to 254.
    columns : sequence of (label, Series of str)
        What the popup shows and filters go by, one text a feature; empty texts are not shown.
    title : int, optional
        The column that heads the popup.
    measure : array of float, optional
        A number of each feature that the page sums; NaN where it is not known.

    Returns
    -------
    str
        The same features give the same text.
    """
    order = z_order(geometries)
    geometries, classes = geometries[order], classes[order]
    coordinates, sizes, kinds, counts = _open_rings(*flatten(geometries))
    steps = np.round(coordinates / _STEP).astype(np.int64)
    sections = _Sections()
    for name, axis in (("x", 0), ("y", 1)):
        sections.add(name, np.diff(steps[:, axis], prepend=0).astype(np.int32))
    if not ((kinds == POINT).all() and (counts == 1).all()):
        for name, numbers in (("parts", counts), ("sizes", sizes)):
            small = len(numbers) == 0 or numbers.max() <= 0xFFFF
            sections.add(name, numbers.astype(np.uint16 if small else np.int32))
        sections.add("kinds", kinds)
    if len(classes) and classes.max() > 0:
        sections.add("class", classes.astype(np.uint8))
    header: dict[str, Any] = {
        "count": len(geometries),
        "title": title,
        "columns": [
            _column(sections, f"c{i}", label, values.to_numpy(dtype=object)[order])
            for i, (label, values) in enumerate(columns)
        ],
        "sections": sections.places,
    }
    if measure is not None:
        header["steps"] = _pack_measure(sections, measure[order])
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    block = len(head).to_bytes(4, "little") + head + b"".join(sections.blocks)
    # No time in the header of gzip: it would differ from run to run.
    return base64.b64encode(gzip.compress(block, 5, mtime=0)).decode("ascii")


#: No number: the least of 32 bits.
_NO_NUMBER = -(2**31)
#: Colours of a layer that the layer switch shows.
_SWATCHES = 5


def _pack_measure(sections: _Sections, values: np.ndarray) -> int:
    """Add numbers as whole steps, as fine as 32 bits allow; return how many make one."""
    known = np.isfinite(values)
    largest = np.abs(values[known]).max(initial=0.0)
    steps = next((s for s in (100, 10, 1) if largest * s < -_NO_NUMBER), 1)
    whole = np.round(np.clip(np.where(known, values, 0.0) * steps, _NO_NUMBER + 1, 2**31 - 1))
    sections.add("measure", np.where(known, whole, _NO_NUMBER).astype(np.int32))
    return steps


def _coded(values: pd.Series) -> dict[str, Any]:
    index, texts = pd.factorize(values.to_numpy(dtype=object))
    return {"values": [visible_text(text) for text in texts], "index": index.tolist()}


def _known_numbers(values: np.ndarray) -> list[float | None]:
    return [round(float(value), 2) if np.isfinite(value) else None for value in values]


def z_order(geometries: np.ndarray) -> np.ndarray:
    """Return the order of features along a Z-curve over the Mercator square.

    Parameters
    ----------
    geometries : array of shapely geometries
        In degrees.

    Returns
    -------
    array of int
        Positions; features in one place keep their order.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> z_order(shapely.points([[121.0, 31.0], [120.0, 32.0], [121.0, 31.0]]))
    array([1, 0, 2])
    """
    if len(geometries) == 0:
        return np.zeros(0, dtype=np.int64)
    if (shapely.get_type_id(geometries) == 0).all():
        places = shapely.get_coordinates(geometries)
    else:
        bounds = shapely.bounds(geometries)
        places = (bounds[:, :2] + bounds[:, 2:]) / 2
    places = np.round(places / _STEP) * _STEP
    sine = np.sin(np.radians(np.clip(places[:, 1], -85.0, 85.0)))
    x = places[:, 0] / 360 + 0.5
    y = 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)
    side = 1 << _CURVE_BITS
    cells = [np.clip((axis * side).astype(np.int64), 0, side - 1) for axis in (x, y)]
    return np.argsort(_spread(cells[0]) | (_spread(cells[1]) << np.uint64(1)), kind="stable")


def _spread(numbers: np.ndarray) -> np.ndarray:
    """Return numbers with a nought between any two of their bits."""
    out = numbers.astype(np.uint64)
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        out = (out | (out << np.uint64(shift))) & np.uint64(mask)
    return out


def simplify(geometries: np.ndarray) -> tuple[np.ndarray, float]:
    """Return lines and areas with no more vertices than a screen shows, and the tolerance.

    Parameters
    ----------
    geometries : array of shapely geometries
        In degrees.

    Returns
    -------
    tuple of (array, float)
        The geometries, none of them empty, and the tolerance in metres: half a metre, or more
        where over `MOST_VERTICES` would remain.
    """
    simple, tolerance = geometries, 0.0
    for tolerance in _TOLERANCES_M:
        simple = shapely.simplify(geometries, tolerance / _METRES_PER_DEGREE)
        lost = shapely.is_empty(simple)
        simple = np.where(lost, geometries, simple)
        if int(shapely.get_num_coordinates(simple).sum()) <= MOST_VERTICES:
            break
    return simple, tolerance


def _open_rings(
    coordinates: np.ndarray, sizes: np.ndarray, kinds: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Leave out the last vertex of each ring, which is the first again."""
    last = np.cumsum(sizes)[kinds == AREA] - 1
    kept = np.ones(len(coordinates), dtype=bool)
    kept[last] = False
    return coordinates[kept], sizes - (kinds == AREA), kinds, counts


def _column(sections: _Sections, name: str, label: str, values: np.ndarray) -> dict[str, Any]:
    column: dict[str, Any] = {"label": visible_text(label)}
    index, texts = pd.factorize(values)
    if len(texts) > len(values) / 2 and (made := _numbered(values)) is not None:
        prefix, digits, numbers = made
        sections.add(name, np.diff(numbers, prepend=0).astype(np.int32))
        return {**column, "prefix": prefix, "digits": digits, "section": name}
    column["values"] = [visible_text(text) for text in texts]
    if len(texts) < len(values):
        width = np.uint8 if len(texts) <= 0xFF else np.uint16 if len(texts) <= 0xFFFF else np.int32
        sections.add(name, index.astype(width))
        column["section"] = name
    return column


def _numbered(values: np.ndarray) -> tuple[str, int, np.ndarray] | None:
    """Return a prefix, the number of digits and the numbers, where all texts are made so."""
    texts = pd.Series(values, dtype="str")
    length = len(texts.iloc[0])
    if not texts.str.len().eq(length).all():
        return None
    heads = texts.str.rstrip("0123456789").str.len()
    digits = min(9, int(length - heads.max()))
    if digits < 1:
        return None
    prefix = texts.iloc[0][:-digits]
    if visible_text(prefix) != prefix or not texts.str.startswith(prefix).all():
        return None
    numbers = pc.cast(pa.array(texts.str[-digits:]), pa.int64())
    return prefix, digits, numbers.to_numpy(zero_copy_only=False)


Bounds = list[list[float | None]]

#: Up to these a layer is GeoJSON, which folium can refine; beyond them the page would be slow.
MOST_GEOJSON = 10_000
MOST_GEOJSON_VERTICES = 100_000
#: From this zoom on every point stands for itself: a screen then holds what it can show.
POINTS_FROM_ZOOM = 16


class _Verbatim(Element):
    """Data for the page as it stands; branca would read all of it as a template first."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **kwargs: Any) -> str:
        """Return the text."""
        return self.text


class Plain(MacroElement):
    """An element whose template is rendered once, however much of the data comes of it."""

    def render(self, **kwargs: Any) -> None:
        """Add its parts to the page as they stand."""
        for part in ("header", "html", "script"):
            macro = getattr(self._template.module, part, None)
            if macro is not None:
                section = getattr(self.get_root(), part)
                section.add_child(_Verbatim(macro(self, kwargs)), name=self.get_name())
        for child in self._children.values():
            child.render(**kwargs)


def near_bounds(geometry: gpd.GeoSeries) -> tuple[np.ndarray | None, int]:
    """Return the extent of features in degrees but for the few far from all others, and how many.

    One wrong coordinate would make of a city a dot on its map.

    Examples
    --------
    >>> places = gpd.GeoSeries.from_xy([120.1] * 150 + [120.3] * 150 + [121.9], [30.2] * 301)
    >>> extent, far = near_bounds(places)
    >>> extent.tolist(), far
    ([120.1, 30.2, 120.3, 30.2], 1)
    """
    boxes = geometry.bounds.dropna().to_numpy()
    if not len(boxes):
        return None, 0
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    narrow = np.cos(np.radians(np.median(middles[:, 1])))
    far = far_from_rest(middles * _METRES_PER_DEGREE * [narrow, 1.0])
    near = boxes[~far]
    return np.concatenate([near[:, :2].min(axis=0), near[:, 2:].max(axis=0)]), int(far.sum())


class _Marks(Layer):
    """What a layer of features is to the page, however it travels there."""

    _bounds: np.ndarray | None
    #: How a script of the page takes the data for no program.
    _media_type: str
    data: Any

    def render(self, **kwargs: Any) -> None:
        """Add data and script to the page."""
        script = (
            f'<script type="{self._media_type}" id="data_{self.get_name()}">'
            f"{self._content()}</script>"
        )
        self.get_root().html.add_child(_Verbatim(script), name=self.get_name())
        super().render(**kwargs)

    def _content(self) -> str:
        """Return the data as it stands in the page: packed, unless a subclass writes it out."""
        return str(self.data)

    def _describe(
        self,
        geometry: gpd.GeoSeries,
        classes: np.ndarray,
        labels: Sequence[str],
        colors: Sequence[str],
        columns: Sequence[tuple[str, pd.Series]],
        name: str,
        title: int | None,
    ) -> None:
        self._name = type(self).__name__
        self.plain_name = visible_text(name)
        self.kind = geometry_kind(geometry)
        self.classes = _classes(classes, labels, colors)
        self.shown_columns = len(columns)
        self.searched = [] if title is None else [title]
        self.roles: dict[str, Any] = {}
        self._bounds, self.n_far = near_bounds(geometry)

    def _config(self, **more: Any) -> str:
        return json_for_script(
            {
                "data": f"data_{self.get_name()}",
                "name": self.plain_name,
                "kind": self.kind,
                "classes": self.classes,
                "shown": self.shown_columns,
                "search": self.searched,
                **self.roles,
                **more,
            }
        )

    def _get_self_bounds(self) -> Bounds:
        return latlon(self._bounds)


class Features(_Marks, folium.GeoJson):
    """Up to 10,000 features as GeoJSON, each property the text its popup shows.

    A ``folium.GeoJson``: tooltips, popups and search of folium can be added to it. Its style is
    one function in the page's script, which looks up the class of a feature and does not grow with
    their number.

    Parameters
    ----------
    geometry, classes, labels, colors, columns, name, title, show
        As for `Overlay`.
    names : sequence of str
        Of the columns; those that are shown are properties of the features.
    hidden, measure
        As for `feature_layer`.
    """

    _media_type = "application/json"
    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = gcm.features({{ this.config() }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        geometry: gpd.GeoSeries,
        classes: np.ndarray,
        labels: Sequence[str],
        colors: Sequence[str],
        columns: Sequence[tuple[str, pd.Series]],
        *,
        names: Sequence[str],
        name: str,
        title: int | None = None,
        show: bool = True,
        counted: bool = True,
        hidden: int = 0,
        measure: np.ndarray | None = None,
    ) -> None:
        n_shown = len(columns) - hidden
        self.names = list(names)[:n_shown]
        table = {
            key: values.map(visible_text).to_numpy()
            for key, (_, values) in zip(self.names, columns[:n_shown], strict=True)
        }
        #: What only filters go by: each text once, and which of them a feature has.
        self.coded = [_coded(values) for _, values in columns[n_shown:]]
        self.measure = None if measure is None else _known_numbers(measure)
        frame = gpd.GeoDataFrame(
            {**table, "gcm_class": classes}, geometry=_rounded(geometry), crs=geometry.crs
        )
        super().__init__(
            frame.to_geo_dict(), name=_key(name, geometry, classes, colors, counted), show=show
        )
        self._describe(geometry, classes, labels, colors, columns, name, title)
        self.labels = [visible_text(label) for label, _ in columns]
        self.title = title

    def _content(self) -> str:
        return json_for_script({**self.data, "coded": self.coded, "measure": self.measure})

    def config(self) -> str:
        """Return what the page's script needs beside the data, as JSON."""
        columns = [
            {"name": name, "label": label} for name, label in zip_longest(self.names, self.labels)
        ]
        return self._config(columns=columns, title=self.title)


class Overlay(_Marks):
    """Packed points, lines or areas on a canvas; over 10,000 points are clustered.

    Parameters
    ----------
    geometry : GeoSeries
        In degrees; rows without a place have been taken out.
    classes : array of int
        Class of each feature.
    labels, colors : sequences of str
        Of the classes.
    columns : sequence of (label, Series of str)
        What the popup shows, and after it what only filters go by.
    title : int, optional
        The column that heads the popup.
    name : str
        Of the layer, plain text.
    show : bool
        Whether it is switched on when the page opens.
    counted : bool
        Whether the layer switch says how many features there are.
    measure : array of float, optional
        What a selection of the page sums; NaN where it is not known.
    """

    _media_type = "text/plain"
    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = gcm.overlay({{ this.config() }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        geometry: gpd.GeoSeries,
        classes: np.ndarray,
        labels: Sequence[str],
        colors: Sequence[str],
        columns: Sequence[tuple[str, pd.Series]],
        *,
        name: str,
        title: int | None = None,
        show: bool = True,
        counted: bool = True,
        measure: np.ndarray | None = None,
    ) -> None:
        super().__init__(
            name=_key(name, geometry, classes, colors, counted), overlay=True, show=show
        )
        self._describe(geometry, classes, labels, colors, columns, name, title)
        shapes, self.tolerance_m = geometry.to_numpy(), 0.0
        single = bool((shapely.get_type_id(shapes) == 0).all())
        self.clustered = single and len(shapes) > MOST_GEOJSON
        if self.kind != "points" and many([geometry]):
            shapes, self.tolerance_m = simplify(shapes)
        self.data = pack(shapes, classes, columns, title=title, measure=measure)

    def config(self) -> str:
        """Return what the page's script needs beside the data, as JSON."""
        return self._config(pointsFrom=POINTS_FROM_ZOOM if self.clustered else None)


def feature_layer(
    geometry: gpd.GeoSeries,
    classes: np.ndarray,
    labels: Sequence[str],
    colors: Sequence[str],
    columns: Sequence[tuple[str, pd.Series]],
    *,
    names: Sequence[str],
    packed: bool | None = None,
    hidden: int = 0,
    searched: Sequence[int] = (),
    **options: Any,
) -> Features | Overlay:
    """Return the layer that suits the number of features and vertices.

    Parameters
    ----------
    geometry, classes, labels, colors, columns, names, **options
        As for `Features`.
    packed : bool, optional
        Whether to pack; by default where these features alone are many.
    hidden : int
        How many of the last columns only filters go by.
    searched : sequence of int
        The columns in which the page's search looks.
    """
    layer = (
        Overlay(geometry, classes, labels, colors, columns, **options)
        if (many([geometry]) if packed is None else packed)
        else Features(
            geometry, classes, labels, colors, columns, names=names, hidden=hidden, **options
        )
    )
    layer.shown_columns = len(columns) - hidden
    layer.searched = list(searched)
    return layer


def latlon(bounds: np.ndarray | None) -> Bounds:
    """Return bounds as folium takes them."""
    if bounds is None or not np.isfinite(bounds).all():
        return [[None, None], [None, None]]
    west, south, east, north = (float(value) for value in bounds)
    return [[south, west], [north, east]]


def many(layers: Sequence[gpd.GeoSeries]) -> bool:
    """Tell whether what one page shows is more than it can hold as GeoJSON."""
    if sum(len(layer) for layer in layers) > MOST_GEOJSON:
        return True
    vertices = sum(int(shapely.get_num_coordinates(s.to_numpy()).sum()) for s in layers)
    return vertices > MOST_GEOJSON_VERTICES


def geometry_kind(geometry: gpd.GeoSeries) -> str:
    """Return as what the features of a layer are drawn: points, lines or areas."""
    dimension = set(np.unique(shapely.get_dimensions(geometry.to_numpy())))
    return "areas" if 2 in dimension else "lines" if 1 in dimension else "points"


def _rounded(geometry: gpd.GeoSeries) -> np.ndarray:
    """Return geometries at 0.1 m, without heights: more digits only take room."""
    flat = shapely.force_2d(geometry.to_numpy())
    rounded: np.ndarray = shapely.transform(flat, lambda places: np.round(places, 6))
    return rounded


def _classes(
    classes: np.ndarray, labels: Sequence[str], colors: Sequence[str]
) -> list[dict[str, Any]]:
    counts = [int((classes == k).sum()) for k in range(len(labels))]
    return [
        {"label": visible_text(label), "color": color, "count": number}
        for label, color, number in zip(labels, colors, counts, strict=True)
    ]


def _key(
    name: str, geometry: gpd.GeoSeries, classes: np.ndarray, colors: Sequence[str], counted: bool
) -> str:
    """Return the line of the layer switch, as HTML: its commonest colours, its name."""
    number = f' <span class="gcm-key-count">{len(geometry):,}</span>' if counted else ""
    counts = np.bincount(np.asarray(classes, dtype=np.int64), minlength=len(colors))
    commonest = np.sort(np.argsort(-counts, kind="stable")[:_SWATCHES])
    shown = [str(colors[k]) for k in commonest if counts[k]] or ["#5b6876"]
    kind, style = geometry_kind(geometry), f"background:{shown[0]}"
    if len(shown) > 1:
        ends = np.linspace(0, 100, len(shown) + 1)
        stripes = (
            f"{c} {a:.0f}% {b:.0f}%" for c, (a, b) in zip(shown, pairwise(ends), strict=True)
        )
        style = f"background:linear-gradient(90deg,{','.join(stripes)})"
    key = f'class="gcm-key gcm-key-{kind}{" gcm-key-many" * (len(shown) > 1)}"'
    return f'<span {key} style="{escape_text(style)}"></span>{escape_text(name)}{number}'
