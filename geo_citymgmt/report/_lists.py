"""What is overdue, one list a responsible unit: the attachment of a 督办函."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt._languages import Messages, Text, join_texts
from geo_citymgmt._numbers import unit_label
from geo_citymgmt.cases._cases import open_table
from geo_citymgmt.cases._register import USUAL_STOCK, Register, read_where
from geo_citymgmt.cleaning._personal import mask_text
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.figures._tables import zone_names
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin import _model as parts
from geo_citymgmt.writing import Book, Column, whole_file

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_MESSAGES = Messages("geo_citymgmt.report")

_BETWEEN = Text("、", ", ")
_PLACES = ("street_name", "community_name", "road_name", "address")
#: Heading, kind in a sheet and width in a document of each column; the first counts the rows.
_COLUMNS = (
    ("rank_word", "int", 0.8), ("id", "text", 2.4), ("overdue_marks", "text", 2.0),
    ("overdue_place", "text", 4.0), ("overdue_remaining", "number", 1.6), ("status", "text", 1.4),
    ("deadline", "date", 1.8), ("overdue_days", "int", 1.2),
)  # fmt: skip


def write_lists(
    city: City | CityFacts, folder: str | Path, *, as_of: Any = None, by: str = "manage_org",
    lang: str | None = None,
) -> list[Path]:  # fmt: skip
    """Write what is overdue as one workbook and one document for each responsible unit.

    The layers are those whose file has ``[overdue]``: by when a record must be done, and which
    come first (涉安, then 挂牌督办); then those longest overdue. Personal fields are left out.

    Parameters
    ----------
    city : City or CityFacts
    folder : str or Path
        Each file in it bears unit and day in its name, and is written whole or not at all.
    as_of : date, optional
        The whole day is included; the data's own without.
    by : {"manage_org", "district"}
        By the field 责任单位 of the records, or by the district that they lie in.
    lang : {"zh", "en"}, default options.lang

    Returns
    -------
    list of Path
        A .xlsx and a .docx for each unit, the one with most overdue first; of records that name
        none there is one more.

    Raises
    ------
    CityDataError
        No layer has that field and a deadline, or the extra ``bulletin`` is not installed.

    See Also
    --------
    open_cases, case_lists

    Examples
    --------
    >>> import tempfile
    >>> import geo_citymgmt as gcm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_lists(gcm.sample_city(), folder, as_of="2022-06-30", by="district")
    ...     files[0].suffix, len(files)
    ('.xlsx', 20)
    """
    with parts.needed():
        from geo_citymgmt.report.bulletin._word import write_docx
    gate = Gate("write_lists")
    gate.choice(by, "by", ("manage_org", "district"))
    facts = facts_of(city, gate)
    words = Words(lang, unit=facts.city.unit)
    with_deadline = registers_with_deadline(facts, gate)
    if not with_deadline:
        raise gate.refuse(*_MESSAGES.pair("lists_no_deadline", fields=_deadlines(facts.city)))
    registers = [r for r in with_deadline if by == "district" or by in r.data]
    if not registers:
        layers = join_texts([Text(r.spec.name_zh, r.spec.name_en) for r in with_deadline], _BETWEEN)
        raise gate.refuse(*_MESSAGES.pair("lists_no_unit", layers=layers))
    files: list[Path] = []
    day = registers[0].day(as_of)
    shown = words("no_date") if day is None else f"{day:%Y-%m-%d}"
    told = shown if day is None else words("day_in_full", y=day.year, m=day.month, d=day.day)
    tables = [(r, case_table(r, day, words)) for r in registers]
    who_of = {"manage_org": "unit", "district": "district"}[by]
    tables = [(r, t.assign(who=t[who_of].replace("", words("overdue_no_unit")))) for r, t in tables]
    for who, n in pd.concat([table["who"] for _, table in tables]).value_counts().items():
        lead = words("overdue_lead", day=told, who=who, n=f"{n:,}")
        title = words("overdue_title", who=who)
        # Names that differ in what no file name may hold are told apart by their number.
        name = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", words("overdue_file", who=who, day=shown))
        name = name if Path(folder) / f"{name}.xlsx" not in files else f"{name}_{len(files)}"
        book, document = (Path(folder) / f"{name}{suffix}" for suffix in (".xlsx", ".docx"))
        paper = parts.Bulletin(title, told, pd.Timestamp(day), told, "", words("stamp_internal"),
                               words.lang, [parts.Paragraph(lead)])  # fmt: skip
        with whole_file(book) as path, Book(path, title=title, created=day, note=lead) as sheets:
            for register, table in tables:
                own = table[table["who"] == who]
                if len(own):
                    _add(
                        sheets, paper, register, own.assign(rank_word=range(1, len(own) + 1)), words
                    )
        with whole_file(document) as path:
            write_docx(paper, path)
        files += [book, document]
    return files


def case_table(
    register: Register, day: pd.Timestamp | None, words: Words, *, late: bool = True
) -> pd.DataFrame:
    """List the overdue records of a layer, or all that are open: worst first, in words.

    Returns
    -------
    DataFrame
        On the index of the layer's records, in order: ``id, district_code, district, street,
        unit, overdue_marks`` (涉安, 挂牌), ``overdue_place, overdue_remaining`` (where the layer
        has a measure), ``status, found_on, days_open, deadline, overdue_days``. Marked ones come
        first, then those longest overdue.
    """
    spec, city = register.spec, register.city
    cases = open_table(register, day, deadline=spec.overdue["deadline"])
    if late:
        cases = cases[cases["overdue"].fillna(False).astype(bool)]
    rows = register.data.index.get_indexer(cases.index)
    data = register.data.iloc[rows]
    zoned, blank = {}, pd.Series("", data.index)
    for level in [n for n in ("district", "street") if len(city.zones_by_level.get(n, ()))]:
        names = zone_names(city.zones_at(level), words.lang)
        zoned[level] = register.members(level)["zone_code"].iloc[rows].map(names).fillna("")
    codes = spec.fields[spec.state_field or ""].codes
    places = [data[c].astype("str").fillna("") for c in _PLACES if c in data]
    texts, gap = [blank, *zoned.values(), *places], words("gap")
    unit = data["manage_org"].astype("str").fillna("") if "manage_org" in data else blank
    table = pd.DataFrame(
        {
            "id": cases[spec.id_field].to_numpy(),
            "district_code": cases["district_code"].to_numpy(),
            "district": zoned.get("district", blank).to_numpy(),
            "street": zoned.get("street", blank).to_numpy(),
            "unit": unit.to_numpy(),
            "overdue_marks": "",
            "overdue_place": [
                gap.join(filter(None, dict.fromkeys(map(mask_text, t))))
                for t in zip(*texts, strict=True)
            ],
            "status": [words.label(codes[s]) if s in codes else "" for s in cases["status"]],
            "found_on": cases["found_on"].to_numpy(),
            "days_open": cases["days_open"].to_numpy(),
            "deadline": cases["deadline"].to_numpy(),
            "overdue_days": -cases["days_left"].array,
        },
        index=cases.index,
    )
    if register.has_size:
        table["overdue_remaining"] = cases["remaining"].to_numpy()
    days = -table["overdue_days"].to_numpy(dtype="float64", na_value=np.nan)
    order = [table["id"].astype("str"), days]
    for where in reversed(spec.overdue.get("first", ())):
        if set(where) <= set(register.data.columns):
            chosen = read_where(where, register.gate, spec, register.data)
            is_so = register.timeline.choice(chosen)[0][rows]
            fields = [(spec.fields[name], value) for name, value in where.items()]
            labels = [words.label(f if value is True else f.codes[value]) for f, value in fields]
            order.append(~is_so)
            said = np.where(is_so, f"{words.listed(labels)} ", "")
            table["overdue_marks"] = (said + table["overdue_marks"]).str.rstrip()
    return table.iloc[np.lexsort(order)]


def registers_with_deadline(facts: CityFacts, gate: Gate) -> list[Register]:
    """Return a register of each layer of the city whose records have a day to be done by."""
    return [
        Register(facts, key, gate, stock=tuple(spec.overdue.get("stock", USUAL_STOCK)))
        for key, spec in facts.city.specs.items()
        if key in facts.city and spec.overdue.get("deadline") in facts.city[key]
    ]


def _deadlines(city: City) -> Text:
    """Name the fields that say by when something is due: of the city's layers, or of all."""
    known = [(s, s.fields[s.overdue["deadline"]]) for s in city.specs.values() if s.overdue]
    return join_texts(
        [
            _MESSAGES("lists_deadline_of", spec=s, field=field)
            for s, field in [of for of in known if of[0].key in city] or known
        ],
        _BETWEEN,
    )


