"""Tables as they are kept: titles, totals, merged cells, long numbers; the list beside the map."""

from __future__ import annotations

from tests.dirty.case import Case
from tests.dirty.makers import LAT, LON, X, Y, holes, ids, records, spots, table, text, workbook

IN_DEGREES = {"crs": "EPSG:4490"}
#: Ten rows of which the sixth to eighth are gone.
LEFT = [1, 2, 3, 4, 5, 9, 10, 11, 12, 13]
HEAD = "窨井编号,道路名称,经度,纬度"
ROWS = [f"J{i + 1},人民路,{LON},{LAT}" for i in range(4)]
LONG = ["320508202206300001", "320508202206300002", "320508202206300003"]
STATIONS = ["站点编号,停放容量,经度,纬度", f"A,20,{LON},{LAT}", f"B,30,{LON},{LAT}"]

TABLES = [
    Case("GBK .csv", table(HEAD, *ROWS, encoding="gbk"), "ENC_INFERRED COORD_COLUMNS",
         options=IN_DEGREES, values={"road_name": ["人民路"] * 4}),
    Case("titles above the header", table("姑苏区窨井台账,,,", "2022年6月,,,", HEAD, *ROWS),
         "TABLE_HEADER", options=IN_DEGREES, values={"manhole_id": ids()}),
    Case("a row of totals", table(*STATIONS, "合计,50,,"), "TOTAL_ROW", (1, 2, 0),
         options=IN_DEGREES, layer="bike_stations", values={"capacity": [20, 30]}),
    Case("totals by district and in all",
         table(STATIONS[0], STATIONS[1], "姑苏区小计,20,,", STATIONS[2], "吴中区小计,30,,",
               "总 计,50,,"), "TOTAL_ROW", (3, 2, 0), options=IN_DEGREES, layer="bike_stations",
         values={"capacity": [20, 30]}),
    Case("the header once more, and a note below",
         table(HEAD, *ROWS[:2], HEAD, *ROWS[2:], "制表人：王某,,,"), "NOTE_ROW", (2, 4, 0),
         options=IN_DEGREES, values={"manhole_id": ids()}),
    Case("latitude before longitude",
         table("窨井编号,纬度,经度", *[f"J{i + 1},{LAT},{LON}" for i in range(4)]),
         "COORD_COLUMNS", options=IN_DEGREES, places=[(X, Y)] * 4, within_m=60),
    Case("X to the north, as surveyors have it",
         table("窨井编号,X,Y", *[f"J{i + 1},{Y},{X}" for i in range(4)]),
         "COORD_COLUMNS", options={"crs": "EPSG:4549"}, places=[(X, Y)] * 4),
    Case("degrees, minutes and seconds",
         table("窨井编号,经度,纬度", "J1,120°35′06″,31°17′56.4″"), "COORD_COLUMNS", (0, 1, 0),
         options=IN_DEGREES, places=[(X, Y)], within_m=60),
    Case("WKT with one text that is none",
         table("窨井编号,WKT", f"J1,POINT ({X} {Y})", "J2,POINT (东 北)"), "RECORD_UNREADABLE",
         (0, 1, 1), options={"crs": "EPSG:4549"}, values={"manhole_id": ["J1"]}),
    Case("a table without position or district", table("窨井编号,道路名称", "J1,人民路"),
         "GEOM_NULL UNLOCATED", (0, 1, 0)),
    Case("a row with one value too many", table(HEAD, *ROWS, f"J5,人民路,{LON},{LAT},多余"),
         "ROW_RAGGED", (0, 4, 1), options=IN_DEGREES),
    Case("rows cut out of a list whose ids rise by one",
         table(HEAD, *[f"J{i:03d},人民路,{LON},{LAT}" for i in LEFT]), "ID_GAP", (0, 10, 0),
         options=IN_DEGREES, values={"manhole_id": [f"J{i:03d}" for i in LEFT]}),
    Case("rows cut out of a sheet that numbers its rows",
         workbook([["序号", *HEAD.split(",")],
                   *[[i, f"S-{i * 7}", "人民路", LON, LAT] for i in LEFT]]), "ID_GAP",
         (0, 10, 0), options=IN_DEGREES),
    Case("a list that begins with its fourth row",
         table("序号," + HEAD, *[f"{i},S-{i * 7},人民路,{LON},{LAT}" for i in range(4, 12)]),
         "ID_GAP", (0, 8, 0), options=IN_DEGREES),
    Case("a .csv that ends within a line",
         text("窨井.csv", "\n".join([HEAD, *ROWS])), "TABLE_UNFINISHED", options=IN_DEGREES,
         values={"manhole_id": ids()}, not_codes="ID_GAP LAYER_EMPTY"),
    Case("a .csv of headings alone", table(HEAD), "LAYER_EMPTY", (0, 0, 0), options=IN_DEGREES),
    Case("no header at all", table("1,2,3", "4,5,6", "7,8,9"), refused=("列名", "columns")),
    Case("merged cells in a sheet",
         workbook([["窨井编号", "道路名称", "经度", "纬度"], ["J1", "人民南路", LON, LAT],
                   ["J2", None, LON, LAT], ["J3", "干将路", LON, LAT]], merge=["B2:B3"]),
         "CELLS_MERGED", (0, 3, 0), options=IN_DEGREES,
         values={"road_name": ["人民南路", "人民南路", "干将路"]}),
    Case("18-digit ids kept as text",
         workbook([["窨井编号", "经度", "纬度"], *[[i, LON, LAT] for i in LONG]]), "", (0, 3, 0),
         options=IN_DEGREES, values={"manhole_id": LONG}, not_codes="ID_DAMAGED"),
    Case("18-digit ids in a .csv with a blank cell",
         table("窨井编号,经度,纬度", *[f"{i},{LON},{LAT}" for i in LONG], f",{LON},{LAT}"),
         "ID_MISSING", options=IN_DEGREES, not_codes="ID_DAMAGED",
         values={"manhole_id": [*LONG, "manholes#3"]}),
    Case("18-digit ids as numbers in a sheet with a blank cell",
         workbook([["窨井编号", "经度", "纬度"], *[[int(i), LON, LAT] for i in LONG],
                   [None, LON, LAT]]), "ID_DAMAGED ID_MISSING", options=IN_DEGREES,
         values={"manhole_id": [f"manholes#{i}" for i in range(4)]}),
    Case("ids that a sheet has written as powers of ten",
         table("窨井编号,经度,纬度", f"3.20508E+17,{LON},{LAT}", f"J2,{LON},{LAT}"),
         "ID_DAMAGED", (0, 2, 0), options=IN_DEGREES),
    Case("numbers as text with thousands in a sheet",
         workbook([["站点编号", "停放容量", "经度", "纬度"], ["A", "1,200", LON, LAT],
                   ["B", "３５", LON, LAT]]), "", (0, 2, 0), options=IN_DEGREES,
         layer="bike_stations", values={"capacity": [1200, 35]}),
]  # fmt: skip

