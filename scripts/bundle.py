"""Make two folders from which an office without internet installs, a whole and a small one.

Run from the repository, with a network and pip's ordinary settings::

    python scripts/bundle.py --platform win_amd64 --python 3.12

The whole one holds the wheels of the package, of all it needs, of JupyterLab, bulletins, drawings
and PostGIS, the sample city, the notebooks, the documentation, an installer, a batch file that
takes a dropped folder, and SHA256SUMS. The small one is for the machine that reports only: the
same versions without JupyterLab, PostGIS, notebooks and built pages. Before the sums are written
it is proved, by the wheels' own metadata, that the target machine needs nothing that is not there.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
FILES = Path(__file__).resolve().parent / "bundle_files"
#: What of the package the office gets, in the order of making: a small one is a part of the whole.
KINDS = {
    "whole": ("notebook", "bulletin", "dxf", "postgis"),
    "small": ("bulletin", "dxf"),
}
#: What a path within an environment of Windows begins with, and what a compiled module adds.
_WITHIN = len(sysconfig.get_path("purelib", "nt", vars={"base": ""}) + "/")
_COMPILED = len("__pycache__/.cpython-312")
METADATA = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "NOTICE")
#: Of Linux wheels, those for any distribution from glibc 2.28 (2018) on.
_GLIBC = ("2_28", "2_27", "2_26", "2_24", "2_17", "2_12", "2_5")
_PERMANENT = ("2014", "2010", "1")


@dataclass(frozen=True)
class Target:
    """A machine to install on: what its pip would say of itself."""

    platform: str
    python: str

    @property
    def tags(self) -> list[str]:
        """Platforms whose wheels it takes, best first."""
        if not self.platform.startswith("linux_"):
            return [self.platform]
        machine = self.platform.removeprefix("linux_")
        old = _PERMANENT if machine == "x86_64" else _PERMANENT[:1]
        return [
            *(f"manylinux_{version}_{machine}" for version in _GLIBC),
            *(f"manylinux{version}_{machine}" for version in old),
            self.platform,
        ]

    @property
    def markers(self) -> dict[str, str]:
        """What environment markers (PEP 508) are told there."""
        windows = self.platform.startswith("win")
        machine = "AMD64" if windows else self.platform.removeprefix("linux_")
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "nt" if windows else "posix",
            "platform_machine": machine,
            "platform_python_implementation": "CPython",
            "platform_release": "10" if windows else "5.10",
            "platform_system": "Windows" if windows else "Linux",
            "platform_version": "10.0.19045" if windows else "#1 SMP",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "win32" if windows else "linux",
        }

    def supported(self) -> set[Tag]:
        """Return the tags of wheels it takes."""
        version = tuple(int(part) for part in self.python.split("."))
        short = "cp" + "".join(self.python.split("."))
        return {
            *cpython_tags(version, platforms=self.tags),
            *compatible_tags(version, interpreter=short, platforms=self.tags),
        }


def build_wheel(folder: Path) -> Path:
    """Build the package from its tracked files, so that what lies about does not slip in."""
    source = folder / "source"
    for name in _tracked(("geo_citymgmt", *METADATA)):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*command, "--no-deps", "--wheel-dir", str(folder), str(source)], check=True, cwd=folder
    )
    (own,) = folder.glob("*.whl")
    return own


def download(target: Target, wheel: Path, folder: Path) -> None:
    """Fetch the wheels of ``wheel`` and all it needs on ``target``.

    pip evaluates markers such as ``sys_platform == "win32"`` for the machine it runs on, whatever
    --platform says; here it is told those of the target.
    """
    told = (
        "import sys; import pip._vendor.packaging.markers as markers; "
        f"markers.default_environment = lambda: dict({target.markers!r}); "
        "from pip._internal.cli.main import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", told, "download", "--quiet", "--disable-pip-version-check"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={target.python}"]
    command += [f"--platform={tag}" for tag in target.tags]
    subprocess.run(
        [*command, "--dest", str(folder), f"{wheel}[{','.join(KINDS['whole'])}]"],
        check=True,
        cwd=ROOT,
    )


def needed(
    folder: Path, target: Target, extras: Sequence[str] = KINDS["whole"]
) -> tuple[list[Path], list[str]]:
    """Return the wheels that the package needs with ``extras``, and what the target would miss.

    It misses wheels that it cannot take and requirements that nothing fulfils.
    """
    held: dict[str, tuple[Version, Path]] = {}
    wrong = []
    supported = target.supported()
    for path in sorted(folder.glob("*.whl")):
        name, version, _, tags = parse_wheel_filename(path.name)
        if not tags & supported:
            wrong.append(f"{path.name} does not fit {target.platform} and Python {target.python}")
        if name in held:
            wrong.append(f"{name} is there twice")
        held[name] = version, path
    todo = [("geo-citymgmt", extra) for extra in ("", *extras)]
    seen = set(todo)
    while todo:
        name, extra = todo.pop()
        for need in _needs(held[name][1], extra, target.markers):
            key = canonicalize_name(need.name)
            if key not in held:
                wrong.append(f"{name} needs {need}, which is not there")
                continue
            if not need.specifier.contains(held[key][0], prereleases=True):
                wrong.append(f"{name} needs {need}; {held[key][0]} is there")
            for one in ("", *need.extras):
                if (key, one) not in seen:
                    seen.add((key, one))
                    todo.append((key, one))
    return sorted({held[name][1] for name, _ in seen}), wrong


def _needs(wheel: Path, extra: str, markers: Mapping[str, str]) -> Iterator[Requirement]:
    with ZipFile(wheel) as held:
        (name,) = [
            n for n in held.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1
        ]
        metadata = Parser().parsestr(held.read(name).decode("utf-8"))
    for line in metadata.get_all("Requires-Dist") or []:
        need = Requirement(line)
        if need.marker is None or need.marker.evaluate({**markers, "extra": extra}):
            yield need


def lock(folder: Path) -> str:
    """Return a requirements file that names each wheel with its sum, so that pip checks it."""
    lines = []
    for path in sorted(folder.glob("*.whl")):
        name, version, _, _ = parse_wheel_filename(path.name)
        lines.append(f"{name}=={version} --hash=sha256:{sha256(path)}\n")
    return "".join(lines)


def sha256(path: Path) -> str:
    """Return the sum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sums(folder: Path) -> str:
    """Return the sums of all files in ``folder`` but the list itself, as sha256sum writes them."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return "".join(f"{sha256(folder / n)}  {n}\n" for n in names if n != "SHA256SUMS")


def copy_files(out: Path, target: Target, kind: str = "whole") -> None:
    """Copy installer, sample, notebooks and documentation; of the repository, tracked files."""
    folders = ("data/shapefiles", "docs", "notebooks")[: None if kind == "whole" else 2]
    tops = ("README.md", "README.zh-CN.md", "CHANGELOG.md", "LICENSE", "NOTICE")
    for name in (*_tracked(folders), *tops):
        copy = out / ("docs/source" / Path(*Path(name).parts[1:]) if name.startswith("docs/")
                      else "docs" / Path(name) if "/" not in name else Path(name))  # fmt: skip
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy)
    if kind == "whole" and importlib.util.find_spec("sphinx"):
        _build_pages((out / "docs" / "pages").resolve())
    _copy_starters(out, target)
    readme = _filled("README.txt" if kind == "whole" else "README-small.txt", target)
    # With the mark and these line ends, the editors of every Windows show it right.
    (out / "README.txt").write_bytes(readme.replace("\n", "\r\n").encode("utf-8-sig"))


def _build_pages(pages: Path) -> None:
    with tempfile.TemporaryDirectory() as doctrees:
        site = ["-c", "docs", "-W", "--quiet", "-d", doctrees, ".", str(pages)]
        subprocess.run([sys.executable, "-m", "sphinx", *site], check=True, cwd=ROOT)


def _filled(file: str, target: Target, **values: str) -> str:
    """Return a file of the installer with its gaps filled."""
    text = (FILES / file).read_text(encoding="utf-8")
    values |= {
        "python": target.python,
        "platform": target.platform,
        "version": target.python.replace(".", ", "),
        "short": target.python.replace(".", ""),
    }
    for key, value in values.items():
        text = text.replace(f"@{key.upper()}@", value)
    return text


def _copy_starters(out: Path, target: Target) -> None:
    """Write what installs and what runs, and a file to start each with."""
    windows = target.platform.startswith("win")
    for name in ("install.py", "run.py"):
        shutil.copyfile(FILES / name, out / name)
    for script, name in (("install", "install"), ("run", "运行" if windows else "run")):
        if windows:
            # cmd reads a batch file right only with the line ends of Windows.
            batch = _filled("start.bat", target, script=f"{script}.py").replace("\n", "\r\n")
            (out / f"{name}.bat").write_bytes(batch.encode("ascii"))
        else:
            shell = _filled("start.sh", target, script=f"{script}.py", name=f"{name}.sh")
            (out / f"{name}.sh").write_bytes(shell.encode("ascii"))
            (out / f"{name}.sh").chmod(0o755)
    missing = _filled("no_python.txt", target)
    # In UTF-16 with its mark, "type" shows it whatever the code page.
    data = ("\ufeff" + missing.replace("\n", "\r\n")).encode("utf-16-le")
    (out / "no_python.txt").write_bytes(data if windows else missing.encode("utf-8"))


def longest(wheels: Iterable[Path]) -> int:
    """Return how many characters the longest path of the wheels adds to an environment's own."""
    inside = [name for path in wheels for name in ZipFile(path).namelist()]
    return _WITHIN + max(map(len, inside), default=0) + _COMPILED


