"""The carried Chinese font draws whatever the package writes."""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib
import pytest
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure

import geo_citymgmt
from geo_citymgmt.fonts import CJK_FAMILY, cjk_font_path, font_families, lacking

PACKAGE = Path(geo_citymgmt.__file__).parent
#: Words that columns and files are recognised by.
WORDLISTS = {
    "traditional.csv",
    "concepts.toml",
    "units.toml",
    "coordinates.toml",
    "sheets.toml",
    "_coordinate_columns.py",
}
CJK = range(0x2E80, 0xFFEF)


@pytest.fixture(scope="module")
def font() -> TTFont:
    return TTFont(cjk_font_path())


def test_the_font_is_one_face_that_a_pdf_can_embed_and_small(font):
    assert {"glyf", "cmap", "hmtx"} <= set(font.keys())
    assert not {"CFF ", "fvar"} & set(font.keys())
    assert font["OS/2"].fsType == 0  # embedding is not restricted
    assert cjk_font_path().stat().st_size <= 2_000_000


def test_the_font_bears_neither_a_reserved_name_nor_a_trademark_and_its_licence_lies_beside(font):
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            assert "source" not in str(record).lower()
            assert "noto" not in str(record).lower()
    assert "SIL Open Font License" in font["name"].getDebugName(13)
    licence = (cjk_font_path().parent / "OFL.txt").read_text(encoding="utf-8")
    assert "Reserved Font Name 'Source'" in licence
    assert "PERMISSION & CONDITIONS" in licence


def test_gb_2312_and_the_names_it_lacks_are_all_there():
    level = "".join(
        bytes([row, cell]).decode("gb2312", errors="ignore")
        for row in range(0xB0, 0xF8)
        for cell in range(0xA1, 0xFF)
    )
    assert len(level) == 6763
    assert lacking(level + "甪直堽") == ""


def test_every_chinese_character_the_package_writes_is_there():
    files = [
        file
        for kind in ("*.py", "*.toml", "*.csv", "*.json", "*.js", "*.j2")
        for file in PACKAGE.rglob(kind)
        # What headings are told by is read, and written nowhere.
        if "assets" not in file.parts and file.name not in WORDLISTS
    ]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    text = "".join(line for line in lines if not line.lstrip().startswith(("looks = ", ">>>")))
    written = "".join(c for c in dict.fromkeys(text) if ord(c) in CJK and c not in "鿿\uff00")
    assert len(written) > 1000
    assert lacking(written) == "", "run scripts/subset_font.py"


def test_the_names_of_districts_and_streets_leave_no_box_in_a_chart(city):
    names = [*city.zones["name_zh"], *city.zones_at("street")["name"]]
    with matplotlib.rc_context({"font.family": list(font_families())}), warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = Figure()
        figure.text(0.1, 0.5, "".join(names) + "－ 12.5% m² ≤ ±")
        figure.canvas.draw()
    assert "甪" in "".join(names)


def test_what_the_font_lacks_is_told_once_each():
    assert lacking("龘苏龘\n𠮷") == "龘𠮷"


def test_the_font_found_by_its_family_is_the_carried_one():
    font_families()
    found = matplotlib.font_manager.findfont(CJK_FAMILY, fallback_to_default=False)
    assert Path(found) == cjk_font_path()
