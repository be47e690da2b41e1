"""What reading says of sources: worded in ``messages.toml``, in both languages."""

from __future__ import annotations

from typing import Any

from geo_citymgmt._languages import Messages, Text
from geo_citymgmt.errors import SourceError
from geo_citymgmt.findings import refusal

_MESSAGES = Messages("geo_citymgmt.reading")
#: What a message says, its gaps filled: the detail of a finding, the cause of an error.
phrase = _MESSAGES.__call__
#: Cause and remedy of a message, their gaps filled.
wording = _MESSAGES.pair


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
    code = _MESSAGES.table[key].code
    if code is None:
        return SourceError(Text(f"{name}：{cause.zh}", f"{name}: {cause.en}"), remedy=remedy)
    return refusal(code, name, error=SourceError, cause=cause, remedy=remedy)


def refused(name: str, cause: Text, remedy: Text) -> SourceError:
    """Return the error for a source that is not to be opened, with its finding."""
    return refusal("SOURCE_REFUSED", name, error=SourceError, cause=cause, remedy=remedy)


def unreadable(name: str, cause: Text, remedy: Text) -> SourceError:
    """Return the error for a source that is not what it says, or is damaged, with its finding."""
    return refusal("SOURCE_UNREADABLE", name, error=SourceError, cause=cause, remedy=remedy)
