"""A first ``city.toml`` for a folder: what is certain as entries, what is not as ``# ?`` lines.

Such a line becomes an entry when ``# ? `` is taken away; whether it is taken away from all of them
or from none, the file can be loaded. What excludes one another is never both: the second best is
prose. A question is a line that begins with ``# ??``, its answer one with ``# ?=`` that a person
has to fill in, an explanation one with ``#`` alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo_citymgmt._dates import read_day
from geo_citymgmt._datums import in_china
from geo_citymgmt._languages import LANGUAGES, Messages, Text, listed
from geo_citymgmt._metric import choose_metric_crs, looks_geographic, position_box, zone_positions
from geo_citymgmt._numbers import share_in_words
from geo_citymgmt.city._config import CitySource, LayerSource, Leftover, in_one_line
from geo_citymgmt.city._discovery import find_source, versions_among
from geo_citymgmt.city._recognition import (
    NAMED_BY,
    CityName,
    city_of_outline,
    district_names,
    divisions,
    is_county_name,
    recognise_city,
)
from geo_citymgmt.city._reporting import outline_of
from geo_citymgmt.city._side_tables import last_days
from geo_citymgmt.cleaning._codes import OPEN, near_codes, unknown_words
from geo_citymgmt.cleaning._datum import Extent, rank_candidates
from geo_citymgmt.cleaning._geometry import representative_points
from geo_citymgmt.cleaning._headings import undone
from geo_citymgmt.cleaning._mapping import FieldMatch, match_fields
from geo_citymgmt.cleaning._names import days_of, unique_names, zone_columns
from geo_citymgmt.cli._console import for_command_line
from geo_citymgmt.errors import AsOfError, CityDataError, CRSError, RepeatedSourceError, SourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.layer import Layer, read_layer
from geo_citymgmt.reading import Raw, read_raw
from geo_citymgmt.reading._coordinates import place_records
from geo_citymgmt.reading._raw import joined_names
from geo_citymgmt.reading._sniff import date_text
from geo_citymgmt.reading._source import SourceLayer
from geo_citymgmt.spec import LayerSpec

_MESSAGES = Messages("geo_citymgmt.cli")

_UNSURE = "# ? "
_QUESTION = "# ?? "
_TO_FILL_IN = "# ?= "
#: From this share of records or values on, two files or a column and a field agree.
_MOST = 0.6
#: So many words that are no codes are shown, and so many get a line of their own.
_SHOWN, _LISTED = 8, 40
#: Entries of a ``city.toml`` that is replaced, kept as they stand.
_KEPT = (
    "profile", "unit", "units", "month_starts", "services", "bulletin", "assessment", "crosswalk",
    "figures", "calendar", "limits", "source", "notice", "amounts_by", "map_approval", "publisher",
)  # fmt: skip
#: Those that grow by lines of their own, as findings ask for.
_KEPT_SECTIONS = ("names", "aliases", "zones")


@dataclass
class _Draft:
    """The lines of the file and the open questions, as they come."""

    lines: list[str] = field(default_factory=list)
    questions: list[Text] = field(default_factory=list)
    #: Files and tables that are proposed to be left out.
    ignored: list[str] = field(default_factory=list)
    #: The last day in columns of dates that are no field of a layer.
    days: dict[str, pd.Timestamp] = field(default_factory=dict)

    def ask(self, question: Text, *, here: bool = True) -> None:
        """Add an open question; ``here`` as a line at this place too, where it says more."""
        plain = Text(*(for_command_line(" ".join(text.split())) for text in question))
        self.questions.append(plain)
        if here:
            self.lines.append(f"{_QUESTION}{plain.zh} / {plain.en}")

    def note(self, text: Text) -> None:
        self.lines.append(f"# {for_command_line(text.zh)} / {for_command_line(text.en)}")

    def entry(self, line: str, *, is_sure: bool = True, how: str = "") -> None:
        """Add an entry, or a proposal of one; ``how`` is how the account says it was known."""
        known = "".join(f"  # {said.zh} / {said.en}" for said in _how_known(how))
        self.lines.append(("" if is_sure else _UNSURE) + line + known)

    def fill_in(self, *lines: str) -> None:
        """Add lines that hold once a person has put something in the place that is open."""
        self.lines += [_TO_FILL_IN + line for line in lines]

    def add(self, other: _Draft) -> None:
        self.lines += other.lines
        self.questions += other.questions
        self.ignored += other.ignored
        self.days |= other.days


@dataclass(frozen=True)
class _Part:
    """A layer that is proposed: its source, and whether that it is this layer is certain."""

    spec: LayerSpec
    entry: LayerSource
    is_sure: bool = True
    #: Whether what is not certain of it has been asked.
    is_asked: bool = False


@dataclass(frozen=True)
class _Stated:
    """What the caller says of the coordinates of a layer."""

    crs: Any
    fallback_crs: Any
    datum: Any


def propose(
    folder: Path,
    specs: Mapping[str, LayerSpec],
    *,
    crs: Any = None,
    fallback_crs: Any = None,
    datum: Any = None,
    x: str | None = None,
    y: str | None = None,
    city: Mapping[str, Any] | None = None,
) -> tuple[str, list[Text]]:
    """Look at ``folder`` and write down what was understood and what was not.

    ``crs``, ``fallback_crs``, ``datum``, ``x`` and ``y`` are those of :func:`load_city`; ``city``
    are entries of the whole that the caller states, such as ``profile``.

    Returns
    -------
    str, list of Text
        A ``city.toml`` that :func:`load_city` takes, with its ``# ?`` lines or without; and the
        open questions, which stand in it as comments too.

    Raises
    ------
    SourceError
        There is nothing to read in the folder.
    """
    if folder.is_file():
        raise _MESSAGES.error(
            SourceError, "is_a_file", folder=folder, parent=folder.absolute().parent
        )
    if not folder.is_dir():
        raise _MESSAGES.error(SourceError, "no_such_folder", folder=folder)
    found = find_source(folder, specs)
    if not found.layers and not found.leftovers:
        raise _nothing_found(folder, found)
    found.table = {**found.table, **(city or {})}
    found.place_by(x, y, [key for key in specs if specs[key].role != "zones"])
    draft = _Draft()
    parts = _parts(found, specs)
    layers: dict[str, Layer] = {}
    body = _Draft()
    zones = None
    for part in sorted(parts, key=lambda p: p.spec.role != "zones"):
        key = part.spec.key
        stated = _Stated(*(value.get(key) if isinstance(value, Mapping) else value
                           for value in (crs, fallback_crs, datum)))  # fmt: skip
        layer = _layer_lines(body, part, found, zones, stated)
        if layer is not None and part.is_sure:
            layers[key] = layer
            zones = layer.data if part.spec.level == "district" else zones
    _city_lines(draft, found, layers)
    _metric_lines(draft, found, layers)
    _date_lines(draft, found, layers, body.days)
    for name in ("events", "targets", "reported"):
        path = getattr(found, name)
        if isinstance(path, Path):
            draft.entry(f"{name} = {_quoted(path.name)}")
    draft.ignored += body.ignored
    _unread_lines(draft, found, specs)
    _ignore_lines(draft, found)
    head = [
        "# 由 geo-citymgmt init 生成。行首为“# ? ”的是未确定的建议：确认后去掉“# ? ”即生效；"
        "“# ?=”是待填的行：填好“?”（或 KEY）处，再去掉“# ?= ”即生效；“# ??”是待确认的问题，"
        "其余“#”行是说明。",
        "# Written by geo-citymgmt init. Lines with '# ? ' are proposals: take '# ? ' away to use "
        "one; '# ?=' are to be filled in: put what is right in place of \"?\" (or KEY) and take "
        "'# ?= ' away; '# ??' asks, other # lines explain.",
    ]
    questions = [*draft.questions, *body.questions]
    for name in _KEPT_SECTIONS:
        if name in found.table:
            pairs = found.table[name].items()
            draft.lines += ["", f"[{name}]"]
            draft.lines += [f"{in_one_line(str(k))} = {in_one_line(value)}" for k, value in pairs]
    return "\n".join([*head, *draft.lines, *body.lines]) + "\n", questions


def _nothing_found(folder: Path, found: CitySource) -> SourceError:
    table = found.findings.frame()
    left = table[table["code"].eq("LAYER_IGNORED")]
    reasons = Text("；".join(left["message_zh"]), "; ".join(left["message_en"]))
    return SourceError(
        Text(
            f"{folder}：没有可读的图层。{reasons.zh}",
            f"{folder}: holds no layer that can be read. {reasons.en}".rstrip(),
        ),
        remedy=_MESSAGES("put_layers"),
    )


def _parts(found: CitySource, specs: Mapping[str, LayerSpec]) -> list[_Part]:
    """Return the layers to propose: those recognised, then those that something may be."""
    parts = [_Part(specs[key], entry) for key, entry in found.layers.items()]
    maybe: dict[str, list[SourceLayer]] = {}
    for left in found.leftovers:
        likely = left.layers or ((left.drawn,) if left.drawn else ())
        # What is likeliest the layer that is proposed already is a part of it, not one left out.
        free = [k for k in likely if k not in found.layers and (k == likely[0] or k not in maybe)]
        if free and not left.is_known:
            maybe.setdefault(free[0], []).append(left.item)
    for key, items in maybe.items():
        label = joined_names([item.label for item in items])
        entry = LayerSource(items[0].path, label, sublayer=items[0].sublayer)
        if len(items) > 1:
            doubt = versions_among(items, specs[key])
            entry = LayerSource(items, label, doubt=doubt)
        parts.append(_Part(specs[key], entry, is_sure=False))
    return parts


# -- the city


def _city_lines(draft: _Draft, found: CitySource, layers: Mapping[str, Layer]) -> None:
    for name in _KEPT:
        if name in found.table:
            draft.entry(f"{name} = {in_one_line(found.table[name])}")
    if found.name.zh:
        draft.entry(f"name_zh = {_quoted(found.name.zh)}")
        draft.entry(f"name_en = {_quoted(found.name.en)}")
        if found.code:
            draft.entry(f"code = {_quoted(found.code)}")
        return
    if "profile" in found.table:
        return
    city, is_sure = _city_name(found, layers)
    if city.how == "folder" and city.code not in divisions():
        # A folder is called after a day or a bureau as often as after its city.
        draft.ask(_MESSAGES("city_unknown", name=city.name))
        draft.fill_in(*(f'{name} = "{OPEN}"' for name in ("name_zh", "name_en", "code")))
        return
    if not is_sure:
        draft.ask(_MESSAGES("city_assumed", by=NAMED_BY[city.how], name=city.name))
    draft.entry(f"name_zh = {_quoted(city.name.zh)}", is_sure=is_sure)
    draft.entry(f"name_en = {_quoted(city.name.en)}", is_sure=is_sure)
    draft.entry(f"code = {_quoted(city.code)}", is_sure=is_sure)


def _city_name(found: CitySource, layers: Mapping[str, Layer]) -> tuple[CityName, bool]:
    folder = found.root.resolve().name
    districts = next((la for la in layers.values() if la.spec.level == "district"), None)
    zones = None if districts is None else districts.data
    codes = () if districts is None else districts.data[districts.spec.id_field]
    whole = None if districts is None else _outline_among(districts)
    names = district_names(zones, [la.data for la in layers.values()])
    city = whole or recognise_city(codes, names, folder)
    return city, city.how in ("codes", "outline")


def _outline_among(districts: Layer) -> CityName | None:
    """Return what the outline of the whole among the districts says of the city."""
    zones = districts.data[districts.located].set_index(districts.spec.id_field)
    code = outline_of(zones)
    if code is None:
        return None
    row = zones.loc[code]
    return city_of_outline(code, row.get("name_zh"), row.get("name_en"))


def _metric_lines(draft: _Draft, found: CitySource, layers: Mapping[str, Layer]) -> None:
    """Write the CRS in which the city is measured: it stays when deliveries change."""
    if found.table.get("metric_crs"):
        draft.entry(f"metric_crs = {_quoted(found.table['metric_crs'])}")
        return
    if "profile" in found.table:
        return
    lon, lat, what = _positions(layers)
    if not len(lon):
        return
    try:
        chosen = choose_metric_crs(lon, lat, chosen_from=what)
    except CRSError as error:
        draft.ask(error.text)
        return
    area, length = map(share_in_words, (chosen.areal_error, chosen.linear_error))
    draft.note(_MESSAGES("measured_in", chosen=chosen, area=area, length=length))
    draft.entry(f"metric_crs = {_quoted(chosen.code)}")


def _positions(layers: Mapping[str, Layer]) -> tuple[np.ndarray, np.ndarray, Text]:
    """Where the city lies, in degrees: its zones, else nearly all records."""
    zones = [la.data for la in layers.values() if la.spec.role == "zones" and la.located.any()]
    if zones:
        lon, lat = zone_positions(zones[0][zones[0].geometry.notna()])
        return lon, lat, Text("分区", "the zones")
    places = [
        np.column_stack([points.x, points.y])
        for la in layers.values()
        if la.located.any()
        for points in [la.data.geometry[la.located].representative_point().to_crs(4326)]
    ]
    if not places:
        return np.empty(0), np.empty(0), Text("", "")
    x, y = np.concatenate(places).T
    lon, lat = position_box(x, y, "EPSG:4326")
    return lon, lat, Text("各图层的位置", "the positions of the layers")


def _date_lines(
    draft: _Draft,
    found: CitySource,
    layers: Mapping[str, Layer],
    unused: Mapping[str, pd.Timestamp],
) -> None:
    if found.data_date is not None:
        draft.entry(f"data_date = {found.data_date:%Y-%m-%d}")
        return
    draft.ask(_MESSAGES("day_data_stand"))
    known = [(day, _MESSAGES("latest_date", where=where)) for day, where in last_days(layers)]
    latest = max((day for day, _ in known), default=None)
    later = {c: day for c, day in unused.items() if latest is None or day > latest}
    for column, day in later.items():
        draft.note(_MESSAGES("unused_dates", column=column, day=day))
    # When a file was written says when somebody copied it, and nothing of its data.
    known = (
        known
        or [(day, _MESSAGES("latest_unused", column=column)) for column, day in later.items()]
        or list(_days_in_names(found))
    )
    if not known:
        draft.note(_MESSAGES("no_dates"))
        draft.fill_in('data_date = "?"')
        return
    day, where = max(known, key=lambda pair: pair[0])
    draft.note(where)
    draft.entry(f"data_date = {day:%Y-%m-%d}", is_sure=False)


def _days_in_names(found: CitySource) -> Iterator[tuple[pd.Timestamp, Text]]:
    """Yield the last day of the date that the name of each file holds."""
    for path in found.inputs():
        with suppress(AsOfError):
            day = read_day(date_text(path.stem), "data_date", function="init")
            yield day, _MESSAGES("date_in_name", name=path.name)


def _unread_lines(draft: _Draft, found: CitySource, specs: Mapping[str, LayerSpec]) -> None:
    """Ask about what was left aside, and say what was recognised by what it holds."""
    parts = _parts(found, specs)
    proposed = {label for part in parts for label in (part.entry.label, *_labels(part))}
    proposed |= {left.item.label for left in found.leftovers if left.is_list}
    table = found.findings.frame()
    reported = table[table["code"].isin(["LAYER_IGNORED", "LAYER_RECOGNISED"])]
    for row in reported.itertuples(index=False):
        if row.code == "LAYER_IGNORED" and row.value in proposed:
            continue
        is_open = row.severity == "error"
        # To leave records out is never proposed: it stays a question until somebody answers it.
        (draft.ask if is_open else draft.note)(Text(str(row.message_zh), str(row.message_en)))
    for left in found.leftovers:
        if not left.layers and left.item.label not in proposed:
            _example_lines(draft, left, found, specs)


def _ignore_lines(draft: _Draft, found: CitySource) -> None:
    """Write the patterns of what is none of the city's layers; new ones are proposals."""
    new = [name for name in dict.fromkeys(draft.ignored) if name not in found.ignore]
    if not new and not found.ignore:
        return
    draft.note(_MESSAGES("not_read"))
    draft.entry("ignore = [")
    for name in found.ignore:
        draft.entry(f"    {_quoted(name)},")
    for name in new:
        draft.entry(f"    {_quoted(name)},", is_sure=False)
    draft.entry("]")


