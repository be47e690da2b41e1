"""The .dbf read byte by byte gives what GDAL gives, and more."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyogrio
import pytest

from geo_citymgmt import SourceError
from geo_citymgmt.reading.dbf import read_dbf
from tests.conftest import DATA, points


@pytest.mark.parametrize("path", sorted(DATA.glob("*.dbf")), ids=lambda p: p.stem)
def test_values_equal_those_of_gdal(path):
    mine = read_dbf(path, cpg="UTF-8").columns
    theirs = pyogrio.read_dataframe(path.with_suffix(".shp"), read_geometry=False)
    assert list(mine) == list(theirs.columns)
    for name, column in theirs.items():
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            assert (mine[name].dropna() == column.dropna().dt.strftime("%Y%m%d")).all()
        elif pd.api.types.is_numeric_dtype(column.dtype):
            numbers = pd.to_numeric(mine[name]).astype(float).to_numpy()
            np.testing.assert_array_equal(numbers, column.astype(float).to_numpy())
        else:
            assert mine[name].fillna("").tolist() == column.fillna("").tolist()


def write(tmp_path, encoding: str, text: str):
    frame = points((1, 1), NAME=[text])
    pyogrio.write_dataframe(frame, tmp_path / "a.shp", encoding=encoding)
    return tmp_path / "a.dbf"


@pytest.mark.parametrize(("encoding", "name"), [("UTF-8", "UTF-8"), ("GB18030", "GB18030")])
def test_the_encoding_is_decided_by_the_bytes(tmp_path, encoding, name):
    table = read_dbf(write(tmp_path, encoding, "甪直镇堽城"))
    assert table.columns["NAME"].tolist() == ["甪直镇堽城"]
    assert (table.encoding, table.encoding_source) == (name, "inferred")


def test_a_cpg_of_latin_1_is_not_believed(tmp_path):
    table = read_dbf(write(tmp_path, "GB18030", "虎丘"), cpg="ISO-8859-1")
    assert table.columns["NAME"].tolist() == ["虎丘"]
    assert table.findings.frame()["code"].tolist() == ["ENC_WRONG_CPG"]


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = write(tmp_path, "UTF-8", "abcdefgh")
    raw = path.read_bytes().replace(b"abcdefgh", b"\xff\xfe\x80 \xff \xfe ")
    path.write_bytes(raw)
    with pytest.raises(SourceError, match="neither UTF-8 nor GB18030"):
        read_dbf(path)


def test_a_character_cut_by_the_end_of_its_field_is_told(tmp_path):
    path = write(tmp_path, "UTF-8", "苏" * 40)
    whole = ("苏" * 40).encode()
    # Two letters more push the last character over the end of the field.
    cut = ("ab" + "苏" * 40).encode()[: len(whole)]
    path.write_bytes(path.read_bytes().replace(whole, cut))
    table = read_dbf(path)
    assert table.columns["NAME"].tolist() == ["ab" + "苏" * 39]
    assert table.findings.frame()["code"].tolist() == ["ENC_INFERRED", "TEXT_LOST"]


def test_a_file_that_is_too_short_is_refused(tmp_path):
    path = tmp_path / "a.dbf"
    path.write_bytes(b"\x03" * 20)
    with pytest.raises(SourceError, match="too few"):
        read_dbf(path)
