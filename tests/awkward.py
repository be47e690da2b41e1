"""Frames that other people make: what every public function is given, and what it does with them.

``python -m tests.awkward`` writes the matrix of docs/any-frame.md.
"""

from __future__ import annotations

import decimal
import inspect
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import GeometryCollection, LineString, Point, Polygon, box

import geo_citymgmt as gcm
from tests.conftest import CRS, ROOT, X0, Y0

PAGE = ROOT / "docs" / "any-frame.md"
NAN, INF = float("nan"), float("inf")


def copied(make: Callable[..., gpd.GeoDataFrame]) -> Callable[..., gpd.GeoDataFrame]:
    """Make it once and hand out copies: thousands of calls are each given frames of their own."""
    made = cache(make)
    return wraps(make)(lambda *given: made(*given).copy())


@copied
def zones() -> gpd.GeoDataFrame:
    """Two squares of a kilometre, side by side."""
    return gpd.GeoDataFrame(
        {
            "name_zh": ["甲", "乙"],
            "name": ["whole"] * 2,
            "name_en": ["A", "B"],
            "residents": [400, 100],
        },
        index=pd.Index(["A", "B"], name="zone_code"),
        geometry=[box(X0, Y0, X0 + 1000, Y0 + 1000), box(X0 + 1000, Y0, X0 + 2000, Y0 + 1000)],
        crs=CRS,
    )


@copied
def points(n: int = 20) -> gpd.GeoDataFrame:
    """Points over both zones, with a column of numbers, a kind and two dates."""
    rng = np.random.default_rng(0)
    place = gpd.points_from_xy(X0 + rng.uniform(0, 2000, n), Y0 + rng.uniform(0, 1000, n))
    found = pd.date_range("2022-01-01", periods=n)
    return gpd.GeoDataFrame(
        {
            "v": np.arange(1, n + 1),
            "kind": np.resize(["a", "b"], n),
            "found_date": found,
            "closed_date": found + pd.Timedelta(days=10),
        },
        geometry=place,
        crs=CRS,
    )


@copied
def _placed(*shapes: Any) -> gpd.GeoDataFrame:
    """The points, the first few with another geometry."""
    frame = points()
    geometry = frame.geometry.to_numpy().copy()
    geometry[: len(shapes)] = shapes
    return frame.set_geometry(gpd.GeoSeries(geometry, index=frame.index, crs=CRS))


def _valued(values: Any) -> gpd.GeoDataFrame:
    return points().assign(v=values)


def _indexed(index: Any) -> gpd.GeoDataFrame:
    return points().set_axis(index, axis=0)


