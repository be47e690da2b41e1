"""The targets table, read cell by cell: what cannot be used is told, and never taken for met.

A zone of a figure has a target, or has none and says why. A cell that cannot be read, and two
targets for one day, void the target of that zone; from a file this is a finding, from a table given
in Python a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._dates import is_ambiguous, read_day
from geo_citymgmt._gate import Gate
from geo_citymgmt.city.side_table import REQUIRED, TARGET_COLUMNS, SideTable, own_headings
from geo_citymgmt.city.tables import table_columns
from geo_citymgmt.cleaning.numbers import parse_number
from geo_citymgmt.cleaning.text import is_null_text, plain
from geo_citymgmt.errors import AsOfError, did_you_mean
from geo_citymgmt.findings import Findings
from geo_citymgmt.indicators import Figures
from geo_citymgmt.indicators.targets import unit_factors
from geo_citymgmt.reading.source import SourceLayer
from geo_citymgmt.words import DISTRICT, NOTHING, Text, first_few

__all__ = ["TargetFault", "given_targets", "read_targets", "tell_faults"]

_REQUIRED = REQUIRED["targets"]
#: A code that a spreadsheet took for a number.
_DECIMALS = re.compile(r"(\d+)\.0+")
_NO_NUMBER = Text("请写成不小于 0 的数值。", "Write a number of zero or more.")
_NO_DAY = Text("请写成 2022-09-30 或 2022-09。", "Write it as 2022-09-30 or 2022-09.")
_ONE = Text("请每天只保留一个目标。", "Keep one target a day.")


@dataclass(frozen=True, slots=True)
class TargetFault:
    """What cannot be used as it stands: a cell, or the same one of several rows.

    Attributes
    ----------
    code : str
        Of the finding.
    rows : tuple of int
        Positions in the table, the first is 0.
    column, value : str
        The cell, as it is written.
    cause, remedy : Text
        Why it cannot be used, and what to write.
    about : str
        What tells it from other faults of its kind.
    """

    code: str
    rows: tuple[int, ...]
    column: str
    value: str
    cause: Text
    remedy: Text = NOTHING
    about: str = ""


def read_targets(
    source: Path | SourceLayer | pd.DataFrame,
    figures: Figures,
    zones: Collection[str] | None,
    unit: Text = DISTRICT,
    *,
    name: str = "targets",
    findings: Findings | None = None,
    account: list[dict[str, Any]] | None = None,
) -> tuple[pd.DataFrame, list[TargetFault]]:
    """Read the targets: one row an indicator and zone, which may be headed by the city's word.

    Parameters
    ----------
    source : Path, SourceLayer or DataFrame
        The table.
    figures : Figures
        Known ones, with their units.
    zones : collection of str or None
        Codes of zones and of the city; None where they are not known, and not asked about.
    unit : Text
        What the city calls its districts.
    name : str
        What a table that is no file is called.
    findings : Findings, optional
        Takes what is found in reading a file.
    account : list, optional
        Takes a row that says how many rows of a file are used.

    Returns
    -------
    DataFrame, list of TargetFault
        The rows in their order; ``target`` is missing where one cannot be used. The faults by row.
    """
    more, side = {"zone_code": f"{unit.zh}代码"}, None
    if isinstance(source, pd.DataFrame):
        raw = table_columns(source, TARGET_COLUMNS, _REQUIRED, more, name=name)
        rows = np.arange(len(raw))
    else:
        told = Findings() if findings is None else findings
        side = SideTable.read(source, own_headings(TARGET_COLUMNS, more), _REQUIRED, told)
        raw, rows = side.frame, side.frame.index.to_numpy()
    raw = raw.reset_index(drop=True)
    faults: list[TargetFault] = []
    table = pd.DataFrame(
        {column: [_text(v) for v in raw[column]] for column in raw.columns}, dtype="str"
    )
    table["indicator"] = [plain(name) for name in table["indicator"]]
    table["zone_code"] = [_zone(plain(code), zones) for code in table["zone_code"]]
    table["target"] = _numbers(raw["target"], rows, faults)
    table["deadline"], unread = _days(raw["deadline"], rows, faults)
    factor, wrong = unit_factors(table, figures)
    for at in np.flatnonzero(wrong):
        wanted = figures.figures[table["indicator"].iloc[at]].unit
        faults.append(
            TargetFault(
                "TARGET_VALUE",
                (int(rows[at]),),
                "unit",
                table["unit"].iloc[at],
                Text(
                    f"指标 {table['indicator'].iloc[at]} 的单位为 {wanted}，不能换算",
                    f"{table['indicator'].iloc[at]} is in {wanted}, which it cannot be turned into",
                ),
                Text("请按指标的单位填写目标值。", "Give the target in the unit of the figure."),
            )
        )
    table.loc[unread | wrong, "target"] = np.nan
    faults += _strangers(table, rows, figures, zones)
    faults += _conflicts(table, table["target"] * factor, rows)
    if side is not None and account is not None:
        strange = {
            row for fault in faults if fault.code == "TARGET_UNMATCHED" for row in fault.rows
        }
        is_used = table["target"].notna().to_numpy() & ~np.isin(rows, list(strange))
        account.append(side.account("targets", int(is_used.sum())))
    return table, sorted(faults, key=lambda fault: fault.rows)


def tell_faults(faults: list[TargetFault], findings: Findings, unit: Text = DISTRICT) -> None:
    """Add a finding for each fault of a file, with the row as a spreadsheet counts it."""
    for fault in faults:
        numbers = [str(row + 2) for row in fault.rows]
        findings.add(
            fault.code,
            value=fault.value,
            about=fault.about or f"{fault.column} {fault.value} {numbers[0]}",
            detail=fault.cause,
            row=Text("、".join(numbers), ", ".join(numbers)),
            column=fault.column,
            unit=unit,
        )


def given_targets(
    targets: Any, gate: Gate, figures: Figures, zones: Collection[str], unit: Text = DISTRICT
) -> pd.DataFrame:
    """Return a table of targets that a caller gave, or refuse it at its first fault.

    Raises
    ------
    CityDataError
        It is no table, or a cell cannot be used; function, row and cell are named.
    """
    if not isinstance(targets, pd.DataFrame):
        kind = type(targets).__name__
        raise gate.refuse(
            Text(f"targets 是 {kind}，应为 DataFrame。", f"targets is a {kind}, not a DataFrame."),
            Text(
                f"列为 {'、'.join(_REQUIRED)}，可另有 unit、deadline。",
                f"Its columns are {', '.join(_REQUIRED)} and, if need be, unit and deadline.",
            ),
        )
    name = f"{gate.function}: targets"
    table, faults = read_targets(targets, figures, zones, unit, name=name)
    if not faults:
        return table
    fault = faults[0]
    labels = [repr(targets.index[row]) for row in fault.rows]
    raise gate.refuse(
        Text(
            f"targets 第 {first_few(labels).zh} 行的 {fault.column} 为“{fault.value}”："
            f"{fault.cause.zh}。",
            f"targets: {fault.column} of row {first_few(labels).en} is {fault.value!r}: "
            f"{fault.cause.en}.",
        ),
        fault.remedy,
    )


# -- cells


def _text(value: Any) -> str:
    """A cell as it is shown: without blanks around it, empty where nothing is there."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float) and np.isnan(value):
        return ""
    return str(value).strip()


