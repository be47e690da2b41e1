"""A small run of the harness that ``make torture`` runs at 10,000."""

from __future__ import annotations

import pytest

from tests.torture.harness import Bench

#: Parts of a shapefile, and tables; `make torture` breaks every format.
PARTS = ("shp", "shx", "dbf", "prj", "cpg", "csv")


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("torture") / "bench", only=PARTS).prepare()


def test_shapefiles_and_tables_are_among_what_is_broken(bench):
    assert set(PARTS) == {s.format for s in bench.sources}


def test_no_broken_source_crashes_or_loses_a_record_without_a_finding(bench):
    results = [bench.run(seed) for seed in range(120)]
    bad = [r for r in results if r.outcome in ("crash", "hang", "lost")]
    assert not bad
    # The faults are real ones: many must have been noticed.
    assert sum(r.outcome in ("refused", "told") for r in results) > 20
