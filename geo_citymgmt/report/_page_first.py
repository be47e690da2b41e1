"""The page while all is folded: each task with its map and districts, and a line a section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._languages import capital
from geo_citymgmt._numbers import NONE, Scale, in_points, on_one_line, percent, told
from geo_citymgmt.figures._tables import zone_groups
from geo_citymgmt.maps._classes import Ladder, ladder
from geo_citymgmt.maps._labels import status_shown
from geo_citymgmt.report._drawings import (
    FittedZones,
    attainment_bar,
    below_classes,
    below_due,
    fit_zones,
    nice_ceiling,
    share_bar,
    zone_map_svg,
    zone_outlines,
)
from geo_citymgmt.report._page_parts import (
    COMPARED,
    against_pace,
    against_start,
    against_target,
    differing,
    mark_key,
    plain_table,
    reported_rows,
    unlocated_text,
)
from geo_citymgmt.report._summary import reasons_of

if TYPE_CHECKING:
    from geo_citymgmt.report._summary import Summary


#: Districts of a task that are on the first screen of a telephone, and those listed at all.
_FIRST, _LISTED = 5, 60
#: Fewer districts than this can be told apart in any case.
_FEWEST = 2
#: Sentences on what is behind, and names in the one on what is met.
_MOST = 3
_BEHIND = ("behind", "overdue")
#: Kinds of errors that stand at the top of the page.
_MOST_ERRORS = 5
#: Which note says how an error is mended.
_HINTS = {"CODE_UNKNOWN": "CODE_OWN_WORDS"}
#: Rank of findings from which on they are no errors.
_WARNING = 2
#: Other figures of a layer that stand beside a task.
_RELATED = 6


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
        "marks": mark_key((task["status"], task["status_name"]) for task in tasks),
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
    bounds = bounds_text(results, row)
    if pd.notna(row.attainment) and not (bounds and row.status == "not_available"):
        if figure.direction == "down":
            against.append(against_start(words, row))
        elif figure.level:
            against.append(against_target(words, row))
        else:
            against.append(words("attained", share=percent(row.attainment)))
    if pd.notna(row.expected_share):
        against.append(against_pace(words, row.attainment, row.expected_share))
    if bounds:
        against.append(bounds)
    zones = _zones(results, row, fitted)
    return {
        "key": key,
        "first": False,
        "figure": row.Index,
        "name": name,
        "status": row.status,
        "status_name": words.name("status", status_shown(row.status, row.expected, row.target)),
        "distance": in_points(row.distance),
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
    rows = results.standing(row.Index)
    rows = rows[rows["attainment"].notna()]
    if zones is None:
        return out
    table, unsure = rows[rows["distance"].notna()], int(_unsure(rows).sum())
    said = _zones_sentence(results, row, table, len(table) + unsure) if len(table) else ""
    parts = [out, said, words("zones_unsure", n=unsure) if unsure else ""]
    return words("gap").join(part for part in parts if part)


def _unsure(rows: pd.DataFrame) -> pd.Series:
    """Which rows have a value, but records that are not known leave their status open."""
    return rows["status"].eq("not_available") & rows["value"].notna()


def _zones_sentence(results: Summary, row: Any, table: pd.DataFrame, of: int) -> str:
    """Say which of the districts, ``of`` in all, hold a task back; nothing of those not judged."""
    words = results.words
    figure, names = results.figures.figures[row.Index], results.zone_names
    rose = table[table["attainment"] < 0]
    if figure.direction == "down" and len(rose):
        listed = words.listed([str(names.get(z, z)) for z in rose["zone_code"].iloc[:3]])
        key = "zones_rose" if len(rose) <= 3 else "zones_rose_more"
        return words(key, names=listed, n=len(rose))
    behind = table[table["status"].isin(["behind", "overdue"])]
    if behind.empty and len(table) < of:
        return ""
    if behind.empty:
        key = "zones_none_level" if figure.level else "zones_none"
        return words(key, of=of)
    key = "zones_all" if len(behind) == of else "zones_behind"
    key += "_level" * figure.level
    points, most = (behind["distance"] * -100).round(1), ""
    # Where several are furthest behind, none is named.
    if (points == points.iloc[0]).sum() == 1:
        code = behind["zone_code"].iloc[0]
        name = str(names.get(code, code))
        most = words("zone_most", name=name, points=f"{points.iloc[0]:,.1f}")
    return words(key, n=len(behind), of=of, most=most)


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
    words, table = results.words, results.standing(row.Index)
    table = table[table["value"].notna()]
    by_distance = bool((table["distance"].notna() | _unsure(table)).any())
    if not by_distance:
        table = table.sort_values("value", ascending=False, kind="stable")
    if table.empty or not (by_distance or table["value"].gt(0).any()):
        return None
    level = results.figures.figures[row.Index].level
    place = {str(zone): k for k, zone in enumerate(results.city.zones.index)}
    known = _known(results, row.Index)
    top, steps = nice_ceiling(float(known.max())), ladder(row.unit)
    last = results.last[results.last["indicator"].eq(row.Index)].set_index("zone_code")["months"]
    groups = _group_names(results)
    rows: list[dict[str, Any]] = []
    kinds = ["q-none"] * len(place)
    numbers, tips = [""] * len(place), [str(n) for n in results.zone_names]
    scale = results.scales[row.Index]
    for at in table.itertuples():
        code = str(at.zone_code)
        name = str(results.zone_names.get(at.zone_code, code))
        amount = known_amount(words, scale, at)
        shown = in_points(at.distance) if by_distance else scale.text(at.value)
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
                "amount": words("of_level" if level else "of_amount", value=amount,
                                target=scale.amount(at.target))
                if by_distance and at.target else amount if by_distance else "",
                "note": note,
                "rest": len(rows) >= _FIRST,
            }
        )  # fmt: skip
        k = place.get(code)
        if k is not None:
            kinds[k] = (
                below_due(at.distance) if by_distance else steps.colors[int(steps.index(at.value))]
            )
            if pd.notna(at.distance) or not by_distance:
                numbers[k] = _on_map(100 * at.distance) if by_distance else shown
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
        "flat": _flat(words, table["distance"] if by_distance else None, kinds, len(rows)),
        "legend": _legend(words, kinds, level, bool(_unsure(table).any()))
        if by_distance
        else _value_legend(words, kinds, steps, known, scale),
        "marks": mark_key((row["status"], row["status_name"]) for row in rows[:_LISTED])
        if by_distance
        else [],
        "ordered": words("task_zones") if table["distance"].notna().any() else words("district"),
        "head": words("points_word") if by_distance else scale.unit,
        "rows": rows[:_LISTED],
        "more": words("rows_more", n=len(rows) - _LISTED) if len(rows) > _LISTED else "",
        "all": words("all_zones", n=min(len(rows), _LISTED)) if len(rows) > _FIRST else "",
        "note": "" if by_distance else words("zones_untargeted"),
    }


def _flat(words: Any, distance: pd.Series | None, kinds: list[str], n: int) -> str:
    """Say of a map in one colour that it is, and what tells its districts apart."""
    if n < _FEWEST or len({kind for kind in kinds if kind != "q-none"}) != 1:
        return ""
    if distance is None or distance.isna().any():
        return words("map_flat")
    low, high = (in_points(d) for d in (distance.min(), distance.max()))
    if low == high:
        return words("map_alike", n=n, low=low)
    return words("map_flat_span", n=n, low=low, high=high)


def _on_map(points: float) -> str:
    """Write points from pace as there is room for on a small map: of less than one, its tenth.

    Examples
    --------
    >>> _on_map(-34.2), _on_map(0.42), _on_map(0)
    ('−34', '+0.4', '0')
    """
    digits = 0 if abs(points) >= 0.95 else 1
    return "0" if abs(points) < 0.05 else f"{points:+.{digits}f}".replace("-", "−")


def _known(results: Summary, figure: str) -> pd.Series:
    """Return the values of a figure in districts on all days of the year."""
    series = results.table if results.series.empty else results.series
    rows = series["indicator"].eq(figure) & series["level"].eq("district")
    return series.loc[rows, "value"].dropna()


def _group_names(results: Summary) -> dict[str, str]:
    """Return the name of each district's group, none where there is one group alone."""
    groups = zone_groups(results.city.zones)
    if groups.nunique() < 2:
        return {}
    return {str(zone): results.words.name("group", group) for zone, group in groups.items()}


