"""Whose city it is: from the codes of its districts (GB/T 2260), else from its folder's name."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from geo_citymgmt.findings import Findings
from geo_citymgmt.words import Text

__all__ = [
    "CityName",
    "add_assumption",
    "city_of_names",
    "division_code",
    "is_county_name",
    "name_city",
]

#: Cities whose districts have two digits in common, not four: the municipalities directly under
#: the government, Taiwan, Hong Kong and Macao.
_BY_TWO_DIGITS = frozenset(["11", "12", "31", "50", "71", "81", "82"])
#: Third and fourth digit of units directly under a province (济源, 仙桃, 五指山, 石河子 ...).
_DIRECT = "90"
#: From this share of codes on that are codes of the standard, those that are not (functional areas
#: with a code of the office's own) do not hinder the naming.
_MOST = 0.5
#: The code of a city that is named after its folder.
_WHOLE = "city"
#: Six digits of a county, with those of its streets and villages after them; maps of Tianditu
#: write the country's 156 before them.
_CODE = re.compile(r"(\d{6})(?:\d{3}|\d{6})?(?:\.0+)?")
_COUNTRY = re.compile(r"156(\d{6})(?:\.0+)?")
_LEVEL = re.compile(r"(特别行政区|自治区|自治州|地区|[省市盟州])$")
_COUNTY_LEVEL = re.compile(r"(?<![小社校厂片景库])[区區]$|[县市旗縣]$")


@dataclass(frozen=True, slots=True)
class CityName:
    """A city's code and name, and how they are known.

    Attributes
    ----------
    code : str
        Code of the whole in tables: never empty, and never that of one of its districts.
    name : Text
    how : {"codes", "folder"}
        From the codes of the districts; or from the name of the folder, which is an assumption.
    """

    code: str
    name: Text
    how: Literal["codes", "folder"]


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
    return CityName(_apart(_WHOLE, given), name_of_both, "folder")


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
    if not best or best[0][1] < max(2, _MOST * len(texts)):
        return None
    if len(best) > 1 and best[1][1] == best[0][1]:
        return None
    given = [text for code in codes if (text := _plain_code(code))]
    return CityName(_apart(best[0][0], given), divisions()[best[0][0]], "folder")


def add_assumption(city: CityName, findings: Findings) -> None:
    """Add the finding that says a city's name is an assumption, where it is one."""
    if city.how == "folder":
        findings.add(
            "CITY_ASSUMED",
            value=city.name.zh,
            expected=city.code,
            detail=city.name,
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
    if not units or len(units) < _MOST * len(codes):
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
    for candidate in (code, _WHOLE):
        if candidate not in codes:
            return candidate
    k = 2
    while f"{_WHOLE}{k}" in codes:
        k += 1
    return f"{_WHOLE}{k}"
