"""One gate for what public functions are given: frames, zones, columns, numbers, names, days."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, wraps
from numbers import Integral, Real
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo_citymgmt._dates import local_days, read_day
from geo_citymgmt._languages import NOTHING, Messages, Text, first_few, listed
from geo_citymgmt._metric import require_metric, require_same_crs
from geo_citymgmt.errors import (
    AsOfError,
    CityDataError,
    GeometryWarning,
    deprecated,
    did_you_mean,
    warn_caller,
)

P = ParamSpec("P")
R = TypeVar("R")
Frame: TypeAlias = gpd.GeoDataFrame | gpd.GeoSeries

_MESSAGES = Messages("geo_citymgmt")
METRES, SQUARE_METRES = Text("米", "metres"), Text("平方米", "square metres")
#: Geometries looked at in one go for broken vertices: bounds the memory.
_CHUNK = 100_000
_POINT, _COLLECTION = 0, 7
_POLYGONS = (3, 6)


@dataclass(frozen=True, eq=False, slots=True)
class Shapes:
    """Geometries that have been asked once.

    Attributes
    ----------
    geometry : ndarray of object
        None where there is no place: missing, empty, a point that is not finite.
    kind : ndarray of int
        The type of each as GEOS counts them, -1 where there is no place.
    xy : ndarray of float, shape (n, 2), or None
        Coordinates where all that have a place are single points, NaN for the rest.
    broken : ndarray of int
        Positions of lines and polygons that have a vertex which is not finite.
    """

    geometry: np.ndarray
    kind: np.ndarray
    xy: np.ndarray | None
    broken: np.ndarray

    @classmethod
    def of(cls, geometry: np.ndarray) -> Shapes:
        """Ask each geometry its type, and its place in one pass.

        The bounds of a point are its coordinates, and come quicker than these; they are not
        finite where it is missing, empty or nowhere.
        """
        kind = shapely.get_type_id(geometry)
        bounds = shapely.bounds(geometry)
        place = np.isfinite(bounds[:, 0]) & np.isfinite(bounds[:, 1])
        points_only = bool((kind <= _POINT).all())
        if not points_only:
            # A line with a vertex that is not finite has a place, but not this one.
            place |= (kind > _POINT) & ~shapely.is_empty(geometry)
        if not place.all():
            geometry, kind = _without(geometry, kind, ~place)
        if not points_only:
            return cls(geometry, kind, None, _broken(geometry, np.flatnonzero(kind > _POINT)))
        xy = bounds[:, :2] if place.all() else np.where(place[:, None], bounds[:, :2], np.nan)
        return cls(geometry, kind, xy, np.empty(0, dtype=np.intp))

    @property
    def placed(self) -> np.ndarray:
        """Which have a place."""
        return np.asarray(self.kind >= 0)

    def __len__(self) -> int:
        return len(self.geometry)


def _without(
    geometry: np.ndarray, kind: np.ndarray, nowhere: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    geometry, kind = geometry.copy(), kind.copy()
    geometry[nowhere], kind[nowhere] = None, -1
    return geometry, kind


def _broken(geometry: np.ndarray, others: np.ndarray) -> np.ndarray:
    found = []
    for first in range(0, len(others), _CHUNK):
        some = others[first : first + _CHUNK]
        xy, at = shapely.get_coordinates(geometry[some], return_index=True)
        finite = np.isfinite(xy[:, 0]) & np.isfinite(xy[:, 1])
        found.append(some[np.unique(at[~finite])])
    return np.concatenate(found) if found else np.empty(0, dtype=np.intp)


@dataclass(frozen=True, eq=False)
class Features:
    """A frame of features that passed the gate."""

    given: Frame
    shapes: Shapes
    gate: Gate
    argument: str

    @property
    def index(self) -> pd.Index:
        return self.given.index

    @property
    def crs(self) -> CRS:
        return self.given.crs

    @cached_property
    def geometry(self) -> np.ndarray:
        """Flat, None where there is no place; who asks for it measures or returns it.

        Warns
        -----
        GeometryWarning
            Some have heights, which are left out.
        """
        if not shapely.has_z(self.shapes.geometry).any():
            return self.shapes.geometry
        self.gate.warn(f"{self.argument} has heights (Z), which are left out: a plane is measured.")
        return np.asarray(shapely.force_2d(self.shapes.geometry))

    def __len__(self) -> int:
        return len(self.given)


def refuses_by_name(function: Callable[P, R]) -> Callable[P, R]:
    """Let each refusal of a public function begin with its name, from however deep it comes."""
    name = function.__name__

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except CityDataError as error:
            if error.message.startswith(f"{name}:"):
                raise
            text = Text(f"{name}：{error.message_zh}", f"{name}: {error.message}")
            raise type(error)(text, findings=error.findings) from error

    return wrapper


def renamed_arguments(
    since: str = "0.2", removed: str = "0.3", **names: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take keyword arguments by their old names too: ``old="new"``."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            for old in names.keys() & kwargs.keys():
                if names[old] in kwargs:
                    raise TypeError(f"{function.__name__}() got both {old!r} and {names[old]!r}")
                deprecated(f"{function.__name__}({old}=)", f"{names[old]}=", since, removed)
                kwargs[names[old]] = kwargs.pop(old)
            return function(*args, **kwargs)

        return wrapper

    return decorate


class Gate:
    """Asks what a public function is given.

    Parameters
    ----------
    function : str
        Its name, with which every refusal begins.

    Examples
    --------
    >>> Gate("coverage").positive("300", "radius_m", Text("米", "metres"))
    Traceback (most recent call last):
    geo_citymgmt.errors.CityDataError: coverage: radius_m is '300' (str), not a number. Give
    a positive number of metres.
    """

    def __init__(self, function: str) -> None:
        self.function = function

    def refuse(self, cause: Text, remedy: Text = NOTHING) -> CityDataError:
        """Return the error to raise: the function, what is wrong, what to do."""
        return CityDataError(
            Text(f"{self.function}：{cause.zh}", f"{self.function}: {cause.en}"), remedy=remedy
        )

    def refusal(self, key: str, /, **gaps: Any) -> CityDataError:
        """Return the error to raise for an entry of ``messages.toml``."""
        return self.refuse(*_MESSAGES.pair(key, **gaps))

    # Frames

    def frame(self, value: Any, argument: str, *, needs_columns: bool = False) -> Frame:
        """Return a frame with geometry as it is, or refuse what is none."""
        if isinstance(value, gpd.GeoDataFrame):
            return self._with_geometry(value, argument)
        if isinstance(value, gpd.GeoSeries) and not needs_columns:
            return value
        name = type(value).__name__
        wanted = Text("GeoDataFrame", "GeoDataFrame")
        if not needs_columns:
            wanted = Text("GeoDataFrame 或 GeoSeries", "GeoDataFrame or GeoSeries")
        raise self.refuse(
            _MESSAGES("no_frame", argument=argument, name=name, wanted=wanted),
            _remedy_for(value),
        )

    def table(self, value: Any, argument: str) -> pd.DataFrame:
        """Return a frame with or without geometry, or refuse what is none."""
        if isinstance(value, pd.DataFrame):
            return value
        name = type(value).__name__
        raise self.refusal("no_table", argument=argument, name=name)

    def series(self, value: Any, argument: str) -> pd.Series:
        """Return one value a record: a Series as it is, an array or a list as one."""
        if isinstance(value, pd.Series):
            return value
        if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1):
            return pd.Series(value)
        name = type(value).__name__
        raise self.refuse(_MESSAGES("not_series", argument=argument, name=name))

    def _with_geometry(self, frame: gpd.GeoDataFrame, argument: str) -> gpd.GeoDataFrame:
        active = frame.active_geometry_name
        if active is None or active not in frame.columns:
            raise self.refusal("no_geometry_column", argument=argument)
        if (frame.columns == active).sum() > 1:
            raise self.refusal("two_geometry_columns", argument=argument, active=active)
        return frame

    def features(
        self,
        value: Any,
        argument: str,
        *,
        like: Frame | Features | None = None,
        measures: Collection[str] | None = None,
        needs_columns: bool = False,
    ) -> Features:
        """Return features with the place of each asked once.

        Parameters
        ----------
        value : object
            What the caller gave.
        argument : str
            The name of the argument.
        like : GeoDataFrame, GeoSeries or Features, optional
            Whose CRS it must be in.
        measures : collection of {"area", "length"}, optional
            What is measured in it, see :func:`geo_citymgmt._metric.require_metric`; empty where
            any CRS in metres will do. None where it need not be asked, as ``like`` was.
        needs_columns : bool
            Whether a GeoSeries will not do.

        Raises
        ------
        CityDataError
            It is no such frame, or a line or polygon has a vertex that is not finite.
        CRSError
            Its CRS is not that of ``like``, or nothing can be measured in it.

        """
        frame = self.frame(value, argument, needs_columns=needs_columns)
        shapes = Shapes.of(frame.geometry.to_numpy())
        if len(shapes.broken):
            self._refuse_broken(frame, shapes.broken, argument)
        features = Features(frame, shapes, self, argument)
        if like is not None:
            require_same_crs(like, frame, self.function)
        if measures is not None:
            require_metric(self._located(features), self.function, measures=measures)
        return features

    def _located(self, features: Features) -> Frame:
        """The frame itself, or where some places are not finite, what is."""
        if features.shapes.placed.all():
            return features.given
        return gpd.GeoSeries(features.shapes.geometry, crs=features.crs)

    def _refuse_broken(self, frame: Frame, broken: np.ndarray, argument: str) -> None:
        first = broken[0]
        label = frame.index[first]
        raise self.refusal(
            "broken_vertices",
            argument=argument,
            n=len(broken),
            label=label,
            first=first,
            positions=broken[:5].tolist(),
        )

    def zones(
        self,
        value: Any,
        argument: str = "zones",
        *,
        like: Frame | Features | None = None,
        measures: Collection[str] = (),
        valid: bool = True,
    ) -> gpd.GeoSeries:
        """Return zones as polygons on their own index, their codes.

        Parameters
        ----------
        value, argument, like, measures
            As of :meth:`features`.
        valid : bool
            Whether to repair outlines that cross themselves; else they come as they are.

        Raises
        ------
        CityDataError
            A zone has no shape or is no polygon, or a code is missing, repeated
            or of several levels.

        Warns
        -----
        GeometryWarning
            An outline crosses itself and was repaired.
        """
        frame = self.frame(value, argument)
        self._codes(frame.index, argument)
        shapes = Shapes.of(frame.geometry.to_numpy())
        if len(shapes.broken):
            self._refuse_broken(frame, shapes.broken, argument)
        self._polygons(frame.index, shapes, argument)
        if like is not None:
            require_same_crs(like, frame, self.function)
        require_metric(frame, self.function, measures=measures)
        geometry = np.asarray(shapely.force_2d(shapes.geometry))
        if valid:
            geometry = self._repaired(frame.index, geometry, argument)
        return gpd.GeoSeries(geometry, index=frame.index, crs=frame.crs)

    def _codes(self, codes: pd.Index, argument: str) -> None:
        if isinstance(codes, pd.MultiIndex):
            raise self.refusal("zone_levels", argument=argument, n=codes.nlevels)
        lacking = np.flatnonzero(codes.isna())
        if len(lacking):
            raise self.refusal("zone_no_code", argument=argument, at=lacking[0])
        if not codes.is_unique:
            twice = codes[codes.duplicated()][0]
            raise self.refusal("zone_code_twice", argument=argument, twice=twice)

    def _polygons(self, codes: pd.Index, shapes: Shapes, argument: str) -> None:
        shapeless = np.flatnonzero(~shapes.placed)
        if len(shapeless):
            raise self.refusal(
                "zone_shapeless", argument=argument, zone=codes[shapeless[0]], n=len(shapeless)
            )
        other = np.flatnonzero(shapely.get_dimensions(shapes.geometry) != 2)
        if len(other):
            kind = shapes.geometry[other[0]].geom_type
            raise self.refusal(
                "zone_no_polygon", argument=argument, zone=codes[other[0]], kind=kind
            )

    def _repaired(self, codes: pd.Index, geometry: np.ndarray, argument: str) -> np.ndarray:
        crossed = np.flatnonzero(~shapely.is_valid(geometry))
        mixed = np.flatnonzero(~np.isin(shapely.get_type_id(geometry), _POLYGONS))
        if len(crossed):
            names = first_few(map(repr, codes[crossed]), 5).en
            self.warn(
                f"the outlines of {len(crossed)} zones ({names}) of {argument} are invalid "
                f"and were repaired with make_valid; check_zones lists them."
            )
        at = np.union1d(crossed, mixed)
        if not len(at):
            return geometry
        geometry = geometry.copy()
        geometry[at] = [areal(shapely.make_valid(shape)) for shape in geometry[at]]
        lost = at[shapely.is_empty(geometry[at])]
        if len(lost):
            raise self.refusal("zone_no_area", argument=argument, zone=codes[lost[0]])
        return geometry

    def warn(self, text: str) -> None:
        """Warn about what was done to the geometry, at the line that called the function."""
        warn_caller(f"{self.function}: {text}", GeometryWarning)

    # Columns

    def free(self, columns: pd.Index, names: Collection[str], argument: str) -> None:
        """Refuse columns of the caller that the result would overwrite."""
        taken = [name for name in names if name in columns]
        if taken:
            raise self.refusal("column_taken", argument=argument, name=taken[0])

    def name(self, value: Any, argument: str) -> Any:
        """Return what can be the name of a column, or refuse what cannot."""
        if value is None or isinstance(value, str) or np.isscalar(value) is True:
            return value
        if isinstance(value, tuple) and all(isinstance(part, (str, int)) for part in value):
            return value
        raise self.refusal(
            "no_column_name", argument=argument, value=value, kind=type(value).__name__
        )

    def column(self, frame: Any, name: Any, argument: str = "column") -> pd.Series:
        """Return a column, or refuse with those there are."""
        self.name(name, argument)
        if isinstance(frame, gpd.GeoSeries):
            raise self.refusal("series_has_no_columns", argument=argument, name=name)
        active = getattr(frame, "active_geometry_name", None)
        known = [c for c in frame.columns if c != active]
        if name not in frame.columns:
            near = did_you_mean(name, map(str, known)) if isinstance(name, str) else NOTHING
            listed = first_few(known).en or "-"
            raise self.refusal(
                "no_such_column", argument=argument, name=name, listed=listed, near=near
            )
        column = frame[name]
        if isinstance(column, pd.DataFrame):
            raise self.refusal("column_twice", argument=argument, name=name)
        return column

    def hashable(self, column: pd.Series, argument: str) -> pd.Series:
        """Return a column whose values can be grouped by, or refuse one of lists or the like."""
        if column.dtype == object:
            for at, value in enumerate(column.to_numpy()):
                try:
                    hash(value)
                except TypeError:
                    raise self.refusal(
                        "no_single_values",
                        argument=argument,
                        name=column.name,
                        label=column.index[at],
                        kind=type(value).__name__,
                    ) from None
        return column

    def numbers(
        self, frame: Any, name: Any, argument: str, *, least: float | None = None
    ) -> np.ndarray:
        """Return a column as numbers, NaN where one is missing; infinite ones are refused."""
        column = self.column(frame, name, argument)
        return self.values(column, argument, f"column {name!r}", f"“{name}”列", least=least)

    def values(
        self,
        values: pd.Series,
        argument: str,
        en: str,
        zh: str,
        *,
        least: float | None = None,
        finite: bool = True,
    ) -> np.ndarray:
        """Return a Series as numbers; what is no number is refused with its first record."""
        numbers, wrong = _as_numbers(values)
        if len(wrong):
            value = values.iloc[wrong[0]]
            raise self.refusal(
                "no_numbers",
                argument=argument,
                what=Text(zh, en),
                n=len(wrong),
                label=values.index[wrong[0]],
                value=value,
            )
        bad = np.isinf(numbers) if finite else np.zeros(len(numbers), dtype=bool)
        limit = NOTHING
        if least is not None:
            bad |= numbers < least
            limit = Text(f"小于 {least:g} 或", f"below {least:g} or ")
        if bad.any():
            at, many = int(np.flatnonzero(bad)[0]), int(bad.sum())
            place, value = values.index[at], numbers[at]
            raise self.refusal(
                "beyond_limits",
                argument=argument,
                what=Text(zh, en),
                many=many,
                limit=limit,
                place=place,
                value=value,
            )
        return numbers

    def days(self, frame: Any, name: Any, argument: str) -> np.ndarray:
        """Return a column of dates as days of Asia/Shanghai (datetime64[D]), or refuse it."""
        return local_days(self.column(frame, name, argument), function=self.function)

    # Arguments

    def number(
        self,
        value: Any,
        argument: str,
        *,
        least: float | None = None,
        above: float | None = None,
        most: float | None = None,
        unit: Text = NOTHING,
        finite: bool = True,
    ) -> float:
        """Return a number within its limits, or refuse."""
        wanted = _limits(least, above, most, unit)
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Real, np.number)):
            kind = type(value).__name__
            raise self.refusal(
                "no_number", argument=argument, value=value, kind=kind, wanted=wanted
            )
        number = float(value)
        low = (least is not None and number < least) or (above is not None and number <= above)
        high = most is not None and number > most
        if math.isnan(number) or (finite and math.isinf(number)) or low or high:
            raise self.refusal("out_of_range", argument=argument, value=value, wanted=wanted)
        return number

    def positive(self, value: Any, argument: str, unit: Text = NOTHING) -> float:
        """Return a number above zero, or refuse."""
        return self.number(value, argument, above=0, unit=unit)

    def whole(self, value: Any, argument: str, *, least: int = 0, most: int | None = None) -> int:
        """Return a whole number, or refuse."""
        number = self.number(value, argument, least=least, most=most)
        if not isinstance(value, Integral) and number != int(number):
            raise self.refusal("no_whole_number", argument=argument, value=value)
        return int(value)

    def many(self, value: Any, argument: str, **limits: Any) -> list[float]:
        """Return several numbers as :meth:`number` takes them; a single one is one of one."""
        if isinstance(value, (Real, np.number)):
            value = [value]
        if isinstance(value, (str, bytes)) or not isinstance(value, (Iterable, Sequence)):
            raise self.refusal("no_list_of_numbers", argument=argument, value=value)
        return [self.number(one, argument, **limits) for one in value]

    def choice(self, value: Any, argument: str, known: Collection[Any]) -> Any:
        """Return one of what is known, or refuse with all of it."""
        for one in known:
            # 1 is not True, and an array equals nothing as a whole.
            if type(one) is type(value) and one == value:
                return value
        near = (
            did_you_mean(value, [k for k in known if isinstance(k, str)])
            if isinstance(value, str)
            else NOTHING
        )
        codes = [repr(one) for one in known]
        raise self.refusal(
            "no_choice", argument=argument, value=value, codes=listed(codes), near=near
        )


def _remedy_for(value: Any) -> Text:
    if isinstance(value, pd.DataFrame):
        return _MESSAGES("make_frame_of_table")
    if isinstance(value, gpd.GeoSeries):
        return _MESSAGES("make_frame_of_series")
    if isinstance(value, pd.Series):
        return _MESSAGES("make_geoseries")
    if hasattr(value, "data") and isinstance(value.data, gpd.GeoDataFrame):
        return _MESSAGES("frame_of_layer")
    if hasattr(value, "zones_by_level"):
        return _MESSAGES("layer_of_city")
    if isinstance(value, str):
        return _MESSAGES("read_first")
    return NOTHING


def _limits(least: float | None, above: float | None, most: float | None, unit: Text) -> Text:
    zh, en = "数值", "a number"
    if above == 0 and most is None:
        zh, en = "正数", "a positive number"
    elif least is not None and most is not None:
        zh, en = f"{least:g} 至 {most:g} 的数值", f"a number from {least:g} to {most:g}"
    elif least is not None:
        zh, en = f"不小于 {least:g} 的数值", f"a number not below {least:g}"
    elif above is not None and most is not None:
        zh = f"大于 {above:g}、不大于 {most:g} 的数值"
        en = f"a number above {above:g} and at most {most:g}"
    if unit.en:
        zh, en = f"{zh}（{unit.zh}）", f"{en} of {unit.en}"
    return Text(zh, en)


def _as_numbers(values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Values as floats, and the positions of those that are no numbers."""
    dtype = values.dtype
    if pd.api.types.is_complex_dtype(dtype):
        return np.zeros(len(values)), np.arange(len(values))
    if pd.api.types.is_numeric_dtype(dtype):
        return np.asarray(values.astype("float64").to_numpy(na_value=np.nan)), np.empty(0, np.intp)
    given = values.astype(object).to_numpy()
    missing = np.asarray(pd.isna(values), dtype=bool)
    number = np.fromiter(
        (
            isinstance(v, (Real, Decimal, np.number)) and not isinstance(v, (bool, np.bool_))
            for v in given
        ),
        dtype=bool,
        count=len(given),
    )
    out = np.full(len(given), np.nan)
    good = number & ~missing
    out[good] = given[good].astype(float)
    return out, np.flatnonzero(~number & ~missing)


