"""What goes says so at the line of whoever uses it, and works until then."""

from __future__ import annotations

import sys
import types
import warnings

import pytest

from geo_citymgmt._deprecated import deprecated, moved_attributes, renamed_arguments
from geo_citymgmt._words import Text


@renamed_arguments(distance="radius_m", until="end")
def reach(points: int, *, radius_m: int = 0, end: str = "") -> tuple[int, int, str]:
    """Return what it was given."""
    return points, radius_m, end


def test_an_old_function_warns_at_its_caller_with_successor_and_version():
    def old() -> None:
        deprecated("old()", "new()", since="0.4", removed="0.6")

    with pytest.warns(DeprecationWarning, match=r"old\(\).* 0\.4 .* 0\.6: use new\(\)") as caught:
        old()
    assert caught[0].filename == __file__


def test_an_argument_works_by_its_old_name_and_warns_at_the_caller():
    with pytest.warns(DeprecationWarning, match=r"reach\(distance=\).* use radius_m=") as caught:
        assert reach(1, distance=5) == (1, 5, "")
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(DeprecationWarning) as caught:
        assert reach(1, distance=5, until="x") == (1, 5, "x")
    assert len(caught) == 2


def test_an_argument_by_its_new_name_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reach(1, radius_m=5) == (1, 5, "")


def test_an_argument_given_by_both_names_is_refused():
    with pytest.raises(TypeError, match="both 'distance' and 'radius_m'"):
        reach(1, distance=5, radius_m=6)


def test_the_function_keeps_its_name_and_its_text():
    assert (reach.__name__, reach.__doc__) == ("reach", "Return what it was given.")


def test_a_module_leads_to_where_its_name_went():
    module = types.ModuleType("an_old_room")
    module.__getattr__ = moved_attributes("an_old_room", {"Pair": "geo_citymgmt._words.Text"})
    sys.modules["an_old_room"] = module
    try:
        with pytest.warns(DeprecationWarning, match="use geo_citymgmt._words.Text") as caught:
            from an_old_room import Pair
        assert Pair is Text
        assert {warning.filename for warning in caught} == {__file__}
        with pytest.raises(AttributeError, match="'an_old_room' has no attribute 'Other'"):
            _ = module.Other
    finally:
        del sys.modules["an_old_room"]
