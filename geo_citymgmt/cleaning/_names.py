"""Which source column is which field: exact, by alias, or cut by the .dbf."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._dates import last_day_by, local_days
from geo_citymgmt._languages import Messages, Text, first_few
from geo_citymgmt.cleaning._codes import bool_words, code_of, code_table
from geo_citymgmt.cleaning._dates import parse_date
from geo_citymgmt.cleaning._headings import may_mean, readings, unit_fits
from geo_citymgmt.cleaning._numbers import parse_number
from geo_citymgmt.cleaning._personal import MASK
from geo_citymgmt.errors import SpecError, did_you_mean
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._text import NULL_MARKERS, distinct_texts, plain, plain_key
from geo_citymgmt.spec import Field, LayerSpec

_MESSAGES = Messages("geo_citymgmt.cleaning")

#: What values say of a field: they are of another kind; nothing; they may be its; they are its.
CONTRADICTS, SAYS_NOTHING, AGREES, SPEAKS = -1, 0, 1, 2
#: So many values are looked at, evenly spread over the column.
_LOOKED_AT = 500
#: Shares of the values from which on they are, are mostly, and are all of a kind.
_SOME, _MOST_IN_RANGE, _ALL = 0.3, 0.6, 0.9
#: From this share of different values on, a column tells records apart but for a slip.
_APART = 0.95
_PAIR = re.compile(r"[(\[]?\s*-?\d{1,3}\.\d+\s*[,;\s]\s*-?\d{1,3}\.\d+\s*[)\]]?")
_LONGEST_ID = 64
#: No more of a value is looked at.
_LONGEST = 200
#: A date in any usual order, with or without a time.
_DATE = re.compile(
    r"\d{1,4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,4}日?(?:[T\s].*)?|(?:19|20)\d{6}(?:\d{6})?"
)
#: Numbers that stand for a day as spreadsheets and programs count them.
_SERIAL = re.compile(r"[2-6]\d{4}(?:\.\d+)?|1\d{9}|1\d{12}")
_LONG_NUMBER = re.compile(r"\d{7}")
_NUMBER_TEXT = re.compile(r"[+-]?[\d.,]+")
#: Text fields whose values are numbers as often as not.
_CODES = re.compile(r"(_code|_no|_id|_number)$|^source_id$")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the values of a column say of one field."""

    verdict: int
    reason: Text


_NOTHING = Evidence(SAYS_NOTHING, Text("", ""))


