"""The steps that decide about records, one after the other, for any layer and any source."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from pyproj import CRS

from geo_citymgmt._dates import last_days
from geo_citymgmt._languages import Messages, Text, listed
from geo_citymgmt.cleaning._codes import (
    code_table,
    parse_bool_column,
    parse_code_column,
    read_codes,
)
from geo_citymgmt.cleaning._dates import parse_date_column
from geo_citymgmt.cleaning._datum import guess_text, suspect_datum
from geo_citymgmt.cleaning._geometry import (
    NO_PLACE,
    Unusable,
    report_coincident,
    report_far,
    representative_points,
)
from geo_citymgmt.cleaning._headings import add_converted
from geo_citymgmt.cleaning._ids import Numbering, clean_ids, identify, report_odd_forms
from geo_citymgmt.cleaning._names import field_named
from geo_citymgmt.cleaning._numbers import (
    exact_integer,
    floor_area_field,
    footprint,
    measured_by,
    parse_number_column,
    suspect_units,
    unit_factor,
)
from geo_citymgmt.cleaning._personal import MASK, mask_record
from geo_citymgmt.cleaning._place import (
    NO_TERMS,
    ZoneTerms,
    check_place,
    report_outside,
    reported_codes,
)
from geo_citymgmt.errors import SpecError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading import Raw
from geo_citymgmt.reading._text import (
    NULL_WORDS,
    clean_text,
    has_byte,
    holds,
    no_text,
    plain_key,
    text_array,
)
from geo_citymgmt.spec import Field, LayerSpec

_MESSAGES = Messages("geo_citymgmt.cleaning")

_LOST = "�"
#: First bytes of the words of programs for nothing.
_NULL_BEGINS = tuple({word.encode()[0] for word in NULL_WORDS})
_PRECISIONS = ("month", "year")


def clean_columns(
    frame: pd.DataFrame,
    mapping: Mapping[str, str],
    spec: LayerSpec,
    findings: Findings,
    record: np.ndarray,
    units: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    date_order: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return the fields of ``mapping`` (field to source column), typed, on a fresh index.

    A date field that is not always known to the day is followed by ``<field>_precision``: the first
    day of a month stands for it, and of a limit the last, to which it runs. Plain
    numbers of a field in ``units`` are in the unit named there, dates of one in ``date_order`` are
    in the order named there; ``values`` gives, by field, an office's own words with their codes.
    """
    out: dict[str, pd.Series] = {}
    office_words = values or {}
    for name, column in mapping.items():
        item, cells = spec.fields[name], frame[column].reset_index(drop=True)
        _report_null_words(cells, item, findings)
        if item.type in ("id", "text"):
            unit = (units or {}).get(name)
            if unit is not None and item.unit:
                cells = size_text(cells, item, unit)
            is_id = item.type == "id"
            out[name] = (
                clean_ids(cells, item, findings, record) if is_id else clean_text(cells, fold=False)
            )
            if name == spec.id_field:
                report_odd_forms(out[name], item, findings, record)
            _report_lost(out[name], item, findings, record)
        elif item.type in ("int", "float"):
            out[name] = number_field(cells, item, findings, record, (units or {}).get(name))
        elif item.type == "bool":
            out[name] = parse_bool_column(cells, item, findings, record)
        elif item.type in ("date", "datetime"):
            order = (date_order or {}).get(name)
            is_limit = name in spec.limits
            out[name], precision = parse_date_column(
                cells, item, findings, record, order, is_limit=is_limit
            )
            companion = precision_column(name, frame)
            if companion is not None:
                # Written by this package before: the day was made up then, and still is.
                stated = clean_text(frame[companion].reset_index(drop=True), fold=True)
                known = stated.isin(_PRECISIONS) & out[name].notna()
                precision = precision.where(precision.notna(), stated.where(known))
            if is_limit:
                out[name] = last_days(out[name], precision)
            if precision.notna().any():
                out[f"{name}_precision"] = precision
        else:
            out[name] = parse_code_column(cells, item, findings, record, office_words.get(name))
    return pd.DataFrame(out, index=pd.RangeIndex(len(frame)))


