"""What leaves the house, column by column: which fields, under which names, in which form."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Hashable, Sequence
from decimal import Decimal
from functools import lru_cache
from numbers import Integral, Real
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import Messages, Text, packaged_table
from geo_citymgmt._markup import is_active, neutralise
from geo_citymgmt.errors import CRSError
from geo_citymgmt.findings import Findings
from geo_citymgmt.layer import Layer
from geo_citymgmt.spec import Field, LayerSpec

_MESSAGES = Messages("geo_citymgmt.writing")


def outgoing(
    layer: Layer | gpd.GeoDataFrame,
    *,
    include_personal: bool = False,
    include_unknown: bool = False,
    columns: Sequence[str] = (),
) -> gpd.GeoDataFrame:
    """Records as they may leave the house: fields of the spec, without personal ones.

    With ``include_unknown`` the other columns of the source too.

    Personal is what the spec says is, and what its values show to be.

    ``columns`` names further ones to let out, unknown or personal.
    """
    if not isinstance(layer, Layer):
        return layer
    spec: LayerSpec = layer.spec
    keep = [
        name
        for name in layer.data.columns
        if name in columns
        or name == layer.data.active_geometry_name
        or (
            _may_leave(name, spec, include_personal, include_unknown)
            and (include_personal or name not in layer.personal)
        )
    ]
    return layer.data[keep]


class Outgoing:
    """A table on its way out: its columns, its geometry, what it is, where each record came from.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        Records.
    spec : LayerSpec, optional
        What the columns are, where that is known.
    record : array of int, optional
        Position of each record in its source; that in ``frame`` otherwise.
    name : str
        What to call it.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        spec: LayerSpec | None = None,
        record: np.ndarray | None = None,
        name: str = "",
    ) -> None:
        where = frame.active_geometry_name if isinstance(frame, gpd.GeoDataFrame) else None
        self.spec, self.name = spec, name
        self.table = pd.DataFrame(frame if where is None else frame.drop(columns=where))
        self.table = self.table.reset_index(drop=True)
        self.geometry = None
        if where is not None:
            geometry = frame.geometry
            self.geometry = gpd.GeoSeries(geometry.to_numpy(), crs=geometry.crs)
        self.record = np.arange(len(frame)) if record is None else np.asarray(record)
        #: Records whose number in the index of the frame is not carried.
        self.unlabelled: np.ndarray = np.empty(0, dtype=np.intp)
        self.findings = Findings(spec.key if spec else "")
        # Taken now: a format may rename the columns.
        self._keys = np.full(len(frame), "", dtype=object)
        if spec is not None and spec.id_field in self.table.columns:
            self._keys = self.table[spec.id_field].to_numpy(dtype=object)

    def __len__(self) -> int:
        return len(self.table)

    def frame(self) -> pd.DataFrame:
        """Return table and geometry as one frame; the geometry is called ``geometry``."""
        if self.geometry is None:
            return self.table
        # A column of that name would be overwritten without a word.
        if "geometry" in self.table.columns:
            return gpd.GeoDataFrame(
                self.table.rename(columns={"geometry": "geometry_1"}), geometry=self.geometry
            )
        return gpd.GeoDataFrame(self.table, geometry=self.geometry)

    def losses(self) -> pd.DataFrame:
        """Return what was found on the way, with the id of each record it is about."""
        at = pd.Series(np.arange(len(self.record)), index=self.record)

        def places(records: np.ndarray) -> pd.DataFrame:
            labels = np.char.add("FID ", records.astype(str)).astype(object)
            return pd.DataFrame({"row_label": labels, "key": self._keys[at[records]]})

        return self.findings.frame(places=places, n_records=len(self))


def take(
    layer: Layer | pd.DataFrame,
    *,
    include_personal: bool = False,
    include_unknown: bool = False,
    name: str = "",
) -> Outgoing:
    """Take what may leave of ``layer``."""
    frame = outgoing(layer, include_personal=include_personal, include_unknown=include_unknown)
    if isinstance(layer, Layer):
        return Outgoing(frame, layer.spec, layer.record, name or layer.spec.key)
    return Outgoing(frame, name=name)


