"""The steps that decide about records, one after the other, for any layer and any source."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo_citymgmt.cleaning.codes import code_table
from geo_citymgmt.cleaning.columns import number_field
from geo_citymgmt.cleaning.datum_guess import guess_text, suspect_datum
from geo_citymgmt.cleaning.extent import spots
from geo_citymgmt.cleaning.geometry import NO_PLACE, Unusable, tell_coincident
from geo_citymgmt.cleaning.ids import Numbering, identify
from geo_citymgmt.cleaning.names import field_named
from geo_citymgmt.cleaning.place import NO_TERMS, ZoneTerms, check_place, reported_codes
from geo_citymgmt.cleaning.text import no_text, plain_key
from geo_citymgmt.cleaning.units import suspect_units
from geo_citymgmt.errors import SpecError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading import Raw
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

__all__ = ["Records", "check_measure_from", "check_words", "named_units", "own_words"]

#: Where a source says in which district a record is, the code before the name.
_DISTRICTS = ("district_reported", "district_name")

#: Units of what is drawn, and how many metres or square metres they are.
_AREAS, _LENGTHS = {"m2": 1.0, "km2": 1e6}, {"m": 1.0, "km": 1e3}
#: Share of records outside all zones from which on the datum is asked about.
_OUTSIDE = 0.02


class Records:
    """The steps that decide about records; each adds to the findings, none drops a row."""

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
        mend: Collection[str],
        told: Mapping[str, str],
    ) -> None:
        """Find columns in another unit; convert them only where that is asked for."""
        found = suspect_units(self.data, self.geometry, self.spec, self.findings)
        for name, unit in found.items():
            if "units" in mend and name not in told:
                column = raw[mapping[name]].reset_index(drop=True)
                again = Findings(self.spec.key)
                item = self.spec.fields[name]
                self.data[name] = number_field(column, item, again, self.record, unit)
                self.findings.add(
                    "UNIT_CONVERTED",
                    value=f"1 {unit}",
                    expected=item.unit or "1",
                    item=item,
                    about="column",
                )
            else:
                self.doubted[name] = unit

    def place(
        self,
        zones: gpd.GeoDataFrame | None,
        unusable: Unusable,
        terms: ZoneTerms = NO_TERMS,
    ) -> None:
        """Compute the district, and decide about records without usable geometry."""
        if self.spec.role == "facility":
            # A layer written by this package says itself what its source had reported.
            before = "district_reported" in self.data
            reported = reported_codes(
                self.data.get("district_reported" if before else "district_code"),
                None if before else self.data.get("district_name"),
                zones,
                self.findings,
                self.record,
                terms,
            )
            stated = before or "district_code" in self.data or "district_name" in self.data
        else:
            reported = no_text(len(self.data))
            stated = False
        self._decide_unusable(unusable, reported, terms)
        if self.spec.role != "facility":
            return
        if stated:
            self.data["district_reported"] = reported.array
        code = no_text(len(self.data))
        if zones is not None:
            located = self.geometry.copy()
            located[self.rejected] = None
            code, far = check_place(located, reported, zones, self.findings, self.record, terms)
            self.rejected |= far
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
        told = (unusable.code != "") & ~self.rejected
        if not told.any():
            return
        named = reported.notna().to_numpy()
        # A shape that could not be built is no missing one: its finding is there already.
        unbuilt = told & (unusable.code == "GEOM_NULL")
        unbuilt &= np.isin(self.record, self.findings.records_of("RECORD_UNREADABLE"))
        placed = told & named
        if self.spec.role == "facility":
            placed |= told & ~unbuilt & np.isin(unusable.code, NO_PLACE)
        for hit, action, severity in (
            (unbuilt & placed, "none", "warning"),
            (unbuilt & ~placed, "rejected", "error"),
        ):
            records = self.record[hit]
            self.findings.settle("RECORD_UNREADABLE", records, action=action, severity=severity)
        for code in np.unique(unusable.code[told & ~unbuilt].astype(str)):
            mine = told & ~unbuilt & (unusable.code == code)
            for hit, action, severity in (
                (mine & placed, "none", "warning"),
                (mine & ~placed, "rejected", "error"),
            ):
                self.findings.add(
                    code,
                    records=self.record[hit],
                    value=unusable.value[hit],
                    expected=unusable.expected[hit],
                    action=action,
                    severity=severity,
                )
        self.findings.add(
            "UNLOCATED",
            records=self.record[placed],
            value=reported[placed].fillna("—").to_numpy(dtype=object),
            action="assumed",
            unit=terms.word,
        )
        self.rejected |= told & ~placed

    def measure(self, measure_from: str | None = None) -> None:
        """Fill the measure of the layer from the geometry where that is said; tell the rest.

        The layer's file says so, or whoever reads it by ``measure_from="geometry"``.

        A facility without its measure counts as one; what adds the measure up says how many lack
        it. A context record without it says nothing, and is rejected.
        """
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
            shown = np.array([f"{m:.3f}" for m in measured[filled]], dtype=object)
            self.findings.add(
                "VALUE_ASSUMED",
                records=self.record[filled],
                value=shown,
                action="assumed",
                item=item,
            )
            missing = missing & ~filled
        if self.spec.role == "facility":
            self.findings.add("VALUE_MISSING", records=self.record[missing], item=item)
            return
        self.findings.add(
            "VALUE_MISSING",
            records=self.record[missing],
            severity="error",
            action="rejected",
            item=item,
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
        names = (self.spec.measure, "name", self.spec.label, self.spec.state_field)
        key = self.data[[n for n in dict.fromkeys(names) if n in self.data.columns]]
        shapes = self.geometry
        if self.rejected.any():
            shapes = shapes.copy()
            shapes[self.rejected] = None
        tell_coincident(shapes, key, ids, self.findings, self.record)

    def _numbering(self, raw: Raw) -> Numbering:
        # A district is the same one in whatever file it stands.
        is_zone = self.spec.role == "zones"
        said = [self.data[n] for n in _DISTRICTS if n in self.data.columns and not is_zone]
        nothing = no_text(len(self.data))
        district = said[0].astype("str").fillna(said[-1].astype("str")) if said else nothing
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
            place=np.column_stack(spots(self.geometry)),
            labels=raw.labels(),
        )


def check_measure_from(given: str | None, spec: LayerSpec) -> None:
    """Refuse what a measure cannot come from: only areas and lengths are drawn."""
    item = spec.fields[spec.measure] if spec.measure else None
    if given is None or (given == "geometry" and item and item.unit in (*_AREAS, *_LENGTHS)):
        return
    if given != "geometry":
        raise SpecError(
            Text(
                f"measure_from 为 {given!r}，只能是 “geometry”。",
                f'measure_from is {given!r}; it can be "geometry" alone.',
            )
        )
    raise SpecError(
        Text(
            f"measure_from：图层“{spec.name_zh}”的量值不是面积或长度，不能由图形得到。",
            f"measure_from: {spec.key} has no area or length that geometry could give.",
        ),
        remedy=Text("请去掉 measure_from。", "Leave measure_from out."),
    )


def check_words(mend: Collection[str]) -> None:
    """Refuse slips to put right that are not known."""
    known = {"swapped", "zone_prefix", "units"}
    odd = sorted({mend} if isinstance(mend, str) else set(mend) - known)
    if odd:
        raise SpecError(
            Text(
                f"mend：不认识 {'、'.join(odd)}；可用：{'、'.join(sorted(known))}（列表）。",
                f"mend: unknown {', '.join(odd)}; a list of {', '.join(sorted(known))}.",
            ),
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
            raise SpecError(
                Text(
                    f"values：“{item.zh}”（{item.name}）没有代码表；有代码表的字段：{coded}。",
                    f"values: {item.name!r} has no codes; fields that have: {coded}.",
                ),
            )
        table = code_table(item)
        codes = out.setdefault(item.name, {})
        for word, code in words.items():
            if code and plain_key(str(code)) not in table:
                known = "、".join(f"{key} {entry.zh}" for key, entry in item.codes.items())
                raise SpecError(
                    Text(
                        f"values：“{item.zh}”没有代码 {code}（来自“{word}”）；可用：{known}。",
                        f"values: {item.name!r} has no code {code!r} (for {word!r}); known: "
                        f"{', '.join(item.codes)}.",
                    ),
                )
            codes[str(word)] = table[plain_key(str(code))] if code else ""
    return out
