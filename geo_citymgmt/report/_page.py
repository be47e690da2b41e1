"""``index.html``: one page that stands alone, from the summary and a template."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from geo_citymgmt._markup import escape_text
from geo_citymgmt._numbers import NONE, Scale, in_points, percent, scale_for, share_in_words, told
from geo_citymgmt.cases._campaigns import Campaign, hot_cells
from geo_citymgmt.figures._tables import zone_groups, zone_names
from geo_citymgmt.report._assessment import assessment_views
from geo_citymgmt.report._drawings import (
    UNKNOWN,
    Look,
    Pace,
    filled,
    keyed,
    mark_patterns,
    pace_chart,
    spot_map,
    stacked_bar,
    state_looks,
)
from geo_citymgmt.report._findings import unread_layers
from geo_citymgmt.report._page_cases import work_views
from geo_citymgmt.report._page_first import (
    completeness,
    domain_line,
    errors_view,
    reporting,
    section_lines,
    sentences,
    targets_view,
    tasks_view,
)
from geo_citymgmt.report._page_parts import (
    at_hand_views,
    balance_views,
    board,
    cards,
    coverage_tables,
    findings_view,
    gap_views,
    layer_boards,
    layer_cards,
    ledger_view,
    margin,
    month_names,
    pace_charts,
    plain_table,
    reported_view,
    street_names,
    supply_views,
    verdict,
)
from geo_citymgmt.report._summary import Summary, missing_figures

if TYPE_CHECKING:
    import geopandas as gpd


_FLOWS = ("opening", "found", "relapsed", "closed", "dismissed", "closing")
_SPOTS, _STREETS = 8, 20
_OF_STREETS = ("month_relapsed", "month_found", "relapsed", "found", "closing")


def outlook_view(results: Summary) -> dict[str, Any] | None:
    """Return what each target still asks for, and when the present pace would reach it."""
    if results.outlook.empty:
        return None
    words, rows = results.words, []
    table = results.outlook[results.outlook["level"] == "city"]
    for row in table[table["remaining"].notna()].itertuples():
        if row.indicator not in results.headline.index:
            continue
        cells = [
            _amount(results, row, row.remaining),
            (f"{row.deadline:%Y-%m-%d}", words("days_left", n=f"{row.days_left:,.0f}")),
            _amount(results, row, row.needed_per_month),
            _amount(results, row, row.pace_per_month),
        ]
        if row.can_project:
            low, _ = results.scales[row.indicator].parts(row.at_deadline_low)
            span = words("interval", low=low, high=_amount(results, row, row.at_deadline_high))
            cells += [(_amount(results, row, row.at_deadline), span), _projected(results, row)]
        else:
            cells += [NONE, (words("cannot_project"), words.of(row.reason_zh, row.reason_en))]
        rows.append({"name": words.named(row), "cells": cells, "kind": ""})
    if not rows:
        return None
    headers = ("remaining", "deadline", "needed_month", "pace_month", "at_deadline", "projected")
    return plain_table(results, words("outlook"), words("indicator"), headers, rows) | {
        "look": "named"
    }


def _projected(results: Summary, row: Any) -> tuple[str, str]:
    words = results.words
    if pd.isna(row.projected_date):
        return words("cannot_project"), words.of(row.reason_zh, row.reason_en)
    early, late = row.projected_earliest, row.projected_latest
    span = words(
        "interval_dates" if pd.notna(late) else "interval_open",
        low=f"{early:%Y-%m}" if pd.notna(early) else "",
        high=f"{late:%Y-%m}" if pd.notna(late) else "",
    )
    return f"{row.projected_date:%Y-%m-%d}", span if pd.notna(early) else ""


def period_views(results: Summary) -> list[dict[str, Any]]:
    """Return what happened this month and this half-year, beside the one before and a year ago."""
    if results.periods.empty:
        return []
    words, out = results.words, []
    table = results.periods[
        (results.periods["kind"] == "period") & results.periods["value"].notna()
    ]
    table = table[table["indicator"].isin(results.headline.index)]
    for period, block in table.groupby("period", sort=False):
        if block[["previous", "year_ago"]].isna().all(axis=None):
            # A period that nothing stands beside compares nothing.
            continue
        rows = []
        for row in block.itertuples():
            if not any(pd.notna(v) and v != 0 for v in (row.value, row.previous, row.year_ago)):
                continue
            cells = [
                _amount(results, row, row.value),
                _amount(results, row, row.previous) or NONE,
                _change(results, row, row.change, row.change_ratio),
                _amount(results, row, row.year_ago) or NONE,
                _change(results, row, row.year_change, row.year_change_ratio),
            ]
            rows.append({"name": words.named(row), "cells": cells, "kind": ""})
        if rows:
            first = block.iloc[0]
            span = words(
                "span", first=f"{first['period_start']:%Y-%m-%d}",
                last=f"{first['period_end']:%Y-%m-%d}",
            )  # fmt: skip
            headers = (f"this_{period}", "previous", "change", "year_ago", "year_change")
            title = f"{words(f'period_{period}')}{words('bracket', text=span)}"
            out.append(
                plain_table(results, title, words("indicator"), headers, rows) | {"look": "named"}
            )
    return out


def _change(results: Summary, row: Any, difference: Any, ratio: Any) -> Any:
    if pd.isna(difference):
        return NONE
    if row.unit == "ratio":
        return results.words("points", n=in_points(difference))
    if difference == 0:
        return _amount(results, row, 0)
    sign = "+" if difference > 0 else ""
    shown = (sign + _amount(results, row, difference)).replace("-", "−")
    if pd.isna(ratio):
        return shown
    return shown, f"{ratio * 100:+.1f}%".replace("-", "−")


def campaign_views(results: Summary) -> list[dict[str, Any]]:
    """Return each campaign that has anything: flow, clearing, ageing, lists, hot spots."""
    views = [(campaign, _campaign(results, campaign)) for campaign in results.campaigns]
    return [
        {"name": results.layer_name(campaign.layer), **view}
        for campaign, view in views
        if any(view.values())
    ]


def _campaign(results: Summary, campaign: Campaign) -> dict[str, Any]:
    flows = [_flow(results, campaign, quantity) for quantity in ("area", "count")]
    clearing = _clearing(results, campaign)
    return {
        "line": _stock_line(results, campaign),
        "flows": [table for table in flows if table is not None],
        "clearing": clearing,
        # The cases to be dealt with first are a list of their own where nobody set a day for all.
        "last": None if clearing else _last(results, campaign),
        "ages": _ages(results, campaign),
        "lists": _lists(results, campaign),
        "streets": _streets(results, campaign),
        "spots": _hot_spots(results, campaign),
    }


def _assessment(results: Summary) -> list[dict[str, Any]]:
    """Return the tables of the assessment, none without one."""
    if not results.assessment:
        return []
    out = []
    for view in assessment_views(results.assessment, results.city, results.words):
        rows = [{"name": name, "cells": cells, "kind": ""} for name, *cells in view.texts()]
        table = plain_table(results, view.title, view.columns[0][0], (), rows, view.note)
        words = [k for k, (_, kind) in enumerate(view.columns[1:]) if kind == "text"]
        # Where to look is a list for those who go there, not for a reader of paper.
        look = "off-paper" if view.key == "assess_audit" else ""
        heads = [head for head, _ in view.columns[1:]]
        out.append(table | {"heads": heads, "texts": words, "look": look})
    return out


def _flow(results: Summary, campaign: Campaign, quantity: str) -> dict[str, Any] | None:
    if campaign.flow is None:
        return None
    words, names = results.words, results.zone_names
    table = campaign.flow[campaign.flow["quantity"] == quantity]
    table = table[table["opening"].notna()]
    if table.empty:
        return None
    scale = _scale(results, campaign, quantity)
    rates = None
    if quantity == "count" and campaign.relapses is not None:
        rates = campaign.relapses.set_index(["level", "row_kind", "zone_code"])["rate"]
    rows = []
    for row in _ordered(results, table).itertuples():
        if row.row_kind in ("outside", "unlocated") and not (row.opening or row.closing):
            continue
        cells: list[Any] = [scale.text(getattr(row, name)) or NONE for name in _FLOWS]
        net = row.closing - row.opening
        cells.append(("+" * (net > 0) + scale.text(net)).replace("-", "−"))
        if rates is not None:
            cells.append(percent(rates.get((row.level, row.row_kind, row.zone_code))))
        name = names.get(row.zone_code, row.zone_code)
        if row.row_kind != "zone":
            name = words(row.row_kind)
        rows.append({"name": str(name), "cells": cells, "kind": margin(row.row_kind)})
    headers = [*(f"flow_{name}" for name in _FLOWS), "flow_net"]
    headers += ["relapse_rate"] if rates is not None else []
    unit = words("flow_number") if quantity == "count" else scale.unit
    title = words("flow_title", what=words(f"flow_{quantity}"), unit=unit)
    view = plain_table(results, title, results.by_unit, headers, rows)
    is_balanced = bool(table["balanced"].fillna(False).all())
    agreed = "flow_balanced" if results.city.has_zones else "flow_balanced_whole"
    return view | {"note": words(agreed if is_balanced else "flow_unbalanced")}


def _stock_line(results: Summary, campaign: Campaign) -> str:
    """Say what there was at the start of the year and what there is, in cases."""
    if campaign.flow is None:
        return ""
    table = campaign.flow.query("quantity == 'count' and row_kind == 'total' and opening.notna()")
    scale = _scale(results, campaign, "count")
    for row in table.itertuples():
        opening, closing = scale.amount(row.opening), scale.amount(row.closing)
        return results.words("line_campaign", opening=opening, closing=closing)
    return ""


def _clearing(results: Summary, campaign: Campaign) -> dict[str, Any] | None:
    if campaign.burn is None:
        return None
    words, lang, names = results.words, results.lang, results.zone_names
    city = campaign.burn[campaign.burn["level"] == "city"].dropna(subset=["remaining_n"])
    if city.empty:
        # Of some districts it is known what is left, of the city it is not.
        return None
    now = city.iloc[-1]
    has_area = "remaining" in city.columns and city["remaining"].notna().all()
    charts = []
    area, count = (_scale(results, campaign, quantity) for quantity in ("area", "count"))
    for column, scale in (("remaining", area), ("remaining_n", count)):
        if column == "remaining" and not has_area:
            continue
        line = [(day, float(v)) for day, v in zip(city["as_of"], city[column], strict=True)]
        values = [f"{day:%m-%d} {scale.amount(v)}" for day, v in line]
        title = words("clearing_area" if scale is area else "clearing_count")
        drawn = Pace(
            name=title,
            description=words("chart_desc", name=title, points=words.listed(values)),
            points=line,
            expected=[line[0], (now["deadline"], 0.0)],
            now=scale.amount(line[-1][1]),
            goal=words("target_zero"),
            months=month_names(lang),
            divisor=scale.divisor,
            status="behind" if line[-1][1] > float(now["straight"]) or scale is count else "ahead",
        )
        charts.append({"name": title, "unit": scale.unit, "svg": pace_chart(drawn)})
    rows = []
    last = campaign.burn[campaign.burn["as_of"] == now["as_of"]]
    for row in _ordered(results, last[last["row_kind"].isin(["zone", "total"])]).itertuples():
        name = words("total") if row.row_kind == "total" else str(names.get(row.zone_code))
        cells = [f"{row.remaining_n:,.0f}"]
        if has_area:
            cells.append(area.text(row.remaining))
        cells.append(told(row.needed_n_per_day, ",.2f"))
        if has_area:
            cells.append(told(row.needed_per_day))
        rows.append({"name": name, "cells": cells, "kind": row.row_kind})
    headers = ["left_count", "left_area", "left_count_day", "left_area_day"]
    if not has_area:
        headers = headers[::2]
    lead = words(
        "clearing_lead", date=f"{now['deadline']:%Y-%m-%d}", days=f"{now['days_left']:,.0f}"
    )
    if campaign.interim is not None:
        lead += " " * (lang == "en") + _interim(results, campaign.interim)
    caption = words("clearing_table" if results.city.has_zones else "clearing_whole")
    table = plain_table(results, caption, results.by_unit, headers, rows, unit=area.unit)
    return {"lead": lead, "charts": charts, "table": table, "last": _last(results, campaign)}


def _interim(results: Summary, interim: pd.DataFrame) -> str:
    row = interim.set_index("measure").loc["any"]
    if pd.isna(row["share"]):
        return ""
    return results.words(
        "interim", n=f"{row['n']:,.0f}", of=f"{row['of_n']:,.0f}", share=percent(row["share"])
    )


def _last(results: Summary, campaign: Campaign) -> dict[str, Any] | None:
    cases = campaign.last
    if cases is None or cases.empty:
        return None
    words, names = results.words, results.zone_names
    spec = results.city.specs[campaign.layer]
    states, area = spec.fields[str(spec.state_field)].codes, _scale(results, campaign, "area")
    looks = state_looks(spec)
    rows: list[dict[str, Any]] = []
    texts: tuple[int, ...] = (0, 1)
    for row in cases.to_dict("records"):
        state = states.get(str(row["status"]))
        due = told(row["deadline"], "%Y-%m-%d")
        late = ""
        if pd.notna(row["days_left"]):
            days = int(row["days_left"])
            late = words("days_over" if days < 0 else "days_left", n=f"{abs(days):,}")
        rows.append(
            {
                "name": str(row[spec.id_field]),
                "cells": [
                    str(names.get(row["district_code"], words("outside"))),
                    keyed(
                        looks.get(str(row["status"]), UNKNOWN),
                        str(row["status"]) if state is None else words.label(state),
                    ),
                    area.amount(row["remaining"]),
                    told(row["days_since_found"]),
                    (due, late),
                ],
                "kind": "",
            }
        )
    headers: tuple[str, ...] = ("district", "status", "left_size", "days_since_found", "deadline")
    if not results.city.has_zones:
        headers, texts = headers[1:], (0,)
        rows = [row | {"cells": row["cells"][1:]} for row in rows]
    title = words("last_title", n=len(rows), counter=spec.counter)
    return plain_table(results, title, words("key"), headers, rows) | {"texts": texts}


def _ages(results: Summary, campaign: Campaign) -> dict[str, Any] | None:
    table = campaign.ages
    if table is None:
        return None
    words = results.words
    table = table[table["n"] > 0]
    if table.empty:
        return None
    rows, parts = [], []
    # What may be open is none of the open cases: it stands below them, without a share.
    doubtful = table["age_class"].eq("unknown")
    area, total = _scale(results, campaign, "area"), float(table.loc[~doubtful, "n"].sum())
    sized = "remaining" in table.columns and table["remaining"].notna().any()
    for k, row in enumerate(table.to_dict("records")):
        name = words.name("age", str(row["age_class"]))
        if pd.notna(row["to_days"]):
            name = words("age_days", low=row["from_days"], high=row["to_days"])
        elif pd.notna(row["from_days"]):
            name = words("age_over", low=row["from_days"])
        look = Look(f"q{min(k, 5)}")
        is_open = row["age_class"] != "unknown"
        if is_open:
            parts.append((look, float(row["n"])))
        cells = [
            f"{row['n']:,}", percent(row["n"] / total) if is_open else NONE,
            told(row["n_overdue"]),
            told(row["n_suspended"]),
        ]  # fmt: skip
        if sized:
            cells.append(area.amount(row["remaining"]) or NONE)
        rows.append({"name": name, "cells": cells, "kind": "", "key": look.key})
    headers = ["open_cases", "share_of_all", "overdue_cases", "suspended_cases"]
    if sized:
        headers.append("left_size")
    points = words.listed([f"{r['name']} {r['cells'][0]}" for r in rows])
    view = plain_table(results, words("ageing"), words("age_class"), headers, rows)
    counter, n = results.city.specs[campaign.layer].counter, int(table.loc[doubtful, "n"].sum())
    return view | {
        "bar": stacked_bar(parts, words("chart_desc", name=view["title"], points=points))
        if parts
        else "",
        "note": words("ages_unknown", n=f"{n:,}", counter=counter) if n else "",
    }


def _lists(results: Summary, campaign: Campaign) -> dict[str, Any] | None:
    table = campaign.lists
    if table is None:
        return None
    words, rows, area = results.words, [], _scale(results, campaign, "area")
    for _, block in table.groupby("list", sort=False):
        first = block.iloc[0]
        left = block[block["state_set"].isin(["open", "suspended"])]
        n, n_left = int(block["n"].sum()), int(left["n"].sum())
        due, over = block["next_deadline"].min(), block["days_over"].max()
        cells = [
            f"{n:,}", f"{n_left:,}", percent(1 - n_left / n) if n else NONE,
            area.amount(left["remaining"].sum(skipna=False)) or NONE,
            told(block["n_overdue"].sum(min_count=1)),
            words("n_days", n=f"{over:,}") if pd.notna(over) else NONE,
            told(due, "%Y-%m-%d"),
        ]  # fmt: skip
        name = words.of(first["list_zh"], first["list_en"])
        rows.append({"name": name, "cells": cells, "kind": ""})
    headers = ("list_all", "list_open", "list_done", "left_size", "overdue_cases", "longest_over",
             "next_due")  # fmt: skip
    return plain_table(results, words("lists"), words("list"), headers, rows) if rows else None


def _streets(results: Summary, campaign: Campaign) -> dict[str, Any] | None:
    """Return the streets where most cases came up or came back this month."""
    table = campaign.streets
    if table is None:
        return None
    words, level = results.words, results.city.zones_at("street")
    names = zone_names(level, results.lang)
    rows = []
    for code, row in table.head(_STREETS).iterrows():
        district = str(results.zone_names.get(level["parent_code"].get(code), ""))
        cells = [
            district,
            *(told(row[name]) for name in _OF_STREETS),
        ]
        rows.append({"name": str(names[code]), "cells": cells, "kind": ""})
    heads = ("district", *(f"street_{name}" for name in _OF_STREETS))
    n = len(table)
    title = words("streets_title", n=n) if n <= _STREETS else words("streets_most", n=_STREETS)
    return plain_table(results, title, words("street"), heads, rows) | {"texts": (0,)}


def _hot_spots(results: Summary, campaign: Campaign) -> dict[str, Any] | None:
    if campaign.hot_spots is None:
        return None
    words, city = results.words, results.city
    hot = hot_cells(campaign.hot_spots)
    attrs = campaign.hot_spots.attrs
    lead = words(
        "spots_lead", km=f"{attrs['cell_m'] / 1000:g}", n=f"{len(hot):,}",
        cells=f"{len(campaign.hot_spots):,}", draws=f"{attrs['permutations']:,}",
        fdr=percent(attrs["fdr"], 0),
    )  # fmt: skip
    rows = []
    top = hot.head(_SPOTS)
    for k, row in enumerate(top.itertuples()):
        cells = [_where(results, top.iloc[[k]]), f"{row.n:,}", f"{row.z:.1f}", f"{row.q:.3f}"]
        rows.append({"name": f"{k + 1}", "cells": cells, "kind": ""})
    headers = ("district" if city.has_zones else "place", "cases_in_cell", "z_score", "q_value")
    note = words.of(attrs["note_zh"], attrs["note_en"])
    view = None
    if rows:
        view = plain_table(results, words("spots_table"), words("rank_word"), headers, rows)
        view |= {"look": "ranked", "texts": (0,)}
    drawn = ""
    if rows and city.has_zones:
        drawn = spot_map(city.zones, hot, results.zone_names, words("spots_map"), lead)
    return {"lead": lead, "table": view, "note": note, "map": drawn, "caption": words("spots_map")}


def _where(results: Summary, cell: gpd.GeoDataFrame) -> tuple[str, str]:
    """Return district and street of a cell, or where its middle is where there are no districts."""
    middle = cell.geometry.centroid
    if not results.city.has_zones:
        place = middle.to_crs("EPSG:4326").iloc[0]
        return f"{place.x:.3f}°, {place.y:.3f}°", ""
    street = street_names(results, cell.set_geometry(middle)).iloc[0]
    return str(results.zone_names.get(cell["zone_code"].iloc[0], "")), str(street)


def _ordered(results: Summary, table: pd.DataFrame) -> pd.DataFrame:
    """Return districts group by group in the office's order, below them the margins."""
    groups = zone_groups(results.city.zones)
    rank = {g: k for k, g in enumerate(results.words.names("group"))}
    place = {z: (rank.get(str(groups[z]), 9), k) for k, z in enumerate(results.city.zones.index)}
    margin = {"outside": 1, "unlocated": 2, "total": 3}
    keys = [
        (margin.get(kind, 0), *place.get(zone, (9, 999)))
        for kind, zone in zip(table["row_kind"], table["zone_code"], strict=True)
    ]
    return table.iloc[sorted(range(len(keys)), key=keys.__getitem__)]


