"""Which column is which field, by name and values; what is merely likely is proposed.

A name that is known is taken as ever. A heading that says the same in other words, or by the first
letters of its sounds, is taken where its values are the field's. All else is a proposal, with its
reasons in the order of their weight: what was seen, and no score.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import pandas as pd

from geo_citymgmt._languages import Lang, Messages, Text, join_texts
from geo_citymgmt._options import check_lang
from geo_citymgmt.cleaning._codes import read_codes
from geo_citymgmt.cleaning._headings import Vocabulary, readings, unit_fits
from geo_citymgmt.cleaning._names import (
    AGREES,
    SAYS_NOTHING,
    SPEAKS,
    Evidence,
    Values,
    add_doubt,
    given_columns,
    is_own_name,
    match_columns,
    similar_columns,
    unique_names,
    writable,
)
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading import Raw, read_raw
from geo_citymgmt.reading._text import plain_key
from geo_citymgmt.spec import Field, LayerSpec, get_spec

_MESSAGES = Messages("geo_citymgmt.cleaning")

#: How a name leads to a field, the surest first.
_KNOWN, _WORDS, _INITIALS, _PART, _PLAN, _NEAR, _VALUES = range(7)
_HOW = {
    _WORDS: Text("同义的列名", "the same in other words"),
    _INITIALS: Text("拼音首字母", "the first letters of its Chinese name"),
    _PART: Text("列名中的一个词", "one word of the name"),
    _PLAN: Text("所计划或限定的时间", "the day that is planned or set"),
    _NEAR: Text("相近的列名", "a name like it"),
    _VALUES: Text("仅凭其值", "its values alone"),
}
#: So many initials are no chance where the values agree.
_TELLING_INITIALS = 3
_LISTS = ("code", "list")
#: Fields that are recognised by what their values look like, whatever the name of the column.
_ZONES = ("district_name", "street_name")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that is, or may be, a field."""

    column: str
    field: str
    rank: int
    how: Text
    evidence: Evidence
    is_applied: bool = False

    @property
    def reasons(self) -> Text:
        """What speaks for it: the name first, then the values."""
        parts = [self.how, *([self.evidence.reason] if self.evidence.reason.zh else [])]
        return Text("；".join(p.zh for p in parts), "; ".join(p.en for p in parts))


@dataclass(frozen=True)
class FieldMatch:
    """Field to column as it is read, and the columns that may be one of the other fields."""

    mapping: dict[str, str]
    applied: list[Candidate]
    proposed: list[Candidate]
    #: Candidates none of which leads: a person has to say which it is.
    open: list[Candidate]

    def undecided(self, spec: LayerSpec) -> dict[str, list[Field]]:
        """Return the columns that may be several fields, with these."""
        columns = dict.fromkeys(c.column for c in self.open)
        return {
            column: [spec.fields[c.field] for c in self.open if c.column == column]
            for column in columns
        }


