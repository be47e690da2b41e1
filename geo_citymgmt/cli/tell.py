"""What the commands say at the end: what was kept of earlier work, what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from geo_citymgmt.words import Text, join_texts

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.report.findings_book import Kept

__all__ = ["tell_kept", "tell_unread"]


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
