"""Events, targets and an office's register from files: what is wrong is told, the rest is used."""

from __future__ import annotations

import json
import zipfile

import geopandas as gpd
import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.city._reporting import read_crosswalk
from geo_citymgmt.city._tables import read_events
from geo_citymgmt.cli._console import as_json, as_text
from geo_citymgmt.errors import SpecError
from geo_citymgmt.findings import Findings
from geo_citymgmt.profiles import load_profile
from geo_citymgmt.spec import load_specs

SPECS = load_specs()
HEAD = "layer,key,event,date,amount,note"
LINES = [f"illegal_construction,W{i},accept,2021-01-01,," for i in range(100)]
TARGETS = "indicator,zone_code,target"


def events(tmp_path, lines, *, name="events.csv", encoding="utf-8"):
    """Return the events of a file, its findings and the row of its account."""
    path, findings, account = tmp_path / name, Findings(), []
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    table = read_events(path, SPECS, findings, account=account)
    return table, findings.frame(), account[0]


def city(tmp_path, **files):
    """Load a city of two manholes with these tables beside them."""
    (tmp_path / "manholes.csv").write_text(
        "manhole_id,lon,lat\nJ1,120.6,31.3\nJ2,120.61,31.31\n", encoding="utf-8"
    )
    (tmp_path / "city.toml").write_text(
        'name_zh = "某市"\ncode = "320500"\n[layers.manholes]\ncrs = "EPSG:4490"\n',
        encoding="utf-8",
    )
    for name, content in files.items():
        content = content if isinstance(content, bytes) else content.encode()
        (tmp_path / f"{name}.csv").write_bytes(content)
    return gcm.load_city(tmp_path)


def told(findings, code):
    return findings.loc[findings["code"] == code, "message_en"].tolist()


def test_a_sound_table_has_an_account_and_no_finding(tmp_path):
    table, findings, account = events(tmp_path, [HEAD, *LINES])
    assert (len(table), findings.empty) == (100, True)
    assert [account[c] for c in ("n_walked", "n_skipped", "n_used", "n_rejected")] == [
        100,
        0,
        100,
        0,
    ]


