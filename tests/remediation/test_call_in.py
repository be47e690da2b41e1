"""Rules by which a zone is called in."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import geo_citymgmt as gcm
from tests.remediation.parcels import (
    GUSU,
    KUNSHAN,
    LAYER,
    plain_open,
)

RULE = {
    "repeat": {
        "zh": "示例：一年内反弹两次",
        "en": "example: two relapses within a year",
        "all": [{"figure": "relapses", "within_days": 365, "at_least": 2}],
    }
}


def test_a_rule_fires_where_its_figures_say_so(city):
    relapses = gcm.relapse_rates(city, start="2021-07-01", end="2022-06-30", level="street")
    zones = relapses[(relapses["row_kind"] == "zone") & (relapses["level"] == "street")]
    expected = zones[zones["relapses"] >= 2].set_index("zone_code")["relapses"]
    table = gcm.call_in(city, RULE).set_index("zone_code")
    assert table["value"].to_dict() == expected.to_dict()
    assert len(table) > 0
    assert set(table["rule_zh"]) == {"示例：一年内反弹两次"}
    assert (table["period_start"] == pd.Timestamp("2021-07-01")).all()
    assert (table["outcome"] == "fired").all()


def test_all_conditions_of_a_rule_must_hold_and_a_missing_figure_leaves_it_open(city):
    figures = pd.DataFrame({"complaints": [5.0, np.nan, 1.0]}, index=[KUNSHAN, GUSU, "320505"])
    rules = {
        "both": {
            "all": [
                {"figure": "complaints", "more_than": 3},
                {"figure": "open", "at_least": 1},
            ]
        }
    }
    table = gcm.call_in(city, rules, level="district", figures=figures)
    assert table.groupby("zone_code")["outcome"].first().to_dict() == {
        code: "fired" if code == KUNSHAN else "undecided"
        for code in city.zones.index
        if code != "320505"
    }
    assert len(table) == 2 * 9


def test_hot_spots_new_builds_and_overdue_cases_are_figures_of_rules(city, plain):
    parcels, _ = plain
    district = city[LAYER].set_index("parcel_id")["district_code"].reindex(parcels.index)
    conditions = [
        {"figure": "new_builds", "within_days": 181, "at_least": 0},
        {"figure": "overdue", "at_least": 0},
        {"figure": "hot_spot_share", "at_least": 0},
    ]
    hot = gpd.GeoDataFrame(geometry=city.zones.loc[[GUSU]].geometry.to_numpy(), crs=city.zones.crs)
    table = gcm.call_in(city, {"all": {"all": conditions}}, level="district", hot_spots=hot)
    value = table.pivot_table(index="zone_code", columns="figure", values="value")
    new = parcels["STOCK_TYPE"].isin(["新增", "在建"])
    new &= parcels["FOUND_DATE"].between("2022-01-01", "2022-06-30")
    assert value["new_builds"].to_dict() == new.groupby(district).sum().to_dict()
    late = plain_open(parcels, "2022-06-30") & (parcels["DEADLINE"] < "2022-06-30")
    assert value["overdue"].to_dict() == late.groupby(district).sum().to_dict()
    assert value.loc[GUSU, "hot_spot_share"] == pytest.approx(1)
    assert value.loc[KUNSHAN, "hot_spot_share"] == pytest.approx(0)
    with pytest.raises(gcm.CRSError, match="to_crs"):
        gcm.call_in(city, {"a": {"all": conditions}}, hot_spots=hot.to_crs(4326))
    with pytest.raises(gcm.CityDataError, match="no hot spots were given"):
        gcm.call_in(city, {"a": {"all": conditions}})


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"figure": "relapses", "at_least": 2}, "within_days"),
        ({"figure": "open", "at_least": 2, "within_days": 30}, "within_days"),
        ({"figure": "open"}, "one test"),
        ({"figure": "open", "at_least": 1, "at_most": 2}, "one test"),
        ({"figure": "open", "atleast": 1}, "one test"),
        ({"figure": "open", "at_least": "many"}, "not a number"),
        ({"figure": "gossip", "at_least": 1}, "no figure 'gossip'"),
    ],
)
def test_a_rule_that_cannot_be_read_says_why(city, condition, said):
    with pytest.raises(gcm.CityDataError, match=said):
        gcm.call_in(city, {"mine": {"all": [condition]}})
    with pytest.raises(gcm.CityDataError, match="no conditions"):
        gcm.call_in(city, {"mine": {}})
