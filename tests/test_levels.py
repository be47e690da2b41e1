"""Any number of levels: what a cell holds adds up to its street, its district and the city."""

from __future__ import annotations

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.spec import levels_above, zone_levels
from tests.conftest import CRS, X0, Y0


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(X0 + x0, Y0 + y0, X0 + x1, Y0 + y1)


def zones(column: str, **outlines: tuple) -> gpd.GeoDataFrame:
    shapes = [box(*outline) for outline in outlines.values()]
    return gpd.GeoDataFrame({column: [k.strip("z") for k in outlines]}, geometry=shapes, crs=CRS)


DISTRICTS = zones("区划代码", z320501=(0, 0, 1000, 1000), z320502=(1000, 0, 2000, 1000))
STREETS = zones(
    "街道代码", z320501001=(0, 0, 500, 1000), z320501002=(500, 0, 1000, 1000),
    z320502001=(1000, 0, 2000, 1000),
)  # fmt: skip
COMMUNITIES = zones(
    "社区代码", z320501001001=(0, 0, 500, 500), z320501001002=(0, 500, 500, 1000),
    z320501002001=(500, 0, 1000, 1000), z320502001001=(1000, 0, 2000, 1000),
)  # fmt: skip
#: One cell of the second street is missing, the last has a code of its own.
CELLS = zones(
    "单元网格编码", z320501001001001=(0, 0, 250, 500), z320501001001002=(250, 0, 500, 500),
    z320501001002001=(0, 500, 500, 1000), z320501002001001=(500, 0, 1000, 400),
    XX9=(1000, 0, 2000, 1000),
)  # fmt: skip


def manholes(*places: tuple[float, float], **columns) -> gpd.GeoDataFrame:
    frame = {"窨井编号": [f"J{k}" for k in range(len(places))], "整治状态": "已核实"} | columns
    points = [shapely.Point(X0 + x, Y0 + y) for x, y in places]
    return gpd.GeoDataFrame(frame, geometry=points, crs=CRS)


def city_of(*places: tuple[float, float], **layers: gpd.GeoDataFrame) -> gcm.City:
    given = {"manholes": manholes(*places), "streets": STREETS, **layers}
    return gcm.City.from_layers(
        given, zones=DISTRICTS.set_index("区划代码").assign(name_zh=["东区", "西区"]),
        data_date="2022-06-30", name_zh="某市",
    )  # fmt: skip


#: Two in the first cell, one in the third, one where no cell is, two in the west, one outside.
PLACES = ((10, 10), (20, 20), (10, 600), (600, 700), (1500, 10), (1600, 10), (3000, 10))


@pytest.fixture(scope="module")
def city() -> gcm.City:
    return city_of(*PLACES, communities=COMMUNITIES, grid_cells=CELLS)


def counts(city: gcm.City, level: str) -> dict[str, float]:
    table = gcm.progress(city, level=level, indicators="manhole_open_count")
    table = table[table["level"] == level]
    return dict(zip(table["zone_code"], table["value"], strict=True))


def test_levels_come_from_the_layers_of_zones():
    specs = gcm.load_specs()
    assert zone_levels(specs) == ("district", "street", "community", "cell")
    assert levels_above(specs, "community") == ("district", "street", "community")


def test_each_level_adds_up_to_the_city_with_what_lies_in_none_of_it(city):
    assert list(city.zones_by_level) == ["district", "street", "community", "cell"]
    assert counts(city, "district") == {"320501": 4, "320502": 2, "outside": 1}
    assert counts(city, "street") == {"320501001": 3, "320501002": 1, "320502001": 2, "outside": 1}
    assert counts(city, "community") == {
        "320501001001": 2, "320501001002": 1, "320501002001": 1, "320502001001": 2, "outside": 1,
    }  # fmt: skip
    # The one where no cell is counts as outside; a cell of another code is placed by its outline.
    assert counts(city, "cell") == {
        "320501001001001": 2, "320501001001002": 0, "320501001002001": 1, "320501002001001": 0,
        "XX9": 2, "outside": 2,
    }  # fmt: skip


def test_a_level_that_is_not_there_is_passed_over_and_refused_when_asked_for():
    city = city_of(*PLACES, grid_cells=CELLS)
    assert counts(city, "cell")["XX9"] == 2 and counts(city, "cell")["outside"] == 2
    with pytest.raises(CityDataError, match="no zones of level 'community'"):
        gcm.progress(city, level="community")
    with pytest.raises(CityDataError, match="'village', must be one of"):
        gcm.progress(city, level="village")


def test_a_parent_is_taken_as_stated_before_code_and_place():
    # The cell in the west says that it belongs to the east: there nothing lies in it.
    cells = CELLS.assign(上级代码=[None, None, None, None, "320501001"])
    city = city_of(*PLACES, grid_cells=cells)
    assert counts(city, "cell")["XX9"] == 0 and counts(city, "cell")["outside"] == 4


def test_ground_without_a_cell_is_a_finding_and_a_seam_is_none(city):
    found = city.findings[city.findings["code"] == "ZONES_UNCOVERED"]
    assert found[["value", "expected"]].values.tolist() == [["320501002001", "cell"]]
    assert "300,000" in found["message_zh"].iloc[0]
    seam = CELLS.assign(geometry=CELLS.geometry.scale(0.99, 0.99))
    found = city_of(*PLACES, communities=COMMUNITIES, grid_cells=seam).findings
    assert set(found.loc[found["code"] == "ZONES_UNCOVERED", "value"]) == {"320501002001"}


