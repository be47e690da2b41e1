"""``map``: a layer, a figure or the whole city as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import Lang, Messages, Text
from geo_citymgmt.cli._console import say
from geo_citymgmt.cli._frame import (
    SourceOptions,
    SourcePath,
    common_options,
    dated_city,
    guarded,
    outcome,
    report_unusable,
)
from geo_citymgmt.errors import CityDataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from geo_citymgmt.city import City
    from geo_citymgmt.indicators import Figure
    from geo_citymgmt.maps import CityMap
    from geo_citymgmt.report import Words
    from geo_citymgmt.spec import LayerSpec

_MESSAGES = Messages("geo_citymgmt.cli")


CITY = "city"
#: Kind of subject -> what it is called.
_KINDS = {
    "figure": Text("指标", "a figure"),
    "layer": Text("图层", "a layer"),
    "reach": Text("带 --radius 的图层", "a layer with --radius"),
    "city": Text("city", "city"),
}
#: Option -> the kinds of subject it does something for, and how to say so.
_TAKEN_BY = {
    "as_of": (
        ("figure", "city", "reach"),
        Text("指标、city 和带 --radius 的图层", "figures, city and layers with --radius"),
    ),
    "color_by": (("layer",), Text("不带 --radius 的图层", "layers without --radius")),
    "radius": (("reach",), Text("图层", "layers")),
    "level": (("figure", "city"), Text("指标和 city", "figures and city")),
    "figure": (("figure", "city"), Text("指标和 city", "figures and city")),
}


@dataclass(frozen=True)
class Subject:
    """One thing to draw: a figure, a layer or the city, its key and what it is called."""

    kind: str
    key: str
    name_zh: str
    name_en: str


def find_subject(what: str, city: City) -> Subject:
    """Return the layer, the figure or the city that ``what`` names, by key or by either name.

    Raises
    ------
    CityDataError
        There is none; the nearest is named.
    """
    if what == CITY:
        return Subject("city", CITY, city.name_zh, city.name_en)
    figures, specs = city.figures.figures, city.specs
    layers: dict[str, LayerSpec] = {}
    for layer in specs.values():
        for name in (layer.key, layer.name_zh, layer.name_en, *layer.names):
            layers.setdefault(_plain(name), layer)
    by_name: dict[str, Figure] = {}
    for figure in figures.values():
        by_name[_plain(figure.id)] = figure
        for name in (figure.zh, figure.en):
            by_name.setdefault(_plain(name), figure)
    wanted = _plain(what)
    if wanted in layers:
        spec = layers[wanted]
        return Subject("layer", spec.key, spec.name_zh, spec.name_en)
    if wanted in by_name:
        found = by_name[wanted]
        return Subject("figure", found.id, found.zh, found.en)
    near = did_you_mean(
        what,
        [
            CITY,
            *(n for s in specs.values() for n in (s.key, s.name_zh, s.name_en, *s.names)),
            *(n for f in figures.values() for n in (f.id, f.zh, f.en)),
        ],
    )
    known = [k for k in city if specs[k].role != "zones"]
    raise _MESSAGES.error(
        CityDataError,
        "no_layer_figure",
        what=what,
        near=near,
        known_zh="、".join(specs[k].name_zh for k in known),
        known=", ".join(known),
    )


def check_options(subject: Subject, **options: Any) -> None:
    """Refuse an option that was given and does nothing for the subject.

    Raises
    ------
    CityDataError
        With what the option is for.
    """
    reach = subject.kind == "layer" and options.get("radius") is not None
    kind = "reach" if reach else subject.kind
    for name, (kinds, meant) in _TAKEN_BY.items():
        if options.get(name) in (None, ()) or kind in kinds:
            continue
        option = "--" + name.replace("_", "-")
        what = _KINDS[kind]
        if kind != "city":
            what = Text(f"{what.zh}“{subject.name_zh}”", f"{what.en} ({subject.key})")
        raise _MESSAGES.error(
            CityDataError, "option_without_use", option=option, what=what, meant=meant
        )


def _plain(name: str) -> str:
    return name.strip().casefold()


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
    multiple=True,
    metavar="LEVEL",
    help="指标按 district（默认）、street、community 或 cell，可给多个，第一个先显示 / "
    "figures by the zones of a level; of several the first is shown first",
)
@click.option(
    "--figure",
    multiple=True,
    metavar="FIGURE",
    help="同图可选的其他指标（键或名称），可给多个 / a further figure to choose from, any number",
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
    level: tuple[str, ...],
    figure: tuple[str, ...],
    color_by: str | None,
    radius: float | None,
    lang: Lang,
    reading: SourceOptions,
) -> int:
    """画地图：WHAT 为图层、指标（键或名称），或 city / draw a layer, a figure, or the city.

    指标一览：geo-citymgmt figures / geo-citymgmt figures lists the figures.
    """
    _check_page(out)
    city, day = dated_city(source, reading, as_of, "map", lang)
    subject = find_subject(what, city)
    check_options(
        subject, as_of=as_of, level=level, figure=figure, color_by=color_by, radius=radius
    )
    further = [_further(name, city) for name in figure]
    report_unusable(city, lang)
    drawn = _drawn(
        city, subject, lang, as_of=day, levels=level, figures=further, color_by=color_by,
        radius=radius,
    )  # fmt: skip
    drawn.save(out)
    click.echo(str(out))
    return outcome(city, lang, fatal=False)


def _further(name: str, city: City) -> str:
    """Return the key of a figure beside the first; a layer has no colours of its own there."""
    found = find_subject(name, city)
    if found.kind != "figure":
        raise _MESSAGES.error(CityDataError, "not_a_figure", what=name)
    return found.key


def _check_page(out: Path) -> None:
    if out.suffix.lower() not in _PAGES:
        raise _MESSAGES.error(CityDataError, "map_written_page", out=out)


def _drawn(
    city: City,
    subject: Subject,
    lang: Lang,
    *,
    as_of: pd.Timestamp | None,
    levels: Sequence[str],
    figures: Sequence[str],
    color_by: str | None,
    radius: float | None,
) -> CityMap:
    from geo_citymgmt import maps
    from geo_citymgmt.report import Words

    words = Words(lang, unit=city.unit)
    if subject.kind == "city":
        drawn = maps.city_map(
            city, as_of=as_of, indicator=list(figures) or None, level=levels or "district",
            lang=lang,
        )  # fmt: skip
    elif subject.kind == "figure":
        drawn = maps.progress_map(
            city, [subject.key, *figures], as_of=as_of, level=levels or "district", lang=lang
        )
    elif radius is not None:
        drawn = _reach(city, subject.key, radius, as_of, words)
    else:
        drawn = maps.layer_map(
            city[subject.key], city.specs[subject.key], color_by=color_by, zones=city.zones,
            lang=lang, zone_unit=city.unit,
        )  # fmt: skip
    drawn.of_city(city)
    # What says nothing of its release is internal: who sends the page on should know.
    drawn.add_note(words("stamp_internal"))
    return drawn


def _reach(city: City, key: str, radius_m: float, as_of: Any, words: Words) -> CityMap:
    """Draw what a layer reaches, by the same of its records as the report counts."""
    from geo_citymgmt._gate import day_of
    from geo_citymgmt.maps import coverage_map
    from geo_citymgmt.maps._zone_maps import zones_to_fill
    from geo_citymgmt.report import chosen_records, counted_terms, service_of

    zones = zones_to_fill(city, "district")
    day, lang = day_of(city, as_of, Gate("map")), words.lang
    service = service_of(city, key, radius_m)
    city[key]
    found = chosen_records(city, key, states=service.states, kinds=service.kinds, as_of=day)
    spec = city.specs[key]
    if found is None:
        raise CityDataError(_MESSAGES("no_record_with_place", spec=spec, key=key))
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
