"""Zones of one vintage, and what became of those before (撤并)."""

import re

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.city._reporting import outline_of, part_overlaps, read_crosswalk, successors
from geo_citymgmt.findings import Findings
from geo_citymgmt.layer import _extent
from geo_citymgmt.report._sheet import find_zone

#: Two districts merged into one at the end of 2021; a third stood all the time.
ROWS = [
    ("330101", "东区", "2000-01-01", "2021-12-31", shapely.box(120.0, 30.0, 120.1, 30.1)),
    ("330102", "西区", "2000-01-01", "2021-12-31", shapely.box(120.1, 30.0, 120.2, 30.1)),
    ("330113", "新区", "2022-01-01", None, shapely.box(120.0, 30.0, 120.2, 30.1)),
    ("330104", "南区", None, None, shapely.box(120.0, 29.9, 120.2, 30.0)),
]


@pytest.fixture
def merged(tmp_path):
    codes, names, first, last, shapes = zip(*ROWS, strict=True)
    gpd.GeoDataFrame(
        {"adcode": codes, "name": names, "valid_from": first, "valid_to": last},
        geometry=list(shapes),
        crs=4490,
    ).to_file(tmp_path / "区县.geojson")
    (tmp_path / "撤并.csv").write_text(
        "code_from,code_to,date,share\n330101,330113,2022-01-01,\n330102,330113,2022-01-01,1\n",
        "utf-8",
    )
    (tmp_path / "窨井.csv").write_text(
        "窨井编号,整治状态,销号时间,所属区,经度,纬度\n"
        "a,销号,2021-06-30,330101,120.05,30.05\n"
        "b,销号,2022-03-01,330113,120.15,30.05\n"
        "c,销号,2022-03-01,330102,,\n",
        "utf-8",
    )
    (tmp_path / "targets.csv").write_text(
        "indicator,zone_code,target,deadline\n"
        "manhole_remediated,330101,3,2022-12-31\nmanhole_remediated,330102,4,2022-12-31\n",
        "utf-8",
    )
    return tmp_path


def city_of(folder, day, more=""):
    (folder / "city.toml").write_text(
        f'name_zh = "某市"\ncode = "330100"\ndata_date = {day}\n{more}'
        '[layers.manholes]\npath = "窨井.csv"\ncrs = "EPSG:4490"\n',
        "utf-8",
    )
    return gcm.load_city(folder)


def test_figures_of_every_date_use_the_zones_of_one_day_and_the_city_says_which(merged):
    city = city_of(merged, "2022-06-30", 'crosswalk = "撤并.csv"\n')
    assert sorted(city.zones.index) == ["330104", "330113"]
    assert city.vintage == pd.Timestamp("2022-06-30")
    said = city.findings.loc[city.findings["code"] == "ZONES_VINTAGE", "message_en"].iloc[0]
    assert "2 of 4 zones" in said
    assert "2022-06-30" in said
    # A month in which the old districts stood is counted by the new one too.
    june = gcm.progress(city, as_of="2021-06-30", indicators="manhole_remediated")
    zones = june[june["row_kind"] == "zone"].set_index("zone_code")["value"]
    assert zones.to_dict() == {"330104": 0.0, "330113": 1.0}


def test_what_was_reported_or_asked_under_a_former_code_counts_for_its_successor(merged):
    city = city_of(merged, "2022-06-30", 'crosswalk = "撤并.csv"\n')
    manholes = city["manholes"].set_index("manhole_id")
    assert manholes["district_reported"].to_dict() == dict.fromkeys("abc", "330113")
    assert manholes.loc["c", "district_code"] == "330113"
    # The targets of two districts that became one add up.
    targets = city.targets.set_index("zone_code")["target"].to_dict()
    assert targets == {"330113": 7.0}
    told = city.findings[city.findings["code"] == "ZONES_SUCCEEDED"]
    assert sorted(told["value"]) == ["330101", "330102"]


def test_before_the_merger_the_old_zones_hold(merged):
    city = city_of(merged, "2021-12-31")
    assert sorted(city.zones.index) == ["330101", "330102", "330104"]


