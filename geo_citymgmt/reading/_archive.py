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

from geo_citymgmt._words import Text
from geo_citymgmt.errors import SourceError
from geo_citymgmt.reading._limits import ArchiveLimits, current_limits, raising
from geo_citymgmt.reading._sniff import refused, unreadable

_NOISE = re.compile(r"(^|/)(__MACOSX|\.DS_Store|Thumbs\.db|desktop\.ini)(/|$)", re.I)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)
_ERRORS = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError,
           ValueError)  # fmt: skip
_CHUNK = 1 << 20
_PACK_LESS = Text(
    "请每个图层单独打包，或解压后给出文件夹。",
    "Pack one layer by itself, or unpack it and give the folder.",
)
_UNPACK = Text(
    "如来源可靠，请解压后给出文件夹。",
    "If you trust where it comes from, unpack it and give the folder.",
)


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
        raise _damaged(path, error) from error
    _check_limits(path, infos, limits)
    members: list[Member] = []
    seen: set[str] = set()
    for info in infos:
        name = _plain_name(path, info)
        if info.is_dir() or name.endswith("/") or _NOISE.search(name):
            continue
        # Windows and macOS make one file of two names that differ in case.
        if name.casefold() in seen:
            raise refused(
                path.name,
                Text(f"包内有两个同名文件“{name}”。", f"two members are named {name!r}."),
                Text("请改名后重新打包。", "Rename one of them and pack it again."),
            )
        seen.add(name.casefold())
        members.append(Member(name, info))
    return members


def _check_limits(path: Path, infos: Sequence[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    if len(infos) > limits.members:
        raise refused(
            path.name,
            Text(
                f"包内有 {len(infos)} 个文件，超过上限 {limits.members}。",
                f"holds {len(infos)} members, more than {limits.members}.",
            ),
            raising(_PACK_LESS, "members", len(infos)),
        )
    total = sum(i.file_size for i in infos)
    if total > limits.total_bytes:
        raise refused(
            path.name,
            Text(
                f"解压后为 {total:,} 字节，超过上限 {limits.total_bytes:,}。",
                f"unpacks to {total:,} bytes, more than {limits.total_bytes:,}.",
            ),
            raising(_PACK_LESS, "total_bytes", total),
        )
    for info in infos:
        too_dense = info.file_size > limits.ratio * max(info.compress_size, 1)
        if info.file_size > limits.ratio_from and too_dense:
            raise refused(
                path.name,
                Text(
                    f"“{info.filename}”的压缩比超过 {limits.ratio:g}，疑为压缩炸弹。",
                    f"{info.filename!r} unpacks to more than {limits.ratio:g} times its size.",
                ),
                raising(_UNPACK, "ratio", info.file_size / max(info.compress_size, 1)),
            )
    if sum(i.compress_size for i in infos) > path.stat().st_size:
        raise refused(
            path.name, Text("包内文件相互重叠，疑为压缩炸弹。", "its members overlap."), _UNPACK
        )


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
        raise refused(
            path.name,
            Text(
                f"包内文件名“{name}”指向文件夹之外或不可用，拒绝解压。",
                f"member {name!r} would be written outside the folder, or has no usable name.",
            ),
            Text("请改名后重新打包。", "Rename it and pack the files again."),
        )
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise refused(
            path.name,
            Text(f"包内“{name}”是链接或设备文件。", f"member {name!r} is a link or device."),
            Text("请把文件本身打包。", "Pack the file itself in its place."),
        )
    if info.flag_bits & 0x1:
        raise refused(
            path.name,
            Text(f"压缩包有密码（“{name}”）。", f"member {name!r} has a password."),
            Text("请重新打包为无密码的。", "Pack it again without."),
        )
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
            raise _damaged(path, error) from error
        yield root


def _write(archive: zipfile.ZipFile, member: Member, root: Path, left: int, path: Path) -> int:
    target = root.joinpath(*member.path.parts)
    if not target.resolve().is_relative_to(root):  # pragma: no cover - the names were checked
        raise refused(
            path.name,
            Text(f"“{member.name}”指向文件夹之外。", f"{member.name!r} leaves the folder."),
            Text("请改名后重新打包。", "Rename it and pack the files again."),
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(member.info) as source, target.open("xb") as out:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > left:
                raise refused(
                    path.name,
                    Text(
                        f"“{member.name}”解压后超过所标大小。",
                        f"member {member.name!r} unpacks to more than it states.",
                    ),
                    _UNPACK,
                )
            out.write(chunk)
    return written


def _damaged(path: Path, error: Exception) -> SourceError:
    return unreadable(
        path.name,
        Text(f"压缩包已损坏（{error}）。", f"a damaged archive ({error})."),
        Text("请重新拷贝，或重新打包。", "Copy it again, or pack the files again."),
    )