def _amount(results: Summary, row: Any, value: Any) -> str:
    return results.scales[row.indicator].amount(value)


def _scale(results: Summary, campaign: Campaign, quantity: str) -> Scale:
    """Decide how the cases of a campaign are written, in all its tables: their area, their number.

    As the largest figure of its layer is, of which they are parts.
    """
    counter = results.city.specs[campaign.layer].counter if results.lang == "zh" else ""
    unit = "m2" if quantity == "area" else "count"
    headline = results.headline
    rows = headline[headline["layer"].eq(campaign.layer) & headline["unit"].eq(unit)]
    known = [results.scales[name] for name in rows.index]
    if quantity == "area" and known:
        return max(known, key=lambda scale: scale.divisor)
    return scale_for([], unit, results.lang, counter)


#: Method notes that are about targets: of no use where there is none.
_OF_TARGETS = ("comparison", "pace", "outlook")
#: Method notes that are about zones.
_OF_ZONES = ("owner", "sums")


def render_page(results: Summary, card: bytes = b"") -> str:
    """Return the page of a report as HTML that loads nothing and runs its own script alone.

    The PNG ``card`` can be saved from it: it is in the page, for a page that is a file may let no
    other file be saved.

    Every text of the data passes through the one escaping function on its way into the page;
    style and script are allowed by their hash.
    """
    content = page_content(results)
    style, script = _resource("page.css"), _resource("page.js")
    if content["tasks"]:
        # Which task is shown is a matter of style: it is chosen without a script, too.
        style += content["tasks"]["style"]
    return _template().render(
        **content,
        style=Markup(style),
        script=Markup(script),
        filled=filled,
        patterns=mark_patterns(),
        policy=_policy(style, script),
        card=base64.b64encode(card).decode("ascii"),
    )


