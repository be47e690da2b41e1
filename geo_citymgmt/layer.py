"""A layer: its accepted records, those refused, what was found, and the account of both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo_citymgmt._dates import read_day
from geo_citymgmt._datums import in_crs, moved
from geo_citymgmt._display import layer_html, layer_text
from geo_citymgmt._gate import renamed_arguments
from geo_citymgmt._languages import Messages, Text, join_texts
from geo_citymgmt._metric import (
    MetricCRS,
    check_metric_crs,
    choose_metric_crs,
    is_metric,
    zone_positions,
)
from geo_citymgmt._values import collection_paused, equal_values, holds
from geo_citymgmt.cleaning._dates import check_date_order
from geo_citymgmt.cleaning._datum import Extent
from geo_citymgmt.cleaning._geometry import clean_geometry, join_parts, representative_points
from geo_citymgmt.cleaning._headings import (
    field_units,
    report_units,
    units_by_values,
    with_units,
)
from geo_citymgmt.cleaning._ids import report_gaps
from geo_citymgmt.cleaning._mapping import add_proposals, match_fields, with_kinds
from geo_citymgmt.cleaning._names import (
    fill_zone_fields,
    match_columns,
    similar_columns,
    unique_names,
)
from geo_citymgmt.cleaning._personal import mask_findings, personal_columns
from geo_citymgmt.cleaning._place import NO_TERMS, ZoneTerms
from geo_citymgmt.cleaning._position import Position, given_crs, locate, project
from geo_citymgmt.cleaning._records import (
    Records,
    check_measure_from,
    check_relations,
    check_words,
    clean_columns,
    named_units,
    own_words,
)
from geo_citymgmt.cleaning._sources import (
    align_columns,
    check_apart,
    join_office_list,
    refuse_summary,
)
from geo_citymgmt.decisions import apply_corrections
from geo_citymgmt.errors import CityDataError, CRSError, SourceError
from geo_citymgmt.findings import (
    Findings,
    FindingsTable,
    concat_findings,
    empty_findings,
    of_layer,
)
from geo_citymgmt.indicators import load_figures
from geo_citymgmt.reading import Raw, read_raw
from geo_citymgmt.reading._coordinate_columns import drop_placeholders
from geo_citymgmt.reading._coordinates import coordinate_aliases, place_records
from geo_citymgmt.reading._limits import ReadLimits, within_limits
from geo_citymgmt.reading._raw import joined, starts
from geo_citymgmt.reading._source import SourceLayer
from geo_citymgmt.spec import Field, LayerSpec, get_spec

_MESSAGES = Messages("geo_citymgmt")

__all__ = ["LEDGER_COLUMNS", "Layer", "read_layer"]

#: Reasons for which a record has no place that show its coordinates as they were written.
_SHOWN = ["COORD_PLACEHOLDER", "COORD_RANGE", "COORD_UNREADABLE", "COORD_DEGREES"]
#: What is known of how a source was brought to the metric CRS.
_POSITION = ("crs", "crs_source", "datum", "datum_source")
LEDGER_COLUMNS = (
    "layer", "source", "n_walked", "n_skipped", "n_records", "n_accepted", "n_repaired",
    "n_rejected", "state", "crs", "crs_source", "datum", "datum_source", "encoding",
    "encoding_source", "data_date", "sha256", "metric_crs", "areal_error", "linear_error",
)  # fmt: skip


@holds("data", "rejected", "findings", "ledger", "record", "mapping", "unreadable", "sources")
@dataclass(frozen=True, eq=False)
class Layer:
    """One layer as read: what was accepted, what was refused, and why.

    A value: it can be pickled and copied, and nothing done to what it hands out changes it. Frames
    come as shallow copies, to which columns may be added, assigned and sorted; mappings and arrays
    are read-only. Two layers are equal when all they hold is (values, types, index and CRS of the
    frames); they have no hash. What Python cannot guard is what lies inside a copy: an array
    written to (``layer.data.geometry.array[0] = ...``) or a list changed in its cell is shared.
    Take ``copy.deepcopy(layer)`` before that.

    Attributes
    ----------
    spec : LayerSpec
        What the layer is.
    data : GeoDataFrame
        Accepted records in the metric CRS, fields of the spec first, on a fresh index. A record
        without geometry is unlocated (未落图).
    rejected : GeoDataFrame
        Records refused, as read: ``record``, ``row_label``, ``codes``, ``raw`` (JSON), geometry.
    findings : DataFrame
        See ``geo_citymgmt.findings``.
    ledger : DataFrame
        One row: what was counted, how CRS, datum and encoding were known, and in which CRS the
        layer is measured with which greatest errors of area and length over its data.
    record : array of int
        Position in the source of each record of ``data``.
    personal : tuple of str
        Columns of ``data`` that hold personal data, by definition, by name or by their values.
    mapping : mapping of str to str
        Field to the column of the source it was read from.
    metric : MetricCRS or None
        The CRS of ``data``, its errors and how it was chosen; None where nothing has a place.
    unreadable : mapping of str to array of bool
        Field to which records of ``data`` had a value in it that could not be used. What counts by
        that field does not know about them; an empty value of theirs is no answer.
    sources : DataFrame
        The account of each file, table or sheet the layer was read from: one row each, with the
        counts of ``ledger``; see :attr:`source_of`.

    See Also
    --------
    read_layer, write_layer, City
    """

    spec: LayerSpec
    data: gpd.GeoDataFrame
    rejected: gpd.GeoDataFrame
    findings: pd.DataFrame
    ledger: pd.DataFrame
    record: np.ndarray = field(repr=False, default_factory=lambda: np.empty(0, dtype=np.int64))
    personal: tuple[str, ...] = ()
    mapping: Mapping[str, str] = field(repr=False, default_factory=dict)
    metric: MetricCRS | None = None
    unreadable: Mapping[str, np.ndarray] = field(repr=False, default_factory=dict)
    sources: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)

    def __repr__(self) -> str:
        return layer_text(self)

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", FindingsTable(self.findings))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and equal_values(vars(self), vars(other))

    __hash__ = None  # type: ignore[assignment]

    def _repr_html_(self) -> str:
        return layer_html(self)

    @property
    def source_of(self) -> pd.Series:
        """The source each record of ``data`` came from, as ``sources`` calls it.

        Examples
        --------
        >>> import geopandas as gpd
        >>> frame = gpd.GeoDataFrame(
        ...     {"窨井编号": ["J1"]}, geometry=gpd.points_from_xy([120.6], [31.3]), crs=4490)
        >>> read_layer(frame, "manholes").source_of.tolist()
        ['manholes']
        """
        if not len(self.sources):
            return pd.Series(self.ledger["source"].iloc[0], index=self.data.index, name="source")
        ends = np.cumsum(self.sources["n_walked"])
        names = self.sources["source"].to_numpy(dtype=object)
        part = np.searchsorted(ends, self.record, side="right")
        return pd.Series(names[part], index=self.data.index, name="source", dtype="str")

    @property
    def located(self) -> pd.Series:
        """Which accepted records have a geometry."""
        return self.data.geometry.notna()


@renamed_arguments(mend="repair")
@within_limits
@collection_paused()
def read_layer(
    source: Any,
    layer: str | LayerSpec,
    *,
    sublayer: str | Sequence[str] | None = None,
    encoding: str | None = None,
    crs: Any = None,
    fallback_crs: Any = None,
    datum: str | None = None,
    x: str | None = None,
    y: str | None = None,
    pipeline: str | None = None,
    repair: Collection[str] = (),
    units: Mapping[str, str] | None = None,
    date_order: Mapping[str, str] | None = None,
    measure_from: str | None = None,
    aliases: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    ledger: Any = None,
    corrections: pd.DataFrame | None = None,
    zones: gpd.GeoDataFrame | None = None,
    zone_terms: ZoneTerms = NO_TERMS,
    roads: gpd.GeoDataFrame | None = None,
    bbox: tuple[float, float, float, float] | None = None,
    columns: Sequence[str] | None = None,
    metric_crs: Any = None,
    data_date: Any = None,
    specs: Mapping[str, LayerSpec] | None = None,
    include_personal: bool = False,
    refuse_copies: bool = False,
    limits: ReadLimits | None = None,
) -> Layer:
    """Read a source as a layer; each of its records is accepted or rejected with a reason.

    Parameters
    ----------
    source : path, GeoDataFrame, or sequence of paths
        A shapefile, a folder that holds one, .gpkg, .geojson, GeoParquet, or a frame. Several
        paths are read as one layer (a layer of points, lines and polygons in three files).
    layer : str or LayerSpec
        Which layer it is: a key, a Chinese name, or a spec.
    sublayer : str or sequence of str, optional
        Which table of a source that holds several; a list of those that are this layer together.
    encoding : str, optional
        Of the text of a .dbf. Without it: .cpg, then strict UTF-8, then GB18030, else refused.
    crs : anything pyproj takes, or "infer", optional
        Wins over the .prj. Without either the source is refused, and the candidates are named by
        the share of records each puts into the city; "infer" uses the one that clearly leads.
        Where only some of several sources can be in it, or state none, the others keep their own,
        and columns of degrees are degrees, which is a finding.
    fallback_crs : as ``crs``, optional
        Taken only where neither ``crs`` nor the .prj says another, nor columns hold degrees beside
        a CRS in metres.
    datum : {"cgcs2000", "wgs84", "gcj02", "bd09"}, optional
        GCJ-02 and BD-09 cannot be told from a file; say so and every vertex is converted. Where
        columns of coordinates are called after a datum (高德经度, bd09_lat) it is that one.
    x, y : str, optional
        The columns of longitude or easting and of latitude or northing, for a source of which the
        records have no geometry; found by their names otherwise. ``x`` alone is a column that
        holds both, ``坐标[2]`` the second number of such a column. Degrees of which nothing says
        the CRS are taken as EPSG:4490 in China and EPSG:4326 elsewhere, which is a finding.
    pipeline : str, optional
        A PROJ operation (``+proj=pipeline ...``) from the numbers of the source, x first, to
        degrees of CGCS2000 or to ``metric_crs``, which must be given then: the only way in for
        Beijing 1954, Xian 1980 and local grids, whose shifts are not public.
    repair : collection of {"swapped", "zone_prefix", "units"}
        Slips to put right: x and y exchanged, the zone number before x, a whole column in another
        unit. Without it the first two are refused or rejected, the third is told. Called ``mend``
        in 0.1.0.
    units : mapping of str to str, optional
        Field to the unit its plain numbers are in: ``{"illegal_area_m2": "亩"}``.
    date_order : mapping of str to {"mdy", "dmy", "ymd"}, optional
        Field to the order of its dates where the texts state none and the column does not settle
        it: ``{"found_date": "mdy"}``.
    measure_from : {"geometry"}, optional
        Where the layer's area or length is not said, that of what is drawn stands in for it, and
        each such record is told: the ground of a building, say, for its floors.
    aliases : mapping of str to str, optional
        Source column to field name, where names cannot be recognised; empty to leave one out.
        :func:`propose_mapping` says which columns may be which.
    values : mapping, optional
        Field to the office's own words with their codes: ``{"status": {"整治完毕": "51"}}``. They
        win over the words of the layer; an empty code leaves a word out.
    ledger : path or DataFrame, optional
        The office's list (台账), without geometry: joined to the features by id. Where both fill a
        field the list wins; rows without a feature stay as records without a place.
    corrections : DataFrame, optional
        ``row_label, key, field, new_value``: values the office corrected, put in before cleaning.
    zones : GeoDataFrame, optional
        Districts indexed by code, in any CRS: turns on the checks of place and computes
        ``district_code``. Without them no record is refused for its place.
    zone_terms : ZoneTerms, optional
        What districts are called in this city, and their other names.
    roads : GeoDataFrame, optional
        Centre lines: positions that lie on them only after a shift from GCJ-02
        or BD-09 are told (see :func:`suspect_datum`); nothing is shifted.
    bbox : (west, south, east, north), optional
        In the CRS of the result, so give ``metric_crs`` with it: records that do not touch it are
        skipped, and counted as such.
    columns : sequence of str, optional
        Fields to keep, beside id, measure and what is computed.
    metric_crs : anything pyproj takes, optional
        CRS of the result, in metres. None: that of ``zones``; where they are not in metres, chosen
        from them, and without zones from the 1st to 99th percentile of the positions, so that
        areas and lengths are right within 0.1 % (see
        ``geo_citymgmt._metric.choose_metric_crs``).
    data_date : date, optional
        As of which the data stands: later dates of things done are findings.
    specs : mapping, optional
        Layer specs to look ``layer`` up in; the package's own otherwise.
    include_personal : bool
        Leave personal data unmasked in findings and rejected records.
    refuse_copies : bool
        Refuse several sources of which two hold the same data: the same ids at the same places,
        or with the same values.
    limits : ReadLimits, optional
        How much a file may hold before it is refused: ``ReadLimits(columns=5000)``; an error that
        refuses one names the limit.

    Returns
    -------
    Layer

    Warns
    -----
    ScaleWarning
        A ``metric_crs`` that was given is more than 0.1 % wrong over the data.

    Raises
    ------
    CityDataError
        The source cannot be used at all; ``.findings`` holds what was seen until then. Among them
        CRSError: the CRS is not known, ``metric_crs`` is in degrees, not in metres or more than
        1 % wrong over the data, or no plane measures data that large within 0.1 %.

    See Also
    --------
    load_city, Layer, propose_mapping, write_layer

    Examples
    --------
    >>> import shapely
    >>> frame = gpd.GeoDataFrame(
    ...     {"站点名称": ["一号", "二号"], "容量": ["20个", "约30"]},
    ...     geometry=gpd.points_from_xy([120.6, 120.7], [31.3, 31.4]), crs="EPSG:4326")
    >>> read = read_layer(frame, "bike_stations")
    >>> read.data[["name", "capacity"]].values.tolist()
    [['一号', 20], ['二号', 30]]
    >>> int(read.ledger.n_accepted[0]), int(read.ledger.n_rejected[0])
    (2, 0)
    >>> read.metric.code, read.metric.areal_error < 1e-3
    ('EPSG:4549', True)
    """
    spec = get_spec(layer, specs)
    check_words(repair)
    check_measure_from(measure_from, spec)
    units, values = named_units(units, spec), own_words(values, spec)
    check_date_order(date_order, spec)
    named_columns, aliases = coordinate_aliases(aliases or {}, spec.fields)
    x, y = x or named_columns.get("x"), y or named_columns.get("y")
    findings = Findings(spec.key)
    raws: list[Raw] = []
    try:
        for one, table in (sources := _sources(source, sublayer)):
            raw = read_raw(one, sublayer=table, encoding=encoding, name=spec.key)
            if len(sources) > 1 and isinstance(one, SourceLayer):
                # By its folder or archive too: each of its neighbours may bear the same name.
                raw.name = one.label
            raw.frame = unique_names(raw.frame)
            apart = raw.name if len(sources) > 1 else ""
            raws.append(raw)
            try:
                place_records(
                    raw, x=x, y=y, crs=crs if raw.crs is not None else crs or fallback_crs,
                    datum=datum,
                )  # fmt: skip
            finally:
                findings.extend(raw.findings, offset=int(starts(raws[:-1])[-1]), source=apart)
        written = [copy(raw) for raw in raws]
        unread = [raw.unread_places for raw in raws]
        # Before anything is concluded from where the records lie.
        placeholders = [drop_placeholders(raw) for raw in raws]
        offsets = starts(raws)
        extent = _extent(zones)
        given_for = [crs] * len(raws)
        if pipeline is None:
            given_for = given_crs(raws, findings, crs=crs, fallback_crs=fallback_crs, extent=extent)
        positions = [
            locate(
                raw,
                findings,
                crs=given,
                datum=datum,
                pipeline=pipeline,
                repair=repair,
                extent=extent,
                offset=int(offset),
            )
            for raw, given, offset in zip(raws, given_for, offsets, strict=False)
        ]
        places = [position.places(are_zones=spec.role == "zones") for position in positions]
        metric = _metric_of(metric_crs, positions, places, zones)
        target = None if metric is None else metric.crs
        placed = [
            position.geometry if target is None else project(position, findings, target, raw.name)
            for raw, position in zip(raws, positions, strict=True)
        ]
        raws = with_kinds(raws, spec, findings, aliases)
        if len(raws) > 1:
            align_columns(raws, spec, aliases)
        if refuse_copies and len(raws) > 1:
            check_apart(raws, placed, spec, aliases)
        raw = joined(_in_one_unit(raws, spec, aliases))
        places_from = _place_columns(raws)
        match = match_fields(raw.frame, spec, findings, aliases, places=places_from)
        add_proposals(match, spec, findings)
        mapping = fill_zone_fields(match.mapping, raw.frame, spec, findings)
        n_alone = 0
        if ledger is not None:
            called = "list" if isinstance(ledger, pd.DataFrame) else spec.key
            listed = ledger if isinstance(ledger, Raw) else read_raw(ledger, name=called)
            raw, mapping, n_alone = join_office_list(raw, mapping, listed, spec, findings, aliases)
        if corrections is not None:
            mapping = apply_corrections(raw, mapping, corrections, spec, findings)
        if not any((~shapely.is_missing(g) & ~shapely.is_empty(g)).any() for g in placed):
            refuse_summary(raw, spec, mapping)
        is_drawn = measure_from is not None or spec.measure_default is not None
        _check_fields(raw, spec, mapping, findings, measure_is_drawn=is_drawn)
    except CityDataError as error:
        _complete(error, findings, raws)
        raise
    if not len(raw.frame):
        findings.add("LAYER_EMPTY", value=raw.name)
    report_gaps(raw.frame, mapping, spec, findings, raw.record, offsets[1:])
    nowhere = np.full(n_alone, None, dtype=object)
    geometry = np.concatenate([*placed, nowhere])
    keep = np.ones(len(geometry), dtype=bool)
    if spec.role == "zones":
        geometry, keep = join_parts(raw.frame, geometry, mapping, spec, findings, raw.record)
    if bbox is not None:
        keep &= np.asarray(shapely.intersects(geometry, shapely.box(*bbox)))
    raw.frame, geometry = raw.frame[keep].reset_index(drop=True), geometry[keep]
    record = raw.record[keep]
    reason, written_as = _no_place(placeholders, positions, written, unread, n_alone)
    clean, unusable = clean_geometry(geometry, spec, findings, record, reason[keep])
    reported = unusable.code != ""
    reported[reported] = np.isin(unusable.code[reported], _SHOWN)
    unusable.value[reported] = written_as[keep][reported]
    personal = personal_columns(raw.frame, mapping, spec, findings)
    given, stated = set(units or {}), raw.stated_unit
    units = field_units(mapping, spec, findings, given=units, stated=stated)
    units = units_by_values(raw.frame, mapping, spec, units)
    report_units(units, mapping, spec, findings, given=given, stated=stated)
    data = clean_columns(
        raw.frame, mapping, spec, findings, record, units, values=values, date_order=date_order
    )
    state = Records(spec, findings, record, data, clean)
    state.check_units(raw.frame, mapping, repair=repair, stated=units)
    if zones is not None and zones.crs is not None and target is not None:
        zones = zones if zones.crs == target else in_crs(zones, target)
    state.place(zones, unusable, zone_terms)
    if datum is None and target is not None:
        state.check_datum(roads, zones, target)
    state.measure(measure_from)
    state.identify(raw)
    return _closed(
        state,
        raw,
        mapping,
        geometry,
        positions,
        metric,
        columns=columns,
        data_date=None
        if data_date is None
        else read_day(data_date, "data_date", function="read_layer"),
        personal=personal,
        include_personal=include_personal,
        raws=raws,
    )


def _in_one_unit(raws: list[Raw], spec: LayerSpec, aliases: Mapping[str, str] | None) -> list[Raw]:
    """Write units into the cells where the files of one layer state different ones."""
    if len({raw.stated_unit for raw in raws}) < 2:
        return raws
    out = []
    for raw in raws:
        mapping = match_columns(list(raw.frame.columns), spec, Findings(spec.key), aliases)
        frame = with_units(raw.frame, mapping, spec, raw.stated_unit)
        out.append(replace(raw, frame=frame, stated_unit=""))
    return out


def _sources(source: Any, sublayer: str | Sequence[str] | None) -> list[tuple[Any, str | None]]:
    """Return each source of a layer with the table of it that is meant."""
    many = list(source) if isinstance(source, (list, tuple)) and source else [source]
    if sublayer is None or isinstance(sublayer, str):
        return [(one, sublayer) for one in many]
    tables = list(sublayer)
    many = many * len(tables) if len(many) == 1 else many
    if len(many) != len(tables):
        raise _MESSAGES.error(
            SourceError, "sublayer_items_sources", n=len(tables), sources=len(many)
        )
    return [
        (SourceLayer(Path(one), table, f"{Path(one).name}:{table}", (table,)), None)
        if isinstance(one, (str, PathLike))
        else (one, table)
        for one, table in zip(many, tables, strict=True)
    ]


def _closed(
    state: Records,
    raw: Raw,
    mapping: Mapping[str, str],
    as_read: np.ndarray,
    positions: Sequence[Position],
    metric: MetricCRS | None,
    *,
    columns: Sequence[str] | None,
    data_date: pd.Timestamp | None,
    personal: set[str],
    include_personal: bool,
    raws: Sequence[Raw],
) -> Layer:
    """Part accepted from rejected, check what is left, and close the account."""
    spec, findings, accepted = state.spec, state.findings, state.accepted
    record = state.record[accepted]
    target = None if metric is None else metric.crs
    data = state.accepted_rows(raw.frame, mapping, columns, target, _place_columns(raws))
    check_relations(data, spec, findings, record, data_date, state.doubted)
    field_of = {column: name for name, column in mapping.items()}
    fields = {field_of.get(column, column) for column in personal}
    table = state.labelled_findings(raw, as_read, fields)
    if not include_personal:
        table = mask_findings(table, fields, spec.id_field)
    mask = None if include_personal else (personal, mapping.get(spec.id_field, ""))
    rejected = state.rejected_rows(raw, as_read, target, mask)
    row = {
        "layer": spec.key,
        "source": raw.name,
        "n_walked": raw.n_walked,
        "n_skipped": raw.n_walked - len(state.record),
        "n_records": len(state.record),
        "n_accepted": int(accepted.sum()),
        "n_repaired": int(np.isin(record, findings.records_with("repaired")).sum()),
        "n_rejected": int(state.rejected.sum()),
        "state": "ok",
        **{name: _each_once(getattr(p, name) for p in positions) for name in _POSITION},
        "encoding": raw.encoding,
        "encoding_source": raw.encoding_source,
        "data_date": data_date,
        "sha256": raw.sha256,
        "metric_crs": None if metric is None else metric.code,
        "areal_error": np.nan if metric is None else metric.areal_error,
        "linear_error": np.nan if metric is None else metric.linear_error,
    }
    ledger = pd.DataFrame([row], columns=list(LEDGER_COLUMNS))
    masked = tuple(column for column in data.columns if column in fields)
    lost: dict[str, np.ndarray] = {}
    for name, records in findings.values_removed().items():
        # What was lost before the columns were known is told by column.
        known = field_of.get(name, name)
        if known in spec.fields:
            lost[known] = lost.get(known, False) | np.isin(record, records)
    sources = _source_rows(spec, raws, raw, positions, state)
    return Layer(
        spec, data, rejected, table, ledger, record, masked, dict(mapping), metric, lost, sources
    )


def _source_rows(
    spec: LayerSpec,
    raws: Sequence[Raw],
    raw: Raw,
    positions: Sequence[Position],
    state: Records,
) -> pd.DataFrame:
    """Return the account of each source; the office's list is one more for its own rows."""
    ends = starts(raws)[1:]
    names = [one.name for one in raws]
    if raw.n_walked > ends[-1]:
        ends, names = np.append(ends, raw.n_walked), [*names, raw.name.rsplit(" + ", 1)[-1]]
    scanned = np.diff(ends, prepend=0)
    part = np.searchsorted(ends, state.record, side="right")
    repaired = np.isin(state.record, state.findings.records_with("repaired"))
    counts = {
        "n_records": np.ones(len(part), dtype=bool),
        "n_accepted": state.accepted,
        "n_repaired": repaired & state.accepted,
        "n_rejected": state.rejected,
    }
    counted = {name: np.bincount(part[hit], minlength=len(ends)) for name, hit in counts.items()}
    of_file = {
        **{name: [getattr(p, name) for p in positions] for name in _POSITION},
        **{name: [getattr(r, name) for r in raws] for name in ("encoding", "encoding_source")},
        "sha256": [one.sha256 for one in raws],
    }
    # Nothing is known of the office's list as a file.
    known = {k: np.array([*v, np.nan][: len(ends)], dtype=object) for k, v in of_file.items()}
    return pd.DataFrame(
        {
            "layer": spec.key,
            "source": names,
            "n_walked": scanned,
            "n_skipped": scanned - counted["n_records"],
            **counted,
            "state": "ok",
            **known,
        }
    )


