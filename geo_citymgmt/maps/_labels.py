"""Words of the maps: what is drawn, and the terms of a figure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._languages import capital, packaged_words, shared_terms, term
from geo_citymgmt._numbers import Scale, amount_text, in_points, number_text, percent

if TYPE_CHECKING:
    from geo_citymgmt.spec import LayerSpec

_BRACKET = re.compile(r"\s*[（(](?P<unit>[^（()）]*)[）)]\s*$")


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


_AT_TARGET = {"on_track": "near_target", "behind": "off_target"}
_WORDS = packaged_words("geo_citymgmt.maps", "terms")


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
    known = amount_text(row["value"], scale) or status_name(str(row.get("status") or ""), lang)
    parts = [f"{words['city']} {known}".rstrip()]
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


_FIGURES = packaged_words("geo_citymgmt.maps", "figures")


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


def points_text(distance: float) -> str:
    """Write a distance from what is due in points, with its sign; empty where there is none."""
    return "" if pd.isna(distance) else in_points(distance)


def row_kind(table: pd.DataFrame) -> pd.Series:
    """Return what each row is for; a table without the column holds zones alone."""
    return table.get("row_kind", pd.Series("zone", index=table.index))


def layers_named(table: pd.DataFrame, specs: Mapping[str, LayerSpec], lang: str) -> pd.DataFrame:
    """Return a table with the names of layers; those of an office's own its city alone knows."""
    if "layer" not in table:
        return table
    names = {key: spec.name(lang) for key, spec in specs.items()}
    return table.assign(layer=table["layer"].fillna("").map(lambda key: names.get(key, key)))


_AS_OF = {"zh": "数据截至 {date}", "en": "Data as of {date}"}
# Figures know the past; features are drawn as they were last recorded.
_EARLIER = {
    "zh": "指标截至 {date}；设施与案件为 {data_date} 的登记状况",
    "en": "Figures as of {date}; features as recorded on {data_date}",
}


def dated(date: str, data_date: pd.Timestamp | None, lang: str) -> str:
    """Return the line under the title: of which day the figures are, and of which the features.

    Examples
    --------
    >>> dated("2022-06-30", pd.Timestamp("2022-06-30"), "en")
    'Data as of 2022-06-30'
    """
    own = "" if data_date is None else f"{data_date:%Y-%m-%d}"
    words = _EARLIER if own and date < own else _AS_OF
    return words[lang].format(date=date, data_date=own)
