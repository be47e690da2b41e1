"""Personal data: which columns hold it, by definition, by name or by the look of their values."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._text import text_array
from geo_citymgmt.spec import LayerSpec

MASK = "***"
#: A telephone number or an identity card within a text, not as part of a longer number.
_PHONE = re.compile(r"(?<![\dA-Za-z.])(?:\+?86[- ]?)?1[3-9]\d{9}(?![\dA-Za-z])")
_CARD = re.compile(r"(?<![\dA-Za-z.])[1-9]\d{16}[\dXx](?![\dA-Za-z])")
#: Neither has fewer digits in a row.
_LONG = re.compile(r"\d{10}")
_NAMES = re.compile(
    r"身份证|证件号|手机|联系电话|联系方式|电话|姓名|户主|当事人|phone|mobile|^tel|id_?card|identity_?(?:no|num)"
    r"|^sfz|^lxdh|^lxr",
    re.IGNORECASE,
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_SAMPLE = 2000
#: A column with at least this share of such values is a column of them.
_SHARE = 0.1
#: Types whose values cannot be a name or a number of a person.
_NEVER = ("id", "code", "list", "bool", "date", "datetime", "float", "int")


def looks_personal(text: str) -> bool:
    """Whether ``text`` holds a mobile telephone number or a valid identity card number.

    Examples
    --------
    >>> looks_personal("张先生 13812345678"), looks_personal("11010519491231002X")
    (True, True)
    >>> looks_personal("110105194912310021"), looks_personal("图斑 320505202206301")
    (False, False)
    """
    return mask_text(text) != text


def mask_text(text: str) -> str:
    """Put a mask in place of telephone and identity card numbers.

    Examples
    --------
    >>> mask_text("请致电13812345678")
    '请致电***'
    """
    if _LONG.search(text) is None:
        return text
    return _PHONE.sub(MASK, _CARD.sub(lambda m: MASK if _is_card(m[0]) else m[0], text))


def personal_columns(
    frame: pd.DataFrame, mapping: Mapping[str, str], spec: LayerSpec, findings: Findings
) -> set[str]:
    """Return the source columns that hold personal data, and tell them.

    Parameters
    ----------
    frame : DataFrame
        As read.
    mapping : mapping of str to str
        Field to source column.
    """
    field_of = {column: name for name, column in mapping.items()}
    found = set()
    for column in frame.columns:
        item = spec.fields.get(field_of.get(column, ""))
        if item is not None and (item.personal or item.type in _NEVER):
            hit = item.personal
        else:
            named = item is None and bool(_NAMES.search(str(column)))
            hit = named or _values_look_personal(frame[column])
        if hit:
            found.add(column)
            name = field_of.get(column, "")
            findings.add("PERSONAL_DATA", field=name, value=str(column), about=str(column))
    return found


def mask_findings(table: pd.DataFrame, fields: Collection[str], id_field: str) -> pd.DataFrame:
    """Mask the values of ``fields``, and numbers of persons in any other but the key."""
    if table.empty:
        return table
    out = table.copy()
    names = ("value", "expected", "message_zh", "message_en")
    field = table["field"].to_numpy(dtype=object)
    texts = {name: table[name].to_numpy(dtype=object, copy=True) for name in names}
    changed: set[str] = set()
    own = np.isin(field, list(fields)) & (texts["value"] != "") & table["record"].notna().to_numpy()
    if own.any():
        changed.update(names)
        values = texts["value"][own]
        for name in names[1:]:
            pairs = zip(texts[name][own], values, strict=True)
            texts[name][own] = [str(text).replace(value, MASK) for text, value in pairs]
        texts["value"][own] = MASK
    other = field != id_field
    for name in names:
        masked = {text: mask_text(str(text)) for text in set(texts[name][other])}
        if any(text != new for text, new in masked.items()):
            changed.add(name)
            texts[name][other] = [masked[text] for text in texts[name][other]]
    for name in changed:
        out[name] = pd.array(texts[name], dtype="str")
    return out


def mask_record(row: Mapping[str, Any], columns: Collection[str], keep: str) -> dict[str, Any]:
    """Mask one record: ``columns`` whole, numbers of persons elsewhere; ``keep`` is the key."""
    out: dict[str, Any] = {}
    for name, value in row.items():
        if name in columns:
            out[name] = None if value is None or value is pd.NA else MASK
        elif isinstance(value, str) and name != keep:
            out[name] = mask_text(value)
        else:
            out[name] = value
    return out


def _values_look_personal(column: pd.Series) -> bool:
    if not (
        pd.api.types.is_string_dtype(column.dtype)
        or column.dtype == object
        or pd.api.types.is_integer_dtype(column.dtype)
    ):
        return False
    if not len(column):
        return False
    at = np.unique(np.linspace(0, len(column) - 1, _SAMPLE).astype(int))
    texts = text_array(column.iloc[at]).drop_null()
    long = texts.filter(pc.match_substring_regex(texts, _LONG.pattern)).to_pylist()
    return len(texts) > 0 and sum(map(looks_personal, long)) >= _SHARE * len(texts)


def _is_card(text: str) -> bool:
    year, month, day = int(text[6:10]), int(text[10:12]), int(text[12:14])
    if not (1900 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31):
        return False
    total = sum(int(d) * w for d, w in zip(text[:17], _WEIGHTS, strict=True))
    return _CHECK[total % 11] == text[17].upper()
