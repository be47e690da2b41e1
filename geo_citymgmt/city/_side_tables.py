"""Tables beside the layers: events of the records, figures reported, and the limits of an office.

Events are of accepted records, or told. What is reported is shown beside what is computed, and
never mixed with it; due times follow from the limits where records do not say them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._dates import last_days as last_days_of
from geo_citymgmt._dates import span_of_text
from geo_citymgmt._languages import DISTRICT, Messages, Text, packaged_table
from geo_citymgmt.city._config import CitySource
from geo_citymgmt.city._tables import (
    EVENT_COLUMNS,
    REQUIRED,
    SideTable,
    at_rows,
    figures_by_name,
    own_headings,
    read_events,
    reported_as_unusable,
    zone_headings,
)
from geo_citymgmt.cleaning._ids import has_lost_characters, has_lost_digits
from geo_citymgmt.cleaning._numbers import is_approximate, number_in, parse_number
from geo_citymgmt.cleaning._place import ZoneNames
from geo_citymgmt.findings import Findings, concat_findings
from geo_citymgmt.indicators import Figures
from geo_citymgmt.indicators._definitions import unit_factors
from geo_citymgmt.layer import Layer
from geo_citymgmt.reading._source import SourceLayer
from geo_citymgmt.reading._text import is_null_text, plain, plain_key, text_array
from geo_citymgmt.spec import Field, LayerSpec
from geo_citymgmt.worktime import CLOCK_UNITS, KIND, LIMIT_COLUMNS, Clock, work_calendar

_MESSAGES = Messages("geo_citymgmt.city")
REPORTED_COLUMNS = ("figure", "zone", "period", "value", "unit", "source", "clause")
_KEY = ["figure", "zone", "period_start", "period_end"]
#: From one month, quarter or day to another: 2022-01..05, 2022-01..2022-05, 2022年1-6月. A hyphen
#: is of the dates themselves, too: it parts them where a unit or a year stands behind it.
_RANGES = tuple(
    re.compile(rf"(\d{{4}}){start}(?:(\d{{4}})\D)?(.+)")
    for start in (
        r"(.*?)(?:\.\.|~|至|到)",
        r"(\D*[\d一二三四五六七八九十].*?)[-–—]+(?=.*[月季日号]|\d{4}\D)",
    )
)
_UNIT = re.compile(r".*?(月份?|季度?)")
_HEADINGS = packaged_table("geo_citymgmt.city", "side_tables.toml")["limits"]
_WORDS = packaged_table("geo_citymgmt.city", "side_tables.toml")["limit_words"]


def nothing_reported() -> pd.DataFrame:
    """Return a table of reported figures without rows."""
    table = pd.DataFrame({name: pd.Series(dtype="str") for name in REPORTED_COLUMNS})
    days = {name: pd.Series(dtype="datetime64[us]") for name in ("period_start", "period_end")}
    return table.astype({"value": "float64"}).assign(**days)


def read_reported(
    source: Path | SourceLayer,
    figures: Figures,
    zones: ZoneNames,
    findings: Findings,
    account: list[dict[str, Any]],
    unit: Text = DISTRICT,
) -> pd.DataFrame:
    """Read reported figures: one row a figure, zone and period.

    A row without a zone is of the whole city. A zone goes by its code or a name, a figure by its
    id, a name or the published row it answers. A row that cannot be used is left out and told; of
    two rows of one figure, zone and period the last counts.

    Returns
    -------
    DataFrame
        :data:`REPORTED_COLUMNS`, ``value`` in the unit of the figure, with the first and the last
        day of the period.

    Raises
    ------
    SourceError
        It is no table, or a required column is missing.
    """
    headings = own_headings(REPORTED_COLUMNS, {"zone": zone_headings(unit)})
    side = SideTable.read(source, headings, REQUIRED["reported"], findings)
    given = side.frame
    table = given.apply(lambda column: column.astype("str").str.strip())
    known = figures_by_name(figures)
    table["figure"] = [known.get(plain_key(text), "") for text in table["figure"]]
    table["zone"] = [zones.code(plain(text)) or zones.city for text in table["zone"]]
    unit_of = {key: f.unit for key, f in figures.figures.items()}
    table["unit"] = side.units(table["unit"], [unit_of.get(k, "") for k in table["figure"]])
    factor, wrong = unit_factors(table.rename(columns={"figure": "indicator"}), figures)
    said = zip(table["value"], table["figure"], factor, strict=True)
    numbers = [number_in(text, unit_of.get(key, ""), one) for text, key, one in said]
    table["value"] = np.array(numbers, dtype="float64") * factor
    spans = [_span(text) for text in table["period"]]
    for k, name in enumerate(("period_start", "period_end")):
        days = [pd.NaT if span is None else span[k] for span in spans]
        table[name] = pd.Series(days, table.index, dtype="datetime64[us]")
    lost = pd.Series(False, table.index)
    for hit, column, cause in (
        (table["figure"].eq(""), "figure", _MESSAGES("reported_no_figure")),
        (~table["zone"].isin(zones.codes), "zone", _MESSAGES("reported_no_zone")),
        (table["period_end"].isna(), "period", _MESSAGES("reported_no_period")),
        (~np.isfinite(table["value"]), "value", _MESSAGES("reported_no_number")),
        (pd.Series(wrong, table.index), "unit", _MESSAGES("reported_no_unit")),
    ):
        side.report(hit & ~lost, column, cause, findings)
        lost |= hit
    table = table[~lost]
    again = table.duplicated(_KEY, keep="last")
    hit = again.reindex(given.index, fill_value=False)
    side.report(hit, "figure", _MESSAGES("reported_twice"), findings)
    table = table[~again]
    units = table["figure"].map(unit_of)
    over = (units.eq("ratio") & (table["value"] > 1)).reindex(given.index, fill_value=False)
    about = given.loc[table.index, "value"].astype("str").map(is_approximate)
    about = about.astype(bool).reindex(given.index, fill_value=False)
    for code, rows in (("REPORTED_SHARE", over), ("REPORTED_APPROXIMATE", about)):
        for row in given.index[rows]:
            findings.add(
                code,
                value=given.loc[row, "value"],
                expected=f"{table.loc[row, 'value']:.15g}",
                about=f"{side.name} {row}",
                file=side.name,
                row=str(row + 2),
            )
    account.append(side.account("reported", len(table)))
    return table.reset_index(drop=True)


def _span(text: str) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """First and last day of a period: a day, month, quarter, half-year, year, or from one to one.

    Examples
    --------
    >>> [str(day.date()) for day in _span("2022-01..05")]
    ['2022-01-01', '2022-05-31']
    >>> [str(day.date()) for day in _span("2024年1-6月")]
    ['2024-01-01', '2024-06-30']
    """
    # A whole year may be marked as such.
    text = plain(text).removesuffix("-FY")
    first = last = span_of_text(text)
    found = next((m for pattern in _RANGES if (m := pattern.fullmatch(text))), None)
    if first is None and found is not None:
        year, rest, other, end = found.groups()
        unit = _UNIT.fullmatch(end)
        # The unit may stand behind the second alone.
        first = span_of_text(year + rest) or span_of_text(f"{year}{rest}{unit[1] if unit else ''}")
        last = span_of_text(f"{other or year}-{end}") or span_of_text(f"{other or year}年{end}")
    if first is None or last is None or first[0] > last[1]:
        return None
    return pd.Timestamp(first[0]).as_unit("us"), pd.Timestamp(last[1]).as_unit("us")


def laid_over(below: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return reported figures of two tables; the second counts where both have one."""
    if own.empty or below.empty:
        return below if own.empty else own
    both = pd.concat([below, own], ignore_index=True)
    return both.drop_duplicates(_KEY, keep="last").reset_index(drop=True)


