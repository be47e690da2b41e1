"""Words of the maps: numbers with their units, and the terms of a figure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._markup import visible_text
from geo_citymgmt._numbers import Scale, figure_scales, format_value, percent, scale_for
from geo_citymgmt._words import capital, packaged_table, shared_terms, term
from geo_citymgmt.figures._tables import against_due
from geo_citymgmt.maps._classes import BELOW, POINTS, Ladder, change_colors, ladder, written_limits

if TYPE_CHECKING:
    from geo_citymgmt.indicators import Figure, Figures
    from geo_citymgmt.spec import LayerSpec

_BRACKET = re.compile(r"\s*[（(](?P<unit>[^（()）]*)[）)]\s*$")


def number_text(value: Any, unit: str | None, lang: str) -> str:
    """Return one number that stands alone with its unit, on one line; empty where there is none.

    Examples
    --------
    >>> number_text(1_234_567, "m2", "zh"), number_text(0.345, "ratio", "en")
    ('123.46万平方米', '34.5%')
    """
    return on_one_line(format_value(value, unit, lang))


def amount_text(value: Any, scale: Scale) -> str:
    """Return a number of a figure as the figure is written, on one line."""
    return on_one_line(scale.amount(value))


def on_one_line(text: str) -> str:
    """Return a text whose number does not part from its unit: U+00A0 between them."""
    return text.replace(" ", "\u00a0")


def with_unit(label: str, unit: str, lang: str) -> str:
    """Return a label with its unit behind it, in place of a unit it already ends with.

    Parameters
    ----------
    label : str
        What a figure is called; a unit in brackets at its end is the unit of the data.
    unit : str
        As a `Scale` names it; empty where there is none.
    lang : {"zh", "en"}
        Decides the brackets.

    Returns
    -------
    str

    Examples
    --------
    >>> with_unit("人口（人）", "万人", "zh"), with_unit("Area (ha)", "", "en")
    ('人口（万人）', 'Area (ha)')
    """
    if not unit:
        return label
    ending = _BRACKET.search(label)
    if ending and _is_unit(ending["unit"].strip(), unit):
        label = label[: ending.start()]
    label = label.rstrip()
    return f"{label}（{unit}）" if lang == "zh" else f"{label} ({unit})"


def _is_unit(text: str, unit: str) -> bool:
    units = shared_terms()["unit"]
    names = {name for pair in units.values() for name in pair if name} | set(units)
    return text == unit or text in names or text.lstrip("万亿") in names


def date_text(values: pd.Series, precision: pd.Series | None) -> pd.Series:
    """Return dates as text, only as exact as they are known.

    Parameters
    ----------
    values : Series of datetime64
        The dates.
    precision : Series of str or None
        ``day``, ``month`` or ``year`` for each; a day where it is null or not given.

    Returns
    -------
    Series of str
        On the index of `values`; empty where there is no date.
    """
    dates = pd.to_datetime(values, errors="coerce")
    midnight = (dates.dropna() == dates.dropna().dt.normalize()).all()
    text = dates.dt.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M")
    if precision is not None:
        text = text.mask(precision.eq("month").fillna(False), dates.dt.strftime("%Y-%m"))
        text = text.mask(precision.eq("year").fillna(False), dates.dt.strftime("%Y"))
    return text.astype("object").where(dates.notna(), "")


def words_of(part: str) -> dict[str, dict[str, str]]:
    """Return the words of one part of a map, by language and key."""
    table = packaged_table("geo_citymgmt.maps", "words.toml")[part]
    return {lang: {key: entry[lang] for key, entry in table.items()} for lang in ("zh", "en")}


_AT_TARGET = {"on_track": "near_target", "behind": "off_target"}
_WORDS = words_of("terms")


def status_shown(status: str, expected: float, target: float) -> str:
    """Return the key of the words for a status.

    Where the whole target is what is expected by the day, for a level to be kept or on the last
    day, there is no pace to be ahead of or behind: the target itself is meant.

    Examples
    --------
    >>> status_shown("behind", 0.3, 0.3), status_shown("behind", 750.0, 1500.0)
    ('off_target', 'behind')
    """
    same = pd.notna(expected) and pd.notna(target) and bool(np.isclose(expected, target))
    return _AT_TARGET.get(status, status) if same else status


def status_name(status: str, lang: str) -> str:
    """Return what a status is called, at the beginning of a line.

    Examples
    --------
    >>> status_name("behind", "en"), status_name("new", "zh")
    ('Behind pace', 'new')
    """
    return capital(term("status", status, lang)) if status in shared_terms()["status"] else status


def target_text(target: Any, scale: Scale) -> str:
    """Return a target with its unit; nothing to be left has a word of its own.

    Examples
    --------
    >>> from geo_citymgmt._numbers import scale_for
    >>> scale = scale_for([3000], "count", "zh", "座")
    >>> target_text(0.0, scale), target_text(3000, scale)
    ('清零', '3,000座')
    """
    if pd.notna(target) and target == 0:
        return _WORDS[scale.lang]["none_left"]
    return amount_text(target, scale)


def total_name(lang: str) -> str:
    """Return what the whole city is called where it has no name."""
    return _WORDS[lang]["city"]


def total_text(row: pd.Series | Mapping[Any, Any], scale: Scale) -> str:
    """Return the city's figure beside its target; divided only where that is allowed."""
    words, lang = _WORDS[scale.lang], scale.lang
    parts = [f"{words['city']} {amount_text(row['value'], scale)}"]
    if pd.notna(row["target"]):
        parts.append(f"{words['target']} {target_text(row['target'], scale)}")
    if pd.notna(row["attainment"]):
        parts.append(f"{words['attainment']} {percent(row['attainment'])}")
    elif pd.notna(row["target"]):
        parts.append(status_name(row["status"], lang))
    return "\n".join(parts)