def number_field(
    values: pd.Series,
    item: Field,
    findings: Findings,
    record: np.ndarray,
    unit: str | None = None,
) -> pd.Series:
    """Parse one column of numbers, hold it to its range and give it its type."""
    numbers, _ = parse_number_column(values, item, findings, record, unit=unit)
    numbers = _in_range(numbers, item, findings, record)
    return _integers(numbers, values, item, findings, record) if item.type == "int" else numbers


def size_text(values: pd.Series, item: Field, unit: str) -> pd.Series:
    """Write the plain numbers of a text in the unit of its field: 0.7 m is 700 in millimetres.

    What is no plain number (700×700, φ700) stays as it is.
    """
    factor = unit_factor(unit, item.unit)
    if factor is None or factor == 1:
        return values
    numbers = pd.to_numeric(values, errors="coerce") * factor
    written = numbers.dropna().round(6).map("{:g}".format)
    return values.astype(object).where(numbers.isna(), written.reindex(values.index))


def precision_column(name: str, frame: pd.DataFrame) -> str | None:
    """Name of the column that tells how precisely the date field ``name`` is known."""
    column = f"{name}_precision"
    return column if column in frame.columns else None


def _report_lost(column: pd.Series, item: Field, findings: Findings, record: np.ndarray) -> None:
    texts = text_array(column)
    if not holds(texts, _LOST):
        return
    lost = pc.fill_null(pc.match_substring(texts, _LOST), False)
    hit = np.flatnonzero(lost.to_numpy(zero_copy_only=False))
    values = column.iloc[hit].to_numpy(dtype=object)
    findings.add("TEXT_LOST", records=record[hit], item=item, value=values)


def _report_null_words(column: pd.Series, item: Field, findings: Findings) -> None:
    """Tell that a program has written its word for nothing as if it were text."""
    if not isinstance(column.dtype, pd.StringDtype):
        return
    texts = text_array(column)
    at = np.flatnonzero(has_byte(texts, 0, _NULL_BEGINS))
    if not len(at):
        return
    matches = pc.is_in(texts.take(pa.array(at)), value_set=pa.array(NULL_WORDS, type=texts.type))
    hit = at[matches.to_numpy(zero_copy_only=False)]
    if len(hit):
        findings.add("NULL_TEXT", value=texts[int(hit[0])].as_py(), expected=len(hit), item=item)


def _in_range(numbers: pd.Series, item: Field, findings: Findings, record: np.ndarray) -> pd.Series:
    low, high = item.min, item.max
    if low is None and high is None:
        return numbers
    low_, high_ = (-np.inf if low is None else low), (np.inf if high is None else high)
    bad = numbers.notna() & ~numbers.between(low_, high_)
    if not bad.any():
        return numbers
    findings.add(
        "NUMBER_RANGE",
        records=record[bad],
        item=item,
        value=numbers[bad].map("{:g}".format).to_numpy(dtype=object),
        expected=f"{'' if low is None else f'{low:g}'} … {'' if high is None else f'{high:g}'}",
        action="value_removed",
    )
    return numbers.mask(bad)


def _integers(
    numbers: pd.Series, values: pd.Series, item: Field, findings: Findings, record: np.ndarray
) -> pd.Series:
    broken = (numbers.notna() & (numbers != numbers.round())).to_numpy(dtype=bool, copy=True)
    # From 2**53 on a float no longer tells neighbouring whole numbers apart: the few that are that
    # large are taken as they stand, and told where that is no whole number in the field's unit.
    large = np.flatnonzero(numbers.notna() & (numbers.abs() >= 2**53))
    codes, distinct = pd.factorize(values.iloc[large])
    exact = pd.array([*map(exact_integer, distinct), None], dtype="Int64")[codes]
    same = (exact.astype("Float64") == numbers.iloc[large].array).fillna(False)
    broken[large[~same.to_numpy(dtype=bool)]] = True
    if broken.any():
        findings.add(
            "NUMBER_UNPARSED",
            records=record[broken],
            item=item,
            value=numbers[broken].map("{:g}".format).to_numpy(dtype=object),
            action="value_removed",
        )
    integers = numbers.mask(broken)
    integers.iloc[large] = np.nan
    integers = integers.astype("Int64")
    integers.iloc[large] = pd.array(exact).copy()
    integers[broken] = pd.NA
    return integers


#: Where a source says in which district a record is, the code before the name.
_DISTRICTS = ("district_reported", "district_name")

