"""Any frame as plain columns: names that are text; values that are text, number, yes/no or moment.

What has a text of its own (periods, durations, lists as JSON) goes as that, and is listed. What has
none, or what the text would not give back, is refused by column and record.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo_citymgmt._gate import Gate
from geo_citymgmt.words import Text
from geo_citymgmt.writing.outgoing import Outgoing
from geo_citymgmt.writing.values import is_date, is_number, tell_loss

__all__ = ["note_blanks", "plain_columns", "remove_infinite", "require_distinct"]

#: Years of four digits are what all formats have.
_YEARS = (1, 9999)
#: What may not stand in a name; headings do have line breaks.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_INT64 = np.iinfo(np.int64)
_NESTED = (list, tuple, dict, np.ndarray)
#: What :func:`pandas.api.types.infer_dtype` finds among objects, and what each is called.
_DATES = {"datetime", "datetime64", "date"}
_NUMBERS = {"integer", "floating", "mixed-integer-float"}
_WORDS = {
    "time": Text("时刻写成文字", "times of day are written as text"),
    "timedelta": Text("时长写成文字", "durations are written as text"),
    "timedelta64": Text("时长写成文字", "durations are written as text"),
    "period": Text("时期写成文字", "periods are written as text"),
    "interval": Text("区间写成文字", "intervals are written as text"),
    "nested": Text("列表等写成 JSON 文字", "lists and the like are written as JSON text"),
    "decimal": Text("超出双精度的小数写成文字", "decimals beyond 64 bits are written as text"),
    "large": Text("超出 64 位的整数写成文字", "whole numbers beyond 64 bits are written as text"),
    "scalars": Text("文字与数值混杂，全部写成文字", "text and numbers mixed, all written as text"),
    "zoned": Text(
        "时区未保存，写成北京时间", "written in the time of Asia/Shanghai, without the time zone"
    ),
}  # fmt: skip


def plain_columns(out: Outgoing, suffix: str, gate: Gate) -> None:
    """Bring the columns into kinds every format knows, and note what that changes.

    Raises
    ------
    CityDataError
        A column has no name that is text, or values that no format holds: complex numbers, bytes,
        objects, a second geometry.
    """
    _name_columns(out, suffix, gate)
    for name in out.table.columns:
        out.table[name] = _plain(out, suffix, name, out.table[name], gate)
    if out.geometry is not None:
        _make_room(out, suffix)


def require_distinct(out: Outgoing, suffix: str, gate: Gate) -> None:
    """Refuse names that the format, blind to case, takes for one."""
    seen: dict[str, str] = {}
    for name in map(str, out.table.columns):
        # As SQLite folds them: letters of ASCII only.
        key = "".join(c.lower() if c.isascii() else c for c in name)
        if key in seen:
            raise gate.refuse(
                Text(
                    f"列“{seen[key]}”与“{name}”仅大小写不同，{suffix} 视为同名。",
                    f"columns {seen[key]!r} and {name!r} differ in case only, which {suffix} does "
                    "not tell apart.",
                ),
                Text("请改名，或写 .parquet。", "Rename one, or write .parquet."),
            )
        seen[key] = name


def remove_infinite(out: Outgoing, suffix: str) -> None:
    """Leave out numbers that are infinite, for formats that have no word for them."""
    for name in out.table.columns:
        values = out.table[name]
        if not is_number(values) or pd.api.types.is_integer_dtype(values.dtype):
            continue
        hit = np.isinf(values.to_numpy(dtype=float, na_value=np.nan))
        if hit.any():
            what = Text(
                "无穷大的值已留空，.gpkg 和 .parquet 可以保存",
                "infinite values are left out; .gpkg and .parquet hold them",
            )
            tell_loss(out, suffix, what, field=name, at=np.flatnonzero(hit))
            out.table[name] = values.mask(hit)


def note_blanks(out: Outgoing, suffix: str, *, padded: bool) -> None:
    """Note empty text, which comes back as missing, and blanks at the ends that are ``padded``."""
    for name in out.table.columns:
        values = out.table[name]
        if not isinstance(values.dtype, pd.StringDtype):
            continue
        blank = values.eq("") if not padded else values.str.strip(" ").eq("")
        what = Text("空文字读回时为空值", "empty text is read back as missing")
        _note(out, suffix, name, blank, what)
        if padded:
            ends = values.ne(values.str.strip(" ")) & values.notna() & ~blank
            what = Text("首尾的空格未保存", "blanks at the ends are not kept")
            _note(out, suffix, name, ends, what)


def _note(out: Outgoing, suffix: str, name: str, hit: pd.Series, what: Text) -> None:
    at = np.flatnonzero(hit.fillna(False).to_numpy(dtype=bool))
    if len(at):
        tell_loss(out, suffix, what, field=name, at=at, severity="info")


def _name_columns(out: Outgoing, suffix: str, gate: Gate) -> None:
    names = []
    for name in out.table.columns:
        if isinstance(name, Integral) and not isinstance(name, bool):
            tell_loss(
                out, suffix, Text("列名是数字，写成文字", "the name, a number, is written as text"),
                field=str(name), severity="info",
            )  # fmt: skip
        elif not isinstance(name, str) or not _is_name(name):
            raise gate.refuse(
                Text(
                    f"列名 {name!r} 不是可写出的文字。",
                    f"the name of column {name!r} is no text that a file can hold.",
                ),
                Text(
                    "请改名，如 frame.columns = [...]。",
                    "Rename it: frame.columns = [...].",
                ),
            )
        names.append(str(name))
    twice = pd.Index(names)[pd.Index(names).duplicated()]
    if len(twice):
        raise gate.refuse(
            Text(f"列名“{twice[0]}”重复。", f"more than one column is called {twice[0]!r}."),
            Text("请改名。", "Rename them."),
        )
    out.table.columns = pd.Index(names, dtype=object)


def _make_room(out: Outgoing, suffix: str) -> None:
    """Rename a column of values that is called as the shape is in every format."""
    names, where = list(out.table.columns), "geometry"
    if where not in names:
        return
    new = next(f"{where}_{k}" for k in range(1, len(names) + 2) if f"{where}_{k}" not in names)
    what = Text(f"列名改为 {new}", f"the column is called {new}, as the shape has this name")
    tell_loss(out, suffix, what, field=where, severity="info")
    names[names.index(where)] = new
    out.table.columns = pd.Index(names, dtype=object)


def _plain(out: Outgoing, suffix: str, name: str, values: pd.Series, gate: Gate) -> pd.Series:
    if isinstance(values.dtype, gpd.array.GeometryDtype):
        raise _refuse_values(gate, name, values.notna(), *_SECOND_SHAPE)
    if isinstance(values.dtype, pd.SparseDtype):
        values = pd.Series(np.asarray(values))
    if isinstance(values.dtype, (pd.ArrowDtype, pd.CategoricalDtype)):
        values = values.astype(object)
    if pd.api.types.is_complex_dtype(values.dtype):
        raise _refuse_values(gate, name, values.notna(), *_COMPLEX)
    if is_number(values):
        return _plain_numbers(out, suffix, name, values)
    if is_date(values):
        return _plain_moments(out, suffix, name, values, gate)
    if pd.api.types.is_bool_dtype(values.dtype) and values.dtype != object:
        return values
    if isinstance(values.dtype, pd.StringDtype):
        return _texts(name, values, gate)
    return _plain_objects(out, suffix, name, values.astype(object), gate)


def _plain_numbers(out: Outgoing, suffix: str, name: str, values: pd.Series) -> pd.Series:
    if pd.api.types.is_unsigned_integer_dtype(values.dtype):
        whole = values.astype("UInt64")
        if whole.max(skipna=True) is pd.NA or whole.max() <= _INT64.max:
            return values.astype("Int64" if values.isna().any() else "int64")
        _tell(out, suffix, name, "large", whole)
        return whole.astype("str")
    if values.dtype in (np.float16, np.longdouble):
        return values.astype("float64")
    return values


def _plain_moments(
    out: Outgoing, suffix: str, name: str, values: pd.Series, gate: Gate
) -> pd.Series:
    years = values.dt.year
    far = (years.lt(_YEARS[0]) | years.gt(_YEARS[1])).fillna(False)
    if far.any():
        raise _refuse_values(
            gate, name, far,
            Text("年份不在 1 至 9999 之间", "a year outside 1 to 9999"),
            Text("请更正或留空。", "Correct it or leave it empty."),
        )  # fmt: skip
    if suffix == ".parquet":
        return values
    if getattr(values.dtype, "tz", None) is not None:
        _tell(out, suffix, name, "zoned", values)
        values = values.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)
    whole = values.astype("datetime64[us]")
    finer = (values.notna() & (values != whole)).to_numpy()
    # A GeoPackage says the same of milliseconds.
    if finer.any() and suffix != ".gpkg":
        tell_loss(
            out, suffix, Text("时间只保留到微秒", "times are kept to the microsecond"),
            field=name, at=np.flatnonzero(finer),
        )  # fmt: skip
    return whole


def _plain_objects(
    out: Outgoing, suffix: str, name: str, values: pd.Series, gate: Gate
) -> pd.Series:
    """Make one plain kind of objects, after what they are."""
    given = values[values.notna().to_numpy(dtype=bool) | values.map(_is_nested)]
    kind = pd.api.types.infer_dtype(given, skipna=True)
    if kind in ("string", "empty"):
        return _texts(name, values, gate)
    if kind == "boolean":
        return values.astype("boolean")
    if kind in _NUMBERS:
        return _numbers_of(out, suffix, name, values)
    if kind in _DATES:
        return _moments_of(out, suffix, name, values, gate)
    if kind in _WORDS and kind != "decimal":
        _tell(out, suffix, name, kind, values)
        return values.map(str, na_action="ignore").astype("str")
    return _mixed(out, suffix, name, values, gate)


def _numbers_of(out: Outgoing, suffix: str, name: str, values: pd.Series) -> pd.Series:
    given = values.dropna()
    if all(isinstance(v, Integral) for v in given):
        if all(_INT64.min <= v <= _INT64.max for v in given):
            return values.astype("Int64")
        _tell(out, suffix, name, "large", values)
        return values.map(str, na_action="ignore").astype("str")
    if all(float(v) == v or v != v for v in given):
        return values.map(float, na_action="ignore").astype("float64")
    _tell(out, suffix, name, "large", values)
    return values.map(str, na_action="ignore").astype("str")


def _moments_of(out: Outgoing, suffix: str, name: str, values: pd.Series, gate: Gate) -> pd.Series:
    zoned = values.map(lambda v: getattr(v, "tzinfo", None) is not None)
    if zoned.any() and not zoned[values.notna()].all():
        raise _refuse_values(
            gate, name, zoned,
            Text("有的带时区、有的不带", "a time zone, which others of the column have not"),
            Text("请统一时区，如 tz_localize。", "Give all one, with tz_localize, or none."),
        )  # fmt: skip
    stamps = values.map(lambda v: np.datetime64("NaT") if v is None else v)
    try:
        moments = pd.to_datetime(stamps, utc=bool(zoned.any())).astype(
            "datetime64[us, UTC]" if zoned.any() else "datetime64[us]"
        )
    except (ValueError, OverflowError) as error:
        raise _refuse_values(
            gate, name, values.notna(),
            Text("无法作为日期", f"no moments of one kind ({error})"),
            Text("请先用 pd.to_datetime() 转换。", "Convert them with pd.to_datetime() first."),
        ) from error  # fmt: skip
    return _plain_moments(out, suffix, name, moments, gate)


def _mixed(out: Outgoing, suffix: str, name: str, values: pd.Series, gate: Gate) -> pd.Series:
    """Make text of mixed scalars and of what JSON can say; refuse the rest by its first record."""
    texts, kinds = np.full(len(values), None, dtype=object), set()
    for k, value in enumerate(values.tolist()):
        if not _is_nested(value) and pd.isna(value):
            continue
        text, kind = _word(value)
        if text is None:
            shape = isinstance(value, shapely.Geometry)
            cause, remedy = _SECOND_SHAPE if shape else _no_text(value)
            at = np.arange(len(values)) == k
            raise _refuse_values(gate, name, pd.Series(at), cause, remedy)
        texts[k] = text
        kinds.add(kind)
    if kinds == {"decimal"}:
        numbers = [None if text is None else float(text) for text in texts]
        pairs = zip(numbers, texts, strict=True)
        if all(n is None or Decimal(repr(n)) == Decimal(text) for n, text in pairs):
            return pd.Series(numbers, dtype="float64")
    what = "nested" if "nested" in kinds else "scalars"
    done = _texts(name, pd.Series(texts, dtype=object), gate)
    _tell(out, suffix, name, "decimal" if kinds == {"decimal"} else what, done)
    return done


def _word(value: Any) -> tuple[str | None, str]:
    """Return a value as text and what it is; None where it has no text that says it."""
    if isinstance(value, Decimal):
        return (str(value) if value.is_finite() else None), "decimal"
    if isinstance(value, (str, bool, np.bool_, Real)):
        return str(value), "scalar"
    if hasattr(value, "isoformat"):
        return value.isoformat(), "scalar"
    if isinstance(value, (pd.Timedelta, pd.Period, pd.Interval)):
        return str(value), "scalar"
    if _is_nested(value):
        try:
            return json.dumps(value, ensure_ascii=False, default=_listed), "nested"
        except (TypeError, ValueError, RecursionError):
            return None, "nested"
    return None, ""


def _listed(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def _is_nested(value: Any) -> bool:
    return isinstance(value, _NESTED)


_COMPLEX = (
    Text("复数，没有格式能保存", "a complex number, which no format holds"),
    Text("请分成实部和虚部两列。", "Make two columns of it: values.real and values.imag."),
)
_SECOND_SHAPE = (
    Text("第二个几何，只能写一个几何列", "a second geometry, where a file holds one"),
    Text(
        "请去掉该列，或写成文字：frame[列].to_wkt()。",
        'Drop the column, or make text of it: frame["..."] = shapely.to_wkt(frame["..."]).',
    ),
)


def _no_text(value: Any) -> tuple[Text, Text]:
    kind = type(value).__name__
    return (
        Text(f"{kind} 类型的值，没有格式能保存", f"a value of type {kind}, which no format holds"),
        Text(
            "请去掉该列，或先转换为文字或数值。",
            "Drop the column, or make text or numbers of it first.",
        ),
    )


def _refuse_values(gate: Gate, name: str, hit: pd.Series, cause: Text, remedy: Text) -> Exception:
    at = np.flatnonzero(hit.to_numpy(dtype=bool))
    first = Text(f"，第 {at[0]} 条记录", f", record {at[0]}") if len(at) else Text("", "")
    return gate.refuse(
        Text(f"列“{name}”{first.zh}：{cause.zh}。", f"column {name!r}{first.en}: {cause.en}."),
        remedy,
    )


def _tell(out: Outgoing, suffix: str, name: str, kind: str, values: pd.Series) -> None:
    at = np.flatnonzero(values.notna())
    tell_loss(out, suffix, _WORDS[kind], field=name, at=at, severity="info")


def _texts(name: str, values: pd.Series, gate: Gate) -> pd.Series:
    try:
        return values.astype("str")
    except UnicodeEncodeError as error:
        raise _refuse_values(
            gate, name, ~values.map(lambda v: v is None or _is_unicode(str(v))),
            Text("含半个字符（代理项），不是有效文字", "half a character (a surrogate), no text"),
            Text("请更正。", "Correct it."),
        ) from error  # fmt: skip


def _is_name(text: str) -> bool:
    return bool(text.strip()) and not _CONTROLS.search(text) and _is_unicode(text)


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
