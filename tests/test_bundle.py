"""An office without internet: the bundle is complete, installs without a network, runs anywhere."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt._markup import sound_text
from geo_citymgmt.cli import main
from geo_citymgmt.writing import _atomic
from tests.test_hostile import hostile_source

ROOT = Path(__file__).resolve().parent.parent
FILES = ROOT / "scripts" / "bundle_files"


def loaded(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[path.stem]


@pytest.fixture(scope="module")
def bundle():
    yield from loaded(ROOT / "scripts" / "bundle.py")


@pytest.fixture(scope="module")
def run():
    yield from loaded(FILES / "run.py")


def wheel(folder: Path, name: str, *needs: str, version: str = "1.0", tag: str = "py3-none-any"):
    """Write a wheel that holds nothing but its metadata."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    extras = "".join(f"Provides-Extra: {e}\n" for e in ("notebook", "bulletin", "dxf", "postgis"))
    lines = "".join(f"Requires-Dist: {need}\n" for need in needs)
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        f"{extras}{lines}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{n},,\n" for n in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as out:
        for path, text in files.items():
            out.writestr(path, text)


def test_a_bundle_whose_needs_are_all_there_is_complete(bundle, tmp_path):
    wheel(tmp_path, "geo_citymgmt", "aaa>=1", 'lab; extra == "notebook"')
    wheel(tmp_path, "aaa", 'bbb; sys_platform == "win32"', 'ccc; sys_platform != "win32"')
    wheel(tmp_path, "bbb", tag="cp312-cp312-win_amd64")
    wheel(tmp_path, "lab")
    assert bundle.needed(tmp_path, bundle.Target("win_amd64", "3.12"))[1] == []


def test_the_small_bundle_is_what_the_same_wheels_need_without_notebooks(bundle, tmp_path):
    wheel(tmp_path, "geo_citymgmt", "aaa>=1", 'lab; extra == "notebook"', 'word; extra=="bulletin"')
    wheel(tmp_path, "aaa", 'both; sys_platform == "win32"')
    wheel(tmp_path, "lab", "both", "kernel")
    for name in ("both", "kernel", "word"):
        wheel(tmp_path, name)
    target = bundle.Target("win_amd64", "3.12")
    names = [
        {path.name.split("-")[0] for path in bundle.needed(tmp_path, target, extras)[0]}
        for extras in bundle.KINDS.values()
    ]
    small = {"geo_citymgmt", "aaa", "both", "word"}
    assert names == [small | {"lab", "kernel"}, small]


@pytest.mark.parametrize(
    ("platform", "python", "told"),
    [
        ("linux_x86_64", "3.12", "aaa needs ccc"),
        ("linux_x86_64", "3.12", "does not fit linux_x86_64"),
        ("win_amd64", "3.11", "does not fit win_amd64 and Python 3.11"),
        ("win_amd64", "3.12", "geo-citymgmt needs lab"),
        ("win_amd64", "3.12", "geo-citymgmt needs word"),
        ("win_amd64", "3.12", "geo-citymgmt needs aaa[notebook]>=2; 1.0 is there"),
        ("win_amd64", "3.12", "aaa needs eee"),
    ],
)
def test_what_the_target_would_miss_is_named(bundle, tmp_path, platform, python, told):
    wheel(tmp_path, "geo_citymgmt", "aaa[notebook]>=2", 'lab; extra == "notebook"',
          'word; extra == "bulletin"')  # fmt: skip
    wheel(tmp_path, "aaa", 'bbb; os_name == "nt"', 'ccc; os_name != "nt"',
          'eee; extra == "notebook"')  # fmt: skip
    wheel(tmp_path, "bbb", tag="cp312-cp312-win_amd64")
    _, wrong = bundle.needed(tmp_path, bundle.Target(platform, python))
    assert [line for line in wrong if told in line]


