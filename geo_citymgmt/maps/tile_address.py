"""Addresses of tiles: what may stand in a page and in its content policy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from geo_citymgmt.errors import MapError
from geo_citymgmt.maps.text import visible_text
from geo_citymgmt.words import Text

_MARKS = re.compile(r"\{([^{}]*)\}")
# Printable ASCII without what could end a string, an attribute, or a source of the policy.
_PLAIN = re.compile(r"""[!#-&(-;=?-Z_a-z~\[\]{}|]+""")
_HOST = re.compile(r"(?:\{s\}|[A-Za-z0-9.-])+(?::\d{1,5})?")


def check_address(url: str, subdomains: Sequence[str]) -> None:
    """Refuse an address that is not one of tiles, or could be more than that."""
    told = visible_text(url)[:120]

    def refuse(why: Text) -> MapError:
        return MapError(
            Text(
                f"瓦片地址 {told} 无效：{why.zh}。", f"{told!r} is no address of tiles: {why.en}."
            ),
            remedy=Text(
                "例如 https://host/tiles/{z}/{x}/{y}.png。",
                "Such as https://host/tiles/{z}/{x}/{y}.png.",
            ),
        )

    if not _PLAIN.fullmatch(url):
        raise refuse(Text("含有地址不允许的字符", "it holds characters that addresses do not"))
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise refuse(Text("无法解析", str(error))) from error
    if parts.scheme not in ("http", "https"):
        raise refuse(Text("不是 http 或 https", "it is neither http nor https"))
    if not _HOST.fullmatch(parts.netloc) or parts.fragment:
        raise refuse(Text("主机名不规范", "its host is not a plain name or number"))
    marks = _MARKS.findall(url)
    if not {"x", "y", "z"} <= set(marks):
        raise refuse(Text("缺少 {z}、{x} 或 {y}", "{z}, {x} or {y} is missing"))
    if not set(marks) <= {"x", "y", "z", "s"} or {"{", "}"} & set(_MARKS.sub("", url)):
        raise refuse(Text("含有其他占位符", "it has marks other than {z}, {x}, {y} and {s}"))
    if any(mark != "s" for mark in _MARKS.findall(parts.netloc)):
        raise refuse(Text("主机名中含有占位符", "its host has a mark other than {s}"))
    if ("s" in marks) != (tuple(subdomains) != ("",)):
        raise refuse(Text("{s} 与 subdomains= 须同时给出", "{s} and subdomains= go together"))
    if not all(re.fullmatch(r"[A-Za-z0-9-]*", name) for name in subdomains):
        raise refuse(Text("子域名不规范", "a subdomain is not a plain name"))