def test_a_zone_that_was_split_has_no_single_successor():
    table = pd.DataFrame(
        {"code_from": ["A", "A", "B"], "code_to": ["C", "D", "A"], "share": [0.5, 0.5, 1.0]}
    )
    assert successors(table, ["C", "D"]) == {}


def test_mergers_that_go_in_a_circle_end(tmp_path):
    table = pd.DataFrame({"code_from": ["A", "B"], "code_to": ["B", "A"], "share": [1.0, 1.0]})
    assert successors(table, ["C"]) == {}


@pytest.mark.parametrize(
    ("text", "cause", "left"),
    [
        ("code_from,code_to,share\na1,b,1\nc,b,0.5\nc,d,两成\n", "row 4: share is '两成'", "a1"),
        ("code_from,code_to,date\na1,b,去年\nc,d,2021-01-01\n", "row 2: date is '去年'", "c"),
        ("code_from,code_to\na1,\nb,c\n", "row 2: code_to is ''", "b"),
    ],
)
def test_a_wrong_cell_of_a_crosswalk_is_told_and_costs_the_rows_of_its_former_zone(
    tmp_path, text, cause, left
):
    path, findings, account = tmp_path / "crosswalk.csv", Findings(), []
    path.write_text(text, "utf-8")
    table = read_crosswalk(path, findings, account)
    assert table["code_from"].tolist() == [left]
    [message] = findings.frame().query("code == 'TABLE_VALUE'")["message_en"]
    assert message.startswith(f"crosswalk.csv, {cause}, ")
    assert account[0]["n_walked"] == account[0]["n_used"] + account[0]["n_rejected"]


def test_a_zone_of_which_a_part_is_not_said_has_no_successor():
    table = pd.DataFrame({"code_from": ["A"], "code_to": ["B"], "share": [0.5]})
    assert successors(table, ["B"]) == {}


def overlaid(folder, rows, points, more=""):
    """A city of zones ``(code, name, box)`` and manholes at ``points``."""
    codes, names, boxes = zip(*rows, strict=True)
    columns = {"name": names} if codes[0] is None else {"adcode": codes, "name": names}
    shapes = [shapely.box(*box) for box in boxes]
    gpd.GeoDataFrame(columns, geometry=shapes, crs=4490).to_file(folder / "区县.geojson")
    lines = [f"J{i},{x},{y}" for i, (x, y) in enumerate(points)]
    (folder / "窨井.csv").write_text("\n".join(["窨井编号,经度,纬度", *lines]), "utf-8")
    (folder / "city.toml").write_text(
        f'{more}[layers.manholes]\npath = "窨井.csv"\ncrs = "EPSG:4490"\n', "utf-8"
    )
    return gcm.load_city(folder)


def owned(city):
    return city.layers["manholes"].data["district_code"].value_counts().to_dict()


WEST, EAST, NORTH = (108.0, 22.8, 108.2, 22.9), (108.2, 22.8, 108.4, 22.9), (108.0, 22.9, 108.4, 23)
WHOLE = (108.0, 22.8, 108.4, 23.0)
POINTS = [(108.1, 22.85), (108.3, 22.85), (108.2, 22.95), (108.35, 22.95)]


@pytest.mark.parametrize("coded", [True, False], ids=["with codes", "names only"])
def test_the_outline_of_the_city_among_the_districts_is_left_out_told_and_names_the_city(
    tmp_path, coded
):
    rows = [("450100", "南宁市", WHOLE), ("450102", "兴宁区", WEST), ("450103", "青秀区", EAST),
            ("450105", "江南区", NORTH)]  # fmt: skip
    if not coded:
        rows = [(None, name, box) for _, name, box in rows]
    city = overlaid(tmp_path, rows, POINTS)
    assert set(city.zones["name_zh"]) == {"兴宁区", "青秀区", "江南区"}
    assert sorted(owned(city).values()) == [1, 1, 2]
    assert (city.name_zh, city.code) == ("南宁市", "450100")
    told = city.findings.set_index("code").loc["ZONES_OUTLINE"]
    assert 'order = ["' in told["message_zh"]
    assert city.ledger.set_index("layer").loc["districts", "n_accepted"] == 4


