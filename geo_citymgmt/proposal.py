"""A first ``city.toml`` for a folder, with what has to be confirmed written beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geo_citymgmt.city.discovery import find_source
from geo_citymgmt.city.source import CitySource, LayerSource
from geo_citymgmt.errors import CityDataError, SourceError
from geo_citymgmt.layer import Layer, read_layer
from geo_citymgmt.reading.source import SourceLayer
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

__all__ = ["propose"]


def propose(
    folder: Path,
    specs: Mapping[str, LayerSpec],
    *,
    crs: Any = None,
    fallback_crs: Any = None,
    datum: Any = None,
) -> tuple[str, list[tuple[str, str]]]:
    """Look at ``folder`` and write down what was understood and what was not.

    ``crs``, ``fallback_crs`` and ``datum`` are those of :func:`load_city`.

    Returns
    -------
    str, list of (zh, en)
        Text of a ``city.toml`` that :func:`load_city` takes, and the open questions, which stand
        in it as comments too.

    Raises
    ------
    SourceError
        There is nothing to read in the folder.
    """
    if not folder.is_dir():
        raise SourceError(
            Text(f"{folder}：没有这个文件夹。", f"{folder}: no such folder."),
            remedy=Text("请核对名称。", "Check its name."),
        )
    found = find_source(folder, specs)
    if not found.layers:
        raise SourceError(
            Text(f"{folder}：没有认出任何图层。", f"{folder}: no layer was recognised."),
            remedy=Text(
                "请按图层命名文件，如 窨井.shp。", "Name the files after layers, e.g. 窨井.shp."
            ),
        )
    questions: list[tuple[str, str]] = []
    lines = [
        "# 由 geo-citymgmt init 生成，请逐项确认。Generated; confirm each line.",
        f"name_zh = {_quoted(found.name.zh)}",
        f"name_en = {_quoted(found.name.en)}",
        f"code = {_quoted(found.code)}",
    ]
    if found.data_date is not None:
        lines.append(f"data_date = {found.data_date:%Y-%m-%d}")
    else:
        questions.append(
            ("数据日期是哪一天？（data_date）", "which day does the data stand as of? (data_date)")
        )
        lines.append("# data_date = 2022-06-30")
    for name in ("events", "targets"):
        path = getattr(found, name)
        if isinstance(path, Path):
            lines.append(f"{name} = {_quoted(path.name)}")
    for key, entry in found.layers.items():
        lines += ["", *_layer_lines(key, entry, specs[key], questions, crs, fallback_crs, datum)]
    _ask_about_ignored(found, questions)
    head = [f"# ? {zh} / {en}" for zh, en in questions]
    return "\n".join([lines[0], *head, *lines[1:]]) + "\n", questions


def _layer_lines(
    key: str,
    entry: LayerSource,
    spec: LayerSpec,
    questions: list[tuple[str, str]],
    crs: Any,
    fallback_crs: Any,
    datum: Any,
) -> list[str]:
    lines = [f"[layers.{key}]", *_path_lines(entry)]
    given_crs = (crs.get(key) if isinstance(crs, Mapping) else crs) or entry.crs
    given_datum = (datum.get(key) if isinstance(datum, Mapping) else datum) or entry.datum
    layer: Layer | None = None
    try:
        layer = read_layer(
            entry.source,
            spec,
            sublayer=entry.sublayer,
            encoding=entry.encoding,
            crs=given_crs,
            fallback_crs=fallback_crs,
            datum=given_datum,
            aliases=entry.fields,
        )
        findings = layer.findings
    except CityDataError as error:
        questions.append((error.message_zh, error.message))
        findings = error.findings
        lines.append('# crs = "EPSG:4549"')
        lines.append('# datum = "gcj02"')
    if layer is not None:
        row = layer.ledger.iloc[0]
        lines.append(f"crs = {_quoted(row['crs'])}  # {row['crs_source']}")
        if given_datum:
            lines.append(f"datum = {_quoted(given_datum)}")
        if row["encoding"] and row["encoding_source"] != "format":
            lines.append(f"encoding = {_quoted(row['encoding'])}  # {row['encoding_source']}")
    unclear = findings[findings["code"].eq("FIELD_AMBIGUOUS")] if findings is not None else None
    if unclear is not None and len(unclear):
        lines.append(f"[layers.{key}.fields]")
        for value, expected, zh, en in unclear[
            ["value", "expected", "message_zh", "message_en"]
        ].itertuples(index=False):
            lines.append(f'# {_quoted(value)} = ""  # {expected}')
            questions.append((f"{spec.name_zh}：{zh}", f"{key}: {en}"))
    return lines


def _path_lines(entry: LayerSource) -> list[str]:
    sources = entry.sources
    names = [Path(s).name for s in sources]
    inside = [s.sublayer if isinstance(s, SourceLayer) else None for s in sources]
    if not any(inside):
        lines = [f"path = {_listed(names)}"]
        return [*lines, f"sublayer = {_quoted(entry.sublayer)}"] if entry.sublayer else lines
    # Parts of one layer within one archive or database.
    paths = names if len(set(names)) > 1 else names[:1]
    parts = ", ".join(_quoted(part or "") for part in inside)
    return [f"path = {_listed(paths)}", f"sublayer = [{parts}]"]


def _listed(names: list[str]) -> str:
    quoted = [_quoted(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _ask_about_ignored(found: CitySource, questions: list[tuple[str, str]]) -> None:
    table = found.findings.frame()
    for zh, en in table.loc[
        table["code"].isin(["LAYER_IGNORED", "LAYER_RECOGNISED"]), ["message_zh", "message_en"]
    ].itertuples(index=False):
        questions.append((zh, en))


def _quoted(text: Any) -> str:
    # A basic TOML string has the escapes of JSON.
    return json.dumps(str(text), ensure_ascii=False)