def _example_lines(
    draft: _Draft, left: Leftover, found: CitySource, specs: Mapping[str, LayerSpec]
) -> None:
    path = _quoted(_relative(left.item.path, found.root))
    lines = ["[layers.KEY]", f"path = {path}"]
    if left.item.sublayer:
        lines.append(f"sublayer = {_quoted(left.item.sublayer)}")
    draft.note(_MESSAGES("to_read_it", keys=", ".join(specs)))
    draft.fill_in(*lines)


# -- a layer


def _layer_lines(
    draft: _Draft,
    part: _Part,
    found: CitySource,
    zones: gpd.GeoDataFrame | None,
    stated: _Stated,
) -> Layer | None:
    """Write the table of one layer; return the layer as it is read by what is certain of it."""
    trial = _Draft()
    try:
        layer = _table_lines(trial, part, found, zones, stated)
    except RepeatedSourceError as error:
        rest, question = _one_version(part, error)
        left_out = [label for label in error.sources if label not in _labels(rest)]
        layer = _layer_lines(trial := _Draft(), rest, found, zones, stated)
        trial.lines.insert(1, f"{_QUESTION}{question.zh} / {question.en}")
        trial.questions.append(question)
        trial.ignored += left_out
    draft.add(trial)
    return layer


def _how_known(how: str) -> list[Text]:
    """Return in words how a CRS, a datum or an encoding was known, as the account has it."""
    keys = {
        "file": "how_file", "given": "how_given", "name": "how_name", "assumed": "how_assumed",
        "inferred": "how_inferred", "cpg": "how_cpg", "ldid": "how_ldid", "mark": "how_mark",
        "ascii": "how_ascii",
    }  # fmt: skip
    return [_MESSAGES(keys[how])] if how in keys else []


