"""A GeoPackage that computes its layers: without end, too much, or as offices do."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import geopandas as gpd
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading._limits import ReadLimits, allowing


@pytest.fixture(autouse=True)
def hurried():
    with allowing(ReadLimits(query_seconds=0.5)):
        yield


@pytest.fixture
def path(tmp_path):
    """Two manholes under the name m0, which no layer of the contents has."""
    path = tmp_path / "manholes.gpkg"
    points = [shapely.Point(120.6, 31.3), shapely.Point(120.7, 31.4)]
    frame = gpd.GeoDataFrame({"manhole_id": ["a", "b"]}, geometry=points, crs=4490)
    frame.to_file(path, layer="manholes")
    with closing(sqlite3.connect(path)) as database, database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("ALTER TABLE manholes RENAME TO m0")
        database.execute("DELETE FROM gpkg_ogr_contents")
    return path


def with_view(path, query: str, name: str = "manholes"):
    database = sqlite3.connect(path)
    database.execute(f"CREATE VIEW {name} AS {query}")
    database.commit()
    database.close()
    return path


@pytest.mark.parametrize(
    "query",
    [
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
        "SELECT x AS fid, geom, manhole_id FROM c, m0",
        "SELECT fid, geom, zeroblob(900000000) AS manhole_id FROM m0",
        "SELECT fid, geom, printf('%.*c', 700000000, 'x') AS manhole_id FROM m0",
    ],
    ids=["no end", "gigabytes of zeros", "a text of gigabytes"],
)
def test_a_view_without_end_or_of_gigabytes_is_refused_in_time(path, query):
    with pytest.raises(SourceError, match=r"manholes.*Export the layer alone"):
        gcm.read_layer(with_view(path, query), "manholes")


def test_a_view_of_records_is_read(path):
    query = "SELECT fid, geom, manhole_id FROM m0 WHERE manhole_id = 'b'"
    layer = gcm.read_layer(with_view(path, query), "manholes", sublayer="manholes")
    assert layer.data["manhole_id"].tolist() == ["b"]


def test_an_endless_view_beside_the_layer_is_refused_too(path):
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
    with pytest.raises(SourceError, match="beside"):
        gcm.read_layer(with_view(path, endless, "beside"), "manholes", sublayer="m0")
