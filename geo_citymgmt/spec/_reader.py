"""TOML files that people write, and from the tables of a layer file to its spec.

A mistake is told with its file, its line and what to write instead.
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from geo_citymgmt._values import FrozenDict
from geo_citymgmt._words import NOTHING, Messages, Text, listed
from geo_citymgmt.errors import SpecError, did_you_mean
from geo_citymgmt.spec._model import Amount, Code, Event, Field, LayerSpec, Moment, Plan, States

_MESSAGES = Messages("geo_citymgmt.spec")


#: What a person writes is far smaller; what is larger is something else.
LIMIT_BYTES = 8 << 20
_PLACE = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")
_WRITTEN = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')
#: The signs of a Chinese keyboard for those that TOML knows.
_WIDE = {
    "“": '"', "”": '"', "‘": "'", "’": "'", "「": '"', "」": '"', "＂": '"', "＝": "=", "，": ",",
    "、": ",", "［": "[", "］": "]", "【": "[", "】": "]", "｛": "{", "｝": "}", "＃": "#",
    "．": ".", "\u3000": " ",
}  # fmt: skip
_TWICE = ("Cannot declare", "Cannot overwrite", "Cannot mutate", "Duplicate inline")
_ESCAPE = ("Unescaped '\\'", "Invalid hex value", "Escaped character")
_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_NAMES = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_NAMES})\s*\]")
_ENTRY = re.compile(rf"\s*({_NAMES})\s*=")

ROLES = ("facility", "table", "zones", "context")
FIELD_TYPES = ("id", "text", "int", "float", "bool", "date", "datetime", "code", "list")
#: Types of fields that hold a day, or a day and the time of day.
TIME_TYPES = ("date", "datetime")
GEOMETRY_FAMILIES = ("Point", "LineString", "Polygon")
SPLITS = ("owner", "share")
#: What a case is to come to by a limit.
STAGES = ("handle", "close")
_DBF_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,9}")
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_KIND_WORDS = {
    str: Text("文字（加引号）", "a text in quotes"),
    int: Text("整数", "a whole number"),
    float: Text("数", "a number"),
    bool: Text("true 或 false", "true or false"),
    list: Text("列表 [ ]", "a list [ ]"),
    Mapping: Text("表（一节）", "a table"),
    date: Text("日期", "a date"),
}


class Check:
    """Raises for one file, so that each mistake names file, place and cause."""

    def __init__(self, file: str, source: Path | None = None) -> None:
        self.file, self.source = file, source

    def fail(self, place: str, cause: Text, remedy: Text = NOTHING) -> SpecError:
        """Return the error of an entry; its line is told where the file is known."""
        at = f" [{place}]" if place else ""
        # "units 2" is the second of the entries [[units]].
        keys = place.partition(" ")[0].split(".")
        line = None if self.source is None else line_of(text_of(self.source), keys)
        row = Text("", "") if line is None else Text(f" 第 {line} 行", f", line {line}")
        return SpecError(
            _MESSAGES("wrong_at", file=self.file, row=row, at=at, cause=cause), remedy=remedy
        )

    def keys(
        self,
        table: Any,
        place: str,
        required: Sequence[str] = (),
        optional: Sequence[str] = (),
    ) -> None:
        if not isinstance(table, Mapping):
            raise self.fail(place, Text("应为表", "must be a table"))
        for key in required:
            if key not in table:
                raise self.fail(place, Text(f"缺少 {key}", f"{key!r} is missing"))
        for key in table:
            if key not in required and key not in optional:
                raise self.unknown(place, key, [*required, *optional])

    def unknown(self, place: str, key: str, known: Sequence[str]) -> SpecError:
        """Return the error of an entry that there is not, with the one that may be meant."""
        near = did_you_mean(key, known)
        at = f"{place}.{key}" if place else key
        return self.fail(
            at,
            _MESSAGES("entry_unknown", key=key, known=listed(known)),
            Text(near.zh, near.en.strip()),
        )

    def value(self, table: Mapping[str, Any], place: str, key: str, kind: Any, default: Any) -> Any:
        got = table.get(key, default)
        if got is default or (isinstance(got, kind) and not (kind is not bool and got is True)):
            return got
        wanted = _kind_words(kind)
        raise self.fail(
            f"{place}.{key}" if place else key,
            _MESSAGES("unfit_value", key=key, got=got, wanted=wanted),
        )

    def texts(self, table: Mapping[str, Any], place: str, key: str) -> tuple[str, ...]:
        got = table.get(key, [])
        if isinstance(got, list) and all(isinstance(x, str) for x in got):
            return tuple(got)
        raise self.fail(place, Text(f"{key} 应为文字列表", f"{key!r} must be a list of texts"))

    def one_of(self, value: Any, place: str, key: str, known: Iterable[str]) -> str:
        known = tuple(known)
        if isinstance(value, str) and value in known:
            return value
        raise self.fail(
            place, _MESSAGES("none_of_these", key=key, value=value, known=listed(known))
        )


def _kind_words(kind: Any) -> Text:
    """What values of a kind, or of one of several, are called."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    words = [_KIND_WORDS[k] for k in kinds if k in _KIND_WORDS]
    return Text("或".join(w.zh for w in words), " or ".join(w.en for w in words))


