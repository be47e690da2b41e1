"""Maps of features: any layer, coloured by a column, with popups in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from branca.element import MacroElement
from folium.map import Layer
from folium.template import Template

from geo_citymgmt._dates import date_text
from geo_citymgmt._gate import refuses_by_name
from geo_citymgmt._languages import (
    DISTRICT,
    NOTHING,
    Lang,
    Messages,
    Text,
    listed,
    packaged_words,
    shared_terms,
)
from geo_citymgmt._markup import json_for_script, visible_text
from geo_citymgmt._numbers import number_text
from geo_citymgmt._options import display_lang
from geo_citymgmt.cases._cases import deadlines_on_record
from geo_citymgmt.errors import MapError
from geo_citymgmt.figures._tables import zone_names
from geo_citymgmt.maps import _classes as colouring
from geo_citymgmt.maps._basemaps import BasemapLike
from geo_citymgmt.maps._city_map import CityMap, Legend, Zones, add_outlines
from geo_citymgmt.maps._classes import Classes, MapGate, code_texts
from geo_citymgmt.maps._overlays import (
    POINTS_FROM_ZOOM,
    Features,
    Overlay,
    feature_layer,
    located,
    to_degrees,
)
from geo_citymgmt.spec import Field, LayerSpec

_MESSAGES = Messages("geo_citymgmt.maps")

#: A list of more choices than these is no help to a reader.
MOST_CHOICES = 300
_TO_FILTER = Text("可供筛选的", " to filter by")
#: Fields of any layer that are no code lists, and by which a bureau looks for its records.
_NAMED = ("district_code", "street_name", "manage_org")


@dataclass(frozen=True)
class Filter:
    """A column a reader may narrow a layer by: values, lists of values, or dates."""

    column: str
    kind: Literal["codes", "lists", "dates"]


def filter_columns(
    frame: pd.DataFrame,
    spec: LayerSpec,
    *,
    filter_by: Sequence[str] | Literal[False] | None = None,
    date_by: str | Literal[False] | None = None,
    color_by: str | None = None,
) -> list[Filter]:
    """Return the columns a reader may narrow the layer by.

    Parameters
    ----------
    frame : DataFrame
        The records shown.
    spec : LayerSpec
        What they are.
    filter_by : sequence of str or False, optional
        Columns of few different values. By default the state and the field that decides the
        colour, the district, the street and the responsible unit, then every code, list and
        yes/no of the layer's file, where they tell records apart; False for none.
    date_by : str or False, optional
        A column of dates. By default every date of the layer's file that is filled, unless
        `filter_by` names columns: then the first of the popup; False for none.
    color_by : str, optional
        The column that decides the colour.

    Returns
    -------
    list of Filter

    Raises
    ------
    MapError
        If a named column is missing, has over 300 different values, or holds no dates.
    """
    if isinstance(filter_by, str):
        filter_by = [filter_by]
    if filter_by is None:
        first = [name for name in (spec.state_field, color_by) if name]
        names = [
            name
            for name in dict.fromkeys([*first, *_NAMED, *spec.fields])
            if name in frame and _is_code(frame, spec, name) and _reports(frame[name])
        ]
    else:
        names = list(dict.fromkeys(filter_by or ()))
        _check_columns(frame, names, spec, _TO_FILTER)
        for name in names:
            if (count := frame[name].nunique()) > MOST_CHOICES:
                raise MapError(
                    _MESSAGES(
                        "column_different_values", name=name, count=count, most_choices=MOST_CHOICES
                    )
                )
    filters = [Filter(name, "lists" if _is_list(spec, name) else "codes") for name in names]
    if date_by is None:
        dates = [name for name in _dates(frame, spec) if _reports(frame[name])]
        dates = dates if filter_by is None else dates[:1]
    elif date_by:
        _check_columns(frame, [date_by], spec, _TO_FILTER)
        if not pd.api.types.is_datetime64_any_dtype(frame[date_by]):
            raise MapError(
                _MESSAGES("column_holds_no", date_by=date_by, dtype=frame[date_by].dtype)
            )
        dates = [date_by]
    else:
        dates = []
    return [*filters, *(Filter(name, "dates") for name in dates)]


def describe(
    kind: str, label: str, texts: pd.Series, order: Sequence[str] = (), *, join: str = ""
) -> dict[str, Any]:
    """Return what the page's control says about one column of texts.

    Parameters
    ----------
    kind : {"codes", "lists", "dates"}
    label : str
    texts : Series of str
        As the popup shows them; empty where there is no value.
    order : sequence of str
        The order of the choices, as far as it is known; the rest follow by number of records.
    join : str
        What stands between the values of a list.

    Returns
    -------
    dict

    Examples
    --------
    >>> import pandas as pd
    >>> describe("codes", "状态", pd.Series(["开", "停", "停"]), ["开", "停"])["choices"]
    [('开', 1), ('停', 2)]
    """
    counts = texts.value_counts()
    if kind == "lists":
        single = counts.rename_axis("text").reset_index(name="n")
        single["text"] = single["text"].str.split(join, regex=False)
        counts = single.explode("text").groupby("text", sort=False)["n"].sum()
        counts = counts.sort_values(ascending=False, kind="stable")
    missing = int(counts.get("", 0))
    known = counts.drop("", errors="ignore")
    described: dict[str, Any] = {"kind": kind, "label": visible_text(label), "missing": missing}
    if kind == "lists":
        described["join"] = join
    if kind == "dates":
        days = sorted(str(text) for text in known.index)
        first = _day(days[0], end=False) if days else ""
        last = max((_day(day, end=True) for day in days), default="")
        return described | {"first": first, "last": last}
    position = {text: i for i, text in enumerate(order)}
    ranked = sorted(known.items(), key=lambda item: position.get(str(item[0]), len(position)))
    choices = [(visible_text(text), int(count)) for text, count in ranked]
    return described | {"choices": choices + ([("", missing)] if missing else [])}


class FilterControl(MacroElement):
    """The part of the page's filter panel that acts on one layer.

    Parameters
    ----------
    layer : Overlay or Features
    filters : sequence of dict
        As `describe` gives them, each with the number of its ``column``.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            gcm.filter({{ this._parent.get_name() }}, {{ this.layer.get_name() }},
                {{ this.config() }});
        {% endmacro %}
        """
    )

    def __init__(self, layer: Layer, filters: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self._name = "FilterControl"
        self.layer = layer
        self.filters = list(filters)

    def config(self) -> str:
        """Return the filters as JSON."""
        return json_for_script({"filters": self.filters})


def _day(text: str, *, end: bool) -> str:
    """Return the first or last day of a date that is known by year, month or day."""
    if len(text) >= len("2022-06-30"):
        return text[:10]
    period = pd.Period(text)
    return str((period.end_time if end else period.start_time).date())


def _is_code(frame: pd.DataFrame, spec: LayerSpec, name: str) -> bool:
    field = spec.fields.get(name)
    if field is None or field.personal:
        return False
    if field.type == "list":
        return True
    few = name in _NAMED or field.type in ("code", "bool")
    return few and frame[name].nunique() <= MOST_CHOICES


def _is_list(spec: LayerSpec, name: str) -> bool:
    field = spec.fields.get(name)
    return field is not None and field.type == "list"


def _dates(frame: pd.DataFrame, spec: LayerSpec) -> list[str]:
    """Return the dates of the layer's file, those of its popup first."""
    return [
        name
        for name in dict.fromkeys([*spec.style.get("popup", ()), *spec.fields])
        if name in frame
        and pd.api.types.is_datetime64_any_dtype(frame[name])
        and not spec.fields[name].personal
    ]


