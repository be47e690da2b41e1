"""The small tables beside the layers: events and targets, from files and from frames."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._dates import day_of_serial, is_ambiguous, last_day_by, local_days, read_day
from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import (
    DISTRICT,
    NOTHING,
    Messages,
    Text,
    first_few,
    listed,
    packaged_table,
)
from geo_citymgmt._numbers import factor_between, fitting_unit
from geo_citymgmt.cleaning._dates import parse_date
from geo_citymgmt.cleaning._headings import readings
from geo_citymgmt.cleaning._ids import plain_ids
from geo_citymgmt.cleaning._numbers import number_in
from geo_citymgmt.cleaning._place import ZoneNames
from geo_citymgmt.errors import AsOfError, CityDataError, SourceError, did_you_mean
from geo_citymgmt.findings import Findings
from geo_citymgmt.indicators import Figures
from geo_citymgmt.indicators._definitions import unit_factors
from geo_citymgmt.profiles import PUBLISHED, Profile, published_cells
from geo_citymgmt.reading._raw import Raw
from geo_citymgmt.reading._source import SourceLayer, read_raw
from geo_citymgmt.reading._table import report_cells, report_reading, row_numbers, texts_of
from geo_citymgmt.reading._text import (
    is_null_text,
    plain,
    plain_key,
    spelt_out,
    text_array,
    to_series,
)
from geo_citymgmt.spec import LayerSpec

_MESSAGES = Messages("geo_citymgmt.city")

ACCOUNT_COLUMNS = (
    "table", "source", "n_walked", "n_skipped", "n_records", "n_used", "n_rejected", "state",
    "encoding", "encoding_source",
)  # fmt: skip
EVENT_COLUMNS = ("layer", "key", "event", "date", "amount", "note")
TARGET_COLUMNS = ("indicator", "zone_code", "target", "unit", "deadline", "note")
#: Columns without which a table is none of its kind.
REQUIRED = {
    "events": ("layer", "key", "event", "date"),
    "targets": ("indicator", "zone_code", "target"),
    "reported": ("figure", "period", "value"),
}
#: Columns whose numbers have a unit.
_NUMBERS = ("amount", "target", "value")
_SIDE_TABLES = packaged_table("geo_citymgmt.city", "side_tables.toml")
_HEADINGS: Mapping[str, Sequence[str]] = _SIDE_TABLES["headings"]
#: What a table calls the whole city.
CITY_WORDS: tuple[str, ...] = tuple(_SIDE_TABLES["words"]["city"])


def own_headings(
    columns: Collection[str], more: Mapping[str, Sequence[str]] | None = None
) -> dict[str, tuple[str, ...]]:
    """Return the headings that columns of small tables go by, ``more`` of them for this city."""
    return {c: (*_HEADINGS.get(c, ()), *(more or {}).get(c, ())) for c in columns}


def zone_headings(unit: Text) -> tuple[str, str]:
    """Return what heads the districts where the city has its own word for one, as 板块."""
    return f"{unit.zh}代码", re.sub(r"[（(].*", "", unit.zh)


@dataclass
class SideTable:
    """A table of a file with its own columns.

    Attributes
    ----------
    name : str
        Of the file, and of the sheet where it has several.
    frame : DataFrame
        Texts, empty where nothing is; the index counts the rows below the headings.
    raw : Raw
        What was read.
    stated : str
        The unit in the heading of its numbers, else the one above the headings.
    """

    name: str
    frame: pd.DataFrame
    raw: Raw
    stated: str = ""
    #: Rows that are no business of this reading, such as those of layers that were not asked for.
    n_aside: int = field(default=0)

    @classmethod
    def read(
        cls,
        source: Path | SourceLayer,
        columns: Mapping[str, Sequence[str]],
        required: Iterable[str],
        findings: Findings,
    ) -> SideTable:
        """Read a table; ``columns`` are its own ones with the headings they go by.

        What was found in reading is told; a row that cannot be used is left out.

        Raises
        ------
        SourceError
            It is no table, or a required column is missing.
        """
        raw, name = read_raw(source), _name_of(source)
        report_reading(raw, name, findings)
        given = texts_of(raw)
        found = own_columns(given.columns, columns, tuple(required), name)
        _report_unused(given, found, name, findings)
        frame = pd.DataFrame(
            {c: given[labels[0]] if labels else "" for c, labels in found.items()},
            index=given.index,
        )
        clash = _clashes(given, found, name, findings)
        refused = np.isin(raw.record, raw.findings.records_with("rejected"))
        numbers = [str(label) for c in _NUMBERS for label in found.get(c, [])[:1]]
        in_heading = [unit for label in numbers for _, unit in readings(label) if unit]
        stated = in_heading[0] if in_heading else raw.stated_unit
        return cls(name, frame[~(clash | refused)], raw, stated)

    def report(self, hit: pd.Series, column: str, why: Text, findings: Findings) -> None:
        """Tell the cells of a column that cannot be used, as they are written."""
        report_cells(self.frame.loc[hit, column], why, findings, file=self.name, column=column)

    def units(self, given: pd.Series, wanted: Sequence[str]) -> list[str]:
        """Return the unit of each row: its own, else the one stated that it can be in.

        ``wanted`` are the units of what the rows are of.
        """
        fits = {unit: fitting_unit(self.stated, unit) for unit in set(wanted)}
        pairs = zip(given.astype("str"), wanted, strict=True)
        return [own if own.strip() else fits[unit] for own, unit in pairs]

    def account(self, kind: str, n_used: int) -> dict[str, Any]:
        """Return the row of the account: of rows that were walked, how many are used."""
        return account_row(self.raw, self.name, kind, n_used, n_aside=self.n_aside)


def account_row(raw: Raw, name: str, kind: str, n_used: int, *, n_aside: int = 0) -> dict[str, Any]:
    """Return what became of the rows of a table: walked = used + rejected + skipped."""
    n_skipped = raw.n_skipped + n_aside
    n_records = raw.n_walked - n_skipped
    return {
        "table": kind,
        "source": name,
        "n_walked": raw.n_walked,
        "n_skipped": n_skipped,
        "n_records": n_records,
        "n_used": n_used,
        "n_rejected": n_records - n_used,
        "state": "ok",
        "encoding": raw.encoding,
        "encoding_source": raw.encoding_source,
    }


@contextmanager
def reported_as_unusable(
    source: Path | SourceLayer | pd.DataFrame,
    kind: str,
    findings: Findings,
    account: list[dict[str, Any]],
) -> Iterator[None]:
    """Let a file that is no such table end nothing: it is told, and counts as not there.

    Raises
    ------
    CityDataError
        What is wrong with a frame: there is no file that a clerk could correct.
    """
    try:
        yield
    except CityDataError as error:
        if isinstance(source, pd.DataFrame):
            raise
        name = _name_of(source)
        findings.add("TABLE_UNUSABLE", value=name, about=name, detail=error.text)
        nothing = {c: 0 if c.startswith("n_") else "" for c in ACCOUNT_COLUMNS}
        account.append({**nothing, "table": kind, "source": name, "state": "unusable"})


def _name_of(source: Path | SourceLayer) -> str:
    return source.label if isinstance(source, SourceLayer) else Path(source).name


def own_columns(
    headings: Iterable[Any],
    columns: Mapping[str, Sequence[str]],
    required: Collection[str],
    name: str,
) -> dict[str, list[Any]]:
    """Return the headings of each own column: none, one, or one that is there more than once.

    Parameters
    ----------
    headings : iterable
        Of the table.
    columns : mapping of str to sequence of str
        The own columns with the headings they go by.
    required : collection of str
        Those that must be there.
    name : str
        What the table is called.

    Raises
    ------
    SourceError
        A required column is missing.
    """
    texts = [str(label) for label in headings]
    labels: dict[str, list[Any]] = {}
    for label in headings:
        base, sign, number = str(label).rpartition("_")
        # A heading that is there before is numbered in reading.
        is_again = sign and number.isdigit() and base in texts
        labels.setdefault(plain_key(base if is_again else str(label)), []).append(label)
    for label in headings:
        # 目标值（万平方米） is 目标值, where no other is.
        for bare, _ in readings(str(label)):
            labels.setdefault(plain_key(bare), [label])
    found = {}
    for column, words in columns.items():
        keys = [plain_key(word) for word in (column, *words)]
        found[column] = next((labels[key] for key in keys if key in labels), [])
        if not found[column] and column in required:
            near = did_you_mean(column, texts)
            shown = f"{column}（或 {'、'.join(words)}）" if words else column
            raise _MESSAGES.error(
                SourceError,
                "no_column",
                name=name,
                heading=shown,
                column=column,
                required=listed(required),
                near=near,
            )
    return found


def _report_unused(
    given: pd.DataFrame, found: Mapping[str, list[Any]], name: str, findings: Findings
) -> None:
    used = {label for labels in found.values() for label in labels}
    for label in map(str, given.columns):
        if label not in used:
            near = did_you_mean(label, [c for c, labels in found.items() if not labels])
            findings.add(
                "TABLE_COLUMN",
                value=label,
                about=f"{name} {label}",
                severity="warning" if near != NOTHING else None,
                file=name,
                detail=near,
            )


def _clashes(
    given: pd.DataFrame, found: Mapping[str, list[Any]], name: str, findings: Findings
) -> np.ndarray:
    """Return the rows in which columns of one heading differ; where they agree, one is enough."""
    clash = np.zeros(len(given), dtype=bool)
    for column, labels in found.items():
        for other in labels[1:]:
            hit = (given[labels[0]] != given[other]).to_numpy()
            if not hit.any():
                continue
            clash |= hit
            why = _MESSAGES("columns_differ")
            heading = pd.Series(labels[0], given.index[hit], dtype="str")
            report_cells(heading, why, findings, file=name, column=column)
    return clash


def read_events(
    source: Path | SourceLayer | pd.DataFrame,
    specs: Mapping[str, LayerSpec],
    findings: Findings,
    *,
    only: Collection[str] | None = None,
    account: list[dict[str, Any]] | None = None,
) -> pd.DataFrame:
    """Read the events; layers and events may be named by key or in Chinese.

    A row that names an unknown layer or event, or has no date, is left out and told. Where ``only``
    some layers are asked for, what befell the others is left aside like them: no finding. A row of
    ``account`` says how many rows of a file are used. The index is the row of the table, from 0.

    Raises
    ------
    SourceError
        It is no table, or a required column is missing.
    """
    required = REQUIRED["events"]
    side = None
    if isinstance(source, pd.DataFrame):
        table = table_columns(source, EVENT_COLUMNS, required=required)
        table.index = pd.RangeIndex(len(table))
    else:
        side = SideTable.read(source, own_headings((*EVENT_COLUMNS, "unit")), required, findings)
        table = side.frame
    name = "" if side is None else side.name
    layers = {plain_key(n): s.key for s in specs.values() for n in (s.key, s.name_zh, *s.names)}
    table = table.assign(layer=table["layer"].map(lambda v: layers.get(plain_key(str(v)))))
    if only:
        asked = table["layer"].isin(only)
        if side is not None:
            side.n_aside = int((~asked).sum())
        table = table[asked].copy()
    words = {
        (s.key, plain_key(word)): key
        for s in specs.values()
        for key, event in s.events.items()
        for word in (key, event.zh, event.en)
    }
    pairs = zip(table["layer"], table["event"], strict=True)
    table["event"] = [words.get((layer, plain_key(str(event)))) for layer, event in pairs]
    table["date"] = _dates(table["date"])
    kinds = list(zip(table["layer"], table["event"], strict=True))
    unit_of = {(layer, event): _unit_of(specs.get(layer), event) for layer, event in set(kinds)}
    units = [unit_of[kind] for kind in kinds]
    given = [""] * len(table) if side is None else side.units(table.pop("unit"), units)
    table["amount"] = _amounts(table["amount"], given, units, name, findings)
    table["key"] = _keys(table, name, findings)
    for column, why in (
        ("layer", Text("图层名称无法识别", "their layer is not known")),
        ("event", Text("事件类型无法识别", "their kind of event is not known to the layer")),
        ("date", Text("没有有效日期", "they have no valid date")),
    ):
        lost = table[column].isna()
        if lost.any():
            detail = why if side is None else at_rows(why, name, table.index[lost])
            findings.add("EVENT_UNMATCHED", value=int(lost.sum()), about=column, detail=detail)
            table = table[~lost]
    table[["layer", "event"]] = table[["layer", "event"]].astype("str")
    if side is not None and account is not None:
        account.append(side.account("events", len(table)))
    return table.sort_values(["date", "layer", "key"], kind="stable")


def at_rows(why: Text, name: str, rows: Iterable[int]) -> Text:
    """Return a cause with the file and the rows it is about."""
    numbers = row_numbers(rows)
    return Text(f"{why.zh}（{name} 第 {numbers.zh} 行）", f"{why.en} ({name}, row {numbers.en})")


def table_columns(
    table: pd.DataFrame,
    columns: tuple[str, ...],
    required: tuple[str, ...],
    more: Mapping[str, Sequence[str]] | None = None,
    *,
    name: str = "table",
) -> pd.DataFrame:
    """Return the columns of a frame under their own names, found by any heading they go by.

    Raises
    ------
    SourceError
        A required column is missing, or a heading is there twice; ``name`` is what the table is
        called.
    """
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise _MESSAGES.error(SourceError, "column_twice", name=name, twice=twice)
    found = own_columns(table.columns, own_headings(columns, more), required, name)
    nothing = pd.Series(pd.NA, index=table.index)
    return pd.DataFrame({c: table[labels[0]] if labels else nothing for c, labels in found.items()})


def _keys(table: pd.DataFrame, name: str, findings: Findings) -> pd.Series:
    """Return the ids of records as the layers have them, each layer by itself."""
    given = to_series(text_array(table["key"])).set_axis(table.index)
    keys = given.copy()
    for rows in table.groupby("layer").indices.values():
        keys.iloc[rows] = plain_ids(given.iloc[rows])
    spelt = given.map(spelt_out, na_action="ignore")
    why = _MESSAGES("unseen_characters")
    unseen = spelt[(spelt != given) & given.notna()]
    report_cells(unseen, why, findings, file=name or "events", column="key", severity="warning")
    return keys.fillna("").astype("str")


def _dates(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return pd.Series(local_days(column).astype("datetime64[us]"), index=column.index)
    days = [parse_date(str(v))[0] if pd.notna(v) else np.datetime64("NaT", "us") for v in column]
    return pd.Series(np.array(days, dtype="datetime64[us]"), index=column.index)


def _amounts(
    column: pd.Series, given: Sequence[str], units: Sequence[str], name: str, findings: Findings
) -> pd.Series:
    """Return numbers in the units of what the events add to.

    A cell that is none, or is ``given`` in a unit of something else, is told, and its event has no
    amount.
    """
    pairs = list(zip(given, units, strict=True))
    known = {(own, u): factor_between(own, u) if own and u else 1.0 for own, u in set(pairs)}
    factors = pd.Series([known[pair] for pair in pairs], column.index, dtype="float64")
    if pd.api.types.is_numeric_dtype(column.dtype):
        said, amounts = column.notna(), column.astype("float64") * factors
        cells = column.astype("object")
    else:
        cells = column.astype("object")
        said = cells.notna() & ~cells.map(lambda v: is_null_text(str(v)))
        amounts = pd.to_numeric(cells.where(said), errors="coerce").astype("float64") * factors
        hard = said & ~np.isfinite(amounts)
        rows = zip(cells[hard], np.array(units, dtype=object)[hard], factors[hard], strict=True)
        read = [number_in(str(v), unit, size) for v, unit, size in rows]
        amounts[hard] = np.array(read, dtype="float64") * factors[hard]
    lost = factors.isna()
    unread = said & ~lost & ~np.isfinite(amounts)
    for hit, why in (
        (said & lost, _MESSAGES("event_in_other_unit")),
        (unread, Text("不是数值，该事件没有数量", "it is no number, the event has no amount")),
    ):
        report_cells(
            cells[hit].astype("str"), why, findings, file=name or "events", column="amount"
        )
    return amounts.where(~(unread | lost))


def _unit_of(spec: LayerSpec | None, event: str) -> str:
    """Return the unit of what an event adds to, empty where it counts or is not known."""
    if spec is None or event not in spec.events:
        return ""
    happened = spec.events[event]
    amounts = (*happened.adds, *happened.takes_back)
    totals = (spec.amounts[amount].total for amount in amounts)
    return next((spec.fields[total].unit for total in totals if isinstance(total, str)), "")


_REQUIRED = REQUIRED["targets"]
#: A code that a spreadsheet took for a number.
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


def figures_by_name(figures: Figures) -> dict[str, str]:
    """Return the ids of figures by all they go by: id, published row and names, to be compared."""
    found: dict[str, str] = {}
    for name in ("id", "published", "zh", "en"):
        for figure in figures.figures.values():
            if getattr(figure, name):
                found.setdefault(plain_key(getattr(figure, name)), figure.id)
    return found


def read_targets(
    source: Path | SourceLayer | pd.DataFrame,
    figures: Figures,
    zones: ZoneNames | None,
    unit: Text = DISTRICT,
    *,
    name: str = "targets",
    findings: Findings | None = None,
    account: list[dict[str, Any]] | None = None,
) -> tuple[pd.DataFrame, list[TargetFault]]:
    """Read the targets: one row an indicator and zone, which may be headed by the city's word.

    Figures and zones go by their code or by a name that is of one alone.

    Parameters
    ----------
    source : Path, SourceLayer or DataFrame
        The table.
    figures : Figures
        Known ones, with their units.
    zones : ZoneNames or None
        The city and its zones; None where they are not known, and not asked about.
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
    more, side = {"zone_code": zone_headings(unit)}, None
    if isinstance(source, pd.DataFrame):
        raw = table_columns(source, TARGET_COLUMNS, _REQUIRED, more, name=name)
        rows = np.arange(len(raw))
    else:
        reported = Findings() if findings is None else findings
        side = SideTable.read(source, own_headings(TARGET_COLUMNS, more), _REQUIRED, reported)
        raw, rows = side.frame, side.frame.index.to_numpy()
    raw = raw.reset_index(drop=True)
    faults: list[TargetFault] = []
    table = pd.DataFrame(
        {column: [_text(v) for v in raw[column]] for column in raw.columns}, dtype="str"
    )
    known = figures_by_name(figures)
    table["indicator"] = [known.get(plain_key(t), plain(t)) for t in table["indicator"]]
    if zones is not None:
        table["zone_code"] = [zones.code(plain(text)) for text in table["zone_code"]]
    units = [figures.figures[k].unit if k in figures.figures else "" for k in table["indicator"]]
    if side is not None:
        table["unit"] = side.units(table["unit"], units)
    factor, wrong = unit_factors(table, figures)
    table["target"] = _numbers(raw["target"], units, factor, rows, faults)
    table["deadline"], unread = _days(raw["deadline"], rows, faults)
    for at in np.flatnonzero(wrong):
        wanted = figures.figures[table["indicator"].iloc[at]].unit
        faults.append(
            TargetFault(
                "TARGET_VALUE",
                (int(rows[at]),),
                "unit",
                table["unit"].iloc[at],
                _MESSAGES("no_unit", indicator=table["indicator"].iloc[at], wanted=wanted),
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


def report_faults(faults: list[TargetFault], findings: Findings, unit: Text = DISTRICT) -> None:
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
    targets: Any, gate: Gate, figures: Figures, zones: ZoneNames, unit: Text = DISTRICT
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
            *_MESSAGES.pair("targets_no_table", kind=kind, required=listed(_REQUIRED))
        )
    name = f"{gate.function}: targets"
    table, faults = read_targets(targets, figures, zones, unit, name=name)
    if not faults:
        return table
    fault = faults[0]
    labels = [repr(targets.index[row]) for row in fault.rows]
    raise gate.refuse(
        _MESSAGES("target_unusable", labels=first_few(labels), fault=fault),
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


def _numbers(
    column: pd.Series,
    units: Sequence[str],
    factor: np.ndarray,
    rows: np.ndarray,
    faults: list[TargetFault],
) -> np.ndarray:
    """Numbers in the unit of each row, of which one is ``factor`` of its figure's."""
    out = np.full(len(column), np.nan)
    for at, value in enumerate(column):
        number, cause = _number(value, units[at], float(factor[at]))
        if cause is None:
            out[at] = number
            continue
        shown = _text(value)
        faults.append(
            TargetFault("TARGET_VALUE", (int(rows[at]),), "target", shown, cause, _NO_NUMBER)
        )
    return out


def _number(value: Any, unit: str, factor: float) -> tuple[float, Text | None]:
    """The number of a cell, or why it is none."""
    text = _text(value)
    if isinstance(value, (bool, np.bool_)):
        return np.nan, Text("不是数值", "it is not a number")
    if isinstance(value, (Real, np.number)) and not isinstance(value, complex):
        number: float | None = float(value)
    elif is_null_text(text):
        return np.nan, Text("没有填写目标值", "no target is given")
    else:
        number = number_in(text, unit, factor)
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
            by = (last_day_by if isinstance(value, str) else day_of_serial)(shown)
            days[at] = by or read_day(given, "deadline", function="targets").to_datetime64()
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
    table: pd.DataFrame, rows: np.ndarray, figures: Figures, zones: ZoneNames | None
) -> list[TargetFault]:
    """Rows of figures and zones there are not."""
    known = [("indicator", list(figures.figures), Text("没有这个指标", "there is no such figure"))]
    if zones is not None:
        known.append(("zone_code", zones.codes, Text("没有这个分区", "there is no such zone")))
    faults = []
    for column, names, why in known:
        strange = ~table[column].isin(names)
        for value, at in table.index[strange].groupby(table.loc[strange, column]).items():
            near = did_you_mean(str(value), names)
            cause = Text(f"{why.zh}；{near.zh}".rstrip("；？"), f"{why.en}.{near.en}".rstrip(".?"))
            if column == "zone_code" and zones and (several := zones.find(str(value))):
                # A name that more than one has is nobody's.
                cause = _MESSAGES("several_zones", codes=listed(several))
            faults.append(
                TargetFault(
                    "TARGET_UNMATCHED",
                    tuple(int(rows[k]) for k in at),
                    column,
                    str(value),
                    cause,
                    _MESSAGES("lookup_names"),
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
            cause = _MESSAGES("some_deadlines")
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


def read_published(
    profile: Profile, file: Path, findings: Findings, account: list[dict[str, Any]]
) -> pd.DataFrame:
    """Read the published figures of a profile; rows that cannot be used are left out and told.

    Parameters
    ----------
    profile : Profile
        Whose they are.
    file : Path
        Its table.
    findings : Findings
        Takes what is found in reading it.
    account : list
        Takes a row that says how many rows are used; of a profile that comes with the package,
        which nobody here wrote, none.

    Returns
    -------
    DataFrame
        As :meth:`geo_citymgmt.profiles.Profile.published` has them.

    Raises
    ------
    SourceError
        It is no table, or a column is missing.
    """
    if profile.is_packaged:
        return profile.published()
    side = SideTable.read(file, dict.fromkeys(PUBLISHED, ()), PUBLISHED, findings)
    table, faults = published_cells(side.frame)
    wrong = pd.Series(False, table.index)
    for hit, column, why in faults:
        side.report(hit, column, _MESSAGES("published_row_out", why=why), findings)
        wrong |= hit
    table = table[~wrong].reset_index(drop=True)
    account.append(side.account("published", len(table)))
    return table