def exact_code(geometry: gpd.GeoSeries | None, name: str) -> str | None:
    """Return what names the CRS exactly; None where there is no geometry.

    A code, such as ``EPSG:4547``, or the whole WKT of a plane that has none but rests on a datum
    that has one: the transverse Mercator of a city that no usual zone fits.

    Raises
    ------
    CRSError
        There is no CRS, or it is one that neither says exactly. Tools that write the nearest code
        instead put the data elsewhere.
    """
    if geometry is None or (geometry.crs is None and geometry.isna().all()):
        return None
    crs = geometry.crs
    if crs is None:
        raise _MESSAGES.error(CRSError, "crs_missing", name=name)
    text = _exact(crs)
    if text is None:
        raise _MESSAGES.error(CRSError, "crs_without_code", name=name, crs=crs)
    return text


# PROJ searches its whole data base, half a second for a CRS that has no code.
@lru_cache(maxsize=64)
def _exact(crs: pyproj.CRS) -> str | None:
    authority = crs.to_authority(min_confidence=100)
    if authority == ("OGC", "CRS84"):
        # The same positions; only the stated order of the axes differs, and x is written first.
        authority = ("EPSG", "4326")
    if authority is not None and authority[0] == "EPSG":
        return ":".join(authority)
    base = crs.geodetic_crs
    known = base is not None and crs.is_projected and base.to_authority(min_confidence=100)
    return str(crs.to_wkt()) if known and known[0] == "EPSG" else None


def _may_leave(name: str, spec: LayerSpec, personal: bool, unknown: bool) -> bool:
    item = spec.fields.get(name.removesuffix("_precision"))
    return unknown if item is None else personal or not item.personal


_CONTROLS = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
_DAY_US, _SECOND_US = 86_400_000_000, 1_000_000


def is_date(values: pd.Series) -> bool:
    """Whether the column holds moments."""
    return bool(pd.api.types.is_datetime64_any_dtype(values.dtype))


def is_number(values: pd.Series) -> bool:
    """Whether the column holds numbers, yes/no not among them."""
    kind = values.dtype
    return bool(pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind))


def is_text(values: pd.Series) -> bool:
    """Whether the column holds text, or whatever else is written as text."""
    return not (is_date(values) or is_number(values) or pd.api.types.is_bool_dtype(values.dtype))


def report_loss(
    out: Outgoing,
    suffix: str,
    detail: Text,
    *,
    field: str = "",
    at: np.ndarray | None = None,
    severity: str = "warning",
) -> None:
    """Note what ``suffix`` cannot hold: of the layer, of a field, or of the records at ``at``.

    ``at`` are their positions or a mask; where it names none there is nothing to note.
    """
    if at is not None and at.dtype == bool:
        at = np.flatnonzero(at)
    records = None if at is None else out.record[at]
    item = out.spec.fields.get(field) if out.spec else None
    out.findings.add(
        "FORMAT_LOSS",
        records=records,
        field=field,
        label=Text(f"“{item.zh if item else field}”", f"{item.en if item else field}: ")
        if field
        else Text("", ""),
        value=suffix,
        detail=detail,
        severity=severity,
        action="value_removed" if severity == "warning" else "none",
    )


def strip_controls(out: Outgoing, suffix: str, pattern: str = _CONTROLS) -> None:
    """Take out characters the format has no place for."""
    for name in out.table.columns:
        values = out.table[name]
        if not is_text(values):
            continue
        texts = values.astype("str")
        hit = texts.str.contains(pattern, regex=True, na=False).to_numpy(dtype=bool)
        if hit.any():
            out.table[name] = texts.str.replace(pattern, "", regex=True)
            what = Text("控制字符已去除", "control characters were taken out")
            report_loss(out, suffix, what, field=str(name), at=hit)


def make_inert(out: Outgoing) -> None:
    """Put an apostrophe before what a spreadsheet would run; reading takes it off again."""
    for name in out.table.columns:
        values = out.table[name]
        if not is_text(values):
            continue
        hit = np.flatnonzero(is_active(values).to_numpy())
        if len(hit):
            item = out.spec.fields.get(str(name)) if out.spec else None
            out.findings.add(
                "TEXT_ACTIVE",
                records=out.record[hit],
                item=item,
                field=str(name),
                value=values.iloc[hit].to_numpy(dtype=object),
                action="repaired",
            )
            out.table[name] = neutralise(values)
    names = pd.Series([str(name) for name in out.table.columns], dtype="str")
    out.table.columns = pd.Index(neutralise(names).tolist())