def _reports(values: pd.Series) -> bool:
    """Whether a column tells records apart."""
    return len(values.unique()) > 1


_WORDS = packaged_words("geo_citymgmt.maps", "features")
#: Types of fields whose text is shown as it is.
_PLAIN = ("id", "text")


@dataclass(frozen=True)
class Drawing:
    """How the features of one layer are drawn and what their popups hold."""

    color_by: str | Literal[False] | None = None
    popup_fields: Sequence[str] | None = None
    scheme: str | Sequence[float] = "fisherjenks"
    k: int = 5
    show: bool = True
    filter_by: Sequence[str] | Literal[False] | None = None
    date_by: str | Literal[False] | None = None
    packed: bool | None = None
    #: Day of the records, from which what is overdue is told; None where it is not known.
    as_of: pd.Timestamp | None = None


@refuses_by_name
def layer_map(
    frame: gpd.GeoDataFrame,
    layer: str | LayerSpec,
    *,
    color_by: str | Literal[False] | None = None,
    zones: gpd.GeoDataFrame | None = None,
    popup_fields: Sequence[str] | None = None,
    scheme: str | Sequence[float] = "fisherjenks",
    k: int = 5,
    filter_by: Sequence[str] | Literal[False] | None = None,
    date_by: str | Literal[False] | None = None,
    title: str | None = None,
    caption: str | None = None,
    zone_unit: Text = DISTRICT,
    lang: Lang | None = None,
    online: bool = False,
    basemap: BasemapLike = None,
) -> CityMap:
    """Draw the features of a layer, coloured by a column, each with its popup.

    Every record with a place is drawn, however many there are; those without are counted in a
    note on the map. Up to 10,000 features (100,000 vertices) are a ``folium.GeoJson``; more are
    packed, points in clusters that come apart from zoom 16 on, lines and areas simplified, which
    the legend says. A panel of the page narrows the layer by codes and dates. Districts and other
    zones are outlined and named; with `color_by` they are filled as other areas are.

    Parameters
    ----------
    frame : GeoDataFrame
        Points, lines or areas in any CRS, columns as `read_layer` gives them.
    layer : str or LayerSpec
        What the frame is: a layer key, a known name, or a spec.
    color_by : str or False, optional
        Column that decides the colour: a code field by the order and labels of its list, a number
        by classes, yes/no, dates by year, or text. By default the one the layer file names; False
        draws all in the layer's colour.
    zones : GeoDataFrame, optional
        Indexed by zone code, with ``name_zh`` and ``name_en``; drawn under the features.
    popup_fields : sequence of str, optional
        Columns of the popup. By default those the layer file names. Personal fields, and columns
        the layer file does not know, appear only where named here.
    scheme, k
        Classes of a number: see `zone_map`.
    filter_by : sequence of str or False, optional
        Columns of few values by which the page's filter panel narrows the layer. By default the
        state, the field of the colour, district, street, responsible unit, and every code, list
        and yes/no of the layer's file; False for none.
    date_by : str or False, optional
        Column of dates for a range in the filter panel; by default every one of the layer's file.
        A date known by month or year counts where any of its days lies in the range.
    title, caption : str, optional
        Heading (the name of the layer by default) and the line under it.
    zone_unit : Text
        What a zone is called: ``city.unit``.
    lang : {"zh", "en"}, default options.lang
        Language of labels, codes and the page's own words.
    online, basemap
        See `CityMap`.

    Returns
    -------
    CityMap

    Raises
    ------
    MapError
        If a named column is missing, or unfit to filter by.
    CRSError
        If a frame has no CRS.

    See Also
    --------
    city_map, plot_layer

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import Point
    >>> wells = gpd.GeoDataFrame(
    ...     {"manhole_id": ["A1"], "status": ["40"]}, geometry=[Point(555695, 3464273)],
    ...     crs="EPSG:4549")
    >>> layer_map(wells, "manholes").title
    '窨井'
    """
    lang = display_lang(lang)
    gate = MapGate("layer_map")
    frame, spec = gate.layer(
        frame, layer, color_by=color_by, scheme=scheme, k=k, popup_fields=popup_fields,
        filter_by=filter_by, date_by=date_by,
    )  # fmt: skip
    popup_fields = None if popup_fields is None else gate.columns(frame, popup_fields, "")
    zones = gate.areas(zones) if zones is not None and len(zones) else None
    city_map = CityMap(
        title=title or spec.name(lang), caption=caption, lang=lang, online=online, basemap=basemap,
        zone_unit=zone_unit,
    )  # fmt: skip
    drawing = Drawing(color_by, popup_fields, scheme, k, filter_by=filter_by, date_by=date_by)
    if spec.role == "zones" and not color_by:
        _add_boundaries(city_map, frame, spec, drawing, zones)
        return city_map
    if zones is not None:
        add_outlines(city_map, zones)
    add_layer(city_map, frame, spec, drawing, zones=zones)
    return city_map


