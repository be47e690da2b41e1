"""Make the pictures of the documentation from the sample: every page and map, zh and en.

Run from the repository with the extras ``test`` installed and Chromium on the path::

    python scripts/screenshots.py [--only NAME] [--out FOLDER]

Each is taken as wide as a desk's screen, a tablet and a phone. ``NAME_LANG.png`` is the widest,
which the README shows; the others end in their width.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import geo_citymgmt as gcm

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "images"
LANGUAGES = ("zh", "en")
SIZES = {1280: 800, 768: 1024, 390: 780}
#: All pictures together; more than this is a burden on every clone.
MOST_BYTES = 6_000_000
NAMES = ("report", "report_map", "bulletin", "city", "progress", "coverage", "layer", "zones")
#: Of the bulletin, which is as long as it takes: the top, in pixels, and at what share.
BULLETIN, SHARE = 1320, 0.65


def maps(city: gcm.City, lang: str) -> dict[str, Callable[[], gcm.CityMap]]:
    """Return how each kind of map is drawn."""
    bays = city["bike_stations"].query("status == 'operating' and station_kind == 'bay'")
    titles = {
        "zh": "各板块登记的违法建设面积密度",
        "en": "Density of recorded illegal construction by district",
    }
    labels = {"zh": "平方米/平方公里", "en": "m² per km²"}
    table = gcm.summarise(
        city["illegal_construction"], city.zones, area=("illegal_area_m2", "sum")
    )  # fmt: skip
    # Shades of a total would show how large a district is.
    table["density"] = table["area"] / (city.zones.to_crs("EPSG:4549").area / 1e6)
    return {
        "city": lambda: gcm.city_map(city, lang=lang),
        "progress": lambda: gcm.progress_map(city, "manhole_remediated", lang=lang),
        "coverage": lambda: gcm.coverage_map(
            bays, city.zones, radius_m=300, layer="bike_stations", lang=lang
        ),
        "layer": lambda: gcm.layer_map(
            city["parking_points"], "parking_points", zones=city.zones, lang=lang
        ),
        "zones": lambda: gcm.zone_map(
            table, city.zones, "density", label=labels[lang], title=titles[lang], lang=lang
        ),
    }


def pages(folder: Path, only: set[str]) -> Iterator[tuple[str, Path]]:
    """Yield a name and a page."""
    city = gcm.load_city(ROOT / "data" / "shapefiles")
    for lang in LANGUAGES:
        for name, draw in maps(city, lang).items():
            if name in only:
                page = folder / f"{name}_{lang}.html"
                draw().save(page)
                yield f"{name}_{lang}", page
        if only & {"report", "report_map", "bulletin"}:
            files = gcm.write_report(
                city, folder / f"report_{lang}", lang=lang, bulletin="bulletin" in only
            )
            made = {"report": "index", "report_map": "map", "bulletin": "bulletin_png"}
            for name, key in made.items():
                if name in only:
                    yield f"{name}_{lang}", files[key]


def small(png: bytes) -> bytes:
    """Return a picture of 256 colours, which is what flat maps and text need."""
    from PIL import Image

    picture = Image.open(BytesIO(png)).convert("RGB")
    out = BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def top(picture: Path) -> bytes:
    """Return the top of a long picture, smaller."""
    from PIL import Image

    with Image.open(picture) as long:
        part = long.convert("RGB").crop((0, 0, long.width, BULLETIN))
    out = BytesIO()
    part.resize((round(part.width * SHARE), round(part.height * SHARE))).save(out, "PNG")
    return out.getvalue()


def take(folder: Path, only: set[str]) -> int:
    """Write the pictures and return how many bytes they are; needs no network."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    if path is None:
        raise SystemExit("no Chromium on the path")
    folder.mkdir(parents=True, exist_ok=True)
    total = 0
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name, file in pages(Path(made), only):
            if file.suffix == ".png":
                target = folder / f"{name}.png"
                target.write_bytes(small(top(file)))
                total += target.stat().st_size
                continue
            for width, height in SIZES.items():
                context = browser.new_context(
                    offline=True, viewport={"width": width, "height": height}, locale="zh-CN"
                )
                page = context.new_page()
                page.goto(file.as_uri())
                if not name.startswith(("report_zh", "report_en")):
                    page.wait_for_selector(
                        "html[data-ready=true]", state="attached", timeout=60_000
                    )
                page.wait_for_timeout(500)
                target = folder / (f"{name}.png" if width == 1280 else f"{name}_{width}.png")
                target.write_bytes(small(page.screenshot()))
                total += target.stat().st_size
                print(f"{target.name}  {target.stat().st_size:,}")
                context.close()
        browser.close()
    return total


def main() -> int:
    """Write the pictures; 1 if they are too many bytes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", action="append", choices=NAMES)
    parser.add_argument("--out", type=Path, default=PICTURES)
    told = parser.parse_args()
    total = take(told.out, set(told.only or NAMES))
    print(f"{total:,} bytes")
    return int(total > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