def match_fields(
    frame: pd.DataFrame,
    spec: LayerSpec,
    findings: Findings,
    aliases: Mapping[str, str] | None = None,
    *,
    places: Collection[str] = (),
) -> FieldMatch:
    """Return which column of ``frame`` is which field, by names and values.

    Parameters
    ----------
    frame : DataFrame
        Columns as they stand in the source.
    spec : LayerSpec
        The layer.
    findings : Findings
        Takes what was recognised and how, and what has to be asked.
    aliases : mapping of str to str, optional
        The caller's word: source column to field name, empty to leave a column out.
    places : collection of str
        Columns that positions were taken from: a field by its known name at most.
    """
    columns = [str(column) for column in frame.columns]
    reported = given_columns(columns, aliases, spec)
    values = _Looked(frame)
    asked = Findings(spec.key)
    mapping = match_columns(columns, spec, asked, aliases, values)
    words = Vocabulary(spec)
    doubted = _put_right(mapping, reported, spec, words, values)
    # A column that is given up was not read as that field.
    given_up = {writable(column) for column, _ in doubted}
    given_up |= _take_nearer(mapping, reported, spec, words, values, asked)
    asked.withdraw(("FIELD_ALIAS", "FIELD_TRUNCATED"), given_up)
    findings.extend(asked)
    open_names = asked.values_of("FIELD_AMBIGUOUS", "FIELD_DUPLICATE", "FIELD_DOUBTED")
    settled = {*mapping.values(), *reported, *open_names, *places}
    free = [c for c in columns if c not in settled and values(c).texts]
    found = [
        c for column in free for c in _candidates(column, spec, mapping, words, values(column))
    ]
    found += _near(free, spec, mapping, values)
    best, undecided = _best([c for c in found if (c.column, c.field) not in doubted], spec)
    applied = [c for c in best if c.is_applied]
    mapping |= {c.field: c.column for c in applied}
    by_name = dict(doubted)
    for candidate in applied:
        reasons = [candidate.reasons]
        if candidate.column in by_name:
            other = spec.fields[by_name[candidate.column]]
            reasons.append(_MESSAGES("name_of_another", item=other))
        findings.add(
            "FIELD_MATCHED",
            item=spec.fields[candidate.field],
            value=candidate.column,
            about=candidate.column,
            detail=join_texts(reasons),
        )
    # What became of a column is said once.
    said = {c.column for c in (*best, *undecided)}
    for column, name in sorted(doubted):
        if column not in said:
            add_doubt(column, spec.fields[name], values(column), findings)
    return FieldMatch(
        {name: mapping[name] for name in spec.fields if name in mapping},
        applied,
        [c for c in best if not c.is_applied],
        undecided,
    )


def add_proposals(match: FieldMatch, spec: LayerSpec, findings: Findings) -> None:
    """Tell the columns that may be fields and were not used, with the line that uses each."""

    def matters(item: Field) -> bool:
        return bool(item.figures) or item.name in (spec.measure, spec.id_field, spec.state_field)

    for candidate in match.proposed:
        item = spec.fields[candidate.field]
        findings.add(
            "FIELD_PROPOSED",
            item=item,
            value=candidate.column,
            expected=f'"{candidate.column}" = "{item.name}"',
            about=candidate.column,
            detail=candidate.reasons,
            severity="warning" if matters(item) else None,
        )
    for column, items in match.undecided(spec).items():
        # A question stays one until it is answered: the column is not used meanwhile.
        findings.add(
            "FIELD_AMBIGUOUS",
            value=column,
            about=column,
            expected=", ".join(f"{item.zh} ({item.name})" for item in items),
            severity="warning" if any(map(matters, items)) else "info",
        )