def term_lines(row: pd.Series | Mapping[Any, Any], scale: Scale) -> list[tuple[str, str]]:
    """Return a row of `progress` as lines of label and text, those that say nothing left out."""
    words, lang = _WORDS[scale.lang], scale.lang

    def known(key: str) -> Any:
        value = row.get(key)
        return "" if value is None or pd.isna(value) else value

    def day(key: str) -> str:
        return f"{pd.Timestamp(value):%Y-%m-%d}" if (value := known(key)) != "" else ""

    reasons, note = str(known("comparability")), str(known(f"note_{lang}"))
    # The note gives the reasons in words.
    comparable = words["comparable"] if reasons == "comparable" else "" if note else reasons
    parts = row["unit"] == "ratio"  # numerator and denominator say more than a share alone
    basis = known("basis") and capital(term("basis", str(known("basis")), lang))
    status = known("status") and status_name(
        status_shown(str(known("status")), row.get("expected", np.nan), row.get("target", np.nan)),
        lang,
    )
    period = " – ".join(text for text in (day("period_start"), day("as_of")) if text)
    lines = [
        (words["value"], amount_text(row["value"], scale) or status_name("not_available", lang)),
        (words["numerator"], number_text(row.get("numerator"), None, lang) if parts else ""),
        (words["denominator"], number_text(row.get("denominator"), None, lang) if parts else ""),
        (words["target"], target_text(row.get("target"), scale)),
        (words["deadline"], day("deadline")),
        (words["attainment"], percent(row.get("attainment"))),
        # A level to be kept has no pace: what is expected is the target, which stands above.
        (
            words["expected"],
            amount_text(row.get("expected"), scale) if row.get("expected") != row["target"] else "",
        ),
        (words["status"], status),
        (words["comparability"], comparable),
        (words["period"], period),
        (words["basis"], basis),
        (words["note"], note),
    ]
    return [(label, text) for label, text in lines if text]


#: What of a figure may fill the zones.
FILLS = ("attainment", "distance", "value")
_FIGURES = words_of("figures")
#: Between the texts of a row of zones: no number has one.
_BAR = "|"
#: One sign for each class; the last of them for none, -1.
_CLASS_SIGNS = "0123456789abcdefghijklmnopqrstuvwxy-"


def drawn_column(rows: pd.DataFrame, column: str | None, lang: str) -> tuple[str, str, str]:
    """Return the column that fills the zones, its unit, and the name of the figure."""
    if column is None:
        column = "attainment" if rows["attainment"].notna().any() else "value"
    unit = "ratio" if column == "attainment" else str(rows["unit"].iloc[0])
    return column, unit, str(rows["name_zh" if lang == "zh" else "name_en"].iloc[0])


