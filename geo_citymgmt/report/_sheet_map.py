"""The map of a sheet of paper: records by their status, or districts by what is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._numbers import in_points
from geo_citymgmt.cases._register import USUAL_STOCK
from geo_citymgmt.figures._tables import zone_names
from geo_citymgmt.report._drawings import (
    BELOW_COLORS,
    NO_VALUE,
    UNKNOWN,
    Look,
    below_classes,
    below_due,
    state_looks,
)
from geo_citymgmt.report._summary import Summary
from geo_citymgmt.report._words import Words

#: Of records that are no longer, or not yet, to be dealt with.
REST = Look("#c3cad0")


class Name(NamedTuple):
    """What stands on a map, in one line or two, around its middle."""

    text: str
    x: float
    y: float
    #: The colour that it stands on, and that keeps lines away from its letters.
    ground: str = "#ffffff"


@dataclass(frozen=True)
class Drawn:
    """What a map shows, in a metric CRS.

    Attributes
    ----------
    title : str
    areas : list of (geometry, fill)
        Without a fill an outline is drawn.
    inner : list of geometries
        Lines within the areas: of streets.
    bold : geometry or None
        What the sheet is about.
    marks : list of (Look, geometries)
        Records, drawn one upon the other.
    legend : list of (label, Look, "areas" or "lines" or "points")
    names : list of Name
    legend_title : str
    """

    title: str
    areas: Sequence[tuple[shapely.Geometry, str | None]] = field(default_factory=list)
    inner: list[shapely.Geometry] = field(default_factory=list)
    bold: shapely.Geometry | None = None
    marks: list[tuple[Look, np.ndarray]] = field(default_factory=list)
    legend: list[tuple[str, Look, str]] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    legend_title: str = ""

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Extent of all that is drawn; None for nothing."""
        shapes = [shape for shape, _ in self.areas]
        shapes += [shape for _, mark in self.marks for shape in mark] if not shapes else []
        shapes = [self.bold] if self.bold is not None and not self.areas else shapes
        bounds = shapely.total_bounds(np.array(shapes, dtype=object)) if shapes else [np.nan] * 4
        west, south, east, north = (float(edge) for edge in bounds)
        return (west, south, east, north) if np.isfinite(west) else None


def rows_of(results: Summary, layer: str, zone: str | None) -> np.ndarray:
    """Return which records of a layer are of a zone, or of the city, by their positions."""
    if zone is None and not len(results.city.zones):
        return np.arange(len(results.city[layer]))
    at = results.facts.membership.table(layer, "district", "owner")
    here = at if zone is None else at[at["zone_code"].astype("str") == zone]
    return np.unique(here["row"].to_numpy(dtype=int))


def layers_to_draw(results: Summary) -> list[str]:
    """Return the layers a map may show: what is steered, what has deadlines, the rest."""
    city = results.city
    steered = [c.layer for c in results.campaigns if c.flow is not None]
    late = [key for key in city if city.specs[key].overdue]
    rest = [key for role in ("facility", "context") for key in city if city.specs[key].role == role]
    return [k for k in dict.fromkeys([*steered, *late, *rest]) if len(city[k])]


def records_map(results: Summary, say: Words, zone: str | None) -> Drawn:
    """Return the map of a zone with the records of its first layer, marked by their status.

    Where a layer has cases, those that are open have their colours and are counted in the legend:
    together they are the stock that the sheet tells of. The others are pale, as what is over.
    """
    shape, inner, names = _outline(results, zone)
    areas = [(shape, None)] if shape is not None else []
    for layer in layers_to_draw(results):
        rows, states = rows_of(results, layer, zone), None
        if results.city.specs[layer].state_field:
            states = results.facts.states(layer, results.as_of).to_numpy()[rows]
            # Before it was found there was nothing to draw.
            rows, states = rows[states != ""], states[states != ""]
        shapes = results.city[layer].geometry.to_numpy()[rows]
        placed = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        if not placed.any():
            continue
        classes, rest = _classes(results, layer, states, len(rows))
        name = results.layer_name(layer)
        # The commonest is drawn first, so that the rare ones are seen; what is over, before all.
        order = sorted(classes, key=lambda each: -int(each[2].sum()))
        marks = [(look, shapes[of & placed]) for _, look, of in order]
        # Areas are marked as points are, whose size they rarely exceed on paper.
        are_lines = np.mean(shapely.get_dimensions(shapes[placed]) == 1) > 0.5
        drawn_as = "lines" if are_lines else "points"
        legend = [(f"{label}　{of.sum():,}", look, drawn_as) for label, look, of in classes]
        title, head = say("map_plain", layer=name), ""
        counter = results.city.specs[layer].counter
        n = sum(int(of.sum()) for _, _, of in classes)
        if rest is not None:
            title = say("map_stock", layer=name)
            head = say("map_stock_legend", n=f"{n:,}", counter=counter)
            if rest.any():
                marks.insert(0, (REST, shapes[rest & placed]))
                legend.append((say("map_rest", n=f"{rest.sum():,}"), REST, drawn_as))
        elif len(classes) > 1:
            title = say("map_records", layer=name)
            head = say("map_records_legend", counter=counter)
        if not placed.all():
            head = head or say("map_count", n=f"{len(rows):,}", counter=counter)
            head += say("map_unplaced", n=f"{(~placed).sum():,}", counter=counter)
        return Drawn(title, areas, inner, shape, marks, legend, names, head)
    if shape is None:
        return Drawn(say("map_none"))
    return Drawn(say("map_outline"), areas, inner, shape, names=names)


