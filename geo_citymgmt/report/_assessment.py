"""The assessment as tables of page, workbook, bulletin and console."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._numbers import percent
from geo_citymgmt.assessment import Assessment, Card
from geo_citymgmt.cases import CALL_IN_FIGURES
from geo_citymgmt.figures._tables import zone_names
from geo_citymgmt.report._words import Words
from geo_citymgmt.writing._xlsx import Book, Column

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_SIGNS = {"at_least": "≥", "more_than": "＞", "at_most": "≤", "less_than": "＜"}
_SHARES = ("relapse_rate", "overdue_share", "hot_spot_share")


@dataclass(frozen=True)
class View:
    """A table: columns with the kind of their cells (text, points, int, date), rows of values."""

    key: str
    title: str
    columns: list[tuple[str, str]]
    rows: list[list[Any]]
    note: str = ""

    def texts(self) -> list[list[str]]:
        """Return the cells as people read them."""
        kinds = [kind for _, kind in self.columns]
        return [[_text(v, k) for v, k in zip(row, kinds, strict=True)] for row in self.rows]


def _text(value: Any, kind: str) -> str:
    if pd.isna(value):
        return "—"
    if kind == "date":
        return f"{value:%Y-%m-%d}"
    return str(value) if kind == "text" else f"{value:,.2f}" if kind == "points" else f"{value:,}"


def assessment_views(made: Assessment, city: City, words: Words) -> list[View]:
    """Return the tables of an assessment: scores of each card, whom to call in, where to look."""
    views = [card_view(made, card, words) for card in made.cards]
    if not made.called.empty:
        views.append(_called(made, city, words))
    if made.sample is not None:
        views.append(_sample(made, city, words))
    return views


def card_view(made: Assessment, card: Card, words: Words) -> View:
    """Return the scores of a card, group by group, the best first."""
    several = len(card.groups) > 1
    usual = words("street" if card.of == "street" else "unit_word")
    columns = [(card.unit.of(words.lang) or usual, "text")]
    columns += [(words("group"), "text")] * several
    for name, label in card.components.items():
        part = card.parts[card.parts["component"] == name].iloc[0]
        columns.append((_component(part, label.of(words.lang), words), "points"))
    columns += [(words("assess_score"), "points"), (words("assess_rank"), "int"),
                (words("assess_before"), "int"), (words("note"), "text")]  # fmt: skip
    order = {key: k for k, key in enumerate(card.groups)}
    table = card.table.assign(place=card.table["group"].map(order))
    rows = []
    for unit, row in table.sort_values(["place", "rank"], kind="stable").iterrows():
        rows.append(
            [
                card.units[str(unit)].of(words.lang),
                *[card.groups[row["group"]].of(words.lang)] * several,
                *(row[name] for name in card.components), row["score"], row["rank"],
                row["rank_before"], unit_note(row, words),
            ]
        )  # fmt: skip
    notes = [words("assess_terms", full=f"{made.full_score:g}"), made.note.of(words.lang)]
    if card.silent:
        silent = words.listed([card.units[unit].of(words.lang) for unit in card.silent])
        notes.append(words("assess_without", units=silent))
    title = card.name.of(words.lang) or words("assessment")
    return View(f"assess_{card.key}", title, columns, rows, words.joined(notes))


def _component(part: Any, label: str, words: Words) -> str:
    """Return the head of a component: what it can earn, or that it takes off."""
    if part["kind"] == "weight":
        return words("assess_points", name=label, points=f"{part['weight']:.3g}")
    return words(f"assess_{part['kind']}", name=label)


def unit_note(row: Any, words: Words) -> str:
    """Say why a unit has no rank, or for how long it has been last."""
    if pd.isna(row["score"]):
        return words("assess_lacks" if row["reported"] else "assess_silent")
    months = int(row["months_last"])
    if months:
        return words("assess_last" if months > 1 else "assess_last_now", n=months)
    return words.of(row["note_zh"], row["note_en"])


def called_units(made: Assessment, city: City, words: Words) -> Iterator[tuple[str, str, str, str]]:
    """Yield who would be called in: unit, rule, the figures that say so, and the outcome."""
    # Rule by rule they are found, unit by unit they are told.
    place = {unit: k for k, unit in enumerate(dict.fromkeys(made.called["unit"]))}
    called = made.called.sort_values("unit", key=lambda unit: unit.map(place), kind="stable")
    for (_, _), rows in called.groupby(["unit", "rule"], sort=False):
        first = rows.iloc[0]
        figures = [
            words(
                "called_fact",
                figure=words.of(row.figure_zh, row.figure_en),
                value=_amount(row.figure, row.value, city),
                limit=f"{_SIGNS[row.test]}{_amount(row.figure, row.limit, city)}",
            )
            for row in rows.itertuples()
        ]
        yield (
            words.named(first), words.of(first["rule_zh"], first["rule_en"]),
            words.listed(figures), words(f"called_{first['outcome']}"),
        )  # fmt: skip


def _amount(figure: str, value: float, city: City) -> str:
    if pd.isna(value):
        return "—"
    known = city.figures.figures.get(figure)
    is_share = figure in _SHARES or (
        figure not in CALL_IN_FIGURES and known is not None and known.unit == "ratio"
    )
    return percent(value) if is_share else f"{value:,.10g}"


def _called(made: Assessment, city: City, words: Words) -> View:
    heads = [words(key) for key in ("unit_word", "called_rule", "called_facts", "called_outcome")]
    rows = [list(row) for row in called_units(made, city, words)]
    return View("assess_called", words("called"), [(h, "text") for h in heads], rows)


def _sample(made: Assessment, city: City, words: Words) -> View:
    assert made.sample is not None
    spec, sample = city.specs[made.layer], made.sample
    names = zone_names(city.zones, words.lang).rename(index=str)
    states = {} if spec.state_field is None else spec.fields[spec.state_field].codes
    more = [n for n in ("street_name", "address", "manage_org") if n in sample and n in spec.fields]
    columns = [(words("audit_visit"), "int"), (words.label(spec.fields[spec.id_field]), "text"),
               *([(words("unit_word"), "text")] if city.has_zones else []),
               (words("status"), "text"),
               (words("days_since_found"), "int"), (words("deadline"), "date"),
               *((words.label(spec.fields[n]), "text") for n in more)]  # fmt: skip
    rows = [
        [
            row["visit"], str(row[spec.id_field]),
            *([names.get(str(row["district_code"]), words("outside"))] if city.has_zones else []),
            words.label(states[row["status"]]) if row["status"] in states else str(row["status"]),
            row["days_since_found"], row["deadline"], *(row[n] for n in more),
        ]
        for row in sample.to_dict("records")
    ]  # fmt: skip
    note = words(
        "audit_note", n=f"{len(sample):,}", layer=words.named(spec), seed=made.seed,
        counter=spec.counter,
    )  # fmt: skip
    return View("assess_audit", words("audit"), columns, rows, note)


def add_sheets(book: Book, views: list[View], words: Words, day: str) -> None:
    """Add the tables of an assessment to a workbook."""
    for view in views:
        columns = [Column(head, kind) for head, kind in view.columns]
        title = words("sheet_titled", title=words.joined([view.title, view.note]), as_of=day)
        rows = [[None if pd.isna(v) else v for v in row] for row in view.rows]
        book.sheet(view.title, columns, rows, title=title, frozen=1)


def write_assessment(made: Assessment, city: City, path: Path, lang: str | None = None) -> None:
    """Write an assessment as a workbook of its own."""
    words = Words(lang, unit=city.unit)
    day = "" if made.day is None else words("as_of", date=f"{made.day:%Y-%m-%d}")
    title = words("assessment")
    with Book(path, title=title, created=made.day, note=words.joined([title, day])) as book:
        add_sheets(book, assessment_views(made, city, words), words, day)
