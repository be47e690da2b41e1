"""Files that are broken, wrongly labelled, packed oddly, or not what they say."""

from __future__ import annotations

import numpy as np
import shapely

from tests.dirty.case import Case
from tests.dirty.makers import (
    archive,
    cut,
    deleted,
    feature,
    geojson,
    geopackage,
    holes,
    ids,
    members,
    point,
    put,
    records,
    shapefile,
    spots,
    square,
    text,
    with_rows,
    without,
)  # fmt: skip

ROADS = ["人民路", "干将东路", "十全街", "甪直镇"]
NAMED = holes(道路名称=ROADS)
PLAIN = {"manhole_id": ids(), "road_name": ROADS}
VRT = '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource>' \
      "</OGRVRTLayer></OGRVRTDataSource>"  # fmt: skip
ENTITY = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>' \
         "<kml><Document><name>&x;</name></Document></kml>"  # fmt: skip


def _halved(path) -> None:
    part = path.with_suffix(".shp")
    data = part.read_bytes()
    # The last of four points is cut in its middle.
    part.write_bytes(data[:-10])


def _flipped(folder):
    """A byte of the packed .shp is another one: only the checksum can tell."""
    path = archive(shapefile(NAMED))(folder)
    data = bytearray(path.read_bytes())
    data[data.index(b".shp") + 40] ^= 0x10
    path.write_bytes(bytes(data))
    return path


def _cut_zip(folder):
    path = archive(shapefile(NAMED))(folder)
    path.write_bytes(path.read_bytes()[:-200])
    return path


TEXT = [
    Case("GBK without .cpg", shapefile(NAMED, encoding="GBK"), "ENC_INFERRED", values=PLAIN),
    Case("UTF-8 without .cpg", shapefile(NAMED), "ENC_INFERRED", values=PLAIN),
    Case("GBK under a .cpg that says UTF-8", shapefile(NAMED, encoding="GBK", cpg="UTF-8"),
         "ENC_WRONG_CPG", values=PLAIN),
    Case("UTF-8 under a .cpg that says GBK", shapefile(NAMED, cpg="GBK"),
         "ENC_WRONG_CPG", values=PLAIN),
    Case("GBK under a .cpg that says Latin-1", shapefile(NAMED, encoding="GBK", cpg="ISO-8859-1"),
         "ENC_WRONG_CPG", values=PLAIN),
    Case("characters that GBK has not, in GB18030",
         shapefile(holes(道路名称=["㑇镇𠮷路", *ROADS[1:]]), encoding="GB18030", cpg="GB18030"),
         values={"road_name": ["㑇镇𠮷路", *ROADS[1:]]}),
    Case("text in no admitted encoding",
         shapefile(NAMED, then=with_rows(lambda r: [x[:-3] + b"\xff\xfe\xff" for x in r])),
         refused=("encoding=", "encoding=")),
    Case("encoding given that the text is not", shapefile(NAMED, encoding="GBK"),
         options={"encoding": "UTF-8"}, refused=("编码", "encoding")),
    Case("text cut in the middle of a character",
         shapefile(NAMED, cpg="UTF-8", then=with_rows(lambda r: [r[0][:-1] + b"\xe4", *r[1:]])),
         "TEXT_LOST"),
    Case("UTF-8 field name cut in the middle of a character",
         shapefile(holes().rename(columns={"窨井编号": "窨井编号"}), cpg="UTF-8"),
         "FIELD_TRUNCATED", values={"manhole_id": ids()}),
    Case("GBK field name cut to five characters",
         shapefile(records([square(x=555_695 + 50 * i) for i in range(2)],
                           违法建设编号=["A", "B"], 违法建设面积=["20", "30"],
                           整改完成时间=["2022-6-1", "2022-6-2"]), encoding="GBK"),
         "FIELD_TRUNCATED", (0, 2, 0), layer="illegal_construction",
         options={"aliases": {"违法建设面": "illegal_area_m2"}},
         values={"illegal_area_m2": [20.0, 30.0],
                 "completed_date": ["2022-06-01", "2022-06-02"]}),
]  # fmt: skip