_PARTS = ("district", "street", "community", "class", "kind", "serial")
_FIELD_OPTIONAL = (
    "unit", "aliases", "codes", "personal", "plan", "figures", "min", "max", "at_most",
    "at_least", "geometry", "tolerance", "may_be_empty", "release", "looks", "usual", "required",
    "precision", "parts",
)  # fmt: skip


def build_field(check: Check, name: str, table: Any) -> Field:
    place = f"fields.{name}"
    check.keys(table, place, required=("zh", "en", "dbf", "type"), optional=_FIELD_OPTIONAL)
    if not _KEY.fullmatch(name):
        raise check.fail(place, Text("字段名应为小写英文", "a field name is lower-case ASCII"))
    kind = check.one_of(table["type"], place, "type", FIELD_TYPES)
    dbf = check.value(table, place, "dbf", str, None)
    if not _DBF_NAME.fullmatch(dbf):
        raise check.fail(place, _MESSAGES("dbf_name_not", dbf=dbf))
    codes = table.get("codes", {})
    if kind in ("code", "list") and not codes:
        raise check.fail(place, Text(f"类型 {kind} 需要 codes", f"type {kind!r} needs codes"))
    if kind not in ("code", "list") and codes:
        raise check.fail(
            place, Text(f"类型 {kind} 不应有 codes", f"codes do not go with type {kind!r}")
        )
    geometry = table.get("geometry")
    if geometry is not None:
        check.one_of(geometry, place, "geometry", ("area", "length"))
    return Field(
        name=name,
        zh=check.value(table, place, "zh", str, None),
        en=check.value(table, place, "en", str, None),
        dbf=dbf,
        type=kind,
        unit=check.value(table, place, "unit", str, ""),
        aliases=check.texts(table, place, "aliases"),
        codes=FrozenDict({c: _code(check, f"{place}.codes.{c}", t) for c, t in codes.items()}),
        personal=check.value(table, place, "personal", bool, False),
        plan=check.value(table, place, "plan", bool, False),
        figures=check.texts(table, place, "figures"),
        min=check.value(table, place, "min", (int, float), None),
        max=check.value(table, place, "max", (int, float), None),
        at_most=check.value(table, place, "at_most", str, None),
        at_least=check.value(table, place, "at_least", str, None),
        geometry=geometry,
        tolerance=check.value(table, place, "tolerance", (int, float), None),
        may_be_empty=check.value(table, place, "may_be_empty", bool, False),
        release=_release(check, table, place, ""),
        looks=_pattern(check, table, place),
        usual=_range(check, table, place),
        required=check.value(table, place, "required", bool, False),
        precision=_precision(check, table, place),
        parts=_parts(check, table, place),
    )


def _parts(check: Check, table: Any, place: str) -> tuple[Mapping[str, int], ...]:
    given = check.value(table, place, "parts", list, [])
    for one in given:
        check.keys(one, f"{place}.parts", optional=_PARTS)
        for name in one:
            check.value(one, f"{place}.parts", name, int, None)
    return tuple(FrozenDict(one) for one in given)


