"""The records of one layer with their histories and the zones they count in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._arguments import names_of
from geo_citymgmt._gate import Gate
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.facts.as_of import day_of
from geo_citymgmt.facts.membership import LEVELS
from geo_citymgmt.remediation.filters import no_field, read_where
from geo_citymgmt.remediation.moves import Classes, Moves, flow_entries
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["ZONE_KEYS", "Register", "levels_to"]

ZONE_KEYS = ["level", "row_kind", "zone_code"]


def levels_to(level: str, gate: Gate) -> tuple[str, ...]:
    """Return the levels from the city down to ``level``."""
    gate.choice(level, "level", LEVELS)
    return LEVELS[: LEVELS.index(level) + 1]


class Register:
    """One layer of a city, narrowed to the records that ``where`` chooses.

    Parameters
    ----------
    city : City or CityFacts
    layer : str
        With a life cycle.
    gate : Gate
        Of the function that asks.
    where : mapping
        Field to value, as in the table of figures.
    stock, done : sequence of str
        Named sets of states of the layer: what is still to be dealt with, and what has been.
    """

    def __init__(
        self,
        city: City | CityFacts,
        layer: str,
        gate: Gate,
        *,
        where: Mapping[str, Any] | None = None,
        stock: Sequence[str] = ("open", "suspended"),
        done: Sequence[str] = ("done",),
    ) -> None:
        self.facts = facts_of(city, gate)
        self.city, self.gate = self.facts.city, gate
        self.layer = layer = self._with_states(layer)
        self.data, self.spec = self.city[layer], self.city.specs[layer]
        self.classes = Classes(stock=self.codes(stock, "stock"), done=self.codes(done, "done"))
        self.timeline = self.facts.timeline(layer)
        self._line_of: dict[str, tuple[pd.DataFrame, np.ndarray]] = {}
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
            there = ", ".join(self.spec.sets) or "none"
            raise self.gate.refuse(
                Text(
                    f"{argument}：图层“{self.spec.name_zh}”没有状态集 "
                    f"{'、'.join(missing) or '（未指定）'}；现有：{there}。",
                    f"{argument}: there is no set of states "
                    f"{', '.join(missing) or '(none named)'}; {self.layer} has {there}.",
                ),
                Text(
                    f"请在 {argument}= 中写图层文件的状态集。",
                    f"Name sets of the layer file in {argument}=.",
                ),
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
                Text(
                    f"图层“{self.spec.name_zh}”缺少字段：{'、'.join(labels)}。",
                    f"{self.layer} needs {', '.join(missing)}, which the data does not have.",
                ),
                Text(
                    "请补充该字段，或在 city.toml 中指明对应列名。",
                    "Add the field, or name its column in city.toml.",
                ),
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
        table = flow_entries(
            Moves(row, date, classes),
            Moves(grown_row, grown_date, amount),
            np.nan_to_num(self.size),
        )
        return table[self.chosen[table["row"].to_numpy()]].reset_index(drop=True)

    # -- zones

    def members(self, level: str) -> pd.DataFrame:
        """Owner of each record at ``level``: ``row_kind, zone_code`` on the records."""
        table = self.facts.membership.table(self.layer, level, "owner")
        return table.set_index("row")[["row_kind", "zone_code"]].reindex(range(len(self.data)))

    def zone_rows(self, level: str) -> pd.DataFrame:
        """Every zone of ``level``, then what lies in none of them."""
        if level == "city":
            rows = [("total", self.city.code)]
        else:
            rows = [("zone", str(code)) for code in self.city.zones_at(level).index]
            beside = self.members(level)
            beside = beside[beside["row_kind"] != "zone"].dropna().drop_duplicates()
            rows += sorted(beside.itertuples(index=False, name=None))
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
        if not by:
            table = pd.concat(
                [self._sums_at(values, wanted, level) for level in levels], ignore_index=True
            )
            table[wanted] = table[wanted].fillna(0).replace(np.inf, np.nan)
            return table
        blocks = []
        for level in levels:
            members = self.members(level)
            keyed = values.join(members, on="row")
            grouped = keyed.groupby([*ZONE_KEYS[1:], *by], sort=False, dropna=False)[wanted]
            sums = grouped.sum()
            if values[wanted].isna().any(axis=None):
                sums = sums.mask(grouped.count().lt(grouped.size(), axis=0), np.inf)
            block = self.zone_rows(level).merge(sums.reset_index(), on=ZONE_KEYS[1:], how="inner")
            blocks.append(block)
        table = pd.concat(blocks, ignore_index=True)
        table[wanted] = table[wanted].fillna(0).replace(np.inf, np.nan)
        return table

    def _sums_at(self, values: pd.DataFrame, wanted: list[str], level: str) -> pd.DataFrame:
        """Sums of every zone of a level; infinite where a part is not known."""
        rows, line = self._lines(level)
        at = line[values["row"].to_numpy()]
        grouped = values.loc[at >= 0, wanted].groupby(at[at >= 0])
        sums = grouped.sum()
        if values[wanted].isna().any(axis=None):
            sums = sums.mask(grouped.count().lt(grouped.size(), axis=0), np.inf)
        return rows.join(sums)

    def _lines(self, level: str) -> tuple[pd.DataFrame, np.ndarray]:
        """The zones of a level, and in which of these lines each record counts; -1 for none."""
        if level not in self._line_of:
            rows = self.zone_rows(level)
            lines = pd.MultiIndex.from_frame(rows[ZONE_KEYS[1:]])
            members = self.members(level)
            known = members["zone_code"].notna().to_numpy()
            line = np.full(len(members), -1)
            line[known] = lines.get_indexer(pd.MultiIndex.from_frame(members[known]))
            self._line_of[level] = (rows, line)
        return self._line_of[level]
