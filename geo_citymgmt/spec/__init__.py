"""What a layer is: fields, code lists, life cycle, events, style, read from ``layers/*.toml``.

The layers differ by these files alone. An office adds a layer, or changes one, by a file of its
own: see :func:`load_specs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from geo_citymgmt._languages import Messages, listed
from geo_citymgmt._overlay import lay_over
from geo_citymgmt._values import FrozenDict
from geo_citymgmt.errors import SpecError, did_you_mean
from geo_citymgmt.spec._model import (
    Amount,
    Code,
    Event,
    Field,
    LayerSpec,
    Moment,
    Plan,
    States,
    levels_above,
    zone_levels,
)
from geo_citymgmt.spec._reader import ROLES, Check, build_field, build_layer, read_toml

_MESSAGES = Messages("geo_citymgmt.spec")

__all__ = [
    "Amount",
    "Code",
    "Event",
    "Field",
    "LayerSpec",
    "Moment",
    "Plan",
    "States",
    "get_spec",
    "levels_above",
    "load_specs",
    "read_toml",
    "zone_levels",
]

_COMMON = "_common"
#: A code list is replaced as a whole: half an old one under another would be neither.
_WHOLE = ("codes",)
_JOINED = ("names", "aliases", "figures", "subject")


def load_specs(
    folder: str | Path | None = None, *, below: Path | Sequence[Path] | None = None
) -> dict[str, LayerSpec]:
    """Read the layer files of the package and, over them, those of an office.

    Parameters
    ----------
    folder : str or Path, optional
        Folder with ``*.toml`` files. A file whose ``key`` is new adds a layer; one whose key the
        package has is laid over it, entry by entry: names and aliases add up, a code list is
        replaced (``codes.new`` adds to it), and so is a list (``open.add`` adds).
        ``_common.toml`` there adds fields that any layer may carry.
    below : Path or sequence of Path, optional
        Other such folders, between the package's and that one: of a profile, beside the data.

    Returns
    -------
    dict of str to LayerSpec
        By layer key, the package's layers first.

    Raises
    ------
    SpecError
        With the file, the field and the cause of the first mistake.

    See Also
    --------
    LayerSpec, read_layer

    Examples
    --------
    >>> specs = load_specs()
    >>> specs["manholes"].role, specs["districts"].role
    ('facility', 'zones')
    """
    under = [below] if isinstance(below, Path) else list(below or ())
    if folder is None and not under:
        return dict(_packaged_specs())
    raw, origin = _packaged_raw()
    raw = dict(raw)
    for root in [*under, *([] if folder is None else [Path(folder)])]:
        if not root.is_dir():
            raise _MESSAGES.error(SpecError, "no_layer_folder", root=root)
        for path in sorted(root.glob("*.toml")):
            table = read_toml(path)
            key = _COMMON if path.stem == _COMMON else table.get("key")
            if not isinstance(key, str):
                raise _MESSAGES.error(SpecError, "no_layer_key", path=path)
            raw[key] = lay_over(raw.get(key, {}), table, whole=_WHOLE, joined=_JOINED)
            origin[key] = path.name
    return _build_all(raw, origin)


def counted_by(specs: Mapping[str, LayerSpec], stage: str) -> dict[str, LayerSpec]:
    """Return the layers with the amounts of a stage in place of those that have it.

    Examples
    --------
    >>> specs = counted_by(load_specs(), "approved")
    >>> specs["illegal_construction"].amounts["remediated"].zh
    '核定治理面积'
    """
    return {
        key: replace(
            spec,
            amounts=FrozenDict(
                {
                    name: replace(spec.amounts[amount.stages[stage]], part_of=amount.part_of)
                    if stage in amount.stages
                    else amount
                    for name, amount in spec.amounts.items()
                }
            ),
        )
        for key, spec in specs.items()
    }


def get_spec(layer: str | LayerSpec, specs: Mapping[str, LayerSpec] | None = None) -> LayerSpec:
    """Return the spec of ``layer``, which may be a key, a known name or a spec already."""
    if isinstance(layer, LayerSpec):
        return layer
    specs = _packaged_specs() if specs is None else specs
    if not isinstance(layer, str):
        raise _MESSAGES.error(
            SpecError, "no_layer_name", layer=layer, kind=type(layer).__name__, specs=listed(specs)
        )
    if layer in specs:
        return specs[layer]
    for spec in specs.values():
        if layer in (spec.name_zh, spec.name_en, *spec.names):
            return spec
    names = [n for s in specs.values() for n in (s.key, s.name_zh, s.name_en, *s.names)]
    near = did_you_mean(layer, names)
    raise _MESSAGES.error(
        SpecError,
        "unknown_layer",
        layer=layer,
        names="、".join(s.name_zh for s in specs.values()),
        near=near,
        specs=listed(specs),
    )


@lru_cache(maxsize=1)
def _packaged_specs() -> Mapping[str, LayerSpec]:
    raw, origin = _packaged_raw()
    return FrozenDict(_build_all(raw, origin))


def _packaged_raw() -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    raw: dict[str, dict[str, Any]] = {}
    folder = resources.files("geo_citymgmt") / "layers"
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            raw[entry.name.removesuffix(".toml")] = read_toml(entry)
    return raw, {key: f"{key}.toml" for key in raw}


def _build_all(
    raw: Mapping[str, dict[str, Any]], origin: Mapping[str, str]
) -> dict[str, LayerSpec]:
    check = Check(origin.get(_COMMON, f"{_COMMON}.toml"))
    shared = check.form("common", raw.get(_COMMON, {})).get("fields", {})
    common = {n: build_field(check, n, t) for n, t in shared.items()}
    specs = {
        key: build_layer(Check(origin[key]), table, common)
        for key, table in raw.items()
        if key != _COMMON
    }
    return dict(sorted(specs.items(), key=lambda item: ROLES.index(item[1].role)))
