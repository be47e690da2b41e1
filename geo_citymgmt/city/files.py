"""The files of a folder and of the folders in it: what may hold a layer, what is passed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading.file_names import is_left_behind
from geo_citymgmt.reading.source import TABLE_SUFFIXES, VECTOR_SUFFIXES, is_geodatabase, is_part
from geo_citymgmt.words import Text

__all__ = ["FolderFiles", "is_ignored", "list_folder"]

#: Deeper and more than this is no folder of a city's layers, but a disk or a home.
_DEEPEST = 6
_MOST_FILES = 50_000


@dataclass
class FolderFiles:
    """What a folder holds, each in the order of names, maps before tables.

    ``sources`` may hold layers; ``others`` are files of no known kind; ``skipped`` are left behind
    by systems and programs; ``apart`` are folders that were not entered, with the reason.
    """

    sources: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    apart: list[tuple[Path, Text]] = field(default_factory=list)


def list_folder(root: Path) -> FolderFiles:
    """List the files of ``root`` and of the folders in it.

    A folder with a city.toml of its own is another city, and a report is no source: neither is
    entered.

    Raises
    ------
    SourceError
        There are too many files to be those of a city.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("姑苏区/窨井.csv", "吴中区/窨井.csv", "Thumbs.db"):
    ...         path = Path(folder) / name
    ...         path.parent.mkdir(exist_ok=True)
    ...         _ = path.write_text("")
    ...     found = list_folder(Path(folder))
    >>> [path.parent.name for path in found.sources], [path.name for path in found.skipped]
    (['吴中区', '姑苏区'], ['Thumbs.db'])
    """
    found = FolderFiles()
    for n_files, path in enumerate(_walk(root, found, 0)):
        if n_files >= _MOST_FILES:
            raise SourceError(
                Text(
                    f"{root}：文件超过 {_MOST_FILES:,} 个，不像是一个城市的图层。",
                    f"{root}: more than {_MOST_FILES:,} files are not the layers of a city.",
                ),
                remedy=Text("请给出数据所在的文件夹。", "Give the folder that holds the data."),
            )
        suffix = path.suffix.lower()
        if path.is_dir() or suffix in (*VECTOR_SUFFIXES, *TABLE_SUFFIXES) or _is_table(path):
            found.sources.append(path)
        else:
            found.others.append(path)
    found.sources.sort(key=lambda p: (p.suffix.lower() in TABLE_SUFFIXES, _order(p, root)))
    found.others.sort(key=lambda p: _order(p, root))
    return found


def is_ignored(names: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether one of the names of a file or table fits one of the patterns, in any case.

    Examples
    --------
    >>> is_ignored(["窨井汇总.xlsx"], ["*汇总*", "*模板*"]), is_ignored(["窨井.shp"], ["*汇总*"])
    (True, False)
    """
    pairs = [(name.casefold(), pattern.casefold()) for name in names for pattern in patterns]
    return any(name == pattern or fnmatchcase(name, pattern) for name, pattern in pairs)


def _walk(folder: Path, found: FolderFiles, depth: int) -> Iterator[Path]:
    for path in folder.iterdir():
        if is_left_behind(path.name):
            found.skipped.append(path)
        elif not path.is_dir() or is_geodatabase(path):
            yield path
        elif (why := _why_apart(path, depth)) is not None:
            found.apart.append((path, why))
        else:
            yield from _walk(path, found, depth + 1)


def _why_apart(folder: Path, depth: int) -> Text | None:
    """Return why a folder is not entered; None where it is."""
    if depth >= _DEEPEST or folder.is_symlink():
        return Text("层次过深或是链接，未进入", "too deep, or a link: it was not entered")
    if (folder / "city.toml").is_file():
        return Text("有自己的 city.toml，是另一个城市", "a city of its own, by its city.toml")
    if (folder / "manifest.json").is_file() and (folder / "index.html").is_file():
        return Text("是一份报告，不是数据", "a report, no data")
    return None


def _is_table(path: Path) -> bool:
    """Whether it is a .dbf of its own, not that of a shapefile or of a table of MapInfo."""
    if path.suffix.lower() != ".dbf":
        return False
    return not is_part(path) and not any(
        path.with_suffix(suffix).exists() for suffix in (".shx", ".mdx")
    )


def _order(path: Path, root: Path) -> tuple[int, tuple[str, ...]]:
    parts = path.relative_to(root).parts
    return len(parts), parts
