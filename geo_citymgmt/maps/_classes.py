"""Classes and colours: ranges of a number, codes of a list, states of a life cycle."""

from __future__ import annotations

import json
import math
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import NOTHING, Messages, Text, listed
from geo_citymgmt._numbers import Scale, scale_for
from geo_citymgmt.errors import MapError, SpecError
from geo_citymgmt.spec import Field, LayerSpec, get_spec

_MESSAGES = Messages("geo_citymgmt.maps")

#: From here on sums of squares of a few thousand values overflow single precision.
_MOST = 1e17


def natural_breaks(values: np.ndarray, k: int) -> np.ndarray:
    """Return the upper limits of ``k`` classes within which the values differ least.

    Fisher (1958) and Jenks (1977), in single precision as ``mapclassify.FisherJenks`` computes it,
    so that a map keeps its classes whichever of the two drew it.

    Parameters
    ----------
    values : ndarray of float
        In any order; at least ``k`` different ones.
    k : int
        Number of classes.

    Returns
    -------
    ndarray of float64
        Rising; the last is the largest value.

    Examples
    --------
    >>> natural_breaks(np.array([1.0, 2.0, 9.0, 10.0]), 2).tolist()
    [2.0, 10.0]
    """
    ordered = np.sort(values).astype("float64")
    largest = np.abs(ordered).max()
    # Squares beyond single precision are the one case that mapclassify gets wrong.
    scaled = ordered / largest if largest > _MOST else ordered
    first = _first_of_last_class(scaled.astype("float32"), k)
    limits = np.empty(k)
    limits[-1] = ordered[-1]
    n = len(ordered)
    for j in range(k, 1, -1):
        start = first[n, j]
        limits[j - 2] = ordered[start - 2]
        n = start - 1
    return limits


def _first_of_last_class(ordered: np.ndarray, k: int) -> np.ndarray:
    """Where the last of ``j`` classes begins, at best, among the first ``n`` values; from 1."""
    n_values = len(ordered)
    first = np.zeros((n_values + 1, k + 1), dtype=np.int64)
    least = np.zeros((n_values + 1, k + 1), dtype="float32")
    first[1:, 1] = first[1, 1:] = 1
    squares = ordered * ordered
    size = np.arange(1, n_values + 1, dtype="float32")
    for n in range(2, n_values + 1):
        # Spread of a last class of 1, 2, ... n values, summed from the last value down.
        total = np.cumsum(ordered[n - 1 :: -1])
        spread = np.cumsum(squares[n - 1 :: -1]) - total * total / size[:n]
        least[n, 1] = spread[-1]
        least[n, 2:] = np.inf
        for j in range(2, k + 1):
            # A last class from the second, third, ... value on, behind j - 1 classes.
            both = spread[n - 2 :: -1] + least[1:n, j - 1]
            at = int(np.argmin(both))
            first[n, j], least[n, j] = at + 2, both[at]
    return first


def quantile_breaks(values: np.ndarray, k: int) -> np.ndarray:
    """Return the upper limits of ``k`` classes of equal size; fewer where limits coincide.

    Parameters
    ----------
    values : ndarray of float
        In any order.
    k : int
        Number of classes.

    Returns
    -------
    ndarray of float64
        Rising, as ``mapclassify.Quantiles`` gives them; the last is the largest value.

    Examples
    --------
    >>> quantile_breaks(np.arange(5.0), 2).tolist()
    [2.0, 4.0]
    """
    ordered = np.sort(values).astype("float64")
    width = 100.0 / k
    percent = np.minimum(np.arange(width, 100.0 + width, width), 100.0)
    place = percent / 100.0 * (len(ordered) - 1)
    below = place.astype(np.int64)
    above = np.minimum(below + 1, len(ordered) - 1)
    # Weighted from both sides, which is not to the last digit the lower value and a part.
    between = ordered[below] * (below + 1 - place) + ordered[above] * (place - below)
    return np.unique(np.where(place == below, ordered[below], between))


