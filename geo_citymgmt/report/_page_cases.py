"""The case list of the page: what is open, record by record, for internal releases alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from geo_citymgmt._markup import json_for_script, visible_text
from geo_citymgmt._numbers import NONE, unit_label
from geo_citymgmt.cases._campaigns import WorkList, holders
from geo_citymgmt.figures._tables import zone_names
from geo_citymgmt.report._drawings import UNKNOWN, Look, keyed, state_looks
from geo_citymgmt.report._page_parts import plain_table
from geo_citymgmt.report._words import Words, state_label

if TYPE_CHECKING:
    from geo_citymgmt.report._summary import Summary


#: What the lists of a page may take together, so that it stays within a megabyte and a half.
MOST_BYTES = 560_000
#: Rows that stand in the page before the script draws others, and rows of a table of holders.
_DRAWN, _HOLDERS = 20, 15
#: What the script says of a list.
_SAID = ("all", "any", "count", "due_in", "file", "more", "over", "overdue", "save", "to_map")


def work_views(results: Summary) -> list[dict[str, Any]]:
    """Return the case lists with who holds what is overdue; none in a public release.

    The worst cases of the first layer come first; what does not fit is counted.
    """
    if results.release == "public":
        return []
    out, left = [], MOST_BYTES
    for k, worklist in enumerate(results.worklists, start=1):
        view, used = _view(results, worklist, left)
        left -= used
        out.append(view | {"id": f"cases-{k}"})
    return out


def mark_names(results: Summary, worklist: WorkList) -> list[str]:
    """Return what the marks of a list are called: a yes/no by its field, a code by its own name."""
    fields, words = results.city.specs[worklist.layer].fields, results.words
    return [
        words.listed(
            [
                words.label(fields[name] if value is True else fields[name].codes[str(value)])
                for name, value in where.items()
            ]
        )
        for where in worklist.marks
    ]


def _view(results: Summary, worklist: WorkList, room: int) -> tuple[dict[str, Any], int]:
    """Return a list with as many of its cases as there is room for, and what room they take."""
    words, table, marks = results.words, worklist.table, mark_names(results, worklist)
    counter = results.city.specs[worklist.layer].counter
    name = results.layer_name(worklist.layer)
    listed, codes = _listed(results, worklist)
    looks = _looks(results, worklist, codes["state"])
    # Python's own numbers, and None for what is missing: JSON knows no others.
    rows = listed.astype("object").where(listed.notna(), None).to_numpy().tolist()
    ends = list(accumulate(len(json_for_script(row).encode()) + 1 for row in rows))
    n = bisect_right(ends, room)
    heads = _heads(results, worklist)
    empty = {column for column, texts in codes.items() if not texts}
    empty |= {"marks"} if not marks else set()
    empty |= {c for c in ("place", "area") if listed[c].isna().all() or listed[c].eq("").all()}
    shown = [column for column in heads if column not in empty]
    data = {
        "name": name, "heads": heads, "shown": shown, "fields": list(listed.columns),
        "rows": rows[:n], "codes": codes, "marks": marks,
        "looks": [(look.kind, look.mark) for look in looks],
        "words": {key: words(f"case_{key}", counter=counter) for key in _SAID},
    }  # fmt: skip
    held = [
        view for by in ("unit", "district_code", "street_code")
        if (view := _holders(results, worklist, by, marks)) is not None
    ]  # fmt: skip
    line = ""
    if held:
        first = held[0]["rows"][0]
        line = words("held_line", name=first["name"], n=first["cells"][1], counter=counter)
    overdue = f"{int(table['overdue'].sum()):,}" if table["deadline"].notna().any() else NONE
    drawn = [dict(zip(data["fields"], row, strict=True)) for row in rows[: min(_DRAWN, n)]]
    view = {
        "title": words("cases_title", name=name),
        "line": words("cases_line", n=f"{len(table):,}", overdue=overdue, counter=counter),
        "data": Markup(json_for_script(data)),
        "heads": [heads[column] for column in shown],
        "rows": [[_cell(row, column, data, words, looks) for column in shown] for row in drawn],
        "unlisted": words("cases_unlisted", n=f"{len(rows) - n:,}", counter=counter)
        if n < len(rows)
        else "",
        "pressing": words("cases_script", n=len(drawn), counter=counter),
        "holders": held,
        "holders_title": words("held_title", name=name),
        "holders_line": line,
    }
    return view, ends[n - 1] if n else 0


def _listed(results: Summary, worklist: WorkList) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Return the cases as the page holds them: of texts that repeat their numbers, -1 for none.

    Districts and streets are numbered in the office's own order, other texts as they come.
    """
    city, words, table = results.city, results.words, worklist.table
    spec, codes = city.specs[worklist.layer], {}

    def coded(name: str, texts: pd.Series, order: Iterable[str] = ()) -> pd.Series:
        present = dict.fromkeys(texts[texts.ne("")].unique())
        known = dict.fromkeys([*(text for text in order if text in present), *present])
        codes[name] = [visible_text(text) for text in known]
        return pd.Series(pd.Index(list(known), dtype=object).get_indexer(texts), texts.index)

    def placed(level: str) -> tuple[pd.Series, list[str]]:
        zones = city.zones_by_level.get(level)
        names = {} if zones is None or zones.empty else zone_names(zones, words.lang)
        known = {str(code): str(name) for code, name in names.items()}
        at = table[f"{level}_code"].astype("object").map(lambda code: known.get(code, ""))
        return at, list(known.values())

    states = {code: state_label(spec, code, words) for code in table["status"].unique()}
    on_lists = pd.Series("", index=table.index)
    if "lists" in table:
        of_list = spec.fields[table.attrs["lists"]].codes
        on_lists = (
            table["lists"]
            .astype("object")
            .map(
                lambda text: words.listed(
                    [words.label(of_list[c]) for c in str(text).split(";") if c in of_list]
                )
            )
        )
    columns = {
        "key": table["key"].map(visible_text),
        "district": coded("district", *placed("district")),
        "street": coded("street", *placed("street")),
        "unit": coded("unit", table["unit"].astype("object")),
        "state": coded("state", table["status"].astype("object").map(states)),
        "list": coded("list", on_lists),
        "marks": sum((table[f"mark_{k}"] * (1 << k) for k in range(len(worklist.marks))), 0),
        "place": table["place"].map(visible_text),
        "area": table["remaining"].round().astype("Int64"),
        "age": table["days_since_found"].astype("Int64"),
        "due": table["deadline"].dt.strftime("%Y-%m-%d").fillna(""),
        "left": table["days_left"].astype("Int64"),
    }
    return pd.DataFrame(columns), codes


