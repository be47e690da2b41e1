"""``findings.xlsx``: every finding with room for what the office decides about it."""

from __future__ import annotations

from pathlib import Path

from geo_citymgmt.findings import SEVERITIES
from geo_citymgmt.report.quality import finding_groups, layer_label, open_findings
from geo_citymgmt.report.sheets import Book, Column
from geo_citymgmt.report.summary import Summary

__all__ = ["write_findings"]

#: A sheet ends at a million rows; long before that nobody reads on.
ROW_LIMIT = 200_000


def write_findings(told: Summary, path: Path) -> None:
    """Write the findings: a summary, then one sheet a layer, worst first."""
    words, city = told.words, told.city
    found = open_findings(city)
    found = found.assign(rank=found["severity"].map(SEVERITIES.index))
    title = words("findings")
    with Book(path, title=title, created=told.as_of, note=told.day) as book:
        _summary(book, told)
        for layer in dict.fromkeys(found["layer"]):
            mine = found[found["layer"] == layer].sort_values(["rank", "code"], kind="stable")
            name = layer_label(city, layer, words)
            shown = name
            if len(mine) > ROW_LIMIT:
                shown = f"{name} {words('too_many', limit=f'{ROW_LIMIT:,}', n=f'{len(mine):,}')}"
            columns = [
                Column(words("severity")), Column(words("finding_code")),
                Column(words("message_zh"), width=52), Column(words("message_en"), width=52),
                Column(words("row_label")), Column(words("key")), Column(words("field")),
                Column(words("found_value"), width=24), Column(words("expected"), width=24),
                Column(words("action")), Column(words("x"), "coordinate", 14),
                Column(words("y"), "coordinate", 14), Column(words("opinion"), width=18),
                Column(words("remark"), width=18),
            ]  # fmt: skip
            spec = city.specs.get(layer)
            labels = {} if spec is None else {
                name: words.of(item.zh, item.en) for name, item in spec.fields.items()
            }  # fmt: skip
            rows = [
                [
                    words.name("severity", r.severity), r.code, r.message_zh, r.message_en,
                    r.row_label, r.key, labels.get(r.field, r.field), r.value, r.expected,
                    words.name("action", r.action), r.x, r.y, "", "",
                ]
                for r in mine.head(ROW_LIMIT).itertuples()
            ]  # fmt: skip
            book.sheet(name, columns, rows, title=shown, filtered=True, frozen=2)


def _summary(book: Book, told: Summary) -> None:
    words = told.words
    groups = finding_groups(told.city, told.lang)
    columns = [
        Column(words("layer")), Column(words("severity")), Column(words("count"), "int"),
        Column(words("problem"), width=70), Column(words("action")),
        Column(words("examples"), width=40), Column(words("finding_code")),
    ]  # fmt: skip
    rows = [
        [r.layer, words.name("severity", str(r.severity)), r.n, r.message, r.action, r.examples,
         r.code]
        for r in groups.rename(columns={"count": "n"}).itertuples(index=False)
    ]  # fmt: skip
    title = words("sheet_titled", title=words("findings"), as_of=told.day)
    book.sheet(words("sheet_summary"), columns, rows, title=title, filtered=True)
