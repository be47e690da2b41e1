"""What the commands say at the end: what was kept of earlier work, what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from geo_citymgmt.console import finding_lines
from geo_citymgmt.words import Text, join_texts

if TYPE_CHECKING:
    import pandas as pd

    from geo_citymgmt.city import City
    from geo_citymgmt.layer import Layer
    from geo_citymgmt.report.findings_book import Kept

__all__ = ["tell_kept", "tell_left_out", "tell_reasons", "tell_unread"]


def tell_kept(kept: Kept, lang: str) -> None:
    """Say in one line what became of what people wrote into the workbook before."""
    carried, settled, copy = kept.carried, kept.settled, kept.copy
    parts = [
        (carried, Text(f"处理意见沿用 {carried} 条", f"decisions carried over: {carried}")),
        (
            settled,
            Text(
                f"{settled} 条所说的问题这次没有出现，移入“已了结意见”",
                f"{settled} on the sheet of settled decisions, their findings are gone",
            ),
        ),
        (copy, Text(f"原清单留存为 {copy}", f"the workbook before is kept as {copy}")),
    ]
    said = join_texts(text for there, text in parts if there)
    click.echo(Text(f"{said.zh}。", f"{said.en}.").of(lang))


def tell_unread(city: City, lang: str) -> None:
    """Name each layer that could not be read, how much of it is missing, and what to do."""
    from geo_citymgmt.report.quality import unread_layers

    for text in unread_layers(city, lang):
        click.echo(text)


def tell_reasons(city: City, lang: str, *, fatal: bool = True) -> None:
    """Say on standard error why a command that was done does not end with 0.

    Each file of which records were rejected or that could not be used, with how many; then each
    kind of error. Fatal ones are left out where they were said before.
    """
    from geo_citymgmt.report.quality import open_findings

    lines = [_lost(row, city).of(lang) for row in _with_losses(city).itertuples()]
    found = open_findings(city)
    wanted = found["severity"].eq("error") | found["action"].eq("rejected")
    if fatal:
        wanted |= found["severity"].eq("fatal")
    lines += finding_lines(found[wanted], city.specs, lang)
    head = Text(
        "已完成，但有记录被退回或数据有错误：", "done, but records were rejected or data is wrong:"
    )
    click.echo("\n".join([head.of(lang), *lines]), err=True)


def _with_losses(city: City) -> pd.DataFrame:
    ledger = city.ledger.assign(n_rejected=city.ledger["n_rejected"].fillna(0))
    return ledger[ledger["n_rejected"].gt(0) | ledger["state"].ne("ok")]


def _lost(row: Any, city: City) -> Text:
    """One file of the ledger, and what of it is not there."""
    spec, n = city.specs.get(row.layer), int(row.n_rejected)
    name = Text(row.layer, row.layer) if spec is None else Text(spec.name_zh, spec.name_en)
    if row.state != "ok":
        what = Text(f"无法使用，{n:,} 条记录未入库", f"not usable, {n:,} records are missing")
    else:
        records = "record" if n == 1 else "records"
        what = Text(f"退回 {n:,} 条记录", f"{n:,} {records} rejected")
    return Text(f"{name.zh}（{row.source}）：{what.zh}", f"{name.en} ({row.source}): {what.en}")


def tell_left_out(city: City, lang: str, **with_too: Any) -> None:
    """Name the columns of each layer that were not written, which ``with_too`` would let out."""
    from geo_citymgmt.writing.outgoing import outgoing

    for key, layer in city.layers.items():
        written = set(outgoing(layer, **with_too).columns)
        left = [str(column) for column in layer.data.columns if column not in written]
        if not left:
            continue
        private = [c for c in left if _is_personal(c, layer)]
        unknown = [c for c in left if c not in private]
        spec = city.specs[key]
        for names, why, option in (
            (unknown, Text("不是图层的字段", "no fields of the layer"), "--all-columns"),
            (private, Text("含个人信息", "personal data"), "--include-personal"),
        ):
            if names:
                told = Text(
                    f"{spec.name_zh}：{len(names)} 列未写出（{why.zh}）：{'、'.join(names)}；"
                    f"如要写出请加 {option}",
                    f"{key}: {len(names)} columns were not written ({why.en}): "
                    f"{', '.join(names)}; {option} writes them",
                )
                click.echo(told.of(lang), err=True)


def _is_personal(column: str, layer: Layer) -> bool:
    item = layer.spec.fields.get(column)
    return column in layer.personal or (item is not None and item.personal)
