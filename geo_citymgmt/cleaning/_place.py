"""Place against the zones: which district a record lies in, which one it was reported in."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._languages import DISTRICT, Messages, Text, listed
from geo_citymgmt._metric import FAR_M
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._text import distinct_texts, is_null_text, plain_key, take_text
from geo_citymgmt.zones._ownership import OUTSIDE, ZoneIndex

_MESSAGES = Messages("geo_citymgmt.cleaning")

#: A feature with at least this share in its zone is not worth telling about.
_MOSTLY = 0.999


@dataclass(frozen=True)
class ZoneTerms:
    """What the districts of a city are called.

    Attributes
    ----------
    word : Text
        What one of them is called.
    names : mapping of str to str
        Other names and former codes they are reported under, to their code.
    """

    word: Text = DISTRICT
    names: Mapping[str, str] = field(default_factory=dict)


NO_TERMS = ZoneTerms()
_DECIMALS = re.compile(r"(\d+)\.0+")
_HAN = re.compile(r"[\u4e00-\u9fff]+")


def reported_codes(
    code: pd.Series | None,
    name: pd.Series | None,
    zones: gpd.GeoDataFrame | None,
    findings: Findings,
    record: np.ndarray,
    terms: ZoneTerms = NO_TERMS,
) -> pd.Series:
    """Return the district code each record was reported under, by its code, else by its name."""
    n = len(record)
    out = np.full(n, None, dtype=object)
    unknown = np.full(n, None, dtype=object)
    keys = zone_keys(zones, terms)
    table = {key: codes[0] for key, codes in keys.items() if len(codes) == 1}
    for column in (name, code):
        if column is None:
            continue
        places, texts = distinct_texts(column)
        codes = [table.get(plain_key(t), _code_like(t, zones)) for t in texts]
        known = np.array([*codes, None], dtype=object)[places]
        written = np.array([*texts, None], dtype=object)[places]
        is_stated = np.array([not is_null_text(t) for t in texts] + [False])[places]
        unknown = np.where(is_stated & pd.isna(known), written, unknown)
        out = np.where(pd.isna(known), out, known)
    # Without zones there is nothing by which a name could be known.
    lost = pd.notna(unknown) & pd.isna(out) & (zones is not None)
    # A name that several bear is no unknown one: only the code says which is meant.
    several = {t: keys.get(plain_key(t), []) for t in dict.fromkeys(unknown[lost])}
    for text, meant in several.items():
        if len(meant) > 1:
            findings.add(
                "ZONE_UNKNOWN", records=record[lost & (unknown == text)], value=text,
                unit=terms.word,
                detail=_MESSAGES(
                    "several_called_so", n=len(meant), codes=listed(meant), unit=terms.word
                ),
            )  # fmt: skip
    other = lost & np.array([len(several.get(text, [])) < 2 for text in unknown], dtype=bool)
    findings.add(
        "ZONE_UNKNOWN", records=record[other], value=unknown[other], unit=terms.word,
        detail=_MESSAGES("perhaps_alias", unit=terms.word),
    )  # fmt: skip
    return pd.Series(out, dtype="str")


def check_place(
    geometry: np.ndarray,
    reported: pd.Series,
    zones: gpd.GeoDataFrame,
    findings: Findings,
    record: np.ndarray,
    terms: ZoneTerms = NO_TERMS,
) -> tuple[pd.Series, np.ndarray]:
    """Return the owning district of each record, and which lie too far away to be the city's.

    ``geometry`` and ``zones`` are in the same metric CRS; records without geometry get no code.
    """
    index = ZoneIndex(zones)
    owner = index.owner(geometry)
    # Positions below zero, outside and without place, become null.
    code = take_text(index.codes, owner)
    outside = np.flatnonzero(owner == OUTSIDE)
    far = np.zeros(len(geometry), dtype=bool)
    if len(outside) and zones.geometry.notna().any():
        distances, distance = _nearest(geometry[outside], zones, index)
        far[outside] = distance > FAR_M
        away = far[outside]
        counted = Text("计入“市域外”", "counted as outside")
        refused = _MESSAGES("too_far", km=FAR_M / 1000)
        for hit, severity, action, detail in (
            (~away, None, "none", counted), (away, "error", "rejected", refused),
        ):  # fmt: skip
            findings.add(
                "OUT_OF_CITY", records=record[outside[hit]], value=distances[hit], unit=terms.word,
                severity=severity, action=action, detail=detail,
            )  # fmt: skip
    _report_straddling(geometry, index, owner, findings, record, terms)
    if not reported.notna().any():
        return code, far
    differs = (reported.notna() & code.notna() & (reported != code)).to_numpy(dtype=bool)
    findings.add(
        "ZONE_DISAGREES",
        records=record[differs],
        value=reported[differs].to_numpy(dtype=object),
        expected=code[differs].to_numpy(dtype=object),
        unit=terms.word,
    )
    return code, far


def report_outside(
    geometry: np.ndarray,
    zones: gpd.GeoDataFrame,
    findings: Findings,
    record: np.ndarray,
    terms: ZoneTerms = NO_TERMS,
) -> None:
    """Report which records of a layer that is not counted by zones lie in none of them.

    A road may lead out of a city; a layer of which nothing lies in it is another city's, or its
    positions are wrong.
    """
    located = np.flatnonzero(~(shapely.is_missing(geometry) | shapely.is_empty(geometry)))
    index = ZoneIndex(zones)
    if not len(located) or not zones.geometry.notna().any():
        return
    # Most lie within: their first corner says so, and nothing has to be overlaid.
    corners, shape = shapely.get_coordinates(geometry[located], return_index=True)
    x, y = corners[np.unique(shape, return_index=True)[1]].T
    doubted = located[index.of_points(x, y) == OUTSIDE]
    touching = shapely.STRtree(index.given).query(geometry[doubted], predicate="intersects")[0]
    outside = np.delete(doubted, np.unique(touching))
    if not len(outside):
        return
    nearest, distance = _nearest(geometry[outside], zones, index)
    findings.add(
        "OUT_OF_CITY", records=record[outside], value=nearest, unit=terms.word, severity="info",
        detail=_MESSAGES("not_counted"),
    )  # fmt: skip
    if len(outside) == len(located):
        value, n = nearest[distance.argmin()], f"{len(outside):,}"
        findings.add("LAYER_OUTSIDE", value=n, expected=value, unit=terms.word)


def _nearest(
    geometry: np.ndarray, zones: gpd.GeoDataFrame, index: ZoneIndex
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest zone of each feature with its distance in words, and in metres."""
    near, distance = index._tree.query_nearest(geometry, return_distance=True, all_matches=False)
    names = _shown(zones, index)[near[1]]
    pairs = zip(names, distance, strict=True)
    return np.array([f"{n} {d / 1000:.1f} km" for n, d in pairs], dtype=object), distance


