"""Figures that somebody reported: shown beside what is computed, and never mixed with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._dates import read_day
from geo_citymgmt._words import DISTRICT, Messages, Text
from geo_citymgmt.city._tables import REQUIRED, SideTable, own_headings
from geo_citymgmt.cleaning._numbers import parse_number
from geo_citymgmt.errors import AsOfError
from geo_citymgmt.findings import Findings
from geo_citymgmt.indicators import Figures
from geo_citymgmt.indicators._definitions import unit_factors
from geo_citymgmt.reading._source import SourceLayer
from geo_citymgmt.reading._text import plain, plain_key

_MESSAGES = Messages("geo_citymgmt.city")
REPORTED_COLUMNS = ("figure", "zone", "period", "value", "unit", "source", "clause")
_KEY = ["figure", "zone", "period_start", "period_end"]
#: From one month or day to another: 2022-01..05, 2022-01..2022-05.
_RANGE = re.compile(r"(\d{4})(.*?)(?:\.\.|~|至)(?:(\d{4})\D)?(.+)")


def nothing_reported() -> pd.DataFrame:
    """Return a table of reported figures without rows."""
    table = pd.DataFrame({name: pd.Series(dtype="str") for name in REPORTED_COLUMNS})
    days = {name: pd.Series(dtype="datetime64[us]") for name in ("period_start", "period_end")}
    return table.astype({"value": "float64"}).assign(**days)


def read_reported(
    source: Path | SourceLayer,
    figures: Figures,
    zones: Sequence[str],
    findings: Findings,
    account: list[dict[str, Any]],
    unit: Text = DISTRICT,
) -> pd.DataFrame:
    """Read reported figures: one row a figure, zone and period.

    A row without a zone is of the first of ``zones``, the whole city. A figure goes by its id, its
    name or the published row it answers. A row that cannot be used is left out and told; of two
    rows of one figure, zone and period the last counts.

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
    headings = own_headings(REPORTED_COLUMNS, {"zone": f"{unit.zh}代码"})
    side = SideTable.read(source, headings, REQUIRED["reported"], findings)
    given = side.frame
    table = given.apply(lambda column: column.astype("str").str.strip())
    known = {
        plain_key(word): f.id
        for f in figures.figures.values()
        for word in (f.published, f.zh, f.id)
        if word
    }
    table["figure"] = [known.get(plain_key(text), "") for text in table["figure"]]
    table["zone"] = [re.sub(r"\.0+$", "", plain(code)) or zones[0] for code in table["zone"]]
    unit_of = {key: f.unit for key, f in figures.figures.items()}
    pairs = zip(table["value"], table["figure"], strict=True)
    numbers = [parse_number(text, unit_of.get(key, ""))[0] for text, key in pairs]
    table["value"] = np.array(numbers, dtype="float64")
    spans = [_span(text) for text in table["period"]]
    for k, name in enumerate(("period_start", "period_end")):
        days = [pd.NaT if span is None else span[k] for span in spans]
        table[name] = pd.Series(days, table.index, dtype="datetime64[us]")
    factor, wrong = unit_factors(table.rename(columns={"figure": "indicator"}), figures)
    table["value"] *= factor
    lost = pd.Series(False, table.index)
    for hit, column, cause in (
        (table["figure"].eq(""), "figure", _MESSAGES("reported_no_figure")),
        (~table["zone"].isin(zones), "zone", _MESSAGES("reported_no_zone")),
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
    for row in given.index[over]:
        findings.add(
            "REPORTED_SHARE",
            value=given.loc[row, "value"],
            about=f"{side.name} {row}",
            file=side.name,
            row=str(row + 1),
        )
    account.append(side.account("reported", len(table)))
    return table.reset_index(drop=True)


def _span(text: str) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """First and last day of a period: a day, month, quarter, half-year, year, or from one to one.

    Examples
    --------
    >>> [str(day.date()) for day in _span("2022-01..05")]
    ['2022-01-01', '2022-05-31']
    """
    ends = (text, text)
    found = _RANGE.fullmatch(text)
    if found is not None:
        year, rest, other, last = found.groups()
        ends = (year + rest, f"{other or year}-{last}")
    # A whole year may be marked as such.
    ends = (ends[0].removesuffix("-FY"), ends[1].removesuffix("-FY"))
    try:
        return (
            read_day(ends[0], "period", function="reported", first=True),
            read_day(ends[1], "period", function="reported"),
        )
    except AsOfError:
        return None


def laid_over(below: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return reported figures of two tables; the second counts where both have one."""
    if own.empty or below.empty:
        return below if own.empty else own
    both = pd.concat([below, own], ignore_index=True)
    return both.drop_duplicates(_KEY, keep="last").reset_index(drop=True)
