"""The figures of the sample again, by plain pandas from records and events alone.

Nothing of the package's evaluation is used: states are the last dated move of a record, sums are
group-bys. Status codes and the words of events are written out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

DONE, OPEN = ["50", "51", "52", "53", "60", "70"], ["20", "30", "40", "80", "95"]
EVENT_STATE = {
    "illegal_construction": {
        "accept": "60", "close": "70", "relapse": "80", "suspend": "95", "resume": "40",
        "dismiss": "90",
    },
    "manholes": {
        "rectify": "51", "accept": "60", "close": "70", "relapse": "80", "suspend": "95",
        "resume": "40",
    },
    "parking_points": {"suspend": "suspended", "resume": "open"},
    "bike_stations": {"suspend": "suspended", "resume": "operating", "remove": "removed"},
    "utility_tunnels": {"suspend": "suspended", "resume": "operating"},
}  # fmt: skip
DATE_STATE = {
    "illegal_construction": {"found_date": "20", "filed_date": "30", "closed_date": "70"},
    "manholes": {"found_date": "20", "completed_date": "51", "closed_date": "70"},
    "parking_points": {"opened_date": "open"},
    "bike_stations": {"opened_date": "operating"},
    "utility_tunnels": {
        "start_date": "under_construction", "completed_date": "completed",
        "operation_date": "operating",
    },
}  # fmt: skip
DISPOSED = {"demolish": "50", "rectify": "51", "permit": "52", "confiscate": "53"}
IDS = {
    "illegal_construction": "parcel_id", "manholes": "manhole_id", "parking_points": "lot_id",
    "bike_stations": "station_id", "utility_tunnels": "tunnel_id",
}  # fmt: skip


class Plain:
    """One layer of the sample with its events."""

    def __init__(self, city, layer: str) -> None:
        self.layer, self.end = layer, city.data_date
        self.data = pd.DataFrame(city[layer].drop(columns="geometry")).set_index(IDS[layer])
        self.events = city.events[city.events["layer"] == layer]
        self.moves = self._moves()

    def _moves(self) -> pd.DataFrame:
        told = self.events[self.events["event"].isin(list(EVENT_STATE[self.layer]))]
        by_event = pd.DataFrame(
            {
                "key": told["key"],
                "date": told["date"],
                "state": told["event"].map(EVENT_STATE[self.layer]),
                "rank": 1,
            }
        )
        parts = []
        dates = dict(DATE_STATE[self.layer])
        if self.layer == "illegal_construction":
            dates["completed_date"] = self.data["disposal_method"].map(DISPOSED).fillna("50")
        for column, state in dates.items():
            known = self.data[column].dropna()
            named = state.reindex(known.index) if isinstance(state, pd.Series) else state
            parts.append(
                pd.DataFrame({"key": known.index, "date": known.to_numpy(), "state": named})
            )
        dated = pd.concat(parts).assign(rank=0)
        dated["state"] = dated["state"].astype("str")
        twice = dated.merge(by_event[["key", "state"]].drop_duplicates(), on=["key", "state"])
        drop = set(zip(twice["key"], twice["state"], strict=True))
        keep = [p not in drop for p in zip(dated["key"], dated["state"], strict=True)]
        both = pd.concat([dated[keep], by_event], ignore_index=True)
        order = ["10", "planned", "20", "30", "under_construction", "40", "completed", "50", "51",
                 "52", "53", "60", "70", "80", "90", "95", "open", "operating", "suspended",
                 "removed"]  # fmt: skip
        both["rank"] = both["state"].map(order.index)
        return both.sort_values(["key", "date", "rank"], ignore_index=True)

    def state(self, day: pd.Timestamp) -> pd.Series:
        """State of every record; '' not yet, None where the records cannot say."""
        status = self.data["status"]
        if day >= self.end:
            return status
        past = self.moves[self.moves["date"] <= day].groupby("key")["state"].last()
        last = self.moves[self.moves["date"] <= self.end].groupby("key")["state"].last()
        later = set(self.moves.loc[self.moves["date"] > day, "key"])
        out = past.reindex(status.index).astype(object)
        out[out.isna()] = ""
        alike = dict.fromkeys(("20", "30", "40", "80"), "open")
        alike |= dict.fromkeys(("50", "51", "52", "53"), "done")
        alike |= dict.fromkeys(("60", "70"), "verified")
        if self.layer == "parking_points":
            alike |= dict.fromkeys(("planned", "under_construction"), "planned")
        ends = last.reindex(status.index)
        agree = ends.replace(alike).to_numpy() == status.replace(alike).to_numpy()
        for key in status.index[~agree]:
            if key not in later:
                out[key] = None
        first = {"10", "00", "planned"} if self.layer != "parking_points" else {"planned"}
        out[status.isin(first)] = status[status.isin(first)]
        return out

    def entries(self, total: str | None, date: str | None, adding: dict[str, float | None],
                where=None, taken: bool = False) -> pd.DataFrame:  # fmt: skip
        """Growth of an amount: from events, and the rest of the record's total on its date."""
        told = self.events[self.events["event"].isin(list(adding))]
        grown = pd.DataFrame(
            {
                "key": told["key"],
                "date": told["date"],
                "amount": told["amount"].fillna(told["event"].map(adding)).fillna(0.0),
            }
        )
        if total is not None:
            size = self.data[total].astype("float64").fillna(0.0) if total != "1" else 1.0
            size = pd.Series(size, index=self.data.index)
            if where is not None:
                size = size.where(where, 0.0)
            if "planned" in set(self.data["status"]):
                waiting = ["planned", "under_construction"]
                size = size.where(~self.data["status"].isin(waiting), 0.0)
            rest = size.sub(grown.groupby("key")["amount"].sum(), fill_value=0.0)
            rest = rest[rest > 1e-6]
            since = self.data[date].reindex(rest.index) if date else pd.NaT
            more = pd.DataFrame({"key": rest.index, "date": since, "amount": rest.to_numpy()})
            if total == "1":
                more = more.dropna(subset=["date"])
            grown = pd.concat([grown, more], ignore_index=True)
        if taken:
            grown = pd.concat([grown, self._taken_back(grown)], ignore_index=True)
        return grown

    def _taken_back(self, grown: pd.DataFrame) -> pd.DataFrame:
        out = []
        relapses = self.events[self.events["event"] == "relapse"].sort_values("date")
        for key, mine in relapses.groupby("key"):
            had = grown[grown["key"] == key]
            gone = 0.0
            for day in mine["date"]:
                now = had.loc[had["date"] <= day, "amount"].sum() - gone
                gone += now
                out.append({"key": key, "date": day, "amount": -now})
        return pd.DataFrame(out, columns=["key", "date", "amount"])

    def entering(self, codes: list[str]) -> pd.DataFrame:
        """Moves into the states from outside them."""
        inside = self.moves["state"].isin(codes)
        before = inside.groupby(self.moves["key"]).shift(fill_value=False)
        return self.moves[inside & ~before].assign(amount=1.0)