def _shown(zones: gpd.GeoDataFrame, index: ZoneIndex) -> np.ndarray:
    """Names of the zones of ``index``, their codes where they have none."""
    if "name_zh" not in zones.columns:
        return index.codes.to_numpy(dtype=object)
    names = pd.Series(zones["name_zh"].to_numpy(), index=zones.index.astype("str"))
    return names.reindex(index.codes).fillna(index.codes.to_series()).to_numpy(dtype=object)


def _report_straddling(
    geometry: np.ndarray,
    index: ZoneIndex,
    owner: np.ndarray,
    findings: Findings,
    record: np.ndarray,
    terms: ZoneTerms,
) -> None:
    extended = np.flatnonzero((shapely.get_dimensions(geometry) > 0) & (owner >= 0))
    if not len(extended):
        return
    parts = index.shares(geometry[extended])
    largest = parts.share[parts.zone == owner[extended][parts.feature]]
    at = parts.feature[parts.zone == owner[extended][parts.feature]]
    cut = largest < _MOSTLY
    findings.add(
        "STRADDLES",
        records=record[extended[at[cut]]],
        value=np.array([f"{s:.0%}" for s in largest[cut]], dtype=object),
        expected=index.codes.to_numpy(dtype=object)[owner[extended[at[cut]]]],
        unit=terms.word,
    )


