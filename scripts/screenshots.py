"""Make the pictures of the README from the sample: a report and maps, in Chinese and English.

Run from the repository with the extras ``test`` installed and Chromium on the path::

    python scripts/screenshots.py
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import geo_citymgmt as gcm

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "images"
LANGUAGES = ("zh", "en")


def pages(folder: Path) -> Iterator[tuple[str, Path, tuple[int, int]]]:
    """Yield a name, a page and the size of its picture."""
    city = gcm.load_city(ROOT / "data" / "shapefiles")
    bays = city["bike_stations"].query("status == 'operating' and station_kind == 'bay'")
    for lang in LANGUAGES:
        maps = {
            "progress": gcm.progress_map(city, "manhole_remediated", lang=lang),
            "coverage": gcm.coverage_map(
                bays, city.zones, radius_m=300, layer="bike_stations", lang=lang
            ),
        }
        for name, drawn in maps.items():
            page = folder / f"{name}_{lang}.html"
            drawn.save(page)
            yield f"{name}_{lang}", page, (1180, 700)
        files = gcm.write_report(city, folder / f"report_{lang}", lang=lang)
        yield f"report_{lang}", files["index"], (1180, 860)


def main() -> int:
    """Write the pictures; needs no network."""
    from playwright.sync_api import sync_playwright

    chromium = (
        shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    )
    if chromium is None:
        print("no Chromium on the path", file=sys.stderr)
        return 2
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(offline=True)
        page = context.new_page()
        for name, file, (width, height) in pages(Path(folder)):
            page.set_viewport_size({"width": width, "height": height})
            page.goto(file.as_uri())
            if "report" not in name:
                page.wait_for_selector("html[data-ready=true]", state="attached", timeout=30_000)
            page.wait_for_timeout(500)
            page.screenshot(path=PICTURES / f"{name}.png")
            print(PICTURES / f"{name}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