def _add_boundaries(
    city_map: CityMap,
    frame: gpd.GeoDataFrame,
    spec: LayerSpec,
    drawing: Drawing,
    zones: gpd.GeoDataFrame | None,
) -> None:
    """Add a layer of zones as a map has boundaries: outlined and named, over light ground."""
    lang, name = city_map.lang, spec.name(city_map.lang)
    shown = frame.loc[located(frame.geometry)].reset_index(drop=True)
    codes = shown.get(spec.id_field)
    if codes is not None and codes.notna().all() and codes.is_unique:
        shown = shown.set_axis(codes.astype("str"))
    # Of its own zones a code is a code; of others it is the name of the one they lie in.
    others = zones is not None and spec.id_field != "district_code"
    texts = _Texts(shown, spec, city_map, dict(zone_names(zones, lang)) if others else {})
    for column in popup_names(shown, spec, drawing.popup_fields):
        texts.add(column)
    rows = {
        code: [(label, text) for label, column in texts.columns if (text := str(column.iloc[at]))]
        for at, code in enumerate(shown.index)
    }
    layer = Zones(shown, zone_names(shown, lang), rows=rows, lang=lang)
    city_map.add_child(layer)
    item = {"label": name, "color": "#ffffff", "count": f"{len(shown):,}"}
    city_map.add_child(Legend(name, [item], layer=layer))
    _note_missing(city_map, name, len(frame), len(shown))