def dates_as_text(out: Outgoing, *, only_partial: bool = False) -> None:
    """Write moments as ISO text; one known to the month or year is as long as it is known.

    The companion column of the precision is then not needed. ``only_partial`` leaves columns of
    whole days and moments as they are.
    """
    for name in [name for name in out.table.columns if is_date(out.table[name])]:
        companion = f"{name}_precision"
        partial = companion in out.table.columns and out.table[companion].notna().any()
        if partial or not only_partial:
            column_as_text(out, name)
        out.table = out.table.drop(columns=companion, errors="ignore")


def column_as_text(out: Outgoing, name: Hashable) -> None:
    """Write one column of moments as ISO text, each as long as it is known."""
    unknown = pd.Series([None] * len(out), dtype="str")
    precision = out.table.get(f"{name}_precision", unknown)
    item = out.spec.fields.get(str(name)) if out.spec else None
    out.table[name] = _date_texts(out.table[name], precision, item)


def number_texts(values: pd.Series) -> pa.Array:
    """Return the shortest texts that read back as the same numbers, null where there is none."""
    if pd.api.types.is_integer_dtype(values.dtype):
        unsigned = pd.api.types.is_unsigned_integer_dtype(values.dtype)
        integers = values.astype("UInt64" if unsigned else "Int64")
        return pc.cast(pa.array(integers, from_pandas=True), pa.string())
    floats = values.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    array = pa.array(floats, mask=~np.isfinite(floats))
    return pc.cast(array, pa.string())


def _date_texts(values: pd.Series, precision: pd.Series, item: Field | None) -> pd.Series:
    moments_local = values
    if getattr(moments_local.dtype, "tz", None) is not None:
        moments_local = moments_local.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)
    moments_local = moments_local.astype("datetime64[us]")
    codes, distinct = pd.factorize(moments_local, use_na_sentinel=True)
    moments = pd.DatetimeIndex(distinct)
    whole_days = bool((moments == moments.normalize()).all())
    with_time = not whole_days or (item is not None and item.type == "datetime")
    form = "%Y-%m-%d %H:%M:%S" if with_time else "%Y-%m-%d"
    texts = moments.strftime(form).to_numpy(dtype=object)
    fraction = moments.microsecond.to_numpy()
    for k in np.flatnonzero(fraction):
        texts[k] += f".{fraction[k]:06d}"
    full = np.array([*texts, None], dtype=object)[codes]
    # In a field of moments a bare 2022-06 would read as its first day: only words say a month.
    words = {"month": "%Y年%m月", "year": "%Y年"} if with_time else {"month": "%Y-%m", "year": "%Y"}
    for known, pattern in words.items():
        hit = precision.eq(known).fillna(False).to_numpy(dtype=bool)
        short = np.array([*moments.strftime(pattern), None], dtype=object)[codes]
        full = np.where(hit, short, full)
    return pd.Series(full, dtype="str")


#: Years of four digits are what all formats have.
_YEARS = (1, 9999)
#: What may not stand in a name; headings do have line breaks.
_CONTROLS_IN_NAMES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_INT64 = np.iinfo(np.int64)
_NESTED = (list, tuple, dict, np.ndarray)
#: What :func:`pandas.api.types.infer_dtype` finds among objects, and what each is called.
_DATES = {"datetime", "datetime64", "date"}
_NUMBERS = {"integer", "floating", "mixed-integer-float"}
_WORDS = packaged_table("geo_citymgmt.writing", "as_text.toml")


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
                *_MESSAGES.pair("columns_differ_by_case", seen=seen[key], name=name, suffix=suffix)
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
            what = _MESSAGES("infinite_left_out")
            report_loss(out, suffix, what, field=name, at=hit)
            out.table[name] = values.mask(hit)


def note_blanks(out: Outgoing, suffix: str, *, padded: bool) -> None:
    """Note empty text, which comes back as missing, and blanks at the ends that are ``padded``."""
    for name in out.table.columns:
        values = out.table[name]
        if not isinstance(values.dtype, pd.StringDtype):
            continue
        blank = values.eq("") if not padded else values.str.strip(" ").eq("")
        what = Text("空文字读回时为空值", "empty text is read back as missing")
        report_loss(out, suffix, what, field=name, at=_mask(blank), severity="info")
        if padded:
            ends = values.ne(values.str.strip(" ")) & values.notna() & ~blank
            what = Text("首尾的空格未保存", "blanks at the ends are not kept")
            report_loss(out, suffix, what, field=name, at=_mask(ends), severity="info")


