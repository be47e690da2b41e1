"""What an office's own services, bulletin and assessment say, laid over the package's.

``office.toml`` says what each file may say. What is none of it is told with its line and left out;
the rest of the file holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from string import Formatter
from typing import Any

from geo_citymgmt._languages import (
    Messages,
    Text,
    first_few,
    listed,
    packaged_table,
    shared_terms,
)
from geo_citymgmt._overlay import Layered, Place, lay_over, layered
from geo_citymgmt.errors import SpecError, did_you_mean
from geo_citymgmt.findings import Findings
from geo_citymgmt.indicators import Figures
from geo_citymgmt.profiles import Profile
from geo_citymgmt.spec import LayerSpec, read_toml
from geo_citymgmt.spec._reader import is_of_kind, kind_words, line_of, text_of

_ROOT = resources.files("geo_citymgmt")
#: The package's own, which lies below those of profile and office.
_PACKAGED = {
    "services": _ROOT / "figures" / "services.toml",
    "bulletin": _ROOT / "report" / "bulletin" / "bulletin.toml",
    "assessment": _ROOT / "assessment" / "assessment.toml",
}
OFFICE_FILES = tuple(_PACKAGED)
#: Tables that are replaced as a whole.
_WHOLE = ("kinds", "clear", "where", "groups")
#: Kinds of values that say no name.
_PLAIN = ("number", "text", "flag", "list", "table")
_MESSAGES = Messages("geo_citymgmt.city")
#: What a name is of, by the kind of its value.
_PLACES = packaged_table("geo_citymgmt.city", "office.toml")
_WHAT = {kind: Text(*pair) for kind, pair in _PLACES["what"].items()}
#: What a sentence may say anywhere: the word for a reporting unit.
_UNIT_GAPS = {"unit", "Unit", "units", "Units"}


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
        below = read_toml(package)
        tables: list[tuple[str, Mapping[str, Any]]] = [(package.name, below)]
        of_profile = None if profile is None else profile.file(f"{name}.toml")
        for path in (of_profile, own.get(name)):
            if path is None:
                continue
            try:
                given = read_toml(path)
            except SpecError as error:
                findings.add("SETTING_UNUSED", value=path.name, about=path.name, detail=error.text)
                continue
            table = _File(path, given, below, specs, figures, findings).checked(
                given, _tree(_PLACES[name]), ()
            )
            tables.append((f"{path.parent.name}/{path.name}", table))
            below = lay_over(below, table, whole=_WHOLE)
        out[name] = layered(tables, whole=_WHOLE)
    return out


def _tree(places: Mapping[str, str]) -> dict[str, Any]:
    """Turn dotted places into tables of tables."""
    out: dict[str, Any] = {}
    for place, kind in places.items():
        *above, last = place.split(".")
        here = out
        for key in above:
            here = here.setdefault(key, {})
        here[last] = kind
    return out


class _File:
    """One file, of which what cannot be used is told by its line and left out."""

    def __init__(
        self,
        path: Path,
        given: Mapping[str, Any],
        below: Mapping[str, Any],
        specs: Mapping[str, LayerSpec],
        figures: Figures,
        findings: Findings,
    ) -> None:
        self.path, self.below, self.specs, self.findings = path, below, specs, findings
        sections = [*below.get("section", {}), *given.get("section", {})]
        self.names: dict[str, Iterable[str]] = {
            "layer": specs, "figure": figures.figures, "section": sections,
            "text": below.get("text", {}), "group": shared_terms()["group"],
            "part": {p for b in (below.get("layout", {}), *below.get("document", {}).values())
                     for p in b.get("parts", ())},
        }  # fmt: skip

    def refuse(self, place: Place, message: str, /, **gaps: Any) -> None:
        """Tell an entry that is left out."""
        line = line_of(text_of(self.path), place)
        dotted = ".".join(place)
        value, about = f"{self.path.name}:{line or '?'} [{dotted}]", f"{self.path.name} {dotted}"
        detail = _MESSAGES(message, **gaps)
        self.findings.add("SETTING_UNUSED", value=value, about=about, detail=detail)

    def known(self, place: Place, name: Any, names: Iterable[str], kind: str = "") -> bool:
        """Whether a name is one of those there are; else it is told, with the nearest."""
        names = list(names)
        if isinstance(name, str) and name in names:
            return True
        what, near = _WHAT.get(kind, _WHAT["entry"]), did_you_mean(str(name), names)
        if not near.zh:
            few = first_few(names, 5)
            near = Text(f"可用：{few.zh}", f" There are {few.en}")
        self.refuse(place, "office_unknown", what=what, name=name, near=near)
        return False

    def checked(
        self, table: Mapping[str, Any], tree: Mapping[str, Any], place: Place
    ) -> dict[str, Any]:
        """Return what a table says of what it may say; ``false`` takes any entry away."""
        out: dict[str, Any] = {}
        wild = next((key for key in tree if key == "*" or key.isupper()), "")
        names = tree if not wild else self.names.get(wild.lower(), table)
        for key, value in table.items():
            at, branch = (*place, str(key)), tree.get(key, tree.get(wild))
            if not self.known(at, key, names, wild.lower()):
                continue
            if value is False:
                out[key] = value
            elif not isinstance(branch, str):
                if not isinstance(value, Mapping):
                    self.refuse(at, "office_kind", value=value, word=kind_words("table"))
                    continue
                good = self.checked(value, branch, at)
                needed = [n for n, k in branch.items() if isinstance(k, str) and k.endswith("!")]
                given = {**_at(self.below, at), **good}
                if lacks := [n for n in needed if n not in given]:
                    self.refuse(at, "office_lacks", names=listed(lacks))
                    continue
                # The component of a card is called as its figure, unless it names one.
                if (
                    "indicator" in branch
                    and "indicator" not in good
                    and not self.known(at, key, self.names["figure"], "figure")
                ):
                    continue
                out[key] = good
            elif (kept := self.value(branch.rstrip("!"), value, at, table)) is not None:
                out[key] = kept
        return out

    def value(self, kind: str, value: Any, at: Place, entry: Mapping[str, Any]) -> Any:
        """Return a value that is of its kind, the names in it that there are; None without any."""
        if kind == "pair":
            return self._pair(value, at)
        is_added = isinstance(value, Mapping) and set(value) == {"add"}
        usual = "table" if kind in ("codes", "where") else "text" if kind in self.names else "list"
        form = kind if kind in _PLAIN else "text" if kind == "field" else usual
        given = value["add"] if is_added and form == "list" else value
        if not is_of_kind(given, form):
            self.refuse(at, "office_kind", value=value, word=kind_words(form))
            return None
        if kind in _PLAIN:
            return value
        spec = self.specs.get(entry.get("layer", at[1] if len(at) > 1 else ""))
        fields: Mapping[str, Any] = {} if spec is None else spec.fields
        names = {**self.names, "field": fields, "state": () if spec is None else spec.sets}
        if kind in names:
            return value if self.known(at, value, names[kind], kind) else None
        if kind.removesuffix("s") in names:
            one = kind.removesuffix("s")
            kept = [n for n in given if self.known(at, n, names[one], one)]
            # Of no name that is known it says nothing: an empty list would mean all, or none.
            return None if given and not kept else {"add": kept} if is_added else kept
        out = {n: v for n, v in value.items() if self.known((*at, n), n, fields, "field")}
        for name, codes in out.items() if kind == "codes" else ():
            known = fields[name].codes
            out[name] = [c for c in codes if self.known((*at, name), c, known, "code")]
        return {n: v for n, v in out.items() if v != []} or None

    def _pair(self, value: Any, at: Place) -> Any:
        """Return a sentence in both languages, if all its gaps are filled."""
        if not is_of_kind(value, "texts") or len(value) != 2:
            self.refuse(at, "office_pair")
            return None
        filled = set()
        if at[0] == "text":
            filled = _gaps(self.below["text"][at[1]])
        elif at[0] == "phrase":
            filled = {"value", "numerator", "denominator"}
        elif at[0] == "document":
            filled = {"city"} if at[-1] == "title" else {"period"}
        try:
            odd = sorted(_gaps(value) - filled - _UNIT_GAPS)
        except ValueError as error:
            self.refuse(at, "office_braces", error=error)
            return None
        if not odd:
            return value
        may = ", ".join(sorted(filled | {"unit"}))
        self.refuse(at, "office_gaps", gaps=", ".join(odd), may=may)
        return None


def _gaps(pair: Iterable[str]) -> set[str]:
    return {name for text in pair for _, name, _, _ in Formatter().parse(text) if name is not None}


def _at(table: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
    """Return the table at a place, empty where there is none."""
    for key in place:
        below = table.get(key)
        table = below if isinstance(below, Mapping) else {}
    return table