def test_the_outline_that_zones_order_names_stays_a_district_as_its_finding_says(tmp_path):
    rows = [("450100", "南宁市", WHOLE), ("450102", "兴宁区", WEST), ("450103", "青秀区", EAST)]
    city = overlaid(tmp_path, rows, POINTS, '[zones]\norder = ["450100"]\n')
    assert list(city.zones.index) == ["450100", "450102", "450103"]
    # The districts own their ground even so; the rest of the whole is left.
    assert owned(city) == {"450100": 2, "450102": 1, "450103": 1}


def test_the_smaller_of_two_zones_owns_where_they_overlap_and_ground_is_parted_once(tmp_path):
    rows = [("340104", "蜀山区", WHOLE), ("340171", "高新区", (108.05, 22.82, 108.15, 22.88))]
    city = overlaid(tmp_path, rows, POINTS)
    assert owned(city) == {"340104": 3, "340171": 1}
    shapes = city.zones.geometry
    assert shapes.area.sum() == pytest.approx(shapes.union_all().area)
    told = city.findings.set_index("code").loc["ZONES_CLAIMED"]
    assert "蜀山区 (340104)" in told["message_zh"] and "100%" in told["message_zh"]


def test_a_zone_that_others_cover_whole_is_an_error_and_seams_are_none(tmp_path):
    seam = (108.1999, 22.8, 108.4, 22.9)
    rows = [("450102", "兴宁区", WEST), ("450103", "青秀区", seam), ("450109", "邕宁区", WEST)]
    found = overlaid(tmp_path, rows, POINTS).findings
    assert found.loc[found["code"].str.startswith("ZONES_C"), "code"].tolist() == ["ZONES_COVERED"]
    assert found.set_index("code").loc["ZONES_COVERED", "severity"] == "error"


@pytest.mark.parametrize("crs", [4549, 4510, 32650])
def test_a_zone_that_was_cut_is_whole_in_degrees_too(crs):
    shapes = [shapely.box(119, 32, 119.2, 32.2), shapely.box(119.1, 32, 119.2, 32.2)]
    zones = gpd.GeoDataFrame(index=["321000", "321003"], geometry=shapes, crs=4490).to_crs(crs)
    parted = part_overlaps(zones, "district", Findings())
    assert parted.to_crs(4326).is_valid.all()
    assert _extent(parted).outline.area == pytest.approx(0.04, rel=1e-3)


def test_the_outline_of_zones_is_drawn_in_degrees_also_where_a_thread_lies_between_them():
    shapes = [shapely.box(119, 32, 119.2, 32.2), shapely.box(119.1, 32, 119.2, 32.2)]
    whole, east = gpd.GeoSeries(shapes, crs=4490).to_crs(4549)
    zones = gpd.GeoDataFrame(geometry=[whole.difference(east), east], crs=4549)
    assert _extent(zones).outline.is_valid


def test_an_outline_among_many_zones_is_told_once_with_the_first_of_them():
    cells = [shapely.box(x, y, x + 1, y + 1) for x in range(5) for y in range(5)]
    codes = [f"{k:02}" for k in range(26)]
    zones = gpd.GeoDataFrame(geometry=[*cells, shapely.box(0, 0, 5, 5)], index=codes, crs=4547)
    findings = Findings()
    assert part_overlaps(zones, "street", findings).area.tolist() == zones.area.tolist()
    (told,) = findings.frame().itertuples()
    assert (told.code, told.value) == ("ZONES_COVERED", "25")
    assert "00 100%" in told.message_zh and "(25)" in told.message_en


def test_a_district_with_one_area_in_it_is_no_outline():
    zones = gpd.GeoDataFrame(
        {"name_zh": ["蜀山区", "高新区", "经开区"]},
        index=["340104", "340171", "340172"],
        geometry=[shapely.box(0, 0, 9, 9), shapely.box(1, 1, 3, 3), shapely.box(5, 5, 7, 7)],
    )
    assert outline_of(zones) is None and outline_of(zones.iloc[:2]) is None


ISLAND = (108.35, 22.93, 108.4, 23.0)
LAND = (108.0, 22.9, 108.3, 23.0)


