"""The case list of the page: what is open, record by record, for internal releases alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from geo_citymgmt._markup import json_for_script, visible_text
from geo_citymgmt._numbers import unit_label
from geo_citymgmt.cases._worklist import WorkList, holders
from geo_citymgmt.figures._tables import zone_names
from geo_citymgmt.report._page_parts import plain_table
from geo_citymgmt.report._words import state_label

if TYPE_CHECKING:
    from geo_citymgmt.report._summary import Summary


#: What the lists of a page may take together, so that it stays within a megabyte and a half.
MOST_BYTES = 560_000
#: Rows that stand in the page before the script draws others, and rows of a table of holders.
_DRAWN, _HOLDERS = 20, 15


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
    words, table, spec = results.words, worklist.table, results.city.specs[worklist.layer]
    marks = mark_names(results, worklist)
    city = results.city
    districts = results.zone_names.rename(index=str) if city.has_zones else pd.Series(dtype=str)
    streets = pd.Series(dtype="str")
    if len(city.zones_by_level.get("street", ())):
        streets = zone_names(city.zones_at("street"), words.lang).rename(index=str)
    codes: dict[str, list[str]] = {}

    def coded(name: str, texts: pd.Series) -> pd.Series:
        """Number the texts of a column in their own order; -1 for none."""
        known = list(dict.fromkeys(texts[texts.ne("")]))
        codes[name] = [visible_text(text) for text in known]
        return texts.map({text: k for k, text in enumerate(known)}).fillna(-1).astype(int)

    states = {code: state_label(spec, code, words) for code in table["status"].unique()}
    # Districts and streets stand in the office's own order, statuses in that of a life.
    in_order = table.sort_values(["district_code", "street_code"], kind="stable").index
    at = table["district_code"].astype("object").map(lambda code: districts.get(code, ""))
    in_street = table["street_code"].astype("object").map(lambda code: streets.get(code, ""))
    listed = pd.DataFrame(
        {
            "key": table["key"].map(visible_text),
            "district": coded("districts", at.loc[districts_first(at, districts)]).loc[table.index],
            "street": coded("streets", in_street.loc[in_order]).loc[table.index],
            "unit": coded("units", table["unit"].astype("str").fillna("")),
            "state": coded("states", table["status"].map(states).fillna("")),
            "list": coded("lists", _lists(table, spec, words)),
            "marks": sum((table[f"mark_{k}"] * (1 << k) for k in range(len(marks))), 0),
            "place": table["place"].map(visible_text),
            "area": table["remaining"].round().astype("Int64"),
            "age": table["days_since_found"].astype("Int64"),
            "due": table["deadline"].dt.strftime("%Y-%m-%d").fillna(""),
            "left": table["days_left"].astype("Int64"),
        }
    )
    rows = [[None if pd.isna(v) else v for v in row] for row in listed.itertuples(index=False)]
    rows = [[getattr(v, "item", lambda v=v: v)() for v in row] for row in rows]
    written, n = 0, 0
    for row in rows:
        written += len(json_for_script(row).encode()) + 1
        if written > room:
            break
        n += 1
    area = bool(table["remaining"].notna().any())
    unit = unit_label(spec.fields[spec.measure].unit, words.lang) if spec.measure else ""
    heads = {
        "key": words.label(spec.fields[spec.id_field]),
        "district": words("district"), "street": words("street"), "unit": words("case_unit"),
        "state": words("status"), "list": words("list"), "marks": words("overdue_marks"),
        "place": words("overdue_place"),
        "area": words("overdue_remaining", unit=unit),
        "age": words("days_since_found"), "due": words("deadline"), "left": words("case_left"),
    }  # fmt: skip
    used = {"district": codes["districts"], "street": codes["streets"], "unit": codes["units"],
            "list": codes["lists"], "marks": marks,
            "place": table["place"].ne("").any(), "area": area}  # fmt: skip
    shown = [name for name in heads if name not in used or bool(used[name])]
    data = {
        "name": results.layer_name(worklist.layer), "heads": heads, "shown": shown, "fields": list(listed.columns),
        "rows": rows[:n], "codes": codes, "marks": marks,
        "words": {key: words(f"case_{key}") for key in (
            "all", "count", "more", "over", "file", "to_map", "overdue", "any", "save", "due_in",
        )},
    }  # fmt: skip
    n_overdue = int(table["overdue"].sum())
    held = [
        view for by in ("unit", "district_code", "street_code")
        if (view := _holders(results, worklist, by, marks)) is not None
    ]  # fmt: skip
    line = ""
    if held:
        first = held[0]["rows"][0]
        line = words("held_line", name=first["name"], n=first["cells"][1])
    view = {
        "title": words("cases_title", name=results.layer_name(worklist.layer)),
        "line": words("cases_line", n=f"{len(table):,}", overdue=f"{n_overdue:,}"),
        "data": Markup(json_for_script(data)),
        "heads": [heads[name] for name in shown],
        "rows": [_drawn(row, shown, list(listed.columns), codes, marks, words)
                 for row in rows[: min(_DRAWN, n)]],
        "unlisted": words("cases_unlisted", n=f"{len(rows) - n:,}") if n < len(rows) else "",
        "holders": held,
        "holders_title": words("held_title", name=results.layer_name(worklist.layer)),
        "holders_line": line,
    }  # fmt: skip
    return view, min(written, room)


def districts_first(texts: pd.Series, order: pd.Series) -> pd.Index:
    """Return the index of ``texts`` with those of the first name of ``order`` first."""
    place = {name: k for k, name in enumerate(order)}
    return texts.map(place).fillna(len(place)).sort_values(kind="stable").index


def _lists(table: pd.DataFrame, spec: Any, words: Any) -> pd.Series:
    """Return which lists a record is on, in words."""
    if "lists" not in table:
        return pd.Series("", index=table.index)
    field = spec.fields[table.attrs["lists"]]

    def said(codes: object) -> str:
        names = [words.label(field.codes[c]) for c in str(codes).split(";") if c in field.codes]
        return words.listed(names)

    return table["lists"].map(said, na_action="ignore").fillna("")


def _drawn(
    row: list[Any], shown: list[str], fields: list[str], codes: dict[str, list[str]],
    marks: list[str], words: Any,
) -> list[str]:  # fmt: skip
    """Return the cells of a row as the script draws them."""
    cell = dict(zip(fields, row, strict=True))
    many = {"district": "districts", "street": "streets", "unit": "units", "state": "states",
            "list": "lists"}  # fmt: skip
    out = []
    for name in shown:
        value = cell[name]
        if name in many:
            out.append("" if value < 0 else codes[many[name]][value])
        elif name == "marks":
            out.append(words.listed([m for k, m in enumerate(marks) if value >> k & 1]))
        elif name == "left":
            key = "case_over" if (value or 0) < 0 else "case_due_in"
            out.append("" if value is None else words(key).replace("#", f"{abs(value):,}"))
        elif isinstance(value, int):
            out.append(f"{value:,}")
        else:
            out.append("" if value is None else str(value))
    return out


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
    title = words("held_by" if n <= _HOLDERS else "held_by_most", by=words(first), n=_HOLDERS)
    view = plain_table(results, title, words(first), (), rows)
    heads = [words("cases_open"), words("overdue_cases")]
    heads += [words("overdue_with", mark=mark) for mark in marks]
    return view | {"heads": [*heads, words("longest_over")]}
