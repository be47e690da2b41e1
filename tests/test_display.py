"""What notebooks and consoles show of a city, a layer and findings."""

from __future__ import annotations

import html
import pickle
import re

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point

import geo_citymgmt as gcm
from geo_citymgmt._languages import Text
from geo_citymgmt._markup import escape_page, visible_text
from geo_citymgmt.findings import COLUMNS, Findings, FindingsTable, concat_findings

HOSTILE = "<img src=x onerror=alert(1)>${1}\u202e"


@pytest.fixture(scope="module")
def layer() -> gcm.Layer:
    frame = gpd.GeoDataFrame(
        {
            "窨井编号": [HOSTILE, "A2", "A3", "A4", "A4"],
            "状态": ["待整治", "已整治", HOSTILE, "已整治", "已整治"],
            "联系人": ["张三丰"] * 5,
            "联系电话": ["13912345678"] * 5,
            HOSTILE: ["unknown-column"] * 5,
        },
        geometry=[Point(120.6, 31.3 + k / 100) for k in range(5)],
        crs="EPSG:4490",
    )
    return gcm.read_layer(frame, "manholes")


def words(page: str) -> str:
    """Return what a reader sees of HTML."""
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def test_a_city_shows_one_row_for_each_layer_and_completes_its_keys(city):
    shown = city._repr_html_()
    assert shown.count("<tr>") == len(city.ledger) + 1
    assert len(shown) < 4000
    for key in city:
        assert key in shown
        assert f"{len(city[key]):,}" in shown
    assert "2022-06-30" in shown
    assert city._ipython_key_completions_() == list(city)
    assert "\n" not in repr(city)


def test_a_city_shows_layers_that_could_not_be_used(tmp_path, data_folder):
    for part in data_folder.glob("districts.*"):
        (tmp_path / part.name).write_bytes(part.read_bytes())
    for part in data_folder.glob("bike_stations.*"):
        (tmp_path / part.name).write_bytes(part.read_bytes())
    (tmp_path / "manholes.geojson").write_text("{not json", encoding="utf-8")
    broken = gcm.load_city(tmp_path)
    assert "manholes" not in broken
    shown = broken._repr_html_()
    assert "无法使用" in shown
    assert "manholes" in shown


def test_a_layer_shows_its_account_and_first_records(layer):
    shown = layer._repr_html_()
    assert "窨井 manholes" in shown
    assert len(shown) < 8000
    row = layer.ledger.iloc[0]
    assert f"入库 {row.n_accepted}，" in shown
    assert f"退回 {row.n_rejected}" in shown
    # Notes come last, and only so many kinds of findings are shown.
    weighty = layer.findings[layer.findings["severity"].ne("info")]
    for code in weighty["code"].unique():
        assert code in shown


def test_displays_leave_out_personal_fields_and_unknown_columns(layer, city):
    assert HOSTILE in layer.data.columns
    for shown in (layer._repr_html_(), repr(layer)):
        assert "张三" not in shown
        assert "139" not in shown
        assert "unknown-column" not in shown


def test_displays_escape_every_text_of_the_data(layer):
    shown = layer._repr_html_() + layer.findings._repr_html_()
    assert "<img" not in shown
    assert "${" not in shown
    assert "\u202e" not in shown + repr(layer.findings)
    assert visible_text(HOSTILE) in words(shown)


def test_findings_show_a_row_for_each_kind_worst_first(layer):
    table = layer.findings
    kinds = table.groupby(["severity", "layer", "code", "field"]).ngroups
    shown = table._repr_html_()
    assert shown.count("<tr>") == min(kinds, 12) + 1
    rank = {"fatal": 0, "error": 1, "warning": 2, "info": 3}
    worst = table.loc[table["severity"].map(rank).idxmin(), "severity"]
    first = shown.split("<tbody>")[1].split("</td>")[0]
    assert {"error": "错误", "warning": "警告", "info": "提示"}[worst] in first
    assert repr(table).startswith(f"<Findings: {len(table)}；")
    # The head, twelve kinds, and how many more there are.
    assert len(repr(table).splitlines()) == 1 + min(kinds, 12) + (kinds > 12)
    assert kinds <= 12 or repr(table).endswith(f"… {kinds - 12}")


def test_thousands_of_findings_of_many_kinds_stay_short():
    found = Findings("manholes")
    for k in range(40):
        found.add("FIELD_MISSING", field=f"f{k}", expected="", detail=Text("长" * 999, "x" * 5000))
    table = found.frame()
    assert len(table._repr_html_()) < 25_000
    assert "另有 28 类" in table._repr_html_()
    assert len(repr(table).splitlines()) == 14


def test_findings_remain_an_ordinary_frame(layer, city):
    table = layer.findings
    assert isinstance(table, FindingsTable)
    assert isinstance(city.findings, FindingsTable)
    assert isinstance(concat_findings([table, table]), FindingsTable)
    assert type(table[table["severity"] == "error"]) is pd.DataFrame
    assert type(table[["code"]]) is pd.DataFrame
    assert type(table.copy()) is pd.DataFrame
    assert list(table.columns) == list(COLUMNS)
    pd.testing.assert_frame_equal(pd.DataFrame(pickle.loads(pickle.dumps(table))), table.copy())


def test_findings_without_their_columns_show_as_pandas_does(layer):
    table = FindingsTable(layer.findings[["code", "value"]])
    assert repr(table) == repr(layer.findings[["code", "value"]])
    assert "<table" in table._repr_html_()


def test_no_findings_are_said_to_be_none():
    empty = Findings().frame()
    assert "没有发现问题" in empty._repr_html_()
    assert repr(empty) == "<Findings: 0>"


def test_a_page_in_an_attribute_comes_out_as_it_went_in():
    page = '<p title="a">&#60;\'</p>'
    assert html.unescape(escape_page(page)) == page
    assert not set("<>\"'") & set(escape_page(page))