_N = range(20)
#: Features: the title of the docs, and what makes them.
FEATURES: dict[str, Callable[[], Any]] = {
    "points, as a control": points,
    "a NaN coordinate": lambda: _placed(Point(NAN, Y0)),
    "an infinite coordinate": lambda: _placed(Point(INF, Y0)),
    "a missing geometry": lambda: _placed(None),
    "an empty geometry": lambda: _placed(Point(), Polygon()),
    "no geometry at all (all missing)": lambda: _placed(*[None] * 20),
    "no rows": lambda: points().head(0),
    "one row": lambda: points().head(1),
    "heights (Z)": lambda: _placed(*[Point(X0 + k, Y0 + k, 5) for k in _N]),
    "a line with a NaN vertex": lambda: _placed(LineString([(X0, Y0), (NAN, Y0 + 9)])),
    "a polygon with an infinite vertex": lambda: _placed(
        Polygon([(X0, Y0), (INF, Y0), (X0 + 9, Y0 + 9)])
    ),
    "lines": lambda: _placed(*[LineString([(X0 + k, Y0), (X0 + 90 * k, Y0 + 99)]) for k in _N]),
    "polygons": lambda: _placed(*[box(X0 + 90 * k, Y0, X0 + 90 * k + 50, Y0 + 50) for k in _N]),
    "a polygon that crosses itself": lambda: _placed(
        Polygon([(X0, Y0), (X0 + 9, Y0 + 9), (X0 + 9, Y0), (X0, Y0 + 9)])
    ),
    "points, lines and polygons mixed": lambda: _placed(
        LineString([(X0, Y0), (X0 + 9, Y0)]), box(X0, Y0, X0 + 9, Y0 + 9)
    ),
    "a geometry collection": lambda: _placed(
        GeometryCollection([Point(X0, Y0), LineString([(X0, Y0), (X0 + 9, Y0)])])
    ),
    "a place far away": lambda: _placed(Point(X0 + 1e9, Y0)),
    "all in one place": lambda: _placed(*[Point(X0 + 5, Y0 + 5)] * 20),
    "a GeoSeries": lambda: points().geometry,
    "a plain DataFrame": lambda: pd.DataFrame({"v": [1]}),
    "df.merge(gdf), a plain DataFrame": lambda: pd.DataFrame(points()).merge(points()[["v"]]),
    "a GeoDataFrame without geometry": lambda: gpd.GeoDataFrame({"v": [1]}),
    "None": lambda: None,
    "the name of a file": lambda: "manholes.shp",
    "a Layer": lambda: gcm.read_layer(
        points().assign(manhole_id=[f"m{k}" for k in _N]), "manholes"
    ),
    "no CRS": lambda: points().set_crs(None, allow_override=True),
    "degrees": lambda: points().to_crs("EPSG:4490"),
    "another CRS in metres": lambda: points().to_crs("EPSG:4548"),
    "an index of text": lambda: _indexed([f"r{k}" for k in _N]),
    "a categorical index": lambda: _indexed(pd.CategoricalIndex([f"r{k}" for k in _N])),
    "an index of several levels": lambda: _indexed(
        pd.MultiIndex.from_product([range(4), range(5)], names=["sheet", "row"])
    ),
    "a repeated index": lambda: _indexed([0] * 20),
    "an index of dates": lambda: _indexed(pd.date_range("2022", periods=20)),
    "an index of mixed kinds": lambda: _indexed([1, "a", None, 2.5, *range(16)]),
    "a repeated column": lambda: gpd.GeoDataFrame(
        pd.concat([points(), points()[["v"]]], axis=1), geometry="geometry", crs=CRS
    ),
    "column names that are no text": lambda: points().rename(columns={"kind": 5}).assign(x=1),
    "numbers as text": lambda: _valued("1,200"),
    "None among the numbers": lambda: _valued([None, *range(19)]).astype({"v": object}),
    "nullable numbers with a missing one": lambda: _valued(
        pd.array([None, *range(19)], dtype="Int64")
    ),
    "decimals": lambda: _valued([decimal.Decimal("1.5")] * 20),
    "negative numbers": lambda: _valued([-5.0, *[1.0] * 19]),
    "infinite numbers": lambda: _valued([INF, *[1.0] * 19]),
    "complex numbers": lambda: _valued([1 + 2j] * 20),
    "yes and no": lambda: _valued([True, False] * 10),
    "whole numbers beyond 64 bits in sum": lambda: _valued([2**62] * 20),
    "lists in a column": lambda: points().assign(kind=[[1, 2]] * 20, v=[[1]] * 20),
    "dicts in a column": lambda: points().assign(kind=[{"a": 1}] * 20),
    "a categorical column": lambda: points().astype({"kind": "category"}),
    "moments with a time zone": lambda: points().assign(
        found_date=pd.date_range("2022", periods=20, tz="UTC"),
        closed_date=pd.date_range("2022", periods=20, tz="Asia/Shanghai"),
    ),
    "dates as text": lambda: points().assign(found_date="2022-06-05"),
    "columns named as those of results": lambda: points().assign(
        facility=1, distance_m=2.0, zone_code="x", row_kind="zone", share=1.0, rank=1
    ),
    "a second geometry column": lambda: points().assign(other=points().geometry.buffer(5)),
    "a geometry column of another name": lambda: points().rename_geometry("geom"),
}


def _zoned(*shapes: Any) -> gpd.GeoDataFrame:
    frame = zones()
    geometry = frame.geometry.to_numpy().copy()
    geometry[: len(shapes)] = shapes
    return frame.set_geometry(gpd.GeoSeries(geometry, index=frame.index, crs=CRS))


