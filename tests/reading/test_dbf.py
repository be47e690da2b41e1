"""The .dbf read byte by byte gives what GDAL gives, and more."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt import SourceError
from geo_citymgmt.reading._dbf import TextColumn, admitted, decode_value, read_dbf
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


def many(tmp_path, encoding: str, n: int = 200):
    frame = points(*[(k, k) for k in range(n)], NAME=[f"苏州市人民路{k}号" for k in range(n)])
    pyogrio.write_dataframe(frame, tmp_path / "many.shp", encoding=encoding)
    return tmp_path / "many.dbf"


@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030"])
def test_one_broken_value_among_many_is_told_and_costs_no_other(tmp_path, encoding):
    path = many(tmp_path, encoding)
    value = "苏州市人民路7号 ".encode(encoding)
    path.write_bytes(path.read_bytes().replace(value, b"\xff" + value[1:]))
    table = read_dbf(path)
    assert table.encoding == encoding
    found = table.findings.frame()
    assert found.loc[found["code"] == "TEXT_LOST", "record"].tolist() == [7]
    names = table.columns["NAME"].tolist()
    assert [k for k in range(200) if names[k] != f"苏州市人民路{k}号"] == [7]


def test_a_cpg_of_gbk_beside_utf_8_is_not_believed(tmp_path):
    table = read_dbf(many(tmp_path, "UTF-8"), cpg="GBK")
    assert table.columns["NAME"].tolist()[3] == "苏州市人民路3号"
    assert table.findings.frame()["code"].tolist() == ["ENC_WRONG_CPG"]


def test_the_language_byte_tells_the_encoding_where_there_is_no_cpg(tmp_path):
    path = many(tmp_path, "GB18030")
    data = bytearray(path.read_bytes())
    data[29] = 0x4D
    path.write_bytes(bytes(data))
    table = read_dbf(path)
    assert (table.encoding, table.encoding_source) == ("GB18030", "ldid")
    assert len(table.findings) == 0


@pytest.mark.parametrize("name", ["hex", "rot13", "utf-16", "utf-7", "cp037", "idna", "苏州", ""])
def test_a_codec_that_is_not_for_text_on_top_of_ascii_is_not_admitted(name):
    assert admitted(name) is None


def test_the_digest_is_that_of_the_file(tmp_path):
    path = many(tmp_path, "UTF-8")
    digest = hashlib.sha256()
    read_dbf(path, digest=digest)
    assert digest.hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()


@given(
    values=st.lists(st.text("aZ 0苏州𠮷é\n\x00", max_size=8), min_size=1, max_size=20),
    encoding=st.sampled_from(["UTF-8", "GB18030"]),
    width=st.integers(2, 12),
    repeats=st.booleans(),
)
def test_in_bulk_a_value_is_what_it_is_singly(values, encoding, width, repeats):
    # Cut at the width of the field, in mid-character too, as a writer does.
    stored = [v.encode(encoding)[:width].ljust(width) for v in values]
    column = TextColumn(width, strict=True, repeats=repeats)
    column.add(np.frombuffer(b"".join(stored), dtype=np.uint8).reshape(-1, width).copy())
    try:
        expected = [decode_value(v, width, encoding) for v in stored]
    except UnicodeDecodeError:
        # A blank behind a cut character: no text, alone or among others.
        with pytest.raises(UnicodeDecodeError):
            column.decode(encoding)
        return
    texts, lost = column.decode(encoding)
    assert texts.to_pylist() == [text or None for text, _ in expected]
    assert lost.tolist() == [k for k, (_, cut) in enumerate(expected) if cut]


def table(path, fields, rows):
    """Write a dBase table: (name, type, width, decimals) and texts as they stand in the records."""
    head = bytearray(32)
    head[:1] = b"\x83"
    head[4:8] = len(rows).to_bytes(4, "little")
    head[8:10] = (33 + 32 * len(fields)).to_bytes(2, "little")
    head[10:12] = (1 + sum(f[2] for f in fields)).to_bytes(2, "little")
    for name, kind, width, decimals in fields:
        item = bytearray(32)
        item[: len(name.encode("gbk"))] = name.encode("gbk")
        item[11:12], item[16], item[17] = kind.encode(), width, decimals
        head += item
    body = b"".join(
        b" "
        + b"".join(
            v.encode("gbk").rjust(f[2]) if f[1] in "NFM" else v.encode("gbk").ljust(f[2])
            for v, f in zip(row, fields, strict=True)
        )
        for row in rows
    )
    path.write_bytes(bytes(head) + b"\r" + body + b"\x1a")
    return path


def test_a_memo_whose_text_is_elsewhere_is_told_and_its_block_numbers_are_no_text(tmp_path):
    fields = [("编号", "C", 10, 0), ("说明", "M", 10, 0)]
    path = table(tmp_path / "a.dbf", fields, [("J1", "1"), ("J2", "27"), ("J3", "")])
    read = read_dbf(path)
    assert read.columns["编号"].tolist() == ["J1", "J2", "J3"]
    assert read.columns["说明"].isna().all()
    found = read.findings.frame().query("code == 'MEMO_UNREAD'").iloc[0]
    assert (found["field"], found["expected"]) == ("说明", "2")
    assert "不在" in found["message_zh"].split("（")[1]
    (tmp_path / "a.DBT").write_bytes(b"")
    assert read_dbf(path).findings.frame()["value"].tolist()[-1] == "a.DBT"


def test_ids_in_a_column_with_decimals_are_read_without_them(tmp_path):
    fields = [("窨井编号", "N", 19, 5), ("道路名称", "C", 20, 0)]
    rows = [("1001.00000", "人民路"), ("1002.00000", "x")]
    path = table(tmp_path / "窨井.dbf", fields, rows)
    layer = gcm.read_layer(path, "manholes")
    assert layer.data["manhole_id"].tolist() == ["1001", "1002"]
    assert "ID_AS_WRITTEN" in set(layer.findings["code"])