def test_a_quote_that_does_not_close_swallows_no_rows(tmp_path):
    lines = [HEAD, *LINES]
    lines[20] += '"说明'
    lines[60] += '"'
    table, findings, _ = events(tmp_path, lines)
    assert len(table) == 100
    assert any("row 21, 61:" in message for message in told(findings, "TABLE_READ"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_table_is_read_in_whatever_encoding_it_has(tmp_path, encoding):
    lines = ["图层,编号,事件,日期", "违法建设,W1,验收,2021-01-01"]
    table, _, account = events(tmp_path, lines, encoding=encoding)
    assert table["key"].tolist() == ["W1"]
    assert account["n_used"] == 1


@pytest.mark.parametrize("trail", [",", ",,,", "\t"])
def test_separators_at_the_end_of_rows_shift_nothing(tmp_path, trail):
    table, _, account = events(tmp_path, [HEAD, *(line + trail for line in LINES)])
    assert table["key"].tolist() == [f"W{i}" for i in sorted(range(100), key=lambda i: f"W{i}")]
    assert account["n_rejected"] == 0


def test_a_word_for_a_number_is_told_with_file_and_row_and_its_event_stays(tmp_path):
    lines = [HEAD, *LINES[:2], "illegal_construction,W2,accept,2021-01-01,很多,"]
    table, findings, _ = events(tmp_path, lines)
    assert len(table) == 3
    assert table["amount"].isna().all()
    assert told(findings, "TABLE_VALUE") == [
        "events.csv, row 4: amount is '很多', it is no number, the event has no amount"
    ]


def test_an_amount_of_an_event_may_say_its_unit(tmp_path):
    rows = [f"illegal_construction,W{k},demolish,2021-01-0{k + 1},{text}," for k, text in
            enumerate(("600平方米", "0.5亩", "1.2万㎡", "80"))]  # fmt: skip
    table, findings, _ = events(tmp_path, [HEAD, *rows])
    assert table["amount"].round(3).tolist() == [600, 333.333, 12000, 80]
    assert not told(findings, "TABLE_VALUE")


def test_rows_that_cannot_be_used_are_told_by_file_and_row_and_the_rest_is_used(tmp_path):
    lines = [HEAD, *LINES[:5]]
    lines[2] = lines[2].replace("2021-01-01", "昨天")
    lines[3] = lines[3].replace("accept", "飞走")
    lines[4] = lines[4].replace("illegal_construction", "路灯")
    table, findings, account = events(tmp_path, lines)
    assert table["key"].tolist() == ["W0", "W4"]
    assert told(findings, "EVENT_UNMATCHED") == [
        "1 events have no counterpart: their layer is not known (events.csv, row 5)",
        "1 events have no counterpart: their kind of event is not known to the layer "
        "(events.csv, row 4)",
        "1 events have no counterpart: they have no valid date (events.csv, row 3)",
    ]
    assert [account[c] for c in ("n_records", "n_used", "n_rejected")] == [5, 2, 3]


def test_of_two_columns_of_one_name_rows_that_differ_are_left_out(tmp_path):
    lines = [f"{HEAD},key", *(f"{line},W{i}" for i, line in enumerate(LINES[:5]))]
    lines[3] = lines[3][:-1] + "99"
    table, findings, _ = events(tmp_path, lines)
    assert table["key"].tolist() == ["W0", "W1", "W3", "W4"]
    [message] = told(findings, "TABLE_VALUE")
    assert message.startswith("events.csv, row 4: key is 'key', two columns of this name differ")


def test_a_column_that_is_not_used_is_told(tmp_path):
    lines = [HEAD.replace("amount", "amuont"), *LINES[:3]]
    _, findings, _ = events(tmp_path, lines)
    assert told(findings, "TABLE_COLUMN") == [
        "events.csv: column 'amuont' was not used Did you mean 'amount'?"
    ]


def test_a_workbook_is_read_like_a_text_and_keeps_its_ids(tmp_path):
    (tmp_path / "manholes.csv").write_text("manhole_id,lon,lat\n101,120.6,31.3\n")
    book = pd.DataFrame(
        {"图层": ["窨井", "窨井"], "编号": [101, 102], "事件": ["验收", "验收"],
         "日期": pd.to_datetime(["2022-05-01", "2022-05-02"])}
    )  # fmt: skip
    book.to_excel(tmp_path / "events.xlsx", index=False)
    loaded = gcm.load_city(tmp_path, crs="EPSG:4490")
    assert loaded.events["key"].tolist() == ["101"]
    row = loaded.tables.set_index("table").loc["events"]
    assert [row["n_walked"], row["n_used"], row["n_rejected"]] == [2, 1, 1]


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 50, b"a,b\n1,2\n", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"PK\x03\x04junk"],
)
def test_a_file_that_is_no_such_table_ends_nothing_and_is_told(tmp_path, content):
    loaded = city(tmp_path, events=content, targets=content)
    assert len(loaded["manholes"]) == 2
    assert loaded.events.empty and loaded.targets.empty
    assert len(told(loaded.findings, "TABLE_UNUSABLE")) == 2
    assert loaded.tables["state"].tolist() == ["unusable", "unusable"]


def test_a_word_in_the_targets_is_told_and_the_others_hold(tmp_path):
    loaded = city(
        tmp_path,
        targets=f"{TARGETS}\nmanhole_remediated,320500,待定\nmanhole_found_count,320500,120\n",
    )
    assert loaded.targets["target"].dropna().tolist() == [120.0]
    [message] = told(loaded.findings, "TARGET_VALUE")
    assert message.startswith("row 2 of the targets: target is '待定'")


def test_targets_in_utf16_with_trailing_commas_and_a_title_are_read(tmp_path):
    text = f"目标任务表\n{TARGETS},unit\nmanhole_found_count,320500,120,,\n合计,,120,,\n"
    loaded = city(tmp_path, targets=text.encode("utf-16"))
    assert loaded.targets["target"].tolist() == [120.0]
    row = loaded.tables.iloc[0]
    assert [row["n_walked"], row["n_skipped"], row["n_used"]] == [2, 1, 1]
    assert row["encoding"] == "UTF-16"


