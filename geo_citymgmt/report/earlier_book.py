"""A findings workbook that is there already: what was written in it is never lost."""

from __future__ import annotations

import filecmp
import re
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from geo_citymgmt.decisions import read_decisions, written
from geo_citymgmt.errors import CityDataError, SourceError
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

__all__ = ["EarlierBook", "earlier_book", "keep_copy"]

#: What spreadsheet programs put beside a file that they hold open: Excel, LibreOffice, WPS.
_OPEN_MARKS = ("~${}", ".~lock.{}#", ".~{}")
_MADE = re.compile(rb"<dcterms:(created|modified)[^>]*>([^<]*)<")
_SAYS = ["layer", "key", "field", "opinion", "remark"]


@dataclass(frozen=True)
class EarlierBook:
    """What is in the workbook that a new one takes the place of.

    Attributes
    ----------
    decisions : DataFrame
        Of :func:`~geo_citymgmt.decisions.read_decisions`.
    edited : bool
        Whether another program has saved it since it was written here.
    """

    decisions: pd.DataFrame
    edited: bool

    def holds_more(self, than: pd.DataFrame) -> bool:
        """Whether something was written in it that stands not in the decisions ``than``."""
        mine, theirs = (t.loc[written(t), _SAYS].astype("str") for t in (self.decisions, than))
        return not pd.MultiIndex.from_frame(mine).isin(pd.MultiIndex.from_frame(theirs)).all()


def earlier_book(path: Path, specs: Mapping[str, LayerSpec]) -> EarlierBook | None:
    """Return what is in the findings workbook at ``path``; None where there is no file.

    Raises
    ------
    CityDataError
        There is a file that is no findings workbook, or one that a spreadsheet program holds open:
        what is typed there would be lost, or would come over what is written here.
    """
    if not path.is_file():
        return None
    for mark in _OPEN_MARKS:
        beside = path.with_name(mark.format(path.name))
        if beside.exists():
            raise CityDataError(
                Text(
                    f"{path}：正在表格软件中打开，请先保存并关闭，再重试"
                    f"（如并未打开，请删除 {beside.name}）。",
                    f"{path}: is open in a spreadsheet program; save and close it there and try "
                    "again "
                    f"(where it is not open, delete {beside.name}).",
                ),
            )
    try:
        decisions = read_decisions(path, specs)
    except SourceError as error:
        raise CityDataError(
            Text(
                f"{path}：已有同名文件，且不是质检问题清单，未予覆盖。",
                f"{path}: is there already and is no findings workbook; it was left alone.",
            ),
            remedy=Text("请换一个文件名，或先移走该文件。", "Give another name, or move it away."),
        ) from error
    return EarlierBook(decisions, _edited(path))


def keep_copy(path: Path) -> Path:
    """Copy ``path`` beside itself, under a name with the time it was saved; return the copy."""
    saved = datetime.fromtimestamp(path.stat().st_mtime)
    name, n = f"{path.stem}.{saved:%Y-%m-%d-%H%M%S}", 1
    target = path.with_name(f"{name}{path.suffix}")
    while target.exists() and not filecmp.cmp(path, target, shallow=False):
        n += 1
        target = path.with_name(f"{name}-{n}{path.suffix}")
    try:
        shutil.copy2(path, target)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise CityDataError(
            Text(
                f"{target}：无法留存原问题清单（{error}），原文件未动。",
                f"{target}: the earlier workbook cannot be kept ({error}); it was left alone.",
            ),
        ) from error
    return target


def _edited(path: Path) -> bool:
    """Whether another program has saved it: all of them set the time, only this one does not."""
    try:
        with zipfile.ZipFile(path) as archive:
            times = dict(_MADE.findall(archive.read("docProps/core.xml")))
    except (KeyError, OSError, zipfile.BadZipFile):
        return True
    return times.get(b"created") is None or times.get(b"created") != times.get(b"modified")
