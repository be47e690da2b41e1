"""``profile``: what holds for a city, each value with the file it is from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo_citymgmt.cli.frame import (
    DONE,
    SourceOptions,
    SourcePath,
    common_options,
    guarded,
    load_source,
)
from geo_citymgmt.console import say
from geo_citymgmt.spec import Lang

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.overlay import Layered

__all__ = ["profile", "settings"]

#: What is set, its value, and the file that sets it.
Row = tuple[str, str, str]


@click.command()
@click.argument("source", type=SourcePath(), required=False)
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    help="输出形式",
)
@common_options
@guarded
def profile(source: Path | None, style: str, lang: Lang, reading: SourceOptions) -> int:
    """列出某市采用的每项设置及其出处；不给 SOURCE 时列出随软件提供的配置。

    Print each setting of a city with where it is from; without SOURCE, the profiles there are.
    """
    from geo_citymgmt.profiles import known_profiles

    if source is None:
        click.echo("\n".join(known_profiles()))
        return DONE
    rows = list(settings(load_source(source, reading)))
    if style == "json":
        keys = ("entry", "value", "origin")
        table = [dict(zip(keys, row, strict=True)) for row in rows]
        click.echo(json.dumps(table, ensure_ascii=False, indent=1))
        return DONE
    click.echo(say("出处\t项目 = 值", "origin\tentry = value", lang))
    for entry, value, origin in rows:
        click.echo(f"{origin}\t{entry} = {value}")
    return DONE


def settings(city: City) -> Iterator[Row]:
    """Yield every setting of a city: entry, value as TOML would have it, and its file.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> [row for row in settings(gcm.sample_city()) if row[0] == "unit.zh"]
    [('unit.zh', '"板块"', 'suzhou_2022/profile.toml')]
    """
    from geo_citymgmt.report import bulletin_settings, service_settings

    yield from _rows("", city.settings)
    if city.profile is not None:
        for row in city.published.itertuples(index=False):
            origin = f"{city.profile.key}/published.csv"
            yield f"published.{row.id}", _shown(row.value), origin
    parts: list[tuple[str, Layered | None]] = [
        ("", city.figures.layered),
        ("services.", service_settings(city)),
        ("bulletin.", bulletin_settings(city)),
    ]
    for prefix, given in parts:
        if given is not None:
            yield from _rows(prefix, given)


def _rows(prefix: str, given: Layered) -> Iterator[Row]:
    for place, value, origin in given.entries():
        yield prefix + ".".join(place), _shown(value), origin


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