def test_an_unknown_figure_and_an_unknown_zone_are_told_by_the_row_of_the_sheet(tmp_path):
    loaded = city(
        tmp_path, targets=f"{TARGETS}\n\nno_figure,320500,1\nmanhole_found_count,999999,2\n"
    )
    messages = told(loaded.findings, "TARGET_UNMATCHED")
    assert ["(row 3)" in messages[0], "(row 4)" in messages[1]] == [True, True]


def test_check_shows_the_account_of_each_table(tmp_path):
    lines = [HEAD, "manholes,J1,accept,2021-01-01,,", "manholes,J9,accept,2021-01-01,,"]
    loaded = city(tmp_path, events="\n".join(lines) + "\n", targets="a,b\n1,2\n")
    shown = as_text(loaded.ledger, loaded.findings, SPECS, "en", 120, tables=loaded.tables)
    assert "events.csv: 2 rows walked, 1 used, 1 left out, 0 skipped" in shown
    assert "targets.csv: unusable" in shown
    assert told(loaded.findings, "EVENT_UNMATCHED") == [
        "1 events have no counterpart: no accepted record has their id (events.csv, row 3)"
    ]
    told_as_json = json.loads(as_json(loaded.ledger, loaded.findings, tables=loaded.tables))
    assert [t["n_used"] for t in told_as_json["tables"]] == [1, 0]


def test_what_is_wrong_in_the_register_of_an_office_is_told_with_its_row(tmp_path):
    (tmp_path / "list.csv").write_text(
        "manhole_id,material\nJ1,铸铁\nJ2,复合,多余\n合计,2\n", encoding="utf-16"
    )
    (tmp_path / "m.csv").write_text("manhole_id,lon,lat\nJ1,120.6,31.3\nJ2,120.61,31.31\n")
    layer = gcm.read_layer(
        tmp_path / "m.csv", "manholes", crs="EPSG:4490", ledger=tmp_path / "list.csv"
    )
    messages = told(layer.findings, "TABLE_READ")
    assert any(m.startswith("list.csv: row 3:") for m in messages)
    assert any(m.startswith("list.csv: row 4:") for m in messages)


def test_published_figures_are_read_in_the_encoding_of_the_office_and_a_word_names_its_row(
    tmp_path,
):
    head = (
        "id,domain,name_zh,name_en,kind,period,value,unit,comparator,deadline,pairs_with,"
        "quote_zh,notes"
    )
    row = "a,违建,名称,name,result,2022,{},m2,,,,原文,"
    (tmp_path / "profile.toml").write_text("schema = 1\n", encoding="utf-8")
    file = tmp_path / "published.csv"
    file.write_text("\n".join([head, row.format("37.8"), ""]), encoding="gb18030")
    table = load_profile(tmp_path).published()
    assert (table["value"].tolist(), table["name_zh"].tolist()) == ([37.8], ["名称"])
    file.write_text("\n".join([head, row.format("约三十"), ""]), encoding="utf-16")
    with pytest.raises(SpecError, match="row 2: value '约三十' is not a number"):
        load_profile(tmp_path).published()


PUBLISHED = (
    "id,domain,name_zh,name_en,kind,period,value,unit,comparator,deadline,pairs_with,quote_zh,notes"
)


def adds_up(loaded):
    parts = loaded.tables[["n_used", "n_rejected", "n_skipped"]].sum(axis=1)
    return loaded.tables["n_walked"].tolist() == parts.tolist()