def page_content(results: Summary) -> dict[str, Any]:
    """Return everything the template shows, in words."""
    words, city = results.words, results.city
    n_unread = int((city.ledger["state"] != "ok").sum())
    charts, tasks = pace_charts(results), tasks_view(results)
    if tasks:
        by_figure = {chart["figure"]: chart for chart in charts}
        for task in tasks["tasks"]:
            # Its chart stands with it, and not a second time in the section of all.
            task["chart"] = by_figure.pop(task["figure"], None)
        charts = list(by_figure.values())
    content: dict[str, Any] = {
        "lang": "zh-CN" if results.lang == "zh" else "en",
        "t": words,
        "title": words("title", city=words.named(city)),
        "day": results.day,
        "stamp": results.map_stamp,
        "public": results.release == "public",
        "source": words("source", source=source_name(results))
        + (words("source_unread", n=n_unread) if n_unread else ""),
        "errors": errors_view(results),
        "warnings": _warnings(results),
        "data": completeness(results),
        "reporting": reporting(results),
        "tasks": tasks,
        "sentences": sentences(results),
        "targets": targets_view(results),
        "verdict": verdict(results),
        "domains": cards(results),
        "charts": charts,
        "charts_lead": words("monthly_lead" if results.has_targets else "monthly_lead_plain"),
        "outlook": outlook_view(results),
        "periods": period_views(results),
        "campaigns": campaign_views(results),
        "work": work_views(results),
        "assessment": _assessment(results),
        "gaps": gap_views(results),
        "at_hand": at_hand_views(results),
        "supplies": supply_views(results),
        "supply_lead": words("supply_lead" if city.has_zones else "supply_lead_whole"),
        "board": board(results),
        "coverage": coverage_tables(results),
        "reported": reported_view(results),
        "balances": balance_views(results),
        "layers": layer_cards(results),
        "layers_lead": words("layers_lead" if results.layers else "layers_lead_plain"),
        "figures_title": words("figures_by_layer"),
        "layer_boards": layer_boards(results),
        "ledger": ledger_view(results),
        "findings": findings_view(results),
        "missing": [(reason, words.joined(names)) for reason, names in missing_figures(results)],
        "notes": method_notes(results),
        "sources": _sources(results),
    }
    for domain in content["domains"]:
        domain["main"] = domain_line(domain)
    content["lines"] = section_lines(results, content)
    return content


