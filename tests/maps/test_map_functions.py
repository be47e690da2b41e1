from __future__ import annotations

import json
import re
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import GeometryCollection, LineString, MultiPoint, Point, box

import geo_citymgmt as gcm
from geo_citymgmt._languages import DISTRICT
from geo_citymgmt.errors import CityDataError, CRSError, MapError
from geo_citymgmt.maps import city_map, coverage_map, layer_map, progress_map, zone_map
from geo_citymgmt.maps._city_map import Legend, Zones
from geo_citymgmt.maps._overlays import Features, Overlay, flatten, to_degrees
from geo_citymgmt.spec import load_specs

from .conftest import PAYLOADS


def parts(city_map, kind):
    return [child for child in city_map._children.values() if isinstance(child, kind)]


def filled(city_map) -> Zones:
    return next(zone for zone in parts(city_map, Zones) if zone.filled)


# zone_map


def test_each_zone_shows_its_name_value_class_and_popup(zones):
    table = pd.DataFrame({"area": [12_000.0, 340_000.0, None]}, index=zones.index)
    drawn = zone_map(table, zones, "area", label="拆除面积", unit="m2")
    by_name = {zone["name"]: zone for zone in filled(drawn).zones}
    assert by_name["甲区"]["value"] == "1.20"
    assert by_name["乙区"]["rows"] == [("拆除面积", "34万平方米")]
    assert by_name["丙市"]["hatch"]
    assert by_name["丙市"]["rows"] == [("拆除面积", "无数据")]
    (legend,) = parts(drawn, Legend)
    assert legend.title == "拆除面积（万平方米）"
    assert [item["label"] for item in legend.items] == ["34.00", "1.20", "无数据"]


def test_zone_codes_are_matched_as_text(zones):
    table = pd.DataFrame({"n": [1, 2]}, index=[320505, 320506])
    values = {zone["name"]: zone["value"] for zone in filled(zone_map(table, zones, "n")).zones}
    assert values == {"甲区": "1", "乙区": "2", "丙市": ""}


def test_figures_of_codes_without_an_area_are_told_in_a_note(zones):
    table = pd.DataFrame({"n": [1, 2]}, index=["320505", "999999"])
    assert "999999" in " ".join(zone_map(table, zones, "n").notes)


def test_a_table_without_data_says_so(zones):
    table = pd.DataFrame({"n": [np.nan] * 3}, index=zones.index)
    drawn = zone_map(table, zones, "n", lang="en")
    assert drawn.notes == ["No data to show"]
    assert all(zone["hatch"] for zone in filled(drawn).zones)


@pytest.mark.parametrize(
    ("table", "column", "named"),
    [
        (pd.DataFrame({"n": [1]}, index=["320505"]), "m", "m"),
        (pd.DataFrame({"n": ["x"]}, index=["320505"]), "n", "n"),
        (pd.DataFrame({"n": [1, 2]}, index=["320505", "320505"]), "n", "320505"),
    ],
)
def test_an_unfit_table_is_refused_by_name(zones, table, column, named):
    with pytest.raises(MapError, match=named):
        zone_map(table, zones, column)


def test_zones_without_a_crs_are_refused(zones):
    table = pd.DataFrame({"n": [1]}, index=["320505"])
    with pytest.raises(CRSError, match="set_crs"):
        zone_map(table, gpd.GeoDataFrame(zones, crs=None).set_crs(None, allow_override=True), "n")


def test_inputs_are_left_as_they_were(zones, manholes):
    table = pd.DataFrame({"n": [1, 2, 3]}, index=zones.index)
    before = (table.copy(), zones.copy(), manholes.copy())
    zone_map(table, zones, "n")
    layer_map(manholes, "manholes", zones=zones)
    pd.testing.assert_frame_equal(table, before[0])
    pd.testing.assert_frame_equal(pd.DataFrame(zones), pd.DataFrame(before[1]))
    pd.testing.assert_frame_equal(pd.DataFrame(manholes), pd.DataFrame(before[2]))


# layer_map


