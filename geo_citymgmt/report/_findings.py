"""Findings for people: their kinds, the account of the layers, the workbook, what was rejected.

``findings.xlsx`` has every finding with room for what the office decides about it. What was decided
before stands there again: beside the findings that remain, else on a sheet of its own.
"""

from __future__ import annotations

import filecmp
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate, day_of
from geo_citymgmt._languages import Messages, first_of, row_words
from geo_citymgmt._options import display_lang
from geo_citymgmt.cleaning._names import match_columns
from geo_citymgmt.cleaning._personal import MASK, mask_record
from geo_citymgmt.decisions import CHOICES, Carried, carry_over, read_decisions, written
from geo_citymgmt.errors import CityDataError, SourceError
from geo_citymgmt.findings import SEVERITIES, Findings
from geo_citymgmt.layer import Layer
from geo_citymgmt.report._words import Words, layer_label
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.writing import Book, Column, make_folder, whole_file, write_layer, write_text

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_MESSAGES = Messages("geo_citymgmt.report")

_EXAMPLES = 3


def ledger_table(city: City, lang: str | None = None) -> pd.DataFrame:
    """Return the ledger with its codes in words, one row a layer.

    Returns
    -------
    DataFrame
        ``layer, file, walked, skipped, accepted, outside, unlocated, repaired, rejected, state,
        crs, datum, encoding, usable``; the last as yes or no for the program. ``outside`` and
        ``unlocated`` are those of the accepted that lie in no zone, and that have no geometry;
        missing where that cannot be known: without zones, of a table.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> ledger = ledger_table(gcm.sample_city())
    >>> bool((ledger.walked == ledger.skipped + ledger.accepted + ledger.rejected).all())
    True
    """
    lang = display_lang(lang)
    words = Words(lang, unit=city.unit)
    ledger = city.ledger

    def known(value: str, how: str, kind: str | None = None) -> pd.Series:
        return pd.Series(
            [_known(words, v, h, kind) for v, h in zip(ledger[value], ledger[how], strict=True)],
            index=ledger.index,
            dtype="str",
        )

    return pd.DataFrame(
        {
            "layer": [layer_label(city, key, words) for key in ledger["layer"]],
            "file": ledger["source"].fillna("").astype("str"),
            "walked": ledger["n_walked"].astype("int64"),
            "skipped": ledger["n_skipped"].astype("int64"),
            "accepted": ledger["n_accepted"].astype("int64"),
            "outside": pd.array([_outside(city, key) for key in ledger["layer"]], dtype="Int64"),
            "unlocated": pd.array([_unlocated(city, k) for k in ledger["layer"]], dtype="Int64"),
            "repaired": ledger["n_repaired"].astype("int64"),
            "rejected": ledger["n_rejected"].astype("int64"),
            "state": [words.name("state", state) for state in ledger["state"]],
            "crs": known("crs", "crs_source"),
            "datum": known("datum", "datum_source", "datum"),
            "encoding": known("encoding", "encoding_source"),
            "usable": ledger["state"] == "ok",
        }
    )


def _outside(city: City, key: str) -> int | None:
    """Return how many accepted records of a layer lie in no zone."""
    spec = city.specs.get(key)
    if key not in city or spec is None or spec.is_table or not city.has_zones:
        return None
    data = city[key]
    if "district_code" in data.columns and spec.is_counted:
        return int((data.geometry.notna() & data["district_code"].isna()).sum())
    found = city.findings
    found = found[found["layer"].eq(key) & found["code"].eq("OUT_OF_CITY")]
    return None if spec.role == "zones" else int(found["n_records"].clip(lower=1).sum())


def _unlocated(city: City, key: str) -> int | None:
    spec = city.specs.get(key)
    if key not in city or spec is None or spec.is_table:
        return None
    return int(city[key].geometry.isna().sum())


