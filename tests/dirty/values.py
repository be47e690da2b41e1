"""Names, text, numbers, units, dates, codes, ids, relations, personal data."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.dirty.case import Case
from tests.dirty.makers import (
    X,
    Y,
    frame,
    holes,
    ids,
    line,
    records,
    spots,
    square,
    table,
)  # fmt: skip

DEGREES = {"crs": "EPSG:4490"}


def parcels(areas: list[Any], size: float = 20.0, **columns: Any) -> Any:
    """Illegal construction: one footprint of ``size`` metres for each area."""
    shapes = [square(size, X + 100 * i) for i in range(len(areas))]
    named = {"违建编号": [f"W{i + 1}" for i in range(len(areas))], "违法建设面积": areas}
    return lambda _: records(shapes, **named, **columns)


def stations(capacity: list[Any], **columns: Any) -> Any:
    n = len(capacity)
    return lambda _: records(spots(n), 站点编号=ids(n), 停放容量=capacity, **columns)


NAMES = [
    Case("names in full width, with blanks and in other case",
         frame(spots(2), **{"ＲＯＡＤ＿ＮＡＭＥ": ["甲", "乙"], " Cover kind ": ["污水", "雨水"]}),
         counts=(0, 2, 0), values={"road_name": ["甲", "乙"]}),
    Case("a name by its alias", frame(所在道路=list("甲乙丙丁")), "FIELD_ALIAS",
         values={"road_name": list("甲乙丙丁")}),
    Case("two columns for one field", frame(道路名称=list("甲乙丙丁"), 所在道路=list("戊己庚辛")),
         "FIELD_DUPLICATE", values={"road_name": list("甲乙丙丁")}),
    Case("a column that is no field", frame(自定义=list("甲乙丙丁")), "FIELD_UNKNOWN",
         values={"自定义": list("甲乙丙丁")}),
    Case("a cut name that could be two fields",
         lambda _: records([square()], 违建编号=["A"], 违法建设=["30"], 违建面积=["20"]),
         "FIELD_AMBIGUOUS", (0, 1, 0), {"illegal_area_m2": [20.0]},
         layer="illegal_construction"),
    Case("the measure is not there", lambda _: records([square()], 违建编号=["A"]),
         "FIELD_MISSING", (0, 1, 0), layer="illegal_construction"),
    Case("a field that figures need is not there", frame(), "FIELD_MISSING"),
]  # fmt: skip

NUMBERS = [
    Case("full width, thousands, 约, 万, 亩, 公顷, ㎡",
         parcels(["１２０", "1,250.5", "约300", "0.1万平方米", "3亩", "0.5公顷", "80㎡"], 80.0),
         "UNIT_CONVERTED NUMBER_APPROXIMATE", (0, 7, 0), layer="illegal_construction",
         values={"illegal_area_m2": [120, 1250.5, 300, 1000, 2000, 5000, 80]}),
    Case("a number that is none", stations(["若干", "20", "30"]), "NUMBER_UNPARSED", (0, 3, 0),
         layer="bike_stations", values={"capacity": [None, 20, 30]}),
    Case("a number that is none in the measure", parcels(["很大", "20"]),
         "NUMBER_UNPARSED VALUE_MISSING", (0, 2, 0), {"illegal_area_m2": [None, 20.0]},
         layer="illegal_construction"),
    Case("infinite and negative numbers", stations([np.inf, -5.0, 20.0]),
         "NUMBER_UNPARSED NUMBER_RANGE", (0, 3, 0), layer="bike_stations",
         values={"capacity": [None, None, 20]}),
    Case("a count with a half", stations([2.5, 20.0]), "NUMBER_UNPARSED", (0, 2, 0),
         layer="bike_stations", values={"capacity": [None, 20]}),
    Case("markers for nothing", stations(["/", "-", "无", "NULL", "20"]), "", (0, 5, 0),
         layer="bike_stations", values={"capacity": [None] * 4 + [20]},
         not_codes="NUMBER_UNPARSED"),
    Case("lengths in metres among kilometres",
         lambda _: records([line(1500), line(800, y=Y + 50)], 管廊编号=["A", "B"],
                           长度=["1.5公里", "800米"]), "UNIT_CONVERTED", (0, 2, 0),
         layer="utility_tunnels", values={"length_km": [1.5, 0.8]},
         not_codes="RELATION_BROKEN"),
    Case("a whole column in 万平方米", parcels([0.04] * 6), "UNIT_SUSPECT", (0, 6, 0),
         layer="illegal_construction", values={"illegal_area_m2": [0.04] * 6}),
    Case("a whole column in 亩", parcels(["0.6"] * 6, 占地面积=["0.6"] * 6), "UNIT_SUSPECT",
         (0, 6, 0), layer="illegal_construction", values={"footprint_m2": [0.6] * 6},
         not_codes="RELATION_BROKEN"),
    Case("a whole column in 亩, said", parcels(["0.6"] * 6), "UNIT_CONVERTED", (0, 6, 0),
         layer="illegal_construction", options={"units": {"illegal_area_m2": "亩"}},
         values={"illegal_area_m2": [400.0] * 6}, not_codes="UNIT_SUSPECT"),
    Case("a whole column in metres, to be mended",
         lambda _: records([line(500 + 100 * i, y=Y + 50 * i) for i in range(6)],
                           管廊编号=ids(6), 长度=[500.0 + 100 * i for i in range(6)]),
         "UNIT_SUSPECT UNIT_CONVERTED", (0, 6, 0), layer="utility_tunnels",
         options={"repair": ["units"]},
         values={"length_km": [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]}),
]  # fmt: skip

DATES = [
    Case("dates in eight ways",
         frame(发现时间=["2022.6.30", "2022/6/30", "20220630", "2022年6月30日", "２０２２-６-３０",
                     "44742", "2022-06-30 08:15:00", "2022-6-30"]), "", (0, 8, 0),
         {"found_date": ["2022-06-30"] * 8}, not_codes="DATE_UNPARSED"),
    Case("integer 20220630", frame(发现时间=[20220630, 20220701, 20220630, 20220630]), "",
         values={"found_date": ["2022-06-30", "2022-07-01", "2022-06-30", "2022-06-30"]}),
    Case("numbers that count days since 1900", frame(发现时间=[44742.0, 44743.0, np.nan, 44742.5]),
         "", values={"found_date": ["2022-06-30", "2022-07-01", None, "2022-06-30"]}),
    Case("a month and a year", frame(发现时间=["2022年6月", "2022.6", "2021", "2022-6-3"]),
         "DATE_PARTIAL",
         values={"found_date": ["2022-06-01", "2022-06-01", "2021-01-01", "2022-06-03"],
                 "found_date_precision": ["month", "month", "year", None]}),
    Case("days that no calendar has", frame(发现时间=["2022-02-30", "2022-13-01", "去年", None]),
         "DATE_UNPARSED", values={"found_date": [None] * 4}),
    Case("done before it was found",
         frame(发现时间=["2022-6-1"] * 4, 整治完成时间=["2022-5-1", *["2022-7-1"] * 3]),
         "DATE_ORDER", options={"aliases": {"整治完成时间": "completed_date"}}),
    Case("found after the date of the data", frame(发现时间=["2022-6-1", "2022-7-9", None, None]),
         "DATE_RANGE", options={"data_date": "2022-06-30"},
         values={"found_date": ["2022-06-01", "2022-07-09", None, None]}),
    Case("1900-01-01 for no date", frame(发现时间=["1900-01-01", "1900/1/1", "2022-6-1", None]),
         "", values={"found_date": [None, None, "2022-06-01", None]}),
]  # fmt: skip

CODES = [
    Case("labels in Chinese and English, synonyms, codes",
         frame(整治状态=["已派单", "Rectified", "30", " 已验收 "]), "",
         values={"status": ["30", "51", "30", "60"]}, not_codes="CODE_UNKNOWN"),
    Case("a label that is in no list", frame(整治状态=["已整志", "已整治", "已整治", None]),
         "CODE_UNKNOWN", values={"status": [None, "51", "51", None]}),
    Case("several codes in one cell", frame(病害类型=["破损、震响", "缺失;异响", "沉降", None]), "",
         values={"defects": ["broken;noise", "missing;noise", "sunken", None]}),
    Case("yes and no in eight ways",
         lambda _: records(spots(8), 车场编号=ids(8), 停车泊位数=[10] * 8,
                           DYNAMIC=["是", "否", "1", "0", "Y", "N", "true", "false"]), "",
         (0, 8, 0), layer="parking_points", values={"dynamic_connected": [True, False] * 4}),
]  # fmt: skip

KEYS = [
    Case("no id", frame(窨井编号=["J1", None, "/", "J4"]), "ID_MISSING",
         values={"manhole_id": ["J1", "manholes#1", "manholes#2", "J4"]}),
    Case("one id twice", frame(窨井编号=["J1", "J1", "J3", "Ｊ１"]), "ID_DUPLICATE", (0, 2, 2),
         {"manhole_id": ["J1", "J3"]}, [(X, Y), (X + 200, Y)]),
    Case("ids whose last digits became zeros",
         frame(窨井编号=["320508202206300000"] * 3 + ["320508202206400000"]), "ID_DAMAGED",
         values={"manhole_id": ["manholes#0", "manholes#1", "manholes#2", "320508202206400000"]}),
    Case("ids with leading zeros", frame(窨井编号=["007", "07", "7", "0"]), "",
         values={"manhole_id": ["007", "07", "7", "0"]}, not_codes="ID_DUPLICATE"),
]  # fmt: skip

RELATIONS = [
    Case("more demolished than there is", parcels([400.0, 400.0], 拆除面积=[900.0, 100.0]),
         "RELATION_BROKEN", (0, 2, 0), {"demolished_area_m2": [900.0, 100.0]},
         layer="illegal_construction"),
    Case("a footprint that is not the geometry's", parcels([400.0, 400.0], 占地面积=[900.0, 400.0]),
         "RELATION_BROKEN", (0, 2, 0), layer="illegal_construction"),
    Case("more floor area than floors", parcels([4000.0, 700.0], 层数=[2, 2]), "RELATION_BROKEN",
         (0, 2, 0), layer="illegal_construction"),
    Case("more shared spaces than spaces",
         lambda _: records(spots(2), 车场编号=["A", "B"], 停车泊位数=[50, 60], SP_SHARED=[99, 10]),
         "RELATION_BROKEN", (0, 2, 0), {"spaces_shared": [99, 10]}, layer="parking_points"),
    Case("a length that is not the line's",
         lambda _: records([line(1000)], 管廊编号=["A"], 长度=[1.4]), "RELATION_BROKEN",
         (0, 1, 0), {"length_km": [1.4]}, layer="utility_tunnels"),
    Case("a length that is not there, with the line",
         lambda _: records([line(1000)], 管廊编号=["A"], 长度=[None]), "VALUE_ASSUMED",
         (0, 1, 0), {"length_km": [1.0]}, layer="utility_tunnels"),
]  # fmt: skip

PEOPLE = [
    Case("telephones by their column", frame(联系电话=["13812345678"] * 4), "PERSONAL_DATA"),
    Case("identity cards by their values", frame(备注二=["11010519491231002X"] * 4),
         "PERSONAL_DATA"),
    Case("a name of a person", parcels([20.0], 当事人=["王某某"]), "PERSONAL_DATA", (0, 1, 0),
         layer="illegal_construction"),
    Case("characters that were lost before",
         frame(道路名称=["人\ufffd路", "干将路", "十全街", "平江路"]), "TEXT_LOST",
         values={"road_name": ["人\ufffd路", "干将路", "十全街", "平江路"]}),
    Case("text that a spreadsheet would run",
         table("窨井编号,道路名称,经度,纬度", "J1,=cmd|' /C calc'!A0,120.585,31.299"), "",
         (0, 1, 0), {"road_name": ["=cmd|' /C calc'!A0"]}, options=DEGREES),
    Case("columns of one name in a frame",
         lambda _: _twice(), "FIELD_DUPLICATE",
         values={"road_name": list("甲乙丙丁")}),
]  # fmt: skip


def _twice():
    out = holes(a=list("甲乙丙丁"), b=list("戊己庚辛"))
    return out.rename(columns={"a": "道路名称", "b": "道路名称"})


VALUES = [*NAMES, *NUMBERS, *DATES, *CODES, *KEYS, *RELATIONS, *PEOPLE]
