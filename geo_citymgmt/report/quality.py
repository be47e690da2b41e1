"""The quality of the data in plain words: the ledger, and findings by layer and kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geo_citymgmt._options import display_lang
from geo_citymgmt.findings import SEVERITIES
from geo_citymgmt.report.words import Words
from geo_citymgmt.words import first_of, row_words

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["finding_groups", "layer_label", "ledger_table", "open_findings", "unread_layers"]

_EXAMPLES = 3
_HIDDEN = "***"


def layer_label(city: City, key: str, words: Words) -> str:
    """Return the name of a layer; what is about no layer is about the source."""
    if not key:
        return words("source_level")
    spec = city.specs.get(key)
    return key if spec is None else words.of(spec.name_zh, spec.name_en)


def ledger_table(city: City, lang: str | None = None) -> pd.DataFrame:
    """Return the ledger with its codes in words, one row a layer.

    Returns
    -------
    DataFrame
        ``layer, file, walked, skipped, accepted, repaired, rejected, state, crs, datum,
        encoding, usable``; the last as yes or no for the program.

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
            "repaired": ledger["n_repaired"].astype("int64"),
            "rejected": ledger["n_rejected"].astype("int64"),
            "state": [words.name("state", state) for state in ledger["state"]],
            "crs": known("crs", "crs_source"),
            "datum": known("datum", "datum_source", "datum"),
            "encoding": known("encoding", "encoding_source"),
            "usable": ledger["state"] == "ok",
        }
    )


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
    found = open_findings(city)
    columns = ["layer", "code", "severity", "rank", "count", "message", "examples", "action"]
    if found.empty:
        return pd.DataFrame(columns=columns)
    message = "message_zh" if lang == "zh" else "message_en"
    rows = []
    # What is about a file or a layer as a whole is said in full: a second one is not the first. A
    # fault of a whole column counts as many as there are records.
    found = found.assign(whole=found[message].where(found["record"].isna(), ""))
    keys = ["layer", "severity", "code", "field", "action", "whole"]
    for (layer, severity, code, _, action, _), group in found.groupby(keys, sort=False):
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
    found = city.findings
    personal = {
        (key, name)
        for key, spec in city.specs.items()
        for name, item in spec.fields.items()
        if item.personal
    }
    pairs = zip(found["layer"], found["field"], strict=True)
    secret = pd.Series([pair in personal for pair in pairs], index=found.index, dtype="bool")
    # What a column is called is no secret, and has to be found.
    secret &= ~found["code"].isin(_NAMES)
    if not secret.any():
        return found
    out = found.copy()
    for row in found[secret].itertuples():
        for column in ("message_zh", "message_en"):
            text = str(getattr(row, column))
            for value in (row.value, row.expected):
                # A single character is no secret, and replacing it would garble the message.
                text = text.replace(value, _HIDDEN) if len(str(value)) > 1 else text
            out.loc[row.Index, column] = text
    out.loc[secret, ["value", "expected"]] = _HIDDEN
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
