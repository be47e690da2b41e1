"""What leaves the house: nothing personal or unknown, no exact place, marked as what it is."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.report import write_report
from geo_citymgmt.report._release import public_city, without_records
from geo_citymgmt.spec import load_specs
from tests.conftest import with_layers
from tests.report.conftest import CRS, X0, Y0, bikes, write, zones
from tests.report.leaks import found, texts

PERSONAL = ["欧阳某某", "13912345678", "司马某", "15987654321", "18655554444", "11010519491231002X"]
UNKNOWN = ["内部批示栏", "请勿外传之批示", "secretcolumn", "valueofthesecret"]
INTERNAL = [
    "某某物业公司", "立案第七十七号", "WJ-SECRET-1", "WJ-OPEN-9", "JG-SECRET-7", "GL-SECRET-3",
]  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source that holds what must not be published, wherever a source may hold it."""
    folder = tmp_path_factory.mktemp("leaky")
    districts = zones().assign(内部批示栏="请勿外传之批示")
    write(districts, folder, "districts")
    # One name of many has a number in it: the column is a name's, not a telephone's.
    n = 11
    stations = bikes(
        ["甲站", "乙站（联系13912345678）", *(f"丙{k}站" for k in range(n - 2))],
        station_id=[f"ZD-PUBLIC-{k}" for k in range(n)],
        operator=["某某物业公司"] * n,
        phone=["15987654321"] * n,
        内部批示栏=["请勿外传之批示"] * n,
        secretcolumn=["valueofthesecret"] * n,
        remark=["经办人司马某 18655554444"] * n,
        opened_date=["2022-06-01", "2022-06-15", *["2022-05-02"] * (n - 2)],
        联系人=["欧阳某某"] * n,
    )
    write(stations, folder, "bike_stations")
    boxes = [shapely.box(X0 + 10 + 500 * k, Y0 + 20, X0 + 30 + 500 * k, Y0 + 40) for k in range(4)]
    parcels = gpd.GeoDataFrame(
        {
            "parcel_id": ["WJ-SECRET-1", "WJ-SECRET-2", "WJ-SECRET-2", "WJ-OPEN-9"],
            "party_name": ["欧阳某某", "司马某", "司马某", "司马某"],
            "id_number": ["11010519491231002X"] * 4,
            "case_no": ["立案第七十七号"] * 4,
            # Open and to be cleared: an internal report lists it by its id.
            "safety_related": ["否", "否", "否", "是"],
            "illegal_area_m2": [400.0, 400.0, -5.0, 400.0],
            "status": ["50", "不明欧阳某某", "40", "40"],
            "found_date": ["2022-01-05"] * 4,
            "completed_date": ["2022-06-05", None, None, None],
        },
        geometry=boxes,
        crs=CRS,
    )
    write(parcels, folder, "illegal_construction")
    covers = gpd.GeoDataFrame(
        {"manhole_id": ["JG-SECRET-7"], "road_name": ["人民路"], "status": ["10"]},
        geometry=[shapely.Point(X0 + 1234.5, Y0 + 432.1)],
        crs=CRS,
    )
    write(covers, folder, "manholes")
    tunnels = gpd.GeoDataFrame(
        {"section_id": ["GL-SECRET-3"], "status": ["operating"]},
        geometry=[shapely.LineString([(X0 + 333.3, Y0 + 77.7), (X0 + 1777.7, Y0 + 88.8)])],
        crs=CRS,
    )
    write(tunnels, folder, "utility_tunnels")
    (folder / "city.toml").write_text("data_date = 2022-06-30\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def leaky(source: Path) -> gcm.City:
    return gcm.load_city(source)


@pytest.fixture(scope="module")
def public(leaky: gcm.City, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    pytest.importorskip("docx")
    pytest.importorskip("reportlab")
    return write_report(
        leaky, tmp_path_factory.mktemp("out"), release="public", bulletin=True, sheets=True
    )


@pytest.fixture(scope="module")
def internal(leaky: gcm.City, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    pytest.importorskip("docx")
    pytest.importorskip("reportlab")
    # What says nothing of its release is for the office alone.
    return write_report(leaky, tmp_path_factory.mktemp("internal"), bulletin=True)


def test_the_source_does_hold_what_is_looked_for(source):
    there = {secret for secret, _ in found(source, [*PERSONAL, *UNKNOWN, *INTERNAL])}
    assert there == {*PERSONAL, *UNKNOWN, *INTERNAL}


def test_nothing_personal_unknown_or_internal_is_in_any_public_file(public):
    out = public["manifest"].parent
    assert found(out, [*PERSONAL, *UNKNOWN, *INTERNAL]) == []
    parts = [where for where, _ in texts(out)]
    assert any(where.startswith("bulletin.zip/tables.xlsx/") for where in parts)
    assert found(out, ["甲区"]), "the search would find what is public"


def _places(city: gcm.City) -> list[str]:
    """Where each record lies, as any file might write it: in metres and in degrees."""
    corners = [
        shapely.get_coordinates(layer.data.geometry.to_crs(crs))
        for layer in city.layers.values()
        if layer.spec.role == "facility"
        for crs in (CRS, 4490)
    ]
    numbers = np.unique(np.concatenate(corners))
    # A station stands in the middle of a district, where a map writes the district's name.
    middles = shapely.get_coordinates(city.zones.geometry.centroid.to_crs(4490)).ravel()
    named = np.isclose(numbers[:, None], middles, rtol=0, atol=1.5e-5).any(axis=1)
    numbers = numbers[~named]
    return [f"{n:.1f}".removesuffix(".0") if n > 1000 else f"{n:.5f}" for n in numbers]


def _all_texts(folder: Path) -> str:
    """All that can be read in the files of a report, those of a PDF by a reader of its own."""
    pdfium = pytest.importorskip("pypdfium2")
    papers = [pdfium.PdfDocument(file) for file in sorted(folder.rglob("*.pdf"))]
    pages = [page.get_textpage().get_text_bounded() for paper in papers for page in paper]
    return "\n".join([*pages, *(text for _, text in texts(folder))])


def test_no_file_for_the_public_holds_a_place_a_case_a_manhole_or_a_tunnel(
    public, internal, leaky, tmp_path
):
    pytest.importorskip("pypdfium2")
    places = _places(leaky)
    ids = [str(key) for layer in leaky.layers.values() if layer.spec.role == "facility"
           for key in layer.data[layer.spec.id_field]]  # fmt: skip
    said = _all_texts(public["manifest"].parent)
    assert [secret for secret in [*places, *ids] if secret in said] == []
    layers = dict(pyogrio.list_layers(public["city"]))
    assert {name for name, kind in layers.items() if kind} == {"districts"}
    # What is looked for is found where it may be.
    leaky.to_excel(tmp_path / "city.xlsx")
    within = _all_texts(internal["manifest"].parent) + _all_texts(tmp_path)
    assert set(ids) <= {secret for secret in ids if secret in within}
    assert sum(secret in within for secret in places) > len(places) / 3


def test_a_number_within_a_public_text_is_masked(leaky):
    names = public_city(leaky, grid_m=100.0)["bike_stations"]["name"].tolist()
    assert names[:3] == ["甲站", "乙站（联系***）", "丙0站"]


def test_public_files_are_these_alone(public):
    names = {p.name for p in public["manifest"].parent.iterdir()}
    assert names == {
        "index.html", "map.html", "tables.xlsx", "city.gpkg", "manifest.json",
        "bulletin.docx", "bulletin.pdf", "bulletin.png", "bulletin.zip", "sheets",
    }  # fmt: skip
    assert "findings.xlsx" not in public["index"].read_text(encoding="utf-8")


def test_an_office_may_let_records_of_public_layers_out(leaky, tmp_path):
    files = write_report(leaky, tmp_path / "out", release="public", grid_m=100.0)
    layers = {name for name, _ in pyogrio.list_layers(files["city"])}
    assert "bike_stations" in layers
    assert not layers & {"illegal_construction", "manholes", "utility_tunnels"}
    assert found(tmp_path / "out", [*PERSONAL, *UNKNOWN, *INTERNAL]) == []


def test_figures_are_those_of_the_whole_city(public, internal):

    def numbers(path: Path) -> list:
        sheet = openpyxl.load_workbook(path)["总览"]
        return [[c.value for c in row] for row in sheet.iter_rows(min_row=4)]

    assert numbers(public["tables"]) == numbers(internal["tables"])


@pytest.mark.parametrize("grid_m", [1.0, 100.0, 250.0])
def test_places_are_the_middle_of_their_cell(leaky, grid_m):
    exact = leaky["bike_stations"].geometry
    coarse = public_city(leaky, grid_m=grid_m)["bike_stations"].geometry
    for old, new in ((exact.x, coarse.x), (exact.y, coarse.y)):
        assert np.abs(old - new).max() <= grid_m / 2
        assert np.allclose(new % grid_m, grid_m / 2)


def test_a_footprint_becomes_a_point_and_none_stays_none(leaky):
    shapes = gpd.GeoSeries([shapely.box(X0, Y0, X0 + 40, Y0 + 40), None], crs=CRS)
    from geo_citymgmt.report._release import _coarse

    made = _coarse(shapes, 100.0)
    assert made.iloc[0].geom_type == "Point" and made.iloc[1] is None


def test_public_is_for_what_a_file_says_is_public():
    specs = load_specs()
    records = {key for key, spec in specs.items() if spec.release == "public"}
    assert records == {
        "parking_points", "bike_stations", "roads", "transit_stops", "districts",
        "streets", "communities", "public_toilets", "vendor_spots", "under_bridge_spaces",
        "overhead_line_roads", "cooperation_roads",
    }  # fmt: skip
    for spec in specs.values():
        assert not any(item.personal and item.is_public for item in spec.fields.values())
    assert not specs["manholes"].fields["remark"].is_public


def test_a_layer_file_cannot_publish_personal_data(tmp_path):
    (tmp_path / "more.toml").write_text(
        'key = "manholes"\n[fields.phone]\nrelease = "public"\n', encoding="utf-8"
    )
    text = 'key = "manholes"\n[fields.x]\nzh="x"\nen="x"\ndbf="X"\ntype="text"\n'
    (tmp_path / "more.toml").write_text(
        text + 'personal = true\nrelease = "public"\n', encoding="utf-8"
    )
    with pytest.raises(gcm.CityDataError, match="never public"):
        load_specs(tmp_path)


def test_findings_of_the_public_say_the_kind_alone(leaky):
    told = without_records(leaky).findings
    assert len(told) == len(leaky.findings) > 0
    assert told["code"].tolist() == leaky.findings["code"].tolist()
    assert not told["message_zh"].str.contains("欧阳|司马|批示").any()


def test_the_public_is_told_of_which_day_that_nobody_stated_the_figures_are(tmp_path):
    rows = ["窨井编号,整治状态,销号时间,经度,纬度", "A1,销号,2024-03-05,120.62,31.31"]
    (tmp_path / "窨井.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    city = gcm.load_city(tmp_path, fallback_crs="EPSG:4490")
    told = without_records(city).findings.query("code == 'DATE_ASSUMED'")
    assert "2024-03-05" in told["message_zh"].item() and "…" not in told["message_zh"].item()


@pytest.mark.parametrize(
    ("release", "lang", "page", "book"),
    [
        (None, "zh", "内部资料", "内部资料"),
        ("public", "zh", "审图号：____", "公开版"),
        ("public", "en", "Map approval no.", "Public release"),
    ],
)
def test_every_file_bears_the_stamp(request, leaky, tmp_path, release, lang, page, book):
    pytest.importorskip("docx")
    pytest.importorskip("reportlab")
    if lang == "zh":
        out = request.getfixturevalue(release or "internal")
    else:
        out = write_report(leaky, tmp_path / "o", lang=lang, bulletin=True, release=release)
    # An internal report names the last open cases.
    named = "WJ-OPEN-9" in out["index"].read_text(encoding="utf-8")
    assert named is (release is None)
    assert page in out["index"].read_text(encoding="utf-8")
    assert page in out["map"].read_text(encoding="utf-8")
    if "findings" in out:
        assert all(book in sheet["A2"].value for sheet in openpyxl.load_workbook(out["findings"]))
    assert all(book in sheet["A2"].value for sheet in openpyxl.load_workbook(out["tables"]))
    body = dict(texts(out["index"].parent))["bulletin.docx/word/document.xml"]
    assert book in body
    options = json.loads(out["manifest"].read_text(encoding="utf-8"))["options"]
    assert options["release"] == (release or "internal")
    assert options["grid_m"] is None


def test_what_a_city_must_say_of_its_data_stands_on_page_map_sheets_and_bulletin(city, tmp_path):
    pytest.importorskip("docx")
    pytest.importorskip("reportlab")
    said = "示例：全部记录均为合成数据，不是真实情况"
    assert city.notice.zh == said and city.data_source.en == "synthetic data (sample)"
    small = with_layers(city, "districts", "utility_tunnels")
    out = write_report(small, tmp_path / "o", bulletin=True, release="public")
    page = out["index"].read_text(encoding="utf-8")
    assert f'<p class="alert">{said}' in page and "数据来源：合成数据（示例）" in page
    assert "各板块报送" not in page
    assert said in out["map"].read_text(encoding="utf-8")
    assert all(said in sheet["A2"].value for sheet in openpyxl.load_workbook(out["tables"]))
    body = dict(texts(tmp_path / "o"))["bulletin.docx/word/document.xml"]
    assert said in body and "合成数据（示例）" in body
    small.to_file(tmp_path / "city.gpkg")
    again = gcm.load_city(tmp_path / "city.gpkg")
    assert (again.notice, again.data_source) == (city.notice, city.data_source)


def test_a_public_report_does_not_go_where_an_internal_one_lies(leaky, tmp_path):
    (tmp_path / "findings.xlsx").write_bytes(b"")
    with pytest.raises(gcm.CityDataError, match="not of a public report"):
        write_report(leaky, tmp_path, release="public")
    assert [p.name for p in tmp_path.iterdir()] == ["findings.xlsx"]


@pytest.mark.parametrize(("name", "value"), [("release", "secret"), ("grid_m", 0.0)])
def test_what_there_is_not_is_refused_before_anything_is_written(leaky, tmp_path, name, value):
    with pytest.raises(gcm.CityDataError):
        write_report(leaky, tmp_path / "o", **({"release": "public"} | {name: value}))
    assert not (tmp_path / "o").exists()
