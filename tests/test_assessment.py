"""The monthly assessment: scores by hand, who has no rank, who is last, whom to call in."""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import replace

import pandas as pd
import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt._overlay import layered
from geo_citymgmt.assessment import Assessment, assessment_of, month_assessment
from geo_citymgmt.city._office import packaged_office
from geo_citymgmt.cli import main
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.report import summary
from geo_citymgmt.report._assessment import assessment_views
from geo_citymgmt.report._page import render_page
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin import bulletin
from tests.conftest import DATA, with_layers

JUNE = pd.Timestamp("2022-06-30")
BASIC = """
[card.district]
[card.district.weights]
manhole_remediated = { weight = 3 }
illegal_demolished_area = { weight = 1, cap = 0.2 }
[card.district.deductions]
overdue = { indicator = "illegal_supervised_overdue_count", over = 1, points = 2, at_most = 6 }
"""


def _with(city: gcm.City, text: str) -> gcm.City:
    package = packaged_office()["assessment"].table
    settings = layered([("package", package), ("office", tomllib.loads(text))])
    return replace(city, office={**city.office, "assessment": settings})


def _made(city: gcm.City, text: str, day: str = "2022-06-30") -> Assessment:
    return assessment_of(CityFacts(_with(city, text)), pd.Timestamp(day))


@pytest.fixture(scope="module")
def silent(city) -> gcm.City:
    """The city when 吴江区 has reported no manhole."""
    manholes = city["manholes"]
    return city.with_layer("manholes", manholes[manholes["district_code"] != "320509"])


@pytest.fixture(scope="module")
def basic(city) -> Assessment:
    return _made(city, BASIC)


def test_points_are_those_of_a_calculation_by_hand(city):
    table = gcm.assess(_with(city, BASIC), as_of=JUNE)
    scores = table[table["component"] == "score"].set_index("unit")["points"]
    june = gcm.progress(city, as_of=JUNE, level="district").query("row_kind == 'zone'")
    june = june.set_index(["indicator", "zone_code"])
    for unit in city.zones.index:
        manholes = june.loc[("manhole_remediated", unit), "attainment"]
        demolished = june.loc[("illegal_demolished_area", unit), "attainment"]
        late = june.loc[("illegal_supervised_overdue_count", unit), "value"]
        expected = 75 * min(manholes, 1) + 25 * min(demolished, 0.2)
        expected -= min(max(late - 1, 0) * 2, 6)
        assert scores[unit] == pytest.approx(expected)
    parts = table[table["component"] != "score"].groupby("unit")["points"].sum()
    assert parts[scores.index].to_numpy() == pytest.approx(scores.to_numpy())


def test_ranks_are_within_groups_and_an_office_may_name_its_own(city, basic):
    (card,) = basic.cards
    assert {key: name.zh for key, name in card.groups.items()} == {
        "urban": "市区",
        "county": "县级市",
    }
    assert sorted(card.table.groupby("group")["rank"].max()) == [4, 6]
    own = (
        BASIC
        + """
[card.district.groups]
north = ["张家港市", "320581", "相城区"]
[card.district.group_names]
north = ["北部", "North"]
"""
    )
    (card,) = _made(city, own).cards
    north = card.table[card.table["group"] == "north"]
    assert set(north.index) == {"320582", "320581", "320507"}
    assert sorted(north["rank"]) == [1, 2, 3]
    assert card.groups["north"].zh == "北部"


def test_who_reported_nothing_has_no_rank_and_is_named(silent):
    results = _summary(silent, BASIC)
    made = results.assessment
    (card,) = made.cards
    assert card.silent == ["320509"]
    assert card.table["rank"].notna().sum() == 9
    assert card.table["months_last"]["320509"] == 0
    view = assessment_views(made, silent, Words("zh"))[0]
    assert "排名不含吴江区" in view.note
    assert [row[-1] for row in view.rows if row[0] == "吴江区"] == ["未报，不排名"]
    text = " ".join(p.text for p in bulletin(results).parts if hasattr(p, "lead"))
    assert "应评10个板块，已报9个；吴江区未报，不排名。" in text


def _summary(city, text, lang="zh"):
    few = with_layers(_with(city, text), "illegal_construction", "manholes")
    return summary(few, "2022-06-30", lang)


def test_where_no_record_is_no_missing_report_the_unit_is_ranked(silent):
    text = BASIC.replace("{ weight = 3 }", '{ weight = 3, empty = "zero", by = "min_max" }')
    (card,) = _made(silent, text).cards
    assert card.silent == []
    assert card.table.loc["320509", "manhole_remediated"] == 0.0


