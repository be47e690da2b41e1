"""What a remediation campaign is steered by: stock and flow, ageing, lists, clearing, relapses.

Made for illegal construction; whatever has a life cycle in its layer file is served alike.
"""

from __future__ import annotations

from geo_citymgmt.remediation.audit import audit_sample
from geo_citymgmt.remediation.call_in import CALL_IN_FIGURES, call_in
from geo_citymgmt.remediation.cases import ageing, case_lists, open_cases
from geo_citymgmt.remediation.clearing import burn_down, interim_share, last_open
from geo_citymgmt.remediation.relapse import relapse_rates
from geo_citymgmt.remediation.stock import stock_flow

__all__ = [
    "CALL_IN_FIGURES",
    "ageing",
    "audit_sample",
    "burn_down",
    "call_in",
    "case_lists",
    "interim_share",
    "last_open",
    "open_cases",
    "relapse_rates",
    "stock_flow",
]
