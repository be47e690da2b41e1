"""What the terminal, the report and the workbooks say of the account: that it adds up."""

from __future__ import annotations

import re
import shutil

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.cli._console import as_text
from geo_citymgmt.figures._layers import layer_summaries
from geo_citymgmt.report import finding_groups
from geo_citymgmt.report._findings import ledger_table, unread_layers
from geo_citymgmt.report._page import page_content
from geo_citymgmt.report._summary import summary
from tests.conftest import DATA, with_layers


@pytest.fixture
def alone(tmp_path):
    """A .shp without any of its other files."""
    shutil.copy(DATA / "manholes.shp", tmp_path / "窨井.shp")
    return tmp_path


def check(*arguments, stream: str = "output") -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "160"}).invoke(main, ["check", *map(str, arguments)])
    return result.exit_code, getattr(result, stream)


def rows_of(text: str, width: int) -> list[list[str]]:
    """Cells of the table that is printed."""
    cells = [[c.strip() for c in re.split("[│┃]", line)[1:-1]] for line in text.splitlines()]
    return [row for row in cells if len(row) == width and row[0]]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_table_of_check_adds_up_layer_by_layer(dirty_city, lang):
    text = as_text(dirty_city.ledger, dirty_city.findings, dirty_city.specs, lang, width=160)
    heads, *rows = rows_of(text, 8)
    words = ["读到", "入库", "退回", "跳过"]
    words = words if lang == "zh" else ["walked", "accepted", "rejected", "skipped"]
    at = [heads.index(word) for word in words]
    counts = [[int(row[c].replace(",", "")) for c in at] for row in rows]
    assert len(counts) == len(dirty_city.ledger)
    assert [12_000, 11_960, 25, 15] in counts
    assert all(walked == sum(parts) for walked, *parts in counts)
    assert "读到 = 入库 + 退回 + 跳过" in text or "walked = accepted + rejected + skipped" in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_numbers_of_the_table_are_whole_on_a_narrow_terminal(dirty_city, lang):
    said = as_text(dirty_city.ledger, dirty_city.findings, dirty_city.specs, lang, width=80)
    heads = rows_of(said, 8)[0]
    assert heads[2:7] == (
        ["读到", "入库", "退回", "跳过", "修复"]
        if lang == "zh"
        else ["walked", "accepted", "rejected", "skipped", "repaired"]
    )
    assert "12,000" in said and "11,960" in said


def test_page_and_workbook_show_the_same_account(dirty_city, dirty_report):
    table = ledger_table(dirty_city)
    assert (table["walked"] == table["accepted"] + table["rejected"] + table["skipped"]).all()
    page = (dirty_report / "index.html").read_text(encoding="utf-8")
    row = re.search(r"<tr><th scope=\"row\">窨井</th>.*?</tr>", page[page.index('id="ledger"') :])
    cells = re.findall(r'<td class="n[^>]*>([\d,]+)<', row[0])
    assert cells == ["12,000", "11,960", "0", "25", "15"]
    sheet = openpyxl.load_workbook(dirty_report / "tables.xlsx")["入库登记"]
    found = [[c for c in row if c is not None] for row in sheet.iter_rows(values_only=True)]
    apart = table.set_index("layer").loc["窨井", ["outside", "unlocated"]].tolist()
    assert [12_000, 15, 11_960, *apart, 0, 25] in [row[2:9] for row in found]


def test_the_last_lines_of_report_name_each_layer_not_read_its_records_and_the_remedy(dirty_report):
    said = (dirty_report / "said.txt").read_text(encoding="utf-8")
    *_, unread, last = said.splitlines()
    assert last.startswith("请打开")
    assert unread.startswith("停车泊位：2,586 条记录未读入。停车泊位.shp：没有坐标系")
    assert "EPSG:4549" in unread and "请确认后" in unread


