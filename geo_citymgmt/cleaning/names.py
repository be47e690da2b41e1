"""Which source column is which field: exact, by alias, or cut by the .dbf."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

import pandas as pd

from geo_citymgmt.cleaning.evidence import AGREES, CONTRADICTS, Values
from geo_citymgmt.cleaning.headings import readings, unit_fits
from geo_citymgmt.cleaning.personal import MASK
from geo_citymgmt.cleaning.text import plain, plain_key
from geo_citymgmt.errors import SpecError, did_you_mean
from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import Field, LayerSpec
from geo_citymgmt.words import Text

__all__ = [
    "add_doubt",
    "given_columns",
    "is_own_name",
    "match_columns",
    "similar_columns",
    "unique_names",
]

#: Strength of a match, best first. A field of the layer wins over one that any layer may carry.
_OWN, _COMMON, _CUT, _REPEATED = range(4)
#: What is left of a character that was cut in its middle.
_BROKEN = re.compile("[\ufffd\ud800-\udfff]+$")
#: What a reader adds to a name that occurs twice.
_NTH = re.compile(r"(.+?)[_.]\d+$")
#: The width of a name in a .dbf.
_DBF_BYTES = 10
#: From this likeness on, of 1, a column's name is like a field's.
_ALIKE = 0.6
#: What stands in brackets beside a name is its unit or an explanation.
_ASIDE = re.compile(r"[(\[【{].*?[)\]】}]")
#: No more of a heading is compared with a name.
_LONGEST = 200
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
#: Words that columns of all kinds share say nothing about one of them.
_GENERAL = frozenset(["id", "no", "code", "name", "type", "date", "of", "the", "total", "num"])


def match_columns(
    columns: Sequence[str],
    spec: LayerSpec,
    findings: Findings,
    aliases: Mapping[str, str] | None = None,
    values: Callable[[str], Values] | None = None,
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
    values : callable, optional
        Gives the values of a column. With it, a name that may be several fields' is the one whose
        values it has, and an alias whose values are of another kind is not taken.

    Returns
    -------
    dict of str to str
        Field name to source column, in the order of the spec.
    """
    told = given_columns(columns, aliases, spec)
    table = _lookup(spec)
    best: dict[str, tuple[int, str]] = {}
    there = {str(column) for column in columns}
    for column in columns:
        if column in told:
            if told[column]:
                _keep(best, told[column], -1, column, spec, findings)
            continue
        strength, names = _match(str(column), table, there)
        if not names:
            strength, names = _without_unit(str(column), table, there, spec)
        if names and values is not None:
            strength, names = _settle(str(column), strength, names, table, spec, values, findings)
        if len(names) > 1:
            labels = " / ".join(f"{spec.fields[n].zh} ({n})" for n in names)
            shown = _shown(column)
            findings.add("FIELD_AMBIGUOUS", value=shown, about=shown, expected=labels)
        elif names:
            _keep(best, names[0], strength, column, spec, findings)
    for name, (strength, column) in best.items():
        item = spec.fields[name]
        if strength == _CUT or _BROKEN.search(column):
            findings.add("FIELD_TRUNCATED", item=item, value=_shown(column))
        elif plain_key(column) not in (plain_key(name), plain_key(item.dbf)):
            findings.add("FIELD_ALIAS", item=item, value=_shown(column))
    return {name: best[name][1] for name in spec.fields if name in best}


def given_columns(
    columns: Iterable[str], aliases: Mapping[str, str] | None, spec: LayerSpec
) -> dict[str, str]:
    """Return the caller's word, by the columns as they are read and with names of fields.

    A heading is written by hand as it looks: with a blank that is not read, in half width, with
    brackets of the other kind. It means the column that differs in nothing else. A field may be
    given by its label.

    Raises
    ------
    SpecError
        There is no such field; the nearest one is named.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> spec = load_specs()["illegal_construction"]
    >>> given_columns(["违建面积(亩)", "b"], {"违建 面积（亩）": "违法建设面积", "b": ""}, spec)
    {'违建面积(亩)': 'illegal_area_m2', 'b': ''}
    """
    there = {str(column) for column in columns}
    by_key: dict[str, list[str]] = {}
    for column in there:
        by_key.setdefault(plain_key(column), []).append(column)
    out = {}
    for given, name in (aliases or {}).items():
        same = by_key.get(plain_key(str(given)), [])
        is_exact = str(given) in there or len(same) != 1
        what = f"字段对应（“{given}”）", f"aliases ({given!r})"
        field = field_named(str(name), spec, Text(*what)) if name else ""
        out[str(given) if is_exact else same[0]] = field
    return out