@pytest.mark.parametrize(
    ("platform", "tag", "fits"),
    [
        ("linux_x86_64", "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", True),
        ("linux_x86_64", "cp39-abi3-manylinux_2_28_x86_64", True),
        ("linux_x86_64", "cp312-cp312-manylinux_2_34_x86_64", False),
        ("linux_x86_64", "cp312-cp312-musllinux_1_2_x86_64", False),
        ("linux_aarch64", "cp312-cp312-manylinux2014_aarch64", True),
        ("linux_aarch64", "cp312-cp312-manylinux2014_x86_64", False),
        ("win_amd64", "cp312-cp312-win_amd64", True),
        ("win_amd64", "cp312-cp312-win32", False),
        ("win_amd64", "cp313-cp313-win_amd64", False),
    ],
)
def test_wheels_fit_the_machines_they_are_for(bundle, tmp_path, platform, tag, fits):
    wheel(tmp_path, "geo_citymgmt", tag=tag)
    assert (bundle.needed(tmp_path, bundle.Target(platform, "3.12"))[1] == []) is fits


def this_machine(bundle):
    return bundle.Target(
        "win_amd64" if os.name == "nt" else f"linux_{os.uname().machine}",
        f"{sys.version_info[0]}.{sys.version_info[1]}",
    )


def made(bundle, folder: Path, kind: str) -> Path:
    """A bundle for this machine whose wheels are made here, so that no network is needed."""
    wheel(folder / "wheels", "geo_citymgmt", "aaa", version=gcm.__version__)
    wheel(folder / "wheels", "aaa")
    with pytest.MonkeyPatch.context() as patch:
        # The site has tests of its own, and takes minutes.
        patch.setattr(bundle, "_build_pages", lambda pages: None)
        out = folder / "安装 包"
        target = this_machine(bundle)
        assert bundle.make(target, out, kind, wheels_from=folder / "wheels") == []
    return out


@pytest.fixture
def whole(bundle, tmp_path) -> Path:
    return made(bundle, tmp_path, "whole")


@pytest.fixture
def small(bundle, tmp_path) -> Path:
    return made(bundle, tmp_path, "small")