def labels_at(index: pd.Index, at: np.ndarray) -> Any:
    """Labels of an index at positions, of several levels as tuples; missing below zero.

    Whole numbers of which one is missing become nullable ones: floats would be other codes.
    """
    if isinstance(index, pd.MultiIndex):
        index = index.to_flat_index()
    array = index.array
    if index.dtype.kind in "iu" and (at < 0).any():
        array = pd.array(index.to_numpy())
    return array.take(at, allow_fill=True)


def areal(shape: shapely.Geometry) -> shapely.Geometry:
    """The areas of a geometry, without the lines and points beside them."""
    parts = shapely.get_parts(shape)
    if (shapely.get_type_id(parts) == _COLLECTION).any():
        parts = shapely.get_parts(parts)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


class Dated(Protocol):
    """Whatever has the date of a city's data: a city, or less than a whole one."""

    @property
    def data_date(self) -> pd.Timestamp | None: ...


def check_city(gate: Gate, value: Any) -> None:
    """Refuse what is no city: a frame or a path in its place is the usual slip.

    Examples
    --------
    >>> check_city(Gate("progress"), "data/shapefiles")
    Traceback (most recent call last):
    geo_citymgmt.errors.CityDataError: progress: city is a str, not a City. Load one with load_city.
    """
    # Whatever has a city's date is one: maps and reports draw from less than a whole City.
    if not hasattr(type(value), "data_date") and "data_date" not in getattr(value, "__dict__", {}):
        kind = type(value).__name__
        raise gate.refusal("no_city", kind=kind)


