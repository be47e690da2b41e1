"""What a notebook and a console show of a city, a layer, findings: short, and safe to look at.

Nothing personal and no column that the layer file does not know is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt.markup import escape_text, visible_text

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.layer import Layer

__all__ = ["city_html", "findings_html", "findings_text", "layer_html"]

_SEVERITIES = {"fatal": "无法使用", "error": "错误", "warning": "提醒", "info": "说明"}
#: How much of a text, and how many kinds of findings, records and fields, is shown at a glance.
_LONGEST, _KINDS, _RECORDS, _FIELDS = 60, 12, 3, 6
_LEFT = ' style="text-align:left"'


def city_html(city: City) -> str:
    """Return a city as HTML: a row for each layer, those that could not be used included.

    Parameters
    ----------
    city : City

    Returns
    -------
    str
    """
    known = city.specs
    errors = city.findings["severity"].isin(["fatal", "error"])
    found = city.findings.groupby("layer").size()
    wrong = city.findings[errors].groupby("layer").size()
    rows = []
    for row in city.ledger.itertuples():
        layer = city.layers.get(row.layer)
        usable = row.state == "ok"
        count = f"{len(layer.data):,}" if layer is not None else f"{int(row.n_accepted):,}"
        unlocated = "" if layer is None else f"{int((~layer.located).sum()):,}"
        name = known[row.layer].name_zh if row.layer in known else ""
        rows.append(
            (
                row.layer,
                name,
                count if usable else "无法使用",
                unlocated,
                f"{int(row.n_rejected):,}",
                f"{int(found.get(row.layer, 0)):,}",
                f"{int(wrong.get(row.layer, 0)):,}",
            )
        )
    heads = ("city[...]", "图层", "入库", "其中未落图", "退回", "发现", "其中错误")
    date = "未知" if city.data_date is None else f"{city.data_date:%Y-%m-%d}"
    zones = "，".join(f"{level} {len(z):,}" for level, z in city.zones_by_level.items())
    about = f"数据截至 {date}；分区：{zones}；事件 {len(city.events):,}，目标 {len(city.targets):,}"
    return _block(
        f"{city.name_zh} {city.name_en}", [about], _table(heads, rows, numbers=range(2, 7))
    )


def layer_html(layer: Layer) -> str:
    """Return a layer as HTML: its account, what was found, its first records.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    str
    """
    row, spec = layer.ledger.iloc[0], layer.spec
    counts = (
        ("读到", row["n_walked"]),
        ("入库", row["n_accepted"]),
        ("其中未落图", int((~layer.located).sum())),
        ("修复", row["n_repaired"]),
        ("退回", row["n_rejected"]),
    )
    account = "，".join(f"{word} {int(n):,}" for word, n in counts)
    known = [("坐标系", "crs"), ("基准", "datum"), ("编码", "encoding")]
    stated = "；".join(
        f"{word} {row[key]}（{row[f'{key}_source']}）" for word, key in known if _given(row[key])
    )
    shown = [n for n in _at_a_glance(layer) if layer.data[n].notna().any()][:_FIELDS]
    records = [
        tuple(_value_text(value) for value in values)
        for values in layer.data[shown].head(_RECORDS).itertuples(index=False)
    ]
    parts = [_table(shown, records)] if records and shown else []
    if len(layer.findings):
        parts.append(_table(_HEADS, _kinds(layer.findings)[:_KINDS], numbers=[4]))
    source = f"来源 {row['source']}"
    return _block(f"{spec.name_zh} {spec.key}", [account, f"{source}；{stated}"], *parts)


_HEADS = ("程度", "图层", "代码", "字段", "次数", "首条说明", "所在记录")


def findings_html(table: pd.DataFrame) -> str:
    """Return findings as HTML: one row for each kind, the worst first.

    Parameters
    ----------
    table : DataFrame
        Findings, as `Layer.findings` and `City.findings` hold them.

    Returns
    -------
    str
    """
    rows = _kinds(table)
    more = [f"另有 {len(rows) - _KINDS:,} 类"] if len(rows) > _KINDS else []
    about = [_counts(table) or "没有发现问题", *more]
    parts = [_table(_HEADS, rows[:_KINDS], numbers=[4])] if rows else []
    return _block(f"发现 {len(table):,} 条", about, *parts)


def findings_text(table: pd.DataFrame) -> str:
    """Return findings as plain text: one line for each kind, the worst first.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    str

    Examples
    --------
    >>> from geo_citymgmt.findings import Findings
    >>> found = Findings("manholes")
    >>> found.add("LAYER_EMPTY", value="a.shp")
    >>> print(findings_text(found.frame()).splitlines()[0])
    <Findings: 1；提醒 1>
    """
    rows = _kinds(table)
    lines = [f"<Findings: {len(table):,}" + (f"；{_counts(table)}" if len(table) else "") + ">"]
    for severity, layer, code, field, count, message, where in rows[:_KINDS]:
        what = " ".join(visible_text(part) for part in (severity, layer, code, field) if part)
        lines.append(visible_text(f"  {what} ×{count}: {message} [{where}]").replace("\n", " "))
    if len(rows) > _KINDS:
        lines.append(f"  … {len(rows) - _KINDS:,}")
    return "\n".join(lines)


def _kinds(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return a row for each layer, severity, code and field, the worst and most frequent first."""
    rank = {severity: place for place, severity in enumerate(_SEVERITIES)}
    keys = ["severity", "layer", "code", "field"]
    groups = table.groupby(keys, sort=False)
    # A fault of a whole column is one finding, of as many records as there are.
    counted = table.assign(n=table["n_records"].clip(lower=1))
    sizes = counted.groupby(keys, sort=False)["n"].sum().reset_index()
    first = groups["message_zh"].first().reset_index(drop=True)
    labels = table[table["row_label"].ne("")]
    # Three places are enough to find the first of them.
    where = labels[labels.groupby(keys).cumcount() < 3].groupby(keys)["row_label"].agg("、".join)
    sizes["message"] = first
    sizes["rank"] = sizes["severity"].map(rank)
    sizes = sizes.sort_values(["rank", "n"], ascending=[True, False], kind="stable")
    return [
        (
            _SEVERITIES.get(row.severity, row.severity),
            row.layer,
            row.code,
            row.field,
            f"{row.n:,}",
            row.message,
            str(where.get((row.severity, row.layer, row.code, row.field), "")),
        )
        for row in sizes.itertuples()
    ]