def test_every_record_with_a_place_is_drawn_and_the_rest_are_counted(page, unpack, parcels):
    drawn = layer_map(parcels, "illegal_construction")
    (overlay,) = unpack(page(drawn))
    assert overlay["count"] == 2
    assert drawn.notes == ["违法建设：另有 1 条记录未落图，不在地图上"]


def test_packed_places_are_within_a_tenth_of_a_metre(page, unpack, manholes):
    (overlay,) = unpack(page(layer_map(manholes, "manholes")))
    degrees = to_degrees(manholes)
    assert np.abs(overlay["x"] - degrees.x).max() < 6e-7
    assert np.abs(overlay["y"] - degrees.y).max() < 6e-7


def columns(overlay) -> dict[str, list[str]]:
    out = {}
    for column in overlay["columns"]:
        values = column["values"]
        if "section" in column:
            values = [values[i] for i in overlay["section"](column["section"])]
        out[column["label"]] = values
    return out


def test_popups_speak_in_labels_names_and_known_dates(page, unpack, manholes, zones):
    (overlay,) = unpack(page(layer_map(manholes, "manholes", zones=zones)))
    told = columns(overlay)
    assert told["整治状态"][:3] == ["整治中", "已验收", ""]
    assert told["发现时间"][:3] == ["2022-03-05", "2022-03", "2022"]
    assert told["所属区县"][0] == "甲区"


def test_personal_and_unknown_columns_are_left_out_unless_named(page, unpack, manholes):
    text = page(layer_map(manholes, "manholes"))
    told = json.dumps(unpack(text)[0]["columns"], ensure_ascii=False)
    assert "139" not in told
    assert "extra" not in told
    (named,) = unpack(page(layer_map(manholes, "manholes", popup_fields=["phone", "extra"])))
    assert columns(named)["extra"][0] == "extra"
    assert "13900000000" in next(iter(columns(named).values()))


def test_a_named_column_that_is_missing_is_refused(manholes):
    with pytest.raises(MapError, match="nowhere"):
        layer_map(manholes, "manholes", color_by="nowhere")
    with pytest.raises(MapError, match="nowhere"):
        layer_map(manholes, "manholes", popup_fields=["nowhere"])


@pytest.mark.parametrize("column", ["status", "found_date", "extra", False])
def test_a_layer_can_be_coloured_by_any_kind_of_column(manholes, column):
    (overlay,) = parts(layer_map(manholes, "manholes", color_by=column), Features)
    assert sum(item["count"] for item in overlay.classes) == len(manholes)


def test_zones_on_their_own_are_outlined_and_named_over_light_ground(zones):
    frame = zones.rename_axis("district_code").reset_index()
    frame.loc[2, "geometry"] = None
    drawn = layer_map(frame, "districts", zones=zones)
    (layer,) = parts(drawn, Zones)
    assert not layer.filled
    assert not parts(drawn, Features) + parts(drawn, Overlay)
    assert [(zone["code"], zone["name"]) for zone in layer.zones] == [
        ("320505", "甲区"), ("320506", "乙区"),
    ]  # fmt: skip
    assert all(zone["label"] for zone in layer.zones)
    assert ("行政区划代码", "320505") in layer.zones[0]["rows"]
    assert "1" in " ".join(drawn.notes)


def test_zones_whose_codes_are_no_codes_are_outlined_all_the_same(zones):
    frame = zones.assign(district_code=["1", "1", None])
    (layer,) = parts(layer_map(frame, "districts"), Zones)
    assert [zone["name"] for zone in layer.zones] == ["甲区", "乙区", "丙市"]


def test_zones_are_filled_where_a_colour_is_asked_for(zones):
    drawn = layer_map(zones.assign(kind="rural"), "districts", color_by="kind")
    assert len(parts(drawn, Features)) == 1


def test_a_number_colours_by_classes_in_its_unit(parcels):
    drawn = layer_map(parcels, "illegal_construction", color_by="illegal_area_m2")
    (legend,) = parts(drawn, Legend)
    assert legend.note == "违法建设面积（万平方米）"
    assert sum(int(item["count"]) for item in legend.items) == 2


