"""Columns as a person would read them: by words and values; what is merely likely is proposed."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cleaning._codes import near_codes
from geo_citymgmt.cleaning._headings import may_mean
from geo_citymgmt.cli import main
from geo_citymgmt.reading._raw import Raw
from geo_citymgmt.spec import load_specs

SPECS = load_specs()


def proposed(layer, **columns):
    table = gcm.propose_mapping(pd.DataFrame(columns), layer)
    return {row.column: (row.field, row.applied) for row in table.itertuples()}


def points(**columns):
    frame = pd.DataFrame(columns)
    places = gpd.points_from_xy([120.6 + 0.01 * k for k in range(len(frame))], [31.3] * len(frame))
    return gpd.GeoDataFrame(frame, geometry=places, crs=4490)


def codes(layer):
    return set(layer.findings["code"])


@pytest.mark.parametrize("nearer", ["违法建筑面积", "其中违法面积（㎡）", "违章面积"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_column_that_says_the_label_wins_over_a_wider_alias_and_that_is_told(nearer, turned):
    columns = {"建筑面积（㎡）": [200], nearer: [150]}
    columns = dict(reversed(columns.items())) if turned else columns
    layer = gcm.read_layer(points(违建编号=["W1"], **columns), "illegal_construction")
    assert layer.data["illegal_area_m2"].tolist() == [150]
    (told,) = layer.findings[layer.findings["code"] == "FIELD_DUPLICATE"].itertuples()
    assert (told.value, told.expected) == ("建筑面积（㎡）", nearer)


def test_where_two_columns_are_nearer_than_the_one_of_a_wider_name_it_is_asked():
    frame = points(违建编号=["W1"], 建筑面积=[200], 违法面积=[150], 其中违法建筑面积=[120])
    layer = gcm.read_layer(frame, "illegal_construction")
    assert "illegal_area_m2" not in layer.mapping
    asked = layer.findings.query("code == 'FIELD_AMBIGUOUS'")
    assert asked["value"].tolist() == ["建筑面积", "违法面积", "其中违法建筑面积"]


def test_a_wider_alias_alone_or_by_the_callers_word_is_the_field():
    frame = points(违建编号=["W1"], 建筑面积=[200], 违章面积=["不详"])
    assert gcm.read_layer(frame, "illegal_construction").data["illegal_area_m2"].tolist() == [200]
    frame = points(违建编号=["W1"], 建筑面积=[200], 违章面积=[150])
    given = {"建筑面积": "illegal_area_m2"}
    data = gcm.read_layer(frame, "illegal_construction", aliases=given).data
    assert data["illegal_area_m2"].tolist() == [200]


# names that say the same


@pytest.mark.parametrize(
    ("layer", "column", "values", "field"),
    [
        ("parking_points", "CarParkName", ["East", "West"], "name"),
        ("parking_points", "number of stalls", [30, 40], "spaces_total"),
        ("parking_points", "停車場名稱", ["東門", "西門"], "name"),
        ("parking_points", "营业时间", ["8:00-22:00", "全天"], "open_hours"),
        ("parking_points", "SERVICETIME", ["0~24時", "6~22時"], "open_hours"),
        ("parking_points", "空闲车位数", [3, 4], "spaces_free"),
        ("parking_points", "AREA", ["板橋區", "中和區"], "district_name"),
        ("bike_stations", "网点编号", ["a", "b"], "station_id"),
        ("bike_stations", "total_docks", [20, 30], "docks"),
        ("manholes", "道路名", ["人民路", "观前街"], "road_name"),
        ("manholes", "streetname", ["BAY STREET", "18 AVENUE"], "road_name"),
        ("manholes", "coverMaterial", ["球墨铸铁", "钢"], "material"),
        ("illegal_construction", "VIOLATION LAST MODIFIED DATE", ["9/16/23", "9/1/23"],
         "update_date"),
        ("utility_tunnels", "LEN_KM", [1.5, 2.0], "length_km"),
        ("manholes", "YJBH", ["J1", "J2"], "manhole_id"),
        ("manholes", "DLMC", ["人民路", "干将路"], "road_name"),
        ("manholes", "ZZZT", ["完好", "已验收"], "status"),
    ],
)  # fmt: skip
def test_a_heading_in_other_words_is_taken_where_its_values_are_the_fields(
    layer, column, values, field
):
    assert proposed(layer, **{column: values}) == {column: (field, True)}
    if SPECS[layer].role == "facility" and layer != "utility_tunnels":
        assert gcm.read_layer(points(**{column: values}), layer).mapping == {field: column}


@pytest.mark.parametrize(
    ("layer", "column", "values"),
    [
        ("manholes", "DLMC", [1, 2]),  # numbers are no names of roads
        ("manholes", "ZZZT", ["甲", "乙"]),  # no status
        ("parking_points", "number of stalls", ["many", "few"]),
        ("bike_stations", "short_name", ["6064.08", "7000.10"]),
        ("bike_stations", "external_id", ["66db33fc", "66db5fae"]),
        ("districts", "PYNAME", ["fjx", "yyx"]),
        ("districts", "Shape_Area", [0.38, 0.34]),
        ("parking_points", "TYPE", [1, 2]),
        ("parking_points", "TOTALMOTOR", [3, 4]),
        ("utility_tunnels", "kind", ["pipe", "pipe"]),
        ("manholes", "addresstype", ["ADDRESS", "INTERSECTION"]),
        ("manholes", "complainttype", ["Gas Leak", "Transformer"]),
        ("illegal_construction", "LOCATION", ["(41.88, -87.77)", "(41.84, -87.70)"]),
        ("illegal_construction", "STREET NAME", ["MAYFIELD", "26TH"]),
        ("manholes", "installation_date", ["2022-01-01", "2022-01-02"]),
    ],
)
def test_what_only_looks_like_a_field_is_neither_taken_nor_proposed(layer, column, values):
    assert proposed(layer, **{column: values}) == {}


# proposals


def test_values_alone_are_proposed_and_never_taken():
    columns = {"c7": ["完好", "整治中", "销号"], "编号": ["a", "b", "c"]}
    assert proposed("manholes", **columns)["c7"] == ("status", False)
    layer = gcm.read_layer(points(**columns), "manholes")
    assert "status" not in layer.data
    told = layer.findings[layer.findings["code"].eq("FIELD_PROPOSED")].iloc[0]
    assert (told["field"], told["expected"]) == ("status", '"c7" = "status"')
    again = gcm.read_layer(points(**columns), "manholes", aliases={"c7": "status"})
    assert again.data["status"].tolist() == ["00", "40", "70"]


def test_a_column_that_is_another_field_by_its_values_is_not_said_to_be_read_by_its_name():
    """ "type" is an alias of 停车场类型; its values say how the car park is built."""
    layer = gcm.read_layer(points(type=["multi-storey", "surface", "室內"]), "parking_points")
    assert "lot_kind" not in layer.data
    told = layer.findings.query("code in ['FIELD_ALIAS', 'FIELD_MATCHED'] and field == 'lot_kind'")
    assert told.empty
    assert "FIELD_MISSING" in set(layer.findings.query("field == 'lot_kind'")["code"])


@pytest.mark.parametrize(
    "heading",
    ["未拆除面积", "拟拆除面积", "计划拆除面积", "应拆面积", "待拆除面积", "需拆除面积",
     "剩余拆除面积", "planned_demolished_area_m2", "UNDEMOLISHED_AREA", "not demolished area m2"],
)  # fmt: skip
def test_an_area_that_is_not_demolished_is_none_that_is(heading):
    assert proposed("illegal_construction", **{heading: [100.5, 120.0]}) == {}


@pytest.mark.parametrize("heading", ["实际拆除面积", "累计拆除面积"])
def test_an_area_that_is_demolished_is_still_proposed(heading):
    field = ("demolished_area_m2", False)
    assert proposed("illegal_construction", **{heading: [100.5, 120.0]}) == {heading: field}


@pytest.mark.parametrize(
    ("layer", "heading", "field"),
    [
        ("illegal_construction", "拟拆除时间", "planned_date"),
        ("illegal_construction", "承诺拆除时间", "planned_date"),
        ("illegal_construction", "expected demolition date", "planned_date"),
        ("illegal_construction", "拆除时限", "deadline"),
        ("illegal_construction", "责令限期拆除时间", "deadline"),
        ("illegal_construction", "应完成时间", "deadline"),
        ("manholes", "计划整治时间", "planned_date"),
        ("manholes", "应整治时间", "planned_date"),
        ("parking_points", "规划启用时间", "planned_date"),
    ],
)
def test_a_day_that_is_planned_or_set_is_proposed_as_that(layer, heading, field):
    days = ["2024-03-15", "2024-04-15"]
    assert proposed(layer, **{heading: days}) == {heading: (field, False)}


@pytest.mark.parametrize("heading", ["计划开工时间", "应急处置时间", "未完成时间"])
def test_a_day_of_something_else_is_no_plan_of_what_ends_a_case(heading):
    assert proposed("illegal_construction", **{heading: ["2024-03-15", "2024-04-15"]}) == {}


@pytest.mark.parametrize("heading", ["未拆违法建筑面积", "计划拆除面积", "拟拆除时间"])
def test_what_denies_or_plans_is_no_field_until_a_person_says_so(heading):
    values = ["2024-03-15"] if heading.endswith("时间") else [150]
    layer = gcm.read_layer(points(违建编号=["W1"], **{"建筑面积": [200], heading: values}),
                           "illegal_construction")  # fmt: skip
    assert layer.data["illegal_area_m2"].tolist() == [200]
    assert heading not in layer.mapping.values() and heading in layer.data


def test_a_planned_day_is_not_proposed_where_the_field_is_there():
    days = ["2024-03-15", "2024-04-15"]
    found = proposed("illegal_construction", 计划完成时间=days, 拟拆除时间=days)
    assert found == {"计划完成时间": ("planned_date", True)}


def test_each_name_of_a_field_names_it_though_it_plans_or_denies():
    for spec in SPECS.values():
        for item in spec.fields.values():
            assert all(may_mean(name, item) for name in (item.name, item.zh, *item.aliases))


def test_what_the_name_says_in_unknown_words_is_proposed():
    columns = {
        "PARK_TYPE_DESC": ["YOL", "AÇIK"],
        "LOCATION_NAME": ["Vali", "Soka"],
        "COUNTY_NAME": ["ŞİŞLİ", "FATİH"],
        "inspector comments": ["broken", "loose"],
    }
    assert proposed("parking_points", **columns) == {
        "PARK_TYPE_DESC": ("lot_kind", False),
        "LOCATION_NAME": ("address", False),
        "COUNTY_NAME": ("district_name", False),
        "inspector comments": ("remark", False),
    }


def test_two_columns_that_say_the_same_are_asked_about_and_neither_is_taken():
    columns = {"stalls": [10, 20], "stall count": [11, 21]}
    assert proposed("parking_points", **columns) == {
        "stalls": ("spaces_total", False), "stall count": ("spaces_total", False)
    }  # fmt: skip
    assert gcm.read_layer(points(**columns), "parking_points").mapping == {}


def test_reasons_come_in_both_languages_name_first():
    frame = pd.DataFrame({"stationNo": ["a", "b"]})
    zh = gcm.propose_mapping(frame, "bike_stations")["reasons"].item()
    en = gcm.propose_mapping(frame, "bike_stations", lang="en")["reasons"].item()
    assert zh == "同义的列名；值各不相同"
    assert en == "the same in other words; its values tell records apart"


# names that the values contradict


def test_a_cut_code_is_not_taken_for_the_name_of_a_district():
    box = gpd.GeoSeries.from_wkt(
        ["POLYGON((120 31,121 31,121 32,120 31))", "POLYGON((121 31,122 31,122 32,121 31))"],
        crs=4490,
    )
    frame = pd.DataFrame({"行政区": ["320505", "320506"], "名称": ["虎丘区", "吴中区"]})
    layer = gcm.read_layer(gpd.GeoDataFrame(frame, geometry=box), "districts")
    assert layer.mapping == {"district_code": "行政区", "name_zh": "名称"}


def test_an_alias_whose_values_are_none_of_its_codes_is_doubted():
    layer = gcm.read_layer(points(TYPE=[1, 2], ID=["a", "b"]), "parking_points")
    told = layer.findings[layer.findings["code"].eq("FIELD_DOUBTED")]
    assert told["value"].tolist() == ["TYPE"]
    assert "lot_kind" not in layer.data


def test_what_became_of_a_column_is_said_once():
    streets = ["85 STREET", "SHORE PARKWAY", "65 STREET"]
    frame = points(uniquekey=list("abc"), streetname=streets, TYPE=[1, 2, 1], zip=["1", "2", "3"])
    layer = gcm.read_layer(frame, "manholes")
    table = layer.findings[layer.findings["code"].str.startswith("FIELD_")]
    table = table[table["code"].ne("FIELD_MISSING")]
    columns = [name for value in table["value"] for name in value.split(", ")]
    assert len(columns) == len(set(columns))
    assert layer.mapping["road_name"] == "streetname"
    (row,) = table[table["value"].eq("streetname")].itertuples()
    assert row.code == "FIELD_MATCHED"
    assert "列名像“街道（镇）”，但值不是" in row.message_zh


def test_a_diameter_in_metres_becomes_millimetres_and_that_is_told():
    layer = gcm.read_layer(points(id=["a", "b"], diameter=["0.99", "0.7"]), "manholes")
    assert layer.data["cover_size_mm"].tolist() == ["990", "700"]
    assert "UNIT_CONVERTED" in codes(layer)
    layer = gcm.read_layer(points(id=["a", "b"], 规格=["700", "700×700"]), "manholes")
    assert layer.data["cover_size_mm"].tolist() == ["700", "700×700"]


# an office's own words


def test_own_words_get_their_codes():
    frame = points(编号=list("abc"), 状态=["整治完毕", "报警", "完好"])
    layer = gcm.read_layer(frame, "manholes")
    assert layer.data["status"].isna().tolist() == [True, True, False]
    told = layer.findings[layer.findings["code"].eq("CODE_OWN_WORDS")].iloc[0]
    line = 'values.status = { "整治完毕" = "51", "报警" = "?" }'
    assert told["expected"] == line
    assert f"[layers.manholes] 下写 {line}" in told["message_zh"]
    assert "00 完好、10 疑似" in told["message_zh"] and "00 Sound" in told["message_en"]
    words = {"status": {"整治完毕": "51", "报警": ""}}
    layer = gcm.read_layer(frame, "manholes", values=words)
    assert layer.data["status"].isna().tolist() == [False, True, False]
    assert layer.data["status"][0] == "51"
    assert "CODE_UNKNOWN" not in codes(layer)
    labels = {"整治状态": {"整治完毕": "已整治", "报警": "疑似"}}
    read = gcm.read_layer(frame, "manholes", values=labels)
    assert read.data["status"].tolist() == ["51", "10", "00"]


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"colour": {"a": "b"}}, "colour"),
        ({"road_name": {"a": "b"}}, "no codes"),
        ({"status": {"a": "99"}}, "'99'"),
    ],
)
def test_words_for_a_field_or_code_that_is_not_there_are_refused(values, match):
    with pytest.raises(gcm.SpecError, match=match):
        gcm.read_layer(points(编号=["a"]), "manholes", values=values)


@pytest.mark.parametrize(
    ("word", "never"),
    [("未整治", {"40", "51", "00"}), ("未验收", {"60"}), ("待验收", {"60"}), ("未销号", {"70"}),
     ("整治未完成", {"40", "51"}), ("not closed", {"70"})],
)  # fmt: skip
def test_a_negation_is_never_near_what_it_denies(word, never):
    assert not never & set(near_codes(word, SPECS["manholes"].fields["status"]))


@pytest.mark.parametrize(
    ("layer", "field", "word", "codes"),
    [
        ("manholes", "status", "整治完毕", ["51"]),
        ("manholes", "status", "正在整治", ["40"]),
        ("manholes", "material", "球墨铸铁井盖", ["ductile"]),
        ("manholes", "cover_kind", "排水井盖", []),  # neither 污水 nor 雨水
        ("illegal_construction", "found_by", "PERMIT", []),  # no petition
        ("illegal_construction", "status", "待拆除", []),
        ("illegal_construction", "status", "已拆除50%", []),
        ("illegal_construction", "status", "部分已拆除", []),
        ("illegal_construction", "status", "已拆除100%", ["50"]),
    ],
)
def test_a_word_is_near_what_says_the_same(layer, field, word, codes):
    assert near_codes(word, SPECS[layer].fields[field]) == codes


def test_city_toml_maps_words_and_fields_by_their_labels(tmp_path):
    (tmp_path / "窨井.csv").write_text(
        "编号,现况,经度,纬度\nA,整治完毕,120.62,31.31\n", encoding="utf-8"
    )
    (tmp_path / "city.toml").write_text(
        '[layers.manholes]\npath = "窨井.csv"\ncrs = "EPSG:4490"\n'
        '[layers.manholes.fields]\n"现况" = "整治状态"\n'
        '[layers.manholes.values.status]\n"整治完毕" = "51"\n',
        encoding="utf-8",
    )
    assert gcm.load_city(tmp_path)["manholes"]["status"].tolist() == ["51"]


def test_a_misspelt_field_is_refused_with_the_nearest_one():
    with pytest.raises(gcm.SpecError, match="停车泊位数") as caught:
        gcm.read_layer(points(n=[1]), "parking_points", aliases={"n": "停车泊位数量"})
    assert "geo-citymgmt fields parking_points" in str(caught.value)


def test_init_proposes_fields_and_codes_that_hold_when_taken_as_they_are(tmp_path):
    words = ["完好", "整治完毕", "销号"]
    rows = "\n".join(f"a{k},12{k},{word},120.6{k},31.3" for k, word in enumerate(words))
    (tmp_path / "窨井.csv").write_text(f"编号,c7,现况,经度,纬度\n{rows}\n", encoding="utf-8")
    assert CliRunner().invoke(main, ["init", str(tmp_path)]).exit_code == 0
    config = tmp_path / "city.toml"
    text = config.read_text("utf-8")
    assert '# ? "现况" = "status"' in text
    assert '# ? "整治完毕" = "51"' in text
    config.write_text(text.replace("# ? ", ""), encoding="utf-8")
    assert gcm.load_city(tmp_path)["manholes"]["status"].tolist() == ["00", "51", "70"]


def test_fields_lists_a_layer_by_its_chinese_name_and_names_the_nearest():
    ran = CliRunner().invoke(main, ["fields", "窨井", "--format", "csv"])
    assert "status,整治状态,Status,code,," in ran.output
    assert "51 已整治" in ran.output
    assert "manholes,窨井" in CliRunner().invoke(main, ["fields", "--format", "csv"]).output
    ran = CliRunner().invoke(main, ["fields", "manhloes"])
    assert ran.exit_code == 2
    assert "manholes" in ran.output


# kinds of parts


def part(name, **columns):
    frame = pd.DataFrame(columns)
    n = len(frame)
    places = gpd.points_from_xy([120.6 + 0.001 * k for k in range(n)], [31.3] * n)
    raw = Raw(name, frame, places.to_numpy(), pd.RangeIndex(n).to_numpy(), n)
    raw.crs = gpd.GeoSeries(places, crs=4490).crs
    return raw


@pytest.fixture
def sources(monkeypatch):
    """Let a source be the Raw that a reader made of it."""
    monkeypatch.setattr("geo_citymgmt.layer.read_raw", lambda source, **_: source)


@pytest.mark.usefixtures("sources")
def test_the_kind_of_a_part_is_in_its_code_its_class_or_the_name_of_its_file():
    files = [
        part("T0101_上水井盖.shp", ObjID=["a"]),
        part("井盖.shp", ObjID=["3205080102000001", "3205080104000002"]),
        part("parts.shp", ObjID=["b", "c"], SmallClass=["燃气井盖", "0113"]),
        part("其余.shp", ObjID=["d"], ObjName=["路灯井盖"]),
    ]
    layer = gcm.read_layer(files, "manholes")
    kinds = ["water", "sewage", "gully", "gas", "fire", "lamp"]
    assert layer.data["cover_kind"].tolist() == kinds
    told = layer.findings[layer.findings["code"].eq("FIELD_FILLED")]
    assert len(told) == 3


@pytest.mark.usefixtures("sources")
def test_codes_of_the_later_form_say_their_kind_and_those_of_no_form_none():
    # Of 6 + 2 + 2 + 6 the first would be of kind 00: they are of 6 + 2 + 3 + 5, of kinds 1 and 10.
    layer = gcm.read_layer(part("井盖.shp", ObjID=["3205080100100001", "3205080101000001"]),
                           "manholes")  # fmt: skip
    assert layer.data["cover_kind"].tolist() == ["water", "heat"]
    layer = gcm.read_layer(part("井盖.shp", ObjID=["3205089999900001", "3205089999900002"]),
                           "manholes")  # fmt: skip
    assert "cover_kind" not in layer.data


def test_the_headings_of_the_national_census_are_fields():
    columns = {
        "ObjID": "3205080102000001", "ObjName": "污水井盖", "SetLoc": "人行道", "ObjShape": "圆",
        "ObjState": "完好", "ORDate": "2020-01-02", "CHDate": "2021-03-04", "BGID": "1",
        "LocateDSC": "人民路1号", "Material": "铸铁", "DeptName1": "某局",
    }  # fmt: skip
    frame = points(**{name: [value] for name, value in columns.items()})
    row = gcm.read_layer(frame, "manholes").data.iloc[0]
    assert (row["cover_kind"], row["site_type"], row["cover_shape"]) == (
        "sewage",
        "footway",
        "round",
    )
    assert (row["condition"], row["material"]) == ("intact", "cast_iron")
    assert (row["survey_date"].year, row["update_date"].year) == (2020, 2021)


def test_of_two_columns_that_may_be_one_text_none_is_taken_and_both_are_shown():
    frame = pd.DataFrame(
        {
            "CASE DESCRIPTION": ["wall without permit", "shed on the roof"],
            "CASE INSPECTOR COMMENTS": ["owner was absent", "second visit"],
        }
    )
    table = gcm.propose_mapping(frame, "illegal_construction")
    assert table["field"].tolist() == ["remark", "remark"]
    assert not table["applied"].any()
    alone = gcm.propose_mapping(frame[["CASE DESCRIPTION"]], "illegal_construction")
    assert alone["applied"].tolist() == [True]


def test_an_id_number_is_that_of_a_person_by_its_digits_alone():
    of_covers = points(ID_NUMBER=["MH-1"])
    assert gcm.read_layer(of_covers, "manholes").data["manhole_id"].tolist() == ["MH-1"]
    for written in ("11010519491231002X", "110105491231002", "1101************2X"):
        read = gcm.read_layer(points(ID_NUMBER=[written]), "manholes")
        assert read.findings.loc[read.findings["code"] == "PERSONAL_DATA", "field"].tolist() == [
            "id_number"
        ]
