"""What stands beside the figures: what was reported of them, and loads against capacities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from geo_citymgmt._numbers import scale_for
from geo_citymgmt.figures._services import balances

if TYPE_CHECKING:
    from geo_citymgmt.report._summary import Summary

#: Reasons that say nothing of what was reported.
_SILENT = ("no_target", "not_carried")


def reported_rows(results: Summary) -> pd.DataFrame:
    """Return rows of progress with a reported value: the city's, and zones where the two differ.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> from geo_citymgmt.report._summary import summary
    >>> city = gcm.sample_city(layers=["illegal_construction"])
    >>> rows = reported_rows(summary(city, "2022-06-30"))
    >>> float(rows.set_index("indicator").loc["demolition_accidents", "reported"])
    0.0
    """
    table = results.table[results.table["reported"].notna()]
    return table[(table["row_kind"] == "total") | differing(table)]


def differing(table: pd.DataFrame) -> pd.Series:
    """Return in which rows what is reported is not what is computed."""
    return table["difference"].fillna(0).abs() > 1e-6 * table["reported"].abs()


def reported_view(results: Summary) -> dict[str, Any] | None:
    """Return the table of what is reported and what is computed, as text."""
    words, rows, known = results.words, [], results.figures.reasons
    for row in reported_rows(results).itertuples():
        pair = [row.value, row.reported]
        # Each as exactly as it was reported, or the difference would be one of rounding.
        scale = scale_for([v for v in pair if pd.notna(v)], row.unit, results.lang)
        total = row.row_kind == "total"
        where = words("total") if total else str(results.zone_names.get(row.zone_code, ""))
        numbers = [scale.text(v) if pd.notna(v) else "–" for v in (*pair, row.difference)]
        reasons = [r for r in row.comparability.split(";") if r not in ("comparable", *_SILENT)]
        said = [known[r].of(results.lang) for r in reasons]
        source = words.joined([row.reported_source, *said])
        cells = [where, scale.unit, *numbers, row.reported_period, source]
        rows.append({"name": words.named(row), "cells": cells, "kind": ""})
    if not rows:
        return None
    heads = ["district", "unit", "computed", "reported_value", "reported_difference"]
    heads += ["reported_period", "reported_source"]
    return {
        "title": "", "first": words("indicator"), "heads": [words(h) for h in heads],
        "rows": rows, "note": words("reported_note"), "bar": "", "texts": (0, 1, 5, 6), "look": "",
    }  # fmt: skip


def balance_views(results: Summary) -> list[dict[str, Any]]:
    """Return the balances as tables for the page."""
    words, out = results.words, []
    for title, frame in balances(results.city, results.table):
        rows = [
            {
                "name": words("total") if code == results.city.code else results.zone_names[code],
                "cells": [f"{value:+,.0f}" if name == "balance" else f"{value:,.0f}"
                          for name, value in values.items()],
                "kind": "total" if code == results.city.code else "",
            }
            for code, values in frame.iterrows()
        ]  # fmt: skip
        heads = [words(f"balance_{name}") for name in frame.columns]
        out.append({
            "title": title.of(results.lang), "first": results.by_unit, "heads": heads, "rows": rows,
            "note": words("balance_note"), "bar": "", "texts": (), "look": "",
        })  # fmt: skip
    return out
