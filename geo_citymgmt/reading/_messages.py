"""What reading says of sources: worded in ``messages.toml``, in both languages."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from geo_citymgmt._words import Text
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import refusal
from geo_citymgmt.spec import read_toml


@cache
def _messages() -> dict[str, dict[str, Any]]:
    return read_toml(resources.files(__package__) / "messages.toml")


def phrase(key: str, /, **values: Any) -> Text:
    """Return what a message says, its gaps filled: the detail of a finding, the cause of an error.

    Examples
    --------
    >>> phrase("shp_lost_bytes", n=12).en
    '12 bytes belong to no record'
    """
    entry = _messages()[key]
    return Text(entry["zh"], entry["en"]).format(**values)


def wording(key: str, /, **values: Any) -> tuple[Text, Text]:
    """Return cause and remedy of a message, their gaps filled with ``values``.

    Examples
    --------
    >>> cause, remedy = wording("archive_damaged", error="no end")
    >>> cause.en, remedy.en
    ('a damaged archive (no end).', 'Copy it again, or pack the files again.')
    """
    entry = _messages()[key]
    cause = phrase(key, **values)
    if "remedy" in entry:
        return cause, Text(*_messages()["remedies"][entry["remedy"]])
    remedy = Text(entry.get("remedy_zh", ""), entry.get("remedy_en", ""))
    return cause, remedy.format(**values)


def failure(key: str, name: str, /, *, remedy: Text | None = None, **values: Any) -> SourceError:
    """Return the error that is worded under ``key``, with its finding where it names a code.

    Parameters
    ----------
    key : str
        Of ``messages.toml``.
    name : str
        Of the source: the error begins with it.
    remedy : Text, optional
        In place of the one under ``key``.
    **values
        What fills the gaps of the message; a Text fills each language with its own.

    Examples
    --------
    >>> str(failure("text_zeros", "a.csv"))
    'a.csv: whole stretches of it are bytes of zero, as a broken copy leaves them. Copy the file
    again.'
    """
    cause, usual = wording(key, **values)
    remedy = usual if remedy is None else remedy
    code = _messages()[key].get("code")
    if code is None:
        return SourceError(Text(f"{name}：{cause.zh}", f"{name}: {cause.en}"), remedy=remedy)
    return refusal(code, name, error=SourceError, cause=cause, remedy=remedy)


def refused(name: str, cause: Text, remedy: Text) -> SourceError:
    """Return the error for a source that is not to be opened, with its finding."""
    return refusal("SOURCE_REFUSED", name, error=SourceError, cause=cause, remedy=remedy)


def unreadable(name: str, cause: Text, remedy: Text) -> SourceError:
    """Return the error for a source that is not what it says, or is damaged, with its finding."""
    return refusal("SOURCE_UNREADABLE", name, error=SourceError, cause=cause, remedy=remedy)