def test_check_ends_with_the_layers_not_read(dirty_folder, dirty_city, monkeypatch):
    monkeypatch.setattr("geo_citymgmt.city.load_city", lambda *_, **__: dirty_city)
    _, said = check(dirty_folder, stream="stdout")
    assert "停车泊位：2,586 条记录未读入。" in said.splitlines()[-1]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_head_of_the_page_tells_of_layers_not_read_and_leads_to_the_ledger(dirty_city, lang):
    # The head is made of the ledger and the findings, whatever layers were read.
    content = page_content(summary(with_layers(dirty_city, "districts"), None, lang))
    first = content["warnings"][0]
    assert first["items"] == unread_layers(dirty_city, lang)
    assert "2,586" in first["items"][0]
    assert ("没有读入" if lang == "zh" else "could not be read") in content["source"]


def test_the_banner_stands_before_the_figures_with_a_link_that_leads_somewhere(dirty_report):
    page = (dirty_report / "index.html").read_text(encoding="utf-8")
    head = page[: page.index('class="verdict"')]
    assert '<p class="alert">有 1 个图层没有读入' in head
    assert '<a href="#ledger">' in head
    assert page.count('id="ledger"') == 1


def test_a_report_of_layers_that_were_all_read_says_only_what_the_city_has_it_say(city):
    told = page_content(summary(with_layers(city, "districts"), None, "zh"))["warnings"]
    assert [warning["text"] for warning in told] == ["示例：全部记录均为合成数据，不是真实情况"]


def test_rejected_says_where_the_records_of_a_layer_not_read_are(dirty_report):
    text = (dirty_report / "rejected" / "README.txt").read_text(encoding="utf-8")
    assert "停车泊位：2,586 条记录未读入" in text


def test_all_missing_parts_of_a_shapefile_are_named_at_once(alone):
    code, said = check(alone)
    assert code == 2
    assert "缺 .prj" in said
    assert "同时缺少 窨井.dbf、窨井.shx" in said
    assert "missing too: 窨井.dbf, 窨井.shx" in said


def test_a_shapefile_without_attributes_is_an_error_with_its_remedy(alone):
    code, said = check(alone, "--crs", "EPSG:4549")
    assert code == 3
    assert "错误 窨井 FILE_MISSING_PART ×1: 缺少文件 窨井.dbf：各记录的属性全部缺失" in said
    assert "窨井.shx" in said
    found = gcm.load_city(alone, crs="EPSG:4549").findings
    parts = found[found["code"] == "FILE_MISSING_PART"].set_index("value")["severity"]
    assert parts.to_dict() == {"窨井.dbf": "error", "窨井.shx": "warning"}


def test_two_findings_on_a_file_as_a_whole_are_both_told(alone):
    (alone / "窨井.prj").write_text("no system", encoding="utf-8")
    _, said = check(alone, "--crs", "EPSG:4549")
    assert "窨井.shx" in said and "窨井.prj" in said
    groups = finding_groups(gcm.load_city(alone, crs="EPSG:4549"))
    parts = groups[groups["code"] == "FILE_MISSING_PART"]
    assert parts["count"].tolist() == [1, 1, 1]


def test_the_overview_shows_the_states_on_record_at_the_date_of_the_data(city):
    with_states = [layer for layer in layer_summaries(city) if layer.spec.state_field]
    assert len(with_states) > 5
    for layer in with_states:
        recorded = city[layer.spec.key][layer.spec.state_field].value_counts().to_dict()
        shown = layer.by_state.xs("total")["count"]
        assert shown[shown > 0].to_dict() == recorded
        assert not layer.merged


def test_states_without_a_date_are_named_under_the_bar_of_an_earlier_day(city):
    alone = with_layers(city, "districts", "illegal_construction")
    told = summary(alone, pd.Timestamp("2022-05-31"), "zh")
    cards = {card["key"]: card for card in page_content(told)["layers"]}
    assert "“处置中”没有自己的日期" in cards["illegal_construction"]["field"]
    assert "立案" in cards["illegal_construction"]["field"]
    shown = {state["name"] for state in cards["illegal_construction"]["states"]}
    assert "处置中" not in shown