def add_layer(
    city_map: CityMap,
    frame: gpd.GeoDataFrame,
    spec: LayerSpec,
    drawing: Drawing | None = None,
    *,
    zones: gpd.GeoDataFrame | None = None,
) -> Features | Overlay:
    """Add a layer to a map, with its legend, its filters and a note on what cannot be shown."""
    drawing = drawing or Drawing()
    lang = city_map.lang
    name = spec.name(lang)
    placed = located(frame.geometry)
    shown = frame.loc[placed]
    classes, heading = layer_classes(shown, spec, drawing, lang)
    classes = colouring.with_rest(classes, lang=lang)
    texts = _Texts(shown, spec, city_map, {} if zones is None else dict(zone_names(zones, lang)))
    names = popup_names(shown, spec, drawing.popup_fields)
    for column in names:
        texts.add(column)
    due = _due(shown, spec, drawing.as_of, lang)
    if due is not None and drawing.popup_fields is None and spec.overdue["deadline"] in names:
        texts.insert(names.index(spec.overdue["deadline"]) + 1, "gcm_days_over", *due[0])
    n_shown = len(texts.columns)
    controls = _controls(texts, drawing, classes, heading, None if due is None else due[1])
    searched = [texts.names.index(n) for n in ("name", spec.id_field) if n in names]
    overlay = feature_layer(
        to_degrees(shown),
        classes.index,
        classes.labels,
        classes.colors,
        texts.columns,
        names=texts.names,
        packed=drawing.packed,
        hidden=len(texts.columns) - n_shown,
        searched=searched,
        measure=_measure(shown, spec),
        name=name,
        title=searched[0] if searched else None,
        show=drawing.show,
    )
    for item, mark in zip(overlay.classes, classes.marks, strict=False):
        item["mark"] = mark
    overlay.roles = texts.roles(drawing.color_by or spec.style.get("color_by"))
    city_map.add_child(overlay)
    items = [
        {
            "label": c["label"],
            "color": c["color"],
            "shape": overlay.kind,
            "count": f"{c['count']:,}",
            **({"mark": c["mark"]} if "mark" in c else {}),
        }
        for c in overlay.classes
    ]
    unit = f"（{classes.unit}）" if lang == "zh" else f" ({classes.unit})"
    lines = heading + (unit if classes.unit else ""), drawn_text(overlay, len(shown), lang)
    note = "\n".join(line for line in lines if line)
    city_map.add_child(Legend(name, items, note=note, layer=overlay))
    if controls:
        city_map.add_child(FilterControl(overlay, controls))
    _note_missing(city_map, name, len(frame), int(placed.sum()))
    if overlay.n_far:
        city_map.add_note(_WORDS[lang]["far"].format(layer=name, n=f"{overlay.n_far:,}"))
    return overlay


