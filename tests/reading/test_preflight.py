"""Every record of a shapefile is found, by its index or by its own header, or told as lost."""

from __future__ import annotations

import shutil
import warnings
from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo_citymgmt import CityDataError, SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading import read_raw
from geo_citymgmt.reading._shp import chain_of, index_of, walk_shapes
from tests.conftest import DATA, SHARED, points, squares

CORPUS = SHARED / "corpus"


def codes(raw) -> Counter:
    table = raw.findings.frame()
    return Counter(zip(table["code"], table["severity"], strict=True))


def told(raw, code: str) -> list[int]:
    table = raw.findings.frame()
    return table.loc[table["code"] == code, "record"].dropna().astype(int).tolist()


@pytest.fixture
def parcels(tmp_path) -> Path:
    """Five polygons of different sizes, so that no two records are equally long."""
    shapes = [shapely.Point(10 * k, 0).buffer(3, quad_segs=k + 1) for k in range(5)]
    frame = gpd.GeoDataFrame({"NAME": list("ABCDE")}, geometry=shapes, crs="EPSG:4549")
    pyogrio.write_dataframe(frame, tmp_path / "parcels.shp", encoding="GB18030")
    return tmp_path / "parcels.shp"


def edit(path: Path, suffix: str, at: int, new: bytes) -> None:
    part = path.with_suffix(suffix)
    data = bytearray(part.read_bytes())
    data[at : at + len(new)] = new
    part.write_bytes(bytes(data))


def begin(path: Path, record: int) -> int:
    """Where the header of a record stands."""
    return int(index_of(np.fromfile(path.with_suffix(".shx"), dtype=np.uint8))[0][record])


def whole(raw) -> list[bool]:
    return (~shapely.is_missing(raw.geometry)).tolist()


@pytest.mark.parametrize("path", sorted(DATA.glob("*.shp")), ids=lambda p: p.stem)
def test_a_healthy_layer_is_read_as_gdal_reads_it_and_nothing_is_found(path):
    raw = read_raw(path)
    theirs = pyogrio.read_dataframe(path)
    assert shapely.equals_identical(raw.geometry, theirs.geometry.to_numpy()).all()
    assert not {c for c, _ in codes(raw)} & {"SHP_DAMAGED", "SHX_DAMAGED", "DBF_DAMAGED"}
    assert raw.n_walked == len(theirs)


@pytest.mark.parametrize("path", sorted(DATA.glob("*.shp")), ids=lambda p: p.stem)
def test_the_walk_by_the_headers_is_the_walk_by_the_index(path):
    shp = np.fromfile(path, dtype=np.uint8)
    offset, length = index_of(np.fromfile(path.with_suffix(".shx"), dtype=np.uint8))
    for hints in (offset, None, offset[::3], np.array([50, 101, 10**9])):
        chain = chain_of(shp, hints)
        np.testing.assert_array_equal(chain.offset, offset)
        np.testing.assert_array_equal(chain.length, length)
        assert chain.n_lost_bytes == 0


def test_a_missing_index_is_rebuilt_and_nothing_is_written_beside_the_source(parcels):
    before = read_raw(parcels)
    parcels.with_suffix(".shx").unlink()
    files = sorted(parcels.parent.iterdir())
    raw = read_raw(parcels)
    assert shapely.equals_identical(raw.geometry, before.geometry).all()
    assert codes(raw)["FILE_MISSING_PART", "warning"] == 1
    assert sorted(parcels.parent.iterdir()) == files


