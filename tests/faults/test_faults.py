"""A few of each fault for every format; ``make faults`` runs a hundred."""

from __future__ import annotations

import os

import pytest

from tests.faults.disk import fill_all, namespace
from tests.faults.harness import SUFFIXES, Writers, kill_writers, limit_files, meet

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")


@pytest.fixture(scope="module")
def writers():
    """The process that forks them: to start one takes longer than the tests of a format."""
    with Writers() as at_work:
        yield at_work


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """What stands after three disks too small for it, by format."""
    if not namespace():
        pytest.skip("no file system may be mounted here (needs unshare and user namespaces)")
    return fill_all(SUFFIXES, tmp_path_factory.mktemp("disks"), [0, 50, 95])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_killed_writer_leaves_the_old_file_or_the_new_one(suffix, tmp_path, writers):
    tally = kill_writers(suffix, tmp_path, 3, writers)
    assert (tally.partial, tally.leftovers) == (0, 0), tally.counts


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(suffix, filled):
    tally = filled[suffix]
    assert (tally.counts, tally.leftovers) == ({"old": 3}, 0)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_may_not_grow_leaves_the_old_one_and_nothing_beside_it(
    suffix, tmp_path, writers
):
    tally = limit_files(suffix, tmp_path, [1, 50, 99], writers)
    assert (tally.partial, tally.leftovers) == (0, 0), tally.counts


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_two_writers_take_turns(suffix, tmp_path, writers):
    tally = meet(suffix, tmp_path, 1, writers)
    assert (tally.partial, tally.leftovers) == (0, 0), tally.counts