def _warnings(results: Summary) -> list[dict[str, Any]]:
    """Return what a reader must know first: a text, what it lists, and where more is said."""
    words, unread = results.words, unread_layers(results.city, results.lang)
    out: list[dict[str, Any]] = []

    def warn(text: str, items: Sequence[str] = (), link: str = "") -> None:
        out.append({"text": text, "items": items, "link": link})

    if results.city.notice.zh:
        warn(results.city.notice.of(results.lang))
    if unread:
        warn(words("unread_layers", n=len(unread)), unread, words("unread_link"))
    if results.city.findings["code"].eq("ZONES_PACKAGED").any():
        warn(words("demo_zones"))
    if not results.city.has_zones:
        warn(words("no_zones"))
    if results.as_of is None:
        warn(words("no_date_means"))
    elif results.as_of == results.city.data_date:
        # A day that was asked for needs no excuse; one that nobody stated does.
        told = results.city.findings
        told = told.loc[told["code"].eq("DATE_ASSUMED"), f"message_{results.lang}"]
        for message in told:
            warn(str(message))
    return out


def method_notes(results: Summary) -> list[str]:
    """Return how the figures are made, without what this city has nothing of."""
    words, notes = results.words, results.words.names("method_notes")
    left_out = {
        *(() if results.has_targets else _OF_TARGETS),
        *(() if results.city.has_zones else _OF_ZONES),
        *(() if results.as_of is not None else ("dates",)),
        *(() if results.services else ("coverage",)),
        *(() if results.supplies or results.campaigns else ("access",)),
    }
    out = [note for key, note in notes.items() if key not in left_out]
    metric = results.city.metric
    # Where nothing is known of the data's place, nothing is known of the errors.
    if metric is not None and math.isfinite(metric.areal_error):
        out.append(
            words(
                "metric_note",
                crs=metric.name,
                how=metric.how.of(words.lang),
                area=share_in_words(metric.areal_error),
                length=share_in_words(metric.linear_error),
            )
        )
    return out


