"""The cases of the sample: the document's numbers to the unit, and lives that can be believed."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import geo_citymgmt as gcm
from generator.cases import CASES, add_cases, limits_table
from geo_citymgmt.sample import write_sample
from tests.conftest import ROOT

FILE = ROOT / "geo_citymgmt" / "sample" / "digital_cases.parquet"


@pytest.fixture(scope="module")
def cases(cases_city: gcm.City) -> gpd.GeoDataFrame:
    return cases_city["digital_cases"]


def test_cases_are_as_many_as_published_and_as_many_are_closed(cases: gpd.GeoDataFrame) -> None:
    assert len(cases) == 368_172
    assert round(cases["closed"].sum() / len(cases), 4) == 0.9739
    source = cases.groupby("source")["closed"].agg(["size", "sum"])
    assert source.loc["police_110"].tolist() == [6_201, 6_156]
    assert source.loc["hotline_12345", "size"] == 5_312
    assert round(source.loc["hotline_12345", "sum"] / 5_312, 4) == 0.8980
    visited = cases.loc[~cases["satisfaction"].isin(["none"]), "satisfaction"].dropna()
    assert round((visited == "satisfied").mean(), 4) == 0.9008


def test_every_record_is_accepted_and_nothing_but_due_times_is_told(cases_city: gcm.City) -> None:
    ledger = cases_city.ledger.set_index("layer").loc["digital_cases"]
    assert ledger["n_accepted"] == 368_172
    assert set(cases_city.findings["code"]) == {"DUE_COMPUTED"}
    assert cases_city["digital_cases"]["handle_due_at"].notna().all()


def test_times_of_a_case_follow_each_other_and_its_state(cases: gpd.GeoDataFrame) -> None:
    stages = ["reported", "filed", "dispatched", "handled", "verified", "closed"]
    times = cases[[f"{stage}_at" for stage in stages]]
    for earlier, later in zip(times, times.columns[1:], strict=False):
        assert not (times[later] < times[earlier]).any(), later
        assert not (times[later].notna() & times[earlier].isna()).any(), later
    assert times.max().max() < pd.Timestamp("2022-06-01")
    reached = times.notna().sum(axis=1).map(dict(enumerate(stages, 1)))
    aside = cases["status"].isin(["deferred", "listed"])
    assert (cases["status"] == reached)[~aside].all()
    assert (cases["closed"] == (cases["status"] == "closed")).all()
    stopped = cases["deferred_from"].notna()
    assert aside[stopped & cases["deferred_to"].isna()].all()
    assert not (cases["deferred_from"] < cases["dispatched_at"]).any()
    assert (cases["extended_to"].notna() == (cases["extended_count"] > 0)).all()


def test_reports_have_the_rhythm_of_the_week_the_day_and_the_festival(
    cases: gpd.GeoDataFrame,
) -> None:
    reported = cases["reported_at"]
    by_day = reported.dt.normalize().value_counts().sort_index()
    assert len(by_day) == 151
    weekend = by_day.index.day_of_week >= 5
    assert by_day[weekend].mean() < 0.7 * by_day[~weekend].mean()
    assert by_day["2022-01-31":"2022-02-06"].max() < by_day[~weekend].median() * 0.4
    hours = reported.dt.hour.value_counts(normalize=True)
    assert hours[[8, 9, 10, 14, 15, 16]].sum() > 0.5 > hours[[0, 1, 2, 3, 4, 5]].sum() * 50
    handled = cases.loc[cases["major_code"] != "05", "handled_at"].dropna()
    assert handled.dt.date.isin(list(by_day.index.date)).all()


def test_cases_come_back_to_places_and_units_differ(cases: gpd.GeoDataFrame) -> None:
    places = cases["geometry"].to_wkb().value_counts()
    assert 5_000 < len(places) < 9_000 and places.iloc[0] > 500
    closed = cases.groupby("manage_org")["closed"].agg(["size", "mean"])
    large = closed[closed["size"] > 1_000]["mean"]
    assert large.max() - large.min() > 0.02
    assert cases["district_code"].nunique() == 10 and cases["street_name"].nunique() > 100


def test_kinds_have_limits_and_urgent_ones_run_by_the_clock(cases: gpd.GeoDataFrame) -> None:
    limits = limits_table()
    kinds = ["case_class", "major_code", "minor_code"]
    known = set(limits[kinds].itertuples(index=False, name=None))
    assert set(cases[kinds].drop_duplicates().itertuples(index=False, name=None)) == known
    urgent = limits["urgent"] == "yes"
    assert set(limits.loc[urgent, "unit"]) == {"hours"}
    shipped = pd.read_csv(ROOT / "data" / "shapefiles" / "limits.csv", dtype=str)
    pd.testing.assert_frame_equal(shipped, limits, check_dtype=False)


def test_the_file_is_small_and_the_sample_has_it_beside_the_rest(tmp_path: Path) -> None:
    assert FILE.stat().st_size < 12_000_000
    folder = write_sample(tmp_path / "sample")
    assert (folder / FILE.name).read_bytes() == FILE.read_bytes()
    assert 'path = "digital_cases.parquet"' in (folder / "city.toml").read_text(encoding="utf-8")


def test_the_generator_writes_the_kept_cases(rebuilt: Path, tmp_path: Path) -> None:
    for name in ("city.toml",):
        (tmp_path / name).write_bytes((rebuilt / name).read_bytes())
    made = gpd.read_parquet(add_cases(tmp_path))
    kept = gpd.read_parquet(FILE)
    pd.testing.assert_frame_equal(made.drop(columns="geometry"), kept.drop(columns="geometry"))
    moved = shapely.get_coordinates(made.geometry) - shapely.get_coordinates(kept.geometry)
    assert np.abs(moved).max() <= 0.001
    shipped = (ROOT / "data" / "shapefiles" / "city.toml").read_text(encoding="utf-8")
    assert shipped == (tmp_path / "city.toml").read_text(encoding="utf-8")


def test_the_numbers_are_those_of_the_document() -> None:
    published = gcm.published_indicators().set_index("id")["value"]
    assert sum(total for total, _ in CASES.values()) == published["digital_cases_total"]
    assert CASES["hotline_12345"][0] == published["hotline_12345_cases"]
    assert CASES["police_110"] == (published["police_110_cases"], published["police_110_closed"])
