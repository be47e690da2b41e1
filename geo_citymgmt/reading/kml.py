"""A KML as GDAL takes it: names of data in ASCII, tracks as it knows them; and what it passes over.

GDAL spells names of data alike where each sign that is not ASCII becomes "_": they are written in
ASCII before it reads the file, and spelt as they were afterwards. It takes a position that a track
does not have for 0, 0, and knows tracks by one prefix alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

from geo_citymgmt.findings import Findings
from geo_citymgmt.words import Text

__all__ = ["ONLY_LINKS", "holds_only_links", "parts_of", "prepared", "spelt_name"]

_MARK = "gcmx"
_NAMED = re.compile(r"<(?:Data|SimpleData|SimpleField)\b[^<>]*?\bname\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_NAME = re.compile(r"(\bname\s*=\s*)(?:\"([^\"]*)\"|'([^']*)')")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Texts that are no markup, whatever they look like.
_LITERAL = re.compile(r"<!\[CDATA\[|<!--")
_ENDS = {"<![CDATA[": "]]>", "<!--": "-->"}
_TRACK = re.compile(r"<(/?)(?:[\w.-]{1,40}:)?(Track|MultiTrack|coord)(?=[\s/>])")
_BEGUN = re.compile(r"<gx:Track(?=[\s/>])")
_NOWHERE = re.compile(r"<gx:coord\s*/>|<gx:coord>\s*</gx:coord>")
_RING = re.compile(
    r"<(/?)((?:[\w.-]{1,40}:)?)(outerBoundaryIs|innerBoundaryIs|LinearRing)(?=[\s/>])"
)
_ROOT = re.compile(r"<kml(?=[\s>])")
_PLACEMARK = re.compile(r"<(?:[\w.-]{1,40}:)?Placemark(?=[\s>])")
_LINK = re.compile(r"<(?:[\w.-]{1,40}:)?NetworkLink(?=[\s>])")
_GX = 'xmlns:gx="http://www.google.com/kml/ext/2.2"'

#: Cause and remedy of a file that holds nothing itself.
ONLY_LINKS = (
    Text(
        "其中没有地标，只有指向别处的链接（NetworkLink），程序不去打开。",
        "it has no placemarks but links to elsewhere (NetworkLink), which are not followed.",
    ),
    Text(
        "请在 Google Earth 或奥维中打开，待内容全部显示后另存为 .kmz 或 .kml。",
        "Open it in Google Earth, wait until all of it is shown, and save the places as .kmz or "
        ".kml.",
    ),
)


def prepared(text: str, findings: Findings) -> str:
    """Return a KML as GDAL takes it, and tell what it would pass over or take for something else.

    Examples
    --------
    >>> prepared('<kml><Data name="面积"/></kml>', Findings())
    '<kml><Data name="gcmxe99da2e7a7af"/></kml>'
    >>> found = Findings()
    >>> text = prepared("<kml><Track><coord/><coord>120.6 31.3 0</coord></Track></kml>", found)
    >>> text.partition(">")[2]
    '<gx:Track><gx:coord>120.6 31.3 0</gx:coord></gx:Track></kml>'
    >>> found.frame()["code"].tolist()
    ['KML_TRACK', 'KML_TRACK']
    """
    said = _outside_literals(text, lambda markup: _NAMED.sub(_as_ascii, markup))
    if _TRACK.search(said):
        said = _with_tracks(said, findings)
    if "LinearRing" in said:
        said = _with_rings_as_lines(said)
    n_links = len(_LINK.findall("".join(parts_of(text)[::2]))) if "NetworkLink" in text else 0
    if n_links:
        findings.add("KML_LINKED", value=n_links)
    return said


def holds_only_links(text: str) -> bool:
    """Whether a KML has no placemark, and says that some are to be had elsewhere.

    Examples
    --------
    >>> holds_only_links("<kml><NetworkLink><name>more</name></NetworkLink></kml>")
    True
    >>> holds_only_links("<kml><Placemark/><!-- <NetworkLink> --></kml>")
    False
    """
    if "NetworkLink" not in text:
        return False
    markup = "".join(parts_of(text)[::2])
    return _LINK.search(markup) is not None and _PLACEMARK.search(markup) is None


def spelt_name(column: str) -> str:
    """Return the name that :func:`prepared` has written in ASCII; any other as it is.

    Examples
    --------
    >>> spelt_name("gcmxe99da2e7a7af"), spelt_name("area")
    ('面积', 'area')
    """
    digits = column.removeprefix(_MARK)
    if digits == column or not re.fullmatch(r"(?:[0-9a-f]{2})+", digits):
        return column
    return bytes.fromhex(digits).decode("utf-8", "replace")


def parts_of(text: str) -> list[str]:
    """Split a text: markup and what is none take turns, markup first; each sign is seen once.

    Examples
    --------
    >>> parts_of("<a><!-- <b> --></a>")
    ['<a>', '<!-- <b> -->', '</a>']
    """
    parts, at = [], 0
    while (begin := _LITERAL.search(text, at)) is not None:
        mark = _ENDS[begin[0]]
        end = text.find(mark, begin.end())
        end = len(text) if end < 0 else end + len(mark)
        parts += [text[at : begin.start()], text[begin.start() : end]]
        at = end
    return [*parts, text[at:]]


def _outside_literals(text: str, change: Callable[[str], str]) -> str:
    parts = parts_of(text)
    parts[::2] = [change(part) for part in parts[::2]]
    return "".join(parts)


def _with_tracks(text: str, findings: Findings) -> str:
    """Write tracks under the prefix by which they are known, without positions they do not have."""
    n_tracks, n_nowhere = 0, 0

    def change(markup: str) -> str:
        nonlocal n_tracks, n_nowhere
        markup = _TRACK.sub(r"<\1gx:\2", markup)
        markup, n = _NOWHERE.subn("", markup)
        n_tracks, n_nowhere = n_tracks + len(_BEGUN.findall(markup)), n_nowhere + n
        return markup

    text = _outside_literals(text, change)
    if "xmlns:gx=" not in text:
        text = _ROOT.sub(f"<kml {_GX}", text, count=1)
    if n_tracks:
        read = Text(
            "按各位置连成的线读入，时间只留起止",
            "read as the lines of their positions; of their times begin and end",
        )
        findings.add("KML_TRACK", value=n_tracks, about="tracks", detail=read)
    if n_nowhere:
        passed = Text(
            f"其中 {n_nowhere} 个时刻没有位置，已略过",
            f"{n_nowhere} of their times have no position and were passed over",
        )
        findings.add("KML_TRACK", value=n_tracks, about="nowhere", detail=passed)
    return text


def _with_rings_as_lines(text: str) -> str:
    """Write a ring that bounds no polygon as the closed line it is: GDAL gives no geometry."""
    is_boundary = False

    def change(mark: re.Match[str]) -> str:
        nonlocal is_boundary
        if mark[3] != "LinearRing":
            is_boundary = not mark[1]
            return mark[0]
        return mark[0] if is_boundary else f"<{mark[1]}{mark[2]}LineString"

    return _outside_literals(text, lambda markup: _RING.sub(change, markup))


def _as_ascii(element: re.Match[str]) -> str:
    return _NAME.sub(_named, element[0])


def _named(match: re.Match[str]) -> str:
    name = unescape(match[2] if match[2] is not None else match[3])
    if not name or _PLAIN.fullmatch(name):
        return match[0]
    return f'{match[1]}"{_MARK}{name.encode("utf-8").hex()}"'
