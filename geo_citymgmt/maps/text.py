"""The escaping functions under the name by which the maps know them."""

from __future__ import annotations

from geo_citymgmt.markup import escape_page, escape_text, json_for_script, visible_text

__all__ = ["escape_page", "escape_text", "json_for_script", "visible_text"]