def day_of(
    city: Dated,
    as_of: Any,
    gate: Gate,
    *,
    argument: str = "as_of",
    first: bool = False,
    plan: bool = False,
) -> pd.Timestamp | None:
    """Return the day of the figures, the data's own where none is given; refuse a later one.

    None where neither the caller nor the data has a date. ``argument`` is what the function of the
    gate calls the date, ``first`` whether something begins on it; a ``plan`` may be asked for a
    later day.
    """
    check_city(gate, city)
    data_date = city.data_date
    if as_of is None:
        return data_date
    day = read_day(as_of, argument, function=gate.function, first=first)
    if data_date is not None and day > data_date and not plan:
        raise AsOfError(
            _MESSAGES("day_after_data", gate=gate, data_date=data_date, argument=argument, day=day)
        )
    return day


def days_of(
    city: Dated, start: Any, end: Any, gate: Gate
) -> tuple[pd.Timestamp, pd.Timestamp | None]:
    """Return the first and the last day of a period; the last is the data's own without one."""
    first = read_day(start, "start", function=gate.function, first=True)
    last = day_of(city, end, gate, argument="end")
    day_of(city, first, gate, argument="start")
    if last is not None and last < first:
        raise _MESSAGES.error(AsOfError, "period_ends_early", gate=gate, last=last, first=first)
    return first, last