def _range(check: Check, table: Any, place: str) -> tuple[float, float] | None:
    given = table.get("usual")
    if given is None:
        return None
    is_pair = isinstance(given, list) and len(given) == 2
    if not is_pair or not all(isinstance(n, (int, float)) for n in given) or given[0] > given[1]:
        raise check.fail(place, Text("usual 应为 [下限, 上限]", "'usual' must be [least, most]"))
    return float(given[0]), float(given[1])


def _precision(check: Check, table: Any, place: str) -> str:
    given = table.get("precision")
    known = ("month", "year")
    return "" if given is None else check.one_of(given, place, "precision", known)


def _pattern(check: Check, table: Any, place: str) -> str:
    looks = str(check.value(table, place, "looks", str, ""))
    try:
        re.compile(looks)
    except re.error as error:
        raise check.fail(
            place, Text(f"looks 不是正则表达式：{error}", f"'looks' is no pattern: {error}")
        ) from error
    return looks


def _release(check: Check, table: Any, place: str, default: str) -> str:
    release = table.get("release")
    if release is None:
        return default
    if release == "public" and table.get("personal"):
        raise check.fail(place, Text("个人信息不得公开", "personal data is never public"))
    return check.one_of(release, place, "release", ("internal", "public"))


def _code(check: Check, place: str, table: Any) -> Code:
    check.keys(table, place, required=("zh", "en"), optional=("synonyms", "part"))
    part = check.value(table, place, "part", str, "")
    return Code(table["zh"], table["en"], check.texts(table, place, "synonyms"), part)


_LAYER_OPTIONAL = (
    "names", "measure", "measure_default", "split", "level", "label", "parent", "without",
    "state", "amounts", "events", "times", "style", "fields", "release", "subject",
    "entered_twice", "yields", "overdue", "within",
)  # fmt: skip


def build_layer(check: Check, table: Mapping[str, Any], common: Mapping[str, Field]) -> LayerSpec:
    shape = ("geometry",) if table.get("role") != "table" else ()
    needed = ("key", "role", "zh", "en", *shape, "id")
    check.keys(table, "", required=needed, optional=_LAYER_OPTIONAL)
    key = table["key"]
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise check.fail("", Text("key 应为小写英文", f"key {key!r} is not lower-case ASCII"))
    geometry = check.texts(table, "", "geometry")
    for family in geometry:
        check.one_of(family, "", "geometry", GEOMETRY_FAMILIES)
    own = {n: build_field(check, n, t) for n, t in table.get("fields", {}).items()}
    without = check.texts(table, "", "without")
    shared = {n: f for n, f in common.items() if n not in own and n not in without}
    fields = {**own, **shared}
    _check_fields(check, fields)
    spec_id = check.one_of(table["id"], "", "id", fields)
    twice = check.texts(table, "", "entered_twice")
    for name in twice:
        check.one_of(name, "", "entered_twice", fields)
    for entry in ("measure", "measure_default", "label", "parent"):
        if table.get(entry) is not None:
            check.one_of(table[entry], "", entry, fields)
    states = _states(check, table.get("state"), fields)
    amounts = {k: _amount(check, k, t, fields, states) for k, t in table.get("amounts", {}).items()}
    for name, amount in amounts.items():
        if amount.part_of is not None:
            check.one_of(amount.part_of, f"amounts.{name}", "part_of", set(amounts) - {name})
        for stage, other in amount.stages.items():
            check.one_of(other, f"amounts.{name}.stages", stage, set(amounts) - {name})
    events = {k: _event(check, k, t, amounts, states) for k, t in table.get("events", {}).items()}
    times = {n: _moment(check, n, t, fields, states) for n, t in table.get("times", {}).items()}
    overdue = table.get("overdue", {})
    if overdue:
        check.keys(overdue, "overdue", required=("deadline",), optional=("first", "stock"))
        for name in (overdue["deadline"], *(n for w in overdue.get("first", []) for n in w)):
            check.one_of(name, "overdue", "deadline or first", fields)
        for name in overdue.get("stock", ()):
            check.one_of(name, "overdue", "stock", states.sets if states else ())
    style = table.get("style", {})
    check.keys(
        style, "style", optional=("color", "color_by", "popup", "colors", "radius", "weight")
    )
    for name in (*style.get("popup", ()), *([style["color_by"]] if "color_by" in style else ())):
        check.one_of(name, "style", "popup or color_by", fields)
    return LayerSpec(
        key=key,
        role=check.one_of(table["role"], "", "role", ROLES),
        name_zh=check.value(table, "", "zh", str, None),
        name_en=check.value(table, "", "en", str, None),
        names=check.texts(table, "", "names"),
        geometry=geometry,
        id_field=spec_id,
        fields=FrozenDict(fields),
        measure=table.get("measure"),
        measure_default=table.get("measure_default"),
        split=check.one_of(table.get("split", "owner"), "", "split", SPLITS),
        level=check.value(table, "", "level", str, None),
        within=check.value(table, "", "within", str, None),
        label=table.get("label"),
        parent=table.get("parent"),
        states=states,
        amounts=FrozenDict(amounts),
        events=FrozenDict(events),
        times=FrozenDict(times),
        style=FrozenDict(dict(style)),
        release=_release(check, table, "", "internal"),
        subject=check.texts(table, "", "subject"),
        entered_twice=twice,
        yields=check.value(table, "", "yields", bool, False),
        overdue=FrozenDict(overdue),
    )