def _legend(words: Any, kinds: list[str], level: bool, unsure: bool) -> list[tuple[str, str]]:
    out = below_classes(words, "class_not_below_level" if level else "class_not_below")
    return _with_none(words, kinds, out, "class_unsure" if unsure else "class_none")


def _value_legend(
    words: Any, kinds: list[str], steps: Ladder, known: pd.Series, scale: Scale
) -> list[tuple[str, str]]:
    """Return the classes of a unit, from the lowest to the highest of all days of the year."""
    index = steps.index(known)
    shown = slice(int(index.min()), int(index.max()) + 1)
    labels = [label.replace(" – ", "–") for label in steps.labels(scale)[shown]]
    return _with_none(words, kinds, [*zip(steps.colors[shown], labels, strict=True)])


def _with_none(
    words: Any, kinds: list[str], classes: list[tuple[str, str]], none: str = "class_none"
) -> list[tuple[str, str]]:
    return [*classes, ("q-none", words(none))] if "q-none" in kinds else classes


def _why(results: Summary, row: Any) -> dict[str, Any] | None:
    """Return what moved the layer of a figure since the start of the year, and what is overdue."""
    words = results.words
    campaign = next((c for c in results.campaigns if c.layer == row.layer), None)
    if campaign is None or campaign.flow is None:
        return _related(results, row)
    table = campaign.flow
    total = table[table["row_kind"].eq("total") & table["quantity"].eq("count")]
    if total.empty or total["opening"].isna().all():
        return _related(results, row)
    flow = total.iloc[0]
    signs = {"opening": "", "found": "+", "relapsed": "+", "closed": "−", "dismissed": "−",
             "closing": "="}  # fmt: skip
    steps = [
        {
            "sign": sign,
            "name": words(f"flow_{name}"),
            "value": told(flow[name]),
        }
        for name, sign in signs.items()
    ]
    ages = campaign.ages
    if ages is not None:
        late = ages.loc[ages["n"] > 0, "n_overdue"]
        overdue = told(late.sum(min_count=min(len(late), 1)))
        steps.append({"sign": "", "name": words("overdue_cases"), "value": overdue})
    counter = results.city.specs[row.layer].counter
    title = words("why", name=results.layer_name(row.layer), counter=counter)
    return {"title": title, "steps": steps, "note": ""}