PARTS = [
    Case("deleted records", shapefile(NAMED, cpg="UTF-8", then=deleted(1, 3)), "RECORD_DELETED",
         (2, 2, 0), {"manhole_id": ["J1", "J3"]}, [(555_695, 3_464_273), (555_895, 3_464_273)]),
    Case(".dbf with fewer records than .shp",
         shapefile(NAMED, cpg="UTF-8", then=with_rows(lambda r: r[:3])), "COUNT_MISMATCH",
         (0, 3, 1), {"manhole_id": ids(3)}),
    Case(".dbf with more records than .shp",
         shapefile(NAMED, cpg="UTF-8", then=with_rows(lambda r: [*r, r[0].replace(b"J1", b"J9")])),
         "COUNT_MISMATCH", (0, 4, 1), {"manhole_id": ids()}),
    Case(".dbf cut short", shapefile(NAMED, cpg="UTF-8", then=cut(".dbf", 10)),
         "DBF_DAMAGED COUNT_MISMATCH", (0, 3, 1), {"manhole_id": ids(3)}),
    Case(".dbf header that counts too few",
         shapefile(NAMED, cpg="UTF-8", then=put(".dbf", 4, (2).to_bytes(4, "little"))),
         "DBF_DAMAGED", values=PLAIN),
    Case(".dbf field table that does not fit",
         shapefile(NAMED, cpg="UTF-8", then=put(".dbf", 10, (5).to_bytes(2, "little"))),
         refused=("重新导出", "Export it again")),
    Case(".shp cut short", shapefile(NAMED, cpg="UTF-8", then=_halved),
         "SHP_DAMAGED RECORD_UNREADABLE", (0, 3, 1), {"manhole_id": ids(3)}),
    Case(".shp header with another length",
         shapefile(NAMED, cpg="UTF-8", then=put(".shp", 24, (9999).to_bytes(4, "big"))),
         "SHP_DAMAGED", values=PLAIN),
    Case(".shp with a coordinate that is no number",
         shapefile(NAMED, cpg="UTF-8", then=put(".shp", 112, np.array([np.nan]).tobytes())),
         "COORD_NONFINITE UNLOCATED", (0, 4, 0), {"manhole_id": ids()}),
    Case(".shp without .shx", shapefile(NAMED, cpg="UTF-8", then=without(".shx")),
         "FILE_MISSING_PART", values=PLAIN),
    Case(".shp without .dbf", shapefile(NAMED, then=without(".dbf")),
         "FILE_MISSING_PART ID_MISSING"),
    Case(".shx that leads astray",
         shapefile(NAMED, cpg="UTF-8", then=put(".shx", 108, (7).to_bytes(4, "big"))),
         "SHX_DAMAGED", values=PLAIN),
    Case("two columns of one name in a .dbf",
         shapefile(holes(道路A=ROADS, 道路B=["甲", "乙", "丙", "丁"]), encoding="GBK", cpg="GBK",
                   names={"道路A": "道路名称".encode("gbk"), "道路B": "道路名称".encode("gbk")}),
         "FIELD_DUPLICATE", values=PLAIN),
    Case("web page saved as .shp", text("窨井.shp", "<html><body>404</body></html>"),
         refused=("shapefile", "shapefile")),
    Case("empty file", text("窨井.geojson", ""), "SOURCE_UNREADABLE",
         refused=("重新拷贝", "Copy or export")),
]  # fmt: skip

CONTAINERS = [
    Case("zip with nested folders and GBK names",
         archive(shapefile(NAMED, encoding="GBK"), inside="窨井资料/2022年/", gbk=True),
         "ENC_INFERRED", values=PLAIN),
    Case("zip in a zip", archive(archive(shapefile(NAMED))), "SOURCE_REFUSED",
         refused=("解压", "Unpack it")),
    Case("zip with two layers", archive(shapefile(NAMED), shapefile(NAMED)),
         refused=("sublayer = [", "sublayer = [")),
    Case("zip with two layers, one named", archive(shapefile(NAMED), shapefile(NAMED)),
         options={"sublayer": "1/窨井.shp"}, values=PLAIN),
    Case("zip member outside its folder", members("../../outside.shp", b"x"), "SOURCE_REFUSED",
         refused=("文件夹之外", "outside the folder")),
    Case("zip bomb", archive(text("窨井.csv", "0" * (40 << 20))), "SOURCE_REFUSED",
         refused=("压缩比", "times its size")),
    Case("zip with a damaged member", _flipped, "SOURCE_UNREADABLE",
         refused=("重新拷贝", "Copy it again")),
    Case("zip that was cut short", _cut_zip, "SOURCE_UNREADABLE", refused=("损坏", "damaged")),
    Case("VRT under .geojson", text("窨井.geojson", VRT), "SOURCE_REFUSED",
         refused=("可能引用其他文件", "may open other files")),
    Case("VRT under .kml", text("窨井.kml", VRT), "SOURCE_REFUSED",
         refused=("可能引用其他文件", "may open other files")),
    Case("KML with an entity", text("窨井.kml", ENTITY), "SOURCE_REFUSED",
         refused=("实体", "entities")),
    Case("virtual path", lambda _: "/vsicurl/http://127.0.0.1:9/a.shp", "SOURCE_REFUSED",
         refused=("拷到本机", "Copy the file here")),
    Case("address", lambda _: "http://127.0.0.1:9/a.geojson", "SOURCE_REFUSED",
         refused=("拷到本机", "Copy the file here")),
    Case("connection string", lambda _: "PG:host=127.0.0.1 dbname=x password=secret",
         "SOURCE_REFUSED", refused=("拷到本机", "Copy the file here")),
    Case("GeoPackage with two layers", geopackage(("甲", NAMED), ("乙", NAMED)),
         refused=("sublayer = [", "sublayer = [")),
    Case("GeoPackage with heights",
         geopackage(("窨井", holes(shapely.force_3d(spots(), 4.0)))), "GEOM_FLATTENED",
         values={"manhole_id": ids()}, places=[(p.x, p.y) for p in spots()]),
    Case("GeoJSON cut short",
         text("窨井.geojson", '{"type": "FeatureCollection", "features": [{"type": "Fea'),
         "SOURCE_UNREADABLE", refused=("不完整", "not whole")),
    Case("GeoJSON with a feature that is none",
         geojson([feature(point(), 窨井编号="A"), 7, feature(point(), 窨井编号="B")]),
         "RECORD_UNREADABLE", (0, 2, 1), {"manhole_id": ["A", "B"]}),
    Case("GeoJSON with a geometry that cannot be built",
         geojson([feature({"type": "Point", "coordinates": "somewhere"}, 窨井编号="A"),
                  feature(point(), 窨井编号="B")]),
         "RECORD_UNREADABLE", (0, 1, 1), {"manhole_id": ["B"]}),
    Case("GeoJSON that was cut at a server's limit",
         geojson([feature(point(), 窨井编号="A")], exceededTransferLimit=True),
         "COUNT_MISMATCH", (0, 1, 0)),
]  # fmt: skip

FILES = [*TEXT, *PARTS, *CONTAINERS]
