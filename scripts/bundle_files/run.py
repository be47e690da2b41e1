"""Check a folder of layers, write its report beside it and open the page.

The folder is the one dropped on the batch file, or the first argument. What is not installed yet
is installed first. Needs nothing but the standard library.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

HERE = Path(__file__).resolve().parent
#: Where it is installed unless another folder is named.
USUAL = Path.home() / "geo_citymgmt"
#: How Windows starts a batch file that is double-clicked, or that something is dropped on.
_STARTED = re.compile(r'/c\s+""[^"]+"(?P<rest>.*)"\s*$', re.IGNORECASE)
#: Settings of other programs (ArcGIS, QGIS, PostGIS, conda) that lead to their libraries' files.
_FOREIGN = ("PYTHON", "PIP_", "PROJ_", "GDAL_")


def say(zh: str, en: str = "") -> None:
    """Print in Chinese and English, on whatever console there is."""
    encoding = sys.stdout.encoding or "ascii"
    for text in filter(None, (zh, en)):
        print(text.encode(encoding, "replace").decode(encoding), flush=True)


def named(arguments: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Return the paths that were dropped or given as arguments.

    cmd cuts a dropped path at characters such as ``&``, so the line it was started with counts
    where there is one; quotes stand in it around a path with spaces, and around no other.
    """
    started = _STARTED.search(environ.get("GCM_LINE", ""))
    if started:
        found = re.findall(r'"([^"]+)"|([^\s"]+)', started["rest"])
        return [quoted or plain for quoted, plain in found]
    given = [*arguments, environ.get("GCM_ARGUMENT", "")]
    # "D:\data\" reaches a program with the quote for its end.
    return [text.strip().rstrip('"') for text in given if text.strip()]


def beside(source: PurePath, *, is_file: bool = False) -> PurePath:
    """Return the folder beside a source that its report goes into."""
    return source.with_name(f"{source.stem if is_file else source.name}_报告")


def program(target: Path) -> Path:
    """Return the Python of the environment in ``target``."""
    return target / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def environment() -> dict[str, str]:
    """Return the environment without what leads Python, pip, PROJ and GDAL elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(_FOREIGN)}
    # No file of settings: one that names a folder to install into would be followed.
    return {**kept, "PIP_CONFIG_FILE": os.devnull}


def command(target: Path, *arguments: str | Path) -> int:
    """Run geo-citymgmt of the environment in ``target``; return how it ended."""
    start = [str(program(target)), "-I", "-X", "utf8", "-m", "geo_citymgmt"]
    return subprocess.run([*start, *map(str, arguments)], check=False, env=environment()).returncode


def installed() -> Path | None:
    """Return the folder of the environment, after installing what is not; None if that failed."""
    if (HERE / "pyvenv.cfg").is_file():
        return HERE
    # Written last, so that half an installation counts as none, and an older one as another.
    mark = USUAL / "requirements.txt"
    if mark.is_file() and mark.read_bytes() == (HERE / "requirements.txt").read_bytes():
        return USUAL
    say("本机还没有装好本程序，先安装。", "not installed yet; installing first.")
    # Isolated, Python looks for no modules here by itself; a bundle is left as it was sent.
    sys.path.insert(0, str(HERE))
    sys.dont_write_bytecode = True
    import install

    return None if install.install(USUAL) else USUAL


def source_of(paths: Sequence[str]) -> Path | None:
    """Return the one source that was named; say what to do where there is none or several."""
    if not paths:
        say(
            "请把存放图层的文件夹（或一个 .gpkg、.zip、.xlsx 文件）拖到“运行”图标上松开："
            "程序先检查数据，再在旁边写出“文件夹名_报告”并打开网页。",
            "Drop a folder of layers (or one file) on this file: it is checked, and a report "
            "written beside it.",
        )
        return None
    if len(paths) > 1:
        say(
            f"一次只能拖一个，这次有 {len(paths)} 个。几个文件请放进一个文件夹，拖这个文件夹。",
            f"one at a time, not {len(paths)}: put several files into a folder and drop that.",
        )
        return None
    # Not resolved: a mapped drive stays the letter that people know.
    source = Path(paths[0]).absolute()
    if not source.exists():
        say(f"找不到 {source}。请检查路径，再拖一次。", f"there is no {source}.")
        return None
    if not source.name:
        say(
            f"{source} 是整个磁盘。请把图层放进一个文件夹，拖这个文件夹。",
            f"{source} is a whole disk: put the layers into a folder and drop that.",
        )
        return None
    return source


def main() -> int:
    """Check, report, open the page; 0 done, 3 done with records rejected, 2 not done."""
    paths = named(sys.argv[1:], os.environ)
    target = installed()
    if target is None:
        return 2
    source = source_of(paths)
    if source is None:
        return 2 if paths else 0
    out = Path(beside(source, is_file=source.is_file()))
    say(f"正在检查 {source} ……", f"checking {source} ...")
    if command(target, "check", source) not in (0, 3):
        say("检查没有完成，原因见上面；改正后再拖一次。", "not checked; see above, then try again.")
        return 2
    say(f"正在写报告到 {out} ……", f"writing the report to {out} ...")
    code = command(target, "report", source, "-o", out)
    if code not in (0, 3):
        say("报告没有写完，原因见上面；改正后再拖一次。", "no report; see above, then try again.")
        return 2
    page = out / "index.html"
    say(f"完成：{page}", "done.")
    if sys.platform == "win32":
        os.startfile(page)
    else:
        webbrowser.open(page.as_uri())
    return code


if __name__ == "__main__":
    sys.exit(main())