def _note_missing(city_map: CityMap, name: str, count: int, drawn: int) -> None:
    """Say how many of a layer's records have no place on the map, and where none has."""
    words = _WORDS[city_map.lang]
    if drawn < count:
        city_map.add_note(words["unlocated"].format(layer=name, n=f"{count - drawn:,}"))
    if not drawn:
        city_map.add_note(words["empty"].format(layer=name))


class _Texts:
    """The columns of a layer as a reader sees them: those of the popup, then those of filters."""

    def __init__(
        self,
        frame: gpd.GeoDataFrame,
        spec: LayerSpec,
        city_map: CityMap,
        names_of_zones: Mapping[Any, str],
    ) -> None:
        self.frame, self.spec, self._map = frame, spec, city_map
        self._names_of_zones = names_of_zones
        self.names: list[str] = []
        self.columns: list[tuple[str, pd.Series]] = []

    def add(self, name: str) -> int:
        """Return the place of a column of the frame, which it gets where it has none."""
        if str(name) in self.names:
            return self.names.index(str(name))
        field = self.spec.fields.get(name)
        city_map = self._map
        label, texts = column_text(
            self.frame, name, field, city_map.lang, self._names_of_zones, city_map.zone_unit
        )
        return self.add_texts(str(name), label, texts)

    def add_texts(self, name: str, label: str, texts: pd.Series) -> int:
        """Add a column that the frame does not have, and return its place."""
        self.insert(len(self.columns), name, label, texts)
        return len(self.columns) - 1

    def insert(self, at: int, name: str, label: str, texts: pd.Series) -> None:
        """Put such a column before another."""
        self.names.insert(at, name)
        self.columns.insert(at, (label, texts))

    @property
    def lang(self) -> str:
        """The language of the map."""
        return self._map.lang

    def roles(self, by: Any) -> dict[str, Any]:
        """Return where the page finds what it sums by and searches in.

        The state is told by the classes, where these are ``by`` it.
        """
        spec, lang = self.spec, self.lang
        wanted = {"state": spec.state_field, "district": "district_code", "street": "street_name"}
        found: dict[str, Any] = {
            role: self.names.index(name)
            for role, name in wanted.items()
            if name in self.names and not (role == "state" and name == by)
        }
        field = spec.fields.get(spec.measure or "")
        if field is not None and _measure(self.frame, spec) is not None:
            units = shared_terms()["unit"]
            unit = units[field.unit].of(lang) if field.unit in units else ""
            found["measure"] = {"label": field.label(lang), "unit": unit}
        return found


def _controls(
    texts: _Texts,
    drawing: Drawing,
    classes: Classes,
    heading: str,
    due: tuple[str, pd.Series] | None,
) -> list[dict[str, Any]]:
    """Return the filters of a layer; the columns they go by are added to its texts.

    First what the legend shares with the panel, then what is overdue, then the rest.
    """
    spec, lang = texts.spec, texts.lang
    column: Any = drawing.color_by or spec.style.get("color_by")
    filters = filter_columns(
        texts.frame,
        spec,
        filter_by=drawing.filter_by,
        date_by=drawing.date_by,
        color_by=column,
    )
    controls = []
    by_class = drawing.filter_by is None or column in [item.column for item in filters]
    if by_class and len(classes.labels) > 1:
        controls.append(_class_filter(heading, classes))
    if due is not None and drawing.filter_by is None and _reports(due[1]):
        at = texts.add_texts("gcm_overdue", *due)
        controls.append({"column": at} | describe("codes", *due))
    for item in filters:
        at = texts.add(item.column)
        order, join = _order(spec, item, lang), _WORDS[lang]["join"]
        control = {"column": at} | describe(item.kind, *texts.columns[at], order, join=join)
        # The same choices once: more codes than colours are told apart by their own filter.
        is_same = item.column == column and len(control.get("choices", ())) == len(classes.labels)
        if not (by_class and is_same):
            controls.append(control)
    return controls


