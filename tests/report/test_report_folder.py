"""One report at a time in a folder, and all of it or none."""

from __future__ import annotations

import json
import os
import threading

import pytest

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.report import _folder as report_folder
from geo_citymgmt.report._folder import file_hash, new_report, unfinished_page
from geo_citymgmt.writing import _atomic

NAMES = ("index.html", "map.html", "rejected/README.txt")


def fill(folder, text, names=NAMES):
    """Write the files of a report, each of them ``text``, and their manifest."""
    (folder / "rejected").mkdir()
    for name in names:
        (folder / name).write_text(text, encoding="utf-8")
    outputs = [{"file": n, "sha256": file_hash(folder / n)} for n in names]
    (folder / "manifest.json").write_text(json.dumps({"outputs": outputs}), encoding="utf-8")


def write(folder, text, names=NAMES):
    with new_report(folder) as new:
        fill(new, text, names)


def texts(folder, names=NAMES):
    return {(folder / name).read_text(encoding="utf-8") for name in names}


def hidden(folder):
    return [p.name for p in folder.iterdir() if p.name.startswith(".")]


def test_a_report_takes_the_place_of_the_old_one_and_leaves_other_files_alone(tmp_path):
    write(tmp_path, "old", (*NAMES, "bulletin.pdf", "bulletin.docx"))
    (tmp_path / "own.txt").write_text("mine")
    (tmp_path / "bulletin.docx").write_text("corrected by hand")
    write(tmp_path, "new")
    assert texts(tmp_path) == {"new"}
    left = {p.name for p in tmp_path.iterdir()}
    # What the new report has not goes, unless somebody has worked on it.
    assert left == {
        "index.html", "map.html", "rejected", "manifest.json", "own.txt", "bulletin.docx",
    }  # fmt: skip


def test_a_report_that_fails_leaves_the_old_one_and_nothing_beside_it(tmp_path):
    write(tmp_path, "old")
    with pytest.raises(ZeroDivisionError), new_report(tmp_path) as new:
        fill(new, "new")
        raise ZeroDivisionError
    assert texts(tmp_path) == {"old"}
    assert hidden(tmp_path) == []


def test_a_folder_made_for_a_report_that_failed_is_taken_away(tmp_path):
    with pytest.raises(ZeroDivisionError), new_report(tmp_path / "out"):
        raise ZeroDivisionError
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("step", range(1, 6))
def test_a_file_that_cannot_be_replaced_puts_the_old_report_back(tmp_path, monkeypatch, step):
    write(tmp_path, "old", (*NAMES, "bulletin.pdf"))
    replace, calls = _atomic.replace_file, []

    def refuse(source, target):
        calls.append(target)
        if len(calls) == step:
            raise CityDataError("held open")
        replace(source, target)

    monkeypatch.setattr(report_folder, "replace_file", refuse)
    with pytest.raises(CityDataError, match="held open"):
        write(tmp_path, "new")
    assert len(calls) >= step
    assert texts(tmp_path, (*NAMES, "bulletin.pdf")) == {"old"}
    listed = json.loads((tmp_path / "manifest.json").read_text())["outputs"]
    assert {e["sha256"] for e in listed} == {file_hash(tmp_path / "index.html")}
    assert hidden(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
@pytest.mark.parametrize("step", range(1, 7))
def test_a_killed_report_leaves_the_old_one_or_the_page_says_that_it_is_not_whole(tmp_path, step):
    write(tmp_path, "old")
    pid = os.fork()
    if pid == 0:
        replace, calls = _atomic.replace_file, []

        def die(source, target):
            if target.name != "notice.html":
                calls.append(target)
            if len(calls) == step:
                os._exit(9)
            replace(source, target)

        report_folder.replace_file = die
        try:
            write(tmp_path, "new")
        finally:
            os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    if step == 1:
        assert texts(tmp_path) == {"old"}
    elif step <= 5:
        assert (code, page) == (9, unfinished_page())
    else:
        assert (code, texts(tmp_path)) == (0, {"new"})
    # The next one clears away what was left.
    write(tmp_path, "next")
    assert texts(tmp_path) == {"next"}
    assert hidden(tmp_path) == []


def test_two_reports_into_one_folder_never_mix(tmp_path):
    inside, go = threading.Event(), threading.Event()

    def first():
        with new_report(tmp_path) as new:
            fill(new, "first")
            inside.set()
            go.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(10)
    second = threading.Thread(target=write, args=(tmp_path, "second"))
    second.start()
    go.set()
    thread.join()
    second.join()
    assert texts(tmp_path) == {"second"}


def test_a_report_that_would_have_to_wait_for_long_names_the_folder_and_who_writes(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(_atomic, "LOCK_WAIT_S", 0.0)
    with new_report(tmp_path) as new:
        fill(new, "first")
        with pytest.raises(CityDataError, match=f"process {os.getpid()}") as refused:
            write(tmp_path, "second")
    assert refused.value.message.startswith(f"{tmp_path}: another writer")
    assert texts(tmp_path) == {"first"}


def test_an_error_names_files_as_they_are_called_and_not_where_they_were_made(tmp_path):
    with pytest.raises(CityDataError) as refused, new_report(tmp_path) as new:
        raise _atomic.disk_full(new / "tables.xlsx")
    assert refused.value.message == (
        f"{tmp_path / 'tables.xlsx'}: the disk is full or a file may not grow that far; the old "
        "file stands. Make room and try again."
    )


def test_a_manifest_that_names_places_outside_removes_nothing_there(tmp_path):
    other = tmp_path / "own.txt"
    other.write_text("mine")
    write(tmp_path / "out", "old")
    listed = [{"file": "../own.txt", "sha256": file_hash(other)}]
    (tmp_path / "out" / "manifest.json").write_text(json.dumps({"outputs": listed}))
    write(tmp_path / "out", "new")
    assert other.read_text() == "mine"
