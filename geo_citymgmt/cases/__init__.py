"""What a remediation campaign is steered by: stock and flow, ageing, lists, clearing, relapses.

Made for illegal construction; whatever has a life cycle in its layer file is served alike.
"""

from __future__ import annotations

from geo_citymgmt.cases._cases import (
    ageing,
    burn_down,
    case_lists,
    interim_share,
    last_open,
    open_cases,
)
from geo_citymgmt.cases._oversight import CALL_IN_FIGURES, audit_sample, call_in
from geo_citymgmt.cases._stock import relapse_rates, stock_flow

__all__ = [
    "CALL_IN_FIGURES", "ageing", "audit_sample", "burn_down", "call_in", "case_lists",
    "interim_share", "last_open", "open_cases", "relapse_rates", "stock_flow",
]  # fmt: skip
