"""The browser libraries the package carries: which address is answered by which file."""

from __future__ import annotations

import base64
import json
import mimetypes
import re
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

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
def _files() -> dict[str, str]:
    """Return the local file of each address."""
    return {
        address: entry["file"]
        for package in manifest()["packages"]
        for entry in package["files"]
        for address in entry["addresses"]
    }


@lru_cache(maxsize=1)
def _carried() -> frozenset[str]:
    return frozenset(
        entry["file"] for package in manifest()["packages"] for entry in package["files"]
    )


def find(address: str) -> str | None:
    """Return the carried file that answers an address, or None."""
    return _files().get(address)


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
        found = "/".join(parts)
        return found if found in _carried() else None

    def font_sources(match: re.Match[str]) -> str:
        kept = [
            f'url("{data_uri(found)}") format("woff2")'
            for url in _URL.finditer(match["sources"])
            if (found := local(url["target"]))
        ]
        return f"src:{','.join(kept)}" if kept else "src:local('none')"

    def picture(match: re.Match[str]) -> str:
        target = match["target"]
        if target.startswith(("data:", "#")):
            return match.group()
        found = local(target)
        return f'url("{data_uri(found)}")' if found else "none"

    def font_face(match: re.Match[str]) -> str:
        return _FONT_SOURCE.sub(font_sources, match.group())

    text = re.sub(r"@font-face\s*{[^}]*}", font_face, text)
    return _URL.sub(picture, text).replace("</style", "<\\/style")


@lru_cache(maxsize=32)
def own(name: str) -> str:
    """Return one of the package's own page files (``citymap.js``, ``citymap.css``...)."""
    return (files("geo_citymgmt.maps") / "page" / name).read_text(encoding="utf-8")
