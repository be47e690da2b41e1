"""The first screen of the page: each task with its sentence, number, map and districts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._numbers import percent
from geo_citymgmt.figures._tables import zone_groups
from geo_citymgmt.maps._words import on_one_line, status_shown
from geo_citymgmt.report._drawings import (
    BELOW_DUE,
    FittedZones,
    attainment_bar,
    below_due,
    fit_zones,
    nice_ceiling,
    share_bar,
    value_class,
    zone_map_svg,
    zone_outlines,
)
from geo_citymgmt.report._page_parts import against_pace, against_start, against_target, plain_table
from geo_citymgmt.report._page_top import by_day, points_text, task_text

if TYPE_CHECKING:
    from geo_citymgmt.report._summary import Summary


#: Districts of a task that are on the first screen of a telephone, and those listed at all.
_FIRST, _LISTED = 5, 60


def tasks_view(results: Summary) -> dict[str, Any] | None:
    """Return the tasks, the one furthest behind first, and the outlines that their maps share."""
    if results.tasks.empty:
        return None
    fitted = None
    drawn = results.city.has_zones and results.table["level"].eq("district").any()
    if drawn and results.city.zones.geometry.notna().all():
        fitted = fit_zones(results.city.zones, 400, 340)
    tasks = [
        _task(results, row, f"task-{k}", fitted)
        for k, row in enumerate(results.tasks.itertuples(), start=1)
    ]
    # The one to begin with is the furthest behind of those that say which district holds it back.
    held = [task for task in tasks if task["zones"] and task["zones"]["by_distance"]]
    (held or tasks)[0]["first"] = True
    return {
        "tasks": tasks,
        "outlines": "" if fitted is None else zone_outlines(fitted),
        "style": "".join(
            f"#{t['key']}:checked~.stage>.{t['key']}{{display:block}}"
            f"#{t['key']}:checked~.chooser label[for={t['key']}]"
            "{background:var(--brand);color:#fff;outline:2px solid transparent}"
            f"#{t['key']}:checked~.chooser label[for={t['key']}] .icon{{color:#fff}}"
            f"#{t['key']}:focus-visible~.chooser label[for={t['key']}]"
            "{outline:3px solid #e69f00;outline-offset:1px}"
            for t in tasks
        ),
    }


def _task(results: Summary, row: Any, key: str, fitted: FittedZones | None) -> dict[str, Any]:
    words, scale, name = results.words, results.scales[row.Index], results.words.named(row)
    figure = results.figures.figures[row.Index]
    number, unit = scale.parts(row.value)
    against = []
    if pd.notna(row.attainment):
        if figure.direction == "down":
            against.append(against_start(words, row))
        elif figure.level:
            against.append(against_target(words, row))
        else:
            against.append(words("attained", share=percent(row.attainment)))
    if pd.notna(row.expected_share):
        against.append(against_pace(words, row.attainment, row.expected_share))
    zones = _zones(results, row, fitted)
    return {
        "key": key,
        "first": False,
        "figure": row.Index,
        "name": name,
        "status": row.status,
        "status_name": words.name("status", status_shown(row.status, row.expected, row.target)),
        "distance": points_text(row.distance),
        "sentence": _sentence(results, row, zones),
        "number": number,
        "unit": unit,
        "target": words("target_zero") if figure.direction == "down" and not row.target
        else words("target_of", value=scale.amount(row.target)),
        "deadline": "" if pd.isna(row.deadline)
        else words("deadline_on", date=f"{row.deadline:%Y-%m-%d}"),
        "against": against,
        "bar": _bar(row, figure.level, name, words),
        "zones": zones,
        "why": _why(results, row),
        "need": _need(results, row),
        "months": _months(results, row),
    }  # fmt: skip


def _sentence(results: Summary, row: Any, zones: dict[str, Any] | None) -> str:
    """Say by rule how a task stands, what each month must bring, and which district holds it back.

    No district is praised for being first where all are behind.
    """
    words, text = results.words, task_text(results, row)
    if results.as_of is not None:
        day = results.as_of
        text = words("task_day", m=day.month, d=day.day, date=f"{day:%Y-%m-%d}", text=text)
    out = words("sentence", text=text)
    table = results.standings
    table = table[table["indicator"].eq(row.Index) & table["distance"].notna()]
    if table.empty or zones is None:
        return out
    figure, names = results.figures.figures[row.Index], results.zone_names
    rose = table[table["attainment"] < 0]
    if figure.direction == "down" and len(rose):
        listed = words.listed([str(names.get(z, z)) for z in rose["zone_code"].iloc[:3]])
        key = "zones_rose" if len(rose) <= 3 else "zones_rose_more"
        return out + words("gap") + words(key, names=listed, n=len(rose))
    behind = table[table["status"].isin(["behind", "overdue"])]
    if behind.empty:
        key = "zones_none_level" if figure.level else "zones_none"
        return out + words("gap") + words(key, of=len(table))
    key = "zones_all" if len(behind) == len(table) else "zones_behind"
    key += "_level" * figure.level
    points, most = (behind["distance"] * -100).round(1), ""
    # Where several are furthest behind, none is named.
    if (points == points.iloc[0]).sum() == 1:
        code = behind["zone_code"].iloc[0]
        name = str(names.get(code, code))
        most = words("zone_most", name=name, points=f"{points.iloc[0]:,.1f}")
    return out + words("gap") + words(key, n=len(behind), of=len(table), most=most)


def _bar(row: Any, level: bool, name: str, words: Any) -> Any:
    if pd.isna(row.attainment) or (level and row.unit != "ratio"):
        return ""
    # A level is measured from nothing to the whole, with its target as what is due.
    share, due = (row.value, row.target) if level else (row.attainment, row.expected_share)
    label = words("bar_label_plain", name=name, share=percent(share))
    if level:
        label = words("bar_label_target", name=name, share=percent(share), target=percent(due))
    elif pd.notna(due):
        label = words("bar_label", name=name, share=percent(share), expected=percent(due))
    return attainment_bar(share, due, row.status, label)


def _zones(results: Summary, row: Any, fitted: FittedZones | None) -> dict[str, Any] | None:
    """Return map and list of the districts: by distance to what is due, else by their value."""
    if not results.city.has_zones:
        return None
    words, table = results.words, results.standings
    table = table[table["indicator"].eq(row.Index) & table["value"].notna()]
    by_distance = bool(table["distance"].notna().any())
    if not by_distance:
        table = table.sort_values("value", ascending=False, kind="stable")
    if table.empty or not (by_distance or table["value"].gt(0).any()):
        return None
    level = results.figures.figures[row.Index].level
    place = {str(zone): k for k, zone in enumerate(results.city.zones.index)}
    top = _top(results, row.Index)
    last = results.last[results.last["indicator"].eq(row.Index)].set_index("zone_code")["months"]
    groups = _group_names(results)
    rows: list[dict[str, Any]] = []
    kinds = ["q-none"] * len(place)
    numbers, tips = [""] * len(place), [str(n) for n in results.zone_names]
    scale = results.scales[row.Index]
    for at in table.itertuples():
        code = str(at.zone_code)
        name = str(results.zone_names.get(at.zone_code, code))
        amount = scale.amount(at.value)
        shown = points_text(at.distance) if by_distance else scale.text(at.value)
        note = ""
        if code in last.index:
            months = int(last[code])
            key = "last_months" if months > 1 else "last_now"
            note = words(key, group=groups.get(code, ""), n=months)
        rows.append(
            {
                "place": place.get(code, -1),
                "name": name,
                "status": at.status if by_distance else "",
                "status_name": words.name(
                    "status", status_shown(at.status, at.expected, at.target)
                ) if by_distance else "",
                "bar": _bar(at, level, name, words) if by_distance
                else share_bar(at.value / top, "plain"),
                "shown": shown,
                "amount": words("of_amount", value=amount, target=scale.amount(at.target))
                if by_distance and at.target else amount if by_distance else "",
                "note": note,
                "rest": len(rows) >= _FIRST,
            }
        )  # fmt: skip
        k = place.get(code)
        if k is not None:
            kinds[k] = below_due(at.distance) if by_distance else value_class(at.value, top)
            if pd.notna(at.distance) or not by_distance:
                numbers[k] = f"{at.distance * 100:+.0f}".replace("-", "−") if by_distance else shown
                tips[k] = words("named_value", name=name, value=f"{shown}  {amount}".strip()
                                if by_distance else amount)  # fmt: skip
    key = "map_value" if not by_distance else "map_level" if level else "map_pace"
    title = words(key, name=words.named(row), unit=scale.unit or words("flow_number"))
    drawn = ""
    if fitted is not None:
        drawn = zone_map_svg(fitted, kinds, numbers, tips, title)
    return {
        "title": title,
        "by_distance": by_distance,
        "map": drawn,
        "legend": _legend(words, kinds, by_distance, level, top, scale),
        "head": words("points_word") if by_distance else scale.unit,
        "rows": rows[:_LISTED],
        "more": words("rows_more", n=len(rows) - _LISTED) if len(rows) > _LISTED else "",
        "all": words("all_zones", n=min(len(rows), _LISTED)) if len(rows) > _FIRST else "",
        "note": "" if by_distance else words("zones_untargeted"),
    }


def _top(results: Summary, figure: str) -> float:
    """Return where the classes of a figure's values end: the same on all days of the year."""
    series = results.table if results.series.empty else results.series
    known = series[series["indicator"].eq(figure) & series["level"].eq("district")]
    return nice_ceiling(float(known["value"].max())) if known["value"].notna().any() else 1.0


