"""Waiting for what a page does in its own time: for what it shows, never for so many milliseconds.

A machine that has other work takes longer for the same; a test that waits for a condition does not
fail there, and takes no longer elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable

#: No page takes as long, however busy the machine.
PATIENCE = 30.0
STEP = 40
#: Two frames on, what a change of size or a fold opened has been laid out and drawn; a page that
#: lies behind another gets no frames.
FRAMES = """() => new Promise(done => {
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)));
    setTimeout(done, 1000);
})"""
STILL = """window.gcm === undefined || gcm.maps.every(map =>
    !map._animatingZoom && !(map._panAnim && map._panAnim._inProgress)
    && !(map._flyToFrame && map._flying))"""


def until(page, holds: str) -> None:
    """Wait for a condition; the page's policy refuses what playwright would leave in it."""
    comes_to(page, lambda: bool(page.evaluate(holds)), True, holds)


def comes_to(page, found: Callable[[], object], wanted: object, what: str = "") -> None:
    """Wait until something that is looked up has a value."""
    end = time.monotonic() + PATIENCE
    while (seen := found()) != wanted:
        assert time.monotonic() < end, (what, seen, wanted)
        page.wait_for_timeout(STEP)


def laid_out(page) -> None:
    """Wait until what was just done is on the screen and the map does not move."""
    page.evaluate(FRAMES)
    until(page, STILL)
    page.evaluate(FRAMES)