def _add(
    sheets: Book, paper: parts.Bulletin, register: Register, table: pd.DataFrame, words: Words
) -> None:
    """Add what is overdue of a layer to the workbook and to the document of a unit."""
    spec = register.spec
    unit = unit_label(spec.fields[spec.measure].unit, words.lang) if spec.measure else ""
    used = [column for column in _COLUMNS if column[0] in table]
    heads = [words.label(spec.fields[spec.id_field]) if name == "id" else words(name, unit=unit)
             for name, *_ in used]  # fmt: skip
    cells = table[[name for name, *_ in used]].to_numpy(dtype=object).tolist()
    columns = [Column(head, kind) for head, (_, kind, _) in zip(heads, used, strict=True)]
    sheets.sheet(words.named(spec), columns, cells, title=paper.title)
    shown = {"date": "{:%Y-%m-%d}", "number": "{:,.0f}"}
    rows = tuple(
        tuple(
            shown.get(kind, "{}").format(cell) for cell, (_, kind, _) in zip(row, used, strict=True)
        )
        for row in cells
    )
    heads_of = zip(heads, used, strict=True)
    look = tuple(parts.Column("", h, w, kind in ("int", "number")) for h, (_, kind, w) in heads_of)
    paper.parts.append(parts.Table(words.named(spec), look, rows))
