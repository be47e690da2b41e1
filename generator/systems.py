"""The other systems of the bureau's report: layers and monthly tables, with the document's numbers.

What the document states is met to the unit at the date of the data; everything else (what there
was before, the split over districts and months, plans and sizes) is invented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from generator.days import DAY, MONTHS_H1, NAT, YEAR, days_in
from generator.draw import Draw, either, share_out
from generator.names import place_name
from generator.places import read_table
from generator.records import SHARES
from generator.world import World, frame

__all__ = ["SYSTEMS", "build_systems"]

Texts = NDArray[np.object_]
Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]
#: The layers and tables that are made here, in the order of the files.
SYSTEMS = (
    "public_toilets", "overhead_line_roads", "outdoor_ads", "waste_facilities",
    "residential_compounds", "vendor_spots", "under_bridge_spaces", "key_projects",
    "cooperation_roads", "waste_tonnage", "enforcement", "tunnel_inspections", "tunnel_risks",
)  # fmt: skip
#: The central city: the old town and the districts that touch it.
_CENTRAL = ("320508", "320505", "320571")
#: Tonnes of household waste a resident and day, and where it goes.
_WASTE_T = 0.00112
_STREAMS = {"recyclable": 0.236, "kitchen": 0.139, "incinerated": 0.6245, "hazardous": 0.0005}
_H1, _H2 = ("2022-01-04", "2022-06-29"), ("2022-07-11", "2022-12-23")


@dataclass(frozen=True)
class _Maker:
    """What all of the layers are made from."""

    world: World
    roads: gpd.GeoDataFrame
    draw: Draw
    scale: int

    def places(self, n: int, within: Sequence[str] | None = None) -> tuple[Texts, Texts]:
        """Draw points on land where people live; also the district of each."""
        cells = self.world.cells
        middle = shapely.get_coordinates(shapely.centroid(cells.geometry.to_numpy()))
        district = cells["cell_id"].str[:6].to_numpy(str)
        weight = cells["population"].to_numpy(float)
        if within is not None:
            weight = np.where(np.isin(district, within), weight, 0.0)
        # More than are needed: some fall into water or over the line of the district.
        at = self.draw.pick(4 * n + 40, weight)
        xy = middle[at] + self.draw.uniform(2 * len(at), -420.0, 420.0).reshape(-1, 2)
        owner = self.world.owners(*xy.T)
        found = self.world.streets["parent_code"].to_numpy(str)[np.maximum(owner, 0)]
        points = shapely.points(xy)
        good = (owner >= 0) & (found == district[at]) & shapely.contains(self.world.land, points)
        keep = np.flatnonzero(good)[:n]
        return points[keep], found[keep].astype(object)

    def lines(self, n: int, kinds: Sequence[str], within: Sequence[str] | None = None) -> Ints:
        """Choose roads of some kinds, each of a middling length, as positions in the table."""
        roads = self.roads
        middle = shapely.line_interpolate_point(roads.geometry.to_numpy(), 0.5, normalized=True)
        owner = self.world.owners(*shapely.get_coordinates(middle).T)
        zone = self.world.streets["parent_code"].to_numpy(str)[np.maximum(owner, 0)]
        fits = roads["road_class"].isin(kinds).to_numpy() & (owner >= 0)
        fits &= (roads.length > 300.0).to_numpy() & (roads.length < 4000.0).to_numpy()
        if within is not None:
            fits &= np.isin(zone, within)
        at = np.flatnonzero(fits)
        return at[self.draw.some(len(at), n)]

    def days(self, n: int, span: tuple[str, str]) -> Days:
        """Draw working days, those of the half-year as its work goes."""
        return days_in(self.draw, n, *span, MONTHS_H1 if span == _H1 else YEAR)

    def days_of(self, rows: NDArray[np.bool_], span: tuple[str, str]) -> Days:
        """Draw days for some rows; the others have none."""
        out = np.full(len(rows), NAT)
        out[rows] = self.days(int(rows.sum()), span)
        return out

    def of(self, layer: str, column: str, n: int) -> Texts:
        return self.draw.of(n, SHARES[layer][column])


def _named(n: int, first: int, endings: object) -> Texts:
    return np.char.add(place_name(np.arange(n) + first), np.asarray(endings)).astype(object)


def _first(n: int, otherwise: str, where: Mapping[str, NDArray[np.bool_]]) -> Texts:
    """One word a record: the last whose rows it is among."""
    out = np.full(n, otherwise, object)
    for word, rows in where.items():
        out[rows] = word
    return out


def _ids(prefix: str, n: int) -> Texts:
    return np.array([f"{prefix}{k + 1:05d}" for k in range(n)], object)


def _toilets(make: _Maker) -> gpd.GeoDataFrame:
    # Built in the half-year, planned for the rest of it, and there before: urban, then rural.
    counts = [32, 217, 180, 205, 295, 160]
    group = np.repeat(np.arange(6), [k * make.scale for k in counts])
    n = len(group)
    points, _ = make.places(n)
    step = group % 3
    work = np.where(step == 2, "existing", np.where(make.draw.yes(n, 0.55), "new", "rebuild"))
    begun = (step == 1) & make.draw.yes(n, 0.4)
    return frame({
        "toilet_id": _ids("GC", n), "name": _named(n, 0, np.where(group < 3, "路公厕", "村公厕")),
        "area_type": np.where(group < 3, "urban", "rural").astype(object),
        "work_type": work.astype(object),
        "grade": np.where(group < 3, make.of("toilets", "grade", n), "3").astype(object),
        "stalls": make.draw.whole(n, 4, 22), "accessible": make.draw.yes(n, 0.72),
        "open_hours": np.where(group < 3, "全天", "5:00-22:00").astype(object),
        "status": _first(n, "planned", {"under_construction": begun, "open": step != 1}),
        "completed_date": make.days_of(step == 0, _H1),
        "planned_date": make.days_of(step == 1, _H2),
    }, points)  # fmt: skip


def _overhead(make: _Maker) -> gpd.GeoDataFrame:
    k = make.scale
    elsewhere = [zone for zone in make.world.districts["district_code"] if zone not in _CENTRAL]
    trunk = make.lines(7 * k, ["arterial", "secondary"], _CENTRAL)
    lanes = make.lines(11 * k, ["branch"], _CENTRAL)
    other = make.lines(82 * k, ["secondary", "branch"], elsewhere)
    row = np.concatenate([trunk, lanes, other])
    n, at = len(row), np.arange(len(row))
    begun = at < 27 * k
    done = (at // k == 2) | (at // k == 12)
    roads = make.roads.iloc[row]
    is_trunk = roads["road_class"].isin(["arterial", "secondary"]).to_numpy()
    # Sixty of the hundred are to be done by the end of the year.
    planned = make.days(n, _H2) + np.where(at < 60 * k, 0, 365) * DAY
    return frame({
        "section_id": _ids("JKX", n), "road_name": roads["name"].to_numpy(object),
        "road_class": np.where(is_trunk, "trunk", "branch").astype(object),
        "central_city": at < 18 * k, "length_m": np.round(roads.length.to_numpy(), 1),
        "method": make.of("overhead", "method", n),
        "status": _first(n, "planned", {"started": begun, "completed": done}),
        "start_date": make.days_of(begun, ("2022-01-10", "2022-05-27")),
        "completed_date": make.days_of(done, ("2022-06-06", "2022-06-24")),
        "planned_date": np.where(done, NAT, planned),
    }, roads.geometry.to_numpy())  # fmt: skip


def _ads(make: _Maker) -> gpd.GeoDataFrame:
    # Large and unsafe, and other ones, removed; large and others in place; highlights, done or not.
    counts = [45, 540, 300, 240, 6, 14]
    group = np.repeat(np.arange(6), [c * make.scale for c in counts])
    n = len(group)
    points, _ = make.places(n)
    size = np.exp(make.draw.normal(n, 0, 0.4))
    small = np.where(make.draw.yes(n, 0.62), "shop_sign", "other_ad")
    is_large = np.isin(group, (0, 2))
    removed = group < 2
    checked = np.where(is_large & ~removed, days_in(make.draw, n, "2021-05-10", "2022-06-24"), NAT)
    before = days_in(make.draw, n, "2021-09-01", "2021-12-30")
    checked = np.where(group == 0, before, checked)
    result = np.where(group == 0, "dangerous", np.where(make.draw.yes(n, 0.06), "rectify", "safe"))
    return frame({
        "ad_id": _ids("HW", n), "kind": np.where(is_large, "large", small).astype(object),
        "face_area_m2": np.round(size * np.where(is_large, 54.0, 6.5), 1),
        "safety_check_date": checked, "safety_result": either(np.isnat(checked), None, result),
        "next_check_date": checked + 365 * DAY,
        "status": _first(n, "in_place", {"removed": removed, "highlight": group == 4}),
        "removed_date": make.days_of(removed, _H1),
        "highlight_date": make.days_of(group == 4, ("2022-03-01", "2022-06-24")),
        "planned_date": make.days_of(group == 5, _H2),
    }, points)  # fmt: skip


def _facilities(make: _Maker) -> gpd.GeoDataFrame:
    # Sizes are t/day, of construction waste t/year; 昆山 and 太仓 burn less than they need to.
    table = pd.concat([read_table("facilities.csv")] * make.scale, ignore_index=True)
    n, kind, status = len(table), table["kind"], table["status"]
    points = np.concatenate([make.places(1, [zone])[0] for zone in table["district"]])
    size, yearly = table["size"].astype(float), kind == "construction"
    words = {
        "incineration": "焚烧发电厂",
        "kitchen": "厨余垃圾处理厂",
        "landfill": "填埋场",
        "construction": "装修垃圾资源化中心",
        "transfer": "转运站",
        "illegal_site": "堆放点",
    }
    begun, opened = (
        status == "under_construction",
        days_in(make.draw, n, "2006-03-01", "2021-11-30"),
    )
    return frame({
        "facility_id": _ids("CZ", n), "name": _named(n, 300, kind.map(words).to_numpy(str)),
        "kind": kind.to_numpy(object), "capacity_t_day": size.mask(yearly).to_numpy(),
        "capacity_t_year": size.where(yearly).to_numpy(), "status": status.to_numpy(object),
        "start_date": make.days_of(begun, ("2022-02-14", "2022-06-10")),
        "commission_date": np.where(status == "operating", opened, NAT),
        "banned_date": make.days_of(status == "banned", _H1),
        "planned_start": make.days_of(status == "planned", _H2),
    }, points)  # fmt: skip


def _compounds(make: _Maker) -> gpd.GeoDataFrame:
    n = 480 * make.scale
    points, _ = make.places(n)
    homes = np.round(np.exp(make.draw.normal(n, 6.6, 0.5))).astype(np.int64)
    waste = np.round(homes * 2.6 * _WASTE_T * 181 * make.draw.uniform(n, 0.8, 1.2), 1)
    stations = np.maximum(1, homes // 300)
    endings = np.array(["花园", "新村", "苑", "公寓"])[np.arange(n) % 4]
    return frame({
        "compound_id": _ids("XQ", n), "name": _named(n, 40, endings), "households": homes,
        "waste_t": waste,
        "kitchen_t": np.round(waste * np.clip(make.draw.normal(n, 0.31, 0.06), 0.05, 0.6), 1),
        "stations": stations, "overtime_stations": make.draw.whole(n, 0, 2),
    }, points)  # fmt: skip


def _vendors(make: _Maker) -> gpd.GeoDataFrame:
    k = make.scale
    # Set up in the half-year: produce, breakfast, other stalls; and some of the year before.
    group = np.repeat(np.arange(4), [116 * k, 88 * k, 64 * k, 40 * k])
    n = len(group)
    stalls = make.draw.whole(n, 2, 9)
    new = (group == 1) | (group == 2)
    weight = make.draw.uniform(int(new.sum()), 0.5, 2.0)
    stalls[new] = share_out(weight, 1708 * k, least=2)
    points, _ = make.places(n)
    before = days_in(make.draw, n, "2021-04-01", "2021-10-29")
    kinds = np.array(["produce", "breakfast", "stall", "breakfast"], object)
    hours = np.array(["6:00-18:00", "5:30-9:00", "17:00-22:00", "5:30-9:00"], object)
    day = make.days_of(group < 3, ("2022-03-01", "2022-06-28"))
    return frame({
        "spot_id": _ids("TD", n), "kind": kinds[group], "stalls": stalls,
        "open_hours": hours[group], "status": np.full(n, "active", object),
        "opened_date": np.where(group == 3, before, day),
    }, points)  # fmt: skip


def _bridges(make: _Maker) -> gpd.GeoDataFrame:
    n = 24 * make.scale
    main = make.roads[make.roads["road_class"] == "expressway"]
    road = np.arange(n) % len(main)
    length = main.length.to_numpy()[road]
    begin = make.draw.uniform(n, 0.05, 0.9) * length
    lines = main.geometry.to_numpy()[road]
    size = make.draw.uniform(n, 80.0, 320.0)
    ends = [shapely.line_interpolate_point(lines, begin + part * size) for part in (0.0, 0.5, 1.0)]
    xy = np.stack([shapely.get_coordinates(p) for p in ends], axis=1)
    shapes = shapely.buffer(shapely.linestrings(xy), 12.0, cap_style="flat")
    step = np.array([0, 0, 1, 2])[np.arange(n) % 4]
    unused = np.where(make.draw.yes(n, 0.5), "idle", "occupied")
    road_names = main["name"].to_list()
    return frame({
        "space_id": _ids("QX", n),
        "name": np.array([f"{road_names[r]}桥下{i + 1}号" for i, r in enumerate(road)], object),
        "area_m2": np.round(shapely.area(shapes), 1),
        "clearance_m": np.round(make.draw.uniform(n, 3.2, 7.5), 1),
        "use": np.where(step == 2, make.of("bridges", "use", n), unused).astype(object),
        "status": np.array(["unremediated", "in_progress", "completed"], object)[step],
        "start_date": make.days_of(step > 0, ("2022-02-14", "2022-04-15")),
        "completed_date": make.days_of(step == 2, ("2022-05-09", "2022-06-24")),
        "planned_date": make.days_of(step < 2, _H2),
    }, shapes)  # fmt: skip


def _projects(make: _Maker, parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The register of the projects whose parcels are on the list of 违法建设."""
    listed = parcels.dropna(subset="project_id")
    first = listed.drop_duplicates("project_id").sort_values("project_id").reset_index(drop=True)
    area = listed.groupby("project_id")["illegal_area_m2"].sum().reindex(first["project_id"])
    n = len(first)
    begun = make.draw.yes(n, 0.79)
    return frame({
        "project_id": first["project_id"].to_numpy(object), "name": _named(n, 700, "片区治理项目"),
        "theme": make.of("projects", "theme", n), "area_m2": area.to_numpy(float),
        "progress": np.where(begun, np.round(make.draw.uniform(n, 0.1, 0.85), 2), 0.0),
        "status": np.where(begun, "in_progress", "not_started").astype(object),
        "start_date": make.days_of(begun, ("2022-01-10", "2022-05-27")),
        "planned_end": make.days(n, _H2),
    }, shapely.point_on_surface(first.geometry.to_numpy()))  # fmt: skip