# One hue from light to dark: told apart by lightness, so by every eye and in grey print.
_SEQUENCE = ("#d3e4f1", "#a9cbe4", "#76abd3", "#3f82b8", "#1a568c")
# Okabe and Ito (2008), darkened where a thin mark on white would be lost.
_CODES = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c6bb1", "#a6761d",
    "#1b9e9e", "#b3446c", "#6a7f10",
)  # fmt: skip
# Of records of which nothing is known: 3 to 1 against the page, as a mark without words needs.
NOT_KNOWN = "#838b96"
_REMEDIATION = {
    "sound": ("#7fb3d5",),
    "pool": ("#e8b93e",),
    "open": ("#d55e00", "#b84300", "#ee8a4a", "#8f2d00"),
    "suspended": ("#8c6bb1",),
    "done": ("#009e73", "#33b38f", "#66c7ab", "#007a59", "#2a8f5c", "#005c43"),
    "excluded": ("#aeb6bf",),
}
_SERVICE = {
    "planned": ("#9aa5b1", "#e69f00"),
    "under_construction": ("#e69f00",),
    "completed": ("#56b4e9",),
    "operating": ("#0072b2",),
    "open": ("#0072b2",),
    "suspended": ("#cc79a7",),
    "removed": ("#5f6873",),
}
_MOST_CLASSES = 11
#: Schemes of mapclassify that need no more than values and a number of classes, and draw no lots.
SCHEMES = {
    name.lower(): name
    for name in (
        "BoxPlot", "EqualInterval", "FisherJenks", "HeadTailBreaks", "JenksCaspall",
        "JenksCaspallForced", "MaximumBreaks", "NaturalBreaks", "Percentiles", "PrettyBreaks",
        "Quantiles", "StdMean",
    )
}  # fmt: skip
_BUILT_IN = {"fisherjenks": natural_breaks, "quantiles": quantile_breaks}
#: The scheme whose limits hang on the unit alone.
ROUND = "round"
SCHEMES[ROUND] = "Round"

#: From light to dark over more classes than one hue has shades that can be told apart.
_MANY = (
    "#edf2c8", "#c3e2b0", "#87cbb0", "#4fb3b8", "#3394b8", "#2c6fa8", "#2d4c92", "#2c2f74",
    "#231b56",
)  # fmt: skip
_BELOW_ZERO, _ZERO = "#e9a15c", "#f7f7f2"
#: Points below what is due at which a darker class begins; what is not below has its own.
BELOW_DUE = (0, 10, 20, 40, 60)
BELOW_COLORS = ("#d5e5f2", "#fdf0dc", "#f9d2a0", "#e08a3c", "#a84a00", "#6a2500")
_MORE = ("#dbe7f3", "#a9cbe4", "#5f9ccb", "#1f6aa5", "#0b3d6b", "#04203c")
_FEWER = ("#fbe3cb", "#f5bd85", "#e08a3c", "#b85a0c", "#7d3406", "#451a00")
#: Where classes of a unit end besides at zero: 1, 2 and 5 of each power of ten, from and to. Below
#: and above lie what a street and what a city rarely has.
_SPANS = {
    "count": (2, 20_000),
    "km": (0.1, 200),
    "m2": (500, 5_000_000),
    "persons": (100, 500_000),
    "t": (20, 200_000),
    "t/day": (1, 5_000),
    "t/year": (200, 1_000_000),
}
_OTHER_SPAN = (0.01, 100)
_TENTHS = tuple(n / 10 for n in range(1, 11))
#: Limits of a difference between two shares, in points.
POINTS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
#: What classes are of besides a unit: how far below what is due, in points.
BELOW = "below_due"
_SHARES = ("ratio", "percent")


@dataclass(frozen=True)
class Ladder:
    """Classes that a value has whatever stands beside it, so the same in every map and month.

    Class 0 is below zero, 1 is zero, then each ends at one of ``limits`` and holds it; the last has
    no end. For `BELOW` the first two are one: what is not below.
    """

    unit: str
    limits: tuple[float, ...]
    colors: tuple[str, ...]

    def index(self, values: Any) -> np.ndarray:
        """Return the class of each value; -1 where there is none."""
        numbers = np.asarray(values, dtype="float64")
        known = np.isfinite(numbers)
        if self.unit in (*_SHARES, BELOW):
            # To the tenth of a per cent or of a point, as it is written.
            digits = 1 if self.unit != "ratio" else 3
            numbers = np.where(known, np.round(np.where(known, numbers, 0), digits), np.nan)
        out = np.searchsorted((0.0, *self.limits), numbers, side="left")
        if self.unit != BELOW:
            out = np.where(numbers < 0, 0, out + 1)
        return np.where(known, out, -1).astype(np.int64)

    def labels(self, scale: Scale) -> tuple[str, ...]:
        """Return what each class holds, in numbers as they are written on the map."""
        above = class_ranges(self.limits, scale, of_counts=self.unit == "count")
        if self.unit == BELOW:
            return ("不低" if scale.lang == "zh" else "not below", *above)
        return ("< 0", "0", *above)


