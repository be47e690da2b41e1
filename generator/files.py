"""The sample as an office keeps it: a folder of shapefiles with Chinese values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from generator.city import Sample, build_sample
from generator.days import DATA_DATE
from generator.dbf import number_column, text_column
from generator.places import PROFILE
from geo_citymgmt.indicators import load_figures
from geo_citymgmt.profiles import load_profile
from geo_citymgmt.spec import Field, LayerSpec, load_specs
from geo_citymgmt.writing._atomic import make_folder
from geo_citymgmt.writing._shapefile import Column, date_column, write_dbf

__all__ = ["in_chinese", "write_layer_files", "write_sample"]

#: Published figures that are a stock on the day, and no plan.
_STOCKS = (
    "tunnel_operating_length", "tunnel_construction_length", "parking_dynamic_spaces_connected",
)  # fmt: skip
#: Decimals of numbers that are not whole.
DECIMALS = {
    "footprint_m2": 1, "length_km": 3, "width_m": 1, "height_m": 1, "occupancy_ratio": 2,
    "length_m": 1, "face_area_m2": 1, "waste_t": 1, "kitchen_t": 1, "area_m2": 1, "clearance_m": 1,
    "progress": 2,
}  # fmt: skip


def write_sample(folder: str | Path, *, scale: int = 1, seed: int = 0, dirty: bool = False) -> Path:
    """Write the synthetic city as a folder of shapefiles.

    Parameters
    ----------
    folder : str or Path
        Folder to write to; made where it is missing.
    scale : int, default 1
        How many times the records.
    seed : int, default 0
        Seed of the city.
    dirty : bool, default False
        Write the same city as it would arrive from many hands, see
        :mod:`generator.dirty`.

    Returns
    -------
    Path
        The folder.
    """
    root = Path(folder)
    make_folder(root)
    sample = build_sample(scale, seed)
    if dirty:
        from generator.dirty import write_dirty

        write_dirty(root, sample, seed)
        return root
    specs = load_specs(below=load_profile(PROFILE).layers)
    for key, table in sample.layers.items():
        if isinstance(table, gpd.GeoDataFrame):
            write_layer_files(root / f"{key}.shp", *in_chinese(table, specs[key]))
        else:
            write_table(root / f"{key}.csv", table, specs[key])
    write_rows(root / "reported.csv", reported(sample))
    write_tables(root, sample)
    (root / "city.toml").write_text(city_toml(sample), encoding="utf-8", newline="\n")
    assessment = Path(__file__).with_name("assessment.toml")
    (root / assessment.name).write_bytes(assessment.read_bytes())
    return root


def in_chinese(
    table: gpd.GeoDataFrame, spec: LayerSpec
) -> tuple[gpd.GeoDataFrame, dict[str, Field]]:
    """Return the layer with short names and Chinese values, and its fields by those names."""
    columns, fields = {}, {}
    for name in table.columns.drop("geometry"):
        field = spec.fields[name]
        columns[field.dbf] = _chinese(table[name], field)
        fields[field.dbf] = field
    return gpd.GeoDataFrame(columns, geometry=table.geometry, crs=table.crs), fields


def _chinese(values: pd.Series, field: Field) -> pd.Series:
    if field.type == "bool":
        return values.map({True: "是", False: "否"})
    if field.type in ("code", "list"):
        texts = values.dropna().unique()
        label = {
            text: ";".join(field.codes[code].zh for code in str(text).split(";")) for text in texts
        }
        return values.map(label)
    return values


def write_table(path: Path, table: pd.DataFrame, spec: LayerSpec) -> None:
    """Write a table without places as an office keeps it: short names and Chinese values."""
    columns = {}
    for name in table.columns:
        values = _chinese(table[name], spec.fields[name])
        if pd.api.types.is_datetime64_any_dtype(values):
            values = values.dt.strftime("%Y-%m-%d")
        elif spec.fields[name].type in ("int", "float"):
            values = pd.Series(_short(values))
        columns[spec.fields[name].dbf] = values.fillna("")
    write_rows(path, pd.DataFrame(columns))


def reported(sample: Sample) -> pd.DataFrame:
    """What is reported beside the layers: by the document, and by the districts of one figure."""
    profile = load_profile(PROFILE)
    answered = {f.published for f in load_figures(profile=profile).figures.values()}
    table = profile.published()
    told = table[table["kind"].isin(["actual", "rate"]) | table["id"].isin(_STOCKS)]
    told = told[told["id"].isin(answered)]
    document = pd.DataFrame(
        {
            "figure": told["id"], "zone": "", "period": told["period"],
            "value": [f"{v:.10g}" for v in told["value"]], "unit": told["unit"],
            "source": profile.document.zh.partition("（")[0].strip("《》"),
            "clause": told["quote_zh"].str.replace(",", "，"),
        }
    )  # fmt: skip
    toilets = sample.layers["public_toilets"]
    built = toilets[(toilets["area_type"] == "rural") & toilets["completed_date"].notna()]
    zones = sample.layers["districts"]
    joined = gpd.sjoin(built[["geometry"]], zones[["district_code", "geometry"]])
    counts = joined["district_code"].value_counts().reindex(zones["district_code"], fill_value=0)
    # Two districts have reported one more than their records show.
    counts.iloc[[2, 7]] += 1
    districts = pd.DataFrame(
        {
            "figure": "toilets_rural_built", "zone": counts.index, "period": "2022-H1",
            "value": counts.to_numpy(), "unit": "座", "source": "板块报表（虚构）", "clause": "",
        }
    )  # fmt: skip
    return pd.concat([document, districts], ignore_index=True)


def write_layer_files(
    path: Path,
    table: gpd.GeoDataFrame,
    fields: Mapping[str, Field],
    *,
    encoding: str | None = "UTF-8",
    names: Mapping[str, bytes] | None = None,
    prj: bool = True,
    cpg: bool = True,
) -> None:
    """Write one shapefile, geometry by GDAL and attributes by :mod:`generator.dbf`.

    Parameters
    ----------
    path : Path
        The .shp file.
    table : geopandas.GeoDataFrame
        Columns by their names in the file.
    fields : mapping of str to Field
        What each column is; one that is not in it is text.
    encoding : str
        Encoding of the attributes.
    names : mapping of str to bytes, optional
        Other column names, as bytes.
    prj, cpg : bool
        Whether to write the files that state the CRS and the encoding.
    """
    bare = gpd.GeoDataFrame(geometry=table.geometry, crs=table.crs)
    pyogrio.write_dataframe(bare, path, driver="ESRI Shapefile")
    columns = [
        _column(
            (names or {}).get(name, str(name).encode("ascii", "replace")),
            table[name],
            fields.get(str(name)),
            encoding or "UTF-8",
        )
        for name in table.columns.drop("geometry")
    ]
    write_dbf(path.with_suffix(".dbf"), columns, DATA_DATE)
    if not prj:
        path.with_suffix(".prj").unlink(missing_ok=True)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg:
        path.with_suffix(".cpg").write_text(encoding or "UTF-8", encoding="ascii")


def _column(name: bytes, values: pd.Series, field: Field | None, encoding: str) -> Column:
    if pd.api.types.is_datetime64_any_dtype(values):
        return date_column(name, values)
    number = field is not None and field.type in ("int", "float")
    if field is not None and number and pd.api.types.is_numeric_dtype(values):
        return number_column(name, values, DECIMALS.get(field.name, 0))
    return text_column(name, values, encoding)


def write_tables(root: Path, sample: Sample, encoding: str = "utf-8") -> None:
    """Write ``events.csv`` and ``targets.csv``."""
    events = sample.events.copy()
    events["date"] = events["date"].dt.strftime("%Y-%m-%d")
    events["amount"] = _short(events["amount"])
    targets = sample.targets.assign(target=_short(sample.targets["target"]))
    for name, table in (("events", events), ("targets", targets)):
        write_rows(root / f"{name}.csv", table, encoding)


def write_rows(path: Path, table: pd.DataFrame, encoding: str = "utf-8") -> None:
    """Write a .csv whose cells hold no comma."""
    # An own text, not to_csv: line ends and blanks stay the same on every system.
    rows = [",".join(table.columns)]
    rows += [",".join(r) for r in table.astype(str).itertuples(index=False, name=None)]
    path.write_bytes(("\n".join(rows) + "\n").encode(encoding))


def _short(values: pd.Series) -> list[str]:
    return ["" if np.isnan(v) else f"{v:g}" if v % 1 else f"{int(v)}" for v in values.astype(float)]


def city_toml(sample: Sample) -> str:
    """Return the city file: what the office knows about its own data, said once."""
    lines = [
        "# 示例城市（合成数据），口径与来源见 README.md。Synthetic city; see README.md.",
        "# 城市名称、区划名称和顺序、文件数据与目标都在配置中。Whose city it is, and its document.",
        f'profile = "{PROFILE}"',
        f"data_date = {DATA_DATE.isoformat()}",
        'source = { zh = "合成数据（示例）", en = "synthetic data (sample)" }',
        'notice = { zh = "示例：全部记录均为合成数据，不是真实情况", '
        'en = "Sample: every record is synthetic, none is real" }',
        'events = "events.csv"',
        'targets = "targets.csv"',
        'reported = "reported.csv"',
        "",
        "[zones]",
        'district = "districts"',
        'street = "streets"',
    ]
    for key, table in sample.layers.items():
        is_drawn = isinstance(table, gpd.GeoDataFrame)
        place = ['crs = "EPSG:4549"', 'datum = "cgcs2000"'] if is_drawn else []
        path = f'path = "{key}.{"shp" if is_drawn else "csv"}"'
        lines += ["", f"[layers.{key}]", path, *place, 'encoding = "UTF-8"']
    return "\n".join(lines) + "\n"
