"""The report: a page, a map, workbooks and data, and the plain tables they are made of."""

from geo_citymgmt._numbers import exact_value, format_value, unit_label, value_parts
from geo_citymgmt.report._findings import finding_groups, ledger_table, write_findings
from geo_citymgmt.report._folder import write_report
from geo_citymgmt.report._scoreboard import by_district, scoreboard, zone_groups, zone_names
from geo_citymgmt.report._services import (
    Service,
    ServiceCoverage,
    chosen_records,
    counted_terms,
    service_coverage,
    service_of,
    service_settings,
    services,
)
from geo_citymgmt.report._summary import (
    LayerSummary,
    Summary,
    headline,
    layer_summaries,
    month_ends,
    summary,
)
from geo_citymgmt.report._words import Words, definitions
from geo_citymgmt.report.bulletin import bulletin_settings

__all__ = [
    "LayerSummary",
    "Service",
    "ServiceCoverage",
    "Summary",
    "Words",
    "bulletin_settings",
    "by_district",
    "chosen_records",
    "counted_terms",
    "definitions",
    "exact_value",
    "finding_groups",
    "format_value",
    "headline",
    "layer_summaries",
    "ledger_table",
    "month_ends",
    "scoreboard",
    "service_coverage",
    "service_of",
    "service_settings",
    "services",
    "summary",
    "unit_label",
    "value_parts",
    "write_findings",
    "write_report",
    "zone_groups",
    "zone_names",
]