def _coded(codes: Any) -> gpd.GeoDataFrame:
    return zones().set_axis(codes, axis=0)


BOW = Polygon([(X0, Y0), (X0 + 1000, Y0 + 1000), (X0 + 1000, Y0), (X0, Y0 + 1000)])
ZONES: dict[str, Callable[[], Any]] = {
    "zones, as a control": zones,
    "codes that are whole numbers": lambda: _coded(pd.Index([320505, 320506], name="code")),
    "codes that are a mere count": lambda: zones().reset_index(),
    "categorical codes": lambda: _coded(pd.CategoricalIndex(["A", "B"])),
    "codes that are floats": lambda: _coded([1.0, 2.0]),
    "codes that are dates": lambda: _coded(pd.date_range("2022", periods=2)),
    "codes of several levels": lambda: _coded(pd.MultiIndex.from_tuples([("x", 1), ("x", 2)])),
    "a repeated code": lambda: _coded(["A", "A"]),
    "a missing code": lambda: _coded(["A", None]),
    "a code named as a row of results": lambda: _coded(["A", "total"]),
    "zones that are points": lambda: zones().set_geometry(zones().centroid),
    "zones that are lines": lambda: zones().set_geometry(zones().boundary),
    "an outline that crosses itself": lambda: _zoned(BOW),
    "an outline without area": lambda: _zoned(
        Polygon([(X0, Y0), (X0 + 9, Y0), (X0 + 5, Y0), (X0, Y0)])
    ),
    "a zone without shape": lambda: _zoned(None),
    "an empty zone": lambda: _zoned(Polygon()),
    "a zone with a NaN vertex": lambda: _zoned(
        Polygon([(X0, Y0), (NAN, Y0), (X0 + 9, Y0 + 9), (X0, Y0 + 9)])
    ),
    "zones with heights": lambda: zones().set_geometry(
        gpd.GeoSeries(shapely.force_3d(zones().geometry, 4), index=zones().index, crs=CRS)
    ),
    "a zone that is a collection": lambda: _zoned(
        GeometryCollection([box(X0, Y0, X0 + 9, Y0 + 9), Point(X0, Y0)])
    ),
    "zones that overlap": lambda: _zoned(box(X0, Y0, X0 + 1500, Y0 + 1000)),
    "no zones": lambda: zones().head(0),
    "zones as a GeoSeries": lambda: zones().geometry,
    "zones as a plain DataFrame": lambda: pd.DataFrame(zones()),
    "zones that are None": lambda: None,
    "zones without a CRS": lambda: zones().set_crs(None, allow_override=True),
    "zones in another CRS": lambda: zones().to_crs("EPSG:4548"),
    "zones in degrees": lambda: zones().to_crs("EPSG:4490"),
    "zones with a repeated column": lambda: gpd.GeoDataFrame(
        pd.concat([zones(), zones()[["residents"]]], axis=1), geometry="geometry", crs=CRS
    ),
    "zones with numbers as text": lambda: zones().assign(residents="1,200"),
}