#: Units of what is drawn, and how many metres or square metres they are.
_AREAS, _LENGTHS = {"m2": 1.0, "km2": 1e6}, {"m": 1.0, "km": 1e3}
#: Share of records outside all zones from which on the datum is asked about.
_OUTSIDE = 0.02


class Records:
    """The steps that decide about records; each adds to the findings, none drops a row.

    Once all is decided they are split into accepted and rejected.
    """

    def __init__(
        self,
        spec: LayerSpec,
        findings: Findings,
        record: np.ndarray,
        data: pd.DataFrame,
        geometry: np.ndarray,
    ) -> None:
        self.spec, self.findings, self.record = spec, findings, record
        self.data, self.geometry = data, geometry
        self.rejected = np.isin(record, findings.records_with("rejected"))
        self.doubted: dict[str, str] = {}

    def check_units(
        self,
        raw: pd.DataFrame,
        mapping: Mapping[str, str],
        *,
        repair: Collection[str],
        stated: Mapping[str, str],
    ) -> None:
        """Find columns in another unit; convert them only where that is asked for."""
        suspected = suspect_units(self.data, self.geometry, self.spec, self.findings)
        for name, unit in suspected.items():
            if "units" in repair and name not in stated:
                column = raw[mapping[name]].reset_index(drop=True)
                again = Findings(self.spec.key)
                item = self.spec.fields[name]
                self.data[name] = number_field(column, item, again, self.record, unit)
                add_converted(item, unit, _MESSAGES("unit_by_geometry"), self.findings)
            else:
                self.doubted[name] = unit

    def place(
        self,
        zones: gpd.GeoDataFrame | None,
        unusable: Unusable,
        terms: ZoneTerms = NO_TERMS,
    ) -> None:
        """Compute the district, and decide about records without usable geometry."""
        # A layer written by this package says itself what its source had reported.
        before = "district_reported" in self.data
        stated = self.spec.is_counted and (
            before or "district_code" in self.data or "district_name" in self.data
        )
        reported = no_text(len(self.data))
        if stated:
            reported = reported_codes(
                self.data.get("district_reported" if before else "district_code"),
                None if before else self.data.get("district_name"),
                zones,
                self.findings,
                self.record,
                terms,
            )
        self._decide_unusable(unusable, reported, terms)
        if not self.spec.is_counted:
            if zones is not None and self.spec.role == "context":
                kept = ~self.rejected
                report_outside(self.geometry[kept], zones, self.findings, self.record[kept], terms)
            return
        if stated:
            self.data["district_reported"] = reported.array
        code = no_text(len(self.data))
        if zones is not None:
            located = self.geometry.copy()
            located[self.rejected] = None
            code, far = check_place(located, reported, zones, self.findings, self.record, terms)
            self.rejected |= far
        else:
            kept = ~self.rejected
            report_far(self.geometry[kept], self.findings, self.record[kept])
        unlocated = shapely.is_missing(self.geometry) & ~self.rejected
        if unlocated.any():
            code = code.where(~unlocated, reported)
        self.data["district_code"] = code.array

    def check_datum(
        self, roads: gpd.GeoDataFrame | None, zones: gpd.GeoDataFrame | None, crs: CRS
    ) -> None:
        """Tell positions that look shifted, where roads or zones decide it."""
        if self.spec.role != "facility":
            return
        reference = roads
        if reference is None and zones is not None:
            code = self.data["district_code"]
            located = ~shapely.is_missing(self.geometry) & ~self.rejected
            # Outlines can only speak where a fair share lies outside of them.
            if located.any() and code[located].isna().mean() > _OUTSIDE:
                reference = zones
        if reference is None or reference.crs is None or not len(reference):
            return
        usable = self.geometry[~self.rejected]
        guess = suspect_datum(gpd.GeoSeries(usable, crs=crs), reference.to_crs(crs))
        if guess.datum not in ("undecided", "wgs84"):
            evidence = guess_text(guess)
            self.findings.add("DATUM_SUSPECT", value=guess.datum.upper(), expected=evidence)

    def _decide_unusable(self, unusable: Unusable, reported: pd.Series, terms: ZoneTerms) -> None:
        unlocated = (unusable.code != "") & ~self.rejected
        named = reported.notna().to_numpy()
        if self.spec.is_table:
            # Rows of a table have no place: only one that names no zone counts nowhere.
            unlocated &= ~named & (unusable.code == "GEOM_NULL")
            self._report_unlocated(unlocated, reported, terms)
            return
        if not unlocated.any():
            return
        # A shape that could not be built is no missing one: its finding is there already.
        unbuilt = unlocated & (unusable.code == "GEOM_NULL")
        unbuilt &= np.isin(self.record, self.findings.records_of("RECORD_UNREADABLE"))
        placed = unlocated & named
        if self.spec.is_counted:
            placed |= unlocated & ~unbuilt & np.isin(unusable.code, NO_PLACE)
        for hit, action, severity in (
            (unbuilt & placed, "none", "warning"),
            (unbuilt & ~placed, "rejected", "error"),
        ):
            records = self.record[hit]
            self.findings.settle("RECORD_UNREADABLE", records, action=action, severity=severity)
        for code in np.unique(unusable.code[unlocated & ~unbuilt].astype(str)):
            of_code = unlocated & ~unbuilt & (unusable.code == code)
            for hit, action, severity in (
                (of_code & placed, "none", "warning"),
                (of_code & ~placed, "rejected", "error"),
            ):
                value, expected = unusable.value[hit], unusable.expected[hit]
                self.findings.add(
                    code, records=self.record[hit], value=value, expected=expected,
                    action=action, severity=severity,
                )  # fmt: skip
        self._report_unlocated(placed, reported, terms)
        self.rejected |= unlocated & ~placed

    def _report_unlocated(self, hit: np.ndarray, reported: pd.Series, terms: ZoneTerms) -> None:
        """Tell what has no place: it counts in the zone it names, and nowhere if that is none."""
        named = reported.notna().to_numpy()
        said = reported.astype("object")
        if "district_name" in self.data:
            said = said.fillna(self.data["district_name"].astype("object").set_axis(said.index))
        for which, action in ((hit & named, "assumed"), (hit & ~named, "none")):
            self.findings.add(
                "UNLOCATED", records=self.record[which], action=action, unit=terms.word,
                value=said[which].fillna("—").to_numpy(dtype=object),
            )  # fmt: skip

    def measure(self, measure_from: str | None = None) -> None:
        """Fill the measure of the layer from the geometry where that is said; tell the rest.

        The layer's file says so, or whoever reads it by ``measure_from="geometry"``.

        A facility without its measure counts as one; what adds the measure up says how many lack
        it. A context record without it says nothing, and is rejected.
        """
        for item in self.spec.fields.values():
            if item.required and item.name in self.data and item.name != self.spec.measure:
                empty = self.data[item.name].isna().to_numpy() & ~self.rejected
                self.findings.add("VALUE_MISSING", records=self.record[empty], item=item)
        name = self.spec.measure
        is_drawn = measure_from is not None or self.spec.measure_default is not None
        if name is None or (name not in self.data.columns and not is_drawn):
            return
        item = self.spec.fields[name]
        if name not in self.data.columns:
            self.data[name] = np.nan
        missing = self.data[name].isna().to_numpy() & ~self.rejected
        if is_drawn:
            shape = gpd.GeoSeries(self.geometry)
            measured = (shape.area if item.unit in _AREAS else shape.length).to_numpy()
            measured = measured / (_AREAS | _LENGTHS)[item.unit]
            filled = missing & (measured > 0)
            self.data.loc[filled, name] = measured[filled]
            values = np.array([f"{m:.3f}" for m in measured[filled]], dtype=object)
            records = self.record[filled]
            self.findings.add(
                "VALUE_ASSUMED", records=records, value=values, action="assumed", item=item
            )
            missing = missing & ~filled
        records = self.record[missing]
        if self.spec.is_counted:
            self.findings.add("VALUE_MISSING", records=records, item=item)
            return
        self.findings.add(
            "VALUE_MISSING", records=records, severity="error", action="rejected", item=item
        )
        self.rejected |= missing

    def identify(self, raw: Raw | None = None) -> None:
        """Every record gets an id of its own; of several with one id the first is kept.

        ``raw`` tells which source each record is from, and what a clerk sees beside it.
        """
        numbering = None if raw is None else partial(self._numbering, raw)
        ids, repeated = identify(
            self.data, self.spec, self.findings, self.record, self.rejected, numbering
        )
        self.data[self.spec.id_field] = ids.array
        self.rejected |= repeated
        if self.spec.role != "facility":
            return
        names = (
            *(self.spec.measure, "name", self.spec.label, self.spec.state_field),
            *self.spec.entered_twice,
        )
        key = self.data[[n for n in dict.fromkeys(names) if n in self.data.columns]]
        shapes = self.geometry
        if self.rejected.any():
            shapes = shapes.copy()
            shapes[self.rejected] = None
        report_coincident(shapes, key, ids, self.findings, self.record)

    def _numbering(self, raw: Raw) -> Numbering:
        # A district is the same one in whatever file it stands.
        is_zone = self.spec.role == "zones"
        stated = [self.data[n] for n in _DISTRICTS if n in self.data.columns and not is_zone]
        nothing = no_text(len(self.data))
        district = nothing
        if stated:
            district = stated[0].astype("str").fillna(stated[-1].astype("str"))
        owner = self.data.get("district_code", nothing)
        part = np.zeros(len(self.data), dtype=np.int64)
        if raw.part is not None and not is_zone:
            known = pd.Series(raw.part, index=raw.record[: len(raw.part)])
            # Rows of the office's list that have no feature are of no file of the layer.
            part = known.reindex(self.record).fillna(len(raw.parts)).to_numpy(dtype=np.int64)
        return Numbering(
            source=part,
            sources=(*raw.parts, ""),
            district=district,
            owner=owner.astype("str").fillna(district),
            place=np.column_stack(representative_points(self.geometry)),
            labels=raw.labels(),
        )

    @property
    def accepted(self) -> np.ndarray:
        """Which records are not rejected."""
        return ~self.rejected

    def accepted_rows(
        self,
        raw: pd.DataFrame,
        mapping: Mapping[str, str],
        columns: Sequence[str] | None,
        crs: CRS | None,
        place_columns: Collection[str] = (),
    ) -> gpd.GeoDataFrame:
        """Return the accepted records: fields of the spec, then the other columns of ``raw``.

        ``place_columns`` are those that positions were taken from: no fields, but not unknown.
        """
        frame = self._ordered(raw, mapping, columns, place_columns)
        data = gpd.GeoDataFrame(frame, geometry=self.geometry, crs=crs)
        if self.accepted.all():
            return data
        data = data[self.accepted].reset_index(drop=True)
        # A precision that only rejected records had is no column of the layer.
        vague = [f"{n}_precision" for n in self.spec.fields if f"{n}_precision" in data]
        return data.drop(columns=[c for c in vague if data[c].isna().all()])

    def _ordered(
        self,
        raw: pd.DataFrame,
        mapping: Mapping[str, str],
        columns: Sequence[str] | None,
        place_columns: Collection[str],
    ) -> pd.DataFrame:
        computed = ("district_code", "district_reported")
        needed = {self.spec.id_field, self.spec.measure, *computed}
        wanted = set(self.spec.fields) if columns is None else {*columns, *needed}
        names = [
            full
            for name in self.spec.fields
            if name in wanted
            for full in (name, f"{name}_precision")
            if full in self.data.columns
        ]
        frame = {name: self.data[name] for name in names}
        used = {*mapping.values(), *(precision_column(name, raw) for name in mapping)}
        unknown = [column for column in raw.columns if column not in used]
        # Of a column that may be a field it has been said that it was not used.
        asked = self.findings.values_of("FIELD_PROPOSED", "FIELD_DOUBTED", "FIELD_AMBIGUOUS")
        if told := [str(c) for c in unknown if c not in place_columns and str(c) not in asked]:
            # Where nothing was recognised, the layer is what its geometry is and no more.
            severity = None if mapping else "warning"
            self.findings.add("FIELD_UNKNOWN", value=", ".join(told), severity=severity)
        for column in unknown:
            if columns is None or column in columns:
                # A source column that happens to bear the name of a field stays apart.
                label = f"{column}_source" if column in frame else column
                frame[label] = raw[column].set_axis(self.data.index)
        return pd.DataFrame(frame, index=self.data.index)

    def labelled_findings(
        self, raw: Raw, as_read: np.ndarray, hidden: Collection[str]
    ) -> pd.DataFrame:
        """Return the findings, with label, key and place of the records they are about.

        Values of the fields ``hidden`` are no examples of a fault of the whole column.
        """
        return self.findings.frame(
            places=partial(self._places, raw, as_read),
            n_records=len(self.record),
            hidden=hidden,
            mask=MASK,
        )

    def _places(self, raw: Raw, as_read: np.ndarray, records: np.ndarray) -> pd.DataFrame:
        """What is known of ``records``: also of those that are none, such as a row of totals."""
        at = pd.Index(self.record).get_indexer(records)
        here = at >= 0
        key = np.full(len(records), "", dtype=object)
        key[here] = self.data[self.spec.id_field].iloc[at[here]].to_numpy(dtype=object)
        x, y = np.full(len(records), np.nan), np.full(len(records), np.nan)
        x[here], y[here] = representative_points(as_read[at[here]])
        centre = shapely.centroid(self.geometry[at[here]])
        known = ~shapely.is_missing(centre)
        x[np.flatnonzero(here)[known]] = shapely.get_x(centre[known])
        y[np.flatnonzero(here)[known]] = shapely.get_y(centre[known])
        return pd.DataFrame({"row_label": raw.labels(records), "key": key, "x": x, "y": y})

    def rejected_rows(
        self,
        raw: Raw,
        as_read: np.ndarray,
        target: CRS | None,
        mask: tuple[set[str], str] | None,
    ) -> gpd.GeoDataFrame:
        """Return the rejected records as read, with their codes.

        ``mask`` names the columns with personal data, and the one that is left: the id.
        """
        at = np.flatnonzero(self.rejected)
        codes = self.findings.codes_of("rejected").reindex(self.record[at])
        rows: list[dict[Any, Any]] = raw.frame.iloc[at].to_dict("records") if len(at) else []
        if mask is not None:
            rows = [mask_record(row, *mask) for row in rows]
        return gpd.GeoDataFrame(
            {
                "record": self.record[at],
                "row_label": pd.array(raw.labels(self.record[at]), dtype="str"),
                "codes": codes.fillna("").to_numpy(dtype=object),
                "raw": [json.dumps(r, ensure_ascii=False, default=_plain_json) for r in rows],
            },
            geometry=as_read[at],
            crs=target,
        )


