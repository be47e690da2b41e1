"""Which source column is which field: exact, by alias, or cut by the .dbf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from geo_citymgmt.cleaning.text import plain_key
from geo_citymgmt.errors import SpecError
from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import Field, LayerSpec

__all__ = ["match_columns"]

#: Strength of a match, best first. A field of the layer wins over one that any layer may carry.
_OWN, _COMMON, _CUT_OWN, _CUT_COMMON = range(4)


def match_columns(
    columns: Sequence[str],
    spec: LayerSpec,
    findings: Findings,
    aliases: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the source column of each field that was found.

    Parameters
    ----------
    columns : sequence of str
        Names as they stand in the source.
    spec : LayerSpec
        The layer.
    findings : Findings
        Takes what was decided and what has to be asked.
    aliases : mapping of str to str, optional
        The caller's word: source column to field name, empty to leave a column out.

    Returns
    -------
    dict of str to str
        Field name to source column, in the order of the spec.
    """
    told = dict(aliases or {})
    for column, name in told.items():
        if name and name not in spec.fields:
            raise SpecError(
                f"aliases: {column!r} is to be {name!r}, which {spec.key} has no field for.",
                f"字段对应：图层“{spec.name_zh}”没有字段 {name}（来自 {column}）。",
            )
    table = _lookup(spec)
    best: dict[str, tuple[int, str]] = {}
    for column in columns:
        if column in told:
            if told[column]:
                _keep(best, told[column], -1, column, spec, findings)
            continue
        strength, names = _match(column, table)
        if len(names) > 1:
            labels = " / ".join(f"{spec.fields[n].zh} ({n})" for n in names)
            findings.add("FIELD_AMBIGUOUS", value=column, expected=labels)
        elif names:
            _keep(best, names[0], strength, column, spec, findings)
    for name, (strength, column) in best.items():
        item = spec.fields[name]
        words = {"label_zh": item.zh, "label_en": item.en}
        if strength in (_CUT_OWN, _CUT_COMMON):
            findings.add("FIELD_TRUNCATED", field=name, value=column, **words)
        elif plain_key(column) not in (plain_key(name), plain_key(item.dbf)):
            findings.add("FIELD_ALIAS", field=name, value=column, **words)
    return {name: best[name][1] for name in spec.fields if name in best}


def _keep(
    best: dict[str, tuple[int, str]],
    name: str,
    strength: int,
    column: str,
    spec: LayerSpec,
    findings: Findings,
) -> None:
    item = spec.fields[name]
    old = best.get(name)
    if old is not None:
        kept, left = (column, old[1]) if strength < old[0] else (old[1], column)
        findings.add(
            "FIELD_DUPLICATE",
            field=name,
            label_zh=item.zh,
            label_en=item.en,
            value=left,
            expected=kept,
        )
        if kept != column:
            return
    best[name] = (strength, column)


def _lookup(spec: LayerSpec) -> list[dict[str, list[str]]]:
    own_names = set(spec.fields) - _common_names(spec)
    table: list[dict[str, list[str]]] = [{}, {}, {}, {}]
    for name, item in spec.fields.items():
        common = name not in own_names
        whole = {plain_key(text) for text in (name, item.dbf, item.zh, *item.aliases)}
        for key in whole:
            _put(table[_COMMON if common else _OWN], key, name)
        for key in _cuts(name, item) - whole:
            _put(table[_CUT_COMMON if common else _CUT_OWN], key, name)
    return table


def _common_names(spec: LayerSpec) -> set[str]:
    # A layer's own fields stand before the shared ones; the first shared one is source_id.
    names = list(spec.fields)
    return set(names[names.index("source_id") :]) if "source_id" in names else set()


def _put(table: dict[str, list[str]], key: str, name: str) -> None:
    names = table.setdefault(key, [])
    if name not in names:
        names.append(name)


def _cuts(name: str, item: Field) -> set[str]:
    """What a .dbf makes of a name: ten bytes, which is five characters in GBK, three in UTF-8."""
    out = set()
    for text in (name, item.zh, *item.aliases):
        for encoding in ("gb18030", "utf-8"):
            raw = text.encode(encoding)
            if len(raw) > 10:
                out.add(plain_key(raw[:10].decode(encoding, "ignore")))
        if len(text) > 4 and not text.isascii():
            out.add(plain_key(text[:4]))
    return {cut for cut in out if len(cut) >= 3}


def _match(column: str, table: list[dict[str, list[str]]]) -> tuple[int, list[str]]:
    key = plain_key(column)
    for strength, names in enumerate(table):
        if key in names:
            return strength, names[key]
    return -1, []
