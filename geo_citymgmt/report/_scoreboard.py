"""Figures by district, side by side: groups of districts that compare, and totals that agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_citymgmt._options import display_lang
from geo_citymgmt._words import Text
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.indicators import Figure
from geo_citymgmt.report._words import Words

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_citymgmt.city import City


MARGINS = ("outside", "unlocated", "total")
_GROUP_OF = {"urban_district": "urban", "functional": "urban", "county_city": "county"}
#: First digits of the municipalities, whose codes run 01 for districts and 02 for counties.
_MUNICIPALITIES = ("11", "12", "31", "50")


def zone_names(zones: gpd.GeoDataFrame, lang: str | None = None) -> pd.Series:
    """Return the name of each zone in a language, its code where it has none.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> zone_names(gcm.sample_city().zones).tolist()[:2]
    ['姑苏区', '高新区（虎丘区）']
    """
    lang = display_lang(lang)
    out = pd.Series(zones.index.astype("str"), index=zones.index, dtype="object")
    english = lang == "en"
    order = ("name_en", "name_zh", "name") if english else ("name_zh", "name", "name_en")
    for column in reversed(order):
        if column in zones.columns:
            results = zones[column]
            out = results.astype("object").where(results.notna() & (results != ""), out)
    return out.astype("str")


def zone_groups(zones: gpd.GeoDataFrame) -> pd.Series:
    """Return the group within which each district compares: urban, rural, county or other.

    By the kind of the district where the source tells it; else by its code (GB/T 2260): the last
    two digits are 01 to 20 for urban districts, 21 to 70 for counties (rural), 71 to 80 for
    functional areas, 81 and more for county-level cities (county). What has neither is other.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> zone_groups(gcm.sample_city().zones).value_counts().to_dict()
    {'urban': 6, 'county': 4}
    """
    out = pd.Series([_by_code(str(code)) for code in zones.index], zones.index, dtype="object")
    if "kind" in zones.columns:
        results = zones["kind"].map(_GROUP_OF)
        out = results.astype("object").where(results.notna(), out)
    return out.astype("str")


def _by_code(code: str) -> str:
    if not (len(code) == 6 and code.isascii() and code.isdigit()):
        return "other"
    if code.startswith(_MUNICIPALITIES):
        return "rural" if code[2:4] == "02" else "urban"
    last = int(code[-2:])
    return "county" if last > 80 else "rural" if 20 < last <= 70 else "urban"


def adds_up(figure: Figure) -> bool:
    """Tell whether the districts of a figure add up to the city."""
    return figure.adds_up


def by_district(table: pd.DataFrame, column: str = "value") -> pd.DataFrame:
    """Turn a tidy table of progress into one row a district and one column a figure.

    Parameters
    ----------
    table : DataFrame
        As :func:`geo_citymgmt.progress` gives it.
    column : str
        Which of its numbers: value, target, attainment, expected, numerator, denominator, status.

    Returns
    -------
    DataFrame
        Indexed by zone code; below the zones ``outside``, ``unlocated`` (of all districts
        together) and ``total``, where the table has them. Columns are figures with a value in any
        district.
    """
    rows = table[table["level"].isin(["city", "district"])]
    rows = rows.assign(at=rows["zone_code"].where(rows["row_kind"] == "zone", rows["row_kind"]))
    order = [*dict.fromkeys(rows.loc[rows["row_kind"] == "zone", "at"])]
    order += [m for m in MARGINS if (rows["at"] == m).any()]
    known = rows.loc[rows["level"] == "district"].dropna(subset=["value"])["indicator"].unique()
    figures = [f for f in rows["indicator"].unique() if f in known]
    grouped = rows[rows["indicator"].isin(figures)].groupby(["at", "indicator"], sort=False)[column]
    # Records without a place are told by the district they name: here they are one row.
    wide = grouped.first() if column == "status" else grouped.sum(min_count=1)
    wide = wide.unstack()  # noqa: PD010
    return wide.reindex(index=order, columns=figures).rename_axis(None, axis=1)


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
        raise CityDataError(
            Text(
                f"各{city.unit.zh}没有指标 {unknown[0]}。",
                f"no {city.unit.en} has the figure {unknown[0]!r}; "
                f"known: {', '.join(wide.columns)}.",
            ),
        )
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
    for name in chosen:
        out[headers.get(name, name)] = wide[name].to_numpy()
    return out


def figure_headers(table: pd.DataFrame, words: Words) -> dict[str, str]:
    """Return the heading of each figure: its name and its unit."""
    headers = {}
    for row in table.drop_duplicates("indicator").itertuples():
        name = words.named(row)
        unit = words.unit_of(row.unit, row.indicator)
        headers[row.indicator] = words("field_unit", label=name, unit=unit) if unit else name
    return headers


def subtotals(by_column: Callable[[str], pd.DataFrame], city: City) -> pd.DataFrame:
    """Return one row a group of districts, for figures that add up and for shares of such.

    ``by_column`` gives the table of :func:`by_district` for a column. There is a column for each
    figure, missing where it does not add up.
    """
    groups = zone_groups(city.zones)
    definitions = city.figures.figures
    value = by_column("value")
    zones = [at for at in value.index if at in groups.index]
    sums, numerator, denominator = (
        by_column(c)
        .reindex(index=zones, columns=value.columns)
        .groupby(groups[zones])
        .sum(min_count=1)
        for c in ("value", "numerator", "denominator")
    )
    ratio = numerator / denominator.where(denominator > 0)
    out = {}
    for name in value.columns:
        figure = definitions.get(name)
        if figure is not None and adds_up(figure):
            out[name] = sums[name]
        elif figure is not None and figure.numerator is not None:
            out[name] = ratio[name]
        else:
            out[name] = pd.Series(np.nan, index=sums.index)
    return pd.DataFrame(out).reindex([g for g in Words().names("group") if g in sums.index])
