"""``findings.xlsx``: every finding with room for what the office decides about it.

What was decided before stands there again: beside the findings that remain, else on a sheet of its
own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt._options import display_lang
from geo_citymgmt.decisions import CHOICES, Carried, carry_over, written
from geo_citymgmt.facts.as_of import day_of
from geo_citymgmt.findings import SEVERITIES
from geo_citymgmt.report.earlier_book import earlier_book, keep_copy
from geo_citymgmt.report.quality import finding_groups, layer_label, open_findings
from geo_citymgmt.report.sheets import Book, Column
from geo_citymgmt.report.words import Words
from geo_citymgmt.writing import whole_file

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["Kept", "replace_findings", "write_findings"]

#: A sheet ends at a million rows; long before that nobody reads on.
ROW_LIMIT = 200_000


@dataclass(frozen=True)
class Kept:
    """What became of what people had written: findings it stands beside, rows settled, a copy.

    Attributes
    ----------
    carried, settled : int
        How many findings have it beside them; how many rows are on the sheet of settled ones.
    copy : Path or None
        Where the workbook that was replaced is kept, if anyone had worked on it.
    """

    carried: int
    settled: int
    copy: Path | None = None


def write_findings(
    city: City,
    path: str | Path,
    *,
    lang: str | None = None,
    as_of: Any = None,
    on_kept: Callable[[Kept], None] | None = None,
) -> Path:
    """Write the findings of a city: a summary, then one sheet a layer, worst first.

    The decisions that the city was loaded with, else those in the workbook that is replaced, are
    carried over. A workbook that somebody has worked on is kept beside, under a name with the time
    it was saved.

    Parameters
    ----------
    city : City
    path : str or Path
        Of the workbook, written whole or not at all.
    lang : {"zh", "en"}, default options.lang
        Of headings; every message is there in both languages.
    as_of : date, optional
        The day in the titles, of a month, quarter or year its last; the data's own otherwise.
    on_kept : callable, optional
        Told what became of earlier decisions, where there were any.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    CityDataError
        Another program holds the file open, or there is one that is no findings workbook.

    Examples
    --------
    >>> import tempfile
    >>> import geo_citymgmt as gcm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_findings(gcm.sample_city(), Path(folder) / "findings.xlsx").name
    'findings.xlsx'
    """
    target = Path(path)
    replace_findings(city, target, target, lang=lang, as_of=as_of, on_kept=on_kept)
    return target


def replace_findings(
    city: City,
    target: Path,
    earlier: Path,
    *,
    lang: str | None = None,
    as_of: Any = None,
    on_kept: Callable[[Kept], None] | None = None,
) -> None:
    """Write the findings to ``target``, which is to take the place of the workbook ``earlier``.

    See :func:`write_findings`; a copy of a workbook that somebody has worked on is kept beside it.
    """
    lang = display_lang(lang)
    words = Words(lang, unit=city.unit)
    date = day_of(city, as_of, Gate("write_findings"))
    found = open_findings(city)
    before = earlier_book(earlier, city.specs)
    said = city.decisions
    if said is None and before is not None:
        said = before.decisions
    carried = _nothing(found) if said is None else carry_over(said, found)
    found = found.assign(
        rank=found["severity"].map(SEVERITIES.index), opinion=carried.opinion, remark=carried.remark
    )
    copy = None
    if before is not None and said is not None and (before.edited or before.holds_more(said)):
        copy = keep_copy(earlier)
    _write(city, target, found, carried, words, date)
    kept = Kept(carried.kept, len(carried.settled), copy)
    if on_kept is not None and (kept.carried or kept.settled or kept.copy):
        on_kept(kept)


def _nothing(found: pd.DataFrame) -> Carried:
    none = np.full(len(found), "", dtype=object)
    return Carried(none, none, pd.DataFrame())


def _write(
    city: City,
    target: Path,
    found: pd.DataFrame,
    carried: Carried,
    words: Words,
    date: pd.Timestamp | None,
) -> None:
    day = words("no_date") if date is None else words("as_of", date=f"{date:%Y-%m-%d}")
    with (
        whole_file(target) as temporary,
        Book(temporary, title=words("findings"), created=date, note=day) as book,
    ):
        _summary(book, city, words, day)
        for layer in dict.fromkeys(found["layer"]):
            mine = found[found["layer"] == layer].sort_values(["rank", "code"], kind="stable")
            name = layer_label(city, str(layer), words)
            shown, n = name, len(mine)
            if n > ROW_LIMIT:
                mine = mine[(np.arange(len(mine)) < ROW_LIMIT) | written(mine)]
                shown = f"{name} {words('too_many', limit=f'{ROW_LIMIT:,}', n=f'{n:,}')}"
            columns = [
                Column(words("severity")), Column(words("finding_code")),
                Column(words("message_zh"), width=52), Column(words("message_en"), width=52),
                Column(words("row_label")), Column(words("key")), Column(words("field")),
                Column(words("found_value"), width=24), Column(words("expected"), width=24),
                Column(words("action")), Column(words("x"), "coordinate", 14),
                Column(words("y"), "coordinate", 14), *_to_fill_in(words), _known_by(words),
            ]  # fmt: skip
            labels = _labels(city, str(layer), words)
            rows = [
                [
                    words.name("severity", r.severity), r.code, r.message_zh, r.message_en,
                    r.row_label, r.key, labels.get(r.field, r.field), r.value, r.expected,
                    words.name("action", r.action), r.x, r.y, r.opinion, r.remark, r.finding_key,
                ]
                for r in mine.itertuples()
            ]  # fmt: skip
            book.sheet(name, columns, rows, title=shown, filtered=True, frozen=2)
        if len(carried.settled):
            _settled(book, city, carried.settled, words)


def _to_fill_in(words: Words) -> list[Column]:
    note = words("opinion_note")
    return [
        Column(words("opinion"), width=18, note=note, choices=CHOICES[words.lang]),
        Column(words("remark"), width=18),
    ]


def _known_by(words: Words) -> Column:
    """The key by which the finding is known again when the workbook is read."""
    return Column(words("finding_key"), width=12, hidden=True)


def _labels(city: City, layer: str, words: Words) -> Mapping[str, str]:
    spec = city.specs.get(layer)
    fields = {} if spec is None else spec.fields
    return {name: words.of(item.zh, item.en) for name, item in fields.items()}


def _settled(book: Book, city: City, settled: pd.DataFrame, words: Words) -> None:
    """Write what was decided about findings that are not there any more: it stays in force."""
    columns = [
        Column(words("layer")), Column(words("finding_code")),
        Column(words("message_zh"), width=52), Column(words("message_en"), width=52),
        Column(words("row_label")), Column(words("key")),
        Column(words("field")), Column(words("found_value"), width=24), *_to_fill_in(words),
        _known_by(words),
    ]  # fmt: skip
    rows = [
        [
            layer_label(city, r.layer, words), r.code, r.message_zh, r.message_en, r.row_label,
            r.key, _labels(city, r.layer, words).get(r.field, r.field), r.value, r.opinion,
            r.remark, r.finding_key,
        ]
        for r in settled.itertuples()
    ]  # fmt: skip
    title = words("sheet_settled_title")
    book.sheet(words("sheet_settled"), columns, rows, title=title, filtered=True)


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