def test_a_layer_without_records_says_so(page, manholes):
    drawn = layer_map(manholes.iloc[:0], "manholes")
    assert "窨井：没有可显示的要素" in drawn.notes
    page(drawn)


def test_a_file_without_the_style_s_columns_is_still_drawn(page, unpack):
    bare = gpd.GeoDataFrame({"x": [1]}, geometry=[Point(555_000, 3_465_000)], crs="EPSG:4549")
    assert unpack(page(layer_map(bare, "manholes")))[0]["count"] == 1


def test_places_outside_the_crs_are_refused_with_the_likely_cause():
    prefixed = gpd.GeoDataFrame(geometry=[Point(40_555_695, 3_464_273)], crs="EPSG:4549")
    with pytest.raises(MapError, match="CRS"):
        layer_map(prefixed, "manholes")


def test_no_part_of_a_mixed_geometry_is_dropped():
    shape = GeometryCollection(
        [
            MultiPoint([(0, 0), (1, 1)]),
            LineString([(0, 0), (1, 1)]),
            GeometryCollection([box(0, 0, 3, 3).difference(box(1, 1, 2, 2))]),
        ]
    )
    coordinates, sizes, kinds, counts = flatten(np.array([Point(9, 9), shape]))
    assert list(counts) == [1, 5]
    assert list(kinds) == [0, 0, 0, 1, 2, 2]
    assert list(sizes) == [1, 1, 1, 2, 5, 5]
    assert list(coordinates[0]) == [9, 9]


def test_thirty_five_thousand_features_stay_far_under_eight_megabytes(page, unpack):
    rng = np.random.default_rng(0)
    count = 35_000
    wells = gpd.GeoDataFrame(
        {
            "manhole_id": [f"32050801{i:08d}" for i in range(count)],
            "status": rng.choice(["00", "20", "40", "60"], count),
            "road_name": rng.choice([f"路{i}" for i in range(500)], count),
        },
        geometry=gpd.points_from_xy(rng.uniform(5e5, 6e5, count), rng.uniform(3.4e6, 3.5e6, count)),
        crs="EPSG:4549",
    )
    text = page(layer_map(wells, "manholes"))
    assert len(text.encode()) < 1.5e6
    assert unpack(text)[0]["count"] == count


# progress_map, coverage_map, city_map


@pytest.fixture
def city(zones, manholes, parcels, tunnels):
    layers = {"illegal_construction": parcels, "utility_tunnels": tunnels, "manholes": manholes}

    class City(dict):
        has_zones, unit = True, DISTRICT
        data_date = pd.Timestamp("2022-06-30")
        specs = load_specs()

    made = City(layers)
    made.zones = zones
    return made


def test_a_progress_popup_says_what_the_figure_may_be_compared_with(city, figures):
    drawn = progress_map(city, "demolished_area", table=figures)
    by_name = {zone["name"]: dict(zone["rows"]) for zone in filled(drawn).zones}
    assert by_name["甲区"]["数值"] == "12万平方米"
    assert by_name["甲区"]["目标"] == "30万平方米"
    assert by_name["甲区"]["完成率"] == "40.0%"
    assert by_name["甲区"]["状态"] == "低于时序进度"
    assert by_name["丙市"]["数值"] == "数据不足"
    assert by_name["丙市"]["说明"] == "说明"
    assert "可比性" not in by_name["丙市"]
    assert by_name["甲区"]["可比性"] == "可与目标比较"
    assert "完成率" not in by_name["丙市"]
    assert drawn.caption == "截至 2022-06-30"


def test_what_lies_outside_the_zones_is_told_and_the_city_s_total_stands_in_the_legend(
    city, figures
):
    figures["row_kind"] = "zone"
    total = figures.iloc[[0]].assign(
        level="city", row_kind="total", zone_code="320500", value=210_000.0, target=500_000.0,
        attainment=0.42,
    )  # fmt: skip
    beside = figures.iloc[[0, 1]].assign(row_kind=["outside", "unlocated"], value=[10_000.0, 0.0])
    table = pd.concat([figures, total, beside], ignore_index=True)
    drawn = progress_map(city, "demolished_area", table=table)
    (legend,) = parts(drawn, Legend)
    total, outside = (
        # 148,767 of 500,000 were expected: 29.8 %.
        "全市 21万平方米\n目标 50万平方米\n完成率 42.0%\n高于时序进度 12.2 个百分点",
        "1万平方米 位于各分区之外，计入全市",
    )
    assert legend.note == f"{total}\n拆除面积：另有 {outside}"


