"""What all commands share: options, loading, messages in place of errors, exit codes."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo_citymgmt._languages import Messages, Text, join_texts, listed
from geo_citymgmt._options import options
from geo_citymgmt.cli._console import finding_lines, for_command_line, say
from geo_citymgmt.errors import AsOfError, CityDataError, CRSError
from geo_citymgmt.spec import LayerSpec, get_spec, load_specs

if TYPE_CHECKING:
    import pandas as pd

    from geo_citymgmt.city import City
    from geo_citymgmt.layer import Layer
    from geo_citymgmt.report._findings import Kept

_MESSAGES = Messages("geo_citymgmt.cli")


DONE, NOT_DONE, WITH_ERRORS = 0, 2, 3
#: What "copy as path" puts around one, and what a Chinese keyboard writes for it.
_QUOTES = "\"'“”‘’"


class SourcePath(click.Path):
    """A path that may have been pasted with its quotes; a file so called is taken as it is."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, without quotes where it stands in them."""
        text = str(value).strip()
        is_quoted = len(text) > 2 and text[0] in _QUOTES and text[-1] in _QUOTES
        if is_quoted and not os.path.lexists(text):
            value = text[1:-1].strip()
        return super().convert(value, param, ctx)


class Commands(click.Group):
    """The commands; what is wrong with a command line is said in Chinese beside click's English."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the options of the whole."""
        with _usage_in_both():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command: its own options are read by then."""
        with _usage_in_both():
            return super().invoke(ctx)


@contextmanager
def _usage_in_both() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            raise
        both = click.UsageError(f"{_usage(error)}\n{error.format_message()}", error.ctx)
        raise both from error


def _usage(error: click.UsageError) -> str:
    """Return in Chinese what click says of a command line."""
    said = _MESSAGES("usage_wrong")
    param = getattr(error, "param", None)
    if isinstance(error, click.MissingParameter) and isinstance(param, click.Argument):
        said = _MESSAGES("usage_no_argument", name=param.human_readable_name)
    elif isinstance(error, click.MissingParameter) and param is not None:
        help_zh = (getattr(param, "help", None) or "").partition(" / ")[0]
        about = f"（{help_zh}）" if help_zh else ""
        said = _MESSAGES("usage_no_option", names=" / ".join(param.opts), about=about)
    elif isinstance(error, click.NoSuchOption) and error.possibilities:
        near = "、".join(error.possibilities)
        said = _MESSAGES("usage_near_option", name=error.option_name, near=near)
    elif isinstance(error, click.NoSuchOption):
        said = _MESSAGES("usage_unknown_option", name=error.option_name)
    elif isinstance(error, click.BadOptionUsage):
        said = _MESSAGES("usage_of_option", name=error.option_name)
    elif isinstance(error, click.BadParameter) and param is not None:
        said = _MESSAGES("usage_of_value", names=" / ".join(param.opts))
    return said.zh


def guarded(command: Callable[..., int]) -> Callable[..., None]:
    """Turn what is raised into a message and an exit code; a planner never sees a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        lang = str(kwargs.get("lang", "zh"))
        debug = bool((click.get_current_context().find_root().obj or {}).get("debug"))
        try:
            with _reported_warnings(lang), _raised_limits(kwargs.get("reading")):
                code = command(*args, **kwargs)
        except CityDataError as error:
            _complain(error, lang)
            code = NOT_DONE
        except PermissionError as error:
            _complain(_denied(error), lang)
            code = NOT_DONE
        except FileNotFoundError as error:
            _complain(_MESSAGES.error(CityDataError, "no_such_file", file=error.filename), lang)
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


