"""A summary in another language is the same summary in other words."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import pandas as pd

import geo_citymgmt as gcm
from geo_citymgmt.report import summary
from tests.conftest import thinned, with_layers

KEYS = ("districts", "illegal_construction", "parking_points", "bike_stations")


def plain(value: Any) -> Any:
    """What a value holds, to be compared."""
    if isinstance(value, pd.DataFrame | pd.Series):
        return value.to_csv()
    if is_dataclass(value) and not isinstance(value, type | gcm.LayerSpec):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return repr(value)


def test_a_summary_differs_by_its_words_alone(city):
    few = with_layers(city, *KEYS)
    few = replace(few, layers={key: thinned(layer) for key, layer in few.layers.items()})
    few = replace(few, layers=few.layers | {"districts": city.layers["districts"]})
    one, other = (summary(few, "2022-06-30", lang) for lang in ("zh", "en"))
    assert one.words.lang != other.words.lang
    computed = [f.name for f in fields(one) if f.name not in ("facts", "city", "words")]
    assert len(one.services) > 0 and len(one.layers) > 0 and len(one.campaigns) > 0
    for name in computed:
        assert plain(getattr(one, name)) == plain(getattr(other, name)), name