def test_figures_that_do_not_divide_stand_side_by_side(city, figures):
    figures["row_kind"] = "zone"
    total = figures.iloc[[0]].assign(
        level="city", row_kind="total", attainment=None, status="not_comparable"
    )
    drawn = progress_map(city, "demolished_area", table=pd.concat([figures, total]))
    (legend,) = parts(drawn, Legend)
    assert legend.note == "全市 12万平方米\n目标 30万平方米\n不可比"


def test_progress_is_filled_by_value_where_nothing_may_be_compared(city, figures):
    figures["attainment"] = None
    drawn = progress_map(city, "demolished_area", table=figures, lang="en")
    assert [zone["value"] for zone in filled(drawn).zones] == ["120,000", "80,000", ""]


def test_an_unknown_figure_is_refused_and_the_known_are_named(city, figures):
    with pytest.raises(MapError, match="demolished_area"):
        progress_map(city, "nonsense", table=figures)


def test_coverage_shows_share_ground_and_facilities(zones, manholes, page, unpack):
    drawn = coverage_map(manholes, zones, radius_m=500, layer="manholes")
    ground, wells = unpack(page(drawn))
    assert wells["count"] == len(manholes)
    assert ground["count"] == 3
    assert all(dict(zone["rows"])["覆盖率"].endswith("%") for zone in filled(drawn).zones)


@pytest.mark.parametrize(("lang", "kept"), [("zh", "300\u00a0米"), ("en", "300\u00a0m")])
def test_a_radius_keeps_its_unit_on_its_line(zones, manholes, lang, kept):
    drawn = coverage_map(manholes, zones, radius_m=300, lang=lang)
    assert kept in drawn.title
    assert kept in drawn.caption


def test_the_city_map_has_a_switch_for_each_layer_it_has(city, figures, page, unpack):
    text = page(city_map(city, table=figures))
    overlays = unpack(text)
    assert sorted(overlay["count"] for overlay in overlays) == [1, 2, 60]
    assert "L.control.layers(" in text
    assert "数据截至 2022-06-30" in text


def test_the_city_map_draws_the_layers_asked_for_and_names_one_it_has_not(city, figures):
    drawn = city_map(city, layers=["manholes"], table=figures)
    (layer,) = parts(drawn, (Features, Overlay))
    assert "窨井" in layer.layer_name
    with pytest.raises(CityDataError, match="lamps"):
        city_map(city, layers=["manholes", "lamps"], table=figures)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_map_of_a_city_names_it_before_its_title_once(city, figures, page, lang):
    city.name_zh, city.name_en = "某市", "Some City"
    name = getattr(city, f"name_{lang}")
    for drawn in (
        city_map(city, table=figures, lang=lang),
        progress_map(city, "demolished_area", table=figures, lang=lang),
    ):
        head = re.search(r"<h1>(.*?)</h1>", page(drawn))[1]
        assert re.sub("<.*?>", "", head) == f"{name} · {drawn.title}"
        assert f"<title>{name} · " in page(drawn)
    own = city_map(city, table=figures, lang=lang, title=f"{name} 2022")
    assert re.sub("<.*?>", "", re.search(r"<h1>(.*?)</h1>", page(own))[1]) == f"{name} 2022"


def test_a_city_without_figures_shows_its_layers(city, figures):
    drawn = city_map(city, table=figures.iloc[:0])
    assert not any(zone.filled for zone in parts(drawn, Zones))
    layers = parts(drawn, (Features, Overlay))
    assert len(layers) == 3
    assert all(layer.show for layer in layers)


