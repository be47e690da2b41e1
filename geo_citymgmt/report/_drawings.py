"""Small drawings for the page: charts and maps of the districts, as SVG that can be read out."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from markupsafe import Markup

from geo_citymgmt._markup import escape_text
from geo_citymgmt.maps._classes import BELOW, BELOW_DUE, NOT_KNOWN, code_classes, ladder
from geo_citymgmt.maps._classes import BELOW_COLORS as BELOW_COLORS

if TYPE_CHECKING:
    from geo_citymgmt.spec import LayerSpec

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


@dataclass(frozen=True, slots=True)
class Look:
    """How a status looks wherever it is drawn: a colour or a class, and its mark on the map.

    Where colour fails, in grey print or forced colours, the mark is drawn as lines, the same as on
    the map; 0 has none.
    """

    kind: str
    mark: int = 0

    def drawn(self, place: str) -> str:
        """Return a rectangle of that look."""
        rect = f"<rect {filled(self.kind)} {place}/>"
        if self.mark > 0:
            rect += f'<rect class="lines" fill="url(#m{self.mark})" {place}/>'
        return rect

    @property
    def key(self) -> Markup:
        """The swatch that stands before its name."""
        rects = self.drawn('width="10" height="10"')
        return Markup(f'<svg class="key" aria-hidden="true" viewBox="0 0 10 10">{rects}</svg>')


#: Of nothing that is known of its status, and of what was not there yet.
UNKNOWN, ABSENT = Look(NOT_KNOWN), Look("s-none")
#: The lines of the map's marks, by their form; see ``hatch`` in maps/page/marks.js.
_LINES = ("", "M-2 {s}L{s} -2M-2 2L2 -2M{a} {b}L{b} {a}", "M-2 -2L{b} {b}", "M0 {h}H{s}",
          "M{h} 0V{s}")  # fmt: skip


def state_looks(spec: LayerSpec) -> dict[str, Look]:
    """Return the look of each status of a layer, as the map draws it.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> state_looks(load_specs()["parking_points"])["open"].kind
    '#0072b2'
    """
    field = spec.fields[str(spec.state_field)]
    codes = pd.Series(list(field.codes), dtype="str")
    classes = code_classes(codes, field, spec)
    marks = classes.marks or (0,) * len(classes.labels)
    return {
        code: Look(classes.colors[k], marks[k])
        for code, k in zip(codes, classes.index, strict=True)
    }


def keyed(look: Look, name: str) -> Markup:
    """Return the name of a status with its swatch before it."""
    return look.key + Markup(escape_text(name))


def mark_patterns(marks: int = 15) -> Markup:
    """Draw the lines of each mark once for a page, as the map has them."""
    out = []
    for mark in range(1, marks):
        size = 8 + 4 * (mark // 5 % 3)
        line = _LINES[mark % 5].format(s=size, h=size / 2, a=size - 2, b=size + 2)
        path = f'<path d="{line}" fill="none" stroke="#1f2d3d" stroke-width="1.2"/>'
        if not line:
            at = size / 2 - 1
            path = f'<rect x="{at:g}" y="{at:g}" width="2.4" height="2.4" fill="#1f2d3d"/>'
        out.append(
            f'<pattern id="m{mark}" width="{size}" height="{size}" '
            f'patternUnits="userSpaceOnUse">{path}</pattern>'
        )
    return Markup("".join(out))


def stacked_bar(parts: Sequence[tuple[Look, float]], label: str) -> Markup:
    """Draw a composition: look and size of each part; a screen reader says ``label``."""
    total = sum(size for _, size in parts)
    at, out = 0.0, []
    for look, size in parts:
        width = 100.0 * size / total if total > 0 else 0.0
        if width > 0:
            # A hairline between two parts, for those who do not tell their colours apart.
            drawn = max(width - 0.25, 0.15)
            out.append(look.drawn(f'x="{at:.2f}%" width="{drawn:.2f}%" height="100%"'))
        at += width
    return Markup(
        f'<svg class="stack" role="img" aria-label="{escape_text(label)}">{"".join(out)}</svg>'
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
#: Height that a number takes on a map, and the gap to the next; in parts of it how wide letters are
#: in the widest face that a reader may have.
_NUMBER, _GAP = 16.0, 3.0
_DIGIT, _SIGN, _WIDE = 0.72, 0.86, 1.05
#: Places that are tried for a number across the longer side of a zone.
_TRIED = 16
#: Labels that may stand beside a map, and how far apart places for them are tried.
_MOST_BESIDE, _STEP = 4, 4.0
#: Places for a label that are tried in one go.
_AT_ONCE = 64
#: Colours of what has no value, and of a status, where no style sheet is.
NO_VALUE = "#ececec"
STATUS_COLORS = {"met": "#00695c", "ahead": "#1261a6", "on_track": "#4b6478", "behind": "#a84a00",
                 "overdue": "#9c1637"}  # fmt: skip


#: Classes on which a number is written in white.
_DARK = ("d4", "d5", "q3", "q4", "q5")


@dataclass(frozen=True)
class FittedZones:
    """Zones as coarse as a drawing of them shows, in its own coordinates: x to the right, y down.

    Attributes
    ----------
    shapes : list of shapely geometries
        In the order of the zones.
    rooms : list of array (n, 2)
        Places within each, the farthest from its boundary first: where its number may stand.
    place : callable
        Puts coordinates of the zones' CRS beside them.
    width, height : float
    """

    shapes: list[shapely.Geometry]
    rooms: list[np.ndarray]
    place: Placing
    width: float
    height: float

    @cached_property
    def middles(self) -> list[tuple[float, float]]:
        """The place in each that is farthest from its boundary; the origin where it is empty."""
        return [(float(xy[0, 0]), float(xy[0, 1])) if len(xy) else (0.0, 0.0) for xy in self.rooms]

    @cached_property
    def ground(self) -> shapely.Geometry:
        """All shapes as one, prepared."""
        ground = shapely.union_all(np.array(self.shapes, dtype=object))
        shapely.prepare(ground)
        return ground


def fit_zones(
    zones: gpd.GeoDataFrame | gpd.GeoSeries, width: float = _MAP_WIDTH, height: float = _MAP_HEIGHT
) -> FittedZones:
    """Fit zones into a drawing of that size, north up.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> fitted = fit_zones(gcm.sample_city().zones, 300, 255)
    >>> len(fitted.shapes), all(0 < x < 300 and 0 < y < 255 for x, y in fitted.middles)
    (10, True)
    """
    west, south, east, north = zones.total_bounds
    scale = float(
        min(
            (width - 2 * _MARGIN) / max(east - west, 1.0),
            (height - 2 * _MARGIN) / max(north - south, 1.0),
        )
    )
    left = (width - (east - west) * scale) / 2
    top = (height - (north - south) * scale) / 2

    def place(xy: np.ndarray) -> np.ndarray:
        return np.column_stack([(xy[:, 0] - west) * scale + left, (north - xy[:, 1]) * scale + top])

    # Together, so that neighbours keep one line between them.
    simple = shapely.coverage_simplify(zones.geometry.to_numpy(), 0.8 / scale)
    shapes = [shapely.transform(shape, place) for shape in simple]
    return FittedZones(shapes, [_rooms(shape) for shape in shapes], place, width, height)


def _rooms(shape: shapely.Geometry) -> np.ndarray:
    """Return places within a shape, the farthest from its boundary first."""
    if shape.is_empty:
        return np.empty((0, 2))
    west, south, east, north = shape.bounds
    step = max(east - west, north - south) / _TRIED or 1.0
    x, y = np.meshgrid(np.arange(west, east, step), np.arange(south, north, step))
    tried = shapely.points(x.ravel(), y.ravel())
    shapely.prepare(shape)
    # One is there even in a sliver that the grid misses.
    inside = np.append(tried[shapely.contains(shape, tried)], shapely.point_on_surface(shape))
    clear = shapely.distance(inside, shape.boundary)
    return shapely.get_coordinates(inside[np.argsort(-clear, kind="stable")])


def zone_outlines(fitted: FittedZones) -> Markup:
    """Draw the outlines once, for any number of maps of a page; see :func:`zone_map_svg`."""
    paths = [
        f'<path id="z{k}" fill-rule="evenodd" d="{_path(shape)}"/>'
        for k, shape in enumerate(fitted.shapes)
    ]
    # What is neither below nor known is told by its pattern where colours fail.
    hatch = (
        '<pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect class="d0" width="7" height="7"/>'
        '<path class="stripe" d="M0 0V7"/></pattern>'
        '<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<rect class="q-none" width="6" height="6"/><circle class="dot" cx="3" cy="3" r="1"/>'
        "</pattern>"
    )
    return Markup(
        f'<svg class="defs" aria-hidden="true"><defs>{hatch}{"".join(paths)}</defs></svg>'
    )


def zone_map_svg(
    fitted: FittedZones,
    kinds: Sequence[str],
    numbers: Sequence[str],
    tips: Sequence[str],
    label: str,
) -> Markup:
    """Draw the zones, each with its class, its number where there is room, and a tip.

    The outlines are those of :func:`zone_outlines`, which stand once in the page.

    Parameters
    ----------
    fitted : FittedZones
    kinds : sequence of str
        Class of each zone: ``d0`` to ``d5`` of :func:`below_due`, a colour, or ``q-none``.
    numbers : sequence of str
        Written on the zones, or beside the map with a line to a zone without room; of many, not
        every one.
    tips : sequence of str
        Shown to who points at a zone, and read out.
    label : str
        What the map shows.
    """
    shapes = [
        f'<use href="#z{k}" {filled(kind)} data-zone="{k}"><title>{escape_text(tip)}</title></use>'
        for k, (kind, tip) in enumerate(zip(kinds, tips, strict=True))
    ]
    texts = []
    sizes = [_number_size(text) for text in numbers]
    placed = place_labels(fitted, sizes)
    for k, (x, y) in place_beside(fitted, sizes, placed).items():
        texts.append(
            _leader_line(fitted, k, (x, y), sizes[k])
            + f'<text class="on-light beside" data-of="{k}" x="{x:.1f}" y="{y + 5:.1f}">'
            f"{escape_text(numbers[k])}</text>"
        )
    for k, (x, y) in placed.items():
        ground = "" if _is_color(kinds[k]) else f" on-{kinds[k]}"
        stroke = f' stroke="{escape_text(kinds[k])}"' if _is_color(kinds[k]) else ""
        ink = "on-dark" if is_dark(kinds[k]) else "on-light"
        texts.append(
            f'<text class="{ink}{escape_text(ground)}"{stroke} data-of="{k}" '
            f'x="{x:.1f}" y="{y + 5:.1f}">'
            f"{escape_text(numbers[k])}</text>"
        )
    return Markup(
        f'<svg class="zones" viewBox="0 0 {fitted.width:.0f} {fitted.height:.0f}" role="img" '
        f'aria-label="{escape_text(label)}">{"".join(shapes)}{"".join(texts)}</svg>'
    )


def below_due(distance: float) -> str:
    """Return the class of a distance to what is due: the darker, the further below.

    Examples
    --------
    >>> [below_due(points / 100) for points in (12, 0, -10, -10.1, -99, float("nan"))]
    ['d0', 'd0', 'd1', 'd2', 'd5', 'q-none']
    """
    if pd.isna(distance):
        return "q-none"
    return f"d{ladder(BELOW).index(-100 * distance)}"


def below_classes(
    words: Callable[..., str], nothing: str = "class_not_below"
) -> list[tuple[str, str]]:
    """Return the classes of :func:`below_due` with their names, as every legend has them."""
    return [
        ("d0", words(nothing)),
        *(
            (f"d{k}", words("class_between", low=low, high=high))
            for k, (low, high) in enumerate(pairwise(BELOW_DUE), start=1)
        ),
        (f"d{len(BELOW_DUE)}", words("class_over", low=BELOW_DUE[-1])),
    ]


def filled(kind: str) -> Markup:
    """Return what fills a shape with a class, or with a colour that is one.

    Examples
    --------
    >>> str(filled("d0")), str(filled("#2c6fa8"))
    ('class="d0"', 'fill="#2c6fa8"')
    """
    name = "fill" if _is_color(kind) else "class"
    return Markup(f'{name}="{escape_text(kind)}"')


def is_dark(kind: str) -> bool:
    """Tell whether white is read better than black on a class or a colour."""
    if not _is_color(kind):
        return kind in _DARK
    red, green, blue = (int(kind[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140


def _is_color(kind: str) -> bool:
    return kind.startswith("#")


def _path(shape: shapely.Geometry) -> str:
    return "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(ring)[:-1]) + "Z"
        # Of several polygons together it returns none.
        for ring in shapely.get_rings(shapely.get_parts(shape))
    )


def place_labels(
    fitted: FittedZones, sizes: Sequence[tuple[float, float]]
) -> dict[int, tuple[float, float]]:
    """Return the middle of each label that has room on its zone, beside all others.

    The smallest zones come first, which have the least choice; a larger one's label goes where
    there is room. A label larger than its zone, or without room, is left out: what stands beside
    the map has it.

    Parameters
    ----------
    fitted : FittedZones
    sizes : sequence of (float, float)
        Width and height of each label, nothing for a zone without one.

    Examples
    --------
    >>> import geopandas as gpd
    >>> zones = gpd.GeoSeries([shapely.box(0, 0, 9, 9), shapely.box(9, 0, 18, 9)])
    >>> sorted(place_labels(fit_zones(zones, 100, 50), [(30, 16), (0, 0)]))
    [0]
    """
    out: dict[int, tuple[float, float]] = {}
    taken = np.empty((0, 4))
    areas = shapely.area(np.array(fitted.shapes, dtype=object))
    for k in np.argsort(areas, kind="stable"):
        width, height = sizes[k]
        if not width or areas[k] < width * height:
            continue
        half = np.array([width + _GAP, height + _GAP]) / 2
        for middle in fitted.rooms[k]:
            box = np.concatenate([middle - half, middle + half])
            apart = (box[2:] <= taken[:, :2]) | (taken[:, 2:] <= box[:2])
            if apart.any(axis=1).all():
                out[int(k)] = (float(middle[0]), float(middle[1]))
                taken = np.vstack([taken, box])
                break
    return out


def place_beside(
    fitted: FittedZones,
    sizes: Sequence[tuple[float, float]],
    placed: Mapping[int, tuple[float, float]],
) -> dict[int, tuple[float, float]]:
    """Return the middles of the labels that have no room on their zones: off the map, near them.

    A line leads to each; see :func:`leader`. There are none where more than a few have no room,
    as lines to all of them would hide the map.

    Parameters
    ----------
    fitted : FittedZones
    sizes : sequence of (float, float)
        Width and height of each label, nothing for a zone without one.
    placed : mapping
        Middles of the labels that have room, of :func:`place_labels`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> ring = shapely.box(0, 0, 9, 9).difference(shapely.box(4, 4, 5, 5))
    >>> fitted = fit_zones(gpd.GeoSeries([ring, shapely.box(4, 4, 5, 5)]), 160, 60)
    >>> sizes = [(20, 10), (20, 10)]
    >>> placed = place_labels(fitted, sizes)
    >>> sorted(placed), sorted(place_beside(fitted, sizes, placed))
    ([0], [1])
    """
    left = [k for k, (width, _) in enumerate(sizes) if width and k not in placed]
    left = [k for k in left if len(fitted.rooms[k])]
    out: dict[int, tuple[float, float]] = {}
    if not 0 < len(left) <= _MOST_BESIDE:
        return out
    taken = [_label_box(placed[k], sizes[k]) for k in placed]
    # The widest first, which has the least choice.
    for k in sorted(left, key=lambda k: -sizes[k][0]):
        half = np.array(sizes[k]) / 2 + _GAP
        x, y = np.meshgrid(
            np.arange(half[0], fitted.width - half[0], _STEP),
            np.arange(half[1], fitted.height - half[1], _STEP),
        )
        middles = np.column_stack([x.ravel(), y.ravel()])
        boxes = shapely.box(*(middles - half).T, *(middles + half).T)
        middles = middles[~shapely.intersects(fitted.ground, boxes)]
        # By the length of the line, which ends where the label begins.
        gap = np.abs(middles - fitted.middles[k]) - np.array(sizes[k]) / 2
        away = np.hypot(*np.maximum(gap, 0.0).T)
        middles = middles[np.argsort(away, kind="stable")]
        for first in range(0, len(middles), _AT_ONCE):
            some = middles[first : first + _AT_ONCE]
            half = np.array(sizes[k]) / 2
            reach = half + _GAP / 2
            ends = np.clip(fitted.middles[k], some - half, some + half)
            starts = np.broadcast_to(fitted.middles[k], ends.shape)
            boxes = shapely.box(*(some - reach).T, *(some + reach).T)
            lines = shapely.linestrings(np.stack([starts, ends], axis=1))
            shapes, others = np.stack([boxes, lines]), np.array(taken, dtype=object)
            free = ~shapely.intersects(shapes[..., None], others).any(axis=(0, 2))
            if free.any():
                best = int(free.argmax())
                out[k] = (float(some[best, 0]), float(some[best, 1]))
                taken += [boxes[best], lines[best]]
                break
    return out


def _label_box(middle: tuple[float, float], size: tuple[float, float]) -> shapely.Geometry:
    (x, y), across, down = middle, (size[0] + _GAP) / 2, (size[1] + _GAP) / 2
    return shapely.box(x - across, y - down, x + across, y + down)


def leader(
    fitted: FittedZones, k: int, middle: tuple[float, float], size: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the ends of the line from a zone to the label that stands beside the map."""
    (x, y), (at_x, at_y) = fitted.middles[k], middle
    half = (size[0] / 2, size[1] / 2)
    end = (
        min(max(x, at_x - half[0]), at_x + half[0]),
        min(max(y, at_y - half[1]), at_y + half[1]),
    )
    return (x, y), end


