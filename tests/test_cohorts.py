"""Rates of cohorts: shares that cannot exceed one, by zone and unit, against plain pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.errors import CityDataError, SpecError
from geo_citymgmt.indicators import load_figures
from tests import plain_cases
from tests.conftest import few_examples
from tests.test_unknown import city_of, figure

START = pd.Timestamp("2022-01-01")
TIMES = (
    "reported_at", "filed_at", "dispatched_at", "handle_due_at", "handled_at", "verified_at",
    "due_at", "closed_at", "extended_to", "deferred_from", "deferred_to",
)  # fmt: skip
RATES = [f.id for f in load_figures().figures.values() if f.layer == "digital_cases"]
SHARES = [name for name in RATES if load_figures().figures[name].unit == "ratio"]


def cases(**columns) -> dict:
    """Columns of cases; what is not said is as of a case that was closed without ado."""
    n = len(next(iter(columns.values())))
    frame = {name: pd.Series(pd.NaT, range(n), dtype="datetime64[us]") for name in TIMES}
    frame |= {
        "status": ["closed"] * n, "source": ["collector"] * n, "rework_count": [0] * n,
        "extended_count": [0] * n, "dispatched_right": [True] * n, "satisfaction": ["none"] * n,
    }  # fmt: skip
    for name, values in columns.items():
        frame[name] = pd.to_datetime(pd.Series(values)) if name in TIMES else values
    return frame


@st.composite
def made(draw):
    """Cases of two zones with times within four months, some extended, some deferred."""
    n = draw(st.integers(1, 12))
    hours = st.integers(0, 24 * 120)
    at = {name: [START + pd.Timedelta(hours=draw(hours)) for _ in range(n)] for name in TIMES}
    here = st.booleans()
    for name in ("handled_at", "verified_at", "closed_at", "extended_to", "deferred_from"):
        at[name] = [t if draw(here) else pd.NaT for t in at[name]]
    at["deferred_to"] = [
        f + pd.Timedelta(hours=draw(hours)) if pd.notna(f) and draw(here) else pd.NaT
        for f in at["deferred_from"]
    ]
    status = [
        draw(st.sampled_from(["closed", "invalid"])) if pd.notna(c) else "filed"
        for c in at["closed_at"]
    ]
    # Those that were handled and checked have all their times.
    for name in ("handled_at", "verified_at"):
        at[name] = [
            t if s != "closed" or pd.notna(t) else START
            for t, s in zip(at[name], status, strict=True)
        ]
    few = {
        "source": ["collector", "hotline_12345", "police_110"],
        "rework_count": [0, 1, 2], "extended_count": [0, 1], "dispatched_right": [True, False],
        "satisfaction": ["satisfied", "neutral", "none"], "manage_org": ["甲", "乙", None],
    }  # fmt: skip
    rest = {k: [draw(st.sampled_from(v)) for _ in range(n)] for k, v in few.items()}
    zones = "".join(draw(st.sampled_from("AB-")) for _ in range(n))
    return cases(**at, status=status, **rest), zones


def told(frame: pd.DataFrame, day: pd.Timestamp) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Which cases are in the cohort of each rate from 1 January on, and which meet it."""
    end = day + pd.Timedelta(days=1)

    def moved(limit: pd.Series) -> pd.Series:
        # Of kinds that are not known, the clock runs in working time.
        return plain_cases.moved(frame, limit, pd.Series(False, frame.index))

    def within(times: pd.Series) -> pd.Series:
        return (times >= START) & (times < end)

    handle, close = moved(frame["handle_due_at"]), moved(frame["due_at"])
    handled, closed = frame["handled_at"] < end, frame["closed_at"] < end
    valid, source = frame["status"] != "invalid", frame["source"]
    reported = within(frame["reported_at"])
    due, to_close = within(handle) & valid, within(close) & valid
    visited, happy = frame["satisfaction"] != "none", frame["satisfaction"] == "satisfied"
    hotline, police = source == "hotline_12345", source == "police_110"
    span, everything = pd.Timedelta(hours=1), pd.Series(True, frame.index)
    checked = frame["verified_at"]
    return {
        "case_count": (reported & valid, everything),
        "case_closed_share": (reported & valid, closed),
        "case_handled_share": (due, handled),
        "case_handled_in_time_share": (due, handled & (frame["handled_at"] <= handle)),
        "case_overdue_open_share": (due, ~handled),
        "case_overdue_open_count": (due, ~handled),
        "case_due_closed_share": (to_close, closed),
        "case_closed_in_time_share": (to_close, closed & (frame["closed_at"] <= close)),
        "case_closed_late_share": (to_close, closed & (frame["closed_at"] > close)),
        "case_rework_share": (to_close, frame["rework_count"] > 0),
        "case_extended_share": (due, frame["extended_count"] > 0),
        "case_valid_share": (reported, valid),
        "case_filed_in_time_share": (
            within(frame["filed_at"]), frame["filed_at"] <= frame["reported_at"] + 2 * span,
        ),
        "case_dispatched_right_share": (within(frame["dispatched_at"]), frame["dispatched_right"]),
        "case_verified_in_time_share": (
            within(frame["handled_at"]),
            (checked < end) & (checked <= frame["handled_at"] + 24 * span),
        ),
        "case_satisfied_share": (reported & visited, happy),
        "hotline_case_count": (reported & valid & hotline, everything),
        "hotline_closed_share": (reported & valid & hotline, closed),
        "hotline_satisfied_share": (reported & visited & hotline, happy),
        "police_case_count": (reported & valid & police, everything),
        "police_closed_count": (reported & valid & police, closed),
        "police_closed_share": (reported & valid & police, closed),
    }  # fmt: skip