def check_measure_from(given: str | None, spec: LayerSpec) -> None:
    """Refuse what a measure cannot come from: only areas and lengths are drawn."""
    item = spec.fields[spec.measure] if spec.measure else None
    if given is None or (given == "geometry" and item and item.unit in (*_AREAS, *_LENGTHS)):
        return
    if given != "geometry":
        raise SpecError(_MESSAGES("measure_is_geometry", given=given))
    raise _MESSAGES.error(SpecError, "measure_no_area", spec=spec)


def check_words(repair: Collection[str]) -> None:
    """Refuse slips to put right that are not known."""
    known = {"swapped", "zone_prefix", "units"}
    odd = sorted({repair} if isinstance(repair, str) else set(repair) - known)
    if odd:
        raise SpecError(
            _MESSAGES("repair_unknown_list", odd=listed(odd), known=listed(sorted(known)))
        )


def named_units(units: Mapping[str, str] | None, spec: LayerSpec) -> dict[str, str]:
    """Return ``units`` by the names of fields, which may be given by their labels."""
    what = Text("units", "units")
    return {field_named(name, spec, what): unit for name, unit in (units or {}).items()}


def own_words(
    values: Mapping[str, Mapping[str, str]] | None, spec: LayerSpec
) -> dict[str, dict[str, str]]:
    """Return an office's words with their codes; fields and codes may be given by their labels.

    Raises
    ------
    SpecError
        There is no such field, it has no codes, or not that one.
    """
    out: dict[str, dict[str, str]] = {}
    for given, words in (values or {}).items():
        item = spec.fields[field_named(str(given), spec, Text("values", "values"))]
        if not item.codes:
            coded = ", ".join(field.name for field in spec.fields.values() if field.codes)
            raise SpecError(_MESSAGES("values_no_codes", item=item, coded=coded))
        table = code_table(item)
        codes = out.setdefault(item.name, {})
        for word, code in words.items():
            if code and plain_key(str(code)) not in table:
                known = "、".join(f"{key} {entry.zh}" for key, entry in item.codes.items())
                raise SpecError(
                    _MESSAGES(
                        "values_code_unknown",
                        item=item,
                        code=code,
                        word=word,
                        known=known,
                        codes=", ".join(item.codes),
                    )
                )
            codes[str(word)] = table[plain_key(str(code))] if code else ""
    return out


