"""The codes of what is found in data, with their messages in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from geo_citymgmt.spec.toml_file import read_toml

__all__ = ["CODES", "FindingCode"]


@dataclass(frozen=True, slots=True)
class FindingCode:
    """A kind of finding with its usual severity and its messages."""

    severity: str
    zh: str
    en: str


#: Each code of ``codes.toml``.
CODES: Mapping[str, FindingCode] = {
    code: FindingCode(**entry)
    for code, entry in read_toml(resources.files(__package__) / "codes.toml").items()
}