def propose_mapping(
    source: Any,
    layer: str | LayerSpec,
    *,
    sublayer: str | None = None,
    encoding: str | None = None,
    aliases: Mapping[str, str] | None = None,
    specs: Mapping[str, LayerSpec] | None = None,
    lang: Lang = "zh",
) -> pd.DataFrame:
    """Return which columns of a source are, or may be, which fields of a layer, and why.

    What :func:`read_layer` takes by itself is ``applied``: a name that is known, and a heading that
    says the same in other words where its values are those of the field. The rest is for a person
    to confirm, by ``aliases=`` or in ``city.toml``; values alone are never enough.

    Parameters
    ----------
    source : path or DataFrame
        As for :func:`read_layer`.
    layer : str or LayerSpec
        Which layer it is: a key, a Chinese name, or a spec.
    sublayer, encoding, specs : optional
        As for :func:`read_layer`.
    aliases : mapping of str to str, optional
        What is settled: source column to field name, empty to leave a column out.
    lang : {"zh", "en"}
        Language of the reasons.

    Returns
    -------
    DataFrame
        ``column``, ``field``, ``reasons`` (what speaks for it, the weightiest first) and
        ``applied``, in the order of the columns. A column that is no field's has no row; one that
        may be several fields' has one for each.

    Raises
    ------
    CityDataError
        The source cannot be read, or there is no such layer or field.

    See Also
    --------
    read_layer : Reads a source by what is applied here, and by ``aliases=``.
    load_specs : The fields of each layer, with their names and codes.

    Examples
    --------
    >>> frame = pd.DataFrame({"PARK_NAME": ["A", "B"], "CAPACITY_OF_PARK": [30, 50],
    ...                       "LOCATION_NAME": ["here", "there"]})
    >>> table = propose_mapping(frame, "parking_points", lang="en")
    >>> table[["column", "field", "applied"]].values.tolist()  # doctest: +NORMALIZE_WHITESPACE
    [['PARK_NAME', 'name', True], ['CAPACITY_OF_PARK', 'spaces_total', True],
     ['LOCATION_NAME', 'address', False]]
    >>> table["reasons"][1]
    'the same in other words; numbers from 30 to 50'
    """
    check_lang(lang)
    spec = get_spec(layer, specs)
    raw = read_raw(source, sublayer=sublayer, encoding=encoding, name=spec.key)
    frame = unique_names(raw.frame)
    match = match_fields(frame, spec, Findings(spec.key), aliases)
    given = given_columns(map(str, frame.columns), aliases, spec)
    by_words = {candidate.column for candidate in match.applied}
    known = [
        _known(column, name, spec, given, Values(frame[column]))
        for name, column in match.mapping.items()
        if column not in by_words
    ]
    place = {str(column): k for k, column in enumerate(frame.columns)}
    rows = sorted(
        [*known, *match.applied, *match.proposed, *match.open],
        key=lambda c: (place[c.column], not c.is_applied),
    )
    return pd.DataFrame(
        [(c.column, c.field, c.reasons.zh if lang == "zh" else c.reasons.en, c.is_applied)
         for c in rows],
        columns=["column", "field", "reasons", "applied"],
    )  # fmt: skip


def _known(
    column: str, name: str, spec: LayerSpec, aliases: Mapping[str, str], values: Values
) -> Candidate:
    item = spec.fields[name]
    if aliases.get(column) == name:
        how = Text("已指明", "as it was given")
    elif is_own_name(column, item):
        how = Text("即字段名", "the name of the field")
    elif plain_key(column) in {plain_key(alias) for alias in item.aliases}:
        how = Text("已知的别名", "an alias that is known")
    else:
        how = Text("字段名被截断或带有单位", "its name cut, or with a unit")
    return Candidate(column, name, _KNOWN, how, values.of(item, is_id=name == spec.id_field), True)


