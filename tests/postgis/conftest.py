"""A throw-away PostGIS on loopback, run by an ordinary user, with a password."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

DATABASE, USER = "city", "planner"


@dataclass
class Server:
    """A cluster of its own: start, stop, kill; nothing of it outlives the tests."""

    programs: Path
    folder: Path
    port: int
    password: str
    uid: int | None

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str, password: str | None = None) -> str:
        word = self.password if password is None else password
        return f"postgresql+psycopg://{USER}:{word}@127.0.0.1:{self.port}/{database}"

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess:
        # The server refuses to be run by root: another user's hands are taken then.
        as_user = {} if self.uid is None else {"user": self.uid, "extra_groups": []}
        return subprocess.run(
            command, check=check, cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}, **as_user,
        )  # fmt: skip

    def create(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password)
        if self.uid is not None:
            os.chown(self.folder, self.uid, -1)
            os.chown(secret, self.uid, -1)
        self.run(
            str(self.programs / "initdb"), "-D", str(self.folder / "data"), "-U", USER,
            "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--no-locale",
            "--no-sync",
        )  # fmt: skip
        secret.unlink()
        self.start()

    def start(self) -> None:
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' "
            "-c shared_buffers=32MB -c fsync=off"
        )
        self.run(
            str(self.programs / "pg_ctl"), "-D", str(self.folder / "data"), "-w", "-t", "60",
            "-l", str(self.folder / "log"), "-o", options, "start",
        )  # fmt: skip

    def stop(self, mode: str = "fast") -> None:
        """Stop it; ``mode="immediate"`` is as good as pulling the plug."""
        self.run(
            str(self.programs / "pg_ctl"), "-D", str(self.folder / "data"), "-w", "-m", mode,
            "stop", check=False,
        )  # fmt: skip


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running server with the database ``city`` in it, or a visible skip."""
    programs = _programs()
    uid = _ordinary_user()
    # Not below the folder of the tests, which belongs to whoever runs them.
    folder = Path(tempfile.mkdtemp(prefix="gcm-postgis-"))
    made = Server(programs, folder, _free_port(), secrets.token_hex(12), uid)
    try:
        made.create()
        import psycopg

        place = f"host=127.0.0.1 port={made.port} user={USER} password={made.password}"
        with psycopg.connect(f"{place} dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        with psycopg.connect(f"{place} dbname={DATABASE}", autocommit=True) as connection:
            connection.execute("CREATE EXTENSION postgis")
        yield made
    finally:
        made.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def engine(server):
    import sqlalchemy as sa

    made = sa.create_engine(server.url)
    yield made
    made.dispose()


def _programs() -> Path:
    pytest.importorskip("sqlalchemy", reason="needs the extra 'postgis'")
    pytest.importorskip("psycopg", reason="needs the extra 'postgis'")
    if sys.platform == "win32":
        pytest.skip("the throw-away cluster is made on Linux and macOS alone")
    roots = [Path("/usr/lib/postgresql"), Path("/usr/pgsql"), Path("/opt/homebrew/opt")]
    found = [p.parent for root in roots if root.is_dir() for p in root.glob("*/bin/initdb")]
    path = shutil.which("initdb")
    found += [Path(path).parent] if path else []
    for programs in sorted(found, reverse=True):
        version = programs.parent.name
        places = [programs.parent / "share", programs.parent / "share" / "postgresql",
                  Path("/usr/share/postgresql") / version]  # fmt: skip
        if any((place / "extension" / "postgis.control").is_file() for place in places):
            return programs
    pytest.skip("needs PostgreSQL with PostGIS (Debian: postgresql-NN-postgis-3)")


def _ordinary_user() -> int | None:
    if os.geteuid() != 0:
        return None
    # Not on Windows, where the fixture has skipped by now.
    import pwd

    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    pytest.skip("root may not run PostgreSQL and there is no other user")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(true, seconds: float = 10.0) -> bool:
    """Wait for ``true()``; whether it came."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.02)
    return False