def _group_names(results: Summary) -> dict[str, str]:
    """Return the name of each district's group, none where there is one group alone."""
    groups = zone_groups(results.city.zones)
    if groups.nunique() < 2:
        return {}
    return {str(zone): results.words.name("group", group) for zone, group in groups.items()}


def _legend(
    words: Any, kinds: list[str], by_distance: bool, level: bool, top: float, scale: Any
) -> list[tuple[str, str]]:
    if by_distance:
        out = [("d0", words("class_not_below" if not level else "class_not_below_level"))]
        out += [
            (f"d{k}", words("class_between", low=low, high=high))
            for k, (low, high) in enumerate(pairwise(BELOW_DUE), start=1)
        ]
        out.append((f"d{len(BELOW_DUE)}", words("class_over", low=BELOW_DUE[-1])))
    else:
        bounds = [scale.parts(v)[0] or "0" for v in np.linspace(0, top, 6)]
        out = [
            (f"q{k}", words("class_between", low=bounds[k], high=bounds[k + 1])) for k in range(5)
        ]
    return [*out, ("q-none", words("class_none"))] if "q-none" in kinds else out


def _why(results: Summary, row: Any) -> dict[str, Any] | None:
    """Return what moved the layer of a figure since the start of the year, and what is overdue."""
    words = results.words
    campaign = next((c for c in results.campaigns if c.layer == row.layer), None)
    if campaign is None or campaign.flow is None:
        return None
    table = campaign.flow
    total = table[table["row_kind"].eq("total") & table["quantity"].eq("count")]
    if total.empty or total["opening"].isna().all():
        return None
    flow = total.iloc[0]
    signs = {"opening": "", "found": "+", "relapsed": "+", "closed": "−", "dismissed": "−",
             "closing": "="}  # fmt: skip
    steps = [
        {"sign": sign, "name": words(f"flow_{name}"), "value": f"{flow[name]:,.0f}"}
        for name, sign in signs.items()
    ]
    ages = campaign.ages
    if ages is not None and ages["n_overdue"].notna().any():
        overdue = f"{ages['n_overdue'].sum():,.0f}"
        steps.append({"sign": "", "name": words("overdue_cases"), "value": overdue})
    return {"title": words("why", name=results.layer_name(row.layer)), "steps": steps}


