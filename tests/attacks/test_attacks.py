"""The attacks that are built and read in no time; `make attacks` tries all."""

from __future__ import annotations

import os
import signal

import pytest

from tests.attacks.builders import ATTACKS
from tests.attacks.harness import Attack, run, run_together

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
SMALL = [attack for attack in ATTACKS.attacks.values() if attack.is_small]
_ROOMS = ("workbooks", "texts", "databases", "shapes")


@pytest.mark.parametrize("room", _ROOMS)
def test_no_small_attack_kills_or_hangs_and_each_comes_to_what_it_should(room, tmp_path):
    attacks = [a for a in SMALL if a.build.__module__.endswith(room)]
    assert len(attacks) > 5
    results = run_together(attacks, tmp_path)
    assert not [r for r in results if r.is_over]
    found = {r.name: r.outcome for r in results}
    assert found == {a.name: a.outcome for a in attacks}


def _endless(folder):
    while True:
        pass


def _killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_does_not_end_or_is_killed_is_told_as_such(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.attacks.harness.PATIENCE_S", 1)
    monkeypatch.setattr("tests.attacks.harness._read", lambda attack, source: _endless(source))
    result = run(Attack("endless", lambda folder: folder, "read"), tmp_path)
    assert (result.outcome, result.is_over) == ("hang", True)
    monkeypatch.setattr("tests.attacks.harness._read", _killed)
    result = run(Attack("killed", lambda folder: folder, "read"), tmp_path)
    assert (result.outcome, result.is_over) == ("killed", True)
