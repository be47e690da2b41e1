"""Several sources of one layer: their columns under one name, and the same data in two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from geo_citymgmt.cleaning.extent import spots
from geo_citymgmt.cleaning.names import match_columns
from geo_citymgmt.errors import RepeatedSourceError
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading import Raw
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

__all__ = ["align_columns", "check_apart", "repeated_sources"]

#: From this share of the records of the smaller on, two sources are the same data.
_MOST = 0.6
#: Places are compared in steps of so many metres.
_STEP = 0.1
#: Puts the bounds between two steps where no coordinate that people write lies.
_OFF = 0.371


def align_columns(
    raws: Sequence[Raw], spec: LayerSpec, aliases: Mapping[str, str] | None = None
) -> None:
    """Give columns that are the same field of the layer the name they have in the first source.

    Offices head their tables each in its own way; joined by heading alone, a field of the second
    file would be a second column, and lost.
    """
    column_of: dict[str, str] = {}
    for raw in raws:
        mapping = match_columns(list(raw.frame.columns), spec, Findings(spec.key), aliases)
        names = {column: column_of.setdefault(name, column) for name, column in mapping.items()}
        free = {old: new for old, new in names.items() if new not in raw.frame.columns}
        if free:
            raw.frame = raw.frame.rename(columns=free)


def check_apart(
    raws: Sequence[Raw],
    geometry: Sequence[np.ndarray],
    spec: LayerSpec,
    aliases: Mapping[str, str] | None = None,
) -> None:
    """Refuse sources of which two hold the same data: which of them counts, a person says.

    Raises
    ------
    RepeatedSourceError
        Naming the two.
    """
    pair = repeated_sources(raws, geometry, spec, aliases)
    if pair is None:
        return
    one, other = (raws[k].name for k in pair)
    raise RepeatedSourceError(
        Text(
            f"{one} 与 {other} 的编号、位置或内容大多相同，像是同一份数据，一并读入会重复计算。",
            f"{one} and {other} hold mostly the same ids, places or values: they look like the "
            "same data, and read together each record would count twice.",
        ),
        sources=(one, other),
        layer=spec.key,
    )


def repeated_sources(
    raws: Sequence[Raw],
    geometry: Sequence[np.ndarray],
    spec: LayerSpec,
    aliases: Mapping[str, str] | None = None,
) -> tuple[int, int] | None:
    """Return the two sources that share most records of the smaller; None where none do.

    A record is the same where id and place are; where it has only one of them, all other values
    that both sources have must be the same too.

    Parameters
    ----------
    raws : sequence of Raw
    geometry : sequence of array
        Of each, all in one metric CRS.
    spec, aliases
        Say which column is the id.
    """
    common = set.intersection(*(set(raw.frame.columns) for raw in raws)) if raws else set()
    shared = [column for column in raws[0].frame.columns if column in common] if raws else []
    parts = [
        _signatures(raw, shapes, spec, aliases, shared)
        for raw, shapes in zip(raws, geometry, strict=True)
    ]
    source = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    table = pd.DataFrame({"signature": np.concatenate(parts), "source": source})
    # In order, so that those who share a record stand one after the other.
    table = table.sort_values(["signature", "source"], kind="stable", ignore_index=True)
    again = table["signature"].eq(table["signature"].shift(-1)).to_numpy()
    if not again.any():
        return None
    at = np.flatnonzero(again)
    source = table["source"].to_numpy()
    pairs, counts = np.unique(np.column_stack([source[at], source[at + 1]]), axis=0,
                              return_counts=True)  # fmt: skip
    sizes = np.array([len(part) for part in parts])
    enough = counts >= _MOST * np.minimum(sizes[pairs[:, 0]], sizes[pairs[:, 1]])
    return (int(pairs[enough][0][0]), int(pairs[enough][0][1])) if enough.any() else None


def _signatures(
    raw: Raw,
    geometry: np.ndarray,
    spec: LayerSpec,
    aliases: Mapping[str, str] | None,
    shared: Sequence[str],
) -> np.ndarray:
    """Return a number for each distinct record that has an id or a place."""
    mapping = match_columns(list(raw.frame.columns), spec, Findings(spec.key), aliases)
    ids = pd.Series("", index=raw.frame.index)
    if spec.id_field in mapping:
        ids = raw.frame[mapping[spec.id_field]].astype("str").str.strip()
        ids = ids.where(raw.frame[mapping[spec.id_field]].notna(), "")
    x, y = (np.floor(axis / _STEP + _OFF) for axis in spots(geometry))
    has_id, has_place = ids.ne("").to_numpy(), np.isfinite(x)
    values = np.zeros(len(ids), dtype=np.uint64)
    half = has_id != has_place
    if half.any() and len(shared):
        texts = raw.frame.loc[half, list(shared)].astype("str")
        values[half] = pd.util.hash_pandas_object(texts, index=False).to_numpy()
    table = pd.DataFrame({"id": ids.to_numpy(), "x": x, "y": y, "values": values})
    known = table[has_id | has_place]
    return np.unique(pd.util.hash_pandas_object(known, index=False).to_numpy())