def test_one_table_of_several_levels_is_parted_by_its_column():
    below = COMMUNITIES.rename(columns={"社区代码": "街道代码"}).assign(级别="社区")
    table = pd.concat([STREETS.assign(级别="街道"), below], ignore_index=True)
    city = city_of(*PLACES, streets=gpd.GeoDataFrame(table, crs=CRS))
    assert {k: len(v) for k, v in city.zones_by_level.items()} == {
        "district": 2, "street": 3, "community": 4,
    }  # fmt: skip
    assert counts(city, "community")["320501001001"] == 2


def test_cases_maps_and_templates_go_as_far_down(city, tmp_path):
    table = gcm.ageing(city, layer="manholes", level="cell", as_of="2022-06-30")
    assert table.loc[table["zone_code"] == "XX9", "n"].sum() == 2
    gcm.progress_map(city, "manhole_open_count", level="cell").save(tmp_path / "map.html")
    assert "XX9" in (tmp_path / "map.html").read_text(encoding="utf-8")
    book = openpyxl.Workbook()
    book.active["A1"] = "{{manhole_open_count|320501001001}}"
    book.save(tmp_path / "a.xlsx")
    filled = gcm.fill_template(city, tmp_path / "a.xlsx", tmp_path / "b.xlsx")
    assert filled["value"].tolist() == [2]


def test_a_city_without_them_is_as_before():
    city = city_of(*PLACES)
    assert list(city.zones_by_level) == ["district", "street"]
    assert not city.findings["code"].eq("ZONES_UNCOVERED").any()


def test_a_folder_of_all_levels_is_recognised_and_mapped_by_cell(tmp_path):
    for name, frame in {"区县": DISTRICTS, "街道": STREETS, "社区": COMMUNITIES, "单元网格": CELLS,
                        "窨井": manholes(*PLACES)}.items():  # fmt: skip
        frame.to_file(tmp_path / f"{name}.geojson")
    out = tmp_path / "map.html"
    arguments = ["map", str(tmp_path), "manhole_open_count", "--level", "cell", "-o", str(out)]
    result = CliRunner().invoke(main, arguments)
    assert out.is_file(), result.output
    assert "320501001001001" in out.read_text(encoding="utf-8")


def test_a_code_that_names_another_district_or_kind_is_a_finding():
    frame = manholes(
        (10, 10), (10, 600), (700, 700), (1500, 10), 井盖类型=["污水", "污水", "污水", "雨水"]
    )
    frame["窨井编号"] = ["3205010102000001", "3205020102000002", "3205010103000003", "J4"]
    frame["单元网格编码"] = ["320501001001001", "320502001001001", "第三格", None]
    layer = gcm.read_layer(frame, "manholes", zones=DISTRICTS.set_index("区划代码"))
    found = layer.findings[layer.findings["code"].isin(["CODE_DISTRICT", "CODE_KIND"])]
    assert found[["code", "field", "record", "expected"]].values.tolist() == [
        ["CODE_DISTRICT", "manhole_id", 1, "320501"],
        ["CODE_KIND", "manhole_id", 2, "污水"],
        ["CODE_DISTRICT", "grid_code", 1, "320501"],
    ]
    # Each language says the kind in its own words.
    kind = found[found["code"] == "CODE_KIND"].iloc[0]
    assert "“污水”" in kind["message_zh"]
    assert "not those of Sewage" in kind["message_en"]
    # By its geometry a record counts, whatever its code says.
    assert layer.data["district_code"].tolist() == ["320501", "320501", "320501", "320502"]


def test_kinds_of_three_digits_are_read_where_codes_have_them():
    frame = manholes((10, 10), (10, 600), (700, 700), 井盖类型=["污水", "雨水", "雨水"])
    frame["窨井编号"] = ["3205010100200001", "3205010100300002", "3205010100200003"]
    layer = gcm.read_layer(frame, "manholes", zones=DISTRICTS.set_index("区划代码"))
    found = layer.findings[layer.findings["code"] == "CODE_KIND"]
    assert found["record"].tolist() == [2]
    alone = gcm.read_layer(frame.drop(columns="井盖类型"), "manholes")
    assert alone.data["cover_kind"].tolist() == ["sewage", "rain", "sewage"]


def test_an_office_puts_its_codes_together_in_its_own_way(tmp_path):
    (tmp_path / "m.toml").write_text(
        'key = "manholes"\n[fields.manhole_id]\nparts = [{ class = 2, kind = 2, district = 6 }]\n',
        encoding="utf-8",
    )
    specs = gcm.load_specs(tmp_path)
    frame = manholes((10, 10), (1500, 10), 井盖类型=["污水", "雨水"])
    frame["窨井编号"] = ["0102320501", "0102320502"]
    layer = gcm.read_layer(frame, specs["manholes"], zones=DISTRICTS.set_index("区划代码"))
    assert layer.findings.query("code == 'CODE_KIND'")["record"].tolist() == [1]
    assert not layer.findings["code"].eq("CODE_DISTRICT").any()