# text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_of_the_data_runs_nowhere(page, zones, manholes, payload):
    hostile = zones.assign(name_zh=payload)
    table = pd.DataFrame({payload: [1.0, 2.0, 3.0]}, index=zones.index)
    drawn = zone_map(table, hostile, payload, unit=payload, title=payload, caption=payload)
    check(page(drawn), payload)
    wells = manholes.assign(manhole_id=payload, status=payload).rename(columns={"extra": payload})
    drawn = layer_map(
        wells, "manholes", zones=hostile, color_by=payload, popup_fields=["manhole_id", payload]
    )
    check(page(drawn), payload)


def check(text: str, payload: str) -> None:
    """The payload stands nowhere as it was written, but for characters no parser acts on."""
    scripts = re.findall(r"<script\b[^>]*>(.*?)</script>", text, flags=re.S)
    markup = re.sub(r"<script\b[^>]*>.*?</script>|<style>.*?</style>", "", text, flags=re.S)
    assert not re.search(r"<(img|svg|textarea)\b", markup)
    own = scripts[-1]
    for mark in ("<img", "<svg", "</textarea", "\u2028", "\u202e", "<!--<"):
        assert mark not in own
    assert payload not in markup or not set("<>\"'`${}\\") & set(payload)


def test_the_page_s_own_scripts_write_text_only_as_text():
    from geo_citymgmt.maps import _offline
    from geo_citymgmt.maps._city_map import PAGE_SCRIPTS

    for name in PAGE_SCRIPTS:
        code = _offline.own(name)
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", code)


def test_other_levels_are_drawn_on_their_own_zones(zones, figures):
    streets = figures.assign(level="street")
    city = SimpleNamespace(
        zones_at=lambda level: zones, has_zones=True, unit=DISTRICT,
        data_date=pd.Timestamp("2022-06-30"),
    )  # fmt: skip
    drawn = progress_map(city, "demolished_area", table=streets, level="street")
    assert len(filled(drawn).zones) == 3


def test_the_layer_switch_shows_the_commonest_colours_of_a_layer_in_the_order_of_the_legend(
    manholes,
):
    status = np.array(["20", "40", "60", "70", "51", "00"])
    frame = manholes.iloc[np.zeros(21, dtype=int)].reset_index(drop=True)
    frame["status"] = np.repeat(status, [6, 5, 4, 3, 2, 1])
    overlay = next(
        o for o in layer_map(frame, "manholes")._children.values() if hasattr(o, "classes")
    )
    color = {item["label"]: item["color"] for item in overlay.classes}
    rare = min(overlay.classes, key=lambda item: item["count"])["label"]
    shown = [color[label] for label in color if label != rare]
    found = re.findall(r"#[0-9a-f]{6}", overlay.layer_name.split(">")[0])
    assert found == shown


def test_a_city_of_stops_alone_shows_them_and_roads_are_drawn_where_they_are_asked_for():
    places = [Point(120.6, 31.3)] * 2
    stops = gpd.GeoDataFrame({"name": ["东站", "西站"]}, geometry=places, crs=4490)
    road = gpd.GeoDataFrame(
        {"name": ["人民路"]}, geometry=[LineString([(120.6, 31.3), (120.7, 31.3)])], crs=4490
    )
    bikes = stops.assign(station_id=["A", "B"])
    alone = gcm.City.from_layers({"transit_stops": stops, "roads": road})
    assert len(parts(city_map(alone), (Features, Overlay))) == 2
    city = gcm.City.from_layers({"bike_stations": bikes, "roads": road})
    assert len(parts(city_map(city), (Features, Overlay))) == 1
    assert len(parts(city_map(city, layers=["roads"]), (Features, Overlay))) == 1


def test_a_layer_asked_for_as_a_figure_is_told_how_it_is_drawn():
    city = gcm.sample_city(layers=["bike_stations"])
    with pytest.raises(MapError, match="is a layer and no figure") as told:
        progress_map(city, "bike_stations")
    (line,) = re.findall(r"layer_map\(.*?\)", str(told.value))
    assert eval(line, {"layer_map": layer_map, "city": city}) is not None
