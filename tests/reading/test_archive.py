"""Archives as offices send them are read; traps are refused and nothing is left behind."""

from __future__ import annotations

import io
import shutil
import stat
import struct
import tempfile
import zipfile

import pytest

import geo_citymgmt as gcm
from geo_citymgmt.reading import read_raw
from geo_citymgmt.reading._archive import list_members, unpacked
from geo_citymgmt.reading._limits import ArchiveLimits
from tests.conftest import DATA

PARTS = sorted(DATA.glob("districts.*"))


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A temporary folder of our own, so that what is left over is seen."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def pack(path, members: dict[str, bytes], **kwargs):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content, **kwargs)
    return path


def districts(prefix: str) -> dict[str, bytes]:
    return {f"{prefix}{p.suffix}": p.read_bytes() for p in PARTS}


def with_gbk_names(path, members: dict[str, bytes]):
    """As Windows in China packs: names in GBK, no mark that says so, backslashes for folders."""
    pack(path, {f"M{i:02}".ljust(len(n.encode("gbk")), "_"): c
                for i, (n, c) in enumerate(members.items())})  # fmt: skip
    raw = path.read_bytes()
    for i, name in enumerate(members):
        plain = f"M{i:02}".ljust(len(name.encode("gbk")), "_").encode()
        raw = raw.replace(plain, name.encode("gbk"))
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("prefix", ["区县界", "资料/2022年/区县界", "资料\\数据\\区县界"])
def test_names_in_gbk_and_nested_folders_are_read(tmp_path, prefix):
    path = with_gbk_names(tmp_path / "a.zip", districts(prefix))
    assert list_members(path)[0].name.startswith(prefix.replace("\\", "/"))
    assert read_raw(path).n_walked == 10


def test_a_backslash_within_a_character_is_no_folder(tmp_path):
    # 乗 is 0x81 0x5C in GBK.
    path = with_gbk_names(tmp_path / "a.zip", districts("乗"))
    assert {m.path.stem for m in list_members(path)} == {"乗"}


def test_several_layers_are_asked_about_and_each_is_read(tmp_path):
    path = pack(tmp_path / "a.zip", {**districts("a/区县界"), **districts("b/街道")})
    with pytest.raises(gcm.SourceError, match=r"a/区县界\.shp, b/街道\.shp"):
        read_raw(path)
    for name in ("区县界", "区县界.shp", "a/区县界.shp"):
        assert read_raw(path, sublayer=name).n_walked == 10
    with pytest.raises(gcm.SourceError, match="holds 2 layers"):
        read_raw(path, sublayer="道路")


def test_a_zip_in_a_zip_is_refused_by_name(tmp_path):
    inner = pack(tmp_path / "b.zip", districts("x")).read_bytes()
    path = pack(tmp_path / "a.zip", {"资料/内层.zip": inner})
    with pytest.raises(gcm.SourceError, match=r"archive in the archive .*内层\.zip"):
        read_raw(path)
    path = pack(tmp_path / "c.zip", {"内层.zip": inner, **districts("x")})
    told = read_raw(path).findings.frame().query("code == 'LAYER_IGNORED'")
    assert told["value"].tolist() == ["内层.zip"]


@pytest.mark.parametrize(
    "name",
    ["../x.shp", "a/../../x.shp", "/etc/x.shp", "C:/x.shp", "C:\\x.shp", "..\\x.shp", "a//x.shp",
     "\\\\server\\x.shp", "CON.shp", "a:b.shp", "x.shp. ", "a\nb.shp"],
)  # fmt: skip
def test_a_member_that_would_leave_the_folder_is_refused(tmp_path, name):
    path = pack(tmp_path / "a.zip", {"1_1": b"", name: b"x"})
    with pytest.raises(gcm.SourceError, match="outside the folder"):
        read_raw(path)
    with pytest.raises(gcm.SourceError), unpacked(path):
        pass


def test_a_link_is_refused(tmp_path):
    info = zipfile.ZipInfo("a.shp")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(gcm.SourceError, match="link"):
        read_raw(tmp_path / "a.zip")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("A.csv", "1")
        archive.writestr("a.csv", "2")
    with pytest.raises(gcm.SourceError, match="two members"):
        read_raw(tmp_path / "a.zip")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = pack(tmp_path / "a.zip", {"a.csv": bytes(200 << 20)})
    assert path.stat().st_size < 300_000
    with pytest.raises(gcm.SourceError, match="times its size") as caught:
        read_raw(path)
    assert caught.value.findings["code"].tolist() == ["SOURCE_REFUSED", "LAYER_UNUSABLE"]