def test_rows_of_one_code_and_name_are_parts_of_one_zone_with_the_ground_of_all(tmp_path):
    rows = [("450102", "兴宁区", WEST), ("450103", "青秀区", EAST), ("450105", "江南区", LAND),
            ("450105", "江南区", ISLAND)]  # fmt: skip
    city = overlaid(tmp_path, rows, POINTS)
    assert owned(city) == {"450102": 1, "450103": 1, "450105": 2}
    account = city.ledger.set_index("layer").loc["districts"]
    assert account["n_walked"] == 4 and account["n_accepted"] == 3
    assert account["n_skipped"] == 1 and account["n_rejected"] == 0
    told = city.findings[city.findings["code"] == "ZONES_JOINED"]
    assert told["record"].tolist() == [3] and told["severity"].tolist() == ["info"]


def test_a_zone_of_which_one_part_lies_in_a_box_is_read_whole():
    zones = gpd.GeoDataFrame(
        {"code": ["450105"] * 2, "name": ["江南区"] * 2},
        geometry=[shapely.box(*LAND), shapely.box(*ISLAND)], crs=4490,
    )  # fmt: skip
    whole = gcm.read_layer(zones, "districts")
    around = shapely.transform(shapely.box(*ISLAND), lambda at: at + 0.01)
    bbox = gpd.GeoSeries([around], crs=4490).to_crs(whole.data.crs).total_bounds
    part = gcm.read_layer(zones, "districts", bbox=tuple(bbox))
    assert part.data.area.tolist() == whole.data.area.tolist()


def test_rows_of_one_code_with_different_names_stay_an_error(tmp_path):
    rows = [("450102", "兴宁区", WEST), ("450103", "青秀区", EAST), ("450103", "江南区", NORTH)]
    codes = set(overlaid(tmp_path, rows, POINTS).findings["code"])
    assert "ID_DUPLICATE" in codes and "ZONES_JOINED" not in codes


def named_records(folder, rows, words, more=""):
    """A city of zones ``(code, name, box)`` and manholes that name their district."""
    lines = [f"J{i},{word},108.1,22.85" for i, word in enumerate(words)]
    overlaid(folder, rows, POINTS)
    (folder / "窨井.csv").write_text("\n".join(["窨井编号,所属区,经度,纬度", *lines]), "utf-8")
    (folder / "city.toml").write_text(
        f'{more}[layers.manholes]\npath = "窨井.csv"\ncrs = "EPSG:4490"\n', "utf-8"
    )
    return gcm.load_city(folder)


THREE = [("450102", "兴宁区", WEST), ("450103", "青秀区", EAST), ("450105", "江南区", NORTH)]


@pytest.mark.parametrize("zone", ["450102", "兴宁区"])
def test_all_other_names_of_a_district_are_known_as_the_finding_says_and_rename_nothing(
    tmp_path, zone
):
    words = ["老城", "旧城片区", "青秀区"]
    before = named_records(tmp_path, THREE, words).findings
    told = before.loc[before["code"] == "ZONE_UNKNOWN", "message_zh"]
    assert len(told) == 2 and told.str.contains("[aliases]", regex=False).all()
    city = named_records(tmp_path, THREE, words, f'[aliases]\n"{zone}" = ["老城", "旧城片区"]\n')
    assert "ZONE_UNKNOWN" not in set(city.findings["code"])
    reported = city.layers["manholes"].data["district_reported"]
    assert reported.tolist() == ["450102", "450102", "450103"]
    assert city.zones.loc["450102", "name_zh"] == "兴宁区"


def test_aliases_of_a_district_that_is_none_or_two_are_told_with_those_there_are(tmp_path):
    said = '[aliases]\n"兴宁" = ["老城"]\n"兴宁市区" = ["旧城"]\n'
    found = named_records(tmp_path, THREE, ["老城", "旧城"], said).findings.set_index("code")
    told = found.loc[["ALIASES_UNUSED"]]
    assert told["value"].tolist() == ["兴宁市区"]
    assert "兴宁区 (450102)" in told["message_zh"].iloc[0]
    found = named_records(tmp_path, TWINS, ["云龙区"], '[aliases]\n"鼓楼区" = ["下关"]\n').findings
    told = found.set_index("code").loc["ALIASES_UNUSED"]
    assert "320106、320302" in told["message_zh"]