def _labels(part: _Part) -> list[str]:
    return [s.label if isinstance(s, SourceLayer) else Path(s).name for s in part.entry.sources]


def _one_version(part: _Part, error: RepeatedSourceError) -> tuple[_Part, Text]:
    """Return a layer without all but one of what may be the same data, and what is to be asked.

    The error names first the one to keep.
    """
    labels = error.sources
    kept = labels[0]
    entry = part.entry
    pairs = zip(_labels(part), entry.sources, strict=True)
    sources = [source for label, source in pairs if label == kept or label not in labels]
    rest = replace(entry, source=sources, label=kept, doubt=None)
    others = [label for label in labels if label != kept]
    question = _MESSAGES("one_version", labels=listed(labels), kept=kept, others=listed(others))
    return _Part(part.spec, rest, is_sure=False, is_asked=True), question


def _table_lines(
    draft: _Draft,
    part: _Part,
    found: CitySource,
    zones: gpd.GeoDataFrame | None,
    stated: _Stated,
) -> Layer | None:
    spec, entry, is_sure = part.spec, part.entry, part.is_sure
    if entry.doubt is not None:
        raise entry.doubt
    draft.lines.append("")
    if not is_sure and not part.is_asked:
        draft.ask(_MESSAGES("may_be", entry=entry, spec=spec))
    draft.entry(f"[layers.{spec.key}]", is_sure=is_sure)
    sources = _path_lines(draft, part, found)
    raws = [raw for source in sources if (raw := _read(source, entry)) is not None]
    _place_lines(draft, part, raws)
    crs, datum = stated.crs or entry.crs, stated.datum or entry.datum
    written, is_known = None, True
    if crs is None and stated.fallback_crs is None:
        written, is_known = _crs_line(draft, raws, zones, is_sure, datum)
    layer = None
    if is_known or written is not None:
        # Else it has been asked which CRS it is in, and without one it cannot be read.
        layer = _try_layer(draft, part, sources, crs or written, stated.fallback_crs, datum)
    if layer is not None:
        row = layer.ledger.iloc[0]
        in_files = {raw.crs.to_string() for raw in raws if raw.crs is not None}
        said, how = row[["crs", "crs_source"]]
        if len({code for code in layer.sources["crs"] if code}) > 1:
            # What has to be said is that of the metres: columns of degrees stay what they are.
            needed = layer.sources[layer.sources["crs_source"].isin(["given", "inferred"])]
            pairs = needed[["crs", "crs_source"]].itertuples(index=False)
            said, how = min(pairs, key=lambda pair: CRS(pair[0]).is_geographic, default=("", ""))
        # Files that state CRS of their own are read by them: one entry would overrule all.
        if written is None and said and (crs is not None or len(in_files) < 2):
            draft.entry(f"crs = {_quoted(said)}", is_sure=is_sure, how=how)
        suspect = layer.findings[layer.findings["code"] == "DATUM_SUSPECT"]
        if datum:
            draft.entry(f"datum = {_quoted(datum)}", is_sure=is_sure)
        elif len(suspect):
            finding = suspect.iloc[0]
            draft.ask(Text(str(finding["message_zh"]), str(finding["message_en"])))
            draft.entry(f"datum = {_quoted(finding['value'].lower())}", is_sure=False)
        elif row["datum_source"] == "name":
            draft.entry(f"datum = {_quoted(row['datum'])}", is_sure=is_sure, how="name")
        if row["encoding"] and row["encoding_source"] != "format" and len(sources) == 1:
            line = f"encoding = {_quoted(row['encoding'])}"
            draft.entry(line, is_sure=is_sure, how=row["encoding_source"])
    _kept_lines(draft, entry, found)
    if layer is not None and entry.measure_from is None:
        _note_drawn_measure(draft, layer)
    frame = pd.concat([raw.frame for raw in raws]) if raws else pd.DataFrame()
    _field_lines(draft, part, frame)
    return layer if is_known else None


