"""What a session sets for itself: the language of displays.

Nothing that is computed depends on it; no module of figures may read it.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

from geo_citymgmt._languages import LANGUAGES, Lang, Messages
from geo_citymgmt.errors import CityDataError

_MESSAGES = Messages("geo_citymgmt")

__all__ = ["VARIABLE", "Options", "check_lang", "display_lang", "options"]

#: Environment variable with the language to begin with.
VARIABLE = "GEO_CITYMGMT_LANG"
_DEFAULT: Lang = "zh"


class Options:
    """Settings of a session: ``geo_citymgmt.options``.

    Attributes
    ----------
    lang : {"zh", "en"}
        The language of what is shown where no ``lang=`` is given: maps, sheets, reports, and what
        a console or notebook shows of a city, a layer and findings. Figures, tables and files of
        data never depend on it. "zh" to begin with, or what the environment variable
        ``GEO_CITYMGMT_LANG`` says.

    Examples
    --------
    >>> options = Options()
    >>> options.lang = "en"
    >>> options
    <Options lang='en'>
    >>> options.lang = "fr"
    Traceback (most recent call last):
    geo_citymgmt.errors.CityDataError: options.lang is 'fr'. It is 'zh' or 'en'.
    """

    __slots__ = ("_lang",)

    def __init__(self, lang: Lang = _DEFAULT) -> None:
        self._lang: Lang = lang

    @property
    def lang(self) -> Lang:
        return self._lang

    @lang.setter
    def lang(self, value: Any) -> None:
        if not _is_language(value):
            raise _MESSAGES.error(CityDataError, "options_lang", value=value)
        self._lang = value

    def __repr__(self) -> str:
        return f"<Options lang={self._lang!r}>"


def check_lang(lang: str) -> Lang:
    """Return ``lang``; refuse what is none of :data:`LANGUAGES`.

    Raises
    ------
    CityDataError
        There is nothing written in that language.

    Examples
    --------
    >>> check_lang("zh")
    'zh'
    """
    if not _is_language(lang):
        raise _MESSAGES.error(CityDataError, "no_language", lang=lang)
    return LANGUAGES[LANGUAGES.index(lang)]


def _is_language(value: Any) -> bool:
    return isinstance(value, str) and value in LANGUAGES


def _from_environment() -> Options:
    given = os.environ.get(VARIABLE, "")
    if given and not _is_language(given):
        warnings.warn(
            f"{VARIABLE} is {given!r}, which is neither 'zh' nor 'en': {_DEFAULT!r} is used.",
            stacklevel=2,
        )
    return Options(check_lang(given)) if _is_language(given) else Options()


options = _from_environment()


def display_lang(lang: str | None) -> Lang:
    """Return the language to show something in: the one given, else that of the options.

    Raises
    ------
    CityDataError
        There is nothing written in that language.
    """
    return options.lang if lang is None else check_lang(lang)