def days_between(
    first: pd.Timestamp, last: pd.Timestamp, freq: Any, gate: Gate
) -> pd.DatetimeIndex:
    """Return the days of a frequency of pandas from one day to another, both included.

    Examples
    --------
    >>> june = pd.Timestamp("2022-06-30")
    >>> [str(day.date()) for day in days_between(june - pd.Timedelta(days=8), june, "W", Gate("f"))]
    ['2022-06-26']
    """
    days = None
    if isinstance(freq, (str, pd.offsets.BaseOffset)):
        # What pandas does not know, in spelling or in kind, it says in either of these.
        with suppress(ValueError, TypeError):
            days = pd.date_range(first, last, freq=freq)
    if days is None or not days.equals(days.normalize()):
        raise gate.refusal("freq_no_frequency", freq=freq)
    return days


def names_of(gate: Gate, value: Any, argument: str) -> list[str]:
    """Return one name or several as a list of different ones, or refuse what is no text.

    Examples
    --------
    >>> names_of(Gate("progress"), "manhole_remediated", "indicators")
    ['manhole_remediated']
    >>> names_of(Gate("progress"), [7], "indicators")
    Traceback (most recent call last):
    geo_citymgmt.errors.CityDataError: progress: indicators holds 7 (int), which is no name. Give a
    name, or a list of names.
    """
    names = [value] if isinstance(value, str) else value
    if isinstance(names, (bytes, Mapping)) or not isinstance(names, Iterable):
        kind = type(value).__name__
        raise gate.refusal("no_name", argument=argument, value=value, kind=kind)
    names = list(names)
    for name in names:
        if not isinstance(name, str):
            kind = type(name).__name__
            raise gate.refusal("no_name_within", argument=argument, name=name, kind=kind)
    return list(dict.fromkeys(names))


def choices_of(gate: Gate, value: Any, argument: str, known: Collection[str]) -> list[str]:
    """Return names that are all known, or refuse the first that is not."""
    return [gate.choice(name, argument, known) for name in names_of(gate, value, argument)]


def flag_of(gate: Gate, value: Any, argument: str) -> bool:
    """Return a yes or no, or refuse what is neither."""
    return bool(gate.choice(value, argument, (True, False)))