def apart_text(city: City, key: str, words: Words) -> str:
    """Say how many accepted records of a layer lie in no zone, and how many have no place."""
    known = {"outside": _outside(city, key), "unlocated": _unlocated(city, key)}
    return words.listed([f"{words(name)} {n:,}" for name, n in known.items() if n])


def unread_layers(city: City, lang: str | None = None) -> list[str]:
    """Return, for each layer that could not be read, its name, records, the cause and the remedy.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> unread_layers(gcm.sample_city())
    []
    """
    lang = display_lang(lang)
    words = Words(lang, unit=city.unit)
    ledger = city.ledger[city.ledger["state"] != "ok"]
    return [
        words(
            "unread_layer",
            layer=layer_label(city, row.layer, words),
            n=f"{int(row.n_rejected):,}",
            reason=words.of(*city.unread.get(row.layer, ("", ""))),
        )
        for row in ledger.itertuples()
    ]


def finding_groups(city: City, lang: str | None = None) -> pd.DataFrame:
    """Return the findings by layer, kind and severity, worst first.

    Returns
    -------
    DataFrame
        ``layer, code, severity, rank, count, message, examples, action``: how many records (one
        for what is about no record), the message of the first, and where the first few are.
        ``rank`` is 0 for fatal and 3 for a note.
    """
    lang = display_lang(lang)
    words = Words(lang, unit=city.unit)
    findings = open_findings(city)
    columns = ["layer", "code", "severity", "rank", "count", "message", "examples", "action"]
    if findings.empty:
        return pd.DataFrame(columns=columns)
    message = "message_zh" if lang == "zh" else "message_en"
    rows = []
    # What is about a file or a layer as a whole is said in full: a second one is not the first. A
    # fault of a whole column counts as many as there are records.
    findings = findings.assign(whole=findings[message].where(findings["record"].isna(), ""))
    keys = ["layer", "severity", "code", "field", "action", "whole"]
    for (layer, severity, code, _, action, _), group in findings.groupby(keys, sort=False):
        rows.append(
            {
                "layer": layer_label(city, str(layer), words),
                "code": code,
                "severity": severity,
                "rank": SEVERITIES.index(str(severity)),
                "count": int(group["n_records"].clip(lower=1).sum()),
                "message": first_of(list(group[message]), lang),
                "examples": words.listed(_places(group, lang)),
                "action": words.name("action", str(action)),
            }
        )
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["rank", "count"], ascending=[True, False], kind="stable").reset_index(
        drop=True
    )


#: Codes whose value is the name of a column.
_NAMES = (
    "FIELD_ALIAS", "FIELD_AMBIGUOUS", "FIELD_DOUBTED", "FIELD_DUPLICATE", "FIELD_MATCHED",
    "FIELD_PROPOSED", "FIELD_TRUNCATED", "PERSONAL_DATA",
)  # fmt: skip


def open_findings(city: City) -> pd.DataFrame:
    """Return the findings as they may leave the house: values of personal fields hidden.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city()
    >>> open_findings(city).equals(city.findings)
    True
    """
    findings = city.findings
    personal = {
        (key, name)
        for key, spec in city.specs.items()
        for name, item in spec.fields.items()
        if item.personal
    }
    layers, fields = (findings[name].to_numpy(dtype=object) for name in ("layer", "field"))
    pairs = zip(layers, fields, strict=True)
    secret = pd.Series([pair in personal for pair in pairs], index=findings.index, dtype="bool")
    # What a column is called is no secret, and has to be found.
    secret &= ~findings["code"].isin(_NAMES)
    if not secret.any():
        return findings
    out = findings.copy()
    for row in findings[secret].itertuples():
        for column in ("message_zh", "message_en"):
            text = str(getattr(row, column))
            for value in (row.value, row.expected):
                # A single character is no secret, and replacing it would garble the message.
                text = text.replace(value, MASK) if len(str(value)) > 1 else text
            out.loc[row.Index, column] = text
    out.loc[secret, ["value", "expected"]] = MASK
    return out


