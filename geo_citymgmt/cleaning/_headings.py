"""What stands in a heading beside the name of the column: its unit, and marks of the form."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt._languages import Messages, Text, packaged_table
from geo_citymgmt._numbers import UNITS, factor_between, fitting_unit
from geo_citymgmt.cleaning._numbers import unit_factor
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._text import distinct_texts, plain, plain_key
from geo_citymgmt.spec import Field, LayerSpec

_MESSAGES = Messages("geo_citymgmt.cleaning")
_MARKS = frozenset(UNITS["marks"])
#: Units that fields are in, to which words of units lead.
_TARGETS = (*UNITS["factors"], *UNITS["counted"])
_NUMERIC = ("int", "float")
#: From this share of the numbers on, they lie in a range.
_MOST = 0.9
_OPEN, _CLOSE = "([{<【〔《「", ")]}>】〕》」"
_ASIDE = re.compile(
    rf"^(?P<name>.*?)\s*[{re.escape(_OPEN)}](?P<aside>[^{re.escape(_OPEN + _CLOSE)}]*)"
    rf"[{re.escape(_CLOSE)}]\s*(?P<rest>[^{re.escape(_OPEN + _CLOSE)}]*)$"
)
_UNIT_WORD = re.compile(r"^(?:计量|计算)?单位\s*(?:为|是|[:=])?\s*|^unit\s*[:=]\s*|^in\s+", re.I)
#: Longer headings are read as they stand.
_LONGEST = 200
_PLAIN = re.compile(r"[+-]?[\d,]+(\.\d*)?")
#: What may part a name from the unit behind it; nothing may, before a unit that is no other word.
_PARTED = re.compile(r"^(?P<name>.+?)\s*[/,;、_\-\s]\s*(?P<unit>[^/,;、_\-\s]+)$")
_ATTACHED = re.compile(
    r"^(?P<name>.*?[^万千百亿\d])(?P<unit>[万千百亿]?(?:m2|km2|平方米|平方公里|公顷|亩))$"
)


def readings(column: str) -> list[tuple[str, str]]:
    """Return what a heading may be made of: a name, and the unit that stands beside it.

    The heading as it stands is not among them; what is no unit and no mark of the form stays part
    of the name, and there is no reading then.

    Examples
    --------
    >>> readings("违建面积（万平方米）"), readings("拆除面积 / 亩")
    ([('违建面积', '万平方米')], [('拆除面积', '亩')])
    >>> readings("状态（必填）"), readings("泊位（地下）")
    ([('状态', '')], [])
    """
    if len(column) > _LONGEST:
        return []
    return list(dict.fromkeys(_readings(column, set())))


def _readings(column: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    # Two ways to read a heading that lead to one name lead to the same from there on.
    seen.add(column)
    text = plain(column)
    bare = text.strip("*＊ ")
    for pattern in (_ASIDE, _PARTED, _ATTACHED):
        match = pattern.match(bare)
        if match is None:
            continue
        parts = match.groupdict()
        said = parts.get("unit") or _UNIT_WORD.sub("", parts.get("aside") or "")
        name = f"{parts['name']}{parts.get('rest') or ''}".strip(" :,;、/_-*")
        name = re.sub(r"\s*(?:计量|计算)?单位$", "", name)
        is_mark = said.casefold() in _MARKS
        if name and (is_mark or _is_unit(said)):
            yield name, "" if is_mark else said
            # 面积（平方米）（必填）: what is left may have another aside.
            for inner, unit in () if name in seen else _readings(name, seen):
                yield inner, unit or ("" if is_mark else said)
    if bare != text and bare:
        yield bare, ""


def heading_unit(column: str, item: Field) -> str:
    """Return the unit that a heading names for a field; empty where it names none of its units.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> fields = load_specs()["utility_tunnels"].fields
    >>> heading_unit("长度(m)", fields["length_km"]), heading_unit("长度(㎡)", fields["length_km"])
    ('m', '')
    """
    return next((unit for _, unit in readings(column) if unit and unit_fits(unit, item)), "")


def unit_fits(unit: str, item: Field) -> bool:
    """Whether a field can be in a unit; any can where there is none."""
    return not unit or (bool(item.unit) and factor_between(unit, item.unit) is not None)


def field_units(
    mapping: Mapping[str, str],
    spec: LayerSpec,
    findings: Findings,
    *,
    given: Mapping[str, str] | None = None,
    stated: str = "",
) -> dict[str, str]:
    """Return the unit that plain numbers of each field are in, where that is said.

    Parameters
    ----------
    mapping : mapping of str to str
        Field to source column.
    spec : LayerSpec
        The layer.
    findings : Findings
        Takes a heading whose unit is none of its field's.
    given : mapping of str to str, optional
        The caller's word, field to unit: it wins over a heading, which wins over ``stated``.
    stated : str
        The unit that stands above the headings, for the whole table.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> spec = load_specs()["illegal_construction"]
    >>> mapping = {"illegal_area_m2": "面积（亩）", "footprint_m2": "占地面积", "floors": "层数"}
    >>> field_units(mapping, spec, Findings(spec.key), stated="万平方米")
    {'illegal_area_m2': '亩', 'footprint_m2': '万平方米'}
    """
    out = dict(given or {})
    for name, column in mapping.items():
        item = spec.fields[name]
        if name in out or not (item.type in _NUMERIC or item.usual):
            continue
        unit = heading_unit(column, item)
        other = next((said for _, said in readings(column) if said), "")
        if unit:
            out[name] = unit
        elif other and item.unit:
            findings.add("UNIT_UNFIT", item=item, value=column, expected=item.unit, detail=other)
        elif stated and item.unit and (fits := fitting_unit(stated, item.unit)):
            out[name] = fits
    return out


def units_by_values(
    frame: pd.DataFrame,
    mapping: Mapping[str, str],
    spec: LayerSpec,
    units: Mapping[str, str],
) -> dict[str, str]:
    """Return ``units`` with those that the size of the numbers settles: 0.7 is no width in mm.

    Only for fields with a ``usual`` range, where the numbers lie in it in one other unit alone.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> frame = pd.DataFrame({"diameter": ["0.99", "0.7"]})
    >>> units_by_values(frame, {"cover_size_mm": "diameter"}, load_specs()["manholes"], {})
    {'cover_size_mm': 'm'}
    """
    out = dict(units)
    for name, column in mapping.items():
        item = spec.fields[name]
        if item.usual is None or name in out:
            continue
        numbers = pd.to_numeric(frame[column], errors="coerce").dropna().to_numpy(dtype=float)
        if len(numbers) < _MOST * frame[column].notna().sum() or not len(numbers):
            continue
        factors = {f: u for u, f in reversed(UNITS["factors"].get(item.unit, {}).items())}
        low, high = item.usual
        fits = [
            f for f in factors if ((numbers * f >= low) & (numbers * f <= high)).mean() >= _MOST
        ]
        if len(fits) == 1 and fits[0] != 1:
            out[name] = factors[fits[0]]
    return out


def report_units(
    units: Mapping[str, str],
    mapping: Mapping[str, str],
    spec: LayerSpec,
    findings: Findings,
    *,
    given: Collection[str] = (),
    stated: str = "",
) -> None:
    """Tell the columns whose plain numbers are in another unit than the field, and who says so.

    ``units`` are those that :func:`field_units` and :func:`units_by_values` return, ``given`` the
    fields of which the caller named the unit.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> spec, findings = load_specs()["manholes"], Findings("manholes")
    >>> report_units({"cover_size_mm": "m"}, {"cover_size_mm": "diameter"}, spec, findings)
    >>> findings.frame()["message_en"][0]
    "'Cover size': numbers of the column read as m (by their size), and converted to mm"
    """
    for name, unit in units.items():
        item = spec.fields[name]
        if name not in mapping or unit_factor(unit, item.unit) in (None, 1):
            continue
        how = "unit_by_size"
        if name in given:
            how = "unit_given"
        elif heading_unit(mapping[name], item):
            how = "unit_of_heading"
        elif stated and unit == fitting_unit(stated, item.unit):
            how = "unit_of_table"
        add_converted(item, unit, _MESSAGES(how), findings)


def add_converted(item: Field, unit: str, how: Text, findings: Findings) -> None:
    """Tell that the plain numbers of a column were taken in a unit, and by what."""
    findings.add(
        "UNIT_CONVERTED",
        value=f"1 {unit}",
        expected=item.unit or "1",
        item=item,
        about="column",
        detail=_MESSAGES("column_in_unit", unit=unit, how=how),
    )


def with_units(
    frame: pd.DataFrame, mapping: Mapping[str, str], spec: LayerSpec, stated: str = ""
) -> pd.DataFrame:
    """Return ``frame`` with the unit of a column written behind each of its plain numbers.

    For columns that are to stand under another name, or beside numbers in another unit.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> spec = load_specs()["illegal_construction"]
    >>> frame = pd.DataFrame({"违建面积（万平方米）": ["0.35", "20亩", None]})
    >>> with_units(frame, {"illegal_area_m2": "违建面积（万平方米）"}, spec).iloc[:, 0].tolist()
    ['0.35万平方米', '20亩', None]
    """
    out = frame.copy(deep=False)
    for name, unit in field_units(mapping, spec, Findings(spec.key), stated=stated).items():
        column = mapping[name]
        if factor_between(unit, spec.fields[name].unit) == 1:
            continue
        codes, texts = distinct_texts(frame[column])
        written = [f"{t}{unit}" if _PLAIN.fullmatch(plain(t)) else t for t in texts]
        values = np.array([*written, None], dtype=object)[codes]
        out[column] = pd.Series(values, index=frame.index, dtype=object)
    return out


def _is_unit(word: str) -> bool:
    return any(factor_between(word, target) is not None for target in _TARGETS)


_DATA = packaged_table("geo_citymgmt.cleaning", "concepts.toml")
_UNDONE = {kind: re.compile(pattern) for kind, pattern in _DATA["undone"].items()}
#: Types of fields that say whether, how much or when: what is done and what is planned look alike.
_DOABLE = ("int", "float", "bool", "date", "datetime")
_COUNTS = frozenset(_DATA["counts"])
_TELLING = frozenset(_DATA["telling"])
#: Meanings that may stand beside one that is telling.
_BESIDE = frozenset(["name", "person"])
_OF_TYPE = {kind: frozenset(meanings) for kind, meanings in _DATA["of_type"].items()}
_KINDS = {"text": "text", "int": "number", "float": "number", "date": "date", "datetime": "date"}
#: Runs of Chinese, and Latin words as CamelCase, snake_case and spaces part them.
_RUNS = re.compile(r"[^\W\d_a-zA-Z]+|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LATIN = re.compile(r"[A-Za-z]+")
#: A heading of more meanings than this is a sentence.
_MOST_MEANINGS = 64
#: The shortest words that run together with others, but for an id at the end.
_SHORTEST = 3
#: First characters of GB 2312 (ordered by sound) of each initial, and what has another sound.
_FIRST = "啊芭擦搭蛾发噶哈击喀垃妈拿哦啪期然撒塌挖昔压匝"
_LETTERS = "abcdefghjklmnopqrstwxyz"
_LAST_COMMON = b"\xd7\xf9"
_OTHER = {"窨": "y", "箅": "b", "篦": "b", "重": "z", "长": "c", "行": "x", "属": "s"}


def _spaced(heading: str) -> str:
    return " ".join(map(plain_key, _RUNS.findall(plain(heading[:_LONGEST]))))


@lru_cache(maxsize=4096)
def undone(heading: str) -> frozenset[str]:
    """Return what a heading says of a thing that is not done: planned, due, left.

    Examples
    --------
    >>> [sorted(undone(name)) for name in ("拟拆除时间", "拆除时限", "notDone", "应急电话")]
    [['planned'], ['due'], ['left'], []]
    """
    text = _spaced(heading)
    return frozenset(kind for kind, pattern in _UNDONE.items() if pattern.search(text))


def undone_of(item: Field) -> frozenset[str]:
    """Return what the names of a field say of a thing that is not done."""
    names = (item.name, item.zh, item.en, *item.aliases)
    return frozenset().union(*(undone(name) for name in names if name))


def may_mean(heading: str, item: Field) -> bool:
    """Whether a heading can name a field: one that denies or plans names none of what is done.

    What is matched by its meaning says no more and no less than the field does; this is to be asked
    where a name is merely like that of a field.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> fields = load_specs()["illegal_construction"].fields
    >>> may_mean("未拆面积", fields["demolished_area_m2"]), may_mean("拆除时限", fields["deadline"])
    (False, True)
    """
    said = undone(heading) if item.type in _DOABLE else frozenset()
    return not said or bool(said & undone_of(item))


class Vocabulary:
    """The words of a layer, and the fields that a heading may mean by them.

    Parameters
    ----------
    spec : LayerSpec
        Its ``subject`` words say nothing in a heading: each record is one.
    """

    def __init__(self, spec: LayerSpec) -> None:
        self.spec = spec
        self._subject = {plain_key(w) for w in (*spec.subject, *spec.names, spec.key)}
        self._words = _lexicon()
        self._fillers = {plain_key(w) for w in _DATA["fillers"]} | self._subject
        self._known = set(self._words) | self._fillers
        self._longest = max(map(len, self._known))

    @cached_property
    def _learnt(self) -> tuple[dict[frozenset[str], list[str]], dict[str, list[str]]]:
        """The fields by their meanings, and by the initials of their names."""
        by_meanings: dict[frozenset[str], list[str]] = {}
        by_initials: dict[str, list[str]] = {}
        for name, item in self.spec.fields.items():
            self._learn(name, item, by_meanings, by_initials)
        return by_meanings, by_initials

    def _learn(
        self,
        name: str,
        item: Field,
        by_meanings: dict[frozenset[str], list[str]],
        by_initials: dict[str, list[str]],
    ) -> None:
        texts = [text for text in (name, item.zh, item.en, *item.aliases) if text]
        for text in texts:
            # A name of initials is no word; the unit of a field is no part of its meaning.
            bare = next((n for n, _ in readings(text)), text)
            if item.looks and bare.isascii() and self.is_false_friend(bare, item):
                continue
            for meanings in self._of_type(self.meanings(bare), item):
                _put(by_meanings, meanings, name)
                if item.type in ("int", "float") and meanings - _COUNTS:
                    _put(by_meanings, meanings - _COUNTS, name)
            letters = initials(text)
            if letters:
                _put(by_initials, letters, name)

    @staticmethod
    def _of_type(readings_: set[frozenset[str]], item: Field) -> set[frozenset[str]]:
        """Leave out what a word means in fields of another type, if it means something in this."""
        kind = _KINDS.get(item.type)
        if kind is None:
            return readings_
        foreign = frozenset().union(*(_OF_TYPE[other] for other in _OF_TYPE if other != kind))
        return {meanings for meanings in readings_ if not meanings & foreign} or readings_

    def meanings(self, heading: str) -> set[frozenset[str]]:
        """Return what a heading may say: sets of meanings, more than one where a word has several.

        Examples
        --------
        >>> from geo_citymgmt.spec import load_specs
        >>> words = Vocabulary(load_specs()["parking_points"])
        >>> [sorted(m) for m in words.meanings("PARK_NAME")]
        [['name']]
        >>> sorted(sorted(m) for m in words.meanings("parkingTime"))
        [['date'], ['hours']]
        """
        choices = [self._choices(word) for word in self._split(heading)]
        count = 1
        for choice in choices:
            count *= len(choice)
        if not choices or count > _MOST_MEANINGS:
            return set()
        found = {frozenset(m for m in one if m) for one in product(*choices)}
        return {meanings for meanings in found if meanings}

    def by_words(self, heading: str) -> list[str]:
        """Return the fields that say the same as a heading.

        Examples
        --------
        >>> from geo_citymgmt.spec import load_specs
        >>> words = Vocabulary(load_specs()["parking_points"])
        >>> words.by_words("CAPACITY_OF_PARK"), words.by_words("numberOfStalls")
        (['spaces_total'], ['spaces_total'])
        >>> words.by_words("external_id"), words.by_words("TOTALMOTOR")
        ([], [])
        """
        names: dict[str, None] = {}
        for meanings in sorted(self.meanings(heading), key=sorted):
            for less in (meanings, meanings - _COUNTS):
                names |= dict.fromkeys(self._learnt[0].get(less, ()))
        return list(names)

    def by_initials(self, heading: str) -> list[str]:
        """Return the fields whose Chinese name a heading gives by its first letters.

        Examples
        --------
        >>> from geo_citymgmt.spec import load_specs
        >>> Vocabulary(load_specs()["manholes"]).by_initials("DLMC")
        ['road_name']
        """
        text = plain(heading)
        key = text.casefold()
        if not _LATIN.fullmatch(text) or text not in (key, text.upper()) or key in self._known:
            return []
        return list(self._learnt[1].get(key, ()))

    def by_part(self, heading: str) -> list[str]:
        """Return the field that one word of a heading points to, beside words that are not known.

        Examples
        --------
        >>> from geo_citymgmt.spec import load_specs
        >>> words = Vocabulary(load_specs()["parking_points"])
        >>> words.by_part("LOCATION_NAME"), words.by_part("inspectorComments")
        (['address'], ['remark'])
        """
        names: dict[str, None] = {}
        for meanings in self.meanings(heading):
            pointing = meanings & _TELLING
            others = {m for m in meanings - pointing if not m.startswith("=")} - _BESIDE
            if len(pointing) == 1 and not others and len(meanings) <= 3:
                names |= dict.fromkeys(self._learnt[0].get(pointing, ()))
        return list(names)

    def by_plan(self, heading: str) -> list[str]:
        """Return the fields of the planned day or the deadline of what a heading plans or demands.

        Examples
        --------
        >>> from geo_citymgmt.spec import load_specs
        >>> words = Vocabulary(load_specs()["illegal_construction"])
        >>> [words.by_plan(name) for name in ("拟拆除时间", "责令拆除时间", "计划开工时间")]
        [['planned_date'], ['deadline'], []]
        """
        kinds, rest = undone(heading), _spaced(heading)
        for pattern in _UNDONE.values():
            rest = pattern.sub("", rest)
        said = {meanings - {"date"} for meanings in self.meanings(rest)} if kinds else set()
        if not said & self._ends:
            return []
        states = self.spec.states
        days = [states.plan_date if states else None, self.spec.overdue.get("deadline")]
        return [n for n in dict.fromkeys(days) if n and kinds & undone_of(self.spec.fields[n])]

    @cached_property
    def _ends(self) -> set[frozenset[str]]:
        """What is said to be done on the days by which a plan is fulfilled."""
        states = self.spec.states
        if states is None or states.plan_enters is None:
            return set()
        planned = {states.plan_enters, *states.sets_of(states.plan_enters)}
        out = set()
        for name, (_, _, state) in states.dates.items():
            if planned & {state, *states.sets_of(state)}:
                item = self.spec.fields[name]
                for text in (name, item.zh, item.en, *item.aliases):
                    for meanings in self.meanings(text):
                        # 整改完成时间: the plan of it is 计划整改时间 as well.
                        out |= {meanings - {"date"}, meanings - {"date", "done"}}
        return out - {frozenset()}

    def says_label(self, heading: str, item: Field) -> bool:
        """Whether a heading says all that the label of a field does, whatever its unit.

        Examples
        --------
        >>> from geo_citymgmt.spec import load_specs
        >>> spec = load_specs()["illegal_construction"]
        >>> words, area = Vocabulary(spec), spec.fields["illegal_area_m2"]
        >>> [words.says_label(name, area) for name in ("其中违法面积（㎡）", "建筑面积", "面积")]
        [True, False, False]
        """
        label = max(self.meanings(item.zh), key=len, default=None)
        names = (heading, *(bare for bare, _ in readings(heading)))
        return label is not None and any(label in self.meanings(name) for name in names)

    def names_subject(self, heading: str) -> bool:
        """Whether a heading names what the layer is about, beside something else of it."""
        words = self._split(heading)
        return len(words) > 1 and any(word in self._subject for word in words)

    def says_only(self, heading: str, meaning: str) -> bool:
        """Whether a heading has no meaning but one."""
        return self.meanings(heading) == {frozenset([meaning])}

    def is_false_friend(self, heading: str, item: Field) -> bool:
        """Whether a heading that is a name of a field may mean another thing by its words.

        ``street_name`` is 街道, a part of a district; in English it is the name of a road.
        """
        field_meanings = frozenset().union(*self.meanings(item.zh)) - {"name"}
        heading_meanings = frozenset().union(*self.meanings(heading)) - {"name"}
        return bool(field_meanings and heading_meanings) and not field_meanings & heading_meanings

    def _choices(self, word: str) -> list[str]:
        """Return the meanings of a word; the empty one where it may say nothing."""
        singular = word[:-1] if self._is_plural(word) else word
        found = sorted(self._words.get(singular, ()))
        if singular in self._fillers:
            found.append("")
        return found or [f"={word}"]

    def _is_plural(self, word: str) -> bool:
        is_long = len(word) > _SHORTEST and word.endswith("s") and word not in self._known
        return is_long and word[:-1] in self._known

    def _split(self, heading: str) -> list[str]:
        whole = plain_key(heading)
        if whole in self._words:
            # uID, CarPark: one word, however it is spelt.
            return [whole]
        out: list[str] = []
        for run in _RUNS.findall(plain(heading)):
            key = plain_key(run)
            if out and key.isascii() and out[-1] + key in self._known:
                # car park, CarPark: one word in two.
                out[-1] += key
            elif key.isascii():
                out += self._latin(key)
            else:
                out += self._chinese(key)
        return out

    def _chinese(self, text: str) -> list[str]:
        """Part Chinese into the longest words that are known; the rest stands for itself."""
        out, unknown, at = [], "", 0
        while at < len(text):
            length = next(
                (n for n in range(min(self._longest, len(text) - at), 0, -1)
                 if text[at : at + n] in self._known),
                0,
            )  # fmt: skip
            if length == 0:
                unknown, at = unknown + text[at], at + 1
                continue
            if unknown:
                out.append(unknown)
            out.append(text[at : at + length])
            unknown, at = "", at + length
        return [*out, unknown] if unknown else out

    def _latin(self, word: str) -> list[str]:
        """Part words that were run together (TOTALCAR), where nothing is left over."""
        if word in self._known or self._is_plural(word):
            return [word]
        best: list[list[str] | None] = [[], *([None] * len(word))]
        for end in range(1, len(word) + 1):
            for start in range(end):
                before, part = best[start], word[start:end]
                if before is None or not self._is_part(part, is_last=end == len(word)):
                    continue
                now = best[end]
                if now is None or len(before) + 1 < len(now):
                    best[end] = [*before, part]
        return best[-1] or [word]

    def _is_part(self, part: str, *, is_last: bool) -> bool:
        return part in self._known and (len(part) >= _SHORTEST or (is_last and part == "id"))


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, set[str]]:
    """Return the meanings of each word that is known."""
    words: dict[str, set[str]] = {}
    for meaning, listed in _DATA["meanings"].items():
        for word in listed:
            words.setdefault(plain_key(word), set()).add(meaning)
    return words


def _put(table: dict[Any, list[str]], key: Hashable, name: str) -> None:
    names = table.setdefault(key, [])
    if name not in names:
        names.append(name)


def initials(text: str) -> str:
    """Return the first letters of the sounds of a Chinese text; empty for any other.

    Examples
    --------
    >>> initials("道路名称"), initials("窨井编号"), initials("Name")
    ('dlmc', 'yjbh', '')
    """
    key = plain_key(text)
    letters = [_initial(sign) for sign in key]
    return "".join(letters) if len(letters) > 1 and all(letters) else ""


def _initial(sign: str) -> str:
    if sign in _OTHER:
        return _OTHER[sign]
    try:
        code = sign.encode("gb2312")
    except UnicodeEncodeError:
        return ""
    starts = _starts()
    if not starts[0] <= code <= _LAST_COMMON:
        return ""
    return _LETTERS[sum(start <= code for start in starts) - 1]


@lru_cache(maxsize=1)
def _starts() -> tuple[bytes, ...]:
    return tuple(sign.encode("gb2312") for sign in _FIRST)
