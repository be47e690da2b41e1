"""What a layer's records were and when: states and amounts by day, times and limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import Messages, Text
from geo_citymgmt.indicators._definitions import compared
from geo_citymgmt.spec import Amount, LayerSpec, Moment, States
from geo_citymgmt.spec._reader import TIME_TYPES
from geo_citymgmt.worktime import Clock

_MESSAGES = Messages("geo_citymgmt.facts")

#: States of a record on a day, beside the codes of its layer: by their places, the last two.
NOT_YET, UNKNOWN = -1, -2

_EPSILON = 1e-6
_ENTRY = {"row": "int64", "date": "datetime64[us]", "amount": "float64", "basis": "str"}
#: Which records fulfil something, and which may: the data does not say.
Answer = tuple[np.ndarray, np.ndarray]

#: What may tell of an entry into a state.
_BASES = ("records", "events", "plan")
_UNIT = "datetime64[us]"
_NONE = np.datetime64("NaT", "us")
_DAY = np.timedelta64(1, "D")
#: A limit whose clock stands still has not come, whatever the day.
NOT_IN_SIGHT = np.datetime64("9999-12-31", "us")


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

    def only(self, keep: np.ndarray) -> Entries:
        """Those that are kept."""
        return Entries(self.row[keep], self.date[keep], self.amount[keep], self.by_event[keep])


@dataclass(frozen=True, slots=True)
class Moves:
    """Entries into states as arrays: of each record in the order of their days."""

    row: np.ndarray
    date: np.ndarray
    #: Its place among the states of the layer.
    state: np.ndarray
    planned: np.ndarray

    @classmethod
    def of(cls, table: pd.DataFrame) -> Moves:
        """From the columns of :attr:`Timeline.transitions`."""
        return cls(
            table["row"].to_numpy(dtype="int64"),
            table["date"].to_numpy(dtype="datetime64[us]"),
            table["state"].cat.codes.to_numpy(dtype="int64"),
            (table["basis"] == "plan").to_numpy(dtype=bool),
        )


@dataclass(frozen=True, slots=True)
class Missing:
    """Records of whose amount the data does not say all: where total or day is not there."""

    #: By its state, or by what else it says, the record has the amount.
    sure: np.ndarray
    #: Whether it has is not known either.
    maybe: np.ndarray
    #: The most the record could add, NaN where nothing bounds it.
    most: np.ndarray


def has_code(column: pd.Series, code: str) -> pd.Series:
    """Whether a list column (codes joined by ``;``) holds ``code``; null counts as no.

    Raises
    ------
    CityDataError
        It is no column, or the code is no text.

    See Also
    --------
    load_specs

    Examples
    --------
    >>> has_code(pd.Series(["key_task;supervised", None, "key_project"]), "supervised").tolist()
    [True, False, False]
    """
    gate = Gate("has_code")
    if not isinstance(column, pd.Series):
        kind = type(column).__name__
        raise gate.refuse(*_MESSAGES.pair("column_not_series", kind=kind))
    if not isinstance(code, str):
        raise gate.refuse(*_MESSAGES.pair("code_not_text", code=code))
    joined = ";" + column.astype("str").fillna("") + ";"
    return joined.str.contains(f";{code};", regex=False).astype(bool)


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


class Timeline:
    """The history of the records of one layer: their states, and the growth of their amounts.

    Events come first, then the dates of the record, then its status, if the day is not before the
    data's own. A plan is never a fact: it is kept apart and asked for by name.

    Parameters
    ----------
    spec : LayerSpec
        Says which dates and events enter a state, and which add to an amount.
    data : GeoDataFrame
        Accepted records, on a range index.
    events : DataFrame
        Of this layer alone: ``key, event, date, amount``.
    data_date : Timestamp or None
        From this day on the status of a record speaks where its dates do not.
    unreadable : mapping of str to array of bool, optional
        Field to the records whose value in it could not be used; see :class:`Layer`.
    """

    def __init__(
        self,
        spec: LayerSpec,
        data: gpd.GeoDataFrame,
        events: pd.DataFrame,
        data_date: pd.Timestamp | None,
        unreadable: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        self.spec, self.data = spec, data
        self.data_date = data_date
        self._unreadable = unreadable or {}
        row = np.full(len(events), -1, dtype="int64")
        if len(events):
            row = pd.Index(data[spec.id_field]).get_indexer(pd.Index(events["key"]))
        self.events = events.assign(row=row)[row >= 0]
        self._entries: dict[tuple[str, bool], pd.DataFrame] = {}
        self._arrays: dict[tuple[str, bool], Entries] = {}
        self._lacking: dict[str, Missing] = {}
        self._moves: dict[bool, Moves] = {}
        self._measures: dict[str, np.ndarray] = {}

    def measured(self, name: str) -> np.ndarray:
        """Numbers of the field ``name``, NaN where there is none; not to be changed."""
        if name not in self._measures:
            values = self.data[name].astype("float64").to_numpy(na_value=np.nan, copy=True)
            values.flags.writeable = False
            self._measures[name] = values
        return self._measures[name]

    # -- states

    @cached_property
    def states(self) -> np.ndarray:
        """The states by their places; the last two: the data cannot say, and not known yet."""
        spec = self.spec
        codes = spec.fields[spec.states.field].codes if spec.states else {}
        status = self._status.dropna().unique() if len(self._status) else ()
        return np.array([*dict.fromkeys([*codes, *status]), None, ""], dtype=object)

    @property
    def _places(self) -> pd.Index:
        """The states by their places, without the last two."""
        return pd.Index(self.states[:UNKNOWN])

    @property
    def _status(self) -> pd.Series:
        states = self.spec.states
        if states is None or states.field not in self.data.columns:
            return pd.Series([], dtype="str")
        return self.data[states.field]

    def unreadable(self, name: str) -> np.ndarray:
        """Records that had a value in the field ``name`` which could not be used."""
        known = self._unreadable.get(name)
        # Records that somebody put in place of those that were read are not these.
        if known is None or len(known) != len(self.data):
            return np.zeros(len(self.data), dtype=bool)
        return known

    @cached_property
    def reported_by_events(self) -> bool:
        """Whether any entry into a state is told by an event."""
        return bool((self.transitions["basis"] == "events").any())

    def moves(self, *, plan: bool = False) -> Moves:
        """The same as :attr:`transitions`, as arrays, with what is planned behind them."""
        if plan not in self._moves:
            table = self.transitions
            if plan:
                table = pd.concat([table, self.planned_transitions()], ignore_index=True)
            self._moves[plan] = Moves.of(table)
        return self._moves[plan]

    @cached_property
    def transitions(self) -> pd.DataFrame:
        """Every dated entry into a state: ``row, date, state, basis``, in order."""
        states = self.spec.states
        if states is None:
            return self._moved([], [], [], "records")
        enters = {k: e.enters for k, e in self.spec.events.items() if e.enters is not None}
        happened = self.events[self.events["event"].isin(list(enters))]
        entered = self._places.get_indexer(happened["event"].map(enters).to_numpy(dtype=object))
        by_event = self._moved(happened["row"], happened["date"], entered, "events")
        by_date = [
            self._dated(states, name).assign(step=k)
            for k, name in enumerate(states.dates)
            if name in self.data.columns
        ]
        dated = pd.concat([by_event.iloc[:0].assign(step=0), *by_date], ignore_index=True)
        dated = self._believed(dated, by_event)
        # An event is the better witness of the day on which the same state was entered.
        dated = dated[~np.isin(self._row_and_state(dated), self._row_and_state(by_event))]
        out = pd.concat([dated, by_event], ignore_index=True)
        # The codes of a layer are in the order of its ways.
        out["rank"] = out["state"].cat.codes.to_numpy()
        order = np.lexsort([out["rank"], out["date"], out["row"]])
        out = out.iloc[order].reset_index(drop=True)
        # Times of day tell the order; what is asked is asked of whole days.
        return out.assign(date=out["date"].dt.normalize())

    def _moved(self, row: Any, date: Any, place: Any, basis: str) -> pd.DataFrame:
        """Entries into states, of which the places are given."""
        place = np.asarray(place, dtype="int64")
        return pd.DataFrame(
            {
                "row": np.asarray(row, dtype="int64"),
                "date": np.asarray(date, dtype=_UNIT),
                "state": pd.Categorical.from_codes(place, categories=self._places),
                "basis": pd.Categorical.from_codes(
                    np.full(len(place), _BASES.index(basis)), categories=_BASES
                ),
            }
        )

    def _believed(self, dated: pd.DataFrame, by_event: pd.DataFrame) -> pd.DataFrame:
        """Return the entries by dates without those that the record itself contradicts.

        So a record counts alike on every day, and no running total falls because of it: its status
        denies what it cannot have been, unless events tell of its ways; what was reached later in
        its life denies that an earlier step came after it.
        """
        if dated.empty:
            return dated.drop(columns="step")
        row, day = dated["row"].to_numpy(), dated["date"].dt.normalize()
        if len(self._status):
            out = self._denials[self._status_places[row], dated["state"].cat.codes]
            out &= self._has_come(day).to_numpy(dtype=bool) & ~np.isin(row, by_event["row"])
            dated, day = dated[~out], day[~out]
        row, step, when = dated["row"].to_numpy(), dated["step"].to_numpy(), day.to_numpy(_UNIT)
        early = np.zeros(len(dated), dtype=bool)
        soonest = np.full(len(self.data), NOT_IN_SIGHT)
        for k in np.unique(step)[::-1]:
            at = np.flatnonzero(step == k)
            if k == 0:
                # Nothing happens to a record before it is known: events come after its first step.
                told = by_event["date"].to_numpy().astype("datetime64[D]").astype(_UNIT)
                np.fmin.at(soonest, by_event["row"].to_numpy(), told)
            early[at] = when[at] > soonest[row[at]]
            soonest[row[at]] = np.minimum(soonest[row[at]], when[at])
        return dated[~early].drop(columns="step")

    @cached_property
    def _denials(self) -> np.ndarray:
        """Whether a status (row) denies that a state (column) was entered; none says nothing."""
        return np.array(
            [[self.spec.denies(s, entered) for entered in self._places] for s in self.states]
        )

    def _has_come(self, day: pd.Series) -> pd.Series:
        """Whether a day is not after that of the data: what is may still come."""
        return day.notna() if self.data_date is None else day <= self.data_date

    def _row_and_state(self, moves: pd.DataFrame) -> np.ndarray:
        return moves["row"].to_numpy() * len(self.states) + moves["state"].cat.codes.to_numpy()

    def _dated(self, states: States, name: str) -> pd.DataFrame:
        decider, table, default = states.dates[name]
        rows = np.flatnonzero(self.data[name].notna().to_numpy())
        place = np.full(len(rows), self._places.get_loc(default))
        if decider is not None and decider in self.data.columns:
            code, decisions = pd.factorize(self.data[decider].iloc[rows])
            entered = [table.get(decision, default) for decision in decisions]
            place = self._places.get_indexer([*entered, default])[code]
        return self._moved(rows, self.data[name].iloc[rows], place, "records")

    def planned_transitions(self) -> pd.DataFrame:
        """Entries into the state that the plan foresees, for records that are not there yet."""
        states = self.spec.states
        if states is None or states.plan_date is None or states.plan_date not in self.data.columns:
            return self.transitions.iloc[:0]
        assert states.plan_enters is not None
        day = self.data[states.plan_date]
        current = self.state_at(self.data_date)
        ahead = day.notna() if self.data_date is None else day > self.data_date
        planned_sets = states.sets_of(states.plan_enters)
        reached = [
            c for c in self.spec.fields[states.field].codes if states.sets_of(c) >= planned_sets
        ]
        open_ = ahead & ~current.isin(reached)
        if states.plan_only_from:
            open_ &= current.isin([c for name in states.plan_only_from for c in states.sets[name]])
        rows = np.flatnonzero(open_.to_numpy(dtype=bool))
        place = np.full(len(rows), self._places.get_loc(states.plan_enters))
        # On one day what happened goes before what was to.
        return self._moved(rows, day.iloc[rows], place, "plan").assign(rank=len(self.states))

    def state_at(self, day: pd.Timestamp | None, *, plan: bool = False) -> pd.Series:
        """State of each record at the end of ``day``, a code of the layer.

        "" for a record that was not known yet; None where the data cannot say.
        """
        return pd.Series(self.states[self.place_at(day, plan=plan)], dtype=object)

    def place_at(self, day: pd.Timestamp | None, *, plan: bool = False) -> np.ndarray:
        """Place among :attr:`states` of that of each record at the end of ``day``."""
        n = len(self.data)
        states = self.spec.states
        out = np.full(n, UNKNOWN)
        if states is None:
            return out
        moves = self.moves(plan=plan)
        # Without a day all that is dated has happened.
        past = (
            np.ones(len(moves.row), bool) if day is None else moves.date <= np.datetime64(day, "us")
        )
        later = ~past & ~np.isnat(moves.date)
        # Of several moves of a record the last one is kept.
        last = np.full(n, -1)
        last[moves.row[past]] = np.flatnonzero(past)
        moved = np.flatnonzero(last >= 0)
        out[moves.row] = NOT_YET
        out[moved] = moves.state[last[moved]]
        moved_later = np.zeros(n, dtype=bool)
        moved_later[moves.row[later]] = True
        if self.undecided.any():
            # After the last day on record of an undecided record nobody knows its state.
            lost = self.undecided & ~moved_later
            lost[moved[moves.planned[last[moved]]]] = False
            out[lost] = UNKNOWN
        if states.field not in self.data.columns:
            return out
        status, agrees = self._status_against_moves
        now = day is None or self.data_date is None or day >= self.data_date
        if now:
            planned = np.zeros(n, dtype=bool)
            if plan and day is not None:
                due = self.planned_transitions()
                planned[due.loc[due["date"] <= day, "row"]] = True
            return np.where(agrees | planned, out, status)
        # Between its last known move and the data's date a record that ended elsewhere was
        # somewhere the dates do not tell.
        still_first = np.isin(self.states, list(states.first))[status]
        out[~(agrees | moved_later)] = UNKNOWN
        return np.where(still_first, status, out)

    @cached_property
    def undecided(self) -> np.ndarray:
        """Records without a readable status whose dates and events do not lead to a last state.

        A case that was found, and of which nothing else is said, may be anywhere by now; one that
        was closed, or of which an event tells, is where that has put it. A status that was there
        and could not be read says that more has happened than that something was opened.
        """
        states = self.spec.states
        n = len(self.data)
        if states is None:
            return np.zeros(n, dtype=bool)
        silent = np.ones(n, dtype=bool)
        if states.field in self.data.columns:
            silent = self.data[states.field].isna().to_numpy(dtype=bool)
        if not silent.any() or not states.dates:
            return silent
        _, table, default = list(states.dates.values())[-1]
        latest = self.transitions.drop_duplicates("row", keep="last")
        codes = self.spec.fields[states.field].codes
        ended = latest["state"].isin({*states.sets.get("done", ()), *list(codes)[-1:]})
        unread = self.unreadable(states.field)[latest["row"]]
        settled = latest["state"].isin({default, *table.values()}) & (~unread | ended)
        settled |= latest["basis"] == "events"
        out = silent.copy()
        out[latest.loc[settled, "row"]] = False
        return out

    @cached_property
    def _status_places(self) -> np.ndarray:
        """Place of the status on record of each record, ``UNKNOWN`` where there is none."""
        code, found = pd.factorize(self._status)
        places = self._places.get_indexer(np.asarray(found, dtype=object))
        return np.append(places, UNKNOWN)[code]

    @cached_property
    def _status_against_moves(self) -> tuple[np.ndarray, np.ndarray]:
        """Status of each record, and whether its last dated move ends in it or in its like."""
        status = self._status_places
        final = np.full(len(self.data), UNKNOWN)
        moves = self.moves()
        past = np.ones(len(moves.row), dtype=bool)
        if self.data_date is not None:
            past = moves.date <= np.datetime64(self.data_date, "us")
        # Of several moves of a record the last one is kept.
        final[moves.row[past]] = moves.state[past]
        alike = self._alike
        return status, (alike[final] == alike[status]) & (final >= 0) | (status == UNKNOWN)

    @property
    def _alike(self) -> np.ndarray:
        """A number for each of the states, one for those that count alike, as 立案 and 处置中."""
        states = self.spec.states
        assert states is not None
        codes = self.spec.fields[states.field].codes
        names = [
            ",".join(sorted(states.sets_of(code))) or code if code in codes else f"?{k}"
            for k, code in enumerate(self.states)
        ]
        return pd.factorize(np.array(names, dtype=object))[0]

    # -- amounts

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
        if name is None or amount.while_in is not None:
            return Missing(none, none, np.zeros(n))
        if name in self.data.columns:
            unsaid = self.data[name].isna().to_numpy(dtype=bool)
        else:
            # Without the column and without events there is no such figure at all.
            unsaid = np.full(n, len(happened) > 0)
        if not unsaid.any():
            return Missing(none, none, np.zeros(n))
        default = happened["event"].map({k: self.spec.events[k].default_amount for k in adding})
        told = (happened["amount"].notna() | default.notna()).to_numpy()
        blank, row = unsaid.copy(), happened["row"].to_numpy()
        blank[row[told]] = False
        due, could_be = self._due(amount)
        sure = due | self.unreadable(name)
        # Of an event that does not say how much it is known that it was something.
        blank[row[~told]], sure[row[~told]] = unsaid[row[~told]], True
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
        conditions = {k: v for k, v in amount.due_where.items() if k in self.data.columns}
        yes, perhaps = self.choice(conditions)
        if len(conditions) < len(amount.due_where):
            yes, perhaps = np.zeros_like(yes), yes | perhaps
        inside = state.isin(amount.due).to_numpy(dtype=bool)
        unknown = state.isna().to_numpy(dtype=bool)
        return inside & yes, (inside & perhaps) | (unknown & (yes | perhaps))

    def in_doubt(self, key: str) -> np.ndarray:
        """Records whose own total counts or not, by a status that could not be read."""
        amount, states = self.spec.amounts[key], self.spec.states
        none = np.zeros(len(self.data), dtype=bool)
        if states is None or amount.total is None:
            return none
        ruled_out = set(states.sets.get("planned", ())) | self._denying(amount)
        return self.undecided & self.unreadable(states.field) if ruled_out else none

    def _facts(self, amount: Amount) -> pd.DataFrame:
        adding = {k: e.default_amount for k, e in self.spec.events.items() if amount.key in e.adds}
        happened = self.events[self.events["event"].isin(list(adding))]
        usual = happened["event"].map(adding).astype("float64")
        size = happened["amount"].fillna(usual).fillna(0.0)
        grown = _grown(happened["row"], happened["date"], size, "events")
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
            dated = self.data[amount.date].dt.normalize().to_numpy(dtype="datetime64[us]")
        keep = rest > _EPSILON
        if not isinstance(amount.total, str):
            # A count of records is a matter of when: without a day nothing is counted.
            keep &= ~np.isnat(dated) & ~self._denied(amount)
        rows = np.flatnonzero(keep)
        return _grown(rows, dated[rows], rest[rows], "records")

    def _denied(self, amount: Amount) -> np.ndarray:
        """Records that by their status never came to what the amount's day would tell."""
        if not len(self._status):
            return np.zeros(len(self.data), dtype=bool)
        return self._status.isin(self._denying(amount)).to_numpy(dtype=bool)

    def _denying(self, amount: Amount) -> set[str]:
        """The states that say that a count by days never came to its day."""
        states = self.spec.states
        enters = None if states is None else states.dates.get(amount.date or "")
        if states is None or enters is None or isinstance(amount.total, str):
            return set()
        _, _, entered = enters
        return {s for s in self.spec.fields[states.field].codes if self.spec.denies(s, entered)}

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
        rows, days, amounts = [], [], []
        # Each time a record relapses what it had done by then no longer counts.
        relapsed = grown[grown["row"].isin(relapses["row"])]
        done, size = relapsed["date"].to_numpy(), relapsed["amount"].to_numpy(dtype="float64")
        of_row = relapsed.groupby("row").indices
        none = np.empty(0, dtype=np.intp)
        for row, again in relapses.sort_values("date").groupby("row")["date"]:
            entries = of_row.get(row, none)
            taken = 0.0
            for day in again.to_numpy():
                had = float(size[entries[done[entries] <= day]].sum()) - taken
                if had > _EPSILON:
                    rows.append(row)
                    days.append(day)
                    amounts.append(-had)
                    taken += had
        if not rows:
            return grown
        return pd.concat([grown, _grown(rows, days, amounts, "events")], ignore_index=True)

    def _by_state(self, amount: Amount) -> pd.DataFrame:
        assert amount.while_in is not None
        weight = float(amount.total) if isinstance(amount.total, (int, float)) else 1.0
        codes, moves = self.spec.sets[amount.while_in], self.transitions
        if len(self._status):
            # What has left them on a day that nothing tells counts on none.
            last = moves.drop_duplicates("row", keep="last").set_index("row")
            today = self._status.reset_index(drop=True).reindex(last.index)
            left = last["state"].isin(codes) & today.notna() & ~today.isin(codes)
            left &= (last["basis"] == "records") & self._has_come(last["date"])
            moves = moves[~moves["row"].isin(last.index[left])]
        return self._changes(codes, weight, moves)

    def _changes(self, codes: tuple[str, ...], weight: float, moves: pd.DataFrame) -> pd.DataFrame:
        """+ on entering the states, - on leaving them; records in them without a day, undated."""
        inside = moves["state"].isin(codes)
        before = inside.groupby(moves["row"]).shift(fill_value=False)
        changed = inside != before
        at = moves[changed]
        size = np.where(inside[changed], weight, -weight)
        dated = _grown(at["row"], at["date"], size, at["basis"])
        field = self.spec.state_field
        if field is None or field not in self.data.columns:
            return dated
        ends_inside = np.zeros(len(self.data), dtype=bool)
        last = moves.drop_duplicates("row", keep="last")
        ends_inside[last.loc[last["state"].isin(codes), "row"]] = True
        undated = np.flatnonzero(self.data[field].isin(codes).to_numpy(dtype=bool) & ~ends_inside)
        rest = _grown(undated, pd.NaT, weight, "records")
        return pd.concat([dated, rest], ignore_index=True)

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
        return _grown(rows, day.iloc[rows].to_numpy(), size[rows], "plan")


