"""What is not read is told by its first bytes, with a way out, alone and in a folder."""

from __future__ import annotations

import bz2
import gzip
import lzma
import pickle
import struct
import zipfile
import zlib

import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading import read_raw
from geo_citymgmt.reading._sniff import unread_kind

TABLE = pd.DataFrame({"编号": ["J1"], "lon": [120.6]})
PICKLES = [pickle.dumps(what, protocol) for protocol in range(6) for what in (TABLE, {"a": [1]})]


@pytest.mark.parametrize("k", range(len(PICKLES)))
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zlib.compress, bz2.compress, lzma.compress])
def test_a_pickle_of_any_protocol_is_known_packed_or_not(k, pack):
    cause, remedy = unread_kind(pack(PICKLES[k]))
    assert "pickle" in cause.en
    assert "to_parquet" in remedy.en


@pytest.mark.parametrize(
    "text",
    ["c1,c2\n1,2\n", "code\nabc\n0\n", "(a)\n1\n", "}\n", "code\nabc\n", "(0)(1)(2)\n",
     "((((((((\n", "x^2,y\n1,2\n", "AC10,a\n", "BM,编号\n1,2\n", "headlines\n1\n", "PNG\n1\n"],
)  # fmt: skip
def test_a_text_that_begins_alike_is_a_text(text):
    assert unread_kind(text.encode()) is None


@pytest.mark.parametrize(
    "version", [b"AC1.50", b"AC2.10", b"AC1009", b"AC1015", b"AC1032", b"MC0.0"]
)
def test_a_drawing_of_any_version_is_to_be_saved_as_dxf(version):
    assert "DXF" in unread_kind(version + bytes(200))[1].en


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("start", ["HeadBegin\n", "\r\n headbegin\n", "DataMark:CNSDTF-VCT\n"])
def test_a_vct_is_known_in_any_encoding(encoding, start):
    data = f"{start}坐标系:G\n".encode(encoding)
    assert "VCT" in unread_kind(data)[0].en


@pytest.mark.parametrize(
    ("start", "way"),
    [
        (b"RE~^\0", "Unpack"), (b"Rar!\x1a\x07\0", "Unpack"), (bytes(257) + b"ustar\0", "Unpack"),
        (b"\x28\xb5\x2f\xfd", "Unpack"), (gzip.compress(b"id,lon\n"), "Unpack"),
        (b"\0\1\0\0Standard Jet DB\0", "gpkg"), (b"EXP  0 C:\\A.E00\n", "gpkg"),
        (b"\xff\xd8\xff\xe0\0", "Ask"), (b"BM\0\0", "Ask"),
    ],
)  # fmt: skip
def test_the_way_out_is_told_alone_and_in_a_folder(tmp_path, start, way):
    path = tmp_path / "窨井.dat"
    path.write_bytes(start + bytes(100))
    with pytest.raises(SourceError, match=way):
        read_raw(path)
    (tmp_path / "manholes.csv").write_text("manhole_id,lon,lat\nP1,120.61,31.3\n", "utf-8")
    unread = gcm.load_city(tmp_path).findings.query("code == 'LAYER_IGNORED'")
    assert way in unread["message_en"].item()


def test_a_document_is_no_archive_of_layers(tmp_path):
    path = tmp_path / "窨井.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(SourceError, match="into a spreadsheet"):
        read_raw(path)


def compound(*streams):
    """Return a compound file of these streams, eight sectors each: so Excel wraps what it locks."""
    none, end = 0xFFFFFFFF, 0xFFFFFFFE
    entries = [("Root Entry", 5, end, 0)]
    entries += [(name, 2, 2 + 8 * k, 4096) for k, (name, _) in enumerate(streams)]
    directory = b""
    for k, (name, kind, start, size) in enumerate(entries):
        right = k + 1 if 0 < k < len(streams) else none
        directory += name.encode("utf-16-le").ljust(64, b"\0") + struct.pack(
            "<HBBIII36xIQ", 2 * len(name) + 2, kind, 1, none, right, 1 if kind == 5 else none,
            start, size,
        )  # fmt: skip
    chains = [0xFFFFFFFD, end]
    for k in range(len(streams)):
        chains += [*range(3 + 8 * k, 10 + 8 * k), end]
    fat = struct.pack("<128I", *chains, *[none] * (128 - len(chains)))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<5H6x10I", 62, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0, 0)
    head += struct.pack("<108I", *[none] * 108)
    body = b"".join(data.ljust(4096, b"\0") for _, data in streams)
    return head + fat + directory.ljust(512, b"\0") + body


LOCKED = {
    "窨井.xlsx": compound(("EncryptionInfo", b"\4\0\4\0"), ("EncryptedPackage", b"")),
    # Its FILEPASS comes right behind the head of the stream.
    "窨井.xls": compound(
        ("Workbook", struct.pack("<HHHHHHII", 0x809, 16, 0x600, 5, 0, 0, 0, 0)
         + struct.pack("<HHH", 0x2F, 4, 1) + bytes(2)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOCKED)
def test_a_workbook_with_a_password_is_called_that_and_with_the_way_out(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(LOCKED[name])
    with pytest.raises(SourceError, match=r"has a password.*Save it without"):
        read_raw(path)


def test_a_document_of_word_is_called_that(tmp_path):
    path = tmp_path / "窨井.doc"
    path.write_bytes(compound(("WordDocument", b"")))
    with pytest.raises(SourceError, match="into a spreadsheet"):
        read_raw(path)