def _note_drawn_measure(draft: _Draft, layer: Layer) -> None:
    """Say that drawn areas could stand in for the measure of a layer that has no column of it."""
    name = layer.spec.measure
    is_area = name is not None and layer.spec.fields[name].unit in ("m2", "km2")
    if not is_area or name in layer.data.columns:
        return
    if (shapely.get_dimensions(layer.data.geometry.to_numpy()) == 2).any():
        label = layer.spec.fields[str(name)]
        draft.note(_MESSAGES("drawn_measure", label=label, lower=label.en.lower()))


def _kept_lines(draft: _Draft, entry: LayerSource, found: CitySource) -> None:
    """Keep what a ``city.toml`` that is replaced has said of a layer."""
    if entry.ledger is not None:
        draft.entry(f"ledger = {_quoted(_relative(entry.ledger, found.root))}")
    if entry.pipeline is not None:
        draft.entry(f"pipeline = {_quoted(entry.pipeline)}")
    if entry.repair:
        draft.entry(f"repair = [{', '.join(map(_quoted, entry.repair))}]")
    if entry.measure_from is not None:
        draft.entry(f"measure_from = {_quoted(entry.measure_from)}")
    for name, words in (("units", entry.units), ("date_order", entry.date_order)):
        if words:
            pairs = ", ".join(f"{_quoted(k)} = {_quoted(v)}" for k, v in words.items())
            draft.entry(f"{name} = {{ {pairs} }}")