def field_named(name: str, spec: LayerSpec, what: Text) -> str:
    """Return the field that a text names: by its name, its label or its name in a .dbf.

    Parameters
    ----------
    name : str
        As a person writes it.
    spec : LayerSpec
        The layer.
    what : Text
        Where it was written, for the error.

    Raises
    ------
    SpecError
        No field, or more than one, is called so.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> field_named("停车泊位数", load_specs()["parking_points"], Text("fields", "fields"))
    'spaces_total'
    """
    if name in spec.fields:
        return name
    key = plain_key(name)
    called: dict[str, list[str]] = {}
    for field, item in spec.fields.items():
        for label in (field, item.zh, item.en, item.dbf):
            called.setdefault(plain_key(label), []).append(field)
    found = dict.fromkeys(called.get(key, ()))
    if len(found) == 1:
        return next(iter(found))
    labels = [label for item in spec.fields.values() for label in (item.zh, item.name)]
    near = did_you_mean(name, labels)
    raise SpecError(
        Text(
            f"{what.zh}：图层“{spec.name_zh}”没有字段 {name}。{near.zh}",
            f"{what.en}: {spec.key} has no field {name!r}.{near.en}",
        ),
        remedy=Text(
            f"可用的字段：geo-citymgmt fields {spec.key}。",
            f"Its fields: geo-citymgmt fields {spec.key}.",
        ),
    )


def _settle(
    column: str,
    strength: int,
    names: list[str],
    table: Sequence[dict[str, list[str]]],
    spec: LayerSpec,
    values: Callable[[str], Values],
    findings: Findings,
) -> tuple[int, list[str]]:
    """Let the values decide between the fields a name may be, and against what it cannot be."""
    only = spec.fields[names[0]]
    is_word = only.type in ("text", "code", "list")
    if len(names) == 1 and (not is_word or is_own_name(column, only)):
        # Ids that repeat and numbers that are none are told record by record.
        return strength, names
    seen = {n: values(column).of(spec.fields[n], is_id=n == spec.id_field) for n in names}
    if len(names) > 1:
        agreeing = [n for n in names if seen[n].verdict >= AGREES]
        return strength, agreeing if len(agreeing) == 1 else names
    if not values(column).texts or seen[only.name].verdict > CONTRADICTS:
        return strength, names
    # 行政区 is the name of a district, or its code cut by the .dbf; 所属区 may hold either.
    key = plain_key(column)
    others = dict.fromkeys(n for one in table for n in one.get(key, []) if n != only.name)
    code = only.name.removesuffix("_name") + "_code"
    if code != only.name and code in spec.fields:
        others[code] = None
    fits = [
        n
        for n in others
        if values(column).of(spec.fields[n], is_id=n == spec.id_field).verdict >= AGREES
    ]
    if len(fits) == 1:
        return _CUT, fits
    add_doubt(column, only, values(column), findings)
    return -1, []


def add_doubt(column: str, item: Field, values: Values, findings: Findings) -> None:
    """Tell that the values of a column are not those of the field its name says."""
    shown = MASK if item.personal else "、".join(values.words[:3])
    reason = values.of(item).reason
    detail = Text(
        f"{reason.zh or '值不像'}（{shown}）",
        f"{reason.en or 'its values are unlike it'} ({shown})",
    )
    place = f"[layers.{findings.layer or 'KEY'}.values.{item.name}]"
    more = Text(f"，并在 {place} 写明各值的代码", f", and give its values codes under {place}")
    findings.add(
        "FIELD_DOUBTED",
        item=item,
        value=_shown(column),
        about=column,
        detail=detail,
        where=more if item.codes else Text("", ""),
    )


def is_own_name(column: str, item: Field) -> bool:
    """Whether a heading is the name of a field itself, its label or its name in a .dbf."""
    return plain_key(column) in {plain_key(text) for text in (item.name, item.dbf, item.zh)}


def similar_columns(item: Field, columns: Iterable[str], *, most: int = 3) -> list[str]:
    """Return the columns whose names are like those of a field, the likeliest first.

    Names are alike by near spelling, or by the characters (Chinese) or words (Latin letters) they
    share in whatever order. A likeness is a question to a person: nothing is read by it.

    Parameters
    ----------
    item : Field
        The field, with its labels and aliases.
    columns : iterable of str
        Names of columns that are no field yet.
    most : int
        How many to return at most.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> item = load_specs()["parking_points"].fields["spaces_total"]
    >>> similar_columns(item, ["收费标准", "规划停车泊位数", "地址"])
    ['规划停车泊位数']
    """
    names = [text for text in (item.zh, item.name, item.dbf, *item.aliases) if text]
    scored = [(max(_likeness(str(c), name) for name in names), str(c)) for c in columns]
    ranked = sorted((s for s in scored if s[0] >= _ALIKE), key=lambda s: -s[0])
    return [column for _, column in ranked[:most]]


def _likeness(column: str, name: str) -> float:
    """How alike two names are, from 0 to 1."""
    one, other = (_ASIDE.sub("", plain(text[:_LONGEST])) for text in (column, name))
    if one.isascii() != other.isascii():
        return 0.0
    first, second = plain_key(one), plain_key(other)
    if min(len(first), len(second)) < 2:
        return float(first == second)
    spelling = difflib.SequenceMatcher(None, first, second).ratio()
    if not one.isascii():
        return max(spelling, _shared(list(first), list(second)))
    words, others = ([w.casefold() for w in _WORDS.findall(t)] for t in (one, other))
    telling = (set(words) & set(others)) - _GENERAL
    # Short Latin names are near to too many others by their letters alone.
    near = spelling if min(len(first), len(second)) > 3 and spelling >= 0.8 else 0.0
    return max(near, _shared(words, others) if telling else 0.0)