def test_a_card_that_only_takes_off_begins_with_full_marks(city):
    text = """
full_score = 10
[card.district.deductions]
illegal_relapsed_count = { points = 1 }
"""
    (card,) = _made(city, text).cards
    june = gcm.progress(city, as_of=JUNE, indicators="illegal_relapsed_count")
    relapses = june.query("row_kind == 'zone'").set_index("zone_code")["value"]
    assert (card.table["score"] == 10 - relapses[card.table.index]).all()


def test_equal_scores_share_a_rank_unless_a_component_decides(city):
    text = """
[card.district.deductions]
illegal_relapsed_count = { points = 0 }
illegal_open_count = { points = 0.0000000000001 }
"""
    (card,) = _made(city, text).cards
    assert card.table["rank"].eq(1).all()
    assert card.table["months_last"].eq(0).all()
    text = (
        'ties = ["manhole_open_count"]\n'
        + """
[card.district.weights]
manhole_open_count = { by = "min_max", lower_is_better = true }
[card.district.bonuses]
illegal_open_count = { points = 0 }
"""
    )
    (card,) = _made(city, text).cards
    assert card.table.groupby("group")["rank"].max().tolist() == [4, 6]


def test_months_at_the_last_place_are_those_of_the_earlier_months(city, basic):
    (card,) = basic.cards
    ends = ["2022-06-30", "2022-05-31", "2022-04-30"]
    last = []
    for day in ends:
        made = basic if day == ends[0] else _made(city, BASIC, day)
        table = made.table().query("component == 'score'")
        lowest = table.groupby("group")["rank"].transform("max")
        last.append(set(table.loc[table["rank"] == lowest, "unit"]))
    for unit, months in card.table["months_last"].items():
        assert min(months, 3) == next(
            (k for k, units in enumerate(last) if unit not in units), len(ends)
        )
    assert card.table["rank_before"].notna().all()
    often = set(card.table.index[card.table["months_last"] >= 2])
    assert set(basic.called["unit"]) == often and often
    none = _made(city, "last_months = 99\n" + BASIC)
    assert none.called.empty


def test_responsible_units_are_ranked_apart_from_districts(city):
    parcels = city["illegal_construction"]
    names = ["甲公司", "乙公司", "丙公司", "城管科", "市政科"]
    named = parcels.assign(manage_org=[names[k % 5] for k in range(len(parcels))])
    text = (
        BASIC
        + """
[card.units]
zh = "责任单位考核"
en = "Units"
of = "manage_org"
[card.units.weights]
illegal_demolished_share = { by = "share" }
[card.units.groups]
companies = ["甲公司", "乙公司", "丙公司"]
departments = ["城管科", "市政科"]
[card.units.group_names]
companies = ["企业", "Companies"]
departments = ["部门", "Departments"]
"""
    )
    other = city.with_layer("illegal_construction", named)
    results = _summary(other, text)
    _, card = results.assessment.cards
    assert set(card.units) == set(names)
    assert card.table.groupby("group")["rank"].max().to_dict() == {"companies": 3, "departments": 2}
    shares = gcm.unit_progress(other, as_of=JUNE, indicators="illegal_demolished_share")
    shares = shares[shares["row_kind"] == "unit"].set_index("zone_code")["value"]
    assert (card.table["score"] / 100).to_dict() == pytest.approx(shares.to_dict())
    parts = bulletin(results).parts
    (said,) = (p.text for p in parts if getattr(p, "lead", "") == "责任单位考核")
    assert said.startswith("应评5个") and "企业3个" in said and "板块" not in said


def test_a_rule_may_use_figures_of_cases_and_of_the_office(city):
    text = """
[call_in.both]
zh = "反弹多且待治理多"
en = "both"
all = [{ figure = "relapses", within_days = 365, at_least = 5 },
       { figure = "illegal_open_area", more_than = 400000 }]
"""
    made = _made(city, text)
    assert not made.problems and not made.called.empty
    june = gcm.progress(city, as_of=JUNE, indicators="illegal_open_area").set_index("zone_code")
    for unit, rows in made.called.groupby("unit"):
        assert rows["figure"].tolist() == ["relapses", "illegal_open_area"]
        assert rows["value"].iloc[1] == june.loc[unit, "value"] > 400_000


def test_the_sample_is_the_same_for_a_month_and_another_for_the_next(city):
    text = "[audit]\nn = 12\nseed = 3\n"
    first, again = _made(city, text).sample, _made(city, text).sample
    may = _made(city, text, "2022-05-31").sample
    assert first["parcel_id"].tolist() == again["parcel_id"].tolist()
    assert len(first) == len(may) == 12
    assert set(first["parcel_id"]) != set(may["parcel_id"])
    # At least one of each district, as without strata it need not be.
    assert set(first["district_code"]) == set(city.zones.index)


