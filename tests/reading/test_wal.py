"""A GeoPackage that is written through a log: all of it is read, or nothing; and its relatives."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile

import geopandas as gpd
import pytest

from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading import read_raw


@pytest.fixture
def copied(tmp_path):
    """Copy a GeoPackage while it is open, as QGIS has it: its last change stands in the log."""
    source = tmp_path / "open.gpkg"
    points = gpd.points_from_xy([120.6, 120.7], [31.3, 31.4])
    frame = gpd.GeoDataFrame({"manhole_id": ["a", "b"]}, geometry=points, crs=4326)
    frame.to_file(source, layer="manholes")
    database = sqlite3.connect(source)
    database.execute("PRAGMA journal_mode = wal")
    triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in triggers.fetchall():
        database.execute(f'DROP TRIGGER "{name}"')
    database.execute("UPDATE manholes SET manhole_id = 'changed' WHERE fid = 1")
    database.commit()
    folder = tmp_path / "copied"
    folder.mkdir()
    shutil.copy(source, folder / "manholes.gpkg")
    shutil.copy(f"{source}-wal", folder / "manholes.gpkg-wal")
    yield folder
    database.close()


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_what_stands_in_the_log_is_read_and_nothing_is_written(copied):
    before = contents(copied)
    assert read_raw(copied / "manholes.gpkg").frame["manhole_id"].tolist() == ["changed", "b"]
    assert contents(copied) == before


def test_a_log_is_part_of_its_geopackage_in_an_archive(copied, tmp_path):
    packed = tmp_path / "manholes.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in copied.iterdir():
            archive.write(path, path.name)
    assert read_raw(packed).frame["manhole_id"].tolist() == ["changed", "b"]


def test_without_its_log_it_is_refused_and_each_way_out_works(copied, tmp_path):
    log = copied / "manholes.gpkg-wal"
    kept = log.rename(tmp_path / "kept")
    with pytest.raises(SourceError, match=r"\.gpkg-wal") as refused:
        read_raw(copied / "manholes.gpkg")
    assert refused.value.findings["code"].tolist()[0] == "SOURCE_REFUSED"
    # Saved anew, as another program does.
    shutil.copy(kept, log)
    read_again = gpd.read_file(copied / "manholes.gpkg")
    read_again.to_file(tmp_path / "new.gpkg", layer="manholes")
    assert len(read_raw(tmp_path / "new.gpkg").frame) == 2


@pytest.mark.parametrize(
    ("tables", "cause"),
    [
        (["geometry_columns", "spatial_ref_sys", "m"], "SpatiaLite"),
        (["metadata", "tiles"], "MBTiles"),
        (["m"], "SQLite"),
    ],
)
def test_other_databases_of_one_file_are_called_by_their_names(tmp_path, tables, cause):
    path = tmp_path / "m.sqlite"
    database = sqlite3.connect(path)
    for name in tables:
        database.execute(f"CREATE TABLE {name} (a)")
    database.commit()
    database.close()
    with pytest.raises(SourceError, match=f"{cause}.*(GeoPackage|layer)"):
        read_raw(path)
