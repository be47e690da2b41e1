"""Where people are left out and what they have for themselves, as the page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt.formats import percent
from geo_citymgmt.report.scoreboard import zone_names
from geo_citymgmt.report.summary import Summary

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["at_hand_views", "gap_views", "plain_table", "street_names", "supply_views"]


def gap_views(told: Summary) -> list[dict[str, Any]]:
    """Return where the most residents are beyond the reach of each service."""
    words, city, out = told.words, told.city, []
    names = zone_names(city.zones, told.lang)
    for reach in told.services:
        gaps = reach.gaps
        if gaps is None or gaps.empty:
            continue
        street = street_names(told, gaps.set_geometry(gaps.geometry.representative_point()))
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
        name = words.of(spec.name_zh, spec.name_en)
        title = words("gaps_title", name=name, radius=f"{reach.service.radius_m:,.0f}")
        note = words("gaps_note", density=f"{reach.service.gap_per_km2:,.0f}")
        heads = ("place", "gap_people", "gap_km2", "gap_distance")
        view = plain_table(told, title, words("rank_word"), heads, rows, note)
        out.append(view | {"look": "ranked", "texts": (0,)})
    return out


def street_names(told: Summary, points: gpd.GeoDataFrame) -> pd.Series:
    """Return the street that each point lies in, empty where none has a name in the language."""
    out = pd.Series("", index=points.index, dtype="object")
    if "street" not in told.city.zones_by_level or points.empty:
        return out
    level = told.city.zones_at("street")
    if told.lang == "en" and "name_en" not in level.columns:
        return out
    index = told.facts.membership.index("street")
    codes = index.code_of(index.owner(points.geometry.to_numpy()), points.index)
    return codes.map(zone_names(level, told.lang)).fillna("")


def at_hand_views(told: Summary) -> list[dict[str, Any]]:
    """Return which share of places has a facility at hand, district by district."""
    words, out = told.words, []
    names = zone_names(told.city.zones, told.lang)
    for each in told.at_hand:
        rows = []
        for row in each.table.to_dict("index").items():
            at, cells = row
            whole = cells["row_kind"] == "total"
            shown = [f"{cells['count']:,.0f}"]
            shown += [percent(cells[f"share_{d:g}_m"]) or "–" for d in each.distances_m]
            far = cells["count"] - cells[f"within_{each.distances_m[-1]:g}_m"]
            name = words("total") if whole else str(names.get(at, at))
            rows.append(
                {"name": name, "cells": [*shown, f"{far:,.0f}"], "kind": "total" if whole else ""}
            )
        places = told.city.specs[each.places]
        title = words(
            "at_hand_title",
            places=words.of(places.name_zh, places.name_en),
            what=_kinds(told, each),
        )
        view = plain_table(told, title, told.by_unit, ("places",), rows, "")
        view["heads"] += [words("within_m", d=f"{d:g}") for d in each.distances_m]
        view["heads"].append(words("beyond_m", d=f"{each.distances_m[-1]:g}"))
        out.append(view)
    return out


def supply_views(told: Summary) -> list[dict[str, Any]]:
    """Return what each layer holds for residents, district by district."""
    words, out = told.words, []
    names = zone_names(told.city.zones, told.lang)
    for each in told.supplies:
        spec = told.city.specs[each.layer]
        item = spec.fields[each.amount]
        per = f"{each.per:,.0f}"
        rows = []
        for row in each.table.itertuples():
            whole = row.row_kind == "total"
            cells = [
                f"{row.amount:,.0f}", _plain(row.ratio), _plain(row.per_km2), _plain(row.access),
                percent(row.without) or "–",
            ]  # fmt: skip
            name = words("total") if whole else str(names.get(row.Index, row.Index))
            rows.append({"name": name, "cells": cells, "kind": "total" if whole else ""})
        label = words.of(item.zh, item.en)
        what = _kinds(told, each)
        title = words("supply_title", name=what, amount=label)
        terms = [words("supply_terms", m=f"{each.catchment_m:,.0f}")]
        if pd.notna(each.gini):
            terms.append(words("gini", value=f"{each.gini:.3f}"))
        view = plain_table(told, title, told.by_unit, (), rows, words.joined(terms))
        view["heads"] = [
            label, words("per_head", per=per), words("per_km2"), words("access", per=per),
            words("without_any"),
        ]  # fmt: skip
        out.append(view)
    return out


def _kinds(told: Summary, each: Any) -> str:
    """Name the facilities: by the kinds that were chosen, else by their layer."""
    words, spec = told.words, told.city.specs[each.layer]
    for field, codes in each.kinds.items():
        known = spec.fields[field].codes
        return words.listed([words.of(known[c].zh, known[c].en) for c in codes])
    return words.of(spec.name_zh, spec.name_en)


def _plain(value: Any) -> str:
    return "–" if pd.isna(value) else f"{value:,.1f}"


def plain_table(
    told: Summary,
    title: str,
    first: str,
    heads: Any,
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
        "title": title, "first": first, "heads": [told.words(h, **named) for h in heads],
        "rows": rows,
        "note": note, "bar": "", "texts": (), "look": "",
    }  # fmt: skip