def _class_filter(label: str, classes: Classes) -> dict[str, Any]:
    """Return the filter that the legend and the panel share: by the classes of the colours."""
    counts = np.bincount(classes.index, minlength=len(classes.labels))
    choices = [(visible_text(text), int(n)) for text, n in zip(classes.labels, counts, strict=True)]
    return {"kind": "classes", "label": visible_text(label), "choices": choices}


def _measure(frame: pd.DataFrame, spec: LayerSpec) -> np.ndarray | None:
    """Return what the records of a layer are summed by, NaN where a record does not say it."""
    name = spec.measure
    if not name or name not in frame or not pd.api.types.is_numeric_dtype(frame[name]):
        return None
    values = pd.to_numeric(frame[name]).to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _due(
    frame: pd.DataFrame, spec: LayerSpec, as_of: pd.Timestamp | None, lang: str
) -> tuple[tuple[str, pd.Series], tuple[str, pd.Series]] | None:
    """Return in words by how many days records are overdue, and how they stand to their deadline.

    None where nothing can be said.
    """
    table = deadlines_on_record(frame, spec, as_of) if spec.overdue else None
    if table is None:
        return None
    words = _WORDS[lang]
    is_open, late = table["open"].to_numpy(dtype=bool), table["overdue"].to_numpy(dtype=bool)
    left = table["days_left"].to_numpy(dtype="float64", na_value=np.nan)
    days = pd.Series("", index=frame.index, dtype="object")
    days[late] = [words["days"].format(n=f"{-n:,.0f}") for n in left[late]]
    status = np.select(
        [late, is_open & np.isnan(left), is_open],
        [words["late"], words["no_deadline"], words["in_time"]],
        default=words["not_open"],
    )
    over = pd.Series(status, index=frame.index, dtype="object")
    return (words["days_over"], days), (words["overdue"], over)


def layer_classes(
    frame: gpd.GeoDataFrame, spec: LayerSpec, drawing: Drawing, lang: str
) -> tuple[Classes, str]:
    """Return the classes of the features and what they are by, in words."""
    column: Any = drawing.color_by
    if column is None:
        usual = spec.style.get("color_by")
        column = usual if usual in frame else False
    if column is False:
        color = spec.style.get("color", "#0072b2")
        return colouring.single_class(len(frame), spec.name(lang), color), ""
    _check_columns(frame, [column], spec)
    field = spec.fields.get(column)
    values = frame[column]
    heading = field.label(lang) if field else str(column)
    if pd.api.types.is_bool_dtype(values) or (field and field.type == "bool"):
        return colouring.flag_classes(values, lang=lang), heading
    if field and field.type == "code":
        return colouring.code_classes(values, field, spec, lang=lang), heading
    if pd.api.types.is_datetime64_any_dtype(values):
        return colouring.value_classes(values.dt.year.astype("Int64"), lang=lang), heading
    if pd.api.types.is_numeric_dtype(values):
        unit = field.unit if field else None
        scheme, k = drawing.scheme, drawing.k
        classes = colouring.number_classes(values, scheme=scheme, k=k, unit=unit, lang=lang)
        return classes, heading
    if field and field.type == "list":
        values = values.map(lambda v: _value_text(v, field, lang), na_action="ignore")
    return colouring.value_classes(values, lang=lang), heading


