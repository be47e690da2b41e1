"""What an office's own services, bulletin and assessment say, laid over the package's.

The package's file says what a file of its kind may say: its parts, the options of an entry and what
kind of value each takes, the gaps of a sentence. What is none of these is told with its line and
left out; the rest of the file holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from string import Formatter
from typing import Any

from geo_citymgmt._overlay import Layered, Place, lay_over, layered
from geo_citymgmt._words import Text, first_few, listed, shared_terms
from geo_citymgmt.errors import SpecError, did_you_mean
from geo_citymgmt.findings import Findings
from geo_citymgmt.indicators import Figures
from geo_citymgmt.profiles import Profile
from geo_citymgmt.spec import LayerSpec, read_toml
from geo_citymgmt.spec._toml import line_of, text_of

_ROOT = resources.files("geo_citymgmt")
#: The package's own, which lies below those of profile and office.
_PACKAGED = {
    "services": _ROOT / "figures" / "services.toml",
    "bulletin": _ROOT / "report" / "bulletin" / "bulletin.toml",
    "assessment": _ROOT / "assessment" / "assessment.toml",
}
OFFICE_FILES = tuple(_PACKAGED)
#: Tables that are replaced as a whole.
_WHOLE = ("kinds", "clear", "where")
#: Without these an entry of services.toml asks nothing.
_NEEDED = {
    "coverage": ("radius_m",), "supply": ("amount", "per", "catchment_m"),
    "at_hand": ("layer", "distances_m"), "hot_spots": ("cell_m",),
}  # fmt: skip
#: What entries may say that none of the package's does, by example.
_MORE: dict[str, Any] = {"campaign": {"stock": [], "done": []}}
#: What a sentence may say anywhere: the word for a reporting unit.
_UNIT_GAPS = {"unit", "Unit", "units", "Units"}
_NOT_A_TABLE = Text("应为表（一节）", "must be a table")
_PAIR = Text('应为 ["中文", "English"]', 'must be ["Chinese", "English"]')


def packaged_office() -> dict[str, Layered]:
    """Return the package's files as they are."""
    return {name: layered([(file.name, read_toml(file))]) for name, file in _PACKAGED.items()}


def read_office(
    own: Mapping[str, Path | None],
    profile: Profile | None,
    specs: Mapping[str, LayerSpec],
    figures: Figures,
    findings: Findings,
) -> dict[str, Layered]:
    """Return each kind of file as it holds for a city: the package's, its profile's, its own."""
    out = {}
    for name, package in _PACKAGED.items():
        shape = read_toml(package)
        tables: list[tuple[str, Mapping[str, Any]]] = [(package.name, shape)]
        of_profile = None if profile is None else profile.file(f"{name}.toml")
        for path in (of_profile, own.get(name)):
            if path is None:
                continue
            reader = _File(path, findings, specs, figures)
            try:
                table = _READERS[name](reader, read_toml(path), shape)
            except SpecError as error:
                findings.add("SETTING_UNUSED", value=path.name, about=path.name, detail=error.text)
                continue
            tables.append((f"{path.parent.name}/{path.name}", table))
            shape = lay_over(shape, table, whole=_WHOLE)
        out[name] = layered(tables, whole=_WHOLE)
    return out


class _File:
    """One file, of which what cannot be used is told by its line."""

    def __init__(
        self, path: Path, findings: Findings, specs: Mapping[str, LayerSpec], figures: Figures
    ) -> None:
        self.path, self.findings = path, findings
        self.specs, self.figures = specs, figures.figures

    def refuse(self, place: Place, why: Text) -> None:
        """Tell an entry that is left out."""
        line = line_of(text_of(self.path), place)
        entry = f"{self.path.name}:{line or '?'} [{'.'.join(place)}]"
        about = f"{self.path.name} {'.'.join(place)}"
        self.findings.add("SETTING_UNUSED", value=entry, about=about, detail=why)

    def known(self, place: Place, name: Any, known: Iterable[str], what: Text) -> bool:
        """Whether a name is one of those there are; else it is told, with the nearest."""
        known = list(known)
        if isinstance(name, str) and name in known:
            return True
        more = did_you_mean(str(name), known)
        if not more.zh:
            few = first_few(known, 5)
            more = Text(f"可用：{few.zh}", f" There are {few.en}")
        self.refuse(
            place,
            Text(f"没有{what.zh}“{name}”，{more.zh}", f"there is no {what.en} {name!r}.{more.en}"),
        )
        return False

    def tables(self, table: Any, place: Place = ()) -> Iterator[tuple[Place, Mapping[str, Any]]]:
        """Yield the tables of a table with where they stand; what is none is told."""
        for key, value in table.items():
            if isinstance(value, Mapping):
                yield (*place, str(key)), value
            elif value is not False:
                self.refuse((*place, str(key)), _NOT_A_TABLE)

    def names(self, place: Place, given: Any, known: Iterable[str], what: Text) -> Any:
        """Return a list, or what adds to one, without the names that there are not.

        Of no name that is known it says nothing: an empty list would mean all, or none.
        """
        known = list(known)
        if isinstance(given, Mapping):
            return {"add": self.names(place, given["add"], known, what) or []}
        kept = [name for name in given if self.known(place, name, known, what)]
        return kept if kept or not given else None


