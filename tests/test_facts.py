"""The facts of a city: what is asked of them is what is asked of the city, and is made once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import geo_citymgmt as gcm
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.facts._evaluation import Evaluator, Window
from geo_citymgmt.facts._membership import Membership
from geo_citymgmt.facts._timeline import Timeline
from geo_citymgmt.figures import outlook, period_table
from geo_citymgmt.report import write_report
from geo_citymgmt.zones._ownership import ZoneIndex
from tests.conftest import with_layers

JUNE = pd.Timestamp("2022-06-30")


@pytest.fixture(scope="module")
def some(some_city: gcm.City) -> gcm.City:
    return some_city


@pytest.fixture(scope="module")
def facts(some: gcm.City) -> CityFacts:
    return CityFacts(some)


@pytest.mark.parametrize("level", ["street", "city", "district"])
def test_figures_of_facts_are_those_of_the_city_whichever_level_was_asked_first(
    some: gcm.City, facts: CityFacts, level: str
) -> None:
    asked = gcm.progress(facts, as_of=JUNE, level=level)
    assert_frame_equal(asked, gcm.progress(some, as_of=JUNE, level=level))


def test_every_function_of_a_city_takes_its_facts(some: gcm.City, facts: CityFacts) -> None:
    assert_frame_equal(outlook(facts, as_of=JUNE), outlook(some, as_of=JUNE))
    assert_frame_equal(period_table(facts, as_of=JUNE), period_table(some, as_of=JUNE))
    for function in (gcm.open_cases, gcm.ageing, gcm.case_lists):
        assert_frame_equal(function(facts, as_of=JUNE), function(some, as_of=JUNE))
    half = {"start": "2022-01-01", "end": JUNE}
    for function in (gcm.stock_flow, gcm.relapse_rates):
        assert_frame_equal(function(facts, **half), function(some, **half))


def test_targets_given_in_place_of_the_citys_hold_for_that_question_alone(
    some: gcm.City, facts: CityFacts
) -> None:
    before = gcm.progress(facts, as_of=JUNE, level="city")
    given = pd.DataFrame(
        {"indicator": ["manhole_remediated"], "zone_code": [some.code], "target": [1.0]}
    )
    asked = gcm.progress(facts, as_of=JUNE, level="city", targets=given)
    row = asked.set_index("indicator").loc["manhole_remediated"]
    assert (row["target"], row["status"]) == (1.0, "met")
    assert_frame_equal(gcm.progress(facts, as_of=JUNE, level="city"), before)


def test_what_is_handed_out_cannot_be_changed_for_the_next_who_asks(facts: CityFacts) -> None:
    states = facts.states("manholes", JUNE)
    states[:] = "changed"
    assert "changed" not in set(facts.states("manholes", JUNE))
    figure = facts.city.figures.figures["manhole_remediated"]
    values = facts.evaluator.values(figure, Window(JUNE), ("city",))
    with pytest.raises(ValueError, match="read-only"):
        values.value[0] = 0.0


def test_what_is_neither_a_city_nor_its_facts_is_refused_by_name() -> None:
    with pytest.raises(CityDataError, match="progress: city is a str"):
        gcm.progress("data/shapefiles")  # type: ignore[arg-type]


def test_a_report_makes_one_timeline_a_layer_one_evaluator_and_one_index_a_group_of_zones(
    some: gcm.City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Counter[str] = Counter()
    zones: Counter[tuple[str, ...]] = Counter()

    def counted(kind: type, note: Callable[..., None]) -> None:
        plain = kind.__init__

        def init(self: object, *args: object, **kwargs: object) -> None:
            plain(self, *args, **kwargs)
            note(self)

        monkeypatch.setattr(kind, "__init__", init)

    counted(Timeline, lambda timeline: made.update([timeline.spec.key]))
    for kind in (Evaluator, Membership, CityFacts):
        counted(kind, lambda _, name=kind.__name__: made.update([name]))
    counted(ZoneIndex, lambda index: zones.update([tuple(map(str, index.codes))]))
    # Of these there is something on every page: cases, services, residents, zones.
    few = with_layers(some, "illegal_construction", "manholes", "bike_stations", "population_cells")
    few = replace(few, zones_by_level=some.zones_by_level)
    write_report(few, tmp_path / "report", lang="en")
    with_states = {key for key in few if few.specs[key].states is not None}
    assert with_states <= set(made)
    assert set(made.values()) == {1}
    # Districts once, streets once, and those of a district once.
    assert set(zones.values()) == {1}
