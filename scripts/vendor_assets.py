"""Fetch the pinned browser libraries that offline maps carry, and write their manifest.

Run it after changing a version below; it needs ``npm`` on the path and network access:

    python scripts/vendor_assets.py

Every file is taken unchanged out of ``npm pack PACKAGE@VERSION`` (the one exception, the glyphicon
rules cut out of Bootstrap 3, is marked ``derived``). The manifest says which address that folium or
branca writes is answered by which file, so a saved map can be made without a network.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "geo_citymgmt" / "maps" / "assets"

JSDELIVR = "https://cdn.jsdelivr.net/npm/"
CDNJS = "https://cdnjs.cloudflare.com/ajax/libs/"


@dataclass
class Package:
    """One npm package: what is taken from it and which addresses its files answer."""

    name: str
    version: str
    licence: str
    licence_file: str
    files: dict[str, list[str]]
    derived: dict[str, str] = field(default_factory=dict)


PACKAGES = [
    Package(
        "leaflet",
        "1.9.4",
        "BSD-2-Clause",
        "LICENSE",
        {
            # The address says 1.9.3; 1.9.4 is the repair release of the same line.
            "dist/leaflet.js": [
                f"{JSDELIVR}leaflet@{v}/dist/leaflet.js" for v in ("1.9.3", "1.9.4")
            ],
            "dist/leaflet.css": [
                f"{JSDELIVR}leaflet@{v}/dist/leaflet.css" for v in ("1.9.3", "1.9.4")
            ],
            "dist/images/layers.png": [],
            "dist/images/layers-2x.png": [],
            "dist/images/marker-icon.png": [],
            "dist/images/marker-icon-2x.png": [],
            "dist/images/marker-shadow.png": [],
        },
    ),
    Package(
        "jquery",
        "3.7.1",
        "MIT",
        "LICENSE.txt",
        {
            "dist/jquery.min.js": [
                "https://code.jquery.com/jquery-3.7.1.min.js",
                f"{CDNJS}jquery/3.7.1/jquery.min.js",
            ]
        },
    ),
    Package(
        "leaflet.markercluster",
        "1.5.3",
        "MIT",
        "MIT-LICENCE.txt",
        {
            f"dist/{name}": [f"{CDNJS}leaflet.markercluster/{v}/{name}" for v in ("1.1.0", "1.5.3")]
            for name in (
                "leaflet.markercluster.js",
                "MarkerCluster.css",
                "MarkerCluster.Default.css",
            )
        },
    ),
    Package(
        "leaflet.featuregroup.subgroup",
        "1.0.2",
        "BSD-2-Clause",
        "LICENSE",
        {
            "dist/leaflet.featuregroup.subgroup.js": [
                "https://unpkg.com/leaflet.featuregroup.subgroup@1.0.2/dist/leaflet.featuregroup.subgroup.js"
            ]
        },
    ),
    Package(
        "leaflet.fullscreen",
        "3.0.0",
        "MIT",
        "LICENSE",
        {
            "Control.FullScreen.js": [
                f"{JSDELIVR}leaflet.fullscreen@3.0.0/Control.FullScreen.min.js"
            ],
            "Control.FullScreen.css": [
                f"{JSDELIVR}leaflet.fullscreen@3.0.0/Control.FullScreen.css"
            ],
            "icon-fullscreen.svg": [],
        },
    ),
    Package(
        "leaflet-search",
        "2.9.7",
        "MIT",
        "license.txt",
        {
            "dist/leaflet-search.min.js": [
                f"{JSDELIVR}leaflet-search@2.9.7/dist/leaflet-search.min.js"
            ],
            "dist/leaflet-search.min.css": [
                f"{JSDELIVR}leaflet-search@2.9.7/dist/leaflet-search.min.css"
            ],
            "images/search-icon.png": [],
            "images/loader.gif": [],
        },
    ),
    Package(
        "leaflet.heat",
        "0.2.0",
        "BSD-2-Clause",
        "LICENSE",
        {
            "dist/leaflet-heat.js": [
                f"https://cdn.jsdelivr.net/gh/python-visualization/folium@{ref}/folium/templates/"
                "leaflet_heat.min.js"
                for ref in ("main", "master")
            ]
        },
    ),
    Package(
        "leaflet-mouse-position",
        "1.2.0",
        "MIT",
        "MIT-LICENCE.txt",
        {
            f"src/L.Control.MousePosition.{kind}": [
                "https://cdn.jsdelivr.net/gh/ardhi/Leaflet.MousePosition/src/"
                f"L.Control.MousePosition.min.{kind}"
            ]
            for kind in ("js", "css")
        },
    ),
    Package(
        "leaflet-groupedlayercontrol",
        "0.6.1",
        "MIT",
        "LICENSE.txt",
        {
            f"dist/leaflet.groupedlayercontrol.min.{kind}": [
                f"{CDNJS}leaflet-groupedlayercontrol/0.6.1/leaflet.groupedlayercontrol.min.{kind}"
            ]
            for kind in ("js", "css")
        },
    ),
    Package(
        "leaflet.control.layers.tree",
        "1.1.0",
        "BSD-3-Clause",
        "LICENSE",
        {
            f"L.Control.Layers.Tree.{kind}": [
                f"{JSDELIVR}leaflet.control.layers.tree@1.1.0/L.Control.Layers.Tree.min.{kind}"
            ]
            for kind in ("js", "css")
        },
    ),
    Package(
        "leaflet-textpath",
        "1.2.3",
        "MIT",
        "LICENSE",
        {
            "leaflet.textpath.js": [f"{JSDELIVR}leaflet-textpath@1.2.3/leaflet.textpath.min.js"],
        },
    ),
    Package(
        "leaflet-polylineoffset",
        "1.1.1",
        "MIT",
        "LICENSE",
        {
            "leaflet.polylineoffset.js": [
                f"{JSDELIVR}leaflet-polylineoffset@1.1.1/leaflet.polylineoffset.min.js"
            ],
        },
    ),
    Package(
        "d3",
        "3.5.5",
        "BSD-3-Clause",
        "LICENSE",
        {"d3.min.js": [f"{CDNJS}d3/3.5.5/d3.min.js"]},
    ),
    Package(
        "topojson",
        "1.6.9",
        "BSD-3-Clause",
        "LICENSE",
        {"topojson.min.js": [f"{CDNJS}topojson/1.6.9/topojson.min.js"]},
    ),
    Package(
        "leaflet.awesome-markers",
        "2.0.5",
        "MIT",
        "LICENSE",
        {
            # The minified file of this package is of an older version.
            "dist/leaflet.awesome-markers.js": [
                f"{CDNJS}Leaflet.awesome-markers/2.0.2/leaflet.awesome-markers.js"
            ],
            "dist/leaflet.awesome-markers.css": [
                f"{CDNJS}Leaflet.awesome-markers/2.0.2/leaflet.awesome-markers.css"
            ],
            "dist/images/markers-soft.png": [],
            "dist/images/markers-soft@2x.png": [],
            "dist/images/markers-shadow.png": [],
            "dist/images/markers-shadow@2x.png": [],
        },
    ),
    Package(
        "@fortawesome/fontawesome-free",
        "6.2.0",
        "CC-BY-4.0 AND OFL-1.1 AND MIT",
        "LICENSE.txt",
        {
            "css/all.min.css": [f"{JSDELIVR}@fortawesome/fontawesome-free@6.2.0/css/all.min.css"],
            "webfonts/fa-solid-900.woff2": [],
            "webfonts/fa-regular-400.woff2": [],
        },
    ),
    Package(
        "bootstrap",
        "3.4.1",
        "MIT",
        "LICENSE",
        {"dist/fonts/glyphicons-halflings-regular.woff2": []},
        derived={
            "dist/css/glyphicons.css": (
                "https://netdna.bootstrapcdn.com/bootstrap/3.0.0/css/bootstrap-glyphicons.css"
            )
        },
    ),
]


def glyphicon_rules(package: Path) -> str:
    """Cut the glyphicon rules out of Bootstrap's stylesheet: the rest restyles the page."""
    css = (package / "dist/css/bootstrap.css").read_text(encoding="utf-8")
    rules = re.findall(r"@font-face\s*{[^}]*Glyphicons[^}]*}|\.glyphicon[^{}]*{[^}]*}", css)
    return "/*! Glyphicon rules of Bootstrap v3.4.1, MIT licence */\n" + "\n".join(rules) + "\n"