class Values:
    """The values of one column, looked at once.

    Parameters
    ----------
    column : Series
        As it stands in the source. Of a long one a sample is looked at; whether records are told
        apart is asked of all.
    """

    def __init__(self, column: pd.Series) -> None:
        self._column = column
        step = max(1, len(column) // _LOOKED_AT)
        codes, texts = distinct_texts(column.iloc[::step].reset_index(drop=True))
        counts = np.bincount(codes[codes >= 0], minlength=len(texts))
        cut = (plain(text[:_LONGEST]) for text in texts)
        kept = [(text, int(n)) for text, n in zip(cut, counts, strict=True)
                if text.casefold() not in NULL_MARKERS]  # fmt: skip
        self.texts = [text for text, _ in kept]
        self._n = np.array([n for _, n in kept], dtype=float)

    @cached_property
    def keys(self) -> list[str]:
        """The different values as words are compared."""
        return [plain_key(text) for text in self.texts]

    def share(self, is_so: np.ndarray | list[bool]) -> float:
        """Share of the records (that have a value) whose value is marked."""
        total = self._n.sum()
        return float(self._n[np.asarray(is_so, dtype=bool)].sum() / total) if total else 0.0

    def of(self, item: Field, *, is_id: bool = False) -> Evidence:
        """Return what the values say of a field; ``is_id`` where it is the layer's own.

        Examples
        --------
        >>> from geo_citymgmt.spec import load_specs
        >>> fields = load_specs()["manholes"].fields
        >>> Values(pd.Series(["完好", "销号", "x"])).of(fields["status"]).reason.en
        '67 % of the values are codes of it'
        >>> Values(pd.Series(["1", "2"])).of(fields["status"]).verdict == CONTRADICTS
        True
        """
        if not self.texts:
            return Evidence(CONTRADICTS, Text("没有值", "it is empty"))
        if is_id:
            return self._identifies()
        if item.type in ("code", "list"):
            return self._are_codes(item)
        if item.type == "bool":
            share = self.share([key in bool_words() for key in self.keys])
            return Evidence(_verdict(share), _shares(share, "值是“是／否”", "values are yes or no"))
        if item.type in ("date", "datetime"):
            return self._are_dates()
        if item.type in ("int", "float"):
            return self._are_numbers(item)
        return self._are_texts(item)

    @property
    def words(self) -> list[str]:
        """The different values, the most frequent first."""
        return [self.texts[i] for i in np.argsort(-self._n, kind="stable")]

    @property
    def hold_long_numbers(self) -> bool:
        """Whether any has as many digits in a row as a telephone or an identity card."""
        return any(_LONG_NUMBER.search(text) for text in self.texts)

    def _identifies(self) -> Evidence:
        filled = self._column.dropna()
        try:
            share = filled.nunique() / len(filled)
        except TypeError:
            # Lists and dicts are no ids.
            return Evidence(CONTRADICTS, Text("值不是编号", "its values are no ids"))
        if max(map(len, self.texts)) > _LONGEST_ID or self._match(_PAIR) > 0:
            return Evidence(CONTRADICTS, Text("值不是编号", "its values are no ids"))
        if share < _APART or self.share([_is_fraction(t) for t in self.texts]) > 0:
            # Of ids that repeat each is told where the records are identified.
            return Evidence(SAYS_NOTHING, _shares(share, "值各不相同", "values are different"))
        return Evidence(SPEAKS, Text("值各不相同", "its values tell records apart"))

    def _are_codes(self, item: Field) -> Evidence:
        table = code_table(item)
        codes = [
            code_of(text, item, table, key)[0]
            for text, key in zip(self.texts, self.keys, strict=True)
        ]
        share = self.share([code is not None for code in codes])
        n_words = len(set(codes) - {None})
        reason = _shares(share, "值在其代码表中", "values are codes of it")
        if share >= _MOST_IN_RANGE:
            return Evidence(SPEAKS if n_words > 1 else AGREES, reason)
        if share >= _SOME:
            return Evidence(AGREES, reason)
        if share > 0:
            return Evidence(SAYS_NOTHING, reason)
        if self._match(_NUMBER_TEXT) >= _MOST_IN_RANGE:
            return Evidence(CONTRADICTS, Text("没有一个值在其代码表中", "no value is a code of it"))
        return Evidence(SAYS_NOTHING, reason)

    def _are_dates(self) -> Evidence:
        if pd.api.types.is_datetime64_any_dtype(self._column.dtype):
            return Evidence(SPEAKS, Text("值是日期", "its values are dates"))
        share = self.share([_is_date(t) for t in self.texts])
        reason = _shares(share, "值是日期", "values are dates")
        if share < _SOME and self._match(_SERIAL) >= _ALL:
            return Evidence(SAYS_NOTHING, reason)
        return Evidence(_verdict(share), reason)

    def _are_numbers(self, item: Field) -> Evidence:
        parsed = [parse_number(text, item.unit, (item.zh, *item.aliases))[0] for text in self.texts]
        numbers = np.array([np.nan if n is None else n for n in parsed])
        share = self.share(np.isfinite(numbers))
        reason = _shares(share, "值是数", "values are numbers")
        if share < _MOST_IN_RANGE:
            return Evidence(CONTRADICTS, reason)
        low = -np.inf if item.min is None else item.min
        high = np.inf if item.max is None else item.max
        fits = np.isnan(numbers) | ((numbers >= low) & (numbers <= high))
        if item.type == "int":
            fits &= np.isnan(numbers) | (numbers == np.round(numbers))
        if self.share(fits) < _ALL:
            return Evidence(CONTRADICTS, Text("数值不在其范围", "its numbers are out of its range"))
        if share < _ALL:
            return Evidence(SAYS_NOTHING, reason)
        least, most = np.nanmin(numbers), np.nanmax(numbers)
        return Evidence(AGREES, _MESSAGES("numbers_from", least=least, most=most))

    def _are_texts(self, item: Field) -> Evidence:
        text = Evidence(AGREES, Text("值是文字", "its values are text"))
        if self._match(_PAIR) >= _SOME:
            return Evidence(CONTRADICTS, Text("值是坐标", "its values are coordinates"))
        share = self._match(re.compile(item.looks, re.IGNORECASE)) if item.looks else 0.0
        if share >= _SOME:
            reason = _shares(share, f"值像“{item.zh}”", "values look like it")
            return Evidence(SPEAKS if share >= _MOST_IN_RANGE else AGREES, reason)
        if item.unit:
            # 700, φ700, 700×700
            share = self.share([any(sign.isdigit() for sign in text) for text in self.texts])
            return Evidence(
                AGREES if share >= _MOST_IN_RANGE else CONTRADICTS,
                _shares(share, "值是尺寸", "values are sizes"),
            )
        if _CODES.search(item.name):
            # Numbers of a case, a permit or a grid look like any other number.
            return _NOTHING
        if self._match(_NUMBER_TEXT) >= _MOST_IN_RANGE:
            reason = Text("值是数，不是文字", "its values are numbers, not text")
            return Evidence(CONTRADICTS, reason)
        if self.share([_is_date(t) for t in self.texts]) >= _MOST_IN_RANGE:
            return Evidence(CONTRADICTS, Text("值是日期", "its values are dates"))
        return _NOTHING if item.looks else text

    def _match(self, pattern: re.Pattern[str]) -> float:
        """Share of the values that are wholly of a pattern."""
        return self.share([bool(pattern.fullmatch(text)) for text in self.texts])


def _shares(share: float, zh: str, en: str) -> Text:
    return Text(f"{share:.0%} 的{zh}", f"{share * 100:.0f} % of the {en}")


def days_of(column: pd.Series) -> np.ndarray:
    """Return the days that a column holds, where nearly all of its values are dates; else none.

    Examples
    --------
    >>> days_of(pd.Series(["2023-05-01", "2023年6月1日", None])).astype("str").tolist()
    ['2023-05-01', '2023-06-01']
    >>> len(days_of(pd.Series(["1", "2"])))
    0
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return local_days(column.dropna())
    values = Values(column)
    if not values.texts or values.share([_is_date(text) for text in values.texts]) < _MOST_IN_RANGE:
        return np.empty(0, dtype="datetime64[D]")
    _, texts = distinct_texts(column)
    days = np.array([parse_date(text)[0] for text in texts], dtype="datetime64[D]")
    return days[~np.isnat(days)]


def _verdict(share: float) -> int:
    if share >= _ALL:
        return SPEAKS
    return AGREES if share >= _MOST_IN_RANGE else SAYS_NOTHING if share > 0 else CONTRADICTS


def _is_date(text: str) -> bool:
    if _DATE.fullmatch(text):
        return True
    return not _SERIAL.fullmatch(text) and bool(parse_date(text)[1] or last_day_by(text))


def _is_fraction(text: str) -> bool:
    try:
        return float(text) % 1 != 0
    except ValueError:
        return False


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
    reported = given_columns(columns, aliases, spec)
    table = _lookup(spec)
    best: dict[str, tuple[int, str]] = {}
    existing = {str(column) for column in columns}
    for column in columns:
        if column in reported:
            if reported[column]:
                _keep(best, reported[column], -1, column, spec, findings)
            continue
        strength, names = _match(str(column), table, existing)
        if not names:
            strength, names = _without_unit(str(column), table, existing, spec)
        if names and values is not None:
            strength, names = _settle(str(column), strength, names, table, spec, values, findings)
        if len(names) > 1:
            labels = " / ".join(f"{spec.fields[n].zh} ({n})" for n in names)
            name = writable(column)
            findings.add("FIELD_AMBIGUOUS", value=name, about=name, expected=labels)
        elif names:
            _keep(best, names[0], strength, column, spec, findings)
    for name, (strength, column) in best.items():
        item = spec.fields[name]
        if strength == _CUT or _BROKEN.search(column):
            findings.add("FIELD_TRUNCATED", item=item, value=writable(column))
        elif plain_key(column) not in (plain_key(name), plain_key(item.dbf)):
            findings.add("FIELD_ALIAS", item=item, value=writable(column))
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
    existing = {str(column) for column in columns}
    by_key: dict[str, list[str]] = {}
    for column in existing:
        by_key.setdefault(plain_key(column), []).append(column)
    out = {}
    for given, name in (aliases or {}).items():
        same = by_key.get(plain_key(str(given)), [])
        is_exact = str(given) in existing or len(same) != 1
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
    matches = dict.fromkeys(called.get(key, ()))
    if len(matches) == 1:
        return next(iter(matches))
    labels = [label for item in spec.fields.values() for label in (item.zh, item.name)]
    near = did_you_mean(name, labels)
    raise _MESSAGES.error(SpecError, "no_field", what=what, spec=spec, name=name, near=near)


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
    examples = MASK if item.personal else "、".join(values.words[:3])
    reason = values.of(item).reason
    detail = _MESSAGES(
        "values_unlike",
        zh=reason.zh or "值不像",
        examples=examples,
        en=reason.en or "its values are unlike it",
    )
    place = f"[layers.{findings.layer or 'KEY'}.values.{item.name}]"
    more = Text(f"，并在 {place} 写明各值的代码", f", and give its values codes under {place}")
    findings.add(
        "FIELD_DOUBTED",
        item=item,
        value=writable(column),
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
    scored = [
        (max(_likeness(str(c), name) for name in names), str(c))
        for c in columns
        if may_mean(str(c), item)
    ]
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
        name = writable(column)
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
        here, there = (strength, _nearness(column, item)), (old[0], _nearness(old[1], item))
        kept, left = (column, old[1]) if here < there else (old[1], column)
        name_left, name_kept = writable(left), writable(kept)
        findings.add(
            "FIELD_DUPLICATE", item=item, value=name_left, about=name_left, expected=name_kept
        )
        if kept != column:
            return
    best[name] = (strength, column)


def _nearness(column: str, item: Field) -> int:
    """Place of a heading among the names of its field: its own first, then each alias in order."""
    keys = {plain_key(name) for name in (column, *(bare for bare, _ in readings(column)))}
    if any(is_own_name(key, item) for key in keys):
        return -1
    names = [plain_key(alias) for alias in item.aliases]
    return min((names.index(key) for key in keys if key in names), default=len(names))


def writable(column: Any) -> str:
    """Return a name that can be written anywhere: half a character cannot."""
    return str(column).encode("utf-8", "replace").decode("utf-8")


def _without_unit(
    column: str, table: Sequence[dict[str, list[str]]], existing: set[str], spec: LayerSpec
) -> tuple[int, list[str]]:
    """Match what a heading names beside its unit: the fields that can be in that unit."""
    for name, unit in readings(column):
        strength, names = _match(name, table, existing)
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
    specific: dict[str, list[str]] = {}
    common: dict[str, list[str]] = {}
    specific_cut: dict[str, list[str]] = {}
    common_cut: dict[str, list[str]] = {}
    for name, texts, is_common in fields:
        full_names = {plain_key(text) for text in texts}
        for key in full_names:
            _put(common if is_common else specific, key, name)
        for key in _cuts([texts[0], *texts[2:]]) - full_names:
            _put(common_cut if is_common else specific_cut, key, name)
    # A layer's own keys win a name that any layer may have; of its other fields and a shared one
    # the name alone cannot tell (区域: key area or district).
    for key in set(specific) & set(common):
        if not keys & set(specific[key]):
            specific[key] += common[key]
    return specific, common, specific_cut, common_cut


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


#: From this share of the values on, a column is what they look like.
_MOST = 0.6
#: A code of GB/T 2260, with street and village after it; and what names of divisions end in.
_DIVISION = r"(?:156)?[1-8]\d{5}(?:\d{3}|\d{6})?(?:\.0)?"
_LEVELS = r".+[区县市旗區縣州盟镇乡]|.+街道"
#: Longer than any code.
_LONGEST_CODE = 12


def fill_zone_fields(
    mapping: Mapping[str, str], frame: pd.DataFrame, spec: LayerSpec, findings: Findings
) -> dict[str, str]:
    """Return ``mapping`` with what stands in for a missing code or name of zones.

    A missing code is the name, where each zone has one of its own; otherwise codes are generated
    from the position of the record. A missing name is the code. Either is a finding that lists
    the columns which could be it.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> findings = Findings("districts")
    >>> frame = pd.DataFrame({"qh": ["罗湖", "福田"], "gid": [1, 2]})
    >>> fill_zone_fields({"name_zh": "qh"}, frame, load_specs()["districts"], findings)
    {'name_zh': 'qh', 'district_code': 'qh'}
    >>> findings.frame()[["code", "field", "value"]].values.tolist()
    [['ZONE_FIELDS', 'district_code', 'gid']]
    """
    out = dict(mapping)
    if spec.role != "zones" or spec.label is None:
        return out
    codes, names = zone_columns(frame[[c for c in frame.columns if c not in out.values()]])
    name = out.get(spec.label)
    if spec.id_field not in out:
        instead = _MESSAGES("codes_generated_order", spec=spec)
        if name is not None and _distinguish(frame[name]):
            out[spec.id_field] = name
            instead = Text("暂以名称作代码", "the names stand in for codes")
        _add(findings, spec, spec.id_field, codes, instead)
    if name is None:
        if spec.id_field in out:
            out[spec.label] = out[spec.id_field]
        instead = Text("暂以代码作名称", "the codes stand in for names")
        _add(findings, spec, spec.label, names, instead)
    return out


def zone_columns(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return the columns that could be the code and the name of zones, the likeliest first.

    A code or a name is there for each zone, and another for each.

    Examples
    --------
    >>> zones = pd.DataFrame({"gid": [1, 2], "qx": ["瑶海区", "长丰县"], "dm": [340102, 340121]})
    >>> zone_columns(zones)
    (['dm', 'gid'], ['qx'])
    """
    codes: list[str] = []
    names: list[str] = []
    for column in map(str, frame.columns):
        values = frame[column]
        if not _distinguish(values):
            continue
        texts = values.astype(str).str.strip()
        numbers = pd.to_numeric(texts, errors="coerce")
        if (numbers % 1 > 0).any():
            # A measure, or a coordinate.
            continue
        if texts.str.fullmatch(_DIVISION).mean() >= _MOST:
            codes.insert(0, column)
        elif numbers.isna().mean() >= _MOST:
            is_likely = texts.str.fullmatch(_LEVELS).mean() >= _MOST
            names.insert(0 if is_likely else len(names), column)
        elif texts.str.len().max() <= _LONGEST_CODE:
            codes.append(column)
    return codes, names


def _distinguish(values: pd.Series) -> bool:
    """Whether each record has a value of its own."""
    try:
        return bool(len(values)) and bool(values.notna().all() and values.is_unique)
    except TypeError:
        # Lists and dicts, as a GeoJSON may hold, are no code and no name.
        return False


def _add(
    findings: Findings, spec: LayerSpec, field: str, columns: list[str], instead: Text
) -> None:
    could = Text("没有可作此列的", "no column could be it")
    if columns:
        could = _MESSAGES(
            "name_one_column",
            columns=first_few(columns),
            spec=spec,
            example=columns[0],
            field=field,
        )
    findings.add(
        "ZONE_FIELDS",
        item=spec.fields[field],
        value=first_few(columns).en,
        detail=Text(f"{could.zh}；{instead.zh}", f"{could.en}; {instead.en}"),
        action="assumed",
    )
