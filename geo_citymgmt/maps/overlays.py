"""Layers of features: ordinary GeoJSON where they are few, packed where they are many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from folium.map import Layer
from folium.template import Template

from geo_citymgmt.maps.packing import pack, simplify
from geo_citymgmt.maps.text import escape_text, json_for_script, visible_text

Bounds = list[list[float | None]]

#: Up to these a layer is GeoJSON, which folium can refine; beyond them the page would be slow.
MOST_GEOJSON = 10_000
MOST_GEOJSON_VERTICES = 100_000
#: From this zoom on every point stands for itself: a screen then holds what it can show.
POINTS_FROM_ZOOM = 16


class _Marks(Layer):
    """What a layer of features is to the page, however it travels there."""

    _bounds: np.ndarray | None

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
        self.kind = _kind(geometry)
        self.classes = _classes(classes, labels, colors)
        self.shown_columns = len(columns)
        self.searched = [] if title is None else [title]
        self._bounds = geometry.total_bounds if len(geometry) else None

    def _config(self, **more: Any) -> str:
        return json_for_script(
            {
                "data": f"data_{self.get_name()}",
                "name": self.plain_name,
                "kind": self.kind,
                "classes": self.classes,
                "shown": self.shown_columns,
                "search": self.searched,
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
        Of the properties, one for each column.
    """

    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <script type="application/json" id="data_{{ this.get_name() }}">
            {{- this.collection() -}}
            </script>
        {% endmacro %}
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
    ) -> None:
        self.names = list(names)
        table = {
            key: values.map(visible_text).to_numpy()
            for key, (_, values) in zip(names, columns, strict=True)
        }
        frame = gpd.GeoDataFrame(
            {**table, "gcm_class": classes}, geometry=_rounded(geometry), crs=geometry.crs
        )
        super().__init__(frame.to_geo_dict(), name=_key(name, geometry, colors, counted), show=show)
        self._describe(geometry, classes, labels, colors, columns, name, title)
        self.labels = [visible_text(label) for label, _ in columns]
        self.title = title

    def collection(self) -> str:
        """Return the features as JSON."""
        return json_for_script(self.data)

    def config(self) -> str:
        """Return what the page's script needs beside the data, as JSON."""
        columns = [
            {"name": name, "label": label}
            for name, label in zip(self.names, self.labels, strict=True)
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
    """

    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <script type="text/plain" id="data_{{ this.get_name() }}">{{ this.data }}</script>
        {% endmacro %}
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
    ) -> None:
        super().__init__(name=_key(name, geometry, colors, counted), overlay=True, show=show)
        self._describe(geometry, classes, labels, colors, columns, name, title)
        shapes, self.tolerance_m = geometry.to_numpy(), 0.0
        single = bool((shapely.get_type_id(shapes) == 0).all())
        self.clustered = single and len(shapes) > MOST_GEOJSON
        if self.kind != "points" and many([geometry]):
            shapes, self.tolerance_m = simplify(shapes)
        self.data = pack(shapes, classes, columns, title=title)

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
        else Features(geometry, classes, labels, colors, columns, names=names, **options)
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


def _kind(geometry: gpd.GeoSeries) -> str:
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
    counts = np.bincount(classes, minlength=len(labels)) if len(classes) else [0] * len(labels)
    return [
        {"label": visible_text(label), "color": color, "count": int(number)}
        for label, color, number in zip(labels, colors, counts, strict=True)
    ]


def _key(name: str, geometry: gpd.GeoSeries, colors: Sequence[str], counted: bool) -> str:
    """Return the line of the layer switch, as HTML."""
    number = f' <span class="gcm-key-count">{len(geometry):,}</span>' if counted else ""
    swatch = colors[-1] if len(colors) == 1 else "#5b6876"
    key = f'class="gcm-key gcm-key-{_kind(geometry)}" style="background:{escape_text(swatch)}"'
    return f"<span {key}></span>{escape_text(name)}{number}"
