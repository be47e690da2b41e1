"""Shapefiles, delivered as one .zip: short names, Chinese labels, an encoding of one's choice."""

from __future__ import annotations

import datetime as dt
import struct
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyogrio
import shapely
from numpy.typing import NDArray

from geo_citymgmt._languages import Messages, Text
from geo_citymgmt.cleaning._codes import parse_code_column
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._shapefile import read_shapefile
from geo_citymgmt.spec import Field
from geo_citymgmt.writing._columns import (
    Outgoing,
    column_as_text,
    dates_as_text,
    is_date,
    is_number,
    number_texts,
    report_loss,
    strip_controls,
)
from geo_citymgmt.writing._files import check_same, refuse

_MESSAGES = Messages("geo_citymgmt.writing")

#: Bytes in a text field, and what the header can say of a record and of a file.
MAX_TEXT = 254
#: Digits, with the sign, of a whole number that other programs read to the last one.
MAX_WHOLE = 18
MAX_RECORD = 65_535
MAX_FIELDS = 255


@dataclass(frozen=True)
class Column:
    """A column ready to write: kind C, N, F or D, its width, its cells as bytes."""

    name: bytes
    kind: str
    width: int
    decimals: int
    cells: NDArray[np.bytes_]


def text_column(name: bytes, values: pd.Series, encoding: str) -> tuple[Column, np.ndarray]:
    """Make a text column; return it and where a text had to be cut, at a whole character."""
    codes, unique = pd.factorize(values, use_na_sentinel=True)
    words, cut = [], np.zeros(len(unique) + 1, dtype=bool)
    for k, word in enumerate(unique):
        raw, cut[k] = _fitting(str(word), encoding)
        words.append(raw)
    width = max([len(raw) for raw in words], default=1) or 1
    table = np.array([*words, b""], f"S{width}")
    return Column(name, "C", width, 0, table[codes]), np.flatnonzero(cut[codes])


def number_column(name: bytes, values: pd.Series) -> Column:
    """Make a number column that loses no digit; missing values are blanks."""
    texts = number_texts(values)
    # F admits an exponent, N does not.
    kind = "F" if pc.any(pc.match_substring(texts, "e")).as_py() else "N"
    parts = pc.utf8_length(pc.replace_substring_regex(texts, r"^[^.]*\.?", ""))
    # A number without decimals is taken for a whole one, which an exponent is not.
    decimals = 1 if kind == "F" else int(pc.max(parts).as_py() or 0)
    width = int(pc.max(pc.binary_length(texts)).as_py() or 1)
    filled = pc.utf8_lpad(pc.fill_null(texts, ""), width)
    cells = np.asarray(filled.to_numpy(zero_copy_only=False), dtype=f"S{width}")
    return Column(name, kind, width, min(decimals, max(width - 2, 0), 15), cells)


def date_column(name: bytes, values: pd.Series) -> Column:
    """Make a date column; missing values are blanks."""
    days = values.to_numpy("datetime64[D]")
    cells = np.full(len(days), b" " * 8, "S8")
    known = ~np.isnat(days)
    if known.any():
        cells[known] = np.char.replace(days[known].astype(str), "-", "").astype("S8")
    return Column(name, "D", 8, 0, cells)


def why_not(columns: Sequence[Column]) -> str:
    """Say why the header cannot describe these columns; empty where it can."""
    record = 1 + sum(column.width for column in columns)
    if len(columns) > MAX_FIELDS:
        return f"{len(columns)} fields, at most {MAX_FIELDS}"
    if record > MAX_RECORD:
        return f"{record} bytes a record, at most {MAX_RECORD}"
    if columns and record * len(columns[0].cells) >= 2**31:
        return "more than 2 GB"
    return ""