def _classes(
    results: Summary, layer: str, states: np.ndarray | None, n: int
) -> tuple[list[tuple[str, Look, np.ndarray]], np.ndarray | None]:
    """Return name, look and records of each class of a layer, and those that are over.

    There are none of the latter where nothing is open, but None.
    """
    spec, words = results.city.specs[layer], results.words
    everything = np.ones(n, dtype=bool)
    look = Look(spec.style.get("color", "#0072b2"))
    whole = [(results.layer_name(layer), look, everything)]
    if states is None:
        return whole, None
    codes, looks = spec.fields[str(spec.state_field)].codes, state_looks(spec)
    stock = {code for name in USUAL_STOCK for code in spec.sets.get(name, ())}
    has_cases = "done" in spec.sets and bool(np.isin(states, list(stock)).any())
    shown = [code for code in codes if not has_cases or code in stock]
    classes = [
        (words.label(codes[code]), looks.get(code, UNKNOWN), states == code) for code in shown
    ]
    classes = [each for each in classes if each[2].any()]
    if not has_cases:
        # What the list does not know is drawn, too.
        known = np.logical_or.reduce([of for *_, of in classes]) if classes else ~everything
        if known.all() or not known.any():
            return classes or whole, None
        return [*classes, (words("state_unknown"), UNKNOWN, ~known)], None
    return classes, ~np.isin(states, list(stock))


def due_map(results: Summary, say: Words, rows: pd.DataFrame, zone: str | None) -> Drawn:
    """Return the map of all zones, coloured by how far they are below what is due."""
    zones = results.city.zones
    if not len(zones):
        return Drawn(say("map_none"))
    shapes = zones.geometry.to_numpy()
    bold = None if zone is None else shapes[zones.index.get_loc(zone)]
    distances = pd.Series(np.nan, index=zones.index.astype("str"))
    title = say("map_zones")
    for row in rows.itertuples():
        known = results.standing(row.indicator).set_index("zone_code")["distance"].dropna()
        if len(known):
            distances = known.reindex(distances.index)
            title = say("map_due", name=results.words.named(row))
            break
    kinds = [below_due(float(value)) for value in distances]
    fills: list[str | None] = [
        NO_VALUE if kind == "q-none" else BELOW_COLORS[int(kind[1])] for kind in kinds
    ]
    places = [shapely.get_coordinates(shapely.point_on_surface(s)) for s in shapes]
    names = [
        Name(
            f"{name}\n{in_points(value)}" if pd.notna(value) else str(name),
            float(xy[0, 0]),
            float(xy[0, 1]),
            "#ffffff" if distances.isna().all() else str(fill),
        )
        for name, value, xy, fill in zip(results.zone_names, distances, places, fills, strict=True)
        if len(xy)
    ]
    classes = zip(below_classes(results.words), BELOW_COLORS, strict=True)
    legend = [(label, Look(color), "areas") for (kind, label), color in classes if kind in kinds]
    if distances.isna().all():
        fills = [None] * len(fills)
    elif "q-none" in kinds:
        legend.append((results.words("class_none"), Look(NO_VALUE), "areas"))
    areas = list(zip(shapes, fills, strict=True))
    head = say("map_due_legend") if distances.notna().any() else ""
    return Drawn(title, areas, [], bold, [], legend, names, head)


def _outline(
    results: Summary, zone: str | None
) -> tuple[shapely.Geometry | None, list[shapely.Geometry], list[Name]]:
    """Return the outline of what is drawn, the lines in it, and the names of its parts."""
    city = results.city
    parts, names = city.zones, results.zone_names
    if zone is not None:
        streets = city.zones_by_level.get("street")
        parts = city.zones.iloc[:0] if streets is None else streets
        if "parent_code" in parts:
            parts = parts[parts["parent_code"].astype("str") == zone]
        else:
            parts = parts[parts.index.astype("str").str.startswith(zone)]
        names = zone_names(parts, results.lang)
    if not city.has_zones:
        return None, [], []
    shapes = parts.geometry.to_numpy()
    own = city.zones.geometry.to_numpy()
    if zone is not None:
        shape = own[city.zones.index.astype("str").get_loc(zone)]
    else:
        shape = shapely.union_all(own)
    points = [shapely.get_coordinates(shapely.point_on_surface(s)) for s in shapes]
    labels = [
        Name(str(name), float(xy[0, 0]), float(xy[0, 1]))
        for name, xy in zip(names, points, strict=True)
        if len(xy)
    ]
    return shape, list(shapes), labels