def window(entries: pd.DataFrame, start: pd.Timestamp | None, day, mask=None) -> float:
    """Sum of what was added from one day to the other."""
    hit = entries[entries["date"] <= day]
    if start is not None:
        hit = hit[hit["date"] >= start]
    if mask is not None:
        hit = hit[hit["key"].map(mask).fillna(False).astype(bool)]
    return float(hit["amount"].sum())


def has(column: pd.Series, code: str) -> pd.Series:
    """Whether a list holds a code."""
    return column.fillna("").str.split(";").map(lambda codes: code in codes)


def ratio(a: float, b: float) -> float:
    """Share, missing over nothing."""
    return a / b if b > 0 else np.nan


class PlainCity:
    """Every figure of the five layers for the whole city, at a date."""

    def __init__(self, city) -> None:
        self.end = city.data_date
        self.layers = {key: Plain(city, key) for key in IDS}

    def at(self, day: pd.Timestamp) -> dict[str, tuple[float, float, float]]:
        """Value, numerator, denominator by figure."""
        start = pd.Timestamp(day.year, 1, 1)
        known = day >= self.end
        one = {**self._illegal(day, start), **self._tunnels(day, start)}
        one |= {
            **self._manholes(day, start),
            **self._parking(day, start),
            **self._bikes(day, start),
        }
        out = {}
        for name, told in one.items():
            a, b = told if isinstance(told, tuple) else (told, None)
            if name in AT_THE_END and not known:
                a = np.nan
            nothing = b is None
            out[name] = (
                (float(a), np.nan, np.nan)
                if nothing
                else (ratio(a, b) if known or name not in AT_THE_END else np.nan, a, b)
            )
        return out

    def _illegal(self, day, start):
        p = self.layers["illegal_construction"]
        d, state = p.data, p.state(day)
        safe = d["safety_related"].fillna(False).astype(bool)
        demolished = p.entries("demolished_area_m2", "completed_date", {"demolish": None},
                               taken=True)  # fmt: skip
        remediated = p.entries("remediated_area_m2", "completed_date",
                               {"demolish": None, "remediate": None}, taken=True)  # fmt: skip
        found = p.entries("1", "found_date", {})
        done_by = remediated[remediated["date"].fillna(p.end) <= day]
        left = d["illegal_area_m2"].astype(float).sub(
            done_by.groupby("key")["amount"].sum().reindex(d.index).fillna(0.0)
        ).clip(lower=0.0)  # fmt: skip
        opened = state.isin(OPEN)
        late = d["deadline"].notna() & (d["deadline"] < day)
        relapsed = p.entries(None, None, {"relapse": 1.0})
        into_done = p.entering(DONE)
        lists = {k: has(d["list_type"], k) for k in ("key_task", "supervised", "key_project")}
        verified = state.isin(["60", "70"])[lists["key_project"] & d["project_id"].notna()]
        projects = verified.groupby(d["project_id"].reindex(verified.index)).all()
        new = d["stock_type"].isin(["new", "in_progress"])
        settled = found[(found["date"] + pd.Timedelta(days=30) <= day)]
        moved = settled.merge(into_done, on="key", suffixes=("", "_then"))
        in_time = (moved["date_then"] >= moved["date"]) & (
            moved["date_then"] <= moved["date"] + pd.Timedelta(days=30)
        )
        held = moved[in_time].drop_duplicates("key")
        held = held[held["key"].map(state).isin(DONE)]
        interim = safe & opened & d["interim_measure"].notna()
        gone = state.isin(DONE) & (d["disposal_method"] == "demolish") & d["post_use"].notna()
        foot = d["footprint_m2"].astype(float)
        idle = d["post_use"] == "idle"
        return {
            "illegal_remediated_area": window(remediated, start, day),
            "illegal_safety_demolished_area": window(demolished, start, day, safe),
            "illegal_demolished_area": window(demolished, start, day),
            "illegal_safety_remaining_area": left[safe & opened].sum(),
            "illegal_safety_remaining_count": (safe & opened).sum(),
            "illegal_workorders_supervised": window(
                p.entries("1", "supervised_date", {"supervise": 1.0}), start, day
            ),
            "illegal_key_projects": projects.sum(),
            "illegal_supervision_lists": 3,
            "illegal_found_count": window(found, start, day),
            "illegal_open_area": left[opened].sum(),
            "illegal_relapsed_count": window(relapsed, start, day),
            "illegal_interim_share": (interim.sum(), (safe & opened).sum()),
            "illegal_open_count": opened.sum(),
            "illegal_settled_count": window(into_done, start, day),
            "illegal_permitted_count": window(p.entering(["52"]), start, day),
            "illegal_demolished_share": (
                window(demolished, start, day),
                window(remediated, start, day),
            ),
            "illegal_new_found_count": window(found, start, day, new),
            "illegal_new_closed_share": (
                window(held, start, day, new),
                window(settled, start, day, new),
            ),
            "illegal_uav_found_share": (
                window(found, start, day, d["found_by"] == "uav"),
                window(found, start, day, d["found_by"].notna()),
            ),
            "illegal_relapse_share": (window(relapsed, None, day), window(into_done, None, day)),
            "illegal_overdue_count": (opened & late).sum(),
            "illegal_key_task_open_count": (opened & lists["key_task"]).sum(),
            "illegal_key_task_open_area": left[opened & lists["key_task"]].sum(),
            "illegal_supervised_open_count": (opened & lists["supervised"]).sum(),
            "illegal_supervised_overdue_count": (opened & late & lists["supervised"]).sum(),
            "illegal_key_project_open_area": left[opened & lists["key_project"]].sum(),
            "illegal_reuse_share": (foot[gone & ~idle].sum(), foot[gone].sum()),
            "illegal_idle_land_area": foot[gone & idle].sum(),
        }

    def _tunnels(self, day, start):
        p = self.layers["utility_tunnels"]
        d, state = p.data, p.state(day)
        km = d["length_km"].astype(float)
        runs = state == "operating"
        risks = p.entries("risk_items", "risk_report_date", {"report_risk": None})
        reported = d["risk_report_date"].between(start, day)
        share = d["occupancy_ratio"].astype(float)
        opened = p.entering(["operating"])
        opened = opened.assign(amount=opened["key"].map(km))
        so_far = risks[risks["date"] <= day].groupby("key")["amount"].sum()
        return {
            "tunnel_operating_length": km[runs].sum(),
            "tunnel_construction_length": km[state == "under_construction"].sum(),
            "tunnel_operating_share": (
                km[runs].sum(),
                km[state.isin(["operating", "under_construction"])].sum(),
            ),
            "tunnel_operators_reported": d.loc[reported, "operator"].nunique(),
            "tunnel_risk_items": window(risks, start, day),
            "tunnel_completed_length": km[state == "completed"].sum(),
            "tunnel_planned_length": km[state == "planned"].sum(),
            "tunnel_opened_length": window(opened, start, day),
            "tunnel_occupancy": (
                (km * share)[runs & share.notna()].sum(),
                km[runs & share.notna()].sum(),
            ),
            "tunnel_high_risk_items": window(
                risks, start, day, d["risk_level"].astype("str").isin(["1", "2"])
            ),
            "tunnel_risk_items_per_km": (
                so_far.reindex(d.index[runs]).fillna(0.0).sum(),
                km[runs].sum(),
            ),
        }

    def _manholes(self, day, start):
        p = self.layers["manholes"]
        d, state = p.data, p.state(day)
        into = p.entering(["60", "70"])
        inside = p.moves["state"].isin(["60", "70"])
        left = p.moves[~inside & inside.groupby(p.moves["key"]).shift(fill_value=False)]
        verified = pd.concat([into, left.assign(amount=-1.0)])
        tech = (d["new_tech"] != "none") & d["new_tech"].notna()
        fitted = d["anti_fall"] != "none"
        must = d["cover_kind"].isin(["sewage", "rain"]) & d["site_type"].isin(
            ["carriageway", "nonmotor", "footway", "lane"]
        )
        n = window(verified, start, day)
        cannot_say = state.isna().any()
        return {
            "manhole_remediated": n,
            "manhole_new_tech_share": (window(verified, start, day, tech), n),
            "manhole_anti_fall_share": (fitted.sum(), len(d)),
            "manhole_found_count": window(p.entries("1", "found_date", {}), start, day),
            "manhole_open_count": np.nan if cannot_say else state.isin(OPEN).sum(),
            "manhole_relapsed_count": window(p.entering(["80"]), start, day),
            "manhole_anti_fall_required_share": ((fitted & must).sum(), must.sum()),
            "manhole_anti_fall_gap_count": (~fitted & must).sum(),
        }

    def _parking(self, day, start):
        p = self.layers["parking_points"]
        d = p.data
        adds = {"add_spaces": None, "add_public_spaces": None}
        spaces = p.entries("spaces_total", "opened_date", adds)
        public = p.entries("spaces_public", "opened_date", {"add_public_spaces": None})
        shared = p.entries("spaces_shared", "shared_since", {"share": None})
        online = p.entries("spaces_total", None, {"connect": None}, where=d["dynamic_connected"])
        online["date"] = online["date"].fillna(p.end)
        stopped = p.entering(["suspended"])
        stopped = stopped.assign(amount=stopped["key"].map(d["spaces_total"].astype(float)))
        under = d["lot_kind"] == "under_bridge"
        added = window(shared, start, day)
        return {
            "parking_spaces_added": window(spaces, start, day),
            "parking_public_spaces_added": window(public, start, day),
            "parking_shared_spaces_added": added,
            "parking_shared_spaces_task": added,
            "parking_dynamic_spaces": window(online, None, day),
            "parking_spaces_total": window(spaces, None, day),
            "parking_dynamic_share": (window(online, None, day), window(spaces, None, day)),
            "parking_spaces_suspended": window(stopped, start, day),
            "parking_key_area_spaces_added": window(public, start, day, d["key_area"] != "other"),
            "parking_under_bridge_spaces": window(spaces, None, day, under),
        }

    def _bikes(self, day, start):
        p = self.layers["bike_stations"]
        d = p.data
        bay, docked = d["station_kind"] == "bay", d["station_kind"] == "docked"
        runs = d["status"] == "operating"
        bikes, places = d["bikes_deployed"].astype(float), d["capacity"].astype(float)
        return {
            "bike_bays_added": window(p.entries("1", "opened_date", {}), start, day, bay),
            "bike_public_renewed": window(
                p.entries(None, None, {"renew": None}), start, day, docked
            ),
            "bike_bays_removed": window(p.entering(["removed"]), start, day, bay),
            "bike_public_fleet": bikes[runs & docked].sum(),
            "bike_shared_fleet": bikes[runs & bay].sum(),
            "bike_bay_fill": (bikes[runs & bay].sum(), places[runs & bay].sum()),
        }


#: Known at the date of the data only.
AT_THE_END = {
    "illegal_interim_share", "illegal_supervision_lists", "illegal_reuse_share",
    "illegal_idle_land_area", "tunnel_occupancy", "manhole_anti_fall_share",
    "manhole_anti_fall_required_share", "manhole_anti_fall_gap_count", "bike_public_fleet",
    "bike_shared_fleet", "bike_bay_fill",
}  # fmt: skip
