"""An office without internet: the bundle is complete, installs without a network, runs anywhere."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt.cli import main
from geo_citymgmt.markup import sound_text
from geo_citymgmt.writing import atomic
from tests.test_hostile import hostile_source

ROOT = Path(__file__).resolve().parent.parent
FILES = ROOT / "scripts" / "bundle_files"


@pytest.fixture(scope="module")
def bundle():
    spec = importlib.util.spec_from_file_location("bundle", ROOT / "scripts" / "bundle.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["bundle"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["bundle"]


def wheel(folder: Path, name: str, *needs: str, version: str = "1.0", tag: str = "py3-none-any"):
    """Write a wheel that holds nothing but its metadata."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    extras = "".join(f"Provides-Extra: {e}\n" for e in ("notebook", "bulletin"))
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
    assert bundle.unmet(tmp_path, bundle.Target("win_amd64", "3.12")) == []


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
    wrong = bundle.unmet(tmp_path, bundle.Target(platform, python))
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
    assert (bundle.unmet(tmp_path, bundle.Target(platform, "3.12")) == []) is fits


@pytest.fixture
def small(bundle, tmp_path, monkeypatch) -> Path:
    """A bundle for this machine whose wheels are made here, so that no network is needed."""
    target = bundle.Target(
        "win_amd64" if os.name == "nt" else f"linux_{os.uname().machine}",
        f"{sys.version_info[0]}.{sys.version_info[1]}",
    )

    def download(target, own, folder):
        wheel(folder, "geo_citymgmt", "aaa", version=gcm.__version__)
        wheel(folder, "aaa")

    monkeypatch.setattr(bundle, "build_wheel", lambda folder: folder)
    monkeypatch.setattr(bundle, "download", download)
    out = tmp_path / "安装包"
    assert bundle.make(target, out) == []
    return out


def test_a_bundle_holds_sample_notebooks_documents_and_sums(small):
    names = {p.relative_to(small).as_posix() for p in small.rglob("*") if p.is_file()}
    assert {"install.py", "README.txt", "SHA256SUMS", "requirements.txt", "bundle.json"} <= names
    assert "data/shapefiles/manholes.shp" in names
    assert "notebooks/01_quickstart.ipynb" in names
    assert "docs/source/methods.md" in names
    assert "docs/README.zh-CN.md" in names
    listed = {}
    for line in (small / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ", 1)
        listed[name] = digest
    assert set(listed) == names - {"SHA256SUMS"}
    for name, digest in listed.items():
        assert hashlib.sha256((small / name).read_bytes()).hexdigest() == digest


def test_a_bundle_installs_without_a_network(small, tmp_path):
    command = [sys.executable, str(small / "install.py"), str(tmp_path / "城管工具")]
    apart = shutil.which("unshare")
    if apart and subprocess.run([apart, "-rn", "true"], check=False).returncode == 0:
        command = [apart, "-rn", *command]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    done = subprocess.run(
        command, capture_output=True, check=False, cwd=tmp_path,
        env={**kept, "HOME": str(tmp_path), "PYTHONIOENCODING": "ascii:strict"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    programs = tmp_path / "城管工具" / ("Scripts" if os.name == "nt" else "bin")
    listed = subprocess.run(
        [programs / "python", "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        capture_output=True, check=True,
    )  # fmt: skip
    held = {row["name"].replace("_", "-") for row in json.loads(listed.stdout)}
    assert {"geo-citymgmt", "aaa"} <= held


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
    with pytest.raises(SystemExit, match="holds other files"):
        bundle.make(bundle.Target("win_amd64", "3.12"), tmp_path)
    assert (tmp_path / "mine.txt").is_file()


def test_files_for_windows_are_as_windows_reads_them(bundle, tmp_path):
    bundle.copy_files(tmp_path, bundle.Target("win_amd64", "3.12"))
    batch = (tmp_path / "install.bat").read_bytes()
    assert batch.isascii()
    assert batch.count(b"\r\n") == batch.count(b"\n")
    assert b"@PYTHON@" not in batch
    readme = (tmp_path / "README.txt").read_bytes()
    assert readme.startswith(b"\xef\xbb\xbf")
    assert "不需要管理员权限" in readme.decode("utf-8-sig")
    names = [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")]
    assert not [n for n in names if not n.isascii()]
    # A Windows path ends at 260 characters, most of which the user's folder may take.
    assert max(map(len, names)) < 120


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

    monkeypatch.setattr(atomic, "REPLACE_WAIT_S", 0)
    monkeypatch.setattr(atomic.os, "replace", held)
    done = CliRunner().invoke(main, ["report", str(source), "-o", str(out)])
    assert done.exit_code == 2
    assert str(out / "tables.xlsx") in done.stderr
    assert "占用" in done.stderr
    assert "内部错误" not in done.stderr
