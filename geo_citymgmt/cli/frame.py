"""What all commands share: options, loading, messages in place of errors, exit codes."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo_citymgmt.console import say
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.spec import LayerSpec, get_spec, load_specs

if TYPE_CHECKING:
    import pandas as pd

    from geo_citymgmt.city import City

__all__ = [
    "DONE",
    "NOT_DONE",
    "WITH_ERRORS",
    "common_options",
    "guarded",
    "has_errors",
    "load_source",
    "outcome",
    "per_layer",
    "tell_unusable",
]

DONE, NOT_DONE, WITH_ERRORS = 0, 2, 3


def guarded(command: Callable[..., int]) -> Callable[..., None]:
    """Turn what is raised into a message and an exit code; a planner never sees a traceback."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        lang = str(kwargs.get("lang", "zh"))
        debug = bool((click.get_current_context().find_root().obj or {}).get("debug"))
        try:
            code = command(*args, **kwargs)
        except CityDataError as error:
            _complain(error, lang)
            code = NOT_DONE
        except (OSError, MemoryError) as error:
            click.echo(f"{say('无法完成', 'could not be done', lang)}：{error}", err=True)
            code = NOT_DONE
        except Exception as error:
            if debug:
                raise
            click.echo(
                say(
                    f"程序内部错误（{type(error).__name__}：{error}）。请把来源数据和此行交给维护人员；"
                    "加 --debug 可看到详情。",
                    f"internal error ({type(error).__name__}: {error}). Please report it with the "
                    "source; --debug shows the details.",
                    lang,
                ),
                err=True,
            )
            code = NOT_DONE
        sys.exit(code)

    return run


def _complain(error: CityDataError, lang: str) -> None:
    first, second = error.message_zh, error.message
    if lang == "en":
        first, second = second, first
    click.echo(first, err=True)
    if second != first:
        click.echo(second, err=True)


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every command that reads a source."""
    for option in (
        click.option(
            "--lang", type=click.Choice(["zh", "en"]), default="zh", help="语言 / language"
        ),
        click.option(
            "--layers",
            "layer_folder",
            type=click.Path(path_type=Path),
            metavar="FOLDER",
            help="本单位的图层定义文件夹 / folder of layer files (*.toml)",
        ),
        click.option(
            "--crs",
            multiple=True,
            metavar="[LAYER=]CRS",
            help="没有 .prj 时的坐标系，如 EPSG:4549 / CRS where the file states none",
        ),
        click.option(
            "--datum",
            multiple=True,
            metavar="[LAYER=]DATUM",
            help="cgcs2000、wgs84、gcj02、bd09 / datum of the coordinates",
        ),
    ):
        command = option(command)
    return command


def per_layer(values: tuple[str, ...], specs: Mapping[str, LayerSpec]) -> Any:
    """Read ``LAYER=VALUE`` or a value for all layers."""
    table: dict[str, str] = {}
    for text in values:
        name, sign, value = text.rpartition("=")
        if not sign or name.upper().startswith(("+PROJ", "EPSG")):
            return text
        table[get_spec(name, specs).key] = value
    return table or None


def load_source(
    source: Path,
    layer_folder: Path | None,
    crs: tuple[str, ...],
    datum: tuple[str, ...],
    layer: str | None = None,
    decisions: Path | None = None,
) -> City:
    """Load the city at ``source`` with what the common options say."""
    from geo_citymgmt.city import load_city

    specs = load_specs(layer_folder)
    wanted = None if layer is None else [get_spec(layer, specs).key]
    return load_city(
        source,
        layers=wanted,
        specs=specs,
        crs=per_layer(crs, specs),
        datum=per_layer(datum, specs),
        decisions=decisions,
    )


def outcome(city: City) -> int:
    """Return the exit code of a command that could be done."""
    return WITH_ERRORS if (city.ledger["n_rejected"].sum() or has_errors(city.findings)) else DONE


def has_errors(findings: pd.DataFrame) -> bool:
    """Whether something could not be used, or is wrong: more than warnings."""
    return bool(findings["severity"].isin(["fatal", "error"]).any())


def tell_unusable(city: City, lang: str) -> None:
    """Say on standard error which layers are missing, and that the zones are the package's."""
    for zh, en in city.findings.loc[
        city.findings["severity"].eq("fatal"), ["message_zh", "message_en"]
    ].itertuples(index=False):
        click.echo(say(zh, en, lang), err=True)
    packaged = city.findings[city.findings["code"].eq("ZONES_PACKAGED")]
    for zh, en in packaged[["message_zh", "message_en"]].itertuples(index=False):
        click.echo(say(zh, en, lang), err=True)