def _cooperation(make: _Maker) -> gpd.GeoDataFrame:
    row = make.lines(50 * make.scale, ["secondary", "branch"])
    n, at = len(row), np.arange(len(row))
    step = np.where(at < 14 * make.scale, 2, np.where(at < 37 * make.scale, 1, 0))
    shops = make.draw.whole(n, 24, 160)
    return frame({
        "model_id": _ids("CS", n), "name": make.roads["name"].to_numpy(object)[row],
        "shops": shops,
        "self_governed": np.floor(shops * make.draw.uniform(n, 0.4, 1.0)).astype(np.int64),
        "status": np.array(["planned", "in_progress", "built"], object)[step],
        "start_date": make.days_of(step > 0, ("2022-01-17", "2022-03-25")),
        "built_date": make.days_of(step == 2, ("2022-04-18", "2022-06-24")),
        "planned_date": make.days_of(step < 2, _H2),
    }, make.roads.geometry.to_numpy()[row])  # fmt: skip


def _numbered(rows: Sequence[Sequence[object]], names: Sequence[str]) -> pd.DataFrame:
    """A table of districts and months; districts by the name the bureau shows."""
    table = pd.DataFrame(rows, columns=["district_name", "month", *names])
    table.insert(0, "row_id", _ids("", len(table)))
    return table