def _zone(code: str, zones: Collection[str] | None) -> str:
    """The code of a zone, also where a spreadsheet made a decimal number of it."""
    decimal = _DECIMALS.fullmatch(code)
    if decimal is not None and zones is not None and decimal[1] in zones:
        return decimal[1]
    return code


def _numbers(column: pd.Series, rows: np.ndarray, faults: list[TargetFault]) -> np.ndarray:
    out = np.full(len(column), np.nan)
    for at, value in enumerate(column):
        number, cause = _number(value)
        if cause is None:
            out[at] = number
            continue
        shown = _text(value)
        faults.append(
            TargetFault("TARGET_VALUE", (int(rows[at]),), "target", shown, cause, _NO_NUMBER)
        )
    return out


def _number(value: Any) -> tuple[float, Text | None]:
    """The number of a cell, or why it is none."""
    text = _text(value)
    if isinstance(value, (bool, np.bool_)):
        return np.nan, Text("不是数值", "it is not a number")
    if isinstance(value, (Real, np.number)) and not isinstance(value, complex):
        number: float | None = float(value)
    elif is_null_text(text):
        return np.nan, Text("没有填写目标值", "no target is given")
    else:
        number = parse_number(text)[0]
        if number is None and text.lower().lstrip("+-") in ("inf", "infinity", "∞"):
            number = np.inf
    if number is None:
        return np.nan, Text("不是数值", "it is not a number")
    if np.isnan(number):
        return np.nan, Text("没有填写目标值", "no target is given")
    if np.isinf(number):
        return np.nan, Text("为无穷大", "it is infinite")
    if number < 0:
        return np.nan, Text("为负数", "it is below zero")
    return number, None