def test_a_rule_that_cannot_be_applied_is_told_and_the_rest_holds(city):
    made = _made(
        city, BASIC + "[audit]\nn = 3\n[call_in.odd]\nall = [{ figure = 'x', at_least = 1 }]"
    )
    assert len(made.cards) == 1
    assert [problem.en.split(":")[0] for problem in made.problems] == ["audit_sample", "call_in"]


def test_a_city_without_an_assessment_says_how_to_write_one(city):
    with pytest.raises(gcm.CityDataError, match=r"docs/assessment\.md"):
        gcm.assess(_with(city, "card = {}"))
    assert not _made(city, "")
    assert "月度考核" not in render_page(_summary(city, ""))


@pytest.mark.parametrize(
    ("text", "place", "cause"),
    [
        ("full_scor = 10", "assessment.toml:1 [full_scor]", "'full_score'"),
        ("[card.a.weights]\nlamps = { weight = 1 }", "assessment.toml:2 [card.a.weights.lamps]",
         "no figure 'lamps'"),
        ('[card.a.weights]\nmanhole_remediated = { wieght = 1 }',
         "assessment.toml:2 [card.a.weights.manhole_remediated.wieght]", "'weight'"),
        ('[card.a.deductions.manhole_remediated]\npoints = "1"',
         "assessment.toml:2 [card.a.deductions.manhole_remediated.points]", "must be a number"),
        ('[audit]\nlayer = "manhole"', "assessment.toml:2 [audit.layer]", "'manholes'"),
        ('[call_in.x]\nall = []\nlayer = "manhole"',
         "assessment.toml:3 [call_in.x.layer]", "'manholes'"),
    ],
)  # fmt: skip
def test_an_unknown_entry_is_told_with_its_line(tmp_path, text, place, cause):
    for name in ("districts", "bike_stations"):
        for path in DATA.glob(f"{name}.*"):
            shutil.copy(path, tmp_path)
    (tmp_path / "assessment.toml").write_text(text, encoding="utf-8")
    findings = gcm.load_city(tmp_path, profile="suzhou_2022").findings
    told = findings[findings["code"] == "SETTING_UNUSED"].set_index("value")["message_en"]
    assert cause in told[place]


def test_a_statistical_month_ends_where_the_office_says(city):
    named = replace(city, month_starts=26)
    # The day does not depend on what is scored.
    made = month_assessment(CityFacts(_with(named, "")), "2022-05")
    assert made.day == pd.Timestamp("2022-05-25")
    made = month_assessment(CityFacts(_with(city, "")), "2022-05")
    assert made.day == pd.Timestamp("2022-05-31")


def test_page_bulletin_and_workbook_say_the_same_and_in_public_no_case(city, tmp_path, monkeypatch):
    few = with_layers(city, "illegal_construction", "manholes", "parking_points")
    results = summary(few, "2022-06-30")
    page = render_page(results)
    made = results.assessment
    assert made and made.sample is not None and not made.called.empty
    drawn = made.sample["parcel_id"].tolist()
    own = bulletin(results, document="assessment").tables
    tables = [t for t in own if t.title.split("  ")[1].startswith("督查")]
    assert [row[1] for row in tables[0].rows] == drawn
    assert all(key in page for key in drawn)
    score = f"{made.cards[0].table['score'].max():.2f}"
    assert score in page
    # The report says the same, and need not work it out anew.
    monkeypatch.setattr("geo_citymgmt.report._folder.summary", lambda *_, **__: results)
    gcm.write_report(few, tmp_path / "out", as_of="2022-06-30", release="public")
    public = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert score in public and "约谈建议" not in public
    assert not any(key in public for key in drawn)
    with pd.ExcelFile(tmp_path / "out" / "tables.xlsx", engine="calamine") as book:
        assert "板块月度考核" in book.sheet_names and "督查抽查名单" not in book.sheet_names


def test_the_command_prints_writes_and_asks_for_a_month(sample_kept, tmp_path):
    run, sample = CliRunner().invoke, str(DATA)
    text = run(main, ["assess", sample, "--month", "2022-05"])
    assert text.exit_code == 0 and "督查抽查名单" in text.output and "7202205" in text.output
    out = tmp_path / "a.xlsx"
    assert run(main, ["assess", sample, "--format", "xlsx", "-o", str(out)]).exit_code == 0
    sheet = pd.read_excel(out, sheet_name="板块月度考核", header=2, engine="calamine")
    assert len(sheet) == 10 and sheet["组内排名"].max() == 6
    table = tmp_path / "a.csv"
    run(main, ["assess", sample, "--format", "csv", "-o", str(table)])
    scores = pd.read_csv(table).query("component == 'score'")
    assert scores["points"].round(2).tolist() == pytest.approx(
        sheet.set_index("板块")["得分"].round(2)[scores["name_zh"]].tolist()
    )
