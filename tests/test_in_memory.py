"""A city of frames in memory, and a city with another layer, on the way of files."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point

import geo_citymgmt as gcm
from geo_citymgmt.profiles import load_profile
from tests.conftest import CRS, ROOT, X0, Y0, points, squares

ZONES = squares((0, 0, 100, 100), (100, 0, 200, 100)).assign(name_zh=["甲区", "乙区"])
NAMED = {"name_zh": "某市", "name_en": "Some City", "code": "city"}


def holes(*xy: tuple[float, float], first: int = 0, done: str = "2022-03-01") -> gpd.GeoDataFrame:
    """Manholes that were repaired on a day."""
    n = len(xy)
    return points(
        *xy,
        窨井编号=[f"m{first + k}" for k in range(n)],
        状态=["70"] * n,
        整治完成时间=[done] * n,
        销号时间=[done] * n,
    )


@pytest.fixture
def small() -> gcm.City:
    layers = {"manholes": holes((1, 1), (2, 2), (150, 1)), "公共自行车": bikes(4)}
    return gcm.City.from_layers(layers, zones=ZONES, **NAMED)


def bikes(n: int) -> gpd.GeoDataFrame:
    return points(*[(k, k) for k in range(n)], 站点编号=[f"b{k}" for k in range(n)], 容量=[10] * n)


def owners(city: gcm.City, key: str = "manholes") -> list[str]:
    return city[key]["district_code"].tolist()


def test_a_city_of_frames_is_that_of_the_files_they_are_from(city, june_by_street, data_folder):
    tables = [key for key in city if city.specs[key].role == "table"]
    layers = {key: gpd.read_file(data_folder / f"{key}.shp") for key in city if key not in tables}
    layers |= {key: pd.read_csv(data_folder / f"{key}.csv", dtype="str") for key in tables}
    made = gcm.City.from_layers(
        {key: layers[key] for key in city},
        profile="suzhou_2022",
        data_date=city.data_date,
        events=data_folder / "events.csv",
        targets=str(data_folder / "targets.csv"),
        reported=data_folder / "reported.csv",
    )
    by_street = gcm.progress(made, as_of="2022-06-30", level="street")
    pd.testing.assert_frame_equal(by_street, june_by_street)
    known = ["layer", "n_walked", "n_records", "n_accepted", "n_rejected", "state", "crs",
             "metric_crs", "areal_error", "data_date"]  # fmt: skip
    pd.testing.assert_frame_equal(made.ledger[known], city.ledger[known])
    pd.testing.assert_series_equal(made.findings["finding_key"], city.findings["finding_key"])
    assert made.zones.index.tolist() == city.zones.index.tolist()
    assert (made.code, made.name_zh, made.metric) == (city.code, city.name_zh, city.metric)
    assert {path.name for path in made.inputs} == {"events.csv", "targets.csv", "reported.csv"}


def test_a_city_of_layers_holds_them_as_they_are(city):
    made = gcm.City.from_layers(city.layers, profile=city.profile, data_date=city.data_date)
    assert made.layers == city.layers
    assert made.zones_by_level == city.zones_by_level
    assert made.metric == city.metric


def test_a_frame_that_cannot_be_used_stands_in_the_account(small):
    streets = gpd.GeoDataFrame({"x": [1]}, geometry=[LineString([(0, 0), (1, 1)])], crs=CRS)
    made = gcm.City.from_layers({"manholes": holes((1, 1)), "districts": streets}, **NAMED)
    assert made.ledger.set_index("layer")["state"].to_dict() == {
        "districts": "unusable", "manholes": "ok",
    }  # fmt: skip
    assert "districts" in made.unread
    assert "LAYER_UNUSABLE" in set(made.findings["code"])


def test_without_zones_the_crs_is_chosen_from_the_records():
    made = gcm.City.from_layers({"manholes": holes((1, 1), (2, 2)).to_crs(4490)})
    assert made.metric.code == CRS
    assert made["manholes"].crs == made.metric_crs
    assert not made.has_zones
    assert {"ZONES_MISSING", "CITY_UNNAMED"} <= set(made.findings["code"])
    assert made.name_zh == "未命名城市"


@pytest.mark.parametrize(
    "zones",
    [
        ZONES.to_crs(4326),
        ZONES.reset_index().rename(columns={"zone_code": "district_code"}),
        ZONES.set_geometry(
            [shapely.Polygon([(X0 + x, Y0 + y) for x, y in xy]) for xy in (
                [(0, 0), (0, 100), (100, 100), (100, 0), (0, 0), (0, 50)],
                [(100, 0), (200, 0), (200, 100), (100, 100)],
            )]
        ),
    ],
    ids=["degrees", "a column of codes", "an outline that crosses itself"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::geo_citymgmt.GeometryWarning")
def test_districts_come_in_any_crs_by_index_or_column(zones):
    made = gcm.City.from_layers({"manholes": holes((1, 1), (150, 1))}, zones=zones, **NAMED)
    assert owners(made) == ["A", "B"]
    assert made.zones.crs == made["manholes"].crs
    assert made.zones.index.name == "district_code"


@pytest.mark.parametrize("codes", [[320508, 320505], [320508.0, 320505.0], ["320508", "320505"]])
def test_codes_of_districts_are_text_however_they_are_given(codes):
    zones = ZONES.set_axis(codes)
    made = gcm.City.from_layers({"manholes": holes((1, 1), (150, 1))}, zones=zones)
    assert made.zones.index.tolist() == ["320508", "320505"]
    assert owners(made) == ["320508", "320505"]
    assert made.code == "320500"
    table = gcm.progress(made, as_of=None)
    assert {"320508", "320505", "320500"} <= set(table["zone_code"])


def frame_without(what: str) -> object:
    frame = holes((1, 1))
    return {
        "crs": frame.set_crs(None, allow_override=True),
        "geometry": pd.DataFrame(frame.drop(columns="geometry")),
        "active": frame.rename(columns={"geometry": "shape"}),
        "frame": frame.geometry,
        "all": None,
        "path": "窨井.shp",
    }[what]


@pytest.mark.parametrize("what", ["crs", "geometry", "active", "frame", "all", "path"])
def test_what_is_no_frame_with_a_crs_is_refused_by_name(what, small):
    given = frame_without(what)
    with pytest.raises(gcm.CityDataError, match=r"City\.from_layers: layers\['manholes'\]"):
        gcm.City.from_layers({"manholes": given})
    with pytest.raises(gcm.CityDataError, match=r"City\.with_layer: layer "):
        small.with_layer("manholes", given)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"layers": {"manhloes": holes((1, 1))}}, "Did you mean 'manholes'"),
        ({"layers": {5: holes((1, 1))}}, "unknown layer 5"),
        ({"layers": [holes((1, 1))]}, "layers is a list"),
        ({"layers": {}}, "layers is empty"),
        ({"layers": {"manholes": holes((1, 1)), "窨井": holes((1, 1))}}, "given twice"),
        ({"zones": ZONES.set_geometry(ZONES.centroid)}, "zone 'A' of zones is a Point"),
        ({"zones": ZONES.set_axis(["A", "A"])}, "'A' occurs more than once"),
        ({"zones": ZONES.set_axis(["A", None])}, "position 1 of zones has no code"),
        ({"zones": ZONES.iloc[:0]}, "zones is empty"),
        ({"zones": ZONES.set_crs(None, allow_override=True)}, "zones has no CRS"),
        ({"zones": ZONES.set_geometry([None, None], crs=CRS)}, "has no shape"),
        ({"zones": pd.DataFrame(ZONES)}, "zones is a DataFrame"),
        ({"zones": 5}, "zones is a int"),
        ({"profile": 5}, "profile is a int"),
        ({"events": 5}, "events is a int"),
        ({"targets": [1]}, "targets is a list"),
        ({"data_date": "soon"}, "data_date is 'soon'"),
        ({"data_date": 5}, "data_date is 5"),
        ({"metric_crs": "x"}, "metric_crs"),
        ({"metric_crs": 4326}, "degrees"),
    ],
)
def test_a_wrong_argument_is_refused_by_name(arguments, words):
    given = {"layers": {"manholes": holes((1, 1))}, **arguments}
    with pytest.raises(gcm.CityDataError) as caught:
        gcm.City.from_layers(given.pop("layers"), **given)
    assert words in str(caught.value)
    assert caught.value.message_zh != caught.value.message


def test_zones_of_load_city_pass_the_same_gate(data_folder):
    for zones, words in (
        (ZONES.set_axis(["A", "A"]), "load_city: zone code 'A' occurs more than once"),
        (pd.DataFrame(ZONES), "load_city: zones is a DataFrame"),
    ):
        with pytest.raises(gcm.CityDataError, match=words):
            gcm.load_city(data_folder, layers=["utility_tunnels"], zones=zones)


def test_with_layer_gives_another_city_and_leaves_the_old_one(small):
    before = gcm.progress(small, as_of=None)
    more = small.with_layer("manholes", holes((1, 1), (2, 2), (150, 1), (160, 1), first=10))
    assert (len(small["manholes"]), len(more["manholes"])) == (3, 4)
    assert owners(more) == ["A", "A", "B", "B"]
    pd.testing.assert_frame_equal(gcm.progress(small, as_of=None), before)
    assert more.ledger.set_index("layer").loc["manholes", "n_accepted"] == 4
    assert list(more) == list(small)
    assert more.layer("bike_stations") == small.layer("bike_stations")
    assert more.layer("manholes").metric == small.metric


def test_figures_follow_the_new_layer(small):
    def remediated(city: gcm.City) -> dict[str, float]:
        table = gcm.progress(city, as_of=None)
        rows = table[table["indicator"].eq("manhole_remediated") & table["value"].notna()]
        return dict(zip(rows["zone_code"], rows["value"], strict=True))

    assert remediated(small) == {"A": 2, "B": 1, "city": 3}
    more = small.with_layer("manholes", holes((1, 1), (2, 2), (3, 3), first=10))
    assert remediated(more) == {"A": 3, "B": 0, "city": 3}


def test_with_its_own_layer_a_city_is_equal_to_itself(city, small):
    assert small.with_layer("manholes", small.layer("manholes")) == small
    assert city.with_layer("窨井", city.layer("manholes")) == city


def test_a_layer_read_without_zones_is_placed_in_those_of_the_city(small):
    alone = gcm.read_layer(holes((1, 1), (150, 1), (500, 1)), "manholes", metric_crs=CRS)
    assert alone.data["district_code"].isna().all()
    more = small.with_layer("manholes", alone)
    assert owners(more)[:2] == ["A", "B"]
    assert pd.isna(owners(more)[2])
    assert alone.data["district_code"].isna().all()
    made = gcm.City.from_layers({"manholes": alone}, zones=ZONES, **NAMED)
    assert made.layer("manholes") == more.layer("manholes")


def test_a_layer_the_city_had_not_is_added_in_its_place(small):
    spaces = points((1, 1), 停车场编号=["p"], 总泊位=[7])
    more = small.with_layer("parking_points", spaces)
    assert "parking_points" not in small
    assert more["parking_points"]["spaces_total"].tolist() == [7]
    assert list(more) == ["bike_stations", "manholes", "parking_points"]
    assert set(more.ledger["layer"]) == set(more)


def test_a_layer_that_could_not_be_used_is_made_good(tmp_path):
    ZONES.rename_axis("district_code").to_file(tmp_path / "districts.geojson")
    (tmp_path / "manholes.geojson").write_text("{not json", encoding="utf-8")
    bikes(2).to_file(tmp_path / "bike_stations.geojson")
    broken = gcm.load_city(tmp_path)
    assert "manholes" in broken.unread
    more = broken.with_layer("manholes", holes((1, 1)))
    assert "manholes" not in more.unread
    assert more.ledger.set_index("layer")["state"].eq("ok").all()
    assert "LAYER_UNUSABLE" not in set(more.findings["code"])
    assert len(more["manholes"]) == 1


def test_events_without_their_record_are_left_out_and_told(city):
    half = city.with_layer("bike_stations", city["bike_stations"].iloc[::2])
    gone = city.events["layer"].eq("bike_stations") & ~city.events["key"].isin(
        half["bike_stations"]["station_id"]
    )
    assert gone.any()
    assert len(half.events) == len(city.events) - gone.sum()
    told = half.findings[half.findings["code"].eq("EVENT_UNMATCHED")]
    assert told["value"].tolist() == [str(gone.sum())]


def test_the_date_of_the_data_follows_unless_it_was_stated(small):
    later = holes((1, 1), first=20, done="2022-05-05")
    assert small.data_date == pd.Timestamp(2022, 3, 1)
    assert small.with_layer("manholes", later).data_date == pd.Timestamp(2022, 5, 5)
    stated = gcm.City.from_layers({"manholes": holes((1, 1))}, zones=ZONES, data_date="2022-04-01",
                                  **NAMED)  # fmt: skip
    more = stated.with_layer("manholes", later)
    assert more.data_date == pd.Timestamp(2022, 4, 1)
    assert "DATE_RANGE" in set(more.findings["code"])
    assert more.ledger["data_date"].eq(pd.Timestamp(2022, 4, 1)).all()


def test_what_with_layer_refuses_is_named_with_what_to_do(small):
    with pytest.raises(gcm.CRSError, match=r"EPSG:32651, the city in EPSG:4549\. Give its frame"):
        small.with_layer(
            "manholes", gcm.read_layer(holes((1, 1)), "manholes", metric_crs="EPSG:32651")
        )
    with pytest.raises(gcm.CityDataError, match="layer is the layer bike_stations, not manholes"):
        small.with_layer("manholes", small.layer("bike_stations"))
    with pytest.raises(gcm.CityDataError, match="Did you mean 'manholes'"):
        small.with_layer("manhloes", holes((1, 1)))


def test_the_remedy_for_zones_works_to_the_letter(small):
    frame = ZONES.iloc[:1].rename_axis("district_code").reset_index()
    with pytest.raises(gcm.CityDataError, match="districts are zones") as caught:
        small.with_layer("districts", frame)
    remedy = caught.value.remedy.removeprefix("Make the city anew: ").removesuffix(".")
    made = eval(remedy, {"City": gcm.City, "city": small, "frame": frame})
    assert made.zones.index.tolist() == ["A"]
    assert owners(made)[0] == "A"
    assert pd.isna(owners(made)[2])


def test_a_city_without_any_place_takes_its_crs_from_the_first_layer_with_one():
    nowhere = holes((1, 1)).set_geometry([None], crs=None)
    empty = gcm.City.from_layers({"manholes": nowhere}, **NAMED)
    assert empty.metric is None
    more = empty.with_layer("bike_stations", bikes(3).to_crs(4490))
    assert more.metric.code == CRS
    assert more.metric_crs == more["bike_stations"].crs
    assert len(gcm.progress(more, as_of=None))


def test_records_without_a_place_and_rejected_ones_are_accounted_for():
    frame = pd.concat([holes((1, 1), (2, 2)), holes((3, 3))], ignore_index=True)
    frame.loc[1, "geometry"] = None
    frame.loc[2, "geometry"] = Point(np.nan, np.nan)
    made = gcm.City.from_layers({"manholes": frame}, zones=ZONES, **NAMED)
    row = made.ledger.set_index("layer").loc["manholes"]
    assert row["n_walked"] == row["n_accepted"] + row["n_rejected"] == 3


def test_the_page_on_cities_in_python_does_what_it_says(monkeypatch, city):
    # The sample is read by other tests.
    monkeypatch.setattr(gcm, "load_city", {"data/shapefiles": city}.__getitem__)
    page = (ROOT / "docs" / "cities-in-python.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(code, "cities-in-python.md", "exec"), {})


def test_a_profile_may_be_given_as_such():
    profile = load_profile("suzhou_2022")
    made = gcm.City.from_layers({"manholes": holes((1, 1))}, profile=profile)
    assert made.profile is profile
    assert made.name_zh == "苏州市"