def _days(
    column: pd.Series, rows: np.ndarray, faults: list[TargetFault]
) -> tuple[np.ndarray, np.ndarray]:
    """Last days of the deadlines, and which cannot be read; none is no fault."""
    days = np.full(len(column), np.datetime64("NaT", "us"))
    unread = np.zeros(len(column), dtype=bool)
    for at, value in enumerate(column):
        shown = _text(value)
        if is_null_text(shown):
            continue
        given = shown if isinstance(value, str) else value
        try:
            days[at] = read_day(given, "deadline", function="targets").to_datetime64()
        except AsOfError:
            unread[at] = True
            cause = Text("不是日期", "it is no date")
            if is_ambiguous(given):
                cause = Text("可有多种读法", "it can be read in more than one way")
            faults.append(
                TargetFault("TARGET_VALUE", (int(rows[at]),), "deadline", shown, cause, _NO_DAY)
            )
    return days, unread


# -- rows


def _strangers(
    table: pd.DataFrame, rows: np.ndarray, figures: Figures, zones: Collection[str] | None
) -> list[TargetFault]:
    """Rows of figures and zones there are not."""
    known = [("indicator", list(figures.figures), Text("没有这个指标", "there is no such figure"))]
    if zones is not None:
        known.append(("zone_code", list(zones), Text("没有这个分区", "there is no such zone")))
    faults = []
    for column, names, why in known:
        strange = ~table[column].isin(names)
        for value, at in table.index[strange].groupby(table.loc[strange, column]).items():
            near = did_you_mean(str(value), names)
            cause = Text(f"{why.zh}；{near.zh}".rstrip("；？"), f"{why.en}.{near.en}".rstrip(".?"))
            faults.append(
                TargetFault(
                    "TARGET_UNMATCHED",
                    tuple(int(rows[k]) for k in at),
                    column,
                    str(value),
                    cause,
                    Text(
                        "指标见 geo-citymgmt figures，分区代码见 city.zones。",
                        "'geo-citymgmt figures' lists the figures, city.zones has the codes.",
                    ),
                    about=f"{column} {value}",
                )
            )
    return faults


def _conflicts(table: pd.DataFrame, amount: pd.Series, rows: np.ndarray) -> list[TargetFault]:
    """Void targets of one figure and zone that differ for one day, or of which one has no day."""
    faults, void = [], []
    usable = amount.notna()
    of_zone = [table["indicator"], table["zone_code"]]
    undated = table["deadline"].isna()[usable].groupby([k[usable] for k in of_zone], dropna=False)
    some = undated.transform("any") & ~undated.transform("all")
    again = table[usable].duplicated(["indicator", "zone_code", "deadline"], keep=False)
    # Milestones of one zone on different days, as nearly all are, contradict nothing.
    suspect = amount[usable][again | some]
    for (indicator, zone), _ in suspect.groupby([k[suspect.index] for k in of_zone], sort=False):
        is_own = (of_zone[0] == indicator) & (of_zone[1] == zone)
        values = amount[usable & is_own]
        days = table["deadline"].loc[values.index]
        several = values.groupby(days, dropna=False).transform("nunique") > 1
        undated = days.isna().any() and days.notna().any() and len(values.unique()) > 1
        if not several.any() and not undated:
            continue
        at = values.index if undated else values.index[several]
        cause = Text("同一分区、同一天有不同的目标", "a zone has different targets for one day")
        if undated:
            cause = Text(
                "同一分区的目标有的有期限、有的没有",
                "of the targets of one zone some have a deadline, some have none",
            )
        faults.append(
            TargetFault(
                "TARGET_CONFLICT",
                tuple(int(rows[k]) for k in at),
                "target",
                " / ".join(f"{table['target'].loc[k]:,.10g}" for k in at),
                cause,
                _ONE,
                about=f"{indicator} {zone}",
            )
        )
        void += list(values.index)
    table.loc[void, "target"] = np.nan
    return faults
