"""Six questions of a planner, each answered on the page in at most three steps, without Python.

A step is a click, a choice or a scroll. Played on the sample and on a city of another profile, with
districts, streets and parcels of its own.
"""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm

pytestmark = pytest.mark.xdist_group("report-page")

PROFILE = """schema = 1
name_zh = "东湾市"
name_en = "Dongwan"
code = "331099"
document = { zh = "东城管〔2023〕3号", en = "Dongwan 2023/3" }
unit = { zh = "片区", en = "area" }
order = ["331002", "331003", "331081"]
"""
ASSESSMENT = """
[card.district]
zh = "片区月度考核"
en = "Monthly assessment of areas"
[card.district.weights]
illegal_demolished_area = { zh = "拆除", en = "Demolished", weight = 100 }
"""
#: Name, demolished in June by parcel, target in m2.
AREAS = {
    "331002": ("一片区", 5, 9000),
    "331003": ("二片区", 3, 9000),
    "331081": ("三片区", 1, 9000),
}
WEST, SOUTH = 121.30, 28.60


def cell(k: int, part: int = 0, parts: int = 1) -> shapely.Polygon:
    height = 0.1 / parts
    west, south = WEST + 0.1 * k, SOUTH + part * height
    return shapely.box(west, south, west + 0.1, south + height)


