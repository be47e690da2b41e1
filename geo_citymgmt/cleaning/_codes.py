"""Code lists and yes/no: Chinese or English labels, synonyms and codes to the English code."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd

from geo_citymgmt._languages import Text, packaged_table
from geo_citymgmt.findings import Findings
from geo_citymgmt.reading._text import distinct_texts, is_null_text, plain, plain_key, take_text
from geo_citymgmt.spec import Field

_TRUE = {"是", "有", "1", "y", "yes", "true", "t", "√", "✓", "已", "涉安"}
_FALSE = {"否", "无", "0", "n", "no", "false", "f", "×", "x", "未", "不涉安", "非"}
_ANSWERS = frozenset(_TRUE | _FALSE)
#: A code as a number: 50, 50.0, and 0 for 00.
_LONGEST = 200
_NUMERIC = re.compile(r"(\d{1,6})(?:\.0*)?")
_DATA = packaged_table("geo_citymgmt.cleaning", "concepts.toml")
#: Words of a stage; the first that is found is the one.
_STAGES = {stage: re.compile(pattern) for stage, pattern in _DATA["stages"].items()}
#: From this likeness on, of 1, two words are near.
_NEAR = 0.5
#: A word as short as this is held by too many others.
_SHORTEST = 3
#: Stands where a person has to put a code; no code itself, so that it cannot be left standing.
OPEN = "?"
#: So many of the words that are no codes are shown.
_SHOWN = 5
_SEPARATORS = re.compile(r"[;；,，、|/+]")


def parse_code_column(
    column: pd.Series,
    item: Field,
    findings: Findings,
    record: np.ndarray,
    words: Mapping[str, str] | None = None,
) -> pd.Series:
    """Map ``column`` to the English codes of ``item``; what is unknown is removed and said.

    ``words`` are the office's own, each with its code; a word for nothing has an empty one.
    """
    table = code_table(item) | {plain_key(w): code for w, code in (words or {}).items()}
    codes, texts = distinct_texts(column)
    out = np.full(len(texts) + 1, None, dtype=object)
    nearest = np.full(len(texts) + 1, None, dtype=object)
    for k, text in enumerate(texts):
        out[k], known = code_of(text, item, table)
        if not known:
            nearest[k] = _nearest(text, item)
    wrong = pd.notna(nearest)
    _report_unknown(wrong, nearest, codes, texts, item, findings, record)
    _ask_words([texts[k] for k in np.flatnonzero(wrong)], item, findings, words is not None)
    return take_text(out, codes)


def _ask_words(unknown: list[str], item: Field, findings: Findings, has_table: bool) -> None:
    """Show how words that are no codes are given one, with what they are near to."""
    if not unknown:
        return
    near = {text: near_codes(text, item) for text in unknown[:_SHOWN]}
    pairs = [
        f"{json.dumps(text, ensure_ascii=False)} = {json.dumps(codes[0] if codes else OPEN)}"
        for text, codes in near.items()
    ]
    place = f"[layers.{findings.layer or 'KEY'}]"
    line = f"values.{item.name} = {{ {', '.join(pairs)} }}"
    if has_table:
        # An inline table cannot be added to.
        place, line = f"[layers.{findings.layer or 'KEY'}.values.{item.name}]", "  ".join(pairs)
    detail = Text("", "")
    if not all(near.values()):
        codes = list(item.codes.items())
        zh, en = (
            "、".join(f"{c} {t.zh}" for c, t in codes),
            ", ".join(f"{c} {t.en}" for c, t in codes),
        )
        detail = Text(f"；“{OPEN}”处请填：{zh}", f"; in place of {OPEN!r} put one of {en}")
    findings.add(
        "CODE_OWN_WORDS",
        item=item,
        value="、".join(near),
        expected=line,
        where=Text(place, place),
        detail=detail,
    )


def bool_words() -> frozenset[str]:
    """Return the words that are yes or no."""
    return _ANSWERS


def parse_bool_column(
    column: pd.Series, item: Field, findings: Findings, record: np.ndarray
) -> pd.Series:
    """Map 是/否, 1/0, Y/N, true/false to nullable booleans."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.astype("boolean").reset_index(drop=True)
    codes, texts = distinct_texts(column)
    out = np.full(len(texts) + 1, None, dtype=object)
    wrong = np.zeros(len(texts) + 1, dtype=bool)
    for k, text in enumerate(texts):
        key = plain_key(text)
        if key in _TRUE:
            out[k] = True
        elif key in _FALSE:
            out[k] = False
        else:
            wrong[k] = not is_null_text(text)
    expected = np.full(len(texts) + 1, "是 / 否", dtype=object)
    _report_unknown(wrong, expected, codes, texts, item, findings, record)
    return pd.Series(out[codes]).astype("boolean")


def _report_unknown(
    wrong: np.ndarray,
    nearest: np.ndarray,
    codes: np.ndarray,
    texts: list[str],
    item: Field,
    findings: Findings,
    record: np.ndarray,
) -> None:
    hit = np.flatnonzero(wrong[codes])
    at = codes[hit]
    findings.add(
        "CODE_UNKNOWN",
        records=record[hit],
        item=item,
        value=np.array([*texts, ""], dtype=object)[at],
        expected=nearest[at],
        english={"是": "yes", "否": "no"} | {e.zh: e.en for e in item.codes.values()},
        action="value_removed",
    )