def write_dbf(
    path: Path, columns: Sequence[Column], dated: date, *, language: int = 0, deleted: int = 0
) -> None:
    """Write the table.

    Parameters
    ----------
    path : Path
        File to write.
    columns : sequence of Column
        At least one, all of one length.
    dated : date
        Date of the last change, for the header.
    language : int
        Language driver id; 0x4D is GBK.
    deleted : int, default 0
        How many of the last records carry the mark of a deleted record.
    """
    count = len(columns[0].cells)
    row = 1 + sum(c.width for c in columns)
    head = 32 + 32 * len(columns) + 1
    header = struct.pack(
        "<BBBBIHH17xBxx", 3, dated.year - 1900, dated.month, dated.day, count, head, row, language
    )
    for column in columns:
        header += struct.pack(
            "<11sc4xBB14x", column.name[:10], column.kind.encode(), column.width, column.decimals
        )
    body = np.full((count, row), 0x20, np.uint8)
    at = 1
    for column in columns:
        cells = np.ascontiguousarray(column.cells.astype(f"S{column.width}"))
        block = cells.view(np.uint8).reshape(count, column.width)
        # numpy fills with zero bytes where a .dbf has blanks.
        body[:, at : at + column.width] = np.where(block == 0, 0x20, block)
        at += column.width
    if deleted:
        body[-deleted:, 0] = 0x2A
    path.write_bytes(header + b"\r" + body.tobytes() + b"\x1a")


def _fitting(word: str, encoding: str) -> tuple[bytes, bool]:
    raw = word.encode(encoding)
    if len(raw) <= MAX_TEXT:
        return raw, False
    kept = raw[:MAX_TEXT].decode(encoding, "ignore")
    return kept.rstrip().encode(encoding), True


SUFFIX = ".shp.zip"
ENCODINGS = ("UTF-8", "GB18030")
_FAMILY = np.array([0, 1, 1, 2, 0, 1, 2])
_PARTS = {0: "_pt", 1: "_ln", 2: "_pg"}
_KINDS = {0: "Point", 1: "LineString", 2: "Polygon"}
#: The oldest day a .zip can state: the same layer makes the same file.
_STAMP = (1980, 1, 1, 0, 0, 0)
_GBK_DRIVER = 0x4D


def prepare_shapefile(out: Outgoing, encoding: str) -> None:
    """Bring ``out`` into the form a shapefile holds, and note what that costs."""
    strip_controls(out, SUFFIX)
    dates_as_text(out, only_partial=True)
    names = _short_names(out, encoding)
    for name in list(out.table.columns):
        item = out.spec.fields.get(str(name)) if out.spec else None
        values = out.table[name]
        if is_date(values):
            if not (values.isna() | (values == values.dt.normalize())).all():
                what = Text("日期不含时刻，整列写成文字", "dates have no time here, so it is text")
                timed = np.flatnonzero(values.notna() & (values != values.dt.normalize()))
                report_loss(out, SUFFIX, what, field=str(name), at=timed, severity="info")
                column_as_text(out, name)
        elif item is not None and item.codes:
            out.table[name] = _labelled(values, item)
        elif pd.api.types.is_bool_dtype(values.dtype):
            out.table[name] = values.map({True: "是", False: "否"}).astype("str")
        elif pd.api.types.is_integer_dtype(values.dtype):
            out.table[name] = _whole_numbers(out, str(name), values)
    _cut_texts(out, encoding)
    out.table.columns = pd.Index([names[str(name)] for name in out.table.columns])
    _plain_shapes(out)