#: How each public function is called with a frame of features.
OF_FEATURES: dict[str, list[Callable[[Any], Any]]] = {
    "assign_zones": [lambda f: gcm.assign_zones(f, zones())],
    "split_by_zone": [lambda f: gcm.split_by_zone(f, zones())],
    "summarise": [
        lambda f: gcm.summarise(f, zones(), margins=True),
        lambda f: gcm.summarise(f, zones(), by="kind", split="share", v=("v", "sum")),
        lambda f: gcm.summarise(f, zones(), top=("v", "max"), kinds=("kind", "nunique")),
        lambda f: gcm.summarise(f, zones(), mean=("v", "mean", "v"), area=("area_m2", "sum")),
    ],
    "summarise_levels": [
        lambda f: gcm.summarise_levels(
            f, {"district": zones(), "grid": gcm.make_grid(zones(), 500)}, v=("v", "sum")
        )
    ],
    "coverage": [
        lambda f: gcm.coverage(f, zones(), radius_m=100),
        lambda f: gcm.coverage(f, zones(), radius_m=100, at_least=2, margins=True),
        lambda f: gcm.coverage(points(), zones(), radius_m=100, demand=f, weight="v"),
    ],
    "coverage_area": [lambda f: gcm.coverage_area(f, zones(), radius_m=100)],
    "coverage_gaps": [
        lambda f: gcm.coverage_gaps(f, zones(), radius_m=100, demand=points()),
        lambda f: gcm.coverage_gaps(points(3), zones(), radius_m=100, demand=f, weight="v"),
    ],
    "coverage_map": [lambda f: gcm.coverage_map(f, zones(), radius_m=100)],
    "nearest": [
        lambda f: gcm.nearest(f, points(), k=2),
        lambda f: gcm.nearest(points(), f, max_m=500),
    ],
    "unserved": [
        lambda f: gcm.unserved(f, points(3), within_m=100),
        lambda f: gcm.unserved(points(), f, within_m=100),
    ],
    "share_within": [lambda f: gcm.share_within(f, points(3), zones(), margins=True)],
    "distance_percentiles": [
        lambda f: gcm.distance_percentiles(f, points(3), zones(), weight="v"),
        lambda f: gcm.distance_percentiles(points(), f, zones(), margins=True),
    ],
    "supply_ratio": [
        lambda f: gcm.supply_ratio(f, zones(), amount="v"),
        lambda f: gcm.supply_ratio(points(), zones(), per="v", demand=f, margins=True),
    ],
    "two_step_access": [
        lambda f: gcm.two_step_access(f, points(), radius_m=300, demand_weight="v"),
        lambda f: gcm.two_step_access(points(), f, radius_m=300, supply_weight="v"),
    ],
    "hot_spots": [
        lambda f: gcm.hot_spots(f, cell_m=250, zones=zones(), permutations=9),
        lambda f: gcm.hot_spots(f, cell_m=250, value="v", permutations=None),
    ],
    "changes": [
        lambda f: gcm.changes(f, points(), min_area_m2=1),
        lambda f: gcm.changes(points(), points(), min_area_m2=1, permits=f),
    ],
    "conflicts": [
        lambda f: gcm.conflicts(f, points(), within_m=50),
        lambda f: gcm.conflicts(f, f, within_m=50),
    ],
    "recurrence": [lambda f: gcm.recurrence(f, within_days=90)],
    "suspect_datum": [lambda f: gcm.suspect_datum(f, points())],
    "to_wgs84": [lambda f: gcm.to_wgs84(_degrees(f), "gcj02")],
    "from_wgs84": [lambda f: gcm.from_wgs84(_degrees(f), "gcj02")],
    "layer_map": [
        lambda f: gcm.layer_map(f, "manholes"),
        lambda f: gcm.layer_map(f, "manholes", color_by="v", popup_fields=["kind"]),
    ],
    "plot_layer": [lambda f: _closed(gcm.plot_layer(f, "manholes", color_by="v"))],
    "read_layer": [lambda f: gcm.read_layer(f, "manholes")],
    "write_layer": [lambda f: _written(f, "x.gpkg"), lambda f: _written(f, "x.csv")],
}