def _tonnage(make: _Maker) -> pd.DataFrame:
    zones = make.world.districts
    rows = []
    for month in MONTHS_H1:
        days = pd.Period(f"2022-{month:02d}").days_in_month
        for name, code, people in zones[["name_zh", "district_code", "population"]].to_numpy():
            total = people * _WASTE_T * days * make.draw.uniform(1, 0.95, 1.05)[0] * make.scale
            went = {stream: total * share for stream, share in _STREAMS.items()}
            # Until spring two cities could not burn all of theirs.
            away = 0.03 * total if code in ("320583", "320585") and month <= 3 else 0.0
            went |= {"incinerated": went["incinerated"] - away, "landfilled": 0.0, "exported": away}
            rows += [(name, f"2022-{month:02d}", k, round(v, 1)) for k, v in went.items()]
    return _numbered(rows, ["stream", "tonnes"])


def _enforcement(make: _Maker) -> pd.DataFrame:
    zones = make.world.districts
    people, rows = zones["population"].to_numpy(float), []
    for kind, total in (("corrected", 292_700), ("investigated", 108_000)):
        counts = share_out(list(MONTHS_H1.values()), total * make.scale)
        for month, count in zip(MONTHS_H1, counts, strict=True):
            parts = share_out(people * make.draw.uniform(len(people), 0.85, 1.15), int(count))
            named = zip(zones["name_zh"], parts, strict=True)
            rows += [(name, f"2022-{month:02d}", kind, int(part)) for name, part in named]
    return _numbered(rows, ["kind", "cases"])


