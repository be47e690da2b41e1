"""Outlines tile, records lie where such things lie, and another seed gives another city."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from generator import build_sample, packaged_districts, packaged_land, packaged_streets
from generator.places import read_table

POPULATION = 12_748_262


def _layer(folder: Path, name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / f"{name}.shp")


def test_districts_and_streets_are_one_coverage() -> None:
    districts, streets = packaged_districts(), packaged_streets()
    assert len(districts) == 10 and len(streets) == 118
    assert shapely.coverage_is_valid(districts.geometry.to_numpy())
    assert shapely.coverage_is_valid(streets.geometry.to_numpy())
    assert districts.crs.to_epsg() == streets.crs.to_epsg() == 4549
    for code, outline in zip(districts["district_code"], districts.geometry, strict=True):
        mine = streets.geometry[streets["parent_code"] == code].to_numpy()
        assert shapely.area(mine).sum() == pytest.approx(outline.area, rel=1e-12)
        assert shapely.equals(shapely.union_all(mine), outline)


def test_outlines_have_no_slivers_or_holes() -> None:
    districts = packaged_districts()
    parts = shapely.get_parts(districts.geometry.to_numpy())
    assert shapely.area(parts).min() > 1e6
    assert shapely.get_num_interior_rings(parts).sum() <= 1
    assert packaged_streets().area.min() > 1e6


def test_district_areas_are_near_the_official_ones() -> None:
    official = {
        "320505": 332, "320506": 2231, "320507": 490, "320508": 83.4, "320509": 1237,
        "320571": 278, "320581": 1276, "320582": 987, "320583": 932, "320585": 810,
    }  # fmt: skip
    districts = packaged_districts().set_index("district_code")
    for code, km2 in official.items():
        assert districts.geometry[code].area / 1e6 == pytest.approx(km2, rel=0.03), code


def test_packaged_outlines_are_copies() -> None:
    first = packaged_districts()
    first["name_zh"] = "changed"
    assert packaged_districts()["name_zh"].iloc[0] == "姑苏区"


def test_files_of_zones_are_the_packaged_outlines(shipped: Path) -> None:
    for name, packaged in (("districts", packaged_districts()), ("streets", packaged_streets())):
        kept = _layer(shipped, name)
        assert shapely.coverage_is_valid(kept.geometry.to_numpy())
        same = shapely.equals_exact(
            shapely.normalize(kept.geometry.to_numpy()),
            shapely.normalize(packaged.geometry.to_numpy()), 1e-6,
        )  # fmt: skip
        assert same.all()


def test_street_populations_add_up_to_districts() -> None:
    people = packaged_streets().groupby("parent_code")["population"].sum()
    districts = packaged_districts().set_index("district_code")["population"]
    assert people.reindex(districts.index).equals(districts) and districts.sum() == POPULATION


def test_cells_add_up_to_each_district_and_lie_in_one(shipped: Path) -> None:
    cells, districts = _layer(shipped, "population_cells"), packaged_districts()
    assert cells["POPULATION"].sum() == POPULATION
    inside = gpd.GeoDataFrame(cells, geometry=cells.representative_point()).sjoin(
        districts[["district_code", "geometry"]], predicate="within"
    )
    assert len(inside) == len(cells)
    sums = inside.groupby("district_code")["POPULATION"].sum()
    wanted = districts.set_index("district_code")["population"]
    assert (sums.reindex(wanted.index) == wanted).all()
    assert (cells["CELL_ID"].str[:6] == inside["district_code"].reindex(cells.index)).all()
    lost = (
        cells.geometry.area
        - gpd.overlay(cells, districts, keep_geom_type=True)
        .dissolve("CELL_ID")
        .area.reindex(cells["CELL_ID"])
        .to_numpy()
    )
    assert np.abs(lost).max() < 10.0


def test_records_lie_in_the_city_and_hardly_any_in_water(shipped: Path) -> None:
    city = shapely.union_all(packaged_districts().geometry.to_numpy())
    land = packaged_land()
    shapely.prepare(city)
    shapely.prepare(land)
    for name in ("illegal_construction", "manholes", "parking_points", "bike_stations"):
        points = _layer(shipped, name).representative_point().to_numpy()
        assert shapely.contains(city, points).all(), name
        assert shapely.contains(land, points).mean() > 0.99, name
    for name in ("roads", "transit_stops", "utility_tunnels"):
        assert shapely.covers(city, _layer(shipped, name).geometry.to_numpy()).all(), name


def test_footprints_have_their_area_and_do_not_overlap(shipped: Path) -> None:
    parcels = _layer(shipped, "illegal_construction")
    foot = parcels["FOOT_AREA"]
    assert ((parcels.area - foot).abs() / foot).max() < 0.005
    assert ((parcels["ILL_AREA"] / parcels["FLOORS"] - foot).abs() < 0.06).all()
    shapes = parcels.geometry.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = left < right
    common = shapely.area(shapely.intersection(shapes[left[pairs]], shapes[right[pairs]]))
    assert common.sum() / shapely.area(shapes).sum() < 1e-3


def test_tunnels_are_as_long_as_they_say_and_some_cross_district_lines(shipped: Path) -> None:
    tunnels, districts = _layer(shipped, "utility_tunnels"), packaged_districts()
    km = tunnels["LENGTH_KM"]
    assert ((tunnels.length / 1000.0 - km).abs() / km).max() < 0.005
    crossed = tunnels.sjoin(districts, predicate="intersects").groupby(level=0).size()
    assert (crossed > 1).sum() >= 2
    shapes = tunnels.geometry.to_numpy()
    for i, one in enumerate(shapes):
        common = shapely.length(shapely.intersection(one, shapes[i + 1 :]))
        assert common.max(initial=0.0) < 1.0


def test_manholes_are_on_roads_and_bays_near_stops_or_roads(shipped: Path) -> None:
    tree = shapely.STRtree(_layer(shipped, "roads").geometry.to_numpy())
    holes = _layer(shipped, "manholes").geometry.to_numpy()
    _, far = tree.query_nearest(holes, return_distance=True, all_matches=False)
    assert far.max() < 25.0
    table = _layer(shipped, "bike_stations")
    bays = table.geometry[table["STA_KIND"] == "共享单车停放点位"].to_numpy()
    stops = shapely.STRtree(_layer(shipped, "transit_stops").geometry.to_numpy())
    _, by_road = tree.query_nearest(bays, return_distance=True, all_matches=False)
    _, by_stop = stops.query_nearest(bays, return_distance=True, all_matches=False)
    assert (np.minimum(by_road, by_stop) < 130.0).mean() > 0.99


def test_density_follows_population(shipped: Path) -> None:
    cells = _layer(shipped, "population_cells")
    for name in ("manholes", "bike_stations", "parking_points"):
        points = _layer(shipped, name)[["geometry"]]
        counts = points.sjoin(cells, predicate="within").groupby("CELL_ID").size()
        counts = counts.reindex(cells["CELL_ID"]).fillna(0.0)
        rank = pd.Series(cells["POPULATION"].to_numpy()).corr(
            pd.Series(counts.to_numpy()), method="spearman"
        )
        assert rank > 0.35, name


def test_another_seed_gives_another_city(city: gcm.City, seventh: Path) -> None:
    # That a seed gives the same city again is shown by the files that are kept.
    one, other = gpd.read_file(seventh / "manholes.shp"), city["manholes"]
    assert not one.geometry.geom_equals_exact(other.geometry, 1.0).all()


def test_figures_hold_for_another_seed_and_grow_with_scale() -> None:
    layers = build_sample(scale=2, seed=5).layers
    tunnels, lots = layers["utility_tunnels"], layers["parking_points"]
    length = tunnels.groupby("status")["length_km"].sum()
    assert length["operating"] == pytest.approx(2 * 37.8)
    assert lots.loc[lots["dynamic_connected"], "spaces_total"].sum() == 2 * 460_000
    assert len(layers["manholes"]) == 24_000
    assert all(layers[k].iloc[:, 0].is_unique for k in ("manholes", "parking_points"))


def test_each_street_has_a_seed_and_a_name() -> None:
    table = read_table("streets.csv")
    assert table["street_code"].is_unique and table.notna().all().all()
    assert set(table["district_code"]) == set(packaged_districts()["district_code"])