#: And with zones.
OF_ZONES: dict[str, list[Callable[[Any], Any]]] = {
    "assign_zones": [lambda z: gcm.assign_zones(points(), z)],
    "split_by_zone": [lambda z: gcm.split_by_zone(FEATURES["polygons"](), z)],
    "summarise": [
        lambda z: gcm.summarise(points(), z, v=("v", "sum")),
        lambda z: gcm.summarise(points(), z, by="kind", margins="both"),
    ],
    "summarise_levels": [
        lambda z: gcm.summarise_levels(points(), {"district": z}),
        lambda z: gcm.summarise_levels(points(), {"city": zones().dissolve("name"), "district": z}),
    ],
    "check_zones": [gcm.check_zones],
    "make_grid": [lambda z: gcm.make_grid(z, 500), lambda z: gcm.make_grid(z, 500, clip=False)],
    "coverage": [lambda z: gcm.coverage(points(), z, radius_m=100, margins=True)],
    "coverage_area": [lambda z: gcm.coverage_area(points(), z, radius_m=100)],
    "coverage_gaps": [lambda z: gcm.coverage_gaps(points(3), z, radius_m=100, demand=points())],
    "coverage_map": [lambda z: gcm.coverage_map(points(), z, radius_m=100)],
    "share_within": [lambda z: gcm.share_within(points(), points(3), z)],
    "distance_percentiles": [lambda z: gcm.distance_percentiles(points(), points(3), z)],
    "supply_ratio": [
        lambda z: gcm.supply_ratio(points(), z, margins=True),
        lambda z: gcm.supply_ratio(points(), z, per="residents"),
    ],
    "hot_spots": [lambda z: gcm.hot_spots(points(), cell_m=250, zones=z, permutations=9)],
    "layer_map": [lambda z: gcm.layer_map(points(), "manholes", zones=z)],
    "zone_map": [lambda z: gcm.zone_map(_table(z), z, "n")],
    "plot_zones": [lambda z: _closed(gcm.plot_zones(_table(z), z, "n"))],
}