def _places(group: pd.DataFrame, lang: str) -> list[str]:
    out = []
    for row in group.head(_EXAMPLES).itertuples():
        label = row_words(str(row.row_label or ""), lang)
        out.append(f"{label} {row.key}".strip() if row.key and row.key not in label else label)
    return [text for text in out if text]


def _known(words: Words, value: object, how: object, kind: str | None) -> str:
    if value is None or pd.isna(value) or value == "":
        return ""
    shown = words.name(kind, str(value)) if kind else str(value)
    if how is None or pd.isna(how) or how == "":
        return shown
    return words("known_by", value=shown, how=words.name("known", str(how)))


#: What spreadsheet programs put beside a file that they hold open: Excel, LibreOffice, WPS.
_OPEN_MARKS = ("~${}", ".~lock.{}#", ".~{}")
_MADE = re.compile(rb"<dcterms:(created|modified)[^>]*>([^<]*)<")
_SAYS = ["layer", "key", "field", "opinion", "remark"]


@dataclass(frozen=True)
class EarlierBook:
    """What is in the workbook that a new one takes the place of.

    Attributes
    ----------
    path : Path
    decisions : DataFrame
        Of :func:`~geo_citymgmt.decisions.read_decisions`.
    edited : bool
        Whether another program has saved it since it was written here.
    """

    path: Path
    decisions: pd.DataFrame
    edited: bool

    def holds_more(self, than: pd.DataFrame) -> bool:
        """Whether something was written in it that stands not in the decisions ``than``."""
        mine, theirs = (t.loc[written(t), _SAYS].astype("str") for t in (self.decisions, than))
        return not pd.MultiIndex.from_frame(mine).isin(pd.MultiIndex.from_frame(theirs)).all()


def earlier_book(path: Path, specs: Mapping[str, LayerSpec]) -> EarlierBook | None:
    """Return what is in the findings workbook at ``path``; None where there is no file.

    Raises
    ------
    CityDataError
        There is a file that is no findings workbook, or one that a spreadsheet program holds open:
        what is typed there would be lost, or would come over what is written here.
    """
    if not path.is_file():
        return None
    for mark in _OPEN_MARKS:
        lock = path.with_name(mark.format(path.name))
        if lock.exists():
            raise CityDataError(_MESSAGES("open_spreadsheet_program", path=path, lock=lock))
    try:
        decisions = read_decisions(path, specs)
    except SourceError as error:
        raise _MESSAGES.error(CityDataError, "already_no_findings", path=path) from error
    return EarlierBook(path, decisions, _edited(path))


def keep_copy(path: Path) -> Path:
    """Copy ``path`` beside itself, under a name with the time it was saved; return the copy."""
    saved = datetime.fromtimestamp(path.stat().st_mtime)
    name, n = f"{path.stem}.{saved:%Y-%m-%d-%H%M%S}", 1
    target = path.with_name(f"{name}{path.suffix}")
    while target.exists() and not filecmp.cmp(path, target, shallow=False):
        n += 1
        target = path.with_name(f"{name}-{n}{path.suffix}")
    try:
        shutil.copy2(path, target)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise CityDataError(
            _MESSAGES("earlier_workbook_cannot", target=target, error=error)
        ) from error
    return target


def _edited(path: Path) -> bool:
    """Whether another program has saved it: all of them set the time, only this one does not."""
    try:
        with zipfile.ZipFile(path) as archive:
            times = dict(_MADE.findall(archive.read("docProps/core.xml")))
    except (KeyError, OSError, zipfile.BadZipFile):
        return True
    return times.get(b"created") is None or times.get(b"created") != times.get(b"modified")


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
    day = city.data_date
    if as_of is not None:
        day = day_of(city, as_of, Gate("write_findings"))
    before = earlier_book(target, city.specs)
    replace_findings(city, target, before, lang=lang, day=day, on_kept=on_kept)
    return target


