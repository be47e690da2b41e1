"""Parcels of illegal construction: their life from finding to closing, as records and events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from generator.days import DAY, MONTHS_H1, MONTHS_H2, NAT, YEAR, after, before, between, days_in
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
#: Earlier years are invented, but so that this half-year's campaign is twice the last one's work.
EARLIER = {
    "earlier_2020": ("2020-01-02", "2020-12-30"), "earlier_2021": ("2021-01-04", "2021-12-30"),
    "earlier_safe": ("2020-09-01", "2021-12-30"), "earlier_otherwise": ("2020-01-02", "2021-12-30"),
}  # fmt: skip
#: When parcels that were built again had been dealt with, and by when they were built again.
RELAPSED = {
    "relapsed": ("2022-01-10", "2022-04-15", "2022-06-24"),
    "relapsed_2021": ("2021-03-01", "2021-11-30", "2022-06-24"),
    "relapsed_before": ("2020-05-06", "2021-08-31", "2021-12-24"),
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
    relapsed_h1, relapsed_before = 27_000 * scale, 31_000 * scale
    staged = {True: 214_000 * scale, False: 571_000 * scale}  # areas of parcels half done
    left = to_do - (staged[True] - part[True]) - (staged[False] - part[False])
    left -= relapsed_h1 + back + relapsed_before
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
        Group("relapsed_2021", 16 * n, "relapsed", "demolish", False, back),
        Group("relapsed_before", 26 * n, "relapsed", "demolish", False, relapsed_before),
        Group("earlier_2020", 760 * n, "earlier", "demolish", False, 1_710_000 * n),
        Group("earlier_2021", 1240 * n, "earlier", "demolish", False, 2_660_000 * n),
        Group("earlier_safe", 380 * n, "earlier", "demolish", True, 790_000 * n),
        Group("earlier_otherwise", 300 * n, "earlier", "other", False, 870_000 * n),
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
    # Many sheds and a few factory yards: lognormal, its far end drawn in but never cut off, which
    # would make the largest all alike.
    spread = 4.0 * np.tanh(draw.normal(group.count) / 4.0)
    sigma = 1.6 if group.area / group.count > 1800 else 1.4
    return share_out(np.exp(spread * sigma), group.area, least=min(12, group.area // group.count))


class _Table:
    """Columns of one group, all the same length, empty where nothing is said."""

    def __init__(self, group: Group, draw: Draw) -> None:
        n = group.count
        self.n, self.group = n, group
        self.area = _areas(draw, group)
        self.demolished, self.remediated = np.zeros(n, np.int64), np.zeros(n, np.int64)
        # What is newly built is small: it is found before it grows.
        new = round(n * SHARES["parcels"]["new"].get(group.name, 0.0))
        self.new = np.isin(np.arange(n), draw.some(n, new, 1.0 / self.area))
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
    # The large take longer, permits longer still; what endangers people is hurried, and what was
    # built under the patrol's eyes is mostly gone within the month.
    longest = 170.0 + 75.0 * np.log1p(t.area / 100.0)
    longest *= (0.7 if t.group.safety else 1.0) * (1.3 if t.group.method == "other" else 1.0)
    quick = t.new & draw.yes(t.n, 0.86)
    t.dates["filed"] = before(draw, by, np.where(quick, 1, 15), np.where(quick, 34, longest))
    t.dates["found"] = before(
        draw, t.dates["filed"], np.where(quick, 0, 3), np.where(quick, 14, 150)
    )
    t.dates["deadline"] = after(
        draw, t.dates["filed"], np.where(quick, 5, 30), np.where(quick, 40, 300)
    )


def _finish(draw: Draw, t: _Table, done: Days, shares: tuple[float, float]) -> None:
    """Enter demolition or other remedy, acceptance and closing, as far as they come to pass."""
    n = t.n
    t.dates["done"] = done
    codes = {"demolish": "50", "rectify": "51", "permit": "52", "confiscate": "53"}
    t.status = np.array([codes[m] for m in t.method], object)
    accepted = after(draw, done, 2, 45)
    late = (accepted > END) | ~draw.yes(n, shares[0])
    accepted[late] = NAT
    closed = after(draw, accepted, 2, 60)
    with np.errstate(invalid="ignore"):
        closed[(closed > END) | ~draw.yes(n, shares[1])] = NAT
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
    # No stage before the case was filed, nor in another year: a year's flow is stated.
    year = last.astype("datetime64[Y]").astype("datetime64[D]")
    floor = np.maximum(year + 3 * DAY, t.dates["filed"][rows])
    one, two = np.maximum(one, floor), np.maximum(two, floor)
    t.event(rows, "demolish", one, first, f"{note}一期")
    mid = np.flatnonzero(count == 3)
    t.event(rows[mid], "demolish", two[mid], middle[mid], f"{note}二期")
    t.event(rows, "demolish", last, total - first - middle, f"{note}收尾")


def _done(draw: Draw, t: _Table) -> None:
    if t.group.fate == "earlier":
        day, shares = days_in(draw, t.n, *EARLIER[t.group.name]), (0.98, 0.96)
    else:
        day, shares = days_in(draw, t.n, "2022-01-04", "2022-06-30", MONTHS_H1), (0.88, 0.75)
    _found_and_filed(draw, t, day)
    _finish(draw, t, day, shares)
    t.remediated = t.area.copy()
    if t.group.method == "demolish":
        t.demolished = t.area.copy()
        able = np.flatnonzero(day - day.astype("datetime64[Y]").astype("datetime64[D]") > 78 * DAY)
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
    first, last, end = RELAPSED[t.group.name]
    this_year = end > "2022"
    day = days_in(draw, t.n, first, last, MONTHS_H1 if first > "2022" else YEAR)
    begin = np.maximum(day + 25 * DAY, np.datetime64("2022-01-10" if this_year else "2020-09-01"))
    stop = np.full(t.n, end, "datetime64[D]")
    again = between(draw, begin, stop, MONTHS_H1 if this_year else YEAR)
    _found_and_filed(draw, t, day)
    t.demolished = t.area.copy()
    t.remediated = t.area.copy()
    _finish(draw, t, day, (1.0, 0.75))
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


def _open(draw: Draw, t: _Table) -> None:
    # Much was found when the stock was counted, what endangers people most of all; the rest as
    # patrols came by.
    counted = days_in(draw, t.n, "2019-05-06", "2021-06-30")
    since = days_in(draw, t.n, "2021-07-01", "2022-06-24")
    found = np.where(draw.yes(t.n, 0.7 if t.group.safety else 0.45), counted, since)
    fresh = before(draw, np.full(t.n, END), 5, 420)
    t.dates["found"] = found = np.where(t.new, fresh, found)
    filed = after(draw, found, np.where(t.new, 1, 4), np.where(t.new, 25, 170))
    filed[filed > END] = NAT
    t.dates["filed"] = filed
    t.status = np.where(np.isnat(filed), "20", "30").astype(object)
    working = ~np.isnat(filed) & draw.yes(t.n, 0.42)
    t.status[working] = "40"
    _plan(draw, t)
    # Most are due when they are planned or soon after; of some the term has passed already,
    # though not long ago: it is set anew from time to time.
    due = after(draw, t.dates["planned"], 0, 60)
    known: Days = np.where(np.isnat(filed), found, filed)
    passed = before(draw, np.full(t.n, END), 1, 460)
    passed = np.maximum(passed, after(draw, known + 20 * DAY, 0, 30))
    t.dates["deadline"] = np.where((passed < END) & draw.yes(t.n, 0.24), passed, due)


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
    "done": _done, "earlier": _done, "staged": _staged, "relapsed": _relapsed,
    "open": _open, "key": _open, "pending": _set_aside,
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
                    "new": t.new,
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
