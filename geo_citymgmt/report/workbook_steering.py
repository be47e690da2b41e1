"""Sheets on what lies ahead, on campaigns and on supply: the numbers behind the page's tables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from geo_citymgmt.formats import unit_label
from geo_citymgmt.report.scoreboard import zone_names
from geo_citymgmt.report.sheets import Book, Column, number_kind
from geo_citymgmt.report.summary import Summary

__all__ = ["write_steering"]

_FLOWS = ("opening", "found", "relapsed", "closed", "dismissed", "closing")


def write_steering(book: Book, told: Summary) -> None:
    """Add the sheets: outlook, periods, each campaign's account and clearing, gaps, supply."""
    _outlook(book, told)
    _periods(book, told)
    _flows(book, told)
    _clearing(book, told)
    _gaps(book, told)
    _supply(book, told)


def _titled(told: Summary, key: str) -> str:
    return told.words("sheet_titled", title=told.words(key), as_of=told.day)


def _outlook(book: Book, told: Summary) -> None:
    words = told.words
    if told.outlook.empty:
        return
    amounts = ("value", "target", "remaining", "needed_per_day", "needed_per_month",
               "pace_per_month", "at_deadline", "at_deadline_low", "at_deadline_high")  # fmt: skip
    days = ("projected_date", "projected_earliest", "projected_latest")
    columns = [Column(words("indicator")), Column(words("unit")), Column(words("deadline"), "date"),
               Column(words("sheet_days_left"), "int")]  # fmt: skip
    columns += [Column(words(f"sheet_{name}"), "number", 15) for name in amounts]
    columns += [Column(words(f"sheet_{name}"), "date") for name in days]
    columns.append(Column(words("cannot_project"), width=36))
    rows: list[list[Any]] = []
    for row in told.outlook[told.outlook["level"] == "city"].to_dict("records"):
        kind = number_kind(row["unit"])
        counter = words.counter(row["indicator"])
        rows.append(
            [
                words.of(row["name_zh"], row["name_en"]),
                unit_label(row["unit"], told.lang, counter), row["deadline"], row["days_left"],
                *((row[name], "number" if "per_" in name else kind) for name in amounts),
                *(row[name] for name in days),
                words.of(row["reason_zh"], row["reason_en"]),
            ]
        )  # fmt: skip
    book.sheet(words("sheet_outlook"), columns, rows, title=_titled(told, "outlook"))


def _periods(book: Book, told: Summary) -> None:
    words = told.words
    if told.periods.empty:
        return
    columns = [
        Column(words("indicator")), Column(words("period_words")), Column(words("unit")),
        Column(words("period_start"), "date"), Column(words("period_end"), "date"),
        Column(words("value"), "number", 16), Column(words("previous"), "number", 16),
        Column(words("change"), "number", 16), Column(words("sheet_change_ratio"), "share"),
        Column(words("year_ago"), "number", 16), Column(words("year_change"), "number", 16),
        Column(words("sheet_year_change_ratio"), "share"),
    ]  # fmt: skip
    rows: list[list[Any]] = []
    table = told.periods[(told.periods["kind"] == "period") & told.periods["value"].notna()]
    for row in table[table["indicator"].isin(told.headline.index)].itertuples():
        kind = number_kind(row.unit)
        rows.append(
            [
                words.of(row.name_zh, row.name_en), words(f"period_{row.period}"),
                unit_label(row.unit, told.lang, words.counter(row.indicator)),
                row.period_start, row.period_end, (row.value, kind), (row.previous, kind),
                (row.change, kind), row.change_ratio, (row.year_ago, kind),
                (row.year_change, kind), row.year_change_ratio,
            ]
        )  # fmt: skip
    book.sheet(words("sheet_periods"), columns, rows, title=_titled(told, "periods"),
               filtered=True)  # fmt: skip


