"""The records of one layer with their histories and the zones they count in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from geo_citymgmt._dates import read_day
from geo_citymgmt._gate import Gate, day_of, names_of
from geo_citymgmt._languages import NOTHING, Messages, Text, listed
from geo_citymgmt.cleaning._codes import parse_bool_column, parse_code_column
from geo_citymgmt.cleaning._numbers import parse_number
from geo_citymgmt.errors import CityDataError, did_you_mean
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.facts._evaluation import levels_to
from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import Field, LayerSpec

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_MESSAGES = Messages("geo_citymgmt.cases")

_CONDITIONS = ("not", "any")
_NUMBERS = (int, float, np.integer, np.floating)


def read_where(where: Any, gate: Gate, spec: LayerSpec, data: pd.DataFrame) -> dict[str, Any]:
    """Return a filter with each value in the type of its field, or refuse it.

    ``where`` maps a field to a value, a list of values, ``{"not": value}`` or ``{"any": True}``.
    Values are read as those of records are: a code by its label, 是 as true, a number as text.
    """
    if where is None:
        return {}
    if not isinstance(where, Mapping):
        raise gate.refuse(*_MESSAGES.pair("where_not_mapping", where=where))
    out = {}
    for name, wanted in where.items():
        item = spec.fields.get(name) if isinstance(name, str) else None
        if item is None:
            raise no_field(name, "where", gate, spec, data)
        if name not in data.columns:
            raise gate.refuse(*_MESSAGES.pair("where_lacks_field", spec=spec, item=item, name=name))
        out[name] = _condition(wanted, item, gate)
    return out


def no_field(
    name: Any, argument: str, gate: Gate, spec: LayerSpec, data: pd.DataFrame
) -> CityDataError:
    """Return the error that a layer has no such field, with the nearest and those there are."""
    near = did_you_mean(name, spec.fields) if isinstance(name, str) else NOTHING
    present = [n for n in spec.fields if n in data.columns]
    return gate.refuse(
        *_MESSAGES.pair(
            "no_field", argument=argument, spec=spec, name=name, near=near, present=listed(present)
        )
    )


def _condition(wanted: Any, item: Field, gate: Gate) -> Any:
    if isinstance(wanted, Mapping):
        odd = [key for key in wanted if key not in _CONDITIONS]
        if odd or not wanted:
            raise gate.refuse(
                *_MESSAGES.pair("where_condition_not", item=item, wanted=dict(wanted))
            )
        return {k: _value(v, item, gate) if k == "not" else v for k, v in wanted.items()}
    if isinstance(wanted, (list, tuple, set, frozenset, np.ndarray, pd.Series, pd.Index)):
        return [_value(one, item, gate) for one in wanted]
    return _value(wanted, item, gate)


def _value(value: Any, item: Field, gate: Gate) -> Any:
    """One value in the type of the field."""
    read = _READERS[item.type](value, item, gate)
    if read is None:
        known = _known(item)
        raise gate.refuse(
            *_MESSAGES.pair(
                "where_no_value", item=item, value=value, kind=type(value).__name__, known=known
            )
        )
    return read


def _code(value: Any, item: Field, gate: Gate) -> str | None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (str, *_NUMBERS)):
        return None
    read = parse_code_column(pd.Series([str(value)]), item, Findings(), np.zeros(1, dtype=int))
    code = read.iloc[0]
    return None if pd.isna(code) or code not in item.codes else str(code)


def _flag(value: Any, item: Field, gate: Gate) -> bool | None:
    if isinstance(value, _NUMBERS) and value in (0, 1):
        return bool(value)
    if not isinstance(value, (str, np.bool_)):
        return None
    read = parse_bool_column(pd.Series([str(value)]), item, Findings(), np.zeros(1, dtype=int))
    return None if pd.isna(read.iloc[0]) else bool(read.iloc[0])


def _number(value: Any, item: Field, gate: Gate) -> Any:
    if isinstance(value, str):
        return parse_number(value, item.unit, (item.zh, *item.aliases))[0]
    number = isinstance(value, _NUMBERS) and not isinstance(value, bool)
    return value if number and np.isfinite(value) else None


def _text(value: Any, item: Field, gate: Gate) -> str | None:
    if isinstance(value, str):
        return value
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return str(value) if is_integer else None


def _day(value: Any, item: Field, gate: Gate) -> pd.Timestamp | None:
    name, asks = f"where[{item.name!r}]", gate.function
    last = read_day(value, name, function=asks)
    # A month is no day that a record could have.
    return last if last == read_day(value, name, function=asks, first=True) else None


_READERS = {
    "code": _code, "list": _code, "bool": _flag, "int": _number, "float": _number,
    "text": _text, "id": _text, "date": _day, "datetime": _day,
}  # fmt: skip


def _known(item: Field) -> Text:
    if item.codes:
        return Text(
            "、".join(f"{code}（{entry.zh}）" for code, entry in item.codes.items()) + " 之一",
            "one of " + ", ".join(f"{code} ({entry.en})" for code, entry in item.codes.items()),
        )
    return {
        "bool": Text(" True 或 False", "True or False"),
        "int": Text("数值", "a number"),
        "float": Text("数值", "a number"),
        "date": Text("一个日期，如 2022-06-30", "a day such as 2022-06-30"),
        "datetime": Text("一个日期，如 2022-06-30", "a day such as 2022-06-30"),
    }.get(item.type, Text("文字", "a text"))


#: Sets of what is still to be dealt with, of those that a layer has.
USUAL_STOCK = ("open", "suspended")
ELSEWHERE, STOCK, DONE = 0, 1, 2
#: What can happen to the stock. ``staged`` is area alone: part of a case, which stays open.
KINDS = ("found", "relapsed", "closed", "staged", "dismissed")
_FOUND, _RELAPSED, _CLOSED, _STAGED, _DISMISSED = range(len(KINDS))
_EPSILON = 1e-6


@dataclass(frozen=True)
class Classes:
    """Which codes are in the stock, and which are done; all others are elsewhere."""

    stock: frozenset[str]
    done: frozenset[str]

    def of(self, state: pd.Series) -> np.ndarray:
        """Class of each state."""
        return np.select([state.isin(self.stock), state.isin(self.done)], [STOCK, DONE], ELSEWHERE)


class Moves(NamedTuple):
    """What happened, in order for each row: to its class, or to the amount done on it."""

    row: np.ndarray
    date: np.ndarray
    value: np.ndarray


def flow_entries(states: Moves, amounts: Moves, size: np.ndarray) -> pd.DataFrame:
    """Return what entered and left the stock: ``row, date, kind, count, area``.

    The stock of a record is 0 or 1 in number and, in area, its size less what was done on it (never
    below zero) while it is in the stock. Every change of the two is one entry, signed, so that the
    entries up to a day add up to the stock at its end. ``states`` are the classes entered, in
    order of row, day and sequence within the day, ``amounts`` what was added or taken back.
    """
    previous = _shift(states.value, states.row, ELSEWHERE)
    # On a day of several things a case is found first, then worked on, then it ends or relapses:
    # only so is what was done on its last day part of what it was closed with.
    late = ~((states.value == STOCK) & (previous != DONE))
    phase = np.where(_any_so_far(late, states.row, states.date), 2, 0)
    row = np.concatenate([states.row, amounts.row]).astype("int64")
    date = np.concatenate([states.date, amounts.date]).astype("datetime64[us]")
    phase = np.concatenate([phase, np.ones(len(amounts.row), dtype=int)])
    grown = np.concatenate([np.zeros(len(states.row)), amounts.value.astype("float64")])
    entered = np.concatenate([states.value, np.full(len(amounts.row), -1)]).astype("int64")
    order = np.lexsort((np.arange(len(row)), phase, date, row))
    row, date, grown, entered = row[order], date[order], grown[order], entered[order]

    now = _last_known(entered, row)
    before = _shift(now, row, ELSEWHERE)
    done = _running(grown, row)
    area = np.where(now == STOCK, np.clip(size[row] - done, 0.0, None), 0.0)
    change = area - _shift(area, row, 0.0)
    count = (now == STOCK).astype(int) - (before == STOCK).astype(int)
    kind = np.select(
        [count > 0, count < 0, change > 0],
        [
            np.where(before == DONE, _RELAPSED, _FOUND),
            np.where(now == DONE, _CLOSED, _DISMISSED),
            _RELAPSED,
        ],
        _STAGED,
    )
    # What is done on the day a case is closed closes it.
    ends = now[_last_of_day(row, date)] == DONE if len(row) else np.zeros(0, dtype=bool)
    kind[(kind == _STAGED) & ends] = _CLOSED
    keep = (count != 0) | (np.abs(change) > _EPSILON)
    names = np.array(KINDS, dtype=object)[kind[keep]]
    return pd.DataFrame(
        {
            "row": row[keep],
            "date": date[keep],
            "kind": pd.Series(names, dtype="str"),
            "count": count[keep],
            "area": change[keep],
        }
    )


def _starts(row: np.ndarray) -> np.ndarray:
    """Whether a new row begins here."""
    out = np.ones(len(row), dtype=bool)
    out[1:] = row[1:] != row[:-1]
    return out


def _shift(value: np.ndarray, row: np.ndarray, first: float) -> np.ndarray:
    """Value before, within each row."""
    out = np.empty_like(value)
    out[1:] = value[:-1]
    out[_starts(row)] = first
    return out


def _running(value: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Cumulative sum within each row."""
    return pd.Series(value).groupby(row, sort=False).cumsum().to_numpy() if len(row) else value