def held(table: pd.DataFrame, frame: pd.DataFrame, by: pd.Series, day: pd.Timestamp) -> None:
    """Hold each row of a table of progress against plain pandas."""
    expected = told(frame, day)
    assert set(table["indicator"]) == set(expected)
    rows = table.set_index(["indicator", "zone_code"])
    for name, (cohort, meets) in expected.items():
        for code, chosen in [("Z", by == by), *((c, by == c) for c in sorted(set(by)))]:
            whole, part = int((cohort & chosen).sum()), int((cohort & meets & chosen).sum())
            row = rows.loc[(name, code)]
            if name in SHARES:
                assert (row["numerator"], row["denominator"]) == (part, whole), (name, code)
                assert row["value"] == (pytest.approx(part / whole) if whole else pytest.approx(
                    np.nan, nan_ok=True)), (name, code)  # fmt: skip
            else:
                assert row["value"] == part, (name, code)
            assert row["unknown"] == 0, (name, code)


@given(made(), st.integers(0, 130))
@few_examples(6)
def test_each_rate_is_that_of_plain_pandas_by_zone_and_unit_at_any_day(of, days):
    columns, zones = of
    day = START + pd.Timedelta(days=days)
    city = city_of("digital_cases", zones, data_date=START + pd.Timedelta(days=130), **columns)
    frame = pd.DataFrame(columns)
    place = pd.Series(list(zones)).replace("-", "unlocated")
    table = gcm.progress(city, as_of=day, indicators=RATES)
    held(table[table["zone_code"].isin(["Z", *place])], frame, place, day)
    units = gcm.unit_progress(city, as_of=day, indicators=RATES)
    held(units, frame, frame["manage_org"].fillna("unnamed"), day)


@given(made(), st.data())
@few_examples(6)
def test_what_is_not_known_lies_between_the_bounds_and_no_share_exceeds_one(of, data):
    columns, zones = of
    end = START + pd.Timedelta(days=130)
    whole = gcm.progress(city_of("digital_cases", zones, end, **columns), indicators=SHARES)
    frame = pd.DataFrame(columns)
    # A case that was handled and closed lost a time or a yes or no.
    done = frame["status"] == "closed"
    for name in ("handled_at", "closed_at", "handle_due_at", "dispatched_right", "reported_at"):
        gone = [data.draw(st.booleans()) for _ in range(len(frame))]
        frame[name] = frame[name].mask(done & np.array(gone))
    partly = gcm.progress(city_of("digital_cases", zones, end, **frame), indicators=SHARES)
    keys = ["indicator", "zone_code"]
    both = whole.merge(partly, on=keys, suffixes=("", "_partly"))
    both = both[both["value"].notna() & both["high_partly"].notna()]
    assert (both["high_partly"] <= 1 + 1e-12).all()
    assert (both["low_partly"] <= both["value"] + 1e-12).all()
    # Where nothing of the whole is known its share may be any.
    assert (both["high_partly"] >= both["value"] - 1e-12).all()


def at(*texts: str | None) -> list:
    return [pd.Timestamp(t) if t else pd.NaT for t in texts]


def in_time(**columns) -> tuple[float, float]:
    city = city_of("digital_cases", **cases(**columns))
    row = figure(city, "case_handled_in_time_share")
    return row["numerator"], row["denominator"]


