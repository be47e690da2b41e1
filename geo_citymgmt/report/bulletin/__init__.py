"""The bulletin (通报): what a bureau publishes each month, as .docx, PDF and a long picture."""

from __future__ import annotations

import zipfile
from pathlib import Path

from geo_citymgmt.report._summary import Summary
from geo_citymgmt.report.bulletin._content import PERIODS, bulletin, bulletin_settings, check_day
from geo_citymgmt.report.bulletin._model import Bulletin, Heading, needed
from geo_citymgmt.writing import whole_file

__all__ = [
    "PERIODS",
    "Bulletin",
    "bulletin",
    "bulletin_settings",
    "check_day",
    "check_libraries",
    "write_bulletin",
]


_CLOSE = {
    "zh": "街道（镇）情况见通报文件的附件。",
    "en": "Streets and towns are in the annex of the document.",
}
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_bulletin(
    results: Summary,
    folder: Path,
    *,
    period: str = "month",
    stamp: str = "",
    tables: Path | None = None,
) -> dict[str, Path]:
    """Write ``bulletin.docx``, ``.pdf``, ``.png``, and all of them in ``bulletin.zip``.

    Documents that ``bulletin.toml`` names beside it, such as that of digital-city cases, are
    ``bulletin_NAME.docx`` and ``.pdf``, where there is anything to tell in them.

    Parameters
    ----------
    results : Summary
    folder : Path
        Where to; it is there.
    period, stamp
        As for :func:`bulletin`.
    tables : Path, optional
        The workbook to put into the archive.

    Returns
    -------
    dict of str to Path
        ``bulletin_docx, bulletin_pdf, bulletin_png, bulletin``, and ``bulletin_NAME_docx`` and so
        on; each whole or not at all, and the same bytes for the same report.

    Raises
    ------
    CityDataError
        No date, an unknown period, or the extra ``bulletin`` is not installed.
    """
    with needed():
        # Here: they bring the libraries of the extra with them.
        from geo_citymgmt.report.bulletin._pdf import write_pdf
        from geo_citymgmt.report.bulletin._pictures import write_png
        from geo_citymgmt.report.bulletin._word import write_docx
    check_libraries()
    made: Bulletin = bulletin(results, period=period, stamp=stamp)
    documents = {"bulletin": made}
    for name in bulletin_settings(results.city).table.get("document", {}):
        own = bulletin(results, period=period, stamp=stamp, document=name)
        if own.tables:
            documents[f"bulletin_{name}"] = own
    files: dict[str, Path] = {}
    for name, document in documents.items():
        for suffix, write in (("docx", write_docx), ("pdf", write_pdf)):
            files[f"{name}_{suffix}"] = folder / f"{name}.{suffix}"
            with whole_file(files[f"{name}_{suffix}"]) as path:
                write(document, path)
    files["bulletin_png"] = folder / "bulletin.png"
    annex = any(isinstance(part, Heading) and part.annex for part in made.parts)
    with whole_file(files["bulletin_png"]) as path:
        write_png(made, path, close=_CLOSE[made.lang] if annex else "")
    archive = folder / "bulletin.zip"
    with whole_file(archive) as path, zipfile.ZipFile(path, "w") as packed:
        for file in [*files.values(), *([tables] if tables is not None else [])]:
            info = zipfile.ZipInfo(file.name, _EPOCH)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            packed.writestr(info, file.read_bytes())
    return {**files, "bulletin": archive}


def check_libraries() -> None:
    """Raise, naming the extra, where a bulletin could not be written in the end."""
    with needed():
        import docx
        import reportlab

        assert docx and reportlab