def _last_known(value: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Carry the last value other than -1 forward within each row; elsewhere before the first."""
    known = np.where((value >= 0) | _starts(row), np.arange(len(row)), 0)
    carried = value[np.maximum.accumulate(known)] if len(row) else value
    return np.where(carried < 0, ELSEWHERE, carried)


def _any_so_far(flag: np.ndarray, row: np.ndarray, date: np.ndarray) -> np.ndarray:
    """Whether the flag was set earlier on the same day of the same row, or is here."""
    new = _starts(row)
    new[1:] |= date[1:] != date[:-1]
    count = np.cumsum(flag)
    at_start = np.where(new, count - flag, 0)
    return count > np.maximum.accumulate(at_start) if len(row) else flag


def _last_of_day(row: np.ndarray, date: np.ndarray) -> np.ndarray:
    """Position of the last entry on the same day of the same row."""
    last = np.ones(len(row), dtype=bool)
    last[:-1] = (row[1:] != row[:-1]) | (date[1:] != date[:-1])
    at = np.where(last, np.arange(len(row)), len(row))
    return np.minimum.accumulate(at[::-1])[::-1]


ZONE_KEYS = ["level", "row_kind", "zone_code"]


class Register:
    """One layer of a city, narrowed to the records that ``where`` chooses.

    The layer has a life cycle; ``stock`` and ``done`` are named sets of its states: what is still
    to be dealt with, and what has been.
    """

    def __init__(
        self,
        city: City | CityFacts,
        layer: str,
        gate: Gate,
        *,
        where: Mapping[str, Any] | None = None,
        stock: Sequence[str] = USUAL_STOCK,
        done: Sequence[str] = ("done",),
    ) -> None:
        self.facts = facts_of(city, gate)
        self.city, self.gate = self.facts.city, gate
        self.layer = layer = self._with_states(layer)
        self.data, self.spec = self.city[layer], self.city.specs[layer]
        if stock == USUAL_STOCK and "open" in self.spec.sets:
            # Not every life has cases that rest.
            stock = [name for name in stock if name in self.spec.sets]
        self.classes = Classes(stock=self.codes(stock, "stock"), done=self.codes(done, "done"))
        self.timeline = self.facts.timeline(layer)
        chosen = read_where(where, gate, self.spec, self.data)
        #: Records that ``where`` chooses, and those of which it cannot be said.
        self.chosen, self.doubtful = self.timeline.choice(chosen)
        if any(len(self.data) and self.data[name].isna().all() for name in chosen):
            # A field that no record fills says nothing of any.
            self.doubtful = self.doubtful | ~self.chosen

    # -- what may be asked

    def _with_states(self, layer: Any) -> str:
        """Return a layer whose records have a life cycle, or refuse."""
        city = self.city
        known = [k for k in city if city.specs[k].states is not None]
        return str(self.gate.choice(layer, "layer", known))

    def codes(self, sets: Sequence[str], argument: str) -> frozenset[str]:
        """Codes of the named sets of states."""
        names = names_of(self.gate, sets, argument)
        missing = [name for name in names if name not in self.spec.sets]
        if missing or not names:
            known = ", ".join(self.spec.sets) or "none"
            raise self.gate.refuse(
                *_MESSAGES.pair(
                    "no_set_states",
                    argument=argument,
                    spec=self.spec,
                    missing_zh="、".join(missing) or "（未指定）",
                    known=known,
                    missing=", ".join(missing) or "(none named)",
                    layer=self.layer,
                )
            )
        return frozenset(code for name in names for code in self.spec.sets[name])

    def fields(self, names: Any, argument: str) -> list[str]:
        """Return the names of fields that the data has, or refuse."""
        wanted = names_of(self.gate, names, argument)
        for name in wanted:
            if name not in self.spec.fields and name not in self.data.columns:
                raise no_field(name, argument, self.gate, self.spec, self.data)
        self.need(*wanted)
        return wanted

    def coded_field(self, name: Any) -> None:
        """Refuse ``field=`` that is none of the data, or has no list of codes."""
        coded = [n for n, item in self.spec.fields.items() if item.codes]
        if not isinstance(name, str) or (name in self.spec.fields and name not in coded):
            self.gate.choice(name, "field", [n for n in coded if n in self.data.columns])
        self.fields(name, "field")

    def date_field(self, name: Any, argument: str) -> None:
        """Refuse the name of a field that is none, or none of dates; the data may lack it."""
        dates = [n for n, f in self.spec.fields.items() if f.type in ("date", "datetime")]
        # Names that the package uses by itself need not be fields of the layer.
        self.gate.choice(name, argument, dict.fromkeys(["deadline", "planned_date", *dates]))

    def need(self, *fields: str) -> None:
        """Raise, naming them, if fields are not in the data."""
        missing = [name for name in fields if name not in self.data.columns]
        if missing:
            labels = [self.spec.fields[n].zh if n in self.spec.fields else n for n in missing]
            raise self.gate.refuse(
                *_MESSAGES.pair(
                    "fields_lacking",
                    spec=self.spec,
                    labels="、".join(labels),
                    layer=self.layer,
                    missing=", ".join(missing),
                )
            )

    def day(self, value: Any) -> pd.Timestamp | None:
        """Return ``value`` as a day the data can speak of; None is the data's own.

        Where the data has no date either there is no day: what is on record counts as it stands.
        """
        return day_of(self.city, value, self.gate)

    # -- records on a day

    @property
    def has_size(self) -> bool:
        """Whether records have a size that remediation takes away from."""
        return self.spec.measure is not None and self.spec.measure in self.data.columns

    @property
    def size(self) -> np.ndarray:
        """Measure of each record, m2 for illegal construction, NaN where it does not say it.

        Zero where the layer has none.
        """
        if not self.has_size:
            return np.zeros(len(self.data))
        return self.data[self.spec.measure].astype("float64").to_numpy(na_value=np.nan)

    @property
    def _treated(self) -> str | None:
        """Amount that lessens the measure: a running total of the same unit."""
        amount = self.spec.amounts.get("remediated")
        return "remediated" if amount and isinstance(amount.total, str) and self.has_size else None

    def remaining(self, day: pd.Timestamp | None) -> np.ndarray:
        """Measure of each record less what was remediated by ``day``, NaN where it is unknown."""
        if self._treated is None:
            return self.size
        rest = np.clip(self.size - self.timeline.done_by(self._treated, day), 0.0, None)
        return np.where(self.timeline.missing(self._treated).sure, np.nan, rest)

    def says(self, name: str) -> bool:
        """Whether any record fills the field ``name``."""
        return name in self.data.columns and bool(self.data[name].notna().any())

    @cached_property
    def tells_done(self) -> bool:
        """Whether the data tells what was done of open records; else what is left is their whole.

        Of one that is as good as can be said, and of a sum it is more than anybody knows.
        """
        if self._treated is None:
            return True
        total = str(self.spec.amounts[self._treated].total)
        return total in self.data.columns or not self.timeline.entries(self._treated).empty

    @property
    def deadline(self) -> str:
        """Field of the day by which a record must be done."""
        return str(self.spec.overdue.get("deadline", "deadline"))

    @cached_property
    def tells_relapses(self) -> bool:
        """Whether the data tells of relapses, where the layer's file knows events that bring back.

        Without them nobody knows that there was none.
        """
        back = {k: e for k, e in self.spec.events.items() if e.enters in self.classes.stock}
        # What merely goes on after a rest is no relapse, where the file tells the two apart.
        relapses = {k for k, e in back.items() if e.adds or e.takes_back} or set(back)
        told = relapses & set(self.timeline.events["event"])
        return bool(told) or not relapses

    def states(self, day: pd.Timestamp | None) -> pd.Series:
        """State of each record at the end of ``day``, "" before it was known, None if unknown."""
        return self.facts.states(self.layer, day)

    def in_stock(self, day: pd.Timestamp | None) -> tuple[np.ndarray, np.ndarray, pd.Series]:
        """Which records are in the stock at the end of ``day``, which nobody can say, and states.

        The first is of chosen records alone; the second holds those, too, that may be among them.
        """
        state = self.states(day)
        inside, doubtful = state.isin(self.classes.stock).to_numpy(), state.isna().to_numpy()
        unknown = (doubtful & self.chosen) | ((inside | doubtful) & self.doubtful)
        return inside & self.chosen, unknown, state

    def flows(self) -> pd.DataFrame:
        """Every entry into the stock and exit from it: ``row, date, kind, count, area``."""
        table = self.facts.once(("flows", self.layer, self.classes), self._all_flows)
        return table[self.chosen[table["row"].to_numpy()]].reset_index(drop=True)

    def _all_flows(self) -> pd.DataFrame:
        moves = self.timeline.transitions
        row, date = moves["row"].to_numpy(), moves["date"].to_numpy()
        grown_row, grown_date = row[:0], date[:0]
        amount = np.zeros(0)
        if self._treated is not None:
            grown = self.timeline.entries(self._treated)
            grown = grown[grown["date"].notna()]
            grown_row, grown_date = grown["row"].to_numpy(), grown["date"].to_numpy()
            amount = grown["amount"].to_numpy()
        classes = self.classes.of(moves["state"])
        return flow_entries(
            Moves(row, date, classes),
            Moves(grown_row, grown_date, amount),
            np.nan_to_num(self.size),
        )

    # -- zones

    def levels(self, level: str) -> tuple[str, ...]:
        """Return the levels from the city down to ``level``."""
        return levels_to(level, self.city, self.gate)

    def members(self, level: str) -> pd.DataFrame:
        """Owner of each record at ``level``: ``row_kind, zone_code`` on the records."""
        return self.facts.once(("members", self.layer, level), lambda: self._owners(level))

    def _owners(self, level: str) -> pd.DataFrame:
        table = self.facts.membership.table(self.layer, level, "owner")
        names = table.set_index("row")[["row_kind", "zone_code"]].astype("str")
        return names.reindex(range(len(self.data)))

    def zone_rows(self, level: str) -> pd.DataFrame:
        """Every zone of ``level``, then what lies in none of them."""
        if level == "city":
            rows = [("total", self.city.code)]
        else:
            rows = [("zone", str(code)) for code in self.city.zones_at(level).index]
            additional = self.members(level)
            additional = additional[additional["row_kind"] != "zone"].dropna().drop_duplicates()
            rows += sorted(additional.itertuples(index=False, name=None))
        table = pd.DataFrame(rows, columns=ZONE_KEYS[1:], dtype="str")
        table.insert(0, "level", level)
        return table

    def sums(
        self, values: pd.DataFrame, levels: Sequence[str], *, by: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Add up ``values`` (with a column ``row``) by zone at each of ``levels``.

        Without ``by`` every zone has a row, of zeros if need be; with it those that occur. A sum of
        which a part is not known is missing.
        """
        wanted = [c for c in values.columns if c != "row" and c not in by]
        blocks = []
        for level in levels:
            if by:
                keyed = values.join(self.members(level), on="row")
                grouped = keyed.groupby([*ZONE_KEYS[1:], *by], sort=False, dropna=False)[wanted]
                sums = _sums_or_inf(grouped, values[wanted]).reset_index()
                blocks.append(self.zone_rows(level).merge(sums, on=ZONE_KEYS[1:], how="inner"))
            else:
                rows, line = self._lines(level)
                at = line[values["row"].to_numpy()]
                sums = {name: _summed(values[name], at, len(rows)) for name in wanted}
                blocks.append(rows.assign(**sums))
        table = pd.concat(blocks, ignore_index=True)
        table[wanted] = table[wanted].fillna(0).replace(np.inf, np.nan)
        return table

    def _lines(self, level: str) -> tuple[pd.DataFrame, np.ndarray]:
        """The zones of a level, and in which of these lines each record counts; -1 for none."""
        return self.facts.once(("lines", self.layer, level), lambda: self._placed(level))

    def _placed(self, level: str) -> tuple[pd.DataFrame, np.ndarray]:
        rows, members = self.zone_rows(level), self.members(level)
        lines = pd.MultiIndex.from_frame(rows[ZONE_KEYS[1:]])
        known = members["zone_code"].notna().to_numpy()
        line = np.full(len(members), -1)
        line[known] = lines.get_indexer(pd.MultiIndex.from_frame(members[known]))
        return rows, line


def _summed(values: pd.Series, line: np.ndarray, n: int) -> np.ndarray:
    """Sum of what counts in each of ``n`` lines; infinite where a part is not known."""
    inside, whole = line >= 0, values.dtype.kind in "biu"
    line, numbers = line[inside], values.to_numpy(dtype="float64", na_value=np.nan)[inside]
    unknown = np.isnan(numbers)
    sums = np.bincount(line, np.where(unknown, 0.0, numbers), n).astype("float64")
    if unknown.any():
        sums[np.bincount(line[unknown], minlength=n) > 0] = np.inf
    return sums.astype("int64") if whole else sums


def _sums_or_inf(grouped: Any, values: pd.DataFrame) -> pd.DataFrame:
    """Sums of groups of ``values``; infinite where a part is not known."""
    sums = grouped.sum()
    if values.isna().any(axis=None):
        sums = sums.mask(grouped.count().lt(grouped.size(), axis=0), np.inf)
    return sums