def test_a_limit_counts_whole_to_the_minute_or_to_the_end_of_its_day():
    handled = at("2022-06-01 18:00:40", "2022-06-01 18:01:00")
    assert in_time(handle_due_at=at(*["2022-06-01 18:00"] * 2), handled_at=handled) == (1, 2)
    assert in_time(handle_due_at=at(*["2022-06-01"] * 2), handled_at=handled) == (2, 2)


def test_an_extension_moves_the_limit_and_a_deferral_stops_the_clock():
    due = at(*["2022-06-01 12:00"] * 4)
    handled = at(*["2022-06-03 12:00"] * 4)
    extended = at(None, "2022-06-03 12:00", None, None)
    begin = at(None, None, "2022-06-01 10:00", "2022-06-01 13:00")
    end = at(None, None, "2022-06-03 10:00", "2022-06-09 13:00")
    assert in_time(
        handle_due_at=due, handled_at=handled, extended_to=extended, deferred_from=begin,
        deferred_to=end,
    ) == (2, 4)  # fmt: skip


def test_what_is_deferred_without_an_end_has_not_fallen_due():
    due, begin = at(*["2022-06-01 12:00"] * 2), at("2022-05-31", None)
    got = in_time(
        handle_due_at=due, handled_at=at(None, None), deferred_from=begin,
        status=["deferred", "dispatched"],
    )  # fmt: skip
    assert got == (0, 1)
    city = city_of(
        "digital_cases", **cases(handle_due_at=due, status=["deferred", "dispatched"])
    )  # fmt: skip
    row = figure(city, "case_handled_in_time_share")
    # Since when the first is deferred is not known, nor whether its limit came before.
    assert (row["denominator"], row["unknown"]) == (1, 1)
    assert "处置截止时间" in row["note_zh"]


def test_what_was_handled_nobody_knows_when_is_unknown_and_not_open():
    city = city_of(
        "digital_cases",
        **cases(
            handle_due_at=at(*["2022-06-01"] * 2), handled_at=at(None, "2022-05-31"),
            closed_at=at(*["2022-06-02"] * 2),
        ),
    )  # fmt: skip
    row = figure(city, "case_overdue_open_share")
    assert (row["numerator"], row["denominator"], row["unknown"]) == (0, 2, 1)
    assert (row["low"], row["high"]) == (0, 0.5)
    assert "处置完成时间" in row["note_zh"]


OWN = """
[figures.own]
zh = "某率"
en = "A rate"
layer = "{layer}"
unit = "ratio"
period = "year"
{terms}
"""


def own(tmp_path, layer: str, terms: str) -> gcm.City:
    path = tmp_path / "figures.toml"
    path.write_text(OWN.format(layer=layer, terms=terms), "utf-8")
    frame = cases(
        reported_at=at("2022-06-01", "2022-06-02"), closed_at=at("2022-06-03", "2022-06-04")
    )
    city = city_of("digital_cases", **frame)
    return gcm.City.from_layers(
        {"digital_cases": city.layer("digital_cases")}, zones=city.zones, figures=path, code="Z"
    )


def test_whether_the_deferred_leave_the_cohort_is_said_in_the_figure(tmp_path):
    terms = 'cohort = {{ dated = "reported_at"{} }}\ncondition = {{ closed_at = {{ any = true }} }}'
    path = tmp_path / "figures.toml"
    frame = cases(
        reported_at=at(*["2022-06-01"] * 3), filed_at=at(*["2022-06-01 01:00"] * 3),
        closed_at=at("2022-06-02", None, None),
        deferred_from=at(None, "2022-06-20", None), status=["closed", "deferred", "filed"],
    )  # fmt: skip
    layer = city_of("digital_cases", **frame).layer("digital_cases")
    got = []
    for leaves in ("", ', leaves = ["deferred"]'):
        path.write_text(OWN.format(layer="digital_cases", terms=terms.format(leaves)), "utf-8")
        city = gcm.City.from_layers({"digital_cases": layer}, figures=path, code="Z")
        got += [
            figure(city, "own")["denominator"],
            gcm.progress(city, as_of="2022-06-10", indicators="own")["denominator"].iloc[0],
        ]
    # Before it was deferred it had not left.
    assert got == [3, 3, 2, 3]


