"""Messages stand in tables: each is said by the code beside it, and has each of its gaps filled."""

import ast
from pathlib import Path
from string import Formatter

import pytest

import geo_citymgmt
from geo_citymgmt._words import Messages

PACKAGE = Path(geo_citymgmt.__file__).parent
TABLES = sorted(PACKAGE.rglob("messages.toml"))


def gaps_of(texts):
    """The names that a message leaves open: ``{spec.key}`` asks for ``spec``."""
    names = [name for text in texts for _, name, _, _ in Formatter().parse(text) if name]
    return {name.split(".")[0].split("[")[0] for name in names}


def said_by(folder):
    """Each call in the modules of a folder that has a key for its first text, with its gaps."""
    for module in sorted(folder.glob("*.py")):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                keys = [a.value for a in node.args if isinstance(a, ast.Constant)]
                yield module.name, keys, {k.arg for k in node.keywords if k.arg}


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.parent.name)
def test_each_message_gets_the_gaps_it_leaves_open(table):
    name = ".".join(["geo_citymgmt", *table.relative_to(PACKAGE).parts[:-1]])
    entries = Messages(name).table
    for module, keys, given in said_by(table.parent):
        for key in keys:
            if key in entries and given:
                assert gaps_of(entries[key]) == given, f"{module}: {key}"


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.parent.name)
def test_each_message_is_in_both_languages_and_said_somewhere(table):
    name = ".".join(["geo_citymgmt", *table.relative_to(PACKAGE).parts[:-1]])
    code = "".join(path.read_text(encoding="utf-8") for path in table.parent.glob("*.py"))
    for key, texts in Messages(name).table.items():
        assert len(texts) in (2, 4) and all(texts), key
        assert f'"{key}"' in code, f"{key} is said nowhere"


def test_a_missing_gap_is_no_silent_blank():
    with pytest.raises(KeyError):
        Messages("geo_citymgmt")("no_city")