def popup_names(
    frame: gpd.GeoDataFrame, spec: LayerSpec, fields: Sequence[str] | None
) -> list[str]:
    """Return the columns of the popup: those named, or those of the layer file."""
    if fields is not None:
        _check_columns(frame, fields, spec)
        return list(dict.fromkeys(fields))
    given = spec.style.get("popup") or [n for n in spec.fields if n not in ("geometry",)]
    return [n for n in given if n in frame and not spec.fields[n].personal]


def drawn_text(layer: Features | Overlay, count: int, lang: str) -> str:
    """Return how a packed layer is drawn, in words; empty for GeoJSON."""
    if isinstance(layer, Features):
        return ""
    words = _WORDS[lang]
    if layer.clustered:
        return words["clustered"].format(n=f"{count:,}", zoom=POINTS_FROM_ZOOM)
    text = words["packed"].format(n=f"{count:,}")
    return text + (words["simple"].format(m=f"{layer.tolerance_m:g}") if layer.tolerance_m else "")


def column_text(
    frame: pd.DataFrame,
    column: str,
    field: Field | None,
    lang: str,
    names_of_zones: Mapping[Any, str],
    zone_unit: Text = DISTRICT,
) -> tuple[str, pd.Series]:
    """Return the label of a column and its values as a reader sees them."""
    values, words = frame[column], _WORDS[lang]
    label = field.label(lang) if field else str(column)
    if column == "district_code" and names_of_zones:
        if pd.api.types.is_numeric_dtype(values.dtype):
            codes = pd.Series(code_texts(pd.Index(values)), index=values.index, dtype="str")
            values = codes.where(values.notna())
        names = values.map(names_of_zones)
        unit = zone_unit.of(lang)
        label = words["district"].format(unit=unit[:1].upper() + unit[1:])
        return label, names.where(names.notna(), values).fillna("").astype("object")
    if pd.api.types.is_datetime64_any_dtype(values):
        precision = frame.get(f"{column}_precision")
        if precision is None or precision.dropna().eq("day").all():
            # Many records have few days.
            index, days = pd.factorize(values, use_na_sentinel=True)
            told = pd.Series([*date_text(pd.Series(days), None), ""], dtype="object")
            return label, pd.Series(told.to_numpy()[index], index=values.index, dtype="object")
        return label, date_text(values, precision)
    # Only different values are put into words: a million rows have few.
    index, different = pd.factorize(values, use_na_sentinel=True)
    if isinstance(values.dtype, pd.StringDtype) and (field is None or field.type in _PLAIN):
        texts = different.tolist()
    else:
        texts = [_value_text(value, field, lang) for value in different]
    table = pd.Series([*texts, ""], dtype="object")
    return label, pd.Series(table.to_numpy()[index], index=values.index, dtype="object")


def _value_text(value: Any, field: Field | None, lang: str) -> str:
    kind = field.type if field else ""
    if kind == "bool" or isinstance(value, bool):
        return _WORDS[lang]["yes" if value else "no"]
    if field and kind in ("code", "list"):
        codes = str(value).split(";") if kind == "list" else [str(value)]
        return _WORDS[lang]["join"].join(_code_label(code, field, lang) for code in codes)
    if isinstance(value, Real) and (kind in ("int", "float") or not kind):
        return number_text(value, field.unit if field else None, lang)
    return str(value)


def _order(spec: LayerSpec, item: Filter, lang: str) -> list[str]:
    """Return the choices of a filter in the order of their code list."""
    field = spec.fields.get(item.column)
    return [] if field is None else [_code_label(code, field, lang) for code in field.codes]


def _code_label(code: str, field: Field, lang: str) -> str:
    known = field.codes.get(code)
    return code if known is None else known.zh if lang == "zh" else known.en


def _check_columns(
    frame: pd.DataFrame, columns: Sequence[str], spec: LayerSpec, purpose: Text = NOTHING
) -> None:
    missing = [column for column in columns if column not in frame]
    if missing:
        raise MapError(
            _MESSAGES(
                "no_column",
                spec=spec,
                purpose=purpose,
                missing=listed(map(str, missing)),
                known=", ".join(map(str, frame.columns)),
            )
        )
