"""What is overdue, one list a responsible unit: the attachment of a 督办函."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt._numbers import unit_label
from geo_citymgmt._words import Text
from geo_citymgmt.cases._cases import open_table
from geo_citymgmt.cases._register import Register, read_where
from geo_citymgmt.cleaning._personal import mask_text
from geo_citymgmt.facts import CityFacts, facts_of
from geo_citymgmt.figures._tables import zone_names
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin import _model as parts
from geo_citymgmt.writing import Book, Column, whole_file

if TYPE_CHECKING:
    from geo_citymgmt.city import City

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
    registers = [Register(facts, key, gate) for key, spec in facts.city.specs.items()
                 if key in facts.city and spec.overdue.get("deadline") in facts.city[key]
                 and (by == "district" or by in facts.city[key])]  # fmt: skip
    if not registers:
        raise gate.refuse(
            Text("没有图层同时有责任单位和期限。", "no layer has both a unit and a deadline."),
            Text("请补充“责任单位”字段，或按板块分（by=“district”，--by district）。",
                 'Add the field manage_org, or list by="district" (--by district).'),
        )  # fmt: skip
    files: list[Path] = []
    day = registers[0].day(as_of)
    shown = words("no_date") if day is None else f"{day:%Y-%m-%d}"
    tables = [(r, _overdue(r, day, by, words)) for r in registers]
    counts = pd.concat([table["who"] for _, table in tables]).value_counts()
    for who, n in counts.items():
        lead = words("overdue_lead", day=shown, who=who, n=f"{n:,}")
        title = words("overdue_title", who=who)
        # Names that differ in what no file name may hold are told apart by their number.
        name = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", words("overdue_file", who=who, day=shown))
        name = name if Path(folder) / f"{name}.xlsx" not in files else f"{name}_{len(files)}"
        own = [(r, t[t["who"] == who].drop(columns="who")) for r, t in tables]
        own = [(r, t.assign(rank_word=np.arange(1, len(t) + 1))) for r, t in own if len(t)]
        files += [path := Path(folder) / f"{name}.xlsx"]
        with (
            whole_file(path) as temporary,
            Book(temporary, title=title, created=day, note=lead) as b,
        ):
            for register, table in own:
                heads = _heads(register, words)
                columns = [Column(heads[c], kind) for c, kind, _ in _COLUMNS if c in table]
                rows = table[[c for c, *_ in _COLUMNS if c in table]].to_numpy(dtype=object)
                b.sheet(words.named(register.spec), columns, rows.tolist(), title=title)
        paper = parts.Bulletin(title, shown, pd.Timestamp(day), shown, "", words("stamp_internal"),
                               words.lang, [parts.Paragraph(lead)])  # fmt: skip
        paper.parts.extend(_page(register, table, words) for register, table in own)
        files += [path := path.with_suffix(".docx")]
        with whole_file(path) as temporary:
            write_docx(paper, temporary)
    return files


def _overdue(register: Register, day: pd.Timestamp | None, by: str, words: Words) -> pd.DataFrame:
    """The overdue records of a layer, worst first, with the unit that answers for each."""
    spec, city = register.spec, register.city
    names = zone_names(city.zones, words.lang)
    cases = open_table(register, day, deadline=spec.overdue["deadline"])
    late = cases[cases["overdue"].fillna(False).astype(bool)]
    rows = register.data.index.get_indexer(late.index)
    data = register.data.iloc[rows]
    district = late["district_code"].map(names).fillna("")
    who = district if by == "district" else data[by].astype("str").fillna("")
    table = pd.DataFrame(
        {"who": who.replace("", words("overdue_no_unit")), "id": late[spec.id_field]}
    )
    marks = pd.Series("", index=table.index)
    order = []
    for where in spec.overdue.get("first", ()):
        if set(where) <= set(register.data.columns):
            is_so = register.timeline.choice(read_where(where, register.gate, spec, register.data))[
                0
            ]
            labels = [
                spec.fields[f] if v is True else spec.fields[f].codes[v] for f, v in where.items()
            ]
            order.append(~is_so[rows])
            marks += np.where(is_so[rows], words.listed([words.label(x) for x in labels]) + " ", "")
    table["overdue_marks"] = marks.str.strip()
    texts = [district, *(data[c].astype("str").fillna("") for c in _PLACES if c in data)]
    table["overdue_place"] = [
        mask_text("".join(dict.fromkeys(t))) for t in zip(*texts, strict=True)
    ]
    if register.has_size:
        table["overdue_remaining"] = late["remaining"]
    codes = spec.fields[spec.state_field or ""].codes
    table["status"] = [words.label(codes[s]) if s in codes else "" for s in late["status"]]
    table["deadline"], table["overdue_days"] = late["deadline"], -late["days_left"].astype("int64")
    keys = [table["id"].astype("str"), -table["overdue_days"], *reversed(order)]
    return table.iloc[np.lexsort(keys)]


def _heads(register: Register, words: Words) -> dict[str, str]:
    spec = register.spec
    unit = unit_label(spec.fields[spec.measure].unit, words.lang) if spec.measure else ""
    heads = {c: words(c, unit=unit) for c, *_ in _COLUMNS if c != "id"}
    return heads | {"id": words.label(spec.fields[spec.id_field])}


def _page(register: Register, table: pd.DataFrame, words: Words) -> parts.Table:
    heads, texts = _heads(register, words), table.copy()
    texts["deadline"] = texts["deadline"].dt.strftime("%Y-%m-%d")
    if "overdue_remaining" in texts:
        texts["overdue_remaining"] = texts["overdue_remaining"].map("{:,.0f}".format)
    used = [c for c in _COLUMNS if c[0] in texts]
    columns = tuple(parts.Column("", heads[c], w, kind in ("int", "number")) for c, kind, w in used)
    rows = tuple(
        tuple(map(str, row)) for row in texts[[c for c, *_ in used]].to_numpy(dtype=object)
    )
    return parts.Table(words.named(register.spec), columns, rows)
