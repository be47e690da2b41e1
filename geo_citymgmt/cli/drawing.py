"""``map``: a layer, a figure or the whole city as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo_citymgmt._gate import Gate
from geo_citymgmt.cli.frame import (
    SourceOptions,
    SourcePath,
    asked_day,
    common_options,
    guarded,
    load_source,
    outcome,
    tell_unusable,
)
from geo_citymgmt.cli.subject import Subject, check_options, find_subject
from geo_citymgmt.console import say
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.spec import Lang
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    import pandas as pd

    from geo_citymgmt.city import City
    from geo_citymgmt.maps import CityMap

__all__ = ["map_"]

_PAGES = (".html", ".htm")


@click.command("map")
@click.argument("source", type=SourcePath())
@click.argument("what")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="输出网页 .html")
@click.option(
    "--as-of",
    default=None,
    metavar="DATE",
    help="截至日期，用于指标、city、带 --radius 的图层 / day of the figures, or of what serves",
)
@click.option(
    "--level",
    type=click.Choice(["district", "street"]),
    default=None,
    help="指标按区县或街道，默认区县 / a figure by district or street",
)
@click.option(
    "--color-by",
    default=None,
    metavar="FIELD",
    help="图层按此字段着色 / colour a layer by this field",
)
@click.option(
    "--radius",
    type=click.FloatRange(min=0, min_open=True),
    default=None,
    metavar="METRES",
    help="图层的服务半径：画覆盖范围 / what a layer reaches within this distance",
)
@common_options
@guarded
def map_(
    source: Path,
    what: str,
    out: Path,
    as_of: str | None,
    level: str | None,
    color_by: str | None,
    radius: float | None,
    lang: Lang,
    reading: SourceOptions,
) -> int:
    """画地图：WHAT 为图层、指标（键或名称），或 city / draw a layer, a figure, or the city.

    指标一览：geo-citymgmt figures / geo-citymgmt figures lists the figures.
    """
    _check_page(out)
    day = asked_day(as_of, "map")
    city = load_source(source, reading)
    subject = find_subject(what, city)
    check_options(subject, as_of=as_of, level=level, color_by=color_by, radius=radius)
    tell_unusable(city, lang)
    drawn = _drawn(city, subject, lang, as_of=day, level=level, color_by=color_by, radius=radius)
    drawn.save(out)
    click.echo(str(out))
    return outcome(city, lang, fatal=False)


def _check_page(out: Path) -> None:
    if out.suffix.lower() not in _PAGES:
        raise CityDataError(
            Text(
                f"{out.name}：地图只写成网页（名称.html）。",
                f"{out.name}: a map is written as a page, NAME.html.",
            ),
            remedy=Text(
                "需要图片时，请用网页上的图片按钮，或 Python 的 plot_layer、plot_progress。",
                "A picture: the button of the page, or plot_layer and plot_progress in Python.",
            ),
        )


def _drawn(
    city: City,
    subject: Subject,
    lang: Lang,
    *,
    as_of: pd.Timestamp | None,
    level: str | None,
    color_by: str | None,
    radius: float | None,
) -> CityMap:
    from geo_citymgmt import maps

    if subject.kind == "city":
        return maps.city_map(city, as_of=as_of, lang=lang)
    if subject.kind == "figure":
        return maps.progress_map(
            city, subject.key, as_of=as_of, level=level or "district", lang=lang
        )
    if radius is not None:
        return _reach(city, subject.key, radius, as_of, lang)
    return maps.layer_map(
        city[subject.key], city.specs[subject.key], color_by=color_by, zones=city.zones, lang=lang,
        zone_unit=city.unit,
    )  # fmt: skip


def _reach(city: City, key: str, radius_m: float, as_of: Any, lang: Lang) -> CityMap:
    """Draw what a layer reaches, by the same of its records as the report counts."""
    from geo_citymgmt.facts.as_of import day_of
    from geo_citymgmt.maps import coverage_map
    from geo_citymgmt.maps.figure_maps import zones_to_fill
    from geo_citymgmt.report import Words, chosen_records, counted_terms, service_of

    zones = zones_to_fill(city, "district")
    day, words = day_of(city, as_of, Gate("map")), Words(lang, unit=city.unit)
    service = service_of(city, key, radius_m)
    city[key]
    found = chosen_records(city, key, states=service.states, kinds=service.kinds, as_of=day)
    spec = city.specs[key]
    if found is None:
        raise CityDataError(
            Text(
                f"{spec.name_zh}：在该日没有提供服务且有坐标的记录。",
                f"{key}: no record with a place serves on that day.",
            ),
        )
    terms = [
        "" if day is None else words("as_of", date=f"{day:%Y-%m-%d}"),
        say(f"按直线距离 {radius_m:,g} 米计", f"straight-line distance, {radius_m:,g} m", lang),
        *counted_terms(found, service, spec, words),
    ]
    own = city.data_date
    if own is not None and day is not None and day < own:
        terms.append(
            say(f"点开所见为 {own:%Y-%m-%d} 的登记状况", f"popups as of {own:%Y-%m-%d}", lang)
        )
    return coverage_map(
        found.records, zones, radius_m=radius_m, layer=spec, caption=words.joined(terms),
        lang=lang, zone_unit=city.unit,
    )  # fmt: skip