def _alike(value: Any, example: Any) -> bool:
    """Whether a value is of the kind of another; ``false`` takes any away."""
    if value is False:
        return True
    if isinstance(example, list) and isinstance(value, Mapping):
        return set(value) == {"add"} and isinstance(value["add"], list)
    number = (int, float)
    if isinstance(example, number) and not isinstance(example, bool):
        return isinstance(value, number) and not isinstance(value, bool)
    return isinstance(value, Mapping if isinstance(example, Mapping) else type(example))


_LAYER, _FIELD = Text("图层", "layer"), Text("字段", "field")
_STATES, _CODE = Text("状态集", "set of states"), Text("代码", "code")
_OPTION, _FIGURE = Text("项", "entry"), Text("指标", "figure")
#: What a section of the bulletin may say, by example.
_SECTION = {"flows": [], "stocks": [], "rank": "", "streets": True, "table": True}


def _options(
    file: _File, place: Place, entry: Mapping[str, Any], examples: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the options of an entry that are known and of the right kind."""
    out = {}
    for name, value in entry.items():
        if not file.known((*place, name), name, examples, _OPTION):
            continue
        if _alike(value, examples[name]):
            out[name] = value
        else:
            shown = examples[name]
            why = Text(f"{value!r} 不合用，应如 {shown!r}", f"{value!r} is not like {shown!r}")
            file.refuse((*place, name), why)
    return out


def _services(file: _File, table: Any, shape: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for (part,), entries in file.tables(table):
        if not file.known((part,), part, shape, _OPTION):
            continue
        examples = {k: v for e in shape[part].values() if e for k, v in e.items()}
        examples |= _MORE.get(part, {})
        # false takes an entry away.
        kept: dict[str, Any] = {k: v for k, v in entries.items() if v is False}
        for place, entry in file.tables(entries, (part,)):
            if not file.known(place, place[1], file.specs, _LAYER):
                continue
            good = _of_layer(file, place, _options(file, place, entry, examples))
            given = {**shape[part].get(place[1], {}), **good}
            lacks = [name for name in _NEEDED.get(part, ()) if name not in given]
            if lacks:
                names = listed(lacks)
                file.refuse(place, Text(f"缺少 {names.zh}", f"it lacks {names.en}"))
            else:
                kept[place[1]] = good
        out[part] = kept
    return out


def _of_layer(file: _File, place: Place, entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry without states, fields and codes that its layer does not have."""
    if not file.known((*place, "layer"), entry.get("layer", place[1]), file.specs, _LAYER):
        return {}
    spec = file.specs[entry.get("layer", place[1])]
    out = dict(entry)
    if entry.get("states"):
        states = file.names((*place, "states"), entry["states"], spec.sets, _STATES)
        out = {k: v for k, v in out.items() if k != "states"} | (
            {} if states is None else {"states": states}
        )
    for option in ("stock", "done"):
        if entry.get(option):
            out[option] = file.names((*place, option), entry[option], spec.sets, _STATES)
    for option in ("kinds", "clear"):
        chosen = entry.get(option) or {}
        for name, codes in chosen.items():
            at = (*place, option, name)
            kept = codes
            if not file.known(at, name, spec.fields, _FIELD):
                kept = None
            elif option == "kinds":
                kept = file.names(at, codes, spec.fields[name].codes, _CODE)
            rest = {k: v for k, v in out[option].items() if k != name}
            out[option] = rest if kept is None else {**rest, name: kept}
        if chosen and not out[option]:
            out.pop(option)
    if entry.get("amount") and not file.known(
        (*place, "amount"), entry["amount"], spec.fields, _FIELD
    ):
        out.pop("amount")
    if entry.get("deadline_of") and not file.known(
        (*place, "deadline_of"), entry["deadline_of"], file.figures, _FIGURE
    ):
        out.pop("deadline_of")
    return out


def _bulletin(file: _File, table: Any, shape: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    sections = [*shape["section"], *_mapping(table.get("section"))]
    for (part,), entries in file.tables(table):
        if not file.known((part,), part, shape, _OPTION):
            continue
        if part == "section":
            out[part] = {k: v for k, v in entries.items() if v is False}
            for place, entry in file.tables(entries, (part,)):
                out[part][place[1]] = _listed(file, place, entry, _SECTION, file.figures)
        elif part == "leftovers":
            out[part] = _listed(file, (part,), entries, shape[part], file.figures)
        elif part == "layout":
            known = {"sections": sections, "parts": shape[part]["parts"]}
            out[part] = _listed(file, (part,), entries, shape[part], known)
        else:
            keys = {"text": shape["text"], "group": shared_terms()["group"], "name": sections}
            out[part] = _sentences(file, part, entries, keys.get(part, file.figures), shape[part])
    return out


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _listed(
    file: _File, place: Place, entry: Mapping[str, Any], examples: Mapping[str, Any], known: Any
) -> dict[str, Any]:
    """Return the options of an entry whose lists name what there is: figures, sections, parts."""
    out = {}
    for option, value in _options(file, place, entry, examples).items():
        kept, at = value, (*place, option)
        if isinstance(value, (list, Mapping)):
            names = known[option] if place == ("layout",) else known
            kept = file.names(at, value, names, _FIGURE if known is file.figures else _OPTION)
        elif isinstance(value, str) and value and not file.known(at, value, known, _FIGURE):
            kept = None
        if kept is not None:
            out[option] = kept
    return out


def _sentences(
    file: _File,
    part: str,
    entries: Mapping[str, Any],
    keys: Iterable[str],
    shape: Mapping[str, Any],
) -> dict[str, Any]:
    """Return pairs of sentences under known keys, without gaps that nothing fills."""
    out: dict[str, Any] = {}
    for key, pair in entries.items():
        place = (part, str(key))
        if not file.known(place, key, keys, _OPTION) or pair is False:
            continue
        is_pair = (
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(t, str) for t in pair)
        )
        if not is_pair:
            file.refuse(place, _PAIR)
            continue
        filled = {"value"} if part == "phrase" else _gaps(shape[key]) if part == "text" else set()
        try:
            odd = sorted(_gaps(pair) - filled - _UNIT_GAPS)
        except ValueError as error:
            file.refuse(place, Text(f"花括号有误：{error}", f"its braces are wrong: {error}"))
            continue
        if odd:
            gaps, may = ", ".join(odd), ", ".join(sorted(filled | {"unit"}))
            why = Text(f"没有 {{{gaps}}} 可填；可用：{may}", f"nothing fills {{{gaps}}}; use {may}")
            file.refuse(place, why)
            continue
        out[key] = pair
    return out


def _gaps(pair: Iterable[str]) -> set[str]:
    return {name for text in pair for _, name, _, _ in Formatter().parse(text) if name is not None}


#: What the parts of an assessment may say, by example.
_CARD = {
    "zh": "", "en": "", "of": "", "weights": {}, "deductions": {}, "bonuses": {}, "groups": {},
    "group_names": {},
}  # fmt: skip
_WEIGHT = {
    "zh": "", "en": "", "indicator": "", "weight": 1, "by": "", "cap": 1, "lower_is_better": True,
    "empty": "",
}  # fmt: skip
_POINTS = {"zh": "", "en": "", "indicator": "", "over": 0, "each": 1, "points": 1, "at_most": 1}
_RULE = {"zh": "", "en": "", "layer": "", "level": "", "all": []}
_AUDIT = {"layer": "", "n": 1, "seed": 0, "strata": [], "at_least": 1, "risk": "", "where": {}}


def _assessment(file: _File, table: Any, shape: Mapping[str, Any]) -> dict[str, Any]:
    out = _options(file, (), table, shape)
    if "audit" in out:
        out["audit"] = _options(file, ("audit",), out["audit"] or {}, _AUDIT)
    for part, examples in (("call_in", _RULE), ("card", _CARD)):
        if part not in out:
            continue
        entries, out[part] = out[part], {k: v for k, v in out[part].items() if v is False}
        for place, entry in file.tables(entries, (part,)):
            out[part][place[1]] = _options(file, place, entry, examples)
    for key, card in out.get("card", {}).items():
        for part in ("weights", "deductions", "bonuses"):
            terms: Mapping[str, Any] = _WEIGHT if part == "weights" else _POINTS
            rows = (card or {}).get(part, {})
            for place, entry in file.tables(rows, ("card", key, part)):
                good = _options(file, place, entry, terms)
                indicator = good.get("indicator", place[-1])
                is_there = file.known(place, indicator, file.figures, _FIGURE)
                card[part] = {**card[part], place[-1]: good if is_there else False}
    for part in ("audit", *out.get("call_in", {})):
        place = ("audit",) if part == "audit" else ("call_in", part)
        rule = out.get("audit", {}) if part == "audit" else out["call_in"][part]
        if rule and rule.get("layer") and not file.known(place, rule["layer"], file.specs, _LAYER):
            rule.clear()
    return out


_READERS: dict[str, Callable[[_File, Any, Mapping[str, Any]], dict[str, Any]]] = {
    "services": _services, "bulletin": _bulletin, "assessment": _assessment,
}  # fmt: skip
