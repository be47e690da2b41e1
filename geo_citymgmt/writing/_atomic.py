"""Old or new, never partial: a temporary file beside the target takes its place at the end."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from geo_citymgmt._languages import Messages
from geo_citymgmt.errors import CityDataError

_MESSAGES = Messages("geo_citymgmt.writing")

#: How long to wait for another writer, and for a program that holds the target open.
LOCK_WAIT_S = 10.0
REPLACE_WAIT_S = 2.0
_PAUSE_S = 0.05
_PART = ".part"
#: Free bytes below which a driver that failed is taken to have run out of room: a block of it.
_LITTLE = 64 * 1024
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; what was written there takes its place at the end.

    On any error the old file stands and nothing is left over. What a killed writer left is swept
    away by the next one: a lock beside the target makes sure that only one is at work.

    Raises
    ------
    CityDataError
        Another writer is at work on the target, the disk is full, the target cannot be replaced
        because a program holds it open, or its folder is closed.
    """
    _require_name(path)
    if path.is_dir():
        raise CityDataError(_MESSAGES("is_a_folder", path=path))
    make_folder(path.parent)
    try:
        with locked(path):
            _sweep(path)
            # Some drivers refuse a file that is there already: they get a name in a fresh folder.
            folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=_PART, dir=path.parent))
            try:
                temporary = folder / path.name
                yield temporary
                if not temporary.exists():
                    raise CityDataError(_MESSAGES("nothing_written", path=path))
                with temporary.open("r+b") as file:
                    os.fsync(file.fileno())
                replace_file(temporary, path)
            except CityDataError as error:
                # Some drivers end without a word on a full disk: reading back shows it.
                if is_full(folder):
                    raise disk_full(path) from error
                raise
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise explained(error, path) from error


def _require_name(path: Path) -> None:
    """Refuse what no file can be called: the system would say so in many ways, some late."""
    try:
        # The longest name there will be beside it.
        path.with_name(f".{path.name}.{'x' * 8}{_PART}").lstat()
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno != errno.ENAMETOOLONG:
            return
        raise _MESSAGES.error(CityDataError, "no_name_file", path=path) from error


def write_text(text: str, path: Path) -> Path:
    """Write ``text`` as UTF-8, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))
    return path


@contextmanager
def locked(path: Path, *, shown: Path | None = None) -> Iterator[None]:
    """Hold the lock of ``path``: ``.NAME.lock`` beside it, locked by the operating system.

    ``shown`` is what it is called in messages, where that is not ``path``.

    The system lets go of the lock when its holder dies, so that a file left by a killed writer
    locks nobody out. Where the file system knows no locks, the last writer wins, whole.

    Raises
    ------
    CityDataError
        Another writer did not finish within :data:`LOCK_WAIT_S` seconds.
    """
    lock = path.with_name(f".{path.name}.lock")
    until = time.monotonic() + LOCK_WAIT_S
    while (handle := _try_lock(lock)) is None:
        if time.monotonic() > until:
            holder = _holder(lock)
            raise CityDataError(_MESSAGES("another_writer", shown=shown or path, holder=holder))
        time.sleep(_PAUSE_S)
    try:
        yield
    finally:
        _unlock(lock, handle)


def replace_file(temporary: Path, path: Path) -> None:
    """Put ``temporary`` in the place of ``path``; wait a little for a program that holds it.

    Raises
    ------
    CityDataError
        The program does not let go.
    """
    until = time.monotonic() + REPLACE_WAIT_S
    while True:
        try:
            os.replace(temporary, path)  # noqa: PTH105 - the one call whose atomicity is promised
        except PermissionError as error:
            if time.monotonic() > until:
                raise CityDataError(_MESSAGES("held_open", path=path)) from error
            time.sleep(_PAUSE_S)
        else:
            _flush_folder(path.parent)
            return


def closed_folder(folder: Path, error: OSError) -> CityDataError:
    """Return what to say of a folder in which nothing can be written, or that cannot be made."""
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if error.errno in _DENIED:
        return _MESSAGES.error(CityDataError, "no_permission", existing=existing)
    if error.errno in _FULL:
        return disk_full(folder)
    return _MESSAGES.error(CityDataError, "folder_not_made", folder=folder, error=error)


def make_folder(folder: Path) -> Path:
    """Make a folder, and those it is in, where they are not there.

    Raises
    ------
    CityDataError
        It cannot be made, or is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise closed_folder(folder, error) from error
    return folder


def explained(error: OSError, path: Path) -> CityDataError:
    """Return what to say of a file that cannot be written."""
    reported = Path(error.filename or path)
    if error.errno in _DENIED and reported.is_relative_to(path.parent):
        return closed_folder(path.parent, error)
    if error.errno in _FULL:
        return disk_full(path)
    return CityDataError(_MESSAGES("path_not_written", path=path, error=error))


def is_full(folder: Path) -> bool:
    """Whether the disk that ``folder`` is on has no room to speak of."""
    return shutil.disk_usage(folder).free < _LITTLE


def disk_full(path: Path) -> CityDataError:
    """Return what to say of a file, or of a report's folder, that the disk has no room for."""
    return _MESSAGES.error(CityDataError, "disk_full", path=path)


def _sweep(path: Path) -> None:
    """Remove what killed writers left of this target; whoever holds the lock is the only one."""
    prefix = f".{path.name}."
    for left in path.parent.iterdir():
        if left.name.startswith(prefix) and left.name.endswith(_PART):
            shutil.rmtree(left, ignore_errors=True)


def _flush_folder(folder: Path) -> None:
    # Where a folder can be opened, its entry is made to outlive a power cut.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _try_lock(lock: Path) -> int | None:
    """Return an open, locked handle, or None where another holds it."""
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    except PermissionError:
        if os.name == "nt":  # being deleted by the one who held it
            return None
        raise
    try:
        _lock_handle(handle)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return handle
        os.close(handle)
        return None
    # The holder before may have removed the file after it was opened here.
    try:
        current = lock.stat()
    except OSError:
        current = None
    if current is None or not os.path.samestat(current, os.fstat(handle)):
        os.close(handle)
        return None
    note = f"{socket.gethostname()}, process {os.getpid()}, since {time.strftime('%H:%M:%S')}"
    # Byte 0 is what Windows locks. A full disk must not keep the lock from being held.
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.lseek(handle, 1, os.SEEK_SET)
        os.write(handle, note.encode())
    return handle


def _lock_handle(handle: int) -> None:
    if os.name == "nt":  # pragma: no cover - other systems lock the whole file
        import msvcrt

        os.lseek(handle, 0, os.SEEK_SET)
        windows: Any = msvcrt
        windows.locking(handle, windows.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unlock(lock: Path, handle: int) -> None:
    if os.name == "nt":  # pragma: no cover - an open file cannot be removed there
        os.close(handle)
        with suppress(OSError):
            lock.unlink()
        return
    with suppress(OSError):
        lock.unlink()
    os.close(handle)


def _holder(lock: Path) -> str:
    try:
        with lock.open("rb") as file:
            file.seek(1)
            return file.read(200).decode("utf-8", "replace").strip("\0 ") or "unknown"
    except OSError:
        return "unknown"