def _plain_json(value: Any) -> Any:
    if value is pd.NA or value is pd.NaT:
        return None
    return value.item() if isinstance(value, np.generic) else str(value)


_TOLERANCE = 0.05
#: A floor area above footprint times floors by more than this is told: eaves and balconies count.
_FLOOR_TOLERANCE = 0.25
#: With one floor or none told, only what no building has is told.
_BELIEVABLE_FLOORS = 60


def check_relations(
    data: gpd.GeoDataFrame,
    spec: LayerSpec,
    findings: Findings,
    record: np.ndarray,
    data_date: pd.Timestamp | None = None,
    doubted: Collection[str] = (),
) -> None:
    """Tell contradictions within a record; nothing is changed.

    A field in ``doubted`` is in another unit as a column, which has been told once.
    """
    relations = _Relations(data, spec, findings, record)
    floors = floor_area_field(spec)
    for name, item in spec.fields.items():
        if name not in data.columns:
            continue
        for other, sign in ((item.at_most, 1), (item.at_least, -1)):
            if other is not None and other in data.columns:
                relations.compare(name, other, sign)
        if name in doubted:
            continue
        if name == floors:
            relations.compare_with_floors(name)
        if item.geometry is not None:
            relations.compare_with_geometry(name)
        if item.parts:
            relations.compare_code(name)
    if spec.states is not None:
        relations.check_date_order(spec.states.dates)
        relations.check_states(data_date)
        if data_date is not None:
            events = {a.date for a in spec.amounts.values() if a.date}
            relations.check_date_range({*spec.states.dates, *events}, data_date)


