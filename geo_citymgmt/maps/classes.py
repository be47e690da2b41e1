"""Classes and colours: ranges of a number, codes of a list, states of a life cycle."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt.errors import MapError
from geo_citymgmt.formats import Scale, scale_for
from geo_citymgmt.maps.breaks import natural_breaks, quantile_breaks
from geo_citymgmt.spec import Field, LayerSpec
from geo_citymgmt.words import Text

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
_OWN = {"fisherjenks": natural_breaks, "quantiles": quantile_breaks}


@dataclass(frozen=True)
class Classes:
    """What belongs to which class: an index for each record, a label and a colour for each class.

    ``index`` is -1 for records without a value; the caller says what to do with them.
    """

    index: np.ndarray
    labels: tuple[str, ...]
    colors: tuple[str, ...]
    unit: str = ""


def ramp(count: int) -> tuple[str, ...]:
    """Return a colour-blind-safe sequence of colours, light to dark."""
    if count == 1:
        return (_SEQUENCE[3],)
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in _SEQUENCE], dtype=float)
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
        A scheme of mapclassify (``fisherjenks``, ``quantiles``, ``equalinterval``...), or the
        upper limits of the classes, in the unit of the values.
    k : int
        How many classes at most; fewer where there are fewer different values.
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
    found = numbers[known]
    limits = _limits(found, scheme, k)
    scale = scale or class_scale(found, scheme, unit, lang)
    index[known] = np.searchsorted(limits, found, side="left")
    if isinstance(scheme, str):
        # Labels tell what is in a class, not where its limits lie: no value is claimed twice.
        occupied, index[known] = np.unique(index[known], return_inverse=True)
        labels = []
        for i in range(len(occupied)):
            low, high = (scale.text(f(found[index[known] == i])) for f in (np.min, np.max))
            labels.append(low if low == high else f"{low} – {high}")
    else:
        texts = [scale.text(limit) for limit in limits]
        if all(re.search(r"\.0+$", text) for text in texts):
            texts = [text.split(".")[0] for text in texts]
        labels = [f"≤ {texts[0]}"]
        labels += [f"{low} – {high}" for low, high in pairwise(texts)]
        labels.append(f"> {texts[-1]}")
    return Classes(index, tuple(labels), ramp(len(labels)), scale.unit)


def class_scale(values: Any, scheme: str | Sequence[float], unit: str | None, lang: str) -> Scale:
    """Choose how to write numbers and the limits given for their classes."""
    given = [] if isinstance(scheme, str) else list(scheme)
    numbers = pd.Series(values, dtype="float64").to_numpy()
    return scale_for(np.concatenate([numbers, given]), unit, lang)


def _limits(found: np.ndarray, scheme: str | Sequence[float], k: int) -> np.ndarray:
    """Return the upper limits of the classes."""
    if not isinstance(scheme, str):
        limits = np.asarray(scheme, dtype="float64")
        if limits.size == 0 or (np.diff(limits) <= 0).any():
            raise MapError(
                Text(f"分级界限 {list(scheme)} 须递增", f"class limits {list(scheme)} do not rise")
            )
        return limits
    name = scheme.replace("_", "").lower()
    if name not in SCHEMES:
        raise MapError(
            Text(
                f"未知分级方法 {scheme!r}；可用：{'、'.join(sorted(SCHEMES))}",
                f"unknown scheme {scheme!r}; known: {', '.join(sorted(SCHEMES))}",
            ),
        )
    distinct = np.unique(found)
    k = min(k, len(distinct))
    if k < 2:
        return distinct[-1:]
    if name == "fisherjenks" and len(found) > 2000:
        name = "quantiles"  # natural breaks take time that grows with the square
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            # That fewer classes than asked for are made shows in the legend.
            warnings.simplefilter("ignore")
            bins = _bins(found, name, k)
        if not np.isfinite(bins[:-1]).all():
            raise ValueError("limits that are no numbers")
    except (ArithmeticError, IndexError, TypeError, ValueError) as error:
        raise MapError(
            Text(
                f"分级方法 {scheme!r} 无法把 {len(distinct)} 个不同的值分成 {k} 级。",
                f"scheme {scheme!r} makes no {k} classes of {len(distinct)} different values.",
            ),
            remedy=Text('请用 scheme="quantiles"。', 'Take scheme="quantiles".'),
        ) from error
    return bins


def _bins(found: np.ndarray, name: str, k: int) -> np.ndarray:
    """Return the upper limits of a scheme, as mapclassify finds them."""
    if name in _OWN:
        return _OWN[name](found, k)
    # Only for the rarer schemes: it brings half of scipy, scikit-learn and networkx with it.
    import mapclassify

    arguments = {} if name in ("boxplot", "headtailbreaks", "maxp", "stdmean") else {"k": k}
    return np.asarray(mapclassify.classify(found, SCHEMES[name], **arguments).bins, float)


def code_classes(values: pd.Series, field: Field, spec: LayerSpec, *, lang: str = "zh") -> Classes:
    """Put records into classes by the codes of a field, in the order of its list."""
    names = {code: label.zh if lang == "zh" else label.en for code, label in field.codes.items()}
    present = set(values.dropna().astype(str))
    order = [code for code in names if code in present] + sorted(present - set(names))
    colors = _code_colors(field, spec, order)
    return _named(values.astype("str").where(values.notna()), order, names, colors, lang)


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


def _code_colors(field: Field, spec: LayerSpec, codes: list[str]) -> dict[str, str]:
    """Return the colours of the layer file; for states, the colour of the set they belong to."""
    given = dict(spec.style.get("colors", {}))
    if field.name == spec.state_field:
        palette = _REMEDIATION if "done" in spec.sets else _SERVICE
        used: dict[str, int] = {}
        for code in field.codes:
            set_name = spec.set_of(code)
            shades = palette.get(set_name or "")
            if shades and code in codes:
                given.setdefault(code, shades[used.get(set_name or "", 0) % len(shades)])
                used[set_name or ""] = used.get(set_name or "", 0) + 1
    return given