def source_name(results: Summary) -> str:
    """Return where the data is from: the units that report it, where a profile names them."""
    words, city = results.words, results.city
    if city.data_source.zh:
        return city.data_source.of(words.lang)
    if city.profile is None:
        # The last part of a path: where the folder lies is of no use to a reader.
        return city.source.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    if results.as_of is None:
        return words("source_units")
    return words("source_units_day", day=results.day)


def _sources(results: Summary) -> list[str]:
    words, ledger = results.words, results.city.ledger
    out = []
    known = results.headline[results.headline["value"].notna()]
    profile = results.city.profile
    document = "" if profile is None else profile.document.of(words.lang)
    if document and known["published_id"].ne("").any():
        out.append(words("source_document", document=document))
    files = [str(name) for name in ledger["source"].dropna().unique()]
    out.append(words("source_layers", files=words.listed(files)))
    out.append(words("source_versions"))
    return [*out, words("boundaries")] if results.city.has_zones else out


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _resource(name: str) -> str:
    return (resources.files("geo_citymgmt.report") / name).read_text(encoding="utf-8")


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    def safe(value: Any) -> Any:
        if isinstance(value, str) and not isinstance(value, Markup):
            return Markup(escape_text(value))
        return value

    environment = Environment(
        autoescape=True,
        finalize=safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.from_string(_resource("page.html.j2"))
