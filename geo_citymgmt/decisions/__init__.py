"""What the office decided about findings: exceptions it accepts, values it corrects.

The findings workbook has two columns to fill in, 处理意见 (decision) and 说明 (remark). A decision
is one of the words for "accepted", or 改为 followed by the right value. The workbook is read again,
corrections are applied to the records of the source before they are cleaned, accepted exceptions
are marked, and the next check says what is new, what remains and what is resolved. What was
written stays: with the findings that remain, and else on a sheet of settled decisions.
"""

from geo_citymgmt.decisions.book import DECISION_COLUMNS, read_decisions
from geo_citymgmt.decisions.corrections import apply_corrections, corrections_of
from geo_citymgmt.decisions.rounds import (
    Carried,
    carry_over,
    compare_findings,
    mark_accepted,
    recognised,
    written,
)
from geo_citymgmt.decisions.terms import CHOICES

__all__ = [
    "CHOICES",
    "DECISION_COLUMNS",
    "Carried",
    "apply_corrections",
    "carry_over",
    "compare_findings",
    "corrections_of",
    "mark_accepted",
    "read_decisions",
    "recognised",
    "written",
]
