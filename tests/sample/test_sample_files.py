"""The folder is what the generator writes, as an office would keep it, and small."""

from __future__ import annotations

import tomllib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from generator.systems import SYSTEMS
from geo_citymgmt.spec import load_specs

LAYERS = (
    "districts", "streets", "illegal_construction", "utility_tunnels", "manholes",
    "parking_points", "bike_stations", "roads", "transit_stops", "population_cells",
    *(key for key in SYSTEMS if not load_specs()[key].is_table),
)  # fmt: skip
TABLES = tuple(key for key in SYSTEMS if load_specs()[key].is_table)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_generator_writes_the_kept_layer(shipped: Path, rebuilt: Path, layer: str) -> None:
    kept, made = gpd.read_file(shipped / f"{layer}.shp"), gpd.read_file(rebuilt / f"{layer}.shp")
    pd.testing.assert_frame_equal(kept.drop(columns="geometry"), made.drop(columns="geometry"))
    old, new = kept.geometry.to_numpy(), made.geometry.to_numpy()
    assert (shapely.get_num_coordinates(old) == shapely.get_num_coordinates(new)).all()
    moved = np.abs(shapely.get_coordinates(old) - shapely.get_coordinates(new))
    assert moved.max() <= 0.001


@pytest.mark.parametrize(
    "name",
    ["events.csv", "targets.csv", "reported.csv", *(f"{key}.csv" for key in TABLES)],
)
def test_the_generator_writes_the_kept_tables(shipped: Path, rebuilt: Path, name: str) -> None:
    assert (shipped / name).read_bytes() == (rebuilt / name).read_bytes()


def test_attributes_rebuild_to_the_byte(shipped: Path, rebuilt: Path) -> None:
    for layer in LAYERS:
        name = f"{layer}.dbf"
        assert (shipped / name).read_bytes() == (rebuilt / name).read_bytes(), name


def test_the_folder_is_at_most_sixteen_megabytes_and_the_cases(shipped: Path) -> None:
    files = [p for p in shipped.iterdir() if p.suffix != ".parquet"]
    assert sum(p.stat().st_size for p in files) <= 16_000_000


@pytest.mark.parametrize("layer", LAYERS)
def test_files_state_crs_and_encoding_and_use_names_of_the_layer_files(
    shipped: Path, layer: str
) -> None:
    table = gpd.read_file(shipped / f"{layer}.shp")
    assert table.crs.to_epsg() == 4549
    assert (shipped / f"{layer}.cpg").read_text() == "UTF-8"
    known = {field.dbf for field in load_specs()[layer].fields.values()}
    assert set(table.columns.drop("geometry")) <= known
    assert table.geometry.is_valid.all() and not table.geometry.is_empty.any()


@pytest.mark.parametrize("layer", LAYERS)
def test_values_are_chinese_labels_of_the_layer_files(shipped: Path, layer: str) -> None:
    table, spec = gpd.read_file(shipped / f"{layer}.shp"), load_specs()[layer]
    for field in spec.fields.values():
        if field.dbf not in table or field.type not in ("code", "list"):
            continue
        labels = {code.zh for code in field.codes.values()}
        found = {part for text in table[field.dbf].dropna() for part in text.split(";")}
        assert found <= labels, field.name


def test_header_date_of_tables_is_the_date_of_the_data(shipped: Path) -> None:
    for layer in LAYERS:
        assert (shipped / f"{layer}.dbf").read_bytes()[1:4] == bytes([122, 6, 30])


def test_city_file_names_every_layer_and_the_date(shipped: Path) -> None:
    city = tomllib.loads((shipped / "city.toml").read_text(encoding="utf-8"))
    assert str(city["data_date"]) == "2022-06-30"
    assert city["profile"] == "suzhou_2022"
    assert set(city["layers"]) == {*LAYERS, *TABLES, "digital_cases"}
    # Names and order of the districts are those of the profile.
    assert "names" not in city
    assert all((shipped / layer["path"]).exists() for layer in city["layers"].values())


def test_readme_says_what_is_real(shipped: Path) -> None:
    text = (shipped / "README.md").read_text(encoding="utf-8")
    assert "synthetic" in text and "approved base map" in text
    for layer in LAYERS:
        assert f"{len(gpd.read_file(shipped / f'{layer}.shp')):,}" in text, layer
    for name in TABLES:
        assert f"{len(pd.read_csv(shipped / f'{name}.csv')):,}" in text, name


def test_dirty_folder_has_the_faults_it_names(dirty_folder: Path) -> None:
    root = dirty_folder
    assert not (root / "city.toml").exists()
    assert not (root / "窨井.cpg").exists() and not (root / "停车泊位.prj").exists()
    parcels = gpd.read_file(root / "违法建设.shp", encoding="GB18030")
    assert "违法建设面" in parcels and parcels["违法建设面"].str.contains("平方米").any()
    assert (~parcels.geometry.dropna().is_valid).sum() >= 10
    assert parcels.geometry.isna().sum() == 10
    assert parcels["违建编号"].dropna().duplicated().sum() >= 20
    assert parcels["发现时间"].str.contains("年", na=False).any()
    with pytest.raises(UnicodeDecodeError):
        (root / "events.csv").read_bytes().decode("utf-8")
    bikes = gpd.read_file(root / "公共自行车.shp")
    assert bikes.crs.to_epsg() == 4490 and (bikes["STATION_ID"] == "合计").sum() == 1
