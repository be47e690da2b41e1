"""The table of progress as it is read: the city's figures, months, districts side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._languages import shared_terms
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.figures._actuals import month_ends as last_days
from geo_citymgmt.figures._actuals import period_start
from geo_citymgmt.figures._progress import progress, progress_series
from geo_citymgmt.indicators import Figures, load_figures

if TYPE_CHECKING:
    import geopandas as gpd

    from geo_citymgmt.city import City

MARGINS = ("outside", "unlocated", "total")
_GROUP_OF = {"urban_district": "urban", "functional": "urban", "county_city": "county"}
#: First digits of the municipalities, whose codes run 01 for districts and 02 for counties.
_MUNICIPALITIES = ("11", "12", "31", "50")


def month_ends(
    facts: CityFacts,
    day: pd.Timestamp,
    table: pd.DataFrame | None = None,
    *,
    level: str = "district",
) -> pd.DataFrame:
    """Return progress at each month end of the year of ``day`` before it, and at ``day`` itself.

    It is of city and districts, and with ``level`` of what lies below them, as far down as that
    or as ``table`` goes. Where progress at ``day`` is known it is given as ``table``. Figures of
    layers the city does not have are there at ``day`` alone: they have no course.
    """
    city = facts.city
    start = period_start("year", day, city.month_starts)
    table = progress(facts, as_of=day, level=level) if table is None else table
    above = table["level"].isin(["city", "district"])
    parts = [table[above] if level == "district" else table]
    before = day - pd.Timedelta(days=1)
    assert start is not None
    known = [key for key, figure in city.figures.figures.items() if figure.layer in city]
    if known and last_days(start, before, city.month_starts):
        parts.insert(
            0, progress_series(facts, start=start, end=before, level=level, indicators=known)
        )
    return pd.concat(parts, ignore_index=True)


def headline(table: pd.DataFrame, figures: Figures | None = None) -> pd.DataFrame:
    """Return the figures of the whole city, one row each.

    Parameters
    ----------
    table : DataFrame
        Of :func:`geo_citymgmt.progress`.
    figures : Figures, optional
        Of a city with figures of its own; the package's without.

    Returns
    -------
    DataFrame
        Indexed by figure, in the order of the definitions: the columns of
        :func:`geo_citymgmt.progress` and ``expected_share``, the attainment that the calendar
        expects (missing where attainment does not grow with time), and ``distance``, how far it is
        from what is due: from the pace, else from the target; negative is behind, 0.01 a point.
        Both are missing where records that are not known leave the status open. A measure the
        document states twice is there once.
    """
    known = (figures or load_figures()).figures
    rows = table[table["level"] == "city"].set_index("indicator", drop=False)
    repeated = [i for i in rows.index if i in known and known[i].same_as in rows.index]
    return against_due(rows.drop(index=repeated), figures)


def against_due(rows: pd.DataFrame, figures: Figures | None = None) -> pd.DataFrame:
    """Add to rows of progress how far they are from what is due; see :func:`headline`.

    Returns
    -------
    DataFrame
        The rows with ``expected_share`` and ``distance``.
    """
    known = (figures or load_figures()).figures
    share, distance = [], []
    asked = ["indicator", "unit", "value", "target", "attainment", "expected"]
    for row in rows[asked].astype({"indicator": object, "unit": object}).itertuples():
        figure = known.get(str(row.indicator))
        level = figure is not None and figure.level
        down = figure is not None and figure.direction == "down"
        share.append(_expected_share(row, level, down))
        distance.append(_distance(row, share[-1], level, down))
    out = rows.assign(expected_share=share, distance=distance)
    # What may be behind or not is so many points from what is due as nobody knows.
    names = ["expected_share", "distance"]
    out[names] = out[names].mask(out["status"].eq("not_available"))
    return out


def standings(table: pd.DataFrame, figures: Figures | None = None) -> pd.DataFrame:
    """Return the districts' rows of progress, those furthest behind what is due first.

    Parameters
    ----------
    table : DataFrame
        Of :func:`geo_citymgmt.progress`, or of several dates.
    figures : Figures, optional
        Of a city with figures of its own; the package's without.

    Returns
    -------
    DataFrame
        Rows of the zones with ``expected_share`` and ``distance`` of :func:`headline`; those
        without a distance are last, in the order of the table.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> rows = standings(gcm.progress(gcm.sample_city(), as_of="2022-06-30"))
    >>> row = rows[rows["indicator"] == "illegal_demolished_area"].iloc[0]
    >>> row["zone_code"], round(float(row["distance"]), 3)
    ('320508', -0.406)
    """
    rows = table[table["level"].eq("district") & table["row_kind"].eq("zone")]
    rows = against_due(rows, figures)
    return rows.sort_values("distance", kind="stable")


def months_last(
    series: pd.DataFrame, groups: pd.Series, figures: Figures | None = None
) -> pd.DataFrame:
    """Return which district of a group is last, and for how many dates running it has been.

    Parameters
    ----------
    series : DataFrame
        Progress at several dates, such as month ends.
    groups : Series
        Group of each district, by its code; ranks are made within groups.
    figures : Figures, optional

    Returns
    -------
    DataFrame
        One row a figure and group whose last district is behind what is due at the last date:
        ``indicator, group, zone_code, months``. A group of one, and two that are last together,
        have no last.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> series = gcm.progress_series(city, start="2022-01-01", end="2022-06-30",
    ...                              indicators="manhole_remediated")
    >>> months_last(series, zone_groups(city.zones))[["group", "zone_code"]].to_numpy().tolist()
    [['county', '320583'], ['urban', '320509']]
    """
    columns = ["indicator", "group", "zone_code", "months"]
    rows = standings(series, figures)
    rows = rows[rows["distance"].notna()]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    rows = rows.assign(group=rows["zone_code"].map(groups), cents=rows["distance"].round(6))
    keys = ["indicator", "group", "as_of"]
    place = rows.groupby(keys).cumcount()
    first, second = (rows[place == k].set_index(keys) for k in (0, 1))
    alone = (first["cents"] < second["cents"].reindex(first.index)) & (first["cents"] < 0)
    last_of = first["zone_code"].astype("object").where(alone, None).sort_index()
    out = []
    for (name, group), block in last_of.groupby(level=["indicator", "group"]):
        lasts = block.to_list()
        last = lasts[-1]
        if last is not None:
            before = [k for k, zone in enumerate(lasts) if zone != last]
            out.append((name, group, last, len(lasts) - (before[-1] + 1 if before else 0)))
    return pd.DataFrame(out, columns=columns)


def monthly_need(outlook: pd.DataFrame, months: pd.DataFrame, figures: Figures) -> pd.DataFrame:
    """Return what each month must still bring in the city, beside what this month brought.

    Parameters
    ----------
    outlook : DataFrame
        Of :func:`geo_citymgmt.outlook`.
    months : DataFrame
        Of :func:`geo_citymgmt.period_table` for months.
    figures : Figures

    Returns
    -------
    DataFrame
        Indexed by figure: ``needed`` a month, ``deadline``, ``brought`` this month (what a figure
        that is to fall has fallen by) and ``times``, how many times that is needed: missing where
        the month has not ended or brought nothing.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> months = gcm.period_table(city, periods="month")
    >>> row = monthly_need(gcm.outlook(city), months, city.figures).loc["manhole_remediated"]
    >>> round(row["needed"]), int(row["brought"]), round(float(row["times"]), 2)
    (304, 387, 0.79)
    """
    rows = outlook[outlook["level"].eq("city")].set_index("indicator")
    open_ones = rows["needed_per_month"].notna() & rows["remaining"].gt(0) & rows["days_left"].gt(0)
    rows = rows[open_ones]
    now = months[months["level"].eq("city") & months["period"].eq("month")].set_index("indicator")
    now = now.reindex(rows.index)
    down = np.array([figures.figures[str(name)].direction == "down" for name in rows.index], bool)
    change = now["change"] * np.where(down, -1.0, 1.0)
    brought = now["value"].where(now["kind"].eq("period"), change).astype("float64")
    whole = now["complete"].eq(True) & brought.gt(0)
    needed = rows["needed_per_month"]
    times = needed / brought.where(whole)
    return pd.DataFrame(
        {"needed": needed, "deadline": rows["deadline"], "brought": brought, "times": times}
    )


def _distance(row: Any, expected_share: float, level: bool, down: bool) -> float:
    if pd.isna(row.attainment):
        return float("nan")
    if level and row.unit == "ratio":
        # A share of a share says nothing: its points are those of the figure.
        return float(row.target - row.value if down else row.value - row.target)
    return float(row.attainment - (1.0 if pd.isna(expected_share) else expected_share))


def _expected_share(row: Any, level: bool, down: bool) -> float:
    if level or pd.isna(row.expected) or pd.isna(row.attainment):
        return float("nan")
    if not down:
        return float(row.expected / row.target) if row.target > 0 else float("nan")
    if row.attainment >= 1:
        return float("nan")
    # What there was at the start follows from how much of the fall is done.
    opening = (row.value - row.attainment * row.target) / (1 - row.attainment)
    fall = opening - row.target
    return float(np.clip((opening - row.expected) / fall, 0.0, 1.0)) if fall > 0 else float("nan")


def zone_names(zones: gpd.GeoDataFrame, lang: str) -> pd.Series:
    """Return the names of zones in a language, else in the other, else their codes.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> zone_names(gcm.sample_city().zones, "zh").tolist()[:2]
    ['姑苏区', '高新区（虎丘区）']
    """
    order = ("name_zh", "name", "name_en") if lang == "zh" else ("name_en", "name", "name_zh")
    names = pd.Series(zones.index.astype("str"), index=zones.index, dtype="object")
    for column in reversed(order):
        if column in zones:
            given = zones[column].astype("object")
            names = names.mask(given.notna() & given.astype("str").str.strip().ne(""), given)
    return names.astype("str")


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


def together(value: np.ndarray, numerator: np.ndarray, denominator: np.ndarray) -> float:
    """Return what zones make together: a sum, or the share of their sums; missing for none known.

    Examples
    --------
    >>> unknown = np.full(2, np.nan)
    >>> together(np.array([2.0, 3.0]), unknown, unknown)
    5.0
    >>> together(np.array([0.5, 1.0]), np.array([1.0, 8.0]), np.array([2.0, 8.0]))
    0.9
    """
    if not np.isnan(denominator).all():
        whole = float(np.nansum(denominator))
        return float(np.nansum(numerator)) / whole if whole else float("nan")
    return float("nan") if np.isnan(value).all() else float(np.nansum(value))


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
        if figure is not None and figure.adds_up:
            out[name] = sums[name]
        elif figure is not None and figure.numerator is not None:
            out[name] = ratio[name]
        else:
            out[name] = pd.Series(np.nan, index=sums.index)
    return pd.DataFrame(out).reindex([g for g in shared_terms()["group"] if g in sums.index])