def office_clock(found: CitySource, findings: Findings, account: list[dict[str, Any]]) -> Clock:
    """Return the calendar and the limits of an office, over those of the package."""
    clock = Clock(work_calendar(found.calendar))
    if found.limits is not None:
        with reported_as_unusable(found.limits, "limits", findings, account):
            own = read_limits(found.limits, findings, account)
            clock = replace(clock, limits=clock.limits.over(own))
    return clock


def read_limits(source: Path, findings: Findings, account: list[dict[str, Any]]) -> pd.DataFrame:
    """Read limits by kind and stage; a row that cannot be used is left out and told.

    Raises
    ------
    SourceError
        It is no table, or a column is missing.
    """
    side = SideTable.read(source, _HEADINGS, ("stage", "amount", "unit"), findings)
    given = side.frame.apply(lambda column: column.str.strip())
    table, wrong = given.copy(), pd.Series(False, given.index)

    def report(hit: pd.Series, column: str, why: str) -> None:
        side.report(hit, column, _MESSAGES(why), findings)
        wrong.update(hit | wrong)

    for column, words in _WORDS.items():
        known = {plain_key(word): code for word, code in words.items()}
        table[column] = [known.get(plain_key(text), "") for text in given[column]]
        may_lack = column in ("case_class", "urgent")
        empty = given[column].map(is_null_text)
        report(table[column].eq("") & ~(empty & may_lack), column, "limit_not_known")
    amounts = [np.nan if is_null_text(t) else parse_number(t)[0] for t in given["amount"]]
    table["amount"] = pd.Series(amounts, given.index, dtype="float64")
    report(~(table["amount"] > 0), "amount", "limit_no_amount")
    report(table["urgent"].eq("yes") & ~table["unit"].isin(CLOCK_UNITS), "unit", "limit_by_clock")
    table = table.loc[~wrong, list(LIMIT_COLUMNS)]
    account.append(side.account("limits", len(table)))
    return table.reset_index(drop=True)


