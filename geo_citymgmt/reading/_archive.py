"""Archives: looked at before anything is unpacked, unpacked into a folder that goes away."""

from __future__ import annotations

import re
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading._limits import ArchiveLimits, current_limits, raising
from geo_citymgmt.reading._messages import failure, refused, wording

_NOISE = re.compile(r"(^|/)(__MACOSX|\.DS_Store|Thumbs\.db|desktop\.ini)(/|$)", re.I)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)
_ERRORS = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError,
           ValueError)  # fmt: skip
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """One file in an archive, by the name people gave it."""

    name: str
    info: zipfile.ZipInfo

    @property
    def path(self) -> PurePosixPath:
        return PurePosixPath(self.name)


def list_members(path: Path, *, limits: ArchiveLimits | None = None) -> list[Member]:
    """Return the files in the archive, with names decoded, after looking for traps.

    Raises
    ------
    SourceError
        SOURCE_REFUSED where a member would leave the folder, is a link or has a password, where
        two have one name, or beyond ``limits``; SOURCE_UNREADABLE where it is damaged.
    """
    limits = limits or current_limits()
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except _ERRORS as error:
        raise failure("archive_damaged", path.name, error=error) from error
    _check_limits(path, infos, limits)
    members: list[Member] = []
    seen: set[str] = set()
    for info in infos:
        name = _plain_name(path, info)
        if info.is_dir() or name.endswith("/") or _NOISE.search(name):
            continue
        # Windows and macOS make one file of two names that differ in case.
        if name.casefold() in seen:
            raise failure("archive_same_name", path.name, name=name)
        seen.add(name.casefold())
        members.append(Member(name, info))
    return members


def _check_limits(path: Path, infos: Sequence[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    n = len(infos)
    if n > limits.members:
        raise _too_much(path, "archive_members", "members", n, n=n, limit=limits.members)
    total = sum(i.file_size for i in infos)
    if total > limits.total_bytes:
        most = limits.total_bytes
        raise _too_much(path, "archive_size", "total_bytes", total, total=total, limit=most)
    for info in infos:
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > limits.ratio_from and ratio > limits.ratio:
            name, densest = info.filename, limits.ratio
            raise _too_much(path, "archive_ratio", "ratio", ratio, name=name, limit=densest)
    if sum(i.compress_size for i in infos) > path.stat().st_size:
        raise failure("archive_overlap", path.name)


def _too_much(path: Path, key: str, limit: str, needed: float, /, **values: Any) -> SourceError:
    cause, remedy = wording(key, **values)
    return refused(path.name, cause, raising(remedy, limit, needed))


def _plain_name(path: Path, info: zipfile.ZipInfo) -> str:
    # The original name: the other one has been cut and changed for this system already.
    text = info.orig_filename
    if not info.flag_bits & 0x800:
        raw = text.encode("cp437", "replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                text = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    # Only now: the second byte of a character in GBK may be a backslash.
    name = text.replace("\\", "/")
    parts = name.rstrip("/").split("/")
    if (
        name.startswith("/")
        or any(p in ("", ".", "..") or p != p.rstrip(". ") or _RESERVED.fullmatch(p) for p in parts)
        or any(c in name for c in ':\0\r\n"*?<>|')
    ):
        raise failure("archive_member_outside", path.name, name=name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise failure("archive_member_link", path.name, name=name)
    if info.flag_bits & 0x1:
        raise failure("archive_password", path.name, name=name)
    return name


@contextmanager
def unpacked(
    path: Path, names: Sequence[str] | None = None, *, limits: ArchiveLimits | None = None
) -> Iterator[Path]:
    """Unpack ``names`` (everything otherwise) into a folder that is removed at the end.

    Each byte that comes out has been checked against the checksum of its member.

    Raises
    ------
    SourceError
        As :func:`list_members`; a member that fails its checksum is SOURCE_UNREADABLE.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.zip"
    ...     with zipfile.ZipFile(path, "w") as archive:
    ...         archive.writestr("data/窨井.csv", "编号")
    ...     with unpacked(path) as inside:
    ...         [p.name for p in inside.rglob("*.csv")]
    ['窨井.csv']
    """
    limits = limits or current_limits()
    wanted = None if names is None else set(names)
    members = [m for m in list_members(path, limits=limits) if wanted is None or m.name in wanted]
    with tempfile.TemporaryDirectory(prefix="gcm-", ignore_cleanup_errors=True) as folder:
        # Without links on the way, so that a path can be compared with what is in it.
        root = Path(folder).resolve()
        left = limits.total_bytes
        try:
            with zipfile.ZipFile(path) as archive:
                for member in members:
                    left -= _write(archive, member, root, left, path)
        except SourceError:
            raise
        except _ERRORS as error:
            raise failure("archive_damaged", path.name, error=error) from error
        yield root


def _write(archive: zipfile.ZipFile, member: Member, root: Path, left: int, path: Path) -> int:
    target = root.joinpath(*member.path.parts)
    if not target.resolve().is_relative_to(root):  # pragma: no cover - the names were checked
        raise failure("archive_member_leaves", path.name, name=member.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(member.info) as source, target.open("xb") as out:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > left:
                raise failure("archive_member_larger", path.name, name=member.name)
            out.write(chunk)
    return written
