"""``tables.xlsx``: the figures of the report with their terms, one sheet a topic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import Messages
from geo_citymgmt._numbers import unit_label
from geo_citymgmt._options import display_lang
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.figures._layers import LayerSummary
from geo_citymgmt.figures._services import balances
from geo_citymgmt.figures._tables import MARGINS, by_district, zone_groups, zone_names
from geo_citymgmt.maps._labels import status_shown
from geo_citymgmt.report._assessment import add_sheets, assessment_views
from geo_citymgmt.report._findings import ledger_table
from geo_citymgmt.report._lists import case_table, registers_with_deadline
from geo_citymgmt.report._page import method_notes
from geo_citymgmt.report._page_parts import reported_rows
from geo_citymgmt.report._summary import (
    Summary,
    plain_note,
    reasons_of,
    unavailable,
)
from geo_citymgmt.report._words import Words, definitions, state_label
from geo_citymgmt.writing import Book, Column

if TYPE_CHECKING:
    from geo_citymgmt.city import City


_FLOWS = ("opening", "found", "relapsed", "closed", "dismissed", "closing")
_MESSAGES = Messages("geo_citymgmt.report")


def _number_kind(unit: str) -> str:
    """Return how numbers of a unit are shown in a sheet."""
    return {"m2": "area", "km": "km", "ratio": "share", "count": "int", "persons": "int"}.get(
        unit, "number"
    )


def _columns(words: Words, columns: Sequence[Column | str | tuple[Any, ...]]) -> list[Column]:
    """Return columns from the keys of their heads, with kind and width where they have any."""
    given = [(c,) if isinstance(c, str) else c for c in columns]
    return [c if isinstance(c, Column) else Column(words(c[0]), *c[1:]) for c in given]


def _sheet(
    book: Book, results: Summary, key: str, columns: list[Column], rows: list[list[Any]],
    *, title: str = "", **options: Any,
) -> None:  # fmt: skip
    """Add a sheet under its name, and its title with the day."""
    words = results.words
    heading = words("sheet_titled", title=words(title or f"sheet_{key}"), as_of=results.day)
    book.sheet(words(f"sheet_{key}"), columns, rows, title=heading, **options)


def _outlook(book: Book, results: Summary) -> None:
    words = results.words
    if results.outlook.empty:
        return
    amounts = ("value", "target", "remaining", "needed_per_day", "needed_per_month",
               "pace_per_month", "at_deadline", "at_deadline_low", "at_deadline_high")  # fmt: skip
    days = ("projected_date", "projected_earliest", "projected_latest")
    columns = _columns(words, [
        "indicator", "unit", ("deadline", "date"), ("sheet_days_left", "int"),
    ])  # fmt: skip
    columns += [Column(words(f"sheet_{name}"), "number", 15) for name in amounts]
    columns += [Column(words(f"sheet_{name}"), "date") for name in days]
    columns.append(Column(words("cannot_project"), width=36))
    rows: list[list[Any]] = []
    for row in results.outlook[results.outlook["level"] == "city"].to_dict("records"):
        kind = _number_kind(row["unit"])
        rows.append(
            [
                words.of(row["name_zh"], row["name_en"]),
                words.unit_of(row["unit"], row["indicator"]), row["deadline"], row["days_left"],
                *((row[name], "number" if "per_" in name else kind) for name in amounts),
                *(row[name] for name in days),
                words.of(row["reason_zh"], row["reason_en"]),
            ]
        )  # fmt: skip
    _sheet(book, results, "outlook", columns, rows, title="outlook")


def _periods(book: Book, results: Summary) -> None:
    words = results.words
    if results.periods.empty:
        return
    columns = _columns(words, [
        "indicator", "period_words", "unit", ("period_start", "date"), ("period_end", "date"),
        ("value", "number", 16), ("previous", "number", 16), ("change", "number", 16),
        ("sheet_change_ratio", "share"), ("year_ago", "number", 16), ("year_change", "number", 16),
        ("sheet_year_change_ratio", "share"),
    ])  # fmt: skip
    rows: list[list[Any]] = []
    table = results.periods[
        (results.periods["kind"] == "period") & results.periods["value"].notna()
    ]
    for row in table[table["indicator"].isin(results.headline.index)].itertuples():
        kind = _number_kind(row.unit)
        rows.append(
            [
                words.named(row), words(f"period_{row.period}"),
                words.unit_of(row.unit, row.indicator),
                row.period_start, row.period_end, (row.value, kind), (row.previous, kind),
                (row.change, kind), row.change_ratio, (row.year_ago, kind),
                (row.year_change, kind), row.year_change_ratio,
            ]
        )  # fmt: skip
    _sheet(book, results, "periods", columns, rows, filtered=True, title="periods")


def _flows(book: Book, results: Summary) -> None:
    words = results.words
    names = results.zone_names
    for campaign in results.campaigns:
        if campaign.flow is None:
            continue
        spec = results.city.specs[campaign.layer]
        for quantity in ("area", "count"):
            table = campaign.flow[campaign.flow["quantity"] == quantity]
            if table.empty or table["opening"].isna().all():
                continue
            unit = str(table["unit"].iloc[0]) if quantity == "area" else "count"
            kind = _number_kind(unit)
            columns = [Column(results.by_unit)]
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
            totals = table[table["row_kind"] == "total"].iloc[0]
            total = [words("total"), *(totals[name] for name in _FLOWS)]
            rows.append([*total, totals["closing"] - totals["opening"]])
            shown = words("flow_number") if unit == "count" else unit_label(unit, results.lang)
            label = words("flow_title", what=words(f"flow_{quantity}"), unit=shown)
            head = words("sheet_titled", title=label, as_of=results.day)
            name = words("sheet_flow", what=words(f"flow_{quantity}"))
            book.sheet(
                name, columns, rows, title=f"{words.named(spec)} · {head}",
                strong=[len(rows) - 1], summed=len(rows) - 1,
                charted=("column", (1, 6), words(f"flow_{quantity}")),
            )  # fmt: skip


def _clearing(book: Book, results: Summary) -> None:
    words = results.words
    for campaign in results.campaigns:
        if campaign.burn is None:
            continue
        table = campaign.burn[campaign.burn["level"] == "city"]
        columns = _columns(words, [
            ("month_end", "date"), ("left_count", "int", 14), ("sheet_left_area", "area", 16),
            ("sheet_straight", "area", 16), ("sheet_days_left", "int", 12),
            ("left_count_day", "number", 16), ("left_area_day", "area", 18),
        ])  # fmt: skip
        fields = ("as_of", "remaining_n", "remaining", "straight", "days_left", "needed_n_per_day",
                  "needed_per_day")  # fmt: skip
        rows = [[row.get(name) for name in fields] for row in table.to_dict("records")]
        charted = ("line", (2, 3), words("clearing_area"))
        _sheet(book, results, "clearing", columns, rows, charted=charted, title="clearing")


def _assessment(book: Book, results: Summary) -> None:
    if results.assessment:
        views = assessment_views(results.assessment, results.city, results.words)
        add_sheets(book, views, results.words, results.day)


def _cases(book: Book, results: Summary) -> None:
    """Add the open cases of what is steered, and what is overdue elsewhere; not for the public."""
    if results.release == "public":
        return
    words = results.words
    steered = {campaign.layer for campaign in results.campaigns}
    for register in registers_with_deadline(results.facts, Gate("write_report")):
        spec = register.spec
        table = case_table(register, results.as_of, words, late=register.layer not in steered)
        # Of what is not late yet the deadline says enough.
        table["overdue_days"] = table["overdue_days"].where(table["overdue_days"] > 0)
        unit = unit_label(spec.fields[spec.measure].unit, results.lang) if spec.measure else ""
        heads: dict[str, tuple[str, str]] = {
            "id": (words("key"), "text"), "district": (results.by_unit, "text"),
            "street": (words("street"), "text"), "overdue_place": (words("overdue_place"), "text"),
            "overdue_marks": (words("overdue_marks"), "text"),
            "overdue_remaining": (words("overdue_remaining", unit=unit), "int"),
            "status": (words("status"), "text"), "deadline": (words("deadline"), "date"),
            "overdue_days": (words("overdue_days"), "int"),
            "found_on": (words("sheet_found_on"), "date"),
            "days_open": (words("sheet_days_open"), "int"), "unit": (words("sheet_unit"), "text"),
        }  # fmt: skip
        blank = [name for name in table if table[name].isna().all() or table[name].eq("").all()]
        kept = [name for name in heads if name in table and name not in blank]
        if table.empty:
            continue
        columns = [Column(*heads[name]) for name in kept]
        rows = table[kept].astype("object").to_numpy().tolist()
        layer = words.named(spec)
        heading = words("sheet_titled", title=words("sheet_cases", layer=layer), as_of=results.day)
        book.sheet(
            words("sheet_cases", layer=layer), columns, rows, title=heading, filtered=True
        )  # fmt: skip


def _gaps(book: Book, results: Summary) -> None:
    words = results.words
    names = results.zone_names
    columns = _columns(words, [
        "service", ("radius_m", "int"), ("rank_word", "int"), "district", ("gap_people", "int", 14),
        ("gap_km2", "km", 16), ("gap_distance", "int", 16), ("x", "int", 16), ("y", "int", 16),
    ])  # fmt: skip
    rows: list[list[Any]] = []
    for reach in results.services:
        if reach.gaps is None:
            continue
        spec = results.city.specs[reach.service.layer]
        inside = reach.gaps.geometry.representative_point()
        for row, x, y in zip(reach.gaps.itertuples(), inside.x, inside.y, strict=True):
            rows.append(
                [
                    words.named(spec), reach.service.radius_m, row.Index,
                    str(names.get(row.zone_code, row.zone_code)), row.demand, row.area_m2 / 1e6,
                    row.distance_m, x, y,
                ]
            )  # fmt: skip
    if results.release == "public":
        columns, rows = _without(columns, rows, {words("x"), words("y")})
    if rows:
        _sheet(book, results, "gaps", columns, rows)


def _supply(book: Book, results: Summary) -> None:
    words = results.words
    names = results.zone_names
    if not results.supplies:
        return
    per = f"{results.supplies[0].per:,.0f}"
    columns = _columns(words, [
        "service", Column(results.by_unit), ("value", "int", 14), ("people", "int", 14),
        Column(words("per_head", per=per), "decimal", 16), ("per_km2", "decimal", 14),
        Column(words("access", per=per), "decimal", 16), ("without_any", "share", 18),
        ("sheet_gini", "ratio", 14),
    ])  # fmt: skip
    rows: list[list[Any]] = []
    strong = []
    for each in results.supplies:
        spec = results.city.specs[each.layer]
        item = spec.fields[each.amount]
        label = f"{words.named(spec)} · {words.label(item)}"
        for row in each.table.itertuples():
            is_total = row.row_kind == "total"
            if is_total:
                strong.append(len(rows))
            rows.append(
                [
                    label, words("total") if is_total else str(names.get(row.Index, row.Index)),
                    row.amount, row.residents, row.ratio, row.per_km2, row.access, row.without,
                    each.gini if is_total and pd.notna(each.gini) else None,
                ]
            )  # fmt: skip
    _sheet(book, results, "supply", columns, rows, title="supply", strong=strong, frozen=2)


def write_tables(results: Summary, path: Path) -> None:
    """Write the workbook of a report; the same summary gives the same cells."""
    words = results.words
    title = words("title", city=words.named(results.city))
    note = words.joined([results.stamp, results.day, words.named(results.city)])
    with Book(path, title=title, created=results.as_of, note=note, brief=True) as book:
        _overview(book, results)
        if results.city.has_zones and results.table["level"].eq("district").any():
            _districts(book, results)
            _attainment(book, results)
        if results.table["level"].eq("street").any():
            _streets(book, results)
        _monthly(book, results)
        for add in (
            _outlook, _periods, _flows, _clearing, _assessment, _cases, _gaps, _supply, _coverage,
        ):  # fmt: skip
            add(book, results)
        for layer in results.layers:
            _layer(book, results, layer)
        for add in (_reported, _balance, _targets, _definitions, _ledger, _method):
            add(book, results)


def _overview(book: Book, results: Summary) -> None:
    words = results.words
    columns = _columns(words, [
        "domain", "indicator", ("value", "number", 16), "unit", "shown_as",
        ("target", "number", 16), "comparator", ("deadline", "date"), ("attainment", "share"),
        ("expected_value", "number", 16), "status", ("comparability", "text", 22),
        ("numerator", "number"), ("denominator", "number"), ("period_start", "date"),
        ("period_end", "date"), "basis", ("note", "text", 56), "indicator_id", "published_id",
    ])  # fmt: skip
    rows = []
    listed = results.headline["value"].notna() | results.headline.index.isin(unavailable(results))
    for row in results.headline[listed].itertuples():
        kind = _number_kind(row.unit)
        part = "int" if row.unit == "ratio" and _whole(row.numerator) else "number"
        reasons = reasons_of(row, words, results.figures)
        rows.append(
            [
                results.layer_name(row.layer), words.named(row),
                (row.value, kind), words.unit_of(row.unit, row.Index),
                results.scales[row.Index].amount(row.value), (row.target, kind),
                words.name("comparator", row.comparator) if pd.notna(row.target) else "",
                row.deadline, row.attainment, (row.expected, kind),
                words.name("status", status_shown(row.status, row.expected, row.target)),
                words.joined(reasons) if reasons else words("comparable"),
                (row.numerator, part), (row.denominator, part), row.period_start, row.as_of,
                words.name("basis", row.basis), plain_note(row, words, results.figures),
                row.Index, row.published_id,
            ]
        )  # fmt: skip
    if not results.has_targets:
        # Columns of nothing, and verdicts about nothing.
        headers = ("target", "comparator", "deadline", "attainment", "expected_value", "status",
                 "comparability")  # fmt: skip
        columns, rows = _without(columns, rows, {words(head) for head in headers})
    if results.city.published.empty:
        columns, rows = _without(columns, rows, {words("published_id")})
    _sheet(book, results, "overview", columns, rows, frozen=2, filtered=True)


def _without(
    columns: list[Column], rows: list[list[Any]], headers: set[str]
) -> tuple[list[Column], list[list[Any]]]:
    """Leave out columns by their heads."""
    keep = [k for k, column in enumerate(columns) if column.head not in headers]
    return [columns[k] for k in keep], [[row[k] for k in keep] for row in rows]


def _districts(book: Book, results: Summary) -> None:
    words = results.words
    wide = results.by_district()
    groups = results.subtotals
    order = _order(results, wide, groups)
    columns = _columns(words, ["indicator", "unit"])
    columns += [Column(label, "number") for label, _ in order]
    cells = pd.concat([wide, groups]).loc[[at for _, at in order]].to_dict("list")
    rows = []
    for name in wide.columns:
        row = results.headline.loc[name] if name in results.headline.index else None
        if row is None:
            continue
        kind = _number_kind(row["unit"])
        rows.append(
            [
                words.of(row["name_zh"], row["name_en"]),
                words.unit_of(row["unit"], name),
                *((value, kind) for value in cells[name]),
            ]
        )
    _sheet(book, results, "districts", columns, rows, frozen=2)


def _order(results: Summary, wide: pd.DataFrame, groups: pd.DataFrame) -> list[tuple[str, str]]:
    """Return headings and row labels: the districts of each group, its subtotal, margins."""
    words = results.words
    names, group_of = results.zone_names, zone_groups(results.city.zones)
    out = []
    several = len(groups) > 1
    for group in groups.index:
        members = [at for at in wide.index if at in group_of.index and group_of[at] == group]
        out += [(str(names[at]), at) for at in members]
        if several:
            out.append((words("subtotal", group=words.name("group", group)), group))
    return out + [(words(m), m) for m in MARGINS if m in wide.index]


def _attainment(book: Book, results: Summary) -> None:
    words = results.words
    wide = results.by_district("attainment").dropna(how="all", axis=1)
    value, attained, states, expected, targets = results.cells.values()
    if wide.empty:
        return
    names = results.zone_names
    zones = [at for at in wide.index if at in names.index]
    columns = _columns(words, [
        "indicator", "district", ("value", "number", 16), ("target", "number", 16), "unit",
        ("attainment", "share"), "status",
    ])  # fmt: skip
    rows: list[list[Any]] = []
    strong = []
    for name in wide.columns:
        if name not in results.headline.index:
            continue
        row = results.headline.loc[name]
        kind = _number_kind(row["unit"])
        unit = words.unit_of(row["unit"], name)
        for at in [*zones, "total"]:
            if at == "total":
                strong.append(len(rows))
            rows.append(
                [
                    words.of(row["name_zh"], row["name_en"]),
                    words("total") if at == "total" else str(names[at]),
                    (value[name][at], kind), (targets[name][at], kind), unit,
                    attained[name][at], words.name("status", status_shown(
                        str(states[name][at]), expected[name][at], targets[name][at]
                    )),
                ]
            )  # fmt: skip
    _sheet(book, results, "attainment", columns, rows, strong=strong, frozen=2, filtered=True)


def _streets(book: Book, results: Summary) -> None:
    words = results.words
    streets = results.city.zones_at("street")
    names, districts = zone_names(streets, results.lang), results.zone_names
    parent = streets["parent_code"] if "parent_code" in streets.columns else streets.index.str[:6]
    parent = pd.Series(np.asarray(parent, dtype=object), index=streets.index)
    rows_of = results.table[results.table["level"] == "street"]
    at = rows_of["zone_code"].where(rows_of["row_kind"] == "zone", rows_of["row_kind"])
    sums = rows_of.assign(at=at).groupby(["at", "indicator"])["value"].sum(min_count=1)
    wide = sums.unstack()  # noqa: PD010
    figures = [f for f in results.headline.index if f in wide.columns and wide[f].notna().any()]
    rank = {code: k for k, code in enumerate(results.city.zones.index)}
    order = [c for c in streets.index if c in wide.index]
    order.sort(key=lambda c: (rank.get(parent[c], len(rank)), c))
    margins = [m for m in MARGINS if m in wide.index]
    total = results.headline["value"]
    kinds = {f: _number_kind(str(results.headline.loc[f, "unit"])) for f in figures}
    headers = figure_headers(results.table, words)
    columns = _columns(words, ["district", "street", "code"])
    columns += [Column(headers[f], kinds[f]) for f in figures]
    rows: list[list[Any]] = [
        [
            str(districts.get(parent[c], parent[c])), str(names[c]), c,
            *cells,
        ]
        for c, cells in zip(order, wide.loc[order, figures].to_numpy().tolist(), strict=True)
    ]  # fmt: skip
    rows += [
        [words("no_street" if m == "outside" else m), "", "", *(wide.loc[m, f] for f in figures)]
        for m in margins
    ]
    rows.append([words("total"), "", "", *(total[f] for f in figures)])
    strong = range(len(order), len(rows))
    _sheet(book, results, "streets", columns, rows, strong=strong, frozen=2)


def _monthly(book: Book, results: Summary) -> None:
    words, series = results.words, results.series
    if series.empty:
        return
    # Looked up row by row: in a dict, not in a Series.
    names = results.zone_names.to_dict()
    series = series.dropna(subset=["value"])
    series = series[series["indicator"].isin(results.headline.index)]
    flows = {f.id for f in results.figures.figures.values() if f.value and f.value.kind == "flow"}
    columns = _columns(words, [
        "indicator", "scope", ("month_end", "date"), ("cumulative", "number", 16),
        ("this_month", "number", 16), "unit", ("attainment", "share"), "status",
    ])  # fmt: skip
    rows = []
    # Row by row of the figure, in the order in which rows first occur, day by day.
    place = series.groupby(["indicator", "level", "row_kind", "zone_code"], sort=False)
    series = series.assign(place=place.ngroup()).sort_values(["place", "as_of"], kind="stable")
    before = series.groupby("place")["value"].shift(fill_value=0.0)
    series["step"] = (series["value"] - before).where(series["indicator"].isin(flows))
    for row in series.itertuples():
        zone, kind = names.get(row.zone_code, row.zone_code), _number_kind(row.unit)
        scope = str(zone) if row.row_kind == "zone" else words(str(row.row_kind))
        if row.level == "district" and row.row_kind == "unlocated":
            scope = f"{scope} {zone}"
        rows.append(
            [
                words.named(row), scope, row.as_of, (row.value, kind),
                (None if pd.isna(row.step) else row.step, kind),
                words.unit_of(row.unit, row.indicator),
                row.attainment,
                words.name("status", status_shown(row.status, row.expected, row.target)),
            ]
        )  # fmt: skip
    if not results.has_targets:
        columns, rows = _without(columns, rows, {words("attainment"), words("status")})
    _sheet(book, results, "monthly", columns, rows, frozen=3, filtered=True)


def _coverage(book: Book, results: Summary) -> None:
    words = results.words
    if not results.services:
        return
    names = results.zone_names
    columns = _columns(words, [
        "service", ("radius_m", "int"), "district", ("area_km2", "km", 18),
        ("covered_km2", "km", 18), ("area_share", "share"), ("people", "int", 16),
        ("people_covered", "int", 16), ("people_share", "share"),
    ])  # fmt: skip
    rows: list[list[Any]] = []
    strong = []
    for reach in results.services:
        label = results.layer_name(reach.service.layer)
        for row in reach.table.itertuples():
            if row.row_kind == "total":
                strong.append(len(rows))
            at = words(row.row_kind) if row.row_kind != "zone" else str(names[row.Index])
            people = [None, None, None]
            if reach.demand:
                people = [row.demand, row.demand_covered, row.demand_coverage]
            rows.append(
                [label, reach.service.radius_m, at, row.area_m2 / 1e6, row.covered_m2 / 1e6,
                 row.coverage, *people]
            )  # fmt: skip
    _sheet(book, results, "coverage", columns, rows, strong=strong, frozen=3)


def _layer(book: Book, results: Summary, layer: LayerSummary) -> None:
    words = results.words
    names = results.zone_names
    columns = [Column(results.by_unit), Column(words("layer_records_word"), "int", 12)]
    measure, kind, unit = layer.measure_label, "number", ""
    with_measure = measure is not None and "measure" in layer.totals.columns
    if measure is not None and with_measure:
        kind = _number_kind(measure[2])
        unit = unit_label(measure[2], results.lang)
        label = words.of(measure[0], measure[1])
        columns.append(
            Column(words("field_unit", label=label, unit=unit) if unit else label, kind, 18)
        )
    state = {} if layer.by_state is None else layer.by_state.to_dict("index")
    for code in layer.states:
        label = state_label(layer.spec, code, words)
        columns.append(Column(label, "int"))
        if with_measure:
            head = words("field_unit", label=label, unit=unit or words("measure"))
            columns.append(Column(head, kind, 16))
    rows: list[list[Any]] = []
    for at, row in layer.totals.iterrows():
        cells: list[Any] = [str(names.get(at, at)) if row["row_kind"] == "zone" else words(str(at))]
        cells.append(row["count"])
        if with_measure:
            cells.append(row["measure"])
        for code in layer.states:
            cells.append(state[at, code]["count"])
            if with_measure:
                cells.append(state[at, code]["measure"])
        rows.append(cells)
    if not results.city.has_zones:
        # What has no place and the whole are there; what has one is the rest.
        rows.insert(
            0, [words("located"), *(b - a for a, b in zip(*(r[1:] for r in rows), strict=True))]
        )
    name = words.named(layer.spec)
    title = words("sheet_titled", title=name, as_of=results.day)
    book.sheet(name, columns, rows, title=title, strong=[len(rows) - 1])


def _targets(book: Book, results: Summary) -> None:
    words, city = results.words, results.city
    if city.targets.empty:
        return
    names = results.zone_names
    columns = _columns(words, [
        "indicator", "district", ("given_target", "number", 16), "unit", ("deadline", "date"),
        ("note", "text", 40), "indicator_id",
    ])  # fmt: skip
    rows = []
    for row in city.targets.itertuples():
        figure = results.figures.figures.get(row.indicator)
        label = row.indicator if figure is None else words.label(figure)
        unit = str(row.unit) if pd.notna(row.unit) else ""
        where = names.get(row.zone_code, row.zone_code)
        if row.zone_code == city.code:
            where = words("total")
        rows.append(
            [
                label, str(where), (row.target, _number_kind(unit)),
                words.unit_of(unit, row.indicator), row.deadline,
                row.note if pd.notna(row.note) else "", row.indicator,
            ]
        )  # fmt: skip
    _sheet(book, results, "targets", columns, rows, frozen=2, filtered=True)


def _reported(book: Book, results: Summary) -> None:
    words, names, rows = results.words, results.zone_names, []
    columns = _columns(words, [
        "indicator", "district", "unit", ("computed", "number", 16),
        ("reported_value", "number", 16), ("reported_difference", "number", 16), "reported_period",
        ("reported_source", "text", 28), "indicator_id",
    ])  # fmt: skip
    for row in reported_rows(results).itertuples():
        kind = _number_kind(row.unit)
        where = words("total") if row.row_kind == "total" else names.get(row.zone_code, "")
        numbers = [(value, kind) for value in (row.value, row.reported, row.difference)]
        unit = words.unit_of(row.unit, row.indicator)
        rows.append(
            [words.named(row), str(where), unit, *numbers, row.reported_period,
             row.reported_source, row.indicator]
        )  # fmt: skip
    if rows:
        _sheet(book, results, "reported", columns, rows, frozen=2, filtered=True)


def _balance(book: Book, results: Summary) -> None:
    words, rows = results.words, []
    heads = [(f"balance_{name}", "int", 16) for name in ("load", "capacity", "balance")]
    columns = _columns(words, ["district", *heads, ("note", "text", 60)])
    for title, frame in balances(results.city, results.table):
        for code, values in frame.iterrows():
            where = words("total") if code == results.city.code else results.zone_names[code]
            note = f"{title.of(results.lang)} {words('balance_note')}"
            rows.append([str(where), *values, note])
    if rows:
        _sheet(book, results, "balance", columns, rows, frozen=1)


def _definitions(book: Book, results: Summary) -> None:
    words = results.words
    city = results.city
    known = {k: f for k, f in results.figures.figures.items() if results.concerns(f.layer)}
    if not known:
        return
    figures = replace(results.figures, figures=known)
    table = definitions(
        city.specs, results.lang, figures=figures, published=city.published, unit=city.unit
    )
    headers = {
        "name_zh": ("name_zh", None), "name_en": ("name_en", None), "layer": ("layer", None),
        "unit": ("unit", None), "numerator": ("numerator_words", 34),
        "denominator": ("denominator_words", 34), "condition": ("filter_words", 34),
        "period": ("period_words", 26), "reasons": ("reason", 22), "note": ("note", 48),
        "quote_zh": ("quote", 48), "indicator": ("indicator_id", None),
        "published_id": ("published_id", None),
    }  # fmt: skip
    if city.published.empty:
        # Clauses, their ids and why they do not compare are those of a document nobody named.
        headers = {
            k: v for k, v in headers.items() if k not in ("quote_zh", "published_id", "reasons")
        }
    columns = [Column(words(head), width=width) for head, width in headers.values()]
    book.sheet(words("sheet_definitions"), columns, table[list(headers)].to_numpy().tolist(),
               frozen=2, filtered=True)  # fmt: skip


def _ledger(book: Book, results: Summary) -> None:
    words = results.words
    table = ledger_table(results.city, results.lang).drop(columns="usable")
    counts = table.select_dtypes("integer").columns
    columns = [Column(words(name), "int" if name in counts else "text") for name in table.columns]
    _sheet(book, results, "ledger", columns, table.to_numpy(dtype=object).tolist())


def _method(book: Book, results: Summary) -> None:
    words = results.words
    notes = method_notes(results)
    if results.city.has_zones:
        notes.append(words("boundaries"))
    rows = [[note] for note in notes]
    book.sheet(words("sheet_method"), [Column(words("note"), width=110)], rows, frozen=0)


def _whole(value: Any) -> bool:
    return bool(pd.notna(value)) and float(value).is_integer()


def scoreboard(
    table: pd.DataFrame,
    city: City,
    lang: str | None = None,
    *,
    column: str = "value",
    indicators: Sequence[str] | None = None,
    labels: bool = True,
) -> pd.DataFrame:
    """Put the figures of the districts side by side, with groups and totals.

    Parameters
    ----------
    table : DataFrame
        As :func:`geo_citymgmt.progress` gives it.
    city : City
        For names, order and groups of its districts.
    lang : {"zh", "en"}, default options.lang
        Of names and headings.
    column : {"value", "attainment", "target"}
        Which number of each figure.
    indicators : sequence of str, optional
        These figures, in this order; all with a value in any district otherwise.
    labels : bool
        Head the columns with name and unit; with the ids of the figures otherwise.

    Returns
    -------
    DataFrame
        Indexed by zone code: ``name``, ``group``, ``row_kind`` (zone, outside, unlocated or
        total), then one column a figure, in the unit of its definition. For figures that add up,
        the rows above ``total`` make it.

    Raises
    ------
    CityDataError
        A figure that no district has.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> board = scoreboard(gcm.progress(city, as_of=None), city, indicators=["manhole_remediated"])
    >>> board.columns.tolist()
    ['name', 'group', 'row_kind', '城市道路窨井整治（已验收）（个）']
    >>> int(board.iloc[-1, -1])
    1180
    """
    lang = display_lang(lang)
    words = Words(lang, unit=city.unit)
    wide = by_district(table, column)
    chosen = list(wide.columns if indicators is None else indicators)
    unknown = [name for name in chosen if name not in wide.columns]
    if unknown:
        gaps = {"unit": city.unit, "figure": unknown[0], "known": ", ".join(wide.columns)}
        raise _MESSAGES.error(CityDataError, "no_figure_of_zone", **gaps)
    names, groups = zone_names(city.zones, lang), zone_groups(city.zones)
    kinds = [label if label in MARGINS else "zone" for label in wide.index]
    out = pd.DataFrame(
        {
            "name": [words(at) if at in MARGINS else str(names.get(at, at)) for at in wide.index],
            "group": [str(groups.get(at, "")) for at in wide.index],
            "row_kind": kinds,
        },
        index=pd.Index(wide.index, name="zone_code"),
    )
    headers = figure_headers(table, words) if labels else {}
    # All at once: a column at a time breaks the frame into as many pieces.
    return pd.concat([out, wide[chosen].rename(columns=headers)], axis=1)


def figure_headers(table: pd.DataFrame, words: Words) -> dict[str, str]:
    """Return the heading of each figure: its name and its unit."""
    headers = {}
    for row in table.drop_duplicates("indicator").itertuples():
        name = words.named(row)
        unit = words.unit_of(row.unit, row.indicator)
        headers[row.indicator] = words("field_unit", label=name, unit=unit) if unit else name
    return headers
