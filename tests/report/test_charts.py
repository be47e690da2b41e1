"""The drawings of the page: a label stays inside its drawing, and apart from the other label."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from geo_citymgmt.report._drawings import Pace, pace_chart


def labels(
    last: str,
    value: float,
    *,
    opening: float = 0.0,
    goal: float = 100.0,
    deadline: str = "2022-12-31",
) -> dict[str, tuple[float, float, str]]:
    """Return where each label of a chart stands: x, y and the end it is held by."""
    start, end = pd.Timestamp("2022-01-01"), pd.Timestamp(deadline)
    pace = Pace(
        name="n",
        description="d",
        points=[(start, opening), (pd.Timestamp(last), value)],
        expected=[(start, opening), (end, goal)],
        now="2.612 million m²",
        goal="Target 15 million m²",
        months=list("123456789ABC"),
        divisor=1.0,
        status="behind",
    )
    found = re.findall(
        r'<text class="label (?:goal-)?(now|label)" x="([-\d.]+)" y="([-\d.]+)" '
        r'text-anchor="(\w+)"',
        pace_chart(pace),
    )
    return {kind: (float(x), float(y), anchor) for kind, x, y, anchor in found}


@pytest.mark.parametrize("month", range(1, 13))
def test_the_label_of_the_last_point_stays_inside_the_chart_in_every_month(month):
    day = pd.Timestamp(2022, month, 1) + pd.offsets.MonthEnd(0)
    x, y, anchor = labels(str(day.date()), 50.0)["now"]
    # As wide as Chromium draws it: 119 units.
    left, right = (x, x + 119) if anchor == "start" else (x - 119, x)
    assert left >= 0
    assert right <= 300
    assert 13 <= y <= 170


@pytest.mark.parametrize("deadline", ["2022-06-30", "2022-09-30", "2022-12-31"])
def test_the_label_of_a_target_to_come_down_to_stays_inside_the_chart(deadline):
    x, _, anchor = labels("2022-03-31", 90.0, opening=100.0, goal=0.0, deadline=deadline)["label"]
    assert anchor == "start"
    assert x + 119 <= 300


@pytest.mark.parametrize("value", [85.0, 95.0, 100.0, 105.0, 115.0])
def test_at_the_end_of_the_year_the_labels_do_not_lie_on_each_other(value):
    found = labels("2022-12-31", value)
    assert abs(found["now"][1] - found["label"][1]) >= 13