@contextmanager
def _reported_warnings(lang: str) -> Iterator[None]:
    """Say what Python would warn of in one line, without the place in the code it comes from."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        said = for_command_line(str(message))
        click.echo(say(f"提醒：{said}", f"Note: {said}", lang), err=True)

    with warnings.catch_warnings():
        warnings.showwarning = show
        # Python hides it from whoever did not write the code, but the city.toml is theirs.
        warnings.filterwarnings("always", r"city\.toml ", DeprecationWarning)
        yield


@contextmanager
def _raised_limits(reading: SourceOptions | None) -> Iterator[None]:
    """Let the limits that ``--limit`` raises hold for all that is read."""
    if reading is None or not reading.limit:
        yield
        return
    from geo_citymgmt.reading._limits import allowing, limits_from

    with allowing(limits_from(reading.limit)):
        yield


def _denied(error: PermissionError) -> CityDataError:
    """Name the folder and not what was tried in it, which may be hidden or never have been."""
    from geo_citymgmt.writing import closed_folder

    named = Path(error.filename or ".")
    if named.is_file():
        return CityDataError(_MESSAGES("no_permission_open", named=named))
    return closed_folder(named if named.is_dir() else named.parent, error)


def _complain(error: CityDataError, lang: str) -> None:
    first, second = map(for_command_line, (error.message_zh, error.message))
    if lang == "en":
        first, second = second, first
    click.echo(first, err=True)
    if second != first:
        click.echo(second, err=True)


@dataclass(frozen=True)
class SourceOptions:
    """How a source is to be read, as the options of every command say it."""

    layer_folder: Path | None = None
    crs: tuple[str, ...] = ()
    datum: tuple[str, ...] = ()
    profile: str | None = None
    metric_crs: str | None = None
    x: str | None = None
    y: str | None = None
    limit: tuple[str, ...] = ()


lang_option = click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default=lambda: options.lang,
    help="语言 / language",
)
layers_option = click.option(
    "--layers",
    "layer_folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="本单位的图层定义文件夹 / folder of layer files (*.toml)",
)


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every command that reads a source: ``lang``, the others as ``reading``."""

    @wraps(command)
    def gathered(*args: Any, **kwargs: Any) -> Any:
        names = [item.name for item in fields(SourceOptions)]
        reading = SourceOptions(**{name: kwargs.pop(name) for name in names})
        return command(*args, reading=reading, **kwargs)

    for option in (
        lang_option,
        layers_option,
        click.option(
            "--crs",
            multiple=True,
            metavar="[LAYER=]CRS",
            help="EPSG:4490 只用于自身没有写明坐标系的图层；图层=EPSG:4490 则不论文件怎么写 "
            "/ a bare CRS is for layers that state none; LAYER=CRS holds whatever the file says",
        ),
        click.option(
            "--datum",
            multiple=True,
            metavar="[LAYER=]DATUM",
            help="cgcs2000、wgs84、gcj02、bd09；不写图层则用于所有图层 / datum of the coordinates, "
            "of all layers or of LAYER",
        ),
        click.option(
            "--profile",
            default=None,
            metavar="NAME|FOLDER",
            help="城市配置：随软件提供的名称，或本单位的文件夹 / what belongs to the city: "
            "the name of a profile, or a folder",
        ),
        click.option(
            "--metric-crs",
            default=None,
            metavar="CODE",
            help="量算坐标系，默认按数据选定 / CRS in which things are measured; chosen from the "
            "data without it",
        ),
        click.option(
            "--x",
            default=None,
            metavar="COLUMN",
            help="经度（东坐标）所在的列，或含两个坐标的列；只用于单个图层 / column of longitude "
            "or easting, or of both; for a single layer",
        ),
        click.option(
            "--y",
            default=None,
            metavar="COLUMN",
            help="纬度（北坐标）所在的列 / column of latitude or northing",
        ),
        click.option(
            "--limit",
            multiple=True,
            metavar="NAME=NUMBER",
            help="提高读取上限，名称见被拒绝时的提示 / raise a limit of reading; the message that "
            "refuses a file names it",
        ),
    ):
        gathered = option(gathered)
    return gathered


