"""What the page says while all is folded: the data, sentences, figures by distance, lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._numbers import percent
from geo_citymgmt.maps._words import on_one_line, status_shown
from geo_citymgmt.report._beside import differing, reported_rows
from geo_citymgmt.report._drawings import attainment_bar
from geo_citymgmt.report._page_parts import (
    COMPARED,
    against_pace,
    against_start,
    against_target,
)
from geo_citymgmt.report._summary import reasons_of

if TYPE_CHECKING:
    from geo_citymgmt.report._summary import Summary


def reporting(results: Summary) -> str:
    """Say whether each district with a target has records, and where reports and records differ."""
    words, parts, full = results.words, [], True
    aimed = results.standings
    aimed = aimed[aimed["target"].notna()] if results.city.has_zones else aimed.iloc[:0]
    for layer in results.layers:
        zones = aimed.loc[aimed["layer"].eq(layer.spec.key), "zone_code"].unique()
        counts = layer.totals["count"].rename(index=str).reindex(zones)
        silent = [str(results.zone_names.get(z, z)) for z in counts[counts.eq(0)].index]
        if silent:
            full = False
            name = words.named(layer.spec)
            parts.append(words("data_silent", names=words.listed(silent), layer=name))
    if len(aimed) and full:
        parts.append(words("data_full", n=aimed["zone_code"].nunique()))
    rows = reported_rows(results)
    if len(rows):
        n = int(differing(rows).sum())
        parts.append(words("data_differ", n=n) if n else words("data_agree"))
    return words("sentence", text=words.joined(parts)) if parts else ""


#: Sentences on what is behind, and names in the one on what is met.
_MOST = 3
_BEHIND = ("behind", "overdue")


def completeness(results: Summary) -> str:
    """Say in one line which data there is: layers, records read and rejected, days."""
    words, ledger = results.words, results.city.ledger
    parts = [words("data_layers", n=int((ledger["n_accepted"] > 0).sum()))]
    if empty := int((ledger["n_accepted"] == 0).sum()):
        parts.append(words("data_empty", n=empty))
    read, rejected = (f"{int(ledger[name].sum()):,}" for name in ("n_records", "n_rejected"))
    parts.append(words("data_records", read=read, rejected=rejected))
    days = pd.to_datetime(ledger["data_date"]).dropna()
    if days.empty:
        parts.append(words("no_date"))
    else:
        first, last = (f"{day:%Y-%m-%d}" for day in (days.min(), days.max()))
        parts.append(words("data_day" if first == last else "data_days", first=first, last=last))
        if without := len(ledger) - len(days):
            parts.append(words("data_undated", n=without))
    return words("sentence", text=words.joined(parts))


def sentences(results: Summary) -> list[dict[str, str]]:
    """Say in a sentence each what is furthest behind, and in one what is met or ahead."""
    words, rows = results.words, results.tasks
    behind = rows[rows["status"].isin(_BEHIND)]
    out = [
        {"status": row.status, "text": _sentence(results, row)}
        for row in behind.head(_MOST).itertuples()
    ]
    for status in ("met", "ahead"):
        ahead = rows[rows["status"] == status].iloc[::-1]
        if len(ahead):
            names = [
                words("named_value", name=words.named(row), value=_amount(results, row, row.value))
                for row in ahead.head(_MOST).itertuples()
            ]
            key = f"sentence_{status}" if len(ahead) <= _MOST else f"sentence_{status}_more"
            out.append(
                {"status": status, "text": words(key, n=len(ahead), names=words.listed(names))}
            )
    return out


def _sentence(results: Summary, row: Any) -> str:
    words = results.words
    return words("sentence", text=task_text(results, row))


def task_text(results: Summary, row: Any) -> str:
    """Say what a figure is, how far from what is due, and what each month must bring."""
    words = results.words
    parts = _against(results, row)
    if pd.notna(row.expected_share):
        parts.append(against_pace(words, row.attainment, row.expected_share))
    text = words("comma").join(parts)
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
    if is_flow and not row.value:
        return [words("of_target_nothing", name=words.named(row), target=target)]
    said = words("named_value", name=words.named(row), value=_amount(results, row, row.value))
    if row.status == "not_comparable":
        reason = words.listed(reasons_of(row, words, results.figures))
        return [said, words("not_compared", reason=reason)]
    if pd.isna(row.attainment) or (figure.level and not row.target):
        key = status_shown(row.status, row.expected, row.target)
        return [said, words.name("status", key)]
    if is_flow:
        return [said, words("of_target", target=target, share=percent(row.attainment))]
    return [said, against_target(words, row) if figure.level else against_start(words, row)]


def _amount(results: Summary, row: Any, value: Any) -> str:
    return on_one_line(results.scales[str(row.Index)].amount(value))


def points_text(distance: float) -> str:
    """Write a distance in points, with its sign."""
    return "–" if pd.isna(distance) else f"{distance * 100:+.1f}".replace("-", "−")


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
                "distance": points_text(row.distance),
                "status": row.status,
                "status_name": status,
                "deadline": "–" if pd.isna(row.deadline) else f"{row.deadline:%Y-%m-%d}",
                "needed": _amount(results, row, results.need["needed"].get(row.Index)) or "–",
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