def _relative(path: Any, root: Path) -> str:
    """Name a file as city.toml does: from the folder it lies in."""
    path = Path(path)
    inside = path.is_relative_to(root)
    return path.relative_to(root).as_posix() if inside else path.as_posix()


def _read(source: Any, entry: LayerSource) -> Raw | None:
    try:
        raw = read_raw(source, sublayer=entry.sublayer, encoding=entry.encoding)
        raw.frame = unique_names(raw.frame)
        place_records(raw, x=entry.x, y=entry.y, crs=entry.crs, datum=entry.datum)
        return raw
    except SourceError:
        # What is wrong with it is asked where it is read as a layer.
        return None


def _try_layer(
    draft: _Draft, part: _Part, sources: list[Any], crs: Any, fallback_crs: Any, datum: Any
) -> Layer | None:
    entry = part.entry
    try:
        return read_layer(
            sources if len(sources) > 1 else sources[0],
            part.spec,
            sublayer=entry.sublayer,
            encoding=entry.encoding,
            crs=crs,
            fallback_crs=fallback_crs,
            datum=datum,
            x=entry.x,
            y=entry.y,
            aliases=entry.fields,
            values=entry.values,
            refuse_copies=entry.is_found,
        )
    except RepeatedSourceError:
        raise
    except CityDataError as error:
        draft.ask(error.text)
        return None


