"""One writer at a time, the old file on any error, no leftovers, a name for who is in the way."""

from __future__ import annotations

import gc
import os
import threading
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import geo_citymgmt as gcm
from geo_citymgmt.writing import _atomic, whole_file, write_text
from geo_citymgmt.writing._atomic import locked
from tests.conftest import points


def names(folder) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_an_error_keeps_the_old_file_and_leaves_nothing(tmp_path):
    target = write_text("old", tmp_path / "a.txt")
    with pytest.raises(KeyError), whole_file(target) as temporary:
        temporary.write_text("half")
        raise KeyError
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_nothing_written_is_an_error(tmp_path):
    with pytest.raises(gcm.CityDataError, match="nothing was written"), whole_file(tmp_path / "a"):
        pass
    assert names(tmp_path) == []


def test_what_a_killed_writer_left_is_cleared_away_and_locks_nobody_out(tmp_path):
    (tmp_path / ".a.txt.x1.part").mkdir()
    (tmp_path / ".a.txt.x1.part" / "a.txt").write_text("half")
    (tmp_path / ".a.txt.lock").write_text(" otherhost, process 1")
    (tmp_path / ".b.txt.x1.part").mkdir()
    write_text("new", tmp_path / "a.txt")
    assert names(tmp_path) == [".b.txt.x1.part", "a.txt"]


def test_a_second_writer_is_told_who_is_at_work(tmp_path, monkeypatch):
    monkeypatch.setattr(_atomic, "LOCK_WAIT_S", 0.2)
    target = tmp_path / "a.txt"
    with (
        locked(target),
        pytest.raises(gcm.CityDataError, match=f"process {os.getpid()}") as caught,
    ):
        write_text("second", target)
    assert "另一个程序正在写" in caught.value.message_zh
    assert names(tmp_path) == []


def test_writers_wait_for_one_another(tmp_path):
    target = tmp_path / "a.txt"
    texts = [str(k) * 100_000 for k in range(8)]
    threads = [threading.Thread(target=write_text, args=(text, target)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_text() in texts
    assert names(tmp_path) == ["a.txt"]


def test_a_target_held_open_is_tried_again_and_then_named(tmp_path, monkeypatch):
    monkeypatch.setattr(_atomic, "REPLACE_WAIT_S", 60.0)
    target = write_text("old", tmp_path / "a.txt")
    calls = []
    real = os.replace

    def held(source, goal):
        calls.append(goal)
        if len(calls) < times:
            raise PermissionError(13, "held")
        real(source, goal)

    monkeypatch.setattr(os, "replace", held)
    times = 3
    write_text("new", target)
    assert (target.read_text(), len(calls)) == ("new", 3)
    times = 10**9
    monkeypatch.setattr(_atomic, "REPLACE_WAIT_S", 0.2)
    with pytest.raises(gcm.CityDataError, match=r"a\.txt: another program holds it open"):
        write_text("newer", target)
    assert target.read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet", ".geojson", ".csv", ".xlsx", ".shp.zip"])
def test_a_value_that_changes_on_the_way_is_noticed(tmp_path, monkeypatch, suffix):

    def differ(*args):
        return 1

    monkeypatch.setattr("geo_citymgmt.writing._files._differing", differ)
    target = tmp_path / f"a{suffix}"
    target.write_bytes(b"old")
    with pytest.raises(gcm.CityDataError, match="read back"):
        gcm.write_layer(points((1, 1), n=[1]), target)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == [target.name]


def test_a_folder_in_the_place_of_the_target_is_named(tmp_path):
    with pytest.raises(gcm.CityDataError, match="is a folder"):
        write_text("x", tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("suffix", [".geojson", ".xlsx"])
def test_a_full_disk_is_called_that_and_nothing_else_is_said(tmp_path, monkeypatch, capfd, suffix):
    real = Path.open

    def full(path, mode="r", *args, **kwargs):
        writes = "w" in mode and path.parent.name.endswith(".part")
        return real(Path("/dev/full") if writes else path, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(gcm.CityDataError, match=r"disk is full.*Make room"):
        gcm.write_layer(points((1, 1), n=[1]), tmp_path / f"a{suffix}")
    gc.collect()
    assert capfd.readouterr().err == ""
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("member", "one", "other", "field"),
    [
        ("sharedStrings.xml", "干将东路", "干将西路", "road"),
        ("worksheets/sheet1.xml", "<v>20.25</v>", "<v>20.5</v>", "depth"),
        ("worksheets/sheet1.xml", "<v>44742</v>", "<v>44743</v>", "day"),
        ("worksheets/sheet1.xml", "<v>44742</v>", "", "day"),
        ("sharedStrings.xml", "depth", "width", "the head"),
    ],
)
def test_one_cell_of_a_sheet_that_changes_on_the_way_is_noticed(
    tmp_path, monkeypatch, member, one, other, field
):
    import xlsxwriter

    whole = xlsxwriter.Workbook.close

    def close(book):
        whole(book)
        with zipfile.ZipFile(book.filename) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        assert one.encode() in parts[f"xl/{member}"]
        parts[f"xl/{member}"] = parts[f"xl/{member}"].replace(one.encode(), other.encode())
        book.filename.seek(0)
        book.filename.truncate()
        with zipfile.ZipFile(book.filename, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)

    monkeypatch.setattr(xlsxwriter.Workbook, "close", close)
    day = [pd.Timestamp(2022, 6, 30)]
    frame = points((1, 1), road=["干将东路"], depth=[20.25], day=day)
    target = write_text("old", tmp_path / "a.xlsx")
    with pytest.raises(gcm.CityDataError, match=rf"read back.*{field}"):
        gcm.write_layer(frame, target)
    assert target.read_text() == "old"


def test_a_closed_folder_is_named_and_not_a_hidden_file_in_it(tmp_path, monkeypatch):
    def denied(path, *args):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(_atomic.os, "open", denied)
    with pytest.raises(gcm.CityDataError, match="no permission to write") as caught:
        write_text("x", tmp_path / "a.txt")
    assert f"文件夹 {tmp_path} 没有写入权限，请另选文件夹" in caught.value.message_zh
    assert ".lock" not in caught.value.message + caught.value.message_zh


def test_a_folder_that_cannot_be_made_is_named_with_the_cause(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(gcm.CityDataError, match="folder cannot be made") as caught:
        write_text("x", tmp_path / "file" / "inner" / "a.txt")
    assert "请另选文件夹" in caught.value.message_zh
