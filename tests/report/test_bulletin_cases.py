"""数字城管 and 月度考核 as documents of their own, on all the cases of the sample."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt._overlay import Layered, lay_over
from geo_citymgmt.figures._tables import zone_groups
from geo_citymgmt.report import summary
from geo_citymgmt.report.bulletin import bulletin, bulletin_settings, write_bulletin
from geo_citymgmt.report.bulletin._model import Heading, Paragraph, Table, is_band
from tests.conftest import thinned

pytestmark = pytest.mark.xdist_group("cases bulletin")
docx = pytest.importorskip("docx")
pytest.importorskip("reportlab")
KIND = ["case_class", "major_code", "minor_code"]


@pytest.fixture(scope="module")
def may(cases_city):
    return summary(cases_city, "2022-05-31", "zh")


@pytest.fixture(scope="module")
def cases(may):
    return bulletin(may, document="cases")


@pytest.fixture(scope="module")
def month(cases_city):
    data = cases_city["digital_cases"]
    return data[data["reported_at"].between("2022-05-01", "2022-05-31 23:59:59")]


@pytest.fixture(scope="module")
def assessed(told):
    return bulletin(told, document="assessment")


@pytest.fixture(scope="module")
def city_work(told):
    return bulletin(told)


def _titled(made, begin):
    (table,) = (t for t in made.tables if t.title.split("  ")[1].startswith(begin))
    return table


def _number(text):
    return float(text.replace(",", "").rstrip("%"))


def _texts(made):
    return [p.text for p in made.parts if isinstance(p, Paragraph)]


def test_by_several_fields_together_are_the_counts_of_pandas(cases_city, month):
    table = gcm.period_table(
        cases_city, as_of="2022-05-31", periods="month", indicators="case_count", by="/".join(KIND)
    )
    units = table[table["row_kind"] == "unit"].set_index("zone_code")["value"]
    plain = month.groupby(KIND, observed=True).size()
    assert units.to_dict() == {"/".join(key): n for key, n in plain.items()}


def test_sources_make_the_month_and_kinds_come_by_their_names(cases, month):
    sources = _titled(cases, "案件来源")
    shown = {row[0]: _number(row[1]) for row in sources.rows}
    assert shown.pop("合计") == sum(shown.values()) == len(month)
    assert shown["12345"] == month["source"].eq("hotline_12345").sum()
    kinds = _titled(cases, "案件小类").rows
    assert [row[0] for row in kinds[:2]] == ["暴露垃圾", "道路不洁"]
    most = month.groupby(KIND, observed=True).size().nlargest(10)
    assert [_number(row[1]) for row in kinds[:-1]] == most.tolist()


def test_the_units_last_are_those_with_the_lowest_share_and_no_small_one(cases, cases_city):
    shown = _titled(cases, "责任单位").rows[:-1]
    table = gcm.period_table(
        cases_city, as_of="2022-05-31", periods="month", by="manage_org",
        indicators=["case_handled_in_time_share", "case_closed_in_time_share"],
    )  # fmt: skip
    units = table[table["row_kind"] == "unit"].pivot_table(
        index="zone_code", columns="indicator", values=["value", "denominator"]
    )
    enough = units["denominator"].ge(30).all(axis=1)
    worst = units.loc[enough, ("value", "case_handled_in_time_share")].nsmallest(10)
    assert [row[0] for row in shown] == worst.index.tolist()


def test_the_share_of_a_group_is_that_of_its_counts_and_ranks_stay_within_it(cases, may):
    table = _titled(cases, "数字城管案件")
    heads = [column.head for column in table.columns]
    share, count, rank = heads.index("按期处置率"), 1, len(heads) - 1
    rows = {row[0]: row for row in table.rows}
    groups = zone_groups(may.city.zones)
    urban = may.zone_names[groups.index[groups == "urban"]]
    assert sum(_number(rows[name][count]) for name in urban) == _number(rows["市区小计"][count])
    shares = [_number(rows[name][share]) for name in urban]
    assert min(shares) < _number(rows["市区小计"][share]) < max(shares)
    assert sorted(int(rows[name][rank]) for name in urban) == [1, 2, 3, 4, 5, 6]
    best = next(name for name in urban if rows[name][rank] == "1")
    assert _number(rows[best][share]) == max(shares)


def test_rates_are_told_by_what_they_are_of_and_change_in_points(cases, may):
    text = next(p.text for p in cases.parts if isinstance(p, Paragraph) and p.lead)
    table = gcm.period_table(
        may.city, as_of="2022-05-31", periods="month", indicators="case_satisfied_share"
    )
    row = table.iloc[0]
    way = "提高" if row["change"] > 0 else "下降"
    points = f"{abs(100 * row['change']):.1f}"
    assert f"回访满意率{row['value']:.1%}（环比{way}{points}个百分点）" in text
    assert "应处置" in text and "受理" in text and "立案" in text


def test_a_month_without_a_record_is_told_as_not_reported(cases_city):
    some = thinned(cases_city.layers["digital_cases"])
    few = replace(cases_city, layers=cases_city.layers | {"digital_cases": some})
    made = bulletin(summary(few, "2022-06-30", "zh"), document="cases")
    text = next(p.text for p in made.parts if isinstance(p, Paragraph) and p.lead)
    count = f"{len(some.data):,}"
    assert text.startswith(f"2022年6月未报送数字城管案件记录。本年累计数字城管办理案件{count}件")
    assert all(c.group in ("", "本年累计") for t in made.tables for c in t.columns)


def test_an_office_picks_the_documents_and_their_parts(may, tmp_path, monkeypatch):
    own = {"document": {"cases": {"parts": ["tables"]}, "assessment": False}}
    settings = lay_over(bulletin_settings(may.city).table, own)
    monkeypatch.setitem(may.city.office, "bulletin", Layered(settings))
    files = write_bulletin(may, tmp_path)
    names = {path.name for path in tmp_path.glob("bulletin_*")}
    assert names == {"bulletin_cases.docx", "bulletin_cases.pdf"}
    assert len(docx.Document(files["bulletin_cases_docx"]).tables) == 1


def test_day_and_source_stand_before_the_annex_on_a_page_with_text(assessed, bulletin_files):
    made = assessed
    annex = next(k for k, p in enumerate(made.parts) if isinstance(p, Heading) and p.annex)
    assert made.body == made.parts[:annex] and isinstance(made.body[-1], Paragraph)
    shown = docx.Document(bulletin_files["bulletin_assessment_docx"]).paragraphs
    texts = [p.text for p in shown]
    signed = texts.index("2022年6月30日")
    assert signed < next(k for k, text in enumerate(texts) if text.startswith("附件"))
    assert all(p.paragraph_format.keep_with_next for p in shown[signed - 3 : signed])
    # Title and scores, whom to call in with notes, the annex: none is empty.
    assert bulletin_files["bulletin_assessment_pdf"].read_bytes().count(b"/MediaBox") <= 3


def test_scores_have_a_line_for_each_group_and_a_unit_is_called_in_once_after_another(assessed):
    scores, called = (t for t in assessed.body if isinstance(t, Table))
    assert [row[0] for row in scores.rows if is_band(row)] == ["市区", "县级市"]
    units = pd.Series([row[0] for row in called.rows])
    assert (units != units.shift()).sum() == units.nunique()


def test_a_reason_is_noted_once(city_work):
    notes = [t for t in _texts(city_work) if "．" in t[:3]]
    assert len(notes) < 10 and sum("范围不同" in note for note in notes) == 1


def test_what_is_targeted_at_none_is_no_share_of_it(city_work):
    text = " ".join(_texts(city_work))
    assert "生活垃圾填埋量为零（目标为零）" in text and "目标0吨" not in text