NO_SHARES = {
    "closed by reported": (
        "illegal_construction",
        'numerator = { flow = "relapsed" }\ndenominator = { flow = "found" }',
    ),
    "two periods of one life": (
        "illegal_construction",
        'numerator = { entered = "count", state = ["70"] }\ndenominator = { flow = "found" }',
    ),
    "another where": (
        "manholes",
        'numerator = { flow = "remediated", where = { cover_kind = "rain" } }\n'
        'denominator = { flow = "remediated", where = { cover_kind = "sewage" } }',
    ),
    "another field": (
        "bike_stations",
        'numerator = { stock = "bikes_deployed", state = ["operating"] }\n'
        'denominator = { stock = "capacity", state = ["operating"] }',
    ),
    "more states": (
        "manholes",
        'numerator = { stock = "count", state = ["open", "done"] }\n'
        'denominator = { stock = "count", state = ["open"] }',
    ),
}


@pytest.mark.parametrize("what", NO_SHARES)
def test_a_share_whose_part_is_no_part_of_its_whole_is_refused(tmp_path, what):
    layer, terms = NO_SHARES[what]
    with pytest.raises(SpecError) as refused:
        own(tmp_path, layer, terms)
    assert "it could exceed 100 %" in str(refused.value)
    assert "分子不是分母的一部分" in refused.value.message_zh


def test_the_remedy_of_a_refused_share_works_when_it_is_followed(tmp_path):
    layer, terms = NO_SHARES["two periods of one life"]
    with pytest.raises(SpecError) as refused:
        own(tmp_path, layer, terms)
    for remedy in (refused.value.remedy, refused.value.remedy_zh):
        told = remedy[remedy.index("cohort =") : remedy.index(" } }") + 4]
        assert own(tmp_path, layer, told.replace(" }, condition", " }\ncondition")) is not None


def test_closed_and_reported_as_two_counts_are_no_rate_and_the_cohort_is(tmp_path):
    # 61 of this month's and 427 older ones closed, 100 reported: 488 %.
    new, old = at(*["2022-06-10"] * 100), at(*["2022-05-10"] * 427)
    closed = at(*["2022-06-20"] * 61, *[None] * 39, *["2022-06-20"] * 427)
    frame = cases(
        reported_at=new + old, closed_at=closed,
        status=["filed" if pd.isna(t) else "closed" for t in closed],
    )  # fmt: skip
    city = city_of("digital_cases", **frame)
    june = gcm.period_table(city, periods="month", indicators="case_closed_share").iloc[0]
    assert (june["numerator"], june["denominator"], june["value"]) == (61, 100, 0.61)


