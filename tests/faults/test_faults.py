"""A few of each fault for every format; ``make faults`` runs a hundred."""

from __future__ import annotations

import os

import pytest

from tests.faults.harness import SUFFIXES, fill_disks, kill_writers, meet

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_killed_writer_leaves_the_old_file_or_the_new_one(suffix, tmp_path):
    tally = kill_writers(suffix, tmp_path, 5)
    assert (tally.partial, tally.leftovers) == (0, 0), tally.counts


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(suffix, tmp_path):
    tally = fill_disks(suffix, tmp_path, [1, 40, 80, 99])
    assert (tally.partial, tally.leftovers) == (0, 0), tally.counts


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_two_writers_take_turns(suffix, tmp_path):
    tally = meet(suffix, tmp_path, 2)
    assert (tally.partial, tally.leftovers) == (0, 0), tally.counts
