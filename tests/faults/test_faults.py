"""A few of each fault for every format; ``make faults`` runs a hundred."""

from __future__ import annotations

import os

import pytest

from tests.faults.disk import fill_small_disks, namespace
from tests.faults.harness import SUFFIXES, kill_writers, limit_files, meet

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_killed_writer_leaves_the_old_file_or_the_new_one(suffix, tmp_path):
    tally = kill_writers(suffix, tmp_path, 5)
    assert (tally.partial, tally.leftovers) == (0, 0), tally.counts


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(suffix, tmp_path):
    if not namespace():
        pytest.skip("no file system may be mounted here (needs unshare and user namespaces)")
    tally = fill_small_disks(suffix, tmp_path, [0, 40, 80, 99])
    assert (tally.counts, tally.leftovers) == ({"old": 4}, 0)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_may_not_grow_leaves_the_old_one_and_nothing_beside_it(suffix, tmp_path):
    tally = limit_files(suffix, tmp_path, [1, 40, 80, 99])
    assert (tally.partial, tally.leftovers) == (0, 0), tally.counts


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_two_writers_take_turns(suffix, tmp_path):
    tally = meet(suffix, tmp_path, 2)
    assert (tally.partial, tally.leftovers) == (0, 0), tally.counts
