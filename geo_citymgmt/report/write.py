"""The whole report: all of its files, or the old report as it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyogrio

from geo_citymgmt._gate import Gate
from geo_citymgmt._options import display_lang
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.facts.as_of import day_of
from geo_citymgmt.report.bulletin import PERIODS, check_day, check_libraries, write_bulletin
from geo_citymgmt.report.earlier_book import earlier_book
from geo_citymgmt.report.findings_book import Kept, replace_findings
from geo_citymgmt.report.folder import MANIFEST, PAGE, is_aside, new_report
from geo_citymgmt.report.manifest import write_manifest
from geo_citymgmt.report.page import render_page
from geo_citymgmt.report.rejects import write_rejected
from geo_citymgmt.report.release import GRID_M, check_release, public_city, without_records
from geo_citymgmt.report.summary import Progress, Summary, summary
from geo_citymgmt.report.words import Words
from geo_citymgmt.report.workbook import write_tables
from geo_citymgmt.spec import Lang
from geo_citymgmt.words import Text
from geo_citymgmt.writing import whole_file, write_city, write_text

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["write_report"]

_STAGES = (
    "progress", "monthly", "coverage", "tables", "findings", "data", "map", "page", "bulletin",
    "manifest",
)  # fmt: skip


def write_report(
    city: City,
    out: str | Path,
    *,
    as_of: Any = None,
    lang: str | None = None,
    bulletin: bool = False,
    period: str = "month",
    release: str | None = None,
    grid_m: float = GRID_M,
    progress_bar: Progress | None = None,
    on_kept: Callable[[Kept], None] | None = None,
) -> dict[str, Path]:
    """Write the report of a city into a folder.

    Parameters
    ----------
    city : City
        With whatever layers it has.
    out : str or Path
        Folder; made where it is not there. An earlier report in it stands until the new one is
        whole; then its files are replaced, or removed where the new one has no such file. Other
        files are left alone.
    as_of : date, optional
        The day of every figure, of a month, quarter or year its last; the data's own otherwise.
    lang : {"zh", "en"}, default options.lang
        Of page, map and workbooks.
    bulletin : bool
        Write the bulletin (通报) too: .docx, PDF, a long PNG, and all of them with the workbook in
        ``bulletin.zip``. Needs the extra ``bulletin``.
    period : {"month", "quarter", "half", "year"}
        Of the bulletin.
    release : {"internal", "public"}, optional
        Marks page, map, workbook and bulletin. In public, map and GeoPackage hold only what
        ``public_city`` lets out, and there are no lists of findings and rejected records.
    grid_m : float
        Precision of positions in public, in metres.
    progress_bar : callable, optional
        Called as ``progress_bar(done, total, next_step)`` before each step and at the end.
    on_kept : callable, optional
        Told what became of what people had written into the findings of an earlier report; see
        ``write_findings``.

    Returns
    -------
    dict of str to Path
        ``index, map, tables, city, findings, rejected, manifest``, and ``bulletin_docx,
        bulletin_pdf, bulletin_png, bulletin`` where asked for; ``findings`` and ``rejected`` are
        not there in public. Where the writing is cut off while the files take
        their places, ``index.html`` says so and there is no manifest.

    Raises
    ------
    AsOfError
        The day is after the data's own.
    CityDataError
        A file cannot be written: another program holds it open, the disk is full, ``out`` is no
        folder or closed, or another report is being written into it; a release
        or period there is not; a public report into a folder that holds one that is not; the extra
        of the bulletin is missing.

    See Also
    --------
    load_city, write_layer

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> files = write_report(gcm.load_city("data/shapefiles"), "build/report")  # doctest: +SKIP
    """
    lang = display_lang(lang)
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise CityDataError(
            Text(f"{folder}：是文件，不是文件夹。", f"{folder}: is a file, not a folder.")
        )
    check_release(release, grid_m)
    public = release == "public"
    # What is refused is refused before the work, not after it.
    gate = Gate("write_report")
    gate.choice(period, "period", PERIODS)
    day = day_of(city, as_of, gate)
    if public:
        _refuse_internal(folder)
    else:
        earlier_book(folder / "findings.xlsx", city.specs)
    if bulletin:
        check_libraries()
        check_day(day)
    with new_report(folder) as aside:
        if public:
            _refuse_internal(folder)
        book = folder / "findings.xlsx"
        before = _saved(book)
        files = _write_files(
            city,
            aside,
            book,
            day=day,
            lang=lang,
            bulletin=period if bulletin else None,
            release=release,
            grid_m=grid_m,
            progress_bar=progress_bar,
            on_kept=on_kept,
            options={
                "as_of": None if as_of is None else f"{day:%Y-%m-%d}",
                "lang": lang,
                "bulletin": period if bulletin else None,
                "release": release,
                "grid_m": grid_m if public else None,
            },
        )
        if not public and _saved(book) != before:
            raise CityDataError(
                Text(
                    f"{book}：生成报告期间有人保存过，原报告未动，",
                    f"{book}: was saved while the report was written; the old report stands.",
                ),
                remedy=Text("请重新生成报告。", "Write the report again."),
            )
    return {name: folder / path.relative_to(aside) for name, path in files.items()}


def _write_files(
    city: City,
    folder: Path,
    book: Path,
    *,
    day: pd.Timestamp | None,
    lang: Lang,
    bulletin: str | None,
    release: str | None,
    grid_m: float,
    progress_bar: Progress | None,
    on_kept: Callable[[Kept], None] | None,
    options: Mapping[str, Any],
) -> dict[str, Path]:
    """Write all files of a report into a new folder; ``book`` is the old list of findings."""
    public = release == "public"
    names = [
        s for s in _STAGES if (s != "bulletin" or bulletin) and (s != "findings" or not public)
    ]
    stages = iter(range(len(names)))
    words = Words(lang, unit=city.unit)

    def tell(stage: str) -> None:
        if progress_bar is not None:
            progress_bar(next(stages), len(names), words.name("stage", stage))

    told = replace(summary(city, day, lang, tell=tell), release=release or "")
    # Figures are those of the whole city, records what may be let out of it.
    shown = public_city(city, grid_m=grid_m) if public else city
    if public:
        # The last open cases are single records, by their ids.
        steered = [replace(campaign, last=None) for campaign in told.campaigns]
        told = replace(told, city=without_records(city), campaigns=steered)
    files = {
        "index": folder / PAGE,
        "map": folder / "map.html",
        "tables": folder / "tables.xlsx",
        "city": folder / "city.gpkg",
    }
    tell("tables")
    _whole(files["tables"], lambda path: write_tables(told, path))
    if not public:
        files |= {"findings": folder / book.name, "rejected": folder / "rejected"}
        tell("findings")
        replace_findings(
            city, files["findings"], book, lang=lang, as_of=told.as_of, on_kept=on_kept
        )
    tell("data")
    with _dated(told.as_of):
        write_city(shown, files["city"])
        if not public:
            write_rejected(told, files["rejected"])
    tell("map")
    _write_map(told, shown, files["map"])
    tell("page")
    write_text(render_page(told), files["index"])
    if bulletin:
        tell("bulletin")
        files |= write_bulletin(
            told, folder, period=bulletin, stamp=told.stamp, tables=files["tables"]
        )
    tell("manifest")
    manifest = folder / MANIFEST
    write_manifest(told, files, folder, manifest, options)
    if progress_bar is not None:
        progress_bar(len(names), len(names), "")
    return {**files, "manifest": manifest}


def _saved(path: Path) -> tuple[int, int] | None:
    """Return when a file was saved and how large it is; None where there is none."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


