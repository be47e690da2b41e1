"""The case list of the page, who holds what is overdue, and the streets where cases come back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib import resources

import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.cases._campaigns import WorkList, holders, worklists
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.maps._classes import code_classes
from geo_citymgmt.report import _page_cases, summary
from geo_citymgmt.report._drawings import mark_patterns, state_looks
from geo_citymgmt.report._page import render_page
from geo_citymgmt.report._page_cases import work_views
from geo_citymgmt.spec import load_specs
from tests.conftest import with_layers
from tests.report.conftest import HOSTILE, without_zones, write, zones

pytestmark = pytest.mark.xdist_group("report")


@pytest.fixture(scope="module")
def parcels(told) -> WorkList:
    return told.worklists[0]


def data_of(view) -> dict:
    return json.loads(str(view["data"]))


def test_the_list_is_what_is_open_and_its_overdue_are_those_past_their_day(told, parcels):
    opened = gcm.open_cases(told.facts, as_of=told.as_of)
    assert set(parcels.table.index) == set(opened.index)
    late = parcels.table["deadline"] < told.as_of
    assert parcels.table["overdue"].tolist() == late.tolist()
    assert late.sum() == 1357


def test_the_worst_stand_first_by_safety_then_supervision_then_days(parcels, told):
    data = told.city["illegal_construction"].loc[parcels.table.index]
    supervised = (
        data["list_type"].fillna("").str.split(";").map(lambda codes: "supervised" in codes)
    )
    keys = [
        (not late, not safe, not listed, left)
        for late, safe, listed, left in zip(
            parcels.table["overdue"], data["safety_related"], supervised,
            parcels.table["days_left"].fillna(1e9), strict=True,
        )
    ]  # fmt: skip
    assert keys == sorted(keys)


def test_holders_count_by_another_way(parcels):
    table = parcels.table
    for by in ("district_code", "street_code"):
        found = holders(parcels, by)
        late = table[table["overdue"]]
        assert found["n_overdue"].sum() == late[by].notna().sum()
        counts = late[late["mark_0"]].groupby(by).size()
        assert found["mark_0"][found["mark_0"] > 0].to_dict() == counts.to_dict()
        worst = late.groupby(by)["days_left"].min()
        assert (found.loc[worst.index, "longest"] == -worst).all()
    assert found["n_overdue"].is_monotonic_decreasing
    # The sample names no responsible unit.
    assert holders(parcels, "unit").empty


def test_every_listed_case_has_its_row_in_the_data_of_the_page(told, parcels):
    view = work_views(told)[0]
    data = data_of(view)
    at = {name: k for k, name in enumerate(data["fields"])}
    assert [row[at["key"]] for row in data["rows"]] == parcels.table["key"].tolist()
    first, row = parcels.table.iloc[0], data["rows"][0]
    assert data["codes"]["district"][row[at["district"]]] == told.zone_names[first["district_code"]]
    assert row[at["left"]] == first["days_left"]
    assert row[at["due"]] == f"{first['deadline']:%Y-%m-%d}"
    assert data["marks"] == ["涉安", "挂牌督办"]
    assert row[at["marks"]] == 3
    # Districts stand in the office's own order.
    order = told.zone_names.tolist()
    assert data["codes"]["district"] == [n for n in order if n in data["codes"]["district"]]


def test_no_coordinate_and_no_personal_field_is_in_the_list(told):
    data = data_of(work_views(told)[0])
    assert set(data["fields"]) == {
        "key", "district", "street", "unit", "state", "list", "marks", "place", "area", "age",
        "due", "left",
    }  # fmt: skip


def test_a_page_holds_as_many_cases_as_it_has_room_for_and_counts_the_rest(told, monkeypatch):
    monkeypatch.setattr(_page_cases, "MOST_BYTES", 20_000)
    views = work_views(told)
    n = len(data_of(views[0])["rows"])
    assert 100 < n < 400
    assert len(str(views[0]["data"]).encode()) < 30_000
    assert f"{len(told.worklists[0].table) - n:,}" in views[0]["unlisted"]
    assert data_of(views[1])["rows"] == []


def test_a_public_page_has_no_case(told):
    public = replace(told, release="public")
    assert work_views(public) == []
    page = render_page(public)
    assert "application/json" not in page
    assert str(told.worklists[0].table["key"].iloc[0]) not in page


def test_the_page_of_many_cases_stays_below_a_megabyte_and_a_half(told):
    # As many open cases as a city of ten times the size.
    parcels = told.worklists[0]
    many = pd.concat([parcels.table] * 10, ignore_index=True)
    many.attrs = parcels.table.attrs
    page = render_page(replace(told, worklists=[replace(parcels, table=many)]))
    assert len(page.encode()) < 1_500_000


def test_what_the_data_says_cannot_end_the_element_it_stands_in(tmp_path):
    folder = tmp_path / "c"
    write(zones(), folder, "districts")
    rows = ["违建编号,违法面积,是否涉安,处置状态,发现日期,整改期限,责任单位,地址,所属区"]
    rows += [
        f'"{text.replace(chr(34), chr(34) * 2)}",100,是,立案,2022-01-0{k + 1},2022-03-0{k + 1},'
        f'"{text.replace(chr(34), chr(34) * 2)}","{text.replace(chr(34), chr(34) * 2)}",甲区'
        for k, text in enumerate(HOSTILE)
    ]
    (folder / "违法建设.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "city.toml").write_text("data_date = 2022-06-30\n", encoding="utf-8")
    results = summary(gcm.load_city(folder), "2022-06-30")
    (view,) = work_views(results)
    data = data_of(view)
    assert len(data["rows"]) == len(HOSTILE)
    assert HOSTILE[0] in json.dumps(data, ensure_ascii=False)
    page = render_page(results)
    (found,) = re.findall(r'<script type="application/json">(.*?)</script>', page, re.S)
    assert json.loads(found) == data
    assert "<img src=x" not in page
    assert "\u202e" not in page


def test_without_districts_or_dates_there_is_a_list_or_none(told, undated):
    city = with_layers(told.city, "illegal_construction")
    alone = summary(without_zones(city), "2022-06-30")
    data = data_of(work_views(alone)[0])
    assert "district" not in data["shown"]
    assert "street" not in data["shown"]
    assert worklists(CityFacts(undated), None) == []


def test_streets_of_new_cases_and_relapses_are_those_of_the_flow(told, content_of):
    table = told.campaigns[0].streets
    june = gcm.stock_flow(told.facts, start="2022-06-01", end="2022-06-30", level="street")
    june = june[june["level"].eq("street") & june["quantity"].eq("count")].set_index("zone_code")
    assert table["month_relapsed"].sum() == june.loc[june["row_kind"].eq("zone"), "relapsed"].sum()
    assert table["month_relapsed"].is_monotonic_decreasing
    (campaign,) = content_of("zh")["campaigns"]
    assert campaign["streets"]["rows"][0]["cells"][1] == f"{table['month_relapsed'].iloc[0]:,.0f}"


def test_a_status_has_the_colour_and_mark_of_the_map_in_charts_and_tables(
    told, parcels, content_of
):
    spec = told.city.specs["illegal_construction"]
    states = told.facts.states("illegal_construction", told.as_of)
    on_map = code_classes(states.mask(states == ""), spec.fields["status"], spec, lang="zh")
    looks = dict(zip(on_map.labels, zip(on_map.colors, on_map.marks, strict=True), strict=True))
    assert {name: color for name, (color, _) in looks.items()} == {
        spec.fields["status"].codes[code].zh: color
        for code, color in spec.style["colors"].items()
        if spec.fields["status"].codes[code].zh in looks
    }

    def drawn(svg):
        mark = re.search(r"#m(\d+)", svg)
        return re.search(r'fill="(#\w+)"', svg)[1], int(mark[1]) if mark else 0

    content = content_of("zh")
    card = next(card for card in content["layers"] if card["key"] == "illegal_construction")
    assert {s["name"]: drawn(s["key"]) for s in card["states"] if s["name"] in looks} == looks
    assert all(f'fill="{color}"' in card["bar"] for color, _ in looks.values())
    view = content["work"][0]
    data = data_of(view)
    assert data["codes"]["state"]
    for name, look in zip(data["codes"]["state"], data["looks"], strict=True):
        assert tuple(look) == looks[name]
    at = data["shown"].index("state")
    for row in view["rows"]:
        name = row[at].rsplit(">", 1)[1]
        assert drawn(row[at]) == looks[name]


def test_the_lines_of_a_mark_are_those_of_the_map():
    patterns = dict(re.findall(r'<pattern id="m(\d+)" width="(\d+)"', mark_patterns()))
    # The map's own: size 8 + 4 * (floor(mark / 5) % 3), no lines for mark 0.
    script = (resources.files("geo_citymgmt.maps") / "page" / "marks.js").read_text("utf-8")
    assert "size = 8 + 4 * (Math.floor(mark / 5) % 3)" in script
    assert {int(k): int(size) for k, size in patterns.items()} == {
        mark: 8 + 4 * (mark // 5 % 3) for mark in range(1, 15)
    }
    most = max(look.mark for spec in load_specs().values() if spec.state_field
               for look in state_looks(spec).values())  # fmt: skip
    assert most < 15
