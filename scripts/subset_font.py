"""Make the Chinese font that the package carries, out of Noto Sans CJK.

Needs fonttools and the Debian package ``fonts-noto-cjk`` (2.004); run with the package on the
path::

    python scripts/subset_font.py [NotoSansCJK-Regular.ttc]

The outlines become quadratic, because libraries that embed fonts in a PDF read TrueType outlines
and few read CFF collections. The same input gives the same bytes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

from geo_citymgmt.fonts import CJK_FAMILY, cjk_font_path

SOURCE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
FACE = "Noto Sans CJK SC"
PACKAGE = Path(__file__).resolve().parent.parent / "geo_citymgmt"
WRITTEN = {".py", ".toml", ".csv", ".json", ".js", ".j2", ".css"}
# Names of places that GB 2312 lacks, and what reports write beside it.
FURTHER = "甪堽〇㎡²³·–—…‘’“”•−×÷≤≥≈±°′″‰→←↑↓△▲▼●○■□★☆①②③④⑤⑥⑦⑧⑨⑩〔〕【】《》「」￥€℃№"
# How far a quadratic curve may leave the cubic one, in thousandths of the em.
MAX_ERROR = 1.8
STYLE = (
    "version", "usWeightClass", "usWidthClass", "fsType", "fsSelection", "sTypoAscender",
    "sTypoDescender", "sTypoLineGap", "usWinAscent", "usWinDescent", "sxHeight", "sCapHeight",
    "panose",
)  # fmt: skip


def characters() -> set[int]:
    """Return every character the font has to draw: GB 2312 and all that the package writes."""
    wanted = set(range(0x20, 0x7F)) | set(range(0xA0, 0x100)) | {ord(c) for c in FURTHER}
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            wanted |= {ord(c) for c in bytes([row, cell]).decode("gb2312", errors="ignore")}
    for file in sorted(PACKAGE.rglob("*")):
        if file.suffix in WRITTEN and "assets" not in file.parts:
            text = file.read_text(encoding="utf-8")
            text += "".join(
                chr(int(code, 16)) for code in re.findall(r"\\u([0-9a-f]{4})", text, re.I)
            )
            wanted |= {ord(c) for c in text if 0x20 <= ord(c) < 0xD800 or 0xF900 <= ord(c) < 0xFFFE}
    return wanted


def face(path: Path) -> TTFont:
    """Return the Simplified Chinese face of the collection."""
    for font in TTCollection(path).fonts:
        if font["name"].getDebugName(4) == FACE:
            return font
    raise SystemExit(f"{path} has no face {FACE}")


def subset(font: TTFont, wanted: set[int]) -> None:
    """Leave only the wanted characters, and no layout beside them."""
    options = Options()
    options.layout_features = []
    options.hinting = False
    options.name_IDs = ["*"]
    options.drop_tables += ["GPOS", "GSUB", "GDEF", "BASE", "VORG", "vhea", "vmtx", "kern"]
    options.desubroutinize = True
    options.notdef_outline = True
    tool = Subsetter(options)
    tool.populate(unicodes=wanted)
    tool.subset(font)


def to_truetype(font: TTFont) -> TTFont:
    """Return the font with quadratic outlines and names of its own."""
    order = font.getGlyphOrder()
    shapes = font.getGlyphSet()
    # Short names of glyphs: the table of names would be a tenth of the file.
    names = {old: ".notdef" if i == 0 else f"g{i}" for i, old in enumerate(order)}
    glyphs, widths = {}, {}
    for old, new in names.items():
        pen = TTGlyphPen(None)
        shapes[old].draw(Cu2QuPen(pen, MAX_ERROR, reverse_direction=True))
        glyphs[new] = pen.glyph()
        widths[new] = shapes[old].width
    out = FontBuilder(font["head"].unitsPerEm, isTTF=True)
    out.setupGlyphOrder([names[old] for old in order])
    out.setupCharacterMap({code: names[old] for code, old in font.getBestCmap().items()})
    out.setupGlyf(glyphs)
    lsb = {new: getattr(glyphs[new], "xMin", 0) for new in glyphs}
    out.setupHorizontalMetrics({new: (widths[new], lsb[new]) for new in glyphs})
    head, line, style = font["head"], font["hhea"], font["OS/2"]
    out.setupHorizontalHeader(ascent=line.ascent, descent=line.descent, lineGap=line.lineGap)
    out.setupNameTable(
        {
            "copyright": font["name"].getDebugName(0),
            "familyName": CJK_FAMILY,
            "styleName": "Regular",
            "uniqueFontIdentifier": f"{CJK_FAMILY} 1",
            "fullName": CJK_FAMILY,
            "version": "Version 2.004; subset with quadratic outlines",
            "psName": CJK_FAMILY.replace(" ", ""),
            "licenseDescription": font["name"].getDebugName(13),
            "licenseInfoURL": font["name"].getDebugName(14),
        }
    )
    out.setupOS2(
        **{key: getattr(style, key) for key in STYLE},
        achVendID="    ",
    )
    out.setupPost(keepGlyphNames=False)
    # No time of making: the same input gives the same bytes.
    out.updateHead(created=head.created, modified=head.modified, fontRevision=head.fontRevision)
    out.font.recalcTimestamp = False
    return out.font


def main() -> None:
    """Write the font beside its module and say how large it is."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    font = face(source)
    wanted = characters()
    known = set(font.getBestCmap())
    subset(font, wanted)
    made = to_truetype(font)
    made.save(cjk_font_path())
    print(f"{cjk_font_path().stat().st_size:,} bytes, {len(made.getBestCmap()):,} characters")
    missing = "".join(sorted(chr(c) for c in wanted - known))
    print(f"not in {FACE}: {missing!r}" if missing else "nothing missing")


if __name__ == "__main__":
    main()