def with_due_times(layer: Layer, clock: Clock) -> Layer:
    """Return a layer with what is due told where its records do not say it."""
    data, findings = layer.data, Findings(layer.spec.key)
    for name, rule in layer.spec.times.items():
        if rule.stage is None or rule.start not in data:
            continue
        nothing = pd.Series(pd.NaT, data.index, dtype="datetime64[us]")
        stated = data.get(name, nothing)
        lacks = stated.isna() & data[rule.start].notna()
        if not lacks.any():
            continue
        rows = data.loc[lacks, [rule.start, *(n for n in KIND if n in data)]]
        limit = clock.limit(rows, rule.stage)
        has_limit = limit["amount"].notna()
        computed = clock.due(rows[rule.start], limit)
        item = layer.spec.fields[name]
        years = f"{clock.calendar.first}..{clock.calendar.last}"
        for code, hit, expected in (
            ("DUE_COMPUTED", computed.notna(), ""),
            ("DUE_NO_LIMIT", ~has_limit, ""),
            ("DUE_NO_CALENDAR", has_limit & computed.isna(), years),
        ):
            if hit.any():
                n = int(hit.sum())
                findings.add(code, value=n, item=item, about=name, expected=expected)
        data = data.assign(**{name: stated.fillna(computed.reindex(data.index))})
    if data is layer.data:
        return layer
    order = [n for n in layer.spec.fields if n in data]
    rest = [n for n in data.columns if n not in layer.spec.fields]
    told = concat_findings([layer.findings, findings.frame()])
    return replace(layer, data=data[[*order, *rest]], findings=told)


def city_events(
    source: Any,
    specs: Mapping[str, LayerSpec],
    layers: Mapping[str, Layer],
    findings: Findings,
    account: list[dict[str, Any]],
    *,
    only: Sequence[str] | None,
) -> pd.DataFrame:
    """Return the events of a city that are of its records, with the account of the others.

    ``source`` is their table or where it lies, None without one; ``only`` are the layers that are
    wanted, None for all.
    """
    events = no_rows(EVENT_COLUMNS).astype({"date": "datetime64[us]", "amount": "float64"})
    if source is None:
        return events
    with reported_as_unusable(source, "events", findings, account):
        read = read_events(source, specs, findings, only=only, account=account)
        is_file = not isinstance(source, pd.DataFrame)
        name = account[-1]["source"] if is_file else ""
        events = matched_events(read, layers, findings, name=name)
        if is_file:
            lost = len(read) - len(events)
            account[-1]["n_used"] -= lost
            account[-1]["n_rejected"] += lost
    return events


def no_rows(columns: Iterable[str]) -> pd.DataFrame:
    """Return a table of these columns without a row."""
    return pd.DataFrame({column: pd.Series(dtype="str") for column in columns})


