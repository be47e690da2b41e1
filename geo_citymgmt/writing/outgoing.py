"""What may leave the house: which fields, and in which exactly named CRS."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from geo_citymgmt.errors import CRSError
from geo_citymgmt.findings import Findings
from geo_citymgmt.layer import Layer
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

__all__ = ["Outgoing", "exact_code", "outgoing", "take"]


def outgoing(
    layer: Layer | gpd.GeoDataFrame,
    *,
    include_personal: bool = False,
    include_unknown: bool = False,
    columns: Sequence[str] = (),
) -> gpd.GeoDataFrame:
    """Records as they may leave the house: fields of the spec, without personal ones.

    With ``include_unknown`` the other columns of the source too.

    Personal is what the spec says is, and what its values show to be.

    ``columns`` names further ones to let out, unknown or personal.
    """
    if not isinstance(layer, Layer):
        return layer
    spec: LayerSpec = layer.spec
    keep = [
        name
        for name in layer.data.columns
        if name in columns
        or name == layer.data.active_geometry_name
        or (
            _may_leave(name, spec, include_personal, include_unknown)
            and (include_personal or name not in layer.personal)
        )
    ]
    return layer.data[keep]


class Outgoing:
    """A table on its way out: its columns, its geometry, what it is, where each record came from.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        Records.
    spec : LayerSpec, optional
        What the columns are, where that is known.
    record : array of int, optional
        Position of each record in its source; that in ``frame`` otherwise.
    name : str
        What to call it.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        spec: LayerSpec | None = None,
        record: np.ndarray | None = None,
        name: str = "",
    ) -> None:
        where = frame.active_geometry_name if isinstance(frame, gpd.GeoDataFrame) else None
        self.spec, self.name = spec, name
        self.table = pd.DataFrame(frame if where is None else frame.drop(columns=where))
        self.table = self.table.reset_index(drop=True)
        self.geometry = None
        if where is not None:
            geometry = frame.geometry
            self.geometry = gpd.GeoSeries(geometry.to_numpy(), crs=geometry.crs)
        self.record = np.arange(len(frame)) if record is None else np.asarray(record)
        #: Records whose number in the index of the frame is not carried.
        self.unlabelled: np.ndarray = np.empty(0, dtype=np.intp)
        self.findings = Findings(spec.key if spec else "")
        # Taken now: a format may rename the columns.
        self._keys = np.full(len(frame), "", dtype=object)
        if spec is not None and spec.id_field in self.table.columns:
            self._keys = self.table[spec.id_field].to_numpy(dtype=object)

    def __len__(self) -> int:
        return len(self.table)

    def frame(self) -> pd.DataFrame:
        """Return table and geometry as one frame; the geometry is called ``geometry``."""
        if self.geometry is None:
            return self.table
        # A column of that name would be overwritten without a word.
        if "geometry" in self.table.columns:
            return gpd.GeoDataFrame(
                self.table.rename(columns={"geometry": "geometry_1"}), geometry=self.geometry
            )
        return gpd.GeoDataFrame(self.table, geometry=self.geometry)

    def losses(self) -> pd.DataFrame:
        """Return what was found on the way, with the id of each record it is about."""
        at = pd.Series(np.arange(len(self.record)), index=self.record)

        def places(records: np.ndarray) -> pd.DataFrame:
            labels = np.char.add("FID ", records.astype(str)).astype(object)
            return pd.DataFrame({"row_label": labels, "key": self._keys[at[records]]})

        return self.findings.frame(places=places, n_records=len(self))


def take(
    layer: Layer | pd.DataFrame,
    *,
    include_personal: bool = False,
    include_unknown: bool = False,
    name: str = "",
) -> Outgoing:
    """Take what may leave of ``layer``."""
    frame = outgoing(layer, include_personal=include_personal, include_unknown=include_unknown)
    if isinstance(layer, Layer):
        return Outgoing(frame, layer.spec, layer.record, name or layer.spec.key)
    return Outgoing(frame, name=name)


def exact_code(geometry: gpd.GeoSeries | None, name: str) -> str | None:
    """Return what names the CRS exactly; None where there is no geometry.

    A code, such as ``EPSG:4547``, or the whole WKT of a plane that has none but rests on a datum
    that has one: the transverse Mercator of a city that no usual zone fits.

    Raises
    ------
    CRSError
        There is no CRS, or it is one that neither says exactly. Tools that write the nearest code
        instead put the data elsewhere.
    """
    if geometry is None or (geometry.crs is None and geometry.isna().all()):
        return None
    crs = geometry.crs
    if crs is None:
        raise CRSError(
            Text(f"{name}：没有坐标系。", f"{name}: has no coordinate reference system."),
            remedy=Text("写出前请先用 set_crs() 指明。", "Set it with set_crs() before writing."),
        )
    text = _exact(crs)
    if text is None:
        raise CRSError(
            Text(
                f"{name}：坐标系（{crs.name}）及其基准没有 EPSG 代码，写出会被标成别的坐标系。",
                f"{name}: its coordinate reference system ({crs.name}) has no EPSG code, nor "
                "has its "
                "datum, and files would state another one.",
            ),
            remedy=Text("请先用 to_crs() 转换。", "Bring it into one that has, with to_crs()."),
        )
    return text


# PROJ searches its whole data base, half a second for a CRS that has no code.
@lru_cache(maxsize=64)
def _exact(crs: pyproj.CRS) -> str | None:
    authority = crs.to_authority(min_confidence=100)
    if authority == ("OGC", "CRS84"):
        # The same positions; only the stated order of the axes differs, and x is written first.
        authority = ("EPSG", "4326")
    if authority is not None and authority[0] == "EPSG":
        return ":".join(authority)
    base = crs.geodetic_crs
    known = base is not None and crs.is_projected and base.to_authority(min_confidence=100)
    return str(crs.to_wkt()) if known and known[0] == "EPSG" else None


def _may_leave(name: str, spec: LayerSpec, personal: bool, unknown: bool) -> bool:
    item = spec.fields.get(name.removesuffix("_precision"))
    return unknown if item is None else personal or not item.personal
