"""Profiles: what belongs to one city, as a folder of data."""

import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.profiles import known_profiles, load_profile

#: A city of three districts; one more unit is made of two streets of the first and the second.
WEST, SOUTH = 104.00, 30.60
PROFILE = """schema = 1
name_zh = "蓉城市"
name_en = "Rongcheng"
code = "510199"
document = { zh = "蓉城管〔2023〕9号", en = "Rongcheng 2023/9" }
unit = { zh = "区（市）县", en = "unit" }
month_starts = 26
order = ["510108", "5101A1", "510106", "510104"]

[names]
510104 = "甲区"
510108 = "丙区（老城）"

[aliases]
510106 = ["乙城", "510110"]

[[units]]
code = "5101A1"
name_zh = "高新区"
name_en = "High-tech zone"
streets = ["510104003", "桂溪街道"]
"""
PUBLISHED = (
    "id,domain,name_zh,name_en,kind,period,value,unit,comparator,deadline,pairs_with,quote_zh,notes\n"
    "manholes_fy,manholes,整治窨井,Manholes,target,2023-FY,8,count,>=,2023-12-31,,全年整治窨井8座,\n"
)
FIGURES = """
[figures.manhole_remediated]
published = "manholes_fy"
target = "manholes_fy"
note_zh = "第9号文"
note_en = "document 9"
"""
DISTRICTS = {"510104": "一区", "510106": "二区", "510108": "三区"}


def cell(k, part=0, parts=1):
    """District k of the three from west to east, or one of its streets from south to north."""
    height = 0.1 / parts
    return shapely.box(
        WEST + 0.1 * k, SOUTH + part * height, WEST + 0.1 * (k + 1), SOUTH + (part + 1) * height
    )


@pytest.fixture
def rongcheng(tmp_path):
    """The folder of an office, with its profile in a folder beside its layers."""
    own = tmp_path / "profile"
    own.mkdir()
    (own / "profile.toml").write_text(PROFILE, "utf-8")
    (own / "published.csv").write_text(PUBLISHED, "utf-8")
    (own / "figures.toml").write_text(FIGURES, "utf-8")
    (own / "services.toml").write_text("[coverage]\nmanholes.radius_m = 200\n", "utf-8")
    zones = gpd.GeoDataFrame(
        {"adcode": list(DISTRICTS), "name": list(DISTRICTS.values()), "人口": [40, 48, 60]},
        geometry=[cell(k) for k in range(3)], crs=4490,
    )  # fmt: skip
    zones.to_file(tmp_path / "区县.geojson")
    streets = [(f"{code}00{n + 1}", f"{name}{n + 1}街道", code, cell(k, n, 4))
               for k, (code, name) in enumerate(DISTRICTS.items()) for n in range(4)]  # fmt: skip
    codes, names, parents, shapes = zip(*streets, strict=True)
    frame = gpd.GeoDataFrame(
        {"街道代码": codes, "街道名称": names, "上级区划代码": parents},
        geometry=list(shapes),
        crs=4490,
    )
    frame["人口"] = [10] * 4 + [12] * 4 + [15] * 4
    frame.loc[frame["街道代码"] == "510106001", "街道名称"] = "桂溪街道"
    frame.to_file(tmp_path / "街道.geojson")
    # One manhole in the middle of each street, and one without a place that names a former code.
    rows = [
        {"窨井编号": f"W{n}", "整治状态": "销号", "销号时间": "2023-06-20", "所属区": "",
         "经度": shape.centroid.x, "纬度": shape.centroid.y}
        for n, shape in enumerate(shapes)
    ]  # fmt: skip
    rows.append({"窨井编号": "X", "整治状态": "销号", "销号时间": "2023-06-20",
                 "所属区": "乙城", "经度": None, "纬度": None})  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "窨井.csv", index=False)
    (tmp_path / "city.toml").write_text(
        'profile = "profile"\ndata_date = 2023-06-25\n[zones]\ndistrict = "districts"\n'
        '[names]\n510104 = false\n[layers.manholes]\npath = "窨井.csv"\ncrs = "EPSG:4490"\n',
        "utf-8",
    )
    return tmp_path


def test_an_office_city_is_its_profiles_in_data_alone(rongcheng):
    city = gcm.load_city(rongcheng)
    assert (city.name_zh, city.name_en, city.code) == ("蓉城市", "Rongcheng", "510199")
    assert city.unit == ("区（市）县", "unit")
    assert city.metric_crs.to_epsg() == 4544  # the belt of 105 E, nearest to 104.15 E
    # In the order the profile gives; 甲区 was taken away by city.toml, so the file's name stands.
    assert city.zones["name_zh"].to_dict() == {
        "510108": "丙区（老城）", "5101A1": "高新区", "510106": "二区", "510104": "一区",
    }  # fmt: skip


