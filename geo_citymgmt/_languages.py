"""What is said in both languages, in one form and one order: Chinese, then English."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, Literal, NamedTuple, TypeVar, get_args

E = TypeVar("E", bound=Exception)
#: The languages whatever is shown is written in.
Lang = Literal["zh", "en"]
LANGUAGES: tuple[Lang, ...] = get_args(Lang)

#: What a row of a sheet is called in the account and the findings.
_ROW = re.compile(r"第 (\d+) 行")


class Text(NamedTuple):
    """The same thing said in Chinese and in English.

    Examples
    --------
    >>> text = Text("没有图层 {key}", "there is no layer {key}")
    >>> text.format(key="manholes").en, text.of("zh")
    ('there is no layer manholes', '没有图层 {key}')
    >>> Text("{what}有误", "{what} is wrong").format(what=Text("单位", "the unit")).zh
    '单位有误'
    """

    zh: str
    en: str

    def of(self, lang: str) -> str:
        """Return the text in ``lang``, "zh" or "en"."""
        return self.zh if lang == "zh" else self.en

    def format(self, **values: Any) -> Text:
        """Return the text with its gaps filled; a value that is a Text fills each with its own."""
        zh, en = ({k: in_language(v, at) for k, v in values.items()} for at in (0, 1))
        return Text(self.zh.format(**zh), self.en.format(**en))


#: What stands where there is nothing to say, and between clauses of one sentence.
NOTHING, CLAUSES = Text("", ""), Text("；", "; ")
#: So many names are listed in a message; of more, their number says enough.
_NAMED = 20
#: What a reporting unit is called where neither city.toml nor a profile has another word.
DISTRICT = Text("区县", "district")


def in_language(value: Any, place: int) -> Any:
    """Return a value as it stands in a sentence: of a :class:`Text`, the one at ``place``."""
    return value[place] if isinstance(value, Text) else value


def join_texts(texts: Iterable[Text], between: Text = CLAUSES) -> Text:
    """Join what is said in each language, leaving out what is empty.

    Examples
    --------
    >>> join_texts([Text("甲", "a"), Text("", ""), Text("乙", "b")])
    Text(zh='甲；乙', en='a; b')
    """
    pairs = list(texts)
    return Text(*(between[at].join(t[at] for t in pairs if t[at]) for at in (0, 1)))


def first_few(names: Iterable[Any], n: int = _NAMED) -> Text:
    """Return names as a message lists them: all, or the first ``n`` and how many there are.

    For names that come from data, of which there may be ten thousand.

    Examples
    --------
    >>> first_few(["甲", "乙"])
    Text(zh='甲、乙', en='甲, 乙')
    >>> first_few(range(10_000), 3).en
    '0, 1, 2, … (10000)'
    """
    texts = [str(name) for name in names]
    shown = texts if len(texts) <= n else [*texts[:n], f"… ({len(texts)})"]
    return Text("、".join(shown), ", ".join(shown))


def listed(names: Iterable[Any]) -> Text:
    """Return all names as a message lists them; for names that are ours, which are few."""
    texts = [str(name) for name in names]
    return Text("、".join(texts), ", ".join(texts))


class Message(NamedTuple):
    """One entry of a table of messages: a cause, where there is one the remedy, and the finding."""

    cause: Text
    remedy: Text
    code: str | None


class Messages:
    """What the modules of a package say, from the ``messages.toml`` beside them.

    An entry has the cause, ``zh`` and ``en``; where there is one, the remedy: ``remedy_zh`` and
    ``remedy_en``, or ``remedy``, the name of one under ``[remedies]`` that several entries share;
    and ``code``, the finding that an error comes with.

    Parameters
    ----------
    package : str
        Name of the package.

    Examples
    --------
    >>> Messages("geo_citymgmt")("no_city", kind="str").en
    'city is a str, not a City.'
    """

    def __init__(self, package: str) -> None:
        self._package = package

    @property
    def table(self) -> Mapping[str, Message]:
        """The entries by key; read when the first of them is said."""
        return _messages_of(self._package)

    def __call__(self, key: str, /, **gaps: Any) -> Text:
        """Return the cause, or what else there is to say, with its gaps filled."""
        return self.table[key].cause.format(**gaps)

    def pair(self, key: str, /, **gaps: Any) -> tuple[Text, Text]:
        """Return cause and remedy with their gaps filled."""
        return self(key, **gaps), self.table[key].remedy.format(**gaps)

    def error(self, kind: Callable[..., E], key: str, /, **gaps: Any) -> E:
        """Return the error to raise, an exception of this package, with cause and remedy."""
        cause, remedy = self.pair(key, **gaps)
        return kind(cause, remedy=remedy)


@lru_cache
def packaged_table(package: str, name: str) -> Mapping[str, Any]:
    """Return a TOML file of the package's own by the room it lies in; not to be changed."""
    return tomllib.loads((resources.files(package) / name).read_text(encoding="utf-8"))


