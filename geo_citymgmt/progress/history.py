"""Where a record stood on a day.

Events come first, then the dates of the record, then its status, if the day is not before the
data's own. A plan is never a fact: it is kept apart and asked for by name.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt.spec import LayerSpec, States

__all__ = ["NOT_YET", "UNKNOWN", "StateHistory"]

#: States of a record on a day, beside the codes of its layer.
NOT_YET, UNKNOWN = "", None


class StateHistory:
    """The states of the records of one layer, day by day.

    Parameters
    ----------
    spec : LayerSpec
        Says which dates and events enter a state.
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
        row = pd.Series(np.arange(len(data)), index=data[spec.id_field])
        known = events[events["key"].isin(row.index)]
        self.events = known.assign(row=row.reindex(known["key"]).to_numpy(dtype="int64"))
        self._transitions: pd.DataFrame | None = None
        self._recorded: tuple[np.ndarray, np.ndarray] | None = None
        self._undecided: np.ndarray | None = None

    def unreadable(self, name: str) -> np.ndarray:
        """Records that had a value in the field ``name`` which could not be used."""
        known = self._unreadable.get(name)
        # Records that somebody put in place of those that were read are not these.
        if known is None or len(known) != len(self.data):
            return np.zeros(len(self.data), dtype=bool)
        return known

    @property
    def transitions(self) -> pd.DataFrame:
        """Every dated entry into a state: ``row, date, state, basis``, in order."""
        if self._transitions is None:
            self._transitions = self._collect_transitions()
        return self._transitions

    def _collect_transitions(self) -> pd.DataFrame:
        empty = pd.DataFrame({"row": [], "date": [], "state": [], "basis": []}).astype(
            {"row": "int64", "date": "datetime64[us]", "state": "str", "basis": "str"}
        )
        states = self.spec.states
        if states is None:
            return empty
        enters = {k: e.enters for k, e in self.spec.events.items() if e.enters is not None}
        happened = self.events[self.events["event"].isin(list(enters))]
        by_event = pd.DataFrame(
            {
                "row": happened["row"],
                "date": happened["date"],
                "state": happened["event"].map(enters).astype("str"),
                "basis": "events",
            }
        )
        by_date = [self._dated(states, name) for name in states.dates if name in self.data.columns]
        dated = pd.concat([empty, *by_date], ignore_index=True)
        # An event is the better witness of the day on which the same state was entered.
        told = pd.MultiIndex.from_frame(by_event[["row", "state"]])
        dated = dated[~pd.MultiIndex.from_frame(dated[["row", "state"]]).isin(told)]
        out = pd.concat([dated, by_event], ignore_index=True)
        order = {code: k for k, code in enumerate(self.spec.fields[states.field].codes)}
        out["rank"] = out["state"].map(order)
        return out.sort_values(["row", "date", "rank"], kind="stable").reset_index(drop=True)

    def _dated(self, states: States, name: str) -> pd.DataFrame:
        decider, table, default = states.dates[name]
        rows = np.flatnonzero(self.data[name].notna().to_numpy())
        state = pd.Series(default, index=rows, dtype="str")
        if decider is not None and decider in self.data.columns:
            mapped = self.data[decider].iloc[rows].map(table)
            state = mapped.fillna(default).astype("str")
        return pd.DataFrame(
            {
                "row": rows,
                "date": self.data[name].iloc[rows].to_numpy(),
                "state": state.to_numpy(),
                "basis": "records",
            }
        )

    def planned_transitions(self) -> pd.DataFrame:
        """Entries into the state that the plan foresees, for records that are not there yet."""
        states = self.spec.states
        if states is None or states.plan_date is None or states.plan_date not in self.data.columns:
            return self.transitions.iloc[:0]
        assert states.plan_enters is not None
        day = self.data[states.plan_date]
        current = self.state_at(self.data_date)
        ahead = day.notna() if self.data_date is None else day > self.data_date
        aim = states.sets_of(states.plan_enters)
        there = [c for c in self.spec.fields[states.field].codes if states.sets_of(c) >= aim]
        open_ = ahead & ~current.isin(there)
        if states.plan_only_from:
            open_ &= current.isin([c for name in states.plan_only_from for c in states.sets[name]])
        rows = np.flatnonzero(open_.to_numpy(dtype=bool))
        return pd.DataFrame(
            {
                "row": rows,
                "date": day.iloc[rows].to_numpy(),
                "state": states.plan_enters,
                "basis": "plan",
                "rank": len(self.spec.fields[states.field].codes),
            }
        )

    def state_at(self, day: pd.Timestamp | None, *, plan: bool = False) -> pd.Series:
        """State of each record at the end of ``day``.

        Returns
        -------
        Series of object
            A code of the layer; "" for a record that was not known yet; None where the data
            cannot say.
        """
        n = len(self.data)
        states = self.spec.states
        out = np.full(n, UNKNOWN, dtype=object)
        if states is None:
            return pd.Series(out)
        moves = self.transitions
        if plan:
            moves = pd.concat([moves, self.planned_transitions()], ignore_index=True)
        past = moves if day is None else moves[moves["date"] <= day]
        last = past.drop_duplicates("row", keep="last")
        out[np.unique(moves["row"])] = NOT_YET
        out[last["row"]] = last["state"].to_numpy(dtype=object)
        if self.undecided.any():
            later = moves.iloc[:0] if day is None else moves[moves["date"] > day]
            # After the last day on record of an undecided record nobody knows its state.
            lost = self.undecided.copy()
            lost[later["row"]] = False
            lost[last.loc[last["basis"] == "plan", "row"]] = False
            out[lost] = UNKNOWN
        if states.field not in self.data.columns:
            return pd.Series(out)
        if self._recorded is None:
            self._recorded = self._status_against_moves(states)
        status, agrees = self._recorded
        now = day is None or self.data_date is None or day >= self.data_date
        if now:
            planned = np.zeros(n, dtype=bool)
            if plan and day is not None:
                due = self.planned_transitions()
                planned[due.loc[due["date"] <= day, "row"]] = True
            return pd.Series(np.where(agrees | planned, out, status))
        # Between its last known move and the data's date a record that ended elsewhere was
        # somewhere the dates do not tell.
        moved_later = np.zeros(n, dtype=bool)
        moved_later[np.unique(moves.loc[moves["date"] > day, "row"])] = True
        still_first = self.data[states.field].isin(states.first).to_numpy(dtype=bool)
        out[~(agrees | moved_later)] = UNKNOWN
        return pd.Series(np.where(still_first, status, out))

    @property
    def undecided(self) -> np.ndarray:
        """Records without a readable status whose dates and events do not lead to a last state.

        A case that was found, and of which nothing else is said, may be anywhere by now; one that
        was closed, or of which an event tells, is where that has put it.
        """
        if self._undecided is None:
            self._undecided = self._find_undecided()
        return self._undecided

    def _find_undecided(self) -> np.ndarray:
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
        settled = (latest["basis"] == "events") | latest["state"].isin({default, *table.values()})
        out = silent.copy()
        out[latest.loc[settled, "row"]] = False
        return out

    def _status_against_moves(self, states: States) -> tuple[np.ndarray, np.ndarray]:
        """Status of each record, and whether its last dated move ends in it or in its like."""
        status = self.data[states.field].to_numpy(dtype=object, copy=True)
        status[pd.isna(status)] = None
        final = np.full(len(self.data), None, dtype=object)
        facts = self.transitions
        if self.data_date is not None:
            facts = facts[facts["date"] <= self.data_date]
        latest = facts.drop_duplicates("row", keep="last")
        final[latest["row"]] = latest["state"].to_numpy(dtype=object)
        return status, self._same_sets(final, status) | pd.isna(status)

    def _same_sets(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Whether two states count alike, as 立案 and 处置中 do."""
        states = self.spec.states
        assert states is not None
        names = {
            c: ",".join(sorted(states.sets_of(c))) or c
            for c in self.spec.fields[states.field].codes
        }
        left, right = pd.Series(first).map(names), pd.Series(second).map(names)
        return ((left == right) & left.notna()).to_numpy(dtype=bool)
