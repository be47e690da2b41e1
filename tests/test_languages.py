"""Whatever shows text refuses a language it has no words for, by one sentence."""

from __future__ import annotations

import geopandas as gpd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.maps import CityMap
from geo_citymgmt.report import (
    Words,
    exact_value,
    format_value,
    summary,
    unit_label,
    write_findings,
    zone_names,
)
from geo_citymgmt.spec import get_spec


def frame(city):
    return gcm.summarise(city["utility_tunnels"], city.zones, x=("length_km", "sum"))


SPEAKING = {
    "CityMap": lambda city, **lang: CityMap(**lang),
    "city_map": lambda city, **lang: gcm.city_map(city, **lang),
    "progress_map": lambda city, **lang: gcm.progress_map(city, "manhole_remediated", **lang),
    "layer_map": lambda city, **lang: gcm.layer_map(
        city["utility_tunnels"], "utility_tunnels", **lang
    ),
    "coverage_map": lambda city, **lang: gcm.coverage_map(
        city["bike_stations"], city.zones, radius_m=300, **lang
    ),
    "zone_map": lambda city, **lang: gcm.zone_map(frame(city), city.zones, "x", **lang),
    "plot_zones": lambda city, **lang: gcm.plot_zones(frame(city), city.zones, "x", **lang),
    "plot_layer": lambda city, **lang: gcm.plot_layer(
        city["utility_tunnels"], "utility_tunnels", **lang
    ),
    "plot_progress": lambda city, **lang: gcm.plot_progress(city, "manhole_remediated", **lang),
    "write_report": lambda city, **lang: gcm.write_report(city, "never", **lang),
    "write_findings": lambda city, **lang: write_findings(city, "never.xlsx", **lang),
    "summary": lambda city, **lang: summary(city, **lang),
    "Words": lambda city, **lang: Words(**lang),
    "unit_label": lambda city, **lang: unit_label("m2", **lang),
    "format_value": lambda city, **lang: format_value(1e6, "m2", **lang),
    "exact_value": lambda city, **lang: exact_value(1e6, "m2", **lang),
    "LayerSpec.name": lambda city, **lang: get_spec("manholes").name(**lang),
    "Field.label": lambda city, **lang: get_spec("manholes").fields["status"].label(**lang),
}


@pytest.mark.parametrize("name", SPEAKING)
def test_an_unknown_language_is_refused_in_both(city, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(gcm.CityDataError, match="lang is 'cn'; it is 'zh' or 'en'") as caught:
        SPEAKING[name](city, lang="cn")
    assert "应为 zh 或 en" in caught.value.message_zh
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("lang", "names"), [("en", ["A", "B", "3"]), ("zh", ["甲区", "乙区", "3"])]
)
def test_a_zone_that_has_no_name_in_a_language_goes_by_the_one_it_has(lang, names):
    zones = gpd.GeoDataFrame(
        {"name_zh": ["甲区", "乙区", None], "name_en": ["A", " ", None], "name": [None, "B", ""]},
        geometry=[None] * 3,
        index=["1", "2", "3"],
    )
    assert zone_names(zones, lang).tolist() == names
