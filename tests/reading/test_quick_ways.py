"""Quick ways over whole columns and over points give what the plain way gives, text by text."""

from __future__ import annotations

import unicodedata
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.cleaning import _dates
from geo_citymgmt.reading._text import (
    _SPACES,
    _UNSEEN,
    NULL_MARKERS,
    are_distinct,
    byte_at,
    clean_text,
    composed_all,
    find_bytes,
    has_byte,
    plain,
    trimmed,
)
from tests.conftest import few_examples

_WORDS = st.one_of(
    st.text(max_size=12),
    st.text(" -/\\nulaNUL<>空不详暂无值路#1900\u3000\u2014\u2f46\uff0f", max_size=11),
    st.sampled_from(sorted(NULL_MARKERS)),
)


def _array(texts: list[str | None]) -> pa.Array:
    return pa.array(texts, type=pa.large_string())


def test_every_white_space_is_trimmed_at_either_end() -> None:
    signs = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    full = _array(signs)
    blank = full.filter(pc.equal(pc.binary_length(pc.utf8_trim_whitespace(full)), 0)).to_pylist()
    assert len(blank) > 25
    for sign in blank:
        assert trimmed(_array([f"{sign}路", "路"])).to_pylist() == ["路", "路"]
        assert trimmed(_array([f"路{sign}", "路"])).to_pylist() == ["路", "路"]


def test_an_ideograph_has_no_other_form() -> None:
    signs = "".join(map(chr, range(0x4000, 0xA000)))
    assert unicodedata.normalize("NFKC", signs).lower() == signs


@given(st.lists(st.one_of(st.none(), st.text("ab路", max_size=30)), max_size=8), st.integers(0, 3))
def test_ids_are_distinct_where_no_two_are_the_same(texts: list[str | None], cut: int) -> None:
    known = [text for text in texts[cut:] if text is not None]
    short = all(len(text.encode()) <= 64 for text in known)
    expected = len(set(known)) == len(known)
    if short and any(known):
        assert are_distinct(_array(texts).slice(cut)) == expected
    elif are_distinct(_array(texts).slice(cut)):
        assert expected


@given(
    st.binary(max_size=9),
    st.sampled_from(["\ufffd".encode(), b"\0\0", b"ab"]),
    st.binary(max_size=3),
)
def test_bytes_are_found_at_any_place(before: bytes, part: bytes, after: bytes) -> None:
    for data in (before + after, before + part + after, before + part[1:] + after):
        assert find_bytes(data, part) == (part in data)


@given(st.lists(_WORDS, min_size=1, max_size=6))
def test_a_marker_is_emptied_and_nothing_else(texts: list[str]) -> None:
    stripped = pc.utf8_trim_whitespace(_array(texts))
    key = pc.utf8_lower(pc.utf8_trim_whitespace(pc.utf8_normalize(stripped, "NFKC"))).to_pylist()
    longest = max(map(len, NULL_MARKERS))
    expected = [
        None if len(text) <= longest and word in NULL_MARKERS else text
        for text, word in zip(stripped.to_pylist(), key, strict=True)
    ]
    found = clean_text(pd.Series(texts, dtype="str"), fold=False)
    assert [None if pd.isna(text) else text for text in found] == expected


@given(_WORDS)
def test_plain_text_is_the_same_by_the_short_way(text: str) -> None:
    whole = unicodedata.normalize("NFKC", _UNSEEN.sub("", text))
    assert plain(text) == _SPACES.sub(" ", whole).strip()


_MOMENT = r"(19|20)\d\d-[01]\d-[0-3]\d([ T][0-2]\d:[0-5]\d:[0-5]\d)?"


@few_examples(8)
@given(st.lists(st.from_regex(_MOMENT, fullmatch=True), min_size=50, max_size=50, unique=True))
def test_days_read_all_at_once_are_those_read_one_by_one(texts: list[str]) -> None:
    for text, moment in zip(texts, _dates._plain_moments(texts), strict=True):
        assert np.isnat(moment) or moment == _dates._read(text).moment


_PLACES = st.one_of(
    st.tuples(st.floats(120.4, 121.0), st.floats(31.0, 31.6)),
    st.sampled_from([(0.0, 0.0), (-99.0, -99.0), (31.3, 120.6), (200.0, 31.0), (120.6, 95.0)]),
    st.none(),
)


@pytest.mark.parametrize("repair", [(), ("swapped",)])
@pytest.mark.parametrize("datum", [None, "gcj02"])
@few_examples(8)
@given(places=st.lists(_PLACES, min_size=1, max_size=5))
def test_points_of_columns_lie_where_drawn_points_lie(
    places: list[Any], repair: tuple[str, ...], datum: str | None
) -> None:
    places = [*places, (120.61, 31.31), (120.62, 31.32), (120.63, 31.33), (120.64, 31.34)] * 2
    ids = [f"J{k}" for k in range(len(places))]
    x, y = np.array([(np.nan, np.nan) if p is None else p for p in places]).T
    shapes = np.array([None if p is None else shapely.Point(p) for p in places], dtype=object)
    listed = pd.DataFrame({"窨井编号": ids, "经度": x, "纬度": y})
    drawn = gpd.GeoDataFrame({"窨井编号": ids}, geometry=shapes, crs=4490)
    by_columns, by_shapes = (
        _read(frame, crs=4490, datum=datum, repair=repair) for frame in (listed, drawn)
    )
    assert by_columns == by_shapes


def _read(frame: pd.DataFrame, **given: Any) -> tuple[Any, ...]:
    try:
        layer = gcm.read_layer(frame, "manholes", **given)
    except gcm.CityDataError as error:
        return (type(error),)
    told = layer.findings[layer.findings["record"].notna()]
    return (
        layer.data["manhole_id"].tolist(),
        shapely.to_wkb(layer.data.geometry.to_numpy()).tolist(),
        shapely.to_wkb(layer.rejected.geometry.to_numpy()).tolist(),
        told[["code", "record", "value", "action"]].to_numpy(dtype=str).tolist(),
    )


@given(st.lists(st.one_of(st.none(), st.text(max_size=8)), max_size=6), st.integers(0, 3))
def test_bytes_are_told_by_all_texts_at_once_as_by_each(texts: list[str | None], cut: int) -> None:
    array = _array(texts).slice(min(cut, len(texts)))
    for place in (0, -1, -3):
        for among in ((0xE4,), tuple(b"eE+"), tuple(range(0x80, 0x100)), (0, 65)):
            expected = np.isin(byte_at(array, place), among)
            assert has_byte(array, place, among).tolist() == expected.tolist()


@given(st.lists(st.text(max_size=12), max_size=6))
def test_texts_are_composed_where_they_have_another_form(texts: list[str]) -> None:
    texts = [text for text in texts if text.isprintable()]
    expected = [unicodedata.normalize("NFKC", text) for text in texts]
    assert composed_all(_array(texts)).to_pylist() == expected


def test_a_letter_and_its_accent_are_put_together_whatever_the_version():
    texts = ["L\u00fc\u0301", "\u00c0", "e\u0301", "Ａ", None]
    assert composed_all(_array(texts)).to_pylist() == ["L\u01d8", "\u00c0", "\u00e9", "A", None]


def test_no_character_of_the_plain_ideographs_has_another_form() -> None:
    plain = "".join(map(chr, range(0x4000, 0xA000)))
    assert unicodedata.normalize("NFKC", plain) == plain