def _tracked(folders: Iterable[str]) -> list[str]:
    command = ["git", "ls-files", "-z", *folders]
    listed = subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout
    return [n for n in listed.decode("utf-8").split("\0") if n and (ROOT / n).is_file()]


def make(target: Target, out: Path, kind: str = "whole", *, wheels_from: Path) -> list[str]:
    """Make the folder ``out``; return what is wrong with it, nothing if all is there."""
    if out.exists() and any(out.iterdir()) and not (out / "README.txt").is_file():
        raise SystemExit(f"{out} holds other files; name an empty folder")
    found, wrong = needed(wheels_from, target, KINDS[kind])
    if wrong:
        return wrong
    shutil.rmtree(out, ignore_errors=True)
    wheels = out / "wheels"
    wheels.mkdir(parents=True)
    # A folder that stops half-way is known as ours by this file.
    copy_files(out, target, kind)
    for path in found:
        shutil.copyfile(path, wheels / path.name)
    (out / "requirements.txt").write_text(lock(wheels), encoding="utf-8", newline="\n")
    about = {
        "platform": target.platform,
        "python": target.python,
        "tags": target.tags,
        "longest": longest(found),
    }
    (out / "bundle.json").write_text(json.dumps(about, indent=1), encoding="utf-8", newline="\n")
    (out / "SHA256SUMS").write_text(sums(out), encoding="utf-8", newline="\n")
    return []


