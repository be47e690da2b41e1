"""Install from this folder: no network, no administrator, nothing outside of the target folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Isolated, Python looks for no modules beside the file it runs; a bundle is left as it was sent.
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from run import USUAL, environment, named, program, say  # noqa: E402

#: What a path of Windows may have, less the zero at its end.
LONGEST = 259


def damaged() -> list[str]:
    """Return the files that are missing or differ from SHA256SUMS."""
    wrong = []
    for line in (HERE / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = HERE / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            wrong.append(name)
    return wrong


def refused(target: Path) -> tuple[str, str] | None:
    """Return why it cannot be installed here or into ``target``, in Chinese and English."""
    about = json.loads((HERE / "bundle.json").read_text(encoding="utf-8"))
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    machine = sysconfig.get_platform().replace("-", "_")
    if here != about["python"] or machine != about["platform"]:
        return (
            f"本安装包用于 {about['platform']} 的 Python {about['python']}，当前是 {machine} 的 "
            f"{here}，请改用前者。",
            f"this folder is for Python {about['python']} on {about['platform']}; this is {here} "
            f"on {machine}.",
        )
    if target.is_file() or (
        target.is_dir() and any(target.iterdir()) and not (target / "pyvenv.cfg").is_file()
    ):
        return (
            f"{target} 里有别的文件。请换一个空文件夹：卸载时整个文件夹会被删除。",
            f"{target} holds other files; name an empty folder.",
        )
    excess = len(str(target)) + about["longest"] - LONGEST
    if os.name == "nt" and excess > 0:
        return (
            f"{target} 的路径长了 {excess} 个字符，Windows 放不下。请换一个短的，如 D:\\gcm。",
            f"the path {target} is {excess} characters too long for Windows; take a short one.",
        )
    say("正在校验文件……", "checking the files ...")
    wrong = damaged()
    if not wrong:
        return None
    names = ", ".join(wrong[:5])
    return (
        f"{len(wrong)} 个文件缺失或已损坏，请重新复制安装包：{names}",
        f"{len(wrong)} files missing or damaged, copy the folder again: {names}",
    )


def install(target: Path) -> int:
    """Check the files, make a virtual environment in ``target``, install into it."""
    why = refused(target)
    if why:
        say(*why)
        return 2
    say(f"正在安装到 {target} ……", f"installing into {target} ...")
    mark = target / "requirements.txt"
    mark.unlink(missing_ok=True)
    try:
        venv.create(target, with_pip=True, upgrade_deps=False)
        done = _with_pip(target)
        for name in ("run.py", "no_python.txt", "运行.bat", "run.sh"):
            if (HERE / name).is_file():
                shutil.copyfile(HERE / name, target / name)
    except (OSError, subprocess.CalledProcessError) as error:
        say(str(error))
        done = 2
    if done:
        say("安装没有完成，见上面的提示。", "could not be installed; see above.")
        return 2
    shutil.copyfile(HERE / "requirements.txt", mark)
    return 0


def _with_pip(target: Path) -> int:
    pip = [str(program(target)), "-I", "-m", "pip", "--isolated", "--disable-pip-version-check"]
    # What is there is put anew: the same version may have been built from other files.
    fetch = ["install", "--quiet", "--no-index", "--no-cache-dir", "--no-deps", "--force-reinstall"]
    fetch += ["--require-hashes", "--no-warn-script-location"]
    fetch += ["--find-links", str(HERE / "wheels"), "-r", str(HERE / "requirements.txt")]
    for arguments in (fetch, ["check"]):
        code = subprocess.run([*pip, *arguments], check=False, env=environment()).returncode
        if code:
            return code
    return 0


def main() -> int:
    """Install into the folder that was named, or the usual one; say what to try."""
    paths = named(sys.argv[1:], os.environ)
    target = Path(paths[0] if paths else USUAL).expanduser().absolute()
    if install(target):
        return 2
    suffix = ".exe" if os.name == "nt" else ""
    programs = program(target).parent
    say("安装完成。试一试：", "installed. Try:")
    out = Path.home() / "report"
    sample = HERE / "data" / "shapefiles"
    say(f'"{programs / f"geo-citymgmt{suffix}"}" report "{sample}" -o "{out}"')
    laboratory = programs / f"jupyter-lab{suffix}"
    if laboratory.is_file():
        say(f'"{laboratory}" "{HERE / "notebooks"}"')
    start = target / ("运行.bat" if os.name == "nt" else "run.sh")
    say(f"或把存放图层的文件夹拖到 {start} 上。", f"Or drop a folder of layers on {start}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
