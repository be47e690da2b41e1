"""Limits of reading: named where they refuse a file, and raised as the message says."""

from __future__ import annotations

import re

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.errors import CityDataError, SourceError
from geo_citymgmt.reading import read_raw
from geo_citymgmt.reading._limits import (
    ArchiveLimits,
    ReadLimits,
    allowing,
    current_limits,
    limits_from,
)

_HINT = re.compile(r"--limit (\w+)=(\d+) \(Python: limits=ReadLimits\((\w+)=(\d+)\)\)")


@pytest.fixture
def wide(tmp_path):
    """A table of twelve columns, where nine are allowed."""
    names = ",".join(f"c{k}" for k in range(9))
    path = tmp_path / "manholes.csv"
    path.write_text(f"manhole_id,lon,lat,{names}\nJ1,120.6,31.3{',x' * 9}\n", encoding="utf-8")
    return path


def hint(error) -> ReadLimits:
    """Return the limits that a message tells to give, as it writes them for either way."""
    found = _HINT.search(str(error))
    assert found is not None, str(error)
    assert found[1] == found[3] and found[2] == found[4]
    assert f"--limit {found[1]}={found[2]}" in error.message_zh
    return ReadLimits(**{found[1]: int(found[2])})


def test_what_the_message_says_reads_the_file(wide):
    with pytest.raises(SourceError, match="has 12 columns, more than 9") as refusal:
        gcm.read_layer(wide, "manholes", crs=4490, limits=ReadLimits(columns=9))
    read = gcm.read_layer(wide, "manholes", crs=4490, limits=hint(refusal.value))
    assert len(read.data) == 1


def test_the_command_line_raises_limits_as_well(wide):
    said = ["check", str(wide), "--layer", "manholes", "--crs", "EPSG:4490", "--lang", "en"]
    low = CliRunner().invoke(main, [*said, "--limit", "columns=9"])
    assert "12 columns" in low.output
    assert CliRunner().invoke(main, [*said, "--limit", "columns=12"]).exit_code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colums=9", "Did you mean 'columns'"),
        ("columns=many", "not a number"),
        ("columns=0", "a number above 0"),
        ("columns", "not a number"),
    ],
)
def test_a_limit_that_is_none_is_refused_with_what_there_is(text, said):
    with pytest.raises(CityDataError, match=said):
        limits_from((text,))


def test_limits_hold_within_and_not_after(wide):
    with allowing(ReadLimits(columns=9)), pytest.raises(SourceError):
        read_raw(wide)
    assert current_limits() == ReadLimits()
    assert len(read_raw(wide).frame) == 1


def test_limits_of_archives_leave_the_others_as_they_are():
    with allowing(ReadLimits(columns=9)), allowing(ArchiveLimits(members=3)):
        assert (current_limits().members, current_limits().columns) == (3, 9)


def _parquet(tmp_path):
    value = "x" * 1000
    repeated = pa.array([value] * 100_000).dictionary_encode()
    pq.write_table(pa.table({"manhole_id": repeated}), tmp_path / "a.parquet")
    return tmp_path / "a.parquet"


def _differences(tmp_path):
    """Texts of a Parquet that are told by what they differ from the one before."""
    texts = pa.array([f"{'x' * 1000}{k}" for k in range(70)])
    packing = {"manhole_id": "DELTA_BYTE_ARRAY"}
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({"manhole_id": texts}), path, use_dictionary=False, column_encoding=packing
    )
    return path


def _text(tmp_path, text: str, name: str = "a.csv"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def _package(tmp_path):
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)], crs=4490)
    frame.to_file(tmp_path / "a.gpkg")
    return tmp_path / "a.gpkg"


_TABLE = "编号,经度,纬度\nJ1,120.6,31.3\n"
_JSON = '[{"a":1,"x":1},{"b":1,"y":1},{"c":1,"z":1}]'


@pytest.mark.parametrize(
    ("build", "limit", "least"),
    [
        (lambda folder: _text(folder, _TABLE), "file_bytes", 20),
        (lambda folder: _text(folder, _TABLE + "长" * 2_000_000 + "\n"), "line_bytes", 1 << 20),
        (lambda folder: _text(folder, _TABLE + f'"{"长" * 900}",1,1\n'), "cell_bytes", 800),
        (lambda folder: _text(folder, _TABLE), "cells", 5),
        (lambda folder: _text(folder, _TABLE + "J2\n" * 9), "empty_cells", 10),
        (lambda folder: _text(folder, _JSON, "a.json"), "empty_cells", 5),
        (_parquet, "column_bytes", 1000),
        (_differences, "column_bytes", 1000),
        (_parquet, "empty_rows", 10),
        (_package, "columns", 1),
    ],
)  # fmt: skip
def test_each_limit_is_held_and_can_be_raised_as_it_says(tmp_path, build, limit, least):
    path = build(tmp_path)
    more = {"columns": 0.5} if limit == "columns" else {}
    with pytest.raises(SourceError) as refusal:
        read_raw(path, limits=ReadLimits(**{limit: more.get(limit, least)}))
    raised = hint(refusal.value)
    assert getattr(raised, limit) > more.get(limit, least)
    assert len(read_raw(path, limits=raised).frame) > 0
