"""Examples in docstrings: of the sample, but of its 368,172 cases only where they speak of them."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from _pytest.doctest import DoctestItem

from geo_citymgmt import sample
from tests.conftest import without_cases


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Hand out the sample without them."""
    if not isinstance(item, DoctestItem) or item.dtest is None:
        return (yield)
    if "digital_cases" in str(item.dtest.docstring):
        return (yield)
    usual, fewer = sample._usual_city, tuple(without_cases())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "_usual_city", lambda layers: usual(layers or fewer))
        return (yield)