def per_layer(
    values: tuple[str, ...], specs: Mapping[str, LayerSpec]
) -> tuple[dict[str, str], str | None]:
    """Part what is said of one layer, as ``LAYER=VALUE``, from what is said of none by name."""
    table: dict[str, str] = {}
    bare = None
    for text in values:
        name, sign, value = text.partition("=")
        # A PROJ text has signs of its own, a code has none.
        if not sign or name.lstrip().upper().startswith(("+", "EPSG")):
            bare = text
        else:
            table[get_spec(name, specs).key] = value
    return table, bare


def positions(reading: SourceOptions, specs: Mapping[str, LayerSpec]) -> dict[str, Any]:
    """Return the arguments of `load_city` that ``--crs``, ``--datum``, ``--x``, ``--y`` stand for.

    A datum is never stated by a file, so that a bare one holds for all layers; a bare CRS is for
    those that state none.
    """
    crs_of, fallback = per_layer(reading.crs, specs)
    datum_of, common = per_layer(reading.datum, specs)
    check_crs(*crs_of.values(), fallback)
    return {
        "crs": crs_of,
        "fallback_crs": fallback,
        "datum": (dict.fromkeys(specs, common) if common else {}) | datum_of,
        "x": reading.x,
        "y": reading.y,
    }


def check_crs(*codes: str | None, option: str = "--crs") -> None:
    """Refuse what is no CRS before anything is read: no layer may need it, and none would tell.

    That of ``--metric-crs`` is to be in metres.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError as NoCRS

    for code in codes:
        if code is None or code.lower() == "infer" or "proj=pipeline" in code:
            continue
        try:
            if CRS.from_user_input(code).is_geographic and option == "--metric-crs":
                raise _MESSAGES.error(CRSError, "metric_in_degrees", option=option, code=code)
        except NoCRS as error:
            raise _MESSAGES.error(
                CRSError, "not_coordinate_reference", option=option, code=code
            ) from error


def source_specs(source: Path, reading: SourceOptions) -> Mapping[str, LayerSpec]:
    """Return the layers that options may name: those of the source's own files among them."""
    from geo_citymgmt.city._assembly import layers_beside

    return load_specs(reading.layer_folder, below=layers_beside(source))


def load_source(
    source: Path,
    reading: SourceOptions,
    *,
    layer: str | None = None,
    decisions: Path | None = None,
) -> City:
    """Load the city at ``source`` with what the common options say."""
    from geo_citymgmt.city import load_city

    check_crs(reading.metric_crs, option="--metric-crs")
    specs = source_specs(source, reading)
    return load_city(
        source,
        layers=None if layer is None else [get_spec(layer, specs).key],
        specs=reading.layer_folder,
        decisions=decisions,
        profile=reading.profile,
        metric_crs=reading.metric_crs,
        **positions(reading, specs),
    )


def asked_day(text: str | None, command: str) -> pd.Timestamp | None:
    """Return the day that ``--as-of`` means; refused before anything is read where it is none."""
    from geo_citymgmt._dates import read_day

    return None if text is None else read_day(text, "--as-of", function=command)


def dated_city(
    source: Path, reading: SourceOptions, as_of: str | None, command: str, lang: str
) -> tuple[City, pd.Timestamp | None]:
    """Load the city at ``source``; return it with the day that ``--as-of`` means."""
    day = asked_day(as_of, command)
    city = load_source(source, reading)
    check_day(city, day, "--as-of")
    if day is None:
        # What is made stands as of a day that nobody stated: whoever passes it on should know.
        _echo_findings(city, "DATE_ASSUMED", lang)
    return city, day


def check_day(city: City, day: pd.Timestamp | None, option: str) -> None:
    """Refuse a day of which the data says nothing yet, in the words of the command line."""
    own = city.data_date
    if day is None or own is None or day <= own:
        return
    basis = "own_date" if city.stated_date is not None else "own_date_assumed"
    raise _MESSAGES.error(
        AsOfError, "day_after_own", option=option, day=day, own=own, basis=_MESSAGES(basis)
    )