def write_shapefile(out: Outgoing, path: Path, encoding: str) -> None:
    """Write the prepared ``out`` to ``path`` and check what is in it.

    Raises
    ------
    CityDataError
        The format cannot hold the table at all, or what was read back differs.
    """
    stem = _stem(out.name, path)
    members: list[Path] = []
    for part, at in _by_family(out, stem):
        shp = path.parent / f"{part}.shp"
        one = Outgoing(out.frame().iloc[at], out.spec, name=part)
        _write_part(one, shp, encoding)
        _check_part(one, shp, path.name)
        members += [shp.with_suffix(s) for s in (".shp", ".shx", ".dbf", ".prj", ".cpg")]
    members = [member for member in members if member.exists()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            info = zipfile.ZipInfo(member.name, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.read_bytes())
    with zipfile.ZipFile(path) as archive:
        broken = archive.testzip()
        if broken or archive.namelist() != [member.name for member in members]:
            raise refuse(path.name, Text(f"成员 {broken} 损坏", f"member {broken}"))
    for member in members:
        member.unlink()


def _stem(name: str, path: Path) -> str:
    stem = name or path.name.removesuffix(".zip").removesuffix(".shp")
    return stem.replace("/", "_").replace("\\", "_")


def _short_names(out: Outgoing, encoding: str) -> dict[str, str]:
    """Return the name of each column in the .dbf: that of the spec, else cut to ten bytes."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for name in map(str, out.table.columns):
        item = out.spec.fields.get(name) if out.spec else None
        whole = item.dbf if item else name
        short = _cut(whole, 10, encoding) or "FIELD"
        k = 1
        while short.upper() in taken:
            k += 1
            short = _cut(whole, 10 - len(f"_{k}"), encoding) + f"_{k}"
        taken.add(short.upper())
        names[name] = short
        if short != whole:
            what = Text(f"字段名截断为 {short}", f"the name was cut to {short}")
            report_loss(out, SUFFIX, what, field=name)
    return names


def _cut(text: str, width: int, encoding: str) -> str:
    return text.encode(encoding, "replace")[:width].decode(encoding, "ignore")


def _labelled(values: pd.Series, item: Field) -> pd.Series:
    """Write each code as its Chinese label, where reading takes that label back to the code."""
    codes, texts = pd.factorize(values, use_na_sentinel=True)
    labels = []
    for text in map(str, texts):
        parts = text.split(";") if item.type == "list" else [text]
        labels.append(";".join(item.codes[p].zh if p in item.codes else p for p in parts))
    back = parse_code_column(
        pd.Series(labels, dtype="str"), item, Findings(), np.arange(len(labels))
    )
    kept = [s if b == t else t for s, b, t in zip(labels, back, texts, strict=True)]
    return pd.Series(np.array([*kept, None], dtype=object)[codes], dtype="str")


def _whole_numbers(out: Outgoing, name: str, values: pd.Series) -> pd.Series:
    """Make text of a column with numbers that other programs would read as rounded ones."""
    texts = pd.Series(number_texts(values).to_pandas(), dtype="str")
    long = np.flatnonzero(texts.str.len().gt(MAX_WHOLE).fillna(False))
    if not len(long):
        return values
    what = _MESSAGES("long_numbers_of_dbf", max_whole=MAX_WHOLE)
    report_loss(out, SUFFIX, what, field=name, at=long, severity="info")
    return texts


def _cut_texts(out: Outgoing, encoding: str) -> None:
    for name in out.table.columns:
        values = out.table[name]
        if is_date(values) or is_number(values):
            continue
        texts = values.astype("str")
        column, cut = text_column(b"", texts, encoding)
        if len(cut):
            what = Text(f"文字截断为 {MAX_TEXT} 字节", f"the text was cut to {MAX_TEXT} bytes")
            report_loss(out, SUFFIX, what, field=str(name), at=cut)
            texts = texts.astype(object)
            texts.iloc[cut] = [cell.decode(encoding) for cell in column.cells[cut]]
        out.table[name] = texts.astype("str")


def _plain_shapes(out: Outgoing) -> None:
    if out.geometry is None:
        raise CityDataError(_MESSAGES("shapefile_needs_geometry", out=out))
    shapes = out.geometry.to_numpy()
    kinds = shapely.get_type_id(shapes)
    lone = (kinds >= 4) & (shapely.get_num_geometries(shapes) == 1) & (kinds != 4)
    if lone.any():
        what = _MESSAGES("single_parts")
        report_loss(out, SUFFIX, what, at=lone, severity="info")
        shapes = shapes.copy()
        shapes[lone] = shapely.get_geometry(shapes[lone], 0)
        out.geometry = gpd.GeoSeries(shapes, crs=out.geometry.crs)
    families = set(_FAMILY[kinds[kinds >= 0]].tolist())
    if len(families) > 1:
        what = _MESSAGES("kinds_apart")
        report_loss(out, SUFFIX, what, severity="info")


def _by_family(out: Outgoing, stem: str) -> Iterator[tuple[str, np.ndarray]]:
    assert out.geometry is not None
    kinds = shapely.get_type_id(out.geometry.to_numpy())
    family = np.where(kinds >= 0, _FAMILY[kinds], -1)
    families = np.unique(family[family >= 0]).tolist()
    if len(families) <= 1:
        yield stem, np.arange(len(out))
        return
    # Records without a shape go with the first family.
    family = np.where(family < 0, families[0], family)
    for kind in families:
        yield stem + _PARTS[kind], np.flatnonzero(family == kind)


def _write_part(out: Outgoing, path: Path, encoding: str) -> None:
    assert out.geometry is not None
    bare = gpd.GeoDataFrame(geometry=out.geometry)
    options: dict[str, Any] = {}
    if out.geometry.isna().all():
        options["geometry_type"] = (
            out.spec.geometry[0] if out.spec and out.spec.geometry else "Point"
        )
    pyogrio.write_dataframe(bare, path, driver="ESRI Shapefile", **options)
    columns = [_column(str(name), out.table[name], encoding) for name in out.table.columns]
    if not columns:
        numbers = pd.Series(np.arange(len(out)), dtype="int64")
        columns = [number_column(b"FID", numbers)]
        out.table["FID"] = numbers
    why = why_not(columns)
    if why:
        raise CityDataError(_MESSAGES("dbf_cannot_hold", path=path, why=why))
    gbk = encoding == "GB18030" and _is_gbk(out)
    # Programs know 936 better than GB18030; where all text is GBK the two are the same bytes.
    write_dbf(path.with_suffix(".dbf"), columns, dt.date(1980, 1, 1),
              language=_GBK_DRIVER if gbk else 0)  # fmt: skip
    path.with_suffix(".cpg").write_text("936" if gbk else encoding, encoding="ascii")


def _is_gbk(out: Outgoing) -> bool:
    try:
        for name in out.table.columns:
            str(name).encode("gbk")
            if not is_date(out.table[name]) and not is_number(out.table[name]):
                "".join(map(str, out.table[name].dropna().unique())).encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def _column(name: str, values: pd.Series, encoding: str) -> Column:
    raw = name.encode(encoding)
    if is_date(values):
        return date_column(raw, values)
    if is_number(values):
        return number_column(raw, values)
    return text_column(raw, values, encoding)[0]


def _check_part(out: Outgoing, path: Path, target: str) -> None:
    raw = read_shapefile(path)
    table = raw.frame
    for name in out.table.columns:
        if name not in table.columns:
            continue
        if is_date(out.table[name]):
            table[name] = pd.to_datetime(table[name], format="%Y%m%d")
    wanted = Outgoing(out.frame(), out.spec)
    for name in wanted.table.columns:
        if not is_date(wanted.table[name]) and not is_number(wanted.table[name]):
            # Blanks at the end of a cell are its padding.
            wanted.table[name] = wanted.table[name].str.strip(" ")
    check_same(target, wanted, table, raw.geometry, normalised=True)
    bad = raw.findings.frame()
    bad = bad[bad["severity"].isin(["error", "fatal"])]
    if len(bad):
        raise refuse(target, Text(bad["message_zh"].iloc[0], bad["message_en"].iloc[0]))
    if raw.crs is not None and out.geometry is not None and raw.crs != out.geometry.crs:
        code = raw.crs.to_epsg()
        if code is None or code != out.geometry.crs.to_epsg():
            raise refuse(target, Text(f"坐标系 {raw.crs.name}", f"CRS {raw.crs.name}"))
