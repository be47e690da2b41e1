"""Whether the values of a column are those of a field, and how that is seen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from geo_citymgmt._dates import local_days
from geo_citymgmt.cleaning.codes import bool_words, code_of, code_table
from geo_citymgmt.cleaning.dates import parse_date
from geo_citymgmt.cleaning.numbers import parse_number
from geo_citymgmt.cleaning.text import NULL_MARKERS, distinct_texts, plain, plain_key
from geo_citymgmt.spec import Field
from geo_citymgmt.words import Text

__all__ = ["AGREES", "CONTRADICTS", "SAYS_NOTHING", "SPEAKS", "Evidence", "Values", "days_of"]

#: What values say of a field: they are of another kind; nothing; they may be its; they are its.
CONTRADICTS, SAYS_NOTHING, AGREES, SPEAKS = -1, 0, 1, 2
#: So many values are looked at, evenly spread over the column.
_LOOKED_AT = 500
#: Shares of the values from which on they are, are mostly, and are all of a kind.
_SOME, _MOST, _ALL = 0.3, 0.6, 0.9
#: From this share of different values on, a column tells records apart but for a slip.
_APART = 0.95
_PAIR = re.compile(r"[(\[]?\s*-?\d{1,3}\.\d+\s*[,;\s]\s*-?\d{1,3}\.\d+\s*[)\]]?")
_LONGEST_ID = 64
#: No more of a value is looked at.
_LONGEST = 200
#: A date in any usual order, with or without a time.
_DATE = re.compile(
    r"\d{1,4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,4}日?(?:[T\s].*)?|(?:19|20)\d{6}(?:\d{6})?"
)
#: Numbers that stand for a day as spreadsheets and programs count them.
_SERIAL = re.compile(r"[2-6]\d{4}(?:\.\d+)?|1\d{9}|1\d{12}")
_LONG_NUMBER = re.compile(r"\d{7}")
_NUMBER_TEXT = re.compile(r"[+-]?[\d.,]+")
#: Text fields whose values are numbers as often as not.
_CODES = re.compile(r"(_code|_no|_id|_number)$|^source_id$")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the values of a column say of one field."""

    verdict: int
    reason: Text


_NOTHING = Evidence(SAYS_NOTHING, Text("", ""))