def outcome(city: City, lang: str, *, fatal: bool = True) -> int:
    """Return the exit code of a command that could be done; say why it is not 0.

    ``fatal`` says whether findings of that severity are among the reasons, or were said before.
    """

    if not (city.ledger["n_rejected"].fillna(0).sum() or has_errors(city.findings)):
        return DONE
    report_reasons(city, lang, fatal=fatal)
    return WITH_ERRORS


def has_errors(findings: pd.DataFrame) -> bool:
    """Whether something could not be used, or is wrong: more than warnings."""
    return bool(findings["severity"].isin(["fatal", "error"]).any())


def report_unusable(city: City, lang: str) -> None:
    """Say on standard error which layers are missing, and that the zones are the package's."""
    for zh, en in city.findings.loc[
        city.findings["severity"].eq("fatal"), ["message_zh", "message_en"]
    ].itertuples(index=False):
        click.echo(for_command_line(say(zh, en, lang)), err=True)
    _echo_findings(city, "ZONES_PACKAGED", lang)


def _echo_findings(city: City, code: str, lang: str) -> None:
    """Say on standard error what was found of a kind."""
    found = city.findings[city.findings["code"].eq(code)]
    for zh, en in found[["message_zh", "message_en"]].itertuples(index=False):
        click.echo(for_command_line(say(zh, en, lang)), err=True)


def report_kept(kept: Kept, lang: str) -> None:
    """Say in one line what became of what people wrote into the workbook before."""
    carried, settled, copy = kept.carried, kept.settled, kept.copy
    parts = [
        (carried, Text(f"处理意见沿用 {carried} 条", f"decisions carried over: {carried}")),
        (settled, _MESSAGES("sheet_settled_decisions", settled=settled)),
        (copy, Text(f"原清单留存为 {copy}", f"the workbook before is kept as {copy}")),
    ]
    said = join_texts(text for there, text in parts if there)
    click.echo(Text(f"{said.zh}。", f"{said.en}.").of(lang))


def report_unread(city: City, lang: str) -> None:
    """Name each layer that could not be read, how much of it is missing, and what to do."""
    from geo_citymgmt.report._findings import unread_layers

    for text in unread_layers(city, lang):
        click.echo(for_command_line(text))


def report_reasons(city: City, lang: str, *, fatal: bool = True) -> None:
    """Say on standard error why a command that was done does not end with 0.

    Each file of which records were rejected or that could not be used, with how many; then each
    kind of error. Fatal ones are left out where they were said before.
    """
    from geo_citymgmt.report._findings import open_findings

    lines = [_lost(row, city).of(lang) for row in _with_losses(city).itertuples()]
    found = open_findings(city)
    wanted = found["severity"].eq("error") | found["action"].eq("rejected")
    if fatal:
        wanted |= found["severity"].eq("fatal")
    lines += finding_lines(found[wanted], city.specs, lang)
    head = _MESSAGES("done_but_records")
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
        if not n:
            # Refused before its records were counted.
            what = Text("无法使用，其记录均未入库", "not usable, none of its records is there")
    else:
        records = "record" if n == 1 else "records"
        what = Text(f"退回 {n:,} 条记录", f"{n:,} {records} rejected")
    return Text(f"{name.zh}（{row.source}）：{what.zh}", f"{name.en} ({row.source}): {what.en}")


def report_left_out(city: City, lang: str, **with_too: Any) -> None:
    """Name the columns of each layer that were not written, which ``with_too`` would let out."""
    from geo_citymgmt.writing._columns import outgoing

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
                reported = _MESSAGES(
                    "columns_not_written",
                    spec=spec,
                    n=len(names),
                    why=why,
                    names=listed(names),
                    option=option,
                    key=key,
                )
                click.echo(reported.of(lang), err=True)


def _is_personal(column: str, layer: Layer) -> bool:
    item = layer.spec.fields.get(column)
    return column in layer.personal or (item is not None and item.personal)
