"""From what folium renders to one page that loads nothing: inlining, checks, content policy."""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any, NoReturn

import folium
import folium.plugins
from branca.element import CssLink, Element, Figure, IFrame, JavascriptLink

from geo_citymgmt._languages import Messages
from geo_citymgmt._markup import escape_text
from geo_citymgmt.errors import MapError

_MESSAGES = Messages("geo_citymgmt.maps")

_URL = re.compile(r"url\(\s*(['\"]?)(?P<target>[^'\")]*)\1\s*\)")
_FONT_SOURCE = re.compile(r"src\s*:\s*(?P<sources>[^;}]+)")

GLYPHICONS = "https://netdna.bootstrapcdn.com/bootstrap/3.0.0/css/bootstrap-glyphicons.css"
LEAFLET_JS = "https://cdn.jsdelivr.net/npm/leaflet@1.9.4/dist/leaflet.js"
LEAFLET_CSS = "https://cdn.jsdelivr.net/npm/leaflet@1.9.4/dist/leaflet.css"
JQUERY = "https://code.jquery.com/jquery-3.7.1.min.js"
AWESOME_MARKERS = (
    "https://cdnjs.cloudflare.com/ajax/libs/Leaflet.awesome-markers/2.0.2/leaflet.awesome-markers"
)
FONT_AWESOME = "https://cdn.jsdelivr.net/npm/@fortawesome/fontawesome-free@6.2.0/css/all.min.css"


def _folder() -> Any:  # Traversable moved between Python versions
    return files("geo_citymgmt.maps") / "assets"


@lru_cache(maxsize=1)
def manifest() -> dict[str, Any]:
    """Return the manifest: packages with version, licence, files, their hashes and addresses."""
    content: dict[str, Any] = json.loads((_folder() / "manifest.json").read_text(encoding="utf-8"))
    return content


@lru_cache(maxsize=1)
def _files() -> dict[str, list[str]]:
    """Return each carried file with the addresses it answers."""
    return {
        entry["file"]: entry["addresses"]
        for package in manifest()["packages"]
        for entry in package["files"]
    }


def find(address: str) -> str | None:
    """Return the carried file that answers an address, or None."""
    return next((file for file, addresses in _files().items() if address in addresses), None)


def data_uri(file: str) -> str:
    """Return a carried image or font as a ``data:`` address."""
    kind = mimetypes.guess_type(file)[0] or {"woff2": "font/woff2"}.get(
        file.rpartition(".")[2], "application/octet-stream"
    )
    content = (_folder() / file).read_bytes()
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


@lru_cache(maxsize=64)
def script(file: str) -> str:
    """Return a carried script, fit to stand inside a ``<script>`` element."""
    text = (_folder() / file).read_text(encoding="utf-8")
    # The map of the source is not carried; naming it makes developer tools ask for it.
    text = re.sub(r"^//[#@] sourceMappingURL=.*$", "", text, flags=re.MULTILINE)
    return text.replace("</script", "<\\/script")


@lru_cache(maxsize=64)
def stylesheet(file: str) -> str:
    """Return a carried stylesheet with its images and fonts inside it.

    Fonts are carried as woff2 only, which every browser that can show the maps reads; the other
    formats a stylesheet offers are left out, and so are the icon fonts that are not carried.
    """
    folder = PurePosixPath(file).parent
    text = (_folder() / file).read_text(encoding="utf-8")

    def local(target: str) -> str | None:
        parts: list[str] = []
        for part in (folder / re.split("[?#]", target)[0]).parts:
            if part == "..":
                parts.pop()
            elif part != ".":
                parts.append(part)
        path = "/".join(parts)
        return path if path in _files() else None

    def font_sources(match: re.Match[str]) -> str:
        kept = [
            f'url("{data_uri(path)}") format("woff2")'
            for url in _URL.finditer(match["sources"])
            if (path := local(url["target"]))
        ]
        return f"src:{','.join(kept)}" if kept else "src:local('none')"

    def picture(match: re.Match[str]) -> str:
        target = match["target"]
        if target.startswith(("data:", "#")):
            return match.group()
        path = local(target)
        return f'url("{data_uri(path)}")' if path else "none"

    text = re.sub(
        r"@font-face\s*{[^}]*}", lambda face: _FONT_SOURCE.sub(font_sources, face.group()), text
    )
    return _URL.sub(picture, text).replace("</style", "<\\/style")


@lru_cache(maxsize=32)
def own(name: str) -> str:
    """Return one of the package's own page files (``citymap.js``, ``citymap.css``...)."""
    return (files("geo_citymgmt.maps") / "page" / name).read_text(encoding="utf-8")


