"""What a source is, by its content; what is not read, and the way out; what a file's name adds."""

from __future__ import annotations

import bz2
import lzma
import pickletools
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path, PurePath

from geo_citymgmt._languages import Text, packaged_table
from geo_citymgmt.reading._limits import refuse_devices
from geo_citymgmt.reading._messages import failure, phrase, refused, unreadable, wording

#: Within so many bytes a file that is no text has a zero.
_START = 64
#: So much of what is packed is looked at, and so many signs of a pickle.
_PEEKED, _SIGNS = 4096, 6
#: With which pickles of protocols 2 to 5 begin, and signs those of 0 and 1 begin with.
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in (2, 3, 4, 5))
_FIRST_SIGNS = ("GLOBAL", "MARK", "EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE")
#: Of which every pickle has one among its first.
_TELLING = frozenset(("GLOBAL", "PUT", "BINPUT", "DICT", "LIST"))
_UNPACKERS: dict[bytes, Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]] = {
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lzma.LZMADecompressor,
}
_GZIP, _ZLIB = b"\x1f\x8b", (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")

#: What the streams of a compound file say that it is.
_STREAMS = {"EncryptedPackage": "workbook_locked", "WordDocument": "word_document"}


@dataclass(frozen=True)
class _Kind:
    """A kind of file: how it begins, what it is, and what to do with it."""

    begins: bytes
    at: int
    says: str
    binary: bool
    cause: Text
    remedy: Text


def unread_kind(head: bytes) -> tuple[Text, Text] | None:
    """Return what a file is that no reader takes, and how it is to be saved instead.

    Parameters
    ----------
    head : bytes
        How it begins, some thousands of bytes.

    Examples
    --------
    >>> unread_kind(b"Rar!\\x1a\\x07\\x00")[1].en
    'Unpack it first and give the folder, or pack it as .zip.'
    >>> unread_kind(b"id,lon,lat") is None
    True
    """
    if _is_pickle(head) or _is_pickle(_packed(head)):
        return wording("pickle")
    is_text = b"\0" not in head[:_START]
    text = _text_of(head[:_PEEKED]).casefold()
    for kind in _kinds():
        if kind.says:
            hit = text.startswith(kind.says.casefold())
        else:
            hit = head.startswith(kind.begins, kind.at) and not (kind.binary and is_text)
        if hit:
            return kind.cause, kind.remedy
    return None


def unread_compound(path: Path) -> tuple[Text, Text] | None:
    """Return what a compound file of Office is, where it is no workbook that can be opened.

    Its directory says so; what is locked is wrapped as a whole, and looks like nothing else.
    """
    with path.open("rb") as file:
        head = file.read(512)
        if len(head) < 512:
            return None
        size, first = 1 << min(head[30], 12), int.from_bytes(head[48:52], "little")
        file.seek((first + 1) * size)
        directory = file.read(_PEEKED)
    names = {
        directory[at : at + 64].decode("utf-16-le", "ignore").partition("\0")[0]
        for at in range(0, len(directory), 128)
    }
    return next((wording(key) for name, key in _STREAMS.items() if name in names), None)


@cache
def _kinds() -> list[_Kind]:
    rows = packaged_table("geo_citymgmt.reading", "refused.toml")["file"]
    return [
        _Kind(
            bytes.fromhex(row.get("begins", "")),
            row.get("at", 0),
            row.get("says", ""),
            row.get("binary", False),
            Text(f"是{row['zh']}，不能读取。", f"{row['en']}, which is not read."),
            Text(row["remedy_zh"], row["remedy_en"]),
        )
        for row in rows
    ]


def _text_of(head: bytes) -> str:
    """Return the beginning of a text without marks and blanks before it."""
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = head.decode("utf-16" if wide else "utf-8", "ignore")
    return text.lstrip("\ufeff \t\r\n")


def _is_pickle(head: bytes) -> bool:
    """Whether bytes are a pickle, by signs that a text does not have in this order."""
    if head.startswith(_PICKLES):
        return True
    if not head or head[:1] not in b"c(}])":
        return False
    names = []
    try:
        for sign, _, _ in pickletools.genops(head):
            names.append(sign.name)
            if len(names) == _SIGNS or sign.name == "STOP":
                break
    except Exception:  # of whatever kind its own reader raises: it is none
        return False
    is_begun = names[0] in _FIRST_SIGNS and not _TELLING.isdisjoint(names)
    return is_begun and (names[-1] == "STOP" or len(names) == _SIGNS)


def _packed(head: bytes) -> bytes:
    """Return the first bytes of what is packed; nothing where that cannot be told."""
    try:
        if head.startswith((_GZIP, *_ZLIB)):
            return zlib.decompressobj(47).decompress(head, _PEEKED)
        for begins, unpacker in _UNPACKERS.items():
            if head.startswith(begins):
                return unpacker().decompress(head, _PEEKED)
    except (zlib.error, OSError, lzma.LZMAError, EOFError):
        pass
    return b""


#: What is recognised, and how it is called before people.
KINDS = packaged_table("geo_citymgmt.reading", "formats.toml")["kinds"]
#: Texts under any of these are tables: what an export calls .xls is often one.
_TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".xls", ".xlsx", ".et", ".prn")
#: Parts of a shapefile; its .dbf can be a table of its own.
_COMPANIONS = (".shx", ".sbn", ".sbx", ".prj", ".cpg", ".qix", ".qpj")
_HEAD = 65_536
#: Files of Office before 2007, and what is locked since.
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: So many bytes of zero are damage even in a short text.
_FEW_ZEROS = 8
_XML_ROOT = re.compile(r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")
_XML_PROLOG = re.compile(rb"<!(DOCTYPE|ENTITY)", re.I)
#: A root that pretends to be one thing may hold, further down, what another driver looks for.
_ACTIVE = (b"<OGRVRT", b"<VRTDataset", b"<GDAL_WMS", b"<WMS_", b"<OGRWFS", b"<WFS", b"<OGRWCS",
           b"gdal_streamed_alg", b"<SrcDataSource", b"<MapML", b"<GDALTileIndex",
           b"opengis.net/gml", b"opengis.net/wfs", b"<gpx", b"<rss", b"<osm", b"<feed")  # fmt: skip
#: Marks of another driver that are at home in one kind.
_AT_HOME = {
    "gpx": (b"<gpx",),
    "gml": (b"opengis.net/gml", b"opengis.net/wfs", b"<WFS"),
}
_MAPINFO, _MIF = re.compile(rb"\s*!table\b", re.I), re.compile(rb"\s*version\s+\d+", re.I)
_COLUMNS = re.compile(rb"^[ \t]*columns[ \t]+\d+", re.I | re.M)
#: With which the text of the land offices begins.
_BOUNDARY = tuple("[属性描述]".encode(name) for name in ("utf-8", "gb18030"))
_DXF = re.compile(rb"\s*(?:999\r?\n[^\n]*\n\s*)*0[ \t]*\r?\n[ \t]*SECTION[ \t]*\r?\n")
_NATIVE = re.compile(
    rb"definition\s+table\s+(?:description[^\n]*\n\s*)?type\s+\"?(?:native|dbf)\b", re.I
)
_LINKED = re.compile(
    rb"\bopen\s+table\b|\bcreate\s+view\b|IsSeamless\"?\s*=\s*\"?TRUE|\bfile\s+\"[^\"]*[\\/:]", re.I
)
_DBF_VERSIONS = {0x02, 0x03, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0x8C, 0xCB, 0xF5, 0xFB}

#: So many layers can be meant together, in a list to be copied; of more, one is.
_COPIED = 20


def name_one(names: Sequence[str]) -> Text:
    """Return the remedy for a source of several layers of which it is not said which is meant."""
    if len(names) > _COPIED:
        return phrase("name_one_sublayer", name=names[0])
    listed = ", ".join(f'"{name}"' for name in names)
    return phrase("name_some_sublayers", listed=listed)


def sniff(path: Path) -> str:
    """Return what ``path`` holds, a key of :data:`KINDS`.

    Raises
    ------
    SourceError
        SOURCE_REFUSED where it is something that would open other things, or nothing known.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.csv"
    ...     _ = path.write_text("编号,经度,纬度\\n1,120.6,31.3\\n", encoding="utf-8")
    ...     sniff(path)
    'csv'
    """
    if path.is_dir():
        is_gdb = any(p.suffix.lower() == ".gdbtable" for p in path.iterdir())
        return "filegdb" if is_gdb else "folder"
    head = _head(path)
    suffix = path.suffix.lower()
    if suffix in _COMPANIONS:
        raise failure("shapefile_part", path.name, suffix=suffix, stem=path.stem)
    kind = _by_magic(path, head)
    if kind:
        return kind
    if suffix == ".shp":
        # Its reader says what is wrong with it.
        return "shapefile"
    if suffix == ".dbf" and len(head) >= 32 and head[0] in _DBF_VERSIONS:
        return "dbf"
    if not head.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise failure("file_empty", path.name)
    # What stands before the first value of a sequence of JSON is a mark of its own.
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x0b\x0c\x1e")
    text = _as_text(head)
    if body.startswith(_BOUNDARY):
        return "boundary points"
    if body[:1] in (b"{", b"["):
        return "geojson"
    if text is not None and text.lstrip("\ufeff \t\r\n").startswith("<"):
        return _xml(path, text)
    if _DXF.match(body) or head.startswith(b"AutoCAD Binary DXF"):
        _refuse_active(path)
        return "dxf"
    if _MAPINFO.match(head):
        # It may open other tables, or be kept in a database or file elsewhere.
        table = path.read_bytes()[:_HEAD]
        if _LINKED.search(table) or not _NATIVE.search(table):
            raise failure("mapinfo_linked", path.name)
        return "mapinfo"
    if _MIF.match(head) and _COLUMNS.search(head):
        return "mif"
    if (other := unread_kind(head)) is not None:
        raise refused(path.name, *other)
    if text is not None and suffix in _TEXT_SUFFIXES:
        return "csv"
    raise failure("format_unknown", path.name, known=_known())


def _known() -> str:
    return ", ".join(dict.fromkeys(suffix for suffix in KINDS.values() if suffix))


def way_out(path: Path) -> Text | None:
    """Return what a file is that no reader takes, and how to save it instead; None for others.

    Raises
    ------
    SourceError
        It cannot be opened.
    """
    head = _head(path)
    reported = unread_compound(path) if head[:8] == _COMPOUND else unread_kind(head)
    if reported is None:
        return None
    cause, remedy = reported
    return Text(f"{cause.zh}{remedy.zh}".rstrip("。"), f"{cause.en} {remedy.en}".rstrip("."))


def _head(path: Path) -> bytes:
    refuse_devices(path)
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise failure("file_locked", path.name, error=error.strerror) from error


def _by_magic(path: Path, head: bytes) -> str | None:
    if head[:4] == b"\x00\x00\x27\x0a":
        # The indices begin with the same bytes.
        return "shapefile"
    if head[:16] == b"SQLite format 3\x00":
        return "geopackage"
    if head[:4] == b"PAR1":
        return "parquet"
    if head[:3] == b"fgb" and head[4:7] == b"fgb":
        return "flatgeobuf"
    if head[:8] == _COMPOUND:
        if (other := unread_compound(path)) is not None:
            raise unreadable(path.name, *other)
        return "workbook"
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
        return _zip_kind(path)
    return None


def _zip_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise failure("archive_damaged", path.name, error=error) from error
    if names & {"xl/workbook.xml", "xl/workbook.bin"}:
        return "workbook"
    if "mimetype" in names and "content.xml" in names:
        return "workbook"
    if names & {"word/document.xml", "ppt/presentation.xml"}:
        raise failure("office_document", path.name)
    return "zip"


def _as_text(head: bytes) -> str | None:
    """The head as text where it is text: a byte of a binary file is no control character."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head[: len(head) // 2 * 2].decode("utf-16", "ignore")
    if b"\x00" in head:
        if head.count(0) > max(len(head) // 100, min(_FEW_ZEROS, len(head) // 8)):
            return None
        # A few in a text are damage to it; a binary file is full of them.
        head = head.replace(b"\x00", b"")
    controls = sum(head.count(bytes([c])) for c in (*range(1, 9), *range(14, 27), 28, 29, 30, 31))
    if controls > len(head) // 100:
        return None
    return head.decode("utf-8", "ignore")


def _xml(path: Path, text: str) -> str:
    root = _XML_ROOT.search(text)
    name = root[1] if root else "?"
    if name.lower() in ("html", "table", "body", "div", "style", "meta", "head"):
        return "web table"
    if name == "Workbook" and "urn:schemas-microsoft-com:office:spreadsheet" in text:
        _refuse_active(path)
        return "sheet xml"
    if name == "gpx":
        _refuse_active(path, _AT_HOME["gpx"])
        return "gpx"
    if "opengis.net/gml" in text and name != "kml":
        _refuse_active(path, _AT_HOME["gml"])
        return "gml"
    if name != "kml":
        raise failure("xml_other", path.name, name=name, known=_known())
    _refuse_active(path)
    return "kml"


def _refuse_active(path: Path, at_home: tuple[bytes, ...] = ()) -> None:
    """Refuse a text that declares entities or holds what other drivers look for, anywhere."""
    active = [mark for mark in _ACTIVE if mark not in at_home]
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            # Of a text in UTF-16 half the bytes are zeros; its reader gets it in UTF-8.
            window = tail + chunk.replace(b"\0", b"")
            if _XML_PROLOG.search(window):
                raise failure("xml_entities", path.name)
            active_mark = next((mark for mark in active if mark in window), None)
            if active_mark:
                raise failure("text_active", path.name, mark=active_mark.decode())
            tail = window[-64:]


#: A day, a month or a year; letters before it make it a number of another kind, as in T2022.
_DATE = re.compile(
    r"(?<![0-9a-z])(?:19|20)\d\d"
    r"(?:[-_.年]?(?:0?[1-9]|1[0-2])(?:[-_.月]?(?:0?[1-9]|[12]\d|3[01])日?)?月?|年?(?:上|下)半年)?年?"
    r"(?:第?[一二三四1-4]季度|q[1-4])?(?![0-9])"
)
#: What a system or a person counts copies by: (1), - 副本 (2), v2, 第3版.
_COUNT = re.compile(
    r"\(\d{1,2}\)|(?<![a-z])v\d+(?:\.\d+)*(?![a-z])|第[一二三四五六七八九十\d]+[版稿]"
)
#: Sorts behind the digits of every date.
_CURRENT = "A"
_COPY, _VERSION = re.compile(r"\(\d{1,2}\)"), re.compile(r"(?:(?<![a-z])v|第)(\d+)")


def is_left_behind(name: str) -> bool:
    """Whether a file of this name was left by a system or a program, and holds no data.

    Examples
    --------
    >>> [is_left_behind(n) for n in ("._窨井.shp", "~$窨井.xlsx", "Thumbs.db", "窨井.shp")]
    [True, True, True, False]
    """
    return any(fnmatchcase(name.lower(), pattern) for pattern in _skipped())


def without_versions(name: str) -> tuple[str, bool]:
    """Return a name without what tells versions of one file apart, and whether there was such.

    Parameters
    ----------
    name : str
        Of a file, without its suffix; with the folders it is in where these count.

    Examples
    --------
    >>> without_versions("窨井2022年6月"), without_versions("窨井 - 副本 (2)")
    (('窨井', True), ('窨井', True))
    >>> without_versions("T0102_污水井盖")
    ('t0102污水井盖', False)
    """
    text = unicodedata.normalize("NFKC", name).lower()
    bare = _versions()[0].sub(" ", _COUNT.sub(" ", _DATE.sub(" ", text)))
    plain = "".join(c for c in bare if c.isalnum())
    return plain, plain != "".join(c for c in text if c.isalnum())


def recency(name: str) -> tuple[bool, str, int, int]:
    """Return what sorts versions of one file, the current one last, by what their names say.

    Whether no word says that it is an older one, the digits of the year, month or day (one without
    is the current one), whether a word says newer, and the number of the version.

    Examples
    --------
    >>> sorted(["井", "井2022年", "井_备份2023年", "井2022年v2", "井2021年"], key=recency)
    ['井_备份2023年', '井2021年', '井2022年', '井2022年v2', '井']
    """
    text = unicodedata.normalize("NFKC", name).lower()
    date = "".join(part.zfill(2) for part in re.findall(r"\d+", date_text(name)))
    pattern, words = _versions()
    sides = [words[word] for word in pattern.findall(text)]
    newer = sides.count(1) - len(_COPY.findall(text))
    number = max(map(int, _VERSION.findall(text)), default=0)
    return -1 not in sides, date or _CURRENT, newer, number


def date_text(name: str) -> str:
    """Return the year, quarter, month or day in a name as it is written; empty without one.

    Examples
    --------
    >>> date_text("窨井2022年6月"), date_text("井_20220630"), date_text("T0102_污水井盖")
    ('2022年6月', '20220630', '')
    """
    match = _DATE.search(unicodedata.normalize("NFKC", name).lower())
    return "" if match is None else match[0]


@lru_cache(maxsize=1)
def _skipped() -> tuple[str, ...]:
    return tuple(packaged_table("geo_citymgmt.reading", "file_names.toml")["skipped"]["names"])


@lru_cache(maxsize=1)
def _versions() -> tuple[re.Pattern[str], dict[str, int]]:
    """Where a name has a word for versions, and of each word whether it says newer (1) or older."""
    table = packaged_table("geo_citymgmt.reading", "file_names.toml")["versions"]
    words = dict.fromkeys(table["newer"], 1) | dict.fromkeys(table["older"], -1)
    free = sorted(words.keys() - set(table["apart"]), key=len, reverse=True)
    latin = "|".join(word for word in free if word.isascii())
    chinese = "|".join(word for word in free if not word.isascii())
    apart, inside = "|".join(table["apart"]), r"[^(_\-\s./:)]"
    pattern = rf"(?<![a-z])(?:{latin})(?![a-z])|{chinese}|(?<!{inside})(?:{apart})(?!{inside})"
    return re.compile(pattern), words


def short_names(labels: list[str]) -> list[str]:
    """Return the shortest names by which sources are told apart: their stems, else all of them.

    Examples
    --------
    >>> short_names(["a/姑苏区.shp", "a/吴中区.shp"]), short_names(["a/井.shp", "b/井.shp"])
    (['姑苏区', '吴中区'], ['a/井', 'b/井'])
    >>> short_names(["t.gpkg:east", "t.gpkg:west"])
    ['east', 'west']
    """
    plain = [_without_suffix(label) for label in labels]
    for shorten in (lambda n: PurePath(n).name.rsplit(":", 1)[-1], lambda n: n):
        names = [shorten(name) for name in plain]
        if len(set(names)) == len(names):
            return names
    # Frames in memory have no names of their own.
    return [f"{label} ({k + 1})" for k, label in enumerate(labels)]


def _without_suffix(label: str) -> str:
    return label if ":" in label else str(PurePath(label).with_suffix(""))
