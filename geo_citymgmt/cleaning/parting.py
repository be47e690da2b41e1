"""Accepted records apart from rejected ones, each with what was found of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo_citymgmt.cleaning.columns import precision_column
from geo_citymgmt.cleaning.extent import spots
from geo_citymgmt.cleaning.personal import MASK, mask_record
from geo_citymgmt.cleaning.records import Records
from geo_citymgmt.reading import Raw

__all__ = ["PartedRecords"]


class PartedRecords(Records):
    """The records of a layer, to be parted into accepted and rejected once all is decided."""

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
        if told := [str(column) for column in unknown if column not in place_columns]:
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
        x[here], y[here] = spots(as_read[at[here]])
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


def _plain_json(value: Any) -> Any:
    if value is pd.NA or value is pd.NaT:
        return None
    return value.item() if isinstance(value, np.generic) else str(value)
