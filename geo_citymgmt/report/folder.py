"""The folder of a report: a new one is made aside and takes the place of the old one at the end.

All files are written into a hidden folder within the report's own, so that a writer that fails or
is killed leaves the old report as it was. No file system changes several files at once, so that the
page says so while they take their places: it is the first to go and the last to come.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.markup import escape_text
from geo_citymgmt.report.manifest import file_hash
from geo_citymgmt.report.words import Words
from geo_citymgmt.words import Text
from geo_citymgmt.writing.atomic import (
    disk_full,
    explained,
    is_full,
    locked,
    make_folder,
    replace_file,
    write_text,
)

__all__ = ["MANIFEST", "PAGE", "is_aside", "new_report", "unfinished_page"]

PAGE, MANIFEST = "index.html", "manifest.json"
_ASIDE = ".report."
_PART = ".part"


@contextmanager
def new_report(folder: Path) -> Iterator[Path]:
    """Give a folder to write a report into; what is there at the end takes the place of the old.

    Files of the old report that the new one has not are removed, as its manifest lists them and
    unless somebody has changed them since; whatever else lies in ``folder`` is left alone.

    Raises
    ------
    CityDataError
        Another report is being written into ``folder``, nothing can be written there, the disk is
        full or a program holds a file of the old report open; the old report stands.
    """
    is_new = not folder.exists()
    make_folder(folder)
    try:
        with locked(folder / "report", shown=folder):
            _sweep(folder)
            aside = Path(tempfile.mkdtemp(prefix=_ASIDE, suffix=_PART, dir=folder))
            try:
                new = make_folder(aside / "new")
                yield new
                _switch(aside, folder)
            except CityDataError as error:
                raise _as_known(error, aside / "new", folder) from error
            except Exception as error:
                # Not every library says so itself.
                if is_full(folder):
                    raise disk_full(folder) from error
                raise
            finally:
                shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise explained(error, folder / PAGE) from error
    finally:
        if is_new:
            # One that holds nothing was made in vain.
            with suppress(OSError):
                folder.rmdir()


def is_aside(path: Path) -> bool:
    """Whether ``path`` is what a writer of reports has beside them: its lock, an unfinished one."""
    return path.name.startswith(_ASIDE)


def unfinished_page() -> str:
    """Return the page that stands in a report while its files take their places."""
    parts = []
    for lang in ("zh", "en"):
        words = Words(lang)
        title, text = escape_text(words("unfinished")), escape_text(words("unfinished_text"))
        parts.append(f'<section lang="{lang}"><h1>{title}</h1><p>{text}</p></section>')
    title = escape_text(Words("zh")("unfinished"))
    return (
        '<!DOCTYPE html>\n<html lang="zh"><head><meta charset="utf-8">'
        f"<title>{title}</title></head>\n<body>{''.join(parts)}</body></html>\n"
    )


def _switch(aside: Path, folder: Path) -> None:
    """Put the files of the new report in their places, or none of them."""
    new, old, notice = aside / "new", aside / "old", aside / "notice.html"
    names = _in_order(new)
    gone = _outdated(folder, names)
    write_text(unfinished_page(), notice)
    for name in [*gone, *names]:
        make_folder((folder / name).parent)
        make_folder((old / name).parent)
        if (folder / name).is_file():
            _keep(folder / name, old / name)
    try:
        replace_file(notice, folder / PAGE)
        (folder / MANIFEST).unlink(missing_ok=True)
        for name in gone:
            (folder / name).unlink(missing_ok=True)
        for name in names:
            replace_file(new / name, folder / name)
    except BaseException:
        _put_back(aside, folder, [*gone, *names])
        raise
    for parent in {(folder / name).parent for name in gone} - {folder}:
        with suppress(OSError):
            parent.rmdir()


def _in_order(new: Path) -> list[PurePosixPath]:
    """Return the files of a report in the order in which they take their places."""
    files = [p for p in new.rglob("*") if p.is_file() and not p.name.startswith(".")]
    names = [PurePosixPath(p.relative_to(new).as_posix()) for p in files]
    last = (MANIFEST, PAGE)
    return sorted(names, key=lambda name: (str(name) in last, str(name) == PAGE, name))


def _outdated(folder: Path, names: list[PurePosixPath]) -> list[PurePosixPath]:
    """Return the files of the old report that the new one has not, as they were written."""
    try:
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["outputs"]
        hashes = {PurePosixPath(entry["file"]): entry["sha256"] for entry in listed}
    except (OSError, ValueError, KeyError, TypeError):
        return []
    # A manifest is a file like others: what it says of places outside is no business of ours.
    inside = {n: h for n, h in hashes.items() if not n.is_absolute() and ".." not in n.parts}
    left = [n for n in inside if n not in names and (folder / n).is_file()]
    return [n for n in left if file_hash(folder / n) == inside[n]]


def _keep(path: Path, copy: Path) -> None:
    """Keep what is at ``path`` under a second name; a copy where the file system has no links."""
    try:
        copy.hardlink_to(path)
    except OSError:
        shutil.copy2(path, copy)


def _put_back(aside: Path, folder: Path, names: list[PurePosixPath]) -> None:
    """Undo a switch that failed half-way; the page comes last, as it does forwards."""
    for name in names:
        kept, waiting, target = aside / "old" / name, aside / "new" / name, folder / name
        is_notice = str(name) == PAGE and not (aside / "notice.html").exists()
        if waiting.exists() and target.exists() and not is_notice:
            continue
        if kept.exists():
            replace_file(kept, target)
        else:
            target.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what killed writers left; whoever holds the lock is the only one."""
    for left in folder.iterdir():
        if is_aside(left) and left.name.endswith(_PART):
            shutil.rmtree(left, ignore_errors=True)


def _as_known(error: CityDataError, new: Path, folder: Path) -> CityDataError:
    """Name the files in an error as people know them, not as they are called in between."""
    if str(new) not in error.text.en + error.text.zh:
        return error
    remedy = Text(error.remedy_zh, error.remedy)
    cause = Text(
        error.text.zh.removesuffix(remedy.zh), error.text.en.removesuffix(remedy.en).rstrip()
    )
    shown = Text(*(part.replace(str(new), str(folder)) for part in cause))
    return CityDataError(shown, remedy=remedy)
