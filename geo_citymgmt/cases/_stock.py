"""What entered the stock, what left it and what came back, for any period, by zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate, days_of
from geo_citymgmt._languages import Messages, Text, first_few
from geo_citymgmt.cases._cases import as_day
from geo_citymgmt.cases._register import KINDS, ZONE_KEYS, Register
from geo_citymgmt.errors import CityDataError

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.facts import CityFacts

_MESSAGES = Messages("geo_citymgmt.cases")

_DAY = pd.Timedelta(days=1)
_UNDATED = ("missing", "leave_out", "raise")
_TOLERANCE = 1e-6
_COLUMNS = [
    *ZONE_KEYS, "quantity", "unit", "opening", "found", "relapsed", "closed", "staged",
    "dismissed", "closing", "unexplained", "undated", "balanced", "start", "end", "note_zh",
    "note_en",
]  # fmt: skip


def stock_flow(
    city: City | CityFacts,
    *,
    start: Any,
    end: Any = None,
    layer: str = "illegal_construction",
    level: str = "district",
    where: Mapping[str, Any] | None = None,
    stock: Sequence[str] = ("open", "suspended"),
    done: Sequence[str] = ("done",),
    undated: str = "missing",
) -> pd.DataFrame:
    """Tell how the stock of cases came from what it was to what it is, by zone.

    Opening and closing are the stocks at the two dates, each computed on its own; the flows come
    from the dated moves between them. ``unexplained`` is what they differ by, due to records that
    changed without a date.

    Parameters
    ----------
    city : City or CityFacts
    start, end : date
        First and last day of the period, of a month, quarter or year its first and its last;
        ``end`` is the data's date if not given, open where the data has none. The opening stock is
        that at the end of the day before ``start``.
    layer : str
        Any layer with a life cycle.
    level : {"district", "city", "street", "community", "cell"}
        How far down; the levels above are in the table too.
    where : mapping, optional
        Only records with these values, e.g. ``{"safety_related": True}``: a value, a list of them,
        ``{"not": value}`` or ``{"any": True}`` for each field. Values may be written as in the
        data, a code by its label; one that the field cannot have is refused.
    stock, done : sequence of str
        Named sets of states of the layer file. 挂账 (suspended) is still stock, where it has one.
    undated : {"missing", "leave_out", "raise"}
        What to do about records whose moves have no dates: where it is unknown whether they were in
        the stock, the stock is missing (as in :func:`progress`); or leave these records out of all
        columns; or raise.

    Returns
    -------
    DataFrame
        One row a zone and quantity: ``count`` and, where the layer has a measure, ``area`` (m2) or
        the name of the measure, with its ``unit``.
        ``found``: entered the stock; ``relapsed``: came back after being done; ``closed``: left
        as done (for area, with what was done in stages while the case stays open, ``staged``);
        ``dismissed``: left otherwise, 不构成违建. ``undated`` is the number of records that break
        the identity; ``balanced`` says whether it holds. A record counts in the zone that owns
        it; zones, outside and unlocated make the total. Where the layer's file knows events that
        bring a case back and the data has none of them, ``relapsed`` is missing and not zero.

    Raises
    ------
    AsOfError
        The period ends after the data's date, or before it begins.
    CityDataError
        Unknown level, set of states or field; or records without dates, if ``undated`` is "raise".

    See Also
    --------
    burn_down, relapse_rates, open_cases

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> table = stock_flow(city, start="2022-01-01", end="2022-06-30", level="city")
    >>> row = table.set_index("quantity").loc["count"]
    >>> bool(row.opening + row.found + row.relapsed - row.closed - row.dismissed == row.closing)
    True
    """
    gate = Gate("stock_flow")
    gate.choice(undated, "undated", _UNDATED)
    register = Register(city, layer, gate, where=where, stock=stock, done=done)
    levels = register.levels(level)
    first, last = days_of(register.city, start, end, gate)
    flows = register.flows()
    flows = flows[flows["date"] >= first]
    if last is not None:
        flows = flows[flows["date"] <= last]
    period = _Period(register, _Stock(register, first - _DAY), _Stock(register, last), flows)
    broken = period.broken()
    if broken.any() and undated == "raise":
        until = Text("数据所示", "now") if last is None else Text(*(f"{last:%Y-%m-%d}",) * 2)
        keys = register.data[register.spec.id_field].to_numpy()[broken]
        few = first_few(keys, 5).en
        raise _MESSAGES.error(
            CityDataError,
            "changed_without_date",
            register=register,
            broken=broken.sum(),
            first=first,
            until=until,
            few=few,
            layer=layer,
        )
    out = broken if undated == "leave_out" else np.zeros(len(broken), dtype=bool)
    blocks = [_block(period, "count", "count", levels, broken, out)]
    if register.has_size:
        unit = register.spec.fields[str(register.spec.measure)].unit
        name = "area" if unit == "m2" else str(register.spec.measure)
        blocks.append(_block(period, name, unit, levels, broken, out))
    table = pd.concat(blocks, ignore_index=True)
    table["start"], table["end"] = first, as_day(last, table.index)
    effect = Text("使收支不平", "break the identity")
    if undated == "leave_out":
        effect = Text("未计入", "left out")
    is_undated, number = table["undated"] > 0, table["undated"].astype("str")
    table["note_en"] = (number + f" records without dates: {effect.en}").where(is_undated, "")
    table["note_zh"] = (number + f" 条记录缺少日期，{effect.zh}").where(is_undated, "")
    return table[_COLUMNS]


class _Stock:
    """The stock on a day, record by record."""

    def __init__(self, register: Register, day: pd.Timestamp | None) -> None:
        inside, self.unknown, _ = register.in_stock(day)
        self.count = inside.astype("float64")
        self.area = np.where(inside, register.remaining(day), 0.0)


@dataclass(frozen=True, slots=True)
class _Period:
    """The stock at both ends of a period, and what entered and left it between them."""

    register: Register
    opening: _Stock
    closing: _Stock
    flows: pd.DataFrame

    def broken(self) -> np.ndarray:
        """Records whose flows do not lead from the opening to the closing stock."""
        row = self.flows["row"].to_numpy()
        out = self.opening.unknown | self.closing.unknown
        for name in ("count", "area"):
            moved = np.bincount(row, weights=self.flows[name], minlength=len(out))
            gap = getattr(self.closing, name) - getattr(self.opening, name) - moved
            out = out | (np.abs(gap) > _TOLERANCE)
        return out


def _block(
    period: _Period, quantity: str, unit: str, levels: tuple[str, ...], broken: np.ndarray,
    out: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    """Rows of one quantity; records ``out`` count in none of its columns."""
    register, opening, closing = period.register, period.opening, period.closing
    n = len(register.data)
    part = "count" if quantity == "count" else "area"
    values = pd.DataFrame(
        {
            "row": np.arange(n),
            "opening": getattr(opening, part),
            "closing": getattr(closing, part),
            "undated": broken.astype(int),
            "no_opening": opening.unknown.astype(int),
            "no_closing": closing.unknown.astype(int),
        }
    )
    kinds = period.flows["kind"].to_numpy(dtype=object)
    row, amount = period.flows["row"].to_numpy(), period.flows[part].abs().to_numpy()
    for kind in KINDS:
        of_kind = kinds == kind
        # Of nothing it counts in whole numbers.
        moved = np.bincount(row[of_kind], amount[of_kind], n).astype("float64")
        if part == "area":
            moved[np.isnan(register.size) & np.isin(np.arange(n), row[of_kind])] = np.nan
        values[kind] = moved
    counted = [c for c in values.columns if c not in ("row", "undated")]
    values.loc[out, counted] = 0
    table = register.sums(values, levels)
    # Staged work closes area while its case stays open.
    table["closed"] += table["staged"]
    table["opening"] = table["opening"].where(table["no_opening"] == 0)
    table["closing"] = table["closing"].where(table["no_closing"] == 0)
    explained = table["opening"] + table["found"] + table["relapsed"]
    gap = table["closing"] - (explained - table["closed"] - table["dismissed"])
    scale = table[["opening", "closing", "found", "closed"]].abs().max(axis=1)
    # Sums of many floats differ in the last digits: that is not a gap in the records.
    table["unexplained"] = gap.mask(gap.abs() <= 1e-9 * scale + _TOLERANCE, 0.0)
    table["balanced"] = table["unexplained"].eq(0.0)
    if not register.tells_relapses:
        table["relapsed"] = table["relapsed"].mask(table["relapsed"] == 0)
    table["quantity"], table["unit"] = quantity, unit
    return table


def relapse_rates(
    city: City | CityFacts,
    *,
    start: Any,
    end: Any = None,
    layer: str = "illegal_construction",
    level: str = "district",
    where: Mapping[str, Any] | None = None,
    stock: Sequence[str] = ("open", "suspended"),
    done: Sequence[str] = ("done",),
) -> pd.DataFrame:
    """Tell how many cases relapsed in a period, of those that could.

    A case relapses when it comes back into the stock after it was done. For a new parcel on the
    footprint of an earlier one see :func:`recurrence`.

    Parameters
    ----------
    city, start, end, layer, level, where, stock, done
        As in :func:`stock_flow`.

    Returns
    -------
    DataFrame
        One row a zone: ``relapses`` (times), ``relapsed`` (records, at least once), ``exposed``
        (records done when the period began or at some time in it), ``rate`` = relapsed / exposed
        (missing where none was exposed), ``repeated`` (records relapsed for the second time or
        more, ever), ``area`` that came back (m2), ``unknown`` (records of which the data does not
        say whether they are asked about, or what became of them). Where it knows of none that could
        relapse, and some are unknown, the counts are missing; those of relapses wherever the
        layer's file knows events that bring a case back and the data has none of them.

    Raises
    ------
    AsOfError
        The period ends after the data's date, or before it begins.
    CityDataError
        Unknown level, set of states or field.

    See Also
    --------
    stock_flow, recurrence

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> table = relapse_rates(gcm.sample_city(), start="2022-01-01", level="city")
    >>> bool(table.rate.between(0, 1).all())
    True
    """
    gate = Gate("relapse_rates")
    register = Register(city, layer, gate, where=where, stock=stock, done=done)
    levels = register.levels(level)
    first, last = days_of(register.city, start, end, gate)
    table = register.sums(relapse_counts(register, first, last), levels)
    counts = ["relapses", "relapsed", "exposed", "repeated"]
    table[[*counts, "unknown"]] = table[[*counts, "unknown"]].astype("int64")
    silent = (table["unknown"] > 0) & (table["exposed"] == 0)
    if silent.any():
        table[counts] = table[counts].astype("Int64").mask(silent)
        table["area"] = table["area"].mask(silent)
    if not register.tells_relapses:
        back = ["relapses", "relapsed", "repeated"]
        table[back] = table[back].astype("Int64").mask(table["relapses"] == 0)
        table["area"] = table["area"].mask(table["relapses"].isna())
    table["rate"] = table["relapsed"] / table["exposed"].where(table["exposed"] > 0)
    table["start"], table["end"] = first, as_day(last, table.index)
    return table[
        [*ZONE_KEYS, "relapses", "relapsed", "exposed", "rate", "repeated", "area", "start", "end",
         "unknown"]
    ]  # fmt: skip


def relapse_counts(
    register: Register, first: pd.Timestamp, last: pd.Timestamp | None
) -> pd.DataFrame:
    """Relapses of each record in the period, and whether it could relapse."""
    n = len(register.data)
    flows = register.flows()
    end = pd.Timestamp.max if last is None else last
    back = flows[(flows["kind"] == "relapsed") & (flows["count"] > 0) & (flows["date"] <= end)]
    ever = np.bincount(back["row"], minlength=n)
    now = back[back["date"] >= first]
    times = np.bincount(now["row"], minlength=n)
    state = register.timeline.state_at(first - pd.Timedelta(days=1))
    exposed = state.isin(register.classes.done).to_numpy().copy()
    moves = register.timeline.transitions
    during = moves[moves["date"].between(first, end)]
    entered = during.loc[during["state"].isin(register.classes.done), "row"]
    exposed[entered.unique()] = True
    # What relapsed was done before, whatever its status says.
    exposed |= times > 0
    unknown = register.doubtful | (register.chosen & register.timeline.undecided & ~exposed)
    exposed &= register.chosen
    return pd.DataFrame(
        {
            "row": np.arange(n),
            "relapses": times,
            "relapsed": (times > 0).astype(int),
            "exposed": exposed.astype(int),
            "repeated": ((times > 0) & (ever > 1)).astype(int),
            "area": np.where(
                np.isnan(register.size) & (times > 0),
                np.nan,
                np.bincount(now["row"], weights=now["area"], minlength=n),
            ),
            "unknown": unknown.astype(int),
        }
    )