@dataclass(frozen=True)
class _Relations:
    """Accepted records, and the findings that take the contradictions within them."""

    data: gpd.GeoDataFrame
    spec: LayerSpec
    findings: Findings
    record: np.ndarray

    def compare(self, name: str, other: str, sign: int) -> None:
        values, limits = self._numbers(name), self._numbers(other)
        second = self.spec.fields[other]
        words = Text(f"“{second.zh}”为", f"{second.en} is")
        self._report(name, sign * (values - limits) > 1e-6, limits, words, other, "{:g}")

    def compare_with_geometry(self, name: str) -> None:
        item = self.spec.fields[name]
        measured = measured_by(item, self.data.geometry.to_numpy())
        tolerance = item.tolerance or _TOLERANCE
        with np.errstate(invalid="ignore"):
            bad = np.abs(self._numbers(name) - measured) > tolerance * measured
        words = Text("图形量得", "the geometry measures")
        self._report(name, bad, measured, words, "geometry")

    def compare_code(self, name: str) -> None:
        """Hold the district and the kind that a code says against those of the record."""
        fields, codes = self.spec.fields, self.data[name].astype("str")
        kind = next((f for f in fields.values() if any(c.part for c in f.codes.values())), None)
        known = {} if kind is None else {c: e for c, e in kind.codes.items() if e.part}
        part_of, label_of = ({c: getattr(e, a) for c, e in known.items()} for a in ("part", "zh"))
        english = {e.zh: e.en for e in known.values()}
        read = read_codes(codes, fields[name], part_of.values())
        for finding, column, other in (
            ("CODE_DISTRICT", "district", "district_code"),
            ("CODE_KIND", "part", "" if kind is None else kind.name),
        ):
            if column not in read or other not in self.data.columns:
                continue
            stated = self.data[other].astype("str")
            against, shown = stated, stated
            if column == "part":
                against, shown = stated.map(part_of), stated.map(label_of)
            bad = (read[column].notna() & against.notna() & read[column].ne(against)).to_numpy()
            self.findings.add(
                finding, records=self.record[bad], item=fields[name],
                value=codes[bad].to_numpy(dtype=object),
                expected=shown[bad].to_numpy(dtype=object), english=english,
            )  # fmt: skip

    def compare_with_floors(self, name: str) -> None:
        base = footprint(self.data, self.data.geometry.to_numpy(), self.spec)
        floors = np.full(len(self.data), np.nan)
        if "floors" in self.data.columns:
            floors = self._numbers("floors")
        several = floors >= 2
        limit = np.where(several, floors * (1 + _FLOOR_TOLERANCE), _BELIEVABLE_FLOORS) * base
        with np.errstate(invalid="ignore"):
            bad = self._numbers(name) > limit
        product = Text("占地面积乘层数为", "footprint times floors gives")
        self._report(name, bad & several, base * floors, product, "floors")
        alone = Text("占地面积为", "the footprint measures")
        self._report(name, bad & ~several, base, alone, "footprint")

    def check_date_order(self, dates: Iterable[str]) -> None:
        names = [name for name in dates if name in self.data.columns]
        if len(names) < 2:
            return
        latest = self.data[names[0]]
        for later in names[1:]:
            # Against the latest of all before it: a missing date between two hides nothing.
            bad = (self._last_days(later) < latest).to_numpy(dtype=bool)
            self._report_dates("DATE_ORDER", later, bad, self._shown(latest[bad], later))
            rises = self.data[later].notna() & ~(latest >= self.data[later])
            latest = latest.where(~rises, self.data[later])

    def _last_days(self, name: str) -> pd.Series:
        """The last day each date can mean: 2022年6月 is not before the 15th of June."""
        return last_days(self.data[name], self.data.get(f"{name}_precision"))

    def check_states(self, data_date: pd.Timestamp | None) -> None:
        """Tell dates of what a record, by its status, cannot have been."""
        states = self.spec.states
        if states is None or states.field not in self.data.columns:
            return
        status, codes = self.data[states.field], self.spec.fields[states.field].codes
        labels = {code: entry.zh for code, entry in codes.items()}
        for name, (_, table, default) in states.dates.items():
            if name not in self.data.columns:
                continue
            entered = {default, *table.values()}
            denying = [c for c in codes if all(self.spec.denies(c, e) for e in entered)]
            due = self.data[name].notna()
            if data_date is not None:
                due &= self.data[name].dt.normalize() <= data_date
            bad = (due & status.isin(denying)).to_numpy(dtype=bool)
            self.findings.add(
                "RELATION_BROKEN",
                records=self.record[bad],
                item=self.spec.fields[name],
                value=self._shown(self.data.loc[bad, name], name),
                expected=status[bad].map(labels).to_numpy(dtype=object),
                english={entry.zh: entry.en for entry in codes.values()},
                detail=Text("状态为", "the status is"),
                about="status",
            )

    def check_date_range(self, dates: set[str], data_date: pd.Timestamp) -> None:
        for name in sorted(dates & set(self.data.columns)):
            # The day the data stands at counts as a whole.
            bad = (self.data[name] >= data_date + pd.Timedelta(1, "D")).to_numpy(dtype=bool)
            self._report_dates("DATE_RANGE", name, bad, f"{data_date:%Y-%m-%d}")

    def _numbers(self, name: str) -> np.ndarray:
        return self.data[name].astype("float64").to_numpy()

    def _report(
        self,
        name: str,
        bad: np.ndarray,
        against: np.ndarray,
        words: Text,
        about: str,
        form: str = "{:.6g}",
    ) -> None:
        """Tell, record by record, what a field says ``against`` what ``words`` name."""
        self.findings.add(
            "RELATION_BROKEN",
            records=self.record[bad],
            item=self.spec.fields[name],
            value=np.array([f"{v:g}" for v in self._numbers(name)[bad]], dtype=object),
            expected=np.array([form.format(v) for v in against[bad]], dtype=object),
            detail=words,
            about=about,
        )

    def _report_dates(self, code: str, name: str, bad: np.ndarray, expected: Any) -> None:
        self.findings.add(
            code,
            records=self.record[bad],
            item=self.spec.fields[name],
            value=self._shown(self.data.loc[bad, name], name),
            expected=expected,
        )

    def _shown(self, days: pd.Series, name: str) -> np.ndarray:
        """Days as a clerk has them, with the time of day where the field has it."""
        form = "%Y-%m-%d %H:%M" if self.spec.fields[name].type == "datetime" else "%Y-%m-%d"
        return days.dt.strftime(form).to_numpy(dtype=object)
