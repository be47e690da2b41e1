"""Tables of the page: districts, coverage, layers, ledger, findings."""

from __future__ import annotations

from typing import Any

import pandas as pd

from geo_citymgmt.formats import Scale, percent, scale_for
from geo_citymgmt.maps.terms import status_shown
from geo_citymgmt.report.charts import share_bar, stacked_bar
from geo_citymgmt.report.layer_summaries import NOT_YET, LayerSummary, state_label
from geo_citymgmt.report.quality import finding_groups, ledger_table
from geo_citymgmt.report.scoreboard import (
    MARGINS,
    adds_up,
    zone_groups,
    zone_names,
)
from geo_citymgmt.report.services import counted_terms
from geo_citymgmt.report.summary import Summary

__all__ = [
    "board",
    "coverage_tables",
    "findings_view",
    "layer_board",
    "layer_cards",
    "ledger_view",
]

_STATE_COLORS = 12
_MOST_COLUMNS = 9
_LONG = 40


def board(told: Summary) -> dict[str, Any] | None:
    """Return the districts by figure: those held against targets, and the other numbers."""
    if not (told.city.has_zones and told.table["level"].eq("district").any()):
        return None
    wide = told.by_district()
    figures = told.figures.figures
    shown = [n for n in wide.columns if n in told.headline.index and n in figures]
    shown = [n for n in shown if adds_up(figures[n]) or figures[n].numerator is not None]
    attained = told.by_district("attainment")
    zones = [at for at in wide.index if at not in MARGINS]
    aimed = [n for n in shown if attained.loc[zones, n].notna().any()]
    plain = [n for n in shown if n not in aimed and wide.loc[zones, n].fillna(0).ne(0).any()]
    if not aimed and not plain:
        return None
    return {
        "lead": _board_lead(told),
        "aimed": _board(told, wide, aimed, against_targets=True) if aimed else None,
        "plain": _numbered(told, [_further(told, wide, part) for part in _split(told, plain)]),
    }


def _board_lead(told: Summary) -> str:
    """Say how the districts are counted, and which groups of them stand apart."""
    words, present = told.words, set(zone_groups(told.city.zones))
    groups = [name for key, name in words.names("group").items() if key in present]
    if len(groups) < 2:
        return words("scoreboard_lead")
    listed = words("and_word").join([words.listed(groups[:-1]), groups[-1]])
    # English takes up the second group in the middle of its sentence.
    return words("scoreboard_groups", groups=_running(listed, groups, words.lang))


def _running(listed: str, groups: list[str], lang: str) -> str:
    if lang == "en":
        for name in groups[1:]:
            listed = listed.replace(name, name[:1].lower() + name[1:])
    return listed