# -- its files


def _path_lines(draft: _Draft, part: _Part, found: CitySource) -> list[Any]:
    """Write the files of a layer; return them as they are to be read."""
    spec, entry = part.spec, part.entry
    sources = list(entry.sources)
    for line in _as_entry(sources, entry.sublayer, found.root):
        draft.entry(line, is_sure=part.is_sure)
    if len(sources) > 1:
        draft.note(_MESSAGES("several_sources", spec=spec, n=len(sources)))
    lists = [
        left
        for left in found.leftovers
        if left.is_list and left.layers[0] == spec.key and left.item.label != entry.label
    ]
    for k, left in enumerate(lists):
        draft.ask(_MESSAGES("may_be_list", left=left, spec=spec))
        is_file = left.item.suffix in (".csv", ".xlsx", ".xls") and ":" not in left.item.label
        if k == 0 and is_file and entry.ledger is None:
            name = _relative(left.item.path, found.root)
            draft.entry(f"ledger = {_quoted(name)}", is_sure=False)
        else:
            draft.ignored.append(left.item.label)
    return sources


def _as_entry(sources: Sequence[Any], sublayer: str | None, root: Path) -> list[str]:
    names = [_relative(s, root) for s in sources]
    inside = [s.sublayer if isinstance(s, SourceLayer) else sublayer for s in sources]
    if not any(inside):
        return [f"path = {_listed(names)}"]
    if len(sources) == 1:
        return [f"path = {_quoted(names[0])}", f"sublayer = {_quoted(inside[0])}"]
    # Parts of one layer within one archive or database, or in several.
    paths = names if len(set(names)) > 1 else names[:1]
    parts = ", ".join(_quoted(part or "") for part in inside)
    return [f"path = {_listed(paths)}", f"sublayer = [{parts}]"]


# -- its coordinates


def _place_lines(draft: _Draft, part: _Part, raws: Sequence[Raw]) -> None:
    """Write the columns of coordinates that were named, and propose those that were not used."""
    entry = part.entry
    for axis in ("x", "y"):
        if (name := getattr(entry, axis)) is not None:
            draft.entry(f"{axis} = {_quoted(name)}", is_sure=part.is_sure)
    unused = {key: names for raw in raws for key, names in raw.unused_places.items()}
    for k, (columns, (x, y)) in enumerate(unused.items()):
        draft.ask(_MESSAGES("may_be_coordinates", columns=columns, x=_quoted(x), y=_quoted(y)))
        # Those of one pair alone can be taken: what excludes one another is never both.
        if k == 0:
            draft.entry(f"x = {_quoted(x)}", is_sure=False)
            draft.entry(f"y = {_quoted(y)}", is_sure=False)