def _grown(row: Any, date: Any, amount: Any, basis: Any) -> pd.DataFrame:
    return pd.DataFrame({"row": row, "date": date, "amount": amount, "basis": basis})


class Moments:
    """The times of one layer's records; each limit where extensions and deferrals have moved it.

    A time is read to the minute and a limit counts whole: what came in its last minute was in time.
    A limit without a time of day lasts until the end of its day.
    """

    def __init__(self, timeline: Timeline, clock: Clock) -> None:
        self._timeline, self._clock = timeline, clock
        self._times: dict[str, np.ndarray] = {}
        self._limits: dict[str, np.ndarray] = {}
        self._lost: dict[str, np.ndarray] = {}
        self._within: dict[tuple[str, pd.Timestamp | None, pd.Timestamp | None], np.ndarray] = {}
        self._met: dict[tuple[str, str, pd.Timestamp | None], Answer] = {}

    def within(self, name: str, start: pd.Timestamp | None, day: pd.Timestamp | None) -> Answer:
        """Records whose time or limit lies from ``start`` to the end of ``day``."""
        key = (name, start, day)
        if key not in self._within:
            limit = self.limit(name)
            inside = _by(limit, day)
            if start is not None:
                inside &= limit >= np.datetime64(start, "us")
            self._within[key] = inside
        return self._within[key], self.lost(name)

    def meet(self, condition: Mapping[str, Any], day: pd.Timestamp | None) -> Answer:
        """Records that fulfil all of ``condition`` by the end of ``day``."""
        key = ("", repr(condition), day)
        if key in self._met:
            return self._met[key]
        n = len(self._timeline.data)
        yes, out = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
        for name, wanted in condition.items():
            hit, maybe = self._meets(name, wanted, day)
            yes &= hit
            out |= ~hit & ~maybe
        self._met[key] = yes, ~yes & ~out
        return self._met[key]

    def lacking(
        self, condition: Mapping[str, Any], day: pd.Timestamp | None, rows: np.ndarray
    ) -> tuple[Text, ...]:
        """Labels of what ``rows`` lack to be held against a condition."""
        names = []
        for name, wanted in condition.items():
            doubtful = self._meets(name, wanted, day)[1] & rows
            asked = (name, *compared(wanted))
            named = [n for n in asked if (doubtful & self._empty(n)).any()]
            names += named or ([name] if doubtful.any() else [])
        fields = self._timeline.spec.fields
        return tuple(Text(fields[n].zh, fields[n].en) for n in dict.fromkeys(names))

    def _empty(self, name: str) -> np.ndarray:
        if name in self._timeline.spec.times:
            return self.lost(name)
        return np.asarray(self._timeline.data[name].isna().to_numpy(dtype=bool))

    def time(self, name: str) -> np.ndarray:
        """Times of a field as they stand, NaT where there is none; not to be changed."""
        if name not in self._times:
            times = self._timeline.data[name].to_numpy(dtype=_UNIT)
            times = times.astype("datetime64[m]").astype(_UNIT)
            times.flags.writeable = False
            self._times[name] = times
        return self._times[name]

    def limit(self, name: str) -> np.ndarray:
        """The same, moved by what moves it, to the end of the day where it is a day."""
        if name not in self._limits:
            rule = self._timeline.spec.times.get(name, Moment())
            fields = {n: self._end(n) for n in rule.fields if n in self._timeline.data}
            limit = self._end(name)
            if rule.moved_to in fields:
                limit = np.fmax(limit, fields[rule.moved_to])
            if rule.stopped_from in fields:
                limit = self._put_off(limit, rule)
            if self._is_limit(name):
                # Whatever a ledger has written there: nobody owes what was not filed.
                excluded = self._is_in(self._timeline.spec.sets.get("excluded", ()))
                limit = np.where(excluded, _NONE, limit)
            limit.flags.writeable = False
            self._limits[name] = limit
        return self._limits[name]

    def _put_off(self, limit: np.ndarray, rule: Moment) -> np.ndarray:
        """Put limits off by as long as their clock stood still.

        It is that of the record's kind, in working time or day and night; of what is no limit of a
        kind it runs day and night. A stop after the limit changes nothing; one without an end
        leaves none in sight.
        """
        data = self._timeline.data
        stops = np.flatnonzero(self.time(str(rule.stopped_from)) < limit)
        begin = self.time(str(rule.stopped_from))[stops]
        end = np.full(len(stops), _NONE)
        if rule.stopped_to in data:
            end = self.time(str(rule.stopped_to))[stops]
        later = limit[stops] + (end - begin)
        if rule.stage is not None:
            kinds = self._clock.limit(data.iloc[stops], rule.stage).reset_index(drop=True)
            due, stopped, resumed = map(pd.Series, (limit[stops], begin, end))
            later = self._clock.put_off(due, stopped, resumed, kinds).to_numpy()
        limit = limit.copy()
        limit[stops] = np.where(np.isnat(end), NOT_IN_SIGHT, later)
        return limit

    def lost(self, name: str) -> np.ndarray:
        """Records that have the time, or may have a limit, of which the data does not tell it."""
        if name not in self._lost:
            timeline = self._timeline
            rule = timeline.spec.times.get(name, Moment())
            silent, at = timeline.unreadable(name), np.isnat(self.time(name))
            out = silent & at
            if rule.due and at.any():
                out |= at & self._is_in(rule.due)
            if rule.stopped_in:
                halted = ~at & self._is_in(rule.stopped_in)
                if rule.stopped_from is not None and rule.stopped_from in timeline.data:
                    halted &= np.isnat(self.time(rule.stopped_from))
                out |= halted
            self._lost[name] = out
        return self._lost[name]

    def _is_in(self, codes: Collection[str]) -> np.ndarray:
        """Records whose state on record is one of these."""
        at, states = self._states
        return np.append(pd.Index(states).isin(codes), False)[at]

    @cached_property
    def _states(self) -> tuple[np.ndarray, pd.Index]:
        data, field = self._timeline.data, self._timeline.spec.state_field
        if field not in data:
            return np.full(len(data), -1), pd.Index([], dtype=object)
        return pd.factorize(data[field])

    def _end(self, name: str) -> np.ndarray:
        """Times as limits: one that is a day, as all of its column are, ends with it."""
        times = self.time(name)
        if not self._is_limit(name):
            return times
        known = times[~np.isnat(times)]
        is_day = (known.astype("datetime64[D]") == known).all()
        return times + (_DAY - np.timedelta64(1, "m")) if is_day else times.copy()

    def _is_limit(self, name: str) -> bool:
        rules = self._timeline.spec.times
        moved = {rule.moved_to for rule in rules.values()}
        return name in moved or bool(rules.get(name, Moment()).fields)

    def _meets(self, name: str, wanted: Any, day: pd.Timestamp | None) -> Answer:
        key = (name, repr(wanted), day)
        if key not in self._met:
            is_time = self._timeline.spec.fields[name].type in TIME_TYPES
            self._met[key] = (
                self._came(name, wanted, day) if is_time else self._timeline.choice({name: wanted})
            )
        return self._met[key]

    def _came(self, name: str, wanted: Mapping[str, Any], day: pd.Timestamp | None) -> Answer:
        """Records whose time came as ``wanted``, of those that it had come for by the day."""
        time, lost = self.time(name), self.lost(name)
        came = _by(time, day)
        if wanted.get("any") is False:
            return ~came & ~lost, lost
        yes, unclear = came, lost
        for side in ("by", "after"):
            if side in wanted:
                other = wanted[side]
                limit = self.limit(other) + np.timedelta64(round(60 * wanted.get("hours", 0)), "m")
                yes = yes & (time <= limit if side == "by" else time > limit)
                unclear = unclear | (came & (np.isnat(limit) | self.lost(other)))
        return yes & ~unclear, unclear


def _by(time: np.ndarray, day: pd.Timestamp | None) -> np.ndarray:
    """Which times lie before the end of a day; all there are without a day."""
    if day is None:
        return ~np.isnat(time) & (time < NOT_IN_SIGHT)
    return np.asarray(time < np.datetime64(day, "us") + _DAY)