def _split(told: Summary, chosen: list[str]) -> list[list[str]]:
    """Part figures, domain by domain, into tables that fit a page."""
    layers = told.headline["layer"]
    out: list[list[str]] = []
    for layer in dict.fromkeys(layers[name] for name in chosen):
        mine = [name for name in chosen if layers[name] == layer]
        if out and len(out[-1]) + len(mine) <= _MOST_COLUMNS:
            out[-1] += mine
        else:
            pieces = -(-len(mine) // _MOST_COLUMNS)
            size = -(-len(mine) // pieces)
            out += [mine[k : k + size] for k in range(0, len(mine), size)]
    return out


def _numbered(told: Summary, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tell tables of one title apart by a number, to those who listen too."""
    titles = [part["title"] for part in parts]
    for k, title in enumerate(titles):
        if (of := titles.count(title)) > 1:
            number = f"{titles[: k + 1].count(title)}/{of}"
            parts[k]["title"] = f"{title}{told.words('bracket', text=number)}"
    return parts


def _further(told: Summary, wide: pd.DataFrame, chosen: list[str]) -> dict[str, Any]:
    words = told.words
    specs = [told.city.specs[layer] for layer in dict.fromkeys(told.headline.loc[chosen, "layer"])]
    names = words.listed([words.of(spec.name_zh, spec.name_en) for spec in specs])
    title = words("also_of", names=names)
    return {"title": title} | _board(told, wide, chosen, against_targets=False)


def _board(
    told: Summary, wide: pd.DataFrame, chosen: list[str], *, against_targets: bool
) -> dict[str, Any]:
    words = told.words
    attained = told.by_district("attainment")
    status = told.by_district("status")
    expected, target = told.by_district("expected"), told.by_district("target")
    names, group_of = zone_names(told.city.zones, told.lang), zone_groups(told.city.zones)
    groups = told.subtotals
    scales, heads = told.scales, []
    for name in chosen:
        row = told.headline.loc[name]
        heads.append({"name": words.of(row["name_zh"], row["name_en"]), "unit": scales[name].unit})

    def cells(at: str) -> list[dict[str, Any]]:
        out = []
        for name in chosen:
            code = str(status.loc[at, name])
            share = attained.loc[at, name] if against_targets else float("nan")
            cell = {
                "value": scales[name].text(wide.loc[at, name]),
                "share": percent(share),
                "status": code,
                "status_name": words.name(
                    "status", status_shown(code, expected.loc[at, name], target.loc[at, name])
                ),
                "bar": share_bar(float(share), code) if pd.notna(share) else "",
            }
            if told.figures.figures[name].level and pd.notna(share):
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
    return {"heads": heads, "blocks": blocks, "margins": margins, "long": many}


def coverage_tables(told: Summary) -> list[dict[str, Any]]:
    """Return what each service reaches, district by district."""
    words, out = told.words, []
    names = zone_names(told.city.zones, told.lang)
    for reach in told.services:
        spec = told.city.specs[reach.service.layer]
        name = words.of(spec.name_zh, spec.name_en)
        rows = []
        if reach.demand:
            residents = scale_for(reach.table["demand"], "persons", told.lang)
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
                "terms": words.joined(_coverage_terms(told, reach)),
            }
        )
    return out


def _coverage_terms(told: Summary, reach: Any) -> list[str]:
    words, spec = told.words, told.city.specs[reach.service.layer]
    parts = counted_terms(reach, reach.service, spec, words)
    parts.append(words("exact_points" if reach.exact else "near_shapes"))
    if not reach.demand:
        parts.append(words("no_demand"))
    return parts


def layer_cards(told: Summary) -> list[dict[str, Any]]:
    """Return each layer with its size and its composition by state."""
    if not told.layers:
        return [_plain_card(told, key) for key in told.city]
    return [_layer_card(told, layer) for layer in told.layers]


def _plain_card(told: Summary, key: str) -> dict[str, Any]:
    """Return what a city of outlines and roads alone holds."""
    words, spec = told.words, told.city.specs[key]
    return {
        "key": key,
        "name": words.of(spec.name_zh, spec.name_en),
        "records": words("layer_records", n=f"{len(told.city[key]):,}"),
        "measure": "",
        "field": "",
        "bar": "",
        "states": [],
    }


def _layer_card(told: Summary, layer: LayerSummary) -> dict[str, Any]:
    words, lang, spec = told.words, told.lang, layer.spec
    total = layer.totals.loc["total"]
    measure = layer.measure_label if "measure" in layer.totals.columns else None
    size = ""
    if measure is not None:
        label = words.of(measure[0], measure[1])
        scale = scale_for(layer.totals["measure"], measure[2], lang)
        size = f"{label} {scale.amount(total['measure'])}"
    name = words.of(spec.name_zh, spec.name_en)
    card: dict[str, Any] = {
        "key": spec.key,
        "name": name,
        "records": words("layer_records", n=f"{round(total['count']):,}"),
        "measure": size,
        "field": "",
        "bar": "",
        "states": [],
    }
    if layer.by_state is None:
        return card | {"field": words("no_state") if spec.state_field else ""}
    whole = layer.by_state.xs("total", level=0)
    by, scale = _told_by(layer, lang)
    parts, states = [], []
    for k, code in enumerate(layer.states):
        value = whole.loc[code, by]
        color = "s-none" if code == NOT_YET else f"s{k % _STATE_COLORS}"
        parts.append((color, float(value)))
        label = state_label(spec, code, words)
        share = float(value) / float(whole[by].sum()) if whole[by].sum() else 0.0
        shown = scale.amount(value)
        states.append({"name": label, "value": shown, "share": percent(share), "color": color})
    item = spec.fields[str(spec.state_field)]
    said = words.listed([f"{s['name']} {s['value']}" for s in states])
    merged = [
        words(
            "state_merged",
            state=state_label(spec, code, words),
            others=words.listed([state_label(spec, other, words) for other in others]),
        )
        for code, others in layer.merged.items()
    ]
    return card | {
        "field": words.joined([words("by_state", field=words.of(item.zh, item.en)), *merged]),
        "bar": stacked_bar(parts, f"{name}: {said}" if lang == "en" else f"{name}：{said}"),
        "states": states,
    }


def _told_by(layer: LayerSummary, lang: str) -> tuple[str, Scale]:
    """Return what a layer is told by and how: a network by its length, else by its records."""
    measure = layer.measure_label if "measure" in layer.totals.columns else None
    if layer.spec.split == "share" and measure is not None:
        return "measure", scale_for(layer.totals["measure"], measure[2], lang)
    return "count", scale_for(layer.totals["count"], "count", lang)


def layer_board(told: Summary) -> dict[str, Any] | None:
    """Return how many records of each layer lie in each district."""
    words = told.words
    # Without districts the cards above say it all.
    if not (told.layers and told.city.has_zones):
        return None
    names = zone_names(told.city.zones, told.lang)
    heads, columns = [], []
    for layer in told.layers:
        spec, totals = layer.spec, layer.totals
        by, scale = _told_by(layer, told.lang)
        columns.append([scale.text(value) for value in totals[by]])
        heads.append({"name": words.of(spec.name_zh, spec.name_en), "unit": scale.unit})
    kinds = told.layers[0].totals["row_kind"]
    rows = []
    for k, (at, kind) in enumerate(kinds.items()):
        cells = [column[k] for column in columns]
        if kind in ("outside", "unlocated") and not any(
            layer.totals.loc[str(at), "count"] for layer in told.layers
        ):
            continue
        name = words(str(kind)) if kind in MARGINS else str(names[at])
        rows.append({"name": name, "cells": cells, "total": kind == "total"})
    return {"heads": heads, "rows": rows}


def ledger_view(told: Summary) -> list[dict[str, Any]]:
    """Return the ledger, one row a layer."""
    table = ledger_table(told.city, told.lang)
    numbers = ("walked", "skipped", "accepted", "repaired", "rejected")
    rows = table.to_dict("records")
    return [row | {name: f"{row[name]:,}" for name in numbers} for row in rows]


def _findings_lead(told: Summary) -> str:
    return "findings_lead_public" if told.release == "public" else "findings_lead"


def findings_view(told: Summary) -> dict[str, Any]:
    """Return the findings that ask for something, and apart from them the notes on reading."""
    words = told.words
    groups = finding_groups(told.city, told.lang)
    groups = groups.assign(
        severity_name=[words.name("severity", s) for s in groups["severity"]],
        n=[f"{n:,}" for n in groups["count"]],
    )
    asking, notes = groups[groups["rank"] < 3], groups[groups["rank"] == 3]
    return {
        "lead": words(_findings_lead(told), n=f"{int(asking['count'].sum()):,}"),
        "asking": asking.to_dict("records"),
        "notes": notes.to_dict("records"),
        "notes_title": words("findings_notes", n=len(notes)),
    }