def matched_events(
    events: pd.DataFrame, layers: Mapping[str, Layer], findings: Findings, *, name: str = ""
) -> pd.DataFrame:
    """Return the events of accepted records; the others are told, by row where a file has them."""
    # Of the layers that something befell; others may have many more records.
    sound, damaged = _ids({k: layers[k] for k in events["layer"].unique() if k in layers})
    pairs = pd.MultiIndex.from_frame(events[["layer", "key"]])
    lost = ~pairs.isin(sound)
    in_doubt = pairs.isin(damaged)
    several = events["key"].isin(_qualified_ids(layers)).to_numpy() & lost & ~in_doubt
    for hit, about, detail in (
        (lost & ~several & ~in_doubt, "key", _MESSAGES("no_accepted_record")),
        (
            in_doubt,
            "damaged",
            _MESSAGES("ids_damaged"),
        ),
        (
            several,
            "several",
            _MESSAGES("ids_several"),
        ),
    ):
        if hit.any():
            why = at_rows(detail, name, sorted(events.index[hit])) if name else detail
            findings.add("EVENT_UNMATCHED", value=int(hit.sum()), about=about, detail=why)
    return events[~lost].reset_index(drop=True)


def _ids(layers: Mapping[str, Layer]) -> tuple[pd.MultiIndex, pd.MultiIndex]:
    """Return the ids of all layers: those that name one record, and those that may name others."""
    found: dict[bool, list[tuple[str, str]]] = {False: [], True: []}
    for key, layer in layers.items():
        ids = text_array(layer.data[layer.spec.id_field])
        in_doubt = has_lost_digits(ids) | has_lost_characters(ids)
        for is_hit, one in zip(in_doubt.tolist(), ids.to_pylist(), strict=True):
            found[is_hit].append((key, one))
    sound, damaged = (
        pd.MultiIndex.from_tuples(found[k], names=["layer", "key"])
        if found[k]
        else pd.MultiIndex.from_arrays([[], []], names=["layer", "key"])
        for k in (False, True)
    )
    return sound, damaged


def _qualified_ids(layers: Mapping[str, Layer]) -> set[str]:
    """Return the ids, as their sources have them, that stand for several records of a layer."""
    found: set[str] = set()
    for layer in layers.values():
        if layer.findings["code"].eq("ID_QUALIFIED").any():
            ids = layer.data[layer.spec.id_field].astype("str")
            found |= set(ids.str.split("-", n=1).str[-1])
    return found


def latest_date(layers: Mapping[str, Layer], events: pd.DataFrame) -> pd.Timestamp | None:
    """The last day on which the data says something happened."""
    return max((day for day, _ in last_days(layers, events)), default=None)


def last_days(
    layers: Mapping[str, Layer], events: pd.DataFrame | None = None
) -> Iterator[tuple[pd.Timestamp, Text]]:
    """Yield the last day of the events and of each column that says when something happened."""
    if events is not None and len(events) and pd.notna(last := events["date"].max()):
        yield pd.Timestamp(last), _MESSAGES("day_of_events")
    for layer in layers.values():
        spec = layer.spec
        facts = {*(spec.states.dates if spec.states else ()), "update_date", "survey_date"}
        facts |= {a.date for a in spec.amounts.values() if a.date}
        for name in sorted(facts & set(layer.data.columns)):
            item = spec.fields.get(name)
            if pd.notna(last := _last_day(layer.data, name, item)):
                label = Text(name, name) if item is None else Text(item.zh, item.en)
                yield pd.Timestamp(last), _MESSAGES("day_of_field", spec=spec, label=label)


def _last_day(data: pd.DataFrame, name: str, item: Field | None) -> Any:
    """Return the last day of a column; a month or year as the end of it, none of its days known."""
    days, vague = data[name], data.get(f"{name}_precision")
    if vague is None and item is not None and item.precision:
        vague = pd.Series(item.precision, index=days.index)
    exact = days.max() if vague is None else days[~vague.isin(["month", "year"])].max()
    # A month in which a day is known says of no later day that it is over.
    return exact if exact == days.max() else last_days_of(days, vague).max()


def assumed_day(
    layers: Mapping[str, Layer], events: pd.DataFrame, findings: Findings
) -> pd.Timestamp | None:
    """Return the day that nobody stated and the data suggests; say that it is no more."""
    day, where = max(last_days(layers, events), key=lambda known: known[0], default=(None, None))
    if day is not None:
        findings.add("DATE_ASSUMED", value=f"{day:%Y-%m-%d}", detail=where, action="assumed")
    elif any(layer.spec.role != "zones" for layer in layers.values()):
        findings.add("DATE_UNSTATED")
    return day
