"""The attacks that are built and read in no time, each in a process of its own; all by make."""

from __future__ import annotations

import os

import pytest

from tests.attacks.builders import ATTACKS
from tests.attacks.harness import Attack, run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
SMALL = [attack for attack in ATTACKS.attacks.values() if attack.is_small]
_ROOMS = ("workbooks", "texts", "databases", "shapes")


@pytest.mark.parametrize("room", _ROOMS)
def test_no_small_attack_kills_or_hangs_and_each_comes_to_what_it_should(room):
    attacks = [a for a in SMALL if a.build.__module__.endswith(room)]
    assert len(attacks) > 10
    results = {a.name: (a, run(a)) for a in attacks}
    over = {name: result for name, (_, result) in results.items() if result.is_over}
    assert not over
    other = {
        name: (r.outcome, r.detail) for name, (a, r) in results.items() if r.outcome != a.outcome
    }
    assert not other


def _endless(folder):
    while True:
        pass


def test_what_does_not_end_or_is_killed_is_told_as_such(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.attacks.harness.PATIENCE_S", 1)
    monkeypatch.setattr("tests.attacks.harness._read", lambda attack, source: _endless(source))
    result = run(Attack("endless", lambda folder: folder, "read"), tmp_path)
    assert (result.outcome, result.is_over) == ("hang", True)
    monkeypatch.setattr("tests.attacks.harness._read", lambda attack, source: os.abort())
    result = run(Attack("killed", lambda folder: folder, "read"), tmp_path)
    assert (result.outcome, result.is_over) == ("killed", True)