class _Looked:
    """The values of each column of a frame, looked at when asked for, and once."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._seen: dict[str, Values] = {}
        self.columns = [str(column) for column in frame.columns]

    def __call__(self, column: str) -> Values:
        if column not in self._seen:
            self._seen[column] = Values(self._frame[column])
        return self._seen[column]


def _put_right(
    mapping: dict[str, str],
    reported: Mapping[str, str],
    spec: LayerSpec,
    words: Vocabulary,
    values: Callable[[str], Values],
) -> set[tuple[str, str]]:
    """Give up what a name alone says and neither the values nor the other words bear out.

    ``streetname`` is 街道 by its letters, and a road by its values; ``ID_NUMBER`` is that of a
    person, or of anything; the word "type" is the kind of anything.
    """
    doubted = set()
    for name, column in list(mapping.items()):
        item = spec.fields[name]
        if column in reported or not (item.looks or item.type in _LISTS):
            continue
        evidence = values(column).of(item)
        if evidence.verdict > SAYS_NOTHING or not values(column).texts:
            continue
        if item.looks:
            is_doubtful = column.isascii() and (
                words.is_false_friend(column, item)
                or (item.personal and not values(column).hold_long_numbers)
            )
        else:
            is_doubtful = not is_own_name(column, item) and words.says_only(column, "type")
        if is_doubtful:
            del mapping[name]
            doubted.add((column, name))
    return doubted


def _take_nearer(
    mapping: dict[str, str],
    reported: Mapping[str, str],
    spec: LayerSpec,
    words: Vocabulary,
    values: _Looked,
    findings: Findings,
) -> set[str]:
    """Take a column that says the label of a field for one that is it by a wider name.

    建筑面积 is the area of a parcel where nothing else is; beside 违法建筑面积 it is that of the
    building. Of several that do none is taken, and which it is, is asked. Return the columns that
    were given up.
    """
    left = set()
    for name, column in list(mapping.items()):
        item = spec.fields[name]
        if column in reported or column.isascii() or words.says_label(column, item):
            continue
        is_id, taken = name == spec.id_field, {*mapping.values(), *reported}
        nearer = [
            c
            for c in values.columns
            if c not in taken
            and words.says_label(c, item)
            and values(c).of(item, is_id=is_id).verdict >= AGREES
        ]
        if nearer:
            del mapping[name]
            left.add(writable(column))
        if len(nearer) == 1:
            mapping[name] = nearer[0]
            findings.add(
                "FIELD_DUPLICATE",
                item=item,
                value=writable(column),
                about=writable(column),
                expected=writable(nearer[0]),
            )
    return left


def _candidates(
    column: str,
    spec: LayerSpec,
    mapping: Mapping[str, str],
    words: Vocabulary,
    values: Values,
) -> Iterator[Candidate]:
    """Yield the fields that a column may be, each by the surest way that leads to it."""
    seen: set[str] = set()
    for rank, names in (
        (_WORDS, _by_words(column, spec, words)),
        (_INITIALS, words.by_initials(column)),
        (_PART, words.by_part(column)),
        (_PLAN, words.by_plan(column)),
        (_VALUES, _by_values(spec)),
    ):
        for name in names:
            if name in mapping or name in seen:
                continue
            item = spec.fields[name]
            evidence = values.of(item, is_id=name == spec.id_field)
            if _is_likely(column, rank, item, evidence, words, values):
                seen.add(name)
                yield Candidate(column, name, rank, _HOW[rank], evidence)


def _by_words(column: str, spec: LayerSpec, words: Vocabulary) -> list[str]:
    names = words.by_words(column)
    for bare, unit in readings(column):
        names += [n for n in words.by_words(bare) if unit_fits(unit, spec.fields[n])]
    return list(dict.fromkeys(names))


def _by_values(spec: LayerSpec) -> list[str]:
    lists = [name for name, item in spec.fields.items() if item.type in _LISTS]
    return [*lists, *(name for name in _ZONES if name in spec.fields)]


def _is_likely(
    column: str, rank: int, item: Field, evidence: Evidence, words: Vocabulary, values: Values
) -> bool:
    """Whether a person should be asked about a column, by how its name led to the field."""
    verdict = evidence.verdict
    if rank == _VALUES:
        return verdict == SPEAKS or (verdict == AGREES and words.says_only(column, "type"))
    if verdict >= AGREES:
        return True
    if verdict < SAYS_NOTHING or rank not in (_WORDS, _PART):
        return False
    if item.type in _LISTS:
        # "kind" may be of anything; PARK_TYPE_DESC is the kind of car park, in unknown words.
        return words.names_subject(column) and len(values.texts) > 1
    # Names may look otherwise in another country; a code that does not look like one is none.
    return item.type == "text" and bool(item.looks) and not item.name.endswith("_code")


def _near(
    free: list[str],
    spec: LayerSpec,
    mapping: Mapping[str, str],
    values: Callable[[str], Values],
) -> Iterator[Candidate]:
    """Yield columns whose names are like those of fields that figures need."""
    for name, item in spec.fields.items():
        is_id = name == spec.id_field
        if name in mapping or not (item.figures or is_id or name == spec.measure):
            continue
        for column in similar_columns(item, free):
            evidence = values(column).of(item, is_id=is_id)
            wanted = SPEAKS if is_id or item.type in _LISTS else AGREES
            if evidence.verdict >= wanted:
                yield Candidate(column, name, _NEAR, _HOW[_NEAR], evidence)


def _best(candidates: list[Candidate], spec: LayerSpec) -> tuple[list[Candidate], list[Candidate]]:
    """Return the candidate that leads for its column and for its field, and those none leads."""
    rivals = _rivals(candidates, spec)
    kept = _leading([c for c in candidates if c.field not in rivals], lambda c: c.column)
    leads = _leading([c for c in kept if not _ties(c, kept, "column")], lambda c: c.field)
    best = [c for c in leads if not _ties(c, leads, "field")]
    best = [replace(c, is_applied=_is_certain(c)) for c in best]
    taken = {c.column for c in best} | {c.field for c in best}
    undecided = [*kept, *(c for c in candidates if c.field in rivals)]
    return best, [c for c in undecided if c.column not in taken and c.field not in taken]


def _rivals(candidates: list[Candidate], spec: LayerSpec) -> set[str]:
    """Return fields of plain text that several columns are by a word of their names.

    Any text may be any text: where names do not say which of two it is, values do not either.
    """
    texts = [
        c
        for c in candidates
        if spec.fields[c.field].type == "text"
        and c.evidence.verdict < SPEAKS
        and c.rank in (_WORDS, _PART)
    ]
    n_columns = Counter(field for field, _ in {(c.field, c.column) for c in texts})
    return {field for field, n in n_columns.items() if n > 1}


def _leading(candidates: list[Candidate], of: Callable[[Candidate], str]) -> list[Candidate]:
    first: dict[str, tuple[int, int]] = {}
    for candidate in candidates:
        first[of(candidate)] = min(first.get(of(candidate), _order(candidate)), _order(candidate))
    return [c for c in candidates if _order(c) == first[of(c)]]


def _order(candidate: Candidate) -> tuple[int, int]:
    """What weighs more comes first: a name, then values that speak."""
    is_weak = candidate.rank in (_NEAR, _VALUES)
    return (candidate.rank if is_weak else 0, -candidate.evidence.verdict * 10 + candidate.rank)


def _ties(candidate: Candidate, others: list[Candidate], by: str) -> bool:
    return sum(getattr(c, by) == getattr(candidate, by) for c in others) > 1


def _is_certain(candidate: Candidate) -> bool:
    """Whether name and values agree, so that nobody need be asked."""
    verdict = candidate.evidence.verdict
    if candidate.rank == _WORDS:
        return verdict >= AGREES
    if candidate.rank != _INITIALS:
        return False
    return verdict == SPEAKS or (
        verdict == AGREES and len(plain_key(candidate.column)) >= _TELLING_INITIALS
    )


_IN_NAME = re.compile(r"(?<![A-Za-z0-9])[Tt](\d{4})(?![0-9])")
#: Words of a kind that are as short as this occur in other names.
_SHORTEST_KIND = 3
#: From this share of the ids on, they are codes of parts.
_MOST = 0.9
_LOOKED_AT = 500


def with_kinds(
    raws: Sequence[Raw],
    spec: LayerSpec,
    findings: Findings,
    aliases: Mapping[str, str] | None = None,
) -> list[Raw]:
    """Return the sources with a column of the kind where they have none and their codes say it.

    Parameters
    ----------
    raws : sequence of Raw
        The sources of one layer.
    spec : LayerSpec
        A field of it whose codes have a ``part`` takes part; without one nothing is done.
    findings : Findings
        Takes what was filled in, and by what.
    aliases : mapping of str to str, optional
        Source column to field.
    """
    item = next((f for f in spec.fields.values() if any(c.part for c in f.codes.values())), None)
    if item is None:
        return list(raws)
    found = [
        match_columns(list(raw.frame.columns), spec, Findings(spec.key), aliases) for raw in raws
    ]
    column = next((mapping[item.name] for mapping in found if item.name in mapping), item.zh)
    out = []
    for raw, mapping in zip(raws, found, strict=True):
        kinds = None if item.name in mapping else _kinds(raw, mapping, item, spec, findings)
        frame = raw.frame if kinds is None else raw.frame.assign(**{column: kinds})
        out.append(raw if kinds is None else replace(raw, frame=frame))
    return out


def kinds_by_code(ids: pd.Series, item: Field, coded: Field) -> pd.Series | None:
    """Return the code of the kind that the code of each part says; None where they are no such.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> fields = load_specs()["manholes"].fields
    >>> kind, code = fields["cover_kind"], fields["manhole_id"]
    >>> kinds_by_code(pd.Series(["3205080102000001", "3205080104000007"]), kind, code).tolist()
    ['sewage', 'gully']
    >>> kinds_by_code(pd.Series(["3205080100100001"]), kind, code).tolist()
    ['water']
    """
    known = {entry.part: code for code, entry in item.codes.items() if entry.part}
    for some in (ids.head(_LOOKED_AT), ids):
        # A million other ids are told by the first of them.
        read = read_codes(some, coded, known)
        if "part" not in read or read["part"].notna().sum() < _MOST * max(1, some.notna().sum()):
            return None
    kinds = read["part"].map(known)
    return kinds if kinds.notna().any() else None


def kinds_by_name(name: str, item: Field) -> str | None:
    """Return the code of the one kind that a file is named after; None where there is none.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> kind = load_specs()["manholes"].fields["cover_kind"]
    >>> names = ("T0102_污水井盖.shp", "T0103.dbf", "窨井0105.shp", "雨水井盖、污水井盖.csv")
    >>> [kinds_by_name(name, kind) for name in names]
    ['sewage', 'rain', None, None]
    """
    stem = PurePath(name.split(":")[0]).stem
    by_part = {e.part: code for code, e in item.codes.items() if e.part}
    numbers = {by_part[part] for part in _IN_NAME.findall(stem) if part in by_part}
    key = plain_key(stem)
    words = {plain_key(word): code for code, e in item.codes.items() for word in e.synonyms}
    named = {code for word, code in words.items() if len(word) >= _SHORTEST_KIND and word in key}
    found = named or numbers
    return found.pop() if len(found) == 1 and (not named or numbers <= named) else None


def _kinds(
    raw: Raw, mapping: Mapping[str, str], item: Field, spec: LayerSpec, findings: Findings
) -> pd.Series | None:
    kinds, how = _by_columns(raw.frame, mapping, item, spec)
    if kinds is None:
        named = kinds_by_name(raw.name, item)
        if named is None:
            return None
        kinds = pd.Series(named, index=raw.frame.index)
        how = Text(f"文件名 {raw.name} ", f"the name of {raw.name}")
    counts = kinds.value_counts()
    shown = "、".join(
        f"{item.codes[word].zh if word in item.codes else word} {n}" for word, n in counts.items()
    )
    findings.add(
        "FIELD_FILLED", item=item, value=shown, about=raw.name, detail=how, action="assumed"
    )
    return kinds


def _by_columns(
    frame: pd.DataFrame, mapping: Mapping[str, str], item: Field, spec: LayerSpec
) -> tuple[pd.Series | None, Text]:
    """Return the kinds that a class column (SmallClass) or the codes of the parts say."""
    for name, column in mapping.items():
        if spec.fields[name].type == "text" and Values(frame[column]).of(item).verdict >= AGREES:
            return frame[column], Text(f"“{column}”一列", f"the column {column!r}")
    ids = mapping.get(spec.id_field)
    kinds = None if ids is None else kinds_by_code(frame[ids], item, spec.fields[spec.id_field])
    return kinds, Text("部件代码", "the codes of the parts")
