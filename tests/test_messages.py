"""Messages stand in tables: each is said by the code beside it, and has each of its gaps filled."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import geo_citymgmt
from geo_citymgmt._languages import Messages

PACKAGE = Path(geo_citymgmt.__file__).parent
TABLES = sorted(PACKAGE.rglob("messages.toml"))
#: Rooms whose remedies a clerk reads, who writes no Python.
FOR_CLERKS = ("cleaning", "city", "cli", "figures", "profiles", "reading", "spec", "worktime")


def gaps_of(*texts: str) -> set[str]:
    """The names that a message leaves open: ``{spec.key}`` asks for ``spec``."""
    names = [name for text in texts for _, name, _, _ in Formatter().parse(text) if name]
    return {name.split(".")[0].split("[")[0] for name in names}


def calls_in(folder: Path) -> Iterator[tuple[str, list[object], set[str]]]:
    """Each call in the modules of a folder, with the texts it is given and its keywords."""
    for module in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                keys = [a.value for a in node.args if isinstance(a, ast.Constant)]
                # A remedy takes the place of the one in the table: it fills no gap.
                yield module.name, keys, {k.arg for k in node.keywords if k.arg} - {"remedy"}


@pytest.fixture(params=TABLES, ids=lambda path: path.parent.name)
def folder(request) -> Path:
    return request.param.parent


@pytest.fixture
def table(folder):
    return Messages(".".join(["geo_citymgmt", *folder.relative_to(PACKAGE).parts])).table


def test_each_message_gets_the_gaps_it_leaves_open(folder, table):
    for module, keys, given in calls_in(folder):
        for key in keys:
            if key in table and given:
                assert gaps_of(*table[key].cause, *table[key].remedy) == given, f"{module}: {key}"


def test_each_message_is_in_both_languages_and_said_somewhere(folder, table):
    code = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    for key, message in table.items():
        assert all(message.cause), key
        assert bool(message.remedy.zh) == bool(message.remedy.en), key
        assert f'"{key}"' in code, f"{key} is said nowhere"


def test_what_reading_refuses_is_said_with_the_same_gaps_in_both_languages():
    for key, (cause, remedy, _) in Messages("geo_citymgmt.reading").table.items():
        # What kinds of files there are is said in English alone.
        assert gaps_of(cause.zh) ^ gaps_of(cause.en) <= {"kind", "known"}, key
        assert gaps_of(remedy.zh) == gaps_of(remedy.en), key


def test_a_remedy_in_common_is_that_of_several_messages(folder):
    table = tomllib.loads((folder / "messages.toml").read_text(encoding="utf-8"))
    shared = table.pop("remedies", {})
    used = [entry["remedy"] for entry in table.values() if "remedy" in entry]
    assert set(used) == set(shared)
    assert all(used.count(name) > 1 for name in shared)


def test_a_remedy_names_an_argument_only_beside_what_a_clerk_can_write(folder, table):
    said = dict(table)
    if folder == PACKAGE:
        code = (PACKAGE / "layer.py").read_text(encoding="utf-8")
        said = {key: message for key, message in table.items() if f'"{key}"' in code}
    elif folder.name not in FOR_CLERKS:
        pytest.skip("what is said of arguments is said to those who write Python")
    for message in said.values():
        for remedy in message.remedy:
            if re.search(r"\b[a-z]+=(?![\w\"])", remedy):
                assert "Python" in remedy, remedy
                assert "--" in remedy or "city.toml" in remedy, remedy


def test_a_missing_gap_is_no_silent_blank():
    with pytest.raises(KeyError):
        Messages("geo_citymgmt")("no_city")