def dongwan(folder: Path) -> Path:
    """The folder of an office: twelve parcels an area, two streets each, one unit an area."""
    (folder / "profile").mkdir(parents=True)
    (folder / "profile" / "profile.toml").write_text(PROFILE, "utf-8")
    (folder / "assessment.toml").write_text(ASSESSMENT, "utf-8")
    names = [name for name, *_ in AREAS.values()]
    gpd.GeoDataFrame(
        {"adcode": list(AREAS), "name": names, "name_en": ["First", "Second", "Third"]},
        geometry=[cell(k) for k in range(3)], crs=4490,
    ).to_file(folder / "districts.geojson")  # fmt: skip
    streets = [(f"{code}00{n}", f"{name}{n}街道", code, cell(k, n, 2))
               for k, (code, (name, *_)) in enumerate(AREAS.items()) for n in range(2)]  # fmt: skip
    codes, titles, parents, shapes = zip(*streets, strict=True)
    gpd.GeoDataFrame(
        {"street_code": codes, "name": titles, "parent_code": parents},
        geometry=list(shapes), crs=4490,
    ).to_file(folder / "streets.geojson")  # fmt: skip
    rows, events = [], ["layer,key,event,date,amount,note"]
    for k, (name, demolished, _) in enumerate(AREAS.values()):
        for n in range(12):
            shape = cell(k, n % 2, 2)
            done, key = n < demolished, f"D{k}{n:02d}"
            rows.append({
                "违建编号": key, "违法面积": 1000, "占地面积": 1000, "层数": 1,
                "是否涉安": "是" if n % 3 == 0 else "否", "清单类型": "挂牌督办" if n == 9 else "",
                "发现日期": "2023-06-10" if n == 11 else f"2022-0{n % 8 + 1}-15",
                "处置方式": "拆除" if done else "", "处置状态": "销号" if done else "立案",
                "拆除面积": 1000 if done else 0, "治理面积": 1000 if done else 0,
                "完成日期": f"2023-0{n + 2}-15" if done else "",
                "销号时间": f"2023-0{n + 2}-20" if done else "",
                "整改期限": "2023-05-31" if n % 2 else "2023-12-31",
                "责任单位": f"{name}城管大队",
                "经度": shape.centroid.x + n / 500, "纬度": shape.centroid.y,
            })  # fmt: skip
        events.append(f"illegal_construction,D{k}00,relapse,2023-06-18,,")
    pd.DataFrame(rows).to_csv(folder / "违法建设.csv", index=False)
    (folder / "events.csv").write_text("\n".join(events) + "\n", "utf-8")
    aims = [("331099", 27000), *((code, target) for code, (*_, target) in AREAS.items())]
    lines = [f"illegal_demolished_area,{c},{t},m2,2023-12-31,任务书" for c, t in aims]
    (folder / "targets.csv").write_text(
        "\n".join(["indicator,zone_code,target,unit,deadline,note", *lines]) + "\n", "utf-8"
    )
    (folder / "reported.csv").write_text(
        "figure,zone,period,value,unit,source,clause\n"
        "illegal_demolished_area,,2023-H1,12000,m2,月报,\n", "utf-8",
    )  # fmt: skip
    (folder / "city.toml").write_text(
        'profile = "profile"\ndata_date = 2023-06-30\nevents = "events.csv"\n'
        'targets = "targets.csv"\nreported = "reported.csv"\nassessment = "assessment.toml"\n'
        '[zones]\ndistrict = "districts"\n'
        '[layers.illegal_construction]\npath = "违法建设.csv"\ncrs = "EPSG:4490"\n', "utf-8",
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def other_report(made_once):
    source = made_once("dongwan", dongwan)

    def folder(lang: str) -> Path:
        def make(out: Path) -> None:
            gcm.write_report(gcm.load_city(source), out, lang=lang)

        return made_once(f"dongwan-{lang}", make)

    return folder


@pytest.fixture(params=["sample", "other"])
def which(request) -> str:
    return request.param


@pytest.fixture(params=["zh", "en"])
def play(request, which, pages, sample_report, other_report):
    """The page of a report, which counts the steps of who plays with it."""
    folder = (sample_report if which == "sample" else other_report)(request.param)
    wrong: list[str] = []
    heard = {
        "console": lambda message: wrong.append(message.text),
        "pageerror": lambda error: wrong.append(str(error)),
    }
    page = pages(heard=heard)
    page.goto((folder / "index.html").as_uri())

    class Play:
        def __init__(self) -> None:
            self.page, self.lang, self.steps = page, request.param, 0

        def click(self, selector: str) -> None:
            self.steps += 1
            page.locator(selector).first.click()

        def choose(self, selector: str, **option: object) -> None:
            self.steps += 1
            page.locator(selector).first.select_option(**option)

        def text(self, selector: str) -> str:
            place = page.locator(selector).first
            place.wait_for()
            return place.inner_text()

        def says(self, zh: str, en: str) -> str:
            return zh if self.lang == "zh" else en

    game = Play()
    yield game
    assert game.steps <= 3
    assert wrong == []


def test_which_data_there_is_and_where_reports_and_records_differ(play, which):
    line = play.text(".data")
    assert play.says("都有记录", "Records from all") in line
    assert re.search(play.says(r"账表不符 \d 项", r"\d reported figures differ"), line)
    play.click(".data a[href='#reported']")
    table = play.page.locator("#reported table")
    table.wait_for()
    rows = table.locator("tbody tr").all_inner_texts()
    if which == "other":
        # 12,000 m² were reported; the records have 5 + 3 + 1 parcels, three of which came back.
        said = play.says(("1.20", "0.60"), ("12,000", "6,000"))
        assert [text for text in rows if all(number in text for number in said)]


def test_how_ranks_moved_and_who_is_last_running(play):
    assert play.says("末位", "last in its group") in play.text(".ranks em >> visible=true")
    play.click("#assessment summary")
    table = play.page.locator("#assessment table").first
    heads = table.locator("thead").inner_text()
    assert play.says("上月", "month ago") in heads
    last = play.says("末位", "last")
    assert last in table.inner_text()


def test_whether_it_will_be_done_in_time_and_what_each_month_must_bring(play):
    sentence = play.text(".task .sentence >> visible=true")
    assert play.says("须月均", " a month ") in sentence
    assert play.says("低于时序进度", "below pace") in sentence
    # Another task by one choice: its sentence, number, map and districts take the place.
    labels = play.page.locator(".chooser label")
    k = min(5, labels.count() - 1)
    name = labels.nth(k).locator("span").inner_text()
    play.steps += 1
    labels.nth(k).click()
    assert name in play.text(".task h2 >> visible=true")
    assert play.page.locator(".needs >> visible=true").count() <= 1
    assert play.text(".needs dd >> visible=true")


def test_who_has_what_is_overdue_and_each_case_with_place_and_deadline(play, which):
    play.click("details.holders > summary")
    table = play.page.locator(".holders table").first
    table.wait_for()
    counts = [int(t.replace(",", "")) for t in
              table.locator("tbody tr td:nth-child(3)").all_inner_texts()]  # fmt: skip
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 0
    if which == "other":
        assert "城管大队" in table.inner_text()
    play.click("details.cases > summary")
    play.click("details.cases .filters input[type=checkbox] >> nth=1")
    rows = play.page.locator(".case-table tbody tr >> visible=true")
    heads = play.page.locator(".case-table thead th").all_inner_texts()
    marks = [k for k, head in enumerate(heads) if play.says("重点", "Priority") in head]
    shown = [row.split("\t") for row in rows.all_inner_texts()]
    assert 0 < len(shown) <= 50
    assert all(play.says("涉安", "Safety") in row[marks[0]] for row in shown)
    # Past their day first, and of those the marked, each with its deadline.
    assert rows.first.get_attribute("class") == "late"
    assert re.search(r"\d{4}-\d\d-\d\d", "".join(shown[0]))


def test_in_which_street_cases_come_up_and_come_back(play, which):
    play.click("#campaign summary")
    place = play.page.locator(
        "#campaign h3", has_text=play.says("街道（镇），本月反弹多", "streets with")
    )
    place.first.wait_for()
    table = place.first.locator("xpath=..").locator("table")
    first = table.locator("tbody tr").first.inner_text().split("\t")
    assert int(first[2]) >= 1
    if which == "other":
        # Each area has one relapse in its first street, and one new case in the second.
        assert table.locator("tbody tr").count() == 6
        assert "0街道" in first[0]


def test_how_this_month_differs_from_last_month_and_last_year(play, which):
    play.click(".months > summary >> visible=true")
    table = play.page.locator(".months table >> visible=true")
    heads = table.locator("thead").inner_text()
    assert play.says("上月", "Last month") in heads
    assert play.says("上年同月", "A year ago") in heads
    rows = table.locator("tbody tr")
    n = 10 if which == "sample" else 3
    assert rows.count() == n + 1
    assert re.search(r"\d", rows.first.inner_text())
