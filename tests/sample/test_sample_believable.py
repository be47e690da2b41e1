"""Who knows such records finds nothing in the sample that no city could have."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.sample.office import DATA_DATE, FACILITIES, YEAR, Office

PARCELS = "illegal_construction"
NEW = ("new", "in_progress")


def halves(entries: pd.DataFrame) -> pd.Series:
    """Sum of an amount by year, each from January to June."""
    first = entries[entries["date"].dt.month <= 6]
    return first.groupby(first["date"].dt.year)["value"].sum()


def test_sizes_have_a_long_tail_of_which_no_two_are_alike(office: Office) -> None:
    area = office.layers[PARCELS]["illegal_area_m2"]
    assert area.nlargest(20).is_unique
    assert area.mean() > 2.5 * area.median()
    assert 0.1 < area.nlargest(len(area) // 100).sum() / area.sum() < 0.3
    assert area.min() < 25 and area.max() < 200_000


@pytest.mark.parametrize(
    ("layer", "amount", "where", "least", "most"),
    [
        (PARCELS, "remediated", {}, 1.3, 3.0),
        (PARCELS, "demolished", {"safety_related": True}, 1.3, 4.0),
        (PARCELS, "supervised", {}, 1.0, 3.0),
        (PARCELS, "found", {"stock_type": "new"}, 0.7, 3.0),
        ("parking_points", "spaces", {}, 0.5, 2.0),
        ("bike_stations", "renewed", {}, 1.0, 5.0),
    ],
)
def test_the_half_year_is_no_other_world_than_the_one_a_year_before(
    office: Office, layer: str, amount: str, where: dict[str, object], least: float, most: float
) -> None:
    entries = office.ledger(layer, amount)
    table = office.layers[layer]
    for name, wanted in where.items():
        entries = entries[entries["key"].map(table[name]) == wanted]
    by_year = halves(entries)
    assert least < by_year[2022] / by_year[2021] < most
    assert by_year[2021] > 0 and by_year[2022] > 0


def test_programmes_of_manholes_grow_and_new_technology_with_them(office: Office) -> None:
    table, events = office.layers["manholes"], office.of("manholes")
    accepted = events[events["event"] == "accept"].assign(value=1)
    by_year = halves(accepted)
    assert 1.0 < by_year[2022] / by_year[2021] < 3.0
    year = table["programme_year"]
    assert year.value_counts().loc[2020:2022].sort_index().is_monotonic_increasing
    tech = (table["new_tech"] != "none").groupby(year).mean()
    assert tech.loc[2020:2022].is_monotonic_increasing and tech[2020] > 0.05


def test_years_of_demolition_have_the_months_of_an_office(office: Office) -> None:
    done = office.layers[PARCELS]["completed_date"].dropna()
    for year in (2020, 2021, 2022):
        months = done[done.dt.year == year].dt.month.value_counts()
        # Least at Spring Festival, most before the report of the half-year.
        assert len(months) == (6 if year == 2022 else 12)
        assert months.idxmin() == 2
        assert months[6] > 1.2 * months.mean()


@pytest.mark.parametrize("layer", FACILITIES)
def test_work_is_done_on_working_days_and_as_much_on_each(office: Office, layer: str) -> None:
    table = office.layers[layer]
    for name in table.columns:
        if not pd.api.types.is_datetime64_any_dtype(table[name]):
            continue
        days = table[name].dropna()
        share = days.dt.day_name().value_counts(normalize=True)
        assert not {"Saturday", "Sunday"} & set(share.index), name
        if len(days) > 500:
            assert share.between(0.15, 0.25).all(), name


def test_new_builds_are_small_and_most_are_gone_within_thirty_days(office: Office) -> None:
    table = office.layers[PARCELS]
    new = table["stock_type"].isin(NEW)
    area = table["illegal_area_m2"]
    assert area[new].median() < 0.5 * area[~new].median()
    ours = table[new & (table["found_date"] >= YEAR)]
    ours = ours[ours["found_date"] <= DATA_DATE - pd.Timedelta(days=30)]
    assert len(ours) > 200
    days = (ours["completed_date"] - ours["found_date"]).dt.days
    assert 0.5 < (days <= 30).mean() < 0.8
    by_zone = (days <= 30).groupby(ours.index.str[:6]).mean()
    assert by_zone.between(0.25, 0.95).all() and by_zone.max() - by_zone.min() > 0.1
    # A building under construction is stopped at once or has become a new one.
    under_way = table[table["stock_type"] == "in_progress"]
    assert under_way["completed_date"].notna().all()


def test_what_takes_long_is_the_large_and_the_permit(office: Office) -> None:
    table = office.layers[PARCELS]
    stock = table[table["stock_type"] == "stock"]
    days = (stock["completed_date"] - stock["found_date"]).dt.days
    assert days.median() < days.mean() and days.max() > 3 * days.median()
    large = stock["illegal_area_m2"] > stock["illegal_area_m2"].quantile(0.9)
    assert days[large].median() > 1.2 * days[~large].median()
    permit = stock["disposal_method"] == "permit"
    assert days[permit].median() > 1.1 * days[~permit].median()


def test_terms_passed_long_ago_are_few(office: Office) -> None:
    table = office.layers[PARCELS]
    is_open = table["status"].isin(office.specs[PARCELS].sets["open"])
    late = (DATA_DATE - table.loc[is_open, "deadline"]).dt.days
    late = late[late > 0]
    assert 0.1 < len(late) / is_open.sum() < 0.35
    assert (late <= 30).sum() > 50 and late.median() < 180 and late.max() < 730


def test_land_lies_idle_for_a_while_and_drones_find_more_each_year(office: Office) -> None:
    table = office.layers[PARCELS]
    known = table["post_use"].notna()
    age = (DATA_DATE - table["completed_date"]).dt.days
    idle = table["post_use"] == "idle"
    assert idle[known & (age < 90)].mean() > 2 * idle[known & (age > 540)].mean()
    drone = (table["found_by"] == "uav").groupby(table["found_date"].dt.year).mean()
    assert drone.loc[2019:2022].is_monotonic_increasing


def test_some_districts_are_ahead_of_others(office: Office) -> None:
    table = office.layers[PARCELS]
    zone = table.index.str[:6]
    year = table["completed_date"] >= YEAR
    work = table["illegal_area_m2"].where(year | table["planned_date"].notna(), 0.0)
    done = table["remediated_area_m2"].where(year, 0.0)
    share = done.groupby(zone).sum() / work.groupby(zone).sum()
    assert share.max() > 1.4 * share.min()


def test_every_year_has_relapses_and_bays_that_went(office: Office) -> None:
    for layer, event, years in (
        (PARCELS, "relapse", {2021, 2022}),
        ("manholes", "relapse", {2020, 2022}),
        ("bike_stations", "remove", {2021, 2022}),
        ("parking_points", "add_spaces", {2019, 2020, 2021, 2022}),
    ):
        events = office.of(layer)
        assert set(events.loc[events["event"] == event, "date"].dt.year) >= years, layer
