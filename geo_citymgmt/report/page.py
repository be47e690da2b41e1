"""``index.html``: one page that stands alone, from the summary and a template."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import Any

from markupsafe import Markup

from geo_citymgmt.maps.text import escape_text
from geo_citymgmt.report.district_maps import district_maps
from geo_citymgmt.report.page_figures import cards, pace_charts, verdict
from geo_citymgmt.report.page_steering import campaign_views, outlook_view, period_views
from geo_citymgmt.report.page_supply import at_hand_views, gap_views, supply_views
from geo_citymgmt.report.page_tables import (
    board,
    coverage_tables,
    findings_view,
    layer_board,
    layer_cards,
    ledger_view,
)
from geo_citymgmt.report.quality import unread_layers
from geo_citymgmt.report.summary import Summary, missing_figures

__all__ = ["DOCUMENT", "render_page"]

#: The published document whose targets and figures the definitions refer to.
DOCUMENT = "苏城发〔2022〕74号"


def render_page(told: Summary) -> str:
    """Return the page of a report as HTML that loads and runs nothing.

    Every text of the data passes through the one escaping function on its way into the page;
    styles are allowed by their hash, scripts not at all.
    """
    style = _resource("page.css")
    template = _environment().from_string(_resource("page.html.j2"))
    return template.render(**page_content(told), style=Markup(style), policy=_policy(style))


def page_content(told: Summary) -> dict[str, Any]:
    """Return everything the template shows, in words."""
    words, city = told.words, told.city
    usable = city.ledger[city.ledger["state"] == "ok"]
    n_unread = len(city.ledger) - len(usable)
    name = words.of(city.name_zh, city.name_en)
    charts = pace_charts(told)
    content: dict[str, Any] = {
        "lang": "zh-CN" if told.lang == "zh" else "en",
        "t": words,
        "title": words("title", city=name),
        "day": told.day,
        "stamp": told.map_stamp,
        "public": told.release == "public",
        "source": words(
            "source",
            source=_folder_name(city.source),
            layers=f"{len(usable):,}",
            records=f"{int(usable['n_accepted'].sum()):,}",
        )
        + (words("source_unread", n=n_unread) if n_unread else ""),
        "warnings": _warnings(told),
        "verdict": verdict(told),
        "domains": cards(told),
        "charts": charts,
        "outlook": outlook_view(told),
        "periods": period_views(told),
        "campaigns": [view for view in campaign_views(told) if not view["empty"]],
        "gaps": gap_views(told),
        "at_hand": at_hand_views(told),
        "supplies": supply_views(told),
        "board": board(told),
        "maps": district_maps(told),
        "coverage": coverage_tables(told),
        "layers": layer_cards(told),
        "layer_board": layer_board(told),
        "ledger": ledger_view(told),
        "findings": findings_view(told),
        "missing": [(reason, words.joined(names)) for reason, names in missing_figures(told)],
        "notes": words.names("method_notes"),
        "sources": _sources(told),
    }
    shown = (
        ("progress", content["domains"]), ("scoreboard", content["board"]), ("monthly", charts),
        ("outlook", content["outlook"]), ("periods", content["periods"]),
        ("campaign", content["campaigns"]), ("coverage", content["coverage"]),
        ("supply", content["supplies"] or content["at_hand"]), ("layers", content["layers"]),
        ("quality", True), ("method", True),
    )  # fmt: skip
    content["contents"] = [(key, words(key)) for key, present in shown if present]
    return content


def _warnings(told: Summary) -> list[dict[str, Any]]:
    """Return what a reader must know first: a text, what it lists, and where more is said."""
    words, unread = told.words, unread_layers(told.city, told.lang)
    out: list[dict[str, Any]] = []
    if unread:
        text, link = words("unread_layers", n=len(unread)), words("unread_link")
        out.append({"text": text, "items": unread, "link": link})
    if told.city.findings["code"].eq("ZONES_PACKAGED").any():
        out.append({"text": words("demo_zones"), "items": [], "link": ""})
    return out


def _sources(told: Summary) -> list[str]:
    words, ledger = told.words, told.city.ledger
    out = []
    known = told.headline[told.headline["value"].notna()]
    if known["published_id"].ne("").any() and told.city.code == "320500":
        out.append(words("source_document", document=DOCUMENT))
    files = [str(name) for name in ledger["source"].dropna().unique()]
    out.append(words("source_layers", files=words.listed(files)))
    return [*out, words("source_versions"), words("boundaries")]


def _folder_name(source: str) -> str:
    """Return the last part of a path: where the folder lies is of no use to a reader."""
    return source.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _resource(name: str) -> str:
    return (resources.files("geo_citymgmt.report") / name).read_text(encoding="utf-8")


def _environment() -> Any:
    from jinja2 import Environment, StrictUndefined

    def safe(value: Any) -> Any:
        if isinstance(value, str) and not isinstance(value, Markup):
            return Markup(escape_text(value))
        return value

    return Environment(
        autoescape=True,
        finalize=safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