class Values:
    """The values of one column, looked at once.

    Parameters
    ----------
    column : Series
        As it stands in the source. Of a long one a sample is looked at; whether records are told
        apart is asked of all.
    """

    def __init__(self, column: pd.Series) -> None:
        self._column = column
        step = max(1, len(column) // _LOOKED_AT)
        codes, texts = distinct_texts(column.iloc[::step].reset_index(drop=True))
        counts = np.bincount(codes[codes >= 0], minlength=len(texts))
        cut = (plain(text[:_LONGEST]) for text in texts)
        kept = [(text, int(n)) for text, n in zip(cut, counts, strict=True)
                if text.casefold() not in NULL_MARKERS]  # fmt: skip
        self.texts = [text for text, _ in kept]
        self._n = np.array([n for _, n in kept], dtype=float)

    @cached_property
    def keys(self) -> list[str]:
        """The different values as words are compared."""
        return [plain_key(text) for text in self.texts]

    def share(self, is_so: np.ndarray | list[bool]) -> float:
        """Share of the records (that have a value) whose value is marked."""
        total = self._n.sum()
        return float(self._n[np.asarray(is_so, dtype=bool)].sum() / total) if total else 0.0

    def of(self, item: Field, *, is_id: bool = False) -> Evidence:
        """Return what the values say of a field; ``is_id`` where it is the layer's own.

        Examples
        --------
        >>> from geo_citymgmt.spec import load_specs
        >>> fields = load_specs()["manholes"].fields
        >>> Values(pd.Series(["完好", "销号", "x"])).of(fields["status"]).reason.en
        '67 % of the values are codes of it'
        >>> Values(pd.Series(["1", "2"])).of(fields["status"]).verdict == CONTRADICTS
        True
        """
        if not self.texts:
            return Evidence(CONTRADICTS, Text("没有值", "it is empty"))
        if is_id:
            return self._identifies()
        if item.type in ("code", "list"):
            return self._are_codes(item)
        if item.type == "bool":
            return self._are_answers()
        if item.type in ("date", "datetime"):
            return self._are_dates()
        if item.type in ("int", "float"):
            return self._are_numbers(item)
        return self._are_texts(item)

    @property
    def words(self) -> list[str]:
        """The different values, the most frequent first."""
        return [self.texts[i] for i in np.argsort(-self._n, kind="stable")]

    @property
    def hold_long_numbers(self) -> bool:
        """Whether any has as many digits in a row as a telephone or an identity card."""
        return any(_LONG_NUMBER.search(text) for text in self.texts)

    def _identifies(self) -> Evidence:
        filled = self._column.dropna()
        try:
            share = filled.nunique() / len(filled)
        except TypeError:
            # Lists and dicts are no ids.
            return Evidence(CONTRADICTS, Text("值不是编号", "its values are no ids"))
        if max(map(len, self.texts)) > _LONGEST_ID or self._match(_PAIR) > 0:
            return Evidence(CONTRADICTS, Text("值不是编号", "its values are no ids"))
        if share < _APART or self.share([_is_fraction(t) for t in self.texts]) > 0:
            # Of ids that repeat each is told where the records are identified.
            return Evidence(SAYS_NOTHING, _shares(share, "值各不相同", "values are different"))
        return Evidence(SPEAKS, Text("值各不相同", "its values tell records apart"))

    def _are_codes(self, item: Field) -> Evidence:
        table = code_table(item)
        found = [
            code_of(text, item, table, key)[0]
            for text, key in zip(self.texts, self.keys, strict=True)
        ]
        share = self.share([code is not None for code in found])
        n_words = len(set(found) - {None})
        said = _shares(share, "值在其代码表中", "values are codes of it")
        if share >= _MOST:
            return Evidence(SPEAKS if n_words > 1 else AGREES, said)
        if share >= _SOME:
            return Evidence(AGREES, said)
        if share > 0:
            return Evidence(SAYS_NOTHING, said)
        if self._match(_NUMBER_TEXT) >= _MOST:
            return Evidence(CONTRADICTS, Text("没有一个值在其代码表中", "no value is a code of it"))
        return Evidence(SAYS_NOTHING, said)

    def _are_answers(self) -> Evidence:
        share = self.share([key in bool_words() for key in self.keys])
        return Evidence(_verdict(share), _shares(share, "值是“是／否”", "values are yes or no"))

    def _are_dates(self) -> Evidence:
        if pd.api.types.is_datetime64_any_dtype(self._column.dtype):
            return Evidence(SPEAKS, Text("值是日期", "its values are dates"))
        share = self.share([_is_date(t) for t in self.texts])
        said = _shares(share, "值是日期", "values are dates")
        if share < _SOME and self._match(_SERIAL) >= _ALL:
            return Evidence(SAYS_NOTHING, said)
        return Evidence(_verdict(share), said)

    def _are_numbers(self, item: Field) -> Evidence:
        parsed = [parse_number(text, item.unit)[0] for text in self.texts]
        numbers = np.array([np.nan if n is None else n for n in parsed])
        share = self.share(np.isfinite(numbers))
        said = _shares(share, "值是数", "values are numbers")
        if share < _MOST:
            return Evidence(CONTRADICTS, said)
        low = -np.inf if item.min is None else item.min
        high = np.inf if item.max is None else item.max
        fits = np.isnan(numbers) | ((numbers >= low) & (numbers <= high))
        if item.type == "int":
            fits &= np.isnan(numbers) | (numbers == np.round(numbers))
        if self.share(fits) < _ALL:
            return Evidence(CONTRADICTS, Text("数值不在其范围", "its numbers are out of its range"))
        if share < _ALL:
            return Evidence(SAYS_NOTHING, said)
        least, most = np.nanmin(numbers), np.nanmax(numbers)
        return Evidence(
            AGREES,
            Text(f"值是数（{least:g} 至 {most:g}）", f"numbers from {least:g} to {most:g}"),
        )

    def _are_texts(self, item: Field) -> Evidence:
        text = Evidence(AGREES, Text("值是文字", "its values are text"))
        if self._match(_PAIR) >= _SOME:
            return Evidence(CONTRADICTS, Text("值是坐标", "its values are coordinates"))
        share = self._match(_pattern(item.looks)) if item.looks else 0.0
        if share >= _SOME:
            said = _shares(share, f"值像“{item.zh}”", "values look like it")
            return Evidence(SPEAKS if share >= _MOST else AGREES, said)
        if item.unit:
            # 700, φ700, 700×700
            share = self.share([any(sign.isdigit() for sign in text) for text in self.texts])
            return Evidence(
                AGREES if share >= _MOST else CONTRADICTS,
                _shares(share, "值是尺寸", "values are sizes"),
            )
        if _CODES.search(item.name):
            # Numbers of a case, a permit or a grid look like any other number.
            return _NOTHING
        if self._match(_NUMBER_TEXT) >= _MOST:
            said = Text("值是数，不是文字", "its values are numbers, not text")
            return Evidence(CONTRADICTS, said)
        if self.share([_is_date(t) for t in self.texts]) >= _MOST:
            return Evidence(CONTRADICTS, Text("值是日期", "its values are dates"))
        return _NOTHING if item.looks else text

    def _match(self, pattern: re.Pattern[str]) -> float:
        """Share of the values that are wholly of a pattern."""
        return self.share([bool(pattern.fullmatch(text)) for text in self.texts])


def _shares(share: float, zh: str, en: str) -> Text:
    return Text(f"{share:.0%} 的{zh}", f"{share * 100:.0f} % of the {en}")


def days_of(column: pd.Series) -> np.ndarray:
    """Return the days that a column holds, where nearly all of its values are dates; else none.

    Examples
    --------
    >>> days_of(pd.Series(["2023-05-01", "2023年6月1日", None])).astype("str").tolist()
    ['2023-05-01', '2023-06-01']
    >>> len(days_of(pd.Series(["1", "2"])))
    0
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return local_days(column.dropna())
    values = Values(column)
    if not values.texts or values.share([_is_date(text) for text in values.texts]) < _MOST:
        return np.empty(0, dtype="datetime64[D]")
    _, texts = distinct_texts(column)
    days = np.array([parse_date(text)[0] for text in texts], dtype="datetime64[D]")
    return days[~np.isnat(days)]


def _verdict(share: float) -> int:
    if share >= _ALL:
        return SPEAKS
    return AGREES if share >= _MOST else SAYS_NOTHING if share > 0 else CONTRADICTS


def _is_date(text: str) -> bool:
    if _DATE.fullmatch(text):
        return True
    return not _SERIAL.fullmatch(text) and bool(parse_date(text)[1])


def _is_fraction(text: str) -> bool:
    try:
        return float(text) % 1 != 0
    except ValueError:
        return False


@lru_cache(maxsize=64)
def _pattern(looks: str) -> re.Pattern[str]:
    return re.compile(looks, re.IGNORECASE)
