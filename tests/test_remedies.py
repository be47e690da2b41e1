"""What is told to do can be done at the command line, not only in Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import geo_citymgmt
from geo_citymgmt.findings import CODES

PACKAGE = Path(geo_citymgmt.__file__).parent


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_finding_names_an_argument_only_beside_what_a_clerk_can_write(code, lang):
    message = getattr(CODES[code], lang)
    for found in re.finditer(r"\b[a-z]+=(?!\w)", message):
        before = message[: found.start()]
        assert "Python" in before, message
        assert "--" in before or "city.toml" in before, message


ROOMS = ("reading", "cleaning", "city", "figures")


def _remedies(room: str) -> list[str]:
    """The remedies written in a room's modules; tables of messages have a test of their own."""
    paths = sorted((PACKAGE / room).glob("*.py"))
    # A database is opened from Python alone.
    texts = [p.read_text(encoding="utf-8") for p in paths if p.name != "_database.py"]
    literal = r"((?:\s*f?\"[^\"\n]*\")+)"
    pairs = re.findall(rf"(?:remedy=|\),\s*)Text\({literal},{literal}", "\n".join(texts))
    return [text for pair in pairs for text in pair]


@pytest.mark.parametrize("room", ROOMS)
def test_a_remedy_names_an_argument_only_beside_what_a_clerk_can_write(room):
    remedies = _remedies(room)
    assert remedies
    for remedy in remedies:
        if re.search(r"\b[a-z]+=(?![\w\"])", remedy):
            assert "Python" in remedy, remedy
            assert "--" in remedy or "city.toml" in remedy, remedy
