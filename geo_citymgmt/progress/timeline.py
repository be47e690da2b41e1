"""How much was done by a day: from events, dates and plans, over the states of the records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt.cleaning.codes import has_code
from geo_citymgmt.progress.history import StateHistory
from geo_citymgmt.spec import Amount, LayerSpec

__all__ = ["Entries", "Missing", "Timeline", "matches"]

_EPSILON = 1e-6
_ENTRY = {"row": "int64", "date": "datetime64[us]", "amount": "float64", "basis": "str"}


@dataclass(frozen=True, slots=True)
class Entries:
    """Growth of an amount: record, day, size, and whether an event tells it."""

    row: np.ndarray
    date: np.ndarray
    amount: np.ndarray
    by_event: np.ndarray

    @classmethod
    def of(cls, table: pd.DataFrame) -> Entries:
        """From the columns of :meth:`Timeline.entries`."""
        return cls(
            table["row"].to_numpy(),
            table["date"].to_numpy(),
            table["amount"].to_numpy(),
            (table["basis"] == "events").to_numpy(dtype=bool),
        )


@dataclass(frozen=True, slots=True)
class Missing:
    """Records of whose amount the data does not say all: where total or day is not there.

    Attributes
    ----------
    sure : array of bool
        By its state, or by what else it says, the record has the amount.
    maybe : array of bool
        Whether it has is not known either.
    most : array of float
        The most the record could add, NaN where nothing bounds it.
    """

    sure: np.ndarray
    maybe: np.ndarray
    most: np.ndarray


def matches(data: pd.DataFrame, spec: LayerSpec, where: Mapping[str, Any]) -> np.ndarray:
    """Which rows fulfil ``where``: field = value, or one of ``{not = …}``, ``{any = true}``.

    A missing value fulfils nothing.
    """
    out = np.ones(len(data), dtype=bool)
    for name, wanted in where.items():
        column = data[name]
        if isinstance(wanted, Mapping):
            hit = column.notna()
            if "not" in wanted:
                hit &= column != wanted["not"]
        elif spec.fields[name].type == "list":
            hit = pd.Series(False, index=column.index)
            for code in wanted if isinstance(wanted, list) else [wanted]:
                hit |= has_code(column, code)
        elif isinstance(wanted, list):
            hit = column.isin(wanted)
        else:
            hit = column == wanted
        out &= hit.fillna(False).to_numpy(dtype=bool)
    return out


class Timeline(StateHistory):
    """The history of the records of one layer: their states, and the growth of their amounts.

    Its parameters are those of :class:`StateHistory`; the spec says, too, which dates and events
    add to an amount.
    """

    def __init__(
        self,
        spec: LayerSpec,
        data: gpd.GeoDataFrame,
        events: pd.DataFrame,
        data_date: pd.Timestamp | None,
        unreadable: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        super().__init__(spec, data, events, data_date, unreadable)
        self._entries: dict[tuple[str, bool], pd.DataFrame] = {}
        self._arrays: dict[tuple[str, bool], Entries] = {}
        self._lacking: dict[str, Missing] = {}

    def entries(self, key: str, *, plan: bool = False) -> pd.DataFrame:
        """Every growth of the amount ``key``: ``row, date, amount, basis``; undated ones last."""
        if (key, plan) not in self._entries:
            amount = self.spec.amounts[key]
            facts = self._by_state(amount) if amount.while_in else self._facts(amount)
            if plan:
                facts = pd.concat([facts, self._planned(amount, facts)], ignore_index=True)
            self._entries[key, plan] = facts.astype(_ENTRY).reset_index(drop=True)
        return self._entries[key, plan]

    def done_by(self, key: str, day: pd.Timestamp | None, *, plan: bool = False) -> np.ndarray:
        """Amount of each record up to the end of ``day``; what is undated counts at the data's."""
        entries = self.arrays(key, plan=plan)
        undated = np.isnat(entries.date)
        past = ~undated if day is None else entries.date <= np.datetime64(day)
        if day is None or self.data_date is None or day >= self.data_date:
            past |= undated
        return np.bincount(entries.row[past], entries.amount[past], minlength=len(self.data))

    def arrays(self, key: str, *, plan: bool = False) -> Entries:
        """The same as :meth:`entries`, as arrays."""
        if (key, plan) not in self._arrays:
            self._arrays[key, plan] = Entries.of(self.entries(key, plan=plan))
        return self._arrays[key, plan]

    def entered(self, codes: tuple[str, ...], *, plan: bool = False) -> Entries:
        """Every entry into the states ``codes`` from outside them, each of size 1; undated last."""
        key = (";".join(codes), plan)
        if key not in self._arrays:
            moves = self.transitions
            if plan:
                moves = pd.concat([moves, self.planned_transitions()], ignore_index=True)
                moves = moves.sort_values(["row", "date", "rank"], kind="stable")
            changes = self._changes(codes, 1.0, moves)
            self._arrays[key] = Entries.of(changes[changes["amount"] > 0].astype(_ENTRY))
        return self._arrays[key]

    def choice(self, where: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """Which records fulfil ``where``, and which might: the data does not say.

        An empty value says nothing, unless it is an answer in that field (``may_be_empty`` of the
        layer's file); a value that could not be read never is one.
        """
        n = len(self.data)
        yes, out = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
        for name, wanted in where.items():
            hit = matches(self.data, self.spec, {name: wanted})
            silent = self.unreadable(name)
            if not self.spec.fields[name].may_be_empty:
                silent = silent | self.data[name].isna().to_numpy(dtype=bool)
            yes &= hit
            out |= ~hit & ~silent
        return yes, ~yes & ~out

    def missing(self, key: str) -> Missing:
        """Records that lack the total of the amount ``key``, or the day of a count by days."""
        if key not in self._lacking:
            self._lacking[key] = self._find_missing(key)
        return self._lacking[key]

    def _find_missing(self, key: str) -> Missing:
        amount, n = self.spec.amounts[key], len(self.data)
        none = np.zeros(n, dtype=bool)
        name = amount.total if isinstance(amount.total, str) else amount.date
        adding = [k for k, e in self.spec.events.items() if key in e.adds]
        happened = self.events[self.events["event"].isin(adding)]
        if name is None or name not in self.data.columns or amount.while_in is not None:
            return Missing(none, none, np.zeros(n))
        blank = self.data[name].isna().to_numpy(dtype=bool, copy=True)
        if not blank.any() or (len(happened) and blank.all()):
            # Events alone keep the amount of this layer.
            return Missing(none, none, np.zeros(n))
        blank[happened["row"]] = False
        due, could_be = self._due(amount)
        sure = due | self.unreadable(name)
        if name != amount.date and amount.date in self.data.columns:
            sure |= self.data[amount.date].notna().to_numpy(dtype=bool)
        yes, perhaps = self.choice({k: v for k, v in amount.where.items() if k in self.data})
        sure, maybe = blank & sure, blank & could_be & ~sure
        most = np.full(n, 1.0 if name == amount.date else np.nan)
        return Missing(sure & yes, (maybe & yes) | ((sure | maybe) & perhaps), most)

    def _due(self, amount: Amount) -> tuple[np.ndarray, np.ndarray]:
        """Records that have the amount by their state, and those that might have it."""
        if not amount.due:
            none = np.zeros(len(self.data), dtype=bool)
            return none, none
        state = self.state_at(self.data_date)
        there = {k: v for k, v in amount.due_where.items() if k in self.data.columns}
        yes, perhaps = self.choice(there)
        if len(there) < len(amount.due_where):
            yes, perhaps = np.zeros_like(yes), yes | perhaps
        inside = state.isin(amount.due).to_numpy(dtype=bool)
        unknown = state.isna().to_numpy(dtype=bool)
        return inside & yes, (inside & perhaps) | (unknown & (yes | perhaps))

    def _facts(self, amount: Amount) -> pd.DataFrame:
        adding = {k: e.default_amount for k, e in self.spec.events.items() if amount.key in e.adds}
        said = self.events[self.events["event"].isin(list(adding))]
        grown = pd.DataFrame(
            {
                "row": said["row"],
                "date": said["date"],
                "amount": said["amount"].fillna(said["event"].map(adding)).fillna(0.0),
                "basis": "events",
            }
        )
        parts = [grown]
        if amount.total is not None and (
            not isinstance(amount.total, str) or amount.total in self.data.columns
        ):
            parts.append(self._remainder(amount, grown))
        out = pd.concat(parts, ignore_index=True)
        return self._taken_back(amount, out)

    def _remainder(self, amount: Amount, grown: pd.DataFrame) -> pd.DataFrame:
        """What the record's total holds beyond its events, on the record's date."""
        n = len(self.data)
        if isinstance(amount.total, str):
            total = self.data[amount.total].astype("float64").fillna(0.0).to_numpy(copy=True)
        else:
            total = np.full(n, float(amount.total or 0.0))
        total[~matches(self.data, self.spec, amount.where)] = 0.0
        total[self._planned_only()] = 0.0
        rest = total - np.bincount(grown["row"], weights=grown["amount"], minlength=n)
        dated = np.full(n, np.datetime64("NaT", "us"))
        if amount.date is not None and amount.date in self.data.columns:
            dated = self.data[amount.date].to_numpy(dtype="datetime64[us]")
        keep = rest > _EPSILON
        if not isinstance(amount.total, str):
            # A count of records is a matter of when: without a day nothing is counted.
            keep &= ~np.isnat(dated)
        rows = np.flatnonzero(keep)
        return pd.DataFrame(
            {"row": rows, "date": dated[rows], "amount": rest[rows], "basis": "records"}
        )

    def _planned_only(self) -> np.ndarray:
        states = self.spec.states
        if states is None or states.field not in self.data.columns or "planned" not in states.sets:
            return np.zeros(len(self.data), dtype=bool)
        return self.data[states.field].isin(states.sets["planned"]).to_numpy(dtype=bool)

    def _taken_back(self, amount: Amount, grown: pd.DataFrame) -> pd.DataFrame:
        takes = [k for k, e in self.spec.events.items() if amount.key in e.takes_back]
        relapses = self.events[self.events["event"].isin(takes)]
        if relapses.empty:
            return grown
        out = [grown]
        # Few records relapse; each time what it had done by then no longer counts.
        relapsed = grown[grown["row"].isin(relapses["row"])]
        for row, days in relapses.sort_values("date").groupby("row")["date"]:
            mine = relapsed[relapsed["row"] == row]
            taken = 0.0
            for day in days:
                had = mine.loc[mine["date"] <= day, "amount"].sum() - taken
                if had > _EPSILON:
                    out.append(
                        pd.DataFrame(
                            {"row": [row], "date": [day], "amount": [-had], "basis": ["events"]}
                        )
                    )
                    taken += had
        return pd.concat(out, ignore_index=True)

    def _by_state(self, amount: Amount) -> pd.DataFrame:
        assert amount.while_in is not None
        weight = float(amount.total) if isinstance(amount.total, (int, float)) else 1.0
        return self._changes(self.spec.sets[amount.while_in], weight, self.transitions)

    def _changes(self, codes: tuple[str, ...], weight: float, moves: pd.DataFrame) -> pd.DataFrame:
        """+ on entering the states, - on leaving them; records in them without a day, undated."""
        inside = moves["state"].isin(codes)
        before = inside.groupby(moves["row"]).shift(fill_value=False)
        changed = inside != before
        dated = pd.DataFrame(
            {
                "row": moves.loc[changed, "row"],
                "date": moves.loc[changed, "date"],
                "amount": np.where(inside[changed], weight, -weight),
                "basis": moves.loc[changed, "basis"],
            }
        )
        field = self.spec.state_field
        if field is None or field not in self.data.columns:
            return dated
        ends_inside = np.zeros(len(self.data), dtype=bool)
        last = moves[~inside.isna()].drop_duplicates("row", keep="last")
        ends_inside[last.loc[last["state"].isin(codes), "row"]] = True
        undated = np.flatnonzero(self.data[field].isin(codes).to_numpy(dtype=bool) & ~ends_inside)
        return pd.concat(
            [
                dated,
                pd.DataFrame(
                    {"row": undated, "date": pd.NaT, "amount": weight, "basis": "records"}
                ),
            ],
            ignore_index=True,
        )

    def _planned(self, amount: Amount, facts: pd.DataFrame) -> pd.DataFrame:
        if amount.while_in is not None:
            due = self.planned_transitions()
            due = due[due["state"].isin(self.spec.sets[amount.while_in])]
            weight = float(amount.total) if isinstance(amount.total, (int, float)) else 1.0
            return due[["row", "date", "basis"]].assign(amount=weight)
        rule = amount.plan
        if rule is None or rule.date not in self.data.columns:
            return facts.iloc[:0]
        day = self.data[rule.date]
        ahead = day.notna() if self.data_date is None else day > self.data_date
        usable = ahead.to_numpy(dtype=bool) & matches(self.data, self.spec, rule.where)
        source = rule.up_to or rule.add
        if source is None or source not in self.data.columns:
            return facts.iloc[:0]
        size = self.data[source].astype("float64").fillna(0.0).to_numpy(copy=True)
        if rule.up_to is not None:
            size -= np.bincount(facts["row"], weights=facts["amount"], minlength=len(self.data))
        rows = np.flatnonzero(usable & (size > _EPSILON))
        return pd.DataFrame(
            {"row": rows, "date": day.iloc[rows].to_numpy(), "amount": size[rows], "basis": "plan"}
        )
