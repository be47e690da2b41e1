"""``figures`` and ``fields``: what can be computed and mapped, and what a layer holds."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geo_citymgmt.cli.frame import DONE, SourcePath, guarded, lang_option, layers_option
from geo_citymgmt.console import say
from geo_citymgmt.spec import Lang, LayerSpec, get_spec, load_specs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fields", "fields_table", "figures", "figures_table", "layers_table"]


_format = click.option(
    "--format",
    "style",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    help="输出形式 / form of the output",
)


@click.command()
@click.argument("source", type=SourcePath(), required=False)
@_format
@click.option("-o", "--out", type=click.Path(path_type=Path), default=None, help="写到文件")
@lang_option
@layers_option
@click.option("--profile", default=None, metavar="NAME|FOLDER", help="配置 / profile of the city")
@guarded
def figures(
    source: Path | None,
    style: str,
    out: Path | None,
    lang: Lang,
    layer_folder: Path | None,
    profile: str | None,
) -> int:
    """列出指标：键、名称、图层、单位、有无目标 / list the figures that map and progress know.

    给出 SOURCE 时，包括其 figures.toml 和目标表 / with SOURCE, its figures.toml and targets count.
    """
    specs = load_specs(layer_folder)
    table = figures_table(specs, source, profile)
    if style == "json":
        text = json.dumps(table.to_dict("records"), ensure_ascii=False, indent=1)
    elif style == "csv":
        text = table.to_csv(index=False, lineterminator="\n").rstrip("\n")
    else:
        text = _as_text(table, specs, lang, None if out is None and sys.stdout.isatty() else 120)
    if out is None:
        click.echo(text)
        return DONE
    from geo_citymgmt.writing import write_text

    # A spreadsheet takes a .csv without the mark for one in the code page of its machine.
    write_text(("\ufeff" if style == "csv" else "") + text + "\n", out)
    click.echo(str(out))
    return DONE


@click.command()
@click.argument("layer", required=False)
@_format
@lang_option
@layers_option
@guarded
def fields(layer: str | None, style: str, lang: Lang, layer_folder: Path | None) -> int:
    """列出图层，或一个图层的字段和代码 / list the layers, or the fields and codes of one.

    LAYER 可写中文名，如 窨井 / LAYER is a key or a name, as manholes.
    """
    specs = load_specs(layer_folder)
    table = layers_table(specs) if layer is None else fields_table(get_spec(layer, specs))
    if style == "json":
        click.echo(json.dumps(table.to_dict("records"), ensure_ascii=False, indent=1))
    elif style == "csv":
        click.echo(table.to_csv(index=False, lineterminator="\n").rstrip("\n"))
    else:
        click.echo(_plain_text(table, lang, None if sys.stdout.isatty() else 120))
    return DONE


def layers_table(specs: Mapping[str, LayerSpec]) -> pd.DataFrame:
    """Return every layer: ``key, name_zh, name_en, role, id, measure``."""
    import pandas as pd

    rows = [(s.key, s.name_zh, s.name_en, s.role, s.id_field, s.measure or "")
            for s in specs.values()]  # fmt: skip
    return pd.DataFrame(rows, columns=["key", "name_zh", "name_en", "role", "id", "measure"])


def fields_table(spec: LayerSpec) -> pd.DataFrame:
    """Return every field of a layer: ``field, name_zh, name_en, type, unit, codes``."""
    import pandas as pd

    rows = []
    for item in spec.fields.values():
        codes = "; ".join(f"{code} {entry.zh}" for code, entry in item.codes.items())
        rows.append((item.name, item.zh, item.en, item.type, item.unit, codes))
    heads = ["field", "name_zh", "name_en", "type", "unit", "codes"]
    return pd.DataFrame(rows, columns=heads)


def figures_table(
    specs: Mapping[str, LayerSpec], source: Path | None = None, profile: str | None = None
) -> pd.DataFrame:
    """Return every figure: ``key, name_zh, name_en, layer, unit, target`` (whether it has one).

    A source is looked at, not loaded: its ``figures.toml`` and its targets alone are read.
    """
    import pandas as pd

    from geo_citymgmt.city.discovery import find_source, told_by_archive
    from geo_citymgmt.city.targets import read_targets
    from geo_citymgmt.indicators import check_figures, load_figures
    from geo_citymgmt.indicators.targets import TargetTable
    from geo_citymgmt.profiles import load_profile

    own, targets = None, None
    whose = None if profile is None else load_profile(profile)
    if source is not None:
        with told_by_archive(source) as folder:
            found = find_source(source if folder is None else folder, specs)
            if whose is None and found.profile is not None:
                whose = load_profile(found.profile)
            own = load_figures(found.figures, profile=whose)
            known = load_figures(profile=whose) if own is None else own
            if found.targets is not None:
                # Whether zones and cells are right is asked by check, which reads the city.
                targets, _ = read_targets(found.targets, known, None, found.unit)
    known = load_figures(profile=whose) if own is None else own
    check_figures(known, specs)
    table = None if targets is None else TargetTable(targets, known)
    return pd.DataFrame(
        [
            {
                "key": figure.id,
                "name_zh": figure.zh,
                "name_en": figure.en,
                "layer": figure.layer,
                "unit": figure.unit,
                "target": bool(figure.target) or (table is not None and bool(table.curves(figure))),
            }
            for figure in known.figures.values()
        ]
    )


def _plain_text(table: pd.DataFrame, lang: str, width: int | None) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=width, highlight=False)
    other = "name_en" if lang == "zh" else "name_zh"
    table = table.drop(columns=other)
    with console.capture() as capture:
        shown = Table(*table.columns)
        # A name that is cut or folded cannot be copied.
        shown.columns[0].no_wrap = True
        for row in table.itertuples(index=False):
            shown.add_row(*(Text(str(value)) for value in row))
        console.print(shown)
    return str(capture.get()).rstrip()


def _as_text(
    table: pd.DataFrame, specs: Mapping[str, LayerSpec], lang: str, width: int | None
) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        heads = say("键 名称 单位 目标", "key name unit target", lang)
        shown = Table(*heads.split(), title=say("指标", "Figures", lang), title_justify="left")
        # A key that is cut or folded cannot be copied.
        shown.columns[0].no_wrap = True
        layer = None
        for row in table.itertuples(index=False):
            if row.layer != layer:
                layer, spec = row.layer, specs.get(row.layer)
                shown.add_section()
                shown.add_row(Text(f"[{spec.name(lang) if spec else layer}]"))
            target = say("有", "yes", lang) if row.target else ""
            texts = (row.key, f"{row.name_zh}\n{row.name_en}", row.unit, target)
            shown.add_row(*(Text(str(text)) for text in texts))
        console.print(shown)
    return str(capture.get()).rstrip()