def test_a_wrong_cell_of_the_published_figures_costs_its_row_and_not_the_command(tmp_path):
    folder = tmp_path / "profile"
    folder.mkdir()
    (folder / "profile.toml").write_text("schema = 1\n", encoding="utf-8")
    rows = ["a,,,,,2022,37.8,m2,,,,,", "b,,,,,2022,约三十,m2,,,,,", "a,,,,,2022,1,m2,,,,,"]
    (folder / "published.csv").write_text("\n".join([PUBLISHED, *rows]), encoding="gb18030")
    (tmp_path / "manholes.csv").write_text("manhole_id,lon,lat\nJ1,120.6,31.3\n")
    loaded = gcm.load_city(tmp_path / "manholes.csv", crs="EPSG:4490", profile=folder)
    assert loaded.published["value"].tolist() == [37.8]
    assert told(loaded.findings, "TABLE_VALUE") == [
        "published.csv, row 3: value is '约三十', is not a number; the row was left out, see "
        "docs/profiles.md",
        "published.csv, row 4: id is 'a', is there already; the row was left out, see "
        "docs/profiles.md",
    ]
    row = loaded.tables.set_index("table").loc["published"]
    assert [row["n_walked"], row["n_used"], row["n_rejected"]] == [3, 1, 2]
    (folder / "published.csv").write_bytes(b"\0" * 40)
    loaded = gcm.load_city(tmp_path / "manholes.csv", crs="EPSG:4490", profile=folder)
    assert loaded.published.empty
    assert len(told(loaded.findings, "TABLE_UNUSABLE")) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("events.gpkg", b"SQLite format 3\0" + b"\1" * 900),
        ("事件.gpkg", b"hello"),
        ("targets.json", b'{"a'),
        ("targets.parquet", b"PAR1junk"),
        ("events.zip", b"PK\3\4junk"),
        ("目标.pdf", b"%PDF-1.4 "),
        ("events.dat", b"\1\2\3" * 99),
    ],
)
def test_a_table_of_any_format_that_cannot_be_read_is_an_error_with_its_cause(
    tmp_path, name, content
):
    (tmp_path / name).write_bytes(content)
    loaded = city(tmp_path)
    assert len(loaded["manholes"]) == 2
    found = loaded.findings.query("code == 'TABLE_UNUSABLE'")
    assert found["severity"].tolist() == ["error"]
    assert found["message_en"].item().startswith(f"{name} cannot be used")
    assert loaded.tables["state"].tolist() == ["unusable"]


@pytest.mark.parametrize(
    ("name", "code"), [("events.gpkg", "TABLE_UNUSABLE"), ("events.pdf", "LAYER_IGNORED")]
)
def test_in_an_archive_too_a_table_that_cannot_be_read_is_an_error(tmp_path, name, code):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("manholes.csv", "manhole_id,lon,lat\nJ1,120.6,31.3\n")
        archive.writestr(name, b"SQLite format 3\0" + b"\1" * 900)
    loaded = gcm.load_city(tmp_path / "a.zip", crs="EPSG:4490")
    assert len(loaded["manholes"]) == 1
    assert loaded.findings.query("severity == 'error'")["code"].tolist() == [code]


def test_events_of_a_geopackage_have_an_account_and_keep_their_days(tmp_path):
    book = gpd.GeoDataFrame(
        {"layer": "manholes", "key": [101.0, 102.0], "event": "accept",
         "date": pd.to_datetime(["2022-05-01", "2022-05-02"])},
        geometry=[None, None], crs=4490,
    )  # fmt: skip
    book.to_file(tmp_path / "events.gpkg", layer="events")
    (tmp_path / "manholes.csv").write_text("manhole_id,lon,lat\n101,120.6,31.3\n")
    loaded = gcm.load_city(tmp_path, crs="EPSG:4490")
    assert loaded.events[["key", "date"]].values.tolist() == [["101", pd.Timestamp("2022-05-01")]]
    assert adds_up(loaded) and loaded.tables["n_walked"].tolist() == [2]


def test_a_second_table_of_events_is_an_error_unless_the_city_names_one(tmp_path):
    line = "manholes,J1,accept,2021-01-01"
    tables = {"events": f"layer,key,event,date\n{line}\n", "事件": f"图层,编号,事件,日期\n{line}\n"}
    loaded = city(tmp_path, **tables)
    found = loaded.findings.query("code == 'LAYER_IGNORED'")
    assert found["severity"].tolist() == ["error"]
    toml = tmp_path / "city.toml"
    toml.write_text('events = "事件.csv"\n' + toml.read_text("utf-8"), "utf-8")
    loaded = gcm.load_city(tmp_path)
    assert loaded.findings.query("code == 'LAYER_IGNORED'")["severity"].tolist() == ["info"]
    assert loaded.tables["source"].tolist() == ["事件.csv"]