def test_a_unit_made_of_streets_takes_its_ground_people_and_records(rongcheng):
    city = gcm.load_city(rongcheng)
    area = city.zones.area
    quarter = area["510108"] / 4
    # A quarter of the first and of the second district; no ground is lost and none counted twice.
    assert area["5101A1"] == pytest.approx(2 * quarter, rel=1e-3)
    assert area["510104"] == pytest.approx(3 * quarter, rel=1e-3)
    assert gcm.check_zones(city.zones).empty
    assert city.zones["population"].to_dict() == {
        "510108": 60, "5101A1": 22, "510106": 36, "510104": 30,
    }  # fmt: skip
    counts = city["manholes"]["district_code"].value_counts().to_dict()
    assert counts == {"510108": 4, "5101A1": 2, "510106": 4, "510104": 3}
    parents = city.zones_at("street")["parent_code"]
    assert parents[["510104003", "510106001", "510104001"]].tolist() == [
        "5101A1",
        "5101A1",
        "510104",
    ]


def test_figures_are_compared_with_what_this_document_asks_for(rongcheng):
    city = gcm.load_city(rongcheng)
    assert city.published["id"].tolist() == ["manholes_fy"]
    table = gcm.progress(city, as_of="2023-06-25", level="district")
    row = gcm.figure(table, "manholes_fy")
    assert (row["value"], row["target"], row["status"]) == (13, 8, "met")
    assert "第9号文" in row["note_zh"]
    # Nothing of another city's document.
    assert not table["published_id"].str.contains("h1").any()
    assert table.loc[table["indicator"] != "manhole_remediated", "target"].isna().all()


def test_without_the_profile_nothing_was_published_and_no_target_is_set(rongcheng):
    (rongcheng / "city.toml").unlink()
    city = gcm.load_city(rongcheng, fallback_crs="EPSG:4490")
    assert city.profile is None
    assert city.name_zh == "成都市"  # by the codes 5101xx
    assert city.published.empty
    table = gcm.progress(city, as_of=None)
    assert table["target"].isna().all()
    assert set(table["status"]) <= {"no_target", "not_available"}


def test_the_command_prints_each_value_with_where_it_is_from(rongcheng):
    ran = CliRunner().invoke(main, ["profile", str(rongcheng), "--format", "json"])
    assert ran.exit_code == 0, ran.output
    rows = {
        row["entry"]: (json.loads(row["value"]), row["origin"]) for row in json.loads(ran.stdout)
    }
    assert rows["unit.zh"] == ("区（市）县", "profile/profile.toml")
    assert rows["month_starts"] == (26, "profile/profile.toml")
    assert "names.510104" not in rows
    assert rows["names.510108"][0] == "丙区（老城）"
    assert rows["figures.manhole_remediated.target"] == ("manholes_fy", "profile/figures.toml")
    assert rows["figures.manhole_remediated.flow"][1].endswith("figures.toml")
    assert rows["services.coverage.manholes.radius_m"] == (200, "profile/services.toml")
    assert rows["published.manholes_fy"] == (8.0, "profile/published.csv")
    assert rows["metric_crs"] == ("EPSG:4544", "data")


def test_a_report_of_the_second_profile_speaks_its_words(rongcheng, tmp_path):
    out = tmp_path / "out"
    ran = CliRunner().invoke(main, ["report", str(rongcheng), "-o", str(out)])
    assert ran.exit_code in (0, 3), ran.output
    page = (out / "index.html").read_text("utf-8")
    assert "蓉城市" in page
    assert "区（市）县" in page
    assert "高新区" in page
    assert "第9号文" in page
    for foreign in ("苏州", "板块", "74号", "4549"):
        assert foreign not in page


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ("schema = 2", "schema"),
        ("month_starts = 31", "month_starts"),
        ("colour = 1", "unknown entry 'colour'"),
        ('[[units]]\ncode = "x"\nname_zh = "y"', "streets and outline"),
        ('[[units]]\ncode = "x"\nname_zh = "y"\noutline = "no.shp"', "no.shp"),
    ],
)
def test_a_mistake_in_a_profile_is_told_with_file_and_place(tmp_path, change, cause):
    folder = tmp_path / "own"
    folder.mkdir()
    head = "" if change.startswith("schema") else "schema = 1\n"
    (folder / "profile.toml").write_text(head + change + "\n", "utf-8")
    with pytest.raises(gcm.SpecError, match=r"own/profile\.toml") as caught:
        load_profile(folder)
    assert cause in str(caught.value)


def test_an_unknown_profile_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(gcm.SpecError, match="suzhou_2022"):
        load_profile("chengdu")
    assert known_profiles() == ["suzhou_2022"]


def test_a_street_of_a_unit_that_is_not_there_is_an_error_finding(rongcheng):
    path = rongcheng / "profile" / "profile.toml"
    path.write_text(path.read_text("utf-8").replace("桂溪街道", "无名街道"), "utf-8")
    load_profile.cache_clear()
    city = gcm.load_city(rongcheng)
    row = city.findings[city.findings["code"] == "UNIT_STREET"].iloc[0]
    assert row["severity"] == "error"
    assert row["value"] == "无名街道"