def _counts(table: pd.DataFrame) -> str:
    n = table["severity"].value_counts()
    return "，".join(f"{word} {int(n[s]):,}" for s, word in _SEVERITIES.items() if s in n)


def _at_a_glance(layer: Layer) -> list[str]:
    """Return the columns worth a first look: those of a popup, else the first of the layer."""
    names = layer.spec.style.get("popup") or list(layer.spec.fields)
    return [
        name
        for name in dict.fromkeys([layer.spec.id_field, *names])
        if name in layer.data.columns
        and name in layer.spec.fields
        and name not in layer.personal
        and not layer.spec.fields[name].personal
    ]


def _given(value: Any) -> bool:
    return value is not None and not pd.isna(value) and str(value) != ""


def _value_text(value: Any) -> str:
    if not pd.api.types.is_scalar(value) or pd.isna(value):
        return "" if pd.api.types.is_scalar(value) else str(value)
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _cell(value: str) -> str:
    text = visible_text(value)
    if len(text) <= _LONGEST:
        return escape_text(text)
    # The whole of it is a pointer's rest away.
    return f'<span title="{escape_text(text[:1000])}">{escape_text(text[:_LONGEST])}…</span>'


def _table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()
) -> str:
    """Return a table; columns stand to the left but for ``numbers``, which notebooks set right."""
    right = set(numbers)
    styles = ["" if k in right else _LEFT for k in range(len(heads))]
    head = "".join(f"<th{s}>{_cell(h)}</th>" for s, h in zip(styles, heads, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td{s}>{_cell(v)}</td>" for s, v in zip(styles, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _block(title: str, lines: Iterable[str], *parts: str) -> str:
    about = "<br>".join(escape_text(line) for line in lines)
    return f"<div><b>{escape_text(title)}</b><br>{about}{''.join(parts)}</div>"