def test_the_list_of_an_office_has_an_account_and_a_damaged_one_costs_no_layer(tmp_path):
    toml = '\nledger = "list.csv"\n'
    (tmp_path / "list.csv").write_text(
        "manhole_id,material\nJ1,铸铁\nJ1,复合\nJ2,多,余\nJ9,铸铁\n合计,4\n", "utf-8"
    )
    city(tmp_path)
    with (tmp_path / "city.toml").open("a", encoding="utf-8") as file:
        file.write(toml)
    loaded = gcm.load_city(tmp_path)
    row = loaded.tables.set_index("table").loc["register"]
    # J1 and J9 are used; a second row of J1 and a torn one are left out, a total is skipped.
    assert [row[c] for c in ("n_walked", "n_used", "n_rejected", "n_skipped")] == [5, 2, 2, 1]
    assert loaded["manholes"].set_index("manhole_id")["material"].isna().to_dict() == {
        "J1": False, "J2": True, "J9": False
    }  # fmt: skip
    (tmp_path / "list.csv").write_bytes(b"\0" * 40)
    loaded = gcm.load_city(tmp_path)
    assert len(loaded["manholes"]) == 2
    assert len(told(loaded.findings, "TABLE_UNUSABLE")) == 1
    assert loaded.tables["state"].tolist() == ["unusable"]


@pytest.mark.parametrize(
    ("sheets", "n_events", "errors"),
    [
        ({"Sheet1": True, "说明": False}, 1, 0),
        ({"Sheet1": True, "events": True}, 1, 1),
        ({"Sheet1": False, "events": True}, 1, 0),
        ({"Sheet1": True, "Sheet2": True}, 0, 2),
        ({"Sheet1": False, "Sheet2": False}, 0, 2),
    ],
)
def test_of_a_workbook_of_events_the_sheet_with_their_columns_is_meant(
    tmp_path, sheets, n_events, errors
):
    rows = {"图层": ["窨井"], "编号": ["J1"], "事件": ["验收"], "日期": ["2022-05-01"]}
    with pd.ExcelWriter(tmp_path / "events.xlsx") as book:
        for name, is_meant in sheets.items():
            table = pd.DataFrame(rows if is_meant else {"说明": ["x"], "乙": ["y"]})
            table.to_excel(book, sheet_name=name, index=False)
    loaded = city(tmp_path)
    assert len(loaded.events) == n_events
    found = loaded.findings.query("code == 'LAYER_IGNORED' and severity == 'error'")
    assert len(found) == errors


def test_decisions_that_came_back_have_an_account(tmp_path):
    book = pd.DataFrame(
        [("错误", "ID_DUPLICATE", "J1", "属实"), ("错误", "ID_DUPLICATE", "J2", "再看看"),
         ("错误", "ID_DUPLICATE", "J3", "")],
        columns=["级别", "问题代码", "编号", "处理意见"],
    )  # fmt: skip
    book.to_excel(tmp_path / "findings.xlsx", sheet_name="窨井", index=False)
    (tmp_path / "manholes.csv").write_text("manhole_id,lon,lat\nJ1,120.6,31.3\n")
    loaded = gcm.load_city(
        tmp_path / "manholes.csv", crs="EPSG:4490", decisions=tmp_path / "findings.xlsx"
    )
    row = loaded.tables.set_index("table").loc["decisions"]
    # What is not decided yet is skipped, what nobody understands is told and left out.
    assert [row[c] for c in ("n_walked", "n_used", "n_rejected", "n_skipped")] == [3, 1, 1, 1]
    assert len(told(loaded.findings, "DECISION_UNCLEAR")) == 1


def test_a_crosswalk_is_read_in_the_encoding_of_the_office(tmp_path):
    file = tmp_path / "crosswalk.csv"
    file.write_text("原代码,现代码,比例\n320501,320508,0.5\n", encoding="gb18030")
    table = read_crosswalk(file, Findings())
    assert table[["code_from", "code_to", "share"]].to_numpy().tolist() == [
        ["320501", "320508", 0.5]
    ]
