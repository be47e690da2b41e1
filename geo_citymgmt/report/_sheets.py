"""Sheets of paper as files: of one district, or of all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_citymgmt._gate import Gate, day_of
from geo_citymgmt._options import display_lang
from geo_citymgmt.cases._campaigns import campaigns
from geo_citymgmt.facts import CityFacts
from geo_citymgmt.figures import progress
from geo_citymgmt.figures._tables import month_ends
from geo_citymgmt.report._release import check_release
from geo_citymgmt.report._sheet import SheetMaker, find_zone
from geo_citymgmt.report._summary import Summary
from geo_citymgmt.report._words import Words
from geo_citymgmt.report.bulletin._model import needed
from geo_citymgmt.writing import whole_file

if TYPE_CHECKING:
    from geo_citymgmt.city import City


def sheet_summary(
    city: City, as_of: Any = None, lang: str | None = None, release: str = "internal"
) -> Summary:
    """Return of a report's summary what a sheet says, which is worked out in a moment."""
    lang = display_lang(lang)
    words = Words(lang, unit=city.unit, groups=city.office["bulletin"].table["group"])
    day = day_of(city, as_of, Gate("write_sheet"))
    facts = CityFacts(city)
    table = progress(facts, as_of=day)
    series = table.iloc[:0] if day is None else month_ends(facts, day, table)
    return Summary(
        facts, city, day, words, table, series, campaigns=campaigns(facts, day, table),
        release=release,
    )  # fmt: skip


def write_sheet(
    city: City, zone: str | None, path: str | Path, *, as_of: Any = None, lang: str | None = None,
    release: str = "internal", as_map: bool = False,
) -> Path:  # fmt: skip
    """Write one sheet of paper on a district: an A4 page, or a map of A3, as PDF.

    The page has a map with the district's records, its tasks against what is due, why (opening,
    found, closed, closing), months and the ten worst overdue cases. A public one has no records
    and no cases: its map shows the districts by what is due.

    Parameters
    ----------
    city : City
        With whatever layers it has.
    zone : str or None
        Code or name of a district; the whole city for None.
    path : str or Path
        Of the .pdf, which is written whole or not at all.
    as_of : date, optional
        The whole day is included; the data's own without.
    lang : {"zh", "en"}, default options.lang
    release : {"internal", "public"}
    as_map : bool
        The map alone, of A3 and with its scale: of a district its records, of the city how far
        districts are below what is due.

    Returns
    -------
    Path

    Raises
    ------
    CityDataError
        There is no such district, or the extra ``bulletin`` is not installed.
    AsOfError
        The day is after the data's own.

    See Also
    --------
    write_report, write_lists

    Examples
    --------
    >>> import tempfile
    >>> import geo_citymgmt as gcm
    >>> city = gcm.sample_city(layers=["illegal_construction"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = write_sheet(city, "昆山市", f"{folder}/昆山市.pdf")
    ...     made.read_bytes()[:5]
    b'%PDF-'
    """
    check_release(release)
    with needed():
        from geo_citymgmt.report._sheet_pdf import write_map_pdf, write_sheet_pdf
    code = None if zone is None else find_zone(city, zone)
    maker = SheetMaker(sheet_summary(city, as_of, lang, release))
    write = write_map_pdf if as_map else write_sheet_pdf
    with whole_file(Path(path)) as part:
        write(maker, code, part)
    return Path(path)


def write_sheets(results: Summary, folder: Path) -> list[Path]:
    """Write the sheet of every district into a folder, of the whole city where there is none."""
    with needed():
        from geo_citymgmt.report._sheet_pdf import write_sheet_pdf
    maker = SheetMaker(results)
    zones: list[str | None] = [str(code) for code in results.city.zones.index]
    files: list[Path] = []
    for zone in zones or [None]:
        name = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", maker.name_of(zone)).strip(". ") or str(zone)
        path = folder / f"{name}.pdf"
        # Names that differ in what no file name may hold are told apart by their code.
        path = folder / f"{name}_{zone}.pdf" if path in files else path
        with whole_file(path) as part:
            write_sheet_pdf(maker, zone, part)
        files.append(path)
    return files