SUPPORTED = frozenset(
    {
        "Choropleth", "Circle", "CircleMarker", "ClickForLatLng", "ClickForMarker", "ColorLine",
        "ColorMap", "Control", "CssLink", "CustomIcon", "CustomPane", "DivIcon", "Element",
        "ElementAddToElement", "EventHandler", "FastMarkerCluster", "FeatureGroup",
        "FeatureGroupSubGroup", "Figure", "FitBounds", "FitOverlays", "Fullscreen", "GeoJson",
        "GeoJsonDetail", "GeoJsonPopup", "GeoJsonTooltip", "GroupedLayerControl", "HeatMap", "Html",
        "Icon", "ImageOverlay", "IncludeStatement", "JavascriptLink", "LatLngPopup", "LayerControl",
        "LinearColormap", "MacroElement", "Map", "Marker", "MarkerCluster", "MethodCall",
        "MousePosition", "PolyLine", "PolyLineOffset", "PolyLineTextPath", "Polygon", "Popup",
        "Rectangle", "Search", "SetIcon", "StepColormap", "Tooltip", "TopoJson", "TreeLayerControl",
    }
)  # fmt: skip
"""Objects of folium and branca that are tested in a saved map without a network."""

_SCRIPT = re.compile(r"<script\b(?P<attributes>[^>]*)>(?P<code>.*?)</script\s*>", re.I | re.S)
_JAVASCRIPT_TYPE = re.compile(r"\btype\s*=\s*[\"']?(?!text/javascript|module)[\w/+.-]+", re.I)
# An element that fetches when it is parsed, with an address outside the page. A link (<a href>)
# fetches nothing until a reader follows it.
_FETCHING = re.compile(
    r"<(?P<tag>script|link|img|iframe|frame|embed|object|video|audio|source|track|image|use|input|"
    r"base|form|meta)\b[^>]*?\b(?:src|href|srcset|data|poster|action|content)\s*=\s*\\?[\"']?\s*"
    r"(?:\d+;\s*url=)?(?P<address>(?:https?:)?//[^\"'\s>\\]+)",
    re.I,
)
_CSS_FETCHING = re.compile(
    r"(?:url\(\s*\\?[\"']?|@import\s+\\?[\"'])(?P<address>(?:https?:)?//[^\"')\s\\]+)", re.I
)
_JQUERY = re.compile(r"(?<![\w$.])(?:\$|jQuery)(?:\(|\.)")

POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src {pictures}; "
    "font-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'"
)


_BETWEEN = "\x00"
_RANDOM = re.compile(r"_([0-9a-f]{32})(?![0-9a-f])")


def steady_names(page: str, root: Element) -> str:
    """Return a page whose elements are numbered as they come, so that a map gives the same bytes.

    folium names every element at random; only such names are replaced, wherever they stand.
    """
    known = {element._id for element in elements(root)}
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        name = match.group(1)
        return numbers.setdefault(name, f"_{len(numbers) + 1}") if name in known else match.group()

    return _RANDOM.sub(number, page)


def elements(root: Element) -> Iterator[Element]:
    """Walk the tree of a map, popups and their content included."""
    yield root
    for child in root._children.values():
        yield from elements(child)
    for part in ("header", "html", "script"):
        section = getattr(root, part, None)
        if isinstance(section, Element):
            yield from elements(section)


def check_supported(root: Element) -> None:
    """Refuse objects that need the network, naming them.

    Raises
    ------
    MapError
        If an object of folium or branca is not among `SUPPORTED`, or shows a picture that is not
        inside the page.
    """
    for element in elements(root):
        kind = type(element)
        library = kind.__module__.partition(".")[0]
        if library in ("folium", "branca") and kind.__name__ not in SUPPORTED:
            where = getattr(element, "tiles", None) or getattr(element, "url", None) or ""
            _refuse(f"{kind.__name__} {where}".strip())
        address: object = None
        if isinstance(element, folium.raster_layers.ImageOverlay):
            address = element.url
        elif isinstance(element, folium.CustomIcon):
            address = element.options.get("icon_url") or element.options.get("iconUrl")
        elif isinstance(element, folium.GeoJson) and not element.embed:
            address = element.embed_link
        elif isinstance(element, IFrame):
            _refuse("IFrame")
        if address is not None and not str(address).startswith("data:"):
            _refuse(f"{kind.__name__} {address}")


