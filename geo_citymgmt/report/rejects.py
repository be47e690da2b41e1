"""``rejected/``: the records refused, one file a layer, to be corrected and sent again."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt.cleaning.names import match_columns
from geo_citymgmt.cleaning.personal import mask_record
from geo_citymgmt.findings import Findings
from geo_citymgmt.layer import Layer
from geo_citymgmt.report.quality import unread_layers
from geo_citymgmt.report.summary import Summary
from geo_citymgmt.writing import make_folder, write_layer, write_text

__all__ = ["as_read", "write_rejected"]

README = "README.txt"
#: For the desktop, and for offices whose tools know shapefiles alone.
SUFFIXES = (".gpkg", ".shp.zip")


def write_rejected(told: Summary, folder: Path) -> None:
    """Write the rejected records of each layer and a word on what they are.

    The folder is new: a reject that has been corrected must not look as if it still stood.
    """
    make_folder(folder)
    words, city = told.words, told.city
    lines = []
    for key, layer in city.layers.items():
        if layer.rejected.empty:
            continue
        names = [f"{key}{suffix}" for suffix in SUFFIXES]
        table = as_read(layer)
        write_layer(table, folder / names[0], name=key)
        # A name has ten bytes: five Chinese characters in this encoding, three in UTF-8.
        shapes = _for_shapefile(table)
        write_layer(shapes, folder / names[1], name=key, encoding="GB18030")
        label = words.of(layer.spec.name_zh, layer.spec.name_en)
        files = ", ".join(names)
        lines.append(words("rejected_file", file=files, layer=label, n=f"{len(table):,}"))
    intro = words("rejected_some") if lines else words("rejected_none")
    head = words("sheet_titled", title=words("rejected"), as_of=told.day)
    unread = unread_layers(city, words.lang)
    if unread:
        lines += ["", words("rejected_unread"), *unread]
    # Windows line ends: the file is read in Notepad.
    write_text("\r\n".join([head, intro, *lines, ""]), folder / README)


def as_read(layer: Layer) -> gpd.GeoDataFrame:
    """Return the rejected records with the source's own columns, personal values masked.

    ``reject_row`` (the row a clerk sees), ``reject_record`` and ``reject_codes`` come after them.
    Once corrected the table can be read as the source was: what it does not know is kept apart.
    """
    rejected = layer.rejected
    rows = [json.loads(text) for text in rejected["raw"]]
    personal = _personal({name for row in rows for name in row}, layer)
    keep = layer.mapping.get(layer.spec.id_field, "")
    masked = [mask_record(row, personal, keep) for row in rows]
    values = pd.DataFrame.from_records(masked, index=rejected.index)
    taken = {rejected.geometry.name, *(f"reject_{name}" for name in ("row", "record", "codes"))}
    values.columns = pd.Index([f"{c}_source" if c in taken else c for c in values.columns])
    return gpd.GeoDataFrame(
        values.astype("str").assign(
            reject_row=rejected["row_label"],
            reject_record=rejected["record"],
            reject_codes=rejected["codes"],
        ),
        geometry=rejected.geometry,
    )


def _for_shapefile(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leave out positions that are no numbers: a shapefile has no way to hold them."""
    bounds = table.geometry.bounds.to_numpy()
    return table.set_geometry(table.geometry.where(np.isfinite(bounds).all(axis=1)))


def _personal(columns: set[str], layer: Layer) -> set[str]:
    known = {layer.mapping.get(name, name) for name in layer.personal}
    known |= {c for name, c in layer.mapping.items() if layer.spec.fields[name].personal}
    for column in columns - set(layer.mapping.values()):
        # One at a time: a second column for the same field is as personal as the first.
        fields = match_columns([column], layer.spec, Findings(layer.spec.key), None)
        if any(layer.spec.fields[name].personal for name in fields):
            known.add(column)
    return known
