"""A look at a file's heading comes to what reading it comes to, or leaves it to that."""

import sqlite3
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo_citymgmt.city import recognition
from geo_citymgmt.city.discovery import find_source
from geo_citymgmt.city.recognition import Looked, Preview
from geo_citymgmt.reading import source
from geo_citymgmt.spec import load_specs

SPECS = load_specs()
KML = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">{}</kml>'
PLACE = "<Placemark>{}<Point><coordinates>120.6,31.3,0</coordinates></Point></Placemark>"
DATA = '<ExtendedData><Data name="{}"><value>{}</value></Data></ExtendedData>'


def covers(n=3, k=0):
    ids = [f"J{k}{i}" for i in range(n)]
    places = shapely.points([[120.6 + i / 100 + k / 1000, 31.3] for i in range(n)])
    return gpd.GeoDataFrame({"编号": ids, "材质": "铸铁"}, geometry=places, crs=4490)


def sql(path, *statements):
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def geopackages(folder):
    for k in (0, 1):
        covers(k=k).to_file(folder / f"plain{k}.gpkg")
        covers().head(0).to_file(folder / f"none{k}.gpkg")
        covers(k=k).to_file(folder / f"two{k}.gpkg", layer="a")
        covers(k=k).to_file(folder / f"two{k}.gpkg", layer="b")
        covers(k=k).to_file(folder / f"view{k}.gpkg")
        sql(folder / f"view{k}.gpkg", f'CREATE VIEW v AS SELECT * FROM "view{k}"')
        lost = covers(k=k)
        lost.loc[k, "geometry"] = None
        lost.to_file(folder / f"lost{k}.gpkg")
        covers(k=k).set_geometry(shapely.buffer(covers().geometry.array, 1e-3)).to_file(
            folder / f"wide{k}.gpkg"
        )
        covers(k=k).set_geometry(shapely.points([[0, 0]] * 3)).set_crs(4490).to_file(
            folder / f"zero{k}.gpkg"
        )
        covers(k=k).to_file(folder / f"cut{k}.gpkg")
        data = (folder / f"cut{k}.gpkg").read_bytes()
        (folder / f"cut{k}.gpkg").write_bytes(data[: len(data) // 2])
        covers(k=k).to_file(folder / f"bad{k}.gpkg")
        sql(folder / f"bad{k}.gpkg", "CREATE TRIGGER t AFTER DELETE ON gpkg_contents "
            "BEGIN SELECT load_extension('x'); END")  # fmt: skip
    covers().assign(别的=1).to_file(folder / "more.gpkg")
    covers().to_crs(4549).to_file(folder / "metres.gpkg")


def kmls(folder):
    schema = (
        '<Schema name="s" id="s"><SimpleField name="编号" type="string"/></Schema>'
        '<Folder><name>{}</name><Placemark><ExtendedData><SchemaData schemaUrl="#s">'
        '<SimpleData name="编号">{}</SimpleData></SchemaData></ExtendedData>'
        "<Point><coordinates>120.6,31.3</coordinates></Point></Placemark></Folder>"
    )
    named = PLACE.format("<name>{}</name>")
    for k in (0, 1):
        for name, body in {
            "plain": f"<Document><name>层{k}</name>{named.format(k)}</Document>",
            "schema": f"<Document>{schema.format(f'层{k}', k)}</Document>",
            "unnamed": f"<Document>{named.format(k)}</Document>",
            "folders": f"<Document><Folder><name>a</name>{named.format(k)}</Folder>"
            f"<Folder><name>b</name>{named.format(k)}</Folder></Document>",
            "later": f"<Document><name>层{k}</name>{named.format(k)}"
            f"{PLACE.format(DATA.format('材质', k))}</Document>",
            "empty": f"<Document><name>层{k}</name></Document>",
            "html": f"<Document><name>层{k}</name>"
            + PLACE.format(
                "<description><![CDATA[<table><tr><td>编号</td><td>J1</td></tr></table>]]>"
                "</description>"
            )
            + "</Document>",
            "text": f"<Document><name>层{k}</name>"
            + PLACE.format(f"<description>{'abc' * k}</description>")
            + "</Document>",
            "line": f"<Document><name>层{k}</name><Placemark><LineString><coordinates>"
            "120.6,31.3 120.7,31.4</coordinates></LineString></Placemark></Document>",
            "single": f"<Document><name>层{k}</name><Placemark><LineString><coordinates>"
            "120.6,31.3</coordinates></LineString></Placemark></Document>",
            "nowhere": f"<Document><name>层{k}</name><Placemark><name>a</name></Placemark>"
            "</Document>",
            "links": f"<Document><name>层{k}</name><NetworkLink/></Document>",
            "same": f"<Document><name>same{k}</name>{named.format(k)}</Document>",
            "styled": f'<Document><name>层{k}</name><Style id="a"><IconStyle><scale>1</scale>'
            f"</IconStyle></Style>{PLACE.format('<styleUrl>#a</styleUrl>')}</Document>",
        }.items():
            (folder / f"{name}{k}.kml").write_text(KML.format(body), "utf-8")
        (folder / f"broken{k}.kml").write_text(KML.format("<Document>"), "utf-8")


#: Files that a look does not tell.
ODD = ("none", "two", "view", "lost", "zero", "cut", "bad", "unnamed", "folders", "empty", "html",
       "single", "nowhere", "links", "broken")  # fmt: skip
BUILT = {"gpkg": geopackages, "kml": kmls}


def seen(folder):
    """What is listed of each file and what each layer shows, and what the folder comes to."""
    looked, out = Looked(), {}
    for path in sorted(folder.iterdir()):
        try:
            items, others = source.list_layers(path)
        except ValueError as error:
            out[path.name] = str(error)
            continue
        shown = []
        for item in items:
            preview = Preview(item, looked)
            columns = [str(c) for c in preview.frame.columns]
            shown.append((item, preview.kinds, columns, preview.is_empty, str(preview.error)))
        out[path.name] = (others, shown)
    found = find_source(folder, SPECS)
    return out, found.layers, found.findings.frame()


@pytest.mark.parametrize("kind", BUILT)
def test_a_look_at_the_heading_comes_to_what_reading_the_file_comes_to(tmp_path, kind, monkeypatch):
    BUILT[kind](tmp_path)
    quick = seen(tmp_path)
    monkeypatch.setattr(source, "_only_layer", lambda path, kind: None)
    monkeypatch.setattr(recognition, "heading_of", lambda item: None)
    full = seen(tmp_path)
    assert quick[0] == full[0]
    assert quick[1] == full[1]
    pd.testing.assert_frame_equal(quick[2], full[2])


@pytest.mark.parametrize(("kind", "plain"), [
    ("gpkg", ["plain"]),
    ("kml", ["plain", "schema", "later", "line", "same", "styled"]),
])  # fmt: skip
def test_plain_files_of_one_heading_are_read_once(tmp_path, kind, plain):
    BUILT[kind](tmp_path)
    headings = {}
    for path in Path(tmp_path).iterdir():
        try:
            headings[path.stem] = [item.heading for item in source.list_layers(path)[0]]
        except ValueError:
            headings[path.stem] = [None]
    assert all(headings[f"{name}0"] == headings[f"{name}1"] != [None] for name in plain)
    odd = [h for stem, found in headings.items() if stem[:-1] in ODD for h in found]
    assert odd
    assert set(odd) == {None}