def code_table(item: Field) -> dict[str, str]:
    """Return the code of each word of a list, by :func:`plain_key`."""
    table: dict[str, str] = {}
    # Codes and labels first: a synonym never takes the place of another code's own word.
    for code, entry in item.codes.items():
        for text in (code, entry.zh, entry.en, f"{code}{entry.zh}", f"{code}{entry.en}"):
            table.setdefault(plain_key(text), code)
    for code, entry in item.codes.items():
        for text in (*entry.synonyms, *([entry.part] if entry.part else ())):
            table.setdefault(plain_key(text), code)
    return table


def code_of(
    text: str, item: Field, table: Mapping[str, str], key: str | None = None
) -> tuple[str | None, bool]:
    """Return the code of a word, and whether the word is understood (one for nothing is).

    ``key`` is its :func:`plain_key`, where that is known already.
    """
    key = plain_key(text) if key is None else key
    if key not in table and key.isascii() and (digits := _NUMERIC.fullmatch(plain(text))):
        # A sheet or a number column takes the zeros off a code and puts decimals on.
        key = digits[1].zfill(min(len(code) for code in item.codes))
    # A field's own list is asked before the null markers: 无 may be one of its codes.
    if key in table:
        return table[key] or None, True
    if is_null_text(text):
        return None, True
    if item.type == "list":
        parts = [p for p in _SEPARATORS.split(text) if p.strip()]
        codes = [table.get(plain_key(p)) for p in parts]
        known = list(dict.fromkeys(c for c in codes if c))
        return (";".join(known) or None), all(c is not None for c in codes)
    return None, False


def unknown_words(column: pd.Series, item: Field) -> list[str]:
    """Return the words of a column that are no codes of a field, in the order they come in.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> status = load_specs()["manholes"].fields["status"]
    >>> unknown_words(pd.Series(["完好", "报警", None, "报警"]), status)
    ['报警']
    """
    table = code_table(item)
    _, texts = distinct_texts(column)
    return [text for text in texts if not code_of(text, item, table)[1]]


def near_codes(text: str, item: Field) -> list[str]:
    """Return the codes that a word which is none may mean.

    Those whose words say the same at the same stage (整治完毕, 已整治), else the one whose word it
    holds (球墨铸铁井盖). What says another stage is not near, however alike it is written: 未治理
    is no 治理中, 已拆除 no 待拆除.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> status = load_specs()["manholes"].fields["status"]
    >>> near_codes("未治理", status), near_codes("整治完毕", status)
    ([], ['51'])
    """
    words = _words_of_stage(text, item)
    core = _core(text)
    same = [code for word, code in words.items() if core and _core(word) == core]
    if same:
        return list(dict.fromkeys(same))
    key = plain_key(text)
    held = [word for word in words if len(word) >= _SHORTEST and word in key]
    longest = max(held, key=len, default="")
    return list(dict.fromkeys(words[word] for word in held if len(word) == len(longest)))


def _words_of_stage(text: str, item: Field) -> dict[str, str]:
    """Return the words of a list that speak of the stage that ``text`` does, with their codes."""
    return {
        plain_key(word): code
        for code, entry in item.codes.items()
        for word in (entry.zh, entry.en, *entry.synonyms)
        if _stage(word) == _stage(text)
    }


@lru_cache(maxsize=4096)
def _core(text: str) -> str:
    """What a word says beside its stage."""
    core = plain(text).casefold()
    for sign in _STAGES.values():
        core = sign.sub("", core)
    return plain_key(core)


@lru_cache(maxsize=4096)
def _stage(text: str) -> str:
    """What a word says of a thing: that it is not, is to be, is being, or has been done."""
    key = plain(text).casefold()
    return next((stage for stage, sign in _STAGES.items() if sign.search(key)), "")


def _nearest(text: str, item: Field) -> str:
    """Return the label that a word is nearest to, by its meaning or its spelling, else the list."""
    # No word is longer, and what is compared is kept.
    text = text[:_LONGEST]
    words = _words_of_stage(text, item)
    close = difflib.get_close_matches(plain_key(text), words, n=1, cutoff=_NEAR)
    near = near_codes(text, item) or [words[word] for word in close]
    if near:
        return " / ".join(item.codes[code].zh for code in near)
    return " / ".join(e.zh for e in list(item.codes.values())[:6])


def read_codes(texts: pd.Series, item: Field, kinds: Collection[str] = ()) -> pd.DataFrame:
    """Return what the digits of long codes say, a column each part; missing where one is no code.

    Of several ways in use that one holds by which most of the known ``kinds`` are met; ``part`` is
    class and kind as lists of kinds have it.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> item = load_specs()["manholes"].fields["manhole_id"]
    >>> for code in ("3205820102048188", "3205820100248188"):
    ...     print(read_codes(pd.Series([code]), item, ["0102"]).iloc[0].to_dict())
    {'district': '320582', 'class': '01', 'kind': '02', 'serial': '048188', 'part': '0102'}
    {'district': '320582', 'class': '01', 'kind': '002', 'serial': '48188', 'part': '0102'}
    """
    found = pd.DataFrame(index=texts.index)
    digits, most = texts.astype("str").str.strip(), -1
    digits = digits[digits.str.isdigit().fillna(False)]
    for parts in item.parts:
        ends = np.cumsum([0, *parts.values()])
        codes = digits[digits.str.len() == ends[-1]]
        spans = zip(parts, pairwise(ends.tolist()), strict=True)
        read = pd.DataFrame({name: codes.str[a:b] for name, (a, b) in spans})
        if "district" in read:
            # No district begins with 0 or 9.
            read = read[~read["district"].str[:1].isin(["0", "9"])]
        read = read.reindex(texts.index)
        if "kind" in read:
            read["part"] = read["class"] + read["kind"].str.lstrip("0").str.zfill(2)
        n = int(read["part"].isin(kinds).sum()) if "part" in read else 0
        if n > most:
            found, most = read, n
    return found
