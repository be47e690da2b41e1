"""Which layer a source is: by its name, its columns and its geometry, in this order.

A name says it where the geometry agrees, for a table of lines called "streets" is none of 街道.
Columns and values say it where they are those of one layer alone; then the name of the file or
folder that a table or file is in, for 姑苏区 in 窨井.xlsx is 窨井. What is merely possible is
proposed to a person, never read.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._languages import Text, listed
from geo_citymgmt.cleaning._names import match_columns, zone_columns
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading import Raw
from geo_citymgmt.reading._coordinates import place_records
from geo_citymgmt.reading._source import (
    HEAD,
    SourceLayer,
    glance_at,
    heading_of,
    read_raw,
    shape_of,
)
from geo_citymgmt.reading._text import plain_key
from geo_citymgmt.spec import LayerSpec

#: Cities whose districts have two digits in common, not four: the municipalities directly under
#: the government, Taiwan, Hong Kong and Macao.
_BY_TWO_DIGITS = frozenset(["11", "12", "31", "50", "71", "81", "82"])
#: Third and fourth digit of units directly under a province (济源, 仙桃, 五指山, 石河子 ...).
_DIRECT = "90"
#: From this share of codes on that are codes of the standard, those that are not (functional areas
#: with a code of the office's own) do not hinder the naming.
_MOST_OF_NAMES = 0.5
#: The code of a city that is named after its folder.
_WHOLE_CODE = "city"
#: Six digits of a county, with those of its streets and villages after them; maps of Tianditu
#: write the country's 156 before them.
_CODE = re.compile(r"(\d{6})(?:\d{3}|\d{6})?(?:\.0+)?")
_COUNTRY = re.compile(r"156(\d{6})(?:\.0+)?")
_LEVEL = re.compile(r"(特别行政区|自治区|自治州|地区|[省市盟州])$")
#: What a city is called after, where no codes say it.
NAMED_BY = {
    "names": Text("区县名称", "the names of its districts"),
    "folder": Text("文件夹名称", "its folder"),
}
_COUNTY_LEVEL = re.compile(r"(?<![小社校厂片景库])[区區]$|[县市旗縣]$")


@dataclass(frozen=True, slots=True)
class CityName:
    """A city's code and name, and how they are known.

    Attributes
    ----------
    code : str
        Code of the whole in tables: never empty, and never that of one of its districts.
    name : Text
    how : {"codes", "outline", "names", "folder"}
        From the codes of the districts or the outline of the whole among them; from the names of
        districts, or that of the folder, which are assumptions.
    """

    code: str
    name: Text
    how: Literal["codes", "outline", "names", "folder"]


def name_city(codes: Iterable[Any], folder_name: str) -> CityName:
    """Name the city whose districts have these codes.

    Parameters
    ----------
    codes : iterable of str, int or float
        Codes of its districts as they stand in the source; those of streets (9 or 12 digits) will
        do. May be empty.
    folder_name : str
        Name of the folder of the data.

    Returns
    -------
    CityName
        The prefecture that all codes belong to, by their first four digits, a municipality by its
        first two; the province where there are several of one; else the folder's name.

    Examples
    --------
    >>> name_city(["340102", "340121"], "data")
    CityName(code='340100', name=Text(zh='合肥市', en='Hefei'), how='codes')
    """
    given = [text for code in codes if (text := _plain_code(code))]
    unit = _common_unit([division_code(text) for text in given])
    if unit:
        return CityName(_apart(unit, given), divisions()[unit], "codes")
    unit = _unit_named(folder_name)
    if unit:
        return CityName(_apart(unit, given), divisions()[unit], "folder")
    name = folder_name.strip()
    name_of_both = Text(name, name) if name else Text("未命名城市", "Unnamed city")
    return CityName(_apart(_WHOLE_CODE, given), name_of_both, "folder")


def city_of_names(names: Iterable[Any], codes: Iterable[Any] = ()) -> CityName | None:
    """Return the city most of whose districts bear these names; None where that is not clear.

    A name alone is no proof, for there is more than one 鼓楼区: what comes back is a proposal.

    Examples
    --------
    >>> city_of_names(["罗湖", "福田", "盐田", "大鹏"]).name.zh
    '深圳市'
    >>> city_of_names(["鼓楼区"]) is None
    True
    """
    texts = {str(name).strip() for name in names if isinstance(name, str) and name.strip()}
    units = Counter(
        unit for text in texts for unit in {_unit_of(c) for c in _counties().get(text, ())} if unit
    )
    best = units.most_common(2)
    if not best or best[0][1] < max(2, _MOST_OF_NAMES * len(texts)):
        return None
    if len(best) > 1 and best[1][1] == best[0][1]:
        return None
    given = [text for code in codes if (text := _plain_code(code))]
    return CityName(_apart(best[0][0], given), divisions()[best[0][0]], "names")


def recognise_city(codes: Iterable[Any], names: Iterable[Any], folder_name: str) -> CityName:
    """Name a city by the codes of its districts, else by their names, else by its folder.

    ``names`` are those of the districts, or where there are none those that records give.

    Examples
    --------
    >>> recognise_city([], ["瑶海区", "庐阳区", "蜀山区"], "m32").name.zh
    '合肥市'
    >>> recognise_city([], ["Bronx", "Queens"], "nyc").name.zh
    'nyc'
    """
    codes = list(codes)
    city = name_city(codes, folder_name)
    return city if city.how == "codes" else city_of_names(names, codes) or city


def is_city(code: Any, name: Any) -> bool:
    """Whether a zone is a city as a whole by its code or its name.

    Examples
    --------
    >>> is_city("450100", None), is_city("districts#0", "合肥市"), is_city("450102", "兴宁区")
    (True, True, False)
    """
    return division_code(code) in divisions() or bool(_unit_named(_said(name)))


def city_of_outline(code: Any, name: Any, name_en: Any = None) -> CityName | None:
    """Return the city whose outline states this code and name; None where it states neither.

    Examples
    --------
    >>> city_of_outline("450100", None).name.zh, city_of_outline("districts#0", "合肥市").code
    ('南宁市', '340100')
    >>> city_of_outline("330782", "义乌市", "Yiwu")
    CityName(code='330782', name=Text(zh='义乌市', en='Yiwu'), how='outline')
    """
    stated, name, name_en = division_code(code), _said(name), _said(name_en)
    unit = stated if stated in divisions() else _unit_named(name)
    if unit and not (stated and stated != unit):
        return CityName(unit, divisions()[unit], "outline")
    return CityName(stated or _WHOLE_CODE, Text(name, name_en or name), "outline") if name else None


def _said(name: Any) -> str:
    return name.strip() if isinstance(name, str) else ""


def district_names(zones: pd.DataFrame | None, layers: Iterable[pd.DataFrame]) -> Collection[str]:
    """Return the names of districts: their own, without districts those that records give."""
    if zones is not None and len(zones):
        return list(zones["name_zh"].dropna().unique()) if "name_zh" in zones.columns else []
    columns = [data["district_name"] for data in layers if "district_name" in data.columns]
    return {name for column in columns for name in column.dropna().unique()}


def add_assumption(city: CityName, findings: Findings, stated: Collection[str] = ()) -> None:
    """Add the finding that says a city's name is an assumption, where it is one.

    ``stated`` are the entries of ``city.toml`` that are there already and are not asked for.
    """
    if city.how in ("codes", "outline"):
        return
    asked = [name for name in ("name_zh", "name_en", "code") if name not in stated]
    findings.add(
        "CITY_ASSUMED",
        value=city.name.zh,
        expected=city.code,
        detail=city.name,
        where=NAMED_BY[city.how],
        parts=listed(asked),
        action="assumed",
    )


def division_code(value: Any) -> str:
    """Return the six digits of a county or city at the head of a code; empty where it has none.

    Only the form is looked at, and whether there is a province of that number.

    Examples
    --------
    >>> division_code(340102), division_code("340102.0"), division_code("340102001002")
    ('340102', '340102', '340102')
    >>> [division_code(text) for text in ("156340102", " 34 01 02", "5", "A")]
    ['340102', '340102', '', '']
    """
    text = _plain_code(value)
    found = _COUNTRY.fullmatch(text) or _CODE.fullmatch(text)
    return found[1] if found and f"{found[1][:2]}0000" in divisions() else ""


def is_county_name(name: Any) -> bool:
    """Whether ``name`` is that of a county, a county-level city or a district, in full or short.

    Examples
    --------
    >>> [is_county_name(name) for name in ("罗湖", "长丰县", "高新区", "长江路", "阳光小区")]
    [True, True, True, False, False]
    """
    if not isinstance(name, str):
        return False
    text = name.strip()
    return text in _counties() or (len(text) > 1 and bool(_COUNTY_LEVEL.search(text)))


@lru_cache(maxsize=1)
def divisions() -> Mapping[str, Text]:
    """Return the names of provinces, prefectures and units directly under a province, by code."""
    return MappingProxyType(
        {row["code"]: Text(row["name_zh"], row["name_en"]) for row in _rows("prefectures.csv")}
    )


@lru_cache(maxsize=1)
def _counties() -> Mapping[str, tuple[str, ...]]:
    """Codes of the counties of a name, in full or without its last character."""
    table: dict[str, list[str]] = {}
    for row in _rows("counties.csv"):
        full = row["name_zh"]
        short = full[:-1] if full[-1] in "区县市旗" and len(full) > 2 else full
        for name in {full, short}:
            table.setdefault(name, []).append(row["code"])
    return MappingProxyType({name: tuple(codes) for name, codes in table.items()})


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("geo_citymgmt.city").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def _plain_code(value: Any) -> str:
    """Return a code as text: half-width, without spaces, a whole float without its point."""
    if pd.isna(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", str(value)))
    return re.sub(r"(?<=\d)\.0+$", "", text)


def _common_unit(codes: list[str]) -> str:
    """Return the one unit that the codes lie in: a prefecture, else a province."""
    units = [unit for code in codes if (unit := _unit_of(code))]
    if not units or len(units) < _MOST_OF_NAMES * len(codes):
        return ""
    if len(set(units)) == 1:
        return units[0]
    provinces = {unit[:2] for unit in units}
    return f"{provinces.pop()}0000" if len(provinces) == 1 else ""


def _unit_of(code: str) -> str:
    """Return the city that a county belongs to; empty where the standard has none of its number."""
    if code[:2] in _BY_TWO_DIGITS:
        return f"{code[:2]}0000"
    unit = code if code[2:4] == _DIRECT else f"{code[:4]}00"
    return unit if unit in divisions() else ""


def _unit_named(name: str) -> str:
    """Return the one unit that bears ``name``, in full or without the word for its level."""
    text = name.strip()
    if not text:
        return ""
    named = [c for c, n in divisions().items() if text in (n.zh, _LEVEL.sub("", n.zh))]
    return named[0] if len(named) == 1 else ""


def _apart(code: str, taken: Iterable[str]) -> str:
    """Return ``code``, or another for the whole where one of its districts has it."""
    codes = set(taken)
    for candidate in (code, _WHOLE_CODE):
        if candidate not in codes:
            return candidate
    k = 2
    while f"{_WHOLE_CODE}{k}" in codes:
        k += 1
    return f"{_WHOLE_CODE}{k}"


_PARTS = ("_pt", "_ln", "_pg")
#: Families of geometry by shapely's type number.
_FAMILIES = {0: "Point", 1: "LineString", 2: "LineString", 3: "Polygon", 4: "Point",
             5: "LineString", 6: "Polygon"}  # fmt: skip
#: Formats that can be read as a whole only are not looked into above this size.
_LARGEST = 50_000_000
_WHOLE = (".json", ".geojson", ".xlsx", ".xlsm", ".xls", ".zip", ".kmz", ".kml")
#: From this share of the values on, a column is what they look like.
_MOST = 0.6
_STREET_ENDINGS = ("街道", "镇", "乡", "街", "苏木")
_FOLLOWERS = ("社区", "村")


@dataclass(frozen=True)
class Candidate:
    """A layer that a source may be; ``is_sure`` where nothing else comes into question."""

    layer: str
    is_sure: bool
    why: Text


@dataclass
class Looked:
    """What was seen of the sources of one city: many files of one heading are looked at once.

    ``headers`` are the first records of the first file of a heading; ``fields`` the layers' own
    fields among columns.
    """

    headers: dict[bytes, Raw] = field(default_factory=dict)
    fields: dict[tuple[str, ...], dict[str, dict[str, str]]] = field(default_factory=dict)


class Preview:
    """What a source shows before it is read as a layer; read when it is asked for, and once."""

    def __init__(self, item: SourceLayer, looked: Looked | None = None) -> None:
        self.item = item
        self.looked = Looked() if looked is None else looked
        #: Why it could not be looked at.
        self.error: SourceError | None = None

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Families of its geometry; empty where it has none, or could not be looked at."""
        if self.item.path.suffix.lower() == ".shp" and self.item.path.is_file():
            # Its head says it: the table need not be looked at.
            present = np.array([shape_of(self.item.path)], dtype=object)
            return frozenset(_FAMILIES[n] for n in shapely.get_type_id(present) if n in _FAMILIES)
        if self._raw is None:
            return frozenset()
        present = self._raw.geometry[~shapely.is_missing(self._raw.geometry)]
        numbers = np.unique(shapely.get_type_id(present)).tolist()
        return frozenset(_FAMILIES[n] for n in numbers if n in _FAMILIES)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The attributes of its first records; no columns where it could not be looked at."""
        return pd.DataFrame() if self._raw is None else self._raw.frame

    @property
    def is_empty(self) -> bool:
        """Whether it was looked at, and has not a single record."""
        return self._raw is not None and not len(self._raw.frame) and not self.kinds

    @property
    def is_readable(self) -> bool:
        """Whether it could be looked at, or is too large for that."""
        return bool(self.kinds) or self._raw is not None or self.error is None

    @cached_property
    def _raw(self) -> Raw | None:
        path = self.item.path
        is_whole = path.is_file() and path.suffix.lower() in _WHOLE
        if is_whole and path.stat().st_size > _LARGEST:
            return None
        heading = heading_of(self.item)
        if heading is not None and heading in self.looked.headers:
            return self.looked.headers[heading]
        if (glance := glance_at(self.item)) is not None:
            if heading is not None:
                self.looked.headers[heading] = glance
            return glance
        try:
            raw = read_raw(self.item, head=HEAD)
        except SourceError as error:
            self.error = error
            return None
        place_records(raw)
        # Zones are told by their values, each file by its own.
        if heading is not None and not (shapely.get_dimensions(raw.geometry) == 2).any():
            self.looked.headers[heading] = raw
        return raw

    def own_fields(self, specs: Mapping[str, LayerSpec]) -> dict[str, dict[str, str]]:
        """Return, for each layer, the column of each of its own fields."""
        columns = tuple(map(str, self.frame.columns))
        if columns not in self.looked.fields:
            self.looked.fields[columns] = {
                key: _own_fields(list(columns), spec) for key, spec in specs.items()
            }
        return self.looked.fields[columns]

    def fits(self, spec: LayerSpec) -> bool:
        """Whether its geometry is of a family that the layer takes; True where it has none."""
        return not self.kinds or bool(self.kinds & set(spec.geometry))


def recognise(
    stem: str, specs: Mapping[str, LayerSpec], preview: Preview | None = None
) -> str | None:
    """Return the layer whose key or name ``stem`` is, or contains; None where that is not clear.

    With ``preview``, a word within a name counts only where the geometry is that of the layer, and
    for zones and context layers the whole name too: a facility layer of a wrong geometry is read
    and its records are rejected one by one, but wrong zones would make every figure wrong.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> recognise("T0102_污水井盖", load_specs()), recognise("water", load_specs())
    ('manholes', None)
    """
    text = plain_key(stem)
    for suffix in _PARTS:
        if stem.lower().endswith(suffix):
            text = plain_key(stem[: -len(suffix)])
    names: dict[str, list[str]] = {}
    for spec in specs.values():
        for name in {plain_key(n) for n in (spec.key, spec.name_zh, *spec.names)}:
            names.setdefault(name, []).append(spec.key)
    if text in names:
        return _agreeing(sorted(names[text], key=lambda k: plain_key(k) != text), specs, preview)
    inside = {name: keys for name, keys in names.items() if len(name) >= 2 and name in text}
    if not inside:
        return None
    longest = max(map(len, inside))
    keys = dict.fromkeys(k for name, ks in inside.items() if len(name) == longest for k in ks)
    if len(keys) > 1 and preview is not None:
        keys = dict.fromkeys(k for k in keys if preview.fits(specs[k]))
    if len(keys) != 1 or (preview is not None and not preview.fits(specs[next(iter(keys))])):
        return None
    return next(iter(keys))


def by_context(preview: Preview, specs: Mapping[str, LayerSpec]) -> str | None:
    """Return the layer that the file or a folder of a source is called, where its records agree.

    They have places of the layer's geometry: a sheet of notes in 窨井.xlsx has none. Of a drawing
    with several CAD layers its name says nothing.
    """
    if preview.item.drawn is not None:
        return None
    for name in preview.item.context:
        key = recognise(name, specs, preview)
        if key is not None and preview.kinds and preview.fits(specs[key]):
            return key
    return None


def by_geometry(preview: Preview, specs: Mapping[str, LayerSpec]) -> list[str]:
    """Return the layers that take the geometry of a source, those first that are drawn in it.

    Facilities come before zones, and zones before what is context.
    """
    order = ("facility", "zones", "context")
    takers = [s for s in specs.values() if preview.kinds & set(s.geometry) and not s.yields]
    takers.sort(key=lambda s: (s.geometry[0] not in preview.kinds, order.index(s.role)))
    return [spec.key for spec in takers]


def stated_zones(preview: Preview, specs: Mapping[str, LayerSpec]) -> str | None:
    """Return the level of zones that a source says it holds, whatever it is called."""
    if preview.kinds != {"Polygon"}:
        return None
    level = _stated_level(preview.frame)
    return next((s.key for s in specs.values() if s.role == "zones" and s.level == level), None)


def _agreeing(
    keys: list[str], specs: Mapping[str, LayerSpec], preview: Preview | None
) -> str | None:
    for key in keys:
        if preview is None or specs[key].role == "facility" or preview.fits(specs[key]):
            return key
    return None


def candidates(preview: Preview, specs: Mapping[str, LayerSpec]) -> list[Candidate]:
    """Return the layers that a source may be by its columns, values and geometry, best first.

    Parameters
    ----------
    preview : Preview
        Of the source.
    specs : mapping
        The layers that are known.

    Returns
    -------
    list of Candidate
        At most one is sure. Empty where nothing but the geometry speaks for any.
    """
    frame = preview.frame
    if not len(frame.columns):
        return []
    own = preview.own_fields(specs)
    yielding = {key for key, spec in specs.items() if spec.yields}
    owners: dict[str, set[str]] = {}
    # Of layers that yield a column tells nothing against another.
    for key in sorted(own, key=lambda k: specs[k].yields):
        for column in own[key].values():
            if not specs[key].yields or owners.get(column, set()) <= yielding:
                owners.setdefault(column, set()).add(key)
    found: list[tuple[int, Candidate]] = []
    for key, spec in specs.items():
        if not preview.fits(spec) or spec.role == "zones":
            continue
        telling = {f: c for f, c in own[key].items() if owners[c] == {key}}
        if telling:
            is_sure = len(telling) > 1 or spec.measure in telling
            # Places tell a layer from a list of it; a table has none.
            is_sure = is_sure and bool(preview.kinds) != spec.is_table
            found.append((len(telling), Candidate(key, is_sure, _columns(telling.values()))))
    found.sort(key=lambda pair: -pair[0])
    zones = _zone_candidate(preview, specs)
    if zones is not None and not (found and found[0][1].is_sure):
        # Parcels name their district too, but what they are is told by columns of their own.
        is_sure = zones.is_sure and not found
        return [Candidate(zones.layer, is_sure, zones.why), *(_unsure(c) for _, c in found)]
    leads = len(found) == 1 or (len(found) > 1 and found[0][0] > found[1][0])
    return [c if i == 0 and leads else _unsure(c) for i, (_, c) in enumerate(found)]


def _zone_candidate(preview: Preview, specs: Mapping[str, LayerSpec]) -> Candidate | None:
    """Return the level of zones that polygons are by their codes, names or columns."""
    by_level = {s.level: s for s in specs.values() if s.role == "zones" and s.level}
    frame = preview.frame
    if "Polygon" not in preview.kinds or len(preview.kinds) > 1 or "district" not in by_level:
        return None
    said = _stated_level(frame)
    if said in by_level:
        return Candidate(by_level[said].key, True, Text("“level”一列", "its column 'level'"))
    codes, names = zone_columns(frame)
    for column in codes:
        digits = frame[column].map(lambda v: len(str(v).split(".")[0].strip()))
        if _share(frame[column], lambda v: bool(division_code(v))) >= _MOST and len(frame) > 1:
            level = "street" if digits.median() > 6 and "street" in by_level else "district"
            why = Text(f"“{column}”一列的行政区划代码", f"the division codes in {column!r}")
            return Candidate(by_level[level].key, True, why)
    for column in names:
        level = _level_of_names(frame[column])
        if level in by_level and len(frame) > 1:
            why = Text(f"“{column}”一列的区划名称", f"the names of divisions in {column!r}")
            return Candidate(by_level[level].key, True, why)
    spec = by_level["district"]
    if name := outline_of(preview):
        why = Text(f"“{name}”一个区划的图形", f"the outline of one division, {name}")
        return Candidate(spec.key, False, why)
    mapped = _own_fields([*codes, *names], spec)
    telling = [c for f, c in mapped.items() if f in (spec.id_field, spec.label) and not _common(c)]
    if telling and len(frame) > 1:
        return Candidate(spec.key, True, _columns(telling))
    if names and len(frame) > 1:
        why = Text(f"面图形，“{names[0]}”一列各不相同", f"polygons, each with its own {names[0]!r}")
        return Candidate(spec.key, False, why)
    return None


def outline_of(preview: Preview) -> str:
    """Return the name of the one district whose outline a source is; empty where it is none.

    Its only record says the name, and the code of a division or the file's name says it too.
    """
    frame = preview.frame
    if preview.kinds != {"Polygon"} or len(frame) != 1:
        return ""
    codes, names = zone_columns(frame)
    named = [str(v) for v in frame[names].iloc[0] if is_county_name(v) and not _unit_named(str(v))]
    has_code = any(len(_plain_code(v)) == 6 and division_code(v) for v in frame[codes].iloc[0])
    called = {plain_key(name) for name in preview.item.names}
    return next((n for n in named if has_code or plain_key(n) in called), "")


def _stated_level(frame: pd.DataFrame) -> str:
    """Return the level that the maps of DataV state: ``adcode`` with ``level`` beside it."""
    if not {"adcode", "level"} <= set(frame.columns) or not len(frame):
        return ""
    levels = set(frame["level"].dropna().astype(str))
    return "street" if levels == {"street"} else "district" if levels else ""


def _level_of_names(values: pd.Series) -> str:
    if _share(values, lambda v: isinstance(v, str) and v.endswith(_STREET_ENDINGS)) >= _MOST:
        return "street"
    if _share(values, lambda v: isinstance(v, str) and v.endswith(_FOLLOWERS)) >= _MOST:
        return ""
    return "district" if _share(values, is_county_name) >= _MOST else ""


def _own_fields(columns: list[str], spec: LayerSpec) -> dict[str, str]:
    """Return the column of each of the layer's own fields: those any layer has say nothing."""
    mapping = match_columns(columns, spec, Findings(spec.key))
    names = list(spec.fields)
    shared = names[names.index("source_id") :] if "source_id" in names else []
    return {field: column for field, column in mapping.items() if field not in shared}


def n_own_columns(frame: pd.DataFrame, spec: LayerSpec) -> int:
    """Return how many columns are fields of the layer itself, not of any layer."""
    return len(_own_fields(list(frame.columns), spec))


def _common(column: str) -> bool:
    """Whether a column may be the code or the name of anything."""
    return plain_key(column) in ("code", "name", "代码", "名称", "namezh")


def _unsure(candidate: Candidate) -> Candidate:
    return Candidate(candidate.layer, False, candidate.why)


def _columns(columns: Iterable[str]) -> Text:
    names = list(columns)[:3]
    return Text(f"“{'、'.join(names)}”列", f"its columns {', '.join(names)}")


def _share(values: Iterable[Any], is_so: Any) -> float:
    marks = [bool(is_so(value)) for value in values]
    return sum(marks) / len(marks) if marks else 0.0
