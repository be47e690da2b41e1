"""What a notebook and a console show of a city, a layer, findings: short, and safe to look at.

Nothing personal and no column that the layer file does not know is shown. In the language of
:data:`geo_citymgmt.options`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import geopandas as gpd
import pandas as pd

from geo_citymgmt._languages import Text, packaged_table, shared_terms, term
from geo_citymgmt._markup import escape_text, visible_text
from geo_citymgmt._options import options
from geo_citymgmt.spec import LayerSpec


class ShownLayer(Protocol):
    """What is shown of a layer; layers, which show themselves by this module, are above it."""

    @property
    def spec(self) -> LayerSpec: ...
    @property
    def data(self) -> gpd.GeoDataFrame: ...
    @property
    def findings(self) -> pd.DataFrame: ...
    @property
    def ledger(self) -> pd.DataFrame: ...
    @property
    def personal(self) -> tuple[str, ...]: ...
    @property
    def located(self) -> pd.Series: ...


class ShownCity(Protocol):
    """What is shown of a city."""

    @property
    def layers(self) -> Mapping[str, ShownLayer]: ...
    @property
    def specs(self) -> Mapping[str, LayerSpec]: ...
    @property
    def zones_by_level(self) -> Mapping[str, gpd.GeoDataFrame]: ...
    @property
    def findings(self) -> pd.DataFrame: ...
    @property
    def ledger(self) -> pd.DataFrame: ...
    @property
    def events(self) -> pd.DataFrame: ...
    @property
    def targets(self) -> pd.DataFrame: ...
    @property
    def data_date(self) -> pd.Timestamp | None: ...
    @property
    def name_zh(self) -> str: ...
    @property
    def name_en(self) -> str: ...


#: Between the parts of a list, and of a sentence.
_COMMA, _SEMICOLON = Text("，", ", "), Text("；", "; ")
_WORDS = packaged_table("geo_citymgmt", "display.toml")
#: How much of a text, and how many kinds of findings, records and fields, is shown at a glance.
_LONGEST, _KINDS, _RECORDS, _FIELDS = 60, 12, 3, 6
_LEFT = ' style="text-align:left"'


def city_html(city: ShownCity) -> str:
    """Return a city as HTML: a row for each layer, those that could not be used included.

    Parameters
    ----------
    city : City

    Returns
    -------
    str
    """
    lang, known = options.lang, city.specs
    errors = city.findings["severity"].isin(["fatal", "error"])
    found = city.findings.groupby("layer").size()
    wrong = city.findings[errors].groupby("layer").size()
    rows = []
    for row in city.ledger.itertuples():
        layer = city.layers.get(row.layer)
        usable = row.state == "ok"
        count = f"{len(layer.data):,}" if layer is not None else f"{int(row.n_accepted):,}"
        unlocated = "" if layer is None else f"{int((~layer.located).sum()):,}"
        name = known[row.layer].name(lang) if row.layer in known else ""
        rows.append(
            (
                row.layer,
                name,
                count if usable else _said("unusable", lang),
                unlocated,
                f"{int(row.n_rejected):,}",
                f"{int(found.get(row.layer, 0)):,}",
                f"{int(wrong.get(row.layer, 0)):,}",
            )
        )
    zones = _COMMA.of(lang).join(f"{level} {len(z):,}" for level, z in city.zones_by_level.items())
    about = _said(
        "about_city",
        lang,
        date=_said("unknown", lang) if city.data_date is None else f"{city.data_date:%Y-%m-%d}",
        zones=zones,
        events=len(city.events),
        targets=len(city.targets),
    )
    return _block(
        f"{city.name_zh} {city.name_en}",
        [about],
        _table(_headers("city", lang), rows, numbers=range(2, 7)),
    )


def city_text(city: ShownCity) -> str:
    """Return a city as one line: its name, its date, how many records each layer has."""
    lang = options.lang
    name = city.name_zh if lang == "zh" else city.name_en or city.name_zh
    date = _said("no_date", lang)
    if city.data_date is not None:
        date = _said("as_of", lang, day=f"{city.data_date:%Y-%m-%d}")
    parts = ", ".join(f"{key} {len(layer.data):,}" for key, layer in city.layers.items())
    return f"<City {name} ({date}): {parts}>"


def layer_text(layer: ShownLayer) -> str:
    """Return a layer as one line: its name and its account."""
    row, lang = layer.ledger.iloc[0], options.lang
    n, rejected = row["n_accepted"], row["n_rejected"]
    account = _said("account", lang, accepted=n, rejected=rejected, found=len(layer.findings))
    return f"<Layer {layer.spec.key} ({layer.spec.name(lang)}): {account}>"


def layer_html(layer: ShownLayer) -> str:
    """Return a layer as HTML: its account, what was found, its first records.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    str
    """
    row, spec, lang = layer.ledger.iloc[0], layer.spec, options.lang
    numbers = {**row, "unlocated": (~layer.located).sum()}
    counts = ((Text(*pair).of(lang), numbers[n]) for n, pair in _WORDS["counts"].items())
    account = _COMMA.of(lang).join(f"{word} {int(n):,}" for word, n in counts)
    stated = _SEMICOLON.of(lang).join(
        _said(
            "as_stated",
            lang,
            word=Text(*pair).of(lang),
            value=row[key],
            source=row[f"{key}_source"],
        )
        for key, pair in _WORDS["stated"].items()
        if _given(row[key])
    )
    shown = [n for n in _at_a_glance(layer) if layer.data[n].notna().any()][:_FIELDS]
    records = [
        tuple(_value_text(value) for value in values)
        for values in layer.data[shown].head(_RECORDS).itertuples(index=False)
    ]
    parts = [_table(shown, records)] if records and shown else []
    if len(layer.findings):
        kinds = _kinds(layer.findings, lang)[:_KINDS]
        parts.append(_table(_headers("findings", lang), kinds, numbers=[4]))
    source = _said("source", lang, source=row["source"])
    about = _SEMICOLON.of(lang).join((source, stated))
    return _block(f"{spec.name(lang)} {spec.key}", [account, about], *parts)


def findings_html(table: pd.DataFrame) -> str:
    """Return findings as HTML: one row for each kind, the worst first.

    Parameters
    ----------
    table : DataFrame
        Findings, as `Layer.findings` and `City.findings` hold them.

    Returns
    -------
    str
    """
    lang = options.lang
    rows = _kinds(table, lang)
    more = [_said("more", lang, n=len(rows) - _KINDS)] if len(rows) > _KINDS else []
    about = [_counts(table, lang) or _said("nothing_found", lang), *more]
    headers = _headers("findings", lang)
    parts = [_table(headers, rows[:_KINDS], numbers=[4])] if rows else []
    return _block(_said("found", lang, n=len(table)), about, *parts)


def findings_text(table: pd.DataFrame) -> str:
    """Return findings as plain text: one line for each kind, the worst first.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    str

    Examples
    --------
    >>> from geo_citymgmt.findings import Findings
    >>> found = Findings("manholes")
    >>> found.add("LAYER_EMPTY", value="a.shp")
    >>> print(findings_text(found.frame()).splitlines()[0])
    <Findings: 1；警告 1>
    """
    lang = options.lang
    rows = _kinds(table, lang)
    counts = _SEMICOLON.of(lang) + _counts(table, lang) if len(table) else ""
    lines = [f"<Findings: {len(table):,}{counts}>"]
    for severity, layer, code, field, count, message, where in rows[:_KINDS]:
        what = " ".join(visible_text(part) for part in (severity, layer, code, field) if part)
        lines.append(visible_text(f"  {what} ×{count}: {message} [{where}]").replace("\n", " "))
    if len(rows) > _KINDS:
        lines.append(f"  … {len(rows) - _KINDS:,}")
    return "\n".join(lines)


def _said(key: str, lang: str, **gaps: Any) -> str:
    return Text(*_WORDS["text"][key]).of(lang).format(**gaps)


def _headers(kind: str, lang: str) -> list[str]:
    return [Text(*pair).of(lang) for pair in _WORDS["headers"][kind]]


def _kinds(table: pd.DataFrame, lang: str) -> list[tuple[str, ...]]:
    """Return a row for each layer, severity, code and field, the worst and most frequent first."""
    rank = {severity: place for place, severity in enumerate(shared_terms()["severity"])}
    keys = ["severity", "layer", "code", "field"]
    groups = table.groupby(keys, sort=False)
    # A fault of a whole column is one finding, of as many records as there are.
    counted = table.assign(n=table["n_records"].clip(lower=1))
    sizes = counted.groupby(keys, sort=False)["n"].sum().reset_index()
    first = groups[f"message_{lang}"].first().reset_index(drop=True)
    labels = table[table["row_label"].ne("")]
    # Three places are enough to find the first of them.
    where = (
        labels[labels.groupby(keys).cumcount() < 3]
        .groupby(keys)["row_label"]
        .agg(("、" if lang == "zh" else ", ").join)
    )
    sizes["message"] = first
    sizes["rank"] = sizes["severity"].map(rank)
    sizes = sizes.sort_values(["rank", "n"], ascending=[True, False], kind="stable")
    return [
        (
            term("severity", row.severity, lang),
            row.layer,
            row.code,
            row.field,
            f"{row.n:,}",
            row.message,
            str(where.get((row.severity, row.layer, row.code, row.field), "")),
        )
        for row in sizes.itertuples()
    ]


def _counts(table: pd.DataFrame, lang: str) -> str:
    n = table["severity"].value_counts()
    return _COMMA.of(lang).join(
        f"{word.of(lang)} {int(n[key]):,}"
        for key, word in shared_terms()["severity"].items()
        if key in n
    )


def _at_a_glance(layer: ShownLayer) -> list[str]:
    """Return the columns worth a first look: those of a popup, else the first of the layer."""
    names = layer.spec.style.get("popup") or list(layer.spec.fields)
    return [
        name
        for name in dict.fromkeys([layer.spec.id_field, *names])
        if name in layer.data.columns
        and name in layer.spec.fields
        and name not in layer.personal
        and not layer.spec.fields[name].personal
    ]


def _given(value: Any) -> bool:
    return value is not None and not pd.isna(value) and str(value) != ""


def _value_text(value: Any) -> str:
    if not pd.api.types.is_scalar(value) or pd.isna(value):
        return "" if pd.api.types.is_scalar(value) else str(value)
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _cell(value: str) -> str:
    text = visible_text(value)
    if len(text) <= _LONGEST:
        return escape_text(text)
    # The whole of it is a pointer's rest away.
    return f'<span title="{escape_text(text[:1000])}">{escape_text(text[:_LONGEST])}…</span>'


def _table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()
) -> str:
    """Return a table; columns stand to the left but for ``numbers``, which notebooks set right."""
    right = set(numbers)
    styles = ["" if k in right else _LEFT for k in range(len(headers))]
    head = "".join(f"<th{s}>{_cell(h)}</th>" for s, h in zip(styles, headers, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td{s}>{_cell(v)}</td>" for s, v in zip(styles, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _block(title: str, lines: Iterable[str], *parts: str) -> str:
    about = "<br>".join(escape_text(line) for line in lines)
    return f"<div><b>{escape_text(title)}</b><br>{about}{''.join(parts)}</div>"
