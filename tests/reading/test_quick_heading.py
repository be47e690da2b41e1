"""A look at a file's heading comes to what reading it comes to, or leaves it to that."""

import sqlite3
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
import xlsxwriter

from geo_citymgmt.city import _recognition
from geo_citymgmt.city._discovery import find_source
from geo_citymgmt.city._recognition import Looked, Preview
from geo_citymgmt.reading import _source
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


def tables():
    """Rows of odd tables by name, each of two kinds of values."""
    head = ["编号", "材质", "经度", "纬度"]
    good = [[f"J{i}", "铸铁", round(120.612 + i / 100, 3), 31.301] for i in range(3)]
    far = [[*row[:2], 1.5, 2.5] for row in good]
    return {
        "plain": [head, *good],
        "words": [["编号", "材质", "地址", "备注"], ["J1", "铸铁", "人民路1号", "120.6 31.3"]],
        "title": [["窨井台账", "", "", ""], head, *good],
        "numbered": [head, ["1", "2", "3", "4"], *good],
        "units": [head, ["-", "-", "度", "度"], *good],
        "total": [head, ["合计", "3", 120.612, 31.301]],
        "sums": [head, *good, ["合计", "3", "", ""]],
        "note": [head, ["注：本表由区局填报", "", "", ""]],
        "again": [head, head, *good],
        "none": [head],
        "blank": [head, *good, ["", "", "", ""], ["状态", "数量", "", ""], ["完好", "2", "", ""]],
        "far": [head, *far],
        "gaps": [head, ["J0", "", "", ""], *good],
        "unplaced": [head, ["J0", "铸铁", "", ""]],
        "metres": [["编号", "材质", "X", "Y"], ["J1", "铸铁", 3467000.5, 496000.5]],
        "swapped": [head, ["J1", "铸铁", 31.301, 120.612]],
        "two": [["编号", "经度", "纬度", "高德经度", "高德纬度"], ["J1", *(120.612, 31.301) * 2]],
        "wkt": [["编号", "材质", "状态", "geometry"], ["J1", "铸铁", "完好", "POINT (120.6 31.3)"]],
        "same": [["编号", "材质", "材质", "纬度"], ["J1", "a", "b", 31.301]],
        "unnamed": [["编号", "材质", "", "纬度"], ["J1", "a", "b", 31.301]],
        "few": [["编号", "材质"], ["J1", "铸铁"]],
        "ragged": [head, [*good[0], "x"], *good],
        "beside": [["编号", "经度", "编号", "经度"], ["J1", 120.612, "J2", 120.612]],
        "events": [
            ["layer", "feature_id", "event", "date"],
            ["manholes", "J1", "done", "2022-1-2"],
        ],
    }


def csvs(folder):
    for k, encoding in enumerate(["utf-8", "gb18030", "utf-8-sig"]):
        for name, rows in tables().items():
            lines = [",".join(map(str, row)) for row in rows]
            if name == "plain":
                (folder / f"semicolon{k}.csv").write_text(
                    "\n".join(lines).replace(",", ";"), encoding
                )
                (folder / f"quoted{k}.csv").write_text(
                    "\n".join([*lines, 'J9,"a\nb",120.612,31.301']), encoding
                )
            # Of one heading the first is looked at: here each has its own.
            lines[0] = lines[0].replace("材质", f"材质{k}{name}")
            (folder / f"{name}{k}.csv").write_text("\n".join(lines) + "\n", encoding)
    (folder / "lost.csv").write_bytes("编号,材料,经度,纬度\nJ1,".encode() + b"\xff\xfe\x00,1,2\n")


def workbooks(folder):
    for name, rows in tables().items():
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append([None if cell == "" else cell for cell in row])
        book.save(folder / f"{name}.xlsx")
        if name == "title":
            book.active.merge_cells("A1:D1")
            book.save(folder / "merged.xlsx")
        if name == "plain":
            book.create_sheet("备用")
            book.save(folder / "spare.xlsx")
            book["备用"].append(["a", "b"])
            book.save(folder / "two_sheets.xlsx")
    for name, inline in (("shared", False), ("inline", True)):
        with xlsxwriter.Workbook(folder / f"{name}.xlsx", {"constant_memory": inline}) as written:
            sheet = written.add_worksheet()
            for k, row in enumerate(tables()["plain"]):
                sheet.write_row(k, 0, row)


BUILT = {"gpkg": geopackages, "kml": kmls, "csv": csvs, "xlsx": workbooks}


def seen(folder):
    """What is listed of each file and what each layer shows, and what the folder comes to."""
    looked, out = Looked(), {}
    for path in sorted(folder.iterdir()):
        try:
            items, others = _source.list_layers(path)
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
    monkeypatch.setattr(_source, "_only_layer", lambda path, kind: None)
    monkeypatch.setattr(_recognition, "heading_of", lambda item: None)
    monkeypatch.setattr(_recognition, "glance_at", lambda item: None)
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
            headings[path.stem] = [item.heading for item in _source.list_layers(path)[0]]
        except ValueError:
            headings[path.stem] = [None]
    assert all(headings[f"{name}0"] == headings[f"{name}1"] != [None] for name in plain)
    odd = [h for stem, found in headings.items() if stem[:-1] in ODD for h in found]
    assert odd
    assert set(odd) == {None}


def test_plain_tables_are_told_at_a_glance(tmp_path):
    csvs(tmp_path)
    workbooks(tmp_path)
    told = {
        item.path.name
        for path in tmp_path.iterdir()
        for item in listed(path)
        if _source.glance_at(item) is not None
    }
    assert {"plain0.csv", "plain1.csv", "plain2.csv", "words0.csv", "semicolon0.csv"} <= told
    assert {"plain.xlsx", "inline.xlsx", "shared.xlsx", "spare.xlsx"} <= told
    assert not {"title.xlsx", "merged.xlsx", "two_sheets.xlsx", "total0.csv", "far0.csv"} & told
    assert not {"quoted0.csv", "lost.csv", "none0.csv", "again0.csv", "wkt.xlsx"} & told


def listed(path):
    try:
        return _source.list_layers(path)[0]
    except ValueError:
        return []