def _heads(results: Summary, worklist: WorkList) -> dict[str, str]:
    words, spec = results.words, results.city.specs[worklist.layer]
    unit = unit_label(spec.fields[spec.measure].unit, words.lang) if spec.measure else ""
    return {
        "key": words.label(spec.fields[spec.id_field]),
        "district": words("district"), "street": words("street"), "unit": words("case_unit"),
        "state": words("status"), "list": words("list"), "marks": words("overdue_marks"),
        "place": words("overdue_place"), "area": words("overdue_remaining", unit=unit),
        "age": words("days_since_found"), "due": words("deadline"), "left": words("case_left"),
    }  # fmt: skip


def _looks(results: Summary, worklist: WorkList, names: list[str]) -> list[Look]:
    """Return how each status of a list looks, in the order of their names."""
    spec, words = results.city.specs[worklist.layer], results.words
    looks = state_looks(spec)
    by_name = {visible_text(state_label(spec, code, words)): look for code, look in looks.items()}
    return [by_name.get(name, UNKNOWN) for name in names]


def _cell(
    row: dict[str, Any], column: str, data: dict[str, Any], words: Words, looks: list[Look]
) -> Any:
    """Return a cell as the script draws it."""
    text = _text(row, column, data, words)
    return keyed(looks[row["state"]], text) if column == "state" and row["state"] >= 0 else text


def _text(row: dict[str, Any], column: str, data: dict[str, Any], words: Words) -> str:
    """Return a cell as the script writes it."""
    value = row[column]
    if column in data["codes"]:
        return "" if value < 0 else str(data["codes"][column][value])
    if column == "marks":
        return " ".join(mark for k, mark in enumerate(data["marks"]) if value >> k & 1)
    if value is None:
        return ""
    if column == "left":
        key = "case_over" if value < 0 else "case_due_in"
        return words(key).replace("#", f"{abs(value):,}")
    return f"{value:,}" if isinstance(value, int) else str(value)


def _holders(
    results: Summary, worklist: WorkList, by: str, marks: list[str]
) -> dict[str, Any] | None:
    """Return who has what is overdue, the most first."""
    words, table = results.words, holders(worklist, by)
    table = table[table["n_overdue"] > 0]
    if len(table) < 2:
        return None
    names = pd.Series(table.index, table.index)
    if by == "district_code":
        names = results.zone_names.rename(index=str).reindex(table.index)
    elif by == "street_code":
        names = zone_names(results.city.zones_at("street"), words.lang).reindex(table.index)
    rows = []
    for at, cells in list(table.to_dict("index").items())[:_HOLDERS]:
        texts = [f"{cells['n']:,}", f"{cells['n_overdue']:,}"]
        texts += [f"{cells[f'mark_{k}']:,}" for k in range(len(marks))]
        rows.append({"name": str(names[at]), "kind": "",
                     "cells": [*texts, words("n_days", n=f"{cells['longest']:,}")]})  # fmt: skip
    first = {"unit": "case_unit", "district_code": "district", "street_code": "street"}[by]
    n = len(table)
    key, by_what = "held_by" if n <= _HOLDERS else "held_by_most", words.midway(words(first))
    title = words(key, by=by_what, n=_HOLDERS)
    view = plain_table(results, title, words(first), (), rows)
    heads = [words("cases_open"), words("overdue_cases")]
    heads += [words("overdue_with", mark=words.midway(mark)) for mark in marks]
    return view | {"heads": [*heads, words("longest_over")]}
