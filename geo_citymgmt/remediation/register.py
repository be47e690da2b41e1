"""The records of one layer with their histories and the zones they count in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt.errors import AsOfError, CityDataError
from geo_citymgmt.progress.as_of import as_date
from geo_citymgmt.progress.membership import LEVELS, Membership
from geo_citymgmt.progress.timeline import Timeline
from geo_citymgmt.remediation.moves import Classes, Moves, flow_entries
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["ZONE_KEYS", "Register", "levels_to"]

ZONE_KEYS = ["level", "row_kind", "zone_code"]


def levels_to(level: str) -> tuple[str, ...]:
    """Return the levels from the city down to ``level``."""
    if level not in LEVELS:
        raise CityDataError(
            Text(f"没有“{level}”这一级。", f"level is {level!r}."),
            remedy=Text(f"可用：{'、'.join(LEVELS)}。", f"Use one of {', '.join(LEVELS)}."),
        )
    return LEVELS[: LEVELS.index(level) + 1]


class Register:
    """One layer of a city, narrowed to the records that ``where`` chooses.

    Parameters
    ----------
    city : City
    layer : str
        With a life cycle.
    where : mapping
        Field to value, as in the table of figures.
    stock, done : sequence of str
        Named sets of states of the layer: what is still to be dealt with, and what has been.
    """

    def __init__(
        self,
        city: City,
        layer: str,
        *,
        where: Mapping[str, Any] | None = None,
        stock: Sequence[str] = ("open", "suspended"),
        done: Sequence[str] = ("done",),
    ) -> None:
        self.city, self.layer = city, layer
        self.data, self.spec = city[layer], city.specs[layer]
        self.classes = Classes(stock=self.codes(stock), done=self.codes(done))
        events = city.events
        self.timeline = Timeline(
            self.spec,
            self.data,
            events[events["layer"] == layer],
            city.data_date,
            city.layer(layer).unreadable,
        )
        self.need(*(where or {}))
        #: Records that ``where`` chooses, and those of which it cannot be said.
        self.chosen, self.doubtful = self.timeline.choice(where or {})
        if any(len(self.data) and self.data[name].isna().all() for name in where or {}):
            # A field that no record fills says nothing of any.
            self.doubtful = self.doubtful | ~self.chosen
        self._membership = Membership(city)

    # -- what may be asked

    def codes(self, sets: Sequence[str]) -> frozenset[str]:
        """Codes of the named sets of states."""
        missing = [name for name in sets if name not in self.spec.sets]
        if missing or not sets:
            there = ", ".join(self.spec.sets) or "none"
            raise CityDataError(
                Text(
                    f"图层“{self.spec.name_zh}”没有状态集 {'、'.join(missing)}；现有：{there}。",
                    f"{self.layer}: there is no set of states "
                    f"{', '.join(missing) or '(none named)'}; "
                    f"the layer has {there}.",
                ),
                remedy=Text(
                    "请用 stock=、done= 指定图层文件中的状态集。",
                    "Name sets of the layer file in stock= and done=.",
                ),
            )
        return frozenset(code for name in sets for code in self.spec.sets[name])

    def need(self, *fields: str) -> None:
        """Raise, naming them, if fields are not in the data."""
        missing = [name for name in fields if name not in self.data.columns]
        if missing:
            labels = [self.spec.fields[n].zh if n in self.spec.fields else n for n in missing]
            raise CityDataError(
                Text(
                    f"图层“{self.spec.name_zh}”缺少字段：{'、'.join(labels)}。",
                    f"{self.layer}: needs {', '.join(missing)}, which the data does not have.",
                ),
                remedy=Text(
                    "请补充该字段，或在 city.toml 中指明对应列名。",
                    "Add the field, or name its column in city.toml.",
                ),
            )

    def day(self, value: Any) -> pd.Timestamp | None:
        """Return ``value`` as a day the data can speak of; None is the data's own.

        Where the data has no date either there is no day: what is on record counts as it stands.
        """
        own = self.city.data_date
        if value is None and own is None:
            return None
        day = own if value is None else as_date(value)
        if own is not None and day > own:
            raise AsOfError(
                Text(
                    f"数据截至 {own:%Y-%m-%d}，不能回答 {day:%Y-%m-%d}。",
                    f"the data stands as of {own:%Y-%m-%d}; {day:%Y-%m-%d} is after it.",
                ),
                remedy=Text(
                    f"请选择不晚于 {own:%Y-%m-%d} 的日期。", f"Ask for a date up to {own:%Y-%m-%d}."
                ),
            )
        return day

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
        state = self.timeline.state_at(day)
        field = self.spec.state_field
        if field not in self.data.columns or day != self.city.data_date:
            return state
        # 处置中 has no date of its own: on the data's day the status says more than the dates do.
        status = self.data[field].reset_index(drop=True)
        return state.where(status.isna(), status.astype("object"))

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
        table = self._membership.table(self.layer, level, "owner")
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
        blocks = []
        wanted = [c for c in values.columns if c != "row" and c not in by]
        for level in levels:
            members = self.members(level)
            keyed = values.join(members, on="row")
            grouped = keyed.groupby([*ZONE_KEYS[1:], *by], sort=False, dropna=False)[wanted]
            sums = grouped.sum()
            if values[wanted].isna().any(axis=None):
                sums = sums.mask(grouped.count().lt(grouped.size(), axis=0), np.inf)
            how = "inner" if by else "left"
            block = self.zone_rows(level).merge(sums.reset_index(), on=ZONE_KEYS[1:], how=how)
            blocks.append(block)
        table = pd.concat(blocks, ignore_index=True)
        table[wanted] = table[wanted].fillna(0).replace(np.inf, np.nan)
        return table
