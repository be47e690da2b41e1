"""Small drawings for the page: charts and maps of the districts, as SVG that can be read out."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from markupsafe import Markup

from geo_citymgmt._markup import escape_text
from geo_citymgmt._numbers import percent
from geo_citymgmt.report._summary import Summary

#: As narrow as a chart gets on a page, so that a text is never drawn smaller than its size.
_WIDTH, _HEIGHT = 300, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 14, 22, 26


@dataclass(frozen=True)
class Pace:
    """A figure through a year: what was reached when, and what the calendar expects.

    ``expected`` is the line from the start of the period to the target at its deadline; ``now`` is
    the label of the last point, ``goal`` that of the target.
    """

    name: str
    description: str
    points: Sequence[tuple[pd.Timestamp, float]]
    expected: Sequence[tuple[pd.Timestamp, float]]
    now: str
    goal: str
    months: Sequence[str]
    divisor: float
    status: str


def attainment_bar(share: float, expected: float, status: str, label: str) -> Markup:
    """Draw how far a figure has come, with a mark where the calendar expects it.

    A share of more than one fills the bar; there is no mark where ``expected`` is missing.
    ``label`` is what the bar says, for a screen reader.
    """
    filled = 100.0 * min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    mark = ""
    if math.isfinite(expected):
        at = min(max(100.0 * expected, 0.4), 99.6)
        mark = f'<rect class="tick" x="{at - 0.4:.2f}" y="0" width="0.8" height="14"/>'
    return Markup(
        f'<svg class="bar" viewBox="0 0 100 14" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape_text(label)}">'
        '<rect class="track" x="0" y="3" width="100" height="8"/>'
        f'<rect class="fill {escape_text(status)}" x="0" y="3" width="{filled:.2f}" height="8"/>'
        f"{mark}</svg>"
    )


def share_bar(share: float, kind: str) -> Markup:
    """Draw a share as a thin bar in a table; the number beside it says the same."""
    filled = 100.0 * min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    return Markup(
        '<svg class="thin" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="6"/>'
        f'<rect class="fill {escape_text(kind)}" width="{filled:.2f}" height="6"/></svg>'
    )


def stacked_bar(parts: Sequence[tuple[str, float]], label: str) -> Markup:
    """Draw a composition: colour class and size of each part; a screen reader says ``label``."""
    total = sum(size for _, size in parts)
    at, out = 0.0, []
    for name, size in parts:
        width = 100.0 * size / total if total > 0 else 0.0
        if width > 0:
            # A hairline between two parts, for those who do not tell their colours apart.
            drawn = max(width - 0.25, 0.15)
            out.append(
                f'<rect class="{escape_text(name)}" x="{at:.2f}" width="{drawn:.2f}" height="10"/>'
            )
        at += width
    return Markup(
        '<svg class="stack" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape_text(label)}">{"".join(out)}</svg>'
    )


def pace_chart(pace: Pace) -> Markup:
    """Draw a figure through the year of its last point."""
    year = pace.points[-1][0].year
    start, end = pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31)
    values = [v for _, v in [*pace.points, *pace.expected]]
    top = nice_ceiling(max([*values, 0.0]) / pace.divisor)
    days = (end - start).days

    def x(day: pd.Timestamp) -> float:
        share = min(max((day - start).days / days, 0.0), 1.0)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - value / pace.divisor / top * (_HEIGHT - _TOP - _BOTTOM)

    def line(points: Sequence[tuple[pd.Timestamp, float]]) -> str:
        return " ".join(f"{x(day):.1f},{y(value):.1f}" for day, value in points)

    floor = y(0)
    out = [
        f'<svg class="pace" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f"<title>{escape_text(pace.name)}</title><desc>{escape_text(pace.description)}</desc>"
    ]
    for k in range(3):
        value = top * k / 2
        level = y(value * pace.divisor)
        out.append(
            f'<path class="grid" d="M{_LEFT} {level:.1f}H{_WIDTH - _RIGHT}"/>'
            f'<text class="axis" x="{_LEFT - 6}" y="{level + 4:.1f}" text-anchor="end">'
            f"{value:,.10g}</text>"
        )
    for k, name in enumerate(pace.months, start=1):
        if k % 3 == 0:
            at = x(pd.Timestamp(year, k, 1) + pd.offsets.MonthEnd(0))
            anchor = "end" if k == 12 else "middle"
            out.append(
                f'<path class="grid" d="M{at:.1f} {floor:.1f}v4"/>'
                f'<text class="axis" x="{at:.1f}" y="{_HEIGHT - 8}" text-anchor="{anchor}">'
                f"{escape_text(name)}</text>"
            )
    if pace.expected:
        day, value = pace.expected[-1]
        out.append(f'<polyline class="expected" points="{line(pace.expected)}"/>')
        out.append(f'<circle class="goal" cx="{x(day):.1f}" cy="{y(value):.1f}" r="4"/>')
        # On the side where the dashed line does not run, drawn back as far as the edge asks for.
        at, anchor = x(day) - 8, "end"
        if value < pace.expected[0][1]:
            at, anchor = min(x(day) + 8, _WIDTH - _text_width(pace.goal)), "start"
        out.append(
            f'<text class="label goal-label" x="{at:.1f}" y="{y(value) - 7:.1f}" '
            f'text-anchor="{anchor}">{escape_text(pace.goal)}</text>'
        )
    first, (last_day, last) = pace.points[0][0], pace.points[-1]
    status = escape_text(pace.status)
    out.append(
        f'<polygon class="area {status}" points="{x(first):.1f},{floor:.1f} '
        f'{line(pace.points)} {x(last_day):.1f},{floor:.1f}"/>'
        f'<polyline class="line {status}" points="{line(pace.points)}"/>'
        f'<circle class="dot {status}" cx="{x(last_day):.1f}" cy="{y(last):.1f}" r="4"/>'
    )
    # Beside the last point, where neither line runs; late in the year there is room on the left.
    above = pace.points[0][1] > last
    side, anchor = (9, "start")
    if x(last_day) + side + _text_width(pace.now) > _WIDTH:
        # The label of the target may stand there too.
        near = pace.expected and -12 < y(last) - y(pace.expected[-1][1]) < 14
        side, anchor, above = -9, "end", not above and not near
    out.append(
        f'<text class="label now" x="{x(last_day) + side:.1f}" '
        f'y="{y(last) + (-8 if above else 18):.1f}" text-anchor="{anchor}">'
        f"{escape_text(pace.now)}</text></svg>"
    )
    return Markup("".join(out))


def _text_width(text: str, wide: float = 13.0, narrow: float = 7.5) -> float:
    """Return about how wide a text is drawn, by the width of a Chinese and a Latin letter."""
    return sum(wide if unicodedata.east_asian_width(ch) in "WF" else narrow for ch in text)


def nice_ceiling(value: float) -> float:
    """Return a round number not below the value, whose half is round too.

    Examples
    --------
    >>> nice_ceiling(1500), nice_ceiling(38), nice_ceiling(0)
    (1600.0, 40.0, 1.0)
    """
    if not value > 0 or not math.isfinite(value):
        return 1.0
    step = 10.0 ** math.floor(math.log10(value))
    for factor in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10):
        if factor * step >= value * (1 - 1e-9):
            return float(factor * step)
    return 10.0 * step


Placing = Callable[[np.ndarray], np.ndarray]
_MAP_WIDTH, _MAP_HEIGHT, _MARGIN = 300.0, 255.0, 6.0
#: Upper ends of the classes of attainment; the last one is open.
_CLASSES = (0.2, 0.4, 0.6, 0.8, 1.0)
_MOST = 6
#: Width and height that a number takes on a map.
_NUMBER = (16.0, 10.0)


def district_maps(results: Summary) -> dict[str, Any] | None:
    """Return a map for each figure that districts are held against, and the legend of all.

    Returns
    -------
    dict or None
        ``outlines`` (drawn once, referred to by every map), ``maps`` (name and drawing) and
        ``legend``; None where no district has a target.
    """
    if not (results.city.has_zones and results.table["level"].eq("district").any()):
        return None
    zones = results.city.zones
    shares = results.by_district("attainment").reindex(zones.index)
    figures = results.figures.figures
    chosen = [
        name
        for name in results.headline.index
        if name in shares.columns
        and not figures[name].level
        # A map of one value everywhere tells nothing the table does not.
        and shares[name].max() - shares[name].min() > 0.01
    ][:_MOST]
    if not chosen:
        return None
    outlines, _ = _fitted(zones)
    places = [shapely.get_coordinates(shapely.point_on_surface(s))[0] for s in outlines]
    words, names = results.words, results.zone_names
    maps = []
    for name in chosen:
        row = results.headline.loc[name]
        label = words.of(row["name_zh"], row["name_en"])
        maps.append({"name": label, "svg": _drawn(label, shares[name], names, places, words.lang)})
    legend = [("q0", words("class_below", high=f"{_CLASSES[0]:.0%}"))]
    legend += [
        (f"q{k}", words("class_between", low=f"{low:.0%}", high=f"{high:.0%}"))
        for k, (low, high) in enumerate(pairwise(_CLASSES), start=1)
    ]
    legend.append((f"q{len(_CLASSES)}", words("class_above", low="100%")))
    paths = [
        f'<path id="z{k}" fill-rule="evenodd" d="{_path(shape)}"/>'
        for k, shape in enumerate(outlines)
    ]
    drawn_once = f'<svg class="defs" aria-hidden="true"><defs>{"".join(paths)}</defs></svg>'
    return {"outlines": Markup(drawn_once), "maps": maps, "legend": legend}


def _fitted(zones: gpd.GeoDataFrame) -> tuple[list[shapely.Geometry], Placing]:
    """Return the districts as coarse as the drawing shows, and what puts others beside them."""
    west, south, east, north = zones.total_bounds
    scale = float(
        min(
            (_MAP_WIDTH - 2 * _MARGIN) / max(east - west, 1.0),
            (_MAP_HEIGHT - 2 * _MARGIN) / max(north - south, 1.0),
        )
    )
    left = (_MAP_WIDTH - (east - west) * scale) / 2
    top = (_MAP_HEIGHT - (north - south) * scale) / 2

    def place(xy: np.ndarray) -> np.ndarray:
        return np.column_stack([(xy[:, 0] - west) * scale + left, (north - xy[:, 1]) * scale + top])

    # Together, so that neighbours keep one line between them.
    simple = shapely.coverage_simplify(zones.geometry.to_numpy(), 0.8 / scale)
    return [shapely.transform(shape, place) for shape in simple], place


def _path(shape: shapely.Geometry) -> str:
    return "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(ring)[:-1]) + "Z"
        for ring in shapely.get_rings(shape)
    )


def _drawn(
    label: str, shares: pd.Series, names: pd.Series, places: list[np.ndarray], lang: str
) -> Markup:
    shapes, texts, values = [], [], []
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
            values.append(f"{name} {percent(share)}")
    listed = ("、" if lang == "zh" else ", ").join(values)
    return Markup(
        f'<svg class="zones" viewBox="0 0 {_MAP_WIDTH:.0f} {_MAP_HEIGHT:.0f}" role="img">'
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
    zones: gpd.GeoDataFrame, hot: gpd.GeoDataFrame, names: pd.Series, label: str, description: str
) -> Markup:
    """Draw hot cells, which are in the CRS of the districts, over the named districts.

    ``label`` and ``description`` are what the map shows, for a screen reader.
    """
    outlines, place = _fitted(zones)
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
        if _text_width(name, 12.0, 6.8) > right - left:
            continue
        shapes.append(f'<text class="name" x="{x:.1f}" y="{y + 4:.1f}">{escape_text(name)}</text>')
    return Markup(
        f'<svg class="zones spots" viewBox="0 0 {_MAP_WIDTH:.0f} {_MAP_HEIGHT:.0f}" role="img">'
        f"<title>{escape_text(label)}</title><desc>{escape_text(description)}</desc>"
        f"{''.join(shapes)}</svg>"
    )
