"""``rejected/``: the records refused, one file a layer, to be corrected and sent again."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd

from geo_citymgmt.cleaning.names import match_columns
from geo_citymgmt.cleaning.personal import mask_record
from geo_citymgmt.findings import Findings
from geo_citymgmt.layer import Layer
from geo_citymgmt.report.summary import Summary
from geo_citymgmt.writing import write_layer, write_text

__all__ = ["write_rejected"]

README = "README.txt"


def write_rejected(told: Summary, folder: Path) -> None:
    """Write the rejected records of each layer and a word on what they are.

    What an earlier report left there and this one does not write is taken away: a reject that has
    been corrected must not look as if it still stood.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words, city = told.words, told.city
    written = {README}
    lines = []
    for key, layer in city.layers.items():
        if layer.rejected.empty:
            continue
        name = f"{key}.gpkg"
        write_layer(without_personal(layer), folder / name, name=key)
        written.add(name)
        label = words.of(layer.spec.name_zh, layer.spec.name_en)
        lines.append(words("rejected_file", file=name, layer=label, n=f"{len(layer.rejected):,}"))
    intro = words("rejected_some") if lines else words("rejected_none")
    head = words("sheet_titled", title=words("rejected"), as_of=told.day)
    # Windows line ends: the file is read in Notepad.
    write_text("\r\n".join([head, intro, *lines, ""]), folder / README)
    for key in city.specs:
        stale = folder / f"{key}.gpkg"
        if stale.name not in written:
            stale.unlink(missing_ok=True)


def without_personal(layer: Layer) -> gpd.GeoDataFrame:
    """Return the rejected records with all their columns, as read, personal values masked."""
    rejected = layer.rejected
    rows = [json.loads(text) for text in rejected["raw"]]
    personal = _personal({name for row in rows for name in row}, layer)
    keep = layer.mapping.get(layer.spec.id_field, "")
    masked = [mask_record(row, personal, keep) for row in rows]
    return rejected.assign(raw=[json.dumps(row, ensure_ascii=False) for row in masked])


def _personal(columns: set[str], layer: Layer) -> set[str]:
    known = {layer.mapping.get(name, name) for name in layer.personal}
    known |= {c for name, c in layer.mapping.items() if layer.spec.fields[name].personal}
    for column in columns - set(layer.mapping.values()):
        # One at a time: a second column for the same field is as personal as the first.
        fields = match_columns([column], layer.spec, Findings(layer.spec.key), None)
        if any(layer.spec.fields[name].personal for name in fields):
            known.add(column)
    return known
