"""A small run of the harness that ``make torture`` runs at 10,000."""

from __future__ import annotations

import pytest

from tests.torture.harness import Bench
from tests.torture.sources import is_shorter

#: Parts of a shapefile, and tables; `make torture` breaks every format.
PARTS = ("shp", "shx", "dbf", "prj", "cpg", "csv")


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("torture") / "bench", only=PARTS).prepare()


def test_shapefiles_and_tables_are_among_what_is_broken(bench):
    assert set(PARTS) == {s.format for s in bench.sources}


def test_no_broken_source_crashes_or_loses_a_record_without_a_finding(bench):
    results = [bench.run(seed) for seed in range(60)]
    bad = [r for r in results if r.outcome in ("crash", "hang", "lost")]
    assert not bad
    # The faults are real ones: many must have been noticed.
    assert sum(r.outcome in ("refused", "told") for r in results) > 20


@pytest.mark.parametrize(
    ("format", "healthy", "broken", "shorter"),
    [
        ("csv", b"id,n\n1,2\n3,4\n5,6\n", b"id,n\n1,2\n", True),
        ("csv", b"id,n\n1,2\n3,4\n5,6\n", b"id,n\n5,6\n", True),
        ("csv", b"id,n\n1,2\n3,4\n5,6\n", b"id,n\n1,2\n3", False),
        ("csv", b"id,n\n1,2\n3,4\n5,6\n", b"1,2\n3,4\n5,6\n", False),
        ("txt", b"[a]\n3,W0,@\nJ1,1\nJ2,1\n3,W1,@\nJ1,1\n", b"[a]\n3,W0,@\nJ1,1\nJ2,1\n", True),
        ("txt", b"[a]\n3,W0,@\nJ1,1\nJ2,1\n3,W1,@\nJ1,1\n", b"[a]\n3,W0,@\nJ1,1\n", False),
        # A GeoPackage counts what it holds: nothing that is gone from it may go unsaid.
        ("gpkg", b"abcabc", b"abc", False),
    ],
)
def test_only_whole_records_gone_from_a_format_without_a_count_pass_as_shorter(
    format, healthy, broken, shorter
):
    assert is_shorter(format, healthy, broken) is shorter
