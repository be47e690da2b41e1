"""Geospatial analysis of violations and facilities for city-management bureaus.

Five layers an office has (illegal construction, utility tunnels, manholes, parking, bike stations)
become figures that add up and maps that open anywhere::

    import geo_citymgmt as gcm

    city = gcm.load_city("data/shapefiles")
    table = gcm.progress(city, as_of="2022-06-30")
    gcm.progress_map(city, "manhole_remediated").save("manholes.html")

Drawing, workbooks and databases are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geo_citymgmt._options import options
from geo_citymgmt._version import __version__ as __version__
from geo_citymgmt.access import (
    coverage,
    coverage_area,
    coverage_gaps,
    distance_percentiles,
    gini,
    lorenz,
    nearest,
    share_within,
    supply_ratio,
    two_step_access,
    unserved,
)
from geo_citymgmt.assessment import assess
from geo_citymgmt.cases import (
    ageing,
    audit_sample,
    burn_down,
    call_in,
    case_lists,
    interim_share,
    last_open,
    open_cases,
    relapse_rates,
    stock_flow,
)
from geo_citymgmt.city import City, load_city
from geo_citymgmt.cleaning._datum import from_wgs84, suspect_datum, to_wgs84
from geo_citymgmt.cleaning._mapping import propose_mapping
from geo_citymgmt.errors import (
    AsOfError,
    CityDataError,
    CRSError,
    GeometryWarning,
    MapError,
    RepeatedSourceError,
    ScaleWarning,
    SourceError,
    SpecError,
)
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.facts._timeline import has_code
from geo_citymgmt.figures import (
    figure,
    outlook,
    period_table,
    progress,
    progress_series,
    unit_progress,
)
from geo_citymgmt.indicators import published_indicators
from geo_citymgmt.layer import Layer, read_layer
from geo_citymgmt.patterns import changes, conflicts, hot_spots, recurrence
from geo_citymgmt.reading._limits import ReadLimits
from geo_citymgmt.scoring import score_parts, scorecard
from geo_citymgmt.spec import Field, LayerSpec, load_specs
from geo_citymgmt.worktime import WorkCalendar, due_times, work_calendar
from geo_citymgmt.writing import write_layer
from geo_citymgmt.zones import (
    assign_zones,
    check_zones,
    make_grid,
    split_by_zone,
    summarise,
    summarise_levels,
)

if TYPE_CHECKING:
    from geo_citymgmt.maps import (
        Basemap,
        CityMap,
        city_map,
        coverage_map,
        layer_map,
        progress_map,
        zone_map,
    )
    from geo_citymgmt.maps._static import plot_layer, plot_progress, plot_zones
    from geo_citymgmt.report import fill_template, write_lists, write_report, write_sheet
    from geo_citymgmt.sample import sample_city

__all__ = [
    "AsOfError",
    "Basemap",
    "CRSError",
    "City",
    "CityDataError",
    "CityFacts",
    "CityMap",
    "Field",
    "GeometryWarning",
    "Layer",
    "LayerSpec",
    "MapError",
    "ReadLimits",
    "RepeatedSourceError",
    "ScaleWarning",
    "SourceError",
    "SpecError",
    "WorkCalendar",
    "ageing",
    "assess",
    "assign_zones",
    "audit_sample",
    "burn_down",
    "call_in",
    "case_lists",
    "changes",
    "check_zones",
    "city_map",
    "conflicts",
    "coverage",
    "coverage_area",
    "coverage_gaps",
    "coverage_map",
    "distance_percentiles",
    "due_times",
    "figure",
    "fill_template",
    "from_wgs84",
    "gini",
    "has_code",
    "hot_spots",
    "interim_share",
    "last_open",
    "layer_map",
    "load_city",
    "load_specs",
    "lorenz",
    "make_grid",
    "nearest",
    "open_cases",
    "options",
    "outlook",
    "period_table",
    "plot_layer",
    "plot_progress",
    "plot_zones",
    "progress",
    "progress_map",
    "progress_series",
    "propose_mapping",
    "published_indicators",
    "read_layer",
    "recurrence",
    "relapse_rates",
    "sample_city",
    "score_parts",
    "scorecard",
    "share_within",
    "split_by_zone",
    "stock_flow",
    "summarise",
    "summarise_levels",
    "supply_ratio",
    "suspect_datum",
    "to_wgs84",
    "two_step_access",
    "unit_progress",
    "unserved",
    "work_calendar",
    "write_layer",
    "write_lists",
    "write_report",
    "write_sheet",
    "zone_map",
]

#: Names whose modules pull in what a plain import must not: folium, matplotlib, XlsxWriter.
_LAZY = {
    "Basemap": "geo_citymgmt.maps",
    "CityMap": "geo_citymgmt.maps",
    "city_map": "geo_citymgmt.maps",
    "coverage_map": "geo_citymgmt.maps",
    "layer_map": "geo_citymgmt.maps",
    "plot_layer": "geo_citymgmt.maps._static",
    "plot_progress": "geo_citymgmt.maps._static",
    "plot_zones": "geo_citymgmt.maps._static",
    "progress_map": "geo_citymgmt.maps",
    "sample_city": "geo_citymgmt.sample",
    "fill_template": "geo_citymgmt.report",
    "write_lists": "geo_citymgmt.report",
    "write_report": "geo_citymgmt.report",
    "write_sheet": "geo_citymgmt.report",
    "zone_map": "geo_citymgmt.maps",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        value = getattr(import_module(_LAZY[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    # What it is made of (modules, helpers of this file) can be imported and is not shown.
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