#: What stands where a number belongs.
NOT_NUMBERS: dict[str, Any] = {
    "text": "300",
    "text with a comma": "1,200",
    "None": None,
    "NaN": NAN,
    "infinity": INF,
    "below zero": -1,
    "zero": 0,
    "a list": [3],
    "an array": np.array([1.0, 2.0]),
    "a complex number": 1j,
    "missing (NA)": pd.NA,
    "a Timestamp": pd.Timestamp("2022-06-30"),
    "an object": object(),
    "yes": True,
    "half": 0.5,
}
#: Numbers, choices and names of columns of each function, one at a time.
ARGUMENTS: dict[str, Callable[[Any], Any]] = {
    "summarise split": lambda x: gcm.summarise(points(), zones(), split=x),
    "summarise margins": lambda x: gcm.summarise(points(), zones(), margins=x),
    "summarise by": lambda x: gcm.summarise(points(), zones(), by=x),
    "summarise v": lambda x: gcm.summarise(points(), zones(), v=x),
    "summarise column": lambda x: gcm.summarise(points(), zones(), v=(x, "sum")),
    "summarise function": lambda x: gcm.summarise(points(), zones(), v=("v", x)),
    "summarise weight": lambda x: gcm.summarise(points(), zones(), v=("v", "mean", x)),
    "summarise_levels levels": lambda x: gcm.summarise_levels(points(), x),
    "make_grid cell_m": lambda x: gcm.make_grid(zones(), x),
    "coverage radius_m": lambda x: gcm.coverage(points(), zones(), radius_m=x),
    "coverage at_least": lambda x: gcm.coverage(points(), zones(), radius_m=9, at_least=x),
    "coverage margins": lambda x: gcm.coverage(points(), zones(), radius_m=9, margins=x),
    "coverage demand": lambda x: gcm.coverage(points(), zones(), radius_m=9, demand=x),
    "coverage weight": lambda x: gcm.coverage(
        points(), zones(), radius_m=9, demand=points(), weight=x
    ),
    "coverage_area radius_m": lambda x: gcm.coverage_area(points(), zones(), radius_m=x),
    "coverage_gaps radius_m": lambda x: gcm.coverage_gaps(
        points(3), zones(), radius_m=x, demand=points()
    ),
    "coverage_gaps n": lambda x: gcm.coverage_gaps(
        points(3), zones(), radius_m=99, demand=points(), n=x
    ),
    "coverage_gaps min_demand": lambda x: gcm.coverage_gaps(
        points(3), zones(), radius_m=99, demand=points(), min_demand=x
    ),
    "coverage_gaps min_per_km2": lambda x: gcm.coverage_gaps(
        points(3), zones(), radius_m=99, demand=points(), min_per_km2=x
    ),
    "nearest k": lambda x: gcm.nearest(points(), points(), k=x),
    "nearest max_m": lambda x: gcm.nearest(points(), points(), max_m=x),
    "unserved within_m": lambda x: gcm.unserved(points(), points(3), within_m=x),
    "share_within distances_m": lambda x: gcm.share_within(
        points(), points(3), zones(), distances_m=x
    ),
    "distance_percentiles percentiles": lambda x: gcm.distance_percentiles(
        points(), points(3), zones(), percentiles=x
    ),
    "distance_percentiles weight": lambda x: gcm.distance_percentiles(
        points(), points(3), zones(), weight=x
    ),
    "supply_ratio amount": lambda x: gcm.supply_ratio(points(), zones(), amount=x),
    "supply_ratio per": lambda x: gcm.supply_ratio(points(), zones(), per=x),
    "supply_ratio scale": lambda x: gcm.supply_ratio(points(), zones(), scale=x),
    "two_step_access radius_m": lambda x: gcm.two_step_access(points(), points(), radius_m=x),
    "two_step_access decay": lambda x: gcm.two_step_access(
        points(), points(), radius_m=99, decay=x
    ),
    "two_step_access costs": lambda x: gcm.two_step_access(points(), points(), costs=x, max_cost=9),
    "gini amount": gcm.gini,
    "lorenz residents": lambda x: gcm.lorenz(pd.Series([1, 2]), residents=x),
    "hot_spots cell_m": lambda x: gcm.hot_spots(points(), cell_m=x, permutations=9),
    "hot_spots permutations": lambda x: gcm.hot_spots(points(), cell_m=250, permutations=x),
    "hot_spots seed": lambda x: gcm.hot_spots(points(), cell_m=250, permutations=9, seed=x),
    "hot_spots fdr": lambda x: gcm.hot_spots(points(), cell_m=250, permutations=9, fdr=x),
    "hot_spots value": lambda x: gcm.hot_spots(points(), cell_m=250, permutations=9, value=x),
    "changes min_area_m2": lambda x: gcm.changes(points(), points(), min_area_m2=x),
    "changes overlap": lambda x: gcm.changes(points(), points(), min_area_m2=1, overlap=x),
    "conflicts within_m": lambda x: gcm.conflicts(points(), points(), within_m=x),
    "recurrence within_days": lambda x: gcm.recurrence(points(), within_days=x),
    "recurrence overlap": lambda x: gcm.recurrence(points(), within_days=9, overlap=x),
    "recurrence found": lambda x: gcm.recurrence(points(), within_days=9, found=x),
    "layer_map k": lambda x: gcm.layer_map(points(), "manholes", color_by="v", k=x),
    "layer_map scheme": lambda x: gcm.layer_map(points(), "manholes", color_by="v", scheme=x),
    "layer_map color_by": lambda x: gcm.layer_map(points(), "manholes", color_by=x),
    "layer_map popup_fields": lambda x: gcm.layer_map(points(), "manholes", popup_fields=x),
    "layer_map filter_by": lambda x: gcm.layer_map(points(), "manholes", filter_by=x),
    "layer_map date_by": lambda x: gcm.layer_map(points(), "manholes", date_by=x),
    "layer_map layer": lambda x: gcm.layer_map(points(), x),
    "zone_map column": lambda x: gcm.zone_map(_table(zones()), zones(), x),
    "zone_map k": lambda x: gcm.zone_map(_table(zones()), zones(), "n", k=x),
    "zone_map table": lambda x: gcm.zone_map(x, zones(), "n"),
    "coverage_map radius_m": lambda x: gcm.coverage_map(points(), zones(), radius_m=x),
    "read_layer layer": lambda x: gcm.read_layer(points(), x),
    "write_layer path": lambda x: gcm.write_layer(points(), x),
    "has_code column": lambda x: gcm.has_code(x, "a"),
    "to_wgs84 datum": lambda x: gcm.to_wgs84(([120.6], [31.3]), x),
}


def _table(z: Any) -> pd.DataFrame:
    index = z.index if hasattr(z, "index") else zones().index
    return pd.DataFrame({"n": np.arange(len(index))}, index=index)