def test_a_bundle_holds_sample_notebooks_documents_and_sums(whole):
    names = {p.relative_to(whole).as_posix() for p in whole.rglob("*") if p.is_file()}
    assert {"install.py", "README.txt", "SHA256SUMS", "requirements.txt", "bundle.json"} <= names
    assert "data/shapefiles/manholes.shp" in names
    assert "notebooks/01_quickstart.ipynb" in names
    assert "docs/source/methods.md" in names
    assert "docs/README.zh-CN.md" in names
    listed = {}
    for line in (whole / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ", 1)
        listed[name] = digest
    assert set(listed) == names - {"SHA256SUMS"}
    for name, digest in listed.items():
        assert hashlib.sha256((whole / name).read_bytes()).hexdigest() == digest


def test_a_small_bundle_holds_neither_notebooks_nor_pages(small):
    names = {p.relative_to(small).as_posix() for p in small.rglob("*") if p.is_file()}
    assert {"install.py", "run.py", "data/shapefiles/manholes.shp"} <= names
    assert "docs/source/zh/your-own-city.md" in names
    assert not [n for n in names if n.startswith(("notebooks", "docs/pages"))]


def off_line(*command: str | Path) -> list[str]:
    """The command, where the system can do so with no network at all."""
    apart = shutil.which("unshare")
    if apart and subprocess.run([apart, "-rn", "true"], check=False).returncode == 0:
        return [apart, "-rn", *map(str, command)]
    return list(map(str, command))


def started(folder: Path, home: Path, *arguments: object, **environ: str):
    """Run ``run.sh`` of a folder, without a network and with settings that lead elsewhere."""
    browser = home / "browser.sh"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{home}/opened"\n', encoding="utf-8")
    browser.chmod(0o755)
    (home / "pip.conf").write_text("[global]\ntarget = /elsewhere\n", encoding="utf-8")
    foreign = {"PYTHONPATH": "/nowhere", "PIP_CONFIG_FILE": str(home / "pip.conf")}
    # The Python that the bundle is of is there, wherever it was installed.
    foreign["PATH"] = f"{sys.base_prefix}/bin:{os.environ['PATH']}"
    return subprocess.run(
        off_line("sh", folder / "run.sh", *arguments), capture_output=True, text=True, check=False,
        encoding="utf-8",
        env={**os.environ, **foreign, "HOME": str(home), "BROWSER": f"{browser} %s", **environ},
    )  # fmt: skip


@pytest.fixture(scope="module")
def office(bundle, tmp_path_factory) -> Path:
    """A home in which the first run from the small bundle, beside it, has installed."""
    if os.name == "nt":
        pytest.skip("run.sh is for other systems; the batch file has tests of its own")
    home = tmp_path_factory.mktemp("家")
    done = started(made(bundle, home, "small"), home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "正在安装" in done.stdout
    return home


def test_a_bundle_installs_without_a_network(office):
    target = office / "geo_citymgmt"
    (packages,) = (target / "lib").glob("python*/*-packages")
    held = {path.name for path in packages.glob("*.dist-info")}
    assert {f"geo_citymgmt-{gcm.__version__}.dist-info", "aaa-1.0.dist-info"} <= held
    assert not list(packages.glob("jupyter*"))
    assert {"run.py", "run.sh", "requirements.txt"} <= {p.name for p in target.iterdir()}


def test_what_is_installed_is_not_installed_again(office):
    done = started(office / "安装 包", office)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "正在安装" not in done.stdout
    assert "请把存放图层的文件夹" in done.stdout


def test_another_version_of_the_bundle_is_installed_anew(run, tmp_path, monkeypatch):
    usual, here = tmp_path / "usual", tmp_path / "bundle"
    monkeypatch.setattr(run, "USUAL", usual)
    monkeypatch.setattr(run, "HERE", here)
    asked = []
    fake = type(sys)("install")
    fake.install = lambda target: asked.append(target) or 2
    monkeypatch.setitem(sys.modules, "install", fake)
    for folder, text in ((usual, "geo-citymgmt==1"), (here, "geo-citymgmt==1")):
        folder.mkdir()
        (folder / "requirements.txt").write_text(text, encoding="utf-8")
    assert run.installed() == usual
    (here / "requirements.txt").write_text("geo-citymgmt==2", encoding="utf-8")
    assert run.installed() is None
    assert asked == [usual]


def test_nothing_is_installed_among_other_files(small, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "窨井.csv").write_text("x", encoding="utf-8")
    command = [sys.executable, str(small / "install.py"), str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 2
    assert "holds other files" in done.stdout.decode("utf-8")
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["窨井.csv"]


@pytest.mark.parametrize("harm", ["changed", "missing"])
def test_a_damaged_bundle_installs_nothing_and_names_the_file(small, tmp_path, harm):
    victim = small / "data" / "shapefiles" / "manholes.dbf"
    victim.unlink()
    if harm == "changed":
        victim.write_bytes(b"x")
    command = [sys.executable, str(small / "install.py"), str(tmp_path / "t")]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"data/shapefiles/manholes.dbf" in done.stdout
    assert not (tmp_path / "t").exists()


def test_a_bundle_for_another_python_says_so(small, tmp_path):
    about = json.loads((small / "bundle.json").read_text(encoding="utf-8"))
    (small / "bundle.json").write_text(json.dumps({**about, "python": "3.99"}), encoding="utf-8")
    command = [sys.executable, str(small / "install.py"), str(tmp_path / "t")]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"3.99" in done.stdout


def test_a_folder_of_other_files_is_not_overwritten(bundle, tmp_path):
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    target = bundle.Target("win_amd64", "3.12")
    with pytest.raises(SystemExit, match="holds other files"):
        bundle.make(target, tmp_path, wheels_from=tmp_path)
    assert (tmp_path / "mine.txt").is_file()


@pytest.fixture(scope="module")
def for_windows(bundle, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("win")
    bundle.copy_files(out, bundle.Target("win_amd64", "3.12"), "small")
    return out


def test_files_for_windows_are_as_windows_reads_them(for_windows):
    readme = (for_windows / "README.txt").read_bytes()
    assert readme.startswith(b"\xef\xbb\xbf")
    assert "不需要管理员权限" in readme.decode("utf-8-sig")
    missing = (for_windows / "no_python.txt").read_bytes()
    assert missing.startswith(b"\xff\xfe")
    assert "没有找到 Python 3.12" in missing.decode("utf-16")
    names = [p.relative_to(for_windows).as_posix() for p in for_windows.rglob("*")]
    assert [n for n in names if not n.isascii()] == ["运行.bat"]
    # A Windows path ends at 260 characters, most of which the user's folder may take.
    assert max(map(len, names)) < 120


@pytest.mark.parametrize(
    ("name", "script"), [("install.bat", "install.py"), ("运行.bat", "run.py")]
)
def test_a_batch_file_is_one_that_cmd_reads_right(for_windows, name, script):
    batch = (for_windows / name).read_bytes()
    # Any code page reads ASCII alike; cmd loses labels where a line ends without \r.
    assert batch.isascii()
    assert batch.count(b"\r\n") == batch.count(b"\n") == batch.count(b"\r")
    assert not re.search(rb"@[A-Z]+@", batch)
    lines = batch.decode("ascii").split("\r\n")
    assert max(map(len, lines)) < 8191
    assert f'"%~dp0{script}"' in batch.decode("ascii")
    comments = [line for line in lines if line.startswith("rem ")]
    # In a comment too, cmd reads these.
    assert not [line for line in comments if re.search(r"[%&|<>^!]", line)]
    code = [line for line in lines if line and line not in comments]
    for line in code:
        outside = re.sub(r'"[^"]*"', "", line)
        assert '"' not in outside, line
        # Outside of quotes a path would be cut at a space or an ampersand.
        assert not re.search(r"%~|%GCM_(PYTHON|ARGUMENT|LINE|FITS)%|%LOCALAPPDATA%", outside), line
        # A block in parentheses would have its variables expanded before it runs.
        assert "(" not in outside or line.startswith("for %%F in ("), line
        # "call" reads a line twice, and doubles a caret in a path.
        assert not re.match(r"(cd|pushd|call|chcp)\b", line), line
    labels = {line[1:] for line in code if line.startswith(":")}
    assert set(re.findall(r"goto (\w+)", "\n".join(code))) <= labels


def test_only_the_line_of_explorer_is_expanded_with_exclamation_marks(for_windows):
    lines = (for_windows / "运行.bat").read_text(encoding="ascii").splitlines()
    begin = lines.index("setlocal EnableDelayedExpansion")
    end = lines.index("setlocal DisableDelayedExpansion")
    # A path given as %~1 or %~dp0 would lose its exclamation marks there; the name alone is
    # compared, and of a name with one the comparison merely fails.
    within = "\n".join(lines[begin:end])
    assert set(re.findall(r"%~?\w+%?", within)) == {"%~nx0"}
    rest = [line for line in (*lines[:begin], *lines[end:]) if "!" in line]
    assert [line.split("=")[0] for line in rest] == ['set "GCM_FITS']


EXPLORER = r'C:\Windows\system32\cmd.exe /c ""D:\工具 箱\运行.bat" '


@pytest.mark.parametrize(
    ("dropped", "path"),
    [
        (r'"D:\城管 数据"', r"D:\城管 数据"),
        (r"D:\甲&乙", r"D:\甲&乙"),
        (r"D:\a^b,c;d=e", r"D:\a^b,c;d=e"),
        (r'"D:\2022 (修订)&^"', r"D:\2022 (修订)&^"),
        (r"D:\完成！100%!x!", r"D:\完成！100%!x!"),
        (r"\\server\share$\图层", r"\\server\share$\图层"),
        (r'"\\server\共 享\图层"', r"\\server\共 享\图层"),
        ("D:\\", "D:\\"),
    ],
)
def test_a_dropped_path_arrives_as_it_is_whatever_cmd_would_make_of_it(run, dropped, path):
    # What cmd cut it to stands in the argument, and is not used.
    environ = {"GCM_LINE": f'{EXPLORER}{dropped}"', "GCM_ARGUMENT": "D:\\甲"}
    assert run.named([], environ) == [path]


def test_several_dropped_paths_are_several_and_none_is_none(run):
    assert run.named([], {"GCM_LINE": rf'{EXPLORER}D:\a.shp "D:\b c.dbf""'}) == [
        r"D:\a.shp",
        r"D:\b c.dbf",
    ]
    assert run.named([], {"GCM_LINE": f'{EXPLORER}"', "GCM_ARGUMENT": ""}) == []
    assert run.named([], {}) == []


def test_a_path_typed_at_the_prompt_counts_without_its_stray_quote(run):
    environ = {"GCM_LINE": "", "GCM_ARGUMENT": "D:\\我的 数据\\"}
    assert run.named([], environ) == ["D:\\我的 数据\\"]
    assert run.named(['D:\\我的 数据"'], {}) == ["D:\\我的 数据"]
    assert run.named(["/data/苏州"], {"GCM_LINE": "cmd.exe"}) == ["/data/苏州"]


@pytest.mark.parametrize(
    ("source", "is_file", "out"),
    [
        (PureWindowsPath("D:\\数据\\2024.06\\"), False, "D:\\数据\\2024.06_报告"),
        (PureWindowsPath("D:\\数据\\成都.gpkg"), True, "D:\\数据\\成都_报告"),
        (PureWindowsPath("\\\\server\\share\\图层"), False, "\\\\server\\share\\图层_报告"),
        (PurePosixPath("/数据/图层/"), False, "/数据/图层_报告"),
    ],
)
def test_the_report_goes_beside_the_source(run, source, is_file, out):
    assert str(run.beside(source, is_file=is_file)) == out


def test_programs_of_others_lead_nothing_elsewhere(run, monkeypatch):
    for name in ("PROJ_LIB", "GDAL_DATA", "PythonHome", "PIP_TARGET"):
        monkeypatch.setenv(name, "C:\\ArcGIS")
    kept = run.environment()
    assert "C:\\ArcGIS" not in kept.values()
    assert kept["PATH"] == os.environ["PATH"]


@pytest.fixture(scope="module")
def working(office) -> Path:
    """The folder that was installed into, with this package in place of the wheels' empty one."""
    target = office / "geo_citymgmt"
    (packages,) = (target / "lib").glob("python*/*-packages")
    shared = sysconfig.get_paths()["purelib"]
    (packages / "tested.pth").write_text(f"{ROOT}\n{shared}\n", encoding="utf-8")
    return target


def test_a_dropped_folder_of_another_city_is_checked_reported_and_opened(working, tmp_path):
    source = tmp_path / "成都 (2024)&！"
    source.mkdir()
    (source / "窨井.csv").write_text(
        "编号,经度,纬度,类型\nA1,104.06,30.66,雨水\nA2,104.07,30.67,污水\n", encoding="utf-8-sig"
    )
    # As from the batch file: nothing as argument, the line of Explorer whole.
    done = started(working, working.parent, GCM_LINE=f'cmd.exe /c ""D:\\运行.bat" "{source}""')
    assert done.returncode in (0, 3), done.stdout + done.stderr
    page = tmp_path / "成都 (2024)&！_报告" / "index.html"
    assert "窨井" in page.read_text(encoding="utf-8")
    opened = working.parent / "opened"
    assert opened.read_text(encoding="utf-8").strip() == page.as_uri()
    opened.unlink()
    assert [p.name for p in source.iterdir()] == ["窨井.csv"]


@pytest.mark.parametrize(
    ("codes", "asked", "told"),
    [
        ([2], ["check"], "检查没有完成，原因见上面"),
        ([3, 2], ["check", "report"], "报告没有写完，原因见上面"),
    ],
)
def test_what_ends_badly_is_said_and_no_page_is_opened(
    run, tmp_path, monkeypatch, capsys, codes, asked, told
):
    ran, opened = [], []
    monkeypatch.setattr(run, "installed", lambda: tmp_path)
    monkeypatch.setattr(run, "command", lambda _, name, *rest: ran.append(name) or codes.pop(0))
    monkeypatch.setattr(run.webbrowser, "open", opened.append)
    monkeypatch.setattr(run.sys, "argv", ["run.py", str(tmp_path)])
    assert run.main() == 2
    assert (ran, opened) == (asked, [])
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([], "请把存放图层的文件夹"),
        (["a", "b"], "一次只能拖一个，这次有 2 个"),
        (["/没有"], "找不到"),
        ([Path.cwd().anchor], "整个磁盘"),
    ],
)
def test_what_is_no_source_is_answered_in_chinese(run, capsys, names, told):
    assert run.source_of(names) is None
    assert told in capsys.readouterr().out


# Nothing is bound to one kind of machine.


@pytest.mark.parametrize(
    ("settings", "style"),
    [
        ({"PYTHONIOENCODING": "gbk"}, "text"),
        ({"PYTHONIOENCODING": "gbk"}, "json"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "text"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
          "PYTHONIOENCODING": "ascii"}, "json"),
    ],
    ids=["gbk-text", "gbk-json", "C-text", "ascii-json"],
)  # fmt: skip
def test_a_console_that_is_not_utf8_ends_no_command(tmp_path, settings, style):
    source = hostile_source(tmp_path / "源")
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-m", "geo_citymgmt", "check", str(source), "--format", style],
        capture_output=True, check=False, env={**kept, "PYTHONPATH": path, **settings},
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    # click takes ASCII for a setting gone wrong, and writes UTF-8.
    encoding = "gbk" if settings.get("PYTHONIOENCODING") == "gbk" else "utf-8"
    # Why it ends with 3, and no traceback.
    assert done.stderr.decode(encoding).startswith("已完成，但有记录被退回或数据有错误")
    if style == "json":
        assert json.loads(done.stdout.decode(encoding))["findings"]


def test_a_name_that_is_no_utf8_is_told_in_words(tmp_path, data_folder):
    for part in data_folder.glob("districts.*"):
        shutil.copyfile(part, tmp_path / part.name)
    for part in data_folder.glob("bike_stations.*"):
        shutil.copyfile(part, tmp_path / part.name)
    try:
        (tmp_path / os.fsdecode("图层甲.geojson".encode("gbk"))).write_bytes(b"{}")
    except OSError:
        pytest.skip("this file system takes no such name")
    found = gcm.load_city(tmp_path).findings
    assert found["value"].eq("图层甲.geojson").any()
    assert sound_text("井") == "井"


def test_every_file_of_text_is_opened_with_its_encoding():
    bare = []
    for path in (ROOT / "geo_citymgmt").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            told = {k.arg for k in node.keywords}
            words = [a.value for a in node.args if isinstance(a, ast.Constant)]
            name = node.func.attr
            binary = any("b" in str(w) for w in words[:1])
            opens = name == "open" and not isinstance(node.func.value, ast.Name)
            if name in ("read_text", "write_text") or (opens and words and not binary):
                given = "encoding" in told or words[:1] in (["utf-8"], ["utf-8-sig"])
                bare += [] if given else [f"{path.name}:{node.lineno}"]
    assert bare == []


def test_a_report_file_that_is_held_open_is_named(monkeypatch, tmp_path, data_folder):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for part in (*data_folder.glob("districts.*"), *data_folder.glob("bike_stations.*")):
        shutil.copyfile(part, source / part.name)
    real = os.replace

    def held(temporary, target):
        if Path(target).name == "tables.xlsx":
            raise PermissionError(13, "held by another program", str(target))
        real(temporary, target)

    monkeypatch.setattr(_atomic, "REPLACE_WAIT_S", 0)
    monkeypatch.setattr(_atomic.os, "replace", held)
    done = CliRunner().invoke(main, ["report", str(source), "-o", str(out)])
    assert done.exit_code == 2
    assert str(out / "tables.xlsx") in done.stderr
    assert "占用" in done.stderr
    assert "内部错误" not in done.stderr
