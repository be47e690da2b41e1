"""What the functions of maps are given, asked once: frames, zones, columns, classes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import Gate
from geo_citymgmt.errors import MapError, SpecError
from geo_citymgmt.maps.classes import SCHEMES
from geo_citymgmt.spec import LayerSpec, get_spec
from geo_citymgmt.words import NOTHING, Text

__all__ = ["MapGate", "code_texts"]

_NESTED = (list, dict, set, tuple, np.ndarray)


class MapGate(Gate):
    """A gate whose refusals are errors of maps; frames may be in any CRS, degrees too."""

    def refuse(self, cause: Text, remedy: Text = NOTHING) -> MapError:
        """Return the error to raise."""
        return MapError(
            Text(f"{self.function}：{cause.zh}", f"{self.function}: {cause.en}"), remedy=remedy
        )

    def drawn(self, value: Any, argument: str) -> gpd.GeoDataFrame:
        """Return features on a fresh index, no place where one is not finite.

        Values that are lists, dicts or the like become text.
        """
        given = self.frame(value, argument)
        frame = gpd.GeoDataFrame(geometry=given) if isinstance(given, gpd.GeoSeries) else given
        frame = frame.reset_index(drop=True)
        shapes = frame.geometry.to_numpy()
        placed = _finite(shapes)
        if not placed.all():
            frame = frame.set_geometry(frame.geometry.where(placed))
        for name, dtype in frame.dtypes.items():
            if pd.api.types.is_object_dtype(dtype):
                frame[name] = _as_text(frame[name])
        return frame

    def spec(self, value: Any, argument: str = "layer") -> LayerSpec:
        """Return the spec of a layer, or refuse what names none."""
        if not isinstance(value, (str, LayerSpec)):
            raise self.refuse(
                Text(
                    f"{argument} 为 {value!r}（{type(value).__name__}），不是图层。",
                    f"{argument} is {value!r} ({type(value).__name__}), no layer.",
                ),
                Text('请给出图层名，如 "manholes"。', 'Name one, such as "manholes".'),
            )
        try:
            return get_spec(value)
        except SpecError as error:
            raise SpecError(
                Text(f"{self.function}：{error.message_zh}", f"{self.function}: {error.message}")
            ) from error

    def layer(
        self,
        frame: Any,
        layer: Any,
        *,
        color_by: Any,
        scheme: Any,
        k: Any,
        popup_fields: Any = None,
        filter_by: Any = None,
        date_by: Any = None,
    ) -> tuple[gpd.GeoDataFrame, LayerSpec]:
        """Return features to draw and what they are; columns named must be there and fit."""
        spec = self.spec(layer)
        given = self.frame(frame, "frame")
        if popup_fields is not None:
            self.columns(given, popup_fields, "popup_fields")
        if filter_by is not None and filter_by is not False:
            for name in self.columns(given, filter_by, "filter_by"):
                self.hashable(given[name], "filter_by")
        if date_by is not None and date_by is not False:
            self.column(given, date_by, "date_by")
        if color_by is not None and color_by is not False:
            column = self.column(given, color_by, "color_by")
            # A time has no classes of numbers, nor has yes and no.
            if pd.api.types.is_numeric_dtype(column.dtype) or _is_complex(column):
                self.numbers(given, color_by, "color_by")
        self.classes(scheme, k)
        return self.drawn(given, "frame"), spec

    def columns(self, frame: pd.DataFrame, names: Any, argument: str) -> list[Any]:
        """Return the names of columns that are there; a single one is one of one."""
        if isinstance(names, str) or not isinstance(names, Iterable):
            names = [names]
        listed = list(dict.fromkeys(_hashable(name) for name in names))
        for name in listed:
            self.column(frame, name, argument)
        return listed

    def areas(self, value: Any, argument: str = "zones") -> gpd.GeoDataFrame:
        """Return zones with their codes as text, each once; those without a shape have none."""
        given = self.frame(value, argument)
        zones = gpd.GeoDataFrame(geometry=given) if isinstance(given, gpd.GeoSeries) else given
        self._codes(zones.index, argument)
        shapes = zones.geometry.to_numpy()
        placed = _finite(shapes)
        other = np.flatnonzero(placed & (shapely.get_dimensions(shapes) != 2))
        if len(other):
            code, kind = zones.index[other[0]], shapes[other[0]].geom_type
            raise self.refuse(
                Text(
                    f"{argument} 中分区 {code!r} 是 {kind}，不是面。",
                    f"zone {code!r} of {argument} is a {kind}, not a polygon.",
                ),
                Text("分区应为面。", "Zones are polygons."),
            )
        zones = zones.set_axis(code_texts(zones.index))
        flat = np.where(placed, shapely.force_2d(shapes), None)
        return zones.set_geometry(gpd.GeoSeries(flat, index=zones.index, crs=zones.crs))

    def by_zone(self, value: Any, zones: gpd.GeoDataFrame, argument: str = "table") -> pd.DataFrame:
        """Return a table by zone with its codes as text.

        Raises
        ------
        MapError
            It is no table, a zone stands twice in it, or none of its codes is one of the zones.
        """
        if not isinstance(value, pd.DataFrame):
            raise self.refuse(
                Text(
                    f"{argument} 是 {type(value).__name__}，应为 DataFrame。",
                    f"{argument} is a {type(value).__name__}, not a DataFrame.",
                ),
                Text("一列可用 series.to_frame()。", "Of a Series, series.to_frame() is one."),
            )
        if isinstance(value.index, pd.MultiIndex):
            raise self.refuse(
                Text(
                    f"{argument} 的索引有 {value.index.nlevels} 层，应只有分区代码。",
                    f"{argument} has an index of {value.index.nlevels} levels, not one of codes.",
                ),
                Text("请用 .droplevel() 只留代码。", "Keep the codes with .droplevel()."),
            )
        table = value.set_axis(code_texts(value.index))
        if len(table) and not table.index.isin(zones.index).any():
            raise self.refuse(
                Text(
                    f"{argument} 的索引（{value.index.dtype}，如 {value.index[0]}）与分区代码"
                    f"（如 {zones.index[0]!r}）没有一个相同。",
                    f"no code of {argument}'s index ({value.index.dtype}, such as "
                    f"{value.index[0]}) is one of the zones (such as {zones.index[0]!r}).",
                ),
                Text(
                    "请用 table.set_index() 以分区代码作索引，写法与分区一致。",
                    "Index it by zone code, table.set_index(...), written as the zones write it.",
                ),
            )
        return table

    def classes(self, scheme: Any, k: Any) -> int:
        """Return how many classes there may be; the scheme is asked where they are made."""
        if isinstance(scheme, (list, tuple, np.ndarray, pd.Series)):
            self.many(scheme, "scheme")
        elif isinstance(scheme, str):
            if scheme.replace("_", "").lower() not in SCHEMES:
                known = ", ".join(SCHEMES)
                raise self.refuse(
                    Text(
                        f"未知分级方法 {scheme!r}；可用：{known}",
                        f"unknown scheme {scheme!r}; known: {known}",
                    )
                )
        else:
            raise self.refuse(
                Text(f"scheme 为 {scheme!r}。", f"scheme is {scheme!r}."),
                Text(
                    '请给出方法名，如 "quantiles"，或各级上限的列表。',
                    'Name one, such as "quantiles", or give a list of upper limits.',
                ),
            )
        return self.whole(k, "k", least=1)


def code_texts(codes: pd.Index) -> pd.Index:
    """Return codes as text, 1 and 1.0 as "1"."""
    if pd.api.types.is_float_dtype(codes.dtype):
        whole = codes.to_numpy(dtype=float, na_value=np.nan)
        if (np.isnan(whole) | (whole == np.floor(whole))).all() and not np.isinf(whole).any():
            codes = pd.Index(pd.array(whole, dtype="Int64"))
    return pd.Index([str(code) for code in codes], dtype="str", name=codes.name)


def _is_complex(column: pd.Series) -> bool:
    return bool(pd.api.types.is_complex_dtype(column.dtype))


def _finite(shapes: np.ndarray) -> np.ndarray:
    """Which geometries are there with every vertex a place."""
    placed = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    placed[owner[~np.isfinite(xy).all(axis=1)]] = False
    return np.asarray(placed)


def _as_text(values: pd.Series) -> pd.Series:
    """Return values, those that are lists, dicts or the like as text."""
    nested = values.map(_is_nested).to_numpy(dtype=bool)
    if not nested.any():
        return values
    return values.where(~nested, values[nested].map(_text))


def _is_nested(value: Any) -> bool:
    return isinstance(value, _NESTED)


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, Mapping)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _hashable(name: Any) -> Any:
    return name if not _is_nested(name) else str(name)
