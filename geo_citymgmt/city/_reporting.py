"""The zones figures are given for: of one day, with the units that report for themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._languages import Messages, first_few, listed, packaged_table
from geo_citymgmt.city._config import CitySource
from geo_citymgmt.city._recognition import is_city
from geo_citymgmt.city._tables import SideTable
from geo_citymgmt.cleaning._dates import parse_date
from geo_citymgmt.cleaning._ids import plain_ids
from geo_citymgmt.cleaning._numbers import parse_number
from geo_citymgmt.cleaning._place import zone_keys
from geo_citymgmt.findings import Findings
from geo_citymgmt.profiles import ReportingUnit
from geo_citymgmt.reading._text import is_null_text, plain_key

CROSSWALK_COLUMNS = ("code_from", "code_to", "date", "share", "note")
_MESSAGES = Messages("geo_citymgmt.city")
_HEADINGS = packaged_table("geo_citymgmt.city", "side_tables.toml")["crosswalk"]
#: Shares that are rounded still make a whole.
_WHOLE = 0.999
#: Columns of zones that a unit takes with its ground, where its streets tell them.
_ADDITIVE = ("population", "vehicles")
#: What is left of a district smaller than this is no ground to report for.
_NOTHING_M2 = 1.0
#: A zone that covers so much of all the others, and is filled by them so far, is their outline.
_COVERED, _FILLED = 0.98, 0.9
#: Two outlines that were drawn apart overlap by less than this share of the smaller zone; a zone
#: of which less is left has no ground of its own.
_NOTICEABLE = 0.01
#: What is narrower is no ground.
_THREAD_M = 1e-3


def valid_on(zones: gpd.GeoDataFrame, day: pd.Timestamp | None) -> gpd.GeoDataFrame:
    """Return the zones that were valid on a day: those of one vintage, never two at once.

    Parameters
    ----------
    zones : GeoDataFrame
        With ``valid_from`` and ``valid_to``, the first and the last day, where it has them.
    day : Timestamp or None
        Without one, the zones that have not been given up.
    """
    if not {"valid_from", "valid_to"} & set(zones.columns):
        return zones
    none = pd.Series(pd.NaT, index=zones.index)
    first, last = (zones[n] if n in zones.columns else none for n in ("valid_from", "valid_to"))
    if day is None:
        return zones[last.isna()]
    return zones[~(first > day) & ~(last < day)]


def outline_of(zones: gpd.GeoDataFrame) -> Any:
    """Return the code of the zone that is the outline of all the others; None without one.

    It covers the others, and they fill it, or it has the code or the name of a city. A district
    that covers no more than one other zone is none: that lies in it, as a functional area does.

    Examples
    --------
    >>> zones = gpd.GeoDataFrame(
    ...     {"name_zh": ["南宁市", "兴宁区", "青秀区"]}, index=["450100", "450102", "450103"],
    ...     geometry=[shapely.box(0, 0, 9, 9), shapely.box(0, 0, 3, 9), shapely.box(3, 0, 9, 9)])
    >>> outline_of(zones), outline_of(zones.iloc[1:])
    ('450100', None)
    """
    if len(zones) < 3:
        return None
    shapes = zones.geometry.to_numpy()
    largest = int(np.argmax(shapely.area(shapes)))
    others = shapely.union_all(np.delete(shapes, largest))
    inside = shapely.area(shapely.intersection(shapes[largest], others))
    if inside < _COVERED * shapely.area(others):
        return None
    code = zones.index[largest]
    name = zones["name_zh"].iloc[largest] if "name_zh" in zones.columns else None
    is_filled = inside >= _FILLED * shapely.area(shapes[largest])
    return code if is_filled or is_city(code, name) else None


def part_overlaps(zones: gpd.GeoDataFrame, level: str, findings: Findings) -> gpd.GeoDataFrame:
    """Leave ground that two zones claim to the smaller one, and tell it: a point has one owner.

    Parameters
    ----------
    zones : GeoDataFrame
        Indexed by code, in a metric CRS.
    level : str
        What they are zones of.
    findings : Findings
        Takes ``ZONES_CLAIMED``, and ``ZONES_COVERED`` of zones that would have nothing left: these
        stay as they are, and the lowest code owns.
    """
    shapes = zones.geometry.to_numpy()
    area = shapely.area(shapes)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pair = first < second
    first, second = first[pair], second[pair]
    shared = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    share = shared / np.maximum(np.minimum(area[first], area[second]), 1e-300)
    hit = share >= _NOTICEABLE
    if not hit.any():
        return zones
    first, second, share = first[hit], second[hit], share[hit]
    # Of two alike the lower code keeps what both claim.
    lower = zones.index[first].astype("str") < zones.index[second].astype("str")
    is_smaller = (area[first] < area[second]) | ((area[first] == area[second]) & lower)
    small, large = np.where(is_smaller, [first, second], [second, first])
    out = shapes.copy()
    labels = zone_labels(zones)
    for at in np.unique(large):
        within = large == at
        left = shapely.difference(shapes[at], shapely.union_all(shapes[small[within]]))
        # Of lines that were drawn as one a thread is left, which crosses itself in another CRS.
        left = shapely.set_precision(left, _THREAD_M)
        is_left = shapely.area(left) >= _NOTICEABLE * area[at]
        if is_left:
            out[at] = left
        shared_with = (f"{labels[small[k]]} {share[k]:.0%}" for k in np.flatnonzero(within))
        findings.add(
            "ZONES_CLAIMED" if is_left else "ZONES_COVERED",
            value=labels[at],
            detail=first_few(shared_with),
            about=f"{level} {zones.index[at]}",
        )
    return zones.set_geometry(gpd.GeoSeries(out, index=zones.index, crs=zones.crs))


def report_aliases(found: CitySource, zones: gpd.GeoDataFrame | None, findings: Findings) -> None:
    """Tell the districts of ``[aliases]`` in ``city.toml`` that are none, or not one alone."""
    if zones is None:
        return
    keys = zone_keys(zones)
    for zone in found.table.get("aliases", {}):
        meant = keys.get(plain_key(zone), [])
        if len(meant) == 1:
            continue
        why = _MESSAGES("no_such_zone", known=first_few(zone_labels(zones)))
        if meant:
            why = _MESSAGES("several_zones", codes=listed(meant))
        findings.add("ALIASES_UNUSED", value=zone, about=zone, unit=found.unit, detail=why)


def zone_labels(zones: gpd.GeoDataFrame) -> list[str]:
    """Return what a clerk knows each zone as: its name with its code."""
    column = next((name for name in ("name_zh", "name") if name in zones.columns), None)
    names = zones[column] if column else pd.Series(None, index=zones.index, dtype=object)
    return [
        str(code) if pd.isna(name) or name == code else f"{name} ({code})"
        for code, name in zip(zones.index, names, strict=True)
    ]


def read_crosswalk(
    source: Path, findings: Findings, account: list[dict[str, Any]] | None = None
) -> pd.DataFrame:
    """Read which zone became which: ``code_from, code_to, date, share, note``.

    ``share`` is the part of the old zone that went to the new one, all of it where it is empty. A
    row that cannot be used is left out and told, and with it all rows of its old zone: of a part
    that is missing nobody knows where it went.

    Parameters
    ----------
    source : Path
        The table.
    findings : Findings
        Takes what is found in reading it.
    account : list, optional
        Takes a row that says how many rows are used.

    Raises
    ------
    SourceError
        It is no table, or a column is missing.
    """
    side = SideTable.read(source, _HEADINGS, ("code_from", "code_to"), findings)
    given = side.frame.apply(lambda column: column.str.strip())
    codes = given[["code_from", "code_to"]].apply(plain_ids)
    share = pd.Series(
        [1.0 if is_null_text(text) else parse_number(text)[0] for text in given["share"]],
        given.index,
        dtype="float64",
    )
    days = [parse_date(text)[0] for text in given["date"]]
    date = pd.Series(np.array(days, dtype="datetime64[us]"), given.index)
    for column in ("code_from", "code_to"):
        side.report(codes[column].isna(), column, _MESSAGES("crosswalk_no_code"), findings)
    no_share = ~share.between(0, 1, inclusive="right")
    side.report(no_share, "share", _MESSAGES("crosswalk_no_share"), findings)
    no_day = date.isna() & ~given["date"].map(is_null_text)
    side.report(no_day, "date", _MESSAGES("crosswalk_no_day"), findings)
    wrong = codes.isna().any(axis=1) | no_share | no_day
    wrong |= codes["code_from"].isin(codes.loc[wrong, "code_from"].dropna())
    table = pd.DataFrame({**codes, "date": date, "share": share, "note": given["note"]})
    table = table[~wrong][list(CROSSWALK_COLUMNS)]
    if account is not None:
        account.append(side.account("crosswalk", len(table)))
    return table.reset_index(drop=True)


def successors(crosswalk: pd.DataFrame, zones: Sequence[str]) -> dict[str, str]:
    """Return the zone of today that each former one went into as a whole.

    A zone that was split, or of which a part is not said, has no single successor and is left out;
    a chain of mergers is followed to its end.

    Examples
    --------
    >>> table = pd.DataFrame({"code_from": ["A", "B", "C", "C"], "code_to": ["B", "D", "D", "E"],
    ...                       "share": [1.0, 1.0, 0.5, 0.5]})
    >>> successors(table, ["D", "E"])
    {'A': 'D', 'B': 'D'}
    """
    parts = crosswalk.groupby("code_from")
    is_whole = parts["share"].transform("sum") >= _WHOLE
    once = is_whole & (parts["code_to"].transform("nunique") == 1)
    step = crosswalk[once].drop_duplicates("code_from").set_index("code_from")["code_to"].to_dict()
    today = set(zones)
    out = {}
    for code in step:
        at, seen = code, {code}
        while at in step and at not in today and step[at] not in seen:
            at = step[at]
            seen.add(at)
        if at in today and at != code:
            out[code] = at
    return out


def cut_units(
    districts: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame | None,
    units: Sequence[ReportingUnit],
    outlines: Mapping[str, shapely.Geometry],
    findings: Findings,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame | None]:
    """Give each reporting unit its ground, and take it from the districts it overlaps.

    Parameters
    ----------
    districts, streets : GeoDataFrame
        Indexed by code, in one metric CRS.
    units : sequence of ReportingUnit
        The first keeps what two of them claim.
    outlines : mapping of str to geometry
        Of units that are drawn and not made of streets, by code, in the CRS of the districts.
    findings : Findings
        Takes streets that are not there, and districts of which nothing is left.

    Returns
    -------
    GeoDataFrame, GeoDataFrame or None
        Districts with the units among them; streets whose ``parent_code`` names their unit.
    """
    shapes = districts.geometry.to_numpy().copy()
    rows, taken = [], shapely.Polygon()
    numbers = [name for name in _ADDITIVE if name in districts.columns]
    amounts = {name: districts[name].astype("float64").to_numpy().copy() for name in numbers}
    for unit in units:
        members = _members(unit, streets, findings)
        whole = outlines.get(unit.code)
        if whole is None and streets is not None and len(members):
            whole = shapely.union_all(streets.geometry.loc[members].to_numpy())
        ground = None if whole is None else shapely.difference(whole, taken)
        if ground is None or shapely.is_empty(ground):
            findings.add("UNIT_EMPTY", value=unit.name.zh, about=unit.code, expected=unit.code)
            continue
        taken = shapely.union(taken, ground)
        row: dict[str, object] = {
            "name_zh": unit.name.zh,
            "name_en": unit.name.en,
            "kind": "functional",
        }
        if streets is not None and len(members):
            moved = _moved(streets.loc[members], districts.index, amounts)
            for name in set(amounts) - set(moved):
                findings.add(
                    "UNIT_AMOUNT", value=unit.name.zh, about=unit.code, expected=name, field=name
                )
            row |= moved
            streets = streets.copy()
            streets.loc[members, "parent_code"] = unit.code
        shapes = shapely.difference(shapes, ground)
        rows.append(gpd.GeoDataFrame([row], geometry=[ground], index=[unit.code]))
    if not rows:
        return districts, streets
    left = districts.set_geometry(gpd.GeoSeries(shapes, index=districts.index, crs=districts.crs))
    for name in numbers:
        left[name] = amounts[name]
    gone = shapely.area(shapes) < _NOTHING_M2
    for code in districts.index[gone]:
        findings.add("UNIT_COVERS", value=str(code), about=str(code))
    added = pd.concat(rows).set_crs(districts.crs)
    columns = [name for name in added.columns if name in districts.columns]
    both = pd.concat([left[~gone], added[columns]])
    both.index.name = districts.index.name
    return both, streets


def _members(
    unit: ReportingUnit, streets: gpd.GeoDataFrame | None, findings: Findings
) -> list[str]:
    if not unit.streets:
        return []
    known: dict[str, list[str]] = {}
    if streets is not None:
        names = streets["name"] if "name" in streets.columns else streets.index.to_series()
        for code, name in zip(streets.index, names, strict=True):
            known.setdefault(str(name), []).append(code)
        known |= {str(code): [code] for code in streets.index}
    found = []
    for street in unit.streets:
        # A name that two streets bear says nothing.
        codes = known.get(street, [])
        if len(codes) == 1:
            found += codes
        else:
            findings.add(
                "UNIT_STREET",
                value=street,
                about=f"{unit.code} {street}",
                expected=unit.name.zh,
                detail=str(len(codes)),
            )
    return found


def _moved(
    members: gpd.GeoDataFrame, districts: pd.Index, amounts: dict[str, np.ndarray]
) -> dict[str, float]:
    """Take from each district what the streets that leave it bring along; return their sums."""
    out = {}
    parent = districts.get_indexer(members.get("parent_code", pd.Series(index=members.index)))
    for name, column in amounts.items():
        if name not in members.columns or members[name].isna().any() or (parent < 0).any():
            continue
        number = members[name].astype("float64").to_numpy()
        out[name] = float(number.sum())
        column -= np.bincount(parent, number, minlength=len(column))
    return out
