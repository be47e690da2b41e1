"""What the name of a file says beside what is in it: leftovers of systems, versions of a file."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib import resources
from pathlib import PurePath

__all__ = ["date_in", "is_left_behind", "short_names", "without_versions"]

#: A day, a month or a year; letters before it make it a number of another kind, as in T2022.
_DATE = re.compile(
    r"(?<![0-9a-z])(?:19|20)\d\d"
    r"(?:[-_.年]?(?:0?[1-9]|1[0-2])(?:[-_.月]?(?:0?[1-9]|[12]\d|3[01])日?)?月?|年?(?:上|下)半年)?年?"
    r"(?:第?[一二三四1-4]季度|q[1-4])?(?![0-9])"
)
#: What a system or a person counts copies by: (1), - 副本 (2), v2, 第3版.
_COUNT = re.compile(
    r"\(\d{1,2}\)|(?<![a-z])v\d+(?:\.\d+)*(?![a-z])|第[一二三四五六七八九十\d]+[版稿]"
)


def is_left_behind(name: str) -> bool:
    """Whether a file of this name was left by a system or a program, and holds no data.

    Examples
    --------
    >>> [is_left_behind(n) for n in ("._窨井.shp", "~$窨井.xlsx", "Thumbs.db", "窨井.shp")]
    [True, True, True, False]
    """
    return any(fnmatchcase(name.lower(), pattern) for pattern in _names()["skipped"])


def without_versions(name: str) -> tuple[str, bool]:
    """Return a name without what tells versions of one file apart, and whether there was such.

    Parameters
    ----------
    name : str
        Of a file, without its suffix; with the folders it is in where these count.

    Examples
    --------
    >>> without_versions("窨井2022年6月"), without_versions("窨井 - 副本 (2)")
    (('窨井', True), ('窨井', True))
    >>> without_versions("T0102_污水井盖")
    ('t0102污水井盖', False)
    """
    text = unicodedata.normalize("NFKC", name).lower()
    bare = _COUNT.sub(" ", _DATE.sub(" ", text))
    for word in _names()["versions"]:
        pattern = rf"(?<![a-z]){word}(?![a-z])" if word.isascii() else re.escape(word)
        bare = re.sub(pattern, " ", bare)
    plain = "".join(c for c in bare if c.isalnum())
    return plain, plain != "".join(c for c in text if c.isalnum())


def date_in(name: str) -> str:
    """Return the digits of the year, month or day in a name, which sort as days do.

    Examples
    --------
    >>> date_in("窨井2022年6月"), date_in("T0102_污水井盖")
    ('202206', '')
    """
    found = _DATE.search(unicodedata.normalize("NFKC", name).lower())
    if found is None:
        return ""
    return "".join(part.zfill(2) for part in re.findall(r"\d+", found[0]))


@lru_cache(maxsize=1)
def _names() -> dict[str, tuple[str, ...]]:
    text = resources.files("geo_citymgmt.reading").joinpath("file_names.toml").read_text("utf-8")
    table = tomllib.loads(text)
    words = sorted(table["versions"]["words"], key=len, reverse=True)
    return {"skipped": tuple(table["skipped"]["names"]), "versions": tuple(words)}


def short_names(labels: list[str]) -> list[str]:
    """Return the shortest names by which sources are told apart: their stems, else all of them.

    Examples
    --------
    >>> short_names(["a/姑苏区.shp", "a/吴中区.shp"]), short_names(["a/井.shp", "b/井.shp"])
    (['姑苏区', '吴中区'], ['a/井', 'b/井'])
    >>> short_names(["t.gpkg:east", "t.gpkg:west"])
    ['east', 'west']
    """
    plain = [_without_suffix(label) for label in labels]
    for shorten in (lambda n: PurePath(n).name.rsplit(":", 1)[-1], lambda n: n):
        names = [shorten(name) for name in plain]
        if len(set(names)) == len(names):
            return names
    # Frames in memory have no names of their own.
    return [f"{label} ({k + 1})" for k, label in enumerate(labels)]


def _without_suffix(label: str) -> str:
    return label if ":" in label else str(PurePath(label).with_suffix(""))