def _tunnel_tables(make: _Maker, tunnels: gpd.GeoDataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Inspections of the tunnels in operation, and the catalogue their companies report."""
    running = tunnels[tunnels["status"] == "operating"].reset_index(drop=True)
    middle = shapely.line_interpolate_point(running.geometry.to_numpy(), 0.5, normalized=True)
    owner = make.world.owners(*shapely.get_coordinates(middle).T)
    codes = make.world.streets["parent_code"].to_numpy(str)[np.maximum(owner, 0)]
    names = make.world.districts.set_index("district_code")["name_zh"]
    running = running.assign(district_name=names.reindex(codes).to_numpy(object))
    known = ["tunnel_id", "operator", "district_name"]
    seen = running.loc[np.repeat(running.index, 3), known].reset_index(drop=True)
    n = len(seen)
    day = make.days(n, _H1)
    bad = make.draw.yes(n, 0.22)
    inspections = seen.assign(
        inspection_id=_ids("JC", n),
        chainage_m=np.where(make.draw.yes(n, 0.6), make.draw.whole(n, 20, 1200), np.nan),
        inspected_on=day,
        result=np.where(bad, "problem", "sound"),
        rectified_on=np.where(bad & (day < np.datetime64("2022-06-01")), day + 20 * DAY, NAT),
    )  # fmt: skip
    told = running[running["risk_items"].notna()]
    told = told.rename(columns={"risk_report_date": "reported_on"})
    entries = np.repeat(told.index, told["risk_items"].astype(int))
    risks = told.loc[entries, [*known, "reported_on"]].reset_index(drop=True)
    n = len(risks)
    what = ("渗漏水", "火灾", "有害气体聚集", "外部施工破坏", "排水泵故障", "非法入廊", "支架锈蚀")
    return inspections, risks.assign(
        risk_id=_ids("FX", n),
        chainage_m=np.where(make.draw.yes(n, 0.5), make.draw.whole(n, 20, 1200), np.nan),
        risk_level=make.of("tunnels", "risk_level", n),
        item=np.array(what, object)[np.arange(n) % len(what)],
        measure=np.array(["定期巡检", "加装监测", "专项整改"], object)[np.arange(n) % 3],
    )


def build_systems(
    world: World, roads: gpd.GeoDataFrame, made: Mapping[str, gpd.GeoDataFrame], scale: int
) -> dict[str, pd.DataFrame]:
    """Make the layers and tables of :data:`SYSTEMS`; ``made`` are those they repeat."""

    def maker(key: str) -> _Maker:
        return _Maker(world, roads, Draw(world.seed, key), scale)

    simple = {
        "public_toilets": _toilets, "overhead_line_roads": _overhead, "outdoor_ads": _ads,
        "waste_facilities": _facilities, "residential_compounds": _compounds,
        "vendor_spots": _vendors, "under_bridge_spaces": _bridges,
        "cooperation_roads": _cooperation, "waste_tonnage": _tonnage, "enforcement": _enforcement,
    }  # fmt: skip
    out: dict[str, pd.DataFrame] = {key: build(maker(key)) for key, build in simple.items()}
    out["key_projects"] = _projects(maker("key_projects"), made["illegal_construction"])
    tables = _tunnel_tables(maker("tunnel_tables"), made["utility_tunnels"])
    out["tunnel_inspections"], out["tunnel_risks"] = tables
    return {key: out[key] for key in SYSTEMS}
