"""Messages of reading: each is used, and says the same in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from geo_citymgmt.reading import _messages

TABLE = dict(_messages._messages())
REMEDIES = TABLE.pop("remedies")
SOURCE = "\n".join(
    path.read_text(encoding="utf-8") for path in Path(_messages.__file__).parent.glob("*.py")
)


def _gaps(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", text))


def test_every_key_that_the_code_names_is_worded_and_every_message_is_named():
    named = re.findall(
        r"\b(?:failure|phrase|wording|over_limit|_too_much)\(\s*(?:path, )?\"(\w+)\"", SOURCE
    )
    assert set(named) <= set(TABLE)
    assert {key for key in TABLE if f'"{key}"' not in SOURCE} == set()


def test_every_remedy_in_common_is_that_of_several_messages():
    used = [entry["remedy"] for entry in TABLE.values() if "remedy" in entry]
    assert set(used) == set(REMEDIES)
    assert all(used.count(name) > 1 for name in REMEDIES)


@pytest.mark.parametrize("key", TABLE)
def test_a_message_has_the_same_gaps_in_both_languages(key):
    entry = TABLE[key]
    # A kind of file has an English name alone.
    assert _gaps(entry["zh"]) ^ _gaps(entry["en"]) <= {"kind"}
    assert _gaps(entry.get("remedy_zh", "")) == _gaps(entry.get("remedy_en", ""))


@pytest.mark.parametrize("key", TABLE)
@pytest.mark.parametrize("lang", [0, 1])
def test_a_remedy_names_an_argument_only_beside_what_a_clerk_can_write(key, lang):
    entry = TABLE[key]
    own = entry.get("remedy_zh", ""), entry.get("remedy_en", "")
    remedy = REMEDIES[entry["remedy"]][lang] if "remedy" in entry else own[lang]
    if re.search(r"\b[a-z]+=(?![\w\"])", remedy):
        assert "Python" in remedy
        assert "--" in remedy or "city.toml" in remedy
