"""Zones without a column of codes or of names: what stands in for them, and what could be one."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text, first_few

__all__ = ["fill_zone_fields", "zone_columns"]

#: From this share of the values on, a column is what they look like.
_MOST = 0.6
#: A code of GB/T 2260, with street and village after it; and what names of divisions end in.
_DIVISION = r"(?:156)?[1-8]\d{5}(?:\d{3}|\d{6})?(?:\.0)?"
_LEVELS = r".+[区县市旗區縣州盟镇乡]|.+街道"
#: Longer than any code.
_LONGEST = 12


def fill_zone_fields(
    mapping: Mapping[str, str], frame: pd.DataFrame, spec: LayerSpec, findings: Findings
) -> dict[str, str]:
    """Return ``mapping`` with what stands in for a missing code or name of zones.

    A missing code is the name, where each zone has one of its own; otherwise codes are generated
    from the position of the record. A missing name is the code. Either is a finding that lists
    the columns which could be it.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> findings = Findings("districts")
    >>> frame = pd.DataFrame({"qh": ["罗湖", "福田"], "gid": [1, 2]})
    >>> fill_zone_fields({"name_zh": "qh"}, frame, load_specs()["districts"], findings)
    {'name_zh': 'qh', 'district_code': 'qh'}
    >>> findings.frame()[["code", "field", "value"]].values.tolist()
    [['ZONE_FIELDS', 'district_code', 'gid']]
    """
    out = dict(mapping)
    if spec.role != "zones" or spec.label is None:
        return out
    codes, names = zone_columns(frame[[c for c in frame.columns if c not in out.values()]])
    name = out.get(spec.label)
    if spec.id_field not in out:
        instead = Text(
            f"代码按记录顺序生成（{spec.key}#0 起）",
            f"codes are generated from the order of the records, {spec.key}#0 and on",
        )
        if name is not None and _tell_apart(frame[name]):
            out[spec.id_field] = name
            instead = Text("暂以名称作代码", "the names stand in for codes")
        _add(findings, spec, spec.id_field, codes, instead)
    if name is None:
        if spec.id_field in out:
            out[spec.label] = out[spec.id_field]
        _add(
            findings,
            spec,
            spec.label,
            names,
            Text("暂以代码作名称", "the codes stand in for names"),
        )
    return out


def zone_columns(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return the columns that could be the code and the name of zones, the likeliest first.

    A code or a name is there for each zone, and another for each.

    Examples
    --------
    >>> zones = pd.DataFrame({"gid": [1, 2], "qx": ["瑶海区", "长丰县"], "dm": [340102, 340121]})
    >>> zone_columns(zones)
    (['dm', 'gid'], ['qx'])
    """
    codes: list[str] = []
    names: list[str] = []
    for column in map(str, frame.columns):
        values = frame[column]
        if not _tell_apart(values):
            continue
        texts = values.astype(str).str.strip()
        numbers = pd.to_numeric(texts, errors="coerce")
        if (numbers % 1 > 0).any():
            # A measure, or a coordinate.
            continue
        if texts.str.fullmatch(_DIVISION).mean() >= _MOST:
            codes.insert(0, column)
        elif numbers.isna().mean() >= _MOST:
            is_likely = texts.str.fullmatch(_LEVELS).mean() >= _MOST
            names.insert(0 if is_likely else len(names), column)
        elif texts.str.len().max() <= _LONGEST:
            codes.append(column)
    return codes, names


def _tell_apart(values: pd.Series) -> bool:
    """Whether each record has a value of its own."""
    try:
        return bool(len(values)) and bool(values.notna().all() and values.is_unique)
    except TypeError:
        # Lists and dicts, as a GeoJSON may hold, are no code and no name.
        return False


def _add(
    findings: Findings, spec: LayerSpec, field: str, columns: list[str], instead: Text
) -> None:
    could = Text("没有可作此列的", "no column could be it")
    if columns:
        could = Text(
            f"可能是 {first_few(columns).zh}（请在 city.toml 的 [layers.{spec.key}.fields] 写 "
            f'"{columns[0]}" = "{field}"）',
            f'it could be {first_few(columns).en} (write "{columns[0]}" = "{field}" under '
            f"[layers.{spec.key}.fields] in city.toml)",
        )
    findings.add(
        "ZONE_FIELDS",
        item=spec.fields[field],
        value=first_few(columns).en,
        detail=Text(f"{could.zh}；{instead.zh}", f"{could.en}; {instead.en}"),
        action="assumed",
    )