MAP = holes(道路名称=["人民路", None, "十全街", "平江路"])
LIST = ["窨井编号,道路名称,所属区县"]
BESIDE = [
    Case("list and map that differ", lambda _: MAP,
         "LEDGER_JOINED LEDGER_WINS LEDGER_UNMATCHED",
         options={"ledger": table(*LIST, "J1,人民南路,姑苏区", "J2,干将路,姑苏区", "J3,,")},
         values={"road_name": ["人民南路", "干将路", "十全街", "平江路"]}),
    Case("ids of the list typed with blanks, full width, zeros and other case", lambda _: MAP,
         "LEDGER_JOINED", options={"ledger": table(*LIST, "j1,甲,", "Ｊ２,乙,", "J 3,丙,")},
         values={"road_name": ["甲", "乙", "丙", "平江路"]}),
    Case("two rows of the list for one feature", lambda _: MAP, "LEDGER_MANY", (0, 4, 1),
         options={"ledger": table(*LIST, "J1,甲,", "J1,乙,")},
         values={"road_name": ["甲", None, "十全街", "平江路"]}),
    Case("rows of the list without a feature", lambda _: MAP, "LEDGER_JOINED UNLOCATED",
         (0, 6, 0), options={"ledger": table(*LIST, "J8,甲,320508", "J9,乙,")},
         values={"manhole_id": [*ids(), "J8", "J9"],
                 "district_code": [None] * 4 + ["320508", None]}),
    Case("a list without ids", lambda _: MAP, options={"ledger": table("道路名称,长度", "甲,1")},
         refused=("aliases=", "aliases=")),
    Case("corrections for a key and for one that is not there",
         lambda _: records(spots(2), 站点编号=["A", "B"], 停放容量=["二十", "30"]),
         "DECISION_APPLIED DECISION_UNUSED", (0, 2, 0), layer="bike_stations",
         options={"corrections": lambda _: _decisions()}, values={"capacity": [20, 30]}),
]  # fmt: skip


def _decisions():
    import pandas as pd

    return pd.DataFrame(
        {"row_label": ["0", ""], "key": ["A", "Z"], "field": ["capacity"] * 2,
         "new_value": ["20", "5"]}
    )  # fmt: skip


SHEETS = [*TABLES, *BESIDE]