def _flows(book: Book, told: Summary) -> None:
    words = told.words
    names = zone_names(told.city.zones, told.lang)
    for campaign in told.campaigns:
        if campaign.flow is None:
            continue
        spec = told.city.specs[campaign.layer]
        for quantity in ("area", "count"):
            table = campaign.flow[campaign.flow["quantity"] == quantity]
            if table.empty or table["opening"].isna().all():
                continue
            unit = str(table["unit"].iloc[0]) if quantity == "area" else "count"
            kind = number_kind(unit)
            columns = [Column(told.by_unit)]
            columns += [Column(words(f"flow_{name}"), kind, 14) for name in _FLOWS]
            columns.append(Column(words("flow_net"), kind, 14))
            zones = table[table["row_kind"] != "total"]
            rows = [
                [
                    str(names[row.zone_code]) if row.row_kind == "zone" else words(row.row_kind),
                    *(getattr(row, name) for name in _FLOWS), row.closing - row.opening,
                ]
                for row in zones.itertuples()
            ]  # fmt: skip
            whole = table[table["row_kind"] == "total"].iloc[0]
            total = [words("total"), *(whole[name] for name in _FLOWS)]
            rows.append([*total, whole["closing"] - whole["opening"]])
            shown = words("flow_number") if unit == "count" else unit_label(unit, told.lang)
            label = words("flow_title", what=words(f"flow_{quantity}"), unit=shown)
            head = words("sheet_titled", title=label, as_of=told.day)
            name = words("sheet_flow", what=words(f"flow_{quantity}"))
            book.sheet(
                name, columns, rows, title=f"{words.of(spec.name_zh, spec.name_en)} · {head}",
                strong=[len(rows) - 1], summed=len(rows) - 1,
                charted=("column", (1, 6), words(f"flow_{quantity}")),
            )  # fmt: skip


def _clearing(book: Book, told: Summary) -> None:
    words = told.words
    for campaign in told.campaigns:
        if campaign.burn is None:
            continue
        table = campaign.burn[campaign.burn["level"] == "city"]
        columns = [
            Column(words("month_end"), "date"), Column(words("left_count"), "int", 14),
            Column(words("sheet_left_area"), "area", 16),
            Column(words("sheet_straight"), "area", 16),
            Column(words("sheet_days_left"), "int", 12),
            Column(words("left_count_day"), "number", 16),
            Column(words("left_area_day"), "area", 18),
        ]  # fmt: skip
        fields = ("as_of", "remaining_n", "remaining", "straight", "days_left", "needed_n_per_day",
                  "needed_per_day")  # fmt: skip
        rows = [[row.get(name) for name in fields] for row in table.to_dict("records")]
        book.sheet(words("sheet_clearing"), columns, rows, title=_titled(told, "clearing"),
                   charted=("line", (2, 3), words("clearing_area")))  # fmt: skip


def _gaps(book: Book, told: Summary) -> None:
    words = told.words
    names = zone_names(told.city.zones, told.lang)
    columns = [
        Column(words("service")), Column(words("radius_m"), "int"),
        Column(words("rank_word"), "int"),
        Column(words("district")), Column(words("gap_people"), "int", 14),
        Column(words("gap_km2"), "km", 16), Column(words("gap_distance"), "int", 16),
        Column(words("x"), "int", 16), Column(words("y"), "int", 16),
    ]  # fmt: skip
    rows: list[list[Any]] = []
    for reach in told.services:
        if reach.gaps is None:
            continue
        spec = told.city.specs[reach.service.layer]
        inside = reach.gaps.geometry.representative_point()
        for row, x, y in zip(reach.gaps.itertuples(), inside.x, inside.y, strict=True):
            rows.append(
                [
                    words.of(spec.name_zh, spec.name_en), reach.service.radius_m, row.Index,
                    str(names.get(row.zone_code, row.zone_code)), row.demand, row.area_m2 / 1e6,
                    row.distance_m, x, y,
                ]
            )  # fmt: skip
    if rows:
        book.sheet(words("sheet_gaps"), columns, rows, title=_titled(told, "sheet_gaps"))


def _supply(book: Book, told: Summary) -> None:
    words = told.words
    names = zone_names(told.city.zones, told.lang)
    if not told.supplies:
        return
    per = f"{told.supplies[0].per:,.0f}"
    columns = [
        Column(words("service")), Column(told.by_unit), Column(words("value"), "int", 14),
        Column(words("people"), "int", 14), Column(words("per_head", per=per), "decimal", 16),
        Column(words("per_km2"), "decimal", 14), Column(words("access", per=per), "decimal", 16),
        Column(words("without_any"), "share", 18), Column(words("sheet_gini"), "ratio", 14),
    ]  # fmt: skip
    rows: list[list[Any]] = []
    strong = []
    for each in told.supplies:
        spec = told.city.specs[each.layer]
        item = spec.fields[each.amount]
        label = f"{words.of(spec.name_zh, spec.name_en)} · {words.of(item.zh, item.en)}"
        for row in each.table.itertuples():
            whole = row.row_kind == "total"
            if whole:
                strong.append(len(rows))
            rows.append(
                [
                    label, words("total") if whole else str(names.get(row.Index, row.Index)),
                    row.amount, row.residents, row.ratio, row.per_km2, row.access, row.without,
                    each.gini if whole and pd.notna(each.gini) else None,
                ]
            )  # fmt: skip
    book.sheet(words("sheet_supply"), columns, rows, title=_titled(told, "supply"), strong=strong,
               frozen=2)  # fmt: skip