def offline_page(figure: Figure, *, lang: str, title: str, hosts: Sequence[str] = ()) -> str:
    """Return a rendered figure as one HTML page that needs nothing else.

    Parameters
    ----------
    figure : branca.element.Figure
        The root of the map; its children have been rendered.
    lang : str
        Language of the page, ``zh`` or ``en``.
    title : str
        Title of the page, as plain text.
    hosts : sequence of str
        Where the page may fetch pictures: the tiles of its basemap.

    Returns
    -------
    str

    Raises
    ------
    MapError
        If the map uses an address the package does not carry a file for, or one remains.
    """
    # Text inside the script does not end it: in a string <\/ is the same as </.
    code = re.sub(r"</(?=script)", r"<\\/", figure.script.render(), flags=re.I)
    code = code.replace("<!--", "<\\!--")
    body = figure.html.render()
    head = _head(figure, code)
    # As one text, so that a name is the same in each part.
    parts = [code, body, *(text for text, _ in head)]
    code, body, *texts = steady_names(_BETWEEN.join(parts), figure).split(_BETWEEN)
    head = [(text, carried) for text, (_, carried) in zip(texts, head, strict=True)]
    check_addresses("".join([*(text for text, carried in head if not carried), body, code]))
    end = f"</head>\n<body>\n{body}\n<script>{code}</script>\n</body>\n</html>\n"
    page = "\n".join([*(text for text, _ in head), end]).replace("\r\n", "\n")
    opening = (
        "<!DOCTYPE html>\n"
        f'<html lang="{"zh-CN" if lang == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(page, hosts)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # Services of tiles look where they are asked from, and refuse who does not say.
        f'<meta name="referrer" content="{"strict-origin" if hosts else "no-referrer"}">\n'
        f"<title>{escape_text(title)}</title>\n"
    )
    return opening + page


def policy(page: str, hosts: Sequence[str] = ()) -> str:
    """Return the content policy that lets exactly the scripts of this page run.

    Pictures come out of the page itself, and from the hosts named.
    """
    hashes = []
    for match in _SCRIPT.finditer(page):
        if _JAVASCRIPT_TYPE.search(match["attributes"]):
            continue
        digest = hashlib.sha256(match["code"].encode("utf-8")).digest()
        hashes.append(f"'sha256-{base64.b64encode(digest).decode('ascii')}'")
    pictures = " ".join(["data:", "blob:", *hosts])
    return POLICY.format(scripts=" ".join(dict.fromkeys(hashes)), pictures=pictures)


def check_addresses(text: str) -> None:
    """Refuse a page in which something would be fetched from outside it.

    Raises
    ------
    MapError
        Naming the address.
    """
    for pattern in (_FETCHING, _CSS_FETCHING):
        match = pattern.search(text)
        if match:
            _refuse(match["address"])


def _refuse(what: str) -> NoReturn:
    raise MapError(_MESSAGES("map_needs_offline", what=what))


def _head(figure: Figure, code: str) -> list[tuple[str, bool]]:
    """Return the parts of the head and whether each is one of the carried files."""
    links: list[tuple[str, bool]] = []
    rest: list[tuple[str, bool]] = []
    for name, child in figure.header._children.items():
        if name == "meta_http":
            continue
        if isinstance(child, JavascriptLink | CssLink):
            links.append((_carried(child.url), True))
        else:
            rest.append((child.render(), False))
    # Leaflet comes first in both lists; what only some objects need follows it.
    links[2:2] = [(_carried(address), True) for address in _needed(figure, code)]
    angles = {str(icon.options.get("extra_classes", "")) for icon in _icons(figure)}
    turns = "".join(
        f".{turn}{{transform:rotate({turn.rpartition('-')[2]}deg)}}"
        for turn in sorted(angles)
        if re.fullmatch(r"fa-rotate-\d+", turn) and turn != "fa-rotate-0"
    )
    if turns:
        rest.append((f"<style>{turns}</style>", False))
    return links + rest


def _needed(figure: Figure, code: str) -> list[str]:
    """Return the libraries folium always links and only some objects use, where they do."""
    needed = []
    if _JQUERY.search(code):
        needed.append(JQUERY)
    if "L.AwesomeMarkers" in code:
        needed += [f"{AWESOME_MARKERS}.js", f"{AWESOME_MARKERS}.css"]
        prefixes = {icon.options.get("prefix") for icon in _icons(figure)}
        if "fa" in prefixes:
            needed.append(FONT_AWESOME)
        if prefixes - {"fa"}:
            needed.append(GLYPHICONS)
    return needed


def _icons(figure: Figure) -> list[folium.Icon]:
    """Return the icons drawn from an icon font."""
    return [
        element
        for element in elements(figure)
        if isinstance(element, folium.Icon) and not isinstance(element, folium.CustomIcon)
    ]


def _carried(address: str) -> str:
    """Return a carried file as the element that stands in place of its link."""
    file = find(address)
    if file is None:
        _refuse(address)
    if file.endswith(".css"):
        return f"<style>{stylesheet(file)}</style>"
    return f"<script>{script(file)}</script>"