def test_a_list_among_the_names_that_are_shown_is_refused_with_the_place_for_it(tmp_path):
    with pytest.raises(gcm.SpecError, match=r"\[aliases\]"):
        named_records(tmp_path, THREE, ["老城"], '[names]\n450102 = ["老城", "旧城"]\n')


TWINS = [("320106", "鼓楼区", WEST), ("320302", "鼓楼区", EAST), ("320303", "云龙区", NORTH)]


def test_a_name_that_two_districts_bear_asks_for_the_code_which_then_is_known(tmp_path):
    found = named_records(tmp_path, TWINS, ["鼓楼区", "云龙区"]).findings
    told = found[found["code"] == "ZONE_UNKNOWN"]
    assert told["record"].tolist() == [0]
    assert "320106、320302" in told["message_zh"].iloc[0]
    assert "[aliases]" not in told["message_zh"].iloc[0]
    city = named_records(tmp_path, TWINS, ["320106", "云龙区"])
    assert "ZONE_UNKNOWN" not in set(city.findings["code"])


def test_a_sheet_of_a_name_that_two_districts_bear_asks_which(tmp_path):
    city = named_records(tmp_path, TWINS, ["云龙区"])
    with pytest.raises(gcm.CityDataError, match=r"鼓楼区 \(320106\), 鼓楼区 \(320302\)"):
        find_zone(city, "鼓楼区")
    assert find_zone(city, "云龙") == "320303"


def test_a_city_with_streets_alone_is_told_what_makes_them_its_districts_and_that_works(tmp_path):
    rows = [("330782001", "稠城街道", WEST), ("330782002", "福田街道", EAST)]
    codes, names, boxes = zip(*rows, strict=True)
    shapes = [shapely.box(*box) for box in boxes]
    gpd.GeoDataFrame({"镇街代码": codes, "镇街名称": names}, geometry=shapes, crs=4490).to_file(
        tmp_path / "镇街.geojson"
    )
    (tmp_path / "窨井.csv").write_text(
        "窨井编号,整治状态,经度,纬度\na,整治中,108.1,22.85\nb,整治中,108.3,22.85\n", "utf-8"
    )
    holes = '[layers.manholes]\npath = "窨井.csv"\ncrs = "EPSG:4490"\n'
    (tmp_path / "city.toml").write_text(holes, "utf-8")
    city = gcm.load_city(tmp_path)
    told = city.findings.set_index("code").loc["ZONES_MISSING", "message_zh"]
    entry = re.search(r"layers\.districts = .* \} \}", told)[0]
    with pytest.raises(gcm.CityDataError, match=r"layers\.districts = "):
        gcm.progress(city, as_of="2024-01-01", level="street")
    with pytest.raises(gcm.CityDataError, match=r"layers\.districts = "):
        gcm.progress_map(city, "manhole_open_count", as_of="2024-01-01")
    (tmp_path / "city.toml").write_text(f"{entry}\n{holes}", "utf-8")
    city = gcm.load_city(tmp_path)
    assert city.zones["name_zh"].to_dict() == {"330782001": "稠城街道", "330782002": "福田街道"}
    assert owned(city) == {"330782001": 1, "330782002": 1}


def test_streets_that_are_made_the_districts_lie_where_their_datum_puts_them(tmp_path):
    streets = {"镇街代码": ["330782001"], "镇街名称": ["稠城街道"]}
    shape = [shapely.box(120, 29, 120.1, 29.2)]
    gpd.GeoDataFrame(streets, geometry=shape, crs=4490).to_file(tmp_path / "镇街.geojson")
    config = tmp_path / "city.toml"
    crs = 'metric_crs = "EPSG:4549"\n'
    config.write_text(f'{crs}[layers.streets]\npath = "镇街.geojson"\ndatum = "gcj02"\n', "utf-8")
    city = gcm.load_city(tmp_path)
    told = city.findings.set_index("code").loc["ZONES_MISSING", "message_zh"]
    config.write_text(crs + re.search(r"layers\.districts = .* \} \}", told)[0], "utf-8")
    assert gcm.load_city(tmp_path).zones.total_bounds == pytest.approx(
        city["streets"].total_bounds, abs=0.01
    )