def _leader_line(
    fitted: FittedZones, k: int, middle: tuple[float, float], size: tuple[float, float]
) -> str:
    (x0, y0), (x1, y1) = leader(fitted, k, middle, size)
    line = f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"
    return (
        f'<path class="leader-ground" d="{line}"/><path class="leader" d="{line}"/>'
        f'<circle class="leader-end" cx="{x0:.1f}" cy="{y0:.1f}" r="2.5"/>'
    )


def _number_size(text: str) -> tuple[float, float]:
    """Return width and height of a number as it stands on a map."""
    wide = sum(
        _WIDE if unicodedata.east_asian_width(letter) in "WF"
        else _DIGIT if letter.isalnum() or letter in ".,"
        else _SIGN
        for letter in text
    )  # fmt: skip
    return (wide * _NUMBER, _NUMBER) if text else (0.0, 0.0)


def spot_map(
    zones: gpd.GeoDataFrame, hot: gpd.GeoDataFrame, names: pd.Series, label: str, description: str
) -> Markup:
    """Draw hot cells, which are in the CRS of the districts, over the named districts.

    ``label`` and ``description`` are what the map shows, for a screen reader.
    """
    fitted = fit_zones(zones)
    squares = [shapely.transform(s, fitted.place) for s in hot.geometry]
    shapes = [f'<path class="q-none" fill-rule="evenodd" d="{_path(s)}"/>' for s in fitted.shapes]
    z = hot["z"].to_numpy()
    third = np.quantile(z, [1 / 3, 2 / 3])
    for square, score in zip(squares, z, strict=True):
        kind = f"h{int(np.searchsorted(third, score, side='right'))}"
        shapes.append(f'<path class="hot {kind}" d="{_path(square)}"/>')
    sizes = [(_text_width(str(name), 12.0, 6.8), 14.0) for name in names]
    # A name wider than its district would lie over the cells of the next one: it stands beside.
    inside = {
        k: middle
        for k, (shape, middle) in enumerate(zip(fitted.shapes, fitted.middles, strict=True))
        if not shape.is_empty and sizes[k][0] <= shape.bounds[2] - shape.bounds[0]
    }
    beside = place_beside(fitted, sizes, inside)
    shapes += [_leader_line(fitted, k, at, sizes[k]) for k, at in beside.items()]
    for k, (x, y) in {**inside, **beside}.items():
        name = escape_text(str(names.iloc[k]))
        shapes.append(f'<text class="name" x="{x:.1f}" y="{y + 4:.1f}">{name}</text>')
    return Markup(
        f'<svg class="zones spots" viewBox="0 0 {_MAP_WIDTH:.0f} {_MAP_HEIGHT:.0f}" role="img">'
        f"<title>{escape_text(label)}</title><desc>{escape_text(description)}</desc>"
        f"{''.join(shapes)}</svg>"
    )
