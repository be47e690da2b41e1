"""Install from this folder: no network, no administrator, nothing outside of the target folder."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


def say(zh: str, en: str) -> None:
    """Print in Chinese and English, on whatever console there is."""
    for text in (zh, en):
        encoding = sys.stdout.encoding or "ascii"
        print(text.encode(encoding, "replace").decode(encoding), flush=True)


def damaged() -> list[str]:
    """Return the files that are missing or differ from SHA256SUMS."""
    wrong = []
    for line in (HERE / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = HERE / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            wrong.append(name)
    return wrong


def main() -> int:
    """Check the files, make a virtual environment, install into it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?", type=Path, default=Path.home() / "geo_citymgmt")
    target = parser.parse_args().target.expanduser().resolve()
    about = json.loads((HERE / "bundle.json").read_text(encoding="utf-8"))
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if here != about["python"]:
        say(
            f"本安装包用于 Python {about['python']}，当前是 {here}，请改用前者。",
            f"this folder is for Python {about['python']}; this is {here}.",
        )
        return 2
    say("正在校验文件……", "checking the files ...")
    wrong = damaged()
    if wrong:
        names = ", ".join(wrong[:5])
        say(
            f"下列文件缺失或已损坏，请重新复制安装包：{names}",
            f"missing or damaged, copy the folder again: {names}",
        )
        return 2
    say(f"正在安装到 {target} ……", f"installing into {target} ...")
    venv.create(target, with_pip=True, upgrade_deps=False)
    programs = target / ("Scripts" if os.name == "nt" else "bin")
    python = programs / ("python.exe" if os.name == "nt" else "python")
    # Isolated: settings of the machine may name an index that is out of reach here.
    command = [str(python), "-m", "pip", "--isolated", "install", "--quiet", "--no-index"]
    command += ["--disable-pip-version-check", "--no-cache-dir", "--no-deps", "--require-hashes"]
    command += ["--find-links", str(HERE / "wheels"), "-r", str(HERE / "requirements.txt")]
    done = subprocess.run(command, check=False).returncode
    done = done or subprocess.run([str(python), "-m", "pip", "check"], check=False).returncode
    if done:
        say("安装没有完成，见上面的提示。", "could not be installed; see above.")
        return 2
    suffix = ".exe" if os.name == "nt" else ""
    report = programs / f"geo-citymgmt{suffix}"
    sample = HERE / "data" / "shapefiles"
    say("安装完成。试一试：", "installed. Try:")
    say(f'"{report}" report "{sample}" -o "{Path.home() / "report"}"', "")
    say(f'"{programs / f"jupyter-lab{suffix}"}" "{HERE / "notebooks"}"', "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
