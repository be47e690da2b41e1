"""Limits of an office, and the times that follow from them where records do not say them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._words import Messages, packaged_table
from geo_citymgmt.city._config import CitySource
from geo_citymgmt.city._tables import SideTable, reported_as_unusable
from geo_citymgmt.cleaning._numbers import parse_number
from geo_citymgmt.findings import Findings, concat_findings
from geo_citymgmt.layer import Layer
from geo_citymgmt.reading._text import is_null_text, plain_key
from geo_citymgmt.worktime import CLOCK_UNITS, KIND, LIMIT_COLUMNS, Clock, work_calendar

_HEADINGS = packaged_table("geo_citymgmt.city", "side_tables.toml")["limits"]
_MESSAGES = Messages("geo_citymgmt.city")
_WORDS = packaged_table("geo_citymgmt.city", "side_tables.toml")["limit_words"]


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
