"""Figures by district, side by side: groups of districts that compare, and totals that agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from geo_citymgmt._options import display_lang
from geo_citymgmt._words import Messages
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.figures._tables import MARGINS, by_district, zone_groups, zone_names
from geo_citymgmt.report._words import Words

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_MESSAGES = Messages("geo_citymgmt.report")


def scoreboard(
    table: pd.DataFrame,
    city: City,
    lang: str | None = None,
    *,
    column: str = "value",
    indicators: Sequence[str] | None = None,
    labels: bool = True,
) -> pd.DataFrame:
    """Put the figures of the districts side by side, with groups and totals.

    Parameters
    ----------
    table : DataFrame
        As :func:`geo_citymgmt.progress` gives it.
    city : City
        For names, order and groups of its districts.
    lang : {"zh", "en"}, default options.lang
        Of names and headings.
    column : {"value", "attainment", "target"}
        Which number of each figure.
    indicators : sequence of str, optional
        These figures, in this order; all with a value in any district otherwise.
    labels : bool
        Head the columns with name and unit; with the ids of the figures otherwise.

    Returns
    -------
    DataFrame
        Indexed by zone code: ``name``, ``group``, ``row_kind`` (zone, outside, unlocated or
        total), then one column a figure, in the unit of its definition. For figures that add up,
        the rows above ``total`` make it.

    Raises
    ------
    CityDataError
        A figure that no district has.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> board = scoreboard(gcm.progress(city, as_of=None), city, indicators=["manhole_remediated"])
    >>> board.columns.tolist()
    ['name', 'group', 'row_kind', '城市道路窨井整治（已验收）（个）']
    >>> int(board.iloc[-1, -1])
    1180
    """
    lang = display_lang(lang)
    words = Words(lang, unit=city.unit)
    wide = by_district(table, column)
    chosen = list(wide.columns if indicators is None else indicators)
    unknown = [name for name in chosen if name not in wide.columns]
    if unknown:
        gaps = {"unit": city.unit, "figure": unknown[0], "known": ", ".join(wide.columns)}
        raise _MESSAGES.error(CityDataError, "no_figure_of_zone", **gaps)
    names, groups = zone_names(city.zones, lang), zone_groups(city.zones)
    kinds = [label if label in MARGINS else "zone" for label in wide.index]
    out = pd.DataFrame(
        {
            "name": [words(at) if at in MARGINS else str(names.get(at, at)) for at in wide.index],
            "group": [str(groups.get(at, "")) for at in wide.index],
            "row_kind": kinds,
        },
        index=pd.Index(wide.index, name="zone_code"),
    )
    headers = figure_headers(table, words) if labels else {}
    # All at once: a column at a time breaks the frame into as many pieces.
    return pd.concat([out, wide[chosen].rename(columns=headers)], axis=1)


def figure_headers(table: pd.DataFrame, words: Words) -> dict[str, str]:
    """Return the heading of each figure: its name and its unit."""
    headers = {}
    for row in table.drop_duplicates("indicator").itertuples():
        name = words.named(row)
        unit = words.unit_of(row.unit, row.indicator)
        headers[row.indicator] = words("field_unit", label=name, unit=unit) if unit else name
    return headers