def replace_findings(
    city: City,
    target: Path,
    before: EarlierBook | None,
    *,
    lang: str | None = None,
    day: pd.Timestamp | None = None,
    on_kept: Callable[[Kept], None] | None = None,
) -> None:
    """Write the findings to ``target``, which is to take the place of the workbook ``before``.

    See :func:`write_findings`; a copy of a workbook that somebody has worked on is kept beside it.
    """
    words = Words(lang, unit=city.unit)
    findings = open_findings(city)
    decisions = city.decisions
    if decisions is None and before is not None:
        decisions = before.decisions
    if decisions is None:
        none = np.full(len(findings), "", dtype=object)
        carried = Carried(none, none, pd.DataFrame())
    else:
        carried = carry_over(decisions, findings)
    findings = findings.assign(
        rank=findings["severity"].map(SEVERITIES.index),
        opinion=carried.opinion,
        remark=carried.remark,
    )
    copy = None
    if before is not None and decisions is not None:
        copy = keep_copy(before.path) if before.edited or before.holds_more(decisions) else None
    _write(city, target, findings, carried, words, day)
    kept = Kept(carried.kept, len(carried.settled), copy)
    if on_kept is not None and (kept.carried or kept.settled or kept.copy):
        on_kept(kept)


#: Of a finding, what a row of its layer's sheet holds.
_CELLS = (
    "severity", "code", "message_zh", "message_en", "row_label", "key", "field", "value",
    "expected", "action", "x", "y", "opinion", "remark", "finding_key",
)  # fmt: skip


def _write(
    city: City,
    target: Path,
    findings: pd.DataFrame,
    carried: Carried,
    words: Words,
    date: pd.Timestamp | None,
) -> None:
    day = words("no_date") if date is None else words("as_of", date=f"{date:%Y-%m-%d}")
    with (
        whole_file(target) as temporary,
        Book(
            temporary, title=words("findings"), created=date,
            # A list of records with their places never leaves the house.
            note=words.joined([words("stamp_internal"), day]),
        ) as book,
    ):  # fmt: skip
        _summary(book, city, words, day)
        for layer in dict.fromkeys(findings["layer"]):
            table = findings[findings["layer"] == layer]
            table = table.sort_values(["rank", "code"], kind="stable")
            name = layer_label(city, str(layer), words)
            title, n = name, len(table)
            if n > ROW_LIMIT:
                table = table[(np.arange(n) < ROW_LIMIT) | written(table)]
                title = f"{name} {words('too_many', limit=f'{ROW_LIMIT:,}', n=f'{n:,}')}"
            columns = [
                Column(words("severity")), Column(words("finding_code")),
                Column(words("message_zh"), width=52), Column(words("message_en"), width=52),
                Column(words("row_label")), Column(words("key")), Column(words("field")),
                Column(words("found_value"), width=24), Column(words("expected"), width=24),
                Column(words("action")), Column(words("x"), "coordinate", 14),
                Column(words("y"), "coordinate", 14), *_decision_columns(words),
            ]  # fmt: skip
            labels = _labels(city, str(layer), words)
            named = {"field": labels} | {kind: words.names(kind) for kind in ("severity", "action")}
            said = {name: _renamed(table[name], names) for name, names in named.items()}
            rows = table.assign(**said)[list(_CELLS)].astype("object").to_numpy().tolist()
            book.sheet(name, columns, rows, title=title, filtered=True, frozen=2)
        if len(carried.settled):
            _settled(book, city, carried.settled, words)


def _renamed(values: pd.Series, names: Mapping[str, str]) -> pd.Series:
    """Return values by their names, themselves where they have none."""
    return values.map({value: names.get(value, value) for value in values.unique()})


def _decision_columns(words: Words) -> list[Column]:
    note = words("opinion_note")
    return [
        Column(words("opinion"), width=18, note=note, choices=CHOICES[words.lang]),
        Column(words("remark"), width=18),
        # By its key the finding is known again when the workbook is read.
        Column(words("finding_key"), width=12, hidden=True),
    ]


