"""The codes of what is found in data, and what a finding is known by from check to check."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo_citymgmt._words import packaged_table


@dataclass(frozen=True, slots=True)
class FindingCode:
    """A kind of finding with its usual severity and its messages."""

    severity: str
    zh: str
    en: str


#: Each code of ``codes.toml``.
CODES: Mapping[str, FindingCode] = {
    code: FindingCode(**entry)
    for code, entry in packaged_table("geo_citymgmt.findings", "codes.toml").items()
}

#: From how many records on, and from which share of a layer's, a fault is told once.
FEWEST, MOST = 20, 0.95
#: Stands for the record where a finding is about all of them.
WHOLE = "*"
#: What a sheet has no place for or trims, and how much of a part is kept: a key is to be read.
_UNSOUND = re.compile("[\\s\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
_LONGEST = 160
_OF_ALL = r"[^:]*:[A-Z_]+:[^:]*:\*(?::|$)"
_COUNTER = re.compile(r" \(\d+\)$")


def finding_keys(
    table: pd.DataFrame | Mapping[str, np.ndarray], about: Sequence[str] | np.ndarray
) -> np.ndarray:
    """Return the key of each finding: ``layer:code:field:`` and what it is about.

    That is the id of the record, and its row label where the source gives it none (``key`` is then
    the one that was generated from layer and position); for a finding of a whole layer what
    ``about`` says. Several of one record, code and field are told apart by ``about`` and, where
    that is the same too, by a number in the order of the table.

    Parameters
    ----------
    table : DataFrame, or mapping of str to array
        With ``layer, record, row_label, key, field, code``.
    about : sequence of str
        One a finding; :data:`WHOLE` for one of all records.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "layer": "manholes", "record": pd.array([3, 7, None], dtype="Int64"),
    ...     "row_label": ["FID 3", "FID 7", ""], "key": ["MH-1", "manholes#7", ""],
    ...     "field": ["status", "status", ""],
    ...     "code": ["CODE_UNKNOWN", "CODE_UNKNOWN", "LAYER_IGNORED"]})
    >>> for key in finding_keys(table, ["", "", "旧.shp"]):
    ...     print(key)
    manholes:CODE_UNKNOWN:status:MH-1
    manholes:CODE_UNKNOWN:status:FID 7
    manholes:LAYER_IGNORED::旧.shp
    """
    columns = [np.array(table[name], dtype=object) for name in ("record", "key", "row_label")]
    for values, missing in zip(columns, (None, "", ""), strict=True):
        values[pd.isna(values)] = missing
    subject = [
        _subject(*parts) for parts in zip(table["layer"], *columns, map(_plain, about), strict=True)
    ]
    kinds = zip(table["layer"], table["code"], map(_plain, table["field"]), strict=True)
    keys = [f"{':'.join(kind)}:{who}" if who else ":".join(kind).rstrip(":")
            for kind, who in zip(kinds, subject, strict=True)]  # fmt: skip
    return unique_keys(keys)


def _subject(layer: str, record: int | None, key: str, row_label: str, about: str) -> str:
    if record is None:
        return about
    own = key if key != f"{layer}#{record}" else ""
    who = _plain(own or row_label or key or str(record))
    return f"{who}:{about}" if about else who


def _plain(text: object) -> str:
    text = str(text)
    return text if text.isalnum() else _UNSOUND.sub(" ", text).strip()[:_LONGEST]


def unique_keys(keys: Sequence[str] | np.ndarray) -> np.ndarray:
    """Return the keys with a number after each that occurred before.

    Examples
    --------
    >>> unique_keys(["a", "b", "a"]).tolist()
    ['a', 'b', 'a (2)']
    """
    out = np.array(keys, dtype=object)
    if len(set(out)) == len(out):
        return out
    series = pd.Series(out)
    again = np.flatnonzero(series.duplicated() & series.ne(""))
    numbers = series.groupby(series, sort=False).cumcount().to_numpy()[again] + 1
    out[again] = [f"{key} ({n})" for key, n in zip(out[again], numbers, strict=True)]
    return out


def base_keys(keys: pd.Series) -> pd.Series:
    """Return the keys without the number that tells several of one record and field apart.

    Examples
    --------
    >>> base_keys(pd.Series(["manholes:ID_DUPLICATE:manhole_id:J1 (2)"])).tolist()
    ['manholes:ID_DUPLICATE:manhole_id:J1']
    """
    return keys.astype("str").str.replace(_COUNTER, "", regex=True)


def is_of_all(keys: pd.Series) -> np.ndarray:
    """Return which keys are those of a fault of the whole column.

    Examples
    --------
    >>> is_of_all(pd.Series(["manholes:VALUE_MISSING:status:*", "a:ID_MISSING:id:J*"])).tolist()
    [True, False]
    """
    return keys.astype("str").str.match(_OF_ALL).to_numpy(dtype=bool)


def of_layer(table: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Return findings of a source as those of ``layer``, which is part of their keys."""
    starts = table["layer"].str.len()
    rests = [k[n:] for k, n in zip(table["finding_key"], starts, strict=True)]
    keys = [f"{layer}{rest}" if rest else "" for rest in rests]
    return table.assign(layer=layer, finding_key=pd.array(keys, dtype="str"))
