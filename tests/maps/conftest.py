"""A small city for the map tests: three square zones, and features of each kind."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point, box
from shapely.geometry import shape

CRS = "EPSG:4549"
PAYLOADS = (
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "${window.hacked=1}",
    "`+(window.hacked=1)+`",
    "'\"</textarea><svg onload=window.hacked=1>",
    "\\u003cimg src=x onerror=window.hacked=1\\u003e",
    "</script><script>window.hacked=1</script>",
    "a\u2028b\u2029c\u202egpj.exe",
    "{{ 7*7 }}{% raw %}",
    "<!--<script>",
)


@pytest.fixture
def zones() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name_zh": ["甲区", "乙区", "丙市"], "name_en": ["Jia", "Yi", "Bing"]},
        geometry=[
            box(550_000, 3_460_000, 560_000, 3_470_000),
            box(560_000, 3_460_000, 570_000, 3_470_000),
            box(550_000, 3_470_000, 570_000, 3_480_000),
        ],
        index=pd.Index(["320505", "320506", "320581"], name="district_code"),
        crs=CRS,
    )


@pytest.fixture
def manholes() -> gpd.GeoDataFrame:
    rng = np.random.default_rng(0)
    count = 60
    return gpd.GeoDataFrame(
        {
            "manhole_id": [f"A{i}" for i in range(count)],
            "district_code": ["320505"] * count,
            "status": (["40", "60", None] * count)[:count],
            "found_date": pd.Timestamp("2022-03-05"),
            "found_date_precision": (["day", "month", "year"] * count)[:count],
            "phone": "13900000000",
            "extra": "extra",
        },
        geometry=gpd.points_from_xy(
            rng.uniform(550_000, 570_000, count), rng.uniform(3_460_000, 3_480_000, count)
        ),
        crs=CRS,
    )


@pytest.fixture
def parcels() -> gpd.GeoDataFrame:
    ring = box(0, 0, 900, 900).difference(box(300, 300, 600, 600))
    return gpd.GeoDataFrame(
        {
            "parcel_id": ["P1", "P2", "P3"],
            "status": ["40", "70", "40"],
            "illegal_area_m2": [120.0, 45_000.0, None],
            "party_name": ["张三"] * 3,
        },
        geometry=[
            gpd.GeoSeries([ring]).translate(555_000, 3_465_000)[0],
            Point(556_000, 3_466_000),
            None,
        ],
        crs=CRS,
    )


@pytest.fixture
def tunnels() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"tunnel_id": ["G1"], "name": ["一号管廊"], "status": ["operating"], "length_km": [3.2]},
        geometry=[LineString([(552_000, 3_462_000), (558_000, 3_468_000), (566_000, 3_468_000)])],
        crs=CRS,
    )


@pytest.fixture
def figures(zones) -> pd.DataFrame:
    """Rows as `progress` gives them, one of each kind of comparison."""
    common = {
        "indicator": "demolished_area", "published_id": None, "name_zh": "拆除面积",
        "name_en": "Area demolished", "layer": "illegal_construction", "level": "district",
        "unit": "m2", "numerator": None, "denominator": None, "comparator": ">=",
        "deadline": "2022-12-31", "period_start": "2022-01-01", "as_of": "2022-06-30",
        "basis": "events", "note_zh": "说明", "note_en": "Note",
    }  # fmt: skip
    rows = [
        {"value": 120_000.0, "target": 300_000.0, "attainment": 0.4, "expected": 148_767.0,
         "status": "behind", "comparability": "comparable"},
        {"value": 80_000.0, "target": 70_000.0, "attainment": 1.142, "expected": 34_700.0,
         "status": "met", "comparability": "comparable"},
        {"value": None, "target": None, "attainment": None, "expected": None,
         "status": "not_available", "comparability": "scope"},
    ]  # fmt: skip
    return pd.DataFrame(
        [{**common, **row, "zone_code": code} for code, row in zip(zones.index, rows, strict=True)]
    )


def choices(told: dict) -> dict:
    """What a page of figures may show, its texts in the place of their numbers."""

    def text(at: int) -> list[str]:
        return told["texts"][at].split("|")

    for figure in told["figures"]:
        figure["notes"] = ["".join(text(at)) for at in figure["notes"]]
        for level in figure["levels"].values():
            level.update({key: [text(at) for at in days] for key, days in level.items()})
        for fill in figure["fills"]:
            fill.update(colors=text(fill["colors"]), labels=text(fill["labels"]))
            for level in fill["levels"].values():
                level["classes"] = ["".join(text(at)) for at in level["classes"]]
    return told


def colors_of(told: dict) -> dict[tuple[str, str, str, str], set[str]]:
    """Colours of each number, by its figure and unit, the level of its zone and what it is.

    Two where it is a limit as it is written, and the numbers themselves lie on either side.
    """
    out: dict[tuple[str, str, str, str], set[str]] = {}
    for figure in told["figures"]:
        for fill in figure["fills"]:
            for name, level in fill["levels"].items():
                written = figure["levels"][name][fill["column"]]
                for texts, classes in zip(written, level["classes"], strict=True):
                    for text, sign in zip(texts, classes, strict=True):
                        if text:
                            key = f"{figure['id']} {fill['unit']}", name, fill["column"], text
                            out.setdefault(key, set()).add(fill["colors"][int(sign, 36)])
    return out


_GEOJSON = re.compile(
    r'<script type="application/json" id="(data_[^"]*)">\s*([^<]*?)\s*</script>', re.S
)


def _geojson(text: str, key: str, content: str) -> dict:
    collection = json.loads(content)
    features, coded = collection["features"], iter(collection["coded"])

    def texts(name) -> list[str]:
        if name is not None:
            return [feature["properties"][name] for feature in features]
        # Only filtered by: each text once, and which of them a feature has.
        column = next(coded)
        return [column["values"][i] for i in column["index"]]

    (config,) = [c for c in re.findall(r"gcm\.features\((.*)\);", text) if f'"{key}"' in c]
    places = shapely.get_coordinates([shape(feature["geometry"]) for feature in features])
    return {
        "packed": False,
        "count": len(features),
        "x": places[:, 0],
        "y": places[:, 1],
        "columns": [
            {"label": column["label"], "values": texts(column["name"])}
            for column in json.loads(config)["columns"]
        ],
    }


@pytest.fixture
def page(tmp_path: Path):
    """Save a map and return its text."""

    def save(city_map) -> str:
        target = tmp_path / "map.html"
        city_map.save(target)
        return target.read_text(encoding="utf-8")

    return save


@pytest.fixture
def unpack():
    """Return the layers of features of a page: header, and the coordinates in degrees.

    Packed layers and GeoJSON alike, for what holds of both.
    """

    def read(text: str) -> list[dict]:
        overlays = [
            {**_geojson(text, *match.groups()), "at": match.start()}
            for match in _GEOJSON.finditer(text)
        ]
        for data in re.finditer(
            r'<script type="text/plain" id="data_[^"]*">([^<]*)</script>', text
        ):
            block = gzip.decompress(base64.b64decode(data[1]))
            length = int.from_bytes(block[:4], "little")
            header = json.loads(block[4 : 4 + length])

            def section(name, block=block, header=header, length=length):
                start, count, width = header["sections"][name]
                raw = np.frombuffer(block, np.uint8, count * width, 4 + length + start)
                plain = np.ascontiguousarray(raw.reshape(width, count).T)
                return plain.view({1: "u1", 2: "<u2", 4: "<i4"}[width]).ravel()

            header.update(packed=True, at=data.start())
            header["x"], header["y"] = (np.cumsum(section(axis)) * 1e-6 for axis in "xy")
            header["section"] = section
            overlays.append(header)
        return sorted(overlays, key=lambda overlay: overlay["at"])

    return read
