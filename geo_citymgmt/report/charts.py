"""Small drawings for the page, as SVG with real text and a description for those who listen."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from geo_citymgmt.maps.text import escape_text

__all__ = ["Pace", "attainment_bar", "nice_ceiling", "pace_chart", "share_bar", "stacked_bar"]

#: As narrow as a chart gets on a page, so that a text is never drawn smaller than its size.
_WIDTH, _HEIGHT = 300, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 14, 22, 26


@dataclass(frozen=True)
class Pace:
    """A figure through a year: what was reached when, and what the calendar expects.

    ``expected`` is the line from the start of the period to the target at its deadline; ``now`` is
    the label of the last point, ``goal`` that of the target.
    """

    name: str
    description: str
    points: Sequence[tuple[pd.Timestamp, float]]
    expected: Sequence[tuple[pd.Timestamp, float]]
    now: str
    goal: str
    months: Sequence[str]
    divisor: float
    status: str


def attainment_bar(share: float, expected: float, status: str, label: str) -> Markup:
    """Draw how far a figure has come, with a mark where the calendar expects it.

    Parameters
    ----------
    share : float
        Attainment; more than one fills the bar.
    expected : float
        What the calendar expects; no mark where it is missing.
    status : str
        Names the colour.
    label : str
        What the bar says, for a screen reader.
    """
    filled = 100.0 * min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    mark = ""
    if math.isfinite(expected):
        at = min(max(100.0 * expected, 0.4), 99.6)
        mark = f'<rect class="tick" x="{at - 0.4:.2f}" y="0" width="0.8" height="14"/>'
    return Markup(
        f'<svg class="bar" viewBox="0 0 100 14" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape_text(label)}">'
        '<rect class="track" x="0" y="3" width="100" height="8"/>'
        f'<rect class="fill {escape_text(status)}" x="0" y="3" width="{filled:.2f}" height="8"/>'
        f"{mark}</svg>"
    )


def share_bar(share: float, kind: str) -> Markup:
    """Draw a share as a thin bar in a table; the number beside it says the same."""
    filled = 100.0 * min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    return Markup(
        '<svg class="thin" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="6"/>'
        f'<rect class="fill {escape_text(kind)}" width="{filled:.2f}" height="6"/></svg>'
    )


def stacked_bar(parts: Sequence[tuple[str, float]], label: str) -> Markup:
    """Draw the composition of a whole.

    Parameters
    ----------
    parts : sequence of (str, float)
        Colour class and size of each part, in order.
    label : str
        What it shows, for a screen reader.
    """
    whole = sum(size for _, size in parts)
    at, out = 0.0, []
    for name, size in parts:
        width = 100.0 * size / whole if whole > 0 else 0.0
        if width > 0:
            # A hairline between two parts, for those who do not tell their colours apart.
            shown = max(width - 0.25, 0.15)
            out.append(
                f'<rect class="{escape_text(name)}" x="{at:.2f}" width="{shown:.2f}" height="10"/>'
            )
        at += width
    return Markup(
        '<svg class="stack" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape_text(label)}">{"".join(out)}</svg>'
    )


def pace_chart(pace: Pace) -> Markup:
    """Draw a figure through the year of its last point."""
    year = pace.points[-1][0].year
    start, end = pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31)
    values = [v for _, v in [*pace.points, *pace.expected]]
    top = nice_ceiling(max([*values, 0.0]) / pace.divisor)
    days = (end - start).days

    def x(day: pd.Timestamp) -> float:
        share = min(max((day - start).days / days, 0.0), 1.0)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - value / pace.divisor / top * (_HEIGHT - _TOP - _BOTTOM)

    def line(points: Sequence[tuple[pd.Timestamp, float]]) -> str:
        return " ".join(f"{x(day):.1f},{y(value):.1f}" for day, value in points)

    floor = y(0)
    out = [
        f'<svg class="pace" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f"<title>{escape_text(pace.name)}</title><desc>{escape_text(pace.description)}</desc>"
    ]
    for k in range(3):
        value = top * k / 2
        level = y(value * pace.divisor)
        out.append(
            f'<path class="grid" d="M{_LEFT} {level:.1f}H{_WIDTH - _RIGHT}"/>'
            f'<text class="axis" x="{_LEFT - 6}" y="{level + 4:.1f}" text-anchor="end">'
            f"{value:,.10g}</text>"
        )
    for k, name in enumerate(pace.months, start=1):
        if k % 3 == 0:
            at = x(pd.Timestamp(year, k, 1) + pd.offsets.MonthEnd(0))
            anchor = "end" if k == 12 else "middle"
            out.append(
                f'<path class="grid" d="M{at:.1f} {floor:.1f}v4"/>'
                f'<text class="axis" x="{at:.1f}" y="{_HEIGHT - 8}" text-anchor="{anchor}">'
                f"{escape_text(name)}</text>"
            )
    if pace.expected:
        day, value = pace.expected[-1]
        out.append(f'<polyline class="expected" points="{line(pace.expected)}"/>')
        out.append(f'<circle class="goal" cx="{x(day):.1f}" cy="{y(value):.1f}" r="4"/>')
        # On the side where the dashed line does not run, drawn back as far as the edge asks for.
        at, anchor = x(day) - 8, "end"
        if value < pace.expected[0][1]:
            at, anchor = min(x(day) + 8, _WIDTH - _text_width(pace.goal)), "start"
        out.append(
            f'<text class="label goal-label" x="{at:.1f}" y="{y(value) - 7:.1f}" '
            f'text-anchor="{anchor}">{escape_text(pace.goal)}</text>'
        )
    first, (last_day, last) = pace.points[0][0], pace.points[-1]
    status = escape_text(pace.status)
    out.append(
        f'<polygon class="area {status}" points="{x(first):.1f},{floor:.1f} '
        f'{line(pace.points)} {x(last_day):.1f},{floor:.1f}"/>'
        f'<polyline class="line {status}" points="{line(pace.points)}"/>'
        f'<circle class="dot {status}" cx="{x(last_day):.1f}" cy="{y(last):.1f}" r="4"/>'
    )
    # Beside the last point, where neither line runs; late in the year there is room on the left.
    above = pace.points[0][1] > last
    side, anchor = (9, "start")
    if x(last_day) + side + _text_width(pace.now) > _WIDTH:
        # The label of the target may stand there too.
        near = pace.expected and -12 < y(last) - y(pace.expected[-1][1]) < 14
        side, anchor, above = -9, "end", not above and not near
    out.append(
        f'<text class="label now" x="{x(last_day) + side:.1f}" '
        f'y="{y(last) + (-8 if above else 18):.1f}" text-anchor="{anchor}">'
        f"{escape_text(pace.now)}</text></svg>"
    )
    return Markup("".join(out))


def _text_width(text: str) -> float:
    """Return about how wide a label is drawn."""
    return sum(13.0 if unicodedata.east_asian_width(ch) in "WF" else 7.5 for ch in text)


def nice_ceiling(value: float) -> float:
    """Return a round number not below the value, whose half is round too.

    Examples
    --------
    >>> nice_ceiling(1500), nice_ceiling(38), nice_ceiling(0)
    (1600.0, 40.0, 1.0)
    """
    if not value > 0 or not math.isfinite(value):
        return 1.0
    step = 10.0 ** math.floor(math.log10(value))
    for factor in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10):
        if factor * step >= value * (1 - 1e-9):
            return float(factor * step)
    return 10.0 * step
