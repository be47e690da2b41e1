"""Figures of the whole city as the page shows them: verdict, cards, pace charts."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from geo_citymgmt.formats import format_value, percent
from geo_citymgmt.maps.terms import status_shown
from geo_citymgmt.report.charts import Pace, attainment_bar, pace_chart
from geo_citymgmt.report.summary import Summary, plain_note, reasons_of, unavailable
from geo_citymgmt.report.words import Words

__all__ = [
    "against_pace",
    "against_start",
    "against_target",
    "cards",
    "month_names",
    "pace_charts",
    "verdict",
]

COMPARED = ("met", "ahead", "on_track", "behind", "overdue")


def verdict(told: Summary) -> dict[str, Any]:
    """Return how the figures stand in all: one line to be read first."""
    words = told.words
    n = told.headline["status"].value_counts().to_dict()
    n["not_available"] = len(unavailable(told))
    compared = int(sum(n.get(s, 0) for s in COMPARED))
    rest = [
        words(key, n=int(n[status]))
        for key, status in (
            ("verdict_incomparable", "not_comparable"),
            ("verdict_untargeted", "no_target"),
            ("verdict_unavailable", "not_available"),
        )
        # Where nothing has a target, that a figure has none says nothing of it.
        if n.get(status, 0) and (told.has_targets or status == "not_available")
    ]
    counts = []
    named = pd.Series(
        [status_shown(row.status, row.expected, row.target) for row in told.headline.itertuples()],
        index=told.headline.index,
        dtype="object",
    )
    for status in (s for s in COMPARED if n.get(s, 0)):
        for key, many in named[told.headline["status"] == status].value_counts().items():
            text = words("verdict_status", n=int(many), status=words.name("status", str(key)))
            counts.append({"status": status, "text": text})
    if compared:
        lead = words("verdict_lead", n=compared)
    elif told.has_targets:
        lead = words("verdict_none")
    else:
        known = int(told.headline["value"].notna().sum())
        lead = words("verdict_plain", n=known) if known else words("verdict_nothing")
    return {
        "lead": lead,
        "counts": counts,
        "rest": words("verdict_rest", parts=words.listed(rest)) if rest else "",
    }


def cards(told: Summary) -> list[dict[str, Any]]:
    """Return the domains with their figures: those with a target as cards, the rest as a list."""
    words, out = told.words, []
    rows = told.headline[told.headline["value"].notna()]
    for layer, block in rows.groupby("layer", sort=False):
        spec = told.city.specs[str(layer)]
        aimed = block["target"].notna()
        out.append(
            {
                "key": layer,
                "name": words.of(spec.name_zh, spec.name_en),
                "records": words("records_on", n=f"{len(told.city[str(layer)]):,}"),
                "cards": [_card(told, row) for row in block[aimed].itertuples()],
                "facts": [_fact(told, row) for row in block[~aimed].itertuples()],
            }
        )
    return out


def _fact(told: Summary, row: Any) -> dict[str, Any]:
    words = told.words
    scale = told.scales[row.Index]
    number, unit = scale.parts(row.value)
    parts = ""
    if row.unit == "ratio" and pd.notna(row.numerator):
        parts = words(
            "of_parts",
            numerator=format_value(row.numerator, "", told.lang),
            denominator=format_value(row.denominator, "", told.lang),
        )
    return {
        "name": words.of(row.name_zh, row.name_en),
        "number": number,
        "unit": unit,
        "exact": scale.exact(row.value),
        "parts": parts,
        "note": plain_note(row, words, told.figures),
    }


def _card(told: Summary, row: Any) -> dict[str, Any]:
    words, scale = told.words, told.scales[row.Index]
    figure = told.figures.figures.get(row.Index)
    down = figure is not None and figure.direction == "down"
    level = figure is not None and figure.level
    target = scale.amount(row.target)
    due = "" if pd.isna(row.deadline) else words("deadline_on", date=f"{row.deadline:%Y-%m-%d}")
    if row.comparator == ">=":
        target = f"≥ {target}"
    elif row.comparator == ">":
        target = f"> {target}"
    card = _fact(told, row) | {
        "status": row.status,
        "status_name": words.name("status", status_shown(row.status, row.expected, row.target)),
        "target": _aim(words, row, target, down),
        "target_value": scale.parts(row.target),
        "deadline": due,
        "bar": None,
        "attained": "",
        "expected": "",
        "reason": "",
    }
    if row.status == "not_comparable":
        reasons = words.joined(reasons_of(row, words, told.figures))
        return card | {"reason": words("incomparable_because", reason=reasons)}
    if pd.isna(row.attainment):
        return card
    done = words("attained", share=percent(row.attainment))
    label = words("bar_label_plain", name=card["name"], share=percent(row.attainment))
    if down:
        done = against_start(words, row)
        label = words("bar_label_level", name=card["name"], level=done)
    elif level:
        done = against_target(words, row)
        label = words("bar_label_level", name=card["name"], level=done)
    elif not row.value:
        done = words("nothing_yet")
    card["attained"] = done
    if math.isfinite(row.expected_share):
        expected = percent(row.expected_share)
        card["expected"] = against_pace(words, row.attainment, row.expected_share)
        key = "bar_label_down" if down else "bar_label"
        label = words(
            key, name=card["name"], share=percent(row.attainment), fallen=done, expected=expected
        )
    card["bar"] = attainment_bar(row.attainment, row.expected_share, row.status, label)
    return card


def against_pace(words: Words, attained: float, expected: float) -> str:
    """Say by how many points a share of the target is above or below the pace."""
    points = round((attained - expected) * 100, 1)
    key = "above_pace" if points > 0 else "below_pace" if points < 0 else "at_pace"
    return words(key, n=f"{abs(points):,.1f}", share=percent(expected))


def against_start(words: Words, row: Any) -> str:
    """Say how far a figure that is to fall has come since the start of its period."""
    if row.target != 0:
        return words("fall_part", share=percent(row.attainment))
    year = pd.notna(row.period_start) and row.period_start.day_of_year == 1
    way = "fallen" if row.attainment >= 0 else "risen"
    return words(f"{way}_{'year' if year else 'period'}", share=percent(abs(row.attainment)))


def against_target(words: Words, row: Any) -> str:
    """Say how a level stands against its target; of a share by how many points."""
    if row.unit != "ratio":
        return words("level_share", share=percent(row.attainment))
    points = round((row.value - row.target) * 100, 1)
    if points == 0:
        return words("at_target")
    return words("above_target" if points > 0 else "below_target", n=f"{abs(points):,.1f}")


def _aim(words: Words, row: Any, target: str, down: bool) -> str:
    """Say the target; a fall to nothing has a word of its own."""
    if down and row.target == 0:
        return words("target_zero")
    return words("target_down" if down else "target_of", value=target)


def pace_charts(told: Summary) -> list[dict[str, Any]]:
    """Return a chart for each figure that grows through the year and has something to show."""
    if told.series.empty or told.as_of is None:
        return []
    city = told.series[told.series["level"] == "city"].dropna(subset=["value"])
    aimed: list[dict[str, Any]] = []
    free: list[dict[str, Any]] = []
    for row in told.headline.itertuples():
        figure = told.figures.figures.get(str(row.Index))
        grows = (
            figure is not None
            and figure.value is not None
            and (
                figure.value.kind == "flow" or (figure.direction == "down" and pd.notna(row.target))
            )
        )
        points = city[city["indicator"] == row.Index].sort_values("as_of")
        if not grows or pd.isna(row.value) or not points["value"].gt(0).any():
            continue
        chart = _chart(told, row, points)
        if pd.notna(row.attainment):
            aimed.append(chart)
        elif row.published_id:
            free.append(chart)
    return aimed + free


def _chart(told: Summary, row: Any, points: pd.DataFrame) -> dict[str, Any]:
    words, scale = told.words, told.scales[row.Index]
    figure = told.figures.figures[row.Index]
    start = row.period_start
    line = [(day, float(v)) for day, v in zip(points["as_of"], points["value"], strict=True)]
    expected: list[tuple[pd.Timestamp, float]] = []
    opening = 0.0
    if figure.direction == "down" and pd.notna(row.attainment) and row.attainment < 1:
        opening = (row.value - row.attainment * row.target) / (1 - row.attainment)
    if pd.notna(start):
        line.insert(0, (start, opening))
        if pd.notna(row.attainment) and pd.notna(row.deadline):
            expected = [(start, opening), (row.deadline, float(row.target))]
    said = [f"{day:%m-%d} {scale.amount(v)}" for day, v in line]
    name = words.of(row.name_zh, row.name_en)
    drawn = Pace(
        name=name,
        description=words("chart_desc", name=name, points=words.listed(said)),
        points=line,
        expected=expected,
        now=scale.amount(row.value),
        goal=_aim(words, row, scale.amount(row.target), opening > row.target),
        months=month_names(told.lang),
        divisor=scale.divisor,
        status=row.status if expected else "no_target",
    )
    return {"name": name, "unit": scale.unit, "svg": pace_chart(drawn), "status": row.status}


def month_names(lang: str) -> list[str]:
    """Return short names of the months."""
    if lang == "zh":
        return [f"{k}月" for k in range(1, 13)]
    return ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
