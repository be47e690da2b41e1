"""Parcels of illegal construction: their life from finding to closing, as records and events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from generator.days import MONTHS_H1, MONTHS_H2, NAT, after, before, days_in
from generator.draw import Draw, share_out
from generator.records import SHARES, events_of

__all__ = ["FIGURES", "Group", "life_of_parcels"]

Days = NDArray[np.datetime64]
Ints = NDArray[np.int64]
END = np.datetime64("2022-06-30")

#: What the document states, and what is invented to go with it (m2).
FIGURES = {
    "remediated": 3_503_000,
    "safety_demolished": 949_000,
    "demolished": 2_612_000,  # invented: the document gives the remediated area only
    "planned_year": 15_000_000,
    "supervised": 189,
    "key_projects": 38,
}


@dataclass(frozen=True)
class Group:
    """A group of parcels that share a fate.

    ``share`` says how many of the areas of the group count in the half-year.
    """

    name: str
    count: int
    fate: str
    method: str
    safety: bool
    area: int


#: Areas of the groups that figures are made of are exact; see ``_groups``.
STAGED_OPEN_DONE = {True: 96_000, False: 214_000}
RELAPSED_2021 = 21_000


def _groups(scale: int) -> tuple[Group, ...]:
    fig = {key: value * scale for key, value in FIGURES.items()}
    part = {key: value * scale for key, value in STAGED_OPEN_DONE.items()}
    back = RELAPSED_2021 * scale
    safe_done = fig["safety_demolished"] - part[True]
    # Parcels of 2021 that relapsed this year take their area back from this year's flow.
    other_done = fig["demolished"] - fig["safety_demolished"] - part[False] + back
    otherwise = fig["remediated"] - fig["demolished"]
    to_do = fig["planned_year"] - fig["demolished"]
    relapsed_h1 = 27_000 * scale
    staged = {True: 214_000 * scale, False: 571_000 * scale}  # areas of parcels half done
    left = to_do - (staged[True] - part[True]) - (staged[False] - part[False])
    left -= relapsed_h1 + back
    safe_left = 2_360_000 * scale
    key_left = 1_480_000 * scale
    n = scale
    return (
        Group("safe_done", 640 * n, "done", "demolish", True, safe_done),
        Group("done", 1130 * n, "done", "demolish", False, other_done),
        Group("otherwise", 470 * n, "done", "other", False, otherwise),
        Group("safe_staged", 60 * n, "staged", "demolish", True, staged[True]),
        Group("staged", 130 * n, "staged", "demolish", False, staged[False]),
        Group("relapsed", 24 * n, "relapsed", "demolish", False, relapsed_h1),
        Group("relapsed_2021", 16 * n, "relapsed_2021", "demolish", False, back),
        Group("earlier", 420 * n, "earlier", "demolish", False, 610_000 * n),
        Group("safe_open", 1210 * n, "open", "demolish", True, safe_left),
        Group("key_open", 228 * n, "key", "demolish", False, key_left),
        Group("open", 3500 * n, "open", "demolish", False, left - safe_left - key_left),
        Group("safe_otherwise_open", 140 * n, "open", "other", True, 96_000 * n),
        Group("otherwise_open", 380 * n, "open", "other", False, 640_000 * n),
        Group("pending", 300 * n, "pending", "pending", False, 205_000 * n),
        Group("suspended", 120 * n, "suspended", "demolish", False, 188_000 * n),
        Group("dismissed", 140 * n, "dismissed", "pending", False, 61_000 * n),
        Group("suspected", 240 * n, "suspected", "pending", False, 118_000 * n),
    )


def _areas(draw: Draw, group: Group) -> Ints:
    # Many sheds and a few factory yards: lognormal, with a longer tail where much is open.
    sigma = 1.25 if group.area / group.count > 1800 else 1.0
    weight = np.exp(np.clip(draw.normal(group.count), -2.6, 2.7) * sigma)
    return share_out(weight, group.area, least=min(30, group.area // group.count // 4))


class _Table:
    """Columns of one group, all the same length, empty where nothing is said."""

    def __init__(self, group: Group, draw: Draw) -> None:
        n = group.count
        self.n, self.group = n, group
        self.area = _areas(draw, group)
        self.demolished, self.remediated = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self.dates: dict[str, Days] = {
            name: np.full(n, NAT)
            for name in ("found", "filed", "deadline", "planned", "done", "accepted", "closed")
        }
        self.status = np.full(n, "10", object)
        self.method = np.full(n, group.method, object)
        if group.method == "other":
            self.method = draw.of(n, SHARES["parcels"]["disposal_otherwise"])
        self.events: list[pd.DataFrame] = []

    def event(self, rows: Ints, event: str, day: Days, amount: object, note: str = "") -> None:
        """Note one event for each of ``rows``."""
        self.events.append(events_of(rows, event, day, amount, note))


def _found_and_filed(draw: Draw, t: _Table, by: Days) -> None:
    """Fill the dates that lead up to the day ``by``, oldest first."""
    t.dates["filed"] = before(draw, by, 25, 240)
    t.dates["found"] = before(draw, t.dates["filed"], 3, 70)
    t.dates["deadline"] = after(draw, t.dates["filed"], 30, 200)


def _finish(draw: Draw, t: _Table, done: Days, accept_share: float, by: np.datetime64) -> None:
    """Enter demolition or other remedy, acceptance and closing, as far as they come to pass."""
    n = t.n
    t.dates["done"] = done
    codes = {"demolish": "50", "rectify": "51", "permit": "52", "confiscate": "53"}
    t.status = np.array([codes[m] for m in t.method], object)
    accepted = after(draw, done, 3, 26)
    late = (accepted > by) | ~draw.yes(n, accept_share)
    accepted[late] = NAT
    closed = after(draw, accepted, 2, 30)
    with np.errstate(invalid="ignore"):
        closed[(closed > by) | ~draw.yes(n, 0.75)] = NAT
    t.dates["accepted"], t.dates["closed"] = accepted, closed
    t.status[~np.isnat(accepted)] = "60"
    t.status[~np.isnat(closed)] = "70"
    rows = np.flatnonzero(~np.isnat(accepted))
    t.event(rows, "accept", accepted[rows], np.nan)


def _stages(draw: Draw, t: _Table, rows: Ints, total: Ints, last: Days, note: str) -> None:
    """Tell a demolition in two or three stages, the last of them on the day ``last``."""
    count = 2 + draw.yes(len(rows), 0.35).astype(int)
    first = np.round(total * draw.uniform(len(rows), 0.2, 0.5)).astype(np.int64)
    middle = np.where(count == 3, np.round(total * draw.uniform(len(rows), 0.1, 0.3)), 0)
    middle = middle.astype(np.int64)
    one = before(draw, last, 45, 80)
    two = before(draw, last, 12, 40)
    # No stage before this year or before the case was filed: stages are of this year's flow.
    floor = np.maximum(np.datetime64("2022-01-04"), t.dates["filed"][rows])
    one, two = np.maximum(one, floor), np.maximum(two, floor)
    t.event(rows, "demolish", one, first, f"{note}一期")
    mid = np.flatnonzero(count == 3)
    t.event(rows[mid], "demolish", two[mid], middle[mid], f"{note}二期")
    t.event(rows, "demolish", last, total - first - middle, f"{note}收尾")


def _done(draw: Draw, t: _Table) -> None:
    day = days_in(draw, t.n, "2022-01-04", "2022-06-30", MONTHS_H1)
    _found_and_filed(draw, t, day)
    _finish(draw, t, day, 0.88, END)
    t.remediated = t.area.copy()
    if t.group.method == "demolish":
        t.demolished = t.area.copy()
        able = np.flatnonzero(day > np.datetime64("2022-03-20"))
        able = able[np.argsort(-t.area[able], kind="stable")[: int(0.3 * len(able))]]
        rows = np.sort(able[draw.some(len(able), int(0.6 * len(able)))])
        _stages(draw, t, rows, t.area[rows], day[rows], "拆除")


def _staged(draw: Draw, t: _Table) -> None:
    """Half demolished at the data date; the rest is planned."""
    part = STAGED_OPEN_DONE[t.group.safety] * t.n // (60 if t.group.safety else 130)
    t.demolished = share_out(t.area.astype(float), part, least=1)
    t.remediated = t.demolished.copy()
    last = days_in(draw, t.n, "2022-03-01", "2022-06-28", MONTHS_H1)
    _found_and_filed(draw, t, last)
    t.dates["deadline"] = after(draw, t.dates["filed"], 150, 400)
    _stages(draw, t, np.arange(t.n), t.demolished, last, "分期拆除")
    t.status[:] = "40"
    _plan(draw, t)


def _plan(draw: Draw, t: _Table) -> None:
    if t.group.safety:
        t.dates["planned"] = days_in(draw, t.n, "2022-07-04", "2022-09-29", MONTHS_H2)
    else:
        t.dates["planned"] = days_in(draw, t.n, "2022-07-04", "2022-12-30", MONTHS_H2)


def _relapsed(draw: Draw, t: _Table) -> None:
    earlier = t.group.fate == "relapsed_2021"
    if earlier:
        day = days_in(draw, t.n, "2021-03-01", "2021-11-30")
        again = days_in(draw, t.n, "2022-01-10", "2022-06-24", MONTHS_H1)
    else:
        day = days_in(draw, t.n, "2022-01-10", "2022-04-15")
        again = after(draw, day, 25, 70)
    _found_and_filed(draw, t, day)
    t.demolished = t.area.copy()
    t.remediated = t.area.copy()
    _finish(draw, t, day, 1.0, np.datetime64("2021-12-31") if earlier else END)
    # Built again before it was closed: acceptance after the relapse did not take place.
    late = t.dates["accepted"] >= again
    t.dates["accepted"][late] = NAT
    shut = t.dates["closed"] >= again
    t.dates["closed"][shut | late] = NAT
    t.events = [e[~np.isin(e["row"], np.flatnonzero(late))] for e in t.events]
    t.event(np.arange(t.n), "demolish", day, t.area, "拆除")
    t.event(np.arange(t.n), "relapse", again, 1, "复建")
    t.status[:] = "80"
    t.dates["deadline"] = after(draw, again, 60, 120)
    _plan(draw, t)


def _earlier(draw: Draw, t: _Table) -> None:
    day = days_in(draw, t.n, "2020-03-02", "2021-12-28")
    _found_and_filed(draw, t, day)
    _finish(draw, t, day, 0.97, np.datetime64("2022-04-30"))
    t.demolished, t.remediated = t.area.copy(), t.area.copy()


def _open(draw: Draw, t: _Table) -> None:
    found = days_in(draw, t.n, "2020-06-01", "2022-06-24")
    t.dates["found"] = found
    filed = after(draw, found, 4, 90)
    filed[filed > END] = NAT
    t.dates["filed"] = filed
    t.status = np.where(np.isnat(filed), "20", "30").astype(object)
    working = ~np.isnat(filed) & draw.yes(t.n, 0.42)
    t.status[working] = "40"
    _plan(draw, t)
    # Most are due when they are planned or soon after; of some the term has passed already.
    due = after(draw, t.dates["planned"], 0, 60)
    passed = after(draw, np.where(np.isnat(filed), found, filed), 60, 300)
    t.dates["deadline"] = np.where((passed < due) & draw.yes(t.n, 0.34), passed, due)


def _set_aside(draw: Draw, t: _Table) -> None:
    """Suspended, dismissed, pending or only suspected: nothing of it is planned."""
    fate = t.group.fate
    if fate == "suspected":
        t.status[:] = "10"
        return
    _open(draw, t)
    t.dates["planned"][:] = NAT
    everyone = np.arange(t.n)
    if fate == "pending":
        t.status = np.where(np.isnat(t.dates["filed"]), "20", "30").astype(object)
        return
    start = np.where(np.isnat(t.dates["filed"]), t.dates["found"], t.dates["filed"])
    day = np.minimum(after(draw, start, 10, 120), END)
    t.event(
        everyone,
        "suspend" if fate == "suspended" else "dismiss",
        day,
        np.nan,
        "行政复议" if fate == "suspended" else "经查不构成违建",
    )
    t.status[:] = "95" if fate == "suspended" else "90"
    t.dates["deadline"][:] = NAT


_FATES = {
    "done": _done, "staged": _staged, "relapsed": _relapsed, "relapsed_2021": _relapsed,
    "earlier": _earlier, "open": _open, "key": _open, "pending": _set_aside,
    "suspended": _set_aside, "dismissed": _set_aside, "suspected": _set_aside,
}  # fmt: skip


def life_of_parcels(scale: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the register of parcels without places.

    Parameters
    ----------
    scale : int
        How many times the records, and the figures, of the sample.
    seed : int
        Seed of the city.

    Returns
    -------
    tuple of pandas.DataFrame
        The parcels, and their events with ``row`` as the position of the parcel.
    """
    tables, events, start = [], [], 0
    for group in _groups(scale):
        draw = Draw(seed, f"parcels {group.name}")
        t = _Table(group, draw)
        _FATES[group.fate](draw, t)
        tables.append(
            pd.DataFrame(
                {
                    "group": group.name,
                    "safety_related": group.safety,
                    "illegal_area_m2": t.area,
                    "demolished_area_m2": t.demolished,
                    "remediated_area_m2": t.remediated,
                    "disposal_method": t.method,
                    "status": t.status,
                    **{f"{name}_date": days for name, days in t.dates.items()},
                }
            )
        )
        events += [e.assign(row=e["row"] + start) for e in t.events]
        start += t.n
    parcels = pd.concat(tables, ignore_index=True)
    return parcels, pd.concat(events, ignore_index=True)