def _mask(hit: pd.Series) -> np.ndarray:
    return hit.fillna(False).to_numpy(dtype=bool)


def _name_columns(out: Outgoing, suffix: str, gate: Gate) -> None:
    names = []
    for name in out.table.columns:
        if isinstance(name, Integral) and not isinstance(name, bool):
            what = Text("列名是数字，写成文字", "the name, a number, is written as text")
            report_loss(out, suffix, what, field=str(name), severity="info")
        elif not isinstance(name, str) or not _is_name(name):
            raise gate.refuse(*_MESSAGES.pair("column_name_no_text", name=name))
        names.append(str(name))
    twice = pd.Index(names)[pd.Index(names).duplicated()]
    if len(twice):
        raise gate.refuse(*_MESSAGES.pair("column_twice", twice=twice[0]))
    out.table.columns = pd.Index(names, dtype=object)


def _make_room(out: Outgoing, suffix: str) -> None:
    """Rename a column of values that is called as the shape is in every format."""
    names, where = list(out.table.columns), "geometry"
    if where not in names:
        return
    new = next(f"{where}_{k}" for k in range(1, len(names) + 2) if f"{where}_{k}" not in names)
    what = Text(f"列名改为 {new}", f"the column is called {new}, as the shape has this name")
    report_loss(out, suffix, what, field=where, severity="info")
    names[names.index(where)] = new
    out.table.columns = pd.Index(names, dtype=object)


def _plain(out: Outgoing, suffix: str, name: str, values: pd.Series, gate: Gate) -> pd.Series:
    if isinstance(values.dtype, gpd.array.GeometryDtype):
        raise _refuse_values(gate, name, values.notna(), *_MESSAGES.pair("second_shape"))
    if isinstance(values.dtype, pd.SparseDtype):
        values = pd.Series(np.asarray(values))
    if isinstance(values.dtype, (pd.ArrowDtype, pd.CategoricalDtype)):
        values = values.astype(object)
    if pd.api.types.is_complex_dtype(values.dtype):
        raise _refuse_values(gate, name, values.notna(), *_MESSAGES.pair("complex_number"))
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
        integers = values.astype("UInt64")
        if integers.max(skipna=True) is pd.NA or integers.max() <= _INT64.max:
            return values.astype("Int64" if values.isna().any() else "int64")
        _report(out, suffix, name, "large", integers)
        return integers.astype("str")
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
            *_MESSAGES.pair("year_outside")
        )  # fmt: skip
    if suffix == ".parquet":
        return values
    if getattr(values.dtype, "tz", None) is not None:
        _report(out, suffix, name, "zoned", values)
        values = values.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)
    microseconds = values.astype("datetime64[us]")
    finer = (values.notna() & (values != microseconds)).to_numpy()
    # A GeoPackage says the same of milliseconds.
    if finer.any() and suffix != ".gpkg":
        what = Text("时间只保留到微秒", "times are kept to the microsecond")
        report_loss(out, suffix, what, field=name, at=finer)
    return microseconds


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
        _report(out, suffix, name, kind, values)
        return values.map(str, na_action="ignore").astype("str")
    return _mixed(out, suffix, name, values, gate)


def _numbers_of(out: Outgoing, suffix: str, name: str, values: pd.Series) -> pd.Series:
    given = values.dropna()
    if all(isinstance(v, Integral) for v in given):
        if all(_INT64.min <= v <= _INT64.max for v in given):
            return values.astype("Int64")
        _report(out, suffix, name, "large", values)
        return values.map(str, na_action="ignore").astype("str")
    if all(float(v) == v or v != v for v in given):
        return values.map(float, na_action="ignore").astype("float64")
    _report(out, suffix, name, "large", values)
    return values.map(str, na_action="ignore").astype("str")