def _asked(argv: list[str] | None) -> tuple[Target, dict[str, Path]]:
    """Return the target and the folder of each kind that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    platforms = ("win_amd64", "linux_x86_64", "linux_aarch64")
    parser.add_argument("--platform", required=True, choices=platforms)
    parser.add_argument("--python", default="3.12", help="version on the target, such as 3.12")
    parser.add_argument("--only", choices=tuple(KINDS), help="one of the two")
    parser.add_argument("--out", type=Path, help="the whole one; -small is added for the other")
    args = parser.parse_args(argv)
    parts = args.python.split(".")
    if len(parts) < 2 or not all(part.isdigit() for part in parts):
        parser.error(f"--python takes a version such as 3.12, not {args.python!r}")
    target = Target(args.platform, ".".join(parts[:2]))
    out = args.out or ROOT / "build" / f"bundle-{target.platform}-py{target.python}"
    outs = {"whole": out, "small": out.with_name(f"{out.name}-small")}
    return target, {kind: outs[kind] for kind in KINDS if args.only in (None, kind)}


def main(argv: list[str] | None = None) -> int:
    """Make the bundles; 0 if they are complete."""
    target, outs = _asked(argv)
    with tempfile.TemporaryDirectory() as folder:
        wheels = Path(folder) / "wheels"
        download(target, build_wheel(Path(folder)), wheels)
        for kind, out in outs.items():
            wrong = make(target, out, kind, wheels_from=wheels)
            if wrong:
                print(*wrong, sep="\n", file=sys.stderr)
                return 1
            listed = [path for path in out.rglob("*") if path.is_file()]
            size = sum(path.stat().st_size for path in listed) / 1e6
            n_wheels = sum(path.suffix == ".whl" for path in listed)
            print(f"{os.path.relpath(out)}: {n_wheels} wheels, {len(listed)} files, {size:,.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
