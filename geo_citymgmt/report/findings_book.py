"""``findings.xlsx``: every finding with room for what the office decides about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from geo_citymgmt.findings import SEVERITIES
from geo_citymgmt.report.quality import finding_groups, layer_label, open_findings
from geo_citymgmt.report.sheets import Book, Column
from geo_citymgmt.report.words import Words
from geo_citymgmt.writing import whole_file

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["write_findings"]

#: A sheet ends at a million rows; long before that nobody reads on.
ROW_LIMIT = 200_000


def write_findings(
    city: City, path: str | Path, *, lang: str = "zh", as_of: pd.Timestamp | None = None
) -> Path:
    """Write the findings of a city: a summary, then one sheet a layer, worst first.

    Parameters
    ----------
    city : City
    path : str or Path
        Of the workbook, written whole or not at all.
    lang : {"zh", "en"}
        Of headings; every message is there in both languages.
    as_of : Timestamp, optional
        The day in the titles; the data's own otherwise.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    CityDataError
        Another program holds the file open.

    Examples
    --------
    >>> import tempfile
    >>> import geo_citymgmt as gcm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_findings(gcm.sample_city(), Path(folder) / "findings.xlsx").name
    'findings.xlsx'
    """
    target, words = Path(path), Words(lang)
    date = city.data_date if as_of is None else as_of
    day = words("no_date") if date is None else words("as_of", date=f"{date:%Y-%m-%d}")
    found = open_findings(city)
    found = found.assign(rank=found["severity"].map(SEVERITIES.index))
    with (
        whole_file(target) as temporary,
        Book(temporary, title=words("findings"), created=date, note=day) as book,
    ):
        _summary(book, city, words, day)
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
    return target


def _summary(book: Book, city: City, words: Words, day: str) -> None:
    groups = finding_groups(city, words.lang)
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
    title = words("sheet_titled", title=words("findings"), as_of=day)
    book.sheet(words("sheet_summary"), columns, rows, title=title, filtered=True)
