"""Parts of the page: figures of the whole city, tables by district, who is left out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._languages import packaged_table
from geo_citymgmt._numbers import NONE, Scale, format_value, on_one_line, percent, scale_for, told
from geo_citymgmt.figures._layers import NOT_YET, LayerSummary
from geo_citymgmt.figures._services import balances
from geo_citymgmt.figures._tables import MARGINS, zone_groups, zone_names
from geo_citymgmt.maps._labels import status_shown
from geo_citymgmt.report._drawings import (
    ABSENT,
    UNKNOWN,
    Pace,
    attainment_bar,
    pace_chart,
    share_bar,
    stacked_bar,
    state_looks,
)
from geo_citymgmt.report._findings import apart_text, ledger_table
from geo_citymgmt.report._summary import (
    Summary,
    plain_note,
    reasons_of,
    unavailable,
)
from geo_citymgmt.report._words import Words, counted_terms, state_label

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_citymgmt.report._summary import Summary


COMPARED = ("met", "ahead", "on_track", "behind", "overdue")
_MOST_COLUMNS = 9
_LONG = 40
#: Rank of findings that ask for nothing.
_NOTE = 3
#: Fewest days of which a course is drawn.
_COURSE = 2
#: Reasons that say nothing of what was reported.
_SILENT = ("no_target", "not_carried")


def verdict(results: Summary) -> dict[str, Any]:
    """Return how the figures stand in all: one line to be read first."""
    words = results.words
    n = results.headline["status"].value_counts().to_dict()
    n["not_available"] = len(unavailable(results))
    compared = int(sum(n.get(s, 0) for s in COMPARED))
    rest = [
        words(key, n=int(n[status]))
        for key, status in (
            ("verdict_incomparable", "not_comparable"),
            ("verdict_untargeted", "no_target"),
            ("verdict_unavailable", "not_available"),
        )
        # Where nothing has a target, that a figure has none says nothing of it.
        if n.get(status, 0) and (results.has_targets or status == "not_available")
    ]
    counts = []
    for status in (s for s in COMPARED if n.get(s, 0)):
        rows = results.headline[results.headline["status"] == status].itertuples()
        keys = pd.Series([status_shown(r.status, r.expected, r.target) for r in rows])
        for key, many in keys.value_counts().items():
            text = words("verdict_status", n=int(many), status=words.name("status", str(key)))
            counts.append({"status": status, "text": text})
    if compared:
        lead = words("verdict_lead", n=compared)
    elif results.has_targets:
        lead = words("verdict_none")
    else:
        known = int(results.headline["value"].notna().sum())
        lead = words("verdict_plain", n=known) if known else words("verdict_nothing")
    return {
        "lead": lead,
        "counts": counts,
        "rest": words("verdict_rest", parts=words.listed(rest)) if rest else "",
    }


def cards(results: Summary) -> list[dict[str, Any]]:
    """Return the domains with their figures: those with a target as cards, the rest as a list."""
    words, out = results.words, []
    rows = results.headline[results.headline["value"].notna()]
    for layer, block in rows.groupby("layer", sort=False):
        spec = results.city.specs[str(layer)]
        has_target = block["target"].notna()
        out.append(
            {
                "key": layer,
                "name": words.named(spec),
                "records": words.joined(
                    [
                        words("records_on", n=f"{len(results.city[str(layer)]):,}"),
                        unlocated_text(results, [s for s in results.layers if s.spec.key == layer]),
                    ]
                ),
                "cards": [_card(results, row) for row in block[has_target].itertuples()],
                "facts": [_fact(results, row) for row in block[~has_target].itertuples()],
            }
        )
    return out


def unlocated_text(results: Summary, layers: list[LayerSummary]) -> str:
    """Say how many records of the layers have no place, and how much they measure of how much."""
    words, n, measures = results.words, 0, []
    for layer in layers:
        at, total = layer.totals.loc["unlocated"], layer.totals.loc["total"]
        n += round(at["count"])
        if not at["count"] or layer.measure_label is None or pd.isna(at.get("measure")):
            continue
        zh, en, unit = layer.measure_label
        scale = scale_for([total["measure"]], unit, results.lang)
        amount = on_one_line(scale.text(at["measure"]))
        whole = on_one_line(scale.amount(total["measure"]))
        measures.append(
            words("unlocated_measure", label=words.of(zh, en), value=amount, total=whole)
        )
    told = words("bracket", text=words.listed(measures)) if measures else ""
    return words("data_unlocated", n=f"{n:,}", measures=told) if n else ""


def _fact(results: Summary, row: Any) -> dict[str, Any]:
    words = results.words
    scale = results.scales[row.Index]
    number, unit = scale.parts(row.value)
    parts = ""
    if row.unit == "ratio" and pd.notna(row.numerator):
        parts = words(
            "of_parts",
            numerator=format_value(row.numerator, "", results.lang),
            denominator=format_value(row.denominator, "", results.lang),
        )
    return {
        "name": words.named(row),
        "number": number,
        "unit": unit,
        "amount": scale.amount(row.value),
        "exact": scale.exact(row.value),
        "parts": parts,
        "note": plain_note(row, words, results.figures),
    }


def _card(results: Summary, row: Any) -> dict[str, Any]:
    words, scale = results.words, results.scales[row.Index]
    figure = results.figures.figures.get(row.Index)
    down = figure is not None and figure.direction == "down"
    level = figure is not None and figure.level
    target = scale.amount(row.target)
    due = "" if pd.isna(row.deadline) else words("deadline_on", date=f"{row.deadline:%Y-%m-%d}")
    if row.comparator == ">=":
        target = f"≥ {target}"
    elif row.comparator == ">":
        target = f"> {target}"
    card = _fact(results, row) | {
        "status": row.status,
        "status_name": words.name("status", status_shown(row.status, row.expected, row.target)),
        "target": _target_text(words, row, target, down),
        "target_value": scale.parts(row.target),
        "deadline": due,
        "bar": None,
        "attained": "",
        "expected": "",
        "reason": "",
        "distance": row.distance,
    }
    if row.status == "not_comparable":
        reasons = words.joined(reasons_of(row, words, results.figures))
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
    share = percent(expected)
    return words(key, n=f"{abs(points):,.1f}", share=share, share_in=words("share_in", share=share))


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


def _target_text(words: Words, row: Any, target: str, down: bool) -> str:
    """Say the target; a fall to nothing has a word of its own."""
    if down and row.target == 0:
        return words("target_zero")
    return words("target_down" if down else "target_of", value=target)


def pace_charts(results: Summary) -> list[dict[str, Any]]:
    """Return a chart for each figure that grows through the year and has something to show."""
    if results.series.empty or results.as_of is None:
        return []
    columns = ["indicator", "as_of", "value"]
    city = results.series.loc[results.series["level"] == "city", columns]
    known = city.dropna(subset=["value"]).sort_values("as_of", kind="stable")
    courses = dict(list(known.groupby("indicator")))
    compared: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for row in results.headline.itertuples():
        figure = results.figures.figures.get(str(row.Index))
        grows = (
            figure is not None
            and figure.value is not None
            and (
                figure.value.kind == "flow" or (figure.direction == "down" and pd.notna(row.target))
            )
        )
        points = courses.get(row.Index)
        # One day alone is no course.
        if not grows or pd.isna(row.value) or points is None or len(points) < _COURSE:
            continue
        if not points["value"].gt(0).any():
            continue
        chart = _chart(results, row, points)
        if pd.notna(row.attainment):
            compared.append(chart)
        elif row.published_id:
            others.append(chart)
    return compared + others


def _chart(results: Summary, row: Any, points: pd.DataFrame) -> dict[str, Any]:
    words, scale = results.words, results.scales[row.Index]
    figure = results.figures.figures[row.Index]
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
    values = [f"{day:%m-%d} {scale.amount(v)}" for day, v in line]
    name = words.named(row)
    drawn = Pace(
        name=name,
        description=words("chart_desc", name=name, points=words.listed(values)),
        points=line,
        expected=expected,
        now=scale.amount(row.value),
        # To nothing in few letters: they stand between the point and the edge of the chart.
        goal=_target_text(words, row, scale.amount(row.target), opening > row.target)
        if row.target
        else words("goal_zero"),
        months=month_names(results.lang),
        divisor=scale.divisor,
        status=row.status if expected else "no_target",
    )
    svg = pace_chart(drawn)
    return {"figure": row.Index, "name": name, "unit": scale.unit, "svg": svg, "status": row.status}


def month_names(lang: str) -> list[str]:
    """Return short names of the months."""
    if lang == "zh":
        return [f"{k}月" for k in range(1, 13)]
    return ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def board(results: Summary) -> dict[str, Any] | None:
    """Return the districts by figure: those held against targets, and the other numbers."""
    if not (results.city.has_zones and results.table["level"].eq("district").any()):
        return None
    wide = results.by_district()
    figures = results.figures.figures
    listed = [n for n in wide.columns if n in results.headline.index and n in figures]
    listed = [n for n in listed if figures[n].adds_up or figures[n].numerator is not None]
    attained = results.by_district("attainment")
    zones = [at for at in wide.index if at not in MARGINS]
    aimed = [n for n in listed if attained.loc[zones, n].notna().any()]
    plain = [n for n in listed if n not in aimed and wide.loc[zones, n].fillna(0).ne(0).any()]
    if not aimed and not plain:
        return None
    shown = _board(results, wide, aimed, against_targets=True) if aimed else None
    return {
        "lead": _board_lead(results),
        "aimed": shown,
        "marks": mark_key(
            (cell["status"], cell["status_name"]) for cell in _board_cells(shown) if cell["share"]
        )
        if shown
        else [],
        "plain": _numbered(
            results, [_further(results, wide, part) for part in _split(results, plain)]
        ),
    }


def _board_cells(shown: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [row for block in shown["blocks"] for row in block["rows"]] + shown["margins"]
    return [cell for row in rows for cell in row["cells"]]


def mark_key(marked: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return what each mark means: the names by which its status goes, in the order of statuses.

    Examples
    --------
    >>> mark_key([("behind", "低于时序进度"), ("met", "已完成目标"), ("behind", "未达目标")])
    [('met', '已完成目标'), ('behind', '低于时序进度 / 未达目标')]
    """
    names: dict[str, dict[str, None]] = {}
    for status, name in marked:
        names.setdefault(status, {})[name] = None
    order = list(packaged_table("geo_citymgmt", "terms.toml")["status"])
    return [(status, " / ".join(names[status])) for status in sorted(names, key=order.index)]


