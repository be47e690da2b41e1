"""The figures of a folder of shapefiles, in plain pandas, apart from the package's own code."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt.spec import LayerSpec, load_specs

FACILITIES = (
    "illegal_construction", "utility_tunnels", "manholes", "parking_points", "bike_stations",
)  # fmt: skip
YEAR = pd.Timestamp("2022-01-01")
DATA_DATE = pd.Timestamp("2022-06-30")


class Office:
    """What the files of a folder say, with English names and codes."""

    def __init__(self, folder: Path) -> None:
        self.specs = load_specs()
        self.layers = {key: self._read(folder / f"{key}.shp", key) for key in FACILITIES}
        events = pd.read_csv(folder / "events.csv", dtype={"key": str}, encoding="utf-8")
        events["date"] = pd.to_datetime(events["date"])
        self.events = events
        self.targets = pd.read_csv(folder / "targets.csv", dtype={"zone_code": str})

    def _read(self, path: Path, key: str) -> gpd.GeoDataFrame:
        spec = self.specs[key]
        table = gpd.read_file(path)
        names = {field.dbf: name for name, field in spec.fields.items()}
        table = table.rename(columns=names)
        for name in table.columns.drop("geometry"):
            field = spec.fields[name]
            if field.type in ("code", "list"):
                codes = {code.zh: key for key, code in field.codes.items()}
                table[name] = [
                    None if pd.isna(v) else ";".join(codes[part] for part in v.split(";"))
                    for v in table[name]
                ]
            elif field.type == "bool":
                table[name] = table[name].map({"是": True, "否": False})
        return table.set_index(spec.id_field)

    def of(self, key: str) -> pd.DataFrame:
        """Events of one layer."""
        return self.events[self.events["layer"] == key]

    def ledger(self, layer: str, amount: str) -> pd.DataFrame:
        """Entries of an amount: key, date (missing where unknown), value."""
        spec, table, events = self.specs[layer], self.layers[layer], self.of(layer)
        rule = spec.amounts[amount]
        adds = events[events["event"].isin([k for k, e in spec.events.items() if amount in e.adds])]
        backs = events[
            events["event"].isin([k for k, e in spec.events.items() if amount in e.takes_back])
        ]
        defaults = {k: e.default_amount for k, e in spec.events.items()}
        value = adds["amount"].fillna(adds["event"].map(defaults))
        told = pd.DataFrame({"key": adds["key"], "date": adds["date"], "value": value})
        parts = [told]
        if rule.total is not None:
            counted = pd.Series(True, index=table.index)
            for name, wanted in rule.where.items():
                counted &= table[name] == wanted
            planned = spec.sets.get("planned", ())
            if spec.state_field:
                counted &= ~table[spec.state_field].isin(planned)
            total = table[rule.total] if isinstance(rule.total, str) else rule.total
            total = pd.Series(total, index=table.index, dtype=float).fillna(0.0).where(counted, 0.0)
            rest = total.sub(told.groupby("key")["value"].sum(), fill_value=0.0)
            assert rest.index.isin(table.index).all(), "events of records that do not exist"
            day = table[rule.date] if rule.date else pd.Series(pd.NaT, index=table.index)
            rest = rest.reindex(table.index)
            parts.append(
                pd.DataFrame({"key": table.index, "date": day.to_numpy(), "value": rest.to_numpy()})
            )
        entries = pd.concat(parts, ignore_index=True)
        for key, day in zip(backs["key"], backs["date"], strict=True):
            mine = entries[(entries["key"] == key) & ~(entries["date"] > day)]
            entries.loc[len(entries)] = [key, day, -mine["value"].sum()]
        return entries[entries["value"] != 0].reset_index(drop=True)

    def flow(self, layer: str, amount: str, until: str, **where: object) -> float:
        """Sum of the entries of this year up to a day."""
        entries = self.ledger(layer, amount)
        table = self.layers[layer]
        for name, wanted in where.items():
            entries = entries[entries["key"].map(table[name]) == wanted]
        day = entries["date"]
        return float(entries.loc[(day >= YEAR) & (day <= pd.Timestamp(until)), "value"].sum())

    def state(self, layer: str, until: str) -> pd.Series:
        """State of each record at the end of a day, from dates and events; missing if unknown."""
        spec, table, events = self.specs[layer], self.layers[layer], self.of(layer)
        moves = []
        assert spec.states is not None
        for name, (decider, codes, default) in spec.states.dates.items():
            if name not in table:
                continue
            to = table[decider].map(dict(codes)).fillna(default) if decider else default
            moves.append(pd.DataFrame({"key": table.index, "date": table[name], "to": to}))
        enters = {k: e.enters for k, e in spec.events.items() if e.enters}
        told = events[events["event"].isin(enters)]
        moves.append(
            pd.DataFrame(
                {"key": told["key"], "date": told["date"], "to": told["event"].map(enters)}
            )
        )
        every = pd.concat(moves, ignore_index=True).dropna(subset=["date"])
        every = every[every["date"] <= pd.Timestamp(until)].sort_values("date", kind="stable")
        return every.groupby("key")["to"].last().reindex(table.index)

    def verified_flow(self, until: str) -> int:
        """Manholes that entered the verified set this year, less those that left it."""
        sets = self.specs["manholes"].sets
        before = self.state("manholes", "2021-12-31").isin(sets["verified"]).sum()
        return int(self.state("manholes", until).isin(sets["verified"]).sum() - before)


def set_of(spec: LayerSpec, states: pd.Series) -> pd.Series:
    """Name of the set of each state."""
    return states.map(lambda code: spec.set_of(code) if isinstance(code, str) else np.nan)