def _check_fields(check: Check, fields: Mapping[str, Field]) -> None:
    seen: dict[str, str] = {}
    for name, item in fields.items():
        if item.dbf in seen:
            raise check.fail(
                f"fields.{name}", _MESSAGES("dbf_name_taken", item=item, seen=seen[item.dbf])
            )
        seen[item.dbf] = name
        for other in (item.at_most, item.at_least):
            if other is not None:
                check.one_of(other, f"fields.{name}", "at_most or at_least", fields)


def _states(check: Check, table: Any, fields: Mapping[str, Field]) -> States | None:
    if table is None:
        return None
    check.keys(table, "state", required=("field", "sets"), optional=("first", "dates", "plan"))
    state_field = check.one_of(table["field"], "state", "field", fields)
    codes = fields[state_field].codes
    sets: dict[str, tuple[str, ...]] = {}
    for name in table["sets"]:
        sets[name] = check.texts(table["sets"], "state.sets", name)
        for code in sets[name]:
            check.one_of(code, f"state.sets.{name}", name, codes)
    first = check.texts(table, "state", "first")
    for name in first:
        check.one_of(name, "state", "first", sets)
    dates: dict[str, tuple[str | None, Mapping[str, str], str]] = {}
    for name, rule in table.get("dates", {}).items():
        place = f"state.dates.{name}"
        check.one_of(name, "state.dates", "date", fields)
        if isinstance(rule, str):
            dates[name] = (None, FrozenDict({}), check.one_of(rule, place, name, codes))
            continue
        check.keys(rule, place, required=("field", "codes", "default"))
        for code in (*rule["codes"].values(), rule["default"]):
            check.one_of(code, place, "state", codes)
        decider = check.one_of(rule["field"], place, "field", fields)
        dates[name] = (decider, FrozenDict(dict(rule["codes"])), rule["default"])
    plan = table.get("plan", {})
    check.keys(plan, "state.plan", optional=("date", "enters", "only_from"))
    if plan:
        check.one_of(plan.get("date"), "state.plan", "date", fields)
        check.one_of(plan.get("enters"), "state.plan", "enters", codes)
    return States(
        field=state_field,
        sets=FrozenDict(sets),
        dates=FrozenDict(dates),
        plan_date=plan.get("date"),
        plan_enters=plan.get("enters"),
        plan_only_from=check.texts(plan, "state.plan", "only_from"),
        first=frozenset(code for name in first for code in sets[name]),
    )


def _where(check: Check, table: Any, place: str, fields: Mapping[str, Field]) -> Mapping[str, Any]:
    if not isinstance(table, Mapping):
        raise check.fail(place, Text("where 应为表", "'where' must be a table"))
    for name in table:
        check.one_of(name, place, "where", fields)
    return FrozenDict(dict(table))


