"""Multipatches of a shapefile are their footprints, or told record by record with a way out."""

from __future__ import annotations

import struct

import geopandas as gpd
import pytest
import shapely

import geo_citymgmt as gcm
from geo_citymgmt.reading import read_raw

STRIP, FAN, OUTER, INNER, FIRST, RING = range(6)


def record(*parts, starts=None):
    """Return the content of a multipatch: parts are a type and positions with heights."""
    places = [place for _, part in parts for place in part]
    counts = [len(part) for _, part in parts]
    starts = [sum(counts[:k]) for k in range(len(counts))] if starts is None else starts
    content = struct.pack("<i4dii", 31, 0, 0, 99, 99, len(parts), len(places))
    content += struct.pack(f"<{len(parts)}i", *starts)
    content += struct.pack(f"<{len(parts)}i", *(kind for kind, _ in parts))
    content += b"".join(struct.pack("<dd", x, y) for x, y, _ in places)
    return content + struct.pack(f"<dd{len(places)}d", 0, 9, *(z for _, _, z in places))


def shapefile(path, *contents):
    body, index, at = b"", b"", 100
    for k, content in enumerate(contents):
        head = struct.pack(">ii", k + 1, len(content) // 2)
        body += head + content
        index += struct.pack(">ii", at // 2, len(content) // 2)
        at += 8 + len(content)

    def header(size):
        return struct.pack(">7i", 9994, 0, 0, 0, 0, 0, size // 2) + struct.pack(
            "<ii8d", 1000, 31, 0, 0, 99, 99, 0, 9, 0, 0
        )

    # Its table is written by another, with as many rows.
    rows = gpd.GeoDataFrame(
        {"parcel_id": [f"J{k}" for k in range(len(contents))], "area": 1500.0},
        geometry=[shapely.box(0, 0, 1, 1)] * len(contents), crs=4549,
    )  # fmt: skip
    rows.to_file(path, engine="pyogrio")
    path.write_bytes(header(100 + len(body)) + body)
    path.with_suffix(".shx").write_bytes(header(100 + len(index)) + index)
    return path


def ring(x0, y0, x1, y1, z=0.0):
    return [(x0, y0, z), (x0, y1, z), (x1, y1, z), (x1, y0, z), (x0, y0, z)]


ROOF = (STRIP, [(0, 0, 5), (10, 0, 5), (0, 6, 8), (10, 6, 8)])
WALL = (STRIP, [(0, 0, 0), (10, 0, 0), (0, 0, 5), (10, 0, 5)])


@pytest.mark.parametrize(
    ("parts", "area"),
    [
        ([ROOF, WALL], 60),
        ([(FAN, [(0, 0, 1), (4, 0, 1), (4, 4, 1), (0, 4, 1)])], 16),
        ([(OUTER, ring(0, 0, 10, 10)), (INNER, ring(2, 2, 4, 4)), (OUTER, ring(20, 0, 21, 1))], 97),
        ([(FIRST, ring(0, 0, 10, 10)), (RING, ring(2, 2, 4, 4)), (RING, ring(20, 0, 21, 1))], 97),
        # Floor and roof, one above the other, cover the ground once.
        ([(OUTER, ring(0, 0, 10, 10)), (OUTER, ring(5, 0, 15, 10, 9.0))], 150),
    ],
)
def test_a_footprint_is_what_the_faces_cover(tmp_path, parts, area):
    raw = read_raw(shapefile(tmp_path / "a.shp", record(*parts)))
    assert raw.geometry[0].area == pytest.approx(area)
    assert raw.geometry[0].is_valid
    assert raw.findings.frame()["code"].tolist() == ["SHP_FOOTPRINT"]


def test_walls_alone_and_parts_out_of_order_are_told_by_record_with_a_way_out(tmp_path):
    path = shapefile(
        tmp_path / "违法建设.shp", record(ROOF), record(WALL), record(ROOF, WALL, starts=[4, 0])
    )
    raw = read_raw(path)
    assert raw.geometry[0].area == pytest.approx(60)
    assert raw.geometry[1:].tolist() == [None, None]
    found = raw.findings.frame().query("code == 'RECORD_UNREADABLE'")
    assert found["record"].tolist() == [1, 2]
    assert found["message_en"].str.contains("Multipatch Footprint").all()


def test_a_layer_is_made_of_footprints(tmp_path):
    lifted = [(558_000 + x, 3_464_400 + y, z) for x, y, z in ROOF[1]]
    path = shapefile(tmp_path / "违法建设.shp", record((STRIP, lifted)))
    layer = gcm.read_layer(path, "illegal_construction", aliases={"area": "illegal_area_m2"})
    assert layer.data.geometry.area.tolist() == pytest.approx([60], rel=1e-3)