def class_ranges(
    limits: Sequence[float], scale: Scale, *, of_counts: bool = False
) -> tuple[str, ...]:
    """Return what classes above zero hold that end at ``limits``, and what is above the last.

    Of whole numbers the first and the last of each; else that a class begins over its lower limit,
    so that no number seems to be in two.

    Examples
    --------
    >>> from geo_citymgmt._numbers import Scale
    >>> class_ranges([2, 5, 6], Scale(1, 0, "", "", "en"), of_counts=True)
    ('1–2', '3–5', '6', '> 6')
    >>> class_ranges([2, 5], Scale(1, 1, "", "", "en"))
    ('over 0 to 2', 'over 2 to 5', '> 5')
    """
    ends = written_limits(limits, scale)
    last = f"> {ends[-1]}"
    if of_counts and scale.divisor == 1 and not scale.decimals:
        starts = written_limits([low + 1 for low in (0, *limits[:-1])], scale)
        pairs = zip(starts, ends, strict=True)
        return (*(low if low == high else f"{low}–{high}" for low, high in pairs), last)
    between = "大于 {} 至 {}" if scale.lang == "zh" else "over {} to {}"
    return (*(between.format(low, high) for low, high in pairwise(["0", *ends])), last)


def written_limits(limits: Sequence[float], scale: Scale) -> list[str]:
    """Return limits in the unit of a scale, with the digits they have and no more."""
    return [f"{limit / scale.divisor:,.9f}".rstrip("0").rstrip(".") for limit in limits]


def ladder(unit: str | None) -> Ladder:
    """Return the round classes of a unit, the same for each figure, place and day.

    Examples
    --------
    >>> ladder("ratio").index([-0.1, 0.0, 0.2, 0.201, 1.3]).tolist()
    [0, 1, 3, 4, 12]
    """
    unit = unit or "count"
    if unit == BELOW:
        return Ladder(unit, tuple(map(float, BELOW_DUE[1:])), BELOW_COLORS)
    limits = _TENTHS if unit == "ratio" else tuple(100 * x for x in _TENTHS)
    if unit not in _SHARES:
        limits = _one_two_five(*_SPANS.get(unit, _OTHER_SPAN))
    return Ladder(unit, limits, (_BELOW_ZERO, _ZERO, *ramp(len(limits) + 1, _MANY)))


def _one_two_five(first: float, last: float) -> tuple[float, ...]:
    """Return 1, 2 and 5 of each power of ten, from one to another of them."""
    powers = range(math.floor(math.log10(first)), math.ceil(math.log10(last)) + 1)
    steps = [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]
    return tuple(step for step in steps if first <= step <= last)


