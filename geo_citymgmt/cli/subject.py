"""What ``map`` is asked to draw, and which of its options go with that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo_citymgmt.errors import CityDataError, did_you_mean
from geo_citymgmt.words import Text

if TYPE_CHECKING:
    from geo_citymgmt.city import City
    from geo_citymgmt.indicators import Figure
    from geo_citymgmt.spec import LayerSpec

__all__ = ["CITY", "Subject", "check_options", "find_subject"]

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
    "level": (("figure",), Text("指标", "figures")),
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
    raise CityDataError(
        Text(
            f"没有名为“{what}”的图层或指标。{near.zh}",
            f"there is no layer, figure or 'city' called {what!r}.{near.en}",
        ),
        remedy=Text(
            f"图层有：{'、'.join(specs[k].name_zh for k in known)}；指标见 geo-citymgmt figures。",
            f"Layers: {', '.join(known)}; 'geo-citymgmt figures' lists the figures.",
        ),
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
        if options.get(name) is None or kind in kinds:
            continue
        option = "--" + name.replace("_", "-")
        what = _KINDS[kind]
        if kind != "city":
            what = Text(f"{what.zh}“{subject.name_zh}”", f"{what.en} ({subject.key})")
        raise CityDataError(
            Text(
                f"{option} 不能用于{what.zh}，只用于{meant.zh}。",
                f"{option} does nothing for {what.en}: it is for {meant.en}.",
            ),
            remedy=Text("请去掉该选项，或改画其他内容。", "Leave it out, or name another WHAT."),
        )


def _plain(name: str) -> str:
    return name.strip().casefold()
