"""On small made-up cities: parts make the whole, sums grow, the order of records is no matter."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo_citymgmt._gate import Gate
from geo_citymgmt.city import City
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.figures._actuals import Actuals
from geo_citymgmt.spec import load_specs
from tests.conftest import CRS, X0, Y0, few_examples, squares

SPECS = load_specs()
ZONES = squares((0, 0, 10, 10), (10, 0, 20, 10), (0, 10, 20, 20), codes="ABC")
FIRST, END = pd.Timestamp("2022-01-01"), pd.Timestamp("2022-06-30")
DAYS = [FIRST + pd.Timedelta(days=d) for d in (0, 45, 90, 135)]
EVENTS = ("demolish", "remediate", "accept", "relapse", "suspend", "resume", "close")
FIGURES = [
    "illegal_remediated_area", "illegal_demolished_area", "illegal_open_count", "illegal_open_area",
    "illegal_found_count", "illegal_settled_count", "illegal_relapsed_count",
    "illegal_demolished_share", "illegal_new_closed_share", "illegal_key_projects",
]  # fmt: skip

offsets = st.none() | st.integers(-60, 180)
parcel = st.fixed_dictionaries(
    {
        "place": st.none() | st.tuples(st.integers(0, 24), st.integers(0, 20)),
        "area": st.integers(0, 500),
        "part": st.sampled_from([0.0, 0.5, 1.0]),
        "found": offsets,
        "completed": offsets,
        "closed": offsets,
        "status": st.sampled_from(["10", "20", "30", "50", "60", "70", "80", "95"]),
        "method": st.sampled_from(["demolish", "rectify", "pending"]),
        "stock": st.sampled_from(["stock", "new"]),
        "project": st.sampled_from([None, "P1", "P2"]),
        "events": st.lists(
            st.tuples(st.sampled_from(EVENTS), st.integers(-30, 180), st.integers(0, 200)),
            max_size=3,
        ),
    }
)


def date(offset: int | None) -> pd.Timestamp:
    return pd.NaT if offset is None else FIRST + pd.Timedelta(days=offset)


def made_city(parcels: list[dict], order: list[int] | None = None) -> City:
    order = list(range(len(parcels))) if order is None else order
    rows = [parcels[k] for k in order]
    area = np.array([float(r["area"]) for r in rows])
    done = area * [r["part"] for r in rows]
    demolished = [d if r["method"] == "demolish" else 0.0 for d, r in zip(done, rows, strict=True)]
    data = gpd.GeoDataFrame(
        {
            "parcel_id": pd.Series([f"R{k:03}" for k in order], dtype="str"),
            "illegal_area_m2": area,
            "remediated_area_m2": done,
            "demolished_area_m2": np.array(demolished),
            "found_date": pd.Series([date(r["found"]) for r in rows], dtype="datetime64[us]"),
            "completed_date": pd.Series(
                [date(r["completed"]) for r in rows], dtype="datetime64[us]"
            ),
            "closed_date": pd.Series([date(r["closed"]) for r in rows], dtype="datetime64[us]"),
            "status": pd.Series([r["status"] for r in rows], dtype="str"),
            "disposal_method": pd.Series([r["method"] for r in rows], dtype="str"),
            "stock_type": pd.Series([r["stock"] for r in rows], dtype="str"),
            "project_id": pd.Series([r["project"] for r in rows], dtype="str"),
            "list_type": pd.Series(["key_project"] * len(rows), dtype="str"),
        },
        geometry=[
            None if r["place"] is None else shapely.Point(X0 + r["place"][0], Y0 + r["place"][1])
            for r in rows
        ],
        crs=CRS,
    )
    told = [
        ("illegal_construction", f"R{k:03}", name, date(day), float(size), "")
        for k in order
        for name, day, size in parcels[k]["events"]
    ]
    events = pd.DataFrame(told, columns=["layer", "key", "event", "date", "amount", "note"])
    events = events.astype({"date": "datetime64[us]", "amount": "float64"})
    events.loc[events["event"] == "relapse", "amount"] = 1.0
    targets = pd.DataFrame(
        {
            "indicator": pd.Series(dtype="str"),
            "zone_code": pd.Series(dtype="str"),
            "target": pd.Series(dtype="float64"),
            "unit": pd.Series(dtype="str"),
            "deadline": pd.Series(dtype="datetime64[us]"),
            "note": pd.Series(dtype="str"),
        }
    )
    empty = pd.DataFrame()
    return City(
        layers={"illegal_construction": SimpleNamespace(data=data, unreadable={})},
        zones_by_level={"district": ZONES},
        events=events,
        targets=targets,
        data_date=END,
        findings=empty,
        ledger=empty,
        specs=SPECS,
        code="Z",
    )


def table(city: City, days: list[pd.Timestamp], names: list[str] | None = None) -> pd.DataFrame:
    return Actuals(CityFacts(city), Gate("progress"), indicators=names or FIGURES).table(
        days, level="district"
    )


@few_examples(6)
@given(st.lists(parcel, min_size=1, max_size=6), st.sampled_from([*DAYS, END]))
def test_districts_outside_and_unlocated_make_the_city(parcels, day):
    city = made_city(parcels)
    out = table(city, [day])
    for name, rows in out.groupby("indicator"):
        # Where no event tells of relapses there is one row, that says so.
        if not city.figures.figures[name].adds_up or len(rows) == 1:
            continue
        parts = rows[rows["level"] == "district"]["value"]
        whole = rows.loc[rows["level"] == "city", "value"].iloc[0]
        # Where nothing is known of a part, nothing of it is in the whole.
        if not np.isnan(whole):
            np.testing.assert_allclose(parts.sum(), whole, atol=1e-6)
        ends = rows[rows["level"] == "district"][["unknown", "low"]].sum()
        of_city = rows.loc[rows["level"] == "city", ["unknown", "low"]].iloc[0]
        np.testing.assert_allclose(ends, of_city, atol=1e-6)
    shares = out[out["denominator"] > 0]
    np.testing.assert_allclose(shares["value"], shares["numerator"] / shares["denominator"])


BLANKS = ("status", "found", "area", "part", "stock")
case = st.fixed_dictionaries(
    {
        "place": st.none() | st.tuples(st.integers(0, 24), st.integers(0, 20)),
        "area": st.integers(1, 500),
        "found": st.integers(-60, 100),
        "days": st.integers(0, 60),
        "stage": st.sampled_from(["found", "done"]),
        "method": st.sampled_from(["demolish", "rectify"]),
        "stock": st.sampled_from(["stock", "new"]),
        "blank": st.sets(st.sampled_from([*BLANKS, "completed"])),
    }
)


def lived(cases: list[dict]) -> list[dict]:
    """Parcels whose status, dates and amounts agree with one another."""
    out = []
    for one in cases:
        done = one["stage"] == "done"
        closed = "50" if one["method"] == "demolish" else "51"
        out.append(
            {
                **one,
                "part": 1.0 if done else 0.0,
                "completed": one["found"] + one["days"] if done else None,
                "closed": None,
                "status": closed if done else "20",
                "project": None,
                "events": [],
            }
        )
    return out


def blanked(city: City, cases: list[dict]) -> City:
    data = city["illegal_construction"].copy()
    columns = {
        "status": "status",
        "found": "found_date",
        "completed": "completed_date",
        "area": "illegal_area_m2",
        "part": "remediated_area_m2",
        "stock": "stock_type",
    }
    for name, column in columns.items():
        gone = np.array([name in one["blank"] for one in cases])
        data[column] = data[column].mask(gone)
    layer = SimpleNamespace(data=data, unreadable={})
    return replace(city, layers={"illegal_construction": layer})


KNOWABLE = ["illegal_remediated_area", "illegal_open_count", "illegal_open_area",
            "illegal_found_count", "illegal_settled_count", "illegal_new_found_count"]  # fmt: skip


@few_examples(6)
@given(st.lists(case, min_size=1, max_size=6))
def test_whatever_is_blank_the_true_value_lies_between_the_ends(cases):
    city = made_city(lived(cases))
    true = table(city, [END], KNOWABLE)
    seen = table(blanked(city, cases), [END], KNOWABLE)
    seen = seen[seen["unknown"].notna()]
    true = true.set_index(["indicator", "level", "zone_code", "row_kind"])["value"]
    seen = seen.set_index(["indicator", "level", "zone_code", "row_kind"])
    true = true.reindex(seen.index)
    low, high = seen["low"].fillna(0.0), seen["high"].fillna(np.inf)
    assert (true >= low - 1e-6).all()
    assert (true <= high + 1e-6).all()
    sure = seen["unknown"] == 0
    np.testing.assert_allclose(seen.loc[sure, "value"], true[sure], atol=1e-6)
    # A zero with nobody who is known to count, where somebody might, is never claimed as behind.
    assert not ((seen["value"] == 0) & (seen["unknown"] > 0) & (seen["status"] == "behind")).any()


@few_examples(6)
@given(st.lists(parcel, min_size=1, max_size=6))
def test_what_is_counted_since_january_never_falls_without_a_relapse(parcels):
    for one in parcels:
        one["events"] = [e for e in one["events"] if e[0] != "relapse"]
    names = ["illegal_remediated_area", "illegal_demolished_area", "illegal_found_count",
             "illegal_settled_count"]  # fmt: skip
    out = table(made_city(parcels), [*DAYS, END], names)
    keys = ["indicator", "level", "row_kind", "zone_code"]
    steps = out.groupby(keys)["value"].diff().dropna()
    assert (steps >= -1e-9).all()


@few_examples(6)
@given(st.lists(parcel, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_records_and_events_is_no_matter(parcels, random):
    order = list(range(len(parcels)))
    random.shuffle(order)
    first, second = (table(made_city(parcels, o), [DAYS[2]], FIGURES[::2]) for o in (None, order))
    numbers = ["value", "numerator", "denominator", "unknown", "low", "high"]
    pd.testing.assert_frame_equal(first.drop(columns=numbers), second.drop(columns=numbers))
    np.testing.assert_allclose(first[numbers], second[numbers], atol=1e-6)
