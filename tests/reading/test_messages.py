"""Messages of reading: each is used, is given what it says, and says it in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from geo_citymgmt.reading import _messages

TABLE = dict(_messages._messages())
REMEDIES = TABLE.pop("remedies")
MODULES = sorted(Path(_messages.__file__).parent.glob("*.py"))
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in MODULES)
CALLED = ("failure", "phrase", "wording", "over_limit", "_too_much")


def _gaps(*texts: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", "".join(texts)))


def _calls() -> list[tuple[str, set[str]]]:
    """Return the key that each call names, and what it gives the message."""
    out = []
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLED:
            keys = [a.value for a in node.args[:2] if isinstance(a, ast.Constant)]
            given = {word.arg for word in node.keywords if word.arg}
            out += [(str(key), given - {"remedy"}) for key in keys[:1]]
    return out


def test_every_call_gives_its_message_what_fills_the_gaps():
    calls = _calls()
    assert len(calls) > 100
    for key, given in calls:
        assert given == _gaps(*map(str, TABLE[key].values())), key


def test_every_message_is_named_in_the_code():
    assert {key for key in TABLE if f'"{key}"' not in SOURCE} == set()


def test_every_remedy_in_common_is_that_of_several_messages():
    used = [entry["remedy"] for entry in TABLE.values() if "remedy" in entry]
    assert set(used) == set(REMEDIES)
    assert all(used.count(name) > 1 for name in REMEDIES)


def test_messages_have_the_same_gaps_in_both_languages():
    for key, entry in TABLE.items():
        # What kinds of files there are is said in English alone.
        assert _gaps(entry["zh"]) ^ _gaps(entry["en"]) <= {"kind", "known"}, key
        assert _gaps(entry.get("remedy_zh", "")) == _gaps(entry.get("remedy_en", "")), key


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_remedy_names_an_argument_only_beside_what_a_clerk_can_write(lang):
    common = [pair[lang == "en"] for pair in REMEDIES.values()]
    remedies = common + [entry.get(f"remedy_{lang}", "") for entry in TABLE.values()]
    for remedy in remedies:
        if re.search(r"\b[a-z]+=(?![\w\"])", remedy):
            assert "Python" in remedy, remedy
            assert "--" in remedy or "city.toml" in remedy, remedy