def _related(results: Summary, row: Any) -> dict[str, Any]:
    """Return what other figures say of the layer of one, or that nothing is known of it.

    They are the numbers without a target of all records: what came up or was done in the year, and
    what is in a state at the date.
    """
    words, steps = results.words, []
    rows = results.headline
    rows = rows[rows["layer"].eq(row.layer) & rows["target"].isna() & rows["value"].notna()]
    for at in rows.itertuples():
        value = results.figures.figures[str(at.Index)].value
        if value is None or value.where or not (value.state or value.kind == "flow"):
            continue
        amount = on_one_line(results.scales[str(at.Index)].amount(at.value))
        steps.append({"sign": "", "name": words.named(at), "value": amount})
    name = results.layer_name(row.layer)
    if not steps:
        return {"title": words("why_alone"), "steps": [], "note": words("why_unknown")}
    return {"title": words("why_related", name=name), "steps": steps[:_RELATED], "note": ""}


def _need(results: Summary, row: Any) -> dict[str, Any] | None:
    """Return what each month must bring as numbers, beside what this month did."""
    if row.Index not in results.need.index:
        return None
    words, scale, need = results.words, results.scales[row.Index], results.need.loc[row.Index]
    outlook = results.outlook
    outlook = outlook[outlook["level"].eq("city") & outlook["indicator"].eq(row.Index)].iloc[0]
    brought, used = need["brought"], outlook["months_used"]
    parts = [
        (words("remaining"), scale.amount(outlook["remaining"]), None),
        (words("needed_by", by=by_day(results, need["deadline"])), scale.amount(need["needed"]),
         need["needed"]),
        (words("brought_month"), scale.amount(brought) or NONE, brought),
        (words("pace_of", n=int(used)) if used > 0 else words("pace_month"),
         scale.amount(outlook["pace_per_month"]) or NONE,
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
    return {"items": items, "times": times, "more": bool(need["times"] >= 1)}


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
    if table[["previous", "year_ago"]].isna().all(axis=None):
        # One month alone is beside nothing.
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
            cells.append(scale.text(before) or NONE)
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
        return NONE
    if unit == "ratio":
        return in_points(change)
    text = ("+" if change > 0 else "") + scale.text(change)
    text = text.replace("-", "−")
    return text if pd.isna(ratio) else (text, f"{ratio * 100:+.1f}%".replace("-", "−"))


def reporting(results: Summary) -> str:
    """Say whether each district that is to report has records, and where the two differ.

    Those are to report of a layer that have a target in one of its figures, or a figure in what was
    reported: nothing else that a city says names them.
    """
    words, parts, full = results.words, [], True
    due = _due_to_report(results)
    for layer in results.layers:
        zones = due.loc[due["layer"].eq(layer.spec.key), "zone_code"].unique()
        counts = layer.totals["count"].rename(index=str).reindex(zones)
        silent = [str(results.zone_names.get(z, z)) for z in counts[counts.eq(0)].index]
        if silent:
            full = False
            name = words.named(layer.spec)
            parts.append(words("data_silent", names=words.listed(silent), layer=name))
    if len(due) and full:
        parts.append(words("data_full", n=due["zone_code"].nunique()))
    rows = reported_rows(results)
    if len(rows):
        n = int(differing(rows).sum())
        parts.append(words("data_differ", n=n) if n else words("data_agree"))
    return words("sentence", text=capital(words.joined(parts))) if parts else ""


def _due_to_report(results: Summary) -> pd.DataFrame:
    """Return the pairs of layer and district of which records are due."""
    columns = ["layer", "zone_code"]
    if not results.city.has_zones:
        return pd.DataFrame(columns=columns)
    aimed, told = results.standings, results.city.reported_figures
    told = told[told["zone"].isin(results.city.zones.index.astype("str"))]
    figures = results.figures.figures
    told = told[told["figure"].isin(list(figures))]
    layers = [figures[name].layer for name in told["figure"]]
    told = pd.DataFrame({"layer": layers, "zone_code": told["zone"].to_numpy()})
    return pd.concat([aimed.loc[aimed["target"].notna(), columns], told]).drop_duplicates()


def completeness(results: Summary) -> str:
    """Say in one line which data there is: layers, records read and rejected, days."""
    words, ledger = results.words, results.city.ledger
    parts = [words("data_layers", n=int((ledger["n_accepted"] > 0).sum()))]
    if empty := int((ledger["n_accepted"] == 0).sum()):
        parts.append(words("data_empty", n=empty))
    read, rejected = (f"{int(ledger[name].sum()):,}" for name in ("n_records", "n_rejected"))
    parts.append(words("data_records", read=read, rejected=rejected))
    if wrong := errors_view(results):
        parts.append(words("data_wrong", n=wrong["n"]))
    parts.append(unlocated_text(results, results.layers))
    days = pd.to_datetime(ledger["data_date"]).dropna()
    if days.empty:
        parts.append(words("no_date"))
    else:
        first, last = (f"{day:%Y-%m-%d}" for day in (days.min(), days.max()))
        parts.append(words("data_day" if first == last else "data_days", first=first, last=last))
        if without := len(ledger) - len(days):
            parts.append(words("data_undated", n=without))
    return words("sentence", text=words.joined(parts))


def errors_view(results: Summary) -> dict[str, Any] | None:
    """Return what is wrong with the data, kind by kind: how many, of what, and what to do."""
    words, groups = results.words, results.finding_groups
    wrong = groups[groups["rank"] < _WARNING]
    if wrong.empty:
        return None
    rows = []
    for row in wrong.head(_MOST_ERRORS).itertuples():
        hints = groups[groups["layer"].eq(row.layer) & groups["code"].eq(_HINTS.get(row.code))]
        places = words("errors_places", places=row.examples) if row.examples else ""
        rows.append(
            {
                # What is about a layer as a whole says itself how much of it is meant.
                "head": words(
                    "errors_head" if row.count > 1 else "errors_of",
                    layer=row.layer,
                    n=f"{row.count:,}",
                ),
                "text": words("sentence", text=f"{row.message}{places}"),
                "remedy": words.joined(list(hints["message"])),
            }
        )
    more = len(wrong) - len(rows)
    key = "errors_next_public" if results.release == "public" else "errors_next"
    return {
        "n": f"{int(wrong['count'].sum()):,}",
        "lead": words("errors_lead", n=f"{int(wrong['count'].sum()):,}"),
        "rows": rows,
        "next": (words("errors_more", n=more) if more else "") + words(key),
        "link": words("errors_link"),
    }


def sentences(results: Summary) -> list[dict[str, str]]:
    """Say in a sentence each what is furthest behind, and in one what is met or ahead."""
    words, rows = results.words, results.tasks
    behind = rows[rows["status"].isin(_BEHIND)]
    out = [
        {"status": row.status, "text": results.words("sentence", text=task_text(results, row))}
        for row in behind.head(_MOST).itertuples()
    ]
    for status in ("met", "ahead"):
        ahead = rows[rows["status"] == status].iloc[::-1]
        if len(ahead):
            names = [
                words(
                    "named_value",
                    name=words.midway(words.named(row)),
                    value=_amount(results, row, row.value),
                )
                for row in ahead.head(_MOST).itertuples()
            ]
            key = f"sentence_{status}" if len(ahead) <= _MOST else f"sentence_{status}_more"
            out.append(
                {"status": status, "text": words(key, n=len(ahead), names=words.listed(names))}
            )
    return out


def task_text(results: Summary, row: Any) -> str:
    """Say what a figure is, how far from what is due, and what each month must bring."""
    words = results.words
    parts = _against(results, row)
    if pd.notna(row.expected_share):
        parts.append(against_pace(words, row.attainment, row.expected_share))
    text = words("comma").join(parts)
    if row.status == "not_available" and row.unknown > 0:
        text += words("task_unsure", n=f"{row.unknown:,.0f}")
    if row.Index in results.need.index:
        text += need_text(results, str(row.Index))
    return text


def need_text(results: Summary, figure: str) -> str:
    """Say what each month must bring, and how many times this month's that is."""
    words, need = results.words, results.need.loc[figure]
    down = results.figures.figures[figure].direction == "down"
    scale = results.scales[figure]
    text = words(
        "sentence_fall" if down else "sentence_needed",
        by=by_day(results, need["deadline"]),
        needed=on_one_line(scale.amount(need["needed"])),
    )
    if results.as_of is None or pd.isna(need["brought"]):
        return text
    month = words("in_month", m=results.as_of.month, month=f"{results.as_of:%B}")
    brought = on_one_line(scale.amount(abs(need["brought"])))
    if pd.notna(need["times"]):
        if brought == on_one_line(scale.amount(need["needed"])):
            return text + words("sentence_alike", month=month, brought=brought)
        if need["times"] < 1:
            return text + words("sentence_less", month=month, brought=brought)
        times = f"{need['times']:.1f}" if need["times"] < 100 else f"{need['times']:,.0f}"
        return text + words("sentence_times", month=month, brought=brought, times=times)
    if need["brought"] > 0:
        key = "sentence_so_far"
    elif need["brought"] < 0:
        key = "sentence_rose" if down else "sentence_back"
    else:
        key = "sentence_idle"
    return text + words(key, month=month, brought=brought)


def by_day(results: Summary, day: pd.Timestamp) -> str:
    """Say by when, as one says it: the end of a month, of the year, else the day."""
    words = results.words
    same_year = results.as_of is not None and day.year == results.as_of.year
    key = "by_day" if day.day != day.days_in_month else "by_month"
    if same_year and (day.month, day.day) == (12, 31):
        key = "by_year"
    year = "" if same_year else words("by_in_year", y=day.year)
    return words(key, year=year, y=day.year, m=day.month, d=day.day, month=f"{day:%B}")


def _against(results: Summary, row: Any) -> list[str]:
    """Say what a figure is and what that is of its target, without a share of a share."""
    words, figure = results.words, results.figures.figures[str(row.Index)]
    target = _amount(results, row, row.target)
    is_flow = not figure.level and figure.direction != "down"
    bounds = bounds_text(results, row)
    if is_flow and not row.value and not bounds:
        return [words("of_target_nothing", name=words.named(row), target=target)]
    if bounds and row.status == "not_available":
        named = words("named_value", name=words.named(row), value=bounds)
        return [named, words("unsure_target", target=target)]
    value = _amount(results, row, row.value) + (words("bracket", text=bounds) if bounds else "")
    said = words("named_value", name=words.named(row), value=value)
    if row.status == "not_comparable":
        reason = words.listed(reasons_of(row, words, results.figures))
        return [said, words("not_compared", reason=reason)]
    if pd.isna(row.attainment) or (figure.level and not row.target):
        key = status_shown(row.status, row.expected, row.target)
        return [said, words.name("status", key)]
    if is_flow:
        return [said, words("of_target", target=target, share=percent(row.attainment))]
    return [said, against_target(words, row) if figure.level else against_start(words, row)]


def bounds_text(results: Summary, row: Any) -> str:
    """Say between what a value lies, where records are not known; nothing where all are."""
    if not row.unknown > 0 or pd.isna(row.low) or row.low == row.high:
        return ""
    key = "known_from" if pd.isna(row.high) else "known_between"
    low, high = (_amount(results, row, end) for end in (row.low, row.high))
    return results.words(key, low=low, high=high)


def known_amount(words: Any, scale: Scale, row: Any) -> str:
    """Write a value, or between what it lies where records that are not known leave it open."""
    if row.status != "not_available" or pd.isna(row.low):
        return scale.amount(row.value)
    if pd.isna(row.high):
        return words("known_from", low=scale.amount(row.low))
    return words("known_span", low=scale.parts(row.low)[0], high=scale.amount(row.high))


def _amount(results: Summary, row: Any, value: Any) -> str:
    return on_one_line(results.scales[str(row.Index)].amount(value))


def targets_view(results: Summary) -> dict[str, Any] | None:
    """Return the table of the figures with targets, the furthest behind first."""
    words, rows = results.words, []
    table = results.tasks
    if table.empty:
        return None
    for row in table.itertuples():
        figure = results.figures.figures[str(row.Index)]
        down, name = figure.direction == "down", words.named(row)
        status = words.name("status", status_shown(row.status, row.expected, row.target))
        if row.status == "not_comparable":
            status = words.joined(reasons_of(row, words, results.figures))
        bar = ""
        if pd.notna(row.attainment) and not figure.level:
            label = words("bar_label_plain", name=name, share=percent(row.attainment))
            bar = attainment_bar(row.attainment, row.expected_share, row.status, label)
        rows.append(
            {
                "name": name,
                "value": _amount(results, row, row.value),
                "target": words("none_left") if down and not row.target
                else _amount(results, row, row.target),
                "share": "" if figure.level else percent(row.attainment),
                "bar": bar,
                "distance": in_points(row.distance),
                "status": row.status,
                "status_name": status,
                "deadline": told(row.deadline, "%Y-%m-%d"),
                "needed": _amount(results, row, results.need["needed"].get(row.Index)) or NONE,
            }
        )  # fmt: skip
    without = results.headline
    without = without[without["target"].notna() & without["value"].isna()]
    names = [words.named(row) for row in without.itertuples()]
    note = words("targets_without", n=len(names), names=words.listed(names)) if names else ""
    return {"rows": rows, "note": note}


def domain_line(domain: dict[str, Any]) -> dict[str, Any] | None:
    """Return the main figure of a layer: that with a target furthest behind, else its first."""
    held = [card for card in domain["cards"] if pd.notna(card["distance"])]
    if held:
        return min(held, key=lambda card: card["distance"])
    return next(iter([*domain["cards"], *domain["facts"]]), None)


def section_lines(results: Summary, content: dict[str, Any]) -> dict[str, str]:
    """Say the main figure of each section that folds, in one line."""
    words, out = results.words, {}
    domains, first = content["domains"], content["outlook"] and content["outlook"]["rows"][0]
    n = sum(len(domain["cards"]) + len(domain["facts"]) for domain in domains)
    out["targets"] = content["verdict"]["lead"] + words.listed(
        [item["text"] for item in content["verdict"]["counts"]]
    )
    out["progress"] = words("line_progress", layers=len(domains), n=n)
    out["scoreboard"] = _scoreboard_line(results)
    if content["charts"]:
        out["monthly"] = words("line_figures", n=len(content["charts"]))
    if first:
        needed, pace = first["cells"][2:4]
        out["outlook"] = words("line_outlook", name=first["name"], needed=needed, pace=pace)
    for part in content["periods"][:1]:
        row = part["rows"][0]
        now, before = row["cells"][:2]
        out["periods"] = words(
            "line_periods", name=row["name"], head=part["heads"][0], now=now, before=before
        )
    if results.assessment:
        silent = sum(len(card.silent) for card in results.assessment.cards)
        units = sum(len(card.units) for card in results.assessment.cards)
        called = results.assessment.called
        fired = called[called["outcome"] == "fired"]["unit"].nunique() if len(called) else 0
        out["assessment"] = words("line_assessment", n=units - silent, called=fired)
    reached = [
        words("named_value", name=part["name"], value=total["people"] or total["area"])
        for part in content["coverage"] for total in part["rows"] if total["total"]
    ]  # fmt: skip
    out["coverage"] = words.joined(reached[:_MOST])
    rows = reported_rows(results)
    out["reported"] = words("line_reported", n=len(rows), differ=int(differing(rows).sum()))
    tables = [*content["supplies"], *content["at_hand"], *content["balances"]]
    for part in tables[:1]:
        head, cell = part["heads"][1], part["rows"][-1]["cells"][1]
        out["supply"] = words("comma").join([part["title"], f"{head} {cell}"])
    out["layers"] = words("line_layers", n=len(content["layers"]))
    rejected = int(results.city.ledger["n_rejected"].sum())
    out["quality"] = words("line_quality", rejected=f"{rejected:,}", n=content["findings"]["n"])
    if wrong := content["errors"]:
        out["quality"] += words("comma") + words("line_wrong", n=wrong["n"])
    return out


def _scoreboard_line(results: Summary) -> str:
    """Say in how many districts the figure furthest behind in the city is behind."""
    words, status = results.words, results.by_district("status")
    zones = [at for at in status.index if at in results.city.zones.index]
    for row in results.tasks.itertuples():
        if row.Index in status.columns:
            known = status.loc[zones, str(row.Index)]
            held = known[known.isin(COMPARED)]
            if len(held):
                n = int(held.isin(_BEHIND).sum())
                return words("line_scoreboard", name=words.named(row), n=n, of=len(held))
    return ""
