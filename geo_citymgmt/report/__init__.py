"""The report: a page, a map, workbooks and data, and the plain tables they are made of."""

from geo_citymgmt._numbers import exact_value, format_value, unit_label, value_parts
from geo_citymgmt.figures._layers import LayerSummary, layer_summaries
from geo_citymgmt.figures._services import (
    Service,
    ServiceCoverage,
    chosen_records,
    service_coverage,
    service_of,
    service_settings,
    services,
)
from geo_citymgmt.figures._tables import by_district, headline, month_ends, zone_groups, zone_names
from geo_citymgmt.report._findings import finding_groups, ledger_table, write_findings
from geo_citymgmt.report._folder import write_report
from geo_citymgmt.report._lists import write_lists
from geo_citymgmt.report._sheet_pdf import write_sheet
from geo_citymgmt.report._summary import Summary, summary
from geo_citymgmt.report._template import fill_template
from geo_citymgmt.report._words import Words, counted_terms, definitions
from geo_citymgmt.report._workbook import scoreboard
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
    "fill_template",
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
    "write_lists",
    "write_report",
    "write_sheet",
    "zone_groups",
    "zone_names",
]
