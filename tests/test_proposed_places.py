"""A record without coordinates gets a place by the names it carries: proposed, counted, told."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from tests.conftest import CRS
from tests.test_levels import DISTRICTS, STREETS, X0, Y0

#: Two streets of one name in two districts; a road through one district, one through both.
NAMES = ["甲街道", "中心街道", "中心街道"]


def road(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X0 + x, Y0 + y) for x, y in points])


def city_of(**columns) -> gcm.City:
    rows = pd.DataFrame(columns).assign(整治状态="已核实")
    rows["窨井编号"] = [f"J{k}" for k in range(len(rows))]
    nowhere = gpd.GeoDataFrame(rows, geometry=[None] * len(rows), crs=CRS)
    placed = gpd.GeoDataFrame(
        {"窨井编号": ["K0", "K1"], "整治状态": "已核实"},
        geometry=gpd.points_from_xy([X0 + 10, X0 + 1500], [Y0 + 10, Y0 + 10]), crs=CRS,
    )  # fmt: skip
    roads = gpd.GeoDataFrame(
        {"road_id": ["R1", "R2", "R3"], "name": ["人民路", "长江路", "长江路"]},
        geometry=[road((10, 900), (400, 900)), road((10, 100), (900, 100)),
                  road((1100, 100), (1900, 100))], crs=CRS,
    )  # fmt: skip
    return gcm.City.from_layers(
        {"manholes": gpd.GeoDataFrame(pd.concat([nowhere, placed], ignore_index=True), crs=CRS),
         "streets": STREETS.assign(name=NAMES), "roads": roads},
        zones=DISTRICTS.set_index("区划代码").assign(name_zh=["东区", "西区"]),
        data_date="2022-06-30", name_zh="某市",
    )  # fmt: skip


@pytest.fixture(scope="module")
def city() -> gcm.City:
    return city_of(
        街道=["甲街道", "中心街道", "中心街道", None, None, "丁街道"],
        所属区=[None, "西区", None, None, "西区", None],
        道路名称=[None, None, None, None, "长江路", None],
        地址=[None, None, None, "甲街道人民路12号", None, None],
    )


def test_a_place_is_proposed_by_the_finest_name_that_is_not_ambiguous(city):
    data = city.with_proposed_places("manholes")["manholes"]
    assert data["place_basis"].astype(object).where(data["place_basis"].notna(), None).tolist() == [
        "street", "street", None, "road", "road", None, None, None,
    ]  # fmt: skip
    assert data["district_code"].head(5).astype(object).tolist()[:2] == ["320501", "320502"]
    # The road's point lies on the part of it in the district that is named.
    road_in_west = data.geometry.iloc[4]
    assert (road_in_west.x - X0, road_in_west.y - Y0) == pytest.approx((1500, 100), abs=401)
    assert road_in_west.x > X0 + 1000 and road_in_west.y == Y0 + 100
    street = STREETS.geometry.iloc[0]
    assert street.contains(data.geometry.iloc[0])
    # Two streets bear the name and no district is named; a street that is not there.
    assert data.geometry.iloc[[2, 5]].isna().all()


def test_proposed_places_are_told_and_count_in_their_zones(city):
    proposed = city.with_proposed_places("manholes")
    found = proposed.findings[proposed.findings["code"] == "PLACE_PROPOSED"]
    assert dict(
        zip(found["value"].astype(int), found["message_zh"].str.contains("道路"), strict=True)
    )
    assert sorted(found["value"].astype(int)) == [2, 2]
    assert city.findings["code"].eq("PLACE_PROPOSED").sum() == 0

    def counts(of: gcm.City) -> dict[str, float]:
        table = gcm.progress(of, level="street", indicators="manhole_open_count")
        table = table[table["level"] == "street"]
        return table.groupby("zone_code")["value"].sum().to_dict()

    before, after = counts(city), counts(proposed)
    assert sum(before.values()) == sum(after.values()) == 8
    assert after["320501001"] == before["320501001"] + 2
    assert after["320502001"] == before["320502001"] + 2


def test_no_hot_spot_has_a_proposed_place_and_it_says_so(city):
    data = city.with_proposed_places("manholes")["manholes"]
    cells = gcm.hot_spots(data, cell_m=100, zones=city.zones, permutations=None)
    assert cells["n"].sum() == 2
    assert (cells.attrs["proposed"], cells.attrs["unlocated"]) == (4, 2)
    known = gcm.hot_spots(data.drop(columns="place_basis"), cell_m=100, permutations=None)
    assert known["n"].sum() == 6 and known.attrs["proposed"] == 0


def test_what_has_a_place_keeps_it_and_the_city_stays(city):
    before = city["manholes"].geometry.copy()
    after = city.with_proposed_places("manholes")["manholes"].geometry
    assert after.iloc[6:].geom_equals(before.iloc[6:]).all()
    assert city["manholes"].geometry.isna().sum() == 6
    assert "place_basis" not in city["manholes"]


def test_city_toml_asks_for_it(tmp_path):
    STREETS.assign(name=NAMES).to_file(tmp_path / "街道.geojson")
    DISTRICTS.assign(名称=["东区", "西区"]).to_file(tmp_path / "区县.geojson")
    rows = ["窨井编号,整治状态,街道,经度,纬度", "J1,已核实,甲街道,,", "J2,已核实,乙街道,,"]
    (tmp_path / "窨井.csv").write_text("\n".join(rows), encoding="utf-8")
    config = tmp_path / "city.toml"
    config.write_text(
        '[layers.manholes]\npath = "窨井.csv"\nplaces = "proposed"\n', encoding="utf-8"
    )
    city = gcm.load_city(tmp_path)
    assert city["manholes"]["place_basis"].notna().tolist() == [True, False]
    assert city["manholes"]["district_code"].iloc[0] == "320501"
    assert "PLACE_PROPOSED" in set(city.findings["code"])
    config.write_text('[layers.manholes]\npath = "窨井.csv"\nplaces = "guess"\n', encoding="utf-8")
    with pytest.raises(gcm.SpecError, match=r"layers\.manholes\.places"):
        gcm.load_city(tmp_path)