def _degrees(frame: Any) -> Any:
    """The geometry of a frame in degrees, where it has one."""
    try:
        return frame.geometry if frame.crs.is_geographic else frame.geometry.to_crs("EPSG:4490")
    except AttributeError:
        return frame


def _written(frame: Any, name: str) -> Path:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        return gcm.write_layer(frame, Path(folder) / name)


def _closed(figure: Any) -> Any:
    import matplotlib.pyplot as plt

    plt.close("all")
    return figure


@dataclass(frozen=True)
class Outcome:
    """What came of one call: an answer, a refusal, or an error that is not ours."""

    function: str
    refusal: gcm.CityDataError | None
    foreign: BaseException | None
    seconds: float


@cache
def of_features(name: str) -> list[Outcome]:
    """What comes of calling every function with features of one kind."""
    return list(outcomes(OF_FEATURES, FEATURES[name]))


@cache
def of_zones(name: str) -> list[Outcome]:
    """And with zones."""
    return list(outcomes(OF_ZONES, ZONES[name]))


def outcomes(
    calls: dict[str, list[Callable[[Any], Any]]], make: Callable[[], Any]
) -> Iterator[Outcome]:
    """Call every function with a frame; time is that of the processor."""
    for function, ways in calls.items():
        for call in ways:
            outcome = _outcome(function, call, make)
            if outcome.seconds >= 1:
                # A machine that does other things too is slow once; what takes long does it again.
                again = _outcome(function, call, make)
                outcome = min(outcome, again, key=lambda one: one.seconds)
            yield outcome


def _outcome(function: str, call: Callable[[Any], Any], make: Callable[[], Any]) -> Outcome:
    with np.errstate(invalid="ignore"):
        given = make()
    refusal = foreign = None
    begin = time.process_time()
    with warnings.catch_warnings():
        # What is said beside an answer is not what is asked here.
        warnings.simplefilter("error", RuntimeWarning)
        for said in (gcm.GeometryWarning, gcm.ScaleWarning):
            warnings.simplefilter("ignore", said)
        try:
            call(given)
        except gcm.CityDataError as error:
            refusal = error
        except Exception as error:
            foreign = error
    return Outcome(function, refusal, foreign, time.process_time() - begin)


def public_functions_of_frames() -> set[str]:
    """Names of the public functions of which an argument is a frame."""
    found = set()
    for name in gcm.__all__:
        function = getattr(gcm, name)
        if not inspect.isfunction(function):
            continue
        notes = [str(p.annotation) for p in inspect.signature(function).parameters.values()]
        if any("GeoDataFrame" in note or "Frame" in note.split() for note in notes):
            found.add(name)
    return found


def page() -> str:
    """The matrix as a page of the documentation."""
    lines = [
        "# Any frame: what each function does with it",
        "",
        "Made by `python -m tests.awkward`, held by `tests/test_any_frame.py`. Each public",
        "function that takes a frame is called with each of these. It answers, or refuses by a",
        "`CityDataError` that names the function, the argument, the record or column, and what to",
        "do; no call ends in another library's exception, none takes a second.",
        "",
        "A record whose place is missing, empty, NaN or infinite is unlocated and counted apart.",
        "Heights are left out with a `GeometryWarning`, outlines that cross themselves repaired",
        "with one. Results are on the caller's own index; codes of zones keep their type.",
    ]
    for title, frames, came in (("Features", FEATURES, of_features), ("Zones", ZONES, of_zones)):
        lines += [
            "",
            f"## {title}",
            "",
            "| frame | answered by | refused by |",
            "| --- | --- | --- |",
        ]
        for name in frames:
            refused: dict[str, bool] = {}
            for outcome in came(name):
                no = outcome.refusal is not None
                refused[outcome.function] = refused.get(outcome.function, False) or no
            no = [f for f, was in refused.items() if was]
            yes = len(refused) - len(no)
            all_of_them = "all" if not no else "none" if not yes else f"{yes} of {len(refused)}"
            names = ", ".join(no) if 0 < yes < len(refused) else ("" if not no else "all")
            lines.append(f"| {name} | {all_of_them} | {names} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