def change_colors(count: int) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Return the colours of ``count`` classes of a rise and of a fall, and that of no change.

    Examples
    --------
    >>> change_colors(2)
    (('#dbe7f3', '#04203c'), ('#fbe3cb', '#451a00'), '#f7f7f2')
    """
    return ramp(count, _MORE), ramp(count, _FEWER), _ZERO


@dataclass(frozen=True)
class Classes:
    """What belongs to which class: an index for each record, a label and a colour for each class.

    ``index`` is -1 for records without a value; the caller says what to do with them. ``marks``
    tell states apart where colour fails; a state keeps its own, as it keeps its colour.
    """

    index: np.ndarray
    labels: tuple[str, ...]
    colors: tuple[str, ...]
    unit: str = ""
    marks: tuple[int, ...] = ()


def ramp(count: int, through: Sequence[str] = _SEQUENCE) -> tuple[str, ...]:
    """Return a colour-blind-safe sequence of colours, light to dark."""
    if count == 1:
        return (through[3],)
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in through], dtype=float)
    at = np.linspace(0, len(stops) - 1, count)
    channels = [np.interp(at, range(len(stops)), stops[:, i]) for i in range(3)]
    return tuple(
        "#" + "".join(f"{round(v):02x}" for v in color) for color in zip(*channels, strict=True)
    )


def number_classes(
    values: pd.Series,
    *,
    scheme: str | Sequence[float] = "fisherjenks",
    k: int = 5,
    unit: str | None = None,
    lang: str = "zh",
    scale: Scale | None = None,
) -> Classes:
    """Put numbers into classes with a label that says which numbers are in them.

    Parameters
    ----------
    values : Series of float
        The numbers; null where there is none.
    scheme : str or sequence of float
        A scheme of mapclassify (``fisherjenks``, ``quantiles``, ``equalinterval``...), the upper
        limits of the classes in the unit of the values, or ``round``: limits that hang on the unit
        alone, so that a number has the same class and colour in every map.
    k : int
        How many classes at most; fewer where there are fewer different values. Not of ``round``.
    unit : str, optional
        Unit of the values.
    lang : {"zh", "en"}
        Language of the labels.
    scale : Scale, optional
        How the figure is written elsewhere; by default what suits the numbers.

    Returns
    -------
    Classes

    Raises
    ------
    MapError
        If the scheme is unknown, or the limits do not rise.

    Examples
    --------
    >>> import pandas as pd
    >>> number_classes(pd.Series([1.0, 2.0, 9.0]), k=2).labels
    ('1 – 2', '9')
    """
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    known = np.isfinite(numbers)
    index = np.full(len(numbers), -1, dtype=np.int64)
    if not known.any():
        return Classes(index, (), ())
    finite = numbers[known]
    scale = scale or class_scale(finite, scheme, unit, lang)
    if isinstance(scheme, str) and scheme.lower() == ROUND:
        return round_classes(numbers, ladder(unit), scale)
    limits = _limits(finite, scheme, k)
    index[known] = np.searchsorted(limits, finite, side="left")
    if isinstance(scheme, str):
        # Labels tell what is in a class, not where its limits lie: no value is claimed twice.
        occupied, index[known] = np.unique(index[known], return_inverse=True)
        labels = []
        for i in range(len(occupied)):
            low, high = (scale.text(f(finite[index[known] == i])) for f in (np.min, np.max))
            labels.append(low if low == high else f"{low} – {high}")
    else:
        texts = [scale.text(limit) for limit in limits]
        if all(re.search(r"\.0+$", text) for text in texts):
            texts = [text.split(".")[0] for text in texts]
        labels = [f"≤ {texts[0]}"]
        between = "大于 {} 至 {}" if lang == "zh" else "over {} to {}"
        labels += [between.format(low, high) for low, high in pairwise(texts)]
        labels.append(f"> {texts[-1]}")
    return Classes(index, tuple(labels), ramp(len(labels)), scale.unit)


def round_classes(numbers: Any, steps: Ladder, scale: Scale) -> Classes:
    """Put numbers into the classes of a ladder, from the lowest that holds one to the highest."""
    index = steps.index(numbers)
    first, end = int(index[index >= 0].min()), int(index.max()) + 1
    return Classes(
        np.where(index < 0, -1, index - first),
        steps.labels(scale)[first:end],
        steps.colors[first:end],
        scale.unit,
    )


def class_scale(values: Any, scheme: str | Sequence[float], unit: str | None, lang: str) -> Scale:
    """Choose how to write numbers and the limits given for their classes."""
    given = [] if isinstance(scheme, str) else list(scheme)
    numbers = pd.Series(values, dtype="float64").to_numpy()
    return scale_for(np.concatenate([numbers, given]), unit, lang)


def _limits(values: np.ndarray, scheme: str | Sequence[float], k: int) -> np.ndarray:
    """Return the upper limits of the classes."""
    if not isinstance(scheme, str):
        limits = np.asarray(scheme, dtype="float64")
        if limits.size == 0 or (np.diff(limits) <= 0).any():
            raise MapError(_MESSAGES("class_limits_not", scheme=list(scheme)))
        return limits
    name = scheme.replace("_", "").lower()
    if name not in SCHEMES:
        raise MapError(_MESSAGES("scheme_unknown", scheme=scheme, schemes=listed(sorted(SCHEMES))))
    distinct = np.unique(values)
    k = min(k, len(distinct))
    if k < 2:
        return distinct[-1:]
    if name == "fisherjenks" and len(values) > 2000:
        name = "quantiles"  # natural breaks take time that grows with the square
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            # That fewer classes than asked for are made shows in the legend.
            warnings.simplefilter("ignore")
            bins = _bins(values, name, k)
        if not np.isfinite(bins[:-1]).all():
            raise ValueError("limits that are no numbers")
    except (ArithmeticError, IndexError, TypeError, ValueError) as error:
        raise _MESSAGES.error(
            MapError, "scheme_cannot_part", scheme=scheme, n=len(distinct), k=k
        ) from error
    return bins


def _bins(values: np.ndarray, name: str, k: int) -> np.ndarray:
    """Return the upper limits of a scheme, as mapclassify finds them."""
    if name in _BUILT_IN:
        return _BUILT_IN[name](values, k)
    # Only for the rarer schemes: it brings half of scipy, scikit-learn and networkx with it.
    import mapclassify

    arguments = {} if name in ("boxplot", "headtailbreaks", "maxp", "stdmean") else {"k": k}
    return np.asarray(mapclassify.classify(values, SCHEMES[name], **arguments).bins, float)


def code_classes(values: pd.Series, field: Field, spec: LayerSpec, *, lang: str = "zh") -> Classes:
    """Put records into classes by the codes of a field, in the order of its list."""
    names = {code: label.zh if lang == "zh" else label.en for code, label in field.codes.items()}
    present = set(values.dropna().astype(str).unique())
    order = [code for code in names if code in present] + sorted(present - set(names))
    colors = _code_colors(field, spec)
    classes = _named(values.astype("str").where(values.notna()), order, names, colors, lang)
    if field.name != spec.state_field:
        return classes
    place = {names[code]: k for k, code in enumerate(names)}
    marks = tuple(place.get(label, len(place)) for label in classes.labels)
    return replace(classes, marks=marks)


def value_classes(values: pd.Series, *, lang: str = "zh") -> Classes:
    """Put records into classes by their text: the commonest by name, the rest together."""
    text = values.astype("str").where(values.notna())
    return _named(text, list(text.value_counts().index), {}, {}, lang)


def flag_classes(values: pd.Series, *, lang: str = "zh") -> Classes:
    """Put records into the classes yes and no."""
    flags = values.astype("boolean")
    words = ("是", "否") if lang == "zh" else ("Yes", "No")
    index = flags.map({True: 0, False: 1}).astype("float64").fillna(-1).to_numpy(dtype=np.int64)
    return Classes(index, words, ("#d55e00", "#0072b2"))


def single_class(count: int, label: str, color: str) -> Classes:
    """Put every record into one class."""
    return Classes(np.zeros(count, dtype=np.int64), (label,), (color,))


def with_rest(classes: Classes, *, lang: str = "zh") -> Classes:
    """Give records without a value a class of their own, so that none is left off the map."""
    missing = classes.index < 0
    if not missing.any():
        return classes
    # Blank in the source, or a code no list knows, which the findings tell apart.
    label = "不明" if lang == "zh" else "Not known"
    # First in the drawing order: what is known is drawn over what is not.
    return Classes(
        np.where(missing, 0, classes.index + 1),
        (label, *classes.labels),
        (NOT_KNOWN, *classes.colors),
        classes.unit,
        (-1, *classes.marks) if classes.marks else (),
    )


def _named(
    text: pd.Series, order: list[str], names: dict[str, Any], colors: dict[str, str], lang: str
) -> Classes:
    shown = order
    if len(order) > _MOST_CLASSES + 1 and not set(order) <= set(colors):
        # More colours than these cannot be told apart: the rarest share one.
        common = set(text.value_counts().index[:_MOST_CLASSES])
        shown = [code for code in order if code in common]
    position = {code: i for i, code in enumerate(shown)}
    index = text.map(position).astype("float64")
    labels = [names.get(code, code) for code in shown]
    palette = [colors.get(code, _CODES[i % len(_CODES)]) for i, code in enumerate(shown)]
    rest = text.notna() & index.isna()
    if rest.any():
        index = index.mask(rest, len(shown))
        labels.append("其他" if lang == "zh" else "Other")
        palette.append("#8a94a0")
    return Classes(index.fillna(-1).to_numpy(dtype=np.int64), tuple(labels), tuple(palette))


def _code_colors(field: Field, spec: LayerSpec) -> dict[str, str]:
    """Return the colour of each code of a field, whatever else is on the map.

    Those of the layer's file; for other states, a shade of the set they belong to; for the codes
    of a list that is short enough, by their place in it.
    """
    given: dict[str, str] = dict(spec.style.get("colors", {}))
    if field.name == spec.state_field:
        palette = _REMEDIATION if "done" in spec.sets else _SERVICE
        used: Counter[str] = Counter()
        for code in field.codes:
            set_name = spec.set_of(code) or ""
            if shades := palette.get(set_name):
                given.setdefault(code, shades[used[set_name] % len(shades)])
                used[set_name] += 1
    if len(field.codes) <= len(_CODES):
        for code, color in zip(field.codes, _CODES, strict=False):
            given.setdefault(code, color)
    return given


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
                *_MESSAGES.pair(
                    "no_layer", argument=argument, value=value, kind=type(value).__name__
                )
            )
        try:
            return get_spec(value)
        except SpecError as error:
            raise SpecError(
                _MESSAGES("said_of_layer", function=self.function, error=error)
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
            types = pd.api.types
            if types.is_numeric_dtype(column.dtype) or types.is_complex_dtype(column.dtype):
                self.numbers(given, color_by, "color_by")
        self.classes(scheme, k)
        return self.drawn(given, "frame"), spec

    def columns(self, frame: pd.DataFrame, names: Any, argument: str) -> list[Any]:
        """Return the names of columns that are there; a single one is one of one."""
        if isinstance(names, str) or not isinstance(names, Iterable):
            names = [names]
        texts = (str(name) if isinstance(name, _NESTED) else name for name in names)
        listed = list(dict.fromkeys(texts))
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
                *_MESSAGES.pair("zone_not_polygon", argument=argument, code=code, kind=kind)
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
                *_MESSAGES.pair("not_dataframe", argument=argument, kind=type(value).__name__)
            )
        if isinstance(value.index, pd.MultiIndex):
            raise self.refuse(*_MESSAGES.pair("index_levels_not", argument=argument, value=value))
        table = value.set_axis(code_texts(value.index))
        if len(table) and not table.index.isin(zones.index).any():
            raise self.refuse(
                *_MESSAGES.pair(
                    "no_code_index",
                    argument=argument,
                    value=value,
                    value_index=value.index[0],
                    zones_index=zones.index[0],
                )
            )
        return table

    def classes(self, scheme: Any, k: Any) -> int:
        """Return how many classes there may be; the scheme is asked where they are made."""
        if isinstance(scheme, (list, tuple, np.ndarray, pd.Series)):
            self.many(scheme, "scheme")
        elif isinstance(scheme, str):
            if scheme.replace("_", "").lower() not in SCHEMES:
                known = ", ".join(SCHEMES)
                raise self.refuse(_MESSAGES("scheme_of_panel_unknown", scheme=scheme, known=known))
        else:
            raise self.refuse(*_MESSAGES.pair("scheme_is_none", scheme=scheme))
        return self.whole(k, "k", least=1)


def code_texts(codes: pd.Index) -> pd.Index:
    """Return codes as text, 1 and 1.0 as "1"."""
    if pd.api.types.is_float_dtype(codes.dtype):
        numbers = codes.to_numpy(dtype=float, na_value=np.nan)
        is_whole = np.isnan(numbers) | (numbers == np.floor(numbers))
        if is_whole.all() and not np.isinf(numbers).any():
            codes = pd.Index(pd.array(numbers, dtype="Int64"))
    return pd.Index([str(code) for code in codes], dtype="str", name=codes.name)


def _finite(shapes: np.ndarray) -> np.ndarray:
    """Which geometries are there with every vertex a place."""
    placed = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    placed[owner[~np.isfinite(xy).all(axis=1)]] = False
    return np.asarray(placed)


def _as_text(values: pd.Series) -> pd.Series:
    """Return values, those that are lists, dicts or the like as text."""
    nested = values.map(lambda value: isinstance(value, _NESTED)).to_numpy(dtype=bool)
    if not nested.any():
        return values
    return values.where(~nested, values[nested].map(_text))


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, Mapping)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
