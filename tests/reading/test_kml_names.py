"""Chinese names of the data of a KML stay apart, and are read as they are written."""

from __future__ import annotations

import geo_citymgmt as gcm

PLACE = """<Placemark><name>{0}</name><ExtendedData>{1}</ExtendedData>
<Point><coordinates>{2},31.3,0</coordinates></Point></Placemark>"""


def kml(path):
    data = "".join(
        f'<Data name="{name}"><value>{value}</value></Data>'
        for name, value in (
            ("违建编号", "J{0}"), ("违建面积(㎡)", "5{0}"), ("拆除面积", "1{0}"), ("remark", "r")
        )
    )  # fmt: skip
    places = "".join(PLACE.format(k, data.format(k), 120.6 + k / 100) for k in (1, 2))
    head = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
    path.write_text(f"{head}<Document>{places}</Document></kml>", encoding="utf-8")
    return path


def test_each_name_is_a_column_of_its_own(tmp_path):
    layer = gcm.read_layer(kml(tmp_path / "违法建设.kml"), "illegal_construction")
    names = ["parcel_id", "illegal_area_m2", "demolished_area_m2", "remark"]
    assert layer.data[names].values.tolist() == [["J1", 51, 11, "r"], ["J2", 52, 12, "r"]]