# -- its CRS


def _crs_line(
    draft: _Draft,
    raws: Sequence[Raw],
    zones: gpd.GeoDataFrame | None,
    is_sure: bool,
    datum: str | None,
) -> tuple[str | None, bool]:
    """Write the CRS where no file states one; return it, and whether it is certain."""
    unstated = [raw for raw in raws if raw.crs is None]
    places = [_places_of(raw) for raw in unstated]
    # Columns of degrees stay what they are beside metres, of which the CRS has to be said.
    in_metres = [xy for xy in places if len(xy) and not looks_geographic(*xy.T)]
    x, y = np.concatenate([np.empty((0, 2)), *(in_metres or places)]).T
    if not len(x):
        return None, True
    if not in_metres:
        if datum is not None:
            # Which degrees they are follows from the datum, and nothing is left to ask.
            return None, True
        return _degrees_line(draft, unstated, x, y, is_sure)
    ranked = rank_candidates(x, y, _extent(zones))
    best = [c for c in ranked if not c.is_range and not c.swapped]
    if not best:
        could = Text("、".join(c.text_zh for c in ranked), ", ".join(c.text for c in ranked))
        draft.ask(
            _MESSAGES(
                "no_crs_stated", could_zh=could.zh or "地方坐标系", could=could.en or "a local one"
            )
        )
        return None, False
    leads = best[0].share >= _MOST and all(c.share < best[0].share - 0.2 for c in best[1:])
    others = [c for c in ranked if c is not best[0]]
    text = _MESSAGES("crs_inferred")
    if others and not leads:
        text = _MESSAGES(
            "could_also",
            text=text,
            others_zh="、".join(c.text_zh for c in others),
            others=", ".join(c.text for c in others),
        )
    (draft.note if leads else draft.ask)(text)
    draft.entry(f"crs = {_quoted(best[0].code)}", is_sure=is_sure and leads)
    return best[0].code, leads


def _places_of(raw: Raw) -> np.ndarray:
    """Return where the records of a source lie, without those that lie nowhere."""
    xy = np.column_stack(representative_points(raw.geometry))
    return xy[np.isfinite(xy).all(axis=1) & (xy != 0).any(axis=1)]


def _degrees_line(
    draft: _Draft, raws: Sequence[Raw], x: np.ndarray, y: np.ndarray, is_sure: bool
) -> tuple[str, bool]:
    named = all(raw.in_degrees for raw in raws)
    chinese = in_china(float(np.median(x)), float(np.median(y)))
    code = "EPSG:4490" if chinese else "EPSG:4326"
    draft.ask(_MESSAGES("degrees_assumed", code=code))
    # Small numbers without a name may be metres of a local grid.
    draft.entry(f"crs = {_quoted(code)}", is_sure=is_sure and (named or chinese))
    return code, named or chinese


def _extent(zones: gpd.GeoDataFrame | None) -> Extent | None:
    if zones is None or zones.crs is None or not len(zones):
        return None
    degrees = zones.geometry.dropna().to_crs(CRS.from_epsg(4326))
    west, south, east, north = degrees.total_bounds
    return Extent((west, south, east, north), lambda: shapely.union_all(degrees.to_numpy()))


# -- its fields


def _field_lines(draft: _Draft, part: _Part, frame: pd.DataFrame) -> None:
    """Write the columns that are fields by more than their names, and those that may be."""
    spec = part.spec
    findings = Findings(spec.key)
    match = match_fields(frame, spec, findings, part.entry.fields)
    lines = [(column, name, True) for column, name in part.entry.fields.items()]
    if spec.role == "zones":
        used = {*match.mapping.values(), *part.entry.fields}
        free = frame[[c for c in frame.columns if c not in used]]
        lines += _zone_fields(spec, match.mapping, free)
    taken = {column for column, _, _ in lines} | {name for _, name, _ in lines}
    likely = [c for c in match.proposed if not {c.column, c.field} & taken]
    lines += [(c.column, c.field, False) for c in likely]
    _ask_fields(draft, spec, match, findings.frame())
    reasons = {c.column: c.reasons for c in likely}
    if lines:
        # An entry is of the table above it, whichever of the proposals in it are taken.
        draft.entry(f"[layers.{spec.key}.fields]", is_sure=part.is_sure)
    for column, name, sure in lines:
        # An empty name leaves a column out.
        what = spec.fields.get(name)
        label = f"  # {what.zh} / {what.en}" if what is not None else ""
        draft.entry(f"{_quoted(column)} = {_quoted(name)}{label}", is_sure=part.is_sure and sure)
        if not sure and what is not None:
            why = reasons.get(column, Text("", ""))
            reason = Text(f"（{why.zh}）", f" ({why.en})") if why.zh else why
            draft.ask(
                _MESSAGES("is_it_field", column=column, what=what, reason=reason, name=name),
                here=False,
            )
    draft.days |= _last_days(frame, {*match.mapping.values(), *taken})
    every = {**match.mapping, **{name: column for column, name, _ in lines if name}}
    _value_lines(draft, part, {n: frame[c] for n, c in every.items() if c in frame.columns})


