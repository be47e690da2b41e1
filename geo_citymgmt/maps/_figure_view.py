"""Figures as a page of a map shows them: what a reader may choose, in texts and classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from geo_citymgmt._languages import capital, packaged_words
from geo_citymgmt._markup import visible_text
from geo_citymgmt._numbers import Scale, amount_text, figure_scales, percent, scale_for
from geo_citymgmt.figures._actuals import net_note
from geo_citymgmt.figures._tables import against_due
from geo_citymgmt.maps._classes import (
    BELOW,
    POINTS,
    Ladder,
    change_colors,
    class_ranges,
    ladder,
    written_limits,
)
from geo_citymgmt.maps._labels import fill_label, points_text, row_kind, total_text, with_unit

if TYPE_CHECKING:
    from geo_citymgmt.indicators import Figure, Figures
    from geo_citymgmt.spec import LayerSpec

#: What of a figure may fill the zones; the first that is known is shown first.
FILLS = ("distance", "attainment", "value")
_FIGURES = packaged_words("geo_citymgmt.maps", "figures")
_TERMS = packaged_words("geo_citymgmt.maps", "terms")
#: Between the texts of a row of zones: no number has one.
_BAR = "|"
#: One sign for each class; the last of them for none, -1.
_CLASS_SIGNS = "0123456789abcdefghijklmnopqrstuvwxy-"


class FigureView:
    """Figures as a page shows them: texts and classes of each zone, by level and day.

    Parameters
    ----------
    table : DataFrame
        Of `progress` or `progress_series`.
    dates : sequence of str
        Its days; none where the data has no date.
    zones : mapping of str to sequence of str
        Codes of the zones of each level, in the order in which they are drawn.
    known : Figures
        Their definitions.
    specs : mapping of str to LayerSpec
        The layers they are of, by key.
    lang : {"zh", "en"}
    """

    def __init__(
        self,
        table: pd.DataFrame,
        dates: Sequence[str],
        zones: Mapping[str, Sequence[str]],
        known: Figures,
        specs: Mapping[str, LayerSpec],
        lang: str,
    ) -> None:
        self.dates, self.zones, self.known, self.lang = list(dates) or [""], zones, known, lang
        self.specs = specs
        self.scales = figure_scales(table, lang)
        self._texts: dict[str, int] = {}
        day = pd.to_datetime(table["as_of"]).dt.strftime("%Y-%m-%d").fillna("")
        at_zones = row_kind(table).eq("zone") & table["level"].isin(list(zones))
        rows = table.loc[at_zones, ["indicator", "level", "zone_code", *_NUMBERS, *_COMPARED]]
        self._names = table.groupby("indicator", sort=False).first()
        self._rows = rows.groupby("indicator", sort=False).indices
        self._level = rows["level"].to_numpy(dtype="object")
        self._day = pd.Index(self.dates).get_indexer(day[at_zones])
        codes = pd.Index(rows["zone_code"].astype(str))
        self._place = {level: pd.Index(of).get_indexer(codes) for level, of in zones.items()}
        self._numbers = {name: _floats(rows[name]) for name in _NUMBERS}
        self._numbers["distance"] = _distances(rows, known)
        # What is no zone: records, for pandas is slow with a few rows at a time.
        kind = row_kind(table)
        self._beside: dict[tuple[str, str], list[dict[Any, Any]]] = {}
        beside = table.assign(row_kind=kind, _day=day).loc[
            kind.ne("zone") | table["level"].eq("city")
        ]
        beside = beside.assign(distance=_distances(beside, known))
        for row in beside.to_dict("records"):
            self._beside.setdefault((str(row["indicator"]), row["_day"]), []).append(row)

    def config(self, figures: Sequence[str], column: str | None) -> dict[str, Any]:
        """Return what the page's script shows, the figures in this order."""
        shown = [self._figure(key, column) for key in figures]
        counts = {len(fill["steps"]) + 1 for figure in shown for fill in figure["fills"]}
        changes = {n: change_colors(n) for n in counts}
        return {
            "figures": shown,
            "texts": list(self._texts),
            "same": _FIGURES[self.lang]["same"],
            "changes": {
                n: {"more": more, "fewer": fewer} for n, (more, fewer, _) in changes.items()
            },
            "unchanged": change_colors(1)[2],
        }

    def _text(self, text: str) -> int:
        return self._texts.setdefault(visible_text(text), len(self._texts))

    def _figure(self, key: str, column: str | None) -> dict[str, Any]:
        first, lang, scale = self._names.loc[key], self.lang, self.scales[key]
        definition, unit = self.known.figures.get(key), str(first["unit"])
        blocks = {level: self._block(key, level) for level in self.zones}
        columns = [column] if column else [
            c for c in FILLS if any(np.isfinite(block[c]).any() for block in blocks.values())
        ]  # fmt: skip
        name = str(first["name_zh" if lang == "zh" else "name_en"])
        kept = definition is not None and definition.level
        return {
            "id": key,
            "name": visible_text(name),
            "group": visible_text(_known(first.get("layer"))),
            "unit": visible_text(scale.unit),
            "fills": [self._fill(c, name, blocks, unit, scale, kept) for c in columns or ["value"]],
            "levels": {
                level: self._written(block, definition, unit, scale)
                for level, block in blocks.items()
            },
            "notes": [self._text(self._note(key, day, name, scale, kept)) for day in self.dates],
            "net": visible_text(self._net(definition)),
        }

    def _block(self, key: str, level: str) -> dict[str, np.ndarray]:
        """Return the numbers of a figure at a level: one row a day, one column a zone."""
        shape = len(self.dates), len(self.zones[level])
        rows = self._rows.get(key, np.empty(0, dtype=np.int64))
        rows = rows[self._level[rows] == level]
        place = self._place[level][rows]
        rows, place = rows[place >= 0], place[place >= 0]
        out = {}
        for name, numbers in self._numbers.items():
            out[name] = np.full(shape, np.nan)
            out[name][self._day[rows], place] = numbers[rows]
        return out

    def _fill(
        self,
        column: str,
        name: str,
        blocks: Mapping[str, dict[str, np.ndarray]],
        unit: str,
        scale: Scale,
        kept: bool,
    ) -> dict[str, Any]:
        """Return the classes of the zones by one column, their names and their colours."""
        lang, words = self.lang, _FIGURES[self.lang]
        if column == "distance":
            unit, scale = BELOW, Scale(1.0, 1, words["points"], "", lang)
        elif column == "attainment":
            unit, scale = "ratio", scale_for([], "ratio", lang)
        steps, label = ladder(unit), fill_label(name, column, lang, kept=kept)
        # Two shares differ by points.
        of_points = column == "distance" or scale.unit == "%"
        limits, by = (POINTS, Scale(1.0, 1, "", "", lang)) if of_points else (steps.limits, scale)
        return {
            "column": column,
            "name": capital(
                words[column if column != "distance" else "below" if kept else "behind"]
            ),
            "label": visible_text(label),
            "heading": visible_text(
                label if column == "distance" else with_unit(label, scale.unit, lang)
            ),
            "dark": words[f"darker_{column}"],
            "unit": visible_text(words["points"] if of_points else scale.unit),
            "sign": "%" if scale.unit == "%" else "",
            "colors": self._text(_BAR.join(steps.colors)),
            "labels": self._text(_BAR.join(steps.labels(scale))),
            "steps": written_limits(limits, by),
            "ranges": class_ranges(limits, by, of_counts=steps.unit == "count"),
            "levels": {
                level: self._classes(b[column], column, steps) for level, b in blocks.items()
            },
        }

    def _classes(self, numbers: np.ndarray, column: str, steps: Ladder) -> dict[str, Any]:
        """Return the class of each zone on each day, and which classes there are in all of them."""
        index = steps.index(numbers * -100.0 if column == "distance" else numbers)
        known = index[index >= 0]
        return {
            "classes": [self._text("".join(_CLASS_SIGNS[k] for k in day)) for day in index],
            "span": [int(known.min()), int(known.max())] if len(known) else None,
        }

    def _written(
        self, block: dict[str, np.ndarray], definition: Figure | None, unit: str, scale: Scale
    ) -> dict[str, list[int]]:
        """Return what stands in the table of the zones on each day."""
        none_left = _TERMS[self.lang]["none_left"]
        few = self._few(block, definition, unit)
        texts: dict[str, Any] = {
            "value": [map(scale.text, day) for day in block["value"]],
            "target": [
                [none_left if target == 0 else scale.text(target) for target in day]
                for day in block["target"]
            ],
            "attainment": [[percent(v).rstrip("%") for v in day] for day in block["attainment"]],
            "distance": [map(points_text, day) for day in block["distance"]],
            "few": [["1" if one else "" for one in day] for day in few],
        }
        return {key: [self._text(_BAR.join(d)) for d in days] for key, days in texts.items()}

    def _few(
        self, block: dict[str, np.ndarray], definition: Figure | None, unit: str
    ) -> np.ndarray:
        """Which numbers are too small a base for a comparison."""
        value = block["value"]
        if definition is not None and definition.denominator is not None:
            return self.known.rests_on_few(definition, block["denominator"])
        return (value < (self.known.small if unit == "count" else 0.0)) | (value == 0)

    def _net(self, definition: Figure | None) -> str:
        """Return what a number below zero of it means; empty where that cannot be."""
        spec = self.specs.get(definition.layer) if definition else None
        return net_note(definition, spec).of(self.lang) if definition else ""

    def _note(self, key: str, day: str, name: str, scale: Scale, kept: bool) -> str:
        """Return what the whole city reached on a day, and what lies beside the zones."""
        level = next(iter(self.zones))
        lines: list[str] = []
        for row in self._beside.get((key, day), []):
            if row["row_kind"] in ("total", "zone"):
                total = (total_text(row, scale), self._against(row["distance"], kept))
                lines.insert(0, "\n".join(filter(None, total)))
            elif row["level"] in (level, "city") and _known(row["value"]) and row["value"] != 0:
                words = _FIGURES[self.lang][row["row_kind"]]
                lines.append(words.format(name=name, amount=amount_text(row["value"], scale)))
        return "\n".join(lines)

    def _against(self, distance: float, kept: bool) -> str:
        """Return in words how far the city is from what is due; empty where that is not known."""
        if pd.isna(distance):
            return ""
        points = f"{abs(distance) * 100:.1f}"
        words = ("city_at", "city_above", "city_below") if kept else (
            "city_even", "city_ahead", "city_behind")  # fmt: skip
        side = 0 if float(points) == 0 else 1 if distance > 0 else 2
        return _FIGURES[self.lang][words[side]].format(points=points)

    def painted(self, content: Mapping[str, Any], level: str) -> Painted:
        """Return what is shown first of the content of `config`, at a level on the last day."""
        figure = content["figures"][0]
        known = [fill for fill in figure["fills"] if fill["levels"][level]["span"]]
        fill, texts = (known or figure["fills"])[0], content["texts"]
        colors = texts[fill["colors"]].split(_BAR)
        signs = texts[fill["levels"][level]["classes"][-1]]
        at = [_CLASS_SIGNS.index(sign) for sign in signs]
        numbers = texts[figure["levels"][level][fill["column"]][-1]].split(_BAR)
        span, labels = fill["levels"][level]["span"], texts[fill["labels"]].split(_BAR)
        shown = range(span[1], span[0] - 1, -1) if span else ()
        codes = list(self.zones[level])
        return Painted(
            fill,
            pd.Series([colors[k] if k < len(colors) else None for k in at], codes, dtype="object"),
            pd.Series([n and n + fill["sign"] for n in numbers[: len(codes)]], codes, "object"),
            [{"label": labels[k], "color": colors[k]} for k in shown],
        )


class Painted(NamedTuple):
    """A fill of the zones: what it is of, colours and texts by zone, entries of its legend."""

    fill: Mapping[str, Any]
    colors: pd.Series
    values: pd.Series
    items: list[dict[str, Any]]


def _distances(rows: pd.DataFrame, known: Figures) -> np.ndarray:
    """Return how far rows of progress are from what is due, where that may be compared."""
    out = np.full(len(rows), np.nan)
    compared = rows["attainment"].notna().to_numpy()
    if compared.any():
        out[compared] = _floats(against_due(rows.loc[compared], known)["distance"])
    return out


_NUMBERS = ("value", "target", "attainment", "denominator")
#: What else tells how far a row is from what is due.
_COMPARED = ("expected", "unit", "status")


def _known(text: Any) -> str:
    return "" if text is None or pd.isna(text) else str(text)


def _floats(values: pd.Series) -> np.ndarray:
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
