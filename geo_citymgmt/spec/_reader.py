"""TOML files that people write, and from the tables of a layer file to its spec.

A mistake is told with its file, its line and what to write instead.
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from geo_citymgmt._languages import NOTHING, Messages, Text, join_texts, listed, packaged_table
from geo_citymgmt._values import FrozenDict
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

#: What the tables of such files may say.
FORMS = packaged_table("geo_citymgmt.spec", "forms.toml")
#: In the order in which layers are shown.
ROLES: list[str] = FORMS["layer"]["needs"]["role"]
#: Types of fields that hold a day, or a day and the time of day.
TIME_TYPES = ("date", "datetime")
GEOMETRY_FAMILIES = ("Point", "LineString", "Polygon")
_DBF_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,9}")
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_TYPES: dict[str, Any] = {
    "text": str, "whole": int, "number": (int, float), "flag": bool, "list": list,
    "texts": list, "table": Mapping, "words": Mapping, "day": date,
}  # fmt: skip


def is_of_kind(value: Any, kinds: str) -> bool:
    """Whether a value is of one of the kinds that are named, as in ``text/whole``."""
    for kind in kinds.split("/"):
        fits = isinstance(value, _TYPES[kind]) and (kind == "flag" or not isinstance(value, bool))
        if fits and (kind != "texts" or all(isinstance(text, str) for text in value)):
            return True
    return False


def kind_words(kinds: str) -> Text:
    """Return what values of one of these kinds are called."""
    words = [Text(*FORMS["kinds"][kind]) for kind in kinds.split("/")]
    return join_texts(words, Text("或", " or "))


class Check:
    """Raises for one file, so that each mistake names file, place and cause.

    ``messages`` are those of the room that reads the file.
    """

    def __init__(
        self, file: str, source: Path | None = None, messages: Messages = _MESSAGES
    ) -> None:
        self.file, self.source, self._messages = file, source, messages

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

    def wrong(self, place: str, message: str, /, **gaps: Any) -> SpecError:
        """Return the error of an entry, as the messages of its room say it."""
        return self.fail(place, *self._messages.pair(message, **gaps))

    def form(self, form: str, table: Any, place: str = "") -> dict[str, Any]:
        """Return what a table says, held against a form of ``forms.toml``; texts as a tuple."""
        needs, may = (FORMS[form].get(part, {}) for part in ("needs", "may"))
        self.keys(table, place, required=needs, optional=may)
        said: dict[str, Any] = {}
        for key in table:
            kind = needs.get(key) or may[key]
            if isinstance(kind, list):
                said[key] = self.one_of(table[key], _inside(place, key), key, kind)
                continue
            got = self.value(table, place, key, kind)
            for name in got if kind == "words" else ():
                self.value(got, _inside(place, key), name, "text")
            said[key] = tuple(got) if kind == "texts" else got
        return said

    def keys(
        self,
        table: Any,
        place: str,
        required: Collection[str] = (),
        optional: Collection[str] = (),
    ) -> None:
        if not isinstance(table, Mapping):
            raise self.fail(place, _MESSAGES("no_table"))
        for key in required:
            if key not in table:
                raise self.fail(place, _MESSAGES("entry_missing", key=key))
        for key in table:
            if key not in required and key not in optional:
                raise self.unknown(place, key, [*required, *optional])

    def unknown(self, place: str, key: str, known: Sequence[str]) -> SpecError:
        """Return the error of an entry that there is not, with the one that may be meant."""
        near = did_you_mean(key, known)
        return self.fail(
            _inside(place, key),
            _MESSAGES("entry_unknown", key=key, known=listed(known)),
            Text(near.zh, near.en.strip()),
        )

    def value(
        self, table: Mapping[str, Any], place: str, key: str, kinds: str, default: Any = None
    ) -> Any:
        """Return an entry that is of one of the kinds, or what stands for one that is not said."""
        got = table.get(key, default)
        if got is default or is_of_kind(got, kinds):
            return got
        wanted = kind_words(kinds)
        raise self.fail(
            _inside(place, key), _MESSAGES("unfit_value", key=key, got=got, wanted=wanted)
        )

    def pair(self, table: Mapping[str, Any], key: str, default: Text = NOTHING) -> Text:
        """Return an entry in both languages, or in one; ``default`` where there is none."""
        got = table.get(key)
        if got is None:
            return default
        return Text(got, got) if isinstance(got, str) else Text(**self.form("pair", got, key))

    def texts(self, table: Mapping[str, Any], place: str, key: str) -> tuple[str, ...]:
        """Return an entry that is a list of texts."""
        return tuple(self.value(table, place, key, "texts", []))

    def one_of(self, value: Any, place: str, key: str, known: Iterable[str]) -> str:
        known = tuple(known)
        if isinstance(value, str) and value in known:
            return value
        raise self.fail(
            place, _MESSAGES("none_of_these", key=key, value=value, known=listed(known))
        )

    def named(
        self, said: Mapping[str, Any], place: str, known: Iterable[str], *entries: str
    ) -> None:
        """Hold the names in entries, one, several or those of a table, against what there is."""
        for entry in entries:
            got = said.get(entry, ())
            for name in [got] if isinstance(got, str) else got if isinstance(got, Iterable) else ():
                self.one_of(name, place, entry, known)


def _inside(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def build_field(check: Check, name: str, table: Any) -> Field:
    place = f"fields.{name}"
    said = check.form("field", table, place)
    if not _KEY.fullmatch(name):
        raise check.wrong(place, "field_name_not")
    if not _DBF_NAME.fullmatch(said["dbf"]):
        raise check.wrong(place, "dbf_name_not", dbf=said["dbf"])
    kind, codes = said["type"], said.get("codes", {})
    has_codes = kind in ("code", "list")
    if has_codes != bool(codes):
        raise check.wrong(place, "codes_needed" if has_codes else "codes_odd", kind=kind)
    if said.get("release") == "public" and said.get("personal"):
        raise check.wrong(place, "personal_public")
    try:
        re.compile(said.get("looks", ""))
    except re.error as error:
        raise check.wrong(place, "no_pattern", error=error) from error
    parts = [check.form("parts", one, f"{place}.parts") for one in said.get("parts", ())]
    read = {
        "codes": FrozenDict({c: _code(check, f"{place}.codes.{c}", t) for c, t in codes.items()}),
        "parts": tuple(FrozenDict(one) for one in parts),
        "usual": _range(check, said.get("usual"), place),
    }
    return Field(name=name, **{**said, **read})


def _range(check: Check, given: Any, place: str) -> tuple[float, float] | None:
    if given is None:
        return None
    is_pair = len(given) == 2 and all(isinstance(n, (int, float)) for n in given)
    if not is_pair or given[0] > given[1]:
        raise check.wrong(place, "no_range")
    return float(given[0]), float(given[1])


def _code(check: Check, place: str, table: Any) -> Code:
    return Code(**check.form("code", table, place))


def build_layer(check: Check, table: Mapping[str, Any], common: Mapping[str, Field]) -> LayerSpec:
    said = check.form("layer", table)
    if said["role"] != "table":
        check.keys(table, "", required=("geometry",), optional=list(table))
    if not _KEY.fullmatch(said["key"]):
        raise check.wrong("", "key_not", key=said["key"])
    check.named(said, "", GEOMETRY_FAMILIES, "geometry")
    own = {n: build_field(check, n, t) for n, t in said.get("fields", {}).items()}
    without = said.pop("without", ())
    shared = {n: f for n, f in common.items() if n not in own and n not in without}
    fields = {**own, **shared}
    _check_fields(check, fields)
    single = ("id", "measure", "measure_default", "label", "parent")
    check.named(said, "", fields, *single, "entered_twice")
    states = _states(check, said.pop("state", None), fields)
    amounts = {k: _amount(check, k, t, fields, states) for k, t in said.get("amounts", {}).items()}
    for name, amount in amounts.items():
        others = set(amounts) - {name}
        check.named({"part_of": amount.part_of}, f"amounts.{name}", others, "part_of")
        check.named(amount.stages, f"amounts.{name}.stages", others, *amount.stages)
    events = {k: _event(check, k, t, amounts, states) for k, t in said.get("events", {}).items()}
    times = {n: _moment(check, n, t, fields, states) for n, t in said.get("times", {}).items()}
    if overdue := said.get("overdue"):
        check.form("overdue", overdue, "overdue")
        first = {"first": [name for where in overdue.get("first", []) for name in where]}
        check.named({**overdue, **first}, "overdue", fields, "deadline", "first")
        check.named(overdue, "overdue", states.sets if states else (), "stock")
    style = said.get("style", {})
    check.form("style", style, "style")
    check.named(style, "style", fields, "popup", "color_by")
    said |= {"fields": fields, "amounts": amounts, "events": events, "times": times}
    read: dict[str, Any] = {
        key: FrozenDict(value) if isinstance(value, Mapping) else value
        for key, value in said.items()
    }
    names = {"names": (), "geometry": (), "name_zh": read.pop("zh"), "name_en": read.pop("en")}
    return LayerSpec(**{**names, "id_field": read.pop("id"), "states": states, **read})


def _check_fields(check: Check, fields: Mapping[str, Field]) -> None:
    seen: dict[str, str] = {}
    for name, item in fields.items():
        if item.dbf in seen:
            raise check.wrong(f"fields.{name}", "dbf_name_taken", item=item, seen=seen[item.dbf])
        seen[item.dbf] = name
        other = {"at_most": item.at_most, "at_least": item.at_least}
        check.named(other, f"fields.{name}", fields, *other)


def _states(check: Check, table: Any, fields: Mapping[str, Field]) -> States | None:
    if table is None:
        return None
    said = check.form("state", table, "state")
    check.named(said, "state", fields, "field")
    codes = fields[said["field"]].codes
    sets = {name: check.texts(said["sets"], "state.sets", name) for name in said["sets"]}
    for name in sets:
        check.named(sets, f"state.sets.{name}", codes, name)
    first = said.get("first", ())
    check.named(said, "state", sets, "first")
    dates: dict[str, tuple[str | None, Mapping[str, str], str]] = {}
    check.named(said, "state", fields, "dates")
    for name, rule in said.get("dates", {}).items():
        place = f"state.dates.{name}"
        if isinstance(rule, str):
            # Every record that has the date is in the one state.
            dates[name] = (None, FrozenDict({}), check.one_of(rule, place, name, codes))
            continue
        check.form("state_date", rule, place)
        check.named(rule, place, fields, "field")
        check.named({"state": [*rule["codes"].values(), rule["default"]]}, place, codes, "state")
        dates[name] = (rule["field"], FrozenDict(rule["codes"]), rule["default"])
    plan = said.get("plan", {})
    if plan:
        plan = check.form("state_plan", plan, "state.plan")
        check.named(plan, "state.plan", fields, "date")
        check.named(plan, "state.plan", codes, "enters")
    return States(
        field=said["field"],
        sets=FrozenDict(sets),
        dates=FrozenDict(dates),
        plan_date=plan.get("date"),
        plan_enters=plan.get("enters"),
        plan_only_from=plan.get("only_from", ()),
        first=frozenset(code for name in first for code in sets[name]),
    )


def _amount(
    check: Check, key: str, table: Any, fields: Mapping[str, Field], states: States | None
) -> Amount:
    place, sets = f"amounts.{key}", states.sets if states else {}
    said = check.form("amount", table, place)
    check.named(said, place, fields, "total", "date", "where", "due_where")
    check.named(said, place, sets, "while_in", "due")
    read: dict[str, Any] = {
        name: FrozenDict(said.get(name, {})) for name in ("where", "due_where", "stages")
    }
    if "plan" in said:
        rule = check.form("plan", said["plan"], f"{place}.plan")
        check.named(rule, f"{place}.plan", fields, "date", "up_to", "add", "where")
        read["plan"] = Plan(**{**rule, "where": FrozenDict(rule.get("where", {}))})
    read["due"] = tuple(code for name in said.get("due", ()) for code in sets[name])
    return Amount(key=key, **{**said, **read})


def _event(
    check: Check, key: str, table: Any, amounts: Mapping[str, Amount], states: States | None
) -> Event:
    place, sets = f"events.{key}", states.sets if states else {}
    said = check.form("event", table, place)
    check.named(said, place, amounts, "adds", "takes_back")
    check.named(said, place, {c for codes in sets.values() for c in codes}, "enters")
    return Event(key=key, **said)


def _moment(
    check: Check, name: str, table: Any, fields: Mapping[str, Field], states: States | None
) -> Moment:
    place, times = f"times.{name}", [n for n, f in fields.items() if f.type in TIME_TYPES]
    check.one_of(name, "times", "time", times)
    said = check.form("time", table, place)
    stopped = said.get("stopped", {})
    if stopped:
        stopped = check.form("stopped", stopped, f"{place}.stopped")
    check.named(said, place, times, "moved_to", "start")
    check.named(stopped, f"{place}.stopped", times, "from", "to")
    if ("start" in said) != ("stage" in said):
        raise check.wrong(place, "start_and_stage")
    # States named one by one or by their sets.
    sets = states.sets if states else {}
    known = (*sets, *fields[states.field].codes) if states else ()
    check.named(said, place, known, "due")
    check.named(stopped, f"{place}.stopped", known, "states")
    due, stopped_in = (
        frozenset(code for n in named for code in sets.get(n, (n,)))
        for named in (said.get("due", ()), stopped.get("states", ()))
    )
    return Moment(
        due=due,
        moved_to=said.get("moved_to"),
        stopped_from=stopped.get("from"),
        stopped_to=stopped.get("to"),
        stopped_in=stopped_in,
        start=said.get("start"),
        stage=said.get("stage"),
    )


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
