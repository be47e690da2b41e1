"""``index.html``: one page that stands alone, from the summary and a template."""

from __future__ import annotations

import base64
import hashlib
import math
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

__all__ = ["method_notes", "render_page"]

#: Method notes that are about targets: of no use where there is none.
_OF_TARGETS = ("comparison", "pace", "outlook")
#: Method notes that are about zones.
_OF_ZONES = ("owner", "sums")


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
            source=source_name(told),
            layers=f"{len(usable):,}",
            records=f"{int(usable['n_accepted'].sum()):,}",
        )
        + (words("source_unread", n=n_unread) if n_unread else ""),
        "warnings": _warnings(told),
        "verdict": verdict(told),
        "domains": cards(told),
        "charts": charts,
        "charts_lead": words("monthly_lead" if told.has_targets else "monthly_lead_plain"),
        "outlook": outlook_view(told),
        "periods": period_views(told),
        "campaigns": [view for view in campaign_views(told) if not view["empty"]],
        "gaps": gap_views(told),
        "at_hand": at_hand_views(told),
        "supplies": supply_views(told),
        "supply_lead": words("supply_lead" if city.has_zones else "supply_lead_whole"),
        "board": board(told),
        "maps": district_maps(told),
        "coverage": coverage_tables(told),
        "layers": layer_cards(told),
        "layers_lead": words("layers_lead" if told.layers else "layers_lead_plain"),
        "figures_title": words("progress" if told.has_targets else "figures_word"),
        "layer_board": layer_board(told),
        "ledger": ledger_view(told),
        "findings": findings_view(told),
        "missing": [(reason, words.joined(names)) for reason, names in missing_figures(told)],
        "notes": method_notes(told),
        "sources": _sources(told),
    }
    shown = (
        ("progress", content["domains"]), ("scoreboard", content["board"]), ("monthly", charts),
        ("outlook", content["outlook"]), ("periods", content["periods"]),
        ("campaign", content["campaigns"]), ("coverage", content["coverage"]),
        ("supply", content["supplies"] or content["at_hand"]), ("layers", content["layers"]),
        ("quality", True), ("method", True),
    )  # fmt: skip
    titles = {"progress": content["figures_title"]}
    content["contents"] = [
        (key, titles.get(key) or words(key)) for key, present in shown if present
    ]
    return content


def _warnings(told: Summary) -> list[dict[str, Any]]:
    """Return what a reader must know first: a text, what it lists, and where more is said."""
    words, unread = told.words, unread_layers(told.city, told.lang)
    out: list[dict[str, Any]] = []
    if told.city.notice.zh:
        out.append({"text": told.city.notice.of(told.lang), "items": [], "link": ""})
    if unread:
        text, link = words("unread_layers", n=len(unread)), words("unread_link")
        out.append({"text": text, "items": unread, "link": link})
    if told.city.findings["code"].eq("ZONES_PACKAGED").any():
        out.append({"text": words("demo_zones"), "items": [], "link": ""})
    if not told.city.has_zones:
        out.append({"text": words("no_zones"), "items": [], "link": ""})
    return out


def method_notes(told: Summary) -> list[str]:
    """Return how the figures are made, without what this city has nothing of."""
    words, notes = told.words, told.words.names("method_notes")
    left_out = {
        *(() if told.has_targets else _OF_TARGETS),
        *(() if told.city.has_zones else _OF_ZONES),
        *(() if told.as_of is not None else ("dates",)),
        *(() if told.services else ("coverage",)),
        *(() if told.supplies or told.campaigns else ("access",)),
    }
    out = [note for key, note in notes.items() if key not in left_out]
    metric = told.city.metric
    # Where nothing is known of the data's place, nothing is known of the errors.
    if metric is not None and math.isfinite(metric.areal_error):
        out.append(
            words(
                "metric_note",
                crs=metric.name,
                how=metric.how.of(words.lang),
                area=share_in_words(metric.areal_error),
                length=share_in_words(metric.linear_error),
            )
        )
    return out


def share_in_words(error: float) -> str:
    """Return a small relative error as a percentage that is never rounded down to nothing.

    Examples
    --------
    >>> share_in_words(0.000284), share_in_words(0.0012), share_in_words(0.0)
    ('0.029%', '0.12%', '0%')
    """
    if not error > 0:
        return "0%"
    decimals = max(0, 1 - math.floor(math.log10(error * 100)))
    least = 10.0**-decimals
    return f"{math.ceil(round(error * 100 / least, 6)) * least:.{decimals}f}%"


def source_name(told: Summary) -> str:
    """Return where the data is from: the units that report it, where a profile names them."""
    words, city = told.words, told.city
    if city.data_source.zh:
        return city.data_source.of(words.lang)
    if city.profile is None:
        return _folder_name(city.source)
    if told.as_of is None:
        return words("source_units")
    return words("source_units_day", day=told.day)


def _sources(told: Summary) -> list[str]:
    words, ledger = told.words, told.city.ledger
    out = []
    known = told.headline[told.headline["value"].notna()]
    profile = told.city.profile
    document = "" if profile is None else profile.document.of(words.lang)
    if document and known["published_id"].ne("").any():
        out.append(words("source_document", document=document))
    files = [str(name) for name in ledger["source"].dropna().unique()]
    out.append(words("source_layers", files=words.listed(files)))
    out.append(words("source_versions"))
    return [*out, words("boundaries")] if told.city.has_zones else out


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
