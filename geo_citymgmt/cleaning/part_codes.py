"""Kinds of parts of a city (城市部件) that no column tells: by the part's code, or the file's name.

A census of parts comes with codes of 6 + 2 + 2 + 6 digits (division, class, kind, number) in one
file a kind, named after it: T0102_污水井盖.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

import pandas as pd

from geo_citymgmt.cleaning.evidence import AGREES, Values
from geo_citymgmt.cleaning.names import match_columns
from geo_citymgmt.cleaning.text import plain_key
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading import Raw
from geo_citymgmt.spec import Field, LayerSpec
from geo_citymgmt.words import Text

__all__ = ["kinds_by_code", "kinds_by_name", "with_kinds"]

_CODE = r"^[1-8]\d{5}(\d{4})\d{6}$"
#: A later form has kinds of three digits, 6 + 2 + 3 + 5: there the third digit of both is a zero.
_LATER = re.compile(r"\d{2}00")
_IN_NAME = re.compile(r"(?<![A-Za-z0-9])[Tt](\d{4})(?![0-9])")
#: Words of a kind that are as short as this occur in other names.
_SHORTEST = 3
#: From this share of the ids on, they are codes of parts.
_MOST = 0.9
_LOOKED_AT = 500


def with_kinds(
    raws: Sequence[Raw],
    spec: LayerSpec,
    findings: Findings,
    aliases: Mapping[str, str] | None = None,
) -> list[Raw]:
    """Return the sources with a column of the kind where they have none and their codes say it.

    Parameters
    ----------
    raws : sequence of Raw
        The sources of one layer.
    spec : LayerSpec
        A field of it whose codes have a ``part`` takes part; without one nothing is done.
    findings : Findings
        Takes what was filled in, and by what.
    aliases : mapping of str to str, optional
        Source column to field.
    """
    item = next((f for f in spec.fields.values() if any(c.part for c in f.codes.values())), None)
    if item is None:
        return list(raws)
    found = [
        match_columns(list(raw.frame.columns), spec, Findings(spec.key), aliases) for raw in raws
    ]
    column = next((mapping[item.name] for mapping in found if item.name in mapping), item.zh)
    out = []
    for raw, mapping in zip(raws, found, strict=True):
        kinds = None if item.name in mapping else _kinds(raw, mapping, item, spec, findings)
        frame = raw.frame if kinds is None else raw.frame.assign(**{column: kinds})
        out.append(raw if kinds is None else replace(raw, frame=frame))
    return out


def kinds_by_code(ids: pd.Series, item: Field) -> pd.Series | None:
    """Return the code of the kind that the code of each part says; None where they are no such.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> kind = load_specs()["manholes"].fields["cover_kind"]
    >>> kinds_by_code(pd.Series(["3205080102000001", "3205080104000007"]), kind).tolist()
    ['sewage', 'gully']
    >>> kinds_by_code(pd.Series(["3205080100100001"]), kind) is None
    True
    """
    for some in (ids.head(_LOOKED_AT), ids):
        # A million other ids are told by the first of them.
        parts = some.astype("str").str.strip().str.extract(_CODE, expand=False)
        if parts.notna().sum() < _MOST * max(1, some.notna().sum()):
            return None
    distinct = parts.dropna().unique()
    if any(_LATER.fullmatch(part) for part in distinct):
        return None
    known = {entry.part: code for code, entry in item.codes.items() if entry.part}
    kinds = parts.map(known)
    return kinds if kinds.notna().any() else None


def kinds_by_name(name: str, item: Field) -> str | None:
    """Return the code of the one kind that a file is named after; None where there is none.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> kind = load_specs()["manholes"].fields["cover_kind"]
    >>> names = ("T0102_污水井盖.shp", "T0103.dbf", "窨井0105.shp", "雨水井盖、污水井盖.csv")
    >>> [kinds_by_name(name, kind) for name in names]
    ['sewage', 'rain', None, None]
    """
    stem = PurePath(name.split(":")[0]).stem
    by_part = {e.part: code for code, e in item.codes.items() if e.part}
    numbers = {by_part[part] for part in _IN_NAME.findall(stem) if part in by_part}
    key = plain_key(stem)
    words = {plain_key(word): code for code, e in item.codes.items() for word in e.synonyms}
    named = {code for word, code in words.items() if len(word) >= _SHORTEST and word in key}
    found = named or numbers
    return found.pop() if len(found) == 1 and (not named or numbers <= named) else None


def _kinds(
    raw: Raw, mapping: Mapping[str, str], item: Field, spec: LayerSpec, findings: Findings
) -> pd.Series | None:
    kinds, how = _by_columns(raw.frame, mapping, item, spec)
    if kinds is None:
        named = kinds_by_name(raw.name, item)
        if named is None:
            return None
        kinds = pd.Series(named, index=raw.frame.index)
        how = Text(f"文件名 {raw.name} ", f"the name of {raw.name}")
    counts = kinds.value_counts()
    shown = "、".join(
        f"{item.codes[word].zh if word in item.codes else word} {n}" for word, n in counts.items()
    )
    findings.add(
        "FIELD_FILLED", item=item, value=shown, about=raw.name, detail=how, action="assumed"
    )
    return kinds


def _by_columns(
    frame: pd.DataFrame, mapping: Mapping[str, str], item: Field, spec: LayerSpec
) -> tuple[pd.Series | None, Text]:
    """Return the kinds that a class column (SmallClass) or the codes of the parts say."""
    for name, column in mapping.items():
        if spec.fields[name].type == "text" and Values(frame[column]).of(item).verdict >= AGREES:
            return frame[column], Text(f"“{column}”一列", f"the column {column!r}")
    ids = mapping.get(spec.id_field)
    kinds = None if ids is None else kinds_by_code(frame[ids], item)
    return kinds, Text("部件代码", "the codes of the parts")
