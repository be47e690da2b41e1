"""Every case of the digital-city platform from January to May: the document's numbers to the unit.

The document says how many there were and how many were closed, of all and of two sources; that
these two are among all is ours, as is everything else. The file is as of the end of May.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from generator.draw import Draw, share_out
from generator.files import in_chinese
from generator.places import read_table
from generator.roads import build_roads
from generator.world import World, frame
from geo_citymgmt.spec import load_specs
from geo_citymgmt.worktime import due_times, put_off, work_calendar

__all__ = ["CASES", "add_cases", "build_cases", "limits_table"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Times = NDArray[np.datetime64]
Spans = NDArray[np.timedelta64]
#: Cases by source, and how many of them are closed by the end of May.
CASES = {
    "hotline_12345": (5_312, 4_770),
    "police_110": (6_201, 6_156),
    "other sources": (356_659, 347_637),
}
#: Of the hotline's: called back, and satisfied of these.
CALLED_BACK, SATISFIED = 4_586, 4_131
_SOURCES = {"collector": 0.845, "app": 0.062, "video": 0.083, "sensor": 0.006, "other": 0.004}
FIRST, END = np.datetime64("2022-01-01T00:00", "m"), np.datetime64("2022-06-01T00:00", "m")
#: Fewer in February, and in the restrictions of that spring; then more than before.
_MONTHS = {1: 1.05, 2: 0.78, 3: 1.0, 4: 0.92, 5: 1.18}
#: Reports by hour of the day: of collectors on their rounds, and of people who call.
_ROUNDS = np.array([0, 0, 0, 0, 0, 0, 1, 4, 10, 12, 11, 7, 3, 7, 11, 11, 9, 6, 3, 2, 1, 1, 0, 0])
_CALLS = np.array([2, 1, 1, 1, 1, 1, 2, 4, 7, 8, 8, 6, 5, 6, 7, 7, 7, 6, 6, 6, 6, 5, 4, 3])
_KEEPERS = {
    "sanitation": "环境卫生管理处", "green": "绿化管理站", "works": "市政设施管理处",
}  # fmt: skip
_COMPANIES = {"water": "排水有限公司", "power": "照明管理有限公司", "telecom": "通信管线有限公司"}
_STAGES = ("reported", "filed", "dispatched", "handled", "verified", "closed")
_NAT = np.datetime64("NaT", "m")
_MINUTE, _HOUR, _DAY = (np.timedelta64(n, "m") for n in (1, 60, 1440))
_PLACES = 7_000


def limits_table() -> pd.DataFrame:
    """Return the limits of the kinds of the sample: one row a kind and stage."""
    kinds = read_table("kinds.csv")
    rows = [
        kinds.assign(stage=stage, amount=kinds[stage], note=kinds["name_zh"])
        for stage in ("handle", "close")
    ]
    columns = [*_KIND, "stage", "amount", "unit", "urgent", "note", "name_en"]
    return pd.concat(rows).sort_index(kind="stable")[columns].reset_index(drop=True)


_KIND = ("case_class", "major_code", "minor_code")


def build_cases(world: World, roads: gpd.GeoDataFrame, scale: int, seed: int) -> gpd.GeoDataFrame:
    """Make the layer, in the order of reports."""
    draw = Draw(seed, "digital_cases")
    group = np.repeat(np.arange(len(CASES)), [n * scale for n, _ in CASES.values()])
    n = len(group)
    kinds = read_table("kinds.csv")
    kind = draw.pick(n, kinds["share"].astype(float))
    place = _places(world, roads, draw, kind, len(kinds))
    reported = _apart(_reported(draw, group), place["xy"])
    order = np.argsort(reported, kind="stable")
    reported, group, kind = reported[order], group[order], kind[order]
    place = {name: values[order] for name, values in place.items()}
    source = draw.of(n, _SOURCES)
    for k, name in enumerate(list(CASES)[:2]):
        source[group == k] = name
    keeper, unit = pd.factorize(_keepers(kinds["keeper"].to_numpy(str)[kind], place))
    # Some units are slow and let more cases lie.
    slow = draw.normal(len(unit), 0.0, 0.3)[keeper]
    life = _life(draw, reported, kinds.iloc[kind].reset_index(drop=True), slow)
    status = _fate(draw, life, group, slow, scale)
    late = _late(draw, life, status)
    table: dict[str, Any] = {
        "case_id": _ids(reported),
        **{name: kinds[name].to_numpy(object)[kind] for name in _KIND},
        "source": source,
        "street_name": place["street"],
        "manage_org": unit[keeper],
        **{f"{stage}_at": life[stage] for stage in _STAGES},
        **late,
        "closed": status == "closed",
        "status": status,
        "dispatched_right": draw.yes(n, 0.968),
        "satisfaction": _called_back(draw, source, status, scale),
    }
    # The platforms of the hotline and of the police state limits; the others leave them to us.
    states = group < 2
    for name in ("handle_due_at", "due_at"):
        table[name] = np.where(states, life[name], _NAT)
    for name, values in table.items():
        if isinstance(values, np.ndarray) and values.dtype.kind == "M":
            table[name] = values.astype("datetime64[ms]")
    table["dispatched_right"] = pd.array(table["dispatched_right"], "boolean")
    table["dispatched_right"][np.isnat(life["dispatched"])] = pd.NA
    return frame(table, shapely.points(place["xy"]))


def _reported(draw: Draw, group: Ints) -> Times:
    """Draw when cases are reported: by month, weekday and festival, then by hour."""
    days = np.arange(FIRST, END, np.timedelta64(1, "D")).astype("datetime64[D]")
    worked = np.diff(work_calendar().worked(pd.Series([*days, END]))).astype(float) > 0
    month = days.astype("datetime64[M]").astype(int) % 12 + 1
    usual = np.array([_MONTHS[m] for m in month]) * np.where(worked, 1.0, 0.52)
    festival = (days >= np.datetime64("2022-01-31")) & (days <= np.datetime64("2022-02-06"))
    usual = usual * np.where(festival, 0.45, 1.0) * np.exp(draw.normal(len(days), 0.0, 0.07))
    calls = group < 2
    hour = np.where(calls, draw.pick(len(group), _CALLS), draw.pick(len(group), _ROUNDS))
    minute = (hour * 60 + draw.whole(len(group), 0, 60)) * _MINUTE
    return np.asarray(days[draw.pick(len(group), usual)].astype("datetime64[m]") + minute)


def _places(
    world: World, roads: gpd.GeoDataFrame, draw: Draw, kind: Ints, n_kinds: int
) -> dict[str, Any]:
    """Let cases of a kind come back to places of that kind, to some again and again."""
    lines = roads.geometry.to_numpy()
    length = shapely.length(lines)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    road = draw.pick(_PLACES, length * np.minimum(world.density(*middle.T), 14_000.0) ** 0.8)
    along = draw.uniform(_PLACES) * length[road]
    xy = shapely.get_coordinates(shapely.line_interpolate_point(lines[road], along))
    xy = np.round(xy + np.column_stack([draw.normal(_PLACES, 0.0, 9.0) for _ in range(2)]), 1)
    town = world.owners(*xy.T)
    xy, town = xy[town >= 0], town[town >= 0]
    weight = np.exp(draw.normal(len(xy), 0.0, 1.1))
    at = np.empty(len(kind), np.int64)
    counts = np.bincount(kind, minlength=n_kinds)
    ends = np.cumsum(share_out(counts, len(xy), least=20))
    for k, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
        rows = np.flatnonzero(kind == k)
        at[rows] = start + draw.pick(len(rows), weight[start:end])
    streets = world.streets
    districts = world.districts.set_index("district_code")["name_zh"].str.replace(
        "（.*", "", regex=True
    )
    names = districts.loc[streets["parent_code"]].to_numpy(object)
    return {
        "xy": xy[at],
        "street": streets["name"].to_numpy(object)[town[at]],
        "district": names[town[at]],
    }


def _apart(reported: Times, xy: Floats) -> Times:
    """Let nothing be reported twice at a place in one minute: the later goes to the next."""
    while True:
        again = pd.DataFrame({"at": reported, "x": xy[:, 0], "y": xy[:, 1]}).duplicated().to_numpy()
        if not again.any():
            return reported
        reported = reported + again.astype(int) * _MINUTE


def _keepers(keeper: NDArray[np.str_], place: dict[str, Any]) -> NDArray[np.object_]:
    """Name who is to handle each: a street, an office of the district, a company."""
    street = pd.Series(place["street"]).str.replace("（镇）", "", regex=False)
    unit = street + np.where(street.str.endswith("镇"), "人民政府", "办事处")
    for name, word in _KEEPERS.items():
        unit = np.where(keeper == name, place["district"] + word, unit)
    for name, word in _COMPANIES.items():
        unit = np.where(keeper == name, "苏州" + word, unit)
    return np.asarray(unit, object)


def _life(draw: Draw, reported: Times, kind: pd.DataFrame, slow: Floats) -> dict[str, Any]:
    """Let each case go its way: filed, dispatched, handled, checked and closed, with its limits."""
    n = len(reported)

    def minutes(size: int, mean: float) -> Spans:
        return (np.ceil(-mean * np.log1p(-draw.uniform(size))).astype(np.int64) + 1) * _MINUTE

    # The centre sits from seven to ten at night: what comes in later waits for the morning.
    hour = (reported - reported.astype("datetime64[D]")).astype(int) / 60
    morning = reported.astype("datetime64[D]").astype("datetime64[m]") + 7 * _HOUR
    start = np.where(hour < 7, morning, np.where(hour >= 22, morning + _DAY, reported))
    filed = start + minutes(n, 22.0)
    dispatched = filed + minutes(n, 14.0)
    unit = kind["unit"]

    def after(times: Any, amount: Any) -> Times:
        return _minutes(due_times(pd.Series(times), pd.Series(amount), unit))

    handle, close = (kind[c].to_numpy(float) for c in ("handle", "close"))
    # Most take less than half of their time, one in fourteen takes more than all of it.
    pace = np.exp(draw.normal(n, -0.98, 0.62) + slow)
    extended = draw.yes(n, np.where(unit == "working_days", 0.06, 0.012))
    pace = np.where(extended, 1.0 + 0.9 * draw.uniform(n), pace)
    stopped = draw.yes(n, 0.008) & ~extended
    due = after(dispatched, handle)
    handled = after(dispatched, handle * pace)
    begin = np.where(stopped, dispatched + minutes(n, 60.0), _NAT)
    stopped &= begin < np.minimum(due, handled)
    begin = np.where(stopped, begin, _NAT)
    resumed = np.where(stopped, begin + _DAY * draw.whole(n, 2, 21), _NAT)
    clock = (kind["urgent"] == "yes").to_numpy()
    ready, stop, go = map(pd.Series, (handled, begin, resumed))
    handled = _minutes(put_off(ready, stop, go, clock, calendar=work_calendar()))
    rework = np.where(draw.yes(n, 0.031), draw.whole(n, 1, 3), 0)
    handled = np.where(rework > 0, handled + _HOUR * draw.whole(n, 2, 30), handled)
    verified = handled + minutes(n, 70.0) + 10 * _HOUR * draw.yes(n, 0.06).astype(int)
    return {
        "reported": reported, "filed": filed, "dispatched": dispatched, "handled": handled,
        "verified": verified, "closed": verified + minutes(n, 45.0),
        "handle_due_at": due, "due_at": after(filed, close),
        "extended": extended, "granted": after(dispatched, handle * 2), "begin": begin,
        "resumed": resumed, "rework": rework,
    }  # fmt: skip


def _fate(
    draw: Draw, life: dict[str, Any], group: Ints, slow: Floats, scale: int
) -> NDArray[np.object_]:
    """Close as many of each source as the document says; the others stand where they stand."""
    n = len(group)
    status = np.full(n, "closed", object)
    # Some wait for more than the end of May; cases of the hotline more often.
    waits = draw.yes(n, np.array([0.1, 0.004, 0.019])[group] * np.exp(2.0 * slow))
    reached = life["closed"] + waits.astype(int) * 365 * _DAY
    order = np.lexsort([reached, group])
    first = 0
    still: list[Ints] = []
    for total, closed in CASES.values():
        still.append(order[first + closed * scale : first + total * scale])
        first += total * scale
    left = np.concatenate(still)
    # Who is closed is so by the end; its last steps come no later.
    for back, stage in enumerate(reversed(_STAGES)):
        life[stage] = np.minimum(life[stage], END - (1 + back) * _MINUTE)
    step = draw.of(len(left), {"2": 0.72, "3": 0.17, "4": 0.11}).astype(int)
    known = (
        np.array([(life[s][left] < END - 6 * _MINUTE) for s in _STAGES[1:5]])
        .cumprod(axis=0)
        .sum(axis=0)
    )
    step = np.minimum(step, known)
    status[left] = np.array(_STAGES, object)[step]
    aside = left[(step == 2) & draw.yes(len(left), 0.34)]
    aside = aside[life["dispatched"][aside] + 10 * _HOUR < END]
    status[aside] = draw.of(len(aside), {"deferred": 0.7, "listed": 0.3})
    wait = (30 + draw.whole(len(aside), 0, 540)) * _MINUTE
    life["begin"][aside] = life["dispatched"][aside] + wait
    life["resumed"][aside] = _NAT
    life["extended"] &= ~np.isin(status, ["reported", "filed", "deferred", "listed"])
    for back, stage in enumerate(_STAGES[1:], 1):
        rows = left[step < back]
        life[stage][rows] = _NAT
    # A stop that is not over by the end has no end yet, and one that began late none at all.
    open_stop = np.isin(status, ["deferred", "listed"])
    gone = (life["resumed"] >= END) | (life["begin"] >= END) | np.isnat(life["dispatched"])
    for name in ("begin", "resumed"):
        life[name][gone & ~open_stop] = _NAT
    return status


def _late(draw: Draw, life: dict[str, Any], status: NDArray[np.object_]) -> dict[str, Any]:
    """What moved limits, and how often a case came back."""
    rework = np.where(np.isnat(life["handled"]), 0, life["rework"])
    extended = life["extended"]
    return {
        "rework_count": pd.array(rework, "Int64"),
        "extended_count": pd.array(extended.astype(int), "Int64"),
        "extended_to": np.where(extended, life["granted"], _NAT),
        "deferred_from": life["begin"],
        "deferred_to": life["resumed"],
    }


def _called_back(
    draw: Draw, source: NDArray[np.object_], status: NDArray[np.object_], scale: int
) -> NDArray[np.object_]:
    """Ask callers of the hotline whose case is closed; nobody else is asked."""
    answer = np.full(len(source), "none", object)
    closed = np.flatnonzero((source == "hotline_12345") & (status == "closed"))
    asked = closed[draw.some(len(closed), CALLED_BACK * scale)]
    asked = asked[draw.order(len(asked))]
    answer[asked[: SATISFIED * scale]] = "satisfied"
    rest = asked[SATISFIED * scale :]
    answer[rest] = draw.of(len(rest), {"neutral": 0.6, "unsatisfied": 0.4})
    return answer


def _ids(reported: Times) -> NDArray[np.object_]:
    """Number the cases of each day."""
    day = reported.astype("datetime64[D]")
    first = np.searchsorted(day, day)
    serial = np.char.zfill((np.arange(len(day)) - first + 1).astype(str), 5)
    text = np.char.replace(np.datetime_as_string(day), "-", "")
    return np.char.add(text, serial).astype(object)


def _minutes(times: pd.Series) -> Times:
    return times.to_numpy("datetime64[m]")


def add_cases(folder: Path, *, scale: int = 1, seed: int = 0) -> Path:
    """Write the cases and their limits beside the sample, which then names both."""
    path = folder / "digital_cases.parquet"
    world = World(seed)
    cases = build_cases(world, build_roads(world), scale, seed)
    _write(path, in_chinese(cases, load_specs()["digital_cases"])[0])
    table = limits_table()
    rows = [",".join(row) for row in [tuple(table.columns), *table.itertuples(index=False)]]
    (folder / "limits.csv").write_bytes(("\n".join(rows) + "\n").encode())
    city = (folder / "city.toml").read_text(encoding="utf-8")
    tables = 'targets = "targets.csv"\n'
    city = city.replace(tables, f'{tables}limits = "limits.csv"\n')
    city += f'\n[layers.digital_cases]\npath = "{path.name}"\n'
    (folder / "city.toml").write_text(city, encoding="utf-8", newline="\n")
    return path


def _write(path: Path, table: gpd.GeoDataFrame) -> None:
    """Write one GeoParquet, in columns that pack well."""
    times = [c for c in table if pd.api.types.is_datetime64_any_dtype(table[c])]
    packed = dict.fromkeys(times, "DELTA_BINARY_PACKED") | {"CASE_ID": "DELTA_BYTE_ARRAY"}
    plain = [c for c in table.columns if c not in packed]
    table.to_parquet(
        path, index=False, compression="zstd", compression_level=19, use_dictionary=plain,
        column_encoding=packed, write_statistics=False,
    )  # fmt: skip