def _amount(
    check: Check, key: str, table: Any, fields: Mapping[str, Field], states: States | None
) -> Amount:
    place = f"amounts.{key}"
    check.keys(
        table,
        place,
        required=("zh", "en"),
        optional=(
            "total",
            "date",
            "while_in",
            "where",
            "plan",
            "due",
            "due_where",
            "part_of",
            "stages",
        ),
    )
    total = table.get("total")
    if isinstance(total, str):
        check.one_of(total, place, "total", fields)
    if table.get("date") is not None:
        check.one_of(table["date"], place, "date", fields)
    if table.get("while_in") is not None:
        check.one_of(table["while_in"], place, "while_in", states.sets if states else ())
    plan = None
    if "plan" in table:
        rule = table["plan"]
        check.keys(rule, f"{place}.plan", required=("date",), optional=("up_to", "add", "where"))
        for entry in ("date", "up_to", "add"):
            if entry in rule:
                check.one_of(rule[entry], f"{place}.plan", entry, fields)
        where = _where(check, rule.get("where", {}), f"{place}.plan", fields)
        plan = Plan(rule["date"], rule.get("up_to"), rule.get("add"), where)
    due = check.texts(table, place, "due")
    for name in due:
        check.one_of(name, place, "due", states.sets if states else ())
    return Amount(
        key=key,
        zh=table["zh"],
        en=table["en"],
        total=total,
        date=table.get("date"),
        while_in=table.get("while_in"),
        where=_where(check, table.get("where", {}), place, fields),
        plan=plan,
        due=tuple(code for name in due for code in (states.sets[name] if states else ())),
        due_where=_where(check, table.get("due_where", {}), place, fields),
        part_of=check.value(table, place, "part_of", str, None),
        stages=FrozenDict(dict(check.value(table, place, "stages", Mapping, {}))),
    )


def _event(
    check: Check, key: str, table: Any, amounts: Mapping[str, Amount], states: States | None
) -> Event:
    place = f"events.{key}"
    check.keys(
        table,
        place,
        required=("zh", "en"),
        optional=("enters", "adds", "takes_back", "default_amount"),
    )
    adds, takes_back = check.texts(table, place, "adds"), check.texts(table, place, "takes_back")
    for name in (*adds, *takes_back):
        check.one_of(name, place, "adds or takes_back", amounts)
    if table.get("enters") is not None:
        known = {c for codes in states.sets.values() for c in codes} if states else ()
        check.one_of(table["enters"], place, "enters", known)
    return Event(
        key=key,
        zh=table["zh"],
        en=table["en"],
        enters=table.get("enters"),
        adds=adds,
        takes_back=takes_back,
        default_amount=check.value(table, place, "default_amount", (int, float), None),
    )


def _moment(
    check: Check, name: str, table: Any, fields: Mapping[str, Field], states: States | None
) -> Moment:
    place = f"times.{name}"
    _time_field(check, "times", name, fields)
    check.keys(table, place, optional=("due", "moved_to", "stopped", "start", "stage"))
    stopped = table.get("stopped", {})
    check.keys(stopped, f"{place}.stopped", optional=("from", "to", "states"))
    start, stage = table.get("start"), table.get("stage")
    for named in (table.get("moved_to"), stopped.get("from"), stopped.get("to"), start):
        if named is not None:
            _time_field(check, place, named, fields)
    if stopped and not {"from", "to"} <= set(stopped):
        raise check.fail(f"{place}.stopped", Text("应有 from 和 to", "needs from and to"))
    if (start is None) != (stage is None):
        raise check.fail(place, Text("start 与 stage 应同时写明", "start and stage go together"))
    if stage is not None:
        check.one_of(stage, place, "stage", STAGES)
    return Moment(
        due=_codes(check, table, place, "due", fields, states),
        moved_to=table.get("moved_to"),
        stopped_from=stopped.get("from"),
        stopped_to=stopped.get("to"),
        stopped_in=_codes(check, stopped, f"{place}.stopped", "states", fields, states),
        start=start,
        stage=stage,
    )


def _time_field(check: Check, place: str, name: Any, fields: Mapping[str, Field]) -> None:
    check.one_of(name, place, "time", [n for n, f in fields.items() if f.type in TIME_TYPES])


def _codes(
    check: Check,
    table: Mapping[str, Any],
    place: str,
    key: str,
    fields: Mapping[str, Field],
    states: States | None,
) -> frozenset[str]:
    """States named one by one or by their sets."""
    sets = states.sets if states else {}
    codes = fields[states.field].codes if states else {}
    named = check.texts(table, place, key)
    for name in named:
        check.one_of(name, place, key, (*sets, *codes))
    return frozenset(code for name in named for code in sets.get(name, (name,)))