def zone_keys(zones: gpd.GeoDataFrame | None, terms: ZoneTerms = NO_TERMS) -> dict[str, list[str]]:
    """Return every way of naming a zone, as names are compared, with the codes it may mean.

    That is one code, unless zones share a name. Restricted to the zones there are.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> zone_keys(gcm.sample_city().zones)["虎丘"]
    ['320505']
    """
    table = {plain_key(name): [code] for name, code in terms.names.items()}
    if zones is None:
        return table
    codes = zones.index.astype("str")
    table = {key: code for key, code in table.items() if code[0] in set(codes)}
    exact: dict[str, dict[str, None]] = {}
    short: dict[str, dict[str, None]] = {}
    for column in zones.columns.intersection(["name_zh", "name_en", "name"]):
        for code, name in zip(codes, zones[column], strict=True):
            for part in (name, *re.split(r"[()（）]", name)) if isinstance(name, str) else ():
                if part:
                    exact.setdefault(plain_key(part), {})[code] = None
                    bare = re.sub(r"[市区县]$", "", part)
                    # Outlines are often named 罗湖, ledgers 罗湖区, and the other way round.
                    ends = ("", *"市区县") if bare == part and _HAN.fullmatch(part) else ("",)
                    for end in ends:
                        short.setdefault(plain_key(bare + end), {})[code] = None
    named = [{key: list(found) for key, found in part.items()} for part in (short, exact)]
    return {**named[0], **table, **named[1], **{plain_key(code): [code] for code in codes}}


class ZoneNames:
    """A city and its zones of all levels, by code and by every name they go by.

    A district goes before a street of its name.

    Parameters
    ----------
    city : sequence of str
        The code of the city, then what else it is called.
    levels : mapping of str to GeoDataFrame
        The zones by level, the districts among them.
    terms : ZoneTerms
        What the districts are called.
    former : collection of str
        Codes of districts that have become others: they stand for themselves.
    """

    def __init__(
        self, city: Sequence[str], levels: Mapping[str, gpd.GeoDataFrame],
        terms: ZoneTerms = NO_TERMS, former: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.city = city[0]
        self.codes = [self.city, *former]
        self._found = {plain_key(code): [code] for code in former}
        self._found |= {plain_key(name): [self.city] for name in city if name}
        for level in sorted(levels, key="district".__ne__):
            zones, own = levels[level], terms if level == "district" else NO_TERMS
            self.codes += [str(code) for code in zones.index]
            for key, codes in zone_keys(zones, own).items():
                self._found.setdefault(key, codes)
        for bare in {name.removesuffix("市") for name in city} - {*city, ""}:
            # 长沙 is 长沙市, or 长沙县 where there is one: only the code says which.
            self._found.setdefault(plain_key(bare), [])
            self._found[plain_key(bare)] = [*self._found[plain_key(bare)], self.city]

    def find(self, text: str) -> list[str]:
        """Return the codes that a code or a name may mean, none where nothing is called so."""
        return self._found.get(plain_key(text), [])

    def code(self, text: str) -> str:
        """Return the code that is meant; the text as it stands where that is not one."""
        decimal = _DECIMALS.fullmatch(text)
        # A spreadsheet makes decimal numbers of codes.
        found = self.find(text) or (self.find(decimal[1]) if decimal else [])
        return found[0] if len(found) == 1 else text


def _code_like(text: str, zones: gpd.GeoDataFrame | None) -> str | None:
    """Take the district out of a longer code, such as that of a street."""
    digits = plain_key(text)
    if not digits.isdigit() or len(digits) < 6:
        return None
    if zones is None:
        return digits[:6]
    return digits[:6] if digits[:6] in set(zones.index.astype("str")) else None