def _need(results: Summary, row: Any) -> dict[str, Any] | None:
    """Return what each month must bring as numbers, beside what this month did."""
    if row.Index not in results.need.index:
        return None
    words, scale, need = results.words, results.scales[row.Index], results.need.loc[row.Index]
    outlook = results.outlook
    outlook = outlook[outlook["level"].eq("city") & outlook["indicator"].eq(row.Index)].iloc[0]
    brought = need["brought"]
    parts = [
        (words("remaining"), scale.amount(outlook["remaining"]), None),
        (words("needed_by", by=by_day(results, need["deadline"])), scale.amount(need["needed"]),
         need["needed"]),
        (words("brought_month"), scale.amount(brought) or "–", brought),
        (words("pace_month"), scale.amount(outlook["pace_per_month"]) or "–",
         outlook["pace_per_month"]),
    ]  # fmt: skip
    most = max([v for *_, v in parts if v is not None and pd.notna(v) and v > 0], default=1.0)
    items = [
        {
            "name": name,
            "value": on_one_line(value),
            "bar": share_bar(size / most, "need" if k == 1 else "plain")
            if size is not None and pd.notna(size) else "",
        }
        for k, (name, value, size) in enumerate(parts)
    ]  # fmt: skip
    times = "" if pd.isna(need["times"]) else words("need_times", times=f"{need['times']:,.1f}")
    return {"items": items, "times": times}


def _months(results: Summary, row: Any) -> dict[str, Any] | None:
    """Return this month beside the one before and a year ago, of the city and each district."""
    table = results.months
    if table.empty:
        return None
    words, scale = results.words, results.scales[row.Index]
    table = table[table["indicator"].eq(row.Index) & table["value"].notna()]
    table = table[table["row_kind"].isin(["total", "zone"])]
    known = table[["value", "previous", "year_ago"]]
    if table.empty or not known.fillna(0).ne(0).any(axis=None):
        return None
    table = table.sort_values("level", key=lambda level: level.ne("city"), kind="stable")
    rows = []
    for at in table.itertuples():
        total = at.row_kind == "total"
        name = words("total") if total else str(results.zone_names.get(at.zone_code, ""))
        cells: list[Any] = [scale.text(at.value)]
        for before, change, ratio in (
            (at.previous, at.change, at.change_ratio),
            (at.year_ago, at.year_change, at.year_change_ratio),
        ):
            cells.append(scale.text(before) or "–")
            cells.append(_changed(change, ratio, at.unit, scale))
        rows.append({"name": name, "cells": cells, "kind": "total" if total else ""})
    stands = table["kind"].eq("date").any()
    headers = ("this_month_end" if stands else "this_month", "last_month", "change", "last_year",
               "year_change")  # fmt: skip
    title = words("months_of", name=words.named(row), unit=scale.unit or words("flow_number"))
    return plain_table(results, title, results.by_unit, headers, rows[: _LISTED + 1])


def _changed(change: Any, ratio: Any, unit: str, scale: Any) -> Any:
    """Write a change, and its share only where the base is not tiny."""
    if pd.isna(change):
        return "–"
    if unit == "ratio":
        return f"{change * 100:+.1f}".replace("-", "−")
    text = ("+" if change > 0 else "") + scale.text(change)
    text = text.replace("-", "−")
    return text if pd.isna(ratio) else (text, f"{ratio * 100:+.1f}%".replace("-", "−"))