def _labels(city: City, layer: str, words: Words) -> Mapping[str, str]:
    spec = city.specs.get(layer)
    fields = {} if spec is None else spec.fields
    return {name: words.label(item) for name, item in fields.items()}


def _settled(book: Book, city: City, settled: pd.DataFrame, words: Words) -> None:
    """Write what was decided about findings that are not there any more: it stays in force."""
    columns = [
        Column(words("layer")), Column(words("finding_code")),
        Column(words("message_zh"), width=52), Column(words("message_en"), width=52),
        Column(words("row_label")), Column(words("key")),
        Column(words("field")), Column(words("found_value"), width=24),
        *_decision_columns(words),
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


README = "README.txt"
#: For the desktop, and for offices whose tools know shapefiles alone.
SUFFIXES = (".gpkg", ".shp.zip")


def write_rejected(city: City, folder: Path, words: Words, day: str) -> None:
    """Write the rejected records of each layer and a word on what they are, as of ``day``.

    The folder is new: a reject that has been corrected must not look as if it still stood.
    """
    make_folder(folder)
    lines = []
    for key, layer in city.layers.items():
        if layer.rejected.empty:
            continue
        names = [f"{key}{suffix}" for suffix in SUFFIXES]
        table = as_read(layer)
        write_layer(table, folder / names[0], name=key)
        # A shapefile has no way to hold positions that are no numbers, nor collections.
        held = np.isfinite(table.geometry.bounds.to_numpy()).all(axis=1)
        held &= ~table.geometry.geom_type.eq("GeometryCollection").to_numpy()
        shapes = table.set_geometry(table.geometry.where(held))
        # A name has ten bytes: five Chinese characters in this encoding, three in UTF-8.
        write_layer(shapes, folder / names[1], name=key, encoding="GB18030")
        label = words.named(layer.spec)
        files = ", ".join(names)
        lines.append(words("rejected_file", file=files, layer=label, n=f"{len(table):,}"))
    intro = words("rejected_some") if lines else words("rejected_none")
    head = words("sheet_titled", title=words("rejected"), as_of=day)
    unread = unread_layers(city, words.lang)
    if unread:
        lines += ["", words("rejected_unread"), *unread]
    # Windows line ends: the file is read in Notepad.
    write_text("\r\n".join([head, intro, *lines, ""]), folder / README)


def as_read(layer: Layer) -> gpd.GeoDataFrame:
    """Return the rejected records with the source's own columns, personal values masked.

    ``reject_row`` (the row a clerk sees), ``reject_record`` and ``reject_codes`` come after them.
    Once corrected the table can be read as the source was: what it does not know is kept apart.
    """
    rejected = layer.rejected
    rows = [json.loads(text) for text in rejected["raw"]]
    personal = _personal({name for row in rows for name in row}, layer)
    keep = layer.mapping.get(layer.spec.id_field, "")
    masked = [mask_record(row, personal, keep) for row in rows]
    values = pd.DataFrame.from_records(masked, index=rejected.index)
    taken = {rejected.geometry.name, *(f"reject_{name}" for name in ("row", "record", "codes"))}
    values.columns = pd.Index([f"{c}_source" if c in taken else c for c in values.columns])
    return gpd.GeoDataFrame(
        values.astype("str").assign(
            reject_row=rejected["row_label"],
            reject_record=rejected["record"],
            reject_codes=rejected["codes"],
        ),
        geometry=rejected.geometry,
    )


def _personal(columns: set[str], layer: Layer) -> set[str]:
    known = {layer.mapping.get(name, name) for name in layer.personal}
    known |= {c for name, c in layer.mapping.items() if layer.spec.fields[name].personal}
    for column in columns - set(layer.mapping.values()):
        # One at a time: a second column for the same field is as personal as the first.
        fields = match_columns([column], layer.spec, Findings(layer.spec.key), None)
        if any(layer.spec.fields[name].personal for name in fields):
            known.add(column)
    return known