def fill_label(name: str, column: str, lang: str, *, kept: bool = False) -> str:
    """Return what a map is called whose zones are filled by this of a figure.

    Examples
    --------
    >>> fill_label("拆除面积", "attainment", "zh"), fill_label("拆除面积", "value", "zh")
    ('拆除面积·完成率', '拆除面积')
    """
    if column == "value":
        return name
    key = column if column == "attainment" else "below" if kept else "behind"
    return f"{name}{': ' if lang == 'en' else '·'}{_FIGURES[lang][key]}"


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
    lang : {"zh", "en"}
    """

    def __init__(
        self,
        table: pd.DataFrame,
        dates: Sequence[str],
        zones: Mapping[str, Sequence[str]],
        known: Figures,
        lang: str,
    ) -> None:
        self.dates, self.zones, self.known, self.lang = list(dates) or [""], zones, known, lang
        self.scales = figure_scales(table, lang)
        self._texts: dict[str, int] = {}
        day = pd.to_datetime(table["as_of"]).dt.strftime("%Y-%m-%d").fillna("")
        at_zones = row_kind(table).eq("zone") & table["level"].isin(list(zones))
        rows = table.loc[at_zones]
        self._names = table.groupby("indicator", sort=False).first()
        self._rows = rows.groupby("indicator", sort=False).indices
        self._level = rows["level"].to_numpy(dtype="object")
        self._day = pd.Index(self.dates).get_indexer(day[at_zones])
        codes = pd.Index(rows["zone_code"].astype(str))
        self._place = {level: pd.Index(of).get_indexer(codes) for level, of in zones.items()}
        self._numbers = {name: _floats(rows[name]) for name in _NUMBERS}
        self._numbers["distance"] = np.full(len(rows), np.nan)
        compared = rows["attainment"].notna().to_numpy()
        if compared.any():
            due = against_due(rows.loc[compared], known)
            self._numbers["distance"][compared] = _floats(due["distance"])
        # What is no zone: records, for pandas is slow with a few rows at a time.
        kind = row_kind(table)
        self._beside: dict[tuple[str, str], list[dict[Any, Any]]] = {}
        beside = table.assign(row_kind=kind, _day=day).loc[
            kind.ne("zone") | table["level"].eq("city")
        ]
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
            "notes": [self._text(self._note(key, day, name, scale)) for day in self.dates],
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
        between = (
            written_limits(POINTS, Scale(1.0, 1, "", "", lang))
            if of_points
            else (written_limits(steps.limits, scale))
        )
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
            "steps": between,
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
        none_left = _WORDS[self.lang]["none_left"]
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

    def _note(self, key: str, day: str, name: str, scale: Scale) -> str:
        """Return what the whole city reached on a day, and what lies beside the zones."""
        level = next(iter(self.zones))
        lines: list[str] = []
        for row in self._beside.get((key, day), []):
            if row["row_kind"] in ("total", "zone"):
                lines.insert(0, total_text(row, scale))
            elif row["level"] in (level, "city") and _known(row["value"]) and row["value"] != 0:
                words = _FIGURES[self.lang][row["row_kind"]]
                lines.append(words.format(name=name, amount=amount_text(row["value"], scale)))
        return "\n".join(lines)


_NUMBERS = ("value", "target", "attainment", "denominator")


def _known(text: Any) -> str:
    return "" if text is None or pd.isna(text) else str(text)


def _floats(values: pd.Series) -> np.ndarray:
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)


def points_text(distance: float) -> str:
    """Write a distance from what is due in points, with its sign; empty where there is none."""
    return "" if pd.isna(distance) else f"{distance * 100:+.1f}".replace("-", "−")


def row_kind(table: pd.DataFrame) -> pd.Series:
    """Return what each row is for; a table without the column holds zones alone."""
    return table.get("row_kind", pd.Series("zone", index=table.index))


def layers_named(table: pd.DataFrame, specs: Mapping[str, LayerSpec], lang: str) -> pd.DataFrame:
    """Return a table with the names of layers; those of an office's own its city alone knows."""
    if "layer" not in table:
        return table
    names = {key: spec.name(lang) for key, spec in specs.items()}
    return table.assign(layer=table["layer"].fillna("").map(lambda key: names.get(key, key)))
