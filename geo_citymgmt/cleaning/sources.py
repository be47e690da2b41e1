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

    A record is the same where its id and its place are, or its id and all other values that both
    sources have, if these tell records apart; without an id, where its place and these values are.
    Of zones the id is enough: an outline drawn anew is no other district.

    Parameters
    ----------
    raws : sequence of Raw
    geometry : sequence of array
        Of each, all in one metric CRS.
    spec, aliases
        Say which column is the id.
    """
    common = set.intersection(*(set(raw.frame.columns) for raw in raws))
    keys = [_keys(raw, shapes, spec, aliases) for raw, shapes in zip(raws, geometry, strict=True)]
    with_id = [key[key["id"].ne("")] for key in keys]
    same_id = _sharing([_hashed(key[["id"]]) for key in with_id])
    if spec.role == "zones":
        return next(iter(same_id), None)
    if same_id:
        placed = [key[key["x"].notna()] for key in with_id]
        same_both = _sharing([_hashed(key[["id", "x", "y"]]) for key in placed])
        if same_both:
            return same_both[0]
    # Reading every value is dear, and only where ids or places repeat can it tell anything.
    without_id = [key[key["id"].eq("") & key["x"].notna()] for key in keys]
    same_place = _sharing([_hashed(key[["x", "y"]]) for key in without_id])
    pairs = [(pair, with_id, ["id"]) for pair in same_id]
    pairs += [(pair, without_id, ["x", "y"]) for pair in same_place]
    for pair, parts, known in pairs:
        values = [_values(raws[k].frame.loc[parts[k].index], common, spec, aliases) for k in pair]
        if parts is with_id and any(_tell_little(v) for v in values):
            continue
        both = [
            _hashed(parts[k][known].assign(values=v)) for k, v in zip(pair, values, strict=True)
        ]
        if _sharing(both):
            return pair
    return None


def _keys(
    raw: Raw, geometry: np.ndarray, spec: LayerSpec, aliases: Mapping[str, str] | None
) -> pd.DataFrame:
    """Return id and place of each record: empty and NaN where it has none."""
    mapping = match_columns(list(raw.frame.columns), spec, Findings(spec.key), aliases)
    ids = pd.Series("", index=raw.frame.index)
    if spec.id_field in mapping:
        column = raw.frame[mapping[spec.id_field]]
        ids = column.astype("str").str.strip().where(column.notna(), "")
    x, y = (np.floor(axis / _STEP + _OFF) for axis in spots(geometry))
    return pd.DataFrame({"id": ids.to_numpy(), "x": x, "y": y}, index=raw.frame.index)


def _values(
    frame: pd.DataFrame, common: set[str], spec: LayerSpec, aliases: Mapping[str, str] | None
) -> np.ndarray:
    """Return a number for what else a record says, in columns that all sources have."""
    own = match_columns(list(frame.columns), spec, Findings(spec.key), aliases).get(spec.id_field)
    columns = [c for c in sorted(common) if c != own]
    if not columns:
        return np.zeros(len(frame), dtype=np.uint64)
    return _row_hashes(frame[columns].astype("str"))


def _tell_little(values: np.ndarray) -> bool:
    """Whether most records say the same: then that two of one id do proves nothing."""
    return len(np.unique(values)) < _MOST * len(values)


def _hashed(table: pd.DataFrame) -> np.ndarray:
    return np.unique(_row_hashes(table))


def _row_hashes(table: pd.DataFrame) -> np.ndarray:
    return pd.util.hash_pandas_object(table, index=False).to_numpy()


def _sharing(parts: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Return the pairs that share most of the distinct records of the smaller."""
    table = pd.DataFrame(
        {
            "record": np.concatenate(parts),
            "source": np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        }
    )
    # In order, so that those who share a record stand one after the other.
    table = table.sort_values(["record", "source"], kind="stable", ignore_index=True)
    at = np.flatnonzero(table["record"].eq(table["record"].shift(-1)))
    if not len(at):
        return []
    source = table["source"].to_numpy()
    pairs, counts = np.unique(
        np.column_stack([source[at], source[at + 1]]), axis=0, return_counts=True
    )
    sizes = np.array([len(part) for part in parts])
    enough = counts >= _MOST * sizes[pairs].min(axis=1)
    return [(int(one), int(other)) for one, other in pairs[enough]]