def _board_lead(results: Summary) -> str:
    """Say how the districts are counted, and which groups of them stand apart."""
    words, present = results.words, set(zone_groups(results.city.zones))
    groups = [name for key, name in words.names("group").items() if key in present]
    if len(groups) < 2:
        return words("scoreboard_lead")
    listed = words("and_word").join([words.listed(groups[:-1]), groups[-1]])
    for name in groups[1:]:
        listed = listed.replace(name, words.midway(name))
    return words("scoreboard_groups", groups=listed)


def _split(results: Summary, chosen: list[str]) -> list[list[str]]:
    """Part figures, domain by domain, into tables that fit a page."""
    layers = results.headline["layer"]
    out: list[list[str]] = []
    for layer in dict.fromkeys(layers[name] for name in chosen):
        names = [name for name in chosen if layers[name] == layer]
        if out and len(out[-1]) + len(names) <= _MOST_COLUMNS:
            out[-1] += names
        else:
            pieces = -(-len(names) // _MOST_COLUMNS)
            size = -(-len(names) // pieces)
            out += [names[k : k + size] for k in range(0, len(names), size)]
    return out


def _numbered(results: Summary, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tell tables of one title apart by a number, to those who listen too."""
    titles = [part["title"] for part in parts]
    for k, title in enumerate(titles):
        if (of := titles.count(title)) > 1:
            number = f"{titles[: k + 1].count(title)}/{of}"
            parts[k]["title"] = f"{title}{results.words('bracket', text=number)}"
    return parts


def _further(results: Summary, wide: pd.DataFrame, chosen: list[str]) -> dict[str, Any]:
    words = results.words
    layers = dict.fromkeys(results.headline.loc[chosen, "layer"])
    title = words("also_of", names=words.listed([results.layer_name(key) for key in layers]))
    return {"title": title} | _board(results, wide, chosen, against_targets=False)


def _board(
    results: Summary, wide: pd.DataFrame, chosen: list[str], *, against_targets: bool
) -> dict[str, Any]:
    words = results.words
    value, attained, status, expected, target = results.cells.values()
    names, group_of = results.zone_names, zone_groups(results.city.zones)
    groups, scales = results.subtotals, results.scales
    headers = [
        {"name": words.named(results.headline.loc[name]), "unit": scales[name].unit}
        for name in chosen
    ]

    def cells(at: str) -> list[dict[str, Any]]:
        out = []
        for name in chosen:
            code = str(status[name][at])
            share = attained[name][at] if against_targets else float("nan")
            cell = {
                "value": scales[name].text(value[name][at]),
                "share": percent(share),
                "status": code,
                "status_name": words.name(
                    "status", status_shown(code, expected[name][at], target[name][at])
                ),
                "bar": share_bar(float(share), code) if pd.notna(share) else "",
            }
            if results.figures.figures[name].level and pd.notna(share):
                # A level is kept or not: a share of a share says nothing.
                cell |= {"share": cell["status_name"], "bar": ""}
            out.append(cell)
        return out

    blocks = []
    for group in groups.index:
        members = [at for at in wide.index if at in group_of.index and group_of[at] == group]
        block: dict[str, Any] = {
            "name": words.name("group", group) if len(groups) > 1 else "",
            "rows": [{"name": str(names[at]), "cells": cells(at)} for at in members],
            "subtotal": [],
        }
        if len(groups) > 1 and len(members) > 1:
            block["subtotal"] = [scales[n].text(groups.loc[group, n]) for n in chosen]
            block["subtotal_name"] = words("subtotal", group=words.name("group", group))
        blocks.append(block)
    margins = [
        {"name": words(m), "cells": cells(m), "total": m == "total"}
        for m in MARGINS
        if m in wide.index
    ]
    # A table longer than a screen or two scrolls in its place.
    many = sum(len(block["rows"]) for block in blocks) > _LONG
    return {"heads": headers, "blocks": blocks, "margins": margins, "long": many}


def coverage_tables(results: Summary) -> list[dict[str, Any]]:
    """Return what each service reaches, district by district."""
    words, out = results.words, []
    names = results.zone_names
    for reach in results.services:
        spec = results.city.specs[reach.service.layer]
        name = words.named(spec)
        rows = []
        if reach.demand:
            residents = scale_for(reach.table["demand"], "persons", results.lang)
        for row in reach.table[reach.table["row_kind"].isin(["zone", "total"])].itertuples():
            people = ""
            if reach.demand:
                number, unit = residents.parts(row.demand)
                covered = residents.parts(row.demand_covered)[0]
                people = words("people_of", covered=covered, all=number, unit=unit)
            rows.append(
                {
                    "name": words("total") if row.row_kind == "total" else str(names[row.Index]),
                    "total": row.row_kind == "total",
                    "area": percent(row.coverage),
                    "area_bar": share_bar(float(row.coverage), "area-share"),
                    "people": percent(row.demand_coverage) if reach.demand else "",
                    "people_bar": share_bar(float(row.demand_coverage), "people-share")
                    if reach.demand and pd.notna(row.demand_coverage)
                    else "",
                    "people_of": people,
                }
            )
        out.append(
            {
                "name": words("within", name=name, radius=f"{reach.service.radius_m:,.0f}"),
                "demand": reach.demand,
                "rows": rows,
                "terms": words.joined(_coverage_terms(results, reach)),
            }
        )
    return out


def _coverage_terms(results: Summary, reach: Any) -> list[str]:
    words, spec = results.words, results.city.specs[reach.service.layer]
    parts = counted_terms(reach, reach.service, spec, words)
    parts.append(words("exact_points" if reach.exact else "near_shapes"))
    if not reach.demand:
        parts.append(words("no_demand"))
    return parts


def layer_cards(results: Summary) -> list[dict[str, Any]]:
    """Return each layer with its size and its composition by state."""
    if not results.layers:
        # A city of outlines and roads alone.
        return [_plain_card(results, key, len(results.city[key])) for key in results.city]
    return [_layer_card(results, layer) for layer in results.layers]


def _plain_card(results: Summary, key: str, count: int) -> dict[str, Any]:
    return {
        "key": key,
        "name": results.layer_name(key),
        "records": results.words("layer_records", n=f"{count:,}"),
        "measure": "",
        "unlocated": apart_text(results.city, key, results.words),
        "field": "",
        "bar": "",
        "states": [],
    }


def _layer_card(results: Summary, layer: LayerSummary) -> dict[str, Any]:
    words, lang, spec = results.words, results.lang, layer.spec
    total = layer.totals.loc["total"]
    measure = layer.measure_label if "measure" in layer.totals.columns else None
    card = _plain_card(results, spec.key, round(total["count"]))
    card["unlocated"] = unlocated_text(results, [layer])
    if measure is not None:
        label = words.of(measure[0], measure[1])
        scale = scale_for(layer.totals["measure"], measure[2], lang)
        card["measure"] = f"{label} {scale.amount(total['measure'])}"
    if layer.by_state is None:
        return card | {"field": words("no_state") if spec.state_field else ""}
    totals = layer.by_state.xs("total", level=0)
    by, scale = _reported_by(layer, lang)
    parts, states, looks = [], [], state_looks(spec)
    for code in layer.states:
        value = totals.loc[code, by]
        look = ABSENT if code == NOT_YET else looks.get(code, UNKNOWN)
        parts.append((look, float(value)))
        label = state_label(spec, code, words)
        share = float(value) / float(totals[by].sum()) if totals[by].sum() else 0.0
        amount = scale.amount(value)
        states.append({"name": label, "value": amount, "share": percent(share), "key": look.key})
    item = spec.fields[str(spec.state_field)]
    values = words.listed([f"{s['name']} {s['value']}" for s in states])
    between = ": " if lang == "en" else "："
    merged = [
        words(
            "state_merged",
            state=state_label(spec, code, words),
            others=words.listed([state_label(spec, other, words) for other in others]),
        )
        for code, others in layer.merged.items()
    ]
    return card | {
        "field": words.joined([words("by_state", field=words.label(item)), *merged]),
        "bar": stacked_bar(parts, f"{card['name']}{between}{values}"),
        "states": states,
    }


def _reported_by(layer: LayerSummary, lang: str) -> tuple[str, Scale]:
    """Return what a layer is told by and how: a network by its length, else by its records."""
    measure = layer.measure_label if "measure" in layer.totals.columns else None
    if layer.spec.split == "share" and measure is not None:
        return "measure", scale_for(layer.totals["measure"], measure[2], lang)
    return "count", scale_for(layer.totals["count"], "count", lang)


def layer_boards(results: Summary) -> list[dict[str, Any]]:
    """Return how many records of each layer lie in each district, in tables that fit a page."""
    # Without districts the cards above say it all.
    if not (results.layers and results.city.has_zones):
        return []
    pieces = -(-len(results.layers) // _MOST_COLUMNS)
    size = -(-len(results.layers) // pieces)
    title = results.words("layers_by_district")
    parts = [results.layers[k : k + size] for k in range(0, len(results.layers), size)]
    return _numbered(results, [{"title": title} | _layer_board(results, part) for part in parts])


def _layer_board(results: Summary, layers: list[LayerSummary]) -> dict[str, Any]:
    words, names = results.words, results.zone_names
    headers, columns = [], []
    for layer in layers:
        by, scale = _reported_by(layer, results.lang)
        columns.append([scale.text(value) for value in layer.totals[by]])
        headers.append({"name": words.named(layer.spec), "unit": scale.unit})
    rows = []
    for k, (at, kind) in enumerate(layers[0].totals["row_kind"].items()):
        if kind in ("outside", "unlocated") and not any(
            layer.totals.loc[str(at), "count"] for layer in layers
        ):
            continue
        name = words(str(kind)) if kind in MARGINS else str(names[at])
        cells = [column[k] for column in columns]
        rows.append({"name": name, "cells": cells, "kind": margin(str(kind))})
    return {"heads": headers, "rows": rows}


def margin(kind: str) -> str:
    """Return the class of a row that is no zone: it stays at the end of its table."""
    return "total" if kind == "total" else "margin" if kind in MARGINS else ""


def ledger_view(results: Summary) -> list[dict[str, Any]]:
    """Return the ledger, one row a layer."""
    table = ledger_table(results.city, results.lang)
    numbers = ("walked", "skipped", "accepted", "repaired", "rejected")
    rows = table.to_dict("records")
    for row, key in zip(rows, results.city.ledger["layer"], strict=True):
        row["apart"] = apart_text(results.city, key, results.words)
    return [row | {name: f"{row[name]:,}" for name in numbers} for row in rows]


def findings_view(results: Summary) -> dict[str, Any]:
    """Return the findings that ask for something, and apart from them the notes on reading."""
    words = results.words
    groups = results.finding_groups
    groups = groups.assign(
        severity_name=[words.name("severity", s) for s in groups["severity"]],
        n=[f"{n:,}" for n in groups["count"]],
        # That nothing was done is the rule, and said by saying nothing.
        action=groups["action"].replace(words.name("action", "none"), ""),
    )
    asking, notes = groups[groups["rank"] < _NOTE], groups[groups["rank"] == _NOTE]
    lead = "findings_lead_public" if results.release == "public" else "findings_lead"
    return {
        "n": f"{int(asking['count'].sum()):,}",
        "lead": words(lead, n=f"{int(asking['count'].sum()):,}"),
        "asking": asking.to_dict("records"),
        "notes": notes.to_dict("records"),
        "notes_title": words("findings_notes", n=len(notes)),
    }


def gap_views(results: Summary) -> list[dict[str, Any]]:
    """Return where the most residents are beyond the reach of each service."""
    words, city, out = results.words, results.city, []
    names = results.zone_names
    for reach in results.services:
        gaps = reach.gaps
        if gaps is None or gaps.empty:
            continue
        street = street_names(results, gaps.set_geometry(gaps.geometry.representative_point()))
        rows = [
            {
                "name": str(row.Index),
                "cells": [
                    (str(names.get(row.zone_code, row.zone_code)), str(street[row.Index])),
                    f"{row.demand:,.0f}",
                    f"{row.area_m2 / 1e6:,.1f}",
                    f"{row.distance_m:,.0f}",
                ],
                "kind": "",
            }
            for row in gaps.itertuples()
        ]
        spec = city.specs[reach.service.layer]
        name = words.named(spec)
        title = words("gaps_title", name=name, radius=f"{reach.service.radius_m:,.0f}")
        note = words("gaps_note", density=f"{reach.service.gap_per_km2:,.0f}")
        headers = ("place", "gap_people", "gap_km2", "gap_distance")
        view = plain_table(results, title, words("rank_word"), headers, rows, note)
        out.append(view | {"look": "ranked", "texts": (0,)})
    return out


def street_names(results: Summary, points: gpd.GeoDataFrame) -> pd.Series:
    """Return the street that each point lies in, empty where none has a name in the language."""
    out = pd.Series("", index=points.index, dtype="object")
    if "street" not in results.city.zones_by_level or points.empty:
        return out
    level = results.city.zones_at("street")
    if results.lang == "en" and "name_en" not in level.columns:
        return out
    index = results.facts.membership.index("street")
    codes = index.code_of(index.owner(points.geometry.to_numpy()), points.index)
    return codes.map(zone_names(level, results.lang)).fillna("")


def at_hand_views(results: Summary) -> list[dict[str, Any]]:
    """Return which share of places has a facility at hand, district by district."""
    words, out = results.words, []
    names = results.zone_names
    for each in results.at_hand:
        rows = []
        for row in each.table.to_dict("index").items():
            at, cells = row
            is_total = cells["row_kind"] == "total"
            texts = [f"{cells['count']:,.0f}"]
            texts += [percent(cells[f"share_{d:g}_m"]) or NONE for d in each.distances_m]
            far = cells["count"] - cells[f"within_{each.distances_m[-1]:g}_m"]
            name = words("total") if is_total else str(names.get(at, at))
            texts.append(f"{far:,.0f}")
            rows.append({"name": name, "cells": texts, "kind": "total" if is_total else ""})
        places = results.city.specs[each.places]
        title = words(
            "at_hand_title",
            places=words.named(places),
            what=_kinds(results, each),
        )
        view = plain_table(results, title, results.by_unit, ("places",), rows, "")
        view["heads"] += [words("within_m", d=f"{d:g}") for d in each.distances_m]
        view["heads"].append(words("beyond_m", d=f"{each.distances_m[-1]:g}"))
        out.append(view)
    return out


def supply_views(results: Summary) -> list[dict[str, Any]]:
    """Return what each layer holds for residents, district by district."""
    words, out = results.words, []
    names = results.zone_names
    for each in results.supplies:
        spec = results.city.specs[each.layer]
        item = spec.fields[each.amount]
        per = f"{each.per:,.0f}"
        rows = []
        for row in each.table.itertuples():
            is_total = row.row_kind == "total"
            cells = [
                told(row.amount),
                *(told(n, ",.1f") for n in (row.ratio, row.per_km2, row.access)),
                percent(row.without) or NONE,
            ]
            name = words("total") if is_total else str(names.get(row.Index, row.Index))
            rows.append({"name": name, "cells": cells, "kind": "total" if is_total else ""})
        label = words.label(item)
        what = _kinds(results, each)
        title = words("supply_title", name=what, amount=label)
        terms = [words("supply_terms", m=f"{each.catchment_m:,.0f}")]
        if pd.notna(each.gini):
            terms.append(words("gini", value=f"{each.gini:.3f}"))
        view = plain_table(results, title, results.by_unit, (), rows, words.joined(terms))
        view["heads"] = [
            label, words("per_head", per=per), words("per_km2"), words("access", per=per),
            words("without_any"),
        ]  # fmt: skip
        out.append(view)
    return out


def _kinds(results: Summary, each: Any) -> str:
    """Name the facilities: by the kinds that were chosen, else by their layer."""
    words, spec = results.words, results.city.specs[each.layer]
    for field, codes in each.kinds.items():
        known = spec.fields[field].codes
        return words.listed([words.label(known[c]) for c in codes])
    return words.named(spec)


def plain_table(
    results: Summary,
    title: str,
    first: str,
    headers: Any,
    rows: list[dict[str, Any]],
    note: str = "",
    *,
    unit: str = "",
) -> dict[str, Any]:
    """Return a table for the page: title, heads, rows of cells, what stands below it.

    ``texts`` are the columns that hold words, ``look`` the width of the first one; ``bar`` is drawn
    above. ``unit`` is of the numbers of a column that names one.
    """
    named = {"unit": unit} if unit else {}
    return {
        "title": title, "first": first, "heads": [results.words(h, **named) for h in headers],
        "rows": rows,
        "note": note, "bar": "", "texts": (), "look": "",
    }  # fmt: skip


def reported_rows(results: Summary) -> pd.DataFrame:
    """Return rows of progress with a reported value: the city's, and zones where the two differ.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> from geo_citymgmt.report._summary import summary
    >>> city = gcm.sample_city(layers=["illegal_construction"])
    >>> rows = reported_rows(summary(city, "2022-06-30"))
    >>> float(rows.set_index("indicator").loc["demolition_accidents", "reported"])
    0.0
    """
    table = results.table[results.table["reported"].notna()]
    return table[(table["row_kind"] == "total") | differing(table)]


def differing(table: pd.DataFrame) -> pd.Series:
    """Return in which rows what is reported is not what is computed."""
    return table["difference"].fillna(0).abs() > 1e-6 * table["reported"].abs()


def reported_view(results: Summary) -> dict[str, Any] | None:
    """Return the table of what is reported and what is computed, as text."""
    words, rows, known = results.words, [], results.figures.reasons
    for row in reported_rows(results).itertuples():
        pair = [row.value, row.reported]
        # Each as exactly as it was reported, or the difference would be one of rounding.
        scale = scale_for([v for v in pair if pd.notna(v)], row.unit, results.lang)
        total = row.row_kind == "total"
        where = words("total") if total else str(results.zone_names.get(row.zone_code, ""))
        numbers = [scale.text(v) or NONE for v in (*pair, row.difference)]
        reasons = [r for r in row.comparability.split(";") if r not in ("comparable", *_SILENT)]
        said = [known[r].of(results.lang) for r in reasons]
        source = words.joined([row.reported_source, *said])
        cells = [where, scale.unit, *numbers, row.reported_period, source]
        rows.append({"name": words.named(row), "cells": cells, "kind": ""})
    if not rows:
        return None
    heads = ["district", "unit", "computed", "reported_value", "reported_difference"]
    heads += ["reported_period", "reported_source"]
    return {
        "title": "", "first": words("indicator"), "heads": [words(h) for h in heads],
        "rows": rows, "note": words("reported_note"), "bar": "", "texts": (0, 1, 5, 6), "look": "",
    }  # fmt: skip


def balance_views(results: Summary) -> list[dict[str, Any]]:
    """Return the balances as tables for the page."""
    words, out = results.words, []
    for title, frame in balances(results.city, results.table):
        rows = [
            {
                "name": words("total") if code == results.city.code else results.zone_names[code],
                "cells": [f"{value:+,.0f}" if name == "balance" else f"{value:,.0f}"
                          for name, value in values.items()],
                "kind": "total" if code == results.city.code else "",
            }
            for code, values in frame.iterrows()
        ]  # fmt: skip
        heads = [words(f"balance_{name}") for name in frame.columns]
        out.append({
            "title": title.of(results.lang), "first": results.by_unit, "heads": heads, "rows": rows,
            "note": words("balance_note"), "bar": "", "texts": (), "look": "",
        })  # fmt: skip
    return out