def _last_days(frame: pd.DataFrame, used: Collection[str]) -> dict[str, pd.Timestamp]:
    """Return the last day of each column of dates that is not used and lies in the past.

    Days that are planned or set say nothing of the day of the data.
    """
    today = pd.Timestamp.now().normalize()
    out = {}
    for column in frame.columns:
        if column in used or undone(str(column)):
            continue
        days = pd.Series(days_of(frame[column]))
        days = days[days <= today]
        if len(days):
            out[str(column)] = days.max().normalize()
    return out


def _zone_fields(
    spec: LayerSpec, mapping: Mapping[str, str], frame: pd.DataFrame
) -> list[tuple[str, str, bool]]:
    """Return the columns that could be code and name of zones, where there is none."""
    codes, names = zone_columns(frame)
    out = []
    if spec.id_field not in mapping and codes:
        sure = frame[codes[0]].astype(str).str.fullmatch(r"\d{6,12}(\.0)?").mean() >= _MOST
        out.append((codes[0], spec.id_field, bool(sure)))
    if spec.label is not None and spec.label not in mapping and names:
        sure = frame[names[0]].map(is_county_name).mean() >= _MOST
        out.append((names[0], spec.label, bool(sure)))
    return out


def _ask_fields(draft: _Draft, spec: LayerSpec, match: FieldMatch, findings: pd.DataFrame) -> None:
    """Ask about columns that could be several fields, or are unlike the field of their name."""
    asked = findings[findings["code"].isin(["FIELD_AMBIGUOUS", "FIELD_DOUBTED"])]
    for row in asked.itertuples(index=False):
        draft.ask(Text(str(row.message_zh), str(row.message_en)))
    for column, fields in match.undecided(spec).items():
        could = ", ".join(f"{item.zh} ({item.name})" for item in fields)
        draft.ask(_MESSAGES("could_be_fields", column=column, could=could, spec=spec))


def _value_lines(draft: _Draft, part: _Part, columns: Mapping[str, pd.Series]) -> None:
    """Propose a code for each word of an office that is none; ask where nothing is near."""
    for name, cells in columns.items():
        item = part.spec.fields[name]
        if not item.codes:
            continue
        coded = part.entry.values.get(name, {})
        unknown = [word for word in unknown_words(cells, item) if word not in coded]
        near = {word: near_codes(word, item) for word in unknown}
        known = {word: codes[0] for word, codes in near.items() if codes}
        rest = [word for word in unknown if word not in known]
        place = f"[layers.{part.spec.key}.values.{name}]"
        if rest:
            words = listed(rest[:_SHOWN])
            codes = Text(*(
                ", ".join(f"{code} {getattr(label, lang)}" for code, label in item.codes.items())
                for lang in LANGUAGES
            ))  # fmt: skip
            draft.ask(_MESSAGES("no_codes", item=item, words=words, place=place, codes=codes))
        if coded or unknown:
            draft.entry(place, is_sure=part.is_sure)
        for word, code in coded.items():
            draft.entry(f"{_quoted(word)} = {_quoted(code)}", is_sure=part.is_sure)
        for word, code in known.items():
            label = item.codes[code]
            entry = f"{_quoted(word)} = {_quoted(code)}  # {label.zh} / {label.en}"
            draft.entry(entry, is_sure=False)
        if rest:
            draft.note(_MESSAGES("put_a_code", OPEN=OPEN))
        draft.fill_in(*(f"{_quoted(word)} = {_quoted(OPEN)}" for word in rest[:_LISTED]))


def _listed(names: list[str]) -> str:
    quoted = [_quoted(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _quoted(text: Any) -> str:
    # A basic TOML string has the escapes of JSON.
    return json.dumps(str(text), ensure_ascii=False)