def _each_once(values: Iterable[Any]) -> Any:
    """Return the one value of all sources, or each of them once."""
    known = list(dict.fromkeys(values))
    return known[0] if len(known) == 1 else "; ".join(str(v) for v in known if v)


def _no_place(
    placeholders: Sequence[np.ndarray],
    positions: Sequence[Position],
    written: Sequence[Raw],
    unread: Sequence[np.ndarray | None],
    n_alone: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Why records have no place though they have coordinates, and these as they were written."""
    reasons, written_as = [], []
    for gone, position, raw, cells in zip(placeholders, positions, written, unread, strict=True):
        reason = np.full(len(gone), "", dtype=object)
        reason[gone] = "COORD_PLACEHOLDER"
        if position.off is not None:
            is_off = position.off != ""
            reason[is_off] = position.off[is_off]
        text = np.full(len(gone), "", dtype=object)
        hit = np.flatnonzero(reason != "")
        if len(hit):
            x, y = (
                (v[hit] for v in raw.points)
                if raw.points
                else representative_points(raw.geometry[hit])
            )
            text[hit] = [f"({a:.10g}, {b:.10g})" for a, b in zip(x, y, strict=True)]
        if cells is not None:
            reason[cells != ""], text[cells != ""] = "COORD_UNREADABLE", cells[cells != ""]
        reasons.append(reason)
        written_as.append(text)
    nothing = np.full(n_alone, "", dtype=object)
    return np.concatenate([*reasons, nothing]), np.concatenate([*written_as, nothing])


def _place_columns(raws: Sequence[Raw]) -> set[str]:
    """Return the columns that positions were taken from."""
    return {column for one in raws for column in one.place_columns or ()}


def _extent(zones: gpd.GeoDataFrame | None) -> Extent | None:
    """Where the city lies, which its zones say and nothing else."""
    if zones is None or not len(zones) or zones.crs is None:
        return None
    west, south, east, north = zones.total_bounds
    degrees = CRS.from_epsg(4490)

    def in_degrees(shape: shapely.Geometry) -> shapely.Geometry:
        return shapely.make_valid(moved(np.array([shape]), zones.crs, degrees)[0])

    return Extent(
        in_degrees(shapely.box(west, south, east, north)).bounds,
        # Joined before they are moved: what is valid in metres may cross itself in degrees.
        lambda: in_degrees(shapely.union_all(zones.geometry.to_numpy())),
    )


def _metric_of(
    given: Any,
    positions: Sequence[Position],
    places: Sequence[tuple[np.ndarray, np.ndarray]],
    zones: gpd.GeoDataFrame | None,
) -> MetricCRS | None:
    """Return the CRS to measure in: what is given, that of the zones, or what fits the data.

    ``places`` are the degrees in which each of ``positions`` lies.
    """
    if isinstance(given, MetricCRS):
        return given
    lon, lat = (np.concatenate(part) for part in zip(*places, strict=True))
    outlines = (np.empty(0), np.empty(0)) if zones is None else zone_positions(zones)
    if given is not None:
        where = (lon, lat) if len(lon) else outlines
        return check_metric_crs(given, where[0], where[1], "read_layer")
    if zones is not None and len(outlines[0]):
        if is_metric(zones.crs):
            lon, lat = outlines
            of_zones = Text("沿用分区的坐标系", "that of the zones")
            return check_metric_crs(zones.crs, lon, lat, "read_layer", how=of_zones)
        return choose_metric_crs(*outlines, chosen_from=Text("分区范围", "the zones"))
    if any(position.is_metric for position in positions):
        raise _MESSAGES.error(CRSError, "read_layer_pipeline")
    if not len(lon):
        return None
    middle = Text("中间 98% 的位置", "the 1st to 99th percentile of the positions")
    return choose_metric_crs(lon, lat, chosen_from=middle)


def _check_fields(
    raw: Raw,
    spec: LayerSpec,
    mapping: Mapping[str, str],
    findings: Findings,
    *,
    measure_is_drawn: bool,
) -> None:
    free = [column for column in raw.frame.columns if column not in mapping.values()]
    for name, item in spec.fields.items():
        if name in mapping or name == spec.id_field:
            continue
        if name == spec.measure and measure_is_drawn:
            continue
        near = similar_columns(item, free) if name == spec.measure else []
        if name == spec.measure and not spec.is_counted:
            raise _without_measure(raw.name, spec, item, near)
        if item.figures or item.required:
            known = load_figures().figures
            names = [known[f] for f in item.figures if f in known]
            detail = Text(
                "、".join(f.zh for f in names) or "、".join(item.figures),
                ", ".join(f.en for f in names) or ", ".join(item.figures),
            )
            if near:
                detail = join_texts([detail, _ask_which(spec, item, near)])
            findings.add(
                "FIELD_MISSING", expected=", ".join(item.figures), detail=detail, item=item
            )


def _without_measure(source: str, spec: LayerSpec, item: Field, alike: list[str]) -> SourceError:
    cause = _MESSAGES(
        "layer_needs_field",
        source=source,
        spec=spec,
        item=item,
        aliases=", ".join(item.aliases[:4]),
    )
    remedy = _MESSAGES("name_column_under")
    if alike:
        ask = _ask_which(spec, item, alike)
        remedy = Text(f"{ask.zh}（Python：aliases=）。", f"{ask.en} (Python: aliases=).")
    return SourceError(cause, remedy=remedy)


def _ask_which(spec: LayerSpec, item: Field, alike: list[str]) -> Text:
    """Ask whether one of the columns ``alike`` is the field, and say what to write then."""
    entry = f'"{alike[0]}" = "{item.name}"'
    return _MESSAGES(
        "column_is_near",
        alike="”、“".join(alike),
        spec=spec,
        entry=entry,
        either=" or ".join(map(repr, alike)),
    )


def _complete(error: CityDataError, findings: Findings, raws: Sequence[Raw]) -> None:
    """Let the error carry all that was found before it, and how many records had been walked."""
    carried = empty_findings() if error.findings is None else error.findings
    last = Findings(findings.layer)
    if not carried["code"].eq("LAYER_UNUSABLE").any():
        last.add("LAYER_UNUSABLE", detail=Text(error.message_zh, error.message))
    n_records = sum(len(raw.record) for raw in raws)
    found = findings.frame(n_records=n_records)
    error.findings = concat_findings([found, of_layer(carried, findings.layer), last.frame()])
    if raws:
        error.n_walked = sum(raw.n_walked for raw in raws) + (error.n_walked or 0)
        error.n_skipped += sum(raw.n_skipped for raw in raws)
