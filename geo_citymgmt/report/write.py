"""The whole report: every file written whole or not at all, the manifest last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyogrio

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.report.findings_book import write_findings
from geo_citymgmt.report.manifest import write_manifest
from geo_citymgmt.report.page import render_page
from geo_citymgmt.report.rejects import write_rejected
from geo_citymgmt.report.summary import Progress, Summary, summary
from geo_citymgmt.report.words import Words
from geo_citymgmt.report.workbook import write_tables
from geo_citymgmt.writing import whole_file, write_city, write_text

if TYPE_CHECKING:
    from geo_citymgmt.city import City

__all__ = ["write_report"]

_STAGES = (
    "progress", "monthly", "coverage", "tables", "findings", "data", "map", "page", "manifest",
)  # fmt: skip


def write_report(
    city: City,
    out: str | Path,
    *,
    as_of: Any = None,
    lang: str = "zh",
    progress_bar: Progress | None = None,
) -> dict[str, Path]:
    """Write the report of a city into a folder.

    Parameters
    ----------
    city : City
        With whatever layers it has.
    out : str or Path
        Folder; made where it is not there. Files of an earlier report are replaced one by one.
    as_of : date, optional
        The day of every figure; the data's own otherwise.
    lang : {"zh", "en"}
        Of page, map and workbooks.
    progress_bar : callable, optional
        Called as ``progress_bar(done, total, next_step)`` before each step and at the end.

    Returns
    -------
    dict of str to Path
        ``index, map, tables, city, findings, rejected, manifest``. A folder without a manifest
        holds an unfinished report.

    Raises
    ------
    AsOfError
        The day is after the data's own.
    CityDataError
        A file cannot be written: another program holds it open, or ``out`` is no folder.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> files = write_report(gcm.load_city("data/shapefiles"), "build/report")  # doctest: +SKIP
    """
    words = Words(lang)
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise CityDataError(
            f"{folder}: is a file, not a folder.", f"{folder}：是文件，不是文件夹。"
        )
    stages = iter(range(len(_STAGES)))

    def tell(stage: str) -> None:
        if progress_bar is not None:
            progress_bar(next(stages), len(_STAGES), words.name("stage", stage))

    told = summary(city, as_of, lang, tell=tell)
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.json"
    # From here on the folder is under way, and says so by having none.
    manifest.unlink(missing_ok=True)
    files = {
        "index": folder / "index.html",
        "map": folder / "map.html",
        "tables": folder / "tables.xlsx",
        "city": folder / "city.gpkg",
        "findings": folder / "findings.xlsx",
        "rejected": folder / "rejected",
    }
    tell("tables")
    _whole(files["tables"], lambda path: write_tables(told, path))
    tell("findings")
    write_findings(city, files["findings"], lang=lang, as_of=told.as_of)
    tell("data")
    with _dated(told.as_of):
        write_city(city, files["city"])
        write_rejected(told, files["rejected"])
    tell("map")
    _write_map(told, files["map"])
    tell("page")
    write_text(render_page(told), files["index"])
    tell("manifest")
    options = {"as_of": None if as_of is None else f"{pd.Timestamp(as_of):%Y-%m-%d}", "lang": lang}
    write_manifest(told, files, folder, manifest, options)
    if progress_bar is not None:
        progress_bar(len(_STAGES), len(_STAGES), "")
    return {**files, "manifest": manifest}


def _whole(path: Path, write: Callable[[Path], None]) -> None:
    with whole_file(path) as temporary:
        write(temporary)


def _write_map(told: Summary, path: Path) -> None:
    from geo_citymgmt.maps import city_map

    districts = told.table[told.table["level"] != "street"]
    drawn = city_map(told.city, as_of=told.as_of, table=districts, lang=told.lang)  # type: ignore[arg-type]
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