@pytest.mark.parametrize(
    "entry", [b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\x00\x00\x00\x10", b"\x00\x00\x00\x00"]
)
def test_a_record_to_which_the_index_does_not_lead_is_found_in_the_shp(parcels, entry):
    before = read_raw(parcels)
    edit(parcels, ".shx", 100 + 8 * 2, entry)
    raw = read_raw(parcels)
    assert shapely.equals_identical(raw.geometry, before.geometry).all()
    assert told(raw, "SHX_DAMAGED") == [2]


def test_records_behind_a_cut_index_are_found(parcels):
    before = read_raw(parcels)
    index = parcels.with_suffix(".shx")
    index.write_bytes(index.read_bytes()[: 100 + 8 * 3])
    raw = read_raw(parcels)
    assert shapely.equals_identical(raw.geometry, before.geometry).all()
    assert told(raw, "SHX_DAMAGED") == [3, 4]


def test_a_cut_shp_costs_the_records_that_are_gone_and_no_other(parcels):
    shp = parcels.read_bytes()
    parcels.write_bytes(shp[: begin(parcels, 3) + 40])
    raw = read_raw(parcels)
    assert whole(raw) == [True, True, True, False, False]
    assert told(raw, "RECORD_UNREADABLE") == [3, 4]
    assert raw.frame["NAME"].tolist() == list("ABCDE")


@pytest.mark.parametrize(
    ("shift", "new", "code"),
    [
        (8, b"\x63\x00\x00\x00", "RECORD_UNREADABLE"),  # a shape type that there is not
        (8 + 36, b"\xff\xff\xff\x7f", "RECORD_UNREADABLE"),  # more parts than bytes
        (8 + 40, b"\xff\xff\xff\x7f", "RECORD_UNREADABLE"),  # more points than bytes
        (8 + 40, b"\xff\xff\xff\xff", "RECORD_UNREADABLE"),  # fewer than none
        (8 + 40, b"\x04\x00\x00\x00", "SHP_DAMAGED"),  # fewer points than there are
        (8 + 44, b"\x02\x00\x00\x00", "SHP_DAMAGED"),  # the first part begins late
        (8, b"\x00\x00\x00\x00", "SHP_DAMAGED"),  # no shape, and bytes of one
        (8 + 48, b"\x00\x00\x00\x00\x00\x00\x00\x00", "SHP_DAMAGED"),  # a ring left open
    ],
)
def test_a_fault_within_a_record_is_told_of_that_record_alone(parcels, shift, new, code):
    edit(parcels, ".shp", begin(parcels, 1) + shift, new)
    raw = read_raw(parcels)
    assert set(told(raw, code)) == {1}
    assert np.delete(np.array(whole(raw)), 1).all()


def test_a_content_length_that_runs_over_the_next_record_costs_nothing_unsaid(parcels):
    edit(parcels, ".shp", begin(parcels, 1) + 4, (10_000).to_bytes(4, "big"))
    raw = read_raw(parcels)
    gone = np.flatnonzero(~np.array(whole(raw))).tolist()
    assert gone in ([], [1])
    assert set(gone) <= set(told(raw, "RECORD_UNREADABLE"))
    assert {c for c, _ in codes(raw)} & {"SHP_DAMAGED", "SHX_DAMAGED"}


def test_wrong_words_in_the_headers_cost_no_record(parcels):
    before = read_raw(parcels)
    edit(parcels, ".shp", 24, b"\x00\x00\x00\x00")
    edit(parcels, ".shp", 28, b"\x07\x00\x00\x00\x63")
    edit(parcels, ".shx", 24, b"\x00\x00\x00\x00")
    raw = read_raw(parcels)
    assert shapely.equals_identical(raw.geometry, before.geometry).all()
    assert codes(raw)["SHP_DAMAGED", "warning"] == 2
    assert codes(raw)["SHX_DAMAGED", "warning"] == 1


@pytest.mark.parametrize("n", [3, 4])
def test_rows_beyond_the_header_of_the_dbf_are_read_where_shapes_ask_for_them(parcels, n):
    edit(parcels, ".dbf", 4, n.to_bytes(4, "little"))
    raw = read_raw(parcels)
    assert raw.frame["NAME"].tolist() == list("ABCDE")
    assert codes(raw)["DBF_DAMAGED", "error"] == 1


def test_shapes_without_a_row_are_told_one_by_one(parcels):
    dbf = parcels.with_suffix(".dbf")
    data = dbf.read_bytes()
    header, length = (int.from_bytes(data[k : k + 2], "little") for k in (8, 10))
    dbf.write_bytes(data[: header + 3 * length + 5])
    raw = read_raw(parcels)
    assert told(raw, "COUNT_MISMATCH") == [3, 4]
    assert raw.n_walked == 5 == len(raw.frame)


def test_rows_without_a_shape_are_told_one_by_one(tmp_path):
    pyogrio.write_dataframe(points((0, 0), (1, 1), (2, 2), N=[1, 2, 3]), tmp_path / "a.shp")
    pyogrio.write_dataframe(points((0, 0), N=[1]), tmp_path / "b.shp")
    shutil.copyfile(tmp_path / "a.dbf", tmp_path / "b.dbf")
    raw = read_raw(tmp_path / "b.shp")
    assert told(raw, "COUNT_MISMATCH") == [1, 2]
    assert whole(raw) == [True, False, False]


def test_a_record_without_its_flag_is_told(parcels):
    data = parcels.with_suffix(".dbf").read_bytes()
    header, length = (int.from_bytes(data[k : k + 2], "little") for k in (8, 10))
    edit(parcels, ".dbf", header + 2 * length, b"x")
    assert told(read_raw(parcels), "DBF_DAMAGED") == [2]


@pytest.mark.parametrize("text", ["GEOGCS[", "", 'PROJCS["x"]'])
def test_a_prj_without_sense_costs_no_geometry(parcels, text):
    parcels.with_suffix(".prj").write_text(text)
    raw = read_raw(parcels)
    assert raw.crs is None
    assert all(whole(raw))


@pytest.mark.parametrize("size", [4, 60, 99])
def test_a_shp_without_a_whole_header_is_refused(parcels, size):
    parcels.write_bytes(parcels.read_bytes()[:size])
    with pytest.raises(SourceError, match="too few"):
        read_raw(parcels)


@given(data=st.data())
def test_any_bytes_can_be_walked_and_every_record_has_one_place(data):
    size = data.draw(st.integers(100, 400))
    shp = np.frombuffer(data.draw(st.binary(min_size=size, max_size=size)), dtype=np.uint8)
    shx = np.frombuffer(data.draw(st.binary(max_size=200)), dtype=np.uint8)
    walk = walk_shapes(shp, shx, Findings())
    used = walk.offset[walk.usable]
    assert len(np.unique(used)) == len(used)
    assert (used >= 100).all()
    assert (used + 8 + walk.length[walk.usable] <= size).all()


@given(
    sizes=st.lists(st.integers(3, 40), min_size=1, max_size=12),
    gone=st.sets(st.integers(0, 11)),
)
def test_whatever_entries_are_lost_the_walk_finds_all_shapes(tmp_path_factory, sizes, gone):
    folder = tmp_path_factory.mktemp("walk")
    shapes = [shapely.LineString(np.arange(2 * n).reshape(-1, 2)) for n in sizes]
    frame = gpd.GeoDataFrame({"N": range(len(sizes))}, geometry=shapes, crs="EPSG:4549")
    pyogrio.write_dataframe(frame, folder / "a.shp")
    for k in gone:
        if k < len(sizes):
            edit(folder / "a.shp", ".shx", 100 + 8 * k, b"\x00" * 8)
    raw = read_raw(folder / "a.shp")
    assert shapely.equals_identical(raw.geometry, frame.geometry.to_numpy()).all()
    assert told(raw, "SHX_DAMAGED") == sorted(k for k in gone if k < len(sizes))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared/corpus, not part of the project")
def test_odd_and_corrupt_files_are_read_or_refused_and_their_records_add_up():
    outcome = Counter()
    for path in sorted(CORPUS.rglob("*.shp")):
        try:
            raw = read_raw(path)
        except CityDataError:
            outcome["refused"] += 1
            continue
        assert raw.n_walked == raw.n_skipped + len(raw.frame) == raw.n_skipped + len(raw.geometry)
        table = raw.findings.frame()
        # Many have no .dbf, which is an error of its own: here it is about the shapes.
        bad = table["severity"].isin(["error", "fatal"]) & table["code"].ne("FILE_MISSING_PART")
        outcome["error" if bad.any() else "read"] += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = pyogrio.raw.read(str(path), columns=[], encoding="ISO-8859-1")[2]
        # Not less than GDAL, or said.
        mine = int((~shapely.is_missing(raw.geometry)).sum())
        gdal = sum(w is not None for w in theirs)
        assert mine >= gdal or bad.any(), path.name
    assert outcome["refused"] <= 1
    # Odd is not broken: four of five are read without an error.
    assert outcome["read"] > 4 * outcome["error"]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared/corpus, not part of the project")
def test_records_that_an_index_of_half_the_length_hides_are_found():
    (path,) = CORPUS.rglob("3dpoints.shp")
    raw = read_raw(path)
    assert len(raw.geometry) == sum(whole(raw)) == 22
    assert codes(raw)["SHX_DAMAGED", "warning"] == 5


def test_squares_are_read_whole(tmp_path):
    frame = squares((0, 0, 1, 1), (2, 2, 3, 3)).reset_index()
    pyogrio.write_dataframe(frame, tmp_path / "a.shp")
    assert shapely.equals(read_raw(tmp_path / "a.shp").geometry, frame.geometry).all()