def _shared(one: list[str], other: list[str]) -> float:
    """Share of what two lists have in common, in whatever order (Dice)."""
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / (len(one) + len(other)) if one and other else 0.0


def unique_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Tell columns of one name apart by a number; a name that is no text becomes one."""
    names: list[str] = []
    taken: set[str] = set()
    for column in frame.columns:
        name = str(column).encode("utf-8", "replace").decode("utf-8")
        unique, k = name, 2
        while unique in taken:
            unique, k = f"{name}_{k}", k + 1
        taken.add(unique)
        names.append(unique)
    return frame if names == list(frame.columns) else frame.set_axis(names, axis=1)


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
            item=item,
            value=_shown(left),
            about=_shown(left),
            expected=_shown(kept),
        )
        if kept != column:
            return
    best[name] = (strength, column)


def _shown(column: str) -> str:
    """Return a name that can be written anywhere: half a character cannot."""
    return str(column).encode("utf-8", "replace").decode("utf-8")


def _without_unit(
    column: str, table: Sequence[dict[str, list[str]]], there: set[str], spec: LayerSpec
) -> tuple[int, list[str]]:
    """Match what a heading names beside its unit: the fields that can be in that unit."""
    for name, unit in readings(column):
        strength, names = _match(name, table, there)
        names = [n for n in names if unit_fits(unit, spec.fields[n])]
        if names:
            return strength, names
    return -1, []


def _lookup(spec: LayerSpec) -> tuple[dict[str, list[str]], ...]:
    """Return the fields by whole name and by cut name, the layer's own and those any layer has."""
    common = _common_names(spec)
    fields = [(n, (n, f.dbf, f.zh, *f.aliases), n in common) for n, f in spec.fields.items()]
    return _table_of(tuple(fields), frozenset({spec.id_field, spec.parent}))


# A layer has the same names each time it is read.
@lru_cache(maxsize=256)
def _table_of(
    fields: tuple[tuple[str, tuple[str, ...], bool], ...], keys: frozenset[str | None]
) -> tuple[dict[str, list[str]], ...]:
    own: dict[str, list[str]] = {}
    common: dict[str, list[str]] = {}
    own_cut: dict[str, list[str]] = {}
    common_cut: dict[str, list[str]] = {}
    for name, texts, is_common in fields:
        whole = {plain_key(text) for text in texts}
        for key in whole:
            _put(common if is_common else own, key, name)
        for key in _cuts([texts[0], *texts[2:]]) - whole:
            _put(common_cut if is_common else own_cut, key, name)
    # A layer's own keys win a name that any layer may have; of its other fields and a shared one
    # the name alone cannot tell (区域: key area or district).
    for key in set(own) & set(common):
        if not keys & set(own[key]):
            own[key] += common[key]
    return own, common, own_cut, common_cut


def _common_names(spec: LayerSpec) -> set[str]:
    # A layer's own fields stand before the shared ones; the first shared one is source_id.
    names = list(spec.fields)
    return set(names[names.index("source_id") :]) if "source_id" in names else set()


def _put(table: dict[str, list[str]], key: str, name: str) -> None:
    names = table.setdefault(key, [])
    if name not in names:
        names.append(name)


def _cuts(texts: Iterable[str]) -> set[str]:
    """What a .dbf makes of a name: ten bytes, which is five characters in GBK, three in UTF-8."""
    out = set()
    for text in texts:
        for encoding in ("gb18030", "utf-8"):
            raw = text.encode(encoding)
            if len(raw) > _DBF_BYTES:
                out.add(plain_key(raw[:_DBF_BYTES].decode(encoding, "ignore")))
        if len(text) > 4 and not text.isascii():
            out.add(plain_key(text[:4]))
    return {cut for cut in out if len(cut) >= 3}


def _match(
    column: str, table: Sequence[dict[str, list[str]]], there: set[str]
) -> tuple[int, list[str]]:
    key = plain_key(_BROKEN.sub("", column))
    own, common, own_cut, common_cut = (names.get(key, []) for names in table)
    if _BROKEN.search(column):
        # It was cut for certain, so the name it happens to spell now is one among the others.
        every = dict.fromkeys([*own, *own_cut, *common, *common_cut])
        return _CUT, list(every) if len(key) >= 3 else []
    if own:
        return _OWN, own
    if common:
        # 所属区 is the district in full, or the key area cut: the name alone cannot tell.
        return _COMMON, list(dict.fromkeys([*common, *own_cut]))
    if own_cut or common_cut:
        return _CUT, list(dict.fromkeys([*own_cut, *common_cut]))
    nth = _NTH.fullmatch(column)
    if nth and nth[1] in there:
        _, names = _match(nth[1], table, set())
        return _REPEATED, names if len(names) == 1 else []
    return -1, []
