"""Small maps of the districts, one a figure, on one set of outlines."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from markupsafe import Markup

from geo_citymgmt.formats import percent
from geo_citymgmt.maps.text import escape_text
from geo_citymgmt.report.scoreboard import zone_names
from geo_citymgmt.report.summary import Summary

__all__ = ["district_maps", "spot_map"]

_WIDTH, _HEIGHT, _MARGIN = 300.0, 255.0, 6.0
#: Upper ends of the classes of attainment; the last one is open.
_CLASSES = (0.2, 0.4, 0.6, 0.8, 1.0)
_MOST = 6
#: Width and height that a number takes on a map.
_NUMBER = (16.0, 10.0)


def district_maps(told: Summary) -> dict[str, Any] | None:
    """Return a map for each figure that districts are held against, and the legend of all.

    Returns
    -------
    dict or None
        ``outlines`` (drawn once, referred to by every map), ``maps`` (name and drawing) and
        ``legend``; None where no district has a target.
    """
    if not (told.city.has_zones and told.table["level"].eq("district").any()):
        return None
    zones = told.city.zones
    shares = told.by_district("attainment").reindex(zones.index)
    figures = told.figures.figures
    chosen = [
        name
        for name in told.headline.index
        if name in shares.columns
        and not figures[name].level
        # A map of one value everywhere tells nothing the table does not.
        and shares[name].max() - shares[name].min() > 0.01
    ][:_MOST]
    if not chosen:
        return None
    fitted = _fitted(zones)
    places = [shapely.get_coordinates(shapely.point_on_surface(s))[0] for s in fitted]
    words, names = told.words, zone_names(zones, told.lang)
    maps = []
    for name in chosen:
        row = told.headline.loc[name]
        label = words.of(row["name_zh"], row["name_en"])
        maps.append({"name": label, "svg": _drawn(label, shares[name], names, places, words.lang)})
    legend = [("q0", words("class_below", high=f"{_CLASSES[0]:.0%}"))]
    legend += [
        (f"q{k}", words("class_between", low=f"{low:.0%}", high=f"{high:.0%}"))
        for k, (low, high) in enumerate(pairwise(_CLASSES), start=1)
    ]
    legend.append((f"q{len(_CLASSES)}", words("class_above", low="100%")))
    return {"outlines": _outlines(fitted), "maps": maps, "legend": legend}


def _fitted(zones: gpd.GeoDataFrame) -> list[shapely.Geometry]:
    """Return the districts in the coordinates of the drawing, as coarse as it shows."""
    place = _placing(zones)
    return [shapely.transform(shape, place) for shape in _coarse(zones)]


def _scale(zones: gpd.GeoDataFrame) -> float:
    west, south, east, north = zones.total_bounds
    return float(
        min(
            (_WIDTH - 2 * _MARGIN) / max(east - west, 1.0),
            (_HEIGHT - 2 * _MARGIN) / max(north - south, 1.0),
        )
    )


def _coarse(zones: gpd.GeoDataFrame) -> np.ndarray:
    # Together, so that neighbours keep one line between them.
    return shapely.coverage_simplify(zones.geometry.to_numpy(), 0.8 / _scale(zones))


def _placing(zones: gpd.GeoDataFrame) -> Callable[[np.ndarray], np.ndarray]:
    west, south, east, north = zones.total_bounds
    scale = _scale(zones)
    left = (_WIDTH - (east - west) * scale) / 2
    top = (_HEIGHT - (north - south) * scale) / 2

    def place(xy: np.ndarray) -> np.ndarray:
        return np.column_stack([(xy[:, 0] - west) * scale + left, (north - xy[:, 1]) * scale + top])

    return place


def _path(shape: shapely.Geometry) -> str:
    return "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(ring)[:-1]) + "Z"
        for ring in shapely.get_rings(shape)
    )


def _outlines(shapes: list[shapely.Geometry]) -> Markup:
    paths = [f'<path id="z{k}" fill-rule="evenodd" d="{_path(s)}"/>' for k, s in enumerate(shapes)]
    return Markup(f'<svg class="defs" aria-hidden="true"><defs>{"".join(paths)}</defs></svg>')


def _drawn(
    label: str, shares: pd.Series, names: pd.Series, places: list[np.ndarray], lang: str
) -> Markup:
    shapes, texts, said = [], [], []
    written = _with_room(shares, places)
    for k, (share, name) in enumerate(zip(shares, names, strict=True)):
        known = pd.notna(share)
        level = int(np.searchsorted(_CLASSES, share, side="right")) if known else 0
        kind = f"q{level}" if known else "q-none"
        shapes.append(f'<use href="#z{k}" class="{kind}"/>')
        if known:
            x, y = places[k]
            if k in written:
                texts.append(
                    f'<text class="{"on-dark" if level >= 3 else ""}" x="{x:.1f}" y="{y + 4:.1f}">'
                    f"{share * 100:.0f}</text>"
                )
            said.append(f"{name} {percent(share)}")
    listed = ("、" if lang == "zh" else ", ").join(said)
    return Markup(
        f'<svg class="zones" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img">'
        f"<title>{escape_text(label)}</title><desc>{escape_text(listed)}</desc>"
        f"{''.join(shapes)}{''.join(texts)}</svg>"
    )


def _with_room(shares: pd.Series, places: list[np.ndarray]) -> set[int]:
    """Return the districts whose number lies over no other: of many, not every one is written."""
    boxes: list[tuple[float, float]] = []
    out = set()
    for k, share in enumerate(shares):
        if pd.isna(share):
            continue
        x, y = places[k]
        if all(abs(x - u) >= _NUMBER[0] or abs(y - v) >= _NUMBER[1] for u, v in boxes):
            boxes.append((x, y))
            out.add(k)
    return out


def spot_map(
    zones: gpd.GeoDataFrame, hot: gpd.GeoDataFrame, names: pd.Series, label: str, said: str
) -> Markup:
    """Draw hot cells over the districts.

    Parameters
    ----------
    zones : GeoDataFrame
        Districts.
    hot : GeoDataFrame
        Cells in their CRS, the most striking first.
    names : Series
        Of the districts, written on them.
    label, said : str
        What the map shows, for a screen reader.
    """
    place = _placing(zones)
    outlines = [shapely.transform(s, place) for s in _coarse(zones)]
    squares = [shapely.transform(s, place) for s in hot.geometry]
    shapes = [f'<path class="q-none" fill-rule="evenodd" d="{_path(s)}"/>' for s in outlines]
    z = hot["z"].to_numpy()
    third = np.quantile(z, [1 / 3, 2 / 3])
    for square, score in zip(squares, z, strict=True):
        kind = f"h{int(np.searchsorted(third, score, side='right'))}"
        shapes.append(f'<path class="hot {kind}" d="{_path(square)}"/>')
    for shape, name in zip(outlines, names, strict=True):
        x, y = shapely.get_coordinates(shapely.point_on_surface(shape))[0]
        left, _, right, _ = shape.bounds
        # A name wider than its district would lie over the cells of the next one.
        if _text_width(name) > right - left:
            continue
        shapes.append(f'<text class="name" x="{x:.1f}" y="{y + 4:.1f}">{escape_text(name)}</text>')
    return Markup(
        f'<svg class="zones spots" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img">'
        f"<title>{escape_text(label)}</title><desc>{escape_text(said)}</desc>"
        f"{''.join(shapes)}</svg>"
    )


def _text_width(text: str) -> float:
    """Return about how wide a text of 12 units is drawn."""
    return sum(12.0 if unicodedata.east_asian_width(ch) in "WF" else 6.8 for ch in text)