def unpack(package: Package, folder: Path) -> Path:
    """Let npm fetch and check the package, and return the folder of its content."""
    subprocess.run(
        ["npm", "pack", f"{package.name}@{package.version}", "--silent"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "package"


def vendor(package: Package) -> dict[str, object]:
    """Copy one package's files into the assets and return its manifest entry."""
    home = ASSETS / package.name.lstrip("@").replace("/", "-")
    entries = []
    with tempfile.TemporaryDirectory() as temporary:
        source = unpack(package, Path(temporary))
        for name, addresses in package.files.items():
            target = home / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target)
            entries.append(describe(target, addresses))
        for name, address in package.derived.items():
            target = home / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(glyphicon_rules(source), encoding="utf-8", newline="\n")
            entries.append({**describe(target, [address]), "derived": True})
        licence = home / "LICENCE.txt"
        shutil.copyfile(source / package.licence_file, licence)
    return {
        "package": package.name,
        "version": package.version,
        "licence": package.licence,
        "licence_file": licence.relative_to(ASSETS).as_posix(),
        "files": entries,
    }


def describe(path: Path, addresses: list[str]) -> dict[str, object]:
    """Return the manifest line of one file."""
    content = path.read_bytes()
    return {
        "file": path.relative_to(ASSETS).as_posix(),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "addresses": addresses,
    }


def main() -> None:
    """Rebuild the assets folder from nothing."""
    shutil.rmtree(ASSETS, ignore_errors=True)
    ASSETS.mkdir(parents=True)
    manifest = {"packages": [vendor(package) for package in PACKAGES]}
    (ASSETS / "manifest.json").write_text(
        json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
    )


if __name__ == "__main__":
    main()