def _moments_of(out: Outgoing, suffix: str, name: str, values: pd.Series, gate: Gate) -> pd.Series:
    zoned = values.map(lambda v: getattr(v, "tzinfo", None) is not None)
    if zoned.any() and not zoned[values.notna()].all():
        raise _refuse_values(
            gate, name, zoned,
            *_MESSAGES.pair("time_zone_others")
        )  # fmt: skip
    stamps = values.map(lambda v: pd.NaT if v is None else v)
    try:
        moments = pd.to_datetime(stamps, utc=bool(zoned.any())).astype(
            "datetime64[us, UTC]" if zoned.any() else "datetime64[us]"
        )
    except (ValueError, OverflowError) as error:
        raise _refuse_values(
            gate, name, values.notna(),
            *_MESSAGES.pair("no_moments_one", error=error)
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
            at = pd.Series(np.arange(len(values)) == k)
            if isinstance(value, shapely.Geometry):
                raise _refuse_values(gate, name, at, *_MESSAGES.pair("second_shape"))
            said = _MESSAGES.pair("no_text_for", kind=type(value).__name__)
            raise _refuse_values(gate, name, at, *said)
        texts[k] = text
        kinds.add(kind)
    if kinds == {"decimal"}:
        numbers = [None if text is None else float(text) for text in texts]
        pairs = zip(numbers, texts, strict=True)
        if all(n is None or Decimal(repr(n)) == Decimal(text) for n, text in pairs):
            return pd.Series(numbers, dtype="float64")
    what = "nested" if "nested" in kinds else "scalars"
    done = _texts(name, pd.Series(texts, dtype=object), gate)
    _report(out, suffix, name, "decimal" if kinds == {"decimal"} else what, done)
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


def _refuse_values(gate: Gate, name: str, hit: pd.Series, cause: Text, remedy: Text) -> Exception:
    at = np.flatnonzero(hit.to_numpy(dtype=bool))
    first = Text(f"，第 {at[0]} 条记录", f", record {at[0]}") if len(at) else Text("", "")
    return gate.refuse(
        Text(f"列“{name}”{first.zh}：{cause.zh}。", f"column {name!r}{first.en}: {cause.en}."),
        remedy,
    )


def _report(out: Outgoing, suffix: str, name: str, kind: str, values: pd.Series) -> None:
    at = np.flatnonzero(values.notna())
    report_loss(out, suffix, Text(*_WORDS[kind]), field=name, at=at, severity="info")


def _texts(name: str, values: pd.Series, gate: Gate) -> pd.Series:
    try:
        return values.astype("str")
    except UnicodeEncodeError as error:
        raise _refuse_values(
            gate, name, ~values.map(lambda v: v is None or _is_unicode(str(v))),
            *_MESSAGES.pair("half_character_surrogate")
        ) from error  # fmt: skip


def _is_name(text: str) -> bool:
    return bool(text.strip()) and not _CONTROLS_IN_NAMES.search(text) and _is_unicode(text)


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def with_labels(frame: gpd.GeoDataFrame, gate: Gate) -> tuple[gpd.GeoDataFrame, np.ndarray]:
    """Put each named level of the index before the columns, as :meth:`GeoDataFrame.to_file` does.

    Whole numbers without a name count the rows and are left out. Other labels without a name
    become ``index``, or ``level_0`` and so on where there are several levels. A level that is a
    column already stands once.

    Returns
    -------
    GeoDataFrame
        On a fresh index.
    array of int
        Positions of the records whose number was left out and is not their position.

    Raises
    ------
    CityDataError
        A column of the same name holds something else.
    """
    index = frame.index
    plain = frame.reset_index(drop=True)
    if index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index.dtype):
        return plain, np.flatnonzero(np.asarray(index != pd.RangeIndex(len(index))))
    # From the last: each goes before those that are there.
    for k in reversed(range(index.nlevels)):
        labels = pd.Series(index.get_level_values(k))
        name = _name(index, k, plain.columns)
        if name not in plain.columns:
            plain.insert(0, name, labels)
        elif not _same(labels, plain[name]):
            raise gate.refuse(*_MESSAGES.pair("index_beside_column", name=name))
    return plain, np.empty(0, dtype=np.intp)


def _name(index: pd.Index, level: int, taken: Container[Hashable]) -> Hashable:
    name: Hashable = index.names[level]
    if name is not None:
        return name
    usual = "index" if index.nlevels == 1 else f"level_{level}"
    return usual if usual not in taken else _name_free(usual, taken)


def _name_free(usual: str, taken: Container[Hashable]) -> str:
    k = 1
    while f"{usual}_{k}" in taken:
        k += 1
    return f"{usual}_{k}"


def _same(labels: pd.Series, values: pd.Series) -> bool:
    """Whether they say the same, whatever the types: 1 is 1.0, a category its value."""
    one, two = labels.astype(object), values.astype(object)
    gone = labels.isna() & values.isna()
    same: pd.Series = one.eq(two) | gone
    return bool(same.fillna(False).all())