@pytest.mark.parametrize(
    ("limits", "cause"),
    [
        (ArchiveLimits(members=3), "more than 3"),
        (ArchiveLimits(total_bytes=1000), "more than 1,000"),
        (ArchiveLimits(ratio=1.01, ratio_from=1000), "times its size"),
    ],
)
def test_limits_are_the_callers(tmp_path, limits, cause):
    path = pack(tmp_path / "a.zip", districts("x"))
    assert read_raw(path).n_walked == 10
    with pytest.raises(gcm.SourceError, match=cause):
        read_raw(path, limits=limits)


def test_members_that_overlap_are_refused(tmp_path):
    path = pack(tmp_path / "a.zip", {f"{i}.csv": bytes(range(256)) * 99 for i in range(20)})
    raw = path.read_bytes()
    start, end = raw.index(b"PK\x01\x02"), raw.rindex(b"PK\x05\x06")
    first = raw[: raw.index(b"PK\x03\x04", 4)]
    entry_length = 46 + 5
    entries = [raw[start : start + entry_length]] * 20
    directory = b"".join(e[:46] + f"{i}.csv".zfill(5).encode() for i, e in enumerate(entries))
    close = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 20, 20, len(directory), len(first), 0)
    path.write_bytes(first + directory + close)
    assert len(path.read_bytes()) < end
    with pytest.raises(gcm.SourceError, match=r"overlap|damaged"):
        read_raw(path)


def test_every_damaged_byte_of_a_member_is_noticed(tmp_path):
    path = pack(tmp_path / "a.zip", districts("x"))
    whole = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("x.dbf")
    start = info.header_offset + 30 + len("x.dbf")
    for at in range(start, start + info.compress_size, max(info.compress_size // 40, 1)):
        damaged = bytearray(whole)
        damaged[at] ^= 0x55
        path.write_bytes(bytes(damaged))
        with pytest.raises(gcm.SourceError, match="damaged archive"):
            read_raw(path)


def test_a_cut_archive_is_refused(tmp_path):
    whole = pack(tmp_path / "a.zip", districts("x")).read_bytes()
    for cut in range(4, len(whole), len(whole) // 50):
        (tmp_path / "a.zip").write_bytes(whole[:cut])
        with pytest.raises(gcm.SourceError):
            read_raw(tmp_path / "a.zip")


def test_a_password_is_named(tmp_path):
    path = pack(tmp_path / "a.zip", {"a.csv": b"x"})
    raw = bytearray(path.read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(gcm.SourceError, match="password"):
        read_raw(path)


def test_an_archive_without_layers_is_refused(tmp_path):
    with pytest.raises(gcm.SourceError, match="holds no layer"):
        read_raw(pack(tmp_path / "a.zip", {"readme.md": b"x", "__MACOSX/a.shp": b"x"}))


def test_what_was_unpacked_is_gone_even_after_an_error(tmp_path, temporary):
    path = pack(tmp_path / "a.zip", districts("x"))
    with pytest.raises(RuntimeError), unpacked(path) as folder:
        assert len(list(folder.iterdir())) == len(PARTS)
        raise RuntimeError
    assert list(temporary.iterdir()) == []


def test_a_city_is_loaded_from_an_archive(tmp_path, city):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(DATA.iterdir()):
            if part.stem in ("districts", "manholes", "utility_tunnels", "events"):
                archive.write(part, f"数据/{part.name}")
        archive.writestr("说明.docx", b"x")
    (tmp_path / "城市.zip").write_bytes(packed.getvalue())
    found = gcm.load_city(tmp_path / "城市.zip")
    assert set(found) == {"districts", "manholes", "utility_tunnels"}
    assert len(found["manholes"]) == len(city["manholes"])
    assert len(found.events) > 0
    ignored = found.findings.query("code == 'LAYER_IGNORED'")["value"].tolist()
    assert ignored == ["说明.docx"]
    assert found.inputs == (tmp_path / "城市.zip",)


def test_an_archive_in_the_folder_of_a_city_is_one_of_its_sources(tmp_path):
    pack(tmp_path / "资料.zip", districts("a/区县界"))
    for part in DATA.glob("manholes.*"):
        shutil.copy(part, tmp_path / part.name)
    found = gcm.load_city(tmp_path)
    assert set(found) == {"districts", "manholes"}
    assert found.ledger.set_index("layer").loc["districts", "source"] == "资料.zip/区县界.shp"
