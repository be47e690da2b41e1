"""The commands report, check, convert, init and sample; figures and map are beside it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo_citymgmt._languages import Lang, Messages, Text
from geo_citymgmt.cli._console import (
    Bar,
    as_json,
    as_text,
    for_command_line,
    say,
    steady_output,
    table_text,
)
from geo_citymgmt.cli._frame import (
    DONE,
    WITH_ERRORS,
    Commands,
    SourceOptions,
    SourcePath,
    check_crs,
    check_day,
    common_options,
    dated_city,
    guarded,
    lang_option,
    layers_option,
    load_source,
    outcome,
    positions,
    report_kept,
    report_left_out,
    report_unread,
    report_unusable,
    source_specs,
)
from geo_citymgmt.cli._map import map_
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.spec import LayerSpec, get_spec, load_specs

if TYPE_CHECKING:
    import pandas as pd

    from geo_citymgmt._overlay import Layered
    from geo_citymgmt.city import City

_MESSAGES = Messages("geo_citymgmt.cli")


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
    from geo_citymgmt.city._assembly import layers_beside

    below = None if source is None else layers_beside(source)
    specs = load_specs(layer_folder, below=below)
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
    headers = ["field", "name_zh", "name_en", "type", "unit", "codes"]
    return pd.DataFrame(rows, columns=headers)


def figures_table(
    specs: Mapping[str, LayerSpec], source: Path | None = None, profile: str | None = None
) -> pd.DataFrame:
    """Return every figure: ``key, name_zh, name_en, layer, unit, target`` (whether it has one).

    A source is looked at, not loaded: its ``figures.toml`` and its targets alone are read.
    """
    import pandas as pd

    from geo_citymgmt.city._discovery import find_source, reported_by_archive
    from geo_citymgmt.city._tables import read_targets
    from geo_citymgmt.indicators import check_figures, load_figures
    from geo_citymgmt.indicators._definitions import TargetTable
    from geo_citymgmt.profiles import load_profile

    own, targets = None, None
    whose = None if profile is None else load_profile(profile)
    if source is not None:
        with reported_by_archive(source) as folder:
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
    table = table.drop(columns="name_en" if lang == "zh" else "name_zh")
    return table_text(list(table.columns), table.itertuples(index=False), width=width)


def _as_text(
    table: pd.DataFrame, specs: Mapping[str, LayerSpec], lang: str, width: int | None
) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        headers = say("键 名称 单位 目标", "key name unit target", lang)
        shown = Table(*headers.split(), title=say("指标", "Figures", lang), title_justify="left")
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
    yield from _rows("", city.settings)
    if city.profile is not None:
        for row in city.published.itertuples(index=False):
            origin = f"{city.profile.key}/published.csv"
            yield f"published.{row.id}", _shown(row.value), origin
    parts: list[tuple[str, Layered | None]] = [
        ("", city.figures.layered),
        *((f"{name}.", given) for name, given in city.office.items()),
    ]
    for prefix, given in parts:
        if given is not None:
            yield from _rows(prefix, given)


def _rows(prefix: str, given: Layered) -> Iterator[Row]:
    for place, value, origin in given.entries():
        yield prefix + ".".join(place), _shown(value), origin


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="geo_citymgmt", prog_name="geo-citymgmt")
@click.option("--debug", is_flag=True, help="出错时显示详情 / show a traceback on internal errors")
@click.pass_context
def main(context: click.Context, debug: bool) -> None:
    """城市管理图层分析：报告、检查、制图。

    Reports, checks and maps from a bureau's layers. A SOURCE is a folder of layers, a city.toml, a
    GeoPackage or one file.
    """
    steady_output()
    context.obj = {"debug": debug}


main.add_command(fields)
main.add_command(figures)
main.add_command(map_)
main.add_command(profile)


@main.command()
@click.argument("source", type=SourcePath())
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="输出文件夹")
@click.option(
    "--as-of",
    default=None,
    metavar="DATE",
    help="截至日期（如 2022-06-30、2022-06），默认为数据日期",
)
@click.option("--bulletin", is_flag=True, help="另写通报（docx、pdf、png、zip） / and a bulletin")
@click.option("--sheets", is_flag=True, help="另写各区县一页纸（PDF） / and a sheet a district")
@click.option(
    "--period",
    type=click.Choice(["month", "quarter", "half", "year"]),
    default="month",
    help="通报的时段 / period of the bulletin",
)
@click.option(
    "--release",
    type=click.Choice(["internal", "public"]),
    default="internal",
    show_default=True,
    help="内部资料，或可公开的版本 / internal, or without what is not public",
)
@click.option(
    "--precision",
    "grid_m",
    type=float,
    default=None,
    metavar="METRES",
    help="公开版另含可公开图层的点位，取此边长网格的中心；默认不含点位 / let records of public "
    "layers into a public report, at the middle of a cell of so many metres",
)
@common_options
@guarded
def report(
    source: Path,
    out: Path,
    as_of: str | None,
    bulletin: bool,
    sheets: bool,
    period: str,
    release: str,
    grid_m: float | None,
    lang: Lang,
    reading: SourceOptions,
) -> int:
    """生成报告（网页、地图、表格、数据）/ write the report into a folder."""
    from geo_citymgmt.report import write_report

    if grid_m is not None and release != "public":
        raise _MESSAGES.error(
            CityDataError,
            "option_without_use",
            option="--precision",
            what=Text("内部版报告", "an internal report"),
            meant=Text("公开版（--release public）", "a public one (--release public)"),
        )
    city, day = dated_city(source, reading, as_of, "report", lang)
    report_unusable(city, lang)
    with Bar(lang) as tick:
        files = write_report(
            city,
            out,
            as_of=day,
            lang=lang,
            bulletin=bulletin,
            sheets=sheets,
            period=period,
            release=release,
            grid_m=grid_m,
            progress_bar=tick,
            on_kept=partial(report_kept, lang=lang),
        )
    # Those of a layer that cannot be used stay in its file.
    usable = city.ledger[city.ledger["state"] == "ok"]
    rejected = int(usable["n_rejected"].sum())
    if rejected and "rejected" in files:
        click.echo(
            say(
                f"退回 {rejected} 条记录，见 rejected/",
                f"{rejected} records rejected, see rejected/",
                lang,
            )
        )
    report_unread(city, lang)
    click.echo(say("请打开 ", "Open ", lang) + str(files["index"]))
    return outcome(city, lang, fatal=False)


@main.command()
@click.argument("source", type=SourcePath())
@click.option("--layer", default=None, metavar="NAME", help="只检查这一图层 / this layer alone")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "xlsx"]),
    default="text",
    help="输出形式",
)
@click.option("-o", "--out", type=click.Path(path_type=Path), default=None, help="写到文件")
@click.option(
    "--decisions",
    type=click.Path(path_type=Path),
    default=None,
    metavar="XLSX",
    help="填好处理意见的问题清单 / a findings workbook with decisions",
)
@common_options
@guarded
def check(
    source: Path,
    layer: str | None,
    style: str,
    out: Path | None,
    decisions: Path | None,
    lang: Lang,
    reading: SourceOptions,
) -> int:
    """检查来源数据，列出问题 / check a source and list what was found."""
    city = load_source(source, reading, layer=layer, decisions=decisions)
    ledger, findings = city.ledger, city.findings
    if style == "xlsx":
        from geo_citymgmt.report import write_findings

        target = out or Path("findings.xlsx")
        write_findings(city, target, lang=lang, on_kept=partial(report_kept, lang=lang))
        click.echo(str(target))
    else:
        text = (
            as_json(ledger, findings, city.sources, city.tables)
            if style == "json"
            else as_text(
                ledger,
                findings,
                city.specs,
                lang,
                width=None if out is None and sys.stdout.isatty() else 120,
                sources=city.sources,
                tables=city.tables,
            )
        )
        if out is None:
            click.echo(text)
        else:
            from geo_citymgmt.writing import write_text

            write_text(text + "\n", out)
    if style != "json":
        report_unread(city, lang)
    if city.since is not None and style != "json":
        counts = city.since["state"].value_counts()
        new, left, gone = (int(counts.get(s, 0)) for s in ("new", "remaining", "resolved"))
        click.echo(
            say(
                f"与上次相比：新增 {new}，仍在 {left}，已解决 {gone}",
                f"since the last check: {new} new, {left} remaining, {gone} resolved",
                lang,
            )
        )
    # In a text the layers that cannot be used have been named at the end, with what to do.
    return outcome(city, lang, fatal=style == "json")


@main.command()
@click.argument("source", type=SourcePath())
@click.option("--month", default=None, metavar="YYYY-MM", help="考核月份，默认为数据所在月")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "csv", "xlsx"]),
    default="text",
    help="输出形式",
)
@click.option("-o", "--out", type=click.Path(path_type=Path), default=None, help="写到文件")
@common_options
@guarded
def assess(
    source: Path,
    month: str | None,
    style: str,
    out: Path | None,
    lang: Lang,
    reading: SourceOptions,
) -> int:
    """按 assessment.toml 计分、排名，列出约谈建议和督查名单。

    Score and rank by the office's assessment.toml; whom to call in, where to look.
    """
    from geo_citymgmt._dates import read_day
    from geo_citymgmt.assessment import assess, month_assessment
    from geo_citymgmt.facts import CityFacts
    from geo_citymgmt.report._assessment import assessment_views, write_assessment
    from geo_citymgmt.report._words import Words
    from geo_citymgmt.writing import write_text

    city = load_source(source, reading)
    if month is not None and city.month_starts == 1:
        check_day(city, read_day(month, "--month", function="assess"), "--month")
    made = month_assessment(CityFacts(city), month)
    for problem in made.problems:
        click.echo(for_command_line(problem.of(lang)), err=True)
    if not made:
        assess(city)  # says how to write one
    if style == "xlsx":
        target = out or Path("assessment.xlsx")
        write_assessment(made, city, target, lang)
        click.echo(str(target))
        return DONE
    if style == "csv":
        text = made.table().to_csv(index=False, lineterminator="\n").rstrip("\n")
    else:
        views = assessment_views(made, city, Words(lang, unit=city.unit))
        width = None if out is None and sys.stdout.isatty() else 120
        text = "\n\n".join(
            table_text(
                [head for head, _ in view.columns], view.texts(),
                title=view.title, note=view.note, width=width,
            )
            for view in views
        )  # fmt: skip
    if out is None:
        click.echo(text)
        return DONE
    write_text(("\ufeff" if style == "csv" else "") + text + "\n", out)
    click.echo(str(out))
    return DONE


@main.command()
@click.argument("source", type=SourcePath())
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True)
@click.option("--include-personal", is_flag=True, help="包括个人信息字段 / with personal fields")
@click.option(
    "--all-columns",
    is_flag=True,
    help="也写出图层定义之外的列，请自查其中的个人信息 / with the columns that are no fields "
    "of the layer; look for personal data in them yourself",
)
@common_options
@guarded
def convert(
    source: Path,
    out: Path,
    include_personal: bool,
    all_columns: bool,
    lang: Lang,
    reading: SourceOptions,
) -> int:
    """转换为 .gpkg、.xlsx 或 GeoParquet 文件夹 / convert to one of these."""
    city = load_source(source, reading)
    report_unusable(city, lang)
    suffix = out.suffix.lower()
    with_too: dict[str, Any] = {
        "include_personal": include_personal,
        "include_unknown": all_columns,
    }
    if suffix == ".gpkg":
        city.to_file(out, **with_too)
    elif suffix == ".xlsx":
        city.to_excel(out, **with_too)
    elif suffix == "":
        city.to_parquet(out, **with_too)
    else:
        from geo_citymgmt.writing import write_layer

        kept = [k for k in city if city.specs[k].role != "zones"]
        if len(kept) != 1:
            raise CityDataError(_MESSAGES("holds_one_layer", out=out, suffix=suffix, n=len(kept)))
        write_layer(city.layer(kept[0]), out, **with_too)
    click.echo(str(out))
    report_left_out(city, lang, **with_too)
    return outcome(city, lang, fatal=False)


@main.command()
@click.argument("folder", type=SourcePath())
@click.option("--force", is_flag=True, help="覆盖已有的 city.toml / replace an existing one")
@common_options
@guarded
def init(
    folder: Path,
    force: bool,
    lang: Lang,
    reading: SourceOptions,
) -> int:
    """为文件夹写一份待确认的 city.toml / propose a city.toml with its open questions."""
    from geo_citymgmt.cli._proposal import propose
    from geo_citymgmt.profiles import load_profile
    from geo_citymgmt.writing import write_text

    target = folder / "city.toml"
    if target.exists() and not force:
        raise CityDataError(_MESSAGES("already_force_replaces", target=target))
    specs = source_specs(folder, reading)
    check_crs(reading.metric_crs, option="--metric-crs")
    stated = {"profile": reading.profile, "metric_crs": reading.metric_crs}
    if reading.profile is not None:
        load_profile(reading.profile)
    text, questions = propose(
        folder,
        specs,
        city={name: value for name, value in stated.items() if value is not None},
        **positions(reading, specs),
    )
    write_text(text, target)
    click.echo(str(target))
    for zh, en in questions:
        click.echo(say(f"待确认：{zh}", f"to confirm: {en}", lang))
    if questions:
        click.echo(_MESSAGES("answer_there", target=target).of(lang))
    return DONE


@main.command()
@click.argument("template", type=SourcePath())
@click.argument("source", type=SourcePath())
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="结果 .xlsx")
@click.option("--as-of", default=None, metavar="DATE", help="截至日期，默认为数据日期")
@common_options
@guarded
def fill(
    template: Path, source: Path, out: Path, as_of: str | None, lang: Lang, reading: SourceOptions
) -> int:
    """按单元格里的 {{指标|分区|时段}} 填写模板 / fill the bound cells of a workbook."""
    from geo_citymgmt.report import fill_template

    city, day = dated_city(source, reading, as_of, "fill", lang)
    report_unusable(city, lang)
    filled = fill_template(city, template, out, as_of=day, lang=lang)
    wrong = filled[filled["problem_zh"].notna()]
    for row in wrong.itertuples():
        said = say(row.problem_zh, row.problem_en, lang)
        click.echo(f"{row.sheet}!{row.cell}  {{{{{row.binding}}}}}  {said}", err=True)
    done, n = len(filled) - len(wrong), len(filled)
    click.echo(say(f"{out}：已填 {done}/{n} 处", f"{out}: {done} of {n} filled", lang))
    code = outcome(city, lang, fatal=False)
    return WITH_ERRORS if len(wrong) else code


@main.command()
@click.argument("source", type=SourcePath())
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="输出文件夹")
@click.option("--as-of", default=None, metavar="DATE", help="截至日期，默认为数据日期")
@click.option(
    "--by",
    type=click.Choice(["manage_org", "district"]),
    default="manage_org",
    help="按责任单位（默认）或所在区县 / by responsible unit or by district",
)
@common_options
@guarded
def lists(
    source: Path, out: Path, as_of: str | None, by: str, lang: Lang, reading: SourceOptions
) -> int:
    """每个责任单位一份超期清单 / what is overdue, one list a responsible unit."""
    from geo_citymgmt.report import write_lists

    city, day = dated_city(source, reading, as_of, "lists", lang)
    report_unusable(city, lang)
    files = write_lists(city, out, as_of=day, by=by, lang=lang)
    click.echo("\n".join(map(str, files)) or say("没有超期的。", "nothing is overdue.", lang))
    return outcome(city, lang, fatal=False)


@main.command()
@click.argument("source", type=SourcePath())
@click.option("--zone", default=None, metavar="NAME|CODE", help="区县；不写为全市 / a district")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    help="输出 .pdf，默认以区县命名 / named after the district by default",
)
@click.option("--map", "as_map", is_flag=True, help="只要地图，A3 / the map alone, of A3")
@click.option("--as-of", default=None, metavar="DATE", help="截至日期，默认为数据日期")
@click.option(
    "--release",
    type=click.Choice(["internal", "public"]),
    default="internal",
    show_default=True,
    help="内部资料，或可公开的版本 / internal, or without records",
)
@common_options
@guarded
def sheet(
    source: Path,
    zone: str | None,
    out: Path | None,
    as_map: bool,
    as_of: str | None,
    release: str,
    lang: Lang,
    reading: SourceOptions,
) -> int:
    """一个区县一页纸（A4），或一幅 A3 地图 / one sheet of paper on a district, or a map of A3."""
    from geo_citymgmt.report import write_sheet

    if out is not None and out.suffix.lower() != ".pdf":
        raise CityDataError(_MESSAGES("sheet_written_pdf", out=out))
    city, day = dated_city(source, reading, as_of, "sheet", lang)
    report_unusable(city, lang)
    if out is None:
        named = zone or getattr(city, f"name_{lang}") or city.code or "sheet"
        out = Path(re.sub(r'[\\/:*?"<>|]', "_", named) + ("_map" if as_map else "") + ".pdf")
    write_sheet(city, zone, out, as_of=day, lang=lang, release=release, as_map=as_map)
    click.echo(str(out))
    return outcome(city, lang, fatal=False)


_GENERATOR = "用 / use: python -m generator -o OUT --scale N --seed S --dirty"


@main.command()
@click.argument("folder", metavar="[OUT]", type=click.Path(path_type=Path), required=False)
@click.option("-o", "--out", type=click.Path(path_type=Path), default=None, help="输出文件夹")
@click.option("--scale", type=click.IntRange(1, 1000), default=1, deprecated=_GENERATOR)
@click.option("--seed", type=int, default=0, deprecated=_GENERATOR)
@click.option("--dirty", is_flag=True, deprecated=_GENERATOR)
@lang_option
@guarded
def sample(
    folder: Path | None, out: Path | None, scale: int, seed: int, dirty: bool, lang: str
) -> int:
    """写出示例城市 / write the synthetic sample city."""
    from geo_citymgmt.sample import generate_sample, write_sample

    target = folder or out
    if target is None or None not in (folder, out):
        raise _MESSAGES.error(CityDataError, "sample_takes_one")
    if (scale, seed, dirty) == (1, 0, False):
        write_sample(target)
    else:
        generate_sample(target, scale=scale, seed=seed, dirty=dirty)
    click.echo(str(target))
    return DONE