def packaged_words(package: str, part: str) -> dict[str, dict[str, str]]:
    """Return the words under ``part`` of a package's ``words.toml``, by language and key."""
    table = packaged_table(package, "words.toml")[part]
    return {lang: {key: entry[lang] for key, entry in table.items()} for lang in LANGUAGES}


@lru_cache
def _messages_of(package: str) -> Mapping[str, Message]:
    table = packaged_table(package, "messages.toml")
    shared = table.get("remedies", {})
    return {key: _message(entry, shared) for key, entry in table.items() if entry is not shared}


def _message(entry: Mapping[str, str], shared: Mapping[str, Sequence[str]]) -> Message:
    remedy = Text(entry.get("remedy_zh", ""), entry.get("remedy_en", ""))
    if "remedy" in entry:
        remedy = Text(*shared[entry["remedy"]])
    return Message(Text(entry["zh"], entry["en"]), remedy, entry.get("code"))


def row_words(text: str, lang: str) -> str:
    """Return a text with the rows of a sheet that it names in ``lang``.

    Examples
    --------
    >>> row_words("id 10042 is taken by 第 94 行", "en"), row_words("第 94 行", "zh")
    ('id 10042 is taken by row 94', '第 94 行')
    """
    return text if lang == "zh" else _ROW.sub(r"row \1", text)


def first_of(messages: Sequence[str], lang: str) -> str:
    """Return the first of the messages of one kind, marked as an example where others differ.

    Examples
    --------
    >>> first_of(["id a is taken", "id b is taken"], "en"), first_of(["no id", "no id"], "en")
    ('e.g. id a is taken', 'no id')
    """
    first = str(messages[0])
    return first if len(set(messages)) == 1 else ("如：" if lang == "zh" else "e.g. ") + first


#: Measure word of what has none of its own.
_ANY = "个"


@lru_cache(maxsize=1)
def shared_terms() -> Mapping[str, Mapping[str, Text]]:
    """Return the terms by kind and code, in order: statuses, severities, groups, bases, units.

    Examples
    --------
    >>> list(shared_terms()["severity"])
    ['fatal', 'error', 'warning', 'info']
    """
    pairs = {
        kind: names
        for kind, names in packaged_table("geo_citymgmt", "terms.toml").items()
        if kind != "counter"
    }
    return {kind: {code: Text(*pair) for code, pair in of.items()} for kind, of in pairs.items()}


def term(kind: str, code: str, lang: str) -> str:
    """Return what a code is called, or the code itself where it has no name.

    Examples
    --------
    >>> term("status", "behind", "zh"), term("unit", "公顷", "en")
    ('低于时序进度', '公顷')
    """
    known = shared_terms()[kind].get(code)
    return code if known is None else known.of(lang)


def measure_word(indicator: str, lang: str) -> str:
    """Return the measure word of a figure that is a plain number; English has none.

    Examples
    --------
    >>> measure_word("illegal_open_count", "zh"), measure_word("illegal_open_count", "en")
    ('处', '')
    """
    if lang != "zh":
        return ""
    return str(packaged_table("geo_citymgmt", "terms.toml")["counter"].get(indicator, _ANY))


def capital(text: str) -> str:
    """Return a text with a capital at its beginning.

    Examples
    --------
    >>> capital("behind pace"), capital("低于时序进度")
    ('Behind pace', '低于时序进度')
    """
    return text[:1].upper() + text[1:]