def _whole(path: Path, write: Callable[[Path], None]) -> None:
    with whole_file(path) as temporary:
        write(temporary)


def _refuse_internal(folder: Path) -> None:
    """Raise where files for the public would lie among others that are not."""
    if not folder.is_dir() or all(map(is_aside, folder.iterdir())):
        return
    try:
        earlier = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if earlier["options"]["release"] == "public":
            return
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise CityDataError(
        Text(
            f"{folder}：文件夹中已有非公开的文件。",
            f"{folder}: holds files that are not of a public report.",
        ),
        remedy=Text(
            "请另选新的或空的文件夹，以免把内部文件一并发出。",
            "Give a new or empty folder, so that nothing internal is passed on with it.",
        ),
    )


def _write_map(told: Summary, shown: City, path: Path) -> None:
    from geo_citymgmt.maps import city_map

    # The months before give the map its slider; without a date there are none.
    table = told.table if told.series.empty else told.series
    drawn = city_map(
        shown,
        as_of=told.as_of,
        table=table[table["level"] != "street"],
        lang=told.lang,
    )
    if told.map_stamp:
        drawn.add_note(told.map_stamp)
    _whole(path, drawn.save)


@contextmanager
def _dated(day: pd.Timestamp | None) -> Iterator[None]:
    """Let GDAL date its files by the data, so that the same report is the same file."""
    stamp = pd.Timestamp(2000, 1, 1) if day is None else day
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{stamp:%Y-%m-%dT00:00:00.000Z}"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