def read_toml(path: Path | resources.abc.Traversable) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    SpecError
        It is no text file in UTF-8, or has a mistake: its line is shown, with what to do.
    """
    text = text_of(path)
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise _MESSAGES.error(SpecError, "nested_too_deep", path=path) from error
    except ValueError as error:
        raise _mistake(path.name, text, str(error)) from error


def text_of(path: Path | resources.abc.Traversable) -> str:
    """Return the text of a file that is one, and in UTF-8."""
    if isinstance(path, Path):
        _require_file(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _MESSAGES.error(SpecError, "cannot_be_read", path=path, error=error) from error
    remedy = _MESSAGES("save_as_utf8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SpecError(
            _MESSAGES("no_utf8", path=path, line=line, error=error),
            remedy=remedy,
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SpecError(
            _MESSAGES("holds_nul", path=path, line=line),
            remedy=remedy,
        )
    return text.lstrip("\ufeff")


def line_of(text: str, keys: Sequence[str]) -> int | None:
    """Return the line of an entry, or of what comes nearest to it; None where nothing does.

    Examples
    --------
    >>> text = 'code = "1"\\n[layers.manholes]\\npath = "a.shp"'
    >>> line_of(text, ["layers", "manholes", "path"]), line_of(text, ["layers", "manholes", "crs"])
    (3, 2)
    >>> line_of(text, ["zones"]) is None
    True
    """
    section: list[str] = []
    best, found = 0, None
    for number, line in enumerate(text.splitlines(), 1):
        header, entry = _HEADER.match(line), _ENTRY.match(line)
        if header is not None:
            section = _keys_of(header[1])
        elif entry is None:
            continue
        at = section + (_keys_of(entry[1]) if header is None and entry is not None else [])
        # What stands deeper than what is asked for begins with it too.
        same = 0
        for given, asked in zip(at, keys, strict=False):
            if given != asked:
                break
            same += 1
        is_near = same == len(keys) or same == len(at)
        if is_near and same > best:
            best, found = same, number
    return found


def _keys_of(keys: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_NAME, keys)]


def _require_file(path: Path) -> None:
    """Refuse what is no file before it is opened: a device never ends, a pipe never begins."""
    try:
        state = path.stat()
    except (OSError, ValueError) as error:
        raise _MESSAGES.error(SpecError, "no_such_file", path=path) from error
    if not stat.S_ISREG(state.st_mode):
        raise _MESSAGES.error(SpecError, "is_no_file", path=path)
    if state.st_size > LIMIT_BYTES:
        raise _MESSAGES.error(
            SpecError, "too_large", path=path, size=state.st_size, most=LIMIT_BYTES
        )


def _mistake(name: str, text: str, error: str) -> SpecError:
    lines = text.splitlines()
    place = _PLACE.search(error)
    number = int(place[1]) if place and place[1] else len(lines)
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    cause = _PLACE.sub("", error).strip()
    return SpecError(
        _MESSAGES("no_toml", name=name, number=number, line=line, cause=cause),
        remedy=_remedy(line, cause),
    )


def _remedy(line: str, cause: str) -> Text:
    """What to write instead, as far as the line shows what was meant."""
    wide = [sign for sign in dict.fromkeys(_WRITTEN.sub("", line)) if sign in _WIDE]
    if wide:
        # Nothing is shown for a blank, whatever its width.
        zh = "、".join(
            "全角空格改为半角空格" if s == "\u3000" else f"{s} 改为 {_WIDE[s]}" for s in wide
        )
        en = ", ".join(
            f"U+{ord(s):04X} by {'a space' if _WIDE[s] == ' ' else _WIDE[s]}" for s in wide
        )
        return Text(f"请用英文（半角）符号：{zh}。", f"Replace full-width signs: {en}.")
    if "\\" in line and cause.startswith(_ESCAPE):
        return _MESSAGES("in_a_path")
    if cause.startswith(_TWICE):
        return _MESSAGES("entry_twice")
    if re.match(r"\s*[^\s\"'=]*[^\x00-\x7f][^\"'=]*=", line):
        return Text("请给中文的名称加英文双引号。", "Put quotes around a name that is not ASCII.")
    return _MESSAGES("one_entry_a_line")
