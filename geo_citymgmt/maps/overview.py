"""The map of a whole city: its districts, every layer, one figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._arguments import check_city
from geo_citymgmt._gate import Gate, refuses_by_name
from geo_citymgmt._options import display_lang
from geo_citymgmt.facts.as_of import day_of
from geo_citymgmt.maps.asked import MapGate
from geo_citymgmt.maps.basemaps import BasemapLike
from geo_citymgmt.maps.citymap import CityMap, Lang
from geo_citymgmt.maps.elements import Zones
from geo_citymgmt.maps.features import Drawing, add_layer, add_outlines
from geo_citymgmt.maps.figure_maps import add_indicator, add_notice, add_panel
from geo_citymgmt.maps.overlays import many
from geo_citymgmt.maps.panel import Slider, dates_of
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_TITLE = {"zh": "城市管理设施与治理一张图", "en": "City management: facilities and remediation"}
# As the annual document takes them; a bureau's own layers follow.
_ORDER = (
    "illegal_construction",
    "utility_tunnels",
    "manholes",
    "parking_points",
    "bike_stations",
)
_NO_ZONES = Text(
    "来源中没有{unit}图层：指标为全市数；补充{unit}图层后，可分{unit}显示",
    "The source has no layer of {unit} outlines: figures are those of the whole city",
)
_AS_OF = {"zh": "数据截至 {date}", "en": "Data as of {date}"}
# Figures know the past; features are drawn as they were last recorded.
_EARLIER = {
    "zh": "指标截至 {date}；设施与案件为 {own} 的登记状况",
    "en": "Figures as of {date}; features as recorded on {own}",
}


@refuses_by_name
def city_map(
    city: City,
    *,
    as_of: Any = None,
    indicator: str | None = None,
    table: pd.DataFrame | None = None,
    series: pd.DataFrame | None = None,
    panel: bool | Sequence[str] = True,
    title: str | None = None,
    caption: str | None = None,
    lang: Lang | None = None,
    online: bool = False,
    basemap: BasemapLike = None,
) -> CityMap:
    """Draw the districts, every layer the city has as a switchable overlay, and one figure.

    Parameters
    ----------
    city : City
        Layers it does not have are left out.
    as_of : date-like, optional
        The day of the figure, inclusive; by default the data's own date. The features are those
        of the data's own date whatever the day; at an earlier one the caption says so.
    indicator : str, optional
        The figure that fills the districts, where there are any; by default the first of the
        figures with a value in most districts.
    table : DataFrame, optional
        What `progress` gave at the level ``district``, to save computing it again.
    series : DataFrame, optional
        What `progress_series` gave at that level, in place of `table`: the page gets a slider.
    panel : bool or sequence of str
        See `progress_map`.
    title, caption : str, optional
        Heading and the line under it; by default a plain title and the date of the data.
    lang : {"zh", "en"}, default options.lang
        Language of labels, codes and the page's own words.
    online, basemap
        See `CityMap`.

    Returns
    -------
    CityMap

    See Also
    --------
    progress_map, layer_map, zone_map
    """
    lang = display_lang(lang)
    check_city(MapGate("city_map"), city)
    day = day_of(city, as_of, Gate("city_map"))
    given = caption is not None
    if caption is None and day is not None:
        caption = _dated(f"{day:%Y-%m-%d}", city, lang)
    drawn = CityMap(
        title=title or _TITLE[lang], caption=caption, lang=lang, online=online, basemap=basemap,
        zone_unit=city.unit,
    )  # fmt: skip
    add_notice(drawn, city)
    zones = city.zones
    if series is not None:
        table = series
    if table is None:
        from geo_citymgmt.progress import progress

        table = progress(city, as_of=day, level="district")
    layer: Zones | None = None
    if not city.has_zones:
        # Nothing to fill; the panel has the figures of the whole all the same.
        indicator = None
        drawn.add_note(_NO_ZONES.format(unit=city.unit).of(lang))
    else:
        indicator = indicator or _fullest(table)
        if indicator is None:
            layer = add_outlines(drawn, zones)
        else:
            layer = add_indicator(drawn, table, indicator, zones)
    specs = city.specs
    facilities = [key for key in city if key in specs and specs[key].role == "facility"]
    present = sorted(facilities, key=lambda k: _ORDER.index(k) if k in _ORDER else len(_ORDER))
    # The figure is read first; five layers at once would hide it and each other.
    drawing = Drawing(
        show=indicator is None, packed=many([city[key].geometry for key in present]) or None
    )
    for key in present:
        add_layer(drawn, city[key], specs[key], drawing, zones=zones)
    known = table["value"].notna().any()
    if panel is not False and (indicator is not None or known):
        add_panel(drawn, city, table, indicator, layer, panel=panel)
    dates = dates_of(table)
    if indicator is not None and layer is not None and len(dates) > 1:
        shown = [] if given else [_dated(date, city, lang) for date in dates]
        drawn.add_child(Slider(dates, shown, layer=layer), name="slider")
    # A switch of nothing is an empty box.
    drawn.layer_switch = bool(present) or indicator is not None
    return drawn


def _dated(date: str, city: City, lang: Lang) -> str:
    """Return the line under the title: of which day the figures are, and of which the features."""
    own = "" if city.data_date is None else f"{city.data_date:%Y-%m-%d}"
    words = _EARLIER if own and date < own else _AS_OF
    return words[lang].format(date=date, own=own)


def _fullest(table: pd.DataFrame) -> str | None:
    """Return the figure with a value, or better an attainment, in most districts.

    None where no figure tells two districts apart from nothing: a map of zeros says less than the
    records themselves.
    """
    district = table.loc[table["level"].eq("district")]
    some = district.loc[district["value"].fillna(0).ne(0), "indicator"].unique()
    district = district.loc[district["indicator"].isin(some)]
    if district.empty:
        return None
    known = district.groupby("indicator", sort=False)[["attainment", "value"]].count()
    return str(known.sort_values(["attainment", "value"], ascending=False, kind="stable").index[0])