MISTAKES = {
    "no time": ("cohort = {}\ncondition = { closed_at = { any = true } }", "needs dated or due"),
    "two times": ('cohort = { dated = "reported_at", due = "due_at" }', "needs dated or due"),
    "no condition": ('cohort = { dated = "reported_at" }', "needs condition"),
    "no cohort": ("condition = { closed_at = { any = true } }", "must be tables"),
    "no date": (
        'cohort = { dated = "source" }\ncondition = { closed_at = { any = true } }', "no date field"
    ),
    "an unknown field": (
        'cohort = { dated = "reported_at" }\ncondition = { shut_at = { any = true } }', "no field"
    ),
    "an unknown other": (
        'cohort = { dated = "reported_at" }\ncondition = { closed_at = { by = "end" } }', "no field"
    ),
    "no time to compare": (
        'cohort = { dated = "reported_at" }\ncondition = { closed_at = { by = "source" } }',
        "no other date field",
    ),
    "a value for a time": (
        'cohort = { dated = "reported_at" }\ncondition = { closed_at = "2022" }', "any = true"
    ),
    "hours of nothing": (
        'cohort = { dated = "reported_at" }\ncondition = { closed_at = { any = true, hours = 2 } }',
        "stands alone",
    ),
    "an unknown state": (
        'cohort = { dated = "reported_at", leaves = ["gone"] }\ncondition = { source = "app" }',
        "no states 'gone'",
    ),
    "a state besides": (
        'cohort = { dated = "reported_at" }\ncondition = { source = "app" }\nstate = ["open"]',
        "does not go with a cohort",
    ),
    "an unknown code": (
        'cohort = { dated = "reported_at" }\ncondition = { source = "radio" }', "no code 'radio'"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_in_a_cohort_is_an_error_that_says_where(tmp_path, what):
    terms, cause = MISTAKES[what]
    with pytest.raises(SpecError, match=cause) as refused:
        own(tmp_path, "digital_cases", terms)
    assert "figures.own" in str(refused.value)


def test_units_and_the_unnamed_make_the_total_and_an_unknown_field_is_refused():
    city = city_of(
        "digital_cases",
        **cases(reported_at=at(*["2022-06-01"] * 3), manage_org=["甲公司", None, "甲公司"]),
    )
    table = gcm.unit_progress(city, indicators="case_count")
    assert table[["level", "row_kind", "zone_code", "value"]].to_numpy().tolist() == [
        ["city", "total", "Z", 3],
        ["manage_org", "unit", "甲公司", 2],
        ["manage_org", "unnamed", "unnamed", 1],
    ]
    month = gcm.period_table(city, periods="month", indicators="case_count", by="manage_org")
    assert month["value"].tolist() == [3, 2, 1]
    with pytest.raises(CityDataError, match="manage_org"):
        gcm.unit_progress(city, by="manager")
    zones = gcm.progress(city, indicators="case_count")
    assert zones["row_kind"].tolist()[:2] == ["total", "zone"]


# -- few records, tiny bases, sums that cannot fall


def test_a_share_of_few_records_says_so_and_the_office_says_what_is_few(tmp_path):
    frame = cases(reported_at=at(*["2022-06-01"] * 9), closed_at=at(*["2022-06-03"] * 9))
    city = city_of("digital_cases", **frame)
    row = figure(city, "case_closed_share")
    assert (row["value"], "基数小，仅 9 条记录" in row["note_zh"]) == (1, True)
    assert "rests on few records: 9" in row["note_en"]
    assert "基数小" not in figure(city, "case_count")["note_zh"]
    path = tmp_path / "figures.toml"
    path.write_text("[thresholds]\nsmall = 5\n", "utf-8")
    layer = city.layer("digital_cases")
    own_city = gcm.City.from_layers({"digital_cases": layer}, figures=path, code="Z")
    assert "基数小" not in figure(own_city, "case_closed_share")["note_zh"]


@pytest.mark.parametrize(
    ("before", "now", "ratio"), [(10, 40, 3.0), (10, 41, np.nan), (9, 10, np.nan), (20, 5, -0.75)]
)
def test_a_change_from_a_tiny_base_is_told_by_both_numbers(before, now, ratio):
    days = at("2022-04-10", *["2022-05-10"] * before, *["2022-06-10"] * now)
    city = city_of("digital_cases", **cases(reported_at=days, closed_at=days))
    month = gcm.period_table(city, periods="month", indicators="case_count").iloc[0]
    assert (month["value"], month["previous"], month["change"]) == (now, before, now - before)
    assert month["change_ratio"] == pytest.approx(ratio, nan_ok=True)


def test_a_sum_that_cannot_fall_is_not_projected_below_what_is_there():
    months = pd.date_range("2022-01-01", periods=6, freq="MS")
    found = [day for day, n in zip(months, (1, 40, 1, 40, 1, 1), strict=True) for _ in range(n)]
    targets = pd.DataFrame(
        {"indicator": ["manhole_found_count"], "zone_code": ["Z"], "target": [100.0],
         "deadline": [pd.Timestamp("2022-12-31")]}
    )  # fmt: skip
    city = city_of("manholes", found_date=found, status=["20"] * len(found))
    row = gcm.outlook(city, indicators="manhole_found_count", targets=targets).iloc[0]
    assert row["value"] == len(found)
    assert row["at_deadline_low"] == len(found) < row["at_deadline"]


# -- reported, approved, cut


STAGES = """layer,key,event,date,amount,note
illegal_construction,A1,report,2022-03-01,100,
illegal_construction,A1,approve,2022-03-20,80,
illegal_construction,A1,cut,2022-03-20,20,图斑重复
illegal_construction,A2,report_demolition,2022-05-01,50,
"""


def staged(tmp_path, amounts_by: str = "") -> gcm.City:
    (tmp_path / "events.csv").write_text(STAGES, "utf-8")
    (tmp_path / "city.toml").write_text(
        f'data_date = 2022-06-30\ncode = "Z"\n{amounts_by}\n', "utf-8"
    )
    (tmp_path / "illegal_construction.csv").write_text(
        "违建编号,违建面积,治理面积,拆除面积,状态,拆除时间,lon,lat\n"
        "A1,200,90,90,已拆除,2022-03-10,120.6,31.3\nA2,100,0,0,处置中,,120.6,31.3\n",
        "utf-8",
    )
    return gcm.load_city(tmp_path)


@pytest.mark.parametrize(
    ("line", "remediated", "demolished", "said"),
    [
        ("", 90, 90, "治理含"),
        ('amounts_by = "reported"', 150, 50, "按上报治理面积计"),
        ('amounts_by = "approved"', 80, np.nan, "按核定治理面积计"),
    ],
)
def test_the_office_says_whether_reported_or_approved_amounts_count(
    tmp_path, line, remediated, demolished, said
):
    city = staged(tmp_path, line)
    table = gcm.progress(city, level="city").set_index("indicator")
    assert table.loc["illegal_remediated_area", "value"] == remediated
    assert table.loc["illegal_demolished_area", "value"] == pytest.approx(demolished, nan_ok=True)
    if line:
        assert said in table.loc["illegal_remediated_area", "note_zh"]
    else:
        assert "计" not in table.loc["illegal_remediated_area", "note_zh"]
    # All of them stand beside each other, whichever counts.
    beside = ["illegal_reported_area", "illegal_approved_area", "illegal_cut_area"]
    assert table.loc[beside, "value"].tolist() == [150, 80, 20]
    cut = city.events.set_index("event").loc["cut"]
    assert (str(cut["date"].date()), cut["note"]) == ("2022-03-20", "图斑重复")


def test_a_stage_that_no_amount_has_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(SpecError, match="approved, reported") as refused:
        staged(tmp_path, 'amounts_by = "aproved"')
    assert "[amounts_by]" in str(refused.value)
    assert "approved" in refused.value.remedy


def test_an_approved_amount_that_no_event_tells_is_not_available(tmp_path):
    city = staged(tmp_path, 'amounts_by = "approved"')
    row = figure(city, "illegal_demolished_area")
    assert row["status"] == "not_available"
    assert "核定拆除面积" in row["note_zh"]


def test_records_that_contradict_what_their_layer_declares_make_no_share(tmp_path):
    # All 100 were demolished in June, and of the same 100 some other way 60 in May.
    (tmp_path / "events.csv").write_text(
        "layer,key,event,date,amount,note\nillegal_construction,A1,remediate,2022-05-01,60,\n",
        "utf-8",
    )
    (tmp_path / "city.toml").write_text('data_date = 2022-06-30\ncode = "Z"\n', "utf-8")
    (tmp_path / "illegal_construction.csv").write_text(
        "违建编号,违建面积,治理面积,拆除面积,状态,拆除时间,处置方式,lon,lat\n"
        "A1,200,100,100,已拆除,2022-06-10,拆除,120.6,31.3\n",
        "utf-8",
    )
    city = gcm.load_city(tmp_path)
    name = "illegal_demolished_share"
    assert figure(city, name)["value"] == 1
    june = gcm.period_table(city, periods="month", indicators=name).iloc[0]
    assert (june["numerator"], june["denominator"]) == (100, 40)
    assert np.isnan(june["value"])
    assert "部分（100）大于整体（40），记录自相矛盾" in june["note_zh"]


def test_a_case_that_was_not_filed_is_not_due_though_its_ledger_has_a_limit():
    columns = cases(
        reported_at=["2022-05-01"] * 3, filed_at=["2022-05-01"] * 3,
        dispatched_at=["2022-05-01"] * 3, handle_due_at=["2022-05-08"] * 3,
        due_at=["2022-05-12"] * 3, handled_at=["2022-05-04", None, None],
        closed_at=["2022-05-05", None, None], verified_at=["2022-05-05", None, None],
    )  # fmt: skip
    city = city_of("digital_cases", **columns | {"status": ["closed", "dispatched", "invalid"]})
    assert figure(city, "case_overdue_open_count")["value"] == 1
    assert figure(city, "case_handled_share")["denominator"] == 2
    assert figure(city, "case_due_closed_share")["denominator"] == 2


def test_a_ledger_without_the_times_of_deferral_has_its_rates():
    columns = cases(
        reported_at=["2022-05-01"] * 2, handle_due_at=["2022-05-08"] * 2,
        handled_at=["2022-05-04", None],
    )  # fmt: skip
    kept = ("reported_at", "handle_due_at", "handled_at", "status")
    columns = {name: columns[name] for name in kept} | {"status": ["closed", "deferred"]}
    city = city_of("digital_cases", **columns)
    # How long it has been put off nobody says.
    row = figure(city, "case_handled_share")
    assert (row["low"], row["high"], row["unknown"]) == (0.5, 1.0, 1)
